//! `sekisho hook`: what git's hooks run, and how they are installed.

mod args;
mod doctor;
mod install;
mod message;
mod push;
mod script;
mod state;

use super::args::Global;
use super::{judge, output};
use crate::config::Settings;
use crate::error::Error;
use crate::gate::{self, Verdict};
use crate::report::Options;
use crate::report::blocked::{self, Gate};
use crate::scan::Scan;
use crate::source::Source;
use crate::source::introduced::Introduced;
use crate::source::repo::Repo;
use crate::source::staged::Staged;
use std::io::Write;
use std::path::Path;

pub use args::{Hook, HookCommand};

/// Rules that are let through for this once, apart by commas.
const SKIP: &str = "SEKISHO_SKIP";

/// Run the command.
///
/// # Errors
/// What ends the run; a hook that could not look has said how to go on.
pub fn run(hook: &Hook, global: &Global) -> Result<u8, Error> {
    let (judge, unpacking) = (hook.judge.clone(), hook.unpacking.clone());
    let global = &Global { judge, unpacking, ..global.clone() };
    let (gate, result) = match &hook.command {
        HookCommand::PreCommit { files } => (Gate::Commit { unborn: false }, pre_commit(files, global)),
        HookCommand::CommitMsg { file } => (Gate::Message, message::run(file, global)),
        HookCommand::PrePush { remote, url } => {
            (Gate::Push, push::pre_push(remote.as_deref(), url.as_deref(), global))
        }
        HookCommand::PreReceive => (Gate::Receive, push::pre_receive(global)),
        HookCommand::Install(which) => return install::install(which),
        HookCommand::Uninstall(which) => return install::uninstall(which),
        HookCommand::Status { global } => return install::status(*global),
        HookCommand::Doctor => return doctor::run(global),
    };
    result.inspect_err(|_| {
        eprintln!(
            "sekisho: {} blocked: what cannot be looked at does not pass\n\
             To go on: mend what is told below; without this check: {}",
            gate.noun(),
            gate.way_round()
        );
    })
}

fn pre_commit(files: &[std::ffi::OsString], global: &Global) -> Result<u8, Error> {
    let repo = Repo::here()?;
    if let Some(status) = push::range_of_pre_commit(&repo, global)? {
        return Ok(status);
    }
    let only: Vec<Vec<u8>> = files.iter().map(|file| slashed(file)).collect();
    let staged = Staged::open(&repo, &only)?;
    if staged.is_empty() {
        return Ok(0);
    }
    let gate = Gate::Commit { unborn: staged.is_unborn() };
    look(gate, repo.directory(), &staged, global)
}

/// Install the usual hooks in the repository around the current directory.
///
/// # Errors
/// As for `sekisho hook install`.
pub fn install_here() -> Result<u8, Error> {
    install::install(&args::Which::default())
}

fn slashed(file: &std::ffi::OsStr) -> Vec<u8> {
    let bytes = file.as_encoded_bytes().to_vec();
    match cfg!(windows) {
        true => bytes.into_iter().map(|byte| if byte == b'\\' { b'/' } else { byte }).collect(),
        false => bytes,
    }
}

/// Scan what a change brings in, and tell what blocks it. `start` is where the configuration is looked
/// for.
fn look<S: Source + Introduced>(gate: Gate, start: &Path, source: &S, global: &Global) -> Result<u8, Error> {
    let flags = judge::flags(global, None, &global.judge);
    let settings = Settings::load(start, &flags)?;
    output::notes(&settings, false);
    let waived = waived(&settings)?;
    let scan = Scan::new(settings).opening(global.unpacking.limits());
    let verdict = gate::judge(scan.run_apart(source)?, source, &waived);
    judge::tell(&verdict.outcome.told, false);
    let status = global.unpacking.status(&verdict.outcome, false);
    tell(gate, &verdict, global)?;
    Ok(status)
}

/// The rules that `SEKISHO_SKIP` names.
fn waived(settings: &Settings) -> Result<Vec<String>, Error> {
    let Some(text) = std::env::var_os(SKIP) else { return Ok(Vec::new()) };
    let text = text.to_string_lossy();
    let names: Vec<String> =
        text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    for name in names.iter().filter(|name| *name != "all") {
        if settings.rules.by_id(name).is_none() {
            let remedy = match settings.rules.like(name).as_slice() {
                [] => "name rules as the message does, apart by commas; see `sekisho rules list`".to_owned(),
                close => format!("did you mean {}? Rules are named apart by commas", close.join(", ")),
            };
            let reason = format!("no rule is called `{name}`");
            return Err(Error::Input { what: SKIP.to_owned(), reason, remedy });
        }
    }
    Ok(names)
}

fn tell(gate: Gate, verdict: &Verdict, global: &Global) -> Result<(), Error> {
    let stderr = std::io::stderr();
    let options = Options { color: output::color(global, &stderr), ..Options::default() };
    let mut text = Vec::new();
    let outcome = &verdict.outcome;
    let written = (|| {
        for (rule, count) in &verdict.waived {
            writeln!(text, "sekisho: {SKIP} let {count} of rule `{rule}` through")?;
        }
        let grave = outcome.told.fail_on;
        let blocks = |finding: &&crate::finding::Finding| grave.is_none_or(|least| finding.severity >= least);
        let below = outcome.findings.iter().filter(|finding| !blocks(finding)).count();
        if below == outcome.findings.len() {
            for finding in &outcome.findings {
                let place = finding.occurrences.first();
                let line = place.map_or(0, |place| place.start.line);
                let origin = place.map(|place| crate::report::inert(&place.origin.to_string()));
                writeln!(
                    text,
                    "sekisho: {}:{line}: {} {} (below --fail-on: blocks nothing)",
                    origin.unwrap_or_default(),
                    finding.severity.name(),
                    finding.rule
                )?;
            }
        } else {
            blocked::write(gate, &outcome.findings, &options, &mut text)?;
        }
        if global.unpacking.allow_incomplete && !outcome.complete() {
            let missed = outcome.skipped.iter().filter(|skipped| !skipped.reason.benign()).count();
            writeln!(text, "sekisho: {missed} not looked at (--allow-incomplete: blocks nothing)")?;
        } else if !outcome.complete() {
            blocked::write_skipped(gate, &outcome.skipped, &options, &mut text)?;
        }
        match verdict.older.len() {
            0 => Ok(()),
            1 => writeln!(
                text,
                "sekisho: 1 older secret stands on lines that this does not touch (see `sekisho scan`)"
            ),
            more => writeln!(
                text,
                "sekisho: {more} older secrets stand on lines that this does not touch (see `sekisho scan`)"
            ),
        }
    })();
    // One write, so that the lines of several hooks do not mix. A reader of our errors that went away
    // changes nothing about the verdict.
    let _ = written.and_then(|()| stderr.lock().write_all(&text));
    Ok(())
}
