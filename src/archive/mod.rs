//! Containers of bytes: compressed streams, archives, documents with parts. Recognised by content and
//! never by name; read as streams, in bounded memory; nothing is ever written to disk.
//!
//! What is read here knows no rules and no origins: it hands out members, each with its name as the
//! container has it. A new kind of container is one file here and one line in each `match` below.

mod ar;
mod asar;
pub mod budget;
pub mod compress;
mod constants;
mod cpio;
mod input;
mod keystore;
mod mail;
mod pdf;
mod seven;
mod sqlite;
mod tar;
#[cfg(test)]
mod tests;
mod zip;

pub use budget::{Budget, Counted, Limits, Metered};
pub use compress::{Compression, decompress, decompress_within, probe};
pub use input::{Content, Each, Input, Member};

use std::io::{self, Read};

/// Bytes from the start of an input that tell what kind of container it is.
pub const HEAD: usize = 1024;

/// A kind of container that has members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// zip, and all that is one: jar, war, apk, docx, xlsx, pptx, odt, whl, nupkg.
    Zip,
    /// tar.
    Tar,
    /// ar: Debian packages, static libraries.
    Ar,
    /// cpio.
    Cpio,
    /// rpm.
    Rpm,
    /// 7z.
    SevenZip,
    /// asar.
    Asar,
    /// An SQLite database.
    Sqlite,
    /// A message, or several in a mailbox.
    Mail,
    /// A keystore.
    Keystore,
    /// A PDF document.
    Pdf,
    /// A class file of Java, with constant texts.
    Class,
    /// Compiled code of Android.
    Dex,
    /// Compiled code of Python.
    Pyc,
}

impl Kind {
    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Zip => "zip",
            Kind::Tar => "tar",
            Kind::Ar => "ar",
            Kind::Cpio => "cpio",
            Kind::Rpm => "rpm",
            Kind::SevenZip => "7z",
            Kind::Asar => "asar",
            Kind::Sqlite => "SQLite",
            Kind::Mail => "e-mail",
            Kind::Keystore => "keystore",
            Kind::Pdf => "PDF",
            Kind::Class => "class file",
            Kind::Dex => "DEX",
            Kind::Pyc => "compiled Python",
        }
    }

    /// True where the container can only be read when it is in memory as a whole.
    pub fn needs_all(self) -> bool {
        matches!(self, Kind::SevenZip | Kind::Asar) || self.is_document()
    }

    /// True where the container is looked at as it stands, too: what is found there and in a member is
    /// told once, by the member.
    pub fn is_document(self) -> bool {
        matches!(self, Kind::Sqlite | Kind::Mail | Kind::Pdf) || self.is_leaf()
    }

    /// True where it holds no containers: it may lie in one more of them than can be opened.
    pub fn is_leaf(self) -> bool {
        matches!(self, Kind::Keystore | Kind::Class | Kind::Dex | Kind::Pyc)
    }

    /// The kind of container that bytes begin with; [`HEAD`] bytes are enough.
    pub fn detect(head: &[u8]) -> Option<Kind> {
        match head {
            [b'P', b'K', ..] => zip::begins(head).then_some(Kind::Zip),
            [b'!', ..] if head.starts_with(ar::MARK) => Some(Kind::Ar),
            [b'7', b'z', ..] if head.starts_with(seven::MARK) => Some(Kind::SevenZip),
            [0xed, ..] if head.starts_with(cpio::RPM) => Some(Kind::Rpm),
            [b'0', b'7', b'0', b'7', b'0', ..] if cpio::begins(head) => Some(Kind::Cpio),
            [4, 0, 0, 0, ..] if asar::begins(head) => Some(Kind::Asar),
            [b'S', b'Q', ..] if head.starts_with(sqlite::MARK) => Some(Kind::Sqlite),
            [b'%', ..] if head.starts_with(pdf::MARK) => Some(Kind::Pdf),
            [0xca, ..] if constants::is_class(head) => Some(Kind::Class),
            [b'd', ..] if head.starts_with(constants::DEX) => Some(Kind::Dex),
            [_, _, b'\r', b'\n', ..] if constants::is_pyc(head) => Some(Kind::Pyc),
            [0xce | 0xfe, ..] if keystore::is_java(head) => Some(Kind::Keystore),
            [b'0', ..] if keystore::is_pkcs12(head) => Some(Kind::Keystore),
            [b'a'..=b'z' | b'A'..=b'Z', ..] if mail::begins(head) => Some(Kind::Mail),
            _ => tar::begins(head).then_some(Kind::Tar),
        }
    }
}

/// May a container that is no text begin with these bytes, of which a dozen are enough? Too few to tell for sure:
/// see [`Kind::detect`].
pub fn may_begin(head: &[u8]) -> bool {
    match head {
        [b'P', b'K', ..] => zip::begins(head),
        [b'7', b'z', ..] => head.starts_with(seven::MARK),
        [0xed, ..] => head.starts_with(cpio::RPM),
        [b'%', ..] => head.starts_with(pdf::MARK),
        [0xca, ..] => constants::is_class(head),
        [b'd', ..] if head.starts_with(constants::DEX) => true,
        [_, _, b'\r', b'\n', ..] => constants::is_pyc(head),
        [0xce | 0xfe, ..] => keystore::is_java(head),
        [b'0', ..] if keystore::may_be_pkcs12(head) => true,
        [4, 0, 0, 0, ..] => true,
        _ => tar::may_begin(head),
    }
}

/// Is there a zip archive at the end of these bytes, as in programs that unpack themselves?
pub fn zip_appended(bytes: &[u8]) -> bool {
    zip::appended(bytes)
}

/// Hand on the share `(index, count)` of the members of a zip archive: each thread one share.
///
/// # Errors
/// As for [`members`].
pub fn zip_share(bytes: &[u8], share: (usize, usize), budget: &Budget, each: Each<'_>) -> io::Result<()> {
    zip::directory(bytes, share, budget, each)
}

/// Hand on every member of a container to `each`. A member whose bytes cannot be read comes with the
/// reason; a member may come a second time with one, where its size or checksum does not hold.
///
/// # Errors
/// The container as a whole is damaged, cut short or over budget (see [`Trouble::of`]). What was read
/// before was handed on.
pub fn members(kind: Kind, input: Input<'_>, budget: &Budget, each: Each<'_>) -> io::Result<()> {
    match (kind, input) {
        (kind, Input::Stream(reader)) if kind.needs_all() => {
            members(kind, Input::Bytes(&hold(reader)?), budget, each)
        }
        (Kind::Zip, input) => zip::members(input, budget, each),
        (Kind::Tar, input) => tar::members(input, budget, each),
        (Kind::Ar, input) => ar::members(input, budget, each),
        (Kind::Cpio, input) => cpio::members(input, budget, each),
        (Kind::Rpm, input) => cpio::rpm(input, each),
        (Kind::SevenZip, Input::Bytes(bytes)) => seven::members(bytes, budget, each),
        (Kind::Asar, Input::Bytes(bytes)) => asar::members(bytes, budget, each),
        (Kind::Sqlite, Input::Bytes(bytes)) => sqlite::members(bytes, budget, each),
        (Kind::Mail, Input::Bytes(bytes)) => mail::members(bytes, budget, each),
        (Kind::Pdf, Input::Bytes(bytes)) => pdf::members(bytes, budget, each),
        (Kind::Keystore, Input::Bytes(bytes)) => keystore::members(bytes, budget, each),
        (Kind::Class, Input::Bytes(bytes)) => {
            constants::members(bytes, constants::Language::Java, budget, each)
        }
        (Kind::Dex, Input::Bytes(bytes)) => constants::members(bytes, constants::Language::Dex, budget, each),
        (Kind::Pyc, Input::Bytes(bytes)) => {
            constants::members(bytes, constants::Language::Python, budget, each)
        }
        (_, Input::Stream(_)) => Ok(()),
    }
}

/// Containers larger than this (bytes) are not held in memory.
const HELD: u64 = 256 << 20;

fn hold(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(HELD + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > HELD {
        let what = format!("a container of this kind is read in memory, and it is longer than {HELD} bytes");
        return Err(Trouble::Budget(what).into());
    }
    Ok(bytes)
}

/// Why a container or one of its members cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A budget is used up: which one, in words.
    Budget(String),
    /// It is damaged or cut short: how, in words.
    Corrupt(String),
    /// It is whole, and something that is none stands behind it.
    Followed(String),
    /// It is encrypted.
    Encrypted(String),
    /// It is made in a way that is not known here, such as a rare method of compression.
    Unsupported(String),
}

impl Trouble {
    /// The trouble that an error of a reader stands for.
    pub fn of(error: &io::Error) -> Trouble {
        let mut inner = error.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static));
        while let Some(error) = inner {
            if let Some(own) = error.downcast_ref::<Trouble>() {
                return own.clone();
            }
            // A decoder hands on the error of what it reads from, in its own.
            inner = match error.downcast_ref::<io::Error>() {
                Some(error) => error.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static)),
                None => error.source(),
            };
        }
        match error.kind() {
            io::ErrorKind::OutOfMemory => Trouble::Budget("its window is too large".to_owned()),
            io::ErrorKind::UnexpectedEof => Trouble::Corrupt("it is cut short".to_owned()),
            _ => Trouble::Corrupt(error.to_string()),
        }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Budget(text)
            | Trouble::Corrupt(text)
            | Trouble::Followed(text)
            | Trouble::Encrypted(text)
            | Trouble::Unsupported(text) => out.write_str(text),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<Trouble> for io::Error {
    fn from(trouble: Trouble) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, trouble)
    }
}
