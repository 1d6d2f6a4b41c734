//! One input, whole: what `explain` and `triage` look at. Files and standard input are read by the
//! sources that scans use, objects from the repository.

use super::lfs::{LargeFiles, Pointer};
use super::repo::{Id, Repo};
use super::stream::Stdin;
use super::tree::{Tree, TreeOptions};
use super::{Source, Visit};
use crate::error::{Error, SkipReason, Skipped};
use crate::origin::{ObjectKind, Origin};
use std::borrow::Cow;
use std::io::Read;
use std::path::Path;
use zeroize::Zeroizing;

/// Larger inputs are not held, in bytes: 1 GiB.
const LARGEST: u64 = 1 << 30;

/// The bytes of an input; wiped when dropped.
pub type Bytes = Zeroizing<Vec<u8>>;

/// Takes the one input that is read.
#[derive(Default)]
struct Taker {
    bytes: Option<Bytes>,
    cut: bool,
    skipped: Option<Skipped>,
}

impl Visit for Taker {
    fn blob(&mut self, _: Origin, bytes: &[u8]) {
        self.bytes = Some(Zeroizing::new(bytes.to_vec()));
    }

    fn stream(&mut self, _: Origin, reader: &mut dyn Read) {
        let mut bytes = Zeroizing::new(Vec::new());
        // The source tells of trouble with reading.
        let _ = reader.take(LARGEST + 1).read_to_end(&mut bytes);
        self.cut = bytes.len() as u64 > LARGEST;
        self.bytes = Some(bytes);
    }

    fn skip(&mut self, skipped: Skipped) {
        self.skipped = Some(skipped);
    }
}

fn taken(what: &str, takers: Vec<Taker>) -> Result<Bytes, Error> {
    let told = |reason: String, remedy: &str| Error::Input {
        what: what.to_owned(),
        reason,
        remedy: remedy.to_owned(),
    };
    let mut found = None;
    for taker in takers {
        if taker.cut {
            return Err(told("is larger than 1 GiB".to_owned(), "`sekisho scan` reads it in pieces"));
        }
        if let Some(skipped) = taker.skipped.filter(|skipped| skipped.reason != SkipReason::TestKey) {
            let detail =
                if skipped.detail.is_empty() { String::new() } else { format!(": {}", skipped.detail) };
            return Err(told(format!("{}{detail}", skipped.reason.name()), "name a file that can be read"));
        }
        found = taker.bytes.or(found);
    }
    found.ok_or_else(|| told("is no file".to_owned(), "name one file"))
}

/// What a scan looks at in the place of these bytes: the content that they stand for where they are a
/// pointer of Git LFS, themselves elsewhere.
fn behind(origin: &Origin, bytes: Bytes, large: &dyn Fn() -> LargeFiles) -> Result<Bytes, Error> {
    if Pointer::parse(&bytes).is_none() {
        return Ok(bytes);
    }
    match large().content(origin, &bytes, LARGEST) {
        Cow::Owned(content) => Ok(Zeroizing::new(content)),
        Cow::Borrowed(_) => Err(Error::Input {
            what: origin.to_string(),
            reason: "its content is kept by Git LFS, and is not here, damaged or larger than 1 GiB"
                .to_owned(),
            remedy: "`git lfs fetch --all` brings it here".to_owned(),
        }),
    }
}

/// The bytes of a file on disk, whatever ignore files say.
///
/// # Errors
/// A directory, a file that cannot be read.
pub fn of_file(path: &Path) -> Result<Bytes, Error> {
    if path.is_dir() {
        return Err(Error::Input {
            what: path.display().to_string(),
            reason: "is a directory".to_owned(),
            remedy: "name one file".to_owned(),
        });
    }
    let options = TreeOptions { ignore_files: false, threads: 1, ..TreeOptions::default() };
    let tree = Tree::new(vec![path.to_owned()], options);
    let bytes = taken(&path.display().to_string(), tree.visit(&Taker::default)?)?;
    behind(&Origin::File(path.to_owned()), bytes, &LargeFiles::around_files)
}

/// All of standard input.
///
/// # Errors
/// Input that cannot be read.
pub fn of_stdin() -> Result<Bytes, Error> {
    let bytes = taken("<stdin>", Stdin::standard().visit(&Taker::default)?)?;
    behind(&Origin::Stdin, bytes, &LargeFiles::around_files)
}

/// The bytes of an object, or what it stands for.
///
/// # Errors
/// An object that is not there or is damaged.
pub fn of_object(repo: &Repo, id: &Id) -> Result<(ObjectKind, Bytes), Error> {
    let (kind, bytes) = repo.reader().read(id).map_err(|trouble| {
        let skipped = trouble.skipped(Origin::Stdin, id);
        repo.error(&id.to_string(), &skipped.detail)
    })?;
    let origin = Origin::Object { id: id.to_string(), kind, path: None, commit: None };
    let bytes = behind(&origin, Zeroizing::new(bytes.to_vec()), &|| LargeFiles::of_repo(repo))?;
    Ok((kind, bytes))
}

/// A file as a commit has it: `path` is relative to the top of the work tree, with forward slashes. An
/// empty `revision` is the index, as in git's own `:path`.
///
/// # Errors
/// A revision or path that git does not know.
pub fn of_revision(repo: &Repo, revision: &str, path: &str) -> Result<(Origin, Bytes), Error> {
    let name = format!("{revision}:{path}");
    if revision.starts_with('-') {
        return Err(repo.error(&name, "a revision does not begin with a dash"));
    }
    let ask = |expression: &str| {
        let answer = repo.asker().maybe(&["rev-parse", "--quiet", "--verify", expression]);
        let answer = answer.map_err(|reason| repo.error(&name, &reason))?;
        Ok(answer.as_deref().and_then(Id::parse))
    };
    let commit = match revision.is_empty() {
        true => None,
        false => match ask(&format!("{revision}^{{commit}}"))? {
            Some(commit) => Some(commit),
            None => return Err(repo.error(revision, "git knows no such commit")),
        },
    };
    let whole = match &commit {
        Some(commit) => format!("{commit}:{path}"),
        None => format!(":{path}"),
    };
    let Some(id) = ask(&whole)? else {
        let place = if revision.is_empty() { "the index" } else { "that commit" };
        return Err(repo.error(&name, &format!("{place} has no such path")));
    };
    let (kind, bytes) = of_object(repo, &id)?;
    if kind != ObjectKind::Blob {
        return Err(repo.error(&name, "is no file"));
    }
    let path = path.into();
    let origin = match commit {
        Some(commit) => Origin::Object {
            id: id.to_string(),
            kind: ObjectKind::Blob,
            path: Some(path),
            commit: Some(commit.to_string()),
        },
        None => Origin::Staged(path),
    };
    Ok((origin, bytes))
}
