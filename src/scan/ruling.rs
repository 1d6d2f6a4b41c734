//! What policy makes of hits: hits of the same secret become one finding, what is allowed or known is set
//! aside with the reason, and what settings switch off at a path is dropped.

use super::comments::Used;
use super::places::nearest;
use super::{Hit, Scan, path_of};
use crate::engine::{self};
use crate::finding::{By, Finding, Note, NoteKind, Occurrence, Suppressed, Suppression, Told};
use crate::origin::{Origin, slashed};
use crate::policy::baseline::Scope as BaselineScope;
use crate::policy::comment::{self, Pragma, Said};
use crate::policy::{Asked, Layer, State};
use crate::rules::{RuleIndex, Severity};
use crate::secret::{Secret, Stretch};
use bstr::ByteSlice;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Secrets from which on several threads work out identities.
const MANY: usize = 4;

/// Stale entries of one kind that are told one by one.
const NOTES: usize = 50;

/// What becomes of a place.
pub(super) enum Ruling {
    /// It is reported, by this rule and severity.
    Report(RuleIndex, Severity),
    /// It is known or allowed.
    Suppressed(Suppression),
    /// No rule that is in force there found it.
    Off,
}

/// What is asked about: a place of a secret.
#[derive(Clone)]
struct Case<'a> {
    rules: &'a [RuleIndex],
    secret: &'a Secret,
    fingerprint: &'a str,
    comments: &'a [Pragma],
    /// The rule that names the finding, whichever is in force here.
    named: RuleIndex,
    /// For each layer of the place, the topmost first, the entries whose `line` matched.
    marks: &'a [Vec<u32>],
    path: Option<PathBuf>,
    /// The paths of the containers that it is in, the innermost first.
    around: Vec<PathBuf>,
    /// The path is told later.
    early: bool,
}

impl Scan {
    /// Hits of the same secret become one finding; the surest and most specific rule names it. With
    /// `early` the paths of objects are not known yet. Also told is which findings are halves of one credential, and which comments are of `used`.
    pub(super) fn merge(
        &self,
        mut hits: Vec<Hit>,
        early: bool,
        used: &mut Used,
    ) -> (Vec<Finding>, Vec<(String, String)>, Told) {
        hits.sort_by(|one, other| one.occurrence.cmp(&other.occurrence).then(one.rule.cmp(&other.rule)));
        let mut groups = grouped(hits);
        groups.iter_mut().for_each(nearest);
        let ids = self.identities(&groups);
        let place: HashMap<&Secret, &String> =
            groups.iter().map(|group| &group[0].secret).zip(&ids).collect();
        let pairs: Vec<(String, String)> = groups
            .iter()
            .flatten()
            .filter_map(|hit| {
                let companion = hit.pair.as_ref()?;
                Some((place.get(&hit.secret)?.to_string(), place.get(companion)?.to_string()))
            })
            .collect();
        drop(place);
        let mut told = Told::default();
        let mut findings = Vec::new();
        for (group, fingerprint) in groups.into_iter().zip(&ids) {
            let Some(named) = self.owner(&group) else { continue };
            let mut reported = Vec::new();
            let mut suppressed: BTreeMap<Suppression, Vec<(Hit, RuleIndex, Severity)>> = BTreeMap::new();
            for hit in group {
                self.note(&hit, &mut told.notes);
                let names = std::iter::once(named).chain([hit.rule]).chain(hit.also.iter().copied());
                let names: Vec<&str> = names.map(|rule| self.engine.rules().get(rule).id.as_ref()).collect();
                used.note(&hit.occurrence.origin, &hit.comments, &names);
                match self.rule_on_hit(&hit, named, fingerprint, early) {
                    Ruling::Report(rule, severity) => reported.push((hit, rule, severity)),
                    Ruling::Suppressed(why) => {
                        let severity = self.engine.rules().get(hit.rule).severity;
                        let rule = hit.rule;
                        suppressed.entry(why).or_default().push((hit, rule, severity));
                    }
                    Ruling::Off => {}
                }
            }
            findings.extend(self.finding(reported, fingerprint));
            for (why, hits) in suppressed {
                let finding = self.finding(hits, fingerprint);
                told.suppressed.extend(finding.map(|finding| Suppressed { finding, why }));
            }
        }
        told.notes.sort();
        told.notes.dedup();
        (findings, pairs, told)
    }

    /// The identity of each group's secret: slow for some, so several threads share the work.
    fn identities(&self, groups: &[Vec<Hit>]) -> Vec<String> {
        let one = |stretch: &mut Stretch, group: &Vec<Hit>| {
            group[0].secret.fingerprint_with("", &self.salt, stretch)
        };
        match groups.len() < MANY {
            true => {
                let mut stretch = Stretch::default();
                groups.iter().map(|group| one(&mut stretch, group)).collect()
            }
            false => groups.par_iter().map_init(Stretch::default, one).collect(),
        }
    }

    /// The rule of the surest and most specific of some hits.
    pub(super) fn owner(&self, hits: &[Hit]) -> Option<RuleIndex> {
        let rank = |hit: &&Hit| engine::specificity(self.engine.rules(), hit.rule, hit.certainty);
        hits.iter().max_by_key(rank).map(|hit| hit.rule)
    }

    fn note(&self, hit: &Hit, notes: &mut Vec<Note>) {
        let id = self.engine.rules().get(hit.rule).id.as_ref();
        if let Said::NoMore(text) = comment::said(&hit.comments, &[id]) {
            notes.push(Note {
                kind: NoteKind::ExpiredComment,
                place: format!("{}:{}", hit.occurrence.origin, hit.occurrence.start.line),
                text: format!("the comment that allows `{id}` here {text}"),
            });
        }
    }

    /// What becomes of a hit of a secret whose finding rule `named` would name.
    pub(super) fn rule_on_hit(&self, hit: &Hit, named: RuleIndex, fingerprint: &str, early: bool) -> Ruling {
        let mut rules = vec![hit.rule];
        rules.extend(hit.also.iter().copied());
        self.rule_on(&Case {
            rules: &rules,
            secret: &hit.secret,
            fingerprint,
            comments: &hit.comments,
            named,
            marks: &hit.marks,
            path: self.place_of(&hit.occurrence.origin),
            around: self.around(&hit.occurrence.origin),
            early: early && is_unplaced(&hit.occurrence.origin),
        })
    }

    fn rule_on(&self, case: &Case<'_>) -> Ruling {
        let rules = self.engine.rules();
        // Names in containers come from strangers: they choose no file of settings.
        let path = case.around.last().or(case.path.as_ref()).map(PathBuf::as_path);
        let layers = self.cascade.layers_of(path, rules);
        let named = self.path_for_rules(case.path.as_deref());
        let state = |&rule: &RuleIndex| {
            let mut state = self.cascade.state(&layers, rule, path, self.states[rule.0 as usize]);
            state.on &= self.paths.hold(rule, named.as_deref());
            (rule, state)
        };
        let in_force = case.rules.iter().map(state).find(|(_, state)| state.on || case.early);
        let Some((rule, State { severity, .. })) = in_force else { return Ruling::Off };
        let ids = [rules.get(rule).id.as_ref(), rules.get(case.named).id.as_ref()];
        match self.suppression(case, &ids, &layers) {
            Some(why) => Ruling::Suppressed(why),
            None => Ruling::Report(rule, severity),
        }
    }

    /// The path that rules for some files only look at: from where the paths of the configuration start,
    /// where it lies below that. Only made where there are such rules.
    fn path_for_rules(&self, path: Option<&Path>) -> Option<String> {
        if self.paths.is_empty() {
            return None;
        }
        path.map(|path| slashed(path.strip_prefix(&self.cascade.base().root).unwrap_or(path)))
    }

    fn suppression(&self, case: &Case<'_>, rules: &[&str], layers: &[Arc<Layer>]) -> Option<Suppression> {
        if let Said::Allowed(comment) = comment::said(case.comments, rules) {
            return Some(Suppression {
                by: By::Comment,
                reason: comment.reason.clone(),
                owner: comment.owner.clone(),
                expires: comment.expires.clone(),
                place: None,
            });
        }
        for (depth, layer) in layers.iter().enumerate() {
            let asked = |path| Asked {
                rules,
                path,
                fingerprint: case.fingerprint,
                secret: case.secret,
                lines: case.marks.get(depth).map_or(&[], Vec::as_slice),
            };
            // An entry for a container speaks for its members.
            let around = case.around.iter().map(|path| Some(path.as_path()));
            let mut paths = std::iter::once(case.path.as_deref()).chain(around);
            if let Some(number) = paths.find_map(|path| layer.allow.find(&asked(path))) {
                let entry = &layer.allow.entries()[number];
                return Some(Suppression {
                    by: By::Entry,
                    reason: entry.reason.clone(),
                    owner: entry.owner.clone(),
                    expires: entry.expires.clone(),
                    place: Some(layer.place(number)),
                });
            }
        }
        self.baseline.as_ref().is_some_and(|baseline| baseline.knows(case.fingerprint)).then(|| Suppression {
            by: By::Baseline,
            reason: String::new(),
            owner: None,
            expires: None,
            place: None,
        })
    }

    /// One finding of hits of one secret.
    fn finding(&self, hits: Vec<(Hit, RuleIndex, Severity)>, fingerprint: &str) -> Option<Finding> {
        let rules = self.engine.rules();
        let rank =
            |(hit, rule, _): &&(Hit, RuleIndex, Severity)| engine::specificity(rules, *rule, hit.certainty);
        let owner = hits.iter().max_by_key(rank)?.1;
        let rule = rules.get(owner);
        let mut also: Vec<RuleIndex> =
            hits.iter().flat_map(|(hit, own, _)| hit.also.iter().copied().chain([hit.rule, *own])).collect();
        also.sort_unstable();
        also.dedup();
        also.retain(|&index| index != owner);
        let severity = hits.iter().filter(|hit| hit.1 == owner).map(|hit| hit.2).max();
        let secret = hits[0].0.secret.clone();
        let details = engine::details(rule, secret.reveal());
        let mut written: Vec<Secret> = Vec::new();
        for form in hits.iter().filter_map(|(hit, ..)| hit.written.as_ref()) {
            if !written.contains(form) {
                written.push(form.clone());
            }
        }
        let mut occurrences: Vec<Occurrence> = hits.into_iter().map(|(hit, ..)| hit.occurrence).collect();
        occurrences.dedup();
        Some(Finding {
            rule: rule.id.to_string(),
            summary: rule.summary.to_string(),
            provider: rule.provider.to_string(),
            kind: rule.kind,
            severity: severity.unwrap_or(rule.severity),
            secret,
            fingerprint: fingerprint.to_owned(),
            details,
            also: also.into_iter().map(|index| rules.get(index).id.to_string()).collect(),
            rotate: rule.rotate.to_string(),
            refs: rule.refs.iter().map(ToString::to_string).collect(),
            written,
            occurrences,
            companions: Vec::new(),
            story: None,
        })
    }

    /// Ask again about the places of a finding, now that the paths of objects are known: those that are
    /// allowed there are set aside, and those where no rule is in force are dropped. `marks` gives what
    /// [`Scan::marks`] said of a place.
    pub(super) fn settle_finding(
        &self,
        finding: &mut Finding,
        marks: &dyn Fn(&Occurrence) -> Vec<Vec<u32>>,
        told: &mut Told,
    ) {
        let Some((rule, _)) = self.engine.rules().by_id(&finding.rule) else { return };
        let mut worst: Option<Severity> = None;
        let mut suppressed: BTreeMap<Suppression, Vec<Occurrence>> = BTreeMap::new();
        let mut also = vec![rule];
        also.extend(
            finding.also.iter().filter_map(|id| self.engine.rules().by_id(id)).map(|(index, _)| index),
        );
        let mut kept = Vec::new();
        let elsewhere = self.other_paths(finding);
        for occurrence in std::mem::take(&mut finding.occurrences) {
            if !matches!(occurrence.origin.root(), Origin::Object { .. }) {
                kept.push(occurrence);
                continue;
            }
            let case = Case {
                rules: &also,
                secret: &finding.secret,
                fingerprint: &finding.fingerprint,
                comments: &[],
                named: rule,
                marks: &marks(&occurrence),
                path: self.place_of(&occurrence.origin),
                around: self.around(&occurrence.origin),
                early: false,
            };
            // One object of git may stand at several paths, and occurrences tell only the first.
            let others = elsewhere.iter().map(|path| {
                let root = Origin::Staged(path.as_os_str().as_encoded_bytes().into());
                let origin = occurrence.origin.with_root(&root);
                Case { path: self.place_of(&origin), around: self.around(&origin), ..case.clone() }
            });
            let gravest = std::iter::once(case.clone())
                .chain(others)
                .filter_map(|case| match self.rule_on(&case) {
                    Ruling::Report(_, severity) => Some(severity),
                    _ => None,
                })
                .max();
            if let Some(severity) = gravest {
                worst = worst.max(Some(severity));
                kept.push(occurrence);
                continue;
            }
            match self.rule_on(&case) {
                Ruling::Report(..) => {}
                Ruling::Suppressed(why) => suppressed.entry(why).or_default().push(occurrence),
                Ruling::Off => {}
            }
        }
        for (why, occurrences) in suppressed {
            let aside = Finding { occurrences, story: None, ..finding.clone() };
            told.suppressed.push(Suppressed { finding: aside, why });
        }
        if let Some(worst) = worst {
            finding.severity = worst;
        }
        finding.occurrences = kept;
    }

    /// The paths of a finding's story that none of its occurrences tells.
    fn other_paths(&self, finding: &Finding) -> Vec<PathBuf> {
        let told: Vec<PathBuf> =
            finding.occurrences.iter().filter_map(|one| self.place_of(&one.origin)).collect();
        let paths = finding.story.iter().flat_map(|story| &story.paths);
        paths
            .map(|(path, _)| PathBuf::from(path.to_str_lossy().into_owned()))
            .map(|path| self.cascade.top().map_or(path.clone(), |top| top.join(&path)))
            .filter(|path| !told.contains(path))
            .collect()
    }

    /// For each layer that has a say about a place, the entries whose `line` matches its line; nothing
    /// where none asks for lines.
    pub(super) fn marks(&self, path: Option<&Path>, line: &[u8]) -> Vec<Vec<u32>> {
        let layers = self.cascade.layers_of(path, self.engine.rules());
        match layers.iter().any(|layer| layer.allow.asks_for_lines()) {
            true => layers.iter().map(|layer| layer.allow.lines(line)).collect(),
            false => Vec::new(),
        }
    }

    /// The path that settings are asked about: absolute, where there is one.
    pub(super) fn place_of(&self, origin: &Origin) -> Option<PathBuf> {
        if matches!(origin.root(), Origin::Repository { .. }) {
            return None;
        }
        let path = path_of(origin)?;
        Some(match self.cascade.top() {
            Some(top) if path.is_relative() => top.join(path),
            _ => path,
        })
    }

    /// The paths of the containers that a place is in, the innermost first.
    fn around(&self, origin: &Origin) -> Vec<PathBuf> {
        std::iter::successors(origin.outer(), |origin| origin.outer())
            .filter_map(|origin| self.place_of(origin))
            .collect()
    }

    /// Say in an outcome what is stale: expired entries, and, where the run looked at all that settings are
    /// about (`whole`), entries that matched nothing and known findings that are gone.
    pub fn tell_stale(&self, told: &mut Told, whole: bool) {
        for layer in self.cascade.layers() {
            let mut put = |numbers: Vec<usize>, kind: NoteKind| {
                for &number in numbers.iter().take(NOTES) {
                    let entry = &layer.allow.entries()[number];
                    let what = match kind {
                        NoteKind::ExpiredEntry => {
                            format!("expired on {}", entry.expires.as_deref().unwrap_or_default())
                        }
                        _ => "matches nothing here".to_owned(),
                    };
                    let text = format!("the [[allow]] entry for {} {what}", entry.about());
                    told.notes.push(Note { kind, place: layer.place(number), text });
                }
                if let Some(last) = numbers.last().filter(|_| numbers.len() > NOTES) {
                    let text = format!("and {} more up to here", numbers.len() - NOTES);
                    told.notes.push(Note { kind, place: layer.place(*last), text });
                }
            };
            put(layer.allow.expired(), NoteKind::ExpiredEntry);
            // Entries made from another scanner's file stand in no file of ours: nobody can take them out.
            if whole && layer.file.is_some() {
                put(layer.allow.unused(), NoteKind::UnusedEntry);
            }
        }
        let known = self.baseline.as_ref().filter(|baseline| whole && baseline.scope == BaselineScope::Tree);
        let (count, gone) = known.map(|known| known.first_gone(NOTES)).unwrap_or_default();
        let mut put = |text| {
            let place = self.baseline_path.display().to_string();
            told.notes.push(Note { kind: NoteKind::GoneEntry, place, text });
        };
        let told_of = gone.len();
        for entry in gone {
            let path = if entry.path.is_empty() { String::new() } else { format!(" in {}", entry.path) };
            put(format!("{} ({}{path}) no longer occurs", &entry.fingerprint[..12], entry.rule));
        }
        if count > told_of {
            put(format!("{} more no longer occur: `sekisho baseline check` lists them", count - told_of));
        }
        told.notes.sort();
        told.notes.dedup();
    }
}

/// Hits of one secret together, in the order of the first of each.
fn grouped(hits: Vec<Hit>) -> Vec<Vec<Hit>> {
    let mut by_secret: HashMap<Secret, usize> = HashMap::new();
    let mut groups: Vec<Vec<Hit>> = Vec::new();
    for hit in hits {
        match by_secret.get(&hit.secret) {
            Some(&group) => groups[group].push(hit),
            None => {
                by_secret.insert(hit.secret.clone(), groups.len());
                groups.push(vec![hit]);
            }
        }
    }
    groups
}

fn is_unplaced(origin: &Origin) -> bool {
    matches!(origin.root(), Origin::Object { path: None, .. })
}
