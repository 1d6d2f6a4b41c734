//! What is changed in the work tree and not staged: what `git diff` shows.

use crate::error::{Error, Skipped};
use crate::origin::{Origin, slashed};
use crate::source::introduced::{Introduced, Lines, Place};
use crate::source::repo::Repo;
use crate::source::tree::{Tree, TreeOptions};
use crate::source::{Source, Visit};
use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;

/// The changed files and their new lines.
pub struct Unstaged {
    tree: Tree,
    lines: HashMap<String, Vec<Range<u64>>>,
}

impl Unstaged {
    /// Ask git what is changed. The working directory is the top of the work tree.
    ///
    /// # Errors
    /// git cannot tell.
    pub fn open(repo: &Repo) -> Result<Unstaged, Error> {
        let trouble = |reason: String| repo.error("git diff", &reason);
        let listed = repo
            .asker()
            .run(&["diff", "--name-only", "--no-renames", "--diff-filter=d", "-z", "--relative"], &[])
            .map_err(trouble)?;
        let mut paths = Vec::new();
        let mut lines = HashMap::new();
        for name in listed.split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
            let name = String::from_utf8_lossy(name).into_owned();
            let hunks = repo
                .asker()
                .run(
                    &["diff", "-U0", "--no-ext-diff", "--no-textconv", "--no-color", "--text", "--", &name],
                    &[],
                )
                .map_err(trouble)?;
            lines.insert(name.clone(), new_lines(&hunks));
            paths.push(PathBuf::from(name));
        }
        let options = TreeOptions { ignore_files: false, ..TreeOptions::default() };
        Ok(Unstaged { tree: Tree::new(paths, options), lines })
    }

    /// True where nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// The ranges of new lines (from 1) of `@@ -a,b +c,d @@` headers.
fn new_lines(diff: &[u8]) -> Vec<Range<u64>> {
    let header = |line: &[u8]| {
        let line = std::str::from_utf8(line).ok()?.strip_prefix("@@ -")?;
        let new = line.split(" +").nth(1)?.split(' ').next()?;
        let (start, count) = new.split_once(',').unwrap_or((new, "1"));
        let (start, count) = (start.parse::<u64>().ok()?, count.parse::<u64>().ok()?);
        Some(start..start + count)
    };
    diff.split(|&byte| byte == b'\n').filter_map(header).filter(|range| !range.is_empty()).collect()
}

impl Source for Unstaged {
    fn visit<V: Visit>(&self, new: &(dyn Fn() -> V + Sync)) -> Result<Vec<V>, Error> {
        self.tree.visit(new)
    }
}

impl Introduced for Unstaged {
    fn introduced(&self, origin: &Origin) -> Result<Vec<Place>, Skipped> {
        let path = match origin {
            Origin::File(path) => slashed(path),
            other => other.to_string(),
        };
        let lines = match self.lines.get(&path) {
            Some(ranges) => Lines::Some(ranges.clone()),
            None => Lines::All,
        };
        Ok(vec![Place { origin: origin.clone(), lines, last: true }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_tell_new_lines() {
        let diff = b"--- a/x\n+++ b/x\n@@ -1 +1,2 @@ fn\n-a\n+b\n+c\n@@ -5,2 +6,0 @@\n-x\n@@ -9 +9 @@\n+@@ -1 +7 @@\n";
        assert_eq!(new_lines(diff), [1..3, 9..10]);
    }
}
