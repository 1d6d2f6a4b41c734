//! Finds secrets in bytes: candidates first, structure checks and judgement of randomness last.
//!
//! [`Engine`] is built once and shared by all threads; everything that changes while scanning is in a
//! [`Scratch`] of each thread. The engine knows spans only: paths, lines and what is reported are
//! matters of higher floors.
//!
//! A scan is one [`candidate`] pass over blocks that stay in the first-level cache, then a second look
//! at each candidate: `verify` for token and block rules, `assigned` for values next to a name, and
//! `overlap` settles which rule owns a span.

mod anchors;
pub mod assign;
mod assigned;
pub mod candidate;
pub mod context;
pub mod decoded;
pub mod derived;
pub mod live;
pub mod noise;
mod overlap;
pub mod stream;
pub mod trace;
pub mod trial;
mod unshown;
mod verify;
mod words;

use crate::rules::rule::Matcher;
use crate::rules::{RuleIndex, RuleSet};
use crate::text::Span;
use noise::FileKind;
use std::ops::Range;
use std::sync::{Mutex, OnceLock};
use trace::Sink;

pub use overlap::specificity;
pub use unshown::Unshown;
pub use verify::{Refusal, details, entropy};

/// Bytes of one candidate pass: small enough for the first-level cache.
const BLOCK: usize = 16 << 10;

/// How far before and behind the part that is scanned matches are sought that may overlap its own, in
/// bytes.
const BESIDE: usize = 2 << 10;

/// How far the engine looks before a match's anchor, in bytes.
pub const LOOK_BEHIND: usize = 8 << 10;

/// One match: a rule and where it found its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The rule.
    pub rule: RuleIndex,
    /// Everything the rule matched.
    pub whole: Span,
    /// The secret in it.
    pub secret: Span,
    /// Offset of the text that it was found by: the match belongs to the part that holds it.
    pub anchor: usize,
    /// How sure this is.
    pub certainty: Certainty,
    /// Less specific rules that matched the same place.
    pub also: Vec<RuleIndex>,
    /// How the bytes at `secret` say the secret, where it does not stand there in clear.
    pub decoded: Option<Box<decoded::Decoding>>,
}

impl Match {
    /// The secret itself, of a match in `text`.
    pub fn value<'a>(&'a self, text: &'a [u8]) -> &'a [u8] {
        match &self.decoded {
            Some(decoding) => &decoding.value,
            None => &text[self.secret.range()],
        }
    }

    /// The encodings around the secret, the outermost first; none where it stands in clear.
    pub fn chain(&self) -> &[&'static str] {
        self.decoded.as_ref().map_or(&[], |decoding| &decoding.chain)
    }
}

/// How sure a match is, the surest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// The name and the look of the value speak for it.
    Judged,
    /// It has the structure of its kind.
    Structured,
    /// A checksum or a decoded structure proves it.
    Proven,
}

/// What to scan.
#[derive(Clone)]
pub struct Input<'a> {
    /// The bytes, with context around the part that is scanned. Shorter than 4 GiB.
    pub text: &'a [u8],
    /// Matches anchored in this part of `text` are reported.
    pub own: Range<usize>,
    /// What kind of file it is.
    pub kind: FileKind,
    /// Binary content: only rules with structure are tried.
    pub binary: bool,
}

impl<'a> Input<'a> {
    /// All of a text of unknown kind.
    pub fn whole(text: &'a [u8]) -> Input<'a> {
        Input { text, own: 0..text.len(), kind: FileKind::UNKNOWN, binary: false }
    }
}

/// What a thread needs while scanning.
#[derive(Default)]
pub struct Scratch {
    candidates: candidate::Candidates,
    assigned: assigned::State,
    decoded: decoded::State,
    lines: derived::Lines,
}

impl Scratch {
    /// What was encoded and not looked at since this was asked the last time: why, and the offset in the
    /// text where it begins.
    pub fn take_limits(&mut self) -> Vec<(usize, decoded::Limit)> {
        std::mem::take(&mut self.decoded.limits)
    }

    /// Nothing of that kind is there.
    pub fn has_no_limits(&self) -> bool {
        self.decoded.limits.is_empty()
    }

    /// Also keep the containers that stand encoded in what is scanned: see [`Scratch::take_enclosed`].
    pub fn opening() -> Scratch {
        let mut scratch = Scratch::default();
        scratch.decoded.enclosed = Some(Vec::new());
        scratch
    }

    /// The containers that stood encoded in what was scanned since this was asked the last time.
    pub fn take_enclosed(&mut self) -> Vec<decoded::Enclosed> {
        self.decoded.enclosed.as_mut().map(std::mem::take).unwrap_or_default()
    }
}

/// Of all from `first` on keep those that `keep` says yes to, in their order; what was there before is not looked at.
fn retain_from<T>(all: &mut Vec<T>, first: usize, mut keep: impl FnMut(&T) -> bool) {
    let mut kept = first;
    for at in first..all.len() {
        if keep(&all[at]) {
            all.swap(kept, at);
            kept += 1;
        }
    }
    all.truncate(kept);
}

/// Rules compiled for scanning.
pub struct Engine {
    rules: RuleSet,
    active: Vec<bool>,
    anchors: anchors::Anchors,
    table: assigned::Table,
    regexes: Vec<verify::LazyRegex>,
    reach: usize,
    /// Begin markers of blocks.
    begins: Vec<String>,
    /// For the rules that are not in force; made when it is asked for.
    idle: OnceLock<Option<Box<Engine>>>,
    /// What was needed to look around a match, for the next one.
    spare: Mutex<Vec<Scratch>>,
}

impl Engine {
    /// An engine for those rules of a set that are enabled.
    pub fn new(rules: RuleSet) -> Engine {
        let active: Vec<bool> = rules.iter().map(|(_, rule)| rule.enabled).collect();
        Engine::with(rules, active)
    }

    /// An engine for those rules of a set for which `active` says yes.
    pub fn with(rules: RuleSet, active: Vec<bool>) -> Engine {
        let is_active = |index: RuleIndex| active[index.0 as usize];
        let anchors = anchors::Anchors::new(&rules, is_active);
        let table = assigned::Table::new(&rules, is_active);
        let regexes = (0..rules.len()).map(|_| verify::LazyRegex::default()).collect();
        let reach = rules
            .iter()
            .filter(|(index, _)| is_active(*index))
            .map(|(_, rule)| match &rule.matcher {
                Matcher::Token(token) => token.reach as usize,
                Matcher::Assigned(_) => 1024,
                Matcher::Block(block) => block.max as usize,
            })
            .max()
            .unwrap_or(0);
        let begins = rules
            .iter()
            .filter(|(index, _)| is_active(*index))
            .filter_map(|(_, rule)| match &rule.matcher {
                Matcher::Block(block) => Some(block.begin.iter().map(ToString::to_string)),
                _ => None,
            })
            .flatten()
            .collect();
        Engine {
            rules,
            active,
            anchors,
            table,
            regexes,
            reach,
            begins,
            idle: OnceLock::new(),
            spare: Mutex::default(),
        }
    }

    /// The rules.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Is this rule in force?
    pub fn is_active(&self, rule: RuleIndex) -> bool {
        self.active[rule.0 as usize]
    }

    /// The rules in force whose matches can begin with these four bytes.
    #[inline]
    fn rules_at(&self, gram: u32) -> impl Iterator<Item = RuleIndex> + '_ {
        self.anchors.rules_at(gram).filter(|&rule| self.is_active(rule))
    }

    /// The number of rules in force.
    pub fn active_rules(&self) -> usize {
        self.active.iter().filter(|&&active| active).count()
    }

    /// How far behind its anchor a match and its context can reach, in bytes.
    pub fn look_ahead(&self) -> usize {
        (self.reach + context::BEHIND + 1024).max(decoded::REACH)
    }

    /// An engine for the rules that are not in force; none where all are.
    pub fn idle(&self) -> Option<&Engine> {
        let make = || {
            let inactive: Vec<bool> = self.active.iter().map(|active| !active).collect();
            inactive.contains(&true).then(|| Box::new(Engine::with(self.rules.clone(), inactive)))
        };
        self.idle.get_or_init(make).as_deref()
    }

    /// Find all secrets of `input`. `out` is added to; what is added is sorted by place and holds no
    /// two matches of which one is the other's less specific twin.
    pub fn scan(&self, scratch: &mut Scratch, input: &Input<'_>, out: &mut Vec<Match>) {
        // What is found beside the own part may overlap what is found in it, and be the better match.
        self.scan_into(scratch, input, BESIDE, out);
    }

    /// The same for whoever knows that nothing beside the own part overlaps what is found in it: only the own
    /// part is looked at.
    pub fn scan_alone(&self, scratch: &mut Scratch, input: &Input<'_>, out: &mut Vec<Match>) {
        // The bytes by which a literal is found may stand somewhere in it.
        self.scan_into(scratch, input, derived::LITERAL, out);
    }

    /// Scan, with `beside` bytes looked at before and behind the own part.
    fn scan_into<S: Sink>(&self, scratch: &mut Scratch, input: &Input<'_>, beside: usize, out: &mut S) {
        let first = out.matches().len();
        let first_enclosed = scratch.decoded.enclosed.as_ref().map_or(0, Vec::len);
        let from = input.own.start.saturating_sub(beside);
        let to = input.text.len().min(input.own.end + beside);
        self.look(scratch, input, from..to, out);
        self.settle(out, first);
        if input.own != (0..input.text.len()) {
            retain_from(out.matches(), first, |found| input.own.contains(&found.anchor));
            scratch.decoded.keep_own(first_enclosed, &input.own);
        }
    }

    /// The same, settled: `out` is empty before.
    fn look_settled<S: Sink>(
        &self,
        scratch: &mut Scratch,
        input: &Input<'_>,
        range: Range<usize>,
        out: &mut S,
    ) {
        self.look(scratch, input, range, out);
        self.settle(out, 0);
    }

    /// Of the matches from `first` on those go that give way to others.
    fn settle<S: Sink>(&self, out: &mut S, first: usize) {
        let mut matches = std::mem::take(out.matches());
        overlap::settle_telling(&self.rules, &mut matches, first, |won, lost, why| {
            out.contest(won, lost, why);
        });
        *out.matches() = matches;
    }

    /// Of the matches from `first` on those go whose URL or header only shows where a password would
    /// stand, and the tokens of tests that were made for them.
    fn keep_passwords<S: Sink>(&self, input: &Input<'_>, first: usize, out: &mut S) {
        let mut gone = Vec::new();
        retain_from(out.matches(), first, |found| {
            let kept = found.decoded.is_some()
                || match self.rules.get(found.rule).check.as_deref() {
                    Some("url-password") => noise::url_password(input.text, found.secret, input.kind.fixture),
                    Some("given-password") => {
                        noise::given_password(input.text, found.whole, found.secret, input.kind.fixture)
                    }
                    Some("basic-auth") => {
                        noise::basic_password(&input.text[found.secret.range()], input.kind.fixture)
                    }
                    Some("jwt") if input.kind.fixture => {
                        !noise::token_for_tests(&input.text[found.secret.range()])
                    }
                    _ => true,
                };
            if S::LISTENS && !kept {
                gone.push(found.clone());
            }
            kept
        });
        gone.into_iter().for_each(|found| out.note(|| self.withdrawn(found)));
    }

    /// Find what has an anchor in `range`, unsettled.
    fn look<S: Sink>(&self, scratch: &mut Scratch, input: &Input<'_>, range: Range<usize>, out: &mut S) {
        let text = input.text;
        let first = out.matches().len();
        scratch.assigned.start();
        scratch.decoded.start();
        let mut candidates = std::mem::take(&mut scratch.candidates);
        let mut at = range.start;
        while at < range.end {
            let end = range.end.min(at + BLOCK);
            self.anchors.tables.find(text, at..end, &mut candidates);
            for &place in &candidates.starts {
                self.at_word_start(text, place as usize, out);
            }
            for &place in &candidates.literals {
                self.anchors.literals_at(text, place as usize, |start, end, purpose| {
                    self.at_literal(scratch, input, Span::new(start, end), purpose, out);
                });
            }
            self.decode(scratch, input, at..end, out);
            at = end;
        }
        scratch.candidates = candidates;
        self.keep_passwords(input, first, out);
    }

    fn at_literal(
        &self,
        scratch: &mut Scratch,
        input: &Input<'_>,
        literal: Span,
        purpose: anchors::Use,
        out: &mut impl Sink,
    ) {
        match purpose {
            anchors::Use::Name | anchors::Use::RuleName if input.binary => out.note(|| {
                let why = "names and values are not read in binary content";
                trace::Event::passed(literal, trace::AnchorKind::Name, why)
            }),
            anchors::Use::Name => self.at_name(&mut scratch.assigned, input, literal, true, out),
            anchors::Use::RuleName => self.at_name(&mut scratch.assigned, input, literal, false, out),
            anchors::Use::Start => self.at_literal_start(input.text, literal.start, out),
            anchors::Use::Scheme => self.at_scheme(input.text, literal, out),
            anchors::Use::Inside(rule) => self.around_literal(rule, input.text, literal, out),
            anchors::Use::Begin(rule) => self.at_begin(rule, input.text, literal, out),
        }
    }
}
