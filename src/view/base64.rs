//! Base64 (RFC 4648) in both alphabets, in one run or wrapped over lines.

use super::{Said, Unit};

/// The value of a base64 character, 0 to 63.
pub const fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

/// What [`SEXTETS`] has for other bytes.
pub const NO_SEXTET: u8 = 64;

/// The value of each character, and [`NO_SEXTET`].
pub const SEXTETS: [u8; 256] = {
    let mut table = [NO_SEXTET; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Some(value) = sextet(byte as u8) {
            table[byte] = value;
        }
        byte += 1;
    }
    table
};

/// Is it a character of either alphabet?
#[inline]
pub const fn is_base64(byte: u8) -> bool {
    SEXTETS[byte as usize] != NO_SEXTET
}

/// Where in a run the decoder stands.
#[derive(Default)]
pub(super) struct State {
    /// Characters of the run so far.
    count: u64,
    /// The bits of the last characters.
    bits: u32,
    /// Where the last character stands.
    previous: u64,
    /// In the white space of a wrap since the end of a line.
    wrapped: bool,
}

impl State {
    pub(super) fn pending(&self) -> Option<u64> {
        (self.count > 0).then_some(self.previous)
    }

    pub(super) fn step(&mut self, skip: u8, unit: Unit, say: &mut impl FnMut(Said)) {
        let Some(value) = sextet(unit.byte) else {
            let wraps = match unit.byte {
                b'\r' | b'\n' => self.count > 0,
                b' ' | b'\t' => self.wrapped,
                _ => false,
            };
            self.wrapped = wraps;
            if !wraps {
                *self = State::default();
                say(Said::Break);
            }
            return;
        };
        self.wrapped = false;
        let place = self.count;
        self.count += 1;
        self.bits = self.bits << 6 | u32::from(value);
        let start = std::mem::replace(&mut self.previous, unit.start);
        let Some(place) = place.checked_sub(u64::from(skip)) else { return };
        let byte = match place % 4 {
            0 => return,
            1 => self.bits >> 4,
            2 => self.bits >> 2,
            _ => self.bits,
        } as u8;
        say(Said::Decoded(Unit { byte, start, end: unit.end }));
    }
}
