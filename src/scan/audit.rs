//! A run over all of a repository.

mod tree;

use super::{Cut, HEAD, Hit, Lines, ReadAs, Scan, Scanner};
use crate::engine::decoded::Enclosed;
use crate::engine::derived::{Derived, Deriver, Trace};
use crate::engine::noise::FileKind;
use crate::engine::{Input, Match};
use crate::error::{SkipReason, Skipped};
use crate::finding::{Coverage, Occurrence, Outcome};
use crate::origin::{ObjectKind, Origin, RepositoryPart};
use crate::rules::rule::Matcher;
use crate::source::Visit;
use crate::source::history::{Clean, History, Known};
use crate::source::lfs::LargeFiles;
use crate::source::objects::ObjectId;
use crate::source::pack::{Made, Object, VisitObjects};
use crate::source::provenance::Commit;
use crate::text::Reading;
use crate::unpack::{self, Images, Unpack};
use crate::utf16;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

/// Objects that are counted together.
const COUNTED: u64 = 64;

/// How to audit.
pub struct AuditOptions<'a> {
    /// What is known from an earlier audit by the same rules.
    pub known: &'a dyn Known,
    /// Note what nothing was found in.
    pub remember: bool,
    /// Set where the audit is to end early.
    pub stop: &'a AtomicBool,
    /// Look at every byte of every object, also at what was copied from another one. The findings are
    /// the same; this is what they are compared with.
    pub every_byte: bool,
}

/// What came of an audit.
pub struct Audited {
    /// The report.
    pub outcome: Outcome,
    /// What depends on paths, see [`Scan::settle`].
    pub doubts: Doubts,
    /// What nothing was found in.
    pub clean: Clean,
    /// The commits that were looked at.
    pub commits: Vec<Commit>,
}

/// Occurrences that are none in some kinds of files. What kind of file an object is, is told by its
/// path, which is only sought where something was found.
#[derive(Debug, Default)]
pub struct Doubts {
    kinds: HashMap<(String, u64), u16>,
    /// What [`Scan::marks`] said of the line of a place, where that was anything.
    marks: HashMap<(String, u64), Vec<Vec<u32>>>,
    /// Objects in which all that was found is in `kinds`, and how much that is.
    only: HashMap<String, usize>,
}

impl Doubts {
    fn hold(&self, occurrence: &Occurrence, kind: FileKind) -> bool {
        let Origin::Object { id, .. } = occurrence.origin.bare() else { return true };
        self.kinds.get(&(id.clone(), occurrence.offset)).is_none_or(|kinds| kinds & bit(kind) != 0)
    }

    fn marks(&self, occurrence: &Occurrence) -> Vec<Vec<u32>> {
        let Origin::Object { id, .. } = occurrence.origin.bare() else { return Vec::new() };
        self.marks.get(&(id.clone(), occurrence.offset)).cloned().unwrap_or_default()
    }
}

fn bit(kind: FileKind) -> u16 {
    1 << FileKind::all().position(|one| one == kind).unwrap_or_default()
}

impl Scan {
    /// Digest of the rules in force: two runs with one digest find the same.
    pub fn rules_digest(&self) -> String {
        let rules = self.engine.rules();
        let mut hash = Sha256::new().chain_update(rules.digest());
        for (index, _) in rules.iter() {
            hash.update([u8::from(self.engine.is_active(index))]);
        }
        // What is opened decides what is found.
        hash.update(format!("{:?}", self.limits));
        hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Look at everything in a repository, each object once.
    ///
    /// Contents of files are scanned as if they could be of any kind; when their paths are known,
    /// [`Scan::settle`] drops what is none in files of their kinds.
    pub fn audit(&self, history: &mut History, options: &AuditOptions<'_>) -> Audited {
        let (began, started) = (Instant::now(), SystemTime::now());
        self.progress.total.store(history.objects(), Ordering::Relaxed);
        let mut deriver = Deriver::new(&self.engine);
        if !options.every_byte {
            deriver = deriver.remembering();
        }
        let images = Images::default();
        let large = history.large_files();
        let new = || Auditor::new(self, &deriver, (&images, &large), options.every_byte);
        let visited = history.visit(&new, options.known, options.remember, options.stop);
        let mut counts = Counts::default();
        let mut doubts = Doubts::default();
        let (mut scanners, mut commits) = (Vec::new(), Vec::new());
        for mut auditor in visited.visitors {
            auditor.flush();
            counts.add(&auditor.counts);
            doubts.kinds.extend(auditor.doubts.kinds);
            doubts.marks.extend(auditor.doubts.marks);
            doubts.only.extend(auditor.doubts.only);
            commits.append(&mut auditor.commits);
            scanners.push(auditor.scanner);
        }
        let mut outcome = self.gather(scanners, &images, began, true);
        if visited.stopped {
            outcome.skipped.push(Skipped {
                origin: Origin::Repository { part: RepositoryPart::File, name: "objects".into() },
                reason: SkipReason::Interrupted,
                detail: "the audit was stopped before it had looked at every object".to_owned(),
            });
        }
        let of = |kind: ObjectKind| counts.objects[kind as usize];
        outcome.coverage = Some(Coverage {
            blobs: of(ObjectKind::Blob),
            commits: of(ObjectKind::Commit),
            tags: of(ObjectKind::Tag),
            trees: of(ObjectKind::Tree),
            bytes: counts.bytes,
            from_cache: visited.from_cache,
            scope: None,
            refs: history.refs(),
            rules_digest: self.rules_digest(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started,
            ended: SystemTime::now(),
        });
        Audited { outcome, doubts, clean: visited.clean, commits }
    }

    /// Drop what is no finding at the paths that occurrences have by now: assigned values that no
    /// credential is expected in such a file, and what is allowed there. The halves of credentials are one
    /// finding from then on. Tells the ids of objects in which nothing that was found is one.
    pub fn settle(&self, outcome: &mut Outcome, doubts: &Doubts) -> Vec<String> {
        let told = &mut outcome.told;
        let mut gone: HashMap<String, HashSet<u64>> = HashMap::new();
        for finding in &mut outcome.findings {
            // One object may stand at several paths, and occurrences tell only the first.
            let paths = finding.story.iter().flat_map(|story| &story.paths);
            let kinds: Vec<FileKind> = paths.map(|(path, _)| FileKind::of_path(path)).collect();
            finding.occurrences.retain(|occurrence| {
                let Origin::Object { path: Some(path), .. } = occurrence.origin.bare() else { return true };
                let mut kinds = std::iter::once(FileKind::of_path(path)).chain(kinds.iter().copied());
                let holds = kinds.any(|kind| doubts.hold(occurrence, kind));
                if !holds && let Origin::Object { id, .. } = &occurrence.origin {
                    gone.entry(id.clone()).or_default().insert(occurrence.offset);
                }
                holds
            });
            self.settle_finding(finding, &|occurrence| doubts.marks(occurrence), told);
        }
        outcome.skipped.extend(self.cascade.trouble());
        outcome.skipped.sort();
        outcome.skipped.dedup();
        outcome.findings.retain(|finding| !finding.occurrences.is_empty());
        outcome.join();
        gone.retain(|id, offsets| doubts.only.get(id) == Some(&offsets.len()));
        gone.into_keys().collect()
    }
}

/// What was looked at.
#[derive(Default)]
struct Counts {
    /// By kind of object.
    objects: [u64; 4],
    bytes: u64,
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        self.objects.iter_mut().zip(other.objects).for_each(|(one, more)| *one += more);
        self.bytes += other.bytes;
    }
}

/// Takes objects on one thread.
struct Auditor<'s> {
    scanner: Scanner<'s>,
    deriver: &'s Deriver<'s>,
    images: &'s Images,
    large: &'s LargeFiles,
    every_byte: bool,
    counts: Counts,
    /// Objects and bytes that the progress display was not told of yet.
    untold: (u64, u64),
    doubts: Doubts,
    /// The commits among the objects: whoever tells stories need not read them again.
    commits: Vec<Commit>,
}

/// What is remembered of an object while others are made from it.
struct Memory {
    trace: Trace,
    /// How its beginning looked.
    look: ReadAs,
    clean: bool,
}

impl<'s> Auditor<'s> {
    fn new(
        scan: &'s Scan,
        deriver: &'s Deriver<'s>,
        (images, large): (&'s Images, &'s LargeFiles),
        every_byte: bool,
    ) -> Auditor<'s> {
        Auditor {
            scanner: Scanner::new(scan, &[]),
            deriver,
            images,
            large,
            every_byte,
            counts: Counts::default(),
            untold: (0, 0),
            doubts: Doubts::default(),
            commits: Vec::new(),
        }
    }

    fn count(&mut self, kind: ObjectKind, bytes: u64) {
        self.counts.objects[kind as usize] += 1;
        self.counts.bytes += bytes;
        self.untold.0 += 1;
        self.untold.1 += bytes;
        if self.untold.0 >= COUNTED {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let (objects, bytes) = std::mem::take(&mut self.untold);
        self.scanner.inputs += objects;
        self.scanner.bytes += bytes;
        let progress = &self.scanner.scan.progress;
        progress.inputs.fetch_add(objects, Ordering::Relaxed);
        progress.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn look(kind: ObjectKind, bytes: &[u8], made: Option<&Made<'_, Memory>>) -> ReadAs {
        // Trees hold ids in binary between names in text.
        if kind != ObjectKind::Blob {
            return ReadAs::Text;
        }
        let head = &bytes[..bytes.len().min(HEAD)];
        if let Some(made) = made
            && let Some(first) = made.copies.first()
            && first.target == 0
            && first.source == 0
            && first.length >= HEAD
            && made.base.look != ReadAs::Container
        {
            return made.base.look;
        }
        ReadAs::of(head)
    }

    /// Opens containers for the scanner.
    fn opener(&mut self) -> Unpack<'_, &mut Scanner<'s>> {
        let limits = self.scanner.scan.limits;
        Unpack::new(&mut self.scanner, limits, self.images, None).following(self.large)
    }

    /// Look at the members of a container, or at what a pointer stands for.
    fn container(&mut self, object: &Object<'_>) -> Memory {
        let id = (object.id)().to_string();
        let origin = Origin::Object { id, kind: object.kind, path: None, commit: None };
        let skipped = self.scanner.skipped.len();
        self.scanner.matched = false;
        let told = self.images.told();
        self.opener().blob(origin, object.bytes);
        // What tells of images is asked again by every audit.
        let silent = self.images.told() == told;
        let clean = silent && !self.scanner.matched && self.scanner.skipped.len() == skipped;
        Memory { trace: Trace::default(), look: ReadAs::Container, clean }
    }

    /// Keep the containers that stand encoded in an object.
    fn keep(&mut self, object: &Object<'_>, found: Vec<Enclosed>) {
        let id = (object.id)().to_string();
        let origin = &Origin::Object { id, kind: object.kind, path: None, commit: None };
        let (scan, text) = (self.scanner.scan, object.bytes);
        let cut = Cut::of(scan, origin, text);
        let Scanner { runs, skipped, .. } = &mut self.scanner;
        runs.keep(&cut, &mut Lines::new(text, 0, 0), found, skipped);
    }

    /// Open the containers that stand encoded in an object; true where nothing was found in them.
    fn open(&mut self, object: &Object<'_>) -> bool {
        let skipped = self.scanner.skipped.len();
        self.scanner.matched = false;
        self.opener().enclosed(object.bytes.len());
        !self.scanner.matched && self.scanner.skipped.len() == skipped
    }

    /// Look at another reading of an object whose hits are those from `first` on; true where nothing
    /// matched.
    fn read_again(&mut self, object: &Object<'_>, reading: &Reading, first: usize) -> bool {
        let id = (object.id)().to_string();
        let origin = Origin::Object { id, kind: object.kind, path: None, commit: None };
        self.scanner.matched = false;
        self.scanner.read_again(&origin, object.bytes, reading, FileKind::UNKNOWN, first);
        !self.scanner.matched
    }

    fn hits(&mut self, object: &Object<'_>, matches: &[Match], input: &Input<'_>) {
        let id = (object.id)();
        let origin = Origin::Object { id: id.to_string(), kind: object.kind, path: None, commit: None };
        let mut matches = matches.to_vec();
        matches.sort_by_key(|found| (found.secret.start, std::cmp::Reverse(found.secret.end), found.rule));
        let scan = self.scanner.scan;
        let first = self.scanner.hits.len();
        let (origin, text) = (&origin, input.text);
        let cut = Cut { matches: &matches, ..Cut::of(scan, origin, text) };
        let Scanner { hits, skipped, .. } = &mut self.scanner;
        cut.hits(&mut Lines::new(text, 0, 0), (hits, skipped));
        for hit in self.scanner.hits[first..].iter().filter(|hit| !hit.marks.is_empty()) {
            self.doubts.marks.insert((id.to_string(), hit.occurrence.offset), hit.marks.clone());
        }
        if input.kind != FileKind::ANY {
            return;
        }
        let offsets: Vec<u64> =
            self.scanner.hits[first..].iter().map(|hit: &Hit| hit.occurrence.offset).collect();
        for found in &matches {
            let assigned = matches!(scan.engine.rules().get(found.rule).matcher, Matcher::Assigned(_));
            if assigned && offsets.contains(&(found.secret.start as u64)) {
                self.doubt(origin, found, input);
            }
        }
        // They were told, and kept, when the object was scanned.
        self.scanner.scratch.take_limits();
        self.scanner.scratch.take_enclosed();
    }

    /// Tell what was encoded in an object and not looked at; true where that is nothing.
    fn limits(&mut self, object: &Object<'_>) -> bool {
        if self.scanner.scratch.has_no_limits() {
            return true;
        }
        let id = (object.id)().to_string();
        self.scanner.limits(&Origin::Object { id, kind: object.kind, path: None, commit: None })
    }

    /// Note the object if each of these, which are all that was found in it, is a match in some kinds of files only.
    fn only_doubts(&mut self, object: &Object<'_>, matches: &[Match]) {
        let id = (object.id)().to_string();
        let doubted =
            |found: &Match| self.doubts.kinds.contains_key(&(id.clone(), found.secret.start as u64));
        let places: HashSet<usize> = matches.iter().map(|found| found.secret.start).collect();
        if places.len() == matches.len() && matches.iter().all(doubted) {
            self.doubts.only.insert(id, places.len());
        }
    }

    /// Note in which kinds of files this is a match. As one for a file of any kind it prevailed over all that
    /// overlaps it; in a file of one kind there is no more than that.
    fn doubt(&mut self, origin: &Origin, found: &Match, input: &Input<'_>) {
        let Origin::Object { id, .. } = origin else { return };
        let mut kinds = 0;
        for kind in FileKind::all() {
            let mut again = Vec::new();
            let own = found.anchor..found.anchor + 1;
            let input = Input { own, kind, ..input.clone() };
            self.scanner.scan.engine.scan_alone(&mut self.scanner.scratch, &input, &mut again);
            if again.iter().any(|other| other.secret == found.secret) {
                kinds |= bit(kind);
            }
        }
        if kinds != 0 && kinds != FileKind::all().fold(0, |all, kind| all | bit(kind)) {
            self.doubts.kinds.insert((id.clone(), found.secret.start as u64), kinds);
        }
    }
}

impl VisitObjects for Auditor<'_> {
    type Memory = Memory;

    fn object(&mut self, object: &Object<'_>, made: Option<Made<'_, Memory>>) -> Memory {
        let bytes = object.bytes;
        self.count(object.kind, bytes.len() as u64);
        if object.kind == ObjectKind::Commit {
            self.commits.extend(Commit::parse((object.id)(), bytes));
        }
        let open = object.kind == ObjectKind::Blob && self.scanner.scan.limits.depth > 0;
        let pointer = object.kind == ObjectKind::Blob && unpack::is_pointer(bytes);
        if pointer || open && unpack::may_be_container(bytes) {
            return self.container(object);
        }
        let look = Auditor::look(object.kind, bytes, made.as_ref());
        if let ReadAs::Wide(encoding) = look {
            let before = self.scanner.hits.len();
            let decoded = utf16::decode(bytes, encoding);
            let (id, kind) = ((object.id)().to_string(), object.kind);
            let origin = Origin::Object { id, kind, path: None, commit: None };
            let all = self.scanner.text(&origin, &decoded.text, look, &|offset| decoded.original(offset));
            let mut clean = all && self.scanner.matches.is_empty() && self.scanner.hits.len() == before;
            clean &= self.open(object);
            return Memory { trace: Trace::default(), look, clean };
        }
        let kind = if object.kind == ObjectKind::Blob { FileKind::ANY } else { FileKind::UNKNOWN };
        let input = Input { text: bytes, own: 0..bytes.len(), kind, binary: look == ReadAs::Binary };
        let made = made.filter(|made| !self.every_byte && made.base.look == look);
        let bridged;
        let derived = match made {
            Some(made) => {
                let base_length = made.base_bytes.len();
                let copies = match object.kind {
                    ObjectKind::Tree => {
                        bridged = tree::bridge(bytes, base_length, made.copies);
                        &bridged[..]
                    }
                    _ => made.copies,
                };
                Some(Derived { base: &made.base.trace, base_length, copies })
            }
            None => None,
        };
        let trace = self.deriver.scan(&mut self.scanner.scratch, &input, derived);
        let enclosed = self.scanner.scratch.take_enclosed();
        let all = self.limits(object);
        let mut clean = all && trace.matches().is_empty();
        let first = self.scanner.hits.len();
        if !trace.matches().is_empty() {
            self.hits(object, trace.matches(), &input);
        }
        // What tells of images is asked again by every audit.
        let tells = open && matches!(bytes.first(), Some(b'{' | b'[')) && {
            let id = (object.id)().to_string();
            self.images.look(&Origin::Object { id, kind: object.kind, path: None, commit: None }, bytes)
        };
        clean &= !tells;
        if !enclosed.is_empty() {
            self.keep(object, enclosed);
        }
        if open && let Some(reading) = unpack::reading_of("", bytes) {
            clean &= self.read_again(object, &reading, first);
        } else if all && !clean && !tells && !self.scanner.runs.wait() {
            self.only_doubts(object, trace.matches());
        }
        if !self.scanner.runs.wait() {
            return Memory { trace, look, clean };
        }
        // What is made of it is looked at as a whole: what is copied may be a part of a container.
        clean &= self.open(object);
        Memory { trace: Trace::default(), look: ReadAs::Container, clean }
    }

    fn is_clean(memory: &Memory) -> bool {
        memory.clean
    }

    fn large(&mut self, id: ObjectId, kind: ObjectKind, reader: &mut dyn Read) -> bool {
        let origin = Origin::Object { id: id.to_string(), kind, path: None, commit: None };
        let bytes = self.scanner.bytes;
        let images = self.images;
        let mut hashed = images.hashed(reader);
        self.opener().stream(origin.clone(), &mut hashed);
        hashed.done(&origin);
        self.counts.objects[kind as usize] += 1;
        self.counts.bytes += self.scanner.bytes - bytes;
        // What is allowed today may not be tomorrow: only an object with no match at all is clean, and
        // that is not told of a stream. There are few of them.
        false
    }
}

impl Visit for Auditor<'_> {
    fn blob(&mut self, origin: Origin, bytes: &[u8]) {
        self.scanner.blob(origin, bytes);
        self.opener().enclosed(bytes.len());
    }

    fn stream(&mut self, origin: Origin, reader: &mut dyn Read) {
        self.scanner.stream(origin, reader);
        self.opener().enclosed(usize::MAX);
    }

    fn skip(&mut self, skipped: Skipped) {
        self.scanner.skip(skipped);
    }
}
