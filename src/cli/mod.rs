//! The command line: parse, assemble, run, write, exit status.
#![allow(clippy::print_stderr, reason = "messages for people are this module's work")]

mod allow;
mod args;
mod audit;
mod baseline;
mod compat;
mod config;
mod explain;
mod hook;
mod import;
mod init;
mod judge;
mod mask;
mod output;
mod progress;
mod rules;
mod scan;
mod story_arguments;
mod survey;
mod triage;
mod unpacking;

use crate::error::Error;
use crate::mask::child::FAILED;
use crate::report::terminal::inert;
use clap::{CommandFactory, Parser};
use std::process::ExitCode;

/// Exit status where the run could not vouch for anything.
const INCOMPLETE: u8 = 2;

/// Run the program with the arguments of this process.
pub fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are printed to standard output with status 0, errors get status 2.
            let mut status = u8::try_from(error.exit_code()).unwrap_or(INCOMPLETE);
            // The statuses of `mask` are those of the command behind it.
            if error.use_stderr() && std::env::args_os().nth(1).is_some_and(|word| word == "mask") {
                status = FAILED;
            }
            let _ = error.print();
            return ExitCode::from(status);
        }
    };
    let result = match args.command {
        args::Command::Scan(scan) => scan::run(&scan, &args.global),
        args::Command::Audit(audit) => audit::run(&audit, &args.global),
        args::Command::Hook(hook) => hook::run(&hook, &args.global),
        args::Command::Mask(mask) => mask::run(*mask, &args.global),
        args::Command::Explain(explain) => explain::run(&explain, &args.global),
        args::Command::Triage(triage) => triage::run(&triage, &args.global),
        args::Command::Init(init) => init::run(&init, &args.global),
        args::Command::Config(config) => config::run(&config, &args.global),
        args::Command::Allow(allow) => allow::run(&allow, &args.global),
        args::Command::Baseline(baseline) => baseline::run(&baseline, &args.global),
        args::Command::Rules(rules) => rules::run(&rules, &args.global),
        args::Command::Import(import) => import::run(&import, &args.global),
        args::Command::Compat(compat) => compat::run(&compat, &args.global),
        args::Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut args::Args::command(), "sekisho", &mut script);
            output::print(&String::from_utf8_lossy(&script)).map(|()| 0)
        }
    };
    match result {
        Ok(status) => ExitCode::from(status),
        Err(Error::BrokenPipe) => ExitCode::from(INCOMPLETE),
        Err(error) => {
            // Names and texts in it come from strangers.
            let told: Vec<String> = error.to_string().lines().map(inert).collect();
            eprintln!("sekisho: error: {}", told.join("\n"));
            ExitCode::from(INCOMPLETE)
        }
    }
}
