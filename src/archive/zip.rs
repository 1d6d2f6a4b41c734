//! zip (PKWARE APPNOTE 6.3), by its central directory where it is in memory, by its local headers
//! otherwise.
//!
//! Read by ourselves, as nothing may hide: two members may have one name, a member may stand in the
//! archive and not in its directory, sizes may lie. What lies outside of all members is handed on, too.

use super::budget::{Counted, Metered};
use super::compress::{self, Compression};
use super::input::{Content, Each, Input, Member};
use super::{Budget, Trouble};
use sirocco::Format;
use std::io::{self, BufRead, BufReader, Read};

/// Bytes of a local header before the name.
const LOCAL: usize = 30;
/// Bytes of an entry of the central directory before the name.
const ENTRY: usize = 46;
/// Bytes of the end of the central directory before the comment.
const END: usize = 22;
/// Members up to this size (bytes) are decompressed in one go.
const WHOLE: u64 = 8 << 20;
/// Memory for lzma members, in KiB.
const LZMA_KIB: u32 = 160 << 10;

/// Do these bytes begin with a member, or are they the end of an empty archive?
pub(super) fn begins(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
        || head.starts_with(b"PK\x05\x06")
        || head.starts_with(b"PK\x07\x08PK\x03\x04")
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u64> {
    let two = bytes.get(at..)?.first_chunk::<2>()?;
    Some(u64::from(u16::from_le_bytes(*two)))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u64> {
    let four = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u64::from(u32::from_le_bytes(*four)))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let eight = bytes.get(at..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*eight))
}

fn corrupt(what: &str) -> Trouble {
    Trouble::Corrupt(what.to_owned())
}

/// What a header says of a member.
#[derive(Clone, Debug)]
pub(super) struct Entry<'a> {
    name: &'a [u8],
    flags: u64,
    method: u64,
    crc: u64,
    packed: u64,
    size: u64,
    /// Where its local header stands, from the first byte of the archive.
    offset: u64,
}

impl Entry<'_> {
    fn is_directory(&self) -> bool {
        self.name.ends_with(b"/") && self.size == 0
    }
}

/// The end of the central directory.
struct End {
    /// Where the directory begins and ends.
    directory: std::ops::Range<usize>,
    /// Bytes before the archive, as in programs that unpack themselves.
    before: u64,
    /// Where the comment begins.
    comment: usize,
}

/// Where the end of the central directory stands, the last one that makes sense.
fn end(bytes: &[u8]) -> Option<End> {
    let from = bytes.len().saturating_sub(END + 0xffff);
    let tail = &bytes[from..];
    let mut finder = memchr::memmem::rfind_iter(tail, b"PK\x05\x06");
    finder.find_map(|at| {
        let at = from + at;
        let length = u16_at(bytes, at + 20)? as usize;
        if at + END + length > bytes.len() {
            return None;
        }
        let (mut size, mut offset) = (u32_at(bytes, at + 12)?, u32_at(bytes, at + 16)?);
        let mut behind = at;
        if let Some(locator) =
            at.checked_sub(20).filter(|&locator| bytes[locator..].starts_with(b"PK\x06\x07"))
            && (offset == 0xffff_ffff || size == 0xffff_ffff || u16_at(bytes, at + 10) == Some(0xffff))
        {
            // The record is sought where it must end, as bytes before the archive move its offset.
            let told = usize::try_from(u64_at(bytes, locator + 8)?).ok()?;
            let is_one = |at: &usize| bytes.get(*at..).is_some_and(|rest| rest.starts_with(b"PK\x06\x06"));
            let record = Some(told).filter(is_one).or_else(|| locator.checked_sub(56).filter(is_one))?;
            size = u64_at(bytes, record + 40)?;
            offset = u64_at(bytes, record + 48)?;
            behind = record;
        }
        let start = (behind as u64).checked_sub(size)?;
        let before = start.checked_sub(offset)?;
        let directory = usize::try_from(start).ok()?..behind;
        Some(End { directory, before, comment: at + END })
    })
}

/// Does an archive end at the end of these bytes, whatever they begin with? Then where it begins.
pub(super) fn appended(bytes: &[u8]) -> bool {
    end(bytes).is_some_and(|end| {
        end.directory.is_empty() || bytes[end.directory.start..].starts_with(b"PK\x01\x02")
    })
}

/// The entries of the central directory.
fn entries<'a>(bytes: &'a [u8], end: &End, budget: Option<&Budget>) -> (Vec<Entry<'a>>, Option<Trouble>) {
    let mut all = Vec::new();
    let mut at = end.directory.start;
    while at < end.directory.end {
        if let Some(Err(trouble)) = budget.map(Budget::member) {
            return (all, Some(trouble));
        }
        match entry(bytes, at, end) {
            Some((entry, next)) => {
                all.push(entry);
                at = next;
            }
            None => return (all, Some(corrupt("the central directory of the zip archive is damaged"))),
        }
    }
    (all, None)
}

fn entry<'a>(bytes: &'a [u8], at: usize, end: &End) -> Option<(Entry<'a>, usize)> {
    if !bytes.get(at..)?.starts_with(b"PK\x01\x02") {
        return None;
    }
    let (name, extra, comment) = (
        u16_at(bytes, at + 28)? as usize,
        u16_at(bytes, at + 30)? as usize,
        u16_at(bytes, at + 32)? as usize,
    );
    let next = at + ENTRY + name + extra + comment;
    if next > end.directory.end {
        return None;
    }
    let mut entry = Entry {
        name: &bytes[at + ENTRY..at + ENTRY + name],
        flags: u16_at(bytes, at + 8)?,
        method: u16_at(bytes, at + 10)?,
        crc: u32_at(bytes, at + 16)?,
        packed: u32_at(bytes, at + 20)?,
        size: u32_at(bytes, at + 24)?,
        offset: u32_at(bytes, at + 42)?,
    };
    let fields = &bytes[at + ENTRY + name..at + ENTRY + name + extra];
    wide(fields, &mut [&mut entry.size, &mut entry.packed, &mut entry.offset]);
    entry.offset = entry.offset.checked_add(end.before)?;
    Some((entry, next))
}

/// Take those values that did not fit from the extra field of zip64.
fn wide(mut extra: &[u8], values: &mut [&mut u64]) {
    while let (Some(tag), Some(length)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let Some(field) = extra.get(4..4 + length as usize) else { return };
        if tag == 1 {
            let mut at = 0;
            for value in values.iter_mut().filter(|value| ***value == 0xffff_ffff) {
                let Some(told) = u64_at(field, at) else { return };
                **value = told;
                at += 8;
            }
        }
        extra = &extra[4 + length as usize..];
    }
}

/// Where the content of a member stands.
fn content<'a>(bytes: &'a [u8], entry: &Entry<'_>) -> Result<(usize, &'a [u8]), Trouble> {
    let missing = || corrupt("its header is missing in the zip archive");
    let at = usize::try_from(entry.offset).map_err(|_| missing())?;
    let header = bytes.get(at..).filter(|rest| rest.starts_with(b"PK\x03\x04")).ok_or_else(missing)?;
    let (Some(name), Some(extra)) = (u16_at(header, 26), u16_at(header, 28)) else { return Err(missing()) };
    let start = at + LOCAL + (name + extra) as usize;
    let rest = bytes.get(start..).ok_or_else(missing)?;
    let packed = usize::try_from(entry.packed).ok().filter(|&packed| packed <= rest.len());
    let packed = packed.ok_or_else(|| corrupt("it reaches beyond the end of the zip archive"))?;
    Ok((start, &rest[..packed]))
}

/// What is reused from one member to the next.
#[derive(Default)]
struct Tools {
    decoder: Option<Box<sirocco::inflate::Decoder>>,
    buffer: Vec<u8>,
}

/// Hand on every member, and what lies outside of them.
///
/// # Errors
/// Damage of the archive as a whole, a used-up budget. Trouble with single members is handed on with them.
pub(super) fn members(input: Input<'_>, budget: &Budget, each: Each<'_>) -> io::Result<()> {
    match input {
        Input::Bytes(bytes) => directory(bytes, (0, 1), budget, each),
        Input::Stream(reader) => {
            let mut reader = BufReader::with_capacity(64 << 10, reader);
            locals(&mut reader, budget, each)
        }
    }
}

/// Hand on the share `(index, count)` of the members of an archive in memory: all shares together are all
/// members.
///
/// # Errors
/// As for [`members`]; trouble of the archive as a whole is told with the first share.
pub(super) fn directory(
    bytes: &[u8],
    share: (usize, usize),
    budget: &Budget,
    each: Each<'_>,
) -> io::Result<()> {
    let first = share.0 == 0;
    let Some(end) = end(bytes) else {
        if !first {
            return Ok(());
        }
        let mut rest = bytes;
        locals(&mut rest, budget, each)?;
        return Err(corrupt("the zip archive has no central directory: it is cut short").into());
    };
    let (entries, trouble) = entries(bytes, &end, first.then_some(budget));
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|&index| entries[index].offset);
    let mut tools = Tools::default();
    // Up to where everything was looked at.
    let mut seen = 0;
    for entry in order.into_iter().map(|index| &entries[index]) {
        let path = entry.name;
        let mine = (entry.offset as usize).saturating_mul(share.1) / bytes.len().max(1) == share.0;
        let (start, packed) = match content(bytes, entry) {
            Ok(found) if entry.offset as usize >= seen => found,
            told => {
                let overlap = || corrupt("it overlaps another member of the zip archive");
                let trouble = told.map_or_else(|trouble| trouble, |_| overlap());
                if mine || first && entry.offset as usize >= bytes.len() {
                    each(Member { path, content: Content::Nothing(trouble) });
                }
                continue;
            }
        };
        if mine {
            outside(&bytes[seen..entry.offset as usize], seen == 0, budget, each)?;
        }
        seen = start + packed.len();
        if entry.flags & 8 != 0 {
            seen += descriptor(&bytes[seen..], entry);
        }
        if mine && !entry.is_directory() {
            member(entry, packed, budget, &mut tools, each)?;
        }
    }
    if !first {
        return Ok(());
    }
    outside(&bytes[seen..end.directory.start.max(seen)], seen == 0, budget, each)?;
    let comment = &bytes[end.comment..];
    if !comment.is_empty() {
        each(Member { path: b"(comment)", content: Content::Bytes(comment) });
    }
    trouble.map_or(Ok(()), |trouble| Err(trouble.into()))
}

/// Bytes of the descriptor behind a member.
fn descriptor(behind: &[u8], entry: &Entry<'_>) -> usize {
    let mark = if behind.starts_with(b"PK\x07\x08") { 4 } else { 0 };
    let holds = |length: usize| {
        u32_at(behind, mark) == Some(entry.crc)
            && match length {
                12 => u32_at(behind, mark + 4) == Some(entry.packed & 0xffff_ffff),
                _ => u64_at(behind, mark + 4) == Some(entry.packed),
            }
    };
    match (holds(20), holds(12)) {
        (true, _) => mark + 20,
        (false, true) => mark + 12,
        _ => 0,
    }
}

/// Hand on what no entry of the directory names: members that were taken out of the directory only, and
/// bytes of another kind.
fn outside(bytes: &[u8], first: bool, budget: &Budget, each: Each<'_>) -> io::Result<()> {
    if bytes.iter().all(|&byte| byte == 0) {
        return Ok(());
    }
    if bytes.starts_with(b"PK\x03\x04") {
        let mut rest = bytes;
        return locals(&mut rest, budget, each);
    }
    let path: &[u8] = if first { b"(before the archive)" } else { b"(between members)" };
    each(Member { path, content: Content::Bytes(bytes) });
    Ok(())
}

/// Hand on a member in memory.
fn member(
    entry: &Entry<'_>,
    packed: &[u8],
    budget: &Budget,
    tools: &mut Tools,
    each: Each<'_>,
) -> io::Result<()> {
    let path = entry.name;
    if let Some(trouble) = closed(entry) {
        each(Member { path, content: Content::Nothing(trouble) });
        return Ok(());
    }
    if entry.method == 0 {
        budget.spend(packed.len() as u64)?;
        each(Member { path, content: Content::Bytes(packed) });
        if packed.len() as u64 != entry.size {
            each(Member { path, content: Content::Nothing(lie(entry.size, packed.len() as u64)) });
        } else if crc32fast::hash(packed) != entry.crc as u32 {
            each(Member { path, content: Content::Nothing(corrupt("its checksum does not hold")) });
        }
        return Ok(());
    }
    if entry.method == 8 && entry.size <= WHOLE && entry.size / 1032 <= packed.len() as u64 {
        let Tools { decoder, buffer } = tools;
        let decoder =
            decoder.get_or_insert_with(|| Box::new(sirocco::inflate::Decoder::new(Format::Deflate)));
        buffer.resize(entry.size as usize, 0);
        let whole = match decoder.decompress(packed, buffer, true) {
            Ok(progress) if progress.done && progress.output.len() as u64 == entry.size => true,
            _ => {
                decoder.reset();
                false
            }
        };
        if whole {
            budget.spend(entry.size)?;
            if let Err(trouble) = budget.ratio(entry.packed, entry.size) {
                each(Member { path, content: Content::Nothing(trouble) });
                return Ok(());
            }
            each(Member { path, content: Content::Bytes(buffer) });
            if crc32fast::hash(buffer) != entry.crc as u32 {
                each(Member { path, content: Content::Nothing(corrupt("its checksum does not hold")) });
            }
            return Ok(());
        }
    }
    // Also where the sizes lie: all that is there is looked at.
    let (reader, count) = Counted::new(packed);
    match decoder(entry, reader) {
        Ok(decoder) => {
            let checked = Checked::new(decoder, Some((entry.size, entry.crc as u32)));
            each(Member { path, content: Content::Stream(&mut Metered::new(checked, count, budget)) });
        }
        Err(trouble) => each(Member { path, content: Content::Nothing(trouble) }),
    }
    Ok(())
}

fn lie(told: u64, is: u64) -> Trouble {
    Trouble::Corrupt(format!("it says that it is {told} bytes long, and is {is}"))
}

/// Why a member cannot be read at all.
fn closed(entry: &Entry<'_>) -> Option<Trouble> {
    (entry.flags & 1 != 0 || entry.method == 99).then(|| Trouble::Encrypted("it is encrypted".to_owned()))
}

/// A reader of the decompressed bytes.
fn decoder<'r, R: BufRead + 'r>(entry: &Entry<'_>, mut packed: R) -> Result<Box<dyn Read + 'r>, Trouble> {
    let made = match entry.method {
        0 => Ok(Box::new(packed) as Box<dyn Read + 'r>),
        8 => Ok(Box::new(sirocco::inflate::Reader::new(Format::Deflate, packed)) as Box<dyn Read + 'r>),
        12 => compress::decompress(Compression::Bzip2, packed),
        14 => {
            let mut head = [0; 9];
            let told = packed.read_exact(&mut head).map(|()| {
                let dictionary = u32::from_le_bytes([head[5], head[6], head[7], head[8]]);
                (head[4], dictionary)
            });
            // Without an end mark the size has to tell.
            let size = if entry.flags & 2 != 0 { u64::MAX } else { entry.size };
            told.and_then(|(properties, dictionary)| {
                let memory = lzma_rust2::lzma_get_memory_usage_by_props(dictionary, properties)?;
                if memory > LZMA_KIB {
                    return Err(Trouble::Budget("its lzma window is too large".to_owned()).into());
                }
                let reader =
                    lzma_rust2::LzmaReader::new_with_props(packed, size, properties, dictionary, None)?;
                Ok(Box::new(reader) as Box<dyn Read + 'r>)
            })
        }
        20 | 93 => compress::decompress(Compression::Zstd, packed),
        95 => compress::decompress(Compression::Xz, packed),
        method => Err(Trouble::Unsupported(format!("compression method {method} is not known here")).into()),
    };
    made.map_err(|error| Trouble::of(&error))
}

/// Compares what is read with the size and checksum that were told.
struct Checked<R> {
    inner: R,
    told: Option<(u64, u32)>,
    size: u64,
    crc: crc32fast::Hasher,
}

impl<R> Checked<R> {
    fn new(inner: R, told: Option<(u64, u32)>) -> Checked<R> {
        Checked { inner, told, size: 0, crc: crc32fast::Hasher::new() }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.size += read as u64;
        self.crc.update(&buffer[..read]);
        if read == 0
            && !buffer.is_empty()
            && let Some((size, crc)) = self.told.take()
        {
            if size != self.size {
                return Err(lie(size, self.size).into());
            }
            if crc != self.crc.clone().finalize() {
                return Err(corrupt("its checksum does not hold").into());
            }
        }
        Ok(read)
    }
}

/// Hand on members by their local headers, from front to back.
fn locals(reader: &mut dyn BufRead, budget: &Budget, each: Each<'_>) -> io::Result<()> {
    let mut pending = Vec::new();
    loop {
        let mut header = std::mem::take(&mut pending);
        reader.take(4 - header.len() as u64).read_to_end(&mut header)?;
        match &header[..] {
            b"PK\x07\x08" => continue,
            b"PK\x03\x04" => {}
            b"" => return Ok(()),
            // The directory tells nothing new; a comment may stand at its end.
            b"PK\x01\x02" | b"PK\x05\x06" | b"PK\x06\x06" | b"PK\x06\x07" => {
                each(Member { path: b"(directory)", content: Content::Stream(&mut &mut *reader) });
                return Ok(());
            }
            _ => {
                let mut rest = (&header[..]).chain(&mut *reader);
                each(Member { path: b"(between members)", content: Content::Stream(&mut rest) });
                return Ok(());
            }
        }
        budget.member()?;
        reader.take(LOCAL as u64 - 4).read_to_end(&mut header)?;
        let numbers = (|| {
            let lengths = (u16_at(&header, 26)?, u16_at(&header, 28)?);
            Some((
                lengths,
                u16_at(&header, 6)?,
                u16_at(&header, 8)?,
                u32_at(&header, 14)?,
                u32_at(&header, 18)?,
                u32_at(&header, 22)?,
            ))
        })();
        let Some(((name_length, extra_length), flags, method, crc, packed, size)) = numbers else {
            return Err(corrupt("the zip archive is cut short").into());
        };
        let mut name = Vec::new();
        reader.take(name_length).read_to_end(&mut name)?;
        let mut extra = Vec::new();
        reader.take(extra_length).read_to_end(&mut extra)?;
        let mut entry = Entry { name: &name, flags, method, crc, packed, size, offset: 0 };
        wide(&extra, &mut [&mut entry.size, &mut entry.packed]);
        match local(&entry, reader, budget, each)? {
            Some(next) => pending = next,
            None => return Ok(()),
        }
    }
}

/// Hand on the member whose content `reader` stands at. What was read of the next header is returned,
/// nothing where the end of the member cannot be told.
fn local(
    entry: &Entry<'_>,
    reader: &mut dyn BufRead,
    budget: &Budget,
    each: Each<'_>,
) -> io::Result<Option<Vec<u8>>> {
    let path = entry.name;
    let unsized_ = entry.flags & 8 != 0 && entry.packed == 0;
    if let Some(trouble) = closed(entry) {
        each(Member { path, content: Content::Nothing(trouble) });
        if unsized_ {
            return Err(corrupt("where the encrypted member ends cannot be told").into());
        }
        io::copy(&mut reader.take(entry.packed), &mut io::sink())?;
        return Ok(Some(Vec::new()));
    }
    if entry.is_directory() && !unsized_ {
        return Ok(Some(Vec::new()));
    }
    if !unsized_ {
        let (mut packed, count) = Counted::new(reader.take(entry.packed));
        match decoder(entry, &mut packed) {
            Ok(decoder) => {
                let checked = Checked::new(decoder, Some((entry.size, entry.crc as u32)));
                each(Member { path, content: Content::Stream(&mut Metered::new(checked, count, budget)) });
            }
            Err(trouble) => each(Member { path, content: Content::Nothing(trouble) }),
        }
        io::copy(&mut packed, &mut io::sink())?;
        return Ok(Some(Vec::new()));
    }
    if entry.method != 8 {
        // Stored without a size, or by a method whose end only its own reader finds: all the rest.
        each(Member { path, content: Content::Stream(&mut &mut *reader) });
        return Ok(None);
    }
    let (packed, count) = Counted::new(&mut *reader);
    let mut inflating = sirocco::inflate::Reader::new(Format::Deflate, packed);
    let mut metered = Metered::new(&mut inflating, count, budget);
    each(Member { path, content: Content::Stream(&mut metered) });
    io::copy(&mut metered, &mut io::sink())?;
    descriptor_behind(reader).map(Some)
}

/// Go behind a descriptor: its mark may be missing, its sizes may be wide. What was read of the next header
/// is returned.
fn descriptor_behind(reader: &mut dyn BufRead) -> io::Result<Vec<u8>> {
    let mut piece = |length: u64| -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        reader.take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let marked = piece(4)? == b"PK\x07\x08";
    piece(if marked { 12 } else { 8 })?;
    let next = piece(4)?;
    if !next.is_empty() && !next.starts_with(b"PK") {
        piece(4)?;
        return Ok(Vec::new());
    }
    Ok(next)
}
