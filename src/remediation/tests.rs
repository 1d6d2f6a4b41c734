use super::*;
use crate::finding::{Occurrence, Preview};
use crate::origin::Origin;
use crate::rules::{Kind, Severity};
use crate::text::Position;

fn finding(secret: &[u8], before: &str) -> Finding {
    let secret = Secret::new(secret);
    Finding {
        rule: "rule".into(),
        summary: String::new(),
        provider: String::new(),
        kind: Kind::ApiKey,
        severity: Severity::High,
        fingerprint: secret.fingerprint("", b""),
        secret,
        details: vec![],
        also: vec![],
        rotate: String::new(),
        refs: vec![],
        written: Vec::new(),
        occurrences: vec![Occurrence {
            origin: Origin::Stdin,
            start: Position { line: 1, column: 1 },
            end: Position { line: 1, column: 1 },
            offset: 0,
            length: 0,
            decoded: Vec::new(),
            preview: Preview { before: before.into(), ..Preview::default() },
        }],
        companions: Vec::new(),
        story: None,
    }
}

fn lines(findings: &[Finding]) -> Vec<String> {
    let text = expressions(findings);
    let text = text.strip_prefix(MARK).unwrap();
    let all = text.to_str_lossy();
    all.lines().map(|line| line.strip_suffix("==>***REMOVED***").unwrap().to_owned()).collect()
}

#[test]
fn encoded_forms_go_too() {
    let mut found = finding(b"abcdefghijklmnop", "token: ");
    found.written = vec![Secret::new(b"YWJjZGVmZ2hpamtsbW5vcA"), Secret::new(b"YWJjZGVmZ2hp\namtsbW5vcA")];
    let wanted =
        ["literal:YWJjZGVmZ2hpamtsbW5vcA", "literal:abcdefghijklmnop", "regex:YWJjZGVmZ2hp\\x0aamtsbW5vcA"];
    assert_eq!(lines(&[found]), wanted);
}

#[test]
fn what_a_line_can_hold_is_a_literal_and_longer_ones_come_first() {
    let found =
        [finding(b"abcdefghijkl", ""), finding(b"xx==>abcdefghijkl", ""), finding(b"abcdefghijkl", "")];
    assert_eq!(lines(&found), ["literal:xx==>abcdefghijkl", "literal:abcdefghijkl"]);
}

#[test]
fn what_has_several_lines_is_a_pattern_and_what_lies_in_it_waits() {
    let found = [finding(b"-a.b+c-\nabcdefghijkl\r\nz", ""), finding(b"abcdefghijkl", "")];
    let pattern = r"regex:\x2da\x2eb\x2bc\x2d\x0aabcdefghijkl\x0d\x0az";
    assert_eq!(lines(&found), [pattern, "regex:abcdefghijkl"]);
}

#[test]
fn a_short_one_is_only_replaced_where_it_was_found() {
    assert_eq!(
        lines(&[finding(b"config", "…0123456789 password = ")]),
        [r"regex:(?<=6789\x20password\x20\x3d\x20)config"]
    );
    assert_eq!(lines(&[finding(b"config", "ä…")]), ["regex:config"]);
}

#[test]
fn a_file_of_others_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secrets");
    let outcome = Outcome { findings: vec![finding(b"abcdefghijkl", "")], ..Outcome::default() };
    assert_eq!(write_replace_text(&outcome, &path, false).unwrap(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    // Ours: replaced.
    write_replace_text(&Outcome::default(), &path, false).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), MARK);
    std::fs::write(&path, "precious").unwrap();
    let error = write_replace_text(&outcome, &path, false).unwrap_err().to_string();
    assert!(error.contains("--force"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    write_replace_text(&outcome, &path, true).unwrap();
    assert!(std::fs::read(&path).unwrap().starts_with(MARK));
    assert_eq!(folder.path().read_dir().unwrap().count(), 1, "nothing is left beside it");
}
