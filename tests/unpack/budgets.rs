//! Budgets: what is used up is told, and the rest is still looked at.

use crate::kinds::text;
use crate::make;
use crate::support::{Tree, token};

#[test]
fn depth() {
    let tree = Tree::new(&[]);
    let mut bytes = text(1);
    let mut path = String::new();
    for level in 0..9 {
        bytes = make::zip(&[(&format!("{level}"), &bytes)]);
        path = format!("!/{level}{path}");
    }
    tree.write("deep.zip", &bytes);
    tree.write("beside.txt", &text(2));
    let report = tree.report(&["."]);
    assert_eq!((report.paths(), report.status), (vec!["beside.txt"], 2));
    assert_eq!(report.skipped, [("deep.zip!/8!/7!/6!/5!/4!/3!/2!/1".to_owned(), "over budget".to_owned())]);
    assert_eq!(tree.scan(&["--allow-incomplete", "."]).status, Some(1));
    let report = tree.report(&["--max-depth", "9", "."]);
    assert_eq!((report.places.len(), report.status), (2, 1));
    assert!(report.paths().contains(&format!("deep.zip{path}").as_str()));
    let report = tree.report(&["--max-depth", "0", "."]);
    assert_eq!((report.paths(), report.status), (vec!["beside.txt"], 1));
}

#[test]
fn size_and_ratio() {
    let tree = Tree::new(&[]);
    let zeros = vec![0; 30 << 20];
    let content = text(1);
    let files: &[make::File<'_>] = &[("zeros", &zeros), ("a.txt", &content)];
    tree.write("a.zip", &make::zip(files));
    tree.write("b.gz", &make::gzip(&zeros));
    tree.write("c.tar.zst", &make::zstd(&make::tar(files)));
    tree.write("d.txt", &content);
    tree.write("e.7z", &make::seven(files, None));
    let report = tree.report(&["."]);
    assert_eq!(report.paths(), ["a.zip!/a.txt", "c.tar.zst!/a.txt", "d.txt", "e.7z!/a.txt"]);
    assert_eq!(report.status, 1);
    for flags in [["--max-size", "1M"], ["--max-ratio", "20"]] {
        let report = tree.report(&[&flags[..], &["."]].concat());
        assert_eq!(report.status, 2, "{flags:?}");
        assert!(report.paths().contains(&"d.txt"), "{flags:?}");
        for name in ["a.zip", "b.gz", "c.tar.zst", "e.7z"] {
            let told = |(path, reason): &(String, String)| path.starts_with(name) && reason == "over budget";
            assert!(report.skipped.iter().any(told), "{flags:?} {name} {:?}", report.skipped);
        }
        let allowed = [&flags[..], &["--allow-incomplete", "."]].concat();
        assert_eq!(tree.scan(&allowed).status, Some(1), "{flags:?}");
    }
    // One member that is too much does not hide the others of its archive.
    assert!(tree.report(&["--max-ratio", "20", "a.zip"]).paths().contains(&"a.zip!/a.txt"));
}

#[test]
fn bombs_end() {
    let tree = Tree::new(&[]);
    // Each level holds ten of the level below: a hundred million megabytes of zeros.
    let mut bytes = make::zip(&[("zeros", &vec![0; 1 << 20])]);
    for _ in 0..7 {
        let names: Vec<String> = (0..10).map(|index| format!("{index}.zip")).collect();
        let files: Vec<make::File<'_>> = names.iter().map(|name| (name.as_str(), &bytes[..])).collect();
        bytes = make::zip(&files);
    }
    tree.write("nested.zip", &bytes);
    let report = tree.report(&["--max-size", "200M", "."]);
    assert_eq!(report.status, 2);
    assert!(report.skipped.iter().any(|(_, reason)| reason == "over budget"), "{:?}", report.skipped);
}

#[test]
fn a_bad_size_is_refused() {
    let tree = Tree::new(&[("a", "x")]);
    tree.scan(&["--max-size", "much", "."]).status(2).tells(&["--max-size"]);
}

#[test]
fn an_allow_entry_for_the_container_speaks_for_its_members() {
    let tree = Tree::new(&[]);
    let inner = make::zip(&[("conf/a.yml", &text(1)), ("b.yml", format!("x: {}\n", token(2)).as_bytes())]);
    tree.write("out/app.tar", &make::tar(&[("lib/app.jar", &inner)]));
    let allow = |path: &str| {
        tree.write("sekisho.toml", format!("[[allow]]\npath = \"{path}\"\nreason = \"test\"\n").as_bytes());
        let report = tree.report(&["out"]);
        report.paths().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let both = ["out/app.tar!/lib/app.jar!/b.yml", "out/app.tar!/lib/app.jar!/conf/a.yml"];
    assert_eq!(allow("nothing"), both);
    assert!(allow("out/app.tar").is_empty());
    assert!(allow("*.jar").is_empty());
    assert_eq!(allow("out/app.tar!/lib/app.jar!/conf/a.yml"), both[..1]);
    assert_eq!(allow("**/conf/*.yml"), both[..1]);
}
