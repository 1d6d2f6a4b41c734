//! Settles which rule owns a place that several rules matched.

use super::{Certainty, Match};
use crate::rules::rule::Matcher;
use crate::rules::{RuleIndex, RuleSet};

/// Of matches of the same secret the most specific stays and names the others as `also`. A match that
/// only judgement speaks for gives way to any structured one it overlaps; a match inside a block, or
/// inside a longer one that starts at the same place, gives way too. `out[first..]` ends up sorted.
pub(super) fn settle(rules: &RuleSet, out: &mut Vec<Match>, first: usize) {
    settle_telling(rules, out, first, |_, _, _| {});
}

/// The same; `told` hears of each match that gives way: to which other, and why.
pub(super) fn settle_telling(
    rules: &RuleSet,
    out: &mut Vec<Match>,
    first: usize,
    mut told: impl FnMut(&Match, &Match, &'static str),
) {
    if out.len() - first < 2 {
        return;
    }
    out[first..].sort_by_key(|found| (found.secret.start, std::cmp::Reverse(found.secret.end), found.rule));
    let mut kept: Vec<Match> = Vec::with_capacity(out.len() - first);
    let mut reach = 0; // largest end among those kept
    for found in out.drain(first..) {
        if found.secret.start >= reach {
            reach = found.secret.end;
            kept.push(found);
            continue;
        }
        reach = reach.max(found.secret.end);
        place(rules, &mut kept, found, &mut told);
    }
    out.append(&mut kept);
}

/// Put `found` among those that overlap it at the end of `kept`.
fn place(
    rules: &RuleSet,
    kept: &mut Vec<Match>,
    mut found: Match,
    told: &mut impl FnMut(&Match, &Match, &'static str),
) {
    let mut index = kept.len();
    while index > 0 {
        index -= 1;
        let held = &mut kept[index];
        if !held.secret.overlaps(found.secret) {
            // Spans are sorted by start; a long one further back may still overlap.
            if found.secret.start.saturating_sub(held.secret.end) > super::LOOK_BEHIND {
                break;
            }
            continue;
        }
        match contest(rules, held, &found) {
            Contest::HeldWins(why) => {
                told(held, &found, why);
                name(&mut held.also, found.rule, held.rule);
                let also = std::mem::take(&mut found.also);
                also.into_iter().for_each(|rule| name(&mut held.also, rule, held.rule));
                return;
            }
            Contest::FoundWins(why) => {
                told(&found, held, why);
                let held = kept.remove(index);
                name(&mut found.also, held.rule, found.rule);
                held.also.into_iter().for_each(|rule| name(&mut found.also, rule, found.rule));
            }
            Contest::Both => {}
        }
    }
    let at = kept.partition_point(|held| {
        (held.secret.start, std::cmp::Reverse(held.secret.end))
            <= (found.secret.start, std::cmp::Reverse(found.secret.end))
    });
    kept.insert(at, found);
}

fn name(also: &mut Vec<RuleIndex>, rule: RuleIndex, owner: RuleIndex) {
    if rule != owner && !also.contains(&rule) {
        also.push(rule);
        also.sort_unstable();
    }
}

/// How specific a rule's match is: of two matches of one value the greater names it.
pub fn specificity(rules: &RuleSet, rule: RuleIndex, certainty: Certainty) -> impl Ord + use<> {
    let held = rules.get(rule);
    let class = match held.matcher {
        _ if certainty == Certainty::Judged => 0,
        _ if held.generic => 1,
        Matcher::Assigned(_) => 2,
        Matcher::Token(_) => 3,
        Matcher::Block(_) => 4,
    };
    (class, certainty, held.weight, std::cmp::Reverse(rule))
}

/// Who stays, and why.
enum Contest {
    HeldWins(&'static str),
    FoundWins(&'static str),
    Both,
}

/// The held one stays where `held` says so, else the other.
fn stays(held: bool, why: &'static str) -> Contest {
    if held { Contest::HeldWins(why) } else { Contest::FoundWins(why) }
}

fn contest(rules: &RuleSet, held: &Match, found: &Match) -> Contest {
    let same = held.secret == found.secret;
    let same_start = held.whole.start == found.whole.start || held.secret.start == found.secret.start;
    let judged = |one: &Match| one.certainty == Certainty::Judged;
    let rank = |one: &Match| specificity(rules, one.rule, one.certainty);
    let inside_block = |outer: &Match, inner: &Match| {
        matches!(rules.get(outer.rule).matcher, Matcher::Block(_)) && outer.secret.contains(inner.secret)
    };
    let nested = held.secret.contains(found.secret) || found.secret.contains(held.secret);
    if same || judged(held) != judged(found) || same_start && nested {
        // The longer of two with one start is the whole token; else the more specific one.
        if !same && same_start && judged(held) == judged(found) && held.secret.len() != found.secret.len() {
            return stays(held.secret.len() > found.secret.len(), "the longer of two that begin together");
        }
        return stays(rank(held) >= rank(found), "the surer and more specific rule");
    }
    if judged(held) && judged(found) {
        return stays(held.secret.len() >= found.secret.len(), "the longer of two judged values");
    }
    if inside_block(held, found) {
        return Contest::HeldWins("the block holds the other");
    }
    if inside_block(found, held) {
        return Contest::FoundWins("the block holds the other");
    }
    Contest::Both
}
