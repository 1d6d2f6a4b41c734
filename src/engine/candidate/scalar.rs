//! The candidate pass byte by byte: the meaning of it, and what runs where there are no vectors.

use super::{Candidates, Tables, is_run, is_token_start};
use std::ops::Range;

pub(super) fn find(tables: &Tables, text: &[u8], range: Range<usize>, found: &mut Candidates) {
    for at in range {
        if at + 4 <= text.len() && is_token_start(text, at) {
            let gram = u32::from_le_bytes([text[at], text[at + 1], text[at + 2], text[at + 3]]);
            let run = text[at..].iter().take(tables.run as usize).take_while(|&&byte| is_run(byte)).count();
            if tables.knows(gram) && run == tables.run as usize {
                found.starts.push(at as u32);
            }
        }
        if at + 3 <= text.len() {
            let in_set = |set: usize| {
                let buckets = (0..3).fold(0xff, |buckets, place| {
                    let byte = text[at + place];
                    buckets & tables.buckets[set][place][usize::from(byte & 31)]
                });
                buckets != 0
            };
            if (0..tables.buckets.len()).any(in_set) && tables.knows_print(super::four(text, at)) {
                found.literals.push(at as u32);
            }
        }
    }
}
