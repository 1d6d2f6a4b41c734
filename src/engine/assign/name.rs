//! The name around a word.

use super::wide_operator;
use crate::text::Span;

/// How far a name reaches to the left of its word, in bytes.
const NAME_LEFT: usize = 96;
/// How far a name reaches to the right of its word's beginning, in bytes.
const NAME_RIGHT: usize = 80;

/// The whole identifier around a word; none where it is longer than names are.
pub(super) fn identifier(text: &[u8], word: Span) -> Option<Span> {
    let mut end = word.end;
    while end > word.start && !in_name(text[end - 1]) {
        end -= 1;
    }
    let mut start = word.start;
    let floor = word.start.saturating_sub(NAME_LEFT);
    while start > floor && in_name(text[start - 1]) && !opens_value(text, start - 1) {
        start -= 1;
    }
    let ceiling = text.len().min(word.start + NAME_RIGHT);
    while end < ceiling && in_name(text[end]) && wide_operator(text, end).is_none() {
        end += 1;
    }
    if end == ceiling && ceiling < text.len() || start == floor && floor > 0 {
        return None;
    }
    // A sentence's full stop or an arrow's dash is no part of the name.
    while end > word.start + 2 && matches!(text[end - 1], b'-' | b'.') {
        end -= 1;
    }
    let (name, at) = (&text[start..end], word.start - start);
    (lone_pass(name, at, word.end - word.start) && !of_author(name, at)).then(|| Span::new(start, end))
}

/// True for `auth` inside of `author`, `authority` and `authenticatorData`, which name no secret by that.
fn of_author(name: &[u8], at: usize) -> bool {
    let begins = |rest: &[u8], start: &[u8]| {
        rest.get(..start.len()).is_some_and(|part| part.eq_ignore_ascii_case(start))
    };
    let word = &name[at..];
    let authorization = begins(word, b"authoriz") || begins(word, b"authoris");
    let authenticator = begins(word, b"authenticator") && word.get(13).is_some_and(u8::is_ascii_alphabetic);
    begins(word, b"author") && !authorization || authenticator
}

/// Beginnings and ends that make `pass` a part of another word.
const OTHER_PASS: [&str; 12] = [
    "by",
    "com",
    "tres",
    "sur",
    "encom",
    "over",
    "under",
    "get",
    "multi",
    "single",
    "machinefunction_",
    "im",
];

/// False for `pass` inside another word (`passed`, `compass`), which is no word for a secret.
fn lone_pass(name: &[u8], at: usize, length: usize) -> bool {
    let word = &name[at..(at + length).min(name.len())];
    if !word.eq_ignore_ascii_case(b"pass") {
        return true;
    }
    let (before, behind) = (&name[..at], &name[at + 4..]);
    let capitals = word[1].is_ascii_uppercase();
    let goes_on =
        behind.first().is_some_and(|byte| byte.is_ascii_lowercase() || capitals && byte.is_ascii_uppercase());
    if goes_on {
        let known: [&[u8]; 6] = [b"w", b"phrase", b"code", b"key", b"sw", b"ph"];
        return known
            .iter()
            .any(|tail| behind.get(..tail.len()).is_some_and(|part| part.eq_ignore_ascii_case(tail)));
    }
    let part_of_word =
        before.last().is_some_and(|byte| byte.is_ascii_alphabetic()) && word[0] != b'P' || capitals;
    let lower = before.to_ascii_lowercase();
    !(part_of_word && OTHER_PASS.iter().any(|start| lower.ends_with(start.as_bytes())))
}

#[inline]
fn in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$') || byte >= 0x80
}

/// True where the byte at `at`, seen from the right, ends what stands before a name.
fn opens_value(text: &[u8], at: usize) -> bool {
    text[at] >= 0x80 && at >= 2 && wide_operator(text, at - 2).is_some()
}
