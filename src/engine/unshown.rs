//! What must not be shown of a text around a finding.

use super::noise::FileKind;
use super::{Engine, Input, LOOK_BEHIND};
use crate::text::Span;
use std::ops::Range;
use std::sync::PoisonError;

/// How far behind a piece that is asked about the look goes, where one is asked about after the other, in bytes.
const AHEAD: Range<usize> = 4 << 10..64 << 10;
/// How far before the last piece the next may stand without being looked at anew, in bytes.
const BACK: usize = 4 << 10;

/// The secrets around the pieces of one text that are asked about, mostly one behind the other: each part of the text
/// is looked at once.
#[derive(Default)]
pub struct Unshown {
    /// The part of which all anchors are known.
    known: Range<usize>,
    /// The anchors and secrets in it.
    found: Vec<(usize, Span)>,
    /// How far the next look goes beyond what is asked about.
    ahead: usize,
}

impl Engine {
    /// What must not be shown of a text around `piece`: whatever any rule takes for a secret there, in
    /// force or not and in any kind of file. `of` belongs to the text.
    pub fn unshown(&self, text: &[u8], piece: Span, of: &mut Unshown) -> Vec<Span> {
        let own = piece.start.saturating_sub(LOOK_BEHIND)..piece.end;
        if !(of.known.start..=of.known.end).contains(&own.start) {
            *of = Unshown { known: own.start..own.start, ..Unshown::default() };
        }
        let kept = own.start.saturating_sub(BACK).max(of.known.start);
        of.known.start = kept;
        of.found.retain(|&(anchor, _)| anchor >= kept);
        if of.known.end < own.end {
            let end = text.len().min(own.end + of.ahead);
            let new = of.known.end..end;
            of.ahead = (2 * of.ahead).clamp(AHEAD.start, AHEAD.end);
            of.known.end = end;
            self.seek(text, new, &mut of.found);
        }
        of.found.iter().filter(|(anchor, _)| own.contains(anchor)).map(|&(_, secret)| secret).collect()
    }

    /// The anchor and the secret of each match in a part of a text.
    fn seek(&self, text: &[u8], own: Range<usize>, out: &mut Vec<(usize, Span)>) {
        let spare = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = spare().pop().unwrap_or_default();
        let input = Input { text, own, kind: FileKind::ANY, binary: false };
        let mut found = Vec::new();
        self.scan(&mut scratch, &input, &mut found);
        if let Some(idle) = self.idle() {
            idle.scan(&mut scratch, &input, &mut found);
        }
        // They are told where the whole text is scanned.
        scratch.take_limits();
        spare().push(scratch);
        out.extend(found.into_iter().map(|found| (found.anchor, found.secret)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RuleSet;
    use crate::rules::check::Generator;

    const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    #[test]
    fn pieces_are_told_the_same_in_any_order() {
        let engine = Engine::new(RuleSet::builtin());
        let line = |seed: u64| match seed % 3 {
            0 => format!("token = \"{}\"\n", Generator::new(seed).text(DIGITS, 32)),
            _ => format!("let some_{seed} = other({seed});\n"),
        };
        let text: String = (0..600).map(line).collect();
        let text = text.as_bytes();
        let starts = || memchr::memchr_iter(b'\n', text).map(|at| at + 1);
        let pieces: Vec<Span> =
            starts().zip(starts().skip(1)).map(|(start, end)| Span::new(start, end)).collect();
        let alone: Vec<Vec<Span>> =
            pieces.iter().map(|&piece| engine.unshown(text, piece, &mut Unshown::default())).collect();
        assert!(alone[400].len() > 50, "{}", alone[400].len());
        let mut of = Unshown::default();
        for (piece, alone) in pieces.iter().zip(&alone) {
            assert_eq!(engine.unshown(text, *piece, &mut of), *alone, "{piece:?}");
        }
        // Back and forth.
        let mut of = Unshown::default();
        for at in (0..pieces.len()).map(|step| step * 7919 % pieces.len()) {
            assert_eq!(engine.unshown(text, pieces[at], &mut of), alone[at], "{:?}", pieces[at]);
        }
    }
}
