//! Keys in bech32, base58check and nkey form: wallets, age, Nostr, NATS, Stellar.

use super::codec::{
    self, BASE32, BASE58, BECH32, RIPPLE58, encode_bits, to_base58, to_bech32, with_bech32_sum,
};
use super::sums::{crc16, double_sha256};
use super::{Check, Details, Generator, Verdict, plain, proven, with_details};
use ripemd::{Digest as _, Ripemd160};

pub(super) const CHECKS: &[Check] = &[
    plain!(
        "bech32",
        "the bech32 checksum is right",
        |value| proven(codec::bech32(value).is_some()),
        Some(make_bech32)
    ),
    plain!(
        "age",
        "the bech32 checksum of an age identity is right and it holds 32 bytes",
        age,
        Some(make_age)
    ),
    plain!(
        "nostr",
        "the bech32 checksum of a Nostr key is right and it holds 32 bytes",
        |value| proven(bech32_of(value, "nsec", 32)),
        Some(make_bech32)
    ),
    plain!(
        "sui",
        "the bech32 checksum of a Sui key is right and it holds a scheme and 32 bytes",
        |value| proven(bech32_of(value, "suiprivkey", 33)),
        Some(|random, text, length| {
            let scheme = random.below(3) as u8;
            bech32_tail(text, &encode_bits(&[&[scheme], &random.bytes(32)[..]].concat(), BECH32), length)
        })
    ),
    plain!(
        "base58check",
        "the last 4 bytes of base58 text are the start of the double SHA-256 of the others",
        |value| proven(base58check(value, BASE58).is_some()),
        Some(make_base58)
    ),
    Check {
        name: "bitcoin-wif",
        about: "a private key in wallet import format: base58check, version byte, 32 bytes",
        run: |value| with_details(wif(value), || wif_details(value)),
        verdict: wif,
        make: Some(make_wif),
    },
    Check {
        name: "bip32-key",
        about: "an extended private key: base58check over 78 bytes",
        run: |value| with_details(extended(value), || extended_details(value)),
        verdict: extended,
        make: Some(make_extended),
    },
    plain!(
        "bip38-key",
        "a private key encrypted with a passphrase: base58check over 39 bytes",
        |value| proven(base58check(value, BASE58).is_some_and(|data| data.len() == 39 && data[0] == 1)),
        Some(|random, text, length| {
            let mut data = random.bytes(39);
            data[..2].copy_from_slice(&[0x01, 0x42]);
            made(text, with_check(&data, BASE58), length)
        })
    ),
    plain!(
        "ripple-seed",
        "a seed of the XRP ledger: base58check in its own alphabet over version and 16 bytes",
        |value| proven(base58check(value, RIPPLE58).is_some_and(|data| {
            data.len() == 17 && data[0] == 0x21 || data.len() == 19 && data.starts_with(&[0x01, 0xe1, 0x4b])
        })),
        Some(|random, text, length| {
            let version: &[u8] = if text.is_empty() && length == 31 { &[0x01, 0xe1, 0x4b] } else { &[0x21] };
            made(text, with_check(&[version, &random.bytes(16)].concat(), RIPPLE58), length)
        })
    ),
    Check {
        name: "nats-nkey",
        about: "the last 2 bytes of a NATS seed are the CRC-16 of the others",
        run: |value| with_details(nkey(value), || Some(vec![("role", nkey_role(value)?.to_owned())])),
        verdict: nkey,
        make: Some(make_nkey),
    },
    plain!(
        "eos-private-key",
        "the last 4 bytes of an EOS key are the start of the RIPEMD-160 of key and curve",
        eos,
        Some(|random, text, length| {
            let curve = text.strip_prefix("PVT_")?.strip_suffix('_')?;
            let key = random.bytes(32);
            let whole = to_base58(&[&key[..], &eos_sum(&key, curve.as_bytes())].concat(), BASE58);
            made(text, format!("{text}{whole}"), length)
        })
    ),
    plain!(
        "stellar-seed",
        "the last 2 bytes of a Stellar seed are the CRC-16 of the others",
        stellar,
        Some(|random, text, length| {
            let mut data = vec![0x90];
            data.extend(random.bytes(32));
            data.extend(crc16(&data).to_le_bytes());
            made(text, encode_bits(&data, BASE32), length)
        })
    ),
];

/// What of a made token stands behind the text that is already there.
fn made(text: &str, whole: String, length: usize) -> Option<String> {
    let end = whole.strip_prefix(text)?;
    (end.len() == length).then(|| end.to_owned())
}

fn bech32_of(value: &[u8], human: &str, bytes: usize) -> bool {
    codec::bech32(value).is_some_and(|(found, data)| found == human && data.len() == bytes)
}

/// Finish text such as `nsec1` with data of any length that fits.
fn make_bech32(random: &mut Generator, text: &str, length: usize) -> Option<String> {
    let digits = length.checked_sub(6)?;
    let plain = encode_bits(&random.bytes(digits * 5 / 8), BECH32);
    // Some lengths are not those of whole bytes.
    let plain = if plain.len() == digits { plain } else { random.text(BECH32, digits) };
    bech32_tail(text, &plain, length)
}

fn bech32_tail(text: &str, plain: &str, length: usize) -> Option<String> {
    let human = text.strip_suffix('1').filter(|human| !human.is_empty())?;
    let whole = with_bech32_sum(&human.to_ascii_lowercase(), plain);
    let whole =
        if human.bytes().any(|byte| byte.is_ascii_uppercase()) { whole.to_ascii_uppercase() } else { whole };
    made(text, whole, length)
}

fn age(value: &[u8]) -> Verdict {
    match codec::bech32(value) {
        Some((human, data)) if human == "age-secret-key-" => proven(data.len() == 32),
        Some((human, _)) => proven(human.starts_with("age")),
        // The post-quantum form is not described by its makers yet.
        None if value.starts_with(b"AGE-SECRET-KEY-PQ-1") => Verdict::Unknown,
        None => Verdict::Invalid,
    }
}

fn make_age(random: &mut Generator, text: &str, length: usize) -> Option<String> {
    match (text, length) {
        ("", 74) => Some(to_bech32("age-secret-key-", &random.bytes(32)).to_ascii_uppercase()),
        ("AGE-SECRET-KEY-1", 58) => bech32_tail(text, &encode_bits(&random.bytes(32), BECH32), length),
        _ => make_bech32(random, text, length),
    }
}

fn base58check(value: &[u8], alphabet: &[u8; 58]) -> Option<Vec<u8>> {
    let mut bytes = codec::base58(value, alphabet)?;
    let (data, sum) = bytes.split_last_chunk::<4>()?;
    let right = double_sha256(data).starts_with(sum);
    bytes.truncate(bytes.len() - 4);
    right.then_some(bytes)
}

fn with_check(data: &[u8], alphabet: &[u8; 58]) -> String {
    to_base58(&[data, &double_sha256(data)[..4]].concat(), alphabet)
}

/// Finish text such as `edsk`: random digits give the bytes, of which the last 4 become the checksum.
fn make_base58(random: &mut Generator, text: &str, length: usize) -> Option<String> {
    let mut bytes = codec::base58(format!("{text}{}", random.text(BASE58, length)).as_bytes(), BASE58)?;
    bytes.truncate(bytes.len().checked_sub(4).filter(|&data| data > 0)?);
    made(text, with_check(&bytes, BASE58), length)
}

/// Version bytes of wallet import format.
const WIF: [(u8, &str); 5] =
    [(0x80, "Bitcoin main"), (0xef, "Bitcoin test"), (0xb0, "Litecoin"), (0x9e, "Dogecoin"), (0xcc, "Dash")];

fn wif_parts(value: &[u8]) -> Option<(&'static str, bool)> {
    let data = base58check(value, BASE58)?;
    let compressed = data.len() == 34 && data[33] == 1;
    let (_, network) = WIF.iter().find(|(version, _)| *version == data[0])?;
    (compressed || data.len() == 33).then_some((*network, compressed))
}

fn wif(value: &[u8]) -> Verdict {
    proven((50..=53).contains(&value.len()) && wif_parts(value).is_some())
}

fn wif_details(value: &[u8]) -> Option<Details> {
    let (network, compressed) = wif_parts(value)?;
    let compressed = if compressed { "yes" } else { "no" };
    Some(vec![("network", network.to_owned()), ("compressed", compressed.to_owned())])
}

fn make_wif(random: &mut Generator, text: &str, length: usize) -> Option<String> {
    let mut data = vec![0x80];
    data.extend(random.bytes(32));
    if text.len() + length == 52 {
        data.push(1);
    }
    made(text, with_check(&data, BASE58), length)
}

/// Version bytes of extended private keys.
const EXTENDED: [([u8; 4], &str); 8] = [
    ([0x04, 0x88, 0xad, 0xe4], "main"),
    ([0x04, 0x9d, 0x78, 0x78], "main"),
    ([0x04, 0xb2, 0x43, 0x0c], "main"),
    ([0x02, 0x95, 0xb0, 0x05], "main"),
    ([0x02, 0xaa, 0x7a, 0x99], "main"),
    ([0x04, 0x35, 0x83, 0x94], "test"),
    ([0x04, 0x4a, 0x4e, 0x28], "test"),
    ([0x04, 0x5f, 0x18, 0xbc], "test"),
];

fn extended(value: &[u8]) -> Verdict {
    // Public keys have the same form with other version bytes and no zero before the key.
    let private = |data: Vec<u8>| data.len() == 78 && data[45] == 0;
    proven((108..=114).contains(&value.len()) && base58check(value, BASE58).is_some_and(private))
}

fn extended_details(value: &[u8]) -> Option<Details> {
    let data = base58check(value, BASE58)?;
    let mut details = vec![("depth", data.get(4)?.to_string())];
    let network = EXTENDED.iter().find(|(version, _)| data.starts_with(version));
    details.extend(network.map(|(_, network)| ("network", (*network).to_owned())));
    Some(details)
}

fn make_extended(random: &mut Generator, text: &str, length: usize) -> Option<String> {
    let mut data = random.bytes(78);
    let test = text.starts_with('t');
    data[..4].copy_from_slice(&if test { EXTENDED[5].0 } else { EXTENDED[0].0 });
    data[4] = random.below(5) as u8;
    data[45] = 0;
    made(text, with_check(&data, BASE58), length)
}

/// Second marks of an nkey and what they stand for.
const ROLES: [(u8, &str, char); 7] = [
    (0, "account", 'A'),
    (2, "cluster", 'C'),
    (13, "server", 'N'),
    (14, "operator", 'O'),
    (15, "private", 'P'),
    (20, "user", 'U'),
    (23, "curve", 'X'),
];

const SEED_MARK: u8 = 18 << 3;

fn nkey_role(value: &[u8]) -> Option<&'static str> {
    let bytes = codec::base32(value).filter(|bytes| bytes.len() == 36)?;
    let (data, sum) = bytes.split_last_chunk::<2>()?;
    let marked = data[0] & 0xf8 == SEED_MARK && crc16(data).to_le_bytes() == *sum;
    let role = (data[0] & 7) << 2 | data[1] >> 6;
    // The role is the second letter: five bits that lie in both bytes.
    ROLES.iter().find(|(mark, ..)| marked && *mark == role).map(|(_, name, _)| *name)
}

fn nkey(value: &[u8]) -> Verdict {
    proven(value.len() == 58 && nkey_role(value).is_some())
}

fn make_nkey(random: &mut Generator, text: &str, length: usize) -> Option<String> {
    let letter = text.chars().nth(1).unwrap_or('U');
    let (role, ..) = *ROLES.iter().find(|(.., known)| *known == letter)?;
    let mut data = vec![SEED_MARK | role >> 2, (role & 3) << 6];
    data.extend(random.bytes(32));
    data.extend(crc16(&data).to_le_bytes());
    made(text, encode_bits(&data, BASE32), length)
}

/// The name of the curve is a part of what is summed.
fn eos_sum(key: &[u8], curve: &[u8]) -> [u8; 4] {
    let digest = Ripemd160::new().chain_update(key).chain_update(curve).finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}

fn eos(value: &[u8]) -> Verdict {
    let parts = value.strip_prefix(b"PVT_").and_then(|rest| rest.split_at_checked(3));
    let Some((curve @ (b"K1_" | b"R1_"), digits)) = parts else { return Verdict::Invalid };
    let bytes = codec::base58(digits, BASE58).filter(|bytes| bytes.len() == 36);
    proven(
        bytes
            .as_deref()
            .and_then(<[u8]>::split_last_chunk)
            .is_some_and(|(key, sum)| eos_sum(key, &curve[..2]) == *sum),
    )
}

fn stellar(value: &[u8]) -> Verdict {
    let holds = |bytes: Vec<u8>| {
        let sum = bytes.split_last_chunk::<2>();
        bytes.len() == 35
            && bytes[0] == 0x90
            && sum.is_some_and(|(data, sum)| crc16(data).to_le_bytes() == *sum)
    };
    proven(value.len() == 56 && codec::base32(value).is_some_and(holds))
}
