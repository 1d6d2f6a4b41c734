//! Context words: the lower-case words of the text around a place.

use super::candidate::is_word;
use crate::text::Span;

/// How far before and behind a value its context words may stand, in bytes.
pub const BEFORE: usize = 256;
/// See [`BEFORE`].
pub const BEHIND: usize = 128;

/// The window of context around a span.
pub fn window(text: &[u8], around: Span) -> (Span, Span) {
    let before = Span::new(around.start.saturating_sub(BEFORE), around.start);
    let behind = Span::new(around.end.min(text.len()), (around.end + BEHIND).min(text.len()));
    (before, behind)
}

/// All bytes that context words around a span may stand in, with those that end a word; it may go beyond the
/// end of the text.
pub(super) fn around(span: Span) -> Span {
    Span::new(span.start.saturating_sub(BEFORE + 8), span.end + BEHIND + 16)
}

/// The words of a text: runs of letters and digits, cut where a small letter meets a capital
/// (`apiKey`), and before the last of several capitals (`APIKey`), as lower case in `word`.
pub fn words(text: &[u8], mut each: impl FnMut(&[u8])) {
    let mut word = [0u8; 48];
    let mut length = 0;
    for (at, &byte) in text.iter().enumerate() {
        let inside = byte.is_ascii_alphanumeric() || byte >= 0x80;
        if length > 0 {
            let last = text[at - 1];
            let hump = byte.is_ascii_uppercase()
                && (last.is_ascii_lowercase()
                    || last.is_ascii_uppercase()
                        && text.get(at + 1).is_some_and(|next| next.is_ascii_lowercase()));
            if !inside || hump {
                each(&word[..length]);
                length = 0;
            }
        }
        if inside && length < word.len() {
            word[length] = byte.to_ascii_lowercase();
            length += 1;
        }
    }
    if length > 0 {
        each(&word[..length]);
    }
}

/// Does one of `wanted` (lower case; several words apart by spaces must follow one another) stand in
/// `text` as a word or words? A single word of at least five letters may also be the beginning of a
/// longer one (`datadogapikey`).
pub fn has_any<T: AsRef<str>>(text: &[u8], wanted: &[T]) -> bool {
    wanted.iter().any(|wanted| has(text, wanted.as_ref()))
}

/// Length of the longest of `wanted` that stands in `text`, 0 where none does; see [`has_any`].
pub fn longest<T: AsRef<str>>(text: &[u8], wanted: &[T]) -> usize {
    wanted.iter().map(AsRef::as_ref).filter(|wanted| has(text, wanted)).map(str::len).max().unwrap_or(0)
}

fn has(text: &[u8], wanted: &str) -> bool {
    let mut parts = wanted.split(' ').map(str::as_bytes);
    let Some(first) = parts.next() else { return false };
    let rest: Vec<&[u8]> = parts.collect();
    let single = rest.is_empty();
    let mut matched = 0; // words of `wanted` matched so far
    let mut found = false;
    // The first letter decides most of the time: look for it before cutting the text into words.
    if !text.iter().any(|byte| byte.to_ascii_lowercase() == first[0]) {
        return false;
    }
    words(text, |word| {
        if found {
            return;
        }
        let expected = if matched == 0 { first } else { rest[matched - 1] };
        let begins = single && first.len() >= 5 && word.starts_with(first);
        if word == expected || begins {
            matched += 1;
        } else {
            matched = usize::from(!single && word == first);
        }
        if matched == rest.len() + 1 {
            found = true;
        }
    });
    found
}

/// The end of the word that `at` stands in or before.
pub fn word_end(text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|&byte| !is_word(byte)).map_or(text.len(), |length| at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        words(text.as_bytes(), |word| all.push(String::from_utf8_lossy(word).into_owned()));
        all
    }

    #[test]
    fn cuts_names_into_words() {
        assert_eq!(
            cut("DD_API_KEY = myApiKey2 HTTPServer"),
            ["dd", "api", "key", "my", "api", "key2", "http", "server"]
        );
        assert_eq!(cut("パス x"), ["パス", "x"]);
    }

    #[test]
    fn finds_context_words() {
        assert!(has_any(b"export DD_API_KEY=", &["dd"]));
        assert!(has_any(b"export DD_API_KEY=", &["api key"]));
        assert!(has_any(b"apiKey", &["api key"]));
        assert!(has_any(b"api api key", &["api key"]));
        assert!(!has_any(b"api secret key", &["api key"]));
        assert!(!has_any(b"add apply", &["dd"]));
        assert!(has_any(b"datadogapikey", &["datadog"]));
        assert!(!has_any(b"mydatadog", &["datadog"]));
    }
}
