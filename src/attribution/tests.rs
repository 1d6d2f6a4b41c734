use super::*;
use crate::finding::Masks;
use crate::finding::Preview;
use crate::rules::{Kind, Severity};
use crate::secret::Secret;
use crate::text::Position;

const LONG: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

/// A finding of a secret in an object.
fn finding(secret: &[u8], object: &str) -> Finding {
    let secret = Secret::new(secret);
    let origin = Origin::Object { id: object.into(), kind: ObjectKind::Commit, path: None, commit: None };
    let at = Position { line: 1, column: 1 };
    Finding {
        rule: "rule".into(),
        summary: String::new(),
        provider: String::new(),
        kind: Kind::Password,
        severity: Severity::High,
        fingerprint: secret.fingerprint("", b""),
        secret,
        details: vec![],
        also: vec![],
        rotate: String::new(),
        refs: vec![],
        written: Vec::new(),
        occurrences: vec![Occurrence {
            origin,
            start: at,
            end: at,
            offset: 0,
            length: 0,
            decoded: Vec::new(),
            preview: Preview::default(),
        }],
        companions: Vec::new(),
        story: None,
    }
}

fn masked(findings: &[Finding], text: &[u8], object: Option<&str>) -> String {
    Masks::new(findings).text(text, object)
}

#[test]
fn a_text_holds_no_secret_of_any_finding() {
    let findings = [finding(LONG, "1"), finding(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "2")];
    let text = b"one abcdefghijklmnopqrstuvwxyz, two ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    assert_eq!(masked(&findings, text, None), "one abcd\u{2026}(26), two ABCD\u{2026}(26)");
    assert_eq!(masked(&findings, b"nothing", None), "nothing");
    let masks = Masks::new(&findings);
    let path = masks.bytes(b"keys/abcdefghijklmnopqrstuvwxyz.txt");
    assert_eq!(*path, *"keys/abcd\u{2026}(26).txt".as_bytes());
}

#[test]
fn secrets_that_overlap_leave_no_rest() {
    let findings = [finding(LONG, "1"), finding(b"mnopqrstuvwxyz0123456789", "2")];
    let shown = masked(&findings, b"<abcdefghijklmnopqrstuvwxyz0123456789>", None);
    assert_eq!(shown, "<abcd\u{2026}(26)>");
    // One inside another, and one that begins at the same byte.
    let findings = [finding(LONG, "1"), finding(&LONG[..14], "1"), finding(&LONG[5..20], "1")];
    assert!(!masked(&findings, LONG, None).contains("uvwxyz"));
}

#[test]
fn a_short_one_is_masked_where_it_was_found_only() {
    let findings = [finding(b"hunter2", "cafe")];
    assert_eq!(masked(&findings, b"it is hunter2", Some("cafe")), "it is h\u{2026}(7)");
    assert_eq!(masked(&findings, b"the hunter2 rises", Some("beef")), "the hunter2 rises");
    assert_eq!(masked(&findings, b"the hunter2 rises", None), "the hunter2 rises");
}

#[test]
fn names_of_refs_are_masked_even_where_nothing_has_a_history() {
    let mut found = finding(LONG, "no id");
    found.occurrences[0].origin = Origin::Stdin;
    let mut outcome = Outcome { findings: vec![found], ..Outcome::default() };
    outcome.coverage = Some(crate::finding::Coverage {
        blobs: 0,
        commits: 0,
        tags: 0,
        trees: 0,
        bytes: 0,
        from_cache: 0,
        scope: None,
        refs: vec![("refs/heads/abcdefghijklmnopqrstuvwxyz".into(), "00".into())],
        rules_digest: String::new(),
        version: String::new(),
        started: UNIX_EPOCH,
        ended: UNIX_EPOCH,
    });
    mask_refs(&mut outcome);
    assert_eq!(outcome.coverage.unwrap().refs[0].0, "refs/heads/abcd\u{2026}(26)");
}
