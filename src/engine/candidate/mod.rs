//! The candidate pass: one look at every byte, which writes down the few places where a secret could
//! start. Two streams come out of it:
//!
//! * **word starts** of long runs of token characters whose first four bytes begin some rule's match
//!   (a 256 Kbit table of hashes, 32 KB, answers that);
//! * **literal hits**: three bytes, in any case, that look like a part of one of the texts searched
//!   anywhere (words such as `password`, markers such as `-----BEGIN`, anchors inside tokens). The
//!   search is the bucket method of Teddy (Hyperscan; described in the `aho-corasick` crate's packed
//!   searcher), three bytes wide, 32 buckets. A byte counts by its low five bits, which tell letters
//!   apart in either case; halves of a byte, as Teddy has them, let four times as much through. Of a
//!   hundred bytes of source code the buckets keep four; a table of hashes of the three bytes leaves one.
//!
//! Both may be wrong, never incomplete: the engine looks again at each place. `scalar` says what the
//! pass means; `avx2` and `avx512` are the same in vectors of 32 and 64 bytes and are compared with it in tests.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod buckets;
#[cfg(target_arch = "x86_64")]
mod pass;
mod scalar;

pub(super) use buckets::share;

use crate::rules::grams;
use crate::vectors::Vectors;
use std::borrow::Cow;
use std::ops::Range;

/// Candidates of one block, as offsets into the text, rising.
#[derive(Default, Debug)]
pub struct Candidates {
    /// Word starts with a known beginning.
    pub starts: Vec<u32>,
    /// Places where a literal's three bytes may stand.
    pub literals: Vec<u32>,
    /// Where the vector pass writes down what it has not asked about yet; what stands in it is of no meaning.
    #[cfg(target_arch = "x86_64")]
    room: [Vec<u32>; 2],
}

/// Sets of eight buckets. Each takes three look-ups a step and lets fewer places through.
const SETS: usize = 4;

/// What the pass searches for.
#[derive(Clone)]
pub struct Tables {
    grams: Cow<'static, [u64]>,
    /// All sets of buckets, by the low five bits of the byte in each of the three places.
    buckets: [[[u8; 32]; 3]; SETS],
    prints: Box<[u64; 1024]>,
    run: u32,
    vectors: Vectors,
}

/// Three bytes of a literal in any case as a number, from the three bytes (and any fourth) that stand in
/// a text.
#[inline(always)]
pub fn fingerprint(bytes: [u8; 4]) -> u32 {
    (u32::from_le_bytes(bytes) | 0x0020_2020) & 0x00ff_ffff
}

/// The four bytes at `at`; those behind the end of the text count as zero.
#[inline(always)]
pub fn four(text: &[u8], at: usize) -> [u8; 4] {
    match text.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
        Some(four) => *four,
        None => std::array::from_fn(|place| text.get(at + place).copied().unwrap_or(0)),
    }
}

/// Hash of a fingerprint, 16 bits.
#[inline(always)]
pub fn fingerprint_hash(print: u32) -> usize {
    (print.wrapping_mul(0x9e37_79b1) >> 16) as usize
}

impl Tables {
    /// Tables for beginnings of four bytes, given as [`grams::GramTable::bits`], at starts of runs of at
    /// least `run` token characters (1 to 16), and for literals given by three of their bytes in lower
    /// case.
    pub fn new(grams: Cow<'static, [u64]>, run: u32, fingerprints: &[[u8; 3]]) -> Tables {
        let mut tables = Tables {
            grams,
            buckets: [[[0; 32]; 3]; SETS],
            prints: Box::new([0; 1024]),
            run: run.clamp(1, 16),
            vectors: Vectors::of_processor(),
        };
        let mut sorted = fingerprints.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        for (print, bucket) in sorted.iter().zip(buckets::assign(&sorted)) {
            let hash = fingerprint_hash(fingerprint([print[0], print[1], print[2], 0]));
            tables.prints[hash >> 6] |= 1 << (hash & 63);
            let (set, bit) = (bucket / 8, 1u8 << (bucket % 8));
            for (place, &byte) in print.iter().enumerate() {
                tables.buckets[set][place][usize::from(byte & 31)] |= bit;
            }
        }
        tables
    }

    /// The same tables without vector instructions: the reference for tests and benches.
    pub fn without_vectors(mut self) -> Tables {
        self.vectors = Vectors::None;
        self
    }

    #[inline(always)]
    fn knows(&self, gram: u32) -> bool {
        let hash = grams::hash(gram);
        self.grams.get(hash >> 6).copied().unwrap_or(0) >> (hash & 63) & 1 == 1
    }

    /// May a literal's three bytes be these?
    #[inline(always)]
    fn knows_print(&self, bytes: [u8; 4]) -> bool {
        let hash = fingerprint_hash(fingerprint(bytes));
        self.prints[hash >> 6] >> (hash & 63) & 1 == 1
    }

    /// All candidates of `text` that start in `range`. `found` is emptied first. `text` is shorter
    /// than 4 GiB.
    pub fn find(&self, text: &[u8], range: Range<usize>, found: &mut Candidates) {
        found.starts.clear();
        found.literals.clear();
        match self.vectors {
            #[cfg(target_arch = "x86_64")]
            Vectors::Avx512 => avx512::find(self, text, range, found),
            #[cfg(target_arch = "x86_64")]
            Vectors::Avx2 => avx2::find(self, text, range, found),
            _ => scalar::find(self, text, range, found),
        }
    }
}

/// A word character: `[0-9A-Za-z_]`.
#[inline(always)]
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A character that may stand in a run: token characters and a few that the vector pass cannot tell
/// from them cheaply.
#[inline(always)]
fn is_run(byte: u8) -> bool {
    is_word(byte) || b"+-./:=<|}".contains(&byte)
}

/// Can a token start at `at`? Before it stands no word character, or the end of an escape such as
/// `\n`, `\x3d`, `\u003d` or `%3D`.
#[inline]
pub fn is_token_start(text: &[u8], at: usize) -> bool {
    let before = |by: usize| at.checked_sub(by).and_then(|place| text.get(place)).copied();
    text.get(at).is_some_and(|&byte| is_word(byte))
        && (!before(1).is_some_and(is_word)
            || before(2) == Some(b'\\')
            || before(4) == Some(b'\\')
            || before(6) == Some(b'\\')
            || before(3) == Some(b'%'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tables() -> Tables {
        let known = [*b"ghp_", *b"AKIA", *b"eyJh", *b"http"].map(u32::from_le_bytes);
        let mut bits = vec![0; grams::WORDS];
        known.iter().for_each(|&gram| grams::set(&mut bits, gram));
        Tables::new(bits.into(), 8, &[*b"pas", *b"cre", *b"oke", *b"key", *b"://", *b"beg", *b":aa", *b"_id"])
    }

    #[test]
    fn finds_starts_and_literals() {
        let text =
            b"x=ghp_abcdefgh y_ghp_abcdefgh \\nghp_abcdefgh %3Dghp_abcdefgh ghp_short PassWord BEGIN a_id";
        let mut found = Candidates::default();
        tables().find(text, 0..text.len(), &mut found);
        let starts: Vec<usize> = found.starts.iter().map(|&at| at as usize).collect();
        assert_eq!(starts, [2, 32, 48, 61]);
        for at in [71, 80, 87] {
            assert!(found.literals.contains(&at), "{:?}", found.literals);
        }
    }

    proptest! {
        #[test]
        fn vectors_and_scalar_agree(
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just(b"ghp_0123456789".to_vec()), Just(b"AKIA0123".to_vec()), Just(b"\\n".to_vec()),
                    Just(b"%3d".to_vec()), Just(b"passWORD=".to_vec()), Just(b"eyJhbGci".to_vec()),
                    Just(b" ".to_vec()), Just(b"https://".to_vec()), Just(b"_".to_vec()),
                    proptest::collection::vec(any::<u8>(), 0..40),
                ],
                0..40,
            ),
            cut in 0.0f64..1.0,
        ) {
            let text = pieces.concat();
            let from = (text.len() as f64 * cut) as usize;
            let (mut one, mut two) = (Candidates::default(), Candidates::default());
            for range in [0..text.len(), from..text.len(), 0..from] {
                tables().without_vectors().find(&text, range.clone(), &mut two);
                for vectors in [Vectors::Avx2, Vectors::Avx512] {
                    let mut tables = tables();
                    tables.vectors = vectors.min(tables.vectors);
                    tables.find(&text, range.clone(), &mut one);
                    prop_assert_eq!((&one.starts, &one.literals), (&two.starts, &two.literals));
                }
            }
        }
    }
}
