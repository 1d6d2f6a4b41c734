//! What is encoded around a place that `super::sieve` named, and what it says.
//!
//! A [`Region`] is found at its first place only: all others in it tell that they are not the first. So
//! whether a region is found at a place depends on a few bytes before the place and on the region
//! itself, and not on where a scan began.

mod escapes;
mod joined;
mod rows;
mod runs;

pub(super) use runs::may_begin;

use super::sieve::{Sign, Spot};
use super::{Kind, Said, Unit, View};
use crate::archive;
use crate::text::Span;
use std::ops::Range;

/// Longest region, in bytes of the text; what is longer is decoded up to here.
pub const LONGEST: usize = 8 << 20;
/// Bytes before a place that decide whether a region begins there.
pub const BEFORE: usize = 4 << 10;
/// Bytes on the same line before the first escape, and behind the last, that are read with it.
const AROUND: (usize, usize) = (1024, 640);

/// A way in which bytes are written, as reports name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// RFC 4648, both alphabets, padded or not, wrapped or not.
    Base64,
    /// RFC 4648.
    Base32,
    /// Pairs of hexadecimal digits, with or without signs between them.
    Hex,
    /// What `xxd`, `od` and `hexdump` print.
    HexDump,
    /// Percent signs, as in URLs.
    Percent,
    /// Escapes with a backslash, as in JSON and most languages.
    Json,
    /// The same where JSON has none such: `\x41`, `\101`.
    Escapes,
    /// Entities of HTML and XML.
    Html,
    /// RFC 2045.
    QuotedPrintable,
    /// A text in several literals, or over several lines.
    Joined,
}

impl Encoding {
    /// The name in a chain.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Base64 => "base64",
            Encoding::Base32 => "base32",
            Encoding::Hex => "hex",
            Encoding::HexDump => "hexdump",
            Encoding::Percent => "percent",
            Encoding::Json => "json",
            Encoding::Escapes => "escapes",
            Encoding::Html => "html",
            Encoding::QuotedPrintable => "quoted-printable",
            Encoding::Joined => "joined",
        }
    }
}

/// Bytes of a text that say something else once they are decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// How they are encoded.
    pub encoding: Encoding,
    /// The view that reads them; none where the pieces only belong together.
    kind: Option<Kind>,
    /// What is read, rising.
    pieces: Vec<Range<usize>>,
    /// It is longer than [`LONGEST`], and what follows was left out.
    pub cut: bool,
}

/// What was found at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// The bytes that decided, and those of the region.
    pub span: Span,
    /// What begins here; none where the place belongs to a region that began before.
    pub region: Option<Region>,
}

/// The last row of pairs, by its end: places in it need no second look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Last {
    end: usize,
}

impl Last {
    /// A new text begins.
    pub fn start(&mut self) {
        self.end = 0;
    }
}

/// Look at a place; `None` where nothing is encoded and a few bytes around it say so. `last` belongs to a
/// pass over rising places of one text. Also tells the place that all this belongs to: of a row any place
/// may be named, and it belongs to where it begins.
pub fn look(text: &[u8], spot: Spot, last: &mut Last) -> Option<(usize, Looked)> {
    let at = spot.at as usize;
    let here = |looked| (at, looked);
    let (anchor, mut looked) = match spot.sign {
        Sign::Run => runs::look(text, at).map(here),
        Sign::Escape => escapes::look(text, at).map(here),
        Sign::Equals => escapes::equals(text, at - usize::from(text[at] == b'\r')).map(here),
        Sign::Quote => joined::look(text, at).map(here),
        // The place is the end of the line before, or the beginning of the text.
        Sign::Line => rows::dump(text, at + usize::from(text[at] == b'\n')).map(here),
        Sign::Pairs if at < last.end => None,
        Sign::Pairs => rows::pairs(text, at).map(|row| {
            last.end = last.end.max(row.end);
            (row.start, row.looked)
        }),
    }?;
    // That a line begins or ends there is told by the byte beside it.
    looked.span = Span::new(looked.span.start.saturating_sub(1), text.len().min(looked.span.end + 1));
    Some((anchor, looked))
}

impl Region {
    fn new(encoding: Encoding, kind: Option<Kind>, pieces: Vec<Range<usize>>) -> Region {
        Region { encoding, kind, pieces, cut: false }
    }

    /// The bytes of the text that it takes up.
    pub fn span(&self) -> Span {
        let start = self.pieces.first().map_or(0, |piece| piece.start);
        Span::new(start, self.pieces.last().map_or(start, |piece| piece.end))
    }

    /// It says something by itself; others are parts of what stands around them.
    pub fn alone(&self) -> bool {
        matches!(self.encoding, Encoding::Base64 | Encoding::Base32 | Encoding::Hex | Encoding::HexDump)
    }

    /// Everything that it says, byte by byte with the bytes of the text that say so, and whether these
    /// are others.
    fn each(&self, text: &[u8], mut each: impl FnMut(Unit, bool)) {
        let Some(kind) = self.kind else {
            for piece in &self.pieces {
                for at in piece.clone() {
                    each(Unit { byte: text[at], start: at as u64, end: at as u64 + 1 }, false);
                }
            }
            return;
        };
        let mut view = View::new(kind);
        let mut before = None;
        let mut take = |said: Said, before: &mut Option<u8>| match said {
            Said::Plain(unit) => {
                *before = Some(unit.byte);
                each(unit, false);
            }
            Said::Decoded(unit) => {
                *before = Some(unit.byte);
                each(unit, true);
            }
            Said::Nothing { .. } | Said::Again { .. } | Said::Break => {}
        };
        for piece in &self.pieces {
            let mut at = piece.start;
            while at < piece.end {
                let plain = view.plain(&text[at..piece.end]);
                for _ in 0..plain.max(1) {
                    let unit = Unit { byte: text[at], start: at as u64, end: at as u64 + 1 };
                    if plain > 0 {
                        take(Said::Plain(unit), &mut before);
                    } else {
                        let last = before;
                        view.step(unit, last, &mut |said| take(said, &mut before));
                    }
                    at += 1;
                }
            }
        }
        view.finish(&mut |said| take(said, &mut before));
    }

    /// What it says, at most `most` bytes of it; tells whether that is all.
    pub fn read(&self, text: &[u8], most: usize, out: &mut Vec<u8>) -> bool {
        let mut whole = true;
        self.each(text, |unit, _| {
            if out.len() < most {
                out.push(unit.byte);
            } else {
                whole = false;
            }
        });
        whole && !self.cut
    }

    /// Where in the text that stands which says `span`, and whether it is written otherwise there.
    pub fn locate(&self, text: &[u8], span: Span) -> (Span, bool) {
        let (mut index, mut start, mut end) = (0, None, 0);
        let mut other = false;
        self.each(text, |unit, decoded| {
            if span.range().contains(&index) {
                other |= decoded || start.is_some() && unit.start as usize != end;
                start.get_or_insert(unit.start as usize);
                end = end.max(unit.end as usize);
            }
            index += 1;
        });
        let region = self.span();
        match start {
            Some(start) => (Span::new(start, end.max(start)), other),
            None => (region, true),
        }
    }
}

/// The line that holds `at`, at most `before` bytes before it and `behind` behind it, without its end.
fn line(text: &[u8], at: usize, before: usize, behind: usize) -> Span {
    let from = at.saturating_sub(before);
    let to = text.len().min(at + behind);
    let start = memchr::memrchr(b'\n', &text[from..at]).map_or(from, |found| from + found + 1);
    let end = memchr::memchr(b'\n', &text[at..to]).map_or(to, |found| at + found);
    Span::new(start, end)
}

/// Bytes that a text is made of: printable ASCII and white space.
fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}

/// A character of a word: what secrets and names are made of.
fn in_word(byte: u8) -> bool {
    super::is_base64(byte)
}

/// Does a row of bytes begin as something worth decoding: text, also in UTF-16 or UTF-32, a compressed stream,
/// or a container?
fn worth(head: &[u8]) -> bool {
    // The last character may be cut.
    let utf8 = || match std::str::from_utf8(head) {
        Ok(_) => head.len(),
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => 0,
    };
    let printable = |byte: &u8| is_text(*byte) || *byte >= 0x80;
    // One byte of text in so many, and zeros.
    let text = |step: usize, from: usize| {
        head.iter().enumerate().all(|(at, &byte)| if at % step == from { is_text(byte) } else { byte == 0 })
    };
    match head {
        [] => false,
        [0x1f, 0x8b, 8, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => true,
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, ..] => true,
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => true,
        [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..] => rest.contains(&0),
        _ => {
            [(1, 0), (2, 0), (2, 1), (4, 0), (4, 3)].into_iter().any(|(step, from)| text(step, from))
                || head.iter().all(printable) && utf8() + 3 > head.len()
                || archive::may_begin(head)
        }
    }
}
