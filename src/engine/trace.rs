//! What the engine looked at and why it took or refused it, told by the very code that scans.
//!
//! Everything that finds hands its matches to a [`Sink`]. The scan's sink is a plain list, whose
//! [`Sink::note`] does nothing and is compiled to nothing. [`Engine::trace`] listens. No text of a
//! value is kept here, only spans, numbers and words about them.

use super::assign::Assignment;
use super::decoded::Limit;
use super::verify::{self, Refusal};
use super::{Certainty, Engine, Input, Match, Scratch, context, noise};
use crate::rules::check::{self, Verdict};
use crate::rules::rule::{Matcher, Rule, Token};
use crate::rules::{RuleIndex, RuleSet};
use crate::text::Span;
use std::ops::Range;
use zeroize::Zeroizing;

/// How many measures of a judgement are told.
const WEIGHTS: usize = 6;

/// Takes what the engine finds, and may listen to how it came about.
pub trait Sink {
    /// True where somebody listens.
    const LISTENS: bool;

    /// The matches so far.
    fn matches(&mut self) -> &mut Vec<Match>;

    /// One more match.
    #[inline]
    fn found(&mut self, found: Match) {
        self.matches().push(found);
    }

    /// Something was looked at. The event is only made where somebody listens.
    #[inline(always)]
    fn note(&mut self, _event: impl FnOnce() -> Event) {}

    /// What is found at `anchor`, or is not, was decided by the bytes of `on` too: told where these are on
    /// other lines or further away than most.
    #[inline(always)]
    fn depends(&mut self, _anchor: usize, _on: Span) {}

    /// A token rule is tried on the bytes around `place`: from its beginning on, or where a match may hold it.
    #[inline(always)]
    fn tries(&mut self, _rule: RuleIndex, _token: &Token, _text: &[u8], _place: Span) {}

    /// Of two matches that overlap one gave way.
    #[inline(always)]
    fn contest(&mut self, _winner: &Match, _loser: &Match, _why: &'static str) {}
}

impl Sink for Vec<Match> {
    const LISTENS: bool = false;

    #[inline]
    fn matches(&mut self) -> &mut Vec<Match> {
        self
    }
}

/// What led the engine to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorKind {
    /// Four bytes with which tokens of some rule begin.
    Beginning,
    /// The `://` of a URL.
    Scheme,
    /// A text that stands inside all matches of a rule.
    Inside,
    /// The marker that begins a block.
    Marker,
    /// A word that names secrets.
    Name,
    /// Something that says something else once it is decoded.
    Encoded,
}

impl AnchorKind {
    /// For people.
    pub fn about(self) -> &'static str {
        match self {
            AnchorKind::Beginning => "the beginning of tokens",
            AnchorKind::Scheme => "the middle of a URL",
            AnchorKind::Inside => "a text that stands in tokens",
            AnchorKind::Marker => "the marker that begins a block",
            AnchorKind::Name => "a word that names secrets",
            AnchorKind::Encoded => "something encoded",
        }
    }
}

/// One look at one place.
#[derive(Clone, Debug)]
pub struct Event {
    /// The text that led there.
    pub anchor: Span,
    /// What kind of text that is.
    pub kind: AnchorKind,
    /// What was done there.
    pub look: Look,
}

/// What was done at a place.
#[derive(Clone, Debug)]
pub enum Look {
    /// A rule was tried.
    Tried(Attempt),
    /// No rule was tried: why.
    Passed(&'static str),
    /// A name and a value were read; attempts on the value follow.
    Read(Assignment),
    /// A match was taken back: why.
    Withdrawn(Match, &'static str),
    /// It was decoded, and what it says was looked at.
    Decoded(Box<Undone>),
}

/// What something encoded says, and what was made of that.
#[derive(Clone, Debug)]
pub struct Undone {
    /// Its bytes in the text.
    pub region: Span,
    /// The encodings, the outermost first.
    pub chain: Vec<&'static str>,
    /// The kind of container that it says, which scans open.
    pub container: Option<&'static str>,
    /// What it says.
    pub said: Zeroizing<Vec<u8>>,
    /// What was looked at and found in that; the spans are those of `said`.
    pub trace: Trace,
    /// What was not looked at.
    pub limits: Vec<Limit>,
}

/// One rule at one place.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The rule.
    pub rule: RuleIndex,
    /// Everything it matched and the secret in it; none where it did not match.
    pub place: Option<(Span, Span)>,
    /// Its tests in the order in which they were made, up to the one that refused.
    pub tests: Vec<Test>,
    /// What came of it.
    pub verdict: Result<Certainty, Refusal>,
    /// What weighed most in the judgement of noise, where it was asked: measure, number, share of the score.
    pub weights: Vec<(&'static str, i16, f32)>,
}

/// One test and what it measured, in words that hold nothing of the value.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What was tested.
    pub name: &'static str,
    /// What was measured, for people.
    pub measured: String,
    /// The number that was measured and the least that would do, where it is a number.
    pub number: Option<(f64, f64)>,
    /// Did the value pass?
    pub passed: bool,
}

impl Test {
    fn new(name: &'static str, measured: impl Into<String>, passed: bool) -> Test {
        Test { name, measured: measured.into(), number: None, passed }
    }
}

/// Two matches of which one gave way.
#[derive(Clone, Debug)]
pub struct Contest {
    /// The match that stayed.
    pub winner: Match,
    /// The match that gave way.
    pub loser: Match,
    /// Why.
    pub why: &'static str,
}

/// All that the engine did at some part of a text.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// What was looked at, in the order of the text.
    pub events: Vec<Event>,
    /// What was found, as a scan finds it.
    pub matches: Vec<Match>,
    /// Which matches gave way to which.
    pub contests: Vec<Contest>,
}

/// The sink that listens, to what touches some part of the text.
pub(super) struct Listener {
    wanted: Range<usize>,
    trace: Trace,
}

impl Listener {
    /// One that listens to all of a text.
    pub(super) fn of_all(text: &[u8]) -> Listener {
        Listener { wanted: 0..text.len(), trace: Trace::default() }
    }

    /// What it heard.
    pub(super) fn told(self) -> Trace {
        self.trace
    }

    fn wants(&self, span: Span) -> bool {
        span.start < self.wanted.end && self.wanted.start < span.end.max(span.start + 1)
    }
}

impl Sink for Listener {
    const LISTENS: bool = true;

    fn matches(&mut self) -> &mut Vec<Match> {
        &mut self.trace.matches
    }

    fn note(&mut self, event: impl FnOnce() -> Event) {
        let event = event();
        if event.spans().iter().any(|span| self.wants(*span)) {
            self.trace.events.push(event);
        }
    }

    fn contest(&mut self, winner: &Match, loser: &Match, why: &'static str) {
        if self.wants(winner.whole) || self.wants(loser.whole) {
            self.trace.contests.push(Contest { winner: winner.clone(), loser: loser.clone(), why });
        }
    }
}

impl Event {
    /// Everything in the text that it is about.
    pub fn spans(&self) -> Vec<Span> {
        let mut spans = vec![self.anchor];
        match &self.look {
            Look::Tried(Attempt { place: Some((whole, _)), .. }) => spans.push(*whole),
            Look::Read(assignment) => spans.extend([assignment.name, assignment.value]),
            Look::Withdrawn(found, _) => spans.push(found.whole),
            Look::Decoded(undone) => spans.push(undone.region),
            _ => {}
        }
        spans
    }

    /// The value that was looked at, where one was read.
    pub fn value(&self) -> Option<Span> {
        match &self.look {
            Look::Tried(attempt) => attempt.place.map(|(_, secret)| secret),
            Look::Read(assignment) => Some(assignment.value),
            Look::Withdrawn(found, _) => Some(found.secret),
            Look::Decoded(undone) => Some(undone.region),
            Look::Passed(_) => None,
        }
    }

    pub(super) fn passed(anchor: Span, kind: AnchorKind, why: &'static str) -> Event {
        Event { anchor, kind, look: Look::Passed(why) }
    }

    /// A rule whose pattern did not match.
    pub(super) fn no_match(anchor: Span, kind: AnchorKind, rule: RuleIndex, refusal: Refusal) -> Event {
        let tests = vec![Test::new(refusal.test(), refusal.about(), false)];
        let attempt = Attempt { rule, place: None, tests, verdict: Err(refusal), weights: Vec::new() };
        Event { anchor, kind, look: Look::Tried(attempt) }
    }
}

impl Engine {
    /// Scan all of `input` and tell what was looked at in the part `wanted` of its text.
    pub fn trace(&self, scratch: &mut Scratch, input: &Input<'_>, wanted: Range<usize>) -> Trace {
        let mut listener = Listener { wanted, trace: Trace::default() };
        self.scan_into(scratch, input, super::BESIDE, &mut listener);
        listener.trace
    }

    /// A match that a password test took back.
    pub(super) fn withdrawn(&self, found: Match) -> Event {
        let check = self.rules.get(found.rule).check.as_deref();
        let why = match check {
            Some("basic-auth") => "what the header holds only shows where a password would stand",
            Some("jwt") => "the token was made for tests: it is signed with a published example key",
            _ => "the password in the URL only shows where one would stand",
        };
        let kind = AnchorKind::Beginning;
        Event { anchor: Span::new(found.anchor, found.anchor + 1), kind, look: Look::Withdrawn(found, why) }
    }

    /// An attempt of a token or block rule whose pattern matched.
    pub(super) fn tried(
        &self,
        (anchor, kind): (Span, AnchorKind),
        rule: RuleIndex,
        text: &[u8],
        (whole, secret, inner): (Span, Span, Span),
        verdict: Result<Certainty, Refusal>,
    ) -> Event {
        let mut tests = vec![Test::new("pattern", format!("matched {} bytes", whole.len()), true)];
        self.structure_tests(rule, &text[secret.range()], &text[inner.range()], verdict, &mut tests);
        let held = self.rules.get(rule);
        // A token's context is asked for last.
        if !held.near.is_empty()
            && matches!(held.matcher, Matcher::Token(_))
            && matches!(verdict, Ok(_) | Err(Refusal::Near | Refusal::Inside))
        {
            tests.push(near_test(text, whole, held, verdict != Err(Refusal::Near)));
        }
        if verdict == Err(Refusal::Inside) {
            tests.push(Test::new(Refusal::Inside.test(), Refusal::Inside.about(), false));
        }
        let attempt = Attempt { rule, place: Some((whole, secret)), tests, verdict, weights: Vec::new() };
        Event { anchor, kind, look: Look::Tried(attempt) }
    }

    /// An attempt of a rule for assigned values.
    pub(super) fn tried_value(
        &self,
        (anchor, rule): (Span, RuleIndex),
        text: &[u8],
        (assignment, whole): (&Assignment, Span),
        verdict: Result<Certainty, Refusal>,
    ) -> Event {
        let held = self.rules.get(rule);
        let value = &text[assignment.value.range()];
        let mut tests = Vec::new();
        if let Matcher::Assigned(assigned) = &held.matcher {
            let (least, most) = assigned.length;
            if verdict == Err(Refusal::General) {
                tests.push(Test::new("name", Refusal::General.about(), false));
            }
            if reached(verdict, Refusal::Length) {
                let told = format!("{} bytes, must be {least} to {most}", value.len());
                tests.push(Test::new("length", told, verdict != Err(Refusal::Length)));
            }
            if !assigned.name.is_empty() && reached(verdict, Refusal::Name) {
                let told = format!("must hold one of `{}`", assigned.name.join("`, `"));
                tests.push(Test::new("name", told, verdict != Err(Refusal::Name)));
            }
            if reached(verdict, Refusal::Pattern) {
                let told = if verdict == Err(Refusal::Pattern) {
                    "does not match"
                } else {
                    "matches the whole value"
                };
                tests.push(Test::new("pattern", told, verdict != Err(Refusal::Pattern)));
            }
            if !held.near.is_empty() && reached(verdict, Refusal::Near) {
                tests.push(near_test(text, whole, held, verdict != Err(Refusal::Near)));
            }
            if verdict == Err(Refusal::Noise) {
                tests.push(Test::new("judgement", Refusal::Noise.about(), false));
            }
            if reached(verdict, Refusal::Invalid) {
                self.structure_tests(rule, value, value, verdict, &mut tests);
            }
        }
        let place = Some((whole, assignment.value));
        let attempt = Attempt { rule, place, tests, verdict, weights: Vec::new() };
        Event { anchor, kind: AnchorKind::Name, look: Look::Tried(attempt) }
    }

    /// An attempt of a rule that hands its values to the judgement of noise.
    pub(super) fn judged(
        &self,
        (anchor, rule): (Span, RuleIndex),
        context: &noise::Context<'_>,
        whole: Span,
        verdict: Result<Certainty, Refusal>,
    ) -> Event {
        let noise = noise::explain(context);
        let taken = verdict != Err(Refusal::Noise);
        let measured = match noise.obvious {
            Some(why) if !taken => format!("obvious: {why}"),
            _ => format!("score {:.2}, at least {:.2} asked", noise.score, noise.threshold),
        };
        let mut test = Test::new("judgement", measured, taken);
        test.number = noise.obvious.is_none().then_some((noise.score.into(), noise.threshold.into()));
        let mut tests = vec![test];
        let value = context.assignment.value;
        let least = self.rules.get(rule).entropy;
        if taken && least > 0.0 {
            tests.push(entropy_test(&context.text[value.range()], least, verdict != Err(Refusal::Entropy)));
        }
        let weights = noise.weightiest(WEIGHTS);
        let attempt = Attempt { rule, place: Some((whole, value)), tests, verdict, weights };
        Event { anchor, kind: AnchorKind::Name, look: Look::Tried(attempt) }
    }

    /// The tests of a value's structure, up to the one that refused it.
    fn structure_tests(
        &self,
        index: RuleIndex,
        value: &[u8],
        inner: &[u8],
        verdict: Result<Certainty, Refusal>,
        tests: &mut Vec<Test>,
    ) {
        let rule = self.rules.get(index);
        if let Some(check) = rule.check.as_deref().and_then(check::by_name) {
            let checked = (check.run)(value);
            let said = match checked.verdict {
                Verdict::Valid => "holds",
                Verdict::Invalid => "does not hold",
                Verdict::Unknown => "cannot tell",
            };
            let mut told = format!("`{}` {said}", check.name);
            for (name, value) in &checked.details {
                told.push_str(&format!("; {name} {value}"));
            }
            tests.push(Test::new("validator", told, verdict != Err(Refusal::Invalid)));
            // What is proven needs no test of randomness.
            if checked.verdict != Verdict::Unknown {
                return;
            }
        }
        let mut plain = |refusal: Refusal| {
            let told = if verdict == Err(refusal) { refusal.about() } else { "no placeholder" };
            tests.push(Test::new("placeholder", told, verdict != Err(refusal)));
        };
        plain(Refusal::Placeholder);
        if verdict != Err(Refusal::Placeholder) {
            if rule.entropy > 0.0 {
                tests.push(entropy_test(inner, rule.entropy, verdict != Err(Refusal::Entropy)));
            }
            if let Err(refusal @ (Refusal::OwnPart | Refusal::Words)) = verdict {
                tests.push(Test::new(refusal.test(), refusal.about(), false));
            }
        }
    }
}

/// Was the test that this refusal belongs to made? Refusals stand in the order of the tests of values.
fn reached(verdict: Result<Certainty, Refusal>, refusal: Refusal) -> bool {
    verdict.err().is_none_or(|by| by >= refusal)
}

fn entropy_test(value: &[u8], least: f32, passed: bool) -> Test {
    let entropy = verify::entropy(value);
    let measured = format!("{entropy:.2} bits a byte, at least {least:.2} asked");
    Test { name: "entropy", measured, number: Some((entropy.into(), least.into())), passed }
}

fn near_test(text: &[u8], whole: Span, rule: &Rule, passed: bool) -> Test {
    let (before, behind) = context::window(text, whole);
    let around = &text[before.start..behind.end];
    let seen: Vec<&str> =
        rule.near.iter().map(AsRef::as_ref).filter(|word| context::has_any(around, &[*word])).collect();
    let told = match passed && !seen.is_empty() {
        true => format!("`{}` stands near", seen.join("`, `")),
        false => format!(
            "none of `{}` stands within {} bytes before or {} behind",
            rule.near.join("`, `"),
            context::BEFORE,
            context::BEHIND
        ),
    };
    Test::new("context word", told, passed)
}

/// What would lead the engine to a match of this rule, for people.
pub fn wanted_by(rules: &RuleSet, rule: RuleIndex) -> String {
    use crate::rules::rule::Anchor;
    let quoted = |words: Vec<String>| {
        let more = words.len().saturating_sub(6);
        let shown = words.into_iter().take(6).map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        if more > 0 { format!("{shown} or one of {more} more") } else { shown }
    };
    match &rules.get(rule).matcher {
        Matcher::Token(token) => match &token.anchor {
            Anchor::WordStart { grams, .. } => {
                let begin = |gram: &u32| String::from_utf8_lossy(&gram.to_le_bytes()).into_owned();
                format!("a word that begins with {}", quoted(grams.iter().map(begin).collect()))
            }
            Anchor::Contains { literals, .. } => {
                format!("the text {}", quoted(literals.iter().map(ToString::to_string).collect()))
            }
        },
        Matcher::Block(block) => {
            format!("the marker {}", quoted(block.begin.iter().map(ToString::to_string).collect()))
        }
        Matcher::Assigned(assigned) if assigned.name.is_empty() => {
            "a value behind a name that holds a word for secrets, such as `key`, `token` or `password`"
                .to_owned()
        }
        Matcher::Assigned(assigned) => {
            let words = assigned.name.iter().map(ToString::to_string).collect();
            format!("a value behind a name that holds {}", quoted(words))
        }
    }
}

#[cfg(test)]
mod tests;
