use super::*;
use proptest::prelude::*;

/// An index of version 2 with these paths (mode 100644) and extensions.
fn index(version: u32, paths: &[&str], extensions: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut out = b"DIRC".to_vec();
    out.extend(version.to_be_bytes());
    out.extend((paths.len() as u32).to_be_bytes());
    let mut last = "";
    for path in paths {
        let start = out.len();
        out.extend([0; 24]);
        out.extend(0o100644u32.to_be_bytes());
        out.extend([0; 12]);
        out.extend([7; HASH]);
        out.extend((path.len().min(0xfff) as u16).to_be_bytes());
        if version == 4 {
            let shared = path.bytes().zip(last.bytes()).take_while(|(one, other)| one == other).count();
            out.push((last.len() - shared) as u8);
            out.extend(&path.as_bytes()[shared..]);
            out.push(0);
            last = path;
        } else {
            out.extend(path.as_bytes());
            let length = out.len() - start;
            out.extend(vec![0; 8 - length % 8]);
        }
    }
    for (name, content) in extensions {
        out.extend(*name);
        out.extend((content.len() as u32).to_be_bytes());
        out.extend(*content);
    }
    out.extend([0; HASH]);
    out
}

fn paths(data: &[u8]) -> Vec<String> {
    let index = Index::parse(data).unwrap();
    index.entries.iter().map(|entry| String::from_utf8_lossy(index.path(entry)).into_owned()).collect()
}

#[test]
fn paths_of_every_version() {
    let long = "x".repeat(5000);
    for version in [2, 3] {
        let given = ["a", "dir/b", "dir/bcd", &long];
        assert_eq!(paths(&index(version, &given, &[])), given);
    }
    let given = ["a", "dir/b", "dir/bcd", "dir/c", "e"];
    let data = index(4, &given, &[]);
    assert_eq!(paths(&data), given);
    let parsed = Index::parse(&data).unwrap();
    assert_eq!(parsed.id(&parsed.entries[3]), Id::from_bytes(&[7; HASH]));
}

#[test]
fn the_cached_tree_is_read() {
    let mut tree = b"\x003 2\n".to_vec();
    tree.extend([1; HASH]);
    tree.extend(b"one\x00-1 1\ndeep\x001 0\n");
    tree.extend([2; HASH]);
    tree.extend(b"two\x001 0\n");
    tree.extend([3; HASH]);
    let data = index(2, &["a", "one/deep/b", "two/c"], &[(b"TREE", &tree), (b"UNTR", b"whatever")]);
    let index = Index::parse(&data).unwrap();
    let one = index.child(Some(0), b"one").unwrap();
    assert_eq!(index.nodes[one].tree, None);
    let deep = index.child(Some(one), b"deep").unwrap();
    assert_eq!(index.nodes[deep].tree, Some((1, Id::from_bytes(&[2; HASH]).unwrap())));
    assert!(index.child(Some(0), b"two").is_some() && index.child(Some(0), b"deep").is_none());
    assert_eq!(index.child(None, b"one"), None);
}

#[test]
fn what_is_not_known_is_told_from_what_is_damaged() {
    let unknown = |data: &[u8]| matches!(Index::parse(data), Err(Unusable::Unknown(_)));
    let corrupt = |data: &[u8]| matches!(Index::parse(data), Err(Unusable::Corrupt(_)));
    assert!(unknown(&index(5, &["a"], &[])));
    assert!(unknown(&index(2, &["a"], &[(b"link", b"")])));
    assert!(unknown(&index(2, &["a", ""], &[])));
    assert!(corrupt(&index(2, &["b", "a"], &[])));
    assert!(corrupt(&index(2, &["a"], &[(b"TREE", b"nonsense")])));
    let whole = index(2, &["a", "b"], &[(b"UNTR", b"x")]);
    // Only a cut that leaves out exactly the extension goes unnoticed, and loses nothing.
    let noticed = |end: &usize| Index::parse(&whole[..*end]).is_err();
    assert_eq!((0..whole.len()).filter(|end| !noticed(end)).collect::<Vec<_>>(), [whole.len() - 9]);
    assert!(corrupt(b"") && corrupt(b"DIRC") && corrupt(b"nothing of the kind at all, really"));
}

proptest! {
    #[test]
    fn no_bytes_are_too_bad(data in prop::collection::vec(any::<u8>(), 0..400), version in 2u32..5, count in 0u32..9) {
        let mut bytes = b"DIRC".to_vec();
        bytes.extend(version.to_be_bytes());
        bytes.extend(count.to_be_bytes());
        bytes.extend(data);
        let _ = Index::parse(&bytes);
    }

    #[test]
    fn no_change_is_too_bad(at in 0usize..400, byte in any::<u8>(), version in 2u32..5) {
        let mut data = index(version, &["a", "dir/b", "dir/c"], &[(b"TREE", b"\x00-1 0\n")]);
        let place = at % data.len();
        data[place] = byte;
        if let Ok(index) = Index::parse(&data) {
            index.entries.iter().for_each(|entry| assert!(!index.path(entry).is_empty()));
        }
    }
}
