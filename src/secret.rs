//! Clear text that cannot be printed by accident, and its fingerprint.

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

    /// The identity of this secret: 32 hexadecimal digits of a keyed SHA-256 over the family of the
    /// rule that found it and its bytes. The same in every gate; it tells nothing about the place.
    pub fn fingerprint(&self, family: &str, salt: &[u8]) -> String {
        // HMAC (RFC 2104) with a 64-byte block, written out: one use, no further crate.
        let mut key = [0u8; 64];
        if salt.len() > 64 {
            key[..32].copy_from_slice(&Sha256::digest(salt));
        } else {
            key[..salt.len()].copy_from_slice(salt);
        }
        let inner = Sha256::new()
            .chain_update(key.map(|byte| byte ^ 0x36))
            .chain_update((family.len() as u64).to_le_bytes())
            .chain_update(family.as_bytes())
            .chain_update(&self.0[..])
            .finalize();
        let outer = Sha256::new().chain_update(key.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize();
        outer[..16].iter().map(|byte| format!("{byte:02x}")).collect()
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
}
