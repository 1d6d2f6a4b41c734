//! The table of facts: each is found by rules that exist, or left out for a reason.

use sekisho::rules::RuleSet;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    covered: BTreeMap<String, Vec<String>>,
    left_out: BTreeMap<String, String>,
}

fn table() -> Table {
    // A key that stands twice is an error of the parser.
    toml::from_str(include_str!("../coverage.toml")).unwrap()
}

#[test]
fn every_fact_is_covered_or_left_out_for_a_reason() {
    let (table, rules) = (table(), RuleSet::builtin());
    let mut wrong = Vec::new();
    for (fact, ids) in &table.covered {
        if ids.is_empty() || table.left_out.contains_key(fact) {
            wrong.push(format!("{fact}: must be either covered by a rule or left out"));
        }
        let unknown = ids.iter().filter(|id| rules.by_id(id).is_none());
        wrong.extend(unknown.map(|id| format!("{fact}: no rule is called `{id}`")));
    }
    let silent = table.left_out.iter().filter(|(_, reason)| reason.trim().len() < 10);
    wrong.extend(silent.map(|(fact, _)| format!("{fact}: left out without a reason")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What the facts' file lists; a smaller table has lost lines.
    assert_eq!(table.covered.len() + table.left_out.len(), 2284);
    assert!(table.left_out.len() < 450, "{} facts are left out", table.left_out.len());
}

#[test]
fn what_is_public_by_design_is_off() {
    let rules = RuleSet::builtin();
    let on: Vec<&str> = rules
        .iter()
        .filter(|(_, rule)| rule.severity == sekisho::rules::Severity::Info && rule.enabled)
        .map(|(_, rule)| &*rule.id)
        .collect();
    assert!(on.is_empty(), "of severity info and on by default: {on:?}");
}

#[test]
fn the_readme_counts_what_there_is() {
    let count = RuleSet::builtin().iter().count();
    let readme = include_str!("../../README.md");
    // A number written there goes stale: the command that counts is named, or the number is right.
    let number = |line: &str| {
        let digits: String = line
            .split(" kinds of secrets")
            .next()?
            .rsplit(' ')
            .next()?
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        digits.parse::<usize>().ok()
    };
    for line in readme.lines().filter(|line| line.contains(" kinds of secrets")) {
        assert_eq!(number(line), Some(count), "README.md says: {line}");
    }
    assert!(readme.contains("sekisho rules list"), "README.md names the command that lists the rules");
}
