//! A small deterministic generator (splitmix64) for samples. Not for anything secret.

/// Gives the same numbers for the same seed on every machine.
#[derive(Clone, Debug)]
pub struct Generator {
    state: u64,
}

impl Generator {
    /// A generator that starts from `seed`.
    pub fn new(seed: u64) -> Generator {
        Generator { state: seed ^ 0x5345_4b49_5348_4f21 }
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, not including, `limit`; 0 for a limit of 0.
    pub fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { (self.next_u64() % limit as u64) as usize }
    }

    /// Random bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next_u64() as u8).collect()
    }

    /// Text of `count` characters of an ASCII alphabet that looks random: no three equal characters in
    /// a row, and from eight characters on at least one digit and one letter where the alphabet has
    /// both. An alphabet too small for that is drawn from as it is.
    pub fn text(&mut self, alphabet: &[u8], count: usize) -> String {
        let has = |bytes: &[u8], test: fn(&u8) -> bool| bytes.iter().any(test);
        let mixed = has(alphabet, u8::is_ascii_digit) && has(alphabet, u8::is_ascii_alphabetic);
        loop {
            let mut out: Vec<u8> = Vec::with_capacity(count);
            while out.len() < count && !alphabet.is_empty() {
                let byte = alphabet[self.below(alphabet.len())];
                let run = matches!(out[..], [.., a, b] if a == byte && b == byte);
                if !run || alphabet.len() < 3 {
                    out.push(byte);
                }
            }
            let dull = mixed
                && out.len() >= 8
                && !(has(&out, u8::is_ascii_digit) && has(&out, u8::is_ascii_alphabetic));
            if !dull {
                return String::from_utf8_lossy(&out).into_owned();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_text() {
        let draw = |seed| Generator::new(seed).text(b"abcdefgh0123", 24);
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn texts_are_not_degenerate() {
        for seed in 0..2000 {
            let text = Generator::new(seed).text(b"abcdefghijklmnopqrstuvwxyz0", 8);
            assert!(text.contains('0') && text.bytes().any(|byte| byte.is_ascii_lowercase()), "{text}");
            assert!(!text.as_bytes().windows(3).any(|run| run[0] == run[1] && run[1] == run[2]), "{text}");
        }
        assert_eq!(Generator::new(1).text(b"x", 5), "xxxxx");
        assert_eq!(Generator::new(1).text(b"", 5), "");
    }
}
