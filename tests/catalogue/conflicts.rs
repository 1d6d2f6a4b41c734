//! Rules that fight over a place, and rules that match what another one must miss.

use sekisho::engine::{Engine, Input, Match, Scratch, trial};
use sekisho::rules::{RuleSet, sample};

fn set(rules: &[(&str, &str, &str, &str)]) -> RuleSet {
    let mut set = RuleSet::empty();
    for (id, pattern, hit, miss) in rules {
        let text = format!(
            "[[rule]]\nid = \"{id}\"\nsummary = \"A test\"\nseverity = \"high\"\n{pattern}\nhit = ['{hit}']\nmiss = ['{miss}']\n"
        );
        set.add_text("test.toml", &text).unwrap();
    }
    set
}

fn scan(set: &RuleSet, text: &[u8]) -> Vec<Match> {
    let mut out = Vec::new();
    Engine::new(set.clone()).scan(&mut Scratch::default(), &Input::whole(text), &mut out);
    out
}

fn ids(set: &RuleSet, found: &[Match]) -> Vec<(String, Vec<String>)> {
    let id = |index| set.get(index).id.to_string();
    found.iter().map(|one| (id(one.rule), one.also.iter().map(|&other| id(other)).collect())).collect()
}

#[test]
fn of_two_rules_for_one_span_the_more_specific_one_owns_it_and_names_the_other() {
    let wide = ("acme-wide", r"regex = '''\bacm_[0-9A-Za-z_]{24}\b'''", "«acm_{base62:24}»", "acm_x");
    let narrow =
        ("acme-narrow", r"regex = '''\bacm_live_[0-9A-Za-z]{19}\b'''", "«acm_live_{base62:19}»", "acm_y");
    let text = sample::expand("t = acm_live_{base62:19}\n", 3).unwrap().text;
    // The order in which they are loaded makes no difference.
    for rules in [[wide, narrow], [narrow, wide]] {
        let set = set(&rules);
        let found = ids(&set, &scan(&set, &text));
        assert_eq!(found, [("acme-narrow".to_owned(), vec!["acme-wide".to_owned()])]);
    }
}

#[test]
fn two_rules_that_say_the_same_are_told() {
    let same = r"regex = '''\bacm_[0-9A-Za-z]{24}\b'''";
    let set = set(&[
        ("acme-first", same, "«acm_{base62:24}»", "acm_x"),
        ("acme-second", same, "«acm_{base62:24}»", "acm_x"),
    ]);
    let trouble = trial::check(&set, |_| true);
    assert_eq!(trouble.len(), 1, "{trouble:?}");
    assert!(trouble[0].starts_with("acme-second: hit"), "{trouble:?}");
    assert!(trouble[0].contains("acme-first"), "{trouble:?}");
}

#[test]
fn a_rule_that_matches_its_own_miss_is_told() {
    let set = set(&[(
        "acme-own",
        r"regex = '''\bacm_[0-9A-Za-z]{20,24}\b'''",
        "«acm_{base62:24}»",
        "acm_{base62:20}",
    )]);
    let trouble = trial::check(&set, |_| true);
    assert_eq!(trouble.len(), 1, "{trouble:?}");
    assert!(trouble[0].contains("must not be"), "{trouble:?}");
}

#[test]
fn placeholders_behind_prefixes_are_found_by_no_rule() {
    let rules = RuleSet::builtin();
    let mut wrong = Vec::new();
    for (_, rule) in rules.iter() {
        let placeholders = rule.miss.iter().filter(|miss| miss.ends_with("your-token-here"));
        for text in placeholders {
            let found = scan_builtin(text.as_bytes());
            wrong.extend(found.into_iter().map(|id| format!("{}: {id} finds {text}", rule.id)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn scan_builtin(text: &[u8]) -> Vec<String> {
    use std::sync::OnceLock;
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| Engine::new(RuleSet::builtin()));
    let mut out = Vec::new();
    engine.scan(&mut Scratch::default(), &Input::whole(text), &mut out);
    out.iter().map(|found| engine.rules().get(found.rule).id.to_string()).collect()
}
