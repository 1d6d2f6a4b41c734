//! Where rules are looked up from the places that the candidate pass writes down: a table from the
//! first four bytes to rules, and a table from three bytes inside a literal to that literal.

mod threes;

use super::assign;
use super::candidate::{Tables, fingerprint, fingerprint_hash, four, share};
use crate::rules::grams::{self, GramTable, Sought};
use crate::rules::rule::{Anchor, Matcher, Text};
use crate::rules::{RuleIndex, RuleSet};
use std::borrow::Cow;

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
    /// Its first bytes, folded, and which of the eight count.
    head: (u64, u64),
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
    /// Beginnings of the built-in rules, and of others.
    builtin: Option<&'static GramTable>,
    own: GramTable,
    literals: Vec<Literal>,
    /// First literal by hash of its fingerprint, `u32::MAX` for none.
    heads: Vec<u32>,
}

impl Anchors {
    /// Tables for a set of rules: literals only of those for which `active` says yes.
    pub fn new(set: &RuleSet, active: impl Fn(RuleIndex) -> bool) -> Anchors {
        let mut literals: Vec<Literal> = Vec::new();
        let mut add = |text: &[u8], exact: bool, purpose: Use| {
            let folded = text.to_ascii_lowercase();
            let folded = if exact { text.to_vec() } else { folded };
            if !matches!(purpose, Use::Start | Use::Scheme | Use::RuleName)
                || !literals.iter().any(|held: &Literal| held.purpose == purpose && held.text == folded)
            {
                let head = head_of(&folded);
                literals.push(Literal { head, text: folded, window: 0, exact, purpose, next: u32::MAX });
            }
        };
        for (index, rule) in set.iter().filter(|(index, _)| active(*index)) {
            match &rule.matcher {
                Matcher::Token(token) => match &token.anchor {
                    Anchor::WordStart { grams, run } => match grams::sought(token, grams, *run) {
                        Sought::Scheme => add(b"://", true, Use::Scheme),
                        Sought::Literals => {
                            grams.iter().for_each(|gram| add(&gram.to_le_bytes(), true, Use::Start));
                        }
                        Sought::Beginnings => {}
                    },
                    Anchor::Contains { literals, any_case, .. } => {
                        literals.iter().for_each(|text| add(text.as_bytes(), !any_case, Use::Inside(index)));
                    }
                },
                Matcher::Block(block) => {
                    block.begin.iter().for_each(|text| add(text.as_bytes(), true, Use::Begin(index)));
                }
                Matcher::Assigned(assigned) => {
                    let unknown = |word: &&Text| !assign::names_secret(word);
                    for word in assigned.name.iter().filter(unknown) {
                        spellings(word).iter().for_each(|text| add(text.as_bytes(), false, Use::RuleName));
                    }
                }
            }
        }
        assign::words().iter().for_each(|name| add(name.as_bytes(), false, Use::Name));
        assign::known_words().iter().for_each(|name| add(name.as_bytes(), false, Use::RuleName));
        choose_windows(&mut literals);
        let mut heads = vec![u32::MAX; HEADS];
        let mut fingerprints = Vec::with_capacity(literals.len());
        for (index, literal) in literals.iter_mut().enumerate() {
            let bytes = four(&literal.text, literal.window);
            fingerprints.push([bytes[0], bytes[1], bytes[2]]);
            let head = &mut heads[fingerprint_hash(fingerprint(bytes)) % HEADS];
            literal.next = std::mem::replace(head, index as u32);
        }
        let builtin = set.builtin_grams();
        let own = GramTable::new(set.own().map(|(index, rule)| (index.0, rule)));
        let bits = match builtin {
            None => own.bits.clone(),
            Some(builtin) if own.bits.is_empty() => Cow::Borrowed(&builtin.bits[..]),
            Some(builtin) => {
                builtin.bits.iter().zip(own.bits.iter()).map(|(one, other)| one | other).collect()
            }
        };
        let run = builtin.map_or(own.run, |builtin| own.run.min(builtin.run));
        let tables = Tables::new(bits, run, &fingerprints);
        Anchors { tables, builtin, own, literals, heads }
    }

    /// The rules, in force or not, whose matches can begin with these four bytes.
    #[inline]
    pub fn rules_at(&self, gram: u32) -> impl Iterator<Item = RuleIndex> + '_ {
        GramTable::at_both(self.builtin, &self.own, gram).map(RuleIndex)
    }

    /// All four-byte beginnings of matches.
    pub fn grams(&self) -> impl Iterator<Item = u32> + '_ {
        self.builtin.into_iter().flat_map(GramTable::grams).chain(self.own.grams())
    }

    /// The literals that stand in `text` with their fingerprint at `at`: start, end and use of each.
    #[inline]
    pub fn literals_at(&self, text: &[u8], at: usize, mut each: impl FnMut(usize, usize, Use)) {
        let mut index = self.heads[fingerprint_hash(fingerprint(four(text, at))) % HEADS];
        while let Some(literal) = self.literals.get(index as usize) {
            index = literal.next;
            let Some(start) = at.checked_sub(literal.window) else { continue };
            // Most differ in their first bytes; that costs no call.
            if let Some(eight) = text.get(start..).and_then(|rest| rest.first_chunk())
                && (fold(*eight) ^ literal.head.0) & literal.head.1 != 0
            {
                continue;
            }
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

/// Eight bytes as a number, letters in any case as one; so are a few other pairs of bytes.
#[inline(always)]
fn fold(eight: [u8; 8]) -> u64 {
    u64::from_le_bytes(eight) | 0x2020_2020_2020_2020
}

/// The first eight bytes of a text, folded, and a mask of those that it has.
fn head_of(text: &[u8]) -> (u64, u64) {
    let eight = std::array::from_fn(|at| text.get(at).copied().unwrap_or(0));
    let known = std::array::from_fn(|at| if at < text.len() { u8::MAX } else { 0 });
    (fold(eight), u64::from_le_bytes(known))
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

/// Number of first literals by hash.
const HEADS: usize = 4096;

/// A share of all text that every window costs beside what passes because of it: tables grow fuller.
const WINDOW: f32 = 3e-5;

/// Choose the three bytes by which each literal is searched: rare ones, and the same for many.
fn choose_windows(literals: &mut [Literal]) {
    let mut windows: Vec<(u32, u32)> = Vec::with_capacity(literals.len() * 8);
    for (index, literal) in literals.iter().enumerate() {
        // A marker's own word tells it apart better than letter frequencies do.
        let begin = literal.text.windows(5).position(|part| part.eq_ignore_ascii_case(b"begin"));
        let places = begin.map_or(0..literal.text.len().saturating_sub(2).max(1), |at| at..at + 1);
        windows.extend(places.map(|at| (fingerprint(four(&literal.text, at)), index as u32)));
    }
    windows.sort_unstable();
    windows.dedup();
    let mut chosen: Vec<(f32, u32)> = vec![(f32::INFINITY, 0); literals.len()];
    let shares = Shares::new();
    // At first all literals of a window count, then those that chose it.
    for round in 0..2 {
        let votes = std::mem::replace(&mut chosen, vec![(f32::INFINITY, 0); literals.len()]);
        for same in windows.chunk_by(|one, other| one.0 == other.0) {
            let print = same[0].0;
            let voters =
                same.iter().filter(|(_, index)| round == 0 || votes[*index as usize].1 == print).count();
            let cost = (shares.of(print) + WINDOW) / voters as f32;
            for &(_, index) in same.iter().filter(|_| voters > 0) {
                if cost < chosen[index as usize].0 {
                    chosen[index as usize] = (cost, print);
                }
            }
        }
    }
    for (literal, (_, print)) in literals.iter_mut().zip(chosen) {
        let places = 0..literal.text.len().saturating_sub(2);
        literal.window =
            places.into_iter().find(|&at| fingerprint(four(&literal.text, at)) == print).unwrap_or(0);
    }
}

/// The share of each three of the first row of [`threes::THREES`].
const FIRST_ROW: f32 = 1.5 / 256.0;

/// How large a share of ordinary text every three bytes are, roughly.
struct Shares {
    /// Row of [`threes::THREES`] and one by the low five bits of the three bytes; 0 for the rare ones.
    rows: Vec<u8>,
}

impl Shares {
    fn new() -> Shares {
        let mut rows = vec![0; 1 << 15];
        for (row, threes) in threes::THREES.iter().enumerate().rev() {
            for three in threes.as_bytes().as_chunks::<3>().0 {
                rows[Shares::place(*three)] = row as u8 + 1;
            }
        }
        Shares { rows }
    }

    fn place(three: [u8; 3]) -> usize {
        three.iter().fold(0, |place, byte| place << 5 | usize::from(byte & 31))
    }

    fn of(&self, print: u32) -> f32 {
        let [first, second, third, _] = print.to_le_bytes();
        let row = self.rows[Shares::place([first, second, third])];
        if row > 0 {
            return FIRST_ROW / (1 << (row - 1)) as f32;
        }
        let single: f32 = [first, second, third]
            .map(|byte| share(if byte == 0x7f { b'_' } else { byte }))
            .into_iter()
            .product();
        single.min(FIRST_ROW / (1 << threes::THREES.len()) as f32)
    }
}
