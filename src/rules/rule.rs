//! A compiled rule. Built-in rules are these values as constants, written by `build.rs`; rules of
//! users are made from the same file form at run time. No regex is compiled here.

use std::borrow::Cow;

/// Text that is a constant for built-in rules and owned for others.
pub type Text = Cow<'static, str>;
/// A list that is a constant for built-in rules and owned for others.
pub type List<T> = Cow<'static, [T]>;

/// How bad a leak is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Not a secret by itself.
    Info,
    /// Little harm.
    Low,
    /// Limited harm.
    Medium,
    /// Serious harm.
    High,
    /// Unrestricted access or money.
    Critical,
}

impl Severity {
    /// The word used in rule files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// What kind of credential a rule finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the names say it
pub enum Kind {
    ApiKey,
    Oauth,
    Password,
    PrivateKey,
    Webhook,
    ConnectionString,
    Jwt,
    Session,
    Certificate,
    ClientId,
    EncryptionKey,
    Generic,
}

impl Kind {
    /// The word used in rule files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Kind::ApiKey => "api-key",
            Kind::Oauth => "oauth",
            Kind::Password => "password",
            Kind::PrivateKey => "private-key",
            Kind::Webhook => "webhook",
            Kind::ConnectionString => "connection-string",
            Kind::Jwt => "jwt",
            Kind::Session => "session",
            Kind::Certificate => "certificate",
            Kind::ClientId => "client-id",
            Kind::EncryptionKey => "encryption-key",
            Kind::Generic => "generic",
        }
    }
}

/// A companion rule whose match near by makes both one story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The companion's id.
    pub rule: Text,
    /// Largest distance in bytes.
    pub within: u32,
}

/// One rule, ready for the engine.
#[derive(Clone, Debug)]
pub struct Rule {
    /// `provider-kind`, unique, never reused.
    pub id: Text,
    /// The provider's name.
    pub provider: Text,
    /// What it finds, for people.
    pub summary: Text,
    /// The kind of credential.
    pub kind: Kind,
    /// How bad a leak is.
    pub severity: Severity,
    /// How it is found.
    pub matcher: Matcher,
    /// Name of the offline validator.
    pub check: Option<Text>,
    /// Least Shannon entropy of the secret in bits a character; 0 where none is asked.
    pub entropy: f32,
    /// Lower-case context words of which one must stand close by; empty where none is asked.
    pub near: List<Text>,
    /// Companion rule.
    pub pair: Option<Pair>,
    /// False for what is only reported on request (public by design).
    pub enabled: bool,
    /// How to rotate.
    pub rotate: Text,
    /// Documentation links.
    pub refs: List<Text>,
    /// Templates that must hit.
    pub hit: List<Text>,
    /// Templates that must not hit.
    pub miss: List<Text>,
}

/// How a rule is found.
#[derive(Clone, Debug)]
pub enum Matcher {
    /// A run of bytes with a prefix or another anchor.
    Token(Token),
    /// A value next to a name.
    Assigned(Assigned),
    /// Everything from a begin marker to an end marker.
    Block(Block),
}

/// A token rule.
#[derive(Clone, Debug)]
pub struct Token {
    /// The pattern as written.
    pub regex: Text,
    /// How it is found in a text.
    pub anchor: Anchor,
    /// Most bytes a match can have.
    pub reach: u32,
    /// The pattern as plain byte sequences, tried in order; empty where only the regex will do.
    pub shapes: List<Shape>,
}

/// Where to look for a token rule.
#[derive(Clone, Debug)]
pub enum Anchor {
    /// Matches start at a word start with one of these four bytes (little-endian).
    WordStart {
        /// The four-byte beginnings.
        grams: List<u32>,
        /// Every match begins with at least this many token characters (at most 16 is told).
        run: u8,
    },
    /// Matches contain one of these texts (ASCII letters in any case when `fold`).
    Contains {
        /// The texts, each of at least three bytes.
        literals: List<Text>,
    },
}

/// A rule for an assigned value.
#[derive(Clone, Debug)]
pub struct Assigned {
    /// Pattern for the whole value.
    pub value: Text,
    /// Words of which one must be in the name; empty for any of the engine's secret words.
    pub name: List<Text>,
    /// The pattern as plain byte sequences; empty where only the regex will do.
    pub shapes: List<Shape>,
}

/// A rule for a block between markers.
#[derive(Clone, Debug)]
pub struct Block {
    /// Begin markers.
    pub begin: List<Text>,
    /// End markers.
    pub end: List<Text>,
    /// Most bytes of the whole block.
    pub max: u32,
}

/// A pattern that is nothing but a row of character classes with counts, where no backtracking is
/// ever needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The row.
    pub segments: List<Segment>,
    /// First segment of the secret and the one behind its last.
    pub secret: (u16, u16),
    /// The next byte must not be a word character `[0-9A-Za-z_]`.
    pub word_end: bool,
}

/// `min` to `max` bytes of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Bit `b % 64` of word `b / 64` is set where byte `b` belongs to the class.
    pub class: [u64; 4],
    /// Least number.
    pub min: u16,
    /// Largest number.
    pub max: u16,
}

impl Segment {
    /// Does the class hold this byte?
    #[inline]
    pub fn has(&self, byte: u8) -> bool {
        self.class[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }
}
