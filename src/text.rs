//! Spans of bytes and the lines they stand on.

mod reading;

pub use reading::{Part, Reading};

use std::ops::Range;

/// A half-open range of byte offsets, `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

impl Span {
    /// A span from `start` up to, not including, `end`.
    pub fn new(start: usize, end: usize) -> Span {
        debug_assert!(start <= end);
        Span { start, end }
    }
    /// Length in bytes.
    pub fn len(self) -> usize {
        self.end - self.start
    }
    /// True where the span holds no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
    /// True where the two spans share at least one byte.
    pub fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }
    /// True where `other` lies wholly inside this span.
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
    /// The same range as the standard library's type, for slicing.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
    /// The span moved by `by` bytes to the right.
    pub fn shifted(self, by: usize) -> Span {
        Span { start: self.start + by, end: self.end + by }
    }
}

/// A piece of a text that is the same as a piece of another text, which it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Where the piece stands in this text.
    pub target: usize,
    /// Where it stands in the other text.
    pub source: usize,
    /// Its length in bytes, more than zero.
    pub length: usize,
}

impl Copied {
    /// The piece's place in this text.
    pub fn in_target(&self) -> Span {
        Span::new(self.target, self.target + self.length)
    }

    /// The piece's place in the other text.
    pub fn in_source(&self) -> Span {
        Span::new(self.source, self.source + self.length)
    }
}

/// A piece of `text` as it may be shown: `mask` tells what stands for each of the `hidden` spans, which may
/// overlap one another and reach beyond the piece. Bytes that are no UTF-8 become replacement characters.
pub fn hide(text: &[u8], piece: Span, hidden: &[Span], mask: impl Fn(Span) -> String) -> String {
    let mut hidden: Vec<Span> = hidden.iter().copied().filter(|span| span.overlaps(piece)).collect();
    hidden.sort();
    let mut out = String::new();
    let mut at = piece.start;
    for span in hidden {
        if span.end <= at {
            continue;
        }
        if span.start > at {
            out.push_str(&String::from_utf8_lossy(&text[at..span.start]));
        }
        out.push_str(&mask(span));
        at = span.end;
    }
    if at < piece.end {
        out.push_str(&String::from_utf8_lossy(&text[at..piece.end]));
    }
    out
}

/// A place in a text as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// 1-based line number.
    pub line: u64,
    /// 1-based column, counted in bytes.
    pub column: u64,
}

/// Answers which line and column an offset stands on. Lines end with `\n`; a `\r` before it belongs
/// to the line. Offsets must be asked in rising order to be cheap: each call counts only the lines
/// since the last one.
pub struct LineIndex<'a> {
    text: &'a [u8],
    offset: usize,
    line: u64,
    line_start: usize,
}

impl<'a> LineIndex<'a> {
    /// An index over `text`, whose first line is number `first_line` (1-based).
    pub fn new(text: &'a [u8], first_line: u64) -> LineIndex<'a> {
        LineIndex { text, offset: 0, line: first_line, line_start: 0 }
    }

    /// The line and column of byte `offset` of the text.
    pub fn position(&mut self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        if offset < self.line_start {
            let newlines = memchr::memchr_iter(b'\n', &self.text[offset..self.offset]).count() as u64;
            self.line -= newlines;
            self.line_start = memchr::memrchr(b'\n', &self.text[..offset]).map_or(0, |at| at + 1);
        } else if offset > self.offset {
            for at in memchr::memchr_iter(b'\n', &self.text[self.offset..offset]) {
                self.line += 1;
                self.line_start = self.offset + at + 1;
            }
        }
        self.offset = offset;
        Position { line: self.line, column: (offset - self.line_start) as u64 + 1 }
    }

    /// The line that holds byte `offset`, without its line end.
    pub fn line_of(&self, offset: usize) -> Span {
        let offset = offset.min(self.text.len());
        let start = memchr::memrchr(b'\n', &self.text[..offset]).map_or(0, |at| at + 1);
        let mut end = memchr::memchr(b'\n', &self.text[offset..]).map_or(self.text.len(), |at| offset + at);
        if end > start && self.text[end - 1] == b'\r' {
            end -= 1;
        }
        Span::new(start, end.max(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_in_any_order() {
        let text = b"ab\ncd\r\n\nxyz";
        let mut index = LineIndex::new(text, 1);
        let want = |line, column| Position { line, column };
        assert_eq!(index.position(0), want(1, 1));
        assert_eq!(index.position(8), want(4, 1));
        assert_eq!(index.position(4), want(2, 2));
        assert_eq!(index.position(2), want(1, 3));
        assert_eq!(index.position(11), want(4, 4));
        assert_eq!(index.position(99), want(4, 4));
        assert_eq!(index.line_of(4), Span::new(3, 5));
        assert_eq!(index.line_of(7), Span::new(7, 7));
    }

    #[test]
    fn spans_overlap_only_where_they_share_a_byte() {
        assert!(!Span::new(0, 3).overlaps(Span::new(3, 5)));
        assert!(Span::new(0, 4).overlaps(Span::new(3, 5)));
        assert!(Span::new(0, 5).contains(Span::new(3, 5)));
    }
}
