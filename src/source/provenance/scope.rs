//! Which commits count: a range, those since a date, those that some refs lead to.

use super::super::git::resolve;
use super::super::objects::{ObjectId, ReadError};
use super::super::references::Reference;
use super::Provenance;
use super::graph::{Number, Root};
use super::pruned::{Entry, EntryKind};
use crate::error::{Error, SkipReason};
use crate::origin::ObjectKind;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use jiff::{Span, Timestamp, ZonedDateTime, civil, tz::TimeZone};
use std::collections::{BTreeSet, HashSet};
use std::path::Path;

/// What the user asked for. With nothing set everything counts.
#[derive(Clone, Debug, Default)]
pub struct ScopeArguments {
    /// `A..B` (in B and not in A), `A...B` (in one of them), or `B`; a missing side is HEAD. An id of
    /// zeros for A, as hooks and CI services give for a new branch, stands for nothing.
    pub range: Option<String>,
    /// A date, a date with a time, `@seconds`, or a span such as `2 weeks ago`.
    pub since: Option<String>,
    /// Patterns for refs, with `*` for anything: `refs/heads/*`, `release-*`, `main`.
    pub refs: Vec<String>,
}

impl ScopeArguments {
    /// True where everything counts.
    pub fn is_empty(&self) -> bool {
        self.range.is_none() && self.since.is_none() && self.refs.is_empty()
    }
}

impl std::fmt::Display for ScopeArguments {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let range = self.range.iter().map(|range| format!("--range {range}"));
        let since = self.since.iter().map(|since| format!("--since '{since}'"));
        let refs = self.refs.iter().map(|glob| format!("--refs '{glob}'"));
        out.write_str(&range.chain(since).chain(refs).collect::<Vec<_>>().join(" "))
    }
}

/// The commits that count.
#[derive(Clone, Debug)]
pub struct Scope {
    /// By number.
    counts: Vec<bool>,
}

impl Provenance<'_> {
    /// The commits that count in the repository that holds `start`.
    ///
    /// # Errors
    /// A revision that does not exist, a date that cannot be read, a pattern that no ref matches.
    pub fn scope(&self, start: &Path, arguments: &ScopeArguments) -> Result<Scope, Error> {
        let mut counts = vec![true; self.graph().commits.len()];
        let mut narrow = |keep: Vec<bool>| counts.iter_mut().zip(keep).for_each(|(one, keep)| *one &= keep);
        if let Some(range) = &arguments.range {
            narrow(self.in_range(start, range)?);
        }
        if let Some(since) = &arguments.since {
            let since = date(since, &ZonedDateTime::now())?.as_second();
            narrow(self.graph().commits.iter().map(|commit| commit.time >= since).collect());
        }
        if !arguments.refs.is_empty() {
            narrow(self.reachable(self.matching(&arguments.refs)?));
        }
        Ok(Scope { counts })
    }

    /// True where the commit counts.
    pub fn counts(&self, scope: &Scope, commit: &ObjectId) -> bool {
        self.graph().numbers.get(commit).is_some_and(|&number| scope.counts[number as usize])
    }

    /// True where an annotated tag leads to a commit that counts.
    pub fn counts_tag(&self, scope: &Scope, tag: &ObjectId) -> bool {
        let mut tips = self.graph().tagged.get(tag).into_iter().flatten();
        tips.any(|&index| self.graph().tips[index].is_some_and(|tip| scope.counts[tip as usize]))
    }

    fn in_range(&self, start: &Path, range: &str) -> Result<Vec<bool>, Error> {
        let side = |text: &str| -> Result<Vec<bool>, Error> {
            let text = if text.is_empty() { "HEAD" } else { text };
            if text.len() >= 40 && text.bytes().all(|byte| byte == b'0') {
                return Ok(vec![false; self.graph().commits.len()]);
            }
            let number = self.commit_named(start, text)?;
            Ok(self.reachable([number]))
        };
        if let Some((one, other)) = range.split_once("...") {
            let (one, other) = (side(one)?, side(other)?);
            return Ok(one.into_iter().zip(other).map(|(one, other)| one != other).collect());
        }
        if let Some((without, with)) = range.split_once("..") {
            let (without, with) = (side(without)?, side(with)?);
            return Ok(without.into_iter().zip(with).map(|(without, with)| with && !without).collect());
        }
        side(range)
    }

    fn commit_named(&self, start: &Path, text: &str) -> Result<Number, Error> {
        let unknown = |reason: String| Error::Git {
            what: format!("--range: `{text}`"),
            reason,
            remedy:
                "name a branch, a tag or a commit; a shallow clone may not have it: fetch more of the history"
                    .to_owned(),
        };
        let id = match ObjectId::parse(text.as_bytes()) {
            Some(id) => id,
            None => resolve(start, text).map_err(unknown)?,
        };
        self.graph()
            .numbers
            .get(&id)
            .copied()
            .ok_or_else(|| unknown("is no commit of this repository".to_owned()))
    }

    /// Everything that these commits lead to, themselves included.
    fn reachable(&self, from: impl IntoIterator<Item = Number>) -> Vec<bool> {
        let mut marks = vec![false; self.graph().commits.len()];
        from.into_iter().for_each(|number| marks[number as usize] = true);
        for number in (0..marks.len()).rev() {
            if marks[number] {
                for &parent in &self.graph().commits[number].parents {
                    marks[parent as usize] = true;
                }
            }
        }
        marks
    }

    /// The tips of the refs that match one of the patterns.
    fn matching(&self, patterns: &[String]) -> Result<Vec<Number>, Error> {
        let globs = globs(patterns)?;
        let all = self.references.all.iter().zip(&self.graph().tips);
        let found = all.filter(|(reference, _)| matches(&globs, reference));
        let tips: Vec<Number> = found.filter_map(|(_, tip)| *tip).collect();
        if tips.is_empty() {
            return Err(Error::Git {
                what: format!("--refs {}", patterns.join(" --refs ")),
                reason: "no ref matches".to_owned(),
                remedy: "see `git for-each-ref` for the names; `*` stands for anything".to_owned(),
            });
        }
        Ok(tips)
    }

    /// The objects that the commits of the scope brought in: their own texts, and every blob and tree at
    /// a path where no parent has the same. A file that was only moved is among them: whether its content
    /// is new in the scope is told by its trace.
    pub fn brought_in(&self, scope: &Scope) -> (Vec<(ObjectId, ObjectKind)>, Vec<ReadError>) {
        let mut reading = BroughtIn { history: self, found: BTreeSet::new(), troubles: Vec::new() };
        for (number, commit) in self.graph().commits.iter().enumerate().filter(|(at, _)| scope.counts[*at]) {
            match commit.root {
                Root::Blob(id) => drop(reading.found.insert((id, ObjectKind::Blob))),
                Root::Tree(tree) => reading.tree(tree, vec![]),
                Root::Commit(tree) => {
                    reading.found.insert((commit.id, ObjectKind::Commit));
                    let parents = &self.graph().commits[number].parents;
                    let roots =
                        parents.iter().map(|&parent| match self.graph().commits[parent as usize].root {
                            Root::Commit(id) | Root::Tree(id) | Root::Blob(id) => id,
                        });
                    reading.tree(tree, roots.collect());
                }
            }
        }
        let tags = self.graph().tagged.keys().filter(|tag| self.counts_tag(scope, tag));
        reading.found.extend(tags.map(|&tag| (tag, ObjectKind::Tag)));
        (reading.found.into_iter().collect(), reading.troubles)
    }
}

struct BroughtIn<'a> {
    history: &'a Provenance<'a>,
    found: BTreeSet<(ObjectId, ObjectKind)>,
    troubles: Vec<ReadError>,
}

impl BroughtIn<'_> {
    /// Everything below a tree that none of the other trees has at the same path.
    fn tree(&mut self, tree: ObjectId, others: Vec<ObjectId>) {
        let mut open = vec![(tree, others)];
        while let Some((tree, others)) = open.pop() {
            if others.contains(&tree) || !self.found.insert((tree, ObjectKind::Tree)) {
                continue;
            }
            let there: Vec<_> = others.iter().flat_map(|&other| self.entries(other)).collect();
            let known: HashSet<_> = there.iter().map(|(name, _, id)| (name.as_slice(), *id)).collect();
            for (name, kind, id) in self.entries(tree) {
                if known.contains(&(name.as_slice(), id)) {
                    continue;
                }
                match kind {
                    EntryKind::Blob => drop(self.found.insert((id, ObjectKind::Blob))),
                    EntryKind::Other => {}
                    EntryKind::Tree => {
                        let same = there
                            .iter()
                            .filter(|(other, kind, _)| *other == name && *kind == EntryKind::Tree);
                        open.push((id, same.map(|(_, _, id)| *id).collect()));
                    }
                }
            }
        }
    }

    fn entries(&mut self, tree: ObjectId) -> Vec<(Vec<u8>, EntryKind, ObjectId)> {
        let mut bytes = Vec::new();
        let trouble = match self.history.objects.read(&tree, &mut bytes) {
            Ok(Some(ObjectKind::Tree)) => None,
            Ok(Some(_)) => Some((SkipReason::Corrupt, "stands where a tree should be".to_owned())),
            Ok(None) => {
                Some((SkipReason::Vanished, "a commit names this tree, and it is not there".to_owned()))
            }
            Err(error) => Some((error.reason, error.detail)),
        };
        if let Some((reason, detail)) = trouble {
            self.troubles.push(ReadError { id: tree, reason, detail });
            return Vec::new();
        }
        let length = tree.as_bytes().len();
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(entry) = Entry::at(&bytes, at, length) {
            at = entry.end;
            found.extend(ObjectId::from_bytes(entry.id).map(|id| (entry.name.to_vec(), entry.kind, id)));
        }
        found
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, Error> {
    let wrong = |pattern: &str, error: globset::Error| Error::Git {
        what: format!("--refs {pattern}"),
        reason: error.kind().to_string(),
        remedy: "write a name with `*`, `?` or `[…]` in it".to_owned(),
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        // As for git's --glob, `*` crosses slashes.
        let glob = GlobBuilder::new(pattern).literal_separator(false).build();
        set.add(glob.map_err(|error| wrong(pattern, error))?);
    }
    set.build().map_err(|error| wrong(&patterns.join(" "), error))
}

/// Patterns may be written for the whole name or for what people call the ref.
fn matches(globs: &GlobSet, reference: &Reference) -> bool {
    let short = ["refs/", "refs/heads/", "refs/tags/", "refs/remotes/"];
    let mut names = short
        .iter()
        .filter_map(|prefix| reference.name.strip_prefix(prefix))
        .chain([reference.name.as_str()]);
    !reference.past && names.any(|name| globs.is_match(name))
}

/// The moment that people mean.
fn date(text: &str, now: &ZonedDateTime) -> Result<Timestamp, Error> {
    let text = text.trim();
    let zone = now.time_zone().clone();
    let midnight =
        |date: civil::Date| date.to_zoned_datetime(zone.clone()).ok().map(|moment| moment.timestamp());
    let span = |text: &str| -> Option<Timestamp> {
        let span: Span = text.replace('.', " ").parse().ok()?;
        Some(now.checked_sub(span.abs()).ok()?.timestamp())
    };
    let found = match text {
        "now" => Some(now.timestamp()),
        "today" => midnight(now.date()),
        "yesterday" => now.date().yesterday().ok().and_then(midnight),
        _ => text
            .strip_prefix('@')
            .and_then(|seconds| Timestamp::from_second(seconds.parse().ok()?).ok())
            .or_else(|| text.parse::<Timestamp>().ok())
            .or_else(|| moment(text, &zone))
            .or_else(|| text.parse().ok().and_then(midnight))
            .or_else(|| span(text)),
    };
    found.ok_or_else(|| Error::Input {
        what: format!("--since `{text}`"),
        reason: "is no date that can be read".to_owned(),
        remedy: "write 2024-05-06, 2024-05-06T07:08:09Z, `2 weeks ago`, yesterday or @seconds".to_owned(),
    })
}

/// A date and a time of day.
fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if !text.contains(':') {
        return None;
    }
    let local: civil::DateTime = text.parse().ok()?;
    Some(local.to_zoned_datetime(zone.clone()).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_people_write_them() {
        let now: ZonedDateTime = "2024-05-20T12:00:00+02:00[+02:00]".parse().unwrap();
        let read = |text: &str| date(text, &now).unwrap().to_string();
        for (text, wanted) in [
            ("2024-05-06", "2024-05-05T22:00:00Z"),
            ("2024-05-06T07:08:09Z", "2024-05-06T07:08:09Z"),
            ("2024-05-06 07:08:09", "2024-05-06T05:08:09Z"),
            ("2024-05-06T07:08:09+00:00", "2024-05-06T07:08:09Z"),
            ("@0", "1970-01-01T00:00:00Z"),
            ("2 weeks ago", "2024-05-06T10:00:00Z"),
            ("2.weeks.ago", "2024-05-06T10:00:00Z"),
            ("3 days", "2024-05-17T10:00:00Z"),
            ("yesterday", "2024-05-18T22:00:00Z"),
            ("today", "2024-05-19T22:00:00Z"),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
        for wrong in ["", "soon", "2024-13-01", "@x"] {
            assert!(date(wrong, &now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn patterns_match_whole_and_short_names() {
        let reference = |name: &str, past| Reference {
            class: super::super::RefClass::Branch,
            name: name.to_owned(),
            target: ObjectId::from_bytes(&[1; 20]).unwrap(),
            past,
        };
        let is = |pattern: &str, name: &str| {
            matches(&globs(&[pattern.to_owned()]).unwrap(), &reference(name, false))
        };
        assert!(is("main", "refs/heads/main") && is("refs/heads/*", "refs/heads/a/b"));
        assert!(is("origin/*", "refs/remotes/origin/x") && is("v1*", "refs/tags/v1.2"));
        assert!(!is("main", "refs/heads/main2") && !is("heads", "refs/heads/main"));
        assert!(!matches(&globs(&["*".to_owned()]).unwrap(), &reference("HEAD@{1}", true)));
        assert!(globs(&["[".to_owned()]).is_err());
    }
}
