//! Spellings of a value in encodings that mix the bits of neighbouring bytes, as they stand inside the
//! encoding of a longer text: only those characters that the value alone determines.

use super::report::Form;
use zeroize::Zeroizing;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// A value in one encoding.
pub(super) struct Encoded {
    /// The characters.
    pub text: Zeroizing<Vec<u8>>,
    /// The encoding.
    pub form: Form,
    /// Upper and lower case differ.
    pub exact: bool,
}

/// All spellings of a value that are sought as they are; see the module.
pub(super) fn encoded(value: &[u8]) -> Vec<Encoded> {
    let mut all: Vec<Encoded> = Vec::new();
    let mut add = |text: Vec<u8>, form: Form, exact: bool| {
        let text = Zeroizing::new(text);
        if !all.iter().any(|held| *held.text == *text) {
            all.push(Encoded { text, form, exact });
        }
    };
    for before in 0..3 {
        add(core(value, 6, before, BASE64), Form::Base64, true);
        add(core(value, 6, before, BASE64URL), Form::Base64, true);
    }
    for before in 0..5 {
        add(core(value, 5, before, BASE32), Form::Base32, false);
    }
    add(core(value, 4, 0, HEX), Form::Hex, false);
    all
}

/// The characters of `bits` bits each that a value determines where `before` other bytes stand before it.
fn core(value: &[u8], bits: usize, before: usize, alphabet: &[u8]) -> Vec<u8> {
    let (first, last) = (before * 8, (before + value.len()) * 8);
    let from = first.div_ceil(bits);
    (from..last / bits)
        .map(|at| {
            let bit = at * bits - first;
            let pair = u16::from(value[bit / 8]) << 8 | value.get(bit / 8 + 1).copied().map_or(0, u16::from);
            let index = pair >> (16 - bits - bit % 8) & ((1 << bits) - 1);
            alphabet[usize::from(index)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_stand_in_longer_encodings() {
        // RFC 4648, section 10, and the same behind one and two other bytes.
        assert_eq!(core(b"foobar", 6, 0, BASE64), b"Zm9vYmFy");
        assert_eq!(core(b"foobar", 6, 1, BASE64), b"Zvb2Jhc");
        assert_eq!(core(b"foobar", 6, 2, BASE64), b"mb29iYX");
        assert_eq!(core(b"foobar", 5, 0, BASE32), b"MZXW6YTBO");
        assert_eq!(core(b"foobar", 4, 0, HEX), b"666f6f626172");
        assert_eq!(core(b"", 6, 1, BASE64), b"");
    }
}
