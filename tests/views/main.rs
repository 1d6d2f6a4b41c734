//! Encoded secrets through the real program: in the tree, staged, in history and from standard input, each
//! with the exact bytes that say it.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

mod cases;
mod make;
#[allow(dead_code)] // shared with tests/gate, which uses all of it
#[path = "../gate/support.rs"]
mod support;

use cases::{Case, cases, wide};
use make::{Text, through};
use serde_json::Value;
use support::{RULE, Ran, Repo, token};

/// The report of a run that found something.
fn report(ran: &Ran) -> Value {
    ran.status(1);
    serde_json::from_str(&ran.out).unwrap()
}

/// Does a place of a report name these encodings and exactly these bytes?
fn check_place(place: &Value, case: &Case) {
    let shown = format!("{}: {place:#}\n{}", case.name, String::from_utf8_lossy(&case.text.bytes));
    let chain: Vec<&str> =
        place["decoded"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert_eq!(chain.join(" > "), case.chain, "{shown}");
    let number = |name: &str| place[name].as_u64().unwrap() as usize;
    assert_eq!(number("offset")..number("offset") + number("length"), case.text.span, "{shown}");
    if case.chain.starts_with("utf-") {
        return;
    }
    let position = |offset: usize| {
        let before = &case.text.bytes[..offset];
        let line = before.split(|&byte| byte == b'\n').count();
        (line, offset - before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1) + 1)
    };
    assert_eq!((number("line"), number("column")), position(case.text.span.start), "{shown}");
    assert_eq!((number("end_line"), number("end_column")), position(case.text.span.end), "{shown}");
}

/// Each case is one finding with one place; `named` says whether a place belongs to a case.
fn check(report: &Value, cases: &[Case], named: impl Fn(&Value, &Case) -> bool) {
    let findings = report["findings"].as_array().unwrap();
    for case in cases {
        let mine: Vec<(&Value, &Value)> = findings
            .iter()
            .flat_map(|finding| {
                finding["occurrences"].as_array().unwrap().iter().map(move |place| (finding, place))
            })
            .filter(|(_, place)| named(place, case))
            .collect();
        let text = String::from_utf8_lossy(&case.text.bytes);
        let [(finding, place)] = mine[..] else { panic!("{}: {mine:#?}\n{text}", case.name) };
        assert_eq!(finding["rule"], RULE, "{}", case.name);
        assert_eq!(finding["length"].as_u64().unwrap() as usize, case.token.len(), "{}", case.name);
        check_place(place, case);
    }
    assert_eq!(findings.len(), cases.len(), "{report:#}");
    assert_eq!(report["skipped"].as_array().map_or(0, Vec::len), 0, "{report:#}");
}

fn by_path(place: &Value, case: &Case) -> bool {
    place["path"].as_str().is_some_and(|path| path.rsplit('/').next() == Some(&case.name))
}

#[test]
fn in_the_tree_staged_and_in_history() {
    let mut cases = cases();
    cases.extend(wide());
    let repo = Repo::new();
    cases.iter().for_each(|case| repo.write(&case.name, &case.text.bytes));
    check(&report(&repo.sekisho(&["scan", "-f", "json", "."])), &cases, by_path);
    repo.git(&["add", "-A"]).status(0);
    check(&report(&repo.sekisho(&["scan", "--staged", "-f", "json"])), &cases, by_path);
    repo.git(&["commit", "-q", "--no-verify", "-m", "state"]).status(0);
    repo.git(&["gc", "-q"]).status(0);
    check(&report(&repo.sekisho(&["audit", "-f", "json"])), &cases, by_path);
}

#[test]
fn from_standard_input() {
    let repo = Repo::new();
    for case in cases().into_iter().chain(wide()) {
        let ran = repo.at("work").fed(&["scan", "-f", "json", "-"], &case.text.bytes);
        check(&report(&ran), &[case], |_, _| true);
    }
}

#[test]
fn values_are_judged_by_what_they_say() {
    let repo = Repo::new();
    let password = ["xK9", "vQ2mPz", "!7w"].concat();
    let secret = |value: &str| {
        let value = Text::new("", value, "").base64().bytes;
        format!("apiVersion: v1\nkind: Secret\ndata:\n  password: {}\n", String::from_utf8(value).unwrap())
    };
    repo.write("secret.yaml", secret(&password));
    // What base64 hides here is no secret.
    repo.write("placeholder.yaml", secret("changeme"));
    repo.write("variable.yaml", secret("${DB_PASSWORD}"));
    let report = report(&repo.sekisho(&["scan", "-f", "json", "."]));
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{report:#}");
    let place = &findings[0]["occurrences"][0];
    assert_eq!((&place["decoded"][0], &place["line"]), (&"base64".into(), &4.into()));
    assert_eq!(findings[0]["length"].as_u64().unwrap() as usize, password.len());
    repo.write("clear.env", format!("PASSWORD={password}\n"));
    let again = repo.sekisho(&["scan", "-f", "json", "."]);
    let again: Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!(again["findings"].as_array().unwrap().len(), 1, "one value, two places: {again:#}");
    assert_eq!(again["findings"][0]["fingerprint"], findings[0]["fingerprint"]);
}

#[test]
fn a_helm_release_shows_the_values_in_its_manifest() {
    let repo = Repo::new();
    let token = token(300);
    let encoded = String::from_utf8(Text::new("", &token, "").base64().bytes).unwrap();
    let manifest = format!("kind: Secret\\nmetadata:\\n  name: a\\ndata:\\n  token: {encoded}\\n");
    let release = format!("{{\"name\":\"app\",\"manifest\":\"{manifest}\",\"version\":1}}");
    let text = Text::new("", &release, "").squeezed("gzip").base64().base64();
    repo.write("release.yaml", text.within("kind: Secret\ndata:\n  release: ", "\n").bytes);
    let report = report(&repo.sekisho(&["scan", "-f", "json", "."]));
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!(report["findings"][0]["rule"], RULE);
    let chain = &report["findings"][0]["occurrences"][0]["decoded"];
    assert_eq!(*chain, serde_json::json!(["base64", "base64", "gzip", "json", "base64"]));
}

#[test]
fn the_hook_names_the_chain_and_no_secret() {
    let repo = Repo::guarded();
    for case in cases().iter().filter(|case| case.chain == "base64 > gzip > json") {
        repo.write(&case.name, &case.text.bytes);
        repo.git(&["add", "-A"]).status(0);
        let ran = repo.git(&["commit", "-q", "-m", "encoded"]);
        ran.blocked().tells(&["decoded from", case.chain]).tells_nothing_of(&[&case.token[4..]]);
    }
}

#[test]
fn every_report_and_explain_name_the_chain() {
    let case = cases().into_iter().find(|case| case.chain == "base64 > gzip > json").unwrap();
    let repo = Repo::new();
    repo.write("a.yaml", &case.text.bytes);
    let formats = [
        "human", "json", "jsonl", "sarif", "html", "gitleaks", "csv", "junit", "gitlab", "github", "markdown",
    ];
    for format in formats {
        let ran = repo.sekisho(&["scan", "-f", format, "."]);
        ran.status(1).tells_nothing_of(&[&case.token[4..]]);
        let gzip = ran.out.find("gzip").unwrap_or_else(|| panic!("{format}: {}", ran.out));
        assert!(ran.out[..gzip].contains("base64"), "{format}: {}", ran.out);
    }
    for arguments in [&["explain", "a.yaml"][..], &["explain", "a.yaml:1"]] {
        let ran = repo.sekisho(arguments);
        ran.tells_nothing_of(&[&case.token[4..], &String::from_utf8_lossy(&case.text.bytes[20..60])]);
        for told in ["base64 > gzip", RULE, "decoded from base64 > gzip > json"] {
            assert!(ran.out.contains(told), "{arguments:?}: {}", ran.out);
        }
    }
    let ran = repo.sekisho(&["explain", "-f", "json", "a.yaml:1"]);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let inside: Vec<&Value> =
        told["looked"].as_array().unwrap().iter().filter(|looked| !looked["decoded"].is_null()).collect();
    assert_eq!(inside.len(), 1, "{told:#}");
    assert_eq!(inside[0]["decoded"]["chain"], serde_json::json!(["base64", "gzip"]));
    assert_eq!(told["found"][0]["decoded"], serde_json::json!(["base64", "gzip", "json"]));
}

#[test]
fn one_secret_in_clear_and_encoded_is_one_finding() {
    let case = cases().into_iter().find(|case| case.chain == "base64 > json").unwrap();
    let repo = Repo::new();
    repo.write(&case.name, &case.text.bytes);
    repo.write("clear.txt", format!("token: {}\n", case.token));
    let report = report(&repo.sekisho(&["scan", "-f", "json", "."]));
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "one value, two places: {report:#}");
    assert_eq!(findings[0]["occurrences"].as_array().unwrap().len(), 2);
}

#[test]
fn a_stream_longer_than_a_window() {
    let token = token(500);
    let filler = "let some_value = other(thing, 12345);\n".repeat(40_000);
    let inner = "plain text before it. ".repeat(20_000);
    let blob = Text::new(&inner, &token, " and behind it\n").base64().wrapped(76, "", "\n");
    let text = blob.within(&filler.repeat(3), &filler);
    let repo = Repo::new();
    let report = report(&repo.at("work").fed(&["scan", "-f", "json", "-"], &text.bytes));
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report:#}");
    let case = Case { name: "-".to_owned(), text, chain: "base64", token };
    check_place(&report["findings"][0]["occurrences"][0], &case);
}

#[test]
fn what_is_not_looked_at_is_told() {
    let repo = Repo::new();
    let mut text = Text::new("token = ", &token(600), "\n");
    for _ in 0..8 {
        text = text.base64();
    }
    repo.write("deep.txt", &text.bytes);
    let ran = repo.sekisho(&["scan", "."]);
    ran.status(2);
    assert!(ran.out.contains("deep"), "{}", ran.out);
    // It is told each time: such an object is not known to be clean.
    repo.git(&["add", "-A"]).status(0);
    repo.git(&["commit", "-q", "--no-verify", "-m", "state"]).status(0);
    repo.sekisho(&["audit"]).status(2);
    repo.sekisho(&["audit"]).status(2);
    // Text that would become far too much.
    let bomb = through("gzip", &["-9c"], &vec![b'a'; 64 << 20]);
    let bomb = Text { span: 0..bomb.len(), bytes: bomb }.base64();
    repo.write("deep.txt", bomb.within("data: ", "\n").bytes);
    repo.sekisho(&["scan", "."]).status(2);
}
