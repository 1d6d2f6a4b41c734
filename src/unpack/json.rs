//! The strings of a JSON text (RFC 8259), each with the way to it and the place where it stands.

use crate::text::Reading;
use std::ops::Range;

/// Values in one another; what is deeper is not looked at.
const DEEPEST: usize = 128;

/// A step of the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The value of a key: where the key stands between its quotes.
    Key(Range<usize>),
    /// The element of an array, from 0.
    Index(usize),
}

/// Show each string that is a value: the way to it, and where it stands between its quotes. Returns false
/// where the text is no JSON; what came before was shown.
pub(super) fn strings(text: &[u8], each: &mut dyn FnMut(&[Step], Range<usize>)) -> bool {
    let mut way: Vec<Step> = Vec::new();
    let mut at = 0;
    // A value is to come, not what follows one.
    let mut value = true;
    loop {
        while text.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        let Some(&byte) = text.get(at) else { return !value && way.is_empty() };
        match (byte, value) {
            (b'{' | b'[', true) if way.len() < DEEPEST => {
                at += 1;
                match byte {
                    b'[' => way.push(Step::Index(0)),
                    _ => way.push(Step::Key(0..0)),
                }
                let rest = text[at..].trim_ascii_start();
                if rest.first() == Some(if byte == b'[' { &b']' } else { &b'}' }) {
                    value = false;
                } else if byte == b'{' && !key(text, &mut at, &mut way) {
                    return false;
                }
            }
            (b'"', true) => {
                let Some(string) = string(text, at) else { return false };
                at = string.end + 1;
                each(&way, string);
                value = false;
            }
            (b'0'..=b'9' | b'-' | b'a'..=b'z' | b'N' | b'I', true) => {
                let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
                at += text[at..].iter().take_while(|&byte| plain(byte)).count();
                value = false;
            }
            (b',', false) => {
                at += 1;
                value = true;
                match way.last_mut() {
                    Some(Step::Index(index)) => *index += 1,
                    Some(Step::Key(_)) => {
                        if !key(text, &mut at, &mut way) {
                            return false;
                        }
                    }
                    None => return false,
                }
            }
            (b'}', false) if matches!(way.last(), Some(Step::Key(_))) => {
                at += 1;
                way.pop();
            }
            (b']', false) if matches!(way.last(), Some(Step::Index(_))) => {
                at += 1;
                way.pop();
            }
            _ => return false,
        }
    }
}

/// Read a key and the colon behind it.
fn key(text: &[u8], at: &mut usize, way: &mut [Step]) -> bool {
    let blank = |at: &mut usize| {
        while text.get(*at).is_some_and(u8::is_ascii_whitespace) {
            *at += 1;
        }
    };
    blank(at);
    let Some(name) = string(text, *at) else { return false };
    *at = name.end + 1;
    blank(at);
    if text.get(*at) != Some(&b':') {
        return false;
    }
    *at += 1;
    if let Some(last) = way.last_mut() {
        *last = Step::Key(name);
    }
    true
}

/// Where the string stands whose opening quote is at `at`, without its quotes.
fn string(text: &[u8], at: usize) -> Option<Range<usize>> {
    if text.get(at) != Some(&b'"') {
        return None;
    }
    let start = at + 1;
    let mut end = start;
    loop {
        end += memchr::memchr2(b'"', b'\\', text.get(end..)?)?;
        match text[end] {
            b'"' => return Some(start..end),
            _ => end += 2,
        }
    }
}

/// Add what the string at `part` says.
pub(super) fn decode(text: &[u8], part: Range<usize>, reading: &mut Reading) {
    let mut at = part.start;
    while at < part.end {
        let plain = memchr::memchr(b'\\', &text[at..part.end]).map_or(part.end, |found| at + found);
        reading.copy(text, at..plain);
        at = plain;
        if at >= part.end {
            return;
        }
        let rest = &text[at..part.end];
        let (length, decoded) = match rest.get(1) {
            Some(b'n') => (2, '\n'),
            Some(b't') => (2, '\t'),
            Some(b'r') => (2, '\r'),
            Some(b'b') => (2, '\u{8}'),
            Some(b'f') => (2, '\u{c}'),
            Some(&byte @ (b'"' | b'\\' | b'/')) => (2, char::from(byte)),
            Some(b'u') => unicode(rest),
            _ => (rest.len().min(2), '\u{fffd}'),
        };
        reading.put(decoded.encode_utf8(&mut [0; 4]).as_bytes(), at..at + length);
        at += length;
    }
}

/// The character of an escape with four digits, or of two that belong together, and its length.
fn unicode(escape: &[u8]) -> (usize, char) {
    let unit = |at: usize| {
        let digits = std::str::from_utf8(escape.get(at + 2..at + 6)?).ok()?;
        escape[at..].starts_with(b"\\u").then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    };
    let Some(first) = unit(0) else { return (escape.len().min(2), '\u{fffd}') };
    let pair = (0xd800..0xdc00).contains(&first).then(|| unit(6)).flatten();
    if let Some(second) = pair
        && let Some(Ok(character)) = char::decode_utf16([first, second]).next()
    {
        return (12, character);
    }
    (6, char::from_u32(u32::from(first)).unwrap_or('\u{fffd}'))
}

/// The key that a step names, as it is written.
pub(super) fn key_of<'t>(text: &'t [u8], step: &Step) -> Option<&'t [u8]> {
    match step {
        Step::Key(name) => text.get(name.clone()),
        Step::Index(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str) -> (Vec<(String, String)>, bool) {
        let bytes = text.as_bytes();
        let mut out = Vec::new();
        let good = strings(bytes, &mut |way, part| {
            let steps: Vec<String> = way
                .iter()
                .map(|step| match step {
                    Step::Key(name) => text[name.clone()].to_owned(),
                    Step::Index(index) => index.to_string(),
                })
                .collect();
            let mut reading = Reading::default();
            decode(bytes, part, &mut reading);
            out.push((steps.join("."), String::from_utf8_lossy(reading.text()).into_owned()));
        });
        (out, good)
    }

    #[test]
    fn strings_come_with_their_way() {
        let text = r#" {"a": [1, "x\n\"", {"b": "\u0041\ud83d\ude00"}, []], "c": {}, "d": null, "e": "z"} "#;
        let (told, good) = all(text);
        let wanted = [("a.1", "x\n\""), ("a.2.b", "A😀"), ("e", "z")];
        assert_eq!(told, wanted.map(|(way, value)| (way.to_owned(), value.to_owned())));
        assert!(good);
    }

    #[test]
    fn what_is_none_is_told() {
        for text in ["", "{", "[1,", "{\"a\" 1}", "[1 2]", "{]", "\"open", "{\"a\":1,}", "}"] {
            assert!(!all(text).1, "{text}");
        }
        assert_eq!(all(r#"["a", "b", oops: "c"]"#).0.len(), 2);
        assert!(!strings(&b"[".repeat(1000), &mut |_, _| ()));
    }

    proptest! {
        #[test]
        fn values_are_those_of_a_real_reader(texts in proptest::collection::vec(any::<String>(), 0..8)) {
            let json = serde_json::to_string(&texts).unwrap();
            let (told, good) = all(&json);
            prop_assert!(good);
            prop_assert_eq!(told.into_iter().map(|(_, value)| value).collect::<Vec<_>>(), texts);
        }

        #[test]
        fn nothing_panics(text in "[\\[\\]{}\",:\\\\u0-9a ]{0,60}") {
            all(&text);
        }
    }
}
