//! A private key that is being written: covered from its begin marker on, line by line, until its end
//! marker, a line that cannot belong to it, or its largest length.

use super::{Covered, Findings, Learned};
use crate::rules::RuleIndex;
use crate::rules::rule::{Block, List, Text};
use zeroize::Zeroizing;

/// Most bytes of a key without an end marker.
const LONGEST: u64 = 64 << 10;
/// Shortest word of base64 that is taken for part of a key behind other words on its line.
const WORD: usize = 40;
/// Longest line that must be seen whole before it is told what it is, in bytes.
const LINE: usize = 4 << 10;

/// A key whose end was not seen yet.
pub(super) struct Open {
    rule: RuleIndex,
    end: List<Text>,
    begin: u64,
    /// Offset of the first byte that is not decided.
    at: u64,
    /// Still on the line of the begin marker.
    first: bool,
    /// A line of the key itself was seen, so that no more headers follow.
    body: bool,
    /// Headers may stand anywhere.
    headers: bool,
}

impl Open {
    pub(super) fn new(rule: RuleIndex, block: &Block, begin: u64, at: u64) -> Open {
        let headers = block.begin.iter().any(|begin| begin.starts_with("PuTTY"));
        Open { rule, end: block.end.clone(), begin, at, first: true, body: false, headers }
    }

    /// Offset of the first byte that is not decided.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Cover what belongs to the key; the index behind it where its end was seen.
    pub(super) fn advance(
        &mut self,
        text: &[u8],
        base: u64,
        ended: bool,
        findings: &mut Findings,
    ) -> Option<usize> {
        loop {
            let from = (self.at - base) as usize;
            let rest = &text[from..];
            let line_end = memchr::memchr(b'\n', &rest[..rest.len().min(LINE)]);
            let whole = line_end.is_some() || ended || rest.len() >= LINE;
            if !whole {
                return None;
            }
            let line = &rest[..line_end.map_or(rest.len().min(LINE), |end| end + 1)];
            let end = self
                .end
                .iter()
                .filter_map(|end| Some((memchr::memmem::find(line, end.as_bytes())?, end.len())))
                .min();
            if let Some((at, length)) = end {
                let mut to = at + length;
                // The hash behind the last marker of PuTTY.
                if line[..to].ends_with(b":") {
                    to = line.trim_ascii_end().len().max(to);
                }
                self.cover(base, from + to, findings);
                self.learn(text, base, from + to, from + line.len(), findings);
                return Some(from + to);
            }
            let length = self.belongs(line);
            self.cover(base, from + length, findings);
            let too_long = self.at - self.begin > LONGEST;
            if length < line.len() || too_long || ended && from + length == text.len() {
                self.learn(text, base, from + length, from + line.len(), findings);
                return Some(from + length);
            }
            self.first = false;
        }
    }

    fn cover(&mut self, base: u64, to: usize, findings: &mut Findings) {
        let end = base + to as u64;
        if end > self.at {
            findings.covered.push(Covered { start: self.at, end, rule: self.rule });
            self.at = end;
        }
    }

    /// The key is known from now on, if it is all at hand.
    fn learn(&self, text: &[u8], base: u64, to: usize, decided: usize, findings: &mut Findings) {
        if let Some(from) = self.begin.checked_sub(base).filter(|_| self.body) {
            let value = Zeroizing::new(text[from as usize..to].to_vec());
            findings.learned.push(Learned { at: base + decided as u64, value, rule: self.rule });
        }
    }

    /// How many bytes of a line belong to the key: all or none, but for the line of the begin marker.
    fn belongs(&mut self, line: &[u8]) -> usize {
        let trimmed = line.trim_ascii();
        if self.first {
            let length = line
                .iter()
                .take_while(|&&byte| in_key(byte) || matches!(byte, b'\\' | b' ' | b'\r' | b'\n'))
                .count();
            let words =
                line[..length].split(|&byte| byte == b' ').filter(|word| !word.trim_ascii().is_empty());
            let key = words.clone().any(|word| word.len() >= 16);
            self.body |= key;
            return if key || words.count() == 0 { length } else { 0 };
        }
        let last = trimmed.rsplit(|&byte| byte == b' ' || byte == b'\t').next().unwrap_or(trimmed);
        let is_key = !last.is_empty() && last.iter().all(|&byte| in_key(byte));
        if is_key && (last.len() == trimmed.len() || last.len() >= WORD) {
            self.body = true;
            return line.len();
        }
        let name = trimmed.iter().take_while(|&&byte| byte.is_ascii_alphanumeric() || byte == b'-').count();
        let header = name > 0 && trimmed[name..].starts_with(b": ") && (self.headers || !self.body);
        if trimmed.is_empty() || header { line.len() } else { 0 }
    }

    /// After a pause: the line that is being written is covered if it looks like the key's.
    pub(super) fn pause(&self, text: &[u8], base: u64) -> Option<Covered> {
        let rest = &text[(self.at - base) as usize..];
        let length = rest.iter().take_while(|&&byte| in_key(byte) || byte.is_ascii_whitespace()).count();
        let end = self.at + length as u64;
        (length > 0).then_some(Covered { start: self.at, end, rule: self.rule })
    }
}

/// A character of base64.
fn in_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}
