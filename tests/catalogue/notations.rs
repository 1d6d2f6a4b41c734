//! Where people leave secrets: notations of configuration files, programs, command lines and logs, filled
//! with samples of rules under names that the provider's documentation would use.

use sekisho::engine::noise::{FileKind, Form};
use sekisho::rules::rule::Matcher;
use sekisho::rules::{Rule, sample};
use sekisho::text::Span;

/// A secret in a notation.
pub struct Case {
    /// The notation's name.
    pub notation: &'static str,
    /// The kind of file that has it.
    pub kind: FileKind,
    /// The text around the secret and the secret.
    pub text: String,
    /// Where the secret is.
    pub secret: Span,
}

/// A sample of a rule in every notation; none where the rule reads the text around its secret, which has
/// only its own place then.
pub fn cases(rule: &Rule, seed: u64) -> Vec<Case> {
    let own_place = match &rule.matcher {
        Matcher::Block(_) => true,
        Matcher::Token(token) => !begins_with_secret(&token.regex),
        Matcher::Assigned(_) => false,
    };
    let made = rule.hit.first().and_then(|template| sample::expand(template, seed + 100).ok());
    let Some((made, span)) = made.and_then(|made| made.secret.map(|span| (made, span))) else {
        return Vec::new();
    };
    let secret = String::from_utf8_lossy(&made.text[span.range()]).into_owned();
    if own_place || secret.contains('\n') {
        return Vec::new();
    }
    let case = |&(notation, written, form): &(&'static str, Form, &str)| {
        let (text, at) = write(form, rule, &secret, seed);
        Case {
            notation,
            kind: FileKind { form: written, fixture: false },
            text,
            secret: Span::new(at, at + secret.len()),
        }
    };
    NOTATIONS.iter().map(case).collect()
}

fn begins_with_secret(pattern: &str) -> bool {
    pattern.trim_start_matches(r"\b").starts_with("(?<secret>")
}

/// A notation: its name, the kind of file and how it writes a secret. `{NAME}`, `{name}`, `{camel}`,
/// `{word}` and `{provider}` are ways to write the name, `{v}` is the secret.
const NOTATIONS: [(&str, Form, &str); 24] = [
    ("env", Form::Config, "export {NAME}={v}\n"),
    ("dotenv", Form::Config, "DEBUG=1\n{NAME}=\"{v}\"\nPORT=80\n"),
    ("yaml", Form::Config, "app:\n  {name}: {v}\n"),
    ("yaml-nested", Form::Config, "{provider}:\n  enabled: true\n  {word}: \"{v}\"\n"),
    ("json", Form::Config, "{\n  \"{name}\": \"{v}\",\n  \"a\": 1\n}\n"),
    ("json-nested", Form::Config, "{\"{provider}\": {\"{word}\": \"{v}\"}}\n"),
    ("python", Form::Code, "import os\n{NAME} = '{v}'\n"),
    ("python-call", Form::Code, "client = {provider}.Client({word}=\"{v}\", timeout=3)\n"),
    ("js", Form::Code, "const {camel} = \"{v}\";\n"),
    ("js-object", Form::Code, "module.exports = { {camel}: '{v}' };\n"),
    ("go", Form::Code, "\t{camel} := \"{v}\"\n"),
    ("java", Form::Code, "private static final String {NAME} = \"{v}\";\n"),
    ("terraform", Form::Config, "variable \"{name}\" {\n  default = \"{v}\"\n}\n"),
    ("tfvars", Form::Config, "{name} = \"{v}\"\n"),
    ("curl", Form::Unknown, "curl -H \"X-{camel}: {v}\" https://api.{provider}.com/v1\n"),
    ("curl-bearer", Form::Unknown, "curl https://api.{provider}.com/v1/me -H 'Authorization: Bearer {v}'\n"),
    ("dockerfile", Form::Config, "FROM alpine\nENV {NAME} {v}\n"),
    ("log", Form::Log, "2024-05-06 07:08:09 INFO {provider} using {name}={v} for the call\n"),
    ("query", Form::Code, "url = \"https://api.{provider}.com/v1?{word}={v}&page=2\"\n"),
    ("xml", Form::Config, "<{name}>{v}</{name}>\n"),
    ("xml-add", Form::Config, "<add key=\"{name}\" value=\"{v}\" />\n"),
    ("k8s-env", Form::Config, "env:\n  - name: {NAME}\n    value: \"{v}\"\n"),
    ("ini", Form::Config, "[{provider}]\n{word} = {v}\n"),
    ("flag", Form::Unknown, "{provider} login --{flag} {v}\n"),
];

/// What the secret of a rule is called, in words: from its own `name` words and kind.
fn word(rule: &Rule) -> String {
    let Matcher::Assigned(assigned) = &rule.matcher else {
        return word_of_kind(rule).to_owned();
    };
    let longest = assigned.name.iter().max_by_key(|name| name.len());
    longest.map_or_else(|| word_of_kind(rule).to_owned(), |name| name.to_string())
}

fn word_of_kind(rule: &Rule) -> &'static str {
    match rule.kind.name() {
        "password" => "password",
        "oauth" => "client secret",
        "client-id" => "client id",
        "private-key" => "private key",
        "encryption-key" => "secret key",
        "session" => "session token",
        "jwt" => "token",
        _ => "api key",
    }
}

/// What a provider is called: by the rule's context words, or as the provider spells itself.
fn provider(rule: &Rule, style: u64) -> String {
    if style % 2 == 1 {
        let words: Vec<String> = rule
            .provider
            .split(|character: char| !character.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        return words.join(if style == 1 { "_" } else { "" });
    }
    let near =
        rule.near.iter().find(|word| word.len() >= 3 && !word.contains(' ')).map(|word| word.to_string());
    let name = near.unwrap_or_else(|| rule.provider.to_lowercase());
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

fn camel(words: &str) -> String {
    let mut out = String::new();
    for (at, word) in words.split([' ', '_', '-']).enumerate() {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if at > 0 => out.extend(first.to_uppercase()),
            Some(first) => out.push(first),
            None => {}
        }
        out.push_str(letters.as_str());
    }
    out
}

fn write(notation: &str, rule: &Rule, secret: &str, style: u64) -> (String, usize) {
    let (provider, word) = (provider(rule, style), word(rule));
    let words = if word.contains(&provider) { word.clone() } else { format!("{provider} {word}") };
    let name = words.replace(' ', "_");
    let text = notation
        .replace("{NAME}", &name.to_uppercase())
        .replace("{name}", &name)
        .replace("{camel}", &camel(&words))
        .replace("{word}", &word.replace(' ', "_"))
        .replace("{flag}", &word.replace(' ', "-"))
        .replace("{provider}", &provider);
    let at = text.find("{v}").unwrap_or(0);
    (text.replace("{v}", secret), at)
}
