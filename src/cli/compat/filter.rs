//! What is not reported: the entries of ignore files and of a baseline, as gitleaks takes them, and what
//! gitleaks does not look at.

use crate::finding::{Exposure, Finding, Occurrence, Outcome};
use crate::origin::{ObjectKind, Origin};
use crate::rules::import::Known;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Places by file and line, and secrets by file.
pub struct Accepted<'a> {
    by_place: HashMap<(&'a str, u64), Vec<&'a Known>>,
    by_file: HashMap<&'a str, Vec<&'a Known>>,
}

impl<'a> Accepted<'a> {
    /// What people have accepted.
    pub fn new(known: &'a [Known]) -> Accepted<'a> {
        let mut accepted = Accepted { by_place: HashMap::new(), by_file: HashMap::new() };
        for known in known {
            match known.secret {
                Some(_) => accepted.by_file.entry(&known.file).or_default().push(known),
                None => accepted.by_place.entry((&known.file, known.line)).or_default().push(known),
            }
        }
        accepted
    }

    /// `named` are file, line and rule of everything that was found: an entry for a rule that found something
    /// at its place holds for that rule, and otherwise for any, since the other scanner's names are not ours.
    fn holds(&self, finding: &Finding, place: &Occurrence, named: &HashSet<(String, u64, String)>) -> bool {
        let file = file(&place.origin);
        let commit = commit(&place.origin);
        let line = place.start.line;
        let same_commit = |known: &&&Known| {
            let theirs = known.commit.as_deref().unwrap_or_default();
            theirs.is_empty() || commit.is_empty() || commit.starts_with(theirs)
        };
        let same_rule = |known: &Known| {
            known.rule == finding.rule || !named.contains(&(file.clone(), line, known.rule.clone()))
        };
        let placed = self.by_place.get(&(file.as_str(), line)).into_iter().flatten();
        let valued = self.by_file.get(file.as_str()).into_iter().flatten();
        placed.filter(same_commit).any(|known| same_rule(known))
            || valued.filter(same_commit).any(|known| {
                known.secret.as_ref().is_some_and(|secret| {
                    let (own, theirs) = (finding.secret.reveal(), secret.reveal());
                    memchr::memmem::find(own, theirs).is_some() || memchr::memmem::find(theirs, own).is_some()
                })
            })
    }

    /// Take accepted places out of an outcome.
    pub fn take_out(&self, outcome: &mut Outcome) {
        if self.by_place.is_empty() && self.by_file.is_empty() {
            return;
        }
        let places = outcome.findings.iter().flat_map(|finding| {
            let rule = &finding.rule;
            finding.occurrences.iter().map(move |place| (file(&place.origin), place.start.line, rule.clone()))
        });
        let named: HashSet<(String, u64, String)> = places.collect();
        for finding in &mut outcome.findings {
            let places = std::mem::take(&mut finding.occurrences);
            let kept = places.into_iter().filter(|place| !self.holds(finding, place, &named)).collect();
            finding.occurrences = kept;
        }
        drop_empty(outcome);
    }
}

/// Take out what gitleaks does not look at: what stands beside the commits of refs. How many secrets are
/// gone by it.
pub fn only_commits(outcome: &mut Outcome) -> usize {
    let before = outcome.findings.len();
    for finding in &mut outcome.findings {
        let beside = finding.story.as_ref().is_some_and(|story| {
            matches!(story.exposure, Exposure::Unreachable | Exposure::Local | Exposure::Reflog)
        });
        finding.occurrences.retain(|place| !beside && matches!(place.origin.root(), Origin::Object { .. }));
        only_introduced(finding);
    }
    drop_empty(outcome);
    before - outcome.findings.len()
}

/// Leave the places where commits brought a secret in: what a patch shows. Later versions of a file that
/// still have it are none.
fn only_introduced(finding: &mut Finding) {
    let Some(story) = finding.story.as_ref().filter(|story| story.introductions <= story.introduced.len())
    else {
        return;
    };
    let there: HashSet<(&str, Option<String>)> = story
        .introduced
        .iter()
        .filter_map(|one| Some((one.note.as_ref()?.id.as_str(), one.path.as_ref().map(ToString::to_string))))
        .collect();
    let brought = |place: &Occurrence| there.contains(&(commit(&place.origin), place.origin.path()));
    if finding.occurrences.iter().any(brought) {
        let kept: Vec<Occurrence> =
            finding.occurrences.iter().filter(|place| brought(place)).cloned().collect();
        finding.occurrences = kept;
    }
}

/// Take out places in files of more than `limit` bytes: how many files.
pub fn only_small(outcome: &mut Outcome, limit: u64) {
    let large = |path: &Path| std::fs::metadata(path).is_ok_and(|about| about.len() > limit);
    for finding in &mut outcome.findings {
        finding.occurrences.retain(|place| !matches!(place.origin.root(), Origin::File(path) if large(path)));
    }
    drop_empty(outcome);
}

fn drop_empty(outcome: &mut Outcome) {
    outcome.findings.retain(|finding| !finding.occurrences.is_empty());
}

fn file(origin: &Origin) -> String {
    origin.path().unwrap_or_default()
}

fn commit(origin: &Origin) -> &str {
    match origin {
        Origin::Object { id, kind: ObjectKind::Commit, commit: None, .. } => id,
        other => other.commit().unwrap_or_default(),
    }
}
