//! Why a walk of a tree leaves a file out: asks the walk itself, then names the line that says so.

use super::tree::{TreeOptions, configure};
use ignore::WalkBuilder;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::path::{Path, PathBuf};

/// Why a file is not read unless it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// It is one of git's own files.
    GitsOwn,
    /// A pattern in an ignore file names it, or a directory that it is in.
    Pattern {
        /// The file with the pattern.
        file: PathBuf,
        /// Its line, from 1; 0 where it cannot be told.
        line: u64,
        /// The pattern as it is written.
        pattern: String,
    },
    /// The walk does not come to it, and no pattern was found that says why.
    Unknown,
}

/// Why a scan of `top` (both absolute) leaves out the file at `path`; `None` where it reads it.
pub fn why(top: &Path, path: &Path) -> Option<LeftOut> {
    let below = path.strip_prefix(top).ok()?;
    if below.components().any(|part| part.as_os_str() == ".git") {
        return Some(LeftOut::GitsOwn);
    }
    if comes_to(top, path) {
        return None;
    }
    Some(pattern(top, path).unwrap_or(LeftOut::Unknown))
}

/// Does the walk of `top` come to `path`? Only directories on the way are read.
fn comes_to(top: &Path, path: &Path) -> bool {
    let mut builder = WalkBuilder::new(top);
    configure(&mut builder, &TreeOptions::default());
    let wanted = path.to_owned();
    builder.filter_entry(move |entry| wanted.starts_with(entry.path()));
    builder.build().flatten().any(|entry| entry.path() == path)
}

/// The pattern that leaves `path` out: that of the outermost directory which one names; of several files
/// the last word has the one that stands deepest, and `.ignore` before `.gitignore`.
fn pattern(top: &Path, path: &Path) -> Option<LeftOut> {
    let mut ways: Vec<&Path> = path.ancestors().take_while(|above| *above != top).collect();
    ways.reverse();
    ways.into_iter().find_map(|way| {
        let is_dir = way != path || way.is_dir();
        let found = files_for(top, way).into_iter().find_map(|list| {
            let found = list.matched(way, is_dir);
            found
                .inner()
                .map(|glob| (found.is_ignore(), glob.from().map(Path::to_owned), glob.original().to_owned()))
        });
        let (true, file, pattern) = found? else { return None };
        let file = file?;
        let line = line_of(&file, &pattern);
        Some(LeftOut::Pattern { file, line, pattern })
    })
}

/// The lists of patterns that may speak of `way`, the one with the last word first.
fn files_for(top: &Path, way: &Path) -> Vec<Gitignore> {
    let above: Vec<&Path> =
        way.ancestors().skip(1).take_while(|directory| directory.starts_with(top)).collect();
    let mut lists = Vec::new();
    for name in [".ignore", ".gitignore"] {
        lists.extend(above.iter().filter_map(|directory| list(directory, &directory.join(name))));
    }
    lists.extend(list(top, &top.join(".git").join("info").join("exclude")));
    let (global, _) = GitignoreBuilder::new(top).build_global();
    lists.push(global);
    lists
}

fn list(root: &Path, file: &Path) -> Option<Gitignore> {
    if !file.is_file() {
        return None;
    }
    let mut builder = GitignoreBuilder::new(root);
    // Lines that make no sense are left out, as the walk does.
    let _ = builder.add(file);
    builder.build().ok()
}

/// The last line that holds just this pattern.
fn line_of(file: &Path, pattern: &str) -> u64 {
    let text = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let at = text.lines().enumerate().filter(|(_, line)| line.trim_end() == pattern.trim_end()).last();
    at.map_or(0, |(index, _)| index as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        fs::create_dir(top.join(".git")).unwrap();
        for (name, text) in files {
            let path = top.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        (folder, top)
    }

    #[test]
    fn the_line_that_leaves_a_file_out_is_named() {
        let (_folder, top) = tree(&[
            (".gitignore", "# built\n*.log\n/build/\n"),
            ("sub/.gitignore", "!kept.log\nlocal.*\n"),
            ("a.log", ""),
            ("a.txt", ""),
            ("build/deep/x.txt", ""),
            ("sub/kept.log", ""),
            ("sub/local.env", ""),
            (".git/config", ""),
        ]);
        let told = |name: &str| match why(&top, &top.join(name)) {
            Some(LeftOut::Pattern { file, line, pattern }) => {
                format!("{}:{line}:{pattern}", file.strip_prefix(&top).unwrap().display())
            }
            other => format!("{other:?}"),
        };
        assert_eq!(told("a.log"), ".gitignore:2:*.log");
        assert_eq!(told("a.txt"), "None");
        assert_eq!(told("build/deep/x.txt"), ".gitignore:3:/build/");
        assert_eq!(told("sub/kept.log"), "None");
        assert_eq!(told("sub/local.env"), "sub/.gitignore:2:local.*");
        assert_eq!(told(".git/config"), "Some(GitsOwn)");
    }
}
