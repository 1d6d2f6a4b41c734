//! The built-in rules: every example holds under the whole set, and the shapes that rules are lowered
//! to say the same as their patterns.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use sekisho::engine::trial;
use sekisho::rules::rule::{Matcher, Shape, Token};
use sekisho::rules::{Rule, RuleSet, compile, sample};
use std::collections::HashSet;

#[test]
fn every_example_holds_under_the_whole_set() {
    let trouble = trial::check(&RuleSet::builtin(), |_| true);
    assert!(trouble.is_empty(), "{} examples do not hold:\n{}", trouble.len(), trouble.join("\n"));
}

#[test]
fn ids_are_unique_and_told_to_the_set() {
    let rules = RuleSet::builtin();
    let mut seen = HashSet::new();
    for (index, rule) in rules.iter() {
        assert!(seen.insert(rule.id.to_string()), "{} stands there twice", rule.id);
        assert_eq!(rules.by_id(&rule.id).map(|(found, _)| found), Some(index));
    }
    assert!(!rules.is_empty());
}

#[test]
fn every_rule_says_what_it_finds_and_what_to_do() {
    let rules = RuleSet::builtin();
    let wrong: Vec<String> = rules
        .iter()
        .flat_map(|(_, rule)| {
            [
                ("rotate", rule.rotate.trim().is_empty()),
                ("summary", rule.summary.trim().is_empty()),
                ("provider", rule.provider.trim().is_empty()),
                ("hit", rule.hit.is_empty()),
                ("miss", rule.miss.is_empty()),
            ]
            .into_iter()
            .filter(|&(_, empty)| empty)
            .map(|(what, _)| format!("{}: no {what}", rule.id))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn references_are_links_and_companions_exist() {
    let rules = RuleSet::builtin();
    let mut wrong = Vec::new();
    for (_, rule) in rules.iter() {
        let links = rule.refs.iter().filter(|link| !link.starts_with("https://"));
        wrong.extend(links.map(|link| format!("{}: `{link}` is no https link", rule.id)));
        if let Some(pair) = rule.pair.as_ref().filter(|pair| rules.by_id(&pair.rule).is_none()) {
            wrong.push(format!("{}: no rule is called `{}`", rule.id, pair.rule));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Numbers that look random, the same in every run (xorshift64*, S. Vigna).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit.max(1)
    }
}

/// A text with one small thing wrong.
fn mutated(text: &[u8], dice: &mut Dice) -> Vec<u8> {
    const BYTES: &[u8] = b"0aAzZ9_-.=+/: \n\"\xc3";
    let mut text = text.to_vec();
    let at = dice.below(text.len());
    let byte = BYTES[dice.below(BYTES.len())];
    match dice.below(4) {
        0 => text.truncate(at),
        1 => drop(text.remove(at)),
        2 => text.insert(at, byte),
        _ => text[at] = byte,
    }
    text
}

fn regex(pattern: &str) -> Regex {
    Regex::builder()
        .configure(Regex::config().utf8_empty(false))
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(pattern)
        .unwrap()
}

/// End of the match and span of the secret, as a regex engine and as shapes see them.
type Seen = Option<(usize, (usize, usize))>;

fn by_regex(regex: &Regex, text: &[u8], at: usize) -> Seen {
    let mut captures = regex.create_captures();
    regex.search_captures(&Input::new(text).range(at..).anchored(Anchored::Yes), &mut captures);
    let whole = captures.get_match()?;
    let secret = captures.get_group_by_name("secret").unwrap_or(whole.span());
    Some((whole.end(), (secret.start, secret.end)))
}

fn by_shapes(shapes: &[Shape], text: &[u8], at: usize) -> Seen {
    shapes.iter().find_map(|shape| shape.match_at(text, at))
}

/// Compare the two at every place of samples and of samples with something wrong; returns how often
/// something matched.
fn twins_agree(rule: &Rule, token: &Token, dice: &mut Dice) -> Result<usize, String> {
    let (_, pattern) = compile::engine_pattern(&token.regex);
    let regex = regex(&pattern);
    let mut matched = 0;
    for template in rule.hit.iter().chain(rule.miss.iter()) {
        for seed in 0..3 {
            let text = sample::expand(template, seed).map_err(|error| format!("{}: {error}", rule.id))?.text;
            let texts = (0..6).map(|round| if round == 0 { text.clone() } else { mutated(&text, dice) });
            for text in texts {
                for at in 0..text.len() {
                    let (one, other) = (by_regex(&regex, &text, at), by_shapes(&token.shapes, &text, at));
                    matched += usize::from(one.is_some());
                    if one != other {
                        return Err(format!(
                            "{}: at {at} of {:?} the pattern sees {one:?}, the shapes {other:?}",
                            rule.id,
                            String::from_utf8_lossy(&text)
                        ));
                    }
                }
            }
        }
    }
    Ok(matched)
}

#[test]
fn shapes_and_patterns_agree() {
    let rules = RuleSet::builtin();
    let mut dice = Dice(0x5e15_0000_0001);
    let mut wrong = Vec::new();
    let mut lowered = 0;
    for (_, rule) in rules.iter() {
        let Matcher::Token(token) = &rule.matcher else { continue };
        if token.shapes.is_empty() {
            continue;
        }
        lowered += 1;
        match twins_agree(rule, token, &mut dice) {
            Ok(0) => wrong.push(format!("{}: no sample matches the pattern anywhere", rule.id)),
            Ok(_) => {}
            Err(error) => wrong.push(error),
        }
    }
    assert!(lowered > 0, "no rule was lowered to shapes");
    assert!(wrong.is_empty(), "{} of {lowered} rules:\n{}", wrong.len(), wrong.join("\n"));
}
