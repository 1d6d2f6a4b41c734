//! Makes a pattern of another scanner one of ours: with a largest length, and with the group `secret`.

use super::go_syntax::Translated;
use crate::rules::compile::TOKEN_LIMIT;
use regex_syntax::ast::{self, Ast, GroupKind, RepetitionKind, RepetitionRange};
use regex_syntax::hir::{Hir, HirKind, Look};
use std::collections::BTreeSet;

/// Most repetitions that stand for an open number of them, the first that fits: `+` is written
/// `{1,1024}` if the whole then is short enough for a rule.
const CAPS: [u32; 10] = [1024, 512, 256, 128, 64, 32, 16, 8, 4, 2];
/// The same for space and for `.`, of which nobody needs many.
const LOOSE: u32 = 100;
/// The same for groups.
const GROUP: u32 = 64;

/// A pattern that has a largest length.
#[derive(Debug)]
pub struct Bounded {
    pub pattern: String,
    /// What was changed, for people; none where nothing was.
    pub note: Option<String>,
}

/// Why a pattern cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub struct Trouble {
    pub reason: String,
    /// Column in the pattern as it was written, from 1.
    pub column: Option<usize>,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.reason)?;
        match self.column {
            Some(column) => write!(out, " at column {column} of the pattern"),
            None => Ok(()),
        }
    }
}

/// Parse a translated pattern as the engine does: bytes, no Unicode classes.
pub fn parse(translated: &Translated) -> Result<Hir, Trouble> {
    regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(&translated.pattern).map_err(
        |error| {
            let (reason, at) = match &error {
                regex_syntax::Error::Parse(error) => {
                    (error.kind().to_string(), Some(error.span().start.offset))
                }
                regex_syntax::Error::Translate(error) => {
                    (error.kind().to_string(), Some(error.span().start.offset))
                }
                _ => (error.to_string(), None),
            };
            Trouble {
                reason: format!("the pattern does not parse: {reason}"),
                column: at.map(|byte| translated.column(byte)),
            }
        },
    )
}

fn syntax(pattern: &str) -> Option<Ast> {
    ast::parse::Parser::new().parse(pattern).ok()
}

/// A change of the pattern's text.
struct Edit {
    from: usize,
    to: usize,
    text: String,
    /// The largest count that it writes.
    count: Option<u32>,
}

fn edited(pattern: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| edit.from);
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut at = 0;
    for edit in edits {
        out.push_str(&pattern[at..edit.from]);
        out.push_str(&edit.text);
        at = edit.to;
    }
    out + &pattern[at..]
}

/// Give a pattern that parses a largest length of at most `limit` bytes.
///
/// # Errors
/// One that is too long however little is repeated.
pub fn bounded(translated: &Translated, limit: usize) -> Result<Bounded, Trouble> {
    let hir = parse(translated)?;
    let fits = |hir: &Hir| hir.properties().maximum_len().is_some_and(|longest| longest <= limit);
    if fits(&hir) {
        return Ok(Bounded { pattern: translated.pattern.clone(), note: None });
    }
    let longest = hir.properties().maximum_len();
    let tree = syntax(&translated.pattern)
        .ok_or_else(|| Trouble { reason: "the pattern does not parse".to_owned(), column: None })?;
    for cap in CAPS {
        let mut edits = Vec::new();
        // Counts that have an end are only lowered where the pattern is too long because of them.
        cut(&tree, cap, longest.is_some() || cap <= 256, &mut edits);
        let counts: BTreeSet<u32> = edits.iter().filter_map(|edit| edit.count).collect();
        let pattern = edited(&translated.pattern, edits);
        let short = parse(&Translated::same(&pattern)).is_ok_and(|hir| fits(&hir));
        if short {
            let times = or(&counts);
            let note = match longest {
                None => format!(
                    "the pattern had no largest length: what was open now repeats at most {times} times"
                ),
                Some(longest) => format!(
                    "the pattern could match {longest} bytes: what repeats now does so at most {times} times, so that \
                     it ends at {limit} bytes"
                ),
            };
            return Ok(Bounded { pattern, note: Some(note) });
        }
    }
    Err(Trouble { reason: format!("the pattern cannot be kept to {limit} bytes"), column: None })
}

/// `64, 100 or 1024`.
fn or(counts: &BTreeSet<u32>) -> String {
    let texts: Vec<String> = counts.iter().map(u32::to_string).collect();
    match texts.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => texts.concat(),
    }
}

/// Edits that close every open repetition, and with `all` lower every one above `cap`.
fn cut(tree: &Ast, cap: u32, all: bool, edits: &mut Vec<Edit>) {
    match tree {
        Ast::Repetition(repetition) => {
            cut(&repetition.ast, cap, all, edits);
            let (least, most) = match &repetition.op.kind {
                RepetitionKind::ZeroOrOne => return,
                RepetitionKind::ZeroOrMore => (0, None),
                RepetitionKind::OneOrMore => (1, None),
                RepetitionKind::Range(RepetitionRange::Exactly(_)) => return,
                RepetitionKind::Range(RepetitionRange::AtLeast(least)) => (*least, None),
                RepetitionKind::Range(RepetitionRange::Bounded(least, most)) => (*least, Some(*most)),
            };
            let own = match &*repetition.ast {
                Ast::Group(_) => cap.min(GROUP),
                Ast::Dot(_) => cap.min(LOOSE),
                Ast::ClassPerl(class) if matches!(class.kind, ast::ClassPerlKind::Space) => cap.min(LOOSE),
                _ => cap,
            };
            // An open count of a whole alphabet carries the secret; so does a large end.
            let new = match most {
                None => own.max(least),
                Some(most) if all && most > cap => cap.max(least),
                Some(_) => return,
            };
            let span = &repetition.op.span;
            let lazy = if repetition.greedy { "" } else { "?" };
            let text = format!("{{{least},{new}}}{lazy}");
            edits.push(Edit { from: span.start.offset, to: span.end.offset, text, count: Some(new) });
        }
        Ast::Group(group) => cut(&group.ast, cap, all, edits),
        Ast::Alternation(parts) => parts.asts.iter().for_each(|part| cut(part, cap, all, edits)),
        Ast::Concat(parts) => parts.asts.iter().for_each(|part| cut(part, cap, all, edits)),
        _ => {}
    }
}

/// A capture group of a pattern.
pub struct Group {
    /// Its number, from 1.
    pub number: u32,
    /// Where it stands in the text of the pattern.
    span: (usize, usize),
    /// Where its name stands.
    name: Option<(String, usize, usize)>,
    /// It takes part in every match.
    pub always: bool,
}

impl Group {
    /// The text between its brackets.
    pub fn inside<'p>(&self, pattern: &'p str) -> &'p str {
        let start = match &self.name {
            Some((_, _, end)) => end + 1,
            None => self.span.0 + 1,
        };
        &pattern[start..self.span.1 - 1]
    }

    /// Its name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_ref().map(|(name, _, _)| name.as_str())
    }
}

/// The capture groups of a pattern, in the order of their numbers.
pub fn groups(pattern: &str) -> Vec<Group> {
    fn walk(tree: &Ast, always: bool, out: &mut Vec<Group>) {
        match tree {
            Ast::Group(group) => {
                let span = (group.span.start.offset, group.span.end.offset);
                match &group.kind {
                    GroupKind::CaptureIndex(number) => {
                        out.push(Group { number: *number, span, name: None, always })
                    }
                    GroupKind::CaptureName { name, .. } => out.push(Group {
                        number: name.index,
                        span,
                        name: Some((name.name.clone(), name.span.start.offset, name.span.end.offset)),
                        always,
                    }),
                    GroupKind::NonCapturing(_) => {}
                }
                walk(&group.ast, always, out);
            }
            Ast::Repetition(repetition) => {
                let some = match &repetition.op.kind {
                    RepetitionKind::OneOrMore => true,
                    RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore => false,
                    RepetitionKind::Range(
                        RepetitionRange::Exactly(least)
                        | RepetitionRange::AtLeast(least)
                        | RepetitionRange::Bounded(least, _),
                    ) => *least > 0,
                };
                walk(&repetition.ast, always && some, out);
            }
            Ast::Alternation(parts) => parts.asts.iter().for_each(|part| walk(part, false, out)),
            Ast::Concat(parts) => parts.asts.iter().for_each(|part| walk(part, always, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    if let Some(tree) = syntax(pattern) {
        walk(&tree, true, &mut out);
    }
    out.sort_by_key(|group| group.number);
    out
}

/// The pattern with this group called `secret`, and no other group called so.
pub fn with_secret(pattern: &str, group: &Group) -> String {
    let mut edits = Vec::new();
    for other in groups(pattern).iter().filter(|other| other.number != group.number) {
        if let Some(("secret", from, to)) =
            other.name.as_ref().map(|(name, from, to)| (name.as_str(), *from, *to))
        {
            edits.push(Edit { from, to, text: "other".to_owned(), count: None });
        }
    }
    let (from, to, text) = match &group.name {
        Some((_, from, to)) => (*from, *to, "secret"),
        None => (group.span.0 + 1, group.span.0 + 1, "?<secret>"),
    };
    edits.push(Edit { from, to, text: text.to_owned(), count: None });
    edited(pattern, edits)
}

/// The branches of a pattern that is a bare alternation of which some are anchored and others are not:
/// `^true|false|null$` means "begins with true, or holds false, or ends with null". What was meant, and
/// whether the pattern is such a one.
pub fn half_anchored(pattern: &str) -> Option<String> {
    let tree = syntax(pattern)?;
    let (flags, parts) = match &tree {
        Ast::Alternation(parts) => (0, &parts.asts),
        _ => return None,
    };
    // Flags before the first branch belong to all of them: they hold to the end of their group.
    let mut lead = flags;
    let starts = |part: &Ast, lead: &mut usize| {
        let mut parts: Vec<&Ast> = match part {
            Ast::Concat(parts) => parts.asts.iter().collect(),
            other => vec![other],
        };
        while let Some(Ast::Flags(flags)) = parts.first() {
            *lead = flags.span.end.offset;
            parts.remove(0);
        }
        let at = |part: Option<&&Ast>, end: bool| match part {
            Some(Ast::Assertion(assertion)) => match assertion.kind {
                ast::AssertionKind::StartLine | ast::AssertionKind::StartText => !end,
                ast::AssertionKind::EndLine | ast::AssertionKind::EndText => end,
                _ => false,
            },
            _ => false,
        };
        (at(parts.first(), false), at(parts.last(), true))
    };
    let mut ends = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let mut ignored = 0;
        ends.push(starts(part, if index == 0 { &mut lead } else { &mut ignored }));
    }
    let (first, last) = (ends.first()?, ends.last()?);
    let middle = &ends[1..ends.len() - 1];
    let odd = first.0 && !first.1 && last.1 && !last.0 && middle.iter().all(|ends| !ends.0 && !ends.1);
    let body = pattern.get(lead..)?.strip_prefix('^')?.strip_suffix('$')?;
    odd.then(|| format!("{}^(?:{body})$", &pattern[..lead]))
}

/// The flags before everything else in a pattern, as they are written: `(?xi)`. Empty where there are none.
pub fn leading_flags(pattern: &str) -> &str {
    let mut end = 0;
    while let Some(inside) = pattern[end..].strip_prefix("(?")
        && let Some((flags, _)) = inside.split_once(')')
        && flags.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
    {
        end += flags.len() + 3;
    }
    &pattern[..end]
}

/// Do the flags before everything else in a pattern let letters stand in either case?
pub fn any_case(pattern: &str) -> bool {
    let mut on = false;
    for group in leading_flags(pattern).split("(?") {
        let (set, unset) = group.split_once('-').unwrap_or((group, ""));
        on = (on || set.contains('i')) && !unset.contains('i');
    }
    on
}

/// Does this pattern match the empty text somewhere in every text? It does not where each of its matches
/// is tied to both ends.
pub fn matches_all(hir: &Hir) -> bool {
    let properties = hir.properties();
    let (first, last) = (properties.look_set_prefix(), properties.look_set_suffix());
    let start = [Look::Start, Look::StartLF, Look::StartCRLF].iter().any(|&look| first.contains(look));
    let end = [Look::End, Look::EndLF, Look::EndCRLF].iter().any(|&look| last.contains(look));
    properties.minimum_len() == Some(0) && !(start && end)
}

/// Can this pattern match nothing at all?
pub fn matches_nothing(hir: &Hir) -> bool {
    hir.properties().minimum_len().is_none() || holds_nothing(hir)
}

fn holds_nothing(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(class) => class.minimum_len().is_none(),
        HirKind::Capture(capture) => holds_nothing(&capture.sub),
        HirKind::Repetition(repetition) => repetition.min > 0 && holds_nothing(&repetition.sub),
        HirKind::Concat(parts) => parts.iter().any(holds_nothing),
        HirKind::Alternation(branches) => branches.iter().all(holds_nothing),
        _ => false,
    }
}

/// The largest length of a token rule, for the errors of those who import.
pub const LIMIT: usize = TOKEN_LIMIT;

#[cfg(test)]
mod tests {
    use super::super::go_syntax::translate;
    use super::*;

    fn close(pattern: &str) -> String {
        bounded(&translate(pattern), LIMIT).unwrap().pattern
    }

    #[test]
    fn open_repetitions_are_closed() {
        assert_eq!(close("abc[0-9]{4}"), "abc[0-9]{4}");
        assert_eq!(close("abc[0-9]+"), "abc[0-9]{1,1024}");
        assert_eq!(close(r"abc\s*[0-9]{8,}?x"), r"abc\s{0,100}[0-9]{8,1024}?x");
        assert_eq!(close("a.*b"), "a.{0,100}b");
        assert_eq!(close("(?:ab+)*c"), "(?:ab{1,32}){0,32}c");
        let note = bounded(&translate("x[a-z]+"), LIMIT).unwrap().note.unwrap();
        assert!(note.contains("at most 1024 times"), "{note}");
    }

    #[test]
    fn notes_tell_the_counts_that_are_written() {
        let note = |pattern: &str| bounded(&translate(pattern), LIMIT).unwrap().note.unwrap();
        assert!(note("a.*b").contains("at most 100 times"), "{}", note("a.*b"));
        let several = r"(?:ab)+\s*[0-9]{8,}x[a-z]{2000,}";
        assert!(note(several).contains("at most 64, 100, 1024 or 2000 times"), "{}", note(several));
    }

    #[test]
    fn flags_at_the_beginning() {
        for (pattern, flags, any) in [
            ("(?i)a", "(?i)", true),
            ("(?xi)(?s) a", "(?xi)(?s)", true),
            ("(?i-s)a", "(?i-s)", true),
            ("(?s-i)a", "(?s-i)", false),
            ("(?i)(?-i)a", "(?i)(?-i)", false),
            ("(?i:a)", "", false),
            ("(?P<x>i)", "", false),
            ("a(?i)", "", false),
        ] {
            assert_eq!((leading_flags(pattern), any_case(pattern)), (flags, any), "{pattern}");
        }
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let cut = bounded(&translate("begin[a-z]{64,20000}end"), LIMIT).unwrap();
        assert_eq!(cut.pattern, "begin[a-z]{64,1024}end");
        assert!(cut.note.unwrap().contains("20008 bytes"));
        assert!(bounded(&translate("[a-z]{5000}"), LIMIT).is_err());
    }

    #[test]
    fn errors_have_a_place() {
        let trouble = bounded(&translate(r"\<a(b"), LIMIT).unwrap_err();
        assert_eq!(trouble.column, Some(4));
        assert!(trouble.reason.contains("unclosed group"), "{trouble}");
    }

    #[test]
    fn a_group_becomes_the_secret() {
        let pattern = "(a)(?:b)?(?P<x>c|(d))";
        let all = groups(pattern);
        let told: Vec<(u32, bool, &str)> =
            all.iter().map(|group| (group.number, group.always, group.inside(pattern))).collect();
        assert_eq!(told, [(1, true, "a"), (2, true, "c|(d)"), (3, false, "d")]);
        assert_eq!(with_secret(pattern, &all[0]), "(?<secret>a)(?:b)?(?P<x>c|(d))");
        assert_eq!(with_secret(pattern, &all[1]), "(a)(?:b)?(?P<secret>c|(d))");
        let taken = "(?P<secret>a)(b)";
        assert_eq!(with_secret(taken, &groups(taken)[1]), "(?P<other>a)(?<secret>b)");
    }

    #[test]
    fn half_anchored_alternations_are_seen() {
        assert_eq!(half_anchored("(?i)^true|false|null$").as_deref(), Some("(?i)^(?:true|false|null)$"));
        assert_eq!(half_anchored("^a|b$").as_deref(), Some("^(?:a|b)$"));
        for fine in ["^(?:a|b)$", "^a$|^b$", "a|b", "^a|^b", "a", "^a|b|c"] {
            assert_eq!(half_anchored(fine), None, "{fine}");
        }
    }

    #[test]
    fn all_and_nothing() {
        let parsed = |pattern: &str| parse(&translate(pattern)).unwrap();
        for all in [".*", "a?", "(?:)", "x*|y", "^.*", ".*$", "^", "$", r"\b", "^a?|b$", "(?:^a|b$)?"] {
            assert!(matches_all(&parsed(all)), "{all}");
        }
        for not in ["^$", "a", "^.*$", ".+", "(?m)^a?$", "^(?:a|b)?$"] {
            assert!(!matches_all(&parsed(not)), "{not}");
        }
        assert!(matches_nothing(&parsed(r"a[^\s\S]b")));
        assert!(!matches_nothing(&parsed("a[b]?")));
    }
}
