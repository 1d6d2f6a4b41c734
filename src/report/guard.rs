//! The one place where a report gets at clear text: to show it when asked to, and otherwise to make
//! sure that no text beside the mask (a path, a decoded detail, the rest of the line) carries it.

use super::Options;
use crate::finding::{Finding, Masks};
use bstr::ByteSlice;
use memchr::memmem::Finder;
use std::borrow::Cow;
use std::sync::Arc;

/// Secrets shorter than this (bytes) are words that may stand in a path for other reasons, as for
/// [`Masks`].
const SHORTEST: usize = 12;

/// Stands between a finding's texts and the output.
pub struct Guard<'a> {
    clear: &'a [u8],
    /// Looks for it: a story alone holds hundreds of texts.
    finder: Finder<'a>,
    mask: String,
    show: bool,
    /// The secrets of the whole report.
    masks: Arc<Masks>,
}

impl<'a> Guard<'a> {
    /// A guard for the texts of `finding`.
    pub fn new(finding: &'a Finding, options: &Options) -> Guard<'a> {
        Guard {
            clear: finding.secret.reveal(),
            finder: Finder::new(finding.secret.reveal()),
            mask: finding.secret.mask(),
            show: options.show_secrets,
            masks: Arc::clone(&options.masks),
        }
    }

    /// The masked secret.
    pub fn mask(&self) -> &str {
        &self.mask
    }

    /// Length of the secret in bytes.
    pub fn length(&self) -> usize {
        self.clear.len()
    }

    /// The clear secret, only by the user's explicit wish.
    pub fn clear(&self) -> Option<&'a [u8]> {
        self.show.then_some(self.clear)
    }

    /// Shannon entropy of the secret in bits a byte.
    pub fn entropy(&self) -> f32 {
        let mut counts = [0u32; 256];
        for &byte in self.clear {
            counts[usize::from(byte)] += 1;
        }
        let total = self.clear.len() as f64;
        let entropy: f64 = counts
            .iter()
            .filter(|&&count| count > 0)
            .map(|&count| f64::from(count) / total)
            .map(|share| -share * share.log2())
            .sum();
        // A sum of nothing is the negative zero.
        entropy.abs() as f32
    }

    /// `text` with the secret masked in it, and those of all other findings of the report: a file may be
    /// named like any of them.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// `bytes` with all of these masked in them.
    pub fn bytes<'t>(&self, bytes: &'t [u8]) -> Cow<'t, [u8]> {
        if self.show {
            return Cow::Borrowed(bytes);
        }
        let bytes = self.masks.bytes(bytes);
        // Where there is no report around it, only the finding's own is known.
        match self.clear.len() >= SHORTEST && self.finder.find(&bytes).is_some() {
            true => Cow::Owned(bytes.replace(self.clear, &self.mask)),
            false => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::finding;

    #[test]
    fn texts_around_a_secret_do_not_carry_it() {
        let finding = finding("rule", b"abcdefghijklmnopqrstuvwxyz");
        let masked = Guard::new(&finding, &Options::default());
        assert_eq!(masked.text("keys/abcdefghijklmnopqrstuvwxyz.txt"), "keys/abcd…(26).txt");
        assert_eq!(masked.text("keys/other.txt"), "keys/other.txt");
        assert_eq!(masked.clear(), None);
        let open = Guard::new(&finding, &Options { show_secrets: true, ..Options::default() });
        assert_eq!(open.text("keys/abcdefghijklmnopqrstuvwxyz.txt"), "keys/abcdefghijklmnopqrstuvwxyz.txt");
        assert_eq!(open.clear(), Some(&b"abcdefghijklmnopqrstuvwxyz"[..]));
    }

    #[test]
    fn secrets_of_other_findings_are_masked_too() {
        let (one, other) = (finding("rule", b"abcdefghijklmnop"), finding("rule", b"qrstuvwxyzabcdef"));
        // The one ends where the other begins: nothing of either is left.
        let name = "x/abcdefghijklmnopqrstuvwxyzabcdef.qrstuvwxyzabcdef";
        let options = Options { masks: Arc::new(Masks::new([&one, &other])), ..Options::default() };
        assert_eq!(Guard::new(&one, &options).text(name), "x/ab…(16)qr…(16).qr…(16)");
        assert!(!format!("{options:?}").contains("abcd"));
    }

    #[test]
    fn a_short_password_does_not_eat_the_path() {
        let finding = finding("rule", b"config");
        assert_eq!(Guard::new(&finding, &Options::default()).text("src/config.py"), "src/config.py");
    }

    #[test]
    fn a_secret_that_is_not_text_may_cut_a_character() {
        let finding = finding("rule", &[0xa4; 12]);
        let text = "ä".repeat(12);
        assert_eq!(Guard::new(&finding, &Options::default()).text(&text), text);
        let finding = super::super::tests::finding(
            "rule",
            "\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}".as_bytes().get(1..13).unwrap(),
        );
        let shown = Guard::new(&finding, &Options::default()).text(&text).into_owned();
        assert!(shown.contains('…'), "{shown}");
    }

    #[test]
    fn entropy_is_shannons() {
        let of = |secret: &[u8]| Guard::new(&finding("rule", secret), &Options::default()).entropy();
        assert_eq!(of(b"aaaa"), 0.0);
        assert_eq!(of(b"abab"), 1.0);
        assert_eq!(of(b"abcdefgh"), 3.0);
        assert_eq!(of(b""), 0.0);
    }
}
