//! Every kind of container, alone and in another one.

use crate::make;
use crate::support::{Place, Tree, place, token};

/// A text with a token on line 2, column 9.
pub fn text(number: u64) -> Vec<u8> {
    format!("# settings\nacme = \"{}\"\n", token(number)).into_bytes()
}

/// The place of that token.
pub fn at(path: &str) -> Place {
    place(path, 2, 9, 19)
}

/// Each kind with its file's name, and the path of the member `conf/a.txt` in it.
fn kinds(content: &[u8]) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let files: &[make::File<'_>] = &[("conf/first.txt", b"nothing here\n"), ("conf/a.txt", content)];
    vec![
        ("a.zip", make::zip(files), "!/conf/a.txt"),
        ("stored.jar", make::zip_as(files, make::STORED), "!/conf/a.txt"),
        ("streamed.whl", make::zip_as(files, make::STREAMED), "!/conf/a.txt"),
        ("bz.zip", make::zip_as(files, make::Zipped { method: 12, ..make::STORED }), "!/conf/a.txt"),
        ("zst.zip", make::zip_as(files, make::Zipped { method: 93, ..make::STORED }), "!/conf/a.txt"),
        ("xz.zip", make::zip_as(files, make::Zipped { method: 95, ..make::STORED }), "!/conf/a.txt"),
        ("a.tar", make::tar(files), "!/conf/a.txt"),
        ("a.tar.gz", make::gzip(&make::tar(files)), "!/conf/a.txt"),
        ("a.tar.bz2", make::bzip2(&make::tar(files)), "!/conf/a.txt"),
        ("a.tar.xz", make::xz(&make::tar(files)), "!/conf/a.txt"),
        ("a.tar.zst", make::zstd(&make::tar(files)), "!/conf/a.txt"),
        ("a.txt.gz", make::gzip(content), "!/a.txt"),
        ("a.txt.zz", make::zlib(content), "!/a.txt"),
        ("lib.a", make::ar(&[("conf/a.txt", content)]), "!/conf/a.txt"),
        ("a.cpio", make::cpio(files), "!/conf/a.txt"),
        ("a.rpm", make::rpm(b"true", files), "!/conf/a.txt"),
        ("a.7z", make::seven(files, None), "!/conf/a.txt"),
        ("app.asar", make::asar("conf", "a.txt", content), "!/conf/a.txt"),
    ]
}

#[test]
fn every_kind_is_opened_whatever_its_name() {
    let tree = Tree::new(&[]);
    let mut wanted = Vec::new();
    for (number, (name, _, member)) in kinds(b"").into_iter().enumerate() {
        let number = number as u64 + 1;
        let bytes = &kinds(&text(number))[number as usize - 1].1;
        tree.write(&format!("plain/{name}"), bytes);
        wanted.push(at(&format!("plain/{name}{member}")));
        tree.write(&format!("other/{number}"), bytes);
        let member = if member == "!/a.txt" { "!/content" } else { member };
        wanted.push(at(&format!("other/{number}{member}")));
    }
    wanted.sort();
    let report = tree.report(&["."]);
    assert_eq!(report.places, wanted);
    assert_eq!((report.skipped.len(), report.status), (0, 1), "{:?}", report.skipped);
}

#[test]
fn every_kind_is_opened_in_every_other() {
    let tree = Tree::new(&[]);
    let inner: Vec<_> = kinds(&text(7)).into_iter().map(|(name, bytes, _)| (name, bytes)).collect();
    let members: Vec<_> = kinds(b"").into_iter().map(|(name, _, member)| (name, member)).collect();
    let mut wanted = Vec::new();
    for (index, (_, bytes)) in inner.iter().enumerate() {
        for (outer, whole, member) in kinds(bytes) {
            let path = format!("{index}-{outer}");
            tree.write(&path, &whole);
            // What is only compressed is no level of its own.
            let way = if member == "!/a.txt" { "" } else { member };
            let inside = match members[index].1 {
                // The name of what is compressed is that of the file without its ending.
                "!/a.txt" if way.is_empty() => format!("!/{}", path.rsplit_once('.').unwrap().0),
                "!/a.txt" => "!/content".to_owned(),
                inside => inside.to_owned(),
            };
            wanted.push(at(&format!("{path}{way}{inside}")));
        }
    }
    wanted.sort();
    let report = tree.report(&["."]);
    assert_eq!(report.places, wanted);
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
}

#[test]
fn standard_input_is_opened_too() {
    let tree = Tree::new(&[]);
    let inner = make::zip(&[("conf.yml", &text(1))]);
    let bytes = make::gzip(&make::tar(&[("layer/app.jar", &inner)]));
    let report = crate::support::Report::of(&tree.scan_input(&["--format", "json", "-"], &bytes));
    assert_eq!(report.places, [at("<stdin>!/layer/app.jar!/conf.yml")]);
    let large: Vec<u8> = (0..20_000_000u32).map(|at| b"abcdefghij \n"[(at % 12) as usize]).collect();
    let bytes = make::zstd(&make::tar(&[("large.txt", &large), ("layer/app.jar", &inner)]));
    let report = crate::support::Report::of(&tree.scan_input(&["--format", "json", "-"], &bytes));
    assert_eq!(report.places, [at("<stdin>!/layer/app.jar!/conf.yml")]);
}

#[test]
fn large_members_and_large_archives_lose_nothing() {
    let tree = Tree::new(&[]);
    let filler: Vec<u8> = (0..12_000_000u32).map(|at| b"abcdefghij \n"[(at % 12) as usize]).collect();
    let large = [&filler[..], &text(1)].concat();
    let noise = make::noise(6_000_000);
    let small = text(2);
    let files: &[make::File<'_>] =
        &[("first", &small), ("large", &large), ("noise", &noise), ("last", &small)];
    tree.write("a.zip", &make::zip(files));
    tree.write("b.tar", &make::tar(files));
    tree.write("c.tgz", &make::gzip(&make::tar(files)));
    let report = tree.report(&["."]);
    let mut wanted = Vec::new();
    for name in ["a.zip", "b.tar", "c.tgz"] {
        wanted.push(at(&format!("{name}!/first")));
        wanted.push(place(&format!("{name}!/large"), 1_000_002, 9, 12_000_019));
        wanted.push(at(&format!("{name}!/last")));
    }
    wanted.sort();
    assert_eq!(report.places, wanted);
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
}

#[test]
fn the_text_of_a_database_is_told_by_table() {
    let tree = Tree::new(&[]);
    let secret = token(3);
    tree.write("app.db", &make::sqlite("users", ("name", "key"), &[("ann", "none"), ("bob", &secret)]));
    let report = tree.report(&["."]);
    let paths: Vec<(&str, u64)> =
        report.places.iter().map(|place| (place.path.as_str(), place.line)).collect();
    assert_eq!(paths, [("app.db!/users", 4)]);
}

#[test]
fn containers_in_a_database_are_opened() {
    let tree = Tree::new(&[]);
    tree.write("app.db", &make::sqlite_bytes("files", "data", &make::gzip(&text(4))));
    tree.write("two.db", &make::sqlite_bytes("files", "data", &make::zip(&[("a", &text(5))])));
    let report = tree.report(&["."]);
    assert_eq!(report.paths(), ["app.db!/files/row 1/data!/content", "two.db!/files/row 1/data!/a"]);
}

#[test]
fn what_lies_beside_the_members_is_looked_at() {
    let tree = Tree::new(&[]);
    let archive = make::zip(&[("a", b"x")]);
    let script = [b"#!/bin/sh\n", &text(1)[..], &archive].concat();
    tree.write("self-extracting", &script);
    // A member that the directory does not name.
    let hidden = make::zip_as(&[("hidden", &text(2))], make::STORED);
    let local = &hidden[..hidden.windows(4).position(|four| four == b"PK\x01\x02").unwrap()];
    tree.write("hidden.zip", &[local, &archive].concat());
    // Two archives, one behind the other.
    let (one, other) = (make::tar(&[("one", &text(3))]), make::tar(&[("other", &text(4))]));
    tree.write("two.tar", &[one, other].concat());
    tree.write("package.rpm", &make::rpm(&text(5), &[]));
    let report = tree.report(&["."]);
    let paths = report.paths();
    for wanted in ["hidden.zip!/hidden", "two.tar!/one", "two.tar!/other", "package.rpm!/(header)"] {
        assert!(paths.contains(&wanted), "{wanted} {paths:?}");
    }
    assert!(paths.iter().any(|path| path.starts_with("self-extracting")), "{paths:?}");
}

#[test]
fn names_are_shown_as_they_are_and_nothing_is_written() {
    let tree = Tree::new(&[]);
    let long = format!("{}/a.txt", "deep/".repeat(60));
    let content = text(1);
    let names = ["/etc/passwd", "../../escape.txt", &long, "C:\\temp\\x"];
    let files: Vec<make::File<'_>> = names.iter().map(|name| (*name, &content[..])).collect();
    tree.write("a.tar", &make::tar(&files));
    tree.write("a.zip", &make::zip(&files));
    let report = tree.report(&["."]);
    let mut wanted: Vec<Place> = ["a.tar", "a.zip"]
        .iter()
        .flat_map(|outer| names.iter().map(move |name| at(&format!("{outer}!/{name}"))))
        .collect();
    wanted.sort();
    assert_eq!(report.places, wanted);
    let left: Vec<_> =
        std::fs::read_dir(tree.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}
