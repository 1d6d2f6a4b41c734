//! The form of an `[[allow]]` table. What is wrong with a value is told while the file is read, so that
//! the reader can say in which line and column it stands.

use super::patterns;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// An `[[allow]]` table: everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllowEntry {
    /// Only these rules: an id or a list of ids.
    #[serde(default, deserialize_with = "names")]
    #[schemars(with = "Option<OneOrMany>")]
    pub rule: Vec<String>,
    /// Only below paths that this `.gitignore`-style pattern names, seen from the directory of its file.
    #[serde(default, deserialize_with = "glob")]
    pub path: Option<String>,
    /// Only in files whose path, seen from the directory of its file, this regular expression matches.
    #[serde(default, deserialize_with = "pattern")]
    pub path_regex: Option<String>,
    /// Only this secret: the id that reports give, or at least its first 12 digits.
    #[serde(default, deserialize_with = "fingerprint")]
    pub fingerprint: Option<String>,
    /// Only secrets that this regular expression matches.
    #[serde(default, deserialize_with = "pattern")]
    pub value: Option<String>,
    /// Only secrets on a line that this regular expression matches.
    #[serde(default, deserialize_with = "pattern")]
    pub line: Option<String>,
    /// Only secrets of these SHA-1 digests, in hexadecimal: one or a list. What detect-secrets knew.
    #[serde(default, deserialize_with = "digests")]
    #[schemars(with = "Option<OneOrMany>")]
    pub sha1: Vec<String>,
    /// Why.
    #[serde(deserialize_with = "reason")]
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Last day on which the entry holds, `YYYY-MM-DD`.
    #[serde(default, deserialize_with = "day")]
    #[schemars(with = "Option<String>", regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    pub expires: Option<String>,
}

impl AllowEntry {
    /// What is wrong with an entry that was not read from a file, in words.
    ///
    /// # Errors
    /// An entry that would allow everything, an empty reason, a value that cannot be used.
    pub fn check(&self) -> Result<(), String> {
        self.says_enough()?;
        self.fingerprint.as_deref().map_or(Ok(()), check_fingerprint)?;
        self.path.as_deref().map_or(Ok(()), super::paths::check)?;
        self.path_regex.as_deref().map_or(Ok(()), patterns::check)?;
        self.sha1.iter().try_for_each(|digest| check_digest(digest))?;
        self.value.as_deref().map_or(Ok(()), patterns::check)?;
        self.line.as_deref().map_or(Ok(()), patterns::check)?;
        self.expires.as_deref().map_or(Ok(()), check_day)
    }

    /// Does it say what it allows, and why? That is all there is to ask of one that was read from a file.
    ///
    /// # Errors
    /// What is missing, in words.
    pub fn says_enough(&self) -> Result<(), String> {
        if self.reason.trim().is_empty() {
            return Err("it gives no reason".to_owned());
        }
        let parts = [&self.path, &self.path_regex, &self.fingerprint, &self.value, &self.line];
        if self.rule.is_empty() && self.sha1.is_empty() && parts.iter().all(|part| part.is_none()) {
            return Err(
                "it names neither rule nor path, fingerprint, value, line or digest, so it would allow \
                        everything"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// Did it hold for the last time before `today` (`YYYY-MM-DD`)?
    pub fn expired(&self, today: &str) -> bool {
        self.expires.as_deref().is_some_and(|last| last < today)
    }

    /// What it allows, for people: `rule acme-token at tests/**`.
    pub fn about(&self) -> String {
        let mut parts = Vec::new();
        if let Some(fingerprint) = &self.fingerprint {
            parts.push(fingerprint.chars().take(12).collect());
        }
        if !self.rule.is_empty() {
            parts.push(format!("rule {}", self.rule.join(", ")));
        }
        parts.extend(self.path.as_ref().map(|path| format!("at {path}")));
        parts.extend(self.path_regex.as_ref().map(|_| "by path".to_owned()));
        parts.extend((!self.sha1.is_empty()).then(|| "by digest".to_owned()));
        // The patterns may hold what they look for.
        parts.extend(self.value.as_ref().map(|_| "by value".to_owned()));
        parts.extend(self.line.as_ref().map(|_| "by line".to_owned()));
        parts.join(" ")
    }
}

/// A text or a list of them.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(untagged, expecting = "a text or a list of texts")]
pub enum OneOrMany {
    /// `"one"`
    One(String),
    /// `["one", "two"]`
    Many(Vec<String>),
}

/// Read a text or a list of texts.
///
/// # Errors
/// Something else.
pub fn names<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(match OneOrMany::deserialize(from)? {
        OneOrMany::One(name) => vec![name],
        OneOrMany::Many(names) if names.is_empty() => {
            return Err(D::Error::custom("the list is empty: leave the key out to mean all"));
        }
        OneOrMany::Many(names) => names,
    })
}

fn digests<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let digests: Vec<String> = names(from)?.iter().map(|digest| digest.to_lowercase()).collect();
    digests.iter().try_for_each(|digest| check_digest(digest)).map_err(D::Error::custom)?;
    Ok(digests)
}

/// Is this a SHA-1 digest?
fn check_digest(text: &str) -> Result<(), String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    match digits && text.len() == 40 {
        true => Ok(()),
        false => Err("this is no SHA-1 digest: 40 hexadecimal digits".to_owned()),
    }
}

fn checked<'de, D: Deserializer<'de>>(
    from: D,
    check: impl Fn(&str) -> Result<(), String>,
) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    check(&text).map_err(D::Error::custom)?;
    Ok(Some(text))
}

fn glob<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    checked(from, super::paths::check)
}

fn pattern<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    checked(from, patterns::check)
}

fn fingerprint<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    checked(from, check_fingerprint)
}

fn reason<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    match text.trim().is_empty() {
        true => Err(D::Error::custom("the reason is empty: say why this is no leak")),
        false => Ok(text),
    }
}

/// A day as a text or as TOML's own date.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a day such as 2027-01-31")]
enum Day {
    Text(String),
    Date(toml::value::Datetime),
}

fn day<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = match Day::deserialize(from)? {
        Day::Text(text) => text,
        Day::Date(date) => date.to_string(),
    };
    check_day(&text).map_err(D::Error::custom)?;
    Ok(Some(text))
}

/// Is this a day of the calendar, `YYYY-MM-DD`?
///
/// # Errors
/// What is wrong with it, in words.
pub fn check_day(text: &str) -> Result<(), String> {
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    match plain && text.parse::<jiff::civil::Date>().is_ok() {
        true => Ok(()),
        false => Err("this is not a day such as 2027-01-31".to_owned()),
    }
}

/// Is this a fingerprint, or the beginning of one that is long enough?
///
/// # Errors
/// What is wrong with it, in words.
pub fn check_fingerprint(text: &str) -> Result<(), String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    match digits && (12..=32).contains(&text.len()) {
        true => Ok(()),
        false => Err("this is not a fingerprint as reports give them: 32 hexadecimal digits in lower case, \
                      or at least the first 12 of them"
            .to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<AllowEntry, String> {
        toml::from_str(text).map_err(|error| crate::rules::file::toml_error(text, &error))
    }

    #[test]
    fn keys_are_read_in_their_forms() {
        let entry = read(
            "rule = 'a'\npath = 'x/**'\nfingerprint = '0123456789ab'\nvalue = '^x'\nline = 'y$'\n\
             reason = 'r'\nowner = 'o'\nexpires = 2027-01-31\n",
        )
        .unwrap();
        assert_eq!(
            (entry.rule.as_slice(), entry.expires.as_deref()),
            (&["a".to_owned()][..], Some("2027-01-31"))
        );
        assert_eq!(read("rule = ['a', 'b']\nreason = 'r'").unwrap().rule, ["a", "b"]);
        assert_eq!(
            read("rule = 'a'\nreason = 'r'\nexpires = '2027-01-31'").unwrap().expires.as_deref(),
            Some("2027-01-31")
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_without_its_text() {
        for (text, word) in [
            ("value = 'hidden('", "unclosed group"),
            ("line = '[z-a]hidden'", "range"),
            ("path = 'a[hidden'", "path"),
            ("expires = '2027-02-30'", "day"),
            ("expires = 2027-01-31T10:00:00", "day"),
            ("fingerprint = 'hidden'", "fingerprint"),
            ("rule = []", "empty"),
            ("reason = ' '", "empty"),
        ] {
            let error = read(&format!("owner = 'o'\n{text}\n")).unwrap_err();
            assert!(error.starts_with("line 2, column ") && error.contains(word), "{text}: {error}");
            assert!(!error.contains("hidden"), "{error}");
        }
    }

    #[test]
    fn an_entry_says_what_and_why() {
        let entry = AllowEntry { reason: "r".into(), ..AllowEntry::default() };
        assert!(entry.check().unwrap_err().contains("everything"));
        assert!(AllowEntry { rule: vec!["a".into()], ..AllowEntry::default() }.check().is_err());
        let whole = AllowEntry { rule: vec!["a".into()], path: Some("b".into()), ..entry };
        assert_eq!((whole.check(), whole.about()), (Ok(()), "rule a at b".to_owned()));
    }
}
