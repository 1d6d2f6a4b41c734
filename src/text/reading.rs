//! Another reading of an input: a text made of parts of it, with a way back to where they stand.

use super::Span;
use std::ops::Range;

/// A text made of parts of an input, such as the cells of a notebook without the escapes of JSON, or a log
/// without timestamps. Offsets are bytes from the first byte of the input and of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    text: Vec<u8>,
    pieces: Vec<Piece>,
    sections: Vec<(usize, String)>,
    part: Option<Part>,
}

/// Where a piece of a long input stands in it, and what of it is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Bytes of the input before the piece.
    pub offset: u64,
    /// Number of `\n` before it.
    pub lines: u64,
    /// Bytes on its first line before it.
    pub column: u64,
    /// What of the piece is looked at: what stands around that is in other pieces, too.
    pub own: Range<usize>,
}

impl Part {
    /// An input of this length (bytes) as a whole.
    pub fn whole(length: usize) -> Part {
        Part { own: 0..length, ..Part::default() }
    }
}

/// A piece of the text, up to where the next one begins, and what it stands for. Where both have the same
/// length, byte stands for byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    text: usize,
    from: usize,
    length: usize,
}

impl Reading {
    /// Add a part of the input as it stands.
    pub fn copy(&mut self, input: &[u8], part: Range<usize>) {
        let Some(bytes) = input.get(part.clone()).filter(|bytes| !bytes.is_empty()) else { return };
        match self.pieces.last_mut() {
            Some(last)
                if last.from + last.length == part.start && self.text.len() - last.text == last.length =>
            {
                last.length += bytes.len();
            }
            _ => {
                self.pieces.push(Piece { text: self.text.len(), from: part.start, length: bytes.len() });
            }
        }
        self.text.extend_from_slice(bytes);
    }

    /// Add bytes that stand for a part of the input, which may be empty.
    pub fn put(&mut self, bytes: &[u8], part: Range<usize>) {
        if bytes.is_empty() {
            return;
        }
        self.pieces.push(Piece { text: self.text.len(), from: part.start, length: part.len() });
        self.text.extend_from_slice(bytes);
    }

    /// Take the last byte of the text away.
    pub fn shorten(&mut self) {
        self.text.pop();
        while self.pieces.pop_if(|last| last.text >= self.text.len()).is_some() {}
        let plain = self.pieces.last_mut().filter(|last| self.text.len() + 1 - last.text == last.length);
        if let Some(last) = plain {
            last.length -= 1;
        }
    }

    /// Say what the input is from an offset on, as in `cell 3, output`; nothing where `name` is empty.
    pub fn section(&mut self, from: usize, name: &str) {
        if self.sections.last().map_or("", |(_, last)| last) != name {
            self.sections.push((from, name.to_owned()));
        }
    }

    /// Say that the input is a piece of a longer one.
    pub fn of_part(self, part: Part) -> Reading {
        Reading { part: Some(part), ..self }
    }

    /// Which part of an input of `length` bytes is read here: all of it, or what was said.
    pub fn part(&self, length: usize) -> Part {
        self.part.clone().unwrap_or_else(|| Part::whole(length))
    }

    /// What of the text is looked at: all of it, or what stands for the part that was said.
    pub fn own(&self) -> Range<usize> {
        let Some(Part { own, .. }) = &self.part else { return 0..self.text.len() };
        let at = |offset: usize| match self.pieces.partition_point(|piece| piece.from < offset) {
            0 => 0,
            index => {
                let piece = self.pieces[index - 1];
                let next = self.pieces.get(index).map_or(self.text.len(), |next| next.text);
                (piece.text + (offset - piece.from)).min(next)
            }
        };
        at(own.start)..at(own.end)
    }

    /// The text.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// True where no part of the input was added and none has a name.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.sections.is_empty()
    }

    /// What a span of the text stands for in the input.
    pub fn original(&self, span: Span) -> Span {
        let start = self.at(span.start, false);
        let end = match span.is_empty() {
            true => start,
            false => self.at(span.end - 1, true),
        };
        Span::new(start, end.max(start))
    }

    /// Where a byte of the text stands in the input: the first byte of what it stands for, or the one behind.
    fn at(&self, offset: usize, behind: bool) -> usize {
        let index = self.pieces.partition_point(|piece| piece.text <= offset);
        let Some(piece) = index.checked_sub(1).map(|index| self.pieces[index]) else { return 0 };
        let next = self.pieces.get(index).map_or(self.text.len(), |next| next.text);
        let inside = offset - piece.text;
        match (next - piece.text == piece.length, behind) {
            (true, _) => piece.from + (inside + usize::from(behind)).min(piece.length),
            (false, false) => piece.from,
            (false, true) => piece.from + piece.length,
        }
    }

    /// The name of the section that holds an offset of the input.
    pub fn section_at(&self, offset: usize) -> Option<&str> {
        let index = self.sections.partition_point(|(from, _)| *from <= offset);
        let (_, name) = self.sections.get(index.checked_sub(1)?)?;
        Some(name.as_str()).filter(|name| !name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spans_are_found_in_the_input() {
        let input = br"one\ntwo; three";
        let mut reading = Reading::default();
        reading.copy(input, 0..3);
        reading.put(b"\n", 3..5);
        reading.copy(input, 5..8);
        reading.copy(input, 10..15);
        assert_eq!(reading.text(), b"one\ntwothree");
        let original = |start, end| reading.original(Span::new(start, end)).range();
        assert_eq!(original(0, 3), 0..3);
        assert_eq!(original(2, 5), 2..6);
        assert_eq!(original(3, 4), 3..5);
        assert_eq!(original(4, 12), 5..15);
        assert_eq!(original(6, 6), 7..7);
        assert_eq!(original(12, 12), 15..15);
        reading.shorten();
        assert_eq!(reading.text(), b"one\ntwothre");
        assert_eq!(reading.original(Span::new(4, 11)).range(), 5..14);
    }

    #[test]
    fn sections_have_names() {
        let mut reading = Reading::default();
        assert!(reading.is_empty());
        for (from, name) in [(3, "a"), (5, "a"), (7, ""), (9, "b")] {
            reading.section(from, name);
        }
        let told: Vec<_> = [2, 3, 6, 7, 8, 9, 99].map(|at| reading.section_at(at)).into();
        assert_eq!(told, [None, Some("a"), Some("a"), None, None, Some("b"), Some("b")]);
    }

    proptest! {
        /// Every byte of the text that was copied is found where it was copied from.
        #[test]
        fn copies_lead_back(parts in proptest::collection::vec((0..50usize, 0..50usize, any::<bool>()), 0..20)) {
            let input: Vec<u8> = (0..100).collect();
            let mut reading = Reading::default();
            for (start, length, copied) in parts {
                match copied {
                    true => reading.copy(&input, start..start + length),
                    false => reading.put(b"\xff\xff\xff", start..start + length),
                }
            }
            for (at, &byte) in reading.text().iter().enumerate() {
                let original = reading.original(Span::new(at, at + 1));
                prop_assert!(original.end <= 100);
                if byte != 0xff {
                    prop_assert_eq!(original.range(), usize::from(byte)..usize::from(byte) + 1);
                }
            }
        }
    }
}
