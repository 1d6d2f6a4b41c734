//! Comments that allow a finding: on its line, or alone on the line before.
//!
//! Our own form is `sekisho:allow RULES [owner=NAME] [until=YYYY-MM-DD] WHY`; `RULES` are ids apart by
//! commas, or `all`. It is sought as it is, whatever a language writes around comments.

use super::entry::check_day;

/// The comment's own word.
const PRAGMA: &[u8] = b"sekisho:allow";
/// What stands for every rule.
pub const ALL: &str = "all";
/// So much of a comment is read where it is not sought beside a finding, in bytes.
const LONGEST: usize = 1024;
/// Comments of other scanners that mean the same on their line.
const FOREIGN: [&[u8]; 6] = [
    b"gitleaks:allow",
    b"betterleaks:allow",
    b"trufflehog:ignore",
    b"pragma: allowlist secret",
    b"pragma: whitelist secret",
    b"kingfisher:ignore",
];
/// The same for the line behind the comment.
const FOREIGN_NEXT: &[u8] = b"pragma: allowlist nextline secret";
/// Words that may stand before the pragma in a comment that is alone on its line: the openers that are
/// words, and the keys that formats without comments use for them.
const WORDS: [&str; 9] = ["rem", "dnl", "c", "comment", "note", "todo", "fixme", "noqa", "nosec"];

/// A comment that allows findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comment {
    /// Why, in its own words; empty where it does not say.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Last day on which it holds, `YYYY-MM-DD`.
    pub expires: Option<String>,
}

/// What the comments around a finding say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Nothing that concerns it.
    Nothing,
    /// It is allowed.
    Allowed(Comment),
    /// It was allowed: what is wrong with the comment by now, in words.
    NoMore(String),
}

/// A comment that says something about findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pragma {
    /// The rules that it names; all where it names none.
    rules: Option<Vec<String>>,
    /// What it says of them.
    said: Said,
    /// Where it stands in the text, where it is our own.
    pub at: Option<usize>,
}

/// A line of a text, and where it begins there.
#[derive(Clone, Copy, Debug)]
pub struct Line<'t> {
    /// What stands on it.
    pub text: &'t [u8],
    /// Offset of its first byte.
    pub start: usize,
}

impl Pragma {
    /// The rules that our own comment names: ids, or `all`.
    pub fn names(&self) -> &[String] {
        self.rules.as_deref().unwrap_or_default()
    }

    /// Does it speak of a finding that goes by any of these rules?
    pub fn concerns(&self, rules: &[&str]) -> bool {
        match &self.rules {
            None => true,
            Some(names) => names.iter().any(|name| name == ALL || rules.contains(&name.as_str())),
        }
    }

    /// What it says, without its own words: they may hold a secret.
    pub fn without_words(mut self) -> Pragma {
        if let Said::Allowed(comment) = &mut self.said {
            (comment.reason, comment.owner) = (String::new(), None);
        }
        self
    }
}

/// Where our own pragma stands in a line.
pub fn position(line: &[u8]) -> Option<usize> {
    memchr::memmem::find(line, PRAGMA)
}

/// What the comments on the line of a finding and on the line before it say on the day `today`
/// (`YYYY-MM-DD`). Comments of other scanners count where `foreign` is true.
pub fn pragmas(line: Line<'_>, previous: Line<'_>, today: &str, foreign: bool) -> Vec<Pragma> {
    let before = if stands_alone(previous.text) { own(previous, today) } else { None };
    let other = || {
        let here = FOREIGN.iter().find(|word| has(line.text, word));
        let word = here.or_else(|| has(previous.text, FOREIGN_NEXT).then_some(&FOREIGN_NEXT))?;
        let reason = format!("`{}`", String::from_utf8_lossy(word));
        let said = Said::Allowed(Comment { reason, ..Comment::default() });
        Some(Pragma { rules: None, said, at: None })
    };
    let other = if foreign { other() } else { None };
    [own(line, today), before, other].into_iter().flatten().collect()
}

/// What comments say of a finding that goes by any of these rules: the first that allows it has its way.
pub fn said<'p>(pragmas: &'p [Pragma], rules: &[&str]) -> &'p Said {
    let mut said = &Said::Nothing;
    for pragma in pragmas.iter().filter(|pragma| pragma.concerns(rules)) {
        match (&pragma.said, said) {
            (Said::Allowed(_), _) => return &pragma.said,
            (Said::NoMore(_), Said::Nothing) => said = &pragma.said,
            _ => {}
        }
    }
    said
}

fn has(line: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(line, word).is_some()
}

/// Our own comments in a text, on the day `today`.
pub fn all<'t>(text: &'t [u8], today: &'t str) -> impl Iterator<Item = Pragma> + 't {
    memchr::memmem::find_iter(text, PRAGMA).filter_map(move |start| {
        let behind = &text[start..text.len().min(start + LONGEST)];
        let end = memchr::memchr(b'\n', behind).unwrap_or(behind.len());
        own(Line { text: &behind[..end], start }, today)
    })
}

fn own(line: Line<'_>, today: &str) -> Option<Pragma> {
    let at = position(line.text)?;
    let rest = String::from_utf8_lossy(&line.text[at + PRAGMA.len()..]);
    let mut words = rest.trim_start_matches([':', '=']).split_whitespace();
    let id = |text: &str| text.trim_matches(|one: char| !one.is_ascii_alphanumeric()).to_owned();
    let rules: Vec<String> = words.next().unwrap_or_default().split(',').map(id).collect();
    Some(Pragma { rules: Some(rules), said: own_words(words, today), at: Some(line.start + at) })
}

/// What stands behind the rules of our own comment.
fn own_words<'w>(words: impl Iterator<Item = &'w str>, today: &str) -> Said {
    let mut comment = Comment::default();
    let mut why = Vec::new();
    for word in words {
        if let Some(owner) = word.strip_prefix("owner=") {
            comment.owner = Some(owner.to_owned());
        } else if let Some(day) = word.strip_prefix("until=").or_else(|| word.strip_prefix("expires=")) {
            let day = day.trim_end_matches(|one: char| !one.is_ascii_digit());
            if check_day(day).is_err() {
                return Said::NoMore("gives a day in another form than until=2027-01-31".to_owned());
            }
            comment.expires = Some(day.to_owned());
        } else {
            why.push(word);
        }
    }
    while why.last().is_some_and(|word| !word.contains(char::is_alphanumeric)) {
        why.pop(); // what closes the comment
    }
    comment.reason = why.join(" ");
    match &comment.expires {
        Some(last) if last.as_str() < today => Said::NoMore(format!("expired on {last}")),
        _ => Said::Allowed(comment),
    }
}

/// A comment alone on its line speaks for the next line; one behind code speaks for its own. Alone is what
/// has only marks before it, or a word that opens a comment.
fn stands_alone(line: &[u8]) -> bool {
    let Some(at) = position(line) else { return false };
    let before = String::from_utf8_lossy(&line[..at]).to_ascii_lowercase();
    before
        .split(|one: char| !one.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .all(|word| WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &[u8], previous: &[u8], rule: &str, today: &str, foreign: bool) -> Said {
        let line = |text| Line { text, start: 0 };
        super::said(&pragmas(line(text), line(previous), today, foreign), &[rule]).clone()
    }

    fn allows(line: &str, previous: &str) -> bool {
        matches!(said(line.as_bytes(), previous.as_bytes(), "x-key", "2026-06-01", true), Said::Allowed(_))
    }

    #[test]
    fn comments_name_their_rule() {
        assert!(allows("k = 1 # sekisho:allow x-key made up", ""));
        assert!(allows("k = 1 # sekisho:allow y-key,x-key made up", ""));
        assert!(allows(&format!("k = 1 # sekisho:allow {ALL} made up"), ""));
        assert!(!allows("k = 1 # sekisho:allow y-key made up", ""));
        assert!(allows("k = 1", "  // sekisho:allow x-key made up"));
        assert!(!allows("k = 1", "j = 2 // sekisho:allow x-key made up"));
        assert!(allows("k = 1 # gitleaks:allow", ""));
        assert!(allows("k = 1", "# pragma: allowlist nextline secret"));
        assert!(!allows("k = 1 # sekisho:allow", ""));
        let foreign = said(b"k = 1 # gitleaks:allow", b"", "x-key", "2026-06-01", false);
        assert_eq!(foreign, Said::Nothing);
    }

    #[test]
    fn every_style_of_comment_will_do() {
        for (open, close) in [
            ("#", ""),
            ("//", ""),
            ("/*", "*/"),
            ("/**", "**/"),
            (" *", ""),
            ("--", ""),
            ("<!--", "-->"),
            (";", ""),
            (";;", ""),
            ("%", ""),
            ("'", ""),
            ("\"", ""),
            ("REM", ""),
            ("@rem", ""),
            ("::", ""),
            ("{-", "-}"),
            ("(*", "*)"),
            ("{#", "#}"),
            ("{{!--", "--}}"),
            ("<%#", "%>"),
            ("<%--", "--%>"),
            ("dnl", ""),
            ("!", ""),
            ("..", ""),
            ("\"\"\"", "\"\"\""),
            ("'''", "'''"),
            ("=begin", ""),
            ("{/*", "*/}"),
            ("///", ""),
            ("//!", ""),
            ("C", ""),
            ("@#", ""),
            ("\"_comment\": \"", "\","),
            ("\"//\": \"", "\","),
            ("#|", "|#"),
            ("\\", ""),
        ] {
            if open != "=begin" {
                assert!(allows("k = 1", &format!("\t{open} sekisho:allow x-key made up {close}")), "{open}");
                assert!(
                    allows("k = 1", &format!("{open}sekisho:allow x-key{close}"))
                        || open.ends_with(char::is_alphanumeric),
                    "{open}"
                );
            }
            assert!(allows(&format!("k = 1 {open} sekisho:allow x-key made up {close}"), ""), "{open}");
        }
    }

    #[test]
    fn who_until_when_and_why() {
        let read = |line: &str| said(line.as_bytes(), b"", "x-key", "2026-06-01", true);
        let whole = read("k /* sekisho:allow x-key owner=ann until=2026-06-01 made up, here */");
        let expected = Comment {
            reason: "made up, here".into(),
            owner: Some("ann".into()),
            expires: Some("2026-06-01".into()),
        };
        assert_eq!(whole, Said::Allowed(expected));
        assert_eq!(
            read("# sekisho:allow x-key until=2026-05-31 why"),
            Said::NoMore("expired on 2026-05-31".into())
        );
        assert!(matches!(read("# sekisho:allow x-key until=soon why"), Said::NoMore(_)));
        assert_eq!(read("# sekisho:allow y-key until=2026-05-31 why"), Said::Nothing);
    }

    #[test]
    fn all_comments_of_a_text() {
        let text = "a = 1 # sekisho:allow x-key why\n\n// sekisho:allow y-key,all\nb sekisho:allo";
        let found: Vec<Pragma> = all(text.as_bytes(), "2026-06-01").collect();
        let told: Vec<(Option<usize>, String)> =
            found.iter().map(|one| (one.at, one.names().join(" "))).collect();
        assert_eq!(told, [(Some(8), "x-key".to_owned()), (Some(36), "y-key all".to_owned())]);
        assert!(found[0].concerns(&["x-key"]) && !found[0].concerns(&["y-key"]));
        assert!(found[1].concerns(&["any"]));
    }
}
