//! The four-byte beginnings of tokens: a table from them to rules, and the bits that the engine's
//! candidate pass asks. The tables of the built-in rules are made by `build.rs`, so that the program
//! starts without them; those of users' rules at run time.

use super::rule::{Anchor, Matcher, Rule, Token};
use std::borrow::Cow;

/// Runs shorter than this are too common to be looked at one by one.
const SHORTEST_RUN: u32 = 8;
/// A rule with a shorter run and at most this many beginnings is searched by literals instead.
const FEW_GRAMS: usize = 8;
/// Marks the last rule of a beginning in [`GramTable::rules`].
const LAST: u32 = 1 << 31;
/// In [`GramTable::slots`]: no beginning here.
const FREE: u32 = u32::MAX;

/// How the candidate pass comes upon a token rule that begins with one of a few texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought {
    /// By the `://` of a URL.
    Scheme,
    /// By the beginnings as literals.
    Literals,
    /// By word starts of long runs.
    Beginnings,
}

/// How a token rule with these beginnings is come upon.
pub fn sought(token: &Token, grams: &[u32], run: u8) -> Sought {
    let short = u32::from(run) < SHORTEST_RUN;
    if short && begins_with_scheme(&token.regex) {
        Sought::Scheme
    } else if short && grams.len() <= FEW_GRAMS {
        Sought::Literals
    } else {
        Sought::Beginnings
    }
}

/// Is it the pattern of a URL with user information? Only for these a scheme's `://` with an `@` behind it
/// leads to every match.
fn begins_with_scheme(regex: &str) -> bool {
    let pattern = regex.strip_prefix(r"\b").unwrap_or(regex);
    let scheme = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || br"\+.-?()|:<>[]{},".contains(&byte))
    };
    pattern.split_once("://").is_some_and(|(before, behind)| scheme(before) && behind.contains('@'))
}

/// Rules by their four-byte beginnings (little-endian numbers).
#[derive(Clone, Debug)]
pub struct GramTable {
    /// Open addressing: a beginning and where its rules are.
    pub slots: Cow<'static, [(u32, u32)]>,
    /// Places of rules, the last one of each beginning marked.
    pub rules: Cow<'static, [u32]>,
    /// A bit for the hash of each beginning that is sought at word starts.
    pub bits: Cow<'static, [u64]>,
    /// The shortest run of token characters of those.
    pub run: u32,
}

/// Number of words of [`GramTable::bits`].
pub const WORDS: usize = 4096;

impl GramTable {
    /// The table of some rules, each with its place in its set.
    pub fn new<'r>(rules: impl Iterator<Item = (u32, &'r Rule)>) -> GramTable {
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        let mut bits = Vec::new();
        let mut shortest = SHORTEST_RUN;
        for (place, rule) in rules {
            let Matcher::Token(token) = &rule.matcher else { continue };
            let Anchor::WordStart { grams, run } = &token.anchor else { continue };
            pairs.extend(grams.iter().map(|&gram| (gram, place)));
            if sought(token, grams, *run) == Sought::Beginnings {
                bits.resize(WORDS, 0);
                grams.iter().for_each(|&gram| set(&mut bits, gram));
                shortest = shortest.min(u32::from(*run).max(1));
            }
        }
        pairs.sort_unstable();
        let distinct = pairs.chunk_by(|one, other| one.0 == other.0).count();
        // At least one place stays free, where a search ends.
        let size = if distinct == 0 { 0 } else { (distinct * 3 / 2 + 1).next_power_of_two() };
        let mut slots = vec![(0, FREE); size];
        let mut rules = Vec::with_capacity(pairs.len());
        for same in pairs.chunk_by(|one, other| one.0 == other.0) {
            let gram = same[0].0;
            let mut slot = place_of(gram) & (size - 1);
            while slots[slot].1 != FREE {
                slot = (slot + 1) & (size - 1);
            }
            slots[slot] = (gram, rules.len() as u32);
            rules.extend(same.iter().map(|pair| pair.1));
            if let Some(last) = rules.last_mut() {
                *last |= LAST;
            }
        }
        GramTable {
            slots: Cow::Owned(slots),
            rules: Cow::Owned(rules),
            bits: Cow::Owned(bits),
            run: shortest,
        }
    }

    /// The places of the rules of two tables whose matches can begin with these four bytes.
    #[inline]
    pub fn at_both<'t>(
        one: Option<&'t GramTable>,
        other: &'t GramTable,
        gram: u32,
    ) -> impl Iterator<Item = u32> + 't {
        let first = one.map_or(&[][..], |table| table.marked(gram));
        first.iter().chain(other.marked(gram)).map(|&rule| rule & !LAST)
    }

    #[inline]
    fn marked(&self, gram: u32) -> &[u32] {
        if self.slots.is_empty() {
            return &[];
        }
        let mask = self.slots.len() - 1;
        let mut slot = place_of(gram) & mask;
        loop {
            let (held, start) = self.slots[slot];
            if start == FREE {
                return &[];
            }
            if held == gram {
                let rest = &self.rules[start as usize..];
                let last = rest.iter().position(|rule| rule & LAST != 0).unwrap_or(0);
                return &rest[..=last];
            }
            slot = (slot + 1) & mask;
        }
    }

    /// All beginnings.
    pub fn grams(&self) -> impl Iterator<Item = u32> + '_ {
        self.slots.iter().filter(|slot| slot.1 != FREE).map(|slot| slot.0)
    }
}

/// Set the bit of a beginning.
pub fn set(bits: &mut [u64], gram: u32) {
    let hash = hash(gram);
    bits[hash >> 6] |= 1 << (hash & 63);
}

/// Hash of a beginning of four bytes, 18 bits.
#[inline(always)]
pub fn hash(gram: u32) -> usize {
    (gram.wrapping_mul(0x9e37_79b1) >> 14) as usize
}

#[inline]
fn place_of(gram: u32) -> usize {
    (gram.wrapping_mul(0x85eb_ca6b) >> 12) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RuleSet;

    #[test]
    fn only_urls_with_user_information_are_sought_by_their_scheme() {
        let sought_by_scheme = |rule: &Rule| match &rule.matcher {
            Matcher::Token(token) => match &token.anchor {
                Anchor::WordStart { grams, run } => sought(token, grams, *run) == Sought::Scheme,
                Anchor::Contains { .. } => false,
            },
            _ => false,
        };
        let rules = RuleSet::builtin();
        let found: Vec<&str> = rules
            .iter()
            .filter(|(_, rule)| sought_by_scheme(rule))
            .map(|(_, rule)| rule.id.as_ref())
            .collect();
        assert!(found.contains(&"postgres-connection-string") || found.len() > 3, "{found:?}");
        for (_, rule) in rules.iter().filter(|(_, rule)| sought_by_scheme(rule)) {
            let Matcher::Token(token) = &rule.matcher else { continue };
            assert!(token.regex.contains("://") && token.regex.contains('@'), "{}", rule.id);
        }
        assert!(!begins_with_scheme(r#"\bcfg "https://hooks\.acme\.com/(?<secret>[0-9a-z]{24})"#));
        assert!(!begins_with_scheme(r"\bpw: (?<secret>[0-9a-z]{8}) https://"));
        assert!(begins_with_scheme(
            r"\b(?:postgres|postgresql)(?:\+[a-z]{1,8})?://[a-z]{1,9}:(?<secret>[a-z]{4,9})@"
        ));
    }

    #[test]
    fn searches_end_in_tables_of_any_size() {
        let rules = RuleSet::builtin();
        for count in [1, 2, 3, 4, 5, 40] {
            let some = rules.iter().filter(|(_, rule)| {
                matches!(&rule.matcher, Matcher::Token(token) if matches!(token.anchor, Anchor::WordStart { .. }))
            });
            let some = some.take(count).map(|(index, rule)| (index.0, rule));
            let table = GramTable::new(some);
            assert!(table.slots.iter().any(|slot| slot.1 == FREE), "{count}");
            assert!(table.grams().all(|gram| !table.marked(gram).is_empty()));
            assert!((0..5000u32).filter(|gram| table.marked(gram * 977).is_empty()).count() > 4000);
        }
    }
}
