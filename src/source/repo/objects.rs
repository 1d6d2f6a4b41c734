//! Reading objects: by the library from the object directories, or through `git cat-file --batch`
//! where the library cannot read the repository.

use super::ask::{Asker, Batch, Output};
use super::{Id, Trouble};
use crate::origin::ObjectKind;
use crate::source::layout::Layout;
use crate::source::objects::Objects as _;
use crate::source::store::Store;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::OnceLock;

/// Where objects are read from. Shared by threads; each makes a [`Reader`] of its own.
pub enum Objects {
    /// The library reads the object directories.
    Library {
        /// The library's view of them.
        odb: git2::Odb<'static>,
        /// Asked for large objects.
        asker: Asker,
        /// The directories.
        directories: Vec<PathBuf>,
        /// Their packs, once many objects are to be read.
        store: OnceLock<Box<Store>>,
    },
    /// git is asked.
    Command(Asker),
}

impl Objects {
    /// Objects in these object directories, read by the library; large ones are asked of git.
    pub fn library(directories: &[PathBuf], asker: Asker) -> Result<Objects, git2::Error> {
        // Packed and loose content has a checksum of its own that inflating verifies; hashing every
        // object once more would cost more than scanning it.
        git2::opts::strict_hash_verification(false);
        let odb = git2::Odb::new()?;
        for directory in directories {
            let path = directory.to_str().ok_or_else(|| git2::Error::from_str("not a UTF-8 path"))?;
            odb.add_disk_alternate(path)?;
        }
        Ok(Objects::Library { odb, asker, directories: directories.to_vec(), store: OnceLock::new() })
    }

    /// Many objects are to be read: from now on by what reads packs for an audit, several times as fast as the
    /// library. Whatever that cannot read is asked of the library as before.
    pub fn expect_many(&self) {
        if let Objects::Library { directories, store, .. } = self {
            store.get_or_init(|| Box::new(Store::open(Layout::of_objects(directories.clone())).0));
        }
    }

    /// A reader for one thread.
    pub fn reader(&self) -> Reader<'_> {
        match self {
            Objects::Library { odb, asker, store, .. } => {
                Reader::Library { odb, asker, store: store.get().map(|store| &**store) }
            }
            Objects::Command(asker) => Reader::Command { asker, batch: None },
        }
    }
}

/// Reads objects on one thread.
pub enum Reader<'o> {
    /// By the library.
    Library {
        /// The library's view of the object directories.
        odb: &'o git2::Odb<'static>,
        /// Asked for large objects.
        asker: &'o Asker,
        /// Asked first, where many objects are read.
        store: Option<&'o Store>,
    },
    /// Through a process that is started at the first question.
    Command {
        /// How git is called.
        asker: &'o Asker,
        /// The process.
        batch: Option<Batch>,
    },
}

/// The bytes of an object.
pub enum Bytes<'o> {
    /// As the library holds them.
    Held(git2::OdbObject<'o>),
    /// Read from git.
    Own(Vec<u8>),
}

impl std::ops::Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Held(object) => object.data(),
            Bytes::Own(bytes) => bytes,
        }
    }
}

/// An object as it is handed over.
pub enum Content<'r, 'o> {
    /// Whole.
    Whole(Bytes<'o>),
    /// To be read in pieces. Reading fails where the object is damaged.
    Stream(Box<dyn Read + 'r>),
}

impl<'o> Reader<'o> {
    /// Is the object there?
    pub fn has(&mut self, id: &Id) -> bool {
        match self {
            Reader::Library { odb, .. } => oid(id).is_ok_and(|oid| odb.exists(oid)),
            Reader::Command { .. } => self.batch().and_then(|batch| batch.ask(id)).is_ok(),
        }
    }

    /// The kind and the bytes of an object, whatever its size.
    ///
    /// # Errors
    /// An object that is not there or is damaged.
    pub fn read(&mut self, id: &Id) -> Result<(ObjectKind, Bytes<'o>), Trouble> {
        match self.open(id, u64::MAX)? {
            (kind, Content::Whole(bytes)) => Ok((kind, bytes)),
            (kind, Content::Stream(mut stream)) => {
                let mut bytes = Vec::new();
                stream.read_to_end(&mut bytes).map_err(|error| Trouble::Damaged(error.to_string()))?;
                Ok((kind, Bytes::Own(bytes)))
            }
        }
    }

    /// An object: whole up to `limit` bytes, as a stream beyond.
    ///
    /// # Errors
    /// An object that is not there or is damaged.
    pub fn open(&mut self, id: &Id, limit: u64) -> Result<(ObjectKind, Content<'_, 'o>), Trouble> {
        match self {
            Reader::Library { odb, asker, store } => {
                let name = oid(id)?;
                if limit < u64::MAX {
                    let (size, kind) = odb.read_header(name).map_err(trouble)?;
                    if size as u64 > limit {
                        let kind = kind_of(kind)?;
                        return Ok((kind, Content::Stream(stream(asker, id, kind)?)));
                    }
                }
                let mut bytes = Vec::new();
                if let Some(Ok(Some(kind))) = store.map(|store| store.read(id, &mut bytes)) {
                    return Ok((kind, Content::Whole(Bytes::Own(bytes))));
                }
                let object = odb.read(name).map_err(trouble)?;
                Ok((kind_of(object.kind())?, Content::Whole(Bytes::Held(object))))
            }
            Reader::Command { .. } => {
                let batch = self.batch()?;
                let (kind, size) = batch.ask(id)?;
                if size > limit {
                    return Ok((kind, Content::Stream(Box::new(batch.content()))));
                }
                let mut bytes = Vec::with_capacity(size.min(1 << 30) as usize);
                batch
                    .content()
                    .read_to_end(&mut bytes)
                    .map_err(|error| Trouble::Damaged(format!("git cat-file: {error}")))?;
                Ok((kind, Content::Whole(Bytes::Own(bytes))))
            }
        }
    }

    fn batch(&mut self) -> Result<&mut Batch, Trouble> {
        let Reader::Command { asker, batch } = self else {
            return Err(Trouble::Damaged("the library reads this repository".to_owned()));
        };
        if batch.is_none() {
            let started = Batch::start(asker);
            *batch = Some(started.map_err(|error| Trouble::Damaged(format!("cannot start git: {error}")))?);
        }
        batch.as_mut().ok_or(Trouble::Absent)
    }
}

/// A large object in pieces: git streams it in bounded memory, from loose files and from packs.
fn stream<'r>(asker: &Asker, id: &Id, kind: ObjectKind) -> Result<Box<dyn Read + 'r>, Trouble> {
    let name = format!("{kind:?}").to_lowercase();
    let output: io::Result<Output> = Output::start(asker, &["cat-file", &name, &id.to_string()]);
    Ok(Box::new(output.map_err(|error| Trouble::Damaged(format!("cannot start git: {error}")))?))
}

fn oid(id: &Id) -> Result<git2::Oid, Trouble> {
    git2::Oid::from_bytes(id.as_bytes()).map_err(trouble)
}

fn kind_of(kind: git2::ObjectType) -> Result<ObjectKind, Trouble> {
    match kind {
        git2::ObjectType::Blob => Ok(ObjectKind::Blob),
        git2::ObjectType::Tree => Ok(ObjectKind::Tree),
        git2::ObjectType::Commit => Ok(ObjectKind::Commit),
        git2::ObjectType::Tag => Ok(ObjectKind::Tag),
        other => Err(Trouble::Damaged(format!("an object of an unknown kind, {other}"))),
    }
}

fn trouble(error: git2::Error) -> Trouble {
    match error.code() {
        git2::ErrorCode::NotFound => Trouble::Absent,
        _ => Trouble::Damaged(error.message().to_owned()),
    }
}
