//! Samples of every rule are found in the notations in which people write secrets.

use super::notations;
use sekisho::engine::{Engine, Input, Scratch};
use sekisho::rules::RuleSet;

/// Share of secrets that must be found, in thousandths.
const LEAST: usize = 995;

#[test]
fn secrets_are_found_where_people_leave_them() {
    let rules = RuleSet::builtin();
    let engine = Engine::new(rules.clone());
    let mut scratch = Scratch::default();
    let (mut tried, mut missed) = (0, Vec::new());
    for (_, rule) in rules.iter().filter(|(_, rule)| rule.enabled) {
        for case in (0..2).flat_map(|seed| notations::cases(rule, seed)) {
            let mut found = Vec::new();
            let input = Input { kind: case.kind, ..Input::whole(case.text.as_bytes()) };
            engine.scan(&mut scratch, &input, &mut found);
            tried += 1;
            if !found.iter().any(|one| one.secret.contains(case.secret)) {
                missed.push(format!("{} in {}", rule.id, case.notation));
            }
        }
    }
    assert!(tried > 30_000, "only {tried} were tried");
    let found = tried - missed.len();
    assert!(found * 1000 >= tried * LEAST, "{found} of {tried} found; missed:\n{}", missed.join("\n"));
}
