//! Logs of any length: read in pieces, in bounded memory. Each piece is looked at with what stands around
//! it, so that what is found does not depend on where they are cut.

use super::log::{Log, Writer};
use crate::origin::Origin;
use crate::source::Visit;
use crate::text::{Part, Reading};
use std::io::Read;

/// Bytes of a piece that are its own: 16 MiB.
const OWN: usize = 16 << 20;
/// Bytes around a piece that are looked at with it, on each side: 1 MiB.
const AROUND: usize = 1 << 20;

/// Hand a log that begins with the bytes in `buffer` on to `inner`, piece by piece.
pub(super) fn read(
    inner: &mut impl Visit,
    origin: &Origin,
    writer: Writer,
    buffer: &mut Vec<u8>,
    reader: &mut dyn Read,
) {
    let mut log = Log::new(writer, &origin.path().unwrap_or_default());
    let mut part = Part::default();
    loop {
        let wanted = part.own.start + OWN + AROUND;
        // The reader never fails: it ends early.
        let _ = reader.take(wanted.saturating_sub(buffer.len()) as u64).read_to_end(buffer);
        let ended = buffer.len() < wanted;
        part.own.end = if ended { buffer.len() } else { line(buffer, part.own.start + OWN) };
        let next = if ended { buffer.len() } else { line(buffer, part.own.end - AROUND) };
        let mut reading = Reading::default();
        log.read(buffer, 0..next, &mut reading);
        log.clone().read(buffer, next..buffer.len(), &mut reading);
        inner.reading(origin.clone(), buffer, &reading.of_part(part.clone()));
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
fn line(bytes: &[u8], at: usize) -> usize {
    let from = at.saturating_sub(AROUND / 2);
    memchr::memrchr(b'\n', &bytes[from..at]).map_or(at, |found| from + found + 1)
}
