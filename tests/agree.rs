//! One corpus, all paths: the samples of every built-in rule are found alike in a whole buffer, cut at
//! any point, in a stream that comes in pieces, far inside a stream, and in UTF-16.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use sekisho::config::Settings;
use sekisho::engine::{Certainty, Engine, Input, LOOK_BEHIND, Match, Scratch, stream};
use sekisho::finding::Outcome;
use sekisho::rules::{RuleIndex, RuleSet, sample};
use sekisho::scan::Scan;
use sekisho::source::stream::Stdin;
use sekisho::text::Span;
use std::io::{Cursor, Read};

/// Samples made of each template.
const SEEDS: u64 = 2;
/// Between two samples: more than any context reaches, with nothing in it.
const GAP: usize = 3 << 10;
/// Before the first sample of a stream: it is then in the third window.
const PADDING: usize = 9 << 20;

/// A sample of a rule and the text that marks its secret.
struct Case {
    rule: String,
    text: Vec<u8>,
    secret: Span,
}

fn all_rules() -> (RuleSet, Vec<bool>) {
    let rules = RuleSet::builtin();
    let active = vec![true; rules.len()];
    (rules, active)
}

fn engine() -> Engine {
    let (rules, active) = all_rules();
    Engine::with(rules, active)
}

fn cases() -> Vec<Case> {
    let rules = RuleSet::builtin();
    let mut cases = Vec::new();
    for (_, rule) in rules.iter() {
        for template in rule.hit.iter() {
            for seed in 0..SEEDS {
                let sample = sample::expand(template, seed)
                    .unwrap_or_else(|error| panic!("{}: {template:?}: {error}", rule.id));
                let secret = sample.secret.unwrap_or_else(|| panic!("{}: no secret marked", rule.id));
                cases.push(Case { rule: rule.id.to_string(), text: sample.text, secret });
            }
        }
    }
    assert!(!cases.is_empty());
    cases
}

/// What is compared: where, which rule, how sure, and what else matched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    start: usize,
    end: usize,
    rule: RuleIndex,
    certainty: Certainty,
    also: Vec<RuleIndex>,
}

fn seen(found: &Match, by: usize) -> Seen {
    Seen {
        start: found.secret.start + by,
        end: found.secret.end + by,
        rule: found.rule,
        certainty: found.certainty,
        also: found.also.clone(),
    }
}

/// All matches of a text scanned whole.
fn whole(engine: &Engine, text: &[u8]) -> Vec<Seen> {
    let mut out = Vec::new();
    engine.scan(&mut Scratch::default(), &Input::whole(text), &mut out);
    out.iter().map(|found| seen(found, 0)).collect()
}

/// Gives at most `size` bytes at a time.
struct Pieces<'a> {
    rest: &'a [u8],
    size: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.size.min(buffer.len()).min(self.rest.len());
        buffer[..count].copy_from_slice(&self.rest[..count]);
        self.rest = &self.rest[count..];
        Ok(count)
    }
}

/// All matches of a text scanned as a stream that comes in pieces of `size` bytes.
fn streamed(engine: &Engine, text: &[u8], size: usize) -> Vec<Seen> {
    let mut all = Vec::new();
    let mut pieces = Pieces { rest: text, size };
    let describe = Input::whole(&[]);
    let read = stream::scan(engine, &mut Scratch::default(), &mut pieces, &describe, |window| {
        all.extend(window.matches.iter().map(|found| seen(found, window.offset as usize)));
    });
    assert_eq!(read.unwrap(), text.len() as u64);
    all
}

/// Cut in two at `cut`, each part with as much context as a stream gives it.
fn cut(engine: &Engine, text: &[u8], cut: usize) -> Vec<Seen> {
    let mut scratch = Scratch::default();
    let mut all = Vec::new();
    let end = text.len().min(cut + engine.look_ahead());
    let start = cut.saturating_sub(LOOK_BEHIND);
    for (from, to, own) in [(0, end, 0..cut), (start, text.len(), cut - start..text.len() - start)] {
        let mut out = Vec::new();
        let input = Input { own, ..Input::whole(&text[from..to]) };
        engine.scan(&mut scratch, &input, &mut out);
        all.extend(out.iter().map(|found| seen(found, from)));
    }
    // A match belongs to the part that holds its anchor, wherever it starts.
    all.sort_by_key(|seen| (seen.start, std::cmp::Reverse(seen.end)));
    all
}

fn report(wrong: &[String]) {
    let shown: Vec<&str> = wrong.iter().take(20).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} differences, the first of them:\n{}", wrong.len(), shown.join("\n"));
}

/// A line about a case that shows no more of it than its rule.
fn difference(engine: &Engine, case: &Case, path: &str, wanted: &[Seen], found: &[Seen]) -> String {
    let list = |all: &[Seen]| {
        let name = |rule: RuleIndex| engine.rules().get(rule).id.to_string();
        let one = |seen: &Seen| format!("{} {}..{}", name(seen.rule), seen.start, seen.end);
        all.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    format!("{} {path}: whole: [{}], so: [{}]", case.rule, list(wanted), list(found))
}

#[test]
fn something_is_found_where_the_secret_is() {
    let engine = engine();
    let missed: Vec<String> = cases()
        .iter()
        .filter(|case| {
            let covers = |seen: &Seen| seen.start <= case.secret.start && case.secret.end <= seen.end;
            !whole(&engine, &case.text).iter().any(covers)
        })
        .map(|case| format!("{}: nothing covers its secret", case.rule))
        .collect();
    report(&missed);
}

#[test]
fn pieces_of_any_size_make_no_difference() {
    let engine = engine();
    let mut wrong = Vec::new();
    for case in &cases() {
        let wanted = whole(&engine, &case.text);
        for size in [1, 7, 4096] {
            let found = streamed(&engine, &case.text, size);
            if found != wanted {
                let path = format!("in pieces of {size}");
                wrong.push(difference(&engine, case, &path, &wanted, &found));
            }
        }
    }
    report(&wrong);
}

#[test]
fn a_cut_at_any_point_makes_no_difference() {
    let engine = engine();
    let mut wrong = Vec::new();
    for case in &cases() {
        let wanted = whole(&engine, &case.text);
        // Long texts are cut at fewer points, always at both sides of the secret's ends.
        let step = 1 + case.text.len() / 200;
        let ends = [case.secret.start, case.secret.end];
        let near = ends.into_iter().flat_map(|end| end.saturating_sub(1)..=end + 1);
        let points = (0..=case.text.len()).step_by(step).chain(near);
        for point in points.filter(|&point| point <= case.text.len()) {
            let found = cut(&engine, &case.text, point);
            if found != wanted {
                wrong.push(difference(&engine, case, &format!("cut at {point}"), &wanted, &found));
                break;
            }
        }
    }
    report(&wrong);
}

/// Lines with nothing in them.
fn gap(size: usize) -> Vec<u8> {
    b". . . . . . . . . . . . . . .\n".iter().copied().cycle().take(size - 1).chain(*b"\n").collect()
}

/// All samples in one text far from one another, behind `padding` bytes, and where each begins.
fn corpus(cases: &[Case], padding: usize) -> (Vec<u8>, Vec<usize>) {
    let gap = gap(GAP);
    let mut text = self::gap(padding);
    let starts = cases
        .iter()
        .map(|case| {
            let start = text.len();
            text.extend(&case.text);
            text.extend(&gap);
            start
        })
        .collect();
    (text, starts)
}

#[test]
fn far_inside_a_stream_everything_is_found_as_alone() {
    let engine = engine();
    let cases = cases();
    let (text, starts) = corpus(&cases, PADDING);
    let all = streamed(&engine, &text, 100_000);
    let mut wrong = Vec::new();
    for (case, &start) in cases.iter().zip(&starts) {
        let surrounded = [gap(GAP), case.text.clone(), gap(GAP)].concat();
        let mut wanted = whole(&engine, &surrounded);
        for seen in &mut wanted {
            seen.start = seen.start + start - GAP;
            seen.end = seen.end + start - GAP;
        }
        let range = start..start + case.text.len();
        let found: Vec<Seen> = all.iter().filter(|seen| range.contains(&seen.start)).cloned().collect();
        if found != wanted {
            wrong.push(difference(&engine, case, "in a stream", &wanted, &found));
        }
    }
    report(&wrong);
}

/// Run the whole program's scan over bytes as if they were standard input.
fn outcome(bytes: Vec<u8>) -> Outcome {
    let (rules, active) = all_rules();
    let settings = Settings::plain(rules, active);
    Scan::new(settings).run(&Stdin::new(Cursor::new(bytes))).unwrap()
}

/// Offset and length in bytes, line and column of every place, sorted.
fn places(outcome: &Outcome) -> Vec<(u64, u64, u64, u64)> {
    let mut places: Vec<_> = outcome
        .findings
        .iter()
        .flat_map(|finding| &finding.occurrences)
        .map(|place| (place.offset, place.length, place.start.line, place.start.column))
        .collect();
    places.sort_unstable();
    places
}

#[test]
fn utf16_is_found_as_utf8_in_its_own_places() {
    for padding in [GAP, PADDING] {
        // Few enough to be quick in both; each has text in it that is valid UTF-8.
        let cases: Vec<Case> =
            cases().into_iter().filter(|case| case.text.is_ascii()).step_by(SEEDS as usize).collect();
        let (text, _) = corpus(&cases, padding);
        let narrow = places(&outcome(text.clone()));
        assert!(narrow.len() >= cases.len() / 2, "{} places for {} samples", narrow.len(), cases.len());
        for (mark, high_first) in [(true, true), (true, false), (false, false), (false, true)] {
            let unit = |byte: u8| if high_first { [0, byte] } else { [byte, 0] };
            let mark: &[u8] = match (mark, high_first) {
                (false, _) => &[],
                (true, true) => &[0xfe, 0xff],
                (true, false) => &[0xff, 0xfe],
            };
            let before = mark.len() as u64;
            let wide = mark.iter().copied().chain(text.iter().copied().flat_map(unit)).collect();
            let wanted: Vec<_> = narrow
                .iter()
                .map(|&(offset, length, line, column)| (before + 2 * offset, 2 * length, line, column))
                .collect();
            let found = places(&outcome(wide));
            let differs = wanted.iter().zip(&found).find(|(one, other)| one != other);
            assert_eq!(
                (wanted.len(), differs),
                (found.len(), None),
                "padding {padding}, mark {mark:?}, high byte first: {high_first}"
            );
        }
    }
}

/// A block is longer than a token: the border of two windows may stand anywhere in it.
#[test]
fn blocks_across_windows_are_found_as_alone() {
    let engine = engine();
    let mut wrong = Vec::new();
    for case in cases().iter().step_by(SEEDS as usize).filter(|case| case.secret.len() > 200) {
        let before = stream::STEP - case.secret.start - case.secret.len() / 2;
        let surrounded = [gap(GAP), case.text.clone(), gap(GAP)].concat();
        let mut wanted = whole(&engine, &surrounded);
        for seen in &mut wanted {
            seen.start = seen.start + before - GAP;
            seen.end = seen.end + before - GAP;
        }
        let text = [gap(before), case.text.clone(), gap(engine.look_ahead() + GAP)].concat();
        let found = streamed(&engine, &text, 100_000);
        if found != wanted {
            wrong.push(difference(&engine, case, "across windows", &wanted, &found));
        }
    }
    report(&wrong);
}
