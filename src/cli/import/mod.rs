//! `sekisho import`.

mod resolve;

use super::args::Global;
use super::output;
use crate::engine::trial;
use crate::error::Error;
use crate::rules::RuleSet;
use crate::rules::file::Provider;
use crate::rules::import::{self, Draft, Grade, ImportError, Imported, KINDS, Kind, Known};
use clap::Args as ClapArgs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

#[derive(ClapArgs)]
pub struct Import {
    /// Configurations, ignore files, baselines and rule files of gitleaks, betterleaks, detect-secrets,
    /// kingfisher and Nosey Parker; `-` for standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// What kind of files they are [default: told by their content]
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub from: Option<Kind>,
    /// Write the configuration to this file instead of standard output
    #[arg(long, short = 'o', value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Let --output overwrite a file that is there
    #[arg(long, requires = "output")]
    pub force: bool,
    /// Only tell what is wrong with the files, and what would be left out or changed
    #[arg(long, conflicts_with = "output")]
    pub lint: bool,
}

fn kind(name: &str) -> Result<Kind, String> {
    Kind::parse(name).ok_or_else(|| {
        let names: Vec<&str> = KINDS.iter().map(|known| known.0).collect();
        format!("choose one of {}", names.join(", "))
    })
}

/// Run the command. The status is 0 where everything was taken over, 1 where something had to be left out
/// (with `--lint`: where something is wrong).
///
/// # Errors
/// A file that cannot be read or is of no known kind, an output that cannot be written.
pub fn run(args: &Import, global: &Global) -> Result<u8, Error> {
    let mut draft = Draft::default();
    let mut known: Vec<Known> = Vec::new();
    for path in &args.files {
        match imported(path, args.from)? {
            Imported::Draft(more) => draft.extend(more),
            Imported::Known(more, about) => {
                known.extend(more);
                draft.extend(about);
            }
        }
    }
    doubles(&mut draft);
    try_out(&mut draft);
    if !known.is_empty() {
        resolve::resolve(&known, &mut draft, global)?;
    }
    let counts = draft.counts();
    let count = |grade: Grade| counts.get(&grade).copied().unwrap_or(0);
    if args.lint {
        let text: String = draft.notes.iter().map(|note| format!("{note}\n")).collect();
        output::print(&format!("{text}{}\n", summary(&draft)))?;
        return Ok(u8::from(count(Grade::LeftOut) + count(Grade::Defect) > 0));
    }
    let names: Vec<String> = args.files.iter().map(|path| path.display().to_string()).collect();
    let text = import::write(&draft, &names.join(", "));
    match &args.output {
        None => output::print(&text)?,
        Some(path) => save(path, &text, args.force)?,
    }
    for note in &draft.notes {
        eprintln!("sekisho: {note}");
    }
    eprintln!("sekisho: {}", summary(&draft));
    Ok(u8::from(count(Grade::LeftOut) > 0))
}

/// Read and import one file.
///
/// # Errors
/// As for [`run`].
pub fn imported(path: &Path, from: Option<Kind>) -> Result<Imported, Error> {
    let name = path.display().to_string();
    let unreadable = |error: std::io::Error| Error::Input {
        what: name.clone(),
        reason: format!("cannot be read: {error}"),
        remedy: "check the path".to_owned(),
    };
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(unreadable)?;
        bytes
    } else {
        std::fs::read(path).map_err(unreadable)?
    };
    let text = String::from_utf8(bytes).map_err(|_| Error::Input {
        what: name.clone(),
        reason: "it is not UTF-8 text".to_owned(),
        remedy: "give a configuration, an ignore file, a baseline or a rule file".to_owned(),
    })?;
    let Some(kind) = from.or_else(|| Kind::of(&text)) else {
        // TOML that is broken has a place to tell.
        let broken = toml::from_str::<toml::Table>(&text)
            .err()
            .filter(|_| path.extension().is_some_and(|end| end == "toml"));
        let reason = match broken {
            Some(error) => crate::rules::file::toml_error(&text, &error),
            None => "its content tells no kind of file that can be imported".to_owned(),
        };
        return Err(Error::Input {
            what: name,
            reason,
            remedy: "name its kind with --from, see `sekisho import --help`".to_owned(),
        });
    };
    import::import(kind, &text, path).map_err(fatal)
}

/// An import that cannot be, as an error of the program.
pub fn fatal(error: ImportError) -> Error {
    Error::Input { what: error.file, reason: error.reason, remedy: error.remedy }
}

/// Rules of several files that have one id: the first stays.
fn doubles(draft: &mut Draft) {
    let mut seen: Vec<String> = Vec::new();
    let mut left = Vec::new();
    draft.rules.retain(|rule| {
        let new = !seen.contains(&rule.id);
        if new {
            seen.push(rule.id.clone())
        } else {
            left.push(rule.id.clone())
        }
        new
    });
    for id in left {
        draft.note(&format!("rule `{id}`"), Grade::LeftOut, "another file has a rule of this id");
    }
}

/// Try the imported rules under the whole rule set: what the engine makes of their examples.
fn try_out(draft: &mut Draft) {
    let mut rules = RuleSet::builtin();
    if rules.add_rules("the import", Provider::default(), draft.rules.clone()).is_err() {
        return;
    }
    let own: Vec<String> = draft.rules.iter().map(|rule| rule.id.clone()).collect();
    for line in trial::check(&rules, |id| own.iter().any(|own| own == id)) {
        let Some((id, _)) = line.split_once(": ") else { continue };
        // Whatever the reason is, the rule stays; its example would not hold under `rules check`.
        let text = match line.contains("found nothing") {
            true => {
                "the engine takes an example made from its pattern for noise or a placeholder: try the rule on a \
                     value of yours"
            }
            false => "a built-in rule finds the same values, and is the more specific one",
        };
        draft.note(&format!("rule `{id}`"), Grade::Changed, text);
    }
}

fn summary(draft: &Draft) -> String {
    let counts = draft.counts();
    let count = |grade: Grade| counts.get(&grade).copied().unwrap_or(0);
    format!(
        "{} of {} rules and {} suppressions taken over (from {}); {} left out, {} defects, {} changed",
        draft.rules.len(),
        draft.rules_read,
        draft.allow.len(),
        draft.allow_read,
        count(Grade::LeftOut),
        count(Grade::Defect),
        count(Grade::Changed),
    )
}

fn save(path: &Path, text: &str, force: bool) -> Result<(), Error> {
    let failed = |error: std::io::Error| {
        let reason = match error.kind() {
            std::io::ErrorKind::AlreadyExists => "it is there already; --force overwrites it".to_owned(),
            _ => error.to_string(),
        };
        Error::Output { what: path.display().to_string(), reason }
    };
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}
