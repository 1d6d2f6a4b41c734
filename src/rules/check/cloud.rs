//! Identifiers inside tokens of clouds and services that can be read without a key.

use super::codec::{BASE32, BASE62, base64, decimal, encode_bits, iso_time, to_base64, to_base64url};
use super::{Check, Details, Generator, Verdict, clean, proven, with_details};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "aws-key-id",
        about: "an AWS key id has the form of one; the account is decoded from it",
        run: |value| with_details(aws(value), || Some(vec![("account", format!("{:012}", account(value)?))])),
        verdict: aws,
        make: Some(|random, _, length| {
            let mut bytes = random.bytes(10);
            // Keys that hold an account have neither I nor J here.
            bytes[0] |= 0x80;
            let text = encode_bits(&bytes, BASE32);
            (text.len() == length).then_some(text)
        }),
    },
    Check {
        name: "aws-bedrock",
        about: "a Bedrock API key decodes to its name, the account and a secret",
        run: |value| with_details(bedrock(value), || bedrock_details(value)),
        verdict: bedrock,
        make: Some(make_bedrock),
    },
    Check {
        name: "aws-ses-smtp",
        about: "an SES SMTP password decodes to the version byte 4 and 32 bytes",
        run: |value| with_details(ses(value), || None),
        verdict: ses,
        make: Some(|random, _, length| {
            let text = to_base64(&[&[4], &random.bytes(32)[..]].concat());
            (text.len() == length).then_some(text)
        }),
    },
    Check {
        name: "discord-token",
        about: "the first part of a Discord token is base64 of a user id",
        run: |value| with_details(discord(value), || discord_details(value)),
        verdict: discord,
        make: Some(make_discord),
    },
    Check {
        name: "snowflake",
        about: "a Discord id of 17 to 20 digits; its creation time is decoded",
        run: |value| with_details(digits(value), || created(decimal(value)?)),
        verdict: digits,
        make: None,
    },
    Check {
        name: "atlassian-datacenter",
        about: "a Data Center token decodes to digits, a colon and random bytes",
        run: |value| with_details(datacenter(value), || None),
        verdict: datacenter,
        make: Some(|random, _, length| {
            let id = random.text(b"0123456789", 12);
            let text = to_base64(&[id.as_bytes(), b":", &random.bytes(20)].concat());
            (text.trim_end_matches('=').len() == length).then(|| text.trim_end_matches('=').to_owned())
        }),
    },
];

fn aws(value: &[u8]) -> Verdict {
    let formed =
        value.len() >= 16 && value.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if formed { Verdict::Unknown } else { Verdict::Invalid }
}

/// The account in a key id: 40 of its bits, for keys made since about 2019.
fn account(value: &[u8]) -> Option<u64> {
    let text = value.get(4..20)?;
    if b"IJ".contains(&text[0]) {
        return None;
    }
    let bytes = super::codec::base32(text)?;
    let number = bytes.get(..6)?.iter().fold(0u64, |sum, &byte| sum << 8 | u64::from(byte));
    Some((number & 0x7fff_ffff_ff80) >> 7).filter(|&account| account < 1_000_000_000_000)
}

fn bedrock_text(value: &[u8]) -> Option<Vec<u8>> {
    let body = value.strip_prefix(b"ABSK").or_else(|| value.strip_prefix(b"bedrock-api-key-"))?;
    base64(body)
}

fn bedrock(value: &[u8]) -> Verdict {
    let known =
        |text: Vec<u8>| text.starts_with(b"BedrockAPIKey-") || text.starts_with(b"bedrock.amazonaws.com");
    proven(bedrock_text(value).is_some_and(known))
}

fn bedrock_details(value: &[u8]) -> Option<Details> {
    let text = bedrock_text(value)?;
    let name = text.split(|&byte| byte == b':').next()?;
    let account = name.rsplit(|&byte| byte == b'-').next()?;
    let right = account.len() == 12 && account.iter().all(u8::is_ascii_digit);
    right.then(|| vec![("account", String::from_utf8_lossy(account).into_owned())])
}

/// The base64 text of a key behind `ABSK`.
fn make_bedrock(random: &mut Generator, _: &str, length: usize) -> Option<String> {
    let head = format!(
        "BedrockAPIKey-{}-at-{}:",
        random.text(b"0123456789abcdefghijklmnopqrstuvwxyz", 4),
        random.text(b"123456789", 12)
    );
    let secret = (length * 3 / 4).checked_sub(head.len())?;
    let text = to_base64(&[head.as_bytes(), random.text(BASE62, secret).as_bytes()].concat());
    let text = if text.len() > length { text.trim_end_matches('=').to_owned() } else { text };
    (text.len() == length).then_some(text)
}

fn ses(value: &[u8]) -> Verdict {
    proven(base64(value).is_some_and(|bytes| bytes.len() == 33 && bytes[0] == 4))
}

fn snowflake(digits: &[u8]) -> bool {
    (17..=20).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
}

fn digits(value: &[u8]) -> Verdict {
    if snowflake(value) { Verdict::Unknown } else { Verdict::Invalid }
}

fn discord_id(value: &[u8]) -> Option<Vec<u8>> {
    let value = value.strip_prefix(b"mfa.").unwrap_or(value);
    base64(value.split(|&byte| byte == b'.').next()?).filter(|digits| snowflake(digits))
}

fn discord(value: &[u8]) -> Verdict {
    if value.starts_with(b"mfa.") {
        return Verdict::Unknown;
    }
    proven(discord_id(value).is_some())
}

/// The moment at which a Discord id was made.
fn created(id: u64) -> Option<Details> {
    const EPOCH: u64 = 1_420_070_400;
    Some(vec![("created", iso_time((id >> 22) / 1000 + EPOCH)?)])
}

fn discord_details(value: &[u8]) -> Option<Details> {
    let digits = discord_id(value)?;
    let mut details = vec![("user", clean(&String::from_utf8_lossy(&digits)))];
    details.extend(decimal(&digits).and_then(created).unwrap_or_default());
    Some(details)
}

/// Up to 28 characters: the first part; from 59 on: a whole token.
fn make_discord(random: &mut Generator, _: &str, length: usize) -> Option<String> {
    let first = |random: &mut Generator, digits: usize| {
        to_base64url(format!("1{}", random.text(b"0123456789", digits - 1)).as_bytes())
    };
    match length {
        23 => Some(first(random, 17)),
        24 => Some(first(random, 18)),
        26 => Some(first(random, 19)),
        27 => Some(first(random, 20)),
        59..=80 => {
            let head = first(random, 18);
            let middle = random.text(super::codec::BASE64URL, 6);
            let last = random.text(super::codec::BASE64URL, length - 32);
            Some(format!("{head}.{middle}.{last}"))
        }
        _ => None,
    }
}

fn datacenter(value: &[u8]) -> Verdict {
    let body = value.strip_prefix(b"BBDC-").unwrap_or(value);
    let holds = |bytes: Vec<u8>| {
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (8..=16).contains(&digits) && bytes.get(digits) == Some(&b':') && bytes.len() >= digits + 17
    };
    let verdict = proven(base64(body).is_some_and(holds));
    if body.len() < value.len() { super::raised(verdict) } else { verdict }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_of_a_key_id() {
        // Made from the account: 40 bits behind the first of 48.
        let number: u64 = 1 << 47 | 123_456_789_012 << 7 | 0x55;
        let bytes = [&number.to_be_bytes()[2..], &[1, 2, 3, 4]].concat();
        let id = format!("AKIA{}", encode_bits(&bytes, BASE32));
        assert_eq!(id.len(), 20);
        assert_eq!(account(id.as_bytes()), Some(123_456_789_012));
        // Older keys hold none.
        assert_eq!(account(["AKIA", &"IAAAAAAA".repeat(2)].concat().as_bytes()), None);
        assert_eq!(aws(b"AKIA"), Verdict::Invalid);
    }

    #[test]
    fn the_creation_time_of_a_user() {
        // The example of Discord's documentation.
        assert_eq!(
            created(175_928_847_299_117_063),
            Some(vec![("created", "2016-04-30T11:18:25Z".to_owned())])
        );
    }
}
