//! Escapes of single characters: `%41`, `\u0041`, `&#65;`, `=41`.

use super::{AROUND, Encoding, LONGEST, Looked, Region, in_word, line};
use crate::text::Span;
use crate::view::escape::entity;
use crate::view::sieve::RUN;
use crate::view::{Kind, Step, is_base64};
use std::ops::Range;

/// Escapes this far from one another (bytes) are read together.
const GAP: usize = 64;
/// Longest escape, in bytes.
const ESCAPE: usize = 12;
/// A quoted-printable line is at most 76 characters long; some writers overdo it.
const PRINTABLE: usize = 1000;

fn nibble(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// Do two digits write a character that a secret, a name or an operator may hold?
fn tells(digits: &[u8]) -> bool {
    let [high, low, ..] = digits else { return false };
    let (Some(high), Some(low)) = (nibble(*high), nibble(*low)) else { return false };
    matches!(high << 4 | low, b'!'..=b'~')
}

/// What kind of escape that tells something begins at `at`, and where it ends.
fn escape(text: &[u8], at: usize) -> Option<(Encoding, usize)> {
    let rest = &text[at..text.len().min(at + ESCAPE)];
    match *rest {
        [b'%', b'u' | b'U', b'0', b'0', ref digits @ ..] => {
            tells(digits).then_some((Encoding::Percent, at + 6))
        }
        [b'%', ref digits @ ..] => tells(digits).then_some((Encoding::Percent, at + 3)),
        [b'&', b'#' | b'a'..=b'z' | b'A'..=b'Z', ..] => {
            let length = memchr::memchr(b';', rest)? + 1;
            match entity(&rest[..length]) {
                Step::Char(0x21..0x7f) => Some((Encoding::Html, at + length)),
                _ => None,
            }
        }
        [b'\\', ref rest @ ..] => backslash(text, at, rest),
        _ => None,
    }
}

fn backslash(text: &[u8], at: usize, rest: &[u8]) -> Option<(Encoding, usize)> {
    match *rest {
        [b'u', b'0', b'0', ref digits @ ..] => tells(digits).then_some((Encoding::Json, at + 6)),
        [b'u', b'{', ref digits @ ..] => {
            let end = memchr::memchr(b'}', digits)?;
            (end >= 2 && tells(&digits[end - 2..])).then_some((Encoding::Escapes, at + 4 + end))
        }
        [b'U', b'0', b'0', b'0', b'0', b'0', b'0', ref digits @ ..] => {
            tells(digits).then_some((Encoding::Escapes, at + 10))
        }
        [b'x', ref digits @ ..] => tells(digits).then_some((Encoding::Escapes, at + 4)),
        [one @ b'0'..=b'1', two @ b'0'..=b'7', three @ b'0'..=b'7', ..] => {
            let value = (one - b'0') << 6 | (two - b'0') << 3 | (three - b'0');
            matches!(value, b'!'..=b'~').then_some((Encoding::Escapes, at + 4))
        }
        // `abc\/def`, as some writers of JSON have it.
        [b'/', behind, ..] => {
            let before = at.checked_sub(1).is_some_and(|before| in_word(text[before]));
            (before && in_word(behind)).then_some((Encoding::Json, at + 2))
        }
        // JSON in JSON in JSON.
        [b'\\', b'\\', b'"', ..] => Some((Encoding::Json, at + 4)),
        _ => None,
    }
}

fn kind_of(encoding: Encoding) -> Kind {
    match encoding {
        Encoding::Percent => Kind::Percent,
        Encoding::Html => Kind::Entity,
        _ => Kind::Backslash,
    }
}

fn sign(encoding: Encoding) -> u8 {
    match encoding {
        Encoding::Percent => b'%',
        Encoding::Html => b'&',
        _ => b'\\',
    }
}

/// An escape at `at` and all that follow it closely on its line.
pub(super) fn look(text: &[u8], at: usize) -> Option<Looked> {
    if text[at] == b'\\' && matches!(text.get(at + 1), Some(b'\n' | b'\r')) {
        return super::joined::continued(text, at);
    }
    if text[at] == b'[' {
        return super::joined::list(text, at);
    }
    let (first, mut end) = escape(text, at)?;
    let kind = kind_of(first);
    let from = at.saturating_sub(GAP);
    let near = line(text, at, GAP, 0).start;
    let sign = sign(first);
    let earlier = memchr::memrchr_iter(sign, &text[near..at])
        .any(|by| escape(text, near + by).is_some_and(|(other, end)| kind_of(other) == kind && end <= at));
    if earlier {
        return Some(Looked { span: Span::new(from, end), region: None });
    }
    let mut encoding = first;
    let limit = text.len().min(at + LONGEST);
    loop {
        let reach = line(text, end, 0, GAP).end.min(limit);
        let next = memchr::memchr_iter(sign, &text[end..reach]).find_map(|by| {
            let (other, behind) = escape(text, end + by)?;
            (kind_of(other) == kind).then_some((other, behind))
        });
        let Some((other, behind)) = next.filter(|_| end < limit) else { break };
        // One that JSON has not makes the whole no JSON.
        encoding = encoding.max(other);
        end = behind;
    }
    let start = line(text, at, AROUND.0, 0).start;
    let behind = line(text, end.min(text.len()), 0, AROUND.1).end;
    let whole: Range<usize> = start..behind;
    let mut region = Region::new(encoding, Some(kind), vec![whole]);
    region.cut = end >= limit && limit < text.len();
    Some(Looked { span: Span::new(start.min(from), behind), region: Some(region) })
}

/// A line of quoted-printable: `=` at `at` before `3D` or the end of the line.
pub(super) fn equals(text: &[u8], at: usize) -> Option<Looked> {
    if !printable(text, at) {
        return None;
    }
    let own = line(text, at, PRINTABLE, 0).start;
    let earlier = memchr::memchr_iter(b'=', &text[own..at]).any(|by| printable(text, own + by));
    let goes_on = own.checked_sub(1).is_some_and(|end| soft(text, end));
    let from = own.saturating_sub(ENDING + 1);
    if earlier || goes_on {
        return Some(Looked { span: Span::new(from, at + 3), region: None });
    }
    let limit = text.len().min(own + LONGEST);
    let mut end = line(text, at, 0, PRINTABLE).end;
    while end < limit && soft(text, end) {
        end = line(text, end + 1, 0, PRINTABLE).end.min(limit);
    }
    let whole: Range<usize> = own..end;
    let mut region = Region::new(Encoding::QuotedPrintable, Some(Kind::Printable), vec![whole]);
    region.cut = end >= limit && limit < text.len();
    Some(Looked { span: Span::new(from, text.len().min(end + 1)), region: Some(region) })
}

/// Does the line that ends at `end` go on behind its end?
fn soft(text: &[u8], end: usize) -> bool {
    let line = &text[end.saturating_sub(ENDING)..end];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // Base64 ends in such signs too.
    match line {
        [.., b'=', b'='] => false,
        [before @ .., b'='] => before.last().is_some_and(|&byte| byte > b' ') && !is_padded(before),
        _ => false,
    }
}

/// How much of a line's end is looked at, in bytes.
const ENDING: usize = 88;

/// Lengths of lines at which quoted-printable is broken, in bytes.
const BROKEN: Range<usize> = 70..79;

/// True where a `=` behind these bytes ends base64: there is a whole number of fours of it, in a line of another
/// length than quoted-printable is broken at.
fn is_padded(before: &[u8]) -> bool {
    let run = before.iter().rev().take_while(|&&byte| is_base64(byte)).count();
    let line = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
    let fours = run % 4 == 3 || run >= BROKEN.end;
    run + 1 >= RUN && fours && !BROKEN.contains(&line)
}

/// `=3D`, or `=` at the end of a line, at `at`.
fn printable(text: &[u8], at: usize) -> bool {
    match text[at..] {
        [b'=', b'3', b'D', ..] => true,
        [b'=', b'\n', ..] => soft(text, at + 1),
        [b'=', b'\r', b'\n', ..] => soft(text, at + 2),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_padding_of_base64_breaks_no_line() {
        let at_end = |line: &str| {
            let text = format!("first\n{line}=\nnext: 1\n");
            printable(text.as_bytes(), text.find("=\n").expect("a sign"))
        };
        assert!(!at_end(&format!("  file: {}", "abcdefg8".repeat(9) + "abc")));
        assert!(!at_end(&format!("{}abc", "abcdefg8".repeat(40))));
        assert!(at_end("Hello, this goes on"), "words");
        assert!(at_end("token: abcdefgh"), "too short to tell");
        assert!(at_end(&format!("  file: {}", "abcdefg8".repeat(5))), "no whole number of fours");
        assert!(
            at_end(&format!("key {}", "abcdefg8".repeat(9)[1..].to_owned())),
            "a line of mail is broken there"
        );
    }
}
