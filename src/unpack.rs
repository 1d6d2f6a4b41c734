//! Opens containers between a source and whoever looks at bytes: what is a container is handed on as its
//! members, each with an origin that tells the way to it, `outer.tar!/layer/app.jar!/config.yml`.

mod crew;
mod find;
mod image;
mod json;
mod known;
mod log;
mod long;
mod notebook;
mod opener;

pub use find::{member, split};
pub use image::Images;
pub use known::Known;

use crate::archive::{self, Budget, Compression, HEAD, Kind, Limits, Trouble};
use crate::error::Skipped;
use crate::origin::{ObjectKind, Origin};
use crate::source::lfs::{LargeFiles, Pointer};
use crate::source::{Visit, WHOLE_LIMIT};
use crate::text::Reading;
use crew::{More, wipe};
use memchr::memmem;
use opener::Opener;
use std::io::{self, Read};

/// Bytes of a compressed stream that tell whether it is one.
const PROBE: usize = 64 << 10;
/// zip archives up to this size (bytes) are held in memory, so that their directory can be read first.
const HELD: u64 = 256 << 20;
/// Bytes of a piece that one thread hands to another.
const PIECE: usize = 256 << 10;

/// From which lengths on (bytes) inputs are read in other ways. What comes of them is the same: tests take small ones.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Longer streams are not held as a whole.
    pub whole: usize,
    /// Archives from this length on are worth more than one thread.
    pub large: usize,
    /// What of a piece of a long input is its own.
    pub own: usize,
    /// What is looked at with it, on each side.
    pub around: usize,
}

impl Default for Sizes {
    fn default() -> Sizes {
        Sizes { whole: WHOLE_LIMIT as usize, large: 4 << 20, own: 16 << 20, around: 1 << 20 }
    }
}

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

/// Do these bytes stand for content that Git LFS keeps?
pub fn is_pointer(bytes: &[u8]) -> bool {
    Pointer::parse(bytes).is_some()
}

/// What an input says when it is read as what it is: a notebook, the log of a build, the configuration of an
/// image. `path` is the way to it. Nothing where it says no more than its bytes.
pub fn reading_of(path: &str, bytes: &[u8]) -> Option<Reading> {
    let reading = if image::is_configuration(bytes) {
        image::read(bytes)
    } else if notebook::detect(bytes) {
        notebook::read(bytes)
    } else {
        log::read(bytes, log::detect(bytes)?, path)
    };
    (!reading.is_empty() && reading.text() != bytes).then_some(reading)
}

/// Might the input that begins so be worth to be read as what it is?
fn may_be_read(head: &[u8]) -> bool {
    log::detect(head).is_some()
        || head.trim_ascii_start().first() == Some(&b'{')
            && [&b"\"cells\""[..], b"\"diff_ids\""].iter().any(|word| memmem::find(head, word).is_some())
}

/// A visitor that opens containers for another one.
pub struct Unpack<'f, V> {
    inner: V,
    images: &'f Images,
    /// Where the content of pointers is; nothing where pointers are texts like any other.
    large: Option<&'f LargeFiles>,
    limits: Limits,
    sizes: Sizes,
    /// Makes visitors for more threads.
    more: Option<&'f (dyn Fn() -> V + Sync)>,
    extra: Vec<V>,
    buffers: Vec<Vec<u8>>,
}

impl<'f, V: Visit> Unpack<'f, V> {
    /// Opens containers for `inner`, each outer one within these limits, and notes in `images` what is told
    /// of images of containers. Where `more` makes further visitors, large archives are read by several
    /// threads.
    pub fn new(
        inner: V,
        limits: Limits,
        images: &'f Images,
        more: Option<&'f (dyn Fn() -> V + Sync)>,
    ) -> Unpack<'f, V> {
        let sizes = Sizes::default();
        Unpack { inner, images, large: None, limits, sizes, more, extra: Vec::new(), buffers: Vec::new() }
    }

    /// The same with other sizes.
    pub fn by(self, sizes: Sizes) -> Unpack<'f, V> {
        Unpack { sizes, ..self }
    }

    /// The same, looking also at what Git LFS keeps in the place of the pointers that a source hands over.
    pub fn following(self, large: &'f LargeFiles) -> Unpack<'f, V> {
        Unpack { large: Some(large), ..self }
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

    /// Look at what Git LFS keeps where these bytes stand, if they are a pointer.
    fn follow(&mut self, origin: &Origin, bytes: &[u8]) {
        let Some(pointer) = self.large.and_then(|_| Pointer::parse(bytes)) else { return };
        if may_hold(origin) {
            let budget = Budget::of_length(self.limits, pointer.size() as usize);
            self.opener(&budget).outermost(origin.clone(), |opener, _| opener.follow(origin, &pointer, 0));
        }
    }

    /// Open what stands encoded in the `length` bytes that the visitor was handed last, where these were no
    /// container.
    pub fn enclosed(&mut self, length: usize) {
        let enclosed = self.inner.enclosed();
        if let Some((origin, _)) = enclosed.first() {
            let origin = origin.root().clone();
            let budget = Budget::of_length(self.limits, length);
            self.opener(&budget).outermost(origin, |opener, _| opener.enclosed(enclosed, 0));
        }
    }

    fn opener<'a>(&'a mut self, budget: &'a Budget) -> Opener<'a, V> {
        Opener {
            inner: &mut self.inner,
            more: self.more.map(|more| More { make: more, made: &mut self.extra }),
            hands: None,
            budget,
            sizes: self.sizes,
            images: self.images,
            large: self.large,
            buffers: &mut self.buffers,
        }
    }
}

impl<V: Visit> Visit for Unpack<'_, V> {
    fn blob(&mut self, origin: Origin, bytes: &[u8]) {
        self.follow(&origin, bytes);
        if self.limits.depth == 0 || !may_hold(&origin) {
            self.inner.blob(origin, bytes);
            return self.enclosed(bytes.len());
        }
        let budget = Budget::of_length(self.limits, bytes.len());
        self.opener(&budget).outermost(origin, |opener, place| opener.bytes(place, bytes, 0));
    }

    fn stream(&mut self, origin: Origin, reader: &mut dyn Read) {
        let mut head = Vec::new();
        // The source tells of trouble with reading.
        let _ = reader.take(PROBE as u64).read_to_end(&mut head);
        let whole = head.len() < PROBE;
        if whole {
            self.follow(&origin, &head);
        }
        let mut chained = (&head[..]).chain(reader);
        let open = self.limits.depth > 0 && may_hold(&origin);
        if !open || matches!(recognise(&head, whole), Ok(None)) && !may_be_read(&head) {
            self.inner.stream(origin, &mut chained);
            return self.enclosed(usize::MAX);
        }
        let budget = Budget::new(self.limits);
        self.opener(&budget).outermost(origin, |opener, place| opener.stream(place, &mut chained, 0));
    }

    fn skip(&mut self, skipped: Skipped) {
        self.inner.skip(skipped);
    }
}
