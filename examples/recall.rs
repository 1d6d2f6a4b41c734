//! How much of the catalogue is found where people leave secrets: samples of every rule in the notations
//! of configuration files, programs, command lines and logs.
//!
//! `recall [RULE...]` prints the secrets that no finding covers, by notation and by rule, then the share
//! found. The same in every run.
#![allow(clippy::print_stdout)]

#[path = "../tests/catalogue/notations.rs"]
mod notations;

use sekisho::engine::{Engine, Input, Scratch};
use sekisho::rules::RuleSet;
use std::collections::BTreeMap;

/// Samples made of each rule.
const SEEDS: u64 = 4;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let rules = RuleSet::builtin();
    let engine = Engine::new(rules.clone());
    let mut scratch = Scratch::default();
    let mut by_notation: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    let mut missed: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut other: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for (index, rule) in rules.iter().filter(|(_, rule)| rule.enabled) {
        if !wanted.is_empty() && !wanted.contains(&rule.id.to_string()) {
            continue;
        }
        for case in (0..SEEDS).flat_map(|seed| notations::cases(rule, seed)) {
            let mut found = Vec::new();
            let input = Input { kind: case.kind, ..Input::whole(case.text.as_bytes()) };
            engine.scan(&mut scratch, &input, &mut found);
            let entry = by_notation.entry(case.notation).or_default();
            entry.0 += 1;
            match found.iter().find(|one| one.secret.contains(case.secret)) {
                None => missed.entry(rule.id.to_string()).or_default().push(case.notation),
                Some(one) if one.rule == index => {
                    entry.1 += 1;
                    entry.2 += 1;
                }
                Some(one) => {
                    entry.1 += 1;
                    let owner = rules.get(one.rule).id.to_string();
                    *other.entry(rule.id.to_string()).or_default().entry(owner).or_default() += 1;
                }
            }
        }
    }
    for (rule, notations) in &missed {
        println!("missed {rule}: {}", notations.join(" "));
    }
    for (rule, owners) in &other {
        println!("other {rule}: {owners:?}");
    }
    let mut all = (0, 0, 0);
    for (name, (tried, found, own)) in &by_notation {
        let share = share(*found, *tried);
        println!("{name:14} {found:6} of {tried:6} found ({share:.2} %), {own} by the rule itself");
        all = (all.0 + tried, all.1 + found, all.2 + own);
    }
    println!("all {} of {} found ({:.2} %), {} by the rule itself", all.1, all.0, share(all.1, all.0), all.2);
}

fn share(part: usize, all: usize) -> f64 {
    part as f64 * 100.0 / all.max(1) as f64
}
