//! Just enough DER (X.690) to tell private keys apart: which structure, which algorithm, what size.

use super::{Details, Verdict};

/// One element: its tag and content.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
}

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// Why an element cannot be read.
enum Trouble {
    /// Its header is right and says that more bytes should follow.
    Cut,
    /// It is not DER.
    Malformed,
}

/// Read the first element; what follows it comes second.
fn element(bytes: &[u8]) -> Result<(Element<'_>, &[u8]), Trouble> {
    let (&tag, rest) = bytes.split_first().ok_or(Trouble::Cut)?;
    let (&first, mut rest) = rest.split_first().ok_or(Trouble::Cut)?;
    let length = match first {
        0..=0x7f => usize::from(first),
        0x81..=0x83 => {
            let count = usize::from(first & 0x7f);
            let (length, behind) = rest.split_at_checked(count).ok_or(Trouble::Cut)?;
            rest = behind;
            length.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte))
        }
        _ => return Err(Trouble::Malformed),
    };
    let (content, behind) = rest.split_at_checked(length).ok_or(Trouble::Cut)?;
    Ok((Element { tag, content }, behind))
}

fn children(mut bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut all = Vec::new();
    // No private key has more parts than this; it bounds the work on bad input.
    while !bytes.is_empty() && all.len() < 32 {
        let (one, rest) = element(bytes).ok()?;
        all.push(one);
        bytes = rest;
    }
    Some(all)
}

fn tags(elements: &[Element]) -> Vec<u8> {
    elements.iter().map(|element| element.tag).collect()
}

/// Size of an INTEGER in bits.
fn bit_length(integer: &[u8]) -> usize {
    let zeros = integer.iter().take_while(|&&byte| byte == 0).count();
    integer[zeros..].first().map_or(0, |first| (integer.len() - zeros) * 8 - first.leading_zeros() as usize)
}

/// Judge the bytes of a private key: what it is, or that it is none.
pub(super) fn private_key(bytes: &[u8]) -> (Verdict, Details) {
    let root = match element(bytes) {
        Ok((root, _)) if root.tag == SEQUENCE => root,
        Err(Trouble::Cut) if bytes.first() == Some(&SEQUENCE) && bytes.len() >= 32 => {
            return (Verdict::Unknown, vec![("form", "incomplete key".to_owned())]);
        }
        _ => return (Verdict::Invalid, Vec::new()),
    };
    match children(root.content).as_deref().and_then(shape) {
        Some(details) => (Verdict::Valid, details),
        None => (Verdict::Invalid, Vec::new()),
    }
}

fn described(form: &str, algorithm: String, bits: Option<usize>) -> Details {
    let mut details = vec![("form", form.to_owned()), ("algorithm", algorithm)];
    details.extend(bits.map(|bits| ("bits", bits.to_string())));
    details.push(("encrypted", "no".to_owned()));
    details
}

fn shape(parts: &[Element]) -> Option<Details> {
    match tags(parts)[..] {
        // PKCS#1: version, n, e, d, p, q, dp, dq, qi. DSA: version, p, q, g, public, private.
        [INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, ref rest @ ..] => {
            let bits = bit_length(parts[1].content);
            if version(&parts[0]) > Some(1) || bits < 256 {
                return None;
            }
            if rest.is_empty() {
                return Some(described("DSA", "DSA".to_owned(), Some(bits)));
            }
            let all = rest.len() >= 3 && rest[..3].iter().all(|&tag| tag == INTEGER);
            all.then(|| described("PKCS#1", "RSA".to_owned(), Some(bits)))
        }
        // PKCS#8: version, algorithm, key.
        [INTEGER, SEQUENCE, OCTETS, ..] if version(&parts[0]) <= Some(1) => pkcs8(&parts[1], &parts[2]),
        // SEC1: version, key, curve, public key.
        [INTEGER, OCTETS, ..] if version(&parts[0]) == Some(1) && parts[1].content.len() >= 16 => {
            let named = parts.iter().find(|part| part.tag == 0xa0);
            let named = named.and_then(|part| element(part.content).ok());
            let name = named.map_or("EC".to_owned(), |(oid, _)| format!("EC {}", curve(oid.content)));
            Some(described("SEC1", name, None))
        }
        [SEQUENCE, OCTETS] => encrypted(&parts[0], &parts[1]),
        _ => None,
    }
}

fn version(integer: &Element) -> Option<u8> {
    match *integer.content {
        [version] => Some(version),
        _ => Some(u8::MAX),
    }
}

fn pkcs8(algorithm: &Element, key: &Element) -> Option<Details> {
    let parts = children(algorithm.content)?;
    let oid = parts.first().filter(|part| part.tag == OID)?;
    if key.content.is_empty() {
        return None;
    }
    let inner = || element(key.content).ok().and_then(|(root, _)| children(root.content));
    let (name, bits) = match oid_text(oid.content).as_str() {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => {
            let parts = inner().filter(|parts| parts.len() >= 9)?;
            ("RSA".to_owned(), Some(bit_length(parts[1].content)))
        }
        "1.2.840.10045.2.1" => {
            (parts.get(1).map_or("EC".to_owned(), |part| format!("EC {}", curve(part.content))), None)
        }
        "1.2.840.10040.4.1" => ("DSA".to_owned(), None),
        "1.2.840.113549.1.3.1" => ("Diffie-Hellman".to_owned(), None),
        "1.3.101.110" => ("X25519".to_owned(), None),
        "1.3.101.111" => ("X448".to_owned(), None),
        "1.3.101.112" => ("Ed25519".to_owned(), None),
        "1.3.101.113" => ("Ed448".to_owned(), None),
        "2.16.840.1.101.3.4.3.17" => ("ML-DSA-44".to_owned(), None),
        "2.16.840.1.101.3.4.3.18" => ("ML-DSA-65".to_owned(), None),
        "2.16.840.1.101.3.4.3.19" => ("ML-DSA-87".to_owned(), None),
        other => (other.to_owned(), None),
    };
    Some(described("PKCS#8", name, bits))
}

fn encrypted(algorithm: &Element, data: &Element) -> Option<Details> {
    let parts = children(algorithm.content)?;
    let oid = parts.first().filter(|part| part.tag == OID)?;
    if data.content.len() < 16 {
        return None;
    }
    let scheme = match oid_text(oid.content).as_str() {
        "1.2.840.113549.1.5.13" => "PBES2".to_owned(),
        other if other.starts_with("1.2.840.113549.1.5.") => "PBES1".to_owned(),
        other if other.starts_with("1.2.840.113549.1.12.1.") => "PKCS#12 PBE".to_owned(),
        other => other.to_owned(),
    };
    let mut details =
        vec![("form", "PKCS#8".to_owned()), ("encrypted", "yes".to_owned()), ("scheme", scheme)];
    details.extend(iterations(&parts).map(|count| ("iterations", count.to_string())));
    Some(details)
}

/// PBES2: { { PBKDF2, { salt, iterations, … } }, cipher }.
fn iterations(algorithm: &[Element]) -> Option<u64> {
    let both = children(algorithm.get(1)?.content)?;
    let derivation = children(both.first()?.content)?;
    let parameters = children(derivation.get(1)?.content)?;
    let count = parameters.get(1).filter(|count| count.tag == INTEGER && count.content.len() <= 7)?;
    Some(count.content.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
}

/// An object identifier in dotted form; what does not fit 64 bits is left out.
fn oid_text(content: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut value = 0u64;
    for &byte in content {
        value = value.wrapping_shl(7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (value / 40).min(2);
                arcs.push(first);
                arcs.push(value - first * 40);
            } else {
                arcs.push(value);
            }
            value = 0;
        }
    }
    let arcs: Vec<String> = arcs.iter().map(u64::to_string).collect();
    arcs.join(".")
}

fn curve(oid: &[u8]) -> String {
    let text = oid_text(oid);
    match text.as_str() {
        "1.2.840.10045.3.1.7" => "P-256",
        "1.3.132.0.34" => "P-384",
        "1.3.132.0.35" => "P-521",
        "1.3.132.0.10" => "secp256k1",
        _ => return text,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_identifiers() {
        assert_eq!(oid_text(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]), "1.2.840.113549.1.1.1");
        assert_eq!(oid_text(&[0x2b, 0x65, 0x70]), "1.3.101.112");
        assert_eq!(oid_text(&[]), "");
    }

    #[test]
    fn bits_of_integers() {
        assert_eq!(bit_length(&[0, 0xff]), 8);
        assert_eq!(bit_length(&[1, 0]), 9);
        assert_eq!(bit_length(&[]), 0);
    }

    #[test]
    fn bad_bytes_are_no_key() {
        assert_eq!(private_key(b"").0, Verdict::Invalid);
        assert_eq!(private_key(&[0x30, 0]).0, Verdict::Invalid);
        assert_eq!(private_key(&[0x30, 0x84, 1, 2, 3, 4]).0, Verdict::Invalid);
        let mut cut = vec![0x30, 0x82, 0x04, 0xa4];
        cut.resize(100, 7);
        assert_eq!(private_key(&cut).0, Verdict::Unknown);
    }
}
