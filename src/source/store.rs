//! All objects of a repository: its packs and loose objects, and those of its alternates.

use super::layout::{Layout, path_bytes};
use super::loose::{self, Content, Loose};
use super::objects::{ObjectId, Objects, ReadError};
use super::pack::{Bases, Inflater, LARGEST, Pack, Trouble};
use crate::error::{SkipReason, Skipped};
use crate::origin::{ObjectKind, RepositoryPart};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How often a base may stand in another pack than what is made from it, in one chain. git writes no
/// such pack; deltas made from one another in a circle must end somewhere.
const STEPS: usize = 16;
/// How often packs are listed anew where some are not whole, as while git repacks.
const TRIES: usize = 4;
const PAUSE: Duration = Duration::from_millis(15);

/// Reads the objects of one repository.
pub struct Store {
    layout: Layout,
    packs: Vec<Pack>,
    bases: Bases,
    inflaters: Mutex<Vec<Inflater>>,
}

impl Store {
    /// Open the packs of a repository; what cannot be opened is told.
    pub fn open(layout: Layout) -> (Store, Vec<Skipped>) {
        let mut store =
            Store { layout, packs: Vec::new(), bases: Bases::default(), inflaters: Mutex::new(Vec::new()) };
        let trouble = store.open_packs();
        (store, trouble)
    }

    /// The repository's places.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// Open packs that are not open yet. Those that are stay readable, even if they were deleted.
    pub(super) fn open_packs(&mut self) -> Vec<Skipped> {
        let mut trouble = Vec::new();
        for attempt in 1..=TRIES {
            trouble.clear();
            let mut whole = true;
            for objects in self.layout.objects.clone() {
                whole &= self.open_in(&objects.join("pack"), attempt == TRIES, &mut trouble);
            }
            if whole {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        trouble
    }

    /// Open the packs of one directory; false where one is not whole and may be soon.
    fn open_in(&mut self, directory: &Path, last: bool, trouble: &mut Vec<Skipped>) -> bool {
        let mut tell = |layout: &Layout, path: &Path, reason, detail| {
            let name = path.file_name().map_or(&b""[..], |name| path_bytes(Path::new(name)));
            let origin = layout.part(RepositoryPart::File, &[b"objects/pack/", name].concat());
            trouble.push(Skipped { origin, reason, detail });
        };
        let mut names: BTreeSet<PathBuf> = BTreeSet::new();
        match std::fs::read_dir(directory) {
            Ok(entries) => {
                let paths = entries.flatten().map(|entry| entry.path());
                names.extend(paths.filter(|path| {
                    let pack =
                        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pack-"));
                    pack && path.extension().is_some_and(|ending| ending == "pack" || ending == "idx")
                }));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tell(&self.layout, directory, SkipReason::Unreadable, error.to_string()),
        }
        let mut whole = true;
        let packs: BTreeSet<PathBuf> = names.iter().map(|path| path.with_extension("pack")).collect();
        for path in packs {
            if self.packs.iter().any(|pack| pack.path == path) {
                continue;
            }
            if !last && !names.contains(&path.with_extension("idx")) {
                whole = false;
                continue;
            }
            match Pack::open(&path, self.layout.digest) {
                Ok(pack) => self.packs.push(pack),
                Err(Trouble::Gone) if !last => whole = false,
                Err(Trouble::Gone) => {
                    tell(
                        &self.layout,
                        &path,
                        SkipReason::Vanished,
                        "there is an index, but no pack".to_owned(),
                    );
                }
                Err(Trouble::Unreadable(detail)) => tell(&self.layout, &path, SkipReason::Unreadable, detail),
                Err(Trouble::Damaged(detail)) => tell(&self.layout, &path, SkipReason::Corrupt, detail),
            }
        }
        whole
    }

    /// Loose objects of all directories, each id once.
    pub(super) fn loose(&self) -> (Vec<Loose>, Vec<Skipped>) {
        let (mut all, mut trouble) = (Vec::new(), Vec::new());
        for objects in &self.layout.objects {
            let (found, unlisted) = loose::list(objects, self.layout.digest);
            all.extend(found);
            trouble.extend(unlisted.into_iter().map(|(path, error)| Skipped {
                origin: self.layout.part(RepositoryPart::File, &loose::name(&path.join("*"))),
                reason: SkipReason::Unreadable,
                detail: error.to_string(),
            }));
        }
        all.sort();
        all.dedup_by(|one, other| one.id == other.id);
        (all, trouble)
    }

    /// The ids of all commits, also of those that nothing leads to.
    pub fn commits(&self) -> Vec<ObjectId> {
        let mut found: Vec<ObjectId> = self.packs.iter().flat_map(Pack::commits).collect();
        let mut buffer = Vec::new();
        let loose = self.loose().0.into_iter().map(|loose| loose.id);
        found.extend(loose.filter(|id| matches!(self.read(id, &mut buffer), Ok(Some(ObjectKind::Commit)))));
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Is there an object with this id?
    pub fn contains(&self, id: &ObjectId) -> bool {
        self.packs.iter().any(|pack| pack.find(id).is_some())
            || self.layout.objects.iter().any(|objects| loose::path_of(objects, id).exists())
    }

    /// An object whole, for deltas against it.
    pub(super) fn whole(&self, id: &ObjectId) -> Option<(ObjectKind, Vec<u8>)> {
        self.base(id, STEPS)
    }

    fn base(&self, id: &ObjectId, steps: usize) -> Option<(ObjectKind, Vec<u8>)> {
        let mut buffer = Vec::new();
        let kind = self.read_in(id, &mut buffer, steps.checked_sub(1)?).ok()??;
        Some((kind, buffer))
    }

    fn with_inflater<T>(&self, work: impl FnOnce(&mut Inflater) -> T) -> T {
        let held = self.inflaters.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut inflater = held.unwrap_or_default();
        let told = work(&mut inflater);
        self.inflaters.lock().unwrap_or_else(PoisonError::into_inner).push(inflater);
        told
    }

    fn read_loose(
        &self,
        id: &ObjectId,
        objects: &Path,
        inflater: &mut Inflater,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<ObjectKind>, (SkipReason, String)> {
        let content = match Content::open(&loose::path_of(objects, id)) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err((SkipReason::Unreadable, error.to_string())),
        };
        let header = loose::read(content.bytes(), LARGEST, inflater, buffer)?;
        buffer.drain(..header.length);
        Ok(Some(header.kind))
    }

    fn read_in(
        &self,
        id: &ObjectId,
        buffer: &mut Vec<u8>,
        steps: usize,
    ) -> Result<Option<ObjectKind>, ReadError> {
        self.with_inflater(|inflater| {
            let mut trouble = None;
            for (number, pack) in self.packs.iter().enumerate() {
                let Some(position) = pack.find(id) else { continue };
                let outside = |base: &ObjectId| self.base(base, steps);
                match pack.read(position, (&self.bases, number), &outside, inflater, buffer) {
                    Ok(kind) => return Ok(Some(kind)),
                    Err(reason) => trouble = Some(reason),
                }
            }
            for objects in &self.layout.objects {
                match self.read_loose(id, objects, inflater, buffer) {
                    Ok(Some(kind)) => return Ok(Some(kind)),
                    Ok(None) => {}
                    Err(reason) => trouble = Some(reason),
                }
            }
            match trouble {
                Some((reason, detail)) => Err(ReadError { id: *id, reason, detail }),
                None => Ok(None),
            }
        })
    }
}

impl Objects for Store {
    fn read(&self, id: &ObjectId, buffer: &mut Vec<u8>) -> Result<Option<ObjectKind>, ReadError> {
        self.read_in(id, buffer, STEPS)
    }
}
