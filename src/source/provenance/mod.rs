//! Where objects come from: which commits brought them in and took them out, under which paths, and
//! which branches, tags and logs still lead to them. Knows objects, not findings.
//!
//! Each distinct tree is read once and pruned to what leads to a wanted object ([`pruned`]). Then every
//! commit has a number that tells what it holds, and all questions become passes over the commits,
//! parents first, with one bit for each of 64 groups of objects: a commit *introduces* a group where it
//! holds one of its objects and no parent does; a commit *removes* it where its parents hold one and it
//! does not. A merge that merely brings a removal from one side to the other removes nothing.

mod describe;
mod graph;
mod paths;
mod pruned;
mod remembered;
mod scope;
#[cfg(test)]
mod tests;

use super::objects::{ObjectId, Objects, ReadError};
use super::references::{RefClass, References};
use crate::origin::ObjectKind;
use bstr::BString;
pub use graph::Commit;
use graph::{Graph, Number, Root};
use paths::News;
use pruned::{Child, Forest, Pruned, Quick, Wanted};
use serde::{Deserialize, Serialize};
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

pub use describe::{Author, describe};
pub use remembered::Remembered;
pub use scope::{Scope, ScopeArguments};

/// Most paths that are told of one group.
const PATHS: usize = 200;

/// Objects that are asked about together: all that hold the same secret, or a single one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Group {
    /// The objects and what they are.
    pub members: Vec<(ObjectId, ObjectKind)>,
    /// True to be told of refs, too, and not only where it was introduced.
    pub refs: bool,
}

/// One place where a group came into the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduction {
    /// The commit; `None` for an annotated tag, and for what a ref points at without a commit.
    pub commit: Option<ObjectId>,
    /// Which of the objects: the commit itself where its own text is asked about.
    pub object: ObjectId,
    /// Where in the tree, relative to its top.
    pub path: Option<BString>,
    /// True where the history is cut off at this commit (a shallow clone), so that it may be older.
    pub at_latest: bool,
}

/// What became of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// Where it came in, parents first: the first is the earliest. Empty where no commit is known.
    pub introduced: Vec<Introduction>,
    /// The commits that took it out, each on its own line of history.
    pub removed: Vec<ObjectId>,
    /// The last commit that still had it.
    pub last_seen: Option<ObjectId>,
    /// Every path it had, with the first commit that had it there.
    pub paths: Vec<(BString, Option<ObjectId>)>,
    /// References (by index) that hold it now, and where.
    pub tips: Vec<(u32, Option<BString>)>,
    /// References (by index) whose history holds it; logs only where nothing else leads to it.
    pub holders: Vec<u32>,
    /// The classes of names that lead to it, the most exposed first.
    pub classes: Vec<RefClass>,
    /// The place of the first introduction in the order of commits, parents first.
    pub order: Option<u32>,
}

/// What is known of a history before it is read.
#[derive(Default)]
pub struct Beforehand {
    commits: HashMap<ObjectId, Commit, Quick>,
    remembered: Option<Remembered>,
}

impl Beforehand {
    /// These commits were read already, and this was traced while the repository was as it is now.
    pub fn new(commits: Vec<Commit>, remembered: Option<Remembered>) -> Beforehand {
        Beforehand { commits: commits.into_iter().map(|commit| (commit.id, commit)).collect(), remembered }
    }

    fn commit(&self, id: &ObjectId) -> Option<&Commit> {
        self.commits.get(id)
    }

    /// The trees of the commits, older ones first.
    fn roots(&self) -> Vec<Root> {
        let mut commits: Vec<(i64, ObjectId)> =
            self.commits.values().map(|commit| (commit.time, commit.tree)).collect();
        commits.sort_unstable();
        commits.into_iter().map(|(_, tree)| Root::Commit(tree)).collect()
    }
}

/// The history of a repository, ready to be asked.
pub struct Provenance<'a> {
    objects: &'a dyn Objects,
    references: &'a References,
    /// Commits that nothing leads to.
    others: Vec<ObjectId>,
    /// Read when it is first needed.
    graph: OnceCell<Graph>,
    threads: usize,
    beforehand: &'a Beforehand,
    /// What was traced last, without trouble.
    traced: RefCell<Option<Remembered>>,
    /// The trees as they were pruned last: whoever asks again mostly asks for less.
    prepared: RefCell<Option<Rc<Prepared>>>,
}

/// Trees pruned for some objects.
struct Prepared {
    /// The blobs and trees that were wanted, sorted: their places are the numbers in the forest.
    ids: Vec<ObjectId>,
    answers: pruned::Answers,
    news: News,
}

impl<'a> Provenance<'a> {
    /// The history of the commits that the references lead to, and of `others`: commits found by other means,
    /// which nothing leads to any more. Nothing is read yet, and what is known `beforehand` never is. `threads`
    /// read trees later; 0 is one for each core.
    pub fn new(
        objects: &'a dyn Objects,
        references: &'a References,
        others: Vec<ObjectId>,
        beforehand: &'a Beforehand,
        threads: usize,
    ) -> Provenance<'a> {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if threads == 0 { cores() } else { threads };
        let (graph, traced, prepared) = (OnceCell::new(), RefCell::new(None), RefCell::new(None));
        Provenance { objects, references, others, graph, threads, beforehand, traced, prepared }
    }

    /// What was traced last; none where something could not be read.
    pub fn remembered(self) -> Option<Remembered> {
        self.traced.into_inner()
    }

    /// The commits and names.
    fn graph(&self) -> &Graph {
        self.graph.get_or_init(|| Graph::read(self.objects, self.references, &self.others, self.beforehand))
    }

    /// The references that this history was read from.
    pub fn references(&self) -> &References {
        self.references
    }

    /// Trace each group, in order; and tell what could not be read meanwhile.
    pub fn trace(&self, groups: &[Group]) -> (Vec<Trail>, Vec<(ObjectKind, ReadError)>) {
        let known = |remembered: &Remembered| remembered.of(groups, self.references.all.len());
        let (trails, troubles) = match self.beforehand.remembered.as_ref().and_then(known) {
            Some(trails) => (trails, Vec::new()),
            None => self.trace_anew(groups),
        };
        self.traced.replace(troubles.is_empty().then(|| Remembered::new(groups, &trails)));
        (trails, troubles)
    }

    fn trace_anew(&self, groups: &[Group]) -> (Vec<Trail>, Vec<(ObjectKind, ReadError)>) {
        let mut ids: Vec<ObjectId> = groups
            .iter()
            .flat_map(|group| &group.members)
            .filter(|(_, kind)| matches!(kind, ObjectKind::Blob | ObjectKind::Tree))
            .map(|&(id, _)| id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let of_kind = |kind, troubles: &[ReadError]| -> Vec<(ObjectKind, ReadError)> {
            troubles.iter().map(|trouble| (kind, trouble.clone())).collect()
        };
        let prepared = self.prepare(ids);
        let mut troubles = of_kind(ObjectKind::Commit, &self.graph().troubles);
        troubles.extend(of_kind(ObjectKind::Tree, &prepared.answers.troubles));
        let masks = self.class_masks();
        let tracing = Tracing { history: self, prepared: &prepared, masks: &masks };
        let trails = groups.chunks(64).flat_map(|batch| tracing.batch(batch)).collect();
        (trails, troubles)
    }

    /// Is this a commit of the history?
    pub fn knows(&self, commit: &ObjectId) -> bool {
        self.graph().numbers.contains_key(commit)
    }

    /// The trees pruned for these objects (sorted), and maybe more.
    fn prepare(&self, ids: Vec<ObjectId>) -> Rc<Prepared> {
        if let Some(before) = &*self.prepared.borrow()
            && ids.iter().all(|id| before.ids.binary_search(id).is_ok())
        {
            return Rc::clone(before);
        }
        let answers = if ids.is_empty() {
            pruned::Answers::empty(self.graph().commits.len())
        } else {
            self.prune(&Wanted::new(&ids))
        };
        let news = News::of(&self.graph().commits, &answers);
        let prepared = Rc::new(Prepared { ids, answers, news });
        *self.prepared.borrow_mut() = Some(Rc::clone(&prepared));
        prepared
    }

    /// The trees of all commits, pruned for what is wanted.
    fn prune(&self, wanted: &Wanted) -> pruned::Answers {
        let (objects, threads) = (self.objects, self.threads);
        let look = |roots: &[Root]| pruned::prune(objects, wanted, roots, threads);
        // What is known beforehand is looked at while the graph is made.
        let known = if self.graph.get().is_none() { self.beforehand.roots() } else { Vec::new() };
        let (graph, answers) = std::thread::scope(|scope| {
            let answers = scope.spawn(|| look(&known));
            (self.graph(), answers.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let roots: Vec<Root> = graph.commits.iter().map(|commit| commit.root).collect();
        answers.about(&known, &roots, look)
    }

    /// For each commit the classes of the names that lead to it, one bit each.
    fn class_masks(&self) -> Vec<u8> {
        let mut masks = vec![0u8; self.graph().commits.len()];
        for (tip, reference) in self.graph().tips.iter().zip(&self.references.all) {
            if let Some(tip) = tip {
                masks[*tip as usize] |= 1 << reference.class as u8;
            }
        }
        for number in (0..masks.len()).rev() {
            for &parent in &self.graph().commits[number].parents {
                masks[parent as usize] |= masks[number];
            }
        }
        masks
    }
}

/// What all batches share.
struct Tracing<'a> {
    history: &'a Provenance<'a>,
    prepared: &'a Prepared,
    masks: &'a [u8],
}

/// Up to 64 groups as bits.
struct Bits {
    /// For each wanted object.
    objects: Vec<u64>,
    /// For each pruned tree.
    trees: Vec<u64>,
    /// For commits whose own text is asked about.
    said: HashMap<Number, u64>,
    /// For each commit: what its tree holds.
    has: Vec<u64>,
    /// For each commit: what it or an ancestor holds.
    ever: Vec<u64>,
}

impl Tracing<'_> {
    fn batch(&self, groups: &[Group]) -> Vec<Trail> {
        let mut bits = self.bits(groups);
        let mut trails: Vec<Trail> = groups.iter().map(|_| Trail::default()).collect();
        self.forward(&mut bits, &mut trails);
        self.last_seen(&bits, &mut trails);
        self.paths(&bits, &mut trails);
        let classes = self.classes(&bits);
        let full = groups.iter().enumerate().filter(|(_, group)| group.refs);
        let full = full.fold(0u64, |bits, (index, _)| bits | 1 << index);
        let only_past = each(full).filter(|&group| classes[group] & !(1 << RefClass::Log as u8) == 0);
        let only_past = only_past.fold(0u64, |bits, group| bits | 1 << group);
        self.refs(&bits, (full, only_past), &mut trails);
        for (index, trail) in trails.iter_mut().enumerate() {
            let led = |class: &&RefClass| classes[index] >> **class as u8 & 1 != 0;
            trail.classes = RefClass::ALL.iter().filter(led).copied().collect();
        }
        self.tags(groups, &mut trails);
        trails
    }

    fn bits(&self, groups: &[Group]) -> Bits {
        let mut objects = vec![0u64; self.prepared.ids.len()];
        let mut said: HashMap<Number, u64> = HashMap::new();
        for (index, group) in groups.iter().enumerate() {
            for (id, kind) in &group.members {
                match kind {
                    ObjectKind::Blob | ObjectKind::Tree => {
                        if let Ok(place) = self.prepared.ids.binary_search(id) {
                            objects[place] |= 1 << index;
                        }
                    }
                    ObjectKind::Commit => {
                        if let Some(&number) = self.history.graph().numbers.get(id) {
                            *said.entry(number).or_default() |= 1 << index;
                        }
                    }
                    ObjectKind::Tag => {}
                }
            }
        }
        let mut trees = vec![0u64; self.prepared.answers.forest.nodes.len()];
        for (number, node) in self.prepared.answers.forest.nodes.iter().enumerate() {
            let own = node.itself.map_or(0, |place| objects[place as usize]);
            trees[number] = node.entries.iter().fold(own, |bits, (_, child)| {
                bits | match child {
                    Child::Wanted(place) => objects[*place as usize],
                    Child::Directory(number) => trees[*number as usize],
                }
            });
        }
        let has = self.prepared.answers.of.iter().map(|&tree| trees[tree as usize]).collect();
        Bits { objects, trees, said, has, ever: Vec::with_capacity(self.prepared.answers.of.len()) }
    }

    /// One pass, parents first: where groups come in and go out.
    fn forward(&self, bits: &mut Bits, trails: &mut [Trail]) {
        for (number, commit) in self.history.graph().commits.iter().enumerate() {
            let has = bits.has[number];
            let said = bits.said.get(&(number as Number)).copied().unwrap_or_default();
            let (mut any, mut all, mut ever, mut taken_out_before) = (0, u64::MAX, 0, 0);
            for &parent in &commit.parents {
                let parents = bits.has[parent as usize];
                any |= parents;
                all &= parents;
                ever |= bits.ever[parent as usize];
                taken_out_before |= bits.ever[parent as usize] & !parents;
            }
            bits.ever.push(ever | has | said);
            for group in each(has & !any | said) {
                let bare = !matches!(commit.root, Root::Commit(_));
                if bare && !trails[group].introduced.is_empty() {
                    continue;
                }
                let introduction = if has & !any & 1 << group == 0 {
                    Introduction { commit: Some(commit.id), object: commit.id, path: None, at_latest: false }
                } else {
                    let new = self.prepared.news.first_of(number as Number, &bits.objects, group);
                    Introduction {
                        commit: (!bare).then_some(commit.id),
                        object: new.map_or(commit.id, |(place, _)| self.prepared.ids[place as usize]),
                        path: new.map(|(_, path)| path.clone()).filter(|path| !path.is_empty()),
                        at_latest: commit.boundary,
                    }
                };
                trails[group].order.get_or_insert(number as u32);
                trails[group].introduced.push(introduction);
            }
            for group in each(any & !has & (all | !taken_out_before)) {
                trails[group].removed.push(commit.id);
            }
        }
    }

    fn last_seen(&self, bits: &Bits, trails: &mut [Trail]) {
        let mut open = bits.has.iter().fold(0, |open, has| open | has);
        for (number, commit) in self.history.graph().commits.iter().enumerate().rev() {
            if open == 0 {
                break;
            }
            if matches!(commit.root, Root::Commit(_)) {
                for group in each(bits.has[number] & open) {
                    trails[group].last_seen = Some(commit.id);
                }
                open &= !bits.has[number];
            }
        }
    }

    fn paths(&self, bits: &Bits, trails: &mut [Trail]) {
        let mut paths: Vec<BTreeMap<&BString, Number>> = trails.iter().map(|_| BTreeMap::new()).collect();
        for (number, place, path) in self.prepared.news.all() {
            for group in each(bits.objects[place as usize]) {
                if !path.is_empty() && paths[group].len() < PATHS {
                    paths[group].entry(path).or_insert(number);
                }
            }
        }
        for (trail, paths) in trails.iter_mut().zip(paths) {
            let commits = &self.history.graph().commits;
            let mut paths: Vec<(&BString, Number)> = paths.into_iter().collect();
            paths.sort_by_key(|&(_, number)| number);
            let told = |(path, number): (&BString, Number)| {
                let node = &commits[number as usize];
                (path.clone(), matches!(node.root, Root::Commit(_)).then_some(node.id))
            };
            trail.paths = paths.into_iter().map(told).collect();
        }
    }

    /// For each group the classes of names that lead to it.
    fn classes(&self, bits: &Bits) -> [u8; 64] {
        let mut led = [0u64; RefClass::ALL.len()];
        for (number, &mask) in self.masks.iter().enumerate() {
            let said = bits.said.get(&(number as Number)).copied().unwrap_or_default();
            for (class, led) in led.iter_mut().enumerate() {
                if mask >> class & 1 != 0 {
                    *led |= bits.has[number] | said;
                }
            }
        }
        let mut classes = [0u8; 64];
        for (class, led) in led.iter().enumerate() {
            each(*led).for_each(|group| classes[group] |= 1 << class);
        }
        classes
    }

    /// Which references hold what; those that only tell of the past, for groups that only these know.
    fn refs(&self, bits: &Bits, (full, only_past): (u64, u64), trails: &mut [Trail]) {
        let mut known: HashMap<(Pruned, usize), Option<BString>> = HashMap::new();
        let references = &self.history.references.all;
        for (index, (tip, reference)) in self.history.graph().tips.iter().zip(references).enumerate() {
            let Some(tip) = tip.map(|tip| tip as usize) else { continue };
            let asked = if reference.past { only_past } else { full };
            for group in each(bits.ever[tip] & asked) {
                trails[group].holders.push(index as u32);
            }
            for group in each(bits.has[tip] & asked & if reference.past { 0 } else { u64::MAX }) {
                let tree = self.prepared.answers.of[tip];
                let path = known
                    .entry((tree, group))
                    .or_insert_with(|| path_to(&self.prepared.answers.forest, tree, bits, group))
                    .clone();
                trails[group].tips.push((index as u32, path));
            }
        }
    }

    /// Annotated tags whose own text is asked about.
    fn tags(&self, groups: &[Group], trails: &mut [Trail]) {
        for (group, trail) in groups.iter().zip(trails) {
            for (id, _) in group.members.iter().filter(|(_, kind)| *kind == ObjectKind::Tag) {
                let tag = Introduction { commit: None, object: *id, path: None, at_latest: false };
                trail.introduced.push(tag);
                for &index in self.history.graph().tagged.get(id).into_iter().flatten() {
                    let reference = &self.history.references.all[index];
                    trail.classes.push(reference.class);
                    if group.refs && !trail.holders.contains(&(index as u32)) {
                        trail.holders.push(index as u32);
                    }
                }
            }
            trail.classes.sort_unstable();
            trail.classes.dedup();
            trail.holders.sort_unstable();
        }
    }
}

/// The first path below a pruned tree that leads to the group.
fn path_to(forest: &Forest, tree: Pruned, bits: &Bits, group: usize) -> Option<BString> {
    let wanted = |bits: u64| bits >> group & 1 != 0;
    let mut path = BString::default();
    let mut at = tree;
    loop {
        let node = &forest.nodes[at as usize];
        if node.itself.is_some_and(|place| wanted(bits.objects[place as usize])) {
            break;
        }
        let (name, child) = node.entries.iter().find(|(_, child)| match child {
            Child::Wanted(place) => wanted(bits.objects[*place as usize]),
            Child::Directory(number) => wanted(bits.trees[*number as usize]),
        })?;
        paths::extend(&mut path, name);
        if path.len() > paths::LONGEST {
            return None;
        }
        match child {
            Child::Wanted(_) => break,
            Child::Directory(number) => at = *number,
        }
    }
    (!path.is_empty()).then_some(path)
}

/// The numbers of the bits that are set.
fn each(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let next = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
        bits &= bits - 1;
        Some(next)
    })
}
