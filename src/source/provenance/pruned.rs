//! Trees with everything cut away that does not lead to a wanted object.
//!
//! Each distinct tree is read once and becomes a number: 0 where nothing wanted lies below it, otherwise
//! that of a node with the few entries that lead there. Equal nodes have equal numbers, so that two
//! commits hold the same wanted objects at the same paths exactly where their numbers are equal.

use super::super::objects::{ObjectId, Objects, ReadError};
use super::graph::Root;
use crate::error::SkipReason;
use crate::origin::ObjectKind;
use bstr::BString;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// The number of a pruned tree: its place in the list of nodes.
pub(super) type Pruned = u32;
/// The pruned tree that holds nothing.
pub(super) const NOTHING: Pruned = 0;

/// A pruned tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Branches {
    /// The tree itself, where it is wanted.
    pub(super) itself: Option<u32>,
    /// Names in the order of the tree, and what lies there.
    pub(super) entries: Vec<(BString, Child)>,
}

/// What lies below a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Child {
    /// A wanted object, by its place in the list of what is wanted.
    Wanted(u32),
    /// A directory that leads to one.
    Directory(Pruned),
}

/// What is looked for.
pub(super) struct Wanted {
    places: HashMap<ObjectId, u32, Quick>,
    /// One bit for each first two bytes that a wanted id has: most entries end here.
    first: Vec<u64>,
}

impl Wanted {
    pub(super) fn new(ids: &[ObjectId]) -> Wanted {
        let mut first = vec![0u64; 1 << 10];
        for id in ids {
            let at = usize::from(u16::from_le_bytes([id.as_bytes()[0], id.as_bytes()[1]]));
            first[at >> 6] |= 1 << (at & 63);
        }
        let places = ids.iter().enumerate().map(|(place, &id)| (id, place as u32)).collect();
        Wanted { places, first }
    }

    fn place(&self, raw: &[u8]) -> Option<u32> {
        let at = usize::from(u16::from_le_bytes([raw[0], raw[1]]));
        if self.first[at >> 6] >> (at & 63) & 1 == 0 {
            return None;
        }
        self.places.get(&ObjectId::from_bytes(raw)?).copied()
    }
}

/// Ids are digests already: their first bytes serve as their hash.
#[derive(Default)]
pub(super) struct FirstBytes(u64);

/// Builds [`FirstBytes`].
pub(super) type Quick = BuildHasherDefault<FirstBytes>;

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            self.0 ^= u64::from_le_bytes(*first);
        }
    }

    // The lengths of ids say nothing.
    fn write_usize(&mut self, _: usize) {}
    fn write_u8(&mut self, _: u8) {}
}

/// All pruned trees, children before those that hold them.
pub(super) struct Forest {
    pub(super) nodes: Vec<Branches>,
    numbers: HashMap<Branches, Pruned>,
}

impl Forest {
    fn new() -> Forest {
        Forest { nodes: vec![Branches::default()], numbers: HashMap::new() }
    }

    fn intern(&mut self, node: Branches) -> Pruned {
        // Most trees lead nowhere.
        if node.itself.is_none() && node.entries.is_empty() {
            return NOTHING;
        }
        if let Some(&number) = self.numbers.get(&node) {
            return number;
        }
        let number = self.nodes.len() as Pruned;
        self.nodes.push(node.clone());
        self.numbers.insert(node, number);
        number
    }

    /// Take over the nodes of another forest; the answer tells their numbers here.
    fn absorb(&mut self, other: Forest) -> Vec<Pruned> {
        let mut numbers: Vec<Pruned> = Vec::with_capacity(other.nodes.len());
        for mut node in other.nodes {
            for (_, child) in &mut node.entries {
                if let Child::Directory(number) = child {
                    *number = numbers[*number as usize];
                }
            }
            numbers.push(self.intern(node));
        }
        numbers
    }
}

/// The pruned tree of each root that was asked about, in order.
pub(super) struct Answers {
    pub(super) forest: Forest,
    pub(super) of: Vec<Pruned>,
    pub(super) troubles: Vec<ReadError>,
}

/// Roots that a thread takes at a time.
const RUN: usize = 256;

/// Roots that are divided among threads.
struct Shares(Vec<Mutex<Range<usize>>>);

impl Shares {
    fn new(roots: usize, threads: usize) -> Shares {
        let share = roots.div_ceil(threads.max(1)).max(1);
        let starts = (0..roots).step_by(share);
        Shares(starts.map(|start| Mutex::new(start..roots.min(start + share))).collect())
    }

    /// What a thread does next: the last of its own, or the first of another one's. Neighbours share most of their
    /// trees, and a thread whose own share is done has read those of its first.
    fn next(&self, thread: usize) -> Option<Range<usize>> {
        let left = |share: usize| self.0[share].lock().unwrap_or_else(PoisonError::into_inner);
        let mut own = left(thread);
        if !own.is_empty() {
            let from = own.start.max(own.end.saturating_sub(RUN));
            return Some(from..std::mem::replace(&mut own.end, from));
        }
        drop(own);
        (0..self.0.len()).find_map(|other| {
            let mut share = left(other);
            let to = share.end.min(share.start + RUN);
            (!share.is_empty()).then(|| std::mem::replace(&mut share.start, to)..to)
        })
    }
}

/// Prune the trees of all roots, older ones first, on `threads` threads.
pub(super) fn prune(objects: &dyn Objects, wanted: &Wanted, roots: &[Root], threads: usize) -> Answers {
    let shares = Shares::new(roots.len(), threads);
    let work = |thread: usize| {
        let mut pruner = Pruner::new(objects, wanted);
        let mut done: Vec<(usize, Vec<Pruned>)> = Vec::new();
        // Newest first, as packs keep newer trees whole and older ones as differences from them.
        while let Some(run) = shares.next(thread) {
            let mut of: Vec<Pruned> =
                roots[run.clone()].iter().rev().map(|&root| pruner.root(root)).collect();
            of.reverse();
            done.push((run.start, of));
        }
        (pruner.forest, done, pruner.troubles)
    };
    let work = &work;
    let parts: Vec<_> = std::thread::scope(|scope| {
        let crew: Vec<_> = (0..shares.0.len()).map(|thread| scope.spawn(move || work(thread))).collect();
        let join = |part: std::thread::ScopedJoinHandle<'_, _>| {
            part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        crew.into_iter().map(join).collect()
    });
    let mut answers = Answers::none();
    let mut all: Vec<(usize, Vec<Pruned>)> = Vec::new();
    for (forest, done, troubles) in parts {
        let numbers = answers.forest.absorb(forest);
        all.extend(done.into_iter().map(|(start, of)| {
            (start, of.into_iter().map(|number| numbers[number as usize]).collect::<Vec<Pruned>>())
        }));
        answers.troubles.extend(troubles);
    }
    all.sort_unstable_by_key(|(start, _)| *start);
    answers.of = all.into_iter().flat_map(|(_, of)| of).collect();
    answers.troubles.sort_by_key(|trouble| trouble.id);
    answers.troubles.dedup_by_key(|trouble| trouble.id);
    answers
}

struct Pruner<'a> {
    objects: &'a dyn Objects,
    wanted: &'a Wanted,
    forest: Forest,
    /// What is known of a tree. One that is being read counts as empty: only a damaged store has
    /// trees that hold themselves.
    known: HashMap<ObjectId, Pruned, Quick>,
    troubles: Vec<ReadError>,
    /// Buffers of trees that were done.
    spare: Vec<Vec<u8>>,
}

/// A tree that is being read.
struct Frame {
    id: ObjectId,
    bytes: Vec<u8>,
    at: usize,
    node: Branches,
    /// The name of the subtree that is being waited for.
    waits: Option<BString>,
}

impl<'a> Pruner<'a> {
    fn new(objects: &'a dyn Objects, wanted: &'a Wanted) -> Pruner<'a> {
        let known = HashMap::default();
        Pruner { objects, wanted, forest: Forest::new(), known, troubles: vec![], spare: vec![] }
    }

    fn root(&mut self, root: Root) -> Pruned {
        match root {
            Root::Commit(tree) | Root::Tree(tree) => self.tree(tree),
            Root::Blob(blob) => match self.wanted.place(blob.as_bytes()) {
                Some(place) => self.forest.intern(Branches {
                    itself: None,
                    entries: vec![(BString::default(), Child::Wanted(place))],
                }),
                None => NOTHING,
            },
        }
    }

    /// The pruned form of a tree. Not recursive: trees of strangers may be deeper than our stack.
    fn tree(&mut self, id: ObjectId) -> Pruned {
        if let Some(&number) = self.known.get(&id) {
            return number;
        }
        let mut stack = vec![self.open(id)];
        let mut done = NOTHING;
        while let Some(frame) = stack.last_mut() {
            if let Some(name) = frame.waits.take().filter(|_| done != NOTHING) {
                frame.node.entries.push((name, Child::Directory(done)));
            }
            match self.step(frame) {
                Some(subtree) => {
                    let frame = self.open(subtree);
                    stack.push(frame);
                }
                None => {
                    let Some(frame) = stack.pop() else { break };
                    done = self.forest.intern(frame.node);
                    self.known.insert(frame.id, done);
                    self.spare.push(frame.bytes);
                }
            }
        }
        done
    }

    /// Begin to read a tree; one that cannot be read is empty.
    fn open(&mut self, id: ObjectId) -> Frame {
        self.known.insert(id, NOTHING);
        let mut bytes = self.spare.pop().unwrap_or_default();
        let trouble = match self.objects.read(&id, &mut bytes) {
            Ok(Some(ObjectKind::Tree)) => None,
            Ok(Some(_)) => Some((SkipReason::Corrupt, "stands where a tree should be".to_owned())),
            Ok(None) => {
                Some((SkipReason::Vanished, "a commit names this tree, and it is not there".to_owned()))
            }
            Err(error) => Some((error.reason, error.detail)),
        };
        if let Some((reason, detail)) = trouble {
            bytes.clear();
            self.troubles.push(ReadError { id, reason, detail });
        }
        let node = Branches { itself: self.wanted.place(id.as_bytes()), entries: Vec::new() };
        Frame { id, bytes, at: 0, node, waits: None }
    }

    /// Go on reading up to the next subtree that is not known yet.
    fn step(&mut self, frame: &mut Frame) -> Option<ObjectId> {
        let length = frame.id.as_bytes().len();
        while let Some(entry) = Entry::at(&frame.bytes, frame.at, length) {
            frame.at = entry.end;
            match entry.kind {
                EntryKind::Other => {}
                EntryKind::Blob => {
                    if let Some(place) = self.wanted.place(entry.id) {
                        frame.node.entries.push((entry.name.into(), Child::Wanted(place)));
                    }
                }
                EntryKind::Tree => {
                    let id = ObjectId::from_bytes(entry.id)?;
                    match self.known.get(&id) {
                        Some(&NOTHING) => {}
                        Some(&number) => {
                            frame.node.entries.push((entry.name.into(), Child::Directory(number)));
                        }
                        None => {
                            frame.waits = Some(entry.name.into());
                            return Some(id);
                        }
                    }
                }
            }
        }
        if frame.at < frame.bytes.len() {
            let detail = format!("the entry at byte {} of this tree is damaged", frame.at);
            self.troubles.push(ReadError { id: frame.id, reason: SkipReason::Corrupt, detail });
        }
        None
    }
}

/// One entry of a tree: `mode name\0id` (gitformat-pack calls it the canonical form).
pub(super) struct Entry<'t> {
    pub(super) kind: EntryKind,
    pub(super) name: &'t [u8],
    pub(super) id: &'t [u8],
    /// Offset behind it.
    pub(super) end: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    /// A file or a symbolic link.
    Blob,
    Tree,
    /// A submodule: its commit lies elsewhere.
    Other,
}

impl<'t> Entry<'t> {
    /// The entry at `at`, whose id has `length` bytes; none at the end, and where it is damaged.
    pub(super) fn at(tree: &'t [u8], at: usize, length: usize) -> Option<Entry<'t>> {
        let rest = tree.get(at..)?;
        let space = rest.iter().take(8).position(|&byte| byte == b' ')?;
        let nul = space + 1 + memchr::memchr(0, &rest[space + 1..])?;
        let id = rest.get(nul + 1..nul + 1 + length)?;
        let kind = match &rest[..space] {
            b"40000" | b"040000" => EntryKind::Tree,
            b"160000" => EntryKind::Other,
            _ => EntryKind::Blob,
        };
        Some(Entry { kind, name: &rest[space + 1..nul], id, end: at + nul + 1 + length })
    }
}

impl Answers {
    /// The answers where nothing is asked.
    fn none() -> Answers {
        Answers { forest: Forest::new(), of: Vec::new(), troubles: Vec::new() }
    }

    /// The answers where nothing is wanted.
    pub(super) fn empty(roots: usize) -> Answers {
        Answers { of: vec![NOTHING; roots], ..Answers::none() }
    }

    /// The answers about `roots`, of which these are some: those about `known`, in order. The others are looked for.
    pub(super) fn about(
        mut self,
        known: &[Root],
        roots: &[Root],
        look: impl FnOnce(&[Root]) -> Answers,
    ) -> Answers {
        let known: HashMap<ObjectId, Pruned, Quick> = known.iter().map(Root::id).zip(self.of).collect();
        let place = |root: &Root| known.get(&root.id()).copied();
        let others: Vec<Root> = roots.iter().filter(|root| place(root).is_none()).copied().collect();
        let more = if others.is_empty() { Answers::none() } else { look(&others) };
        let numbers = self.forest.absorb(more.forest);
        let mut more_of = more.of.into_iter().map(|number| numbers[number as usize]);
        self.of =
            roots.iter().map(|root| place(root).or_else(|| more_of.next()).unwrap_or(NOTHING)).collect();
        self.troubles.extend(more.troubles);
        self.troubles.sort_by_key(|trouble| trouble.id);
        self.troubles.dedup_by_key(|trouble| trouble.id);
        self
    }
}
