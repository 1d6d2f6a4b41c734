//! Which token rules show a secret before the text that they are looked up by: `user:secret@tcp(`. In a
//! text that is still being written such a secret must be held back before that text has come.

use super::compile::{class_bytes, folded_literal};
use regex_syntax::hir::{Hir, HirKind};

/// Can a secret that this pattern finds begin before the unbroken token that ends in one of the anchors?
/// In doubt, yes.
pub fn begins_before_anchor(hir: &Hir, anchors: &[String], secret: Option<&Hir>) -> bool {
    let anchors = anchors.iter().map(|anchor| anchor.to_ascii_lowercase()).collect();
    let mut walk = Walk { anchors, secret, within: secret.is_none(), read: String::new(), begins: false };
    walk.read(hir);
    walk.begins
}

/// A byte of an unbroken token: what a stream holds back up to an anchor.
pub fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+/-".contains(&byte)
}

/// A walk over a pattern in the order of what it matches.
struct Walk<'a> {
    anchors: Vec<String>,
    secret: Option<&'a Hir>,
    /// The secret has begun.
    within: bool,
    /// The literal bytes just passed, in lower case.
    read: String,
    begins: bool,
}

impl Walk<'_> {
    /// Pass a part of the pattern. True where every way through it completes an anchor.
    fn read(&mut self, hir: &Hir) -> bool {
        self.within |= self.secret.is_some_and(|secret| std::ptr::eq(secret, hir));
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => false,
            HirKind::Literal(_) | HirKind::Class(_) => match folded_literal(hir) {
                Some(text) => text.bytes().any(|byte| {
                    self.pass(&[byte]);
                    self.read.push(char::from(byte.to_ascii_lowercase()));
                    self.anchors.iter().any(|anchor| self.read.ends_with(anchor.as_str()))
                }),
                None => {
                    self.read.clear();
                    match hir.kind() {
                        HirKind::Class(class) => self.pass(&class_bytes(class).unwrap_or(vec![0])),
                        _ => self.pass(&[0]),
                    }
                    false
                }
            },
            HirKind::Capture(capture) => self.read(&capture.sub),
            HirKind::Repetition(repetition) => {
                self.read.clear();
                let seen = self.read(&repetition.sub);
                self.read.clear();
                seen && repetition.min > 0
            }
            HirKind::Concat(parts) => parts.iter().any(|part| self.read(part)),
            HirKind::Alternation(branches) => {
                let (within, read) = (self.within, std::mem::take(&mut self.read));
                let mut all = true;
                let mut began = within;
                for branch in branches {
                    (self.within, self.read) = (within, read.clone());
                    all &= self.read(branch);
                    began |= self.within;
                }
                self.within = began;
                self.read.clear();
                all
            }
        }
    }

    fn pass(&mut self, bytes: &[u8]) {
        self.begins |= self.within && bytes.iter().any(|&byte| !is_token_byte(byte));
    }
}

#[cfg(test)]
mod tests {
    use super::super::compile::{parse, secret_group};
    use super::begins_before_anchor;

    fn late(pattern: &str, anchor: &str) -> bool {
        let hir = parse("rule", pattern).unwrap();
        begins_before_anchor(&hir, &[anchor.to_owned()], secret_group(&hir))
    }

    #[test]
    fn only_where_the_secret_comes_first() {
        assert!(late("[a-z]{1,9}:(?<secret>[!-~]{4,9})@tcp", "@tcp"));
        assert!(!late("key@tcp(?<secret>[!-~]{4,9})", "@tcp"));
        assert!(!late("(?i)key@tcp(?<secret>[!-~]{4,9})", "KEY@tcp"));
        assert!(!late("(?<secret>[0-9a-f]{8}acme[0-9a-f]{8})", "acme"));
        assert!(late("(?<secret>[0-9]{8}:acme[0-9a-f]{8})", "acme"));
        assert!(late(r"\$acme_[0-9a-f]{8}", "$acme_"));
        assert!(late("(?:key|(?<secret>[a-z:]{4})) key", "key"));
        assert!(!late("(?:key|pass key)(?<secret>[a-z:]{4}) key", "key"));
    }
}
