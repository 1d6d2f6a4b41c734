//! Gathers everything that is to be masked before anything is.

use super::args::Secrets;
use crate::cli::args::Global;
use crate::cli::scan::flags;
use crate::config::Settings;
use crate::engine::Engine;
use crate::error::Error;
use crate::mask::derive::{Class, Weakness};
use crate::mask::known::{Known, Learned};
use crate::mask::sources::env::Choice;
use crate::mask::sources::file::{self, MOUNTS, Named, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One secret and what became of it.
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Where it was found.
    pub source: String,
    /// Why it counts.
    pub why: String,
    /// What became of it.
    pub learned: Learned,
}

/// Everything known at the start.
pub struct Gathered {
    /// The values.
    pub known: Known,
    /// The rules, unless there are to be none.
    pub engine: Option<Arc<Engine>>,
    /// Each secret, for people.
    pub entries: Vec<Entry>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// Gather it.
///
/// # Errors
/// Something named by the user that cannot be read, a configuration that cannot be used.
pub fn gather(args: &Secrets, global: &Global) -> Result<Gathered, Error> {
    // First of all: a descriptor is told from our own files only by there being none yet.
    let on_descriptors = descriptors(&args.fd)?;
    let engine = match args.no_rules {
        true => None,
        false => {
            let settings = Settings::load(Path::new("."), &flags(global, &args.select))?;
            Some(Arc::new(Engine::with(settings.rules, settings.active)))
        }
    };
    let mut gathered =
        Gathered { known: Known::new(args.mask_weak), engine, entries: Vec::new(), notes: Vec::new() };
    gathered.environment(args)?;
    for (source, values) in on_descriptors {
        gathered.values(&source, "asked for with --fd", values);
    }
    for text in &args.file {
        let named = Named::parse(text);
        gathered.values(&named.path.display().to_string(), "asked for with --file", named.read()?);
    }
    if !args.no_mounts {
        let default = [PathBuf::from(MOUNTS)];
        for directory in if args.mounts.is_empty() { &default[..] } else { &args.mounts } {
            let mounted = file::mounted(directory);
            gathered.values(&directory.display().to_string(), "mounted", mounted.values);
            gathered.notes.extend(mounted.trouble);
        }
    }
    Ok(gathered)
}

#[cfg(unix)]
fn descriptors(numbers: &[i32]) -> Result<Vec<(String, Vec<Value>)>, Error> {
    numbers
        .iter()
        .map(|&number| Ok((format!("file descriptor {number}"), file::from_descriptor(number)?)))
        .collect()
}

#[cfg(not(unix))]
fn descriptors(numbers: &[i32]) -> Result<Vec<(String, Vec<Value>)>, Error> {
    match numbers {
        [] => Ok(Vec::new()),
        [number, ..] => Err(Error::Input {
            what: format!("--fd {number}"),
            reason: "there are no numbered file descriptors on this system".to_owned(),
            remedy: "use --file or --env".to_owned(),
        }),
    }
}

impl Gathered {
    fn environment(&mut self, args: &Secrets) -> Result<(), Error> {
        let choice = Choice::new(&args.env, !args.no_env)?;
        for variable in choice.of_process(self.engine.as_deref()) {
            let mut all: Option<Learned> = None;
            for value in &variable.values {
                let learned = self.known.learn(self.engine.as_deref(), &variable.name, value);
                all = Some(match all {
                    Some(before) if before.in_force() || !learned.in_force() => {
                        Learned { spellings: before.spellings + learned.spellings, ..before }
                    }
                    _ => learned,
                });
            }
            let Some(learned) = all else { continue };
            self.enter(variable.name, "environment", variable.why, learned);
        }
        let missing = choice.without_match();
        self.notes.extend(missing.into_iter().map(|glob| format!("no variable is called {glob} (--env)")));
        Ok(())
    }

    fn values(&mut self, source: &str, why: &str, values: Vec<Value>) {
        if values.is_empty() && why != "mounted" {
            self.notes.push(format!("{source}: nothing in it looks secret; `raw=` masks all of it"));
        }
        for Value { name, value } in values {
            let learned = self.known.learn(self.engine.as_deref(), &name, &value);
            self.enter(name, source, why.to_owned(), learned);
        }
    }

    fn enter(&mut self, name: String, source: &str, why: String, learned: Learned) {
        if let Some(weakness) = weak(learned) {
            let warned = self.entries.iter().any(|entry| entry.name == name && weak(entry.learned).is_some());
            // That a file's documents hold short values is no news; that a variable does is.
            if !warned && (source == "environment" || weakness != Weakness::Empty) {
                self.notes.push(weak_note(&name, weakness.reason()));
            }
        }
        self.entries.push(Entry { name, source: source.to_owned(), why, learned });
    }
}

fn weak(learned: Learned) -> Option<Weakness> {
    match learned.class {
        Class::Weak(weakness) if !learned.in_force() => Some(weakness),
        _ => None,
    }
}

/// What is said of a value that is too weak.
pub fn weak_note(name: &str, reason: &str) -> String {
    format!("the value of {name} is not masked: it is {reason}")
}
