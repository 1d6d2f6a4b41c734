//! Settings of a run: the `sekisho.toml` of the repository and those of its parts, overruled by flags.

pub mod cascade;
mod file;
mod quick;
mod select;
pub mod show;
pub mod template;

use crate::error::Error;
use crate::policy::baseline::{self, Baseline, Conflicts};
use crate::policy::{Layer, Scope, State};
use crate::rules::file::Provider;
use crate::rules::{RuleSet, Severity, import};
use crate::secret;
use cascade::Cascade;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use file::{Selection, schema};

/// The name of the configuration file.
pub const FILE_NAME: &str = "sekisho.toml";
/// The variable that overrules the salt, for repositories that keep theirs to themselves.
pub const SALT: &str = "SEKISHO_SALT";
/// The salt of whoever chose none.
const DEFAULT_SALT: &str = "sekisho";

/// What a run goes by.
pub struct Settings {
    /// The rules, with those of the configuration.
    pub rules: RuleSet,
    /// For each rule whether it is sought: it is in force somewhere.
    pub active: Vec<bool>,
    /// For each rule whether it is in force where no path says otherwise, and its severity there.
    pub states: Vec<State>,
    /// What the files say of places.
    pub cascade: Cascade,
    /// Key of fingerprints.
    pub salt: Vec<u8>,
    /// Findings that are no more than `info` where they stand are reported too: the severity asked for
    /// is `info`.
    pub info: bool,
    /// Findings below this severity change no exit status.
    pub fail_on: Option<Severity>,
    /// Comments of other scanners count.
    pub foreign_comments: bool,
    /// Known findings.
    pub baseline: Option<Baseline>,
    /// Where the baseline is, or would be.
    pub baseline_path: PathBuf,
    /// The topmost configuration file that was used.
    pub file: Option<PathBuf>,
    /// The configuration is another scanner's, and means that its own rules are the only ones.
    pub replaces: bool,
    /// What to know about a configuration of another scanner.
    pub notes: Vec<String>,
    /// The rules of such a configuration that could not be taken over, and why: a run without them cannot
    /// vouch for what they look for.
    pub lost: Vec<String>,
    /// Where each setting comes from, for people.
    pub sources: Vec<show::Source>,
}

/// What flags say.
#[derive(Clone, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--no-config`.
    pub no_config: bool,
    /// `--rules`.
    pub rules: Vec<PathBuf>,
    /// `--enable`, `--disable`, `--severity`.
    pub selection: Selection,
    /// `--fail-on`.
    pub fail_on: Option<Severity>,
    /// `--baseline`.
    pub baseline: Option<PathBuf>,
    /// `--no-baseline`.
    pub no_baseline: bool,
}

impl Settings {
    /// These rules and nothing else: no file, no flag.
    pub fn plain(rules: RuleSet, active: Vec<bool>) -> Settings {
        let states = states(&rules, &active);
        Settings {
            rules,
            active,
            states,
            cascade: Cascade::empty(),
            salt: DEFAULT_SALT.into(),
            info: false,
            fail_on: None,
            foreign_comments: true,
            baseline: None,
            baseline_path: PathBuf::from(baseline::FILE_NAME),
            file: None,
            replaces: false,
            notes: Vec::new(),
            lost: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// Settings for a run that starts at `start`: the topmost configuration file of its repository, those
    /// on the way from there, then flags. Outside of a repository it is the nearest file upwards.
    ///
    /// # Errors
    /// A configuration or rule file that cannot be used, an unknown rule, no rule in force, a baseline
    /// that cannot be used.
    pub fn load(start: &Path, flags: &Flags) -> Result<Settings, Error> {
        let start = clean(start);
        let from = if start.is_dir() { start.as_path() } else { start.parent().unwrap_or(&start) };
        let top = top_of(from).map(Path::to_owned);
        let path = match &flags.config {
            Some(path) => Some(path.clone()),
            None if flags.no_config => None,
            None => topmost(from, top.as_deref()),
        };
        let mut rules = RuleSet::builtin();
        let (mut file, mut text) = (file::File::default(), String::new());
        if let Some(path) = &path {
            (file, text) = file::read(path)?;
            let own = Provider { name: "Own rules".to_owned(), docs: String::new(), generic: false };
            rules.add_rules(&path.display().to_string(), own, std::mem::take(&mut file.rule))?;
        }
        for path in &flags.rules {
            rules.add_file(path)?;
        }
        let name = path.clone().unwrap_or_else(|| PathBuf::from("the command line"));
        let line = PathBuf::from("the command line");
        let today = today();
        let sources = show::sources(&file, &text, path.as_deref(), flags);
        let own = select::scope(&rules, &file.rules, &file.severity, &name)?;
        let told = select::scope(&rules, &flags.selection, &BTreeMap::new(), &line)?;
        let salt = salt_of(&file, &text, path.as_deref())?;
        let fail_on = flags.fail_on.or(file.fail_on);
        let severity = flags.selection.severity.or(file.rules.severity);
        let foreign_comments = file.comments.foreign;
        let named = file.baseline.take();

        let enabled: Vec<bool> = rules.iter().map(|(_, rule)| rule.enabled).collect();
        let mut states = states(&rules, &enabled);
        each(&rules, &mut states, &own);
        let foreign = file.foreign.take();
        let path_told = path.clone();
        let base = match &path {
            Some(path) if foreign.is_some() => {
                // Other scanners see paths from the top of what is scanned, wherever their file lies.
                let place = top.as_deref().unwrap_or(from).join(FILE_NAME);
                Layer { file: None, ..cascade::layer(file, &text, &place, &rules, &today)? }
            }
            Some(path) => cascade::layer(file, &text, path, &rules, &today)?,
            None => Layer::default(),
        };
        let mut active: Vec<bool> = states.iter().map(|state| state.on).collect();
        for (index, on) in base.scopes.iter().flat_map(|scope| &scope.switches) {
            active[index.0 as usize] |= on;
        }
        each(&rules, &mut states, &told);
        for (index, _) in rules.iter() {
            let mut state = State { on: active[index.0 as usize], ..states[index.0 as usize] };
            told.apply(index, &mut state);
            active[index.0 as usize] = state.on;
        }
        if !active.contains(&true) {
            return Err(Error::Config {
                file: name,
                reason: "no rule is in force".to_owned(),
                remedy: "a scan without rules would call everything clean; enable some rule".to_owned(),
            });
        }
        let root = match (&path, &top) {
            (Some(_), _) => base.root.clone(),
            (None, Some(top)) => top.clone(),
            (None, None) => from.to_owned(),
        };
        let deep = flags.config.is_none() && !flags.no_config;
        let cascade = Cascade::new(base, top, deep, told, &today);
        cascade.read_down_to(from, &rules)?;
        let asked = flags.baseline.clone().or_else(|| named.map(|name| root.join(name)));
        let baseline_path = asked.clone().unwrap_or_else(|| root.join(baseline::FILE_NAME));
        let wanted = !flags.no_baseline && (asked.is_some() || !flags.no_config && baseline_path.is_file());
        let check = secret::salt_check(&salt);
        let baseline = match wanted {
            true => Some(Baseline::load(&baseline_path, &check, Conflicts::Refuse)?),
            false => None,
        };
        let info = severity == Some(Severity::Info);
        Ok(Settings {
            rules,
            active,
            states,
            cascade,
            salt,
            info,
            fail_on,
            foreign_comments,
            baseline,
            baseline_path,
            file: path,
            replaces: foreign.as_ref().is_some_and(|draft| draft.replaces),
            notes: foreign.iter().flat_map(|draft| foreign_notes(draft, path_told.as_deref())).collect(),
            lost: foreign.iter().flat_map(lost_rules).collect(),
            sources,
        })
    }

    /// Where this run's paths start: the directory of the topmost file, else the top of the repository,
    /// else the current directory.
    pub fn root(&self) -> PathBuf {
        match (&self.file, self.cascade.top()) {
            (Some(_), _) => self.cascade.base().root.clone(),
            (None, Some(top)) => top.to_owned(),
            (None, None) => clean(Path::new(".")),
        }
    }
}

/// What to know about another scanner's configuration: its faults, what is not taken over, and how much is
/// taken with a difference.
fn foreign_notes(draft: &import::Draft, path: Option<&Path>) -> Vec<String> {
    let (changed, grave): (Vec<_>, Vec<_>) =
        draft.notes.iter().partition(|note| note.grade == import::Grade::Changed);
    let mut lines: Vec<String> = grave.into_iter().map(ToString::to_string).collect();
    if !changed.is_empty() {
        let name = path.map_or_else(String::new, |path| path.display().to_string());
        lines.push(format!(
            "{} of it are taken with a difference: `sekisho import --lint {name}` tells",
            match changed.len() {
                1 => "1 part".to_owned(),
                more => format!("{more} parts"),
            }
        ));
    }
    lines
}

/// What another scanner's configuration looks for, and nothing here does.
fn lost_rules(draft: &import::Draft) -> Vec<String> {
    let told = |note: &import::Note| format!("{} could not be taken over: {}", note.about, note.text);
    draft.lost.iter().map(told).collect()
}

fn states(rules: &RuleSet, on: &[bool]) -> Vec<State> {
    rules.iter().map(|(index, rule)| State { on: on[index.0 as usize], severity: rule.severity }).collect()
}

fn each(rules: &RuleSet, states: &mut [State], scope: &Scope) {
    for (index, _) in rules.iter() {
        scope.apply(index, &mut states[index.0 as usize]);
    }
}

/// An absolute path without `.` and `..`.
pub fn clean(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match part {
            std::path::Component::ParentDir => drop(whole.pop()),
            std::path::Component::CurDir => {}
            part => whole.push(part),
        }
    }
    whole
}

/// The top of the work tree that a directory lies in: the nearest above that holds `.git`.
pub fn top_of(directory: &Path) -> Option<&Path> {
    directory.ancestors().find(|above| above.join(".git").exists())
}

/// The topmost `sekisho.toml` from a directory upwards to the top of its repository; outside of a
/// repository the nearest one.
fn topmost(from: &Path, top: Option<&Path>) -> Option<PathBuf> {
    let mut files = from
        .ancestors()
        .take_while(|directory| top.is_none_or(|top| directory.starts_with(top)))
        .map(|directory| directory.join(FILE_NAME))
        .filter(|file| file.is_file());
    match top {
        Some(_) => files.last(),
        None => files.next(),
    }
}

fn salt_of(file: &file::File, text: &str, path: Option<&Path>) -> Result<Vec<u8>, Error> {
    if let Some(salt) = std::env::var_os(SALT).filter(|salt| !salt.is_empty()) {
        return Ok(salt.into_encoded_bytes());
    }
    match &file.salt {
        Some(salt) if salt.is_empty() => Err(Error::Config {
            file: path.unwrap_or(Path::new(FILE_NAME)).to_owned(),
            reason: format!("line {}: the salt is empty", file::line_of(text, "salt")),
            remedy: "write some random characters, or leave the key out".to_owned(),
        }),
        Some(salt) => Ok(salt.clone().into_bytes()),
        None => Ok(DEFAULT_SALT.into()),
    }
}

/// Today's date in UTC as `YYYY-MM-DD`.
pub fn today() -> String {
    let now = std::time::SystemTime::now();
    let seconds = now.duration_since(std::time::UNIX_EPOCH).map_or(0, |passed| passed.as_secs());
    day_of(i64::try_from(seconds).unwrap_or_default())
}

/// The day in UTC of a number of seconds since 1970.
fn day_of(seconds: i64) -> String {
    let moment = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    jiff::tz::Offset::UTC.to_datetime(moment).date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn state(settings: &Settings, id: &str, path: &Path) -> State {
        let (index, _) = settings.rules.by_id(id).unwrap();
        let layers = settings.cascade.layers_of(Some(path), &settings.rules);
        settings.cascade.state(&layers, index, Some(path), settings.states[index.0 as usize])
    }

    #[test]
    fn dates() {
        assert_eq!(day_of(0), "1970-01-01");
        assert_eq!(day_of(19_782 * 86_400), "2024-02-29");
        assert_eq!(day_of(20_781 * 86_400 + 86_399), "2026-11-24");
    }

    #[test]
    fn no_rule_in_force_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let flags = Flags {
            selection: Selection { disable: vec!["all".into()], ..Selection::default() },
            ..Flags::default()
        };
        let error = Settings::load(folder.path(), &flags).err().unwrap().to_string();
        assert!(error.contains("no rule is in force"), "{error}");
    }

    #[test]
    fn files_further_down_add_to_those_above() {
        let folder = tempfile::tempdir().unwrap();
        let top = clean(folder.path());
        std::fs::create_dir(top.join(".git")).unwrap();
        write(
            &top,
            "sekisho.toml",
            "salt = 'a'\n[severity]\njwt = 'low'\n[[path]]\nglob = 'tests/'\ndisable = ['jwt']\n",
        );
        write(&top, "a/sekisho.toml", "[rules]\ndisable = ['github-pat-classic']\n");
        write(&top, "a/b/sekisho.toml", "[severity]\njwt = 'critical'\n");
        let settings = Settings::load(&top, &Flags::default()).unwrap();
        let at = |id: &str, path: &str| state(&settings, id, &top.join(path));
        assert_eq!(at("jwt", "x"), State { on: true, severity: Severity::Low });
        assert!(!at("jwt", "tests/x").on);
        assert_eq!(at("jwt", "a/b/x").severity, Severity::Critical);
        assert!(at("github-pat-classic", "x").on && !at("github-pat-classic", "a/b/c/x").on);
        // The same, however deep the run starts.
        let settings = Settings::load(&top.join("a/b"), &Flags::default()).unwrap();
        assert_eq!(settings.file, Some(top.join("sekisho.toml")));
        assert!(!state(&settings, "github-pat-classic", &top.join("a/x")).on);
        write(&top, "a/b/sekisho.toml", "\nsalt = 'b'\n");
        let error = Settings::load(&top.join("a/b"), &Flags::default()).err().unwrap().to_string();
        assert!(error.contains("line 2: `salt`"), "{error}");
        let settings = Settings::load(&top, &Flags::default()).unwrap();
        state(&settings, "jwt", &top.join("a/b/x"));
        assert_eq!(settings.cascade.trouble().len(), 1);
    }

    #[test]
    fn flags_have_the_last_word() {
        let folder = tempfile::tempdir().unwrap();
        let top = clean(folder.path());
        write(&top, "sekisho.toml", "[rules]\nseverity = 'high'\n[[path]]\nglob = 'x'\ndisable = ['jwt']\n");
        let selection = Selection { enable: vec!["jwt".into()], ..Selection::default() };
        let settings = Settings::load(&top, &Flags { selection, ..Flags::default() }).unwrap();
        assert!(state(&settings, "jwt", &top.join("x")).on);
    }
}
