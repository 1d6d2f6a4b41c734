//! Identifiers and tokens that carry the time at which they were made or end.

use super::codec::{self, BASE62, base64, decimal, iso_time, number, to_base64url};
use super::{Check, Details, Generator, Verdict, likely, proven, with_details};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "fernet",
        about: "a Fernet token decodes to version, time, vector, whole cipher blocks and MAC",
        run: |value| with_details(fernet(value), || fernet_details(value)),
        verdict: fernet,
        make: Some(make_fernet),
    },
    Check {
        name: "ksuid",
        about: "the first 27 characters are a KSUID whose time is plausible",
        run: |value| with_details(ksuid(value), || date("created", ksuid_time(value)?)),
        verdict: ksuid,
        make: Some(|random, _, length| {
            let seconds = 200_000_000 + random.below(100_000_000) as u128;
            let random = u128::from(random.next_u64()) << 64 | u128::from(random.next_u64());
            (length == 27).then(|| ksuid_text(seconds as u32, random))
        }),
    },
    Check {
        name: "ulid",
        about: "the part of 26 characters is a ULID whose time is plausible",
        run: |value| with_details(ulid(value), || date("created", ulid_time(value)? / 1000)),
        verdict: ulid,
        make: Some(make_ulid),
    },
    Check {
        name: "jfrog-reference",
        about: "a JFrog reference token decodes to its mark, version, expiry and secret",
        run: |value| with_details(jfrog(value), || jfrog_details(value)),
        verdict: jfrog,
        make: Some(|random, _, length| {
            let seconds = 1_700_000_000 + random.below(200_000_000);
            let text =
                to_base64url(format!("reftkn:01:{seconds:010}:{}", random.text(BASE62, 28)).as_bytes());
            (text.len() == length).then_some(text)
        }),
    },
];

fn date(name: &'static str, seconds: u64) -> Option<Details> {
    Some(vec![(name, iso_time(seconds)?)])
}

/// Between 2010 and 2100.
fn plausible(seconds: u64) -> bool {
    (1_262_304_000..4_102_444_800).contains(&seconds)
}

fn fernet_bytes(value: &[u8]) -> Option<Vec<u8>> {
    base64(value).filter(|bytes| {
        bytes.len() >= 73 && bytes[0] == 0x80 && (bytes.len() - 57) % 16 == 0 && plausible(fernet_time(bytes))
    })
}

fn fernet_time(bytes: &[u8]) -> u64 {
    bytes.get(1..9).into_iter().flatten().fold(0, |sum, &byte| sum << 8 | u64::from(byte))
}

fn fernet(value: &[u8]) -> Verdict {
    proven(fernet_bytes(value).is_some())
}

fn fernet_details(value: &[u8]) -> Option<Details> {
    date("created", fernet_time(&fernet_bytes(value)?))
}

fn make_fernet(random: &mut Generator, _: &str, length: usize) -> Option<String> {
    let blocks = (length * 3 / 4).checked_sub(57)? / 16;
    let mut bytes = vec![0x80];
    bytes.extend((1_700_000_000 + random.below(100_000_000) as u64).to_be_bytes());
    bytes.extend(random.bytes(16 + blocks * 16 + 32));
    let mut text = to_base64url(&bytes);
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    (blocks > 0 && text.len() == length).then_some(text)
}

/// 20 bytes in base62: 4 of time since 13 May 2014 and 16 random ones.
fn ksuid_time(value: &[u8]) -> Option<u64> {
    const EPOCH: u64 = 1_400_000_000;
    let mut bytes = [0u8; 20];
    for &character in value.get(..27)? {
        let mut carry = BASE62.iter().position(|&digit| digit == character)?;
        for byte in bytes.iter_mut().rev() {
            carry += usize::from(*byte) * 62;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry > 0 {
            return None;
        }
    }
    Some(u64::from(u32::from_be_bytes(*bytes.first_chunk::<4>()?)) + EPOCH)
}

fn ksuid_text(seconds: u32, random: u128) -> String {
    let mut digits = [&seconds.to_be_bytes()[..], &random.to_be_bytes()].concat();
    let mut text = Vec::new();
    for _ in 0..27 {
        let mut rest = 0usize;
        for byte in digits.iter_mut() {
            rest = rest << 8 | usize::from(*byte);
            *byte = (rest / 62) as u8;
            rest %= 62;
        }
        text.push(char::from(BASE62[rest]));
    }
    text.iter().rev().collect()
}

fn ksuid(value: &[u8]) -> Verdict {
    likely(ksuid_time(value).is_some_and(|time| time < 2_000_000_000))
}

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Milliseconds in the first run of exactly 26 letters and digits.
fn ulid_time(value: &[u8]) -> Option<u64> {
    let part =
        value.split(|byte| !byte.is_ascii_alphanumeric()).find(|part| part.len() == 26 && part[0] <= b'7')?;
    let digits = part.iter().map(|byte| {
        let upper = byte.to_ascii_uppercase();
        CROCKFORD.iter().position(|&digit| digit == upper).map(|digit| digit as u64)
    });
    let digits: Option<Vec<u64>> = digits.collect();
    Some(digits?[..10].iter().fold(0, |sum, digit| sum << 5 | digit))
}

fn ulid(value: &[u8]) -> Verdict {
    likely(ulid_time(value).is_some_and(|time| plausible(time / 1000)))
}

/// Lower-case letters where the text so far has some and no capitals.
fn make_ulid(random: &mut Generator, text: &str, length: usize) -> Option<String> {
    let time = 1_700_000_000_000 + random.next_u64() % 100_000_000_000;
    let whole = number(time, CROCKFORD, 10) + &random.text(CROCKFORD, 16);
    let capitals = text.bytes().any(|byte| byte.is_ascii_uppercase());
    let lower = !capitals && text.bytes().any(|byte| byte.is_ascii_lowercase());
    (length == 26).then(|| if lower { whole.to_ascii_lowercase() } else { whole })
}

/// The moment at which a reference token ends; 0 for one that does not.
fn jfrog_expiry(value: &[u8]) -> Option<u64> {
    let text = String::from_utf8(codec::base64(value)?).ok()?;
    let mut parts = text.strip_prefix("reftkn:")?.split(':');
    let (version, expiry, secret) = (parts.next()?, parts.next()?, parts.next()?);
    let formed =
        version.len() == 2 && secret.len() >= 20 && secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
    decimal(expiry.as_bytes()).filter(|_| formed)
}

fn jfrog(value: &[u8]) -> Verdict {
    likely(jfrog_expiry(value).is_some())
}

fn jfrog_details(value: &[u8]) -> Option<Details> {
    match jfrog_expiry(value)? {
        0 => Some(vec![("expires", "never".to_owned())]),
        seconds => date("expires", seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_back() {
        let text = ksuid_text(107_608_047, 0x1234_5678_9abc_def0_1234_5678_9abc_def0);
        assert_eq!(ksuid_time(text.as_bytes()), Some(1_507_608_047));
        assert_eq!(text.len(), 27);
        let ulid = number(1_469_918_176_385, CROCKFORD, 10) + "000000000000000Z";
        assert!(ulid.starts_with("01ARYZ6S41"));
        assert_eq!(ulid_time(format!("x_{ulid}_y").as_bytes()), Some(1_469_918_176_385));
        assert_eq!(ulid_time(b"short"), None);
    }
}
