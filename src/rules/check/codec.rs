//! Text forms of bytes and numbers: base64, base32, base58, base62, bech32, hex and dates. Decoders
//! return `None` for text that is not in the form; none of them panics.

/// Digits, upper-case, lower-case letters.
pub const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// RFC 4648 base32.
pub const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// RFC 4648 base64.
pub const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// RFC 4648 base64 for URLs and file names.
pub const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Bitcoin's base58.
pub const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// The XRP ledger's base58.
pub const RIPPLE58: &[u8; 58] = b"rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";
/// Bech32 (BIP-173).
pub const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

const fn table64() -> [u8; 256] {
    let mut table = [0xff; 256];
    let mut at = 0;
    while at < 64 {
        table[BASE64[at] as usize] = at as u8;
        table[BASE64URL[at] as usize] = at as u8;
        at += 1;
    }
    table
}

static TABLE64: [u8; 256] = table64();

/// Decode base64 of either alphabet, with or without padding. Bits left over at the end are ignored.
pub fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    if text.len() % 4 == 1 {
        return None;
    }
    bits(text, 6, |byte| TABLE64[usize::from(byte)])
}

/// True for a character of either base64 alphabet; not for `=`.
pub fn is_base64(byte: u8) -> bool {
    TABLE64[usize::from(byte)] != 0xff
}

/// Decode base32 of upper-case or lower-case letters, with or without padding.
pub fn base32(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().rposition(|&byte| byte != b'=').map_or(0, |last| last + 1);
    bits(&text[..end], 5, |byte| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a',
        b'2'..=b'7' => byte - b'2' + 26,
        _ => 0xff,
    })
}

fn bits(text: &[u8], width: u32, digit: impl Fn(u8) -> u8) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let (mut pool, mut held) = (0u32, 0);
    for &byte in text {
        let value = digit(byte);
        if value == 0xff {
            return None;
        }
        pool = pool << width | u32::from(value);
        held += width;
        if held >= 8 {
            held -= 8;
            out.push((pool >> held) as u8);
        }
        pool &= (1 << held) - 1;
    }
    Some(out)
}

/// Write bytes in an alphabet of 32 or 64 characters, first bits first, without padding.
pub fn encode_bits(bytes: &[u8], alphabet: &[u8]) -> String {
    let width = alphabet.len().trailing_zeros();
    let (mut pool, mut held) = (0u32, 0);
    let mut out = String::new();
    for &byte in bytes {
        pool = pool << 8 | u32::from(byte);
        held += 8;
        while held >= width {
            held -= width;
            out.push(char::from(alphabet[(pool >> held) as usize & (alphabet.len() - 1)]));
        }
        pool &= (1 << held) - 1;
    }
    if held > 0 {
        out.push(char::from(alphabet[(pool << (width - held)) as usize & (alphabet.len() - 1)]));
    }
    out
}

/// Standard base64 with padding.
pub fn to_base64(bytes: &[u8]) -> String {
    let mut out = encode_bits(bytes, BASE64);
    while !out.len().is_multiple_of(4) {
        out.push('=');
    }
    out
}

/// Base64 for URLs, without padding.
pub fn to_base64url(bytes: &[u8]) -> String {
    encode_bits(bytes, BASE64URL)
}

/// A number in an alphabet, most significant digit first, filled up to `width` with the zero digit.
pub fn number(mut value: u64, alphabet: &[u8], width: usize) -> String {
    let base = alphabet.len() as u64;
    let mut digits = Vec::new();
    while value > 0 {
        digits.push(alphabet[(value % base) as usize]);
        value /= base;
    }
    while digits.len() < width {
        digits.push(alphabet[0]);
    }
    digits.iter().rev().map(|&digit| char::from(digit)).collect()
}

/// Read a number in base 36 (digits and letters of either case).
pub fn base36(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |value, &byte| {
        let digit = char::from(byte).to_digit(36)?;
        value.checked_mul(36)?.checked_add(u64::from(digit))
    })
}

/// Read a decimal number.
pub fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |value, &byte| {
        let digit = char::from(byte).to_digit(10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Decode hexadecimal of either case.
pub fn hex(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() % 2 == 1 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    text.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// Lower-case hexadecimal.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Longest base58 text that is decoded: the work grows with the square of the length.
const BASE58_LIMIT: usize = 256;

/// Decode base58 in an alphabet of 58 characters.
pub fn base58(text: &[u8], alphabet: &[u8; 58]) -> Option<Vec<u8>> {
    if text.len() > BASE58_LIMIT {
        return None;
    }
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    for byte in text {
        let mut carry = alphabet.iter().position(|digit| digit == byte)?;
        for place in bytes.iter_mut() {
            carry += usize::from(*place) * 58;
            *place = carry as u8;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push(carry as u8);
            carry >>= 8;
        }
    }
    let zeros = text.iter().take_while(|&&byte| byte == alphabet[0]).count();
    bytes.extend(std::iter::repeat_n(0, zeros));
    bytes.reverse();
    Some(bytes)
}

/// Write bytes in base58.
pub fn to_base58(bytes: &[u8], alphabet: &[u8; 58]) -> String {
    let mut digits: Vec<u8> = Vec::new();
    for &byte in bytes {
        let mut carry = usize::from(byte);
        for digit in digits.iter_mut() {
            carry += usize::from(*digit) << 8;
            *digit = (carry % 58) as u8;
            carry /= 58;
        }
        while carry > 0 {
            digits.push((carry % 58) as u8);
            carry /= 58;
        }
    }
    digits.extend(std::iter::repeat_n(0, bytes.iter().take_while(|&&byte| byte == 0).count()));
    digits.iter().rev().map(|&digit| char::from(alphabet[usize::from(digit)])).collect()
}

fn polymod(values: impl Iterator<Item = u8>) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    values.fold(1, |check: u32, value| {
        let top = check >> 25;
        let shifted = (check & 0x01ff_ffff) << 5 ^ u32::from(value);
        (0..5).filter(|bit| top >> bit & 1 == 1).fold(shifted, |sum, bit| sum ^ GENERATOR[bit])
    })
}

fn expanded(human: &str) -> impl Iterator<Item = u8> + '_ {
    human.bytes().map(|byte| byte >> 5).chain([0]).chain(human.bytes().map(|byte| byte & 31))
}

/// Decode bech32 (BIP-173, constant 1) of one case and any length: the human-readable part in lower
/// case and the data bytes.
pub fn bech32(text: &[u8]) -> Option<(String, Vec<u8>)> {
    let lower = text.iter().any(u8::is_ascii_lowercase);
    if lower && text.iter().any(u8::is_ascii_uppercase) || !text.is_ascii() {
        return None;
    }
    let text = String::from_utf8(text.to_ascii_lowercase()).ok()?;
    let (human, data) = text.rsplit_once('1')?;
    if human.is_empty() || data.len() < 6 {
        return None;
    }
    let values: Vec<u8> = data
        .bytes()
        .map(|byte| BECH32.iter().position(|&digit| digit == byte).map(|value| value as u8))
        .collect::<Option<_>>()?;
    if polymod(expanded(human).chain(values.iter().copied())) != 1 {
        return None;
    }
    let bytes = bits(&values[..values.len() - 6], 5, |value| value)?;
    Some((human.to_owned(), bytes))
}

/// Write bytes as bech32 in lower case.
pub fn to_bech32(human: &str, bytes: &[u8]) -> String {
    with_bech32_sum(human, &encode_bits(bytes, BECH32))
}

/// Put the human-readable part before data in bech32 digits, and the checksum behind it.
pub fn with_bech32_sum(human: &str, plain: &str) -> String {
    let values = plain.bytes().filter_map(|byte| BECH32.iter().position(|&digit| digit == byte));
    let sum = polymod(expanded(human).chain(values.map(|value| value as u8)).chain([0; 6])) ^ 1;
    let check: String =
        (0..6).map(|place| char::from(BECH32[(sum >> (5 * (5 - place)) & 31) as usize])).collect();
    format!("{human}1{plain}{check}")
}

/// A moment given in seconds since 1970 as an ISO 8601 date and time in UTC; `None` past the year 9999.
pub fn iso_time(seconds: u64) -> Option<String> {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Counted from 1 March of the year 0, so that the leap day ends a year.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    (year <= 9_999)
        .then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_values_of_the_standards() {
        assert_eq!(to_base64(b"foobar!"), "Zm9vYmFyIQ==");
        assert_eq!(base64(b"Zm9vYmFyIQ").as_deref(), Some(&b"foobar!"[..]));
        assert_eq!(encode_bits(b"fooba", BASE32), "MZXW6YTB");
        assert_eq!(base32(b"mzxw6ytb").as_deref(), Some(&b"fooba"[..]));
        // From the draft of base58.
        assert_eq!(to_base58(b"Hello World!", BASE58), "2NEpo7TZRRrLZSi2U");
        assert_eq!(base58(b"11233QC4", BASE58), Some(vec![0, 0, 0x28, 0x7f, 0xb4, 0xcd]));
        // BIP-173: valid texts without and with data.
        assert_eq!(bech32(b"A12UEL5L"), Some(("a".to_owned(), vec![])));
        assert!(bech32(b"split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w").is_some());
        assert_eq!(bech32(b"A1G7SGD8"), None);
        assert_eq!(bech32(b"a12UEL5L"), None);
    }

    #[test]
    fn dates() {
        assert_eq!(iso_time(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(iso_time(951_827_696).as_deref(), Some("2000-02-29T12:34:56Z"));
        assert_eq!(iso_time(1_735_689_599).as_deref(), Some("2024-12-31T23:59:59Z"));
        assert_eq!(iso_time(u64::MAX), None);
    }

    #[test]
    fn numbers() {
        assert_eq!(number(61, BASE62, 3), "00z");
        assert_eq!(base36(b"zz"), Some(1295));
        assert_eq!(base36(b"zzzzzzzzzzzzzzzzzzzz"), None);
        assert_eq!(decimal(b""), None);
        assert_eq!(hex(b"0aFF"), Some(vec![10, 255]));
        assert_eq!(hex(b"0aF"), None);
    }

    proptest! {
        #[test]
        fn encodings_go_there_and_back(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(base64(to_base64(&bytes).as_bytes()), Some(bytes.clone()));
            prop_assert_eq!(base64(to_base64url(&bytes).as_bytes()), Some(bytes.clone()));
            prop_assert_eq!(base32(encode_bits(&bytes, BASE32).as_bytes()), Some(bytes.clone()));
            prop_assert_eq!(base58(to_base58(&bytes, RIPPLE58).as_bytes(), RIPPLE58), Some(bytes.clone()));
            prop_assert_eq!(bech32(to_bech32("some", &bytes).as_bytes()), Some(("some".to_owned(), bytes.clone())));
            prop_assert_eq!(hex(to_hex(&bytes).as_bytes()), Some(bytes));
        }
    }
}
