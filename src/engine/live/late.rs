//! Secrets that stand before the text by which their rule is looked up, such as the password of
//! `user:password@tcp(host)`: they are held back from where they can begin until the rule can no longer
//! match, or their line is complete.

use super::super::Engine;
use super::super::candidate::is_word;
use super::alive::Automaton;
use crate::rules::RuleIndex;
use crate::rules::compile;
use crate::rules::rule::{Anchor, Matcher, Token};
use regex_syntax::hir::{Hir, HirKind};

/// A rule of this kind; its automata are built when its first match may begin.
struct Rule {
    index: RuleIndex,
    /// Longest match, in bytes, and the one behind it that may decide.
    reach: usize,
    /// A match begins where a word does, or between words.
    word: bool,
    automata: Option<Automata>,
}

struct Automata {
    /// The whole pattern. `None` where it cannot be built.
    whole: Option<Box<Automaton>>,
    /// What stands before the secret. `None` where the secret is all of the match, or where that cannot
    /// be told.
    before: Option<Box<Automaton>>,
}

/// Matches of such rules that have begun and may go on.
#[derive(Default)]
pub(super) struct Late {
    rules: Option<Vec<Rule>>,
    /// The rules whose matches can begin with a byte, by their number in `rules`.
    by_byte: Vec<Vec<u16>>,
    /// Where matches began, as offsets in the whole text, and of which rules.
    begun: Vec<(u64, u16)>,
    /// Beginnings before this offset have been looked at.
    seen: u64,
}

impl Late {
    /// Look at what is new in `text`, of which the first byte has offset `base` and the line that is being
    /// written begins at `line`; what is looked up by a place before `open` is decided. Tells where the first
    /// secret may have begun that is not.
    pub(super) fn hold(
        &mut self,
        engine: &Engine,
        text: &[u8],
        base: u64,
        (line, open): (usize, usize),
    ) -> Option<usize> {
        let rules = self.rules.get_or_insert_with(|| {
            self.by_byte = vec![Vec::new(); 256];
            rules(engine, &mut self.by_byte)
        });
        self.begun.retain(|begun| begun.0 >= base + line as u64);
        let from = (self.seen.max(base + line as u64) - base) as usize;
        let longest = rules.iter().map(|rule| rule.reach).max().unwrap_or(0);
        for (at, &byte) in text.iter().enumerate().skip(from.max(open.saturating_sub(longest))) {
            let may_begin = self.by_byte[usize::from(byte)].iter();
            let in_word = is_word(byte) && at > 0 && is_word(text[at - 1]);
            let may_begin = may_begin.filter(|&&rule| {
                let Rule { reach, word, .. } = &rules[usize::from(rule)];
                at + reach >= open && !(in_word && *word)
            });
            self.begun.extend(may_begin.map(|&rule| (base + at as u64, rule)));
        }
        self.seen = base + text.len() as u64;
        let mut held: Option<usize> = None;
        self.begun.retain(|&(offset, rule)| {
            let at = (offset - base) as usize;
            let start = rules[usize::from(rule)].secret_begins(engine, text, at);
            if let Some(secret) = start {
                held = Some(held.map_or(secret, |held| held.min(secret)));
            }
            start.is_some()
        });
        held
    }
}

impl Rule {
    /// Where the secret of a match that begins at `at` and may go on can begin; `None` where there is no
    /// such match.
    fn secret_begins(&mut self, engine: &Engine, text: &[u8], at: usize) -> Option<usize> {
        let automata = self.automata.get_or_insert_with(|| match &engine.rules.get(self.index).matcher {
            Matcher::Token(token) => automata(token),
            _ => Automata { whole: None, before: None },
        });
        if automata.whole.as_mut().is_some_and(|whole| !whole.goes_on(text, at)) {
            return None;
        }
        Some(match &mut automata.before {
            Some(before) => before.run(text, at).first.unwrap_or(text.len()),
            None => at,
        })
    }
}

/// The rules of this kind that are in force.
fn rules(engine: &Engine, by_byte: &mut [Vec<u16>]) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (index, rule) in engine.rules.iter().filter(|(index, _)| engine.is_active(*index)) {
        let Matcher::Token(Token { anchor: Anchor::Contains { late, .. }, reach, regex, .. }) = &rule.matcher
        else {
            continue;
        };
        late.iter().for_each(|&byte| by_byte[usize::from(byte)].push(rules.len() as u16));
        if !late.is_empty() {
            let word = regex.starts_with(r"\b");
            rules.push(Rule { index, reach: *reach as usize + 1, word, automata: None });
        }
    }
    rules
}

fn automata(token: &Token) -> Automata {
    let before = compile::parse("", &token.regex).ok().and_then(|hir| before_secret(&hir));
    Automata {
        whole: Automaton::new(&token.regex),
        before: before.and_then(|before| Automaton::new(&before.to_string())),
    }
}

/// The part of a pattern before its group `secret`, where that group stands at its top.
fn before_secret(hir: &Hir) -> Option<Hir> {
    let HirKind::Concat(parts) = hir.kind() else { return None };
    let is_secret = |part: &Hir| matches!(part.kind(), HirKind::Capture(group) if group.name.as_deref() == Some("secret"));
    let secret = parts.iter().position(is_secret)?;
    Some(Hir::concat(parts[..secret].to_vec()))
}
