//! The settings in force, each with where it comes from.

use super::file::{File, line_of};
use super::{Flags, SALT, Settings};
use crate::policy::AllowEntry;
use crate::rules::RuleSet;
use crate::secret;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

/// A setting and where it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The key, as in `rules.disable`.
    pub key: &'static str,
    /// Its value.
    pub value: Value,
    /// `default`, `flag --disable`, or `sekisho.toml:3`.
    pub from: String,
}

/// Note where each setting of a run comes from. Later ones of one key overrule or add to earlier ones.
pub(super) fn sources(file: &File, text: &str, path: Option<&Path>, flags: &Flags) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut put = |key: &'static str, value: Option<Value>, from: String| {
        sources.extend(value.map(|value| Source { key, value, from }));
    };
    let list = |names: &[String]| (!names.is_empty()).then(|| json!(names));
    let at = |key: &str| {
        path.map_or_else(String::new, |path| format!("{}:{}", path.display(), line_of(text, key)))
    };
    put("fail-on", file.fail_on.map(|least| json!(least)), at("fail-on"));
    put("fail-on", flags.fail_on.map(|least| json!(least)), "flag --fail-on".to_owned());
    put("rules.severity", file.rules.severity.map(|least| json!(least)), at("severity"));
    put("rules.enable", list(&file.rules.enable), at("enable"));
    put("rules.disable", list(&file.rules.disable), at("disable"));
    put("rules.severity", flags.selection.severity.map(|least| json!(least)), "flag --severity".to_owned());
    put("rules.enable", list(&flags.selection.enable), "flag --enable".to_owned());
    put("rules.disable", list(&flags.selection.disable), "flag --disable".to_owned());
    for (name, severity) in &file.severity {
        put("severity", Some(json!({ name: severity })), at(name));
    }
    if !file.comments.foreign {
        put("comments.foreign", Some(json!(false)), at("foreign"));
    }
    let tables = super::file::lines_of_tables(text, "path");
    for (number, table) in file.path.iter().enumerate() {
        let mut value = json!({ "glob": table.glob });
        for (key, part) in [("enable", &table.enable), ("disable", &table.disable)] {
            if !part.is_empty() {
                value[key] = json!(part);
            }
        }
        if let Some(least) = table.severity {
            value["severity"] = json!(least);
        }
        if !table.severities.is_empty() {
            value["severities"] = json!(table.severities);
        }
        let from = path.map_or_else(String::new, |path| match tables.get(number) {
            Some(line) => format!("{}:{line}", path.display()),
            None => path.display().to_string(),
        });
        put("path", Some(value), from);
    }
    for path in &flags.rules {
        put("rule files", Some(json!(path.display().to_string())), "flag --rules".to_owned());
    }
    sources
}

fn salt_source(settings: &Settings) -> String {
    match std::env::var_os(SALT).is_some_and(|salt| !salt.is_empty()) {
        true => format!("variable {SALT}"),
        false => match (&settings.file, settings.salt == super::DEFAULT_SALT.as_bytes()) {
            (Some(file), false) => file.display().to_string(),
            _ => "default".to_owned(),
        },
    }
}

fn head(settings: &Settings) -> Vec<Source> {
    let source = |key, value, from: &str| Source { key, value, from: from.to_owned() };
    let mut all = Vec::new();
    match &settings.file {
        Some(file) => all.push(source("file", json!(file.display().to_string()), "topmost")),
        None => all.push(source("file", Value::Null, "none found")),
    }
    all.push(source(
        "salt",
        json!(format!("check {}", secret::salt_check(&settings.salt))),
        &salt_source(settings),
    ));
    match &settings.baseline {
        Some(baseline) => {
            let value =
                json!({ "file": settings.baseline_path.display().to_string(), "entries": baseline.len() });
            all.push(source("baseline", value, "found"));
        }
        None => all.push(source("baseline", Value::Null, "none found")),
    }
    let rules = settings.states.iter().filter(|state| state.on).count();
    all.push(source("rules in force", json!(rules), &format!("of {}", settings.rules.len())));
    for (key, value) in
        [("fail-on", Value::Null), ("rules.severity", Value::Null), ("comments.foreign", json!(true))]
    {
        if !settings.sources.iter().any(|source| source.key == key) {
            all.push(source(key, value, "default"));
        }
    }
    all
}

/// What is in force, in lines like those of the file: `key = value  # from`. `path` asks for what holds
/// there.
pub fn text(settings: &Settings, path: &Path) -> String {
    let mut out = String::new();
    for Source { key, value, from } in head(settings).iter().chain(&settings.sources) {
        let shown = if value.is_null() { "(none)".to_owned() } else { value.to_string() };
        let _ = writeln!(out, "{key} = {shown}  # {from}");
    }
    for (place, entry, state) in entries(settings, path) {
        let owner = entry.owner.as_ref().map_or(String::new(), |owner| format!(", {owner}"));
        let until = entry.expires.as_ref().map_or(String::new(), |last| format!(", until {last}"));
        let _ = writeln!(
            out,
            "allow {} ({}{owner}{until}){state}  # {place}",
            entry.about(),
            entry.reason.trim()
        );
    }
    for (id, place, what) in changed(settings, path) {
        let _ = writeln!(out, "rule {id}: {what}  # at {place}");
    }
    out
}

/// The same as JSON.
pub fn json(settings: &Settings, path: &Path) -> String {
    let form = |source: &Source| json!({ "key": source.key, "value": source.value, "from": source.from });
    let allow: Vec<Value> = entries(settings, path)
        .into_iter()
        .map(|(place, entry, state)| entry_json(&entry, &place, !state.is_empty()))
        .collect();
    let changes: Vec<Value> = changed(settings, path)
        .into_iter()
        .map(|(id, place, what)| json!({ "rule": id, "path": place, "state": what }))
        .collect();
    let all: Vec<Value> = head(settings).iter().chain(&settings.sources).map(form).collect();
    let value = json!({ "version": 1, "settings": all, "allow": allow, "rules_at_path": changes });
    serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
}

/// An entry as JSON.
pub fn entry_json(entry: &AllowEntry, place: &str, expired: bool) -> Value {
    json!({
        "place": place,
        "fingerprint": entry.fingerprint,
        "rule": entry.rule,
        "path": entry.path,
        "value": entry.value,
        "line": entry.line,
        "reason": entry.reason,
        "owner": entry.owner,
        "expires": entry.expires,
        "expired": expired,
    })
}

/// The `[[allow]]` entries of the files that have a say about a path, with where each stands.
pub fn entries(settings: &Settings, path: &Path) -> Vec<(String, AllowEntry, &'static str)> {
    let inner = super::clean(path);
    let inner = if inner.is_dir() { inner.join("-") } else { inner };
    let layers = settings.cascade.layers_of(Some(&inner), &settings.rules);
    let mut all = Vec::new();
    for layer in layers {
        let expired = layer.allow.expired();
        for (number, entry) in layer.allow.entries().iter().enumerate() {
            let state = if expired.contains(&number) { " EXPIRED" } else { "" };
            all.push((layer.place(number), entry.clone(), state));
        }
    }
    all
}

/// The rules that stand otherwise at a path than elsewhere.
fn changed(settings: &Settings, path: &Path) -> Vec<(String, String, String)> {
    let inner = super::clean(path);
    if inner.is_dir() && Some(inner.as_path()) == settings.cascade.top() {
        return Vec::new();
    }
    let place = if inner.is_dir() { inner.join("-") } else { inner };
    let rules: &RuleSet = &settings.rules;
    let layers = settings.cascade.layers_of(Some(&place), rules);
    let each = rules.iter().filter_map(|(index, rule)| {
        let before = settings.states[index.0 as usize];
        let here = settings.cascade.state(&layers, index, Some(&place), before);
        let what = match (before.on, here.on) {
            (true, false) => "off".to_owned(),
            (false, true) => format!("on, {}", here.severity.name()),
            _ if here.on && here.severity != before.severity => here.severity.name().to_owned(),
            _ => return None,
        };
        Some((rule.id.to_string(), path.display().to_string(), what))
    });
    each.collect()
}
