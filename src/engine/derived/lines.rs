//! Remembers lines in which nothing was found and that depend on nothing far away: wherever they stand again, with
//! the same few bytes around them, nothing is found in them either.
//!
//! Two thirds to four fifths of the text that a history adds stood in it before: it comes back in another version,
//! on another branch or in another file.

use super::{BEFORE, Far, MARGIN, add};
use crate::engine::{Input, Match};
use crate::fetch::fetch;
use foldhash::quality::RandomState;
use memmap2::MmapMut;
use std::hash::{BuildHasher, Hasher};
use std::ops::Range;

/// Longer pieces are not remembered (bytes).
const LONGEST: usize = 4096;
/// Number of places for pieces, 8 bytes each.
const PLACES: usize = 1 << 20;

/// What a thread remembers: pieces of one or a few lines, as what stands in the lines tells; asking about each line
/// alone would cost more than it saves. Of a piece 64 bits of a hash with a random seed are kept, and one that
/// needs the place of another takes it: a piece is taken for another with a chance of one in 2^43.
#[derive(Default)]
pub struct Lines {
    /// The hashes; none before the first is remembered.
    table: Option<MmapMut>,
    state: RandomState,
    /// What is being looked at.
    pieces: Vec<Piece>,
}

/// Whole lines.
struct Piece {
    start: usize,
    end: usize,
    key: u64,
}

impl Lines {
    /// What of these parts of a text, which are given in their order, is to be looked at: all but what is remembered.
    pub(super) fn unknown(&mut self, input: &Input<'_>, parts: Vec<Range<usize>>) -> Vec<Range<usize>> {
        let text = input.text;
        let is_edge = |at: usize| at == 0 || at == text.len() || text[at - 1] == b'\n';
        let mut again: Vec<Range<usize>> = Vec::with_capacity(parts.len());
        for part in parts {
            let mut start = part.start;
            if !is_edge(start) {
                start = memchr::memchr(b'\n', &text[part.clone()]).map_or(part.end, |at| start + at + 1);
                add(&mut again, part.start..start);
            }
            let first = self.pieces.len();
            self.cut(input, start..part.end);
            let mut kept = first;
            for at in first..self.pieces.len() {
                let piece = &self.pieces[at];
                let place = piece.start..piece.end;
                if place.len() > LONGEST || !is_edge(place.end) {
                    add(&mut again, place);
                } else if !self.has(piece.key) {
                    add(&mut again, place);
                    self.pieces.swap(kept, at);
                    kept += 1;
                }
            }
            self.pieces.truncate(kept);
        }
        again
    }

    /// Cut lines into pieces, and have what may be remembered of them fetched.
    fn cut(&mut self, input: &Input<'_>, lines: Range<usize>) {
        let text = input.text;
        let kind = self.state.hash_one((input.kind, input.binary));
        let ends = memchr::memchr_iter(b'\n', &text[lines.clone()]).map(|at| lines.start + at + 1);
        let mut start = lines.start;
        for end in ends.filter(|&end| ends_piece(&text[..end])).chain([lines.end]) {
            if start < end {
                let key = self.key(text, start..end, kind);
                if let Some(table) = &self.table {
                    fetch(&table[place(key)]);
                }
                self.pieces.push(Piece { start, end, key });
                start = end;
            }
        }
    }

    /// What a piece is remembered by: its bytes and those around it that may decide about anchors in it.
    fn key(&self, text: &[u8], piece: Range<usize>, kind: u64) -> u64 {
        let (before, behind) = (piece.start.min(BEFORE), (text.len() - piece.end).min(MARGIN));
        let bytes = &text[piece.start - before..piece.end + behind];
        let mut hasher = self.state.build_hasher();
        hasher.write_u64(kind ^ (bytes.len() << 16 | before << 8 | behind) as u64);
        hasher.write(bytes);
        // Zero is an empty place.
        hasher.finish() | 1
    }

    fn has(&self, key: u64) -> bool {
        self.table.as_ref().is_some_and(|table| table[place(key)..].first_chunk() == Some(&key.to_ne_bytes()))
    }

    /// Of the pieces that were looked at remember those in which nothing was found and nothing depends on what is
    /// far away; both are given in the order of the text.
    pub(super) fn remember(&mut self, found: &[Match], far: &[Far]) {
        if self.table.is_none() && !self.pieces.is_empty() {
            self.table = table();
        }
        let mut found = found.iter().map(|found| found.anchor).peekable();
        let mut far = far.iter().map(|far| far.anchor).peekable();
        for piece in self.pieces.drain(..) {
            while found.next_if(|&anchor| anchor < piece.start).is_some() {}
            while far.next_if(|&anchor| anchor < piece.start).is_some() {}
            let holds = |anchor: Option<&usize>| anchor.is_some_and(|&anchor| anchor < piece.end);
            if let Some(table) = &mut self.table
                && !holds(found.peek())
                && !holds(far.peek())
            {
                table[place(piece.key)..][..8].copy_from_slice(&piece.key.to_ne_bytes());
            }
        }
    }
}

/// An empty table. It is read all over: with small pages finding the memory takes longer than reading it (measured:
/// a sixth of an audit). Nothing is remembered where there is no memory for it.
fn table() -> Option<MmapMut> {
    let table = MmapMut::map_anon(PLACES * 8).ok()?;
    #[cfg(target_os = "linux")]
    let _ = table.advise(memmap2::Advice::HugePage);
    Some(table)
}

/// Where a key stands in the table.
fn place(key: u64) -> usize {
    (key >> 1) as usize % PLACES * 8
}

/// Does a piece end with this line? The last bytes of every other line say so.
fn ends_piece(text: &[u8]) -> bool {
    let last = text.last_chunk::<8>().map_or(0, |last| u64::from_le_bytes(*last));
    last.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63 == 0
}
