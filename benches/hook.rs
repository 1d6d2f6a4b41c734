//! What a commit waits for: the whole `hook pre-commit` process for ten staged files in a repository of
//! 20,000 beside `git diff --cached --quiet`, and `scan --range` of 1,000 commits beside
//! `git rev-list --objects`.

#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const FILES: usize = 20_000;
const COMMITS: usize = 1_000;

fn command(directory: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory).env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn run(directory: &Path, program: &str, arguments: &[&str], status: i32) {
    let ended = command(directory, program, arguments).status().unwrap();
    assert_eq!(ended.code(), Some(status), "{program} {arguments:?}");
}

fn path(number: usize) -> String {
    format!("src{:02}/mod{:02}/file{:02}.py", number / 1000, number / 20 % 50, number % 20)
}

/// 20,000 files in a first commit, and a branch `many` of 1,000 commits that change three files each.
fn repository(top: &Path) {
    let mut stream = String::new();
    let head = |stream: &mut String, branch: &str, number: usize| {
        let time = 1_700_000_000 + number;
        writeln!(stream, "commit refs/heads/{branch}\ncommitter t <t@example.org> {time} +0000").unwrap();
        writeln!(stream, "data 1\nx").unwrap();
    };
    let file = |stream: &mut String, number: usize, seed: usize| {
        let text = format!("def f{seed}():\n    return {number}\n").repeat(10);
        writeln!(stream, "M 100644 inline {}\ndata {}\n{text}", path(number), text.len()).unwrap();
    };
    head(&mut stream, "main", 0);
    (0..FILES).for_each(|number| file(&mut stream, number, number));
    for commit in 0..COMMITS {
        head(&mut stream, "many", commit + 1);
        if commit == 0 {
            stream.push_str("from refs/heads/main\n");
        }
        (0..3).for_each(|which| file(&mut stream, (commit * 7919 + which * 104_729) % FILES, commit + FILES));
    }
    run(top, "git", &["init", "-q", "-b", "main"], 0);
    let mut import = command(top, "git", &["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().unwrap();
    import.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    assert!(import.wait().unwrap().success());
    run(top, "git", &["reset", "-q", "--hard", "main"], 0);
    run(top, "git", &["gc", "-q"], 0);
    for number in (0..10).map(|number| number * 1999) {
        std::fs::write(top.join(path(number)), format!("x = {number}\n")).unwrap();
    }
    run(top, "git", &["add", "-A"], 0);
}

fn hook(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path();
    repository(top);
    let sekisho = env!("CARGO_BIN_EXE_sekisho");
    let mut group = criterion.benchmark_group("hook");
    group.sample_size(30);
    group.bench_function("git diff --cached --quiet", |bencher| {
        bencher.iter(|| run(top, "git", &["diff", "--cached", "--quiet"], 1));
    });
    group.bench_function("sekisho hook pre-commit", |bencher| {
        bencher.iter(|| run(top, sekisho, &["hook", "pre-commit"], 0));
    });
    group.sample_size(10);
    group.bench_function("git rev-list --objects of 1,000 commits", |bencher| {
        bencher.iter(|| run(top, "git", &["rev-list", "--objects", "main..many"], 0));
    });
    group.bench_function("sekisho scan --range of 1,000 commits", |bencher| {
        bencher.iter(|| run(top, sekisho, &["scan", "-q", "--range", "main..many"], 0));
    });
    group.finish();
}

criterion_group!(benches, hook);
criterion_main!(benches);
