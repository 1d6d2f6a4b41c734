//! Where rules are looked up from the places that the candidate pass writes down: a table from the
//! first four bytes to rules, and a table from three bytes inside a literal to that literal.

use super::assign;
use super::candidate::{Tables, fingerprint, fingerprint_hash, four};
use crate::rules::rule::{Anchor, Matcher, Text};
use crate::rules::{RuleIndex, RuleSet};

/// Runs shorter than this are too common to be looked at one by one.
const SHORTEST_RUN: u32 = 8;
/// A rule with a shorter run and at most this many beginnings is searched by literals instead.
const FEW_GRAMS: usize = 8;

/// What to do where a literal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A word that names secrets: read the assignment around it.
    Name,
    /// A word that only some rules' names hold: read the assignment for these.
    RuleName,
    /// The beginning of token rules, by their first four bytes.
    Start,
    /// The `://` behind the scheme of a URL: rules for URLs begin before it.
    Scheme,
    /// A text inside a token rule's matches.
    Inside(RuleIndex),
    /// A block rule's begin marker.
    Begin(RuleIndex),
}

struct Literal {
    /// As it stands in texts; in lower case where `exact` is false.
    text: Vec<u8>,
    /// Offset of the three bytes that the candidate pass searches.
    window: usize,
    exact: bool,
    purpose: Use,
    next: u32,
}

/// Rules by four-byte beginning and literals by fingerprint.
pub struct Anchors {
    /// The tables of the candidate pass.
    pub tables: Tables,
    /// Open addressing: beginning and a range of `rules`; an empty range is a free slot.
    slots: Vec<(u32, u32, u32)>,
    rules: Vec<RuleIndex>,
    literals: Vec<Literal>,
    /// First literal by hash of its fingerprint, `u32::MAX` for none.
    heads: Vec<u32>,
}

impl Anchors {
    /// Tables for those rules of a set for which `active` says yes, and for `names`, the words that name
    /// secrets.
    pub fn new(set: &RuleSet, active: impl Fn(RuleIndex) -> bool, names: &[&str]) -> Anchors {
        let mut pairs: Vec<(u32, RuleIndex)> = Vec::new();
        let mut literals: Vec<Literal> = Vec::new();
        let mut add = |text: &[u8], exact: bool, purpose: Use| {
            let folded = text.to_ascii_lowercase();
            let window = rarest_window(&folded);
            let folded = if exact { text.to_vec() } else { folded };
            if !matches!(purpose, Use::Start | Use::Scheme | Use::RuleName)
                || !literals.iter().any(|held: &Literal| held.purpose == purpose && held.text == folded)
            {
                literals.push(Literal { text: folded, window, exact, purpose, next: u32::MAX });
            }
        };
        let mut run = SHORTEST_RUN;
        // Beginnings that the candidate pass looks for by itself.
        let mut sought: Vec<u32> = Vec::new();
        for (index, rule) in set.iter().filter(|(index, _)| active(*index)) {
            match &rule.matcher {
                Matcher::Token(token) => match &token.anchor {
                    Anchor::WordStart { grams, run: least } => {
                        pairs.extend(grams.iter().map(|&gram| (gram, index)));
                        let short = u32::from(*least) < SHORTEST_RUN;
                        if short && token.regex.contains("://") {
                            add(b"://", true, Use::Scheme);
                        } else if short && grams.len() <= FEW_GRAMS {
                            grams.iter().for_each(|gram| add(&gram.to_le_bytes(), true, Use::Start));
                        } else {
                            sought.extend(grams.iter());
                            run = run.min(u32::from(*least).max(1));
                        }
                    }
                    Anchor::Contains { literals, any_case } => {
                        literals.iter().for_each(|text| add(text.as_bytes(), !any_case, Use::Inside(index)));
                    }
                },
                Matcher::Block(block) => {
                    block.begin.iter().for_each(|text| add(text.as_bytes(), true, Use::Begin(index)));
                }
                Matcher::Assigned(assigned) => {
                    let unknown = |word: &&Text| !names.iter().any(|name| word.contains(name));
                    for word in assigned.name.iter().filter(unknown) {
                        spellings(word).iter().for_each(|text| add(text.as_bytes(), false, Use::RuleName));
                    }
                }
            }
        }
        names.iter().for_each(|name| add(name.as_bytes(), false, Use::Name));
        assign::known_words().iter().for_each(|name| add(name.as_bytes(), false, Use::RuleName));
        pairs.sort_unstable();
        let (slots, rules) = hash(&pairs);
        let mut heads = vec![u32::MAX; 4096];
        let mut fingerprints = Vec::with_capacity(literals.len());
        for (index, literal) in literals.iter_mut().enumerate() {
            let bytes = four(&literal.text, literal.window);
            fingerprints.push([bytes[0], bytes[1], bytes[2]]);
            let head = &mut heads[fingerprint_hash(fingerprint(bytes))];
            literal.next = std::mem::replace(head, index as u32);
        }
        let tables = Tables::new(sought.into_iter(), run, &fingerprints);
        Anchors { tables, slots, rules, literals, heads }
    }

    /// The rules whose matches can begin with these four bytes.
    #[inline]
    pub fn rules_at(&self, gram: u32) -> &[RuleIndex] {
        let mask = self.slots.len() - 1;
        let mut slot = gram_slot(gram) & mask;
        loop {
            let (held, start, end) = self.slots[slot];
            if start == end {
                return &[];
            }
            if held == gram {
                return &self.rules[start as usize..end as usize];
            }
            slot = (slot + 1) & mask;
        }
    }

    /// All four-byte beginnings of matches.
    pub fn grams(&self) -> impl Iterator<Item = u32> + '_ {
        self.slots.iter().filter(|slot| slot.1 != slot.2).map(|slot| slot.0)
    }

    /// The literals that stand in `text` with their fingerprint at `at`: start, end and use of each.
    #[inline]
    pub fn literals_at(&self, text: &[u8], at: usize, mut each: impl FnMut(usize, usize, Use)) {
        let mut index = self.heads[fingerprint_hash(fingerprint(four(text, at)))];
        while let Some(literal) = self.literals.get(index as usize) {
            index = literal.next;
            let Some(start) = at.checked_sub(literal.window) else { continue };
            let Some(found) = text.get(start..start + literal.text.len()) else { continue };
            let stands = match literal.exact {
                true => found == literal.text,
                false => found.eq_ignore_ascii_case(&literal.text),
            };
            if stands {
                each(start, start + literal.text.len(), literal.purpose);
            }
        }
    }
}

/// How names spell a rule's words: `api hash` as `api_hash`, `api-hash`, `apiHash`. A short word is
/// looked for behind a separator only, as it stands inside of too many others.
fn spellings(words: &str) -> Vec<String> {
    match (words.contains(' '), words.len()) {
        (true, _) => ["_", "-", "", " ", "."].iter().map(|joint| words.replace(' ', joint)).collect(),
        (false, ..4) => ["_", "-", "."].iter().map(|joint| format!("{joint}{words}")).collect(),
        (false, _) => vec![words.to_owned()],
    }
}

fn hash(pairs: &[(u32, RuleIndex)]) -> (Vec<(u32, u32, u32)>, Vec<RuleIndex>) {
    let size = (pairs.len() * 2).next_power_of_two().max(16);
    let mut slots = vec![(0, 0, 0); size];
    let rules: Vec<RuleIndex> = pairs.iter().map(|pair| pair.1).collect();
    let mut start = 0;
    while start < pairs.len() {
        let gram = pairs[start].0;
        let end = start + pairs[start..].iter().take_while(|pair| pair.0 == gram).count();
        let mut slot = gram_slot(gram) & (size - 1);
        while slots[slot].1 != slots[slot].2 {
            slot = (slot + 1) & (size - 1);
        }
        slots[slot] = (gram, start as u32, end as u32);
        start = end;
    }
    (slots, rules)
}

#[inline]
fn gram_slot(gram: u32) -> usize {
    (gram.wrapping_mul(0x85eb_ca6b) >> 12) as usize
}

/// The offset of the three bytes of a literal that are rarest in ordinary text.
fn rarest_window(text: &[u8]) -> usize {
    // A marker's own word tells it apart better than letter frequencies do.
    if let Some(at) = text.windows(5).position(|window| window == b"begin") {
        return at;
    }
    let cost = |part: &[u8]| {
        let common = COMMON.contains(&part);
        part.iter().map(|&byte| commonness(byte)).sum::<u32>() + if common { 20 } else { 0 }
    };
    (0..text.len().saturating_sub(2)).min_by_key(|&at| cost(&text[at..at + 3])).unwrap_or(0)
}

/// Three letters that are far more common than their single letters would make them.
const COMMON: [&[u8]; 8] = [b"ing", b"con", b"ion", b"the", b"ent", b"str", b"ect", b"tri"];

/// How common a byte is in source code and logs, roughly: ten times the logarithm of its share.
fn commonness(byte: u8) -> u32 {
    match byte {
        b' ' => 50,
        b'e' | b't' => 48,
        b'a' | b'i' | b'n' | b'o' | b'r' | b's' => 45,
        b'l' | b'c' | b'd' | b'u' | b'p' | b'm' | b'f' => 41,
        b'_' | b'-' | b'.' | b'0' | b'1' | b'/' | b'=' => 39,
        b'h' | b'g' | b'b' | b'y' => 37,
        b'2'..=b'9' | b'"' | b'\'' | b'(' | b')' | b':' | b',' | b';' => 35,
        b'v' | b'w' | b'k' | b'x' => 31,
        b'q' | b'j' | b'z' => 24,
        _ => 28,
    }
}
