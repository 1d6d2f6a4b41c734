//! `sekisho mask --in-place`: files are masked where they are.

use super::args::Mask;
use super::report::{self, Files, Input};
use super::tell;
use crate::error::Error;
use crate::mask::child::FAILED;
use crate::mask::stream::{Shared, Stream};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// Bytes that are read at a time.
const CHUNK: usize = 1 << 20;

/// Mask all files. One that cannot be masked is told and keeps the others from nothing; the status is then
/// 125.
///
/// # Errors
/// A report that cannot be written.
pub fn run(args: &Mask, mut shared: Shared, reports: Files) -> Result<u8, Error> {
    let mut inputs = Vec::new();
    let mut status = 0;
    for path in &args.in_place {
        match file(path, &mut shared) {
            Ok(input) => inputs.push(input),
            Err(error) => {
                status = FAILED;
                tell(&format!("error: {}: not masked: {error}", path.display()));
            }
        }
    }
    if args.output.summary {
        report::summary(&inputs, false).lines().for_each(tell);
    }
    let leaked = report::leaked(&inputs);
    reports.write(&inputs)?;
    Ok(match args.output.fail_on_leak {
        Some(wanted) if leaked && status == 0 => wanted,
        _ => status,
    })
}

/// Mask one file. It is replaced in one step and only if something had to be masked; mode and, where that is
/// allowed, owner stay. A symbolic link stays and its target is replaced.
fn file(path: &Path, shared: &mut Shared) -> io::Result<Input> {
    let target = std::fs::canonicalize(path)?;
    let mut source = File::open(&target)?;
    let about = source.metadata()?;
    if !about.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let folder = target.parent().unwrap_or(Path::new("/"));
    let mut copy = NamedTempFile::with_prefix_in(".sekisho-", folder)?;
    let mut stream = Stream::new(shared);
    let mut buffer = Zeroizing::new(vec![0; CHUNK]);
    let mut out = Vec::new();
    loop {
        match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => stream.push(shared, &buffer[..count], &mut out),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        copy.write_all(&out)?;
        out.clear();
    }
    stream.finish(shared, &mut out);
    copy.write_all(&out)?;
    let input = Input::new(&path.to_string_lossy(), stream.report());
    if !report::leaked(std::slice::from_ref(&input)) {
        return Ok(input);
    }
    #[cfg(unix)]
    {
        use rustix::fs::{Gid, Uid};
        use std::os::unix::fs::MetadataExt;
        // Only root may give files away; the mode is what matters to the others.
        let (owner, group) = (Uid::from_raw(about.uid()), Gid::from_raw(about.gid()));
        let _ = rustix::fs::fchown(copy.as_file(), Some(owner), Some(group));
    }
    copy.as_file().set_permissions(about.permissions())?;
    copy.as_file().sync_all()?;
    copy.persist(&target).map_err(|error| error.error)?;
    Ok(input)
}
