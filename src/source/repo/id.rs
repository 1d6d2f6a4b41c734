//! Names of objects.

use std::fmt;

/// An object's id: a SHA-1 (20 bytes) or a SHA-256 (32 bytes).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    bytes: [u8; 32],
    length: u8,
}

impl Id {
    /// An id of 20 or 32 bytes; `None` for any other length.
    pub fn new(bytes: &[u8]) -> Option<Id> {
        if !matches!(bytes.len(), 20 | 32) {
            return None;
        }
        let mut held = [0; 32];
        held[..bytes.len()].copy_from_slice(bytes);
        Some(Id { bytes: held, length: bytes.len() as u8 })
    }

    /// An id from its 40 or 64 hexadecimal digits.
    pub fn parse(text: &[u8]) -> Option<Id> {
        if !matches!(text.len(), 40 | 64) {
            return None;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
        let mut bytes = [0; 32];
        for (pair, byte) in text.chunks_exact(2).zip(&mut bytes) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Id { bytes, length: (text.len() / 2) as u8 })
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// True for the id of zeros, by which git says "nothing".
    pub fn is_zero(&self) -> bool {
        self.as_bytes().iter().all(|&byte| byte == 0)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_as_they_are_written() {
        for length in [40, 64] {
            let text = "0123456789abcdef".repeat(4)[..length].to_owned();
            let id = Id::parse(text.as_bytes()).unwrap();
            assert_eq!(id.to_string(), text);
            assert_eq!(Id::new(id.as_bytes()), Some(id));
            assert!(!id.is_zero());
        }
        assert!(Id::parse("0".repeat(40).as_bytes()).unwrap().is_zero());
        assert_eq!(Id::parse(b"0123"), None);
        assert_eq!(Id::parse("g".repeat(40).as_bytes()), None);
        assert_eq!(Id::new(&[0; 21]), None);
    }
}
