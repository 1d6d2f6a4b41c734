//! The wrapper on Windows: plain pipes, a thread for each. A pseudo-console would change the output: it
//! paints the screen anew and loses what it does not know.

use crate::mask::Report;
use crate::mask::stream::{Shared, Stream};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// Bytes that are read at a time.
const CHUNK: usize = 128 << 10;

/// How it went.
pub struct Over {
    /// The command's status.
    pub status: i32,
    /// Our own failure.
    pub failure: Option<io::Error>,
    /// The streams and what was masked in them.
    pub reports: Vec<(&'static str, Option<Report>)>,
}

/// Mask standard input.
pub fn filter(shared: &mut Shared) -> Over {
    let shared = Mutex::new(shared);
    let (report, failure) = pump(io::stdin().lock(), io::stdout(), |use_it| {
        use_it(&mut shared.lock().unwrap_or_else(PoisonError::into_inner));
    });
    Over { status: 0, failure, reports: vec![("standard input", report)] }
}

/// Run a command and mask what it writes.
///
/// # Errors
/// No such command, or one that cannot be executed.
pub fn command(words: &[OsString], shared: Shared) -> io::Result<Over> {
    let mut child =
        Command::new(&words[0]).args(&words[1..]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let shared = Mutex::new(shared);
    let lock = |use_it: &mut dyn FnMut(&mut Shared)| {
        use_it(&mut shared.lock().unwrap_or_else(PoisonError::into_inner));
    };
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let ((out, first), (err, second)) = std::thread::scope(|scope| {
        let errors = scope.spawn(|| err.map(|err| pump(err, io::stderr(), lock)));
        let output = out.map(|out| pump(out, io::stdout(), lock));
        let broken = || (None, Some(io::Error::other("masking broke")));
        (
            output.unwrap_or((None, None)),
            errors.join().unwrap_or_else(|_| Some(broken())).unwrap_or((None, None)),
        )
    });
    let status = child.wait()?.code().unwrap_or(1);
    let reports = vec![("standard output", out), ("standard error", err)];
    Ok(Over { status, failure: first.or(second), reports })
}

/// Move one stream through the mask.
fn pump(
    mut from: impl Read,
    mut to: impl Write,
    mut with: impl FnMut(&mut dyn FnMut(&mut Shared)),
) -> (Option<Report>, Option<io::Error>) {
    let mut stream = None;
    with(&mut |shared| stream = Some(Stream::new(shared)));
    let Some(mut stream) = stream else { return (None, None) };
    let mut buffer = Zeroizing::new(vec![0; CHUNK]);
    let mut out = Vec::new();
    loop {
        let count = match from.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Err(error) => return (stream.report().cloned(), Some(error)),
        };
        with(&mut |shared| match count {
            0 => stream.finish(shared, &mut out),
            count => stream.push(shared, &buffer[..count], &mut out),
        });
        match to.write_all(&out).and_then(|()| to.flush()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                return (stream.report().cloned(), None);
            }
            Err(error) => return (stream.report().cloned(), Some(error)),
        }
        out.clear();
        if count == 0 {
            return (stream.report().cloned(), None);
        }
    }
}
