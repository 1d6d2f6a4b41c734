//! One cheap look at every byte for the few places where something encoded may stand.
//!
//! The pass may name too many places, never too few: `super::region` looks again at each. What it says
//! of a place depends on the [`BEFORE`] bytes before it and the one behind it only, so it is the same
//! however a text is cut.

use super::is_base64;
use std::ops::Range;

/// Characters of base64 in a row from which on they may be an encoding.
pub const RUN: usize = 20;
/// Bytes before a place that decide whether it is named.
pub const BEFORE: usize = 64;
/// Bytes that are looked at together.
const BLOCK: usize = 64;

/// Why a place was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sign {
    /// The last of the first [`RUN`] characters of a run of base64.
    Run,
    /// `%`, `&` or `\`, or `[` before a quote or a line end.
    Escape,
    /// `=` before the end of a line or before `3D`.
    Equals,
    /// A quote behind a word and before a blank, a sign that joins, or another quote.
    Quote,
    /// The first byte of a line, a hexadecimal digit.
    Line,
    /// Somewhere in a row of pairs with a sign between each, or behind the `0x` of one in a list.
    Pairs,
}

/// A place where something encoded may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// Offset in the text.
    pub at: u32,
    /// Why.
    pub sign: Sign,
}

/// What 64 bytes are: bit `n` is set where byte `n` belongs to a class.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
struct Masks {
    base64: u64,
    /// `%`, `&`, `\`, `[`.
    escape: u64,
    equals: u64,
    quote: u64,
    line: u64,
}

/// Name all places of `range`; `found` is emptied first. `text` is shorter than 4 GiB.
pub fn find(text: &[u8], range: Range<usize>, found: &mut Vec<Spot>) {
    found.clear();
    let vectors = vectors();
    let mut last = before(text, range.start);
    let mut at = range.start;
    while at < range.end {
        let rest = &text[at..];
        let mut new = match rest.first_chunk::<BLOCK>() {
            Some(block) => masks(block, vectors),
            None => {
                let mut block = [b' '; BLOCK];
                block[..rest.len()].copy_from_slice(rest);
                masks(&block, vectors)
            }
        };
        let length = range.end - at;
        name(text, at, &last, &new, length, found);
        if length < BLOCK {
            new = Masks::default();
        }
        last = new;
        at += BLOCK;
    }
}

/// The places of one block at `at`, of which the first `length` bytes count.
#[inline]
fn name(text: &[u8], at: usize, last: &Masks, new: &Masks, length: usize, found: &mut Vec<Spot>) {
    let own = if length >= BLOCK { u64::MAX } else { (1 << length) - 1 };
    let run = new.base64;
    // The bits of both blocks, moved up by `by`.
    let up = |new: u64, last: u64, by: u32| new << by | last >> (64 - by);
    // Where the last 2, 4, 8, 16 bytes all belong to a run.
    let (two, two_before) = (run & up(run, last.base64, 1), last.base64 & last.base64 << 1);
    let (four, four_before) = (two & up(two, two_before, 2), two_before & two_before << 2);
    if four != 0 {
        let (eight, eight_before) = (four & up(four, four_before, 4), four_before & four_before << 4);
        let sixteen = eight & up(eight, eight_before, 8);
        let twenty = sixteen & up(four, four_before, 16);
        each(twenty & !up(run, last.base64, RUN as u32) & own, |bit| {
            found.push(Spot { at: (at + bit) as u32, sign: Sign::Run });
        });
        // Three words of four characters, with one sign or two between them: `0x61,0x62, 0x63`.
        let word = four & !run << 4 & !run >> 1;
        let list = word & (word >> 5 | word >> 6) & (word >> 10 | word >> 11 | word >> 12) & own >> 12;
        if list != 0 {
            let place = at + list.trailing_zeros() as usize - 1;
            if place >= 2
                && matches!(text[place - 2..], [b'0', b'x' | b'X', one, two, ..] if one.is_ascii_hexdigit() && two.is_ascii_hexdigit())
            {
                found.push(Spot { at: place as u32, sign: Sign::Pairs });
            }
        }
    }
    each(new.escape & own, |bit| {
        let place = at + bit;
        let list = || matches!(text.get(place + 1), Some(b'"' | b'\'' | b'\n' | b'\r'));
        if text[place] != b'[' || list() {
            found.push(Spot { at: place as u32, sign: Sign::Escape });
        }
    });
    // What stands behind the block's last byte is not known here: it counts as whatever is sought.
    let next = 1 << 63;
    each(new.equals & own, |bit| {
        let place = at + bit;
        if matches!(text.get(place + 1), Some(b'3' | b'\r' | b'\n')) {
            found.push(Spot { at: place as u32, sign: Sign::Equals });
        }
    });
    let quotes = new.quote & up(run, last.base64, 1) & (!(run >> 1) | next);
    each(quotes & own, |bit| {
        let place = at + bit;
        if text.get(place + 1).is_some_and(|&byte| joins(byte)) {
            found.push(Spot { at: place as u32, sign: Sign::Quote });
        }
    });
    let lines = up(new.line, last.line, 1) & run & own;
    each(lines | u64::from(at == 0) & run & own, |bit| {
        let place = at + bit;
        if text[place].is_ascii_hexdigit() && text.get(place + 5).is_some_and(u8::is_ascii_hexdigit) {
            found.push(Spot { at: place as u32, sign: Sign::Line });
        }
    });
    // A sign, two others, a sign, two others, a sign, two others: a row of ten pairs always shows this
    // within one block.
    let gap = !run;
    let gaps = gap & gap >> 3 & gap >> 6;
    let pair = run & run >> 1;
    let pairs = gaps & pair >> 1 & pair >> 4 & own >> 6;
    if pairs != 0 {
        let place = at + 1 + pairs.trailing_zeros() as usize;
        if text[place..].first_chunk::<2>().is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit)) {
            found.push(Spot { at: place as u32, sign: Sign::Pairs });
        }
    }
}

/// The numbers of the bits that are set.
#[inline]
fn each(mut bits: u64, mut each: impl FnMut(usize)) {
    while bits != 0 {
        each(bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}

/// May stand between two pieces of one text, or begin the second.
fn joins(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'+' | b'.' | b'"' | b'\'' | b'\\')
}

/// What the bytes before `at` are.
fn before(text: &[u8], at: usize) -> Masks {
    let mut block = [b' '; BLOCK];
    let known = at.min(BLOCK);
    block[BLOCK - known..].copy_from_slice(&text[at - known..at]);
    scalar(&block)
}

#[inline]
fn masks(block: &[u8; BLOCK], vectors: bool) -> Masks {
    #[cfg(target_arch = "x86_64")]
    if vectors {
        return avx2::masks(block);
    }
    let _ = vectors;
    scalar(block)
}

/// The same byte by byte: what the vectors mean.
fn scalar(block: &[u8; BLOCK]) -> Masks {
    let mut masks = Masks::default();
    for (at, &byte) in block.iter().enumerate() {
        masks.base64 |= u64::from(is_base64(byte)) << at;
        masks.escape |= u64::from(matches!(byte, b'%' | b'&' | b'\\' | b'[')) << at;
        masks.equals |= u64::from(byte == b'=') << at;
        masks.quote |= u64::from(matches!(byte, b'"' | b'\'')) << at;
        masks.line |= u64::from(byte == b'\n') << at;
    }
    masks
}

fn vectors() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)] // vector instructions: byte by byte the pass would cost more than all the rest of a scan
mod avx2 {
    use super::{BLOCK, Masks};
    use std::arch::x86_64::{
        __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
        _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_setzero_si256,
        _mm256_shuffle_epi8, _mm256_srli_epi16,
    };

    /// Classes by the high and the low half of a byte: it belongs to one where both have its bit.
    struct Table {
        low: [u8; 16],
        high: [u8; 16],
    }

    const fn table(classes: &[(u16, u16)]) -> Table {
        let mut table = Table { low: [0; 16], high: [0; 16] };
        let mut class = 0;
        while class < classes.len() {
            let (rows, columns) = classes[class];
            let mut nibble = 0;
            while nibble < 16 {
                table.high[nibble] |= ((rows >> nibble & 1) as u8) << class;
                table.low[nibble] |= ((columns >> nibble & 1) as u8) << class;
                nibble += 1;
            }
            class += 1;
        }
        table
    }

    /// Letters (two classes), digits, `+-/`, `_`; `"'`, `%&`, `\[`.
    const CLASSES: Table = table(&[
        (1 << 4 | 1 << 6, 0xfffe),
        (1 << 5 | 1 << 7, 0x07ff),
        (1 << 3, 0x03ff),
        (1 << 2, 1 << 11 | 1 << 13 | 1 << 15),
        (1 << 5, 1 << 15),
        (1 << 2, 1 << 2 | 1 << 7),
        (1 << 2, 1 << 5 | 1 << 6),
        (1 << 5, 1 << 11 | 1 << 12),
    ]);
    const NO_BASE64: u8 = 0b0001_1111;
    const QUOTE: u8 = 0b0010_0000;
    const ESCAPE: u8 = 0b1100_0000;

    #[inline]
    pub(super) fn masks(block: &[u8; BLOCK]) -> Masks {
        // SAFETY: callers ask `vectors` first, so the processor has these instructions.
        unsafe { both(block) }
    }

    #[target_feature(enable = "avx2")]
    fn both(block: &[u8; BLOCK]) -> Masks {
        let (one, other) = (half(block, 0), half(block, 1));
        let join = |one: u32, other: u32| u64::from(other) << 32 | u64::from(one);
        Masks {
            base64: join(one[0], other[0]),
            escape: join(one[1], other[1]),
            equals: join(one[2], other[2]),
            quote: join(one[3], other[3]),
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
        // SAFETY: both tables are 16 bytes.
        let (lows, highs) = unsafe {
            (
                _mm256_broadcastsi128_si256(_mm_loadu_si128(CLASSES.low.as_ptr().cast())),
                _mm256_broadcastsi128_si256(_mm_loadu_si128(CLASSES.high.as_ptr().cast())),
            )
        };
        let classes = _mm256_and_si256(_mm256_shuffle_epi8(lows, low), _mm256_shuffle_epi8(highs, high));
        let is =
            |byte: u8| _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte as i8))) as u32;
        [any(classes, NO_BASE64), any(classes, ESCAPE), is(b'='), any(classes, QUOTE), is(b'\n')]
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
            prop_assert_eq!(masks(&block, vectors()), scalar(&block));
        }

        /// However a text is cut, the same places are named (but for rows of pairs, of which one place
        /// is enough).
        #[test]
        fn cuts_do_not_matter(
            pieces in proptest::collection::vec("[ -~\n]{0,30}|[A-Za-z0-9]{10,50}|(\"\\+ \"|%41|=3D|\n12ab34)", 0..12),
            cut in 0.0f64..1.0,
        ) {
            let text = pieces.concat().into_bytes();
            let at = (text.len() as f64 * cut) as usize;
            let (mut whole, mut part, mut parts) = (Vec::new(), Vec::new(), Vec::new());
            find(&text, 0..text.len(), &mut whole);
            find(&text, 0..at, &mut part);
            parts.extend(part.iter().copied());
            find(&text, at..text.len(), &mut part);
            parts.extend(part.iter().copied());
            whole.retain(|spot| spot.sign != Sign::Pairs);
            parts.retain(|spot| spot.sign != Sign::Pairs);
            whole.sort();
            parts.sort();
            prop_assert_eq!(whole, parts);
        }
    }
}
