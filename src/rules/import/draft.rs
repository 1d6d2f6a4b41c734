//! What an import makes: rules, suppressions, and notes about what could not be carried over as it was.

use crate::rules::file::FileRule;
use std::collections::BTreeMap;

/// How much a note matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// It was left out.
    LeftOut,
    /// The other scanner's file has a fault here.
    Defect,
    /// It was carried over with a difference.
    Changed,
}

impl Grade {
    /// The word that notes begin with.
    pub fn name(self) -> &'static str {
        match self {
            Grade::LeftOut => "left out",
            Grade::Defect => "defect",
            Grade::Changed => "changed",
        }
    }
}

/// Something to know about one part of an imported file. Notes hold no pattern and no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it is about: ``rule `x` ``, `the global allowlist`.
    pub about: String,
    /// How much it matters.
    pub grade: Grade,
    /// What to know, in words.
    pub text: String,
}

impl std::fmt::Display for Note {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.about.is_empty() {
            true => write!(out, "{}: {}", self.grade.name(), self.text),
            false => write!(out, "{}: {}: {}", self.grade.name(), self.about, self.text),
        }
    }
}

/// A suppression, in the keys of an `[[allow]]` table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowDraft {
    /// Ids of rules.
    pub rules: Vec<String>,
    /// A pattern as in `.gitignore`.
    pub path: Option<String>,
    /// A regular expression on the path.
    pub path_regex: Option<String>,
    /// A regular expression on the secret.
    pub value: Option<String>,
    /// A regular expression on the line.
    pub line: Option<String>,
    /// SHA-1 digests of secrets, hexadecimal.
    pub sha1: Vec<String>,
    /// The identity of one secret.
    pub fingerprint: Option<String>,
    /// Why.
    pub reason: String,
}

/// All that an import makes.
#[derive(Debug, Default)]
pub struct Draft {
    /// Rules, each of which loads.
    pub rules: Vec<FileRule>,
    /// Suppressions.
    pub allow: Vec<AllowDraft>,
    /// Built-in rules that are switched off.
    pub disable: Vec<String>,
    /// The file means that its own rules are the only ones.
    pub replaces: bool,
    /// What to know about it.
    pub notes: Vec<Note>,
    /// How many rules the file has.
    pub rules_read: usize,
    /// How many suppressions the file has.
    pub allow_read: usize,
}

impl Draft {
    /// Note something.
    pub fn note(&mut self, about: &str, grade: Grade, text: impl Into<String>) {
        let note = Note { about: about.to_owned(), grade, text: text.into() };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// How many notes there are of each grade.
    pub fn counts(&self) -> BTreeMap<Grade, usize> {
        let mut counts = BTreeMap::new();
        self.notes.iter().for_each(|note| *counts.entry(note.grade).or_insert(0) += 1);
        counts
    }

    /// Take over what another import made.
    pub fn extend(&mut self, other: Draft) {
        self.rules.extend(other.rules);
        self.allow.extend(other.allow);
        self.disable.extend(other.disable);
        self.replaces |= other.replaces;
        self.rules_read += other.rules_read;
        self.allow_read += other.allow_read;
        other.notes.into_iter().for_each(|note| {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        });
    }
}
