//! Sorts the literals' three bytes into the buckets of the tables. A bucket lets through every mixture of
//! its members' bytes, so like belongs to like: the list is sorted and cut where it costs least.

use super::SETS;

/// Number of buckets: a bit of a byte each in the sets of tables.
pub(super) const BUCKETS: usize = 8 * SETS;

/// The bytes of one place, by their low five bits, and the share of a text's bytes that they let through.
#[derive(Clone, Copy, Default)]
struct Place {
    bytes: u32,
    passes: f32,
}

impl Place {
    fn add(&mut self, byte: u8, shares: &[f32; 32]) {
        let bit = 1 << (byte & 31);
        if self.bytes & bit == 0 {
            self.bytes |= bit;
            self.passes += shares[usize::from(byte & 31)];
        }
    }
}

/// How large a share of a text has each five low bits.
fn shares() -> [f32; 32] {
    let mut shares = [0.0; 32];
    (0..=u8::MAX).for_each(|byte| shares[usize::from(byte & 31)] += share(byte));
    shares
}

/// The bucket of each of the sorted fingerprints, which are cut into at most [`BUCKETS`] rows of
/// neighbours such that as little as possible passes that is none of them.
pub(super) fn assign(sorted: &[[u8; 3]]) -> Vec<usize> {
    let count = sorted.len();
    let shares = shares();
    // Rows much longer than the mean are never the best; leaving them out keeps the start short.
    let longest = 2 * count.div_ceil(BUCKETS) + 8;
    // The cost of the row from each start of each length less one.
    let mut cost = vec![Vec::with_capacity(longest); count];
    for (start, costs) in cost.iter_mut().enumerate() {
        let mut places = [Place::default(); 3];
        for print in &sorted[start..count.min(start + longest)] {
            places.iter_mut().zip(print).for_each(|(place, &byte)| place.add(byte, &shares));
            costs.push(places.iter().map(|place| place.passes).product::<f32>());
        }
    }
    // The best cost of the first `end` with as many rows as there are, and where the last row starts.
    let mut best: Vec<f32> = (0..=count).map(|end| if end == 0 { 0.0 } else { f32::INFINITY }).collect();
    let mut starts = vec![vec![0; count + 1]; BUCKETS];
    for starts in &mut starts {
        let before = best.clone();
        for end in 1..=count {
            for start in end.saturating_sub(longest)..end {
                let total = before[start] + cost[start][end - start - 1];
                if total < best[end] {
                    best[end] = total;
                    starts[end] = start;
                }
            }
            // A better start from an earlier round stays valid: fewer rows were needed.
            if best[end] == before[end] {
                starts[end] = usize::MAX;
            }
        }
    }
    let mut bucket = vec![0; count];
    let mut end = count;
    for (row, starts) in starts.iter().enumerate().rev() {
        if end == 0 || starts[end] == usize::MAX {
            continue;
        }
        bucket[starts[end]..end].fill(row);
        end = starts[end];
    }
    bucket
}

/// How large a share of a text of source code and logs a byte has, roughly.
pub(in crate::engine) fn share(byte: u8) -> f32 {
    match byte {
        b' ' => 0.15,
        b'e' | b't' => 0.055,
        b'a' | b'i' | b'n' | b'o' | b'r' | b's' => 0.04,
        b'l' | b'c' | b'd' | b'u' | b'p' | b'm' | b'f' => 0.02,
        b'_' | b'-' | b'.' | b'0' | b'1' | b'/' | b'=' | b'\n' => 0.012,
        b'h' | b'g' | b'b' | b'y' => 0.01,
        b'2'..=b'9' | b'"' | b'\'' | b'(' | b')' | b':' | b',' | b';' => 0.007,
        b'v' | b'w' | b'k' | b'x' | b'*' | b'>' | b'<' | b'{' | b'}' => 0.005,
        b'A'..=b'Z' => 0.003,
        b'!'..0x7f => 0.002,
        _ => 0.0005,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(sorted: &[[u8; 3]], buckets: &[usize]) -> f32 {
        let shares = shares();
        (0..BUCKETS)
            .filter(|bucket| buckets.contains(bucket))
            .map(|bucket| {
                let mut places = [Place::default(); 3];
                for (print, _) in sorted.iter().zip(buckets).filter(|(_, other)| **other == bucket) {
                    places.iter_mut().zip(print).for_each(|(place, &byte)| place.add(byte, &shares));
                }
                places.iter().map(|place| place.passes).product::<f32>()
            })
            .sum()
    }

    #[test]
    fn rows_of_neighbours_let_less_through_than_equal_parts() {
        let text = b"overandunderwordstakenseparatemeasurescalar://-----beginxoxq~azcjqq";
        let mut sorted: Vec<[u8; 3]> = text.windows(3).map(|part| [part[0], part[1], part[2]]).collect();
        sorted.sort_unstable();
        sorted.dedup();
        let buckets = assign(&sorted);
        assert_eq!(buckets.len(), sorted.len());
        assert!(buckets.is_sorted() && buckets.iter().all(|&bucket| bucket < BUCKETS), "{buckets:?}");
        let each = sorted.len().div_ceil(BUCKETS);
        let equal: Vec<usize> = (0..sorted.len()).map(|index| index / each).collect();
        assert!(passes(&sorted, &buckets) < 0.8 * passes(&sorted, &equal));
        assert_eq!(assign(&[]), Vec::<usize>::new());
        assert_eq!(assign(&[*b"key"]).len(), 1);
    }
}
