//! A tree in a temporary directory, tokens made at run time, and the program run with a time limit.

use serde_json::Value;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tempfile::TempDir;

/// No run of these tests takes near as long; one that does hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Own rules of these tests, without a checksum.
pub const RULES: &str = r#"
[provider]
name = "Acme"

[[rule]]
id = "acme-token"
summary = "Acme token"
kind = "api-key"
severity = "high"
regex = '''\b(?<secret>acmt_[0-9A-Za-z]{32})\b'''
rotate = "ask Acme"
hit = ["acme = «acmt_{base62:32}»"]
miss = ["acmt_{base62:31}"]

[[rule]]
id = "acme-block"
summary = "Acme block"
severity = "low"
begin = ["=====ACME BEGIN====="]
end = ["=====ACME END====="]
max = 4096
hit = ["«=====ACME BEGIN=====\n{base64:64}\n=====ACME END=====»"]
miss = ["=====ACME BEGIN====="]
"#;

/// A token of the rule `acme-token`, another one for each number.
pub fn token(number: u64) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    // SplitMix64: well mixed from the first number on.
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    };
    "acmt_".chars().chain((0..32).map(|_| char::from(DIGITS[(next() % 62) as usize]))).collect()
}

/// Length of every such token.
pub const TOKEN_LENGTH: usize = 37;

/// A tree to scan, with the rules beside it.
pub struct Tree {
    folder: TempDir,
}

impl Tree {
    /// A tree with these files.
    pub fn new(files: &[(&str, &str)]) -> Tree {
        let tree = Tree { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(tree.path()).unwrap();
        std::fs::write(tree.beside("acme.toml"), RULES).unwrap();
        for (name, text) in files {
            tree.write(name, text.as_bytes());
        }
        tree
    }

    /// The top of the tree.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    /// A path outside of the tree.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Write a file of the tree.
    pub fn write(&self, name: &str, content: &[u8]) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Make it the work tree of a repository that tracks these paths.
    pub fn track(&self, paths: &[&str]) {
        let git = |arguments: &[&str]| {
            let mut command = Command::new("git");
            command.current_dir(self.path()).args(arguments);
            command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
            assert!(command.output().expect("git is installed").status.success(), "git {arguments:?}");
        };
        git(&["init", "-q"]);
        git(&[&["add", "-f", "--"], paths].concat());
    }

    /// The program, in the tree, with nothing of this process's surroundings that could change it.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
        command.current_dir(self.path()).args(arguments).stdin(Stdio::null());
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "TERM", "RUST_BACKTRACE"] {
            command.env_remove(name);
        }
        command.env("HOME", self.folder.path()).env("GIT_CONFIG_GLOBAL", "/dev/null");
        command
    }

    /// Run the program with these arguments.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        finish(self.command(arguments), &[])
    }

    /// `sekisho scan` with the rules of these tests.
    pub fn scan(&self, arguments: &[&str]) -> Ran {
        self.scan_input(arguments, &[])
    }

    /// The same with bytes on standard input.
    pub fn scan_input(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command::<&str>(&["scan"]);
        command.arg("--rules").arg(self.beside("acme.toml")).args(arguments);
        finish(command, input)
    }

    /// The report of `sekisho scan --format json`.
    pub fn report(&self, arguments: &[&str]) -> Report {
        let ran = self.scan(&[&["--format", "json"], arguments].concat());
        Report::of(&ran)
    }
}

/// How a run ended.
pub struct Ran {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Fail unless the status is this one.
    #[track_caller]
    pub fn status(&self, wanted: i32) -> &Ran {
        assert_eq!(self.status, Some(wanted), "status; output:\n{}\nerrors:\n{}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }

    /// Fail unless the errors hold each of these texts.
    #[track_caller]
    pub fn tells(&self, wanted: &[&str]) -> &Ran {
        for text in wanted {
            assert!(self.err.contains(text), "no `{text}` in:\n{}", self.err);
        }
        self
    }
}

/// Run a command to its end, within a time limit.
pub fn finish(mut command: Command, input: &[u8]) -> Ran {
    let input = input.to_vec();
    if !input.is_empty() {
        command.stdin(Stdio::piped());
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    wait(command, input)
}

/// The same for a command whose streams are set already.
pub fn wait(mut command: Command, input: Vec<u8>) -> Ran {
    let mut child = command.spawn().unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        if let Some(mut pipe) = child.stdin.take() {
            // The program may end before it reads everything.
            std::thread::spawn(move || drop(pipe.write_all(&input)));
        }
        let _ = sender.send(child.wait_with_output());
    });
    let Output { status, stdout, stderr } =
        receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("hangs: {command:?}")).unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { status: status.code(), out: text(stdout), err: text(stderr) }
}

/// A place in a report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub rule: String,
    pub path: String,
    pub line: u64,
    pub column: u64,
    pub offset: u64,
    pub length: u64,
}

/// A parsed `json` report.
pub struct Report {
    pub json: Value,
    pub status: i32,
    /// All places, sorted.
    pub places: Vec<Place>,
    /// What was skipped: path and reason.
    pub skipped: Vec<(String, String)>,
}

impl Report {
    /// Parse what a run printed.
    #[track_caller]
    pub fn of(ran: &Ran) -> Report {
        let json: Value = serde_json::from_str(&ran.out)
            .unwrap_or_else(|error| panic!("{error}; output:\n{}\nerrors:\n{}", ran.out, ran.err));
        let list = |value: &Value| value.as_array().unwrap().clone();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut places = Vec::new();
        for finding in list(&json["findings"]) {
            for occurrence in list(&finding["occurrences"]) {
                let number = |name: &str| occurrence[name].as_u64().unwrap();
                places.push(Place {
                    rule: text(&finding["rule"]),
                    path: text(&occurrence["path"]),
                    line: number("line"),
                    column: number("column"),
                    offset: number("offset"),
                    length: number("length"),
                });
            }
        }
        places.sort();
        let skipped =
            list(&json["skipped"]).iter().map(|one| (text(&one["path"]), text(&one["reason"]))).collect();
        Report { status: ran.status.unwrap(), places, skipped, json }
    }

    /// The paths of all places.
    pub fn paths(&self) -> Vec<&str> {
        self.places.iter().map(|place| place.path.as_str()).collect()
    }
}

/// The place of a token in a file.
pub fn place(path: &str, line: u64, column: u64, offset: u64) -> Place {
    Place {
        rule: "acme-token".to_owned(),
        path: path.to_owned(),
        line,
        column,
        offset,
        length: TOKEN_LENGTH as u64,
    }
}

/// A symbolic link.
#[cfg(unix)]
pub fn link(target: &Path, name: &Path) {
    std::os::unix::fs::symlink(target, name).unwrap();
}
