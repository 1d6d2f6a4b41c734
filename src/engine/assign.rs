//! Reads assignments: from a word that names secrets to the whole identifier, the operator behind it
//! and the value, in the notations of programming languages, configuration formats, markup, command
//! lines and statements.
//!
//! Most words that come here are no part of an assignment, so each step ends as early as it can; all
//! steps look at a bounded number of bytes.

mod blank;
mod columns;
mod formats;
mod name;
#[cfg(test)]
mod tests;
mod value;

use super::words::WordSearch;
use crate::text::Span;

/// Longest run of blanks between the parts of an assignment, in bytes.
const BLANKS: usize = 60;

/// How a value is given to its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `=`, `:=`, `?=`, `+=`, `||=`.
    Assign,
    /// `:`.
    Colon,
    /// `=>`, `->`, `<-`.
    Arrow,
    /// `==`, `!=`, `===`, `eq`.
    Compare,
    /// The next argument: `put("password", "v")`.
    Argument,
    /// The first argument of a call: `setPassword("v")`.
    Call,
    /// The text of an element: `<password>v</password>`.
    Element,
    /// A sibling that is called value: `<add key="password" value="v"/>`.
    Sibling,
    /// What is taken where the name has no value: `env["PASSWORD"] || "v"`.
    Fallback,
    /// The word behind a flag: `--password v`.
    Flag,
    /// The word behind the name: `IDENTIFIED BY 'v'`, `ENV PASSWORD v`, `password v`.
    Space,
    /// A word behind the name in a sentence or a command, `add-authtoken v`: only a value of a known
    /// shape is one.
    Word,
}

/// A name and the value that is given to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The whole identifier, without quotes.
    pub name: Span,
    /// The value, inside its quotes.
    pub value: Span,
    /// The quote around the value.
    pub quote: Option<u8>,
    /// What stands between them.
    pub operator: Operator,
    /// A function is applied to the value: `Some("v")`, `[]byte("v")`.
    pub wrapped: bool,
}

/// Words that name secrets, in lower case, at least three bytes each; they are found anywhere in an
/// identifier. The Russian word lacks its first letter, which has two cases.
pub fn words() -> &'static [&'static str] {
    &WORDS
}

/// True where a word holds one of [`words`].
pub(super) fn names_secret(word: &str) -> bool {
    SEARCH.find(word.as_bytes()) != 0
}

const WORDS: [&str; 38] = [
    "pass",
    "pwd",
    "psw",
    "pw=",
    "pw ",
    "pw:",
    "pw\"",
    "pw'",
    "secret",
    "token",
    "key",
    "auth",
    "cred",
    "bearer",
    "identified by",
    "connectionstring",
    "senha",
    "contrase",
    "clave",
    "kennwort",
    "parola",
    "mdp",
    "wachtwoord",
    "heslo",
    "hasło",
    "şifre",
    "lösenord",
    "ароль",
    "секрет",
    "パスワード",
    "秘密鍵",
    "密码",
    "密碼",
    "密钥",
    "金鑰",
    "口令",
    "비밀번호",
    "암호",
];
static SEARCH: WordSearch<38> = WordSearch::new(WORDS);

/// Words that end the names of tokens but are too ordinary for the judgement of noise: only values that
/// a rule knows by shape and context are looked for behind them.
pub fn known_words() -> &'static [&'static str] {
    &["pat=", "pat:", "pat\"", "pat'", "-pat "]
}

/// The assignment whose name holds the word at `word`, if there is one.
pub fn parse(text: &[u8], word: Span) -> Option<Assignment> {
    parse_telling(text, word, &mut None)
}

/// How far behind the place that [`parse_telling`] tells of anything is read, in bytes.
pub(super) const LATER: usize = 1280;

/// The same. Nearly always nothing is read beyond the line of the name; else `later` tells from where on.
pub(super) fn parse_telling(text: &[u8], word: Span, later: &mut Option<usize>) -> Option<Assignment> {
    let name = name::identifier(text, word)?;
    let operator = operator_behind(text, name, later)?;
    value::read(text, name, operator, later)
}

/// Where the value begins, or may begin, in a text that is still being written: behind the name that
/// holds the word, its operator and quotes. `None` where the word is in no name, or no byte of a value
/// is there yet.
pub(super) fn value_begins(text: &[u8], word: Span) -> Option<usize> {
    let behind = operator_behind(text, name::identifier(text, word)?, &mut None)?;
    let at = skip_blanks(text, behind.at);
    let at = at + text[at..].iter().take_while(|byte| b"\\\"'`".contains(byte)).count();
    (at < text.len()).then_some(at)
}

/// What stands behind a name.
#[derive(Clone, Copy, Debug)]
struct Behind {
    operator: Operator,
    /// Offset behind the operator.
    at: usize,
    /// The value must be in quotes.
    quoted: bool,
}

/// A full-width colon or equals sign, or other wide punctuation.
fn wide_operator(text: &[u8], at: usize) -> Option<Operator> {
    match text.get(at..at + 3)? {
        [0xef, 0xbc, 0x9a] => Some(Operator::Colon),
        [0xef, 0xbc, 0x9d] => Some(Operator::Assign),
        [0xe2, 0x80, 0x98..=0x9f] | [0xe3, 0x80, 0x80..=0x91] | [0xef, 0xbc, 0x8c] => Some(Operator::Space),
        _ => None,
    }
}

/// Offset behind blanks from `at` on.
fn skip_blanks(text: &[u8], at: usize) -> usize {
    let end = text.len().min(at + BLANKS);
    let mut at = at;
    while at < end && matches!(text[at], b' ' | b'\t') {
        at += 1;
    }
    at
}

fn operator_behind(text: &[u8], name: Span, later: &mut Option<usize>) -> Option<Behind> {
    if let Some(element) = formats::property(text, name.end, later) {
        return Some(element);
    }
    if let Some(column) = columns::column(text, name, later) {
        return Some(column);
    }
    let mut at = name.end;
    let mut closed = false;
    // Quotes and brackets that close the name: `"password"`, `['password']`, `password?`.
    for _ in 0..6 {
        match text.get(at)? {
            b'\\' if matches!(text.get(at + 1), Some(b'"' | b'\'' | b'\\')) => at += 1,
            b'"' | b'\'' | b'`' => {
                closed = true;
                at += 1;
            }
            b']' | b'}' | b'?' | b'!' | b'*' if text.get(at + 1) != Some(&b'=') => at += 1,
            b'[' if text.get(at + 1).is_some_and(|byte| *byte == b']' || byte.is_ascii_digit()) => {
                at += memchr::memchr(b']', &text[at..text.len().min(at + 8)])? + 1;
            }
            _ => break,
        }
    }
    if closed && text.get(at) == Some(&b')') {
        at += 1;
        if let Some(fallback) = formats::fallback(text, at) {
            return Some(fallback);
        }
    }
    let blank = skip_blanks(text, at);
    let next = *text.get(blank)?;
    let second = text.get(blank + 1).copied().unwrap_or(b'\n');
    let found = |operator, length, quoted| Some(Behind { operator, at: blank + length, quoted });
    match next {
        b'=' => match second {
            b'=' => found(Operator::Compare, if text.get(blank + 2) == Some(&b'=') { 3 } else { 2 }, true),
            b'>' => found(Operator::Arrow, 2, false),
            b'~' => None,
            _ => found(Operator::Assign, 1, false),
        },
        b':' => match second {
            b'-' | b'=' | b'?' | b'+' if text[..name.start].ends_with(b"${") => {
                // `${PASSWORD:-v}` has a default, `${PASSWORD:?missing}` a message.
                if matches!(second, b'-' | b'=') { found(Operator::Fallback, 2, false) } else { None }
            }
            b'=' => found(Operator::Assign, 2, false),
            b':' => None,
            _ => match text.get(skip_blanks(text, blank + 1)) {
                Some(b'{') if text.get(skip_blanks(text, blank + 1) + 1) != Some(&b'{') => {
                    *later = Some(blank);
                    formats::member(text, skip_blanks(text, blank + 1) + 1)
                }
                _ => found(Operator::Colon, 1, false),
            },
        },
        b'!' if second == b'=' => {
            found(Operator::Compare, if text.get(blank + 2) == Some(&b'=') { 3 } else { 2 }, true)
        }
        b'?' | b'+' if second == b'=' => found(Operator::Assign, 2, false),
        b'|' if columns::in_table(text, name) => columns::cell(text, name, blank, later),
        b'|' | b'?' if second == next => {
            found(Operator::Fallback, if text.get(blank + 2) == Some(&b'=') { 3 } else { 2 }, true)
        }
        b'?' if second == b':' => found(Operator::Fallback, 2, true),
        b'-' if second == b'>' => found(Operator::Arrow, 2, true),
        b'<' if second == b'-' => found(Operator::Arrow, 2, true),
        // Capitals name a macro, and those register more often than they log in.
        b'(' if !closed && text[name.range()].iter().any(u8::is_ascii_lowercase) => {
            found(Operator::Call, 1, true)
        }
        // `SET PASSWORD = PASSWORD('v')`
        b'(' if second == b'\'' && text[name.range()].ends_with(b"PASSWORD") => {
            found(Operator::Call, 1, true)
        }
        b'{' if closed && second != b'{' => {
            *later = Some(blank);
            formats::member(text, blank + 1)
        }
        b'{' if matches!(second, b'"' | b'\'') => found(Operator::Call, 1, true),
        b'{' => {
            *later = Some(blank);
            formats::accessors(text, blank + 1)
        }
        b',' if closed => {
            *later = Some(blank);
            sibling(text, blank + 1)
                .or_else(|| formats::default_argument(text, blank + 1))
                .or_else(|| found(Operator::Argument, 1, true))
        }
        b',' if formats::named(text, name) => {
            *later = Some(blank);
            sibling(text, blank + 1)
        }
        b',' if formats::first_of_pair(text, name) => found(Operator::Argument, 1, true),
        b'>' if blank == name.end && name.start > 0 && text[name.start - 1] == b'<' => {
            // `(?<secret>` and `(?P<secret>` open a group of a regular expression.
            let before = &text[..name.start - 1];
            match before.ends_with(b"(?") || before.ends_with(b"(?P") {
                true => None,
                false => found(Operator::Element, 1, false),
            }
        }
        b'>' if closed => found(Operator::Element, 1, false),
        b'\n' | b'\r' => {
            *later = Some(blank);
            sibling(text, blank)
        }
        0xe2.. => {
            let operator = wide_operator(text, blank)?;
            (operator != Operator::Space).then_some(Behind { operator, at: blank + 3, quoted: false })
        }
        _ if blank > at => blank::behind_blank(text, name, closed, blank, later),
        _ => None,
    }
}

/// `value=`, `value:` or `content=` from `at` on, on this line or the next.
fn sibling(text: &[u8], at: usize) -> Option<Behind> {
    let mut at = skip_blanks(text, at);
    for line_end in [b'\r', b'\n'] {
        if text.get(at) == Some(&line_end) {
            at += 1;
        }
    }
    at = skip_blanks(text, at);
    at += count_of(text, at, b"\"'\\:");
    let called = [&b"value"[..], b"content"].into_iter();
    at += called
        .filter(|word| text.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word)))
        .map(<[u8]>::len)
        .next()?;
    at += count_of(text, at, b"\"'\\");
    at = skip_blanks(text, at);
    let length = match text.get(at..at + 2)? {
        b"=>" => 2,
        [b'=' | b':', _] => 1,
        _ => return None,
    };
    Some(Behind { operator: Operator::Sibling, at: at + length, quoted: false })
}

/// How many of these signs stand in a row from `at` on; more than eight are none of the notations here.
fn count_of(text: &[u8], at: usize, signs: &[u8]) -> usize {
    text.iter().skip(at).take(8).take_while(|byte| signs.contains(byte)).count()
}
