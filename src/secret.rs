//! Clear text that cannot be printed by accident, and its fingerprint.

mod strength;
mod stretch;

pub use stretch::Stretch;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The bytes of a secret. `Debug` and `Display` show a mask such as `ghp_…(40)`; the clear bytes are
/// only to be had by [`Secret::reveal`], whose few calls are the list of places where they can leave.
/// The memory is wiped when the value is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Take a copy of `bytes` as a secret.
    pub fn new(bytes: &[u8]) -> Secret {
        Secret(Zeroizing::new(bytes.to_vec()))
    }

    /// The clear bytes. Every call is a place where a secret can leave the process.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True for a secret of no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What may be shown: at most the first four characters (never more than a sixth of the secret,
    /// so a password of ten characters shows one) and the length: `ghp_…(40)`.
    pub fn mask(&self) -> String {
        let shown = (self.0.len() / 6).min(4);
        let head: String = self.0[..shown]
            .iter()
            .map(|&byte| if byte.is_ascii_graphic() { byte as char } else { '?' })
            .collect();
        format!("{head}…({})", self.0.len())
    }

    /// The identity of this secret: 32 hexadecimal digits of a keyed hash over the family of the rule that
    /// found it and its bytes. The same in every gate; it tells nothing about the place.
    ///
    /// Fingerprints are committed, and so is their key: whoever reads them can try guesses. What could be
    /// guessed is therefore hashed at a cost, see [`Stretch`].
    pub fn fingerprint(&self, family: &str, salt: &[u8]) -> String {
        self.fingerprint_with(family, salt, &mut Stretch::default())
    }

    /// The same, with memory that is used again for the next secret.
    pub fn fingerprint_with(&self, family: &str, salt: &[u8], stretch: &mut Stretch) -> String {
        let length = (family.len() as u64).to_le_bytes();
        let digest = keyed(salt, &[&length, family.as_bytes(), &self.0[..]]);
        let id = match strength::guessable(&self.0) {
            true => stretch.digest(&digest, salt),
            false => first_half(&digest),
        };
        hex(&id)
    }
}

/// What tells whether two runs use the same key: 16 hexadecimal digits that say nothing about a secret.
pub fn salt_check(salt: &[u8]) -> String {
    hex(&keyed(salt, &[b"sekisho: which salt is this?"])[..8])
}

/// HMAC-SHA256 (RFC 2104 with its block of 64 bytes), written out: one use, no further crate.
fn keyed(salt: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut key = [0u8; 64];
    if salt.len() > 64 {
        key[..32].copy_from_slice(&Sha256::digest(salt));
    } else {
        key[..salt.len()].copy_from_slice(salt);
    }
    let mut inner = Sha256::new().chain_update(key.map(|byte| byte ^ 0x36));
    parts.iter().for_each(|part| inner.update(part));
    let outer = Sha256::new().chain_update(key.map(|byte| byte ^ 0x5c)).chain_update(inner.finalize());
    outer.finalize().into()
}

fn first_half(digest: &[u8; 32]) -> [u8; 16] {
    std::array::from_fn(|at| digest[at])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl std::hash::Hash for Secret {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.as_slice().hash(state);
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.mask())
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.mask())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_prints_the_clear_text() {
        let secret = Secret::new(b"abcdefghijklmnopqrstuvwxyz0123456789");
        assert_eq!(format!("{secret:?} {secret}"), "abcd…(36) abcd…(36)");
        assert_eq!(Secret::new(b"hunter22xy").mask(), "h…(10)");
        assert_eq!(Secret::new(b"abc").mask(), "…(3)");
    }

    #[test]
    fn fingerprints_depend_on_family_salt_and_value_only() {
        let one = Secret::new(b"value").fingerprint("family", b"salt");
        assert_eq!(one.len(), 32);
        assert_eq!(one, Secret::new(b"value").fingerprint("family", b"salt"));
        assert_ne!(one, Secret::new(b"value").fingerprint("family", b"other"));
        assert_ne!(one, Secret::new(b"value").fingerprint("famil", b"salt"));
        assert_ne!(one, Secret::new(b"valuf").fingerprint("family", b"salt"));
        assert_ne!(one, Secret::new(b"value").fingerprint("family", &[7; 100]));
    }

    #[test]
    fn what_can_be_guessed_is_hashed_at_a_cost_and_stays_the_same() {
        let fast = |secret: &Secret| hex(&first_half(&keyed(b"salt", &[&[0; 8], secret.reveal()])));
        let weak = Secret::new(b"Summer2024!");
        let strong = Secret::new(b"q7GhT2xLw9Zp4KdRv8NcY3sMf6BjE1uA");
        assert_ne!(weak.fingerprint("", b"salt"), fast(&weak));
        assert_eq!(strong.fingerprint("", b"salt"), fast(&strong));
        let mut stretch = Stretch::default();
        for secret in [&weak, &strong, &weak] {
            let again = secret.fingerprint_with("", b"salt", &mut stretch);
            assert_eq!(again, secret.fingerprint("", b"salt"));
        }
        assert_ne!(weak.fingerprint("", b"salt"), weak.fingerprint("", b"tlas"));
        assert_eq!(salt_check(b"salt").len(), 16);
        assert_ne!(salt_check(b"salt"), salt_check(b"tlas"));
    }

    #[test]
    fn identities_do_not_change_between_versions() {
        // Baselines and allow entries of users hold them.
        let weak = Secret::new(b"Summer2024!").fingerprint("", b"salt");
        let strong = Secret::new(b"q7GhT2xLw9Zp4KdRv8NcY3sMf6BjE1uA").fingerprint("", b"salt");
        assert_eq!(
            (weak.as_str(), strong.as_str()),
            ("26568a210528478788882ad956755ae5", "8c59747fa66562c15389258abdaf28d8")
        );
    }
}
