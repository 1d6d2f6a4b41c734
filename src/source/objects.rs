//! Single objects of a repository by their ids.

use crate::error::SkipReason;
use crate::origin::ObjectKind;
use serde::{Deserialize, Serialize};

/// Reads single objects by id, from packs, loose storage and alternates.
pub trait Objects: Sync {
    /// Kind and content of an object; `None` where it does not exist. `buffer` is replaced.
    ///
    /// # Errors
    /// The object is there and cannot be read.
    fn read(&self, id: &ObjectId, buffer: &mut Vec<u8>) -> Result<Option<ObjectKind>, ReadError>;
}

/// An object that is there and cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The object.
    pub id: ObjectId,
    /// What kind of trouble it is.
    pub reason: SkipReason,
    /// What happened, for people.
    pub detail: String,
}

/// The id of an object: the 20 bytes of a SHA-1 or the 32 bytes of a SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ObjectId {
    bytes: [u8; 32],
    length: u8,
}

impl ObjectId {
    /// An id from its 20 or 32 bytes; none from any other number of them.
    pub fn from_bytes(raw: &[u8]) -> Option<ObjectId> {
        if !matches!(raw.len(), 20 | 32) {
            return None;
        }
        let mut bytes = [0; 32];
        bytes[..raw.len()].copy_from_slice(raw);
        Some(ObjectId { bytes, length: raw.len() as u8 })
    }

    /// An id from its 40 or 64 hexadecimal digits; none from anything else.
    pub fn parse(digits: &[u8]) -> Option<ObjectId> {
        if !matches!(digits.len(), 40 | 64) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |at: usize| char::from(pair[at]).to_digit(16);
            *byte = (digit(0)? << 4 | digit(1)?) as u8;
        }
        Some(ObjectId { bytes, length: (digits.len() / 2) as u8 })
    }

    /// The id of no object, of 20 zeros.
    pub fn nothing() -> ObjectId {
        ObjectId { bytes: [0; 32], length: 20 }
    }

    /// True for the id of zeros, by which git says "nothing".
    pub fn is_zero(&self) -> bool {
        self.as_bytes().iter().all(|&byte| byte == 0)
    }

    /// The bytes of the digest.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl From<ObjectId> for String {
    fn from(id: ObjectId) -> String {
        id.to_string()
    }
}

impl TryFrom<String> for ObjectId {
    type Error = &'static str;

    fn try_from(digits: String) -> Result<ObjectId, &'static str> {
        ObjectId::parse(digits.as_bytes()).ok_or("not the id of an object")
    }
}

impl std::fmt::Display for ObjectId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Reports and stories write thousands of them: all digits at once.
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.as_bytes()) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        let digits =
            std::str::from_utf8(&digits[..2 * self.as_bytes().len()]).map_err(|_| std::fmt::Error)?;
        out.write_str(digits)
    }
}

impl std::fmt::Debug for ObjectId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_both_lengths() {
        for digits in ["0123456789abcdef0123456789abcdef01234567".to_owned(), "f0".repeat(32)] {
            let id = ObjectId::parse(digits.as_bytes()).unwrap();
            assert_eq!(id.to_string(), digits);
            assert!(!id.is_zero());
            assert_eq!(ObjectId::from_bytes(id.as_bytes()), Some(id));
        }
        for wrong in [String::new(), "0".repeat(39), "g".repeat(40), "é".repeat(20)] {
            assert_eq!(ObjectId::parse(wrong.as_bytes()), None, "{wrong}");
        }
        assert!(ObjectId::nothing().is_zero() && ObjectId::parse(&[b'0'; 64]).unwrap().is_zero());
        assert_eq!(ObjectId::from_bytes(&[0; 21]), None);
    }
}
