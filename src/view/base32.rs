//! Base32 (RFC 4648, section 6).

use super::{Said, Unit};

/// The value of a base32 character, 0 to 31.
pub const fn quintet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'2'..=b'7' => Some(byte - b'2' + 26),
        _ => None,
    }
}

/// Where in a run the decoder stands.
#[derive(Default)]
pub(super) struct State {
    /// The bits that have not made a byte yet, and how many.
    bits: u16,
    held: u8,
    /// Where the character stands that the next byte begins in.
    start: Option<u64>,
}

impl State {
    pub(super) fn pending(&self) -> Option<u64> {
        self.start
    }

    pub(super) fn step(&mut self, unit: Unit, say: &mut impl FnMut(Said)) {
        let Some(value) = quintet(unit.byte) else {
            if !super::is_space(unit.byte) {
                *self = State::default();
                say(Said::Break);
            }
            return;
        };
        let start = *self.start.get_or_insert(unit.start);
        self.bits = self.bits << 5 | u16::from(value);
        self.held += 5;
        if self.held >= 8 {
            self.held -= 8;
            let byte = (self.bits >> self.held) as u8;
            say(Said::Decoded(Unit { byte, start, end: unit.end }));
            self.start = (self.held > 0).then_some(unit.start);
        }
    }
}
