//! The files of a work tree that git tracks.

use super::crew::share;
use super::objects::ObjectId;
use super::read::{Reader, Trouble, gone};
use super::roots::bytes_to_path;
use super::tree::{absent, nothing_named};
use super::{Source, Visit, WHOLE_LIMIT};
use crate::error::{Error, SkipReason, Skipped};
use crate::origin::Origin;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The kind bits of a file's mode, as git's index stores it (gitformat-index).
const KIND: u32 = 0o170000;
/// The kind of a symbolic link.
const LINK: u32 = 0o120000;
/// The kind of a submodule.
const SUBMODULE: u32 = 0o160000;

/// How to read tracked files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackedOptions {
    /// How many threads read; 0 is one for each core.
    pub threads: usize,
    /// Files larger than this (bytes, at most 1 GiB) are handed over as streams.
    pub max_whole: u64,
}

impl Default for TrackedOptions {
    fn default() -> TrackedOptions {
        TrackedOptions { threads: 0, max_whole: WHOLE_LIMIT }
    }
}

/// A source of the files at and below some paths that git's index names, as they stand in the work
/// tree, [`Origin::File`].
///
/// The content of a symbolic link is the path in it, as for git. Files deleted from the work tree are
/// not there, submodules belong to another repository, and untracked files are left out, also where
/// they were named: all of that is silent.
#[derive(Clone, Debug)]
pub struct Tracked {
    paths: Vec<PathBuf>,
    options: TrackedOptions,
}

impl Tracked {
    /// The tracked files at and below `paths`, relative to the current directory.
    pub fn new(paths: Vec<PathBuf>, options: TrackedOptions) -> Tracked {
        Tracked { paths, options }
    }

    /// What to read, in the order of repositories and then of their indexes.
    fn files(&self) -> Result<Vec<File>, Error> {
        if self.paths.is_empty() {
            return Err(nothing_named());
        }
        let mut files = Vec::new();
        for (top, named) in by_repository(&self.paths)? {
            let index = read_index(&top)?;
            let mut wanted = Wanted::new(&index.top, named)?;
            let mut last: &[u8] = b"";
            for entry in &index.entries {
                // A file in conflict stands there once for each side.
                if entry.mode & KIND == SUBMODULE || entry.path == last {
                    continue;
                }
                last = &entry.path;
                if let Some(path) = wanted.path(&entry.path)? {
                    files.push(File { path, link: entry.mode & KIND == LINK });
                }
            }
            wanted.all_there()?;
        }
        Ok(files)
    }
}

impl Source for Tracked {
    fn roots(&self) -> &[PathBuf] {
        &self.paths
    }

    fn visit<V: Visit>(&self, new: &(dyn Fn() -> V + Sync)) -> Result<Vec<V>, Error> {
        let files = self.files()?;
        let start = || (new(), Reader::new(self.options.max_whole));
        let crew = share(&files, self.options.threads, start, |(visitor, reader), file| {
            hand_over(file, reader, visitor);
        });
        Ok(crew.into_iter().map(|(visitor, _)| visitor).collect())
    }
}

/// One tracked file.
struct File {
    /// As the user would type it.
    path: PathBuf,
    /// True where git tracks a symbolic link.
    link: bool,
}

fn hand_over<V: Visit>(file: &File, reader: &mut Reader, visitor: &mut V) {
    if file.link && link_text(&file.path, visitor).is_ok() {
        return;
    }
    // Where the system has no links, git writes a file with the path in it.
    let Err((path, trouble)) = reader.file(file.path.clone(), false, visitor) else { return };
    let (reason, detail) = match trouble {
        Trouble::Gone | Trouble::Directory => return,
        Trouble::Special(what) => (SkipReason::Special, what.to_owned()),
        Trouble::Failed(error) => (SkipReason::Unreadable, error.to_string()),
        Trouble::Link => match link_text(&path, visitor) {
            Ok(()) => return,
            Err(error) if gone(&error) => return,
            Err(error) => (SkipReason::Unreadable, error.to_string()),
        },
    };
    visitor.skip(Skipped { origin: Origin::File(path), reason, detail });
}

/// Hand over the path that a symbolic link holds.
fn link_text<V: Visit>(path: &Path, visitor: &mut V) -> io::Result<()> {
    let target = path.read_link()?;
    visitor.blob(Origin::File(path.to_owned()), target.as_os_str().as_encoded_bytes());
    Ok(())
}

/// A path that the user gave.
struct Named {
    /// As given.
    shown: PathBuf,
    /// Without links in its directory part.
    real: PathBuf,
    /// False where nothing stands there: then it has to be a tracked file that was deleted.
    there: bool,
}

/// Sort the named paths by the work tree that they lie in, told by its top directory.
fn by_repository(paths: &[PathBuf]) -> Result<BTreeMap<PathBuf, Vec<Named>>, Error> {
    let mut groups: BTreeMap<PathBuf, Vec<Named>> = BTreeMap::new();
    for shown in paths {
        let there = shown.symlink_metadata().is_ok();
        let real = real(shown).ok_or_else(|| absent(shown))?;
        // A link to a directory is followed, a link to a file is content.
        let real = if shown.is_dir() { real.canonicalize().unwrap_or(real) } else { real };
        let top = real
            .ancestors()
            .find(|above| above.join(".git").symlink_metadata().is_ok())
            .ok_or_else(|| if there { outside(shown) } else { absent(shown) })?;
        let named = Named { shown: shown.clone(), real: real.clone(), there };
        groups.entry(top.to_owned()).or_default().push(named);
    }
    Ok(groups)
}

/// The path with the links in its directory part resolved, as far as directories stand there.
fn real(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let (Some(name), Some(parent)) = (path.file_name(), path.parent()) else {
        return path.canonicalize().ok();
    };
    let parent = parent.canonicalize().ok().or_else(|| real(parent))?;
    Some(parent.join(name))
}

fn outside(path: &Path) -> Error {
    Error::Git {
        what: path.display().to_string(),
        reason: "is not in a work tree of git".to_owned(),
        remedy: "name a path in a work tree, or scan without --tracked".to_owned(),
    }
}

/// Which entries of an index the user wants, and how they are called.
struct Wanted {
    /// What the user gave, by path in the repository (empty for all of it).
    named: HashMap<Vec<u8>, Named>,
    /// Named paths at or below which an entry was found.
    met: HashSet<Vec<u8>>,
}

impl Wanted {
    fn new(top: &Path, paths: Vec<Named>) -> Result<Wanted, Error> {
        let mut named = HashMap::new();
        for path in paths {
            let Ok(inside) = path.real.strip_prefix(top) else { return Err(outside(&path.shown)) };
            named.entry(path_to_bytes(inside)).or_insert(path);
        }
        Ok(Wanted { named, met: HashSet::new() })
    }

    /// The path of an entry as the user would type it, where it was asked for.
    fn path(&mut self, entry: &[u8]) -> Result<Option<PathBuf>, Error> {
        let mut end = entry.len();
        loop {
            if let Some((key, named)) = self.named.get_key_value(&entry[..end]) {
                if !named.there && !self.met.contains(key) {
                    self.met.insert(key.clone());
                }
                let rest = &entry[end..];
                let rest = rest.strip_prefix(b"/").unwrap_or(rest);
                if rest.is_empty() {
                    return Ok(Some(named.shown.clone()));
                }
                let Some(rest) = bytes_to_path(rest) else { return Err(unusable_name(entry)) };
                return Ok(Some(named.shown.join(rest)));
            }
            if end == 0 {
                return Ok(None);
            }
            end = memchr::memrchr(b'/', &entry[..end]).unwrap_or(0);
        }
    }

    /// An error where a named path neither stands in the work tree nor is tracked.
    fn all_there(&self) -> Result<(), Error> {
        let missing = self.named.iter().filter(|(key, named)| !named.there && !self.met.contains(*key));
        match missing.map(|(_, named)| &named.shown).min() {
            Some(path) => Err(absent(path)),
            None => Ok(()),
        }
    }
}

fn unusable_name(entry: &[u8]) -> Error {
    Error::Git {
        what: String::from_utf8_lossy(entry).into_owned(),
        reason: "this system cannot have a file of that name".to_owned(),
        remedy: "rename the file, or name the other paths to scan".to_owned(),
    }
}

/// A path as git stores it: with forward slashes.
fn path_to_bytes(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if cfg!(windows) {
        return bytes.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect();
    }
    bytes.to_vec()
}

/// What an index says.
#[derive(Debug, PartialEq, Eq)]
struct Index {
    /// The top of the work tree, without links in it.
    top: PathBuf,
    /// The entries, sorted by path.
    entries: Vec<Entry>,
}

/// One entry of an index.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    mode: u32,
    path: Vec<u8>,
}

/// The index of the repository whose work tree has its top at `top`. Where the library cannot open
/// the repository (SHA-256, reftable, a split or sparse index), git itself is asked.
fn read_index(top: &Path) -> Result<Index, Error> {
    index_by_library(top).or_else(|error| {
        index_by_command(top).map_err(|reason| Error::Git {
            what: top.display().to_string(),
            reason: format!("the index cannot be read: {}; and git itself said: {reason}", error.message()),
            remedy: "try `git ls-files` there; or scan without --tracked".to_owned(),
        })
    })
}

fn index_by_library(top: &Path) -> Result<Index, git2::Error> {
    let repository = git2::Repository::open(top)?;
    let work = repository.workdir().ok_or_else(|| git2::Error::from_str("there is no work tree"))?;
    let work = work.canonicalize().map_err(|error| git2::Error::from_str(&error.to_string()))?;
    let index = repository.index()?;
    let entries = index.iter().map(|entry| Entry { mode: entry.mode, path: entry.path }).collect();
    Ok(Index { top: work, entries })
}

fn index_by_command(top: &Path) -> Result<Index, String> {
    let shown = run_git(top, &["rev-parse", "--show-toplevel"])?;
    let shown = shown.strip_suffix(b"\n").unwrap_or(&shown);
    let work = bytes_to_path(shown).ok_or("the work tree's name is not UTF-8")?;
    let work = work.canonicalize().map_err(|error| error.to_string())?;
    let listing = run_git(&work, &["ls-files", "-z", "--stage", "--full-name"])?;
    let lines = listing.split(|&byte| byte == 0).filter(|line| !line.is_empty());
    let entries: Option<Vec<Entry>> = lines.map(parse_stage_line).collect();
    Ok(Index { top: work, entries: entries.ok_or("its listing is not in the form that git documents")? })
}

/// One record of `git ls-files --stage -z`: `mode object stage<tab>path`.
fn parse_stage_line(line: &[u8]) -> Option<Entry> {
    let tab = memchr::memchr(b'\t', line)?;
    let mode = line[..tab].split(|&byte| byte == b' ').next()?;
    let mode = u32::from_str_radix(std::str::from_utf8(mode).ok()?, 8).ok()?;
    Some(Entry { mode, path: line[tab + 1..].to_vec() })
}

/// The id of the commit that a revision (`main`, `HEAD~3`, `1234abcd`) names in the repository that holds
/// `start`; the reason where there is none. Where the library cannot open the repository, git is asked.
pub(super) fn resolve(start: &Path, revision: &str) -> Result<ObjectId, String> {
    let by_library = || {
        let repository = git2::Repository::discover(start).ok()?;
        let commit = repository.revparse_single(revision).ok()?.peel_to_commit().ok()?;
        ObjectId::from_bytes(commit.id().as_bytes())
    };
    if let Some(id) = by_library() {
        return Ok(id);
    }
    let directory = if start.is_dir() { start } else { start.parent().unwrap_or(start) };
    let revision = format!("{revision}^{{commit}}");
    let output = run_git(directory, &["rev-parse", "--verify", "--end-of-options", &revision])?;
    let digits = String::from_utf8_lossy(&output);
    ObjectId::parse(digits.trim().as_bytes()).ok_or_else(|| "git answered with no id".to_owned())
}

/// Run git in `directory` and return what it wrote, or its complaint. Its environment is cleaned of
/// what a hook sets, so that the same repository is meant as with the library, and nothing that the
/// repository configures is run.
fn run_git(directory: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let mut command = Command::new("git");
    command.args(["-c", "core.fsmonitor=false"]).args(arguments).current_dir(directory);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"] {
        command.env_remove(name);
    }
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| format!("cannot start git: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(match complaint.trim() {
        "" => format!("git ended with {}", output.status),
        complaint => complaint.to_owned(),
    })
}

#[cfg(test)]
mod tests;
