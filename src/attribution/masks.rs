//! Masks every secret of an outcome in the texts that stories are told with: a message, a path or the
//! name of a ref may hold another secret than the one whose story it belongs to.

use crate::finding::Finding;
use crate::origin::Origin;
use crate::secret::Secret;
use bstr::{BString, ByteSlice};
use std::collections::HashMap;

/// Shorter secrets (bytes) are words that stand in texts for other reasons; see `report::Guard`. They
/// are masked only in the object where they were found.
const SHORTEST: usize = 12;
/// Bytes by which secrets are looked up.
const HEAD: usize = 8;

/// All secrets of an outcome.
pub(super) struct Masks {
    secrets: Vec<Secret>,
    /// Long secrets by their first bytes.
    heads: HashMap<[u8; HEAD], Vec<usize>>,
    /// Short secrets by the id of the object that they stand in.
    short: HashMap<String, Vec<usize>>,
}

impl Masks {
    pub(super) fn new(findings: &[Finding]) -> Masks {
        let secrets = findings.iter().map(|finding| finding.secret.clone()).collect();
        let mut heads: HashMap<[u8; HEAD], Vec<usize>> = HashMap::new();
        let mut short: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, finding) in findings.iter().enumerate() {
            let clear = finding.secret.reveal();
            if let Some(head) = clear.first_chunk().filter(|_| clear.len() >= SHORTEST) {
                heads.entry(*head).or_default().push(index);
                continue;
            }
            for occurrence in &finding.occurrences {
                if let Origin::Object { id, .. } = occurrence.origin.root() {
                    short.entry(id.clone()).or_default().push(index);
                }
            }
        }
        Masks { secrets, heads, short }
    }

    /// The text with all long secrets masked, and the short ones that stand in `object`.
    pub(super) fn text(&self, text: &[u8], object: Option<&str>) -> String {
        let mut spans = self.long(text);
        for &index in object.and_then(|object| self.short.get(object)).into_iter().flatten() {
            let clear = self.secrets[index].reveal();
            if !clear.is_empty() {
                spans.extend(text.find_iter(clear).map(|at| (at, at + clear.len(), index)));
            }
        }
        String::from_utf8_lossy(&self.masked(text, spans)).into_owned()
    }

    /// A path with all long secrets masked.
    pub(super) fn bytes(&self, path: &BString) -> BString {
        match self.long(path) {
            spans if spans.is_empty() => path.clone(),
            spans => self.masked(path, spans).into(),
        }
    }

    /// Where long secrets stand: start, end, number.
    fn long(&self, text: &[u8]) -> Vec<(usize, usize, usize)> {
        let mut spans = Vec::new();
        for (at, head) in text.windows(HEAD).enumerate() {
            let Some(known) = head.first_chunk().and_then(|head: &[u8; HEAD]| self.heads.get(head)) else {
                continue;
            };
            for &index in known {
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
