//! One text in several pieces: literals that a sign or nothing joins, arrays that are joined, and lines
//! that go on behind a backslash.

use super::{AROUND, Encoding, Looked, Region, in_word, line};
use crate::text::Span;
use std::ops::Range;

/// Most bytes between two pieces.
const SPACE: usize = 128;
/// Longest piece, in bytes.
const PIECE: usize = 4096;
/// Most pieces of one text.
const PIECES: usize = 4096;

/// The quote that opens the next piece behind the quote at `close`: blanks and at most one sign between
/// them, and a word on both sides. In a list that is to be joined the sign is a comma.
fn next(text: &[u8], close: usize, comma: bool) -> Option<usize> {
    if !close.checked_sub(1).is_some_and(|before| in_word(text[before])) {
        return None;
    }
    let rest = &text[close + 1..text.len().min(close + 1 + SPACE)];
    let blanks = |rest: &[u8]| {
        let goes_on = |by: usize| rest[by] == b'\\' && matches!(rest.get(by + 1), Some(b'\n' | b'\r'));
        (0..rest.len()).find(|&by| !rest[by].is_ascii_whitespace() && !goes_on(by)).unwrap_or(rest.len())
    };
    let mut at = blanks(rest);
    let sign = match rest[at..] {
        [b'+', b'+', ..] | [b'.', b'.', ..] | [b'|', b'|', ..] | [b'<', b'>', ..] if !comma => 2,
        [b'+' | b'.' | b'&', ..] if !comma => 1,
        [b',', ..] if comma => 1,
        _ if comma => return None,
        _ => 0,
    };
    at += sign;
    at += blanks(&rest[at..]);
    // `f"…"` and the like.
    if let [b'f' | b'r' | b'b' | b'u', b'"' | b'\'', ..] = rest[at..] {
        at += 1;
    }
    let open = close + 1 + at;
    let word = text.get(open + 1).is_some_and(|&byte| in_word(byte));
    (matches!(rest.get(at), Some(b'"' | b'\'')) && word).then_some(open)
}

/// The quote that closes what the quote at `open` opened, on the same line.
fn close(text: &[u8], open: usize) -> Option<usize> {
    let rest = &text[open + 1..text.len().min(open + 1 + PIECE)];
    let mut at = 0;
    loop {
        let by = at + memchr::memchr3(text[open], b'\\', b'\n', &rest[at..])?;
        match rest[by] {
            b'\n' => return None,
            b'\\' => at = by + 2,
            _ => return Some(open + 1 + by),
        }
        if at >= rest.len() {
            return None;
        }
    }
}

/// The quote that opened what the quote at `close` closes, on the same line.
fn open(text: &[u8], close: usize) -> Option<usize> {
    let from = close.saturating_sub(PIECE.min(super::BEFORE));
    let start = memchr::memrchr(b'\n', &text[from..close]).map_or(from, |at| from + at + 1);
    let open = start + memchr::memrchr(text[close], &text[start..close])?;
    (open == 0 || text[open - 1] != b'\\').then_some(open)
}

/// Is there a piece before the one that opens at `open`?
fn before(text: &[u8], open: usize, comma: bool) -> bool {
    let from = open.saturating_sub(SPACE);
    let near = &text[from..open];
    memchr::memrchr2_iter(b'"', b'\'', near)
        .next()
        .is_some_and(|by| next(text, from + by, comma) == Some(open))
}

/// Nothing is joined at `at`. Where lines behind its own decided about that, they are told.
fn nothing_at(text: &[u8], at: usize) -> Option<Looked> {
    let behind = &text[at + 1..text.len().min(at + 1 + SPACE)];
    let blank = |byte: &&u8| byte.is_ascii_whitespace() || b"+.&|<>\\,".contains(byte);
    let crossed = behind.iter().take_while(blank).any(|&byte| byte == b'\n');
    crossed.then(|| Looked { span: Span::new(at, text.len().min(at + SPACE + 4)), region: None })
}

/// A quote at `at` that may close a piece which another follows.
pub(super) fn look(text: &[u8], at: usize) -> Option<Looked> {
    let comma = false;
    let Some(first) = next(text, at, comma) else { return nothing_at(text, at) };
    let nothing = |to: usize| {
        let from = at.saturating_sub(PIECE.min(super::BEFORE) + SPACE);
        Some(Looked { span: Span::new(from, text.len().min(to)), region: None })
    };
    let Some(from) = open(text, at) else { return nothing(first + 2) };
    if before(text, from, comma) {
        return Some(Looked { span: Span::new(from.saturating_sub(SPACE + 2), first + 2), region: None });
    }
    region(text, from, at, first, comma).or_else(|| nothing(first + PIECE))
}

/// The text whose first piece stands between the quotes at `open` and `end`.
fn region(text: &[u8], open: usize, end: usize, next_open: usize, comma: bool) -> Option<Looked> {
    let start = line(text, open, AROUND.0, 0).start;
    let (mut end, mut follows) = (end, Some(next_open));
    let piece: Range<usize> = start..end;
    let mut pieces = vec![piece];
    // How far a piece was looked for that has no end.
    let mut sought = 0;
    while let Some(open) = follows.filter(|_| pieces.len() < PIECES) {
        let Some(closed) = close(text, open) else {
            sought = open + 1 + PIECE;
            break;
        };
        pieces.push(open + 1..closed);
        end = closed;
        follows = next(text, closed, comma);
    }
    if pieces.len() < 2 {
        return None;
    }
    let behind = line(text, end, 0, AROUND.1).end;
    if let Some(last) = pieces.last_mut() {
        last.end = behind;
    }
    let to = text.len().min(sought.max(behind + SPACE));
    let span = Span::new(start.min(open.saturating_sub(SPACE + 2)), to);
    Some(Looked { span, region: Some(Region::new(Encoding::Joined, None, pieces)) })
}

/// A list of literals before `].join(` or behind `.join([`: `bracket` is where it opens.
pub(super) fn list(text: &[u8], bracket: usize) -> Option<Looked> {
    let rest = &text[bracket + 1..text.len().min(bracket + 1 + SPACE)];
    let blanks = rest.iter().position(|byte| !byte.is_ascii_whitespace());
    let open = blanks.map(|blanks| bracket + 1 + blanks).filter(|&at| matches!(text[at], b'"' | b'\''));
    let Some(open) = open else { return nothing_at(text, bracket) };
    let nothing = |to: usize| Looked { span: Span::new(bracket, text.len().min(to)), region: None };
    let Some(first) = close(text, open) else { return Some(nothing(open + PIECE)) };
    let Some(second) = next(text, first, true) else { return Some(nothing(first + SPACE + 2)) };
    let Some(mut looked) = region(text, open, first, second, true) else {
        return Some(nothing(second + PIECE));
    };
    // Pieces in a list are one text only where the list is joined.
    let last =
        looked.region.as_ref().and_then(|region| region.pieces.last()).map_or(first, |piece| piece.start);
    let behind = close(text, last - 1).unwrap_or(last);
    let rest: Vec<u8> = text[behind + 1..text.len().min(behind + 1 + SPACE)]
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .take(12)
        .collect();
    let rest = rest.strip_prefix(b",").unwrap_or(&rest);
    let before = text[bracket.saturating_sub(16)..bracket].trim_ascii_end();
    let behind = [&b"].join('')"[..], b"].join(\"\")", b"].join(``)"];
    let ahead = [&b"''.join("[..], b"\"\".join(", b"implode('',", b"implode(\"\",", b"implode("];
    let joined =
        behind.iter().any(|call| rest.starts_with(call)) || ahead.iter().any(|call| before.ends_with(call));
    looked.span.start = looked.span.start.min(bracket.saturating_sub(16));
    looked.region.take_if(|_| !joined);
    Some(looked)
}

/// A backslash at `at` before the end of a line, in the middle of a word.
pub(super) fn continued(text: &[u8], at: usize) -> Option<Looked> {
    let start = line(text, at, AROUND.0, 0).start;
    let goes_on = |at: usize| {
        let rest = &text[at..text.len().min(at + SPACE)];
        let rest = rest.strip_prefix(b"\\")?;
        let rest = rest.strip_prefix(b"\r").unwrap_or(rest).strip_prefix(b"\n")?;
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let word = rest.get(blanks).is_some_and(|&byte| in_word(byte));
        let before = at.checked_sub(1).is_some_and(|before| in_word(text[before]));
        (word && before).then(|| at + SPACE.min(text.len() - at) - rest.len() + blanks)
    };
    let Some(mut next) = goes_on(at) else { return nothing_at(text, at) };
    let above = start.checked_sub(1).and_then(|end| {
        let end = if text[..end].ends_with(b"\r") { end - 1 } else { end };
        end.checked_sub(1)
    });
    if above.is_some_and(|above| text[above] == b'\\' && goes_on(above).is_some()) {
        return Some(Looked { span: Span::new(start.saturating_sub(4), next + 1), region: None });
    }
    let piece: Range<usize> = start..at;
    let mut pieces = vec![piece];
    loop {
        let line = line(text, next, 0, AROUND.0);
        let mut end = line.end;
        if text[..end].ends_with(b"\r") {
            end -= 1;
        }
        let more = end
            .checked_sub(1)
            .filter(|&last| last > next && text[last] == b'\\')
            .and_then(|last| goes_on(last).map(|next| (last, next)));
        match more.filter(|_| pieces.len() < PIECES) {
            Some((last, then)) => {
                pieces.push(next..last);
                next = then;
            }
            None => {
                pieces.push(next..end.max(next));
                let span = Span::new(start.saturating_sub(4), text.len().min(end + SPACE));
                return Some(Looked { span, region: Some(Region::new(Encoding::Joined, None, pieces)) });
            }
        }
    }
}
