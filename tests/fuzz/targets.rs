//! What is fuzzed: functions of bytes that must neither panic nor break what the code promises. The fuzz
//! targets in `fuzz_targets` call them, and so do the property tests in `tests/fuzzing.rs`, on a stable
//! toolchain and in every run of the tests.

use sekisho::archive::{self, Budget, Compression, Content, Input as Packed, Limits, Member};
use sekisho::config::{Flags, Settings};
use sekisho::engine::{Engine, Input, Match, Scratch, stream};
use sekisho::error::Skipped;
use sekisho::mask::{Masker, Needle, Options, Strength, TokenStyle};
use sekisho::origin::{ObjectKind, Origin};
use sekisho::policy::comment;
use sekisho::rules::import::{self, Imported};
use sekisho::rules::{RuleIndex, RuleSet, check};
use sekisho::source::Visit;
use sekisho::source::history::{History, Unknown};
use sekisho::source::lfs::Pointer;
use sekisho::source::objects::ObjectId;
use sekisho::source::pack::{Made, Object, VisitObjects};
use sekisho::text::{Reading, Span};
use sekisho::unpack::{Images, Sizes, Unpack};
use sekisho::view::{self, region, sieve};
use sha1::{Digest, Sha1};
use std::cell::OnceCell;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const ALL: &[Target] = &[
    ("archives", archives),
    ("config", config),
    ("engine", engine),
    ("imports", imports),
    ("mask", mask),
    ("packs", packs),
    ("rules", rules),
    ("validators", validators),
    ("views", views),
];

static ENGINE: LazyLock<Arc<Engine>> = LazyLock::new(|| Arc::new(Engine::new(RuleSet::builtin())));

thread_local! {
    static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
}

/// Do something with a directory that is this thread's own.
fn in_folder<T>(work: impl FnOnce(&Path) -> T) -> T {
    FOLDER.with(|folder| work(folder.get_or_init(|| tempfile::tempdir().expect("a directory")).path()))
}

/// Rule files: whatever is written in them, they load or tell why not, and what loads can be used.
pub fn rules(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut rules = RuleSet::empty();
    if rules.add_text("fuzz.toml", text).is_ok() && !rules.is_empty() {
        let engine = Engine::new(rules);
        let mut found = Vec::new();
        engine.scan(&mut Scratch::default(), &Input::whole(data), &mut found);
        assert!(found.iter().all(|one| one.secret.end <= data.len()));
    }
}

/// `sekisho.toml`, and the comments that allow something.
pub fn config(data: &[u8]) {
    in_folder(|folder| {
        let file = folder.join("sekisho.toml");
        std::fs::write(&file, data).expect("written");
        let flags = Flags { config: Some(file), ..Flags::default() };
        let _ = Settings::load(folder, &flags);
    });
    for pragma in comment::all(data, "2026-01-01") {
        assert!(pragma.at.is_some_and(|at| at < data.len()));
    }
    let _ = Pointer::parse(data);
}

/// What is compared of a match.
fn told(found: &[Match], offset: usize) -> Vec<(RuleIndex, Span)> {
    let moved = |span: Span| Span::new(span.start + offset, span.end + offset);
    let mut all: Vec<_> = found.iter().map(|one| (one.rule, moved(one.secret))).collect();
    all.sort();
    all
}

/// The engine: the same is found in a whole text, in its two parts and in a stream.
pub fn engine(data: &[u8]) {
    let (cut, text) = data.split_at(data.len().min(2));
    let cut = cut.iter().fold(0, |all, &byte| all << 8 | usize::from(byte)) % (text.len() + 1);
    let mut scratch = Scratch::default();
    let mut whole = Vec::new();
    ENGINE.scan(&mut scratch, &Input::whole(text), &mut whole);
    for one in &whole {
        assert!(one.secret.start < one.secret.end && one.secret.end <= text.len());
    }
    let limits = scratch.take_limits();
    assert!(limits.iter().all(|(at, _)| *at <= text.len()));
    let mut parts = Vec::new();
    for own in [0..cut, cut..text.len()] {
        ENGINE.scan(&mut scratch, &Input { own, ..Input::whole(text) }, &mut parts);
    }
    assert_eq!(told(&parts, 0), told(&whole, 0));
    let mut streamed = Vec::new();
    let read = stream::scan(&ENGINE, &mut scratch, &mut { text }, &Input::whole(&[]), |window| {
        streamed.extend(told(window.matches, window.offset as usize));
    });
    assert_eq!(read.ok(), Some(text.len() as u64));
    streamed.sort();
    assert_eq!(streamed, told(&whole, 0));
}

/// Views and regions: what they say stands in the text.
pub fn views(data: &[u8]) {
    let length = data.len() as u64;
    for kind in view::Kind::ALL {
        let mut last = 0;
        for unit in view::read(kind, data) {
            assert!(unit.start < unit.end && unit.end <= length && last <= unit.start, "{kind:?}");
            last = unit.start;
        }
    }
    let (mut marks, mut spots, mut seen) = (Vec::new(), Vec::new(), region::Last::default());
    sieve::find(data, 0..data.len(), &mut marks, &mut spots);
    for spot in spots {
        let Some((at, looked)) = region::look(data, spot, &mut seen) else { continue };
        assert!(at <= data.len() && looked.span.end <= data.len());
        let Some(region) = looked.region else { continue };
        let mut said = Vec::new();
        region.read(data, 1 << 16, &mut said);
        let (place, _) = region.locate(data, Span::new(0, said.len().min(8)));
        assert!(place.start <= place.end && place.end <= data.len());
    }
}

/// The mask: in whatever pieces a text comes, the same comes out, and no value that is known.
pub fn mask(data: &[u8]) {
    let (head, text) = data.split_at(data.len().min(3));
    let secret: Vec<u8> =
        (0..24u8).map(|at| b'A' + (at * 7 + head.first().copied().unwrap_or(0) % 5) % 26).collect();
    let needle = || Needle {
        name: "TOKEN".to_owned(),
        value: Zeroizing::new(secret.clone()),
        strength: Strength::Strong,
    };
    let with = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let options = Options { token: TokenStyle::Named, unknown: true };
        let mut masker = Masker::new(Some(ENGINE.clone()), options);
        masker.add(vec![needle()]);
        let mut out = Vec::new();
        pieces.for_each(|piece| masker.push(piece, &mut out));
        masker.finish(&mut out);
        out
    };
    // The value itself, where the text asks for it.
    let text = text.split(|&byte| byte == 0xff).collect::<Vec<_>>().join(&secret[..]);
    let whole = with(&mut std::iter::once(&text[..]));
    let size = 1 + usize::from(head.get(1).copied().unwrap_or(0)) % 40;
    assert_eq!(with(&mut text.chunks(size)), whole, "pieces of {size}");
    assert!(!whole.windows(secret.len()).any(|window| window == secret));
}

/// A repository whose only pack holds what the bytes tell: each entry a kind, two bytes of length, and as many
/// of content; or, where the first byte is odd, the bytes as they are.
pub fn packs(data: &[u8]) {
    let (Some(first), data) = (data.first(), data.get(1..).unwrap_or_default()) else { return };
    let mut pack = match first & 1 {
        1 => data.to_vec(),
        _ => made(data),
    };
    pack.extend(Sha1::digest(&pack));
    in_folder(|folder| {
        let top = folder.join("repository.git");
        let packs = top.join("objects/pack");
        std::fs::create_dir_all(&packs).expect("made");
        std::fs::write(top.join("HEAD"), "ref: refs/heads/main\n").expect("written");
        // One without a use, so that nobody waits for the other half of a pack.
        std::fs::write(packs.join("pack-fuzz.idx"), b"none").expect("written");
        std::fs::write(packs.join("pack-fuzz.pack"), &pack).expect("written");
        let mut history = History::open(&top, 1).expect("a repository");
        history.visit(&|| Nobody, &Unknown, false, &AtomicBool::new(false));
    });
}

fn made(mut rest: &[u8]) -> Vec<u8> {
    let mut entries = Vec::new();
    let mut count = 0u32;
    while let [kind, high, low, behind @ ..] = rest {
        let length = (usize::from(*high) << 8 | usize::from(*low)).min(behind.len());
        let (content, behind) = behind.split_at(length);
        let kind = [1, 2, 3, 4, 6, 7][usize::from(kind % 6)];
        let mut size = length >> 4;
        entries.push(kind << 4 | length as u8 & 15 | if size > 0 { 0x80 } else { 0 });
        while size > 0 {
            entries.push(size as u8 & 0x7f | if size > 0x7f { 0x80 } else { 0 });
            size >>= 7;
        }
        // What a delta is made from: an entry close before it, or an object that may be anywhere.
        match kind {
            6 => entries.push(content.first().copied().unwrap_or(1) & 0x7f),
            7 => entries.extend([0; 20]),
            _ => {}
        }
        entries.extend(sirocco::compress(sirocco::Format::Zlib, sirocco::deflate::Level::DEFAULT, content));
        count += 1;
        rest = behind;
    }
    [&b"PACK\0\0\0\x02"[..], &count.to_be_bytes(), &entries].concat()
}

/// Looks at objects, and remembers nothing.
struct Nobody;

impl Visit for Nobody {
    fn blob(&mut self, _: Origin, _: &[u8]) {}

    fn stream(&mut self, _: Origin, reader: &mut dyn Read) {
        let _ = std::io::copy(reader, &mut std::io::sink());
    }

    fn skip(&mut self, _: Skipped) {}
}

impl VisitObjects for Nobody {
    type Memory = ();

    fn object(&mut self, object: &Object<'_>, made: Option<Made<'_, ()>>) {
        for copied in made.iter().flat_map(|made| made.copies) {
            assert!(copied.target + copied.length <= object.bytes.len());
        }
    }

    fn is_clean((): &()) -> bool {
        false
    }

    fn large(&mut self, _: ObjectId, _: ObjectKind, reader: &mut dyn Read) -> bool {
        let _ = std::io::copy(reader, &mut std::io::sink());
        false
    }
}

/// Every reader of archives on bytes of any kind, and whatever the bytes say that they are.
pub fn archives(data: &[u8]) {
    const KINDS: [archive::Kind; 14] = {
        use archive::Kind::*;
        [Zip, Tar, Ar, Cpio, Rpm, SevenZip, Asar, Sqlite, Mail, Keystore, Pdf, Class, Dex, Pyc]
    };
    let limits = Limits { size: 1 << 22, free: 1 << 16, members: 500, depth: 4, ..Limits::default() };
    let (first, bytes) = data.split_at(data.len().min(1));
    let choice = usize::from(first.first().copied().unwrap_or(0));
    let read_all = |member: Member<'_>| {
        if let Content::Stream(reader) = member.content {
            let _ = std::io::copy(reader, &mut std::io::sink());
        }
    };
    match KINDS.get(choice % (KINDS.len() + Compression::ALL.len() + 1)) {
        Some(&kind) => {
            let _ = archive::members(kind, Packed::Bytes(bytes), &Budget::new(limits), &mut { read_all });
            if !kind.needs_all() {
                let input = Packed::Stream(&mut { bytes });
                let _ = archive::members(kind, input, &Budget::new(limits), &mut { read_all });
            }
        }
        None => {
            for kind in Compression::ALL {
                let _ = archive::decompress_within(kind, bytes, 1 << 20);
                let _ = archive::probe(kind, bytes, choice % 2 == 0);
            }
        }
    }
    let images = Images::default();
    Unpack::new(Nobody, limits, &images, None).blob(Origin::Stdin, bytes);
    Unpack::new(Nobody, limits, &images, None).stream(Origin::Stdin, &mut { bytes });
    // As if they were long: in pieces, and by several threads.
    let sizes = Sizes { whole: 64, large: 96, own: 48, around: 32 };
    let more = || Nobody;
    for share in [None, Some(&more as &(dyn Fn() -> Nobody + Sync))] {
        Unpack::new(Nobody, limits, &images, share).by(sizes).stream(Origin::Stdin, &mut { bytes });
        Unpack::new(Nobody, limits, &images, share).by(sizes).blob(Origin::Stdin, bytes);
    }
    pieces(bytes);
}

/// What is read in pieces: its own parts are the input, one behind the other, and what was read stands there.
fn pieces(bytes: &[u8]) {
    struct Parts(Vec<u8>);
    impl Visit for Parts {
        fn blob(&mut self, _: Origin, bytes: &[u8]) {
            self.0.extend(bytes);
        }

        fn stream(&mut self, _: Origin, reader: &mut dyn Read) {
            reader.read_to_end(&mut self.0).expect("bytes in memory");
        }

        fn reading(&mut self, _: Origin, bytes: &[u8], reading: &Reading) {
            let part = reading.part(bytes.len());
            assert_eq!(part.offset as usize + part.own.start, self.0.len());
            self.0.extend(&bytes[part.own]);
            let own = reading.own();
            assert!(own.start <= own.end && own.end <= reading.text().len());
            for at in 0..reading.text().len() {
                assert!(reading.original(Span::new(at, at + 1)).end <= bytes.len());
            }
        }

        fn skip(&mut self, _: Skipped) {}
    }
    // What begins so is a log, or a notebook.
    for head in [
        &b"2024-05-01T10:00:00.1234567Z "[..],
        b"\x1b[1m",
        b"Started by x\n",
        b"{\"cells\": [{\"cell_type\": \"code\",",
    ] {
        let text = [head, bytes].concat();
        if archive::Kind::detect(&text).is_some() || Compression::detect(&text).is_some() {
            continue;
        }
        let images = Images::default();
        let sizes = Sizes { whole: 64, large: 96, own: 48, around: 32 };
        let mut opener = Unpack::new(Parts(Vec::new()), Limits::default(), &images, None).by(sizes);
        opener.stream(Origin::Stdin, &mut &text[..]);
        assert!(opener.into_inner().iter().all(|parts| parts.0 == text));
    }
}

/// Validators: never a panic, and one verdict.
pub fn validators(data: &[u8]) {
    for check in check::all() {
        assert_eq!((check.run)(data).verdict, (check.verdict)(data), "{}", check.name);
    }
}

/// Files of other scanners: what is written of them is TOML in any case.
pub fn imports(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = import::Kind::of(text);
    for (_, kind) in import::KINDS {
        if let Ok(Imported::Draft(draft) | Imported::Known(_, draft)) =
            import::import(kind, text, Path::new("fuzz"))
        {
            let written = import::write(&draft, "fuzz");
            assert!(written.parse::<toml_edit::DocumentMut>().is_ok(), "{written}");
        }
    }
}
