//! `sekisho import`, and the configuration of gitleaks used as it is.

use crate::support::{Ran, Tree, finish, token};

/// A configuration of gitleaks, written for these tests.
const CONFIG: &str = r#"
title = "Acme"
[extend]
useDefault = true
[[rules]]
id = "Acme_Token"
description = "Acme token"
regex = '''\b(acmt_[0-9A-Za-z]{20,})\b'''
keywords = ["acmt_"]
[[rules.allowlists]]
description = "made up for tests"
paths = ['''^tests/''']
regexTarget = "line"
regexes = ['''#\s*sample''']
stopwords = ["QQQQ"]
[[rules]]
id = "acme-env"
regex = '''ACME_ENV=([0-9a-f]{24})'''
path = '''\.env$'''
[[allowlists]]
regexes = ['''^acmt_true|false|null$''']
"#;

fn tree() -> Tree {
    let line = |number: u64, rest: &str| format!("k = '{}'{rest}\n", token(number));
    Tree::new(&[
        ("a.py", &(line(1, "") + &line(2, " # sample"))),
        ("tests/b.py", &line(3, "")),
        ("x.env", "ACME_ENV=0a1b2c3d4e5f60718293a4b5\n"),
        ("x.py", "ACME_ENV=0a1b2c3d4e5f60718293a4b6\n"),
    ])
}

fn found(ran: &Ran) -> Vec<(String, String, u64)> {
    let report: serde_json::Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", ran.out, ran.err));
    let mut all = Vec::new();
    for finding in report["findings"].as_array().unwrap() {
        for place in finding["occurrences"].as_array().unwrap() {
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            all.push((text(&finding["rule"]), text(&place["path"]), place["line"].as_u64().unwrap()));
        }
    }
    all.sort();
    all
}

fn expected() -> Vec<(String, String, u64)> {
    [("acme-env", "x.env", 1), ("acme-token", "a.py", 1)]
        .map(|(rule, path, line)| (rule.into(), path.into(), line))
        .into()
}

#[test]
fn an_imported_configuration_finds_what_it_should() {
    let tree = tree();
    std::fs::write(tree.beside("gl.toml"), CONFIG).unwrap();
    let theirs = tree.beside("gl.toml").display().to_string();
    let ran = tree.run(&["import", &theirs, "-o", "sekisho.toml"]);
    ran.status(0).tells(&["kebab-case", "at most 1024 times", "begins with a", "2 of 2 rules"]);
    assert!(ran.out.is_empty());
    let ran = tree.run(&["scan", "-f", "json", "."]);
    assert_eq!(found(&ran), expected());
    tree.run(&["rules", "check"]).status(0);
    // It is not overwritten, unless asked for.
    tree.run(&["import", &theirs, "-o", "sekisho.toml"]).status(2).tells(&["--force"]);
    tree.run(&["import", &theirs, "-o", "sekisho.toml", "--force"]).status(0);
}

#[test]
fn a_configuration_of_gitleaks_is_used_as_it_is() {
    let tree = tree();
    std::fs::write(tree.beside("gl.toml"), CONFIG).unwrap();
    let theirs = tree.beside("gl.toml").display().to_string();
    // Paths start at the directory of the configuration: the tree is below it.
    let ran = tree.run(&["scan", "-f", "json", "--config", &theirs, "."]);
    let rules: Vec<String> = found(&ran).into_iter().map(|place| place.0).collect();
    assert!(rules.contains(&"acme-token".to_owned()) && rules.contains(&"acme-env".to_owned()), "{rules:?}");
    ran.tells(&[
        "defect: the global allowlist 1",
        "parts of it are taken with a difference",
        "import --lint",
    ]);
    assert!(!ran.err.contains("matches nothing here"), "{}", ran.err);
    std::fs::write(tree.beside("gl.toml"), "[[rules]]\nid = \"broken\"\nregex = \"abc[\"\n").unwrap();
    let ran = tree.run(&["scan", "--config", &theirs, "."]);
    ran.status(2).tells(&["line 2", "rule `broken`", "unclosed character class at column 4"]);
}

#[test]
fn letters_in_either_case_are_found_however_the_pattern_says_so() {
    let upper = |prefix: &str, number: u64| format!("{prefix}{}", token(number)[5..].to_uppercase());
    let rules = "[[rules]]\nid = 'a'\nregex = '(?xi) acmt_ [0-9a-z]{32}'\nkeywords = ['acmt_']\n\
                 [[rules]]\nid = 'b'\nregex = '(?si)bcmt_[0-9a-z]{32}'\n\
                 [[rules]]\nid = 'c'\nregex = '[Cc][Cc][Mm][Tt]_[0-9A-Z]{32}'\n";
    let lines =
        format!("k = '{}'\nk = '{}'\nk = '{}'\n", upper("ACMT_", 1), upper("BCMT_", 2), upper("CCMT_", 3));
    let tree = Tree::new(&[("gl.toml", rules), ("a.py", &lines)]);
    let found = found(&tree.run(&["scan", "-f", "json", "--config", "gl.toml", "a.py"]));
    let place = |rule: &str, line| (rule.to_owned(), "a.py".to_owned(), line);
    assert_eq!(found, [place("a", 1), place("b", 2), place("c", 3)]);
}

#[test]
fn a_run_without_a_rule_of_its_configuration_cannot_vouch() {
    let tree = Tree::new(&[
        (
            "gl.toml",
            "[[rules]]\nid = 'fine'\nregex = 'fine_[0-9]{12}'\n[[rules]]\nid = 'nothing'\nregex = '[0-9a-f]{40}'\n",
        ),
        ("a.py", "x = 1\n"),
    ]);
    tree.track(&["a.py"]);
    let lost = ["rule `nothing`", "could not be taken over", "gl.toml"];
    tree.run(&["scan", "--config", "gl.toml", "."]).status(2);
    let report = tree.run(&["scan", "-f", "json", "--config", "gl.toml", "."]);
    assert!(lost.iter().all(|text| report.out.contains(text)), "{}", report.out);
    tree.run(&["audit", "--config", "gl.toml", "."]).status(2);
    tree.run(&["--config", "gl.toml", "hook", "pre-commit"]).status(2).tells(&lost);
    let ran = tree.run(&["compat", "gitleaks", "dir", "-c", "gl.toml"]);
    ran.status(1).tells(&lost).tells(&["no leaks found in what could be looked at"]);
    // Without that rule everything is looked for.
    tree.write("gl.toml", b"[[rules]]\nid = 'fine'\nregex = 'fine_[0-9]{12}'\n");
    tree.run(&["scan", "--config", "gl.toml", "."]).status(0);
}

#[test]
fn what_is_left_out_is_told_and_counted() {
    let tree = Tree::new(&[(
        "gl.toml",
        "[[rules]]\nid = 'fine'\nregex = 'fine_[0-9]{12}'\n[[rules]]\nid = 'broken'\nregex = 'a(b'\n\
         [[rules]]\nid = 'fine'\nregex = 'other_[0-9]{12}'\n[allowlist]\ncommits = ['0123456789']\n",
    )]);
    let ran = tree.run(&["import", "gl.toml"]);
    ran.status(1).tells(&[
        "left out: gl.toml, line 5: rule `broken`: the pattern does not parse: unclosed group at column 2",
        "the id `fine` is used twice",
        "1 commit that it allows",
        "1 of 3 rules",
        "3 left out",
    ]);
    assert!(ran.out.contains("fine_[0-9]{12}") && !ran.out.contains("other_"), "{}", ran.out);
    let lint = tree.run(&["import", "--lint", "gl.toml"]);
    lint.status(1);
    assert!(lint.out.contains("unclosed group") && !lint.out.contains("[[rule]]"), "{}", lint.out);
}

#[test]
fn what_cannot_be_imported_is_an_error() {
    let tree = Tree::new(&[
        ("what.txt", "just text\n"),
        ("broken.toml", "[[rules]]\nid = \n"),
        ("a.toml", "[extend]\npath = 'b.toml'\n"),
        ("b.toml", "[extend]\npath = 'a.toml'\n"),
    ]);
    tree.run(&["import", "what.txt"]).status(2).tells(&["no kind of file", "--from"]);
    tree.run(&["import", "gone.toml"]).status(2).tells(&["gone.toml", "cannot be read"]);
    tree.run(&["import", "broken.toml"]).status(2).tells(&["line 2, column"]);
    tree.run(&["import", "a.toml"]).status(2).tells(&["extends itself", "b.toml"]);
    tree.run(&["scan", "--config", "a.toml"]).status(2).tells(&["extends itself"]);
    tree.run(&["import", "--from", "nothing", "a.toml"]).status(2).tells(&["kingfisher"]);
}

#[test]
fn accepted_places_become_identities() {
    let tree = Tree::new(&[("a.py", &format!("x = 1\nk = '{}'\n", token(1)))]);
    std::fs::rename(tree.beside("acme.toml"), tree.path().join("acme.toml")).unwrap();
    let scan = ["--rules", "acme.toml", "scan", "-f", "json", "a.py"];
    assert_eq!(found(&tree.run(&scan)).len(), 1);
    // By its place, which is looked at once; then lines may shift.
    tree.write(".gitleaksignore", b"# old\na.py:generic-api-key:2\ngone.py:x:3\n");
    let ran = tree.run(&["--rules", "acme.toml", "import", ".gitleaksignore", "-o", "sekisho.toml"]);
    ran.status(1).tells(&["gone.py:3: there is no such file"]);
    tree.write("a.py", format!("x = 1\n\n\n\nk = '{}'\n", token(1)).as_bytes());
    assert_eq!(found(&tree.run(&scan)), []);
    // Another secret at the place is new.
    tree.write("a.py", format!("x = 1\nk = '{}'\n", token(2)).as_bytes());
    assert_eq!(found(&tree.run(&scan)).len(), 1);
}

#[test]
fn baselines_of_gitleaks_hold_secrets_or_not() {
    let tree =
        Tree::new(&[("a.py", &format!("k = '{}'\nk = '{}'\nk = '{}'\n", token(1), token(2), token(3)))]);
    std::fs::rename(tree.beside("acme.toml"), tree.path().join("acme.toml")).unwrap();
    let element = |line: u64, secret: &str| serde_json::json!({ "RuleID": "acme", "File": "a.py", "StartLine": line, "Secret": secret, "Commit": "" });
    let baseline = serde_json::json!([element(9, &token(1)), element(2, "REDACTED")]);
    std::fs::write(tree.beside("old.json"), baseline.to_string()).unwrap();
    let old = tree.beside("old.json").display().to_string();
    let ran = tree.run(&["--rules", "acme.toml", "import", &old]);
    ran.status(0);
    assert!(!ran.out.contains(&token(1)) && !ran.err.contains(&token(1)), "no secret leaves");
    tree.write("sekisho.toml", ran.out.as_bytes());
    let left = found(&tree.run(&["--rules", "acme.toml", "scan", "-f", "json", "a.py"]));
    assert_eq!(left, [("acme-token".to_owned(), "a.py".to_owned(), 3)]);
}

#[test]
fn baselines_of_detect_secrets_hold_by_digest() {
    use sha1::{Digest, Sha1};
    let digest = |text: &str| Sha1::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let key = format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", "x".repeat(3));
    let tree = Tree::new(&[
        ("a b.py", &format!("k = '{}'\nj = '{}'\n", token(1), token(2))),
        ("c.py", &format!("k = '{}'\n", token(1))),
        ("key.txt", &key),
    ]);
    std::fs::rename(tree.beside("acme.toml"), tree.path().join("acme.toml")).unwrap();
    let item = |digest: String| serde_json::json!({ "type": "x", "hashed_secret": digest, "line_number": 7 });
    let baseline = serde_json::json!({
        "version": "1.5.0",
        "plugins_used": [],
        "results": { "a b.py": [item(digest(&token(1)))] },
        "generated_at": "2024-01-01T00:00:00Z",
    });
    tree.write(".secrets.baseline", baseline.to_string().as_bytes());
    let ran = tree.run(&["import", ".secrets.baseline", "-o", "sekisho.toml"]);
    ran.status(0).tells(&["2 suppressions"]);
    assert_eq!(found(&tree.run(&["scan", "-f", "json", ".secrets.baseline"])), [], "digests are no secrets");
    let left = found(&tree.run(&["--rules", "acme.toml", "scan", "-f", "json", "a b.py", "c.py"]));
    let place = |path: &str, line| ("acme-token".to_owned(), path.to_owned(), line);
    assert_eq!(left, [place("a b.py", 2), place("c.py", 1)], "the same secret elsewhere is new");
}

#[test]
fn rule_files_in_yaml_are_taken_over() {
    let yaml = "rules:\n- name: Acme\n  id: acme.1\n  pattern: |\n    (?x)\\b (acmt_[0-9A-Za-z]{32}) \\b\n  confidence: medium\n";
    let tree = Tree::new(&[("acme.yml", yaml), ("a.py", &format!("k = '{}'\n", token(1)))]);
    let mut command = tree.command(&["import", "-", "-o", "sekisho.toml"]);
    command.stdin(std::process::Stdio::piped());
    finish(command, yaml.as_bytes()).status(0);
    assert_eq!(
        found(&tree.run(&["scan", "-f", "json", "a.py"])),
        [("acme-1".to_owned(), "a.py".to_owned(), 1)]
    );
}

#[test]
fn accepted_places_of_commits_are_read_from_them() {
    let tree = Tree::new(&[("sub/a.py", &format!("k = '{}'\nj = '{}'\n", token(1), token(2)))]);
    std::fs::rename(tree.beside("acme.toml"), tree.path().join("acme.toml")).unwrap();
    tree.track(&["sub/a.py"]);
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.current_dir(tree.path()).args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]);
        let output = command.args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
        assert!(output.status.success(), "git {arguments:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["commit", "-q", "-m", "one"]);
    let commit = git(&["rev-parse", "HEAD"]);
    tree.write("sub/a.py", b"nothing\n");
    git(&["commit", "-qam", "two"]);
    let short = &commit[..9];
    let entries = format!("{commit}:sub/a.py:acme:1\n{short}:sub/a.py:acme:2\n{commit}:sub/gone.py:acme:1\n");
    tree.write(".gitleaksignore", entries.as_bytes());
    let ran = tree.run(&["--rules", "acme.toml", "import", ".gitleaksignore", "-o", "sekisho.toml"]);
    ran.status(1).tells(&["sub/gone.py:1: there is no such file", "1 left out"]);
    tree.run(&["--rules", "acme.toml", "audit", "."]).status(0);
}
