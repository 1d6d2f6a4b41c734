//! Rows of hexadecimal pairs with signs between them, and the lines of dumps.

use super::{BEFORE, Encoding, LONGEST, Looked, Region, in_word, line, worth};
use crate::text::Span;
use crate::view::{Kind, is_base64};
use std::ops::Range;

/// Fewest pairs of a row.
const LEAST: usize = 10;
/// Decoded bytes that tell whether the rest is worth decoding.
const HEAD: usize = 6;
/// Most bytes between two of a list.
const BETWEEN: usize = 64;
/// From the beginning of one to that of the next in `0x61, 0x62`, as far as the sieve takes them for close.
const CLOSE: usize = 6;
/// Most bytes of a line of a dump.
const LINE: usize = 200;

fn digits(text: &[u8], at: usize) -> bool {
    text.get(at..at + 2).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
}

/// The sign between two pairs.
fn is_sign(byte: u8) -> bool {
    b" :-,;.".contains(&byte)
}

/// A row, or a part of one.
pub(super) struct Row {
    /// Where it begins.
    pub(super) start: usize,
    /// Behind its last byte: no look at a place before this tells of another row.
    pub(super) end: usize,
    pub(super) looked: Looked,
}

/// A row of which a pair stands at `at`.
pub(super) fn pairs(text: &[u8], at: usize) -> Option<Row> {
    if at >= 2 && matches!(text[at - 2..at], [b'0', b'x' | b'X']) {
        return listed(text, at - 2);
    }
    let sign = *text.get(at + 2)?;
    if !is_sign(sign) || !digits(text, at) {
        return None;
    }
    let floor = at.saturating_sub(BEFORE);
    let mut start = at;
    while start >= floor + 3 && text[start - 1] == sign && digits(text, start - 3) {
        start -= 3;
    }
    let from = start.saturating_sub(8);
    if start < floor + 3 && floor > 0 {
        // It began far before.
        let looked = Looked { span: Span::new(floor, at + 3), region: None };
        return Some(Row { start: at, end: at + 2, looked });
    }
    if start.checked_sub(1).is_some_and(|before| text[before].is_ascii_alphanumeric()) {
        let looked = Looked { span: Span::new(from, at + 3), region: None };
        return Some(Row { start, end: at + 2, looked });
    }
    let limit = text.len().min(start + LONGEST);
    let mut pieces: Vec<Range<usize>> = Vec::new();
    let mut at = start;
    loop {
        let begun = at;
        while at + 2 < limit && text[at + 2] == sign && digits(text, at + 3) && digits(text, at) {
            at += 3;
        }
        at += if digits(text, at) { 2 } else { 0 };
        pieces.push(begun..at);
        // The row may go on in the next line.
        let rest = &text[at..limit.min(at + 64).max(at)];
        let rest = rest.strip_prefix(&[sign]).unwrap_or(rest);
        let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let next = limit.min(at + 64).max(at) - rest.len() + blanks;
        let more = rest[..blanks].contains(&b'\n') && digits(text, next) && text.get(next + 2) == Some(&sign);
        if !more {
            break;
        }
        at = next;
    }
    let above = start.checked_sub(1).is_some_and(|before| text[before].is_ascii_whitespace()) && {
        let before = text[floor..start].trim_ascii_end();
        let crossed = text[floor + before.len()..start].contains(&b'\n');
        let before = before.strip_suffix(&[sign]).unwrap_or(before);
        let end = floor + before.len();
        let pair = |end: usize| end >= 2 && digits(text, end - 2);
        let signs = || text[end - 3] == sign && text[end - 6] == sign;
        // As many as the sieve names; less is read as no row.
        let named = end >= 8 && pair(end) && pair(end - 3) && pair(end - 6) && signs();
        crossed && named && (end == 8 || !is_base64(text[end - 9]))
    };
    let end = pieces.last().map_or(at, |piece| piece.end);
    let span = Span::new(from.min(floor), text.len().min(end + 68));
    if above {
        return Some(Row { start, end, looked: Looked { span, region: None } });
    }
    let mut region = Region::new(Encoding::Hex, Some(Kind::Pairs), pieces);
    region.cut = end + 3 >= limit && limit < text.len();
    let worth = is_worth(&region, text);
    Some(Row { start, end, looked: Looked { span, region: worth.then_some(region) } })
}

/// Is there one byte in a list, `0x61`, at `at`?
fn in_list(text: &[u8], at: usize) -> bool {
    matches!(text.get(at..at + 2), Some([b'0', b'x' | b'X']))
        && digits(text, at + 2)
        && !text.get(at + 4).is_some_and(|&byte| in_word(byte))
        && !at.checked_sub(1).is_some_and(|before| in_word(text[before]))
}

/// Does the byte at `at` stand close behind two others of a list, so that the sieve names it? Only behind such a byte a
/// list goes on further away, as on its next line: so every list shows close to where it begins.
fn is_named(text: &[u8], at: usize) -> bool {
    let close = |at: usize| before_in_list(text, at).filter(|before| at - before <= CLOSE);
    close(at).and_then(close).is_some()
}

/// Are the bytes at `one` and at `other`, the next that there is, of one list?
fn goes_on(text: &[u8], one: usize, other: usize) -> bool {
    other - one <= CLOSE || is_named(text, one)
}

/// Where the byte before the one at `at` stands, if they may be of one list.
fn before_in_list(text: &[u8], at: usize) -> Option<usize> {
    let near = &text[at.saturating_sub(BETWEEN + 4)..at];
    let rest = near.trim_ascii_end();
    let rest = rest.strip_suffix(b",").unwrap_or(rest).trim_ascii_end();
    let before = at.checked_sub(near.len() - rest.len() + 4)?;
    (rest.len() < near.len() && in_list(text, before)).then_some(before)
}

/// Where the byte behind the one at `at` stands, if they may be of one list.
fn behind_in_list(text: &[u8], at: usize) -> Option<usize> {
    let near = &text[at + 4..text.len().min(at + 4 + BETWEEN)];
    let rest = near.trim_ascii_start();
    let rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
    let behind = at + 4 + near.len() - rest.len();
    (rest.len() < near.len() && in_list(text, behind)).then_some(behind)
}

/// Bytes as lists of numbers have them, `0x61, 0x62`, in one line or in several. One of them stands at `at`.
fn listed(text: &[u8], at: usize) -> Option<Row> {
    if !in_list(text, at) {
        return None;
    }
    let floor = at.saturating_sub(BEFORE);
    let mut start = at;
    while let Some(before) = before_in_list(text, start).filter(|&before| goes_on(text, before, start)) {
        start = before;
        if start < floor + BETWEEN + 4 && floor > 0 {
            // It began far before.
            let looked = Looked { span: Span::new(floor, at + 5), region: None };
            return Some(Row { start: at, end: at + 4, looked });
        }
    }
    let limit = text.len().min(start + LONGEST);
    let (mut end, mut count) = (start, 1);
    let next = |at: usize| behind_in_list(text, at).filter(|&behind| goes_on(text, at, behind));
    while let Some(behind) = next(end).filter(|_| end < limit) {
        end = behind;
        count += 1;
    }
    end += 4;
    // What stands before it is of no list, or has no two close before it.
    let span =
        Span::new(start.saturating_sub(BETWEEN + 5 + 2 * (CLOSE + 2)), text.len().min(end + BETWEEN + 5));
    let whole: Range<usize> = start..end;
    let mut region = Region::new(Encoding::Hex, Some(Kind::Pairs), vec![whole]);
    region.cut = end >= limit && limit < text.len();
    let worth = count >= LEAST && is_worth(&region, text);
    Some(Row { start, end, looked: Looked { span, region: worth.then_some(region) } })
}

/// Does a region begin with something worth decoding?
fn is_worth(region: &Region, text: &[u8]) -> bool {
    let mut head = Vec::new();
    region.read(text, LEAST.max(HEAD), &mut head);
    head.len() >= LEAST && worth(&head)
}

/// Is this the line of a dump: an offset, blanks, and digits in pairs?
fn is_dump(line: &[u8]) -> bool {
    let offset = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    if !(6..=16).contains(&offset) {
        return false;
    }
    let rest = &line[offset..];
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    let blanks = rest.iter().take_while(|&&byte| byte == b' ').count();
    let group = rest[blanks.min(rest.len())..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    (1..=3).contains(&blanks) && matches!(group, 2 | 4 | 8)
}

/// A dump whose line begins at `at`.
pub(super) fn dump(text: &[u8], at: usize) -> Option<Looked> {
    if !is_dump(&text[line(text, at, 0, LINE).range()]) {
        return None;
    }
    let before = at.checked_sub(1).map(|end| line(text, end, LINE, 0));
    let from = before.map_or(at, |before| before.start);
    if before.is_some_and(|before| is_dump(&text[before.start..at])) {
        return Some(Looked { span: Span::new(from, text.len().min(at + LINE)), region: None });
    }
    let limit = text.len().min(at + LONGEST);
    let mut end = at;
    while end < limit {
        let next = line(text, end, 0, LINE);
        if next.end - end >= LINE || !is_dump(&text[end..next.end]) {
            break;
        }
        end = (next.end + 1).min(text.len());
    }
    let whole: Range<usize> = at..end;
    let mut region = Region::new(Encoding::HexDump, Some(Kind::Dump), vec![whole]);
    region.cut = end >= limit && limit < text.len();
    Some(Looked { span: Span::new(from, text.len().min(end + LINE)), region: Some(region) })
}
