//! Findings that people go through one by one: read from a report of ours, marked true, false or
//! accepted with a reason, and written down as allow entries and a list of what is left to do.
//!
//! A finding here is what a report tells, which holds no secret. Whoever wants to see one reads its place
//! again ([`place`]).

pub mod load;
pub mod place;
pub mod save;
pub mod session;

use crate::origin::Origin;
use crate::rules::Severity;

pub use session::{Decision, Mark, Session};

/// A finding as a report tells it.
#[derive(Clone, Debug)]
pub struct Item {
    /// Id of the rule.
    pub rule: String,
    /// What the rule finds.
    pub summary: String,
    /// How bad a leak is.
    pub severity: Severity,
    /// The stable identity.
    pub fingerprint: String,
    /// The masked secret; empty where the report tells none.
    pub masked: String,
    /// What was decoded from it.
    pub details: Vec<(String, String)>,
    /// Other rules that matched.
    pub also: Vec<String>,
    /// How to rotate it.
    pub rotate: String,
    /// Where its format and rotation are documented.
    pub refs: Vec<String>,
    /// Where it stands, at least one place.
    pub spots: Vec<Spot>,
    /// Where it came from and who may have it: label and sentence.
    pub story: Vec<(&'static str, String)>,
}

/// A place of a finding.
#[derive(Clone, Debug)]
pub struct Spot {
    /// Where the bytes came from; `None` where this program cannot read it again.
    pub origin: Option<Origin>,
    /// The same for people.
    pub shown: String,
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1.
    pub column: u64,
    /// Offset and length in the input, in bytes, where the report tells them.
    pub bytes: Option<(u64, u64)>,
    /// The line around it: before, the mask, behind.
    pub preview: Option<[String; 3]>,
}

impl Item {
    /// Path, line and column of its first place.
    pub fn place(&self) -> String {
        self.spots.first().map_or_else(String::new, Spot::place)
    }

    /// The masked secret, or that the report has none.
    pub fn shown(&self) -> &str {
        if self.masked.is_empty() { "(not told)" } else { &self.masked }
    }
}

impl Spot {
    /// Path, line and column.
    pub fn place(&self) -> String {
        format!("{}:{}:{}", self.shown, self.line, self.column)
    }
}
