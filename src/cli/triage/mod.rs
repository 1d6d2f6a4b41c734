//! `sekisho triage`.

mod plain;
mod screen;
mod terminal;
mod view;

use super::args::{Global, Select};
use super::judge::{self, Judge};
use super::{output, progress};
use crate::config::{FILE_NAME, Settings};
use crate::error::Error;
use crate::report::terminal::inert;
use crate::report::{self, Format, Options};
use crate::scan::Scan;
use crate::source::tree::{Tree, TreeOptions};
use crate::triage::place::Places;
use crate::triage::save::{self, Signature};
use crate::triage::{Item, Mark, Session, load};
use clap::Args;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Go through findings one by one: see each masked, with its lines and its story, and mark it true, false
/// or accepted.
///
/// False and accepted ones become [[allow]] entries in sekisho.toml, each with its reason; true ones become
/// a list of what is to be done. Without a terminal, or with TERM=dumb, questions are asked and answers read
/// line by line.
///
/// Exit status: 0 done, 2 an error, something could not be looked at, or the answers ended before anything
/// was saved.
#[derive(Args)]
pub struct Triage {
    /// Files or directories to scan [default: .]
    #[arg(value_name = "PATH", conflicts_with = "report")]
    pub paths: Vec<PathBuf>,
    /// Go through a saved report instead: json, jsonl or sarif
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Write what was marked true to this file (.json, or text)
    #[arg(long, value_name = "FILE")]
    pub todo: Option<PathBuf>,
    /// Who answers for the allow entries
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
    /// Last day on which the allow entries hold
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub expires: Option<String>,
    /// Ask and answer line by line, also at a terminal
    #[arg(long)]
    pub plain: bool,
    #[command(flatten)]
    pub select: Select,
    #[command(flatten)]
    pub judge: Judge,
}

/// How a session ended.
enum End {
    /// What was decided is to be written.
    Save,
    /// Nothing is to be written.
    Discard,
    /// The answers ended before that was said.
    Lost,
    /// Ctrl-C.
    Interrupted,
}

/// What people see of a finding beside what the report tells.
struct Show<'e> {
    places: Places<'e>,
}

/// Run the command.
///
/// # Errors
/// What ends the run.
pub fn run(args: &Triage, global: &Global) -> Result<u8, Error> {
    let signature = Signature { owner: args.owner.clone(), expires: args.expires.clone() };
    let paths = if args.paths.is_empty() { vec![PathBuf::from(".")] } else { args.paths.clone() };
    let start = if args.report.is_some() { PathBuf::from(".") } else { paths[0].clone() };
    let settings = Settings::load(&start, &judge::flags(global, Some(&args.select), &args.judge))?;
    // The configuration in use, or a new one where this run's paths start.
    let file = settings.file.clone().unwrap_or_else(|| settings.root().join(FILE_NAME));
    check(&signature, &settings)?;
    let known = allowed(&settings);
    let scan = Scan::new(settings);
    let load::Loaded { items, complete } = match &args.report {
        Some(path) => unanswered(saved(path)?, &known),
        // What entries allow is no finding of a scan.
        None => scanned(&scan, paths)?,
    };
    if !complete && args.report.is_some() {
        eprintln!("sekisho: the run that wrote this report could not look at everything");
    }
    let status = if complete { 0 } else { super::INCOMPLETE };
    if items.is_empty() {
        let told = match (complete, &args.report) {
            (false, _) => "nothing in what could be looked at is left".to_owned(),
            (true, None) => "nothing was found".to_owned(),
            (true, Some(_)) => {
                format!("no finding that {} does not allow", inert(&file.display().to_string()))
            }
        };
        output::print(&format!("{told}: there is nothing to go through\n"))?;
        return Ok(status);
    }
    let mut session = Session::new(items);
    let show = Show { places: Places::new(scan.engine()) };
    let end = match full_screen(args) {
        true => screen::run(&mut session, &show, &file)?,
        false => plain::run(&mut session, &show, &file, &mut std::io::stdin().lock())?,
    };
    Ok(finish(&session, end, args, &signature, &file)?.max(status))
}

/// Is there a terminal that a whole screen can be drawn on?
fn full_screen(args: &Triage) -> bool {
    let able = std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    !args.plain && able && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Fingerprints that entries in force allow wherever they stand, and for which rules; for all where none is
/// told.
fn allowed(settings: &Settings) -> Vec<(String, Vec<String>)> {
    let entries = settings.cascade.base().allow.entries().iter();
    entries
        .filter(|entry| !entry.expired(settings.cascade.today()))
        .filter(|entry| entry.path.is_none() && entry.path_regex.is_none())
        .filter(|entry| entry.value.is_none() && entry.line.is_none() && entry.sha1.is_empty())
        .filter_map(|entry| Some((entry.fingerprint.clone()?, entry.rule.clone())))
        .collect()
}

fn saved(path: &Path) -> Result<load::Loaded, Error> {
    let name = path.display().to_string();
    let text = std::fs::read(path).map_err(|error| Error::Input {
        what: name.clone(),
        reason: format!("cannot be read: {error}"),
        remedy: "check the path given with --report".to_owned(),
    })?;
    load::report(&name, &text)
}

/// A scan, told in the form of a report: from there on it makes no difference where findings came from.
fn scanned(scan: &Scan, paths: Vec<PathBuf>) -> Result<load::Loaded, Error> {
    let shown = std::io::stderr().is_terminal();
    let tree = Tree::new(paths, TreeOptions::default());
    let outcome = progress::with(&scan.progress, shown, || scan.run(&tree))?;
    if !outcome.complete() {
        let missed = outcome.skipped.iter().filter(|skipped| !skipped.reason.benign()).count();
        eprintln!("sekisho: {missed} input(s) could not be looked at; `sekisho scan` names them");
    }
    let mut report = Vec::new();
    report::render(Format::Json, &outcome, &Options::default(), &mut report)
        .map_err(|error| Error::Output { what: "the report".to_owned(), reason: error.to_string() })?;
    load::report("the scan", &report)
}

/// Findings that no entry allows by their fingerprint yet: a saved report may be older than the entries.
fn unanswered(mut loaded: load::Loaded, known: &[(String, Vec<String>)]) -> load::Loaded {
    let allows = |item: &Item, (start, rules): &(String, Vec<String>)| {
        item.fingerprint.starts_with(start.as_str()) && (rules.is_empty() || rules.contains(&item.rule))
    };
    loaded.items.retain(|item| !known.iter().any(|entry| allows(item, entry)));
    loaded
}

fn check(signature: &Signature, settings: &Settings) -> Result<(), Error> {
    let told = |option: &str, reason: String| Error::Input {
        what: option.to_owned(),
        reason,
        remedy: "see `sekisho triage --help`".to_owned(),
    };
    if let Some(day) = &signature.expires {
        crate::policy::entry::check_day(day).map_err(|reason| told("--expires", reason))?;
        if day.as_str() < settings.cascade.today() {
            let reason = "this day has passed: the entries would allow nothing".to_owned();
            return Err(told("--expires", reason));
        }
    }
    match signature.owner.as_deref().map(str::trim) {
        Some("") => Err(told("--owner", "is empty".to_owned())),
        _ => Ok(()),
    }
}

/// Write what was decided, and say so.
fn finish(
    session: &Session,
    end: End,
    args: &Triage,
    signature: &Signature,
    file: &Path,
) -> Result<u8, Error> {
    let decided = session.decided().count();
    match end {
        End::Interrupted => {
            eprintln!("sekisho: interrupted; nothing was written");
            return Ok(130);
        }
        End::Lost if decided > 0 => {
            eprintln!("sekisho: the answers ended before they were to be saved; nothing was written");
            return Ok(super::INCOMPLETE);
        }
        End::Discard | End::Lost => {
            output::print("nothing was written\n")?;
            return Ok(0);
        }
        End::Save => {}
    }
    let entries = save::entries(session, signature);
    save::write(file, &entries)?;
    let mut told = format!(
        "{decided} of {} marked: {} true, {} false, {} accepted\n",
        session.items().len(),
        session.count(Mark::True),
        session.count(Mark::False),
        session.count(Mark::Accepted)
    );
    if !entries.is_empty() {
        told.push_str(&format!(
            "{} entries written to {}\n",
            entries.len(),
            inert(&file.display().to_string())
        ));
    }
    if session.count(Mark::True) > 0 {
        match &args.todo {
            Some(path) => {
                write_todo(session, path)?;
                let path = inert(&path.display().to_string());
                told.push_str(&format!("what is to be done was written to {path}\n"));
            }
            None => told.push_str(&format!("to be done:\n{}", save::todo_text(session))),
        }
    }
    output::print(&told)?;
    Ok(0)
}

fn write_todo(session: &Session, path: &Path) -> Result<(), Error> {
    let json = path.extension().is_some_and(|ending| ending == "json");
    let text = if json { save::todo_json(session) } else { save::todo_text(session) };
    std::fs::write(path, text)
        .map_err(|error| Error::Output { what: path.display().to_string(), reason: error.to_string() })
}
