//! What to do about a leak beside rotating it: the expressions by which `git filter-repo` takes secrets
//! out of a history. The one file that holds secrets in clear, so only its owner may read it.
//!
//! The format is that of `git filter-repo --replace-text` (and `--replace-message`): a line each, all
//! `literal:TEXT==>NEW` first, then all `regex:PATTERN==>NEW` in Python's syntax over bytes. A line
//! cannot hold a line break, and there are no comments.

use crate::error::Error;
use crate::finding::{Finding, Outcome};
use crate::secret::Secret;
use bstr::ByteSlice;
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What stands for a secret afterwards: filter-repo's own word.
const REMOVED: &[u8] = b"==>***REMOVED***\n";
/// The first line: an expression that never matches, with a comment in it. It marks the file as ours.
const MARK: &[u8] = b"regex:(?!)(?#sekisho: secrets in clear below; delete this file after use)==>\n";
/// Secrets shorter than this (bytes) are words that may stand in the history for other reasons: only
/// behind the text that they were found behind are they replaced.
const SHORTEST: usize = 12;
/// Most bytes before a short secret that must be there, too.
const CONTEXT: usize = 16;

/// Write the expressions for every secret of an outcome to `path`, readable by its owner only. A file
/// that is there is replaced where it is one of these, or by `force`.
///
/// # Errors
/// Another file is there, or the file cannot be written.
pub fn write_replace_text(outcome: &Outcome, path: &Path, force: bool) -> Result<usize, Error> {
    if !force && path.symlink_metadata().is_ok() && !is_ours(path) {
        return Err(Error::Output {
            what: path.display().to_string(),
            reason: "there is a file of that name that this program did not write; \
                     choose another name, or say --force to replace it"
                .to_owned(),
        });
    }
    let text = expressions(&outcome.findings);
    let failed =
        |error: std::io::Error| Error::Output { what: path.display().to_string(), reason: error.to_string() };
    // A new file beside it, made for the owner only from the first moment, then put in its place.
    let (beside, mut file) = create(path).map_err(failed)?;
    let written = file.write_all(&text).and_then(|()| file.sync_all());
    drop(file);
    if let Err(error) = written.and_then(|()| std::fs::rename(&beside, path)) {
        let _ = std::fs::remove_file(&beside);
        return Err(failed(error));
    }
    Ok(outcome.findings.len())
}

fn is_ours(path: &Path) -> bool {
    let plain = path.symlink_metadata().is_ok_and(|about| about.is_file());
    let mut head = Vec::new();
    plain
        && File::open(path).is_ok_and(|file| file.take(MARK.len() as u64).read_to_end(&mut head).is_ok())
        && head == MARK
}

fn create(path: &Path) -> std::io::Result<(PathBuf, File)> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let beside = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let file = options.open(&beside)?;
    Ok((beside, file))
}

/// A text to be taken out: a secret, or what says it where it is encoded.
struct Gone<'a> {
    text: &'a Secret,
    finding: &'a Finding,
}

/// The expressions, longer texts first: one that holds another is replaced as a whole.
fn expressions(findings: &[Finding]) -> Zeroizing<Vec<u8>> {
    let mut all: Vec<Gone<'_>> = Vec::new();
    for finding in findings {
        let texts = std::iter::once(&finding.secret).chain(&finding.written);
        all.extend(texts.filter(|text| !text.is_empty()).map(|text| Gone { text, finding }));
    }
    all.sort_by(|one, other| {
        let length = other.text.len().cmp(&one.text.len());
        length.then_with(|| one.finding.fingerprint.cmp(&other.finding.fingerprint))
    });
    all.dedup_by(|one, other| one.text == other.text);
    // Literals are replaced before patterns: one that lies in a pattern would spoil its match.
    let (literal, pattern): (Vec<Gone<'_>>, Vec<Gone<'_>>) =
        all.into_iter().partition(|gone| is_literal(gone.text));
    let inside =
        |gone: &Gone<'_>| pattern.iter().any(|other| other.text.reveal().contains_str(gone.text.reveal()));
    let (late, early): (Vec<Gone<'_>>, Vec<Gone<'_>>) = literal.into_iter().partition(|one| inside(one));
    let mut text = Zeroizing::new(MARK.to_vec());
    for gone in early {
        text.extend_from_slice(b"literal:");
        text.extend_from_slice(gone.text.reveal());
        text.extend_from_slice(REMOVED);
    }
    let mut patterns: Vec<Gone<'_>> = pattern.into_iter().chain(late).collect();
    patterns.sort_by_key(|gone| std::cmp::Reverse(gone.text.len()));
    for gone in patterns {
        for context in contexts(&gone) {
            text.extend_from_slice(b"regex:");
            if !context.is_empty() {
                text.extend_from_slice(b"(?<=");
                escape(context.as_bytes(), &mut text);
                text.extend_from_slice(b")");
            }
            escape(gone.text.reveal(), &mut text);
            text.extend_from_slice(REMOVED);
        }
    }
    text
}

/// Can a line hold it, and is it long enough to be replaced wherever it stands?
fn is_literal(secret: &Secret) -> bool {
    secret.len() >= SHORTEST && secret.reveal().find_byteset(b"\r\n").is_none()
}

/// What must stand before a secret: nothing for a long one; for a short one what stood before it in the
/// places where it was found.
fn contexts(gone: &Gone<'_>) -> BTreeSet<String> {
    if gone.text.len() >= SHORTEST {
        return BTreeSet::from([String::new()]);
    }
    let tail = |before: &str| {
        let known = before.rsplit(['…', '\u{fffd}']).next().unwrap_or_default();
        let mut at = known.len().saturating_sub(CONTEXT);
        while !known.is_char_boundary(at) {
            at += 1;
        }
        known[at..].to_owned()
    };
    gone.finding.occurrences.iter().map(|occurrence| tail(&occurrence.preview.before)).collect()
}

/// Bytes as a pattern of Python that matches just them.
fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            out.push(byte);
        } else {
            out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
    }
}

#[cfg(test)]
mod tests;
