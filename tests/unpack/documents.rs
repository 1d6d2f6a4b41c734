//! Files that say more when read as what they are: notebooks, logs of builds.

use crate::make;
use crate::support::{Report, Tree, token};
use serde_json::json;

/// Path, line, offset and notes of each place, sorted.
pub fn told(report: &Report) -> Vec<(String, u64, u64, Vec<String>)> {
    let mut all: Vec<_> = report.json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|finding| finding["occurrences"].as_array().unwrap())
        .map(|one| {
            let notes = one["notes"].as_array().into_iter().flatten();
            (
                one["path"].as_str().unwrap().to_owned(),
                one["line"].as_u64().unwrap(),
                one["offset"].as_u64().unwrap(),
                notes.map(|note| note.as_str().unwrap().to_owned()).collect(),
            )
        })
        .collect();
    all.sort();
    all
}

fn find(text: &[u8], word: &str) -> u64 {
    memchr::memmem::find(text, word.as_bytes()).unwrap() as u64
}

/// A notebook with a token in a source and one in an output, with an escape of JSON in it.
fn notebook() -> Vec<u8> {
    let (one, other) = (token(1), token(2));
    let notebook = json!({
        "cells": [
            { "cell_type": "markdown", "metadata": {}, "source": ["# Title\n"] },
            { "cell_type": "code", "metadata": {}, "source": ["import acme\n", format!("acme.key = \"{one}\"\n")],
              "outputs": [
                { "output_type": "stream", "text": ["nothing\n"] },
                { "output_type": "display_data", "data": { "text/plain": [format!("Acme({other})")] } },
              ] },
        ],
        "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
    });
    let text = serde_json::to_string_pretty(&notebook).unwrap();
    text.replace(&other, &format!("\\u0061{}", &other[1..])).into_bytes()
}

#[test]
fn notebooks_are_told_by_cell() {
    let tree = Tree::new(&[]);
    let bytes = notebook();
    tree.write("a.ipynb", &bytes);
    tree.write("b.zip", &make::zip(&[("inner.tar.gz", &make::gzip(&make::tar(&[("x/a", &bytes)])))]));
    let report = tree.report(&["."]);
    let places = told(&report);
    let (one, other) = (find(&bytes, &token(1)), find(&bytes, "\\u0061cmt_"));
    let line =
        |offset: u64| bytes[..offset as usize].iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
    let mut wanted = Vec::new();
    for path in ["a.ipynb", "b.zip!/inner.tar.gz!/x/a"] {
        for (offset, name) in [(one, "cell 2, source"), (other, "cell 2, output 2")] {
            wanted.push((path.to_owned(), line(offset), offset, vec![name.to_owned()]));
        }
    }
    wanted.sort();
    assert_eq!(places, wanted);
    assert_eq!(report.json["findings"].as_array().unwrap().len(), 2);
    let human = tree.scan(&["."]);
    assert!(human.out.contains("cell 2, source") && human.out.contains("cell 2, output 2"), "{}", human.out);
}

const TIME: &str = "2024-05-01T10:00:00.1234567Z ";

/// Where a log is cut into pieces is not to be seen: each token stands in a change of colours, so that only
/// who reads the log as one finds it.
#[test]
fn a_log_of_any_length_is_read() {
    let tree = Tree::new(&[]);
    let mut log = "\u{feff}".to_owned();
    let mut wanted = Vec::new();
    let mut number = 0;
    while log.len() < 40 << 20 {
        number += 1;
        let said = match number % 20_000 {
            0 => {
                let secret = token(number);
                wanted.push((number, vec![format!("job build, step Run {}", (number - 1) / 30_000)]));
                format!("x \u{1b}[36m{}\u{1b}[0m{}", &secret[..12], &secret[12..])
            }
            _ if number % 30_000 == 1 => format!("##[group]Run {}", number / 30_000),
            _ => "a line of a log, as long as lines are at times when they are".to_owned(),
        };
        log.push_str(&format!("{TIME}{said}\n"));
    }
    tree.write("0_build.txt", log.as_bytes());
    tree.write("logs.zip", &make::zip(&[("0_build.txt", log.as_bytes())]));
    for (argument, path) in [("0_build.txt", "0_build.txt"), ("logs.zip", "logs.zip!/0_build.txt")] {
        let report = tree.report(&[argument]);
        let mut places = told(&report);
        places.sort_by_key(|place| place.1);
        let found: Vec<_> = places.iter().map(|(_, line, _, notes)| (*line, notes.clone())).collect();
        assert_eq!(found, wanted);
        for (place, line, offset, _) in &places {
            let at = *offset as usize;
            assert_eq!((&place[..], &log[at..at + 6]), (path, &token(*line)[..6]));
        }
        assert!(report.skipped.is_empty(), "{:?}", report.skipped);
    }
}

/// The same for a notebook: each token is written with an escape, and one output is longer than what is looked at
/// together.
#[test]
fn a_notebook_of_any_length_is_read_by_cell() {
    let tree = Tree::new(&[]);
    let (mut text, mut wanted) = ("{\n \"cells\": [".to_owned(), Vec::new());
    let line = "\"a line of a source, with a \\\"quote\\\" and as long as lines are\\n\",\n   ".repeat(2000);
    let mut number = 0;
    while text.len() < 40 << 20 {
        number += 1;
        let secret = token(number);
        let output = match number {
            50 => "a long one ".repeat(2 << 20),
            _ => "nothing ".repeat(1000),
        };
        text.push_str(&format!(
            "{}\n  {{\"cell_type\": \"code\", \"source\": [\n   {line}\"k = '\\u0061{}'\"],\n   \"outputs\": [{{\"text\": \"{output} \\u0061{}\"}}]}}",
            if number > 1 { "," } else { "" }, &secret[1..], &token(1_000_000 + number)[1..],
        ));
        wanted.push(format!("cell {number}, source"));
        wanted.push(format!("cell {number}, output 1"));
    }
    text.push_str("\n ],\n \"metadata\": {}, \"nbformat\": 4, \"nbformat_minor\": 5\n}\n");
    tree.write("a.ipynb", text.as_bytes());
    let report = tree.report(&["."]);
    let mut places = told(&report);
    places.sort_by_key(|place| place.2);
    let found: Vec<&String> = places.iter().flat_map(|place| &place.3).collect();
    assert_eq!(found, wanted.iter().collect::<Vec<_>>());
    for (_, line, offset, _) in &places {
        let before = &text.as_bytes()[..*offset as usize];
        assert_eq!(*line, before.iter().filter(|&&byte| byte == b'\n').count() as u64 + 1);
        assert!(text[*offset as usize..].starts_with("\\u0061cmt_"));
    }
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
}

#[test]
fn logs_of_github_actions() {
    let tree = Tree::new(&[]);
    let (secret, split) = (token(1), token(2));
    let (head, tail) = split.split_at(12);
    let step = format!(
        "\u{feff}{TIME}##[group]Run deploy\n{TIME}\u{1b}[36;1mdeploy {secret}\u{1b}[0m\n{TIME}x {head}\u{1b}[0m\u{1b}[32m{tail}\n"
    );
    let lines = ["=====ACME BEGIN=====", &"QUJD".repeat(16), &"REVG".repeat(16), "=====ACME END====="];
    let block: String = lines.iter().map(|line| format!("{TIME}{line}\n")).collect();
    let bundle = make::zip(&[
        ("0_build.txt", format!("{step}{block}").as_bytes()),
        ("build (18, x)/3_Run deploy.txt", step.as_bytes()),
    ]);
    tree.write("logs_1.zip", &bundle);
    tree.write("deep.tar", &make::tar(&[("run/logs.zip", &bundle)]));
    let report = tree.report(&["logs_1.zip"]);
    let places = told(&report);
    let whole = "logs_1.zip!/0_build.txt";
    let one = "logs_1.zip!/build (18, x)/3_Run deploy.txt";
    let told_of = |path: &str| -> Vec<(u64, Vec<String>)> {
        let of = places.iter().filter(|place| place.0 == path);
        of.map(|(_, line, _, notes)| (*line, notes.clone())).collect()
    };
    let note = |note: &str| vec![note.to_owned()];
    let in_job = note("job build, step Run deploy");
    assert_eq!(told_of(whole), [(2, in_job.clone()), (3, in_job.clone()), (4, in_job)]);
    let in_step = note("job build (18, x), step 3 Run deploy");
    assert_eq!(told_of(one), [(2, in_step.clone()), (3, in_step)]);
    let rules: Vec<&str> =
        report.json["findings"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect();
    assert_eq!(rules.iter().filter(|rule| **rule == "acme-block").count(), 1, "{rules:?}");
    assert_eq!(rules.len(), 3, "{rules:?}");
    assert_eq!(told(&tree.report(&["deep.tar"])).len(), 5);
}

#[test]
fn traces_of_gitlab() {
    let tree = Tree::new(&[]);
    let (one, two) = (token(1), token(2));
    let (head, tail) = two.split_at(20);
    let time = "2024-05-22T12:43:46.962646Z 00O";
    let text = format!(
        "Running with gitlab-runner 17.0.0\n\
         section_start:1714557600:step_script[hide_duration=true]\r\u{1b}[0K\u{1b}[0Kstart\n$ login {one}\n\
         section_end:1714557603:step_script\r\u{1b}[0K\nother\n\
         {time} {head}\n{time}+{tail}\n"
    );
    tree.write("trace.log", text.as_bytes());
    let stamped = format!("{time} section_start:1:get_sources\r\u{1b}[0K\n{time} {head}\n{time}+{tail}\n");
    tree.write("stamped.gz", &make::gzip(stamped.as_bytes()));
    let places: Vec<_> =
        told(&tree.report(&["."])).into_iter().map(|(path, line, _, notes)| (path, line, notes)).collect();
    let wanted = [
        ("stamped.gz!/stamped".to_owned(), 2, vec!["section get_sources".to_owned()]),
        ("trace.log".to_owned(), 3, vec!["section step_script".to_owned()]),
        ("trace.log".to_owned(), 6, vec![]),
    ];
    assert_eq!(places, wanted);
}

#[test]
fn logs_of_jenkins() {
    let tree = Tree::new(&[]);
    let (one, two) = (token(1), token(2));
    let (head, tail) = two.split_at(9);
    let hidden = "\u{1b}[8mha:////4AbCdEf0123456789+/=\u{1b}[0m";
    let text = format!(
        "Started by user {hidden}ann\n{hidden}[Pipeline] node\n[Pipeline] {{\n[Pipeline] stage\n\
         [Pipeline] {{ (Deploy)\n[Pipeline] sh\n+ curl {one}\n{head}{hidden}{tail}\n[Pipeline] }}\n[Pipeline] }}\n"
    );
    tree.write("log", text.as_bytes());
    let places: Vec<_> =
        told(&tree.report(&["."])).into_iter().map(|(_, line, _, notes)| (line, notes)).collect();
    let note = vec!["stage Deploy, step sh".to_owned()];
    assert_eq!(places, [(7, note.clone()), (8, note)]);
}

#[test]
fn codes_of_terminals_hide_nothing() {
    let tree = Tree::new(&[]);
    let secret = token(1);
    let (head, tail) = secret.split_at(15);
    let text = format!("one\n\u{1b}[1mkey\u{1b}[0m {head}\u{1b}[31m{tail}\u{1b}[0m\n");
    tree.write("session.txt", text.as_bytes());
    let places = told(&tree.report(&["."]));
    assert_eq!(places, [("session.txt".to_owned(), 2, find(text.as_bytes(), head), vec![])]);
}
