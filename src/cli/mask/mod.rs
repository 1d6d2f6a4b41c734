//! `sekisho mask`.

mod add;
pub mod args;
mod doctor;
mod in_place;
mod report;
#[cfg(unix)]
mod run;
#[cfg(windows)]
#[path = "run_windows.rs"]
mod run;
mod secrets;
mod selftest;

use super::args::Global;
use crate::error::Error;
use crate::mask::child::FAILED;
use crate::mask::stream::Shared;
use crate::mask::{Options, TokenStyle};
use args::{Action, Mask};

/// Run the command. Returns the exit status.
///
/// # Errors
/// What ends the actions. Masking itself tells its errors here, with a status of its own.
pub fn run(args: Mask, global: &Global) -> Result<u8, Error> {
    match &args.action {
        Some(Action::Add(add)) => return add::run(add),
        Some(Action::Doctor(doctor)) => return doctor::run(doctor, &args.secrets, global),
        Some(Action::Selftest(selftest)) => return selftest::run(selftest),
        None => {}
    }
    fail_closed();
    Ok(masked(args, global).unwrap_or_else(|error| {
        tell(&format!("error: {error}"));
        FAILED
    }))
}

fn masked(args: Mask, global: &Global) -> Result<u8, Error> {
    let gathered = secrets::gather(&args.secrets, global)?;
    if !args.output.quiet {
        gathered.notes.iter().for_each(|note| tell(&format!("warning: {note}")));
    }
    let token = args.output.token.clone().map_or(TokenStyle::Named, TokenStyle::Fixed);
    let shared = Shared {
        options: Options { token, unknown: gathered.engine.is_some() },
        known: gathered.known,
        engine: gathered.engine,
        commands: !args.secrets.no_host_commands && args.in_place.is_empty(),
        weak: Vec::new(),
    };
    let reports = report::Files::open(&args.output.report)?;
    if args.in_place.is_empty() {
        run::run(args, shared, reports)
    } else {
        in_place::run(&args, shared, reports)
    }
}

/// A line on standard error. Where that is closed or full, there is nobody to tell.
fn tell(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "sekisho: {text}");
}

/// Should masking itself break, the process ends at once and without a word of what it held: the message of
/// a panic may quote text.
#[allow(clippy::exit, reason = "nothing may run after this")]
fn fail_closed() {
    std::panic::set_hook(Box::new(|panic| {
        #[cfg(unix)]
        crate::mask::child::pty::restore();
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line()));
        tell(&format!(
            "error: masking broke at {}; nothing more is printed\n  help: please report this as a bug",
            place.unwrap_or_default()
        ));
        std::process::exit(FAILED.into());
    }));
}
