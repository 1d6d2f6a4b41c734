//! What was masked, by name and form; never a value.

use std::collections::BTreeMap;

/// Most places that a report lists one by one; what comes later is only counted.
pub const PLACES: usize = 10_000;

/// The spelling that a secret was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // the names say it
pub enum Form {
    Literal,
    Terminal,
    Wrapped,
    Base64,
    Base32,
    Hex,
    Percent,
    Backslash,
    Entity,
    Quoting,
    QuotedPrintable,
    Dump,
    Nested,
    Rule,
}

impl Form {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Form::Literal => "literal",
            Form::Base64 => "base64",
            Form::Base32 => "base32",
            Form::Hex => "hex",
            Form::Percent => "percent",
            Form::Backslash => "backslash",
            Form::Entity => "entity",
            Form::Quoting => "quoting",
            Form::QuotedPrintable => "quoted-printable",
            Form::Dump => "dump",
            Form::Terminal => "terminal",
            Form::Wrapped => "wrapped",
            Form::Nested => "nested",
            Form::Rule => "rule",
        }
    }
}

/// One masked place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    /// The needle's name or the rule's id.
    pub name: String,
    /// The spelling.
    pub form: Form,
    /// Offset of its first byte in the input.
    pub offset: u64,
    /// Its line, 1-based.
    pub line: u64,
}

/// A value that was registered after it had been printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Late {
    /// The needle's name.
    pub name: String,
    /// Offset of its first byte in the input.
    pub offset: u64,
    /// Its line, 1-based.
    pub line: u64,
}

/// What a masker did so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The first [`PLACES`] masked places, in the order of the input.
    pub masked: Vec<Masked>,
    /// How often each name (or rule id) was masked, by form.
    pub counts: BTreeMap<(String, Form), u64>,
    /// Values that were registered after they had been printed.
    pub late: Vec<Late>,
    /// Bytes taken.
    pub bytes: u64,
}

impl Report {
    /// Number of masked places.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Count a masked place.
    pub(super) fn count(&mut self, name: &str, form: Form, offset: u64, line: u64) {
        *self.counts.entry((name.to_owned(), form)).or_default() += 1;
        if self.masked.len() < PLACES {
            self.masked.push(Masked { name: name.to_owned(), form, offset, line });
        }
    }
}
