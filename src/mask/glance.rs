//! A glance at an escape before a view reads it: can a value be around it at all?
//!
//! Most escapes in a log stand by themselves between words that are part of no value. They cost a look at
//! the few bytes around them and no more. What is found does not depend on this: whatever goes across an
//! escape has four bytes in a row across it that stand in a value, with white space between them or without,
//! or is encoded once more: then the characters of base64 or of hexadecimal pairs around it are many.

use super::needles::Needles;
use crate::view::spots::{BASE64_RUN, kinds_of, may_begin};
use crate::view::{Escape, Kind, escape, is_base64, is_space};

/// Bytes on each side of an escape of which four in a row across it are.
const BESIDE: usize = 3;
/// Bytes behind an escape without another one.
const APART: usize = 6;
/// Longest beginning of an escape that another escape may cut, in bytes.
pub(super) const CUT: usize = 14;
/// Most bytes that are looked at as they read.
const MOST: usize = 64;
/// Goes back by a character, so what it does depends on more than what follows.
const BACKSPACE: u8 = 8;

/// Where to look on if no value can be around the escape of this kind at `spot`, nor around those that follow
/// closely. `None` where a value may be there, or the text ends before that can be told.
pub(super) fn nothing_around(kind: Kind, text: &[u8], spot: usize, needles: &Needles) -> Option<usize> {
    if !(spot.saturating_sub(CUT)..spot).all(|at| ends_before(text, at, spot)) {
        return None;
    }
    let mut read = Read { bytes: [0; MOST], count: 0 };
    read.take(&text[spot.saturating_sub(BESIDE)..spot])?;
    let (mut at, mut plain) = (spot, 0);
    while plain < APART {
        let byte = *text.get(at).filter(|&&byte| byte != BACKSPACE)?;
        let here = match kind.begins(byte) {
            true => escape(kind, &text[at..], before(text, at)),
            false => Escape::None,
        };
        plain = if here == Escape::None { plain + 1 } else { 0 };
        at += match here {
            Escape::Open => return None,
            Escape::None if at == spot => return Some(spot + 1),
            Escape::None => {
                read.take(&[byte])?;
                1
            }
            Escape::Nothing(length) => length,
            Escape::Byte(length, byte) => {
                read.take(&[byte])?;
                length
            }
            Escape::Char(length, character) => {
                read.take(character.encode_utf8(&mut [0; 4]).as_bytes())?;
                length
            }
        };
    }
    let around = &read.bytes[..read.count];
    let behind = &around[spot.min(BESIDE)..];
    for has in [is_base64 as fn(u8) -> bool, is_of_pairs] {
        if encoded(text, (spot, at), behind, has) {
            return None;
        }
    }
    let (mut squeezed, mut count) = ([0; MOST], 0);
    for &byte in around.iter().filter(|&&byte| !is_space(byte)) {
        squeezed[count] = byte;
        count += 1;
    }
    let may_be = around.windows(4).any(|part| needles.has_gram(part))
        || count < around.len() && squeezed[..count].windows(4).any(|part| needles.has_gram(part))
        || (0..around.len()).any(|at| !is_plain(around, at))
        || needles.spaced && around.contains(&b'+');
    (!may_be).then_some(at)
}

/// Do enough characters of an encoding stand around what is between the two places, before it and `behind` it, to
/// be read? Also where the text ends before that can be told.
fn encoded(text: &[u8], (from, to): (usize, usize), behind: &[u8], has: fn(u8) -> bool) -> bool {
    let run = |bytes: &[u8]| bytes.iter().take(BASE64_RUN).take_while(|&&byte| has(byte)).count();
    let before = text[..from].iter().rev().take(BASE64_RUN).take_while(|&&byte| has(byte)).count();
    let behind = &behind[behind.iter().take_while(|&&byte| is_space(byte)).count()..];
    let (first, rest) = (run(behind), run(&text[to..]));
    let goes_on = first == behind.len();
    let behind = first + if goes_on { rest } else { 0 };
    before + behind >= BASE64_RUN || goes_on && to + rest == text.len()
}

/// A character of hexadecimal pairs, or between them.
fn is_of_pairs(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || b" :,;.-xX".contains(&byte)
}

/// Begins no escape of any kind at `at`?
fn is_plain(text: &[u8], at: usize) -> bool {
    !may_begin(text[at], text.get(at + 1).copied())
        || kinds_of(text[at]).all(|kind| escape(kind, &text[at..], before(text, at)) == Escape::None)
}

/// Does what begins at `at` end some bytes before `spot`, whatever kind of escape it is?
fn ends_before(text: &[u8], at: usize, spot: usize) -> bool {
    !may_begin(text[at], Some(text[at + 1]))
        || text[at] != BACKSPACE
            && kinds_of(text[at]).all(|kind| match escape(kind, &text[at..], before(text, at)) {
                Escape::Open => false,
                Escape::None => true,
                Escape::Nothing(length) | Escape::Byte(length, _) | Escape::Char(length, _) => {
                    at + length + BESIDE <= spot
                }
            })
}

fn before(text: &[u8], at: usize) -> Option<u8> {
    at.checked_sub(1).map(|before| text[before])
}

/// A few bytes as they read.
struct Read {
    bytes: [u8; MOST],
    count: usize,
}

impl Read {
    fn take(&mut self, bytes: &[u8]) -> Option<()> {
        self.bytes.get_mut(self.count..self.count + bytes.len())?.copy_from_slice(bytes);
        self.count += bytes.len();
        Some(())
    }
}
