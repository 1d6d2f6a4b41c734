//! Walks the commits of a range and compares their trees.

use super::Span;
use crate::error::{Error, SkipReason, Skipped};
use crate::origin::{ObjectKind, Origin};
use crate::source::repo::listing::{Listing, is_submodule};
use crate::source::repo::lookup::{Trees, header_id};
use crate::source::repo::objects::Reader;
use crate::source::repo::{Id, Repo, Trouble};
use std::collections::HashSet;

/// Directories nested deeper than this are told as not looked at.
const DEEPEST: usize = 1024;

/// A commit of the range.
pub(super) struct Commit {
    /// Its id.
    pub(super) id: Id,
    tree: Id,
    parents: Vec<Id>,
}

/// A blob that a commit brings in at a path.
pub(super) struct Change {
    /// Place of the commit in the list of commits; beyond its end for a tree that was pushed by itself.
    pub(super) commit: usize,
    /// The path, relative to the top.
    pub(super) path: Vec<u8>,
    /// The blob.
    pub(super) id: Id,
    /// What each parent has there.
    pub(super) olds: Vec<Option<Id>>,
}

/// What a range brings in.
#[derive(Default)]
pub(super) struct Walk {
    /// The commits, parents before children.
    pub(super) commits: Vec<Commit>,
    /// Blobs, in the order of the commits.
    pub(super) changes: Vec<Change>,
    /// Commits and tags, whose texts are content; and blobs that were pushed by themselves.
    pub(super) texts: Vec<(Id, ObjectKind)>,
    /// The trees of the tips.
    pub(super) tip_trees: Vec<Id>,
    /// What could not be looked at.
    pub(super) missed: Vec<Skipped>,
}

impl Walk {
    /// Walk the commits of `span`.
    pub(super) fn run(repo: &Repo, span: &Span) -> Result<Walk, Error> {
        let mut walker =
            Walker { repo, reader: repo.reader(), trees: Trees::default(), walk: Walk::default() };
        let tips = walker.peel(&span.tips);
        if !tips.is_empty() {
            walker.commits(&tips, &span.known)?;
        }
        Ok(walker.walk)
    }

    /// Where the blob of a change came from.
    pub(super) fn origin(&self, at: usize) -> Origin {
        let change = &self.changes[at];
        Origin::Object {
            id: change.id.to_string(),
            kind: ObjectKind::Blob,
            path: Some(change.path.clone().into()),
            commit: self.commits.get(change.commit).map(|commit| commit.id.to_string()),
        }
    }

    /// Where the name of a change came from.
    pub(super) fn origin_of_name(&self, at: usize) -> Origin {
        let change = &self.changes[at];
        let commit = self.commits.get(change.commit);
        Origin::Object {
            id: commit.map_or(change.id, |commit| commit.tree).to_string(),
            kind: ObjectKind::Tree,
            path: Some(change.path.clone().into()),
            commit: commit.map(|commit| commit.id.to_string()),
        }
    }

    /// The parents that a change was compared with.
    pub(super) fn parents(&self, change: &Change) -> &[Id] {
        self.commits.get(change.commit).map_or(&[], |commit| &commit.parents)
    }
}

struct Walker<'r> {
    repo: &'r Repo,
    reader: Reader<'r>,
    trees: Trees,
    walk: Walk,
}

impl Walker<'_> {
    /// The commits among the tips. Tags on the way are noted as texts, trees and blobs as content.
    fn peel(&mut self, tips: &[Id]) -> Vec<Id> {
        let mut commits = Vec::new();
        let mut seen = HashSet::new();
        let mut left: Vec<Id> = tips.iter().rev().copied().collect();
        while let Some(id) = left.pop() {
            if !seen.insert(id) {
                continue;
            }
            match self
                .reader
                .read(&id)
                .map(|(kind, bytes)| (kind, bytes.strip_prefix(b"object ").and_then(header_id)))
            {
                Ok((ObjectKind::Commit, _)) => commits.push(id),
                Ok((ObjectKind::Tag, target)) => {
                    self.walk.texts.push((id, ObjectKind::Tag));
                    left.extend(target);
                }
                Ok((ObjectKind::Tree, _)) => {
                    self.compare(usize::MAX, Some(id), Vec::new(), &mut Vec::new(), 0)
                }
                Ok((ObjectKind::Blob, _)) => self.walk.texts.push((id, ObjectKind::Blob)),
                Err(trouble) => self.miss(&id, ObjectKind::Commit, None, trouble),
            }
        }
        commits
    }

    fn commits(&mut self, tips: &[Id], known: &[String]) -> Result<(), Error> {
        let mut input = String::new();
        for tip in tips {
            input.push_str(&format!("{tip}\n"));
        }
        let (options, ids): (Vec<&String>, Vec<&String>) =
            known.iter().partition(|name| name.starts_with('-'));
        ids.iter().for_each(|id| input.push_str(&format!("^{id}\n")));
        // Options that name refs are no revisions: they stand on the command line.
        let mut arguments = vec!["rev-list", "--topo-order", "--reverse", "--parents", "--stdin"];
        if !options.is_empty() {
            arguments.push("--not");
            arguments.extend(options.iter().map(|option| option.as_str()));
            arguments.push("--not");
        }
        let output = self.repo.asker().run(&arguments, input.as_bytes());
        let output = output.map_err(|reason| self.cannot_walk(&reason))?;
        let mut bases = Bases { known: ids.iter().filter_map(|id| Id::parse(id.as_bytes())).collect() };
        for line in output.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let ids: Option<Vec<Id>> = line.split(|&byte| byte == b' ').map(Id::parse).collect();
            let Some((id, parents)) = ids.as_deref().and_then(<[Id]>::split_first) else {
                return Err(self.cannot_walk("git rev-list answers in a form that it does not document"));
            };
            self.commit(*id, parents.to_vec(), &mut bases);
        }
        let walk = &mut self.walk;
        walk.tip_trees = tips
            .iter()
            .filter_map(|tip| {
                walk.commits.iter().rev().find(|commit| commit.id == *tip).map(|commit| commit.tree)
            })
            .collect();
        Ok(())
    }

    fn cannot_walk(&self, reason: &str) -> Error {
        Error::Git {
            what: "the range of commits".to_owned(),
            reason: reason.to_owned(),
            remedy: match self.repo.is_shallow() {
                true => "this clone is shallow: fetch the history with `git fetch --unshallow`".to_owned(),
                false => "see what `git fsck` says".to_owned(),
            },
        }
    }

    fn commit(&mut self, id: Id, parents: Vec<Id>, bases: &mut Bases) {
        let place = self.walk.commits.len();
        let (tree, told) = match self.reader.read(&id) {
            Ok((ObjectKind::Commit, bytes)) => {
                let told = bytes.split(|&byte| byte == b'\n').take_while(|line| !line.is_empty());
                let told = told.filter(|line| line.starts_with(b"parent ")).count();
                (bytes.strip_prefix(b"tree ").and_then(header_id), told)
            }
            Ok(_) => (None, 0),
            Err(trouble) => return self.miss(&id, ObjectKind::Commit, None, trouble),
        };
        let Some(tree) = tree else {
            return self.miss(&id, ObjectKind::Commit, None, Trouble::Damaged("is not a commit".to_owned()));
        };
        self.walk.texts.push((id, ObjectKind::Commit));
        let mut parents = parents;
        if told > parents.len() {
            // A shallow clone ends here. What the range starts from is the best there is to compare with.
            self.walk.missed.push(Skipped {
                origin: commit_origin(&id),
                reason: SkipReason::Unreadable,
                detail: "the history before this commit is missing (a shallow clone), so what it changed \
                         cannot be told; fetch it with `git fetch --unshallow`, or check out with \
                         `fetch-depth: 0`"
                    .to_owned(),
            });
            parents = bases.known.clone();
        }
        let mut olds = Vec::new();
        for parent in &parents {
            match self.tree_of(parent) {
                Ok(tree) => olds.push(Some(tree)),
                Err((missing, trouble)) => self.miss(&missing, ObjectKind::Tree, Some(&id), trouble),
            }
        }
        if olds.len() < parents.len() {
            return;
        }
        self.walk.commits.push(Commit { id, tree, parents });
        self.compare(place, Some(tree), olds, &mut Vec::new(), 0);
    }

    fn tree_of(&mut self, commit: &Id) -> Result<Id, (Id, Trouble)> {
        // Parents stand shortly before their children, most of the time.
        let near = self.walk.commits.iter().rev().take(64).find(|one| one.id == *commit);
        match near {
            Some(commit) => Ok(commit.tree),
            None => crate::source::repo::lookup::tree_of(&mut self.reader, commit),
        }
    }

    /// Note what `new` has that none of the trees `olds` has at the same path.
    fn compare(
        &mut self,
        commit: usize,
        new: Option<Id>,
        olds: Vec<Option<Id>>,
        path: &mut Vec<u8>,
        depth: usize,
    ) {
        let Some(new) = new else { return };
        if olds.contains(&Some(new)) {
            return;
        }
        let owner = self.walk.commits.get(commit).map(|commit| commit.id);
        if depth > DEEPEST {
            let trouble = Trouble::Damaged("directories are nested too deep".to_owned());
            return self.miss(&new, ObjectKind::Tree, owner.as_ref(), trouble);
        }
        let mut texts = Vec::new();
        for id in olds.iter().copied().chain([Some(new)]) {
            let read = id.map(|id| self.trees.read(&mut self.reader, &id).map_err(|trouble| (id, trouble)));
            match read.transpose() {
                Ok(text) => texts.push(text),
                Err((id, trouble)) => return self.miss(&id, ObjectKind::Tree, owner.as_ref(), trouble),
            }
        }
        let Some(text) = texts.pop().flatten() else { return };
        let listings = texts
            .iter()
            .map(|text| text.as_ref().map_or_else(Listing::empty, |text| Listing::new(text, &new)));
        let mut listings: Vec<Listing<'_>> = listings.collect();
        let mut own = Listing::new(&text, &new);
        for entry in own.by_ref() {
            let olds: Vec<Option<Id>> = listings
                .iter_mut()
                .map(|listing| listing.seek(entry.name, entry.is_tree()).map(|old| old.id))
                .collect();
            if is_submodule(entry.mode) || olds.contains(&Some(entry.id)) {
                continue;
            }
            let length = path.len();
            path.extend_from_slice(entry.name);
            if entry.is_tree() {
                path.push(b'/');
                self.compare(commit, Some(entry.id), olds, path, depth + 1);
            } else {
                self.walk.changes.push(Change { commit, path: path.clone(), id: entry.id, olds });
            }
            path.truncate(length);
        }
        if own.damaged || listings.iter().any(|listing| listing.damaged) {
            let trouble = Trouble::Damaged("the tree is not well formed".to_owned());
            self.miss(&new, ObjectKind::Tree, owner.as_ref(), trouble);
        }
    }

    fn miss(&mut self, id: &Id, kind: ObjectKind, commit: Option<&Id>, trouble: Trouble) {
        let commit = commit.map(Id::to_string);
        let origin = Origin::Object { id: id.to_string(), kind, path: None, commit };
        self.walk.missed.push(trouble.skipped(origin, id));
    }
}

/// What the range starts from.
struct Bases {
    known: Vec<Id>,
}

fn commit_origin(id: &Id) -> Origin {
    Origin::Object { id: id.to_string(), kind: ObjectKind::Commit, path: None, commit: Some(id.to_string()) }
}
