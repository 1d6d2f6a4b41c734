//! The reports of machines against their schemas: SARIF against the official one, which is read from
//! the files of the development dependency `serde-sarif`, and our own against `docs/`.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use sekisho::error::{SkipReason, Skipped};
use sekisho::finding::{
    CommitNote, Coverage, Exposure, Finding, Introduced, Occurrence, Outcome, Preview, Stats, Story, Tip,
};
use sekisho::origin::{ObjectKind, Origin, RepositoryPart};
use sekisho::report::{Format, Options, render};
use sekisho::rules::{Kind, Severity};
use sekisho::secret::Secret;
use sekisho::source::references::RefClass;
use sekisho::text::Position;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const KINDS: [Kind; 12] = [
    Kind::ApiKey,
    Kind::Oauth,
    Kind::Password,
    Kind::PrivateKey,
    Kind::Webhook,
    Kind::ConnectionString,
    Kind::Jwt,
    Kind::Session,
    Kind::Certificate,
    Kind::ClientId,
    Kind::EncryptionKey,
    Kind::Generic,
];
const SEVERITIES: [Severity; 5] =
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
const REASONS: [SkipReason; 7] = [
    SkipReason::Unreadable,
    SkipReason::Vanished,
    SkipReason::Special,
    SkipReason::Symlink,
    SkipReason::Loop,
    SkipReason::Budget,
    SkipReason::Corrupt,
];

/// Every kind of origin.
fn origins() -> Vec<Origin> {
    let object = |kind, path: Option<&[u8]>, commit: Option<&str>| Origin::Object {
        id: "0123456789abcdef0123456789abcdef01234567".into(),
        kind,
        path: path.map(Into::into),
        commit: commit.map(str::to_owned),
    };
    vec![
        Origin::File("./src/a b#c?:%.rs".into()),
        Origin::File("/elsewhere/x".into()),
        Origin::File("../up".into()),
        Origin::File(".".into()),
        Origin::Stdin,
        Origin::Staged(b"na\xff\nme\x1b"[..].into()),
        object(ObjectKind::Blob, Some(b"x/\xc3\xa4"), Some("fedcba9876543210")),
        object(ObjectKind::Blob, None, None),
        object(ObjectKind::Commit, None, None),
        object(ObjectKind::Tag, None, None),
        object(ObjectKind::Tree, Some(b"dir"), None),
        Origin::Repository { part: RepositoryPart::Ref, name: "refs/heads/main".into() },
        Origin::Repository { part: RepositoryPart::Reflog, name: "logs/HEAD".into() },
        Origin::Repository { part: RepositoryPart::Config, name: "config".into() },
        Origin::Repository { part: RepositoryPart::File, name: "COMMIT_EDITMSG".into() },
    ]
}

fn finding(kind: Kind, severity: Severity, refs: &[&str]) -> Finding {
    let secret = Secret::new(&[kind.name().as_bytes(), b"\xff secret"].concat());
    let place = |origin| Occurrence {
        origin,
        start: Position { line: 3, column: 8 },
        end: Position { line: 4, column: 1 },
        offset: 20,
        length: secret.len() as u64,
        decoded: Vec::new(),
        preview: Preview { before: "\u{e4}\t= \u{1b}".into(), masked: secret.mask(), after: "\n\"".into() },
    };
    Finding {
        rule: format!("example-{}", kind.name()),
        summary: "Example \"token\"".into(),
        provider: "Example".into(),
        kind,
        severity,
        fingerprint: secret.fingerprint("example", b""),
        details: vec![("account".into(), "1".into()), ("account".into(), "2".into())],
        also: vec!["generic".into()],
        rotate: if refs.is_empty() { String::new() } else { "Settings > Tokens".into() },
        refs: refs.iter().map(|&link| link.to_owned()).collect(),
        written: Vec::new(),
        occurrences: origins().into_iter().map(place).collect(),
        secret,
        companions: Vec::new(),
        story: (severity != Severity::Info).then(|| story(EXPOSURES[kind as usize % 9])),
    }
}

const EXPOSURES: [Exposure; 9] = Exposure::ALL;

/// A story with every field; of the unreachable one with few.
fn story(exposure: Exposure) -> Story {
    let note = CommitNote {
        id: "0123456789abcdef0123456789abcdef01234567".into(),
        author: "\u{1b}Ada <\"".into(),
        email: "ada@example.org".into(),
        seconds: 1_714_972_089,
        zone: -12_600,
        message: "subject\n\nbody".into(),
    };
    let introduced = |note: Option<&CommitNote>, by_tag, path: Option<&[u8]>, line| Introduced {
        note: note.cloned(),
        by_tag,
        path: path.map(Into::into),
        line,
        at_latest: by_tag,
    };
    if exposure == Exposure::Unreachable {
        return Story::of(exposure);
    }
    Story {
        introduced: vec![
            introduced(Some(&note), false, Some(b"na\xff\nme"), Some(3)),
            introduced(Some(&note), true, None, None),
            introduced(None, false, None, None),
        ],
        introductions: 7,
        removed: vec![note.clone()],
        last_seen: Some(note.clone()),
        paths: vec![(b"na\xff"[..].into(), Some(note.id.clone())), ("b".into(), None)],
        tips: vec![
            Tip { class: RefClass::Tag, name: "refs/tags/v1".into(), path: Some("b".into()) },
            Tip { class: RefClass::Remote, name: "refs/remotes/o/m".into(), path: None },
        ],
        refs: vec!["refs/remotes/o/m".into()],
        notes: [(note.id.clone(), note.clone())].into(),
        days_in_history: Some(3),
        days_in_tips: Some(2),
        ..Story::of(exposure)
    }
}

fn coverage() -> Coverage {
    Coverage {
        blobs: 1,
        commits: 2,
        tags: 3,
        trees: 4,
        bytes: u64::MAX,
        from_cache: 5,
        scope: Some("--range a..b".into()),
        refs: vec![("refs/heads/main".into(), "0123".into())],
        rules_digest: "0123".into(),
        version: "1.0".into(),
        started: UNIX_EPOCH,
        ended: SystemTime::now(),
    }
}

/// Outcomes that have every field, every enum value and every origin between them.
fn outcomes() -> Vec<Outcome> {
    let stats = Stats { inputs: 12, bytes: u64::MAX, rules: 3, elapsed: Duration::from_millis(1234) };
    let links: [&[&str]; 3] = [&["https://docs.example/a"], &[], &["no link", "https://b c", "http://d"]];
    let findings: Vec<Finding> = KINDS
        .iter()
        .enumerate()
        .map(|(index, &kind)| finding(kind, SEVERITIES[index % 5], links[index % 3]))
        .collect();
    let skipped: Vec<Skipped> = origins()
        .into_iter()
        .zip(REASONS.iter().cycle())
        .map(|(origin, &reason)| Skipped { origin, reason, detail: "it \"said\"\n no".into() })
        .collect();
    vec![
        Outcome::default(),
        Outcome { findings: findings.clone(), skipped: vec![], stats, ..Outcome::default() },
        Outcome {
            findings: vec![],
            skipped: skipped.clone(),
            stats,
            coverage: Some(coverage()),
            ..Outcome::default()
        },
        Outcome { findings, skipped, stats, coverage: Some(coverage()), ..Outcome::default() },
    ]
}

/// Each set of options that changes what machines read.
fn options() -> Vec<Options> {
    let plain = Options::default();
    let rooted = Options {
        base: Some(PathBuf::from("/repo/sub")),
        root: Some(PathBuf::from("/repo")),
        ..Options::default()
    };
    vec![plain, Options { show_secrets: true, ..rooted }]
}

fn reports(format: Format) -> Vec<String> {
    let mut reports = Vec::new();
    for outcome in &outcomes() {
        for options in &options() {
            let mut out = Vec::new();
            render(format, outcome, options, &mut out).unwrap();
            reports.push(String::from_utf8(out).unwrap());
        }
    }
    reports
}

/// Panics with every complaint of the schema.
fn check(schema: &jsonschema::Validator, value: &Value) {
    let complaints: Vec<String> =
        schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(complaints.is_empty(), "{}\n{value:#}", complaints.join("\n"));
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::options().should_validate_formats(true).build(schema).unwrap()
}

/// The official schema of SARIF 2.1.0, from wherever cargo keeps the crate that ships it.
fn official_sarif_schema() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let run = |program: &std::ffi::OsStr, arguments: &[&str]| {
        let output =
            Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let about = run(&rustc, &["-vV"]);
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    // Other platforms' dependencies are not on this machine.
    let metadata = run(&cargo, &["metadata", "--format-version=1", "--offline", "--filter-platform", host]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let package =
        metadata["packages"].as_array().unwrap().iter().find(|package| package["name"] == "serde-sarif");
    let manifest = PathBuf::from(package.unwrap()["manifest_path"].as_str().unwrap());
    let text = std::fs::read_to_string(manifest.with_file_name("src").join("schema.json")).unwrap();
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    // One pattern has a stray bracket, which strict readers refuse. We never write these fields.
    for part in ["run", "toolComponent"] {
        let language = schema["definitions"][part]["properties"]["language"].as_object_mut().unwrap();
        assert!(language.remove("pattern").is_some(), "mended upstream: drop this");
    }
    assert!(schema["$id"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
    schema
}

#[test]
fn sarif_keeps_to_the_official_schema() {
    let schema = validator(&official_sarif_schema());
    for report in reports(Format::Sarif) {
        check(&schema, &serde_json::from_str(&report).unwrap());
    }
    // The schema does refuse what is wrong.
    assert!(!schema.is_valid(&json!({ "version": "2.1.0", "runs": [{ "results": [] }] })));
    assert!(!schema.is_valid(&json!({ "version": "2.1.0", "runs": [], "more": 1 })));
}

/// Our schema lets readers meet new fields; here a field that it does not name is a mistake.
fn strict(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.values_mut().for_each(strict);
            if map.contains_key("properties") && map.get("type") == Some(&json!("object")) {
                map.entry("additionalProperties").or_insert(json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strict),
        _ => {}
    }
}

fn own_schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report-schema.json");
    let mut schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    strict(&mut schema);
    schema
}

#[test]
fn json_keeps_to_our_schema() {
    let schema = validator(&own_schema());
    for report in reports(Format::Json) {
        let mut report: Value = serde_json::from_str(&report).unwrap();
        check(&schema, &report);
        report["surprise"] = true.into();
        assert!(!schema.is_valid(&report), "a field that is not described must be noticed");
    }
}

#[test]
fn jsonl_keeps_to_our_schema() {
    let schema = own_schema();
    let of = |name: &str| {
        let mut part = json!({ "$ref": format!("#/$defs/{name}") });
        part["$defs"] = schema["$defs"].clone();
        validator(&part)
    };
    let (finding, skipped, summary) = (of("finding"), of("skipped"), of("summary"));
    for report in reports(Format::Jsonl) {
        for line in report.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            match line["type"].as_str() {
                Some("finding") => check(&finding, &line),
                Some("skipped") => check(&skipped, &line),
                Some("summary") => check(&summary, &line),
                other => panic!("a line of type {other:?}"),
            }
        }
    }
}
