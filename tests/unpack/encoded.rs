//! Containers that stand encoded in a text: opened like any other, and told at the bytes that say them.

use crate::gates::{audit, git};
use crate::kinds::text;
use crate::make;
use crate::support::{Report, Tree, token};
use serde_json::{Value, json};

fn base64(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(bytes)
}

/// A text that says a container in line 3, column 9, at offset 27.
fn manifest(encoded: &str) -> Vec<u8> {
    format!("kind: Secret\ndata:\n  file: {encoded}\nother: 1\n").into_bytes()
}

const OFFSET: usize = 27;

/// Path; line, column and offset; chain; notes.
type Told = (String, [u64; 3], String, Vec<String>);

/// Each place, sorted.
fn told(report: &Report) -> Vec<Told> {
    let findings = report.json["findings"].as_array().unwrap().iter();
    let places = findings.flat_map(|finding| finding["occurrences"].as_array().unwrap());
    let words = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().map(|one| one.as_str().unwrap().to_owned()).collect()
    };
    let mut all: Vec<_> = places
        .map(|one| {
            let number = |name: &str| one[name].as_u64().unwrap();
            let at = [number("line"), number("column"), number("offset")];
            (
                one["path"].as_str().unwrap().to_owned(),
                at,
                words(&one["decoded"]).join(" > "),
                words(&one["notes"]),
            )
        })
        .collect();
    all.sort();
    all
}

/// Each kind with its chain, and the way to the token in it.
fn kinds(content: &[u8]) -> Vec<(&'static str, Vec<u8>, &'static str, &'static str)> {
    let files: &[make::File<'_>] = &[("conf/first.txt", b"nothing here\n"), ("conf/a.txt", content)];
    let inner = make::tar(&[("lib/a.jar", &make::zip(files))]);
    vec![
        ("zip", make::zip(files), "zip", "conf/a.txt"),
        ("stored", make::zip_as(files, make::STORED), "zip", "conf/a.txt"),
        ("tar", make::tar(files), "tar", "conf/a.txt"),
        ("short-name", make::tar(&[("a", content)]), "tar", "a"),
        ("tgz", make::gzip(&make::tar(files)), "gzip > tar", "conf/a.txt"),
        ("txz", make::xz(&make::tar(files)), "xz > tar", "conf/a.txt"),
        ("nested", make::zstd(&inner), "zstd > tar", "lib/a.jar!/conf/a.txt"),
        ("ar", make::ar(&[("conf/a.txt", content)]), "ar", "conf/a.txt"),
        ("cpio", make::cpio(files), "cpio", "conf/a.txt"),
        ("rpm", make::rpm(b"true", files), "rpm", "conf/a.txt"),
        ("seven", make::seven(files, None), "7z", "conf/a.txt"),
        ("asar", make::asar("conf", "a.txt", content), "asar", "conf/a.txt"),
    ]
}

/// A tree with each kind in a file of its own, and what is to be told of them.
fn tree() -> (Tree, Vec<Told>) {
    let tree = Tree::new(&[("README", "hello\n")]);
    let mut wanted = Vec::new();
    for (number, (name, ..)) in kinds(b"").into_iter().enumerate() {
        let number = number as u64 + 1;
        let (_, bytes, chain, way) = kinds(&text(number)).swap_remove(number as usize - 1);
        let path = format!("{name}.yaml");
        tree.write(&path, &manifest(&base64(&bytes)));
        let note = format!("{way}:2:9");
        wanted.push((path, [3, 9, OFFSET as u64], format!("base64 > {chain}"), vec![note]));
    }
    wanted.sort();
    (tree, wanted)
}

#[test]
fn every_kind_in_every_gate() {
    let (tree, wanted) = tree();
    let report = tree.report(&["."]);
    assert_eq!(told(&report), wanted);
    assert_eq!((report.skipped.len(), report.status), (0, 1), "{:?}", report.skipped);
    for (number, (path, at, chain, notes)) in wanted.iter().enumerate() {
        let bytes = std::fs::read(tree.path().join(path)).unwrap();
        let report = Report::of(&tree.scan_input(&["-f", "json", "-"], &bytes));
        assert_eq!(told(&report), [("<stdin>".to_owned(), *at, chain.clone(), notes.clone())], "{number}");
    }
    tree.track(&["README"]);
    git(&tree, &["commit", "-q", "-m", "first"]);
    git(&tree, &["add", "."]);
    assert_eq!(told(&tree.report(&["--staged"])), wanted);
    git(&tree, &["commit", "-q", "-m", "second"]);
    assert_eq!(told(&tree.report(&["--range", "HEAD~..HEAD"])), wanted);
    // Versions that git packs as deltas: what is said stays the same, and stands elsewhere.
    for (path, ..) in &wanted {
        let bytes = std::fs::read(tree.path().join(path)).unwrap();
        tree.write(path, &[b"a: first\n", &bytes[..]].concat());
    }
    git(&tree, &["commit", "-q", "-a", "-m", "third"]);
    git(&tree, &["repack", "-q", "-a", "-d", "-f"]);
    let mut both: Vec<_> = wanted
        .iter()
        .flat_map(|(path, at, chain, notes)| {
            let lower = [at[0] + 1, at[1], at[2] + 9];
            [*at, lower].map(|at| (path.clone(), at, chain.clone(), notes.clone()))
        })
        .collect();
    both.sort();
    for arguments in [&["--no-cache"][..], &["--no-cache", "--every-byte"], &[], &[]] {
        let ran = audit(&tree, arguments);
        ran.status(1);
        assert_eq!(told(&Report::of(&ran)), both, "{arguments:?}");
    }
}

#[test]
fn a_gate_blocks_only_where_the_line_is_new() {
    let (tree, wanted) = tree();
    tree.track(&["README"]);
    git(&tree, &["add", "."]);
    git(&tree, &["commit", "-q", "-m", "first"]);
    for (path, ..) in &wanted {
        let bytes = std::fs::read(tree.path().join(path)).unwrap();
        tree.write(path, &[&bytes[..], b"more: 1\n"].concat());
    }
    git(&tree, &["add", "."]);
    let report = tree.report(&["--staged"]);
    assert_eq!((report.places.len(), report.status), (0, 0), "{:?} {:?}", report.places, report.skipped);
    let zip = make::zip(&[("b.txt", &text(40))]);
    tree.write("zip.yaml", &manifest(&base64(&zip)));
    git(&tree, &["add", "."]);
    let report = tree.report(&["--staged"]);
    assert_eq!((report.paths(), report.status), (vec!["zip.yaml"], 1));
}

#[test]
fn other_encodings_and_texts_in_containers() {
    let tree = Tree::new(&[]);
    let zip = |number: u64| make::zip(&[("a.txt", &text(number))]);
    let hex: String = zip(1).iter().map(|byte| format!("{byte:02x}")).collect();
    tree.write("hex.txt", format!("x = \"{hex}\"\n").as_bytes());
    let lines: Vec<String> =
        base64(&zip(2)).as_bytes().chunks(60).map(|line| String::from_utf8_lossy(line).into()).collect();
    tree.write("wrapped.txt", format!("file:\n  {}\nend\n", lines.join("\n  ")).as_bytes());
    tree.write(
        "slashes.json",
        format!("{{\"file\": \"{}\"}}\n", base64(&zip(3)).replace('/', "\\/")).as_bytes(),
    );
    tree.write("twice.txt", format!("x: {}\n", base64(base64(&zip(4)).as_bytes())).as_bytes());
    tree.write(
        "uri.html",
        format!("<a href=\"data:application/zip;base64,{}\">\n", base64(&zip(5))).as_bytes(),
    );
    // A text in an archive says a container, in which there is such a text again.
    let inner = make::tar(&[("deep.yaml", &manifest(&base64(&zip(6))))]);
    tree.write("outer.zip", &make::zip(&[("list.yaml", &manifest(&base64(&inner)))]));
    // Several in what is compressed as a whole, as in a Helm release.
    let list = format!("one: {}\ntwo: {}\n", base64(&zip(8)), base64(&zip(9)));
    tree.write("release.yaml", &manifest(&base64(&make::gzip(list.as_bytes()))));
    let notebook = make::notebook(&format!("data = '{}'\n", base64(&zip(7))), "none\n");
    tree.write("a.ipynb", &notebook);
    let report = tree.report(&["."]);
    let told: Vec<_> =
        told(&report).into_iter().map(|(path, at, chain, notes)| (path, at[0], chain, notes)).collect();
    let place = |path: &str, line: u64, chain: &str, notes: &[&str]| {
        (
            path.to_owned(),
            line,
            chain.to_owned(),
            notes.iter().map(|note| (*note).to_owned()).collect::<Vec<_>>(),
        )
    };
    let line = String::from_utf8_lossy(&notebook).lines().position(|line| line.contains("data =")).unwrap();
    assert_eq!(
        told,
        [
            place("a.ipynb", line as u64 + 1, "base64 > zip", &["a.txt:2:9", "cell 1, source"]),
            place("hex.txt", 1, "hex > zip", &["a.txt:2:9"]),
            place("outer.zip!/list.yaml", 3, "base64 > tar > base64 > zip", &["deep.yaml:3:9", "a.txt:2:9"]),
            place("release.yaml", 3, "base64 > gzip > base64 > zip", &["a.txt:2:9"]),
            place("release.yaml", 3, "base64 > gzip > base64 > zip", &["a.txt:2:9"]),
            place("slashes.json", 1, "base64 > zip", &["a.txt:2:9"]),
            place("twice.txt", 1, "base64 > base64 > zip", &["a.txt:2:9"]),
            place("uri.html", 1, "base64 > zip", &["a.txt:2:9"]),
            place("wrapped.txt", 2, "base64 > zip", &["a.txt:2:9"]),
        ]
    );
    assert_eq!((report.skipped.len(), report.status), (0, 1), "{:?}", report.skipped);
}

#[test]
fn keystores_and_documents() {
    let tree = Tree::new(&[]);
    tree.write("p12.yaml", &manifest(&base64(&make::pkcs12("", true))));
    tree.write("jks.yaml", &manifest(&base64(&make::jks("changeit", true))));
    tree.write(
        "pdf.yaml",
        &manifest(&base64(&make::pdf(&format!("acme {}", token(1)), "https://host.example/", "none"))),
    );
    tree.write("db.yaml", &manifest(&base64(&make::sqlite("users", ("a", "b"), &[("c", &token(2))]))));
    tree.write("class.yaml", &manifest(&base64(&make::class(&token(3)))));
    let report = tree.report(&["."]);
    let places: Vec<_> = told(&report).into_iter().map(|(path, at, chain, _)| (path, at[0], chain)).collect();
    let place = |path: &str, chain: &str| (path.to_owned(), 3, chain.to_owned());
    assert_eq!(
        places,
        [
            place("class.yaml", "base64"),
            place("db.yaml", "base64 > SQLite"),
            place("jks.yaml", "base64 > keystore"),
            place("p12.yaml", "base64 > keystore"),
            place("pdf.yaml", "base64 > PDF"),
        ]
    );
    assert_eq!((report.skipped.len(), report.status), (0, 1), "{:?}", report.skipped);
}

#[test]
fn what_cannot_be_opened_is_told() {
    let tree = Tree::new(&[]);
    let zip = make::zip(&[("a.txt", &text(1)), ("b.txt", &text(2))]);
    tree.write("cut.yaml", &manifest(&base64(&zip[..zip.len() - 30])));
    tree.write(
        "locked.yaml",
        &manifest(&base64(&make::zip_as(&[("a.txt", &text(3))], make::Zipped { flags: 1, ..make::STORED }))),
    );
    let mut deep = text(4);
    for _ in 0..4 {
        deep = make::zip(&[("x", &deep)]);
    }
    tree.write("deep.yaml", &manifest(&base64(&deep)));
    // A short beginning, as in an example, is none.
    tree.write("example.md", format!("It begins with `{}`.\n", base64(&zip[..60])).as_bytes());
    let report = tree.report(&["--max-depth", "3", "."]);
    let mut skipped: Vec<(&str, &str)> =
        report.skipped.iter().map(|(path, why)| (&path[..], &why[..])).collect();
    skipped.sort();
    assert_eq!(
        skipped,
        [
            ("cut.yaml!/3:9 (base64 > zip)", "corrupt"),
            ("deep.yaml!/3:9 (base64 > zip)!/x!/x!/x", "over budget"),
            ("locked.yaml!/3:9 (base64 > zip)!/a.txt", "encrypted"),
        ]
    );
    assert_eq!(report.status, 2);
    assert_eq!(tree.report(&["--max-depth", "4", "deep.yaml"]).paths(), ["deep.yaml"]);
    // Nothing is opened, as with containers that stand there as they are.
    let report = tree.report(&["--max-depth", "0", "deep.yaml"]);
    assert_eq!((report.places.len(), report.status), (0, 0));
}

/// Bombs in a text share the budget of the file that it stands in.
#[test]
fn bombs_share_a_budget() {
    let tree = Tree::new(&[]);
    let zeros = vec![0; 20 << 20];
    let lines: String = (0..40)
        .map(|number: u32| {
            let zip = make::zip(&[(&format!("{number}"), &zeros), ("a.txt", &text(u64::from(number)))]);
            format!("x{number}: {}\n", base64(&zip))
        })
        .collect();
    tree.write("bombs.yaml", lines.as_bytes());
    let report = tree.report(&["--max-size", "100M", "."]);
    assert_eq!(report.status, 2);
    assert!(report.skipped.len() >= 30, "{:?}", report.skipped);
    assert!(report.skipped.iter().all(|(_, why)| why == "over budget"));
    assert!(tree.report(&["."]).skipped.is_empty());
}

#[test]
fn comments_entries_and_reports() {
    let tree = Tree::new(&[]);
    let zip = base64(&make::zip(&[("conf/a.txt", &text(1))]));
    tree.write("a.yaml", &manifest(&zip));
    for format in [
        "human", "json", "jsonl", "sarif", "html", "gitleaks", "csv", "junit", "gitlab", "github", "markdown",
    ] {
        let ran = tree.scan(&["--format", format, "."]);
        ran.status(1);
        assert!(!ran.out.contains(&token(1)), "{format}");
        assert!(ran.out.contains("base64") && ran.out.contains("zip"), "{format}: {}", ran.out);
    }
    let human = tree.scan(&["."]).out;
    assert!(human.contains("a.yaml:3:9") && human.contains("in: conf/a.txt:2:9"), "{human}");
    let explained = tree.run(&["explain", "a.yaml:3"]);
    assert!(explained.out.contains("a container (zip)"), "{}", explained.out);
    let whole = tree.run(&["explain", "a.yaml"]).out;
    assert!(whole.contains("a container (zip)") && !whole.contains("nothing is found"), "{whole}");
    tree.write("a.yaml", format!("# sekisho:allow acme-token made for the test\n  file: {zip}\n").as_bytes());
    tree.scan(&["."]).status(0);
    tree.write("a.yaml", &manifest(&zip));
    let allow = json!({ "path": "a.yaml", "reason": "made for the test" });
    let entry = format!("[[allow]]\npath = {}\nreason = {}\n", allow["path"], allow["reason"]);
    tree.write("sekisho.toml", entry.as_bytes());
    tree.scan(&["."]).status(0);
}

/// A text that is longer than what is held in memory is looked at in pieces.
#[test]
fn in_a_long_text() {
    let tree = Tree::new(&[]);
    let filler = "let some_value = other(thing, 12345);\n".repeat(150_000);
    let zip = base64(&make::zip(&[("a.txt", &text(1))]));
    let at = filler.len() * 2 + "file: ".len();
    tree.write("long.txt", format!("{filler}{filler}file: {zip}\n{filler}").as_bytes());
    let report = tree.report(&["."]);
    let told = told(&report);
    assert_eq!((told.len(), told[0].1), (1, [300_001, 7, at as u64]));
    assert_eq!((report.skipped.len(), report.status), (0, 1));
}
