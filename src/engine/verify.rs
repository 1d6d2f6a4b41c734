//! Looks again at a candidate: does a rule really match here, and does its structure hold?

use super::trace::{AnchorKind, Event, Sink};
use super::{Certainty, Engine, Match, candidate, context, noise};
use crate::rules::check::Verdict;
use crate::rules::compile;
use crate::rules::rule::{Anchor, Block, Head, Kind, Matcher, Rule, Shape, Token};
use crate::rules::{RuleIndex, check};
use crate::text::Span;
use memchr::memmem;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use std::sync::OnceLock;

/// A rule's regex, compiled when it is first needed.
#[derive(Default)]
pub(super) struct LazyRegex(OnceLock<Option<Box<Regex>>>);

impl LazyRegex {
    /// The regex for an engine pattern; `None` cannot happen for rules that were loaded.
    fn get(&self, pattern: &str) -> Option<&Regex> {
        self.made(pattern, true)
    }

    /// The same for searches that begin at a known place only. They need no automaton that reads backwards,
    /// and without one a regex is made in half the time.
    fn get_anchored(&self, pattern: &str) -> Option<&Regex> {
        self.made(pattern, false)
    }

    fn made(&self, pattern: &str, searches: bool) -> Option<&Regex> {
        let build = || {
            Regex::builder()
                .configure(
                    Regex::config()
                        .utf8_empty(false)
                        .nfa_size_limit(Some(16 << 20))
                        .hybrid(searches)
                        .onepass(!searches),
                )
                .syntax(syntax::Config::new().unicode(false).utf8(false))
                .build(pattern)
                .ok()
                .map(Box::new)
        };
        self.0.get_or_init(build).as_deref()
    }
}

/// Where a rule matched: the whole match and the secret in it.
type Place = (Span, Span);

/// Which test a rule's match or value did not pass, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// The name says too little, and the rule asks for no name of its own.
    General,
    /// The value has not the length that the rule asks for.
    Length,
    /// The name holds none of the rule's words.
    Name,
    /// The pattern does not match.
    Pattern,
    /// A block has no end within its largest length.
    NoEnd,
    /// None of the rule's context words stands near.
    Near,
    /// The judgement of noise says that the value is none.
    Noise,
    /// The validator proves that it is none.
    Invalid,
    /// It is a placeholder.
    Placeholder,
    /// It is not random enough.
    Entropy,
    /// The part behind the prefix is a placeholder.
    OwnPart,
    /// It is words, as identifiers are.
    Words,
    /// It stands in the middle of encoded data.
    Inside,
}

impl Refusal {
    /// The name of the test.
    pub fn test(self) -> &'static str {
        match self {
            Refusal::General | Refusal::Name => "name",
            Refusal::Length => "length",
            Refusal::Pattern | Refusal::NoEnd => "pattern",
            Refusal::Near => "context word",
            Refusal::Noise => "judgement",
            Refusal::Invalid => "validator",
            Refusal::Placeholder | Refusal::OwnPart => "placeholder",
            Refusal::Words => "words",
            Refusal::Inside => "surroundings",
            Refusal::Entropy => "entropy",
        }
    }

    /// For people: why it was refused.
    pub fn about(self) -> &'static str {
        match self {
            Refusal::General => "the name says too little",
            Refusal::Length => "the value is too short or too long",
            Refusal::Name => "the name holds none of the rule's words",
            Refusal::Pattern => "does not match here",
            Refusal::NoEnd => {
                "no end marker stands within the largest length, or the block begins anew before"
            }
            Refusal::Near => "none of its context words stands near",
            Refusal::Noise => {
                "does not look like a credential, and the name does not hold the rule's context word"
            }
            Refusal::Invalid => "the checksum or structure does not hold",
            Refusal::Placeholder => {
                "a placeholder, a reference or a repetition: it stands where a value would"
            }
            Refusal::Entropy => "not random enough",
            Refusal::OwnPart => "the part behind the prefix is a placeholder",
            Refusal::Words => "it is made of words, as a name in code is",
            Refusal::Inside => "it stands in the middle of longer data in base64",
        }
    }
}

impl Engine {
    /// All token rules that can begin at `at`.
    pub(super) fn at_word_start(&self, text: &[u8], at: usize, out: &mut impl Sink) {
        let rest = text.get(at..).unwrap_or_default();
        let Some(gram) = rest.first_chunk().map(|four| u32::from_le_bytes(*four)) else { return };
        let (beginning, _) = Head::bytes_of(rest);
        for index in self.rules_at(gram) {
            let rule = self.rules.get(index);
            let Matcher::Token(token) = &rule.matcher else { continue };
            let anchor = || (Span::new(at, at + 4), AnchorKind::Beginning);
            if !token.head.fits(beginning) {
                out.note(|| Event::no_match(anchor().0, anchor().1, index, Refusal::Pattern));
                continue;
            }
            out.tries(index, token, text, Span::new(at, at));
            match self.match_at(index, token, text, at) {
                Some(place) => self.judge_token(index, rule, text, place, anchor(), out),
                None => out.note(|| Event::no_match(anchor().0, anchor().1, index, Refusal::Pattern)),
            }
        }
    }

    fn match_at(&self, index: RuleIndex, token: &Token, text: &[u8], at: usize) -> Option<Place> {
        if !token.shapes.is_empty() {
            return match_shapes(&token.shapes, text, at);
        }
        let (_, pattern) = compile::engine_pattern(&token.regex);
        let regex = self.regexes[index.0 as usize].get_anchored(&pattern)?;
        let end = text.len().min(at + token.reach as usize + 1);
        captures(regex, Input::new(&text[..end]).range(at..).anchored(Anchored::Yes))
    }

    /// All matches of one token rule that hold the literal at `literal`.
    pub(super) fn around_literal(&self, index: RuleIndex, text: &[u8], literal: Span, out: &mut impl Sink) {
        let rule = self.rules.get(index);
        let anchor = (literal, AnchorKind::Inside);
        let none = || Event::no_match(literal, AnchorKind::Inside, index, Refusal::Pattern);
        let Matcher::Token(token) = &rule.matcher else { return };
        out.tries(index, token, text, literal);
        let reach = token.reach as usize;
        let mut from = literal.end.saturating_sub(reach);
        let end = text.len().min(literal.start + reach);
        if let Anchor::Contains { companions, .. } = &token.anchor
            && !companions.is_empty()
            && !companions.iter().any(|other| memmem::find(&text[from..end], other.as_bytes()).is_some())
        {
            return out.note(none);
        }
        let Some(regex) = self.regexes[index.0 as usize].get(&token.regex) else { return };
        // The first match that holds the literal is this literal's; others belong to other literals.
        while from <= literal.start {
            let Some(place) = captures(regex, Input::new(&text[..text.len().min(end + 1)]).range(from..end))
            else {
                return out.note(none);
            };
            if place.0.start > literal.start {
                return out.note(none);
            }
            if place.0.contains(literal) {
                return self.judge_token(index, rule, text, place, anchor, out);
            }
            from = place.0.start + 1;
        }
    }

    fn judge_token(
        &self,
        index: RuleIndex,
        rule: &Rule,
        text: &[u8],
        place: Place,
        anchor: (Span, AnchorKind),
        out: &mut impl Sink,
    ) {
        let (whole, secret) = place;
        out.depends(anchor.0.start, context::around(whole));
        let near = |certainty| match rule.near.is_empty() || near(text, whole, rule) {
            true => Ok(certainty),
            false => Err(Refusal::Near),
        };
        let lone = |certainty| match certainty == Certainty::Proven || !in_base64(text, whole.start) {
            true => Ok(certainty),
            false => Err(Refusal::Inside),
        };
        let verdict = self.structure(rule, &text[secret.range()]).and_then(near).and_then(lone);
        out.note(|| self.tried(anchor, index, text, (whole, secret, secret), verdict));
        if let Ok(certainty) = verdict {
            out.found(Match {
                rule: index,
                whole,
                secret,
                anchor: anchor.0.start,
                certainty,
                also: Vec::new(),
                decoded: None,
            });
        }
    }

    /// Does the value hold what its rule promises?
    pub(super) fn structure(&self, rule: &Rule, value: &[u8]) -> Result<Certainty, Refusal> {
        let certainty = self.structure_around(rule, value, value)?;
        if certainty == Certainty::Proven {
            return Ok(certainty);
        }
        // `sk_live_your-token-here`: the part that differs from token to token tells.
        let own = match &rule.matcher {
            Matcher::Token(token) => token.own_part(value),
            _ => value,
        };
        match rule.matcher {
            Matcher::Token(_) if own.len() >= SHORTEST_PART && !noise::plausible(own) => {
                Err(Refusal::OwnPart)
            }
            _ if issued(rule.kind) && noise::reads_as_words(own) => Err(Refusal::Words),
            _ => Ok(certainty),
        }
    }

    /// The same where `inner` is the part of the value that could be a placeholder.
    fn structure_around(&self, rule: &Rule, value: &[u8], inner: &[u8]) -> Result<Certainty, Refusal> {
        let verdict = match rule.check.as_deref().and_then(check::by_name) {
            Some(check) => (check.verdict)(value),
            None => Verdict::Unknown,
        };
        match verdict {
            Verdict::Valid => Ok(Certainty::Proven),
            Verdict::Invalid => Err(Refusal::Invalid),
            Verdict::Unknown if !noise::plausible(inner) => Err(Refusal::Placeholder),
            Verdict::Unknown if rule.entropy > 0.0 && entropy(inner) < rule.entropy => Err(Refusal::Entropy),
            Verdict::Unknown => Ok(Certainty::Structured),
        }
    }

    /// A block rule whose begin marker stands at `begin`.
    pub(super) fn at_begin(&self, index: RuleIndex, text: &[u8], begin: Span, out: &mut impl Sink) {
        let rule = self.rules.get(index);
        let Matcher::Block(block) = &rule.matcher else { return };
        out.depends(begin.start, context::around(Span::new(begin.start, begin.start + block.max as usize)));
        let Some((body_end, end)) = block_end(block, text, begin) else {
            return out.note(|| Event::no_match(begin, AnchorKind::Marker, index, Refusal::NoEnd));
        };
        let whole = Span::new(begin.start, end);
        let body = text[begin.end..body_end].trim_ascii();
        let verdict = self.structure_around(rule, &text[whole.range()], body);
        let inner = Span::new(begin.end, body_end);
        out.note(|| self.tried((begin, AnchorKind::Marker), index, text, (whole, whole, inner), verdict));
        if let Ok(certainty) = verdict {
            let anchor = begin.start;
            out.found(Match {
                rule: index,
                whole,
                secret: whole,
                anchor,
                certainty,
                also: Vec::new(),
                decoded: None,
            });
        }
    }

    /// Token rules that begin at `at`, if a token can begin there.
    pub(super) fn at_literal_start(&self, text: &[u8], at: usize, out: &mut impl Sink) {
        if candidate::is_token_start(text, at) {
            self.at_word_start(text, at, out);
        }
    }

    /// Rules for URLs with credentials: `literal` is the `://` of a URL.
    pub(super) fn at_scheme(&self, text: &[u8], literal: Span, out: &mut impl Sink) {
        // Credentials stand before an `@` in the authority; most URLs have none.
        let authority = &text[literal.end..text.len().min(literal.end + AUTHORITY)];
        let end = authority.iter().position(|&byte| byte <= b' ' || byte == b'/').unwrap_or(authority.len());
        if memchr::memchr(b'@', &authority[..end]).is_none() {
            return out.note(|| {
                Event::passed(literal, AnchorKind::Scheme, "no user and password before an `@` in it")
            });
        }
        let from = literal.start.saturating_sub(SCHEME);
        let scheme = text[from..literal.start].iter().rev();
        let length = scheme.take_while(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(byte)).count();
        // A scheme may follow other text directly (`jdbc:`, `\"url=`): try every place in it.
        for at in literal.start - length..literal.start {
            if candidate::is_token_start(text, at) {
                self.at_word_start(text, at, out);
            }
        }
    }
}

/// True for kinds of values that machines issue: these are random, and nobody chooses words for them.
fn issued(kind: Kind) -> bool {
    matches!(kind, Kind::ApiKey | Kind::Oauth | Kind::Session | Kind::EncryptionKey | Kind::Generic)
}

/// How much data in base64 there must be before a place for it to be taken for the middle of it, in bytes.
const ENCODED: usize = 64;

/// True in the middle of data in base64: behind one of the two signs that are in no word, and a long run of
/// its characters. Paths are such runs too, but of small letters for the most part.
fn in_base64(text: &[u8], at: usize) -> bool {
    if at < ENCODED || !matches!(text[at - 1], b'+' | b'/') {
        return false;
    }
    let before = &text[at - ENCODED..at];
    before.iter().all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        && before.iter().filter(|byte| byte.is_ascii_lowercase()).count() * 5 <= ENCODED * 3
}

/// A shorter part of a token says nothing about whether it is a placeholder, in bytes.
const SHORTEST_PART: usize = 8;

/// Longest scheme of a URL and longest authority with credentials, in bytes.
pub(super) const SCHEME: usize = 16;
const AUTHORITY: usize = 320;

/// The first shape that matches at `at`.
fn match_shapes(shapes: &[Shape], text: &[u8], at: usize) -> Option<Place> {
    shapes.iter().find_map(|shape| {
        let (end, secret) = shape.match_at(text, at)?;
        Some((Span::new(at, end), Span::new(secret.0, secret.1)))
    })
}

fn captures(regex: &Regex, input: Input<'_>) -> Option<Place> {
    let mut captures = regex.create_captures();
    regex.search_captures(&input, &mut captures);
    let whole = captures.get_match()?;
    let secret = captures.get_group_by_name("secret").unwrap_or(whole.span());
    Some((Span::new(whole.start(), whole.end()), Span::new(secret.start, secret.end)))
}

/// True where all of `value` matches an assigned rule's pattern.
pub(super) fn whole_value(regexes: &LazyRegex, pattern: &str, shapes: &[Shape], value: &[u8]) -> bool {
    if !shapes.is_empty() {
        return shapes
            .iter()
            .any(|shape| shape.match_at(value, 0).is_some_and(|(end, _)| end == value.len()));
    }
    let anchored = format!("(?:{pattern})$");
    let Some(regex) = regexes.get_anchored(&anchored) else { return false };
    regex.is_match(Input::new(value).anchored(Anchored::Yes))
}

/// The end of a block: behind the first end marker within its largest length, with the rest of a line
/// of `PuTTY`'s closing hash where the marker ends in a colon.
fn block_end(block: &Block, text: &[u8], begin: Span) -> Option<(usize, usize)> {
    let limit = text.len().min(begin.start + block.max as usize);
    // Where the block begins anew before it ends, the first beginning has no end. This also keeps a
    // row of begin markers linear.
    let body = &text[begin.end..limit];
    let again = memchr::memmem::find(body, &text[begin.range()]).unwrap_or(body.len());
    let body = &body[..again];
    let (at, length) = block
        .end
        .iter()
        .filter_map(|end| memchr::memmem::find(body, end.as_bytes()).map(|at| (at, end.len())))
        .min()?;
    let mut end = begin.end + at + length;
    if text[..end].ends_with(b":") {
        end = context::word_end(
            text,
            text[end..].iter().position(|&byte| byte != b' ').map_or(end, |by| end + by),
        );
    }
    Some((begin.end + at, end))
}

fn near(text: &[u8], whole: Span, rule: &Rule) -> bool {
    let (before, behind) = context::window(text, whole);
    context::has_any(&text[before.range()], &rule.near) || context::has_any(&text[behind.range()], &rule.near)
}

/// Shannon entropy in bits a byte.
pub fn entropy(value: &[u8]) -> f32 {
    let mut counts = [0u32; 256];
    for &byte in value {
        counts[usize::from(byte)] += 1;
    }
    let total = value.len() as f32;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| count as f32 / total)
        .map(|share| -share * share.log2())
        .sum()
}

/// What the rule's validator decodes from a secret, for reports.
pub fn details(rule: &Rule, secret: &[u8]) -> Vec<(String, String)> {
    let Some(check) = rule.check.as_deref().and_then(check::by_name) else { return Vec::new() };
    let checked = (check.run)(secret);
    checked.details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests;
