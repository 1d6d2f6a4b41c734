//! What is staged: the blobs that git's index names and HEAD does not, whole, as they would be
//! committed. The work tree is never looked at.

mod compare;
mod index;

use super::crew::share;
use super::introduced::{Introduced, Lines, Place};
use super::lfs::LargeFiles;
use super::repo::lookup::{self, Trees};
use super::repo::objects::{Bytes, Content, Reader};
use super::repo::rename::Renames;
use super::repo::{Id, Repo, Trouble};
use super::{Source, Visit, WHOLE_LIMIT};
use crate::error::{Error, SkipReason, Skipped};
use crate::origin::{ObjectKind, Origin};
use compare::{Compare, Difference, Stop};
use index::{Index, Unusable};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// A source of what is staged: content as [`Origin::Staged`], new paths as [`Origin::StagedName`].
///
/// In a merge only what differs from every parent is handed over. Submodules, entries of
/// `git add --intent-to-add` and deletions are no content and are left out; a link's content is the
/// path in it. Paths in conflict cannot be committed: they are told as not looked at.
pub struct Staged<'r> {
    repo: &'r Repo,
    changes: Vec<Change>,
    by_path: HashMap<Vec<u8>, usize>,
    conflicts: Vec<Vec<u8>>,
    /// The commits that the next one will have as parents.
    parents: Vec<Id>,
    renames: Renames,
}

/// One staged path.
struct Change {
    path: Vec<u8>,
    id: Id,
    /// The versions that the parents of the next commit have of it.
    olds: Vec<Option<Id>>,
}

impl<'r> Staged<'r> {
    /// What is staged in `repo`. Where `only` names paths (relative to the top), these are looked at and
    /// no others: those with nothing staged for them whole, as they stand in the index.
    ///
    /// # Errors
    /// An index, HEAD or tree that cannot be read.
    pub fn open(repo: &'r Repo, only: &[Vec<u8>]) -> Result<Staged<'r>, Error> {
        let head = repo.head()?;
        let mut reader = repo.reader();
        let tree = match &head {
            Some(commit) => Some(lookup::tree_of(&mut reader, commit).map_err(|error| broken(repo, error))?),
            None => None,
        };
        let only: HashSet<&[u8]> = only.iter().map(Vec::as_slice).collect();
        let (mut found, mut conflicts) = match by_index_file(repo, &mut reader, tree, &only)? {
            Some(answer) => answer,
            None => by_command(repo, &only)?,
        };
        if !only.is_empty() {
            found.retain(|difference| only.contains(difference.path.as_slice()));
            conflicts.retain(|path| only.contains(path.as_slice()));
        }
        let merged = if head.is_some() { repo.merge_heads() } else { Vec::new() };
        let changes = against_all(repo, &mut reader, found, &merged)?;
        let by_path = changes.iter().enumerate().map(|(at, change)| (change.path.clone(), at)).collect();
        let parents = head.into_iter().chain(merged).collect();
        Ok(Staged { repo, changes, by_path, conflicts, parents, renames: Renames::default() })
    }

    /// Number of paths with something new staged for them.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// True where there is no commit yet.
    pub fn is_unborn(&self) -> bool {
        self.parents.is_empty()
    }

    /// True where nothing is staged.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.conflicts.is_empty()
    }
}

/// What is staged, and the paths in conflict.
type Answer = (Vec<Difference>, Vec<Vec<u8>>);

/// What is staged, by our reader of the index; `None` where git has to be asked.
fn by_index_file(
    repo: &Repo,
    reader: &mut Reader<'_>,
    tree: Option<Id>,
    only: &HashSet<&[u8]>,
) -> Result<Option<Answer>, Error> {
    if !repo.by_library() {
        return Ok(None);
    }
    let file = repo.index_file();
    let data = match fs::read(&file) {
        Ok(data) => data,
        // Nothing was ever staged.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Some((Vec::new(), Vec::new()))),
        Err(error) => return Err(damaged(&file, &error.to_string())),
    };
    let index = match Index::parse(&data) {
        Ok(index) => index,
        Err(Unusable::Unknown(_)) => return Ok(None),
        Err(Unusable::Corrupt(why)) => return Err(damaged(&file, why)),
    };
    let mut compare = Compare::new(&index, |id: &Id| match reader.read(id)? {
        (ObjectKind::Tree, bytes) => Ok(bytes),
        _ => Err(Trouble::Damaged("is not a tree".to_owned())),
    });
    match compare.run(tree) {
        Ok(()) => {}
        Err(Stop::Tree(id, trouble)) => return Err(broken(repo, (id, trouble))),
        Err(Stop::Strange) => return Ok(None),
    }
    let (mut found, conflicts) = (compare.found, compare.conflicts);
    if !only.is_empty() {
        let changed: HashSet<Vec<u8>> = found.iter().map(|difference| difference.path.clone()).collect();
        for entry in index.entries.iter().filter(|entry| entry.stage == 0 && !entry.intent_to_add) {
            let path = index.path(entry);
            let Some(id) = index.id(entry) else { continue };
            if only.contains(path)
                && !changed.contains(path)
                && !super::repo::listing::is_submodule(entry.mode)
            {
                found.push(Difference { path: path.to_vec(), id, old: None });
            }
        }
    }
    Ok(Some((found, conflicts)))
}

/// What is staged, as git says.
fn by_command(repo: &Repo, only: &HashSet<&[u8]>) -> Result<Answer, Error> {
    let asker = repo.asker();
    let what = "what is staged";
    let options = ["diff", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff"];
    let options = [&options[..], &["--ignore-submodules=all", "--no-color"]].concat();
    let output = asker.run(&options, &[]).map_err(|reason| repo.error(what, &reason))?;
    let unclear = || repo.error(what, "git answers in a form that it does not document");
    let (mut found, conflicts) = compare::from_raw(&output).ok_or_else(unclear)?;
    if !only.is_empty() {
        let listing = asker.run(&["ls-files", "-z", "--stage", "--full-name"], &[]);
        let listing = listing.map_err(|reason| repo.error(what, &reason))?;
        let changed: HashSet<Vec<u8>> = found.iter().map(|difference| difference.path.clone()).collect();
        for line in listing.split(|&byte| byte == 0).filter(|line| !line.is_empty()) {
            let (path, id) = compare::staged_line(line).ok_or_else(unclear)?;
            if only.contains(path)
                && !changed.contains(path)
                && let Some(id) = id
            {
                found.push(Difference { path: path.to_vec(), id, old: None });
            }
        }
    }
    Ok((found, conflicts))
}

/// In a merge, leave out what another parent has in that very form, and note what the others have.
fn against_all(
    repo: &Repo,
    reader: &mut Reader<'_>,
    found: Vec<Difference>,
    merged: &[Id],
) -> Result<Vec<Change>, Error> {
    let mut trees = Trees::default();
    let mut roots = Vec::new();
    for commit in merged {
        roots.push(lookup::tree_of(reader, commit).map_err(|error| broken(repo, error))?);
    }
    let mut changes = Vec::new();
    for Difference { path, id, old } in found {
        let mut olds = vec![old];
        for root in &roots {
            olds.push(trees.find(reader, root, &path).map_err(|error| broken(repo, error))?);
        }
        if !olds.contains(&Some(id)) {
            changes.push(Change { path, id, olds });
        }
    }
    Ok(changes)
}

fn broken(repo: &Repo, (id, trouble): (Id, Trouble)) -> Error {
    let origin = Origin::Object { id: id.to_string(), kind: ObjectKind::Tree, path: None, commit: None };
    repo.error("HEAD", &trouble.skipped(origin, &id).detail)
}

fn damaged(file: &Path, why: &str) -> Error {
    Error::Git {
        what: file.display().to_string(),
        reason: format!("the index cannot be read: {why}"),
        remedy: "`git status` says more; where the index is damaged, delete that file and run \
                 `git reset`, which makes it anew and leaves the work tree alone"
            .to_owned(),
    }
}

impl Source for Staged<'_> {
    fn large_files(&self) -> LargeFiles {
        LargeFiles::of_repo(self.repo)
    }

    fn visit<V: Visit>(&self, new: &(dyn Fn() -> V + Sync)) -> Result<Vec<V>, Error> {
        let start = || (new(), self.repo.reader());
        let crew = share(&self.changes, 0, start, |(visitor, reader), change| {
            if change.olds.iter().all(Option::is_none) {
                visitor.blob(Origin::StagedName(change.path.clone().into()), &change.path);
            }
            hand_over(reader, &change.id, Origin::Staged(change.path.clone().into()), visitor);
        });
        let mut visitors: Vec<V> = crew.into_iter().map(|(visitor, _)| visitor).collect();
        if let Some(visitor) = visitors.first_mut() {
            self.conflicts.iter().for_each(|path| visitor.skip(conflict(path)));
        }
        Ok(visitors)
    }
}

fn conflict(path: &[u8]) -> Skipped {
    Skipped {
        origin: Origin::Staged(path.into()),
        reason: SkipReason::Unreadable,
        detail: "the path is in conflict: resolve it and `git add` it".to_owned(),
    }
}

/// Hand over one blob, whole or as a stream.
pub(super) fn hand_over<V: Visit>(reader: &mut Reader<'_>, id: &Id, origin: Origin, visitor: &mut V) {
    let trouble = match reader.open(id, WHOLE_LIMIT) {
        Ok((_, Content::Whole(bytes))) => return visitor.blob(origin, &bytes),
        Ok((_, Content::Stream(stream))) => {
            let mut stream = super::read::Quiet::new(stream);
            visitor.stream(origin.clone(), &mut stream);
            match stream.failure {
                None => return,
                Some(error) => Trouble::Damaged(error.to_string()),
            }
        }
        Err(trouble) => trouble,
    };
    visitor.skip(trouble.skipped(origin, id));
}

impl Introduced for Staged<'_> {
    fn introduced(&self, origin: &Origin) -> Result<Vec<Place>, Skipped> {
        let place = |lines| vec![Place { origin: origin.clone(), lines, last: true }];
        let Origin::Staged(path) = origin else { return Ok(place(Lines::All)) };
        let Some(&at) = self.by_path.get(path.as_slice()) else { return Ok(place(Lines::All)) };
        let change = &self.changes[at];
        let mut reader = self.repo.reader();
        let tell = |(id, trouble): (Id, Trouble)| trouble.skipped(origin.clone(), &id);
        let mut olds: Vec<Bytes<'_>> = Vec::new();
        for (at, old) in change.olds.iter().enumerate() {
            let old = match old {
                Some(old) => Some(*old),
                None => self.renamed_from(&change.path, at),
            };
            if let Some(old) = old {
                olds.push(reader.read(&old).map_err(|trouble| tell((old, trouble)))?.1);
            }
        }
        let new =
            match reader.open(&change.id, 8 * WHOLE_LIMIT).map_err(|trouble| tell((change.id, trouble)))? {
                (_, Content::Whole(new)) => new,
                (_, Content::Stream(_)) => return Ok(place(Lines::All)),
            };
        Ok(place(LargeFiles::of_repo(self.repo).added(origin, &olds, &new)))
    }
}

impl Staged<'_> {
    /// What a parent of the next commit has under the name that a path had before it was renamed.
    fn renamed_from(&self, path: &[u8], parent: usize) -> Option<Id> {
        let parent = self.parents.get(parent)?.to_string();
        self.renames.source(self.repo, &["diff", "--cached", &parent], path)
    }
}

#[cfg(test)]
mod tests;
