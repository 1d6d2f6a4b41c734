//! Lowers a parsed pattern to shapes: rows of byte classes with counts that one pass can match. Most
//! token formats are nothing else, so most rules never need a regex engine.

use super::compile::class_bytes;
use super::rule::{ByteClass, Segment, Shape};
use regex_syntax::hir::{Hir, HirKind, Look};
use std::borrow::Cow;

/// More alternatives than this are left to the regex engine.
const MOST_SHAPES: usize = 32;
/// Longer rows than this are left to the regex engine.
const MOST_SEGMENTS: usize = 96;

#[derive(Clone, Default)]
struct Row {
    segments: Vec<Segment>,
    secret: (Option<u16>, Option<u16>),
    word_end: bool,
}

/// The shapes of a pattern in the order in which the regex would try them, or `None` where only a
/// regex engine does the pattern justice.
pub fn shapes(hir: &Hir) -> Option<Vec<Shape>> {
    let rows = lower(hir, vec![Row::default()])?;
    rows.into_iter()
        .map(|row| {
            let count = row.segments.len() as u16;
            let secret = (row.secret.0.unwrap_or(0), row.secret.1.unwrap_or(count));
            let shape = Shape { segments: Cow::Owned(row.segments), secret, word_end: row.word_end };
            deterministic(&shape).then_some(shape)
        })
        .collect()
}

fn lower(hir: &Hir, rows: Vec<Row>) -> Option<Vec<Row>> {
    // Only an end-of-word test may follow, and nothing may follow that.
    if rows.iter().any(|row| row.word_end) && !matches!(hir.kind(), HirKind::Empty) {
        return None;
    }
    let rows = match hir.kind() {
        HirKind::Empty => rows,
        HirKind::Literal(literal) => extend(rows, |row| push_bytes(row, &literal.0)),
        HirKind::Class(class) => {
            let class = byte_class(&class_bytes(class)?);
            extend(rows, |row| row.segments.push(Segment::Class { class, min: 1, max: 1 }))
        }
        HirKind::Look(Look::WordEndHalfAscii) => extend(rows, |row| row.word_end = true),
        HirKind::Look(_) => return None,
        HirKind::Repetition(repetition) => {
            let (min, max) = (repetition.min, repetition.max?);
            if !repetition.greedy || max > u32::from(u16::MAX) {
                return None;
            }
            match single_class(&repetition.sub) {
                Some(class) => {
                    let (min, max) = (min as u16, max as u16);
                    extend(rows, |row| row.segments.push(Segment::Class { class, min, max }))
                }
                None => repeat(&repetition.sub, min, max, rows)?,
            }
        }
        HirKind::Capture(capture) => {
            let named = capture.name.as_deref() == Some("secret");
            let rows = match named {
                true => extend(rows, |row| row.secret.0 = Some(row.segments.len() as u16)),
                false => rows,
            };
            let rows = lower(&capture.sub, rows)?;
            match named {
                true => extend(rows, |row| row.secret.1 = Some(row.segments.len() as u16)),
                false => rows,
            }
        }
        HirKind::Concat(parts) => {
            let mut rows = rows;
            for part in parts {
                rows = lower(part, rows)?;
            }
            rows
        }
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for row in rows {
                for branch in branches {
                    all.extend(lower(branch, vec![row.clone()])?);
                }
            }
            all
        }
    };
    let small = rows.len() <= MOST_SHAPES && rows.iter().all(|row| row.segments.len() <= MOST_SEGMENTS);
    small.then_some(rows)
}

fn extend(mut rows: Vec<Row>, change: impl Fn(&mut Row)) -> Vec<Row> {
    rows.iter_mut().for_each(change);
    rows
}

fn push_bytes(row: &mut Row, bytes: &[u8]) {
    // Never join with a segment from outside the secret group: the marker stands between them.
    let at_marker =
        row.secret.0 == Some(row.segments.len() as u16) || row.secret.1 == Some(row.segments.len() as u16);
    match row.segments.last_mut() {
        Some(Segment::Bytes(held)) if !at_marker => held.to_mut().extend_from_slice(bytes),
        _ => row.segments.push(Segment::Bytes(Cow::Owned(bytes.to_vec()))),
    }
}

/// A group repeated: written out, the longest first as a greedy repetition tries it.
fn repeat(sub: &Hir, min: u32, max: u32, rows: Vec<Row>) -> Option<Vec<Row>> {
    if max > 16 || max - min > 4 {
        return None;
    }
    let mut all = Vec::new();
    for row in rows {
        for count in (min..=max).rev() {
            let mut repeated = vec![row.clone()];
            for _ in 0..count {
                repeated = lower(sub, repeated)?;
            }
            all.extend(repeated);
        }
    }
    Some(all)
}

fn single_class(hir: &Hir) -> Option<ByteClass> {
    match hir.kind() {
        HirKind::Class(class) => Some(byte_class(&class_bytes(class)?)),
        HirKind::Literal(literal) if literal.0.len() == 1 => Some(byte_class(&literal.0)),
        _ => None,
    }
}

fn byte_class(bytes: &[u8]) -> ByteClass {
    let mut class = [0u64; 4];
    for &byte in bytes {
        class[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }
    ByteClass(class)
}

/// True where a greedy pass without backtracking finds what the regex would find: behind every
/// segment of variable length stands something that cannot be confused with it. (The last segment
/// may be variable: `Shape::match_at` steps back in it where the end of the word asks for it.)
fn deterministic(shape: &Shape) -> bool {
    shape.segments.iter().enumerate().all(|(index, segment)| {
        let Segment::Class { class, min, max } = segment else { return true };
        if min == max {
            return true;
        }
        for next in &shape.segments[index + 1..] {
            match next {
                Segment::Bytes(bytes) => return bytes.first().is_none_or(|&byte| !class.has(byte)),
                Segment::Class { class: next, min, .. } => {
                    if class.meets(next) {
                        return false;
                    }
                    if *min > 0 {
                        return true;
                    }
                }
            }
        }
        // Only optional segments follow: fine without an end-of-word test, or as the very last.
        index + 1 == shape.segments.len() || !shape.word_end
    })
}
