//! `sekisho rules`.

use super::args::{Global, ListFormat, Rules, RulesCommand};
use super::output;
use crate::config::{Flags, Settings};
use crate::engine::trial;
use crate::error::Error;
use crate::rules::rule::{Anchor, Matcher};
use crate::rules::{Rule, RuleSet};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Run the command.
///
/// # Errors
/// What ends the run.
pub fn run(args: &Rules, global: &Global) -> Result<u8, Error> {
    match &args.command {
        RulesCommand::List { format } => {
            let rules = load(global)?;
            output::print(&match format {
                ListFormat::Text => list_text(&rules),
                ListFormat::Json => list_json(&rules),
                ListFormat::Markdown => list_markdown(&rules),
            })?;
            Ok(0)
        }
        RulesCommand::Show { id } => {
            let rules = load(global)?;
            match rules.by_id(id) {
                Some((_, rule)) => output::print(&show(rule)).map(|()| 0),
                None => Err(unknown(&rules, id)),
            }
        }
        RulesCommand::Check { files } => check(files, global),
    }
}

fn load(global: &Global) -> Result<RuleSet, Error> {
    let flags = Flags {
        config: global.config.clone(),
        no_config: global.no_config,
        rules: global.rules.clone(),
        ..Flags::default()
    };
    Ok(Settings::load(Path::new("."), &flags)?.rules)
}

fn unknown(rules: &RuleSet, id: &str) -> Error {
    let close = rules.like(id);
    let remedy = match close.is_empty() {
        true => "see `sekisho rules list`".to_owned(),
        false => format!("did you mean {}?", close.join(", ")),
    };
    Error::Input { what: id.to_owned(), reason: "no rule has this id".to_owned(), remedy }
}

fn list_text(rules: &RuleSet) -> String {
    let width = rules.iter().map(|(_, rule)| rule.id.len()).max().unwrap_or(0);
    let mut out = String::new();
    for (_, rule) in rules.iter() {
        let off = if rule.enabled { "" } else { " (off)" };
        let _ = writeln!(out, "{:width$}  {:8}  {}{off}", rule.id, rule.severity.name(), rule.summary);
    }
    let _ = writeln!(out, "{} rules", rules.len());
    out
}

fn list_json(rules: &RuleSet) -> String {
    let all: Vec<serde_json::Value> = rules.iter().map(|(_, rule)| json(rule)).collect();
    let mut text = serde_json::to_string_pretty(&all).unwrap_or_default();
    text.push('\n');
    text
}

fn json(rule: &Rule) -> serde_json::Value {
    serde_json::json!({
        "id": rule.id,
        "provider": rule.provider,
        "summary": rule.summary,
        "kind": rule.kind.name(),
        "severity": rule.severity.name(),
        "enabled": rule.enabled,
        "check": rule.check,
        "near": rule.near,
        "rotate": rule.rotate,
        "refs": rule.refs,
    })
}

fn list_markdown(rules: &RuleSet) -> String {
    let mut by_provider: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for (_, rule) in rules.iter() {
        by_provider.entry(&rule.provider).or_default().push(rule);
    }
    let mut out = format!("# Rules\n\n{} rules of {} providers.\n", rules.len(), by_provider.len());
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    for (provider, rules) in by_provider {
        let _ =
            writeln!(out, "\n## {provider}\n\n| rule | finds | severity | proven by |\n|---|---|---|---|");
        for rule in rules {
            let off = if rule.enabled { "" } else { " (off by default)" };
            let _ = writeln!(
                out,
                "| `{}` | {}{off} | {} | {} |",
                rule.id,
                cell(&rule.summary),
                rule.severity.name(),
                rule.check.as_deref().unwrap_or("")
            );
        }
    }
    out
}

fn show(rule: &Rule) -> String {
    let mut out = String::new();
    let mut line = |name: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(out, "{name:10} {text}");
        }
    };
    line("id", &rule.id);
    line("provider", &rule.provider);
    line("finds", &rule.summary);
    line("kind", rule.kind.name());
    line("severity", rule.severity.name());
    line("enabled", if rule.enabled { "" } else { "no (switch on with --enable)" });
    match &rule.matcher {
        Matcher::Token(token) => {
            line("regex", &token.regex);
            line("reach", &format!("{} bytes", token.reach));
            match &token.anchor {
                Anchor::WordStart { grams, .. } => {
                    line("anchor", &format!("word start, {} beginnings of four bytes", grams.len()));
                }
                Anchor::Contains { literals, .. } => line("anchor", &literals.join(" | ")),
            }
        }
        Matcher::Assigned(assigned) => {
            line("value", &assigned.value);
            line("name", &assigned.name.join(", "));
        }
        Matcher::Block(block) => {
            line("begin", &block.begin.join(" | "));
            line("end", &block.end.join(" | "));
            line("max", &format!("{} bytes", block.max));
        }
    }
    line("check", rule.check.as_deref().unwrap_or(""));
    line("entropy", &if rule.entropy > 0.0 { rule.entropy.to_string() } else { String::new() });
    line("near", &rule.near.join(", "));
    if let Some(pair) = &rule.pair {
        line("pair", &format!("{} within {} bytes", pair.rule, pair.within));
    }
    line("rotate", &rule.rotate);
    rule.refs.iter().for_each(|link| line("reference", link));
    rule.hit.iter().for_each(|template| line("hit", &format!("{template:?}")));
    rule.miss.iter().for_each(|template| line("miss", &format!("{template:?}")));
    out
}

fn check(files: &[PathBuf], global: &Global) -> Result<u8, Error> {
    let mut rules = load(global)?;
    let known = rules.len();
    for file in files {
        rules.add_file(file)?;
    }
    let from = if files.is_empty() { 0 } else { known };
    let chosen: Vec<String> = rules.iter().skip(from).map(|(_, rule)| rule.id.to_string()).collect();
    let trouble = trial::check(&rules, |id| chosen.iter().any(|chosen| chosen == id));
    let mut out = String::new();
    for line in &trouble {
        let _ = writeln!(out, "{line}");
    }
    let _ = writeln!(out, "{} rules checked, {} examples do not hold", chosen.len(), trouble.len());
    output::print(&out)?;
    Ok(u8::from(!trouble.is_empty()))
}
