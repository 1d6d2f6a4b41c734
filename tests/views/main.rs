//! Encoded secrets through the real program: in the tree, staged, in history and in a log, each with the
//! exact bytes that say it.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

#[allow(dead_code)] // shared with tests/gate, which uses all of it
#[path = "../gate/support.rs"]
mod support;

use serde_json::Value;
use std::process::{Command, Stdio};
use support::{RULE, Repo, token};

/// What a command makes of some bytes.
fn through(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{program}");
    output.stdout
}

fn base64(bytes: &[u8], wrap: &str) -> String {
    String::from_utf8(through("base64", &["-w", wrap], bytes)).unwrap()
}

/// A file: its name, its text, the chain of encodings in it, and how its bytes are decoded by hand, which
/// gives the bytes that the finding is about; none where a whole stream is meant.
struct Case {
    name: &'static str,
    text: String,
    chain: &'static str,
    token: String,
}

fn cases() -> Vec<Case> {
    let mut number = 100;
    let mut cases = Vec::new();
    let mut case = |name: &'static str, chain: &'static str, make: &dyn Fn(&str) -> String| {
        number += 1;
        let token = token(number);
        cases.push(Case { name, text: make(&token), chain, token });
    };
    let config =
        |token: &str| format!("{{\"registry\": \"ghcr.io\", \"token\": \"{token}\", \"retries\": 3}}\n");
    case("one.yaml", "base64", &|token| format!("blob: {}\nend: 1\n", base64(config(token).as_bytes(), "0")));
    case("wrapped.yaml", "base64", &|token| {
        let lines = base64(config(token).repeat(3).as_bytes(), "64");
        format!("blob: |\n{}end: 1\n", lines.lines().map(|line| format!("    {line}\n")).collect::<String>())
            .replace(&token[..0], "")
    });
    case("twice.txt", "base64 > base64", &|token| {
        format!("x {}\n", base64(base64(format!("t = {token};").as_bytes(), "0").as_bytes(), "0"))
    });
    case("gzip.yaml", "base64 > gzip", &|token| {
        format!("release: {}\n", base64(&through("gzip", &["-c"], config(token).as_bytes()), "0"))
    });
    case("bzip2.yaml", "base64 > bzip2", &|token| {
        format!("release: {}\n", base64(&through("bzip2", &["-c"], config(token).as_bytes()), "0"))
    });
    case("xz.yaml", "base64 > xz", &|token| {
        format!("release: {}\n", base64(&through("xz", &["-c"], config(token).as_bytes()), "0"))
    });
    case("dump.txt", "hexdump", &|token| {
        let bytes = format!("the token is {token} and that is all");
        let line = |(row, line): (usize, &[u8])| {
            let pairs: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{:07x} {}\n", row * 16, pairs.join(" "))
        };
        bytes.as_bytes().chunks(16).enumerate().map(line).collect()
    });
    case("url.txt", "percent", &|token| {
        format!("https://host.example/?t={}&x=1\n", token.replace('_', "%5F"))
    });
    case("page.html", "html", &|token| format!("<p>{}</p>\n", token.replace('_', "&#95;")));
    case("code.js", "joined", &|token| format!("const t = '{}' +\n  '{}';\n", &token[..12], &token[12..]));
    case("data.json", "json", &|token| format!("{{\"t\": \"{}\"}}\n", token.replace('_', "\\u005f")));
    case("mail.eml", "quoted-printable", &|token| {
        format!("Subject: hi\n\nThe token =3D {}=\n{}\n", &token[..20], &token[20..])
    });
    case("run.ps1", "base64 > utf-16", &|token| {
        let wide: Vec<u8> = format!("$t = '{token}'").encode_utf16().flat_map(u16::to_le_bytes).collect();
        format!("powershell -EncodedCommand {}\n", base64(&wide, "0"))
    });
    cases
}

/// The chain, and the bytes of `text` that a place of a report names.
fn place<'t>(place: &Value, text: &'t str) -> (String, &'t str) {
    let chain = place["decoded"]
        .as_array()
        .unwrap_or(&Vec::new())
        .iter()
        .map(|one| one.as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    let (offset, length) =
        (place["offset"].as_u64().unwrap() as usize, place["length"].as_u64().unwrap() as usize);
    let before = &text[..offset];
    assert_eq!(place["line"].as_u64().unwrap() as usize, before.matches('\n').count() + 1);
    let column = offset - before.rfind('\n').map_or(0, |at| at + 1) + 1;
    assert_eq!(place["column"].as_u64().unwrap() as usize, column);
    (chain.join(" > "), &text[offset..offset + length])
}

/// Do these bytes say the token?
fn says(bytes: &str, case: &Case) {
    let shown = format!("{}: {bytes}", case.name);
    match case.chain {
        "percent" => assert_eq!(bytes.replace("%5F", "_"), case.token, "{shown}"),
        "html" => assert_eq!(bytes.replace("&#95;", "_"), case.token, "{shown}"),
        "json" => assert_eq!(bytes.replace("\\u005f", "_"), case.token, "{shown}"),
        "joined" => assert_eq!(bytes.replace("' +\n  '", ""), case.token, "{shown}"),
        "quoted-printable" => assert_eq!(bytes.replace("=\n", ""), case.token, "{shown}"),
        "hexdump" => {
            let digits: String = bytes
                .lines()
                .map(|line| {
                    line.split_once("0 ")
                        .filter(|(offset, _)| offset.len() == 6)
                        .map_or(line, |(_, rest)| rest)
                })
                .collect::<Vec<_>>()
                .join(" ");
            let decoded: String = digits
                .split_whitespace()
                .map(|pair| char::from(u8::from_str_radix(pair, 16).unwrap()))
                .collect();
            assert_eq!(decoded, case.token, "{shown}");
        }
        "base64 > gzip" | "base64 > bzip2" | "base64 > xz" => {
            let stream = case.text.split_whitespace().nth(1).unwrap().trim_end_matches('=');
            assert_eq!(bytes, stream, "{shown}");
        }
        _ => {
            // Decoded from its group of four on, it shows the token.
            let bare: String = case.text.split_whitespace().filter(|part| part.len() > 30).collect();
            let own: String = bytes.split_whitespace().collect();
            let at = bare.find(&own).unwrap();
            let from = at / 4 * 4;
            let whole = &bare[from..(at + own.len()).div_ceil(4) * 4];
            let mut decoded = through("base64", &["-d"], whole.as_bytes());
            if case.chain == "base64 > utf-16" {
                decoded.retain(|&byte| byte != 0);
            }
            let mut decoded = String::from_utf8(decoded).unwrap();
            if case.chain == "base64 > base64" {
                let start = decoded.find(|c: char| c.is_ascii_alphanumeric()).unwrap();
                assert!(decoded[start..].len() < 70);
                return;
            }
            decoded.retain(|c| c.is_ascii_graphic());
            assert!(
                decoded.contains(&case.token) && decoded.len() <= case.token.len() + 4,
                "{shown} {decoded}"
            );
        }
    }
}

fn check(report: &Value, cases: &[Case]) {
    let findings = report["findings"].as_array().unwrap();
    for case in cases {
        let mine: Vec<(&Value, &Value)> = findings
            .iter()
            .flat_map(|finding| {
                finding["occurrences"].as_array().unwrap().iter().map(move |place| (finding, place))
            })
            .filter(|(_, place)| place["path"].as_str().unwrap().ends_with(case.name))
            .collect();
        assert!(!mine.is_empty(), "{} in {report:#}", case.name);
        for (finding, one) in mine {
            assert_eq!(finding["rule"], RULE, "{}", case.name);
            assert_eq!(finding["length"].as_u64().unwrap() as usize, case.token.len(), "{}", case.name);
            let (chain, bytes) = place(one, &case.text);
            assert_eq!(chain, case.chain, "{}", case.name);
            says(bytes, case);
        }
    }
    assert_eq!(findings.len(), cases.len(), "{report:#}");
}

#[test]
fn in_the_tree_staged_and_in_history() {
    let cases = cases();
    let repo = Repo::new();
    cases.iter().for_each(|case| repo.write(case.name, &case.text));
    let json = |arguments: &[&str]| -> Value {
        let ran = repo.sekisho(arguments);
        ran.status(1);
        serde_json::from_str(&ran.out).unwrap()
    };
    check(&json(&["scan", "-f", "json", "."]), &cases);
    repo.git(&["add", "-A"]).status(0);
    check(&json(&["scan", "--staged", "-f", "json"]), &cases);
    repo.git(&["commit", "-q", "--no-verify", "-m", "state"]).status(0);
    repo.git(&["gc", "-q"]).status(0);
    check(&json(&["audit", "-f", "json"]), &cases);
}

#[test]
fn the_hook_names_the_chain_and_no_secret() {
    let case = cases().remove(3);
    let repo = Repo::guarded();
    repo.write(case.name, &case.text);
    repo.git(&["add", "-A"]).status(0);
    let ran = repo.git(&["commit", "-q", "-m", "encoded"]);
    ran.blocked().tells(&["decoded from", "base64 > gzip"]).tells_nothing_of(&[&case.token[4..]]);
}

#[test]
fn every_report_names_the_chain() {
    let case = cases().remove(2);
    let repo = Repo::new();
    repo.write(case.name, &case.text);
    for format in ["human", "json", "jsonl", "sarif", "html", "gitleaks"] {
        let ran = repo.sekisho(&["scan", "-f", format, "."]);
        ran.status(1).tells_nothing_of(&[&case.token[4..]]);
        assert!(ran.out.contains("base64"), "{format}: {}", ran.out);
    }
    let clear = token(103);
    assert_eq!(clear, case.token);
    repo.write("clear.txt", format!("token: {clear}\n"));
    let ran = repo.sekisho(&["scan", "-f", "json", "."]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "one value, two places: {report:#}");
    assert_eq!(findings[0]["occurrences"].as_array().unwrap().len(), 2);
}

#[test]
fn a_stream_longer_than_a_window() {
    let token = token(500);
    let filler = "let some_value = other(thing, 12345);\n".repeat(40_000);
    let blob = base64(
        format!("{}{{\"token\": \"{token}\"}}\n", "plain text before it. ".repeat(20_000)).as_bytes(),
        "76",
    );
    let text = filler.repeat(3) + &blob + &filler;
    let repo = Repo::new();
    let ran = repo.at("work").fed(&["scan", "-f", "json", "-"], text.as_bytes());
    ran.status(1);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{report:#}");
    let (chain, bytes) = place(&findings[0]["occurrences"][0], &text);
    assert_eq!(chain, "base64");
    let bare: String = blob.lines().collect();
    assert!(bare.contains(&bytes.replace('\n', "")));
}

#[test]
fn what_is_not_looked_at_is_told() {
    let repo = Repo::new();
    let mut text = format!("token = {}\n", token(600)).into_bytes();
    for _ in 0..8 {
        text = base64(&text, "0").into_bytes();
    }
    repo.write("deep.txt", &text);
    let ran = repo.sekisho(&["scan", "."]);
    ran.status(2);
    assert!(ran.out.contains("deep"), "{}", ran.out);
    // Text that would become far too much.
    let bomb = base64(&through("gzip", &["-9c"], &vec![b'a'; 64 << 20]), "0");
    repo.write("deep.txt", format!("data: {bomb}\n"));
    repo.sekisho(&["scan", "."]).status(2);
}
