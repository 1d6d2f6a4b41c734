//! The arguments of `sekisho mask`. Doc comments here are the help texts.

use crate::cli::args::Select;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Hide secrets in the output of a command, in a stream, or in files.
///
/// `sekisho mask -- COMMAND` runs the command and masks what it writes; the status is the command's own.
/// `COMMAND | sekisho mask` masks standard input. What is masked: variables of the environment that are
/// secrets by name or value, mounted secrets, what --env, --file and --fd name, what is registered while it
/// runs (`sekisho mask add`, ::add-mask::, ##vso[…issecret=true]), and what the rules find. `sekisho mask
/// doctor` lists it.
///
/// Exit status: that of the command; 125 where masking itself failed (then nothing more is printed), 126
/// where the command cannot be executed, 127 where it is not found.
#[derive(ClapArgs)]
#[command(
    args_conflicts_with_subcommands = false,
    subcommand_value_name = "ACTION",
    subcommand_help_heading = "Actions"
)]
pub struct Mask {
    #[command(flatten)]
    pub secrets: Secrets,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub child: Child,
    /// Mask these files where they are, for instance reports and artifacts
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["command", "pty", "wait_daemons", "socket"])]
    pub in_place: Vec<PathBuf>,
    /// The command and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What is secret.
#[derive(ClapArgs)]
#[command(next_help_heading = "Secrets")]
pub struct Secrets {
    /// Mask the values of variables with this name, besides those that are secrets by name or value; with
    /// `*` and `?`; `!GLOB` leaves variables out (may be given several times)
    #[arg(long, value_name = "GLOB")]
    pub env: Vec<String>,
    /// Mask no variables of the environment but those of --env
    #[arg(long)]
    pub no_env: bool,
    /// Mask the secrets in this file: raw, dotenv, JSON, YAML, kubeconfig, netrc, .npmrc or PEM, by its
    /// content, or as told by a prefix such as `raw=` (may be given several times)
    #[arg(long, value_name = "[FORMAT=]FILE")]
    pub file: Vec<String>,
    /// Mask the secrets on this open file descriptor; the command does not get it
    #[arg(long, value_name = "N")]
    pub fd: Vec<i32>,
    /// Directory of mounted secrets [default: /run/secrets]
    #[arg(long, value_name = "DIR")]
    pub mounts: Vec<PathBuf>,
    /// Do not read mounted secrets
    #[arg(long, conflicts_with = "mounts")]
    pub no_mounts: bool,
    /// Mask weak values too: words and numbers everywhere, 4 and 5 bytes where they stand alone
    #[arg(long)]
    pub mask_weak: bool,
    /// Mask only known secrets, and look for no others
    #[arg(long)]
    pub no_rules: bool,
    /// Do not learn from commands to the host in the log, and mask them as any text
    #[arg(long)]
    pub no_host_commands: bool,
    #[command(flatten)]
    pub select: Select,
}

/// What is written.
#[derive(ClapArgs)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// Write this for every secret [default: [MASKED:name]]
    #[arg(long, value_name = "TEXT")]
    pub token: Option<String>,
    /// Tell on standard error at the end what was masked: how often, which name or rule, in which form
    #[arg(long)]
    pub summary: bool,
    /// Write a report to this file: SARIF if it ends in .sarif, else JSON (may be given several times)
    #[arg(long, value_name = "FILE")]
    pub report: Vec<PathBuf>,
    /// Exit with this status if anything had to be masked, or was told of too late, and the command succeeded
    #[arg(long, value_name = "STATUS", value_parser = clap::value_parser!(u8).range(1..))]
    pub fail_on_leak: Option<u8>,
    /// No warnings about weak values
    #[arg(long, short = 'q')]
    pub quiet: bool,
}

/// How the command is run.
#[derive(ClapArgs)]
#[command(next_help_heading = "Command")]
pub struct Child {
    /// Give the command a pseudo-terminal, also where standard output is none
    #[arg(long, overrides_with = "no_pty")]
    pub pty: bool,
    /// Give the command no pseudo-terminal [default: one if standard output is a terminal, never in CI]
    #[arg(long)]
    pub no_pty: bool,
    /// Stay until no process holds the output any more, not only until the command ends
    #[arg(long)]
    pub wait_daemons: bool,
    /// Listen at this path for `sekisho mask add`; its directory must be yours alone [default: a path of its
    /// own, told to the command in SEKISHO_MASK_SOCK]
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Action {
    /// Register a secret with the mask around this process; the value comes from standard input
    ///
    /// Returns when the value is in force. Exit status: 0 in force, 1 too weak to be masked, 2 no mask there.
    Add(Add),
    /// List what of this environment would be masked, in which class and why (names only)
    Doctor(Doctor),
    /// Print generated canaries in every form, to see which of them a CI system's own masking hides
    Selftest(Selftest),
}

#[derive(ClapArgs)]
pub struct Add {
    /// What to call it in the output
    pub name: Option<String>,
    /// Take the value of this variable instead of standard input
    #[arg(long, value_name = "VARIABLE")]
    pub env: Option<String>,
}

#[derive(ClapArgs)]
pub struct Doctor {
    /// As JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub secrets: Secrets,
}

#[derive(ClapArgs)]
pub struct Selftest {
    /// Take the canary from this variable, which the CI system masks, instead of making one up
    #[arg(long, value_name = "VARIABLE")]
    pub env: Option<String>,
    /// First register the canary the way this host knows
    #[arg(long, value_enum, value_name = "HOST")]
    pub register: Option<Host>,
    /// Make the canary from this number, to have the same again
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Print the canary alone, to store it as a secret of the CI system
    #[arg(long, conflicts_with_all = ["check", "register"])]
    pub canary: bool,
    /// Read a log of such a run and tell which forms leaked (`-` for standard input); exit status 1 if any did
    #[arg(long, value_name = "FILE", conflicts_with = "register")]
    pub check: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Host {
    /// `::add-mask::`
    Github,
    /// `##vso[task.setsecret]`
    Azure,
    /// `sekisho mask add`, where the selftest runs behind a mask of ours
    Sekisho,
}
