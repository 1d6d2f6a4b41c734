//! Loose objects: one compressed file each (`gitrepository-layout`, `objects/xx`).

use super::objects::ObjectId;
use super::pack::{Inflater, Map, Pieces};
use super::{WHOLE_LIMIT, layout};
use crate::error::SkipReason;
use crate::origin::ObjectKind;
use std::io;
use std::path::{Path, PathBuf};

/// A file larger than this (bytes) is mapped rather than read.
const READ: u64 = 256 << 10;
/// Longest header: kind, length and a zero.
const HEADER: usize = 32;

/// An object and its file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Loose {
    pub(super) id: ObjectId,
    pub(super) path: PathBuf,
}

/// A directory that could not be listed.
pub(super) type Unlisted = (PathBuf, io::Error);

/// All loose objects of a directory of objects, sorted by id.
pub(super) fn list(objects: &Path, digest: usize) -> (Vec<Loose>, Vec<Unlisted>) {
    let (mut found, mut unlisted) = (Vec::new(), Vec::new());
    for first in 0..=255u8 {
        let directory = objects.join(format!("{first:02x}"));
        let entries = match std::fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                unlisted.push((directory, error));
                continue;
            }
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let digits = format!("{first:02x}{}", name.to_string_lossy());
            if let Some(id) = ObjectId::parse(digits.as_bytes()).filter(|id| id.as_bytes().len() == digest) {
                found.push(Loose { id, path: entry.path() });
            }
        }
    }
    found.sort();
    (found, unlisted)
}

/// The file of an object in a directory of objects.
pub(super) fn path_of(objects: &Path, id: &ObjectId) -> PathBuf {
    let digits = id.to_string();
    objects.join(&digits[..2]).join(&digits[2..])
}

/// The content of an object's file.
pub(super) enum Content {
    Read(Vec<u8>),
    Mapped(Map),
}

impl Content {
    /// Open and read or map an object's file.
    pub(super) fn open(path: &Path) -> io::Result<Content> {
        let about = std::fs::metadata(path)?;
        if !about.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        if about.len() <= READ {
            Ok(Content::Read(std::fs::read(path)?))
        } else {
            Map::open(path).map(Content::Mapped)
        }
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Content::Read(bytes) => bytes,
            Content::Mapped(map) => map.bytes(),
        }
    }
}

/// What the header of an object's file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: ObjectKind,
    pub(super) size: u64,
    /// Its own length in bytes.
    pub(super) length: usize,
}

/// Read the header of an object's file.
pub(super) fn header(file: &[u8], inflater: &mut Inflater) -> Result<Header, String> {
    let mut head = [0; HEADER];
    let length = inflater.beginning(file, &mut head)?;
    let head = &head[..length];
    let wrong = || "the object's header is damaged".to_owned();
    let end = memchr::memchr(0, head).ok_or_else(wrong)?;
    let (kind, size) =
        std::str::from_utf8(&head[..end]).ok().and_then(|text| text.split_once(' ')).ok_or_else(wrong)?;
    let kind = match kind {
        "blob" => ObjectKind::Blob,
        "commit" => ObjectKind::Commit,
        "tag" => ObjectKind::Tag,
        "tree" => ObjectKind::Tree,
        _ => return Err(wrong()),
    };
    Ok(Header { kind, size: size.parse().map_err(|_| wrong())?, length: end + 1 })
}

/// Read an object's file whole into `buffer`, which holds its header too; returns what it says.
pub(super) fn read(
    file: &[u8],
    largest: u64,
    inflater: &mut Inflater,
    buffer: &mut Vec<u8>,
) -> Result<Header, (SkipReason, String)> {
    let corrupt = |detail: String| (SkipReason::Corrupt, detail);
    let header = header(file, inflater).map_err(corrupt)?;
    if header.size > largest {
        return Err((SkipReason::Budget, "it is larger than 512 MiB".to_owned()));
    }
    if !super::pack::possible(file.len(), header.size) {
        return Err(corrupt("the object is shorter than its size says".to_owned()));
    }
    buffer.resize(header.length + header.size as usize, 0);
    let consumed = inflater.whole(file, buffer).map_err(corrupt)?;
    if consumed != file.len() {
        return Err(corrupt("bytes follow the object in its file".to_owned()));
    }
    Ok(header)
}

/// A reader of an object too large to hold, behind its header.
pub(super) fn pieces(file: &[u8], header: Header) -> Pieces<'_> {
    let mut pieces = Pieces::new(file, header.length as u64 + header.size);
    pieces.skip(header.length as u64);
    pieces
}

/// Is an object handed over in pieces?
pub(super) fn is_large(header: &Header) -> bool {
    header.size > WHOLE_LIMIT
}

/// The name of an object's file below the git directory, for people.
pub(super) fn name(path: &Path) -> Vec<u8> {
    let parts: Vec<&[u8]> =
        path.iter().rev().take(2).map(|part| layout::path_bytes(Path::new(part))).collect();
    [
        &b"objects/"[..],
        parts.get(1).copied().unwrap_or_default(),
        b"/",
        parts.first().copied().unwrap_or_default(),
    ]
    .concat()
}
