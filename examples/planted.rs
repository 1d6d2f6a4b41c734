//! How many secrets are found that are planted in real code, and what is found besides.
//!
//! `planted DIRECTORY... [--show|--lines] [--seed=N]` takes every file of a programming language or configuration format
//! below the directories, plants one generated secret in every third of them, in the file's own notation
//! and at a random line, and scans each through the whole engine. It prints recall, precision and F1 by
//! line; what is found in the file as it was does not count. The same seed gives the same secrets. With
//! `--lines` it prints the planted lines instead, in the form that `examples/labels.rs` reads.
#![allow(clippy::print_stdout)]

use sekisho::engine::noise::FileKind;
use sekisho::engine::{Engine, Input, Scratch};
use sekisho::rules::rule::{Anchor, Matcher};
use sekisho::rules::{RuleSet, sample};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// Numbers that look random, the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % below.max(1) as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.next(list.len())]
    }

    fn text(&mut self, alphabet: &[u8], count: usize) -> String {
        (0..count).map(|_| char::from(alphabet[self.next(alphabet.len())])).collect()
    }
}

const HEX: &[u8] = b"0123456789abcdef";
const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE64: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/";
const STRONG: &[u8] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz!#%*+-_=@";
const WORDS: [&str; 24] = [
    "winter", "orange", "castle", "river", "copper", "falcon", "garden", "silver", "rocket", "maple",
    "harbor", "velvet", "thunder", "marble", "canyon", "pepper", "lantern", "meadow", "glacier", "cobalt",
    "walnut", "ember", "saffron", "tundra",
];

/// What is planted: its kind, the words of its name and the value.
fn secret(dice: &mut Dice, tokens: &[(String, String)]) -> (&'static str, Vec<String>, String) {
    let words = |name: &str| name.split(' ').map(str::to_owned).collect();
    match dice.next(6) {
        0 => {
            let name = dice.pick(&["password", "db password", "smtp password", "admin passwd", "user pwd"]);
            let length = 10 + dice.next(10);
            ("random password", words(name), dice.text(STRONG, length))
        }
        1 => {
            let name = dice.pick(&["password", "database password", "ftp pass", "root password"]);
            let mut word = dice.pick(&WORDS).to_owned();
            word[..1].make_ascii_uppercase();
            let (number, sign) = (10 + dice.next(9000), dice.pick(&["!", "#", "", "$", "@"]));
            let second = if dice.next(3) == 0 { dice.pick(&WORDS) } else { "" };
            let value = if dice.next(4) == 0 {
                format!("{word}{second}{number}{sign}").to_ascii_lowercase()
            } else {
                format!("{word}{sign}{second}{number}")
            };
            ("memorable password", words(name), value)
        }
        2 => {
            let name = dice.pick(&["api key", "secret key", "encryption key", "app secret", "auth token"]);
            let length = [32, 40, 64][dice.next(3)];
            ("hexadecimal key", words(name), dice.text(HEX, length))
        }
        3 => {
            let name = dice.pick(&["api key", "access token", "client secret", "auth token", "api secret"]);
            let length = 24 + dice.next(24);
            ("random token", words(name), dice.text(BASE62, length))
        }
        4 => {
            let name = dice.pick(&["secret key", "signing key", "session secret", "jwt secret"]);
            ("base64 key", words(name), dice.text(BASE64, 43) + "=")
        }
        _ => {
            let (rule, template) = &tokens[dice.next(tokens.len())];
            let seed = dice.next(1 << 30) as u64;
            let sample = sample::expand(template, seed).expect("templates of built-in rules expand");
            let span = sample.secret.expect("a marked secret");
            let value = String::from_utf8_lossy(&sample.text[span.range()]).into_owned();
            let provider = rule.split('-').next().unwrap_or("service").to_owned();
            ("provider token", vec![provider, "token".to_owned()], value)
        }
    }
}

/// The line in a file's own notation; none for files that this does not know.
fn line(dice: &mut Dice, extension: &str, name: &[String], value: &str) -> Option<String> {
    let snake = name.join("_");
    let upper = snake.to_ascii_uppercase();
    let pascal: String = name.iter().map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect();
    let camel = pascal[..1].to_ascii_lowercase() + &pascal[1..];
    let kebab = name.join("-");
    let forms: Vec<String> = match extension {
        "py" => vec![
            format!("{upper} = \"{value}\""),
            format!("{snake} = '{value}'"),
            format!("os.environ[\"{upper}\"] = \"{value}\""),
            format!("client = connect(host, {snake}=\"{value}\")"),
            format!("\"{snake}\": \"{value}\","),
        ],
        "js" | "ts" | "jsx" | "tsx" | "vue" | "mjs" | "cjs" => vec![
            format!("const {camel} = \"{value}\";"),
            format!("{camel}: '{value}',"),
            format!("process.env.{upper} = '{value}';"),
        ],
        "go" => vec![
            format!("{camel} := \"{value}\""),
            format!("{pascal}: \"{value}\","),
            format!("const {camel} = \"{value}\""),
        ],
        "java" | "kt" | "cs" | "scala" => vec![
            format!("private static final String {upper} = \"{value}\";"),
            format!("config.set{pascal}(\"{value}\");"),
            format!("props.put(\"{}\", \"{value}\");", name.join(".")),
        ],
        "rb" => vec![format!("{snake}: \"{value}\","), format!("{upper} = '{value}'")],
        "php" => vec![
            format!("${camel} = '{value}';"),
            format!("'{snake}' => '{value}',"),
            format!("define('{upper}', '{value}');"),
        ],
        "rs" => vec![format!("const {upper}: &str = \"{value}\";"), format!("let {snake} = \"{value}\";")],
        "c" | "h" | "cpp" | "cc" => {
            vec![format!("#define {upper} \"{value}\""), format!("const char *{snake} = \"{value}\";")]
        }
        "swift" => vec![format!("let {camel} = \"{value}\"")],
        "yml" | "yaml" => vec![format!("{snake}: {value}"), format!("{kebab}: \"{value}\"")],
        "json" => vec![format!("\"{camel}\": \"{value}\","), format!("\"{snake}\": \"{value}\",")],
        "toml" | "ini" | "cfg" | "conf" => vec![format!("{snake} = \"{value}\"")],
        "properties" => vec![format!("{}={value}", name.join("."))],
        "env" => vec![format!("{upper}={value}")],
        "sh" | "bash" => vec![
            format!("export {upper}='{value}'"),
            format!("{upper}=\"{value}\""),
            format!("deploy --{kebab} '{value}' --force"),
        ],
        "xml" => vec![
            format!("<{kebab}>{}</{kebab}>", value.replace('&', "")),
            format!("<add key=\"{pascal}\" value=\"{value}\" />"),
        ],
        "tf" => vec![format!("{snake} = \"{value}\"")],
        _ => return None,
    };
    let at = dice.next(forms.len());
    forms.into_iter().nth(at)
}

/// Every file below a directory, in the order of names.
fn files(root: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(root).into_iter().flatten().flatten().collect();
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && entry.file_name() != ".git" => files(&entry.path(), out),
            Ok(kind) if kind.is_file() => out.push(entry.path()),
            _ => {}
        }
    }
}

/// Lines (from 0) on which something is found.
fn lines(engine: &Engine, scratch: &mut Scratch, text: &[u8], kind: FileKind) -> HashSet<usize> {
    let mut matches = Vec::new();
    engine.scan(scratch, &Input { text, own: 0..text.len(), kind, binary: false }, &mut matches);
    matches.iter().map(|found| memchr::memchr_iter(b'\n', &text[..found.secret.start]).count()).collect()
}

/// A planted line as a labelled one.
fn labelled(root: &str, below: &Path, lines: &[&str], at: usize, value: &str) -> serde_json::Value {
    let own = lines[at];
    let start = own.find(value).map_or(0, |start| own[..start].chars().count());
    let extension = below.extension().map_or(String::new(), |end| format!(".{}", end.to_string_lossy()));
    serde_json::json!({
        "label": "T",
        "categories": ["Planted"],
        "file_kind": below.with_extension("").to_string_lossy(),
        "extension": extension,
        "repository": root,
        "before": lines[at.saturating_sub(2)..at],
        "lines": [own],
        "after": lines[at + 1..lines.len().min(at + 3)],
        "value": [start, start + value.chars().count()],
    })
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    let (show, only_lines) = (has("--show"), has("--lines"));
    let seed = arguments.iter().find_map(|argument| argument.strip_prefix("--seed=")?.parse().ok());
    let rules = RuleSet::builtin();
    let tokens: Vec<(String, String)> = rules
        .iter()
        .filter(|(_, rule)| rule.enabled)
        .filter(|(_, rule)| {
            matches!(&rule.matcher, Matcher::Token(token) if matches!(token.anchor, Anchor::WordStart { .. }))
                && rule.near.is_empty()
                && rule.check.as_deref() != Some("url-password")
        })
        .filter_map(|(_, rule)| Some((rule.id.to_string(), rule.hit.first()?.to_string())))
        .collect();
    let (engine, mut scratch, mut dice) = (Engine::new(rules), Scratch::default(), Dice(seed.unwrap_or(11)));
    let mut kinds: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let (mut found, mut missed, mut extra) = (0u32, 0u32, 0u32);
    for root in arguments.iter().filter(|argument| !argument.starts_with("--")) {
        let mut paths = Vec::new();
        files(Path::new(root), &mut paths);
        for path in paths {
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            if text.len() > 1 << 20 || dice.next(3) > 0 {
                continue;
            }
            let extension = path.extension().and_then(|end| end.to_str()).unwrap_or("");
            let (kind, name, value) = secret(&mut dice, &tokens);
            let Some(planted) = line(&mut dice, extension, &name, &value) else { continue };
            let mut parts: Vec<&str> = text.split('\n').collect();
            let at = dice.next(parts.len());
            let indent: String = parts[at].chars().take_while(|char| *char == ' ' || *char == '\t').collect();
            let planted = indent + &planted;
            parts.insert(at, &planted);
            let changed = parts.join("\n");
            let below = path.strip_prefix(root).unwrap_or(&path);
            if only_lines {
                println!("{}", labelled(root, below, &parts, at, &value));
                continue;
            }
            let file = FileKind::of_path(below.as_os_str().as_encoded_bytes());
            let before = lines(&engine, &mut scratch, text.as_bytes(), file);
            let after = lines(&engine, &mut scratch, changed.as_bytes(), file);
            let was = |line: usize| before.contains(&if line > at { line - 1 } else { line });
            let figures = kinds.entry(kind).or_default();
            if after.contains(&at) {
                found += 1;
                figures.0 += 1;
            } else {
                missed += 1;
                figures.1 += 1;
                if show {
                    println!("missed {kind} {}: {}", below.display(), planted.trim());
                }
            }
            extra += after.iter().filter(|&&line| line != at && !was(line)).count() as u32;
        }
    }
    if only_lines {
        return;
    }
    for (kind, (found, missed)) in kinds {
        println!("{kind:20} found {found:5} missed {missed:5}");
    }
    let f1 = f64::from(2 * found) / f64::from((2 * found + missed + extra).max(1));
    println!("found {found}, missed {missed}, extra {extra}: F1 {f1:.3}");
}
