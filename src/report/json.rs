//! Our own report as one JSON object. Its form is described by `docs/report-schema.json`; a change
//! that could break a reader raises [`FORM`].

use super::history::{CoverageForm, Remediation, StoryForm};
use super::{Guard, Options, by_severity};
use crate::error::Skipped;
use crate::finding::{Finding, Occurrence, Outcome, Preview, Suppressed};
use crate::origin::{ObjectKind, Origin};
use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::{self, Write};

/// Version of the form. Fields may be added within a version, never changed or taken away.
pub const FORM: u32 = 1;

/// Write `outcome` as one JSON object and a newline.
///
/// # Errors
/// Whatever `out` answers.
pub fn write(outcome: &Outcome, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let report = Report {
        head: Head::of(outcome, options),
        findings: outcome.findings.iter().map(|finding| FindingForm::of(finding, options)).collect(),
        skipped: outcome.skipped.iter().map(SkippedForm::of).collect(),
        remediation: Remediation::of(outcome),
    };
    serde_json::to_writer_pretty(&mut *out, &report)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    head: Head,
    findings: Vec<FindingForm<'a>>,
    skipped: Vec<SkippedForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<Remediation<'a>>,
}

/// What is said once in a report.
#[derive(Serialize)]
pub(super) struct Head {
    version: u32,
    tool: Tool,
    complete: bool,
    status: u8,
    stats: StatsForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<CoverageForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fail_on: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressed: Vec<SuppressedForm>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<NoteForm>,
}

/// A finding that is not reported, as it is written: enough to find it, and why.
#[derive(Serialize)]
struct SuppressedForm {
    by: &'static str,
    rule: String,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    line: u64,
    places: usize,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<String>,
}

impl SuppressedForm {
    fn of(one: &Suppressed, options: &Options) -> SuppressedForm {
        let Suppressed { finding, why } = one;
        let guard = Guard::new(finding, options);
        let first = finding.occurrences.first();
        let path = first.and_then(|first| first.origin.path());
        SuppressedForm {
            by: why.by.name(),
            rule: finding.rule.clone(),
            fingerprint: finding.fingerprint.clone(),
            path: path.map(|path| guard.text(&path).into_owned()),
            line: first.map_or(0, |first| first.start.line),
            places: finding.occurrences.len(),
            reason: guard.text(&why.reason).into_owned(),
            owner: why.owner.clone(),
            expires: why.expires.clone(),
            entry: why.place.clone(),
        }
    }
}

/// Something stale, as it is written.
#[derive(Serialize)]
struct NoteForm {
    kind: &'static str,
    place: String,
    text: String,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct StatsForm {
    inputs: u64,
    bytes: u64,
    rules: usize,
    elapsed_seconds: f64,
    findings: usize,
    places: usize,
    severities: Map<String, Value>,
    skipped: usize,
    suppressed: usize,
}

impl Head {
    pub(super) fn of(outcome: &Outcome, options: &Options) -> Head {
        let hiding = options.hiding();
        let severities = by_severity(outcome);
        Head {
            version: FORM,
            tool: Tool { name: super::TOOL, version: super::VERSION },
            complete: outcome.complete(),
            status: outcome.exit_status(),
            stats: StatsForm {
                inputs: outcome.stats.inputs,
                bytes: outcome.stats.bytes,
                rules: outcome.stats.rules,
                elapsed_seconds: outcome.stats.elapsed.as_secs_f64(),
                findings: outcome.findings.len(),
                places: outcome.findings.iter().map(|finding| finding.occurrences.len()).sum(),
                severities: severities
                    .iter()
                    .map(|&(severity, count)| (severity.name().to_owned(), count.into()))
                    .collect(),
                skipped: outcome.skipped.len(),
                suppressed: outcome.told.suppressed.len(),
            },
            coverage: outcome.coverage.as_ref().map(CoverageForm::of),
            fail_on: outcome.told.fail_on.map(|least| least.name()),
            suppressed: outcome.told.suppressed.iter().map(|one| SuppressedForm::of(one, &hiding)).collect(),
            notes: outcome
                .told
                .notes
                .iter()
                .map(|note| NoteForm {
                    kind: note.kind.name(),
                    place: note.place.clone(),
                    text: note.text.clone(),
                })
                .collect(),
        }
    }
}

/// A finding as it is written.
#[derive(Serialize)]
pub(super) struct FindingForm<'a> {
    rule: &'a str,
    summary: &'a str,
    provider: &'a str,
    kind: &'static str,
    severity: &'static str,
    fingerprint: &'a str,
    masked: String,
    length: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_bytes: Option<String>,
    details: Map<String, Value>,
    also: &'a [String],
    rotate: &'a str,
    refs: &'a [String],
    occurrences: Vec<OccurrenceForm<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    companions: Vec<FindingForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    story: Option<StoryForm<'a>>,
}

impl<'a> FindingForm<'a> {
    pub(super) fn of(finding: &'a Finding, options: &Options) -> FindingForm<'a> {
        let guard = Guard::new(finding, options);
        FindingForm {
            rule: &finding.rule,
            summary: &finding.summary,
            provider: &finding.provider,
            kind: finding.kind.name(),
            severity: finding.severity.name(),
            fingerprint: &finding.fingerprint,
            masked: guard.mask().to_owned(),
            length: guard.length(),
            secret: guard.clear().map(String::from_utf8_lossy),
            secret_bytes: guard.clear().and_then(bytes_if_not_text),
            details: details(finding, &guard),
            also: &finding.also,
            rotate: &finding.rotate,
            refs: &finding.refs,
            occurrences: finding
                .occurrences
                .iter()
                .map(|occurrence| OccurrenceForm::of(occurrence, &guard))
                .collect(),
            companions: finding.companions.iter().map(|half| FindingForm::of(half, options)).collect(),
            story: finding.story.as_ref().map(|story| StoryForm::of(finding, story, &guard)),
        }
    }
}

/// The details as an object; values of one name are joined, so that none is lost.
fn details(finding: &Finding, guard: &Guard) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, value) in &finding.details {
        let value = guard.text(value);
        let joined = match map.get(name).and_then(Value::as_str) {
            Some(before) => format!("{before}, {value}"),
            None => value.into_owned(),
        };
        map.insert(name.clone(), joined.into());
    }
    map
}

#[derive(Serialize)]
struct OccurrenceForm<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    line: u64,
    column: u64,
    end_line: u64,
    end_column: u64,
    offset: u64,
    length: u64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    decoded: &'a [&'static str],
    preview: PreviewForm<'a>,
}

impl<'a> OccurrenceForm<'a> {
    fn of(occurrence: &'a Occurrence, guard: &Guard) -> OccurrenceForm<'a> {
        let Preview { before, masked, after } = &occurrence.preview;
        OccurrenceForm {
            place: Place::of(&occurrence.origin, Some(guard)),
            line: occurrence.start.line,
            column: occurrence.start.column,
            end_line: occurrence.end.line,
            end_column: occurrence.end.column,
            offset: occurrence.offset,
            length: occurrence.length,
            decoded: &occurrence.decoded,
            preview: PreviewForm {
                before: guard.text(before),
                masked: guard.text(masked),
                after: guard.text(after),
            },
        }
    }
}

#[derive(Serialize)]
struct PreviewForm<'a> {
    before: Cow<'a, str>,
    masked: Cow<'a, str>,
    after: Cow<'a, str>,
}

/// Where something stands or would have stood.
#[derive(Serialize)]
struct Place<'a> {
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'a str>,
    /// The path of the container that it is a member of.
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<String>,
    /// The path in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    /// What is known of the place beside its name, such as the step that made a layer of an image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

impl<'a> Place<'a> {
    fn of(origin: &'a Origin, guard: Option<&Guard>) -> Place<'a> {
        let bytes = match origin.root() {
            _ if origin.outer().is_some() => origin.member_path().map(|path| &path[..]),
            Origin::File(path) => Some(path.as_os_str().as_encoded_bytes()),
            Origin::Staged(path) | Origin::StagedName(path) => Some(&path[..]),
            Origin::Object { path, .. } => path.as_ref().map(|path| &path[..]),
            Origin::Repository { name, .. } => Some(&name[..]),
            _ => None,
        };
        let masked = |bytes: &'a [u8]| guard.map_or(Cow::Borrowed(bytes), |guard| guard.bytes(bytes));
        let text = |text: String| match guard {
            Some(guard) => guard.text(&text).into_owned(),
            None => text,
        };
        let (object, object_kind) = match origin.root() {
            Origin::Object { id, kind, .. } => (Some(id.as_str()), Some(object_kind(*kind))),
            _ => (None, None),
        };
        Place {
            source: match origin.root() {
                Origin::File(_) => "file",
                Origin::Stdin => "stdin",
                Origin::Staged(_) => "staged",
                Origin::StagedName(_) => "staged-name",
                Origin::Object { .. } => "object",
                Origin::Repository { part, .. } => part.name(),
                // A root is neither.
                Origin::Member { .. } | Origin::Noted { .. } => "member",
            },
            path: origin.path().map(&text),
            path_bytes: bytes.and_then(|bytes| bytes_if_not_text(&masked(bytes))),
            object,
            object_kind,
            commit: origin.commit(),
            container: origin.outer().and_then(Origin::path).map(&text),
            member: origin.member_path().map(|path| text(path.to_string())),
            notes: origin.notes().into_iter().map(|note| text(note.to_owned())).collect(),
        }
    }
}

fn object_kind(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Blob => "blob",
        ObjectKind::Commit => "commit",
        ObjectKind::Tag => "tag",
        ObjectKind::Tree => "tree",
    }
}

/// Bytes that JSON cannot hold as text, in base64; nothing where the text says it all.
pub(super) fn bytes_if_not_text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).is_err().then(|| base64_simd::STANDARD.encode_to_string(bytes))
}

/// Something that was not looked at, as it is written.
#[derive(Serialize)]
pub(super) struct SkippedForm<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    reason: &'static str,
    benign: bool,
    detail: &'a str,
}

impl<'a> SkippedForm<'a> {
    pub(super) fn of(skipped: &'a Skipped) -> SkippedForm<'a> {
        SkippedForm {
            place: Place::of(&skipped.origin, None),
            reason: skipped.reason.name(),
            benign: skipped.reason.benign(),
            detail: &skipped.detail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SkipReason;
    use crate::report::Format;
    use crate::report::tests::{at, finding, outcome, skipped, text};

    fn parsed(findings: Vec<Finding>, skipped: Vec<Skipped>, options: &Options) -> Value {
        serde_json::from_str(&text(Format::Json, &outcome(findings, skipped), options)).unwrap()
    }

    #[test]
    fn a_report_says_what_was_found_and_where() {
        let mut found = finding("rule", b"abcdefghijklmnopqrstuvwxyz");
        found.details = [("account", "1"), ("scope", "read"), ("scope", "write")]
            .map(|(a, b)| (a.into(), b.into()))
            .into();
        found.occurrences = vec![at("a.py", 3, 9), at("b.py", 1, 1)];
        let report =
            parsed(vec![found], vec![skipped("x", SkipReason::Symlink, "gone")], &Options::default());
        assert_eq!(report["version"], 1);
        assert_eq!(report["tool"]["name"], "sekisho");
        assert_eq!((&report["complete"], &report["status"]), (&true.into(), &1.into()));
        assert_eq!(report["stats"]["places"], 2);
        assert_eq!(report["stats"]["severities"]["high"], 1);
        let first = &report["findings"][0];
        assert_eq!(first["masked"], "abcd…(26)");
        assert_eq!(first["details"], serde_json::json!({ "account": "1", "scope": "read, write" }));
        assert!(first.get("secret").is_none());
        let place = &first["occurrences"][0];
        assert_eq!(
            (&place["path"], &place["line"], &place["column"]),
            (&"a.py".into(), &3.into(), &9.into())
        );
        assert_eq!((&place["end_line"], &place["end_column"]), (&3.into(), &17.into()));
        assert_eq!(report["skipped"][0]["reason"], "symlink not followed");
        assert_eq!(report["skipped"][0]["benign"], true);
    }

    #[test]
    fn clear_text_only_on_wish_and_exactly() {
        let options = Options { show_secrets: true, ..Options::default() };
        let report = parsed(vec![finding("a", b"plain"), finding("b", b"\xff\0x")], vec![], &options);
        assert_eq!(report["findings"][0]["secret"], "plain");
        assert!(report["findings"][0].get("secret_bytes").is_none());
        assert_eq!(report["findings"][1]["secret_bytes"], "/wB4");
    }

    #[cfg(unix)]
    #[test]
    fn paths_that_are_not_text_are_given_exactly_too() {
        let mut found = finding("a", b"plain");
        found.occurrences[0].origin = Origin::Staged(b"a\xff"[..].into());
        let report = parsed(vec![found], vec![], &Options::default());
        let place = &report["findings"][0]["occurrences"][0];
        assert_eq!((&place["path"], &place["path_bytes"]), (&"a\u{fffd}".into(), &"Yf8=".into()));
    }
}
