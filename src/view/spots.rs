//! Where in a text each kind of view may have something to read: one pass for all kinds.

use super::{Kind, is_base64, is_space};

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
const SPACE: u16 = 1 << 8;
const BASE64: u16 = 1 << 10;
const HEX: u16 = 1 << 11;
/// What [`CLASSES`] has of a byte that a view may begin with.
const HOT: u16 = SPACE - 1;

/// For every byte, which kinds begin with it.
const CLASSES: [u16; 256] = classes();

const fn classes() -> [u16; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut kind = 0;
        while kind < MARKED.len() {
            if MARKED[kind].begins(byte as u8) {
                classes[byte] |= 1 << kind;
            }
            kind += 1;
        }
        if is_space(byte as u8) {
            classes[byte] |= SPACE;
        }
        if is_base64(byte as u8) {
            classes[byte] |= BASE64;
        }
        if (byte as u8).is_ascii_hexdigit() {
            classes[byte] |= HEX;
        }
        byte += 1;
    }
    classes
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
    /// The last byte of the first pairs of hexadecimal digits with the same sign between them.
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
        let mut run = if before == from && !whole { BASE64_RUN } else { before };
        for at in from..text.len() {
            let class = CLASSES[usize::from(text[at])];
            if class & BASE64 != 0 {
                run += 1;
                if run == BASE64_RUN {
                    self.runs.push(at as u32);
                }
            } else {
                run = 0;
            }
            if class & (HOT | SPACE) != 0 {
                self.hot(text, at, class);
            }
            if class & HEX != 0 {
                if at == 0 && whole || at > 0 && text[at - 1] == b'\n' {
                    self.lines.push(at as u32);
                }
                if row(text, at).is_some() {
                    self.pairs.push(at as u32);
                }
            }
        }
    }

    #[inline]
    fn hot(&mut self, text: &[u8], at: usize, class: u16) {
        if class & SPACE != 0 {
            if at > 0 && !is_space(text[at - 1]) {
                self.spaces.push(at as u32);
            }
            return;
        }
        if text.get(at + 1).is_some_and(|&next| !goes_on(text[at], next)) {
            return;
        }
        let mut kinds = class & HOT;
        while kinds != 0 {
            self.marked[kinds.trailing_zeros() as usize].push(at as u32);
            kinds &= kinds - 1;
        }
    }
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
