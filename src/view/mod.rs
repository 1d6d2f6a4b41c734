//! Other readings of bytes: what a text says once its escapes are undone.
//!
//! A [`View`] takes bytes one by one, so that a text may come in any pieces, and gives bytes, each with
//! the place in the input that it stands for. A view remembers no more than the escape that it is in
//! the middle of; [`View::pending`] tells where that began.

pub mod base32;
mod base64;
mod dump;
mod escape;
mod halves;
pub mod region;
pub mod sieve;
pub mod spots;
mod terminal;

use zeroize::Zeroize;

pub use self::base64::{NO_SEXTET, SEXTETS, is_base64, sextet};
pub use self::dump::may_begin_dump;

/// A byte and the input bytes `start..end` that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The byte.
    pub byte: u8,
    /// Offset of the first input byte.
    pub start: u64,
    /// Offset behind the last input byte.
    pub end: u64,
}

/// One way of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Without control sequences, overstrikes, zero-width characters and NUL.
    Terminal,
    /// `%41`, `%u0041`.
    Percent,
    /// The same, and `+` for a blank, as in forms.
    Form,
    /// `\n`, `\"`, `\u0041`, `\x41`, `\101`.
    Backslash,
    /// `&amp;`, `&#65;`, `&#x41;`.
    Entity,
    /// Signs written twice or behind a sign of the shell: `''`, `'\''`, `$$`, `^&`.
    Doubled,
    /// Without quotes that end one piece of text and begin the next: `"a"'b'`.
    Joined,
    /// Quoted-printable (RFC 2045): `=41`, `=` at the end of a line.
    Printable,
    /// Without white space.
    Unspaced,
    /// Base64 (RFC 4648, both alphabets, wrapped or not), decoded from the given character of its run
    /// on: 0 to 3.
    Base64(u8),
    /// Base32 (RFC 4648). The mask knows the spellings of its values in it, and needs no such view.
    Base32,
    /// Hexadecimal pairs with signs between them.
    Pairs,
    /// The bytes that dumps of `xxd`, `od` and `hexdump` show in hexadecimal.
    Dump,
    /// The characters that such dumps show at the end of the line.
    Column,
}

impl Kind {
    /// All kinds that the mask reads.
    pub const ALL: [Kind; 16] = [
        Kind::Terminal,
        Kind::Percent,
        Kind::Form,
        Kind::Backslash,
        Kind::Entity,
        Kind::Doubled,
        Kind::Joined,
        Kind::Printable,
        Kind::Unspaced,
        Kind::Base64(0),
        Kind::Base64(1),
        Kind::Base64(2),
        Kind::Base64(3),
        Kind::Pairs,
        Kind::Dump,
        Kind::Column,
    ];

    /// Can this byte begin an escape of this kind? Other texts read the same with and without the
    /// view. Base64, pairs and dumps are no matter of one byte.
    pub const fn begins(self, byte: u8) -> bool {
        match self {
            Kind::Terminal => matches!(byte, 0 | 8 | 0x1b | 0xc2 | 0xe2 | 0xef),
            Kind::Percent => byte == b'%',
            Kind::Form => matches!(byte, b'%' | b'+'),
            Kind::Backslash => byte == b'\\',
            Kind::Entity => byte == b'&',
            Kind::Doubled => matches!(byte, b'\'' | b'"' | b'$' | b'^' | b'`' | b'%'),
            Kind::Joined => matches!(byte, b'\'' | b'"'),
            Kind::Printable => byte == b'=',
            Kind::Unspaced => is_space(byte),
            Kind::Dump | Kind::Column | Kind::Base64(_) | Kind::Base32 | Kind::Pairs => false,
        }
    }
}

/// Blank, tab and line ends.
pub const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// What a view says of the bytes that it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// A byte as it stands.
    Plain(Unit),
    /// A byte that was written otherwise.
    Decoded(Unit),
    /// Bytes up to `end` that stand for nothing.
    Nothing {
        /// Offset behind them.
        end: u64,
    },
    /// The last byte again: it also stands for the bytes up to `end`.
    Again {
        /// Offset behind them.
        end: u64,
    },
    /// What is read ends here; what follows does not belong to it.
    Break,
}

/// What can be told of the bytes at hand.
enum Step {
    /// More bytes are needed.
    More,
    /// The first byte stands for itself; the others are looked at again.
    Plain,
    /// They stand for nothing.
    Nothing,
    /// All but the last stand for nothing; the last is looked at again.
    NothingButLast,
    /// They stand for one byte.
    Byte(u8),
    /// All but the last stand for one byte; the last is looked at again.
    ByteButLast(u8),
    /// They stand for a character.
    Char(u32),
    /// They are the last byte again.
    Again,
}

/// Reads bytes one by one.
pub struct View {
    kind: Kind,
    units: Vec<Unit>,
    bytes: Vec<u8>,
    todo: Vec<Unit>,
    base64: base64::State,
    base32: base32::State,
    dump: dump::State,
}

impl View {
    /// A view at the beginning of a text.
    pub fn new(kind: Kind) -> View {
        View {
            kind,
            units: Vec::new(),
            bytes: Vec::new(),
            todo: Vec::new(),
            base64: base64::State::default(),
            base32: base32::State::default(),
            dump: dump::State::default(),
        }
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where an escape began that is not decided yet.
    pub fn pending(&self) -> Option<u64> {
        match self.kind {
            Kind::Base64(_) => self.base64.pending(),
            Kind::Base32 => self.base32.pending(),
            Kind::Pairs | Kind::Dump | Kind::Column => self.dump.pending(),
            _ => self.units.first().map(|unit| unit.start),
        }
    }

    /// Forget what was taken.
    pub fn reset(&mut self) {
        // What was there is wiped when the view goes: this is done for every escape.
        self.clear();
        self.base64 = base64::State::default();
        self.base32 = base32::State::default();
        self.dump = dump::State::default();
    }

    /// How many of these bytes, which come next, stand for themselves for sure.
    pub fn plain(&self, bytes: &[u8]) -> usize {
        let sign = match self.kind {
            Kind::Percent => b'%',
            Kind::Backslash => b'\\',
            Kind::Entity => b'&',
            Kind::Printable => b'=',
            _ => return 0,
        };
        match self.units.is_empty() {
            true => memchr::memchr(sign, bytes).unwrap_or(bytes.len()),
            false => 0,
        }
    }

    /// Take a byte. `last` is the byte that was said last.
    pub fn step(&mut self, unit: Unit, mut last: Option<u8>, say: &mut impl FnMut(Said)) {
        match self.kind {
            Kind::Base64(skip) => return self.base64.step(skip, unit, say),
            Kind::Base32 => return self.base32.step(unit, say),
            Kind::Pairs => return self.dump.pairs(unit, say),
            Kind::Dump => return self.dump.line(false, unit, say),
            Kind::Column => return self.dump.line(true, unit, say),
            // A terminal looks back from any byte.
            Kind::Terminal => {}
            // Most bytes stand for themselves.
            kind if self.units.is_empty() && !kind.begins(unit.byte) => return say(Said::Plain(unit)),
            _ => {}
        }
        let mut todo = std::mem::take(&mut self.todo); // bytes to be taken, the next one last
        todo.push(unit);
        while let Some(unit) = todo.pop() {
            self.units.push(unit);
            self.bytes.push(unit.byte);
            match decide(self.kind, &self.bytes, last) {
                Step::More => {}
                Step::Plain => self.first_as_it_stands(&mut last, &mut todo, say),
                Step::Nothing => {
                    say(Said::Nothing { end: unit.end });
                    self.clear();
                }
                Step::NothingButLast => {
                    say(Said::Nothing { end: unit.start });
                    self.clear();
                    todo.push(unit);
                }
                Step::Byte(byte) => {
                    say(Said::Decoded(Unit { byte, start: self.units[0].start, end: unit.end }));
                    last = Some(byte);
                    self.clear();
                }
                Step::ByteButLast(byte) => {
                    say(Said::Decoded(Unit { byte, start: self.units[0].start, end: unit.start }));
                    last = Some(byte);
                    self.clear();
                    todo.push(unit);
                }
                Step::Char(code) => {
                    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                    for &byte in character.encode_utf8(&mut [0; 4]).as_bytes() {
                        say(Said::Decoded(Unit { byte, start: self.units[0].start, end: unit.end }));
                        last = Some(byte);
                    }
                    self.clear();
                }
                Step::Again => {
                    say(Said::Again { end: unit.end });
                    self.clear();
                }
            }
        }
        self.todo = todo;
    }

    /// The text has ended: say what is left as it stands.
    pub fn finish(&mut self, say: &mut impl FnMut(Said)) {
        for unit in self.units.drain(..) {
            say(Said::Plain(unit));
        }
        self.reset();
    }

    fn first_as_it_stands(
        &mut self,
        last: &mut Option<u8>,
        todo: &mut Vec<Unit>,
        say: &mut impl FnMut(Said),
    ) {
        say(Said::Plain(self.units[0]));
        *last = Some(self.units[0].byte);
        todo.extend(self.units.drain(1..).rev());
        self.clear();
    }

    fn clear(&mut self) {
        self.units.clear();
        self.bytes.clear();
    }
}

/// What the bytes from the beginning of an escape on stand for, as far as they have come.
#[inline]
fn decide(kind: Kind, bytes: &[u8], last: Option<u8>) -> Step {
    if bytes.len() == 1 && !kind.begins(bytes[0]) {
        return if kind == Kind::Terminal && bytes[0] == b'_' { Step::More } else { Step::Plain };
    }
    match kind {
        Kind::Terminal => terminal::decide(bytes, last),
        Kind::Percent => escape::percent(bytes),
        Kind::Form => escape::form(bytes),
        Kind::Backslash => escape::backslash(bytes),
        Kind::Entity => escape::entity(bytes),
        Kind::Doubled => escape::doubled(bytes),
        Kind::Joined => escape::joined(bytes),
        Kind::Printable => escape::printable(bytes),
        Kind::Unspaced => escape::unspaced(bytes),
        _ => Step::Plain,
    }
}

/// What an escape turned out to be, and how many bytes it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// More bytes are needed to tell.
    Open,
    /// None: its first byte stands for itself.
    None,
    /// It stands for nothing.
    Nothing(usize),
    /// It stands for a byte.
    Byte(usize, u8),
    /// It stands for a character.
    Char(usize, char),
}

/// What stands at the beginning of `bytes`, of which the first may begin an escape of this kind. `last` is
/// the byte before.
pub fn escape(kind: Kind, bytes: &[u8], last: Option<u8>) -> Escape {
    for length in 1..=bytes.len() {
        return match decide(kind, &bytes[..length], last) {
            Step::More => continue,
            Step::Plain => Escape::None,
            Step::Nothing | Step::Again => Escape::Nothing(length),
            Step::NothingButLast => Escape::Nothing(length - 1),
            Step::Byte(byte) => Escape::Byte(length, byte),
            Step::ByteButLast(byte) => Escape::Byte(length - 1, byte),
            Step::Char(code) => {
                Escape::Char(length, char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
        };
    }
    Escape::Open
}

impl Drop for View {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

/// All that a view says of a text, for tests and small texts.
pub fn read(kind: Kind, text: &[u8]) -> Vec<Unit> {
    let mut view = View::new(kind);
    let mut out: Vec<Unit> = Vec::new();
    let take = |said: Said, out: &mut Vec<Unit>| match said {
        Said::Plain(unit) | Said::Decoded(unit) => out.push(unit),
        Said::Nothing { .. } | Said::Break => {}
        Said::Again { end } => {
            if let Some(last) = out.last_mut() {
                last.end = end;
            }
        }
    };
    for (at, &byte) in text.iter().enumerate() {
        let last = out.last().map(|unit| unit.byte);
        let unit = Unit { byte, start: at as u64, end: at as u64 + 1 };
        view.step(unit, last, &mut |said| take(said, &mut out));
    }
    view.finish(&mut |said| take(said, &mut out));
    out
}

#[cfg(test)]
mod tests;
