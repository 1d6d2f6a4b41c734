//! Where reports go and what is in them.

use super::support::{Ran, Report, TOKEN_LENGTH, Tree, finish, token};
use serde_json::Value;
use std::process::Stdio;

const FORMATS: [&str; 5] = ["human", "json", "jsonl", "sarif", "gitleaks"];

#[test]
fn several_reports_in_one_run() {
    let tree = Tree::new(&[("a", &token(1))]);
    let path = |name: &str| tree.beside(name).to_str().unwrap().to_owned();
    let leaks = format!("gitleaks={}", path("leaks.out"));
    let ran = tree.scan(&[
        "-o",
        &path("r.json"),
        "-o",
        &path("r.jsonl"),
        "-o",
        &path("r.sarif"),
        "-o",
        &path("r.txt"),
        "-o",
        &leaks,
    ]);
    ran.status(1);
    assert!(ran.out.contains("acme-token"));
    let read = |name: &str| std::fs::read_to_string(tree.beside(name)).unwrap();
    let json: Value = serde_json::from_str(&read("r.json")).unwrap();
    assert_eq!(json["findings"][0]["rule"], "acme-token");
    let last: Value = serde_json::from_str(read("r.jsonl").lines().last().unwrap()).unwrap();
    assert_eq!(last["type"], "summary");
    let sarif: Value = serde_json::from_str(&read("r.sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "acme-token");
    assert!(read("r.txt").contains("acme-token"));
    let leaks: Value = serde_json::from_str(&read("leaks.out")).unwrap();
    assert_eq!(leaks[0]["RuleID"], "acme-token");
}

#[test]
fn a_report_whose_format_is_not_known() {
    let tree = Tree::new(&[]);
    tree.scan(&["-o", "report.what"]).status(2).tells(&["report.what", "format", "help:"]);
    tree.scan(&["--format", "xml"]).status(2).tells(&["xml", "sarif"]);
    let ran = tree.scan(&["-o", "none/report.json"]);
    ran.status(2).tells(&["none/report.json", "cannot write"]);
}

#[test]
fn secrets_are_masked_in_every_report_and_error() {
    let secret = token(1);
    let text = format!("a {secret}\nb {secret} c {secret}{secret}\n{secret}");
    let tree = Tree::new(&[("a", &text)]);
    for format in FORMATS {
        let ran = tree.scan(&["--format", format]);
        ran.status(1);
        for part in [&secret[..], &secret[8..30]] {
            assert!(!ran.out.contains(part) && !ran.err.contains(part), "{format}:\n{}", ran.out);
        }
    }
}

#[test]
fn neighbours_of_a_finding_are_masked_in_its_line() {
    let (one, other) = (token(1), token(2));
    let tree = Tree::new(&[("a", &format!("{one},{other}\n"))]);
    for format in FORMATS {
        let ran = tree.scan(&["--format", format]);
        assert!(!ran.out.contains(&one[8..]) && !ran.out.contains(&other[8..]), "{format}:\n{}", ran.out);
    }
}

#[test]
fn an_allowed_neighbour_is_masked_too() {
    let (one, other) = (token(1), token(2));
    let tree = Tree::new(&[("a", &format!("{one} {other}\n"))]);
    let report = tree.report(&[]);
    let fingerprint = report.json["findings"][0]["fingerprint"].as_str().unwrap().to_owned();
    let entry = format!("[[allow]]\nfingerprint = \"{fingerprint}\"\nreason = \"made up\"\n");
    tree.write("sekisho.toml", entry.as_bytes());
    let ran = tree.scan(&["a"]);
    ran.status(1);
    assert!(!ran.out.contains(&one[8..]) && !ran.out.contains(&other[8..]), "{}", ran.out);
}

#[test]
fn secrets_are_shown_only_by_wish() {
    let tree = Tree::new(&[("a", &token(1))]);
    for format in FORMATS {
        let ran = tree.scan(&["--show-secrets", "--format", format]);
        assert_eq!(ran.out.contains(&token(1)), format != "sarif", "{format}:\n{}", ran.out);
    }
}

#[test]
fn output_is_the_same_for_any_number_of_threads() {
    let names: Vec<String> = (0..60).map(|number| format!("d{}/f{number}", number % 7)).collect();
    let texts: Vec<String> =
        (0..60).map(|number| format!("x\n{} {}\n", token(number % 11), token(number))).collect();
    let files: Vec<(&str, &str)> =
        names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let tree = Tree::new(&files);
    let same = |format: &str| {
        let run = |threads: &str| {
            let ran = tree.scan(&["--format", format, "-j", threads]);
            ran.status(1);
            without_time(&ran, format)
        };
        let one = run("1");
        for threads in ["2", "2", "5"] {
            assert_eq!(one, run(threads), "{format} with {threads} threads");
        }
    };
    FORMATS.into_iter().for_each(same);
}

/// The report without the time that the run took.
fn without_time(ran: &Ran, format: &str) -> String {
    let keep = |line: &&str| match format {
        "human" => !(line.contains(" places in ") || line.contains(" files, ")),
        "json" => !line.contains("elapsed_seconds"),
        "jsonl" => !line.contains("\"summary\""),
        _ => true,
    };
    let text = match format {
        // One line or many: the clock must not matter either way.
        "json" => {
            let mut json: Value = serde_json::from_str(&ran.out).unwrap();
            json["stats"]["elapsed_seconds"] = Value::Null;
            serde_json::to_string_pretty(&json).unwrap()
        }
        _ => ran.out.clone(),
    };
    text.lines().filter(keep).collect::<Vec<_>>().join("\n")
}

#[test]
fn colour_only_where_it_is_wanted() {
    let tree = Tree::new(&[("a", &token(1))]);
    let rules = tree.beside("acme.toml");
    let coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = tree.command(&["scan", "--rules", rules.to_str().unwrap()]);
        command.args(arguments).envs(variables.iter().copied());
        finish(command, &[]).out.contains('\u{1b}')
    };
    assert!(!coloured(&[], &[]), "no terminal, no colour");
    assert!(coloured(&["--color", "always"], &[]));
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(coloured(&["--color", "always"], &[("NO_COLOR", "1")]), "a flag overrules");
    assert!(!coloured(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn file_content_cannot_steer_the_terminal() {
    let tree = Tree::new(&[("a", &format!("\u{1b}[2J\u{1b}]0;x\u{7} {}\u{1b}[1A\r\n", token(1)))]);
    let ran = tree.scan(&[]);
    ran.status(1);
    assert!(!ran.out.contains('\u{1b}') && !ran.out.contains('\u{7}'), "{:?}", ran.out);
}

#[test]
fn a_clean_run_can_be_silent() {
    let tree = Tree::new(&[("a", "x")]);
    let ran = tree.scan(&["--quiet"]);
    ran.status(0);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
}

#[test]
fn a_clean_machine_report_is_still_a_report() {
    let tree = Tree::new(&[("a", "x")]);
    let report = Report::of(&tree.scan(&["--quiet", "--format", "json"]));
    assert_eq!((report.status, report.places.len()), (0, 0));
    assert_eq!(tree.scan(&["--quiet", "--format", "gitleaks"]).out.trim(), "[]");
}

#[test]
fn uris_start_at_the_top_of_the_repository() {
    let tree = Tree::new(&[("a/b c.txt", &token(1)), (".git/HEAD", "")]);
    let uri = |from: &str, path: &str| {
        let rules = tree.beside("acme.toml");
        let arguments = ["scan", "--rules", rules.to_str().unwrap(), "--format", "sarif", path];
        let mut command = tree.command(&arguments);
        command.current_dir(tree.path().join(from));
        let ran = super::support::finish(command, &[]);
        ran.status(1);
        let sarif: Value = serde_json::from_str(&ran.out).unwrap();
        let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        place["artifactLocation"]["uri"].as_str().unwrap().to_owned()
    };
    let absolute = tree.path();
    for (from, path) in [("", "."), ("a", "."), ("a", ".."), ("", absolute.to_str().unwrap())] {
        assert_eq!(uri(from, path), "a/b%20c.txt", "{from} {path}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_status_2() {
    let tree = Tree::new(&[("a", &token(1))]);
    let ran = tree.scan(&["-o", "json=/dev/full"]);
    ran.status(2).tells(&["cannot write /dev/full"]);
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for arguments in [&["scan"][..], &["rules", "list"], &["completions", "bash"]] {
        let mut command = tree.command(arguments);
        command.stdout(Stdio::from(full())).stderr(Stdio::piped());
        let ran = super::support::wait(command, Vec::new());
        ran.status(2).tells(&["cannot write standard output"]);
    }
}

/// A reader that goes away at once, as `head` does: no message, no panic.
#[test]
fn a_closed_pipe_is_quiet() {
    let text: String = (0..3000).map(|number| token(number) + "\n").collect();
    let tree = Tree::new(&[("a", &text)]);
    let rules = tree.beside("acme.toml");
    let scan = ["scan", "--rules", rules.to_str().unwrap(), "--format"];
    let mut runs: Vec<Vec<&str>> = FORMATS.iter().map(|format| [&scan[..], &[format]].concat()).collect();
    runs.push(vec!["rules", "list", "--format", "json"]);
    runs.push(vec!["completions", "bash"]);
    for arguments in runs {
        let mut command = tree.command(&arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(errors, "", "{arguments:?}");
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn completions_are_printed() {
    let tree = Tree::new(&[]);
    for shell in ["bash", "zsh", "fish"] {
        let ran = tree.run(&["completions", shell]);
        ran.status(0);
        assert!(ran.out.contains("sekisho"));
    }
}

#[test]
fn masks_tell_kind_and_length_only() {
    let tree = Tree::new(&[("a", &token(1))]);
    let report = tree.report(&[]);
    let finding = &report.json["findings"][0];
    assert_eq!(finding["masked"], format!("acmt…({TOKEN_LENGTH})"));
    assert_eq!(finding["length"], TOKEN_LENGTH);
    assert!(finding.get("secret").is_none());
}
