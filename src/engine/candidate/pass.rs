//! The candidate pass over 64 bytes a step, whatever instructions tell what they are.

use super::{Candidates, Tables};
use std::ops::Range;

/// What 64 bytes are, bit `i` for byte `i`.
#[derive(Clone, Copy)]
pub(super) struct Masks {
    /// Word characters.
    pub(super) word: u64,
    /// Characters of runs.
    pub(super) run: u64,
    /// `\`.
    pub(super) backslash: u64,
    /// `%`.
    pub(super) percent: u64,
    /// Three bytes from here on share a bucket.
    pub(super) literal: u64,
}

/// Bytes that [`Masks`] are made of: those of a step and the two behind it.
pub(super) const STEP: usize = 66;

/// Places that may be written beyond those that count.
pub(super) const MORE: usize = 64;

/// The masks of the bytes from `at` on, where `masks` tells those of [`STEP`] bytes. Bytes behind the end of the
/// text count as zero, and are no part of a literal.
#[inline(always)]
fn masks_at(text: &[u8], at: usize, masks: &impl Fn(&[u8; STEP]) -> Masks) -> Masks {
    let rest = text.get(at..).unwrap_or_default();
    let mut padded = [0; STEP];
    let (step, real) = match rest.first_chunk() {
        Some(step) => (step, u64::MAX),
        None => {
            padded[..rest.len()].copy_from_slice(rest);
            let real = rest.len().saturating_sub(2);
            (&padded, if real >= 64 { u64::MAX } else { (1 << real) - 1 })
        }
    };
    let mut masks = masks(step);
    masks.literal &= real;
    masks
}

/// Find all candidates of a range, where `masks` tells what the bytes are, and `note` writes down the places of
/// bits like [`note`], with [`MORE`] places of room. Made part of whoever calls it, so that
/// all of it is compiled for the processor that the caller asks for.
#[inline(always)]
pub(super) fn find_by(
    tables: &Tables,
    text: &[u8],
    range: Range<usize>,
    found: &mut Candidates,
    masks: impl Fn(&[u8; STEP]) -> Masks,
    note: impl Fn(u64, usize, &mut [u32], &mut usize),
) {
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
        if room.len() < range.len() + MORE {
            room.resize(range.len() + MORE, 0);
        }
    }
    let [starts, literals] = &mut found.room;
    let (mut start_count, mut literal_count) = (0, 0);
    let mut now = masks_at(text, at, &masks);
    while at < range.end {
        let next = masks_at(text, at + 64, &masks);
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

/// Write down the place of each bit, four at a time: most steps have no more, so the processor foretells that the
/// loop ends, and nothing depends on how many there are. Up to four more are written than count.
#[inline(always)]
pub(super) fn note(mut bits: u64, at: usize, places: &mut [u32], count: &mut usize) {
    let length = bits.count_ones() as usize;
    let room = places[*count..].first_chunk_mut::<MORE>().expect("the caller made room");
    for four in room.as_chunks_mut::<4>().0 {
        for place in four {
            *place = at as u32 + (bits.trailing_zeros() & 63);
            bits &= bits.wrapping_sub(1);
        }
        if bits == 0 {
            break;
        }
    }
    *count += length;
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
