//! Texts for the benches, made at run time from a fixed seed, and real ones where
//! `SEKISHO_BENCH_CORPUS` names a directory.

use std::path::{Path, PathBuf};

/// Numbers that look random, the same in every run (splitmix64).
pub struct Dice(u64);

impl Dice {
    /// Dice that start from a seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// One of a list.
    pub fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[(self.next() % list.len() as u64) as usize]
    }

    /// Characters of an alphabet.
    pub fn text(&mut self, alphabet: &[u8], count: usize) -> String {
        (0..count).map(|_| char::from(alphabet[(self.next() % alphabet.len() as u64) as usize])).collect()
    }
}

/// Letters and digits.
pub const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const HEX: &[u8] = b"0123456789abcdef";

const WORDS: &[&str] = &[
    "index", "value", "buffer", "length", "token", "result", "config", "name", "parse", "offset", "node",
    "key", "state", "error", "path", "self", "request", "user", "count", "line", "entry", "handler", "data",
];

/// Text that looks like source code: names, calls, comments, strings; few long runs.
pub fn source(bytes: usize) -> Vec<u8> {
    let mut dice = Dice::new(1);
    let mut out = String::with_capacity(bytes + 128);
    while out.len() < bytes {
        let (one, two, three) = (dice.pick(WORDS), dice.pick(WORDS), dice.pick(WORDS));
        let number = dice.next() % 1000;
        match dice.next() % 8 {
            0 => out.push_str(&format!("    let {one}_{two} = {three}.get({number}).unwrap_or(&{two});\n")),
            1 => out.push_str(&format!("    if {one}.{two} != {three}::{number} && !{two}.is_empty() {{\n")),
            2 => out.push_str(&format!("        return Err(\"cannot read the {one} of {two}: {three}\");\n")),
            3 => out.push_str(&format!("// The {one} is kept until the {two} has seen every {three}.\n")),
            4 => out.push_str(&format!("def {one}_{two}({three}=None, *, {one}={number}):\n")),
            5 => out.push_str(&format!("  \"{one}\": \"{two}-{three}\", \"{two}\": {number},\n")),
            6 => out.push_str("    }\n\n"),
            _ => out.push_str(&format!("import {{ {one}, {two} }} from '../{three}/{one}.js';\n")),
        }
    }
    out.into_bytes()
}

/// The worst usual input: a build log full of digests.
pub fn hash_log(bytes: usize) -> Vec<u8> {
    let mut dice = Dice::new(2);
    let mut out = String::with_capacity(bytes + 256);
    while out.len() < bytes {
        let word = dice.pick(WORDS);
        match dice.next() % 4 {
            0 => out.push_str(&format!("Step 3/9 : sha256:{}  done\n", dice.text(HEX, 64))),
            1 => out.push_str(&format!("{} refs/heads/{word}\n", dice.text(HEX, 40))),
            2 => out.push_str(&format!("  \"integrity\": \"sha512-{}==\",\n", dice.text(BASE62, 86))),
            _ => out.push_str(&format!(
                "2026-01-02T03:04:05Z {word} id={}-{}-{}\n",
                dice.text(HEX, 8),
                dice.text(HEX, 4),
                dice.text(HEX, 12)
            )),
        }
    }
    out.into_bytes()
}

/// Rules of `count` made-up prefixes, as a rule file.
pub fn prefix_rules(count: usize) -> String {
    let mut dice = Dice::new(3);
    let lower = b"abcdefghijklmnopqrstuvwxyz";
    (0..count)
        .map(|number| {
            let prefix = format!("{}{number:x}", dice.text(lower, 4));
            format!(
                "[[rule]]\nid = \"made-up-{number}\"\nsummary = \"made up\"\nseverity = \"low\"\n\
                 regex = '''\\b(?<secret>{prefix}_[0-9A-Za-z]{{36}})\\b'''\nrotate = \"none\"\n\
                 hit = [\"«{prefix}_{{base62:36}}»\"]\nmiss = [\"{prefix}_\"]\n"
            )
        })
        .collect()
}

/// All files below the directory that `SEKISHO_BENCH_CORPUS` names, one behind the other, at most
/// `limit` bytes.
pub fn corpus(limit: usize) -> Option<Vec<u8>> {
    let top = PathBuf::from(std::env::var_os("SEKISHO_BENCH_CORPUS")?);
    let mut out = Vec::new();
    collect(&top, limit, &mut out);
    (!out.is_empty()).then_some(out)
}

fn collect(folder: &Path, limit: usize, out: &mut Vec<u8>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    for path in paths {
        if out.len() >= limit || path.is_symlink() || path.file_name().is_some_and(|name| name == ".git") {
            continue;
        }
        if path.is_dir() {
            collect(&path, limit, out);
        } else if let Ok(content) = std::fs::read(&path) {
            out.extend(content);
            out.truncate(limit);
        }
    }
}
