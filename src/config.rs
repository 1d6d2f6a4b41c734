//! Settings of a run: the nearest `sekisho.toml`, overruled by flags.

use crate::error::Error;
use crate::policy::{Allow, AllowEntry};
use crate::rules::file::{FileRule, Provider, toml_error};
use crate::rules::{RuleSet, Severity, import};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The name of the configuration file.
pub const FILE_NAME: &str = "sekisho.toml";

/// `sekisho.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Key of the fingerprints of this repository.
    salt: Option<String>,
    #[serde(default)]
    rules: Selection,
    #[serde(default)]
    rule: Vec<FileRule>,
    #[serde(default)]
    allow: Vec<AllowEntry>,
}

/// Which rules are in force: ids or providers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Rules to switch on.
    #[serde(default)]
    pub enable: Vec<String>,
    /// Rules to switch off.
    #[serde(default)]
    pub disable: Vec<String>,
    /// Rules below this severity are off.
    pub severity: Option<Severity>,
}

/// What a run goes by.
pub struct Settings {
    /// The rules, with those of the configuration.
    pub rules: RuleSet,
    /// For each rule whether it is in force.
    pub active: Vec<bool>,
    /// Suppressions.
    pub allow: Allow,
    /// Key of fingerprints.
    pub salt: Vec<u8>,
    /// Findings that are no more than `info` where they stand are reported too: the severity asked for
    /// is `info`.
    pub info: bool,
    /// Comments of other scanners count.
    pub foreign_comments: bool,
    /// The configuration is another scanner's, and means that its own rules are the only ones.
    pub replaces: bool,
    /// What to know about a configuration of another scanner.
    pub notes: Vec<String>,
    /// The configuration file that was used.
    pub file: Option<PathBuf>,
}

/// What flags say.
#[derive(Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--no-config`.
    pub no_config: bool,
    /// `--rules`.
    pub rules: Vec<PathBuf>,
    /// `--enable`, `--disable`, `--severity`.
    pub selection: Selection,
}

impl Settings {
    /// Settings for a run that starts at `start`: the nearest configuration file from there upwards to
    /// the top of the repository, then flags.
    ///
    /// # Errors
    /// A configuration or rule file that cannot be used, an unknown rule, no rule in force.
    pub fn load(start: &Path, flags: &Flags) -> Result<Settings, Error> {
        let path = match &flags.config {
            Some(path) => Some(path.clone()),
            None if flags.no_config => None,
            None => nearest(start),
        };
        let mut rules = RuleSet::builtin();
        let mut file = File::default();
        let (mut replaces, mut notes, mut theirs) = (false, Vec::new(), false);
        if let Some(path) = &path {
            let (own, foreign) = read(path)?;
            file = own;
            if let Some(foreign) = foreign {
                theirs = true;
                (replaces, notes) =
                    (foreign.replaces, foreign.notes.iter().map(ToString::to_string).collect());
            }
            let own = Provider { name: "Own rules".to_owned(), docs: String::new(), generic: false };
            rules.add_rules(&path.display().to_string(), own, std::mem::take(&mut file.rule))?;
        }
        for path in &flags.rules {
            rules.add_file(path)?;
        }
        let name = path.clone().unwrap_or_else(|| PathBuf::from("the command line"));
        let mut active: Vec<bool> = rules.iter().map(|(_, rule)| rule.enabled).collect();
        select(&rules, &mut active, &file.rules, &name)?;
        select(&rules, &mut active, &flags.selection, Path::new("the command line"))?;
        if !active.contains(&true) {
            return Err(Error::Config {
                file: name,
                reason: "no rule is in force".to_owned(),
                remedy: "a scan without rules would call everything clean; enable some rule".to_owned(),
            });
        }
        // Other scanners see paths from the top of what is scanned, wherever the configuration lies.
        let from = if theirs { Some(top(start).join(FILE_NAME)) } else { path.clone() };
        let root = from.as_deref().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
        let root = std::path::absolute(if root.as_os_str().is_empty() { Path::new(".") } else { &root })
            .unwrap_or(root);
        let allow = Allow::new(file.allow, &root, &today()).map_err(|reason| Error::Config {
            file: name.clone(),
            reason,
            remedy: "see docs/configuration.md for the form of [[allow]]".to_owned(),
        })?;
        let salt = file.salt.unwrap_or_else(|| "sekisho".to_owned()).into_bytes();
        let severity = flags.selection.severity.or(file.rules.severity);
        let info = severity == Some(Severity::Info);
        Ok(Settings { rules, active, allow, salt, info, foreign_comments: true, replaces, notes, file: path })
    }
}

/// The nearest `sekisho.toml` from a directory (or a file's directory) upwards, up to the first
/// directory that holds `.git`.
fn nearest(start: &Path) -> Option<PathBuf> {
    let start = std::path::absolute(start).ok()?;
    let from = if start.is_dir() { start.as_path() } else { start.parent()? };
    for directory in from.ancestors() {
        let candidate = directory.join(FILE_NAME);
        if candidate.is_file() {
            return Some(candidate);
        }
        if directory.join(".git").exists() {
            return None;
        }
    }
    None
}

/// The top of the repository that a path lies in, and otherwise the directory itself.
fn top(start: &Path) -> PathBuf {
    let start = std::path::absolute(start).unwrap_or_else(|_| start.to_owned());
    let directory = if start.is_dir() { start.as_path() } else { start.parent().unwrap_or(&start) };
    directory.ancestors().find(|above| above.join(".git").exists()).unwrap_or(directory).to_owned()
}

/// Read a configuration; one of gitleaks is converted, and what came of that is returned too.
fn read(path: &Path) -> Result<(File, Option<import::Draft>), Error> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::Config {
        file: path.to_owned(),
        reason: format!("cannot be read: {error}"),
        remedy: "check the path, or leave the file out with --no-config".to_owned(),
    })?;
    let parsed = |text: &str| {
        toml::from_str(text).map_err(|error| Error::Config {
            file: path.to_owned(),
            reason: toml_error(text, &error),
            remedy: "see docs/configuration.md for the keys there are".to_owned(),
        })
    };
    if !import::is_gitleaks(&text) {
        return Ok((parsed(&text)?, None));
    }
    let draft = import::configuration(&text, path).map_err(|error| Error::Config {
        file: PathBuf::from(error.file),
        reason: error.reason,
        remedy: error.remedy,
    })?;
    Ok((parsed(&import::write(&draft, &path.display().to_string()))?, Some(draft)))
}

fn select(rules: &RuleSet, active: &mut [bool], selection: &Selection, file: &Path) -> Result<(), Error> {
    if let Some(least) = selection.severity {
        for (index, rule) in rules.iter() {
            active[index.0 as usize] &= rule.severity >= least;
        }
    }
    for (names, on) in [(&selection.enable, true), (&selection.disable, false)] {
        for name in names {
            let mut known = false;
            for (index, rule) in rules.iter() {
                if name == "all" || rule.id == name.as_str() || rule.provider.eq_ignore_ascii_case(name) {
                    active[index.0 as usize] = on;
                    known = true;
                }
            }
            if !known {
                return Err(Error::Config {
                    file: file.to_owned(),
                    reason: format!("no rule or provider is called `{name}`{}", suggestion(rules, name)),
                    remedy: "see `sekisho rules list`".to_owned(),
                });
            }
        }
    }
    Ok(())
}

/// The rule id that shares the longest beginning with a mistyped one.
fn suggestion(rules: &RuleSet, name: &str) -> String {
    let shared = |id: &str| id.bytes().zip(name.bytes()).take_while(|(one, other)| one == other).count();
    let best = rules.iter().map(|(_, rule)| rule.id.as_ref()).max_by_key(|id| shared(id));
    match best {
        Some(id) if shared(id) >= 4 => format!("; did you mean `{id}`?"),
        _ => String::new(),
    }
}

/// Today's date in UTC as `YYYY-MM-DD`.
pub fn today() -> String {
    let seconds = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |duration| duration.as_secs());
    date_of_days((seconds / 86_400) as i64)
}

/// The civil date of a number of days since 1970-01-01 (the days-to-civil algorithm of H. Hinnant).
fn date_of_days(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date_of_days(0), "1970-01-01");
        assert_eq!(date_of_days(19_782), "2024-02-29");
        assert_eq!(date_of_days(20_781), "2026-11-24");
    }

    #[test]
    fn an_unknown_key_is_told_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        std::fs::write(&path, "salt = \"x\"\nsalty = 1\n").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("salty") && error.contains("line 2"), "{error}");
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
}
