//! ar, as Debian packages and static libraries are (`man 5 ar`: GNU's and BSD's long names).

use super::input::{Each, Input};
use super::{Budget, Trouble};
use std::io;

/// What an archive begins with.
pub(super) const MARK: &[u8] = b"!<arch>\n";
/// Length of a member's header.
const HEADER: usize = 60;
/// Longest table of names, in bytes.
const LONGEST: u64 = 16 << 20;

/// Hand on every member.
///
/// # Errors
/// Damage, an early end, a used-up budget.
pub(super) fn members(mut input: Input<'_>, budget: &Budget, each: Each<'_>) -> io::Result<()> {
    input.skip(MARK.len() as u64)?;
    let mut names = Vec::new();
    let mut header = [0; HEADER];
    loop {
        match input.fill(&mut header)? {
            0 => return Ok(()),
            HEADER if header.ends_with(b"`\n") => {}
            _ => return Err(Trouble::Corrupt("a header of the ar archive is damaged".to_owned()).into()),
        }
        budget.member()?;
        let size = decimal(&header[48..58])
            .ok_or_else(|| Trouble::Corrupt("a header of the ar archive tells no size".to_owned()))?;
        let short = header[..16].trim_ascii_end();
        let padding = size % 2;
        if short == b"//" {
            if size > LONGEST {
                return Err(Trouble::Corrupt("the names of the ar archive are too long".to_owned()).into());
            }
            names = input.piece(size as usize)?;
        } else if let Some(length) = short.strip_prefix(b"#1/").and_then(decimal) {
            let length = length.min(size).min(LONGEST);
            let name = input.piece(length as usize)?;
            let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
            input.member(&name[..end], size - length, each)?;
        } else {
            let at = short.strip_prefix(b"/").and_then(decimal).and_then(|at| usize::try_from(at).ok());
            let name = match at.and_then(|at| names.get(at..)) {
                Some(rest) => rest.split(|&byte| byte == b'\n').next().unwrap_or_default(),
                None => short,
            };
            let name = if name.len() > 1 { name.strip_suffix(b"/").unwrap_or(name) } else { name };
            input.member(name, size, each)?;
        }
        input.skip(padding)?;
    }
}

fn decimal(field: &[u8]) -> Option<u64> {
    std::str::from_utf8(field.trim_ascii()).ok()?.parse().ok()
}
