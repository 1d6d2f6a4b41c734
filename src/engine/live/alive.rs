//! Can what has been written of a token still become one?

use super::super::Engine;
use crate::rules::RuleIndex;
use crate::rules::compile;
use crate::rules::rule::{Matcher, Segment, Shape, Token};
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use std::collections::HashMap;

/// Automata of the rules that are no plain byte sequences, built when they are first needed.
#[derive(Default)]
pub(super) struct Alive {
    automata: HashMap<u32, Option<Box<(DFA, Cache)>>>,
}

impl Alive {
    /// The first rule of which a match begins at `at` and may go on behind the end of `text`, or which
    /// matches there and waits for the rest of its line.
    pub(super) fn at(&mut self, engine: &Engine, text: &[u8], at: usize) -> Option<RuleIndex> {
        let bytes = text.get(at..at + 4)?;
        let gram = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        engine.rules_at(gram).find(|&index| match &engine.rules.get(index).matcher {
            Matcher::Token(token) if token.shapes.is_empty() => self.goes_on(index, token, text, at),
            Matcher::Token(token) => token.shapes.iter().any(|shape| shape_goes_on(shape, text, at)),
            _ => false,
        })
    }

    fn goes_on(&mut self, index: RuleIndex, token: &Token, text: &[u8], at: usize) -> bool {
        let build = || {
            let (_, pattern) = compile::engine_pattern(&token.regex);
            let dfa = DFA::builder()
                .configure(DFA::config().unicode_word_boundary(false).skip_cache_capacity_check(true))
                .syntax(syntax::Config::new().unicode(false).utf8(false))
                .thompson(regex_automata::nfa::thompson::Config::new().utf8(false))
                .build(&pattern)
                .ok()?;
            let cache = dfa.create_cache();
            Some(Box::new((dfa, cache)))
        };
        // Where no automaton can be built the bytes are held, which is always safe.
        let Some(held) = self.automata.entry(index.0).or_insert_with(build) else { return true };
        let (dfa, cache) = &mut **held;
        let input = Input::new(text).range(at..).anchored(Anchored::Yes);
        let Ok(mut state) = dfa.start_state_forward(cache, &input) else { return true };
        let mut matched = false;
        for &byte in &text[at..] {
            match dfa.next_state(cache, state, byte) {
                Ok(next) => state = next,
                Err(_) => return true,
            }
            matched |= state.is_match();
            if state.is_dead() {
                return matched;
            }
        }
        true
    }
}

/// True where the bytes end before the shape can tell, or it matches.
fn shape_goes_on(shape: &Shape, text: &[u8], at: usize) -> bool {
    let mut here = at;
    for segment in shape.segments.iter() {
        match segment {
            Segment::Bytes(bytes) => {
                let rest = &text[here..];
                if rest.len() < bytes.len() {
                    return bytes.starts_with(rest);
                }
                if !rest.starts_with(bytes) {
                    return false;
                }
                here += bytes.len();
            }
            Segment::Class { class, min, max } => {
                let from = here;
                while here < text.len() && here - from < usize::from(*max) && class.has(text[here]) {
                    here += 1;
                }
                if here == text.len() {
                    return true;
                }
                if here - from < usize::from(*min) {
                    return false;
                }
            }
        }
    }
    here == text.len() || shape.match_at(text, at).is_some()
}
