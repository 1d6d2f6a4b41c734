//! Passwords that are handed over: arguments of calls (`login("ann", "…")`) and of commands (`zip -P …`). The place says
//! that a password stands there; what is asked here is whether it is one that anybody uses.

use super::passphrase::{passphrase, technical};
use super::url::{WEAK, constant, format_directive, of_user};
use super::{open, placeholder, plausible, shape, weak};
use crate::text::Span;

/// A shorter password is none that is worth telling, in bytes.
const SHORTEST: usize = 5;
/// From this length on a password of small letters and digits may hold them in any order, in bytes.
const MIXED: usize = 10;
/// From this length on a value with a digit is taken for a password in tests and documents, in bytes.
const LONG: usize = 20;

/// True where `secret`, an argument in `whole`, is a password: no reference, no word of documentation, not its user's
/// name. In a `fixture` (tests, examples, documents) less is taken for one.
pub fn given_password(text: &[u8], whole: Span, secret: Span, fixture: bool) -> bool {
    let value = &text[secret.range()];
    let option = value.first() == Some(&b'-') && text[..secret.start].ends_with(b" ");
    if value.len() < SHORTEST
        || option
        || !plausible(value)
        || placeholder::reference(value)
        || placeholder::instruction(value)
        || placeholder::digest(value)
        || open::version(value)
        || shape::code(value)
        || constant(value)
        || format_directive(value)
        || of_place(value)
    {
        return false;
    }
    let user = word_before(&text[whole.start..secret.start]);
    if of_user(value, user) || common(value, fixture) {
        return false;
    }
    if passphrase(value) {
        return !fixture;
    }
    !value.iter().any(u8::is_ascii_whitespace) && strong(value, fixture)
}

/// True for addresses, paths and names of modules.
fn of_place(value: &[u8]) -> bool {
    let host = memchr::memrchr(b'@', value).map(|at| &value[at + 1..]);
    let named = |part: &[u8]| part.len() > 1 && part[0].is_ascii_alphabetic();
    let dotted = value.split(|&byte| byte == b'.');
    matches!(value.first(), Some(b'/' | b'.' | b'~'))
        || memchr::memmem::find(value, b"://").is_some()
        || host.is_some_and(|host| host.contains(&b'.') && !host.iter().any(u8::is_ascii_digit))
        || dotted.clone().count() > 2 && dotted.clone().all(named)
}

/// True for what everybody knows: weak words. Behind a word that people choose (`Dragon`, not `password`) two digits
/// make a password of it.
fn common(value: &[u8], fixture: bool) -> bool {
    if weak::share(value) < WEAK {
        return false;
    }
    let word = value.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let digits = value[word..].iter().filter(|byte| byte.is_ascii_digit()).count();
    fixture || word < 4 || digits < 2 || technical(&value[..word]) || value.len() > word + digits + 2
}

/// The word or text that stands before a value: its user, mostly.
fn word_before(before: &[u8]) -> &[u8] {
    let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.@".contains(byte);
    let end = before.iter().rposition(in_word).map_or(0, |at| at + 1);
    let length = before[..end].iter().rev().take_while(|byte| in_word(byte)).count();
    &before[end - length..end]
}

/// Does a value of one piece look like a password?
fn strong(value: &[u8], fixture: bool) -> bool {
    let count = |wanted: fn(&u8) -> bool| value.iter().filter(|byte| wanted(byte)).count();
    let digits = count(u8::is_ascii_digit);
    let signs = count(|byte| b"!#$%^&*+=?@~".contains(byte));
    let upper = count(u8::is_ascii_uppercase);
    let lower = count(u8::is_ascii_lowercase);
    let classes = [digits, signs, upper, lower].into_iter().filter(|&count| count > 0).count();
    let tail = value.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    if fixture {
        return classes >= 3 && digits > 1 && value.len() >= MIXED || value.len() >= LONG && digits > 2;
    }
    match classes {
        3.. => value.len() >= 6 && (digits > 0 || signs > 0),
        2 if digits > 0 => {
            (2..6).contains(&tail) && value.len() >= tail + 4 || value.len() >= MIXED && digits > 2
        }
        2 => signs > 0 && value.len() >= MIXED,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(call: &str, value: &str, fixture: bool) -> bool {
        let text = format!("{call}{value}\")");
        let secret = Span::new(call.len(), call.len() + value.len());
        given_password(text.as_bytes(), Span::new(0, text.len()), secret, fixture)
    }

    #[test]
    fn passwords_are_told() {
        for value in
            ["Qz7!kLm2", "copper5212", "Dragon#2285", "river-copper-lantern-42", "kT9vXw2QmL4z", "M@pl3123"]
        {
            assert!(given("login(\"ann\", \"", value, false), "{value}");
        }
        for value in ["Qz7!kLm2vB", "0f1e9c8d7b6a5f4e3d2c"] {
            assert!(given("login(\"ann\", \"", value, true), "{value}");
        }
    }

    #[test]
    fn words_of_documentation_are_not() {
        for value in [
            "password",
            "secret",
            "password123",
            "test1234",
            "$PASS",
            "${PASS}",
            "<password>",
            "%PASS%",
            "ann123",
            "utf8mb4",
            "8080",
            "PASSWORD",
            "ann@acme.org",
            "/run/secrets/db1",
            "jdbc:h2://x1",
            "a text of words 12",
            "builder",
            "getPassword(1)",
            "io.acme2.spi.Options",
            "%s",
            "your_password_1",
        ] {
            assert!(!given("login(\"ann\", \"", value, false), "{value}");
        }
        for value in ["copper5212", "river-copper-lantern-42", "s3cr3t-pass"] {
            assert!(!given("login(\"ann\", \"", value, true), "{value}");
        }
    }
}
