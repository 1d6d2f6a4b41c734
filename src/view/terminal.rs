//! What a terminal shows: control sequences (ECMA-48), overstrikes and characters without width.

use super::Step;

/// Longest control sequence, in bytes; what is longer is text.
const SEQUENCE: usize = 256;
/// Longest string of an operating system command, in bytes.
const STRING: usize = 4096;

/// What the bytes from the beginning of a sequence on stand for; called with one more byte each time,
/// so that only the newest must be looked at.
pub(super) fn decide(bytes: &[u8], last: Option<u8>) -> Step {
    let newest = bytes[bytes.len() - 1];
    match (bytes[0], bytes.len()) {
        (0, _) => Step::Nothing,
        (8, 1) => Step::More,
        // The same character again makes it bold; anything else only goes back.
        (8, _) => {
            if last == Some(newest) {
                Step::Again
            } else {
                Step::NothingButLast
            }
        }
        // Underlined: `_`, back, the character.
        (b'_', 2) => {
            if newest == 8 {
                Step::More
            } else {
                Step::Plain
            }
        }
        (b'_', _) => Step::Byte(newest),
        (0xc2, 1) | (0xe2 | 0xef, 1) => Step::More,
        (0xc2, _) => {
            if newest == 0xad {
                Step::Nothing
            } else {
                Step::Plain
            }
        }
        (0xe2, 2) => {
            if matches!(newest, 0x80 | 0x81) {
                Step::More
            } else {
                Step::Plain
            }
        }
        (0xef, 2) => {
            if matches!(newest, 0xbb | 0xb8) {
                Step::More
            } else {
                Step::Plain
            }
        }
        (0xe2 | 0xef, _) => {
            let hidden = match (bytes[0], bytes[1]) {
                (0xe2, 0x80) => matches!(newest, 0x8b..=0x8f | 0xaa..=0xae),
                (0xe2, _) => matches!(newest, 0xa0..=0xaf),
                (_, 0xbb) => newest == 0xbf,
                _ => matches!(newest, 0x80..=0x8f),
            };
            if hidden { Step::Nothing } else { Step::Plain }
        }
        (_, 1) => Step::More,
        _ => escape(bytes, newest),
    }
}

fn escape(bytes: &[u8], newest: u8) -> Step {
    match (bytes[1], bytes.len()) {
        (b'[' | b']' | b'P' | b'X' | b'^' | b'_', 2) => Step::More,
        (b'[', length) => match newest {
            0x40..=0x7e => Step::Nothing,
            0x20..=0x3f if length < SEQUENCE => Step::More,
            0x20..=0x3f => Step::Nothing,
            _ => Step::NothingButLast,
        },
        (b']' | b'P' | b'X' | b'^' | b'_', length) => match newest {
            7 => Step::Nothing,
            b'\\' if bytes[length - 2] == 0x1b => Step::Nothing,
            _ if length < STRING => Step::More,
            _ => Step::Nothing,
        },
        (0x20..=0x2f, _) => match newest {
            0x30..=0x7e => Step::Nothing,
            0x20..=0x2f if bytes.len() < 8 => Step::More,
            _ => Step::NothingButLast,
        },
        (0x30..=0x7e, _) => Step::Nothing,
        _ => Step::NothingButLast,
    }
}
