//! The form of `sekisho.toml`, how it is read, and what is wrong where it cannot be.

use super::quick;
use crate::error::Error;
use crate::policy::AllowEntry;
use crate::policy::entry::names;
use crate::rules::file::{FileRule, toml_error};
use crate::rules::{Severity, import};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// `sekisho.toml`: settings of Sekisho for a repository or a part of one.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "sekisho.toml")]
pub(super) struct File {
    /// Version of the form of this file: 1.
    pub version: Option<u32>,
    /// Key of the fingerprints of this repository. Only in the topmost file.
    pub salt: Option<String>,
    /// Findings below this severity are reported, and change no exit status. Only in the topmost file.
    pub fail_on: Option<Severity>,
    /// The baseline, seen from the directory of this file. Default: `sekisho.baseline`. Only in the topmost
    /// file.
    pub baseline: Option<String>,
    /// Which rules are in force.
    #[serde(default)]
    pub rules: Selection,
    /// Other severities: the id of a rule, the name of a provider or a kind, and the severity.
    #[serde(default)]
    pub severity: BTreeMap<String, Severity>,
    /// Comments that allow findings.
    #[serde(default)]
    pub comments: Comments,
    /// Settings for some paths.
    #[serde(default)]
    pub path: Vec<PathTable>,
    /// Findings that are no leak.
    #[serde(default)]
    pub allow: Vec<AllowEntry>,
    /// Own rules. Only in the topmost file.
    #[serde(default)]
    pub rule: Vec<FileRule>,
    /// What the conversion of another scanner's configuration told, where it is one.
    #[serde(skip)]
    #[schemars(skip)]
    pub foreign: Option<import::Draft>,
}

/// Which rules are in force: ids of rules, names of providers, kinds, severities, or `all`.
#[derive(Clone, Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Rules to switch on. Only in the topmost file.
    #[serde(default)]
    pub enable: Vec<String>,
    /// Rules to switch off.
    #[serde(default)]
    pub disable: Vec<String>,
    /// Rules below this severity are off.
    pub severity: Option<Severity>,
}

/// The `[comments]` table.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Comments {
    /// Comments of other scanners (`gitleaks:allow` and the like) count as well.
    pub foreign: bool,
}

impl Default for Comments {
    fn default() -> Comments {
        Comments { foreign: true }
    }
}

/// A `[[path]]` table.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PathTable {
    /// Where: a `.gitignore`-style pattern or a list of them, seen from the directory of this file.
    #[serde(deserialize_with = "globs")]
    #[schemars(with = "crate::policy::entry::OneOrMany")]
    pub glob: Vec<String>,
    /// Rules to switch on there. Only in the topmost file.
    #[serde(default)]
    pub enable: Vec<String>,
    /// Rules to switch off there.
    #[serde(default)]
    pub disable: Vec<String>,
    /// Rules below this severity are off there.
    pub severity: Option<Severity>,
    /// Other severities there.
    #[serde(default)]
    pub severities: BTreeMap<String, Severity>,
}

fn globs<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let globs = names(from)?;
    for glob in &globs {
        crate::policy::check_glob(glob).map_err(serde::de::Error::custom)?;
    }
    Ok(globs)
}

/// The JSON Schema of `sekisho.toml`, for editors.
pub fn schema() -> String {
    let schema = schemars::schema_for!(File);
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

/// Read a file.
///
/// # Errors
/// A file that cannot be read; what is no TOML, no key of ours or no value of it: with line and column.
pub(super) fn read(path: &Path) -> Result<(File, String), Error> {
    let fault = |reason: String, remedy: &str| Error::Config {
        file: path.to_owned(),
        reason,
        remedy: remedy.to_owned(),
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        fault(format!("cannot be read: {error}"), "check the path, or leave the file out with --no-config")
    })?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    // One of gitleaks is read in our own form.
    let (text, foreign) = match import::is_gitleaks(&text) {
        false => (text, None),
        true => {
            let draft = import::configuration(&text, path).map_err(|error| Error::Config {
                file: error.file.into(),
                reason: error.reason,
                remedy: error.remedy,
            })?;
            (import::write(&draft, &path.display().to_string()), Some(draft))
        }
    };
    let mut file = parse(&text).map_err(|error| {
        let reason = toml_error(&text, &error);
        let remedy = match meant(&reason) {
            Some(key) => format!("did you mean `{key}`? docs/configuration.md has all keys"),
            None => "see docs/configuration.md for the keys there are".to_owned(),
        };
        fault(reason, &remedy)
    })?;
    if let Some(version) = file.version.filter(|&version| version != 1) {
        return Err(fault(
            format!(
                "line {}: the version of this file is {version}, and this program knows 1",
                line_of(&text, "version")
            ),
            "use a newer sekisho, or write version = 1",
        ));
    }
    file.foreign = foreign;
    Ok((file, text))
}

fn parse(text: &str) -> Result<File, toml::de::Error> {
    if let Some((before, entries)) = quick::split(text)
        && let Ok(mut file) = toml::from_str::<File>(before)
        && file.allow.is_empty()
    {
        file.allow = entries;
        return Ok(file);
    }
    toml::from_str(text)
}

/// The key that was meant by an unknown one, told from the message that refuses it.
fn meant(reason: &str) -> Option<String> {
    let mut quoted = reason.split("unknown field `").nth(1)?.split('`');
    let wrong = quoted.next()?;
    let known: Vec<&str> = quoted.skip(1).step_by(2).collect();
    closest(wrong, known.into_iter()).map(str::to_owned)
}

/// The name most like a mistyped one, if there is one that is like it at all.
pub(super) fn closest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_ascii_lowercase();
    let likeness = |name: &str| {
        let name = name.to_ascii_lowercase();
        let starts = name.starts_with(&wrong) || wrong.starts_with(&name);
        strsim::jaro_winkler(&wrong, &name) + if starts { 0.1 } else { 0.0 }
    };
    let best = names.map(|name| (likeness(name), name)).max_by(|one, other| one.0.total_cmp(&other.0))?;
    (best.0 > 0.8).then_some(best.1)
}

/// The 1-based line on which a key at the top of a file, or a table of that name, stands; 1 where it is not
/// found.
pub(super) fn line_of(text: &str, key: &str) -> usize {
    let is_there = |line: &str| {
        let line = line.trim_start().trim_start_matches('[').trim_start();
        line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(['=', ']', '.']))
    };
    text.lines().position(is_there).map_or(1, |at| at + 1)
}

/// The 1-based lines on which the tables of this name start.
pub(super) fn lines_of_tables(text: &str, name: &str) -> Vec<usize> {
    let is_head = |line: &str| {
        line.trim_start()
            .strip_prefix("[[")
            .and_then(|rest| rest.trim_start().strip_prefix(name))
            .is_some_and(|rest| rest.trim_start().starts_with("]]"))
    };
    text.lines().enumerate().filter(|(_, line)| is_head(line)).map(|(at, _)| at + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sekisho.toml");
        std::fs::write(&path, text).unwrap();
        read(&path).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_key_is_told_with_its_place_and_what_was_meant() {
        let error = fault("salt = \"x\"\nsalty = 1\n");
        assert!(error.contains("salty") && error.contains("line 2, column 1"), "{error}");
        assert!(error.contains("did you mean `salt`?"), "{error}");
        let error = fault("[[allow]]\nresaon = 'x'\n");
        assert!(error.contains("line 2") && error.contains("did you mean `reason`?"), "{error}");
        assert!(fault("version = 2").contains("version of this file is 2"));
        assert!(fault("[[path]]\nglob = ['a', '!b']\n").contains("line 2"));
    }

    #[test]
    fn the_schema_knows_every_key() {
        let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
        for key in [
            "version", "salt", "fail-on", "baseline", "rules", "severity", "comments", "path", "allow",
            "rule",
        ] {
            assert!(schema["properties"].get(key).is_some(), "{key}");
        }
        assert_eq!(schema["additionalProperties"], false);
    }

    #[test]
    fn lines_are_found() {
        let text = "# x\nsalt = 'a'\n[[allow]]\nrule='b'\n  [[ allow ]]\n[[allowed]]\n";
        assert_eq!((line_of(text, "salt"), lines_of_tables(text, "allow")), (2, vec![3, 5]));
    }
}
