//! Finding what a commit has at a path.

use super::listing::{Listing, is_tree};
use super::objects::Reader;
use super::{Id, Trouble};
use crate::origin::ObjectKind;
use std::collections::HashMap;
use std::rc::Rc;

/// Trees are remembered up to this many bytes: 64 MiB.
const REMEMBERED: usize = 64 << 20;

/// The tree of a commit.
///
/// # Errors
/// The object that cannot be read, and why.
pub fn tree_of(reader: &mut Reader<'_>, commit: &Id) -> Result<Id, (Id, Trouble)> {
    let (kind, bytes) = reader.read(commit).map_err(|trouble| (*commit, trouble))?;
    let tree = match kind {
        ObjectKind::Commit => bytes.strip_prefix(b"tree ").and_then(header_id),
        _ => None,
    };
    tree.ok_or_else(|| (*commit, Trouble::Damaged("is not a commit".to_owned())))
}

/// The id that a header line of a commit or tag names, up to the end of the line.
pub fn header_id(rest: &[u8]) -> Option<Id> {
    Id::parse(rest.split(|&byte| byte == b'\n').next()?)
}

/// Reads trees, and remembers them: parents are read again as children.
#[derive(Default)]
pub struct Trees {
    held: HashMap<Id, Rc<[u8]>>,
    bytes: usize,
}

impl Trees {
    /// The bytes of a tree.
    ///
    /// # Errors
    /// A tree that is missing or damaged.
    pub fn read(&mut self, reader: &mut Reader<'_>, id: &Id) -> Result<Rc<[u8]>, Trouble> {
        if let Some(tree) = self.held.get(id) {
            return Ok(Rc::clone(tree));
        }
        let tree: Rc<[u8]> = match reader.read(id)? {
            (ObjectKind::Tree, bytes) => Rc::from(&*bytes),
            _ => return Err(Trouble::Damaged("is not a tree".to_owned())),
        };
        if self.bytes + tree.len() > REMEMBERED {
            self.held.clear();
            self.bytes = 0;
        }
        self.bytes += tree.len();
        self.held.insert(*id, Rc::clone(&tree));
        Ok(tree)
    }

    /// What a tree has at `path`: a file, a link or a submodule; `None` where nothing or a directory
    /// stands there.
    ///
    /// # Errors
    /// A tree on the way that cannot be read.
    pub fn find(
        &mut self,
        reader: &mut Reader<'_>,
        root: &Id,
        path: &[u8],
    ) -> Result<Option<Id>, (Id, Trouble)> {
        let mut tree = *root;
        let mut parts = path.split(|&byte| byte == b'/').peekable();
        while let Some(part) = parts.next() {
            let bytes = self.read(reader, &tree).map_err(|trouble| (tree, trouble))?;
            let last = parts.peek().is_none();
            let found = Listing::new(&bytes, &tree).find(|entry| entry.name == part);
            match found {
                Some(entry) if last => return Ok((!is_tree(entry.mode)).then_some(entry.id)),
                Some(entry) if is_tree(entry.mode) => tree = entry.id,
                _ => return Ok(None),
            }
        }
        Ok(None)
    }
}
