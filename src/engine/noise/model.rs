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
    // The walk down a tree waits for memory, so a few go side by side.
    let (fours, rest) = TREES.as_chunks::<4>();
    let sum: i32 = fours.iter().map(|first| values(*first, measures)).sum();
    let rest: i32 = rest.iter().map(|&first| values([first], measures)).sum();
    (PRIOR + sum + rest) as f32 / 1000.0
}

/// The sum of the values of some trees, by their first nodes.
fn values<const COUNT: usize>(first: [u16; COUNT], measures: &[i16; FEATURES]) -> i32 {
    let mut at = first.map(usize::from);
    loop {
        let mut ended = true;
        for at in &mut at {
            let node = NODES[*at];
            // A leaf asks for no measure and stays where it is.
            let measure = measures.get(usize::from(node.measure)).copied();
            let next = if measure.is_some_and(|measure| measure <= node.threshold) {
                *at + 1
            } else {
                usize::from(node.right)
            };
            ended &= measure.is_none();
            *at = if measure.is_none() { *at } else { next };
        }
        if ended {
            return at.iter().map(|&at| i32::from(NODES[at].threshold)).sum();
        }
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
