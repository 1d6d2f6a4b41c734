//! OpenSSH's private key format (PROTOCOL.key): magic, cipher, key derivation, public and private part.

use super::{Details, Verdict, clean};

/// Take a length-prefixed string off the front.
pub(super) fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, behind) = rest.split_first_chunk::<4>()?;
    let (text, behind) = behind.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *rest = behind;
    Some(text)
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (number, behind) = rest.split_first_chunk::<4>()?;
    *rest = behind;
    Some(u32::from_be_bytes(*number))
}

/// Judge the bytes of a key.
pub(super) fn private_key(bytes: &[u8]) -> (Verdict, Details) {
    let Some(rest) = bytes.strip_prefix(b"openssh-key-v1\0") else {
        return (Verdict::Invalid, Vec::new());
    };
    let mut details = vec![("form", "OpenSSH".to_owned())];
    match parts(rest, &mut details) {
        Some(true) => (Verdict::Valid, details),
        Some(false) => (Verdict::Invalid, details),
        // The magic is right and the rest is cut off.
        None => (Verdict::Unknown, details),
    }
}

/// False where the two numbers differ that are equal in every key which is not encrypted.
fn parts(mut rest: &[u8], details: &mut Details) -> Option<bool> {
    let cipher = string(&mut rest)?;
    let plain = cipher == b"none";
    details.push(("encrypted", if plain { "no" } else { "yes" }.to_owned()));
    if !plain {
        details.push(("cipher", clean(&String::from_utf8_lossy(cipher))));
    }
    string(&mut rest)?;
    string(&mut rest)?;
    if number(&mut rest)? == 0 {
        return Some(false);
    }
    let mut public = string(&mut rest)?;
    let kind = clean(&String::from_utf8_lossy(string(&mut public)?));
    if kind == "ssh-rsa" {
        string(&mut public)?;
        let modulus = string(&mut public)?;
        let digits = modulus.iter().skip_while(|&&byte| byte == 0).count();
        details.push(("bits", (digits * 8).to_string()));
    }
    if kind.starts_with("sk-") {
        details.push(("hardware", "the key needs its security device".to_owned()));
    }
    details.push(("algorithm", kind));
    let mut private = string(&mut rest)?;
    Some(!plain || number(&mut private)? == number(&mut private)?)
}
