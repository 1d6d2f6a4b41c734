//! `sekisho.baseline`: findings that were there when the gate was put up. One line an entry, sorted, without
//! times, line numbers or secrets, so that it only changes where findings come and go, and git merges it.
//!
//! ```text
//! # sekisho baseline 1 salt=3f2a9c0112345678 scope=tree
//! 0123456789abcdef0123456789abcdef acme-token src/app.py
//! ```
//! An entry is a fingerprint, the rule's id, and a path as a hint for people: the first one it was seen
//! at. Only the fingerprint is compared; an entry that stays keeps its line as it is, so that renames do
//! not touch the file.

use crate::error::Error;
use crate::finding::Finding;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// The name of the file, beside `sekisho.toml`.
pub const FILE_NAME: &str = "sekisho.baseline";
/// The beginning of the first line, with the version of the form.
const HEAD: &str = "# sekisho baseline ";
/// The version that is written, and read.
const VERSION: &str = "1";
/// Beginnings of the lines that git writes where two branches cannot be merged.
const CONFLICT: [&str; 3] = ["<<<<<<< ", ">>>>>>> ", "||||||| "];

/// What was looked at when the baseline was made: what no longer occurs can only be told by a run over
/// the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The files of a tree.
    #[default]
    Tree,
    /// The history of a repository as well.
    History,
}

impl Scope {
    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Tree => "tree",
            Scope::History => "history",
        }
    }
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The finding's identity: 32 hexadecimal digits.
    pub fingerprint: String,
    /// The id of the rule that found it.
    pub rule: String,
    /// Where it was first seen; empty where that was no path.
    pub path: String,
}

impl Entry {
    /// The entry of a finding.
    pub fn of(finding: &Finding) -> Entry {
        let path = finding.occurrences.iter().find_map(|occurrence| occurrence.origin.path());
        Entry {
            fingerprint: finding.fingerprint.clone(),
            rule: finding.rule.clone(),
            path: path.unwrap_or_default(),
        }
    }

    fn line(&self) -> String {
        // A path of strangers must not make lines.
        let path: String = self.path.chars().map(|one| if one.is_control() { '?' } else { one }).collect();
        format!("{} {} {path}", self.fingerprint, self.rule).trim_end().to_owned()
    }
}

/// A baseline that was read.
#[derive(Default)]
pub struct Baseline {
    /// What it was made from.
    pub scope: Scope,
    text: String,
    /// Fingerprint, and where its line starts and ends in the text; sorted, each fingerprint once.
    index: Vec<(u128, u32, u32)>,
    used: Vec<AtomicBool>,
}

/// How to take a file that git could not merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflicts {
    /// As an error: nobody has said yet what holds.
    Refuse,
    /// As the entries of both sides: the file is about to be written anew.
    TakeBoth,
}

impl Baseline {
    /// Read a file that was made with the salt whose check is `salt`.
    ///
    /// # Errors
    /// A file that cannot be read, is no baseline, was made with another salt or could not be merged.
    pub fn load(path: &Path, salt: &str, conflicts: Conflicts) -> Result<Baseline, Error> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::Config {
            file: path.to_owned(),
            reason: format!("the baseline cannot be read: {error}"),
            remedy: "check the path; `sekisho baseline create` makes one".to_owned(),
        })?;
        Baseline::parse(text, salt, conflicts).map_err(|(reason, remedy)| Error::Config {
            file: path.to_owned(),
            reason,
            remedy,
        })
    }

    fn parse(text: String, salt: &str, conflicts: Conflicts) -> Result<Baseline, (String, String)> {
        let fault = |reason: String, remedy: &str| Err((reason, remedy.to_owned()));
        let mut baseline = Baseline::default();
        let mut heads = 0;
        let mut at = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let (start, number) = (at, number + 1);
            at += line.len();
            let line = line.trim_end_matches(['\n', '\r']);
            if CONFLICT.iter().any(|mark| line.starts_with(mark)) || line == "=======" {
                if conflicts == Conflicts::Refuse {
                    return fault(
                        format!("line {number}: git could not merge this baseline"),
                        "run `sekisho baseline update`, which takes the entries of both sides and drops what is \
                         gone; `sekisho.baseline merge=union` in .gitattributes lets git do so by itself",
                    );
                }
            } else if let Some(head) = line.strip_prefix(HEAD) {
                baseline.head(head, salt, number)?;
                heads += 1;
            } else if heads == 0 && !line.is_empty() {
                return fault(
                    format!(
                        "line {number}: this is no baseline of sekisho: `{HEAD}{VERSION} …` should stand here"
                    ),
                    "`sekisho baseline create` makes one; `sekisho import` takes those of other tools",
                );
            } else if !line.is_empty() && !line.starts_with('#') {
                let Some(id) = id_of(line) else {
                    return fault(
                        format!("line {number}: this is no entry: 32 hexadecimal digits, a rule and a path"),
                        "take the line out, or make the file anew with `sekisho baseline update`",
                    );
                };
                baseline.index.push((id, start as u32, (start + line.len()) as u32));
            }
        }
        if heads == 0 {
            return fault(
                "the file is empty: it is no baseline".to_owned(),
                "`sekisho baseline create --force` makes one",
            );
        }
        baseline.index.sort_unstable();
        baseline.index.dedup_by_key(|entry| entry.0);
        baseline.used = baseline.index.iter().map(|_| AtomicBool::new(false)).collect();
        baseline.text = text;
        Ok(baseline)
    }

    fn head(&mut self, head: &str, salt: &str, number: usize) -> Result<(), (String, String)> {
        let mut words = head.split_whitespace();
        let version = words.next().unwrap_or_default();
        if version != VERSION {
            return Err((
                format!(
                    "line {number}: this baseline has the form {version:.20}, and this program knows {VERSION}"
                ),
                "use a newer sekisho".to_owned(),
            ));
        }
        for word in words {
            match word.split_once('=') {
                Some(("salt", made_with)) if made_with != salt => {
                    return Err((
                        format!(
                            "line {number}: this baseline was made with another salt ({made_with:.16}, not {salt}), so \
                             none of its entries can be recognised"
                        ),
                        "bring back the `salt` it was made with (sekisho.toml or SEKISHO_SALT), or make it anew with \
                         `sekisho baseline create --force`"
                            .to_owned(),
                    ));
                }
                Some(("scope", "history")) => self.scope = Scope::History,
                _ => {}
            }
        }
        Ok(())
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// True where there is no entry.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Is this finding known? Its entry counts as seen.
    pub fn knows(&self, fingerprint: &str) -> bool {
        let found =
            id_of(fingerprint).and_then(|id| self.index.binary_search_by_key(&id, |entry| entry.0).ok());
        match found {
            Some(place) => {
                self.used[place].store(true, Ordering::Relaxed);
                true
            }
            None => false,
        }
    }

    /// All entries, sorted.
    pub fn entries(&self) -> Vec<Entry> {
        (0..self.index.len()).map(|place| self.entry(place)).collect()
    }

    /// How many entries were not seen, and the first `most` of them.
    pub fn first_gone(&self, most: usize) -> (usize, Vec<Entry>) {
        let idle = || (0..self.index.len()).filter(|&place| !self.used[place].load(Ordering::Relaxed));
        (idle().count(), idle().take(most).map(|place| self.entry(place)).collect())
    }

    /// The entries that were not seen, sorted.
    pub fn gone(&self) -> Vec<Entry> {
        let idle = |&place: &usize| !self.used[place].load(Ordering::Relaxed);
        (0..self.index.len()).filter(idle).map(|place| self.entry(place)).collect()
    }

    fn entry(&self, place: usize) -> Entry {
        let (_, start, end) = self.index[place];
        let line = &self.text[start as usize..end as usize];
        let mut parts = line.splitn(3, ' ').map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        Entry { fingerprint: next(), rule: next(), path: next() }
    }
}

/// The number that the first 32 hexadecimal digits of a line are.
fn id_of(line: &str) -> Option<u128> {
    let digits = line.get(..32)?;
    let ends = line.as_bytes().get(32).is_none_or(|&byte| byte == b' ');
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    (ends && plain).then(|| u128::from_str_radix(digits, 16).ok()).flatten()
}

/// The text of a baseline. Of entries with one fingerprint the first one stays.
pub fn render(entries: Vec<Entry>, salt: &str, scope: Scope) -> String {
    let mut lines: BTreeMap<String, String> = BTreeMap::new();
    for entry in entries {
        let line = entry.line();
        lines.entry(entry.fingerprint).or_insert(line);
    }
    let mut text = format!("{HEAD}{VERSION} salt={salt} scope={}\n", scope.name());
    text.push_str("# Known findings, which do not block. `sekisho baseline update` writes this file; see docs/policy.md.\n");
    for line in lines.values() {
        text.push_str(line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(digit: char, path: &str) -> Entry {
        Entry { fingerprint: digit.to_string().repeat(32), rule: "acme-token".into(), path: path.into() }
    }

    fn parse(text: &str) -> Result<Baseline, String> {
        Baseline::parse(text.to_owned(), "salt", Conflicts::Refuse).map_err(|(reason, _)| reason)
    }

    #[test]
    fn what_is_written_is_read_and_sorted() {
        let entries =
            vec![entry('b', "x y/é.py"), entry('a', "evil\nname"), entry('b', "later"), entry('c', "")];
        let text = render(entries, "salt", Scope::History);
        let lines: Vec<&str> = text.lines().skip(2).collect();
        let (a, b, c) = ("a".repeat(32), "b".repeat(32), "c".repeat(32));
        assert_eq!(
            lines,
            [
                format!("{a} acme-token evil?name"),
                format!("{b} acme-token x y/é.py"),
                format!("{c} acme-token")
            ]
        );
        let read = parse(&text).unwrap();
        assert_eq!((read.scope, read.len()), (Scope::History, 3));
        assert!(read.knows(&b) && !read.knows(&"d".repeat(32)) && !read.knows("b"));
        assert_eq!(read.gone(), [entry('a', "evil?name"), entry('c', "")]);
        assert_eq!(render(read.entries(), "salt", Scope::History), text);
        assert_eq!(parse(&text.replace('\n', "\r\n")).unwrap().entries(), read.entries());
    }

    #[test]
    fn what_cannot_be_a_baseline_is_refused_by_its_line() {
        let text = render(vec![entry('a', "p")], "salt", Scope::Tree);
        for (bad, word) in [
            (String::new(), "empty"),
            ("{}".to_owned(), "line 1: this is no baseline"),
            (text.replace("baseline 1", "baseline 9"), "form 9"),
            (text.replace("salt=salt", "salt=other"), "another salt"),
            (format!("{text}zz\n"), "line 4: this is no entry"),
            (format!("{text}<<<<<<< HEAD\n"), "line 4: git could not merge"),
        ] {
            let error = parse(&bad).err().unwrap();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn both_sides_of_a_conflict_can_be_taken() {
        let (a, b) = ("a".repeat(32), "b".repeat(32));
        let head = render(vec![], "salt", Scope::Tree);
        let text = format!("{head}<<<<<<< HEAD\n{a} r p\n||||||| base\n=======\n{b} r q\n>>>>>>> other\n");
        let read = Baseline::parse(text, "salt", Conflicts::TakeBoth).ok().unwrap();
        assert!(read.knows(&a) && read.knows(&b) && read.gone().is_empty());
    }
}
