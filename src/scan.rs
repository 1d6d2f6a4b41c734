//! The only assembly of a run: a source hands blobs to scanners (one a thread), each runs the engine
//! and cuts text for what it found, and the hits of all threads become one sorted outcome.

mod audit;
mod comments;
mod cut;
mod enclosed;
pub mod explain;
mod places;
mod ruling;

pub use audit::{AuditOptions, Audited, Doubts};

use crate::archive::Limits;
use crate::config::cascade::Cascade;
use crate::config::{FILE_NAME, Settings};
use crate::engine::decoded::Limit;
use crate::engine::noise::FileKind;
use crate::engine::{Certainty, Engine, Input, Match, Scratch, stream};
use crate::error::{Error, SkipReason, Skipped};
use crate::finding::{Occurrence, Outcome, Stats};
use crate::origin::Origin;
use crate::policy::State;
use crate::policy::baseline::Baseline;
use crate::policy::comment::Pragma;
use crate::rules::paths::PathRules;
use crate::rules::{RuleIndex, Severity};
use crate::secret::Secret;
use crate::source::{Source, Visit};
use crate::text::{Part, Reading};
use crate::unpack::{Images, Unpack};
use crate::utf16;
use comments::{Allowance, Used};
use cut::{Cut, Lines};
use enclosed::Runs;
use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use zeroize::Zeroizing;

/// Bytes looked at to tell how an input is encoded.
const HEAD: usize = 8 << 10;
/// Longest encoded secret whose bytes are kept, in bytes.
const WRITTEN: usize = 256 << 10;
/// Most characters of a line shown before and behind a secret.
const SHOWN: (usize, usize) = (60, 40);

/// Counters that a progress display reads while a run goes on.
#[derive(Default)]
pub struct Progress {
    /// Inputs done.
    pub inputs: AtomicU64,
    /// Bytes done.
    pub bytes: AtomicU64,
    /// Places found.
    pub found: AtomicU64,
    /// How many inputs there are; 0 where that is not known.
    pub total: AtomicU64,
}

/// Everything a run shares between threads.
pub struct Scan {
    engine: Engine,
    paths: PathRules,
    cascade: Cascade,
    /// How each rule stands where no path says otherwise.
    states: Vec<State>,
    baseline: Option<Baseline>,
    baseline_path: PathBuf,
    salt: Vec<u8>,
    info: bool,
    limits: Limits,
    fail_on: Option<Severity>,
    foreign_comments: bool,
    /// Rules of the configuration that are not among those of the engine.
    lost: Vec<Skipped>,
    /// What a progress display may read.
    pub progress: Progress,
}

/// One place found by one thread.
struct Hit {
    rule: RuleIndex,
    also: Vec<RuleIndex>,
    certainty: Certainty,
    secret: Secret,
    /// The bytes that say it, where it does not stand there in clear.
    written: Option<Secret>,
    /// The companion that stands close by.
    pair: Option<Secret>,
    /// Comments around it.
    comments: Vec<Pragma>,
    /// What [`Scan::marks`] says of its line.
    marks: Vec<Vec<u32>>,
    occurrence: Occurrence,
    /// It stands in a container that stands encoded there.
    enclosed: bool,
}

impl Scan {
    /// A run by these settings.
    pub fn new(settings: Settings) -> Scan {
        let file = settings.file.as_deref().unwrap_or(Path::new(crate::config::FILE_NAME));
        let lost = |detail: String| Skipped {
            origin: Origin::File(file.to_owned()),
            reason: SkipReason::Unreadable,
            detail,
        };
        Scan {
            lost: settings.lost.into_iter().map(lost).collect(),
            paths: PathRules::new(&settings.rules),
            engine: Engine::with(settings.rules, settings.active),
            cascade: settings.cascade,
            states: settings.states,
            baseline: settings.baseline,
            baseline_path: settings.baseline_path,
            salt: settings.salt,
            info: settings.info,
            limits: Limits::default(),
            fail_on: settings.fail_on,
            foreign_comments: settings.foreign_comments,
            progress: Progress::default(),
        }
    }

    /// The same, opening containers within these limits.
    pub fn opening(self, limits: Limits) -> Scan {
        Scan { limits, ..self }
    }

    /// What the files of settings say of places.
    pub fn cascade(&self) -> &Cascade {
        &self.cascade
    }

    /// The findings that are known.
    pub fn baseline(&self) -> Option<&Baseline> {
        self.baseline.as_ref()
    }

    /// Private keys and stored forms of passwords in tests, examples and documents are made for them, and
    /// stand there by the hundred: they are counted, and reported only where everything down to `info` is
    /// asked for. Their rules say so, see [`Rule::fixtures`](crate::rules::rule::Rule::fixtures).
    fn sets_aside(&self, kind: FileKind) -> bool {
        kind.fixture && !self.info
    }

    /// The engine of this run.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Scan everything that a source holds.
    ///
    /// # Errors
    /// Only where the source could not be read at all; trouble with single inputs is in the outcome.
    pub fn run(&self, source: &impl Source) -> Result<Outcome, Error> {
        let mut outcome = self.run_apart(source)?;
        outcome.join();
        Ok(outcome)
    }

    /// The same for whoever judges each half of a credential by itself, and joins them then.
    ///
    /// # Errors
    /// As for [`Scan::run`].
    pub fn run_apart(&self, source: &impl Source) -> Result<Outcome, Error> {
        let started = Instant::now();
        let roots = source.roots();
        let fresh = || Scanner::new(self, roots);
        let images = Images::default();
        let large = source.large_files();
        let new = || Unpack::new(fresh(), self.limits, &images, Some(&fresh)).following(&large);
        let openers = source.visit(&new)?;
        let scanners = openers.into_iter().flat_map(Unpack::into_inner).collect();
        Ok(self.gather(scanners, &images, started, false))
    }

    /// Make one outcome of what the scanners of all threads saw. With `early` the paths of objects are not
    /// known yet.
    fn gather(&self, scanners: Vec<Scanner<'_>>, images: &Images, started: Instant, early: bool) -> Outcome {
        let mut hits = Vec::new();
        let mut skipped = Vec::new();
        let mut stats = Stats { rules: self.engine.active_rules(), ..Stats::default() };
        let mut allowances = Vec::new();
        for scanner in scanners {
            allowances.extend(scanner.allowances);
            hits.extend(scanner.hits);
            skipped.extend(scanner.skipped);
            stats.inputs += scanner.inputs;
            stats.bytes += scanner.bytes;
        }
        places::in_images(self, &images.known(), &mut hits);
        let mut used = Used::default();
        let (findings, pairs, mut told) = self.merge(hits, early, &mut used);
        told.notes.extend(comments::unused(allowances, &used));
        told.fail_on = self.fail_on;
        skipped.extend(self.cascade.trouble());
        skipped.extend(self.lost.iter().cloned());
        skipped.sort();
        skipped.dedup();
        stats.elapsed = started.elapsed();
        Outcome { findings, skipped, stats, coverage: None, told, pairs }
    }
}

/// Takes blobs on one thread.
struct Scanner<'s> {
    scan: &'s Scan,
    roots: &'s [PathBuf],
    scratch: Scratch,
    matches: Vec<Match>,
    hits: Vec<Hit>,
    /// Comments that allow something, be it there or not.
    allowances: Vec<Allowance>,
    skipped: Vec<Skipped>,
    inputs: u64,
    bytes: u64,
    /// Containers that stand encoded in what is looked at.
    runs: Runs,
    /// Something matched, be it allowed or not.
    matched: bool,
}

impl<'s> Scanner<'s> {
    fn new(scan: &'s Scan, roots: &'s [PathBuf]) -> Scanner<'s> {
        Scanner {
            scan,
            roots,
            scratch: if scan.limits.depth > 0 { Scratch::opening() } else { Scratch::default() },
            matches: Vec::new(),
            hits: Vec::new(),
            allowances: Vec::new(),
            skipped: Vec::new(),
            inputs: 0,
            bytes: 0,
            runs: Runs::default(),
            matched: false,
        }
    }

    /// Settings of a directory are read where something is found below it, and in any case where the run comes
    /// by their file: what is wrong with them, or of no use in them, is to be told.
    fn note_settings(&self, origin: &Origin) {
        let named = match origin {
            Origin::File(path) => path.file_name().is_some_and(|name| name == FILE_NAME),
            Origin::Staged(path) => path.ends_with(FILE_NAME.as_bytes()),
            _ => false,
        };
        if named && let Some(place) = self.scan.place_of(origin) {
            self.scan.cascade.layers_of(Some(&place), self.scan.engine.rules());
        }
    }

    fn done(&mut self, inputs: u64, bytes: u64) {
        self.inputs += inputs;
        self.bytes += bytes;
        self.scan.progress.inputs.fetch_add(inputs, Ordering::Relaxed);
        self.scan.progress.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Scan a text that is wholly in memory, read as `read` says; `original` maps its offsets to those of the
    /// input. Tells whether all of it was looked at.
    fn text(
        &mut self,
        origin: &Origin,
        text: &[u8],
        read: ReadAs,
        original: &dyn Fn(usize) -> usize,
    ) -> bool {
        self.part(origin, text, &Part::whole(text.len()), read, original)
    }

    /// The same for a part of a text.
    fn part(
        &mut self,
        origin: &Origin,
        text: &[u8],
        part: &Part,
        read: ReadAs,
        original: &dyn Fn(usize) -> usize,
    ) -> bool {
        self.matches.clear();
        let (kind, binary) = (kind_of(origin, self.roots), read == ReadAs::Binary);
        let input = Input { text, own: part.own.clone(), kind, binary };
        self.scan.engine.scan(&mut self.scratch, &input, &mut self.matches);
        self.matched |= !self.matches.is_empty();
        self.scan.note_allowances((origin, kind, read), (text, part.lines), original, &mut self.allowances);
        let all = self.limits(origin);
        let enclosed = self.scratch.take_enclosed();
        if !self.matches.is_empty() || !enclosed.is_empty() {
            let aside = self.scan.sets_aside(input.kind);
            let (scan, matches) = (self.scan, &self.matches);
            let cut = Cut { matches, original, aside, read, ..Cut::of(scan, origin, text) };
            let mut lines = Lines::new(text, part.lines, part.column);
            cut.hits(&mut lines, (&mut self.hits, &mut self.skipped));
            self.runs.keep(&cut, &mut lines, enclosed, &mut self.skipped);
        }
        all
    }

    /// Tell what was encoded and not looked at; true where that is nothing.
    fn limits(&mut self, origin: &Origin) -> bool {
        let limits = self.scratch.take_limits();
        let none = limits.is_empty();
        self.skipped.extend(limits.into_iter().map(|(_, limit)| not_decoded(origin, limit)));
        none
    }
}

impl Visit for Scanner<'_> {
    fn blob(&mut self, origin: Origin, bytes: &[u8]) {
        self.note_settings(&origin);
        self.runs.begin(&origin);
        let first = self.hits.len();
        let head = &bytes[..bytes.len().min(HEAD)];
        match utf16::detect(head) {
            Some(encoding) => {
                let decoded = utf16::decode(bytes, encoding);
                let read = ReadAs::Wide(encoding);
                self.text(&origin, &decoded.text, read, &|offset| decoded.original(offset))
            }
            None => self.text(&origin, bytes, ReadAs::of(head), &|offset| offset),
        };
        self.runs.place(self.scan, &mut self.hits, first);
        self.done(1, bytes.len() as u64);
    }

    fn stream(&mut self, origin: Origin, reader: &mut dyn Read) {
        let mut head = Vec::with_capacity(HEAD);
        // The source tells of trouble with reading; what was read is looked at all the same.
        let _ = reader.take(HEAD as u64).read_to_end(&mut head);
        let read_as = ReadAs::of(&head);
        let binary = read_as == ReadAs::Binary;
        let mut whole = Cursor::new(head).chain(reader);
        let describe = Input { text: &[], own: 0..0, kind: kind_of(&origin, self.roots), binary };
        self.runs.begin(&origin);
        let first = self.hits.len();
        let Scanner { scan, scratch, hits, allowances, skipped, matched, runs, .. } = self;
        let aside = scan.sets_aside(describe.kind);
        let mut each = |window: stream::Window<'_>, map: &dyn Fn(u64) -> u64| {
            let original = |offset: usize| map(window.offset + offset as u64) as usize;
            let about = (&origin, describe.kind, read_as);
            scan.note_allowances(about, (window.text, window.lines_before), &original, allowances);
            if window.matches.is_empty() && window.enclosed.is_empty() {
                return;
            }
            *matched |= !window.matches.is_empty();
            let cut = Cut {
                matches: window.matches,
                original: &original,
                aside,
                read: read_as,
                ..Cut::of(scan, &origin, window.text)
            };
            let mut lines = Lines::new(window.text, window.lines_before, window.column_before);
            cut.hits(&mut lines, (&mut *hits, &mut *skipped));
            runs.keep(&cut, &mut lines, window.enclosed, skipped);
        };
        let read = match read_as {
            ReadAs::Text | ReadAs::Binary | ReadAs::Container => {
                stream::scan(&scan.engine, scratch, &mut whole, &describe, |window| {
                    each(window, &|offset| offset);
                })
            }
            ReadAs::Wide(encoding) => {
                let remembered = 2 * (stream::STEP + scan.engine.look_ahead());
                let wide = RefCell::new(utf16::WideReader::new(encoding, whole, remembered));
                stream::scan(&scan.engine, scratch, &mut Shared(&wide), &describe, |window| {
                    each(window, &|offset| wide.borrow().original(offset as usize) as u64);
                })
            }
        };
        self.runs.place(self.scan, &mut self.hits, first);
        self.limits(&origin);
        self.done(1, read.unwrap_or_default());
    }

    fn reading(&mut self, origin: Origin, bytes: &[u8], reading: &Reading) {
        self.runs.begin(&origin);
        let (first, allowances) = (self.hits.len(), self.allowances.len());
        let part = reading.part(bytes.len());
        self.part(&origin, bytes, &part, ReadAs::Text, &|offset| part.offset as usize + offset);
        // Comments of two readings of one text cannot be told apart by their places.
        self.allowances.truncate(allowances);
        self.read_again(&origin, bytes, reading, kind_of(&origin, self.roots), first);
        self.runs.place(self.scan, &mut self.hits, first);
        self.done(u64::from(part.offset == 0), part.own.len() as u64);
    }

    fn enclosed(&mut self) -> Vec<(Origin, Zeroizing<Vec<u8>>)> {
        self.runs.opened()
    }

    fn skip(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }
}

/// How an input is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadAs {
    Text,
    Binary,
    Wide(utf16::Encoding),
    /// By its members.
    Container,
}

impl ReadAs {
    /// What the first bytes of an input tell.
    fn of(head: &[u8]) -> ReadAs {
        match utf16::detect(head) {
            Some(encoding) => ReadAs::Wide(encoding),
            None if utf16::looks_binary(head) => ReadAs::Binary,
            None => ReadAs::Text,
        }
    }
}

fn not_decoded(origin: &Origin, limit: Limit) -> Skipped {
    let reason = match limit {
        Limit::Depth | Limit::Size => SkipReason::Budget,
        Limit::Damaged | Limit::Cut => SkipReason::Corrupt,
    };
    Skipped { origin: origin.clone(), reason, detail: limit.describe() }
}

/// Lets the scan read from a reader that is asked for original offsets meanwhile.
struct Shared<'a, R>(&'a RefCell<R>);

impl<R: Read> Read for Shared<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().read(buffer)
    }
}

fn kind_of(origin: &Origin, roots: &[PathBuf]) -> FileKind {
    telling_path(origin, roots).map_or(FileKind::UNKNOWN, |path| FileKind::of_path(&path))
}

/// The path that tells what kind of file it is: the way to a member is that of a file below directories.
fn telling_path<'o>(origin: &'o Origin, roots: &[PathBuf]) -> Option<Cow<'o, [u8]>> {
    match origin {
        Origin::File(path) => Some(below(path, roots).as_os_str().as_encoded_bytes().into()),
        Origin::Staged(path) | Origin::Object { path: Some(path), .. } => Some(path[..].into()),
        Origin::Member { outer, path } => Some(match telling_path(outer, roots) {
            Some(outer) => Cow::Owned([&outer[..], b"/", path].concat()),
            None => path[..].into(),
        }),
        Origin::Noted { outer, .. } => telling_path(outer, roots),
        _ => None,
    }
}

/// The part of a path that tells what kind of file it is: a tree that happens to lie in a directory called
/// `tests` is no test for that.
fn below<'a>(path: &'a Path, roots: &[PathBuf]) -> &'a Path {
    if path.is_relative() {
        return path;
    }
    let rest = roots.iter().filter_map(|root| path.strip_prefix(root).ok());
    match rest.min_by_key(|rest| rest.as_os_str().len()) {
        Some(rest) if !rest.as_os_str().is_empty() => rest,
        _ => path.file_name().map_or(path, Path::new),
    }
}

/// The path that settings are asked about: absolute for a file on disk, relative to the top of the
/// repository for what git holds. That of a member goes on behind that of its container.
fn path_of(origin: &Origin) -> Option<PathBuf> {
    match origin.root() {
        Origin::File(path) => {
            let mut whole = crate::config::clean(path).into_os_string();
            whole.push(origin.way());
            Some(whole.into())
        }
        _ => origin.path().map(PathBuf::from),
    }
}
