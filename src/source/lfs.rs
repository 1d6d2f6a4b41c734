//! Content that Git LFS keeps beside a repository's objects. Git itself holds only a pointer, a text of a
//! few lines that names the content by its SHA-256 (git-lfs: docs/spec.md); the content lies in the
//! repository's directory where it was added or fetched here. It is looked for there, and never fetched.

use super::WHOLE_LIMIT;
use super::introduced::{self, Lines};
use super::layout::Layout;
use super::objects::ObjectId;
use super::repo::Repo;
use super::repo::ask::Asker;
use super::roots::bytes_to_path;
use crate::error::{SkipReason, Skipped};
use crate::origin::Origin;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Pointers are shorter than this, in bytes.
const LONGEST_POINTER: usize = 1024;
/// Length of a SHA-256, in bytes.
const SHA256: usize = 32;
/// What pointers begin with: the names that their format had over the years.
const VERSIONS: [&[u8]; 3] =
    [b"https://git-lfs.github.com/spec/v1", b"https://hawser.github.com/spec/v1", b"http://git-media.io/v/2"];

/// A text that stands for content kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// SHA-256 of the content.
    digest: ObjectId,
    /// Length of the content in bytes.
    size: u64,
}

impl Pointer {
    /// The pointer that a text is; nothing for every other text.
    pub fn parse(text: &[u8]) -> Option<Pointer> {
        if text.len() >= LONGEST_POINTER {
            return None;
        }
        let mut lines = text.trim_ascii_end().split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end);
        let version = lines.next()?.strip_prefix(b"version ")?;
        if !VERSIONS.contains(&version) {
            return None;
        }
        let (mut digest, mut size) = (None, None);
        for line in lines {
            if let Some(digits) = line.strip_prefix(b"oid sha256:") {
                digest = Some(ObjectId::parse(digits).filter(|digest| digest.as_bytes().len() == SHA256)?);
            } else if let Some(number) = line.strip_prefix(b"size ") {
                size = Some(std::str::from_utf8(number).ok()?.parse().ok()?);
            } else if !line.starts_with(b"ext-") {
                return None;
            }
        }
        Some(Pointer { digest: digest?, size: size? })
    }

    /// Length of the content in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The name of the content, in hexadecimal digits.
    fn name(&self) -> String {
        self.digest.to_string()
    }

    /// The place of the content pointed to from `origin`.
    pub fn place(&self, origin: Origin) -> Origin {
        origin.noted(format!("content kept by Git LFS, {} bytes, sha256 {}", self.size, self.name()))
    }

    /// That the content pointed to from `origin` is not here.
    pub fn absent(&self, origin: Origin) -> Skipped {
        Skipped {
            origin,
            reason: SkipReason::LargeFile,
            detail: "nothing is fetched by surprise: `git lfs fetch --all` brings it here".to_owned(),
        }
    }
}

/// Content that is here, to be read once. It is compared with its name on the way. The reader never fails:
/// it ends early, and [`LargeFile::trouble`] says so.
pub struct LargeFile {
    file: File,
    hash: Sha256,
    pointer: Pointer,
    read: u64,
    failure: Option<io::Error>,
}

impl LargeFile {
    /// Read what is left, and tell what is wrong with the content.
    pub fn trouble(mut self) -> Option<(SkipReason, String)> {
        let mut rest = vec![0; 64 << 10];
        while matches!(self.read(&mut rest), Ok(1..)) {}
        if let Some(error) = self.failure {
            return Some((SkipReason::Unreadable, format!("content kept by Git LFS: {error}")));
        }
        if self.read != self.pointer.size {
            let (here, told) = (self.read, self.pointer.size);
            let detail = format!("content kept by Git LFS: {here} bytes are here, {told} are told");
            return Some((SkipReason::Corrupt, detail));
        }
        (self.hash.finalize()[..] != *self.pointer.digest.as_bytes()).then(|| {
            let detail = "content kept by Git LFS: what is here is not what its name says".to_owned();
            (SkipReason::Corrupt, detail)
        })
    }
}

impl Read for LargeFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.failure.is_none() {
            match self.file.read(buffer) {
                Ok(read) => {
                    self.hash.update(&buffer[..read]);
                    self.read += read as u64;
                    return Ok(read);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => self.failure = Some(error),
            }
        }
        Ok(0)
    }
}

/// Where one repository may keep the content of large files.
struct Storage {
    /// Directories in which it lies by default: its own, those of alternates. Sought when the first pointer
    /// comes: most repositories have none.
    usual: OnceLock<Vec<PathBuf>>,
    /// The git directory that all work trees share.
    common: PathBuf,
    /// The directory that `lfs.storage` names, asked for only where nothing is found in the usual ones.
    configured: OnceLock<Option<PathBuf>>,
}

impl Storage {
    fn new(common: &Path) -> Storage {
        Storage { usual: OnceLock::new(), common: common.to_owned(), configured: OnceLock::new() }
    }

    /// The directories of this repository, whose objects lie in these, its own first.
    fn directories(&self, objects: &[PathBuf]) -> Vec<PathBuf> {
        let alternates = objects.iter().skip(1).filter_map(|directory| directory.parent());
        std::iter::once(&*self.common).chain(alternates).map(|directory| directory.join("lfs")).collect()
    }

    fn open(&self, name: &str) -> io::Result<Option<File>> {
        let usual = self.usual.get_or_init(|| {
            let layout = Layout::find(&self.common);
            self.directories(layout.as_ref().map_or(&[][..], |layout| &layout.objects[..]))
        });
        for directory in usual {
            if let Some(file) = open(directory, name)? {
                return Ok(Some(file));
            }
        }
        match self.configured.get_or_init(|| self.ask()) {
            Some(directory) => open(directory, name),
            None => Ok(None),
        }
    }

    /// What `lfs.storage` says, in whichever of git's configuration files.
    fn ask(&self) -> Option<PathBuf> {
        let asker = Asker::new(&self.common, Some(&self.common));
        let line = asker.line(&["config", "--type=path", "--get", "lfs.storage"]).ok()?;
        let named = bytes_to_path(&line).filter(|path| !path.as_os_str().is_empty())?;
        Some(self.common.join(named))
    }
}

/// The content of that name in a directory of Git LFS.
fn open(directory: &Path, name: &str) -> io::Result<Option<File>> {
    let path = directory.join("objects").join(&name[..2]).join(&name[2..4]).join(name);
    match std::fs::metadata(&path) {
        Ok(about) if about.is_file() => File::open(&path).map(Some),
        Ok(_) => Ok(None),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Finds the content that pointers stand for.
#[derive(Default)]
pub struct LargeFiles {
    /// The repositories that pointers come from, where these are known.
    repositories: Vec<Storage>,
    /// Those around directories of files, where they are not.
    around: Mutex<HashMap<PathBuf, Option<Arc<Storage>>>>,
}

impl LargeFiles {
    /// For files anywhere on disk: each in the repository that it lies in.
    pub fn around_files() -> LargeFiles {
        LargeFiles::default()
    }

    /// For what one repository holds.
    pub fn of_repo(repo: &Repo) -> LargeFiles {
        LargeFiles::of(std::iter::once(repo.common_dir()))
    }

    /// For what several repositories hold, each told by its shared git directory.
    pub fn of<'p>(repositories: impl Iterator<Item = &'p Path>) -> LargeFiles {
        LargeFiles { repositories: repositories.map(Storage::new).collect(), around: Mutex::default() }
    }

    /// The content pointed to from `origin`, if it is here.
    ///
    /// # Errors
    /// It is here and cannot be opened.
    pub fn open(&self, origin: &Origin, pointer: &Pointer) -> io::Result<Option<LargeFile>> {
        let name = pointer.name();
        let around = if self.repositories.is_empty() { self.around(origin) } else { None };
        for storage in self.repositories.iter().chain(around.as_deref()) {
            if let Some(file) = storage.open(&name)? {
                let pointer = pointer.clone();
                return Ok(Some(LargeFile { file, hash: Sha256::new(), pointer, read: 0, failure: None }));
            }
        }
        Ok(None)
    }

    /// The lines of `new` that none of the versions `olds` has; where one of them is a pointer, those of what
    /// it stands for.
    pub(super) fn added<B: Deref<Target = [u8]>>(&self, origin: &Origin, olds: &[B], new: &[u8]) -> Lines {
        let content = |text| self.content(origin, text, 8 * WHOLE_LIMIT);
        let whole = content(new);
        if matches!(whole, Cow::Borrowed(_)) && Pointer::parse(new).is_some() {
            return Lines::All;
        }
        let olds: Vec<Cow<'_, [u8]>> = olds.iter().map(|old| content(old)).collect();
        introduced::added(&olds.iter().map(|old| &**old).collect::<Vec<&[u8]>>(), &whole)
    }

    /// What a text stands for, where that is here, whole and at most `most` bytes long; the text itself
    /// elsewhere.
    pub fn content<'t>(&self, origin: &Origin, text: &'t [u8], most: u64) -> Cow<'t, [u8]> {
        self.read(origin, text, most).map_or(Cow::Borrowed(text), Cow::Owned)
    }

    fn read(&self, origin: &Origin, text: &[u8], most: u64) -> Option<Vec<u8>> {
        let pointer = Pointer::parse(text).filter(|pointer| pointer.size <= most)?;
        if pointer.size == 0 {
            return Some(Vec::new());
        }
        let mut file = self.open(origin, &pointer).ok()??;
        let mut bytes = Vec::new();
        (&mut file).take(most).read_to_end(&mut bytes).ok()?;
        file.trouble().is_none().then_some(bytes)
    }

    /// The repository around what `origin` names: that of a file, or of the current directory.
    fn around(&self, origin: &Origin) -> Option<Arc<Storage>> {
        let directory = match origin.root() {
            Origin::File(path) => match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
                _ => PathBuf::from("."),
            },
            _ => PathBuf::from("."),
        };
        let mut around = self.around.lock().unwrap_or_else(PoisonError::into_inner);
        around
            .entry(directory)
            .or_insert_with_key(|directory| {
                let layout = Layout::find(directory).ok()?;
                let storage = Storage::new(&layout.common);
                let usual = storage.directories(&layout.objects);
                Some(Arc::new(Storage { usual: usual.into(), ..storage }))
            })
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(version: &str, lines: &str) -> Option<Pointer> {
        Pointer::parse(format!("version {version}\n{lines}").as_bytes())
    }

    #[test]
    fn pointers_are_told_from_other_texts() {
        let digits = "0123456789abcdef".repeat(4);
        let current = "https://git-lfs.github.com/spec/v1";
        let found = pointer(current, &format!("oid sha256:{digits}\nsize 12345\n")).unwrap();
        assert_eq!((found.size, found.name()), (12345, digits.clone()));
        for lines in [
            format!("ext-0-foo sha256:{digits}\noid sha256:{digits}\nsize 12345\n"),
            format!("oid sha256:{digits}\r\nsize 12345\r\n"),
            format!("oid sha256:{digits}\nsize 12345"),
        ] {
            assert_eq!(pointer(current, &lines), Some(found.clone()), "{lines:?}");
            assert_eq!(pointer("http://git-media.io/v/2", &lines), Some(found.clone()));
            assert_eq!(pointer("https://git-lfs.github.com/spec/v9", &lines), None);
        }
        for lines in [
            format!("oid sha256:{digits}\n"),
            "size 12345\n".to_owned(),
            format!("oid sha256:{}\nsize 1\n", &digits[1..]),
            format!("oid sha256:{}\nsize 1\n", digits.replace('f', "g")),
            format!("oid sha256:{digits}\nsize -1\n"),
            format!("oid sha256:{digits}\nsize 1\nand more\n"),
            format!("oid sha256:{digits}\nsize 1\n{}", "ext-1-x y\n".repeat(100)),
        ] {
            assert_eq!(pointer(current, &lines), None, "{lines:?}");
        }
        assert_eq!(Pointer::parse(b""), None);
    }
}
