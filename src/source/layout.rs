//! Where a repository keeps what (`gitrepository-layout`), read from its files: no configuration of
//! the user has a say, and repositories of every format are understood.

use crate::error::{Error, SkipReason, Skipped};
use crate::origin::{Origin, RepositoryPart};
use bstr::{BString, ByteSlice};
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

/// The places of one repository.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The git directory of the work tree that was named: for a linked work tree one below `worktrees`.
    pub git_dir: PathBuf,
    /// The git directory that all work trees share.
    pub common: PathBuf,
    /// Directories of objects: its own first, then those of alternates.
    pub objects: Vec<PathBuf>,
    /// Bytes of an object id: 20 or 32.
    pub digest: usize,
    /// Objects may be missing, as they were promised by a remote (partial clone).
    pub partial: bool,
    /// Refs are kept in tables that only git reads.
    pub reftable: bool,
    /// What names of this repository's parts begin with: empty, or `modules/NAME/`.
    pub prefix: BString,
    /// What could not be read of the above.
    pub trouble: Vec<Skipped>,
}

/// Nothing links to more alternates than this.
const ALTERNATES: usize = 1000;

impl Layout {
    /// The repository at `path`, or the one that `path` lies in.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn find(path: &Path) -> Result<Layout, Error> {
        let fail = |reason: String| Error::Git {
            what: path.display().to_string(),
            reason,
            remedy: "name a git repository: a work tree, a bare repository or a .git directory".to_owned(),
        };
        let start = std::fs::canonicalize(path).map_err(|error| fail(error.to_string()))?;
        for above in start.ancestors() {
            let inner = above.join(".git");
            let found = match std::fs::metadata(&inner) {
                Ok(about) if about.is_file() => {
                    Some(linked(&inner).map_err(|error| fail(format!("{}: {error}", inner.display())))?)
                }
                Ok(_) if is_git_dir(&inner) => Some(inner),
                _ => is_git_dir(above).then(|| above.to_owned()),
            };
            if let Some(git_dir) = found {
                return Ok(Layout::of(git_dir, BString::default()));
            }
        }
        Err(fail("this is no git repository, nor is anything above it".to_owned()))
    }

    fn of(git_dir: PathBuf, prefix: BString) -> Layout {
        let common = match std::fs::read(git_dir.join("commondir")) {
            Ok(text) => git_dir.join(bytes_path(text.trim_ascii())),
            Err(_) => git_dir.clone(),
        };
        let common = std::fs::canonicalize(&common).unwrap_or(common);
        let config = std::fs::read(common.join("config")).unwrap_or_default();
        let lower = |key: &str| setting(&config, key).map(|value| value.to_ascii_lowercase());
        let digest = if lower("extensions.objectformat").as_deref() == Some(b"sha256") { 32 } else { 20 };
        let partial = lower("extensions.partialclone").is_some() || has_promisor(&common);
        let reftable = lower("extensions.refstorage").is_some_and(|value| value.starts_with(b"reftable"));
        let mut layout = Layout {
            objects: vec![common.join("objects")],
            git_dir,
            common,
            digest,
            partial,
            reftable,
            prefix,
            trouble: Vec::new(),
        };
        layout.alternates();
        layout
    }

    /// Only objects, with ids of 20 bytes: those of these directories and of their alternates.
    pub fn of_objects(directories: Vec<PathBuf>) -> Layout {
        let mut layout = Layout {
            git_dir: PathBuf::new(),
            common: PathBuf::new(),
            objects: directories,
            digest: 20,
            partial: false,
            reftable: false,
            prefix: BString::default(),
            trouble: Vec::new(),
        };
        layout.alternates();
        layout
    }

    /// Follow `objects/info/alternates`; one that leads back is not followed again.
    fn alternates(&mut self) {
        let mut seen: HashSet<PathBuf> = HashSet::new();
        seen.extend(self.objects.iter().filter_map(|directory| directory.canonicalize().ok()));
        let mut at = 0;
        while at < self.objects.len() && self.objects.len() < ALTERNATES {
            let directory = self.objects[at].clone();
            at += 1;
            let text = match std::fs::read(directory.join("info/alternates")) {
                Ok(text) => text,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    self.skip(b"objects/info/alternates", SkipReason::Unreadable, error.to_string());
                    continue;
                }
            };
            for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with(b"#")) {
                let line = unquoted(line);
                let other = directory.join(bytes_path(&line));
                match other.canonicalize() {
                    Ok(whole) if !whole.is_dir() => {
                        let detail = format!("{} is no directory", other.display());
                        self.skip(b"objects/info/alternates", SkipReason::Unreadable, detail);
                    }
                    Ok(whole) if seen.insert(whole.clone()) => self.objects.push(whole),
                    Ok(_) => {}
                    Err(error) => {
                        let detail = format!("{}: {error}", other.display());
                        self.skip(b"objects/info/alternates", SkipReason::Unreadable, detail);
                    }
                }
            }
        }
    }

    fn skip(&mut self, name: &[u8], reason: SkipReason, detail: String) {
        let origin = self.part(RepositoryPart::File, name);
        self.trouble.push(Skipped { origin, reason, detail });
    }

    /// Names a part of this repository.
    pub fn part(&self, part: RepositoryPart, name: &[u8]) -> Origin {
        Origin::Repository { part, name: [&self.prefix[..], name].concat().into() }
    }

    /// The git directories of the work trees: the shared one first, then those of linked work trees.
    pub fn work_trees(&self) -> Vec<PathBuf> {
        let mut all = vec![self.common.clone()];
        all.extend(directories(&self.common.join("worktrees")));
        all
    }

    /// This repository and those of its submodules whose git directories lie in it, at any depth.
    pub fn with_submodules(self) -> Vec<Layout> {
        let mut found = Vec::new();
        let mut places = vec![self.common.join("modules")];
        places
            .extend(directories(&self.common.join("worktrees")).into_iter().map(|tree| tree.join("modules")));
        let top = self.common.clone();
        let mut seen: HashSet<PathBuf> = HashSet::from([top.clone()]);
        while let Some(place) = places.pop() {
            for directory in directories(&place) {
                if is_git_dir(&directory) {
                    let below = directory.strip_prefix(&top).unwrap_or(&directory);
                    let prefix = [path_bytes(below), b"/"].concat().into();
                    let layout = Layout::of(directory.clone(), prefix);
                    if seen.insert(layout.common.clone()) {
                        found.push(layout);
                    }
                    places.push(directory.join("modules"));
                } else {
                    // The name of a submodule may have several parts.
                    places.push(directory);
                }
            }
        }
        found.sort_by(|one, other| one.prefix.cmp(&other.prefix));
        found.insert(0, self);
        found
    }
}

/// Directories in a directory, sorted; links are not followed.
fn directories(place: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
    let directories = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut all: Vec<PathBuf> = directories.map(|entry| entry.path()).collect();
    all.sort();
    all
}

/// Does git take this directory for a git directory?
fn is_git_dir(path: &Path) -> bool {
    std::fs::symlink_metadata(path.join("HEAD")).is_ok()
        && (path.join("commondir").is_file() || path.join("objects").is_dir())
}

/// The git directory that a `.git` file names.
fn linked(file: &Path) -> io::Result<PathBuf> {
    let text = std::fs::read(file)?;
    let named = text.strip_prefix(b"gitdir:").map(|rest| rest.trim_ascii());
    let named = named.ok_or_else(|| io::Error::other("it does not tell a git directory"))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let path = folder.join(bytes_path(named)).canonicalize()?;
    if is_git_dir(&path) { Ok(path) } else { Err(io::Error::other("it names no git directory")) }
}

/// True where a pack came from a remote that promised what it did not send.
fn has_promisor(common: &Path) -> bool {
    let entries = std::fs::read_dir(common.join("objects/pack")).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.path().extension().is_some_and(|ending| ending == "promisor"))
}

/// The last value of a setting `section.name` in a configuration file. Sub-sections and included files
/// are of no meaning to the settings asked for here.
fn setting<'a>(text: &'a [u8], key: &str) -> Option<&'a [u8]> {
    let (section, name) = key.split_once('.')?;
    let mut inside = false;
    let mut found = None;
    for line in text.lines() {
        let mut line = line.trim_ascii();
        if let Some(rest) = line.strip_prefix(b"[") {
            let Some(end) = rest.find_byte(b']') else { continue };
            inside = rest[..end].trim_ascii().eq_ignore_ascii_case(section.as_bytes());
            line = rest[end + 1..].trim_ascii();
        }
        let (left, right) = line.split_once_str("=").unwrap_or((line, b"true"));
        if inside && left.trim_ascii().eq_ignore_ascii_case(name.as_bytes()) {
            found = Some(right.trim_ascii());
        }
    }
    found
}

/// A line of `alternates`, which may be quoted as git quotes paths.
fn unquoted(line: &[u8]) -> Vec<u8> {
    let Some(inner) = line.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) else {
        return line.to_vec();
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let octal = rest.get(..3).filter(|digits| digits.iter().all(|digit| matches!(digit, b'0'..=b'7')));
        if let Some(digits) = octal {
            out.push(
                digits.iter().fold(0u8, |value, digit| value.wrapping_mul(8).wrapping_add(digit - b'0')),
            );
            rest = &rest[3..];
        } else if let Some((&escaped, behind)) = rest.split_first() {
            out.push(match escaped {
                b'n' => b'\n',
                b't' => b'\t',
                other => other,
            });
            rest = behind;
        }
    }
    out
}

/// A path as git writes it.
#[cfg(unix)]
pub(super) fn bytes_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// A path as git writes it.
#[cfg(not(unix))]
pub(super) fn bytes_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(bytes.to_str_lossy().into_owned())
}

/// A path as bytes.
pub(super) fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_git_reads_them() {
        let text =
            b"[core]\n\tbare = true\n[Extensions]\n\tobjectFormat = sha256 \n[remote \"x\"]\n  promisor\n";
        assert_eq!(setting(text, "extensions.objectformat"), Some(&b"sha256"[..]));
        assert_eq!(setting(text, "core.objectformat"), None);
        assert_eq!(setting(b"[a] b = 1\n[a]\nb=2\n", "a.b"), Some(&b"2"[..]));
    }

    #[test]
    fn quoted_alternates() {
        assert_eq!(unquoted(b"/plain path"), b"/plain path");
        assert_eq!(unquoted(br#""/a \"b\"\303\244""#), "/a \"b\"ä".as_bytes());
    }
}
