//! The reports for other systems, from real runs and by real readers.

use crate::support::{Tree, token};
use serde_json::{Value, json};

/// What GitLab's schema of secret-detection reports 15 asks for, in our own words: its required fields,
/// its enums, its patterns and its limits.
fn gitlab_schema() -> jsonschema::Validator {
    let text = json!({ "type": "string", "minLength": 1 });
    let time = json!({ "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$" });
    let tool = json!({
        "type": "object",
        "required": ["id", "name", "version", "vendor"],
        "properties": {
            "id": text, "name": text, "version": text,
            "url": { "type": "string", "pattern": "^https?://.+" },
            "vendor": { "type": "object", "required": ["name"], "properties": { "name": text } },
        },
    });
    let identifier = json!({
        "type": "object",
        "required": ["type", "name", "value"],
        "properties": { "type": text, "name": text, "value": text },
    });
    let location = json!({
        "type": "object",
        "required": ["commit"],
        "properties": {
            "file": { "type": "string" },
            "start_line": { "type": "number" },
            "end_line": { "type": "number" },
            "commit": {
                "type": "object",
                "required": ["sha"],
                "properties": {
                    "sha": text, "author": { "type": "string" }, "date": { "type": "string" },
                    "message": { "type": "string" },
                },
            },
        },
    });
    let schema = json!({
        "type": "object",
        "required": ["scan", "version", "vulnerabilities"],
        "properties": {
            "version": { "type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$" },
            "scan": {
                "type": "object",
                "required": ["analyzer", "end_time", "scanner", "start_time", "status", "type"],
                "properties": {
                    "analyzer": tool, "scanner": tool, "start_time": time, "end_time": time,
                    "status": { "enum": ["success", "failure"] },
                    "type": { "enum": ["secret_detection"] },
                    "messages": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["level", "value"],
                            "properties": { "level": { "enum": ["info", "warn", "fatal"] }, "value": text },
                        },
                    },
                },
            },
            "vulnerabilities": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["id", "identifiers", "location", "category", "name", "description", "severity"],
                    "properties": {
                        "id": text,
                        "name": { "type": "string", "maxLength": 255 },
                        "description": { "type": "string", "maxLength": 1_048_576 },
                        "solution": { "type": "string", "maxLength": 7000 },
                        "severity": { "enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"] },
                        "identifiers": { "type": "array", "minItems": 1, "items": identifier },
                        "links": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["url"],
                                "properties": { "url": { "type": "string", "pattern": "^(https?|ftp)://.+" } },
                            },
                        },
                        "location": location,
                    },
                },
            },
        },
    });
    jsonschema::validator_for(&schema).unwrap()
}

fn tree() -> Tree {
    let text = format!("first\nkey = \"{}\"\n", token(1));
    Tree::new(&[("a,b.py", &text), ("=cmd.py", &format!("x = '{}'\n", token(2)))])
}

#[test]
fn gitlab_takes_the_report() {
    let tree = tree();
    let ran = tree.scan(&["--format", "gitlab"]);
    ran.status(1);
    assert!(!ran.out.contains(&token(1)[..12]));
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let schema = gitlab_schema();
    let complaints: Vec<String> = schema.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(complaints.is_empty(), "{complaints:?}\n{report:#}");
    assert_eq!(report["vulnerabilities"].as_array().unwrap().len(), 2);
    let first = &report["vulnerabilities"][1];
    assert_eq!((&first["location"]["file"], &first["location"]["start_line"]), (&"a,b.py".into(), &2.into()));
    let mut broken = report.clone();
    broken["scan"]["type"] = "sast".into();
    assert!(!schema.is_valid(&broken));
}

#[test]
fn one_run_writes_them_all() {
    let tree = tree();
    let out = |name: &str| tree.beside(name).display().to_string();
    let files = ["r.csv", "r.xml", "r.md", "gl-secret-detection-report.json"].map(out);
    let mut arguments: Vec<&str> = Vec::new();
    for file in &files {
        arguments.extend(["-o", file.as_str()]);
    }
    let named = format!("github={}", out("r.log"));
    arguments.extend(["-o", &named, "--quiet", "--show-secrets"]);
    tree.scan(&arguments).status(1);
    let read = |name: &str| std::fs::read_to_string(tree.beside(name)).unwrap();
    // Only the table has a place for clear text.
    for name in ["r.xml", "r.md", "gl-secret-detection-report.json", "r.log"] {
        let text = read(name);
        assert!(text.contains("a,b.py") || text.contains("a%2Cb.py"), "{name}: {text}");
        assert!(!text.contains(&token(1)[..12]), "{name}: {text}");
    }
    let mut rows =
        csv::Reader::from_reader(read("r.csv").as_bytes().to_vec().as_slice()).into_records().count();
    assert_eq!(rows, 2);
    rows = csv::Reader::from_reader(read("r.csv").as_bytes()).headers().unwrap().len();
    assert_eq!(rows, 20);
    assert!(read("r.csv").contains("'=cmd.py") && read("r.csv").contains(&token(1)));
    let xml = read("r.xml");
    let document = roxmltree::Document::parse(&xml).unwrap();
    assert_eq!(document.descendants().filter(|node| node.has_tag_name("failure")).count(), 2);
    assert_eq!(read("r.log").lines().filter(|line| line.starts_with("::error file=")).count(), 2);
}

#[test]
fn the_format_asked_for_serves_a_file_without_a_known_ending() {
    let tree = tree();
    let out = tree.beside("report.out").display().to_string();
    tree.scan(&["-f", "jsonl", "-o", &out]).status(1);
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{text}");
    let refused = tree.scan(&["-o", &out]);
    refused.status(2);
    assert!(refused.err.contains("cannot be told from the ending"), "{}", refused.err);
}

#[test]
fn a_clean_tree_in_every_format() {
    let tree = Tree::new(&[("a.py", "x = 1\n")]);
    for format in ["csv", "junit", "gitlab", "github", "markdown"] {
        let ran = tree.scan(&["--format", format]);
        ran.status(0);
        assert!(!ran.out.is_empty(), "{format}");
    }
    let names = tree.scan(&["--format", "xml"]);
    names.status(2).tells(&["markdown", "junit"]);
}

#[test]
fn no_file_is_named_by_a_secret_of_another() {
    let tree = Tree::new(&[("a.py", &format!("k = '{}'\n", token(1)))]);
    // The text in it is another secret, and what is skipped is named so as well.
    tree.write(&format!("keys/{}.py", token(1)), format!("k = '{}'\n", token(2)).as_bytes());
    #[cfg(unix)]
    crate::support::link(std::path::Path::new("/dev/null"), &tree.path().join(format!("{}.lnk", token(2))));
    let all = [
        "human", "json", "jsonl", "sarif", "html", "gitleaks", "csv", "junit", "gitlab", "github", "markdown",
    ];
    for format in all {
        let ran = tree.scan(&["--format", format, "."]);
        ran.status(1);
        assert!(!ran.out.contains(&token(1)) && !ran.out.contains(&token(2)), "{format}: {}", ran.out);
        assert!(!ran.err.contains(&token(1)) && !ran.err.contains(&token(2)), "{format}: {}", ran.err);
    }
    // Asked for, the name is the one on disk.
    let ran = tree.scan(&["--format", "json", "--show-secrets", "."]);
    assert!(ran.out.contains(&format!("keys/{}.py", token(1))), "{}", ran.out);
}
