//! 7z archives, by the crate sevenz-rust2.

use super::input::{Content, Each, Member};
use super::{Budget, Trouble};
use sevenz_rust2::{ArchiveReader, EntryDecision, Error, Password};
use std::io::{self, Cursor, Read};

/// What an archive begins with.
pub(super) const MARK: &[u8] = b"7z\xbc\xaf\x27\x1c";
/// Memory for headers and windows, in KiB.
const MEMORY_KIB: usize = 160 << 10;

fn trouble(error: &Error) -> Trouble {
    match error {
        Error::Io(error, _) => Trouble::of(error),
        Error::MaxMemLimited { .. } => Trouble::Budget("its window or its headers are too large".to_owned()),
        Error::PasswordRequired | Error::MaybeBadPassword(_) => {
            Trouble::Encrypted("the 7z archive is encrypted".to_owned())
        }
        Error::UnsupportedCompressionMethod(method) if method.contains("AES") => {
            Trouble::Encrypted("the 7z archive is encrypted".to_owned())
        }
        Error::UnsupportedCompressionMethod(method) => {
            Trouble::Unsupported(format!("compression method {method} is not known here"))
        }
        error => Trouble::Corrupt(error.to_string()),
    }
}

/// Hand on every member.
///
/// # Errors
/// Damage, encryption, a used-up budget.
pub(super) fn members(bytes: &[u8], budget: &Budget, each: Each<'_>) -> io::Result<()> {
    let told = |error: Error| io::Error::from(trouble(&error));
    let mut archive = ArchiveReader::new_with_memory_limit(Cursor::new(bytes), Password::empty(), MEMORY_KIB)
        .map_err(told)?;
    archive.set_thread_count(1);
    let blocked = (0..archive.archive().files.len()).any(|index| archive.archive().is_file_encrypted(index));
    if blocked {
        return Err(Trouble::Encrypted("the 7z archive is encrypted".to_owned()).into());
    }
    let packed = bytes.len() as u64;
    archive
        .for_each_entries_with_decision_allowing_surplus(|entry, reader| {
            budget.member().map_err(io::Error::from)?;
            if entry.is_directory() || !entry.has_stream() {
                return Ok(EntryDecision::Continue);
            }
            let mut solid = Solid { inner: reader, budget, packed, size: 0 };
            each(Member { path: entry.name().as_bytes(), content: Content::Stream(&mut solid) });
            io::copy(&mut solid, &mut io::sink())?;
            Ok(EntryDecision::Continue)
        })
        .map_err(told)
}

/// Takes what is read from the budget. How long one member is when packed cannot be told in a solid block:
/// that of the archive counts.
struct Solid<'r, 'b> {
    inner: &'r mut dyn Read,
    budget: &'b Budget,
    packed: u64,
    size: u64,
}

impl Read for Solid<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.size += read as u64;
        self.budget.spend(read as u64)?;
        self.budget.ratio(self.packed, self.size)?;
        Ok(read)
    }
}
