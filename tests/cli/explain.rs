//! `sekisho explain` on files, standard input and commits: what it tells is what a scan does.

use crate::support::{Ran, Tree, finish, token};
use serde_json::Value;

/// A password that is found by its name and look, made here so that no literal alarms a scanner.
fn password() -> String {
    ["Xk29!", "fLq0p"].concat()
}

fn explain(tree: &Tree, arguments: &[&str]) -> Ran {
    let rules = tree.beside("acme.toml");
    tree.run(&[&["explain", "--rules", rules.to_str().unwrap()], arguments].concat())
}

#[track_caller]
fn json(tree: &Tree, arguments: &[&str]) -> Value {
    let ran = explain(tree, &[&["--format", "json"], arguments].concat());
    ran.status(0);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out))
}

/// What a rule's only attempt on the line says.
#[track_caller]
fn tried<'v>(told: &'v Value, rule: &str) -> &'v Value {
    let looked = told["looked"].as_array().unwrap();
    let mut all = looked.iter().flat_map(|one| one["tried"].as_array().unwrap());
    all.find(|one| one["rule"] == rule).unwrap_or_else(|| panic!("{rule} was not tried: {told:#}"))
}

#[test]
fn what_is_found_is_told_test_by_test_and_masked() {
    let text = format!("x = 1\nDB_PASSWORD = \"{}\"\nsee \"{}\"\n", password(), token(1));
    let tree = Tree::new(&[("app.cfg", &text)]);
    let told = json(&tree, &["app.cfg:2"]);
    let judged = tried(&told, "generic-password");
    assert_eq!(judged["matched"], true);
    let test = &judged["tests"][0];
    assert_eq!((&test["test"], &test["passed"]), (&"judgement".into(), &true.into()));
    assert!(test["number"].as_f64().unwrap() >= test["least"].as_f64().unwrap());
    assert!(!judged["judgement"].as_array().unwrap().is_empty());
    assert_eq!(told["found"][0]["reported"], true);
    let of_scan = &tree.report(&["app.cfg"]).json["findings"];
    let same =
        |rule: &str| of_scan.as_array().unwrap().iter().find(|one| one["rule"] == rule).unwrap().clone();
    assert_eq!(told["found"][0]["fingerprint"], same("generic-password")["fingerprint"]);

    let human = explain(&tree, &["app.cfg:3"]);
    human.status(0);
    assert!(human.out.contains("acme-token") && human.out.contains("reported"), "{}", human.out);
    for ran in [&human, &explain(&tree, &["app.cfg"]), &explain(&tree, &["app.cfg:2", "--format", "json"])] {
        assert!(!ran.out.contains(&token(1)) && !ran.out.contains(&password()), "{}", ran.out);
    }
    let clear = explain(&tree, &["app.cfg:3", "--show-secrets"]);
    assert!(clear.out.contains(&token(1)), "{}", clear.out);
    // The column chooses among several things on a line.
    assert!(explain(&tree, &["app.cfg:3:8"]).status(0).out.contains("acme-token"));
    assert!(!explain(&tree, &["app.cfg:3:1"]).status(0).out.contains("acme-token"));
}

#[test]
fn what_is_refused_says_by_which_test() {
    let text = "password = \"${DB_PASSWORD}\"\nacme = acmt_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nacmt_short\n";
    let tree = Tree::new(&[("app.cfg", text)]);
    let told = json(&tree, &["app.cfg:1"]);
    let judged = tried(&told, "generic-password");
    assert_eq!(judged["refused_by"], "judgement");
    assert!(judged["tests"][0]["measured"].as_str().unwrap().contains("reference"), "{judged:#}");
    assert!(told["found"].as_array().unwrap().is_empty());
    assert_eq!(tried(&json(&tree, &["app.cfg:2"]), "acme-token")["refused_by"], "placeholder");
    assert_eq!(tried(&json(&tree, &["app.cfg:3"]), "acme-token")["refused_by"], "pattern");
    let human = explain(&tree, &["app.cfg:3"]);
    assert!(human.status(0).out.contains("nothing is found on this line"), "{}", human.out);
}

#[test]
fn what_suppresses_is_named() {
    let text = format!(
        "a = {}\nb = {} # sekisho:allow acme-token made for this test\n# sekisho:allow acme-token next line\nc = {}\n",
        token(1),
        token(2),
        token(3)
    );
    let tree = Tree::new(&[("sub/app.cfg", &text), ("other.cfg", &text)]);
    tree.write(
        "sekisho.toml",
        b"[[allow]]\nrule = 'acme-token'\npath = '/sub/'\nreason = 'keys of the stand-in server'\n",
    );
    let why = |place: &str| {
        let told = json(&tree, &[place]);
        assert_eq!(told["found"][0]["reported"], told["found"][0]["suppressed"].is_null());
        told["found"][0]["suppressed"].as_str().unwrap_or_default().to_owned()
    };
    assert!(why("sub/app.cfg:1").contains("keys of the stand-in server"), "{}", why("sub/app.cfg:1"));
    assert_eq!(why("other.cfg:1"), "");
    assert!(why("other.cfg:2").contains("comment"), "{}", why("other.cfg:2"));
    assert!(why("other.cfg:4").contains("comment"), "{}", why("other.cfg:4"));
    assert_eq!(tree.report(&["."]).paths(), ["other.cfg"]);

    // A rule that is off, and a file that a scan leaves out.
    let off = explain(&tree, &["other.cfg:1", "--disable", "acme-token"]);
    assert!(off.status(0).out.contains("acme-token would match"), "{}", off.out);
    let low = explain(&tree, &["other.cfg:1", "--severity", "critical"]);
    assert!(low.status(0).out.contains("below the severity"), "{}", low.out);
    tree.track(&["other.cfg"]);
    tree.write(".gitignore", b"# built\n/sub/\n");
    let told = json(&tree, &["sub/app.cfg:1"]);
    assert_eq!((&told["left_out"]["line"], &told["left_out"]["pattern"]), (&2.into(), &"/sub/".into()));
    let human = explain(&tree, &["sub/app.cfg:1"]);
    assert!(human.out.contains(".gitignore:2 leaves this file out"), "{}", human.out);
}

#[test]
fn test_keys_and_binary_content_are_told() {
    let block = format!("=====ACME BEGIN=====\n{}\n=====ACME END=====\n", token(9));
    let bytes = [b"\0\x01\x02".as_slice(), b"password = 'abcdefgh'\n"].concat();
    let tree = Tree::new(&[("a.txt", &block)]);
    tree.write("b.bin", &bytes);
    let binary = explain(&tree, &["b.bin:1"]);
    assert!(binary.status(0).out.contains("binary content"), "{}", binary.out);
    // Any line of a block tells about the whole of it.
    let inside = explain(&tree, &["a.txt:2"]);
    assert!(inside.status(0).out.contains("acme-block"), "{}", inside.out);
    assert!(!inside.out.contains(&token(9)));
}

#[test]
fn where_nothing_looks_it_says_what_would_be_needed() {
    let tree = Tree::new(&[("a.txt", "nothing of interest \"hidden words\"\n")]);
    let ran = explain(&tree, &["a.txt:1"]);
    ran.status(0);
    assert!(ran.out.contains("no anchor of any rule on this line"), "{}", ran.out);
    assert!(ran.out.contains("pass, pwd") && ran.out.contains("-----BEGIN"), "{}", ran.out);
    assert!(!ran.out.contains("hidden"), "{}", ran.out);
    let one = explain(&tree, &["a.txt:1", "--rule", "acme-token"]);
    assert!(one.status(0).out.contains("a word that begins with `acmt`"), "{}", one.out);
}

#[test]
fn standard_input_and_commits_are_explained_too() {
    let tree = Tree::new(&[("dir/a.cfg", &format!("k = {}\n", token(1)))]);
    tree.track(&["dir/a.cfg"]);
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.current_dir(tree.path()).args(["-c", "user.name=A", "-c", "user.email=a@example.org"]);
        assert!(command.args(arguments).output().unwrap().status.success());
    };
    git(&["commit", "-qm", "one"]);
    tree.write("dir/a.cfg", b"nothing\n");
    for place in [&["HEAD:dir/a.cfg:1"][..], &["--commit", "HEAD", "dir/a.cfg:1"], &[":dir/a.cfg:1"]] {
        let told = json(&tree, place);
        assert_eq!(told["found"][0]["rule"], "acme-token", "{place:?}: {told:#}");
        assert!(told["origin"].as_str().unwrap().starts_with("dir/a.cfg"));
    }
    assert!(json(&tree, &["dir/a.cfg:1"])["found"].as_array().unwrap().is_empty());
    explain(&tree, &["HEAD:gone.cfg:1"]).status(2).tells(&["no such path"]);
    explain(&tree, &["nowhere:dir/a.cfg"]).status(2).tells(&["no such commit"]);

    let mut command = tree.command(&["explain", "-:2", "--rules"]);
    command.arg(tree.beside("acme.toml"));
    let ran = finish(command, format!("x\ny = {}\n", token(2)).as_bytes());
    assert!(ran.status(0).out.contains("<stdin>:2") && ran.out.contains("acme-token"), "{}", ran.out);
}

#[test]
fn places_that_are_not_there_are_errors() {
    let tree = Tree::new(&[("a.txt", "one\n"), ("odd:7", &format!("k = {}\n", token(1)))]);
    explain(&tree, &["a.txt:2"]).status(2).tells(&["a.txt:2", "1 lines"]);
    explain(&tree, &["a.txt:1:9"]).status(2).tells(&["3 columns"]);
    explain(&tree, &["gone.txt"]).status(2).tells(&["gone.txt"]);
    explain(&tree, &["."]).status(2).tells(&["is a directory"]);
    explain(&tree, &["a.txt:1", "--rule", "no-such-rule"]).status(2).tells(&["no-such-rule"]);
    // A name may end like a place.
    assert!(explain(&tree, &["odd:7:1"]).status(0).out.contains("acme-token"));
}
