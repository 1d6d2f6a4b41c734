//! Pack indexes (`gitformat-pack`, versions 1 and 2): which objects a pack holds, and where.

use super::map::Map;
use crate::source::objects::ObjectId;
use std::cmp::Ordering;
use std::ops::Range;
use std::path::Path;

/// What version 2 begins with.
const MAGIC: [u8; 4] = [0xff, b't', b'O', b'c'];
const FANOUT: usize = 256 * 4;

/// An index. Objects are sorted by id; their place in that order is their *position*.
pub(super) struct Index {
    bytes: Bytes,
    /// Bytes of an id.
    digest: usize,
    count: u32,
    layout: Layout,
}

enum Bytes {
    Mapped(Map),
    Own(Vec<u8>),
}

#[derive(Clone, Copy)]
enum Layout {
    /// Version 1: records of an offset and an id.
    One { records: usize },
    /// Version 2: tables of ids, checksums and offsets, and one of large offsets.
    Two { ids: usize, offsets: usize, large: usize, large_count: usize },
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
}

impl Index {
    /// Open the index at `path` of a repository whose ids have `digest` bytes.
    pub(super) fn open(path: &Path, digest: usize) -> Result<Index, String> {
        let map = Map::open(path).map_err(|error| error.to_string())?;
        Index::new(Bytes::Mapped(map), digest)
    }

    /// An index of version 2 from its bytes.
    pub(super) fn from_bytes(bytes: Vec<u8>, digest: usize) -> Result<Index, String> {
        Index::new(Bytes::Own(bytes), digest)
    }

    fn new(held: Bytes, digest: usize) -> Result<Index, String> {
        let bytes = match &held {
            Bytes::Mapped(map) => map.bytes(),
            Bytes::Own(bytes) => bytes,
        };
        let second = bytes.starts_with(&MAGIC);
        if second && number(bytes, 4) != 2 {
            return Err(format!("version {} of pack indexes is not known", number(bytes, 4)));
        }
        let head = if second { 8 } else { 0 };
        if bytes.len() < head + FANOUT + 2 * digest {
            return Err("the index is cut short".to_owned());
        }
        let fan = |at: usize| number(bytes, head + at * 4);
        if (1..256).any(|at| fan(at) < fan(at - 1)) {
            return Err("the table of first bytes is damaged".to_owned());
        }
        let count = fan(255);
        let n = count as usize;
        let start = head + FANOUT;
        let layout = if second {
            let offsets = start + n * (digest + 4);
            let large = offsets + n * 4;
            let rest = bytes.len().checked_sub(large + 2 * digest).ok_or("the index is cut short")?;
            Layout::Two { ids: start, offsets, large, large_count: rest / 8 }
        } else {
            if bytes.len() != start + n * (digest + 4) + 2 * digest {
                return Err("the index is cut short, or has bytes to spare".to_owned());
            }
            Layout::One { records: start }
        };
        Ok(Index { bytes: held, digest, count, layout })
    }

    fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Mapped(map) => map.bytes(),
            Bytes::Own(bytes) => bytes,
        }
    }

    /// Number of objects.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// The checksum of the pack that the index belongs to.
    pub(super) fn pack_checksum(&self) -> &[u8] {
        let bytes = self.bytes();
        &bytes[bytes.len() - 2 * self.digest..bytes.len() - self.digest]
    }

    /// The id at a position below [`Index::count`].
    pub(super) fn id(&self, position: u32) -> ObjectId {
        ObjectId::from_bytes(self.raw_id(position)).unwrap_or(ObjectId::nothing())
    }

    /// The bytes of that id.
    pub(super) fn raw_id(&self, position: u32) -> &[u8] {
        let at = match self.layout {
            Layout::One { records } => records + position as usize * (self.digest + 4) + 4,
            Layout::Two { ids, .. } => ids + position as usize * self.digest,
        };
        &self.bytes()[at..at + self.digest]
    }

    /// Where the pack holds the object at a position; `None` where the index is damaged.
    pub(super) fn offset(&self, position: u32) -> Option<u64> {
        let bytes = self.bytes();
        match self.layout {
            Layout::One { records } => {
                Some(u64::from(number(bytes, records + position as usize * (self.digest + 4))))
            }
            Layout::Two { offsets, large, large_count, .. } => {
                let short = number(bytes, offsets + position as usize * 4);
                if short >> 31 == 0 {
                    return Some(u64::from(short));
                }
                let place = (short & 0x7fff_ffff) as usize;
                let at = large + place * 8;
                (place < large_count)
                    .then(|| u64::from(number(bytes, at)) << 32 | u64::from(number(bytes, at + 4)))
            }
        }
    }

    /// The positions of ids that begin with this byte.
    pub(super) fn beginning_with(&self, first: u8) -> Range<u32> {
        let head = if matches!(self.layout, Layout::Two { .. }) { 8 } else { 0 };
        let fan = |at: usize| number(self.bytes(), head + at * 4);
        let start = if first == 0 { 0 } else { fan(usize::from(first) - 1) };
        start..fan(usize::from(first))
    }

    /// The position of an object, by its id or at least 16 bytes of that.
    pub(super) fn find(&self, id: &[u8]) -> Option<u32> {
        let Range { mut start, mut end } = self.near(id, self.beginning_with(*id.first()?));
        while start < end {
            let middle = start + (end - start) / 2;
            if self.stands_before(middle, id) {
                start = middle + 1;
            } else {
                end = middle;
            }
        }
        (start < self.count && self.raw_id(start).starts_with(id)).then_some(start)
    }

    /// Is the id at a position less than this one?
    fn stands_before(&self, position: u32, id: &[u8]) -> bool {
        let first = |id: &[u8]| id.first_chunk().map_or(0, |eight| u64::from_be_bytes(*eight));
        let held = self.raw_id(position);
        match first(held).cmp(&first(id)) {
            Ordering::Equal => held < id,
            order => order == Ordering::Less,
        }
    }

    /// The part of a range of positions that holds this id if the range does. Ids are digests and so
    /// spread evenly: one stands close to where its first bytes say.
    fn near(&self, id: &[u8], range: Range<u32>) -> Range<u32> {
        let Range { mut start, mut end } = range;
        let share = u64::from(number(id, 1));
        let guess = start + ((u64::from(end - start) * share) >> 32) as u32;
        if guess >= end {
            return start..end;
        }
        let mut step = 8;
        if self.stands_before(guess, id) {
            start = guess + 1;
            while end - start > step && self.stands_before(start + step, id) {
                start += step + 1;
                step *= 2;
            }
            end = end.min(start.saturating_add(step + 1));
        } else {
            end = guess + 1;
            while end - start > step && !self.stands_before(end - 1 - step, id) {
                end -= step;
                step *= 2;
            }
            start = start.max(end.saturating_sub(step + 1));
        }
        start..end
    }
}

/// The bytes of an index of version 2 without checksums: `objects` are ids and offsets.
pub(super) fn build(mut objects: Vec<(ObjectId, u64)>, digest: usize, checksum: &[u8]) -> Vec<u8> {
    objects.sort_unstable();
    let mut out = MAGIC.to_vec();
    out.extend(2u32.to_be_bytes());
    for first in 0..=255u8 {
        let count = objects.partition_point(|(id, _)| id.as_bytes()[0] <= first);
        out.extend((count as u32).to_be_bytes());
    }
    objects.iter().for_each(|(id, _)| out.extend(id.as_bytes()));
    out.resize(out.len() + objects.len() * 4, 0); // checksums of entries, which nothing here reads
    let mut large = Vec::new();
    for &(_, offset) in &objects {
        let short = if offset >> 31 == 0 {
            offset as u32
        } else {
            large.extend(offset.to_be_bytes());
            1 << 31 | (large.len() / 8 - 1) as u32
        };
        out.extend(short.to_be_bytes());
    }
    out.extend(large);
    out.extend(checksum);
    out.resize(out.len() + digest, 0);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids that are spread evenly, and many that are close together.
    fn index(count: u32) -> (Index, Vec<ObjectId>) {
        let id = |at: u32| {
            let mut bytes = [0; 20];
            let spread = u64::from(at).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            bytes[..8].copy_from_slice(&if at.is_multiple_of(3) { 7 } else { spread }.to_be_bytes());
            bytes[16..].copy_from_slice(&at.to_be_bytes());
            ObjectId::from_bytes(&bytes).unwrap()
        };
        let ids: Vec<ObjectId> = (0..count).map(id).collect();
        let objects = ids.iter().map(|&id| (id, 12)).collect();
        (Index::from_bytes(build(objects, 20, &[0; 20]), 20).unwrap(), ids)
    }

    #[test]
    fn every_object_is_found_where_it_stands_and_no_other() {
        for count in [0, 1, 2, 700, 5_000] {
            let (index, ids) = index(count);
            for id in &ids {
                assert_eq!(index.find(id.as_bytes()).map(|at| index.id(at)), Some(*id));
                let mut other = id.as_bytes().to_vec();
                other[12] ^= 1;
                assert_eq!(index.find(&other), None);
            }
            assert_eq!(index.find(&[0xff; 20]), None);
            assert_eq!(index.find(&[0; 16]), None);
        }
    }
}
