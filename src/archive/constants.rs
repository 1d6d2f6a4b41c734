//! Constant texts of compiled programs: class files of Java, DEX files of Android, `.pyc` files of Python.
//!
//! Each constant is a line of its own. In the file itself the bytes before a text are its length, which may
//! look like letters that belong to it.
//! Formats: "The Java Virtual Machine Specification", 4.4; "Dalvik Executable format"; CPython's `marshal.c`.

use super::input::{Content, Each, Member};
use super::{Budget, Trouble};
use std::io;

/// What a class file begins with.
pub(super) const CLASS: &[u8] = &[0xca, 0xfe, 0xba, 0xbe];
/// What a DEX file begins with.
pub(super) const DEX: &[u8] = b"dex\n0";
/// The name of the member that holds them.
const NAME: &[u8] = b"(constants)";
/// Shorter texts (bytes) of a `.pyc` file are no constants of interest.
const SHORTEST: usize = 4;

/// Is this a class file? The same bytes begin programs of macOS for several processors, of which there are
/// few in one file.
pub(super) fn is_class(head: &[u8]) -> bool {
    head.starts_with(CLASS) && matches!(head.get(6..8), Some([0, 45..=120]))
}

/// Is this compiled by CPython? Its mark is a number of the version and a line end; in the header follow
/// flags of which two are known.
pub(super) fn is_pyc(head: &[u8]) -> bool {
    let [low, high, b'\r', b'\n', rest @ ..] = head else { return false };
    let flags = rest.first_chunk::<4>().map(|four| u32::from_le_bytes(*four));
    match u16::from_le_bytes([*low, *high]) {
        // 3.7 and later.
        3390..=3999 => flags.is_some_and(|flags| flags <= 3),
        // 3.0 to 3.6, and 2.3 to 2.7.
        3000..=3389 | 62011..=62211 => true,
        _ => false,
    }
}

/// Which of them it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Java,
    Dex,
    Python,
}

/// Hand on the constants.
///
/// # Errors
/// Damage, a used-up budget. The constants before it were handed on.
pub(super) fn members(bytes: &[u8], language: Language, budget: &Budget, each: Each<'_>) -> io::Result<()> {
    let mut text = Vec::new();
    let whole = match language {
        Language::Java => class(bytes, &mut text),
        Language::Dex => dex(bytes, &mut text),
        Language::Python => {
            python(bytes, &mut text);
            Some(())
        }
    };
    budget.member()?;
    budget.spend(text.len() as u64)?;
    if !text.is_empty() {
        each(Member { path: NAME, content: Content::Bytes(&text) });
    }
    match whole {
        Some(()) => Ok(()),
        None => Err(Trouble::Corrupt("its table of constants is damaged or cut short".to_owned()).into()),
    }
}

fn add(text: &mut Vec<u8>, constant: &[u8]) {
    text.extend_from_slice(constant);
    text.push(b'\n');
}

fn class(bytes: &[u8], text: &mut Vec<u8>) -> Option<()> {
    let u16_at = |at: usize| Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk::<2>()?));
    let count = u16_at(8)?;
    let mut at = 10;
    let mut index = 1;
    while index < count {
        let tag = *bytes.get(at)?;
        at += 1;
        match tag {
            1 => {
                let length = usize::from(u16_at(at)?);
                add(text, bytes.get(at + 2..at + 2 + length)?);
                at += 2 + length;
            }
            3 | 4 | 9..=12 | 17 | 18 => at += 4,
            // They take two places.
            5 | 6 => {
                at += 8;
                index += 1;
            }
            7 | 8 | 16 | 19 | 20 => at += 2,
            15 => at += 3,
            _ => return None,
        }
        index += 1;
    }
    Some(())
}

fn dex(bytes: &[u8], text: &mut Vec<u8>) -> Option<()> {
    let u32_at = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk::<4>()?) as usize);
    let (count, table) = (u32_at(0x38)?, u32_at(0x3c)?);
    // Several entries may name one text: no more is handed on than the file is long.
    let mut left = bytes.len();
    for index in 0..count {
        let mut at = u32_at(table.checked_add(index.checked_mul(4)?)?)?;
        // The length, in units of UTF-16, is not needed: a zero ends the text.
        while *bytes.get(at)? & 0x80 != 0 {
            at += 1;
        }
        let rest = &bytes[at + 1..];
        let constant = &rest[..memchr::memchr(0, rest)?];
        left = left.checked_sub(constant.len())?;
        add(text, constant);
    }
    Some(())
}

/// The texts among marshalled objects, wherever they stand: how code is marshalled differs from one version
/// of Python to the next.
fn python(bytes: &[u8], text: &mut Vec<u8>) {
    let mut at = 8;
    while at < bytes.len() {
        match constant(&bytes[at..]) {
            Some(constant) => {
                add(text, constant);
                at = constant.as_ptr() as usize - bytes.as_ptr() as usize + constant.len();
            }
            None => at += 1,
        }
    }
}

/// The text that is marshalled here, if one is.
fn constant(bytes: &[u8]) -> Option<&[u8]> {
    let (length, at): (usize, usize) = match bytes[0] & 0x7f {
        b'z' | b'Z' => (usize::from(*bytes.get(1)?), 2),
        b's' | b't' | b'u' | b'a' | b'A' => {
            (u32::from_le_bytes(*bytes.get(1..)?.first_chunk::<4>()?) as usize, 5)
        }
        _ => return None,
    };
    let constant = bytes.get(at..at.checked_add(length)?).filter(|_| length >= SHORTEST)?;
    let plain = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..);
    constant.iter().all(plain).then_some(constant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Limits;

    fn read(bytes: &[u8], language: Language) -> (String, bool) {
        let mut out = String::new();
        let budget = Budget::new(Limits::default());
        let read = members(bytes, language, &budget, &mut |member| {
            if let Content::Bytes(bytes) = member.content {
                out.push_str(&String::from_utf8_lossy(bytes));
            }
        });
        (out, read.is_ok())
    }

    #[test]
    fn classes() {
        let mut bytes = [CLASS, &[0, 0, 0, 65, 0, 5]].concat();
        bytes.extend(b"\x01\0\x05hello\x05\0\0\0\0\0\0\0\x01\x01\0\x01x");
        assert!(is_class(&bytes));
        assert_eq!(read(&bytes, Language::Java), ("hello\nx\n".to_owned(), true));
        assert_eq!(read(&bytes[..bytes.len() - 1], Language::Java), ("hello\n".to_owned(), false));
        assert!(!is_class(&[0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2]));
    }

    #[test]
    fn dexes() {
        let mut bytes = b"dex\n035\0".to_vec();
        bytes.resize(0x70, 0);
        bytes[0x38] = 2;
        bytes[0x3c] = 0x70;
        bytes.extend([0x78, 0, 0, 0, 0x7c, 0, 0, 0]);
        bytes.extend(b"\x02ab\0\x01c\0");
        assert_eq!(read(&bytes, Language::Dex), ("ab\nc\n".to_owned(), true));
        assert!(!read(&bytes[..0x79], Language::Dex).1);
    }

    #[test]
    fn marshalled_objects() {
        let bytes = b"\xcb\x0d\r\n\0\0\0\0\0\0\0\0\0\0\0\0\xe3\0\0\0\0\xf3\x02\0\0\0\x97\0)\x02\xda\x05names\
                      \xf5\x06\0\0\0longer\xe9\x01";
        assert!(is_pyc(bytes));
        assert_eq!(read(bytes, Language::Python), ("names\nlonger\n".to_owned(), true));
        assert!(!is_pyc(b"ab\r\nis a text") && !is_pyc(b"\xcb\x0d\r\nxxxx"));
    }
}
