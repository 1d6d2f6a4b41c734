//! Histories in memory, traced and compared with what the definitions say of each commit alone.

use super::super::objects::{ObjectId, Objects, ReadError};
use super::super::references::{RefClass, Reference, References};
use super::*;
use crate::error::SkipReason;
use bstr::ByteSlice;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Objects in memory, under the SHA-256 of what they are.
#[derive(Default)]
struct Store {
    objects: BTreeMap<ObjectId, (Option<ObjectKind>, Vec<u8>)>,
    reads: AtomicUsize,
}

impl Store {
    fn put(&mut self, kind: ObjectKind, bytes: &[u8]) -> ObjectId {
        let digest = Sha256::new().chain_update(format!("{kind:?}")).chain_update(bytes).finalize();
        let id = ObjectId::from_bytes(&digest).unwrap();
        self.objects.insert(id, (Some(kind), bytes.to_vec()));
        id
    }

    fn tree(&mut self, entries: &[(&str, &str, ObjectId)]) -> ObjectId {
        let mut bytes = Vec::new();
        for (mode, name, id) in entries {
            bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            bytes.extend_from_slice(id.as_bytes());
        }
        self.put(ObjectKind::Tree, &bytes)
    }

    /// The tree that holds these files.
    fn files(&mut self, files: &BTreeMap<String, ObjectId>) -> ObjectId {
        let mut below: BTreeMap<String, BTreeMap<String, ObjectId>> = BTreeMap::new();
        let mut entries: Vec<(&str, String, ObjectId)> = Vec::new();
        for (path, &id) in files {
            match path.split_once('/') {
                Some((directory, rest)) => {
                    below.entry(directory.to_owned()).or_default().insert(rest.to_owned(), id);
                }
                None => entries.push(("100644", path.clone(), id)),
            }
        }
        for (name, files) in below {
            let id = self.files(&files);
            entries.push(("40000", name, id));
        }
        entries
            .sort_by_key(|(mode, name, _)| if *mode == "40000" { format!("{name}/") } else { name.clone() });
        let entries: Vec<_> = entries.iter().map(|(mode, name, id)| (*mode, name.as_str(), *id)).collect();
        self.tree(&entries)
    }

    fn commit(&mut self, tree: ObjectId, parents: &[ObjectId], time: usize) -> ObjectId {
        let mut text = format!("tree {tree}\n");
        parents.iter().for_each(|parent| text.push_str(&format!("parent {parent}\n")));
        text.push_str(&format!("author A <a@b> {time} +0000\ncommitter A <a@b> {time} +0000\n\nmessage\n"));
        self.put(ObjectKind::Commit, text.as_bytes())
    }
}

impl Objects for Store {
    fn read(&self, id: &ObjectId, buffer: &mut Vec<u8>) -> Result<Option<ObjectKind>, ReadError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        match self.objects.get(id) {
            None => Ok(None),
            Some((None, _)) => {
                Err(ReadError { id: *id, reason: SkipReason::Corrupt, detail: "broken".to_owned() })
            }
            Some((Some(kind), bytes)) => {
                buffer.clear();
                buffer.extend_from_slice(bytes);
                Ok(Some(*kind))
            }
        }
    }
}

fn reference(class: RefClass, name: &str, target: ObjectId) -> Reference {
    Reference { class, name: name.to_owned(), target, past: class == RefClass::Log }
}

fn references(all: Vec<Reference>) -> References {
    References { all, ..References::default() }
}

fn blob_group(ids: &[ObjectId]) -> Group {
    Group { members: ids.iter().map(|&id| (id, ObjectKind::Blob)).collect(), refs: true }
}

const PATHS: [&str; 7] = ["a", "b", "d/a", "d/e/a", "d/e/b", "e/a", "z"];
const CONTENTS: usize = 5;

/// One commit of a made-up history: its parents as steps back, whether a merge keeps both sides, edits.
type Step = (Vec<usize>, bool, Vec<(usize, Option<usize>)>);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let edit = (0..PATHS.len(), prop::option::weighted(0.6, 0..CONTENTS));
    prop::collection::vec(
        (prop::collection::vec(1usize..6, 0..4), any::<bool>(), prop::collection::vec(edit, 0..4)),
        1..24,
    )
}

/// A history and, for each commit, its parents and files.
struct Made {
    store: Store,
    ids: Vec<ObjectId>,
    parents: Vec<Vec<usize>>,
    files: Vec<BTreeMap<String, ObjectId>>,
    contents: Vec<ObjectId>,
}

fn make(steps: &[Step]) -> Made {
    let mut store = Store::default();
    let contents: Vec<ObjectId> =
        (0..CONTENTS).map(|number| store.put(ObjectKind::Blob, format!("{number}").as_bytes())).collect();
    let mut made = Made { store, ids: vec![], parents: vec![], files: vec![], contents };
    for (at, (back, keep, edits)) in steps.iter().enumerate() {
        let parents: BTreeSet<usize> = back.iter().filter_map(|back| at.checked_sub(*back)).collect();
        let parents: Vec<usize> = parents.into_iter().collect();
        let mut files = BTreeMap::new();
        for &parent in parents.iter().take(if *keep { 4 } else { 1 }) {
            for (path, id) in &made.files[parent] {
                files.entry(path.clone()).or_insert(*id);
            }
        }
        for (path, content) in edits {
            match content {
                Some(content) => drop(files.insert(PATHS[*path].to_owned(), made.contents[*content])),
                None => drop(files.remove(PATHS[*path])),
            }
        }
        let tree = made.store.files(&files);
        let ids: Vec<ObjectId> = parents.iter().map(|&parent| made.ids[parent]).collect();
        made.ids.push(made.store.commit(tree, &ids, 1000 + at));
        made.parents.push(parents);
        made.files.push(files);
    }
    made
}

impl Made {
    /// For each commit all that it leads to, itself included.
    fn past(&self) -> Vec<BTreeSet<usize>> {
        let mut past: Vec<BTreeSet<usize>> = Vec::new();
        for (at, parents) in self.parents.iter().enumerate() {
            let mut own: BTreeSet<usize> = parents.iter().flat_map(|&parent| past[parent].clone()).collect();
            own.insert(at);
            past.push(own);
        }
        past
    }

    /// Hold the trail of a group against the definitions.
    fn check(&self, members: &[ObjectId], trail: &Trail, refs: &[Reference]) -> Result<(), TestCaseError> {
        let past = self.past();
        let at = |id: &ObjectId| self.ids.iter().position(|one| one == id).unwrap();
        let has: Vec<bool> =
            self.files.iter().map(|files| files.values().any(|id| members.contains(id))).collect();
        let all = 0..self.ids.len();
        let parents = |at: usize| self.parents[at].iter().copied();
        let introduced: Vec<usize> =
            all.clone().filter(|&at| has[at] && parents(at).all(|parent| !has[parent])).collect();
        let told: Vec<usize> = trail.introduced.iter().map(|one| at(&one.commit.unwrap())).collect();
        prop_assert_eq!(&told, &introduced);
        for (one, &at) in trail.introduced.iter().zip(&introduced) {
            let path = one.path.as_ref().unwrap().to_string();
            prop_assert_eq!(self.files[at].get(&path), Some(&one.object));
        }
        let removed: Vec<usize> = all
            .clone()
            .filter(|&at| !has[at] && parents(at).any(|parent| has[parent]))
            .filter(|&at| {
                let ever = |parent: usize| past[parent].iter().any(|&old| has[old]);
                parents(at).all(|parent| has[parent] || !ever(parent))
            })
            .collect();
        prop_assert_eq!(trail.removed.iter().map(at).collect::<Vec<_>>(), removed);
        prop_assert_eq!(trail.last_seen.as_ref().map(at), all.clone().rev().find(|&at| has[at]));
        let mut paths: BTreeMap<String, usize> = BTreeMap::new();
        for at in all {
            for (path, id) in self.files[at].iter().filter(|(_, id)| members.contains(id)) {
                if parents(at).all(|parent| self.files[parent].get(path) != Some(id)) {
                    paths.entry(path.clone()).or_insert(at);
                }
            }
        }
        let told: BTreeMap<String, usize> =
            trail.paths.iter().map(|(path, id)| (path.to_string(), at(&id.unwrap()))).collect();
        prop_assert_eq!(told, paths);
        let (mut tips, mut holders, mut classes) = (vec![], vec![], BTreeSet::new());
        for (index, one) in refs.iter().enumerate() {
            let tip = at(&one.target);
            if past[tip].iter().any(|&old| has[old]) {
                classes.insert(one.class);
                holders.push(index as u32);
            }
            if has[tip] && !one.past {
                tips.push(index as u32);
            }
        }
        if classes.iter().any(|&class| class != RefClass::Log) {
            holders.retain(|&index| !refs[index as usize].past);
        }
        prop_assert_eq!(trail.tips.iter().map(|(index, _)| *index).collect::<Vec<_>>(), tips);
        for (index, path) in &trail.tips {
            let files = &self.files[at(&refs[*index as usize].target)];
            prop_assert!(members.contains(&files[&path.as_ref().unwrap().to_string()]));
        }
        prop_assert_eq!(&trail.holders, &holders);
        prop_assert_eq!(&trail.classes, &classes.into_iter().collect::<Vec<_>>());
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_trail_is_what_the_definitions_say(
        steps in steps(),
        named in prop::collection::vec((0usize..24, 0usize..7), 0..6),
        threads in 1usize..4,
    ) {
        let made = make(&steps);
        let refs: Vec<Reference> = named
            .iter()
            .enumerate()
            .map(|(number, (at, class))| {
                reference(RefClass::ALL[*class], &format!("{number}"), made.ids[at % made.ids.len()])
            })
            .collect();
        let references = references(refs.clone());
        // Every other commit was read before.
        let read = |id: &ObjectId| {
            let mut text = Vec::new();
            made.store.read(id, &mut text).ok()?;
            Commit::parse(*id, &text)
        };
        let beforehand = Beforehand::new(made.ids.iter().step_by(2).filter_map(read).collect(), None);
        let history = Provenance::new(&made.store, &references, made.ids.clone(), &beforehand, threads);
        let groups: Vec<Vec<ObjectId>> = vec![
            vec![made.contents[0]],
            vec![made.contents[1], made.contents[2]],
            made.contents.clone(),
            vec![],
        ];
        let asked: Vec<Group> = groups.iter().map(|members| blob_group(members)).collect();
        let (trails, troubles) = history.trace(&asked);
        prop_assert!(troubles.is_empty(), "{troubles:?}");
        for (members, trail) in groups.iter().zip(&trails) {
            made.check(members, trail, &refs)?;
        }
    }
}

#[test]
fn more_than_one_batch_of_groups() {
    let mut store = Store::default();
    let blobs: Vec<ObjectId> =
        (0..200).map(|number| store.put(ObjectKind::Blob, format!("{number}").as_bytes())).collect();
    let mut files = BTreeMap::new();
    let mut parent: Vec<ObjectId> = vec![];
    let mut commits = vec![];
    for (number, &blob) in blobs.iter().enumerate() {
        files.insert(format!("{:03}", number / 2), blob);
        let tree = store.files(&files);
        parent = vec![store.commit(tree, &parent, number)];
        commits.extend(&parent);
    }
    let references = references(vec![reference(RefClass::Branch, "refs/heads/main", commits[199])]);
    let nothing = Beforehand::default();
    let history = Provenance::new(&store, &references, Vec::new(), &nothing, 2);
    let (trails, _) = history.trace(&blobs.iter().map(|&blob| blob_group(&[blob])).collect::<Vec<_>>());
    for (number, trail) in trails.iter().enumerate() {
        assert_eq!(trail.introduced[0].commit, Some(commits[number]));
        assert_eq!(trail.introduced[0].path, Some(format!("{:03}", number / 2).into()));
        let removed: Vec<ObjectId> = if number % 2 == 0 { vec![commits[number + 1]] } else { vec![] };
        assert_eq!(trail.removed, removed);
        assert_eq!(trail.tips.len(), number % 2);
        assert_eq!(trail.order, Some(number as u32));
    }
}

#[test]
fn each_tree_is_read_once() {
    let mut store = Store::default();
    let blob = store.put(ObjectKind::Blob, b"x");
    let same = store.tree(&[("100644", "same", blob)]);
    let mut parent: Vec<ObjectId> = vec![];
    for number in 0..50 {
        let other = store.put(ObjectKind::Blob, format!("{number}").as_bytes());
        let tree = store.tree(&[("100644", "other", other), ("40000", "same", same)]);
        parent = vec![store.commit(tree, &parent, number)];
    }
    let references = references(vec![reference(RefClass::Branch, "refs/heads/main", parent[0])]);
    let nothing = Beforehand::default();
    let history = Provenance::new(&store, &references, Vec::new(), &nothing, 1);
    assert!(history.knows(&parent[0]), "the commits are read");
    let before = store.reads.load(Ordering::Relaxed);
    let (trails, _) = history.trace(&[blob_group(&[blob])]);
    assert_eq!(store.reads.load(Ordering::Relaxed) - before, 51);
    assert_eq!(trails[0].introduced[0].path, Some("same/same".into()));
    let (trails, _) = history.trace(&[]);
    assert_eq!(trails.len(), 0);
    assert_eq!(store.reads.load(Ordering::Relaxed) - before, 51, "nothing wanted, nothing read");
}

#[test]
fn a_tree_that_repeats_itself_on_each_level_ends_soon() {
    let mut store = Store::default();
    let blob = store.put(ObjectKind::Blob, b"x");
    let mut tree = store.tree(&[("100644", "x", blob)]);
    for _ in 0..60 {
        tree = store.tree(&[("40000", "a", tree), ("40000", "b", tree)]);
    }
    let commit = store.commit(tree, &[], 1);
    let references = references(vec![reference(RefClass::Branch, "refs/heads/main", commit)]);
    let nothing = Beforehand::default();
    let (trails, _) =
        Provenance::new(&store, &references, Vec::new(), &nothing, 1).trace(&[blob_group(&[blob])]);
    assert_eq!(trails[0].introduced[0].commit, Some(commit));
    let path = trails[0].tips[0].1.clone().unwrap();
    assert_eq!(path.len(), 60 * 2 + 1);
    assert!(!trails[0].paths.is_empty() && trails[0].paths.len() <= super::PATHS);
}

#[test]
fn very_deep_trees_do_not_exhaust_the_stack() {
    let mut store = Store::default();
    let blob = store.put(ObjectKind::Blob, b"x");
    let mut tree = store.tree(&[("100644", "x", blob)]);
    for _ in 0..50_000 {
        tree = store.tree(&[("40000", "d", tree)]);
    }
    let commit = store.commit(tree, &[], 1);
    let references = references(vec![reference(RefClass::Branch, "refs/heads/main", commit)]);
    let nothing = Beforehand::default();
    let history = Provenance::new(&store, &references, Vec::new(), &nothing, 1);
    let (trails, _) = history.trace(&[blob_group(&[blob])]);
    assert_eq!(trails[0].introduced[0].commit, Some(commit));
    assert_eq!(trails[0].introduced[0].path, None, "no path is told that is longer than any system's");
}

#[test]
fn damage_is_told_and_the_rest_is_traced() {
    let mut store = Store::default();
    let blob = store.put(ObjectKind::Blob, b"x");
    let good = store.tree(&[("100644", "x", blob)]);
    let broken = store.put(ObjectKind::Tree, b"broken");
    store.objects.insert(broken, (None, vec![]));
    let missing = ObjectId::from_bytes(&[7; 32]).unwrap();
    let mut cut = b"100644 y\0".to_vec();
    cut.extend_from_slice(&blob.as_bytes()[..9]);
    let cut = store.put(ObjectKind::Tree, &cut);
    // A store that lies: a tree that holds itself.
    let circle = ObjectId::from_bytes(&[9; 32]).unwrap();
    let mut bytes = b"40000 me\0".to_vec();
    bytes.extend_from_slice(circle.as_bytes());
    store.objects.insert(circle, (Some(ObjectKind::Tree), bytes));
    let top = store.tree(&[
        ("40000", "broken", broken),
        ("40000", "circle", circle),
        ("40000", "cut", cut),
        ("40000", "good", good),
        ("40000", "missing", missing),
        ("160000", "module", missing),
    ]);
    let root = store.commit(top, &[], 1);
    let no_tree = store.put(ObjectKind::Commit, b"author nobody\n\n");
    let child = store.commit(top, &[root, no_tree, ObjectId::from_bytes(&[8; 32]).unwrap()], 2);
    let references = references(vec![
        reference(RefClass::Branch, "refs/heads/gone", ObjectId::from_bytes(&[6; 32]).unwrap()),
        reference(RefClass::Branch, "refs/heads/main", child),
        reference(RefClass::Log, "HEAD@{9}", ObjectId::from_bytes(&[5; 32]).unwrap()),
    ]);
    let nothing = Beforehand::default();
    let history = Provenance::new(&store, &references, Vec::new(), &nothing, 2);
    let (trails, troubles) = history.trace(&[blob_group(&[blob])]);
    assert_eq!(trails[0].introduced[0].commit, Some(root));
    assert_eq!(trails[0].introduced[0].path, Some("good/x".into()));
    let told: BTreeSet<(SkipReason, ObjectId)> =
        troubles.iter().map(|(_, trouble)| (trouble.reason, trouble.id)).collect();
    let id = |byte: u8| ObjectId::from_bytes(&[byte; 32]).unwrap();
    let wanted = BTreeSet::from([
        (SkipReason::Corrupt, broken),
        (SkipReason::Corrupt, cut),
        (SkipReason::Corrupt, no_tree),
        (SkipReason::Vanished, id(6)),
        (SkipReason::Vanished, id(7)),
        (SkipReason::Vanished, id(8)),
    ]);
    assert_eq!(told, wanted, "what a log names may be gone");
}

#[test]
fn names_of_trees_and_bare_objects() {
    let mut store = Store::default();
    let blob = store.put(ObjectKind::Blob, b"x");
    let inner = store.tree(&[("100644", "x", blob)]);
    let top = store.tree(&[("40000", "keys", inner)]);
    let commit = store.commit(top, &[], 1);
    let lone = store.put(ObjectKind::Blob, b"lone");
    let tag = store.put(ObjectKind::Tag, format!("object {lone}\ntype blob\n\n").as_bytes());
    let references = references(vec![
        reference(RefClass::Branch, "refs/heads/main", commit),
        reference(RefClass::Tag, "refs/tags/key", tag),
        reference(RefClass::Tag, "refs/tags/tree", inner),
    ]);
    let nothing = Beforehand::default();
    let history = Provenance::new(&store, &references, Vec::new(), &nothing, 1);
    let tree = |id| Group { members: vec![(id, ObjectKind::Tree)], refs: true };
    let (trails, _) = history.trace(&[tree(inner), blob_group(&[lone]), tree(top)]);
    assert_eq!((trails[0].introduced[0].commit, trails[0].introduced.len()), (Some(commit), 1));
    assert_eq!(trails[0].introduced[0].path.as_ref().map(|path| path.as_bstr()), Some("keys".into()));
    assert_eq!(trails[0].tips.len(), 2);
    assert_eq!(trails[1].introduced[0].commit, None);
    assert_eq!((&trails[1].classes[..], trails[1].tips.len()), (&[RefClass::Tag][..], 1));
    assert_eq!((trails[2].introduced[0].commit, &trails[2].introduced[0].path), (Some(commit), &None));
}
