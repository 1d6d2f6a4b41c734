//! Tries rules on their own examples: every `hit` template must give exactly that rule and span under
//! the whole rule set, every `miss` template must not give that rule.

use super::{Engine, Input, Scratch};
use crate::rules::{Rule, RuleSet, sample};
use std::collections::HashSet;

/// How many samples are made of each template.
const SAMPLES: u64 = 8;

/// Try all rules of a set whose id `chosen` accepts. Every line returned names a rule, a template and
/// what went wrong; none means that all examples hold.
pub fn check(rules: &RuleSet, chosen: impl Fn(&str) -> bool) -> Vec<String> {
    // Rules that are off by default are tried too, but do not disturb the others.
    let usual: Vec<bool> = rules.iter().map(|(_, rule)| rule.enabled).collect();
    let engine = Engine::with(rules.clone(), usual);
    let all = Engine::with(rules.clone(), vec![true; rules.len()]);
    let mut trouble = Vec::new();
    let mut seen = HashSet::new();
    for (_, rule) in rules.iter().filter(|(_, rule)| chosen(&rule.id)) {
        let engine = if rule.enabled { &engine } else { &all };
        for template in rule.hit.iter() {
            (0..SAMPLES).filter_map(|seed| hit(engine, rule, template, seed)).take(1).for_each(|line| {
                if seen.insert(line.clone()) {
                    trouble.push(line);
                }
            });
        }
        for template in rule.miss.iter() {
            (0..SAMPLES)
                .filter_map(|seed| miss(engine, rule, template, seed))
                .take(1)
                .for_each(|line| trouble.push(line));
        }
    }
    trouble
}

fn found(engine: &Engine, text: &[u8]) -> Vec<super::Match> {
    let mut out = Vec::new();
    engine.scan(&mut Scratch::default(), &Input::whole(text), &mut out);
    out
}

fn hit(engine: &Engine, rule: &Rule, template: &str, seed: u64) -> Option<String> {
    let place = format!("{}: hit {template:?}", rule.id);
    let sample = match sample::expand(template, seed) {
        Ok(sample) => sample,
        Err(error) => return Some(format!("{place}: {error}")),
    };
    let Some(span) = sample.secret else {
        return Some(format!("{place}: marks no secret with « and »"));
    };
    let matches = found(engine, &sample.text);
    let id = |found: &super::Match| engine.rules().get(found.rule).id.clone();
    if matches.iter().any(|found| found.secret == span && id(found) == rule.id) {
        return None;
    }
    let others: Vec<String> = matches
        .iter()
        .map(|found| format!("{} at {}..{}", id(found), found.secret.start, found.secret.end))
        .collect();
    let others = if others.is_empty() { "nothing".to_owned() } else { others.join(", ") };
    Some(format!("{place}: expected the secret at {}..{}, found {others}", span.start, span.end))
}

fn miss(engine: &Engine, rule: &Rule, template: &str, seed: u64) -> Option<String> {
    let place = format!("{}: miss {template:?}", rule.id);
    let sample = match sample::expand(template, seed) {
        Ok(sample) => sample,
        Err(error) => return Some(format!("{place}: {error}")),
    };
    let matches = found(engine, &sample.text);
    let hit = matches.iter().any(|found| {
        engine.rules().get(found.rule).id == rule.id
            || found.also.iter().any(|&also| engine.rules().get(also).id == rule.id)
    });
    hit.then(|| format!("{place}: is found, but must not be"))
}
