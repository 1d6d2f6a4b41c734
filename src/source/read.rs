//! Reads one file of a work tree: what [`super::tree`] and [`super::git`] share.
//!
//! Four system calls a file: open, stat of the open file, one read, close. The buffer is one byte
//! longer than the largest file that is handed over whole, so a single read tells whether a file is
//! larger than its size said, and no second read is needed to see its end.

use super::Visit;
use crate::origin::Origin;
use std::fs::{File, FileType, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroize;

/// No buffer is made longer than this (bytes), whatever the settings say: 1 GiB.
const LARGEST_BUFFER: u64 = 1 << 30;

/// Why a file was not handed over, or not all of it.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It is a symbolic link.
    Link,
    /// There is nothing under that name.
    Gone,
    /// It is a directory.
    Directory,
    /// It is a device, FIFO or socket, named in plain words.
    Special(&'static str),
    /// The system refused.
    Failed(io::Error),
}

/// Reads files one after another into the same buffer.
pub(super) struct Reader {
    buffer: Vec<u8>,
    /// How much of the buffer ever held content.
    used: usize,
}

impl Reader {
    /// A reader that hands over files of up to `max_whole` bytes whole and longer ones as streams.
    pub(super) fn new(max_whole: u64) -> Reader {
        // Zeroed pages come from the system when first touched: a large buffer costs nothing as long
        // as files are small.
        Reader { buffer: vec![0; max_whole.min(LARGEST_BUFFER) as usize + 1], used: 0 }
    }

    /// Read the file at `path` and hand it to `visitor`, as [`Origin::File`] with that very path.
    /// A symbolic link is followed only where `follow` is true. On trouble the path comes back.
    pub(super) fn file<V: Visit>(
        &mut self,
        path: PathBuf,
        follow: bool,
        visitor: &mut V,
    ) -> Result<(), (PathBuf, Trouble)> {
        let (mut file, size) = match open(&path, follow) {
            Ok(opened) => opened,
            Err(trouble) => return Err((path, trouble)),
        };
        let limit = self.buffer.len() as u64 - 1;
        let (filled, failure) = if size > limit { (0, None) } else { self.fill(&mut file, size) };
        if let Some(error) = failure {
            // What could be read is looked at all the same.
            if filled > 0 {
                visitor.blob(Origin::File(path.clone()), &self.buffer[..filled]);
            }
            return Err((path, Trouble::Failed(error)));
        }
        if size <= limit && filled < self.buffer.len() {
            visitor.blob(Origin::File(path), &self.buffer[..filled]);
            return Ok(());
        }
        let mut reader = Quiet::new(self.buffer[..filled].chain(file));
        visitor.stream(Origin::File(path.clone()), &mut reader);
        match reader.failure {
            Some(error) => Err((path, Trouble::Failed(error))),
            None => Ok(()),
        }
    }

    /// Read until the end of the file or until the buffer is full. Returns how many bytes were read
    /// and the error that stopped it. A file of size 0 is read too: those below `/proc` have content.
    fn fill(&mut self, file: &mut File, size: u64) -> (usize, Option<io::Error>) {
        let mut filled = 0;
        let mut failure = None;
        while filled < self.buffer.len() {
            match file.read(&mut self.buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => {
                    filled += read;
                    if filled as u64 == size {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
        self.used = self.used.max(filled);
        (filled, failure)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.buffer[..self.used].zeroize();
    }
}

/// Read a pipe or character device to its end, as [`Origin::File`] with that very path.
pub(super) fn pipe<V: Visit>(path: PathBuf, visitor: &mut V) -> Result<(), (PathBuf, Trouble)> {
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) => return Err((path, Trouble::Failed(error))),
    };
    let mut reader = Quiet::new(file);
    visitor.stream(Origin::File(path.clone()), &mut reader);
    match reader.failure {
        Some(error) => Err((path, Trouble::Failed(error))),
        None => Ok(()),
    }
}

/// True for a FIFO or a character device, or a link to one.
#[cfg(unix)]
pub(super) fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    path.metadata().is_ok_and(|data| data.file_type().is_fifo() || data.file_type().is_char_device())
}

/// True for a FIFO or a character device: not told apart here.
#[cfg(not(unix))]
pub(super) fn is_pipe(_: &Path) -> bool {
    false
}

/// A reader that never fails: it ends early and keeps the error for the source to tell.
pub struct Quiet<R> {
    inner: R,
    /// What ended it early.
    pub failure: Option<io::Error>,
}

impl<R> Quiet<R> {
    /// Wraps `inner`.
    pub fn new(inner: R) -> Quiet<R> {
        Quiet { inner, failure: None }
    }
}

impl<R: Read> Read for Quiet<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.failure.is_none() {
            match self.inner.read(buffer) {
                Ok(read) => return Ok(read),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => self.failure = Some(error),
            }
        }
        Ok(0)
    }
}

/// Open a regular file and tell its size. Never blocks, and touches nothing but regular files beyond
/// opening them.
fn open(path: &Path, follow: bool) -> Result<(File, u64), Trouble> {
    let mut options = OpenOptions::new();
    options.read(true);
    restrict(&mut options, follow);
    let file = options.open(path).map_err(|error| classify(error, path))?;
    let about = file.metadata().map_err(Trouble::Failed)?;
    if about.is_file() {
        return Ok((file, about.len()));
    }
    Err(kind_trouble(about.file_type()))
}

/// Opening a FIFO must not wait for a writer, and a link put in the place of a file must not be
/// followed.
#[cfg(unix)]
fn restrict(options: &mut OpenOptions, follow: bool) {
    use std::os::unix::fs::OpenOptionsExt;
    let links = if follow { 0 } else { libc::O_NOFOLLOW };
    options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | links);
}

/// Elsewhere the kind in the directory listing has to do.
#[cfg(not(unix))]
fn restrict(_options: &mut OpenOptions, _follow: bool) {}

/// What it means that `path` could not be opened.
fn classify(error: io::Error, path: &Path) -> Trouble {
    if gone(&error) {
        return Trouble::Gone;
    }
    if error.kind() == ErrorKind::PermissionDenied {
        return Trouble::Failed(error);
    }
    // Links and sockets refuse to be opened with codes that differ between systems, so the system is
    // asked what stands there.
    match std::fs::symlink_metadata(path) {
        Ok(about) if about.is_file() => Trouble::Failed(error),
        Ok(about) => kind_trouble(about.file_type()),
        Err(_) => Trouble::Failed(error),
    }
}

/// True where an error says that there is nothing under a name.
pub(super) fn gone(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// What to say of something that is not a regular file.
pub(super) fn kind_trouble(kind: FileType) -> Trouble {
    if kind.is_symlink() {
        Trouble::Link
    } else if kind.is_dir() {
        Trouble::Directory
    } else {
        Trouble::Special(special_name(kind))
    }
}

/// What kind of special file it is, in plain words.
#[cfg(unix)]
fn special_name(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

/// What kind of special file it is, in plain words.
#[cfg(not(unix))]
fn special_name(_kind: FileType) -> &'static str {
    "not a regular file"
}

/// How many threads to use: as told, or one for each core where told 0.
pub(super) fn threads(told: usize) -> usize {
    match told {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        told => told,
    }
}
