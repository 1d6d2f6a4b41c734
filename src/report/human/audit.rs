//! What an audit adds to the report for people: what to do, and what was covered.

use super::{Paint, counted, inert, listed, telling, terminal};
use crate::finding::{Coverage, Outcome};
use crate::report::{Options, advice};
use anstyle::AnsiColor;
use std::io::{self, Write};

/// Secrets named in the list of what to do.
const STEPS: usize = 20;
/// Refs named in the coverage statement.
const REFS: usize = 20;

/// What to do about secrets that have a story, the most urgent first.
pub(super) fn write_remediation(
    outcome: &Outcome,
    options: &Options,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let steps: Vec<_> = advice::by_urgency(&outcome.findings).collect();
    if steps.is_empty() {
        return Ok(());
    }
    let room = options.width.map(|width| width.max(40));
    writeln!(out, "{}", paint.bold("what to do, most urgent first:"))?;
    for (number, (finding, story)) in steps.iter().take(STEPS).enumerate() {
        let rotate = match finding.rotate.as_str() {
            "" => "revoke it where it was issued",
            rotate => rotate,
        };
        let head = format!("{:3}. ", number + 1);
        let text = format!(
            "rotate {} {} ({}, {}): {}; affected: {} ({})",
            inert(&finding.rule),
            inert(&finding.secret.mask()),
            finding.severity.name(),
            story.exposure.name(),
            inert(rotate),
            inert(&advice::clones(story)),
            counted(story.refs.len() as u64, "ref"),
        );
        for (index, line) in terminal::wrap(&text, room.map(|room| room - 5)).iter().enumerate() {
            let head = if index == 0 { head.as_str() } else { "     " };
            writeln!(out, "{head}{line}")?;
        }
    }
    if steps.len() > STEPS {
        let more = (steps.len() - STEPS) as u64;
        writeln!(out, "     and {} more, all in --format json and html", terminal::grouped(more))?;
    }
    for line in terminal::wrap(advice::ROTATE_FIRST, room) {
        writeln!(out, "{}", paint.with(AnsiColor::Yellow.on_default(), line))?;
    }
    writeln!(out, "then, to take them out of the history:")?;
    for step in advice::REWRITE {
        writeln!(out, "  {step}")?;
    }
    out.write_all(b"\n")
}

/// What an audit covered.
pub(super) fn write_coverage(
    coverage: &Coverage,
    options: &Options,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{}", paint.bold("covered:"))?;
    let refs: Vec<String> = coverage
        .refs
        .iter()
        .take(REFS)
        .map(|(name, id)| format!("{} {}", inert(name), id.get(..12).unwrap_or(id)))
        .collect();
    let refs = match refs.len() {
        0 => "none".to_owned(),
        _ => listed(&refs, coverage.refs.len()),
    };
    for (label, text) in telling::coverage(coverage).into_iter().chain([("refs", refs)]) {
        let head = format!("  {label}: ");
        let room = options.width.map(|width| width.saturating_sub(head.len()).max(20));
        for (index, line) in terminal::wrap(&text, room).iter().enumerate() {
            let head = if index == 0 { head.clone() } else { " ".repeat(head.len()) };
            writeln!(out, "{head}{line}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::finding::{CommitNote, Coverage, Exposure, Introduced, Story};
    use crate::report::tests::{finding, outcome, text};
    use crate::report::{Format, Options};
    use std::time::UNIX_EPOCH;

    fn coverage() -> Coverage {
        Coverage {
            blobs: 1200,
            commits: 34,
            tags: 1,
            trees: 0,
            bytes: 12_345_678,
            from_cache: 5,
            scope: None,
            refs: (0..22).map(|number| (format!("refs/heads/b{number:02}\u{1b}"), "ab".repeat(20))).collect(),
            rules_digest: "0123".into(),
            version: "1.2".into(),
            started: UNIX_EPOCH,
            ended: UNIX_EPOCH,
        }
    }

    #[test]
    fn a_clean_audit_says_what_it_covered() {
        let mut clean = outcome(vec![], vec![]);
        clean.coverage = Some(coverage());
        let shown = text(Format::Human, &clean, &Options::default());
        let expected = "\
no secrets found in 1,234 objects, 12.3 MB, 0.21 s
covered:
  scope: every object, reachable or not, and the texts beside them
  scanned: 1,200 blobs, 34 commits, 1 tag, 0 trees, 12.3 MB; of them 5 objects known to be clean from an earlier audit
  rules: 0123
  tool: sekisho 1.2
  time: 1970-01-01T00:00:00Z to 1970-01-01T00:00:00Z
  refs: refs/heads/b00␛ abababababab, ";
        assert!(shown.starts_with(expected), "{shown}");
        assert!(shown.ends_with("refs/heads/b19␛ abababababab and 2 more\n"), "{shown}");
    }

    #[test]
    fn the_story_is_told_and_rotation_comes_first() {
        let mut found = finding("rule", b"abcdefghijklmnopqrstuvwxyz");
        let note = CommitNote {
            id: "0123456789abcdef".into(),
            author: "Ada".into(),
            email: "ada@example.org".into(),
            seconds: 1_714_972_089,
            zone: 0,
            message: "add\n\nmore".into(),
        };
        found.story = Some(Story {
            introduced: vec![Introduced {
                note: Some(note.clone()),
                by_tag: false,
                path: Some("src/app.py".into()),
                line: Some(3),
                at_latest: false,
            }],
            introductions: 2,
            removed: vec![note],
            refs: vec!["refs/remotes/origin/main".into()],
            days_in_history: Some(1000),
            days_in_tips: Some(20),
            ..Story::of(Exposure::Pushed)
        });
        let shown = text(Format::Human, &outcome(vec![found], vec![]), &Options::default());
        for line in [
            "     = introduced: 2024-05-06 by Ada <ada@example.org> in 0123456789ab (add), src/app.py:3, and 1 time again\n",
            "     = removed: 2024-05-06 in 0123456789ab (add)\n",
            "     = history of: origin/main\n",
            "; 1,000 days in the history, of them 20 until it was removed; affected: origin and every clone",
            "  1. rotate rule abcd…(26) (high, pushed): Settings > Tokens: revoke it, then issue a new one; affected: \
             origin and every clone and fork of it (1 ref)\n",
            "Rotate each secret first",
            "does not un-leak",
            "  git filter-repo --replace-text secrets.txt",
        ] {
            assert!(shown.contains(line), "no {line} in {shown}");
        }
    }
}
