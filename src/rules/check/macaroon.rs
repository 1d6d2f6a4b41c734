//! Macaroons: the binary form 2 (PyPI, lnd) and the text packets of form 1.

use super::codec;
use super::{Check, Details, Generator, Verdict, clean, proven, with_details};

pub(super) const CHECKS: &[Check] = &[Check {
    name: "macaroon",
    about: "the token decodes to the fields of a macaroon",
    run: |value| with_details(verdict(value), || details(value)),
    verdict,
    make: Some(make),
}];

/// The base64 text, or what of it stands behind the text that is already there: `pypi-` and its usual
/// beginning, or a macaroon of another place.
fn make(random: &mut Generator, text: &str, length: usize) -> Option<String> {
    let body = text.strip_prefix("pypi-").unwrap_or(text);
    let place = match (text.starts_with("pypi-"), body.starts_with("AgEN")) {
        (true, true) => "test.pypi.org",
        (true, false) => "pypi.org",
        _ => "example",
    };
    let fixed = 41 + place.len();
    let name = ((body.len() + length) * 3 / 4).checked_sub(fixed).filter(|&name| (1..128).contains(&name))?;
    let mut bytes = vec![2, 1, place.len() as u8];
    bytes.extend_from_slice(place.as_bytes());
    bytes.extend([2, name as u8]);
    bytes.extend(random.bytes(name));
    bytes.extend([0, 0, 6, 32]);
    bytes.extend(random.bytes(32));
    let whole = codec::to_base64url(&bytes);
    let end = whole.strip_prefix(body)?;
    (end.len() == length).then(|| end.to_owned())
}

/// What is open in a macaroon.
struct Macaroon {
    location: String,
    caveats: usize,
}

fn decoded(value: &[u8]) -> Option<Vec<u8>> {
    let body = value.strip_prefix(b"pypi-").unwrap_or(value);
    if body.starts_with(b"0201") {
        return codec::hex(body);
    }
    codec::base64(body)
}

fn read(value: &[u8]) -> Option<Macaroon> {
    let bytes = decoded(value)?;
    match bytes.split_first()? {
        (2, fields) => binary(fields),
        _ => packets(&bytes),
    }
}

fn varint(rest: &mut &[u8]) -> Option<usize> {
    let mut value = 0usize;
    for shift in [0, 7, 14, 21] {
        let (&byte, behind) = rest.split_first()?;
        *rest = behind;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A field: its type and content; type 0 ends a section and has no content.
fn field<'a>(rest: &mut &'a [u8]) -> Option<(usize, &'a [u8])> {
    let kind = varint(rest)?;
    if kind == 0 {
        return Some((0, &[]));
    }
    let length = varint(rest)?;
    let (content, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some((kind, content))
}

fn binary(mut rest: &[u8]) -> Option<Macaroon> {
    let mut location = String::new();
    let (mut kind, mut content) = field(&mut rest)?;
    if kind == 1 {
        location = clean(&String::from_utf8_lossy(content));
        (kind, content) = field(&mut rest)?;
    }
    if kind != 2 || content.is_empty() || field(&mut rest)?.0 != 0 {
        return None;
    }
    let mut caveats = 0;
    loop {
        match field(&mut rest)?.0 {
            0 => break,
            1 => {}
            2 => caveats += 1,
            _ => return None,
        }
        while field(&mut rest)?.0 != 0 {}
    }
    let (kind, signature) = field(&mut rest)?;
    (kind == 6 && signature.len() == 32).then_some(Macaroon { location, caveats })
}

/// Form 1: four hexadecimal digits of length, a name, a space, a value and a line end, again and again.
fn packets(bytes: &[u8]) -> Option<Macaroon> {
    let mut found = Macaroon { location: String::new(), caveats: 0 };
    let (mut rest, mut identified, mut signed) = (bytes, false, false);
    while !rest.is_empty() {
        let length = usize::from_str_radix(std::str::from_utf8(rest.get(..4)?).ok()?, 16).ok()?;
        let packet = rest.get(4..length)?.strip_suffix(b"\n")?;
        rest = rest.get(length..)?;
        let space = packet.iter().position(|&byte| byte == b' ')?;
        match &packet[..space] {
            b"location" => found.location = clean(&String::from_utf8_lossy(&packet[space + 1..])),
            b"identifier" => identified = true,
            b"signature" => signed = true,
            b"cid" => found.caveats += 1,
            b"vid" | b"cl" => {}
            _ => return None,
        }
    }
    (identified && signed).then_some(found)
}

fn verdict(value: &[u8]) -> Verdict {
    let verdict = proven(read(value).is_some());
    if value.starts_with(b"pypi-") { super::raised(verdict) } else { verdict }
}

fn details(value: &[u8]) -> Option<Details> {
    let found = read(value)?;
    Some(vec![("location", found.location), ("caveats", found.caveats.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_packets() {
        let packet =
            |name: &str, value: &str| format!("{:04x}{name} {value}\n", name.len() + value.len() + 6);
        let text = [
            packet("location", "https://example.org"),
            packet("identifier", "k1"),
            packet("cid", "time < 2030"),
            packet("signature", &"s".repeat(32)),
        ]
        .concat();
        let token = codec::to_base64url(text.as_bytes());
        assert_eq!(verdict(token.as_bytes()), Verdict::Valid);
        let details = details(token.as_bytes()).unwrap();
        assert_eq!(details[0], ("location", "https://example.org".to_owned()));
        assert_eq!(details[1], ("caveats", "1".to_owned()));
        assert_eq!(verdict(codec::to_base64url(&text.as_bytes()[..40]).as_bytes()), Verdict::Invalid);
    }
}
