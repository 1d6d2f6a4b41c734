//! The content of a tree object: `mode SP name NUL id`, one entry after another, sorted by name as if
//! directories ended in a slash.

use super::Id;

/// The kind bits of a mode.
const KIND: u32 = 0o170000;

/// One entry of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Permissions and kind, as in the index.
    pub mode: u32,
    /// The name, without slashes.
    pub name: &'a [u8],
    /// What stands there.
    pub id: Id,
}

impl Entry<'_> {
    /// True for a directory.
    pub fn is_tree(&self) -> bool {
        is_tree(self.mode)
    }
}

/// True for the mode of a directory.
pub fn is_tree(mode: u32) -> bool {
    mode & KIND == 0o040000
}

/// True for the mode of a submodule.
pub fn is_submodule(mode: u32) -> bool {
    mode & KIND == 0o160000
}

/// Reads the entries of a tree. Ends early at an entry that is not well formed; then `damaged` is true.
pub struct Listing<'a> {
    rest: &'a [u8],
    id_length: usize,
    next: Option<Entry<'a>>,
    /// The tree does not have the form of one.
    pub damaged: bool,
}

impl<'a> Listing<'a> {
    /// Reads a tree whose ids have as many bytes as `like`.
    pub fn new(tree: &'a [u8], like: &Id) -> Listing<'a> {
        let mut listing =
            Listing { rest: tree, id_length: like.as_bytes().len(), next: None, damaged: false };
        listing.next = listing.read();
        listing
    }

    /// No entries.
    pub fn empty() -> Listing<'a> {
        Listing { rest: &[], id_length: 20, next: None, damaged: false }
    }

    /// The entry of that name and kind. Names must be asked for in the order of the tree.
    pub fn seek(&mut self, name: &[u8], tree: bool) -> Option<Entry<'a>> {
        loop {
            let entry = self.next?;
            match order(entry.name, entry.is_tree(), name, tree) {
                std::cmp::Ordering::Less => self.next = self.read(),
                std::cmp::Ordering::Equal => return Some(entry),
                std::cmp::Ordering::Greater => return None,
            }
        }
    }

    fn read(&mut self) -> Option<Entry<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let entry = self.parse();
        self.damaged |= entry.is_none();
        entry
    }

    fn parse(&mut self) -> Option<Entry<'a>> {
        let space = memchr::memchr(b' ', self.rest.get(..8.min(self.rest.len()))?)?;
        let mode = std::str::from_utf8(&self.rest[..space]).ok()?;
        let mode = u32::from_str_radix(mode, 8).ok()?;
        let end = memchr::memchr(0, self.rest)?;
        let name = self.rest.get(space + 1..end)?;
        let id = Id::from_bytes(self.rest.get(end + 1..end + 1 + self.id_length)?)?;
        self.rest = &self.rest[end + 1 + self.id_length..];
        (!name.is_empty()).then_some(Entry { mode, name, id })
    }
}

impl<'a> Iterator for Listing<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let entry = self.next?;
        self.next = self.read();
        Some(entry)
    }
}

/// The order of entries in a tree, and of paths in an index.
fn order(one: &[u8], one_tree: bool, other: &[u8], other_tree: bool) -> std::cmp::Ordering {
    let shared = one.len().min(other.len());
    let end = |name: &[u8], tree: bool| name.get(shared).copied().unwrap_or(if tree { b'/' } else { 0 });
    one[..shared]
        .cmp(&other[..shared])
        .then_with(|| end(one, one_tree).cmp(&end(other, other_tree)))
        .then_with(|| one.len().cmp(&other.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Ordering;

    fn tree(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut out = Vec::new();
        for (mode, name) in entries {
            out.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            out.extend_from_slice(&[7; 20]);
        }
        out
    }

    #[test]
    fn entries_are_found_in_their_order() {
        let id = Id::from_bytes(&[7; 20]).unwrap();
        let bytes = tree(&[("100644", "a"), ("100644", "a.c"), ("40000", "a"), ("120000", "b")]);
        let mut listing = Listing::new(&bytes, &id);
        assert_eq!(listing.seek(b"a", false).map(|entry| entry.mode), Some(0o100644));
        assert_eq!(listing.seek(b"a.b", false), None);
        assert!(listing.seek(b"a", true).is_some_and(|entry| entry.is_tree()));
        assert_eq!(listing.seek(b"b", true), None);
        assert!(!listing.damaged);
        assert_eq!(Listing::new(&bytes, &id).count(), 4);
        let mut cut = Listing::new(&bytes[..bytes.len() - 1], &id);
        assert_eq!(cut.by_ref().count(), 3);
        assert!(cut.damaged);
    }

    #[test]
    fn directories_sort_as_if_they_ended_in_a_slash() {
        assert_eq!(order(b"a", false, b"a.c", false), Ordering::Less);
        assert_eq!(order(b"a", true, b"a.c", false), Ordering::Greater);
        assert_eq!(order(b"a", true, b"a0", false), Ordering::Less);
        assert_eq!(order(b"a", true, b"a", true), Ordering::Equal);
        assert_eq!(order(b"a", false, b"a", true), Ordering::Less);
    }
}
