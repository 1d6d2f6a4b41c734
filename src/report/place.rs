//! A place as the formats of other systems name it: a path from the top of the repository, lines, and
//! the commit where one is known. Secrets in its texts are masked.

use super::terminal::inert;
use super::{Guard, Options, by_severity, uri};
use crate::error::Skipped;
use crate::finding::{CommitNote, Finding, Occurrence, Outcome};
use crate::origin::{ObjectKind, Origin, slashed};

/// One place of a finding.
pub(super) struct Place<'a> {
    /// The finding, or the half of a credential, that stands there.
    pub finding: &'a Finding,
    pub occurrence: &'a Occurrence,
    /// Path from the top of the repository, with forward slashes; none for what lies in no file.
    pub path: Option<String>,
    /// The commit that brought it in, or is itself the text; empty where none is known.
    pub commit: &'a str,
    /// What is known of that commit.
    pub note: Option<&'a CommitNote>,
    pub guard: Guard<'a>,
}

/// Every place of every finding and of its companions, in the order of the report. With `show_secrets`
/// unset in `options`, as all formats that are uploaded do, no text of a place carries its secret.
pub(super) fn places<'a>(outcome: &'a Outcome, options: &'a Options) -> impl Iterator<Item = Place<'a>> {
    outcome.halves().flat_map(move |finding| of_finding(finding, options))
}

/// The places of one finding.
pub(super) fn of_finding<'a>(finding: &'a Finding, options: &'a Options) -> impl Iterator<Item = Place<'a>> {
    finding.occurrences.iter().map(move |occurrence| {
        let guard = Guard::new(finding, options);
        let commit = commit(&occurrence.origin);
        Place {
            path: path(&occurrence.origin, options).map(|path| guard.text(&path).into_owned()),
            commit,
            note: finding.story.as_ref().and_then(|story| story.notes.get(commit)),
            finding,
            occurrence,
            guard,
        }
    })
}

impl Place<'_> {
    /// The path, or what the text is called that lies in no file.
    pub fn name(&self) -> String {
        self.path.clone().unwrap_or_else(|| self.guard.text(&self.occurrence.origin.to_string()).into_owned())
    }

    /// The encodings around the secret, the outermost first: `base64 > gzip`; empty where it stands in clear.
    pub fn chain(&self) -> String {
        self.occurrence.decoded.join(" > ")
    }

    /// The same for a sentence: `, decoded from base64 > gzip`.
    pub fn decoded(&self) -> String {
        match self.chain() {
            chain if chain.is_empty() => chain,
            chain => format!(", decoded from {chain}"),
        }
    }

    /// First and last line, from 1, the last never before the first.
    pub fn lines(&self) -> (u64, u64) {
        let first = self.occurrence.start.line.max(1);
        (first, self.occurrence.end.line.max(first))
    }

    /// First column and last column, both from 1 and counted in bytes; the last is that of the last byte.
    pub fn columns(&self) -> (u64, u64) {
        let (start, end) = (self.occurrence.start, self.occurrence.end);
        (start.column.max(1), end.column.saturating_sub(1).max(1))
    }

    /// `src/app.py:3`, with the commit where one is known: `src/app.py:3 in 0123456789ab`. Nothing in it
    /// steers a terminal.
    pub fn told(&self) -> String {
        let place = format!("{}:{}", inert(&self.name()), self.lines().0);
        match self.commit {
            "" => place,
            commit => format!("{place} in {}", &commit[..commit.len().min(12)]),
        }
    }
}

/// The path of what was read, as seen from the top of the repository.
fn path(origin: &Origin, options: &Options) -> Option<String> {
    match origin.root() {
        Origin::File(path) => Some(slashed(&uri::relative(path, options)) + &origin.way()),
        _ => origin.path(),
    }
}

/// The commit that brought bytes in, or that they are the text of; empty where none is known.
pub fn commit(origin: &Origin) -> &str {
    match origin {
        Origin::Object { id, kind: ObjectKind::Commit, commit: None, .. } => id,
        _ => origin.commit().unwrap_or_default(),
    }
}

/// What to do about a finding, in a sentence.
pub(super) fn advice(finding: &Finding) -> String {
    match finding.rotate.as_str() {
        "" => {
            "Revoke it where it was issued, issue a new one, and keep that out of the repository.".to_owned()
        }
        rotate => format!("Rotate it: {rotate}"),
    }
}

/// Why something was not looked at, in a sentence that steers no terminal.
pub(super) fn missed(skipped: &Skipped) -> String {
    let mut text = format!("{} was not looked at: {}", skipped.origin, skipped.reason.name());
    if !skipped.detail.is_empty() {
        text.push_str(&format!(" ({})", skipped.detail));
    }
    inert(&text)
}

/// `1 critical, 2 high`: how many findings there are of each severity that occurs.
pub(super) fn severities(outcome: &Outcome) -> String {
    let counts = by_severity(outcome).into_iter().filter(|(_, count)| *count > 0);
    counts.map(|(severity, count)| format!("{count} {}", severity.name())).collect::<Vec<_>>().join(", ")
}
