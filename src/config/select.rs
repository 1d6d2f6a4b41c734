//! Names of rules in settings: ids, providers, kinds, severities, or `all`.

use super::file::{Selection, closest};
use crate::error::Error;
use crate::policy::Scope;
use crate::rules::{Rule, RuleIndex, RuleSet, Severity};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

fn is_called(rule: &Rule, name: &str) -> bool {
    name == "all"
        || rule.id == name
        || rule.provider.eq_ignore_ascii_case(name)
        || rule.kind.name() == name
        || rule.severity.name() == name
}

/// The rules that a name stands for; `file` is where it was written.
///
/// # Errors
/// No rule has it.
pub(super) fn named(rules: &RuleSet, name: &str, file: &Path) -> Result<Vec<RuleIndex>, Error> {
    let found: Vec<RuleIndex> =
        rules.iter().filter(|(_, rule)| is_called(rule, name)).map(|(index, _)| index).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let names =
        rules.iter().flat_map(|(_, rule)| [rule.id.as_ref(), rule.provider.as_ref(), rule.kind.name()]);
    let hint = closest(name, names).map_or(String::new(), |close| format!("; did you mean `{close}`?"));
    Err(Error::Config {
        file: file.to_owned(),
        reason: format!("no rule, provider, kind or severity is called `{name}`{hint}"),
        remedy: "see `sekisho rules list`".to_owned(),
    })
}

/// What a selection says, as one scope. What is switched off is off, and what is switched on is on whatever
/// its severity.
///
/// # Errors
/// A name that no rule has; one that is to be both on and off.
pub(super) fn scope(
    rules: &RuleSet,
    selection: &Selection,
    severities: &BTreeMap<String, Severity>,
    file: &Path,
) -> Result<Scope, Error> {
    let mut scope = Scope { least: selection.severity, ..Scope::default() };
    if let Some(both) = selection.enable.iter().find(|name| selection.disable.contains(name)) {
        return Err(Error::Config {
            file: file.to_owned(),
            reason: format!("`{both}` is to be both enabled and disabled"),
            remedy: "decide for one of the two".to_owned(),
        });
    }
    // `all` makes room for what is named besides it.
    let wide = |name: &&String| name.as_str() == "all";
    let narrow = |name: &&String| name.as_str() != "all";
    let steps = [
        (selection.enable.iter().filter(wide).collect::<Vec<_>>(), true),
        (selection.disable.iter().filter(wide).collect(), false),
        (selection.enable.iter().filter(narrow).collect(), true),
        (selection.disable.iter().filter(narrow).collect(), false),
    ];
    for (names, on) in steps {
        for name in names {
            scope.switches.extend(named(rules, name, file)?.into_iter().map(|index| (index, on)));
        }
    }
    // The id of a rule says more than a name that many share.
    let mut wide = HashMap::new();
    for (name, severity) in severities {
        let into = if rules.by_id(name).is_some() { &mut scope.severity } else { &mut wide };
        into.extend(named(rules, name, file)?.into_iter().map(|index| (index, *severity)));
    }
    for (index, severity) in wide {
        scope.severity.entry(index).or_insert(severity);
    }
    Ok(scope)
}
