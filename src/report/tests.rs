//! What holds for every format, and samples for the tests of each.

use super::*;
use crate::error::Skipped;
use crate::finding::{Finding, Occurrence, Preview, Stats};
use crate::origin::{ObjectKind, Origin};
use crate::rules::Kind;
use crate::secret::Secret;
use crate::text::Position;
use bstr::ByteSlice;
use proptest::prelude::*;
use std::time::Duration;

/// A finding of `secret` at `src/app.py:3:10`.
pub(crate) fn finding(rule: &str, secret: &[u8]) -> Finding {
    let secret = Secret::new(secret);
    let mut occurrence = at("src/app.py", 3, 10);
    let length = secret.len() as u64;
    occurrence.length = length;
    occurrence.end.column = 10 + length;
    occurrence.preview.masked = secret.mask();
    Finding {
        rule: rule.to_owned(),
        summary: "A test token".to_owned(),
        provider: "Example".to_owned(),
        kind: Kind::ApiKey,
        severity: Severity::High,
        fingerprint: secret.fingerprint(rule, b""),
        secret,
        details: vec![],
        also: vec![],
        rotate: "Settings > Tokens: revoke it, then issue a new one".to_owned(),
        refs: vec!["https://docs.example/tokens".to_owned()],
        written: Vec::new(),
        occurrences: vec![occurrence],
        companions: Vec::new(),
        story: None,
    }
}

/// A place in a file on disk.
pub(crate) fn at(path: &str, line: u64, column: u64) -> Occurrence {
    Occurrence {
        origin: Origin::File(path.into()),
        start: Position { line, column },
        end: Position { line, column: column + 8 },
        offset: 100,
        length: 8,
        decoded: Vec::new(),
        preview: Preview {
            before: "  token = \"".to_owned(),
            masked: "kkkk…(40)".to_owned(),
            after: "\" # end".to_owned(),
        },
    }
}

pub(super) fn skipped(path: &str, reason: SkipReason, detail: &str) -> Skipped {
    Skipped { origin: Origin::File(path.into()), reason, detail: detail.to_owned() }
}

pub(crate) fn outcome(findings: Vec<Finding>, skipped: Vec<Skipped>) -> Outcome {
    let stats = Stats { inputs: 1234, bytes: 12_345_678, rules: 300, elapsed: Duration::from_millis(213) };
    Outcome { findings, skipped, stats, ..Outcome::default() }
}

pub(super) fn written(format: Format, outcome: &Outcome, options: &Options) -> Vec<u8> {
    let mut out = Vec::new();
    render(format, outcome, options, &mut out).unwrap();
    out
}

pub(super) fn text(format: Format, outcome: &Outcome, options: &Options) -> String {
    String::from_utf8(written(format, outcome, options)).unwrap()
}

/// Every value in a machine's report; panics where it is not JSON.
fn values(format: Format, shown: &str) -> Vec<serde_json::Value> {
    match format {
        Format::Human | Format::Html | Format::Github | Format::Markdown => vec![],
        Format::Csv => {
            let rows = ::csv::Reader::from_reader(shown.as_bytes()).into_records();
            rows.map(|row| row.unwrap().iter().collect::<Vec<_>>().into()).collect()
        }
        Format::Junit => {
            let document = roxmltree::Document::parse(shown).unwrap();
            let failures = document.descendants().filter(|node| node.has_tag_name("failure"));
            failures.map(|node| node.text().unwrap_or_default().into()).collect()
        }
        Format::Jsonl => shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        _ => vec![serde_json::from_str(shown).unwrap()],
    }
}

#[test]
fn names_and_formats_belong_together() {
    for &format in Format::ALL {
        assert_eq!(Format::parse(format.name()), Some(format));
        assert_eq!(format.to_string().parse(), Ok(format));
        assert!(!format.about().is_empty());
    }
    assert_eq!(Format::parse("Human"), None);
    let error = "xml".parse::<Format>().unwrap_err();
    assert!(error.contains("`xml`") && error.contains("sarif"), "{error}");
}

#[test]
fn ten_thousand_findings_in_every_format() {
    let findings: Vec<Finding> = (0..10_000)
        .map(|number| {
            let mut finding = finding("rule", format!("secret number {number:09}").as_bytes());
            finding.occurrences = (0..3).map(|line| at(&format!("file{number}"), line + 1, 1)).collect();
            finding
        })
        .collect();
    let skipped =
        (0..10_000).map(|number| skipped(&format!("s{number}"), SkipReason::Corrupt, "x")).collect();
    let outcome = outcome(findings, skipped);
    for &format in Format::ALL {
        let shown = text(format, &outcome, &Options::default());
        let values = values(format, &shown);
        let count = match format {
            Format::Human => shown.lines().filter(|line| line.starts_with("file")).count(),
            Format::Html => shown.matches("<article").count(),
            Format::Json => values[0]["findings"].as_array().unwrap().len(),
            Format::Jsonl => values.iter().filter(|value| value["type"] == "finding").count(),
            Format::Sarif => values[0]["runs"][0]["results"].as_array().unwrap().len() / 3,
            Format::Gitleaks => values[0].as_array().unwrap().len() / 3,
            Format::Csv | Format::Junit => values.len() / 3,
            Format::Gitlab => values[0]["vulnerabilities"].as_array().unwrap().len() / 3,
            Format::Github => shown.lines().filter(|line| line.contains("file=file")).count() / 3,
            // A comment has a largest length: it tells how many there are.
            Format::Markdown => 10_000 * usize::from(shown.contains("10,000 secrets")),
        };
        assert_eq!(count, 10_000, "{format}");
    }
}

#[cfg(unix)]
#[test]
fn paths_that_are_not_text_in_every_format() {
    use std::os::unix::ffi::OsStrExt;
    let name = b"dir \xff/a\xc3\xa4.py";
    let mut finding = finding("rule", b"secret value");
    let disk = Origin::File(std::ffi::OsStr::from_bytes(name).into());
    let object = Origin::Object {
        id: "0123456789abcdef".into(),
        kind: ObjectKind::Blob,
        path: Some(name[..].into()),
        commit: None,
    };
    let origins = [disk.clone(), Origin::Staged(name[..].into()), object];
    finding.occurrences = origins.map(|origin| Occurrence { origin, ..at("", 1, 1) }).into();
    let missed = vec![Skipped { origin: disk, reason: SkipReason::Corrupt, detail: String::new() }];
    let outcome = outcome(vec![finding], missed);
    for &format in Format::ALL {
        let shown = text(format, &outcome, &Options::default());
        values(format, &shown);
        let expected = if format == Format::Sarif { "dir%20%FF/a%C3%A4.py" } else { "dir \u{fffd}/aä.py" };
        assert!(shown.matches(expected).count() >= 3, "{format}: {shown}");
    }
}

#[test]
fn a_preview_with_line_breaks_stays_on_its_line() {
    let mut finding = finding("rule", b"secret value");
    finding.occurrences[0].preview =
        Preview { before: "a\nb\r\n".into(), masked: "s…\n(12)".into(), after: "\nc\u{2028}d".into() };
    let outcome = outcome(vec![finding], vec![]);
    let plain = self::outcome(vec![self::finding("rule", b"secret value")], vec![]);
    for &format in Format::ALL {
        let shown = text(format, &outcome, &Options::default());
        values(format, &shown);
        let lines = text(format, &plain, &Options::default()).lines().count();
        assert_eq!(shown.lines().count(), lines, "{format}: {shown}");
    }
}

#[test]
fn a_writer_that_fails_is_reported() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let many = (0..2_000).map(|_| finding("rule", b"secret value")).collect();
    for outcome in [outcome(vec![], vec![]), outcome(many, vec![])] {
        for &format in Format::ALL {
            let error = render(format, &outcome, &Options::default(), &mut Full).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{format}");
        }
    }
}

#[test]
fn on_wish_the_clear_text_appears_where_it_has_a_place() {
    let outcome = outcome(vec![finding("rule", b"abcdefghijklmnopqrstuvwxyz")], vec![]);
    let options = Options { show_secrets: true, ..Options::default() };
    for &format in Format::ALL {
        let shown = text(format, &outcome, &options).contains("abcdefghijklmnopqrstuvwxyz");
        let never = [Format::Sarif, Format::Junit, Format::Gitlab, Format::Github, Format::Markdown];
        assert_eq!(shown, !never.contains(&format), "{format}");
    }
}

/// Secrets of every kind of byte; at least as long as what is masked outside of previews, too.
fn any_secret() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[0-9A-Za-z_+/=.-]{16,60}".prop_map(String::into_bytes),
        "[ -~\n]{20,60}".prop_map(String::into_bytes),
        "[\\PC]{16,30}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 16..60),
    ]
    // Indentation, rules and carets are written for other reasons.
    .prop_filter("some variety", |secret| secret.iter().collect::<std::collections::BTreeSet<_>>().len() > 6)
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[ -~]{0,20}", "\\PC{0,20}", "[\0-\u{9f}\u{2028}-\u{202e}]{0,10}"]
}

prop_compose! {
    /// An outcome whose paths, details and line all name the secret, as only a faulty gate would.
    fn careless()(
        secret in any_secret(),
        texts in prop::collection::vec(any_text(), 4),
        line in any::<u64>(),
        column in any::<u64>(),
        details in prop::bool::ANY,
    ) -> (Vec<u8>, Outcome) {
        let mut finding = finding("rule", &secret);
        let with = |text: &str| [text.as_bytes(), &secret, text.as_bytes()].concat();
        let lossy = |text: &str| String::from_utf8_lossy(&with(text)).into_owned();
        let (start, end) = (Position { line, column }, Position { line: column, column: line });
        let place = Occurrence { start, end, ..at("", 1, 1) };
        finding.occurrences = vec![
            Occurrence { origin: Origin::File(lossy(&texts[0]).into()), ..place.clone() },
            Occurrence { origin: Origin::Staged(with(&texts[1]).into()), ..place.clone() },
            Occurrence { origin: Origin::Stdin, ..place },
        ];
        finding.occurrences[0].preview =
            Preview { before: lossy(&texts[2]), masked: lossy(""), after: texts[3].clone() };
        if details {
            finding.details = vec![(texts[2].clone(), lossy(&texts[3]))];
        }
        (secret, outcome(vec![finding], vec![skipped(&texts[0], SkipReason::Corrupt, &texts[1])]))
    }
}

proptest! {
    #[test]
    fn without_the_wish_no_format_tells_a_secret((secret, outcome) in careless(), width in 0usize..200) {
        for &format in Format::ALL {
            for color in [false, true] {
                let options = Options { color, width: (width > 0).then_some(width), ..Options::default() };
                let shown = written(format, &outcome, &options);
                prop_assert!(!shown.contains_str(&secret), "{}: {}", format, shown.as_bstr());
            }
        }
    }

    #[test]
    fn whatever_is_found_the_form_holds((_, outcome) in careless(), show_secrets in prop::bool::ANY) {
        for &format in Format::ALL {
            let shown = text(format, &outcome, &Options { show_secrets, ..Options::default() });
            prop_assert!(shown.ends_with('\n'));
            values(format, &shown);
            if format == Format::Human {
                prop_assert!(shown.chars().all(|one| one == '\n' || !one.is_control()), "{shown:?}");
            }
        }
    }
}
