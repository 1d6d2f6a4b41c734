//! Whole audits of real repositories beside git's own reading of every object, in one run.
//!
//! `SEKISHO_HISTORY=a.git:b.git cargo bench --bench history` names repositories, best with one pack each.
//! For each it prints seconds (median of three) of `git cat-file --batch-all-objects`, of an audit with one
//! and with all threads, of one that looks at each byte, and of a second audit with a cache, with their
//! ratios to git.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Seconds that a command takes: the median of three runs.
fn seconds(mut make: impl FnMut() -> Command) -> f64 {
    let mut all: Vec<f64> = (0..3)
        .map(|_| {
            let started = Instant::now();
            let status = make().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
            assert!(status.is_ok(), "{status:?}");
            started.elapsed().as_secs_f64()
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[1]
}

fn audit(repository: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.args(["audit", "--no-config", "--quiet", "--format", "jsonl"]).args(arguments).arg(repository);
    command
}

fn main() {
    let Some(named) = std::env::var_os("SEKISHO_HISTORY") else {
        eprintln!("history: name repositories in SEKISHO_HISTORY, apart by colons");
        return;
    };
    for repository in std::env::split_paths(&named) {
        let git = seconds(|| {
            let mut git = Command::new("git");
            git.arg("-C").arg(&repository).args(["cat-file", "--batch-all-objects", "--batch"]);
            git.args(["--unordered", "--buffer"]);
            git
        });
        println!("{}\n  git cat-file {git:.2} s", repository.display());
        let cache = std::env::temp_dir().join(format!("sekisho-bench-{}", std::process::id()));
        let place = cache.display().to_string();
        for (name, arguments) in [
            ("audit", &["--no-cache"][..]),
            ("one thread", &["--no-cache", "-j1"]),
            ("each byte", &["--no-cache", "--every-byte"]),
            // The first of its runs writes the cache, and is not the median.
            ("again", &["--cache", &place]),
        ] {
            let took = seconds(|| audit(&repository, arguments));
            println!("  {name} {took:.2} s = {:.3}", took / git);
        }
        let _ = std::fs::remove_file(cache);
    }
}
