//! Measures of values: characters, randomness and the notations they look like.

use super::name::Words;
use super::pairs::PAIRS;
use super::weak;
use crate::engine::words::{WordSearch, WordSet};

/// Number of measures of a value.
pub(super) const COUNT: usize = 42;

/// What the measures of a value are called.
pub(super) const NAMES: [&str; COUNT] = [
    "value: length",
    "value: distinct characters",
    "value: share of digits",
    "value: share of lower case",
    "value: share of capitals",
    "value: signs",
    "value: changes of class",
    "value: likeness to text",
    "value: least text-like word",
    "value: text in all",
    "value: hexadecimal",
    "value: base64",
    "value: digits only",
    "value: words",
    "value: blanks",
    "value: beyond ASCII",
    "value: snake case",
    "value: camel case",
    "value: dotted",
    "value: constant case",
    "value: kebab case",
    "value: parentheses",
    "value: slashes",
    "value: address",
    "value: ends like a sentence",
    "value: file name",
    "value: UUID",
    "value: secret word",
    "value: placeholder word",
    "value: type or constant",
    "value: shares words with the name",
    "value: formatting",
    "value: equals sign",
    "value: entropy",
    "value: longest run of letters",
    "value: longest run of digits",
    "value: version or number",
    "value: first character",
    "value: weak words",
    "value: text of a language",
    "value: notation of code",
    "value: encoded weak words",
];

/// Sum of eighths of a bit by which the letters of a word look like text, and how many pairs it has.
pub fn likeness(word: &[u8]) -> (i32, i32) {
    let symbol = |byte: u8| match byte {
        b'a'..=b'z' => usize::from(byte - b'a'),
        b'0'..=b'9' => 26,
        _ => 27,
    };
    let mut sum = 0;
    let mut before = 27;
    for &byte in word {
        let now = symbol(byte);
        sum += i32::from(PAIRS[before][now]);
        before = now;
    }
    (sum + i32::from(PAIRS[before][27]), word.len() as i32 + 1)
}

static PLACEHOLDERS: WordSearch<34> = WordSearch::new([
    "your",
    "example",
    "sample",
    "dummy",
    "fake",
    "placeholder",
    "change",
    "replace",
    "insert",
    "enter",
    "foo",
    "bar",
    "todo",
    "xxx",
    "test",
    "some",
    "here",
    "mock",
    "none",
    "null",
    "undefined",
    "invalid",
    "redacted",
    "hidden",
    "default",
    "value",
    "string",
    "random",
    "generate",
    "abc",
    "not",
    "demo",
    "fixme",
    "wrong",
]);
static SECRETS: WordSearch<12> = WordSearch::new([
    "password",
    "passwd",
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "auth",
    "cred",
    "login",
    "密码",
    "パスワード",
]);
static CONSTANTS: WordSet<256> = WordSet::new(
    " true false null nil none undefined string str text varchar char int integer number bool boolean float object array any void byte bytes buffer self this optional required yes no on off enabled disabled default auto basic bearer oauth oauth2 digest hmac rsa aes jwt ssl tls sha1 sha256 sha512 md5 bcrypt plain user username admin root email id name key value values token secret password hidden public private get post put delete type ",
);
static EXTENSIONS: WordSet<128> = WordSet::new(
    " pem key json txt crt cert cer p12 pfx jks yml yaml xml js ts py rb go php html css md sh conf cfg ini env properties pub p8 der png svg com org net io log db sql ",
);

/// Shannon entropy of what stands `counts` times each, bytes of `seen`, of `all` in all.
fn entropy(counts: &[u16; 256], seen: &[u64; 4], all: usize) -> f32 {
    let all = all as f32;
    let mut sum = 0.0;
    // Most counts come again and again.
    let mut known = [0.0f32; 8];
    for (word, &bits) in seen.iter().enumerate() {
        let mut bits = bits;
        while bits != 0 {
            let count = counts[word * 64 + bits.trailing_zeros() as usize];
            bits &= bits - 1;
            let term = || {
                let share = f32::from(count) / all;
                -share * share.log2()
            };
            sum += match known.get_mut(usize::from(count)) {
                Some(known) => {
                    if *known == 0.0 {
                        *known = term();
                    }
                    *known
                }
                None => term(),
            };
        }
    }
    sum
}

/// True where a value is words of a language that needs letters beyond ASCII: `Új jelszó`.
pub(super) fn foreign(value: &[u8]) -> bool {
    if value.is_ascii() {
        return false;
    }
    let Ok(text) = std::str::from_utf8(value) else { return false };
    text.chars().all(|char| char.is_alphabetic() || " .,:;!?'\"-…。、！？：（）()".contains(char))
}

/// True where a value holds what only code has: `f(x)`, `a[0]`, `x.y()`, `&x`, `a -> b`, `x::y`.
pub(super) fn code(value: &[u8]) -> bool {
    let (mut call, mut closed) = (false, value.ends_with(b"("));
    for pair in value.windows(2) {
        match pair {
            b"->" | b"::" | b"=>" => return true,
            [before, b'(' | b'['] => {
                call |= before.is_ascii_alphanumeric() || matches!(before, b'_' | b')');
            }
            _ => {}
        }
        closed |= matches!(pair[1], b')' | b']');
    }
    // A bracket at the very beginning closes nothing, but is one.
    closed |= matches!(value.first(), Some(b')' | b']'));
    call && closed || memchr::memmem::find(value, b"();").is_some()
}

/// How much of a text in base64 is weak words, at least 1; 0 where it is no text: `joe:secret`.
fn encoded(value: &[u8]) -> i16 {
    let whole = value.len() >= 8
        && value.len() <= 128
        && value.len().is_multiple_of(4)
        && value.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
    let Some(text) = whole.then(|| base64_simd::STANDARD.decode_to_vec(value).ok()).flatten() else {
        return 0;
    };
    if !text.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        return 0;
    }
    let password = memchr::memrchr(b':', &text).map_or(&text[..], |colon| &text[colon + 1..]);
    if password.iter().all(u8::is_ascii_digit) { 100 } else { weak::share(password).max(1) }
}

fn class(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        0x80.. => 3,
        _ => 4,
    }
}

pub(super) fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Sets of bytes: bits of [`SETS`].
const HEX: u32 = 1;
const BASE64: u32 = 1 << 1;
const IN_NAME: u32 = 1 << 2;
const NUMBER: u32 = 1 << 3;
const DOTTED: u32 = 1 << 4;
const KEBAB: u32 = 1 << 5;
const VERSION: u32 = 1 << 6;

/// The sets that each byte belongs to.
static SETS: [u32; 256] = {
    let mut sets = [0; 256];
    let mut index = 0;
    while index < 256 {
        let byte = index as u8;
        let alphanumeric = byte.is_ascii_alphanumeric();
        sets[index] = if byte.is_ascii_hexdigit() { HEX } else { 0 }
            | if alphanumeric || among(byte, b"+/=-_") { BASE64 } else { 0 }
            | if alphanumeric || among(byte, b"_$") { IN_NAME } else { 0 }
            | if byte.is_ascii_digit() || among(byte, b".-") { NUMBER } else { 0 }
            | if alphanumeric || among(byte, b"_.$[]()*&->") { DOTTED } else { 0 }
            | if byte.is_ascii_lowercase() || byte == b'-' { KEBAB } else { 0 }
            | if byte.is_ascii_digit() || among(byte, b".,-+_xXvV^~") { VERSION } else { 0 };
        index += 1;
    }
    sets
};

const fn among(byte: u8, bytes: &[u8]) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == byte {
            return true;
        }
        at += 1;
    }
    false
}

/// What one look at all bytes of a value tells.
struct Bytes {
    /// How many there are of each [`class`].
    classes: [usize; 5],
    counts: [u16; 256],
    /// A bit for each byte that is there.
    seen: [u64; 4],
    /// The sets of [`SETS`] that hold all of them.
    all: u32,
    changes: usize,
    /// The longest runs of letters and of digits.
    letters: usize,
    digits: usize,
}

impl Bytes {
    fn of(value: &[u8]) -> Bytes {
        let mut bytes = Bytes {
            classes: [0; 5],
            counts: [0; 256],
            seen: [0; 4],
            all: u32::MAX,
            changes: 0,
            letters: 0,
            digits: 0,
        };
        let (mut letters, mut digits) = (0, 0);
        let mut before = None;
        for &byte in value {
            let class = class(byte);
            bytes.classes[usize::from(class)] += 1;
            bytes.counts[usize::from(byte)] += 1;
            bytes.seen[usize::from(byte >> 6)] |= 1 << (byte & 63);
            bytes.all &= SETS[usize::from(byte)];
            bytes.changes += usize::from(before.is_some_and(|before| before != class));
            before = Some(class);
            letters = if class <= 1 { letters + 1 } else { 0 };
            digits = if class == 2 { digits + 1 } else { 0 };
            bytes.letters = bytes.letters.max(letters);
            bytes.digits = bytes.digits.max(digits);
        }
        bytes
    }

    fn count(&self, byte: u8) -> u16 {
        self.counts[usize::from(byte)]
    }

    fn has(&self, byte: u8) -> bool {
        self.count(byte) > 0
    }
}

/// How the words of a value look: the sum of their likeness to text and how many pairs they have, that of
/// the least text-like one, and how many have three letters.
fn texts(words: &Words) -> ((i32, i32), Option<i32>, usize) {
    let (mut all, mut least, mut count) = ((0, 0), None, 0);
    let pieces = words.parts().flat_map(|part| part.split(|byte| !byte.is_ascii_lowercase()));
    for piece in pieces.filter(|piece| piece.len() >= 2) {
        let (sum, pairs) = likeness(piece);
        all = (all.0 + sum, all.1 + pairs);
        if piece.len() >= 3 {
            let mean = sum / pairs;
            least = Some(least.map_or(mean, |least: i32| least.min(mean)));
            count += 1;
        }
    }
    (all, least, count)
}

/// The measures of a value, given its words and those of its name.
pub(super) fn measure(value: &[u8], words: &Words, name: &Words, out: &mut Vec<i16>) {
    let length = value.len().max(1);
    let flag = i16::from;
    let bytes = Bytes::of(value);
    let [lower, upper, digits, beyond, signs] = bytes.classes;
    let share = |count: usize| (count * 100 / length) as i16;
    let all = |set: u32| bytes.all & set != 0;
    let has = |byte: u8| bytes.has(byte);
    let ((sum, pairs), least, texts) = texts(words);
    let no_digit = digits == 0;
    let name_like = all(IN_NAME) && !value[0].is_ascii_digit();
    let holds = |search: u64| search.count_ones().min(4) as i16;
    let last = value.last().copied().unwrap_or(0);
    let extension = match has(b'.') {
        true => value.rsplit(|&byte| byte == b'.').next().unwrap_or_default(),
        false => b"",
    };
    let shared = words.parts().filter(|part| part.len() > 2 && name.parts().any(|other| other == *part));
    let same = if words.joined == name.joined { 3 } else { shared.count().min(2) as i16 };
    out.extend([
        length.min(300) as i16,
        bytes.seen.iter().map(|bits| bits.count_ones()).sum::<u32>() as i16,
        share(digits),
        share(lower),
        share(upper),
        signs.min(30) as i16,
        (bytes.changes * 100 / length) as i16,
        if pairs == 0 { -40 } else { (sum / pairs) as i16 },
        least.unwrap_or(-40) as i16,
        (sum / 8).clamp(-300, 300) as i16,
        if all(HEX) && !no_digit { length.min(128) as i16 } else { 0 },
        if all(BASE64) { length.min(128) as i16 } else { 0 },
        flag(all(NUMBER)),
        texts.min(12) as i16,
        bytes.count(b' ').min(12) as i16,
        share(beyond),
        flag(name_like && has(b'_') && no_digit),
        flag(name_like && !has(b'_') && no_digit && upper > 0 && lower > 2),
        flag(has(b'.') && all(DOTTED)),
        flag(name_like && lower == 0 && upper > 2),
        flag(has(b'-') && all(KEBAB)),
        flag(has(b'(')) + flag(has(b'[')) + flag(has(b'{')),
        bytes.count(b'/').min(6) as i16,
        flag(has(b':') && memchr::memmem::find(value, b"://").is_some())
            + 2 * flag(value[0] == b'/' || value.starts_with(b"./")),
        flag(b".!?:;,".contains(&last)),
        flag(EXTENSIONS.has(extension)),
        flag(is_uuid(value)),
        holds(SECRETS.find_any_case(value)),
        holds(PLACEHOLDERS.find_any_case(value)),
        flag(length <= 16 && CONSTANTS.has(&value.to_ascii_lowercase())),
        same,
        flag(has(b'%')) + flag(has(b'{')) + flag(has(b'*')) + flag(has(b'<')) + flag(has(b'\\')),
        flag(has(b'=')) + flag(last == b'='),
        (entropy(&bytes.counts, &bytes.seen, value.len()) * 10.0) as i16,
        bytes.letters.min(99) as i16,
        bytes.digits.min(99) as i16,
        flag(all(VERSION)),
        match value[0] {
            b'a'..=b'z' => 0,
            b'A'..=b'Z' => 1,
            b'0'..=b'9' => 2,
            b':' | b'@' | b'&' | b'*' | b'-' | b'|' | b'>' => 4,
            b'(' | b'[' | b'{' | b'<' | b'$' | b'%' | b'/' | b'.' | b'\\' => 5,
            _ => 3,
        },
        weak::share(value),
        flag(foreign(value)),
        flag(code(value)),
        encoded(value),
    ]);
}
