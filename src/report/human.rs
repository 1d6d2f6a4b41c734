//! The report for people, at a terminal or in a build log.

mod audit;

use super::telling::{self, listed};
use super::terminal::{self, bytes, counted, elapsed, inert, inert_line};
use super::{Guard, Options, by_reason, by_severity, chains};
use crate::error::{SkipReason, Skipped};
use crate::finding::{Finding, Occurrence, Outcome};
use crate::rules::Severity;
use anstyle::{AnsiColor, Style};
use std::io::{self, Write};

/// Other places named before `and 4 more`.
const OTHER_PLACES: usize = 3;
/// Skipped inputs named a reason.
const SKIPPED_NAMES: usize = 5;

/// Write `outcome` for people: the findings, a summary line, what was skipped, and whether the run can
/// vouch for everything. A clean run is one line.
///
/// # Errors
/// Whatever `out` answers.
pub fn write(outcome: &Outcome, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint { on: options.color };
    for finding in &outcome.findings {
        write_finding(finding, options, paint, out)?;
        out.write_all(b"\n")?;
    }
    audit::write_remediation(outcome, options, paint, out)?;
    if outcome.findings.is_empty() && outcome.complete() {
        write_clean(outcome, paint, out)?;
    } else {
        write_summary(outcome, paint, out)?;
        write_skipped(outcome, paint, out)?;
    }
    if let Some(coverage) = &outcome.coverage {
        audit::write_coverage(coverage, options, paint, out)?;
    }
    if !outcome.complete() {
        write_incomplete(outcome, options, paint, out)?;
    }
    Ok(())
}

/// Colours, or none.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    pub(super) on: bool,
}

impl Paint {
    pub(super) fn with(self, style: Style, text: impl std::fmt::Display) -> String {
        if self.on { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    pub(super) fn bold(self, text: impl std::fmt::Display) -> String {
        self.with(Style::new().bold(), text)
    }

    pub(super) fn faint(self, text: impl std::fmt::Display) -> String {
        self.with(Style::new().dimmed(), text)
    }

    pub(super) fn severity(self, severity: Severity, text: impl std::fmt::Display) -> String {
        let style = match severity {
            Severity::Critical => AnsiColor::Red.on_default().bold(),
            Severity::High => AnsiColor::Red.on_default(),
            Severity::Medium => AnsiColor::Yellow.on_default(),
            Severity::Low => AnsiColor::Cyan.on_default(),
            Severity::Info => Style::new().dimmed(),
        };
        self.with(style, text)
    }
}

fn write_finding(finding: &Finding, options: &Options, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let guard = Guard::new(finding, options);
    let first = finding.occurrences.first();
    let place = first.map_or_else(|| "<unknown>".to_owned(), |first| place(first, &guard));
    writeln!(
        out,
        "{}: {} {}  {}",
        paint.bold(place),
        paint.severity(finding.severity, finding.severity.name()),
        paint.bold(inert(&finding.rule)),
        inert(&finding.summary),
    )?;
    let line = first.map_or(0, |first| first.start.line).to_string();
    // Wide enough that neighbours mostly line up.
    let gutter = " ".repeat(line.len().max(4));
    if let Some(first) = first {
        write_preview(first, &guard, finding.severity, (&gutter, &line), options, paint, out)?;
    }
    for note in notes(finding, &guard, options) {
        let label = format!("{gutter} = {}: ", note.label);
        let room = if note.verbatim { None } else { options.width };
        let room = room.map(|width| width.saturating_sub(terminal::columns(&label)).max(20));
        let indent = " ".repeat(terminal::columns(&label));
        for (index, text) in note.text.iter().flat_map(|text| terminal::wrap(text, room)).enumerate() {
            if index == 0 {
                writeln!(out, "{gutter} {} {}: {text}", paint.faint("="), paint.bold(note.label))?;
            } else {
                writeln!(out, "{indent}{text}")?;
            }
        }
    }
    Ok(())
}

/// The line with the mask in it, and marks under the mask.
pub(super) fn write_preview(
    occurrence: &Occurrence,
    guard: &Guard,
    severity: Severity,
    (gutter, line): (&str, &str),
    options: &Options,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let preview = &occurrence.preview;
    let mut before = inert_line(&guard.text(&preview.before)).trim_start().to_owned();
    let mut masked = inert_line(&guard.text(&preview.masked));
    let mut after = inert_line(&guard.text(&preview.after));
    if masked.is_empty() {
        masked = inert_line(guard.mask());
    }
    if let Some(width) = options.width {
        let room = width.saturating_sub(gutter.len() + 3).max(20);
        masked = terminal::head(&masked, room);
        // The text before tells more than the text behind: it gets what is left first.
        let room = room - terminal::columns(&masked);
        before = terminal::tail(&before, room);
        after = terminal::head(&after, room - terminal::columns(&before));
    }
    let bar = paint.faint("|");
    let pad = " ".repeat(gutter.len() - line.len());
    let shown = format!("{before}{}{after}", paint.severity(severity, &masked));
    writeln!(out, "{pad}{} {bar} {}", paint.faint(line), shown.trim_end())?;
    let under = " ".repeat(terminal::columns(&before));
    let carets = "^".repeat(terminal::columns(&masked).max(1));
    writeln!(out, "{gutter} {bar} {under}{}", paint.severity(severity, carets))
}

/// `path:line:column`, or the origin alone where there is no line.
fn place(occurrence: &Occurrence, guard: &Guard) -> String {
    let origin = occurrence.origin.to_string();
    let origin = inert(&guard.text(&origin));
    format!("{origin}:{}:{}", occurrence.start.line, occurrence.start.column)
}

/// One thing said about a finding under its line.
struct Note {
    label: &'static str,
    /// Its lines, with nothing in them that could steer a terminal.
    text: Vec<String>,
    /// Not to be broken into lines.
    verbatim: bool,
}

fn notes(finding: &Finding, guard: &Guard, options: &Options) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut add = |label, text: String| notes.push(Note { label, text: vec![text], verbatim: false });
    if !finding.details.is_empty() {
        let details: Vec<String> = finding
            .details
            .iter()
            .map(|(name, value)| format!("{} {}", inert(name), inert(&guard.text(value))))
            .collect();
        add("details", details.join(", "));
    }
    let chains = chains(finding);
    if !chains.is_empty() {
        add("decoded from", chains.join(", "));
    }
    for note in finding.occurrences.first().map(|first| first.origin.notes()).unwrap_or_default() {
        add("in", inert(&guard.text(note)));
    }
    if let Some(story) = &finding.story {
        telling::story(story, guard).into_iter().for_each(|(label, text)| add(label, inert(&text)));
    }
    let others: Vec<String> =
        finding.occurrences.iter().skip(1).take(OTHER_PLACES).map(|other| place(other, guard)).collect();
    if !others.is_empty() {
        add("also at", listed(&others, finding.occurrences.len() - 1));
    }
    for half in &finding.companions {
        let guard = Guard::new(half, options);
        let places: Vec<String> =
            half.occurrences.iter().take(OTHER_PLACES).map(|other| place(other, &guard)).collect();
        let places = listed(&places, half.occurrences.len());
        add("together with", inert(&format!("{} {} at {places}", half.rule, guard.mask())));
    }
    if !finding.also.is_empty() {
        add("also matched", inert(&finding.also.join(", ")));
    }
    if !finding.rotate.is_empty() {
        add("rotate", inert(&finding.rotate));
    }
    if let Some(link) = finding.refs.first() {
        add("see", inert(link));
    }
    add("id", inert(&finding.fingerprint));
    if let Some(clear) = guard.clear() {
        let text = String::from_utf8_lossy(clear).lines().map(inert).collect();
        notes.push(Note { label: "secret", text, verbatim: true });
    }
    notes
}

fn write_clean(outcome: &Outcome, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let clean = paint.with(AnsiColor::Green.on_default().bold(), "no secrets found");
    write!(out, "{clean} in {}", extent(outcome))?;
    let skipped: Vec<String> = by_reason(outcome)
        .into_iter()
        .map(|(reason, count)| format!("{} {}", terminal::grouped(count as u64), reason.name()))
        .collect();
    if !skipped.is_empty() {
        write!(out, " (skipped: {})", skipped.join(", "))?;
    }
    writeln!(out)?;
    write_suppressed(outcome, out)
}

/// `suppressed: 3 findings (1 comment, 2 baseline)`, where there are any.
fn write_suppressed(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let means = outcome.told.by_means();
    if means.is_empty() {
        return Ok(());
    }
    let total: usize = means.iter().map(|(_, count)| count).sum();
    let each: Vec<String> =
        means.iter().map(|(by, count)| format!("{} {}", terminal::grouped(*count as u64), by.name())).collect();
    writeln!(out, "suppressed: {} ({})", counted(total as u64, "finding"), each.join(", "))
}

/// `1,234 files, 12.3 MB, 0.21 s`.
fn extent(outcome: &Outcome) -> String {
    let stats = &outcome.stats;
    let input = if outcome.coverage.is_some() { "object" } else { "file" };
    format!("{}, {}, {}", counted(stats.inputs, input), bytes(stats.bytes), elapsed(stats.elapsed))
}

fn write_summary(outcome: &Outcome, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let findings = outcome.findings.len();
    let places: usize = outcome.findings.iter().map(|finding| finding.occurrences.len()).sum();
    write!(out, "{}", paint.bold(counted(findings as u64, "finding")))?;
    let severities: Vec<String> = by_severity(outcome)
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|&(severity, count)| {
            paint.severity(severity, format!("{} {}", terminal::grouped(count as u64), severity.name()))
        })
        .collect();
    if !severities.is_empty() {
        write!(out, " ({})", severities.join(", "))?;
    }
    if places > findings {
        write!(out, " at {}", counted(places as u64, "place"))?;
    }
    writeln!(out, " in {}", extent(outcome))?;
    write_suppressed(outcome, out)
}

/// What was not looked at, a line for each reason.
fn write_skipped(outcome: &Outcome, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    if outcome.skipped.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}:", paint.bold(format!("skipped {}", counted(outcome.skipped.len() as u64, "input"))))?;
    for (reason, count) in by_reason(outcome) {
        let number = terminal::grouped(count as u64);
        let head = format!("{} ({number})", reason.name());
        let head = if reason.benign() { head } else { paint.with(AnsiColor::Yellow.on_default(), head) };
        writeln!(out, "  {head}: {}", names(outcome, reason, count))?;
    }
    Ok(())
}

/// The first names that were skipped for one reason. What the system said about them is told once
/// where it said the same of all, and otherwise behind each name.
fn names(outcome: &Outcome, reason: SkipReason, count: usize) -> String {
    let of_reason = || outcome.skipped.iter().filter(|skipped| skipped.reason == reason);
    let detail = of_reason().next().map_or("", |skipped| skipped.detail.as_str());
    let same = of_reason().all(|skipped| skipped.detail == detail);
    let name = |skipped: &Skipped| {
        let name = inert(&skipped.origin.to_string());
        if same || skipped.detail.is_empty() { name } else { format!("{name} ({})", inert(&skipped.detail)) }
    };
    let names: Vec<String> = of_reason().take(SKIPPED_NAMES).map(name).collect();
    let mut text = listed(&names, count);
    if same && !detail.is_empty() {
        text.push_str(&format!(": {}", inert(detail)));
    }
    text
}

fn write_incomplete(
    outcome: &Outcome,
    options: &Options,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let missed = outcome.skipped.iter().filter(|skipped| !skipped.reason.benign()).count();
    let text = format!(
        "incomplete: {} could not be looked at, so this run cannot vouch for everything; exit status {}",
        counted(missed as u64, "input"),
        outcome.exit_status(),
    );
    for line in terminal::wrap(&text, options.width.map(|width| width.max(20))) {
        writeln!(out, "{}", paint.with(AnsiColor::Red.on_default().bold(), line))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Format;
    use crate::report::tests::{at, finding, outcome, skipped, text};

    fn rich() -> Finding {
        let mut finding = finding("github-pat", &b"k".repeat(40));
        finding.severity = Severity::Critical;
        finding.details = vec![("checksum".into(), "valid".into()), ("account".into(), "12".into())];
        finding.also = vec!["generic-secret".into()];
        finding.fingerprint = "0123456789abcdef".into();
        finding.occurrences = vec![at("src/app.py", 3, 9), at("a.py", 3, 1), at("b.py", 9, 2)];
        finding.occurrences.extend((1..=3).map(|line| at("c.py", line, 1)));
        finding
    }

    #[test]
    fn a_finding_reads_well() {
        let shown = text(Format::Human, &outcome(vec![rich()], vec![]), &Options::default());
        let expected = "\
src/app.py:3:9: critical github-pat  A test token
   3 | token = \"kkkk…(40)\" # end
     |          ^^^^^^^^^
     = details: checksum valid, account 12
     = also at: a.py:3:1, b.py:9:2, c.py:1:1 and 2 more
     = also matched: generic-secret
     = rotate: Settings > Tokens: revoke it, then issue a new one
     = see: https://docs.example/tokens
     = id: 0123456789abcdef

1 finding (1 critical) at 6 places in 1,234 files, 12.3 MB, 0.21 s
";
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_clean_run_is_one_line() {
        let shown = text(Format::Human, &outcome(vec![], vec![]), &Options::default());
        assert_eq!(shown, "no secrets found in 1,234 files, 12.3 MB, 0.21 s\n");
        let links = (0..2).map(|_| skipped("link", SkipReason::Symlink, "")).collect();
        let shown = text(Format::Human, &outcome(vec![], links), &Options::default());
        let expected = "no secrets found in 1,234 files, 12.3 MB, 0.21 s (skipped: 2 symlink not followed)\n";
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_was_skipped_is_named_and_an_incomplete_run_says_so() {
        let mut missed: Vec<Skipped> =
            (0..7).map(|n| skipped(&format!("f{n}"), SkipReason::Unreadable, "permission denied")).collect();
        missed.push(skipped("x", SkipReason::Corrupt, "bad header"));
        missed.push(skipped("y", SkipReason::Corrupt, "bad tail"));
        missed.push(skipped("fifo", SkipReason::Special, ""));
        let mut low = finding("rule", b"secret value");
        low.severity = Severity::Low;
        let shown = text(Format::Human, &outcome(vec![low], missed), &Options::default());
        let expected = "
1 finding (1 low) in 1,234 files, 12.3 MB, 0.21 s
skipped 10 inputs:
  unreadable (7): f0, f1, f2, f3, f4 and 2 more: permission denied
  special file (1): fifo
  corrupt (2): x (bad header), y (bad tail)
incomplete: 9 inputs could not be looked at, so this run cannot vouch for everything; exit status 2
";
        assert!(shown.ends_with(expected), "{shown}");
    }

    #[test]
    fn nothing_clean_is_claimed_where_all_was_unreadable() {
        let missed = vec![skipped("x", SkipReason::Unreadable, "")];
        let shown = text(Format::Human, &outcome(vec![], missed), &Options::default());
        assert!(shown.starts_with("0 findings in"), "{shown}");
        assert!(!shown.contains("no secrets"), "{shown}");
    }

    #[test]
    fn colour_is_only_added_and_only_when_asked() {
        let outcome = outcome(vec![rich()], vec![skipped("x", SkipReason::Corrupt, "")]);
        let plain = text(Format::Human, &outcome, &Options::default());
        let coloured = text(Format::Human, &outcome, &Options { color: true, ..Options::default() });
        assert!(!plain.contains('\x1b') && coloured.contains("\x1b[31m"), "{coloured:?}");
        let mut stripped = String::new();
        for (index, part) in coloured.split("\x1b[").enumerate() {
            stripped.push_str(if index == 0 { part } else { part.split_once('m').unwrap().1 });
        }
        assert_eq!(stripped, plain);
    }

    #[test]
    fn lines_fit_the_terminal() {
        let mut finding = rich();
        finding.rotate = "word ".repeat(40).trim().to_owned();
        finding.occurrences[0].preview.before = format!("…{} = ", "日本".repeat(25));
        finding.occurrences[0].preview.after = "z".repeat(40);
        let shown = text(
            Format::Human,
            &outcome(vec![finding], vec![]),
            &Options { width: Some(50), ..Options::default() },
        );
        for line in shown.lines().skip(1).filter(|line| line.starts_with(' ')) {
            assert!(terminal::columns(line) <= 50, "{line}");
        }
        assert!(shown.contains("kkkk…(40)"), "{shown}");
        let lines: Vec<&str> = shown.lines().collect();
        let column = |line: &str, mark| terminal::columns(&line[..line.find(mark).unwrap()]);
        assert_eq!(column(lines[1], "kkkk"), column(lines[2], "^"), "{shown}");
    }

    #[test]
    fn strangers_cannot_write_to_the_terminal() {
        let mut finding = rich();
        finding.occurrences[0] = at("a\x1b]0;x\x07\n:1:1: critical", 1, 1);
        finding.occurrences[0].preview.before = "x\x1b[2J\r\n\u{9b}1A = ".into();
        finding.details.push(("owner".into(), "\u{202e}evil\n".into()));
        let missed = vec![skipped("b\x1b[1m\nfake", SkipReason::Corrupt, "\x1b[0m\n")];
        let shown = text(Format::Human, &outcome(vec![finding], missed), &Options::default());
        assert!(shown.chars().all(|one| one == '\n' || !one.is_control()), "{shown:?}");
        assert!(!shown.contains('\u{202e}'));
        assert!(shown.contains("a␛]0;x␇␊:1:1: critical:1:1:"), "{shown}");
        assert!(shown.contains("corrupt (1): b␛[1m␊fake: ␛[0m␊\n"), "{shown}");
    }

    #[test]
    fn a_secret_of_many_lines_is_shown_line_by_line_on_wish() {
        let key = finding("pem", b"-----BEGIN X-----\nabc\x1b\n-----END X-----");
        let options = Options { show_secrets: true, ..Options::default() };
        let shown = text(Format::Human, &outcome(vec![key], vec![]), &options);
        let expected =
            "\n     = secret: -----BEGIN X-----\n               abc␛\n               -----END X-----\n";
        assert!(shown.contains(expected), "{shown}");
    }
}
