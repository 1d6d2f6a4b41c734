//! What 64 bytes are, as bits: bit `n` is set where byte `n` belongs to a class.

/// Number of bytes that are looked at together.
pub(super) const BLOCK: usize = 64;

/// The classes of 64 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Masks {
    /// An escape of some kind may begin with it.
    pub hot: u64,
    /// White space.
    pub space: u64,
    /// A character of base64.
    pub base64: u64,
    /// A hexadecimal digit.
    pub hex: u64,
    /// A line end.
    pub line: u64,
}

/// Bits of the classes in [`HOT`].
const fn is_hot(byte: u8) -> bool {
    matches!(
        byte,
        b'"' | b'$'
            | b'%'
            | b'&'
            | b'\''
            | b'+'
            | b'\\'
            | b'^'
            | 0
            | 8
            | 0x1b
            | b'`'
            | b'='
            | 0xc2
            | 0xe2
            | 0xef
    )
}

impl Masks {
    /// The classes of a block.
    #[inline]
    pub(super) fn of(block: &[u8; BLOCK], vectors: bool) -> Masks {
        #[cfg(target_arch = "x86_64")]
        if vectors {
            return avx2::masks(block);
        }
        let _ = vectors;
        Masks::scalar(block)
    }

    /// The same byte by byte.
    pub(super) fn scalar(block: &[u8; BLOCK]) -> Masks {
        let mut masks = Masks::default();
        for (at, &byte) in block.iter().enumerate() {
            masks.hot |= u64::from(is_hot(byte)) << at;
            masks.space |= u64::from(super::is_space(byte)) << at;
            masks.base64 |= u64::from(super::is_base64(byte)) << at;
            masks.hex |= u64::from(byte.is_ascii_hexdigit()) << at;
            masks.line |= u64::from(byte == b'\n') << at;
        }
        masks
    }
}

/// Can vectors be used here?
pub(super) fn vectors() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)] // vector instructions: six times as fast as byte by byte (bench `mask`)
mod avx2 {
    use super::{BLOCK, Masks};
    use crate::view::halves::Table;
    use std::arch::x86_64::{
        __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
        _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_setzero_si256,
        _mm256_shuffle_epi8, _mm256_srli_epi16,
    };

    /// `"$%&'+`, `\^`, NUL and backspace, escape, `` ` ``, `=`, the first bytes of hidden characters.
    const HOT: Table = Table::new([
        (1 << 2, 1 << 2 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 11),
        (1 << 5, 1 << 12 | 1 << 14),
        (1 << 0, 1 << 0 | 1 << 8),
        (1 << 1, 1 << 11),
        (1 << 6, 1 << 0),
        (1 << 3, 1 << 13),
        (1 << 12 | 1 << 14, 1 << 2),
        (1 << 14, 1 << 15),
    ]);
    /// Letters (two classes), digits, `+-/`, `_`, hexadecimal letters, white space (two classes).
    const PLAIN: Table = Table::new([
        (1 << 4 | 1 << 6, 0xfffe),
        (1 << 5 | 1 << 7, 0x07ff),
        (1 << 3, 0x03ff),
        (1 << 2, 1 << 11 | 1 << 13 | 1 << 15),
        (1 << 5, 1 << 15),
        (1 << 4 | 1 << 6, 0x007e),
        (1 << 0, 1 << 9 | 1 << 10 | 1 << 13),
        (1 << 2, 1 << 0),
    ]);
    const BASE64: u8 = 0b0001_1111;
    const HEX: u8 = 0b0010_0100;
    const SPACE: u8 = 0b1100_0000;

    pub(super) fn masks(block: &[u8; BLOCK]) -> Masks {
        // SAFETY: callers ask `vectors` first, so the processor has these instructions.
        unsafe { both(block) }
    }

    #[target_feature(enable = "avx2")]
    fn both(block: &[u8; BLOCK]) -> Masks {
        let (one, other) = (half(block, 0), half(block, 1));
        let join = |one: u32, other: u32| u64::from(other) << 32 | u64::from(one);
        Masks {
            hot: join(one[0], other[0]),
            space: join(one[1], other[1]),
            base64: join(one[2], other[2]),
            hex: join(one[3], other[3]),
            line: join(one[4], other[4]),
        }
    }

    #[target_feature(enable = "avx2")]
    fn half(block: &[u8; BLOCK], index: usize) -> [u32; 5] {
        // SAFETY: 32 bytes from `32 * index` on lie within the block, as `index` is 0 or 1.
        let bytes = unsafe { _mm256_loadu_si256(block.as_ptr().add(32 * index).cast()) };
        let nibbles = _mm256_set1_epi8(0x0f);
        let low = _mm256_and_si256(bytes, nibbles);
        let high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibbles);
        let hot = look_up(&HOT, low, high);
        let plain = look_up(&PLAIN, low, high);
        let line = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'\n' as i8));
        [
            any(hot, 0xff),
            any(plain, SPACE),
            any(plain, BASE64),
            any(plain, HEX),
            _mm256_movemask_epi8(line) as u32,
        ]
    }

    #[target_feature(enable = "avx2")]
    fn look_up(table: &Table, low: __m256i, high: __m256i) -> __m256i {
        // SAFETY: both tables are 16 bytes.
        let (lows, highs) = unsafe {
            (
                _mm256_broadcastsi128_si256(_mm_loadu_si128(table.low.as_ptr().cast())),
                _mm256_broadcastsi128_si256(_mm_loadu_si128(table.high.as_ptr().cast())),
            )
        };
        _mm256_and_si256(_mm256_shuffle_epi8(lows, low), _mm256_shuffle_epi8(highs, high))
    }

    /// Which bytes have one of these bits.
    #[target_feature(enable = "avx2")]
    fn any(classes: __m256i, bits: u8) -> u32 {
        let none = _mm256_cmpeq_epi8(
            _mm256_and_si256(classes, _mm256_set1_epi8(bits as i8)),
            _mm256_setzero_si256(),
        );
        !_mm256_movemask_epi8(none) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn vectors_and_scalar_agree(bytes in proptest::collection::vec(any::<u8>(), BLOCK)) {
            let block: [u8; BLOCK] = bytes.try_into().expect("64 bytes");
            prop_assert_eq!(Masks::of(&block, vectors()), Masks::scalar(&block));
        }
    }

    #[test]
    fn every_byte_is_classed() {
        for from in (0..256).step_by(BLOCK) {
            let block: [u8; BLOCK] = std::array::from_fn(|at| (from + at) as u8);
            let masks = Masks::of(&block, vectors());
            assert_eq!(masks, Masks::scalar(&block));
            for (at, &byte) in block.iter().enumerate() {
                let marked = super::super::MARKED.iter().any(|kind| kind.begins(byte));
                assert_eq!(masks.hot >> at & 1 == 1, marked, "{byte:#x}");
            }
        }
    }
}
