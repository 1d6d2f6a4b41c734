//! A gate that could not look blocks with status 2, says why, and how to go on.

use crate::support::{Ran, Repo, run, token};
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::process::Command;

fn line(number: u64) -> String {
    format!("key = \"{}\"\n", token(number))
}

#[track_caller]
fn refused<'r>(ran: &'r Ran, told: &[&str]) -> &'r Ran {
    ran.status(2).tells(told).tells(&["commit blocked", "To go on", "git commit --no-verify"])
}

#[test]
fn no_repository() {
    let repo = Repo::new();
    fs::create_dir(repo.beside("plain")).unwrap();
    let plain = repo.at("plain");
    refused(&plain.sekisho(&["hook", "pre-commit"]), &["not in a git repository"]);
    plain.sekisho(&["scan", "--staged"]).status(2).tells(&["not in a git repository"]);
    plain.sekisho(&["hook", "install"]).status(2);
    let mut command = plain.command(env!("CARGO_BIN_EXE_sekisho"), &["hook", "pre-commit"]);
    command.env("GIT_DIR", "/nowhere");
    refused(&run(command, b""), &["/nowhere"]);
}

#[test]
fn nothing_staged_is_clean() {
    let repo = Repo::new();
    repo.sekisho(&["hook", "pre-commit"]).status(0).tells_nothing_of(&["sekisho"]);
    repo.sekisho(&["scan", "--staged"]).status(0);
    repo.commit(&[("a.py", "a = 1\n")]);
    repo.write("a.py", line(1));
    repo.sekisho(&["hook", "pre-commit"]).status(0);
}

#[test]
fn a_damaged_index() {
    let repo = Repo::guarded();
    let file = repo.top().join(".git/index");
    let whole = fs::read(&file).unwrap();
    let mut bent = whole.clone();
    bent[80..120].fill(0xff);
    for bad in [b"garbage".to_vec(), Vec::new(), whole[..whole.len() / 2].to_vec(), bent] {
        fs::write(&file, &bad).unwrap();
        refused(&repo.sekisho(&["hook", "pre-commit"]), &["index"]);
        repo.sekisho(&["scan", "--staged"]).status(2);
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    refused(&repo.sekisho(&["hook", "pre-commit"]), &["index"]);
}

#[test]
fn a_locked_index_is_read_all_the_same() {
    let repo = Repo::guarded();
    repo.write("a.py", line(1));
    repo.git(&["add", "."]).status(0);
    fs::write(repo.top().join(".git/index.lock"), "").unwrap();
    repo.sekisho(&["hook", "pre-commit"]).blocked();
}

#[test]
fn missing_and_damaged_objects() {
    let repo = Repo::guarded();
    repo.write("a.py", "one = 2\n");
    repo.git(&["add", "."]).status(0);
    let object = |name: &str| {
        let id = repo.id(name);
        repo.top().join(".git/objects").join(&id[..2]).join(&id[2..])
    };
    let blob = object(":a.py");
    let mut permissions = fs::metadata(&blob).unwrap().permissions();
    #[allow(clippy::permissions_set_readonly_false)]
    permissions.set_readonly(false);
    fs::set_permissions(&blob, permissions).unwrap();
    fs::write(&blob, b"not zlib").unwrap();
    refused(&repo.sekisho(&["hook", "pre-commit"]), &["a.py", "could not be looked at"]);
    fs::remove_file(&blob).unwrap();
    refused(&repo.sekisho(&["hook", "pre-commit"]), &["a.py", "not in this clone"]);
    let tree = object("HEAD^{tree}");
    fs::remove_file(&tree).unwrap();
    refused(&repo.sekisho(&["hook", "pre-commit"]), &["HEAD"]);
}

#[test]
fn a_broken_head() {
    let repo = Repo::guarded();
    fs::write(repo.top().join(".git/refs/heads/main"), format!("{}\n", "1".repeat(40))).unwrap();
    refused(&repo.sekisho(&["hook", "pre-commit"]), &["HEAD"]);
    fs::write(repo.top().join(".git/refs/heads/main"), "rubbish\n").unwrap();
    refused(&repo.sekisho(&["hook", "pre-commit"]), &["HEAD"]);
}

#[test]
fn a_broken_configuration() {
    let repo = Repo::guarded();
    repo.write("sekisho.toml", "colour = true\n");
    repo.git(&["add", "."]).status(0);
    let ran = repo.git(&["commit", "-q", "-m", "x"]);
    ran.status(1).tells(&["sekisho.toml", "colour", "To go on", "--no-verify"]);
    refused(&repo.sekisho(&["hook", "pre-commit"]), &["colour"]);
    repo.write("sekisho.toml", "[rules]\ndisable = [\"all\"]\n");
    refused(&repo.sekisho(&["hook", "pre-commit"]), &["no rule is in force"]);
}

#[test]
fn paths_in_conflict() {
    let repo = Repo::guarded();
    repo.git(&["checkout", "-q", "-b", "side"]).status(0);
    repo.commit(&[("a.py", "one = 10\n")]);
    repo.git(&["checkout", "-q", "main"]).status(0);
    repo.commit(&[("a.py", "one = 11\n")]);
    repo.git(&["merge", "-q", "side"]).status(1);
    refused(&repo.sekisho(&["hook", "pre-commit"]), &["a.py", "conflict"]);
}

#[test]
fn ten_thousand_staged_files() {
    let repo = Repo::guarded();
    for number in 0..10_000 {
        let content = if number == 7777 { line(1) } else { format!("n = {number}\n") };
        repo.write(format!("many/d{}/f{number}.py", number % 100), content);
    }
    repo.git(&["add", "."]).status(0);
    repo.git(&["commit", "-q", "-m", "x"]).blocked().tells(&["many/d77/f7777.py:1:8"]);
}

/// Two gigabytes that are hardly anything on the disk, read in pieces: the whole gate stays far below the
/// size of the file.
#[test]
fn a_staged_blob_of_two_gigabytes() {
    let repo = Repo::guarded();
    let mut file = fs::File::create(repo.top().join("big.bin")).unwrap();
    file.seek(SeekFrom::Start(2 << 30)).unwrap();
    file.write_all(format!("\n{}", line(1)).as_bytes()).unwrap();
    drop(file);
    repo.git(&["-c", "core.compression=1", "add", "big.bin"]).status(0);
    fs::remove_file(repo.top().join("big.bin")).unwrap();
    let command = repo.command(env!("CARGO_BIN_EXE_sekisho"), &["hook", "pre-commit"]);
    let ran = run(limited(&command, 1 << 20), b"");
    ran.blocked().tells(&["big.bin:2:8"]);
}

/// The same command with a limit to its memory, in kilobytes.
fn limited(command: &Command, kilobytes: u64) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("ulimit -v {kilobytes}; exec \"$@\"")).arg("sh");
    shell.arg(command.get_program()).args(command.get_args());
    shell.current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}
