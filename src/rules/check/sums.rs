//! Checksums and digests that no crate of ours has: CRC-16, CRC-24, Marvin-32, SHA-1, HMAC. SHA-1
//! stands here because old file formats name it; nothing is protected by it.

use sha2::{Digest, Sha256};

/// CRC-16/XMODEM: polynomial 0x1021, initial value 0.
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum: u16, &byte| {
        (0..8).fold(sum ^ u16::from(byte) << 8, |sum, _| sum << 1 ^ if sum >> 15 == 1 { 0x1021 } else { 0 })
    })
}

/// CRC-24 of OpenPGP (RFC 4880, 6.1).
pub fn crc24(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x00b7_04ce, |sum: u32, &byte| {
        (0..8).fold(sum ^ u32::from(byte) << 16, |sum, _| {
            let next = sum << 1;
            if next & 0x0100_0000 == 0 { next } else { next ^ 0x0186_4cfb }
        })
    })
}

/// Marvin-32 as .NET has it, both words: the high word is the second state. The seed's low word is
/// the first state.
pub fn marvin(bytes: &[u8], seed: u64) -> u64 {
    let (mut low, mut high) = (seed as u32, (seed >> 32) as u32);
    let mut mix = |word: u32| {
        low = low.wrapping_add(word);
        high ^= low;
        low = low.rotate_left(20).wrapping_add(high);
        high = high.rotate_left(9) ^ low;
        low = low.rotate_left(27).wrapping_add(high);
        high = high.rotate_left(19);
    };
    let (words, rest) = bytes.as_chunks::<4>();
    for word in words {
        mix(u32::from_le_bytes(*word));
    }
    let mut last = [0u8; 4];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    mix(u32::from_le_bytes(last));
    mix(0);
    u64::from(high) << 32 | u64::from(low)
}

/// Marvin-32 collapsed to 32 bits: high word XOR low word.
pub fn marvin32(bytes: &[u8], seed: u64) -> u32 {
    let both = marvin(bytes, seed);
    (both >> 32) as u32 ^ both as u32
}

/// SHA-256 of SHA-256, as the Bitcoin family uses it.
pub fn double_sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(Sha256::digest(bytes)).into()
}

/// SHA-1.
pub fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut message = bytes.to_vec();
    message.push(0x80);
    while message.len() % 64 != 56 {
        message.push(0);
    }
    message.extend((bytes.len() as u64 * 8).to_be_bytes());
    let mut state: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in message.as_chunks::<64>().0 {
        let mut words = [0u32; 80];
        for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        for at in 16..80 {
            words[at] = (words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16]).rotate_left(1);
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (round, word) in words.iter().enumerate() {
            let (choice, constant) = match round / 20 {
                0 => (b & c | !b & d, 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => (b & c | b & d | c & d, 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6),
            };
            let next = a
                .rotate_left(5)
                .wrapping_add(choice)
                .wrapping_add(e)
                .wrapping_add(constant)
                .wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (old, new) in state.iter_mut().zip([a, b, c, d, e]) {
            *old = old.wrapping_add(new);
        }
    }
    let mut out = [0; 20];
    for (place, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *place = word.to_be_bytes();
    }
    out
}

fn hmac(key: &[u8], message: &[u8], digest: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut padded = [0u8; 64];
    let key = if key.len() > 64 { digest(key) } else { key.to_vec() };
    padded[..key.len()].copy_from_slice(&key);
    let with = |mask: u8, tail: &[u8]| {
        let mut all: Vec<u8> = padded.iter().map(|byte| byte ^ mask).collect();
        all.extend_from_slice(tail);
        digest(&all)
    };
    with(0x5c, &with(0x36, message))
}

/// HMAC with SHA-1.
pub fn hmac_sha1(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac(key, message, |bytes| sha1(bytes).to_vec())
}

/// HMAC with SHA-256.
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac(key, message, |bytes| Sha256::digest(bytes).to_vec())
}

#[cfg(test)]
mod tests {
    use super::super::codec::to_hex;
    use super::*;

    #[test]
    fn known_check_values() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(crc24(b"123456789"), 0x0021_cf02);
        assert_eq!(to_hex(&sha1(b"abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(to_hex(&sha1(b"")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        let text = b"The quick brown fox jumps over the lazy dog";
        assert_eq!(to_hex(&hmac_sha1(b"key", text)), "de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9");
        assert_eq!(
            to_hex(&hmac_sha256(b"key", text)),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
        );
    }

    /// Published test vectors of Marvin-32.
    #[test]
    fn marvin_vectors() {
        const SEED: u64 = 0x004f_b61a_001b_dbcc;
        assert_eq!(marvin(&[], SEED), 0x30ed_35c1_00cd_3c7d);
        assert_eq!(marvin(&[0xaf], SEED), 0x48e7_3fc7_7d75_ddc1);
        assert_eq!(marvin(&[0xe7, 0x0f], SEED), 0xb5f6_e1fc_485d_bff8);
        assert_eq!(marvin(&[0x37, 0xf4, 0x95], SEED), 0xf0b0_7c78_9b8c_f7e8);
        assert_eq!(marvin(&[0x86, 0x42, 0xdc, 0x59], SEED), 0x7008_f2e8_7e9c_f556);
    }
}
