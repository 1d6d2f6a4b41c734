//! `sekisho mask doctor`: what would be masked here, and why. Names only.

use super::args::{Doctor, Secrets};
use super::secrets::{self, Entry};
use crate::cli::args::Global;
use crate::cli::output;
use crate::error::Error;
use crate::mask::derive::Class;
use serde_json::json;

/// List it.
///
/// # Errors
/// As for gathering secrets; a closed standard output.
pub fn run(args: &Doctor, outer: &Secrets, global: &Global) -> Result<u8, Error> {
    let gathered = secrets::gather(&merged(args, outer), global)?;
    if args.json {
        let entries: Vec<_> = gathered
            .entries
            .iter()
            .map(|entry| {
                json!({
                    "name": entry.name,
                    "source": entry.source,
                    "why": entry.why,
                    "class": entry.learned.class.name(),
                    "masked": entry.learned.in_force(),
                    "spellings": entry.learned.spellings,
                    "weakness": weakness(entry),
                })
            })
            .collect();
        let rules = gathered.engine.as_ref().map_or(0, |engine| engine.active_rules());
        let report = json!({ "secrets": entries, "rules": rules, "notes": gathered.notes });
        output::print(&format!("{report:#}\n"))?;
        return Ok(0);
    }
    output::print(&text(&gathered))?;
    Ok(0)
}

/// Options may stand before or behind the action.
fn merged(args: &Doctor, outer: &Secrets) -> Secrets {
    let inner = &args.secrets;
    let both = |one: &[String], other: &[String]| [one, other].concat();
    Secrets {
        env: both(&outer.env, &inner.env),
        no_env: outer.no_env || inner.no_env,
        file: both(&outer.file, &inner.file),
        fd: [&outer.fd[..], &inner.fd].concat(),
        mounts: [&outer.mounts[..], &inner.mounts].concat(),
        no_mounts: outer.no_mounts || inner.no_mounts,
        mask_weak: outer.mask_weak || inner.mask_weak,
        no_rules: outer.no_rules || inner.no_rules,
        no_host_commands: outer.no_host_commands || inner.no_host_commands,
        select: crate::cli::args::Select {
            enable: both(&outer.select.enable, &inner.select.enable),
            disable: both(&outer.select.disable, &inner.select.disable),
            severity: inner.select.severity.or(outer.select.severity),
        },
    }
}

fn weakness(entry: &Entry) -> Option<&'static str> {
    match entry.learned.class {
        Class::Weak(weakness) => Some(weakness.reason()),
        Class::Masked(_) => None,
    }
}

fn text(gathered: &secrets::Gathered) -> String {
    let mut out = String::new();
    let width = gathered.entries.iter().map(|entry| entry.name.chars().count()).max().unwrap_or(0).min(40);
    let (masked, weak): (Vec<&Entry>, Vec<&Entry>) =
        gathered.entries.iter().partition(|entry| entry.learned.in_force());
    out += &format!("Masked: {}\n", masked.len());
    for entry in &masked {
        let spellings = match entry.learned.spellings {
            1 => String::new(),
            count => format!(", {count} spellings"),
        };
        let class = match entry.learned.class {
            Class::Weak(_) => "parts",
            class => class.name(),
        };
        out += &format!("  {:width$}  {class:6}  {} ({}{spellings})\n", entry.name, entry.source, entry.why);
    }
    if !weak.is_empty() {
        out += &format!("Not masked, since the value would tear holes into every log: {}\n", weak.len());
        for entry in &weak {
            let reason = weakness(entry).unwrap_or_default();
            out += &format!("  {:width$}  weak    {} ({}): {reason}\n", entry.name, entry.source, entry.why);
        }
    }
    match &gathered.engine {
        Some(engine) => out += &format!("Besides, whatever {} rules find.\n", engine.active_rules()),
        None => out += "No rules: secrets that are not listed here are not masked.\n",
    }
    let notes = gathered.notes.iter().filter(|note| !note.contains(" is not masked: it is "));
    for note in notes {
        out += &format!("Note: {note}\n");
    }
    out
}
