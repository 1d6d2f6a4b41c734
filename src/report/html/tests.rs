use super::*;
use crate::error::SkipReason;
use crate::finding::{CommitNote, Coverage, Introduced, Tip};
use crate::report::Format;
use crate::report::tests::{at, finding, outcome, skipped, text};
use crate::source::references::RefClass;
use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

/// A day in 2024, in seconds since 1970.
const DAY: i64 = 1_714_972_089;

fn note(author: &str, subject: &str) -> CommitNote {
    CommitNote {
        id: "0123456789abcdef0123".into(),
        author: author.into(),
        email: "ada@example.org".into(),
        seconds: DAY,
        zone: 0,
        message: subject.into(),
    }
}

fn told(author: &str, subject: &str, path: &str) -> Finding {
    let mut found = finding("rule", b"abcdefghijklmnopqrstuvwxyz");
    let note = note(author, subject);
    found.story = Some(Story {
        introduced: vec![Introduced {
            note: Some(note.clone()),
            by_tag: false,
            path: Some(path.into()),
            line: Some(3),
            at_latest: false,
        }],
        introductions: 1,
        removed: vec![note.clone()],
        paths: vec![(path.into(), None), ("b".into(), None)],
        tips: vec![Tip { class: RefClass::Branch, name: path.into(), path: Some(path.into()) }],
        refs: vec![path.into()],
        notes: BTreeMap::from([(note.id.clone(), note)]),
        days_in_history: Some(12),
        days_in_tips: Some(3),
        ..Story::of(Exposure::Pushed)
    });
    found
}

fn covered(refs: &str) -> Coverage {
    let ended = UNIX_EPOCH + Duration::from_secs(DAY as u64 + 40 * 86_400);
    Coverage {
        blobs: 1,
        commits: 2,
        tags: 3,
        trees: 4,
        bytes: 5,
        from_cache: 6,
        scope: Some("--since <b>".into()),
        refs: vec![(refs.into(), "ab".repeat(20))],
        rules_digest: "cd".repeat(32),
        version: "1".into(),
        started: UNIX_EPOCH,
        ended,
    }
}

fn page(findings: Vec<Finding>, coverage: Option<Coverage>) -> String {
    let mut outcome = outcome(findings, vec![skipped("s", SkipReason::Corrupt, "why")]);
    outcome.coverage = coverage;
    text(Format::Html, &outcome, &Options::default())
}

#[test]
fn texts_of_strangers_cannot_become_markup() {
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=y>&\u{202e}";
    let mut found = told(evil, evil, evil);
    found.occurrences = vec![at(evil, 1, 1)];
    found.occurrences[0].preview.before = evil.into();
    found.details = vec![(evil.into(), evil.into())];
    found.rotate = evil.into();
    found.refs = vec![format!("https://{evil}"), "javascript:alert(1)".into()];
    let page = page(vec![found], Some(covered(evil)));
    assert_eq!(page.matches("<script>").count(), 1, "only ours");
    assert!(!page.contains("<img") && !page.contains('\u{202e}'));
    assert!(!page.contains("href=\"javascript"));
    // Every attribute is in quotes that no text can end.
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;&lt;img src=x onerror=y&gt;&amp;"));
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let page = page(vec![told("Ada", "s", "p")], Some(covered("refs/heads/main")));
    for word in ["src=", "@import", "url(", "<link", "<iframe", "fetch(", "XMLHttp", "style=\""] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    let digest = |from: &str, to: &str| {
        let text = page.split_once(from).unwrap().1.split_once(to).unwrap().0;
        use sha2::{Digest, Sha256};
        format!("'sha256-{}'", base64_simd::STANDARD.encode_to_string(Sha256::digest(text)))
    };
    assert!(page.contains(&digest("<style>", "</style>")) && page.contains(&digest("<script>", "</script>")));
}

#[test]
fn a_story_is_told_with_timeline_and_coverage() {
    let page = page(vec![told("Ada", "add settings", "config.ini")], Some(covered("refs/heads/main")));
    for part in [
        "<title>1 secret found - Sekisho</title>",
        "id=\"timeline\"",
        "2024-05-06 by Ada &lt;ada@example.org&gt; in 0123456789ab (add settings), config.ini:3",
        "class=\"chip exposure pushed\"",
        "does not un-leak",
        "1 blob, 2 commits, 3 tags, 4 trees",
        "refs/heads/main <small class=\"at\">abab",
        "2: could not vouch for everything",
        "<b>Incomplete.</b> 1 input",
        "2024-06-15T05:08:09Z",
    ] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    assert!(page.contains("<form class=\"filters\" hidden>"), "filters only with the script");
}

#[test]
fn a_scan_of_files_and_a_clean_run_read_well_too() {
    let plain = text(Format::Html, &outcome(vec![finding("r", b"secret value")], vec![]), &Options::default());
    for part in ["id=\"timeline\"", "id=\"remediation\"", "<select name=\"exposure\">", "<th>Introduced</th>"] {
        assert!(!plain.contains(part), "{part}");
    }
    assert!(plain.contains("src/app.py<span class=\"at\">:3:10</span>"));
    let clean = text(Format::Html, &outcome(vec![], vec![]), &Options::default());
    assert!(clean.contains("<h1>No secrets found</h1>") && clean.contains("0: clean"));
    assert!(!clean.contains("<article") && !clean.contains("id=\"suppressed\""));
}
