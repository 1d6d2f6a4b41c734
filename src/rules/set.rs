//! The rules in force: the built-in ones and those that a user adds.

use super::check;
use super::compile;
use super::file::{self, FileRule, Provider, RuleError};
use super::grams::GramTable;
use super::rule::*;
use crate::error::Error;
use sha2::{Digest, Sha256};
use std::path::Path;

#[allow(unused_imports)] // used by the generated rules
use std::borrow::Cow;

static BUILTIN: &[Rule] = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));
/// A digest over the built-in rules, made when they are compiled.
static BUILTIN_DIGEST: &str = include!(concat!(env!("OUT_DIR"), "/digest.rs"));
static GRAMS: GramTable = include!(concat!(env!("OUT_DIR"), "/grams.rs"));

/// Names a rule of a [`RuleSet`]: its place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIndex(pub u32);

/// Rules, built-in first. Ids are unique.
#[derive(Clone, Debug)]
pub struct RuleSet {
    builtin: &'static [Rule],
    own: Vec<Rule>,
}

impl RuleSet {
    /// The rules compiled into the program.
    pub fn builtin() -> RuleSet {
        RuleSet { builtin: BUILTIN, own: Vec::new() }
    }

    /// No rules: a start for tests and for `--no-builtin`.
    pub fn empty() -> RuleSet {
        RuleSet { builtin: &[], own: Vec::new() }
    }

    /// Number of rules.
    pub fn len(&self) -> usize {
        self.builtin.len() + self.own.len()
    }

    /// True for a set of no rules.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rule at a place.
    #[inline]
    pub fn get(&self, index: RuleIndex) -> &Rule {
        let index = index.0 as usize;
        match self.builtin.get(index) {
            Some(rule) => rule,
            None => &self.own[index - self.builtin.len()],
        }
    }

    /// All rules with their places.
    pub fn iter(&self) -> impl Iterator<Item = (RuleIndex, &Rule)> {
        self.builtin.iter().chain(&self.own).enumerate().map(|(index, rule)| (RuleIndex(index as u32), rule))
    }

    /// The beginnings of the built-in rules, where the set holds these.
    pub fn builtin_grams(&self) -> Option<&'static GramTable> {
        (!self.builtin.is_empty()).then_some(&GRAMS)
    }

    /// The rules that are not built in, with their places.
    pub fn own(&self) -> impl Iterator<Item = (RuleIndex, &Rule)> {
        let first = self.builtin.len();
        self.own.iter().enumerate().map(move |(index, rule)| (RuleIndex((first + index) as u32), rule))
    }

    /// The rule with this id.
    pub fn by_id(&self, id: &str) -> Option<(RuleIndex, &Rule)> {
        self.iter().find(|(_, rule)| rule.id == id)
    }

    /// What somebody who wrote `id` may have meant: the ids of at most five rules, the likeliest first.
    pub fn like(&self, id: &str) -> Vec<&str> {
        let likeness = |known: &str| {
            strsim::jaro_winkler(id, known)
                + if known.starts_with(id) { 0.2 } else { 0.0 }
                + if known.contains(id) { 0.1 } else { 0.0 }
        };
        let mut known: Vec<(f64, &str)> =
            self.iter().map(|(_, rule)| (likeness(&rule.id), rule.id.as_ref())).collect();
        known.retain(|(likeness, _)| *likeness > 0.85);
        known.sort_by(|one, other| other.0.total_cmp(&one.0));
        known.into_iter().map(|(_, id)| id).take(5).collect()
    }

    /// Add the rules of a file.
    ///
    /// # Errors
    /// A file that cannot be read, or a rule in it that cannot be used; nothing is added then.
    pub fn add_file(&mut self, path: &Path) -> Result<usize, Error> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| Error::Rules {
            file: name.clone(),
            rule: None,
            reason: format!("cannot be read: {error}"),
            remedy: "check the path given with --rules".to_owned(),
        })?;
        self.add_text(&name, &text)
    }

    /// Add the rules of a text in the form of a rule file; `name` is used in errors.
    ///
    /// # Errors
    /// As for [`RuleSet::add_file`].
    pub fn add_text(&mut self, name: &str, text: &str) -> Result<usize, Error> {
        let file = file::parse(text).map_err(|error| in_file(name, error))?;
        self.add_rules(name, file.provider.unwrap_or_else(own_provider), file.rule)
    }

    /// Add rules in their file form.
    ///
    /// # Errors
    /// As for [`RuleSet::add_file`].
    pub fn add_rules(
        &mut self,
        name: &str,
        provider: Provider,
        rules: Vec<FileRule>,
    ) -> Result<usize, Error> {
        let mut added: Vec<Rule> = Vec::with_capacity(rules.len());
        for rule in rules {
            let rule = compile::compile(rule, &provider).map_err(|error| in_file(name, error))?;
            if let Some(unknown) = rule.check.as_ref().filter(|check| check::by_name(check).is_none()) {
                let known: Vec<&str> = check::names().collect();
                let error = RuleError::of(
                    &rule.id,
                    format!("no validator is called `{unknown}`"),
                    format!("use one of {}", known.join(", ")),
                );
                return Err(in_file(name, error));
            }
            let double = self.by_id(&rule.id).is_some() || added.iter().any(|other| other.id == rule.id);
            if double {
                let error =
                    RuleError::of(&rule.id, "this id is already in use", "give the rule an id of its own");
                return Err(in_file(name, error));
            }
            added.push(rule);
        }
        let count = added.len();
        self.own.extend(added);
        Ok(count)
    }

    /// A digest over everything in the rules that decides what is found: caches are keyed by it.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(env!("CARGO_PKG_VERSION"));
        if !self.builtin.is_empty() {
            hash.update(BUILTIN_DIGEST);
        }
        for rule in &self.own {
            hash.update(format!("{rule:?}"));
        }
        hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn own_provider() -> Provider {
    Provider { name: "Own rules".to_owned(), docs: String::new(), generic: false }
}

fn in_file(file: &str, error: RuleError) -> Error {
    Error::Rules { file: file.to_owned(), rule: error.rule, reason: error.reason, remedy: error.remedy }
}
