//! Reads the value behind an operator.

use super::{Assignment, Behind, Operator, skip_blanks};
use crate::text::Span;

/// Longest value, in bytes.
const LONGEST: usize = 512;
/// Longest type or wrapping call before a value, in bytes.
const PREFIX: usize = 48;

/// The assignment of the value behind an operator to `name`.
pub(super) fn read(text: &[u8], name: Span, behind: Behind, later: &mut Option<usize>) -> Option<Assignment> {
    let mut at = skip_blanks(text, behind.at);
    if behind.operator == Operator::Element {
        return element(text, name, at);
    }
    if matches!(text.get(at), Some(b'\n' | b'\r')) {
        later.get_or_insert(at);
        at = next_line(text, at)?;
    } else if matches!(text.get(at..at + 2), Some(b"(\n" | b"(\r")) {
        later.get_or_insert(at);
        at = next_line(text, at + 1)?;
    } else if behind.operator == Operator::Colon
        && let Some(start) = block(text, at, later)
    {
        at = start;
    }
    // `{password, <<"v">>}`
    if matches!(text.get(at..at + 3), Some(b"<<\"")) {
        at += 2;
    }
    let made = |value: Span, quote, wrapped| {
        let value = inner(text, without_scheme(text, value));
        (!value.is_empty()).then_some(Assignment { name, value, quote, operator: behind.operator, wrapped })
    };
    if let Some((value, quote)) = quoted(text, at, later) {
        return made(value, Some(quote), false);
    }
    if let Some(inner) = typed(text, at, behind.operator).or_else(|| wrapper(text, at))
        && let Some((value, quote)) = quoted(text, inner.0, later)
    {
        return made(value, Some(quote), inner.1);
    }
    if behind.quoted {
        return None;
    }
    let in_query = name.start > 0 && matches!(text[name.start - 1], b'?' | b'&' | b';');
    made(plain(text, at, in_query)?, None, false)
}

/// Shortest string of an object in a value that is taken for the value, in bytes.
const INNER: usize = 16;

/// The longest string with a digit of an object that is written as a text: `"{\"app\":\"x\",\"id\":\"v\"}"`.
fn inner(text: &[u8], value: Span) -> Span {
    if text.get(value.start) != Some(&b'{') || text[value.range()].last() != Some(&b'}') {
        return value;
    }
    let mut found: Option<Span> = None;
    let mut start = value.start;
    for at in value.start..value.end {
        let byte = text[at];
        if byte.is_ascii_alphanumeric() || b"_-+/=.".contains(&byte) {
            continue;
        }
        let held = Span::new(start, at);
        let quoted = start > value.start && text[start - 1] == b'"' && matches!(byte, b'"' | b'\\');
        if quoted
            && held.len() >= INNER
            && text[held.range()].iter().any(u8::is_ascii_digit)
            && found.is_none_or(|best| held.len() > best.len())
        {
            found = Some(held);
        }
        start = at + 1;
    }
    found.unwrap_or(value)
}

/// The first quote of the next line, for values that begin there.
fn next_line(text: &[u8], at: usize) -> Option<usize> {
    let line = at + memchr::memchr(b'\n', &text[at..text.len().min(at + 2)])? + 1;
    let at = skip_blanks(text, line);
    matches!(text.get(at), Some(b'"' | b'\'' | b'`')).then_some(at)
}

/// Where the text of a YAML block begins that is one word on one line: behind `|` or `>` at `at`.
fn block(text: &[u8], at: usize, later: &mut Option<usize>) -> Option<usize> {
    let line = at + 1 + usize::from(matches!(text.get(at + 1)?, b'-' | b'+'));
    if !matches!(text.get(at)?, b'|' | b'>') || text.get(line) != Some(&b'\n') {
        return None;
    }
    later.get_or_insert(at);
    let start = skip_blanks(text, line + 1);
    let end = plain(text, start, false)?.end;
    let whole = text.get(end).is_none_or(|byte| matches!(byte, b'\n' | b'\r'));
    (start > line + 1 && whole).then_some(start)
}

/// The text of an element, up to its end tag.
fn element(text: &[u8], name: Span, at: usize) -> Option<Assignment> {
    let mut start = at;
    let quote = match text.get(at..at + 9) {
        Some(b"<![CDATA[") => {
            start += 9;
            None
        }
        _ => None,
    };
    // `<key>password</key> <string>v</string>` is read by its own name.
    let line = &text[start..text.len().min(start + LONGEST)];
    let end = memchr::memchr3(b'<', b'\n', b']', line)?;
    if line[end] == b'\n' {
        return None;
    }
    let value = trimmed(text, Span::new(start, start + end));
    (!value.is_empty()).then_some(Assignment {
        name,
        value,
        quote,
        operator: Operator::Element,
        wrapped: false,
    })
}

/// A text in quotes that begins at `at`: its inner span and the quote. `later` is told of lines that it goes on
/// in.
fn quoted(text: &[u8], at: usize, later: &mut Option<usize>) -> Option<(Span, u8)> {
    let mut at = at;
    // Prefixes of strings: b"", r'', @"", $"", N'', L"", f"".
    let letters =
        text.get(at..)?.iter().take(3).take_while(|byte| b"bBrRuUfFNLq@$&*(:".contains(byte)).count();
    if letters > 0 && matches!(text.get(at + letters), Some(b'"' | b'\'')) {
        at += letters;
    }
    let slashes = text.get(at..)?.iter().take(4).take_while(|&&byte| byte == b'\\').count();
    at += slashes;
    let quote = *text.get(at)?;
    if !matches!(quote, b'"' | b'\'' | b'`') {
        return wide_quoted(text, at);
    }
    let mut start = at + 1;
    let triple = text.get(at + 1) == Some(&quote) && text.get(at + 2) == Some(&quote);
    if triple {
        start += 2;
    } else if slashes == 0 && matches!((quote, text.get(start)), (b'"', Some(b'\'')) | (b'\'', Some(b'"'))) {
        // "'v'" and its like: the inner quotes count.
        let inner = |found: &(Span, u8)| {
            text.get(found.0.end + 1) == Some(&quote) && !text[found.0.range()].contains(&quote)
        };
        if let Some(found) = quoted(text, start, later).filter(inner) {
            return Some(found);
        }
    }
    let limit = text.len().min(start + LONGEST + 1);
    let mut end = start;
    while end < limit {
        match text[end] {
            b'\n' => return None,
            byte if byte == quote => return Some((Span::new(start, end), quote)),
            b'\\' if slashes > 0 && text.get(end + slashes) == Some(&quote) => {
                return Some((Span::new(start, end), quote));
            }
            b'\\' => {
                if text.get(end + 1) == Some(&b'\n') {
                    later.get_or_insert(end);
                }
                end += 2;
            }
            _ => end += 1,
        }
    }
    None
}

/// A text in typographic quotes.
fn wide_quoted(text: &[u8], at: usize) -> Option<(Span, u8)> {
    let start = match text.get(at..at + 3)? {
        [0xe2, 0x80, 0x98 | 0x9c] => at + 3,
        [0xe3, 0x80, 0x8c | 0x8e] => at + 3,
        _ => return None,
    };
    let window = &text[start..text.len().min(start + LONGEST)];
    let window = &window[..memchr::memchr(b'\n', window).unwrap_or(window.len())];
    let end = window
        .windows(3)
        .position(|part| matches!(part, [0xe2, 0x80, 0x99 | 0x9d] | [0xe3, 0x80, 0x8d | 0x8f]))?;
    Some((Span::new(start, start + end), b'"'))
}

/// Behind a colon, a type and `=`: the offset of the value, and that nothing wraps it.
fn typed(text: &[u8], at: usize, operator: Operator) -> Option<(usize, bool)> {
    if operator != Operator::Colon {
        return None;
    }
    let window = &text[at..text.len().min(at + PREFIX)];
    let equals = memchr::memchr2(b'=', b'\n', window)?;
    let kind = window[..equals].trim_ascii_end();
    let is_type = window[equals] == b'='
        && kind.len() < equals
        && !kind.is_empty()
        && kind.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_<>[]|&*'?., ".contains(byte));
    (is_type && !matches!(window.get(equals + 1), Some(b'=' | b'>')))
        .then(|| (skip_blanks(text, at + equals + 1), false))
}

/// Calls that give their text on: what stands in `Some("v")` or `[]byte("v")` is the value.
const WRAPPERS: [&[u8]; 25] = [
    b"secret",
    b"password",
    b"some",
    b"string",
    b"str",
    b"byte",
    b"bytes",
    b"secretstr",
    b"securestring",
    b"just",
    b"of",
    b"text",
    b"from",
    b"to_string",
    b"unicode",
    b"new",
    b"literal",
    b"encode",
    b"ptr",
    b"b64decode",
    b"optional",
    b"base64decode",
    b"stringencoder",
    b"digest",
    b"md5",
];

/// The offset of the first argument of a call that gives it on.
fn wrapper(text: &[u8], at: usize) -> Option<(usize, bool)> {
    let mut at = at;
    if text.get(at..at + 4) == Some(b"new ") {
        at += 4;
    }
    let window = text.get(at..text.len().min(at + PREFIX))?;
    let open = window.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"_.[]:&*".contains(byte)))?;
    let open = match window[open] {
        b'(' => open,
        b'!' if window.get(open + 1) == Some(&b'(') => open + 1,
        _ => return None,
    };
    let called = window[..open].rsplit(|byte| b".:]&*!".contains(byte)).find(|part| !part.is_empty())?;
    let known = WRAPPERS.iter().any(|known| called.eq_ignore_ascii_case(known));
    known.then(|| (skip_blanks(text, at + open + 1), true))
}

/// A value without quotes: up to a blank or to what cannot be part of it.
fn plain(text: &[u8], at: usize, in_query: bool) -> Option<Span> {
    let window = text.get(at..text.len().min(at + LONGEST + 1))?;
    let mut end = 0;
    while let Some(&byte) = window.get(end) {
        let stops = match byte {
            0..=b' ' | b'"' | b'\'' | b'`' | b',' | b';' | b'<' => true,
            b'&' => in_query || window[end..].starts_with(b"&amp;"),
            b'\\' => {
                matches!(window.get(end + 1), Some(b'n' | b'r' | b't' | b'"' | b'\'' | b'\\' | b' ' | b'\n'))
            }
            0x80.. => super::wide_operator(text, at + end).is_some(),
            _ => false,
        };
        // `<name>` and `${{ x }}` are one value.
        if stops && !(byte == b'<' && end == 0) {
            break;
        }
        end += 1;
    }
    if end > LONGEST {
        return None;
    }
    let mut value = Span::new(at, at + end);
    while let Some(&last) = text[value.range()].last() {
        let open = match last {
            b')' => b'(',
            b']' => b'[',
            b'}' => b'{',
            _ => break,
        };
        let count = |wanted: u8| text[value.range()].iter().filter(|&&byte| byte == wanted).count();
        if count(open) >= count(last) || count(last) == 1 && closes_word(text, value) {
            break;
        }
        value.end -= 1;
    }
    (!value.is_empty()).then_some(value)
}

/// True where a closing bracket at the end of a line belongs to a value that is full of signs.
fn closes_word(text: &[u8], value: Span) -> bool {
    let body = &text[value.start..value.end - 1];
    let signs = body.iter().filter(|byte| b"#$%^!@=?*~+".contains(byte)).count();
    signs >= 2 && matches!(text.get(value.end), None | Some(b'\n' | b'\r'))
}

fn trimmed(text: &[u8], span: Span) -> Span {
    let value = &text[span.range()];
    let start = span.start + value.len() - value.trim_ascii_start().len();
    Span::new(start.min(span.end), (span.start + value.trim_ascii_end().len()).max(start.min(span.end)))
}

/// Ways of authorization that stand before the credential.
const SCHEMES: [&[u8]; 7] = [b"bearer ", b"basic ", b"token ", b"apikey ", b"oauth ", b"key=", b"token="];

/// The value behind its way of authorization: `Bearer v`.
fn without_scheme(text: &[u8], value: Span) -> Span {
    let held = &text[value.range()];
    for scheme in SCHEMES {
        if held.get(..scheme.len()).is_some_and(|part| part.eq_ignore_ascii_case(scheme)) {
            return trimmed(text, Span::new(value.start + scheme.len(), value.end));
        }
    }
    let word = SCHEMES
        .iter()
        .find(|scheme| scheme.ends_with(b" ") && held.eq_ignore_ascii_case(&scheme[..scheme.len() - 1]));
    // Without quotes the value ended at the blank behind the scheme.
    if word.is_some() && text.get(value.end) == Some(&b' ') {
        return plain(text, value.end + 1, false).unwrap_or(value);
    }
    value
}
