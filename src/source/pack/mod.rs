//! Packs, read by ourselves: every object once, in the order of the pack, as a forest of deltas.
//!
//! An object that others are made from is kept in memory while these are made, so each entry is
//! inflated once. What a delta copies is told to the visitor, which need not look at it again.
//!
//! Damage is noticed by what every read shows anyway: lengths that do not hold, checksums of compressed
//! streams, streams that do not end where the next entry starts, deltas that leave their base. Ids are
//! not computed anew, as `git fsck` does that.

mod build;
mod delta;
mod forest;
mod index;
mod inflate;
mod kinds;
mod map;
mod single;
#[cfg(test)]
mod tests;
mod walk;

use super::Visit;
use super::objects::ObjectId;
use crate::origin::ObjectKind;
use crate::text::Copied;
use delta::Header;
use index::Index;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) use inflate::{Inflater, Pieces, possible};
pub(super) use map::Map;
pub(super) use single::Bases;
pub(super) use walk::{Failed, Work};

/// Larger objects (bytes) are not held in memory, nor made by deltas: git makes no deltas of files
/// larger than this either (`core.bigFileThreshold`).
pub(super) const LARGEST: u64 = 512 << 20;

/// Takes the objects of a repository. One visitor serves one thread.
pub trait VisitObjects: Visit {
    /// What is remembered of an object while others are made from it.
    type Memory: Send + Sync;

    /// One object, whole. `made` tells what it was made from, where that was shown to a visitor before.
    fn object(&mut self, object: &Object<'_>, made: Option<Made<'_, Self::Memory>>) -> Self::Memory;

    /// True where nothing was found in the object that this was remembered of.
    fn is_clean(memory: &Self::Memory) -> bool;

    /// An object too large to hold. The reader never fails: where the pack is damaged it ends early.
    /// Returns whether nothing was found in it.
    fn large(&mut self, id: ObjectId, kind: ObjectKind, reader: &mut dyn Read) -> bool;
}

/// An object as a visitor sees it.
pub struct Object<'a> {
    /// What it is.
    pub kind: ObjectKind,
    /// Its content.
    pub bytes: &'a [u8],
    /// Tells its id; asked for only where something was found.
    pub id: &'a dyn Fn() -> ObjectId,
}

/// What an object was made from.
pub struct Made<'a, M> {
    /// What is remembered of the other object.
    pub base: &'a M,
    /// The content of the other object.
    pub base_bytes: &'a [u8],
    /// Pieces that are the same in both, in the order of this object, apart from one another.
    pub copies: &'a [Copied],
}

/// Which objects of a pack are meant: a bit for each position in its index.
pub(super) struct Marks(Vec<AtomicU64>);

impl Marks {
    /// No object.
    pub(super) fn none(count: u32) -> Marks {
        Marks((0..(count as usize).div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }

    /// Is the object at this position meant?
    pub(super) fn has(&self, position: u32) -> bool {
        self.0[position as usize / 64].load(Ordering::Relaxed) >> (position % 64) & 1 == 1
    }

    /// Mean this object too.
    pub(super) fn add(&self, position: u32) {
        self.0[position as usize / 64].fetch_or(1 << (position % 64), Ordering::Relaxed);
    }

    /// Number of objects meant.
    pub(super) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.load(Ordering::Relaxed).count_ones()).sum()
    }
}

/// Why a pack cannot be opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The pack or its index is not there (any more).
    Gone,
    /// The system refused.
    Unreadable(String),
    /// It is damaged.
    Damaged(String),
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Trouble {
        match error.kind() {
            std::io::ErrorKind::NotFound => Trouble::Gone,
            _ => Trouble::Unreadable(error.to_string()),
        }
    }
}

/// A pack with its index.
pub(super) struct Pack {
    /// The path of the pack.
    pub(super) path: PathBuf,
    index: Index,
    map: Map,
    digest: usize,
    /// What is odd about the pack as a whole, although its objects can be read.
    pub(super) oddity: Option<String>,
}

/// Bytes of a pack before its first entry.
const HEAD: usize = 12;

impl Pack {
    /// Open the pack at `path` of a repository whose ids have `digest` bytes. Where it has no index, one
    /// is made in memory.
    pub(super) fn open(path: &Path, digest: usize) -> Result<Pack, Trouble> {
        let map = Map::open(path)?;
        let bytes = map.bytes();
        let damaged = |reason: &str| Trouble::Damaged(reason.to_owned());
        if bytes.len() < HEAD + digest || !bytes.starts_with(b"PACK") {
            return Err(damaged("this is no pack, or it is cut short"));
        }
        let number = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        if !matches!(number(4), 2 | 3) {
            return Err(damaged("the version of the pack is not known"));
        }
        let checksum = &bytes[bytes.len() - digest..];
        let index_path = path.with_extension("idx");
        let mut oddity = None;
        let index = match index_path.try_exists() {
            Ok(false) => {
                let (objects, reason) = build::objects(bytes, number(8), digest);
                oddity = reason;
                Index::from_bytes(index::build(objects, digest, checksum), digest)
            }
            _ => Index::open(&index_path, digest),
        };
        let index = index.map_err(|reason| Trouble::Damaged(format!("its index: {reason}")))?;
        if oddity.is_none() && index.count() != number(8) {
            oddity = Some(format!("the pack holds {} objects, its index {}", number(8), index.count()));
        } else if oddity.is_none() && index.pack_checksum() != checksum {
            oddity = Some("the checksum of the pack is not the one that its index tells".to_owned());
        }
        Ok(Pack { path: path.to_owned(), index, map, digest, oddity })
    }

    /// Have the processor fetch the entry at this offset.
    fn fetch(&self, offset: u64) {
        self.map.fetch(offset);
    }

    /// Number of objects.
    pub(super) fn count(&self) -> u32 {
        self.index.count()
    }

    /// The checksum of the pack: two packs with one checksum hold the same.
    pub(super) fn checksum(&self) -> &[u8] {
        self.index.pack_checksum()
    }

    /// The id of the object at a position of the index.
    pub(super) fn id(&self, position: u32) -> ObjectId {
        self.index.id(position)
    }

    /// The bytes of that id.
    pub(super) fn raw_id(&self, position: u32) -> &[u8] {
        self.index.raw_id(position)
    }

    /// The position of an object, by the bytes of its id.
    pub(super) fn find_raw(&self, id: &[u8]) -> Option<u32> {
        self.index.find(id)
    }

    /// The position of an object.
    pub(super) fn find(&self, id: &ObjectId) -> Option<u32> {
        self.index.find(id.as_bytes())
    }

    /// Where the entries end.
    fn end(&self) -> u64 {
        (self.map.bytes().len() - self.digest) as u64
    }

    /// The bytes from `offset` up to `end`, none where they lie beyond the pack.
    fn slice(&self, offset: u64, end: u64) -> &[u8] {
        self.map.bytes().get(offset as usize..end.min(self.end()) as usize).unwrap_or_default()
    }

    /// The header of the entry at an offset.
    fn header(&self, offset: u64) -> Result<Header, &'static str> {
        if offset < HEAD as u64 || offset >= self.end() {
            return Err("the entry lies beyond the pack");
        }
        delta::header(self.slice(offset, self.end()), self.digest)
    }
}
