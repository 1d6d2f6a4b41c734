//! Values that stand for a value: placeholders and references to where the value is kept.

use super::name::{self, Name};
use super::shape;

/// False where a whole value is a placeholder: repetition, an ascending sequence, `<...>`, `${...}`,
/// `your_..._here`, a documentation key that ends with EXAMPLE, or too few distinct characters.
///
/// A random token that happens to contain a word such as `test` stays plausible.
pub fn plausible(value: &[u8]) -> bool {
    if value.is_empty() || repeats(value) || ascends(value) {
        return false;
    }
    if super::open::published(value) || super::open::scope(value) {
        return false;
    }
    let (first, last) = (value[0], value[value.len() - 1]);
    // `{AQAAABAA…}`: some programs write what they encrypted between braces.
    let sealed = first == b'{' && value.len() >= 40 && value[1..value.len() - 1].iter().all(is_base64);
    let enclosed = !sealed
        && matches!((first, last), (b'<', b'>') | (b'{', b'}') | (b'[', b']') | (b'%', b'%'))
        || value.starts_with(b"${") && last == b'}'
        || value.starts_with(b"$(") && last == b')'
        || value.starts_with(b"%(")
        || value.len() > 4 && value.starts_with(b"__") && value.ends_with(b"__")
        || value.starts_with("«".as_bytes());
    if enclosed {
        return false;
    }
    if value.ends_with(b"EXAMPLE") || marked_as_example(value) || value.ends_with(b"...") {
        return false;
    }
    // What masks left of a value: `ghp_…(40)`.
    let elided = !value.is_ascii() && memchr::memmem::find(value, "…".as_bytes()).is_some();
    if elided || has_slot(value) {
        return false;
    }
    let starts =
        [&b"your"[..], b"my_", b"my-", b"insert", b"enter", b"replace", b"change", b"put_your", b"put-your"];
    let spoken = matches!(value[0] | 0x20, b'y' | b'm' | b'i' | b'e' | b'r' | b'c' | b'p')
        && starts.iter().any(|start| {
            value.get(..start.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(start))
        })
        && value.iter().filter(|byte| byte.is_ascii_digit()).count() <= 2
        && (value.len() >= 4 && value[value.len() - 4..].eq_ignore_ascii_case(b"here")
            || value[1..].iter().any(|byte| matches!(byte, b'_' | b'-' | b' ')));
    !spoken
}

/// True for a long value with the mark that documentation puts into its keys and tokens, in capitals and
/// anywhere: seven given letters in a row are no accident in what is random.
fn marked_as_example(value: &[u8]) -> bool {
    value.len() >= 16
        && memchr::memmem::find(value, b"EXAMPLE").is_some()
        && value.iter().all(|byte| is_base64(byte) || b"-_".contains(byte))
}

fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(byte)
}

/// True where a value holds a place for something, as formats and templates have it: `{name}`,
/// `{name:spec}`, `{0}`.
fn has_slot(value: &[u8]) -> bool {
    let Some(open) = memchr::memchr(b'{', value) else { return false };
    let Some(length) = memchr::memchr(b'}', &value[open + 1..]) else { return false };
    let inside = &value[open + 1..open + 1 + length];
    // `{SSHA}…`, `{xor}…`: a scheme and what it made.
    if open == 0 && value.len() > length + 14 && value[length + 2..].iter().all(is_base64) {
        return false;
    }
    let (name, spec) = match memchr::memchr(b':', inside) {
        Some(colon) => (&inside[..colon], &inside[colon + 1..]),
        None => (inside, &b""[..]),
    };
    let named = match name.first() {
        Some(b'0'..=b'9') => name.len() == 1,
        Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => {
            name.len() >= 3 && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(byte))
        }
        // Templates mark what is put there: `{=x}`, `{#x}`.
        Some(b'=' | b'#' | b'&' | b'^' | b'@') => name[1..].iter().all(u8::is_ascii_alphanumeric),
        _ => name.is_empty() && spec.is_empty(),
    };
    named && spec.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-<>^.?+#".contains(byte))
}

/// True where a value has too few distinct characters for its length, or is one piece again and again.
fn repeats(value: &[u8]) -> bool {
    let mut seen = [0u64; 4];
    for &byte in value {
        seen[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }
    let distinct: u32 = seen.iter().map(|bits| bits.count_ones()).sum();
    let least = match value.len() {
        0..=2 => return true,
        3..=7 => 2,
        8..=15 => 4,
        16..=23 => 5,
        _ => 6,
    };
    if distinct < least {
        return true;
    }
    // The tail behind a short prefix is one character: `sk_live_xxxxxxxxxxxx`.
    let last = value[value.len() - 1];
    let tail = value.iter().rev().take_while(|&&byte| byte == last).count();
    if tail >= 8 || tail >= 4 && matches!(last, b'x' | b'X' | b'*' | b'.' | b'#' | b'-' | b'_') {
        return true;
    }
    value.len() >= 12 && (1..=4).any(|step| value[step..] == value[..value.len() - step])
}

/// True where most of a value counts up or down by one: `1234567890abcdef`, `abcdefgh`, and so each piece
/// of `12345678-ABCD-9876`.
fn ascends(value: &[u8]) -> bool {
    let (mut steps, mut pairs) = (0, 0);
    for piece in value.split(|byte| b"-_.: ".contains(byte)) {
        steps += steps_by_one(piece);
        pairs += piece.len().saturating_sub(1);
    }
    pairs >= 5 && steps * 5 >= pairs * 4
}

/// How many neighbours in a piece count up by one, or down, whichever are more.
fn steps_by_one(piece: &[u8]) -> usize {
    let step = |pair: &[u8], up: i16| {
        let (first, second) =
            (i16::from(pair[0].to_ascii_lowercase()), i16::from(pair[1].to_ascii_lowercase()));
        second - first == up
            || up == 1
                && matches!(
                    (pair[0], pair[1]),
                    (b'9', b'0') | (b'9', b'a' | b'A') | (b'0', b'a' | b'A') | (b'f' | b'F', b'0' | b'1')
                )
    };
    let count = |up| piece.windows(2).filter(|pair| step(pair, up)).count();
    count(1).max(count(-1))
}

/// True where a value says where the real value is to be taken from.
pub(super) fn reference(value: &[u8]) -> bool {
    const STARTS: [&[u8]; 29] = [
        b"(?",
        b"${",
        b"$(",
        b"{{",
        b"<%",
        b"%{",
        b"#{",
        b"$ENV",
        b"$env:",
        b"env.",
        b"env:",
        b"ENV[",
        b"ENV.",
        b"os.environ",
        b"os.getenv",
        b"process.env",
        b"System.getenv",
        b"getenv",
        b"vault:",
        b"op://",
        b"arn:",
        b"ref+",
        b"keyvault",
        b"secrets.",
        b"!",
        b"@{",
        b"%(",
        b"[%",
        b"{%",
    ];
    let starts = STARTS.iter().any(|start| value.starts_with(start))
        && !(value[0] == b'!' && value.len() < 40 && value[1..].iter().any(u8::is_ascii_digit));
    if starts {
        return true;
    }
    // A whole shell variable: `$NAME`, `$name`, `%NAME%`.
    let body = value.strip_prefix(b"$").or_else(|| {
        value.strip_prefix(b"@").filter(|body| !body.iter().any(u8::is_ascii_digit) && !mixed(body))
    });
    if body.is_some_and(|body| {
        !body.is_empty()
            && !body[0].is_ascii_digit()
            && body.iter().all(|&byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'[' | b']' | b'-' | b'>' | b':')
            })
    }) {
        return true;
    }
    value.windows(2).any(|pair| matches!(pair, b"{{" | b"${" | b"#{" | b"$(" | b"{%"))
}

/// True for letters of both cases that are no capitalised words.
fn mixed(text: &[u8]) -> bool {
    text.windows(2).filter(|pair| pair[0].is_ascii_uppercase() && pair[1].is_ascii_uppercase()).count() > 0
        && text.iter().any(u8::is_ascii_lowercase)
}

/// True for the stored form of a password, from which it cannot be read: `$2a$10$…`, `$argon2id$…`,
/// `{SSHA}…`, `pbkdf2:sha256:…`.
pub(super) fn digest(value: &[u8]) -> bool {
    const STARTS: [&[u8]; 15] = [
        b"$1$",
        b"$2a$",
        b"$2b$",
        b"$2x$",
        b"$2y$",
        b"$5$",
        b"$6$",
        b"$7$",
        b"$y$",
        b"$apr1$",
        b"$argon2",
        b"$pbkdf2",
        b"$scrypt$",
        b"pbkdf2",
        b"scrypt:",
    ];
    let braced = value.first() == Some(&b'{')
        && memchr::memchr(b'}', &value[..value.len().min(16)]).is_some_and(|end| {
            end > 2 && value[1..end].iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        });
    STARTS.iter().any(|start| value.starts_with(start) && value.len() > start.len() + 6)
        || braced && value.len() > 20
}

/// True for bytes written as escapes, as generated code holds them: `\x0a\x82`.
pub(super) fn bytes_in_escapes(value: &[u8]) -> bool {
    if memchr::memchr(b'\\', value).is_none() {
        return false;
    }
    let escape =
        |part: &[u8]| part[0] == b'\\' && part[1] == b'x' && part[2..].iter().all(u8::is_ascii_hexdigit);
    value.windows(4).filter(|part| escape(part)).count() >= 2
}

/// True for words of a language in the escapes of a file that is kept in ASCII: `\u017dodis`, as properties
/// files and JSON hold translations.
pub(super) fn escaped_words(value: &[u8]) -> bool {
    let Some(text) = unescaped(value) else { return false };
    shape::foreign(text.as_bytes())
}

/// A text with `\uXXXX` read; `None` where nothing in it is escaped.
fn unescaped(value: &[u8]) -> Option<String> {
    memchr::memmem::find(value, b"\\u")?;
    let text = std::str::from_utf8(value).ok()?;
    let mut parts = text.split("\\u");
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(4)?;
        // Halves of pairs are letters too.
        out.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?).unwrap_or('\u{4e00}'));
        out.push_str(rest);
    }
    Some(out)
}

/// True for a whole value that tells its reader to put another there: `changeme`, `!ChangeMe!`.
pub(super) fn instruction(value: &[u8]) -> bool {
    const INSTRUCTIONS: [&[u8]; 12] = [
        b"changeme",
        b"changeit",
        b"changethis",
        b"changemeplease",
        b"pleasechangeme",
        b"replaceme",
        b"replacethis",
        b"fixme",
        b"placeholder",
        b"redacted",
        b"yourpassword",
        b"yoursecret",
    ];
    let letters: Vec<u8> =
        value.iter().take(32).filter(|byte| byte.is_ascii_alphabetic()).map(u8::to_ascii_lowercase).collect();
    let others = value.len() - letters.len().min(value.len());
    others <= 4 && INSTRUCTIONS.contains(&letters.as_slice())
}

/// True for numbers that are no passwords: `0x…` of a machine word, seconds since 1970 under a name that
/// does not end like a password's.
pub(super) fn number(name: &Name<'_>, value: &[u8]) -> bool {
    let unsigned = value.strip_prefix(b"-").unwrap_or(value);
    if let Some(digits) = unsigned.strip_prefix(b"0x") {
        return digits.len() <= 8 && digits.iter().all(u8::is_ascii_hexdigit);
    }
    let digits = value.iter().all(u8::is_ascii_digit);
    digits && matches!(value.len(), 10 | 13) && value[0] == b'1' && !name::of_password_at_end(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_not_plausible() {
        let repeated = "x".repeat(20);
        let alternating = "ab".repeat(10);
        for value in [
            &repeated,
            &alternating,
            "sk_live_xxxxxxxx",
            "1234567890abcdef",
            "abcdefghijklmnop",
            "<token>",
            "${TOKEN}",
            "your_api_key_here",
            "YOUR-TOKEN-HERE",
            "replace_me",
            "0000000000",
            "****",
            "AKIAIOSFODNN7EXAMPLE",
            "aaaabbbb",
            "«the password»",
            "abcd…(32)",
            "ab_{base62:20}",
            "AB{=x:54}",
            "user:{}@host",
            "12345678-ABCD-EFGH-IJKL-987654321098",
            "c2VjcEXAMPLE9kQ4vT1m",
        ] {
            assert!(!plausible(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn random_values_with_words_in_them_stay() {
        for value in [
            "q8ZtestR4vnullX0p",
            "falseK93jdLqPz81",
            "9f86d081884c7d65",
            "Tr0ub4dor&3",
            "f3c9a1b2",
            "x{9!k}Qz{",
            "12-9f-ab-71-c4-00",
        ] {
            assert!(plausible(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn instructions() {
        for value in ["changeme", "ChangeMe!", "!ChangeMe!", "CHANGE_ME", "replace-me", "changeme123"] {
            assert!(instruction(value.as_bytes()), "{value}");
        }
        for value in ["changemexk29q", "exchange", "me", ""] {
            assert!(!instruction(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn words_in_escapes() {
        for value in [
            "\\u0160patn\\u00E9 p\\u0159ihl\\u00e1\\u0161en\\u00ed",
            "\\u7528\\u6237\\u540d",
            "Usu\\u00E1rio inexistente.",
        ] {
            assert!(escaped_words(value.as_bytes()), "{value}");
        }
        for value in ["a\\u0026b7", "x\\u00e9k7Q2", "plain", "\\u12", "\\uXYZW", "pass\\u002Bword"] {
            assert!(!escaped_words(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn stored_forms() {
        for start in ["$2a$10$", "$argon2id$v=19$", "$6$rounds=5000$", "{SSHA}", "pbkdf2:sha256:"] {
            assert!(digest(format!("{start}{}", "qT7".repeat(9)).as_bytes()), "{start}");
        }
        for value in ["$2a", "{x}", "{not one of them}", "Pa$$1$word"] {
            assert!(!digest(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn references() {
        for value in [
            "${X}",
            "$PASSWORD",
            "{{ x }}",
            "os.environ['X']",
            "process.env.X",
            "a-${B}-c",
            "!secret x",
            "@param",
            "(?<secret>[0-9a-z]{20})",
        ] {
            assert!(reference(value.as_bytes()), "{value}");
        }
        for value in ["$2a$10$abcdefg", "Pa$$w0rd", "!x9Kq2", "abc"] {
            assert!(!reference(value.as_bytes()), "{value}");
        }
    }
}
