//! Asking the machine's `git`, where the library or our own readers cannot answer.
//!
//! Nothing that the repository configures is run (`core.fsmonitor` is switched off), and nothing is
//! fetched: a missing object of a partial clone is told, not downloaded (`GIT_NO_LAZY_FETCH` from git
//! 2.45 and 2.39.4 on, `GIT_ALLOW_PROTOCOL` for those before).

use super::{Id, Trouble};
use crate::origin::ObjectKind;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// How git is called: where, and with which repository.
#[derive(Clone, Debug)]
pub struct Asker {
    directory: PathBuf,
    git_dir: Option<PathBuf>,
}

impl Asker {
    /// Asks in `directory`, about the repository `git_dir` where that is given and about the one that
    /// git finds by itself otherwise.
    pub fn new(directory: &Path, git_dir: Option<&Path>) -> Asker {
        Asker { directory: directory.to_owned(), git_dir: git_dir.map(Path::to_owned) }
    }

    /// A command that is to be started.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new("git");
        command.args(["--no-pager", "--no-replace-objects", "--literal-pathspecs"]);
        command.args(["-c", "core.fsmonitor=false"]).args(arguments).current_dir(&self.directory);
        if let Some(git_dir) = &self.git_dir {
            command.env("GIT_DIR", git_dir);
        }
        command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "none");
        command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
        command.env_remove("GIT_EXTERNAL_DIFF").env_remove("GIT_DIFF_OPTS");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What git writes to its standard output.
    ///
    /// # Errors
    /// That git cannot be started, or its complaint: in words.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S], input: &[u8]) -> Result<Vec<u8>, String> {
        let mut command = self.command(arguments);
        if !input.is_empty() {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn().map_err(|error| format!("cannot start git: {error}"))?;
        let stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            if let Some(mut stdin) = stdin {
                // Where git ends early, its complaint says why.
                scope.spawn(move || drop(stdin.write_all(input)));
            }
            child.wait_with_output()
        });
        let output = output.map_err(|error| format!("git: {error}"))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(complaint(&output.stderr).unwrap_or_else(|| silent(&output.status)))
    }

    /// The same where git may have no answer, which it says by status 1 and no word.
    ///
    /// # Errors
    /// As for [`Asker::run`].
    pub fn maybe<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Option<Vec<u8>>, String> {
        match self.line(arguments) {
            Ok(line) => Ok(Some(line)),
            Err(reason) if reason == NO_ANSWER => Ok(None),
            Err(reason) => Err(reason),
        }
    }

    /// One line that git writes, without its end.
    ///
    /// # Errors
    /// As for [`Asker::run`].
    pub fn line<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Vec<u8>, String> {
        let mut out = self.run(arguments, &[])?;
        if out.ends_with(b"\n") {
            out.pop();
        }
        Ok(out)
    }
}

/// What stands for status 1 without a word.
const NO_ANSWER: &str = "git has no answer";

fn silent(status: &std::process::ExitStatus) -> String {
    match status.code() {
        Some(1) => NO_ANSWER.to_owned(),
        _ => format!("git ended with {status}"),
    }
}

/// What git said on its standard error, made fit to stand in a sentence.
fn complaint(stderr: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(4).collect();
    (!lines.is_empty()).then(|| lines.join("; "))
}

/// A `git cat-file --batch` that is asked for one object after another.
pub struct Batch {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    /// Bytes of the last answer that were not read yet, with the line end behind it.
    left: u64,
}

impl Batch {
    /// Start it.
    ///
    /// # Errors
    /// Where git cannot be started.
    pub fn start(asker: &Asker) -> io::Result<Batch> {
        let mut command = asker.command(&["cat-file", "--batch"]);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or(ErrorKind::BrokenPipe)?;
        Ok(Batch { child, stdin, stdout: BufReader::with_capacity(64 << 10, stdout), left: 0 })
    }

    /// Ask for an object: its kind and size. Its bytes are then read from [`Batch::content`].
    ///
    /// # Errors
    /// An object that is not there or is damaged.
    pub fn ask(&mut self, id: &Id) -> Result<(ObjectKind, u64), Trouble> {
        self.exchange(id).map_err(|error| Trouble::Damaged(format!("git cat-file: {error}")))?
    }

    fn exchange(&mut self, id: &Id) -> io::Result<Result<(ObjectKind, u64), Trouble>> {
        let rest = self.left;
        io::copy(&mut (&mut self.stdout).take(rest), &mut io::sink())?;
        self.left = 0;
        let stdin = self.stdin.as_mut().ok_or(ErrorKind::BrokenPipe)?;
        writeln!(stdin, "{id}")?;
        stdin.flush()?;
        let mut header = Vec::new();
        (&mut self.stdout).take(1024).read_until(b'\n', &mut header)?;
        let header = String::from_utf8_lossy(&header);
        let mut words = header.split_ascii_whitespace().skip(1);
        let kind = match words.next() {
            Some("blob") => ObjectKind::Blob,
            Some("tree") => ObjectKind::Tree,
            Some("commit") => ObjectKind::Commit,
            Some("tag") => ObjectKind::Tag,
            Some("missing") => return Ok(Err(Trouble::Absent)),
            _ => return Ok(Err(Trouble::Damaged("git cat-file gave no answer".to_owned()))),
        };
        let Some(size) = words.next().and_then(|size| size.parse::<u64>().ok()) else {
            return Ok(Err(Trouble::Damaged("git cat-file gave no size".to_owned())));
        };
        self.left = size + 1;
        Ok(Ok((kind, size)))
    }

    /// The bytes of the object that was asked for last. Ends with an error where git gave fewer.
    pub fn content(&mut self) -> Content<'_> {
        Content(self)
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads one answer of a [`Batch`].
pub struct Content<'a>(&'a mut Batch);

impl Read for Content<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = (buffer.len() as u64).min(self.0.left.saturating_sub(1)) as usize;
        if wanted == 0 {
            return Ok(0);
        }
        match self.0.stdout.read(&mut buffer[..wanted])? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            read => {
                self.0.left -= read as u64;
                Ok(read)
            }
        }
    }
}

/// Reads the output of a git that ends with it; an error where git did not end well.
pub struct Output {
    child: Child,
    stdout: ChildStdout,
}

impl Output {
    /// Start git with these arguments.
    ///
    /// # Errors
    /// Where git cannot be started.
    pub fn start<S: AsRef<OsStr>>(asker: &Asker, arguments: &[S]) -> io::Result<Output> {
        let mut child = asker.command(arguments).stderr(Stdio::null()).spawn()?;
        let stdout = child.stdout.take().ok_or(ErrorKind::BrokenPipe)?;
        Ok(Output { child, stdout })
    }
}

impl Read for Output {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stdout.read(buffer)?;
        if read == 0 && !buffer.is_empty() && !self.child.wait()?.success() {
            return Err(io::Error::other("git could not read the object to its end"));
        }
        Ok(read)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
