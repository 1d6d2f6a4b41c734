//! The index file, versions 2 to 4 (`gitformat-index(5)`), for SHA-1 repositories.
//!
//! The checksum at its end is not verified: git does not do so either (it costs more than all the
//! rest), and what matters is what git would commit. The structure is: entries in order, extensions up
//! to the checksum and no further.

use crate::source::repo::Id;
use std::borrow::Cow;

/// Bytes of a checksum and of an id.
const HASH: usize = 20;
/// Bytes of an entry before its id: times, device, inode, mode, owner and size.
const STAT: usize = 40;
/// Entries with this flag have a second word of flags.
const EXTENDED: u16 = 0x4000;
/// In the second word: added by `git add --intent-to-add`, nothing staged yet.
const INTENT_TO_ADD: u16 = 0x2000;

/// Why an index is not read here.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It has a form that this reader does not know: git may.
    Unknown(String),
    /// It is damaged.
    Corrupt(&'static str),
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Permissions and kind of the file.
    pub(super) mode: u32,
    id_at: u32,
    path: (u32, u32),
    /// 0, or the side of a conflict.
    pub(super) stage: u8,
    /// Nothing is staged for it yet.
    pub(super) intent_to_add: bool,
}

/// A directory in the extension `TREE`: what the tree object for the entries below it would be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    /// The last part of its path.
    pub(super) name: &'a [u8],
    /// Number of entries below it and their tree, where that is known.
    pub(super) tree: Option<(usize, Id)>,
    /// Number of nodes in its part of the list, itself included.
    span: usize,
}

/// An index.
pub(super) struct Index<'a> {
    data: &'a [u8],
    paths: Cow<'a, [u8]>,
    /// Sorted by path and stage.
    pub(super) entries: Vec<Entry>,
    /// The directories, each before those in it; empty where the index has none.
    pub(super) nodes: Vec<Node<'a>>,
}

impl<'a> Index<'a> {
    /// Read the bytes of an index file.
    pub(super) fn parse(data: &'a [u8]) -> Result<Index<'a>, Unusable> {
        let header = data.get(..12).ok_or(Unusable::Corrupt("it is too short"))?;
        if !header.starts_with(b"DIRC") || u32::try_from(data.len()).is_err() {
            return Err(Unusable::Corrupt("it does not begin as an index does"));
        }
        let version = word(header, 4).unwrap_or_default();
        if !(2..=4).contains(&version) {
            return Err(Unusable::Unknown(format!("index version {version}")));
        }
        let count = word(header, 8).unwrap_or_default() as usize;
        let end = data.len().checked_sub(HASH).ok_or(Unusable::Corrupt("it is too short"))?;
        let room = Vec::with_capacity(count.min(end / 50));
        let mut reader = EntryReader { data: &data[..end], at: 12, arena: Vec::new(), entries: room };
        for _ in 0..count {
            let entry = reader.entry(version).ok_or(Unusable::Corrupt("an entry is not well formed"))?;
            if entry.path.1 == 0 {
                return Err(Unusable::Unknown("an entry without a path, as split indexes have".to_owned()));
            }
            match entry.mode >> 12 {
                0o10 | 0o12 | 0o16 => {}
                0o4 => return Err(Unusable::Unknown("a directory, as sparse indexes have".to_owned())),
                _ => return Err(Unusable::Corrupt("an entry is of a kind that there is not")),
            }
        }
        let EntryReader { at, arena, entries, .. } = reader;
        let paths = if version == 4 { Cow::Owned(arena) } else { Cow::Borrowed(data) };
        let mut index = Index { data, paths, entries, nodes: Vec::new() };
        let pairs = || index.entries.iter().zip(index.entries.iter().skip(1));
        if !pairs().all(|(one, other)| (index.path(one), one.stage) < (index.path(other), other.stage)) {
            return Err(Unusable::Corrupt("its entries are not in order"));
        }
        let behind = data.get(at..end).ok_or(Unusable::Corrupt("its last entry goes on behind its end"))?;
        index.nodes = extensions(behind)?;
        Ok(index)
    }

    /// The path of an entry, relative to the top of the work tree.
    pub(super) fn path(&self, entry: &Entry) -> &[u8] {
        &self.paths[entry.path.0 as usize..(entry.path.0 + entry.path.1) as usize]
    }

    /// The object of an entry.
    pub(super) fn id(&self, entry: &Entry) -> Option<Id> {
        Id::from_bytes(self.data.get(entry.id_at as usize..entry.id_at as usize + HASH)?)
    }

    /// The directory of that name in the directory `node`, both as places in the list.
    pub(super) fn child(&self, node: Option<usize>, name: &[u8]) -> Option<usize> {
        let node = node?;
        let end = node + self.nodes.get(node)?.span;
        let mut at = node + 1;
        while at < end {
            if self.nodes[at].name == name {
                return Some(at);
            }
            at += self.nodes[at].span;
        }
        None
    }
}

fn word(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?))
}

fn half(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(data.get(at..at + 2)?.try_into().ok()?))
}

/// Reads one entry after another.
struct EntryReader<'a> {
    data: &'a [u8],
    at: usize,
    /// The paths of a version 4 index, which stores only how each differs from the one before.
    arena: Vec<u8>,
    entries: Vec<Entry>,
}

impl EntryReader<'_> {
    fn entry(&mut self, version: u32) -> Option<Entry> {
        let start = self.at;
        let mode = word(self.data, start + 24)?;
        let id_at = start + STAT;
        let flags = half(self.data, id_at + HASH)?;
        let mut name = id_at + HASH + 2;
        let mut intent_to_add = false;
        if flags & EXTENDED != 0 {
            if version < 3 {
                return None;
            }
            intent_to_add = half(self.data, name)? & INTENT_TO_ADD != 0;
            name += 2;
        }
        let path = match version {
            4 => self.packed_path(name)?,
            _ => {
                let length = match flags & 0x0fff {
                    0x0fff => memchr::memchr(0, self.data.get(name..)?)?,
                    length => usize::from(length),
                };
                if *self.data.get(name + length)? != 0 {
                    return None;
                }
                // One to eight zeros make the length of the entry a multiple of eight.
                self.at = start + ((name + length - start + 8) & !7);
                (name as u32, length as u32)
            }
        };
        if self.at > self.data.len() {
            return None;
        }
        let stage = (flags >> 12 & 3) as u8;
        let entry = Entry { mode, id_at: id_at as u32, path, stage, intent_to_add };
        self.entries.push(entry);
        Some(entry)
    }

    /// The path at `at` of a version 4 index: how many bytes to drop from the end of the path before,
    /// then what follows, up to a zero.
    fn packed_path(&mut self, mut at: usize) -> Option<(u32, u32)> {
        let mut byte = *self.data.get(at)?;
        let mut drop = usize::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            at += 1;
            byte = *self.data.get(at)?;
            drop = (drop + 1).checked_mul(128)? + usize::from(byte & 0x7f);
        }
        at += 1;
        let rest = self.data.get(at..)?;
        let rest = &rest[..memchr::memchr(0, rest)?];
        let (last, length) = self.entries.last().map_or((0, 0), |entry| entry.path);
        let kept = (length as usize).checked_sub(drop)?;
        let start = self.arena.len();
        self.arena.extend_from_within(last as usize..last as usize + kept);
        self.arena.extend_from_slice(rest);
        self.at = at + rest.len() + 1;
        Some((u32::try_from(start).ok()?, (kept + rest.len()) as u32))
    }
}

/// Read what stands between the entries and the checksum. An extension whose name begins with a small
/// letter changes what the entries mean.
fn extensions(mut rest: &[u8]) -> Result<Vec<Node<'_>>, Unusable> {
    let mut nodes = Vec::new();
    while !rest.is_empty() {
        let torn = Unusable::Corrupt("an extension is cut short");
        let (Some(name), Some(size)) = (rest.get(..4), word(rest, 4)) else { return Err(torn) };
        let Some(content) = rest.get(8..8 + size as usize) else { return Err(torn) };
        if name == b"TREE" {
            nodes = directories(content).ok_or(Unusable::Corrupt("its cached tree is not well formed"))?;
        } else if !name[0].is_ascii_uppercase() {
            return Err(Unusable::Unknown(format!("extension {}", String::from_utf8_lossy(name))));
        }
        rest = &rest[8 + size as usize..];
    }
    Ok(nodes)
}

/// The extension `TREE`: for each directory `name NUL entries SP subdirectories LF id`, without an id
/// where the number of entries is negative.
fn directories(mut rest: &[u8]) -> Option<Vec<Node<'_>>> {
    let mut nodes: Vec<Node<'_>> = Vec::new();
    // Directories that are open: their place and how many more they hold.
    let mut open: Vec<(usize, usize)> = Vec::new();
    while !rest.is_empty() {
        let zero = memchr::memchr(0, rest)?;
        let (name, line) = (&rest[..zero], &rest[zero + 1..]);
        let end = memchr::memchr(b'\n', line)?;
        let mut numbers = std::str::from_utf8(&line[..end]).ok()?.split(' ');
        let count: i64 = numbers.next()?.parse().ok()?;
        let children: usize = numbers.next()?.parse().ok()?;
        rest = &line[end + 1..];
        let tree = match usize::try_from(count) {
            Ok(count) => {
                let id = Id::from_bytes(rest.get(..HASH)?)?;
                rest = &rest[HASH..];
                Some((count, id))
            }
            Err(_) => None,
        };
        if let Some((_, left)) = open.last_mut() {
            *left = left.checked_sub(1)?;
        } else if !nodes.is_empty() {
            return None;
        }
        open.push((nodes.len(), children));
        nodes.push(Node { name, tree, span: 1 });
        while let Some((node, 0)) = open.last().copied() {
            nodes[node].span = nodes.len() - node;
            open.pop();
        }
    }
    open.is_empty().then_some(nodes)
}

#[cfg(test)]
mod tests;
