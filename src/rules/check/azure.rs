//! Microsoft's keys with a fixed signature and a Marvin-32 checksum, as its open library
//! `security-utilities` describes them, and the older formats of Entra ID and Azure DevOps.

use super::codec::{self, BASE32, BASE62, BASE64, BASE64URL, encode_bits, number};
use super::sums::marvin32;
use super::{Check, Details, Generator, Verdict, likely, plain, proven, with_details};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "azure-signature",
        about: "an Azure key whose fixed signature and Marvin-32 checksum fit together",
        run: |value| with_details(signature(value), || details(value)),
        verdict: signature,
        make: Some(make_signature),
    },
    plain!(
        "azure-entra-secret",
        "the last 3 characters of an Entra client secret with `8Q~` are the start of its Marvin-32 checksum",
        entra,
        Some(|_, text, length| (length == 3).then(|| entra_sum(text.as_bytes())))
    ),
    plain!(
        "azure-devops-legacy",
        "4 of the 32 bytes of an older Azure DevOps token are the CRC-32 of the others",
        devops,
        Some(make_devops)
    ),
];

const fn seed(name: &[u8; 8]) -> u64 {
    u64::from_be_bytes(*name)
}

const DEFAULT: u64 = seed(b"Default0");
const COSMOS: &[u64] = &[
    seed(b"MastRW00"),
    seed(b"MastRO00"),
    seed(b"SystRW00"),
    seed(b"SystRO00"),
    seed(b"SysAll00"),
    seed(b"Resour00"),
    seed(b"Encryp00"),
];
const MESSAGING: &[u64] = &[seed(b"Send0000"), seed(b"Listen00"), seed(b"Manage00")];

/// A family of keys: length in characters, place and text of the signature, seeds of the checksum.
struct Family {
    length: usize,
    at: usize,
    signature: &'static [u8],
    service: &'static str,
    seeds: &'static [u64],
}

const fn family(
    length: usize,
    at: usize,
    signature: &'static [u8],
    service: &'static str,
    seeds: &'static [u64],
) -> Family {
    Family { length, at, signature, service, seeds }
}

static FAMILIES: [Family; 13] = [
    family(88, 76, b"+ASt", "storage", &[DEFAULT]),
    family(88, 76, b"ACDb", "Cosmos DB", COSMOS),
    family(88, 76, b"+ABa", "Batch", &[seed(b"AbAcct00")]),
    family(88, 76, b"+AMC", "Machine Learning (classic)", &[seed(b"Classic0")]),
    family(
        88,
        76,
        b"APIM",
        "API Management",
        &[seed(b"Tenant00"), seed(b"Gateway0"), seed(b"GitKey00"), seed(b"IoTHub00")],
    ),
    family(44, 33, b"+ASb", "Service Bus", MESSAGING),
    family(44, 33, b"+AEh", "Event Hubs", MESSAGING),
    family(44, 33, b"+ARm", "Relay", MESSAGING),
    family(44, 33, b"AIoT", "IoT", &[seed(b"IoTHub00"), seed(b"DpsKey00"), seed(b"Device00")]),
    family(44, 33, b"AzCa", "Cache for Redis", &[seed(b"Access00")]),
    family(44, 33, b"AZEG", "Event Grid", &[seed(b"SendRecv")]),
    family(52, 42, b"+ACR", "Container Registry", &[seed(b"ACRDflt0")]),
    family(52, 42, b"AzSe", "AI Search", &[seed(b"PAdmin00"), seed(b"Query000")]),
];

/// Function keys are written in base64 for URLs.
static FUNCTION: Family =
    family(56, 44, b"AzFu", "Functions", &[seed(b"Functi00"), seed(b"System00"), seed(b"Master00")]);

/// Where the checksum of a key with the common annotation starts, and where its marks stand.
const CASK_BODY: usize = 80;
const CASK_MARK: usize = 52;

fn find_family(text: &[u8]) -> Option<&'static Family> {
    let fits = |family: &&Family| {
        text.get(family.at..).is_some_and(|rest| rest.starts_with(family.signature))
            && text.len() <= family.length
    };
    FAMILIES.iter().chain([&FUNCTION]).find(fits)
}

fn is_cask(text: &[u8]) -> bool {
    text.get(CASK_MARK..).is_some_and(|rest| {
        rest.starts_with(b"JQQJ9") && rest.get(5).is_some_and(|kind| b"9DH".contains(kind))
    })
}

fn signature(value: &[u8]) -> Verdict {
    if is_cask(value) {
        return proven(cask(value));
    }
    match find_family(value) {
        // Redis keys are also written with other characters for `+` and `/`, in a way that is not
        // fully described.
        Some(family) if value.len() == family.length && family.signature == b"AzCa" => {
            likely(seed_of(value, family).is_some())
        }
        Some(family) if value.len() == family.length => proven(seed_of(value, family).is_some()),
        Some(_) => Verdict::Invalid,
        // A key without a signature is an older one.
        None => Verdict::Unknown,
    }
}

/// The seed for which the last four bytes are the checksum of those before.
fn seed_of(value: &[u8], family: &Family) -> Option<u64> {
    let bytes = codec::base64(value)?;
    let (data, sum) = bytes.split_last_chunk::<4>()?;
    let holds = |&seed: &u64| marvin32(data, seed).to_le_bytes() == *sum;
    family.seeds.iter().copied().find(holds)
}

/// The six characters of a checksum in the common annotation; keys of 84 characters hold four.
fn cask_sum(body: &[u8]) -> Option<([u8; 4], String)> {
    let sum = marvin32(&codec::base64(body)?, DEFAULT).to_le_bytes();
    let zeros = sum.iter().take_while(|&&byte| byte == 0).count().min(3);
    let mut text = "0".repeat(zeros) + &number(u64::from(u32::from_be_bytes(sum)), BASE62, 1);
    while text.len() < 6 {
        text.push('0');
    }
    Some((sum, text))
}

fn cask(value: &[u8]) -> bool {
    let Some((body, end)) = value.split_at_checked(CASK_BODY) else { return false };
    let Some((sum, text)) = cask_sum(body) else { return false };
    let (Some(have), Some(want)) = (codec::base64(end), codec::base64(text.as_bytes())) else {
        return false;
    };
    let bytes = match end.len() {
        4 => 3,
        8 if end.ends_with(b"==") => 4,
        _ => return false,
    };
    // Earlier keys hold the bytes of the checksum themselves.
    have.get(..bytes) == want.get(..bytes) || have.get(..bytes) == sum.get(..bytes)
}

fn details(value: &[u8]) -> Option<Details> {
    if !is_cask(value) {
        let family = find_family(value)?;
        let mut details = vec![("service", family.service.to_owned())];
        if family.seeds.len() > 1 {
            let name = seed_of(value, family)?.to_be_bytes();
            let name = String::from_utf8_lossy(&name).trim_end_matches('0').to_owned();
            details.push(("key kind", name));
        }
        return Some(details);
    }
    let kind = match value.get(CASK_MARK + 5)? {
        b'D' => "derived key",
        b'H' => "hash",
        _ => "key",
    };
    let year = *value.get(58)?;
    // The year counts from 2024 in the order of the base64 alphabet.
    let year = 2024 + BASE64.iter().position(|&digit| digit == year)?;
    let month = value.get(59)?.checked_sub(b'A')? + 1;
    let provider = String::from_utf8(value.get(76..80)?.to_vec()).ok()?;
    Some(vec![
        ("service signature", super::clean(&provider)),
        ("kind", kind.to_owned()),
        ("created", format!("{year:04}-{month:02}")),
    ])
}

/// The checksum characters of a key whose text up to and including the signature is given.
fn make_signature(_: &mut Generator, text: &str, length: usize) -> Option<String> {
    let text = text.as_bytes();
    if is_cask(text) {
        let sum = cask_sum(text.get(..CASK_BODY).filter(|body| body.len() == text.len())?)?.1;
        return match length {
            4 => Some(sum[..4].to_owned()),
            8 => Some(codec::to_base64(&codec::base64(sum.as_bytes())?)),
            _ => None,
        };
    }
    let family = find_family(text)?;
    if text.len() + length != family.length {
        return None;
    }
    // The bits that the text leaves open in its last byte are zero, as the formats have it.
    let alphabet = if family.signature == b"AzFu" { BASE64URL } else { BASE64 };
    let bytes = (text.len() * 6).div_ceil(8);
    let mut padded = text.to_vec();
    padded.push(b'A');
    let mut data = codec::base64(&padded).or_else(|| codec::base64(&[text, b"AA"].concat()))?;
    data.truncate(bytes);
    data.resize(bytes, 0);
    data.extend(marvin32(&data, *family.seeds.first()?).to_le_bytes());
    let mut whole = encode_bits(&data, alphabet);
    while whole.len() < family.length {
        whole.push('=');
    }
    let end = whole.get(text.len()..)?;
    let letters = family.signature != b"AzSe" || end.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (whole.as_bytes().starts_with(text) && letters).then(|| end.to_owned())
}

const ENTRA: &[u8; 66] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~";

fn entra_sum(body: &[u8]) -> String {
    let sum = marvin32(body, seed(b"AadPwd00"));
    let mut text = number(u64::from(sum), ENTRA, 6);
    text.truncate(3);
    text
}

fn entra(value: &[u8]) -> Verdict {
    match (value.get(3..6), value.split_at_checked(value.len().wrapping_sub(3))) {
        (Some(b"8Q~"), Some((body, sum))) => proven(entra_sum(body).as_bytes() == sum),
        (Some(b"7Q~"), _) => Verdict::Unknown,
        _ => Verdict::Invalid,
    }
}

/// Where the bytes of the checksum stand, from its highest to its lowest.
const DEVOPS_PLACES: [usize; 4] = [2, 7, 8, 22];
const DEVOPS_USER: u32 = 0xe0b9_692d;
const DEVOPS_APPLICATION: u32 = 0x1019_f92e;

fn devops_sum(bytes: &[u8; 32]) -> u32 {
    let rest: Vec<u8> = (0..32).filter(|at| !DEVOPS_PLACES.contains(at)).map(|at| bytes[at]).collect();
    crc32fast::hash(&rest)
}

fn devops(value: &[u8]) -> Verdict {
    let Some(bytes) = codec::base32(value).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) else {
        return Verdict::Invalid;
    };
    let written = u32::from_be_bytes(DEVOPS_PLACES.map(|at| bytes[at]));
    let sum = devops_sum(&bytes);
    proven(written == sum ^ DEVOPS_USER || written == sum ^ DEVOPS_APPLICATION)
}

fn make_devops(random: &mut Generator, _: &str, length: usize) -> Option<String> {
    let mut bytes = <[u8; 32]>::try_from(random.bytes(32)).ok()?;
    let sum = devops_sum(&bytes) ^ DEVOPS_USER;
    for (at, byte) in DEVOPS_PLACES.into_iter().zip(sum.to_be_bytes()) {
        bytes[at] = byte;
    }
    let text = encode_bits(&bytes, BASE32).to_ascii_lowercase();
    (text.len() == length).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_own_example_of_an_entra_secret_holds() {
        let body = format!("{}8Q~{}", "z".repeat(3), "z".repeat(31));
        assert_eq!(entra_sum(body.as_bytes()), ["b", "l", "P"].concat());
    }

    #[test]
    fn keys_without_signature_are_left_open() {
        assert_eq!(signature(&[b'x'; 88]), Verdict::Unknown);
        assert_eq!(signature(b""), Verdict::Unknown);
    }
}
