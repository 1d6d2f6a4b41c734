//! The other spellings of a secret: what stands in a log is often a part or another notation of what was
//! registered. A JSON document is registered and one of its values printed; a URL, and its password.

pub mod class;
pub mod leaves;
pub mod names;
pub mod parts;

pub use class::{Class, Weakness, classify};
pub use leaves::Format;

use crate::rules::check::codec;
use zeroize::Zeroizing;

/// Most spellings of one secret.
pub const MOST: usize = 64;
/// Longest value that is taken apart; a longer one is masked as it is, and its lines.
const LONGEST: usize = 1 << 20;
/// Shortest line of a key that is masked by itself, in bytes.
const LINE: usize = 12;
/// Shortest text that is tried as base64 or hexadecimal, in characters.
const ENCODED: usize = 12;

/// One spelling of a secret.
pub struct Spelling {
    /// The bytes.
    pub value: Zeroizing<Vec<u8>>,
    /// How it was made: `itself`, `json`, `url`, …
    pub how: &'static str,
}

/// All spellings of a value: it first, then what is derived from it, and from that in turn, up to [`MOST`].
/// White space at both ends is no part of a secret.
pub fn spellings(value: &[u8]) -> Vec<Spelling> {
    let mut found = Found { list: Vec::new() };
    found.add(value.trim_ascii().to_vec(), "itself");
    let mut at = 0;
    while at < found.list.len() && found.list.len() < MOST {
        let value = found.list[at].value.clone();
        if value.len() <= LONGEST && found.list[at].how != "line" {
            step(&value, &mut found);
        }
        at += 1;
    }
    // Lines last: a key of many lines leaves no room for the rest.
    for at in 0..found.list.len() {
        let value = found.list[at].value.clone();
        lines(&value, &mut found);
    }
    found.list
}

struct Found {
    list: Vec<Spelling>,
}

impl Found {
    fn add(&mut self, value: Vec<u8>, how: &'static str) {
        let value = Zeroizing::new(value.trim_ascii().to_vec());
        let known = self.list.iter().any(|spelling| spelling.value == value);
        if self.list.len() < MOST && !value.is_empty() && !known {
            self.list.push(Spelling { value, how });
        }
    }
}

/// What one value gives.
fn step(value: &[u8], found: &mut Found) {
    unquote(value, found);
    let text = std::str::from_utf8(value).unwrap_or_default();
    if memchr::memmem::find(value, b"\\n").is_some() || memchr::memmem::find(value, b"\\\"").is_some() {
        found.add(leaves::unescaped(text).into_bytes(), "unescaped");
    }
    let format = Format::of(value);
    if format != Format::Raw {
        for leaf in leaves::leaves(format, value).unwrap_or_default() {
            if leaf.secret() {
                found.add(leaf.value.to_vec(), "value in a document");
            }
        }
    }
    for part in parts::of_url(value) {
        found.add(part, "part of a URL");
    }
    for part in parts::of_connection_string(value) {
        found.add(part, "part of a connection string");
    }
    if let Some(part) = parts::of_pair(value) {
        found.add(part, "password of a pair");
    }
    if let Some(part) = parts::of_header(value) {
        found.add(part, "credential of a header");
    }
    if value.len() >= ENCODED {
        decode(value, found);
    }
}

fn unquote(value: &[u8], found: &mut Found) {
    if let [first @ (b'"' | b'\'' | b'`'), inner @ .., last] = value
        && first == last
    {
        found.add(inner.to_vec(), "without quotes");
        if *first == b'"'
            && let Ok(text) = serde_json::from_slice::<String>(value)
        {
            found.add(text.into_bytes(), "without quotes");
        }
    }
}

/// Decoded base64 and hexadecimal, where that is text.
fn decode(value: &[u8], found: &mut Found) {
    let packed: Vec<u8> = value.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let whole = packed.iter().all(|&byte| codec::is_base64(byte) || byte == b'=');
    if whole
        && let Some(decoded) = codec::base64(&packed)
        && is_text(&decoded)
    {
        found.add(decoded, "decoded base64");
    }
    if let Some(decoded) = codec::hex(&packed)
        && is_text(&decoded)
    {
        found.add(decoded, "decoded hexadecimal");
    }
}

/// Text that a person or program wrote: random bytes of this length are practically never printable.
fn is_text(bytes: &[u8]) -> bool {
    bytes.len() >= class::SHORTEST
        && std::str::from_utf8(bytes).is_ok_and(|text| {
            text.chars().all(|character| !character.is_control() || "\n\r\t".contains(character))
        })
}

/// The lines of a key, without its armour and headers. Lines of documents are no secrets by themselves:
/// their values are.
fn lines(value: &[u8], found: &mut Found) {
    if !value.contains(&b'\n') || !matches!(Format::of(value), Format::Raw | Format::Pem) {
        return;
    }
    for line in value.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii) {
        let armour = line.starts_with(b"-----")
            || line.starts_with(b"---- ")
            || memchr::memmem::find(line, b": ").is_some();
        if line.len() >= LINE && !armour {
            found.add(line.to_vec(), "line");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> Vec<String> {
        spellings(value.as_bytes())
            .into_iter()
            .map(|spelling| String::from_utf8_lossy(&spelling.value).into_owned())
            .collect()
    }

    fn key() -> String {
        let mut random = crate::rules::check::Generator::new(11);
        let lines: Vec<String> = (0..5).map(|_| random.text(codec::BASE64, 64)).collect();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", lines.join("\n"))
    }

    #[track_caller]
    fn gives(value: &str, wanted: &[&str]) {
        let found = shown(value);
        for text in wanted {
            assert!(found.iter().any(|spelling| spelling == text), "no {text:?} in {found:?}");
        }
    }

    #[test]
    fn trimmed_and_unquoted() {
        assert_eq!(shown("  v1lue9 \n"), ["v1lue9"]);
        gives("\"a b\\\"c\"", &["a b\\\"c", "a b\"c"]);
        gives("'v1lue9'", &["v1lue9"]);
        assert!(shown("").is_empty() && shown(" \n ").is_empty());
    }

    #[test]
    fn a_key_in_any_wrapping_gives_its_lines() {
        let key = key();
        let line = key.lines().nth(2).unwrap();
        gives(&key, &[line]);
        gives(&key.replace('\n', "\\n"), &[&key, line]);
        gives(&codec::to_base64(key.as_bytes()), &[&key, line]);
        let json = serde_json::json!({ "type": "service_account", "private_key": key }).to_string();
        gives(&json, &[&key, line]);
        gives(&codec::to_base64(json.as_bytes()), &[&key, line]);
        assert!(!shown(&key).iter().any(|spelling| spelling.starts_with("-----END")));
    }

    #[test]
    fn parts_of_parts() {
        gives(&["https://anna:", "s3cr3t%21x", "@h/"].concat(), &["s3cr3t%21x", "s3cr3t!x", "anna:s3cr3t!x"]);
        gives(&codec::to_base64(b"anna:s3cr3t!x"), &["anna:s3cr3t!x", "s3cr3t!x"]);
        gives(&format!("Authorization: Basic {}", codec::to_base64(b"anna:s3cr3t!x")), &["s3cr3t!x"]);
        gives(&codec::to_hex(b"anna:s3cr3t!x"), &["s3cr3t!x"]);
        gives(&["Server=h;Password=", "s3cr3t!x", ";Port=1"].concat(), &["s3cr3t!x"]);
        let auth = codec::to_base64(b"anna:s3cr3t!x");
        gives(&serde_json::json!({ "auths": { "h": { "auth": auth } } }).to_string(), &["s3cr3t!x"]);
    }

    #[test]
    fn the_number_is_bounded() {
        let many: String = (0..500).map(|at| format!("KEY_{at}=value{at}x\n")).collect();
        assert_eq!(spellings(many.as_bytes()).len(), MOST);
        let long = "ab\n".repeat(400_000);
        assert!(spellings(long.as_bytes()).len() <= MOST);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(value in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..120)) {
            proptest::prop_assert!(spellings(&value).len() <= MOST);
        }

        #[test]
        fn text_never_panics(value in "[\\[{}\\]\":,=a-f0-9\\\\n@/;'% \\-]{0,80}") {
            proptest::prop_assert!(spellings(value.as_bytes()).len() <= MOST);
        }
    }
}
