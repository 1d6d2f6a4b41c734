//! Where bytes are read from. A source drives its own parallelism and hands every blob to a visitor;
//! it knows neither rules nor engine. A new source is one file here and one line below.

pub mod content;
mod crew;
pub mod git;
pub mod history;
pub mod ignored;
pub mod introduced;
pub mod layout;
pub mod lfs;
mod links;
mod loose;
pub mod objects;
pub mod pack;
pub mod provenance;
pub mod range;
mod read;
pub mod references;
pub mod refs;
pub mod repo;
mod roots;
pub mod staged;
pub mod store;
pub mod stream;
#[cfg(test)]
mod test_support;
pub mod tree;

pub use read::Quiet;

use crate::error::{Error, Skipped};
use crate::origin::Origin;
use crate::text::Reading;
use lfs::LargeFiles;
use std::io::Read;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Takes what a source reads. A source makes one visitor per thread.
pub trait Visit: Send {
    /// One input that fits in memory, whole.
    fn blob(&mut self, origin: Origin, bytes: &[u8]);

    /// One input too large to hold (or of unknown length): the visitor reads it to its end in pieces.
    /// The reader never fails: where the input does, it ends early and the source says so with `skip`.
    fn stream(&mut self, origin: Origin, reader: &mut dyn Read);

    /// One input that fits in memory, whole, and another reading of it. Both are to be looked at.
    fn reading(&mut self, origin: Origin, bytes: &[u8], _reading: &Reading) {
        self.blob(origin, bytes);
    }

    /// The containers that stood encoded in what was handed over since this was asked the last time, each
    /// with the origin that its members are to have. They are opened before anything else is handed over.
    fn enclosed(&mut self) -> Vec<(Origin, Zeroizing<Vec<u8>>)> {
        Vec::new()
    }

    /// Something that was not looked at.
    fn skip(&mut self, skipped: Skipped);
}

impl<V: Visit> Visit for &mut V {
    fn blob(&mut self, origin: Origin, bytes: &[u8]) {
        (**self).blob(origin, bytes);
    }

    fn stream(&mut self, origin: Origin, reader: &mut dyn Read) {
        (**self).stream(origin, reader);
    }

    fn reading(&mut self, origin: Origin, bytes: &[u8], reading: &Reading) {
        (**self).reading(origin, bytes, reading);
    }

    fn enclosed(&mut self) -> Vec<(Origin, Zeroizing<Vec<u8>>)> {
        (**self).enclosed()
    }

    fn skip(&mut self, skipped: Skipped) {
        (**self).skip(skipped);
    }
}

/// Something that bytes can be read from.
pub trait Source {
    /// Read everything once, handing it to visitors made by `new` (one a thread), which are returned.
    /// Trouble with one input is told to the visitor; an error is returned only where nothing could be
    /// read at all.
    fn visit<V: Visit>(&self, new: &(dyn Fn() -> V + Sync)) -> Result<Vec<V>, Error>;

    /// Where the content lies that Git LFS keeps for what this source reads.
    fn large_files(&self) -> LargeFiles {
        LargeFiles::around_files()
    }

    /// The paths that it begins at, where it reads files. What lies above them says nothing of a file.
    fn roots(&self) -> &[PathBuf] {
        &[]
    }
}

/// Inputs larger than this (bytes) are handed over as streams: 8 MiB.
pub const WHOLE_LIMIT: u64 = 8 << 20;
