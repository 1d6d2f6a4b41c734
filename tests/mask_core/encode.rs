//! Encoders, written for tests.

pub const STD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// `bits` bits a character, most significant first, without padding.
fn radix(bytes: &[u8], bits: u32, alphabet: &[u8]) -> Vec<u8> {
    let (mut held, mut count, mut out) = (0u32, 0, Vec::new());
    for &byte in bytes {
        held = held << 8 | u32::from(byte);
        count += 8;
        while count >= bits {
            count -= bits;
            out.push(alphabet[(held >> count) as usize & ((1 << bits) - 1)]);
        }
    }
    if count > 0 {
        out.push(alphabet[(held << (bits - count)) as usize & ((1 << bits) - 1)]);
    }
    out
}

pub fn base64_bare(bytes: &[u8], alphabet: &[u8]) -> Vec<u8> {
    radix(bytes, 6, alphabet)
}

pub fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = radix(bytes, 6, STD);
    while !out.len().is_multiple_of(4) {
        out.push(b'=');
    }
    out
}

pub fn base32(bytes: &[u8]) -> Vec<u8> {
    let mut out = radix(bytes, 5, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    while !out.len().is_multiple_of(8) {
        out.push(b'=');
    }
    out
}

/// Lines of `width` characters.
pub fn wrap(text: &[u8], width: usize, end: &str) -> Vec<u8> {
    text.chunks(width).collect::<Vec<_>>().join(end.as_bytes())
}

pub fn hex(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

/// Hexadecimal pairs, each with `lead` before it and `between` between them.
pub fn pairs(bytes: &[u8], lead: &str, between: &str) -> Vec<u8> {
    let all: Vec<String> = bytes.iter().map(|byte| format!("{lead}{byte:02x}")).collect();
    all.join(between).into_bytes()
}

/// `od -A d -t x1`.
pub fn od(bytes: &[u8]) -> Vec<u8> {
    let mut out = String::new();
    for (line, part) in bytes.chunks(16).enumerate() {
        out += &format!("{:07o}", line * 16);
        part.iter().for_each(|byte| out += &format!(" {byte:02x}"));
        out += "\n";
    }
    out += &format!("{:07o}\n", bytes.len());
    out.into_bytes()
}

fn printable(part: &[u8]) -> String {
    part.iter().map(|&byte| if (32..127).contains(&byte) { byte as char } else { '.' }).collect()
}

/// `xxd`.
pub fn xxd(bytes: &[u8]) -> Vec<u8> {
    let mut out = String::new();
    for (line, part) in bytes.chunks(16).enumerate() {
        let groups: Vec<String> = part.chunks(2).map(|pair| String::from_utf8(hex(pair)).unwrap()).collect();
        out += &format!("{:08x}: {:<39}  {}\n", line * 16, groups.join(" "), printable(part));
    }
    out.into_bytes()
}

/// `hexdump -C`.
pub fn hexdump(bytes: &[u8]) -> Vec<u8> {
    let mut out = String::new();
    for (line, part) in bytes.chunks(16).enumerate() {
        let half = |half: &[u8]| String::from_utf8(pairs(half, "", " ")).unwrap();
        let (one, other) = part.split_at(part.len().min(8));
        out += &format!("{:08x}  {:<23}  {:<23}  |{}|\n", line * 16, half(one), half(other), printable(part));
    }
    out.into_bytes()
}

pub fn utf16(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|&byte| [byte, 0]).collect()
}

fn unreserved(byte: u8, safe: &[u8]) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || safe.contains(&byte)
}

/// Percent-encoding; `safe` bytes stay as they are besides the unreserved ones.
pub fn percent(bytes: &[u8], safe: &[u8], upper: bool) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|&byte| match (unreserved(byte, safe), upper) {
            (true, _) => vec![byte],
            (false, true) => format!("%{byte:02X}").into_bytes(),
            (false, false) => format!("%{byte:02x}").into_bytes(),
        })
        .collect()
}

/// Every byte that `escaped` says yes to as `make` writes it.
pub fn escape(bytes: &[u8], escaped: impl Fn(u8) -> bool, make: impl Fn(u8) -> String) -> Vec<u8> {
    bytes.iter().flat_map(|&byte| if escaped(byte) { make(byte).into_bytes() } else { vec![byte] }).collect()
}

/// A string of JSON, without its quotes.
pub fn json(bytes: &[u8]) -> Vec<u8> {
    escape(
        bytes,
        |byte| matches!(byte, b'"' | b'\\' | b'\n'),
        |byte| match byte {
            b'\n' => "\\n".to_owned(),
            other => format!("\\{}", other as char),
        },
    )
}

/// Replace every `from` by `to`.
pub fn replace(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    String::from_utf8_lossy(bytes).replace(from, to).into_bytes()
}
