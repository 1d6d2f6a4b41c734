//! What a session leaves behind: allow entries, and a list of what is to be done.

use super::{Decision, Item, Mark, Session};
use crate::error::Error;
use crate::policy::{AllowEntry, edit};
use crate::report::terminal::inert;
use serde_json::{Value, json};
use std::path::Path;

/// What all entries of a session have in common.
#[derive(Clone, Debug, Default)]
pub struct Signature {
    /// Who answers for them.
    pub owner: Option<String>,
    /// Last day on which they hold, `YYYY-MM-DD`.
    pub expires: Option<String>,
}

/// The allow entries for what was marked false or accepted.
pub fn entries(session: &Session, signature: &Signature) -> Vec<AllowEntry> {
    session
        .decided()
        .filter(|(_, decision)| decision.mark.allows())
        .map(|(item, decision)| AllowEntry {
            rule: vec![item.rule.clone()],
            fingerprint: Some(item.fingerprint.clone()),
            reason: match decision.mark {
                Mark::False => format!("false positive: {}", decision.reason),
                _ => format!("accepted: {}", decision.reason),
            },
            owner: signature.owner.clone(),
            expires: signature.expires.clone(),
            ..AllowEntry::default()
        })
        .collect()
}

/// Add entries to a `sekisho.toml`, all or none; the file is made where there is none.
///
/// # Errors
/// A file that cannot be read, understood or written.
pub fn write(path: &Path, entries: &[AllowEntry]) -> Result<(), Error> {
    if entries.is_empty() {
        return Ok(());
    }
    let told = |reason: String| Error::Config {
        file: path.to_owned(),
        reason,
        remedy: "mend the file, then mark again".to_owned(),
    };
    let old = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        other => other.map_err(|error| told(format!("cannot be read: {error}")))?,
    };
    let text = entries.iter().try_fold(old, |text, entry| edit::appended(&text, entry)).map_err(told)?;
    edit::write(path, &text)
}

/// What is to be done about those that were marked true, as a text; empty where there are none.
pub fn todo_text(session: &Session) -> String {
    let mut out = String::new();
    for (item, decision) in todo(session) {
        out.push_str(&format!(
            "[ ] {} {} {}  {}\n",
            item.severity.name(),
            inert(&item.rule),
            inert(item.shown()),
            inert(&item.place())
        ));
        let mut line = |label: &str, text: &str| {
            if !text.is_empty() {
                out.push_str(&format!("    {label}: {}\n", inert(text)));
            }
        };
        line("note", &decision.reason);
        line("rotate", &item.rotate);
        line("see", item.refs.first().map_or("", String::as_str));
        let others: Vec<String> = item.spots.iter().skip(1).map(super::Spot::place).collect();
        line("also at", &others.join(", "));
        line("id", &item.fingerprint);
    }
    out
}

/// The same as JSON, `version` 1.
pub fn todo_json(session: &Session) -> String {
    let form = |(item, decision): (&Item, &Decision)| {
        json!({
            "rule": item.rule,
            "summary": item.summary,
            "severity": item.severity.name(),
            "fingerprint": item.fingerprint,
            "masked": item.masked,
            "note": decision.reason,
            "rotate": item.rotate,
            "refs": item.refs,
            "places": item.spots.iter().map(super::Spot::place).collect::<Vec<String>>(),
        })
    };
    let todo: Vec<Value> = todo(session).map(form).collect();
    let text = serde_json::to_string_pretty(&json!({ "version": 1, "todo": todo }));
    text.unwrap_or_default() + "\n"
}

fn todo(session: &Session) -> impl Iterator<Item = (&Item, &Decision)> {
    session.decided().filter(|(_, decision)| decision.mark == Mark::True)
}
