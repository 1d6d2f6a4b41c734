//! Tokens whose decoded text has a known form: user and password, names before a secret, digits.

use super::codec::{self, BASE62, BASE64URL, base64, to_base64};
use super::{Check, Generator, Verdict, likely, plain, proven, raised, with_details};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "basic-auth",
        about: "base64 decodes to printable `user:password` with a password that is no placeholder",
        run: |value| {
            with_details(basic_auth(value), || {
                let (user, password) = credentials(value)?;
                Some(vec![("decodes to", format!("user:password, {user} + {password} characters"))])
            })
        },
        verdict: basic_auth,
        make: Some(make_basic_auth),
    },
    plain!(
        "url-password",
        "the password of a URL is no placeholder, no reference to a variable and none that everybody knows",
        url_password,
        None
    ),
    plain!(
        "given-password",
        "an argument in the place of a password is one: no reference, no placeholder and no weak word",
        url_password,
        None
    ),
    plain!(
        "judgement",
        "name, value and surroundings decide; nothing in the value itself proves it",
        |_: &[u8]| Verdict::Unknown,
        None
    ),
    plain!("luhn", "the last digit is the check digit of the others (Luhn)", luhn, Some(make_luhn)),
    plain!(
        "mailjet-basic",
        "base64 decodes to two keys of 32 hexadecimal digits with a colon between",
        |value| decodes(value, |text| pair_of(text, |part| part.len() == 32 && is_hex(part))),
        Some(|random, _, length| {
            let mut key = || random.text(b"0123456789abcdef", 32);
            exact(to_base64(format!("{}:{}", key(), key()).as_bytes()), length)
        })
    ),
    plain!(
        "elastic-api-key",
        "base64 decodes to a key id of 20 and a secret of 22 characters with a colon between",
        |value: &[u8]| {
            let value = value.strip_prefix(b"essu_").unwrap_or(value);
            decodes(value, |text| pair_of(text, |part| part.len() >= 20 && is_name(part)))
        },
        Some(|random, _, length| {
            let text = format!("{}:{}", random.text(BASE64URL, 20), random.text(BASE64URL, 22));
            exact(to_base64(text.as_bytes()), length)
        })
    ),
    plain!(
        "ngc-legacy",
        "base64 decodes to 26 letters or digits, a colon and a UUID",
        |value| decodes(value, |text| {
            text.split_once(':').is_some_and(|(id, uuid)| id.len() == 26 && is_uuid(uuid))
        }),
        Some(|random, _, length| {
            let id = random.text(b"0123456789abcdefghijklmnopqrstuvwxyz", 26);
            exact(to_base64(format!("{id}:{}", make_uuid(random)).as_bytes()), length)
        })
    ),
    plain!(
        "intercom",
        "base64 decodes to `tok:` and fields with colons between",
        |value| { raised(decodes(value, |text| text.starts_with("tok:") && text.matches(':').count() >= 3)) },
        Some(|random, _, length| {
            let id = random.text(b"0123456789abcdef", 36);
            exact(to_base64(format!("tok:{}_{}:1:0", &id[..8], &id[8..35]).as_bytes()), length)
        })
    ),
    plain!(
        "workos",
        "base64 behind the prefix decodes to `key_`, an id, a comma and a secret",
        |value: &[u8]| {
            let start = value.windows(5).position(|five| five == b"a2V5X");
            likely(start.is_some_and(|at| decoded(&value[at..]).is_some_and(|text| text.starts_with("key_"))))
        },
        Some(|random, _, length| {
            let bytes = (length * 3 / 4).checked_sub(31)?;
            let id = random.text(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", 26);
            let text = to_base64(format!("key_{id},{}", random.text(BASE62, bytes)).as_bytes());
            exact(text.trim_end_matches('=').to_owned(), length)
        })
    ),
    plain!(
        "nuget",
        "base32 decodes to bytes that start with `v4` or `v5`",
        |value| proven(
            codec::base32(value).is_some_and(|bytes| matches!(bytes[..], [b'v', b'4' | b'5', ..]))
        ),
        None
    ),
    plain!(
        "shopee-partner",
        "the hexadecimal digits behind the prefix decode to letters",
        |value: &[u8]| match value.strip_prefix(b"shpk") {
            Some(digits) =>
                proven(codec::hex(digits).is_some_and(|text| text.iter().all(u8::is_ascii_alphabetic))),
            None => Verdict::Unknown,
        },
        Some(|random, _, length| {
            let letters = random.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", length / 2);
            exact(codec::to_hex(letters.as_bytes()), length)
        })
    ),
    plain!(
        "key-32",
        "base64 decodes to exactly 32 bytes that are not text",
        |value: &[u8]| match base64(value.strip_prefix(b"base64:").unwrap_or(value)) {
            Some(bytes) if bytes.len() == 32 && !bytes.iter().all(u8::is_ascii) => Verdict::Unknown,
            _ => Verdict::Invalid,
        },
        Some(|random, _, length| exact(to_base64(&random.bytes(32)), length))
    ),
    plain!(
        "wireguard-key",
        "base64 decodes to 32 bytes with the bits that a Curve25519 key has",
        |value| match base64(value) {
            Some(bytes) if bytes.len() == 32 => likely(bytes[0] & 7 == 0 && bytes[31] & 0xc0 == 0x40),
            _ => Verdict::Invalid,
        },
        Some(|random, _, length| {
            let mut bytes = random.bytes(32);
            bytes[0] &= 0xf8;
            bytes[31] = bytes[31] & 0x3f | 0x40;
            exact(to_base64(&bytes), length)
        })
    ),
    plain!(
        "websphere-xor",
        "`{xor}` and base64 whose bytes, each XOR 0x5f, are printable",
        |value: &[u8]| {
            let plain = value.strip_prefix(b"{xor}").and_then(base64);
            let printable = |byte: &u8| (0x20..0x7f).contains(&(byte ^ 0x5f));
            proven(plain.is_some_and(|bytes| !bytes.is_empty() && bytes.iter().all(printable)))
        },
        Some(|random, _, length| {
            let text = random.text(BASE62, length * 3 / 4);
            let mixed: Vec<u8> = text.bytes().map(|byte| byte ^ 0x5f).collect();
            exact(to_base64(&mixed), length)
        })
    ),
    plain!(
        "cisco-type7",
        "two digits from 00 to 52 and hexadecimal digits that decode to printable text",
        cisco,
        Some(|random, _, length| {
            let seed = random.below(16);
            let text = random.text(BASE62, length.checked_sub(2)? / 2);
            let mixed: Vec<u8> =
                text.bytes().enumerate().map(|(at, byte)| byte ^ CISCO[(seed + at) % CISCO.len()]).collect();
            exact(format!("{seed:02}{}", codec::to_hex(&mixed).to_ascii_uppercase()), length)
        })
    ),
];

fn exact(text: String, length: usize) -> Option<String> {
    (text.len() == length).then_some(text)
}

fn decoded(value: &[u8]) -> Option<String> {
    String::from_utf8(base64(value)?).ok()
}

fn decodes(value: &[u8], holds: impl Fn(&str) -> bool) -> Verdict {
    proven(decoded(value).is_some_and(|text| holds(&text)))
}

fn pair_of(text: &str, holds: impl Fn(&str) -> bool) -> bool {
    text.split_once(':').is_some_and(|(first, second)| holds(first) && holds(second))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| BASE64URL.contains(&byte))
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// A random UUID of version 4.
pub(in crate::rules) fn make_uuid(random: &mut Generator) -> String {
    let mut bytes = random.bytes(16);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = codec::to_hex(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Lengths of user and password in characters.
fn credentials(value: &[u8]) -> Option<(usize, usize)> {
    let text = decoded(value)?;
    let (user, password) = text.split_once(':')?;
    let printable = !text.chars().any(|character| character.is_control() || character == '\u{fffd}');
    (printable && !password.is_empty()).then(|| (user.chars().count(), password.chars().count()))
}

/// Passwords that stand for one in documentation, or that everybody knows.
const EXAMPLES: [&str; 34] = [
    "pass",
    "passwd",
    "password",
    "pwd",
    "secret",
    "test",
    "changeme",
    "example",
    "token",
    "yourpassword",
    "mypassword",
    "userpassword",
    "dbpassword",
    "foobar",
    "bar",
    "opensesame",
    "postgres",
    "postgresql",
    "mysql",
    "mongo",
    "redis",
    "rabbitmq",
    "minioadmin",
    "root",
    "admin",
    "guest",
    "user",
    "username",
    "default",
    "docker",
    "demo",
    "local",
    "localhost",
    "dev",
];

/// True for a password that is a placeholder, a reference to a variable or known to everybody.
fn is_example(password: &str) -> bool {
    let plain: String = password
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let masked = password.chars().all(|character| "*xX.-#•…".contains(character));
    plain.is_empty() || masked || EXAMPLES.contains(&plain.as_str()) || is_reference(password)
}

fn is_reference(password: &str) -> bool {
    let enclosed = |open: char, close: char| {
        password.strip_prefix(open).is_some_and(|rest| !rest.is_empty() && rest.ends_with(close))
    };
    let variable = password.strip_prefix('$').is_some_and(|name| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    });
    let written = ["%s", "%v", "%d", "%(", "%{", "%3C", "%3c", "%7B", "%7b", "%24", "$(", "$["];
    let inside = ["${", "{{", "#{", "<%", "$("];
    variable
        || written.iter().any(|start| password.starts_with(start))
        || inside.iter().any(|part| password.contains(part))
        || [('<', '>'), ('{', '}'), ('[', ']'), ('%', '%'), ('(', ')')].iter().any(|&(a, b)| enclosed(a, b))
}

/// The password of a URL or a connection string: it is one unless it stands for one.
fn url_password(value: &[u8]) -> Verdict {
    // Old files hold other encodings than UTF-8.
    if is_example(&String::from_utf8_lossy(value)) { Verdict::Invalid } else { Verdict::Unknown }
}

fn basic_auth(value: &[u8]) -> Verdict {
    if credentials(value).is_none() {
        return Verdict::Invalid;
    }
    let text = decoded(value).unwrap_or_default();
    proven(text.split_once(':').is_some_and(|(_, password)| !is_example(password)))
}

fn make_basic_auth(random: &mut Generator, _: &str, length: usize) -> Option<String> {
    let user = random.text(b"abcdefghijklmnopqrstuvwxyz", 5);
    let password = (length * 3 / 4).checked_sub(user.len() + 1).filter(|&password| password > 3)?;
    let text = to_base64(format!("{user}:{}", random.text(BASE62, password)).as_bytes());
    let text = if text.len() > length { text.trim_end_matches('=').to_owned() } else { text };
    exact(text, length)
}

fn luhn_sum(digits: impl DoubleEndedIterator<Item = u8>) -> u32 {
    let value = |(place, digit): (usize, u8)| {
        let value = u32::from(digit - b'0') << (place % 2);
        if value > 9 { value - 9 } else { value }
    };
    digits.rev().enumerate().map(value).sum()
}

fn luhn(value: &[u8]) -> Verdict {
    let digits: Vec<u8> = value.iter().copied().filter(|byte| !b" -".contains(byte)).collect();
    let formed = (12..=19).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    let varied = digits.iter().any(|digit| *digit != digits[0]);
    // One number in ten passes: too many for a proof.
    if formed && varied && luhn_sum(digits.iter().copied()) % 10 == 0 {
        Verdict::Unknown
    } else {
        Verdict::Invalid
    }
}

/// The check digit, or digits and the check digit behind them.
fn make_luhn(random: &mut Generator, text: &str, length: usize) -> Option<String> {
    let body = random.text(b"0123456789", length.checked_sub(1)?);
    let digits: Vec<u8> = text.bytes().chain(body.bytes()).filter(u8::is_ascii_digit).collect();
    let sum = luhn_sum(digits.into_iter().chain([b'0']).collect::<Vec<u8>>().into_iter());
    Some(format!("{body}{}", (10 - sum % 10) % 10))
}

/// The constant that IOS mixes passwords of type 7 with; published for decades.
const CISCO: &[u8; 53] = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87";

fn cisco(value: &[u8]) -> Verdict {
    let Some((seed, digits)) = value.split_at_checked(2) else { return Verdict::Invalid };
    let (Some(seed), Some(bytes)) = (codec::decimal(seed), codec::hex(digits)) else {
        return Verdict::Invalid;
    };
    let plain = |(at, byte): (usize, &u8)| byte ^ CISCO[(seed as usize + at) % CISCO.len()];
    let printable = bytes.iter().enumerate().map(plain).all(|byte| (0x20..0x7f).contains(&byte));
    proven(seed <= 52 && !bytes.is_empty() && printable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(text: &str) -> Verdict {
        basic_auth(to_base64(text.as_bytes()).as_bytes())
    }

    #[test]
    fn user_and_password() {
        assert_eq!(basic("admin:Sommer-2019!"), Verdict::Valid);
        assert_eq!(basic("jürgen:größte Wörter"), Verdict::Valid);
        for text in
            ["admin:", "no colon", "user:password", "user:${PASSWORD}", "a:xxxx", "a:\u{1}bc", "a:<pw>"]
        {
            assert_eq!(basic(text), Verdict::Invalid, "{text}");
        }
        assert_eq!(basic_auth(b"%%%"), Verdict::Invalid);
    }

    #[test]
    fn passwords_of_urls() {
        for text in ["hunter2", "Tr0ub4dor&3", "$ecret1", "%40bc123", "p{x", "s3cr3t-x9"] {
            assert_eq!(url_password(text.as_bytes()), Verdict::Unknown, "{text}");
        }
        for text in [
            "", "password", "$DB_PASS", "${X}", "<pw>", "{pw}", "%s", "%3Cpw%3E", "****", "xxxx", "postgres",
            "{{ x }}",
        ] {
            assert_eq!(url_password(text.as_bytes()), Verdict::Invalid, "{text}");
        }
        assert_eq!(url_password(&[b'p', 0xfc, b'7', b'a']), Verdict::Unknown);
    }

    #[test]
    fn check_digits() {
        assert_eq!(luhn(b"4111 1111 1111 1111"), Verdict::Unknown);
        assert_eq!(luhn(b"4111 1111 1111 1112"), Verdict::Invalid);
        assert_eq!(luhn(b"0000000000000000"), Verdict::Invalid);
        assert_eq!(luhn(b"12"), Verdict::Invalid);
    }

    #[test]
    fn passwords_of_routers() {
        // A value of a public vendor example: decodes to `cisco`.
        assert_eq!(cisco(b"070C285F4D06"), Verdict::Valid);
        assert_eq!(cisco(b"990C285F4D06"), Verdict::Invalid);
        assert_eq!(cisco(b"07"), Verdict::Invalid);
    }
}
