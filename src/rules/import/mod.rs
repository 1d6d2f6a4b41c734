//! Reads the files of other scanners, so that nobody who moves here begins anew: rules, allowlists,
//! ignore files and baselines. What comes out is a text in the form of `sekisho.toml` ([`write`]) with
//! notes about everything that could not be carried over as it was.

mod allowlist;
pub mod draft;
mod expression;
mod gitleaks;
mod go_syntax;
mod kingfisher;
pub mod known;
mod pattern;
mod rule;
mod sample;
mod words;
mod write;
mod yaml;

pub use draft::{AllowDraft, Draft, Grade, Note};
pub use known::Known;
pub use rule::named;
pub use write::{allow_text, write};

use serde_json::Value;
use std::path::Path;

/// Why a file cannot be imported at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// The file.
    pub file: String,
    /// What is wrong, with the place where it is known. Holds no text of the file.
    pub reason: String,
    /// What to do about it.
    pub remedy: String,
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Configuration of gitleaks or betterleaks.
    Gitleaks,
    /// `.gitleaksignore` or `.betterleaksignore`.
    IgnoreFile,
    /// A report of gitleaks that serves as a baseline.
    Baseline,
    /// A baseline of detect-secrets.
    DetectSecrets,
    /// A rule file of kingfisher or Nosey Parker.
    Kingfisher,
}

/// Kinds by the name that selects them.
pub const KINDS: [(&str, Kind); 8] = [
    ("gitleaks", Kind::Gitleaks),
    ("betterleaks", Kind::Gitleaks),
    ("gitleaksignore", Kind::IgnoreFile),
    ("betterleaksignore", Kind::IgnoreFile),
    ("gitleaks-baseline", Kind::Baseline),
    ("detect-secrets", Kind::DetectSecrets),
    ("kingfisher", Kind::Kingfisher),
    ("noseyparker", Kind::Kingfisher),
];

impl Kind {
    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Kind> {
        KINDS.iter().find(|known| known.0 == name).map(|known| known.1)
    }

    /// The name that selects it.
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|known| known.1 == self).map_or("", |known| known.0)
    }

    /// The kind that a text seems to be.
    pub fn of(text: &str) -> Option<Kind> {
        let trimmed = text.trim_start_matches('\u{feff}').trim();
        if trimmed.starts_with(['[', '{'])
            && let Ok(value) = serde_json::from_str::<Value>(trimmed)
        {
            return match value {
                Value::Array(items) if items.iter().all(|item| item.get("RuleID").is_some()) => {
                    Some(Kind::Baseline)
                }
                Value::Object(map) if map.contains_key("results") && map.contains_key("version") => {
                    Some(Kind::DetectSecrets)
                }
                _ => None,
            };
        }
        if is_gitleaks(trimmed) {
            return Some(Kind::Gitleaks);
        }
        let mut lines = trimmed
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .peekable();
        if lines.peek().is_some() && lines.all(|line| known::entry(line).is_some()) {
            return Some(Kind::IgnoreFile);
        }
        let rules = trimmed.contains("rules:").then(|| yaml::read(trimmed).ok()).flatten()?;
        let rules = yaml::rules(&rules)?;
        rules.iter().any(|rule| rule.get("pattern").is_some()).then_some(Kind::Kingfisher)
    }
}

/// Is this a configuration of gitleaks or betterleaks, and none of ours? Both are TOML.
pub fn is_gitleaks(text: &str) -> bool {
    let Ok(table) = toml::from_str::<toml::Table>(text) else { return false };
    let get =
        |wanted: &str| table.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, value)| value);
    if ["rule", "allow", "salt"].iter().any(|own| table.contains_key(*own)) {
        return false;
    }
    let listed = |key: &str| {
        get(key)
            .is_some_and(|value| value.as_array().is_some_and(|all| all.iter().all(toml::Value::is_table)))
    };
    let tabled = |key: &str| get(key).is_some_and(toml::Value::is_table);
    let extends = get("extend").and_then(toml::Value::as_table).is_some_and(|extend| {
        ["path", "usedefault", "url", "disabledrules"]
            .iter()
            .any(|key| extend.keys().any(|own| own.eq_ignore_ascii_case(key)))
    });
    listed("rules") || tabled("allowlist") || listed("allowlists") || extends || get("prefilter").is_some()
}

/// What was read from a file.
pub enum Imported {
    /// Rules and suppressions.
    Draft(Draft),
    /// Places that people have accepted, with what to know about the file.
    Known(Vec<Known>, Draft),
}

/// Import a text of a kind; `path` is where it was read from.
///
/// # Errors
/// A text that is not of this kind, a file that it needs and that cannot be read.
pub fn import(kind: Kind, text: &str, path: &Path) -> Result<Imported, ImportError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut draft = Draft::default();
    Ok(match kind {
        Kind::Gitleaks => Imported::Draft(gitleaks::import(text, path)?),
        Kind::Kingfisher => Imported::Draft(kingfisher::import(text, path)?),
        Kind::DetectSecrets => Imported::Draft(known::detect_secrets(text, path)?),
        Kind::IgnoreFile => Imported::Known(known::ignore_file(text, path, &mut draft), draft),
        Kind::Baseline => Imported::Known(known::baseline(text, path, &mut draft)?, draft),
    })
}

/// A configuration of gitleaks or betterleaks that is used as it is. A pattern in it that cannot be read
/// is an error here: a rule that is silently gone would find nothing.
///
/// # Errors
/// As for [`import`]; a pattern that does not parse.
pub fn configuration(text: &str, path: &Path) -> Result<Draft, ImportError> {
    let draft = gitleaks::import(text.trim_start_matches('\u{feff}'), path)?;
    match draft.notes.iter().find(|note| note.text.contains("does not parse")) {
        Some(note) => Err(ImportError {
            file: path.display().to_string(),
            reason: format!("{}: {}", note.about, note.text),
            remedy: "correct the pattern; `sekisho import` takes over the rest without it".to_owned(),
        }),
        None => Ok(draft),
    }
}

#[cfg(test)]
mod tests;
