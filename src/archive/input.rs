//! What a container is read from: bytes in memory, or a stream that is read once from front to back.

use super::Trouble;
use std::io::{self, Read};

/// The bytes of a container.
pub enum Input<'i> {
    /// All of them.
    Bytes(&'i [u8]),
    /// A stream of unknown length.
    Stream(&'i mut dyn Read),
}

/// The bytes of a member.
pub enum Content<'c> {
    /// All of them, in memory.
    Bytes(&'c [u8]),
    /// To be read to the end; an error tells of damage or of a used-up budget (see [`Trouble::of`]).
    Stream(&'c mut dyn Read),
    /// They cannot be read.
    Nothing(Trouble),
}

/// A member of a container.
pub struct Member<'m> {
    /// Its name, as it stands in the container: it may be absolute, hold `..`, or be empty where the
    /// member is nothing but the container in another form.
    pub path: &'m [u8],
    /// Its bytes.
    pub content: Content<'m>,
}

/// Takes members.
pub type Each<'e> = &'e mut dyn FnMut(Member<'_>);

impl Input<'_> {
    /// Read until `buffer` is full or the input ends; returns how much that was.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Input::Bytes(bytes) => {
                let length = buffer.len().min(bytes.len());
                let (piece, rest) = bytes.split_at(length);
                buffer[..length].copy_from_slice(piece);
                *bytes = rest;
                Ok(length)
            }
            Input::Stream(reader) => {
                let mut filled = 0;
                while filled < buffer.len() {
                    match reader.read(&mut buffer[filled..]) {
                        Ok(0) => break,
                        Ok(read) => filled += read,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(filled)
            }
        }
    }

    /// Read a short piece: `length` bytes, fewer where the input ends before.
    pub(super) fn piece(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match self {
            Input::Bytes(rest) => {
                let (piece, behind) = rest.split_at(length.min(rest.len()));
                bytes.extend_from_slice(piece);
                *rest = behind;
            }
            Input::Stream(reader) => drop(reader.take(length as u64).read_to_end(&mut bytes)?),
        }
        Ok(bytes)
    }

    /// Hand on the next `length` bytes as the member `path`, and go behind them.
    ///
    /// # Errors
    /// The input ends before.
    pub(super) fn member(&mut self, path: &[u8], length: u64, each: Each<'_>) -> io::Result<()> {
        let short = |missing: u64| -> io::Result<()> {
            Err(Trouble::Corrupt(format!("it is cut short: {missing} bytes of a member are missing")).into())
        };
        match self {
            Input::Bytes(bytes) => {
                let there = length.min(bytes.len() as u64) as usize;
                let (piece, rest) = bytes.split_at(there);
                *bytes = rest;
                each(Member { path, content: Content::Bytes(piece) });
                if (there as u64) < length { short(length - there as u64) } else { Ok(()) }
            }
            Input::Stream(reader) => {
                let mut part = Part { inner: *reader, left: length, failure: None };
                each(Member { path, content: Content::Stream(&mut part) });
                io::copy(&mut part, &mut io::sink())?;
                match (part.failure, part.left) {
                    (Some(error), _) => Err(error),
                    (None, 0) => Ok(()),
                    (None, missing) => short(missing),
                }
            }
        }
    }

    /// Hand on everything that is left as the member `path`.
    pub(super) fn rest(&mut self, path: &[u8], each: Each<'_>) {
        match self {
            Input::Bytes(bytes) => {
                each(Member { path, content: Content::Bytes(std::mem::take(bytes)) });
            }
            Input::Stream(reader) => each(Member { path, content: Content::Stream(*reader) }),
        }
    }

    /// Go behind the next `length` bytes.
    pub(super) fn skip(&mut self, length: u64) -> io::Result<()> {
        match self {
            Input::Bytes(bytes) => *bytes = &bytes[length.min(bytes.len() as u64) as usize..],
            Input::Stream(reader) => drop(io::copy(&mut reader.take(length), &mut io::sink())?),
        }
        Ok(())
    }
}

/// A part of a stream. Where the stream fails, the part ends early and the failure is kept: it is that of
/// the container, not of the member.
struct Part<'r> {
    inner: &'r mut dyn Read,
    left: u64,
    failure: Option<io::Error>,
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failure.is_some() {
            return Ok(0);
        }
        let length = (buffer.len() as u64).min(self.left) as usize;
        match self.inner.read(&mut buffer[..length]) {
            Ok(read) => {
                self.left -= read as u64;
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.failure = Some(error);
                Ok(0)
            }
        }
    }
}
