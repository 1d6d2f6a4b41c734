//! `sekisho baseline`.

use super::args::Global;
use super::judge::Judge;
use super::survey::{self, Survey};
use super::{judge, output};
use crate::error::{Error, SkipReason};
use crate::finding::Outcome;
use crate::policy::baseline::{Baseline as Known, Conflicts, Entry, FILE_NAME, Scope, render};
use crate::policy::edit;
use crate::secret;
use bstr::ByteSlice;
use clap::{Args as ClapArgs, Subcommand};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// What git reads to merge a baseline without conflicts.
const ATTRIBUTES: &str = ".gitattributes";

/// Write down the findings that are there, so that only new ones are reported
#[derive(ClapArgs)]
pub struct Baseline {
    #[command(subcommand)]
    pub command: BaselineCommand,
    /// The file [default: sekisho.baseline beside sekisho.toml, or at the top of the repository]
    #[arg(long, global = true, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum BaselineCommand {
    /// Write the baseline: all findings that no comment and no [[allow]] entry allows
    Create {
        /// Replace one that is there
        #[arg(long)]
        force: bool,
        /// Also findings of the history
        #[arg(long)]
        history: bool,
    },
    /// Add new findings and take out those that are gone; lines of the others stay as they are
    Update {
        /// Only take out what is gone
        #[arg(long)]
        prune: bool,
    },
    /// Tell what is new and what is gone; exit status 1 where something is new
    Check,
    /// Count the entries
    Stats {
        /// text or json
        #[arg(long, short = 'f', value_enum, default_value_t = super::allow::Form::Text)]
        format: super::allow::Form,
    },
}

/// Run the command.
///
/// # Errors
/// What ends the run.
pub fn run(args: &Baseline, global: &Global) -> Result<u8, Error> {
    match &args.command {
        BaselineCommand::Create { force, history } => create(args, global, *force, *history),
        BaselineCommand::Update { prune } => update(args, global, *prune),
        BaselineCommand::Check => check(args, global),
        BaselineCommand::Stats { format } => stats(args, global, *format),
    }
}

/// Settings for a look that the baseline does not narrow, its root, its file, and the check of the salt.
fn open(
    args: &Baseline,
    global: &Global,
) -> Result<(crate::config::Settings, PathBuf, PathBuf, String), Error> {
    let all = Judge { no_baseline: true, ..Judge::default() };
    let (settings, root) = survey::settings(global, &all)?;
    let path = args.baseline.clone().unwrap_or_else(|| settings.baseline_path.clone());
    let salt = secret::salt_check(&settings.salt);
    Ok((settings, root, path, salt))
}

fn create(args: &Baseline, global: &Global, force: bool, history: bool) -> Result<u8, Error> {
    let (settings, root, path, salt) = open(args, global)?;
    if path.exists() && !force {
        return Err(Error::Input {
            what: path.display().to_string(),
            reason: "a baseline is there already".to_owned(),
            remedy: "`sekisho baseline update` brings it up to date, `--force` replaces it".to_owned(),
        });
    }
    write_new(settings, &root, &path, &salt, history)
}

/// Look at everything and write a new baseline.
///
/// # Errors
/// What ends the run.
pub(super) fn write_new(
    settings: crate::config::Settings,
    root: &Path,
    path: &Path,
    salt: &str,
    history: bool,
) -> Result<u8, Error> {
    let survey = survey::survey(settings, root, history, false)?;
    let outcome = &survey.outcome;
    let scope = if history { Scope::History } else { Scope::Tree };
    let entries = entries(outcome, root);
    let count = entries.len();
    edit::write(path, render(entries, salt, scope))?;
    let attributes = attributes(path)?;
    judge::tell(&outcome.told, false);
    let mut told = format!("{}: {count} known finding(s)\n", path.display());
    if attributes {
        told.push_str(&format!(
            "{ATTRIBUTES}: git merges the baseline by taking the entries of both sides\n"
        ));
    }
    output::print(&told)?;
    finish(&survey)
}

fn entries(outcome: &Outcome, root: &Path) -> Vec<Entry> {
    let all = outcome.halves().map(|finding| {
        let mut entry = Entry::of(finding);
        if let Ok(inside) = Path::new(&entry.path).strip_prefix(root) {
            entry.path = crate::origin::slashed(inside);
        }
        entry
    });
    all.collect()
}

fn update(args: &Baseline, global: &Global, prune: bool) -> Result<u8, Error> {
    let (settings, root, path, salt) = open(args, global)?;
    let known = Known::load(&path, &salt, Conflicts::TakeBoth)?;
    let scope = known.scope;
    let survey = survey::survey(settings, &root, scope == Scope::History, false)?;
    if !survey.saw_all() {
        return incomplete(&survey, "what was not looked at could still be there");
    }
    let found = entries(&survey.outcome, &root);
    let ids: HashSet<&str> = found.iter().map(|entry| entry.fingerprint.as_str()).collect();
    let (kept, gone): (Vec<Entry>, Vec<Entry>) =
        known.entries().into_iter().partition(|entry| ids.contains(entry.fingerprint.as_str()));
    let new: Vec<Entry> = found.iter().filter(|entry| !known.knows(&entry.fingerprint)).cloned().collect();
    let mut told = String::new();
    gone.iter().for_each(|entry| told.push_str(&line('-', entry)));
    new.iter().for_each(|entry| told.push_str(&line(if prune { '!' } else { '+' }, entry)));
    told.push_str(&format!(
        "{}: {} kept, {} gone, {} new{}\n",
        path.display(),
        kept.len(),
        gone.len(),
        new.len(),
        if prune && !new.is_empty() { " and left out" } else { "" }
    ));
    let mut all = kept;
    all.extend(new.into_iter().filter(|_| !prune));
    let text = render(all, &salt, scope);
    if std::fs::read_to_string(&path).is_ok_and(|before| before != text) {
        edit::write(&path, &text)?;
    }
    output::print(&told)?;
    Ok(0)
}

fn line(mark: char, entry: &Entry) -> String {
    format!("{mark} {} {} {}\n", &entry.fingerprint[..12], entry.rule, entry.path)
}

fn check(args: &Baseline, global: &Global) -> Result<u8, Error> {
    let (settings, root, path, salt) = open(args, global)?;
    let known = Known::load(&path, &salt, Conflicts::Refuse)?;
    let survey = survey::survey(settings, &root, known.scope == Scope::History, false)?;
    let new: Vec<Entry> = entries(&survey.outcome, &root)
        .into_iter()
        .filter(|entry| !known.knows(&entry.fingerprint))
        .collect();
    // What was not seen is not gone.
    let gone = if survey.saw_all() { known.gone() } else { Vec::new() };
    let mut told = String::new();
    new.iter().for_each(|entry| told.push_str(&format!("new:  {}", &line(' ', entry)[2..])));
    gone.iter().for_each(|entry| told.push_str(&format!("gone: {}", &line(' ', entry)[2..])));
    told.push_str(&format!(
        "{}: {} known, {} new, {} gone\n",
        path.display(),
        known.len() - gone.len(),
        new.len(),
        gone.len()
    ));
    output::print(&told)?;
    if !survey.saw_all() {
        return incomplete(&survey, "what is there cannot be vouched for");
    }
    Ok(u8::from(!new.is_empty()))
}

fn stats(args: &Baseline, global: &Global, format: super::allow::Form) -> Result<u8, Error> {
    let (_, _, path, salt) = open(args, global)?;
    let known = Known::load(&path, &salt, Conflicts::Refuse)?;
    let mut rules: BTreeMap<String, usize> = BTreeMap::new();
    let mut folders: BTreeMap<String, usize> = BTreeMap::new();
    for entry in known.entries() {
        *rules.entry(entry.rule).or_default() += 1;
        let folder = entry.path.split_once('/').map_or(".", |(folder, _)| folder);
        *folders.entry(folder.to_owned()).or_default() += 1;
    }
    let scope = known.scope.name();
    output::print(&match format {
        super::allow::Form::Json => {
            let value = serde_json::json!({
                "version": 1, "file": path.display().to_string(), "scope": scope, "entries": known.len(),
                "rules": rules, "directories": folders,
            });
            format!("{value:#}\n")
        }
        super::allow::Form::Text => {
            let mut text =
                format!("{}: {} known finding(s), made from the {scope}\n", path.display(), known.len());
            for (title, counts) in [("by rule", &rules), ("by directory", &folders)] {
                let mut sorted: Vec<_> = counts.iter().collect();
                sorted.sort_by_key(|&(name, count)| (std::cmp::Reverse(*count), name.clone()));
                text.push_str(&format!("{title}:\n"));
                sorted.iter().for_each(|(name, count)| text.push_str(&format!("{count:>8}  {name}\n")));
            }
            text
        }
    })?;
    Ok(0)
}

/// Say what was not looked at, and that nothing was changed for it.
pub(super) fn incomplete(survey: &Survey, why: &str) -> Result<u8, Error> {
    let missed = |reason: SkipReason| !reason.benign() || survey.is_lack(reason);
    for skipped in survey.outcome.skipped.iter().filter(|skipped| missed(skipped.reason)).take(10) {
        eprintln!("sekisho: {}: {} {}", skipped.origin, skipped.reason.name(), skipped.detail);
    }
    eprintln!("sekisho: incomplete: {why}; nothing is taken out");
    Ok(super::INCOMPLETE)
}

fn finish(survey: &Survey) -> Result<u8, Error> {
    match survey.outcome.complete() {
        true => Ok(0),
        false => incomplete(survey, "what was not looked at is not in the baseline"),
    }
}

/// Let git merge a baseline in a repository by taking the lines of both sides. True where that was not so.
fn attributes(baseline: &Path) -> Result<bool, Error> {
    let baseline = crate::config::clean(baseline);
    let Some(folder) = baseline.parent() else { return Ok(false) };
    let usual = baseline.file_name().is_some_and(|name| name == FILE_NAME);
    if !usual || crate::config::top_of(folder).is_none() {
        return Ok(false);
    }
    let path = folder.join(ATTRIBUTES);
    let mut text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            return Err(Error::Output { what: path.display().to_string(), reason: error.to_string() });
        }
    };
    let names_it =
        |line: &[u8]| line.trim_ascii_start().trim_start_with(|one| one == '/').starts_with_str(FILE_NAME);
    if text.lines().any(names_it) {
        return Ok(false);
    }
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    text.extend_from_slice(format!("{FILE_NAME} merge=union\n").as_bytes());
    edit::write(&path, &text)?;
    Ok(true)
}
