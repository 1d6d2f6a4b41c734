//! Compressed streams of objects (zlib, RFC 1950).

use sirocco::Format;
use sirocco::inflate::{Decoder, Error};
use std::io::Read;

/// No stream becomes longer than this many times its compressed length (RFC 1951: 258 bytes from two
/// bits).
const MOST: u64 = 1032;

/// Inflates one stream after another.
pub(in crate::source) struct Inflater(Box<Decoder>);

impl Default for Inflater {
    fn default() -> Inflater {
        Inflater(Box::new(Decoder::new(Format::Zlib)))
    }
}

/// Could a stream of this many bytes become `size` bytes? Asked before memory is taken for them.
pub(in crate::source) fn possible(input: usize, size: u64) -> bool {
    size <= (input as u64 + 1) * MOST
}

impl Inflater {
    /// Inflate the stream that `input` begins with, which must become exactly as long as `out`. Its
    /// checksum is compared. Returns the stream's length.
    pub(in crate::source) fn whole(&mut self, input: &[u8], out: &mut [u8]) -> Result<usize, String> {
        let size = out.len();
        let told = match self.0.decompress(input, out, true) {
            Ok(progress) if progress.done && progress.output.len() == size => Ok(progress.consumed),
            Ok(progress) if progress.done => Err("the object is shorter than its size says".to_owned()),
            Ok(_) | Err(Error::BufferFull) => Err("the object is longer than its size says".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        if told.is_err() {
            self.0.reset();
        }
        told
    }

    /// Inflate as much of a stream as fits into `out`; returns how much that was.
    pub(in crate::source) fn beginning(&mut self, input: &[u8], out: &mut [u8]) -> Result<usize, String> {
        let told = self.0.decompress(input, out, true).map(|progress| progress.output.len());
        self.0.reset();
        told.map_err(|error| error.to_string())
    }
}

/// Inflates a stream piece by piece. It never fails: it ends early and keeps what was wrong.
pub(in crate::source) struct Pieces<'a> {
    reader: sirocco::inflate::Reader<&'a [u8]>,
    left: u64,
    /// What was wrong.
    pub(in crate::source) trouble: Option<String>,
}

impl<'a> Pieces<'a> {
    /// The stream that `input` begins with and that becomes `size` bytes long.
    pub(in crate::source) fn new(input: &'a [u8], size: u64) -> Pieces<'a> {
        Pieces { reader: sirocco::inflate::Reader::new(Format::Zlib, input), left: size, trouble: None }
    }

    /// Read over the next bytes, such as a header.
    pub(in crate::source) fn skip(&mut self, count: u64) {
        let _ = std::io::copy(&mut self.by_ref().take(count), &mut std::io::sink());
    }

    /// Read to the end, for the checksum, and tell what was wrong with the stream.
    pub(in crate::source) fn finish(mut self) -> Option<String> {
        let _ = std::io::copy(&mut self, &mut std::io::sink());
        self.trouble
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.trouble.is_some() || buffer.is_empty() {
            return Ok(0);
        }
        match self.reader.read(buffer) {
            Ok(0) if self.left > 0 => {
                self.trouble = Some("the object is shorter than its size says".to_owned())
            }
            Ok(read) if read as u64 > self.left => {
                // What it holds beyond its size is no part of it.
                let rest = self.left as usize;
                self.left = 0;
                self.trouble = Some("the object is longer than its size says".to_owned());
                return Ok(rest);
            }
            Ok(read) => {
                self.left -= read as u64;
                return Ok(read);
            }
            Err(error) => self.trouble = Some(error.to_string()),
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sirocco::deflate::Level;

    #[test]
    fn lengths_and_checksums_are_compared() {
        let text = b"hello hello hello hello".repeat(100);
        let mut packed = sirocco::compress(Format::Zlib, Level::DEFAULT, &text);
        let mut inflater = Inflater::default();
        let mut out = vec![0; text.len()];
        packed.push(7);
        assert_eq!(inflater.whole(&packed, &mut out), Ok(packed.len() - 1));
        assert_eq!(out, text);
        assert!(inflater.whole(&packed, &mut vec![0; text.len() + 1]).unwrap_err().contains("shorter"));
        assert!(inflater.whole(&packed, &mut vec![0; text.len() - 1]).unwrap_err().contains("longer"));
        assert!(inflater.whole(&packed[..packed.len() - 3], &mut out).is_err());
        let read = |packed: &[u8], size: usize| {
            let mut pieces = Pieces::new(packed, size as u64);
            let mut all = Vec::new();
            pieces.read_to_end(&mut all).unwrap();
            (all, pieces.finish())
        };
        assert_eq!(read(&packed, text.len()), (text.clone(), None));
        assert!(read(&packed, text.len() + 1).1.is_some_and(|trouble| trouble.contains("shorter")));
        let (all, trouble) = read(&packed, text.len() - 1);
        assert!(all.len() < text.len() && trouble.is_some_and(|trouble| trouble.contains("longer")));
        let last = packed.len() - 2;
        packed[last] ^= 1;
        assert!(inflater.whole(&packed, &mut out).unwrap_err().contains("checksum"));
        assert!(read(&packed, text.len()).1.is_some());
        assert!(!possible(10, 1 << 20) && possible(1100, 1 << 20));
    }
}
