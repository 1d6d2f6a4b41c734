//! From the file form to a rule the engine can use: bounds are computed, anchors derived, and simple
//! patterns lowered to shapes, all from the parsed pattern. Runs in `build.rs` for built-in rules.

use super::file::{FileRule, Provider, RuleError};
use super::rule::{Anchor, Assigned, Block, Head, Kind, List, Matcher, Pair, Rule, Text, Token};
use super::{late, lower};
use regex_syntax::hir::literal::{ExtractKind, Extractor};
use regex_syntax::hir::{Class, Hir, HirKind};
use std::borrow::Cow;

/// Most bytes that a token rule may match; longer things are blocks.
pub const TOKEN_LIMIT: usize = 4096;
/// Most bytes of a block.
pub const BLOCK_LIMIT: u32 = 256 << 10;
/// Most beginnings of four bytes for one rule.
const GRAM_LIMIT: usize = 6000;

/// Work out one rule.
///
/// # Errors
/// A pattern that does not parse, is unbounded or has no anchor; parts that do not belong together;
/// missing examples.
pub fn compile(rule: FileRule, provider: &Provider) -> Result<Rule, RuleError> {
    plain_checks(&rule)?;
    if let Some(path) = &rule.path_regex {
        parse(&rule.id, path)
            .map_err(|error| RuleError { reason: format!("`path_regex`: {}", error.reason), ..error })?;
    }
    let (matcher, weight) = match (&rule.regex, &rule.value, &rule.begin) {
        (Some(regex), None, None) => token(&rule, regex)?,
        (None, Some(value), None) => assigned(&rule, value)?,
        (None, None, Some(begin)) => block(&rule, begin)?,
        _ => {
            return Err(RuleError::of(
                &rule.id,
                "needs exactly one of `regex`, `value` and `begin`",
                "use `regex` for a token, `value` for a value next to a name, `begin`/`end`/`max` for a block",
            ));
        }
    };
    let mut refs = rule.refs;
    if refs.is_empty() && !provider.docs.is_empty() {
        refs.push(provider.docs.clone());
    }
    // A whole private key in a test was made for it.
    let made_for_tests = rule.kind == Kind::PrivateKey && matches!(matcher, Matcher::Block(_));
    Ok(Rule {
        id: text(rule.id),
        provider: text(provider.name.clone()),
        summary: text(rule.summary),
        kind: rule.kind,
        severity: rule.severity,
        matcher,
        check: rule.check.map(text),
        entropy: rule.entropy,
        near: texts(rule.near),
        pair: rule.pair.map(|pair| Pair { rule: text(pair.rule), within: pair.within }),
        path_regex: rule.path_regex.map(text),
        enabled: rule.enabled,
        fixtures: rule.fixtures.unwrap_or(!made_for_tests),
        rotate: text(rule.rotate),
        refs: texts(refs),
        weight,
        generic: provider.generic,
        hit: texts(rule.hit),
        miss: texts(rule.miss),
    })
}

fn text(owned: String) -> Text {
    Cow::Owned(owned)
}

fn texts(owned: Vec<String>) -> List<Text> {
    owned.into_iter().map(text).collect()
}

fn plain_checks(rule: &FileRule) -> Result<(), RuleError> {
    let well_formed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if rule.id.is_empty() || !rule.id.bytes().all(well_formed) {
        return Err(RuleError::of(
            &rule.id,
            "the id is not in kebab-case",
            "write lower-case letters, digits and `-`, such as `provider-api-key`",
        ));
    }
    if rule.hit.is_empty() || rule.miss.is_empty() {
        return Err(RuleError::of(
            &rule.id,
            "has no examples",
            "give at least one `hit` template (the secret between « and ») and one `miss` template",
        ));
    }
    for word in rule.near.iter().chain(&rule.name) {
        if word.is_empty() || word.chars().any(|character| character.is_ascii_uppercase()) {
            return Err(RuleError::of(
                &rule.id,
                format!("context word `{word}` is empty or has capitals"),
                "write context words in lower case",
            ));
        }
    }
    Ok(())
}

/// Parse a pattern the way the engine uses it: bytes, no Unicode classes.
///
/// # Errors
/// The parser's own words with the position in the pattern.
pub fn parse(id: &str, pattern: &str) -> Result<Hir, RuleError> {
    regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).map_err(|error| {
        let (message, column) = match &error {
            regex_syntax::Error::Parse(error) => (error.kind().to_string(), Some(error.span().start.column)),
            regex_syntax::Error::Translate(error) => {
                (error.kind().to_string(), Some(error.span().start.column))
            }
            _ => (error.to_string(), None),
        };
        let at = column.map_or(String::new(), |column| format!(" at column {column} of the pattern"));
        RuleError::of(
            id,
            format!("the pattern does not parse: {message}{at}"),
            "use the syntax of Rust's `regex` crate; look-around and back-references do not exist there",
        )
    })
}

fn bounded(id: &str, hir: &Hir, limit: usize) -> Result<usize, RuleError> {
    match hir.properties().maximum_len() {
        None => Err(RuleError::of(
            id,
            "the pattern has no largest length",
            "write {n,m} in place of `*`, `+` and {n,}",
        )),
        Some(longest) if longest > limit => Err(RuleError::of(
            id,
            format!("the pattern can match {longest} bytes; at most {limit} are allowed"),
            "lower the counts, or use `begin`, `end` and `max` for a block",
        )),
        Some(longest) if hir.properties().minimum_len().unwrap_or(0) == 0 || longest == 0 => {
            Err(RuleError::of(id, "the pattern matches the empty text", "let it match at least one byte"))
        }
        Some(longest) => Ok(longest),
    }
}

/// The pattern as the engine runs it at a place already known to be a token boundary: without the
/// leading `\b`, and with a trailing `\b` that only asks that no word character follows.
pub fn engine_pattern(pattern: &str) -> (bool, Cow<'_, str>) {
    let (word_start, rest) = match pattern.strip_prefix(r"\b") {
        Some(rest) if !rest.starts_with('{') => (true, rest),
        _ => (false, pattern),
    };
    match rest.strip_suffix(r"\b") {
        Some(head) if !head.ends_with('\\') => (word_start, Cow::Owned(format!(r"{head}\b{{end-half}}"))),
        _ => (word_start, Cow::Borrowed(rest)),
    }
}

fn token(rule: &FileRule, pattern: &str) -> Result<(Matcher, u16), RuleError> {
    let id = rule.id.as_str();
    let (word_start, inner) = engine_pattern(pattern);
    let hir = parse(id, &inner)?;
    let reach = bounded(id, &hir, TOKEN_LIMIT)?;
    // Classes such as `[Aa]` join derived anchors as letters, however the pattern came to fold them.
    let any_case = pattern.contains("(?i") || folds(&hir);
    // Beginnings of four bytes are only worth a table where they are few.
    let grams = if word_start && rule.anchors.is_empty() { grams(&hir) } else { None };
    let anchor = match grams {
        Some(grams) => Anchor::WordStart { grams: Cow::Owned(grams), run: leading_run(&hir).0.min(16) as u8 },
        None if !rule.anchors.is_empty() => {
            if let Some(short) = rule.anchors.iter().find(|anchor| anchor.len() < 3) {
                return Err(RuleError::of(
                    id,
                    format!("the anchor `{short}` is shorter than three bytes"),
                    "give a longer text that every match holds",
                ));
            }
            contains(&hir, rule.anchors.clone(), any_case)
        }
        None => match required_literals(&hir).filter(|all| all.len() <= 64) {
            Some(literals) => contains(&hir, literals, any_case),
            None => {
                return Err(RuleError::of(
                    id,
                    "no text of at least three bytes can be derived that every match holds",
                    "give the pattern a literal part, or declare `anchors = [\"...\"]`",
                ));
            }
        },
    };
    let shapes = match anchor {
        Anchor::WordStart { .. } => lower::shapes(&hir).unwrap_or_default(),
        Anchor::Contains { .. } => Vec::new(),
    };
    let weight = literal_weight(&hir).min(usize::from(u16::MAX)) as u16;
    let regex = text(pattern.to_owned());
    let prefixes = Cow::Owned(literal_beginnings(secret_group(&hir).unwrap_or(&hir)));
    let shapes = Cow::Owned(shapes);
    let head = head(&hir);
    Ok((Matcher::Token(Token { regex, anchor, reach: reach as u32, shapes, prefixes, head }), weight))
}

fn contains(hir: &Hir, literals: Vec<String>, any_case: bool) -> Anchor {
    let late = match late::begins_before_anchor(hir, &literals, secret_group(hir)) {
        true => first_bytes(hir),
        false => Vec::new(),
    };
    let late = Cow::Owned(late);
    let companions = if any_case { Vec::new() } else { companions(hir, &literals) };
    Anchor::Contains { literals: texts(literals), any_case, companions: texts(companions), late }
}

/// The bytes that a match can begin with.
fn first_bytes(hir: &Hir) -> Vec<u8> {
    let mut extractor = Extractor::new();
    extractor
        .kind(ExtractKind::Prefix)
        .limit_class(256)
        .limit_repeat(1)
        .limit_literal_len(1)
        .limit_total(512);
    let sequence = extractor.extract(hir);
    let first = |literal: &regex_syntax::hir::literal::Literal| literal.as_bytes().first().copied();
    let known: Option<Vec<u8>> =
        sequence.literals().and_then(|literals| literals.iter().map(first).collect());
    let mut bytes = known.unwrap_or_else(|| (0..=255).collect());
    bytes.sort_unstable();
    bytes.dedup();
    bytes
}

/// The group called `secret`.
pub fn secret_group(hir: &Hir) -> Option<&Hir> {
    match hir.kind() {
        HirKind::Capture(capture) if capture.name.as_deref() == Some("secret") => Some(&capture.sub),
        HirKind::Capture(capture) => secret_group(&capture.sub),
        HirKind::Repetition(repetition) => secret_group(&repetition.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().find_map(secret_group),
        _ => None,
    }
}

/// The texts that a pattern can begin with before its first open part, the longest first; only those
/// of at least two bytes.
fn literal_beginnings(hir: &Hir) -> Vec<Text> {
    let mut extractor = Extractor::new();
    extractor.kind(ExtractKind::Prefix).limit_class(4).limit_repeat(4).limit_total(64);
    let sequence = extractor.extract(hir);
    let mut texts: Vec<Text> = sequence
        .literals()
        .into_iter()
        .flatten()
        .filter(|literal| !literal.is_exact() && literal.len() >= 2)
        .filter_map(|literal| String::from_utf8(literal.as_bytes().to_vec()).ok().map(Text::Owned))
        .collect();
    texts.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
    texts.dedup();
    texts
}

fn assigned(rule: &FileRule, pattern: &str) -> Result<(Matcher, u16), RuleError> {
    let hir = parse(&rule.id, pattern)?;
    let longest = bounded(&rule.id, &hir, 512)?;
    let shortest = hir.properties().minimum_len().unwrap_or(1);
    if rule.near.is_empty() && rule.name.is_empty() {
        return Err(RuleError::of(
            &rule.id,
            "a `value` rule needs context",
            "give `near` or `name` words: a value without a prefix means nothing by itself",
        ));
    }
    let shapes = lower::shapes(&hir).unwrap_or_default();
    let weight = literal_weight(&hir).min(usize::from(u16::MAX)) as u16;
    let assigned = Assigned {
        value: text(pattern.to_owned()),
        name: texts(rule.name.clone()),
        length: (shortest as u16, longest as u16),
        shapes: Cow::Owned(shapes),
    };
    Ok((Matcher::Assigned(assigned), weight))
}

fn block(rule: &FileRule, begin: &[String]) -> Result<(Matcher, u16), RuleError> {
    let id = rule.id.as_str();
    let end = rule.end.clone().unwrap_or_default();
    let Some(max) = rule.max.filter(|&max| max > 0 && max <= BLOCK_LIMIT) else {
        return Err(RuleError::of(
            id,
            "a block rule needs `max`, its largest length in bytes",
            format!("give `max`, at most {BLOCK_LIMIT}"),
        ));
    };
    if begin.is_empty() || end.is_empty() || begin.iter().chain(&end).any(|marker| marker.len() < 5) {
        return Err(RuleError::of(
            id,
            "a block rule needs `begin` and `end` markers of at least five bytes",
            "give both as lists of texts",
        ));
    }
    let weight = begin.iter().map(String::len).min().unwrap_or(0) as u16;
    Ok((Matcher::Block(Block { begin: texts(begin.to_vec()), end: texts(end), max }), weight))
}

/// What the beginnings of all matches have in common.
fn head(hir: &Hir) -> Head {
    let mut extractor = Extractor::new();
    extractor
        .kind(ExtractKind::Prefix)
        .limit_class(64)
        .limit_repeat(16)
        .limit_literal_len(16)
        .limit_total(512);
    Head::of(extractor.extract(hir).literals().into_iter().flatten().map(|literal| literal.as_bytes()))
}

/// All beginnings of exactly four bytes that a match can have; `None` where they are too many.
fn grams(hir: &Hir) -> Option<Vec<u32>> {
    let mut extractor = Extractor::new();
    extractor
        .kind(ExtractKind::Prefix)
        .limit_class(64)
        .limit_repeat(4)
        .limit_literal_len(4)
        .limit_total(GRAM_LIMIT);
    let sequence = extractor.extract(hir);
    let mut grams = Vec::new();
    for literal in sequence.literals()? {
        let bytes = literal.as_bytes();
        match *bytes {
            [a, b, c, d, ..] => grams.push(u32::from_le_bytes([a, b, c, d])),
            // One byte is open: every byte that a token can go on with.
            [a, b, c] => {
                grams.extend((0x21..0x7f).map(|d| u32::from_le_bytes([a, b, c, d])));
            }
            _ => return None,
        }
        if grams.len() > GRAM_LIMIT {
            return None;
        }
    }
    grams.sort_unstable();
    grams.dedup();
    (!grams.is_empty()).then_some(grams)
}

/// Token characters: what the engine's candidate pass counts as a run.
pub fn is_run_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+/=.-:|".contains(&byte)
}

/// How many token characters every match begins with, and whether it is token characters throughout.
fn leading_run(hir: &Hir) -> (usize, bool) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => (0, true),
        HirKind::Literal(literal) => {
            let run = literal.0.iter().take_while(|&&byte| is_run_byte(byte)).count();
            (run, run == literal.0.len())
        }
        HirKind::Class(class) => {
            let all = class_bytes(class).is_some_and(|bytes| bytes.iter().all(|&byte| is_run_byte(byte)));
            (usize::from(all), all)
        }
        HirKind::Repetition(repetition) => {
            let (run, whole) = leading_run(&repetition.sub);
            let min = repetition.min as usize;
            match whole {
                true => (run * min, true),
                false if min == 0 => (0, false),
                false => (run, false),
            }
        }
        HirKind::Capture(capture) => leading_run(&capture.sub),
        HirKind::Concat(parts) => {
            let mut total = 0;
            for part in parts {
                let (run, whole) = leading_run(part);
                total += run;
                if !whole {
                    return (total, false);
                }
            }
            (total, true)
        }
        HirKind::Alternation(branches) => branches
            .iter()
            .map(leading_run)
            .fold((usize::MAX, true), |(run, whole), (other, all)| (run.min(other), whole && all)),
    }
}

/// The bytes of a class; `None` for a class that cannot be had as bytes.
pub fn class_bytes(class: &Class) -> Option<Vec<u8>> {
    match class {
        Class::Bytes(class) => {
            Some(class.iter().flat_map(|range| range.start()..=range.end()).collect::<Vec<u8>>())
        }
        Class::Unicode(class) => {
            let mut bytes = Vec::new();
            for range in class.iter() {
                if !range.end().is_ascii() {
                    return None;
                }
                bytes.extend(range.start() as u8..=range.end() as u8);
            }
            Some(bytes)
        }
    }
}

/// Texts of at least three bytes of which every match holds one; ASCII letters in any case.
fn required_literals(hir: &Hir) -> Option<Vec<String>> {
    required(hir, 3, &|_| true)
}

/// Texts of which every match holds one beside an anchor.
fn companions(hir: &Hir, anchors: &[String]) -> Vec<String> {
    let apart = |one: &str, other: &str| !one.contains(other) && !other.contains(one);
    let other = |text: &String| anchors.iter().all(|anchor| apart(text, anchor));
    required(hir, 2, &|literals| literals.iter().all(other)).unwrap_or_default()
}

/// Texts of at least `least` bytes of which every match holds one, among those that `allowed` says yes to; the
/// longest there are.
fn required(hir: &Hir, least: usize, allowed: &dyn Fn(&[String]) -> bool) -> Option<Vec<String>> {
    let usable = |literals: &Vec<String>| {
        !literals.is_empty() && literals.iter().all(|literal| literal.len() >= least) && allowed(literals)
    };
    let shortest = |literals: &Vec<String>| literals.iter().map(String::len).min().unwrap_or(0);
    match hir.kind() {
        HirKind::Literal(literal) => {
            let literals = vec![String::from_utf8(literal.0.to_vec()).ok()?];
            usable(&literals).then_some(literals)
        }
        HirKind::Capture(capture) => required(&capture.sub, least, allowed),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub, least, allowed),
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(required(branch, least, allowed)?);
            }
            usable(&all).then_some(all)
        }
        HirKind::Concat(parts) => {
            let mut best: Option<Vec<String>> = None;
            let mut offer = |literals: Vec<String>| {
                let better = best.as_ref().is_none_or(|held| shortest(&literals) > shortest(held));
                if usable(&literals) && better {
                    best = Some(literals);
                }
            };
            let mut joined = String::new();
            for part in parts {
                match folded_literal(part) {
                    Some(piece) => joined.push_str(&piece),
                    None => offer(vec![std::mem::take(&mut joined)]),
                }
                if let Some(literals) = required(part, least, allowed) {
                    offer(literals);
                }
            }
            offer(vec![joined]);
            best
        }
        _ => None,
    }
}

/// A part that is one text up to the case of ASCII letters.
pub fn folded_literal(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => String::from_utf8(literal.0.to_vec()).ok(),
        HirKind::Class(class) => match class_bytes(class)?.as_slice() {
            &[upper, lower] if upper.is_ascii_uppercase() && lower == upper.to_ascii_lowercase() => {
                Some(char::from(lower).to_string())
            }
            _ => None,
        },
        _ => None,
    }
}

/// Does the pattern take some ASCII letter in both cases?
fn folds(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(_) => folded_literal(hir).is_some(),
        HirKind::Capture(capture) => folds(&capture.sub),
        HirKind::Repetition(repetition) => folds(&repetition.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(folds),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Look(_) => false,
    }
}

/// The number of literal bytes that every match holds.
fn literal_weight(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Capture(capture) => literal_weight(&capture.sub),
        HirKind::Repetition(repetition) => literal_weight(&repetition.sub) * (repetition.min as usize).min(8),
        HirKind::Concat(parts) => parts.iter().map(literal_weight).sum(),
        HirKind::Alternation(branches) => branches.iter().map(literal_weight).min().unwrap_or(0),
        _ => 0,
    }
}
