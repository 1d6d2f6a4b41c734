//! The candidate pass in vectors of 32 bytes, 64 bytes a step. Measured reason: 10 to 20 times the
//! speed of the scalar twin on source code; all else in the engine depends on this pass.
#![expect(unsafe_code, reason = "vector instructions; compared with the scalar twin in tests")]

use super::pass::{Masks, STEP, find_by, note};
use super::{Candidates, SETS, Tables};
use std::arch::x86_64::*;
use std::ops::Range;

struct Vectors {
    class_low: __m256i,
    class_high: __m256i,
    /// Tables of buckets by the low four bits of a byte, where the fifth is 0 and where it is 1.
    low: [[__m256i; 3]; SETS],
    high: [[__m256i; 3]; SETS],
}

// The class of a byte is `CLASS_LOW[byte & 15] & CLASS_HIGH[byte >> 4]`:
// bit 0 digits, 1 A-O a-o, 2 P-Z p-z, 3 `_`, 4 `+ - . /`, 5 `: = < | }` (and z), 6 backslash, 7 percent.
pub(super) const CLASS_LOW: [u8; 16] = {
    let mut table = [0u8; 16];
    let mut low = 0;
    while low < 16 {
        if low <= 9 {
            table[low] |= 1;
        }
        if low >= 1 {
            table[low] |= 2;
        }
        if low <= 10 {
            table[low] |= 4;
        }
        low += 1;
    }
    table[15] |= 8;
    table[0xb] |= 16;
    table[0xd] |= 16 | 32;
    table[0xe] |= 16;
    table[0xf] |= 16;
    table[0xa] |= 32;
    table[0xc] |= 32 | 64;
    table[0x5] |= 128;
    table
};
pub(super) const CLASS_HIGH: [u8; 16] = {
    let mut table = [0u8; 16];
    table[2] = 16 | 128;
    table[3] = 1 | 32;
    table[4] = 2;
    table[5] = 4 | 8 | 64;
    table[6] = 2;
    table[7] = 4 | 32;
    table
};

/// The first or the second half of a table.
fn half(table: &[u8; 32], which: usize) -> &[u8; 16] {
    &table.as_chunks::<16>().0[which]
}

pub(super) fn find(tables: &Tables, text: &[u8], range: Range<usize>, found: &mut Candidates) {
    debug_assert!(tables.vectors >= crate::vectors::Vectors::Avx2);
    // SAFETY: `tables.vectors` is only set where the processor has these instructions.
    unsafe { find_here(tables, text, range, found) }
}

#[target_feature(enable = "avx2,bmi1,lzcnt,popcnt")]
fn find_here(tables: &Tables, text: &[u8], range: Range<usize>, found: &mut Candidates) {
    let spread = |table: &[u8; 16]| {
        // SAFETY: the table has 16 bytes, which is what is loaded.
        unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(table.as_ptr().cast())) }
    };
    let vectors = Vectors {
        class_low: spread(&CLASS_LOW),
        class_high: spread(&CLASS_HIGH),
        low: tables.buckets.each_ref().map(|set| set.each_ref().map(|table| spread(half(table, 0)))),
        high: tables.buckets.each_ref().map(|set| set.each_ref().map(|table| spread(half(table, 1)))),
    };
    find_by(tables, text, range, found, |step| masks(&vectors, step), note);
}

#[inline]
#[target_feature(enable = "avx2")]
fn masks(vectors: &Vectors, step: &[u8; STEP]) -> Masks {
    let nibbles = _mm256_set1_epi8(15);
    let zero = _mm256_setzero_si256();
    let mut masks = Masks { word: 0, run: 0, backslash: 0, percent: 0, literal: 0 };
    for half in 0..2 {
        // SAFETY: of 66 bytes 32 are read from 0, 1 and 2, and from 32, 33 and 34.
        let load =
            |offset: usize| unsafe { _mm256_loadu_si256(step.as_ptr().add(half * 32 + offset).cast()) };
        let bytes = load(0);
        let low = _mm256_and_si256(bytes, nibbles);
        let high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibbles);
        let class = _mm256_and_si256(
            _mm256_shuffle_epi8(vectors.class_low, low),
            _mm256_shuffle_epi8(vectors.class_high, high),
        );
        let none_of = |bits: i8| {
            let chosen = _mm256_and_si256(class, _mm256_set1_epi8(bits));
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(chosen, zero)) as u32
        };
        // The fifth bit, moved to where a blend looks, chooses between the halves of a table.
        let bucket_hits = |set: usize, place: usize, low: __m256i, fifth: __m256i| {
            _mm256_blendv_epi8(
                _mm256_shuffle_epi8(vectors.low[set][place], low),
                _mm256_shuffle_epi8(vectors.high[set][place], low),
                fifth,
            )
        };
        let mut literal = [_mm256_set1_epi8(-1); SETS];
        for place in 0..3 {
            let bytes = load(place);
            let low = _mm256_and_si256(bytes, nibbles);
            let fifth = _mm256_slli_epi16(bytes, 3);
            for (set, literal) in literal.iter_mut().enumerate() {
                *literal = _mm256_and_si256(*literal, bucket_hits(set, place, low, fifth));
            }
        }
        let literal = literal.into_iter().fold(zero, |all, set| _mm256_or_si256(all, set));
        let shift = 32 * half;
        masks.word |= u64::from(!none_of(0x0f)) << shift;
        masks.run |= u64::from(!none_of(0x3f)) << shift;
        masks.percent |= u64::from(_mm256_movemask_epi8(class) as u32) << shift;
        masks.backslash |= u64::from(_mm256_movemask_epi8(_mm256_slli_epi16(class, 1)) as u32) << shift;
        masks.literal |= u64::from(!(_mm256_movemask_epi8(_mm256_cmpeq_epi8(literal, zero)) as u32)) << shift;
    }
    masks
}
