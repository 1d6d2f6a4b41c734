//! Assignments that need no weighing: what the name says and what the value looks like leave no doubt.

use super::name::{self, Name};
use super::passphrase::passphrase;
use super::{Context, Form, NameKind, shape};

/// True for what anyone would call a password, a passphrase or a key, under a name that says so.
pub(super) fn evident(context: &Context<'_>, name: &Name<'_>, kind: NameKind) -> bool {
    let value = &context.text[context.assignment.value.range()];
    let quoted = context.assignment.quote.is_some();
    if context.file.fixture {
        return false;
    }
    match kind {
        NameKind::Password => {
            quoted && mixed(value)
                || (quoted || context.file.form != Form::Code)
                    && name::of_password_at_end(name)
                    && passphrase(value)
        }
        NameKind::Token | NameKind::Key => shape::is_uuid(value) && name::of_issued_secret(name),
    }
}

/// Both cases, digits and a sign or two, all mixed.
fn mixed(value: &[u8]) -> bool {
    let count = |wanted: fn(&u8) -> bool| value.iter().filter(|byte| wanted(byte)).count();
    let signs = count(|byte| b"!#%+@$&*?~^".contains(byte));
    (10..=40).contains(&value.len())
        && (1..=4).contains(&signs)
        && count(u8::is_ascii_uppercase) > 0
        && count(u8::is_ascii_lowercase) > 0
        && count(u8::is_ascii_digit) > 1
        && count(u8::is_ascii_alphanumeric) + signs == value.len()
}

#[cfg(test)]
mod tests {
    use super::super::{FileKind, Memory, judge};
    use super::*;
    use crate::engine::assign;
    use crate::text::Span;

    fn secret(name: &str, value: &str, form: Form, fixture: bool) -> bool {
        let text = format!("x = y\n{name} = \"{value}\"\n");
        let words = assign::words().iter().filter_map(|word| Some((text.find(word)?, word.len())));
        let mut assignments =
            words.filter_map(|(at, length)| assign::parse(text.as_bytes(), Span::new(at, at + length)));
        let assignment = assignments.next().expect("an assignment");
        let file = FileKind { form, fixture };
        judge(&Context { text: text.as_bytes(), assignment: &assignment, file }, &mut Memory::default())
            .secret
    }

    #[test]
    fn passphrases_of_passwords() {
        let words = ["river", "copper", "lantern", "42"].join("-");
        assert!(secret("db_password", &words, Form::Code, false));
        assert!(secret("ssh.passphrase", &words, Form::Config, false));
        assert!(!secret("password_style", &words, Form::Code, false));
        assert!(!secret("db_password", "reset-password-form-2", Form::Code, false));
    }

    #[test]
    fn identifiers_of_secrets() {
        let uuid = ["867dad35", "084a", "4907", "b851", "c06834945a0e"].join("-");
        for name in ["secret_key_base", "client_secret", "app.api-key"] {
            assert!(secret(name, &uuid, Form::Config, false), "{name}");
        }
        for name in ["secret_id", "partition_key", "secret_version"] {
            assert!(!secret(name, &uuid, Form::Config, false), "{name}");
        }
        assert!(!secret("client_secret", &uuid, Form::Code, true));
    }
}
