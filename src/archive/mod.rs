//! Containers of bytes: compressed streams, archives, documents with parts. Recognised by content and
//! never by name; read as streams, in bounded memory; nothing is ever written to disk.
//!
//! What is read here knows no rules and no origins: it hands out members, each with its name as the
//! container has it.

pub mod compress;

pub use compress::{Compression, decompress, decompress_within, probe};

use std::io;

/// Why a container or one of its members cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A budget is used up: which one, in words.
    Budget(String),
    /// It is damaged or cut short: how, in words.
    Corrupt(String),
    /// It is encrypted.
    Encrypted(String),
    /// It is made in a way that is not known here, such as a rare method of compression.
    Unsupported(String),
}

impl Trouble {
    /// The trouble that an error of a reader stands for.
    pub fn of(error: &io::Error) -> Trouble {
        let own = error.get_ref().and_then(|inner| inner.downcast_ref::<Trouble>());
        own.cloned().unwrap_or_else(|| Trouble::Corrupt(error.to_string()))
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Budget(text)
            | Trouble::Corrupt(text)
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
