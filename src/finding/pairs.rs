//! Joins the two halves of a credential (key id and secret, SID and token, client id and client secret)
//! into one finding.

use super::Finding;
use crate::rules::Severity;
use std::collections::HashMap;

/// Make one finding of two that stand close together and belong together, by their rules: `pairs` are
/// fingerprints, a finding's and its companion's. The graver one stays, as what opens the door is the
/// secret half, and takes the other along with all its places; whoever reads both can use them, so it is
/// one step graver than alone. A companion goes with one finding; others only name it.
pub(super) fn join(findings: Vec<Finding>, pairs: &[(String, String)]) -> Vec<Finding> {
    let mut slots: Vec<Option<Finding>> = findings.into_iter().map(Some).collect();
    let place: HashMap<String, usize> = slots
        .iter()
        .enumerate()
        .filter_map(|(at, slot)| Some((slot.as_ref()?.fingerprint.clone(), at)))
        .collect();
    for (one, other) in pairs {
        let (Some(&one), Some(&other)) = (place.get(one), place.get(other)) else { continue };
        if one == other {
            continue;
        }
        let (Some(first), Some(second)) = (&slots[one], &slots[other]) else { continue };
        // Of two alike the later one, as a secret is written behind its id.
        let (main, companion) = match (first.severity, first.occurrences.first())
            .cmp(&(second.severity, second.occurrences.first()))
        {
            std::cmp::Ordering::Less => (other, one),
            _ => (one, other),
        };
        let known = slots[main].as_ref().is_some_and(|finding| !finding.companions.is_empty());
        let Some(mut half) = slots[companion].take() else { continue };
        if let Some(finding) = slots[main].as_mut() {
            finding.companions.extend(std::mem::take(&mut half.companions));
            finding.companions.push(half);
            if !known {
                raise(finding);
            }
        }
    }
    slots.into_iter().flatten().collect()
}

fn raise(finding: &mut Finding) {
    finding.severity = match finding.severity {
        Severity::Info => Severity::Low,
        Severity::Low => Severity::Medium,
        Severity::Medium => Severity::High,
        Severity::High | Severity::Critical => Severity::Critical,
    };
}
