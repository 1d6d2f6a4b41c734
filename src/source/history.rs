//! All of a repository: every object, reachable or not, and the texts beside them.

use super::WHOLE_LIMIT;
use super::layout::Layout;
use super::lfs::LargeFiles;
use super::links::{Links, Lookup, Seen};
use super::loose::{self, Content, Loose};
use super::objects::{ObjectId, Objects, ReadError};
use super::pack::{Failed, Inflater, Marks, Object, Pack, VisitObjects, Work};
use super::read::{Quiet, threads};
use super::references::References;
use super::refs::{self, Refs, Target};
use super::store::Store;
use crate::error::{Error, SkipReason, Skipped};
use crate::origin::{ObjectKind, Origin, RepositoryPart};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What an earlier run found nothing in.
pub trait Known: Sync {
    /// The positions of those objects of a pack that are to be looked at again, where the pack, told by
    /// its checksum and its number of objects, was read before.
    fn pack(&self, checksum: &[u8], count: u32) -> Option<&[u32]>;

    /// Was nothing found in this object?
    fn clean(&self, id: &[u8]) -> bool;

    /// Was what was found in this object none at its paths, in a repository of which nothing has changed since?
    fn settled(&self, _id: &[u8]) -> bool {
        false
    }

    /// Is everything as it was when this was written down?
    fn current(&self) -> bool {
        false
    }
}

/// Nothing is known.
pub struct Unknown;

impl Known for Unknown {
    fn pack(&self, _: &[u8], _: u32) -> Option<&[u32]> {
        None
    }

    fn clean(&self, _: &[u8]) -> bool {
        false
    }
}

/// A pack and which of its objects something was found in, or could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanPack {
    /// The checksum of the pack.
    pub checksum: Vec<u8>,
    /// Number of objects.
    pub count: u32,
    /// Positions, rising, of the objects that are not clean.
    pub unclean: Vec<u32>,
}

/// What a run found nothing in.
#[derive(Clone, Debug, Default)]
pub struct Clean {
    /// Packs that were gone through.
    pub packs: Vec<CleanPack>,
    /// The first 16 bytes of the ids of all clean objects in packs, sorted.
    pub ids: Vec<[u8; 16]>,
    /// The same of loose objects.
    pub loose: Vec<[u8; 16]>,
    /// False where all this was known before; then the ids in packs are not gathered.
    pub changed: bool,
}

/// What came of a visit.
pub struct Visited<V> {
    /// The visitors.
    pub visitors: Vec<V>,
    /// What nothing was found in, where that was asked for.
    pub clean: Clean,
    /// How many objects were known to be clean.
    pub from_cache: u64,
    /// Objects that no visitor was shown, as the run was stopped.
    pub stopped: bool,
}

/// A repository, its submodules' repositories, and how to read them.
pub struct History {
    repositories: Vec<Repository>,
    threads: usize,
}

/// One repository.
pub struct Repository {
    store: Store,
    refs: Refs,
    trouble: Vec<Skipped>,
}

impl Repository {
    fn open(layout: Layout) -> Repository {
        let mut trouble = layout.trouble.clone();
        let refs = refs::read(&layout, &mut trouble);
        let (store, more) = Store::open(layout);
        trouble.extend(more);
        Repository { store, refs, trouble }
    }

    /// Its objects.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Its refs as they were when it was opened.
    pub fn refs(&self) -> &Refs {
        &self.refs
    }

    /// What its refs and their logs point at.
    fn starts(&self) -> Vec<ObjectId> {
        References::of_one(self).all.into_iter().map(|reference| reference.target).collect()
    }
}

impl History {
    /// The repository at or above `path`, read by this many threads (0 is one for each core).
    ///
    /// # Errors
    /// There is no repository.
    pub fn open(path: &Path, count: usize) -> Result<History, Error> {
        let layouts = Layout::find(path)?.with_submodules();
        let repositories = layouts.into_iter().map(Repository::open).collect();
        Ok(History { repositories, threads: threads(count) })
    }

    /// Where the content lies that Git LFS keeps for these repositories.
    pub fn large_files(&self) -> LargeFiles {
        LargeFiles::of(self.repositories.iter().map(|repository| &*repository.store.layout().common))
    }

    /// The repository that was named comes first, then those of its submodules.
    pub fn repositories(&self) -> &[Repository] {
        &self.repositories
    }

    /// The ids of all commits, also of those that nothing leads to.
    pub fn commits(&self) -> Vec<ObjectId> {
        self.repositories.iter().flat_map(|repository| repository.store.commits()).collect()
    }

    /// Name and id of each ref, sorted.
    pub fn refs(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for repository in &self.repositories {
            for name in repository.refs.keys() {
                if let Some(id) = refs::resolve(&repository.refs, name) {
                    let shown = [&repository.store.layout().prefix[..], name].concat();
                    all.push((String::from_utf8_lossy(&shown).into_owned(), id.to_string()));
                }
            }
        }
        all.sort();
        all
    }

    /// A digest of all that is in the repositories: their objects, and all that names commits. Where it is the same,
    /// everything stands at the same paths.
    pub fn state(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let references = References::of(self);
        for reference in references.all {
            hash.update(reference.name.as_bytes());
            hash.update([0]);
            hash.update(reference.target.as_bytes());
        }
        // Where a history ends early decides what is told of its last commits.
        let mut ends: Vec<ObjectId> = references.shallow.into_iter().collect();
        ends.sort_unstable();
        hash.update([0]);
        ends.iter().for_each(|id| hash.update(id.as_bytes()));
        for repository in &self.repositories {
            hash.update([1]);
            hash.update(&repository.store.layout().prefix[..]);
            for pack in repository.store.packs() {
                hash.update(pack.checksum());
                hash.update(pack.count().to_le_bytes());
            }
            let mut loose: Vec<ObjectId> =
                repository.store.loose().0.into_iter().map(|loose| loose.id).collect();
            loose.sort_unstable();
            loose.iter().for_each(|id| hash.update(id.as_bytes()));
        }
        hash.finalize().into()
    }

    /// Is there a pack with this checksum, of this many objects?
    pub fn has_pack(&self, checksum: &[u8], count: u32) -> bool {
        let mut packs = self.repositories.iter().flat_map(|repository| repository.store.packs());
        packs.any(|pack| pack.checksum() == checksum && pack.count() == count)
    }

    /// Is one of these ids, told by their first bytes, that of no object?
    pub fn lacks(&self, ids: &[[u8; 16]]) -> bool {
        let packs: Vec<&Pack> =
            self.repositories.iter().flat_map(|repository| repository.store.packs()).collect();
        let mut rest =
            ids.iter().filter(|id| !packs.iter().any(|pack| pack.find_raw(&id[..]).is_some())).peekable();
        if rest.peek().is_none() {
            return false;
        }
        let loose = self.repositories.iter().flat_map(|repository| repository.store.loose().0);
        let loose: HashSet<[u8; 16]> = loose.map(|loose| short(loose.id.as_bytes())).collect();
        rest.any(|id| !loose.contains(id))
    }

    /// How many objects there are, those that stand twice counted twice.
    pub fn objects(&self) -> u64 {
        let packs = self.repositories.iter().flat_map(|repository| repository.store.packs());
        packs.map(|pack| u64::from(pack.count())).sum()
    }

    /// Show everything to visitors made by `new`, one a thread, but for what is known to be clean.
    /// `remember` asks for what nothing was found in. The visit ends early where `stop` is set.
    pub fn visit<V: VisitObjects>(
        &mut self,
        new: &dyn Fn() -> V,
        known: &dyn Known,
        remember: bool,
        stop: &AtomicBool,
    ) -> Visited<V> {
        let mut visitors: Vec<V> = (0..self.threads.max(1)).map(|_| new()).collect();
        let mut clean = Clean { changed: !known.current(), ..Clean::default() };
        let mut from_cache = 0;
        for repository in &mut self.repositories {
            for skipped in &repository.trouble {
                visitors[0].skip(skipped.clone());
            }
            let mut visit = Visit {
                visitors: &mut visitors,
                known,
                remember,
                stop,
                clean: &mut clean,
                from_cache: &mut from_cache,
            };
            visit.texts(repository);
            visit.objects(repository);
        }
        for ids in [&mut clean.ids, &mut clean.loose] {
            ids.sort_unstable();
            ids.dedup();
        }
        Visited { visitors, clean, from_cache, stopped: stop.load(Ordering::Relaxed) }
    }
}

impl Objects for History {
    fn read(&self, id: &ObjectId, buffer: &mut Vec<u8>) -> Result<Option<ObjectKind>, ReadError> {
        let mut trouble = None;
        for repository in &self.repositories {
            match repository.store.read(id, buffer) {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                Err(error) => trouble = Some(error),
            }
        }
        trouble.map_or(Ok(None), Err)
    }
}

/// The visit of one repository.
struct Visit<'a, V> {
    visitors: &'a mut Vec<V>,
    known: &'a dyn Known,
    remember: bool,
    stop: &'a AtomicBool,
    clean: &'a mut Clean,
    from_cache: &'a mut u64,
}

/// An object that could not be read where it was expected.
struct Missing {
    id: ObjectId,
    reason: SkipReason,
    detail: String,
}

impl<V: VisitObjects> Visit<'_, V> {
    /// Names of refs, and files beside the objects.
    fn texts(&mut self, repository: &Repository) {
        let layout = repository.store.layout();
        let visitor = &mut self.visitors[0];
        for (name, target) in &repository.refs {
            let origin = layout.part(RepositoryPart::Ref, name);
            visitor.blob(origin.clone(), name);
            let detail = match target {
                Target::Object(id) if !layout.partial && !repository.store.contains(id) => {
                    format!("it points to {id}, which is not in the repository")
                }
                Target::Damaged if !name.ends_with(b"FETCH_HEAD") => "it does not tell an object".to_owned(),
                _ => continue,
            };
            visitor.skip(Skipped { origin, reason: SkipReason::Corrupt, detail });
        }
        let mut trouble = Vec::new();
        for (origin, path) in refs::texts(layout, &mut trouble) {
            match file(&path, origin.clone(), visitor) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    trouble.push(Skipped {
                        origin,
                        reason: SkipReason::Unreadable,
                        detail: error.to_string(),
                    });
                }
            }
        }
        trouble.into_iter().for_each(|skipped| visitor.skip(skipped));
    }

    /// Packs first, then what is loose and stands in none of them.
    fn objects(&mut self, repository: &mut Repository) {
        let mut missing = Vec::new();
        let links = Links::new(repository.store.layout());
        self.packs(&repository.store, &links, 0, &mut missing);
        let vanished = self.loose(&repository.store, &links, &mut missing);
        // Loose objects may have been packed before they were listed, and packs replaced by others.
        loop {
            let count = repository.store.packs().len();
            let trouble = repository.store.open_packs();
            trouble.into_iter().for_each(|skipped| self.visitors[0].skip(skipped));
            if repository.store.packs().len() == count {
                break;
            }
            self.packs(&repository.store, &links, count, &mut missing);
        }
        missing.extend(vanished.into_iter().filter(|id| !repository.store.contains(id)).map(|id| Missing {
            id,
            reason: SkipReason::Vanished,
            detail: "it was deleted meanwhile".to_owned(),
        }));
        self.again(&repository.store, &links, missing);
        if self.remember && self.clean.changed {
            self.gather(&repository.store);
        }
        if !self.stop.load(Ordering::Relaxed) {
            let starts = repository.starts();
            let told = links.tell(&repository.store, &starts);
            told.into_iter().for_each(|skipped| self.visitors[0].skip(skipped));
        }
    }

    /// Packs from number `first` on.
    fn packs(&mut self, store: &Store, links: &Links, first: usize, missing: &mut Vec<Missing>) {
        for number in first..store.packs().len() {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let pack = &store.packs()[number];
            if let Some(detail) = &pack.oddity {
                let name = pack.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let origin =
                    store.layout().part(RepositoryPart::File, format!("objects/pack/{name}").as_bytes());
                self.visitors[0].skip(Skipped {
                    origin,
                    reason: SkipReason::Corrupt,
                    detail: detail.clone(),
                });
            }
            let wanted = self.wanted(store, number);
            let clean = Marks::none(pack.count());
            let work = Work {
                pack,
                wanted: wanted.as_ref(),
                clean: &clean,
                outside: &|id| store.whole(id),
                links: Some(links.within(store)),
                stop: self.stop,
            };
            let skip = wanted.as_ref().is_some_and(|wanted| wanted.count() == 0);
            let failed = if skip { Vec::new() } else { work.run(self.visitors) };
            missing.extend(failed.into_iter().filter(|failed| failed.position < pack.count()).map(
                |Failed { position, reason, detail }| Missing { id: pack.id(position), reason, detail },
            ));
            self.remember_pack(pack, wanted.as_ref(), &clean);
        }
    }

    /// The objects of a pack that are to be looked at: not those of packs before it, nor those known to
    /// be clean. `None` where that is all.
    fn wanted(&mut self, store: &Store, number: usize) -> Option<Marks> {
        let (before, pack) = (&store.packs()[..number], &store.packs()[number]);
        let count = pack.count();
        let wanted = Marks::none(count);
        let is_double = |id: &[u8]| before.iter().any(|pack| pack.find_raw(id).is_some());
        if let Some(unclean) = self.known.pack(pack.checksum(), count) {
            let mut settled = 0;
            for &position in unclean.iter().filter(|&&position| position < count) {
                let id = pack.raw_id(position);
                if self.known.settled(id) {
                    settled += 1;
                } else if !is_double(id) {
                    wanted.add(position);
                }
            }
            *self.from_cache += u64::from(count) - unclean.len() as u64 + settled;
            return Some(wanted);
        }
        let mut all = true;
        for position in 0..count {
            let id = pack.raw_id(position);
            let (double, clean) = (is_double(id), self.known.clean(id));
            if double || clean {
                all = false;
                *self.from_cache += u64::from(clean && !double);
            } else {
                wanted.add(position);
            }
        }
        (!all).then_some(wanted)
    }

    /// Note which objects of a pack nothing was found in.
    fn remember_pack(&mut self, pack: &Pack, wanted: Option<&Marks>, clean: &Marks) {
        if !self.remember {
            return;
        }
        let known = self.known.pack(pack.checksum(), pack.count());
        self.clean.changed |= known.is_none();
        let is_clean = |position: u32| {
            // What was not wanted is clean, or in a pack before this one: that tells.
            let skipped = wanted.is_some_and(|wanted| !wanted.has(position));
            clean.has(position) || skipped && self.known.clean(pack.raw_id(position))
        };
        let unclean = match known {
            Some(unclean) => unclean.iter().copied().filter(|&at| !clean.has(at)).collect(),
            None => (0..pack.count()).filter(|&position| !is_clean(position)).collect(),
        };
        let checksum = pack.checksum().to_vec();
        self.clean.packs.push(CleanPack { checksum, count: pack.count(), unclean });
    }

    /// Gather the ids of all clean objects in the packs of a repository.
    fn gather(&mut self, store: &Store) {
        for pack in store.packs() {
            let is_it = |one: &&CleanPack| one.checksum == pack.checksum() && one.count == pack.count();
            let Some(CleanPack { unclean, .. }) = self.clean.packs.iter().find(is_it) else { continue };
            let clean = (0..pack.count()).filter(|position| unclean.binary_search(position).is_err());
            self.clean.ids.extend(clean.map(|position| short(pack.raw_id(position))));
        }
    }

    /// Loose objects, on all threads. Returns those that were gone when they were to be read.
    fn loose(&mut self, store: &Store, links: &Links, missing: &mut Vec<Missing>) -> Vec<ObjectId> {
        let (mut all, trouble) = store.loose();
        trouble.into_iter().for_each(|skipped| self.visitors[0].skip(skipped));
        all.retain(|loose| !store.packs().iter().any(|pack| pack.find(&loose.id).is_some()));
        let before = all.len();
        let mut kept = Vec::new();
        all.retain(|loose| {
            let clean = self.known.clean(loose.id.as_bytes());
            if clean && self.remember {
                kept.push(short(loose.id.as_bytes()));
            }
            !clean && !self.known.settled(loose.id.as_bytes())
        });
        *self.from_cache += (before - all.len()) as u64;
        self.clean.loose.extend(kept);
        let next = AtomicUsize::new(0);
        let (all, next, stop) = (&all, &next, self.stop);
        let done: Vec<Reads<'_>> = std::thread::scope(|scope| {
            let threads: Vec<_> = self
                .visitors
                .iter_mut()
                .map(|visitor| {
                    scope.spawn(move || {
                        let mut reads = Reads::new(links.within(store));
                        let take = || all.get(next.fetch_add(1, Ordering::Relaxed));
                        while let Some(loose) = take().filter(|_| !stop.load(Ordering::Relaxed)) {
                            reads.one(loose, visitor);
                        }
                        reads
                    })
                })
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        let mut vanished = Vec::new();
        for reads in done {
            missing.extend(reads.missing);
            vanished.extend(reads.vanished);
            if self.remember {
                self.clean.changed |= !reads.clean.is_empty();
                self.clean.loose.extend(reads.clean.iter().map(|id| short(id.as_bytes())));
            }
        }
        vanished
    }

    /// Objects that could not be read in one place may stand whole in another.
    fn again(&mut self, store: &Store, links: &Links, mut missing: Vec<Missing>) {
        missing.sort_by(|one, other| (one.id, &one.detail).cmp(&(other.id, &other.detail)));
        missing.dedup_by(|one, other| one.id == other.id);
        let mut seen = Seen::default();
        for Missing { id, reason, detail } in missing {
            let visitor = &mut self.visitors[0];
            let found = store.whole(&id);
            let kind = found.as_ref().map_or(ObjectKind::Blob, |found| found.0);
            if let Some((kind, bytes)) = &found {
                if *kind != ObjectKind::Blob {
                    links.within(store).check(&mut seen, *kind, bytes, &|| id, &[]);
                }
                visitor.object(&Object { kind: *kind, bytes, id: &|| id }, None);
            }
            // Where another copy is whole the damage is told all the same: git would trip over it.
            let origin = Origin::Object { id: id.to_string(), kind, path: None, commit: None };
            visitor.skip(Skipped { origin, reason, detail });
        }
    }
}

fn short(id: &[u8]) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&id[..16]);
    out
}

/// What one thread read of loose objects.
struct Reads<'a> {
    links: Lookup<'a>,
    seen: Seen,
    inflater: Inflater,
    buffer: Vec<u8>,
    clean: Vec<ObjectId>,
    missing: Vec<Missing>,
    vanished: Vec<ObjectId>,
}

impl<'a> Reads<'a> {
    fn new(links: Lookup<'a>) -> Reads<'a> {
        Reads {
            links,
            seen: Seen::default(),
            inflater: Inflater::default(),
            buffer: Vec::new(),
            clean: Vec::new(),
            missing: Vec::new(),
            vanished: Vec::new(),
        }
    }

    fn one<V: VisitObjects>(&mut self, loose: &Loose, visitor: &mut V) {
        match self.read(loose, visitor) {
            Ok(true) => self.clean.push(loose.id),
            Ok(false) => {}
            Err(None) => self.vanished.push(loose.id),
            Err(Some((reason, detail))) => self.missing.push(Missing { id: loose.id, reason, detail }),
        }
    }

    /// Show an object; tells whether nothing was found in it. `None` where it is gone.
    fn read<V: VisitObjects>(
        &mut self,
        loose: &Loose,
        visitor: &mut V,
    ) -> Result<bool, Option<(SkipReason, String)>> {
        let content = Content::open(&loose.path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => None,
            _ => Some((SkipReason::Unreadable, error.to_string())),
        })?;
        let corrupt = |detail| Some((SkipReason::Corrupt, detail));
        let header = loose::header(content.bytes(), &mut self.inflater).map_err(corrupt)?;
        if loose::is_large(&header) {
            let mut pieces = loose::pieces(content.bytes(), header);
            let clean = visitor.large(loose.id, header.kind, &mut pieces);
            return match pieces.finish() {
                Some(detail) => Err(corrupt(detail)),
                None => Ok(clean),
            };
        }
        loose::read(content.bytes(), WHOLE_LIMIT, &mut self.inflater, &mut self.buffer).map_err(Some)?;
        let bytes = &self.buffer[header.length..];
        let whole = header.kind == ObjectKind::Blob
            || self.links.check(&mut self.seen, header.kind, bytes, &|| loose.id, &[]);
        let object = Object { kind: header.kind, bytes, id: &|| loose.id };
        Ok(V::is_clean(&visitor.object(&object, None)) && whole)
    }
}

/// Hand a small file to a visitor, or a long one as a stream.
fn file<V: VisitObjects>(path: &PathBuf, origin: Origin, visitor: &mut V) -> io::Result<()> {
    let about = std::fs::symlink_metadata(path)?;
    if !about.is_file() {
        return Ok(());
    }
    if about.len() <= WHOLE_LIMIT {
        visitor.blob(origin, &std::fs::read(path)?);
        return Ok(());
    }
    let mut reader = Quiet::new(std::fs::File::open(path)?);
    visitor.stream(origin, &mut reader);
    reader.failure.map_or(Ok(()), Err)
}
