//! Which `sekisho.toml` files have a say about a path: the topmost one of the repository, and those in the
//! directories between it and the path, each adding to the ones above. Those on the way to where a run
//! starts are read at its start; the others when something is found below them, which is rarely.

use super::FILE_NAME;
use super::file::{self, File, Selection, lines_of_tables};
use super::select;
use crate::error::{Error, SkipReason, Skipped};
use crate::origin::Origin;
use crate::policy::{Allow, Layer, Paths, Scope, State};
use crate::rules::{RuleIndex, RuleSet};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// The files of a run.
pub struct Cascade {
    /// The topmost file, or one that says nothing where there is none.
    base: Arc<Layer>,
    /// Where git's paths start: the top of the work tree.
    top: Option<PathBuf>,
    /// Are files further down looked for?
    deep: bool,
    /// What flags say has the last word.
    flags: Scope,
    today: String,
    below: RwLock<HashMap<PathBuf, Below>>,
    trouble: RwLock<Vec<Skipped>>,
}

/// What stands in a directory.
#[derive(Clone)]
enum Below {
    /// Nothing that has a say.
    Nothing,
    /// A file of settings.
    Layer(Arc<Layer>),
    /// Another repository: settings in it are its own, and those above have no say in them.
    OtherRepository,
}

impl Cascade {
    pub(super) fn new(base: Layer, top: Option<PathBuf>, deep: bool, flags: Scope, today: &str) -> Cascade {
        Cascade {
            base: Arc::new(base),
            top,
            deep,
            flags,
            today: today.to_owned(),
            below: RwLock::default(),
            trouble: RwLock::default(),
        }
    }

    /// One that says nothing.
    pub fn empty() -> Cascade {
        Cascade::new(Layer::default(), None, false, Scope::default(), &super::today())
    }

    /// The topmost file's say.
    pub fn base(&self) -> &Layer {
        &self.base
    }

    /// The top of the work tree.
    pub fn top(&self) -> Option<&Path> {
        self.top.as_deref()
    }

    /// Today, `YYYY-MM-DD`.
    pub fn today(&self) -> &str {
        &self.today
    }

    /// Those that were read so far, the topmost first.
    pub fn layers(&self) -> Vec<Arc<Layer>> {
        let below = self.below.read().unwrap_or_else(PoisonError::into_inner);
        let held = below.values().filter_map(|below| match below {
            Below::Layer(layer) => Some(Arc::clone(layer)),
            _ => None,
        });
        let mut layers: Vec<Arc<Layer>> = held.collect();
        layers.sort_by(|one, other| one.root.cmp(&other.root));
        layers.insert(0, Arc::clone(&self.base));
        layers
    }

    /// The files that could not be used.
    pub fn trouble(&self) -> Vec<Skipped> {
        self.trouble.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The layers that have a say about a path (absolute; a relative one starts at the top of the work
    /// tree), the topmost first.
    pub fn layers_of(&self, path: Option<&Path>, rules: &RuleSet) -> Vec<Arc<Layer>> {
        let mut layers = vec![Arc::clone(&self.base)];
        let outside = |root: &Path| path.is_some_and(|path| path.is_absolute() && !path.starts_with(root));
        if self.deep && self.base.file.is_some() && outside(self.top.as_deref().unwrap_or(&self.base.root)) {
            // What was found for one place says nothing of others.
            return Vec::new();
        }
        let Some(top) = self.top.as_ref().filter(|_| self.deep) else { return layers };
        let Some(inside) = path.and_then(|path| match path.is_absolute() {
            true => path.strip_prefix(top).ok(),
            false => Some(path),
        }) else {
            return layers;
        };
        let mut directory = top.clone();
        let mut parts = inside.components();
        parts.next_back();
        for part in [None].into_iter().chain(parts.map(Some)) {
            directory.extend(part);
            if Some(directory.as_path()) != self.base.file.as_deref().and_then(Path::parent)
                && directory != self.base.root
            {
                match self.layer_at(&directory, rules) {
                    Below::Nothing => {}
                    Below::Layer(layer) => layers.push(layer),
                    Below::OtherRepository => break,
                }
            }
        }
        layers
    }

    fn layer_at(&self, directory: &Path, rules: &RuleSet) -> Below {
        let known = self.below.read().unwrap_or_else(PoisonError::into_inner).get(directory).cloned();
        if let Some(known) = known {
            return known;
        }
        let file = directory.join(FILE_NAME);
        let own = self.top.as_deref() == Some(directory);
        let layer = match (own || !directory.join(".git").exists(), file.is_file()) {
            (false, _) => Below::OtherRepository,
            (true, false) => Below::Nothing,
            (true, true) => match self.read_below(&file, rules) {
                Ok(layer) => Below::Layer(Arc::new(layer)),
                Err(error) => {
                    let skipped = Skipped {
                        origin: Origin::File(file),
                        reason: SkipReason::Unreadable,
                        detail: format!(
                            "settings that cannot be used: {}",
                            error.to_string().replace('\n', ";")
                        ),
                    };
                    self.trouble.write().unwrap_or_else(PoisonError::into_inner).push(skipped);
                    Below::Nothing
                }
            },
        };
        let mut below = self.below.write().unwrap_or_else(PoisonError::into_inner);
        below.entry(directory.to_owned()).or_insert(layer).clone()
    }

    fn read_below(&self, path: &Path, rules: &RuleSet) -> Result<Layer, Error> {
        let (file, text) = file::read(path)?;
        only_at_the_top(&file, &text, path)?;
        let selection = select::scope(rules, &file.rules, &file.severity, path)?;
        let mut layer = layer(file, &text, path, rules, &self.today)?;
        layer.scopes.insert(0, selection);
        Ok(layer)
    }

    /// Read the files between the topmost one and `start` now, so that what is wrong with them is told
    /// before the run.
    ///
    /// # Errors
    /// The first that cannot be used.
    pub(super) fn read_down_to(&self, start: &Path, rules: &RuleSet) -> Result<(), Error> {
        let Some(top) = self.top.as_ref().filter(|_| self.deep) else { return Ok(()) };
        for directory in start.ancestors().take_while(|directory| directory.starts_with(top)) {
            let path = directory.join(FILE_NAME);
            if self.base.file.as_ref() != Some(&path) && path.is_file() {
                let layer = Arc::new(self.read_below(&path, rules)?);
                let mut below = self.below.write().unwrap_or_else(PoisonError::into_inner);
                below.insert(directory.to_owned(), Below::Layer(layer));
            }
        }
        Ok(())
    }

    /// How a rule stands at a path, after what `layers` (those of the path) and the flags say.
    pub fn state(
        &self,
        layers: &[Arc<Layer>],
        rule: RuleIndex,
        path: Option<&Path>,
        mut state: State,
    ) -> State {
        for layer in layers {
            layer.apply(rule, path, &mut state);
        }
        self.flags.apply(rule, &mut state);
        state
    }
}

/// What a file says of places: its `[[allow]]` and `[[path]]` tables.
pub(super) fn layer(
    file: File,
    text: &str,
    path: &Path,
    rules: &RuleSet,
    today: &str,
) -> Result<Layer, Error> {
    let root = std::path::absolute(path).ok();
    let root = root.as_deref().and_then(Path::parent).unwrap_or(Path::new(".")).to_owned();
    let mut scopes = Vec::new();
    for table in file.path {
        let selection = Selection { enable: table.enable, disable: table.disable, severity: table.severity };
        let mut scope = select::scope(rules, &selection, &table.severities, path)?;
        let mut paths = Paths::default();
        table.glob.iter().for_each(|glob| paths.add(glob, 0));
        scope.paths = Some(paths);
        scopes.push(scope);
    }
    let lines = lines_of_tables(text, "allow");
    let lines = if lines.len() == file.allow.len() { lines } else { Vec::new() };
    let allow = Allow::new(file.allow, &root, today).map_err(|(number, reason)| Error::Config {
        file: path.to_owned(),
        reason: match lines.get(number) {
            Some(line) => format!("line {line}: [[allow]] entry {}: {reason}", number + 1),
            None => format!("[[allow]] entry {}: {reason}", number + 1),
        },
        remedy: "see docs/policy.md for the form of [[allow]]".to_owned(),
    })?;
    Ok(Layer { file: Some(path.to_owned()), root, allow, lines, scopes })
}

/// What decides for the whole run belongs in the topmost file.
fn only_at_the_top(file: &File, text: &str, path: &Path) -> Result<(), Error> {
    let wrong = [
        ("salt", file.salt.is_some()),
        ("fail-on", file.fail_on.is_some()),
        ("baseline", file.baseline.is_some()),
        ("rule", !file.rule.is_empty()),
        ("comments", !file.comments.foreign),
        ("enable", !file.rules.enable.is_empty() || file.path.iter().any(|table| !table.enable.is_empty())),
    ];
    match wrong.iter().find(|(_, there)| *there) {
        None => Ok(()),
        Some((key, _)) => Err(Error::Config {
            file: path.to_owned(),
            reason: format!(
                "line {}: `{key}` holds for the whole run, and this file only for what is below it",
                file::line_of(text, key)
            ),
            remedy: "put it into the sekisho.toml at the top of the repository".to_owned(),
        }),
    }
}
