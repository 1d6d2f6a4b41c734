//! `sekisho compat`: the command lines of other scanners.

mod args;
mod filter;
mod gitleaks;
mod unstaged;

use super::args::Global;
use crate::error::Error;
use clap::{Args as ClapArgs, Subcommand};
use std::ffi::OsString;

#[derive(ClapArgs)]
pub struct Compat {
    #[command(subcommand)]
    pub scanner: Scanner,
}

#[derive(Subcommand)]
pub enum Scanner {
    /// The command line of gitleaks 8: detect, protect, git, dir, stdin, with its flags, reports and exit
    /// statuses (`sekisho compat gitleaks --help`)
    #[command(disable_help_flag = true)]
    Gitleaks {
        /// What would follow `gitleaks`
        #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

/// Run the command.
///
/// # Errors
/// None but those of standard output: other errors end in the status that the other scanner has for them.
pub fn run(compat: &Compat, global: &Global) -> Result<u8, Error> {
    match &compat.scanner {
        Scanner::Gitleaks { arguments } => gitleaks::run(arguments, global.config.as_deref()),
    }
}
