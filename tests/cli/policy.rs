//! Identities, suppressions and the commands that write them, through the real program.

use super::support::{Ran, Report, Tree, finish, token};
use std::process::Command;

/// Settings with rules of their own: a token, and a password that could be guessed.
pub const SETTINGS: &str = "salt = \"one\"\n\
[[rule]]\nid = \"acme-token\"\nsummary = \"Acme token\"\nkind = \"api-key\"\nseverity = \"high\"\n\
regex = '''\\b(?<secret>acmt_[0-9A-Za-z]{32})\\b'''\nhit = [\"«acmt_{base62:32}»\"]\nmiss = [\"acmt_\"]\n\
[[rule]]\nid = \"acme-word\"\nsummary = \"Acme word\"\nkind = \"password\"\nseverity = \"low\"\n\
regex = '''\\bacmew:(?<secret>[a-z]{4,12}[0-9]{2})\\b'''\nhit = [\"acmew:«{=abcd12}»\"]\nmiss = [\"acmew:\"]\n";

/// Git in the tree, with nothing of the user's own.
pub fn git(tree: &Tree, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(tree.path()).args(arguments);
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", tree.beside(""));
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "a").env(format!("GIT_{who}_EMAIL"), "a@example.org");
    }
    let output = command.output().expect("git is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "git {arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn word() -> String {
    format!("{}{}", "gatekeeper", 42)
}

/// A repository with settings and one commit of them.
pub fn repository(settings: &str) -> Tree {
    let tree = Tree::new(&[("sekisho.toml", settings), (".gitignore", "*.out\n")]);
    git(&tree, &["init", "-q", "-b", "main"]);
    git(&tree, &["add", "."]);
    git(&tree, &["commit", "-qm", "settings"]);
    tree
}

fn json(ran: &Ran) -> serde_json::Value {
    Report::of(ran).json
}

fn fingerprints(ran: &Ran) -> Vec<String> {
    let json = json(ran);
    let mut all: Vec<String> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["fingerprint"].as_str().unwrap().into())
        .collect();
    all.sort();
    all
}

#[test]
fn one_identity_in_every_gate_and_format() {
    let tree = repository(SETTINGS);
    tree.write("a.txt", format!("x {} acmew:{}\n", token(1), word()).as_bytes());
    let tree_ids = fingerprints(&tree.run(&["scan", "-f", "json"]));
    assert_eq!(tree_ids.len(), 2);
    git(&tree, &["add", "."]);
    assert_eq!(fingerprints(&tree.run(&["scan", "--staged", "-f", "json"])), tree_ids, "staged");
    git(&tree, &["commit", "-qm", "one"]);
    assert_eq!(
        fingerprints(&tree.run(&["scan", "--range", "HEAD~1..HEAD", "-f", "json"])),
        tree_ids,
        "range"
    );
    assert_eq!(fingerprints(&tree.run(&["audit", "-f", "json"])), tree_ids, "history");
    let log = std::fs::read(tree.path().join("a.txt")).unwrap();
    let ran = finish(tree.command(&["scan", "-", "-f", "json"]), &log);
    assert_eq!(fingerprints(&ran), tree_ids, "log");
    for format in ["human", "json", "jsonl", "sarif", "html"] {
        let ran = tree.run(&["scan", "-f", format]);
        tree_ids.iter().for_each(|id| assert!(ran.out.contains(id.as_str()), "{format}: {}", ran.out));
    }
    // Lines move, the file is renamed, commits are squashed: the same again.
    tree.write("a.txt", format!("\n\n\ny\n{} and acmew:{}\n", token(1), word()).as_bytes());
    git(&tree, &["mv", "a.txt", "b.txt"]);
    git(&tree, &["commit", "-qam", "two"]);
    git(&tree, &["reset", "-q", "--soft", "HEAD~2"]);
    git(&tree, &["commit", "-qm", "squashed"]);
    assert_eq!(fingerprints(&tree.run(&["scan", "-f", "json"])), tree_ids);
    assert_eq!(fingerprints(&tree.run(&["audit", "-f", "json"])), tree_ids);
    // Another value, another identity; another salt, another identity.
    tree.write("b.txt", format!("{} acmew:{}\n", token(2), word()).as_bytes());
    let other = fingerprints(&tree.run(&["scan", "-f", "json"]));
    assert_eq!(other.iter().filter(|id| tree_ids.contains(id)).count(), 1);
    let mut salted = tree.command(&["scan", "-f", "json"]);
    salted.env("SEKISHO_SALT", "two");
    assert!(fingerprints(&finish(salted, &[])).iter().all(|id| !other.contains(id)));
}

#[test]
fn a_fingerprint_can_be_allowed_and_hooks_honour_it() {
    let tree = repository(SETTINGS);
    tree.write("a.txt", token(1).as_bytes());
    git(&tree, &["add", "a.txt"]);
    tree.run(&["hook", "pre-commit"]).status(1);
    let id = fingerprints(&tree.run(&["scan", "-f", "json"])).remove(0);
    tree.run(&["allow", &id]).status(2).tells(&["no reason"]);
    tree.run(&["allow", "--reason", "x"]).status(2).tells(&["everything"]);
    tree.run(&["allow", "feed", "--reason", "x"]).status(2).tells(&["fingerprint"]);
    tree.run(&["allow", &id, "--reason", "x", "--expires", "2020-01-01"]).status(2).tells(&["has passed"]);
    tree.run(&["allow", &id, "--reason", "x", "--rule", "none"]).status(2).tells(&["no rule has this id"]);
    tree.run(&["allow", &id, "--reason", "made up", "--owner", "ann", "--expires", "9999-12-31"]).status(0);
    tree.run(&["hook", "pre-commit"]).status(0);
    let settings = std::fs::read_to_string(tree.path().join("sekisho.toml")).unwrap();
    assert!(settings.starts_with(SETTINGS), "{settings}");
    let ran = tree.run(&["scan", "-f", "json"]);
    let report = json(ran.status(0));
    let aside = &report["suppressed"][0];
    assert_eq!((aside["by"].as_str(), aside["owner"].as_str()), (Some("allow"), Some("ann")));
    assert_eq!((aside["reason"].as_str(), aside["path"].as_str()), (Some("made up"), Some("a.txt")));
    assert_eq!(report["stats"]["suppressed"], 1);
    let ran = tree.run(&["scan"]);
    assert!(ran.out.contains("suppressed: 1 finding (1 allow)"), "{}", ran.out);
    let ran = tree.run(&["allow", "--list"]);
    assert!(ran.out.contains("made up, ann, until 9999-12-31"), "{}", ran.out);
    // The same position with a new value is new.
    tree.write("a.txt", token(2).as_bytes());
    tree.run(&["scan"]).status(1);
    // Twice is once.
    tree.run(&["allow", &id, "--reason", "made up", "--owner", "ann", "--expires", "9999-12-31"]).status(0);
    assert_eq!(std::fs::read_to_string(tree.path().join("sekisho.toml")).unwrap(), settings);
}

#[test]
fn entries_by_value_and_by_line() {
    let settings = format!(
        "{SETTINGS}[[allow]]\nvalue = '^acmt_.*{}$'\nreason = 'a'\n[[allow]]\nrule = ['acme-token', 'x']\n\
         line = 'fixture:'\npath = 'b.*'\nreason = 'b'\n",
        &token(1)[33..]
    );
    let tree = repository(&settings);
    tree.write("a.txt", format!("{}\nfixture: {}\n", token(1), token(2)).as_bytes());
    tree.write("b.txt", format!("{}\nfixture: {}\n", token(3), token(4)).as_bytes());
    let places = |ran: &Ran| -> Vec<(String, u64)> {
        let mut places: Vec<_> =
            Report::of(ran).places.into_iter().map(|place| (place.path, place.line)).collect();
        places.sort();
        places
    };
    let expected = [("a.txt".to_owned(), 2), ("b.txt".to_owned(), 1)];
    assert_eq!(places(&tree.run(&["scan", "-f", "json"])), expected);
    git(&tree, &["add", "."]);
    assert_eq!(places(&tree.run(&["scan", "--staged", "-f", "json"])), expected);
    git(&tree, &["commit", "-qm", "one"]);
    assert_eq!(places(&tree.run(&["audit", "-f", "json"])), expected);
}

#[test]
fn comments_say_who_and_until_when() {
    let tree = repository(SETTINGS);
    let text = format!(
        "/* sekisho:allow acme-token owner=ann until=9999-01-01 made up */\na({})\n\
         b({}) // sekisho:allow acme-token until=2020-01-01 old\n",
        token(1),
        token(2)
    );
    tree.write("a.c", text.as_bytes());
    let ran = tree.run(&["scan", "-f", "json"]);
    ran.status(1).tells(&["a.c:3: the comment that allows `acme-token` here expired on 2020-01-01"]);
    let report = json(&ran);
    assert_eq!(report["suppressed"][0]["owner"], "ann");
    assert_eq!(report["suppressed"][0]["by"], "comment");
    assert_eq!(report["notes"][0]["kind"], "expired-comment");
    // Comments of other tools count unless they are told not to.
    tree.write("a.c", format!("a({}) // gitleaks:allow\n", token(1)).as_bytes());
    tree.run(&["scan"]).status(0);
    tree.write("sekisho.toml", SETTINGS.replacen("\n", "\ncomments.foreign = false\n", 1).as_bytes());
    tree.run(&["scan"]).status(1);
}

#[test]
fn comments_that_suppress_nothing_are_told() {
    let tree = repository(SETTINGS);
    let text = format!(
        "a({}) // sekisho:allow acme-token made up\nb() // sekisho:allow acme-token nothing is here\n\
         // sekisho:allow other-token,acme-token made up\nc({})\nd() // sekisho:allow all gone\n\
         e() // sekisho:allow no-such-token of another tool\nf() // gitleaks:allow\n\
         g({}) // sekisho:allow acme-token until=2020-01-01 old\n",
        token(1),
        token(2),
        token(3)
    );
    tree.write("a.c", text.as_bytes());
    let wide: Vec<u8> =
        "\u{feff}\n\nx = 1 # sekisho:allow acme-token\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    tree.write("wide.py", &wide);
    let mut long = "# nothing\n".repeat(1_300_000);
    long.push_str(&format!("x = {} # sekisho:allow acme-token\ny # sekisho:allow acme-token\n", token(4)));
    tree.write("long.py", long.as_bytes());
    tree.write("README.md", b"Write `# sekisho:allow acme-token why` behind it.\n");
    let cell = format!("x = '{}'  # sekisho:allow acme-token why\\n", token(5));
    tree.write(
        "a.ipynb",
        format!("{{\"cells\": [{{\"cell_type\": \"code\", \"source\": [\"{cell}\"]}}]}}").as_bytes(),
    );
    let notes = |arguments: &[&str]| -> Vec<String> {
        let ran = tree.run(&[&["scan", "-f", "json", "--no-baseline"], arguments].concat());
        let notes = json(&ran)["notes"].as_array().cloned().unwrap_or_default();
        let unused = notes.into_iter().filter(|note| note["kind"] == "unused-comment");
        unused.map(|note| note["place"].as_str().unwrap().to_owned()).collect()
    };
    let all = ["a.c:2", "a.c:5", "long.py:1300002", "wide.py:3"];
    assert_eq!(notes(&[]), all);
    assert_eq!(notes(&["a.c"]), all[..2]);
    assert_eq!(notes(&["--disable", "acme-token"]), ["a.c:5"]);
    let ran = tree.run(&["scan", "a.ipynb"]);
    ran.status(0);
    let ran = tree.run(&["scan", "wide.py"]);
    ran.status(0).tells(&["wide.py:3: the comment that allows `acme-token` suppresses nothing"]);
    // What another rule finds there is still reported, and so is that the comment is of no use.
    tree.write("b.c", format!("a({}) // sekisho:allow all\n", token(1)).as_bytes());
    assert_eq!(notes(&["b.c"]), [""; 0]);
}

#[test]
fn reports_list_what_is_suppressed() {
    let tree = repository(SETTINGS);
    tree.write(
        "a.c",
        format!("a({}) // sekisho:allow acme-token owner=ann made <b>up</b>\n", token(1)).as_bytes(),
    );
    tree.write("b.c", format!("b({})\n", token(2)).as_bytes());
    let results = |arguments: &[&str]| {
        let ran = tree.run(&[&["scan", "-f", "sarif"], arguments].concat());
        let log: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        log["runs"][0]["results"].as_array().unwrap().clone()
    };
    assert_eq!(results(&[]).len(), 1);
    let shown = results(&["--show-suppressed"]);
    assert_eq!((shown.len(), &shown[0]["suppressions"]), (2, &serde_json::json!([])));
    let why = &shown[1]["suppressions"][0];
    assert_eq!((&why["kind"], &why["status"]), (&"inSource".into(), &"accepted".into()));
    assert_eq!(
        (&why["justification"], &why["properties"]["owner"]),
        (&"made <b>up</b>".into(), &"ann".into())
    );
    let page = tree.run(&["scan", "-f", "html"]).out;
    let section = page.split_once("id=\"suppressed\"").unwrap().1.split_once("</section>").unwrap().0;
    for part in ["acme-token", "a.c", "a comment", "made &lt;b&gt;up&lt;/b&gt;; owner ann"] {
        assert!(section.contains(part), "no {part} in {section}");
    }
    assert!(!page.contains(&token(1)));
}

#[test]
fn stale_entries_are_told_and_pruned() {
    let settings = format!(
        "# head\n{SETTINGS}\n# kept\n[[allow]]\nrule = 'acme-token'\npath = 'a.txt'\nreason = 'used'\n\n\
         # old\n[[allow]]\nrule = 'acme-token'\nreason = 'was'\nexpires = '2020-01-01'\n\n\
         # idle\n[[allow]]\npath = 'nowhere/**'\nreason = 'gone'\n\n# of the past\n[[allow]]\n\
         path = 'past.txt'\nreason = 'in the history'\n"
    );
    let tree = repository(&settings);
    tree.write("a.txt", token(1).as_bytes());
    tree.write("past.txt", token(2).as_bytes());
    git(&tree, &["add", "."]);
    git(&tree, &["commit", "-qm", "one"]);
    git(&tree, &["rm", "-q", "past.txt"]);
    git(&tree, &["commit", "-qm", "two"]);
    let ran = tree.run(&["scan", "-f", "json"]);
    ran.status(0).tells(&[
        "expired on 2020-01-01",
        "at nowhere/** matches nothing here",
        "sekisho allow --prune",
    ]);
    let notes: Vec<String> = json(&ran)["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| note["kind"].as_str().unwrap().into())
        .collect();
    assert_eq!(notes, ["expired-allow", "unused-allow", "unused-allow"]);
    // A part of the tree cannot tell what is of no use.
    assert!(!tree.run(&["scan", "a.txt"]).err.contains("matches nothing"));
    let ran = tree.run(&["allow", "--prune", "--dry-run"]);
    assert!(ran.status(0).out.contains("2 entries would be removed"), "{}", ran.out);
    assert_eq!(std::fs::read_to_string(tree.path().join("sekisho.toml")).unwrap(), settings);
    let ran = tree.run(&["allow", "--prune"]);
    assert!(ran.status(0).out.contains("2 entries removed"), "{}", ran.out);
    let pruned = std::fs::read_to_string(tree.path().join("sekisho.toml")).unwrap();
    assert!(pruned.starts_with(&format!("# head\n{SETTINGS}\n# kept\n[[allow]]\n")), "{pruned}");
    assert!(pruned.contains("'used'") && pruned.contains("in the history"), "{pruned}");
    assert!(!pruned.contains("nowhere") && !pruned.contains("2020"), "{pruned}");
    tree.run(&["audit"]).status(0);
}

#[test]
fn bad_entries_are_told_with_their_place() {
    for (entry, words) in [
        (
            "rule = 'a'\nvalue = 'x('\nreason = 'r'",
            &["line 3, column 9", "character 2", "unclosed group"][..],
        ),
        ("rule = 'a'\nline = '[b-a]'\nreason = 'r'", &["line 3, column 8", "regular expression"]),
        ("path = 'a[b'\nreason = 'r'", &["line 2, column 8", "path pattern"]),
        ("rule = 'a'\nexpires = '2027-02-31'\nreason = 'r'", &["line 3, column 11", "not a day"]),
        ("fingerprint = 'xyz'\nreason = 'r'", &["line 2, column 15", "not a fingerprint"]),
        ("rule = 'a'", &["line 1, column 1", "reason"]),
        ("reason = 'r'", &["line 1: [[allow]] entry 1", "everything"]),
        ("rule = 'a'\nresaon = 'r'", &["line 3, column 1", "did you mean `reason`?"]),
    ] {
        let tree = Tree::new(&[("sekisho.toml", &format!("[[allow]]\n{entry}\n"))]);
        tree.run(&["scan"]).status(2).tells(words).tells(&["sekisho.toml"]);
    }
}
