//! Runs of base64, base32 and hexadecimal digits, in one piece or wrapped over lines.

use super::{BEFORE, Encoding, LONGEST, Looked, Region, worth};
use crate::text::Span;
use crate::view::sieve::RUN;
use crate::view::{Kind, is_base64, sextet};
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

impl Alphabet {
    fn has(self, byte: u8) -> bool {
        match self {
            Alphabet::Base64 => is_base64(byte),
            Alphabet::Base32 => base32(byte).is_some(),
            Alphabet::Hex => byte.is_ascii_hexdigit(),
        }
    }

    /// Bits of one character.
    fn bits(self) -> u32 {
        match self {
            Alphabet::Base64 => 6,
            Alphabet::Base32 => 5,
            Alphabet::Hex => 4,
        }
    }

    fn value(self, byte: u8) -> u32 {
        match self {
            Alphabet::Base64 => sextet(byte).map_or(0, u32::from),
            Alphabet::Base32 => base32(byte).map_or(0, u32::from),
            Alphabet::Hex => char::from(byte).to_digit(16).unwrap_or(0),
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

fn base32(byte: u8) -> Option<u8> {
    crate::view::base32::quintet(byte)
}

/// May a run of base64 begin with this, or one of base32 or digits: the byte it then begins with is one
/// of text or of a compressed stream?
const FIRST: [bool; 256] = first();

const fn first() -> [bool; 256] {
    let mut first = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Some(value) = sextet(byte as u8) {
            let low = value << 2;
            // `H4sI`, `KLUv`, `/Td6`, UTF-16 and UTF-8 with a mark.
            let marks = matches!(byte as u8, b'H' | b'K' | b'/' | b'_' | b'7' | b'e');
            first[byte] = marks || low >= 32 && low < 127 || low >= 8 && low < 16;
        }
        byte += 1;
    }
    // Hexadecimal: `1f`, `28`, `fd`, `fe`, `ff`, `ef`, `0a`, `09` and text.
    let mut digit = 0;
    while digit < 8 {
        first[b'0' as usize + digit] = true;
        digit += 1;
    }
    let mut marks = 0;
    while marks < 4 {
        first[b"fFeE"[marks] as usize] = true;
        marks += 1;
    }
    first
}

/// A run whose first [`RUN`] characters end at `at`.
pub(super) fn look(text: &[u8], at: usize) -> Option<Looked> {
    let mut start = at + 1 - RUN;
    // `\ncGFz…`: the run begins behind the escape.
    if start > 0 && text[start - 1] == b'\\' && matches!(text[start], b'n' | b'r' | b't') {
        start += 1;
    }
    if !FIRST[usize::from(text[start])] {
        return None;
    }
    let head = &text[start..=at];
    let reads = |alphabet: Alphabet| {
        head.iter().all(|&byte| alphabet.has(byte)) && begins_well(alphabet, &text[start..])
    };
    let alphabet =
        [Alphabet::Hex, Alphabet::Base32, Alphabet::Base64].into_iter().find(|&alphabet| reads(alphabet))?;
    let run = run(text, start, alphabet);
    let pieces = wrapped(text, &run, alphabet);
    let (pieces, from) = match pieces {
        Lines::Own(pieces) => (pieces, start.saturating_sub(2 * (LINE + PREFIX))),
        Lines::Before(from) => {
            let from = from.saturating_sub(LINE + PREFIX);
            return Some(Looked {
                span: Span::new(from, text.len().min(run.end + SUFFIX + 2)),
                region: None,
            });
        }
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
    let to = text.len().min(end + LINE + PREFIX);
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
    let mut head = [0u8; HEAD];
    let (mut bits, mut held, mut length) = (0u32, 0, 0);
    for &byte in run {
        if length == HEAD || !alphabet.has(byte) {
            break;
        }
        bits = bits << alphabet.bits() | alphabet.value(byte);
        held += alphabet.bits();
        if held >= 8 {
            held -= 8;
            head[length] = (bits >> held) as u8;
            length += 1;
            // The first byte throws out nearly everything.
            if length == 3 && !super::is_text(head[0]) && !magic(&head[..3]) {
                return false;
            }
        }
    }
    worth(&head[..length])
}

/// May a row of bytes begin a compressed stream or wide text?
fn magic(head: &[u8]) -> bool {
    matches!(
        head,
        [0x1f, 0x8b, 8]
            | [0x28, 0xb5, 0x2f]
            | [0xfd, b'7', b'z']
            | [0xff, 0xfe, _]
            | [0xfe, 0xff, _]
            | [0xef, 0xbb, 0xbf]
            | [0, _, 0]
    )
}

/// The lines of a wrapped run.
enum Lines {
    /// All from this one on.
    Own(Vec<Range<usize>>),
    /// The line before, which begins here, is part of the same.
    Before(usize),
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

/// What stands before the text on a line that goes on from another: blanks, signs of comments and quotes.
fn lead(text: &[u8], start: usize) -> &[u8] {
    let rest = &text[start..text.len().min(start + PREFIX)];
    let signs = rest.iter().position(|byte| !b" \t#*|>\"';:%!-".contains(byte) || *byte == b'\n');
    &rest[..signs.unwrap_or(rest.len())]
}

/// The pieces of a run that may be wrapped.
fn wrapped(text: &[u8], run: &Range<usize>, alphabet: Alphabet) -> Lines {
    let mut pieces = vec![run.clone()];
    if run.len() > LINE {
        return Lines::Own(pieces);
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
        return Lines::Own(pieces);
    }
    let line_start = super::line(text, run.start, LINE + PREFIX, 0).start;
    let prefix = &text[line_start..run.start];
    let Some(own) = line_at(text, line_start, prefix, alphabet).filter(|line| line.run == *run) else {
        return Lines::Own(pieces);
    };
    if prefix.len() <= PREFIX
        && let Some(before) = previous(text, &own, prefix, alphabet)
    {
        return Lines::Before(before);
    }
    let same = |start: usize| {
        let by_prefix = line_at(text, start, prefix, alphabet).filter(|_| prefix.len() <= PREFIX);
        by_prefix.or_else(|| line_at(text, start, lead(text, start), alphabet))
    };
    let end_of = suffix(text, &own).to_vec();
    // Padding ends what is encoded.
    if end_of.starts_with(b"=") {
        return Lines::Own(pieces);
    }
    let mut length = None; // of all lines from the second on
    let mut next = own.end;
    while let Some(line) = same(next) {
        let usual = *length.get_or_insert(line.run.len());
        if line.run.len() > usual || line.end - run.start > LONGEST {
            break;
        }
        let last = line.run.len() < usual || suffix(text, &line) != end_of;
        pieces.push(line.run.clone());
        next = line.end;
        if last {
            break;
        }
    }
    Lines::Own(pieces)
}

/// Where the line before begins, if it is part of the same.
fn previous(text: &[u8], own: &Line, prefix: &[u8], alphabet: Alphabet) -> Option<usize> {
    let end = own.start.checked_sub(1)?;
    let start = super::line(text, end, (LINE + PREFIX).min(BEFORE), 0).start;
    let line = line_at(text, start, prefix, alphabet).filter(|line| line.end == own.start)?;
    let first = line.run.len() >= RUN && line.run.len() >= own.run.len();
    let behind = suffix(text, &line);
    let goes_on =
        !behind.starts_with(b"=") && (behind == suffix(text, own) || line.run.len() > own.run.len());
    (first && goes_on)
        .then_some(start)
        .filter(|_| begins_well(alphabet, &text[line.run.start..]) || earlier(text, &line, prefix, alphabet))
}

/// Is a line part of a run that begins before it? Only its own look tells for sure; two lines of the same
/// form and length are enough.
fn earlier(text: &[u8], line: &Line, prefix: &[u8], alphabet: Alphabet) -> bool {
    let Some(end) = line.start.checked_sub(1) else { return false };
    let start = super::line(text, end, LINE + PREFIX, 0).start;
    line_at(text, start, prefix, alphabet)
        .is_some_and(|before| before.end == line.start && before.run.len() == line.run.len())
}
