//! A look at everything that settings are about, for commands that write baselines and allow entries.

use super::args::Global;
use super::judge::{self, Judge};
use super::story_arguments::StoryArguments;
use crate::config::Settings;
use crate::error::{Error, SkipReason};
use crate::finding::{Finding, Outcome};
use crate::scan::{AuditOptions, Audited, Scan};
use crate::source::history::{History, Unknown};
use crate::source::provenance::Beforehand;
use crate::source::tree::{Tree, TreeOptions};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// What was seen.
pub struct Survey {
    /// The run, which knows what of its settings was of use.
    pub scan: Scan,
    /// Findings of the tree and, where asked for, of the history; one of both has its places in the tree.
    pub outcome: Outcome,
    /// Was a history asked for?
    history: bool,
}

impl Survey {
    /// Was everything seen that there is? Only then is something gone that was not found. What a shallow
    /// clone or a pruned history lacks is there all the same in other clones.
    pub fn saw_all(&self) -> bool {
        self.outcome.complete() && !self.outcome.skipped.iter().any(|skipped| self.is_lack(skipped.reason))
    }

    /// Is something not here for this reason that others may have?
    pub fn is_lack(&self, reason: SkipReason) -> bool {
        self.history && matches!(reason, SkipReason::Shallow | SkipReason::Pruned)
    }
}

/// The settings of the repository around the current directory, and where its paths start.
///
/// # Errors
/// Settings that cannot be used.
pub fn settings(global: &Global, judge: &Judge) -> Result<(Settings, PathBuf), Error> {
    let settings = Settings::load(Path::new("."), &judge::flags(global, None, judge))?;
    let root = settings.root();
    Ok((settings, root))
}

/// Look at the tree below `root`, with what ignore files leave out where `ignored` is true, and at the
/// history of its repository too where `history` is true.
///
/// # Errors
/// What ends the run.
pub fn survey(settings: Settings, root: &Path, history: bool, ignored: bool) -> Result<Survey, Error> {
    let scan = Scan::new(settings);
    let shown = relative(root);
    let options = TreeOptions { ignore_files: !ignored, ..TreeOptions::default() };
    let mut outcome = scan.run(&Tree::new(vec![shown], options))?;
    if history {
        let past = audit(&scan, root)?;
        let known: HashSet<String> = outcome.halves().map(|half| half.fingerprint.clone()).collect();
        let alone = |half: &Finding| Finding { companions: Vec::new(), ..half.clone() };
        outcome.findings.extend(past.halves().filter(|half| !known.contains(&half.fingerprint)).map(alone));
        outcome.told.suppressed.extend(past.told.suppressed);
        outcome.skipped.extend(past.skipped);
        outcome.skipped.sort();
        outcome.skipped.dedup();
    }
    Ok(Survey { scan, outcome, history })
}

fn audit(scan: &Scan, root: &Path) -> Result<Outcome, Error> {
    let mut history = History::open(root, 0)?;
    let stop = AtomicBool::new(false);
    let options = AuditOptions { known: &Unknown, remember: false, stop: &stop, every_byte: false };
    let Audited { mut outcome, doubts, commits, .. } = scan.audit(&mut history, &options);
    let settle = |outcome: &mut Outcome| drop(scan.settle(outcome, &doubts));
    let before = Beforehand::new(commits, None);
    StoryArguments::default().tell(&mut outcome, root, &history, 0, &before, &settle)?;
    Ok(outcome)
}

/// A directory as seen from the current one, so that paths in reports and baselines are the same in every
/// clone.
fn relative(root: &Path) -> PathBuf {
    let here = crate::config::clean(Path::new("."));
    match here.strip_prefix(root) {
        Ok(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        _ => root.to_owned(),
    }
}
