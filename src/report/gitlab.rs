//! GitLab's report of secret detection, version 15 of its security report schemas (title "Report format
//! for GitLab Secret Detection"). It holds no secret, not even masked, and no source line: GitLab keeps
//! these reports, and shows them to all who may see a pipeline.

use super::{Options, uri};
use super::history::moment;
use super::place::{Place, advice, missed, places};
use crate::finding::Outcome;
use crate::rules::Severity;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{self, Write};
use std::time::SystemTime;

/// The version of the schema that is written.
const VERSION: &str = "15.1.4";
/// What GitLab's own analyzer writes where there is no commit; the schema wants one.
const NO_COMMIT: &str = "0000000";
/// Most characters of a name that the schema takes.
const LONGEST_NAME: usize = 255;

/// Write `outcome` as one report: a vulnerability for each place.
///
/// # Errors
/// Whatever `out` answers.
pub fn write(outcome: &Outcome, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let options = options.hiding();
    let vulnerabilities: Vec<Value> = places(outcome, &options).map(|place| vulnerability(&place)).collect();
    let tool = json!({
        "id": super::TOOL,
        "name": "Sekisho",
        "url": super::HOME,
        "version": super::VERSION,
        "vendor": { "name": "Sekisho" },
    });
    let messages: Vec<Value> = outcome
        .skipped
        .iter()
        .map(|skipped| {
            let level = if skipped.reason.benign() { "info" } else { "warn" };
            json!({ "level": level, "value": missed(skipped) })
        })
        .collect();
    let (started, ended) = times(outcome);
    let report = json!({
        "version": VERSION,
        "scan": {
            "analyzer": tool,
            "scanner": tool,
            "type": "secret_detection",
            "start_time": started,
            "end_time": ended,
            "status": if outcome.complete() { "success" } else { "failure" },
            "messages": messages,
        },
        "vulnerabilities": vulnerabilities,
    });
    serde_json::to_writer_pretty(&mut *out, &report)?;
    out.write_all(b"\n")
}

/// Start and end in universal time, without a zone, as the schema wants them.
fn times(outcome: &Outcome) -> (String, String) {
    let (start, end) = match &outcome.coverage {
        Some(coverage) => (coverage.started, coverage.ended),
        None => {
            let now = SystemTime::now();
            (now.checked_sub(outcome.stats.elapsed).unwrap_or(now), now)
        }
    };
    let written = |time| moment(time).trim_end_matches('Z').to_owned();
    (written(start), written(end))
}

fn vulnerability(place: &Place) -> Value {
    let Place { finding, guard, .. } = place;
    let mut description = format!("{} ({}).", finding.summary, finding.provider);
    for (name, value) in &finding.details {
        description.push_str(&format!(" {name}: {}.", guard.text(value)));
    }
    if !place.chain().is_empty() {
        description.push_str(&format!(" Decoded from {}.", place.chain()));
    }
    if let Some(story) = &finding.story {
        description.push_str(&format!(" Exposure: {}.", story.exposure.about()));
    }
    let mut commit = json!({ "sha": if place.commit.is_empty() { NO_COMMIT } else { place.commit } });
    if let Some(note) = place.note {
        commit["author"] = guard.text(&format!("{} <{}>", note.author, note.email)).into();
        commit["date"] = note.date().into();
        commit["message"] = guard.text(&note.message).into();
    }
    let (start_line, end_line) = place.lines();
    let links: Vec<Value> =
        finding.refs.iter().filter(|link| uri::is_link(link)).map(|link| json!({ "url": link })).collect();
    json!({
        "id": id(place),
        "category": "secret_detection",
        "name": finding.summary.chars().take(LONGEST_NAME).collect::<String>(),
        "description": description,
        "severity": severity(finding.severity),
        "solution": advice(finding),
        "location": {
            "file": place.name(),
            "start_line": start_line,
            "end_line": end_line,
            "commit": commit,
        },
        "identifiers": [
            {
                "type": "sekisho_rule_id",
                "name": format!("Sekisho rule {}", finding.rule),
                "value": finding.rule,
            },
            {
                "type": "sekisho_fingerprint",
                "name": format!("Sekisho fingerprint {}", finding.fingerprint),
                "value": finding.fingerprint,
            },
        ],
        "links": links,
    })
}

/// A UUID (version 8, RFC 9562) that the same secret in the same place always has.
fn id(place: &Place) -> String {
    let text = format!("{}\0{}\0{}\0{:?}", place.finding.fingerprint, place.name(), place.commit, place.occurrence.start);
    let mut bytes: [u8; 16] = std::array::from_fn(|_| 0);
    bytes.copy_from_slice(&Sha256::digest(text)[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "Info",
        Severity::Low => "Low",
        Severity::Medium => "Medium",
        Severity::High => "High",
        Severity::Critical => "Critical",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SkipReason;
    use crate::report::Format;
    use crate::report::tests::{at, finding, outcome, skipped, text};

    #[test]
    fn a_vulnerability_for_each_place_without_the_secret() {
        let mut found = finding("rule", b"abcdefghijklmnopqrstuvwxyz");
        found.occurrences = vec![at("src/a.py", 3, 9), at("src/a.py", 3, 60)];
        let missed = vec![skipped("x", SkipReason::Unreadable, "denied")];
        let options = Options { show_secrets: true, ..Options::default() };
        let shown = text(Format::Gitlab, &outcome(vec![found], missed), &options);
        assert!(!shown.contains("abcd"), "{shown}");
        let report: Value = serde_json::from_str(&shown).unwrap();
        let all = report["vulnerabilities"].as_array().unwrap();
        assert_eq!(all.len(), 2);
        assert_ne!(all[0]["id"], all[1]["id"]);
        assert_eq!(all[0]["location"]["commit"]["sha"], NO_COMMIT);
        assert_eq!(all[0]["identifiers"][0]["value"], "rule");
        assert_eq!(report["scan"]["status"], "failure");
        assert_eq!(report["scan"]["messages"][0]["level"], "warn");
    }
}
