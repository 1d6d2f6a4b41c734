//! Under which name a file stood before: asked of git, whose similarity test people know, and only for
//! files in which something was found.

use super::{Id, Repo};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The old content of renamed files, by new path.
type Sources = HashMap<Vec<u8>, Id>;

/// Answers are remembered: one question of git for each pair of trees.
#[derive(Default)]
pub struct Renames {
    known: Mutex<HashMap<Vec<String>, Sources>>,
}

impl Renames {
    /// What stood under the old name of `path`, where `comparison` (a git command that compares two
    /// trees) says that it was renamed. Where git cannot say, it was not.
    pub fn source(&self, repo: &Repo, comparison: &[&str], path: &[u8]) -> Option<Id> {
        let key: Vec<String> = comparison.iter().map(ToString::to_string).collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let sources = known.entry(key).or_insert_with_key(|comparison| {
            let (command, rest) = comparison.split_at(1);
            let options = ["-M", "--raw", "-z", "--no-abbrev", "--diff-filter=R", "--no-color"];
            let options = options.map(str::to_owned);
            let arguments = [command, &options, rest].concat();
            repo.asker().run(&arguments, &[]).ok().and_then(|output| parse(&output)).unwrap_or_default()
        });
        sources.get(path).copied()
    }
}

/// Records `:mode mode oldid newid Rscore NUL oldpath NUL newpath NUL`.
fn parse(output: &[u8]) -> Option<Sources> {
    let mut sources = Sources::new();
    let mut fields = output.split(|&byte| byte == 0);
    loop {
        let header = fields.next()?;
        if header.is_empty() {
            return Some(sources);
        }
        let old = header.split(|&byte| byte == b' ').nth(2).and_then(Id::parse)?;
        fields.next()?;
        sources.insert(fields.next()?.to_vec(), old);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_git_is_read() {
        let (old, new) = ("1".repeat(40), "2".repeat(40));
        let output = format!(":100644 100644 {old} {new} R087\0a b\0c\nd\0");
        let sources = parse(output.as_bytes()).unwrap();
        assert_eq!(sources.get(b"c\nd".as_slice()), Id::parse(old.as_bytes()).as_ref());
        assert_eq!(parse(b""), Some(Sources::new()));
        assert_eq!(parse(b":100644"), None);
    }
}
