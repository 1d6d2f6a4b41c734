//! Tells credentials from everything else that is assigned to a name like one.
//!
//! [`judge`] measures an assignment (`features`), lets a fitted model weigh the measures (`model`,
//! trees written by a script) and adds rules that hold whatever the model says. [`plausible`] is the
//! light test for values whose structure is known: it only sorts out placeholders.

mod features;
mod file;
mod model;
mod name;
mod pairs;
mod placeholder;
mod shape;
mod trees;

use super::assign::Assignment;
pub use features::{FEATURES, NAMES, measure};
pub use file::FileKind;
pub use placeholder::plausible;
pub use shape::likeness;

/// What kind of credential a name speaks of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum NameKind {
    /// A password, passphrase or the like.
    Password,
    /// A token or secret.
    Token,
    /// A key.
    Key,
}

/// An assignment where it stands.
pub struct Context<'a> {
    /// The text that holds the assignment.
    pub text: &'a [u8],
    /// The assignment.
    pub assignment: &'a Assignment,
    /// What kind of file it is.
    pub file: FileKind,
}

/// What is thought of an assigned value.
#[derive(Clone, Copy, Debug)]
pub struct Judgement {
    /// The value is taken for a credential.
    pub secret: bool,
    /// What the name speaks of.
    pub kind: NameKind,
    /// Logarithm of the odds that the value is a credential.
    pub score: f32,
}

/// Least score of a credential.
pub const THRESHOLD: f32 = 0.0;
/// The score of what is obviously none.
const NEVER: f32 = -10.0;

/// Is the value of this assignment a credential?
pub fn judge(context: &Context<'_>) -> Judgement {
    let kind = name::kind(&context.text[context.assignment.name.range()]);
    if obvious(context) {
        return Judgement { secret: false, kind, score: NEVER };
    }
    let score = model::score(&measure(context));
    Judgement { secret: score >= THRESHOLD, kind, score }
}

/// What speaks most for (above zero) or against the value, the weightiest first: how much of the score
/// each measure makes, taken alone.
pub fn reasons(context: &Context<'_>) -> Vec<(&'static str, f32)> {
    if obvious(context) {
        return vec![("value: placeholder, reference or ordinary word", NEVER)];
    }
    let measures = measure(context);
    let score = model::score(&measures);
    let mut reasons: Vec<(&'static str, f32)> = (0..FEATURES)
        .map(|at| {
            let mut without = measures;
            without[at] = 0;
            (NAMES[at], score - model::score(&without))
        })
        .filter(|reason| reason.1.abs() > 0.1)
        .collect();
    reasons.sort_by(|one, other| other.1.abs().total_cmp(&one.1.abs()));
    reasons.truncate(8);
    reasons
}

/// True where a look is enough to see that the value is no credential: placeholders, references, and
/// ordinary words under names that say little. Most assignments end here.
pub fn obvious(context: &Context<'_>) -> bool {
    let assignment = context.assignment;
    let name = &context.text[assignment.name.range()];
    let value = &context.text[assignment.value.range()];
    let no_digit = !value.iter().any(u8::is_ascii_digit);
    let working_folder = name.ends_with(b"PWD") && matches!(value[0], b'/' | b'~' | b'.');
    value.len() <= 2
        || no_digit && value.len() < 16 && name::says_little(name)
        || no_digit
            && assignment.quote.is_none()
            && context.file == FileKind::Code
            && !name::of_password(name)
        || working_folder
        || name.ends_with(b"recv-keys")
        || placeholder::reference(value)
        || !plausible(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::assign;
    use crate::text::Span;

    fn judged(text: &str, word: &str, file: FileKind) -> Judgement {
        let at = text.find(word).expect("the word stands in the text");
        let assignment =
            assign::parse(text.as_bytes(), Span::new(at, at + word.len())).expect("an assignment");
        let context = Context { text: text.as_bytes(), assignment: &assignment, file };
        assert!(!reasons(&context).is_empty());
        judge(&context)
    }

    /// A value that looks random; made here so that no literal alarms a scanner.
    fn random(length: usize) -> String {
        let mut state = 0x2545_f491_u64;
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                char::from(
                    b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"[(state >> 33) as usize % 56],
                )
            })
            .collect()
    }

    #[test]
    fn credentials() {
        for (text, word, kind) in [
            (format!("DB_PASSWORD={}\n", random(12)), "PASSW", NameKind::Password),
            (format!("api_key = \"{}\"\n", random(32)), "key", NameKind::Key),
            (format!("  \"client_secret\": \"{}\",\n", random(40)), "secret", NameKind::Token),
            (format!("<add key=\"password\" value=\"{}\"/>", random(10)), "passw", NameKind::Password),
        ] {
            let judgement = judged(&text, word, FileKind::Config);
            assert!(judgement.secret, "{text} {judgement:?}");
            assert_eq!(judgement.kind, kind, "{text}");
        }
    }

    #[test]
    fn no_credentials() {
        for (text, word) in [
            ("password = \"${DB_PASSWORD}\"", "passw"),
            ("password_field = \"password_input\"", "passw"),
            ("const TOKEN_TYPE = \"Bearer\";", "TOKEN"),
            ("key = \"background-color\"", "key"),
            ("password: \"Please enter your password.\"", "passw"),
            ("let token = self.next_token();", "token"),
            ("api_key = os.environ[\"API_KEY\"]", "key"),
            ("token: String,", "token"),
        ] {
            let judgement = judged(text, word, FileKind::Code);
            assert!(!judgement.secret, "{text} {judgement:?}");
        }
    }
}
