//! A repository in a temporary directory.

use crate::support::{RULES, Ran, finish, token};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A repository with a work tree, and room beside it.
pub struct Repository {
    folder: TempDir,
}

impl Repository {
    /// An empty repository.
    pub fn new() -> Repository {
        Repository::with(&[])
    }

    /// An empty repository made with these arguments of `git init`.
    pub fn with(arguments: &[&str]) -> Repository {
        let repository = Repository { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(repository.path()).unwrap();
        std::fs::write(repository.beside("acme.toml"), RULES).unwrap();
        repository.git(&[&["init", "-q", "-b", "main"], arguments].concat());
        repository
    }

    /// The work tree.
    pub fn path(&self) -> PathBuf {
        self.beside("work")
    }

    /// The git directory.
    pub fn git_dir(&self) -> PathBuf {
        self.path().join(".git")
    }

    /// A path outside of the work tree.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Run git in the work tree; returns what it prints.
    pub fn git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.path(), arguments, b"")
    }

    /// Run git in a directory, with input.
    pub fn git_in(&self, directory: &Path, arguments: &[&str], input: &[u8]) -> String {
        let mut command = Command::new("git");
        command.current_dir(directory).args(["-c", "protocol.file.allow=always"]).args(arguments);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for role in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{role}_NAME"), "A U Thor")
                .env(format!("GIT_{role}_EMAIL"), "a@example.org");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("git is installed");
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {arguments:?}: {errors}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Write a file of the work tree.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Commit everything in the work tree.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Run `sekisho audit` on a directory.
    pub fn audit_of(&self, directory: &Path, arguments: &[&str]) -> Audit {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
        command.current_dir(self.folder.path()).args(["audit", "--format", "json", "--rules", "acme.toml"]);
        command.arg(directory).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
        let ran = finish(command, b"");
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        Audit::of(ran)
    }

    /// Run it on the work tree.
    pub fn audit(&self, arguments: &[&str]) -> Audit {
        self.audit_of(&self.path(), arguments)
    }
}

/// What an audit told.
pub struct Audit {
    pub json: Value,
    pub status: i32,
    pub errors: String,
}

impl Audit {
    fn of(ran: Ran) -> Audit {
        let json = serde_json::from_str(&ran.out)
            .unwrap_or_else(|error| panic!("{error}; output:\n{}\nerrors:\n{}", ran.out, ran.err));
        Audit { json, status: ran.status.unwrap(), errors: ran.err }
    }

    /// Fingerprint and number of places of each finding.
    pub fn findings(&self) -> BTreeMap<String, usize> {
        let findings = self.json["findings"].as_array().unwrap().iter();
        findings
            .map(|finding| {
                let places = finding["occurrences"].as_array().unwrap().len();
                (finding["fingerprint"].as_str().unwrap().to_owned(), places)
            })
            .collect()
    }

    /// The places of the finding of a token.
    pub fn places(&self, number: u64) -> Vec<Value> {
        let wanted = fingerprint(number);
        let findings = self.json["findings"].as_array().unwrap().iter();
        let found = findings.filter(|finding| finding["fingerprint"] == wanted.as_str());
        found.flat_map(|finding| finding["occurrences"].as_array().unwrap().clone()).collect()
    }

    /// Fail unless each of these tokens is found in one place, and nothing else is found.
    #[track_caller]
    pub fn holds(&self, tokens: &[u64]) -> &Audit {
        for &number in tokens {
            let places = self.places(number);
            // A name stands in each version of its tree, and logs of refs repeat what commits say.
            let repeated = |place: &&Value| place["object_kind"] == "tree" || place["source"] == "reflog";
            let others = places.len() - places.iter().filter(repeated).count();
            assert!(!places.is_empty() && others <= 1, "token {number}: {places:?}\n{}", self.errors);
            let mut apart: Vec<String> = places.iter().map(Value::to_string).collect();
            apart.sort();
            apart.dedup();
            assert_eq!(apart.len(), places.len(), "token {number} twice: {places:?}");
        }
        assert_eq!(self.findings().len(), tokens.len(), "{:#}", self.json["findings"]);
        self
    }

    /// What was not looked at: path or object, reason and detail in one text.
    pub fn skipped(&self) -> Vec<String> {
        self.json["skipped"].as_array().unwrap().iter().map(Value::to_string).collect()
    }

    /// Fail unless nothing was left out.
    #[track_caller]
    pub fn complete(&self) -> &Audit {
        assert!(self.skipped().is_empty(), "{:?}", self.skipped());
        assert!(self.status < 2, "{}", self.errors);
        self
    }

    /// Fail unless all that should be was looked at, and this text is told beside it.
    #[track_caller]
    pub fn complete_but(&self, text: &str) -> &Audit {
        assert!(self.status < 2, "{:?}\n{}", self.skipped(), self.errors);
        assert!(self.skipped().iter().any(|skipped| skipped.contains(text)), "{:?}", self.skipped());
        self
    }

    /// Fail unless something was left out, told with this text.
    #[track_caller]
    pub fn incomplete(&self, text: &str) -> &Audit {
        assert_eq!(self.status, 2, "{:?}\n{}", self.skipped(), self.errors);
        assert!(self.skipped().iter().any(|skipped| skipped.contains(text)), "{:?}", self.skipped());
        self
    }

    /// Number of objects and other texts that were looked at.
    pub fn inputs(&self) -> u64 {
        self.json["stats"]["inputs"].as_u64().unwrap()
    }
}

fn fingerprint(number: u64) -> String {
    sekisho::secret::Secret::new(token(number).as_bytes()).fingerprint("", b"sekisho")
}
