//! Notations in which a value does not follow its name directly.

use super::{Behind, Operator, skip_blanks};
use crate::text::Span;

/// How far behind its name the member with the value may stand, in bytes.
const FAR: usize = 240;

/// The member that holds the value of what is called in front of a brace: `default` of a Terraform
/// variable, `value` of an output in its state, of a parameter or of a setting. `at` is behind the brace.
pub(super) fn member(text: &[u8], at: usize) -> Option<Behind> {
    let window = &text[at..text.len().min(at + FAR)];
    let window = &window[..memchr::memchr2(b'}', b'{', window).unwrap_or(window.len())];
    let mut from = 0;
    for part in window.split(|byte| matches!(byte, b'\n' | b',' | b';')) {
        let start = at + from;
        from += part.len() + 1;
        let key = skip_quotes(text, skip_blanks(text, start));
        let Some(behind) = KEYS.iter().find_map(|word| {
            let found = text.get(key..key + word.len())?.eq_ignore_ascii_case(word);
            found.then_some(key + word.len())
        }) else {
            continue;
        };
        let operator = skip_blanks(text, skip_quotes(text, behind));
        if matches!(text.get(operator), Some(b'=' | b':')) {
            return Some(Behind { operator: Operator::Sibling, at: operator + 1, quoted: false });
        }
    }
    None
}

const KEYS: [&[u8]; 3] = [b"default", b"value", b"defaultvalue"];

fn skip_quotes(text: &[u8], at: usize) -> usize {
    let quotes = text[at.min(text.len())..].iter().take(3).take_while(|byte| b"\"'\\".contains(byte));
    at + quotes.count()
}

/// The text of the next element behind one that holds the name: `<key>name</key> <string>v</string>` of
/// property lists, `<name>n</name> <value>v</value>`; `at` is behind the name. It may stand on a
/// `later` line.
pub(super) fn property(text: &[u8], at: usize, later: &mut Option<usize>) -> Option<Behind> {
    const PAIRS: [(&[u8], &[u8]); 3] =
        [(b"</key>", b"<string>"), (b"</name>", b"<value>"), (b"</param-name>", b"<param-value>")];
    let (end, begin) = PAIRS.into_iter().find(|(end, _)| text[at..].starts_with(end))?;
    *later = Some(at);
    let at = at + end.len();
    let blanks = text[at..].iter().take(FAR).take_while(|byte| byte.is_ascii_whitespace()).count();
    let found = text[at + blanks..].starts_with(begin);
    found.then_some(Behind { operator: Operator::Element, at: at + blanks + begin.len(), quoted: false })
}

/// What is taken where the variable that was asked for is not set; `at` is behind the call:
/// `var("PASSWORD").unwrap_or("v")`, `fetch("PASSWORD") { "v" }`.
pub(super) fn fallback(text: &[u8], at: usize) -> Option<Behind> {
    const STARTS: [&[u8]; 6] =
        [b".unwrap_or(", b".unwrap_or_else(|_| ", b".orElse(", b".getOrElse(", b" { ", b"{ "];
    let start = STARTS.into_iter().find(|start| text[at..].starts_with(start))?;
    Some(Behind { operator: Operator::Fallback, at: at + start.len(), quoted: true })
}

/// Behind the accessors of a property: `string Password { get; set; } = "v"`. `at` is behind the brace.
pub(super) fn accessors(text: &[u8], at: usize) -> Option<Behind> {
    let window = &text[at..text.len().min(at + 48)];
    let end = memchr::memchr(b'}', window)?;
    let body = window[..end].trim_ascii();
    let equals = skip_blanks(text, at + end + 1);
    let found = body.starts_with(b"get") && text.get(equals) == Some(&b'=');
    found.then_some(Behind { operator: Operator::Assign, at: equals + 1, quoted: true })
}

/// A later argument that is called default: `add_argument("--password", default="v")`. `at` is behind the
/// comma.
pub(super) fn default_argument(text: &[u8], at: usize) -> Option<Behind> {
    const DEFAULT: &[u8] = b"default=";
    let window = &text[at..text.len().min(at + FAR)];
    let window = &window[..memchr::memchr2(b'\n', b')', window).unwrap_or(window.len())];
    let found = memchr::memmem::find(window, DEFAULT)?;
    let separate = found == 0 || matches!(window[found - 1], b' ' | b',');
    separate.then_some(Behind { operator: Operator::Sibling, at: at + found + DEFAULT.len(), quoted: true })
}

/// True for what is itself the value of a member in a braced list: `{name: PASSWORD, value: v}`.
pub(super) fn named(text: &[u8], name: Span) -> bool {
    let before = text[name.start.saturating_sub(8)..name.start].trim_ascii_end();
    before.ends_with(b"name:") || before.ends_with(b"key:")
}

/// True for a name without quotes that stands first of two: a symbol (`set :password, "v"`), an atom in a
/// tuple (`{password, "v"}`), what a text is copied to or compared with (`strcpy(password, "v")`).
pub(super) fn first_of_pair(text: &[u8], name: Span) -> bool {
    let before = &text[name.start.saturating_sub(16)..name.start];
    match before {
        [.., b' ' | b'(', b':'] => true,
        [.., b'{'] => text[name.range()].iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_'),
        [function @ .., b'('] => {
            let start = function.iter().rposition(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
            let function = &function[start.map_or(0, |at| at + 1)..];
            function.starts_with(b"str") || function.starts_with(b"mem")
        }
        _ => false,
    }
}

/// Shortest value that is taken for one behind `is`, in bytes.
const TOLD: usize = 6;

/// Where the value begins in what follows a name in a sentence: `is v`, where v is a word with a digit.
pub(super) fn sentence(rest: &[u8]) -> Option<usize> {
    let told = rest.strip_prefix(b"is ")?;
    let quotes = told.iter().take_while(|byte| b"\"'`".contains(byte)).count();
    let word = told[quotes..].split(|byte| b" \t\"'`,;".contains(byte)).next()?;
    (word.len() >= TOLD && word.iter().any(u8::is_ascii_digit)).then_some(3)
}

/// True for the name of a command or function that does something: `run_pass "x"`.
pub(super) fn command(name: &[u8]) -> bool {
    const VERBS: [&[u8]; 8] =
        [b"run_", b"test_", b"assert_", b"check_", b"expect_", b"print_", b"log_", b"verify_"];
    VERBS.iter().any(|verb| name.starts_with(verb))
}
