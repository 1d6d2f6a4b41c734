//! All measures of an assignment: those of its name, its value and the place where it stands.

use super::{Context, FileKind, name, shape};
use crate::engine::assign::Operator;

/// Number of measures of the place.
const PLACE: usize = 26;
/// Number of measures.
pub const FEATURES: usize = name::COUNT + shape::COUNT + PLACE;

const PLACE_NAMES: [&str; PLACE] = [
    "place: operator",
    "place: quoted",
    "place: single quote",
    "place: back quote",
    "place: wrapped",
    "place: code",
    "place: configuration",
    "place: document",
    "place: lock or log",
    "place: behind the value",
    "place: line goes on",
    "place: comment",
    "place: name in quotes",
    "place: before the name",
    "place: column",
    "place: user nearby",
    "place: expectation",
    "place: definition",
    "place: more on the line",
    "place: assigned",
    "place: colon",
    "place: argument",
    "place: compared",
    "place: flag",
    "place: element",
    "place: rest is text",
];

/// What the measures are called.
pub const NAMES: [&str; FEATURES] = {
    let mut names = [""; FEATURES];
    let mut at = 0;
    while at < FEATURES {
        names[at] = if at < name::COUNT {
            name::NAMES[at]
        } else if at < name::COUNT + shape::COUNT {
            shape::NAMES[at - name::COUNT]
        } else {
            PLACE_NAMES[at - name::COUNT - shape::COUNT]
        };
        at += 1;
    }
    names
};

/// The measures of an assignment.
pub fn measure(context: &Context<'_>) -> [i16; FEATURES] {
    let text = context.text;
    let name = &text[context.assignment.name.range()];
    let value = &text[context.assignment.value.range()];
    let name_words = name::split(name);
    let value_words = name::split(value);
    let mut out = Vec::with_capacity(FEATURES);
    name::measure(name, &name_words, &mut out);
    shape::measure(value, &value_words, &name_words, &mut out);
    place(context, &mut out);
    let mut measures = [0; FEATURES];
    measures.iter_mut().zip(out).for_each(|(slot, measure)| *slot = measure);
    measures
}

/// The measures as they would be in each kind of file, in turn; in code only where `in_code`.
pub(super) fn of_each_kind(
    measures: &[i16; FEATURES],
    in_code: bool,
) -> impl Iterator<Item = [i16; FEATURES]> {
    // Code, configuration, document, lock or log; none of them for files of unknown kind.
    const FIRST: usize = FEATURES - PLACE + 5;
    let measures = *measures;
    (usize::from(!in_code)..5).map(move |kind| {
        let mut measures = measures;
        for flag in 0..4 {
            measures[FIRST + flag] = i16::from(flag == kind);
        }
        measures
    })
}

fn holds_any(text: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| memchr::memmem::find(text, word.as_bytes()).is_some())
}

fn place(context: &Context<'_>, out: &mut Vec<i16>) {
    let text = context.text;
    let assignment = context.assignment;
    let (name, value) = (assignment.name, assignment.value);
    let first = name.start.min(value.start);
    let from = first.saturating_sub(200);
    let line_start = memchr::memrchr(b'\n', &text[from..first]).map_or(from, |at| from + at + 1);
    let before = text[line_start..first].trim_ascii_start();
    let after_value = value.end + usize::from(assignment.quote.is_some());
    let rest = text.get(after_value..text.len().min(after_value + 80)).unwrap_or(b"");
    let rest = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    let rest = rest.trim_ascii();
    let behind = match rest.first() {
        None => 0,
        Some(b',' | b';') => 1,
        Some(b')' | b']' | b'}') => 2,
        Some(b'"' | b'\'' | b'`' | b'\\') => 3,
        Some(b'+' | b'%' | b'.' | b'(' | b'[' | b'?' | b'*') => 5,
        Some(b'<' | b'&' | b'|') => 4,
        Some(_) => 6,
    };
    let comment = [&b"#"[..], b"//", b"*", b"--", b";", b"<!--"].iter().any(|mark| before.starts_with(mark));
    let around = text[from..text.len().min(after_value + 100)].to_ascii_lowercase();
    let user = holds_any(&around, &["user", "login", "email", "account", "admin", "root"]);
    let line = before.to_ascii_lowercase();
    let flag = i16::from;
    let is = |operator: Operator| flag(assignment.operator == operator);
    out.extend([
        assignment.operator as i16,
        flag(assignment.quote.is_some()),
        flag(assignment.quote == Some(b'\'')),
        flag(assignment.quote == Some(b'`')),
        flag(assignment.wrapped),
        flag(context.file == FileKind::Code),
        flag(context.file == FileKind::Config),
        flag(context.file == FileKind::Document),
        flag(matches!(context.file, FileKind::Lock | FileKind::Log)),
        behind,
        rest.len() as i16,
        flag(comment),
        match name.start.checked_sub(1).map(|at| text[at]) {
            Some(b'"') => 1,
            Some(b'\'') => 2,
            Some(b'`') => 3,
            _ => 0,
        },
        match name.start.checked_sub(1).map(|at| text[at]) {
            Some(b':' | b'@') => 1,
            Some(b'(' | b'[' | b'{' | b'<') => 2,
            Some(b'?' | b'&' | b';') => 3,
            Some(b'/' | b'\\' | b'*' | b'%') => 4,
            _ => 0,
        },
        before.len().min(120) as i16,
        flag(user),
        flag(holds_any(&line, &["assert", "expect", "should", "equal", "test", "mock", "stub"])),
        flag(holds_any(&line, &["const ", "final ", "static ", "var ", "let ", "def ", "export ", "define"])),
        rest.iter().filter(|byte| byte.is_ascii_alphabetic()).count() as i16,
        is(Operator::Assign),
        is(Operator::Colon),
        is(Operator::Argument) + is(Operator::Call) * 2,
        is(Operator::Compare),
        is(Operator::Flag) + is(Operator::Space) * 2,
        is(Operator::Element) + is(Operator::Sibling) * 2,
        flag(assignment.quote.is_none() && rest.first().is_some_and(u8::is_ascii_alphabetic)),
    ]);
}
