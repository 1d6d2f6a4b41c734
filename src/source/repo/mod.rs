//! A git repository as the commit gate sees it: where its parts lie, what HEAD is, and its objects.
//!
//! A hook has to be quick, so the few files that tell this are read here (`gitrepository-layout(5)`)
//! instead of opening the whole repository: no configuration is parsed and no process started. Where a
//! repository is of a kind that this does not cover (SHA-256, reftable), git itself is asked.

pub mod ask;
pub mod listing;
pub mod lookup;
pub mod objects;
pub mod rename;

use crate::error::{Error, SkipReason, Skipped};
use crate::origin::Origin;
use ask::Asker;
use objects::{Objects, Reader};
use std::fs;
use std::path::{Path, PathBuf};

pub use super::objects::ObjectId as Id;

/// Why an object could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is not in this repository.
    Absent,
    /// It is there and cannot be read: the reason in words.
    Damaged(String),
}

impl Trouble {
    /// What a report says of an input that could not be read for this reason.
    pub fn skipped(self, origin: Origin, id: &Id) -> Skipped {
        let (reason, detail) = match self {
            Trouble::Absent => (
                SkipReason::Unreadable,
                format!(
                    "object {id} is not in this clone and is not fetched by surprise; \
                     `git cat-file -e {id}` fetches it in a partial clone"
                ),
            ),
            Trouble::Damaged(reason) => (SkipReason::Corrupt, format!("object {id}: {reason}")),
        };
        Skipped { origin, reason, detail }
    }
}

/// A repository.
pub struct Repo {
    /// Its own directory: `.git`, or the one of a linked work tree.
    git_dir: PathBuf,
    /// The directory that all its work trees share.
    common_dir: PathBuf,
    /// The top of the work tree; `None` for a bare repository.
    top: Option<PathBuf>,
    /// True where the files that tell of refs are not in the form that this module reads.
    foreign_refs: bool,
    asker: Asker,
    objects: Objects,
}

impl Repo {
    /// The repository that git would use in the current directory, with what the environment of a hook
    /// says about it.
    ///
    /// # Errors
    /// Where there is none.
    pub fn here() -> Result<Repo, Error> {
        let here = std::env::current_dir().map_err(|error| Error::Input {
            what: ".".to_owned(),
            reason: format!("the current directory cannot be read: {error}"),
            remedy: "change to a directory that exists".to_owned(),
        })?;
        match path_variable("GIT_DIR") {
            Some(git_dir) => {
                let top = path_variable("GIT_WORK_TREE").map(|top| here.join(top));
                let git_dir = here.join(git_dir);
                if !git_dir.join("HEAD").exists() {
                    return Err(no_repository(&git_dir, "GIT_DIR names no repository"));
                }
                let bare = top.is_none() && is_bare(&here, &git_dir);
                Repo::at(git_dir, if bare { None } else { Some(top.unwrap_or(here)) })
            }
            None => Repo::above(&here),
        }
    }

    /// The repository that holds `directory` (absolute).
    pub(super) fn above(directory: &Path) -> Result<Repo, Error> {
        for above in directory.ancestors() {
            let dot_git = above.join(".git");
            if let Ok(about) = dot_git.metadata() {
                let git_dir = if about.is_dir() { dot_git } else { linked(&dot_git)? };
                return Repo::at(git_dir, Some(above.to_owned()));
            }
            if is_git_dir(above) {
                return Repo::at(above.to_owned(), None);
            }
        }
        Err(no_repository(directory, "is not in a git repository"))
    }

    fn at(git_dir: PathBuf, top: Option<PathBuf>) -> Result<Repo, Error> {
        let common_dir = match path_variable("GIT_COMMON_DIR") {
            Some(common) => top.as_deref().unwrap_or(&git_dir).join(common),
            None => match fs::read(git_dir.join("commondir")) {
                Ok(text) => git_dir.join(path_line(&text)),
                Err(_) => git_dir.clone(),
            },
        };
        let directory = top.as_deref().unwrap_or(&git_dir);
        let asker = Asker::new(directory, Some(&git_dir));
        let config = fs::read(common_dir.join("config")).unwrap_or_default().to_ascii_lowercase();
        let says = |word: &str| memchr::memmem::find(&config, word.as_bytes()).is_some();
        let objects = match says("objectformat") && says("sha256") {
            true => Objects::Command(asker.clone()),
            false => Objects::library(&object_directories(&common_dir), asker.clone())
                .unwrap_or_else(|_| Objects::Command(asker.clone())),
        };
        Ok(Repo { git_dir, common_dir, top, foreign_refs: says("refstorage"), asker, objects })
    }

    /// The top of the work tree.
    pub fn top(&self) -> Option<&Path> {
        self.top.as_deref()
    }

    /// The top of the work tree, or the directory of a bare repository.
    pub fn directory(&self) -> &Path {
        self.top.as_deref().unwrap_or(&self.git_dir)
    }

    /// The directory that all its work trees share.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// Asks git about this repository.
    pub fn asker(&self) -> &Asker {
        &self.asker
    }

    /// A reader of its objects for one thread.
    pub fn reader(&self) -> Reader<'_> {
        self.objects.reader()
    }

    /// Many of its objects are to be read by readers that are made from now on.
    pub fn expect_many(&self) {
        self.objects.expect_many();
    }

    /// True where the library reads the objects: SHA-1 ids, and an index in the form that goes with them.
    pub fn by_library(&self) -> bool {
        matches!(self.objects, Objects::Library { .. })
    }

    /// The index file: `GIT_INDEX_FILE` where that is set, as in `git commit -a` and `git commit -- path`.
    pub fn index_file(&self) -> PathBuf {
        match path_variable("GIT_INDEX_FILE") {
            Some(path) => self.directory().join(path),
            None => self.git_dir.join("index"),
        }
    }

    /// The commit that HEAD stands for; `None` on a branch without commits.
    ///
    /// # Errors
    /// A HEAD that cannot be read.
    pub fn head(&self) -> Result<Option<Id>, Error> {
        if !self.foreign_refs
            && let Some(id) = self.head_from_files()
        {
            return Ok(Some(id));
        }
        let answer = self.asker.maybe(&["rev-parse", "--quiet", "--verify", "HEAD^{commit}"]);
        let answer = answer.map_err(|reason| self.error("HEAD", &reason))?;
        match answer {
            None if self.branch_file_exists() => Err(self.error("HEAD", "its branch is damaged")),
            None => Ok(None),
            Some(line) => Id::parse(&line).map(Some).ok_or_else(|| self.error("HEAD", "is no commit")),
        }
    }

    /// Is there a file for the branch that HEAD is on? One that names no commit is not that of a branch
    /// without commits.
    fn branch_file_exists(&self) -> bool {
        let head = fs::read(self.git_dir.join("HEAD")).unwrap_or_default();
        let name = head.strip_prefix(b"ref: ").map(path_line);
        name.is_some_and(|name| self.common_dir.join(name).is_file())
    }

    fn head_from_files(&self) -> Option<Id> {
        let head = fs::read(self.git_dir.join("HEAD")).ok()?;
        let Some(name) = head.strip_prefix(b"ref: ") else { return Id::parse(head.trim_ascii()) };
        let name = std::str::from_utf8(name.trim_ascii()).ok()?;
        if !name.starts_with("refs/heads/") || name.contains("..") {
            return None;
        }
        match fs::read(self.common_dir.join(name)) {
            Ok(text) => Id::parse(text.trim_ascii()),
            Err(_) => {
                let packed = fs::read(self.common_dir.join("packed-refs")).ok()?;
                let line_end = format!(" {name}\n");
                let at = memchr::memmem::find(&packed, line_end.as_bytes())?;
                let start = memchr::memrchr(b'\n', &packed[..at]).map_or(0, |found| found + 1);
                Id::parse(&packed[start..at])
            }
        }
    }

    /// The commits that a merge in progress will have as parents beside HEAD.
    pub fn merge_heads(&self) -> Vec<Id> {
        let text = fs::read(self.git_dir.join("MERGE_HEAD")).unwrap_or_default();
        text.split(|&byte| byte == b'\n').filter_map(|line| Id::parse(line.trim_ascii())).collect()
    }

    /// True where history was cut off when this repository was cloned or fetched.
    pub fn is_shallow(&self) -> bool {
        self.common_dir.join("shallow").exists()
    }

    /// An error about a part of this repository.
    pub fn error(&self, what: &str, reason: &str) -> Error {
        Error::Git {
            what: what.to_owned(),
            reason: reason.to_owned(),
            remedy: format!("see what `git -C {} status` and `git fsck` say", self.directory().display()),
        }
    }
}

fn no_repository(path: &Path, reason: &str) -> Error {
    Error::Git {
        what: path.display().to_string(),
        reason: reason.to_owned(),
        remedy: "run this in a repository, or scan files with `sekisho scan PATH`".to_owned(),
    }
}

fn path_variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// A directory with what every repository has (`gitrepository-layout(5)`).
fn is_git_dir(path: &Path) -> bool {
    path.join("HEAD").is_file() && path.join("objects").is_dir() && path.join("refs").is_dir()
}

/// Server-side hooks run inside of their repository, other hooks at the top of the work tree.
fn is_bare(here: &Path, git_dir: &Path) -> bool {
    match (here.canonicalize(), git_dir.canonicalize()) {
        (Ok(here), Ok(git_dir)) => here == git_dir,
        _ => false,
    }
}

/// The directory that a `.git` file names, as in linked work trees and submodules.
fn linked(file: &Path) -> Result<PathBuf, Error> {
    let text = fs::read(file).map_err(|error| no_repository(file, &format!("cannot be read: {error}")))?;
    let Some(target) = text.strip_prefix(b"gitdir: ") else {
        return Err(no_repository(file, "is neither a directory nor a link to one"));
    };
    let git_dir = file.parent().unwrap_or(Path::new("")).join(path_line(target));
    match git_dir.join("HEAD").exists() {
        true => Ok(git_dir),
        false => Err(no_repository(file, &format!("leads to {}, which is gone", git_dir.display()))),
    }
}

/// A path in a file of its own, up to the end of the line.
fn path_line(text: &[u8]) -> PathBuf {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    super::roots::bytes_to_path(text).unwrap_or(Path::new("")).to_owned()
}

/// Where objects are: those of the environment (a server's hook sees new objects in a directory of
/// quarantine, `git-receive-pack(1)`), then the repository's own.
fn object_directories(common_dir: &Path) -> Vec<PathBuf> {
    let mut directories: Vec<PathBuf> = path_variable("GIT_OBJECT_DIRECTORY").into_iter().collect();
    if directories.is_empty() {
        directories.push(common_dir.join("objects"));
    }
    if let Some(list) = std::env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES") {
        directories.extend(std::env::split_paths(&list));
    }
    directories.extend(path_variable("GIT_QUARANTINE_PATH"));
    directories.retain(|directory| directory.is_dir());
    directories
}
