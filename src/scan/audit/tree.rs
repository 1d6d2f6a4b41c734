//! Trees made from other trees: most deltas of trees only change ids, which hold no name.
//!
//! A tree is a row of entries `MODE NAME\0ID` (`git cat-file tree`): a mode in octal digits, a blank, a
//! name, a zero and the bytes of an id.

use crate::text::Copied;

/// Bytes that an id has at most in the repositories where this pays.
const ID: usize = 32;

/// Pieces copied from the base, put together where nothing but a part of an id was changed in place
/// between them.
pub(super) fn bridge(tree: &[u8], base_length: usize, copies: &[Copied]) -> Vec<Copied> {
    let mut out: Vec<Copied> = Vec::with_capacity(copies.len());
    for &copied in copies {
        if let Some(last) = out.last_mut() {
            let (from, source) = (last.target + last.length, last.source + last.length);
            let changed = copied.target - from;
            if copied.source == source + changed && is_nameless(tree, from, copied.target) {
                last.length += changed + copied.length;
                continue;
            }
        }
        out.push(copied);
    }
    if let Some(last) = out.last_mut() {
        let (from, source) = (last.target + last.length, last.source + last.length);
        let changed = tree.len() - from;
        if source + changed == base_length && is_nameless(tree, from, tree.len()) {
            last.length += changed;
        }
    }
    out
}

/// True where no byte from `from` to `to` belongs to a name: a zero shortly before ended the last one,
/// and there is no mode behind it that another one could follow.
fn is_nameless(tree: &[u8], from: usize, to: usize) -> bool {
    if from == to {
        return true;
    }
    let floor = from.saturating_sub(ID);
    let Some(zero) = memchr::memrchr(0, &tree[floor..from]).map(|at| floor + at) else { return false };
    let between = &tree[zero + 1..to];
    between.len() <= ID && !between.windows(2).any(|pair| matches!(pair, [b'0'..=b'7', b' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, id: u8) -> Vec<u8> {
        [b"100644 ", name.as_bytes(), &[0], &[id; 20]].concat()
    }

    #[test]
    fn changed_ids_are_bridged_and_changed_names_are_not() {
        let tree = [entry("a", 0xaa), entry("bcd", 0xbb), entry("e", 0xcc)].concat();
        let first = 9; // where the first id stands
        let length = tree.len();
        let pieces = |from: usize, to: usize| {
            vec![
                Copied { target: 0, source: 0, length: from },
                Copied { target: to, source: to, length: length - to },
            ]
        };
        let whole = vec![Copied { target: 0, source: 0, length }];
        assert_eq!(bridge(&tree, length, &pieces(first, first + 20)), whole);
        assert_eq!(bridge(&tree, length, &pieces(first + 3, first + 17)), whole);
        // The name of the second entry, or a part of it.
        for (from, to) in [(first + 27, first + 30), (first + 15, first + 28), (first + 18, first + 27)] {
            let pieces = pieces(from, to);
            assert_eq!(bridge(&tree, length, &pieces), pieces, "{from} {to}");
        }
        let cut = vec![Copied { target: 0, source: 0, length: length - 20 }];
        assert_eq!(bridge(&tree, length, &cut), whole);
        assert_eq!(bridge(&tree, length + 1, &cut), cut);
    }
}
