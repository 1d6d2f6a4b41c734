//! One cheap look at every byte for the few places where something encoded may stand.
//!
//! The pass may name too many places, never too few: `super::region` looks again at each. What it says
//! of a place depends on the 32 bytes before it and the one behind it only, so it is the same
//! however a text is cut.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

use super::halves::Table;
use super::is_base64;
use crate::vectors::Vectors;
use std::ops::Range;

/// Characters of base64 in a row from which on they may be an encoding.
pub const RUN: usize = 20;
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
    /// The end of a line before one that begins with digits; for the first line, the beginning of
    /// the text.
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
    /// A sign and the byte behind it, as [`sign_at`] wants them, and a few others.
    sign: u64,
}

/// The bytes of a block, and the one behind it.
type Block = [u8; BLOCK + 1];

/// Name all places of `range`; `found` is emptied first. `text` is shorter than 4 GiB, and `range` than 1 GiB.
/// `marks` is room to work in, which is worth keeping from one time to the next.
pub fn find(text: &[u8], range: Range<usize>, marks: &mut Vec<u32>, found: &mut Vec<Spot>) {
    found.clear();
    if range.start == 0 && begins_dump(text) {
        found.push(Spot { at: 0, sign: Sign::Line });
    }
    // At most one a byte, and a few more are written than count.
    if marks.len() < range.len() + MORE {
        marks.resize(range.len() + MORE, 0);
    }
    let start = range.start;
    let count = mark(text, range, marks);
    found.extend(marks[..count].iter().filter_map(|&mark| {
        let at = start + (mark >> 2) as usize;
        let sign = match mark & 3 {
            SIGN => sign_at(text, at)?,
            RUN_END => super::region::may_begin(text, at + 1 - RUN).then_some(Sign::Run)?,
            _ => return row_at(text, at - 1),
        };
        Some(Spot { at: at as u32, sign })
    }));
}

/// A row of which a pair stands at `at`.
fn row_at(text: &[u8], at: usize) -> Option<Spot> {
    let pair = text.get(at..at + 2)?.iter().all(u8::is_ascii_hexdigit);
    let ends = !text.get(at + 2).is_some_and(|&byte| is_base64(byte));
    (pair && ends).then_some(Spot { at: at as u32, sign: Sign::Pairs })
}

/// Marks that may be written beyond those that count.
const MORE: usize = 64;
/// Kinds of marks, in their two lowest bits; the others are the offset in the range.
const SIGN: u32 = 0;
const RUN_END: u32 = 1;
const ROW: u32 = 2;

/// Mark all places that the masks tell of, and return how many there are.
fn mark(text: &[u8], range: Range<usize>, marks: &mut [u32]) -> usize {
    mark_with(Vectors::of_processor(), text, range, marks)
}

fn mark_with(vectors: Vectors, text: &[u8], range: Range<usize>, marks: &mut [u32]) -> usize {
    match vectors {
        #[cfg(target_arch = "x86_64")]
        Vectors::Avx512 => avx512::mark(text, range, marks),
        #[cfg(target_arch = "x86_64")]
        Vectors::Avx2 => avx2::mark(text, range, marks),
        _ => mark_by(text, range, marks, scalar, note),
    }
}

/// The marks of a block.
struct Marked {
    /// Where it begins in the range.
    at: u32,
    /// All places, and which of them are ends of runs and of rows.
    all: u64,
    runs: u64,
    rows: u64,
}

/// Write down the marks of a block and tell how many there are, four at a time: most blocks have no more, so the
/// processor foretells that the loop ends. Up to four more are written than count.
#[inline(always)]
fn note(marked: &Marked, marks: &mut [u32]) -> usize {
    let mut all = marked.all;
    let room = marks.first_chunk_mut::<MORE>().expect("the caller made room");
    for four in room.as_chunks_mut::<4>().0 {
        for mark in four {
            let bit = all.trailing_zeros() & 63;
            let is = |bits: u64, kind: u32| (bits >> bit & 1) as u32 * kind;
            *mark = (marked.at + bit) << 2 | is(marked.runs, RUN_END) | is(marked.rows, ROW);
            all &= all.wrapping_sub(1);
        }
        if all == 0 {
            break;
        }
    }
    marked.all.count_ones() as usize
}

/// The same as [`mark`], where `masks` tells what a block holds and `note` writes down like [`note`], with [`MORE`]
/// marks of room. Made part of whoever calls it, so that all of it is
/// compiled for the processor that the caller asks for.
#[inline(always)]
fn mark_by(
    text: &[u8],
    range: Range<usize>,
    marks: &mut [u32],
    masks: impl Fn(&Block) -> Masks,
    note: impl Fn(&Marked, &mut [u32]) -> usize,
) -> usize {
    let mut last = before(text, range.start);
    let mut at = range.start;
    let mut count = 0;
    while at < range.end {
        let rest = &text[at..];
        let new = match rest.first_chunk() {
            Some(block) => masks(block),
            None => {
                let mut block = [b'~'; BLOCK + 1];
                block[..rest.len()].copy_from_slice(rest);
                masks(&block)
            }
        };
        let own = match range.end - at {
            length @ 0..BLOCK => (1 << length) - 1,
            _ => u64::MAX,
        };
        let runs = run_ends(last, new.base64) & own;
        let rows = rows(last, new.base64) & own;
        let all = (new.sign & own) | runs | rows;
        let marked = Marked { at: (at - range.start) as u32, all, runs, rows };
        count += note(&marked, &mut marks[count..]);
        last = new.base64;
        at += BLOCK;
    }
    count
}

/// Where the first [`RUN`] characters of a run end, of the block before and of this one.
#[inline(always)]
fn run_ends(last: u64, run: u64) -> u64 {
    // Where this and so many bytes behind it are of a run.
    let two = run & run >> 1;
    let four = two & two >> 2;
    let eight = four & four >> 4;
    let twenty = eight & eight >> 8 & four >> 16;
    let own = (twenty & !(run << 1 | last >> 63)) << (RUN - 1);
    // A run that goes on from the block before.
    let (before, behind) = (last.leading_ones(), run.trailing_ones());
    let wanted = (RUN as u32 - 1).wrapping_sub(before);
    let goes_on = before > 0 && wanted < RUN as u32 && behind > wanted;
    own | u64::from(goes_on) << (wanted & 63)
}

/// Where rows show, of the block before and of this one: at the end of three pairs of digits with a sign
/// before each, or of three times four, as a list of `0x61,` or `0x61, ` has them.
#[inline(always)]
fn rows(last: u64, run: u64) -> u64 {
    // What goes over from one block to the next is seen whole by this.
    let between = run << 32 | last >> 32;
    threes(run) | threes(between) >> 32
}

/// The same of these 64 bytes alone.
#[inline(always)]
fn threes(run: u64) -> u64 {
    let gap = !run;
    let two = run & run << 1;
    let pairs = two & gap << 2;
    let numbers = two & two << 2 & gap << 4;
    let pairs = pairs & pairs << 3 & pairs << 6;
    let numbers = numbers & (numbers << 5 | numbers << 6) & (numbers << 10 | numbers << 11 | numbers << 12);
    pairs | numbers
}

/// Why the place `at` is named, as far as the bytes there tell. Most signs are operators and formats.
fn sign_at(text: &[u8], at: usize) -> Option<Sign> {
    let next = |by: usize| text.get(at + by).copied().unwrap_or(0);
    let in_word = || at > 0 && is_base64(text[at - 1]);
    let escape = match text[at] {
        b'%' => next(1).is_ascii_hexdigit() && next(2).is_ascii_hexdigit() || next(1) | 32 == b'u',
        b'&' => next(1) == b'#' || next(1).is_ascii_alphabetic() && entity(&text[at + 2..]),
        b'[' => matches!(next(1), b'"' | b'\'' | b'\n' | b'\r'),
        b'\\' => match next(1) {
            b'u' => matches!(next(2), b'0' | b'{'),
            b'U' => next(2) == b'0',
            b'x' => next(2).is_ascii_hexdigit(),
            b'0' | b'1' => next(2).is_ascii_digit() && next(3).is_ascii_digit(),
            b'\\' => next(2) == b'\\' && next(3) == b'"',
            b'/' | b'\n' | b'\r' => in_word(),
            _ => false,
        },
        b'=' => return matches!(next(1), b'3' | b'\n').then_some(Sign::Equals),
        b'\r' => return (at > 0 && text[at - 1] == b'=' && next(1) == b'\n').then_some(Sign::Equals),
        b'"' | b'\'' => return (in_word() && may_join(next(1), next(2))).then_some(Sign::Quote),
        b'\n' => return begins_dump(&text[at + 1..]).then_some(Sign::Line),
        _ => return None,
    };
    escape.then_some(Sign::Escape)
}

/// May another piece of a text follow a quote with these two bytes behind it?
fn may_join(one: u8, two: u8) -> bool {
    let blank = matches!(one, b' ' | b'\n' | b'\r');
    let after = if one == b' ' { two } else { one };
    let sign = matches!(after, b'+' | b'.' | b'&' | b'|' | b'<' | b'"' | b'\'');
    sign || blank && matches!(after, b' ' | b'\t' | b'\n' | b'\r' | b'\\' | b'f' | b'r' | b'b' | b'u')
}

/// Does a line with these bytes begin as the first of a dump?
fn begins_dump(line: &[u8]) -> bool {
    line.first_chunk::<6>()
        .is_some_and(|six| six[0].is_ascii_digit() && six.iter().all(u8::is_ascii_hexdigit))
}

/// Does a name end in `;` soon?
#[inline]
fn entity(name: &[u8]) -> bool {
    name.iter().take(10).find(|byte| !byte.is_ascii_alphanumeric()) == Some(&b';')
}

/// Which of the bytes before `at` are characters of base64, as far back as runs and rows ask.
fn before(text: &[u8], at: usize) -> u64 {
    let known = &text[at.saturating_sub(BLOCK / 2)..at];
    known.iter().rev().enumerate().fold(0, |bits, (by, &byte)| bits | u64::from(is_base64(byte)) << (63 - by))
}

/// What a block holds, byte by byte: what the vectors mean.
fn scalar(block: &Block) -> Masks {
    let mut masks = Masks::default();
    for (at, pair) in block.windows(2).enumerate() {
        masks.base64 |= u64::from(is_base64(pair[0])) << at;
        masks.sign |= u64::from(SIGNS.class(pair[0]) & FOLLOW.class(pair[1]) != 0) << at;
    }
    masks
}

/// `%`; `&`; the end of a line; `%` and `\` (and `,`, `U`); `\`; `[` and a carriage return (and `]`); `=`;
/// `"&'`.
const SIGNS: Table = Table::new([
    (1 << 2, 1 << 5),
    (1 << 2, 1 << 6),
    (1 << 0, 1 << 10),
    (1 << 2 | 1 << 5, 1 << 5 | 1 << 12),
    (1 << 5, 1 << 12),
    (1 << 0 | 1 << 5, 1 << 11 | 1 << 13),
    (1 << 3, 1 << 13),
    (1 << 2, 1 << 2 | 1 << 6 | 1 << 7),
]);
/// What may stand behind each of them, and a little more: hexadecimal digits; letters; digits; `Uu`, `Xx`, `\`;
/// `01`, `/` and line ends; `"'` and line ends; `3` and a line feed; `" '#+.` and line ends.
const FOLLOW: Table = Table::new([
    (1 << 3 | 1 << 4 | 1 << 6, 0x03ff),
    (1 << 4 | 1 << 5 | 1 << 6 | 1 << 7, 0xffff),
    (1 << 3, 0x03ff),
    (1 << 5 | 1 << 7, 1 << 5 | 1 << 8 | 1 << 12),
    (1 << 0 | 1 << 2 | 1 << 3, 1 << 0 | 1 << 1 | 1 << 10 | 1 << 13 | 1 << 15),
    (1 << 0 | 1 << 2, 1 << 2 | 1 << 7 | 1 << 10 | 1 << 13),
    (1 << 0 | 1 << 3, 1 << 3 | 1 << 10),
    (1 << 0 | 1 << 2, 1 << 0 | 1 << 2 | 1 << 3 | 1 << 7 | 1 << 10 | 1 << 11 | 1 << 13 | 1 << 14),
]);

/// Letters (two classes), digits, `+-/`, `_`.
#[cfg(target_arch = "x86_64")]
const BASE64: Table = Table::new([
    (1 << 4 | 1 << 6, 0xfffe),
    (1 << 5 | 1 << 7, 0x07ff),
    (1 << 3, 0x03ff),
    (1 << 2, 1 << 11 | 1 << 13 | 1 << 15),
    (1 << 5, 1 << 15),
    (0, 0),
    (0, 0),
    (0, 0),
]);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PIECES: &str = "[ -~\n]{0,30}|[A-Za-z0-9]{10,50}|(\"\\+ \"|%41|=3D|=\r\n|&#65;|\\\\x41|0x61, 0x62, 0x63,| 61 62 63( 64 65)?|\n12ab34)";

    proptest! {
        #[test]
        fn vectors_and_scalar_agree(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            pieces in proptest::collection::vec(PIECES, 0..20),
            from in 0..400usize,
        ) {
            let text = [pieces.concat().into_bytes(), bytes].concat();
            let range = from.min(text.len())..text.len();
            let mut slow = vec![0; range.len() + MORE];
            let count = mark_by(&text, range.clone(), &mut slow, scalar, note);
            for vectors in [Vectors::Avx2, Vectors::Avx512] {
                let mut fast = vec![0; range.len() + MORE];
                let vectors = vectors.min(Vectors::of_processor());
                prop_assert_eq!(count, mark_with(vectors, &text, range.clone(), &mut fast));
                prop_assert_eq!(&fast[..count], &slow[..count]);
            }
        }

        /// However a text is cut, the same places are named.
        #[test]
        fn cuts_do_not_matter(
            pieces in proptest::collection::vec(PIECES, 0..12),
            cut in 0.0f64..1.0,
        ) {
            let text = pieces.concat().into_bytes();
            let at = (text.len() as f64 * cut) as usize;
            let (mut whole, mut part, mut parts) = (Vec::new(), Vec::new(), Vec::new());
            let mut marks = Vec::new();
            find(&text, 0..text.len(), &mut marks, &mut whole);
            find(&text, 0..at, &mut marks, &mut part);
            parts.extend(part.iter().copied());
            find(&text, at..text.len(), &mut marks, &mut part);
            parts.extend(part.iter().copied());
            whole.sort();
            parts.sort();
            prop_assert_eq!(whole, parts);
        }
    }
}
