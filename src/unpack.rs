//! Opens containers between a source and whoever looks at bytes: what is a container is handed on as its
//! members, each with an origin that tells the way to it, `outer.tar!/layer/app.jar!/config.yml`.

use crate::archive::{
    self, Budget, Compression, Content, Counted, HEAD, Input, Kind, Limits, Member, Metered, Trouble,
};
use crate::error::{SkipReason, Skipped};
use crate::origin::{ObjectKind, Origin};
use crate::source::{Quiet, Visit, WHOLE_LIMIT};
use bstr::BString;
use std::io::{self, BufReader, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use zeroize::Zeroize;

/// Bytes of a compressed stream that tell whether it is one.
const PROBE: usize = 64 << 10;
/// zip archives up to this size (bytes) are held in memory, so that their directory can be read first.
const HELD: u64 = 256 << 20;
/// Archives from this size on (bytes) are worth more than one thread.
const LARGE: usize = 4 << 20;
/// Bytes of a piece that one thread hands to another.
const PIECE: usize = 256 << 10;

/// Is the origin one whose bytes may be a container?
fn may_hold(origin: &Origin) -> bool {
    match origin {
        Origin::File(_) | Origin::Stdin | Origin::Staged(_) => true,
        Origin::Object { kind, .. } => *kind == ObjectKind::Blob,
        _ => false,
    }
}

/// What kind of container bytes are, by their beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Compressed(Compression),
    Container(Kind),
}

/// Tell by the beginning of an input what kind of container it is. `whole` says that `head` is all of it.
///
/// # Errors
/// It says that it is one, and is not.
fn recognise(head: &[u8], whole: bool) -> Result<Option<Form>, Trouble> {
    if let Some(kind) = Kind::detect(head) {
        return Ok(Some(Form::Container(kind)));
    }
    let Some(kind) = Compression::detect(head) else {
        let program = head.starts_with(b"#!") || head[..head.len().min(512)].contains(&0);
        let zip = whole && program && archive::zip_appended(head);
        return Ok(zip.then_some(Form::Container(Kind::Zip)));
    };
    let cut = &head[..head.len().min(PROBE)];
    match archive::probe(kind, cut, whole && cut.len() == head.len()) {
        // Two bytes are no sure mark: a text may begin with them, and decode to something for a while.
        Ok(_) if kind == Compression::Zlib && !sure(head, whole) => Ok(None),
        Ok(_) => Ok(Some(Form::Compressed(kind))),
        Err(_) if kind == Compression::Zlib => Ok(None),
        Err(error) => Err(Trouble::Corrupt(format!("it begins as {} and is none: {error}", kind.name()))),
    }
}

/// Is this a zlib stream to its end, or as far as can be told?
fn sure(head: &[u8], whole: bool) -> bool {
    match whole {
        true => archive::decompress(Compression::Zlib, head)
            .is_ok_and(|mut reader| io::copy(&mut reader, &mut io::sink()).is_ok_and(|length| length > 0)),
        false => {
            std::str::from_utf8(&head[..head.len().min(HEAD)]).is_err_and(|error| error.error_len().is_some())
        }
    }
}

/// Might these bytes be a container? Cheap, and yes for all that [`Unpack`] would open.
pub fn may_be_container(bytes: &[u8]) -> bool {
    !matches!(recognise(bytes, true), Ok(None))
}

/// A visitor that opens containers for another one.
pub struct Unpack<'f, V> {
    inner: V,
    limits: Limits,
    /// Makes visitors for more threads.
    more: Option<&'f (dyn Fn() -> V + Sync)>,
    extra: Vec<V>,
    buffers: Vec<Vec<u8>>,
}

impl<'f, V: Visit> Unpack<'f, V> {
    /// Opens containers for `inner`, each outer one within these limits. Where `more` makes further
    /// visitors, large archives are read by several threads.
    pub fn new(inner: V, limits: Limits, more: Option<&'f (dyn Fn() -> V + Sync)>) -> Unpack<'f, V> {
        Unpack { inner, limits, more, extra: Vec::new(), buffers: Vec::new() }
    }

    /// The visitor, and those that were made for more threads.
    pub fn into_inner(mut self) -> Vec<V>
    where
        V: Visit,
    {
        wipe(&mut self.buffers);
        let mut all = vec![self.inner];
        all.append(&mut self.extra);
        all
    }

    fn opener<'a>(&'a mut self, budget: &'a Budget) -> Opener<'a, V> {
        Opener {
            inner: &mut self.inner,
            more: self.more.map(|more| More { make: more, made: &mut self.extra }),
            budget,
            buffers: &mut self.buffers,
        }
    }
}

/// Bytes of members are as secret as those of files.
fn wipe(buffers: &mut [Vec<u8>]) {
    buffers.iter_mut().for_each(Zeroize::zeroize);
}

impl<V: Visit> Visit for Unpack<'_, V> {
    fn blob(&mut self, origin: Origin, bytes: &[u8]) {
        if self.limits.depth == 0 || !may_hold(&origin) {
            return self.inner.blob(origin, bytes);
        }
        let budget = Budget::new(self.limits);
        self.opener(&budget).bytes(Place::of(origin), bytes, 0);
    }

    fn stream(&mut self, origin: Origin, reader: &mut dyn Read) {
        if self.limits.depth == 0 || !may_hold(&origin) {
            return self.inner.stream(origin, reader);
        }
        let mut head = Vec::new();
        // The source tells of trouble with reading.
        let _ = reader.take(PROBE as u64).read_to_end(&mut head);
        let whole = head.len() < PROBE;
        let mut chained = (&head[..]).chain(reader);
        if let Ok(None) = recognise(&head, whole) {
            return self.inner.stream(origin, &mut chained);
        }
        let budget = Budget::new(self.limits);
        self.opener(&budget).stream(Place::of(origin), &mut chained, 0);
    }

    fn skip(&mut self, skipped: Skipped) {
        self.inner.skip(skipped);
    }
}

/// Where bytes stand.
struct Place {
    origin: Origin,
    /// Where they are nothing but their container in another form, their name in it; it is told only where
    /// they are no container themselves: `a.tar.gz!/file`, and `a.log.gz!/a.log`.
    form: Option<BString>,
}

impl Place {
    fn of(origin: Origin) -> Place {
        Place { origin, form: None }
    }

    /// The origin of bytes that are no container.
    fn plain(self) -> Origin {
        match self.form {
            Some(path) => Origin::member(self.origin, path),
            None => self.origin,
        }
    }
}

/// The name of what is compressed in a file: that without its ending.
fn stem(origin: &Origin) -> BString {
    let Some(path) = origin.path() else { return "content".into() };
    let name = path.rsplit('/').next().unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    for (ending, instead) in [
        (".tgz", ".tar"),
        (".tbz2", ".tar"),
        (".txz", ".tar"),
        (".tzst", ".tar"),
        (".gz", ""),
        (".bz2", ""),
        (".xz", ""),
        (".zst", ""),
        (".zstd", ""),
        (".z", ""),
        (".zz", ""),
    ] {
        if lower.ends_with(ending) && lower.len() > ending.len() {
            return format!("{}{instead}", &name[..name.len() - ending.len()]).into();
        }
    }
    "content".into()
}

/// Makes visitors and keeps them.
struct More<'a, V> {
    make: &'a (dyn Fn() -> V + Sync),
    made: &'a mut Vec<V>,
}

/// Opens one outer file.
struct Opener<'a, V> {
    inner: &'a mut V,
    more: Option<More<'a, V>>,
    budget: &'a Budget,
    buffers: &'a mut Vec<Vec<u8>>,
}

impl<V: Visit> Opener<'_, V> {
    fn skip(&mut self, origin: Origin, trouble: Trouble) {
        let reason = match &trouble {
            Trouble::Budget(_) => SkipReason::Budget,
            Trouble::Corrupt(_) => SkipReason::Corrupt,
            Trouble::Encrypted(_) => SkipReason::Encrypted,
            Trouble::Unsupported(_) => SkipReason::Unreadable,
        };
        self.inner.skip(Skipped { origin, reason, detail: trouble.to_string() });
    }

    /// May a container in `depth` others be opened? Where not, that is told.
    fn deep(&mut self, origin: &Origin, depth: u32) -> bool {
        let most = self.budget.limits().depth;
        if depth >= most {
            let what = format!("more than {most} containers in one another (--max-depth)");
            self.skip(origin.clone(), Trouble::Budget(what));
        }
        depth < most
    }

    /// Bytes in memory, in `depth` containers.
    fn bytes(&mut self, place: Place, bytes: &[u8], depth: u32) {
        let form = match recognise(bytes, true) {
            Ok(form) => form,
            Err(trouble) => {
                self.skip(place.origin.clone(), trouble);
                None
            }
        };
        let Some(form) = form else { return self.inner.blob(place.plain(), bytes) };
        if !self.deep(&place.origin, depth) {
            return self.inner.blob(place.plain(), bytes);
        }
        let origin = place.origin;
        let again = match form {
            Form::Compressed(kind) => self.compressed(&origin, kind, bytes, depth),
            Form::Container(Kind::Zip) if bytes.len() >= LARGE && self.more.is_some() => {
                self.together(&origin, bytes, depth)
            }
            Form::Container(kind) => {
                let damaged = self.container(&origin, kind, Input::Bytes(bytes), depth);
                damaged || kind.is_document()
            }
        };
        // What could not be opened is looked at as it stands.
        if again {
            self.inner.blob(origin, bytes);
        }
    }

    /// A stream of unknown length, in `depth` containers. It never fails: it ends early.
    fn stream(&mut self, place: Place, reader: &mut dyn Read, depth: u32) {
        let mut buffer = self.buffers.pop().unwrap_or_default();
        buffer.clear();
        // The reader never fails, and if it does, its end is near.
        let _ = reader.take(WHOLE_LIMIT + 1).read_to_end(&mut buffer);
        if buffer.len() as u64 <= WHOLE_LIMIT {
            self.bytes(place, &buffer, depth);
        } else {
            self.long(place, &mut buffer, reader, depth);
        }
        self.buffers.push(buffer);
    }

    /// A stream that begins with the bytes in `buffer`.
    fn long(&mut self, place: Place, buffer: &mut Vec<u8>, reader: &mut dyn Read, depth: u32) {
        let form = match recognise(buffer, false) {
            Ok(form) => form,
            Err(trouble) => {
                self.skip(place.origin.clone(), trouble);
                None
            }
        };
        let form = form.filter(|_| self.deep(&place.origin, depth));
        let Some(form) = form else {
            return self.inner.stream(place.plain(), &mut (&buffer[..]).chain(reader));
        };
        if let Form::Container(kind) = form
            && (kind == Kind::Zip || kind.needs_all())
        {
            let _ = reader.take(HELD - WHOLE_LIMIT).read_to_end(buffer);
            if (buffer.len() as u64) < HELD {
                return self.bytes(place, buffer, depth);
            }
            if kind.needs_all() {
                let what =
                    format!("a container of this kind is read in memory, and it is longer than {HELD} bytes");
                self.skip(place.origin.clone(), Trouble::Budget(what));
                return self.inner.stream(place.plain(), &mut (&buffer[..]).chain(reader));
            }
        }
        let mut chained = (&buffer[..]).chain(reader);
        match form {
            Form::Compressed(kind) => {
                self.compressed(&place.origin, kind, BufReader::with_capacity(PIECE, chained), depth);
            }
            Form::Container(kind) => {
                self.container(&place.origin, kind, Input::Stream(&mut chained), depth);
            }
        }
    }

    /// What is compressed in `origin`; true where it is damaged.
    fn compressed<R: io::BufRead>(
        &mut self,
        origin: &Origin,
        kind: Compression,
        reader: R,
        depth: u32,
    ) -> bool {
        let (counted, count) = Counted::new(reader);
        let decoder = match archive::decompress(kind, counted) {
            Ok(decoder) => decoder,
            Err(error) => {
                self.skip(origin.clone(), Trouble::of(&error));
                return true;
            }
        };
        let mut quiet = Quiet::new(Metered::new(decoder, count, self.budget));
        let place = Place { origin: origin.clone(), form: Some(stem(origin)) };
        let mut head = Vec::new();
        let _ = (&mut quiet).take(LARGE as u64).read_to_end(&mut head);
        if head.len() < LARGE || depth > 0 {
            self.stream(place, &mut (&head[..]).chain(&mut quiet), depth + 1);
        } else {
            self.beside(place, head, &mut quiet, depth + 1);
        }
        // Whoever looked may have stopped before the end.
        let _ = io::copy(&mut quiet, &mut io::sink());
        self.told(origin, quiet.failure)
    }

    /// Tell of a failure; true where it is damage.
    fn told(&mut self, origin: &Origin, failure: Option<io::Error>) -> bool {
        let Some(error) = failure else { return false };
        let trouble = Trouble::of(&error);
        let damaged = matches!(trouble, Trouble::Corrupt(_));
        self.skip(origin.clone(), trouble);
        damaged
    }

    /// Look at a stream on another thread, while this one reads it.
    fn beside(&mut self, place: Place, head: Vec<u8>, reader: &mut dyn Read, depth: u32) {
        let (full, pieces): (SyncSender<Vec<u8>>, _) = sync_channel(8);
        let (back, empty): (Sender<Vec<u8>>, Receiver<Vec<u8>>) = channel();
        let Opener { inner, budget, .. } = self;
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut buffers = Vec::new();
                let mut opener: Opener<'_, V> = Opener { inner, more: None, budget, buffers: &mut buffers };
                let mut arriving = Arriving { pieces, back, piece: head, at: 0 };
                opener.stream(place, &mut arriving, depth);
                wipe(&mut buffers);
            });
            loop {
                let mut piece = empty.try_recv().unwrap_or_default();
                piece.resize(PIECE, 0);
                let mut filled = 0;
                while filled < piece.len() {
                    match reader.read(&mut piece[filled..]) {
                        Ok(0) | Err(_) => break,
                        Ok(read) => filled += read,
                    }
                }
                piece.truncate(filled);
                if filled == 0 || full.send(piece).is_err() {
                    return drop(full);
                }
            }
        });
    }

    /// The members of a container; true where it is damaged.
    fn container(&mut self, origin: &Origin, kind: Kind, input: Input<'_>, depth: u32) -> bool {
        let budget = self.budget;
        let read =
            archive::members(kind, input, budget, &mut |member| self.member(origin, member, depth + 1));
        self.told(origin, read.err())
    }

    /// The members of a large zip archive in memory, by several threads.
    fn together(&mut self, origin: &Origin, bytes: &[u8], depth: u32) -> bool {
        let Some(More { make, made }) = &mut self.more else { return false };
        let count = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        let (make, budget, mut visitors) = (*make, self.budget, Vec::new());
        while visitors.len() + 1 < count {
            visitors.push(made.pop().unwrap_or_else(make));
        }
        let inner = &mut *self.inner;
        let share = |visitor: &mut V, share: usize| {
            let mut buffers = Vec::new();
            let mut opener = Opener { inner: visitor, more: None, budget, buffers: &mut buffers };
            let each = &mut |member: Member<'_>| opener.member(origin, member, depth + 1);
            let read = archive::zip_share(bytes, (share, count), budget, each);
            let damaged = opener.told(origin, read.err());
            wipe(&mut buffers);
            damaged
        };
        let damaged = std::thread::scope(|scope| {
            let others: Vec<_> = visitors
                .iter_mut()
                .enumerate()
                .map(|(index, visitor)| scope.spawn(move || share(visitor, index + 1)))
                .collect();
            let own = share(inner, 0);
            others.into_iter().fold(own, |damaged, other| {
                damaged | other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
        });
        made.append(&mut visitors);
        damaged
    }

    /// A member of the container at `outer`.
    fn member(&mut self, outer: &Origin, member: Member<'_>, depth: u32) {
        let place = match member.path {
            b"" => Place { origin: outer.clone(), form: Some("content".into()) },
            path => Place::of(Origin::member(outer.clone(), path.into())),
        };
        match member.content {
            Content::Bytes(bytes) => self.bytes(place, bytes, depth),
            Content::Stream(reader) => {
                let origin = place.origin.clone();
                let mut quiet = Quiet::new(reader);
                self.stream(place, &mut quiet, depth);
                let _ = io::copy(&mut quiet, &mut io::sink());
                self.told(&origin, quiet.failure);
            }
            Content::Nothing(trouble) => self.skip(place.origin, trouble),
        }
    }
}

/// Reads the pieces that another thread sends, and sends the empty ones back.
struct Arriving {
    pieces: Receiver<Vec<u8>>,
    back: Sender<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() {
            let Ok(next) = self.pieces.recv() else { return Ok(0) };
            let _ = self.back.send(std::mem::replace(&mut self.piece, next));
            self.at = 0;
        }
        let length = buffer.len().min(self.piece.len() - self.at);
        buffer[..length].copy_from_slice(&self.piece[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}
