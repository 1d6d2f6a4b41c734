//! Bytes with the places of the input that they stand for.

use crate::view::Unit;
use std::ops::Range;
use zeroize::Zeroize;

/// What a view has read.
#[derive(Default)]
pub(super) struct Text {
    pub bytes: Vec<u8>,
    spans: Vec<(u64, u64)>,
}

impl Text {
    /// Make room for `more` bytes, by hand, so that what is left behind can be wiped.
    #[cold]
    fn grow(&mut self, more: usize) {
        let mut larger = Vec::with_capacity(((self.bytes.len() + more) * 2).max(256));
        larger.extend_from_slice(&self.bytes);
        self.bytes.zeroize();
        self.bytes = larger;
    }

    /// Bytes of a source as they stand there.
    pub(super) fn extend(&mut self, source: Source<'_>, range: Range<usize>) {
        if self.bytes.capacity() - self.bytes.len() < range.len() {
            self.grow(range.len());
        }
        self.bytes.extend_from_slice(&source.bytes()[range.clone()]);
        match source {
            Source::Input(_, base) => {
                self.spans.extend(range.map(|at| (base + at as u64, base + at as u64 + 1)));
            }
            Source::Read(text) => self.spans.extend_from_slice(&text.spans[range]),
        }
    }

    /// Put bytes of a source in front.
    pub(super) fn lead(&mut self, source: Source<'_>, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        if self.bytes.capacity() - self.bytes.len() < range.len() {
            self.grow(range.len());
        }
        self.bytes.splice(0..0, source.bytes()[range.clone()].iter().copied());
        self.spans.splice(0..0, range.map(|at| source.unit(at)).map(|unit| (unit.start, unit.end)));
    }

    #[inline]
    pub(super) fn push(&mut self, unit: Unit) {
        if self.bytes.len() == self.bytes.capacity() {
            self.grow(1);
        }
        self.bytes.push(unit.byte);
        self.spans.push((unit.start, unit.end));
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn last(&self) -> Option<u8> {
        self.bytes.last().copied()
    }

    /// The last byte also stands for what follows up to `end`.
    pub(super) fn stretch(&mut self, end: u64) {
        if let Some(last) = self.spans.last_mut() {
            last.1 = end;
        }
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
    }

    /// Forget all but the last `keep` bytes; tells how many went.
    pub(super) fn trim(&mut self, keep: usize) -> usize {
        let gone = self.len().saturating_sub(keep);
        self.bytes.drain(..gone);
        self.spans.drain(..gone);
        gone
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

/// What a view reads: the input itself or what another view has read.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// Bytes of the input and the offset of the first.
    Input(&'a [u8], u64),
    /// The text of another view.
    Read(&'a Text),
}

impl<'a> Source<'a> {
    pub(super) fn bytes(&self) -> &'a [u8] {
        match *self {
            Source::Input(bytes, _) => bytes,
            Source::Read(text) => &text.bytes,
        }
    }

    pub(super) fn unit(&self, at: usize) -> Unit {
        match *self {
            Source::Input(bytes, base) => {
                let start = base + at as u64;
                Unit { byte: bytes[at], start, end: start + 1 }
            }
            Source::Read(text) => {
                let (start, end) = text.spans[at];
                Unit { byte: text.bytes[at], start, end }
            }
        }
    }

    /// Index of the first byte that stands for the input from `offset` on.
    pub(super) fn index(&self, offset: u64) -> usize {
        match *self {
            Source::Input(bytes, base) => (offset.saturating_sub(base) as usize).min(bytes.len()),
            Source::Read(text) => text.spans.partition_point(|span| span.0 < offset),
        }
    }
}
