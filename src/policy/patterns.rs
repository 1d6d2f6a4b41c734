//! Many regular expressions at once: which of them match a text. A pattern is only compiled when the text
//! holds the literal that it begins with; what begins with none is one set, compiled when the first text is
//! asked about. Most runs find nothing and compile nothing.

use aho_corasick::AhoCorasick;
use regex_automata::PatternSet;
use regex_automata::meta::{Config, Regex};
use regex_automata::util::syntax;
use regex_automata::{Input, MatchKind};
use std::sync::OnceLock;

/// Longest pattern, in bytes.
const LONGEST: usize = 4096;
/// Most memory that the compiled form of all patterns together may take, in bytes.
const MEMORY: usize = 256 << 20;

/// Least length of a literal that is worth looking for.
const LITERAL: usize = 3;

/// Patterns, each with the number that names it.
#[derive(Default)]
pub struct Patterns {
    /// Those that begin with a literal.
    led: Vec<Led>,
    /// Finds the literals.
    literals: OnceLock<Option<AhoCorasick>>,
    /// The others.
    patterns: Vec<String>,
    numbers: Vec<u32>,
    regex: OnceLock<Option<Regex>>,
}

/// A pattern that a literal leads.
struct Led {
    pattern: String,
    number: u32,
    regex: OnceLock<Option<Regex>>,
}

/// Can this pattern be used?
///
/// # Errors
/// What is wrong with it and at which character; nothing of the pattern is told, as it may hold a secret.
pub fn check(pattern: &str) -> Result<(), String> {
    if pattern.is_empty() {
        return Err("the regular expression is empty: it would match everything".to_owned());
    }
    if pattern.len() > LONGEST {
        return Err(format!("the regular expression has more than {LONGEST} bytes"));
    }
    if is_plain(pattern) {
        return Ok(());
    }
    let mut parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
    let (kind, at) = match parser.parse(pattern) {
        Ok(_) => return compiles(pattern),
        Err(regex_syntax::Error::Parse(error)) => (error.kind().to_string(), error.span().start.offset),
        Err(regex_syntax::Error::Translate(error)) => (error.kind().to_string(), error.span().start.offset),
        Err(_) => ("it cannot be read".to_owned(), 0),
    };
    let character = pattern.get(..at).map_or(at, |before| before.chars().count()) + 1;
    Err(format!("the regular expression is wrong at its character {character}: {kind}"))
}

/// Counted repetitions can be written shortly and be of any size.
fn compiles(pattern: &str) -> Result<(), String> {
    if !pattern.contains('{') {
        return Ok(());
    }
    build(&[pattern], 4 << 20)
        .map(drop)
        .ok_or_else(|| "the regular expression is too large: its repetitions count too high".to_owned())
}

/// Nothing but letters, digits and marks without a meaning, perhaps between `^` and `$`.
fn is_plain(pattern: &str) -> bool {
    let body = pattern.strip_prefix('^').unwrap_or(pattern);
    let body = body.strip_suffix('$').unwrap_or(body);
    body.bytes().all(is_mark)
}

/// A byte that means itself in a pattern.
fn is_mark(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-/=@:,; ".contains(&byte)
}

fn build<P: AsRef<str>>(patterns: &[P], memory: usize) -> Option<Regex> {
    Regex::builder()
        .configure(
            Config::new()
                .match_kind(MatchKind::All)
                .utf8_empty(false)
                .nfa_size_limit(Some(memory))
                .onepass(false)
                .backtrack(false)
                .hybrid_cache_capacity(16 << 20),
        )
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build_many(patterns)
        .ok()
}

impl Patterns {
    /// Add a pattern that [`check`] accepts.
    pub fn add(&mut self, pattern: &str, number: u32) {
        if literal(pattern).len() >= LITERAL {
            self.led.push(Led { pattern: pattern.to_owned(), number, regex: OnceLock::new() });
        } else {
            self.patterns.push(pattern.to_owned());
            self.numbers.push(number);
        }
    }

    /// True where there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty() && self.led.is_empty()
    }

    /// The numbers of the patterns that match somewhere in `text` are added to `out`.
    pub fn matches(&self, text: &[u8], out: &mut Vec<u32>) {
        if !self.led.is_empty() {
            self.matches_of_led(text, out);
        }
        if self.patterns.is_empty() {
            return;
        }
        let Some(regex) = self.regex.get_or_init(|| build(&self.patterns, MEMORY)) else {
            // Too large together: one after the other.
            let alone =
                |pattern: &String| build(&[pattern], MEMORY).is_some_and(|regex| regex.is_match(text));
            let found = self.patterns.iter().zip(&self.numbers).filter(|(pattern, _)| alone(pattern));
            out.extend(found.map(|(_, number)| *number));
            return;
        };
        let mut set = PatternSet::new(regex.pattern_len());
        regex.which_overlapping_matches(&Input::new(text), &mut set);
        out.extend(set.iter().map(|id| self.numbers[id.as_usize()]));
    }

    fn matches_of_led(&self, text: &[u8], out: &mut Vec<u32>) {
        let literals = self
            .literals
            .get_or_init(|| AhoCorasick::new(self.led.iter().map(|led| literal(&led.pattern))).ok());
        let mut places: Vec<usize> = match literals {
            Some(literals) => {
                literals.find_overlapping_iter(text).map(|found| found.pattern().as_usize()).collect()
            }
            None => (0..self.led.len()).collect(),
        };
        places.sort_unstable();
        places.dedup();
        for led in places.into_iter().map(|place| &self.led[place]) {
            let regex = led.regex.get_or_init(|| build(&[&led.pattern], MEMORY));
            if regex.as_ref().is_some_and(|regex| regex.is_match(text)) {
                out.push(led.number);
            }
        }
    }
}

/// The literal that every match begins with, behind an anchor: empty where there is none or where it is
/// not plain to see.
fn literal(pattern: &str) -> &str {
    let body = pattern.strip_prefix('^').unwrap_or(pattern);
    if body.contains('|') {
        return "";
    }
    let end = body.bytes().position(|byte| !is_mark(byte)).unwrap_or(body.len());
    // What counts a character belongs to it.
    match body.as_bytes().get(end).is_some_and(|byte| b"*+?{".contains(byte)) {
        true => &body[..end.saturating_sub(1)],
        false => &body[..end],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_patterns_that_match_are_told() {
        let mut patterns = Patterns::default();
        for (number, pattern) in ["^abc", "b", "c$", "^b$", r"\d{3}", "(?i)ABC"].iter().enumerate() {
            check(pattern).unwrap();
            patterns.add(pattern, number as u32);
        }
        let found = |text: &[u8]| {
            let mut found = Vec::new();
            patterns.matches(text, &mut found);
            found.sort_unstable();
            found
        };
        assert_eq!(found(b"abc"), [0, 1, 2, 5]);
        assert_eq!(found(b"b"), [1, 3]);
        assert_eq!(found(b"\xff123\x00"), [4]);
        assert_eq!(found(b""), [0u32; 0]);
    }

    #[test]
    fn a_literal_leads_only_where_every_match_begins_with_it() {
        for (pattern, wanted) in [
            ("abcd", "abcd"),
            ("^abcd$", "abcd"),
            ("abcd+", "abc"),
            ("abcd?e", "abc"),
            ("abc|d", ""),
            ("(?i)abc", ""),
            ("abc.d", "abc"),
            ("[a]bc", ""),
            ("abc[d-e]", "abc"),
            ("a{3}", ""),
            ("", ""),
        ] {
            assert_eq!(literal(pattern), wanted, "{pattern}");
        }
        // With and without a literal, the same is found.
        let patterns = ["abc[0-9]+$", "^abcd", "abcx?1", "xabc", "bc.*1$"];
        for text in ["abc1", "abcd", "xabc1", "abcx1", "ab", "1abc"] {
            let mut all = Patterns::default();
            patterns.iter().zip(0..).for_each(|(pattern, number)| all.add(pattern, number));
            let mut found = Vec::new();
            all.matches(text.as_bytes(), &mut found);
            found.sort_unstable();
            let alone = |pattern: &&str| build(&[pattern], MEMORY).unwrap().is_match(text.as_bytes());
            let expected: Vec<u32> =
                (0..).zip(patterns).filter(|(_, pattern)| alone(pattern)).map(|(number, _)| number).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_its_place() {
        let error = check("ab(c").unwrap_err();
        assert!(error.contains("character 3") && error.contains("unclosed group"), "{error}");
        let error = check("é[z-a]").unwrap_err();
        assert!(error.contains("character 3") && !error.contains('é'), "{error}");
        assert!(check("").is_err() && check(&"a".repeat(5000)).is_err());
        assert!(check("((a{1000}){1000}){1000}").is_err());
    }
}
