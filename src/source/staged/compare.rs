//! What an index holds that the tree of HEAD does not.

use super::index::{Entry, Index};
use crate::source::repo::Id;
use crate::source::repo::listing::{Listing, is_submodule};
use std::borrow::Cow;

/// Directories nested deeper than this are git's own business.
const DEEPEST: usize = 1024;

/// A path whose content differs from HEAD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// The path, relative to the top.
    pub(super) path: Vec<u8>,
    /// What is staged.
    pub(super) id: Id,
    /// What HEAD has there.
    pub(super) old: Option<Id>,
}

/// Why a comparison came to no end.
pub(super) enum Stop<E> {
    /// A tree cannot be read.
    Tree(Id, E),
    /// Entries that this comparison does not understand.
    Strange,
}

/// Compares an index with a tree. `read` gives the bytes of a tree object.
pub(super) struct Compare<'i, R> {
    index: &'i Index<'i>,
    read: R,
    at: usize,
    /// What differs.
    pub(super) found: Vec<Difference>,
    /// Paths in conflict.
    pub(super) conflicts: Vec<Vec<u8>>,
}

impl<'i, E, B: std::ops::Deref<Target = [u8]>, R: FnMut(&Id) -> Result<B, E>> Compare<'i, R> {
    /// A comparison that is to be run.
    pub(super) fn new(index: &'i Index<'i>, read: R) -> Compare<'i, R> {
        Compare { index, read, at: 0, found: Vec::new(), conflicts: Vec::new() }
    }

    /// Compare with the tree of HEAD; `None` where there is no commit yet.
    pub(super) fn run(&mut self, head: Option<Id>) -> Result<(), Stop<E>> {
        let root = (!self.index.nodes.is_empty()).then_some(0);
        self.directory(0, root, head, 0)
    }

    /// Compare the entries from the current one on whose paths share the first `prefix` bytes, a
    /// directory with its slash.
    fn directory(
        &mut self,
        prefix: usize,
        node: Option<usize>,
        tree: Option<Id>,
        depth: usize,
    ) -> Result<(), Stop<E>> {
        if depth > DEEPEST {
            return Err(Stop::Strange);
        }
        let index = self.index;
        if let (Some(node), Some(tree)) = (node, tree)
            && let Some((count, cached)) = index.nodes[node].tree
            && cached == tree
        {
            self.at += count;
            return if self.at <= index.entries.len() { Ok(()) } else { Err(Stop::Strange) };
        }
        let bytes = match tree {
            Some(id) => Some((self.read)(&id).map_err(|error| Stop::Tree(id, error))?),
            None => None,
        };
        let mut listing = match (&bytes, &tree) {
            (Some(bytes), Some(id)) => Listing::new(bytes, id),
            _ => Listing::empty(),
        };
        let Some(first) = index.entries.get(self.at) else { return Ok(()) };
        let own = index.path(first)[..prefix].to_vec();
        while let Some(entry) = index.entries.get(self.at) {
            let path = index.path(entry);
            let Some(rest) = path.strip_prefix(own.as_slice()) else { break };
            match memchr::memchr(b'/', rest) {
                Some(slash) => {
                    let name = &rest[..slash];
                    let below = listing.seek(name, true).map(|entry| entry.id);
                    let before = self.at;
                    self.directory(prefix + slash + 1, index.child(node, name), below, depth + 1)?;
                    if self.at == before {
                        return Err(Stop::Strange);
                    }
                }
                None => {
                    let old = listing.seek(rest, false).map(|entry| entry.id);
                    self.file(entry, path, old)?;
                    self.at += 1;
                }
            }
        }
        match listing.damaged {
            true => Err(Stop::Strange),
            false => Ok(()),
        }
    }

    fn file(&mut self, entry: &Entry, path: &[u8], old: Option<Id>) -> Result<(), Stop<E>> {
        if entry.stage != 0 {
            if self.conflicts.last().is_none_or(|last| last != path) {
                self.conflicts.push(path.to_vec());
            }
            return Ok(());
        }
        // What a submodule points to belongs to another repository.
        if entry.intent_to_add || is_submodule(entry.mode) {
            return Ok(());
        }
        let id = self.index.id(entry).ok_or(Stop::Strange)?;
        if old != Some(id) {
            self.found.push(Difference { path: path.to_vec(), id, old });
        }
        Ok(())
    }
}

/// The same from the output of `git diff --cached --raw -z --no-renames --no-abbrev`:
/// `:oldmode newmode oldid newid status NUL path NUL`. `None` where it is not in that form.
pub(super) fn from_raw(output: &[u8]) -> Option<(Vec<Difference>, Vec<Vec<u8>>)> {
    let (mut found, mut conflicts): (Vec<Difference>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
    let mut fields = output.split(|&byte| byte == 0);
    loop {
        let header = fields.next()?;
        if header.is_empty() {
            return Some((found, conflicts));
        }
        let path = fields.next()?.to_vec();
        let header = std::str::from_utf8(header.strip_prefix(b":")?).ok()?;
        let words: Vec<Cow<'_, str>> = header.split(' ').map(Cow::from).collect();
        let [_, mode, old, new, status] = words.as_slice() else { return None };
        let mode = u32::from_str_radix(mode, 8).ok()?;
        let (old, id) = (Id::parse(old.as_bytes())?, Id::parse(new.as_bytes())?);
        match status.as_bytes().first()? {
            b'U' => {
                if conflicts.last() != Some(&path) {
                    conflicts.push(path);
                }
            }
            b'D' => {}
            _ if is_submodule(mode) || id == old => {}
            _ => found.push(Difference { path, id, old: (!old.is_zero()).then_some(old) }),
        }
    }
}

/// One record of `git ls-files --stage -z`, `mode SP object SP stage TAB path`: the path, and its object
/// where that is content that can be committed. `None` where it is not in that form.
pub(super) fn staged_line(line: &[u8]) -> Option<(&[u8], Option<Id>)> {
    let tab = memchr::memchr(b'\t', line)?;
    let mut words = std::str::from_utf8(&line[..tab]).ok()?.split(' ');
    let mode = u32::from_str_radix(words.next()?, 8).ok()?;
    let id = Id::parse(words.next()?.as_bytes())?;
    let committed = words.next()? == "0" && !is_submodule(mode);
    Some((&line[tab + 1..], committed.then_some(id)))
}
