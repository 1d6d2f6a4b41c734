//! A repository built commit by commit, and what an audit says of it.

use crate::support::{Ran, Tree, finish, token};
use serde_json::Value;
use std::cell::Cell;
use std::path::PathBuf;
use std::process::Command;

/// A repository whose clock moves a day with each commit.
pub struct Repository {
    pub tree: Tree,
    day: Cell<u64>,
}

/// The first day: 2024-01-01T12:00:00Z.
const START: u64 = 1_704_110_400;
/// Seconds in a day.
const DAY: u64 = 86_400;

impl Repository {
    pub fn new() -> Repository {
        let repository = Repository { tree: Tree::new(&[]), day: Cell::new(0) };
        repository.git(&["init", "-q", "-b", "main"]);
        repository
    }

    pub fn path(&self) -> PathBuf {
        self.tree.path()
    }

    /// Run git and return what it printed.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        let ran = finish(self.command(arguments), &[]);
        assert_eq!(ran.status, Some(0), "git {arguments:?}: {}{}", ran.out, ran.err);
        ran.out.trim().to_owned()
    }

    /// Run git, however it ends.
    pub fn try_git(&self, arguments: &[&str]) -> Ran {
        finish(self.command(arguments), &[])
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        let date = format!("@{} +0000", START + self.day.get() * DAY);
        command.current_dir(self.path()).args(arguments);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Ada Example");
            command.env(format!("GIT_{who}_EMAIL"), "ada@example.org");
            command.env(format!("GIT_{who}_DATE"), &date);
        }
        command
    }

    /// Write a file with a token on its third line.
    pub fn secret(&self, path: &str, number: u64) {
        self.tree.write(path, format!("# settings\n\nkey = {}\n", token(number)).as_bytes());
    }

    pub fn write(&self, path: &str, text: &str) {
        self.tree.write(path, text.as_bytes());
    }

    /// Commit everything, a day after the last one, and return the commit's id.
    #[track_caller]
    pub fn commit(&self, message: &str) -> String {
        self.next_day();
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub fn next_day(&self) {
        self.day.set(self.day.get() + 1);
    }

    /// `sekisho audit` with these arguments.
    pub fn audit(&self, arguments: &[&str]) -> Ran {
        let mut command = self.tree.command::<&str>(&["audit"]);
        command.arg("--rules").arg(self.tree.beside("acme.toml")).args(arguments);
        finish(command, &[])
    }

    /// The findings of an audit, each once.
    #[track_caller]
    pub fn findings(&self, arguments: &[&str]) -> Vec<Value> {
        let ran = self.audit(&[&["--format", "json"], arguments].concat());
        let report: Value = serde_json::from_str(&ran.out)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", ran.out, ran.err));
        assert!(!ran.out.contains("acmt_0"), "a token in clear");
        report["findings"].as_array().unwrap().clone()
    }

    /// The only finding of an audit.
    #[track_caller]
    pub fn only(&self) -> Value {
        let found = self.findings(&[]);
        assert_eq!(found.len(), 1, "{found:#?}");
        let places = found[0]["occurrences"].as_array().unwrap();
        for (index, place) in places.iter().enumerate() {
            assert!(!places[..index].contains(place), "twice: {place}");
        }
        found[0].clone()
    }
}

/// The texts in a list of objects.
pub fn each<'v>(list: &'v Value, name: &str) -> Vec<&'v str> {
    list.as_array().unwrap().iter().map(|one| one[name].as_str().unwrap_or_default()).collect()
}

/// The texts in a list.
pub fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
}
