//! An import as the text of a `sekisho.toml`.

use super::draft::{AllowDraft, Draft};
use crate::rules::file::FileRule;
use std::fmt::Write;

/// The text of a configuration that has everything of a draft. `from` names where it came from.
pub fn write(draft: &Draft, from: &str) -> String {
    let mut out = format!("# Imported by `sekisho import` from {}.\n", from.replace(['\n', '\r'], " "));
    if draft.replaces {
        out.push_str(
            "# The imported configuration has its own rules only. Here they are added to the built-in ones; to have\n\
             # none but its own, switch the others off under [rules]: disable = [\"all\"], and enable what follows.\n",
        );
    }
    if !draft.disable.is_empty() {
        let mut ids = draft.disable.clone();
        ids.sort();
        ids.dedup();
        let _ = write!(out, "\n[rules]\ndisable = {}\n", texts(&ids));
    }
    draft.rules.iter().for_each(|rule| write_rule(&mut out, rule));
    draft.allow.iter().for_each(|entry| out.push_str(&allow_text(entry)));
    out
}

/// The text of one `[[allow]]` table, with an empty line before it.
pub fn allow_text(entry: &AllowDraft) -> String {
    let mut out = String::from("\n[[allow]]\n");
    match entry.rules.as_slice() {
        [] => {}
        [one] => line(&mut out, "rule", &text(one)),
        many => line(&mut out, "rule", &texts(many)),
    }
    let optional = [
        ("path", &entry.path),
        ("path_regex", &entry.path_regex),
        ("fingerprint", &entry.fingerprint),
        ("value", &entry.value),
        ("line", &entry.line),
    ];
    for (key, value) in optional {
        value.iter().for_each(|value| line(&mut out, key, &text(value)));
    }
    match entry.sha1.as_slice() {
        [] => {}
        [one] => line(&mut out, "sha1", &text(one)),
        many => line(&mut out, "sha1", &texts(many)),
    }
    line(&mut out, "reason", &text(&entry.reason));
    out
}

fn line(out: &mut String, key: &str, value: &str) {
    let _ = writeln!(out, "{key} = {value}");
}

fn write_rule(out: &mut String, rule: &FileRule) {
    out.push_str("\n[[rule]]\n");
    line(out, "id", &text(&rule.id));
    line(out, "summary", &text(&rule.summary));
    line(out, "severity", &text(rule.severity.name()));
    for (key, value) in [("regex", &rule.regex), ("value", &rule.value), ("path_regex", &rule.path_regex)] {
        value.iter().for_each(|value| line(out, key, &text(value)));
    }
    for (key, values) in [("anchors", &rule.anchors), ("near", &rule.near), ("refs", &rule.refs)] {
        if !values.is_empty() {
            line(out, key, &texts(values));
        }
    }
    if rule.entropy > 0.0 {
        line(out, "entropy", &format!("{:?}", rule.entropy));
    }
    if let Some(pair) = &rule.pair {
        line(out, "pair", &format!("{{ rule = {}, within = {} }}", text(&pair.rule), pair.within));
    }
    if !rule.enabled {
        line(out, "enabled", "false");
    }
    line(out, "hit", &texts(&rule.hit));
    line(out, "miss", &texts(&rule.miss));
}

/// A text in TOML: without escapes where that can be.
fn text(value: &str) -> String {
    let plain = !value.chars().any(|one| one.is_control());
    match () {
        () if plain && !value.contains(['"', '\\']) => format!("\"{value}\""),
        () if plain && !value.contains("''") && !value.ends_with('\'') => format!("'''{value}'''"),
        () => toml::Value::String(value.to_owned()).to_string(),
    }
}

fn texts(values: &[String]) -> String {
    let inner: Vec<String> = values.iter().map(|value| text(value)).collect();
    let short = format!("[{}]", inner.join(", "));
    match short.len() {
        ..=100 => short,
        _ => format!("[\n    {},\n]", inner.join(",\n    ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_as_they_were() {
        for value in
            ["plain", "a\"b", r"\d+", "it's \\", "'''", "ends'", "\\'", "line\nbreak \u{1}", "é\\", "''\\"]
        {
            let table: toml::Table = toml::from_str(&format!("x = {}", text(value))).unwrap();
            assert_eq!(table["x"].as_str(), Some(value));
        }
        let many: Vec<String> = (0..40).map(|number| format!("value {number}")).collect();
        let table: toml::Table = toml::from_str(&format!("x = {}", texts(&many))).unwrap();
        assert_eq!(table["x"].as_array().unwrap().len(), 40);
    }
}
