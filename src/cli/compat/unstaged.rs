//! What is changed in the work tree and not staged: what `git diff` shows.

use crate::error::{Error, Skipped};
use crate::origin::Origin;
use crate::source::introduced::{Introduced, Lines, Place};
use crate::source::repo::Repo;
use crate::source::tree::{Tree, TreeOptions};
use crate::source::{Source, Visit};
use bstr::ByteSlice;
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The changed files and their new lines.
pub struct Unstaged {
    /// None where nothing is changed.
    tree: Option<Tree>,
    /// By path; all lines count of a file that is not among them.
    lines: HashMap<PathBuf, Vec<Range<u64>>>,
}

impl Unstaged {
    /// Ask git what is changed below a directory, which is named from the top of the work tree (empty for
    /// everything). The working directory is that top, from which files are named.
    ///
    /// # Errors
    /// git cannot tell.
    pub fn open(repo: &Repo, below: &Path) -> Result<Unstaged, Error> {
        let trouble = |reason: String| repo.error("git diff", &reason);
        let names = ["diff", "--name-only", "--no-renames", "--diff-filter=d", "-z", "--"];
        let listed = diff(repo, &names, below).map_err(trouble)?;
        // What a merge left in conflict is listed twice.
        let listed: BTreeSet<&[u8]> =
            listed.split(|&byte| byte == 0).filter(|name| !name.is_empty()).collect();
        let mut paths = Vec::new();
        let mut lines = HashMap::new();
        for name in listed {
            let path = name.to_path().map_err(|_| trouble("a name is not UTF-8".to_owned()))?.to_owned();
            if is_no_file(&path) {
                continue;
            }
            let hunks = ["diff", "-U0", "--no-ext-diff", "--no-textconv", "--no-color", "--text", "--"];
            let ranges = new_lines(&diff(repo, &hunks, &path).map_err(trouble)?);
            lines.extend(ranges.map(|ranges| (path.clone(), ranges)));
            paths.push(path);
        }
        let options = TreeOptions { ignore_files: false, ..TreeOptions::default() };
        let tree = (!paths.is_empty()).then(|| Tree::new(paths, options));
        Ok(Unstaged { tree, lines })
    }
}

fn diff(repo: &Repo, arguments: &[&str], path: &Path) -> Result<Vec<u8>, String> {
    let path = Some(path.as_os_str()).filter(|path| !path.is_empty());
    let all: Vec<&OsStr> = arguments.iter().map(OsStr::new).chain(path).collect();
    repo.asker().run(&all, &[])
}

/// A link, the directory of a submodule, or nothing: what has no text of its own in the work tree.
fn is_no_file(path: &Path) -> bool {
    match path.symlink_metadata() {
        Ok(about) => !about.is_file(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// The ranges of new lines (from 1) of `@@ -a,b +c,d @@` headers. None where a merge left a conflict: a
/// diff with several old sides does not say what is new to either.
fn new_lines(diff: &[u8]) -> Option<Vec<Range<u64>>> {
    let header = |line: &[u8]| {
        // What stands behind the numbers is a line of the file, in whatever encoding.
        let numbers = line.strip_prefix(b"@@ -")?.split_str(" @@").next()?;
        let new = std::str::from_utf8(numbers).ok()?.split(" +").nth(1)?;
        let (start, count) = new.split_once(',').unwrap_or((new, "1"));
        let (start, count) = (start.parse::<u64>().ok()?, count.parse::<u64>().ok()?);
        Some(start..start + count)
    };
    let combined = |line: &[u8]| {
        ["@@@", "diff --cc ", "diff --combined ", "* Unmerged path "]
            .iter()
            .any(|mark| line.starts_with(mark.as_bytes()))
    };
    let lines = || diff.split(|&byte| byte == b'\n');
    let ranges = || lines().filter_map(header).filter(|range| !range.is_empty()).collect();
    (!lines().any(combined)).then(ranges)
}

impl Source for Unstaged {
    fn visit<V: Visit>(&self, new: &(dyn Fn() -> V + Sync)) -> Result<Vec<V>, Error> {
        self.tree.as_ref().map_or_else(|| Ok(Vec::new()), |tree| tree.visit(new))
    }
}

impl Introduced for Unstaged {
    fn introduced(&self, origin: &Origin) -> Result<Vec<Place>, Skipped> {
        let ranges = match origin {
            Origin::File(path) => self.lines.get(path),
            _ => None,
        };
        let lines = ranges.map_or(Lines::All, |ranges| Lines::Some(ranges.clone()));
        Ok(vec![Place { origin: origin.clone(), lines, last: true }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_tell_new_lines() {
        let diff = b"--- a/x\n+++ b/x\n@@ -1 +1,2 @@ fn\n-a\n+b\n+c\n@@ -5,2 +6,0 @@\n-x\n@@ -9 +9 @@\n+@@ -1 +7 @@\n";
        assert_eq!(new_lines(diff), Some(vec![1..3, 9..10]));
        assert_eq!(new_lines(b"@@ -3 +4 @@ \xe9\xff\n-a\n+b\n@@ -8 +8 @@\n"), Some(vec![4..5, 8..9]));
        assert_eq!(new_lines(b""), Some(Vec::new()));
        assert_eq!(new_lines(b"diff --cc x\n@@@ -1,1 -1,1 +1,5 @@@\n++<<<<<<< HEAD\n"), None);
    }
}
