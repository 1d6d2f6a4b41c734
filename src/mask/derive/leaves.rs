//! The values in files and documents that hold secrets: JSON, YAML, dotenv and its relatives, netrc, PEM.

use super::class;
use super::names;
use saphyr_parser::{Event, Parser};
use serde_json::Value;
use zeroize::Zeroizing;

/// How a text holds its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The text is the secret; several lines are several secrets as well.
    Raw,
    /// `NAME=value` lines: dotenv, `.npmrc`, `.pypirc`, properties, INI files.
    Dotenv,
    /// JSON.
    Json,
    /// YAML, for instance a kubeconfig or a Secret of Kubernetes.
    Yaml,
    /// `machine … login … password …` (the format of ftp(1), curl and git).
    Netrc,
    /// Keys and certificates in PEM (RFC 7468).
    Pem,
}

/// Names and formats, as they are written on the command line.
pub const FORMATS: [(&str, Format); 9] = [
    ("raw", Format::Raw),
    ("dotenv", Format::Dotenv),
    ("json", Format::Json),
    ("yaml", Format::Yaml),
    ("kubeconfig", Format::Yaml),
    ("netrc", Format::Netrc),
    ("npmrc", Format::Dotenv),
    ("ini", Format::Dotenv),
    ("pem", Format::Pem),
];

impl Format {
    /// The format of this name.
    pub fn parse(name: &str) -> Option<Format> {
        FORMATS.iter().find(|known| known.0 == name).map(|known| known.1)
    }

    /// The format that a text seems to have.
    pub fn of(text: &[u8]) -> Format {
        let trimmed = text.trim_ascii();
        let Ok(string) = std::str::from_utf8(trimmed) else { return Format::Raw };
        if string.contains("-----BEGIN ")
            && !string.starts_with(['{', '['])
            && pem_blocks(string).next().is_some()
        {
            let outside = string.find("-----BEGIN ").unwrap_or(0);
            // A key inside a YAML or dotenv file is a value of that file.
            if !string[..outside].trim_end().ends_with(['=', '|', '"', '\'', ':', '>']) {
                return Format::Pem;
            }
        }
        if string.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(string).is_ok() {
            return Format::Json;
        }
        let mut words = string.split_ascii_whitespace();
        if matches!(words.next(), Some("machine" | "default" | "macdef"))
            && words.any(|word| word == "password")
        {
            return Format::Netrc;
        }
        if looks_assigned(string) {
            return Format::Dotenv;
        }
        // Nothing has a name without one of these.
        if !string.contains([':', '?']) {
            return Format::Raw;
        }
        match yaml(string) {
            Ok(leaves) if leaves.iter().any(|leaf| !leaf.name.is_empty()) => Format::Yaml,
            _ => Format::Raw,
        }
    }
}

/// A value in a document.
pub struct Leaf {
    /// Its key; empty where it has none.
    pub name: String,
    /// The value.
    pub value: Zeroizing<Vec<u8>>,
    /// The document itself says that this is a secret.
    pub told: bool,
}

impl Leaf {
    fn new(name: &str, value: &str, told: bool) -> Leaf {
        Leaf { name: name.to_owned(), value: Zeroizing::new(value.as_bytes().to_vec()), told }
    }

    /// Is it a secret, by what the document says, by its key or by its looks?
    pub fn secret(&self) -> bool {
        let mut parts = self.name.rsplit('.');
        let own = parts.next().unwrap_or_default();
        // `secrets: {a: …}` names all that is in it.
        let table = parts.next().is_some_and(|table| {
            ["secrets", "secret", "passwords", "tokens"].contains(&table.to_ascii_lowercase().as_str())
        });
        self.told || table || names::secretive(own) || looks_random(&self.value)
    }
}

/// Random without blanks, and no UUID or named digest.
fn looks_random(value: &[u8]) -> bool {
    let uuid = value.len() == 36 && [8, 13, 18, 23].iter().all(|&at| value[at] == b'-');
    let digest =
        [&b"sha256:"[..], b"sha512-", b"sha256-", b"sha1-"].iter().any(|start| value.starts_with(start));
    !uuid && !digest && !value.iter().any(u8::is_ascii_whitespace) && class::strong(value) || pem_text(value)
}

/// Does a private key in PEM stand in this text?
pub fn pem_text(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|text| pem_blocks(text).next().is_some())
}

/// All values of a text.
///
/// # Errors
/// What is wrong with a text that is not of this format; never a part of the text.
pub fn leaves(format: Format, text: &[u8]) -> Result<Vec<Leaf>, String> {
    let trimmed = text.trim_ascii();
    if format == Format::Raw {
        return Ok(raw(trimmed));
    }
    let text = std::str::from_utf8(trimmed)
        .map_err(|error| format!("it is not UTF-8 text from byte {} on", error.valid_up_to()))?;
    match format {
        Format::Raw => Ok(raw(trimmed)),
        Format::Dotenv => Ok(assignments(text)),
        Format::Json => {
            let value: Value = serde_json::from_str(text).map_err(|error| {
                format!("it is not JSON: line {}, column {}", error.line(), error.column())
            })?;
            let mut leaves = Vec::new();
            json_leaves("", &value, told_by_json(&value), &mut leaves);
            Ok(leaves)
        }
        Format::Yaml => yaml(text),
        Format::Netrc => Ok(netrc(text)),
        Format::Pem => Ok(pem_blocks(text).map(|block| Leaf::new("", block, true)).collect()),
    }
}

fn raw(text: &[u8]) -> Vec<Leaf> {
    let leaf = |value: &[u8]| Leaf { name: String::new(), value: Zeroizing::new(value.to_vec()), told: true };
    let mut leaves = vec![leaf(text)];
    if text.contains(&b'\n') {
        leaves.extend(
            text.split(|&byte| byte == b'\n')
                .map(<[u8]>::trim_ascii)
                .filter(|line| !line.is_empty())
                .map(leaf),
        );
    }
    leaves
}

/// The blocks with private keys of a PEM text; one without an end goes on to the end of the text.
fn pem_blocks(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("-----BEGIN ").filter_map(move |(at, begin)| {
        let block = &text[at..];
        let label = block[begin.len()..].split("-----").next().unwrap_or_default();
        let open = ["CERTIFICATE", "PUBLIC KEY", "PARAMETERS", "CRL", "SIGNATURE", "PKCS7", "MESSAGE"];
        if open.iter().any(|word| label.contains(word)) && !label.contains("PRIVATE") {
            return None;
        }
        let end = format!("-----END {label}-----");
        Some(block.find(&end).map_or(block, |stop| &block[..stop + end.len()]))
    })
}

/// In a Secret of Kubernetes, all of `data` and `stringData` is secret.
fn told_by_json(value: &Value) -> bool {
    value.get("kind").and_then(Value::as_str) == Some("Secret")
}

fn json_leaves(name: &str, value: &Value, told: bool, out: &mut Vec<Leaf>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => out.push(Leaf::new(name, &number.to_string(), false)),
        Value::String(text) => out.push(Leaf::new(name, text, told && under_data(name))),
        Value::Array(items) => items.iter().for_each(|item| json_leaves(name, item, told, out)),
        Value::Object(map) => {
            for (key, item) in map {
                let inner = join(name, key);
                json_leaves(&inner, item, told, out);
            }
        }
    }
}

fn join(name: &str, key: &str) -> String {
    if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") }
}

/// Is this a value of a Secret's `data`, or of a table that is called `secrets`?
fn under_data(path: &str) -> bool {
    let first = path.split('.').next().unwrap_or_default();
    path.contains('.') && matches!(first, "data" | "stringData" | "items")
}

/// Scalars of a YAML text with their paths. Aliases are not followed: what they stand for is listed where
/// it is defined.
fn yaml(text: &str) -> Result<Vec<Leaf>, String> {
    /// An open collection: a mapping with the key that waits for its value, or a sequence.
    enum Open {
        Mapping { path: String, key: Option<String> },
        Sequence { path: String },
    }
    fn place(stack: &mut [Open], key: Option<&str>) -> Option<String> {
        match stack.last_mut() {
            None => Some(String::new()),
            Some(Open::Sequence { path }) => Some(path.clone()),
            Some(Open::Mapping { path, key: waiting }) => match waiting.take() {
                Some(name) => Some(join(path, &name)),
                None => {
                    *waiting = Some(key.unwrap_or_default().to_owned());
                    None
                }
            },
        }
    }
    let mut stack: Vec<Open> = Vec::new();
    let mut leaves = Vec::new();
    let mut first = 0; // of the document's leaves
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| format!("it is not YAML: line {}", error.marker().line()))?;
        match event {
            Event::DocumentStart(_) => first = leaves.len(),
            Event::DocumentEnd => tell(&mut leaves[first..]),
            Event::Scalar(value, ..) => {
                if let Some(path) = place(&mut stack, Some(&value)) {
                    leaves.push(Leaf::new(&path, &value, false));
                }
            }
            Event::Alias(_) => drop(place(&mut stack, None)),
            Event::MappingStart(..) => {
                let path = place(&mut stack, None).unwrap_or_default();
                stack.push(Open::Mapping { path, key: None });
            }
            Event::SequenceStart(..) => {
                let path = place(&mut stack, None).unwrap_or_default();
                stack.push(Open::Sequence { path });
            }
            Event::MappingEnd | Event::SequenceEnd => drop(stack.pop()),
            _ => {}
        }
    }
    Ok(leaves)
}

fn tell(leaves: &mut [Leaf]) {
    let is_secret = |leaf: &Leaf| leaf.name.ends_with("kind") && leaf.value.as_slice() == b"Secret";
    if leaves.iter().any(is_secret) {
        leaves.iter_mut().for_each(|leaf| leaf.told = under_data(&leaf.name));
    }
}

fn netrc(text: &str) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    let mut login = String::new();
    let mut words = text.split_ascii_whitespace();
    while let Some(word) = words.next() {
        match word {
            "login" | "account" => login = words.next().unwrap_or_default().to_owned(),
            "password" => {
                let password = unquoted(words.next().unwrap_or_default());
                leaves.push(Leaf::new("password", password, true));
                leaves.push(Leaf::new("password", &format!("{login}:{password}"), true));
            }
            "machine" => drop(words.next()),
            _ => {}
        }
    }
    leaves
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(text)
}

/// The name and the rest behind `=` of a line.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let fits = !name.is_empty()
        && name.len() <= 160
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-/:@".contains(&byte))
        && !name.as_bytes()[0].is_ascii_digit();
    fits.then_some((name, value))
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with(['#', ';']) || line.starts_with('[') && line.trim_end().ends_with(']')
}

/// Every line is an assignment, a comment or a section. A single line may as well be a secret with `=` in
/// it, so there the name must be an ordinary one.
fn looks_assigned(text: &str) -> bool {
    let mut count = 0;
    let alone = text.lines().nth(1).is_none();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if is_comment(line) {
            continue;
        }
        let Some((name, value)) = assignment(line) else { return false };
        count += 1;
        if alone {
            let ordinary = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            return (ordinary || name.starts_with("//")) && !value.trim_matches('=').is_empty();
        }
        skip_quoted(value, &mut lines);
    }
    count > 0
}

/// Where the value's quote is not closed on its line, go on to the line where it is.
fn skip_quoted(value: &str, lines: &mut std::str::Lines<'_>) {
    let value = value.trim_start();
    let Some(quote) = value.chars().next().filter(|first| matches!(first, '"' | '\'')) else { return };
    if closing(&value[1..], quote).is_none() {
        let _ = lines.find(|line| closing(line, quote).is_some());
    }
}

/// Offset of the quote that ends a text.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, character)| {
        if escaped {
            escaped = false;
            return None;
        }
        escaped = character == '\\' && quote == '"';
        (character == quote).then_some(at)
    })
}

fn assignments(text: &str) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let end = memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |found| at + found);
        let line = &text[at..end];
        let next = end + 1;
        let Some((name, value)) = assignment(line).filter(|_| !is_comment(line)) else {
            at = next;
            continue;
        };
        let start = end - value.len() + (value.len() - value.trim_start().len());
        let name = name.rsplit(':').next().unwrap_or(name);
        let rest = &text[start..];
        let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\'' | '`'));
        if let Some(quote) = quote
            && let Some(stop) = closing(&rest[1..], quote)
        {
            let inner = &rest[1..=stop];
            leaves.push(Leaf::new(name, inner, false));
            if quote == '"' && inner.contains('\\') {
                leaves.push(Leaf::new(name, &unescaped(inner), false));
            }
            let behind = start + stop + 2;
            at = memchr::memchr(b'\n', &text.as_bytes()[behind..])
                .map_or(text.len(), |found| behind + found + 1);
            continue;
        }
        let value = value.trim();
        let bare = value.split(" #").next().unwrap_or(value).trim_end();
        leaves.push(Leaf::new(name, bare, false));
        if bare.len() < value.len() {
            leaves.push(Leaf::new(name, value, false));
        }
        at = next;
    }
    leaves
}

/// A text with its backslash escapes undone: `\n`, `\r`, `\t`, and `\c` for any other `c`.
pub fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
#[path = "leaves_tests.rs"]
mod tests;
