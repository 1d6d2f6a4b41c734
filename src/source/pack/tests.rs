//! Packs made byte by byte: what git would never write, too.

use super::*;
use crate::error::{SkipReason, Skipped};
use crate::origin::Origin;
use proptest::prelude::*;
use sirocco::Format;
use sirocco::deflate::Level;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

/// An entry to be packed.
#[derive(Clone, Debug)]
enum Entry {
    Whole(Vec<u8>),
    /// Against the entry of this number, wherever it stands: a copy of its first bytes, and more.
    Behind(usize, usize, Vec<u8>),
    /// Against the object with this id and length.
    Against(ObjectId, usize, Vec<u8>),
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn head(kind: u8, size: usize, out: &mut Vec<u8>) {
    let (mut byte, mut rest) = (kind << 4 | (size & 15) as u8, size >> 4);
    while rest > 0 {
        out.push(byte | 0x80);
        byte = (rest & 0x7f) as u8;
        rest >>= 7;
    }
    out.push(byte);
}

fn distance(value: u64, out: &mut Vec<u8>) {
    let mut bytes = vec![(value & 0x7f) as u8];
    let mut rest = value >> 7;
    while rest > 0 {
        rest -= 1;
        bytes.insert(0, 0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    out.extend(bytes);
}

fn delta(base: usize, copied: usize, new: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(base as u64, &mut out);
    varint((copied + new.len()) as u64, &mut out);
    if copied > 0 {
        out.extend([0x80 | 0x70, copied as u8, (copied >> 8) as u8, (copied >> 16) as u8]);
    }
    for part in new.chunks(127) {
        out.push(part.len() as u8);
        out.extend(part);
    }
    out
}

fn id(number: usize) -> ObjectId {
    let mut bytes = [number as u8; 20];
    bytes[1] = (number >> 8) as u8;
    ObjectId::from_bytes(&bytes).unwrap()
}

/// A pack in a directory of its own.
struct Made {
    folder: tempfile::TempDir,
    bytes: Vec<u8>,
    offsets: Vec<u64>,
    /// What each entry should be; none where it cannot be told.
    contents: Vec<Vec<u8>>,
}

impl Made {
    fn new(entries: &[Entry]) -> Made {
        let mut bytes = b"PACK\0\0\0\x02".to_vec();
        bytes.extend((entries.len() as u32).to_be_bytes());
        let (mut offsets, mut contents): (Vec<u64>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
        for entry in entries {
            let offset = bytes.len() as u64;
            let body = match entry {
                Entry::Whole(content) => {
                    head(3, content.len(), &mut bytes);
                    contents.push(content.clone());
                    content.clone()
                }
                Entry::Behind(base, copied, new) => {
                    let copied = (*copied).min(contents[*base].len());
                    let body = delta(contents[*base].len(), copied, new);
                    head(6, body.len(), &mut bytes);
                    distance(offset - offsets[*base], &mut bytes);
                    contents.push([&contents[*base][..copied], new].concat());
                    body
                }
                Entry::Against(base, length, new) => {
                    let body = delta(*length, *length, new);
                    head(7, body.len(), &mut bytes);
                    bytes.extend(base.as_bytes());
                    contents.push(new.clone());
                    body
                }
            };
            offsets.push(offset);
            bytes.extend(sirocco::compress(Format::Zlib, Level::DEFAULT, &body));
        }
        bytes.extend([9; 20]);
        let made = Made { folder: tempfile::tempdir().unwrap(), bytes, offsets, contents };
        made.write_index();
        made
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("pack-1.pack")
    }

    fn write_index(&self) {
        let objects = self.offsets.iter().enumerate().map(|(number, &at)| (id(number), at)).collect();
        std::fs::write(self.path().with_extension("idx"), index::build(objects, 20, &[9; 20])).unwrap();
    }

    fn open(&self) -> Result<Pack, Trouble> {
        std::fs::write(self.path(), &self.bytes).unwrap();
        Pack::open(&self.path(), 20)
    }

    fn walk(&self, threads: usize) -> (BTreeMap<ObjectId, Vec<u8>>, Vec<Failed>) {
        walk(&self.open().unwrap(), None, threads)
    }
}

fn walk(pack: &Pack, wanted: Option<&Marks>, threads: usize) -> (BTreeMap<ObjectId, Vec<u8>>, Vec<Failed>) {
    let clean = Marks::none(pack.count());
    let outside = |wanted: &ObjectId| (*wanted == id(999)).then(|| (ObjectKind::Tag, b"outside".to_vec()));
    let work =
        Work { pack, wanted, clean: &clean, outside: &outside, links: None, stop: &AtomicBool::new(false) };
    let mut visitors: Vec<Seen> = (0..threads).map(|_| Seen::default()).collect();
    let failed = work.run(&mut visitors);
    let mut all = BTreeMap::new();
    for seen in visitors {
        for (id, content) in seen.0 {
            assert!(all.insert(id, content).is_none(), "{id} twice");
        }
    }
    assert_eq!(clean.count() as usize, all.len());
    (all, failed)
}

/// Remembers everything, and checks what it is told of copies.
#[derive(Default)]
struct Seen(Vec<(ObjectId, Vec<u8>)>);

impl Visit for Seen {
    fn blob(&mut self, _: Origin, _: &[u8]) {}
    fn stream(&mut self, _: Origin, _: &mut dyn Read) {}
    fn skip(&mut self, _: Skipped) {}
}

impl VisitObjects for Seen {
    type Memory = Vec<u8>;

    fn object(&mut self, object: &Object<'_>, made: Option<super::Made<'_, Vec<u8>>>) -> Vec<u8> {
        if let Some(made) = made {
            assert_eq!(made.base, made.base_bytes);
            for copied in made.copies {
                let (from, to) = (copied.in_source().range(), copied.in_target().range());
                assert_eq!(made.base_bytes[from], object.bytes[to]);
            }
        }
        self.0.push(((object.id)(), object.bytes.to_vec()));
        object.bytes.to_vec()
    }

    fn is_clean(_: &Vec<u8>) -> bool {
        true
    }

    fn large(&mut self, id: ObjectId, _: ObjectKind, reader: &mut dyn Read) -> bool {
        let mut content = Vec::new();
        reader.read_to_end(&mut content).unwrap();
        self.0.push((id, content));
        true
    }
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..60);
    let step = (any::<bool>(), any::<usize>(), 0..80usize, bytes());
    proptest::collection::vec(step, 1..60).prop_map(|steps| {
        let entry =
            |(number, (whole, base, copied, new)): (usize, (bool, usize, usize, Vec<u8>))| match number {
                0 => Entry::Whole(new),
                _ if whole && number % 5 == 0 => Entry::Whole(new),
                _ => Entry::Behind(base % number, copied, new),
            };
        steps.into_iter().enumerate().map(entry).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn each_object_is_shown_once(entries in entries(), threads in 1..4usize) {
        let made = Made::new(&entries);
        let (all, failed) = made.walk(threads);
        prop_assert!(failed.is_empty(), "{failed:?}");
        prop_assert_eq!(all.len(), entries.len());
        for (number, content) in made.contents.iter().enumerate() {
            prop_assert_eq!(&all[&id(number)], content);
        }
        // Some of them, with what they are made from behind the scenes.
        let pack = made.open().unwrap();
        let wanted = Marks::none(pack.count());
        (0..pack.count()).filter(|position| position % 3 == 0).for_each(|position| wanted.add(position));
        let (some, failed) = walk(&pack, Some(&wanted), threads);
        prop_assert!(failed.is_empty());
        prop_assert_eq!(some.len() as u32, wanted.count());
        prop_assert!(some.iter().all(|(id, content)| all[id] == *content));
        // And one by one.
        let (bases, mut inflater, mut buffer) = (Bases::default(), Inflater::default(), Vec::new());
        for (number, content) in made.contents.iter().enumerate() {
            let position = pack.find(&id(number)).unwrap();
            pack.read(position, (&bases, 0), &|_| None, &mut inflater, &mut buffer).unwrap();
            prop_assert_eq!(&buffer, content);
        }
    }

    #[test]
    fn damage_is_told_and_never_ends_the_program(
        entries in entries(),
        at in any::<usize>(),
        bit in 0..8u32,
        cut in any::<bool>(),
    ) {
        let mut made = Made::new(&entries);
        let at = at % made.bytes.len();
        if cut { made.bytes.truncate(at) } else { made.bytes[at] ^= 1 << bit }
        if let Ok(pack) = made.open() {
            let (all, failed) = walk(&pack, None, 2);
            // Whatever is shown whole and without complaint is what it should be.
            for (number, content) in made.contents.iter().enumerate() {
                let position = pack.find(&id(number)).unwrap();
                let told = failed.iter().any(|failed| failed.position == position);
                let shown = all.get(&id(number)).is_some_and(|shown| shown == content);
                prop_assert!(shown || told || at < 12 || pack.oddity.is_some() || all.contains_key(&id(number)));
            }
        }
    }
}

fn entry(text: &str) -> Entry {
    Entry::Whole(text.as_bytes().to_vec())
}

#[test]
fn bases_of_other_places() {
    let made = Made::new(&[
        Entry::Against(id(999), 7, b"!".to_vec()),
        Entry::Against(id(998), 7, b"lost".to_vec()),
        entry("whole"),
    ]);
    let (all, failed) = made.walk(2);
    assert_eq!(all[&id(0)], b"outside!");
    assert_eq!(all[&id(2)], b"whole");
    assert_eq!(failed.len(), 1);
    assert!(failed[0].detail.contains("missing"), "{failed:?}");
}

#[test]
fn circles_end() {
    let made = Made::new(&[
        Entry::Against(id(1), 3, b"a".to_vec()),
        Entry::Against(id(0), 3, b"b".to_vec()),
        entry("whole"),
    ]);
    let (all, failed) = made.walk(2);
    assert_eq!((all.len(), failed.len()), (1, 2), "{failed:?}");
    let pack = made.open().unwrap();
    let read = pack.read(0, (&Bases::default(), 0), &|_| None, &mut Inflater::default(), &mut Vec::new());
    assert!(read.is_err());
}

#[test]
fn one_damaged_object_takes_only_its_own_with_it() {
    let mut made = Made::new(&[
        entry(&"first ".repeat(50)),
        entry(&"second ".repeat(50)),
        Entry::Behind(1, 20, b"more".to_vec()),
    ]);
    let end = made.offsets[2] as usize;
    made.bytes[end - 1] ^= 1; // the checksum of the second object
    let (all, failed) = made.walk(1);
    assert_eq!(all.keys().copied().collect::<Vec<_>>(), [id(0)]);
    let told: Vec<_> = failed.iter().map(|failed| (failed.position, failed.reason)).collect();
    assert_eq!(told, [(1, SkipReason::Corrupt), (2, SkipReason::Corrupt)]);
    assert!(failed[0].detail.contains("checksum") && failed[1].detail.contains("made from"), "{failed:?}");
}

#[test]
fn an_object_that_no_index_tells_of_is_noticed() {
    let mut made = Made::new(&[entry("first"), entry("hidden"), entry("third")]);
    made.offsets.remove(1);
    made.write_index();
    let (all, failed) = made.walk(1);
    assert_eq!(all.len(), 2);
    assert!(failed.iter().any(|failed| failed.detail.contains("belong to no object")), "{failed:?}");
    assert!(made.open().unwrap().oddity.is_some());
}

#[test]
fn a_size_that_no_stream_can_have_takes_no_memory() {
    let mut made = Made::new(&[entry("x"), entry("y")]);
    let at = made.offsets[1] as usize;
    let mut bytes = made.bytes[..at].to_vec();
    head(3, 400 << 20, &mut bytes);
    bytes.extend(&made.bytes[at + 1..]);
    made.bytes = bytes;
    let (all, failed) = made.walk(1);
    assert_eq!((all.len(), failed.len()), (1, 1));
    assert!(failed[0].detail.contains("size"), "{failed:?}");
}

#[test]
fn large_objects_come_in_pieces() {
    let long = vec![b'x'; 9 << 20];
    let made = Made::new(&[Entry::Whole(long.clone()), entry("short")]);
    let (all, failed) = made.walk(2);
    assert!(failed.is_empty());
    assert!(all[&id(0)] == long);
}

#[test]
fn a_pack_without_an_index_is_indexed() {
    let made = Made::new(&[entry("first"), Entry::Behind(0, 5, b"x".to_vec()), entry("third")]);
    std::fs::remove_file(made.path().with_extension("idx")).unwrap();
    let (all, failed) = made.walk(2);
    assert!(failed.is_empty());
    let mut contents: Vec<&[u8]> = all.values().map(Vec::as_slice).collect();
    contents.sort_unstable();
    assert_eq!(contents, [&b"first"[..], b"firstx", b"third"]);
}

#[test]
fn packs_that_cannot_be_opened() {
    let mut made = Made::new(&[entry("x")]);
    std::fs::write(made.path().with_extension("idx"), b"nothing").unwrap();
    assert!(matches!(made.open(), Err(Trouble::Damaged(_))));
    made.write_index();
    made.bytes.truncate(30);
    assert!(matches!(made.open(), Err(Trouble::Damaged(_))));
    std::fs::remove_file(made.path()).unwrap();
    assert!(matches!(Pack::open(&made.path(), 20), Err(Trouble::Gone)));
}
