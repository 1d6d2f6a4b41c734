//! Precision and recall on labelled lines, through the whole engine, or the measures of every
//! assignment for the script that fits the judgement's model (`benches/tables/trees.py`).
//!
//! `labels score FILE` prints the figures, `labels errors FILE` also the lines that are judged wrongly;
//! `labels measures FILE` prints the measures, `labels clean DIRECTORY...` those of sources that hold no
//! secrets. With `--paths` each line is taken to stand in a file below its `file_kind` directories.
//!
//! FILE holds a JSON object a line: `label` (`T` or `F`), `categories`, `file_kind`, `extension`,
//! `repository`, `before`, `lines`, `after` (texts), `value` (first and last character in the line).
#![allow(clippy::print_stdout)]

use sekisho::engine::assign::{self, Assignment};
use sekisho::engine::noise::{Context, FEATURES, FileKind, measure, obvious};
use sekisho::engine::{Engine, Input, Scratch};
use sekisho::rules::RuleSet;
use sekisho::text::Span;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

/// One labelled line in its context.
struct Line {
    text: Vec<u8>,
    own: Span,
    value: Option<Span>,
    secret: bool,
    categories: Vec<String>,
    repository: String,
    file: FileKind,
}

fn read(path: &str, paths: bool) -> Result<Vec<Line>, Box<dyn Error>> {
    let mut lines = Vec::new();
    for row in std::fs::read_to_string(path)?.lines() {
        let row: serde_json::Value = serde_json::from_str(row)?;
        let joined = |field: &str| {
            let parts: Vec<&str> =
                row[field].as_array().into_iter().flatten().filter_map(|line| line.as_str()).collect();
            parts.iter().map(|line| format!("{line}\n")).collect::<String>()
        };
        let (before, own, after) = (joined("before"), joined("lines"), joined("after"));
        let first = row["lines"][0].as_str().unwrap_or("");
        // Offsets of the value count characters.
        let byte = |at: u64| first.char_indices().nth(at as usize).map_or(first.len(), |found| found.0);
        let value = row["value"]
            .as_array()
            .and_then(|pair| Some((pair.first()?.as_u64()?, pair.get(1)?.as_u64()?)))
            .map(|(start, end)| {
                Span::new(before.len() + byte(start), before.len() + byte(end).max(byte(start)))
            });
        let extension = row["extension"].as_str().unwrap_or("");
        let folder = if paths { row["file_kind"].as_str().unwrap_or("") } else { "" };
        lines.push(Line {
            own: Span::new(before.len(), before.len() + own.len()),
            text: format!("{before}{own}{after}").into_bytes(),
            value,
            secret: row["label"] == "T",
            categories: row["categories"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|c| Some(c.as_str()?.to_string()))
                .collect(),
            repository: row["repository"].as_str().unwrap_or("").to_string(),
            file: FileKind::of_path(format!("{folder}/x{extension}").as_bytes()),
        });
    }
    Ok(lines)
}

/// All assignments of a text.
fn assignments(text: &[u8]) -> Vec<Assignment> {
    let folded = text.to_ascii_lowercase();
    let mut words: Vec<Span> = assign::words()
        .iter()
        .flat_map(|word| {
            memchr::memmem::find_iter(&folded, word.as_bytes()).map(|at| Span::new(at, at + word.len()))
        })
        .collect();
    words.sort_by_key(|word| word.start);
    let mut found: Vec<Assignment> = words.into_iter().filter_map(|word| assign::parse(text, word)).collect();
    found.dedup_by_key(|assignment| assignment.value);
    found
}

/// One row for the script that fits the model: number of the line, label, repository, categories, the
/// rules other than the judged ones that find something on it, whether the value is the labelled one,
/// measures (`-` where there is nothing to judge), and the text.
fn print(row: &[&str; 6], measures: Option<&[i16; FEATURES]>, shown: &[u8]) {
    let measures = measures
        .map_or("-".to_owned(), |measures| measures.iter().map(i16::to_string).collect::<Vec<_>>().join(","));
    let shown = String::from_utf8_lossy(shown).replace(['\t', '\n', '\r'], " ");
    println!("{}\t{measures}\t{shown}", row.join("\t"));
}

/// The built-in rules with or without those that hand their values to the judgement.
fn engine(judged: bool) -> Engine {
    let rules = RuleSet::builtin();
    let active = rules
        .iter()
        .map(|(_, rule)| rule.enabled && (judged || rule.check.as_deref() != Some("judgement")))
        .collect();
    Engine::with(rules, active)
}

/// Ids of the rules that find a secret which begins on the labelled line.
fn found(engine: &Engine, scratch: &mut Scratch, line: &Line) -> Vec<String> {
    let mut matches = Vec::new();
    let input = Input { text: &line.text, own: 0..line.text.len(), kind: line.file, binary: false };
    engine.scan(scratch, &input, &mut matches);
    matches
        .iter()
        .filter(|found| line.own.range().contains(&found.secret.start))
        .map(|found| engine.rules().get(found.rule).id.to_string())
        .collect()
}

fn measures(lines: &[Line]) {
    let (engine, mut scratch) = (engine(false), Scratch::default());
    for (number, line) in lines.iter().enumerate() {
        let shown = &line.text[line.own.start..line.own.end - 1];
        let rules = found(&engine, &mut scratch, line).join(",");
        let (number, categories) = (number.to_string(), line.categories.join(":"));
        let label = if line.secret { "T" } else { "F" };
        let row = |own| [number.as_str(), label, line.repository.as_str(), &categories, &rules, own];
        let mut any = false;
        for assignment in assignments(&line.text) {
            let context = Context { text: &line.text, assignment: &assignment, file: line.file };
            if !line.own.range().contains(&assignment.value.start) || obvious(&context) {
                continue;
            }
            any = true;
            let own = match line.value {
                Some(value) if value.overlaps(assignment.value) => "own",
                Some(_) => "other",
                None => "unknown",
            };
            print(&row(own), Some(&measure(&context)), shown);
        }
        if !any {
            print(&row("none"), None, shown);
        }
    }
}

/// Right and wrong answers.
#[derive(Default, Clone, Copy)]
struct Figures {
    found: u32,
    missed: u32,
    wrong: u32,
}

impl Figures {
    fn print(self, name: &str) {
        let precision = f64::from(self.found) / f64::from((self.found + self.wrong).max(1));
        let recall = f64::from(self.found) / f64::from((self.found + self.missed).max(1));
        let f1 = 2.0 * precision * recall / (precision + recall).max(1e-9);
        println!(
            "{name:32} found {:5} missed {:5} wrong {:5}  precision {precision:.3} recall {recall:.3} F1 {f1:.3}",
            self.found, self.missed, self.wrong
        );
    }
}

/// Categories that few people would call leaks: lines of nothing else are not counted.
const SOFT: [&str; 5] = ["UUID", "Nonce", "Salt", "AWS S3 Bucket", "Tencent WeChat API App ID"];

fn score(lines: &[Line], verbose: bool) {
    let (engine, mut scratch) = (engine(true), Scratch::default());
    let mut all = Figures::default();
    let mut categories: BTreeMap<&str, Figures> = BTreeMap::new();
    for line in lines {
        if line.categories.iter().all(|category| SOFT.contains(&category.as_str())) {
            continue;
        }
        let rules = found(&engine, &mut scratch, line);
        let hit = !rules.is_empty();
        let add = |figures: &mut Figures| match (line.secret, hit) {
            (true, true) => figures.found += 1,
            (true, false) => figures.missed += 1,
            (false, true) => figures.wrong += 1,
            (false, false) => {}
        };
        add(&mut all);
        line.categories.iter().for_each(|category| add(categories.entry(category).or_default()));
        if verbose && hit != line.secret {
            let shown = String::from_utf8_lossy(&line.text[line.own.range()]);
            let what = if hit { "WRONG" } else { "MISSED" };
            println!("{what} {:?} {} {}", line.categories, rules.join(","), shown.trim());
        }
    }
    categories.iter().for_each(|(name, figures)| figures.print(name));
    all.print("all");
}

/// Every file below a directory.
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

/// Measures of the assignments in sources without secrets, each below one of `roots`.
fn clean(roots: &[String]) {
    for root in roots {
        let mut paths = Vec::new();
        files(Path::new(root), &mut paths);
        for path in paths {
            let Ok(text) = std::fs::read(&path) else { continue };
            if memchr::memchr(0, &text[..text.len().min(8000)]).is_some() || text.len() > 4 << 20 {
                continue;
            }
            let below = path.strip_prefix(root).unwrap_or(&path);
            let file = FileKind::of_path(below.as_os_str().as_encoded_bytes());
            let place = if file.fixture { "fixture" } else { "source" };
            for assignment in assignments(&text) {
                let context = Context { text: &text, assignment: &assignment, file };
                if !obvious(&context) {
                    let shown =
                        &text[assignment.name.start.min(assignment.value.start)..assignment.value.end];
                    let path = below.to_string_lossy();
                    print(&[&path, "C", root, place, "", "own"], Some(&measure(&context)), shown);
                }
            }
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments.as_slice() {
        [way @ ("score" | "errors"), file] => score(&read(file, false)?, way == "errors"),
        [way @ ("score" | "errors"), file, "--paths"] => score(&read(file, true)?, way == "errors"),
        ["measures", file] => measures(&read(file, false)?),
        ["measures", file, "--paths"] => measures(&read(file, true)?),
        ["clean", ref roots @ ..] => clean(&roots.iter().map(ToString::to_string).collect::<Vec<_>>()),
        _ => println!("usage: labels score|errors|measures FILE [--paths], labels clean DIRECTORY..."),
    }
    Ok(())
}
