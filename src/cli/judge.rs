//! The flags by which findings are judged, and what is said of their judgement.

use super::args::{Global, Select};
use crate::config::Flags;
use crate::finding::{NoteKind, Told};
use crate::rules::Severity;
use clap::Args as ClapArgs;
use std::path::PathBuf;

/// Notes told in full for each kind.
const NOTES: usize = 5;

#[derive(ClapArgs, Clone, Debug, Default)]
pub struct Judge {
    /// Exit with status 1 only for findings of at least this severity; all are reported
    #[arg(long, global = true, value_name = "LEVEL", value_parser = super::args::severity)]
    pub fail_on: Option<Severity>,
    /// Known findings [default: sekisho.baseline beside sekisho.toml, where it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Report known findings too
    #[arg(long, global = true, conflicts_with = "baseline")]
    pub no_baseline: bool,
}

/// The flags that settings are made of.
pub fn flags(global: &Global, select: Option<&Select>, judge: &Judge) -> Flags {
    let mut flags = Flags {
        config: global.config.clone(),
        no_config: global.no_config,
        rules: global.rules.clone(),
        fail_on: judge.fail_on,
        baseline: judge.baseline.clone(),
        no_baseline: judge.no_baseline,
        ..Flags::default()
    };
    if let Some(select) = select {
        flags.selection.enable = select.enable.clone();
        flags.selection.disable = select.disable.clone();
        flags.selection.severity = select.severity;
    }
    flags
}

/// Tell on standard error what is stale.
pub fn tell(told: &Told, quiet: bool) {
    if quiet {
        return;
    }
    let kinds = [
        NoteKind::ExpiredComment,
        NoteKind::UnusedComment,
        NoteKind::ExpiredEntry,
        NoteKind::UnusedEntry,
        NoteKind::GoneEntry,
    ];
    for kind in kinds {
        let notes: Vec<_> = told.notes.iter().filter(|note| note.kind == kind).collect();
        for note in notes.iter().take(NOTES) {
            eprintln!(
                "sekisho: note: {}: {}",
                crate::report::inert(&note.place),
                crate::report::inert(&note.text)
            );
        }
        if let Some(more) = notes.len().checked_sub(NOTES).filter(|&more| more > 0) {
            eprintln!("sekisho: note: and {more} more like that");
        }
        match kind {
            _ if notes.is_empty() => {}
            NoteKind::ExpiredEntry | NoteKind::UnusedEntry => {
                eprintln!("sekisho: note: `sekisho allow --prune` removes such entries");
            }
            NoteKind::GoneEntry => eprintln!("sekisho: note: `sekisho baseline update` removes such entries"),
            NoteKind::ExpiredComment | NoteKind::UnusedComment => {}
        }
    }
}
