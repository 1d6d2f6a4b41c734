//! The command line of gitleaks 8, with the old commands `detect` and `protect`. Doc comments here are
//! the help texts.

use clap::{ArgAction, Args as ClapArgs, Parser, Subcommand};
use std::path::PathBuf;

/// Find secrets by the command line of gitleaks
#[derive(Parser)]
#[command(name = "gitleaks", bin_name = "sekisho compat gitleaks", version, max_term_width = 100)]
pub struct Gitleaks {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Subcommand)]
pub enum Command {
    /// Scan the history of a git repository
    Git(Git),
    /// Scan directories or files
    #[command(visible_aliases = ["file", "directory"])]
    Dir(Dir),
    /// Scan standard input
    Stdin,
    /// Scan the history of a repository, or with --no-git a directory (old)
    Detect(Detect),
    /// Scan what is not committed yet (old)
    Protect(Protect),
    /// Tell the version
    Version,
}

#[derive(ClapArgs)]
pub struct Git {
    /// The repository
    #[arg(value_name = "REPO")]
    pub repository: Option<PathBuf>,
    /// Which commits: --all, A..B, --since=DATE, -n N
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    pub log_opts: Option<String>,
    /// Scan what is changed and not committed
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub pre_commit: bool,
    /// Scan what is staged
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub staged: bool,
    /// Where links would lead (accepted; reports here have none)
    #[arg(long)]
    pub platform: Option<String>,
}

#[derive(ClapArgs)]
pub struct Dir {
    /// Directories or files
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Follow symbolic links
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub follow_symlinks: bool,
}

#[derive(ClapArgs)]
pub struct Detect {
    /// The repository or directory
    #[arg(long, short, default_value = ".")]
    pub source: PathBuf,
    /// Which commits: --all, A..B, --since=DATE, -n N
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    pub log_opts: Option<String>,
    /// Scan the files of a directory
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub no_git: bool,
    /// Scan standard input
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub pipe: bool,
    /// Follow symbolic links
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub follow_symlinks: bool,
    /// Where links would lead (accepted; reports here have none)
    #[arg(long)]
    pub platform: Option<String>,
}

#[derive(ClapArgs)]
pub struct Protect {
    /// The repository
    #[arg(long, short, default_value = ".")]
    pub source: PathBuf,
    /// Scan what is staged
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub staged: bool,
    /// Accepted, and without a meaning here
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true, hide = true)]
    pub log_opts: Option<String>,
}

#[derive(ClapArgs)]
pub struct Common {
    /// A report of an earlier run: what is in it is not reported again
    #[arg(long, short, global = true, value_name = "FILE")]
    pub baseline_path: Option<PathBuf>,
    /// A configuration of gitleaks, or a sekisho.toml [also: GITLEAKS_CONFIG, GITLEAKS_CONFIG_TOML,
    /// .gitleaks.toml in the target]
    #[arg(long, short, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Only these rules
    #[arg(long, global = true, value_name = "ID", value_delimiter = ',')]
    pub enable_rule: Vec<String>,
    /// Exit status where there are leaks
    #[arg(long, global = true, default_value_t = 1, value_name = "N")]
    pub exit_code: u8,
    /// A .gitleaksignore, or the directory that has one
    #[arg(long, short = 'i', global = true, default_value = ".", value_name = "PATH")]
    pub gitleaks_ignore_path: PathBuf,
    /// Heed no gitleaks:allow comments
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub ignore_gitleaks_allow: bool,
    /// trace, debug, info, warn, error or fatal
    #[arg(long, short, global = true, default_value = "info", value_name = "LEVEL")]
    pub log_level: String,
    /// Accepted: depths are those of sekisho
    #[arg(long, global = true, value_name = "N")]
    pub max_archive_depth: Option<u32>,
    /// Accepted: depths are those of sekisho
    #[arg(long, global = true, value_name = "N")]
    pub max_decode_depth: Option<u32>,
    /// Leave out larger files
    #[arg(long, global = true, default_value_t = 0, hide_default_value = true, value_name = "N")]
    pub max_target_megabytes: u64,
    /// Accepted: there is no banner here
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub no_banner: bool,
    /// No colours
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub no_color: bool,
    /// Hide this much of each secret, in percent; secrets are hidden here without it too, and --redact=0
    /// shows them
    #[arg(long, global = true, value_name = "PERCENT", num_args = 0..=1, require_equals = true, default_missing_value = "100", value_parser = clap::value_parser!(u32).range(0..=100))]
    pub redact: Option<u32>,
    /// json, csv, junit or sarif [default: by the ending of the report's name, or json]
    #[arg(long, short = 'f', global = true, value_name = "FORMAT")]
    pub report_format: Option<String>,
    /// Write a report to this file, `-` for standard output
    #[arg(long, short = 'r', global = true, value_name = "FILE")]
    pub report_path: Option<PathBuf>,
    /// Not supported
    #[arg(long, global = true, value_name = "FILE", hide = true)]
    pub report_template: Option<PathBuf>,
    /// Accepted, and without a meaning here
    #[arg(long, global = true, value_name = "SECONDS", hide = true)]
    pub timeout: Option<u64>,
    /// Accepted, and without a meaning here
    #[arg(long, global = true, hide = true)]
    pub diagnostics: Option<String>,
    /// Accepted, and without a meaning here
    #[arg(long, global = true, hide = true)]
    pub diagnostics_dir: Option<PathBuf>,
    /// Print each finding
    #[arg(long, short, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = ArgAction::Set)]
    pub verbose: bool,
}
