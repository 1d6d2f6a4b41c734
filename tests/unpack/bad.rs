//! Bad input: a reason, and all the rest.

use crate::kinds::{at, text};
use crate::make;
use crate::support::{Report, Tree};
use proptest::prelude::*;

fn reasons<'r>(report: &'r Report, path: &str) -> Vec<&'r str> {
    let of = |(at, reason): &'r (String, String)| at.starts_with(path).then_some(reason.as_str());
    report.skipped.iter().filter_map(of).collect()
}

#[test]
fn truncated_containers_are_told_and_read_as_far_as_they_go() {
    let tree = Tree::new(&[]);
    let noise = make::noise(40_000);
    let content = text(1);
    let files: &[make::File<'_>] = &[("a.txt", &content), ("noise", &noise)];
    let cut = |bytes: Vec<u8>| bytes[..bytes.len() * 2 / 3].to_vec();
    let kinds = [
        ("a.zip", make::zip(files)),
        ("b.tar", make::tar(files)),
        ("c.tgz", make::gzip(&make::tar(files))),
        ("d.cpio", make::cpio(files)),
        ("e.a", make::ar(files)),
    ];
    for (name, bytes) in kinds {
        tree.write(name, &cut(bytes));
    }
    tree.write("f.7z", &cut(make::seven(files, None)));
    tree.write("beside.txt", &content);
    let report = tree.report(&["."]);
    assert_eq!(report.status, 2);
    for name in ["a.zip", "b.tar", "c.tgz", "d.cpio", "e.a"] {
        assert!(report.places.contains(&at(&format!("{name}!/a.txt"))), "{name} {:?}", report.paths());
    }
    for name in ["a.zip", "b.tar", "c.tgz", "d.cpio", "e.a", "f.7z"] {
        assert_eq!(reasons(&report, name).first(), Some(&"corrupt"), "{name} {:?}", report.skipped);
    }
    assert!(report.paths().contains(&"beside.txt"));
}

#[test]
fn encrypted_members_are_told() {
    let tree = Tree::new(&[]);
    let content = text(1);
    let mut bytes = make::zip(&[("closed", &content), ("open", &content)]);
    bytes[6] |= 1;
    let entry = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bytes[entry + 8] |= 1;
    tree.write("a.zip", &bytes);
    tree.write("b.7z", &make::seven(&[("closed", &content)], Some("open sesame")));
    let report = tree.report(&["."]);
    assert_eq!(report.paths(), ["a.zip!/open"]);
    assert_eq!(reasons(&report, "a.zip!/closed"), ["encrypted"]);
    assert_eq!(reasons(&report, "b.7z"), ["encrypted"]);
    assert_eq!(report.status, 2);
}

#[test]
fn sizes_may_lie() {
    let tree = Tree::new(&[]);
    let content = text(1);
    for (name, lie) in [("less.zip", -20), ("more.zip", 1000)] {
        tree.write(name, &make::zip_as(&[("a.txt", &content)], make::Zipped { lie, ..make::DEFLATED }));
    }
    let report = tree.report(&["."]);
    assert_eq!(report.places, [at("less.zip!/a.txt"), at("more.zip!/a.txt")]);
    assert_eq!(report.skipped.len(), 2, "{:?}", report.skipped);
}

#[test]
fn overlapping_members_are_read_once() {
    let tree = Tree::new(&[]);
    // A thousand entries for one member, as in a bomb without nesting.
    let one = make::zip(&[("a.txt", &text(1))]);
    let entry = one.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let end = one.windows(4).position(|four| four == b"PK\x05\x06").unwrap();
    let directory = one[entry..end].repeat(1000);
    let mut bytes = [&one[..entry], &directory, &one[end..]].concat();
    let at_end = entry + directory.len();
    bytes[at_end + 12..at_end + 16].copy_from_slice(&u32::try_from(directory.len()).unwrap().to_le_bytes());
    tree.write("a.zip", &bytes);
    let report = tree.report(&["."]);
    assert_eq!(report.places, [at("a.zip!/a.txt")]);
    assert!(report.skipped.iter().all(|(_, reason)| reason == "corrupt"), "{:?}", report.skipped);
    assert_eq!(report.status, 2);
}

#[test]
fn what_only_begins_like_a_container_is_scanned_as_it_stands() {
    let tree = Tree::new(&[]);
    let content = text(1);
    for (name, head) in [
        ("gzip", &b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..]),
        ("xz", b"\xfd7zXZ\0"),
        ("zip", b"PK\x03\x04"),
        ("7z", b"7z\xbc\xaf\x27\x1c"),
        ("zlib", b"x^2 + y^2\n"),
        ("rpm", b"\xed\xab\xee\xdb"),
        ("sqlite", b"SQLite format 3\0"),
        ("cpio", b"070701 is a number\n"),
    ] {
        tree.write(name, &[head, b"\n", &content].concat());
    }
    let report = tree.report(&["."]);
    let mut names: Vec<String> =
        report.paths().iter().map(|path| path.split("!/").next().unwrap().to_owned()).collect();
    names.dedup();
    assert_eq!(names, ["7z", "cpio", "gzip", "rpm", "sqlite", "xz", "zip", "zlib"]);
    for name in ["zlib", "cpio"] {
        assert!(reasons(&report, name).is_empty(), "{:?}", report.skipped);
    }
    for name in ["gzip", "xz", "7z", "rpm", "sqlite"] {
        assert!(!reasons(&report, name).is_empty(), "{name} {:?}", report.skipped);
    }
}

#[test]
fn links_and_empty_members_are_nothing() {
    let tree = Tree::new(&[]);
    let mut bytes: Vec<u8> = Vec::new();
    for (name, kind) in [("link", b'2'), ("hard", b'1'), ("dir/", b'5'), ("fifo", b'6')] {
        bytes.extend(make::tar_header(name, 0, kind));
    }
    for _ in 0..100_000 {
        bytes.extend(make::tar_header("empty", 0, b'0'));
    }
    bytes.extend(make::tar(&[("a.txt", &text(1))]));
    tree.write("a.tgz", &make::gzip(&bytes));
    let names: Vec<String> = (0..60_000).map(|index| index.to_string()).collect();
    let files: Vec<make::File<'_>> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    tree.write("b.zip", &make::zip(&files));
    let report = tree.report(&["."]);
    assert_eq!(report.places, [at("a.tgz!/a.txt")]);
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
}

#[test]
fn a_container_that_holds_itself_ends() {
    let tree = Tree::new(&[]);
    // A gzip stream of stored blocks, again and again, as deep as it goes.
    let mut bytes = text(1);
    for _ in 0..40 {
        bytes = make::gzip(&bytes);
    }
    tree.write("a.gz", &bytes);
    let report = tree.report(&["."]);
    assert_eq!(report.skipped, [("a.gz".to_owned(), "over budget".to_owned())]);
    assert_eq!(report.status, 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Hundreds of damaged containers a case: none ends the program in an odd way.
    #[test]
    fn damage_never_ends_badly(seed in any::<u64>()) {
        let tree = Tree::new(&[]);
        let content = text(1);
        let files: &[make::File<'_>] = &[("a.txt", &content), ("b", b"some more bytes")];
        let wholes = [
            make::zip(files), make::zip_as(files, make::STREAMED), make::tar(files), make::ar(files),
            make::cpio(files), make::rpm(b"x", files), make::seven(files, None),
            make::asar("d", "a.txt", &content), make::sqlite("t", ("a", "b"), &[("x", "y")]),
            make::xz(&content), make::zstd(&content), make::bzip2(&content), make::gzip(&content),
            make::message("one=3D=\r\ntwo", &make::zip(files)).into_bytes(), make::pkcs12("", true),
            make::jks("x", true), make::class("some text"), make::pyc("some text"), make::dex("some text"),
            make::pdf("some text", "a link", "a file"), make::notebook("a = 1\n", "b\n"),
            b"Started by user \x1b[8mha:////4AAA=\x1b[0mann\n[Pipeline] { (a)\nx\x1b[1my\n[Pipeline] }\n".to_vec(),
            b"section_start:1:a\r\x1b[0Kx\nsection_end:2:a\r\x1b[0K\n".to_vec(),
            crate::images::packed(&crate::images::saved()), crate::images::packed(&crate::images::layout()),
        ];
        let mut state = seed;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for (index, whole) in wholes.iter().enumerate() {
            for copy in 0..12 {
                let mut bytes = whole.clone();
                for _ in 0..=next(4) {
                    let at = next(bytes.len());
                    bytes[at] = next(256) as u8;
                }
                if next(3) == 0 {
                    bytes.truncate(next(bytes.len()));
                }
                tree.write(&format!("{index}-{copy}"), &bytes);
            }
        }
        tree.write("beside.txt", &content);
        let report = tree.report(&["."]);
        prop_assert!(report.paths().contains(&"beside.txt"));
        prop_assert!(report.status == 1 || report.status == 2);
    }
}

#[test]
fn streams_inside_of_encodings_that_end_too_early_are_told_but_not_what_only_begins_like_one() {
    let content = [&text(1)[..], &make::noise(400)].concat();
    let streams = [
        ("gzip", make::gzip(&content)),
        ("zlib", make::zlib(&content)),
        ("bzip2", make::bzip2(&content)),
        ("zstd", make::zstd(&content)),
        ("xz", make::xz(&content)),
    ];
    let scanned = |bytes: &[u8]| {
        let encoded = base64_simd::STANDARD.encode_to_string(bytes);
        Report::of(&Tree::new(&[]).scan_input(&["-f", "json", "-"], format!("data: {encoded}\n").as_bytes()))
    };
    for (name, whole) in streams {
        let report = scanned(&whole);
        assert_eq!((report.status, report.places.len(), report.skipped.len()), (1, 1, 0), "{name}");
        for cut in [whole.len() - 1, whole.len() * 2 / 3] {
            let report = scanned(&whole[..cut]);
            assert_eq!(report.status, 2, "{name} {cut}");
            assert_eq!(report.skipped, [(String::new(), "corrupt".to_owned())], "{name} {cut}");
            let detail = report.json["skipped"][0]["detail"].as_str().unwrap();
            assert!(detail.contains("ends too early"), "{name}: {detail}");
            // Deflate says what comes before the end; the others have blocks, which say all or nothing.
            assert!(report.places.len() == 1 || !matches!(name, "gzip" | "zlib"), "{name} {cut}");
        }
        let report = scanned(&whole[..80]);
        assert_eq!((report.status == 2, report.skipped.len()), (false, 0), "{name}");
        // The mark, and then anything: a text that only begins like one.
        for seed in 0..20 {
            let noise = &make::noise(1000 + seed)[seed..];
            let report = scanned(&[&whole[..3], noise].concat());
            let early = report.json["skipped"].as_array().unwrap().iter();
            let early = early.filter(|one| one["detail"].as_str().unwrap().contains("too early")).count();
            assert_eq!(early, 0, "{name} {seed}");
        }
    }
}
