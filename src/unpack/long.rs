//! Logs and notebooks of any length: read in pieces, in bounded memory. Each piece is looked at with what stands around
//! it, so that what is found does not depend on where they are cut.

use super::Sizes;
use crate::text::{Part, Reading};
use std::io::Read;
use std::ops::Range;

/// Reads an input from its beginning on.
pub(super) trait Pieces: Clone {
    /// Read a part of `bytes` that follows what was read before, and tell how far that is done: the rest of it comes
    /// again, with more behind it.
    fn read(&mut self, bytes: &[u8], part: Range<usize>, reading: &mut Reading) -> usize;
}

/// Show an input that begins with the bytes in `buffer`, piece by piece, to `each`.
pub(super) fn read(
    mut input: impl Pieces,
    Sizes { own, around, .. }: Sizes,
    buffer: &mut Vec<u8>,
    reader: &mut dyn Read,
    each: &mut dyn FnMut(&[u8], &Reading),
) {
    let mut part = Part::default();
    loop {
        let wanted = part.own.start + own + around;
        // The reader never fails: it ends early.
        let _ = reader.take(wanted.saturating_sub(buffer.len()) as u64).read_to_end(buffer);
        let ended = buffer.len() < wanted;
        part.own.end = if ended { buffer.len() } else { line(buffer, part.own.start + own, around) };
        let next =
            if ended { buffer.len() } else { line(buffer, part.own.end.saturating_sub(around), around) };
        let mut reading = Reading::default();
        let next = input.read(buffer, 0..next, &mut reading);
        input.clone().read(buffer, next..buffer.len(), &mut reading);
        each(buffer, &reading.of_part(part.clone()));
        if ended {
            return;
        }
        let gone = &buffer[..next];
        part.offset += next as u64;
        part.lines += memchr::memchr_iter(b'\n', gone).count() as u64;
        part.column = match memchr::memrchr(b'\n', gone) {
            Some(at) => (next - at - 1) as u64,
            None => part.column + next as u64,
        };
        part.own.start = part.own.end - next;
        buffer.drain(..next);
    }
}

/// The beginning of the line that holds byte `at`, or `at` where that line is longer than what is looked at
/// around a piece.
fn line(bytes: &[u8], at: usize, around: usize) -> usize {
    let from = at.saturating_sub(around / 2);
    memchr::memrchr(b'\n', &bytes[from..at]).map_or(at, |found| from + found + 1)
}
