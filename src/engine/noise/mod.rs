//! Tells credentials from everything else that is assigned to a name like one.
//!
//! [`judge`] measures an assignment (`features`), lets a fitted model weigh the measures (`model`,
//! trees written by a script) and adds rules that hold whatever the model says. [`plausible`] is the
//! light test for values whose structure is known: it only sorts out placeholders.

mod evident;
mod features;
mod file;
mod given;
mod identifier;
mod memory;
mod model;
mod name;
mod open;
mod pairs;
mod passphrase;
mod placeholder;
mod shape;
mod token;
mod trees;
mod url;
mod weak;

use super::assign::{Assignment, Operator};
pub use features::{FEATURES, NAMES, measure};
pub use file::{FileKind, Form};
pub use given::given_password;
pub use identifier::reads_as_words;
pub use memory::Memory;
use name::Name;
pub use placeholder::plausible;
pub use shape::likeness;
pub use token::token_for_tests;
pub use url::{basic_password, url_password};

/// True for a name that ends with a word for what a hash function makes of a secret: `encryption_key_sha256`.
pub fn of_digest(name: &[u8]) -> bool {
    name::of_digest(&Name::new(name))
}

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
    /// A look was enough: nothing but the value, the name and what stands before them on their line counted.
    pub obvious: bool,
}

/// Least score of a credential.
pub const THRESHOLD: f32 = -0.5;
/// Least score of a credential in tests, examples and documents, where most of what looks like a
/// password was made up for the purpose.
pub const FIXTURE_THRESHOLD: f32 = 1.0;
/// The score of what is obviously none.
const NEVER: f32 = -10.0;

/// Is the value of this assignment a credential? What had to be weighed is remembered in `memory`.
pub fn judge(context: &Context<'_>, memory: &mut Memory) -> Judgement {
    let name = Name::new(&context.text[context.assignment.name.range()]);
    let name = &name;
    if why_obvious(context, name).is_some() {
        return Judgement { secret: false, kind: name::kind(name), score: NEVER, obvious: true };
    }
    memory.recall(context, || weigh(context, name))
}

/// The same for what a look does not tell of.
fn weigh(context: &Context<'_>, name: &Name<'_>) -> Judgement {
    let kind = name::kind(name);
    let measures = features::measure_named(context, name);
    let (score, likely) = match context.file.form {
        Form::Any => {
            let in_code = !obvious_in_code(context, name);
            let kinds = || FileKind::all().enumerate().filter(|(_, file)| in_code || file.form != Form::Code);
            let all = kinds().fold(0, |all, (way, _)| all | 1 << way);
            let scores = model::scores(&measures, &features::KINDS, all);
            kinds().fold((NEVER, false), |(best, likely), (way, file)| {
                (best.max(scores[way]), likely || scores[way] >= threshold(file))
            })
        }
        _ => {
            let score = model::score(&measures);
            (score, score >= threshold(context.file))
        }
    };
    let secret = likely || evident::evident(context, name, kind);
    Judgement { secret, kind, score, obvious: false }
}

/// True where a value without quotes cannot be a credential if the file is code: it is an expression.
fn obvious_in_code(context: &Context<'_>, name: &Name<'_>) -> bool {
    let no_digit = !context.text[context.assignment.value.range()].iter().any(u8::is_ascii_digit);
    context.assignment.quote.is_none() && (no_digit && !name::of_password(name) || features::calls(context))
}

/// Is it a name such as `MYSQL_PWD`?
fn constant(name: &[u8]) -> bool {
    name.iter().all(|&byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// The least score of a credential in a file of this kind.
pub fn threshold(file: FileKind) -> f32 {
    if file.fixture { FIXTURE_THRESHOLD } else { THRESHOLD }
}

/// What the judgement saw and thought, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Why a look was enough to see that the value is no credential; then nothing was measured.
    pub obvious: Option<&'static str>,
    /// Logarithm of the odds that the value is a credential.
    pub score: f32,
    /// The least score of a credential here.
    pub threshold: f32,
    /// Every measure: its name (`name: …`, `value: …`, `place: …`), its number, and how much of the score
    /// it makes, taken alone. Numbers are counts, percentages or 0 and 1.
    pub measures: Vec<(&'static str, i16, f32)>,
}

impl Explanation {
    /// The measures that speak most for (above zero) or against the value, the weightiest first.
    pub fn weightiest(&self, count: usize) -> Vec<(&'static str, i16, f32)> {
        let mut all: Vec<_> = self.measures.iter().copied().filter(|measure| measure.2.abs() > 0.1).collect();
        all.sort_by(|one, other| other.2.abs().total_cmp(&one.2.abs()));
        all.truncate(count);
        all
    }
}

/// What [`judge`] goes by, in numbers with names. It holds nothing of the value itself.
pub fn explain(context: &Context<'_>) -> Explanation {
    let threshold = threshold(context.file);
    let name = Name::new(&context.text[context.assignment.name.range()]);
    if let Some(why) = why_obvious(context, &name) {
        return Explanation { obvious: Some(why), score: NEVER, threshold, measures: Vec::new() };
    }
    let numbers = features::measure_named(context, &name);
    let score = model::score(&numbers);
    let measures = (0..FEATURES)
        .map(|at| {
            let mut without = numbers;
            without[at] = 0;
            (NAMES[at], numbers[at], score - model::score(&without))
        })
        .collect();
    Explanation { obvious: None, score, threshold, measures }
}

/// True where a look is enough to see that the value is no credential: placeholders, references, and
/// ordinary words under names that say little. Most assignments end here.
pub fn obvious(context: &Context<'_>) -> bool {
    why_obvious(context, &Name::new(&context.text[context.assignment.name.range()])).is_some()
}

/// Why a look is enough, the cheapest reasons first.
fn why_obvious(context: &Context<'_>, name: &Name<'_>) -> Option<&'static str> {
    let assignment = context.assignment;
    let value = &context.text[assignment.value.range()];
    let code = context.file.form == Form::Code && assignment.quote.is_none();
    let digits = value.iter().all(u8::is_ascii_digit);
    let no_digit = !value.iter().any(u8::is_ascii_digit);
    let is = |yes: bool, why| yes.then_some(why);
    is(value.len() <= 2, "too short")
        .or_else(|| is(context.file.form == Form::Lock, "a version in a lock file"))
        .or_else(|| is(no_digit && value.len() < 16 && name::says_little(name.text), "an ordinary word"))
        .or_else(|| is(no_digit && code && !name::of_password(name), "a name in code"))
        .or_else(|| {
            let shell = name.text.ends_with(b"PWD") && matches!(value[0], b'/' | b'~' | b'.');
            is(shell, "the working directory")
        })
        .or_else(|| is(code && digits && features::outside_text(context), "a number in code"))
        .or_else(|| is(name::of_public_key(name) || open::public_key(value), "a public key"))
        .or_else(|| is(name::of_open_key(name), "a key that is no secret"))
        .or_else(|| is(name::of_key_id(name) && open::digest(value), "an identifier"))
        .or_else(|| is(name::of_digest(name) && !name::of_password(name) && open::digest(value), "a digest"))
        .or_else(|| is(open::version(value), "a version"))
        .or_else(|| is(digits && name::about(name), "a number"))
        .or_else(|| is(name.text.ends_with(b"recv-keys"), "keys to be received"))
        .or_else(|| is(ends_with_any_case(name.text, b"jsonwebtoken"), "the name of a library"))
        .or_else(|| {
            let listed = assignment.operator == Operator::Argument && constant(name.text) && constant(value);
            is(listed, "a name in a list of names")
        })
        .or_else(|| is(no_digit && shape::foreign(value), "words of a language"))
        .or_else(|| is(placeholder::escaped_words(value), "words of a language"))
        .or_else(|| is(placeholder::digest(value), "the digest of a password"))
        .or_else(|| is(placeholder::number(name, value), "a number"))
        .or_else(|| {
            let named = name::ends_well(name) || name::of_issued_secret(name);
            let uuid = shape::is_uuid(value) && (context.file.fixture || !named);
            is(uuid, "an identifier")
        })
        .or_else(|| {
            let token = context.file.fixture && value.starts_with(b"ey") && token_for_tests(value);
            is(token, "a token made for tests")
        })
        .or_else(|| {
            let stored = name::of_stored_password(name) && open::stored(value);
            is(stored, "the digest of a password")
        })
        .or_else(|| is(placeholder::bytes_in_escapes(value), "bytes of generated code"))
        .or_else(|| is(code && features::calls(context), "a call in code"))
        .or_else(|| is(placeholder::instruction(value), "a placeholder"))
        .or_else(|| is(open::rules(value), "rules for a value"))
        .or_else(|| is(placeholder::reference(value), "a reference to a value"))
        .or_else(|| is(!plausible(value), "a placeholder"))
}

/// True where a text ends with these letters in any case.
fn ends_with_any_case(text: &[u8], end: &[u8]) -> bool {
    text.len() >= end.len() && text[text.len() - end.len()..].eq_ignore_ascii_case(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::assign;
    use crate::text::Span;

    const CONFIG: FileKind = FileKind { form: Form::Config, fixture: false };
    const CODE: FileKind = FileKind { form: Form::Code, fixture: false };

    fn judged(text: &str, word: &str, file: FileKind) -> Judgement {
        let at = text.find(word).expect("the word stands in the text");
        let assignment =
            assign::parse(text.as_bytes(), Span::new(at, at + word.len())).expect("an assignment");
        let context = Context { text: text.as_bytes(), assignment: &assignment, file };
        let (judgement, explanation) = (judge(&context, &mut Memory::default()), explain(&context));
        assert_eq!(explanation.score.to_bits(), judgement.score.to_bits());
        assert_eq!(explanation.score >= explanation.threshold, judgement.secret);
        judgement
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
            let judgement = judged(&text, word, CONFIG);
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
            let judgement = judged(text, word, CODE);
            assert!(!judgement.secret, "{text} {judgement:?}");
        }
    }

    #[test]
    fn look_alikes_of_credentials() {
        let lock = FileKind::of_path(b"web/yarn.lock");
        let pinned = ["mini", "pass: \"", "npm:^3.1.6", "\"\n"].concat();
        assert!(!judged(&pinned, "pass", lock).secret);
        for (text, word) in [
            ("  optional string shared_secret = 381932490;\n".to_owned(), "secret"),
            (format!("PublicKeyToken={}, Culture\n", &random(20)), "Token"),
            (format!("minisign_pubkey = \"{}\"\n", random(48)), "key"),
            (
                "login.emptyPassword=\\u0160patn\\u00E9 p\\u0159ihl\\u00e1\\u0161en\\u00ed\n".to_owned(),
                "Passw",
            ),
            ("secret_version = \"12345678-ABCD-EFGH-IJKL-987654321098\"\n".to_owned(), "secret"),
        ] {
            assert!(!judged(&text, word, CODE).secret, "{text}");
        }
        // What is like them and is one: figures in a text, and a key that is not public.
        for (text, word) in [
            (format!("connect(\"host=db;password={};\")\n", random(14)), "passw"),
            (format!("public_site_secret = \"{}\"\n", random(40)), "secret"),
        ] {
            assert!(judged(&text, word, CODE).secret, "{text}");
        }
    }

    #[test]
    fn authors_are_no_names_of_secrets() {
        for text in ["author_link: https://acme.example/b02692187/", "authenticatorData: \"y9GqwTRaMpzV\""] {
            assert!(assign::parse(text.as_bytes(), Span::new(0, 4)).is_none(), "{text}");
        }
        for text in ["authorization: x", "auth: y", "authorisation_key = z"] {
            assert!(assign::parse(text.as_bytes(), Span::new(0, 4)).is_some(), "{text}");
        }
    }

    #[test]
    fn less_is_taken_for_a_password_in_tests() {
        let text = ["assert login(user, password=\"", "s3cr", "et\")\n"].concat();
        let fixture = FileKind::of_path(b"tests/test_login.py");
        assert!(fixture.fixture && !judged(&text, "passw", fixture).secret);
        let strong = format!("    password=\"{}\",\n", random(20));
        assert!(judged(&strong, "passw", fixture).secret);
    }

    #[test]
    fn memorable_passwords_are_found() {
        for (name, value) in [
            ("db_password", ["Xk29!", "fLq0p"].concat()),
            ("SMTP_PASSWORD", ["Summer", "2024!"].concat()),
            ("パスワード", ["kaze", "7719"].concat()),
            ("пароль", ["zima", "2019x"].concat()),
            ("contraseña", ["Verano", "88!"].concat()),
            ("senha", ["Bola", "4519"].concat()),
            ("mot_de_passe_mdp", ["Soleil", "77#"].concat()),
        ] {
            let text = format!("{name} = \"{value}\"\n");
            // The engine's own words lead to the name.
            let words = assign::words().iter().filter(|word| text.to_lowercase().contains(**word));
            let mut places = words.map(|word| (text.to_lowercase().find(word).unwrap_or(0), word.len()));
            let assignment = places
                .find_map(|(at, length)| assign::parse(text.as_bytes(), Span::new(at, at + length)))
                .unwrap_or_else(|| panic!("no word in {name}"));
            let context = Context { text: text.as_bytes(), assignment: &assignment, file: CONFIG };
            assert!(judge(&context, &mut Memory::default()).secret, "{text}");
        }
    }

    #[test]
    fn an_explanation_names_what_was_measured() {
        let text = format!("api_key = \"{}\"\n", random(32));
        let assignment = assign::parse(text.as_bytes(), Span::new(4, 7)).expect("an assignment");
        let context = Context { text: text.as_bytes(), assignment: &assignment, file: CONFIG };
        let explanation = explain(&context);
        assert_eq!(explanation.measures.len(), FEATURES);
        let number = |name: &str| explanation.measures.iter().find(|measure| measure.0 == name).map(|m| m.1);
        assert_eq!(number("value: length"), Some(32));
        assert_eq!(number("name: strong key"), Some(1));
        assert_eq!(number("place: fixture"), Some(0));
        let weightiest = explanation.weightiest(8);
        assert!(!weightiest.is_empty() && weightiest.len() <= 8);
        assert!(weightiest.windows(2).all(|pair| pair[0].2.abs() >= pair[1].2.abs()));
        let text = b"token = \"${TOKEN}\"";
        let assignment = assign::parse(text, Span::new(0, 5)).expect("an assignment");
        let context = Context { text, assignment: &assignment, file: CONFIG };
        assert_eq!(explain(&context).obvious, Some("a reference to a value"));
    }
}
