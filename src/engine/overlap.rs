//! Settles which rule owns a place that several rules matched.

use super::decoded::Decoding;
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
    if held.decoded.is_some() || found.decoded.is_some() {
        return contest_decoded(rules, held, found);
    }
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

/// Where one of two is decoded, or both. What stands in clear is what it is if its structure says so;
/// what was only judged is judged by what it says.
fn contest_decoded(rules: &RuleSet, held: &Match, found: &Match) -> Contest {
    match (&held.decoded, &found.decoded) {
        (Some(one), Some(other)) if one.value == other.value => {
            let rank = |one: &Match| specificity(rules, one.rule, one.certainty);
            let deeper = one.chain.len() > other.chain.len();
            match rank(held).cmp(&rank(found)) {
                std::cmp::Ordering::Less => Contest::FoundWins("the other rule is more specific"),
                std::cmp::Ordering::Equal if deeper => Contest::FoundWins("it is less deeply encoded"),
                std::cmp::Ordering::Equal => Contest::HeldWins("it is less deeply encoded"),
                std::cmp::Ordering::Greater => Contest::HeldWins("the other rule is more specific"),
            }
        }
        (Some(_), Some(_)) => {
            let judged = |one: &Match| one.certainty == Certainty::Judged;
            // Of a compressed stream all matches have one place.
            match (judged(held), judged(found)) {
                _ if held.secret == found.secret => Contest::Both,
                (true, false) => Contest::FoundWins("the other has the structure of its kind"),
                (false, true) => Contest::HeldWins("the other has the structure of its kind"),
                _ => Contest::Both,
            }
        }
        (None, Some(decoding)) => match clear_wins(rules, held, found, decoding) {
            Some((true, why)) => Contest::HeldWins(why),
            Some((false, why)) => Contest::FoundWins(why),
            None => Contest::Both,
        },
        (Some(decoding), None) => match clear_wins(rules, found, held, decoding) {
            Some((true, why)) => Contest::FoundWins(why),
            Some((false, why)) => Contest::HeldWins(why),
            None => Contest::Both,
        },
        (None, None) => Contest::Both,
    }
}

/// Does what stands in clear win, and why? `None`: both stay.
fn clear_wins(
    rules: &RuleSet,
    clear: &Match,
    other: &Match,
    decoding: &Decoding,
) -> Option<(bool, &'static str)> {
    // As many bytes in the same place: nothing about the value is written otherwise.
    let unchanged = clear.secret == other.secret && decoding.value.len() == clear.secret.len();
    match clear.certainty {
        _ if unchanged => Some((true, "the value stands there in clear")),
        Certainty::Judged => Some((false, "an encoded value is what it says")),
        _ if !clear.secret.contains(other.secret) => None,
        _ if matches!(rules.get(clear.rule).matcher, Matcher::Block(_)) => {
            Some((true, "the block holds the other"))
        }
        // What only has the look of an encoded token is what it says, where that has a structure too.
        Certainty::Structured if other.certainty > Certainty::Judged => {
            Some((false, "what it says has the structure of its kind"))
        }
        _ => Some((true, "the other is a part of it")),
    }
}
