//! The log mask: hides secrets in a stream of bytes.
//!
//! [`Masker`] is the core, without input or output of its own. Around it: [`derive`] makes the spellings
//! of a known secret and says how surely each can be told from ordinary text, [`known`] keeps what is
//! known, [`sources`] are the places where secrets are learned from, and [`child`] runs a command with
//! its output behind the mask.

pub mod child;
pub mod derive;
pub mod known;
pub mod sources;
mod standin;
pub mod stream;
mod words;

pub use standin::Masker;

use zeroize::Zeroizing;

/// How surely a value can be told from ordinary text. Weak values never reach the [`Masker`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// Long and random: fragments and other letter cases are masked as well.
    Strong,
    /// Masked as a whole only.
    Plain,
}

/// A value to mask.
#[derive(Clone)]
pub struct Needle {
    /// What it is called in the output, for instance the variable's name.
    pub name: String,
    /// The value; wiped when dropped.
    pub value: Zeroizing<Vec<u8>>,
    /// How it may be matched.
    pub strength: Strength,
}

/// What stands in the output for a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenStyle {
    /// Always this text.
    Fixed(String),
    /// `[MASKED:name]`, with the secret's name or the rule's id.
    Named,
}

impl TokenStyle {
    /// The text that stands for a secret of this name.
    pub fn text(&self, name: &str) -> Vec<u8> {
        match self {
            TokenStyle::Fixed(text) => text.clone().into_bytes(),
            TokenStyle::Named => format!("[MASKED:{name}]").into_bytes(),
        }
    }
}

/// How a [`Masker`] works.
#[derive(Clone, Debug)]
pub struct Options {
    /// What stands for a secret.
    pub token: TokenStyle,
    /// Also mask secrets that nobody told of but that rules find.
    pub unknown: bool,
}

/// One masked place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    /// The secret's name, or the id of the rule that found it.
    pub name: String,
    /// The form in which it stood there, for instance `literal` or `base64`.
    pub form: String,
    /// Offset of its first byte in the input.
    pub offset: u64,
    /// Its line, from 1 on.
    pub line: u64,
}

/// A value that had left in clear before it was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Late {
    /// The secret's name.
    pub name: String,
    /// Offset of its first byte in the input.
    pub offset: u64,
    /// Its line, from 1 on.
    pub line: u64,
}

/// What a [`Masker`] did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The masked places, in order.
    pub masked: Vec<Masked>,
    /// What was registered too late.
    pub late: Vec<Late>,
}
