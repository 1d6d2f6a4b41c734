//! The story of a secret in a repository: who brought it in, where it still is, who may have it.

use super::Finding;
use crate::rules::Severity;
use crate::source::references::RefClass;
use bstr::BString;
use jiff::{Timestamp, tz::Offset, tz::TimeZone};
use std::collections::BTreeMap;

/// Seconds in a day.
const DAY: i64 = 24 * 60 * 60;

/// What is known of a secret beyond the places where it stands. Every text in it has the secrets of the
/// whole outcome masked.
#[derive(Clone, Debug)]
pub struct Story {
    /// Who may have it.
    pub exposure: Exposure,
    /// Where it came into the history, earliest first, at most [`Story::INTRODUCTIONS`].
    pub introduced: Vec<Introduced>,
    /// In how many commits it came in: in several roots, or again after it had been removed.
    pub introductions: usize,
    /// The commits that removed it, each on its own line of history.
    pub removed: Vec<CommitNote>,
    /// The last commit that still had it in its tree.
    pub last_seen: Option<CommitNote>,
    /// All paths it had, with the id of the first commit that had it there.
    pub paths: Vec<(BString, Option<String>)>,
    /// The branches, tags and other refs that have it now.
    pub tips: Vec<Tip>,
    /// The refs in whose history it is; where there are none, the logs that lead to it.
    pub refs: Vec<String>,
    /// The commits and tags that occurrences name, by id.
    pub notes: BTreeMap<String, CommitNote>,
    /// Days from its introduction until now: it leaks as long as it is in the history.
    pub days_in_history: Option<u64>,
    /// Days from its introduction until it was removed from the tips, or until now.
    pub days_in_tips: Option<u64>,
}

impl Story {
    /// Most introductions, and most removals, that are told.
    pub const INTRODUCTIONS: usize = 20;

    /// A story without a history, for what stands beside the objects.
    pub fn of(exposure: Exposure) -> Story {
        Story {
            exposure,
            introduced: Vec::new(),
            introductions: 0,
            removed: Vec::new(),
            last_seen: None,
            paths: Vec::new(),
            tips: Vec::new(),
            refs: Vec::new(),
            notes: BTreeMap::new(),
            days_in_history: None,
            days_in_tips: None,
        }
    }
}

/// A place where a secret came in.
#[derive(Clone, Debug)]
pub struct Introduced {
    /// The commit, or the annotated tag where `by_tag`; none for a ref that points at no commit.
    pub note: Option<CommitNote>,
    /// True where an annotated tag's own text holds it.
    pub by_tag: bool,
    /// Where in the tree; none where the text of the commit or tag itself holds it.
    pub path: Option<BString>,
    /// The line there, from 1.
    pub line: Option<u64>,
    /// True where the history is cut off there, so that it may be older.
    pub at_latest: bool,
}

/// A ref that has a secret now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// What kind of ref it is.
    pub class: RefClass,
    /// Its whole name.
    pub name: String,
    /// Where in its tree.
    pub path: Option<BString>,
}

/// A commit or an annotated tag, as reports name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitNote {
    /// Its id in hexadecimal digits.
    pub id: String,
    /// Name of the author, or of the tagger.
    pub author: String,
    /// Mail address of the author.
    pub email: String,
    /// When it was written, in seconds since 1970.
    pub seconds: i64,
    /// The author's zone: seconds east of Greenwich.
    pub zone: i32,
    /// The message, cut where it is long.
    pub message: String,
}

impl CommitNote {
    /// The first line of the message.
    pub fn subject(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// The first digits of the id.
    pub fn short(&self) -> &str {
        &self.id[..self.id.len().min(12)]
    }

    /// Date and time in the author's zone: `2024-05-06T07:08:09+02:00`.
    pub fn date(&self) -> String {
        let zone = TimeZone::fixed(Offset::from_seconds(self.zone).unwrap_or(Offset::UTC));
        let moment = Timestamp::from_second(self.seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        moment.to_zoned_datetime(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// Date and time in universal time: `2024-05-06T05:08:09Z`.
    pub fn date_in_utc(&self) -> String {
        let moment = Timestamp::from_second(self.seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The date alone: `2024-05-06`.
    pub fn day(&self) -> String {
        let mut date = self.date();
        date.truncate(date.find('T').unwrap_or(date.len()));
        date
    }
}

/// Whole days from one moment to a later one, in seconds since 1970; none where clocks were wrong.
pub fn days(from: i64, to: i64) -> u64 {
    u64::try_from(to.saturating_sub(from) / DAY).unwrap_or_default()
}

/// Who may have a secret, the most exposed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exposure {
    /// A remote-tracking ref leads to it: presumably pushed.
    Pushed,
    /// A branch leads to it.
    Branch,
    /// A tag leads to it, no branch does.
    Tag,
    /// Another ref leads to it.
    Ref,
    /// Only notes on commits lead to it.
    Notes,
    /// Only the stash leads to it.
    Stash,
    /// Only a reflog leads to it.
    Reflog,
    /// Nothing leads to it; the object is still there.
    Unreachable,
    /// It stands in a file of this clone's git directory, such as its configuration.
    Local,
}

impl Exposure {
    /// All of them, the most exposed first.
    pub const ALL: [Exposure; 9] = [
        Exposure::Pushed,
        Exposure::Branch,
        Exposure::Tag,
        Exposure::Ref,
        Exposure::Notes,
        Exposure::Stash,
        Exposure::Reflog,
        Exposure::Unreachable,
        Exposure::Local,
    ];

    /// The exposure through a class of refs.
    pub fn through(class: RefClass) -> Exposure {
        match class {
            RefClass::Remote => Exposure::Pushed,
            RefClass::Branch => Exposure::Branch,
            RefClass::Tag => Exposure::Tag,
            RefClass::Other => Exposure::Ref,
            RefClass::Notes => Exposure::Notes,
            RefClass::Stash => Exposure::Stash,
            RefClass::Log => Exposure::Reflog,
        }
    }

    /// One word for machines.
    pub fn name(self) -> &'static str {
        match self {
            Exposure::Pushed => "pushed",
            Exposure::Branch => "branch",
            Exposure::Tag => "tag",
            Exposure::Ref => "ref",
            Exposure::Notes => "notes",
            Exposure::Stash => "stash",
            Exposure::Reflog => "reflog",
            Exposure::Unreachable => "unreachable",
            Exposure::Local => "local",
        }
    }

    /// What it means, for people.
    pub fn about(self) -> &'static str {
        match self {
            Exposure::Pushed => "presumably pushed: a remote-tracking ref leads to it",
            Exposure::Branch => "in the history of a branch",
            Exposure::Tag => "in the history of a tag, and of no branch",
            Exposure::Ref => "in the history of a ref that is neither branch nor tag",
            Exposure::Notes => "only in notes on commits",
            Exposure::Stash => "only in the stash",
            Exposure::Reflog => "only in the reflog",
            Exposure::Unreachable => {
                "unreachable: no ref and no log leads to it, and the object is still there"
            }
            Exposure::Local => "only in a file of this clone's git directory",
        }
    }
}

impl Finding {
    /// How urgent it is to act, most urgent first when sorted in descending order: how bad a leak is and
    /// how many may have it, weighed against each other; then what stands in a tip now.
    pub fn urgency(&self) -> (u8, bool) {
        let severity = match self.severity {
            Severity::Critical => 8,
            Severity::High => 6,
            Severity::Medium => 4,
            Severity::Low => 2,
            Severity::Info => 0,
        };
        let exposure = match self.story.as_ref().map(|story| story.exposure) {
            None => 0,
            Some(Exposure::Pushed) => 5,
            Some(Exposure::Branch | Exposure::Tag | Exposure::Ref | Exposure::Notes) => 3,
            Some(Exposure::Stash | Exposure::Reflog | Exposure::Local) => 1,
            Some(Exposure::Unreachable) => 0,
        };
        (severity + exposure, self.story.as_ref().is_some_and(|story| !story.tips.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_told_in_the_zone_of_the_author() {
        let mut note = CommitNote {
            id: "0123456789abcdef".into(),
            author: "A".into(),
            email: "a@b".into(),
            seconds: 1_714_972_089,
            zone: 7200,
            message: "one\n\ntwo".into(),
        };
        assert_eq!(note.date(), "2024-05-06T07:08:09+02:00");
        assert_eq!(
            (note.day().as_str(), note.subject(), note.short()),
            ("2024-05-06", "one", "0123456789ab")
        );
        (note.seconds, note.zone) = (i64::MAX, i32::MAX);
        assert_eq!(note.day(), "1970-01-01");
    }

    #[test]
    fn days_never_run_backwards() {
        assert_eq!(
            (days(0, 3 * DAY + 5), days(5, 0), days(i64::MIN, i64::MAX)),
            (3, 0, (i64::MAX / DAY) as u64)
        );
    }
}
