//! Where reports go.

use super::args::{Color, Global, Write as WriteArgs};
use crate::config::Settings;
use crate::error::Error;
use crate::finding::Outcome;
use crate::report::{self, Format, Options};
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// A report file and its format.
pub struct Target {
    path: PathBuf,
    format: Format,
    file: File,
}

/// Open all report files before the run, so that a bad path is told at once.
///
/// # Errors
/// A format that cannot be told, a file that cannot be made.
pub fn open(args: &WriteArgs) -> Result<Vec<Target>, Error> {
    // `-f json -o FILE`: what was asked for by name serves a file whose ending says nothing.
    let asked = Some(args.format).filter(|&format| format != Format::Human);
    args.output.iter().map(|text| open_one(text, asked)).collect()
}

fn open_one(text: &str, asked: Option<Format>) -> Result<Target, Error> {
    let (format, path) = match text.split_once('=') {
        Some((name, path)) if Format::parse(name).is_some() => (Format::parse(name), Path::new(path)),
        _ => (by_ending(text).or(asked), Path::new(text)),
    };
    let Some(format) = format else {
        return Err(Error::Input {
            what: format!("--output {text}"),
            reason: "the format cannot be told from the ending".to_owned(),
            remedy:
                "end the name in .json, .jsonl, .sarif, .html, .csv, .xml, .md or .txt, or write FORMAT=FILE"
                    .to_owned(),
        });
    };
    let file = File::create(path)
        .map_err(|error| Error::Output { what: path.display().to_string(), reason: error.to_string() })?;
    Ok(Target { path: path.to_owned(), format, file })
}

fn by_ending(path: &str) -> Option<Format> {
    // The name that GitLab's templates give to the report.
    if Path::new(path).file_name()? == "gl-secret-detection-report.json" {
        return Some(Format::Gitlab);
    }
    match Path::new(path).extension()?.to_str()? {
        "json" => Some(Format::Json),
        "jsonl" | "ndjson" => Some(Format::Jsonl),
        "sarif" => Some(Format::Sarif),
        "html" | "htm" => Some(Format::Html),
        "csv" => Some(Format::Csv),
        "xml" => Some(Format::Junit),
        "md" => Some(Format::Markdown),
        "txt" => Some(Format::Human),
        _ => None,
    }
}

/// Write all reports of a run that looked at `start`.
///
/// # Errors
/// A full disk, a closed pipe.
pub fn write(
    outcome: &Outcome,
    args: &WriteArgs,
    global: &Global,
    start: &Path,
    targets: Vec<Target>,
) -> Result<(), Error> {
    let plain = Options {
        show_secrets: args.show_secrets,
        show_suppressed: args.show_suppressed,
        base: std::env::current_dir().ok(),
        root: top(start),
        ..Options::default()
    };
    // What a file holds already is not said again: `-f json -o FILE` leaves the screen to people.
    let told = targets.iter().any(|target| target.format == args.format);
    let format = if told { Format::Human } else { args.format };
    for mut target in targets {
        let options = plain.clone();
        report::render(target.format, outcome, &options, &mut target.file)
            .and_then(|()| target.file.sync_all().or_else(ignore_unsyncable))
            .map_err(|error| Error::Output {
                what: target.path.display().to_string(),
                reason: error.to_string(),
            })?;
    }
    if args.quiet && format == Format::Human && outcome.findings.is_empty() && outcome.complete() {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    let options = Options { color: color(global, &out), width: terminal_width(&out), ..plain };
    report::render(format, outcome, &options, &mut out).map_err(stdout_error)
}

/// Where URIs of a report start: the top of the repository that holds `start`, or `start` itself.
fn top(start: &Path) -> Option<PathBuf> {
    let start = std::path::absolute(start).ok()?;
    let directory = if start.is_dir() { start.as_path() } else { start.parent()? };
    let top = crate::config::top_of(directory);
    Some(top.unwrap_or(directory).to_owned())
}

/// Pipes and devices cannot be synced, and need not be.
fn ignore_unsyncable(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
        _ => Err(error),
    }
}

/// Tell what there is to know about the configuration of another scanner.
pub fn notes(settings: &Settings, quiet: bool) {
    if !quiet {
        settings.notes.iter().for_each(|note| eprintln!("sekisho: note: {note}"));
    }
}

/// An error of standard output; a reader that went away is not worth a message.
pub fn stdout_error(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Error::BrokenPipe,
        _ => Error::Output { what: "standard output".to_owned(), reason: error.to_string() },
    }
}

/// Write a text to standard output.
///
/// # Errors
/// As for [`write`].
pub fn print(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(stdout_error)
}

/// Is output to this stream to be coloured?
pub fn color(global: &Global, stream: &impl IsTerminal) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR") => false,
        Color::Auto if std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        Color::Auto => stream.is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
    }
}

fn terminal_width(stream: &impl IsTerminal) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}
