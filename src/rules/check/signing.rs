//! Keys that sign: Ed25519 (RFC 8032) as 64 bytes, of which the second half is the public key of the first,
//! and the key files of minisign and signify.

use super::codec::{self, BASE58, to_base58, to_base64};
use super::{Check, Details, Generator, Verdict, plain, proven, raised, with_details};
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest as _};
use curve25519_dalek::edwards::EdwardsPoint;
use sha2::{Digest as _, Sha512};

pub(super) const CHECKS: &[Check] = &[
    plain!(
        "ed25519-base64",
        "the last 32 of 64 bytes in base64 are the Ed25519 public key of the first 32",
        |value| raised(proven(codec::base64(value).is_some_and(|bytes| is_pair(&bytes)))),
        Some(|random, text, length| made(text, to_base64(&pair(random)), length))
    ),
    plain!(
        "ed25519-base58",
        "the last 32 of 64 bytes in base58 are the Ed25519 public key of the first 32",
        |value: &[u8]| {
            let digits = value.strip_prefix(NEAR.as_bytes()).unwrap_or(value);
            // What signatures look like, too: these are no secrets.
            proven(codec::base58(digits, BASE58).is_some_and(|bytes| is_pair(&bytes)))
        },
        Some(|random, text, length| {
            let digits = to_base58(&pair(random), BASE58);
            let near = !text.is_empty() && NEAR.starts_with(text);
            made(text, if near { format!("{NEAR}{digits}") } else { digits }, length)
        })
    ),
    Check {
        name: "minisign",
        about: "a secret key of minisign: without a passphrase, its BLAKE2b-256 checksum is right",
        run: |value| with_details(minisign(value), || Some(encrypted(!minisign_parts(value)?.plain))),
        verdict: minisign,
        make: Some(make_minisign),
    },
    Check {
        name: "signify",
        about: "a secret key of signify: without a passphrase, the start of its SHA-512 is right",
        run: |value| with_details(signify(value), || Some(encrypted(!signify_parts(value)?.plain))),
        verdict: signify,
        make: Some(make_signify),
    },
];

/// What keys of NEAR begin with.
const NEAR: &str = "ed25519:";

/// What of a made text stands behind the part that is already there.
fn made(text: &str, whole: String, length: usize) -> Option<String> {
    let end = whole.strip_prefix(text)?;
    (end.len() == length).then(|| end.to_owned())
}

fn encrypted(is: bool) -> Details {
    vec![("encrypted", if is { "yes" } else { "no" }.to_owned())]
}

/// The Ed25519 public key of a private one (RFC 8032, 5.1.5).
fn public_key(private: &[u8; 32]) -> [u8; 32] {
    let mut scalar = [0; 32];
    scalar.copy_from_slice(&Sha512::digest(private)[..32]);
    EdwardsPoint::mul_base_clamped(scalar).compress().to_bytes()
}

/// Are these a private key and the public key of it?
fn is_pair(bytes: &[u8]) -> bool {
    match bytes.as_chunks::<32>() {
        ([private, public], []) => public_key(private) == *public,
        _ => false,
    }
}

fn pair(random: &mut Generator) -> Vec<u8> {
    let mut private = [0; 32];
    private.copy_from_slice(&random.bytes(32));
    [private, public_key(&private)].concat()
}

/// The parts of a key file that its checksum is about.
struct Parts {
    /// It is not encrypted.
    plain: bool,
    /// The checksum is right.
    right: bool,
}

impl Parts {
    /// A wrong checksum proves nothing of what is encrypted.
    fn verdict(&self) -> Verdict {
        if self.plain { proven(self.right) } else { Verdict::Unknown }
    }
}

/// Algorithm, key derivation, checksum algorithm: two bytes each; salt and limits; then, encrypted where a
/// key derivation is named, number of the key, key, and checksum of algorithm, number and key.
fn minisign_parts(value: &[u8]) -> Option<Parts> {
    let bytes = codec::base64(value).filter(|bytes| bytes.len() == 158)?;
    let (key, sum) = bytes[54..].split_last_chunk::<32>()?;
    let right = minisign_sum(&bytes[..2], key) == *sum;
    let is_one = bytes.starts_with(b"Ed") && &bytes[4..6] == b"B2";
    is_one.then_some(Parts { plain: bytes[2..4] == [0, 0], right })
}

fn minisign_sum(algorithm: &[u8], key: &[u8]) -> [u8; 32] {
    Blake2b::<U32>::new().chain_update(algorithm).chain_update(key).finalize().into()
}

fn minisign(value: &[u8]) -> Verdict {
    minisign_parts(value).map_or(Verdict::Unknown, |parts| parts.verdict())
}

fn make_minisign(random: &mut Generator, text: &str, length: usize) -> Option<String> {
    let plain = codec::base64(text.as_bytes()).is_some_and(|head| head.get(2..4) == Some(&[0, 0]));
    let key = [random.bytes(8), pair(random)].concat();
    let limits = if plain { vec![0; 48] } else { random.bytes(48) };
    let derivation = if plain { b"\0\0" } else { b"Sc" };
    let sum = if plain { minisign_sum(b"Ed", &key).to_vec() } else { random.bytes(32) };
    made(text, to_base64(&[&b"Ed"[..], derivation, b"B2", &limits, &key, &sum].concat()), length)
}

/// Algorithm, key derivation, its rounds, salt, checksum, number of the key; then the key, encrypted where
/// there are rounds. The checksum is of the key before that.
fn signify_parts(value: &[u8]) -> Option<Parts> {
    let bytes = codec::base64(value).filter(|bytes| bytes.len() == 104 && bytes.starts_with(b"EdBK"))?;
    let right = Sha512::digest(&bytes[40..])[..8] == bytes[24..32];
    Some(Parts { plain: bytes[4..8] == [0; 4], right })
}

fn signify(value: &[u8]) -> Verdict {
    // Nobody has confirmed the checksum yet.
    raised(signify_parts(value).map_or(Verdict::Unknown, |parts| parts.verdict()))
}

fn make_signify(random: &mut Generator, text: &str, length: usize) -> Option<String> {
    let key = pair(random);
    let sum = Sha512::digest(&key)[..8].to_vec();
    let head = [&b"EdBK\0\0\0\0"[..], &random.bytes(16), &sum, &random.bytes(8)].concat();
    made(text, to_base64(&[head, key].concat()), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(digits: &str) -> [u8; N] {
        codec::hex(digits.as_bytes()).unwrap().try_into().unwrap()
    }

    #[test]
    fn public_keys_of_the_standard() {
        // RFC 8032, 7.1, tests 1 and 2, written in halves: nothing here is to look like a key.
        for (private, public) in [
            (
                ["9d61b19deffd5a60ba844af492ec2cc4", "4449c5697b326919703bac031cae7f60"],
                ["d75a980182b10ab7d54bfed3c964073a", "0ee172f3daa62325af021a68f707511a"],
            ),
            (
                ["4ccd089b28ff96da9db6c346ec114e0f", "5b8a319f35aba624da8cf6ed4fb8a6fb"],
                ["3d4017c3e843895a92b70aa74d1b7ebc", "9c982ccf2ec4968cc0cd55f12af4660c"],
            ),
        ] {
            assert_eq!(public_key(&bytes(&private.concat())), bytes(&public.concat()));
        }
    }

    #[test]
    fn checksums_of_the_standard() {
        let digest: [u8; 32] = Blake2b::<U32>::digest(b"abc").into();
        assert_eq!(digest[..4], [0xbd, 0xdd, 0x81, 0x3c]);
    }

    #[test]
    fn two_random_halves_are_no_pair() {
        let mut random = Generator::new(3);
        let key = pair(&mut random);
        assert!(is_pair(&key) && !is_pair(&key[..63]) && !is_pair(&random.bytes(64)));
        let signature = to_base58(&random.bytes(64), BASE58);
        let check = |name: &str| super::super::by_name(name).unwrap().verdict;
        assert_eq!(check("ed25519-base58")(signature.as_bytes()), Verdict::Invalid);
        assert_eq!(check("ed25519-base58")(format!("{NEAR}{signature}").as_bytes()), Verdict::Invalid);
        let other = to_base64(&random.bytes(64));
        assert_eq!(check("ed25519-base64")(other.as_bytes()), Verdict::Unknown);
    }

    #[test]
    fn what_is_encrypted_is_left_open_and_what_is_not_is_told() {
        let mut random = Generator::new(5);
        let told = |check: &str, text: &str| (super::super::by_name(check).unwrap().run)(text.as_bytes());
        for (start, length, verdict, encrypted) in
            [("RWRTY0Iy", 204, Verdict::Unknown, "yes"), ("RWQAAEIy", 204, Verdict::Valid, "no")]
        {
            let text = format!("{start}{}", make_minisign(&mut random, start, length).unwrap());
            let checked = told("minisign", &text);
            assert_eq!((checked.verdict, &checked.details[0].1[..]), (verdict, encrypted));
        }
        let text = format!("RWRCSw{}", make_signify(&mut random, "RWRCSw", 134).unwrap());
        assert_eq!(told("signify", &text).verdict, Verdict::Valid);
        let mut other = codec::base64(text.as_bytes()).unwrap();
        other[50] ^= 1;
        assert_eq!(told("signify", &to_base64(&other)).verdict, Verdict::Unknown);
        other[7] = 42;
        assert_eq!(told("signify", &to_base64(&other)).details, [("encrypted", "yes".to_owned())]);
    }
}
