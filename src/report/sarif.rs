//! SARIF 2.1.0 (OASIS standard, errata 01) for code-scanning services. No secret text is written, not
//! even masked, and `show_secrets` does not change that: these files are uploaded and kept.

use super::history::{CoverageForm, StoryForm, moment};
use super::place::{advice, missed};
use super::{Guard, Options, uri};
use crate::error::Skipped;
use crate::finding::{By, Finding, Occurrence, Outcome, Suppressed};
use crate::origin::Origin;
use crate::rules::Severity;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The symbol for the directory that relative URIs start from.
const ROOT: &str = "%SRCROOT%";

/// Write `outcome` as one SARIF log with one run: a result for each place of each finding. What is allowed or
/// known is among them only where that is asked for: services that do not read `suppressions` would take it
/// for open.
///
/// # Errors
/// Whatever `out` answers.
pub fn write(outcome: &Outcome, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let options = &options.hiding();
    let suppressed: &[Suppressed] = if options.show_suppressed { &outcome.told.suppressed } else { &[] };
    let rules = Rules::of(outcome.findings.iter().chain(suppressed.iter().map(|one| &one.finding)));
    let of = |finding: &Finding| results(finding, rules.index[finding.rule.as_str()], options);
    let mut results: Vec<Value> = outcome.findings.iter().flat_map(of).collect();
    if !suppressed.is_empty() {
        // Either no result has this property or all have it (3.27.23).
        results.iter_mut().for_each(|result| result["suppressions"] = json!([]));
        results.extend(suppressed.iter().flat_map(|one| {
            let mut aside = of(&one.finding);
            aside.iter_mut().for_each(|result| result["suppressions"] = json!([suppression(one, options)]));
            aside
        }));
    }
    let mut log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": super::TOOL,
                "version": super::VERSION,
                "semanticVersion": super::VERSION,
                "informationUri": super::HOME,
                "rules": rules.descriptors,
            } },
            "invocations": [invocation(outcome, options)],
            "originalUriBaseIds": { ROOT: {
                "description": { "text": "The top of the repository, or the directory that was scanned from." },
            } },
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    });
    if let Some(coverage) = &outcome.coverage {
        log["runs"][0]["properties"] = json!({ "coverage": CoverageForm::of(coverage) });
    }
    serde_json::to_writer_pretty(&mut *out, &log)?;
    out.write_all(b"\n")
}

/// The rules that found something, each once, by id.
struct Rules<'a> {
    descriptors: Vec<Value>,
    index: BTreeMap<&'a str, usize>,
}

impl<'a> Rules<'a> {
    fn of(findings: impl Iterator<Item = &'a Finding>) -> Rules<'a> {
        // Policy may change the severity of single findings; the rule shows the worst.
        let mut worst: BTreeMap<&str, &Finding> = BTreeMap::new();
        for finding in findings {
            let entry = worst.entry(&finding.rule).or_insert(finding);
            if finding.severity > entry.severity {
                *entry = finding;
            }
        }
        let index = worst.keys().enumerate().map(|(index, id)| (*id, index)).collect();
        Rules { descriptors: worst.into_values().map(descriptor).collect(), index }
    }
}

fn descriptor(finding: &Finding) -> Value {
    let text = format!("{}. {}", finding.summary, advice(finding));
    let mut markdown = format!("**{}**\n\n{}\n", finding.summary, advice(finding));
    if !finding.refs.is_empty() {
        markdown.push('\n');
    }
    for link in &finding.refs {
        markdown.push_str(&format!("* <{link}>\n"));
    }
    let mut descriptor = json!({
        "id": finding.rule,
        "name": finding.rule,
        "shortDescription": { "text": finding.summary },
        "fullDescription": { "text": format!("{} ({}, {})", finding.summary, finding.provider, finding.kind.name()) },
        "help": { "text": text, "markdown": markdown },
        "defaultConfiguration": { "level": level(finding.severity) },
        "properties": {
            "tags": ["security", "secret", finding.kind.name()],
            "precision": "high",
            "security-severity": score(finding.severity),
        },
    });
    if let Some(link) = finding.refs.iter().find(|link| uri::is_link(link)) {
        descriptor["helpUri"] = link.as_str().into();
    }
    descriptor
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The number that GitHub sorts by: above 9.0 critical, from 7.0 high, from 4.0 medium, then low.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.5",
    }
}

fn results(finding: &Finding, rule_index: usize, options: &Options) -> Vec<Value> {
    let guard = Guard::new(finding, options);
    let mut message = finding.summary.clone();
    if !finding.details.is_empty() {
        let details: Vec<String> =
            finding.details.iter().map(|(name, value)| format!("{name}: {}", guard.text(value))).collect();
        message.push_str(&format!(" ({})", details.join(", ")));
    }
    let chains = super::chains(finding);
    if !chains.is_empty() {
        message.push_str(&format!(", decoded from {}", chains.join(", ")));
    }
    message.push_str(&format!(". {}", advice(finding)));
    let story = finding.story.as_ref().and_then(|story| {
        let mut story = serde_json::to_value(StoryForm::of(finding, story, &guard)).ok()?;
        without_subjects(&mut story);
        Some(story)
    });
    // How often this secret was seen in the same file: distinguishes its places there without naming
    // a line, so that the identity survives edits above it.
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let related: Vec<Value> = finding.companions.iter().flat_map(|half| places(half, options)).collect();
    let result = |occurrence: &Occurrence| {
        let location = location(&occurrence.origin, Some(occurrence), Some(&guard), options);
        let nth = seen.entry(location.name).or_insert(0);
        *nth += 1;
        let mut properties = json!({
            "kind": finding.kind.name(),
            "provider": finding.provider,
            "severity": finding.severity.name(),
        });
        if let Some(commit) = occurrence.origin.commit() {
            properties["commit"] = commit.into();
        }
        if !occurrence.decoded.is_empty() {
            properties["decoded"] = json!(occurrence.decoded);
        }
        if let Some(story) = &story {
            properties["story"] = story.clone();
        }
        let mut result = json!({
            "ruleId": finding.rule,
            "ruleIndex": rule_index,
            "level": level(finding.severity),
            "message": { "text": message },
            "locations": [location.value],
            "partialFingerprints": {
                "sekisho/v1": finding.fingerprint,
                // The only key that GitHub's code scanning reads.
                "primaryLocationLineHash": format!("{}:{nth}", finding.fingerprint),
            },
            "properties": properties,
        });
        if !related.is_empty() {
            result["relatedLocations"] = related.clone().into();
        }
        result
    };
    finding.occurrences.iter().map(result).collect()
}

/// Why a result is suppressed (3.35).
fn suppression(one: &Suppressed, options: &Options) -> Value {
    let Suppressed { finding, why } = one;
    let guard = Guard::new(finding, options);
    let (kind, justification) = match why.by {
        By::Comment => ("inSource", guard.text(&why.reason).into_owned()),
        By::Entry => ("external", guard.text(&why.reason).into_owned()),
        By::Baseline => ("external", "known: it stands in the baseline".to_owned()),
    };
    let mut properties = json!({ "by": why.by.name() });
    for (name, value) in [("owner", &why.owner), ("expires", &why.expires), ("entry", &why.place)] {
        if let Some(value) = value {
            properties[name] = guard.text(value).into_owned().into();
        }
    }
    json!({
        "kind": kind,
        "status": "accepted",
        "justification": justification,
        "properties": properties,
    })
}

/// The places of the other half of a credential.
fn places(half: &Finding, options: &Options) -> Vec<Value> {
    let guard = Guard::new(half, options);
    let place = |occurrence: &Occurrence| {
        let mut place = location(&occurrence.origin, Some(occurrence), Some(&guard), options).value;
        place["message"] = json!({ "text": half.summary });
        place
    };
    half.occurrences.iter().map(place).collect()
}

/// Messages are free text, where masks of secrets may stand: no part of them belongs here.
fn without_subjects(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("subject");
            map.values_mut().for_each(without_subjects);
        }
        Value::Array(items) => items.iter_mut().for_each(without_subjects),
        _ => {}
    }
}

/// A location and the name of the thing it lies in.
struct Location {
    value: Value,
    name: String,
}

/// Where bytes came from, and the region in it where an occurrence is given.
fn location(
    origin: &Origin,
    occurrence: Option<&Occurrence>,
    guard: Option<&Guard>,
    options: &Options,
) -> Location {
    let masked = |bytes: &[u8]| guard.map_or(bytes.to_vec(), |guard| guard.bytes(bytes).into_owned());
    let uri = match origin.root() {
        Origin::File(path) => Some(file(path, guard, options)),
        Origin::Staged(path) | Origin::StagedName(path) | Origin::Object { path: Some(path), .. } => {
            Some(uri::of_git_path(&masked(path)))
        }
        Origin::Stdin => Some(uri::Uri { text: uri::encode(b"<stdin>"), below: false }),
        _ => None,
    };
    let Some(uri) = uri else {
        // The text of a commit or tag lies in no file.
        let name = origin.to_string();
        return Location {
            value: json!({ "logicalLocations": [{ "fullyQualifiedName": name, "kind": "object" }] }),
            name,
        };
    };
    let mut artifact = json!({ "uri": uri.text });
    if uri.below {
        artifact["uriBaseId"] = ROOT.into();
    }
    let mut physical = json!({ "artifactLocation": artifact });
    let shown = |note: &str| guard.map_or_else(|| note.to_owned(), |guard| guard.text(note).into_owned());
    let notes: Vec<String> = origin.notes().into_iter().map(shown).collect();
    if origin.outer().is_none() {
        if let Some(occurrence) = occurrence {
            physical["region"] = region(occurrence);
        }
        let mut value = json!({ "physicalLocation": physical });
        if !notes.is_empty() {
            value["properties"] = json!({ "notes": notes });
        }
        return Location { value, name: uri.text };
    }
    // A region would be one of the outer file, which has no such line: the member is a logical location,
    // and where it stands there is a property.
    let text = origin.to_string();
    let name = guard.map_or_else(|| text.clone(), |guard| guard.text(&text).into_owned());
    let mut value = json!({
        "physicalLocation": physical,
        "logicalLocations": [{ "fullyQualifiedName": name, "kind": "member" }],
    });
    if let Some(occurrence) = occurrence {
        value["properties"] = json!({ "memberRegion": region(occurrence), "notes": notes });
    }
    Location { value, name }
}

/// A file's URI; where its name holds the secret, that of the masked name.
fn file(path: &std::path::Path, guard: Option<&Guard>, options: &Options) -> uri::Uri {
    let bytes = path.as_os_str().as_encoded_bytes();
    match guard.map(|guard| guard.bytes(bytes)) {
        Some(std::borrow::Cow::Owned(masked)) => {
            uri::of_file(std::path::Path::new(&*String::from_utf8_lossy(&masked)), options)
        }
        _ => uri::of_file(path, options),
    }
}

/// SARIF counts columns in UTF-16 units, we count bytes. They differ only where the line holds other
/// than ASCII before the secret; the preview tells, unless it had to be cut.
fn region(occurrence: &Occurrence) -> Value {
    let (start, end) = (occurrence.start, occurrence.end);
    let before = &occurrence.preview.before;
    let surplus = match start.column.checked_sub(1) {
        Some(bytes) if bytes == before.len() as u64 => bytes - before.encode_utf16().count() as u64,
        _ => 0,
    };
    let end_surplus = if end.line == start.line { surplus } else { 0 };
    json!({
        "startLine": start.line.max(1),
        "startColumn": start.column.max(1) - surplus,
        "endLine": end.line.max(start.line).max(1),
        "endColumn": end.column.max(1) - end_surplus.min(end.column.max(1) - 1),
        "byteOffset": occurrence.offset,
        "byteLength": occurrence.length,
    })
}

fn invocation(outcome: &Outcome, options: &Options) -> Value {
    let notifications: Vec<Value> =
        outcome.skipped.iter().map(|skipped| notification(skipped, options)).collect();
    let mut invocation = json!({
        "executionSuccessful": outcome.complete(),
        "exitCode": outcome.exit_status(),
        "toolExecutionNotifications": notifications,
    });
    if let Some(coverage) = &outcome.coverage {
        invocation["startTimeUtc"] = moment(coverage.started).into();
        invocation["endTimeUtc"] = moment(coverage.ended).into();
    }
    invocation
}

fn notification(skipped: &Skipped, options: &Options) -> Value {
    json!({
        "descriptor": { "id": skipped.reason.name().replace(' ', "-") },
        "level": if skipped.reason.benign() { "note" } else { "error" },
        "message": { "text": missed(skipped) },
        "locations": [location(&skipped.origin, None, None, options).value],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SkipReason;
    use crate::finding::Suppression;
    use crate::report::Format;
    use crate::report::tests::{at, finding, outcome, skipped, text};

    fn run(findings: Vec<Finding>, skipped: Vec<Skipped>) -> Value {
        let shown = text(Format::Sarif, &outcome(findings, skipped), &Options::default());
        serde_json::from_str::<Value>(&shown).unwrap()["runs"][0].clone()
    }

    #[test]
    fn each_place_is_a_result_with_a_stable_identity() {
        let mut found = finding("rule", b"abcdefghijkl");
        found.occurrences = vec![at("a b.py", 3, 9), at("a b.py", 7, 1), at("c.py", 1, 1)];
        let run = run(vec![found.clone()], vec![]);
        let results = run["results"].as_array().unwrap();
        let hashes: Vec<&str> = results
            .iter()
            .map(|result| result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap())
            .collect();
        let id = &found.fingerprint;
        assert_eq!(hashes, [format!("{id}:1"), format!("{id}:2"), format!("{id}:1")]);
        assert_eq!(results[0]["partialFingerprints"]["sekisho/v1"], id.as_str());
        let place = &results[0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"], json!({ "uri": "a%20b.py", "uriBaseId": "%SRCROOT%" }));
        assert_eq!(place["region"]["startColumn"], 9);
        assert_eq!(place["region"]["endColumn"], 17);
        assert_eq!(results[0]["level"], "error");
    }

    #[test]
    fn rules_are_listed_once_with_their_worst_severity() {
        let mut low = finding("b", b"one");
        low.severity = Severity::Low;
        let run = run(vec![low, finding("a", b"two"), finding("b", b"three")], vec![]);
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["a", "b"]);
        assert_eq!(rules[1]["properties"]["security-severity"], "8.0");
        assert_eq!(rules[1]["helpUri"], "https://docs.example/tokens");
        assert!(rules[1]["help"]["text"].as_str().unwrap().contains("revoke it"));
        let indices: Vec<u64> =
            run["results"].as_array().unwrap().iter().map(|one| one["ruleIndex"].as_u64().unwrap()).collect();
        assert_eq!(indices, [1, 0, 1]);
        assert_eq!(run["results"][0]["level"], "note");
    }

    #[test]
    fn columns_count_utf16_units() {
        let mut found = finding("rule", b"abcdefghijkl");
        found.occurrences = vec![at("a.py", 3, 12)];
        found.occurrences[0].preview.before = "日本𝄞=".into();
        let run = run(vec![found], vec![]);
        let region = &run["results"][0]["locations"][0]["physicalLocation"]["region"];
        assert_eq!((&region["startColumn"], &region["endColumn"]), (&6.into(), &14.into()));
    }

    #[test]
    fn an_incomplete_run_is_not_successful() {
        let missed = vec![
            skipped("a", SkipReason::Unreadable, "permission denied"),
            skipped("b", SkipReason::Special, ""),
        ];
        let invocation = run(vec![], missed)["invocations"][0].clone();
        assert_eq!(invocation["executionSuccessful"], false);
        assert_eq!(invocation["exitCode"], 2);
        let notes = &invocation["toolExecutionNotifications"];
        assert_eq!(notes[0]["level"], "error");
        assert_eq!(notes[0]["message"]["text"], "a was not looked at: unreadable (permission denied)");
        assert_eq!(notes[1]["level"], "note");
        assert_eq!(notes[1]["descriptor"]["id"], "special-file");
        assert_eq!(run(vec![], vec![])["invocations"][0]["executionSuccessful"], true);
    }

    #[test]
    fn what_is_suppressed_is_listed_where_that_is_asked_for() {
        let mut outcome = outcome(vec![finding("open", b"abcdefghijkl")], vec![]);
        let mut aside = |rule: &str, secret: &[u8], by: By| {
            let why = Suppression {
                by,
                reason: format!("made up, as {} is", String::from_utf8_lossy(secret)),
                owner: Some("web".into()),
                expires: None,
                place: (by == By::Entry).then(|| "sekisho.toml:3".into()),
            };
            outcome.told.suppressed.push(Suppressed { finding: finding(rule, secret), why });
        };
        aside("commented", b"bcdefghijklm", By::Comment);
        aside("entered", b"cdefghijklmn", By::Entry);
        aside("known", b"defghijklmno", By::Baseline);
        let written = |show_suppressed| {
            let shown = text(Format::Sarif, &outcome, &Options { show_suppressed, ..Options::default() });
            assert!(!shown.contains("cdefghijkl"), "{shown}");
            serde_json::from_str::<Value>(&shown).unwrap()["runs"][0].clone()
        };
        let plain = written(false);
        assert_eq!(plain["results"].as_array().unwrap().len(), 1);
        assert_eq!(plain["results"][0]["suppressions"], Value::Null);
        let run = written(true);
        let told: Vec<(&str, usize, &Value)> = run["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let suppressions = one["suppressions"].as_array().unwrap();
                (one["ruleId"].as_str().unwrap(), suppressions.len(), &one["suppressions"][0]["kind"])
            })
            .collect();
        let (source, external) = (json!("inSource"), json!("external"));
        let wanted = [
            ("open", 0, &Value::Null),
            ("commented", 1, &source),
            ("entered", 1, &external),
            ("known", 1, &external),
        ];
        assert_eq!(told, wanted);
        let entered = &run["results"][2]["suppressions"][0];
        assert_eq!(entered["properties"], json!({ "by": "allow", "owner": "web", "entry": "sekisho.toml:3" }));
        assert!(entered["justification"].as_str().unwrap().starts_with("made up"), "{entered}");
        assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 4);
    }

    #[test]
    fn neither_the_secret_nor_its_mask_is_told() {
        let found = finding("rule", b"abcdefghijklmnopqrstuvwxyz");
        let options = Options { show_secrets: true, ..Options::default() };
        let shown = text(Format::Sarif, &outcome(vec![found], vec![]), &options);
        assert!(!shown.contains("abcd"), "{shown}");
    }
}
