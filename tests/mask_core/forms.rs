//! Every spelling is masked, however the text comes in.

use crate::corpus::{Case, cases};
use crate::support::{contains, masked, masker, same_for_all_pieces, shown};

/// Longest piece of a hidden text that may come out, in bytes.
const SHOWN: usize = 7;

fn leak(case: &Case, out: &[u8]) -> Option<String> {
    for hidden in &case.hidden {
        let length = hidden.len().min(SHOWN + 1);
        if let Some(window) = hidden.windows(length).find(|window| contains(out, window)) {
            return Some(format!("{}: {} in {}", case.id, shown(window), shown(out)));
        }
    }
    let lost = case.kept.iter().find(|kept| !contains(out, kept))?;
    Some(format!("{}: lost {} in {}", case.id, shown(lost), shown(out)))
}

#[test]
fn every_case_is_masked() {
    let leaks: Vec<String> = cases()
        .iter()
        .filter_map(|case| leak(case, &masked(masker(&case.needles), [&case.input[..]]).0))
        .collect();
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn pieces_make_no_difference() {
    for case in cases() {
        same_for_all_pieces(case.id, &|| masker(&case.needles), &case.input);
    }
}
