//! Values that look like secrets and are known to everybody: public keys, digests, versions, published keys,
//! rules of frameworks.

/// The digests (FNV-1a) of keys that vendors publish for their emulators: Azure Cosmos DB and Azurite.
const PUBLISHED: [u64; 2] = [0x9f19_20c6_cd48_4714, 0x3f9d_1c99_6e62_0b67];

/// Length of the keys in [`PUBLISHED`], in bytes.
const PUBLISHED_LENGTH: usize = 88;

/// True for a key that opens nothing but its vendor's emulator.
pub(super) fn published(value: &[u8]) -> bool {
    value.len() == PUBLISHED_LENGTH && PUBLISHED.contains(&fnv(value))
}

fn fnv(value: &[u8]) -> u64 {
    value
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// True for the scope of a signature of AWS, which names a key and holds none: `ID/date/region/s3/aws4_request`.
pub(super) fn scope(value: &[u8]) -> bool {
    value.ends_with(b"/aws4_request") || value.ends_with(b"%2Faws4_request")
}

/// True for a version, with or without where it comes from: `^3.1.6`, `npm:^3.1.6`, `npm:@scope/name@2.0.0`.
pub(super) fn version(value: &[u8]) -> bool {
    let bare = value.strip_prefix(b"npm:").or_else(|| value.strip_prefix(b"workspace:"));
    let number = bare.unwrap_or(value);
    let number = match memchr::memrchr(b'@', number) {
        Some(at) if bare.is_some() => &number[at + 1..],
        _ => number,
    };
    let ranged = matches!(number.first(), Some(b'^' | b'~' | b'>' | b'<'));
    let number = number.trim_ascii_start();
    (ranged || bare.is_some())
        && number.iter().any(|byte| *byte == b'.' || *byte == b'*')
        && number.iter().all(|&byte| byte.is_ascii_digit() || b"^~<>=.*x -|".contains(&byte))
}

/// True for the rules by which a framework checks what people enter: `required|min:8`, `nullable|string|max:255`.
pub(super) fn rules(value: &[u8]) -> bool {
    let rule = |part: &[u8]| {
        let (called, given) = match memchr::memchr(b':', part) {
            Some(colon) => part.split_at(colon),
            None => (part, &b""[..]),
        };
        called.len() >= 2
            && called.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_')
            && given.iter().all(|byte| byte.is_ascii_alphanumeric() || b":,_./-".contains(byte))
    };
    memchr::memchr(b'|', value).is_some() && value.split(|&byte| byte == b'|').all(rule)
}

/// True for a digest: as many hexadecimal digits as common hash functions give, or 32 bytes in base64.
pub(super) fn digest(value: &[u8]) -> bool {
    match value.len() {
        32 | 40 | 64 | 96 | 128 => value.iter().all(u8::is_ascii_hexdigit),
        44 => value.ends_with(b"=") && base64_simd::STANDARD.decode_to_vec(value).is_ok(),
        _ => false,
    }
}

/// True for what may be made of a password to keep it: many digits in hexadecimal, or whole bytes in base64.
pub(super) fn stored(value: &[u8]) -> bool {
    value.len() >= 24 && value.iter().all(u8::is_ascii_hexdigit)
        || (value.len() >= 24 || value.ends_with(b"="))
            && value.len().is_multiple_of(4)
            && base64_simd::STANDARD.decode_to_vec(value).is_ok()
}

/// True for base64 of a public key (`SubjectPublicKeyInfo`): a sequence that begins with a sequence that
/// begins with the identifier of RSA, elliptic curves or Edwards curves.
pub(super) fn public_key(value: &[u8]) -> bool {
    /// As much as holds the beginnings of both sequences and the identifier.
    const HEAD: usize = 24;
    if value.len() < 40 || value[0] != b'M' {
        return false;
    }
    let Ok(head) = base64_simd::STANDARD.decode_to_vec(&value[..HEAD]) else { return false };
    let Some(body) = sequence(&head).and_then(sequence) else { return false };
    let identifiers: [&[u8]; 3] = [
        b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01",
        b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",
        b"\x06\x03\x2b\x65",
    ];
    identifiers.iter().any(|identifier| body.starts_with(&identifier[..identifier.len().min(body.len())]))
        && body.len() >= 5
}

/// What is inside of a sequence in DER.
fn sequence(der: &[u8]) -> Option<&[u8]> {
    let (tag, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    (*tag == 0x30).then_some(())?;
    rest.get(if *length > 0x80 { usize::from(length & 0x7f) } else { 0 }..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for value in ["^3.1.6", "npm:^3.1.6", "npm:@scope/name@2.0.0", "workspace:*", "~1.2", ">=1.0 <2.0"] {
            assert!(version(value.as_bytes()), "{value}");
        }
        for value in ["3.1.6", "~home7", "^x9Kq2", "npm:pass7word", "*****", "19.80-12"] {
            assert!(!version(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn rules_of_frameworks() {
        for value in ["required|min:8", "nullable|string|max:255", "required|same:other_field,x"] {
            assert!(rules(value.as_bytes()), "{value}");
        }
        for value in ["required", "x9|Kq2", "a|b", "river9|copper", "|", ""] {
            assert!(!rules(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn stored_passwords() {
        assert!(stored("ab1146a8458d".repeat(4).as_bytes()) && stored(b"YCE="));
        assert!(!stored(b"ab1146a8458d9") && !stored(b"river!copper"));
    }

    #[test]
    fn public_keys() {
        let encode = |der: &[u8]| base64_simd::STANDARD.encode_to_string([der, &[7; 64]].concat());
        let rsa = b"\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
        let curve = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";
        assert!(public_key(encode(rsa).as_bytes()));
        assert!(public_key(encode(curve).as_bytes()));
        let private = b"\x30\x82\x04\xbf\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01";
        let sealed = b"\x30\x82\x04\xbf\x30\x40\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05";
        assert!(!public_key(encode(private).as_bytes()));
        assert!(!public_key(encode(sealed).as_bytes()));
    }

    #[test]
    fn digests_and_scopes() {
        assert!(digest("9f".repeat(20).as_bytes()) && !digest("9f".repeat(15).as_bytes()));
        assert!(digest(base64_simd::STANDARD.encode_to_string([9; 32]).as_bytes()));
        assert!(scope(b"Q3AM/20210315/us-east-1/s3/aws4_request") && !scope(b"aws4"));
    }

    #[test]
    fn published_keys() {
        let cosmos = [
            "C2y6yDjf5/R",
            "+ob0N8A7Cgv",
            "30VRDJIWEHL",
            "M+4QDU5DE2n",
            "Q9nDuVTqobD",
            "4b8mGGyPMbI",
            "ZnqyMsEcaGQ",
            "y67XIw/Jw==",
        ]
        .concat();
        assert!(published(cosmos.as_bytes()) && !published("C".repeat(88).as_bytes()));
    }
}
