//! Standard input, or anything else that can only be read once from front to back.

use super::read::Quiet;
use super::{Source, Visit};
use crate::error::{Error, SkipReason, Skipped};
use crate::origin::Origin;
use std::io::{self, ErrorKind, Read};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long to wait before asking again, where whoever started us left standard input non-blocking.
const PATIENCE: Duration = Duration::from_millis(1);

/// A source of one stream, [`Origin::Stdin`]. It can be visited once; a second visit sees nothing.
pub struct Stdin<R = io::Stdin> {
    reader: Mutex<R>,
}

impl Stdin {
    /// The standard input of this process.
    pub fn standard() -> Stdin {
        Stdin::new(io::stdin())
    }
}

impl<R: Read + Send> Stdin<R> {
    /// Bytes from `reader`, told as standard input.
    pub fn new(reader: R) -> Stdin<R> {
        Stdin { reader: Mutex::new(reader) }
    }
}

impl<R: Read + Send> Source for Stdin<R> {
    fn visit<V: Visit>(&self, new: &(dyn Fn() -> V + Sync)) -> Result<Vec<V>, Error> {
        let mut visitor = new();
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reader = Quiet::new(Patient(&mut *reader));
        visitor.stream(Origin::Stdin, &mut reader);
        if let Some(error) = reader.failure {
            let detail = error.to_string();
            visitor.skip(Skipped { origin: Origin::Stdin, reason: SkipReason::Unreadable, detail });
        }
        Ok(vec![visitor])
    }
}

/// Waits for input where the reader says that there is none yet. A terminal or pipe may have been
/// left non-blocking by another process that shares it; ending there would look like a short input.
struct Patient<'a, R>(&'a mut R);

impl<R: Read> Read for Patient<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(PATIENCE),
                other => return other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::test_support::{Seen, all};

    /// Gives each piece in turn, an error where the piece is one, then the end.
    struct Pieces(std::vec::IntoIter<Result<&'static [u8], ErrorKind>>);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.next() {
                None => Ok(0),
                Some(Err(kind)) => Err(kind.into()),
                Some(Ok(piece)) => {
                    buffer[..piece.len()].copy_from_slice(piece);
                    Ok(piece.len())
                }
            }
        }
    }

    fn seen(pieces: Vec<Result<&'static [u8], ErrorKind>>) -> Seen {
        all(&Stdin::new(Pieces(pieces.into_iter()))).expect("a stream is always visited")
    }

    #[test]
    fn the_whole_stream_is_read() {
        let seen = seen(vec![Ok(b"ab"), Err(ErrorKind::Interrupted), Err(ErrorKind::WouldBlock), Ok(b"c")]);
        assert_eq!(seen.streams, [("<stdin>".to_owned(), b"abc".to_vec())]);
        assert_eq!((seen.blobs.len(), seen.skipped.len()), (0, 0));
    }

    #[test]
    fn an_empty_stream_is_one_input() {
        assert_eq!(seen(vec![]).streams, [("<stdin>".to_owned(), Vec::new())]);
    }

    #[test]
    fn a_stream_that_fails_is_told() {
        let seen = seen(vec![Ok(b"ab"), Err(ErrorKind::ConnectionReset), Ok(b"never")]);
        assert_eq!(seen.streams, [("<stdin>".to_owned(), b"ab".to_vec())]);
        assert_eq!(seen.skipped.len(), 1);
        assert_eq!(seen.skipped[0].reason, SkipReason::Unreadable);
        assert_eq!(seen.skipped[0].detail, io::Error::from(ErrorKind::ConnectionReset).to_string());
    }
}
