//! Why something was reported, or not: one input looked at as a scan looks at it, with everything told
//! that the engine and the policy did on the way.

use super::ruling::Ruling;
use super::{Cut, HEAD, Hit, Lines, ReadAs, Scan, kind_of};
use crate::config::Settings;
use crate::engine::noise::FileKind;
use crate::engine::trace::{Attempt, Event, Look, Test, Trace, Undone, wanted_by};
use crate::engine::{Certainty, Input, Match, Refusal, Scratch, assign};
use crate::error::Error;
use crate::finding::{By, Suppression};
use crate::origin::Origin;
use crate::policy::comment;
use crate::rules::{RuleIndex, RuleSet};
use crate::secret::Secret;
use crate::source::ignored::LeftOut;
use crate::text::{LineIndex, Position, Span, hide};
use crate::utf16::{self, Encoding};
use std::collections::HashMap;
use std::path::PathBuf;

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The line, from 1; everything where none is given.
    pub line: Option<u64>,
    /// The column in it, from 1, in bytes.
    pub column: Option<u64>,
    /// Only what this rule does.
    pub rule: Option<String>,
}

/// The answer.
#[derive(Debug)]
pub struct Explanation {
    /// Where the bytes came from.
    pub origin: Origin,
    /// What was asked.
    pub question: Question,
    /// What kind of file it was taken for.
    pub kind: FileKind,
    /// Binary content: only rules with structure are tried.
    pub binary: bool,
    /// A wide encoding that it was read in.
    pub encoding: Option<Encoding>,
    /// Why a scan of the whole tree does not read it.
    pub left_out: Option<LeftOut>,
    /// The configuration that was used.
    pub config: Option<PathBuf>,
    /// Number of rules in force.
    pub rules: usize,
    /// The line that was asked for, with everything masked that may be a secret.
    pub shown: Option<String>,
    /// That line in clear.
    pub clear: Option<Secret>,
    /// What was looked at, in the order of the text.
    pub looked: Vec<Looked>,
    /// What was found, and what became of it.
    pub found: Vec<Found>,
    /// Which matches gave way to which.
    pub contests: Vec<GaveWay>,
    /// What rules would find that are not in force.
    pub off: Vec<Off>,
    /// What would have to stand there for a rule to look at it.
    pub needed: Vec<String>,
}

/// One place that was looked at, and what was tried there.
#[derive(Debug)]
pub struct Looked {
    /// Where the text stands that led there.
    pub at: Position,
    /// That text.
    pub anchor: String,
    /// What kind of text it is.
    pub about: &'static str,
    /// Why nothing, or less, was tried.
    pub passed: Vec<&'static str>,
    /// The name, and the value given to it.
    pub read: Option<Read>,
    /// The rules that were tried.
    pub tried: Vec<Tried>,
    /// What it says once it is decoded.
    pub said: Option<Said>,
}

/// What something encoded says.
#[derive(Debug)]
pub struct Said {
    /// The encodings, the outermost first.
    pub chain: Vec<&'static str>,
    /// The kind of container that it is then, which scans open.
    pub container: Option<&'static str>,
    /// How long it is once decoded, in bytes.
    pub length: usize,
    /// What was looked at in it; lines and columns are those of the decoded text.
    pub looked: Vec<Looked>,
    /// What was not looked at, and why.
    pub missed: Vec<String>,
}

/// An assignment that was read.
#[derive(Debug)]
pub struct Read {
    /// The name.
    pub name: String,
    /// Where the value begins.
    pub at: Position,
    /// The value.
    pub value: Secret,
    /// How it is given to the name.
    pub operator: String,
    /// The quote around it.
    pub quote: Option<char>,
}

/// A rule that was tried.
#[derive(Debug)]
pub struct Tried {
    /// Its id.
    pub rule: String,
    /// Where the value begins and the value, where the pattern matched.
    pub value: Option<(Position, Secret)>,
    /// The tests in order.
    pub tests: Vec<Test>,
    /// What came of them.
    pub verdict: Result<Certainty, Refusal>,
    /// What weighed most in the judgement: measure, number, share of the score.
    pub weights: Vec<(&'static str, i16, f32)>,
}

/// A match, and what became of it.
#[derive(Debug)]
pub struct Found {
    /// Its rule.
    pub rule: String,
    /// Where it begins.
    pub at: Position,
    /// The secret.
    pub secret: Secret,
    /// The encodings around it, the outermost first; none where it stands in clear.
    pub chain: Vec<&'static str>,
    /// How sure it is.
    pub certainty: Certainty,
    /// Less specific rules that matched, too.
    pub also: Vec<String>,
    /// Its identity.
    pub fingerprint: String,
    /// Why it is not reported.
    pub suppressed: Option<String>,
    /// What would suppress it, and why it does not.
    pub note: Option<String>,
}

/// A match that gave way to another.
#[derive(Debug)]
pub struct GaveWay {
    /// The rule that stayed.
    pub winner: String,
    /// The rule that gave way.
    pub loser: String,
    /// Where the loser's value begins.
    pub at: Position,
    /// Why.
    pub why: &'static str,
}

/// What a rule would find that is not in force.
#[derive(Debug)]
pub struct Off {
    /// The rule.
    pub rule: String,
    /// Where.
    pub at: Position,
    /// The secret.
    pub secret: Secret,
    /// Why the rule is not in force.
    pub why: &'static str,
}

/// Explain what a scan makes of `bytes`. `roots` are what the scan would begin at, see
/// [`crate::source::Source::roots`].
///
/// # Errors
/// A line that the input does not have, a rule that there is not.
pub fn explain(
    settings: Settings,
    (origin, bytes): (&Origin, &[u8]),
    roots: &[PathBuf],
    question: Question,
) -> Result<Explanation, Error> {
    let head = &bytes[..bytes.len().min(HEAD)];
    let read = ReadAs::of(head);
    let (encoding, binary) = match read {
        ReadAs::Wide(encoding) => (Some(encoding), false),
        _ => (None, read == ReadAs::Binary),
    };
    let decoded = encoding.map(|encoding| utf16::decode(bytes, encoding));
    let text = decoded.as_ref().map_or(bytes, |decoded| &decoded.text);
    // What kind of file it is depends on the way to it from where a scan begins.
    let kind = match origin.root() {
        Origin::File(path) => {
            let whole = Origin::File(crate::config::clean(path));
            kind_of(&origin.with_root(&whole), roots)
        }
        _ => kind_of(origin, roots),
    };
    let config = settings.file.clone();
    let scan = Scan::new(settings);
    let rules = scan.engine.rules();
    let only = match &question.rule {
        Some(id) => Some(rules.by_id(id).ok_or_else(|| unknown_rule(id))?.0),
        None => None,
    };
    let wanted = part(origin, text, &question)?;
    let input = Input { text, own: 0..text.len(), kind, binary };
    let trace = scan.engine.trace(&mut Scratch::default(), &input, wanted.range());
    let idle = match scan.engine.idle() {
        Some(others) => others.trace(&mut Scratch::default(), &input, wanted.range()),
        None => Trace::default(),
    };
    let hidden = [&trace, &idle].iter().flat_map(|trace| &trace.matches).map(|found| found.secret).collect();
    let mut teller = Teller { text, rules, lines: LineIndex::new(text, 1), only, hidden };
    let looked = teller.looked(&trace);
    let contests = teller.contests(&trace);
    let off = teller.off(&idle, &wanted);
    let original = |offset: usize| decoded.as_ref().map_or(offset, |decoded| decoded.original(offset));
    let cut = Cut { matches: &trace.matches, original: &original, read, ..Cut::of(&scan, origin, text) };
    let mut hits = Vec::new();
    cut.hits(&mut Lines::new(text, 0, 0), (&mut hits, &mut Vec::new()));
    let wanted_match =
        |found: &Match| touches(found.whole, wanted) && only.is_none_or(|only| concerns(found, only));
    let hits = trace.matches.iter().zip(hits).filter(|(found, _)| wanted_match(found));
    let found: Vec<Found> = hits.map(|(_, hit)| teller.found(hit, &scan, kind)).collect();
    let mut values: Vec<Span> = [&trace, &idle].iter().flat_map(|trace| spans(trace)).collect();
    values.sort();
    let needed = if looked.iter().all(Looked::is_idle) { needed(rules, &scan, only) } else { Vec::new() };
    let shown = question.line.map(|_| masked_line(text, wanted, &values));
    let clear = question.line.map(|_| Secret::new(&text[wanted.range()]));
    let origin = origin.clone();
    let rules = scan.engine.active_rules();
    Ok(Explanation {
        origin,
        question,
        kind,
        binary,
        encoding,
        left_out: None,
        config,
        rules,
        shown,
        clear,
        looked,
        found,
        contests,
        off,
        needed,
    })
}

fn unknown_rule(id: &str) -> Error {
    Error::Input {
        what: format!("--rule {id}"),
        reason: "there is no such rule".to_owned(),
        remedy: "see `sekisho rules list`".to_owned(),
    }
}

/// The part of a text that is asked for.
fn part(origin: &Origin, text: &[u8], question: &Question) -> Result<Span, Error> {
    let Some(line) = question.line else { return Ok(Span::new(0, text.len())) };
    let missing = |reason: String| Error::Input {
        what: format!("{origin}:{line}"),
        reason,
        remedy: "lines and columns are counted from 1".to_owned(),
    };
    let start = match line {
        0 => None,
        1 => Some(0),
        _ => memchr::memchr_iter(b'\n', text).nth(line as usize - 2).map(|at| at + 1),
    };
    let lines =
        memchr::memchr_iter(b'\n', text).count() + usize::from(!text.is_empty() && !text.ends_with(b"\n"));
    let Some(start) = start.filter(|_| line as usize <= lines) else {
        return Err(missing(format!("the input has {lines} lines")));
    };
    let whole = LineIndex::new(text, 1).line_of(start);
    match question.column {
        None => Ok(whole),
        Some(column) if column == 0 || column as usize > whole.len() => {
            Err(missing(format!("the line has {} columns", whole.len())))
        }
        Some(column) => {
            let at = start + column as usize - 1;
            Ok(Span::new(at, at + 1))
        }
    }
}

fn touches(span: Span, wanted: Span) -> bool {
    span.overlaps(wanted)
}

fn concerns(found: &Match, only: RuleIndex) -> bool {
    found.rule == only || found.also.contains(&only)
}

/// Every value that was looked at or found.
fn spans(trace: &Trace) -> Vec<Span> {
    let found = trace.matches.iter().map(|found| found.secret);
    trace.events.iter().filter_map(Event::value).chain(found).collect()
}

impl Looked {
    /// Nothing came of it: no rule was even tried.
    fn is_idle(&self) -> bool {
        self.tried.is_empty() && self.read.is_none() && self.said.is_none()
    }

    /// Did a pattern match, or was a value read?
    pub fn is_telling(&self) -> bool {
        self.read.is_some()
            || self.tried.iter().any(|tried| tried.value.is_some())
            || self.said.as_ref().is_some_and(|said| said.looked.iter().any(Looked::is_telling))
            || self.is_container()
    }

    /// Is it a container once it is decoded, which a scan opens?
    pub fn is_container(&self) -> bool {
        let within = |said: &Said| said.container.is_some() || said.looked.iter().any(Looked::is_container);
        self.said.as_ref().is_some_and(within)
    }
}

/// Turns spans into what people read.
struct Teller<'a> {
    text: &'a [u8],
    rules: &'a RuleSet,
    lines: LineIndex<'a>,
    only: Option<RuleIndex>,
    /// What is masked in names: secrets that rules find, in force or not.
    hidden: Vec<Span>,
}

impl Teller<'_> {
    fn id(&self, rule: RuleIndex) -> String {
        self.rules.get(rule).id.to_string()
    }

    fn secret(&self, span: Span) -> Secret {
        Secret::new(&self.text[span.range()])
    }

    fn string(&self, span: Span) -> String {
        String::from_utf8_lossy(&self.text[span.start..span.end.min(self.text.len())]).into_owned()
    }

    /// Events of one anchor make one place.
    fn looked(&mut self, trace: &Trace) -> Vec<Looked> {
        let mut all: Vec<(Span, Looked)> = Vec::new();
        let mut known: HashMap<Span, usize> = HashMap::new();
        let mut by_start: HashMap<usize, usize> = HashMap::new();
        for event in &trace.events {
            let other_rule = |rule: RuleIndex| self.only.is_some_and(|only| only != rule);
            match &event.look {
                Look::Tried(attempt) if other_rule(attempt.rule) => continue,
                Look::Withdrawn(found, _) if other_rule(found.rule) => continue,
                _ => {}
            }
            let place = match &event.look {
                // What is taken back is told where it was found.
                Look::Withdrawn(found, _) => by_start.get(&found.anchor),
                _ => known.get(&event.anchor),
            };
            let place = place.copied();
            let place = place.unwrap_or_else(|| {
                let looked = Looked {
                    at: self.lines.position(event.anchor.start),
                    anchor: match &event.look {
                        Look::Decoded(undone) => self.secret(undone.region).mask(),
                        _ => self.string(event.anchor),
                    },
                    about: event.kind.about(),
                    passed: Vec::new(),
                    read: None,
                    tried: Vec::new(),
                    said: None,
                };
                known.insert(event.anchor, all.len());
                if !matches!(event.look, Look::Decoded(_)) {
                    by_start.insert(event.anchor.start, all.len());
                }
                all.push((event.anchor, looked));
                all.len() - 1
            });
            self.add(event, &mut all[place].1);
        }
        all.sort_by_key(|(span, _)| *span);
        all.into_iter().map(|(_, looked)| looked).collect()
    }

    fn add(&mut self, event: &Event, looked: &mut Looked) {
        match &event.look {
            Look::Passed(why) | Look::Withdrawn(_, why) => {
                if !looked.passed.contains(why) {
                    looked.passed.push(why);
                }
            }
            Look::Read(assignment) => {
                looked.read = Some(Read {
                    name: hide(self.text, assignment.name, &self.hidden, |span| self.secret(span).mask()),
                    at: self.lines.position(assignment.value.start),
                    value: self.secret(assignment.value),
                    operator: format!("{:?}", assignment.operator).to_lowercase(),
                    quote: assignment.quote.map(char::from),
                });
            }
            Look::Tried(attempt) => {
                let tried = self.tried(attempt);
                looked.tried.push(tried);
            }
            Look::Decoded(undone) => looked.said = Some(self.said(undone)),
        }
    }

    /// What was made of something decoded, told as its own text.
    fn said(&self, undone: &Undone) -> Said {
        let text = &undone.said[..];
        let hidden = undone.trace.matches.iter().map(|found| found.secret).collect();
        let lines = LineIndex::new(text, 1);
        let mut teller = Teller { text, rules: self.rules, lines, only: self.only, hidden };
        Said {
            chain: undone.chain.clone(),
            container: undone.container,
            length: text.len(),
            looked: teller.looked(&undone.trace),
            missed: undone.limits.iter().map(|limit| limit.describe()).collect(),
        }
    }

    fn tried(&mut self, attempt: &Attempt) -> Tried {
        Tried {
            rule: self.id(attempt.rule),
            value: attempt.place.map(|(_, secret)| (self.lines.position(secret.start), self.secret(secret))),
            tests: attempt.tests.clone(),
            verdict: attempt.verdict,
            weights: attempt.weights.clone(),
        }
    }

    fn contests(&mut self, trace: &Trace) -> Vec<GaveWay> {
        let told = trace.contests.iter().filter(|contest| {
            self.only.is_none_or(|only| contest.winner.rule == only || contest.loser.rule == only)
        });
        let told: Vec<_> = told.collect();
        told.into_iter()
            .map(|contest| GaveWay {
                winner: self.id(contest.winner.rule),
                loser: self.id(contest.loser.rule),
                at: self.lines.position(contest.loser.secret.start),
                why: contest.why,
            })
            .collect()
    }

    fn off(&mut self, idle: &Trace, wanted: &Span) -> Vec<Off> {
        let told = idle.matches.iter().filter(|found| {
            touches(found.whole, *wanted) && self.only.is_none_or(|only| concerns(found, only))
        });
        let told: Vec<_> = told.collect();
        told.into_iter()
            .map(|found| Off {
                rule: self.id(found.rule),
                at: self.lines.position(found.secret.start),
                secret: self.secret(found.secret),
                why: match self.rules.get(found.rule).enabled {
                    true => "switched off, or below the severity asked for, by the configuration or a flag",
                    false => "off unless it is asked for: `--enable` switches it on",
                },
            })
            .collect()
    }

    fn found(&mut self, hit: Hit, scan: &Scan, kind: FileKind) -> Found {
        let held = self.rules.get(hit.rule);
        let fingerprint = hit.secret.fingerprint("", &scan.salt);
        let aside = scan.sets_aside(kind) && !held.fixtures;
        let mut rule = hit.rule;
        let suppressed = match scan.rule_on_hit(&hit, hit.rule, &fingerprint, false) {
            _ if aside => Some(ASIDE.to_owned()),
            Ruling::Report(reported, _) => {
                rule = reported;
                None
            }
            Ruling::Suppressed(why) => Some(suppression(&why)),
            Ruling::Off => Some("settings switch its rule off at this path".to_owned()),
        };
        let note = match comment::said(&hit.comments, &[held.id.as_ref()]) {
            comment::Said::NoMore(why) if suppressed.is_none() => {
                Some(format!("a comment for it does not count: it {why}"))
            }
            _ => None,
        };
        Found {
            rule: self.id(rule),
            at: hit.occurrence.start,
            chain: hit.occurrence.decoded,
            certainty: hit.certainty,
            also: hit.also.iter().map(|&rule| self.id(rule)).collect(),
            secret: hit.secret,
            fingerprint,
            suppressed,
            note,
        }
    }
}

/// Why what was made for tests is not reported.
const ASIDE: &str = "made for tests, examples or documents, which is `info`: `--severity info` reports it";

/// What suppresses a match, for people.
fn suppression(why: &Suppression) -> String {
    let mut told = match why.by {
        By::Comment => "allowed by a comment".to_owned(),
        By::Entry => "allowed by an [[allow]] entry".to_owned(),
        By::Baseline => "known: it is in the baseline".to_owned(),
    };
    if let Some(place) = &why.place {
        told.push_str(&format!(" at {place}"));
    }
    if !why.reason.is_empty() {
        told.push_str(&format!(": {}", why.reason));
    }
    if let Some(owner) = &why.owner {
        told.push_str(&format!("; owner {owner}"));
    }
    if let Some(day) = &why.expires {
        told.push_str(&format!("; until {day}"));
    }
    told
}

/// What would have to stand there for a rule to look.
fn needed(rules: &RuleSet, scan: &Scan, only: Option<RuleIndex>) -> Vec<String> {
    if let Some(rule) = only {
        let mut told = vec![format!("rule {} looks at {}", rules.get(rule).id, wanted_by(rules, rule))];
        if !scan.engine.is_active(rule) {
            told.push(format!("rule {} is not in force", rules.get(rule).id));
        }
        return told;
    }
    let words: Vec<&str> = assign::words()
        .iter()
        .copied()
        .filter(|word| word.chars().all(|char| char.is_ascii_alphabetic()))
        .collect();
    vec![
        "a token that begins as a rule knows it (`sekisho rules list`), or a marker such as `-----BEGIN`"
            .to_owned(),
        format!(
            "a value given to a name (`name = value`, `name: value`, `--name value`) that holds one of these \
             words, or the like in other languages: {}",
            words.join(", ")
        ),
        "with `--rule ID` this tells what that rule would look at".to_owned(),
    ]
}

/// Shortest run of token characters that is masked because it holds a digit, and shortest without one, in
/// bytes.
const SUSPECT: (usize, usize) = (8, 20);

/// A line with every value masked that anything looked at, and every run that could be one: whoever asks
/// why nothing was found may ask about a secret.
fn masked_line(text: &[u8], wanted: Span, values: &[Span]) -> String {
    let line = LineIndex::new(text, 1).line_of(wanted.start);
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-+/=.~%!@#$^&*".contains(byte);
    let mut hidden = vec![false; line.len()];
    let mut hide = |from: usize, to: usize| {
        hidden[from.max(line.start) - line.start..to.min(line.end).max(line.start) - line.start].fill(true);
    };
    for value in values.iter().filter(|value| value.overlaps(line)) {
        hide(value.start, value.end);
    }
    let mut at = line.start;
    while at < line.end {
        let length = text[at..line.end].iter().take_while(|byte| token(byte)).count();
        let run = &text[at..at + length];
        let digit = run.iter().any(u8::is_ascii_digit);
        if digit && length >= SUSPECT.0 || length >= SUSPECT.1 {
            hide(at, at + length);
        }
        at += length.max(1);
    }
    if values.iter().all(|value| !value.overlaps(line)) {
        hide_quoted(&text[line.range()], &mut hidden);
    }
    let mut out = String::new();
    let mut from = 0;
    while from < hidden.len() {
        let same = hidden[from..].iter().take_while(|&&one| one == hidden[from]).count();
        match hidden[from] {
            true => out.push('…'),
            false => {
                out.push_str(&String::from_utf8_lossy(&text[line.start + from..line.start + from + same]))
            }
        }
        from += same;
    }
    out
}

/// Hide what stands in quotes.
fn hide_quoted(line: &[u8], hidden: &mut [bool]) {
    let mut at = 0;
    while let Some(open) = line[at..].iter().position(|byte| b"\"'`".contains(byte)).map(|by| at + by) {
        let Some(length) = memchr::memchr(line[open], &line[open + 1..]) else { return };
        hidden[open + 1..open + 1 + length].fill(true);
        at = open + length + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_no_value() {
        let text = b"x\nlet name = \"hunter two\"; // abc12345 plain\nz";
        let span = LineIndex::new(text, 1).line_of(3);
        assert_eq!(masked_line(text, span, &[]), "let name = \"…\"; // … plain");
        assert_eq!(masked_line(text, span, &[Span::new(13, 20)]), "let name = … two\"; // … plain");
    }

    #[test]
    fn lines_and_columns_are_found_or_told() {
        let origin = Origin::Stdin;
        let of = |text: &[u8], line, column| {
            let question = Question { line: Some(line), column, rule: None };
            part(&origin, text, &question).map_err(|error| error.to_string())
        };
        assert_eq!(of(b"ab\ncd\n", 2, None), Ok(Span::new(3, 5)));
        assert_eq!(of(b"ab\ncd\n", 2, Some(2)), Ok(Span::new(4, 5)));
        assert!(of(b"ab\ncd\n", 3, None).unwrap_err().contains("2 lines"));
        assert!(of(b"ab\ncd\n", 0, None).is_err());
        assert!(of(b"ab", 1, Some(3)).unwrap_err().contains("2 columns"));
        assert!(of(b"", 1, None).unwrap_err().contains("0 lines"));
    }
}
