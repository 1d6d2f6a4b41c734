//! Which lines of what a source handed over are new: asked only of the few inputs where something was
//! found.

use super::WHOLE_LIMIT;
use crate::error::Skipped;
use crate::origin::Origin;
use crate::utf16;
use std::borrow::Cow;
use std::ops::Range;

/// A source that looks at changes and can tell what they brought in.
pub trait Introduced {
    /// All places where the input of this origin came in, with the lines that were new there. An error
    /// tells why that cannot be said; whoever asks has to take all of it as new.
    fn introduced(&self, origin: &Origin) -> Result<Vec<Place>, Skipped>;
}

/// One place where an input came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The place.
    pub origin: Origin,
    /// What was new there.
    pub lines: Lines,
    /// True where this very content still stands there at the end of the changes.
    pub last: bool,
}

/// Lines of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lines {
    /// All of them.
    All,
    /// Those in these ranges of 1-based numbers, sorted.
    Some(Vec<Range<u64>>),
}

impl Lines {
    /// True where one of the lines from `first` to `last` (1-based, both included) is among them.
    pub fn touch(&self, first: u64, last: u64) -> bool {
        match self {
            Lines::All => true,
            Lines::Some(ranges) => ranges.iter().any(|range| range.start <= last && first < range.end),
        }
    }

    /// Those of these lines that are among `other`, too.
    fn and(self, other: Lines) -> Lines {
        match (self, other) {
            (Lines::All, lines) | (lines, Lines::All) => lines,
            (Lines::Some(one), Lines::Some(other)) => {
                let shared = |a: &Range<u64>, b: &Range<u64>| a.start.max(b.start)..a.end.min(b.end);
                let pairs = one.iter().flat_map(|a| other.iter().map(move |b| shared(a, b)));
                Lines::Some(pairs.filter(|range| !range.is_empty()).collect())
            }
        }
    }
}

/// The lines of `new` that stand in none of the versions `olds`: for a merge these are the ones that the
/// merge itself brings in. Without an old version all lines are new.
pub(super) fn added(olds: &[&[u8]], new: &[u8]) -> Lines {
    olds.iter().fold(Lines::All, |lines, old| lines.and(added_to(old, new)))
}

fn added_to(old: &[u8], new: &[u8]) -> Lines {
    if old.len().max(new.len()) as u64 > 8 * WHOLE_LIMIT {
        return Lines::All;
    }
    let (old, new) = (text(old), text(new));
    let mut options = git2::DiffOptions::new();
    options.context_lines(0).interhunk_lines(0).force_text(true);
    let Ok(patch) = git2::Patch::from_buffers(&old, None, &new, None, Some(&mut options)) else {
        return Lines::All;
    };
    let mut ranges = Vec::new();
    for hunk in 0..patch.num_hunks() {
        let Ok((hunk, _)) = patch.hunk(hunk) else { return Lines::All };
        let start = u64::from(hunk.new_start());
        if hunk.new_lines() > 0 {
            ranges.push(start..start + u64::from(hunk.new_lines()));
        }
    }
    Lines::Some(ranges)
}

/// A text in the encoding in which lines are counted.
fn text(bytes: &[u8]) -> Cow<'_, [u8]> {
    match utf16::detect(&bytes[..bytes.len().min(8 << 10)]) {
        Some(encoding) => Cow::Owned(utf16::decode(bytes, encoding).text),
        None => Cow::Borrowed(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_lines_are_those_of_a_diff() {
        let some = |ranges: &[(u64, u64)]| Lines::Some(ranges.iter().map(|&(from, to)| from..to).collect());
        assert_eq!(added(&[], b"a\n"), Lines::All);
        assert_eq!(added(&[b"a\nb\nc\n"], b"a\nb\nc\n"), some(&[]));
        assert_eq!(added(&[b"a\nb\nc\n"], b"a\nB\nc\nd\n"), some(&[(2, 3), (4, 5)]));
        assert_eq!(added(&[b"a\nb\nc\n"], b"a\nc\n"), some(&[]));
        assert_eq!(added(&[b""], b"a\nb"), some(&[(1, 3)]));
        assert_eq!(added(&[b"\0a\nb\n"], b"\0a\nb\nc\n"), some(&[(3, 4)]));
    }

    #[test]
    fn a_merge_brings_what_no_parent_has() {
        let merged = b"one\nours\ntwo\ntheirs\nnew\n";
        let lines = added(&[b"one\nours\ntwo\n", b"one\ntwo\ntheirs\n"], merged);
        assert_eq!(lines, Lines::Some(std::iter::once(5..6).collect()));
        assert!(lines.touch(5, 5) && lines.touch(1, 9) && !lines.touch(1, 4) && !lines.touch(6, 9));
    }

    #[test]
    fn wide_text_is_compared_by_its_lines() {
        let wide = |text: &str| -> Vec<u8> {
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
        };
        let lines = added(&[&wide("a\n\u{a0a}\nb\n")], &wide("a\n\u{a0a}\nb\nc\n"));
        assert_eq!(lines, Lines::Some(std::iter::once(4..5).collect()));
    }
}
