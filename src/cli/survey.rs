//! A look at everything that settings are about, for commands that write baselines and allow entries.

use super::args::Global;
use super::judge::{self, Judge};
use super::story_arguments::StoryArguments;
use crate::config::Settings;
use crate::error::Error;
use crate::finding::Outcome;
use crate::scan::{AuditOptions, Audited, Scan};
use crate::source::history::{History, Unknown};
use crate::source::tree::{Tree, TreeOptions};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// What was seen.
pub struct Survey {
    /// The run, which knows what of its settings was of use.
    pub scan: Scan,
    /// Findings of the tree and, where asked for, of the history; one of both has its places in the tree.
    pub outcome: Outcome,
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

/// Look at the tree below `root`, and at the history of its repository too where `history` is true.
///
/// # Errors
/// What ends the run.
pub fn survey(settings: Settings, root: &Path, history: bool) -> Result<Survey, Error> {
    let scan = Scan::new(settings);
    let shown = relative(root);
    let mut outcome = scan.run(&Tree::new(vec![shown], TreeOptions::default()))?;
    if history {
        let past = audit(&scan, root)?;
        let places: HashMap<String, usize> = outcome
            .findings
            .iter()
            .enumerate()
            .map(|(place, finding)| (finding.fingerprint.clone(), place))
            .collect();
        outcome
            .findings
            .extend(past.findings.into_iter().filter(|finding| !places.contains_key(&finding.fingerprint)));
        outcome.told.suppressed.extend(past.told.suppressed);
        outcome.skipped.extend(past.skipped);
        outcome.skipped.sort();
        outcome.skipped.dedup();
    }
    Ok(Survey { scan, outcome })
}

fn audit(scan: &Scan, root: &Path) -> Result<Outcome, Error> {
    let mut history = History::open(root, 0)?;
    let stop = AtomicBool::new(false);
    let options = AuditOptions { known: &Unknown, remember: false, stop: &stop, every_byte: false };
    let Audited { mut outcome, doubts, .. } = scan.audit(&mut history, &options);
    let settle = |outcome: &mut Outcome| scan.settle(outcome, &doubts);
    StoryArguments::default().tell(&mut outcome, root, &history, 0, &settle)?;
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
