//! Lists of words as tables that are made when the program is compiled: is a text one of them, and which
//! of them stand in it?

/// A set of words.
pub struct WordSet<const SLOTS: usize> {
    text: &'static [u8],
    /// Where the word of each slot begins and how long it is; 0 bytes is a free slot.
    slots: [(u16, u8); SLOTS],
}

impl<const SLOTS: usize> WordSet<SLOTS> {
    /// The words of a text, apart by blanks: less than half as many as there are slots, a power of two.
    pub const fn new(text: &'static str) -> WordSet<SLOTS> {
        let text = text.as_bytes();
        let mut slots = [(0u16, 0u8); SLOTS];
        let (mut at, mut count) = (0, 0);
        while at < text.len() {
            let start = at;
            let mut hash = SEED;
            while at < text.len() && text[at] != b' ' {
                hash = mix(hash, text[at]);
                at += 1;
            }
            if at > start {
                let mut slot = place::<SLOTS>(hash);
                while slots[slot].1 != 0 {
                    slot = (slot + 1) % SLOTS;
                }
                slots[slot] = (start as u16, (at - start) as u8);
                count += 1;
            }
            at += 1;
        }
        assert!(SLOTS.is_power_of_two() && count * 2 < SLOTS && text.len() < 1 << 16);
        WordSet { text, slots }
    }

    /// Is this one of the words?
    pub fn has(&self, word: &[u8]) -> bool {
        let mut slot = place::<SLOTS>(word.iter().fold(SEED, |hash, &byte| mix(hash, byte)));
        loop {
            let (start, length) = self.slots[slot];
            if length == 0 {
                return false;
            }
            let start = usize::from(start);
            if usize::from(length) == word.len() && self.text[start..start + word.len()] == *word {
                return true;
            }
            slot = (slot + 1) % SLOTS;
        }
    }
}

/// What a hash begins with.
pub const SEED: u32 = 0x811c_9dc5;

/// A step of the FNV-1a hash.
pub const fn mix(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

/// The slot of a hash; its high bits are the better ones.
const fn place<const SLOTS: usize>(hash: u32) -> usize {
    (hash ^ hash >> 15) as usize % SLOTS
}

/// Words that are looked for anywhere in a text, all at once: at most 64.
pub struct WordSearch<const COUNT: usize> {
    words: [&'static str; COUNT],
    /// The first word with each first byte, and the next one with the same; [`NONE`] for none.
    heads: [u8; 256],
    next: [u8; COUNT],
    /// What the second bytes behind each first byte are, by their lowest five bits.
    seconds: [u32; 256],
}

const NONE: u8 = u8::MAX;

impl<const COUNT: usize> WordSearch<COUNT> {
    /// A search for `words`, none of which is empty.
    pub const fn new(words: [&'static str; COUNT]) -> WordSearch<COUNT> {
        let mut search = WordSearch { words, heads: [NONE; 256], next: [NONE; COUNT], seconds: [0; 256] };
        assert!(COUNT <= 64);
        let mut index = 0;
        while index < COUNT {
            let word = words[index].as_bytes();
            let first = word[0] as usize;
            search.seconds[first] |= if word.len() == 1 { u32::MAX } else { 1 << (word[1] & 31) };
            search.next[index] = search.heads[first];
            search.heads[first] = index as u8;
            index += 1;
        }
        search
    }

    /// The words from `from` up to `to`, as the bits that a search gives.
    pub const fn bits(from: usize, to: usize) -> u64 {
        (u64::MAX >> (64 - (to - from))) << from
    }

    /// Which of the words stand in `text`: bit `i` for word `i`.
    pub fn find(&self, text: &[u8]) -> u64 {
        self.find_folded::<false>(text)
    }

    /// The same for words in lower case and a text in any case.
    pub fn find_any_case(&self, text: &[u8]) -> u64 {
        self.find_folded::<true>(text)
    }

    #[inline(always)]
    fn find_folded<const FOLD: bool>(&self, text: &[u8]) -> u64 {
        let fold = |byte: u8| if FOLD { byte.to_ascii_lowercase() } else { byte };
        let mut found = 0;
        for (at, &first) in text.iter().enumerate() {
            let first = usize::from(fold(first));
            let second = text.get(at + 1).map_or(0, |&second| fold(second));
            if self.seconds[first] >> (second & 31) & 1 == 0 {
                continue;
            }
            let mut index = self.heads[first];
            while index != NONE {
                let word = self.words[usize::from(index)].as_bytes();
                let stands = match FOLD {
                    true => text[at..].get(..word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word)),
                    false => text[at..].starts_with(word),
                };
                found |= u64::from(stands) << index;
                index = self.next[usize::from(index)];
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    static SET: WordSet<16> = WordSet::new(" one two  three f ");
    static SEARCH: WordSearch<6> = WordSearch::new(["ab", "abc", "b", "cab", "ж", "aa"]);

    #[test]
    fn sets_hold_their_words_only() {
        for word in ["one", "two", "three", "f"] {
            assert!(SET.has(word.as_bytes()), "{word}");
        }
        for word in ["", " ", "on", "one ", "four", "threethreethree"] {
            assert!(!SET.has(word.as_bytes()), "{word}");
        }
    }

    proptest! {
        #[test]
        fn searches_find_what_stands_there(text in "[abcж ]{0,12}") {
            let found = SEARCH.find(text.as_bytes());
            for (index, word) in SEARCH.words.iter().enumerate() {
                prop_assert_eq!(found >> index & 1 == 1, text.contains(word), "{} in {}", word, text);
            }
            let capitals = text.to_ascii_uppercase();
            prop_assert_eq!(SEARCH.find_any_case(capitals.as_bytes()), found);
        }
    }
}
