//! `sekisho allow`.

use super::args::Global;
use super::judge::Judge;
use super::survey;
use super::{baseline, output};
use crate::config::{FILE_NAME, Settings, show};
use crate::error::Error;
use crate::policy::{AllowEntry, edit};
use clap::{Args as ClapArgs, ValueEnum};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Allow a finding that is no leak, list what is allowed, or remove what is stale
#[derive(ClapArgs)]
pub struct Allow {
    /// The id that reports give, or at least its first 12 digits
    #[arg(value_name = "FINGERPRINT", conflicts_with_all = ["prune", "list"])]
    pub fingerprint: Option<String>,
    /// Why this is no leak
    #[arg(long, short = 'm', value_name = "WHY", conflicts_with_all = ["prune", "list"])]
    pub reason: Option<String>,
    /// Who answers for it
    #[arg(long, value_name = "WHO")]
    pub owner: Option<String>,
    /// Last day on which it holds
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub expires: Option<String>,
    /// Only of this rule (may be given several times)
    #[arg(long, value_name = "ID")]
    pub rule: Vec<String>,
    /// Only below paths that this .gitignore-style pattern names, seen from the directory of sekisho.toml
    #[arg(long, value_name = "GLOB")]
    pub path: Option<String>,
    /// Only secrets that this regular expression matches
    #[arg(long, value_name = "REGEX")]
    pub value: Option<String>,
    /// Only secrets on a line that this regular expression matches
    #[arg(long, value_name = "REGEX")]
    pub line: Option<String>,
    /// Remove entries that have expired, and those that match nothing in the tree and its history
    #[arg(long, conflicts_with = "list")]
    pub prune: bool,
    /// With --prune: only tell what would be removed
    #[arg(long, requires = "prune")]
    pub dry_run: bool,
    /// List the entries that hold here
    #[arg(long)]
    pub list: bool,
    /// With --list: text or json
    #[arg(long, short = 'f', value_enum, default_value_t = Form::Text)]
    pub format: Form,
}

/// For people or for programs.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Text,
    Json,
}

/// Run the command.
///
/// # Errors
/// What ends the run.
pub fn run(args: &Allow, global: &Global) -> Result<u8, Error> {
    let (settings, root) = survey::settings(global, &Judge { no_baseline: true, ..Judge::default() })?;
    match (args.prune, args.list) {
        (true, _) => prune(args, settings, root),
        (_, true) => list(args, &settings),
        _ => add(args, &settings, root),
    }
}

fn add(args: &Allow, settings: &Settings, root: PathBuf) -> Result<u8, Error> {
    let entry = AllowEntry {
        rule: args.rule.clone(),
        path: args.path.clone(),
        fingerprint: args.fingerprint.as_ref().map(|id| id.trim().to_ascii_lowercase()),
        value: args.value.clone(),
        line: args.line.clone(),
        reason: args.reason.clone().unwrap_or_default(),
        owner: args.owner.clone(),
        expires: args.expires.clone(),
        ..AllowEntry::default()
    };
    entry.check().map_err(|reason| Error::Input {
        what: "sekisho allow".to_owned(),
        reason,
        remedy: "sekisho allow FINGERPRINT --reason WHY [--owner WHO] [--expires YYYY-MM-DD] [--rule ID] \
                 [--path GLOB]"
            .to_owned(),
    })?;
    if entry.expired(settings.cascade.today()) {
        return Err(Error::Input {
            what: "--expires".to_owned(),
            reason: "this day has passed: the entry would allow nothing".to_owned(),
            remedy: "name the last day on which it is to hold".to_owned(),
        });
    }
    if let Some(id) = entry.rule.iter().find(|id| settings.rules.by_id(id).is_none()) {
        return Err(Error::Input {
            what: format!("--rule {id}"),
            reason: "no rule has this id".to_owned(),
            remedy: "see `sekisho rules list`".to_owned(),
        });
    }
    let path = settings.file.clone().unwrap_or_else(|| root.join(FILE_NAME));
    let base = settings.cascade.base();
    if let Some(number) = base.allow.entries().iter().position(|other| *other == entry) {
        output::print(&format!("{}: this entry is there already\n", base.place(number)))?;
        return Ok(0);
    }
    edit::append(&path, &entry)?;
    output::print(&format!("{}: allows {}\n", path.display(), entry.about()))?;
    Ok(0)
}

fn list(args: &Allow, settings: &Settings) -> Result<u8, Error> {
    let entries = show::entries(settings, std::path::Path::new("."));
    output::print(&match args.format {
        Form::Json => {
            let all: Vec<_> = entries
                .iter()
                .map(|(place, entry, state)| show::entry_json(entry, place, !state.is_empty()))
                .collect();
            format!("{:#}\n", serde_json::json!({ "version": 1, "allow": all }))
        }
        Form::Text if entries.is_empty() => "no [[allow]] entry holds here\n".to_owned(),
        Form::Text => entries
            .iter()
            .map(|(place, entry, state)| {
                let owner = entry.owner.as_ref().map_or(String::new(), |owner| format!(", {owner}"));
                let until = entry.expires.as_ref().map_or(String::new(), |last| format!(", until {last}"));
                format!("{place}: {} ({}{owner}{until}){state}\n", entry.about(), entry.reason.trim())
            })
            .collect(),
    })?;
    Ok(0)
}

fn prune(args: &Allow, settings: Settings, root: PathBuf) -> Result<u8, Error> {
    // What a history still holds would be found again by an audit: it is needed.
    let history = settings.cascade.top().is_some_and(|top| top.join(".git").exists());
    // So would what somebody scans although ignore files leave it out.
    let survey = survey::survey(settings, &root, history, true)?;
    let (scan, complete) = (&survey.scan, survey.saw_all());
    let mut told = String::new();
    let mut removals: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
    for layer in scan.cascade().layers() {
        let Some(file) = &layer.file else { continue };
        let mut stale: Vec<(usize, &str)> =
            layer.allow.expired().into_iter().map(|number| (number, "has expired")).collect();
        if complete {
            stale.extend(layer.allow.unused().into_iter().map(|number| (number, "matches nothing")));
        }
        stale.sort_unstable();
        for (number, why) in stale {
            let about = layer.allow.entries()[number].about();
            told.push_str(&format!("{}: {about}: {why}\n", layer.place(number)));
            removals.entry(file.clone()).or_default().push(number);
        }
    }
    let count: usize = removals.values().map(Vec::len).sum();
    if !args.dry_run {
        for (file, numbers) in &removals {
            edit::remove(file, numbers)?;
        }
    }
    let done = if args.dry_run { "would be removed" } else { "removed" };
    told.push_str(&format!("{count} entr{} {done}\n", if count == 1 { "y" } else { "ies" }));
    output::print(&told)?;
    match complete {
        true => Ok(0),
        false => baseline::incomplete(&survey, "entries could still be of use"),
    }
}
