//! Holds the floors of `src/lib.rs`: a module imports only lower floors and no sibling of its own
//! floor, and each outside crate that decides the architecture stays where it belongs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Imports of a sibling that are accepted, each with its reason. One that is no longer needed fails
/// the test, so that the list cannot outlive its reasons.
const ACCEPTED: &[(&str, &str, &str)] = &[
    ("error", "origin", "what was not looked at is told with where its bytes came from"),
    ("scan", "config", "a run is made from its settings"),
];

/// Crates and the only top-level modules that may use them.
const CRATES: &[(&str, &[&str])] = &[
    ("git2", &["source"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("crossterm", &["cli"]),
    ("regex_automata", &["engine", "rules", "policy"]), // policy: values and lines of allow entries
    ("regex_syntax", &["engine", "rules", "policy"]),
    ("aho_corasick", &["engine", "rules", "mask", "policy"]),
];

/// A source file: its top-level module, its path and its text without comments and test modules.
struct File {
    module: String,
    path: String,
    code: String,
}

fn rust_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("src is there") {
        let path = entry.expect("an entry of src").path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

/// Code that only runs in tests may look anywhere.
fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == "tests.rs" || name == "test_support.rs" || path.contains("/tests/")
}

/// The text without line comments, and without everything from the first test module on (test modules
/// stand at the end of a file).
fn code_of(text: &str) -> String {
    let text = text.find("#[cfg(test)]\nmod tests {").map_or(text, |at| &text[..at]);
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .fold(String::new(), |code, line| code + line.split(" // ").next().unwrap_or(line) + "\n")
}

fn files() -> Vec<File> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    rust_files(&source, &mut paths);
    paths.sort();
    paths
        .iter()
        .filter_map(|path| {
            let shown = path.strip_prefix(&source).expect("below src").to_string_lossy().replace('\\', "/");
            let module = shown.split(['/', '.']).next().unwrap_or_default().to_owned();
            let text = std::fs::read_to_string(path).expect("a source file is text");
            (!is_test_file(&shown)).then(|| File { module, path: shown, code: code_of(&text) })
        })
        .collect()
}

/// The floors as the table in the documentation of `src/lib.rs` tells them.
fn floors() -> BTreeMap<String, u32> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"))
        .expect("src/lib.rs is there");
    let mut floors = BTreeMap::new();
    for row in text.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let mut cells = row.split('|').map(str::trim);
        let (Some(floor), Some(modules)) = (cells.next(), cells.next()) else { continue };
        let Ok(floor) = floor.parse::<u32>() else { continue };
        for module in modules.split(',') {
            floors.insert(module.trim().trim_matches(['[', ']', '`']).to_owned(), floor);
        }
    }
    floors
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The top-level modules that a text names by `crate::…`, also in braces: `use crate::{a::b, c};`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].chars().next_back().is_some_and(is_name) {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(rest.chars().take_while(|&character| is_name(character)).collect());
            continue;
        };
        let mut depth = 0;
        let mut head = true; // at the beginning of an item of the outer braces
        let mut name = String::new();
        for character in group.chars() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => head = true,
                _ if head && is_name(character) => name.push(character),
                _ if head && !name.is_empty() => {
                    found.insert(std::mem::take(&mut name));
                    head = false;
                }
                _ => {}
            }
        }
        if !name.is_empty() {
            found.insert(name);
        }
    }
    found
}

/// Does code name this crate as `name::` or `use name`?
fn uses_crate(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let starts = !code[..at].chars().next_back().is_some_and(|before| is_name(before) || before == ':');
        let behind = &code[at + name.len()..];
        starts && (behind.starts_with("::") || code[..at].ends_with("use ") && !behind.starts_with(is_name))
    })
}

#[test]
fn the_reading_of_imports() {
    let found =
        imports("use crate::{a::b, c::{d, e}, f};\nlet x = crate::g::h(); mycrate::i;\nuse crate::j;");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a", "c", "f", "g", "j"]);
    assert!(uses_crate("use git2;", "git2") && uses_crate("a(git2::open())", "git2"));
    assert!(!uses_crate("use git21; my::git2::x(); not_git2::x()", "git2"));
    assert_eq!(code_of("a\n// b\nc // d\n#[cfg(test)]\nmod tests {\ne"), "a\nc\n");
}

#[test]
fn every_module_has_a_floor_and_every_floor_its_modules() {
    let floors = floors();
    let told: BTreeSet<&str> = floors.keys().map(String::as_str).collect();
    let files = files();
    let there: BTreeSet<&str> = files
        .iter()
        .map(|file| file.module.as_str())
        .filter(|module| !["lib", "main"].contains(module))
        .collect();
    assert_eq!(told, there, "the table in src/lib.rs and the modules in src/ differ");
}

#[test]
fn modules_import_lower_floors_only() {
    let floors = floors();
    let mut wrong = Vec::new();
    let mut needed = BTreeSet::new();
    for file in files() {
        let Some(&own) = floors.get(&file.module) else { continue };
        for import in imports(&file.code) {
            let Some(&other) = floors.get(&import) else { continue };
            if import == file.module || other < own {
                continue;
            }
            match ACCEPTED.iter().find(|(from, to, _)| *from == file.module && *to == import) {
                Some(accepted) => drop(needed.insert(accepted)),
                None => wrong
                    .push(format!("src/{} (floor {own}) imports crate::{import} (floor {other})", file.path)),
            }
        }
    }
    assert!(wrong.is_empty(), "imports across floors:\n{}", wrong.join("\n"));
    let idle: Vec<_> = ACCEPTED.iter().filter(|accepted| !needed.contains(accepted)).collect();
    assert!(idle.is_empty(), "no longer needed in ACCEPTED: {idle:?}");
}

#[test]
fn outside_crates_stay_in_their_place() {
    let mut wrong = Vec::new();
    for file in files() {
        for (name, places) in CRATES {
            if uses_crate(&file.code, name) && !places.contains(&file.module.as_str()) {
                wrong.push(format!("src/{} uses {name}, which belongs in {}", file.path, places.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
