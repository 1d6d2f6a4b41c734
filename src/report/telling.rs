//! Stories and coverage in sentences, for the reports that people read. Texts are as strangers wrote
//! them, with secrets masked: each report makes them harmless in its own way.

use super::Guard;
use super::advice::clones;
use super::history::moment;
use super::terminal::{bytes, counted, grouped};
use crate::finding::{CommitNote, Coverage, Exposure, Introduced, Story};
use bstr::ByteSlice;

/// Refs named before `and 4 more`.
const REFS: usize = 6;
/// Paths and commits named before that.
const OTHERS: usize = 3;

/// Label and sentence of everything that a story tells.
pub(super) fn story(story: &Story, guard: &Guard) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(first) = story.introduced.first() {
        let more = match story.introductions - 1 {
            0 => String::new(),
            more => format!(", and {} again", counted(more as u64, "time")),
        };
        lines.push(("introduced", format!("{}{more}", introduced(first))));
    }
    if story.paths.len() > 1 {
        let paths: Vec<String> =
            story.paths.iter().take(OTHERS).map(|(path, _)| path.to_str_lossy().into_owned()).collect();
        lines.push(("paths", listed(&paths, story.paths.len())));
    }
    if !story.removed.is_empty() {
        let removed: Vec<String> = story.removed.iter().take(OTHERS).map(commit).collect();
        lines.push(("removed", listed(&removed, story.removed.len())));
    }
    match &story.last_seen {
        Some(last) if story.tips.is_empty() => lines.push(("last seen", commit(last))),
        _ => {}
    }
    if !story.tips.is_empty() {
        let tips: Vec<String> = story.tips.iter().take(REFS).map(|tip| short(&tip.name).to_owned()).collect();
        lines.push(("still in", listed(&tips, story.tips.len())));
    } else if !story.refs.is_empty() {
        let refs: Vec<String> = story.refs.iter().take(REFS).map(|name| short(name).to_owned()).collect();
        lines.push(("history of", listed(&refs, story.refs.len())));
    }
    lines.push(("exposed", exposed(story)));
    lines.into_iter().map(|(label, text)| (label, guard.text(&text).into_owned())).collect()
}

/// `2024-05-06 by Ada <ada@example.org> in 0123456789ab (subject), path:3`.
fn introduced(one: &Introduced) -> String {
    let mut text = match (&one.note, one.by_tag) {
        (Some(note), false) => format!("{} by {} in {}", note.day(), who(note), named(note)),
        (Some(note), true) => format!("{} by {} in the tag {}", note.day(), who(note), named(note)),
        (None, _) => "by a ref that points at no commit".to_owned(),
    };
    match (&one.path, one.line) {
        (Some(path), Some(line)) => text.push_str(&format!(", {}:{line}", path.to_str_lossy())),
        (Some(path), None) => text.push_str(&format!(", {}", path.to_str_lossy())),
        (None, Some(_)) if one.note.is_some() => text.push_str(", in its own text"),
        _ => {}
    }
    if one.at_latest {
        text.push_str("; or earlier: the history is cut off there");
    }
    text
}

fn who(note: &CommitNote) -> String {
    format!("{} <{}>", note.author, note.email)
}

fn named(note: &CommitNote) -> String {
    match note.subject() {
        "" => note.short().to_owned(),
        subject => format!("{} ({})", note.short(), subject.chars().take(60).collect::<String>()),
    }
}

/// `2024-05-06 in 0123456789ab (subject)`.
fn commit(note: &CommitNote) -> String {
    format!("{} in {}", note.day(), named(note))
}

/// Who may have it, and for how long.
fn exposed(story: &Story) -> String {
    let mut text = story.exposure.about().to_owned();
    if let Some(days) = story.days_in_history {
        text.push_str(&format!("; {} in the history", counted(days, "day")));
    }
    match story.days_in_tips {
        Some(days) if story.tips.is_empty() => {
            text.push_str(&format!(", of them {} until it was removed", grouped(days)));
        }
        _ => {}
    }
    if story.exposure == Exposure::Pushed {
        text.push_str(&format!("; affected: {}", clones(story)));
    }
    text
}

/// A ref as people call it.
pub(super) fn short(name: &str) -> &str {
    ["refs/heads/", "refs/tags/", "refs/remotes/", "refs/"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name)
}

/// `a, b and 4 more`: the names that are shown, and how many there are in all.
pub(super) fn listed(names: &[String], total: usize) -> String {
    match total.saturating_sub(names.len()) {
        0 => names.join(", "),
        more => format!("{} and {} more", names.join(", "), grouped(more as u64)),
    }
}

/// Label and sentence of everything that was covered, but for the refs.
pub(super) fn coverage(coverage: &Coverage) -> Vec<(&'static str, String)> {
    let Coverage { blobs, commits, tags, trees, .. } = coverage;
    let objects = [(blobs, "blob"), (commits, "commit"), (tags, "tag"), (trees, "tree")];
    let objects: Vec<String> = objects.iter().map(|(count, noun)| counted(**count, noun)).collect();
    let mut scanned = format!("{}, {}", objects.join(", "), bytes(coverage.bytes));
    if coverage.from_cache > 0 {
        let known = counted(coverage.from_cache, "object");
        scanned.push_str(&format!("; of them {known} known to be clean from an earlier audit"));
    }
    let scope = match &coverage.scope {
        Some(scope) => format!("only what the commits of {scope} brought in"),
        None => "every object, reachable or not, and the texts beside them".to_owned(),
    };
    vec![
        ("scope", scope),
        ("scanned", scanned),
        ("rules", coverage.rules_digest.clone()),
        ("tool", format!("{} {}", super::TOOL, coverage.version)),
        ("time", format!("{} to {}", moment(coverage.started), moment(coverage.ended))),
    ]
}
