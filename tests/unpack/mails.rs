//! Messages, keystores and compiled code.

use crate::make;
use crate::support::{Tree, place, token};

/// Paths of what is found, with the rule of each, sorted.
fn told(tree: &Tree, path: &str) -> Vec<(String, String)> {
    let report = tree.report(&[path]);
    let mut all: Vec<(String, String)> = report.json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|finding| finding["occurrences"].as_array().unwrap().iter().map(move |one| (finding, one)))
        .map(|(finding, one)| {
            (one["path"].as_str().unwrap().to_owned(), finding["rule"].as_str().unwrap().to_owned())
        })
        .collect();
    all.sort();
    all
}

fn paths(tree: &Tree, path: &str) -> Vec<String> {
    told(tree, path).into_iter().map(|(path, _)| path).collect()
}

#[test]
fn parts_of_messages() {
    let tree = Tree::new(&[]);
    let secret = token(1);
    let (head, tail) = secret.split_at(20);
    let inner = make::zip(&[("run/log.txt.gz", &make::gzip(format!("key {}\n", token(2)).as_bytes()))]);
    let mail = make::message(&format!("Hello=21\r\nkey: {head}=\r\n{tail}"), &inner);
    tree.write("a.eml", mail.as_bytes());
    let wanted = ["a.eml!/logs.zip!/run/log.txt.gz!/log.txt", "a.eml!/part 1 (text/plain)"];
    assert_eq!(paths(&tree, "a.eml"), wanted);
    let report = tree.report(&["a.eml"]);
    assert!(report.places.contains(&place(wanted[1], 2, 6, 13)), "{:?}", report.places);
    assert_eq!((report.skipped.len(), report.status), (0, 1));
    // A mailbox in an archive.
    let mailbox = format!("From a@example.org Mon May  6\n{mail}\nFrom b@example.org Tue May  7\n{mail}");
    tree.write("b.tgz", &make::gzip(&make::tar(&[("box", mailbox.as_bytes())])));
    let found = paths(&tree, "b.tgz");
    assert!(found.contains(&"b.tgz!/box!/message 2/part 1 (text/plain)".to_owned()), "{found:?}");
}

#[test]
fn broken_messages_are_scanned_as_they_stand() {
    let tree = Tree::new(&[]);
    let mail =
        format!("From: a\nMIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n**** {}\n", token(1));
    tree.write("a.eml", mail.as_bytes());
    let deep: String =
        (0..200).map(|at| format!("Content-Type: multipart/mixed; boundary=b{at}\n\n--b{at}\n")).collect();
    tree.write("deep.eml", format!("From: a\nMIME-Version: 1.0\n{deep}\n{}\n", token(2)).as_bytes());
    let found = paths(&tree, ".");
    assert!(found.contains(&"a.eml".to_owned()), "{found:?}");
    assert!(found.iter().any(|path| path.starts_with("deep.eml")), "{found:?}");
}

#[test]
fn constants_of_compiled_code() {
    let tree = Tree::new(&[]);
    let secret = token(1);
    // The byte before a constant is its length, which is a letter here.
    let long = format!("{secret} {}", "x".repeat(usize::from(b'a') - secret.len() - 1));
    tree.write("lib.jar", &make::zip(&[("org/Main.class", &make::class(&long))]));
    tree.write("a.pyc", &make::pyc(&long));
    tree.write("b.apk", &make::zip(&[("classes.dex", &make::dex(&long))]));
    let wanted =
        ["a.pyc!/(constants)", "b.apk!/classes.dex!/(constants)", "lib.jar!/org/Main.class!/(constants)"];
    assert_eq!(paths(&tree, "."), wanted);
}

#[test]
fn keystores() {
    let tree = Tree::new(&[]);
    let known = ["change", "it"].concat();
    tree.write("a/empty.p12", &make::pkcs12("", true));
    tree.write("a/known.pfx", &make::pkcs12(&known, true));
    tree.write("a/closed.p12", &make::pkcs12("a long one that nobody knows", true));
    tree.write("a/trust.p12", &make::pkcs12("", false));
    tree.write("b/known.jks", &make::jks(&known, true));
    tree.write("b/closed.jks", &make::jks("something else", true));
    tree.write("b/trust.jks", &make::jks(&known, false));
    tree.write(
        "c.war",
        &make::zip(&[("WEB-INF/lib/d.jar", &make::zip(&[("store", &make::jks(&known, true))]))]),
    );
    let name = |path: &str| format!("{path}!/(keystore)");
    let (open, closed) = ("keystore-open".to_owned(), "keystore-private-key".to_owned());
    let wanted = [
        (name("a/closed.p12"), closed.clone()),
        (name("a/empty.p12"), open.clone()),
        (name("a/known.pfx"), open.clone()),
        (name("b/closed.jks"), closed),
        (name("b/known.jks"), open.clone()),
        (name("c.war!/WEB-INF/lib/d.jar!/store"), open),
    ];
    assert_eq!(told(&tree, "."), wanted);
    let cut = make::jks(&known, true);
    tree.write("d/cut.jks", &cut[..30]);
    let report = tree.report(&["d"]);
    assert_eq!(report.skipped, [("d/cut.jks".to_owned(), "corrupt".to_owned())]);
}

#[test]
fn text_of_pdf_documents() {
    let tree = Tree::new(&[]);
    let document = make::pdf(&format!("key {}", token(1)), &format!("https://x/?k={}", token(2)), &token(3));
    tree.write("a.pdf", &document);
    tree.write(
        "b.zip",
        &make::zip(&[("mail.eml", make::message("x", &make::zip(&[("c", &document)])).as_bytes())]),
    );
    let inner = "b.zip!/mail.eml!/logs.zip!/c";
    let wanted: Vec<String> = ["a.pdf", inner]
        .iter()
        .flat_map(|path| ["(strings)", "attachment 1", "page 1"].map(|part| format!("{path}!/{part}")))
        .collect();
    assert_eq!(paths(&tree, "."), wanted);
}

#[test]
fn broken_pdf_documents_are_told() {
    let tree = Tree::new(&[]);
    tree.write("a.pdf", format!("%PDF-1.7\nno stream here but {}\n", token(1)).as_bytes());
    let bomb = make::pdf(&"0".repeat(40 << 20), "x", "y");
    tree.write("b.pdf", &bomb);
    let report = tree.report(&["."]);
    assert_eq!((report.paths(), report.status), (vec!["a.pdf"], 2));
    let reasons: Vec<&str> = report.skipped.iter().map(|(_, reason)| reason.as_str()).collect();
    assert_eq!(reasons, ["corrupt", "over budget"], "{:?}", report.skipped);
}
