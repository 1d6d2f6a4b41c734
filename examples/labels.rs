//! Precision and recall of the judgement on labelled lines (`train.jsonl`, see docs), or the measures
//! of every assignment for the script that fits the model.
//!
//! `labels score FILE` prints the figures; `labels measures FILE` prints, tab separated, label,
//! repository, category and measures; `labels clean MEASURES_PER_FILE DIRECTORY...` prints the measures of assignments in clean sources.
#![allow(clippy::print_stdout)]

use sekisho::engine::assign::{self, Assignment};
use sekisho::engine::noise::{Context, FEATURES, FileKind, judge, measure, obvious};
use sekisho::text::Span;
use std::collections::BTreeMap;
use std::error::Error;

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

fn read(path: &str) -> Result<Vec<Line>, Box<dyn Error>> {
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
            file: FileKind::of_path(format!("x{}", row["extension"].as_str().unwrap_or("")).as_bytes()),
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

fn print(label: &str, repository: &str, category: &str, measures: &[i16; FEATURES], value: &[u8]) {
    let measures: Vec<String> = measures.iter().map(i16::to_string).collect();
    let value = String::from_utf8_lossy(value).replace(['\t', '\n', '\r'], " ");
    println!("{label}\t{repository}\t{category}\t{}\t{value}", measures.join(","));
}

fn measures(lines: &[Line]) {
    for line in lines {
        let mut any = false;
        for assignment in assignments(&line.text) {
            if !line.own.contains(assignment.value) {
                continue;
            }
            let hit = line.value.is_some_and(|value| value.overlaps(assignment.value));
            if line.secret && !hit && line.value.is_some() {
                continue;
            }
            let context = Context { text: &line.text, assignment: &assignment, file: line.file };
            if obvious(&context) {
                continue;
            }
            any = true;
            let label = if line.secret { "T" } else { "F" };
            let shown = &line.text[line.own.start..line.own.end - 1];
            print(label, &line.repository, &line.categories.join(":"), &measure(&context), shown);
        }
        if !any {
            let label = if line.secret { "MISS" } else { "NONE" };
            let shown = &line.text[line.own.start..line.own.end - 1];
            print(label, &line.repository, &line.categories.join(":"), &[0; FEATURES], shown);
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

fn score(lines: &[Line], verbose: bool) {
    const CORE: [&str; 7] = ["Password", "Secret", "Token", "Key", "Auth", "Credential", "API"];
    let mut all = Figures::default();
    let mut core = Figures::default();
    let mut categories: BTreeMap<&str, Figures> = BTreeMap::new();
    for line in lines {
        let hit = assignments(&line.text).iter().any(|assignment| {
            line.own.contains(assignment.value)
                && judge(&Context { text: &line.text, assignment, file: line.file }).secret
        });
        let add = |figures: &mut Figures| match (line.secret, hit) {
            (true, true) => figures.found += 1,
            (true, false) => figures.missed += 1,
            (false, true) => figures.wrong += 1,
            (false, false) => {}
        };
        add(&mut all);
        if line.categories.iter().any(|category| CORE.contains(&category.as_str())) {
            add(&mut core);
        }
        line.categories.iter().for_each(|category| add(categories.entry(category).or_default()));
        if verbose && hit != line.secret {
            let shown = String::from_utf8_lossy(&line.text[line.own.range()]);
            println!("{} {:?} {}", if hit { "WRONG" } else { "MISSED" }, line.categories, shown.trim());
        }
    }
    categories.iter().for_each(|(name, figures)| figures.print(name));
    core.print("named values (7 categories)");
    all.print("all");
}

/// Every file below a directory.
fn files(root: &std::path::Path, out: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().to_lowercase();
        let is_test =
            name.contains("test") || name.contains("example") || name == "idlelib" || name == "site-packages";
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !is_test => files(&path, out),
            Ok(kind) if kind.is_file() && !is_test => out.push(path),
            _ => {}
        }
    }
}

/// Assignments in sources without secrets: their measures, or those that are judged secret.
fn clean(roots: &[String], only_found: bool) {
    let mut paths = Vec::new();
    roots.iter().for_each(|root| files(std::path::Path::new(root), &mut paths));
    let (mut count, mut found) = (0usize, 0usize);
    for path in paths {
        let Ok(text) = std::fs::read(&path) else { continue };
        if memchr::memchr(0, &text[..text.len().min(8000)]).is_some() || text.len() > 4 << 20 {
            continue;
        }
        count += memchr::memchr_iter(b'\n', &text).count();
        let file = FileKind::of_path(path.as_os_str().as_encoded_bytes());
        for assignment in assignments(&text) {
            let context = Context { text: &text, assignment: &assignment, file };
            let shown = &text[assignment.name.start.min(assignment.value.start)..assignment.value.end];
            if !only_found && !obvious(&context) {
                print("C", &path.to_string_lossy(), "-", &measure(&context), shown);
            } else if only_found && judge(&context).secret {
                found += 1;
                println!("{}: {}", path.display(), String::from_utf8_lossy(shown).replace('\n', " "));
            }
        }
    }
    if only_found {
        println!(
            "{found} found in {count} lines: {:.1} per million lines",
            found as f64 * 1e6 / count.max(1) as f64
        );
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("measures") if arguments.len() == 2 => measures(&read(&arguments[1])?),
        Some(way @ ("score" | "errors")) if arguments.len() == 2 => {
            score(&read(&arguments[1])?, way == "errors")
        }
        Some("clean-measures") => clean(&arguments[1..], false),
        Some("clean") => clean(&arguments[1..], true),
        _ => println!("usage: labels score|errors|measures FILE, labels clean|clean-measures DIRECTORY..."),
    }
    Ok(())
}
