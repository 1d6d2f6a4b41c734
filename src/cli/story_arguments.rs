//! The flags of an audit that concern the history, and what they do to its outcome.

use crate::attribution;
use crate::error::Error;
use crate::finding::{Masks, Outcome};
use crate::origin::{ObjectKind, Origin};
use crate::remediation;
use crate::source::history::{History, Known};
use crate::source::objects::ObjectId;
use crate::source::provenance::{Beforehand, Provenance, Remembered, ScopeArguments};
use crate::source::references::References;
use bstr::BString;
use clap::Args as ClapArgs;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

#[derive(ClapArgs, Clone, Debug, Default)]
pub struct StoryArguments {
    /// Only what commits in this range brought in: A..B, A...B or B; a missing side is HEAD
    #[arg(long, value_name = "A..B", allow_hyphen_values = true)]
    pub range: Option<String>,
    /// Only what commits since this date brought in: 2024-05-06, "2 weeks ago", yesterday, @seconds
    #[arg(long, value_name = "DATE", visible_alias = "after")]
    pub since: Option<String>,
    /// Only what refs that match lead to (may be given several times): main, "release-*", "refs/pull/*"
    #[arg(long, value_name = "GLOB")]
    pub refs: Vec<String>,
    /// Write the expressions file that `git filter-repo --replace-text` takes: it holds the secrets in
    /// clear, and only its owner can read it
    #[arg(long, value_name = "FILE")]
    pub replace_text: Option<PathBuf>,
    /// Let --replace-text overwrite a file that this program did not write
    #[arg(long, requires = "replace_text")]
    pub force: bool,
}

/// The objects that are to be looked at, and no others: for the source the rest counts as known.
pub struct Only<'a> {
    objects: HashSet<ObjectId>,
    known: &'a dyn Known,
}

impl Known for Only<'_> {
    fn pack(&self, _: &[u8], _: u32) -> Option<&[u32]> {
        None
    }

    fn clean(&self, id: &[u8]) -> bool {
        let wanted = ObjectId::from_bytes(id).is_some_and(|id| self.objects.contains(&id));
        !wanted || self.known.clean(id)
    }
}

impl StoryArguments {
    fn scope(&self) -> ScopeArguments {
        ScopeArguments { range: self.range.clone(), since: self.since.clone(), refs: self.refs.clone() }
    }

    /// What the flags leave to be looked at, beside what is `known`; none where that is everything.
    ///
    /// # Errors
    /// A range, date or pattern that means nothing here.
    pub fn only<'k>(
        &self,
        start: &Path,
        history: &History,
        known: &'k dyn Known,
    ) -> Result<Option<Only<'k>>, Error> {
        let arguments = self.scope();
        if arguments.is_empty() {
            return Ok(None);
        }
        let (references, nothing) = (References::of(history), Beforehand::default());
        let provenance = Provenance::new(history, &references, Vec::new(), &nothing, 1);
        let scope = provenance.scope(start, &arguments)?;
        // What cannot be read here comes up again when stories are told.
        let (objects, _) = provenance.brought_in(&scope);
        Ok(Some(Only { objects: objects.into_iter().map(|(id, _)| id).collect(), known }))
    }

    /// Leave in an outcome what the flags ask for, give each finding its story, and write the expressions
    /// file. `settle` drops what is no finding now that its path is known. What was traced is
    /// handed back, for the next time.
    ///
    /// # Errors
    /// A range, date or pattern that means nothing here; a file that cannot be written.
    pub fn tell(
        &self,
        outcome: &mut Outcome,
        start: &Path,
        history: &History,
        threads: usize,
        beforehand: &Beforehand,
        settle: &dyn Fn(&mut Outcome),
    ) -> Result<Option<Remembered>, Error> {
        let mut traced = None;
        let arguments = self.scope();
        if let (false, Some(coverage)) = (arguments.is_empty(), &mut outcome.coverage) {
            coverage.scope = Some(arguments.to_string());
            coverage.from_cache = 0;
        }
        if !outcome.findings.is_empty() || !arguments.is_empty() {
            let references = References::of(history);
            let mut provenance = Provenance::new(history, &references, Vec::new(), beforehand, threads);
            if !arguments.is_empty() {
                let scope = provenance.scope(start, &arguments)?;
                attribution::keep(outcome, &provenance, &scope);
            }
            let now = SystemTime::now();
            attribution::attribute(outcome, &provenance, history, now);
            if outcome.findings.iter().any(|finding| finding.occurrences.iter().any(|one| lost(&one.origin)))
            {
                // Nothing leads to the commits that brought these in: look for them among all commits.
                let mut others = history.commits();
                others.retain(|commit| !provenance.knows(commit));
                if !others.is_empty() {
                    provenance = Provenance::new(history, &references, others, beforehand, threads);
                    attribution::attribute(outcome, &provenance, history, now);
                }
            }
            let places = count(outcome);
            settle(outcome);
            if count(outcome) < places {
                attribution::attribute(outcome, &provenance, history, now);
            }
            let masks = Masks::of(outcome);
            // A file may be called by a secret, and what is remembered is written down.
            let clear = |path: &BString| masks.bytes(path).as_ref() == path.as_slice();
            traced = provenance.remembered().filter(|traced| traced.paths().all(clear));
        }
        if let Some(path) = &self.replace_text {
            remediation::write_replace_text(outcome, path, self.force)?;
        }
        Ok(traced)
    }
}

fn count(outcome: &Outcome) -> usize {
    outcome.findings.iter().map(|finding| finding.occurrences.len()).sum()
}

/// Is no commit known for what a commit must have brought in?
fn lost(origin: &Origin) -> bool {
    matches!(origin.root(), Origin::Object { kind, commit: None, .. } if *kind != ObjectKind::Tag)
}
