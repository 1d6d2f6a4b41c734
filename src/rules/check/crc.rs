//! Tokens that end in a CRC-32 of their own text, in the ways that providers write it.

use super::codec::{BASE62, base36, base64, number, to_base64, to_hex};
use super::{Check, Details, Generator, Make, Verdict, plain, proven, with_details};

const MIXED62: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

pub(super) const CHECKS: &[Check] = &[
    plain!(
        "crc32-base62",
        "the last 6 characters are the CRC-32, in base62, of what stands between the last `_` and them",
        crc32_base62,
        Some(|_, text, length| sized(number(sum(after_underscore(text)), BASE62, 6), length))
    ),
    plain!(
        "crc32-hex",
        "the last 8 characters are the CRC-32, in lower-case hexadecimal, of the part between the prefix and them",
        crc32_hex,
        Some(|_, text, length| sized(format!("{:08x}", sum(hex_body(text))), length))
    ),
    plain!(
        "crc32-hex-all",
        "the last 8 characters are the CRC-32, in lower-case hexadecimal, of all text before them",
        |value| tail(value, 8, |body| likely_pair(format!("{:08x}", sum(body)))),
        Some(|_, text, length| sized(format!("{:08x}", sum(text)), length))
    ),
    plain!(
        "polar",
        "as crc32-base62; only `polar_oat_` tokens are sure to carry the checksum",
        polar,
        Some(|_, text, length| sized(number(sum(after_underscore(text)), BASE62, 6), length))
    ),
    plain!(
        "apify",
        "the last 6 characters are the CRC-32 of all text before them, in base62 with lower-case letters first",
        |value| tail(value, 6, |body| likely_pair(number(sum(body), MIXED62, 6))),
        Some(|_, text, length| sized(number(sum(text), MIXED62, 6), length))
    ),
    plain!(
        "atlassian",
        "the last 8 characters are the CRC-32, in upper-case hexadecimal, of all text before them",
        atlassian,
        Some(|_, text, length| sized(format!("{:08X}", sum(unescaped(text.as_bytes()))), length))
    ),
    plain!(
        "confluent",
        "the last 6 characters are the CRC-32, bytes in little-endian order and base64, of what follows `cflt`",
        |value| tail(value, 6, |body| Some((confluent(body)?, Verdict::Invalid))),
        Some(|_, text, length| sized(confluent(text.as_bytes())?, length))
    ),
    plain!(
        "grafana-service",
        "the last 8 characters are the CRC-32, in hexadecimal of little-endian bytes, of what stands before the last `_`",
        |value| tail(value, 8, |body| Some((grafana(body.strip_suffix(b"_")?), Verdict::Invalid))),
        Some(|_, text, length| sized(grafana(text.strip_suffix('_')?.as_bytes()), length))
    ),
    Check {
        name: "matrix-synapse",
        about: "the last 6 characters are the CRC-32, in base62, of what stands before the last `_`",
        run: |value| with_details(matrix(value), || matrix_user(value)),
        verdict: matrix,
        make: Some(|_, text, length| sized(number(sum(text.strip_suffix('_')?), BASE62, 6), length)),
    },
    plain!(
        "github-fine-grained",
        "8 characters, 16 before the end, are base32 of the SHA-256 of all text before them",
        |value: &[u8]| match value.split_at_checked(value.len().wrapping_sub(16)) {
            Some((body, rest)) => proven(rest.starts_with(fine_grained(body).as_bytes())),
            None => Verdict::Invalid,
        },
        Some(make_fine_grained)
    ),
    Check {
        name: "gitlab-routable",
        about: "the last 7 characters are the CRC-32, in base 36, of all text before them",
        run: |value| with_details(gitlab(value), || gitlab_details(value)),
        verdict: gitlab,
        make: Some(make_gitlab as Make),
    },
];

fn sum(text: impl AsRef<[u8]>) -> u64 {
    u64::from(crc32fast::hash(text.as_ref()))
}

/// The made text, if it has the length that was asked for.
fn sized(text: String, length: usize) -> Option<String> {
    (text.len() == length).then_some(text)
}

/// Compare the last `width` bytes with what `expected` makes of the bytes before them; it also says
/// what a difference means.
fn tail(value: &[u8], width: usize, expected: impl Fn(&[u8]) -> Option<(String, Verdict)>) -> Verdict {
    let Some((body, end)) = value.split_at_checked(value.len().wrapping_sub(width)) else {
        return Verdict::Invalid;
    };
    match expected(body) {
        Some((text, _)) if text.as_bytes() == end => Verdict::Valid,
        Some((_, difference)) => difference,
        None => Verdict::Invalid,
    }
}

fn likely_pair(text: String) -> Option<(String, Verdict)> {
    Some((text, Verdict::Unknown))
}

fn after_underscore<T: AsRef<[u8]> + ?Sized>(text: &T) -> &[u8] {
    let text = text.as_ref();
    text.rsplit(|&byte| byte == b'_').next().unwrap_or(text)
}

fn crc32_base62(value: &[u8]) -> Verdict {
    // GitHub states the checksum for tokens of 40 characters; refresh tokens and longer forms are
    // not confirmed.
    let github = value.starts_with(b"gh") && value.get(3) == Some(&b'_');
    let sure = !github || value.len() == 40 && value[2] != b'r';
    let difference = if sure { Verdict::Invalid } else { Verdict::Unknown };
    tail(value, 6, |body| Some((number(sum(after_underscore(body)), BASE62, 6), difference)))
}

fn polar(value: &[u8]) -> Verdict {
    // Tokens made before 2025 have no checksum; organisation tokens came later.
    let difference = if value.starts_with(b"polar_oat_") { Verdict::Invalid } else { Verdict::Unknown };
    tail(value, 6, |body| Some((number(sum(after_underscore(body)), BASE62, 6), difference)))
}

/// The part between the prefix and the checksum, with or without a `_` before the checksum.
fn hex_body<T: AsRef<[u8]> + ?Sized>(text: &T) -> &[u8] {
    let text = text.as_ref();
    after_underscore(text.strip_suffix(b"_").unwrap_or(text))
}

fn crc32_hex(value: &[u8]) -> Verdict {
    tail(value, 8, |body| Some((format!("{:08x}", sum(hex_body(body))), Verdict::Invalid)))
}

/// The `=` in the middle of such a token is often escaped.
fn unescaped(value: &[u8]) -> Vec<u8> {
    const FORMS: [&[u8]; 5] = [b"\\u003d", b"\\u003D", b"%3D", b"%3d", b"\\="];
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, behind)) = rest.split_first() {
        match FORMS.iter().find_map(|form| rest.strip_prefix(*form)) {
            Some(behind) => {
                out.push(b'=');
                rest = behind;
            }
            None => {
                out.push(byte);
                rest = behind;
            }
        }
    }
    out
}

fn atlassian(value: &[u8]) -> Verdict {
    let expected = |body: &[u8]| Some((format!("{:08X}", sum(body)), Verdict::Invalid));
    if value.iter().any(|byte| b"\\%".contains(byte)) {
        tail(&unescaped(value), 8, expected)
    } else {
        tail(value, 8, expected)
    }
}

fn confluent(body: &[u8]) -> Option<String> {
    let secret = body.strip_prefix(b"cflt")?;
    Some(to_base64(&crc32fast::hash(secret).to_le_bytes())[..6].to_owned())
}

fn grafana(body: &[u8]) -> String {
    to_hex(&crc32fast::hash(body).to_le_bytes())
}

fn matrix(value: &[u8]) -> Verdict {
    let difference = if value.starts_with(b"sy") { Verdict::Invalid } else { Verdict::Unknown };
    tail(value, 6, |body| Some((number(sum(body.strip_suffix(b"_")?), BASE62, 6), difference)))
}

fn matrix_user(value: &[u8]) -> Option<Details> {
    let name = value.strip_prefix(b"syt_").or_else(|| value.strip_prefix(b"syr_"))?;
    let name = base64(name.split(|&byte| byte == b'_').next()?)?;
    Some(vec![("user", super::clean(&String::from_utf8(name).ok()?))])
}

fn fine_grained(body: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let mut text = super::codec::encode_bits(&Sha256::digest(body)[..5], super::codec::BASE32);
    text.truncate(8);
    text
}

/// 8 characters of checksum, or these and the 8 characters of unknown meaning behind them.
fn make_fine_grained(random: &mut Generator, text: &str, length: usize) -> Option<String> {
    let sum = fine_grained(text.as_bytes());
    match length {
        8 => Some(sum),
        16 => Some(sum + &random.text(BASE62, 8)),
        _ => None,
    }
}

fn gitlab(value: &[u8]) -> Verdict {
    tail(value, 7, |body| Some((number(sum(body), BASE36, 7), Verdict::Invalid)))
}

/// The payload between the prefix and the tail `.01.` + 2 + 7, or `.` + 2 + 7 of the first releases.
fn gitlab_payload(value: &[u8]) -> Option<&[u8]> {
    let (body, _) = value.split_at_checked(value.len().checked_sub(7)?)?;
    let (body, length) = body.split_at_checked(body.len().checked_sub(2)?)?;
    let body = body.strip_suffix(b".01.").or_else(|| body.strip_suffix(b"."))?;
    let start = body.len().checked_sub(base36(length)? as usize)?;
    Some(&body[start..])
}

fn gitlab_details(value: &[u8]) -> Option<Details> {
    let payload = base64(gitlab_payload(value)?)?;
    let (&length, rest) = payload.split_last()?;
    let length = usize::from(length);
    // Random bytes first, as the current source has it, or lines first, as early releases had it.
    let late = rest.get(rest.len().checked_sub(length)?..)?;
    let lines = if late.is_ascii() { late } else { rest.get(..length)? };
    let mut details = Vec::new();
    for line in std::str::from_utf8(lines).ok()?.lines() {
        let Some((key, number)) = line.split_once(':') else { continue };
        let name = match key {
            "c" => "cell",
            "g" => "group",
            "o" => "organization",
            "p" => "project",
            "t" => "type",
            "u" => "user",
            _ => continue,
        };
        if let Some(number) = base36(number.as_bytes()) {
            details.push((name, number.to_string()));
        }
    }
    Some(details)
}

/// 7: the CRC; 9: length and CRC; 40 and more: payload, version, length and CRC.
fn make_gitlab(random: &mut Generator, text: &str, length: usize) -> Option<String> {
    let crc = |text: &str| number(sum(text), BASE36, 7);
    match length {
        7 => Some(crc(text)),
        9 => {
            let head = text.strip_suffix(".01.").or_else(|| text.strip_suffix('.'))?;
            let start = prefix_length(head);
            let size = number((head.len() - start) as u64, BASE36, 2);
            let tail = crc(&format!("{text}{size}"));
            Some(size + &tail)
        }
        40.. => {
            let size = length - 13;
            let lines =
                format!("o:{}\nu:{}", random.below(9) + 1, number(random.next_u64() >> 40, BASE36, 1));
            let bytes = size * 3 / 4;
            let mut payload = random.bytes(bytes.checked_sub(lines.len() + 1)?);
            payload.extend_from_slice(lines.as_bytes());
            payload.push(lines.len() as u8);
            let payload = super::codec::to_base64url(&payload);
            let all = format!("{payload}.01.{}", number(payload.len() as u64, BASE36, 2));
            let tail = crc(&format!("{text}{all}"));
            sized(all + &tail, length)
        }
        _ => None,
    }
}

/// Length of `glpat-`, `glrt-t1_` and their like.
fn prefix_length(text: &str) -> usize {
    let Some(dash) = text.find('-').filter(|&dash| dash < 12) else { return 0 };
    let rest = &text.as_bytes()[dash + 1..];
    match rest {
        [b't', digit, b'_', ..] if digit.is_ascii_digit() => dash + 4,
        _ => dash + 1,
    }
}
