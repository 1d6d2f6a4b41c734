//! All measures of an assignment: those of its name, its value and the place where it stands.

use super::model::Open;
use super::name::{self, Name};
use super::{Context, FileKind, Form, shape};
use crate::engine::assign::Operator;
use crate::engine::words::WordSearch;
use crate::text::Span;
use std::sync::LazyLock;

/// Number of measures of the place.
const PLACE: usize = 30;
/// Number of measures.
pub const FEATURES: usize = name::COUNT + shape::COUNT + PLACE;

/// Where the four measures of the form of the file begin, and where that of a fixture is.
const FORMS: usize = FEATURES - PLACE + 5;
const FIXTURE: usize = FEATURES - PLACE + 26;

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
    "place: fixture",
    "place: in a string",
    "place: test nearby",
    "place: user is the value",
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
    measure_named(context, &Name::new(&context.text[context.assignment.name.range()]))
}

/// The measures of an assignment to this name.
pub(super) fn measure_named(context: &Context<'_>, name: &Name<'_>) -> [i16; FEATURES] {
    let value = &context.text[context.assignment.value.range()];
    let mut out = Vec::with_capacity(FEATURES);
    name::measure(name, &mut out);
    shape::measure(value, &name::split(value), name.words(), &mut out);
    place(context, &mut out);
    let mut measures = [0; FEATURES];
    measures.iter_mut().zip(out).for_each(|(slot, measure)| *slot = measure);
    measures
}

/// The kinds of files as ways in which measures can be: by the kind's number in [`FileKind::all`].
pub(super) static KINDS: LazyLock<Open> = LazyLock::new(|| {
    let mut open = Open { ways: [[0, 0]; FEATURES] };
    for (way, file) in FileKind::all().enumerate() {
        let forms = form_flags(file.form).into_iter().enumerate().map(|(at, flag)| (FORMS + at, flag));
        for (at, flag) in forms.chain([(FIXTURE, i16::from(file.fixture))]) {
            open.ways[at][usize::from(flag == 1)] |= 1 << way;
        }
    }
    open
});

/// Is it code, configuration, a document, a lock file or a log? None of them for files of unknown kind.
fn form_flags(form: Form) -> [i16; 4] {
    [form == Form::Code, form == Form::Config, form == Form::Document, matches!(form, Form::Lock | Form::Log)]
        .map(i16::from)
}

/// Words around an assignment: of users, and of tests.
static AROUND: WordSearch<14> = WordSearch::new([
    "user",
    "login",
    "email",
    "account",
    "admin",
    "root",
    "assert",
    "expect",
    "@test",
    "def test",
    "mock",
    "it(",
    "should",
    "func test",
]);
const USER: u64 = WordSearch::<14>::bits(0, 6);
const TEST: u64 = WordSearch::<14>::bits(6, 14);

/// Words before an assignment on its line: of expectations, and of definitions.
static BEFORE: WordSearch<15> = WordSearch::new([
    "assert", "expect", "should", "equal", "test", "mock", "stub", "const ", "final ", "static ", "var ",
    "let ", "def ", "export ", "define",
]);
const EXPECTATION: u64 = WordSearch::<15>::bits(0, 7);
const DEFINITION: u64 = WordSearch::<15>::bits(7, 15);

/// How far before and behind an assignment anything is looked at, in bytes.
const AROUND_IT: (usize, usize) = (200, 100);

/// All bytes that measures are taken of.
pub(super) fn window(context: &Context<'_>) -> Span {
    let assignment = context.assignment;
    let first = assignment.name.start.min(assignment.value.start);
    let last = assignment.name.end.max(behind(context));
    Span::new(first.saturating_sub(AROUND_IT.0), context.text.len().min(last + AROUND_IT.1))
}

/// Behind the value and its quote.
fn behind(context: &Context<'_>) -> usize {
    context.assignment.value.end + usize::from(context.assignment.quote.is_some())
}

/// The line before an assignment, as far as it is looked at.
fn line_before<'a>(context: &Context<'a>) -> &'a [u8] {
    let first = context.assignment.name.start.min(context.assignment.value.start);
    let from = first.saturating_sub(AROUND_IT.0);
    let line_start = memchr::memrchr(b'\n', &context.text[from..first]).map_or(from, |at| from + at + 1);
    context.text[line_start..first].trim_ascii_start()
}

/// True for a value without quotes that calls something or takes a part of it, outside of any text.
pub(super) fn calls(context: &Context<'_>) -> bool {
    let value = &context.text[context.assignment.value.range()];
    memchr::memchr2(b'(', b'[', value).is_some() && !in_string(line_before(context)) || shape::code(value)
}

/// True where an assignment stands neither in a text nor in a comment, as far as its line tells.
pub(super) fn outside_text(context: &Context<'_>) -> bool {
    let before = line_before(context);
    !in_string(before) && !in_comment(before)
}

/// True for the beginning of a line that is a comment.
fn in_comment(before: &[u8]) -> bool {
    [&b"#"[..], b"//", b"*", b"--", b";", b"<!--"].iter().any(|mark| before.starts_with(mark))
}

/// True where a line up to a place has opened a quote that is not closed.
fn in_string(before: &[u8]) -> bool {
    let mut open = None;
    let mut escaped = false;
    for &byte in before {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' | b'\'' | b'`' => match open {
                None => open = Some(byte),
                Some(quote) if quote == byte => open = None,
                Some(_) => {}
            },
            _ => {}
        }
    }
    open.is_some()
}

/// True where a value stands more than once in the text around.
fn holds_twice(around: &[u8], value: &[u8]) -> bool {
    memchr::memmem::find_iter(around, value).nth(1).is_some()
}

fn place(context: &Context<'_>, out: &mut Vec<i16>) {
    let text = context.text;
    let assignment = context.assignment;
    let (name, value) = (assignment.name, assignment.value);
    let first = name.start.min(value.start);
    let from = first.saturating_sub(AROUND_IT.0);
    let before = line_before(context);
    let after_value = behind(context);
    let rest = text.get(after_value..text.len().min(after_value + 80)).unwrap_or(b"");
    let rest = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    let rest = rest.trim_ascii();
    let follows = match rest.first() {
        None => 0,
        Some(b',' | b';') => 1,
        Some(b')' | b']' | b'}') => 2,
        Some(b'"' | b'\'' | b'`' | b'\\') => 3,
        Some(b'+' | b'%' | b'.' | b'(' | b'[' | b'?' | b'*') => 5,
        Some(b'<' | b'&' | b'|') => 4,
        Some(_) => 6,
    };
    let around = text[from..text.len().min(after_value + AROUND_IT.1)].to_ascii_lowercase();
    let near = AROUND.find(&around);
    let line = BEFORE.find_any_case(before);
    let flag = i16::from;
    let [code, config, document, lock] = form_flags(context.file.form);
    let is = |operator: Operator| flag(assignment.operator == operator);
    out.extend([
        assignment.operator as i16,
        flag(assignment.quote.is_some()),
        flag(assignment.quote == Some(b'\'')),
        flag(assignment.quote == Some(b'`')),
        flag(assignment.wrapped),
        code,
        config,
        document,
        lock,
        follows,
        rest.len() as i16,
        flag(in_comment(before)),
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
        flag(near & USER != 0),
        flag(line & EXPECTATION != 0),
        flag(line & DEFINITION != 0),
        rest.iter().filter(|byte| byte.is_ascii_alphabetic()).count() as i16,
        is(Operator::Assign),
        is(Operator::Colon),
        is(Operator::Argument) + is(Operator::Call) * 2,
        is(Operator::Compare),
        is(Operator::Flag) + is(Operator::Space) * 2,
        is(Operator::Element) + is(Operator::Sibling) * 2,
        flag(assignment.quote.is_none() && rest.first().is_some_and(u8::is_ascii_alphabetic)),
        flag(context.file.fixture),
        flag(assignment.quote.is_none() && in_string(before)),
        flag(near & TEST != 0),
        flag(value.len() > 2 && holds_twice(&around, &text[value.range()].to_ascii_lowercase())),
    ]);
}
