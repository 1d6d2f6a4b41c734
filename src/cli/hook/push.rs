//! `sekisho hook pre-push` and `sekisho hook pre-receive`.

use super::look;
use crate::cli::args::Global;
use crate::error::Error;
use crate::report::blocked::Gate;
use crate::source::range::{self, Range, Span};
use crate::source::repo::{Id, Repo};
use std::io::{IsTerminal, Read};

/// Run `pre-push`: git writes a line for each ref, `local-ref local-id remote-ref remote-id` (githooks(5)).
///
/// # Errors
/// What ends the run.
pub(super) fn pre_push(remote: Option<&str>, url: Option<&str>, global: &Global) -> Result<u8, Error> {
    let repo = Repo::here()?;
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    // The framework `pre-commit` keeps git's lines to itself, and tells by variables.
    if let Some(name) = variable("PRE_COMMIT_REMOTE_NAME") {
        let url = variable("PRE_COMMIT_REMOTE_URL");
        let tip = variable("PRE_COMMIT_TO_REF").or_else(|| variable("PRE_COMMIT_LOCAL_BRANCH"));
        let tip = tip.unwrap_or_else(|| "HEAD".to_owned());
        let mut known = known_to(&repo, &name, url.as_deref());
        known.extend(
            variable("PRE_COMMIT_FROM_REF")
                .and_then(|base| range::commit(&repo, &base))
                .map(|id| id.to_string()),
        );
        let tip = range::commit(&repo, &tip).ok_or_else(|| repo.error(&tip, "git knows no such commit"))?;
        return look_at(&repo, Gate::Push, Span { tips: vec![tip], known }, global);
    }
    let mut span = Span::default();
    let mut reader = repo.reader();
    for line in ref_lines("pre-push")? {
        // What is pushed may have been written as an expression with spaces in it.
        let mut words = line.rsplitn(4, |&byte| byte == b' ');
        let mut id = || words.next().and_then(Id::parse);
        let remote = id();
        let (None, Some(local), Some(remote)) = (id(), id(), remote) else {
            return Err(not_ref_lines("pre-push"));
        };
        if !local.is_zero() {
            span.tips.push(local);
        }
        if !remote.is_zero() && reader.has(&remote) {
            span.known.push(remote.to_string());
        }
    }
    if span.tips.is_empty() {
        return Ok(0);
    }
    if let Some(remote) = remote {
        span.known.extend(known_to(&repo, remote, url));
    }
    look_at(&repo, Gate::Push, span, global)
}

/// Run `pre-receive`: git writes a line for each ref, `old-id new-id ref` (githooks(5)). All that the refs
/// of this repository reach is old, whoever pushed it.
///
/// # Errors
/// What ends the run.
pub(super) fn pre_receive(global: &Global) -> Result<u8, Error> {
    let repo = Repo::here()?;
    let mut span = Span { tips: Vec::new(), known: vec!["--all".to_owned()] };
    for line in ref_lines("pre-receive")? {
        let mut words = line.splitn(3, |&byte| byte == b' ');
        let (Some(_), Some(new), Some(_)) = (words.next(), words.next().and_then(Id::parse), words.next())
        else {
            return Err(not_ref_lines("pre-receive"));
        };
        if !new.is_zero() {
            span.tips.push(new);
        }
    }
    if span.tips.is_empty() {
        return Ok(0);
    }
    look_at(&repo, Gate::Receive, span, global)
}

/// The range that the framework `pre-commit` was told by `--from-ref` and `--to-ref`, looked at.
///
/// # Errors
/// What ends the run.
pub(super) fn range_of_pre_commit(repo: &Repo, global: &Global) -> Result<Option<u8>, Error> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(base), Some(tip)) = (variable("PRE_COMMIT_FROM_REF"), variable("PRE_COMMIT_TO_REF")) else {
        return Ok(None);
    };
    let span = range::parse(repo, &format!("{base}..{tip}"))?;
    look_at(repo, Gate::Push, span, global).map(Some)
}

fn look_at(repo: &Repo, gate: Gate, span: Span, global: &Global) -> Result<u8, Error> {
    let range = Range::open(repo, &span)?;
    look(gate, repo.directory(), &range, global)
}

/// What a remote is known to have: what its tracking branches reach. A push to an address is one to every
/// remote of that address.
fn known_to(repo: &Repo, remote: &str, url: Option<&str>) -> Vec<String> {
    let mut names = vec![remote.to_owned()];
    if url.is_none_or(|url| url == remote) {
        let pattern = r"^remote\..*\.(push)?url$";
        let listing = repo.asker().run(&["config", "-z", "--get-regexp", pattern], &[]).unwrap_or_default();
        for entry in listing.split(|&byte| byte == 0) {
            let entry = String::from_utf8_lossy(entry);
            let Some((key, value)) = entry.split_once('\n') else { continue };
            let name = key.strip_prefix("remote.").and_then(|key| key.rsplit_once('.')).map(|(name, _)| name);
            names.extend(name.filter(|_| value == remote).map(str::to_owned));
        }
    }
    // What holds a character of a pattern cannot be told from one.
    let plain =
        |name: &String| !name.is_empty() && !name.contains(['*', '?', '[', '\\']) && !name.contains("..");
    names.into_iter().filter(plain).map(|name| format!("--remotes={name}")).collect()
}

/// The lines on standard input.
fn ref_lines(hook: &str) -> Result<Vec<Vec<u8>>, Error> {
    // Git gives a pipe, an empty one where nothing changes. Programs that run hooks and keep the lines to
    // themselves give nothing: that would look the same, and let everything pass.
    if std::io::stdin().is_terminal() || is_null() {
        return Err(not_ref_lines(hook));
    }
    let mut text = Vec::new();
    std::io::stdin().lock().read_to_end(&mut text).map_err(|error| Error::Input {
        what: "standard input".to_owned(),
        reason: error.to_string(),
        remedy: "run the hook again".to_owned(),
    })?;
    let lines = text.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    Ok(lines.map(<[u8]>::to_vec).collect())
}

/// Is standard input a device, as `/dev/null` is?
#[cfg(unix)]
fn is_null() -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata("/dev/stdin").is_ok_and(|about| about.file_type().is_char_device())
}

/// Not told apart here.
#[cfg(not(unix))]
fn is_null() -> bool {
    false
}

fn not_ref_lines(hook: &str) -> Error {
    Error::Input {
        what: "standard input".to_owned(),
        reason: format!("is not what git writes to a {hook} hook"),
        remedy: "let git run the hook; to look at commits by hand use `sekisho scan --range BASE..HEAD`"
            .to_owned(),
    }
}
