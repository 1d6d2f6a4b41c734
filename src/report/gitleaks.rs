//! The JSON array that gitleaks writes: the same fields in the same order, one element a place, so
//! that scripts made for it go on working. Fields that we have no value for are there and empty.

use super::place::commit;
use super::{Guard, Options};
use crate::finding::{CommitNote, Finding, Occurrence, Outcome};
use crate::origin::{ObjectKind, Origin};
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use std::borrow::Cow;
use std::io::{self, Write};

/// Stands for a masked value, the word that gitleaks' own `--redact` uses.
const REDACTED: &str = "REDACTED";

/// Write every place of every finding as an element of one array; `[]` where there is none.
///
/// # Errors
/// Whatever `out` answers.
pub fn write(outcome: &Outcome, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let shown = if options.show_secrets { 100 } else { 0 };
    write_elements(&elements(outcome, options, shown), out)
}

/// The elements of a report; of each secret `shown` percent of the characters are shown, in front.
pub(super) fn elements<'a>(outcome: &'a Outcome, options: &Options, shown: u32) -> Vec<Element<'a>> {
    let all = Options { show_secrets: shown >= 100, ..options.clone() };
    let part = Options { show_secrets: shown > 0, ..options.clone() };
    outcome
        .halves()
        .flat_map(|finding| {
            // A part of a secret is shown where the secret belongs; beside that all of it is shown or nothing.
            let guard = Guard::new(finding, &all);
            let clear = Guard::new(finding, &part).clear().map(|clear| self::part(clear, shown));
            let value = clear.unwrap_or(Cow::Borrowed(REDACTED));
            let element = |place| Element::of(finding, place, &guard, value.clone());
            let elements = finding.occurrences.iter().map(element);
            elements.collect::<Vec<_>>()
        })
        .collect()
}

/// Write elements as a JSON array.
pub(super) fn write_elements(elements: &[Element], out: &mut dyn Write) -> io::Result<()> {
    // One space of indent, as there.
    let mut serializer = Serializer::with_formatter(&mut *out, PrettyFormatter::with_indent(b" "));
    elements.serialize(&mut serializer)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Element<'a> {
    #[serde(rename = "RuleID")]
    pub rule_id: &'a str,
    pub description: &'a str,
    pub start_line: u64,
    pub end_line: u64,
    pub start_column: u64,
    pub end_column: u64,
    pub r#match: Cow<'a, str>,
    pub secret: Cow<'a, str>,
    pub file: String,
    pub symlink_file: &'static str,
    pub commit: &'a str,
    pub entropy: f32,
    pub author: Cow<'a, str>,
    pub email: Cow<'a, str>,
    pub date: Cow<'a, str>,
    pub message: Cow<'a, str>,
    pub tags: Vec<String>,
    pub fingerprint: String,
}

impl<'a> Element<'a> {
    fn of(finding: &'a Finding, place: &'a Occurrence, guard: &Guard<'a>, value: Cow<'a, str>) -> Element<'a> {
        let file = guard.text(&file(&place.origin)).into_owned();
        let commit = commit(&place.origin);
        let line = place.start.line;
        let note = finding.story.as_ref().and_then(|story| story.notes.get(commit));
        let said = |note: Option<&'a CommitNote>, text: fn(&'a CommitNote) -> Cow<'a, str>| {
            note.map_or(Cow::Borrowed(""), |note| Cow::Owned(guard.text(&text(note)).into_owned()))
        };
        let fingerprint = match commit {
            "" => format!("{file}:{}:{line}", finding.rule),
            commit => format!("{commit}:{file}:{}:{line}", finding.rule),
        };
        Element {
            rule_id: &finding.rule,
            description: &finding.summary,
            start_line: line,
            end_line: place.end.line,
            start_column: place.start.column,
            // Their end is the last character, ours stands behind it.
            end_column: place.end.column.saturating_sub(1).max(1),
            r#match: value.clone(),
            secret: value,
            file,
            symlink_file: "",
            commit,
            entropy: guard.entropy(),
            author: said(note, |note| Cow::Borrowed(&note.author)),
            email: said(note, |note| Cow::Borrowed(&note.email)),
            date: said(note, |note| Cow::Owned(note.date_in_utc())),
            message: said(note, |note| Cow::Owned(message(&note.message))),
            tags: tags(finding, place),
            fingerprint,
        }
    }
}

/// Kind and severity, and where the secret is encoded the tags that gitleaks has for it.
fn tags(finding: &Finding, place: &Occurrence) -> Vec<String> {
    let mut tags = vec![finding.kind.name().to_owned(), finding.severity.name().to_owned()];
    tags.extend(place.decoded.iter().map(|encoding| format!("decoded:{encoding}")));
    if !place.decoded.is_empty() {
        tags.push(format!("decode-depth:{}", place.decoded.len()));
    }
    tags
}

/// The first characters of a secret, as many as `shown` percent are, as gitleaks' `--redact=N` leaves them.
fn part(clear: &[u8], shown: u32) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(clear);
    if shown >= 100 {
        return text;
    }
    let count = text.chars().count() * shown as usize / 100;
    Cow::Owned(text.chars().take(count).chain("...".chars()).collect())
}

/// The message of a commit as there: the lines of its title joined.
fn message(text: &str) -> String {
    match text.split_once("\n\n") {
        Some((title, body)) => format!("{}\n\n{body}", title.replace('\n', " ")),
        None => text.replace('\n', " "),
    }
}

/// The path; empty for standard input and for the text of a commit, as there.
fn file(origin: &Origin) -> String {
    match origin {
        Origin::Stdin => String::new(),
        Origin::Object { kind: ObjectKind::Commit, .. } => origin.path().unwrap_or_default(),
        _ => origin.path().unwrap_or_else(|| origin.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Format;
    use crate::report::tests::{at, finding, outcome, text};

    const FIELDS: [&str; 18] = [
        "RuleID",
        "Description",
        "StartLine",
        "EndLine",
        "StartColumn",
        "EndColumn",
        "Match",
        "Secret",
        "File",
        "SymlinkFile",
        "Commit",
        "Entropy",
        "Author",
        "Email",
        "Date",
        "Message",
        "Tags",
        "Fingerprint",
    ];

    fn parsed(findings: Vec<Finding>, options: &Options) -> serde_json::Value {
        serde_json::from_str(&text(Format::Gitleaks, &outcome(findings, vec![]), options)).unwrap()
    }

    #[test]
    fn titles_of_commits_are_one_line() {
        assert_eq!(message("one\ntwo\n\nthree\nfour\n\nfive"), "one two\n\nthree\nfour\n\nfive");
        assert_eq!(message("one\ntwo"), "one two");
    }

    #[test]
    fn nothing_found_is_an_empty_array() {
        assert_eq!(text(Format::Gitleaks, &outcome(vec![], vec![]), &Options::default()), "[]\n");
    }

    #[test]
    fn fields_are_those_of_gitleaks() {
        let mut found = finding("rule-id", b"abcdefgh");
        found.occurrences = vec![at("a b.py", 3, 9), at("c.py", 4, 1)];
        let report = parsed(vec![found], &Options::default());
        assert_eq!(report.as_array().unwrap().len(), 2);
        let first = &report[0];
        let names: Vec<&str> = first.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, FIELDS);
        assert_eq!(first["RuleID"], "rule-id");
        assert_eq!(first["Match"], "REDACTED");
        assert_eq!(first["Secret"], "REDACTED");
        assert_eq!(first["StartColumn"], 9);
        assert_eq!(first["EndColumn"], 16, "the last character, not the one behind it");
        assert_eq!(first["Entropy"], 3.0);
        assert_eq!(first["Tags"], serde_json::json!(["api-key", "high"]));
        assert_eq!(first["Fingerprint"], "a b.py:rule-id:3");
        assert_eq!(report[1]["Fingerprint"], "c.py:rule-id:4");
    }

    #[test]
    fn secrets_are_shown_on_wish() {
        let options = Options { show_secrets: true, ..Options::default() };
        assert_eq!(parsed(vec![finding("rule", b"abcdefgh")], &options)[0]["Secret"], "abcdefgh");
    }

    #[test]
    fn commits_stand_before_the_file() {
        let mut found = finding("rule", b"abcdefgh");
        let object = |kind, path: Option<&str>, commit: Option<&str>| Occurrence {
            origin: Origin::Object {
                id: "0123".into(),
                kind,
                path: path.map(Into::into),
                commit: commit.map(Into::into),
            },
            ..at("", 2, 1)
        };
        found.occurrences = vec![
            object(ObjectKind::Blob, Some("x.py"), Some("cafe")),
            object(ObjectKind::Commit, None, None),
            object(ObjectKind::Blob, None, None),
            Occurrence { origin: Origin::Stdin, ..at("", 2, 1) },
        ];
        let report = parsed(vec![found], &Options::default());
        let fingerprints: Vec<&str> =
            report.as_array().unwrap().iter().map(|one| one["Fingerprint"].as_str().unwrap()).collect();
        assert_eq!(fingerprints, ["cafe:x.py:rule:2", "0123::rule:2", "blob 0123:rule:2", ":rule:2"]);
        assert_eq!(report[0]["Commit"], "cafe");
        assert_eq!(report[1]["Commit"], "0123");
    }
}
