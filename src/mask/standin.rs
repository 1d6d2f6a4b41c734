//! A plain masker: whole values only, in their own spelling.

use super::{Late, Masked, Needle, Options, Report};
use crate::engine::Engine;
use std::sync::Arc;
use std::time::Duration;

/// Emitted bytes that are remembered, to tell of values that were registered too late.
const REMEMBERED: usize = 64 << 10;

/// Masks a stream of bytes.
pub struct Masker {
    options: Options,
    needles: Vec<Needle>,
    held: Vec<u8>,
    /// Leading bytes of `held` that belong to a masked place whose end is not known.
    covered: usize,
    emitted: Vec<u8>,
    offset: u64,
    line: u64,
    report: Report,
}

impl Masker {
    /// A masker without known values.
    pub fn new(_engine: Option<Arc<Engine>>, options: Options) -> Masker {
        Masker {
            options,
            needles: Vec::new(),
            held: Vec::new(),
            covered: 0,
            emitted: Vec::new(),
            offset: 0,
            line: 1,
            report: Report::default(),
        }
    }

    /// Know more values from here on. Returns those that had left in clear already.
    pub fn add(&mut self, needles: Vec<Needle>) -> Vec<Late> {
        let mut late = Vec::new();
        for needle in needles.into_iter().filter(|needle| !needle.value.is_empty()) {
            for at in memchr::memmem::find_iter(&self.emitted, &needle.value[..]) {
                let offset = self.offset - (self.emitted.len() - at) as u64;
                let newlines = memchr::memchr_iter(b'\n', &self.emitted[at..]).count() as u64;
                late.push(Late { name: needle.name.clone(), offset, line: self.line - newlines });
            }
            self.needles.push(needle);
        }
        self.report.late.extend(late.iter().cloned());
        late
    }

    /// Take input; what is decided is added to `out`.
    pub fn push(&mut self, input: &[u8], out: &mut Vec<u8>) {
        self.held.extend_from_slice(input);
        self.decide(false, out);
    }

    /// Nothing came for a while.
    pub fn tick(&mut self, _idle: Duration, _out: &mut Vec<u8>) {}

    /// The input ended: decide everything that is held.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.decide(true, out);
    }

    /// Decide everything that is held, then let `raw` through as it is. For commands that a host reads
    /// from the log.
    pub fn pass(&mut self, raw: &[u8], out: &mut Vec<u8>) {
        self.decide(true, out);
        self.emit(raw, out);
    }

    /// Is anything held back?
    pub fn holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// What was done so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    fn emit(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(bytes);
        self.emitted.extend_from_slice(bytes);
        let surplus = self.emitted.len().saturating_sub(REMEMBERED);
        self.emitted.drain(..surplus);
        self.consume(bytes);
    }

    fn consume(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        self.line += memchr::memchr_iter(b'\n', bytes).count() as u64;
    }

    fn decide(&mut self, ended: bool, out: &mut Vec<u8>) {
        let held = std::mem::take(&mut self.held);
        let mut found: Vec<(usize, usize, usize)> = Vec::new();
        let mut keep = held.len();
        for (index, needle) in self.needles.iter().enumerate() {
            let value = &needle.value[..];
            let mut at = 0;
            while let Some(next) = memchr::memmem::find(&held[at..], value) {
                found.push((at + next, at + next + value.len(), index));
                at += next + 1;
            }
            if !ended {
                let from = held.len().saturating_sub(value.len() - 1);
                let start = (from..held.len()).find(|&from| value.starts_with(&held[from..]));
                keep = keep.min(start.unwrap_or(held.len()));
            }
        }
        found.sort_unstable();
        let mut at = 0;
        let mut spans = found.into_iter().peekable();
        let mut covered = std::mem::take(&mut self.covered);
        while at < keep {
            while let Some(next) = spans.next_if(|span| span.0 < covered) {
                covered = covered.max(next.1);
            }
            if covered > at {
                self.consume(&held[at..covered.min(keep)]);
                at = covered.min(keep);
                continue;
            }
            let Some((start, end, index)) = spans.next_if(|span| span.0 < keep) else { break };
            self.emit(&held[at..start], out);
            at = start;
            let name = self.needles[index].name.clone();
            out.extend_from_slice(&self.options.token.text(&name));
            let (offset, line) = (self.offset, self.line);
            self.report.masked.push(Masked { name, form: "literal".to_owned(), offset, line });
            covered = end;
        }
        if at < keep {
            self.emit(&held[at..keep], out);
        }
        self.covered = covered.saturating_sub(keep);
        self.held = held[keep..].to_vec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::{Strength, TokenStyle};
    use zeroize::Zeroizing;

    #[test]
    fn every_split_gives_the_same() {
        let needle = |name: &str, value: &[u8]| Needle {
            name: name.to_owned(),
            value: Zeroizing::new(value.to_vec()),
            strength: Strength::Plain,
        };
        let text = b"xaaabaaab abcdefgh12ijklmn aaa";
        for split in 0..text.len() {
            let options = Options { token: TokenStyle::Fixed("*".to_owned()), unknown: false };
            let mut masker = Masker::new(None, options);
            masker.add(vec![needle("a", b"aaab"), needle("b", b"abcdefgh12"), needle("c", b"gh12ijklmn")]);
            let mut out = Vec::new();
            masker.push(&text[..split], &mut out);
            masker.push(&text[split..], &mut out);
            masker.finish(&mut out);
            assert_eq!(String::from_utf8_lossy(&out), "x** * aaa", "{split}");
        }
    }
}
