//! Which findings block a commit or a push: those that touch what the change brings in. What stood there
//! before is counted, and blocks nothing.

use crate::finding::{Finding, Occurrence, Outcome};
use crate::origin::Origin;
use crate::source::introduced::{Introduced, Lines, Place};
use std::collections::{BTreeMap, HashMap};

/// What a gate has to say about a change.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The run, with only those findings that the change brings in. Places that still stand at the end of
    /// the change come first.
    pub outcome: Outcome,
    /// Findings on lines that the change does not touch.
    pub older: Vec<Finding>,
    /// How many findings were waived, by the rule that `waived` named.
    pub waived: BTreeMap<String, usize>,
}

/// Sort the findings of a run over `source`, in which the halves of credentials are not joined yet. Rules that `waive` names (or `all`) are let through; the
/// verdict says how often.
pub fn judge(outcome: Outcome, source: &impl Introduced, waive: &[String]) -> Verdict {
    let mut verdict = Verdict::default();
    let mut places = Places::new(source);
    let mut new = Vec::new();
    let mut outcome = outcome;
    for mut finding in std::mem::take(&mut outcome.findings) {
        let occurrences = places.introduced(&finding.occurrences);
        if occurrences.is_empty() {
            verdict.older.push(finding);
        } else if let Some(rule) = waive.iter().find(|rule| **rule == finding.rule || *rule == "all") {
            *verdict.waived.entry(rule.clone()).or_default() += 1;
        } else {
            finding.occurrences = occurrences;
            new.push(finding);
        }
    }
    let mut skipped = std::mem::take(&mut outcome.skipped);
    skipped.extend(places.skipped);
    skipped.sort();
    skipped.dedup();
    verdict.outcome = Outcome { findings: new, skipped, coverage: None, ..outcome };
    verdict.outcome.join();
    verdict
}

/// Asks a source for what is new, once for each input.
pub struct Places<'s, S> {
    source: &'s S,
    known: HashMap<Origin, Vec<Place>>,
    /// What could not be told of: all of it counts as new.
    pub skipped: Vec<crate::error::Skipped>,
}

impl<'s, S: Introduced> Places<'s, S> {
    /// Nothing is asked yet.
    pub fn new(source: &'s S) -> Places<'s, S> {
        Places { source, known: HashMap::new(), skipped: Vec::new() }
    }

    /// Where an input came in, and what was new there.
    pub fn of(&mut self, origin: &Origin) -> &[Place] {
        let (source, skipped) = (self.source, &mut self.skipped);
        // A container that was changed is new as a whole: no lines of it can be told apart.
        let root = origin.root();
        self.known.entry(origin.clone()).or_insert_with(|| {
            let mut places = source.introduced(root).unwrap_or_else(|trouble| {
                skipped.push(trouble);
                vec![Place { origin: root.clone(), lines: Lines::All, last: true }]
            });
            for place in places.iter_mut().filter(|_| root != origin) {
                place.origin = origin.with_root(&place.origin);
                if origin.outer().is_some() {
                    place.lines = Lines::All;
                }
            }
            places
        })
    }

    /// The places of a finding that are new, and where there are any, those that merely show where it
    /// stands at the end: new ones that still stand first, then others that stand, then those that passed.
    fn introduced(&mut self, occurrences: &[Occurrence]) -> Vec<Occurrence> {
        let (mut here, mut still, mut passing) = (Vec::new(), Vec::new(), Vec::new());
        for occurrence in occurrences {
            for place in self.of(&occurrence.origin) {
                let new = place.lines.touch(occurrence.start.line, occurrence.end.line);
                let told = Occurrence { origin: place.origin.clone(), ..occurrence.clone() };
                match (place.last, new) {
                    (true, true) => here.push(told),
                    (true, false) => still.push(told),
                    (false, true) => passing.push(told),
                    (false, false) => {}
                }
            }
        }
        if here.is_empty() && passing.is_empty() {
            return Vec::new();
        }
        here.extend(still);
        here.extend(passing);
        here
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{SkipReason, Skipped};
    use crate::finding::Preview;
    use crate::rules::{Kind, Severity};
    use crate::secret::Secret;
    use crate::text::Position;

    /// Line 2 of `new` and all of `passing` are new; nobody can tell of `unknown`.
    struct Told;

    impl Introduced for Told {
        fn introduced(&self, origin: &Origin) -> Result<Vec<Place>, Skipped> {
            let name = origin.to_string();
            let lines = match name.as_str() {
                "new" => Lines::Some(std::iter::once(2..3).collect()),
                "old" => Lines::Some(Vec::new()),
                "unknown" => {
                    let origin = origin.clone();
                    return Err(Skipped { origin, reason: SkipReason::Corrupt, detail: String::new() });
                }
                _ => Lines::All,
            };
            Ok(vec![Place { origin: origin.clone(), lines, last: name != "passing" }])
        }
    }

    fn finding(rule: &str, places: &[(&str, u64)]) -> Finding {
        let at = |line| Position { line, column: 1 };
        let occurrence = |(name, line): &(&str, u64)| Occurrence {
            origin: Origin::Staged((*name).into()),
            start: at(*line),
            end: at(*line),
            offset: 0,
            length: 1,
            decoded: Vec::new(),
            preview: Preview::default(),
        };
        Finding {
            rule: rule.to_owned(),
            summary: String::new(),
            provider: String::new(),
            kind: Kind::ApiKey,
            severity: Severity::High,
            secret: Secret::new(b"x"),
            written: Vec::new(),
            fingerprint: String::new(),
            details: Vec::new(),
            also: Vec::new(),
            rotate: String::new(),
            refs: Vec::new(),
            occurrences: places.iter().map(occurrence).collect(),
            companions: Vec::new(),
            story: None,
        }
    }

    fn names(finding: &Finding) -> Vec<String> {
        finding.occurrences.iter().map(|one| format!("{}:{}", one.origin, one.start.line)).collect()
    }

    #[test]
    fn only_what_touches_new_lines_blocks() {
        let findings = vec![
            finding("a", &[("passing", 7), ("old", 1), ("new", 2)]),
            finding("b", &[("old", 3), ("new", 1)]),
            finding("c", &[("new", 2)]),
        ];
        let verdict = judge(Outcome { findings, ..Outcome::default() }, &Told, &["c".to_owned()]);
        assert_eq!(verdict.outcome.findings.len(), 1);
        assert_eq!(names(&verdict.outcome.findings[0]), ["new:2", "old:1", "passing:7"]);
        assert_eq!(verdict.older.len(), 1);
        assert_eq!(verdict.waived.get("c"), Some(&1));
        assert_eq!(verdict.outcome.exit_status(), 1);
    }

    #[test]
    fn what_nobody_can_tell_of_is_new_and_said() {
        let findings = vec![finding("a", &[("unknown", 1)])];
        let verdict = judge(Outcome { findings, ..Outcome::default() }, &Told, &[]);
        assert_eq!((verdict.outcome.findings.len(), verdict.outcome.exit_status()), (1, 2));
    }
}
