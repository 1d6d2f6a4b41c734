//! The arguments of `sekisho hook`. Doc comments here are the help texts.

use clap::{Args as ClapArgs, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

/// Run as a git hook, or install hooks
#[derive(ClapArgs)]
pub struct Hook {
    #[command(subcommand)]
    pub command: HookCommand,
    #[command(flatten)]
    pub judge: crate::cli::judge::Judge,
    #[command(flatten)]
    pub unpacking: crate::cli::unpacking::Unpacking,
}

#[derive(Subcommand)]
pub enum HookCommand {
    /// Look at what is staged (run by git before a commit)
    PreCommit {
        /// Only these files: what is staged for them, or all of them where nothing is. For tools that
        /// name files, as `pre-commit` does
        #[arg(value_name = "FILE")]
        files: Vec<OsString>,
    },
    /// Look at a commit's message (run by git before a commit)
    CommitMsg {
        /// The file with the message
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Look at all that the remote does not have yet (run by git before a push)
    PrePush {
        /// Name of the remote
        #[arg(value_name = "REMOTE")]
        remote: Option<String>,
        /// Address of the remote
        #[arg(value_name = "URL")]
        url: Option<String>,
    },
    /// Look at all that a push brings in (run by git on a server)
    PreReceive,
    /// Install hooks in this repository; hooks that are there already are kept and run first
    Install(Which),
    /// Remove our hooks, and put back those that were there before
    Uninstall(Which),
    /// Tell which hooks are installed, and where
    Status {
        /// The hooks for all repositories of this user
        #[arg(long)]
        global: bool,
    },
    /// Prove that each installed hook blocks a planted secret, in a throw-away repository
    Doctor,
}

#[derive(ClapArgs, Default)]
pub struct Which {
    /// The hook that looks at what is staged
    #[arg(long)]
    pub pre_commit: bool,
    /// The hook that looks at what is pushed
    #[arg(long)]
    pub pre_push: bool,
    /// The hook that looks at messages
    #[arg(long)]
    pub commit_msg: bool,
    /// The hook that looks at what a server receives
    #[arg(long)]
    pub pre_receive: bool,
    /// For all repositories of this user, by core.hooksPath; a repository's own hooks still run
    #[arg(long)]
    pub global: bool,
}
