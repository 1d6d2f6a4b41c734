//! Allowlists of gitleaks and betterleaks as `[[allow]]` entries.

use super::draft::{AllowDraft, Draft, Grade};
use super::go_syntax;
use super::pattern::{self, half_anchored};
use serde::Deserialize;

/// Longest pattern that an `[[allow]]` entry takes, in bytes.
const LONGEST: usize = 4000;

/// An allowlist as the file has it, keys in lower case.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct List {
    pub description: String,
    pub condition: String,
    pub commits: Vec<String>,
    pub paths: Vec<String>,
    pub regextarget: String,
    pub regexes: Vec<String>,
    pub stopwords: Vec<String>,
    pub targetrules: Vec<String>,
}

/// What a suppression is for.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// Ids of rules; none for all.
    pub rules: &'a [String],
    /// Each of these rules takes its whole match for the secret.
    pub whole: bool,
}

/// Why a condition on the match is left out.
pub const ON_THE_MATCH: &str = "the match is more than the secret, and only the line is known beside it: that would allow more than was meant";

/// Add the entries of a list to a draft. `about` names the list.
pub fn add(draft: &mut Draft, about: &str, list: &List, scope: Scope<'_>, reason: &str) {
    draft.allow_read += 1;
    let reason = match list.description.trim() {
        "" => reason.to_owned(),
        described => described.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    let all = match list.condition.to_uppercase().as_str() {
        "" | "OR" | "||" => false,
        "AND" | "&&" => true,
        _ => {
            draft.note(about, Grade::LeftOut, "its `condition` is neither AND nor OR");
            return;
        }
    };
    let paths = checked(draft, about, "paths", &list.paths);
    let mut regexes = checked(draft, about, "regexes", &list.regexes);
    let stopwords = stopwords(draft, about, &list.stopwords);
    // A part that is gone makes the rest of an AND hold for more than was meant.
    let lost =
        (!list.paths.is_empty() && paths.is_empty()) || (!list.regexes.is_empty() && regexes.is_empty());
    if all && lost {
        draft.note(
            about,
            Grade::LeftOut,
            "all of its parts must hold together, and one of them cannot be had",
        );
        return;
    }
    if !list.commits.is_empty() {
        let text = format!(
            "{} that it allows as a whole: an entry here is about secrets. Audit, and allow what is known by its id",
            counted(list.commits.len(), "commit")
        );
        draft.note(about, Grade::LeftOut, text);
        if all {
            return;
        }
    }
    let target = match list.regextarget.to_lowercase().as_str() {
        "line" => Target::Line,
        "match" if !scope.whole && !regexes.is_empty() => {
            draft.note(about, Grade::LeftOut, format!("its patterns on the match: {ON_THE_MATCH}"));
            if all {
                return;
            }
            regexes.clear();
            Target::Value
        }
        _ => Target::Value,
    };
    let base = AllowDraft { rules: scope.rules.to_vec(), reason, ..AllowDraft::default() };
    match all {
        true => together(draft, about, base, target, [&paths, &regexes, &stopwords]),
        false => apart(draft, &base, target, [&paths, &regexes, &stopwords]),
    }
}

#[derive(Clone, Copy)]
enum Target {
    Value,
    Line,
}

fn put(entry: &mut AllowDraft, target: Target, pattern: String) {
    match target {
        Target::Value => entry.value = Some(pattern),
        Target::Line => entry.line = Some(pattern),
    }
}

/// An entry for each kind of condition: any of them will do.
fn apart(draft: &mut Draft, base: &AllowDraft, target: Target, parts: [&Vec<String>; 3]) {
    let [paths, regexes, stopwords] = parts;
    for pattern in joined(paths) {
        draft.allow.push(AllowDraft { path_regex: Some(pattern), ..base.clone() });
    }
    for pattern in joined(regexes) {
        let mut entry = base.clone();
        put(&mut entry, target, pattern);
        draft.allow.push(entry);
    }
    for pattern in joined(stopwords) {
        draft.allow.push(AllowDraft { value: Some(pattern), ..base.clone() });
    }
}

/// One entry: all of the conditions must hold.
fn together(draft: &mut Draft, about: &str, base: AllowDraft, target: Target, parts: [&Vec<String>; 3]) {
    let one = |parts: &[String]| match joined(parts).as_slice() {
        [] => Some(None),
        [one] => Some(Some(one.clone())),
        _ => None,
    };
    let (Some(paths), Some(regexes), Some(stopwords)) = (one(parts[0]), one(parts[1]), one(parts[2])) else {
        draft.note(
            about,
            Grade::LeftOut,
            "all of its parts must hold together, and they are too long for one entry",
        );
        return;
    };
    let mut entry = AllowDraft { path_regex: paths, ..base };
    if let Some(pattern) = regexes {
        put(&mut entry, target, pattern);
    }
    match (stopwords, &entry.value) {
        (Some(_), Some(_)) => {
            draft.note(about, Grade::LeftOut, "it asks for a pattern and a stopword in the same secret");
            return;
        }
        (Some(words), None) => entry.value = Some(words),
        (None, _) => {}
    }
    if entry.path_regex.is_some() || entry.value.is_some() || entry.line.is_some() {
        draft.allow.push(entry);
    }
}

/// Patterns as one alternation, or as several where that would be too long.
fn joined(patterns: &[String]) -> Vec<String> {
    if let [one] = patterns {
        return vec![one.clone()];
    }
    let mut out: Vec<String> = Vec::new();
    for pattern in patterns {
        let pattern = format!("(?:{pattern})");
        match out.last_mut() {
            Some(last) if last.len() + pattern.len() < LONGEST => {
                last.push('|');
                last.push_str(&pattern);
            }
            _ => out.push(pattern),
        }
    }
    out
}

/// The patterns that can be used, in our spelling; a note for each of the others and for each that has a fault.
fn checked(draft: &mut Draft, about: &str, key: &str, patterns: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    for (index, text) in patterns.iter().enumerate() {
        let which = format!("{about}, {key} {}", index + 1);
        match one(draft, &which, text) {
            Ok(pattern) => out.push(pattern),
            Err(reason) => draft.note(&which, Grade::LeftOut, reason),
        }
    }
    out
}

/// A pattern of an allowlist in our spelling.
///
/// # Errors
/// Why it cannot be used.
pub fn one(draft: &mut Draft, about: &str, text: &str) -> Result<String, String> {
    let translated = go_syntax::translate(text);
    let hir = pattern::parse(&translated).map_err(|trouble| trouble.to_string())?;
    if pattern::matches_nothing(&hir) {
        draft.note(about, Grade::Defect, "the pattern can match no text at all");
        return Err("it allows nothing".to_owned());
    }
    if pattern::matches_all(&hir) {
        draft.note(about, Grade::Defect, "the pattern matches every text");
        return Err("it would allow everything".to_owned());
    }
    if translated.pattern.len() > LONGEST {
        return Err(format!("the pattern has more than {LONGEST} bytes"));
    }
    match half_anchored(&translated.pattern) {
        Some(meant) => {
            draft.note(
                about,
                Grade::Defect,
                "`^a|b|c$` means: begins with a, or holds b anywhere, or ends with c. It would hide secrets that merely \
                 hold one of the words, and is read as `^(?:a|b|c)$` here",
            );
            Ok(meant)
        }
        None => Ok(translated.pattern),
    }
}

/// The pattern of a rule's `path` in our spelling: it says where the rule looks, so that a fault in it must
/// not make it look at less. None where every path matches.
///
/// # Errors
/// Why it cannot be used.
pub fn place(text: &str) -> Result<Option<String>, String> {
    let translated = go_syntax::translate(text);
    let hir = pattern::parse(&translated).map_err(|trouble| trouble.to_string())?;
    if pattern::matches_all(&hir) {
        return Ok(None);
    }
    match translated.pattern.len() > LONGEST {
        true => Err(format!("the pattern has more than {LONGEST} bytes")),
        false => Ok(Some(translated.pattern)),
    }
}

fn stopwords(draft: &mut Draft, about: &str, words: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    let mut short = 0;
    for word in words {
        if word.is_empty() {
            draft.note(about, Grade::LeftOut, "an empty stopword would allow everything");
            continue;
        }
        short += usize::from(word.chars().count() <= 2);
        out.push(regex_syntax::escape(&word.to_lowercase()));
    }
    if short > 0 {
        let text = format!(
            "{} of at most two letters: random secrets hold such letters by chance and are hidden then",
            counted(short, "stopword")
        );
        draft.note(about, Grade::Defect, text);
    }
    // One pattern for many words, in any case of their letters.
    let mut groups: Vec<String> = Vec::new();
    for word in out {
        match groups.last_mut() {
            Some(last) if last.len() + word.len() < LONGEST => {
                last.push('|');
                last.push_str(&word);
            }
            _ => groups.push(word),
        }
    }
    groups.into_iter().map(|words| format!("(?i)(?:{words})")).collect()
}

/// `1 commit`, `3 commits`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
