//! What a pack without an index holds.

use super::HEAD;
use super::delta;
use super::inflate::Inflater;
use super::single::Entries;
use crate::origin::ObjectKind;
use crate::source::objects::ObjectId;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use sirocco::Format;
use sirocco::inflate::Scanner;
use std::collections::HashMap;

/// The id of an object: the digest of its kind, its length and its content.
fn id_of(kind: ObjectKind, bytes: &[u8], digest: usize) -> ObjectId {
    let head = format!("{} {}\0", kind_name(kind), bytes.len());
    let id = match digest {
        32 => ObjectId::from_bytes(&Sha256::new().chain_update(head).chain_update(bytes).finalize()),
        _ => ObjectId::from_bytes(&Sha1::new().chain_update(head).chain_update(bytes).finalize()),
    };
    id.unwrap_or(ObjectId::nothing())
}

/// What git calls a kind of object.
fn kind_name(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Blob => "blob",
        ObjectKind::Commit => "commit",
        ObjectKind::Tag => "tag",
        ObjectKind::Tree => "tree",
    }
}

/// Ids and offsets of the objects of a pack that tells to hold `count`, and what is wrong with it.
pub(super) fn objects(bytes: &[u8], count: u32, digest: usize) -> (Vec<(ObjectId, u64)>, Option<String>) {
    let (offsets, mut oddity) = offsets(bytes, count, digest);
    let mut known: HashMap<ObjectId, u64> = HashMap::new();
    let mut inflater = Inflater::default();
    let mut buffer = Vec::new();
    // A delta may be made for an object whose id is only known later: try until nothing new is found.
    let mut left = offsets;
    loop {
        let before = left.len();
        let mut again = Vec::new();
        for offset in left {
            let found = {
                let find = |id: &ObjectId| known.get(id).copied();
                let entries = Entries { bytes, end: (bytes.len() - digest) as u64, digest, find: &find };
                entries.read(offset, None, &|_| None, &mut inflater, &mut buffer)
            };
            match found {
                Ok(kind) => drop(known.insert(id_of(kind, &buffer, digest), offset)),
                Err(_) => again.push(offset),
            }
        }
        left = again;
        if left.is_empty() || left.len() == before {
            break;
        }
    }
    if !left.is_empty() && oddity.is_none() {
        oddity = Some(format!("it has no index, and {} of its objects cannot be read", left.len()));
    }
    (known.into_iter().collect(), oddity)
}

/// Where the entries of a pack start.
fn offsets(bytes: &[u8], count: u32, digest: usize) -> (Vec<u64>, Option<String>) {
    let end = bytes.len() - digest;
    let mut offsets = Vec::new();
    let mut scanner = Scanner::new(Format::Zlib);
    let mut at = HEAD;
    for number in 0..count {
        let told = bytes.get(at..end).filter(|rest| !rest.is_empty()).ok_or("it is cut short".to_owned());
        let length = told.and_then(|rest| {
            let header = delta::header(rest, digest).map_err(str::to_owned)?;
            let stream = scanner.scan(&rest[header.length..], true).map_err(|error| error.to_string())?;
            Ok(header.length + stream.unwrap_or_default())
        });
        match length {
            Ok(length) => {
                offsets.push(at as u64);
                at += length;
            }
            Err(reason) => {
                let left = count - number;
                return (
                    offsets,
                    Some(format!("it has no index, and {left} objects cannot be read: {reason}")),
                );
            }
        }
    }
    (offsets, None)
}
