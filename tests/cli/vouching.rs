//! Nothing ends as clean that was not looked at or was dropped, and nothing that a rule takes for a secret
//! is shown.

use super::policy::{SETTINGS, git, repository};
use super::support::{Ran, Report, Tree, finish, token};

/// A text made from a template of rules.
fn sample(template: &str) -> String {
    let sample = sekisho::rules::sample::expand(template, 11).unwrap();
    String::from_utf8(sample.text).unwrap()
}

fn key_id() -> String {
    sample("«AKIA{[A-Z2-7]:16}»")
}

fn secret_key() -> String {
    sample("«{[A-Za-z0-9+/]:40}»")
}

fn sekisho(tree: &Tree, arguments: &[&str]) -> Ran {
    finish(tree.command(arguments), &[])
}

fn rules(ran: &Ran) -> Vec<String> {
    let report = Report::of(ran).json;
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

fn commit(tree: &Tree) {
    git(tree, &["add", "-A"]);
    git(tree, &["commit", "-qm", "more"]);
}

#[test]
fn each_half_of_a_credential_is_judged_by_itself() {
    // The key id is new where the secret key stood before.
    let secret = format!("aws_secret_access_key = {}\n", secret_key());
    let tree = Tree::new(&[("creds", &secret)]);
    git(&tree, &["init", "-q", "-b", "main"]);
    commit(&tree);
    tree.write("creds", format!("{secret}aws_access_key_id = {}\n", key_id()).as_bytes());
    git(&tree, &["add", "."]);
    let staged = sekisho(&tree, &["scan", "--staged", "-f", "json"]);
    assert_eq!(
        (staged.status, rules(&staged)),
        (Some(1), vec!["aws-access-key-id".to_owned()]),
        "{}",
        staged.err
    );
    let mut hook = tree.command(&["hook", "pre-commit"]);
    hook.env("SEKISHO_SKIP", "aws-secret-access-key");
    assert_eq!(finish(hook, &[]).status, Some(1));
    // One half is allowed at a place, the other stands elsewhere too.
    tree.write("prod.env", format!("ID={}\n", key_id()).as_bytes());
    let entry = "[[allow]]\nrule = 'aws-secret-access-key'\npath = 'creds'\nreason = 'test'\n";
    let disable = "[[path]]\nglob = 'creds'\ndisable = ['aws-secret-access-key']\n";
    for settings in [entry, disable] {
        tree.write("sekisho.toml", settings.as_bytes());
        commit(&tree);
        for command in ["scan", "audit"] {
            let ran = sekisho(&tree, &[command, "-f", "json", "."]);
            assert_eq!(
                (ran.status, rules(&ran)),
                (Some(1), vec!["aws-access-key-id".to_owned()]),
                "{command} {settings}"
            );
        }
    }
}

#[test]
fn a_baseline_knows_both_halves() {
    let text = format!("aws_access_key_id = {}\naws_secret_access_key = {}\n", key_id(), secret_key());
    let tree = Tree::new(&[("creds", &text)]);
    git(&tree, &["init", "-q", "-b", "main"]);
    commit(&tree);
    for arguments in [&["baseline", "create"][..], &["baseline", "create", "--force", "--history"]] {
        assert_eq!(sekisho(&tree, arguments).status, Some(0));
        let text = std::fs::read_to_string(tree.path().join("sekisho.baseline")).unwrap();
        assert!(text.contains("aws-access-key-id") && text.contains("aws-secret-access-key"), "{text}");
        assert_eq!(sekisho(&tree, &["scan", "."]).status, Some(0));
        assert_eq!(sekisho(&tree, &["audit"]).status, Some(0));
    }
}

#[test]
fn an_object_at_several_paths_is_what_it_is_at_any_of_them() {
    let password = format!("DB_PASSWORD={}\n", ["hunter", "2abc"].concat());
    let tree = Tree::new(&[("a.md", &password), ("b.env", &password)]);
    git(&tree, &["init", "-q", "-b", "main"]);
    commit(&tree);
    assert_eq!(sekisho(&tree, &["scan", "."]).status, Some(1));
    assert_eq!(sekisho(&tree, &["audit"]).status, Some(1));
    // The gravest place decides.
    let text = format!("k = '{}'\n", token(1));
    let settings = format!(
        "fail-on = 'high'\n{SETTINGS}\n[[path]]\nglob = 'docs/**'\nseverities = {{ acme-token = 'low' }}\n"
    );
    let tree = Tree::new(&[("docs/a.py", &text), ("src/a.py", &text), ("sekisho.toml", &settings)]);
    git(&tree, &["init", "-q", "-b", "main"]);
    commit(&tree);
    assert_eq!(sekisho(&tree, &["scan", "."]).status, Some(1));
    assert_eq!(sekisho(&tree, &["audit"]).status, Some(1));
}

#[test]
fn rules_that_only_a_directory_has_are_told() {
    let own = SETTINGS.replace("salt = \"one\"\n", "");
    let text = format!("k = '{}'\n", token(1));
    let tree = Tree::new(&[("svc/sekisho.toml", &own), ("svc/a.py", &text), ("b.py", "x = 1\n")]);
    git(&tree, &["init", "-q", "-b", "main"]);
    assert_eq!(sekisho(&tree, &["scan", "svc"]).status, Some(1));
    let ran = sekisho(&tree, &["scan", "."]);
    assert_eq!(ran.status, Some(2), "{}", ran.out);
    assert!(format!("{}{}", ran.out, ran.err).contains("holds for the whole run"), "{}{}", ran.out, ran.err);
    // Also where nothing is found below them.
    tree.write("svc/sekisho.toml", b"[rules\n");
    assert_eq!(sekisho(&tree, &["scan", "."]).status, Some(2));
    tree.write("svc/sekisho.toml", b"[[allow]]\nrule = 'jwt'\nreason = 'old'\nexpires = '2020-01-01'\n");
    let ran = sekisho(&tree, &["scan", "."]);
    assert!(ran.err.contains("expired on 2020-01-01"), "{}", ran.err);
}

#[test]
fn settings_of_one_repository_say_nothing_of_another() {
    let key = format!("aws_access_key_id = {}\n", key_id());
    let allow = "[[allow]]\npath = '*'\nreason = 'all'\n";
    let tree = Tree::new(&[("vend/sub/a", &key), ("vend/sub/sekisho.toml", allow), ("vend/x", "x\n")]);
    git(&tree, &["init", "-q", "-b", "main"]);
    std::fs::create_dir(tree.path().join("vend/.git")).unwrap();
    assert_eq!(sekisho(&tree, &["scan", "."]).status, Some(1));
    let tree = Tree::new(&[
        ("one/a", &key),
        ("one/sekisho.toml", "[[allow]]\nrule = 'aws-access-key-id'\nreason = 'here'\n"),
        ("two/b", &key),
    ]);
    for repository in ["one", "two"] {
        std::fs::create_dir(tree.path().join(repository).join(".git")).unwrap();
    }
    assert_eq!(sekisho(&tree, &["scan", "one"]).status, Some(0));
    let ran = sekisho(&tree, &["scan", "one", "two"]);
    assert_eq!(ran.status, Some(1));
    assert!(ran.err.contains("another repository"), "{}", ran.err);
}

#[test]
fn nothing_is_taken_out_for_what_a_clone_lacks() {
    let tree = repository(SETTINGS);
    tree.write("a.py", format!("k = '{}'\n", token(1)).as_bytes());
    commit(&tree);
    assert_eq!(sekisho(&tree, &["baseline", "create", "--history"]).status, Some(0));
    let id = rules(&sekisho(&tree, &["scan", "--no-baseline", "-f", "json", "."]));
    assert_eq!(id, ["acme-token"]);
    tree.write("a.py", b"gone\n");
    commit(&tree);
    let (shallow, url) = (tree.beside("shallow"), format!("file://{}", tree.path().display()));
    git(&tree, &["clone", "-q", "--depth", "1", &url, shallow.to_str().unwrap()]);
    let before = std::fs::read_to_string(shallow.join("sekisho.baseline")).unwrap();
    let mut update = tree.command(&["baseline", "update"]);
    update.current_dir(&shallow);
    let ran = finish(update, &[]);
    assert_eq!(ran.status, Some(2), "{}", ran.out);
    assert_eq!(std::fs::read_to_string(shallow.join("sekisho.baseline")).unwrap(), before);
    // What ignore files leave out may be scanned by itself.
    tree.write(".gitignore", b".env\n");
    tree.write(".env", format!("k = '{}'\n", token(2)).as_bytes());
    let entry = format!("{SETTINGS}\n[[allow]]\npath = '.env'\nrule = 'acme-token'\nreason = 'mine'\n");
    tree.write("sekisho.toml", entry.as_bytes());
    let ran = sekisho(&tree, &["allow", "--prune", "--dry-run"]);
    assert!(ran.out.contains("0 entries"), "{}{}", ran.out, ran.err);
}

#[test]
fn attributes_of_git_are_kept_as_they_are() {
    let tree = repository(SETTINGS);
    let before = b"# caf\xe9\n*.bin filter=lfs -text".to_vec();
    tree.write(".gitattributes", &before);
    assert_eq!(sekisho(&tree, &["baseline", "create"]).status, Some(0));
    let after = std::fs::read(tree.path().join(".gitattributes")).unwrap();
    assert_eq!(after, [&before[..], b"\nsekisho.baseline merge=union\n"].concat());
}

#[test]
fn comments_and_entries_know_the_rule_that_the_report_names() {
    // Another rule finds the same, and speaks where the first one is off.
    let other = SETTINGS.split("[[rule]]").nth(1).unwrap().replace("acme-token", "acme-other");
    let settings =
        format!("{SETTINGS}\n[[rule]]{other}\n[[path]]\nglob = 'b.py'\ndisable = ['acme-token']\n");
    let line = |comment: &str| format!("k = '{}'  # {comment}\n", token(1));
    let tree = repository(&settings);
    tree.write("b.py", line("").as_bytes());
    assert_eq!(rules(&sekisho(&tree, &["scan", "-f", "json", "."])), ["acme-other"]);
    tree.write("b.py", line("sekisho:allow acme-other revoked").as_bytes());
    assert_eq!(sekisho(&tree, &["scan", "."]).status, Some(0));
    tree.write("b.py", line("sekisho:allow acme-word revoked").as_bytes());
    assert_eq!(sekisho(&tree, &["scan", "."]).status, Some(1));
    // A finding at several places goes by one name, whichever rule speaks at each.
    tree.write("a.py", line("").as_bytes());
    tree.write("b.py", line("").as_bytes());
    assert_eq!(rules(&sekisho(&tree, &["scan", "-f", "json", "."])), ["acme-token"]);
    let entry = format!("{settings}\n[[allow]]\nrule = 'acme-token'\npath = 'b.py'\nreason = 'made up'\n");
    tree.write("sekisho.toml", entry.as_bytes());
    let places = Report::of(&sekisho(&tree, &["scan", "-f", "json", "."])).places;
    assert_eq!(places.iter().map(|place| place.path.as_str()).collect::<Vec<_>>(), ["a.py"]);
}

#[test]
fn the_words_of_comments_show_no_secret() {
    let (one, other) = (token(1), token(2));
    let line = format!(
        "{{\"_comment\": \"sekisho:allow acme-token made up\", \"a\": \"{one}\", \"b\": \"{other}\"}}\n"
    );
    let owner = format!("x = 1 /* sekisho:allow acme-token owner=\"{one}\" */\n");
    let tree = repository(SETTINGS);
    tree.write("a.json", line.as_bytes());
    tree.write("b.c", owner.as_bytes());
    for arguments in [
        &["scan", "-f", "json", "."][..],
        &["scan", "-f", "jsonl", "."],
        &["scan", "-f", "html", "."],
        &["explain", "a.json:1"],
        &["explain", "b.c:1"],
    ] {
        let ran = sekisho(&tree, arguments);
        assert_eq!(ran.status, Some(0), "{arguments:?} {}", ran.err);
        let told = format!("{}{}", ran.out, ran.err);
        assert!(!told.contains(&one) && !told.contains(&other), "{arguments:?}: {told}");
    }
}

#[test]
fn neighbours_are_masked_whatever_rules_are_in_force() {
    let word = ["Xk29!", "fLq0", "pW3"].concat();
    let tree = repository(SETTINGS);
    tree.write("a.py", format!("k = \"{}\"; db_password = \"{word}\"\n", token(1)).as_bytes());
    let key = sample("{pem:pkcs8}").replace('\n', "\\n");
    tree.write("tests/sa.json", format!("{{\"k\": \"{key}\", \"t\": \"{}\"}}\n", token(2)).as_bytes());
    tree.write("c.py", format!("{}.x = \"zz12345xyz9q\"\n", token(3)).as_bytes());
    let body = key.split("\\n").nth(2).unwrap();
    for arguments in [
        &["scan", "--severity", "high", "."][..],
        &["scan", "--disable", "all", "--enable", "acme-token", "-f", "json", "."],
        &["triage", "--plain", "--severity", "high", "."],
        &["explain", "c.py"],
        &["explain", "-f", "json", "c.py:1"],
    ] {
        let ran = sekisho(&tree, arguments);
        let told = format!("{}{}", ran.out, ran.err);
        for hidden in [&word[..], body, &token(1), &token(2), &token(3)] {
            assert!(!told.contains(hidden), "{arguments:?}: {told}");
        }
    }
}

#[test]
fn triage_vouches_for_nothing_that_a_scan_would_not() {
    let tree = repository(SETTINGS);
    tree.write("d.py", format!("k = '{}'\n", token(1)).as_bytes());
    let scanned = Report::of(&sekisho(&tree, &["scan", "-f", "json", "."])).json;
    let id = scanned["findings"][0]["fingerprint"].as_str().unwrap();
    for extra in ["rule = 'jwt'", "path_regex = '^sub/'"] {
        let entry = format!("{SETTINGS}\n[[allow]]\nfingerprint = '{id}'\n{extra}\nreason = 'elsewhere'\n");
        tree.write("sekisho.toml", entry.as_bytes());
        let ran = sekisho(&tree, &["triage", "--plain", "."]);
        assert!(ran.out.contains("acme-token"), "{extra}: {}", ran.out);
    }
    let report = br#"{"version": 1, "tool": {"name": "sekisho"}, "complete": false, "findings": []}"#;
    tree.write("r.out", report);
    let ran = sekisho(&tree, &["triage", "--report", "r.out"]);
    assert_eq!(ran.status, Some(2), "{}{}", ran.out, ran.err);
    // Numbers from outside end nothing.
    let mut command = tree.command(&["triage", "--plain", "d.py"]);
    command.stdin(std::process::Stdio::piped());
    let ran = finish(command, format!("g {}\nq\n", isize::MIN).as_bytes());
    assert!(!ran.err.contains("panicked") && ran.status.is_some(), "{}", ran.err);
}

#[test]
fn a_rule_with_a_url_in_its_middle_finds() {
    let tree =
        Tree::new(&[("a.cfg", &format!("cfg \"https://hooks.acme.com/{}\n", sample("«{[0-9a-z]:24}»")))]);
    let rule = "[[rule]]\nid = 'acme-hook'\nsummary = 'hook'\nseverity = 'high'\n\
                regex = '''\\bcfg \"https://hooks\\.acme\\.com/(?<secret>[0-9a-z]{24})'''\n\
                hit = ['cfg \"https://hooks.acme.com/«{[0-9a-z]:24}»']\nmiss = ['cfg']\n";
    let file = tree.beside("rules.toml");
    std::fs::write(&file, rule).unwrap();
    let ran = sekisho(&tree, &["scan", "--rules", file.to_str().unwrap(), "."]);
    assert_eq!(ran.status, Some(1), "{}{}", ran.out, ran.err);
}

#[test]
fn init_keeps_to_the_repository_that_it_was_given() {
    let tree = Tree::new(&[("one/x", "x\n"), ("two/y", "y\n")]);
    for repository in ["one", "two"] {
        let mut init = std::process::Command::new("git");
        init.args(["init", "-q"]).arg(tree.path().join(repository));
        assert!(init.status().unwrap().success());
    }
    let mut command = tree.command(&["init", "../one", "--hooks"]);
    command.current_dir(tree.path().join("two"));
    let ran = finish(command, &[]);
    assert_eq!(ran.status, Some(2), "{}{}", ran.out, ran.err);
    assert!(!tree.path().join("two/.git/hooks/pre-commit").exists());
    assert!(!tree.path().join("one/sekisho.toml").exists());
    let mut command = tree.command(&["init"]);
    command.current_dir(tree.path().join("one"));
    assert_eq!(finish(command, &[]).status, Some(0));
    std::fs::create_dir(tree.path().join("one/sub")).unwrap();
    let mut command = tree.command(&["init", "sub"]);
    command.current_dir(tree.path().join("one"));
    let ran = finish(command, &[]);
    assert_eq!(ran.status, Some(2));
    assert!(ran.err.contains("stands above it"), "{}", ran.err);
}
