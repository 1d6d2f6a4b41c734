//! Configuration of gitleaks and betterleaks (TOML; keys in any case, as their reader takes them).
//! Source of the form: the two programs' own documentation of their configuration.

use super::allowlist::{self, List, Scope, counted};
use super::draft::{AllowDraft, Draft, Grade};
use super::expression::{self, Condition, Subject};
use super::rule::{self, Parts};
use super::{ImportError, go_syntax, pattern};
use crate::rules::file::{FilePair, toml_error};
use crate::rules::rule::Severity;
use crate::rules::set::RuleSet;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Bytes that a line is taken to have where a distance is given in lines.
const LINE: u32 = 100;
/// How far a companion may stand where no distance is given, in bytes.
const NEAR: u32 = 400;
/// The same where one is given, at most.
const FAR: u32 = 4096;

/// A file, keys in lower case. Keys that mean nothing to us are left in `rest`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    title: Option<toml::Value>,
    description: Option<toml::Value>,
    minversion: Option<toml::Value>,
    betterleaksminversion: Option<toml::Value>,
    extend: Extend,
    rules: Vec<Raw>,
    allowlist: Option<List>,
    allowlists: Vec<List>,
    prefilter: String,
    filter: String,
    #[serde(flatten)]
    rest: BTreeMap<String, toml::Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Extend {
    path: String,
    url: String,
    usedefault: bool,
    disabledrules: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Raw {
    id: String,
    description: String,
    regex: String,
    path: String,
    secretgroup: u32,
    entropy: f64,
    keywords: Vec<String>,
    tags: Vec<String>,
    skipreport: bool,
    allowlist: Option<List>,
    allowlists: Vec<List>,
    required: Vec<Required>,
    filter: String,
    validate: String,
    specificity: Option<toml::Value>,
    tokenefficiency: bool,
    #[serde(flatten)]
    rest: BTreeMap<String, toml::Value>,
    /// Where it stands: `.gitleaks.toml, line 12`.
    #[serde(skip)]
    place: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Required {
    id: String,
    withinlines: Option<u32>,
    withincolumns: Option<u32>,
}

/// Import a configuration. `path` is where the text was read from: files that it extends are sought in
/// the working directory, as gitleaks does, and then beside it.
///
/// # Errors
/// Text that is not such a configuration, with line and column; a file that it extends and that cannot
/// be read; files that extend one another in a circle.
pub fn import(text: &str, path: &Path) -> Result<Draft, ImportError> {
    let mut draft = Draft::default();
    let mut chain = vec![identity(path)];
    let file = read(&mut draft, text, path, &mut chain)?;
    let mut importer =
        Importer { draft, builtin: RuleSet::builtin(), ids: BTreeMap::new(), whole: BTreeSet::new() };
    importer.file(file);
    Ok(importer.draft)
}

fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Keys in lower case, as the reader of gitleaks takes them in any.
fn lower(value: toml::Value) -> toml::Value {
    match value {
        toml::Value::Table(table) => toml::Value::Table(
            table.into_iter().map(|(key, value)| (key.to_lowercase(), lower(value))).collect(),
        ),
        toml::Value::Array(items) => toml::Value::Array(items.into_iter().map(lower).collect()),
        other => other,
    }
}

fn read(draft: &mut Draft, text: &str, path: &Path, chain: &mut Vec<PathBuf>) -> Result<File, ImportError> {
    let name = path.display().to_string();
    let wrong = |reason: String| ImportError {
        file: name.clone(),
        reason,
        remedy: "see docs/moving.md for what is understood of a gitleaks configuration".to_owned(),
    };
    let table: toml::Table = toml::from_str(text).map_err(|error| wrong(toml_error(text, &error)))?;
    let lowered = lower(toml::Value::Table(table));
    let mut file: File =
        lowered.try_into().map_err(|error: toml::de::Error| wrong(toml_error("", &error)))?;
    for raw in &mut file.rules {
        raw.place = match line_of(text, &raw.id) {
            Some(line) => format!("{name}, line {line}: "),
            None => format!("{name}: "),
        };
    }
    unknown(draft, "", &file.rest);
    if file.allowlist.is_some() && !file.allowlists.is_empty() {
        draft.note(
            "",
            Grade::Defect,
            "both [allowlist] and [[allowlists]] are given: gitleaks refuses that; both are taken",
        );
    }
    if file.extend.path.is_empty() {
        if !file.extend.url.is_empty() {
            draft.note(
                "[extend]",
                Grade::LeftOut,
                "`url`: nothing is fetched, and gitleaks never did; give `path`",
            );
        }
        return Ok(file);
    }
    if file.extend.usedefault {
        draft.note(
            "[extend]",
            Grade::Defect,
            "`path` and `useDefault` together: gitleaks refuses that; both are taken",
        );
    }
    let base = base(&file.extend.path, path, chain)?;
    let text = std::fs::read_to_string(&base).map_err(|error| ImportError {
        file: name,
        reason: format!("it extends {}, which cannot be read: {error}", base.display()),
        remedy: "correct `path` in [extend]; it is relative to the working directory, or to the file itself"
            .to_owned(),
    })?;
    chain.push(identity(&base));
    let below = read(draft, &text, &base, chain)?;
    chain.pop();
    Ok(merged(below, file))
}

/// The file that is extended.
fn base(named: &str, from: &Path, chain: &[PathBuf]) -> Result<PathBuf, ImportError> {
    let beside = from.parent().map_or_else(|| PathBuf::from(named), |directory| directory.join(named));
    let base =
        [PathBuf::from(named), beside.clone()].into_iter().find(|path| path.is_file()).unwrap_or(beside);
    let id = identity(&base);
    if let Some(at) = chain.iter().position(|earlier| *earlier == id) {
        let names: Vec<String> =
            chain[at..].iter().chain([&id]).map(|path| path.display().to_string()).collect();
        return Err(ImportError {
            file: from.display().to_string(),
            reason: format!("it extends itself: {}", names.join(" -> ")),
            remedy: "take one `path` out of [extend]".to_owned(),
        });
    }
    Ok(base)
}

/// What the extending file says of a rule wins; lists are added to.
fn merged(below: File, mut own: File) -> File {
    let mut rules = below.rules;
    for raw in std::mem::take(&mut own.rules) {
        match rules.iter_mut().find(|base| base.id == raw.id && !raw.id.is_empty()) {
            Some(base) => {
                let text = |base: &mut String, own: String| {
                    if !own.is_empty() {
                        *base = own;
                    }
                };
                text(&mut base.description, raw.description);
                text(&mut base.regex, raw.regex);
                text(&mut base.path, raw.path);
                text(&mut base.filter, raw.filter);
                if raw.entropy != 0.0 {
                    base.entropy = raw.entropy;
                }
                if raw.secretgroup != 0 {
                    base.secretgroup = raw.secretgroup;
                }
                base.keywords.extend(raw.keywords);
                base.tags.extend(raw.tags);
                base.allowlists.extend(raw.allowlist);
                base.allowlists.extend(raw.allowlists);
                base.required.extend(raw.required);
                base.place = raw.place;
            }
            None => rules.push(raw),
        }
    }
    rules.retain(|raw| !own.extend.disabledrules.contains(&raw.id));
    let mut allowlists = below.allowlists;
    allowlists.extend(below.allowlist);
    allowlists.extend(std::mem::take(&mut own.allowlists));
    let filter = |below: String, own: String| match (below.is_empty(), own.is_empty()) {
        (true, _) => own,
        (false, true) => below,
        (false, false) => format!("({below}) || ({own})"),
    };
    File {
        rules,
        allowlists,
        prefilter: filter(below.prefilter, own.prefilter),
        filter: filter(below.filter, own.filter),
        extend: Extend {
            usedefault: below.extend.usedefault || own.extend.usedefault,
            disabledrules: [below.extend.disabledrules, own.extend.disabledrules].concat(),
            ..Extend::default()
        },
        ..own
    }
}

fn unknown(draft: &mut Draft, about: &str, rest: &BTreeMap<String, toml::Value>) {
    for key in rest.keys() {
        draft.note(about, Grade::Changed, format!("the key `{key}` means nothing here"));
    }
}

/// The line on which a rule's id stands, from 1.
fn line_of(text: &str, id: &str) -> Option<usize> {
    let quoted = [format!("\"{id}\""), format!("'{id}'")];
    text.lines()
        .position(|line| {
            let line = line.trim_start();
            line.to_lowercase().starts_with("id")
                && quoted.iter().any(|quoted| line.contains(quoted.as_str()))
        })
        .map(|line| line + 1)
}

struct Importer {
    draft: Draft,
    builtin: RuleSet,
    /// Ids of the file and what they are called here.
    ids: BTreeMap<String, String>,
    /// The rules of the file, by their ids here, that take their whole match for the secret.
    whole: BTreeSet<String>,
}

impl Importer {
    fn file(&mut self, file: File) {
        self.draft.rules_read = file.rules.len();
        self.draft.replaces = !file.extend.usedefault && file.rules.iter().any(|raw| !raw.regex.is_empty());
        let own: Vec<&Raw> =
            file.rules.iter().filter(|raw| !raw.regex.is_empty() || !raw.path.is_empty()).collect();
        for raw in &own {
            self.ids.entry(raw.id.clone()).or_insert_with(|| rule::own_id(&raw.id, &self.builtin));
        }
        for raw in &file.rules {
            self.rule(raw, file.extend.usedefault);
        }
        for id in &file.extend.disabledrules {
            self.disable(id);
        }
        let lists = file.allowlist.iter().chain(&file.allowlists);
        for (index, list) in lists.enumerate() {
            let about = format!("the global allowlist {}", index + 1);
            let mut rules = Vec::new();
            for id in &list.targetrules {
                match self.named(id) {
                    found if found.is_empty() => {
                        let text =
                            format!("it is for a rule `{id}`, which is neither in the file nor built in");
                        self.draft.note(&about, Grade::Defect, text);
                    }
                    found => rules.extend(found),
                }
            }
            if rules.is_empty() && !list.targetrules.is_empty() {
                self.draft.note(&about, Grade::LeftOut, "none of its rules is known");
                continue;
            }
            let scope = Scope { rules: &rules, whole: self.whole(&rules) };
            allowlist::add(&mut self.draft, &about, list, scope, "allowlist of the imported configuration");
        }
        self.filter("the global `prefilter`", &file.prefilter, &[]);
        self.filter("the global `filter`", &file.filter, &[]);
        let builtin = &self.builtin;
        self.draft.forget(|id| builtin.by_id(id).is_some());
    }

    /// Does each of these rules take its whole match for the secret?
    fn whole(&self, rules: &[String]) -> bool {
        !rules.is_empty() && rules.iter().all(|rule| self.whole.contains(rule))
    }

    /// What a rule of the file is called here: an imported rule, or built-in ones.
    fn named(&self, id: &str) -> Vec<String> {
        if let Some(own) = self.ids.get(id) {
            return vec![own.clone()];
        }
        rule::named(id, &self.builtin)
    }

    fn disable(&mut self, id: &str) {
        match self.named(id) {
            found if found.is_empty() => {
                let text = format!("`{id}` is switched off, and no rule here is called so: nothing to do");
                self.draft.note("[extend]", Grade::Changed, text);
            }
            found => self.draft.disable.extend(found),
        }
    }

    fn rule(&mut self, raw: &Raw, defaults: bool) {
        let about = format!("{}rule `{}`", raw.place, raw.id);
        unknown(&mut self.draft, &about, &raw.rest);
        if raw.id.is_empty() {
            match raw.regex.is_empty() {
                true => self.draft.note(&about, Grade::LeftOut, "it has no id"),
                false => self.draft.lose(&about, "it has no id"),
            }
            return;
        }
        let changes_default = raw.regex.is_empty() && raw.path.is_empty() && defaults;
        let rules = self.named(&raw.id);
        if changes_default && rules.is_empty() {
            let text = "it changes a rule of gitleaks that has no counterpart of this name here";
            self.draft.note(&about, Grade::LeftOut, text);
            return;
        }
        if changes_default {
            if raw.entropy != 0.0 || !raw.keywords.is_empty() {
                let text = "it changes entropy or keywords of a built-in rule: its own are kept";
                self.draft.note(&about, Grade::Changed, text);
            }
        } else if raw.regex.is_empty() {
            let text = match raw.path.is_empty() {
                true => "it has neither `regex` nor `path`",
                false => "it is about names of files alone: there is no secret in it to look at",
            };
            self.draft.note(&about, Grade::LeftOut, text);
            return;
        } else {
            let before = self.draft.rules.len();
            self.pattern(raw, &about);
            if self.draft.rules.len() == before {
                return;
            }
        }
        let reason = format!("allowlist of rule {} of the imported configuration", raw.id);
        for (index, list) in raw.allowlist.iter().chain(&raw.allowlists).enumerate() {
            let which = format!("{about}, allowlist {}", index + 1);
            let scope = Scope { rules: &rules, whole: self.whole(&rules) };
            allowlist::add(&mut self.draft, &which, list, scope, &reason);
        }
        self.filter(&format!("{about}, `filter`"), &raw.filter, &rules);
    }

    fn pattern(&mut self, raw: &Raw, about: &str) {
        let id = self.ids.get(&raw.id).cloned().unwrap_or_else(|| rule::slug(&raw.id));
        if id != raw.id && !self.draft.rules.iter().any(|rule| rule.id == id) {
            let why = if id.starts_with("imported-") {
                "a built-in rule has this id"
            } else {
                "ids are in kebab-case"
            };
            self.draft.note(about, Grade::Changed, format!("it is called `{id}` here: {why}"));
        }
        let path_regex = match allowlist::place(&raw.path) {
            Ok(path) => path,
            Err(reason) => {
                self.draft.lose(about, format!("`path`: {reason}"));
                return;
            }
        };
        if raw.skipreport {
            let text = "`skipReport`: it is switched off, so that other rules cannot require it";
            self.draft.note(about, Grade::Changed, text);
        }
        if !raw.validate.is_empty() {
            self.draft.note("", Grade::Changed, "`validate`: nothing is asked over a network here");
        }
        let pair = self.pair(raw, about);
        let entropy = (raw.entropy as f32).max(self.entropy_of(&raw.filter));
        let summary = raw.description.split_whitespace().collect::<Vec<_>>().join(" ");
        let parts = Parts {
            id: &id,
            summary: if summary.is_empty() { &raw.id } else { &summary },
            severity: severity(&raw.tags),
            pattern: go_syntax::translate(&raw.regex),
            group: raw.secretgroup,
            named: None,
            entropy,
            keywords: raw.keywords.iter().filter(|word| !word.is_empty()).cloned().collect(),
            path_regex,
            enabled: !raw.skipreport,
            pair,
            refs: Vec::new(),
        };
        if raw.secretgroup == 0 && pattern::groups(&parts.pattern.pattern).is_empty() {
            self.whole.insert(id.clone());
        }
        rule::add(&mut self.draft, about, parts);
    }

    fn pair(&mut self, raw: &Raw, about: &str) -> Option<FilePair> {
        let first = raw.required.first()?;
        if raw.required.len() > 1 {
            let text =
                format!("it requires {}: only the first is taken", counted(raw.required.len(), "rule"));
            self.draft.note(about, Grade::Changed, text);
        }
        let found = self.named(&first.id);
        let Some(rule) = found.first() else {
            let text =
                format!("it requires the rule `{}`, which is neither in the file nor built in", first.id);
            self.draft.note(about, Grade::Defect, text);
            return None;
        };
        if first.withincolumns.is_some() {
            self.draft.note(
                about,
                Grade::Changed,
                "`withinColumns`: distances are in bytes here, whatever the column",
            );
        }
        let within = match (first.withinlines, first.withincolumns) {
            (Some(lines), _) => (lines.saturating_add(1)).saturating_mul(LINE).min(FAR),
            (None, Some(columns)) => columns.clamp(1, FAR),
            (None, None) => NEAR,
        };
        let text = format!(
            "it requires `{}`: both become one finding where they stand within {within} bytes, and it is reported \
             without the other too",
            first.id
        );
        self.draft.note(about, Grade::Changed, text);
        Some(FilePair { rule: rule.clone(), within })
    }

    /// The entropy that a filter asks for by itself.
    fn entropy_of(&self, filter: &str) -> f32 {
        let alternatives = expression::alternatives(filter).unwrap_or_default();
        let alone = alternatives.iter().filter_map(|one| match one.as_slice() {
            [Condition::Entropy(least)] => Some(*least),
            _ => None,
        });
        alone.fold(0.0, f32::max)
    }

    /// Suppressions of a filter expression.
    fn filter(&mut self, about: &str, text: &str, rules: &[String]) {
        if text.trim().is_empty() {
            return;
        }
        self.draft.allow_read += 1;
        let alternatives = match expression::alternatives(text) {
            Ok(alternatives) => alternatives,
            Err(reason) => {
                self.draft.note(about, Grade::LeftOut, format!("not supported: {reason}"));
                return;
            }
        };
        for (index, alternative) in alternatives.iter().enumerate() {
            let which = format!("{about}, part {}", index + 1);
            match self.alternative(&which, alternative, rules) {
                Ok(Some(entry)) => self.draft.allow.push(entry),
                Ok(None) => {}
                Err(reason) => self.draft.note(&which, Grade::LeftOut, format!("not supported: {reason}")),
            }
        }
    }

    fn alternative(
        &mut self,
        about: &str,
        parts: &[Condition],
        rules: &[String],
    ) -> Result<Option<AllowDraft>, String> {
        let mut entry = AllowDraft {
            rules: rules.to_vec(),
            reason: "filter of the imported configuration".to_owned(),
            ..AllowDraft::default()
        };
        let mut judged = false;
        for part in parts {
            match part {
                Condition::Wordlike => {
                    let text =
                        "words instead of random letters: the engine's own test of randomness stands for it";
                    self.draft.note(about, Grade::Changed, text);
                    judged = true;
                }
                Condition::Entropy(_) if rules.is_empty() => {
                    return Err("an entropy for all rules".to_owned());
                }
                Condition::Entropy(_) => judged = true,
                Condition::Matches(subject, pattern) => {
                    let pattern = allowlist::one(&mut self.draft, about, pattern)?;
                    let slot = match subject {
                        Subject::Path => &mut entry.path_regex,
                        Subject::Match if !self.whole(rules) => {
                            return Err(allowlist::ON_THE_MATCH.to_owned());
                        }
                        Subject::Secret | Subject::Match => &mut entry.value,
                        Subject::Line => &mut entry.line,
                    };
                    if slot.replace(pattern).is_some() {
                        return Err("two conditions on the same text".to_owned());
                    }
                }
            }
        }
        let compared = entry.path_regex.is_some() || entry.value.is_some() || entry.line.is_some();
        match (judged, compared) {
            // The rule's own entropy, or the engine's own test.
            (true, false) if parts.len() == 1 || parts.contains(&Condition::Wordlike) => Ok(None),
            (true, _) => Err("entropy together with other conditions".to_owned()),
            (false, _) => Ok(Some(entry)),
        }
    }
}

/// Some people write severities into tags.
fn severity(tags: &[String]) -> Severity {
    let named = |severity: Severity| tags.iter().any(|tag| tag.eq_ignore_ascii_case(severity.name()));
    let all = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
    all.into_iter().find(|severity| named(*severity)).unwrap_or(Severity::High)
}
