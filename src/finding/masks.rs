//! Masks every secret of an outcome in the texts that are told of it: a message, a path or the name of a
//! ref may hold another secret than the one whose story or place it belongs to.

use super::{Finding, Outcome};
use crate::error::Skipped;
use crate::origin::Origin;
use crate::secret::Secret;
use bstr::BString;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

/// Shorter secrets (bytes) are words that stand in texts for other reasons: masking every `config` because
/// somebody's password is `config` would make a report unreadable, and would give the password away. They
/// are masked only in the object where they were found.
const SHORTEST: usize = 12;
/// Bytes by which secrets are looked up.
const HEAD: usize = 8;

/// All secrets of an outcome, with those of companions.
#[derive(Default)]
pub struct Masks {
    secrets: Vec<Secret>,
    /// Long secrets by their first bytes.
    heads: HashMap<[u8; HEAD], Vec<usize>>,
    /// A bit for each [`slot`] at which a long secret begins, so that most bytes of a text cost no look-up.
    begins: Vec<u64>,
    /// Short secrets by the id of the object that they stand in.
    short: HashMap<String, Vec<usize>>,
}

impl std::fmt::Debug for Masks {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Masks({})", self.secrets.len())
    }
}

/// A place among 65,536 that the first four bytes decide.
fn slot(head: &[u8; HEAD]) -> usize {
    let four = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
    (four.wrapping_mul(0x9e37_79b1) >> 16) as usize
}

impl Masks {
    /// The secrets of these findings.
    pub fn new<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Masks {
        let mut masks = Masks::default();
        for finding in findings {
            masks.add(finding);
            finding.companions.iter().for_each(|half| masks.add(half));
        }
        masks
    }

    /// The secrets of an outcome, also of what is not reported.
    pub fn of(outcome: &Outcome) -> Masks {
        let silent = outcome.told.suppressed.iter().map(|one| &one.finding);
        Masks::new(outcome.findings.iter().chain(silent))
    }

    fn add(&mut self, finding: &Finding) {
        let index = self.secrets.len();
        let clear = finding.secret.reveal();
        match clear.first_chunk().filter(|_| clear.len() >= SHORTEST) {
            Some(head) => {
                self.begins.resize(1024, 0);
                self.begins[slot(head) / 64] |= 1 << (slot(head) % 64);
                self.heads.entry(*head).or_default().push(index);
            }
            None => {
                for occurrence in &finding.occurrences {
                    if let Origin::Object { id, .. } = occurrence.origin.root() {
                        self.short.entry(id.clone()).or_default().push(index);
                    }
                }
            }
        }
        self.secrets.push(finding.secret.clone());
    }

    /// The text with all long secrets masked, and the short ones that stand in `object`.
    pub fn text(&self, text: &[u8], object: Option<&str>) -> String {
        let mut spans = self.long(text);
        for &index in object.and_then(|object| self.short.get(object)).into_iter().flatten() {
            let clear = self.secrets[index].reveal();
            // Texts are short and many: preparing a search would take longer than the search.
            let Some(&first) = clear.first() else { continue };
            let places = memchr::memchr_iter(first, text).filter(|&at| text[at..].starts_with(clear));
            spans.extend(places.map(|at| (at, at + clear.len(), index)));
        }
        String::from_utf8_lossy(&self.masked(text, spans)).into_owned()
    }

    /// Bytes with all long secrets masked.
    pub fn bytes<'t>(&self, bytes: &'t [u8]) -> Cow<'t, [u8]> {
        match self.long(bytes) {
            spans if spans.is_empty() => Cow::Borrowed(bytes),
            spans => Cow::Owned(self.masked(bytes, spans)),
        }
    }

    /// What was skipped, where its name or its detail holds a long secret: with that masked.
    pub fn skipped(&self, skipped: &Skipped) -> Option<Skipped> {
        let mut masked = skipped.clone();
        self.origin(&mut masked.origin);
        masked.detail = self.text(skipped.detail.as_bytes(), None);
        (masked != *skipped).then_some(masked)
    }

    fn origin(&self, origin: &mut Origin) {
        let path = |path: &BString| BString::from(self.bytes(path).into_owned());
        match origin {
            Origin::File(name) => {
                if let Cow::Owned(bytes) = self.bytes(name.as_os_str().as_encoded_bytes()) {
                    *name = PathBuf::from(String::from_utf8_lossy(&bytes).into_owned());
                }
            }
            Origin::Staged(name) | Origin::StagedName(name) | Origin::Repository { name, .. } => {
                *name = path(name);
            }
            Origin::Object { path: Some(name), .. } => *name = path(name),
            Origin::Object { path: None, .. } | Origin::Stdin => {}
            Origin::Member { outer, path: name } => {
                *name = path(name);
                self.origin(outer);
            }
            Origin::Noted { outer, note } => {
                *note = self.text(note.as_bytes(), None);
                self.origin(outer);
            }
        }
    }

    /// Where long secrets stand: start, end, number.
    fn long(&self, text: &[u8]) -> Vec<(usize, usize, usize)> {
        let mut spans = Vec::new();
        if self.begins.is_empty() {
            return spans;
        }
        for (at, head) in text.windows(HEAD).enumerate() {
            let Some(head) = head.first_chunk() else { continue };
            if self.begins[slot(head) / 64] >> (slot(head) % 64) & 1 == 0 {
                continue;
            }
            for &index in self.heads.get(head).into_iter().flatten() {
                let clear = self.secrets[index].reveal();
                if text[at..].starts_with(clear) {
                    spans.push((at, at + clear.len(), index));
                }
            }
        }
        spans
    }

    /// Overlapping spans become one mask.
    fn masked(&self, text: &[u8], mut spans: Vec<(usize, usize, usize)>) -> Vec<u8> {
        spans.sort_unstable();
        let mut out = Vec::with_capacity(text.len());
        let mut done = 0;
        for (start, end, index) in spans {
            if start >= done {
                out.extend_from_slice(&text[done..start]);
                out.extend_from_slice(self.secrets[index].mask().as_bytes());
            }
            done = done.max(end);
        }
        out.extend_from_slice(&text[done..]);
        out
    }
}
