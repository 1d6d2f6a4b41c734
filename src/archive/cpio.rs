//! cpio in its formats in text, `newc`, `crc` and `odc` (`man 5 cpio`), and rpm packages, which are headers
//! and a compressed cpio archive (rpm, "RPM V4 Package format").

use super::input::{Content, Each, Input, Member};
use super::{Budget, Trouble};
use std::io;

/// Longest name, in bytes.
const LONGEST: u64 = 1 << 20;
/// Longest header of an rpm package, in bytes.
const HEADER: u64 = 64 << 20;
/// What an rpm package begins with.
pub(super) const RPM: &[u8] = &[0xed, 0xab, 0xee, 0xdb];

/// Do these bytes begin with the header of a member?
pub(super) fn begins(head: &[u8]) -> bool {
    match head.first_chunk::<6>() {
        Some(b"070701" | b"070702") => {
            head.get(6..110).is_some_and(|rest| rest.iter().all(u8::is_ascii_hexdigit))
        }
        Some(b"070707") => head.get(6..76).is_some_and(|rest| rest.iter().all(u8::is_ascii_digit)),
        _ => false,
    }
}

/// Hand on every member, and what follows the archive.
///
/// # Errors
/// Damage, an early end, a used-up budget.
pub(super) fn members(mut input: Input<'_>, budget: &Budget, each: Each<'_>) -> io::Result<()> {
    let corrupt = |what: &str| io::Error::from(Trouble::Corrupt(what.to_owned()));
    let mut mark = [0; 6];
    loop {
        match input.fill(&mut mark)? {
            6 if matches!(&mark, b"070701" | b"070702" | b"070707") => {}
            0 => return Err(corrupt("the cpio archive is cut short")),
            _ => return Err(corrupt("a header of the cpio archive is damaged")),
        }
        let (length, align) = if &mark == b"070707" { (70, 1) } else { (104, 4) };
        let header = input.piece(length)?;
        let field = |from: usize, to: usize, radix: u32| {
            let text = header.get(from - 6..to - 6).and_then(|text| std::str::from_utf8(text).ok());
            text.and_then(|text| u64::from_str_radix(text, radix).ok())
        };
        let (mode, name, size) = match align {
            1 => (field(18, 24, 8), field(59, 65, 8), field(65, 76, 8)),
            _ => (field(14, 22, 16), field(94, 102, 16), field(54, 62, 16)),
        };
        let (Some(mode), Some(name_length), Some(size)) = (mode, name, size) else {
            return Err(corrupt("a header of the cpio archive is damaged"));
        };
        if name_length > LONGEST {
            return Err(corrupt("a name of the cpio archive is too long"));
        }
        let mut name = input.piece(name_length as usize)?;
        name.truncate(name.iter().position(|&byte| byte == 0).unwrap_or(name.len()));
        let padding = |length: u64| length.next_multiple_of(align) - length;
        input.skip(padding(6 + length as u64 + name_length))?;
        if name == b"TRAILER!!!" {
            return behind(input, budget, each);
        }
        budget.member()?;
        let regular = mode & 0o170_000 == 0o100_000 || mode & 0o170_000 == 0;
        match regular {
            true => input.member(&name, size, each)?,
            false => input.skip(size)?,
        }
        input.skip(padding(size))?;
    }
}

/// What follows the end: zeros, mostly; in an initial file system of Linux another archive, compressed.
fn behind(mut input: Input<'_>, _: &Budget, each: Each<'_>) -> io::Result<()> {
    let mut block = [0; 512];
    loop {
        let length = input.fill(&mut block)?;
        if length == 0 {
            return Ok(());
        }
        let Some(at) = block[..length].iter().position(|&byte| byte != 0) else { continue };
        let found = block[at..length].to_vec();
        let path = b"(behind the trailer)";
        match input {
            Input::Bytes(rest) => {
                let bytes = [&found[..], rest].concat();
                each(Member { path, content: Content::Bytes(&bytes) });
            }
            Input::Stream(reader) => {
                let mut whole = io::Read::chain(&found[..], reader);
                each(Member { path, content: Content::Stream(&mut whole) });
            }
        }
        return Ok(());
    }
}

/// Hand on the headers of an rpm package (its scripts stand there) and its files.
///
/// # Errors
/// Damage, an early end.
pub(super) fn rpm(mut input: Input<'_>, each: Each<'_>) -> io::Result<()> {
    input.skip(96)?;
    for (name, align) in [(&b"(signature)"[..], 8), (b"(header)", 1)] {
        let intro = input.piece(16)?;
        let number = |at: usize| {
            intro
                .get(at..at + 4)
                .map(|four| u64::from(u32::from_be_bytes([four[0], four[1], four[2], four[3]])))
        };
        let lengths = number(8).zip(number(12)).filter(|_| intro.starts_with(&[0x8e, 0xad, 0xe8]));
        let Some((entries, store)) = lengths.filter(|(entries, store)| entries * 16 + store <= HEADER) else {
            return Err(Trouble::Corrupt("a header of the rpm package is damaged".to_owned()).into());
        };
        let length = entries * 16 + store;
        input.member(name, length, each)?;
        input.skip(length.next_multiple_of(align) - length)?;
    }
    input.rest(b"", each);
    Ok(())
}
