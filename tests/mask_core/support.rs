//! Builds maskers and pushes texts through them.

use sekisho::mask::{Masker, Needle, Options, Report, Strength, TokenStyle};
use zeroize::Zeroizing;

/// Numbers that look random, the same in every run (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub fn text(&mut self, alphabet: &[u8], count: usize) -> Vec<u8> {
        (0..count).map(|_| alphabet[self.below(alphabet.len())]).collect()
    }
}

pub const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

pub fn strong(name: &str, value: &[u8]) -> Needle {
    Needle { name: name.to_owned(), value: Zeroizing::new(value.to_vec()), strength: Strength::Strong }
}

pub fn plain(name: &str, value: &[u8]) -> Needle {
    Needle { name: name.to_owned(), value: Zeroizing::new(value.to_vec()), strength: Strength::Plain }
}

pub fn copy(needles: &[Needle]) -> Vec<Needle> {
    needles
        .iter()
        .map(|needle| Needle {
            name: needle.name.clone(),
            value: needle.value.clone(),
            strength: needle.strength,
        })
        .collect()
}

pub fn options() -> Options {
    Options { token: TokenStyle::Named, unknown: false }
}

/// A masker of known values alone.
pub fn masker(needles: &[Needle]) -> Masker {
    let mut masker = Masker::new(None, options());
    masker.add(copy(needles));
    masker
}

/// What comes out where the input comes in these pieces.
pub fn masked<'a>(mut masker: Masker, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Report) {
    let mut out = Vec::new();
    for piece in pieces {
        masker.push(piece, &mut out);
    }
    masker.finish(&mut out);
    (out, masker.report().clone())
}

/// What comes out where the input comes in one piece.
pub fn whole(needles: &[Needle], text: &[u8]) -> Vec<u8> {
    masked(masker(needles), [text]).0
}

/// Bytes as people read them, for messages.
pub fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

pub fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

/// Fails where the masker that `make` makes gives another output for some way of cutting the text.
pub fn same_for_all_pieces(name: &str, make: &dyn Fn() -> Masker, text: &[u8]) {
    let (expected, report) = masked(make(), [text]);
    let check = |pieces: Vec<&[u8]>, how: &str| {
        let (out, other) = masked(make(), pieces);
        assert_eq!(shown(&out), shown(&expected), "{name}: {how}");
        assert_eq!(other, report, "{name}: {how}");
    };
    check(text.chunks(1).collect(), "one byte at a time");
    for at in (1..text.len()).step_by(1 + text.len() / 400) {
        let (one, other) = text.split_at(at);
        check(vec![one, other], &format!("cut at {at}"));
    }
    let mut dice = Dice(text.len() as u64);
    for round in 0..8 {
        let (mut rest, mut pieces) = (text, Vec::new());
        while !rest.is_empty() {
            let (piece, others) = rest.split_at(dice.below(24).min(rest.len()));
            pieces.push(piece);
            rest = others;
        }
        check(pieces, &format!("random pieces, round {round}"));
    }
}
