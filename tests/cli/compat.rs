//! `sekisho compat gitleaks`: command lines, reports and exit statuses of gitleaks users.

use crate::support::{Ran, Tree, finish, token};
use serde_json::Value;
use std::process::Command;

const CONFIG: &str = "[[rules]]\nid = 'acme-token'\ndescription = 'Acme token'\nregex = '''\\bacmt_[0-9A-Za-z]{32}\\b'''\nkeywords = ['acmt_']\n";

fn git(tree: &Tree, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command
        .current_dir(tree.path())
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
        .args(arguments);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A repository with a token in its first commit, taken out in the second, and one in the third.
fn repository() -> (Tree, Vec<String>) {
    let tree = Tree::new(&[(".gitleaks.toml", CONFIG)]);
    git(&tree, &["init", "-q", "-b", "main"]);
    let mut commits = Vec::new();
    for text in [format!("x\nk = '{}'\n", token(1)), "x\n".to_owned(), format!("x\n\nj = '{}'\n", token(2))] {
        tree.write("a.py", text.as_bytes());
        git(&tree, &["add", "."]);
        git(&tree, &["commit", "-q", "-m", "a change, \"quoted\""]);
        commits.push(git(&tree, &["rev-parse", "HEAD"]));
    }
    (tree, commits)
}

fn run(tree: &Tree, arguments: &[&str]) -> Ran {
    let mut command = tree.command(&["compat", "gitleaks"]);
    command.args(arguments).env_remove("GITLEAKS_CONFIG").env_remove("GITLEAKS_CONFIG_TOML");
    finish(command, &[])
}

fn elements(ran: &Ran) -> Vec<Value> {
    let value: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", ran.out, ran.err));
    value.as_array().unwrap().clone()
}

fn fingerprints(ran: &Ran) -> Vec<String> {
    let mut all: Vec<String> =
        elements(ran).iter().map(|one| one["Fingerprint"].as_str().unwrap().to_owned()).collect();
    all.sort();
    all
}

#[test]
fn the_history_by_old_and_new_names() {
    let (tree, commits) = repository();
    let mut wanted =
        vec![format!("{}:a.py:acme-token:2", commits[0]), format!("{}:a.py:acme-token:3", commits[2])];
    wanted.sort();
    let source = tree.path().display().to_string();
    for arguments in [
        &["detect", "-r", "-"][..],
        &[
            "detect",
            "--source",
            &source,
            "-v=false",
            "--report-path=-",
            "--no-banner",
            "--log-level",
            "error",
        ],
        &["git", "-r", "-", "--log-opts=--all", "."],
        &["git", &source, "-r", "-", "-f", "json", "--redact"],
    ] {
        let ran = run(&tree, arguments);
        ran.status(1);
        assert_eq!(fingerprints(&ran), wanted, "{arguments:?}");
        assert!(!ran.out.contains(&token(1)) && !ran.err.contains(&token(1)));
    }
    // A later version of the file that still has the second one is no second leak.
    tree.write("a.py", format!("x\n\nj = '{}'\nmore\n", token(2)).as_bytes());
    git(&tree, &["commit", "-qam", "later"]);
    assert_eq!(fingerprints(&run(&tree, &["git", "-r", "-"])), wanted);
    let first = elements(&run(&tree, &["git", "-r", "-"]))
        .into_iter()
        .find(|one| one["Commit"] == commits[0].as_str());
    let first = first.unwrap();
    assert_eq!(first["Author"], "Ada");
    assert_eq!(first["Message"].as_str().unwrap().trim(), "a change, \"quoted\"");
    assert_eq!((&first["StartLine"], &first["Secret"]), (&2.into(), &"REDACTED".into()));
}

#[test]
fn commits_are_chosen_by_log_opts() {
    let (tree, commits) = repository();
    let range = format!("{}..{}", commits[1], commits[2]);
    for options in [range.as_str(), "-n 1", "-1", "--max-count=1"] {
        let ran = run(&tree, &["git", "-r", "-", "--log-opts", options]);
        assert_eq!(fingerprints(&ran), [format!("{}:a.py:acme-token:3", commits[2])], "{options}");
    }
    let ran = run(&tree, &["git", "-r", "-", "--log-opts", "--since=2000-01-01"]);
    assert_eq!(elements(&ran).len(), 2);
    // A commit that changes another line of the file brings nothing in.
    tree.write("a.py", format!("x\n\nj = '{}'\nk = '{}'\n", token(2), token(5)).as_bytes());
    git(&tree, &["commit", "-qam", "the\ntitle"]);
    let ran = run(&tree, &["git", "-r", "-", "--log-opts=-1"]);
    ran.tells(&["1 commits scanned."]);
    let found = elements(&ran);
    assert_eq!(
        (found.len(), &found[0]["StartLine"], &found[0]["Message"]),
        (1, &4.into(), &"the title".into())
    );
    run(&tree, &["git", "--log-opts", "--author=x"]).status(1).tells(&["--author=x", "not supported"]);
}

#[test]
fn files_standard_input_and_changes() {
    let (tree, _) = repository();
    let ran = run(&tree, &["dir", ".", "-r", "-"]);
    ran.status(1).tells(&["leaks found: 1"]);
    assert_eq!(fingerprints(&ran), ["a.py:acme-token:3"]);
    for arguments in [
        &["detect", "--no-git", "-r", "-"][..],
        &["file", "a.py", "-r", "-", "-c", ".gitleaks.toml"],
        &["directory", "-r", "-"],
    ] {
        assert_eq!(fingerprints(&run(&tree, arguments)), ["a.py:acme-token:3"], "{arguments:?}");
    }
    let mut command = tree.command(&["compat", "gitleaks", "stdin", "-r", "-"]);
    command.stdin(std::process::Stdio::piped());
    let ran = finish(command, format!("k = '{}'\n", token(3)).as_bytes());
    assert_eq!(fingerprints(&ran), [":acme-token:1"]);
    for clean in [
        &["protect", "--staged"][..],
        &["protect"],
        &["git", "--pre-commit"],
        &["git", "--staged", "--pre-commit"],
    ] {
        run(&tree, clean).status(0).tells(&["no leaks found"]);
    }
    tree.write("a.py", format!("x\n\nj = '{}'\nnew = '{}'\n", token(2), token(4)).as_bytes());
    let unstaged = run(&tree, &["git", "--pre-commit", "-r", "-"]);
    assert_eq!(fingerprints(&unstaged), ["a.py:acme-token:4"], "only what is changed");
    run(&tree, &["git", "--pre-commit", "--staged"]).status(0);
    git(&tree, &["add", "."]);
    let staged = run(&tree, &["git", "--pre-commit", "--staged", "--redact", "--verbose"]);
    staged.status(1);
    assert!(
        staged.out.contains("Line:        4") && staged.out.contains("Secret:      REDACTED"),
        "{}",
        staged.out
    );
    assert_eq!(fingerprints(&run(&tree, &["protect", "--staged", "-r", "-"])), ["a.py:acme-token:4"]);
}

#[test]
fn reports_in_their_forms() {
    let (tree, commits) = repository();
    let csv = run(&tree, &["git", "-r", "-", "-f", "csv"]);
    csv.status(1);
    let mut reader = csv::Reader::from_reader(csv.out.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(
        header.join(","),
        "RuleID,Commit,File,SymlinkFile,Secret,Match,StartLine,EndLine,StartColumn,EndColumn,Author,Message,Date,Email,Fingerprint,Tags"
    );
    assert_eq!(reader.records().count(), 2);
    let named = tree.beside("out.sarif").display().to_string();
    run(&tree, &["git", "-r", &named]).status(1);
    let sarif: Value = serde_json::from_str(&std::fs::read_to_string(&named).unwrap()).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "acme-token");
    assert!(commits.iter().any(|commit| result["partialFingerprints"]["commitSha"] == commit.as_str()));
    let junit = run(&tree, &["git", "-r", "-", "-f", "junit"]);
    let document = roxmltree::Document::parse(&junit.out).unwrap();
    let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
    assert_eq!((suite.attribute("name"), suite.attribute("failures")), (Some("gitleaks"), Some("2")));
    let body = document.descendants().find(|node| node.has_tag_name("failure")).unwrap().text().unwrap();
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["RuleID"], "acme-token");
    // Clear text only where it was asked for.
    let shown = run(&tree, &["git", "-r", "-", "--redact=0"]);
    assert!(shown.out.contains(&token(1)) && shown.out.contains(&token(2)));
    let half = run(&tree, &["git", "-r", "-", "--redact=90"]);
    assert!(half.out.contains(&format!("\"{}...\"", &token(1)[..3])), "{}", half.out);
    run(&tree, &["git", "-f", "template"]).status(1).tells(&["templates are not supported"]);
    run(&tree, &["git", "-r", "out.xml"]).status(1).tells(&["unknown report format"]);
    assert_eq!(run(&tree, &["dir", ".gitleaks.toml", "-r", "-"]).out.trim(), "[]");
}

#[test]
fn exit_statuses_are_theirs() {
    let (tree, _) = repository();
    run(&tree, &["git", "--exit-code", "7"]).status(7);
    run(&tree, &["git", "--exit-code=0"]).status(0);
    run(&tree, &["git", "--nope"]).status(126);
    run(&tree, &["nope"]).status(1);
    run(&tree, &["git", "/nonexistent"]).status(1).tells(&["/nonexistent"]);
    run(&tree, &["git", "-c", "/nonexistent.toml"]).status(1);
    run(&tree, &["git", "--enable-rule", "nothing"]).status(1).tells(&["requested rule not found"]);
    run(&tree, &["git", "--enable-rule=acme-token"]).status(1).tells(&["leaks found: 2"]);
    run(&tree, &["version"]).status(0);
    run(&tree, &["--help"]).status(0);
    run(&tree, &[]).status(0);
    run(
        &tree,
        &[
            "dir",
            "--max-target-megabytes",
            "1",
            "--max-decode-depth=3",
            "--max-archive-depth=2",
            "--timeout",
            "9",
            "--no-color",
            "-l",
            "warn",
        ],
    )
    .status(1);
}

#[test]
fn ignore_files_baselines_and_comments() {
    let (tree, commits) = repository();
    tree.write(".gitleaksignore", format!("{}:a.py:generic-api-key:2\n", commits[0]).as_bytes());
    let ran = run(&tree, &["git", "-r", "-"]);
    assert_eq!(fingerprints(&ran), [format!("{}:a.py:acme-token:3", commits[2])]);
    std::fs::remove_file(tree.path().join(".gitleaksignore")).unwrap();
    let old = tree.beside("old.json").display().to_string();
    run(&tree, &["git", "-r", &old, "--redact"]).status(1);
    run(&tree, &["git", "-b", &old]).status(0).tells(&["no leaks found"]);
    run(&tree, &["git", "-r", &old, "--redact=0"]).status(1);
    run(&tree, &["git", "-b", &old]).status(0);
    tree.write("b.py", format!("k = '{}' # gitleaks:allow\n", token(5)).as_bytes());
    assert_eq!(fingerprints(&run(&tree, &["dir", "-r", "-"])), ["a.py:acme-token:3"]);
    let all = run(&tree, &["dir", "-r", "-", "--ignore-gitleaks-allow"]);
    assert_eq!(fingerprints(&all), ["a.py:acme-token:3", "b.py:acme-token:1"]);
}

#[test]
fn configurations_by_their_order() {
    let (tree, _) = repository();
    // The configuration has no `useDefault`: its rules are the only ones.
    tree.write("c.py", format!("password = \"{}\"\n", ["Xk29!", "fLq0", "pW3"].concat()).as_bytes());
    assert_eq!(elements(&run(&tree, &["dir", "-r", "-"])).len(), 1);
    let other = tree.beside("other.toml");
    std::fs::write(&other, CONFIG.replace("acme-token", "other-token")).unwrap();
    let other = other.display().to_string();
    assert_eq!(elements(&run(&tree, &["dir", "-r", "-", "-c", &other]))[0]["RuleID"], "other-token");
    let with = |name: &str, value: &str| {
        let mut command = tree.command(&["compat", "gitleaks", "dir", "-r", "-"]);
        command.env(name, value);
        elements(&finish(command, &[]))[0]["RuleID"].as_str().unwrap().to_owned()
    };
    assert_eq!(with("GITLEAKS_CONFIG", &other), "other-token");
    assert_eq!(with("GITLEAKS_CONFIG_TOML", &CONFIG.replace("acme-token", "text-token")), "text-token");
}

/// What is changed below `sub` and beside it; a file that a name from the wrong directory would lead to.
#[test]
fn changes_are_those_below_the_place_that_is_named() {
    let (tree, _) = repository();
    for name in ["sub/b.py", "sub/sub/b.py"] {
        tree.write(name, b"x = 1\n");
    }
    git(&tree, &["add", "."]);
    git(&tree, &["commit", "-q", "-m", "sub"]);
    tree.write("sub/b.py", format!("x = 1\nk = '{}'\n", token(6)).as_bytes());
    tree.write("a.py", format!("k = '{}'\n", token(7)).as_bytes());
    let below = run(&tree, &["protect", "-s", "sub", "-c", ".gitleaks.toml", "-r", "-"]);
    below.status(1);
    assert_eq!(fingerprints(&below), ["sub/b.py:acme-token:2"]);
    let mut inside =
        tree.command(&["compat", "gitleaks", "git", "--pre-commit", "-r", "-", "-c", "../.gitleaks.toml"]);
    inside.current_dir(tree.path().join("sub"));
    assert_eq!(fingerprints(&finish(inside, &[])), ["sub/b.py:acme-token:2"]);
    let all = run(&tree, &["protect", "-r", "-"]);
    assert_eq!(fingerprints(&all), ["a.py:acme-token:1", "sub/b.py:acme-token:2"]);
    // An entry of an ignore file names it in the same way.
    tree.write(".gitleaksignore", b"sub/b.py:acme-token:2\na.py:acme-token:1\n");
    run(&tree, &["protect", "-s", "sub", "-c", ".gitleaks.toml"]).status(0);
}

#[test]
fn a_merge_in_conflict_hides_nothing() {
    let (tree, commits) = repository();
    git(&tree, &["checkout", "-q", "-b", "other", &commits[1]]);
    tree.write("a.py", format!("x\n\nk = '{}'\n", token(8)).as_bytes());
    git(&tree, &["commit", "-qam", "other"]);
    git(&tree, &["checkout", "-q", "main"]);
    let mut merge = Command::new("git");
    merge.current_dir(tree.path()).args([
        "-c",
        "user.name=Ada",
        "-c",
        "user.email=a@b.c",
        "merge",
        "-q",
        "other",
    ]);
    let merge = merge.env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
    assert!(!merge.status.success(), "a conflict");
    let ran = run(&tree, &["protect", "-r", "-"]);
    ran.status(1);
    // One is there on main, one comes from the other side: neither is hidden.
    assert_eq!(elements(&ran).len(), 2, "{}", ran.out);
    // A file that is in conflict and gone is no trouble.
    std::fs::remove_file(tree.path().join("a.py")).unwrap();
    run(&tree, &["protect"]).status(0);
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_looked_at() {
    use std::os::unix::ffi::OsStrExt;
    let (tree, _) = repository();
    let name = tree.path().join(std::ffi::OsStr::from_bytes(b"x\xff.py"));
    std::fs::write(&name, "x = 1\n").unwrap();
    // What git shows of a link is no file.
    crate::support::link(&tree.path().join("a.py"), &tree.path().join("link"));
    git(&tree, &["add", "."]);
    git(&tree, &["commit", "-q", "-m", "odd"]);
    std::fs::write(&name, format!("x = 1\nk = '{}'\n", token(9))).unwrap();
    std::fs::remove_file(tree.path().join("link")).unwrap();
    crate::support::link(std::path::Path::new("nowhere"), &tree.path().join("link"));
    let ran = run(&tree, &["protect", "-r", "-"]);
    ran.status(1).tells(&["leaks found: 1"]);
    assert_eq!(elements(&ran)[0]["StartLine"], 2);
}

#[test]
fn log_opts_that_cannot_be_followed_are_errors() {
    let (tree, commits) = repository();
    let range = format!("{}..{}", commits[0], commits[1]);
    for options in [
        format!("{} {}", commits[1], commits[2]),
        format!("--all {range}"),
        format!("{range} --all"),
        "-n 1 main".to_owned(),
        "-n 1 --all".to_owned(),
        "--all -- a.py".to_owned(),
        "main -- b.py c.py".to_owned(),
    ] {
        run(&tree, &["git", "--log-opts", &options]).status(1).tells(&["--log-opts", "not supported"]);
    }
    for options in
        ["-n 100", "-3", "--all --", "--since='30 years ago' --all", "main --since=\"30 years ago\""]
    {
        let ran = run(&tree, &["git", "-r", "-", "--log-opts", options]);
        assert_eq!(elements(&ran).len(), 2, "{options}: {}", ran.err);
    }
    git(&tree, &["checkout", "-q", &commits[0]]);
    git(&tree, &["branch", "-q", "-D", "main"]);
    let ran = run(&tree, &["git", "-r", "-", "--log-opts=-1"]);
    assert_eq!(fingerprints(&ran), [format!("{}:a.py:acme-token:2", commits[0])], "the root has no parent");
}

#[test]
fn entries_hold_for_what_they_name() {
    let (tree, commits) = repository();
    let other = "[[rules]]\nid = 'Other_Token'\nregex = '''other_[0-9]{12}'''\n";
    tree.write(".gitleaks.toml", format!("{CONFIG}{other}").as_bytes());
    for (entry, left) in [
        ("a.py:acme-token:3".to_owned(), 0),
        ("a.py:theirs-alone:3".to_owned(), 0),
        ("a.py:Other_Token:3".to_owned(), 1),
        (format!("{}:a.py:acme-token:3", commits[2]), 1),
    ] {
        tree.write(".gitleaksignore", entry.as_bytes());
        let ran = run(&tree, &["dir", "-r", "-"]);
        assert_eq!(elements(&ran).len(), left, "{entry}");
    }
}

#[test]
fn a_rule_that_is_lost_is_told_where_nothing_is_changed_too() {
    let (tree, _) = repository();
    tree.write(
        ".gitleaks.toml",
        format!("{CONFIG}[[rules]]\nid = 'lost'\nregex = '[0-9a-f]{{40}}'\n").as_bytes(),
    );
    git(&tree, &["commit", "-qam", "lost"]);
    for command in [&["protect"][..], &["protect", "--staged"], &["git"], &["dir"]] {
        run(&tree, command).status(1).tells(&["rule `lost` could not be taken over"]);
    }
}

#[test]
fn parts_of_secrets_are_shown_in_their_place_only() {
    let tree = Tree::new(&[(".gitleaks.toml", CONFIG)]);
    tree.write(
        &format!("keys/{}.py", token(1)),
        format!("k = '{}'\nj = '{}'\n", token(1), token(2)).as_bytes(),
    );
    for form in ["json", "csv", "junit", "sarif"] {
        let ran = run(&tree, &["dir", "-r", "-", "-f", form, "--redact=50", "-v"]);
        assert!(!ran.out.contains(&token(1)[..24]), "{form}: {}", ran.out);
        assert!(ran.out.contains(&format!("{}...", &token(1)[..18])), "{form}: {}", ran.out);
    }
    let shown = run(&tree, &["dir", "-r", "-", "--redact=0"]);
    assert!(elements(&shown)[0]["File"].as_str().unwrap().contains(&token(1)));
}

#[test]
fn rules_are_enabled_by_the_names_of_gitleaks() {
    let tree = Tree::new(&[]);
    let value = ["Xk29!", "fLq0", "pW3"].concat();
    tree.write("c.py", format!("password = \"{value}\"\n").as_bytes());
    for id in ["generic-api-key", "Generic_API.Key"] {
        run(&tree, &["dir", "--enable-rule", id]).status(1).tells(&["leaks found: 1"]);
    }
    run(&tree, &["dir", "--enable-rule", "jwt"]).status(0);
}
