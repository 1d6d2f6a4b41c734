//! Named offline validators: checksums, decodable headers, parseable keys. A rule names one with
//! `check`; nothing here goes to a network.

mod azure;
mod cloud;
pub mod codec;
mod crc;
mod der;
mod json;
mod juniper;
pub mod jwt;
mod ledger;
mod macaroon;
mod openssh;
mod pem;
mod pgp;
mod putty;
mod random;
mod signing;
mod stamp;
pub mod sums;
mod text;

pub(super) use putty::KeyFile;
pub use random::Generator;
pub(super) use text::make_uuid;

/// What a validator says of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The structure or a checksum proves it: no test of randomness is needed.
    Valid,
    /// It is proven not to be one: no finding.
    Invalid,
    /// Cannot tell: the other tests decide.
    Unknown,
}

/// Names and values decoded from a secret. Never a part of the secret itself.
pub type Details = Vec<(&'static str, String)>;

/// A verdict with what was decoded on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What the validator says.
    pub verdict: Verdict,
    /// What was decoded, for people.
    pub details: Details,
}

/// Makes the checked part of a sample: from the text of the token so far and the number of characters
/// asked for. `None` where no such part fits that text; another text may do.
pub type Make = fn(&mut Generator, &str, usize) -> Option<String>;

/// A named validator.
#[derive(Debug)]
pub struct Check {
    /// The name used in rule files.
    pub name: &'static str,
    /// What it tests, in one sentence.
    pub about: &'static str,
    /// Verdict and details.
    pub run: fn(&[u8]) -> Checked,
    /// The verdict alone, as quickly as can be.
    pub verdict: fn(&[u8]) -> Verdict,
    /// Makes the checked part of a sample, where that can be asked for as `{name:length}`.
    pub make: Option<Make>,
}

/// The validator of this name.
pub fn by_name(name: &str) -> Option<&'static Check> {
    all().find(|check| check.name == name)
}

/// The names of all validators.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().map(|check| check.name)
}

/// All validators.
pub fn all() -> impl Iterator<Item = &'static Check> {
    [
        crc::CHECKS,
        azure::CHECKS,
        cloud::CHECKS,
        json::CHECKS,
        juniper::CHECKS,
        jwt::CHECKS,
        ledger::CHECKS,
        macaroon::CHECKS,
        pem::CHECKS,
        putty::CHECKS,
        signing::CHECKS,
        stamp::CHECKS,
        text::CHECKS,
    ]
    .into_iter()
    .flatten()
}

/// A verdict from a yes or no that proves either.
fn proven(holds: bool) -> Verdict {
    if holds { Verdict::Valid } else { Verdict::Invalid }
}

/// A verdict from a yes that proves and a no that does not.
fn likely(holds: bool) -> Verdict {
    if holds { Verdict::Valid } else { Verdict::Unknown }
}

/// What a structure says of a value whose prefix speaks for it already: it may prove, not refuse. Only
/// checksums that their makers document, or that were verified on samples, refuse.
fn raised(verdict: Verdict) -> Verdict {
    if verdict == Verdict::Invalid { Verdict::Unknown } else { verdict }
}

/// A verdict with details where the value may be one.
fn with_details(verdict: Verdict, details: impl FnOnce() -> Option<Details>) -> Checked {
    let details = if verdict == Verdict::Invalid { None } else { details() };
    Checked { verdict, details: details.unwrap_or_default() }
}

/// Declares a validator whose checksum tells nothing more.
macro_rules! plain {
    ($name:literal, $about:literal, $verdict:expr, $make:expr) => {
        $crate::rules::check::Check {
            name: $name,
            about: $about,
            run: |value| $crate::rules::check::Checked {
                verdict: $verdict(value),
                details: match $verdict(value) {
                    $crate::rules::check::Verdict::Valid => vec![("checksum", "valid".to_owned())],
                    _ => Vec::new(),
                },
            },
            verdict: $verdict,
            make: $make,
        }
    };
}
use plain;

/// Makes decoded text fit for a line of a report: no control characters, at most 80 characters.
fn clean(text: &str) -> String {
    const MOST: usize = 80;
    let mut out: String = text
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .take(MOST)
        .collect();
    if text.chars().count() > MOST {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests;
