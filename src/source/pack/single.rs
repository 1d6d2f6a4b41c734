//! Single objects of a pack, through the chain of deltas that they are made by.

use super::delta::{self, Form};
use super::inflate::{Inflater, possible};
use super::{HEAD, LARGEST, Pack};
use crate::error::SkipReason;
use crate::origin::ObjectKind;
use crate::source::objects::ObjectId;
use std::sync::{Arc, Mutex, PoisonError};

/// Objects that others may be made from, by pack and offset: each has one place where it may be kept,
/// and a newer one takes it over.
pub(in crate::source) struct Bases(Vec<Mutex<Option<Base>>>);

type Base = (usize, u64, ObjectKind, Arc<[u8]>);

/// Number of objects kept, and their largest size (bytes): 32 MiB in all.
const PLACES: usize = 512;
const LARGEST_KEPT: usize = 64 << 10;

impl Default for Bases {
    fn default() -> Bases {
        Bases((0..PLACES).map(|_| Mutex::new(None)).collect())
    }
}

impl Bases {
    fn place(&self, pack: usize, offset: u64) -> &Mutex<Option<Base>> {
        let hash = (offset ^ (pack as u64) << 48).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        &self.0[hash as usize % PLACES]
    }

    fn get(&self, pack: usize, offset: u64) -> Option<(ObjectKind, Arc<[u8]>)> {
        let held = self.place(pack, offset).lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some((of, at, kind, bytes)) if (*of, *at) == (pack, offset) => Some((*kind, Arc::clone(bytes))),
            _ => None,
        }
    }

    fn keep(&self, pack: usize, offset: u64, kind: ObjectKind, bytes: &[u8]) {
        if bytes.len() <= LARGEST_KEPT {
            let base = (pack, offset, kind, Arc::from(bytes));
            *self.place(pack, offset).lock().unwrap_or_else(PoisonError::into_inner) = Some(base);
        }
    }
}

/// Why an object cannot be read.
pub(in crate::source) type Reason = (SkipReason, String);

/// An object of another place, by its id.
pub(in crate::source) type Outside<'a> = &'a (dyn Fn(&ObjectId) -> Option<(ObjectKind, Vec<u8>)> + 'a);

/// Where a chain of deltas ends.
enum Start {
    Entry(ObjectKind, u64, u64),
    Kept(ObjectKind, Arc<[u8]>),
    Other(ObjectKind, Vec<u8>),
}

fn corrupt(detail: impl Into<String>) -> Reason {
    (SkipReason::Corrupt, detail.into())
}

/// The parts of a pack that reading single objects takes.
#[derive(Clone, Copy)]
pub(super) struct Entries<'a> {
    pub(super) bytes: &'a [u8],
    /// Where the entries end.
    pub(super) end: u64,
    pub(super) digest: usize,
    /// Where the pack holds an object, by its id.
    pub(super) find: &'a dyn Fn(&ObjectId) -> Option<u64>,
}

impl Entries<'_> {
    fn from(&self, offset: u64) -> &[u8] {
        self.bytes.get(offset as usize..self.end as usize).unwrap_or_default()
    }

    fn inflate(&self, at: u64, size: u64, inflater: &mut Inflater, out: &mut Vec<u8>) -> Result<(), Reason> {
        let stream = self.from(at);
        if size > LARGEST {
            return Err((SkipReason::Budget, "it is larger than 512 MiB".to_owned()));
        }
        if !possible(stream.len(), size) {
            return Err(corrupt("the object's size is damaged"));
        }
        out.resize(size as usize, 0);
        inflater.whole(stream, out).map_err(corrupt)?;
        Ok(())
    }

    /// Read the object at `offset` into `buffer`.
    pub(super) fn read(
        &self,
        offset: u64,
        bases: Option<(&Bases, usize)>,
        outside: Outside<'_>,
        inflater: &mut Inflater,
        buffer: &mut Vec<u8>,
    ) -> Result<ObjectKind, Reason> {
        let mut chain = Vec::new(); // offset of the entry, of its stream, and its size
        let mut at = offset;
        let start = loop {
            if let Some((kind, bytes)) = bases.and_then(|(bases, pack)| bases.get(pack, at)) {
                break Start::Kept(kind, bytes);
            }
            if at < HEAD as u64 || at >= self.end {
                return Err(corrupt("what it is made from lies beyond the pack"));
            }
            let header = delta::header(self.from(at), self.digest).map_err(corrupt)?;
            let stream = at + header.length as u64;
            let base = match header.form {
                Form::Whole(kind) => break Start::Entry(kind, stream, header.size),
                Form::Behind(distance) => at.checked_sub(distance).filter(|_| distance > 0),
                Form::Against(id) => match (self.find)(&id) {
                    Some(base) => Some(base),
                    None => {
                        let found = outside(&id).ok_or_else(|| corrupt("what it is made from is missing"))?;
                        chain.push((at, stream, header.size));
                        break Start::Other(found.0, found.1);
                    }
                },
            };
            chain.push((at, stream, header.size));
            at = base.ok_or_else(|| corrupt("what it is made from is not in the pack"))?;
            // Only deltas told by id can lead in a circle; no chain is longer than a pack has bytes.
            if chain.len() > (1 << 16) {
                return Err(corrupt("it is made from itself, or by too many steps"));
            }
        };
        let kind = match start {
            Start::Entry(kind, stream, size) => {
                self.inflate(stream, size, inflater, buffer)?;
                if let Some((bases, pack)) = bases.filter(|_| !chain.is_empty()) {
                    bases.keep(pack, at, kind, buffer);
                }
                kind
            }
            Start::Kept(kind, bytes) => {
                buffer.clear();
                buffer.extend_from_slice(&bytes);
                kind
            }
            Start::Other(kind, bytes) => {
                *buffer = bytes;
                kind
            }
        };
        self.build(&chain, kind, bases, inflater, buffer)?;
        Ok(kind)
    }

    /// Carry out a chain of deltas, the last one first, on what `buffer` holds.
    fn build(
        &self,
        chain: &[(u64, u64, u64)],
        kind: ObjectKind,
        bases: Option<(&Bases, usize)>,
        inflater: &mut Inflater,
        buffer: &mut Vec<u8>,
    ) -> Result<(), Reason> {
        let (mut instructions, mut made, mut copies) = (Vec::new(), Vec::new(), Vec::new());
        for (index, &(entry, stream, size)) in chain.iter().enumerate().rev() {
            self.inflate(stream, size, inflater, &mut instructions)?;
            let (from, to, start) = delta::lengths(&instructions).map_err(corrupt)?;
            if from != buffer.len() as u64 {
                return Err(corrupt("the delta is made for an object of another length"));
            }
            if to > LARGEST {
                return Err((SkipReason::Budget, "the object is larger than 512 MiB".to_owned()));
            }
            made.resize(to as usize, 0);
            delta::apply(buffer, &instructions[start..], &mut made, &mut copies).map_err(corrupt)?;
            std::mem::swap(buffer, &mut made);
            if let Some((bases, pack)) = bases.filter(|_| index > 0) {
                bases.keep(pack, entry, kind, buffer);
            }
        }
        Ok(())
    }
}

impl Pack {
    /// Read the object at a position of the index into `buffer`. `number` tells packs apart in `bases`.
    pub(in crate::source) fn read(
        &self,
        position: u32,
        bases: (&Bases, usize),
        outside: Outside<'_>,
        inflater: &mut Inflater,
        buffer: &mut Vec<u8>,
    ) -> Result<ObjectKind, Reason> {
        let offset =
            self.index.offset(position).ok_or_else(|| corrupt("its place in the pack is not told"))?;
        let find = |id: &ObjectId| self.find(id).and_then(|position| self.index.offset(position));
        let entries = Entries { bytes: self.map.bytes(), end: self.end(), digest: self.digest, find: &find };
        entries.read(offset, Some(bases), outside, inflater, buffer)
    }
}
