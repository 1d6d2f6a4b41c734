//! What an import makes: rules, suppressions, and notes about what could not be carried over as it was.

use crate::rules::file::FileRule;
use std::collections::{BTreeMap, BTreeSet};

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
    /// The notes about rules that look for secrets and had to be left out: what they would find is missed.
    pub lost: Vec<Note>,
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

    /// Note that a rule which looks for secrets is left out.
    pub fn lose(&mut self, about: &str, reason: impl Into<String>) {
        let note = Note { about: about.to_owned(), grade: Grade::LeftOut, text: reason.into() };
        self.note(about, note.grade, note.text.clone());
        self.lost.push(note);
    }

    /// Take out what names rules that were left out: nothing here is called so. `others` tells of the rules
    /// that are there beside those of the draft.
    pub fn forget(&mut self, others: impl Fn(&str) -> bool) {
        let own: BTreeSet<String> = self.rules.iter().map(|rule| rule.id.clone()).collect();
        let there = |id: &String| own.contains(id) || others(id);
        let mut notes = Vec::new();
        self.disable.retain(|id| {
            let kept = there(id);
            if !kept {
                notes.push((format!("rule `{id}`"), "it is switched off, and was left out".to_owned()));
            }
            kept
        });
        self.allow.retain_mut(|entry| {
            let named = !entry.rules.is_empty();
            entry.rules.retain(&there);
            // An entry without a rule would hold for all of them.
            let kept = !named || !entry.rules.is_empty();
            if !kept {
                notes.push((
                    entry.reason.clone(),
                    "what it allows is for a rule that was left out".to_owned(),
                ));
            }
            kept
        });
        for rule in &mut self.rules {
            if let Some(pair) = rule.pair.take_if(|pair| !there(&pair.rule)) {
                let text = format!("it requires the rule `{}`, which was left out", pair.rule);
                notes.push((format!("rule `{}`", rule.id), text));
            }
        }
        notes.into_iter().for_each(|(about, text)| self.note(&about, Grade::Changed, text));
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
        self.lost.extend(other.lost);
        other.notes.into_iter().for_each(|note| {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        });
    }
}
