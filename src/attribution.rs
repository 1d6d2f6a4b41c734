//! Gives the findings of an audit their stories: fills in the path and the commit of each occurrence, and
//! tells where each secret came from and who may have it.

use crate::error::Skipped;
use crate::finding::{
    CommitNote, Exposure, Finding, Introduced, Masks, Occurrence, Outcome, Story, Tip, days,
};
use crate::origin::{ObjectKind, Origin, RepositoryPart};
use crate::source::objects::{ObjectId, Objects};
use crate::source::provenance::{Group, Introduction, Provenance, Scope, Trail, describe};
use crate::source::references::RefClass;
use bstr::BString;
use std::collections::{BTreeMap, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

/// Longest message of a commit that is kept, in characters.
const MESSAGE: usize = 2000;

/// Give every finding its story, as of the moment `now`, and sort findings by urgency. What could not be
/// read meanwhile is added to what was skipped: stories may then lack commits or paths.
pub fn attribute(outcome: &mut Outcome, history: &Provenance<'_>, objects: &dyn Objects, now: SystemTime) {
    let single = singles(outcome);
    let groups: Vec<Group> = outcome
        .findings
        .iter()
        .map(|finding| Group { members: members(finding).into_iter().collect(), refs: true })
        .chain(single.iter().map(|(&id, &kind)| Group { members: vec![(id, kind)], refs: false }))
        .collect();
    if !groups.is_empty() {
        let (mut trails, troubles) = history.trace(&groups);
        let own = trails.split_off(outcome.findings.len());
        let own: HashMap<ObjectId, Trail> = single.into_keys().zip(own).collect();
        let masks = Masks::new(&outcome.findings);
        let now = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
        let mut telling = Telling { history, objects, masks, notes: HashMap::new(), now };
        let stories: Vec<Story> = outcome
            .findings
            .iter()
            .zip(&trails)
            .map(|(finding, trail)| telling.story(finding, trail, &own))
            .collect();
        let Telling { masks, .. } = telling;
        for (finding, story) in outcome.findings.iter_mut().zip(stories) {
            finding.story = Some(story);
            place(finding, &own, &masks);
        }
        outcome.findings.sort_by(|one, other| {
            let first = |finding: &Finding| finding.occurrences.first().cloned();
            let urgency = other.urgency().cmp(&one.urgency());
            urgency.then_with(|| first(one).cmp(&first(other))).then_with(|| one.rule.cmp(&other.rule))
        });
        add_troubles(outcome, troubles);
    }
    mask_refs(outcome);
}

/// Keep what the commits of a scope brought in: of each finding the occurrences in objects that are new
/// in one of them. Findings without any are dropped, and so is what stands beside the objects.
pub fn keep(outcome: &mut Outcome, history: &Provenance<'_>, scope: &Scope) {
    let single = singles(outcome);
    let groups: Vec<Group> =
        single.iter().map(|(&id, &kind)| Group { members: vec![(id, kind)], refs: false }).collect();
    let (trails, troubles) = history.trace(&groups);
    let trails: HashMap<ObjectId, Trail> = single.into_keys().zip(trails).collect();
    let new = |introduction: &Introduction| match introduction.commit {
        Some(commit) => history.counts(scope, &commit),
        None => history.counts_tag(scope, &introduction.object),
    };
    outcome.findings.retain_mut(|finding| {
        finding.occurrences.retain(|occurrence| {
            let trail = object_of(occurrence).and_then(|(id, _)| trails.get(&id));
            trail.is_some_and(|trail| trail.introduced.iter().any(new))
        });
        !finding.occurrences.is_empty()
    });
    add_troubles(outcome, troubles);
}

/// The object that an occurrence stands in.
fn object_of(occurrence: &Occurrence) -> Option<(ObjectId, ObjectKind)> {
    match occurrence.origin.root() {
        Origin::Object { id, kind, .. } => ObjectId::parse(id.as_bytes()).map(|id| (id, *kind)),
        _ => None,
    }
}

/// The objects that hold a secret, each once.
fn members(finding: &Finding) -> BTreeMap<ObjectId, ObjectKind> {
    finding.occurrences.iter().filter_map(object_of).collect()
}

/// The objects that hold any secret.
fn singles(outcome: &Outcome) -> BTreeMap<ObjectId, ObjectKind> {
    outcome.findings.iter().flat_map(members).collect()
}

/// Fill in where each occurrence stands, and sort them: in the order in which they came in.
fn place(finding: &mut Finding, own: &HashMap<ObjectId, Trail>, masks: &Masks) {
    let mut placed: Vec<(u32, Occurrence)> = Vec::with_capacity(finding.occurrences.len());
    for mut occurrence in finding.occurrences.drain(..) {
        let trail = object_of(&occurrence).and_then(|(id, _)| own.get(&id));
        let first = trail.and_then(|trail| trail.introduced.first());
        if let (Some(first), Origin::Object { path, commit, .. }) = (first, occurrence.origin.root_mut()) {
            *path = first.path.as_ref().map(|path| path_of(masks, path));
            *commit = first.commit.map(|commit| commit.to_string());
        }
        let order = trail.and_then(|trail| trail.order).unwrap_or(u32::MAX);
        placed.push((order, occurrence));
    }
    placed.sort();
    placed.dedup_by(|one, other| one.1 == other.1);
    // A name stands in every version of its directory: the first tells of all.
    let mut directories = HashMap::new();
    placed.retain(|(_, occurrence)| match &occurrence.origin {
        Origin::Object { kind: ObjectKind::Tree, path, id, .. } => {
            directories.entry(path.clone()).or_insert_with(|| id.clone()) == id
        }
        _ => true,
    });
    finding.occurrences = placed.into_iter().map(|(_, occurrence)| occurrence).collect();
}

/// A path with all long secrets masked.
fn path_of(masks: &Masks, path: &BString) -> BString {
    masks.bytes(path).into_owned().into()
}

fn add_troubles(outcome: &mut Outcome, troubles: Vec<(ObjectKind, crate::source::objects::ReadError)>) {
    let is_of = |skipped: &Skipped, name: &str| matches!(skipped.origin.root(), Origin::Object { id, .. } if id == name);
    for (kind, error) in troubles {
        let id = error.id.to_string();
        if !outcome.skipped.iter().any(|skipped| is_of(skipped, &id)) {
            let origin = Origin::Object { id, kind, path: None, commit: None };
            outcome.skipped.push(Skipped { origin, reason: error.reason, detail: error.detail });
        }
    }
    outcome.skipped.sort();
}

/// Names of refs are texts of strangers, too.
fn mask_refs(outcome: &mut Outcome) {
    let masks = Masks::new(&outcome.findings);
    for (name, _) in outcome.coverage.iter_mut().flat_map(|coverage| &mut coverage.refs) {
        *name = masks.text(name.as_bytes(), None);
    }
}

/// Makes stories of trails.
struct Telling<'a> {
    history: &'a Provenance<'a>,
    objects: &'a dyn Objects,
    masks: Masks,
    notes: HashMap<ObjectId, Option<CommitNote>>,
    /// Seconds since 1970.
    now: i64,
}

impl Telling<'_> {
    fn story(&mut self, finding: &Finding, trail: &Trail, own: &HashMap<ObjectId, Trail>) -> Story {
        let exposure = self.exposure(finding, trail);
        let introduced: Vec<Introduced> = trail
            .introduced
            .iter()
            .take(Story::INTRODUCTIONS)
            .map(|introduction| self.introduced(finding, introduction))
            .collect();
        let removed = trail.removed.iter().take(Story::INTRODUCTIONS);
        let removed: Vec<CommitNote> = removed.filter_map(|&id| self.note(id)).collect();
        let last_seen = trail.last_seen.and_then(|id| self.note(id));
        let since = introduced.iter().filter_map(|one| one.note.as_ref()).map(|note| note.seconds).min();
        let references = &self.history.references().all;
        let name = |masks: &Masks, index: u32| masks.text(references[index as usize].name.as_bytes(), None);
        let tips: Vec<Tip> = trail
            .tips
            .iter()
            .map(|(index, path)| Tip {
                class: references[*index as usize].class,
                name: name(&self.masks, *index),
                path: path.as_ref().map(|path| path_of(&self.masks, path)),
            })
            .collect();
        let gone = removed.iter().map(|note| note.seconds).max();
        let until = if tips.is_empty() { gone } else { Some(self.now) };
        let mut notes = BTreeMap::new();
        for first in members(finding).keys().filter_map(|id| own.get(id)?.introduced.first()) {
            let id = first.commit.unwrap_or(first.object);
            notes.extend(self.note(id).map(|note| (id.to_string(), note)));
        }
        Story {
            exposure,
            notes,
            introductions: trail.introduced.len(),
            paths: trail
                .paths
                .iter()
                .map(|(path, commit)| (path_of(&self.masks, path), commit.map(|id| id.to_string())))
                .collect(),
            refs: trail.holders.iter().map(|&index| name(&self.masks, index)).collect(),
            days_in_history: since.map(|since| days(since, self.now)),
            days_in_tips: since.zip(until).map(|(since, until)| days(since, until)),
            introduced,
            removed,
            last_seen,
            tips,
        }
    }

    fn exposure(&self, finding: &Finding, trail: &Trail) -> Exposure {
        let beside = finding.occurrences.iter().filter_map(|occurrence| match &occurrence.origin {
            Origin::Repository { part: RepositoryPart::Ref, name } => {
                let of_name =
                    |class: &RefClass, known: &str| name == known.as_bytes() && *class != RefClass::Log;
                let mut all = self.history.references().all.iter();
                let known = all.find(|reference| of_name(&reference.class, &reference.name));
                Some(known.map_or(Exposure::Ref, |reference| Exposure::through(reference.class)))
            }
            Origin::Repository { part: RepositoryPart::Reflog, .. } => Some(Exposure::Reflog),
            Origin::Repository { .. } => Some(Exposure::Local),
            _ => None,
        });
        let led = trail.classes.iter().map(|&class| Exposure::through(class));
        let nothing = members(finding).first_key_value().map(|_| Exposure::Unreachable);
        beside.chain(led).chain(nothing).min().unwrap_or(Exposure::Local)
    }

    fn introduced(&mut self, finding: &Finding, introduction: &Introduction) -> Introduced {
        let by = introduction.commit.unwrap_or(introduction.object);
        let object = introduction.object.to_string();
        let inside = finding.occurrences.iter().find(
            |occurrence| matches!(occurrence.origin.root(), Origin::Object { id, .. } if *id == object),
        );
        let by_tag = inside.is_some_and(|occurrence| {
            matches!(occurrence.origin, Origin::Object { kind: ObjectKind::Tag, .. })
        });
        Introduced {
            note: if by_tag || introduction.commit.is_some() { self.note(by) } else { None },
            by_tag,
            path: introduction.path.as_ref().map(|path| path_of(&self.masks, path)),
            // A line of a member is no line of the file.
            line: inside.filter(|one| one.origin.outer().is_none()).map(|one| one.start.line),
            at_latest: introduction.at_latest,
        }
    }

    /// A commit or tag as reports name it, read once.
    fn note(&mut self, id: ObjectId) -> Option<CommitNote> {
        if let Some(note) = self.notes.get(&id) {
            return note.clone();
        }
        let told = describe(self.objects, &id).map(|author| CommitNote {
            id: id.to_string(),
            author: self.masks.text(&author.name, Some(&id.to_string())),
            email: self.masks.text(&author.email, Some(&id.to_string())),
            seconds: author.seconds,
            zone: author.zone,
            message: {
                let whole = self.masks.text(&author.message, Some(&id.to_string()));
                whole.trim().chars().take(MESSAGE).collect()
            },
        });
        self.notes.insert(id, told.clone());
        told
    }
}

#[cfg(test)]
mod tests;
