//! The sieve in vectors of 32 bytes. Measured reason: byte by byte the pass would cost more than all the rest of a
//! scan.
#![expect(unsafe_code, reason = "vector instructions; compared with the scalar twin in tests")]

use super::{BASE64, Block, FOLLOW, Masks, SIGNS, Table, mark_by, note};
use std::arch::x86_64::*;
use std::ops::Range;

pub(super) fn mark(text: &[u8], range: Range<usize>, marks: &mut [u32]) -> usize {
    // SAFETY: callers ask `vectors` first, so the processor has these instructions.
    unsafe { mark_here(text, range, marks) }
}

#[target_feature(enable = "avx2,bmi1,lzcnt,popcnt")]
fn mark_here(text: &[u8], range: Range<usize>, marks: &mut [u32]) -> usize {
    mark_by(text, range, marks, |block| masks(block), note)
}

#[inline]
#[target_feature(enable = "avx2")]
fn masks(block: &Block) -> Masks {
    let (one, other) = (half(block, 0), half(block, 32));
    let bits = |one: __m256i, other: __m256i| {
        let zero = _mm256_setzero_si256();
        let one = _mm256_movemask_epi8(_mm256_cmpeq_epi8(one, zero)) as u32;
        let other = _mm256_movemask_epi8(_mm256_cmpeq_epi8(other, zero)) as u32;
        !(u64::from(other) << 32 | u64::from(one))
    };
    Masks { base64: bits(one.0, other.0), sign: bits(one.1, other.1) }
}

/// 32 bytes from `from` on, which is 0 or 32: not zero where a byte is of base64, and where it is a sign
/// that the byte behind it may follow.
#[inline]
#[target_feature(enable = "avx2")]
fn half(block: &Block, from: usize) -> (__m256i, __m256i) {
    // SAFETY: the block is 65 bytes, and 32 are read from 33 on at most.
    let (here, next) = unsafe {
        let start = block.as_ptr().add(from);
        (_mm256_loadu_si256(start.cast()), _mm256_loadu_si256(start.add(1).cast()))
    };
    let (here, next) = (nibbles(here), nibbles(next));
    (look_up(&BASE64, here), _mm256_and_si256(look_up(&SIGNS, here), look_up(&FOLLOW, next)))
}

/// Bytes and their high halves. A shuffle goes by the low half of a byte, and gives zero for those that are
/// not ASCII, which belong to no class.
#[inline]
#[target_feature(enable = "avx2")]
fn nibbles(bytes: __m256i) -> (__m256i, __m256i) {
    (bytes, _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(0x0f)))
}

/// The classes of bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn look_up(table: &Table, (low, high): (__m256i, __m256i)) -> __m256i {
    // SAFETY: both tables are 16 bytes.
    let (lows, highs) = unsafe {
        (
            _mm256_broadcastsi128_si256(_mm_loadu_si128(table.low.as_ptr().cast())),
            _mm256_broadcastsi128_si256(_mm_loadu_si128(table.high.as_ptr().cast())),
        )
    };
    _mm256_and_si256(_mm256_shuffle_epi8(lows, low), _mm256_shuffle_epi8(highs, high))
}
