//! Suppressions that say why: a comment on the line of a finding or on the line before it, and
//! `[[allow]]` entries in `sekisho.toml`.

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde::Deserialize;
use std::path::Path;

/// The comment's own word.
const PRAGMA: &[u8] = b"sekisho:allow";
/// Comments of other scanners that mean the same on their line.
const FOREIGN: [&[u8]; 5] = [
    b"gitleaks:allow",
    b"betterleaks:allow",
    b"trufflehog:ignore",
    b"pragma: allowlist secret",
    b"kingfisher:ignore",
];
/// The same for the line behind the comment.
const FOREIGN_NEXT: &[u8] = b"pragma: allowlist nextline secret";

/// An `[[allow]]` table: everything that is given must hold.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowEntry {
    /// Only this rule.
    pub rule: Option<String>,
    /// Only below paths that this `.gitignore`-style pattern names.
    pub path: Option<String>,
    /// Only this secret.
    pub fingerprint: Option<String>,
    /// Why: required.
    pub reason: String,
    /// Last day on which the entry holds, `YYYY-MM-DD`.
    pub expires: Option<String>,
}

/// All suppressions of a run.
#[derive(Default)]
pub struct Allow {
    entries: Vec<(AllowEntry, Option<Gitignore>)>,
}

impl Allow {
    /// Suppressions from `[[allow]]` entries; paths in them are relative to `root`. `today` is
    /// `YYYY-MM-DD`: entries that have expired before it are left out.
    ///
    /// # Errors
    /// An entry that holds nothing to compare, an empty reason, a bad path pattern or date: in words.
    pub fn new(entries: Vec<AllowEntry>, root: &Path, today: &str) -> Result<Allow, String> {
        let mut kept = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let number = index + 1;
            if entry.reason.trim().is_empty() {
                return Err(format!("[[allow]] entry {number} gives no reason"));
            }
            if entry.rule.is_none() && entry.path.is_none() && entry.fingerprint.is_none() {
                return Err(format!(
                    "[[allow]] entry {number} names neither rule nor path nor fingerprint, so it would allow everything"
                ));
            }
            if let Some(expires) = &entry.expires {
                if !is_date(expires) {
                    return Err(format!(
                        "[[allow]] entry {number}: `expires` is not a day such as 2027-01-31"
                    ));
                }
                if expires.as_str() < today {
                    continue;
                }
            }
            let globs = match &entry.path {
                None => None,
                Some(path) => Some(
                    GitignoreBuilder::new(root)
                        .add_line(None, path)
                        .and_then(|builder| builder.build())
                        .map_err(|error| format!("[[allow]] entry {number}: path: {error}"))?,
                ),
            };
            kept.push((entry, globs));
        }
        Ok(Allow { entries: kept })
    }

    /// Does an entry allow this finding? The entry's reason is returned. An absolute path is compared
    /// with entries as seen from their file's directory, a relative one as it stands.
    pub fn entry_for(&self, rule: &str, path: Option<&Path>, fingerprint: &str) -> Option<&str> {
        let allows = |(entry, globs): &&(AllowEntry, Option<Gitignore>)| {
            entry.rule.as_deref().is_none_or(|wanted| wanted == rule)
                && entry
                    .fingerprint
                    .as_deref()
                    .is_none_or(|wanted| fingerprint.starts_with(wanted) && wanted.len() >= 12)
                && globs.as_ref().is_none_or(|globs| {
                    path.is_some_and(|path| {
                        let inside = match path.is_absolute() {
                            true => path.strip_prefix(globs.path()).ok(),
                            false => Some(path),
                        };
                        inside.is_some_and(|path| globs.matched_path_or_any_parents(path, false).is_ignore())
                    })
                })
        };
        self.entries.iter().find(allows).map(|(entry, _)| entry.reason.as_str())
    }
}

/// Does a comment on the line of a finding (or on the line before it) allow rule `rule`? The comment
/// is `sekisho:allow`, then rule ids apart by commas (or `all`), then why. `line` is the line itself,
/// `previous` the one before it.
pub fn comment_allows(line: &[u8], previous: &[u8], rule: &str) -> bool {
    own_comment(line, rule)
        || (own_comment(previous, rule) && is_only_comment(previous))
        || FOREIGN.iter().any(|word| memchr::memmem::find(line, word).is_some())
        || memchr::memmem::find(previous, FOREIGN_NEXT).is_some()
}

fn own_comment(line: &[u8], rule: &str) -> bool {
    let Some(at) = memchr::memmem::find(line, PRAGMA) else { return false };
    let rest = String::from_utf8_lossy(&line[at + PRAGMA.len()..]);
    let ids = rest.split_whitespace().next().unwrap_or("");
    ids.split(',').any(|id| id == rule || id == "all")
}

/// A comment alone on its line speaks for the next line; one behind code speaks for its own.
fn is_only_comment(line: &[u8]) -> bool {
    let start = line.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
    let openers: [&[u8]; 10] = [b"#", b"//", b"/*", b"*", b"--", b"<!--", b";", b"%", b"'", b"\""];
    openers.iter().any(|opener| line[start..].starts_with(opener))
}

fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(rule: Option<&str>, path: Option<&str>) -> AllowEntry {
        let own = |text: Option<&str>| text.map(str::to_owned);
        AllowEntry {
            rule: own(rule),
            path: own(path),
            fingerprint: None,
            reason: "test".into(),
            expires: None,
        }
    }

    #[test]
    fn comments_name_their_rule() {
        let allows =
            |line: &str, previous: &str| comment_allows(line.as_bytes(), previous.as_bytes(), "x-key");
        assert!(allows("k = 1 # sekisho:allow x-key made up", ""));
        assert!(allows("k = 1 # sekisho:allow y-key,x-key made up", ""));
        assert!(!allows("k = 1 # sekisho:allow y-key made up", ""));
        assert!(allows("k = 1", "  // sekisho:allow x-key made up"));
        assert!(!allows("k = 1", "j = 2 // sekisho:allow x-key made up"));
        assert!(allows("k = 1 # gitleaks:allow", ""));
        assert!(allows("k = 1", "# pragma: allowlist nextline secret"));
        assert!(!allows("k = 1 # sekisho:allow", ""));
    }

    #[test]
    fn entries_must_hold_in_every_part() {
        let root = Path::new("/repo");
        let allow = Allow::new(vec![entry(Some("x"), Some("tests/**"))], root, "2026-01-01").unwrap();
        assert_eq!(allow.entry_for("x", Some(Path::new("tests/a.py")), "f"), Some("test"));
        assert_eq!(allow.entry_for("x", Some(Path::new("/repo/tests/a.py")), "f"), Some("test"));
        assert_eq!(allow.entry_for("y", Some(Path::new("tests/a.py")), "f"), None);
        assert_eq!(allow.entry_for("x", Some(Path::new("src/a.py")), "f"), None);
        assert_eq!(allow.entry_for("x", None, "f"), None);
    }

    #[test]
    fn entries_that_say_nothing_are_refused_and_old_ones_expire() {
        let root = Path::new("/");
        assert!(Allow::new(vec![entry(None, None)], root, "2026-01-01").is_err());
        let mut old = entry(Some("x"), None);
        old.expires = Some("2025-12-31".into());
        let allow = Allow::new(vec![old.clone()], root, "2026-01-01").unwrap();
        assert_eq!(allow.entry_for("x", None, "f"), None);
        old.expires = Some("soon".into());
        assert!(Allow::new(vec![old], root, "2026-01-01").is_err());
    }
}
