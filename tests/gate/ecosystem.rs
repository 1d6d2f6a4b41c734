//! The framework `pre-commit`, the scripts in `hooks/`, and what the documents say of other tools.

use crate::support::{RULE, Repo, run, token};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn line(number: u64) -> String {
    format!("key = \"{}\"\n", token(number))
}

fn sources() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A PATH on which this program is found as `sekisho`, and `pre-commit` where that is installed.
fn path(repo: &Repo) -> String {
    let bin = repo.beside("bin");
    fs::create_dir_all(&bin).unwrap();
    let program = bin.join("sekisho");
    if !program.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_sekisho"), program).unwrap();
    }
    let own = std::env::var("PATH").unwrap_or_default();
    format!("{}:{own}", bin.display())
}

/// The program `pre-commit`: named by SEKISHO_TEST_PRE_COMMIT, or on the PATH.
fn pre_commit() -> Option<PathBuf> {
    let named = std::env::var_os("SEKISHO_TEST_PRE_COMMIT").map(PathBuf::from);
    let program = named.unwrap_or_else(|| PathBuf::from("pre-commit"));
    let runs = Command::new(&program).arg("--version").output().is_ok_and(|ran| ran.status.success());
    if !runs {
        println!("skipped: pre-commit is not installed (pip install pre-commit)");
    }
    runs.then_some(program)
}

/// The repository that users would name in their `.pre-commit-config.yaml`, with our list of hooks.
fn published(repo: &Repo) -> PathBuf {
    let hooks = repo.beside("published");
    fs::create_dir_all(&hooks).unwrap();
    fs::copy(sources().join(".pre-commit-hooks.yaml"), hooks.join(".pre-commit-hooks.yaml")).unwrap();
    let at = repo.at("published");
    at.git(&["init", "-q"]).status(0);
    at.git(&["add", "."]).status(0);
    at.git(&["commit", "-q", "-m", "hooks"]).status(0);
    at.git(&["tag", "v1"]).status(0);
    hooks
}

#[test]
fn the_framework_pre_commit() {
    let Some(program) = pre_commit() else { return };
    let repo = Repo::new();
    repo.commit(&[("old.py", &line(9)), ("a.py", "a = 1\n")]);
    repo.write(
        ".pre-commit-config.yaml",
        format!(
            "repos:\n- repo: {}\n  rev: v1\n  hooks:\n  - id: sekisho\n  - id: sekisho-commit-msg\n  \
             - id: sekisho-push\n",
            published(&repo).display()
        ),
    );
    let call = |program: &str, arguments: &[&str]| {
        let mut command = repo.command(program, arguments);
        command.env("PATH", path(&repo)).env("PRE_COMMIT_HOME", repo.beside("cache"));
        let mut ran = run(command, b"");
        // The framework writes what hooks say to its standard output.
        ran.err.push_str(&ran.out);
        ran
    };
    let framework = |arguments: &[&str]| call(program.to_str().unwrap(), arguments);
    framework(&["install", "-t", "pre-commit", "-t", "commit-msg", "-t", "pre-push"]).status(0);
    repo.git(&["add", "."]).status(0);
    call("git", &["commit", "-q", "-m", "config"]).status(0);

    for number in 0..5 {
        repo.write(format!("n{number} with space.py"), "n = 1\n");
    }
    repo.write("n3 with space.py", line(1));
    repo.write("a.py", format!("a = 1\n{}", line(2)));
    repo.git(&["add", "."]).status(0);
    repo.write("a.py", "a = 1\n");
    let ran = call("git", &["commit", "-q", "-m", "x"]);
    ran.status(1).tells(&["n3 with space.py:1:8", "a.py:2:8", RULE]).tells_nothing_of(&["old.py", &token(1)]);
    repo.git(&["rm", "-q", "--cached", "n3 with space.py"]).status(0);
    repo.git(&["add", "a.py"]).status(0);
    call("git", &["commit", "-q", "-m", &format!("message {}", token(3))])
        .status(1)
        .tells(&["commit message"]);
    call("git", &["commit", "-q", "-m", "x"]).status(0);

    std::os::unix::fs::symlink(token(4), repo.top().join("link")).unwrap();
    repo.git(&["add", "link"]).status(0);
    call("git", &["commit", "-q", "-m", "x"]).status(1).tells(&["link:1:1"]);
    repo.git(&["rm", "-q", "--cached", "link"]).status(0);

    framework(&["run", "--all-files"]).status(1).tells(&["old.py:1:8"]);
    repo.git(&["init", "-q", "--bare", "../remote"]).status(0);
    repo.git(&["remote", "add", "origin", "../remote"]).status(0);
    call("git", &["push", "-q", "origin", "main"]).status(1).tells(&["old.py@"]);
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]).status(0);
    repo.commit(&[("s.py", &line(5))]);
    repo.commit(&[("s.py", "s = 1\n")]);
    call("git", &["push", "-q", "origin", "main"]).status(1).tells(&["s.py@"]).tells_nothing_of(&["old.py"]);
    framework(&["run", "--from-ref", "HEAD~2", "--to-ref", "HEAD"]).status(1).tells(&["s.py@"]);
}

#[test]
fn the_scripts_beside_the_sources() {
    for name in ["pre-commit", "commit-msg", "pre-push", "pre-receive"] {
        let text = fs::read_to_string(sources().join("hooks").join(name)).unwrap();
        assert!(text.starts_with("#!/bin/sh\n") && text.contains(&format!("sekisho hook {name}")), "{text}");
    }
    let repo = Repo::new();
    let hooks = sources().join("hooks");
    repo.git(&["config", "core.hooksPath", hooks.to_str().unwrap()]).status(0);
    repo.write("a.py", line(1));
    repo.git(&["add", "."]).status(0);
    let git = |arguments: &[&str]| {
        let mut command = repo.command("git", arguments);
        command.env("PATH", path(&repo));
        run(command, b"")
    };
    git(&["commit", "-q", "-m", "x"]).blocked();
    repo.git(&["commit", "-q", "--no-verify", "-m", "x"]).status(0);
    git(&["commit", "-q", "--allow-empty", "-m", &token(2)]).blocked();
    repo.git(&["init", "-q", "--bare", "../remote"]).status(0);
    git(&["push", "-q", "../remote", "main"]).blocked();
}

#[test]
fn every_id_of_the_list_of_hooks_calls_a_command_that_there_is() {
    let text = fs::read_to_string(sources().join(".pre-commit-hooks.yaml")).unwrap();
    let repo = Repo::new();
    let mut calls = 0;
    for entry in text.lines().filter_map(|line| line.trim().strip_prefix("entry: sekisho ")) {
        let arguments: Vec<&str> = entry.split(' ').chain(["--help"]).collect();
        repo.sekisho(&arguments).status(0);
        calls += 1;
    }
    assert!(calls >= 3, "{text}");
}
