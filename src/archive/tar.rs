//! tar: the old format, ustar, GNU's and pax (POSIX.1-2017, `pax`; GNU tar manual, "Basic Tar Format").
//!
//! Read by ourselves: names and extended headers come from strangers and their lengths are bounded here,
//! archives that follow one another are all read, and members of an archive in memory are not copied.

use super::input::{Each, Input};
use super::{Budget, Trouble};
use std::io;

/// Length of a block.
const BLOCK: usize = 512;
/// Longest name or extended header, in bytes.
const LONGEST: u64 = 1 << 20;

/// Do these bytes begin with the header of a member?
pub(super) fn begins(head: &[u8]) -> bool {
    head.first_chunk::<BLOCK>().is_some_and(|block| block[0] != 0 && sum_holds(block))
}

/// May these, the first bytes of a name or all of it, begin an archive?
pub(super) fn may_begin(head: &[u8]) -> bool {
    let name = text(head);
    !name.is_empty()
        && name.iter().all(|byte| !byte.is_ascii_control())
        && head[name.len()..].iter().all(|&byte| byte == 0)
}

/// The sum of all bytes, with blanks in the place of the sum itself; some programs add signed bytes.
fn sum_holds(block: &[u8; BLOCK]) -> bool {
    let field = &block[148..156];
    let plain = |byte: &u8| matches!(byte, b'0'..=b'7' | b' ' | 0);
    if !field.iter().all(plain) || !field.iter().any(u8::is_ascii_digit) {
        return false;
    }
    let Some(told) = number(field) else { return false };
    let plain = |byte: &u8| i64::from(*byte);
    let signed = |byte: &u8| i64::from(byte.cast_signed());
    let sum = |value: &dyn Fn(&u8) -> i64| -> i64 {
        block[..148].iter().chain(&block[156..]).map(value).sum::<i64>() + 8 * i64::from(b' ')
    };
    let told = told as i64;
    sum(&plain) == told || sum(&signed) == told
}

/// A number in octal digits, or in binary where the first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        let (high, low) = field.split_at(field.len().saturating_sub(8));
        let empty = high.iter().enumerate().all(|(at, &byte)| byte == if at == 0 { 0x80 } else { 0 });
        let low = low.iter().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
        return empty.then_some(low);
    }
    let digits: Vec<u8> =
        field.iter().copied().skip_while(|&byte| byte == b' ').take_while(u8::is_ascii_digit).collect();
    let text = std::str::from_utf8(&digits).ok()?;
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

fn text(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// What extended headers say of the next member.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Extended {
    /// Records of the form `length key=value\n`.
    fn read(&mut self, mut records: &[u8]) {
        while let Some(blank) = records.iter().position(|&byte| byte == b' ') {
            let length = std::str::from_utf8(&records[..blank]).ok().and_then(|text| text.parse().ok());
            let Some(length) = length.filter(|&length: &usize| length > blank + 1 && length <= records.len())
            else {
                return;
            };
            let record = &records[blank + 1..length];
            let record = record.strip_suffix(b"\n").unwrap_or(record);
            if let Some(equals) = record.iter().position(|&byte| byte == b'=') {
                let (key, value) = (&record[..equals], &record[equals + 1..]);
                match key {
                    b"path" | b"GNU.sparse.name" => self.path = Some(value.to_vec()),
                    b"size" => self.size = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()),
                    _ => {}
                }
            }
            records = &records[length..];
        }
    }
}

/// Hand on every member.
///
/// # Errors
/// Damage, an early end, a used-up budget. Members before it were handed on.
pub(super) fn members(mut input: Input<'_>, budget: &Budget, each: Each<'_>) -> io::Result<()> {
    let mut block = [0; BLOCK];
    let mut extended = Extended::default();
    let mut over = false;
    loop {
        match input.fill(&mut block)? {
            0 if over => return Ok(()),
            // Programs that write no end are common.
            0 => return Ok(()),
            BLOCK => {}
            length if over && block[..length].iter().all(|&byte| byte == 0) => return Ok(()),
            _ => return Err(Trouble::Corrupt("the tar archive is cut short".to_owned()).into()),
        }
        if block.iter().all(|&byte| byte == 0) {
            over = true;
            continue;
        }
        if !sum_holds(&block) {
            let what = match over {
                true => "something else stands behind the end of the tar archive",
                false => "the checksum of a tar header does not hold",
            };
            return Err(Trouble::Corrupt(what.to_owned()).into());
        }
        over = false;
        let kind = block[156];
        let size = number(&block[124..136])
            .ok_or_else(|| Trouble::Corrupt("a tar header tells no size".to_owned()))?;
        match kind {
            b'L' | b'x' | b'X' => {
                let bytes = header(&mut input, size)?;
                match kind {
                    b'L' => extended.path = Some(text(&bytes).to_vec()),
                    _ => extended.read(&bytes),
                }
                continue;
            }
            b'K' | b'g' => {
                header(&mut input, size)?;
                continue;
            }
            _ => {}
        }
        budget.member()?;
        let Extended { path, size: told } = std::mem::take(&mut extended);
        let path = path.unwrap_or_else(|| name(&block));
        let size = told.unwrap_or(size);
        if kind == b'S' {
            sparse(&mut input, block[482] != 0)?;
        }
        // Links, devices and directories have no content; some programs tell a size all the same.
        if matches!(kind, b'1'..=b'6') {
            continue;
        }
        input.member(&path, size, each)?;
        input.skip(padding(size))?;
    }
}

fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK as u64).saturating_sub(size)
}

/// The content of a header that speaks of the next one.
fn header(input: &mut Input<'_>, size: u64) -> io::Result<Vec<u8>> {
    if size > LONGEST {
        let what = format!("a tar header of {size} bytes is longer than any name");
        return Err(Trouble::Corrupt(what).into());
    }
    let bytes = input.piece(size as usize)?;
    input.skip(padding(size))?;
    Ok(bytes)
}

/// The name in a header.
fn name(block: &[u8; BLOCK]) -> Vec<u8> {
    let name = text(&block[..100]);
    let prefix = if &block[257..263] == b"ustar\0" { text(&block[345..500]) } else { b"" };
    match prefix.is_empty() {
        true => name.to_vec(),
        false => [prefix, b"/", name].concat(),
    }
}

/// Go behind the map of a sparse file; what it holds beside holes follows.
fn sparse(input: &mut Input<'_>, mut more: bool) -> io::Result<()> {
    let mut block = [0; BLOCK];
    while more {
        if input.fill(&mut block)? < BLOCK {
            return Err(Trouble::Corrupt("the tar archive is cut short".to_owned()).into());
        }
        more = block[504] != 0;
    }
    Ok(())
}
