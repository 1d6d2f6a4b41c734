//! A finding as people see it: one secret with all the places where it stands.

mod masks;
mod pairs;
mod story;
mod told;

use crate::error::Skipped;
use crate::origin::Origin;
use crate::rules::{Kind, Severity};
use crate::secret::Secret;
use crate::text::Position;
use std::time::{Duration, SystemTime};

pub use masks::Masks;
pub use story::{CommitNote, Exposure, Introduced, Story, Tip, days};
pub use told::{By, Note, NoteKind, Suppressed, Suppression, Told};

/// One secret and all places where it was seen.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Id of the rule that found it, for instance `github-pat-classic`.
    pub rule: String,
    /// What the rule finds, for people.
    pub summary: String,
    /// The provider's name.
    pub provider: String,
    /// The kind of credential.
    pub kind: Kind,
    /// How bad a leak of it is.
    pub severity: Severity,
    /// The secret itself; masked wherever it is printed.
    pub secret: Secret,
    /// The stable identity: see [`Secret::fingerprint`].
    pub fingerprint: String,
    /// What was decoded from the secret or measured on it: `(name, value)`, for instance
    /// `("account", "123456789012")` or `("checksum", "valid")`.
    pub details: Vec<(String, String)>,
    /// Ids of other rules that matched the same span and were less specific.
    pub also: Vec<String>,
    /// How to rotate it.
    pub rotate: String,
    /// Where its format and rotation are documented.
    pub refs: Vec<String>,
    /// The bytes that say the secret where it does not stand in clear, each once: what a history has to be
    /// rid of beside the secret itself.
    pub written: Vec<Secret>,
    /// The places, sorted, at least one.
    pub occurrences: Vec<Occurrence>,
    /// The other half of the credential with its places, for instance the key id of a secret key. Such a
    /// half is no finding of its own, and has no companions.
    pub companions: Vec<Finding>,
    /// Where it came from and who may have it, where a history was read.
    pub story: Option<Story>,
}

/// One place where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// Where the bytes came from.
    pub origin: Origin,
    /// Line and column of the secret's first byte.
    pub start: Position,
    /// Line and column behind the secret's last byte.
    pub end: Position,
    /// Offset of the secret's first byte in the input.
    pub offset: u64,
    /// Length in the input, in bytes.
    pub length: u64,
    /// How these bytes say the secret: the encodings around it, the outermost first, for instance
    /// `["base64", "gzip"]`. None where it stands in clear.
    pub decoded: Vec<&'static str>,
    /// The line around it.
    pub preview: Preview,
}

/// A piece of the line where a secret starts, with every secret in it masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Preview {
    /// What stands before the secret on its line (at most 60 characters, `…` where cut).
    pub before: String,
    /// The masked secret.
    pub masked: String,
    /// What stands behind it on its last line (at most 40 characters, `…` where cut).
    pub after: String,
}

/// What a finished run has to say.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The findings, sorted by their first occurrence, then rule.
    pub findings: Vec<Finding>,
    /// What was not looked at, sorted.
    pub skipped: Vec<Skipped>,
    /// Numbers of the run.
    pub stats: Stats,
    /// What an audit of a repository covered; none for other runs.
    pub coverage: Option<Coverage>,
    /// What policy did.
    pub told: Told,
    /// Which findings stand beside one another as halves of one credential, by their fingerprints: not joined
    /// yet, see [`Outcome::join`].
    pub pairs: Vec<(String, String)>,
}

/// What an audit of a repository looked at, and by which rules.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// Contents of files looked at.
    pub blobs: u64,
    /// Commits looked at.
    pub commits: u64,
    /// Annotated tags looked at.
    pub tags: u64,
    /// Trees whose names were looked at.
    pub trees: u64,
    /// Bytes of all these objects.
    pub bytes: u64,
    /// How many of the objects an earlier audit by the same rules had found clean.
    pub from_cache: u64,
    /// What the user narrowed the audit to: only what some commits brought in. None for everything.
    pub scope: Option<String>,
    /// Name and id (hexadecimal) of each ref at the start, sorted by name.
    pub refs: Vec<(String, String)>,
    /// Digest of the rules in force.
    pub rules_digest: String,
    /// Version of the program.
    pub version: String,
    /// When the audit began.
    pub started: SystemTime,
    /// When it ended.
    pub ended: SystemTime,
}

/// Numbers of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    /// Inputs looked at.
    pub inputs: u64,
    /// Bytes looked at.
    pub bytes: u64,
    /// Rules in force.
    pub rules: usize,
    /// Wall time.
    pub elapsed: Duration,
}

impl Outcome {
    /// Make one finding of the two halves of a credential. To be done when each half has been judged by
    /// itself: one may be new, or allowed, where the other is not.
    pub fn join(&mut self) {
        let pairs = std::mem::take(&mut self.pairs);
        self.findings = pairs::join(std::mem::take(&mut self.findings), &pairs);
    }

    /// All findings with their companions, each half by itself.
    pub fn halves(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().flat_map(|finding| std::iter::once(finding).chain(&finding.companions))
    }

    /// True where everything was looked at that should have been.
    pub fn complete(&self) -> bool {
        self.skipped.iter().all(|skipped| skipped.reason.benign())
    }

    /// 0 clean or nothing as grave as [`Told::fail_on`], 1 findings, 2 could not vouch (wins over 1).
    pub fn exit_status(&self) -> u8 {
        let counts = |finding: &Finding| self.told.fail_on.is_none_or(|least| finding.severity >= least);
        if !self.complete() { 2 } else { u8::from(self.findings.iter().any(counts)) }
    }
}
