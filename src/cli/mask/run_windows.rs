//! Masks the output of a command, or standard input, on Windows.

use super::args::Mask;
use super::report::{self, Files, Input};
use super::tell;
use crate::error::Error;
use crate::mask::child::windows::{self, Over};
use crate::mask::child::{FAILED, NOT_EXECUTABLE, NOT_FOUND};
use crate::mask::stream::Shared;
use std::io::ErrorKind;

/// Mask, and return the status to exit with.
///
/// # Errors
/// What keeps masking from beginning.
#[allow(clippy::exit, reason = "a status of Windows has 32 bits; the return value has eight")]
pub fn run(args: Mask, mut shared: Shared, reports: Files) -> Result<u8, Error> {
    let over = match args.command.is_empty() {
        true => windows::filter(&mut shared),
        false => match windows::command(&args.command, shared) {
            Ok(over) => over,
            Err(error) => {
                let (what, status) = match error.kind() {
                    ErrorKind::NotFound => ("command not found".to_owned(), NOT_FOUND),
                    _ => (format!("cannot be executed: {error}"), NOT_EXECUTABLE),
                };
                tell(&format!("error: {}: {what}", args.command[0].to_string_lossy()));
                return Ok(status);
            }
        },
    };
    let Over { status, failure, reports: streams } = over;
    let inputs: Vec<Input> = streams.iter().map(|(name, report)| Input::new(name, report.as_ref())).collect();
    if args.output.summary {
        report::summary(&inputs, false).lines().for_each(tell);
    }
    reports.write(&inputs)?;
    if let Some(failure) = failure {
        tell(&format!("error: output cannot be masked any more: {failure}"));
        return Ok(FAILED);
    }
    match (status, args.output.fail_on_leak) {
        (0, Some(wanted)) if report::leaked(&inputs) => Ok(wanted),
        (status, _) => match u8::try_from(status) {
            Ok(status) => Ok(status),
            Err(_) => std::process::exit(status),
        },
    }
}
