//! A compiled rule. Built-in rules are these values as constants, written by `build.rs`; rules of
//! users are made from the same file form at run time. No regex is compiled here.

use std::borrow::Cow;

/// Text that is a constant for built-in rules and owned for others.
pub type Text = Cow<'static, str>;
/// A list that is a constant for built-in rules and owned for others.
pub type List<T> = Cow<'static, [T]>;

/// How bad a leak is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
#[cfg_attr(in_crate, derive(schemars::JsonSchema))]
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
#[cfg_attr(in_crate, derive(schemars::JsonSchema))]
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
    /// It only holds in files whose path, from the top and with forward slashes, this pattern matches.
    pub path_regex: Option<Text>,
    /// False for what is only reported on request (public by design).
    pub enabled: bool,
    /// False for what tests, examples and documents hold by the hundred because it was made for them: there
    /// it is set aside and counted.
    pub fixtures: bool,
    /// How to rotate.
    pub rotate: Text,
    /// Documentation links.
    pub refs: List<Text>,
    /// Literal bytes that every match holds: of two rules that match the same span the one with more
    /// of them is the more specific.
    pub weight: u16,
    /// True for a rule of no provider, which gives way to a provider's rule for the same value.
    pub generic: bool,
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
    /// Literal beginnings of the secret, the longest first: what stands behind them is its own part.
    pub prefixes: List<Text>,
    /// What all matches have in common at their beginning.
    pub head: Head,
}

/// The bits that the first sixteen bytes of all matches of a pattern have in common: most places where four
/// bytes are right are told from matches by these alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The bytes, the first one lowest.
    pub bytes: u128,
    /// The bits that count.
    pub mask: u128,
}

impl Head {
    /// The head of texts of which at least one begins each match.
    pub fn of<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Head {
        let mut head: Option<Head> = None;
        for text in texts {
            let (bytes, mask) = Head::bytes_of(text);
            head = Some(match head {
                None => Head { bytes, mask },
                Some(head) => Head { bytes: head.bytes, mask: head.mask & mask & !(head.bytes ^ bytes) },
            });
        }
        head.unwrap_or_default()
    }

    /// May a match begin with these sixteen bytes?
    #[inline(always)]
    pub fn fits(self, sixteen: u128) -> bool {
        (self.bytes ^ sixteen) & self.mask == 0
    }

    /// The first sixteen bytes of a text, and a mask of those that it has.
    pub fn bytes_of(text: &[u8]) -> (u128, u128) {
        if let Some(sixteen) = text.first_chunk() {
            return (u128::from_le_bytes(*sixteen), u128::MAX);
        }
        let bytes = std::array::from_fn(|place| text.get(place).copied().unwrap_or(0));
        let mask = std::array::from_fn(|place| if place < text.len() { u8::MAX } else { 0 });
        (u128::from_le_bytes(bytes), u128::from_le_bytes(mask))
    }
}

impl Token {
    /// The part of a secret that differs from token to token: what stands behind its literal beginning.
    pub fn own_part<'a>(&self, secret: &'a [u8]) -> &'a [u8] {
        self.prefixes.iter().find_map(|prefix| secret.strip_prefix(prefix.as_bytes())).unwrap_or(secret)
    }
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
    /// Matches contain one of these texts.
    Contains {
        /// The texts, each of at least three bytes.
        literals: List<Text>,
        /// ASCII letters may stand in any case.
        any_case: bool,
        /// Every match holds one of these too, as it stands here. Empty where nothing is known.
        companions: List<Text>,
        /// Where the secret may begin before the token that ends in such a text: the bytes that a match
        /// can begin with. Empty for all other rules.
        late: List<u8>,
    },
}

/// A rule for an assigned value.
#[derive(Clone, Debug)]
pub struct Assigned {
    /// Pattern for the whole value.
    pub value: Text,
    /// Words of which one must be in the name; empty for any of the engine's secret words.
    pub name: List<Text>,
    /// Least and largest length of the value in bytes.
    pub length: (u16, u16),
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

/// One step of a shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Exactly these bytes.
    Bytes(List<u8>),
    /// As many bytes of a class as there are, `min` to `max` of them.
    Class {
        /// The class.
        class: ByteClass,
        /// Least number.
        min: u16,
        /// Largest number.
        max: u16,
    },
}

/// A set of bytes: bit `b % 64` of word `b / 64` is set where byte `b` belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteClass(pub [u64; 4]);

impl ByteClass {
    /// Does the class hold this byte?
    #[inline]
    pub fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    /// Do the two classes share a byte?
    pub fn meets(&self, other: &ByteClass) -> bool {
        (0..4).any(|word| self.0[word] & other.0[word] != 0)
    }
}

impl Shape {
    /// Match at `at`: the end of the whole match and the span of the secret in it. The shape is
    /// deterministic (the compiler of rules sees to it), so one pass decides.
    pub fn match_at(&self, text: &[u8], at: usize) -> Option<(usize, (usize, usize))> {
        // Most shapes that are asked begin with other bytes than stand there, and differ in the last of them.
        if let Some(Segment::Bytes(bytes)) = self.segments.first()
            && let Some(last) = bytes.last()
            && text.get(at + bytes.len() - 1) != Some(last)
        {
            return None;
        }
        let mut here = at;
        let mut secret = (at, at);
        let last = self.segments.len().wrapping_sub(1);
        for (index, segment) in self.segments.iter().enumerate() {
            if index == usize::from(self.secret.0) {
                secret.0 = here;
            }
            match segment {
                Segment::Bytes(bytes) => {
                    if !text[here..].starts_with(bytes) {
                        return None;
                    }
                    here += bytes.len();
                }
                Segment::Class { class, min, max } => {
                    let most = text.len().min(here + usize::from(*max));
                    let from = here;
                    while here < most && class.has(text[here]) {
                        here += 1;
                    }
                    if here - from < usize::from(*min) {
                        return None;
                    }
                    if index == last && self.word_end {
                        while here - from > usize::from(*min) && !word_ends(text, here) {
                            here -= 1;
                        }
                    }
                }
            }
            if index + 1 == usize::from(self.secret.1) {
                secret.1 = here;
            }
        }
        (!self.word_end || word_ends(text, here)).then_some((here, secret))
    }
}

/// True where the byte at `at` is not a word character, or there is none.
#[inline]
pub fn word_ends(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(|&byte| !(byte.is_ascii_alphanumeric() || byte == b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_what_all_beginnings_have_in_common() {
        let head = |texts: &[&str]| Head::of(texts.iter().map(|text| text.as_bytes()));
        let fits = |head: Head, text: &str| head.fits(Head::bytes_of(text.as_bytes()).0);
        let one = head(&["live_", "test_"]);
        assert!(fits(one, "test_4eC39Hq") && fits(one, "live_x"));
        assert!(!fits(one, "testing the") && !fits(one, "live") && !fits(one, "tests_of"));
        // Letters of both cases differ in one bit, and nothing counts behind the shortest.
        let two = head(&["Key-a", "key-"]);
        assert!(fits(two, "Key-1") && fits(two, "key-") && !fits(two, "key_a"));
        assert!(fits(head(&["abc", ""]), "xyz"));
        assert!(fits(head(&[]), "anything"));
    }
}
