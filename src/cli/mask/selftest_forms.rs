//! The forms in which secrets turn up in logs.

use crate::rules::check::codec::{self, encode_bits, to_base64, to_base64url, to_hex};

/// A way to write a secret.
pub type Form = fn(&[u8]) -> String;

/// Labels and forms.
pub const FORMS: [(&str, Form); 40] = [
    ("literal", text),
    ("literal-in-text", |value| format!("token={};", text(value))),
    ("literal-twice", |value| text(value).repeat(2)),
    ("literal-first-two-thirds", |value| text(&value[..value.len() * 2 / 3])),
    ("literal-last-two-thirds", |value| text(&value[value.len() / 3..])),
    ("literal-wrapped", |value| {
        let (first, second) = value.split_at(value.len() / 2);
        format!("{}\n{}", text(first), text(second))
    }),
    ("base64", to_base64_of),
    ("base64-with-newline", |value| to_base64(&[value, b"\n"].concat())),
    ("base64-behind-1", |value| to_base64(&[b"a", value].concat())),
    ("base64-behind-2", |value| to_base64(&[b"ab", value].concat())),
    ("base64-of-pair", |value| to_base64(&[b"x-access-token:", value, b":tail"].concat())),
    ("base64url", |value| to_base64url(value)),
    ("base64-twice", |value| to_base64(to_base64(value).as_bytes())),
    ("base64-of-utf16", |value| to_base64(&utf16(value))),
    ("base64-of-json", |value| to_base64(format!("{{\"token\":{}}}", json(value)).as_bytes())),
    ("base32", |value| encode_bits(value, codec::BASE32)),
    ("hex", |value| to_hex(value)),
    ("hex-upper", |value| to_hex(value).to_uppercase()),
    ("hex-spaced", |value| joined(value, " ", |byte| format!("{byte:02x}"))),
    ("hex-colons", |value| joined(value, ":", |byte| format!("{byte:02x}"))),
    ("hex-escapes", |value| joined(value, "", |byte| format!("\\x{byte:02x}"))),
    ("octal-escapes", |value| joined(value, "", |byte| format!("\\{byte:03o}"))),
    ("percent-upper", |value| percent(value, |byte| format!("%{byte:02X}"))),
    ("percent-lower", |value| percent(value, |byte| format!("%{byte:02x}"))),
    ("percent-all", |value| joined(value, "", |byte| format!("%{byte:02X}"))),
    ("percent-twice", |value| percent(value, |byte| format!("%25{byte:02X}"))),
    ("json", json),
    ("json-in-json", |value| json(json(value).as_bytes())),
    ("unicode-escapes", |value| joined(value, "", |byte| format!("\\u{byte:04x}"))),
    ("html", |value| entities(value, "&#x27;")),
    ("xml", |value| entities(value, "&apos;")),
    ("html-decimal", |value| joined(value, "", |byte| format!("&#{byte};"))),
    ("shell-single-quotes", |value| format!("'{}'", text(value).replace('\'', "'\\''"))),
    ("shell-double-quotes", |value| format!("\"{}\"", escaped(value, "\\", "\"$`\\"))),
    ("shell-backslashes", |value| escaped(value, "\\", "&\"'<>$%!=@`\\")),
    ("powershell", |value| escaped(value, "`", "\"$`")),
    ("batch", |value| escaped(value, "^", "&<>^|")),
    ("upper-case", |value| text(value).to_uppercase()),
    ("colour-inside", |value| {
        let (first, second) = value.split_at(value.len() / 2);
        format!("{}\x1b[31m{}\x1b[0m", text(first), text(second))
    }),
    ("groups-of-four", |value| value.chunks(4).map(text).collect::<Vec<_>>().join(" ")),
];

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

fn to_base64_of(value: &[u8]) -> String {
    to_base64(value)
}

fn utf16(value: &[u8]) -> Vec<u8> {
    text(value).encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn joined(value: &[u8], between: &str, each: fn(u8) -> String) -> String {
    value.iter().map(|&byte| each(byte)).collect::<Vec<_>>().join(between)
}

fn percent(value: &[u8], escape: fn(u8) -> String) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    value.iter().map(|&byte| if plain(byte) { char::from(byte).to_string() } else { escape(byte) }).collect()
}

fn json(value: &[u8]) -> String {
    serde_json::Value::from(text(value)).to_string()
}

fn entities(value: &[u8], apostrophe: &str) -> String {
    text(value)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', apostrophe)
}

fn escaped(value: &[u8], escape: &str, signs: &str) -> String {
    text(value)
        .chars()
        .map(|sign| if signs.contains(sign) { format!("{escape}{sign}") } else { sign.to_string() })
        .collect()
}
