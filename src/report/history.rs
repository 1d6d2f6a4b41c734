//! What the history adds to the reports of machines: stories, what to do, and what was covered.

use super::Guard;
use super::advice::{self, clones};
use super::json::bytes_if_not_text;
use crate::finding::{CommitNote, Coverage, Finding, Introduced, Outcome, Story, Tip};
use bstr::{BString, ByteSlice};
use jiff::Timestamp;
use serde::Serialize;
use std::time::SystemTime;

/// The story of a finding.
#[derive(Serialize)]
pub(super) struct StoryForm<'a> {
    exposure: &'static str,
    urgency: u8,
    introduced: Vec<IntroducedForm<'a>>,
    introductions: usize,
    removed: Vec<CommitForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<CommitForm<'a>>,
    paths: Vec<PathForm<'a>>,
    tips: Vec<TipForm<'a>>,
    refs: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days_in_history: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days_in_tips: Option<u64>,
}

impl<'a> StoryForm<'a> {
    pub(super) fn of(finding: &'a Finding, story: &'a Story, guard: &Guard) -> StoryForm<'a> {
        let text = |text: &str| guard.text(text).into_owned();
        StoryForm {
            exposure: story.exposure.name(),
            urgency: finding.urgency().0,
            introduced: story.introduced.iter().map(|one| IntroducedForm::of(one, guard)).collect(),
            introductions: story.introductions,
            removed: story.removed.iter().map(|note| CommitForm::of(note, guard)).collect(),
            last_seen: story.last_seen.as_ref().map(|note| CommitForm::of(note, guard)),
            paths: story
                .paths
                .iter()
                .map(|(path, first)| PathForm::of(path, first.as_deref(), guard))
                .collect(),
            tips: story.tips.iter().map(|tip| TipForm::of(tip, guard)).collect(),
            refs: story.refs.iter().map(|name| text(name)).collect(),
            days_in_history: story.days_in_history,
            days_in_tips: story.days_in_tips,
        }
    }
}

#[derive(Serialize)]
struct IntroducedForm<'a> {
    /// `commit`, `tag`, or `ref` for what a ref points at without a commit.
    by: &'static str,
    #[serde(flatten)]
    commit: Option<CommitForm<'a>>,
    #[serde(flatten)]
    path: Option<PathForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    at_latest: bool,
}

impl<'a> IntroducedForm<'a> {
    fn of(one: &'a Introduced, guard: &Guard) -> IntroducedForm<'a> {
        IntroducedForm {
            by: match one {
                Introduced { by_tag: true, .. } => "tag",
                Introduced { note: Some(_), .. } => "commit",
                _ => "ref",
            },
            commit: one.note.as_ref().map(|note| CommitForm::of(note, guard)),
            path: one.path.as_ref().map(|path| PathForm::of(path, None, guard)),
            line: one.line,
            at_latest: one.at_latest,
        }
    }
}

/// A commit or an annotated tag.
#[derive(Serialize)]
struct CommitForm<'a> {
    id: &'a str,
    author: String,
    email: String,
    date: String,
    subject: String,
}

impl<'a> CommitForm<'a> {
    fn of(note: &'a CommitNote, guard: &Guard) -> CommitForm<'a> {
        CommitForm {
            id: &note.id,
            author: guard.text(&note.author).into_owned(),
            email: guard.text(&note.email).into_owned(),
            date: note.date(),
            subject: guard.text(note.subject()).into_owned(),
        }
    }
}

#[derive(Serialize)]
struct PathForm<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// The first commit that had it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'a str>,
}

impl<'a> PathForm<'a> {
    fn of(path: &BString, since: Option<&'a str>, guard: &Guard) -> PathForm<'a> {
        let masked = guard.bytes(path);
        PathForm { path: masked.to_str_lossy().into_owned(), path_bytes: bytes_if_not_text(&masked), since }
    }
}

#[derive(Serialize)]
struct TipForm<'a> {
    r#ref: String,
    #[serde(flatten)]
    path: Option<PathForm<'a>>,
}

impl<'a> TipForm<'a> {
    fn of(tip: &Tip, guard: &Guard) -> TipForm<'a> {
        TipForm {
            r#ref: guard.text(&tip.name).into_owned(),
            path: tip.path.as_ref().map(|path| PathForm::of(path, None, guard)),
        }
    }
}

/// What to do about the secrets of a repository, the most urgent first.
#[derive(Serialize)]
pub(super) struct Remediation<'a> {
    advice: &'static str,
    rewrite: &'static [&'static str],
    steps: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    fingerprint: &'a str,
    rule: &'a str,
    masked: String,
    severity: &'static str,
    exposure: &'static str,
    rotate: &'a str,
    clones: String,
    refs: usize,
}

impl<'a> Remediation<'a> {
    /// None where nothing has a story.
    pub(super) fn of(outcome: &'a Outcome) -> Option<Remediation<'a>> {
        let steps: Vec<Step> = advice::by_urgency(&outcome.findings)
            .map(|(finding, story)| Step {
                fingerprint: &finding.fingerprint,
                rule: &finding.rule,
                masked: finding.secret.mask(),
                severity: finding.severity.name(),
                exposure: story.exposure.name(),
                rotate: &finding.rotate,
                clones: clones(story),
                refs: story.refs.len(),
            })
            .collect();
        (!steps.is_empty()).then_some(Remediation {
            advice: advice::ROTATE_FIRST,
            rewrite: &advice::REWRITE,
            steps,
        })
    }
}

/// What an audit covered.
#[derive(Serialize)]
pub(super) struct CoverageForm {
    objects: Objects,
    bytes: u64,
    from_cache: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    refs: Vec<RefForm>,
    rules_digest: String,
    tool_version: String,
    started: String,
    ended: String,
}

#[derive(Serialize)]
struct Objects {
    blobs: u64,
    commits: u64,
    tags: u64,
    trees: u64,
}

#[derive(Serialize)]
struct RefForm {
    name: String,
    id: String,
}

impl CoverageForm {
    pub(super) fn of(coverage: &Coverage) -> CoverageForm {
        CoverageForm {
            objects: Objects {
                blobs: coverage.blobs,
                commits: coverage.commits,
                tags: coverage.tags,
                trees: coverage.trees,
            },
            bytes: coverage.bytes,
            from_cache: coverage.from_cache,
            scope: coverage.scope.clone(),
            refs: coverage
                .refs
                .iter()
                .map(|(name, id)| RefForm { name: name.clone(), id: id.clone() })
                .collect(),
            rules_digest: coverage.rules_digest.clone(),
            tool_version: coverage.version.clone(),
            started: moment(coverage.started),
            ended: moment(coverage.ended),
        }
    }
}

/// A moment in universal time, to the second.
pub(super) fn moment(time: SystemTime) -> String {
    let time = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
