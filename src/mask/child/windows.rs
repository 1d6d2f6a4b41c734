//! The wrapper on Windows: plain pipes, a thread for each. A pseudo-console would change the output: it
//! paints the screen anew and loses what it does not know.

use crate::mask::stream::{Shared, Stream};
use crate::mask::{IDLE, Report};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
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
    let (report, failure) = pump(io::stdin(), io::stdout(), |use_it| {
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

/// What a reader's thread tells.
enum Came {
    Bytes(Zeroizing<Vec<u8>>),
    Nothing,
    Failed(io::Error),
}

/// Read until the end, or until nobody listens any more.
fn read(mut from: impl Read, tell: &SyncSender<Came>) {
    let mut buffer = Zeroizing::new(vec![0; CHUNK]);
    loop {
        let came = match from.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // So ends a pipe whose writers are gone.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Came::Nothing,
            Err(error) => Came::Failed(error),
            Ok(0) => Came::Nothing,
            Ok(count) => Came::Bytes(Zeroizing::new(buffer[..count].to_vec())),
        };
        let over = !matches!(came, Came::Bytes(_));
        if tell.send(came).is_err() || over {
            return;
        }
    }
}

/// Move one stream through the mask. A thread of its own reads, so that a pause is seen.
fn pump(
    from: impl Read + Send,
    mut to: impl Write,
    mut with: impl FnMut(&mut dyn FnMut(&mut Shared)),
) -> (Option<Report>, Option<io::Error>) {
    let mut stream = None;
    with(&mut |shared| stream = Some(Stream::new(shared)));
    let Some(mut stream) = stream else { return (None, None) };
    let failure = std::thread::scope(|scope| {
        let (tell, come) = sync_channel(1);
        scope.spawn(move || read(from, &tell));
        let (mut out, mut paused) = (Vec::new(), false);
        loop {
            let came = match stream.holding() && !paused {
                true => come.recv_timeout(IDLE),
                false => come.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let (mut over, mut failure) = (false, None);
            paused = matches!(came, Err(RecvTimeoutError::Timeout));
            with(&mut |shared| match &came {
                Ok(Came::Bytes(bytes)) => stream.push(shared, bytes, &mut out),
                Err(RecvTimeoutError::Timeout) => stream.tick(shared, IDLE, &mut out),
                _ => {
                    over = true;
                    stream.finish(shared, &mut out);
                }
            });
            if let Ok(Came::Failed(error)) = came {
                failure = Some(error);
            }
            match to.write_all(&out).and_then(|()| to.flush()) {
                Ok(()) if over => return failure,
                Ok(()) => out.clear(),
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return failure,
                Err(error) => return Some(error),
            }
        }
    });
    (stream.report().cloned(), failure)
}
