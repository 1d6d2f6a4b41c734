//! What to do about leaked secrets, in words that all reports share.

use crate::finding::{Exposure, Finding, Story};
use std::collections::BTreeSet;

/// What comes first.
pub(super) const ROTATE_FIRST: &str = "Rotate each secret first, where it was issued. Rewriting the history \
     does not un-leak what others may have fetched, and does not reach forks, clones, caches and backups.";

/// How to take secrets out of a history, after they have been rotated.
pub(super) const REWRITE: [&str; 5] = [
    "sekisho audit --replace-text secrets.txt",
    "git filter-repo --replace-text secrets.txt --replace-message secrets.txt",
    "sekisho audit again: what is left stands in logs and messages below .git, for you to delete",
    "git push --force --all && git push --force --tags, then delete secrets.txt",
    "make every other clone, fork and CI cache anew: pushing from an old one brings the secret back",
];

/// Findings that have a story, the most urgent first.
pub(super) fn by_urgency(findings: &[Finding]) -> impl Iterator<Item = (&Finding, &Story)> {
    let mut told: Vec<(&Finding, &Story)> =
        findings.iter().filter_map(|finding| Some((finding, finding.story.as_ref()?))).collect();
    // Stable: what is as urgent stays in the order of the report.
    told.sort_by_key(|(finding, _)| std::cmp::Reverse(finding.urgency()));
    told.into_iter()
}

/// Which clones have it, as far as the refs tell.
pub(super) fn clones(story: &Story) -> String {
    let remotes: BTreeSet<&str> = story.refs.iter().filter_map(|name| remote(name)).collect();
    match story.exposure {
        Exposure::Pushed if remotes.is_empty() => "every clone of where it was pushed to".to_owned(),
        Exposure::Pushed => {
            let remotes: Vec<&str> = remotes.into_iter().collect();
            format!("{} and every clone and fork of it", remotes.join(", "))
        }
        Exposure::Branch | Exposure::Tag | Exposure::Ref | Exposure::Notes => {
            "this repository and every clone of it; no remote-tracking ref has it".to_owned()
        }
        Exposure::Stash | Exposure::Reflog | Exposure::Unreachable | Exposure::Local => {
            "this clone only, as far as its refs tell; it may have been pushed before".to_owned()
        }
    }
}

/// The remote of a remote-tracking ref or of its log.
fn remote(name: &str) -> Option<&str> {
    let rest = &name[name.find("refs/remotes/")? + "refs/remotes/".len()..];
    rest.split('/').next()
}
