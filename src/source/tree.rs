//! Files and directories on disk.

use super::read::{self, Reader, Trouble, gone, is_pipe, kind_trouble, threads};
use super::roots::{Place, Plan, Roots};
use super::{Source, Visit, WHOLE_LIMIT};
use crate::error::{Error, SkipReason, Skipped};
use crate::origin::Origin;
use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkParallel, WalkState};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// How to walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeOptions {
    /// Leave out what `.gitignore` (inside a git work tree), `.ignore`, `.git/info/exclude` and the
    /// user's global git excludes name. What the user named is read all the same.
    pub ignore_files: bool,
    /// How many threads read; 0 is one for each core.
    pub threads: usize,
    /// Follow symbolic links that lead out of the tree. What they lead to is read once, under the
    /// name of the first such link in the order of names.
    pub follow: bool,
    /// Files larger than this (bytes, at most 1 GiB) are handed over as streams. Each thread keeps a
    /// buffer of this size.
    pub max_whole: u64,
}

impl Default for TreeOptions {
    fn default() -> TreeOptions {
        TreeOptions { ignore_files: true, threads: 0, follow: false, max_whole: WHOLE_LIMIT }
    }
}

/// A source of the files at and below some paths, [`Origin::File`].
///
/// Hidden files belong to it; what is inside `.git` never does, unless the user named it. A symbolic
/// link in the tree is not followed: what it leads to inside the tree is read under its own name, and
/// a link that leads elsewhere is skipped as [`SkipReason::Symlink`]. A link that the user named is
/// followed; a pipe or character device that the user named is read to its end. However paths overlap, each file is read once.
#[derive(Clone, Debug)]
pub struct Tree {
    paths: Vec<PathBuf>,
    options: TreeOptions,
}

impl Tree {
    /// The files at and below `paths`, relative to the current directory.
    pub fn new(paths: Vec<PathBuf>, options: TreeOptions) -> Tree {
        Tree { paths, options }
    }

    /// The paths as the walk wants them, or why there is nothing to walk.
    fn named(&self) -> Result<Vec<PathBuf>, Error> {
        if self.paths.is_empty() {
            return Err(nothing_named());
        }
        self.paths.iter().map(|path| present(path)).collect()
    }

    fn walk(&self, plan: Plan) -> Option<WalkParallel> {
        let (first, rest) = plan.roots.split_first()?;
        let mut builder = WalkBuilder::new(first);
        rest.iter().for_each(|root| {
            builder.add(root);
        });
        configure(&mut builder, &self.options);
        let excluded = plan.excluded;
        builder.filter_entry(move |entry| {
            entry.file_name() != ".git"
                && (excluded.is_empty() || !excluded.contains(entry.path().as_os_str()))
        });
        Some(builder.build_parallel())
    }
}

/// How every walk of a tree goes.
pub(super) fn configure(builder: &mut WalkBuilder, options: &TreeOptions) {
    let honour = options.ignore_files;
    builder.hidden(false).follow_links(false).threads(threads(options.threads));
    builder.parents(honour).ignore(honour);
    builder.git_ignore(honour).git_global(honour).git_exclude(honour);
}

impl Source for Tree {
    fn roots(&self) -> &[PathBuf] {
        &self.paths
    }

    fn visit<V: Visit>(&self, new: &(dyn Fn() -> V + Sync)) -> Result<Vec<V>, Error> {
        let mut round = self.named()?;
        let mut roots = Roots::default();
        let mut visitors = Vec::new();
        // The first round walks what was named. Where links are followed, each further round walks
        // what the links met in the last one lead to.
        loop {
            let Some(walk) = self.walk(roots.add(round)) else { break };
            let mut crew = Crew {
                new,
                roots: &roots,
                options: self.options,
                visitors: &Mutex::new(visitors),
                links: &Mutex::new(Vec::new()),
            };
            walk.visit(&mut crew);
            let links = std::mem::take(&mut *lock(crew.links));
            visitors = std::mem::take(&mut *lock(crew.visitors));
            round = links;
            round.sort();
        }
        Ok(visitors)
    }
}

/// That no path was given: scanning nothing would look like a clean result.
pub(super) fn nothing_named() -> Error {
    Error::Input {
        what: "paths".to_owned(),
        reason: "no file or directory was named".to_owned(),
        remedy: "name at least one; `.` is the current directory".to_owned(),
    }
}

/// The path in a form that the walk does not take for standard input, or why it cannot be walked.
fn present(path: &Path) -> Result<PathBuf, Error> {
    match path.metadata() {
        Err(error) if gone(&error) => Err(absent(path)),
        _ if path == Path::new("-") => Ok(Path::new(".").join(path)),
        _ => Ok(path.to_owned()),
    }
}

/// That there is nothing under a path that the user gave.
pub(super) fn absent(path: &Path) -> Error {
    let (reason, remedy) = match path.symlink_metadata() {
        Ok(_) => ("is a symbolic link that leads nowhere", "mend the link or leave it out"),
        Err(_) => ("there is no such file or directory", "check the spelling and the current directory"),
    };
    Error::Input { what: path.display().to_string(), reason: reason.to_owned(), remedy: remedy.to_owned() }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the threads of one round share.
struct Crew<'a, V> {
    new: &'a (dyn Fn() -> V + Sync),
    roots: &'a Roots,
    options: TreeOptions,
    /// Visitors that no thread is using.
    visitors: &'a Mutex<Vec<V>>,
    /// Links to follow in the next round.
    links: &'a Mutex<Vec<PathBuf>>,
}

impl<V> Clone for Crew<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Crew<'_, V> {}

impl<'a, V: Visit> ParallelVisitorBuilder<'a> for Crew<'a, V> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 'a> {
        Box::new(Worker { crew: *self, tools: None })
    }
}

/// One thread of the walk.
struct Worker<'a, V: Visit> {
    crew: Crew<'a, V>,
    /// Made when the first file comes: the walk builds one worker more than it has threads.
    tools: Option<(V, Reader)>,
}

impl<V: Visit> Worker<'_, V> {
    fn tools(&mut self) -> &mut (V, Reader) {
        let crew = self.crew;
        self.tools.get_or_insert_with(|| {
            let idle = lock(crew.visitors).pop();
            (idle.unwrap_or_else(crew.new), Reader::new(crew.options.max_whole))
        })
    }

    fn skip(&mut self, path: PathBuf, reason: SkipReason, detail: String) {
        self.tools().0.skip(Skipped { origin: Origin::File(path), reason, detail });
    }

    fn entry(&mut self, entry: DirEntry) {
        let Some(kind) = entry.file_type() else { return };
        if kind.is_dir() {
            return;
        }
        // Only what the user named (or a link that is followed) stands at the top of a walk.
        let follow = entry.depth() == 0;
        let path = entry.into_path();
        let result = if follow && is_pipe(&path) {
            // `sekisho scan <(command)`: a pipe or terminal that was named is meant to be read.
            let (visitor, _) = self.tools();
            read::pipe(path, visitor)
        } else if kind.is_file() {
            let (visitor, reader) = self.tools();
            reader.file(path, follow, visitor)
        } else {
            Err((path, kind_trouble(kind)))
        };
        match result {
            Ok(()) => {}
            Err((path, Trouble::Special(what))) if follow => {
                // Beside the way it is of no interest; where the user named it, it was to be read.
                self.skip(path, SkipReason::Unreadable, format!("is {what}"));
            }
            Err((path, trouble)) => self.trouble(path, trouble),
        }
    }

    fn trouble(&mut self, path: PathBuf, trouble: Trouble) {
        match trouble {
            Trouble::Link => self.link(path),
            Trouble::Gone => self.skip(path, SkipReason::Vanished, "gone when opened".to_owned()),
            Trouble::Directory => {
                let detail = "became a directory after it was listed".to_owned();
                self.skip(path, SkipReason::Vanished, detail);
            }
            Trouble::Special(what) => self.skip(path, SkipReason::Special, what.to_owned()),
            Trouble::Failed(error) => self.skip(path, SkipReason::Unreadable, error.to_string()),
        }
    }

    /// A symbolic link: of interest only where it leads out of what is walked.
    fn link(&mut self, path: PathBuf) {
        let Ok(target) = path.canonicalize() else {
            return self.skip(path, SkipReason::Symlink, "leads nowhere".to_owned());
        };
        match self.crew.roots.place(&target) {
            Place::Inside => {}
            Place::Outside if self.crew.options.follow => lock(self.crew.links).push(path),
            Place::Outside => {
                let detail = format!("leads out of the tree, to {}", target.display());
                self.skip(path, SkipReason::Symlink, detail);
            }
            Place::Internal => {
                self.skip(path, SkipReason::Symlink, "leads to git's own files".to_owned());
            }
        }
    }

    /// Trouble with a directory. Trouble with an ignore file (a pattern that makes no sense, say) is
    /// none: it leaves fewer files out.
    fn failed(&mut self, error: ignore::Error) {
        let (Some(_), Some(path)) = (error.depth(), error_path(&error)) else { return };
        let path = path.to_owned();
        let (reason, detail) = match error.io_error() {
            Some(cause) if gone(cause) => (SkipReason::Vanished, "gone when opened".to_owned()),
            Some(cause) if cause.kind() == ErrorKind::PermissionDenied => {
                (SkipReason::Unreadable, cause.to_string())
            }
            _ => (SkipReason::Unreadable, error.to_string()),
        };
        self.skip(path, reason, detail);
    }
}

impl<V: Visit> ParallelVisitor for Worker<'_, V> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        match entry {
            Ok(entry) => self.entry(entry),
            Err(error) => self.failed(error),
        }
        WalkState::Continue
    }
}

impl<V: Visit> Drop for Worker<'_, V> {
    fn drop(&mut self) {
        if let Some((visitor, _)) = self.tools.take() {
            lock(self.crew.visitors).push(visitor);
        }
    }
}

/// The path that an error of the walk is about.
fn error_path(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } => error_path(err),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
