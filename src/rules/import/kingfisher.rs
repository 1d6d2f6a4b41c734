//! Rule files of Nosey Parker and kingfisher (YAML). Source of the form: the two programs' documentation
//! of their rules. Their patterns have the syntax of Rust's `regex` crate.

use super::ImportError;
use super::draft::{Draft, Grade};
use super::go_syntax::Translated;
use super::rule::{self, Parts};
use super::yaml::{self, Node};
use crate::rules::file::FilePair;
use crate::rules::rule::Severity;
use crate::rules::set::RuleSet;
use std::collections::BTreeMap;
use std::path::Path;

/// How far a companion may stand, in bytes.
const NEAR: u32 = 400;
/// Keys that are understood, or have nothing to say of what is found.
const KNOWN: [&str; 16] = [
    "name",
    "id",
    "pattern",
    "description",
    "references",
    "examples",
    "negative_examples",
    "categories",
    "min_entropy",
    "confidence",
    "visible",
    "depends_on_rule",
    "validation",
    "revocation",
    "prevalidated",
    "tls_mode",
];

/// Import a rule file.
///
/// # Errors
/// Text that is not YAML, with line and column, or has no rules.
pub fn import(text: &str, path: &Path) -> Result<Draft, ImportError> {
    let name = path.display().to_string();
    let wrong = |reason: String| ImportError {
        file: name.clone(),
        reason,
        remedy: "see docs/moving.md for what is understood of these rule files".to_owned(),
    };
    let documents = yaml::read(text).map_err(wrong)?;
    let rules = yaml::rules(&documents).ok_or_else(|| wrong("it has no `rules`".to_owned()))?;
    let builtin = RuleSet::builtin();
    let mut draft = Draft { rules_read: rules.len(), ..Draft::default() };
    let text_of = |node: &Node, key: &str| node.get(key).and_then(Node::text).unwrap_or_default().to_owned();
    let ids: BTreeMap<String, String> = rules
        .iter()
        .map(|node| {
            let id = text_of(node, "id");
            let id = if id.is_empty() { text_of(node, "name") } else { id };
            let own = rule::own_id(&id, &builtin);
            (id, own)
        })
        .collect();
    for node in rules {
        let id = [text_of(node, "id"), text_of(node, "name")]
            .into_iter()
            .find(|id| !id.is_empty())
            .unwrap_or_default();
        let about = format!("{name}, line {}: rule `{id}`", node.line);
        one(&mut draft, node, &about, &id, &ids);
    }
    draft.forget(|id| builtin.by_id(id).is_some());
    if documents.iter().any(|document| document.get("rulesets").is_some()) {
        draft.note("", Grade::LeftOut, "`rulesets`: switch rules on and off under [rules]");
    }
    Ok(draft)
}

fn one(draft: &mut Draft, node: &Node, about: &str, id: &str, ids: &BTreeMap<String, String>) {
    let text = |key: &str| node.get(key).and_then(Node::text).unwrap_or_default();
    if id.is_empty() || text("pattern").is_empty() {
        draft.note(about, Grade::LeftOut, "it needs `id` or `name`, and `pattern`");
        return;
    }
    for key in node.keys().filter(|key| !KNOWN.contains(key)) {
        let what = match key {
            "pattern_requirements" => {
                "counts of characters and checksums are not taken over: more may be found"
            }
            _ => "means nothing here",
        };
        draft.note(about, Grade::Changed, format!("`{key}` {what}"));
    }
    if node.get("validation").is_some() || node.get("revocation").is_some() {
        draft.note("", Grade::Changed, "`validation` and `revocation`: nothing is asked over a network here");
    }
    let hidden = text("visible") == "false";
    if hidden {
        draft.note(about, Grade::Changed, "it is not visible: it is switched off");
    }
    let own = ids.get(id).cloned().unwrap_or_else(|| rule::slug(id));
    let pair = node.get("depends_on_rule").and_then(|rules| pair(draft, rules, about, ids));
    let summary = match (text("name"), text("description")) {
        ("", described) => described,
        (name, _) => name,
    };
    let parts = Parts {
        id: &own,
        summary: if summary.trim().is_empty() { id } else { summary.trim() },
        severity: match text("confidence") {
            "low" => Severity::Low,
            "medium" => Severity::Medium,
            _ => Severity::High,
        },
        pattern: Translated::same(text("pattern").trim()),
        group: 0,
        named: Some("TOKEN"),
        entropy: text("min_entropy").parse().unwrap_or(0.0),
        keywords: Vec::new(),
        path_regex: None,
        enabled: !hidden,
        pair,
        refs: node
            .get("references")
            .map(|links| links.items().iter().filter_map(Node::text).map(str::to_owned).collect())
            .unwrap_or_default(),
    };
    rule::add(draft, about, parts);
}

fn pair(draft: &mut Draft, rules: &Node, about: &str, ids: &BTreeMap<String, String>) -> Option<FilePair> {
    let first = rules.items().first()?.get("rule_id").and_then(Node::text)?;
    let Some(rule) = ids.get(first) else {
        draft.note(
            about,
            Grade::Defect,
            format!("it depends on the rule `{first}`, which is not in the file"),
        );
        return None;
    };
    draft.note(
        about,
        Grade::Changed,
        format!(
            "it depends on `{first}`: both become one finding where they stand within {NEAR} bytes, and it is reported \
             without the other too"
        ),
    );
    Some(FilePair { rule: rule.clone(), within: NEAR })
}
