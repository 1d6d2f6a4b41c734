//! Values behind a name that base64 wrote: judged by what they say, as in the `data` of a Kubernetes
//! Secret.

use super::super::{Engine, Input, Match, assigned, noise};
use super::{Decoding, base64, clean};
use crate::text::Span;
use crate::view::sextet;
use std::cell::RefCell;
use std::ops::Range;
use zeroize::Zeroizing;

/// Length of values that are decoded, in characters.
const LENGTH: Range<usize> = 8..1024;
/// Shortest value without padding: shorter ones may say something by chance.
const UNPADDED: usize = 16;
/// Bytes before a name that are judged with it.
const AROUND: usize = 96;

/// What a value says, where base64 wrote it and it is text.
pub(super) fn decode(value: &[u8]) -> Option<Vec<u8>> {
    let bare = value.strip_suffix(b"==").or(value.strip_suffix(b"=")).unwrap_or(value);
    let padded = bare.len() < value.len() && value.len().is_multiple_of(4);
    if !LENGTH.contains(&value.len()) || !padded && bare.len() < UNPADDED || bare.len() % 4 == 1 {
        return None;
    }
    // The first character throws out most.
    let first = sextet(bare[0])? << 2;
    if first < 32 && !(8..16).contains(&first) {
        return None;
    }
    let mut out = Vec::with_capacity(bare.len() / 4 * 3 + 2);
    let (mut bits, mut held) = (0u32, 0);
    for &byte in bare {
        bits = bits << 6 | u32::from(sextet(byte)?);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    // Text says something, a number says nothing by itself.
    let text = clean(&out) && !out.iter().all(u8::is_ascii_digit);
    (bits & ((1 << held) - 1) == 0 && out.len() >= 4 && text).then_some(out)
}

impl Engine {
    /// Judge a value by what it says. True where base64 wrote it: what is found then is in `out`.
    pub(in crate::engine) fn written_value(
        &self,
        memory: &RefCell<noise::Memory>,
        input: &Input<'_>,
        (word, value, judged): (Span, Span, bool),
        out: &mut Vec<Match>,
    ) -> bool {
        let text = input.text;
        let Some(decoded) = decode(&text[value.range()]).map(Zeroizing::new) else { return false };
        let from = word.start.min(value.start).saturating_sub(AROUND);
        let to = text.len().min(value.end.max(word.end) + AROUND);
        if word.overlaps(value) {
            return false;
        }
        let said = decoded.trim_ascii_end();
        let mut twin = Zeroizing::new(Vec::with_capacity(to - from + said.len()));
        twin.extend_from_slice(&text[from..value.start]);
        let start = twin.len();
        twin.extend_from_slice(said);
        let end = twin.len();
        twin.extend_from_slice(&text[value.end..to]);
        let moved = |at: usize| if at < value.end { at - from } else { at - value.end + end };
        let word_there = Span::new(moved(word.start), moved(word.end));
        let mut found = Vec::new();
        let inside = Input { text: &twin, own: 0..twin.len(), ..input.clone() };
        let mut state = assigned::State::remembering(memory.take());
        self.at_name(&mut state, &inside, word_there, judged, &mut found);
        memory.replace(state.into_judged());
        for found in found {
            if found.secret.start < start || found.secret.end > end {
                continue;
            }
            let mut chain = vec![base64()];
            if let Some(inner) = &found.decoded {
                chain.extend(&inner.chain);
            }
            let secret = Zeroizing::new(found.value(&twin).to_vec());
            let bare = text[value.range()].iter().rev().take_while(|&&byte| byte == b'=').count();
            let place = Span::new(value.start, value.end - bare);
            let decoded = Some(Box::new(Decoding { chain, value: secret }));
            let whole = Span::new(place.start.min(word.start), place.end.max(word.end));
            out.push(Match { whole, secret: place, anchor: word.start, decoded, ..found });
        }
        true
    }
}
