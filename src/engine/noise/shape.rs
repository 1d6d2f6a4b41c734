//! Measures of values: characters, randomness and the notations they look like.

use super::name::{Words, listed};
use super::pairs::PAIRS;
use super::weak;

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

const PLACEHOLDERS: [&str; 34] = [
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
];
const SECRETS: [&str; 12] = [
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
];
const CONSTANTS: &str = " true false null nil none undefined string str text varchar char int integer number bool boolean float object array any void byte bytes buffer self this optional required yes no on off enabled disabled default auto basic bearer oauth oauth2 digest hmac rsa aes jwt ssl tls sha1 sha256 sha512 md5 bcrypt plain user username admin root email id name key value values token secret password hidden public private get post put delete type ";
const EXTENSIONS: &str = " pem key json txt crt cert cer p12 pfx jks yml yaml xml js ts py rb go php html css md sh conf cfg ini env properties pub p8 der png svg com org net io log db sql ";

fn longest(value: &[u8], wanted: fn(&u8) -> bool) -> i16 {
    value.split(|byte| !wanted(byte)).map(<[u8]>::len).max().unwrap_or(0).min(99) as i16
}

fn entropy(value: &[u8]) -> f32 {
    let mut counts = [0u16; 256];
    value.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
    let all = value.len() as f32;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f32::from(count) / all)
        .map(|share| -share * share.log2())
        .sum()
}

/// True where a value is words of a language that needs letters beyond ASCII: `Új jelszó`.
pub(super) fn foreign(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    !text.is_ascii()
        && text.chars().all(|char| char.is_alphabetic() || " .,:;!?'\"-…。、！？：（）()".contains(char))
}

/// True where a value holds what only code has: `f(x)`, `a[0]`, `x.y()`, `&x`, `a -> b`, `x::y`.
pub(super) fn code(value: &[u8]) -> bool {
    let has = |part: &[u8]| memchr::memmem::find(value, part).is_some();
    let call = value.windows(2).any(|pair| {
        (pair[0].is_ascii_alphanumeric() || pair[0] == b'_' || pair[0] == b')')
            && matches!(pair[1], b'(' | b'[')
    });
    call && (has(b")") || has(b"]") || value.ends_with(b"("))
        || has(b"->")
        || has(b"::")
        || has(b"=>")
        || has(b"();")
}

/// How much of a text in base64 is weak words, at least 1; 0 where it is no text: `joe:secret`.
fn encoded(value: &[u8]) -> i16 {
    let whole = value.len() >= 8 && value.len() <= 128 && value.len().is_multiple_of(4);
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

/// The measures of a value, given its words and those of its name.
pub(super) fn measure(value: &[u8], words: &Words, name: &Words, out: &mut Vec<i16>) {
    let length = value.len().max(1);
    let count = |wanted: fn(&u8) -> bool| value.iter().filter(|byte| wanted(byte)).count();
    let share = |wanted: fn(&u8) -> bool| (count(wanted) * 100 / length) as i16;
    let flag = i16::from;
    let mut seen = [false; 256];
    value.iter().for_each(|&byte| seen[usize::from(byte)] = true);
    let changes = value.windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count();
    let letters: Vec<&[u8]> = words
        .parts
        .iter()
        .flat_map(|part| part.split(|byte| !byte.is_ascii_lowercase()))
        .filter(|part| part.len() >= 2)
        .collect();
    let (sum, pairs) =
        letters.iter().map(|part| likeness(part)).fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    let least = letters
        .iter()
        .filter(|part| part.len() >= 3)
        .map(|part| likeness(part))
        .map(|(sum, pairs)| sum / pairs)
        .min();
    let texts = letters.iter().filter(|part| part.len() >= 3).count();
    let only = |wanted: fn(&u8) -> bool| value.iter().all(wanted);
    let hex = only(u8::is_ascii_hexdigit) && count(u8::is_ascii_digit) > 0;
    let base64 = only(|byte| byte.is_ascii_alphanumeric() || b"+/=-_".contains(byte));
    let name_like =
        only(|byte| byte.is_ascii_alphanumeric() || b"_$".contains(byte)) && !value[0].is_ascii_digit();
    let has = |byte: u8| value.contains(&byte);
    let no_digit = count(u8::is_ascii_digit) == 0;
    let lower = value.to_ascii_lowercase();
    let holds = |list: &[&str]| {
        list.iter().filter(|word| memchr::memmem::find(&lower, word.as_bytes()).is_some()).count().min(4)
            as i16
    };
    let last = value.last().copied().unwrap_or(0);
    let extension =
        value.rsplit(|&byte| byte == b'.').next().filter(|part| part.len() < value.len()).unwrap_or(b"");
    let shared = words.parts.iter().filter(|part| part.len() > 2 && name.parts.contains(part)).count();
    let same = if words.joined == name.joined { 3 } else { shared.min(2) as i16 };
    out.extend([
        length.min(300) as i16,
        seen.iter().filter(|&&seen| seen).count() as i16,
        share(u8::is_ascii_digit),
        share(u8::is_ascii_lowercase),
        share(u8::is_ascii_uppercase),
        count(|&byte| class(byte) == 4).min(30) as i16,
        (changes * 100 / length) as i16,
        if pairs == 0 { -40 } else { (sum / pairs) as i16 },
        least.unwrap_or(-40) as i16,
        (sum / 8).clamp(-300, 300) as i16,
        if hex { length.min(128) as i16 } else { 0 },
        if base64 { length.min(128) as i16 } else { 0 },
        flag(only(|byte| byte.is_ascii_digit() || *byte == b'.' || *byte == b'-')),
        texts.min(12) as i16,
        count(|&byte| byte == b' ').min(12) as i16,
        share(|&byte| byte >= 0x80),
        flag(name_like && has(b'_') && no_digit),
        flag(
            name_like
                && !has(b'_')
                && no_digit
                && count(u8::is_ascii_uppercase) > 0
                && count(u8::is_ascii_lowercase) > 2,
        ),
        flag(has(b'.') && only(|byte| byte.is_ascii_alphanumeric() || b"_.$[]()*&->".contains(byte))),
        flag(name_like && count(u8::is_ascii_lowercase) == 0 && count(u8::is_ascii_uppercase) > 2),
        flag(has(b'-') && only(|byte| byte.is_ascii_lowercase() || *byte == b'-')),
        flag(has(b'(')) + flag(has(b'[')) + flag(has(b'{')),
        count(|&byte| byte == b'/').min(6) as i16,
        flag(memchr::memmem::find(value, b"://").is_some())
            + 2 * flag(value[0] == b'/' || value.starts_with(b"./")),
        flag(b".!?:;,".contains(&last)),
        flag(listed(EXTENSIONS, extension)),
        flag(is_uuid(value)),
        holds(&SECRETS),
        holds(&PLACEHOLDERS),
        flag(listed(CONSTANTS, &lower)),
        same,
        flag(has(b'%')) + flag(has(b'{')) + flag(has(b'*')) + flag(has(b'<')) + flag(has(b'\\')),
        flag(has(b'=')) + flag(last == b'='),
        (entropy(value) * 10.0) as i16,
        longest(value, u8::is_ascii_alphabetic),
        longest(value, u8::is_ascii_digit),
        flag(only(|byte| byte.is_ascii_digit() || b".,-+_xXvV^~".contains(byte))),
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
