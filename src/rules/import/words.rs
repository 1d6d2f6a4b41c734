//! What a pattern's matches can hold: an automaton of words run over the pattern itself. Exact but for
//! look-around, which is taken to hold.

use crate::rules::compile::class_bytes;
use regex_syntax::hir::{Hir, HirKind};

/// Most states; more letters are left undecided.
const MOST: usize = 127;
/// A set of states of the automaton.
type States = u128;

/// Finds any of some words, letters of ASCII in any case. The last state is "found", and stays so.
struct Automaton {
    /// Next state by state and byte.
    next: Vec<[u8; 256]>,
}

impl Automaton {
    /// None where the words have too many letters.
    fn new(words: &[&str]) -> Option<Automaton> {
        let words: Vec<Vec<u8>> = words.iter().map(|word| word.to_ascii_lowercase().into_bytes()).collect();
        let mut prefixes: Vec<Vec<u8>> = vec![Vec::new()];
        for word in &words {
            for length in 1..word.len() {
                if !prefixes.contains(&word[..length].to_vec()) {
                    prefixes.push(word[..length].to_vec());
                }
            }
        }
        if prefixes.len() > MOST || words.iter().any(Vec::is_empty) {
            return None;
        }
        let found = prefixes.len() as u8;
        let step = |prefix: &Vec<u8>, byte: u8| {
            let mut text = prefix.clone();
            text.push(byte.to_ascii_lowercase());
            if words.iter().any(|word| text.ends_with(word)) {
                return found;
            }
            // The longest ending that begins a word.
            (0..=text.len())
                .find_map(|cut| prefixes.iter().position(|prefix| *prefix == text[cut..]))
                .unwrap_or(0) as u8
        };
        let mut next: Vec<[u8; 256]> =
            prefixes.iter().map(|prefix| std::array::from_fn(|byte| step(prefix, byte as u8))).collect();
        next.push([found; 256]);
        Some(Automaton { next })
    }

    fn found(&self) -> States {
        1 << (self.next.len() - 1)
    }

    fn over_bytes(&self, states: States, bytes: &[u8]) -> States {
        let mut out = 0;
        for state in 0..self.next.len() {
            if states >> state & 1 == 1 {
                bytes.iter().for_each(|&byte| out |= 1 << self.next[state][usize::from(byte)]);
            }
        }
        out
    }

    /// The states that a match of the pattern can lead to from these.
    fn over(&self, hir: &Hir, states: States) -> States {
        if states == 0 {
            return 0;
        }
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => states,
            HirKind::Literal(literal) => literal
                .0
                .iter()
                .fold(states, |states, byte| self.over_bytes(states, std::slice::from_ref(byte))),
            HirKind::Class(class) => match class_bytes(class) {
                Some(bytes) => self.over_bytes(states, &bytes),
                // Signs beyond ASCII begin no word, but may end in any state.
                None => self.over_bytes(states, &(0..=255).collect::<Vec<u8>>()),
            },
            HirKind::Capture(capture) => self.over(&capture.sub, states),
            HirKind::Concat(parts) => parts.iter().fold(states, |states, part| self.over(part, states)),
            HirKind::Alternation(branches) => {
                branches.iter().fold(0, |out, branch| out | self.over(branch, states))
            }
            HirKind::Repetition(repetition) => {
                let mut reached = states;
                for _ in 0..repetition.min {
                    let next = self.over(&repetition.sub, reached);
                    if next == reached {
                        break;
                    }
                    reached = next;
                }
                let mut all = reached;
                for _ in repetition.min..repetition.max.unwrap_or(u32::MAX) {
                    let next = all | self.over(&repetition.sub, reached);
                    if next == all {
                        break;
                    }
                    (all, reached) = (next, next);
                }
                all
            }
        }
    }
}

/// Can a match hold this word, in any case? True where that cannot be told.
pub fn can_hold(hir: &Hir, word: &str) -> bool {
    Automaton::new(&[word]).is_none_or(|automaton| automaton.over(hir, 1) & automaton.found() != 0)
}

/// Does every match hold one of these words, in any case? False where that cannot be told.
pub fn always_holds(hir: &Hir, words: &[&str]) -> bool {
    !words.is_empty()
        && Automaton::new(words).is_some_and(|automaton| {
            let reached = automaton.over(hir, 1);
            reached != 0 && reached & !automaton.found() == 0
        })
}

#[cfg(test)]
mod tests {
    use super::super::go_syntax::Translated;
    use super::super::pattern::parse;
    use super::*;

    fn hir(pattern: &str) -> Hir {
        parse(&Translated::same(pattern)).unwrap()
    }

    #[test]
    fn words_that_can_stand_in_a_match() {
        for (pattern, word, can) in [
            ("abc[0-9]{4}", "abc", true),
            ("abc[0-9]{4}", "abd", false),
            ("abc[0-9]{4}", "c12", true),
            ("a(?:b|x)c", "ABC", true),
            ("a(?:b|x)c", "abx", false),
            ("[a-z]{3}", "abcd", false),
            ("[a-z]{3,}", "abcd", true),
            ("(?:ab){2}", "baba", false),
            ("(?:ab){3}", "baba", true),
            ("a.?b", "ab", true),
        ] {
            assert_eq!(can_hold(&hir(pattern), word), can, "{pattern} {word}");
        }
    }

    #[test]
    fn words_that_stand_in_every_match() {
        for (pattern, words, always) in [
            ("(?i)key[0-9]", &["key"][..], true),
            ("(?:key|token)[0-9]", &["key", "token"], true),
            ("(?:key|token)[0-9]", &["key"], false),
            ("(?:key)?[0-9]", &["key"], false),
            ("[a-z]{3}", &["key"], false),
            ("k[e]y{1,3}", &["key"], true),
            ("key", &[], false),
        ] {
            assert_eq!(always_holds(&hir(pattern), words), always, "{pattern} {words:?}");
        }
        let long = "x".repeat(300);
        assert!(can_hold(&hir("a"), &long) && !always_holds(&hir(&long), &[&long]));
    }
}
