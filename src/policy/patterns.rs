//! Many regular expressions at once: which of them match a text. They are compiled when the first text is
//! asked about, as most runs find nothing.

use regex_automata::PatternSet;
use regex_automata::meta::{Config, Regex};
use regex_automata::util::syntax;
use regex_automata::{Input, MatchKind};
use std::sync::OnceLock;

/// Longest pattern, in bytes.
const LONGEST: usize = 4096;
/// Most memory that the compiled form of all patterns together may take, in bytes.
const MEMORY: usize = 256 << 20;

/// Patterns, each with the number that names it.
#[derive(Default)]
pub struct Patterns {
    patterns: Vec<String>,
    numbers: Vec<u32>,
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
    body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-/=@:,; ".contains(&byte))
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
        self.patterns.push(pattern.to_owned());
        self.numbers.push(number);
    }

    /// True where there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The numbers of the patterns that match somewhere in `text` are added to `out`.
    pub fn matches(&self, text: &[u8], out: &mut Vec<u32>) {
        if self.is_empty() {
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
    fn what_is_wrong_is_told_by_its_place() {
        let error = check("ab(c").unwrap_err();
        assert!(error.contains("character 3") && error.contains("unclosed group"), "{error}");
        let error = check("é[z-a]").unwrap_err();
        assert!(error.contains("character 3") && !error.contains('é'), "{error}");
        assert!(check("").is_err() && check(&"a".repeat(5000)).is_err());
        assert!(check("((a{1000}){1000}){1000}").is_err());
    }
}
