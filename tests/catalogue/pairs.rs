//! Key id and secret are one finding with both places, graver than either.

use sekisho::rules::{RuleSet, sample};
use serde_json::Value;
use std::process::Command;

fn scan(text: &str, format: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("settings.env"), text).unwrap();
    let ended = Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(["scan", "--color", "never", "--format", format, "settings.env"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(1), "{}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).unwrap()
}

fn made(template: &str) -> String {
    String::from_utf8(sample::expand(template, 7).unwrap().text).unwrap()
}

fn keys() -> (String, String) {
    (made("TWILIO_API_KEY=SK{hex:32}\n"), made("TWILIO_API_SECRET={base62:32}\n"))
}

fn findings(text: &str) -> Vec<Value> {
    let report: Value = serde_json::from_str(&scan(text, "json")).unwrap();
    report["findings"].as_array().unwrap().clone()
}

#[test]
fn both_halves_are_one_finding() {
    let (id, secret) = keys();
    for text in [format!("{id}{secret}"), format!("{secret}{id}")] {
        let found = findings(&text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0]["rule"], "twilio-api-key-secret");
        let half = &found[0]["companions"][0];
        assert_eq!(half["rule"], "twilio-api-key-sid");
        let line = |finding: &Value| finding["occurrences"][0]["line"].as_u64().unwrap();
        assert_eq!(line(&found[0]) + line(half), 3, "one stands on line 1, the other on line 2");
    }
}

#[test]
fn apart_they_are_two() {
    let (id, secret) = keys();
    let found = findings(&format!("{id}{}{secret}", "# a line of something else\n".repeat(60)));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|finding| finding.get("companions").is_none()));
}

#[test]
fn severity_rises_where_both_are_there() {
    let rules = RuleSet::builtin();
    let id = made("aws_access_key_id = AKIA{aws-key-id:16}\n");
    let alone = findings(&id);
    let known = rules.by_id("aws-access-key-id").unwrap().1.severity;
    assert_eq!(alone[0]["severity"], known.name());
    let both = findings(&format!("{id}{}", made("aws_secret_access_key = {base64:40}\n")));
    assert_eq!(both.len(), 1, "{both:?}");
    assert_eq!(both[0]["severity"], "critical");
}

#[test]
fn every_report_names_both_places_and_neither_secret() {
    let (id, secret) = keys();
    let text = format!("{id}{secret}");
    for format in ["human", "json", "jsonl", "sarif", "gitleaks"] {
        let report = scan(&text, format);
        for line in text.lines() {
            assert!(!report.contains(line.split_once('=').unwrap().1), "{format}: {report}");
        }
        let second = match format {
            "human" => report.contains("settings.env:1:16"),
            "gitleaks" => report.matches("StartLine").count() == 2,
            "sarif" => report.contains("relatedLocations"),
            _ => report.contains("companions"),
        };
        assert!(second, "{format}: {report}");
    }
}
