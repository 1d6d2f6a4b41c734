//! What is not reported: the entries of ignore files and of a baseline, as gitleaks takes them, and what
//! gitleaks does not look at.

use crate::finding::{Exposure, Finding, Occurrence, Outcome};
use crate::gate::Places;
use crate::origin::Origin;
use crate::report::commit;
use crate::rules::import::Known;
use crate::secret::Secret;
use crate::source::introduced::Introduced;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// A secret of a baseline that is shorter (bytes) may stand in another one by chance: it holds for its
/// own line only.
const LONG: usize = 12;

/// Places by file and line, and secrets by file.
pub struct Accepted<'a> {
    by_place: HashMap<(&'a str, u64), Vec<&'a Known>>,
    by_file: HashMap<&'a str, Vec<&'a Known>>,
    /// What the rules of the entries are called here.
    names: HashMap<&'a str, Vec<String>>,
}

impl<'a> Accepted<'a> {
    /// What people have accepted. `named` tells what a rule of the other scanner is called here.
    pub fn new(known: &'a [Known], named: &dyn Fn(&str) -> Vec<String>) -> Accepted<'a> {
        let mut accepted =
            Accepted { by_place: HashMap::new(), by_file: HashMap::new(), names: HashMap::new() };
        for known in known {
            accepted.names.entry(&known.rule).or_insert_with(|| named(&known.rule));
            match known.secret {
                Some(_) => accepted.by_file.entry(&known.file).or_default().push(known),
                None => accepted.by_place.entry((&known.file, known.line)).or_default().push(known),
            }
        }
        accepted
    }

    fn holds(&self, finding: &Finding, place: &Occurrence) -> bool {
        let file = file(&place.origin);
        let commit = commit(&place.origin);
        let line = place.start.line;
        let same_commit = |known: &&&Known| {
            let theirs = known.commit.as_deref().unwrap_or_default();
            theirs.is_empty() || (!commit.is_empty() && commit.starts_with(theirs))
        };
        let placed = self.by_place.get(&(file.as_str(), line)).into_iter().flatten();
        let valued = self.by_file.get(file.as_str()).into_iter().flatten();
        placed.filter(same_commit).any(|known| self.same_rule(known, finding))
            || valued.filter(same_commit).any(|known| {
                let theirs = known.secret.as_ref().map(Secret::reveal);
                theirs.is_some_and(|theirs| same(finding.secret.reveal(), theirs, known.line == line))
            })
    }

    /// An entry holds for the rules that its rule is called by here, and for any where it has no counterpart.
    fn same_rule(&self, known: &Known, finding: &Finding) -> bool {
        let names = self.names.get(known.rule.as_str()).map_or(&[][..], Vec::as_slice);
        known.rule == finding.rule
            || names.is_empty()
            || names.iter().any(|name| *name == finding.rule || finding.also.contains(name))
    }

    /// Take accepted places out of an outcome.
    pub fn take_out(&self, outcome: &mut Outcome) {
        if self.by_place.is_empty() && self.by_file.is_empty() {
            return;
        }
        for finding in &mut outcome.findings {
            let places = std::mem::take(&mut finding.occurrences);
            finding.occurrences = places.into_iter().filter(|place| !self.holds(finding, place)).collect();
        }
        drop_empty(outcome);
    }
}

/// Is their secret ours? The two scanners may cut one differently.
fn same(own: &[u8], theirs: &[u8], same_line: bool) -> bool {
    let inside = |one: &[u8], other: &[u8]| {
        (same_line || one.len() >= LONG) && memchr::memmem::find(other, one).is_some()
    };
    inside(theirs, own) || inside(own, theirs)
}

/// Make findings of the halves of credentials, as gitleaks tells them: what is accepted of the one says
/// nothing of the other.
pub fn apart(outcome: &mut Outcome) {
    let halves = |mut finding: Finding| {
        let companions = std::mem::take(&mut finding.companions);
        std::iter::once(finding).chain(companions)
    };
    outcome.findings = std::mem::take(&mut outcome.findings).into_iter().flat_map(halves).collect();
}

/// How many places there are.
pub fn places(outcome: &Outcome) -> usize {
    outcome.findings.iter().map(|finding| finding.occurrences.len()).sum()
}

/// Leave the places that are new in `source`: another version of a file also has what was there before.
pub fn only_new(outcome: &mut Outcome, source: &impl Introduced) {
    let mut places = Places::new(source);
    for finding in &mut outcome.findings {
        finding.occurrences.retain(|place| {
            let mut came_in = places.of(&place.origin).iter();
            came_in.any(|one| one.lines.touch(place.start.line, place.end.line))
        });
    }
    outcome.skipped.extend(places.skipped);
    outcome.skipped.sort();
    outcome.skipped.dedup();
    drop_empty(outcome);
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

/// Take out places in files of more than `limit` bytes.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{at, finding};
    use crate::rules::import::known;

    fn known(line: u64, commit: Option<&str>, secret: Option<&[u8]>) -> Known {
        let commit = commit.map(str::to_owned);
        let secret = secret.map(Secret::new);
        Known { commit, file: "a.py".to_owned(), rule: "theirs".to_owned(), line, secret }
    }

    /// How many of some findings at line 3 of `a.py` are left.
    fn left(known: &[Known], names: &[&str], secret: &[u8], origin: Option<Origin>) -> usize {
        let mut found = finding("ours", secret);
        let place = at("a.py", 3, 1);
        found.occurrences = vec![Occurrence { origin: origin.unwrap_or(place.origin.clone()), ..place }];
        let mut outcome = Outcome { findings: vec![found], ..Outcome::default() };
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Accepted::new(known, &|_| names.clone()).take_out(&mut outcome);
        outcome.findings.len()
    }

    #[test]
    fn an_entry_holds_for_its_commit_and_its_rule() {
        let secret = b"abcdefghijklmnop";
        assert_eq!(left(&[known(3, None, None)], &[], secret, None), 0);
        assert_eq!(left(&[known(4, None, None)], &[], secret, None), 1);
        assert_eq!(left(&[known(3, None, None)], &["ours"], secret, None), 0);
        assert_eq!(
            left(&[known(3, None, None)], &["other"], secret, None),
            1,
            "its rule is here and is another"
        );
        let object = |commit: &str| Origin::Object {
            id: "77".to_owned(),
            kind: crate::origin::ObjectKind::Blob,
            path: Some("a.py".into()),
            commit: Some(commit.to_owned()),
        };
        let of_commit = [known(3, Some("cafe"), None)];
        assert_eq!(left(&of_commit, &[], secret, Some(object("cafe01"))), 0);
        assert_eq!(left(&of_commit, &[], secret, Some(object("beef01"))), 1);
        assert_eq!(left(&of_commit, &[], secret, None), 1, "a file is in no commit");
    }

    #[test]
    fn secrets_of_a_baseline_hold_where_they_are_surely_the_same() {
        let left = |line, theirs: &[u8], own: &[u8]| left(&[known(line, None, Some(theirs))], &[], own, None);
        assert_eq!(left(3, b"pass", b"password"), 0);
        assert_eq!(left(9, b"pass", b"password"), 1, "short, and on another line");
        assert_eq!(left(9, b"password1234", b"xpassword1234x"), 0);
        assert_eq!(left(9, b"key=password1234", b"password1234"), 0);
        assert_eq!(left(9, b"a long text with ab in it", b"ab"), 1);
        assert_eq!(left(3, b"password1234", b"password4321"), 1);
    }

    #[test]
    fn companions_do_not_vanish_with_their_finding() {
        let mut found = finding("ours", b"abcdefghijklmnop");
        found.occurrences = vec![at("a.py", 3, 1)];
        let mut half = finding("half", b"ponmlkjihgfedcba");
        half.occurrences = vec![at("b.py", 7, 1)];
        let mut other = finding("other", b"0123456789abcdef");
        other.occurrences = vec![at("a.py", 3, 60)];
        found.companions = vec![other, half];
        let mut outcome = Outcome { findings: vec![found], ..Outcome::default() };
        apart(&mut outcome);
        assert_eq!(places(&outcome), 3);
        Accepted::new(&[known::entry("a.py:theirs:3").unwrap()], &|_| Vec::new()).take_out(&mut outcome);
        let rules: Vec<&str> = outcome.findings.iter().map(|finding| finding.rule.as_str()).collect();
        assert_eq!((rules, places(&outcome)), (vec!["half"], 1));
    }
}
