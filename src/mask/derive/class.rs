//! How surely a value can be told from ordinary text.

use crate::engine::noise;
use crate::mask::Strength;

/// Shortest value that is masked, in bytes.
pub const SHORTEST: usize = 6;
/// Shortest strong value, in bytes.
const STRONG_LENGTH: usize = 12;
/// Least size of the space that a strong value was drawn from, in bits.
const STRONG_BITS: f64 = 56.0;
/// Longest single word that counts as one that people write in logs, in letters.
const WORD: usize = 10;
/// Digits from which on a number is no longer one that turns up by itself.
const NUMBER: usize = 12;

/// What may be done with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It is masked.
    Masked(Strength),
    /// It turns up in ordinary text: masking it would tear holes into every log.
    Weak(Weakness),
}

/// Why a value is weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Nothing at all.
    Empty,
    /// Fewer than six bytes.
    Short,
    /// One or two characters again and again.
    Repeated,
    /// `true`, `production`, a word of a language.
    Word,
    /// A number, a date, a version.
    Number,
    /// A path in a file system.
    Path,
    /// A host name, an address, a URL without anything secret in it.
    Address,
}

impl Weakness {
    /// The reason, for people: it follows "the value is".
    pub fn reason(self) -> &'static str {
        match self {
            Weakness::Empty => "empty",
            Weakness::Short => "shorter than 6 bytes",
            Weakness::Repeated => "one or two characters again and again",
            Weakness::Word => "an ordinary word",
            Weakness::Number => "a plain number, date or version",
            Weakness::Path => "a path",
            Weakness::Address => "a host name or address",
        }
    }
}

impl Class {
    /// The word for it in listings.
    pub fn name(self) -> &'static str {
        match self {
            Class::Masked(Strength::Strong) => "strong",
            Class::Masked(Strength::Plain) => "plain",
            Class::Weak(_) => "weak",
        }
    }
}

/// Class a value. `by_rule` says that a rule for tokens knows it.
pub fn classify(value: &[u8], by_rule: bool) -> Class {
    if by_rule && value.len() >= STRONG_LENGTH {
        return Class::Masked(Strength::Strong);
    }
    if let Some(weakness) = weakness(value) {
        return Class::Weak(weakness);
    }
    Class::Masked(if strong(value) { Strength::Strong } else { Strength::Plain })
}

fn weakness(value: &[u8]) -> Option<Weakness> {
    if value.trim_ascii().is_empty() {
        return Some(Weakness::Empty);
    }
    if value.len() < SHORTEST {
        return Some(Weakness::Short);
    }
    let mut distinct: Vec<u8> = value.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() <= 2 {
        return Some(Weakness::Repeated);
    }
    if is_word(value) {
        Some(Weakness::Word)
    } else if is_number(value) {
        Some(Weakness::Number)
    } else if is_path(value) {
        Some(Weakness::Path)
    } else if is_address(value) {
        Some(Weakness::Address)
    } else {
        None
    }
}

/// Words of settings that are longer than [`WORD`] or not text by their letters.
const WORDS: [&str; 20] = [
    "development",
    "integration",
    "information",
    "application",
    "environment",
    "administrator",
    "undefined",
    "disabled",
    "enabled",
    "username",
    "password",
    "passwd",
    "changeme",
    "postgres",
    "postgresql",
    "mysql",
    "mongodb",
    "localhost",
    "kubernetes",
    "null",
];

fn is_word(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    if WORDS.iter().any(|word| word.as_bytes() == lower) {
        return true;
    }
    let parts: Vec<&[u8]> = lower.split(|byte| matches!(byte, b'-' | b'_' | b'.' | b' ')).collect();
    parts.len() <= 2
        && lower.len() < WORD + parts.len()
        && one_case(value)
        && parts.iter().all(|part| part.len() >= 2 && part.iter().all(u8::is_ascii_lowercase))
        && parts.iter().all(|part| part.len() <= 3 || text(part))
        && parts.iter().any(|part| text(part))
}

/// Lower case, upper case, or a capital at the beginning of a word.
fn one_case(value: &[u8]) -> bool {
    let upper = value.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    upper == 0 || upper == letters || upper == 1 && value[0].is_ascii_uppercase()
}

/// Do these lower-case letters follow each other as in a language? Of random ones, one in eighty of eight
/// letters seems to.
fn text(word: &[u8]) -> bool {
    let (sum, pairs) = noise::likeness(word);
    sum > 3 * pairs
}

fn is_number(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    digits > 0
        && value.len() < NUMBER + 8
        && digits < NUMBER
        && value.iter().all(|byte| byte.is_ascii_digit() || b".,:+-/_ vTZ%xX".contains(byte))
}

fn is_path(value: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-/~@ \\:".contains(byte);
    let single = !value.contains(&b'\n') && value.iter().all(plain);
    let drive = value.len() > 3 && value[0].is_ascii_alphabetic() && value[1] == b':' && value[2] == b'\\';
    let relative = [&b"./"[..], b"../", b"~/"].iter().any(|start| value.starts_with(start));
    if single && (drive || relative) {
        return true;
    }
    if !single || value[0] != b'/' {
        return false;
    }
    let mut letters = 0;
    let mut likely = 0;
    for part in value.split(|byte| !byte.is_ascii_alphabetic()).filter(|part| !part.is_empty()) {
        letters += part.len();
        if one_case(part) && (part.len() < 4 || text(&part.to_ascii_lowercase())) {
            likely += part.len();
        }
    }
    likely * 3 >= letters * 2
}

fn is_address(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let rest = match text.split_once("://") {
        Some((scheme, _))
            if scheme.is_empty()
                || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) =>
        {
            return false;
        }
        Some((_, rest)) if rest.contains(['@', '?', '#']) => return false,
        Some((_, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            if strong(path.as_bytes()) || path.split('/').any(|part| strong(part.as_bytes())) {
                return false;
            }
            host
        }
        None => text,
    };
    let (host, port) = rest.rsplit_once(':').unwrap_or((rest, "0"));
    if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    if host == "localhost" || host.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let labels: Vec<&str> = host.split('.').collect();
    let label = |label: &&str| {
        !label.is_empty()
            && label.len() <= 32
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let top = labels.last().is_some_and(|last| {
        (2..=12).contains(&last.len()) && last.bytes().all(|byte| byte.is_ascii_lowercase())
    });
    (labels.len() >= 2 || port != "0" || text.contains("://"))
        && labels.iter().all(label)
        && (top || labels.len() == 1)
}

/// Long, drawn from a large space, and not made of words. The space is judged by length and the
/// alphabet in use; the entropy of the characters of one value misjudges short hexadecimal.
pub fn strong(value: &[u8]) -> bool {
    value.len() >= STRONG_LENGTH
        && value.len() as f64 * alphabet(value).log2() >= STRONG_BITS
        && !made_of_words(value)
}

/// The number of characters that the value's characters seem to be drawn from.
fn alphabet(value: &[u8]) -> f64 {
    let any = |wanted: fn(&u8) -> bool| value.iter().any(wanted);
    let digits = any(u8::is_ascii_digit);
    if value.iter().all(u8::is_ascii_hexdigit) && digits {
        return if value.iter().all(u8::is_ascii_digit) { 10.0 } else { 16.0 };
    }
    let size = 10 * usize::from(digits)
        + 26 * usize::from(any(u8::is_ascii_lowercase))
        + 26 * usize::from(any(u8::is_ascii_uppercase))
        + 16 * usize::from(any(|byte| byte.is_ascii_punctuation() || *byte == b' '))
        + 64 * usize::from(any(|byte| *byte >= 0x80));
    size.max(2) as f64
}

/// Half of it reads as text, or a long piece does: fragments of it stand in ordinary logs.
fn made_of_words(value: &[u8]) -> bool {
    let (mut sum, mut longest, mut start) = (0, 0, 0);
    for at in 0..=value.len() {
        let inside = at < value.len() && value[at].is_ascii_alphabetic();
        let hump =
            inside && at > start && value[at].is_ascii_uppercase() && value[at - 1].is_ascii_lowercase();
        if inside && !hump {
            continue;
        }
        let word = &value[start..at];
        if word.len() >= 5 && text(&word.to_ascii_lowercase()) {
            sum += word.len();
            longest = longest.max(word.len());
        }
        start = if hump { at } else { at + 1 };
    }
    sum * 2 >= value.len() || longest >= WORD && value.len() < 64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(value: &str) -> Class {
        classify(value.as_bytes(), false)
    }

    #[test]
    fn weak_values() {
        for (value, why) in [
            ("", Weakness::Empty),
            (" \n", Weakness::Empty),
            ("a", Weakness::Short),
            ("x9!k2", Weakness::Short),
            ("aaaaaaaa", Weakness::Repeated),
            ("------", Weakness::Repeated),
            ("production", Weakness::Word),
            ("Development", Weakness::Word),
            ("password", Weakness::Word),
            ("sunshine", Weakness::Word),
            ("web-server", Weakness::Word),
            ("123456789", Weakness::Number),
            ("2026-11-25", Weakness::Number),
            ("v1.22.333", Weakness::Number),
            ("/usr/local/bin", Weakness::Path),
            ("./build/out", Weakness::Path),
            ("C:\\Users\\me", Weakness::Path),
            ("localhost:5432", Weakness::Address),
            ("db.internal.example.com", Weakness::Address),
            ("192.168.100.200", Weakness::Address),
            ("https://example.com/a/b", Weakness::Address),
        ] {
            assert_eq!(class(value), Class::Weak(why), "{value}");
        }
    }

    #[test]
    fn plain_values() {
        for value in [
            "hunter2",
            "x9!k2pQ",
            "correct-horse-battery-staple",
            "topsecretvalue",
            "Passw0rd!",
            "abcdefgh12",
        ] {
            assert_eq!(class(value), Class::Masked(Strength::Plain), "{value}");
        }
    }

    #[test]
    fn strong_values() {
        let mut random = crate::rules::check::Generator::new(7);
        for (alphabet, length) in [
            (&b"0123456789abcdef"[..], 16),
            (b"0123456789abcdef", 40),
            (b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 20),
            (b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 44),
        ] {
            for _ in 0..200 {
                let value = random.text(alphabet, length);
                assert_eq!(class(&value), Class::Masked(Strength::Strong), "{value}");
            }
        }
    }
}
