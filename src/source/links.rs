//! What objects name: trees their entries, commits their tree and parents, tags their object. An object
//! that is named and not there was not looked at, which an audit has to tell.

use super::layout::Layout;
use super::objects::{ObjectId, Objects};
use super::store::Store;
use crate::error::{SkipReason, Skipped};
use crate::origin::{ObjectKind, Origin, RepositoryPart};
use crate::text::Copied;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// Missing objects that are told one by one; further ones are counted.
const TOLD: usize = 100;
/// Ids that a thread remembers to have looked up.
const REMEMBERED: usize = 1 << 16;

/// Notes which objects of a repository are named and not there, for all threads.
pub(super) struct Links {
    /// Commits whose parents were left behind when the history was cut.
    shallow: HashSet<ObjectId>,
    /// What is missing, and an object that names it.
    missing: Mutex<BTreeMap<ObjectId, (ObjectKind, ObjectId)>>,
}

/// Looks up what objects name.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'a> {
    links: &'a Links,
    store: &'a Store,
}

/// Ids of objects that are there, as one thread has found, so that what many trees name is looked up
/// once. A full table forgets; that costs a second look only.
pub(super) struct Seen(Vec<u64>);

impl Default for Seen {
    fn default() -> Seen {
        Seen(vec![0; REMEMBERED])
    }
}

impl Seen {
    /// The place of an id in the table, and what stands there for it.
    fn place(id: &[u8]) -> (usize, u64) {
        let mut eight = [0; 8];
        eight.copy_from_slice(&id[2..10]);
        // The lowest bit tells a used place from an empty one.
        (usize::from(id[0]) << 8 | usize::from(id[1]), u64::from_le_bytes(eight) | 1)
    }

    fn has(&self, id: &[u8]) -> bool {
        let (place, rest) = Seen::place(id);
        self.0[place] == rest
    }

    fn add(&mut self, id: &[u8]) {
        let (place, rest) = Seen::place(id);
        self.0[place] = rest;
    }
}

impl Lookup<'_> {
    /// Look up what an object names, but for what it took from another one that was looked at
    /// (`copies`). True where all of it is there.
    pub(super) fn check(
        &self,
        seen: &mut Seen,
        kind: ObjectKind,
        bytes: &[u8],
        id: &dyn Fn() -> ObjectId,
        mut copies: &[Copied],
    ) -> bool {
        let digest = self.store.layout().digest;
        let mut whole = true;
        let mut look_up = |target: &[u8]| {
            if seen.has(target) {
                return;
            }
            let Some(id_of_target) = ObjectId::from_bytes(target) else { return };
            if self.store.contains(&id_of_target) {
                seen.add(target);
            } else {
                whole = false;
                let mut missing = self.links.missing.lock().unwrap_or_else(PoisonError::into_inner);
                missing.entry(id_of_target).or_insert_with(|| (kind, id()));
            }
        };
        if kind == ObjectKind::Tree {
            for Entry { mode, target, at } in entries(bytes, digest) {
                while let [first, rest @ ..] = copies
                    && first.target + first.length < at + digest
                {
                    copies = rest;
                }
                let copied = copies.first().is_some_and(|first| first.target <= at);
                if !copied && mode != GITLINK {
                    look_up(target);
                }
            }
            return whole;
        }
        let cut = kind == ObjectKind::Commit && self.links.shallow_at(id);
        for (key, target) in header(kind, bytes) {
            if !(cut && key == b"parent") {
                look_up(target.as_bytes());
            }
        }
        whole
    }
}

impl Links {
    /// Links between the objects of the repository at these places.
    pub(super) fn new(layout: &Layout) -> Links {
        Links { shallow: shallow(layout), missing: Mutex::new(BTreeMap::new()) }
    }

    /// Look up in this store.
    pub(super) fn within<'a>(&'a self, store: &'a Store) -> Lookup<'a> {
        Lookup { links: self, store }
    }

    fn shallow_at(&self, id: &dyn Fn() -> ObjectId) -> bool {
        !self.shallow.is_empty() && self.shallow.contains(&id())
    }

    /// Tell what is missing. Where nothing but unreachable objects names it, it was deleted for good, as
    /// `git prune` does; a partial clone was promised it by a remote.
    pub(super) fn tell(self, store: &Store, starts: &[ObjectId]) -> Vec<Skipped> {
        let mut told = Vec::new();
        let layout = store.layout();
        let objects = layout.part(RepositoryPart::File, b"objects");
        if !self.shallow.is_empty() {
            told.push(Skipped {
                origin: layout.part(RepositoryPart::File, b"shallow"),
                reason: SkipReason::Shallow,
                detail: format!(
                    "the history ends at {} commits; `git fetch --unshallow` gets what came before",
                    self.shallow.len()
                ),
            });
        }
        let mut missing = self.missing.into_inner().unwrap_or_else(PoisonError::into_inner);
        // It may have been packed anew meanwhile.
        missing.retain(|id, _| !store.contains(id));
        if missing.is_empty() {
            return told;
        }
        if layout.partial {
            told.push(Skipped {
                origin: objects,
                reason: SkipReason::Promised,
                detail: format!(
                    "{} objects that are named here are only with the remote: audit a whole clone, or fetch \
                     them with `git fetch --refetch --no-filter`",
                    missing.len()
                ),
            });
            return told;
        }
        let reached = reached(store, starts, &missing);
        let named = |kind: ObjectKind, by: &ObjectId| {
            format!("{} {by} names it, and it is not in the repository", format!("{kind:?}").to_lowercase())
        };
        let (lost, pruned): (Vec<_>, Vec<_>) = missing.iter().partition(|(id, _)| reached.contains(id));
        for (id, (kind, by)) in lost.iter().take(TOLD) {
            let origin =
                Origin::Object { id: id.to_string(), kind: ObjectKind::Blob, path: None, commit: None };
            told.push(Skipped { origin, reason: SkipReason::Missing, detail: named(*kind, by) });
        }
        if lost.len() > TOLD {
            let detail = format!("{} more objects are named and not in the repository", lost.len() - TOLD);
            told.push(Skipped { origin: objects.clone(), reason: SkipReason::Missing, detail });
        }
        if !pruned.is_empty() {
            let detail = format!("{} objects that only unreachable objects name", pruned.len());
            told.push(Skipped { origin: objects, reason: SkipReason::Pruned, detail });
        }
        told
    }
}

/// Commits where the history of a repository was cut.
fn shallow(layout: &Layout) -> HashSet<ObjectId> {
    let text = std::fs::read_to_string(layout.common.join("shallow")).unwrap_or_default();
    text.lines().filter_map(|line| ObjectId::parse(line.trim().as_bytes())).collect()
}

/// Which of the missing objects something reachable from `starts` names.
fn reached(
    store: &Store,
    starts: &[ObjectId],
    missing: &BTreeMap<ObjectId, (ObjectKind, ObjectId)>,
) -> HashSet<ObjectId> {
    let mut found = HashSet::new();
    let mut seen: HashSet<ObjectId> = starts.iter().copied().collect();
    let mut waiting: Vec<ObjectId> = starts.to_vec();
    let mut buffer = Vec::new();
    while let Some(id) = waiting.pop() {
        if missing.contains_key(&id) {
            found.insert(id);
            continue;
        }
        let Ok(Some(kind)) = store.read(&id, &mut buffer) else { continue };
        if kind == ObjectKind::Tree {
            for Entry { mode, target, .. } in entries(&buffer, store.layout().digest) {
                let Some(target) = ObjectId::from_bytes(target) else { continue };
                if mode == TREE && seen.insert(target) {
                    waiting.push(target);
                } else if mode != GITLINK && missing.contains_key(&target) {
                    found.insert(target);
                }
            }
        } else {
            let next = header(kind, &buffer).map(|(_, target)| target);
            waiting.extend(next.filter(|&target| seen.insert(target)));
        }
    }
    found
}

/// The mode of a commit of another repository.
const GITLINK: &[u8] = b"160000";
/// The mode of a tree.
const TREE: &[u8] = b"40000";

/// One entry of a tree.
struct Entry<'a> {
    mode: &'a [u8],
    /// The bytes of the id.
    target: &'a [u8],
    /// Where they stand.
    at: usize,
}

/// The entries of a tree, up to where it is damaged: `MODE NAME\0ID`.
fn entries(tree: &[u8], digest: usize) -> impl Iterator<Item = Entry<'_>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = &tree[start..];
        let zero = memchr::memchr(0, rest)?;
        let blank = memchr::memchr(b' ', &rest[..zero])?;
        let at = start + zero + 1;
        let target = tree.get(at..at + digest)?;
        start = at + digest;
        Some(Entry { mode: &rest[..blank], target, at })
    })
}

/// The lines in the header of a commit or tag that name objects.
fn header(kind: ObjectKind, bytes: &[u8]) -> impl Iterator<Item = (&[u8], ObjectId)> {
    let keys: &[&[u8]] = match kind {
        ObjectKind::Commit => &[b"tree", b"parent"],
        ObjectKind::Tag => &[b"object"],
        _ => &[],
    };
    bytes.split(|&byte| byte == b'\n').map_while(move |line| {
        let blank = memchr::memchr(b' ', line)?;
        let (key, value) = (&line[..blank], &line[blank + 1..]);
        let id = ObjectId::parse(value)?;
        keys.contains(&key).then_some((key, id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_trees_and_headers_are_read() {
        let tree =
            [&b"100644 a b\0"[..], &[7; 20], b"40000 sub\0", &[8; 20], b"100644 cut\0", &[9; 19]].concat();
        let found: Vec<(&[u8], u8, usize)> =
            entries(&tree, 20).map(|entry| (entry.mode, entry.target[0], entry.at)).collect();
        assert_eq!(found, [(&b"100644"[..], 7, 11), (&b"40000"[..], 8, 41)]);
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let commit =
            format!("tree {one}\nparent {two}\nparent {one}\nauthor A <a> 0 +0000\n\nparent {two}\n");
        let keys: Vec<&[u8]> = header(ObjectKind::Commit, commit.as_bytes()).map(|(key, _)| key).collect();
        assert_eq!(keys, [&b"tree"[..], b"parent", b"parent"]);
        assert_eq!(header(ObjectKind::Blob, commit.as_bytes()).count(), 0);
    }

    #[test]
    fn a_table_of_seen_ids_takes_no_id_for_another() {
        let mut seen = Seen::default();
        let (mut one, mut other) = ([3; 20], [3; 20]);
        one[9] = 4;
        other[9] = 5;
        assert!(!seen.has(&one));
        seen.add(&one);
        assert!(seen.has(&one) && !seen.has(&other));
        seen.add(&other);
        assert!(seen.has(&other) && !seen.has(&one));
    }
}
