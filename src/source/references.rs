//! What names commits in a repository: branches, tags, remote-tracking refs, notes, the stash, the HEADs
//! of work trees, and the logs of where refs pointed.

use super::history::{History, Repository};
use super::layout::Layout;
use super::objects::ObjectId;
use super::refs::{Refs, Target};
use bstr::ByteSlice;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// How deep directories below `logs` are followed.
const DEEPEST: usize = 64;

/// What kind of name something is, the most exposed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RefClass {
    /// A remote-tracking ref, or what was last fetched: others have it.
    Remote,
    /// A branch, or the HEAD of a work tree that is on no branch.
    Branch,
    /// A tag.
    Tag,
    /// Any other ref, for instance `refs/pull/1/head` in a mirror.
    Other,
    /// Notes on commits.
    Notes,
    /// The stash and what lies below it.
    Stash,
    /// A log of where a ref once pointed, or a leftover such as `ORIG_HEAD`.
    Log,
}

impl RefClass {
    /// Every class, in the order of their numbers.
    pub const ALL: [RefClass; 7] = [
        RefClass::Remote,
        RefClass::Branch,
        RefClass::Tag,
        RefClass::Other,
        RefClass::Notes,
        RefClass::Stash,
        RefClass::Log,
    ];

    /// The class of a name, which may begin with that of a work tree.
    fn of(name: &str) -> RefClass {
        let name = name.find("refs/").map_or(name, |at| &name[at..]);
        let mut parts = name.split('/');
        match (parts.next(), parts.next()) {
            (Some("refs"), Some("remotes")) => RefClass::Remote,
            (Some("refs"), Some("heads")) => RefClass::Branch,
            (Some("refs"), Some("tags")) => RefClass::Tag,
            (Some("refs"), Some("notes")) => RefClass::Notes,
            (Some("refs"), Some("stash")) => RefClass::Stash,
            (Some("refs"), _) => RefClass::Other,
            _ => match name.rsplit('/').next().unwrap_or_default() {
                // A work tree that is on no branch.
                "HEAD" => RefClass::Branch,
                // What was fetched came from others.
                "FETCH_HEAD" => RefClass::Remote,
                _ => RefClass::Log,
            },
        }
    }
}

/// A name for an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// What kind of name it is.
    pub class: RefClass,
    /// The whole name: `refs/heads/main`, `HEAD`, `worktrees/w/HEAD`, `HEAD@{2}`.
    pub name: String,
    /// What it points at: mostly a commit or an annotated tag.
    pub target: ObjectId,
    /// True where it only tells where a name once pointed.
    pub past: bool,
}

/// All names of a repository, its linked work trees and the git directories of its submodules.
#[derive(Clone, Debug, Default)]
pub struct References {
    /// The names, sorted, each once.
    pub all: Vec<Reference>,
    /// Commits whose parents were left behind when the history was cut (a shallow clone).
    pub shallow: HashSet<ObjectId>,
}

impl References {
    /// The names in a repository and in those of its submodules, as they were when it was opened.
    pub fn of(history: &History) -> References {
        let mut references = References::default();
        for repository in history.repositories() {
            references.add(repository.store().layout(), repository.refs());
        }
        // The stash itself is the newest entry of its log.
        let stashes: HashSet<ObjectId> = references
            .all
            .iter()
            .filter(|one| one.name.ends_with("refs/stash"))
            .map(|stash| stash.target)
            .collect();
        references.all.retain(|one| !(one.name.ends_with("refs/stash@{0}") && stashes.contains(&one.target)));
        references.all.sort();
        references.all.dedup_by(|one, other| one.name == other.name && one.target == other.target);
        references
    }

    /// The names in one repository.
    pub(super) fn of_one(repository: &Repository) -> References {
        let mut references = References::default();
        references.add(repository.store().layout(), repository.refs());
        references
    }

    /// Add the names of one repository.
    fn add(&mut self, layout: &Layout, refs: &Refs) {
        let prefix = layout.prefix.to_str_lossy().into_owned();
        for (name, target) in refs {
            // A ref that points to another one adds nothing to it.
            let Target::Object(target) = target else { continue };
            let name = name.to_str_lossy().into_owned();
            let class = RefClass::of(&name);
            self.push(class, format!("{prefix}{name}"), *target, class == RefClass::Log);
        }
        for tree in layout.work_trees() {
            let own = tree.strip_prefix(&layout.common).unwrap_or(&tree).to_string_lossy().into_owned();
            let prefix = if own.is_empty() { prefix.clone() } else { format!("{prefix}{own}/") };
            // The refs have only the first of several heads that were fetched at once.
            let fetched = std::fs::read(tree.join("FETCH_HEAD")).unwrap_or_default();
            for target in fetched.lines().filter_map(leading_id) {
                self.push(RefClass::Remote, format!("{prefix}FETCH_HEAD"), target, false);
            }
            self.add_logs(&tree.join("logs"), "", &prefix, DEEPEST);
        }
        if let Ok(text) = std::fs::read_to_string(layout.common.join("shallow")) {
            self.shallow.extend(text.lines().filter_map(|line| ObjectId::parse(line.trim().as_bytes())));
        }
    }

    fn add_logs(&mut self, directory: &Path, below: &str, prefix: &str, depth: usize) {
        for (name, path) in entries(directory) {
            let name = format!("{below}{name}");
            if path.is_dir() {
                if depth > 0 {
                    self.add_logs(&path, &format!("{name}/"), prefix, depth - 1);
                }
                continue;
            }
            let class = match RefClass::of(&name) {
                class @ (RefClass::Stash | RefClass::Remote) => class,
                _ => RefClass::Log,
            };
            let text = std::fs::read(&path).unwrap_or_default();
            let mut seen = HashSet::new();
            let mut add = |id: Option<ObjectId>, number: usize, references: &mut References| {
                if let Some(id) = id.filter(|&id| seen.insert(id)) {
                    let past = class != RefClass::Stash;
                    references.push(class, format!("{prefix}{name}@{{{number}}}"), id, past);
                }
            };
            let lines: Vec<&[u8]> = text.lines().collect();
            for (number, line) in lines.iter().rev().enumerate() {
                let mut ids = line.splitn(3, |&byte| byte == b' ');
                let (old, new) = (ids.next().and_then(leading_id), ids.next().and_then(leading_id));
                add(new, number, self);
                add(old, number + 1, self);
            }
        }
    }

    fn push(&mut self, class: RefClass, name: String, target: ObjectId, past: bool) {
        if target.as_bytes().iter().any(|&byte| byte != 0) {
            self.all.push(Reference { class, name, target, past });
        }
    }
}

/// Names and paths in a directory, sorted; none where it cannot be listed. A link to a directory is left
/// out: it could lead in circles.
fn entries(directory: &Path) -> Vec<(String, PathBuf)> {
    let Ok(listing) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut found: Vec<(String, PathBuf)> = listing
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .filter(|(_, path)| !(path.is_symlink() && path.is_dir()))
        .collect();
    found.sort();
    found
}

/// The object id that a line starts with.
fn leading_id(line: &[u8]) -> Option<ObjectId> {
    let word = line.fields().next()?;
    ObjectId::parse(word)
}
