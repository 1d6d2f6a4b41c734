//! The fitted model: a sum of small decision trees.

use super::FEATURES;
use super::trees::{NODES, PRIOR, TREES};

/// A node of a tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// Which measure is asked; [`LEAF`] for none.
    measure: u8,
    /// Measures up to this go on with the next node; a leaf's value in thousandths.
    threshold: i16,
    /// Where greater measures go on.
    right: u16,
}

const LEAF: u8 = u8::MAX;

/// A node that asks a measure.
pub(super) const fn node(measure: u8, threshold: i16, right: u16) -> Node {
    Node { measure, threshold, right }
}

/// A node that ends a tree, with its value in thousandths.
pub(super) const fn leaf(value: i16) -> Node {
    Node { measure: LEAF, threshold: value, right: 0 }
}

/// Logarithm of the odds that an assignment with these measures is a credential.
pub(super) fn score(measures: &[i16; FEATURES]) -> f32 {
    let sum: i32 = TREES.iter().map(|&first| value(usize::from(first), measures)).sum();
    (PRIOR + sum) as f32 / 1000.0
}

fn value(first: usize, measures: &[i16; FEATURES]) -> i32 {
    let mut at = first;
    loop {
        let node = NODES[at];
        if node.measure == LEAF {
            return i32::from(node.threshold);
        }
        at = if measures[usize::from(node.measure)] <= node.threshold {
            at + 1
        } else {
            usize::from(node.right)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tree_ends() {
        for (at, node) in NODES.iter().enumerate() {
            assert!(node.measure == LEAF || usize::from(node.measure) < FEATURES);
            assert!(
                node.measure == LEAF || usize::from(node.right) > at && usize::from(node.right) < NODES.len()
            );
        }
        assert!(score(&[0; FEATURES]).is_finite());
    }
}
