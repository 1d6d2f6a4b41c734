//! Opens one outer file: what is in it is told apart, opened in its turn, and handed on.

use super::crew::{Hands, More};
use super::log::{self, Log};
use super::notebook::{self, Notebook};
use super::{Form, HELD, Images, PIECE, Sizes, long, reading_of, recognise};
use crate::archive::{self, Budget, Compression, Content, Counted, Input, Kind, Member, Metered, Trouble};
use crate::error::{SkipReason, Skipped};
use crate::origin::Origin;
use crate::source::lfs::{LargeFiles, Pointer};
use crate::source::{Quiet, Visit};
use crate::text::Reading;
use bstr::BString;
use std::io::{self, BufReader, Read};
use zeroize::Zeroizing;

/// Where bytes stand.
pub(super) struct Place {
    origin: Origin,
    /// Where they are nothing but their container in another form, their name in it; it is told only where
    /// they are no container themselves: `a.tar.gz!/file`, and `a.log.gz!/a.log`.
    form: Option<BString>,
}

impl Place {
    pub(super) fn of(origin: Origin) -> Place {
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

/// Opens one outer file.
pub(super) struct Opener<'a, V> {
    pub(super) inner: &'a mut V,
    /// Where visitors for more threads come from; nothing where no more threads are of use.
    pub(super) more: Option<More<'a, V>>,
    /// Other threads that look at members.
    pub(super) hands: Option<Hands>,
    pub(super) budget: &'a Budget,
    pub(super) sizes: Sizes,
    pub(super) images: &'a Images,
    /// Where the content of pointers is; nothing where pointers are texts like any other.
    pub(super) large: Option<&'a LargeFiles>,
    pub(super) buffers: &'a mut Vec<Vec<u8>>,
}

impl<V: Visit> Opener<'_, V> {
    /// The same, for a while and on one thread.
    pub(super) fn again(&mut self) -> Opener<'_, V> {
        let Opener { budget, sizes, images, large, .. } = *self;
        Opener {
            inner: self.inner,
            more: None,
            hands: None,
            budget,
            sizes,
            images,
            large,
            buffers: self.buffers,
        }
    }

    /// Open the outer file at `origin`, and say how much of its trouble was not told by itself.
    pub(super) fn outermost(&mut self, origin: Origin, open: impl FnOnce(&mut Self, Place)) {
        open(self, Place::of(origin.clone()));
        let more = self.budget.untold();
        if more > 0 {
            let detail = format!("and {more} more of its members");
            self.inner.skip(Skipped { origin, reason: SkipReason::Budget, detail });
        }
    }

    fn skip(&mut self, origin: Origin, trouble: Trouble) {
        let reason = match &trouble {
            Trouble::Budget(_) => SkipReason::Budget,
            Trouble::Corrupt(_) | Trouble::Followed(_) => SkipReason::Corrupt,
            Trouble::Encrypted(_) => SkipReason::Encrypted,
            Trouble::Unsupported(_) => SkipReason::Unreadable,
        };
        self.tell(Skipped { origin, reason, detail: trouble.to_string() });
    }

    /// A bomb may hold millions that are too much: they are not all kept.
    fn tell(&mut self, skipped: Skipped) {
        if self.budget.trouble() {
            self.inner.skip(skipped);
        }
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
    pub(super) fn bytes(&mut self, place: Place, bytes: &[u8], depth: u32) {
        let form = match recognise(bytes, true) {
            Ok(form) => form,
            Err(trouble) => {
                self.skip(place.origin.clone(), trouble);
                None
            }
        };
        let Some(form) = form else { return self.plain(place.plain(), bytes, depth) };
        let leaf = matches!(form, Form::Container(kind) if kind.is_leaf());
        if !leaf && !self.deep(&place.origin, depth) {
            return self.text(depth, |inner| inner.blob(place.plain(), bytes));
        }
        let origin = place.origin;
        self.images.object(&origin, form, bytes);
        let again = match form {
            Form::Compressed(kind) => self.compressed(&origin, kind, bytes, depth),
            Form::Container(Kind::Zip) if bytes.len() >= self.sizes.large && self.more.is_some() => {
                self.together(&origin, bytes, depth)
            }
            Form::Container(kind) => {
                let damaged = self.container(&origin, kind, Input::Bytes(bytes), depth);
                damaged || kind.is_document()
            }
        };
        // What could not be opened is looked at as it stands.
        if again {
            self.text(depth, |inner| inner.blob(origin, bytes));
        }
    }

    /// Hand a text on, in `depth` containers, and open what stands encoded in it.
    fn text(&mut self, depth: u32, hand: impl FnOnce(&mut V)) {
        hand(self.inner);
        let enclosed = self.inner.enclosed();
        self.enclosed(enclosed, depth);
    }

    /// Open containers that stand encoded in a text.
    pub(super) fn enclosed(&mut self, all: Vec<(Origin, Zeroizing<Vec<u8>>)>, depth: u32) {
        for (origin, bytes) in all {
            match self.budget.member().and_then(|()| self.budget.spend(bytes.len() as u64)) {
                Ok(()) => self.again().bytes(Place::of(origin), &bytes, depth),
                Err(trouble) => self.skip(origin, trouble),
            }
        }
    }

    /// Bytes in memory that are no container.
    fn plain(&mut self, origin: Origin, bytes: &[u8], depth: u32) {
        // Those that are no members are followed before anything is opened.
        let pointer = self.large.filter(|_| depth > 0).and_then(|_| Pointer::parse(bytes));
        if let Some(pointer) = pointer {
            match self.budget.spend(pointer.size()) {
                Ok(()) if self.deep(&origin, depth) => self.follow(&origin, &pointer, depth + 1),
                Ok(()) => {}
                Err(trouble) => self.skip(origin.clone(), trouble),
            }
        }
        self.images.look(&origin, bytes);
        let path = origin.path().unwrap_or_default();
        self.text(depth, |inner| match reading_of(&path, bytes) {
            Some(reading) => inner.reading(origin, bytes, &reading),
            None => inner.blob(origin, bytes),
        });
    }

    /// Look at what Git LFS keeps for the pointer at `origin`.
    pub(super) fn follow(&mut self, origin: &Origin, pointer: &Pointer, depth: u32) {
        let Some(large) = self.large.filter(|_| pointer.size() > 0) else { return };
        let mut file = match large.open(origin, pointer) {
            Ok(Some(file)) => file,
            Ok(None) => return self.tell(pointer.absent(origin.clone())),
            Err(error) => {
                let detail = format!("content kept by Git LFS: {error}");
                let (origin, reason) = (origin.clone(), SkipReason::Unreadable);
                return self.tell(Skipped { origin, reason, detail });
            }
        };
        let place = pointer.place(origin.clone());
        match self.budget.limits().depth {
            0 => self.inner.stream(place, &mut file),
            _ => self.stream(Place::of(place), &mut file, depth),
        }
        if let Some((reason, detail)) = file.trouble() {
            self.tell(Skipped { origin: origin.clone(), reason, detail });
        }
    }

    /// A stream of unknown length, in `depth` containers. It never fails: it ends early.
    pub(super) fn stream(&mut self, place: Place, reader: &mut dyn Read, depth: u32) {
        let mut buffer = self.buffers.pop().unwrap_or_default();
        buffer.clear();
        // The reader never fails, and if it does, its end is near.
        let _ = reader.take(self.sizes.whole as u64 + 1).read_to_end(&mut buffer);
        if buffer.len() <= self.sizes.whole {
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
        let leaf = matches!(form, Some(Form::Container(kind)) if kind.is_leaf());
        let form = form.filter(|_| leaf || self.deep(&place.origin, depth));
        let Some(form) = form else {
            let (origin, sizes) = (place.plain(), self.sizes);
            let each = &mut |piece: &[u8], reading: &Reading| {
                self.text(depth, |inner| inner.reading(origin.clone(), piece, reading));
            };
            if notebook::begins(buffer) {
                return long::read(Notebook::default(), sizes, buffer, reader, each);
            }
            if let Some(writer) = log::detect(buffer) {
                let log = Log::new(writer, &origin.path().unwrap_or_default());
                return long::read(log, sizes, buffer, reader, each);
            }
            return self.text(depth, |inner| inner.stream(origin, &mut (&buffer[..]).chain(reader)));
        };
        if let Form::Container(kind) = form
            && (kind == Kind::Zip || kind.needs_all())
        {
            let _ = reader.take(HELD - buffer.len() as u64).read_to_end(buffer);
            if (buffer.len() as u64) < HELD {
                return self.bytes(place, buffer, depth);
            }
            if kind.needs_all() {
                let what =
                    format!("a container of this kind is read in memory, and it is longer than {HELD} bytes");
                self.skip(place.origin.clone(), Trouble::Budget(what));
                let chained = &mut (&buffer[..]).chain(reader);
                return self.text(depth, |inner| inner.stream(place.plain(), chained));
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
        let _ = (&mut quiet).take(self.sizes.large as u64).read_to_end(&mut head);
        if head.len() < self.sizes.large || depth > 0 {
            self.stream(place, &mut (&head[..]).chain(&mut quiet), depth + 1);
        } else {
            self.beside(place, head, &mut quiet, depth + 1);
        }
        // Whoever looked may have stopped before the end.
        let _ = io::copy(&mut quiet, &mut io::sink());
        self.told(origin, quiet.failure)
    }

    /// Tell of a failure; true where it is damage.
    pub(super) fn told(&mut self, origin: &Origin, failure: Option<io::Error>) -> bool {
        let Some(error) = failure else { return false };
        let trouble = Trouble::of(&error);
        let damaged = matches!(trouble, Trouble::Corrupt(_));
        self.skip(origin.clone(), trouble);
        damaged
    }

    /// A container that is read as a stream or lies in memory; true where it is damaged.
    fn container(&mut self, origin: &Origin, kind: Kind, input: Input<'_>, depth: u32) -> bool {
        match &input {
            Input::Stream(_) if self.more.is_some() => self.crewed(origin, kind, input, depth),
            _ => self.members(origin, kind, input, depth),
        }
    }

    /// The members of a container; true where it is damaged.
    pub(super) fn members(&mut self, origin: &Origin, kind: Kind, input: Input<'_>, depth: u32) -> bool {
        let budget = self.budget;
        let read =
            archive::members(kind, input, budget, &mut |member| self.member(origin, member, depth + 1));
        self.told(origin, read.err())
    }

    /// A member of the container at `outer`.
    pub(super) fn member(&mut self, outer: &Origin, member: Member<'_>, depth: u32) {
        self.images.name(outer, member.path);
        let place = match member.path {
            b"" => Place { origin: outer.clone(), form: Some("content".into()) },
            path => Place::of(Origin::member(outer.clone(), path.into())),
        };
        match member.content {
            Content::Bytes(bytes) if self.hands.is_some() && !bytes.is_empty() => {
                self.later(place, &mut &bytes[..], depth);
            }
            Content::Bytes(bytes) => self.bytes(place, bytes, depth),
            Content::Stream(reader) => {
                let origin = place.origin.clone();
                let mut quiet = Quiet::new(reader);
                match self.hands.is_some() {
                    true => self.later(place, &mut quiet, depth),
                    false => self.stream(place, &mut quiet, depth),
                }
                let _ = io::copy(&mut quiet, &mut io::sink());
                self.told(&origin, quiet.failure);
            }
            Content::Nothing(trouble) => self.skip(place.origin, trouble),
        }
    }

    /// A member for other threads, where it is short enough to wait for one.
    fn later(&mut self, place: Place, reader: &mut dyn Read, depth: u32) {
        let whole = self.sizes.whole;
        let Some(hands) = &mut self.hands else { return };
        let bytes = hands.bytes();
        let start = bytes.len();
        // The reader never fails: it ends early.
        let _ = reader.take(whole as u64 + 1).read_to_end(bytes);
        if bytes.len() - start <= whole {
            hands.add(place, start, depth);
            return self.hand_over(false);
        }
        let mut long = self.buffers.pop().unwrap_or_default();
        long.clear();
        long.extend_from_slice(&bytes[start..]);
        bytes[start..].fill(0);
        bytes.truncate(start);
        self.long(place, &mut long, reader, depth);
        self.buffers.push(long);
    }
}
