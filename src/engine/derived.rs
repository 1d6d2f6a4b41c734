//! Scans texts that are made from other texts: what was copied is not looked at again where that
//! cannot change anything.
//!
//! Whether something is a match depends on bytes around its anchor only. For nearly all anchors these are
//! the few before it that tell whether it is one, and the rest of its line. So an anchor is *settled* by a
//! copied piece that holds both; all others are looked at again, in the new text. Where more was looked at
//! (context words, values on other lines, blocks such as private keys, what is encoded), the engine says so,
//! and the anchor is remembered with the bytes that it depends on: it is looked at again where not all of
//! these were copied together.
//!
//! The result is that of a scan of the whole text; `tests/audit` compares the two over real
//! repositories.

use super::trace::Sink;
use super::{Engine, Input, Match, Scratch, context, overlap, retain_from};
use crate::rules::RuleIndex;
use crate::rules::rule::{Anchor, Matcher, Segment, Shape, Token};
use crate::text::{Copied, Span};
use regex_syntax::hir::{Class, Hir, HirKind};
use std::ops::Range;

/// How far ahead of its anchor an ordinary match and all that decides about it reaches on its line, in bytes:
/// name, operator, blanks, quotes, value, and what is looked at behind them.
pub(super) const AHEAD: usize = 2048;
/// Longest token of an ordinary rule, so that its context stays within [`AHEAD`].
const TOKEN: usize = AHEAD - context::BEHIND - MARGIN;
/// Bytes behind its line that may decide about an anchor without being told of.
pub(super) const MARGIN: usize = 16;
/// Bytes before the end of a line that may decide about anchors behind it: a row of pairs or numbers, an escape, or
/// what stands before a name on the line before. None of these is longer.
pub(super) const BEFORE: usize = 24;
/// How far behind an anchor of an assignment its name may start, with what is looked at before on its line.
pub(super) const NAME: usize = 368;
/// Settled pieces shorter than this (bytes) are not worth being left out.
const WORTH: usize = 128;
/// A literal, or a scheme before one, is no longer than this (bytes).
pub(super) const LITERAL: usize = 96;
/// What is remembered of a text while texts made from it are scanned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// All matches, by their anchors.
    matches: Vec<Match>,
    /// The same with those that gave way to others, which may be gone in a text made from this.
    found: Vec<Match>,
    /// Anchors that depend on bytes far away, rising.
    far: Vec<Far>,
}

impl Trace {
    /// All matches in the text, by their anchors.
    pub fn matches(&self) -> &[Match] {
        &self.matches
    }
}

/// An anchor and the bytes that decide about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Far {
    anchor: usize,
    from: usize,
    to: usize,
}

/// Takes what is found, and which anchors depend on bytes far away.
struct Watch<'a> {
    reaches: &'a [u32],
    matches: Vec<Match>,
    far: Vec<Far>,
}

/// A text and what it was made from.
pub struct Derived<'a> {
    /// What is remembered of the other text.
    pub base: &'a Trace,
    /// Length of the other text in bytes.
    pub base_length: usize,
    /// Pieces that are the same in both, in the order of this text, apart from one another.
    pub copies: &'a [Copied],
}

/// Scans texts and remembers what scanning texts made from them needs.
pub struct Deriver<'e> {
    engine: &'e Engine,
    /// The reach of rules that look far, by rule; 0 for all others.
    reaches: Vec<u32>,
    /// The longest way back from a literal to where its match starts, of ordinary rules.
    back: usize,
}

impl<'e> Deriver<'e> {
    /// For the rules of an engine.
    pub fn new(engine: &'e Engine) -> Deriver<'e> {
        let mut back = 0;
        let reach = |(index, rule): (RuleIndex, &crate::rules::Rule)| match &rule.matcher {
            _ if !engine.active[index.0 as usize] => 0,
            Matcher::Token(token) if token.reach as usize > TOKEN || crosses_lines(token) => token.reach,
            _ => 0,
        };
        let reaches: Vec<u32> = engine.rules.iter().map(reach).collect();
        for (index, rule) in engine.rules.iter() {
            if let Matcher::Token(Token { anchor: Anchor::Contains { .. }, reach, .. }) = &rule.matcher
                && reaches[index.0 as usize] == 0
            {
                back = back.max(*reach as usize);
            }
        }
        Deriver { engine, reaches, back }
    }

    /// Scan a text, with what it was made from where that is known.
    pub fn scan(&self, scratch: &mut Scratch, input: &Input<'_>, derived: Option<Derived<'_>>) -> Trace {
        let mut watch = Watch { reaches: &self.reaches, matches: Vec::new(), far: Vec::new() };
        let whole = 0..input.text.len();
        let plan = derived.and_then(|derived| self.plan(input.text, &derived));
        let ranges = match plan {
            Some(plan) => {
                watch.matches = plan.matches;
                watch.far = plan.far;
                plan.again
            }
            None => vec![whole],
        };
        let carried = watch.far.len();
        for range in ranges {
            self.look(scratch, input, range, &mut watch);
        }
        let Watch { matches: mut found, mut far, .. } = watch;
        found.sort_by_key(|found| (found.anchor, found.rule, found.secret.start, found.secret.end));
        let mut matches = found.clone();
        overlap::settle(&self.engine.rules, &mut matches, 0);
        matches.sort_by_key(|found| (found.anchor, found.rule));
        // What was brought over is in order: two rows are merged.
        far[carried..].sort_unstable();
        far.sort();
        far.dedup();
        Trace { matches, found, far }
    }

    /// Look at the anchors in `range`.
    fn look(&self, scratch: &mut Scratch, input: &Input<'_>, range: Range<usize>, watch: &mut Watch<'_>) {
        let (first, first_far) = (watch.matches.len(), watch.far.len());
        // What an anchor is found by may stand behind it.
        let wide = range.start..input.text.len().min(range.end + LITERAL);
        self.engine.look(scratch, input, wide.clone(), watch);
        if wide == range {
            return;
        }
        retain_from(&mut watch.matches, first, |found| range.contains(&found.anchor));
        retain_from(&mut watch.far, first_far, |far| range.contains(&far.anchor));
    }

    /// What is settled by copied pieces, and what is to be looked at again; `None` for everything.
    fn plan(&self, text: &[u8], derived: &Derived<'_>) -> Option<Plan> {
        let mut plan = Plan::default();
        let mut at = 0;
        let mut left = 0;
        for copied in derived.copies {
            let zone = self.settled(text, copied, derived.base_length);
            if zone.len() < WORTH {
                continue;
            }
            if at < zone.start {
                plan.again.push(at..zone.start);
                left += zone.start - at;
            }
            at = zone.end;
            plan.carry(text.len(), copied, zone, derived);
        }
        if at < text.len() {
            plan.again.push(at..text.len());
            left += text.len() - at;
        }
        if left > text.len() / 8 * 7 {
            return None;
        }
        plan.settle();
        Some(plan)
    }

    /// The anchors in a copied piece that nothing outside of the piece decides about.
    fn settled(&self, text: &[u8], copied: &Copied, base_length: usize) -> Span {
        let place = copied.in_target();
        let at_start = copied.target == 0 && copied.source == 0;
        let at_end = place.end == text.len() && copied.source + copied.length == base_length;
        let start = if at_start { 0 } else { self.start(text, place) };
        let end = if at_end { place.end } else { end(text, place) };
        Span::new(start.min(end), end)
    }

    /// The first anchor that nothing before a piece decides about, but what was told of.
    fn start(&self, text: &[u8], piece: Span) -> usize {
        let from = piece.start + BEFORE;
        let far = piece.start + NAME.max(BEFORE + self.back);
        let line = text.get(from - 1..far.min(piece.end)).and_then(|rest| memchr::memchr(b'\n', rest));
        line.map_or(far, |at| from + at).min(piece.end)
    }
}

/// Behind the last anchor that nothing behind a piece decides about, but what was told of.
fn end(text: &[u8], piece: Span) -> usize {
    let floor = piece.start.max(piece.end.saturating_sub(AHEAD));
    let to = piece.end.saturating_sub(MARGIN).max(floor);
    memchr::memrchr(b'\n', &text[floor..to]).map_or(floor, |at| floor + at)
}

/// What a copied piece brings, and what is left to look at.
#[derive(Default)]
struct Plan {
    matches: Vec<Match>,
    far: Vec<Far>,
    /// Parts of the text to look at, apart from one another and rising once settled.
    again: Vec<Range<usize>>,
}

impl Plan {
    /// Bring what stands in the base over to the zone of a copied piece in which all is settled.
    fn carry(&mut self, length: usize, copied: &Copied, zone: Span, derived: &Derived<'_>) {
        let to_text = |at: usize| at - copied.source + copied.target;
        let to_base = |at: usize| at - copied.target + copied.source;
        let source = copied.in_source();
        let from_start = source.start == 0 && copied.target == 0;
        let to_end = source.end == derived.base_length && copied.in_target().end == length;
        let (low, high) = (to_base(zone.start), to_base(zone.end));
        let base = derived.base;
        let first = base.far.partition_point(|far| far.anchor < low);
        let mut broken: Vec<usize> = Vec::new();
        for far in base.far[first..].iter().take_while(|far| far.anchor < high) {
            let whole = (far.from >= source.start || from_start) && (far.to <= source.end || to_end);
            if whole {
                let shift = |at: usize| (at + copied.target).saturating_sub(copied.source);
                self.far.push(Far { anchor: to_text(far.anchor), from: shift(far.from), to: shift(far.to) });
            } else {
                let anchor = to_text(far.anchor);
                self.again.push(anchor..anchor + 1);
                broken.push(far.anchor);
            }
        }
        let first = base.found.partition_point(|found| found.anchor < low);
        for found in base.found[first..].iter().take_while(|found| found.anchor < high) {
            if !broken.contains(&found.anchor) {
                let shift = |span: Span| Span::new(to_text(span.start), to_text(span.end));
                self.matches.push(Match {
                    anchor: to_text(found.anchor),
                    whole: shift(found.whole),
                    secret: shift(found.secret),
                    ..found.clone()
                });
            }
        }
    }

    /// Put what is to be looked at in order, and leave out what was brought over from there.
    fn settle(&mut self) {
        self.again.sort_unstable_by_key(|range| range.start);
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(self.again.len());
        for range in self.again.drain(..) {
            match merged.last_mut() {
                // Each is looked at with a little behind it.
                Some(last) if range.start <= last.end + LITERAL => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        let again = |at: usize| {
            let after = merged.partition_point(|range| range.start <= at);
            after > 0 && merged[after - 1].contains(&at)
        };
        self.matches.retain(|found| !again(found.anchor));
        self.far.retain(|far| !again(far.anchor));
        self.again = merged;
    }
}

impl Sink for Watch<'_> {
    const LISTENS: bool = false;

    #[inline]
    fn matches(&mut self) -> &mut Vec<Match> {
        &mut self.matches
    }

    fn depends(&mut self, anchor: usize, on: Span) {
        self.far.push(Far { anchor, from: on.start, to: on.end });
    }

    #[inline]
    fn tries(&mut self, rule: RuleIndex, token: &Token, text: &[u8], place: Span) {
        let reach = self.reaches[rule.0 as usize] as usize;
        if reach == 0 {
            return;
        }
        if !place.is_empty() {
            let all = Span::new(place.start.saturating_sub(reach), place.end + reach);
            return self.depends(place.start, context::around(all));
        }
        let at = place.start;
        let furthest = token.shapes.iter().map(|shape| furthest(shape, text, at)).max();
        let end = furthest.unwrap_or(text.len().min(at + reach));
        if end - at > TOKEN || furthest.is_none() || memchr::memchr(b'\n', &text[at..end]).is_some() {
            self.depends(at, context::around(Span::new(at, end)));
        }
    }
}

/// Behind the last byte that decides whether a shape matches at `at`.
fn furthest(shape: &Shape, text: &[u8], at: usize) -> usize {
    let mut here = at;
    for segment in shape.segments.iter() {
        match segment {
            Segment::Bytes(bytes) => {
                let same = bytes.iter().zip(&text[here..]).take_while(|(one, other)| one == other).count();
                here += same;
                if same < bytes.len() {
                    break;
                }
            }
            Segment::Class { class, min, max } => {
                let run =
                    text[here..].iter().take(usize::from(*max)).take_while(|&&byte| class.has(byte)).count();
                here += run;
                if run < usize::from(*min) {
                    break;
                }
            }
        }
    }
    text.len().min(here + 1)
}

/// Can a match of this rule hold the end of a line?
fn crosses_lines(token: &Token) -> bool {
    if !token.shapes.is_empty() {
        return token.shapes.iter().flat_map(|shape| shape.segments.iter()).any(|segment| match segment {
            Segment::Bytes(bytes) => bytes.contains(&b'\n'),
            Segment::Class { class, .. } => class.has(b'\n'),
        });
    }
    let mut parser = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build();
    parser.parse(&token.regex).map_or(true, |pattern| holds_line_end(&pattern))
}

fn holds_line_end(pattern: &Hir) -> bool {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.contains(&b'\n'),
        HirKind::Class(Class::Bytes(class)) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&b'\n'))
        }
        HirKind::Class(Class::Unicode(class)) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&'\n'))
        }
        HirKind::Repetition(repetition) => holds_line_end(&repetition.sub),
        HirKind::Capture(capture) => holds_line_end(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(holds_line_end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RuleSet;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    /// Own rules: short and long tokens, some over several lines, with context words, inside of other
    /// text, and blocks.
    const RULES: &str = r#"
[provider]
name = "Acme"

[[rule]]
id = "acme-token"
summary = "token"
severity = "high"
regex = '''\b(?<secret>acmt_[0-9A-Za-z]{32})\b'''
hit = ["«acmt_{base62:32}»"]
miss = ["acmt_"]

[[rule]]
id = "acme-near"
summary = "token with context"
severity = "high"
near = ["acme"]
regex = '''\b(?<secret>acmn-[0-9a-f]{24})\b'''
hit = ["acme «acmn-{hex:24}»"]
miss = ["acmn-"]

[[rule]]
id = "acme-long"
summary = "long token"
severity = "high"
regex = '''\b(?<secret>acml_[0-9A-Za-z]{40,3600})\b'''
hit = ["«acml_{base62:60}»"]
miss = ["acml_"]

[[rule]]
id = "acme-block"
summary = "block"
severity = "low"
begin = ["=====ACME BEGIN====="]
end = ["=====ACME END====="]
max = 8192
hit = ["«=====ACME BEGIN=====\n{base64:64}\n=====ACME END=====»"]
miss = ["=====ACME BEGIN====="]
"#;

    static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
        let mut rules = RuleSet::builtin();
        rules.add_text("own", RULES).unwrap();
        Engine::new(rules)
    });

    fn digits(seed: u64, length: usize) -> String {
        let mut state = seed | 1;
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                char::from(
                    b"0123456789abcdefghijkmnpqrstuvwxyzABCDEFGHIJKLMNPQRSTUVWXYZ"
                        [(state >> 33) as usize % 59],
                )
            })
            .collect()
    }

    /// A line or a piece of one; something is encoded in one of three.
    fn piece() -> impl Strategy<Value = String> {
        let encoded = super::super::decoded::tests::piece();
        prop_oneof![2 => clear(), 1 => encoded.prop_map(|text| String::from_utf8_lossy(&text).into_owned())]
    }

    fn clear() -> impl Strategy<Value = String> {
        (0..34u8, any::<u64>(), 0..400usize).prop_map(|(kind, seed, length)| match kind {
            0 => format!("acmt_{}\n", digits(seed, 32)),
            1 => format!("acme: acmn-{:024x}\n", u128::from(seed) * 0x1234_5678_9abc),
            2 => format!("acml_{}\n", digits(seed, 40 + length * 9)),
            3 => "=====ACME BEGIN=====\n".to_owned(),
            4 => "=====ACME END=====\n".to_owned(),
            5 => format!("DB_PASSWORD={}\n", digits(seed, 12)),
            6 => format!("api_key = \"{}\"\n", digits(seed, 32)),
            7 => format!("password:\n  \"{}\"\n", digits(seed, 14)),
            8 => format!("{} ", digits(seed, length)),
            9 => "acme ".to_owned(),
            10 => " ".repeat(length),
            11 => "<add key=\"password\"\n  value=\"".to_owned(),
            12 => format!("https://user:{}@host.example/x\n", digits(seed, 12)),
            13 => "\n".repeat(1 + length % 5),
            14 => format!(
                "variable \"db_password\" {{\n  type = string\n  default = \"{}\"\n}}\n",
                digits(seed, 14)
            ),
            15 => format!("<key>password</key>\n\n\n<string>{}</string>\n", digits(seed, 14)),
            16 => format!("    \"{}\" +\n", digits(seed, 16)),
            17 => "password = \"".to_owned(),
            18 => format!("token\\\n{}\"\n", digits(seed, 20)),
            19 => "  a = b\n".repeat(1 + length % 40),
            20 => "secret {\n".to_owned(),
            22 => format!("password: >-\n  {}\n", digits(seed, 14)),
            23 => format!("<name>password</name>\n\n<value>{}</value>\n", digits(seed, 14)),
            24 => format!("password = (\n    \"{}\"\n)\n", digits(seed, 14)),
            25 => format!("{{name: DB_PASSWORD,\n  value: {}}}\n", digits(seed, 14)),
            28 => {
                format!("INSERT INTO users (name, password)\n  VALUES ('joe',\n '{}');\n", digits(seed, 14))
            }
            29 => format!("| user | password |\n|---|---|\n| joe | {} |\n", digits(seed, 14)),
            30 => format!("<meta name=\"api-key\"\n  content=\"{}\">\n", digits(seed, 32)),
            31 => format!("login(\"ann\", \"{}\")\n", digits(seed, 14)),
            32 => format!("mysql -u root -p'{}' shop\n", digits(seed, 14)),
            21 => format!("value = \"{}\"\n", digits(seed, 20)),
            _ => format!("let some_{} = other({length});\n", seed % 100),
        })
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(piece(), 0..60).prop_map(|pieces| pieces.concat().into_bytes())
    }

    fn sorted(trace: &Trace) -> Vec<(RuleIndex, Span, Span)> {
        let mut all: Vec<_> =
            trace.matches.iter().map(|found| (found.rule, found.whole, found.secret)).collect();
        all.sort();
        all
    }

    /// A text from pieces of a base and new pieces, with what was copied.
    fn derive(base: &[u8], steps: &[(usize, usize, String)]) -> (Vec<u8>, Vec<Copied>) {
        let (mut made, mut copies): (Vec<u8>, Vec<Copied>) = (Vec::new(), Vec::new());
        for (from, length, new) in steps {
            if !base.is_empty() {
                let source = from % base.len();
                let length = 1 + length % (base.len() - source);
                copies.push(Copied { target: made.len(), source, length });
                made.extend(&base[source..source + length]);
            }
            made.extend(new.as_bytes());
        }
        (made, copies)
    }

    fn agree(base: &[u8], steps: &[(usize, usize, String)]) -> Result<(), TestCaseError> {
        let deriver = Deriver::new(&ENGINE);
        let mut scratch = Scratch::default();
        let mut trace = deriver.scan(&mut scratch, &Input::whole(base), None);
        let mut base = base.to_vec();
        // Made from one another, twice.
        for _ in 0..2 {
            let (made, copies) = derive(&base, steps);
            let derived = Derived { base: &trace, base_length: base.len(), copies: &copies };
            let found = deriver.scan(&mut scratch, &Input::whole(&made), Some(derived));
            let whole = deriver.scan(&mut scratch, &Input::whole(&made), None);
            prop_assert_eq!(sorted(&found), sorted(&whole), "{}", String::from_utf8_lossy(&made));
            (base, trace) = (made, found);
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn derived_and_whole_scans_agree(
            base in text(),
            steps in proptest::collection::vec((any::<usize>(), any::<usize>(), piece()), 1..4),
        ) {
            agree(&base, &steps)?;
        }

        #[test]
        fn small_changes_agree(
            base in text(),
            places in proptest::collection::vec((any::<usize>(), 0..40usize, piece()), 1..4),
        ) {
            // The base with a few bytes replaced at each place, in order.
            let mut cuts: Vec<(usize, usize, String)> = places
                .into_iter()
                .map(|(at, gone, new)| (at % (base.len() + 1), gone, new))
                .collect();
            cuts.sort();
            let mut steps = Vec::new();
            let mut at = 0;
            for (cut, gone, new) in cuts {
                if cut > at && at < base.len() {
                    steps.push((at, cut - at - 1, new));
                    at = cut + gone;
                }
            }
            if at < base.len() {
                steps.push((at, base.len() - at - 1, String::new()));
            }
            agree(&base, &steps)?;
        }
    }

    /// What is found where the bytes at `at` of a text between others are replaced, by both ways.
    fn replaced(text: &str, at: usize, gone: usize, new: &str) -> usize {
        let filler = "let some_1 = other(12);\n".repeat(40);
        let base = format!("{filler}{text}{filler}");
        let at = filler.len() + at;
        let made = format!("{}{new}{}", &base[..at], &base[at + gone..]);
        let copies = [
            Copied { target: 0, source: 0, length: at },
            Copied { target: at + new.len(), source: at + gone, length: base.len() - at - gone },
        ];
        let deriver = Deriver::new(&ENGINE);
        let mut scratch = Scratch::default();
        let trace = deriver.scan(&mut scratch, &Input::whole(base.as_bytes()), None);
        let derived = Derived { base: &trace, base_length: base.len(), copies: &copies };
        assert!(deriver.plan(made.as_bytes(), &derived).is_some());
        let found = deriver.scan(&mut scratch, &Input::whole(made.as_bytes()), Some(derived));
        let whole = deriver.scan(&mut scratch, &Input::whole(made.as_bytes()), None);
        assert_eq!(sorted(&found), sorted(&whole), "{made}");
        found.matches.len()
    }

    #[test]
    fn a_value_of_two_names_is_found_by_the_other() {
        let comment = "what is needed to log in to the database of the shop at night";
        let text = format!(
            "password: {{\n  comment: {comment}\n  name: DB_PASSWORD,\n  value: {}\n}}\n",
            digits(7, 14)
        );
        assert_eq!(replaced(&text, 0, 1, "p"), 1);
        assert_eq!(replaced(&text, 0, 4, "x"), 1);
    }

    #[test]
    fn a_literal_that_ends_far_behind_is_joined() {
        let token = format!("acmt_{}", digits(7, 32));
        let blanks = " a".repeat(150);
        let text =
            format!("t = \"{}\" +\n  \"{}\" +\n  \"{}{blanks}\n", &token[..9], &token[9..23], &token[23..]);
        assert_eq!(replaced(&text, text.len() - 1, 0, ""), 0);
        assert_eq!(replaced(&text, text.len() - 1, 0, "\""), 1);
    }

    #[test]
    fn bytes_far_before_a_list_are_no_part_of_it() {
        let said = format!("x acmt_{} x", digits(7, 32));
        let (far, near) = said.as_bytes().split_at(2);
        let far: String = far.iter().map(|byte| format!("\n{:50}0x{byte:02x},", "")).collect();
        let near: String = near.iter().map(|byte| format!(" 0x{byte:02x},")).collect();
        let text = format!("b = {{{far}\n{near}\n}};\n");
        let end = text.len() - "\n};\n".len();
        assert_eq!(replaced(&text, end, 0, " 0x20"), 1);
    }

    #[test]
    fn few_bytes_are_looked_at_again() {
        let line = "let some_thing = other(thing, 12345);\n";
        let base = line.repeat(1000);
        let at = line.len() * 500;
        let made = format!("{}changed\n{}", &base[..at], &base[at..]);
        let copies = [
            Copied { target: 0, source: 0, length: at },
            Copied { target: at + 8, source: at, length: base.len() - at },
        ];
        let deriver = Deriver::new(&ENGINE);
        let trace = deriver.scan(&mut Scratch::default(), &Input::whole(base.as_bytes()), None);
        let derived = Derived { base: &trace, base_length: base.len(), copies: &copies };
        let plan = deriver.plan(made.as_bytes(), &derived).unwrap();
        let again: usize = plan.again.iter().map(ExactSizeIterator::len).sum();
        assert!(again < 1200, "{again}");
    }
}
