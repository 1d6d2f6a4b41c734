//! Plans what to walk, so that nothing is read twice however it was named.
//!
//! Paths are compared by where they really lead. A path below another one is taken out of the walk of
//! the outer one and walked by itself: a file that the user named is read even where an ignore file
//! would hide it. It is told under the outer path's name, like everything else there.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// What one round of walking does.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What to walk: files and directories.
    pub(super) roots: Vec<PathBuf>,
    /// Paths, spelled as the walk spells them, where it must not go.
    pub(super) excluded: HashSet<OsString>,
}

/// Where a path lies, seen from what is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In something that is walked.
    Inside,
    /// In something that is walked, but among git's own files, which are not.
    Internal,
    /// Elsewhere.
    Outside,
}

/// What was planned in all rounds so far.
#[derive(Debug, Default)]
pub(super) struct Roots {
    /// Real path of each root.
    real: HashSet<PathBuf>,
    /// Real paths of git directories that stand in the tree under another name than `.git`.
    internal: HashSet<PathBuf>,
}

impl Roots {
    /// Plan a round over `named`, leaving out what earlier rounds have covered.
    pub(super) fn add(&mut self, named: Vec<PathBuf>) -> Plan {
        let mut fresh = BTreeMap::new();
        for path in named {
            fresh.entry(real(&path)).or_insert(path);
        }
        let mut plan = Plan::default();
        let mut shown: HashMap<PathBuf, PathBuf> = HashMap::new();
        // In this order a directory comes before what is below it.
        for (real, named) in fresh {
            if real.ancestors().any(|above| self.real.contains(above)) {
                continue;
            }
            let path = match below(&shown, &real) {
                Some(path) => {
                    plan.excluded.insert(path.clone().into_os_string());
                    path
                }
                None => named,
            };
            plan.roots.push(path.clone());
            shown.insert(real, path);
        }
        plan.excluded.extend(self.real.iter().filter_map(|real| below(&shown, real)).map(OsString::from));
        for root in shown.keys() {
            if let Some(git) = separate_git_directory(root) {
                plan.excluded.extend(below(&shown, &git).map(OsString::from));
                self.internal.insert(git);
            }
        }
        self.real.extend(shown.into_keys());
        plan
    }

    /// Where a real path (without links in it) lies.
    pub(super) fn place(&self, real: &Path) -> Place {
        let Some(root) = real.ancestors().find(|above| self.real.contains(*above)) else {
            return Place::Outside;
        };
        let among_git = real
            .strip_prefix(root)
            .is_ok_and(|rest| rest.components().any(|part| part == Component::Normal(".git".as_ref())));
        let internal = !self.internal.is_empty()
            && real.ancestors().take_while(|above| *above != root).any(|above| self.internal.contains(above));
        if among_git || internal { Place::Internal } else { Place::Inside }
    }
}

/// The path under which the walk of the nearest directory above comes to `real`, where there is one.
fn below(shown: &HashMap<PathBuf, PathBuf>, real: &Path) -> Option<PathBuf> {
    real.ancestors().skip(1).find_map(|above| {
        let rest = real.strip_prefix(above).ok()?;
        shown.get(above).map(|path| path.join(rest))
    })
}

/// The path without links and dots in it. Where the system cannot tell (an open pipe below `/proc`),
/// the absolute path.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

/// The git directory that a `.git` file in `directory` points to (`git init --separate-git-dir`).
fn separate_git_directory(directory: &Path) -> Option<PathBuf> {
    let file = directory.join(".git");
    if !file.symlink_metadata().ok()?.is_file() {
        return None;
    }
    let text = std::fs::read(&file).ok()?;
    let target = text.strip_prefix(b"gitdir:")?.trim_ascii();
    directory.join(bytes_to_path(target)?).canonicalize().ok()
}

/// A path from the bytes that git stores.
#[cfg(unix)]
pub(super) fn bytes_to_path(bytes: &[u8]) -> Option<&Path> {
    use std::os::unix::ffi::OsStrExt;
    Some(Path::new(std::ffi::OsStr::from_bytes(bytes)))
}

/// A path from the bytes that git stores: UTF-8 there.
#[cfg(not(unix))]
pub(super) fn bytes_to_path(bytes: &[u8]) -> Option<&Path> {
    std::str::from_utf8(bytes).ok().map(Path::new)
}
