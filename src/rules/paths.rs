//! Rules that hold in some files only.

use super::{RuleIndex, RuleSet};
use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use std::collections::HashMap;

/// The path patterns of the rules that have one.
#[derive(Debug, Default)]
pub struct PathRules(HashMap<RuleIndex, Option<Regex>>);

impl PathRules {
    /// The patterns of a set.
    pub fn new(rules: &RuleSet) -> PathRules {
        let build = |pattern: &str| {
            let syntax = syntax::Config::new().unicode(false).utf8(false);
            Regex::builder().syntax(syntax).build(pattern).ok()
        };
        PathRules(
            rules
                .iter()
                .filter_map(|(index, rule)| Some((index, build(rule.path_regex.as_deref()?))))
                .collect(),
        )
    }

    /// True where every rule holds everywhere.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Does this rule hold in a file of this path (with forward slashes)? Where no path is known every rule
    /// does: nothing is lost then.
    pub fn hold(&self, rule: RuleIndex, path: Option<&str>) -> bool {
        match (self.0.get(&rule), path) {
            // A pattern that is too large to be compiled holds everywhere.
            (Some(Some(regex)), Some(path)) => regex.is_match(path),
            _ => true,
        }
    }
}
