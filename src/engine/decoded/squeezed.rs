//! Compressed streams inside of encodings.

use super::Limit;
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

/// What compressed bytes say, at most `most` bytes of it, and what is missing. `None` where they are no
/// such stream.
pub(super) fn undo(kind: Compression, bytes: &[u8], most: usize) -> Option<(Vec<u8>, Option<Limit>)> {
    let mut out = Vec::new();
    let read = decompress(kind, bytes).and_then(|reader| reader.take(most as u64 + 1).read_to_end(&mut out));
    let limit = match read {
        Err(_) if out.is_empty() && kind == Compression::Zlib => return None,
        // Cut short, as in examples: there is no more.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => None,
        Err(_) => Some(Limit::Damaged),
        Ok(_) if out.len() > most => Some(Limit::Size),
        Ok(_) => None,
    };
    out.truncate(most);
    Some((out, limit))
}
