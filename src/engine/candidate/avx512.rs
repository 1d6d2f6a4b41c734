//! The candidate pass in vectors of 64 bytes, where the processor looks up bytes in a table of 64 at once.
//! Measured reason: a step takes a third of the instructions that two of 32 bytes take.
#![expect(unsafe_code, reason = "vector instructions; compared with the scalar twin in tests")]

use super::avx2::{CLASS_HIGH, CLASS_LOW};
use super::pass::{MORE, Masks, STEP, find_by};
use super::{Candidates, SETS, Tables};
use crate::vectors::PLACES;
use std::arch::x86_64::*;
use std::ops::Range;

struct Vectors {
    /// The classes of the 128 bytes of ASCII, as `avx2` has them.
    classes: [__m512i; 2],
    /// All sets of buckets, by the low six bits of a byte, of which the sixth does not count.
    buckets: [[__m512i; 3]; SETS],
}

const CLASSES: [[u8; 64]; 2] = {
    let mut classes = [[0; 64]; 2];
    let mut byte = 0;
    while byte < 128 {
        classes[byte >> 6][byte & 63] = CLASS_LOW[byte & 15] & CLASS_HIGH[byte >> 4];
        byte += 1;
    }
    classes
};

pub(super) fn find(tables: &Tables, text: &[u8], range: Range<usize>, found: &mut Candidates) {
    debug_assert!(tables.vectors >= crate::vectors::Vectors::Avx512);
    // SAFETY: `tables.vectors` is only set where the processor has these instructions.
    unsafe { find_here(tables, text, range, found) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,avx2,bmi1,lzcnt,popcnt")]
fn find_here(tables: &Tables, text: &[u8], range: Range<usize>, found: &mut Candidates) {
    // SAFETY: the table has 64 bytes, which is what is loaded.
    let load = |table: &[u8; 64]| unsafe { _mm512_loadu_si512(table.as_ptr().cast()) };
    let twice = |table: &[u8; 32]| {
        // SAFETY: the table has 32 bytes, which is what is loaded.
        _mm512_broadcast_i64x4(unsafe { _mm256_loadu_si256(table.as_ptr().cast()) })
    };
    let vectors = Vectors {
        classes: CLASSES.each_ref().map(load),
        buckets: tables.buckets.each_ref().map(|set| set.each_ref().map(twice)),
    };
    find_by(
        tables,
        text,
        range,
        found,
        |step| masks(&vectors, step),
        |bits, at, places, count| note(bits, at, places, count),
    );
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn masks(vectors: &Vectors, step: &[u8; STEP]) -> Masks {
    // SAFETY: of 66 bytes 64 are read from 0, 1 and 2.
    let load = |offset: usize| unsafe { _mm512_loadu_si512(step.as_ptr().add(offset).cast()) };
    let bytes = [load(0), load(1), load(2)];
    let ascii = !_mm512_movepi8_mask(bytes[0]);
    let [low, high] = vectors.classes;
    let class = _mm512_maskz_permutex2var_epi8(ascii, low, bytes[0], high);
    let is = |bits: i8| _mm512_test_epi8_mask(class, _mm512_set1_epi8(bits));
    let literal = vectors.buckets.map(|[one, two, three]| {
        let first =
            _mm512_and_si512(_mm512_permutexvar_epi8(bytes[0], one), _mm512_permutexvar_epi8(bytes[1], two));
        _mm512_and_si512(first, _mm512_permutexvar_epi8(bytes[2], three))
    });
    let literal = literal.into_iter().fold(_mm512_setzero_si512(), |all, set| _mm512_or_si512(all, set));
    Masks {
        word: is(0x0f),
        run: is(0x3f),
        backslash: is(0x40),
        percent: _mm512_movepi8_mask(class),
        literal: _mm512_test_epi8_mask(literal, literal),
    }
}

/// Write down the place of each bit, sixteen at a time: more are written than count.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")]
fn note(bits: u64, at: usize, places: &mut [u32], count: &mut usize) {
    let length = bits.count_ones() as usize;
    let room = places[*count..].first_chunk_mut::<MORE>().expect("the caller made room");
    // SAFETY: 64 bytes are loaded.
    let all = unsafe { _mm512_loadu_si512(PLACES.as_ptr().cast()) };
    let set = _mm512_maskz_compress_epi8(bits, all);
    let first = _mm512_set1_epi32(at as i32);
    let store = |part: __m128i, room: &mut [u32]| {
        let wide = _mm512_add_epi32(_mm512_cvtepu8_epi32(part), first);
        debug_assert!(room.len() >= 16);
        // SAFETY: of the 64 places of the room sixteen are written, from 0, 16, 32 or 48 on.
        unsafe { _mm512_storeu_si512(room.as_mut_ptr().cast(), wide) };
    };
    store(_mm512_castsi512_si128(set), room);
    if length > 16 {
        store(_mm512_extracti32x4_epi32::<1>(set), &mut room[16..]);
        store(_mm512_extracti32x4_epi32::<2>(set), &mut room[32..]);
        store(_mm512_extracti32x4_epi32::<3>(set), &mut room[48..]);
    }
    *count += length;
}
