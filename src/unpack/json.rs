//! The strings of a JSON text (RFC 8259), each with the way to it and the place where it stands.

use crate::text::Reading;
use std::ops::Range;

/// Values in one another; what is deeper is not looked at.
const DEEPEST: usize = 128;
/// Longest key and number of a text that comes in pieces, in bytes.
const LONGEST: usize = 256 << 10;
/// Longest escape, in bytes.
const ESCAPE: usize = 6;

/// A step of the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The value of a key.
    Key(Key),
    /// The element of an array, from 0.
    Index(usize),
}

/// A key as it is written between its quotes, and where it stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) name: Vec<u8>,
    pub(super) place: Range<usize>,
}

impl Step {
    /// The key that it names.
    pub(super) fn key(&self) -> Option<&[u8]> {
        match self {
            Step::Key(key) => Some(&key.name),
            Step::Index(_) => None,
        }
    }
}

/// Show each string that is a value: the way to it, and where it stands between its quotes. Returns false
/// where the text is no JSON; what came before was shown.
pub(super) fn strings(text: &[u8], each: Each<'_>) -> bool {
    let mut walk = Walk::default();
    walk.read(text, 0..text.len(), each) == text.len() && walk.is_done()
}

/// Takes the way to a string and where it stands, or a part of it.
pub(super) type Each<'e> = &'e mut dyn FnMut(&[Step], Range<usize>);

/// Goes through a text that may come in pieces.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    way: Vec<Step>,
    /// What comes next.
    next: Next,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Next {
    #[default]
    Value,
    /// The first element of an array, or its end.
    Element,
    /// The first key of an object, or its end.
    Field,
    /// A key.
    Key,
    /// The rest of a string that is a value.
    Rest,
    /// What follows a value.
    Behind,
    /// This is no JSON: nothing.
    Nothing,
}

impl Walk {
    /// True where a whole value was read.
    fn is_done(&self) -> bool {
        self.next == Next::Behind && self.way.is_empty()
    }

    /// Read a part of `text` that follows what was read before, as far as it can be told without what is behind
    /// it; tells how far. A string that goes on behind it is shown in parts.
    pub(super) fn read(&mut self, text: &[u8], part: Range<usize>, each: Each<'_>) -> usize {
        let text = &text[..part.end];
        let mut at = part.start;
        loop {
            if self.next != Next::Rest {
                at += text[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            }
            let Some(&byte) = text.get(at) else { return at };
            let ends = |end: u8| byte == end;
            self.next = match self.next {
                Next::Nothing => return part.end,
                Next::Element if ends(b']') => self.leave(&mut at),
                Next::Field if ends(b'}') => self.leave(&mut at),
                Next::Field | Next::Key => match key(text, at) {
                    Some(Some((key, end))) => {
                        at = end;
                        self.way.pop();
                        self.way.push(Step::Key(key));
                        Next::Value
                    }
                    // Its end is not there yet.
                    Some(None) if text.len() - at < LONGEST => return at,
                    _ => Next::Nothing,
                },
                Next::Rest => {
                    let end = string_end(text, at);
                    let shown = end.unwrap_or_else(|| whole(text, at));
                    if shown > at {
                        each(&self.way, at..shown);
                    }
                    if end.is_none() {
                        return shown;
                    }
                    at = shown + 1;
                    Next::Behind
                }
                Next::Value | Next::Element => match byte {
                    b'{' | b'[' if self.way.len() < DEEPEST => {
                        at += 1;
                        let first = if byte == b'[' { Step::Index(0) } else { Step::Key(Key::default()) };
                        self.way.push(first);
                        if byte == b'[' { Next::Element } else { Next::Field }
                    }
                    b'"' => {
                        at += 1;
                        Next::Rest
                    }
                    b'0'..=b'9' | b'-' | b'a'..=b'z' | b'N' | b'I' => {
                        let plain =
                            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
                        let length = text[at..].iter().take_while(|&byte| plain(byte)).count();
                        if at + length == text.len() && length < LONGEST {
                            return at;
                        }
                        at += length;
                        Next::Behind
                    }
                    _ => Next::Nothing,
                },
                Next::Behind => match (byte, self.way.last_mut()) {
                    (b',', Some(Step::Index(index))) => {
                        *index += 1;
                        at += 1;
                        Next::Value
                    }
                    (b',', Some(Step::Key(_))) => {
                        at += 1;
                        Next::Key
                    }
                    (b'}', Some(Step::Key(_))) | (b']', Some(Step::Index(_))) => self.leave(&mut at),
                    _ => Next::Nothing,
                },
            };
        }
    }

    /// Leave an array or an object.
    fn leave(&mut self, at: &mut usize) -> Next {
        *at += 1;
        self.way.pop();
        Next::Behind
    }
}

/// The key at `at` and what is behind its colon; none inside where its end is not there, and none where there is
/// no key.
fn key(text: &[u8], at: usize) -> Option<Option<(Key, usize)>> {
    if text[at] != b'"' {
        return None;
    }
    let Some(end) = string_end(text, at + 1) else { return Some(None) };
    let blanks = text[end + 1..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    match text.get(end + 1 + blanks) {
        None => Some(None),
        Some(b':') => {
            let key = Key { name: text[at + 1..end].to_vec(), place: at + 1..end };
            Some(Some((key, end + blanks + 2)))
        }
        Some(_) => None,
    }
}

/// Where the closing quote of a string stands of which the rest begins at `at`.
fn string_end(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        match text[at] {
            b'"' => return Some(at),
            _ => at += 2,
        }
    }
}

/// How far the rest of a string that goes on behind the text can be shown: no escape is cut.
fn whole(text: &[u8], at: usize) -> usize {
    let from = at.max(text.len().saturating_sub(ESCAPE - 1));
    let Some(found) = memchr::memchr(b'\\', &text[from..]) else { return text.len() };
    // Of a row of backslashes each second one begins no escape.
    let row = text[at..from + found].iter().rev().take_while(|&&byte| byte == b'\\').count();
    from + found - row % 2
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
                    Step::Key(key) => String::from_utf8_lossy(&key.name).into_owned(),
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
            // An empty one says nothing.
            let said: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
            prop_assert_eq!(told.into_iter().map(|(_, value)| value).collect::<Vec<_>>(), said);
        }

        /// However a text is cut into pieces, the same strings are shown, though some in parts.
        #[test]
        fn pieces_do_not_matter(
            texts in proptest::collection::vec("(\\\\|\"|\n|\u{1}|[a-z]){0,20}", 0..8),
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..10),
        ) {
            let value = serde_json::json!({ "list": &texts, "number": 12, "last": { "a key": texts.concat() } });
            let text = serde_json::to_string_pretty(&value).unwrap().into_bytes();
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len())).collect();
            ends.push(text.len());
            ends.sort_unstable();
            let (mut walk, mut at) = (Walk::default(), 0);
            let mut told: Vec<(Vec<Step>, String)> = Vec::new();
            for end in ends {
                at = walk.read(&text, at..end.max(at), &mut |way, part| {
                    let mut reading = Reading::default();
                    decode(&text, part, &mut reading);
                    let said = String::from_utf8_lossy(reading.text()).into_owned();
                    match told.last_mut().filter(|last| last.0 == way) {
                        Some(last) => last.1 += &said,
                        None => told.push((way.to_vec(), said)),
                    }
                });
            }
            prop_assert!(walk.is_done() && at == text.len());
            let said: Vec<String> = told.into_iter().map(|(_, said)| said).collect();
            let mut wanted = texts.clone();
            wanted.push(texts.concat());
            wanted.retain(|text| !text.is_empty());
            prop_assert_eq!(said, wanted);
        }

        #[test]
        fn nothing_panics(text in "[\\[\\]{}\",:\\\\u0-9a ]{0,60}") {
            all(&text);
        }
    }
}
