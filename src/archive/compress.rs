//! Compressed streams: gzip, zlib, Zstandard, bzip2 and xz, told by how they begin.
//!
//! All streams that follow one another are read (`cat a.gz b.gz`), zeros behind them are padding, and
//! anything else there is an error: nothing hides behind the end of a stream.

use super::Trouble;
use sirocco::Format;
use std::io::{self, BufRead, Read};

/// Most memory that a decoder may take for its window, in KiB: that of `xz -9` and `zstd --ultra -22` and
/// a little more.
const WINDOW_KIB: u32 = 160 << 10;
/// The same for Zstandard, as the power of two that its window is: 128 MiB, the default of `zstd -d`.
const WINDOW_LOG: u32 = 27;
/// Decoded bytes that tell whether a stream is one.
const PROBE: usize = 64;

/// How a stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 1950.
    Zlib,
    /// RFC 8878.
    Zstd,
    /// bzip2.
    Bzip2,
    /// The .xz file format.
    Xz,
}

impl Compression {
    /// All of them.
    pub const ALL: [Compression; 5] =
        [Compression::Gzip, Compression::Zlib, Compression::Zstd, Compression::Bzip2, Compression::Xz];

    /// The name for people, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Zlib => "zlib",
            Compression::Zstd => "zstd",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
        }
    }

    /// The compression that bytes begin with the mark of. Ten bytes are enough; fewer may be too few. The
    /// mark of zlib is only two bytes, so that much that is none begins with it: see [`probe`].
    pub fn detect(head: &[u8]) -> Option<Compression> {
        match head {
            // Reserved flags are never set.
            [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0 => Some(Compression::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
            // A frame to be skipped, with a length.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, _, _, _, _, ..] => Some(Compression::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Compression::Xz),
            // The first block, or the end where there is none.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => {
                Some(Compression::Bzip2)
            }
            [method, flags, ..]
                if method & 0x0f == 8
                    && method >> 4 <= 7
                    && flags & 0x20 == 0
                    && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0 =>
            {
                Some(Compression::Zlib)
            }
            _ => None,
        }
    }
}

/// What the beginning of a stream decodes to: at most 64 bytes. `whole` says that `head` is all of it.
///
/// # Errors
/// It is no such stream.
pub fn probe(kind: Compression, head: &[u8], whole: bool) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    match decompress(kind, head)?.take(PROBE as u64).read_to_end(&mut out) {
        Ok(_) => Ok(out),
        // The end of the head, not of the stream. A block of bzip2 is longer than any head.
        Err(error) if !whole && error.kind() == io::ErrorKind::UnexpectedEof => Ok(out),
        Err(_) if !out.is_empty() => Ok(out),
        Err(error) => Err(error),
    }
}

/// What a stream decodes to, at most `most` bytes of it and whether that is all.
///
/// # Errors
/// Damage: what came before it is lost.
pub fn decompress_within(kind: Compression, bytes: &[u8], most: usize) -> io::Result<(Vec<u8>, bool)> {
    let mut out = Vec::new();
    decompress(kind, bytes)?.take(most as u64 + 1).read_to_end(&mut out)?;
    let whole = out.len() <= most;
    out.truncate(most);
    Ok((out, whole))
}

/// A reader of what a stream decodes to. It never takes more memory than the windows that the formats'
/// own programs use.
///
/// # Errors
/// No decoder could be made. The reader itself fails where the stream is damaged, cut short, or followed
/// by something else.
pub fn decompress<'r, R: BufRead + 'r>(kind: Compression, reader: R) -> io::Result<Box<dyn Read + 'r>> {
    Ok(match kind {
        Compression::Gzip => Box::new(Streams::new(reader, kind, |reader| {
            Ok(sirocco::inflate::Reader::new(Format::Gzip, reader))
        })),
        Compression::Zlib => Box::new(Streams::new(reader, kind, |reader| {
            Ok(sirocco::inflate::Reader::new(Format::Zlib, reader))
        })),
        Compression::Bzip2 => {
            Box::new(Streams::new(reader, kind, |reader| Ok(bzip2::bufread::BzDecoder::new(reader))))
        }
        Compression::Zstd => Box::new(Streams::new(reader, kind, |reader| {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(reader)?.single_frame();
            decoder.window_log_max(WINDOW_LOG)?;
            Ok(decoder)
        })),
        Compression::Xz => Box::new(Streams::new(reader, kind, |reader| {
            Ok(lzma_rust2::XzReader::new_mem_limit(reader, false, WINDOW_KIB))
        })),
    })
}

/// A decoder that gives back what it read from.
trait Decoder: Read {
    /// What is read from.
    type Inner;
    /// What was read from, at the first byte behind the stream.
    fn inner(self) -> Self::Inner;
}

impl<R: BufRead> Decoder for sirocco::inflate::Reader<R> {
    type Inner = R;
    fn inner(self) -> R {
        self.into_inner()
    }
}

impl<R: BufRead> Decoder for bzip2::bufread::BzDecoder<R> {
    type Inner = R;
    fn inner(self) -> R {
        self.into_inner()
    }
}

impl<R: BufRead> Decoder for zstd::stream::read::Decoder<'static, R> {
    type Inner = R;
    fn inner(self) -> R {
        self.finish()
    }
}

impl<R: Read> Decoder for lzma_rust2::XzReader<R> {
    type Inner = R;
    fn inner(self) -> R {
        self.into_inner()
    }
}

/// Streams of one kind, one after another.
struct Streams<D: Decoder, N> {
    state: State<D>,
    kind: Compression,
    new: N,
}

enum State<D: Decoder> {
    /// In a stream.
    Inside(Box<D>),
    /// Between two.
    Between(D::Inner),
    /// All was read, or reading failed.
    Over,
}

impl<D: Decoder, N: Fn(D::Inner) -> io::Result<D>> Streams<D, N>
where
    D::Inner: BufRead,
{
    fn new(reader: D::Inner, kind: Compression, new: N) -> Streams<D, N> {
        Streams { state: State::Between(reader), kind, new }
    }

    /// Go on with what follows a stream.
    fn next(&mut self, mut reader: D::Inner, first: bool) -> io::Result<()> {
        let head = reader.fill_buf()?;
        if head.is_empty() && !first {
            return Ok(());
        }
        // A reader may show few bytes at a time; one is enough to tell padding from a stream.
        let stream = first || head[0] != 0 || self.kind == Compression::Zlib && head[0] & 0x0f == 8;
        if stream && (first || may_begin(self.kind, head)) {
            self.state = State::Inside(Box::new((self.new)(reader)?));
            return Ok(());
        }
        loop {
            let piece = reader.fill_buf()?;
            if piece.is_empty() {
                return Ok(());
            }
            if piece.iter().any(|&byte| byte != 0) {
                let what = format!("something else stands behind the end of the {} stream", self.kind.name());
                return Err(Trouble::Followed(what).into());
            }
            let length = piece.len();
            reader.consume(length);
        }
    }
}

/// Could another stream begin with these bytes, of which there may be few?
fn may_begin(kind: Compression, head: &[u8]) -> bool {
    let marks: &[&[u8]] = match kind {
        Compression::Gzip => &[&[0x1f, 0x8b]],
        Compression::Zlib => return false,
        Compression::Zstd => &[&[0x28, 0xb5, 0x2f, 0xfd], &[0x50, 0x2a, 0x4d, 0x18]],
        Compression::Bzip2 => &[b"BZh"],
        Compression::Xz => &[&[0xfd, b'7', b'z', b'X', b'Z']],
    };
    marks.iter().any(|mark| {
        let length = mark.len().min(head.len());
        match mark[0] {
            0x50 => head[0] & 0xf0 == 0x50 && head[1..length] == mark[1..length],
            _ => head[..length] == mark[..length],
        }
    })
}

impl<D: Decoder, N: Fn(D::Inner) -> io::Result<D>> Read for Streams<D, N>
where
    D::Inner: BufRead,
{
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut first = matches!(self.state, State::Between(_));
        while !buffer.is_empty() {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Over => break,
                State::Between(reader) => self.next(reader, first)?,
                State::Inside(mut decoder) => match decoder.read(buffer)? {
                    0 => self.state = State::Between(decoder.inner()),
                    read => {
                        self.state = State::Inside(decoder);
                        return Ok(read);
                    }
                },
            }
            first = false;
        }
        Ok(0)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::{BufReader, Write};

    /// The bytes, compressed by what the formats' own programs use.
    pub(in crate::archive) fn compressed(kind: Compression, bytes: &[u8]) -> Vec<u8> {
        let level = sirocco::deflate::Level::DEFAULT;
        match kind {
            Compression::Gzip => sirocco::compress(Format::Gzip, level, bytes),
            Compression::Zlib => sirocco::compress(Format::Zlib, level, bytes),
            Compression::Zstd => zstd::bulk::compress(bytes, 3).unwrap(),
            Compression::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Compression::Xz => {
                let mut child = std::process::Command::new("xz")
                    .args(["-c", "-0"])
                    .stdin(std::process::Stdio::piped())
                    .stdout(std::process::Stdio::piped())
                    .spawn()
                    .expect("xz is installed");
                child.stdin.take().unwrap().write_all(bytes).unwrap();
                child.wait_with_output().unwrap().stdout
            }
        }
    }

    fn all(kind: Compression, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        decompress(kind, BufReader::with_capacity(7, bytes))?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn streams_are_told_and_read_one_after_another() {
        for kind in Compression::ALL {
            let text = b"one line of text, and one more\n".repeat(50);
            let one = compressed(kind, &text);
            assert_eq!(Compression::detect(&one), Some(kind));
            assert_eq!(all(kind, &one).unwrap(), text, "{kind:?}");
            let padded = [&one[..], &[0; 100]].concat();
            assert_eq!(all(kind, &padded).unwrap(), text, "{kind:?}");
            assert!(all(kind, &one[..one.len() - 5]).is_err(), "{kind:?}");
            let behind = all(kind, &[&one[..], b"what hides here"].concat()).unwrap_err();
            assert!(behind.to_string().contains("stands behind the end"), "{kind:?} {behind}");
            if kind != Compression::Zlib {
                assert_eq!(all(kind, &one.repeat(3)).unwrap(), text.repeat(3), "{kind:?}");
            }
            assert!(probe(kind, &one[..one.len() / 2], false).is_ok(), "{kind:?}");
            assert_eq!(decompress_within(kind, &one, 10).unwrap(), (text[..10].to_vec(), false));
        }
    }

    #[test]
    fn other_bytes_are_no_stream() {
        for text in [&b""[..], b"\x1f", b"BZh9 is a text", b"PK\x03\x04", b"hello", b"\x1f\x8b\x08\xff"] {
            assert_eq!(Compression::detect(text), None, "{text:?}");
        }
        assert!(probe(Compression::Zlib, b"x\x9c is how this text begins", true).is_err());
    }

    proptest! {
        #[test]
        fn damage_never_panics(
            kind in 0..5usize,
            text in proptest::collection::vec(any::<u8>(), 0..300),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            cut in any::<prop::sample::Index>(),
        ) {
            let kind = Compression::ALL[kind % 4];
            let mut bytes = compressed(kind, &text);
            for (at, value) in changes {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            bytes.truncate(cut.index(bytes.len()) + 1);
            let _ = probe(kind, &bytes, true);
            let _ = decompress_within(kind, &bytes, 1 << 20);
        }
    }
}
