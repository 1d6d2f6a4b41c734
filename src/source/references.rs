//! What names commits in a repository: branches, tags, remote-tracking refs, notes, the stash, the HEADs
//! of work trees, and the logs of where refs pointed. Read from the files themselves
//! (gitrepository-layout, `packed-refs` as git-pack-refs writes it), so that the user's configuration
//! changes nothing and every object format serves; only a reftable is read through git.

use super::git::run_git;
use super::objects::ObjectId;
use super::roots::bytes_to_path;
use crate::error::Error;
use bstr::ByteSlice;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// How deep directories below `refs` and `logs` are followed.
const DEEPEST: usize = 64;

/// What kind of name something is, the most exposed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    fn of(name: &str) -> RefClass {
        match name.split('/').nth(1) {
            Some("remotes") => RefClass::Remote,
            Some("heads") => RefClass::Branch,
            Some("tags") => RefClass::Tag,
            Some("notes") => RefClass::Notes,
            Some("stash") => RefClass::Stash,
            _ => RefClass::Other,
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
    /// The names of the repository that holds `start`: a work tree, a directory in one, a git directory
    /// or a bare repository.
    ///
    /// # Errors
    /// Where there is no repository, or its refs can be read neither here nor by git.
    pub fn read(start: &Path) -> Result<References, Error> {
        let common = git_directory(start).ok_or_else(|| Error::Git {
            what: start.display().to_string(),
            reason: "is not in a git repository".to_owned(),
            remedy: "name a work tree, a git directory or a bare repository".to_owned(),
        })?;
        let mut references = References::default();
        references.add(&common, "")?;
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
        Ok(references)
    }

    /// Add the names of one git directory, each behind `prefix`.
    fn add(&mut self, common: &Path, prefix: &str) -> Result<(), Error> {
        let mut refs = BTreeMap::new();
        if common.join("reftable").is_dir() {
            by_command(common, &mut refs)?;
        } else {
            packed(common, &mut refs);
            loose(&common.join("refs"), "refs", DEEPEST, &mut refs);
        }
        for (name, target) in refs {
            self.push(RefClass::of(&name), format!("{prefix}{name}"), target, false);
        }
        self.add_work_tree(common, prefix);
        for (name, path) in entries(&common.join("worktrees")) {
            let prefix = format!("{prefix}worktrees/{name}/");
            let mut own = BTreeMap::new();
            loose(&path.join("refs"), "refs", DEEPEST, &mut own);
            for (name, target) in own {
                self.push(RefClass::Other, format!("{prefix}{name}"), target, false);
            }
            self.add_work_tree(&path, &prefix);
        }
        if let Ok(text) = std::fs::read_to_string(common.join("shallow")) {
            self.shallow.extend(text.lines().filter_map(|line| ObjectId::from_hex(line.trim())));
        }
        self.add_modules(&common.join("modules"), &format!("{prefix}modules/"), DEEPEST)
    }

    /// HEAD, the leftovers and the logs of one work tree.
    fn add_work_tree(&mut self, directory: &Path, prefix: &str) {
        for (name, path) in entries(directory) {
            let Some(class) = leftover(&name) else { continue };
            let text = std::fs::read(&path).unwrap_or_default();
            for line in text.lines() {
                if let Some(target) = leading_id(line) {
                    self.push(class, format!("{prefix}{name}"), target, class == RefClass::Log);
                }
            }
        }
        self.add_logs(&directory.join("logs"), "", prefix, DEEPEST);
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

    /// Git directories of submodules lie below `modules`, at the path of the submodule.
    fn add_modules(&mut self, directory: &Path, prefix: &str, depth: usize) -> Result<(), Error> {
        for (name, path) in entries(directory) {
            if path.join("HEAD").is_file() {
                self.add(&path, &format!("{prefix}{name}/"))?;
            } else if path.is_dir() && depth > 0 {
                self.add_modules(&path, &format!("{prefix}{name}/"), depth - 1)?;
            }
        }
        Ok(())
    }

    fn push(&mut self, class: RefClass, name: String, target: ObjectId, past: bool) {
        if target.as_bytes().iter().any(|&byte| byte != 0) {
            self.all.push(Reference { class, name, target, past });
        }
    }
}

/// The files of a git directory that name commits beside the refs.
fn leftover(name: &str) -> Option<RefClass> {
    match name {
        "HEAD" => Some(RefClass::Branch),
        // What was fetched came from others.
        "FETCH_HEAD" => Some(RefClass::Remote),
        name if name.ends_with("_HEAD") || name == "AUTO_MERGE" => Some(RefClass::Log),
        _ => None,
    }
}

/// The git directory, shared by all work trees, of the repository that holds `start`.
pub fn git_directory(start: &Path) -> Option<PathBuf> {
    let start = std::path::absolute(start).ok()?;
    let own = start.ancestors().find_map(|above| {
        let inner = above.join(".git");
        if inner.is_dir() && is_git_directory(&inner) {
            return Some(inner);
        }
        if let Ok(text) = std::fs::read(&inner) {
            let target = text.strip_prefix(b"gitdir:")?.trim();
            return Some(above.join(bytes_to_path(target)?)).filter(|path| is_git_directory(path));
        }
        is_git_directory(above).then(|| above.to_owned())
    })?;
    match std::fs::read(own.join("commondir")) {
        Ok(text) => Some(own.join(bytes_to_path(text.trim())?)),
        Err(_) => Some(own),
    }
}

fn is_git_directory(path: &Path) -> bool {
    let shared = path.join("commondir").is_file();
    path.join("HEAD").symlink_metadata().is_ok() && (shared || path.join("objects").is_dir())
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
    ObjectId::from_hex(std::str::from_utf8(word).ok()?)
}

/// `id name` lines; lines with `#` are comments, those with `^` tell what a tag above them points at.
fn packed(common: &Path, refs: &mut BTreeMap<String, ObjectId>) {
    let text = std::fs::read(common.join("packed-refs")).unwrap_or_default();
    for line in text.lines() {
        let Some((id, name)) = line.split_once_str(" ") else { continue };
        if let Some(id) = leading_id(id) {
            refs.insert(name.trim().to_str_lossy().into_owned(), id);
        }
    }
}

/// A file each; what points at another ref has its class and target from there.
fn loose(directory: &Path, below: &str, depth: usize, refs: &mut BTreeMap<String, ObjectId>) {
    for (name, path) in entries(directory) {
        let name = format!("{below}/{name}");
        if path.is_dir() {
            if depth > 0 {
                loose(&path, &name, depth - 1, refs);
            }
        } else if let Some(id) = std::fs::read(&path).ok().and_then(|text| leading_id(&text)) {
            refs.insert(name, id);
        }
    }
}

fn by_command(common: &Path, refs: &mut BTreeMap<String, ObjectId>) -> Result<(), Error> {
    let format = "--format=%(objectname) %(refname)";
    let listing = run_git(common, &["for-each-ref", format]).map_err(|reason| Error::Git {
        what: common.display().to_string(),
        reason: format!("its refs cannot be listed: {reason}"),
        remedy: "try `git for-each-ref` there".to_owned(),
    })?;
    for line in listing.lines() {
        if let (Some(id), Some((_, name))) = (leading_id(line), line.split_once_str(" ")) {
            refs.insert(name.to_str_lossy().into_owned(), id);
        }
    }
    Ok(())
}
