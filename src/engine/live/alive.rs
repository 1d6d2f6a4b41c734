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
    automata: HashMap<u32, Option<Box<Automaton>>>,
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
        let build = || Automaton::new(&compile::engine_pattern(&token.regex).1);
        // Where no automaton can be built the bytes are held, which is always safe.
        self.automata.entry(index.0).or_insert_with(build).as_mut().is_none_or(|held| held.goes_on(text, at))
    }
}

/// A pattern, run from a place on.
pub(super) struct Automaton {
    dfa: DFA,
    cache: Cache,
}

impl Automaton {
    pub(super) fn new(pattern: &str) -> Option<Box<Automaton>> {
        let dfa = DFA::builder()
            .configure(DFA::config().unicode_word_boundary(false).skip_cache_capacity_check(true))
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .thompson(regex_automata::nfa::thompson::Config::new().utf8(false))
            .build(pattern)
            .ok()?;
        let cache = dfa.create_cache();
        Some(Box::new(Automaton { dfa, cache }))
    }

    /// Does a match that begins at `at` go on behind the end of the text, or wait for the rest of its
    /// line? In doubt, yes.
    pub(super) fn goes_on(&mut self, text: &[u8], at: usize) -> bool {
        let run = self.run(text, at);
        run.first.is_some() || run.goes_on
    }

    /// Run over the text from `at` on.
    pub(super) fn run(&mut self, text: &[u8], at: usize) -> Run {
        let Automaton { dfa, cache } = self;
        let input = Input::new(text).range(at..).anchored(Anchored::Yes);
        let mut first = None;
        let Ok(mut state) = dfa.start_state_forward(cache, &input) else {
            return Run { first: Some(at), goes_on: true };
        };
        for (place, &byte) in text.iter().enumerate().skip(at) {
            match dfa.next_state(cache, state, byte) {
                Ok(next) => state = next,
                Err(_) => return Run { first: first.or(Some(at)), goes_on: true },
            }
            if state.is_match() {
                first = first.or(Some(place));
            }
            if state.is_dead() {
                return Run { first, goes_on: false };
            }
        }
        Run { first, goes_on: true }
    }
}

/// What a run of an automaton saw.
pub(super) struct Run {
    /// End of the shortest match, if it does not end with the text.
    pub(super) first: Option<usize>,
    /// More bytes could still make a match, or a longer one.
    pub(super) goes_on: bool,
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
