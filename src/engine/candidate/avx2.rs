//! The candidate pass in vectors of 32 bytes, 64 bytes a step. Measured reason: 10 to 20 times the
//! speed of the scalar twin on source code; all else in the engine depends on this pass.
#![expect(unsafe_code, reason = "vector instructions; compared with the scalar twin in tests")]

use super::{Candidates, Tables};
use std::arch::x86_64::*;
use std::ops::Range;

/// Bit masks over 64 bytes, bit `i` for byte `i`.
#[derive(Clone, Copy)]
struct Masks {
    word: u64,
    run: u64,
    backslash: u64,
    percent: u64,
    literal: u64,
}

struct Vectors {
    class_low: __m256i,
    class_high: __m256i,
    /// Tables of buckets by the low four bits of a byte, where the fifth is 0 and where it is 1.
    low: [[__m256i; 3]; 2],
    high: [[__m256i; 3]; 2],
}

// The class of a byte is `CLASS_LOW[byte & 15] & CLASS_HIGH[byte >> 4]`:
// bit 0 digits, 1 A-O a-o, 2 P-Z p-z, 3 `_`, 4 `+ - . /`, 5 `: = < | }` (and z), 6 backslash, 7 percent.
const CLASS_LOW: [u8; 16] = {
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
const CLASS_HIGH: [u8; 16] = {
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
    debug_assert!(tables.vectors && range.end <= text.len());
    // SAFETY: `tables.vectors` is only set where the processor has AVX2, BMI1 and LZCNT.
    unsafe { find_avx2(tables, text, range, found) }
}

#[target_feature(enable = "avx2,bmi1,lzcnt")]
unsafe fn find_avx2(tables: &Tables, text: &[u8], range: Range<usize>, found: &mut Candidates) {
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
    let before = |by: usize| range.start.checked_sub(by).map_or(0, |at| text[at]);
    let mut carry_word = u64::from(super::is_word(before(1)));
    // The six bytes before the range, as the top bits of the step before it.
    let mut last_backslash = (1..=6).fold(0, |bits, by| bits | u64::from(before(by) == b'\\') << (64 - by));
    let mut last_percent = (1..=3).fold(0, |bits, by| bits | u64::from(before(by) == b'%') << (64 - by));

    let mut at = range.start;
    if at >= range.end {
        return;
    }
    // Places are written down first and asked about behind the loop: so neither depends on how many there
    // are in each step, which no processor can foretell.
    for room in &mut found.room {
        if room.len() <= range.len() {
            room.resize(range.len() + 1, 0);
        }
    }
    let [starts, literals] = &mut found.room;
    let (mut start_count, mut literal_count) = (0, 0);
    // SAFETY (both calls): AVX2 is there; `masks` reads only inside `text`.
    let mut now = unsafe { masks(&vectors, text, at) };
    while at < range.end {
        // SAFETY: see above.
        let next = unsafe { masks(&vectors, text, at + 64) };
        let escape = |bits: u64, last: u64, by: u32| bits << by | last >> (64 - by);
        let mut begins = now.word & !(now.word << 1 | carry_word);
        // Most steps hold no escape.
        if now.backslash | last_backslash | now.percent | last_percent != 0 {
            begins |= now.word
                & (escape(now.backslash, last_backslash, 2)
                    | escape(now.backslash, last_backslash, 4)
                    | escape(now.backslash, last_backslash, 6)
                    | escape(now.percent, last_percent, 3));
        }
        let inside = match range.end - at {
            rest @ 0..64 => (1u64 << rest) - 1,
            _ => u64::MAX,
        };
        note(begins & runs(now.run, next.run, tables.run) & inside, at, starts, &mut start_count);
        note(now.literal & inside, at, literals, &mut literal_count);
        carry_word = now.word >> 63;
        last_backslash = now.backslash;
        last_percent = now.percent;
        now = next;
        at += 64;
    }
    let start_count = keep(&mut starts[..start_count], |place| {
        let gram = u32::from_le_bytes(super::four(text, place));
        tables.knows(gram) && place + 4 <= text.len()
    });
    let literal_count =
        keep(&mut literals[..literal_count], |place| tables.knows_print(super::four(text, place)));
    found.starts.extend_from_slice(&starts[..start_count]);
    found.literals.extend_from_slice(&literals[..literal_count]);
}

/// Write down the place of each bit. One place more is written than counts.
#[inline(always)]
fn note(mut bits: u64, at: usize, places: &mut [u32], count: &mut usize) {
    loop {
        places[*count] = at as u32 + (bits.trailing_zeros() & 63);
        *count += usize::from(bits != 0);
        bits &= bits.wrapping_sub(1);
        if bits == 0 {
            break;
        }
    }
}

/// Move the places that `is_one` says yes to to the front; tells how many these are.
#[inline(always)]
fn keep(places: &mut [u32], is_one: impl Fn(usize) -> bool) -> usize {
    let mut count = 0;
    for index in 0..places.len() {
        let place = places[index];
        places[count] = place;
        count += usize::from(is_one(place as usize));
    }
    count
}

/// Bit `i` is set where `length` (1 to 16) run bytes in a row begin at byte `i`.
#[inline(always)]
fn runs(now: u64, next: u64, length: u32) -> u64 {
    let (mut low, mut high) = (now, next);
    let mut have = 1;
    while have < length {
        let step = have.min(length - have);
        low &= low >> step | high << (64 - step);
        high &= high >> step;
        have += step;
    }
    low
}

/// The masks of the 64 bytes from `at`; bytes behind the end of the text count as zero.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn masks(vectors: &Vectors, text: &[u8], at: usize) -> Masks {
    if at + 66 <= text.len() {
        // SAFETY: 66 bytes can be read from `at`.
        unsafe { masks_of(vectors, text.as_ptr().add(at)) }
    } else {
        let mut padded = [0u8; 96];
        let rest = text.get(at..).unwrap_or_default();
        padded[..rest.len()].copy_from_slice(rest);
        // SAFETY: the array has 96 bytes.
        let mut masks = unsafe { masks_of(vectors, padded.as_ptr()) };
        // Zeros behind the end are no part of a literal.
        let real = rest.len().saturating_sub(2);
        masks.literal &= if real >= 64 { u64::MAX } else { (1 << real) - 1 };
        masks
    }
}

/// # Safety
/// AVX2, and 66 readable bytes from `from`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn masks_of(vectors: &Vectors, from: *const u8) -> Masks {
    let nibbles = _mm256_set1_epi8(15);
    let zero = _mm256_setzero_si256();
    let mut masks = Masks { word: 0, run: 0, backslash: 0, percent: 0, literal: 0 };
    for half in 0..2 {
        // SAFETY: the caller gives 66 bytes: loads of 32 at 0, 1, 2 and at 32, 33, 34.
        let load = |offset: usize| unsafe { _mm256_loadu_si256(from.add(half * 32 + offset).cast()) };
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
        let fifth = _mm256_slli_epi16(bytes, 3);
        let mut literal = [bucket_hits(0, 0, low, fifth), bucket_hits(1, 0, low, fifth)];
        for place in 1..3 {
            let bytes = load(place);
            let low = _mm256_and_si256(bytes, nibbles);
            let fifth = _mm256_slli_epi16(bytes, 3);
            for (set, literal) in literal.iter_mut().enumerate() {
                *literal = _mm256_and_si256(*literal, bucket_hits(set, place, low, fifth));
            }
        }
        let literal = _mm256_or_si256(literal[0], literal[1]);
        let shift = 32 * half;
        masks.word |= u64::from(!none_of(0x0f)) << shift;
        masks.run |= u64::from(!none_of(0x3f)) << shift;
        masks.percent |= u64::from(_mm256_movemask_epi8(class) as u32) << shift;
        masks.backslash |= u64::from(_mm256_movemask_epi8(_mm256_slli_epi16(class, 1)) as u32) << shift;
        masks.literal |= u64::from(!(_mm256_movemask_epi8(_mm256_cmpeq_epi8(literal, zero)) as u32)) << shift;
    }
    masks
}
