//! What is known to be secret: every value once, with its spellings and its class.

use super::derive::{self, Class, Weakness};
use super::{Needle, Strength};
use crate::engine::{Certainty, Engine, Input, Match, Scratch};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use zeroize::Zeroizing;

/// Shortest weak value that is masked where the user asks for it, in bytes.
const SHORTEST_WORD: usize = 4;

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Learned {
    /// The class of the value itself.
    pub class: Class,
    /// How many of its spellings are masked, those that were known before among them.
    pub spellings: usize,
}

impl Learned {
    /// Is anything of it masked?
    pub fn in_force(self) -> bool {
        self.spellings > 0
    }
}

/// All values that are known.
#[derive(Default)]
pub struct Known {
    needles: Vec<Needle>,
    /// Places in `needles` by hash of the value.
    places: HashMap<u64, Vec<usize>>,
    hasher: RandomState,
    mask_weak: bool,
    words: Vec<Needle>,
}

impl Known {
    /// Nothing known. `mask_weak` masks weak values of four bytes and more all the same.
    pub fn new(mask_weak: bool) -> Known {
        Known { mask_weak, ..Known::default() }
    }

    /// Every value in force.
    pub fn needles(&self) -> &[Needle] {
        &self.needles
    }

    /// Weak values that are masked where they stand as words of their own.
    pub fn words(&self) -> &[Needle] {
        &self.words
    }

    /// Learn a value and its spellings. What is new is in [`Known::needles`] from its former end on.
    pub fn learn(&mut self, engine: Option<&Engine>, name: &str, value: &[u8]) -> Learned {
        let mut spellings = derive::spellings(value);
        let itself = value.trim_ascii();
        let by_rule = by_rules(engine, name, itself);
        for part in &by_rule {
            if !spellings.iter().any(|spelling| spelling.value == part.0) {
                spellings.push(derive::Spelling { value: part.0.clone(), how: "found by a rule" });
            }
        }
        let class_of =
            |value: &[u8]| derive::classify(value, by_rule.iter().any(|part| part.0.as_slice() == value));
        let class = class_of(itself);
        let mut count = 0;
        for spelling in spellings {
            match class_of(&spelling.value) {
                Class::Masked(strength) => {
                    self.add(name, spelling.value, strength);
                    count += 1;
                }
                Class::Weak(why) if self.mask_weak && spelling.how == "itself" => {
                    count += usize::from(self.add_weak(name, spelling.value, why));
                }
                Class::Weak(_) => {}
            }
        }
        Learned { class, spellings: count }
    }

    fn add_weak(&mut self, name: &str, value: Zeroizing<Vec<u8>>, why: Weakness) -> bool {
        if why == Weakness::Empty || value.len() < SHORTEST_WORD {
            return false;
        }
        if why != Weakness::Short {
            self.add(name, value, Strength::Plain);
        } else if !self.words.iter().any(|word| word.value == value) {
            self.words.push(Needle { name: name.to_owned(), value, strength: Strength::Plain });
        }
        true
    }

    fn add(&mut self, name: &str, value: Zeroizing<Vec<u8>>, strength: Strength) {
        let places = self.places.entry(self.hasher.hash_one(&value[..])).or_default();
        if places.iter().any(|&place| self.needles[place].value == value) {
            return;
        }
        places.push(self.needles.len());
        self.needles.push(Needle { name: name.to_owned(), value, strength });
    }
}

/// The parts of a value that rules with structure know, each with the rule's id. The name stands before the
/// value, since some rules ask for it.
pub fn by_rules(engine: Option<&Engine>, name: &str, value: &[u8]) -> Vec<(Zeroizing<Vec<u8>>, String)> {
    let Some(engine) = engine else { return Vec::new() };
    let text = Zeroizing::new([name.as_bytes(), b"=", value].concat());
    let start = name.len() + 1;
    let mut found: Vec<Match> = Vec::new();
    engine.scan(&mut Scratch::default(), &Input::whole(&text), &mut found);
    found
        .iter()
        .filter(|found| found.certainty >= Certainty::Structured && found.secret.start >= start)
        .map(|found| {
            let secret = Zeroizing::new(found.value(&text).trim_ascii().to_vec());
            (secret, engine.rules().get(found.rule).id.to_string())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(known: &Known) -> Vec<String> {
        known.needles().iter().map(|needle| String::from_utf8_lossy(&needle.value).into_owned()).collect()
    }

    #[test]
    fn every_value_is_known_once() {
        let mut known = Known::new(false);
        assert!(known.learn(None, "A", b"hunter2x").in_force());
        assert!(known.learn(None, "B", b" hunter2x\n").in_force());
        assert_eq!(values(&known), ["hunter2x"]);
        assert_eq!(known.needles()[0].name, "A");
    }

    #[test]
    fn weak_values_are_told_and_not_masked() {
        let mut known = Known::new(false);
        for value in [&b""[..], b"a", b"true", b"production"] {
            let learned = known.learn(None, "A", value);
            assert!(matches!(learned.class, Class::Weak(_)) && !learned.in_force());
        }
        let url = known.learn(None, "A", &[&b"https://anna:"[..], b"hunter2x@h.example/"].concat());
        assert!(url.in_force());
    }

    #[test]
    fn weak_values_on_demand() {
        let mut known = Known::new(true);
        assert!(known.learn(None, "A", b"production").in_force());
        assert!(known.learn(None, "B", b"main").in_force());
        assert!(!known.learn(None, "C", b"abc").in_force());
        assert!(!known.learn(None, "D", b"  ").in_force());
        assert_eq!((values(&known), known.words().len()), (vec!["production".to_owned()], 1));
    }

    #[test]
    fn rules_know_parts() {
        let engine = Engine::new(crate::rules::RuleSet::builtin());
        let sample = crate::rules::sample::expand("«ghp_{base62:30}{crc32-base62:6}»", 5).unwrap();
        let token = String::from_utf8(sample.text).unwrap();
        let mut known = Known::new(false);
        known.learn(Some(&engine), "FLAGS", format!("-v --with {token} x").as_bytes());
        assert!(values(&known).contains(&token));
    }
}
