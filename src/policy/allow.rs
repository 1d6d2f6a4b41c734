//! `[[allow]]` entries: which of them, if any, allows a finding. Ten thousand entries are no slower to ask
//! than ten: each stands in one index, by the part that tells most.

use super::entry::AllowEntry;
use super::paths::Paths;
use super::patterns::Patterns;
use crate::secret::Secret;
use sha1::{Digest, Sha1};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Digits of a fingerprint that an entry must give at least.
const SHORT: usize = 12;

/// The entries of one file.
#[derive(Default)]
pub struct Allow {
    entries: Vec<AllowEntry>,
    /// Where paths in them start: the directory of the file, absolute.
    root: PathBuf,
    today: String,
    by_fingerprint: HashMap<String, Vec<u32>>,
    by_rule: HashMap<String, Vec<u32>>,
    by_sha1: HashMap<String, Vec<u32>>,
    paths: Paths,
    path_patterns: Patterns,
    values: Patterns,
    lines: Patterns,
    used: Vec<AtomicBool>,
}

/// A place of a finding, as entries see it.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The ids that it goes by: of the rule that reports it here, and of the one that names it everywhere.
    pub rules: &'a [&'a str],
    /// Its path: absolute, or relative to the directory of the entries' file; none where there is none.
    pub path: Option<&'a Path>,
    /// Its identity.
    pub fingerprint: &'a str,
    /// The secret.
    pub secret: &'a Secret,
    /// The entries whose `line` matched the line: what [`Allow::lines`] gave.
    pub lines: &'a [u32],
}

impl Allow {
    /// Entries whose paths are relative to `root` (absolute); `today` is `YYYY-MM-DD`: entries that have
    /// expired before it allow nothing.
    ///
    /// # Errors
    /// An entry that cannot be used: its number, from 0, and what is wrong with it.
    pub fn new(entries: Vec<AllowEntry>, root: &Path, today: &str) -> Result<Allow, (usize, String)> {
        let used = entries.iter().map(|_| AtomicBool::new(false)).collect();
        let mut allow = Allow { root: root.to_owned(), today: today.to_owned(), used, ..Allow::default() };
        for (index, entry) in entries.iter().enumerate() {
            // Values were checked when they were read; what is left is what they are together.
            entry.says_enough().map_err(|reason| (index, reason))?;
            allow.index(entry, index as u32);
        }
        allow.entries = entries;
        Ok(allow)
    }

    fn index(&mut self, entry: &AllowEntry, number: u32) {
        if entry.expired(&self.today) {
            return;
        }
        if let Some(value) = &entry.value {
            self.values.add(value, number);
        }
        if let Some(line) = &entry.line {
            self.lines.add(line, number);
        }
        if let Some(path) = &entry.path {
            self.paths.add(path, number);
        }
        if let Some(path) = &entry.path_regex {
            self.path_patterns.add(path, number);
        }
        for digest in &entry.sha1 {
            self.by_sha1.entry(digest.clone()).or_default().push(number);
        }
        let patterns = [&entry.path, &entry.path_regex, &entry.value, &entry.line];
        if let Some(fingerprint) = &entry.fingerprint {
            let short = fingerprint.get(..SHORT).unwrap_or(fingerprint);
            self.by_fingerprint.entry(short.to_owned()).or_default().push(number);
        } else if entry.sha1.is_empty() && patterns.iter().all(|part| part.is_none()) {
            for rule in &entry.rule {
                self.by_rule.entry(rule.clone()).or_default().push(number);
            }
        }
    }

    /// All entries, expired ones too, in the order of the file.
    pub fn entries(&self) -> &[AllowEntry] {
        &self.entries
    }

    /// Where paths in the entries start.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Has an entry a `line`? Only then need lines be kept.
    pub fn asks_for_lines(&self) -> bool {
        !self.lines.is_empty()
    }

    /// The entries whose `line` matches this line, ascending.
    pub fn lines(&self, line: &[u8]) -> Vec<u32> {
        let mut found = Vec::new();
        self.lines.matches(line, &mut found);
        found.sort_unstable();
        found
    }

    /// The first entry, in the order of the file, that allows this: its number. It counts as used.
    pub fn find(&self, asked: &Asked<'_>) -> Option<usize> {
        if self.entries.is_empty() {
            return None;
        }
        let (mut paths, mut path_patterns) = (Vec::new(), Vec::new());
        if let Some(path) = asked.path.and_then(|path| self.inside(path)) {
            self.paths.matches(&path, &mut paths);
            paths.sort_unstable();
            self.path_patterns.matches(path.as_bytes(), &mut path_patterns);
            path_patterns.sort_unstable();
        }
        let mut digests = Vec::new();
        if !self.by_sha1.is_empty() {
            let held = sha1_of(asked.secret.reveal());
            digests.extend(held.iter().filter_map(|digest| self.by_sha1.get(digest)).flatten().copied());
            digests.sort_unstable();
        }
        let mut values = Vec::new();
        self.values.matches(asked.secret.reveal(), &mut values);
        values.sort_unstable();
        let short = asked.fingerprint.get(..SHORT).unwrap_or_default();
        let by_rule = asked.rules.iter().filter_map(|rule| self.by_rule.get(*rule));
        let indexed = self.by_fingerprint.get(short).into_iter().chain(by_rule);
        let mut candidates: Vec<u32> = indexed.flatten().copied().collect();
        candidates
            .extend(paths.iter().chain(&path_patterns).chain(&values).chain(&digests).chain(asked.lines));
        candidates.sort_unstable();
        let holds = |number: &u32| {
            let entry = &self.entries[*number as usize];
            let among =
                |part: &Option<String>, found: &[u32]| part.is_none() || found.binary_search(number).is_ok();
            (entry.rule.is_empty() || entry.rule.iter().any(|rule| asked.rules.contains(&rule.as_str())))
                && entry
                    .fingerprint
                    .as_ref()
                    .is_none_or(|start| asked.fingerprint.starts_with(start.as_str()))
                && among(&entry.path, &paths)
                && among(&entry.path_regex, &path_patterns)
                && (entry.sha1.is_empty() || digests.binary_search(number).is_ok())
                && among(&entry.value, &values)
                && among(&entry.line, asked.lines)
        };
        let found = candidates.into_iter().find(holds)? as usize;
        self.used[found].store(true, Ordering::Relaxed);
        Some(found)
    }

    /// A path as the patterns see it; none for one outside of the root.
    fn inside(&self, path: &Path) -> Option<String> {
        let path = match path.is_absolute() {
            true => path.strip_prefix(&self.root).ok()?,
            false => path,
        };
        Some(crate::origin::slashed(path))
    }

    /// The numbers of the entries that have expired.
    pub fn expired(&self) -> Vec<usize> {
        (0..self.entries.len()).filter(|&index| self.entries[index].expired(&self.today)).collect()
    }

    /// The numbers of the entries that hold and have allowed nothing so far.
    pub fn unused(&self) -> Vec<usize> {
        let idle = |&index: &usize| {
            !self.used[index].load(Ordering::Relaxed) && !self.entries[index].expired(&self.today)
        };
        (0..self.entries.len()).filter(idle).collect()
    }
}

/// The digests by which detect-secrets may know a secret, in hexadecimal: that of the secret, and for a
/// private key that of the words of its first line, which is all that detect-secrets looks at.
fn sha1_of(secret: &[u8]) -> Vec<String> {
    let hex = |bytes: &[u8]| Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut digests = vec![hex(secret)];
    if let Some(rest) = secret.strip_prefix(b"-----") {
        let end = memchr::memmem::find(rest, b"-----").unwrap_or(0);
        digests.push(hex(&rest[..end]));
    }
    digests
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    fn entry(keys: &str) -> AllowEntry {
        toml::from_str(&format!("{keys}\nreason = 'test'")).unwrap()
    }

    fn asked<'a>(
        rules: &'a [&'a str],
        path: Option<&'a str>,
        secret: &'a Secret,
        lines: &'a [u32],
    ) -> Asked<'a> {
        Asked { rules, path: path.map(Path::new), fingerprint: ID, secret, lines }
    }

    fn allow(entries: &[&str]) -> Allow {
        let entries = entries.iter().map(|keys| entry(keys)).collect();
        Allow::new(entries, Path::new("/repo"), "2026-01-01").unwrap()
    }

    #[test]
    fn entries_must_hold_in_every_part() {
        let secret = Secret::new(b"value-one");
        let allow = allow(&["rule = 'x'\npath = 'tests/**'"]);
        assert_eq!(allow.unused(), [0]);
        assert_eq!(allow.find(&asked(&["x"], Some("tests/a.py"), &secret, &[])), Some(0));
        assert_eq!(allow.find(&asked(&["x"], Some("/repo/tests/a.py"), &secret, &[])), Some(0));
        assert_eq!(allow.find(&asked(&["y"], Some("tests/a.py"), &secret, &[])), None);
        assert_eq!(allow.find(&asked(&["x"], Some("src/a.py"), &secret, &[])), None);
        assert_eq!(allow.find(&asked(&["x"], Some("/other/tests/a.py"), &secret, &[])), None);
        assert_eq!(allow.find(&asked(&["x"], None, &secret, &[])), None);
        assert!(allow.unused().is_empty());
    }

    #[test]
    fn each_part_alone_is_enough() {
        let secret = Secret::new(b"value-one");
        let allow = allow(&[
            "fingerprint = '0123456789abcde0'",
            "fingerprint = '0123456789abcdef'\nrule = 'z'",
            "value = 'other'",
            "value = '^value-'\npath = 'v'",
            "line = 'n'\nrule = ['l', 'm']",
            "rule = ['r', 's']",
        ]);
        assert_eq!(allow.find(&asked(&["z"], None, &secret, &[])), Some(1));
        assert_eq!(allow.find(&asked(&["y"], Some("a/v"), &secret, &[])), Some(3));
        assert_eq!(allow.find(&asked(&["y"], Some("a/w"), &secret, &[])), None);
        let lines = allow.lines(b"a line");
        assert_eq!(lines, [4]);
        assert_eq!(allow.find(&asked(&["m"], None, &secret, &lines)), Some(4));
        assert_eq!(allow.find(&asked(&["y"], None, &secret, &lines)), None);
        assert_eq!(allow.find(&asked(&["s"], None, &secret, &[])), Some(5));
        assert_eq!(allow.unused(), [0, 2]);
    }

    #[test]
    fn entries_that_say_nothing_are_refused_and_old_ones_expire() {
        assert!(Allow::new(vec![entry("")], Path::new("/"), "2026-01-01").is_err());
        let secret = Secret::new(b"v");
        let allow = allow(&["rule = 'x'\nexpires = '2025-12-31'", "rule = 'y'\nexpires = '2026-01-01'"]);
        assert_eq!(allow.find(&asked(&["x"], None, &secret, &[])), None);
        assert_eq!(allow.find(&asked(&["y"], None, &secret, &[])), Some(1));
        assert_eq!((allow.expired(), allow.unused()), (vec![0], vec![]));
    }
}
