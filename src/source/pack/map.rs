//! Files of a repository mapped into memory.
#![allow(unsafe_code, reason = "mapping a file is unsafe by its nature; this module does nothing else")]

use crate::fetch::fetch;
use memmap2::Mmap;
use std::fs::File;
use std::io;
use std::path::Path;

/// A file's content, mapped. It stays readable when the file is deleted or replaced meanwhile, as git
/// does when it repacks.
pub(in crate::source) struct Map(Option<Mmap>);

impl Map {
    /// Map the file at `path`.
    pub(in crate::source) fn open(path: &Path) -> io::Result<Map> {
        let file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        if about.len() == 0 {
            return Ok(Map(None));
        }
        // SAFETY: the bytes are only read. git never changes a pack or an index in place: it writes new
        // files, renames them into place and deletes old ones, and a mapping outlives its file's name. A
        // program that cuts a mapped pack short would end this process with SIGBUS, as it does git.
        let map = unsafe { Mmap::map(&file)? };
        // A hint only: what is read is read once, in order of the file, by each thread.
        #[cfg(unix)]
        let _ = map.advise(memmap2::Advice::WillNeed);
        Ok(Map(Some(map)))
    }

    /// Have the processor fetch the bytes at `at`, which are read soon: measured, waiting for them takes as long
    /// as a tenth of all inflating, as the walk through a pack goes to and fro.
    pub(in crate::source) fn fetch(&self, at: u64) {
        if let Some(byte) = self.bytes().get(at as usize) {
            fetch(byte);
        }
    }

    /// The bytes.
    pub(in crate::source) fn bytes(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}
