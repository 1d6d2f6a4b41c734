//! The arguments. Doc comments here are the help texts.

use super::story_arguments::StoryArguments;
use super::unpacking::Unpacking;
use crate::report::Format;
use crate::rules::Severity;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Find secrets (credentials, keys, tokens, passwords) before they leak.
///
/// Exit status: 0 clean, 1 findings, 2 could not vouch (an error, or something was not looked at).
#[derive(Parser)]
#[command(
    name = "sekisho",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub global: Global,
}

#[derive(ClapArgs, Clone)]
pub struct Global {
    /// When to colour output [NO_COLOR and CLICOLOR_FORCE are honoured]
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, value_name = "WHEN")]
    pub color: Color,
    /// Use this configuration file instead of the nearest sekisho.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Use no configuration file
    #[arg(long, global = true, conflicts_with = "config")]
    pub no_config: bool,
    /// Add the rules of this file (may be given several times)
    #[arg(long, global = true, value_name = "FILE")]
    pub rules: Vec<PathBuf>,
    /// How a hook judges; other commands have these flags of their own.
    #[arg(skip)]
    pub judge: super::judge::Judge,
    /// How a hook opens containers; other commands have these flags of their own.
    #[arg(skip)]
    pub unpacking: Unpacking,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Subcommand)]
pub enum Command {
    /// Scan files, directories or standard input
    #[command(visible_alias = "dir")]
    Scan(Box<Scan>),
    /// Look at every object of a git repository, reachable or not, and tell the story of each leak
    Audit(Box<Audit>),
    /// Run as a git hook, or install hooks
    Hook(super::hook::Hook),
    /// Hide secrets in the output of a command, in a stream, or in files
    Mask(Box<super::mask::args::Mask>),
    /// Tell which rules looked at a place, what each test measured, and what suppressed it
    Explain(Box<super::explain::Explain>),
    /// Go through findings and mark them true, false or accepted
    Triage(Box<super::triage::Triage>),
    Init(super::init::Init),
    Config(super::config::Config),
    Allow(super::allow::Allow),
    Baseline(super::baseline::Baseline),
    /// List, show and check rules
    Rules(Rules),
    /// Take over rules, allowlists, ignore files and baselines of other scanners
    Import(super::import::Import),
    /// Run by the command line of another scanner
    Compat(super::compat::Compat),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

#[derive(ClapArgs)]
pub struct Scan {
    /// Files or directories, `-` for standard input [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only files that git tracks
    #[arg(long)]
    pub tracked: bool,
    /// What is staged: the content that would be committed, whatever the work tree holds
    #[arg(long, conflicts_with_all = ["paths", "tracked", "range"])]
    pub staged: bool,
    /// All that a range of commits brings in, as in `origin/main..HEAD`
    #[arg(long, value_name = "BASE..HEAD", conflicts_with_all = ["paths", "tracked"])]
    pub range: Option<String>,
    /// Also what .gitignore and .ignore files exclude
    #[arg(long)]
    pub no_ignore: bool,
    /// Also follow symbolic links that lead out of the tree
    #[arg(long, short = 'L')]
    pub follow: bool,
    /// Number of threads [default: one for each core]
    #[arg(long, short = 'j', default_value_t = 0, hide_default_value = true, value_name = "N")]
    pub threads: usize,
    #[command(flatten)]
    pub unpacking: Unpacking,
    #[command(flatten)]
    pub select: Select,
    #[command(flatten)]
    pub judge: super::judge::Judge,
    #[command(flatten)]
    pub write: Write,
}

#[derive(ClapArgs)]
pub struct Audit {
    /// A work tree, a bare repository or a .git directory [default: .]
    #[arg(value_name = "REPO")]
    pub repository: Option<PathBuf>,
    /// Keep what nothing was found in here, for the next audit [default: in the git directory]
    #[arg(long, value_name = "FILE")]
    pub cache: Option<PathBuf>,
    /// Look at everything again, and remember nothing
    #[arg(long, conflicts_with = "cache")]
    pub no_cache: bool,
    /// Number of threads [default: one for each core]
    #[arg(long, short = 'j', default_value_t = 0, hide_default_value = true, value_name = "N")]
    pub threads: usize,
    /// Look at every byte, also at what a delta copies from another object (the findings are the same)
    #[arg(long, hide = true)]
    pub every_byte: bool,
    #[command(flatten)]
    pub unpacking: Unpacking,
    #[command(flatten)]
    pub story: StoryArguments,
    #[command(flatten)]
    pub select: Select,
    #[command(flatten)]
    pub judge: super::judge::Judge,
    #[command(flatten)]
    pub write: Write,
}

#[derive(ClapArgs)]
pub struct Select {
    /// Switch on rules by id, provider, kind or severity (`all` for every rule)
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub enable: Vec<String>,
    /// Switch off rules by id, provider, kind or severity (`all` for every rule)
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub disable: Vec<String>,
    /// Only rules of at least this severity; with `info` also private keys and hashes of tests and examples
    #[arg(long, value_name = "LEVEL", value_parser = severity)]
    pub severity: Option<Severity>,
}

#[derive(ClapArgs)]
pub struct Write {
    /// Report format on standard output: human, json, jsonl, sarif, html, gitleaks, csv, junit, gitlab,
    /// github or markdown; what `--output` writes to a file in this format is not repeated there
    #[arg(long, short = 'f', default_value = "human", value_name = "FORMAT")]
    pub format: Format,
    /// Write a report to this file (may be given several times); the format comes from the ending
    /// (.json, .jsonl, .sarif, .html, .csv, .xml for junit, .md, .txt), from a prefix, as in
    /// `gitleaks=report.json`, or else from `--format`
    #[arg(long, short = 'o', value_name = "[FORMAT=]FILE")]
    pub output: Vec<String>,
    /// Show secrets in clear in reports
    #[arg(long)]
    pub show_secrets: bool,
    /// List what is allowed or known in SARIF reports too, as suppressed results; json, jsonl and html list
    /// it in any case
    #[arg(long)]
    pub show_suppressed: bool,
    /// Exit with status 0 even if there are findings
    #[arg(long)]
    pub exit_zero: bool,
    /// No progress, and no summary on a clean run
    #[arg(long, short = 'q')]
    pub quiet: bool,
}

#[derive(ClapArgs)]
pub struct Rules {
    #[command(subcommand)]
    pub command: RulesCommand,
}

#[derive(Subcommand)]
pub enum RulesCommand {
    /// List all rules
    List {
        /// text, json or markdown
        #[arg(long, short = 'f', value_enum, default_value_t = ListFormat::Text)]
        format: ListFormat,
    },
    /// Show one rule with its examples
    Show {
        /// The rule's id
        id: String,
    },
    /// Check rule files, or the built-in rules: that they load and that every example holds
    Check {
        /// Rule files [default: the built-in rules and those of --rules and sekisho.toml]
        files: Vec<PathBuf>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    Text,
    Json,
    Markdown,
}

pub fn severity(name: &str) -> Result<Severity, String> {
    [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical]
        .into_iter()
        .find(|severity| severity.name() == name)
        .ok_or_else(|| "choose one of info, low, medium, high, critical".to_owned())
}
