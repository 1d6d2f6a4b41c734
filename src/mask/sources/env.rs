//! Variables of the environment that hold secrets.
//!
//! A variable counts where the user asks for it (`--env GLOB`), where its name says so (see
//! [`names::secretive`]), or where its value does: a rule knows a token in it, it is a URL with a password, a
//! connection string with one, or a private key. Of values that only hold a secret, that part is masked.

use crate::engine::Engine;
use crate::error::Error;
use crate::mask::derive::{leaves, names, parts};
use crate::mask::known::by_rules;
use globset::{Glob, GlobSet, GlobSetBuilder};
use zeroize::Zeroizing;

/// Longest value that rules look at, in bytes.
const LONGEST: usize = 256 << 10;

/// Which variables count.
pub struct Choice {
    globs: Vec<String>,
    asked: GlobSet,
    refused: GlobSet,
    /// Also by name and value.
    rule: bool,
}

/// A variable that counts.
pub struct Variable {
    /// Its name.
    pub name: String,
    /// The secret values: the whole value, or the secret parts of it.
    pub values: Vec<Zeroizing<Vec<u8>>>,
    /// Why it counts, for people.
    pub why: String,
}

impl Choice {
    /// By globs of names (`!GLOB` leaves out), and by the rule of this module where `rule` is true.
    ///
    /// # Errors
    /// A glob that is none.
    pub fn new(globs: &[String], rule: bool) -> Result<Choice, Error> {
        let set = |refused: bool| {
            let mut set = GlobSetBuilder::new();
            for glob in globs {
                let (negated, pattern) = match glob.strip_prefix('!') {
                    Some(pattern) => (true, pattern),
                    None => (false, glob.as_str()),
                };
                if negated == refused {
                    set.add(Glob::new(pattern).map_err(|error| bad(glob, &error))?);
                }
            }
            set.build().map_err(|error| bad("", &error))
        };
        Ok(Choice { globs: globs.to_vec(), asked: set(false)?, refused: set(true)?, rule })
    }

    /// The variable, if it counts.
    pub fn pick(&self, engine: Option<&Engine>, name: &str, value: &[u8]) -> Option<Variable> {
        if self.refused.is_match(name) {
            return None;
        }
        let made = |values: Vec<Zeroizing<Vec<u8>>>, why: &str| {
            Some(Variable { name: name.to_owned(), values, why: why.to_owned() })
        };
        let whole = || vec![Zeroizing::new(value.to_vec())];
        if self.asked.is_match(name) {
            return made(whole(), "asked for with --env");
        }
        if !self.rule || value.is_empty() {
            return None;
        }
        if names::secretive(name) {
            return made(whole(), "its name");
        }
        if leaves::pem_text(value) {
            return made(whole(), "a private key in its value");
        }
        let wiped = |parts: Vec<Vec<u8>>| parts.into_iter().map(Zeroizing::new).collect::<Vec<_>>();
        let url = parts::of_url(value);
        if !url.is_empty() {
            return made(wiped(url), "a URL with a secret in its value");
        }
        let connection = parts::of_connection_string(value);
        if !connection.is_empty() {
            return made(wiped(connection), "a connection string with a secret in its value");
        }
        if value.len() > LONGEST {
            return None;
        }
        let found = by_rules(engine, name, value);
        let why = format!("rule {} in its value", found.first()?.1);
        made(found.into_iter().map(|part| part.0).collect(), &why)
    }

    /// The globs that no variable of this process fits.
    pub fn without_match(&self) -> Vec<&str> {
        let names: Vec<String> =
            std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
        let idle = |glob: &&String| {
            let matcher = Glob::new(glob).map(|glob| glob.compile_matcher());
            !glob.starts_with('!') && matcher.is_ok_and(|glob| !names.iter().any(|name| glob.is_match(name)))
        };
        self.globs.iter().filter(idle).map(String::as_str).collect()
    }

    /// All variables of this process that count, by name.
    pub fn of_process(&self, engine: Option<&Engine>) -> Vec<Variable> {
        let mut variables: Vec<Variable> = std::env::vars_os()
            .filter_map(|(name, value)| {
                let value = Zeroizing::new(value.into_encoded_bytes());
                self.pick(engine, &name.to_string_lossy(), &value)
            })
            .collect();
        variables.sort_by(|one, other| one.name.cmp(&other.name));
        variables
    }
}

fn bad(glob: &str, error: &globset::Error) -> Error {
    Error::Input {
        what: format!("--env {glob}"),
        reason: error.kind().to_string(),
        remedy: "write a name with * and ? in it, for instance --env 'MY_*'".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(globs: &[&str], name: &str, value: &str) -> Option<String> {
        let globs: Vec<String> = globs.iter().map(ToString::to_string).collect();
        Choice::new(&globs, true).unwrap().pick(None, name, value.as_bytes()).map(|variable| variable.why)
    }

    #[test]
    fn by_name_by_value_and_on_demand() {
        assert_eq!(why(&[], "DB_PASSWORD", "x").unwrap(), "its name");
        assert_eq!(why(&[], "DATABASE_URL", "pg://a:b@h/").unwrap(), "a URL with a secret in its value");
        assert_eq!(why(&["DB_*"], "DB_HOST", "x").unwrap(), "asked for with --env");
        assert_eq!(why(&["!DB_*"], "DB_PASSWORD", "x"), None);
        assert_eq!(why(&[], "HOME", "/root"), None);
        assert_eq!(why(&[], "EMPTY_TOKEN", ""), None);
        assert!(Choice::new(&["[".to_owned()], true).is_err());
        assert!(Choice::new(&[], false).unwrap().pick(None, "DB_PASSWORD", b"x").is_none());
    }
}
