//! The flags of an audit that concern the history, and what they do to its outcome.

use crate::attribution;
use crate::error::Error;
use crate::finding::Outcome;
use crate::origin::ObjectKind;
use crate::remediation;
use crate::source::objects::{ObjectId, Objects};
use crate::source::provenance::{History, ScopeArguments};
use crate::source::references::References;
use clap::Args as ClapArgs;
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

impl StoryArguments {
    fn scope(&self) -> ScopeArguments {
        ScopeArguments { range: self.range.clone(), since: self.since.clone(), refs: self.refs.clone() }
    }

    /// The objects that the flags leave to be scanned; none where everything is to be.
    ///
    /// # Errors
    /// A range, date or pattern that means nothing here.
    pub fn objects(
        &self,
        repository: &Path,
        objects: &dyn Objects,
        commits: &[ObjectId],
    ) -> Result<Option<Vec<(ObjectId, ObjectKind)>>, Error> {
        let arguments = self.scope();
        if arguments.is_empty() {
            return Ok(None);
        }
        let references = References::read(repository)?;
        let history = History::read(objects, &references, commits, 0);
        let scope = history.scope(repository, &arguments)?;
        // What could not be read comes up again when its story is told.
        Ok(Some(history.brought_in(&scope).0))
    }

    /// Leave only what the flags ask for in an outcome, give each finding its story, and write the
    /// expressions file. `commits` are those of the repository that are known by other means than refs.
    ///
    /// # Errors
    /// A range, date or pattern that means nothing here; a file that cannot be written.
    pub fn tell(
        &self,
        outcome: &mut Outcome,
        repository: &Path,
        objects: &dyn Objects,
        commits: &[ObjectId],
        threads: usize,
    ) -> Result<(), Error> {
        let arguments = self.scope();
        if !outcome.findings.is_empty() || !arguments.is_empty() {
            let references = References::read(repository)?;
            let history = History::read(objects, &references, commits, threads);
            if !arguments.is_empty() {
                let scope = history.scope(repository, &arguments)?;
                attribution::keep(outcome, &history, &scope);
            }
            attribution::attribute(outcome, &history, objects, SystemTime::now());
        }
        if let Some(path) = &self.replace_text {
            remediation::write_replace_text(outcome, path, self.force)?;
        }
        Ok(())
    }
}
