//! Weak values that the user wants masked all the same (`--mask-weak`): short ones, and those only where
//! they stand as words of their own.

use super::{Needle, TokenStyle};

/// Masks short words in a stream.
#[derive(Default)]
pub struct Words {
    held: Vec<u8>,
    /// The byte before `held`.
    before: u8,
}

impl Words {
    /// Take input; what is decided is added to `out`.
    pub fn push(&mut self, words: &[Needle], token: &TokenStyle, input: &[u8], out: &mut Vec<u8>) {
        if words.is_empty() {
            out.extend_from_slice(input);
            return;
        }
        self.held.extend_from_slice(input);
        self.decide(words, token, false, out);
    }

    /// Nothing more comes, or not for a while: decide everything that is held.
    pub fn finish(&mut self, words: &[Needle], token: &TokenStyle, out: &mut Vec<u8>) {
        self.decide(words, token, true, out);
    }

    /// Is anything held back?
    pub fn holding(&self) -> bool {
        !self.held.is_empty()
    }

    fn decide(&mut self, words: &[Needle], token: &TokenStyle, ended: bool, out: &mut Vec<u8>) {
        let held = std::mem::take(&mut self.held);
        // A word and the byte behind it must be there to be decided.
        let longest = words.iter().map(|word| word.value.len()).max().unwrap_or(0);
        let mut at = 0;
        while at < held.len() && (ended || at + longest < held.len()) {
            let free = !part_of_word(self.before);
            let word = words.iter().filter(|_| free).find(|word| {
                let end = at + word.value.len();
                held[at..].starts_with(&word.value) && !held.get(end).is_some_and(|&byte| part_of_word(byte))
            });
            match word {
                Some(word) => {
                    out.extend_from_slice(&token.text(&word.name));
                    at += word.value.len();
                    self.before = b' ';
                }
                None => {
                    out.push(held[at]);
                    self.before = held[at];
                    at += 1;
                }
            }
        }
        self.held = held[at..].to_vec();
    }
}

fn part_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Strength;

    #[test]
    fn only_whole_words_at_any_split() {
        let words =
            [Needle { name: "N".to_owned(), value: b"main".to_vec().into(), strength: Strength::Plain }];
        let text = b"main remain main-x domain mains (main";
        for split in 0..text.len() {
            let (mut filter, mut out) = (Words::default(), Vec::new());
            let token = TokenStyle::Fixed("*".to_owned());
            filter.push(&words, &token, &text[..split], &mut out);
            filter.push(&words, &token, &text[split..], &mut out);
            filter.finish(&words, &token, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), "* remain *-x domain mains (*");
        }
    }
}
