//! Bytes in hexadecimal: pairs of digits with signs between them, and the lines of `xxd`, `od -t x1` and
//! `hexdump -C` with their offsets and their column of characters.

use super::{Said, Unit};

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    /// Digits of the offset at the beginning of a line: how many there were.
    #[default]
    Start,
    Offset(u8),
    /// Between the offset and the first pair, or between pairs: blanks so far.
    Gap(u8),
    /// The pairs, of which so many digits were seen in one group.
    Digits(u8),
    /// The column of characters; true behind `|` or `>`.
    Column,
    /// The line is no dump.
    Other,
}

/// Where in a dump the reader stands.
#[derive(Default)]
pub(super) struct State {
    part: Part,
    /// The first digit of a pair and where it stands.
    high: Option<(u8, u64)>,
    /// Pairs of the line so far.
    pairs: u8,
    /// Signs since the last pair.
    signs: u8,
}

fn nibble(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// Can a line that begins so be one of a dump: an offset, and a pair behind it? Where the text ends before
/// that can be told, yes.
pub fn may_begin_dump(line: &[u8]) -> bool {
    let offset = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let rest = &line[offset..];
    let Some(&behind) = rest.first() else { return true };
    if behind == b'\r' {
        return true;
    }
    let gap = 1 + rest[1..].iter().take_while(|&&byte| byte == b' ').count();
    let pair = rest[gap..].iter().take(2);
    (6..=16).contains(&offset)
        && matches!(behind, b' ' | b':')
        && pair.clone().all(|&byte| byte.is_ascii_hexdigit() || byte == b'\r')
}

impl State {
    pub(super) fn pending(&self) -> Option<u64> {
        self.high.map(|high| high.1)
    }

    /// Pairs with up to four signs between them.
    pub(super) fn pairs(&mut self, unit: Unit, say: &mut impl FnMut(Said)) {
        match (nibble(unit.byte), self.high) {
            (Some(low), Some((high, start))) => {
                self.high = None;
                self.signs = 0;
                say(Said::Decoded(Unit { byte: high << 4 | low, start, end: unit.end }));
            }
            (Some(high), None) => self.high = Some((high, unit.start)),
            // The `0` of `0x`.
            (None, Some((0, _))) if matches!(unit.byte, b'x' | b'X') => self.high = None,
            (None, None) if self.signs < 4 && b" \t\r\n:-,;.\\x".contains(&unit.byte) => self.signs += 1,
            _ => {
                *self = State::default();
                say(Said::Break);
            }
        }
    }

    /// A line of a dump: its pairs or its column.
    pub(super) fn line(&mut self, column: bool, unit: Unit, say: &mut impl FnMut(Said)) {
        if unit.byte == b'\n' {
            let dump = self.pairs > 0 && self.part != Part::Other;
            *self = State::default();
            if !dump {
                say(Said::Break);
            }
            return;
        }
        if unit.byte == b'\r' {
            return;
        }
        let digit = nibble(unit.byte);
        let blank = unit.byte == b' ';
        self.part = match self.part {
            Part::Start if digit.is_some() => Part::Offset(1),
            Part::Offset(count) if digit.is_some() && count < 16 => Part::Offset(count + 1),
            Part::Offset(count @ 6..) if blank || unit.byte == b':' => {
                let _ = count;
                Part::Gap(0)
            }
            Part::Gap(blanks) if blank && (self.pairs == 0 || blanks < 3) => {
                if self.pairs > 0 && blanks >= 1 { Part::Gap(blanks + 1) } else { Part::Gap(blanks.max(1)) }
            }
            Part::Gap(_) if blank => Part::Gap(3),
            // Two blanks part the column from the pairs, or one and a bar; `hexdump` also has two in the
            // middle.
            Part::Gap(_) if matches!(unit.byte, b'|' | b'>') && self.pairs > 0 => Part::Column,
            Part::Gap(blanks) if self.pairs > 0 && blanks >= 2 && (self.pairs >= 16 || blanks >= 3) => {
                self.character(column, unit, say);
                Part::Column
            }
            Part::Gap(blanks) if digit.is_some() => {
                let _ = blanks;
                self.digit(column, unit, say);
                Part::Digits(1)
            }
            Part::Gap(blanks) if self.pairs > 0 && blanks >= 2 => {
                self.character(column, unit, say);
                Part::Column
            }
            Part::Digits(count) if digit.is_some() && count < 16 => {
                self.digit(column, unit, say);
                Part::Digits(count + 1)
            }
            Part::Digits(count) if blank && count % 2 == 0 => Part::Gap(1),
            Part::Column => {
                self.character(column, unit, say);
                Part::Column
            }
            Part::Other => Part::Other,
            _ => {
                self.high = None;
                say(Said::Break);
                Part::Other
            }
        };
    }

    fn digit(&mut self, column: bool, unit: Unit, say: &mut impl FnMut(Said)) {
        let Some(digit) = nibble(unit.byte) else { return };
        let Some((high, start)) = self.high.take() else {
            self.high = (!column).then_some((digit, unit.start)).or(Some((0, u64::MAX)));
            return;
        };
        self.pairs = self.pairs.saturating_add(1);
        if !column {
            say(Said::Decoded(Unit { byte: high << 4 | digit, start, end: unit.end }));
        }
    }

    fn character(&mut self, column: bool, unit: Unit, say: &mut impl FnMut(Said)) {
        if column && !matches!(unit.byte, b'|' | b'<') {
            say(Said::Decoded(unit));
        }
    }
}
