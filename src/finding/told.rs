//! What policy did with the findings of a run: what was suppressed and why, and what is stale.

use super::Finding;
use crate::rules::Severity;

/// What policy has to say.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// What is known or allowed, sorted by first place.
    pub suppressed: Vec<Suppressed>,
    /// What a person should mend: expired and idle entries.
    pub notes: Vec<Note>,
    /// Findings below this severity are reported and change no exit status.
    pub fail_on: Option<Severity>,
}

impl Told {
    /// How many findings were suppressed by each means that occurred.
    pub fn by_means(&self) -> Vec<(By, usize)> {
        let count = |by: By| self.suppressed.iter().filter(|one| one.why.by == by).count();
        [By::Comment, By::Entry, By::Baseline]
            .into_iter()
            .map(|by| (by, count(by)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}

/// A finding that is not reported, with those of its places that this is true of.
#[derive(Clone, Debug)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// Why it is not reported.
    pub why: Suppression,
}

/// What suppressed a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suppression {
    /// By what.
    pub by: By,
    /// Why, in the words of whoever did it; empty for a baseline.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Last day on which it holds, `YYYY-MM-DD`.
    pub expires: Option<String>,
    /// The file of the entry, as in `sekisho.toml:12`; none for comments.
    pub place: Option<String>,
}

/// A means of suppression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// A comment beside it.
    Comment,
    /// An `[[allow]]` entry.
    Entry,
    /// The baseline.
    Baseline,
}

impl By {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            By::Comment => "comment",
            By::Entry => "allow",
            By::Baseline => "baseline",
        }
    }
}

/// Something stale.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// What kind of thing.
    pub kind: NoteKind,
    /// Where it stands, as in `sekisho.toml:12`.
    pub place: String,
    /// What is the matter, in words.
    pub text: String,
}

/// Kinds of notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoteKind {
    /// A comment allows no more.
    ExpiredComment,
    /// A comment suppresses nothing.
    UnusedComment,
    /// An `[[allow]]` entry has expired.
    ExpiredEntry,
    /// An `[[allow]]` entry matched nothing.
    UnusedEntry,
    /// An entry of the baseline no longer occurs.
    GoneEntry,
}

impl NoteKind {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            NoteKind::ExpiredComment => "expired-comment",
            NoteKind::UnusedComment => "unused-comment",
            NoteKind::ExpiredEntry => "expired-allow",
            NoteKind::UnusedEntry => "unused-allow",
            NoteKind::GoneEntry => "gone-baseline",
        }
    }
}
