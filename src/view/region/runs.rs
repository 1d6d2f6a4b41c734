//! Runs of base64, base32 and hexadecimal digits, in one piece or wrapped over lines.

use super::{BEFORE, Encoding, LONGEST, Looked, Region, worth};
use crate::text::Span;
use crate::view::base32::quintet;
use crate::view::sieve::RUN;
use crate::view::{Kind, NO_SEXTET, SEXTETS};
use std::ops::Range;

/// Decoded bytes that tell whether the rest is worth decoding.
const HEAD: usize = 12;
/// Fewest hexadecimal digits, and fewest characters of base32, of a run.
const LEAST: (usize, usize) = (32, 24);
/// Longest line of a wrapped run, and longest text before or behind the run on such a line, in bytes.
const LINE: usize = 1024;
const PREFIX: usize = 96;
const SUFFIX: usize = 8;

/// How a run is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Base64,
    Base32,
    Hex,
}

/// The values of characters in base32 and in hexadecimal, and [`NO_SEXTET`].
const QUINTETS: [u8; 256] = table(5);
const NIBBLES: [u8; 256] = table(4);

const fn table(bits: u32) -> [u8; 256] {
    let mut table = [NO_SEXTET; 256];
    let mut byte = 0;
    while byte < 256 {
        let value = if bits == 5 { quintet(byte as u8) } else { nibble(byte as u8) };
        if let Some(value) = value {
            table[byte] = value;
        }
        byte += 1;
    }
    table
}

const fn nibble(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

impl Alphabet {
    #[inline]
    fn values(self) -> &'static [u8; 256] {
        match self {
            Alphabet::Base64 => &SEXTETS,
            Alphabet::Base32 => &QUINTETS,
            Alphabet::Hex => &NIBBLES,
        }
    }

    #[inline]
    fn has(self, byte: u8) -> bool {
        self.values()[usize::from(byte)] != NO_SEXTET
    }

    /// Bits of one character.
    fn bits(self) -> u32 {
        match self {
            Alphabet::Base64 => 6,
            Alphabet::Base32 => 5,
            Alphabet::Hex => 4,
        }
    }

    fn reading(self) -> (Encoding, Kind) {
        match self {
            Alphabet::Base64 => (Encoding::Base64, Kind::Base64(0)),
            Alphabet::Base32 => (Encoding::Base32, Kind::Base32),
            Alphabet::Hex => (Encoding::Hex, Kind::Pairs),
        }
    }
}

/// May a run that begins at `start` encode something worth decoding, in any alphabet, as far as its first
/// characters tell? Most runs are names, of which few do.
#[inline]
pub(in crate::view) fn may_begin(text: &[u8], start: usize) -> bool {
    let Some(first) = text[start..].first_chunk::<8>() else { return false };
    let sextets = [0, 1, 2, 3].map(|at| u32::from(SEXTETS[usize::from(first[at])]));
    let bits = sextets.iter().fold(0, |bits, value| bits << 6 | value & 63);
    let [_, head @ ..] = bits.to_be_bytes();
    may_begin_text(head)
        || magic(&head)
        // It begins behind the escape: `\npGFz…`.
        || start > 0 && text[start - 1] == b'\\'
        || first.iter().all(|&byte| Alphabet::Hex.has(byte)) && begins_well(Alphabet::Hex, &text[start..])
        || first.iter().all(|&byte| Alphabet::Base32.has(byte)) && begins_well(Alphabet::Base32, &text[start..])
}

/// May these be the first bytes of a text, in UTF-8 or UTF-16?
#[inline]
fn may_begin_text([one, two, three]: [u8; 3]) -> bool {
    let (text, lead) = (super::is_text, |byte: u8| matches!(byte, 0xc2..=0xf4));
    let inner = |byte: u8| matches!(byte, 0x80..=0xbf);
    match (text(one), lead(one)) {
        (true, _) if text(two) || two == 0 => text(three) || lead(three),
        (true, _) => lead(two) && inner(three),
        (_, true) => inner(two) && (text(three) || lead(three) || inner(three)),
        _ => false,
    }
}

/// A run whose first [`RUN`] characters end at `at`.
pub(super) fn look(text: &[u8], at: usize) -> Option<Looked> {
    let mut start = at + 1 - RUN;
    // `\ncGFz…`: the run begins behind the escape.
    if start > 0 && text[start - 1] == b'\\' && matches!(text[start], b'n' | b'r' | b't') {
        start += 1;
    }
    let head = &text[start..=at];
    let reads = |alphabet: Alphabet| {
        head.iter().all(|&byte| alphabet.has(byte)) && begins_well(alphabet, &text[start..])
    };
    let alphabet =
        [Alphabet::Hex, Alphabet::Base32, Alphabet::Base64].into_iter().find(|&alphabet| reads(alphabet))?;
    let run = run(text, start, alphabet);
    let mut from = start;
    let Some(pieces) = wrapped(text, &run, alphabet, &mut from) else {
        let span = Span::new(from, text.len().min(run.end + SUFFIX + 2));
        return Some(Looked { span, region: None });
    };
    let length: usize = pieces.iter().map(ExactSizeIterator::len).sum();
    let least = match alphabet {
        Alphabet::Hex => LEAST.0,
        Alphabet::Base32 => LEAST.1,
        Alphabet::Base64 => RUN - 1,
    };
    // A single character of base64 behind whole groups encodes nothing, nor does half a pair.
    let end = pieces.last().map_or(run.end, |piece| piece.end);
    // What follows the last line decides that it is the last.
    let to = text.len().min(end + LINE + PREFIX + 2 * (SUFFIX + 2));
    if length < least || alphabet == Alphabet::Hex && length % 2 == 1 && length < 64 {
        return Some(Looked { span: Span::new(from, to), region: None });
    }
    let (encoding, kind) = alphabet.reading();
    let mut region = Region::new(encoding, Some(kind), pieces);
    region.cut = end - start >= LONGEST;
    Some(Looked { span: Span::new(from, to), region: Some(region) })
}

/// The characters of the alphabet from `start` on.
fn run(text: &[u8], start: usize, alphabet: Alphabet) -> Range<usize> {
    let rest = &text[start..text.len().min(start + LONGEST)];
    let length = rest.iter().position(|&byte| !alphabet.has(byte)).unwrap_or(rest.len());
    start..start + length
}

/// Do the first characters encode something worth decoding?
fn begins_well(alphabet: Alphabet, run: &[u8]) -> bool {
    let (values, width) = (alphabet.values(), alphabet.bits());
    let mut head = [0u8; HEAD];
    let (mut bits, mut held, mut length) = (0u32, 0, 0);
    for &byte in run.iter().take(HEAD * 2) {
        let value = values[usize::from(byte)];
        if length == HEAD || value == NO_SEXTET {
            break;
        }
        bits = bits << width | u32::from(value);
        held += width;
        if held >= 8 {
            held -= 8;
            head[length] = (bits >> held) as u8;
            length += 1;
            // The first bytes throw out nearly everything.
            if length == 3 && !may_begin_text([head[0], head[1], head[2]]) && !magic(&head[..3]) {
                return false;
            }
        }
    }
    worth(&head[..length])
}

/// May a row of bytes begin a compressed stream, wide text or a container?
#[inline]
fn magic(head: &[u8]) -> bool {
    match head {
        [0x1f, 0x8b, 8] | [0x28, 0xb5, 0x2f] | [0xfd, b'7', b'z'] => true,
        [0xff, 0xfe, _] | [0xfe, 0xff, _] | [0x78, _, _] | [0, _, 0] => true,
        [b'P', b'K', 3 | 5 | 7] | [b'7', b'z', 0xbc] | [0xed, 0xab, 0xee] | [4, 0, 0] => true,
        [0xca, 0xfe, 0xba] | [0xfe, 0xed, 0xfe] | [0xce, 0xce, 0xce] | [b'0', 0x80..=0x84, _] => true,
        [_, 0x0b..=0x0f | 0xf2 | 0xf3, b'\r'] => true,
        // A short name in tar.
        [first, second, 0] => super::is_text(*first) && (super::is_text(*second) || *second == 0),
        _ => false,
    }
}

/// How a line of a wrapped run looks: its run, and what stands around it.
struct Line {
    start: usize,
    run: Range<usize>,
    end: usize,
}

/// Read the line that begins at `start`, where the first run behind its prefix has a length that is
/// known.
fn line_at(text: &[u8], start: usize, prefix: &[u8], alphabet: Alphabet) -> Option<Line> {
    let rest = text.get(start..)?;
    let from = start + rest.starts_with(prefix).then_some(prefix.len())?;
    let limit = text.len().min(from + LINE);
    let length = text[from..limit].iter().position(|&byte| !alphabet.has(byte)).unwrap_or(limit - from);
    let run = from..from + length;
    let tail = &text[run.end..text.len().min(run.end + SUFFIX + 2)];
    let end = memchr::memchr(b'\n', tail).map(|at| run.end + at + 1);
    let end = end.or((run.end + tail.len() == text.len()).then_some(text.len()))?;
    (length > 0).then_some(Line { start, run, end })
}

/// What stands behind the run of a line, without the end of the line.
fn suffix<'t>(text: &'t [u8], line: &Line) -> &'t [u8] {
    text[line.run.end..line.end].trim_ascii_end()
}

/// True where a line that ends so may be the last of a run whose other lines end otherwise: quotes, brackets and the
/// like close it. The key of another value, `other: 1`, does not.
fn closes(suffix: &[u8]) -> bool {
    suffix.iter().all(|byte| b"=\"'`;,)]}>|*<\\/-+ ".contains(byte))
}

/// What stands before the text on a line that goes on from another: blanks, signs of comments and quotes.
fn lead(text: &[u8], start: usize) -> &[u8] {
    let rest = &text[start..text.len().min(start + PREFIX)];
    let signs = rest.iter().position(|byte| !b" \t#*|>\"';:%!-".contains(byte) || *byte == b'\n');
    &rest[..signs.unwrap_or(rest.len())]
}

/// The pieces of a run that may be wrapped; none where the line before is part of the same. `from` becomes the first
/// byte that was looked at.
fn wrapped(
    text: &[u8],
    run: &Range<usize>,
    alphabet: Alphabet,
    from: &mut usize,
) -> Option<Vec<Range<usize>>> {
    let mut pieces = vec![run.clone()];
    if run.len() > LINE {
        return Some(pieces);
    }
    // `\n` written out between the lines.
    let escaped = |at: usize| {
        let rest = &text[at..];
        [&b"\\r\\n"[..], b"\\n", b"\\\\n"]
            .into_iter()
            .find(|mark| rest.starts_with(mark))
            .map(|mark| mark.len())
    };
    let mut at = run.end;
    while let Some(skip) = escaped(at) {
        let next = self::run(text, at + skip, alphabet);
        if next.is_empty() || next.len() > run.len() || next.end - run.start > LONGEST {
            break;
        }
        at = next.end;
        let short = next.len() < run.len();
        pieces.push(next);
        if short {
            break;
        }
    }
    if pieces.len() > 1 {
        return Some(pieces);
    }
    let line_start = super::line(text, run.start, LINE + PREFIX, 0).start;
    *from = line_start;
    let prefix = &text[line_start..run.start];
    let Some(own) = line_at(text, line_start, prefix, alphabet).filter(|line| line.run == *run) else {
        return Some(pieces);
    };
    if prefix.len() <= PREFIX && goes_on(text, &own, prefix, alphabet, from) {
        return None;
    }
    let same = |start: usize| {
        let by_prefix = line_at(text, start, prefix, alphabet).filter(|_| prefix.len() <= PREFIX);
        by_prefix.or_else(|| line_at(text, start, lead(text, start), alphabet))
    };
    let end_of = suffix(text, &own).to_vec();
    // Padding ends what is encoded.
    if end_of.starts_with(b"=") {
        return Some(pieces);
    }
    let mut next = own.end;
    while let Some(line) = same(next) {
        let last = pieces[pieces.len() - 1].len();
        let behind = suffix(text, &line);
        let differs = behind != end_of;
        let closed = differs && closes(behind);
        // A line that is shorter than the one before is the last. But the first may be longer than all
        // others, where these are set in, and the last may take the rest, however long, as in RTF.
        let follows = match pieces.len() {
            1 => true,
            2 if last < run.len() => line.run.len() == last,
            _ => line.run.len() <= last || closed && !behind.is_empty(),
        };
        if !follows || line.end - run.start > LONGEST || differs && !closed {
            break;
        }
        let ends = pieces.len() > 1 && line.run.len() < last || differs;
        pieces.push(line.run.clone());
        next = line.end;
        if ends {
            break;
        }
    }
    Some(pieces)
}

/// Is a line part of a run that began before it? `from` becomes the first byte that was looked at.
fn goes_on(text: &[u8], own: &Line, prefix: &[u8], alphabet: Alphabet, from: &mut usize) -> bool {
    let mut before = |line: &Line| before(text, line, prefix, alphabet, from);
    let Some(line) = before(own) else { return false };
    let first = line.run.len() >= RUN && line.run.len() >= own.run.len();
    let behind = suffix(text, &line);
    let last = suffix(text, own);
    let goes_on =
        !behind.starts_with(b"=") && (behind == last || line.run.len() > own.run.len() && closes(last));
    if !first || !goes_on {
        return false;
    }
    let earlier = before(&line);
    // A line that is shorter than the one before is the last of its run, as `wrapped` has it.
    if let Some(earlier) = earlier.as_ref().filter(|earlier| earlier.run.len() > line.run.len()) {
        return line.run.len() == own.run.len()
            && before(earlier).is_none_or(|top| top.run.len() != earlier.run.len());
    }
    // Only its own look tells for sure whether a line is part of a run that begins before it; two lines of
    // the same form and length are enough.
    begins_well(alphabet, &text[line.run.start..])
        || earlier.is_some_and(|earlier| earlier.run.len() == line.run.len())
}

/// The line before, where it has the same form. `from` becomes the first byte that was looked at.
fn before(text: &[u8], line: &Line, prefix: &[u8], alphabet: Alphabet, from: &mut usize) -> Option<Line> {
    let end = line.start.checked_sub(1)?;
    *from = super::line(text, end, (LINE + PREFIX).min(BEFORE), 0).start;
    line_at(text, *from, prefix, alphabet).filter(|before| before.end == line.start)
}
