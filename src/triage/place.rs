//! Reads the place of a finding again: the lines around it with every secret in them masked, and the
//! secret itself for whoever asks to see it.

use super::{Item, Spot};
use crate::engine::noise::FileKind;
use crate::engine::{Engine, Input, Match, Scratch, Unshown};
use crate::error::Error;
use crate::origin::{ObjectKind, Origin};
use crate::secret::Secret;
use crate::source::content::{self, Bytes};
use crate::source::repo::{Id, Repo};
use crate::text::{LineIndex, Span, hide};
use crate::unpack;
use crate::utf16;
use bstr::ByteSlice;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Lines shown before and behind that of the finding.
const AROUND: u64 = 3;
/// Bytes of a line that are shown.
const LONGEST: usize = 400;

/// A line with its number, and whether the finding stands on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: u64,
    /// The text, masked, without its end.
    pub text: String,
    /// The finding begins here.
    pub here: bool,
}

/// Reads places.
pub struct Places<'e> {
    engine: &'e Engine,
    /// The repository, where there is one.
    repo: Option<Repo>,
    /// Where relative paths of reports may start, beside the current directory.
    top: Option<PathBuf>,
}

/// The text of a place, and where the finding stands.
struct Text {
    text: Bytes,
    secret: Span,
}

impl<'e> Places<'e> {
    /// Reads places by the rules of `engine`.
    pub fn new(engine: &'e Engine) -> Places<'e> {
        let repo = Repo::here().ok();
        let top = repo.as_ref().and_then(Repo::top).map(Path::to_owned);
        Places { engine, repo, top }
    }

    /// The lines around a place, with every secret in them masked.
    ///
    /// # Errors
    /// Why they cannot be shown, in words.
    pub fn around(&self, item: &Item, spot: &Spot) -> Result<Vec<Line>, String> {
        let text = self.text(item, spot)?;
        let mut lines = LineIndex::new(&text.text, 1);
        let here = lines.position(text.secret.start).line;
        let from = here.saturating_sub(AROUND).max(1);
        let start = start_of(&text.text, text.secret.start, here - from);
        let end = (from..=here + AROUND).fold(start, |at, _| next_line(&text.text, at));
        let mut hidden = self.engine.unshown(&text.text, Span::new(start, end), &mut Unshown::default());
        hidden.push(text.secret);
        let mut out = Vec::new();
        let mut at = start;
        for number in from..=here + AROUND {
            if at >= text.text.len() {
                break;
            }
            let line = lines.line_of(at);
            let shown = Span::new(line.start, line.end.min(line.start + LONGEST));
            // A line whose middle holds the finding is shown from there on.
            let shown = match number == here && text.secret.start >= shown.end {
                true => {
                    let start = text.secret.start.saturating_sub(LONGEST / 2).max(line.start);
                    Span::new(start, line.end.min(start + LONGEST))
                }
                false => shown,
            };
            let mask = |span: Span| match span.start >= shown.start {
                true => Secret::new(&text.text[span.range()]).mask(),
                false => "…".to_owned(),
            };
            let line = hide(&text.text, shown, &hidden, mask);
            out.push(Line { number, text: line, here: number == here });
            at = next_line(&text.text, at);
        }
        Ok(out)
    }

    /// The secret, read from its place.
    ///
    /// # Errors
    /// Why it cannot be shown, in words.
    pub fn reveal(&self, item: &Item, spot: &Spot) -> Result<Secret, String> {
        let text = self.text(item, spot)?;
        Ok(Secret::new(&text.text[text.secret.range()]))
    }

    fn text(&self, item: &Item, spot: &Spot) -> Result<Text, String> {
        let origin = spot.origin.as_ref().ok_or("this version cannot read that place again")?;
        let bytes = self.bytes(origin)?;
        let head = &bytes[..bytes.len().min(8 << 10)];
        let encoding = utf16::detect(head);
        let binary = encoding.is_none() && utf16::looks_binary(head);
        let wanted =
            spot.bytes.map(|(offset, length)| (offset as usize, offset.saturating_add(length) as usize));
        let (text, wanted) = match encoding {
            None => (bytes, wanted),
            Some(encoding) => {
                let mut decoded = utf16::decode(&bytes, encoding);
                let back = |original: usize| {
                    let (mut low, mut high) = (0, decoded.text.len());
                    while low < high {
                        let middle = (low + high) / 2;
                        match decoded.original(middle) < original {
                            true => low = middle + 1,
                            false => high = middle,
                        }
                    }
                    low
                };
                let wanted = wanted.map(|(start, end)| (back(start), back(end)));
                (Zeroizing::new(std::mem::take(&mut decoded.text)), wanted)
            }
        };
        let input = Input { text: &text, own: 0..text.len(), kind: FileKind::ANY, binary };
        let mut matches = Vec::new();
        self.engine.scan(&mut Scratch::default(), &input, &mut matches);
        let secret = locate(&text, &matches, item, spot.line, wanted, self.engine)
            .ok_or("the place has changed since the report was made")?;
        Ok(Text { text, secret })
    }

    fn bytes(&self, origin: &Origin) -> Result<Bytes, String> {
        let said = |error: Error| error.to_string().lines().next().unwrap_or_default().to_owned();
        let repo = || self.repo.as_ref().ok_or_else(|| "this is not in a git repository".to_owned());
        match origin {
            Origin::Member { .. } => {
                let root = origin.root().clone();
                let bytes = self.bytes(&root)?;
                let member = unpack::member(root, &bytes, &origin.way());
                member.map(|(_, bytes)| bytes).ok_or_else(|| "its container no longer holds it".to_owned())
            }
            Origin::File(path) => content::of_file(path).or_else(|error| match &self.top {
                Some(top) if path.is_relative() => content::of_file(&top.join(path)).map_err(|_| said(error)),
                _ => Err(said(error)),
            }),
            Origin::Staged(path) => {
                let path = path.to_str().map_err(|_| "its name is no text".to_owned())?;
                content::of_revision(repo()?, "", path).map(|(_, bytes)| bytes).map_err(said)
            }
            Origin::Object { id, kind: ObjectKind::Blob | ObjectKind::Commit | ObjectKind::Tag, .. } => {
                let id = Id::parse(id.as_bytes()).ok_or("the report names no object")?;
                content::of_object(repo()?, &id).map(|(_, bytes)| bytes).map_err(said)
            }
            Origin::Stdin => Err("standard input cannot be read again".to_owned()),
            _ => Err("such a place cannot be read again here".to_owned()),
        }
    }
}

/// The beginning of the line that is `back` lines before the one that holds `at`.
fn start_of(text: &[u8], at: usize, back: u64) -> usize {
    let mut start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |found| found + 1);
    for _ in 0..back {
        let Some(end) = start.checked_sub(1) else { break };
        start = memchr::memrchr(b'\n', &text[..end]).map_or(0, |found| found + 1);
    }
    start
}

/// The beginning of the next line, or the end.
fn next_line(text: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |by| at + by + 1)
}

/// Where a finding stands now: where the report says, if that still looks as it did; else the match of the
/// same rule and mask that is nearest to its line.
fn locate(
    text: &[u8],
    matches: &[Match],
    item: &Item,
    line: u64,
    wanted: Option<(usize, usize)>,
    engine: &Engine,
) -> Option<Span> {
    let alike = |span: Span| item.masked.is_empty() || Secret::new(&text[span.range()]).mask() == item.masked;
    if let Some((start, end)) = wanted.filter(|(start, end)| start < end && *end <= text.len()) {
        let span = Span::new(start, end);
        let found = matches.iter().any(|found| found.secret == span);
        // Without a mask only a match at the very place will do.
        if alike(span) && (found || !item.masked.is_empty()) {
            return Some(span);
        }
    }
    let mut lines = LineIndex::new(text, 1);
    matches
        .iter()
        .filter(|found| engine.rules().get(found.rule).id == item.rule && !item.masked.is_empty())
        .filter(|found| alike(found.secret))
        .min_by_key(|found| lines.position(found.secret.start).line.abs_diff(line))
        .map(|found| found.secret)
}
