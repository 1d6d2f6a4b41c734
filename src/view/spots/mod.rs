//! Where in a text each kind of view may have something to read: one pass for all kinds.

mod masks;

use super::{Kind, is_base64, is_space};
use masks::{BLOCK, Masks};

/// Characters of base64 in a row from which on it is decoded.
pub const BASE64_RUN: usize = 20;
/// Kinds whose escapes begin with one of a few bytes.
const MARKED: [Kind; 8] = [
    Kind::Terminal,
    Kind::Percent,
    Kind::Form,
    Kind::Backslash,
    Kind::Entity,
    Kind::Doubled,
    Kind::Joined,
    Kind::Printable,
];

/// For every byte, which kinds begin with it.
const KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut kind = 0;
        while kind < MARKED.len() {
            kinds[byte] |= (MARKED[kind].begins(byte as u8) as u8) << kind;
            kind += 1;
        }
        byte += 1;
    }
    kinds
}

/// Places in a text, by what may be read there.
#[derive(Default)]
pub struct Spots {
    marked: [Vec<u32>; MARKED.len()],
    /// White space behind another byte.
    pub spaces: Vec<u32>,
    /// First bytes of lines that may be a dump.
    pub lines: Vec<u32>,
    /// The last character of the first [`BASE64_RUN`] of a run.
    pub runs: Vec<u32>,
    /// The last bytes of rows of hexadecimal digits; see [`pairs_start`].
    pub pairs: Vec<u32>,
}

impl Spots {
    /// The places where a view of this kind may begin.
    pub fn of(&self, kind: Kind) -> &[u32] {
        match kind {
            Kind::Unspaced => &self.spaces,
            Kind::Dump | Kind::Column => &self.lines,
            Kind::Base64(_) => &self.runs,
            Kind::Pairs => &self.pairs,
            _ => MARKED.iter().position(|&marked| marked == kind).map_or(&[], |index| &self.marked[index]),
        }
    }

    /// All places from `from` on. Where the byte behind a place decides and is not there yet, the place
    /// counts. `whole`: nothing stood before the text.
    pub fn find(&mut self, text: &[u8], from: usize, whole: bool) {
        self.marked.iter_mut().for_each(Vec::clear);
        for list in [&mut self.spaces, &mut self.lines, &mut self.runs, &mut self.pairs] {
            list.clear();
        }
        let before = text[..from].iter().rev().take(BASE64_RUN).take_while(|&&byte| is_base64(byte)).count();
        // Of a run that began before the text nobody knows where.
        let before = if before == from && !whole { BASE64_RUN + 1 } else { before };
        let mut last = before_masks(text, from, before);
        let vectors = masks::vectors();
        let mut at = from;
        while at < text.len() {
            let rest = &text[at..];
            let block = match rest.first_chunk::<BLOCK>() {
                Some(block) => *block,
                None => {
                    let mut block = [b'.'; BLOCK];
                    block[..rest.len()].copy_from_slice(rest);
                    block
                }
            };
            let new = Masks::of(&block, vectors);
            self.block(text, at, last, new, whole);
            last = new;
            at += BLOCK;
        }
    }

    /// The places in one block at `at`; `last` is what the bytes before it are.
    fn block(&mut self, text: &[u8], at: usize, last: Masks, new: Masks, whole: bool) {
        for bit in bits(new.hot) {
            self.hot(text, at + bit);
        }
        let space = join(last.space, new.space);
        for bit in bits(new.space & !high(space << 1)) {
            if at + bit > 0 {
                self.spaces.push((at + bit) as u32);
            }
        }
        let run = join(last.base64, new.base64);
        let four = run & run << 1 & run << 2 & run << 3;
        let sixteen = four & four << 4 & four << 8 & four << 12;
        for bit in bits(high(sixteen & four << 16 & !(run << BASE64_RUN))) {
            self.runs.push((at + bit) as u32);
        }
        let line = join(last.line, new.line) << 1 | u128::from(whole && at == 0) << 64;
        for bit in bits(high(line) & new.hex) {
            self.lines.push((at + bit) as u32);
        }
        // Two digits behind a sign, with two more before it or before `0x`; or four between blanks.
        let hex = join(last.hex, new.hex);
        let pair = hex & hex << 1;
        let pairs = pair
            & !hex << 2
            & (pair << 3 & !hex << 5 & pair << 6 | hex << 3 & !hex << 4 & (pair << 5 | pair << 6));
        let fours = pair & pair << 2 & space << 4 & pair << 5 & pair << 7 & space << 9;
        for bit in bits(high(pairs | fours)) {
            if row(text, at + bit).is_some() {
                self.pairs.push((at + bit) as u32);
            }
        }
    }

    #[inline]
    fn hot(&mut self, text: &[u8], at: usize) {
        if text.get(at + 1).is_some_and(|&next| !goes_on(text[at], next)) {
            return;
        }
        for kind in bits(u64::from(KINDS[usize::from(text[at])])) {
            self.marked[kind].push(at as u32);
        }
    }
}

/// What the bytes before `from` are, as far as it matters; `run` of them are of a run of base64.
fn before_masks(text: &[u8], from: usize, run: usize) -> Masks {
    let mut block = [b'.'; BLOCK];
    let known = from.min(BLOCK);
    block[BLOCK - known..].copy_from_slice(&text[from - known..from]);
    let mut masks = Masks::of(&block, masks::vectors());
    masks.base64 = (1u64 << run).wrapping_sub(1).reverse_bits();
    masks
}

/// Two blocks in a row.
fn join(last: u64, new: u64) -> u128 {
    u128::from(new) << 64 | u128::from(last)
}

/// The later of two blocks.
fn high(both: u128) -> u64 {
    (both >> 64) as u64
}

/// The numbers of the bits that are set.
fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then(|| mask.trailing_zeros() as usize)?;
        mask &= mask - 1;
        Some(bit)
    })
}

/// May an escape of some kind begin with a byte, by the byte behind it, if that is known? Of forms
/// (`+` for a blank) and white space this does not tell.
pub fn may_begin(byte: u8, next: Option<u8>) -> bool {
    KINDS[usize::from(byte)] != 0 && byte != b'+' && next.is_none_or(|next| goes_on(byte, next))
}

/// The kinds of which an escape may begin with a byte; see [`may_begin`].
pub fn kinds_of(byte: u8) -> impl Iterator<Item = Kind> {
    bits(u64::from(KINDS[usize::from(byte)])).map(|kind| MARKED[kind])
}

/// Can an escape that begins with one byte go on with the next?
fn goes_on(byte: u8, next: u8) -> bool {
    match byte {
        b'%' => next.is_ascii_hexdigit() || matches!(next, b'u' | b'U' | b'%'),
        b'&' => next.is_ascii_alphabetic() || next == b'#',
        b'=' => next.is_ascii_hexdigit() || matches!(next, b'\r' | b'\n'),
        b'\'' | b'"' => matches!(next, b'\'' | b'"' | b'\\' | b'+' | b'.') || is_space(next),
        b'$' => next == b'$',
        0xc2 => next == 0xad,
        0xe2 => matches!(next, 0x80 | 0x81),
        0xef => matches!(next, 0xbb | 0xb8),
        _ => true,
    }
}

/// Where the row of pairs begins of which the last byte is at `spot`; see [`Spots::pairs`].
pub fn pairs_start(text: &[u8], spot: usize) -> usize {
    row(text, spot).unwrap_or(spot)
}

/// The beginning of a row of hexadecimal digits, two or four together and the same sign between them or
/// `0x` before each two, that becomes long enough at `at` to be read.
fn row(text: &[u8], at: usize) -> Option<usize> {
    let digits = |end: usize, count: usize| text[end + 1 - count..=end].iter().all(u8::is_ascii_hexdigit);
    let sign = *text.get(at.checked_sub(2)?)?;
    if !text[at - 1].is_ascii_hexdigit() {
        return None;
    }
    if sign == b'x' || sign == b'X' {
        // `0x41,0x42` and `0x41, 0x42`.
        return [5, 6].into_iter().find_map(|step| {
            let start = at.checked_sub(2 * step + 3)?;
            let same = |by: usize| text[at - by * step - 2] == sign && digits(at - by * step, 2);
            (same(1) && same(2)).then_some(start)
        });
    }
    if !sign.is_ascii_hexdigit() {
        let start = at.checked_sub(10)?;
        let same = |by: usize| text[at - 3 * by + 1] == sign && digits(at - 3 * by, 2);
        return (b" :-,;.".contains(&sign) && same(1) && same(2) && same(3)).then_some(start);
    }
    let start = at.checked_sub(13)?;
    (text[at - 4] == b' ' && text[at - 9] == b' ' && digits(at, 4) && digits(at - 5, 4) && digits(at - 10, 4))
        .then_some(start)
}
