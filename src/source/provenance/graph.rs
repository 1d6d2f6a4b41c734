//! The commits of a repository, parents first, and what its names point at.

use super::super::objects::{ObjectId, Objects, ReadError};
use super::super::references::{RefClass, References};
use super::Beforehand;
use super::pruned::Quick;
use crate::error::SkipReason;
use crate::origin::ObjectKind;
use bstr::ByteSlice;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

/// How many tags may stand between a name and what it means.
const TAG_CHAIN: usize = 32;

/// A number for a commit in a [`Graph`]: parents have smaller ones.
pub(super) type Number = u32;

/// Where names lead and how commits hang together.
#[derive(Default)]
pub(super) struct Graph {
    /// By number.
    pub(super) commits: Vec<Node>,
    /// Numbers of commits by id.
    pub(super) numbers: HashMap<ObjectId, Number, Quick>,
    /// For each reference, in order, the number of the commit or bare object that it leads to.
    pub(super) tips: Vec<Option<Number>>,
    /// The references that lead to an object through an annotated tag, by the tag's id.
    pub(super) tagged: HashMap<ObjectId, Vec<usize>>,
    /// What could not be read or was not there.
    pub(super) troubles: Vec<ReadError>,
}

/// A commit; or a tree or blob that a name points at without one, which stands behind all commits.
pub(super) struct Node {
    pub(super) id: ObjectId,
    pub(super) root: Root,
    /// Numbers of the parents that are there.
    pub(super) parents: Vec<Number>,
    /// Seconds since 1970, of the committer.
    pub(super) time: i64,
    /// True where parents were left behind: what it holds may be older.
    pub(super) boundary: bool,
}

/// What a node holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    /// The tree of a commit.
    Commit(ObjectId),
    /// A tree without a commit.
    Tree(ObjectId),
    /// A blob without a tree.
    Blob(ObjectId),
}

impl Root {
    /// The object itself.
    pub(super) fn id(&self) -> ObjectId {
        match *self {
            Root::Commit(id) | Root::Tree(id) | Root::Blob(id) => id,
        }
    }
}

impl Graph {
    /// Read everything that is reachable from the references and from `more` commits, but for what is `known`.
    pub(super) fn read(
        objects: &dyn Objects,
        references: &References,
        more: &[ObjectId],
        known: &Beforehand,
    ) -> Graph {
        let graph = Graph::default();
        let mut reading = Reading { objects, known, graph, bare: Vec::new(), buffer: Vec::new() };
        let mut found = Vec::new();
        for (index, reference) in references.all.iter().enumerate() {
            found.push(reading.peel(index, reference.target, reference.class == RefClass::Log));
        }
        let starts: Vec<ObjectId> = found.iter().flatten().copied().chain(more.iter().copied()).collect();
        let parsed = reading.commits(starts, references);
        let Reading { mut graph, bare, .. } = reading;
        graph.order(parsed, references);
        let behind = graph.commits.len() as Number;
        for (offset, (index, node)) in bare.into_iter().enumerate() {
            graph.tips.resize(references.all.len(), None);
            graph.tips[index] = Some(behind + offset as Number);
            graph.commits.push(node);
        }
        graph.tips.resize(references.all.len(), None);
        for (index, target) in found.iter().enumerate() {
            if let Some(number) = target.and_then(|target| graph.numbers.get(&target)) {
                graph.tips[index] = Some(*number);
            }
        }
        graph
    }

    /// Put commits in order, parents first, older ones earlier, and give them their numbers.
    fn order(&mut self, parsed: Vec<Commit>, references: &References) {
        let index: HashMap<ObjectId, usize, Quick> =
            parsed.iter().enumerate().map(|(index, commit)| (commit.id, index)).collect();
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); parsed.len()];
        let mut waiting: Vec<usize> = vec![0; parsed.len()];
        for (child, commit) in parsed.iter().enumerate() {
            for parent in commit.parents.iter().filter_map(|parent| index.get(parent)) {
                children[*parent].push(child);
                waiting[child] += 1;
            }
        }
        let key = |at: usize| Reverse((parsed[at].time, parsed[at].id, at));
        let mut ready: BinaryHeap<_> = (0..parsed.len()).filter(|&at| waiting[at] == 0).map(key).collect();
        while let Some(Reverse((time, id, at))) = ready.pop() {
            let commit = &parsed[at];
            let parents: Vec<Number> =
                commit.parents.iter().filter_map(|parent| self.numbers.get(parent).copied()).collect();
            let boundary = references.shallow.contains(&id) || parents.len() < commit.parents.len();
            self.numbers.insert(id, self.commits.len() as Number);
            self.commits.push(Node { id, root: Root::Commit(commit.tree), parents, time, boundary });
            for &child in &children[at] {
                waiting[child] -= 1;
                if waiting[child] == 0 {
                    ready.push(key(child));
                }
            }
        }
    }
}

/// What a commit says of its place in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: ObjectId,
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents, in order.
    pub parents: Vec<ObjectId>,
    /// Seconds since 1970, of the committer.
    pub time: i64,
}

impl Commit {
    /// Read the header of a commit; none where it names no tree.
    pub fn parse(id: ObjectId, text: &[u8]) -> Option<Commit> {
        let head = text.find("\n\n").map_or(text, |end| &text[..end]);
        let tree = header(head, b"tree ").and_then(id_of)?;
        let parents = head.lines().filter_map(|line| line.strip_prefix(b"parent ").and_then(id_of)).collect();
        let time = header(head, b"committer ").and_then(seconds).unwrap_or_default();
        Some(Commit { id, tree, parents, time })
    }
}

struct Reading<'a> {
    objects: &'a dyn Objects,
    known: &'a Beforehand,
    graph: Graph,
    /// Trees and blobs that a reference points at.
    bare: Vec<(usize, Node)>,
    buffer: Vec<u8>,
}

impl Reading<'_> {
    /// The commit that a reference means, through annotated tags. `quiet` for names that may point at
    /// what is gone: git keeps logs of objects that it has thrown away.
    fn peel(&mut self, index: usize, target: ObjectId, quiet: bool) -> Option<ObjectId> {
        let mut id = target;
        for _ in 0..TAG_CHAIN {
            if self.known.commit(&id).is_some() {
                return Some(id);
            }
            let kind = match self.objects.read(&id, &mut self.buffer) {
                Ok(Some(kind)) => kind,
                Ok(None) if quiet => return None,
                Ok(None) => return self.missing(id, "a ref names it"),
                Err(error) => {
                    self.graph.troubles.push(error);
                    return None;
                }
            };
            let root = match kind {
                ObjectKind::Commit => return Some(id),
                ObjectKind::Tag => {
                    self.graph.tagged.entry(id).or_default().push(index);
                    id = header(&self.buffer, b"object ").and_then(id_of)?;
                    continue;
                }
                ObjectKind::Tree => Root::Tree(id),
                ObjectKind::Blob => Root::Blob(id),
            };
            self.bare.push((index, Node { id, root, parents: vec![], time: i64::MAX, boundary: false }));
            return None;
        }
        None
    }

    fn missing(&mut self, id: ObjectId, why: &str) -> Option<ObjectId> {
        let detail = format!("{why}, and it is not there");
        self.graph.troubles.push(ReadError { id, reason: SkipReason::Vanished, detail });
        None
    }

    /// Read a commit; `expected` is true where it must be there.
    fn commit(&mut self, id: ObjectId, expected: bool) -> Option<Commit> {
        match self.objects.read(&id, &mut self.buffer) {
            Ok(Some(ObjectKind::Commit)) => {}
            Ok(_) if expected => {
                self.missing(id, "a commit names it as its parent");
                return None;
            }
            Ok(_) => return None,
            Err(error) => {
                self.graph.troubles.push(error);
                return None;
            }
        }
        let commit = Commit::parse(id, &self.buffer);
        if commit.is_none() {
            let detail = "its header names no tree".to_owned();
            self.graph.troubles.push(ReadError { id, reason: SkipReason::Corrupt, detail });
        }
        commit
    }

    /// The commits reachable from `starts`.
    fn commits(&mut self, starts: Vec<ObjectId>, references: &References) -> Vec<Commit> {
        let mut seen: HashSet<ObjectId, Quick> = starts.iter().copied().collect();
        let mut open: Vec<(ObjectId, bool)> = seen.iter().map(|&id| (id, true)).collect();
        open.sort_unstable();
        let mut parsed = Vec::new();
        while let Some((id, expected)) = open.pop() {
            let commit = match self.known.commit(&id) {
                Some(commit) => commit.clone(),
                None => match self.commit(id, expected) {
                    Some(commit) => commit,
                    None => continue,
                },
            };
            // Parents of a commit where a shallow history ends were left behind on purpose.
            let expected = !references.shallow.contains(&id);
            let new = commit.parents.iter().copied().filter(|&parent| seen.insert(parent));
            open.extend(new.map(|parent| (parent, expected)));
            parsed.push(commit);
        }
        parsed
    }
}

/// The rest of the first header line that begins so.
pub(super) fn header<'t>(text: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    text.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix(name))
}

fn id_of(text: &[u8]) -> Option<ObjectId> {
    ObjectId::parse(text.trim())
}

/// The seconds in `Name <mail> seconds zone`.
fn seconds(line: &[u8]) -> Option<i64> {
    let rest = &line[line.rfind_byte(b'>')? + 1..];
    std::str::from_utf8(rest.fields().next()?).ok()?.parse().ok()
}
