//! Escapes of single characters. Each function looks at the bytes from the beginning of an escape on,
//! one more each time, and tells what they stand for.

use super::{Step, is_space};

/// Longest entity, in bytes.
const ENTITY: usize = 12;
/// Longest white space between two pieces of one text, in bytes.
const SPACE: usize = 256;

fn nibble(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}

/// The number that hexadecimal digits write; none where one of them is no digit.
fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |value, &byte| Some(value << 4 | nibble(byte)?))
}

/// `lead` and exactly `count` hexadecimal digits behind it: `done` makes the step.
fn digits(bytes: &[u8], lead: usize, count: usize, done: impl Fn(u32) -> Step) -> Step {
    match hex(&bytes[lead..]) {
        None => Step::Plain,
        Some(value) if bytes.len() == lead + count => done(value),
        Some(_) => Step::More,
    }
}

/// `%41`, `%u0041`.
pub(super) fn percent(bytes: &[u8]) -> Step {
    match bytes.get(1) {
        None => Step::More,
        Some(b'u' | b'U') => digits(bytes, 2, 4, Step::Char),
        Some(_) => digits(bytes, 1, 2, |value| Step::Byte(value as u8)),
    }
}

/// The same, and `+` for a blank.
pub(super) fn form(bytes: &[u8]) -> Step {
    if bytes == b"+" { Step::Byte(b' ') } else { percent(bytes) }
}

/// `=41`, and `=` before the end of a line.
pub(super) fn printable(bytes: &[u8]) -> Step {
    match bytes {
        b"=" | b"=\r" => Step::More,
        b"=\n" | b"=\r\n" => Step::Nothing,
        _ => digits(bytes, 1, 2, |value| Step::Byte(value as u8)),
    }
}

/// `\n`, `\"`, `\u0041`, `\U00000041`, `\u{41}`, `\x41`, `\101`, and a backslash at the end of a line.
pub(super) fn backslash(bytes: &[u8]) -> Step {
    let Some(&second) = bytes.get(1) else { return Step::More };
    match second {
        b'n' => Step::Byte(b'\n'),
        b'r' => Step::Byte(b'\r'),
        b't' => Step::Byte(b'\t'),
        b'f' => Step::Byte(12),
        b'b' => Step::Byte(8),
        b'a' => Step::Byte(7),
        b'v' => Step::Byte(11),
        b'e' | b'E' => Step::Byte(0x1b),
        b'\n' => Step::Nothing,
        b'\r' => match bytes.len() {
            2 => Step::More,
            _ if bytes[2] == b'\n' => Step::Nothing,
            _ => Step::Plain,
        },
        b'x' => digits(bytes, 2, 2, |value| Step::Byte(value as u8)),
        b'U' => digits(bytes, 2, 8, Step::Char),
        b'u' if bytes.get(2) == Some(&b'{') => match (bytes[3..].last(), bytes.len()) {
            (Some(b'}'), 5..) => hex(&bytes[3..bytes.len() - 1]).map_or(Step::Plain, Step::Char),
            (Some(&last), 4..=9) if nibble(last).is_some() => Step::More,
            (None, _) => Step::More,
            _ => Step::Plain,
        },
        b'u' => unicode(bytes),
        b'0'..=b'7' => octal(bytes),
        _ => Step::Byte(second),
    }
}

/// `\u0041`, or two of them for a character beyond the first plane.
fn unicode(bytes: &[u8]) -> Step {
    if bytes.len() <= 6 {
        return digits(bytes, 2, 4, |value| match value {
            0xd800..=0xdbff => Step::More,
            value => Step::Char(value),
        });
    }
    let second = &bytes[6..];
    match second.len() {
        1 if second == b"\\" => Step::More,
        2 if second == b"\\u" => Step::More,
        3..=6 => match (hex(&bytes[2..6]), digits(second, 2, 4, Step::Char)) {
            (Some(high), Step::Char(low @ 0xdc00..=0xdfff)) => {
                Step::Char(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
            }
            (_, Step::More) => Step::More,
            _ => Step::Plain,
        },
        _ => Step::Plain,
    }
}

/// `\101`: one to three digits.
fn octal(bytes: &[u8]) -> Step {
    let is_octal = |byte: u8| matches!(byte, b'0'..=b'7');
    let value =
        |digits: &[u8]| digits.iter().fold(0u32, |value, &byte| value << 3 | u32::from(byte & 7)) as u8;
    match bytes.len() {
        2 => Step::More,
        3 if is_octal(bytes[2]) => Step::More,
        4 if is_octal(bytes[3]) => Step::Byte(value(&bytes[1..])),
        length => Step::ByteButLast(value(&bytes[1..length - 1])),
    }
}

/// Entities with names: printable ASCII by all its names in HTML, and a few common others.
const NAMES: [(&[u8], u32); 54] = [
    (b"amp", 38),
    (b"AMP", 38),
    (b"lt", 60),
    (b"LT", 60),
    (b"gt", 62),
    (b"GT", 62),
    (b"quot", 34),
    (b"QUOT", 34),
    (b"apos", 39),
    (b"nbsp", 0xa0),
    (b"Tab", 9),
    (b"NewLine", 10),
    (b"excl", 33),
    (b"num", 35),
    (b"dollar", 36),
    (b"percnt", 37),
    (b"lpar", 40),
    (b"rpar", 41),
    (b"ast", 42),
    (b"midast", 42),
    (b"plus", 43),
    (b"comma", 44),
    (b"period", 46),
    (b"sol", 47),
    (b"colon", 58),
    (b"semi", 59),
    (b"equals", 61),
    (b"quest", 63),
    (b"commat", 64),
    (b"lsqb", 91),
    (b"lbrack", 91),
    (b"bsol", 92),
    (b"rsqb", 93),
    (b"rbrack", 93),
    (b"Hat", 94),
    (b"lowbar", 95),
    (b"UnderBar", 95),
    (b"grave", 96),
    (b"lcub", 123),
    (b"lbrace", 123),
    (b"verbar", 124),
    (b"vert", 124),
    (b"VerticalLine", 124),
    (b"rcub", 125),
    (b"rbrace", 125),
    (b"shy", 0xad),
    (b"auml", 0xe4),
    (b"ouml", 0xf6),
    (b"uuml", 0xfc),
    (b"szlig", 0xdf),
    (b"euro", 0x20ac),
    (b"pound", 0xa3),
    (b"sect", 0xa7),
    (b"yuml", 0xff),
];

/// `&amp;`, `&#65;`, `&#x41;`.
pub(super) fn entity(bytes: &[u8]) -> Step {
    let last = bytes[bytes.len() - 1];
    if bytes.len() == 1 {
        return Step::More;
    }
    if last != b';' {
        let inside = last.is_ascii_alphanumeric() || bytes.len() == 2 && last == b'#';
        return if inside && bytes.len() < ENTITY + 2 { Step::More } else { Step::Plain };
    }
    let name = &bytes[1..bytes.len() - 1];
    let code = match name {
        [b'#', b'x' | b'X', digits @ ..] if (1..=8).contains(&digits.len()) => hex(digits),
        [b'#', digits @ ..] if (1..=9).contains(&digits.len()) => {
            digits.iter().try_fold(0u32, |value, &byte| {
                byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0'))
            })
        }
        _ => NAMES.iter().find(|entry| entry.0 == name).map(|entry| entry.1),
    };
    match code {
        Some(code @ 0x80..=0xff) if name[0] != b'#' => Step::Char(code),
        Some(code) => Step::Char(code),
        None => Step::Plain,
    }
}

/// `''`, `'\''`, `'"'"'`, `""`, `$$`, `%%`, `^c` of cmd and `` `c `` of PowerShell.
pub(super) fn doubled(bytes: &[u8]) -> Step {
    match bytes {
        [_] | b"'\\" | b"'\\'" | b"'\"" | b"'\"'" | b"'\"'\"" => Step::More,
        b"''" | b"'\\''" | b"'\"'\"'" => Step::Byte(b'\''),
        b"\"\"" => Step::Byte(b'"'),
        b"$$" => Step::Byte(b'$'),
        b"%%" => Step::Byte(b'%'),
        b"`n" => Step::Byte(b'\n'),
        b"`t" => Step::Byte(b'\t'),
        b"`r" => Step::Byte(b'\r'),
        [b'^' | b'`', other] if other.is_ascii_graphic() || *other >= 0x80 => Step::Byte(*other),
        _ => Step::Plain,
    }
}

/// Quotes between two pieces of one text: `"a"'b'`, `"a" "b"`, `"a" + "b"`.
pub(super) fn joined(bytes: &[u8]) -> Step {
    let [_, between @ .., last] = bytes else { return Step::More };
    let plus = between.iter().filter(|&&byte| matches!(byte, b'+' | b'.')).count();
    match last {
        b'\'' | b'"' => Step::Nothing,
        b'+' | b'.' if plus == 0 && between.last().is_some_and(|&byte| is_space(byte)) => Step::More,
        &last if is_space(last) && bytes.len() < SPACE => Step::More,
        _ => Step::Plain,
    }
}

/// White space up to the next other byte.
pub(super) fn unspaced(bytes: &[u8]) -> Step {
    match bytes.last() {
        Some(&last) if is_space(last) && bytes.len() < SPACE => Step::More,
        Some(&last) if is_space(last) => Step::Nothing,
        _ => Step::NothingButLast,
    }
}
