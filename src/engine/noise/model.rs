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

/// A node as it is walked: without a question of where a tree ends, as a leaf leads to itself.
#[derive(Clone, Copy)]
struct Step {
    measure: u16,
    /// A leaf's value.
    threshold: i16,
    /// Where measures up to the threshold go on, and where greater ones do.
    next: [u16; 2],
}

/// Room for all nodes, so that the number of one can be cut to size in place of being checked.
const ROOM: usize = 1 << 14;
/// The same for measures.
const MEASURES: usize = 128;
/// Trees that are walked side by side: the walk down one waits for memory.
const ABREAST: usize = 8;

static STEPS: [Step; ROOM] = {
    assert!(NODES.len() <= ROOM && FEATURES <= MEASURES && TREES.len().is_multiple_of(ABREAST));
    let mut steps = [Step { measure: 0, threshold: 0, next: [0, 0] }; ROOM];
    let mut at = 0;
    while at < NODES.len() {
        let node = NODES[at];
        let own = at as u16;
        steps[at] = match node.measure {
            LEAF => Step { measure: 0, threshold: node.threshold, next: [own, own] },
            _ => {
                Step { measure: node.measure as u16, threshold: node.threshold, next: [own + 1, node.right] }
            }
        };
        at += 1;
    }
    steps
};

/// Most questions from the top of a tree to a leaf.
const DEPTH: usize = {
    let mut depths = [0u8; NODES.len()];
    let (mut at, mut deepest) = (0, 0);
    while at < NODES.len() {
        let node = NODES[at];
        if node.measure != LEAF {
            let depth = depths[at] + 1;
            depths[at + 1] = depth;
            depths[node.right as usize] = depth;
            deepest = if depth > deepest { depth } else { deepest };
        }
        at += 1;
    }
    deepest as usize
};

/// Logarithm of the odds that an assignment with these measures is a credential.
pub(super) fn score(measures: &[i16; FEATURES]) -> f32 {
    let mut room = [0i16; MEASURES];
    room[..FEATURES].copy_from_slice(measures);
    let (eights, _) = TREES.as_chunks::<ABREAST>();
    let mut sum = PRIOR;
    for first in eights {
        let mut at = *first;
        for _ in 0..DEPTH {
            for at in &mut at {
                let step = &STEPS[usize::from(*at) % ROOM];
                let greater = room[usize::from(step.measure) % MEASURES] > step.threshold;
                *at = step.next[usize::from(greater)];
            }
        }
        sum += at.iter().map(|&at| i32::from(STEPS[usize::from(at) % ROOM].threshold)).sum::<i32>();
    }
    thousandths(sum)
}

fn thousandths(sum: i32) -> f32 {
    sum as f32 / 1000.0
}

/// Most ways in which some measures can be.
pub(super) const WAYS: usize = 16;

/// Measures that are 0 or 1 and not known yet: what they are in each of several ways.
pub(super) struct Open {
    /// The ways in which a measure is 0, and in which it is 1, a bit each; none for what is known.
    pub(super) ways: [[u16; 2]; FEATURES],
}

/// What [`score`] says in each way of `all` (a bit each), in one walk.
pub(super) fn scores(measures: &[i16; FEATURES], open: &Open, all: u16) -> [f32; WAYS] {
    let mut sums = [0; WAYS];
    let mut sum = PRIOR;
    let mut waiting: Vec<(usize, u16)> = Vec::with_capacity(WAYS);
    for &first in &TREES {
        waiting.push((usize::from(first), all));
        while let Some((mut at, ways)) = waiting.pop() {
            let node = loop {
                let node = NODES[at];
                let Some(&measure) = measures.get(usize::from(node.measure)) else { break node };
                let greater = match open.ways[usize::from(node.measure)] {
                    [0, 0] => measure > node.threshold,
                    either => {
                        let low = (0..2).filter(|&value| value <= node.threshold);
                        let low = low.map(|value| either[value as usize]).fold(0, |low, more| low | more);
                        if ways & low != 0 && ways & !low != 0 {
                            waiting.push((usize::from(node.right), ways & !low));
                            waiting.push((at + 1, ways & low));
                            break Node { threshold: 0, ..node };
                        }
                        ways & low == 0
                    }
                };
                at = if greater { usize::from(node.right) } else { at + 1 };
            };
            if node.measure != LEAF {
                continue;
            }
            let value = i32::from(node.threshold);
            if ways == all {
                sum += value;
            } else {
                (0..WAYS).filter(|way| ways >> way & 1 == 1).for_each(|way| sums[way] += value);
            }
        }
    }
    sums.map(|own| thousandths(sum + own))
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

    /// The plain walk that the others are told by.
    fn plain(measures: &[i16; FEATURES]) -> f32 {
        let value = |&first: &u16| {
            let mut at = usize::from(first);
            while NODES[at].measure != LEAF {
                let greater = measures[usize::from(NODES[at].measure)] > NODES[at].threshold;
                at = if greater { usize::from(NODES[at].right) } else { at + 1 };
            }
            i32::from(NODES[at].threshold)
        };
        thousandths(PRIOR + TREES.iter().map(value).sum::<i32>())
    }

    #[test]
    fn all_walks_end_at_the_same_leaves() {
        let mut state = 7u64;
        let mut dice = |sides: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % sides
        };
        for _ in 0..200 {
            let mut measures: [i16; FEATURES] = std::array::from_fn(|_| dice(90) as i16 - 30);
            assert_eq!(score(&measures).to_bits(), plain(&measures).to_bits());
            // Some measures are open, in five ways.
            let mut open = Open { ways: [[0, 0]; FEATURES] };
            let chosen: Vec<usize> = (0..6).map(|_| dice(FEATURES as u64) as usize).collect();
            for &at in &chosen {
                let ones = dice(32) as u16;
                open.ways[at] = [!ones & 0b1_1111, ones];
            }
            let told = scores(&measures, &open, 0b1_1111);
            for (way, told) in told.iter().enumerate().take(5) {
                chosen.iter().for_each(|&at| measures[at] = (open.ways[at][1] >> way & 1) as i16);
                assert_eq!(told.to_bits(), plain(&measures).to_bits());
            }
        }
    }
}
