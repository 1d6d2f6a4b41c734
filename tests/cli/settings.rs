//! `sekisho.toml`: its commands, its cascade, and what is wrong with it.

use super::policy::{SETTINGS, git, repository};
use super::support::{Report, Tree, token};

#[test]
fn init_writes_a_file_of_its_own_and_overwrites_nothing() {
    let tree = Tree::new(&[("a.txt", "nothing\n")]);
    git(&tree, &["init", "-q"]);
    let ran = tree.run(&["init"]);
    assert!(ran.status(0).out.contains("sekisho.toml: written"), "{}", ran.out);
    let text = std::fs::read_to_string(tree.path().join("sekisho.toml")).unwrap();
    assert!(
        !tree.path().join("sekisho.baseline").exists() && !tree.path().join(".git/hooks/pre-push").exists()
    );
    tree.run(&["scan"]).status(0);
    tree.run(&["init"]).status(2).tells(&["is there already", "--force"]);
    assert_eq!(std::fs::read_to_string(tree.path().join("sekisho.toml")).unwrap(), text);
    tree.run(&["init", "--force", "--yes"]).status(0);
    assert_ne!(std::fs::read_to_string(tree.path().join("sekisho.toml")).unwrap(), text, "a fresh salt");
    assert!(
        tree.path().join("sekisho.baseline").exists() && tree.path().join(".git/hooks/pre-push").exists()
    );
}

#[test]
fn the_schema_takes_what_is_documented_and_refuses_the_rest() {
    let tree = Tree::new(&[]);
    let ran = tree.run(&["config", "schema"]);
    let schema: serde_json::Value = serde_json::from_str(&ran.status(0).out).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let good = "version = 1\nsalt = 'x'\nfail-on = 'low'\nbaseline = 'b'\ncomments.foreign = false\n\
                rules = { enable = ['jwt'], disable = [], severity = 'info' }\nseverity = { jwt = 'low' }\n\
                [[path]]\nglob = ['a', 'b']\ndisable = ['jwt']\nseverities = { jwt = 'low' }\n\
                [[allow]]\nrule = 'jwt'\nvalue = 'x'\nline = 'y'\nfingerprint = '0123456789ab'\npath = 'p'\nowner = 'o'\n\
                expires = '2030-01-01'\nreason = 'r'\n";
    for (text, valid) in
        [(good.to_owned(), true), (SETTINGS.to_owned(), true), (format!("salty = 1\n{good}"), false)]
    {
        let value: toml::Table = toml::from_str(&text).unwrap();
        let value = serde_json::to_value(value).unwrap();
        assert_eq!(validator.is_valid(&value), valid, "{text}");
        let tree = Tree::new(&[("sekisho.toml", &text)]);
        let status = tree.run(&["config", "show"]).status;
        // The baseline that the good one names is not there.
        let there = text.contains("baseline");
        assert_eq!(status, Some(if valid && !there { 0 } else { 2 }));
    }
}

#[test]
fn settings_are_shown_with_where_they_come_from() {
    let text = format!(
        "fail-on = 'medium'\n{SETTINGS}\n[rules]\ndisable = ['jwt']\n[[allow]]\nrule = 'jwt'\nreason = 'r'\n"
    );
    let tree = repository(&text);
    tree.write(
        "sub/sekisho.toml",
        b"[severity]\nacme-token = 'low'\n[[allow]]\npath = 'x'\nreason = 'deep'\n",
    );
    let ran = tree.run(&["config", "show"]);
    for part in [
        "fail-on = \"medium\"  # ",
        "sekisho.toml:1",
        "rules.disable = [\"jwt\"]  # ",
        "allow rule jwt (r)",
        "# default",
    ] {
        assert!(ran.out.contains(part), "{part}:\n{}", ran.out);
    }
    assert!(!ran.out.contains("deep"), "{}", ran.out);
    let ran = tree.run(&["config", "show", "sub", "-f", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(shown["rules_at_path"][0]["rule"], "acme-token");
    assert_eq!(shown["allow"][1]["reason"], "deep");
}

#[test]
fn files_further_down_add_to_those_above() {
    let tree = repository(SETTINGS);
    tree.write("one/sekisho.toml", b"[[allow]]\npath = 'fixtures/'\nreason = 'made up'\n");
    tree.write("two/sekisho.toml", b"[rules]\ndisable = ['acme-token']\n");
    for (number, path) in ["one/a", "one/fixtures/a", "two/deep/a", "fixtures/a"].iter().enumerate() {
        tree.write(path, format!("{}\n", token(number as u64)).as_bytes());
    }
    let paths = |arguments: &[&str]| {
        let report = Report::of(&tree.run(&[arguments, &["-f", "json"]].concat()));
        report.paths().iter().map(|path| (*path).to_owned()).collect::<Vec<_>>()
    };
    let expected = ["fixtures/a", "one/a"];
    assert_eq!(paths(&["scan"]), expected);
    git(&tree, &["add", "."]);
    assert_eq!(paths(&["scan", "--staged"]), expected);
    git(&tree, &["commit", "-qm", "one"]);
    assert_eq!(paths(&["scan", "--range", "HEAD~1..HEAD"]), expected);
    assert_eq!(paths(&["audit"]), expected);
    // One that cannot be used is no reason to call anything clean.
    tree.write("one/sekisho.toml", b"salt = 'other'\n");
    let ran = tree.run(&["scan"]);
    assert!(ran.status(2).out.contains("`salt` holds for the whole run"), "{}", ran.out);
}

#[test]
fn paths_have_settings_of_their_own() {
    let settings = format!(
        "{SETTINGS}[rules]\ndisable = ['acme-word']\n[[path]]\nglob = ['words/', '*.words']\nenable = ['password']\n\
         [[path]]\nglob = 'tests/**'\ndisable = ['api-key']\n[[path]]\nglob = 'low/**'\nseverities = {{ acme-token = 'low' }}\n"
    );
    let tree = repository(&settings);
    let word = format!("acmew:{}{}", "gatekeeper", 42);
    for (path, text) in
        [("words/a", word.clone()), ("a", word), ("tests/a", token(1)), ("low/a", token(2)), ("b", token(3))]
    {
        tree.write(path, format!("{text}\n").as_bytes());
    }
    let report = |arguments: &[&str]| Report::of(&tree.run(&[arguments, &["-f", "json"]].concat()));
    for arguments in [&["scan"][..], &["audit"]] {
        if arguments[0] == "audit" {
            git(&tree, &["add", "."]);
            git(&tree, &["commit", "-qm", "one"]);
        }
        let report = report(arguments);
        let mut paths = report.paths();
        paths.sort_unstable();
        // The word stands in one object of git that has two paths: it is told by the first.
        let word = if arguments[0] == "audit" { "a" } else { "words/a" };
        let mut expected = ["b", "low/a", word];
        expected.sort_unstable();
        assert_eq!(paths, expected, "{arguments:?}");
        let findings = report.json["findings"].as_array().unwrap();
        let low = findings.iter().find(|one| one["occurrences"][0]["path"] == "low/a").unwrap();
        assert_eq!(low["severity"], "low", "{arguments:?}");
    }
    assert_eq!(report(&["scan", "--enable", "acme-word", "a"]).paths(), ["a"]);
}

#[test]
fn severities_decide_what_fails() {
    let tree = repository(&format!("{SETTINGS}[severity]\nacme-token = 'medium'\n"));
    tree.write("a.txt", format!("{}\n", token(1)).as_bytes());
    let report = Report::of(&tree.run(&["scan", "-f", "json"]));
    assert_eq!((report.status, report.json["findings"][0]["severity"].as_str()), (1, Some("medium")));
    let report = Report::of(&tree.run(&["scan", "-f", "json", "--fail-on", "high"]));
    assert_eq!((report.status, report.places.len()), (0, 1));
    assert_eq!((&report.json["status"], &report.json["fail_on"]), (&0.into(), &"high".into()));
    tree.run(&["scan", "--fail-on", "medium"]).status(1);
    git(&tree, &["add", "."]);
    tree.run(&["hook", "pre-commit", "--fail-on", "high"]).status(0).tells(&["a.txt:1: medium acme-token"]);
    tree.run(&["hook", "pre-commit"]).status(1);
    git(&tree, &["commit", "-qm", "one"]);
    tree.run(&["audit", "--fail-on", "high"]).status(0);
    tree.run(&["audit", "--fail-on", "low"]).status(1);
    tree.write("sekisho.toml", format!("fail-on = 'critical'\n{SETTINGS}").as_bytes());
    tree.run(&["scan"]).status(0);
}

#[test]
fn rules_are_chosen_by_kind_and_severity() {
    let tree = repository(SETTINGS);
    tree.write("a.txt", format!("{} acmew:{}{}\n", token(1), "gatekeeper", 42).as_bytes());
    let found = |arguments: &[&str]| {
        let mut command = vec!["scan", "-f", "json"];
        command.extend(arguments);
        let report = Report::of(&tree.run(&command));
        report.places.into_iter().map(|place| place.rule).collect::<Vec<_>>()
    };
    assert_eq!(found(&["--disable", "api-key"]), ["acme-word"]);
    assert_eq!(found(&["--disable", "low"]), ["acme-token"]);
    assert_eq!(found(&["--disable", "all", "--enable", "low"]).len(), 1);
}

#[test]
fn settings_that_cannot_be_meant_are_errors() {
    for (text, words) in [
        ("[rules]\nenable = ['jwt']\ndisable = ['jwt']\n", &["both enabled and disabled"][..]),
        ("[rules]\ndisable = ['all']\n", &["no rule is in force"]),
        ("[rules]\ndisable = ['jwtt']\n", &["did you mean `jwt`?"]),
        ("salty = 1\n", &["line 1, column 1", "did you mean `salt`?"]),
        ("salt = ''\n", &["line 1", "the salt is empty"]),
        ("version = 3\n", &["line 1", "version"]),
        ("fail-on = 'bad'\n", &["line 1, column 11"]),
        ("[[path]]\nglob = '{'\n", &["line 2, column 8", "path pattern"]),
        ("[[path]]\ndisable = ['jwt']\n", &["glob"]),
    ] {
        let tree = Tree::new(&[("sekisho.toml", text), ("a", "x")]);
        tree.run(&["scan"]).status(2).tells(words).tells(&["sekisho.toml"]);
    }
    let double = SETTINGS.replace("acme-word", "acme-token");
    Tree::new(&[("sekisho.toml", &double)]).run(&["scan"]).status(2).tells(&["already in use"]);
}
