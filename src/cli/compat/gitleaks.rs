//! `sekisho compat gitleaks`: settings, run, report and exit status as gitleaks has them.

use super::args::{Command, Common, Gitleaks};
use super::filter::{self, Accepted};
use super::unstaged::Unstaged;
use crate::cli::output;
use crate::cli::story_arguments::StoryArguments;
use crate::config::{Flags, Settings};
use crate::error::Error;
use crate::finding::Outcome;
use crate::gate;
use crate::report::Options;
use crate::report::gitleaks_forms::{self, Form};
use crate::rules::import::{self, Draft, Imported, Kind, Known, known};
use crate::rules::{RuleIndex, RuleSet};
use crate::scan::{AuditOptions, Audited, Scan};
use crate::source::history::{History, Known as KnownObjects, Unknown};
use crate::source::provenance::Beforehand;
use crate::source::range::{self, Range};
use crate::source::repo::Repo;
use crate::source::staged::Staged;
use crate::source::stream::Stdin;
use crate::source::tree::{Tree, TreeOptions};
use clap::Parser;
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Exit status of gitleaks for a flag that it does not know.
const UNKNOWN_FLAG: u8 = 126;
/// Its exit status for an error.
const ERROR: u8 = 1;

/// Run gitleaks' command line. `config` is what stood before it: `--config` is a flag of both programs.
///
/// # Errors
/// A standard output that went away. Other errors are told here and end in status 1, as there.
pub fn run(arguments: &[OsString], config: Option<&Path>) -> Result<u8, Error> {
    let name = OsString::from("gitleaks");
    let gitleaks = match Gitleaks::try_parse_from(std::iter::once(&name).chain(arguments)) {
        Ok(gitleaks) => gitleaks,
        Err(error) => {
            let _ = error.print();
            return Ok(match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => 0,
                ErrorKind::UnknownArgument => UNKNOWN_FLAG,
                _ => ERROR,
            });
        }
    };
    let Gitleaks { command, mut common } = gitleaks;
    common.config = common.config.or_else(|| config.map(Path::to_owned));
    let Some(command) = command else {
        output::print(&format!("{}\n", <Gitleaks as clap::CommandFactory>::command().render_help()))?;
        return Ok(0);
    };
    if matches!(command, Command::Version) {
        output::print(concat!(env!("CARGO_PKG_VERSION"), "\n"))?;
        return Ok(0);
    }
    match Run::prepare(&command, &common).and_then(|run| run.go(&command)) {
        Err(Error::BrokenPipe) => Err(Error::BrokenPipe),
        Err(error) => {
            eprintln!("FTL {error}");
            Ok(ERROR)
        }
        Ok(status) => Ok(status),
    }
}

/// A run with everything read that could go wrong before it.
struct Run<'a> {
    common: &'a Common,
    form: Form,
    report: Option<PathBuf>,
    scan: Scan,
    known: Vec<Known>,
    /// The configuration means that its own rules are the only ones.
    replaces: bool,
    /// Messages of this level and worse are told: 0 for debug to 3 for errors.
    level: u8,
}

fn input(what: &str, reason: &str, remedy: &str) -> Error {
    Error::Input { what: what.to_owned(), reason: reason.to_owned(), remedy: remedy.to_owned() }
}

impl<'a> Run<'a> {
    fn prepare(command: &Command, common: &'a Common) -> Result<Run<'a>, Error> {
        let form = form(common)?;
        let level = match common.log_level.as_str() {
            "trace" | "debug" => 0,
            "info" => 1,
            "warn" => 2,
            "error" | "err" | "fatal" => 3,
            other => return Err(input(other, "no such log level", "use debug, info, warn, error or fatal")),
        };
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let report = common.report_path.as_ref().filter(|path| !is_stdout(path)).map(absolute);
        let config = common.config.as_ref().map(absolute);
        let ignore = absolute(&common.gitleaks_ignore_path);
        let mut known = match &common.baseline_path {
            Some(path) => baseline(&absolute(path))?,
            None => Vec::new(),
        };
        let target = enter(command)?;
        let (mut settings, notes) = settings(config, &target)?;
        if level == 0 {
            notes.iter().for_each(|note| eprintln!("DBG {note}"));
        }
        enable(&mut settings, &common.enable_rule)?;
        settings.foreign_comments = !common.ignore_gitleaks_allow;
        for place in [ignore, target] {
            known.extend(ignored(&place));
        }
        let replaces = settings.replaces;
        let scan = Scan::new(settings);
        Ok(Run { common, form, report, scan, known, replaces, level })
    }

    fn tell(&self, level: u8, text: &str) {
        if level >= self.level {
            eprintln!("{} {text}", ["DBG", "INF", "WRN", "ERR"][usize::from(level.min(3))]);
        }
    }

    fn go(&self, command: &Command) -> Result<u8, Error> {
        if let Some(path) = &self.report {
            // A bad path is told before the work.
            std::fs::File::create(path).map_err(|error| unwritable(path, &error))?;
        }
        let mut outcome = match command {
            Command::Dir(dir) => self.files(&dir.paths, dir.follow_symlinks)?,
            Command::Detect(detect) if detect.pipe => self.scan.run_apart(&Stdin::standard())?,
            Command::Detect(detect) if detect.no_git => {
                self.files(std::slice::from_ref(&detect.source), detect.follow_symlinks)?
            }
            Command::Detect(detect) => self.history(detect.log_opts.as_deref())?,
            Command::Git(git) if git.staged => self.changes(true)?,
            Command::Git(git) if git.pre_commit => self.changes(false)?,
            Command::Git(git) => self.history(git.log_opts.as_deref())?,
            Command::Protect(protect) => self.changes(protect.staged)?,
            Command::Stdin | Command::Version => self.scan.run_apart(&Stdin::standard())?,
        };
        Accepted::new(&self.known, &|id| self.named(id)).take_out(&mut outcome);
        self.report(&outcome)
    }

    /// What a rule of gitleaks is called among the rules of this run.
    fn named(&self, id: &str) -> Vec<String> {
        let rules = self.scan.engine().rules();
        let builtin = |index: RuleIndex| (index.0 as usize) < RuleSet::builtin().len();
        let mut ids = import::named(id, rules);
        ids.retain(|id| rules.by_id(id).is_some_and(|(index, _)| !self.replaces || !builtin(index)));
        ids
    }

    fn files(&self, paths: &[PathBuf], follow: bool) -> Result<Outcome, Error> {
        let paths = if paths.is_empty() { vec![PathBuf::from(".")] } else { paths.to_vec() };
        let options = TreeOptions { ignore_files: false, follow, ..TreeOptions::default() };
        let mut outcome = self.scan.run_apart(&Tree::new(paths, options))?;
        if self.common.max_target_megabytes > 0 {
            filter::only_small(&mut outcome, self.common.max_target_megabytes.saturating_mul(1_000_000));
        }
        Ok(outcome)
    }

    fn changes(&self, staged: bool) -> Result<Outcome, Error> {
        let repo = Repo::here()?;
        let mut outcome = if staged {
            let source = Staged::open(&repo, &[])?;
            gate::judge(self.scan.run_apart(&source)?, &source, &[]).outcome
        } else {
            let source = Unstaged::open(&repo, &to_the_top(&repo)?)?;
            gate::judge(self.scan.run_apart(&source)?, &source, &[]).outcome
        };
        filter::apart(&mut outcome);
        Ok(outcome)
    }

    fn history(&self, log_opts: Option<&str>) -> Result<Outcome, Error> {
        let start = Path::new(".");
        let Log { mut story, last } = log(log_opts.unwrap_or_default())?;
        if let Some(count) = last {
            // A history that is no longer than that is looked at as a whole.
            let start = format!("HEAD~{count}^{{commit}}");
            let known = Repo::here()?.asker().line(&["rev-parse", "--quiet", "--verify", &start]);
            story.range = known.is_ok().then(|| format!("HEAD~{count}..HEAD"));
        }
        let mut history = History::open(start, 0)?;
        let only = story.only(start, &history, &Unknown)?;
        let stop = AtomicBool::new(false);
        let options = AuditOptions {
            known: only.as_ref().map_or(&Unknown as &dyn KnownObjects, |only| only),
            remember: false,
            stop: &stop,
            every_byte: false,
        };
        let Audited { mut outcome, doubts, commits, .. } = self.scan.audit(&mut history, &options);
        let before = Beforehand::new(commits, None);
        story.tell(&mut outcome, start, &history, 0, &before, &|outcome| {
            drop(self.scan.settle(outcome, &doubts))
        })?;
        filter::apart(&mut outcome);
        if let Some(span) = story.range.as_deref().filter(|range| range.contains("..")) {
            let repo = Repo::here()?;
            filter::only_new(&mut outcome, &Range::open(&repo, &range::parse(&repo, span)?)?);
        }
        let beside = filter::only_commits(&mut outcome);
        if beside > 0 {
            let text = format!(
                "{beside} more in what gitleaks does not look at (objects without a ref, logs, configuration): see \
                 `sekisho audit`"
            );
            self.tell(2, &text);
        }
        Ok(outcome)
    }

    fn report(&self, outcome: &Outcome) -> Result<u8, Error> {
        // Nothing is shown in clear that was not asked for.
        let shown = self.common.redact.map_or(0, |hidden| 100 - hidden.min(100));
        let options = Options { show_secrets: shown > 0, ..Options::default() };
        let mut text = Vec::new();
        // A list in memory cannot fail to be written to.
        let _ = gitleaks_forms::write(self.form, outcome, &options, shown, &mut text);
        match &self.report {
            Some(path) => std::fs::write(path, &text).map_err(|error| unwritable(path, &error))?,
            None if self.common.report_path.is_some() => {
                let mut out = std::io::stdout().lock();
                out.write_all(&text).and_then(|()| out.flush()).map_err(output::stdout_error)?;
            }
            None => {}
        }
        if self.common.verbose {
            output::print(&gitleaks_forms::told(outcome, &options, shown))?;
        }
        let leaks = filter::places(outcome);
        if leaks > 0
            && self.common.redact.is_none()
            && (self.common.verbose || self.common.report_path.is_some())
        {
            self.tell(1, "secrets are redacted; --redact=0 shows them");
        }
        for skipped in outcome.skipped.iter().filter(|skipped| !skipped.reason.benign()) {
            let detail =
                if skipped.detail.is_empty() { String::new() } else { format!(": {}", skipped.detail) };
            self.tell(3, &format!("{} was not looked at: {}{detail}", skipped.origin, skipped.reason.name()));
        }
        if let Some(coverage) = &outcome.coverage {
            self.tell(1, &format!("{} commits scanned.", coverage.commits));
        }
        let bytes = outcome.stats.bytes;
        self.tell(1, &format!("scanned ~{bytes} bytes in {}ms", outcome.stats.elapsed.as_millis()));
        match (leaks, outcome.complete()) {
            (0, true) => self.tell(1, "no leaks found"),
            (0, false) => self.tell(3, "no leaks found in what could be looked at"),
            (leaks, _) => self.tell(2, &format!("leaks found: {leaks}")),
        }
        Ok(match (outcome.complete(), leaks) {
            (false, _) => ERROR,
            (true, 0) => 0,
            (true, _) => self.common.exit_code,
        })
    }
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::Output { what: path.display().to_string(), reason: error.to_string() }
}

fn form(common: &Common) -> Result<Form, Error> {
    let template = common.report_template.is_some() || common.report_format.as_deref() == Some("template");
    if template {
        return Err(input(
            "--report-template",
            "templates are not supported",
            "use -f json, csv, junit or sarif, or `sekisho scan --format json` with a tool such as jq",
        ));
    }
    let name = match (&common.report_format, &common.report_path) {
        (Some(name), _) => name.to_lowercase(),
        (None, Some(path)) if !is_stdout(path) => {
            path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default()
        }
        _ => "json".to_owned(),
    };
    Form::parse(&name).ok_or_else(|| {
        let what = if name.is_empty() { "the report".to_owned() } else { name.clone() };
        input(&what, "unknown report format", "use -f json, csv, junit or sarif")
    })
}

/// What is scanned. For what git holds the program goes there: paths are those of the repository then.
fn enter(command: &Command) -> Result<PathBuf, Error> {
    let here = PathBuf::from(".");
    let (target, repository) = match command {
        Command::Git(git) => (git.repository.clone().unwrap_or(here), true),
        Command::Detect(detect) => (detect.source.clone(), !detect.no_git && !detect.pipe),
        Command::Protect(protect) => (protect.source.clone(), true),
        Command::Dir(dir) => (dir.paths.first().cloned().unwrap_or(here), false),
        Command::Stdin | Command::Version => (here, false),
    };
    let absolute = std::path::absolute(&target).unwrap_or(target.clone());
    if repository {
        std::env::set_current_dir(&absolute).map_err(|error| {
            input(&target.display().to_string(), &error.to_string(), "give a directory with a repository")
        })?;
    }
    Ok(absolute)
}

/// The settings by gitleaks' order: `-c`, then the environment, then `.gitleaks.toml` in the target; and
/// where there is none of these, those of sekisho.
fn settings(config: Option<PathBuf>, target: &Path) -> Result<(Settings, Vec<String>), Error> {
    let in_target = target.join(".gitleaks.toml");
    let mut written = None;
    let file = config
        .or_else(|| std::env::var_os("GITLEAKS_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from))
        .or_else(|| {
            let text = std::env::var("GITLEAKS_CONFIG_TOML").ok().filter(|text| !text.is_empty())?;
            let mut file = tempfile::Builder::new().suffix(".toml").tempfile().ok()?;
            file.write_all(text.as_bytes()).ok()?;
            let path = file.path().to_owned();
            written = Some(file);
            Some(path)
        })
        .or_else(|| in_target.is_file().then_some(in_target));
    let mut settings = Settings::load(target, &Flags { config: file, ..Flags::default() })?;
    drop(written);
    if settings.replaces {
        // Its own rules only, as gitleaks would have it.
        let builtin = RuleSet::builtin().len();
        switch_off(&mut settings, |index| index < builtin);
    }
    let notes = std::mem::take(&mut settings.notes);
    Ok((settings, notes))
}

/// Leave these rules in force only.
fn enable(settings: &mut Settings, ids: &[String]) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut wanted = Vec::new();
    for id in ids {
        let found = import::named(id, &settings.rules);
        if found.is_empty() {
            return Err(input(id, "requested rule not found in rules", "see `sekisho rules list`"));
        }
        let indexes = found.iter().filter_map(|id| settings.rules.by_id(id));
        wanted.extend(indexes.map(|(index, _)| index.0 as usize));
    }
    for &index in &wanted {
        settings.active[index] = true;
        settings.states[index].on = true;
    }
    switch_off(settings, |index| !wanted.contains(&index));
    Ok(())
}

fn switch_off(settings: &mut Settings, which: impl Fn(usize) -> bool) {
    for index in (0..settings.active.len()).filter(|&index| which(index)) {
        settings.active[index] = false;
        settings.states[index].on = false;
    }
}

/// The entries of ignore files in a directory, or of the file itself.
fn ignored(place: &Path) -> Vec<Known> {
    let names = [".gitleaksignore", ".betterleaksignore"];
    let files = match place.is_dir() {
        true => names.iter().map(|name| place.join(name)).filter(|path| path.is_file()).collect(),
        false
            if place.is_file()
                && place.file_name().is_some_and(|name| name.to_string_lossy().contains("ignore")) =>
        {
            vec![place.to_owned()]
        }
        false => Vec::new(),
    };
    files
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok().map(|text| (path, text)))
        .flat_map(|(path, text)| known::ignore_file(&text, path, &mut Draft::default()))
        .collect()
}

fn baseline(path: &Path) -> Result<Vec<Known>, Error> {
    match crate::cli::import::imported(path, Some(Kind::Baseline))? {
        Imported::Known(known, _) => Ok(known),
        Imported::Draft(_) => Ok(Vec::new()),
    }
}

/// Go to the top of the work tree, from which git names files. The way back from there; empty where this
/// was the top, or is not below it.
fn to_the_top(repo: &Repo) -> Result<PathBuf, Error> {
    let Some(top) = repo.top() else { return Ok(PathBuf::new()) };
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let back = real(Path::new(".")).strip_prefix(real(top)).map(Path::to_owned).unwrap_or_default();
    std::env::set_current_dir(top)
        .map_err(|error| input(&top.display().to_string(), &error.to_string(), "check the work tree"))?;
    Ok(back)
}

/// What `--log-opts` asks for.
#[derive(Default)]
struct Log {
    story: StoryArguments,
    /// Only so many commits, the last ones.
    last: Option<u64>,
}

/// What `--log-opts` asks for, where that can be had.
fn log(options: &str) -> Result<Log, Error> {
    let unsupported = |what: &str| {
        input(
            &format!("--log-opts {what}"),
            "this option of git log is not supported",
            "use one of --all, A..B and -n N, with --since=DATE; or `sekisho audit` with --range, --since and --refs",
        )
    };
    let mut log = Log::default();
    // What chooses commits: of several of these, git would take more than the last.
    let mut chosen: Vec<&str> = Vec::new();
    let all = split(options);
    let mut words = all.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let value = |name: &str| word.strip_prefix(name).and_then(|rest| rest.strip_prefix('='));
        if let Some(date) = value("--since").or_else(|| value("--after")) {
            log.story.since = Some(date.to_owned());
        } else if matches!(word, "--since" | "--after") {
            log.story.since = words.next().map(str::to_owned);
        } else if let Some(count) = count(word, &mut words) {
            log.last = Some(count);
            chosen.push(word);
        } else if word == "--all" {
            chosen.push(word);
        } else if word == "--" {
            // Files follow.
            if let Some(path) = words.next() {
                return Err(unsupported(&format!("-- {path}")));
            }
        } else if ORDER.contains(&word) {
            // Everything is what is looked at, and order changes nothing.
        } else if word.starts_with('-') {
            return Err(unsupported(word));
        } else {
            log.story.range = Some(word.to_owned());
            chosen.push(word);
        }
    }
    match chosen.len() {
        0 | 1 => Ok(log),
        _ => Err(unsupported(&chosen.join(" "))),
    }
}

/// Options of `git log` that change nothing of what is found.
const ORDER: [&str; 7] =
    ["--full-history", "--reverse", "--date-order", "--topo-order", "--author-date-order", "-p", "-U0"];

/// The words of a text, with spaces in them where they stand in quotes.
fn split(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for one in text.chars() {
        match (quote, one) {
            (None, '"' | '\'') => quote = Some(one),
            (Some(open), _) if open == one => quote = None,
            (None, _) if one.is_whitespace() => words.push(String::new()),
            _ => words.iter_mut().last().into_iter().for_each(|word| word.push(one)),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `-5`, `-n 5`, `-n5`, `--max-count=5`.
fn count<'w>(word: &str, words: &mut impl Iterator<Item = &'w str>) -> Option<u64> {
    let number = |text: &str| text.parse().ok();
    match word {
        "-n" | "--max-count" => words.next().and_then(number),
        _ => word
            .strip_prefix("--max-count=")
            .or_else(|| word.strip_prefix("-n"))
            .or_else(|| word.strip_prefix('-'))
            .and_then(number),
    }
}
