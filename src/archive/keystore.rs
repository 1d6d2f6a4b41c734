//! Keystores: PKCS#12 (RFC 7292) and those of Java (JKS, JCEKS). They are told apart from other bytes, asked
//! whether they hold a private key, and whether their password is empty or one that everybody knows.
//!
//! Read by ourselves: how often a password is hashed is up to whoever made the file, and readers do as they
//! are told. The answer is handed on as a text that a rule finds, see `patterns/keystores.toml`.

use super::input::{Content, Each, Member};
use super::{Budget, Trouble};
use memchr::memmem;
use sha1::Sha1;
use sha2::digest::{Digest, common::BlockSizeUser};
use sha2::{Sha256, Sha384, Sha512};
use std::io;

/// The name of the member that tells of a keystore.
const NAME: &[u8] = b"(keystore)";
/// Passwords that protect nothing: the defaults of programs and of their manuals.
const KNOWN: [&str; 24] = [
    "",
    "changeit",
    "changeme",
    "password",
    "secret",
    "notasecret",
    "android",
    "keystore",
    "storepass",
    "keypass",
    "tomcat",
    "jboss",
    "wso2carbon",
    "admin",
    "test",
    "test123",
    "pass",
    "pass123",
    "password123",
    "123456",
    "12345678",
    "1234",
    "welcome1",
    "default",
];
/// Hashes that are made for one keystore.
const HASHES: u64 = 600_000;
/// Object ids of private keys in PKCS#12, open and under the password.
const OPEN_KEY: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01";
const CLOSED_KEY: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02";

/// Is this a keystore of PKCS#12: a sequence of the number 3 and a sequence?
pub(super) fn is_pkcs12(head: &[u8]) -> bool {
    // Data, signed or not, follows in the inner sequence.
    inner(head).is_some_and(|inner| {
        let inner = &inner[..inner.len().min(16)];
        memmem::find(inner, b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07").is_some()
    })
}

/// May it be one, by its first dozen bytes?
pub(super) fn may_be_pkcs12(head: &[u8]) -> bool {
    inner(head).is_some()
}

/// What follows the mark of the inner sequence.
fn inner(head: &[u8]) -> Option<&[u8]> {
    let [0x30, length, rest @ ..] = head else { return None };
    let skip = if length & 0x80 == 0 { 0 } else { usize::from(length & 0x7f) };
    rest.get(skip..).filter(|_| skip <= 4)?.strip_prefix(&[2, 1, 3, 0x30])
}

/// Is this a keystore of Java?
pub(super) fn is_java(head: &[u8]) -> bool {
    matches!(
        head,
        [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 1 | 2, ..] | [0xce, 0xce, 0xce, 0xce, 0, 0, 0, 1 | 2, ..]
    )
}

/// What a keystore holds.
struct Held {
    private_keys: usize,
    /// It opens with no password or a known one.
    open: bool,
}

/// Hand on what is to be told of a keystore; nothing where it holds no private key.
///
/// # Errors
/// It is damaged or cut short.
pub(super) fn members(bytes: &[u8], budget: &Budget, each: Each<'_>) -> io::Result<()> {
    budget.member()?;
    let (format, held) = match bytes {
        [0xfe, ..] => ("jks", java(bytes)),
        [0xce, ..] => ("jceks", java(bytes)),
        _ => ("pkcs12", Some(pkcs12(bytes))),
    };
    let damaged = || Trouble::Corrupt("the keystore is damaged or cut short".to_owned());
    let held = held.ok_or_else(damaged)?;
    if held.private_keys == 0 {
        return Ok(());
    }
    let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let (state, password) = match held.open {
        true => ("open", "opens with no password or one that everybody knows"),
        false => ("closed", "does not open with passwords that everybody knows"),
    };
    let text = format!(
        "sekisho:keystore:{format}:{state}:{digest}\n{} private keys; {password}\n",
        held.private_keys
    );
    each(Member { path: NAME, content: Content::Bytes(text.as_bytes()) });
    Ok(())
}

/// A keystore of Java (`sun.security.provider.JavaKeyStore`): entries, then a digest of a password and all
/// that came before.
fn java(bytes: &[u8]) -> Option<Held> {
    let u32_at = |at: usize| Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk::<4>()?) as usize);
    let u16_at = |at: usize| Some(usize::from(u16::from_be_bytes(*bytes.get(at..)?.first_chunk::<2>()?)));
    let certificate = |at: usize| {
        let at = at + 2 + u16_at(at)?;
        Some(at + 4 + u32_at(at)?)
    };
    let (version, count) = (u32_at(4)?, u32_at(8)?);
    let certificate = |at: usize| if version == 1 { Some(at + 4 + u32_at(at)?) } else { certificate(at) };
    let mut private_keys = 0;
    let mut at = 12;
    for _ in 0..count {
        let tag = u32_at(at)?;
        at += 4;
        // Its name and the time when it was made.
        at += 2 + u16_at(at)? + 8;
        match tag {
            1 => {
                private_keys += 1;
                at += 4 + u32_at(at)?;
                let chain = u32_at(at)?;
                at += 4;
                for _ in 0..chain {
                    at = certificate(at)?;
                }
            }
            2 => at = certificate(at)?,
            // A secret key as an object of Java, of a length that is not told: nothing behind it is read.
            3 => {
                private_keys += 1;
                break;
            }
            _ => return None,
        }
    }
    let (body, digest) = bytes.split_at_checked(bytes.len().checked_sub(20)?)?;
    (at <= body.len()).then_some(())?;
    let opens = |password: &str| {
        let mut hash = Sha1::new();
        password.encode_utf16().for_each(|unit| hash.update(unit.to_be_bytes()));
        hash.update(b"Mighty Aphrodite");
        hash.update(body);
        hash.finalize()[..] == *digest
    };
    // The whole file is hashed for each password: not for a long one.
    let open = bytes.len() <= 4 << 20 && KNOWN.iter().any(|password| opens(password));
    Some(Held { private_keys, open })
}

/// A keystore of PKCS#12. Keys are counted wherever their ids stand, as not all programs write DER.
fn pkcs12(bytes: &[u8]) -> Held {
    let open_keys = memmem::find_iter(bytes, OPEN_KEY).count();
    let closed_keys = memmem::find_iter(bytes, CLOSED_KEY).count();
    let open = open_keys > 0 || mac(bytes).is_some_and(|mac| mac.opens());
    Held { private_keys: open_keys + closed_keys, open }
}

/// An element of DER: its tag, its content, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match first {
        ..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The content of an element of this tag, and what follows.
fn of_tag(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    element(bytes).filter(|(told, ..)| *told == tag).map(|(_, content, rest)| (content, rest))
}

/// What a password is checked by.
struct Mac<'b> {
    /// The id of the hash.
    hash: &'b [u8],
    digest: &'b [u8],
    salt: &'b [u8],
    rounds: u64,
    /// What it is made of.
    data: &'b [u8],
}

fn mac(bytes: &[u8]) -> Option<Mac<'_>> {
    let (store, _) = of_tag(0x30, bytes)?;
    let (_, rest) = of_tag(2, store)?;
    let (content, rest) = of_tag(0x30, rest)?;
    let (_, inner) = of_tag(6, content)?;
    let (inner, _) = of_tag(0xa0, inner)?;
    let (data, _) = of_tag(4, inner)?;
    let (mac, _) = of_tag(0x30, rest)?;
    let (info, rest) = of_tag(0x30, mac)?;
    let (algorithm, digest) = of_tag(0x30, info)?;
    let (digest, _) = of_tag(4, digest)?;
    let (hash, _) = of_tag(6, algorithm)?;
    let (salt, rest) = of_tag(4, rest)?;
    let rounds = match of_tag(2, rest) {
        Some((number, _)) if number.len() <= 4 => {
            number.iter().fold(0, |value, &byte| value << 8 | u64::from(byte))
        }
        Some(_) => return None,
        None => 1,
    };
    (salt.len() <= 1024 && rounds > 0).then_some(Mac { hash, digest, salt, rounds, data })
}

impl Mac<'_> {
    /// Does a known password fit? As many are tried as are worth the time.
    fn opens(&self) -> bool {
        // No password at all, which some programs write as one of no bytes, and the known ones with the
        // zero at their end.
        let known = KNOWN
            .iter()
            .map(|word| word.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect::<Vec<u8>>());
        let most = usize::try_from(HASHES / self.rounds).unwrap_or(usize::MAX);
        std::iter::once(Vec::new()).chain(known).take(most).any(|password| self.fits(&password))
    }

    fn fits(&self, password: &[u8]) -> bool {
        match self.hash {
            b"\x2b\x0e\x03\x02\x1a" => self.fits_by::<Sha1>(password),
            b"\x60\x86\x48\x01\x65\x03\x04\x02\x01" => self.fits_by::<Sha256>(password),
            b"\x60\x86\x48\x01\x65\x03\x04\x02\x02" => self.fits_by::<Sha384>(password),
            b"\x60\x86\x48\x01\x65\x03\x04\x02\x03" => self.fits_by::<Sha512>(password),
            _ => false,
        }
    }

    fn fits_by<D: Digest + BlockSizeUser>(&self, password: &[u8]) -> bool {
        let key = derive::<D>(password, self.salt, self.rounds);
        hmac::<D>(&key, self.data) == self.digest
    }
}

/// A key for a MAC of a password (RFC 7292, B.2, with the id 3): one block, as long as the hash.
fn derive<D: Digest + BlockSizeUser>(password: &[u8], salt: &[u8], rounds: u64) -> Vec<u8> {
    let block = D::block_size();
    let filled = |bytes: &[u8]| -> Vec<u8> {
        bytes.iter().copied().cycle().take(bytes.len().next_multiple_of(block)).collect()
    };
    let mut hash = D::new();
    hash.update(vec![3; block]);
    hash.update(filled(salt));
    hash.update(filled(password));
    let mut key = hash.finalize();
    for _ in 1..rounds {
        key = D::digest(&key);
    }
    key.to_vec()
}

/// RFC 2104.
fn hmac<D: Digest + BlockSizeUser>(key: &[u8], data: &[u8]) -> Vec<u8> {
    let padded = |by: u8| -> Vec<u8> {
        (0..D::block_size()).map(|at| key.get(at).copied().unwrap_or(0) ^ by).collect()
    };
    let inner = D::new().chain_update(padded(0x36)).chain_update(data).finalize();
    D::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macs_are_those_of_the_standards() {
        // RFC 4231, test case 2.
        let wanted = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let told: String = hmac::<Sha256>(b"Jefe", b"what do ya want for nothing?")
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(told, wanted);
    }

    #[test]
    fn other_bytes_are_no_keystore() {
        for bytes in
            [&b""[..], b"0", b"0\x82\x01\x02", b"0\x82\x01\x02\x02\x01\x030\x80text", b"\xfe\xed\xfe\xed"]
        {
            assert!(!is_pkcs12(bytes) && !is_java(bytes), "{bytes:?}");
        }
    }
}
