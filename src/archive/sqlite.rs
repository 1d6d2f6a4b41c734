//! The text in the tables of an SQLite database (sqlite.org, "Database File Format").
//!
//! Each table is a member: a text with one line for each value, `column: value`. A value that is itself a
//! container is a member of its own, `table/row 3/column`. Only tables are read, as
//! indexes hold the same again; what was deleted and not yet overwritten is found in the raw file, which
//! is looked at too.

use super::input::{Content, Each, Member};
use super::{Budget, Compression, HEAD, Kind, Trouble};
use std::cell::Cell;
use std::collections::HashSet;
use std::io;

/// What a database begins with.
pub(super) const MARK: &[u8] = b"SQLite format 3\0";
/// Text of a table that is collected before it is handed on; longer tables come in several parts.
const PART: usize = 4 << 20;

/// A database in memory.
struct Database<'d> {
    bytes: &'d [u8],
    page: usize,
    /// Bytes of a page that hold content.
    usable: usize,
    /// The text encoding: 1 is UTF-8, 2 and 3 are UTF-16 with the low and the high byte first.
    encoding: u8,
    /// Bytes of rows that may still be put together: rows of a damaged file may share pages.
    left: Cell<u64>,
}

/// A value of a row.
enum Value<'v> {
    /// NULL, or a number that is no whole one.
    None,
    /// A whole number, in two's complement of its own length.
    Number(u64),
    /// A text.
    Text(&'v [u8]),
    /// Bytes.
    Blob(&'v [u8]),
}

/// Hand on the text of every table.
///
/// # Errors
/// Damage, a used-up budget. Tables before it were handed on.
pub(super) fn members(bytes: &[u8], budget: &Budget, each: Each<'_>) -> io::Result<()> {
    let damaged = |what: &str| Trouble::Corrupt(format!("the SQLite database is damaged: {what}"));
    let head: &[u8; 100] = bytes.first_chunk().ok_or_else(|| damaged("it is cut short"))?;
    let page = match usize::from(u16::from_be_bytes([head[16], head[17]])) {
        1 => 65536,
        page => page,
    };
    let usable = page.saturating_sub(usize::from(head[20]));
    if !page.is_power_of_two() || page < 512 || usable < 480 {
        return Err(damaged("its page size makes no sense").into());
    }
    let database =
        Database { bytes, page, usable, encoding: head[59], left: Cell::new(4 * bytes.len() as u64) };
    let mut tables = Vec::new();
    let whole = database.rows(1, &mut |row| {
        if let [Value::Text(kind), Value::Text(name), _, Value::Number(root), Value::Text(sql)] = row
            && database.text(kind) == b"table"
        {
            let root = u32::try_from(*root).unwrap_or_default();
            tables.push((database.text(name), root, columns(&database.text(sql))));
        }
        Ok(())
    })?;
    let mut complete = whole;
    for (name, root, columns) in tables {
        budget.member()?;
        let mut text = Vec::new();
        let mut number = 0u64;
        complete &= database.rows(root, &mut |row| {
            number += 1;
            for (index, value) in row.iter().enumerate() {
                let (Value::Text(bytes) | Value::Blob(bytes)) = value else { continue };
                budget.spend(bytes.len() as u64)?;
                let column = columns.get(index);
                if let Value::Blob(bytes) = value
                    && is_container(bytes)
                {
                    budget.member()?;
                    let column = column.map_or(&b"value"[..], Vec::as_slice);
                    let path = [&name[..], format!("/row {number}/").as_bytes(), column].concat();
                    each(Member { path: &path, content: Content::Bytes(bytes) });
                    continue;
                }
                if let Some(column) = column {
                    text.extend_from_slice(column);
                    text.extend_from_slice(b": ");
                }
                match value {
                    Value::Text(bytes) => text.extend(database.text(bytes)),
                    _ => text.extend_from_slice(bytes),
                }
                text.push(b'\n');
            }
            if text.len() >= PART {
                each(Member { path: &name, content: Content::Bytes(&text) });
                text.clear();
            }
            Ok(())
        })?;
        if !text.is_empty() {
            each(Member { path: &name, content: Content::Bytes(&text) });
        }
    }
    if !complete {
        return Err(damaged("some pages are missing or make no sense").into());
    }
    Ok(())
}

/// Does a value begin as a container or as a compressed stream?
fn is_container(value: &[u8]) -> bool {
    let head = &value[..value.len().min(HEAD)];
    Kind::detect(head).is_some_and(|kind| kind != Kind::Mail)
        || Compression::detect(head).is_some_and(|kind| super::probe(kind, head, false).is_ok())
}

/// The names of the columns that a `CREATE TABLE` tells, as far as they are simple.
fn columns(sql: &[u8]) -> Vec<Vec<u8>> {
    let Some(open) = sql.iter().position(|&byte| byte == b'(') else { return Vec::new() };
    let mut names = Vec::new();
    let mut depth = 0;
    let mut start = open + 1;
    for (at, &byte) in sql.iter().enumerate().skip(open) {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 1 && byte == b',' || depth == 0 {
            let item = sql[start..at].trim_ascii();
            let name: Vec<u8> = match item.first() {
                Some(quote @ (b'"' | b'`' | b'\'')) => {
                    item[1..].iter().copied().take_while(|byte| byte != quote).collect()
                }
                Some(b'[') => item[1..].iter().copied().take_while(|&byte| byte != b']').collect(),
                _ => item.iter().copied().take_while(|byte| !byte.is_ascii_whitespace()).collect(),
            };
            names.push(name);
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    names
}

impl Database<'_> {
    fn page(&self, number: u32) -> Option<&[u8]> {
        let start = (number as usize).checked_sub(1)?.checked_mul(self.page)?;
        self.bytes.get(start..start.checked_add(self.page)?)
    }

    /// A text in UTF-8.
    fn text(&self, bytes: &[u8]) -> Vec<u8> {
        if self.encoding < 2 {
            return bytes.to_vec();
        }
        let units = bytes.chunks_exact(2).map(|two| match self.encoding {
            2 => u16::from_le_bytes([two[0], two[1]]),
            _ => u16::from_be_bytes([two[0], two[1]]),
        });
        char::decode_utf16(units).map(|one| one.unwrap_or('\u{fffd}')).collect::<String>().into_bytes()
    }

    /// Show every row of the table that begins at page `root`; false where some could not be read.
    fn rows(&self, root: u32, row: &mut dyn FnMut(&[Value<'_>]) -> io::Result<()>) -> io::Result<bool> {
        let mut open = vec![root];
        let mut seen = HashSet::new();
        let mut whole = true;
        while let Some(number) = open.pop() {
            if !seen.insert(number) {
                whole = false;
                continue;
            }
            let Some(page) = self.page(number) else {
                whole = false;
                continue;
            };
            let at = if number == 1 { 100 } else { 0 };
            let count = usize::from(u16::from_be_bytes([page[at + 3], page[at + 4]]));
            let cells = |first: usize| {
                let pointers = page.get(first..first + 2 * count).unwrap_or_default();
                pointers.chunks_exact(2).map(|two| usize::from(u16::from_be_bytes([two[0], two[1]])))
            };
            match page[at] {
                5 => {
                    let child = |at: usize| {
                        let four = page.get(at..)?.first_chunk::<4>()?;
                        Some(u32::from_be_bytes(*four))
                    };
                    let first = open.len();
                    for cell in cells(at + 12).map(child).chain([child(at + 8)]) {
                        match cell {
                            Some(number) => open.push(number),
                            None => whole = false,
                        }
                    }
                    open[first..].reverse();
                }
                13 => {
                    for cell in cells(at + 8) {
                        match self.payload(page, cell) {
                            Some(payload) => whole &= record(&payload, row)?,
                            None => whole = false,
                        }
                    }
                }
                // A table without row ids is an index.
                2 | 10 => {}
                _ => whole = false,
            }
        }
        Ok(whole)
    }

    /// The bytes of the row in the cell at an offset of a page.
    fn payload<'p>(&'p self, page: &'p [u8], cell: usize) -> Option<std::borrow::Cow<'p, [u8]>> {
        let rest = page.get(cell..self.usable)?;
        let (length, rest) = varint(rest)?;
        let (_, rest) = varint(rest)?;
        let length = usize::try_from(length).ok().filter(|&length| length <= self.bytes.len())?;
        self.left.set(self.left.get().checked_sub(length as u64)?);
        let most = self.usable - 35;
        if length <= most {
            return rest.get(..length).map(std::borrow::Cow::Borrowed);
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let here = least + (length - least) % (self.usable - 4);
        let here = if here <= most { here } else { least };
        let mut whole = rest.get(..here)?.to_vec();
        let mut next = u32::from_be_bytes(*rest.get(here..)?.first_chunk()?);
        while whole.len() < length {
            let page = self.page(next)?;
            let piece = (self.usable - 4).min(length - whole.len());
            whole.extend_from_slice(&page[4..4 + piece]);
            next = u32::from_be_bytes(*page.first_chunk()?);
        }
        Some(std::borrow::Cow::Owned(whole))
    }
}

/// A number of one to nine bytes, and what follows it.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    for at in 0..9 {
        let byte = *bytes.get(at)?;
        if at == 8 {
            return Some((value << 8 | u64::from(byte), &bytes[9..]));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

/// Show the values of a row; false where it makes no sense.
fn record(payload: &[u8], row: &mut dyn FnMut(&[Value<'_>]) -> io::Result<()>) -> io::Result<bool> {
    let Some((header, _)) = varint(payload) else { return Ok(false) };
    let Some(mut types) = usize::try_from(header).ok().and_then(|header| payload.get(..header)) else {
        return Ok(false);
    };
    let mut body = &payload[types.len()..];
    types = varint(types).map_or(&[][..], |(_, rest)| rest);
    let mut values = Vec::new();
    let mut whole = true;
    while let Some((kind, rest)) = varint(types) {
        types = rest;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            kind => kind.saturating_sub(12) / 2,
        };
        let Some(bytes) = usize::try_from(length).ok().and_then(|length| body.get(..length)) else {
            whole = false;
            break;
        };
        body = &body[bytes.len()..];
        values.push(match kind {
            12.. if kind % 2 == 0 => Value::Blob(bytes),
            12.. => Value::Text(bytes),
            1..=6 => Value::Number(bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte))),
            9 => Value::Number(1),
            _ => Value::None,
        });
    }
    row(&values)?;
    Ok(whole)
}
