//! Scans inputs of any length in bounded memory: a window of text slides over the input with enough
//! context on both sides that the result is that of a scan of the whole.

use super::decoded::Enclosed;
use super::{Engine, Input, LOOK_BEHIND, Match, Scratch};
use std::io::{self, Read};

/// Bytes that are scanned in one step: 4 MiB.
pub const STEP: usize = 4 << 20;

/// A window of the input, its matches and where it stands.
pub struct Window<'a> {
    /// The text of the window.
    pub text: &'a [u8],
    /// Offset of the window's first byte in the input.
    pub offset: u64,
    /// Number of `\n` before the window.
    pub lines_before: u64,
    /// Bytes on the window's first line before the window.
    pub column_before: u64,
    /// Matches anchored in the new part of this window.
    pub matches: &'a [Match],
    /// Containers that stand encoded in that part.
    pub enclosed: Vec<Enclosed>,
}

/// Read `reader` to its end and scan it; `each` is told of every window. `describe` makes the engine's
/// input from a window's text. Returns the number of bytes read.
///
/// # Errors
/// What the reader says; everything read before was scanned and told.
pub fn scan(
    engine: &Engine,
    scratch: &mut Scratch,
    reader: &mut dyn Read,
    describe: &Input<'_>,
    mut each: impl FnMut(Window<'_>),
) -> io::Result<u64> {
    let ahead = engine.look_ahead();
    let mut buffer: Vec<u8> = Vec::with_capacity(LOOK_BEHIND + STEP + ahead);
    let mut matches = Vec::new();
    let (mut offset, mut lines_before, mut column_before) = (0u64, 0u64, 0u64);
    let mut own = 0; // first byte of `buffer` that was not scanned yet
    loop {
        let wanted = own + STEP + ahead;
        matches.clear();
        let ended = match fill(reader, &mut buffer, wanted) {
            Ok(ended) => ended,
            Err(error) => {
                // What was read is still looked at.
                let input = Input { text: &buffer, own: own..buffer.len(), ..describe.clone() };
                engine.scan(scratch, &input, &mut matches);
                let (matches, enclosed) = (&matches, scratch.take_enclosed());
                each(Window { text: &buffer, offset, lines_before, column_before, matches, enclosed });
                return Err(error);
            }
        };
        let own_end = if ended { buffer.len() } else { own + STEP };
        let input = Input { text: &buffer, own: own..own_end, ..describe.clone() };
        engine.scan(scratch, &input, &mut matches);
        let enclosed = scratch.take_enclosed();
        each(Window { text: &buffer, offset, lines_before, column_before, matches: &matches, enclosed });
        if ended {
            return Ok(offset + buffer.len() as u64);
        }
        let drop = own_end.saturating_sub(LOOK_BEHIND);
        let gone = &buffer[..drop];
        lines_before += memchr::memchr_iter(b'\n', gone).count() as u64;
        column_before = match memchr::memrchr(b'\n', gone) {
            Some(at) => (gone.len() - at - 1) as u64,
            None => column_before + gone.len() as u64,
        };
        buffer.drain(..drop);
        offset += drop as u64;
        own = own_end - drop;
    }
}

/// Read until the buffer holds `wanted` bytes; true where the input ended.
fn fill(reader: &mut dyn Read, buffer: &mut Vec<u8>, wanted: usize) -> io::Result<bool> {
    while buffer.len() < wanted {
        let missing = (wanted - buffer.len()) as u64;
        match reader.take(missing).read_to_end(buffer) {
            Ok(0) => return Ok(true),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}
