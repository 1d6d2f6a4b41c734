//! Repositories in a temporary directory, and secrets made at run time.

use sekisho::rules::{RuleSet, sample};
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The rule of [`token`].
pub const RULE: &str = "github-pat-classic";

/// A live-looking token of [`RULE`], another one for each number.
pub fn token(number: u64) -> String {
    let rules = RuleSet::builtin();
    let (_, rule) = rules.by_id(RULE).expect("the rule is built in");
    let sample = sample::expand(&rule.hit[0], number).unwrap();
    let secret = sample.secret.unwrap();
    String::from_utf8(sample.text[secret.range()].to_vec()).unwrap()
}

/// How a command ended.
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

    /// Fail unless the command was stopped by a secret of [`RULE`].
    #[track_caller]
    pub fn blocked(&self) -> &Ran {
        self.status(1);
        self.tells(&["blocked:", RULE])
    }

    /// Fail unless the errors hold each of these texts.
    #[track_caller]
    pub fn tells(&self, wanted: &[&str]) -> &Ran {
        for text in wanted {
            assert!(self.err.contains(text), "no `{text}` in:\n{}\noutput:\n{}", self.err, self.out);
        }
        self
    }

    /// Fail where the command says any of these texts.
    #[track_caller]
    pub fn tells_nothing_of(&self, unwanted: &[&str]) -> &Ran {
        for text in unwanted {
            let told = self.err.contains(text) || self.out.contains(text);
            assert!(!told, "`{text}` in:\n{}\noutput:\n{}", self.err, self.out);
        }
        self
    }
}

/// A repository (or several beside one another).
pub struct Repo {
    folder: TempDir,
    top: PathBuf,
}

impl Repo {
    /// A repository without commits.
    pub fn new() -> Repo {
        Repo::with(&[])
    }

    /// The same with options of `git init`.
    pub fn with(init: &[&str]) -> Repo {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().join("work");
        std::fs::create_dir(&top).unwrap();
        let repo = Repo { folder, top };
        repo.git(&[&["init", "-q", "--template=", "-b", "main"], init].concat()).status(0);
        repo
    }

    /// A repository with one commit of harmless files, and the hooks for clients installed.
    pub fn guarded() -> Repo {
        let repo = Repo::new();
        repo.commit(&[("a.py", "one = 1\ntwo = 2\nthree = 3\n"), ("dir/b.py", "b = 1\n")]);
        repo.sekisho(&["hook", "install"]).status(0);
        repo
    }

    /// The top of the work tree.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// A path beside the repository.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Another work tree or repository beside this one, to run commands in.
    pub fn at<'r>(&'r self, name: &str) -> At<'r> {
        At { repo: self, directory: self.beside(name) }
    }

    fn here(&self) -> At<'_> {
        At { repo: self, directory: self.top.clone() }
    }

    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        self.here().write(name, content);
    }

    pub fn git<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ran {
        self.here().git(arguments)
    }

    pub fn sekisho<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ran {
        self.here().sekisho(arguments)
    }

    /// Write files, and commit them without hooks.
    pub fn commit(&self, files: &[(&str, &str)]) {
        files.iter().for_each(|(name, content)| self.write(name, content));
        self.git(&["add", "-A"]).status(0);
        self.git(&["commit", "-q", "--no-verify", "--allow-empty", "-m", "state"]).status(0);
    }

    /// A git command or the program, to be started with a clean environment.
    pub fn command<S: AsRef<OsStr>>(&self, program: &str, arguments: &[S]) -> Command {
        self.here().command(program, arguments)
    }

    /// The id that a name stands for.
    pub fn id(&self, name: &str) -> String {
        self.git(&["rev-parse", "--verify", name]).status(0).out.trim().to_owned()
    }
}

/// A directory beside a repository.
pub struct At<'r> {
    repo: &'r Repo,
    directory: PathBuf,
}

impl At<'_> {
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.directory.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn command<S: AsRef<OsStr>>(&self, program: &str, arguments: &[S]) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let bytes = name.as_encoded_bytes();
            if [b"GIT_".as_slice(), b"PRE_COMMIT", b"SEKISHO"].iter().any(|start| bytes.starts_with(start)) {
                command.env_remove(name);
            }
        }
        command.args(arguments).current_dir(&self.directory).stdin(Stdio::null());
        command.env("HOME", self.repo.folder.path()).env_remove("XDG_CONFIG_HOME").env("LC_ALL", "C");
        command.env("GIT_CONFIG_NOSYSTEM", "1").env_remove("CLICOLOR_FORCE").env_remove("NO_COLOR");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "t").env(format!("GIT_{role}_EMAIL"), "t@example.org");
        }
        let settings =
            [("protocol.file.allow", "always"), ("advice.detachedHead", "false"), ("core.editor", "true")];
        command.env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (number, (key, value)) in settings.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{number}"), key);
            command.env(format!("GIT_CONFIG_VALUE_{number}"), value);
        }
        command
    }

    pub fn git<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ran {
        run(self.command("git", arguments), b"")
    }

    pub fn sekisho<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ran {
        run(self.command(env!("CARGO_BIN_EXE_sekisho"), arguments), b"")
    }

    /// The program with these bytes on its standard input.
    pub fn fed(&self, arguments: &[&str], input: &[u8]) -> Ran {
        run(self.command(env!("CARGO_BIN_EXE_sekisho"), arguments), input)
    }
}

/// Run a command to its end.
pub fn run(mut command: Command, input: &[u8]) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}
