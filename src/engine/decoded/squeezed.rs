//! Compressed streams inside of encodings.

use super::Limit;
use crate::archive::Trouble;
use crate::archive::compress::{Compression, decompress};
use std::io::{ErrorKind, Read};

/// The compression that bytes begin with the mark of.
pub(super) fn detect(bytes: &[u8]) -> Option<Compression> {
    match (Compression::detect(bytes)?, bytes) {
        // The mark of zlib is two bytes, which much text has: only the usual ones count.
        (Compression::Zlib, [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..]) => Some(Compression::Zlib),
        (Compression::Zlib, _) => None,
        (kind, _) => Some(kind),
    }
}

/// So many bytes that go through a decoder and make sense to it are a stream, and no text that merely begins
/// like one.
const SURE: usize = 96;
/// As many bytes have to come out where every few bytes that go in say something.
const SAID: usize = 64;

/// Is this the beginning of a stream for certain? `said` is how many bytes it decodes to. Of deflate chance
/// says a little, too; the other formats give out nothing before a block is whole, but have marks that no
/// chance makes.
fn is_sure(kind: Compression, bytes: &[u8], said: usize) -> bool {
    let enough = match kind {
        Compression::Gzip | Compression::Zlib => SAID,
        Compression::Zstd | Compression::Bzip2 | Compression::Xz => 0,
    };
    bytes.len() >= SURE && said >= enough
}

/// What compressed bytes say, at most `most` bytes of it, and what is missing. `None` where they are no
/// such stream.
pub(super) fn undo(kind: Compression, bytes: &[u8], most: usize) -> Option<(Vec<u8>, Option<Limit>)> {
    let mut out = Vec::new();
    let read = decompress(kind, bytes).and_then(|reader| reader.take(most as u64 + 1).read_to_end(&mut out));
    let limit = match read {
        Err(_) if out.is_empty() && kind == Compression::Zlib => return None,
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            is_sure(kind, bytes, out.len()).then_some(Limit::Cut)
        }
        // Where an encoding ends is not always told, and what is read behind it says nothing.
        Err(error) if matches!(Trouble::of(&error), Trouble::Followed(_)) => None,
        Err(_) => Some(Limit::Damaged),
        Ok(_) if out.len() > most => Some(Limit::Size),
        Ok(_) => None,
    };
    out.truncate(most);
    Some((out, limit))
}
