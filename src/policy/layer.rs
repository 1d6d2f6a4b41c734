//! What one `sekisho.toml` says of findings below its directory.

use super::allow::Allow;
use super::paths::Paths;
use crate::origin::slashed;
use crate::rules::{RuleIndex, Severity};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// One file's say.
#[derive(Default)]
pub struct Layer {
    /// The file; none where there is none and this only holds defaults.
    pub file: Option<PathBuf>,
    /// Its directory, absolute: everything below is its concern.
    pub root: PathBuf,
    /// Its `[[allow]]` entries.
    pub allow: Allow,
    /// The line in the file on which each of them starts, where that is known.
    pub lines: Vec<usize>,
    /// What it says of rules, in the order in which it holds.
    pub scopes: Vec<Scope>,
}

/// What holds for rules at some paths.
#[derive(Default)]
pub struct Scope {
    /// Where; everywhere below the file's directory where it does not say.
    pub paths: Option<Paths>,
    /// Rules switched on and off.
    pub switches: HashMap<RuleIndex, bool>,
    /// Rules below this severity are off.
    pub least: Option<Severity>,
    /// Other severities.
    pub severity: HashMap<RuleIndex, Severity>,
}

/// How a rule stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Is it in force?
    pub on: bool,
    /// How grave its findings are.
    pub severity: Severity,
}

impl Layer {
    /// What this file makes of a rule at a path (absolute, or relative to the file's directory).
    pub fn apply(&self, rule: RuleIndex, path: Option<&Path>, state: &mut State) {
        if self.scopes.is_empty() {
            return;
        }
        let inside = path.and_then(|path| match path.is_absolute() {
            true => path.strip_prefix(&self.root).ok().map(slashed),
            false => Some(slashed(path)),
        });
        for scope in &self.scopes {
            let holds = scope.paths.as_ref().is_none_or(|paths| {
                let mut found = Vec::new();
                inside.iter().for_each(|inside| paths.matches(inside, &mut found));
                !found.is_empty()
            });
            if holds {
                scope.apply(rule, state);
            }
        }
    }

    /// Where an entry stands, for people.
    pub fn place(&self, number: usize) -> String {
        let file =
            self.file.as_deref().map_or_else(|| "[[allow]]".to_owned(), |file| file.display().to_string());
        match self.lines.get(number) {
            Some(line) => format!("{file}:{line}"),
            None => format!("{file} (entry {})", number + 1),
        }
    }
}

impl Scope {
    /// What this makes of a rule.
    pub fn apply(&self, rule: RuleIndex, state: &mut State) {
        state.severity = self.severity.get(&rule).copied().unwrap_or(state.severity);
        if self.least.is_some_and(|least| state.severity < least) {
            state.on = false;
        }
        state.on = self.switches.get(&rule).copied().unwrap_or(state.on);
    }
}
