//! Rule files, configuration and suppressions, good and bad.

use super::support::{Ran, Report, Tree, token};
use serde_json::Value;

/// Scan with a rule file of this text.
fn with_rules(text: &str) -> Ran {
    let tree = Tree::new(&[("a", "x")]);
    std::fs::write(tree.beside("mine.toml"), text).unwrap();
    let path = tree.beside("mine.toml");
    tree.run(&["scan", "--rules", path.to_str().unwrap()])
}

/// A rule with this id and these lines.
fn rule(id: &str, lines: &str) -> String {
    let examples = if lines.contains("hit") { "" } else { "hit = [\"«x»\"]\nmiss = [\"y\"]\n" };
    format!("[[rule]]\nid = \"{id}\"\nsummary = \"s\"\nseverity = \"low\"\n{examples}{lines}\n")
}

#[test]
fn a_rule_file_that_is_no_toml() {
    with_rules("[[rule]\nid = 1").status(2).tells(&["mine.toml", "line 1", "help:"]);
}

#[test]
fn an_unknown_key_in_a_rule() {
    let text = rule("my-rule", "regex = 'abcd[0-9]{9}'\nregexp = 'x'");
    with_rules(&text).status(2).tells(&["mine.toml", "line 8", "regexp", "help:"]);
}

#[test]
fn a_pattern_without_an_end() {
    for pattern in ["abcd[0-9]+", "abcd[0-9]*x", "abcd[0-9]{9,}"] {
        let text = rule("my-rule", &format!("regex = '''{pattern}'''"));
        with_rules(&text).status(2).tells(&["mine.toml", "`my-rule`", "no largest length", "{n,m}"]);
    }
}

#[test]
fn a_pattern_that_does_not_parse() {
    let text = rule("my-rule", "regex = '''abcd[0-9'''");
    with_rules(&text).status(2).tells(&["mine.toml", "`my-rule`", "does not parse", "help:"]);
    let text = rule("my-rule", "regex = '''(?=abcd)abcd[0-9]{9}'''");
    with_rules(&text).status(2).tells(&["mine.toml", "`my-rule`", "look-around", "help:"]);
}

#[test]
fn a_pattern_without_an_anchor() {
    let text = rule("my-rule", "regex = '''[0-9a-f]{40}'''");
    with_rules(&text).status(2).tells(&["mine.toml", "`my-rule`", "anchors", "help:"]);
}

#[test]
fn an_id_that_is_taken() {
    let one = rule("my-rule", "regex = '''abcd[0-9]{9}'''");
    with_rules(&format!("{one}\n{one}")).status(2).tells(&["mine.toml", "`my-rule`", "already in use"]);
    let taken = rule("postman-api-key", "regex = '''abcd[0-9]{9}'''");
    with_rules(&taken).status(2).tells(&["mine.toml", "`postman-api-key`", "already in use", "help:"]);
}

#[test]
fn a_check_that_does_not_exist() {
    let text = rule("my-rule", "regex = '''abcd[0-9]{9}'''\ncheck = \"crc-64\"");
    with_rules(&text).status(2).tells(&["mine.toml", "`my-rule`", "`crc-64`", "help: use one of"]);
}

#[test]
fn a_rule_without_examples() {
    let text = rule("my-rule", "regex = '''abcd[0-9]{9}'''\nhit = []\nmiss = []");
    with_rules(&text).status(2).tells(&["mine.toml", "`my-rule`", "no examples", "help:"]);
}

#[test]
fn a_rule_of_no_kind_or_two() {
    with_rules(&rule("my-rule", "")).status(2).tells(&["`my-rule`", "exactly one of"]);
    let text = rule("my-rule", "regex = '''abcd[0-9]{9}'''\nvalue = '''[0-9]{9}'''");
    with_rules(&text).status(2).tells(&["`my-rule`", "exactly one of"]);
}

#[test]
fn a_rule_file_that_is_not_there() {
    let tree = Tree::new(&[]);
    tree.run(&["scan", "--rules", "none.toml"]).status(2).tells(&["none.toml", "cannot be read", "help:"]);
}

#[test]
fn a_rule_that_is_not_known_cannot_be_switched() {
    let tree = Tree::new(&[]);
    let ran = tree.scan(&["--disable", "postman-api-kay"]);
    ran.status(2).tells(&["postman-api-kay", "did you mean", "postman-", "help:"]);
    tree.scan(&["--enable", "zzz"]).status(2).tells(&["zzz", "sekisho rules list"]);
    tree.scan(&["--disable", "all"]).status(2).tells(&["no rule is in force"]);
}

#[test]
fn rules_are_switched_by_flags() {
    let tree = Tree::new(&[("a", &token(1))]);
    tree.scan(&["--disable", "acme-token"]).status(0);
    tree.scan(&["--disable", "Acme"]).status(0);
    tree.scan(&["--severity", "critical"]).status(0);
    tree.scan(&["--severity", "high"]).status(1);
    tree.scan(&["--severity", "huge"]).status(2).tells(&["info, low, medium, high, critical"]);
}

/// A tree with this configuration and one token.
fn configured(config: &str) -> Tree {
    Tree::new(&[("sekisho.toml", config), ("src/a.txt", &format!("k {}\n", token(1)))])
}

#[test]
fn a_bad_configuration_is_told_with_its_place() {
    let tree = configured("salt = \"x\"\n\n[rules]\ndisabled = [\"acme\"]\n");
    tree.scan(&[]).status(2).tells(&["sekisho.toml", "line 4", "column 1", "disabled", "help:"]);
    let tree = configured("salt = \n");
    tree.scan(&[]).status(2).tells(&["sekisho.toml", "line 1", "column", "help:"]);
    tree.scan(&["--no-config"]).status(1);
    let tree = configured("[rules]\ndisable = [\"no-such-rule\"]\n");
    tree.scan(&[]).status(2).tells(&["sekisho.toml", "no-such-rule", "help:"]);
    let tree = Tree::new(&[]);
    tree.scan(&["--config", "none.toml"]).status(2).tells(&["none.toml", "cannot be read"]);
}

#[test]
fn a_bad_configuration_does_not_show_secrets() {
    let tree = configured(&format!("[rules]\nsecret = \"{}\"\n", token(9)));
    let ran = tree.scan(&[]);
    ran.status(2);
    assert!(!ran.err.contains(&token(9)), "{}", ran.err);
}

#[test]
fn the_nearest_configuration_holds() {
    let tree = configured("[rules]\ndisable = [\"Acme\"]\n");
    tree.scan(&[]).status(0);
    tree.scan(&["src/a.txt"]).status(0);
    // The top of a repository ends the search.
    std::fs::create_dir(tree.path().join("src/.git")).unwrap();
    tree.scan(&["src"]).status(1);
    // A flag overrules the file.
    tree.scan(&["--enable", "acme-token"]).status(1);
}

#[test]
fn a_configuration_brings_rules() {
    let own = rule("own-rule", "regex = '''\\bown_[0-9a-zA-Z]{20}\\b'''");
    let secret = format!("own_{}", &token(5)[5..25]);
    let tree = Tree::new(&[("sekisho.toml", &own), ("a", &secret)]);
    let report = Report::of(&tree.run(&["scan", "--format", "json"]));
    assert_eq!((report.status, report.places[0].rule.as_str()), (1, "own-rule"));
}

#[test]
fn comments_allow_a_line() {
    let text = format!(
        "a = {} # sekisho:allow acme-token made up\n\
         # sekisho:allow acme-token made up as well\n\
         b = {}\n\
         c = {} # sekisho:allow other-rule made up\n\
         d = {} # sekisho:allow all made up\n",
        token(1),
        token(2),
        token(3),
        token(4)
    );
    let tree = Tree::new(&[("a.py", &text)]);
    let report = tree.report(&[]);
    assert_eq!(report.places.iter().map(|place| place.line).collect::<Vec<_>>(), [4]);
}

#[test]
fn allow_entries_hold_in_every_part() {
    let reason = "reason = \"made up\"";
    let scan = |entry: &str| configured(&format!("[[allow]]\n{entry}\n{reason}\n")).scan(&[]).status;
    assert_eq!(scan("rule = \"acme-token\""), Some(0));
    assert_eq!(scan("rule = \"other\""), Some(1));
    assert_eq!(scan("path = \"src/**\""), Some(0));
    assert_eq!(scan("path = \"/src/\""), Some(0));
    assert_eq!(scan("path = \"test/**\""), Some(1));
    assert_eq!(scan("rule = \"acme-token\"\npath = \"src/a.txt\""), Some(0));
    assert_eq!(scan("rule = \"acme-token\"\npath = \"src/b.txt\""), Some(1));
    assert_eq!(scan("rule = \"acme-token\"\nexpires = \"2020-01-01\""), Some(1));
    assert_eq!(scan("rule = \"acme-token\"\nexpires = \"9999-01-01\""), Some(0));
}

#[test]
fn an_allow_entry_names_paths_from_its_own_directory() {
    let tree = configured("[[allow]]\npath = \"src/a.txt\"\nreason = \"made up\"\n");
    tree.scan(&[]).status(0);
    tree.scan(&["./src"]).status(0);
    let absolute = tree.path();
    tree.scan(&[absolute.to_str().unwrap()]).status(0);
    // Run from below: the path in the report is another, the file is the same.
    let mut command = tree.command(&["scan", "--rules", tree.beside("acme.toml").to_str().unwrap(), "a.txt"]);
    command.current_dir(tree.path().join("src"));
    super::support::finish(command, &[]).status(0);
}

#[test]
fn an_allow_entry_by_fingerprint() {
    let tree = configured("");
    let report = tree.report(&[]);
    let fingerprint = report.json["findings"][0]["fingerprint"].as_str().unwrap().to_owned();
    let entry = format!("[[allow]]\nfingerprint = \"{fingerprint}\"\nreason = \"made up\"\n");
    tree.write("sekisho.toml", entry.as_bytes());
    tree.scan(&[]).status(0);
    tree.write("src/a.txt", token(2).as_bytes());
    tree.scan(&[]).status(1);
}

#[test]
fn an_allow_entry_must_make_sense() {
    let scan = |entry: &str| configured(&format!("[[allow]]\n{entry}\n")).scan(&[]);
    scan("rule = \"acme-token\"").status(2).tells(&["sekisho.toml", "reason"]);
    scan("rule = \"acme-token\"\nreason = \" \"").status(2).tells(&["line 3, column 10", "reason is empty"]);
    scan("reason = \"all\"").status(2).tells(&["entry 1", "everything"]);
    scan("path = \"x\"\nreason = \"r\"\nexpires = \"soon\"")
        .status(2)
        .tells(&["line 4, column 11", "not a day"]);
}

#[test]
fn the_list_of_rules() {
    let tree = Tree::new(&[]);
    let list = tree.run(&["rules", "list"]);
    list.status(0);
    assert!(list.out.contains("postman-api-key"), "{}", list.out);
    let json = tree.run(&["rules", "list", "--format", "json"]);
    json.status(0);
    let rules: Value = serde_json::from_str(&json.out).unwrap();
    let rules = rules.as_array().unwrap();
    assert!(list.out.trim_end().ends_with(&format!("{} rules", rules.len())));
    assert!(rules.iter().all(|rule| rule["id"].is_string() && rule["severity"].is_string()));
    let markdown = tree.run(&["rules", "list", "--format", "markdown"]);
    markdown.status(0);
    assert!(markdown.out.starts_with("# Rules") && markdown.out.contains("| `postman-api-key` |"));
}

#[test]
fn one_rule_is_shown() {
    let tree = Tree::new(&[]);
    let ran = tree.run(&["rules", "show", "postman-api-key"]);
    ran.status(0);
    assert!(ran.out.contains("PMAK-") && ran.out.contains("rotate"), "{}", ran.out);
    let rules = tree.beside("acme.toml");
    tree.run(&["--rules", rules.to_str().unwrap(), "rules", "show", "acme-token"]).status(0);
    tree.run(&["rules", "show", "postman-api"]).status(2).tells(&["postman-api-key", "help:"]);
}

#[test]
fn rule_files_are_checked() {
    let tree = Tree::new(&[]);
    let good = tree.run(&["rules", "check", tree.beside("acme.toml").to_str().unwrap()]);
    good.status(0);
    assert!(good.out.contains("2 rules checked, 0 examples do not hold"), "{}", good.out);
    let bad = tree.beside("bad.toml");
    let lines = "regex = '''\\b(?<secret>badx_[0-9]{12})\\b'''\nhit = [\"«badx_{digit:11}»\"]\nmiss = [\"badx_{digit:12}\"]";
    std::fs::write(&bad, rule("bad-rule", lines)).unwrap();
    let ran = tree.run(&["rules", "check", bad.to_str().unwrap()]);
    ran.status(1);
    assert!(ran.out.contains("bad-rule") && ran.out.contains("expected the secret at"), "{}", ran.out);
    assert!(ran.out.contains("1 rules checked, 2 examples do not hold"), "{}", ran.out);
    std::fs::write(&bad, "[[rule]]\nid = 1\n").unwrap();
    tree.run(&["rules", "check", bad.to_str().unwrap()]).status(2).tells(&["bad.toml", "line 2"]);
}
