//! What ends a run, and what was merely not looked at.

use crate::origin::Origin;
use std::path::PathBuf;

/// An error that ends a run. Each tells what happened, where, why and what to do next. The exit
/// status is 2 for all of them: the run could not vouch for anything.
#[derive(Debug)]
pub enum Error {
    /// A rule file could not be used.
    Rules {
        /// The file, or `built-in`.
        file: String,
        /// The rule's id, where the trouble is inside one.
        rule: Option<String>,
        /// What is wrong.
        reason: String,
        /// What to do about it.
        remedy: String,
    },
    /// The configuration could not be used.
    Config {
        /// The file.
        file: PathBuf,
        /// What is wrong, with the position where that is known.
        reason: String,
        /// What to do about it.
        remedy: String,
    },
    /// Something that the user named cannot be read at all.
    Input {
        /// What was named.
        what: String,
        /// Why it cannot be read.
        reason: String,
        /// What to do about it.
        remedy: String,
    },
    /// A report could not be written.
    Output {
        /// Where to.
        what: String,
        /// Why not.
        reason: String,
    },
    /// The reader of our standard output went away: quiet, like other filters.
    BrokenPipe,
    /// A repository cannot be used.
    Git {
        /// The repository or what was asked of it.
        what: String,
        /// Why not.
        reason: String,
        /// What to do about it.
        remedy: String,
    },
}

impl std::fmt::Display for Error {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Rules { file, rule, reason, remedy } => {
                write!(out, "{file}: ")?;
                if let Some(rule) = rule {
                    write!(out, "rule `{rule}`: ")?;
                }
                write!(out, "{reason}\n  help: {remedy}")
            }
            Error::Config { file, reason, remedy } => {
                write!(out, "{}: {reason}\n  help: {remedy}", file.display())
            }
            Error::Input { what, reason, remedy } | Error::Git { what, reason, remedy } => {
                write!(out, "{what}: {reason}\n  help: {remedy}")
            }
            Error::Output { what, reason } => write!(out, "cannot write {what}: {reason}"),
            Error::BrokenPipe => out.write_str("broken pipe"),
        }
    }
}

impl std::error::Error for Error {}

/// An input, or a part of one, that was not looked at. Never silent: counted in the summary, listed
/// in reports, and it makes the run incomplete (exit status 2) unless `benign`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// What was not looked at.
    pub origin: Origin,
    /// Why not.
    pub reason: SkipReason,
    /// The system's or a library's own words, where there are any.
    pub detail: String,
}

/// Why an input was not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// It could not be opened or read.
    Unreadable,
    /// It was there when listed and gone when opened.
    Vanished,
    /// A device, socket or FIFO.
    Special,
    /// A symbolic link that leads out of the tree, or nowhere. Its target is not part of the tree.
    Symlink,
    /// A directory loop.
    Loop,
    /// A budget (size, depth, time) was used up.
    Budget,
    /// Damaged content: a corrupt object or archive.
    Corrupt,
    /// It is encrypted: what it holds cannot be told.
    Encrypted,
    /// A private key or a stored password in tests, examples or documents: it was found, but is `info` there.
    TestKey,
    /// The run was stopped before it came to it.
    Interrupted,
    /// An object that others name, and that the repository does not hold.
    Missing,
    /// Objects of a partial clone that only the remote has.
    Promised,
    /// Content that Git LFS keeps, and that is not in this clone: only its pointer could be looked at.
    LargeFile,
    /// Objects that only unreachable objects name: they were deleted for good.
    Pruned,
    /// The history of a shallow clone ends early. All that the repository holds was looked at.
    Shallow,
}

impl SkipReason {
    /// True for what a person would not expect to be scanned: it is counted and shown, and the run
    /// still vouches for the rest.
    pub fn benign(self) -> bool {
        matches!(
            self,
            SkipReason::Special
                | SkipReason::Symlink
                | SkipReason::TestKey
                | SkipReason::Pruned
                | SkipReason::Shallow
        )
    }

    /// A short word for summaries and reports.
    pub fn name(self) -> &'static str {
        match self {
            SkipReason::Unreadable => "unreadable",
            SkipReason::Vanished => "vanished",
            SkipReason::Special => "special file",
            SkipReason::Symlink => "symlink not followed",
            SkipReason::Loop => "directory loop",
            SkipReason::Budget => "over budget",
            SkipReason::Corrupt => "corrupt",
            SkipReason::Encrypted => "encrypted",
            SkipReason::TestKey => "made for a test",
            SkipReason::Interrupted => "interrupted",
            SkipReason::Missing => "missing",
            SkipReason::Promised => "only with the remote",
            SkipReason::LargeFile => "content kept by Git LFS that is not here",
            SkipReason::Pruned => "pruned",
            SkipReason::Shallow => "shallow history",
        }
    }
}
