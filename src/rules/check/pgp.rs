//! OpenPGP secret keys (RFC 9580): the first packet, how it is protected, and the armour's CRC-24.

use super::codec;
use super::sums::crc24;
use super::{Details, Verdict};

/// Judge the bytes of an armour and its checksum line.
pub(super) fn private_key(bytes: &[u8], sum: Option<&[u8]>) -> (Verdict, Details) {
    let Some((tag, body)) = packet(bytes) else { return (Verdict::Invalid, Vec::new()) };
    if tag != 5 && tag != 7 {
        return (Verdict::Invalid, Vec::new());
    }
    let Some(mut details) = described(body) else { return (Verdict::Invalid, Vec::new()) };
    details.insert(
        0,
        ("form", if tag == 5 { "OpenPGP secret key" } else { "OpenPGP secret subkey" }.to_owned()),
    );
    let right =
        sum.is_none_or(|sum| codec::base64(sum).is_some_and(|sum| sum == crc24(bytes).to_be_bytes()[1..]));
    // A damaged armour still shows most of the key.
    (if right { Verdict::Valid } else { Verdict::Unknown }, details)
}

/// Tag and body of the first packet; a body that is cut off is given as far as it goes.
fn packet(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (&first, rest) = bytes.split_first().filter(|(first, _)| **first & 0x80 != 0)?;
    let (tag, header, length) = if first & 0x40 != 0 {
        let (header, length) = match *rest {
            [one @ 0..=191, ..] => (1, usize::from(one)),
            [one @ 192..=223, two, ..] => (2, (usize::from(one) - 192) * 256 + usize::from(two) + 192),
            [255, a, b, c, d, ..] => (5, u32::from_be_bytes([a, b, c, d]) as usize),
            _ => return None,
        };
        (first & 0x3f, header, length)
    } else {
        let (header, length) = match (first & 3, rest) {
            (0, [one, ..]) => (1, usize::from(*one)),
            (1, [a, b, ..]) => (2, usize::from(u16::from_be_bytes([*a, *b]))),
            (2, [a, b, c, d, ..]) => (4, u32::from_be_bytes([*a, *b, *c, *d]) as usize),
            (3, _) => (0, rest.len()),
            _ => return None,
        };
        (first >> 2 & 0x0f, header, length)
    };
    let body = rest.get(header..)?;
    Some((tag, &body[..length.min(body.len())]))
}

fn described(body: &[u8]) -> Option<Details> {
    let [version @ 3..=6, a, b, c, d, rest @ ..] = body else { return None };
    let rest = if *version == 3 { rest.get(2..)? } else { rest };
    let (&algorithm, rest) = rest.split_first()?;
    let rest = if *version >= 5 { rest.get(4..)? } else { rest };
    let name = match algorithm {
        1..=3 => "RSA",
        16 | 20 => "ElGamal",
        17 => "DSA",
        18 => "ECDH",
        19 => "ECDSA",
        22 => "EdDSA",
        25 => "X25519",
        26 => "X448",
        27 => "Ed25519",
        28 => "Ed448",
        _ => return None,
    };
    let mut details = vec![("algorithm", name.to_owned())];
    let created = u64::from(u32::from_be_bytes([*a, *b, *c, *d]));
    details.extend(codec::iso_time(created).map(|date| ("created", date)));
    if let Some(protection) = public_part(algorithm, rest).and_then(<[u8]>::first) {
        let encrypted = if *protection == 0 { "no" } else { "yes" };
        details.push(("encrypted", encrypted.to_owned()));
    }
    Some(details)
}

/// What stands behind the public numbers of a key: the octet that tells how the secret is protected.
fn public_part(algorithm: u8, mut rest: &[u8]) -> Option<&[u8]> {
    let named_curve = matches!(algorithm, 18 | 19 | 22);
    if named_curve {
        rest = rest.get(1 + usize::from(*rest.first()?)..)?;
    }
    let numbers = match algorithm {
        1..=3 => 2,
        16 | 20 => 3,
        17 => 4,
        18 | 19 | 22 => 1,
        25 | 27 => return rest.get(32..),
        26 => return rest.get(56..),
        28 => return rest.get(57..),
        _ => return None,
    };
    for _ in 0..numbers {
        let bits = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
        rest = rest.get(2 + bits.div_ceil(8)..)?;
    }
    if algorithm == 18 {
        rest = rest.get(1 + usize::from(*rest.first()?)..)?;
    }
    Some(rest)
}
