//! The form of a rule file (`patterns/*.toml`, `--rules PATH`, `[[rule]]` in `sekisho.toml`). Only
//! reading and plain checks; patterns are worked out in `compile`.

use super::rule::{Kind, Severity};
use serde::Deserialize;

/// A rule file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Whom the rules of the file belong to.
    pub provider: Option<Provider>,
    /// The rules.
    #[serde(default)]
    pub rule: Vec<FileRule>,
}

/// The `[provider]` table.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The name as people know it.
    pub name: String,
    /// Documentation of its credentials.
    #[serde(default)]
    pub docs: String,
    /// True where the rules belong to no provider: they give way to a provider's rule for the same value.
    #[serde(default)]
    pub generic: bool,
}

/// A `[[rule]]` table.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(in_crate, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the fields are those of the rule file; see docs/rules.md
pub struct FileRule {
    pub id: String,
    pub summary: String,
    #[serde(default = "generic")]
    pub kind: Kind,
    pub severity: Severity,
    pub regex: Option<String>,
    pub value: Option<String>,
    pub begin: Option<Vec<String>>,
    pub end: Option<Vec<String>>,
    pub max: Option<u32>,
    #[serde(default)]
    pub anchors: Vec<String>,
    pub check: Option<String>,
    #[serde(default)]
    pub entropy: f32,
    #[serde(default)]
    pub near: Vec<String>,
    #[serde(default)]
    pub name: Vec<String>,
    pub pair: Option<FilePair>,
    pub path_regex: Option<String>,
    #[serde(default = "yes")]
    pub enabled: bool,
    pub fixtures: Option<bool>,
    #[serde(default)]
    pub rotate: String,
    #[serde(default)]
    pub refs: Vec<String>,
    #[serde(default)]
    pub hit: Vec<String>,
    #[serde(default)]
    pub miss: Vec<String>,
}

/// The `pair` table of a rule.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(in_crate, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct FilePair {
    pub rule: String,
    pub within: u32,
}

fn generic() -> Kind {
    Kind::Generic
}

fn yes() -> bool {
    true
}

/// What is wrong with a rule file, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// The rule's id, where the trouble is inside one.
    pub rule: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub remedy: String,
}

impl RuleError {
    /// An error inside a rule.
    pub fn of(rule: &str, reason: impl Into<String>, remedy: impl Into<String>) -> RuleError {
        RuleError { rule: Some(rule.to_owned()), reason: reason.into(), remedy: remedy.into() }
    }
}

/// Read the text of a rule file.
///
/// # Errors
/// Text that is not TOML, an unknown or missing key, a value of the wrong type: with line and column.
pub fn parse(text: &str) -> Result<RuleFile, RuleError> {
    toml::from_str(text).map_err(|error| RuleError {
        rule: None,
        reason: toml_error(text, &error),
        remedy: "see `sekisho rules show ID` for a rule in the right form, or docs/rules.md".to_owned(),
    })
}

/// What is wrong with a TOML text and where, in one line that shows none of the text's values: they may
/// be secrets.
pub fn toml_error(text: &str, error: &toml::de::Error) -> String {
    let place = error.span().map_or(String::new(), |span| {
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        format!("line {line}, column {column}: ")
    });
    let message = error.message().replace('\n', " ");
    // `invalid type: string "…", expected a sequence` quotes the value.
    let shown = match (message.find(": string \""), message.rfind("\", expected ")) {
        (Some(start), Some(end)) if start < end => {
            format!("{}: a text{}", &message[..start], &message[end + 1..])
        }
        _ => message,
    };
    format!("{place}{shown}")
}
