//! The objects that a range of commits brings in: what a push would give away, what a pull request adds.
//!
//! git walks the commits (`git rev-list`); trees are compared and blobs read here. Every commit is looked
//! at, so that a secret which a later commit removes again is found. A merge is compared with all its
//! parents: only what it has and none of them counts.

mod walk;

use super::crew::share;
use super::introduced::{Introduced, Lines, Place};
use super::lfs::LargeFiles;
use super::repo::lookup::Trees;
use super::repo::objects::{Bytes, Content};
use super::repo::rename::Renames;
use super::repo::{Id, Repo, Trouble};
use super::staged::hand_over;
use super::{Source, Visit, WHOLE_LIMIT};
use crate::error::{Error, Skipped};
use crate::origin::{ObjectKind, Origin};
use std::cell::RefCell;
use std::collections::HashMap;
use walk::Walk;

/// Which commits.
#[derive(Clone, Debug, Default)]
pub struct Span {
    /// Ids that are looked at with everything below them: commits, or tags, trees and blobs by themselves.
    pub tips: Vec<Id>,
    /// What is known on the other side, with everything below it: ids, or options of `git rev-list` that
    /// name refs, as in `--all`.
    pub known: Vec<String>,
}

/// A source of everything that commits bring in, as [`Origin::Object`]: blobs with the path and the commit
/// that brought them, names of new files ([`ObjectKind::Tree`]), and the texts of commits and tags.
pub struct Range<'r> {
    repo: &'r Repo,
    walk: Walk,
    /// For each blob at a path: the changes that brought it, as places in the walk's list.
    by_blob: HashMap<(Id, Vec<u8>), Vec<usize>>,
    renames: Renames,
    trees: RefCell<Trees>,
    large: LargeFiles,
}

/// What is handed over at a time.
struct Unit<'w> {
    id: Id,
    origin: Origin,
    /// The path, where it is new and so content, too.
    name: Option<(&'w [u8], Origin)>,
}

impl<'r> Range<'r> {
    /// What `span` brings in.
    ///
    /// # Errors
    /// A range that git cannot walk: a name it does not know, missing history.
    pub fn open(repo: &'r Repo, span: &Span) -> Result<Range<'r>, Error> {
        repo.expect_many();
        let walk = Walk::run(repo, span)?;
        let mut by_blob: HashMap<(Id, Vec<u8>), Vec<usize>> = HashMap::new();
        for (at, change) in walk.changes.iter().enumerate() {
            by_blob.entry((change.id, change.path.clone())).or_default().push(at);
        }
        let (renames, trees, large) = (Renames::default(), RefCell::default(), LargeFiles::of_repo(repo));
        Ok(Range { repo, walk, by_blob, renames, trees, large })
    }

    /// Number of commits in the range.
    pub fn commits(&self) -> usize {
        self.walk.commits.len()
    }

    fn units(&self) -> Vec<Unit<'_>> {
        let texts = self.walk.texts.iter().map(|(id, kind)| {
            let commit = (*kind == ObjectKind::Commit).then(|| id.to_string());
            let origin = Origin::Object { id: id.to_string(), kind: *kind, path: None, commit };
            Unit { id: *id, origin, name: None }
        });
        let blobs = self.walk.changes.iter().enumerate().filter_map(|(at, change)| {
            let first = self.by_blob.get(&(change.id, change.path.clone()))?.first()?;
            let new = change.olds.iter().all(Option::is_none);
            let name = new.then(|| (change.path.as_slice(), self.walk.origin_of_name(at)));
            (*first == at).then(|| Unit { id: change.id, origin: self.walk.origin(at), name })
        });
        texts.chain(blobs).collect()
    }

    /// Does one of the tips still have this blob at this path?
    fn still_there(&self, id: &Id, path: &[u8]) -> bool {
        let mut reader = self.repo.reader();
        let mut trees = self.trees.borrow_mut();
        self.walk.tip_trees.iter().any(|root| trees.find(&mut reader, root, path).ok().flatten() == Some(*id))
    }

    fn place(&self, at: usize) -> Result<Place, (Id, Trouble)> {
        let change = &self.walk.changes[at];
        let mut reader = self.repo.reader();
        let mut olds: Vec<Bytes<'_>> = Vec::new();
        for (old, parent) in change.olds.iter().zip(self.walk.parents(change)) {
            let old = old.or_else(|| {
                let commit = self.walk.commits.get(change.commit)?;
                let ids = [parent.to_string(), commit.id.to_string()];
                self.renames.source(self.repo, &["diff-tree", "-r", &ids[0], &ids[1]], &change.path)
            });
            if let Some(old) = old {
                olds.push(reader.read(&old).map_err(|trouble| (old, trouble))?.1);
            }
        }
        let lines = match reader.open(&change.id, 8 * WHOLE_LIMIT).map_err(|trouble| (change.id, trouble))? {
            (_, Content::Whole(new)) => self.large.added(&self.walk.origin(at), &olds, &new),
            (_, Content::Stream(_)) => Lines::All,
        };
        let last = self.still_there(&change.id, &change.path);
        Ok(Place { origin: self.walk.origin(at), lines, last })
    }
}

impl Source for Range<'_> {
    fn large_files(&self) -> LargeFiles {
        LargeFiles::of_repo(self.repo)
    }

    fn visit<V: Visit>(&self, new: &(dyn Fn() -> V + Sync)) -> Result<Vec<V>, Error> {
        let units = self.units();
        let repo = self.repo;
        let start = || (new(), repo.reader());
        let crew = share(&units, 0, start, |(visitor, reader), unit| {
            if let Some((name, origin)) = &unit.name {
                visitor.blob(origin.clone(), name);
            }
            hand_over(reader, &unit.id, unit.origin.clone(), visitor);
        });
        let mut visitors: Vec<V> = crew.into_iter().map(|(visitor, _)| visitor).collect();
        if let Some(visitor) = visitors.first_mut() {
            self.walk.missed.iter().for_each(|skipped| visitor.skip(skipped.clone()));
        }
        Ok(visitors)
    }
}

impl Introduced for Range<'_> {
    fn introduced(&self, origin: &Origin) -> Result<Vec<Place>, Skipped> {
        let all = || vec![Place { origin: origin.clone(), lines: Lines::All, last: true }];
        let Origin::Object { id, kind: ObjectKind::Blob, path: Some(path), .. } = origin else {
            return Ok(all());
        };
        let Some(id) = Id::parse(id.as_bytes()) else { return Ok(all()) };
        let Some(changes) = self.by_blob.get(&(id, path.to_vec())) else { return Ok(all()) };
        changes
            .iter()
            .map(|&at| self.place(at).map_err(|(id, trouble)| trouble.skipped(origin.clone(), &id)))
            .collect()
    }
}

/// What a revision of `A..B`, `A...B` or `A..` stands for.
///
/// # Errors
/// A text of another form, a name that git does not know, history that is not there.
pub fn parse(repo: &Repo, text: &str) -> Result<Span, Error> {
    let (base, tip, fork) = match text.split_once("...") {
        Some((base, tip)) => (base, tip, true),
        None => match text.split_once("..") {
            Some((base, tip)) => (base, tip, false),
            None => {
                return Err(Error::Input {
                    what: format!("--range {text}"),
                    reason: "is no range of commits".to_owned(),
                    remedy: "write BASE..HEAD, for instance `--range origin/main..HEAD`".to_owned(),
                });
            }
        },
    };
    let known = |name: &str| {
        let name = if name.is_empty() { "HEAD" } else { name };
        commit(repo, name).ok_or_else(|| missing(repo, text, &format!("git knows no commit `{name}`")))
    };
    let (base, tip) = (known(base)?, known(tip)?);
    let base = match fork {
        false => base,
        true => {
            let arguments = ["merge-base", &base.to_string(), &tip.to_string()];
            let found = repo.asker().maybe(&arguments).map_err(|reason| missing(repo, text, &reason))?;
            found
                .and_then(|line| Id::parse(&line))
                .ok_or_else(|| missing(repo, text, "the two have no commit in common"))?
        }
    };
    Ok(Span { tips: vec![tip], known: vec![base.to_string()] })
}

/// The commit that a name stands for, where there is one.
pub fn commit(repo: &Repo, name: &str) -> Option<Id> {
    let revision = format!("{name}^{{commit}}");
    let answer = repo.asker().maybe(&["rev-parse", "--quiet", "--verify", "--end-of-options", &revision]);
    answer.ok().flatten().and_then(|line| Id::parse(&line))
}

fn missing(repo: &Repo, text: &str, reason: &str) -> Error {
    let remedy = match repo.is_shallow() {
        true => {
            "this clone is shallow: fetch the history with `git fetch --unshallow`, or check out with \
             `fetch-depth: 0`"
        }
        false => "check the names with `git log --oneline -1 NAME`; fetch the branch where it is missing",
    };
    Error::Git { what: text.to_owned(), reason: reason.to_owned(), remedy: remedy.to_owned() }
}
