//! Text in wide encodings (UTF-16 and UTF-32), told apart from binary data and turned into UTF-8 with
//! a way back to the offsets of the original bytes.

use std::io::Read;

/// How much of an input is looked at where there is no byte order mark (bytes).
const SAMPLE: usize = 512;

/// How much of an input is looked at for NUL bytes (bytes).
const BINARY_SAMPLE: usize = 8 << 10;

/// The fewest code units that a guess without a byte order mark is founded on.
const FEWEST_UNITS: usize = 4;

/// How far marks in the map of decoded text are apart (bytes of text).
const MARK_EVERY: usize = 4 << 10;

/// A wide encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// UTF-32, low byte first.
    Utf32Le,
    /// UTF-32, high byte first.
    Utf32Be,
}

impl Encoding {
    /// Bytes in a code unit.
    pub fn width(self) -> usize {
        match self {
            Encoding::Utf16Le | Encoding::Utf16Be => 2,
            Encoding::Utf32Le | Encoding::Utf32Be => 4,
        }
    }

    /// The name in a chain of encodings.
    pub fn name(self) -> &'static str {
        if self.width() == 2 { "utf-16" } else { "utf-32" }
    }

    /// The number in one code unit.
    fn unit(self, bytes: &[u8]) -> u32 {
        let high_first = |number: u32, &byte: &u8| number << 8 | u32::from(byte);
        match self {
            Encoding::Utf16Be | Encoding::Utf32Be => bytes.iter().fold(0, high_first),
            Encoding::Utf16Le | Encoding::Utf32Le => bytes.iter().rev().fold(0, high_first),
        }
    }
}

/// Which wide encoding an input is in, told by its first bytes: by a byte order mark, or,
/// without one, by zeros in at least nine tenths of the even or the odd places of the first 512 bytes
/// and text in the others (for UTF-32 in three of four places).
pub fn detect(head: &[u8]) -> Option<Encoding> {
    match head {
        [0xff, 0xfe, 0, 0, ..] => Some(Encoding::Utf32Le),
        [0, 0, 0xfe, 0xff, ..] => Some(Encoding::Utf32Be),
        [0xff, 0xfe, ..] => Some(Encoding::Utf16Le),
        [0xfe, 0xff, ..] => Some(Encoding::Utf16Be),
        _ => guess(&head[..head.len().min(SAMPLE)]),
    }
}

fn guess(sample: &[u8]) -> Option<Encoding> {
    // Most texts hold no zero at all.
    memchr::memchr(0, sample)?;
    let (wide, _) = sample.as_chunks::<4>();
    let most_wide = |fits: &dyn Fn(&[u8; 4]) -> bool| {
        wide.len() >= FEWEST_UNITS && wide.iter().filter(|unit| fits(unit)).count() * 10 >= wide.len() * 9
    };
    if most_wide(&|unit| unit[1..] == [0; 3] && is_text(unit[0])) {
        return Some(Encoding::Utf32Le);
    }
    if most_wide(&|unit| unit[..3] == [0; 3] && is_text(unit[3])) {
        return Some(Encoding::Utf32Be);
    }
    let (units, _) = sample.as_chunks::<2>();
    if units.len() < FEWEST_UNITS {
        return None;
    }
    let most = |fits: &dyn Fn(&[u8; 2]) -> bool| {
        units.iter().filter(|unit| fits(unit)).count() * 10 >= units.len() * 9
    };
    if most(&|unit| unit[1] == 0 && is_text(unit[0])) {
        Some(Encoding::Utf16Le)
    } else if most(&|unit| unit[0] == 0 && is_text(unit[1])) {
        Some(Encoding::Utf16Be)
    } else {
        None
    }
}

/// True for a byte of text: printable ASCII, white space, or the upper half of Latin-1.
fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | 0x1b | b' '..=b'~' | 0xa0..=0xff)
}

/// True where an input is binary data: a NUL in its first 8 KiB, and no wide encoding.
pub fn looks_binary(head: &[u8]) -> bool {
    let sample = &head[..head.len().min(BINARY_SAMPLE)];
    memchr::memchr(0, sample).is_some() && detect(head).is_none()
}

/// A place that is known in both the decoded text and the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    decoded: usize,
    original: usize,
}

/// Text decoded to UTF-8, with the offsets it came from.
///
/// The text itself tells how many bytes each of its characters took in the original, so the map holds
/// one mark for every 4 KiB of text and counts from there, whatever the text is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// The text. What was no character became U+FFFD; a byte order mark at the start is left out.
    pub text: Vec<u8>,
    map: Vec<Mark>,
    /// Bytes of a code unit in the original.
    width: usize,
    /// Offset in the original behind the last character.
    end: usize,
}

impl Decoded {
    /// The offset in the original bytes of the character that the text's byte `decoded_offset`
    /// belongs to. An offset at or behind the end of the text gives the end of what was decoded.
    pub fn original(&self, decoded_offset: usize) -> usize {
        let after = self.map.partition_point(|mark| mark.decoded <= decoded_offset);
        let mark = after.checked_sub(1).and_then(|at| self.map.get(at));
        let (Some(mark), true) = (mark, decoded_offset < self.text.len()) else { return self.end };
        let mut start = decoded_offset;
        while start > mark.decoded && is_continuation(self.text[start]) {
            start -= 1;
        }
        let leads = self.text[mark.decoded..start].iter().filter(|&&byte| !is_continuation(byte));
        mark.original + leads.map(|&lead| self.taken(lead)).sum::<usize>()
    }

    /// Forget text and map, keeping their memory for the next piece.
    pub fn clear(&mut self) {
        self.text.clear();
        self.map.clear();
    }

    /// Bytes in the original of a character whose UTF-8 form starts with `lead`: two surrogates for
    /// one that takes four bytes there, one code unit for all others. U+FFFD stands for one unit too
    /// (for less only at the very end, where nothing is counted from it).
    fn taken(&self, lead: u8) -> usize {
        if self.width == 2 && lead >= 0xf0 { 4 } else { self.width }
    }

    fn push(&mut self, character: char, original: usize) {
        if self.map.last().is_none_or(|mark| self.text.len() - mark.decoded >= MARK_EVERY) {
            self.map.push(Mark { decoded: self.text.len(), original });
        }
        self.text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// True for a byte that goes on with a character in UTF-8.
fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// Decodes a stream piece by piece, cut anywhere.
#[derive(Clone, Debug)]
pub struct Decoder {
    encoding: Encoding,
    /// Bytes that wait for more: an incomplete code unit, or a high surrogate and what follows it.
    held: [u8; 4],
    held_length: usize,
    /// Offset in the original of the next byte that is not yet decoded.
    offset: usize,
}

impl Decoder {
    /// A decoder for a stream that starts with the next byte given.
    pub fn new(encoding: Encoding) -> Decoder {
        Decoder { encoding, held: [0; 4], held_length: 0, offset: 0 }
    }

    /// Decode the next `bytes` of the stream and append to `into`. Characters that are not complete
    /// yet wait for the next call. Offsets count from the start of the stream.
    pub fn decode(&mut self, mut bytes: &[u8], into: &mut Decoded) {
        // A character is at most four bytes long, so what is held is soon used up.
        while self.held_length > 0 {
            let Some((&first, rest)) = bytes.split_first() else { return };
            bytes = rest;
            self.held[self.held_length] = first;
            self.held_length += 1;
            let held = self.held;
            let used = self.complete(&held[..self.held_length], into);
            self.held.copy_within(used..self.held_length, 0);
            self.held_length -= used;
        }
        let used = self.complete(bytes, into);
        let rest = &bytes[used..];
        self.held[..rest.len()].copy_from_slice(rest);
        self.held_length = rest.len();
    }

    /// The stream has ended: what is still held can be no character and becomes U+FFFD.
    pub fn finish(&mut self, into: &mut Decoded) {
        if self.held_length > 0 {
            into.push(char::REPLACEMENT_CHARACTER, self.offset);
            self.offset += self.held_length;
            self.held_length = 0;
        }
        into.end = self.offset;
    }

    /// Decode all complete characters of `bytes`; returns how many bytes they took (all but three at
    /// most).
    fn complete(&mut self, bytes: &[u8], into: &mut Decoded) -> usize {
        let width = self.encoding.width();
        into.width = width;
        let mut at = 0;
        while let Some(first) = bytes.get(at..at + width) {
            let unit = self.encoding.unit(first);
            let mut taken = width;
            let mut character = char::from_u32(unit);
            if width == 2 && (0xd800..0xdc00).contains(&unit) {
                let Some(second) = bytes.get(at + 2..at + 4) else { break };
                let second = self.encoding.unit(second);
                if (0xdc00..0xe000).contains(&second) {
                    character = char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00));
                    taken = 4;
                }
            }
            // The mark at the very start is no text.
            if self.offset > 0 || unit != 0xfeff {
                into.push(character.unwrap_or(char::REPLACEMENT_CHARACTER), self.offset);
            }
            self.offset += taken;
            at += taken;
        }
        into.end = self.offset;
        at
    }
}

/// Bytes of a stream that are decoded in one step.
const PIECE: usize = 64 << 10;

/// Reads a stream in a wide encoding as UTF-8, and remembers of the last part of it where its bytes
/// came from. Memory is bounded: what was decoded more than `remembered` bytes ago is forgotten.
pub struct WideReader<R> {
    reader: R,
    decoder: Decoder,
    /// Offset in the decoded text where each piece starts, and the piece.
    pieces: std::collections::VecDeque<(usize, Decoded)>,
    /// Offset in the decoded text of the next byte to hand out, and of the end of the last piece.
    given: usize,
    decoded: usize,
    remembered: usize,
    ended: bool,
}

impl<R: Read> WideReader<R> {
    /// A reader of `reader`'s text that remembers the origin of the last `remembered` bytes of it.
    pub fn new(encoding: Encoding, reader: R, remembered: usize) -> WideReader<R> {
        WideReader {
            reader,
            decoder: Decoder::new(encoding),
            pieces: std::collections::VecDeque::new(),
            given: 0,
            decoded: 0,
            remembered,
            ended: false,
        }
    }

    /// The offset in the original bytes of a byte of the text; for what was forgotten that of the
    /// oldest byte that was not.
    pub fn original(&self, offset: usize) -> usize {
        let after = self.pieces.partition_point(|(start, _)| *start <= offset);
        match self.pieces.get(after.saturating_sub(1)) {
            Some((start, piece)) => piece.original(offset.saturating_sub(*start)),
            None => 0,
        }
    }

    /// Decode one more piece; false at the end of the stream.
    fn more(&mut self) -> std::io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let mut bytes = Vec::with_capacity(PIECE);
        (&mut self.reader).take(PIECE as u64).read_to_end(&mut bytes)?;
        let mut piece = Decoded::default();
        self.decoder.decode(&bytes, &mut piece);
        if bytes.is_empty() {
            self.ended = true;
            self.decoder.finish(&mut piece);
        }
        let start = self.decoded;
        self.decoded += piece.text.len();
        self.pieces.push_back((start, piece));
        while let Some((start, piece)) = self.pieces.front()
            && self.pieces.len() > 1
            && start + piece.text.len() + self.remembered < self.given
        {
            self.pieces.pop_front();
        }
        Ok(true)
    }
}

impl<R: Read> Read for WideReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.given == self.decoded {
            if !self.more()? {
                return Ok(0);
            }
        }
        let after = self.pieces.partition_point(|(start, _)| *start <= self.given);
        let Some((start, piece)) = self.pieces.get(after.saturating_sub(1)) else { return Ok(0) };
        let rest = &piece.text[self.given - start..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

/// Decode all of `bytes`.
pub fn decode(bytes: &[u8], encoding: Encoding) -> Decoded {
    let mut decoded = Decoded::default();
    decoded.text.reserve(bytes.len() / encoding.width());
    let mut decoder = Decoder::new(encoding);
    decoder.decode(bytes, &mut decoded);
    decoder.finish(&mut decoded);
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_stream_is_read_with_its_offsets() {
        let text: String = (0..90_000).map(|number| format!("{number} é😀\n")).collect();
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut reader = WideReader::new(Encoding::Utf16Le, &bytes[..], 1 << 16);
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert_eq!(read, text.as_bytes());
        let at = text.find("89990 é").unwrap();
        let units = text[..at].encode_utf16().count();
        assert_eq!(reader.original(at), units * 2);
        assert!(reader.pieces.len() < 8, "{}", reader.pieces.len());
    }

    const ALL: [Encoding; 4] = [Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Utf32Le, Encoding::Utf32Be];

    /// `text` in an encoding, with the original offset of every character.
    fn encode(text: &str, encoding: Encoding, mark: bool) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = Vec::new();
        let mut offsets = Vec::new();
        let marked = if mark { "\u{feff}" } else { "" };
        for character in marked.chars().chain(text.chars()) {
            offsets.push(bytes.len());
            for unit in character.encode_utf16(&mut [0; 2]) {
                match encoding {
                    Encoding::Utf16Le => bytes.extend(unit.to_le_bytes()),
                    Encoding::Utf16Be => bytes.extend(unit.to_be_bytes()),
                    Encoding::Utf32Le | Encoding::Utf32Be => {}
                }
            }
            match encoding {
                Encoding::Utf32Le => bytes.extend(u32::from(character).to_le_bytes()),
                Encoding::Utf32Be => bytes.extend(u32::from(character).to_be_bytes()),
                Encoding::Utf16Le | Encoding::Utf16Be => {}
            }
        }
        (bytes, offsets.split_off(usize::from(mark)))
    }

    #[test]
    fn marks_and_zeros_tell_the_encoding() {
        for encoding in ALL {
            assert_eq!(detect(&encode("x", encoding, true).0), Some(encoding));
        }
        for encoding in [Encoding::Utf16Le, Encoding::Utf16Be] {
            let (bytes, _) = encode("password = \"näh\"\r\n", encoding, false);
            assert_eq!(detect(&bytes), Some(encoding));
            assert!(!looks_binary(&bytes));
        }
    }

    #[test]
    fn other_bytes_are_no_wide_text() {
        for bytes in
            [&b""[..], b"plain text", b"\0\0\0\0\0\0\0\0\0\0", b"a\0b\0", b"\x7fELF\x02\x01\x01\0\0\0\0\0"]
        {
            assert_eq!(detect(bytes), None, "{bytes:?}");
        }
        // Zeros in the right places, and no text in the others.
        assert_eq!(detect(&[1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]), None);
        // Nine of ten units fit; eight of ten do not.
        let (mut bytes, _) = encode("0123456789", Encoding::Utf16Le, false);
        bytes[1] = 0x30;
        assert_eq!(detect(&bytes), Some(Encoding::Utf16Le));
        bytes[3] = 0x30;
        assert_eq!(detect(&bytes), None);
    }

    #[test]
    fn binary_is_a_zero_near_the_start() {
        assert!(looks_binary(b"\x7fELF\x02\x01\x01\0\0\0\0\0"));
        assert!(!looks_binary(b"text"));
        let mut long = vec![b'x'; BINARY_SAMPLE + 1];
        long[BINARY_SAMPLE] = 0;
        assert!(!looks_binary(&long));
        long[BINARY_SAMPLE - 1] = 0;
        assert!(looks_binary(&long));
    }

    #[test]
    fn offsets_lead_back_to_the_original() {
        let text = "aé漢😀b ".repeat(3000);
        for (encoding, mark) in ALL.iter().flat_map(|&encoding| [(encoding, false), (encoding, true)]) {
            let (bytes, offsets) = encode(&text, encoding, mark);
            let decoded = decode(&bytes, encoding);
            assert!(decoded.text == text.as_bytes());
            for ((at, character), want) in text.char_indices().zip(offsets) {
                for inside in 0..character.len_utf8() {
                    assert_eq!(decoded.original(at + inside), want, "{encoding:?} {at}+{inside}");
                }
            }
            assert_eq!(decoded.original(text.len()), bytes.len());
            assert_eq!(decoded.original(usize::MAX), bytes.len());
            assert!(decoded.map.len() <= text.len() / MARK_EVERY + 1);
        }
    }

    #[test]
    fn broken_surrogates_are_replaced() {
        let units = [0xd83d, u16::from(b'a'), 0xde00, 0xd83d, 0xd83d, 0xde00, u16::from(b'b'), 0xd83d];
        let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).chain([7]).collect();
        let decoded = decode(&bytes, Encoding::Utf16Be);
        assert_eq!(String::from_utf8_lossy(&decoded.text), "\u{fffd}a\u{fffd}\u{fffd}😀b\u{fffd}");
        let offsets: Vec<usize> = [0, 3, 4, 7, 10, 14, 15, 18].map(|at| decoded.original(at)).to_vec();
        assert_eq!(offsets, [0, 2, 4, 6, 8, 12, 14, 17]);
        let lone = [0x00, 0xd8, 0, 0, 0xff, 0xff, 0x11, 0, b'c', 0, 0, 0];
        assert_eq!(decode(&lone, Encoding::Utf32Le).text, "\u{fffd}\u{fffd}c".as_bytes());
    }

    #[test]
    fn pieces_decode_as_the_whole_does() {
        let (mut bytes, _) = encode("aé漢😀b", Encoding::Utf16Le, true);
        bytes.extend([0x3d, 0xd8, 0x3d, 0xd8, 0x3d]);
        for encoding in ALL {
            let whole = decode(&bytes, encoding);
            for size in 1..bytes.len() {
                let (mut decoder, mut pieces) = (Decoder::new(encoding), Decoded::default());
                bytes.chunks(size).for_each(|piece| decoder.decode(piece, &mut pieces));
                decoder.finish(&mut pieces);
                assert_eq!(pieces, whole, "{encoding:?} by {size}");
            }
        }
    }

    #[test]
    fn a_cleared_piece_counts_from_the_start_of_the_stream() {
        let (bytes, _) = encode("abcdef", Encoding::Utf16Le, false);
        let (mut decoder, mut piece) = (Decoder::new(Encoding::Utf16Le), Decoded::default());
        decoder.decode(&bytes[..7], &mut piece);
        assert_eq!(piece.text, b"abc");
        piece.clear();
        decoder.decode(&bytes[7..], &mut piece);
        assert_eq!((piece.text.as_slice(), piece.original(0), piece.original(2)), (&b"def"[..], 6, 10));
    }
}
