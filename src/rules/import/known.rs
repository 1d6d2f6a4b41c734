//! What another scanner has already told, and people have accepted: ignore files and baselines.

use super::ImportError;
use super::draft::{AllowDraft, Draft, Grade};
use crate::secret::Secret;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A place that is to be ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The commit, in hexadecimal digits; none for any.
    pub commit: Option<String>,
    /// The path, with forward slashes.
    pub file: String,
    /// The other scanner's rule.
    pub rule: String,
    /// The line on which the secret begins, from 1.
    pub line: u64,
    /// The secret, where the file holds it in clear.
    pub secret: Option<Secret>,
}

/// The entries of a `.gitleaksignore`: `file:rule:line` or `commit:file:rule:line`.
///
/// Entries that are neither are noted, with their line.
pub fn ignore_file(text: &str, path: &Path, draft: &mut Draft) -> Vec<Known> {
    let mut out = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        draft.allow_read += 1;
        match entry(line) {
            Some(known) => out.push(known),
            None => {
                let about = format!("{}, line {}", path.display(), index + 1);
                draft.note(
                    &about,
                    Grade::LeftOut,
                    "it is neither `file:rule:line` nor `commit:file:rule:line`",
                );
            }
        }
    }
    out
}

/// One entry. gitleaks cannot read paths with a colon; here the rule and the line are taken from the end.
pub fn entry(line: &str) -> Option<Known> {
    let line = line.replace('\\', "/");
    let (rest, number) = line.rsplit_once(':')?;
    let (rest, rule) = rest.rsplit_once(':')?;
    let number = number.parse().ok()?;
    let digits =
        |text: &str| text.len() >= 7 && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (commit, file) = match rest.split_once(':') {
        Some((commit, file)) if digits(commit) => (Some(commit.to_lowercase()), file),
        _ => (None, rest),
    };
    let file = file.strip_prefix("./").unwrap_or(file).to_owned();
    (!rule.is_empty()).then(|| Known { commit, file, rule: rule.to_owned(), line: number, secret: None })
}

/// The entries of a gitleaks report that serves as a baseline: secrets in clear or redacted.
///
/// # Errors
/// Text that is no such report.
pub fn baseline(text: &str, path: &Path, draft: &mut Draft) -> Result<Vec<Known>, ImportError> {
    let wrong = |reason: String| ImportError {
        file: path.display().to_string(),
        reason,
        remedy: "give a report that gitleaks wrote with `--report-format json`".to_owned(),
    };
    let value: Value = serde_json::from_str(text)
        .map_err(|error| wrong(format!("line {}, column {}: it is no JSON", error.line(), error.column())))?;
    let items = value.as_array().ok_or_else(|| wrong("it is no JSON array".to_owned()))?;
    let mut out = Vec::new();
    for (index, item) in items.iter().enumerate() {
        draft.allow_read += 1;
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let (rule, file) = (text("RuleID"), text("File"));
        let line = item.get("StartLine").and_then(Value::as_u64).unwrap_or(0);
        if rule.is_empty() {
            let about = format!("{}, element {}", path.display(), index + 1);
            draft.note(&about, Grade::LeftOut, "it has no `RuleID`: this is no finding of gitleaks");
            continue;
        }
        let secret = text("Secret");
        let redacted = secret.is_empty() || secret == "REDACTED" || secret.ends_with("...");
        out.push(Known {
            commit: Some(text("Commit").to_lowercase()).filter(|commit| !commit.is_empty()),
            file: file.replace('\\', "/"),
            rule: rule.to_owned(),
            line,
            secret: (!redacted).then(|| Secret::new(secret.as_bytes())),
        });
    }
    Ok(out)
}

/// A baseline of detect-secrets: it holds the SHA-1 of each secret, so that its entries hold for the same
/// secret in the same file, on whatever line.
///
/// # Errors
/// Text that is no such baseline.
pub fn detect_secrets(text: &str, path: &Path) -> Result<Draft, ImportError> {
    let wrong = |reason: String| ImportError {
        file: path.display().to_string(),
        reason,
        remedy: "give a baseline that `detect-secrets scan` wrote".to_owned(),
    };
    let value: Value = serde_json::from_str(text)
        .map_err(|error| wrong(format!("line {}, column {}: it is no JSON", error.line(), error.column())))?;
    let results = value
        .get("results")
        .and_then(Value::as_object)
        .ok_or_else(|| wrong("it has no `results`".to_owned()))?;
    let mut draft = Draft::default();
    let mut real = 0;
    for (file, found) in results {
        // By whether people said that they are real.
        let mut digests: BTreeMap<bool, Vec<String>> = BTreeMap::new();
        for item in found.as_array().into_iter().flatten() {
            draft.allow_read += 1;
            let digest = item.get("hashed_secret").and_then(Value::as_str).unwrap_or_default().to_lowercase();
            if digest.len() != 40 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                draft.note(file, Grade::LeftOut, "an entry whose `hashed_secret` is no SHA-1");
                continue;
            }
            let told = item.get("is_secret").and_then(Value::as_bool) == Some(true);
            real += usize::from(told);
            let digests = digests.entry(told).or_default();
            if !digests.contains(&digest) {
                digests.push(digest);
            }
        }
        for (told, mut digests) in digests {
            digests.sort();
            let reason = match told {
                true => "in the detect-secrets baseline, where an audit says that it is real: rotate it",
                false => "in the detect-secrets baseline",
            };
            draft.allow.push(AllowDraft {
                path: Some(glob_of(file)),
                sha1: digests,
                reason: reason.to_owned(),
                ..AllowDraft::default()
            });
        }
    }
    // The digests in the baseline look like secrets.
    if path.is_relative() && !draft.allow.is_empty() && path != Path::new("-") {
        draft.allow.push(AllowDraft {
            path: Some(glob_of(&path.to_string_lossy())),
            line: Some("\"hashed_secret\":\\s*\"[0-9a-f]{40}\"".to_owned()),
            reason: "digests of detect-secrets, no secrets".to_owned(),
            ..AllowDraft::default()
        });
    }
    if real > 0 {
        let text = format!(
            "an audit of detect-secrets found {} real: allowed here, as there; rotate them",
            super::allowlist::counted(real, "secret")
        );
        draft.note("", Grade::Changed, text);
    }
    Ok(draft)
}

/// A `.gitignore` pattern for exactly this path.
pub fn glob_of(path: &str) -> String {
    let mut out = String::from("/");
    let path = path.replace('\\', "/");
    for character in path.trim_start_matches("./").trim_start_matches('/').chars() {
        if "*?[]{}!#".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_an_ignore_file() {
        let known = |commit: Option<&str>, file: &str, line| Known {
            commit: commit.map(str::to_owned),
            file: file.to_owned(),
            rule: "rule".to_owned(),
            line,
            secret: None,
        };
        assert_eq!(entry("a/b.py:rule:3"), Some(known(None, "a/b.py", 3)));
        assert_eq!(entry("0123ABCDEF:a\\b.py:rule:3"), Some(known(Some("0123abcdef"), "a/b.py", 3)));
        assert_eq!(entry("c:d.py:rule:9"), Some(known(None, "c:d.py", 9)));
        for wrong in ["a", "a:b", "a:rule:x", "a::3"] {
            assert_eq!(entry(wrong), None, "{wrong}");
        }
        let mut draft = Draft::default();
        let all = ignore_file("# x\n\na:rule:1\n nothing \n", Path::new("i"), &mut draft);
        assert_eq!((all.len(), draft.notes.len(), draft.allow_read), (1, 1, 2));
        assert!(draft.notes[0].to_string().starts_with("left out: i, line 4: "));
    }

    #[test]
    fn paths_stand_for_themselves() {
        assert_eq!(glob_of("./a b/[x]*.py"), r"/a b/\[x\]\*.py");
    }
}
