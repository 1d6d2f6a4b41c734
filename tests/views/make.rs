//! Encoded texts with the exact bytes in them that say the secret, made without any code of the program.

use std::io::Write;
use std::ops::Range;
use std::process::{Command, Stdio};

/// A text, and the bytes in it that say the secret.
#[derive(Clone)]
pub struct Text {
    pub bytes: Vec<u8>,
    pub span: Range<usize>,
}

/// What a command makes of some bytes.
pub fn through(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{program}");
    output.stdout
}

impl Text {
    /// A secret between other text.
    pub fn new(before: &str, secret: &str, behind: &str) -> Text {
        let bytes = [before, secret, behind].concat().into_bytes();
        Text { bytes, span: before.len()..before.len() + secret.len() }
    }

    /// This between other text.
    pub fn within(&self, before: &str, behind: &str) -> Text {
        let bytes = [before.as_bytes(), &self.bytes, behind.as_bytes()].concat();
        Text { bytes, span: self.span.start + before.len()..self.span.end + before.len() }
    }

    /// Each byte written on its own.
    pub fn each(&self, write: impl Fn(usize, u8) -> String) -> Text {
        let (mut bytes, mut span) = (Vec::new(), 0..0);
        for (at, &byte) in self.bytes.iter().enumerate() {
            if at == self.span.start {
                span.start = bytes.len();
            }
            bytes.extend(write(at, byte).bytes());
            if at + 1 == self.span.end {
                span.end = bytes.len();
            }
        }
        Text { bytes, span }
    }

    /// Every third byte of the secret, and the sign `_`, written as an escape.
    pub fn escaped(&self, escape: impl Fn(u8) -> String) -> Text {
        let span = self.span.clone();
        self.each(|at, byte| match span.contains(&at) && (byte == b'_' || at % 3 == 0) {
            true => escape(byte),
            false => char::from(byte).to_string(),
        })
    }

    /// Each byte as a pair of hexadecimal digits, with a text between them.
    pub fn hex(&self, between: &str) -> Text {
        let last = self.bytes.len() - 1;
        let mut text = self.each(|at, byte| format!("{byte:02x}{}", if at < last { between } else { "" }));
        text.span.end -= between.len();
        text
    }

    fn digits(&self, bits: usize, alphabet: &[u8], group: usize) -> Text {
        let mut all: Vec<bool> =
            self.bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect();
        all.resize(all.len().div_ceil(bits) * bits, false);
        let value = |bits: &[bool]| bits.iter().fold(0, |all, &bit| all << 1 | usize::from(bit));
        let mut bytes: Vec<u8> = all.chunks(bits).map(|bits| alphabet[value(bits)]).collect();
        let length = bytes.len().div_ceil(group) * group;
        bytes.resize(length, b'=');
        Text { bytes, span: self.span.start * 8 / bits..(self.span.end * 8).div_ceil(bits) }
    }

    /// RFC 4648, section 4.
    pub fn base64(&self) -> Text {
        let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let text = self.digits(6, digits, 4);
        assert_eq!(through("base64", &["-w", "0"], &self.bytes), text.bytes);
        text
    }

    /// Section 5, without padding.
    pub fn base64_url(&self) -> Text {
        let text = self.base64();
        let bytes = String::from_utf8(text.bytes).unwrap();
        let bytes = bytes.trim_end_matches('=').replace('+', "-").replace('/', "_").into_bytes();
        Text { bytes, span: text.span }
    }

    /// Section 6.
    pub fn base32(&self) -> Text {
        self.digits(5, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 8)
    }

    /// In lines of this many bytes, each between two texts.
    pub fn wrapped(&self, width: usize, before: &str, behind: &str) -> Text {
        let last = self.bytes.len() - 1;
        let mut text = self.each(|at, byte| {
            let first = if at % width == 0 { before } else { "" };
            let end = if at % width == width - 1 || at == last { behind } else { "" };
            format!("{first}{}{end}", char::from(byte))
        });
        // What stands around the first and the last byte of the secret is no part of it.
        if self.span.start.is_multiple_of(width) {
            text.span.start += before.len();
        }
        if self.span.end.is_multiple_of(width) || self.span.end == self.bytes.len() {
            text.span.end -= behind.len();
        }
        text
    }

    /// Compressed: no part of it says the secret alone.
    pub fn squeezed(&self, program: &str) -> Text {
        let bytes = match program {
            "zlib" => zlib(&self.bytes),
            _ => through(program, &["-c"], &self.bytes),
        };
        Text { span: 0..bytes.len(), bytes }
    }

    /// In units of `width` bytes, the low one first or last.
    pub fn wide(&self, width: usize, low_first: bool) -> Text {
        let unit = |byte: &u8| {
            let mut unit = vec![0; width];
            unit[if low_first { 0 } else { width - 1 }] = *byte;
            unit
        };
        let bytes = self.bytes.iter().flat_map(unit).collect();
        Text { bytes, span: self.span.start * width..self.span.end * width }
    }

    /// Behind a byte order mark.
    pub fn marked(&self, mark: &[u8]) -> Text {
        let bytes = [mark, &self.bytes].concat();
        Text { bytes, span: self.span.start + mark.len()..self.span.end + mark.len() }
    }

    /// What a program that shows bytes makes of it. The secret is found by its pairs of digits.
    pub fn dumped(&self, program: &str, arguments: &[&str]) -> Text {
        let bytes = through(program, arguments, &self.bytes);
        let text = String::from_utf8(bytes.clone()).unwrap();
        let mut pairs = Vec::new();
        let mut at = 0;
        for line in text.lines() {
            let offset = line.find([' ', ':']).unwrap_or(line.len());
            // 16 bytes a line; what comes behind their digits is the column of characters.
            let most = 16.min(self.bytes.len() - pairs.len());
            let mut place = offset;
            for _ in 0..most {
                while !line.as_bytes()[place].is_ascii_hexdigit() {
                    place += 1;
                }
                pairs.push(at + place);
                place += 2;
            }
            at += line.len() + 1;
            if pairs.len() == self.bytes.len() {
                break;
            }
        }
        Text { bytes, span: pairs[self.span.start]..pairs[self.span.end - 1] + 2 }
    }
}

/// RFC 1950 with one block that stores its bytes as they are.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    let (mut low, mut high) = (1u32, 0u32);
    for &byte in bytes {
        low = (low + u32::from(byte)) % 65521;
        high = (high + low) % 65521;
    }
    let length = u16::try_from(bytes.len()).unwrap();
    let mut out = vec![0x78, 0x9c, 1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(bytes);
    out.extend((high << 16 | low).to_be_bytes());
    out
}
