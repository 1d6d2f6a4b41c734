//! `sekisho audit`.

use super::args::{Audit as AuditArgs, Global};
use super::{judge, output, progress};
use crate::cache::{self, Cache, Loaded, Settled};
use crate::config::Settings;
use crate::error::Error;
use crate::finding::Outcome;
use crate::scan::{AuditOptions, Audited, Scan};
use crate::source::history::{History, Known, Unknown};
use crate::source::provenance::{Beforehand, Remembered};
use std::cell::RefCell;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Run the command.
///
/// # Errors
/// What ends the run.
pub fn run(args: &AuditArgs, global: &Global) -> Result<u8, Error> {
    let start = args.repository.clone().unwrap_or_else(|| PathBuf::from("."));
    let settings = Settings::load(&start, &judge::flags(global, Some(&args.select), &args.judge))?;
    output::notes(&settings, args.write.quiet);
    let mut history = History::open(&start, args.threads)?;
    let targets = output::open(&args.write)?;
    let scan = Scan::new(settings).opening(args.unpacking.limits());
    let stop = stop_on_signals();
    let digest = scan.rules_digest();
    let place = (!args.no_cache).then(|| cache_file(args, &history));
    let mut known = place.as_deref().and_then(|place| load(place, &digest, &history, args.write.quiet));
    let state = if place.is_some() { history.state() } else { Default::default() };
    if let Some(cache) = &mut known {
        cache.compare(&state);
    }
    let clean_before = known.as_ref().map_or(&Unknown as &dyn Known, |cache| cache);
    let only = args.story.only(&start, &history, clean_before)?;
    let options = AuditOptions {
        known: only.as_ref().map_or(clean_before, |only| only),
        remember: place.is_some() && only.is_none(),
        stop: &stop,
        every_byte: args.every_byte,
    };
    let shown = !args.write.quiet && std::io::stderr().is_terminal();
    let Audited { mut outcome, doubts, clean, commits } =
        progress::with(&scan.progress, shown, || scan.audit(&mut history, &options));
    let settled = RefCell::new(Vec::new());
    let settle = |outcome: &mut Outcome| drop(settled.replace(scan.settle(outcome, &doubts)));
    let remembered = known.as_ref().and_then(|cache| Remembered::from_bytes(cache.traced()));
    let before = Beforehand::new(commits, remembered);
    let traced = args.story.tell(&mut outcome, &start, &history, args.threads, &before, &settle)?;
    let news = only.is_none() && (clean.changed || known.as_ref().is_some_and(|cache| !cache.current()));
    let traced = traced.map_or_else(Vec::new, |traced| traced.to_bytes());
    let settled = Settled::new(state, &settled.borrow(), traced, known.as_ref());
    if let Some(place) = place.as_ref().filter(|_| news)
        && let Err(error) = cache::store(place, &digest, &clean, &settled)
        && !args.write.quiet
    {
        eprintln!("sekisho: note: the cache {} is not written: {error}", place.display());
    }
    scan.tell_stale(&mut outcome.told, false);
    judge::tell(&outcome.told, args.write.quiet);
    output::write(&outcome, &args.write, global, &start, targets)?;
    Ok(args.unpacking.status(&outcome, args.write.exit_zero))
}

/// Where the cache is: as told, or in the git directory.
fn cache_file(args: &AuditArgs, history: &History) -> PathBuf {
    match (&args.cache, history.repositories().first()) {
        (None, Some(repository)) => repository.store().layout().common.join("sekisho/clean-objects"),
        (place, _) => place.clone().unwrap_or_else(|| PathBuf::from("sekisho-clean-objects")),
    }
}

fn load(place: &Path, digest: &str, history: &History, quiet: bool) -> Option<Cache> {
    let reason = match cache::load(place, digest) {
        Loaded::Cache(cache) if cache.lacks_objects(history) => "objects have been deleted since".to_owned(),
        Loaded::Cache(cache) => return Some(cache),
        Loaded::Nothing => return None,
        Loaded::Useless(reason) => reason,
    };
    if !quiet {
        eprintln!("sekisho: note: the cache {} is not used: {reason}", place.display());
    }
    None
}

/// Set by the first Ctrl-C (or a request to end): what was found until then is reported. The second
/// one ends the program at once.
#[cfg(unix)]
fn stop_on_signals() -> Arc<AtomicBool> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // In this order: the first signal only sets the flag. Without them the defaults stay in force.
        let _ = signal_hook::flag::register_conditional_default(signal, Arc::clone(&stop));
        let _ = signal_hook::flag::register(signal, Arc::clone(&stop));
    }
    stop
}

/// Elsewhere the system ends the program.
#[cfg(not(unix))]
fn stop_on_signals() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(false))
}
