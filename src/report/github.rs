//! Annotations of GitHub Actions: workflow commands in the build log, one for each place
//! (`::error file=…,line=…::message`). The log of a public repository is public, so that nothing of a
//! secret is in it. Values are escaped as the runner's toolkit does it; a name that holds a line break
//! cannot begin a command of its own.

use super::Options;
use super::place::{Place, advice, missed, places, severities};
use super::terminal::{counted, inert};
use crate::finding::Outcome;
use crate::rules::Severity;
use std::io::{self, Write};

/// Write a command for each place and for what was not looked at, and a last line that is none.
///
/// # Errors
/// Whatever `out` answers.
pub fn write(outcome: &Outcome, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let options = options.hiding();
    for place in places(outcome, &options) {
        annotation(&place, out)?;
    }
    for skipped in outcome.skipped.iter().filter(|skipped| !skipped.reason.benign()) {
        let title = property("Sekisho could not look at everything");
        writeln!(out, "::error title={title}::{}", data(&missed(skipped)))?;
    }
    let looked = counted(outcome.stats.inputs, "input");
    match outcome.findings.len() {
        0 => writeln!(out, "sekisho: no secret in {looked}"),
        found => {
            let found = counted(found as u64, "secret");
            writeln!(out, "sekisho: {found} ({}) in {looked}", severities(outcome))
        }
    }
}

fn annotation(place: &Place, out: &mut dyn Write) -> io::Result<()> {
    let finding = place.finding;
    let level = match finding.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "notice",
    };
    let (line, end_line) = place.lines();
    let (column, end_column) = place.columns();
    write!(out, "::{level} ")?;
    if let Some(path) = &place.path {
        write!(out, "file={},line={line},endLine={end_line}", property(path))?;
        // Columns mean something to the runner on one line only.
        if line == end_line {
            write!(out, ",col={column},endColumn={}", end_column.max(column))?;
        }
        out.write_all(b",")?;
    }
    let title = format!("{}: {}", finding.severity.name(), inert(&finding.summary));
    let mut message =
        vec![format!(
        "{} ({}) at {}{}",
        inert(&finding.summary),
        finding.rule,
        place.told(),
        place.decoded()
    )];
    message.push(inert(&advice(finding)));
    message.push(format!("id: {}", finding.fingerprint));
    writeln!(out, "title={}::{}", property(&title), data(&message.join("\n")))
}

/// The message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, with all that could end it; characters that would steer a terminal are shown
/// as pictures.
fn property(text: &str) -> String {
    inert(text).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SkipReason;
    use crate::report::Format;
    use crate::report::tests::{at, finding, outcome, skipped, text};

    /// Level, properties and message of a command, read as the runner does.
    fn read(line: &str) -> (String, Vec<(String, String)>, String) {
        let rest = line.strip_prefix("::").unwrap();
        let (command, message) = rest.split_once("::").unwrap();
        let (level, properties) = command.split_once(' ').unwrap();
        let plain = |text: &str| {
            text.replace("%0D", "\r")
                .replace("%0A", "\n")
                .replace("%3A", ":")
                .replace("%2C", ",")
                .replace("%25", "%")
        };
        let properties = properties.split(',').map(|one| one.split_once('=').unwrap());
        let properties = properties.map(|(name, value)| (name.to_owned(), plain(value))).collect();
        (level.to_owned(), properties, plain(message))
    }

    #[test]
    fn a_command_for_each_place() {
        let mut found = finding("rule", b"abcdefghijklmnopqrstuvwxyz");
        found.occurrences = vec![at("a:b,c%41=.py", 3, 9), at("d.py", 4, 1)];
        found.occurrences[1].end.line = 6;
        let shown = text(Format::Github, &outcome(vec![found], vec![]), &Options::default());
        assert!(!shown.contains("abcd"), "{shown}");
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), 3);
        let (level, properties, message) = read(lines[0]);
        assert_eq!(level, "error");
        let wanted = [
            ("file", "a:b,c%41=.py"),
            ("line", "3"),
            ("endLine", "3"),
            ("col", "9"),
            ("endColumn", "16"),
            ("title", "high: A test token"),
        ];
        assert_eq!(properties, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(message.starts_with("A test token (rule) at a:b,c%41=.py:3\nRotate it: "), "{message}");
        assert!(!lines[1].contains("col="));
        assert_eq!(lines[2], "sekisho: 1 secret (1 high) in 1,234 inputs");
    }

    #[test]
    fn names_cannot_give_commands() {
        let mut found = finding("rule", b"abcdefghijklmnopqrstuvwxyz");
        found.occurrences = vec![at("a\n::set-output name=x::y\r\n::error::z", 1, 1)];
        let missed = vec![skipped("b\n::warning::w", SkipReason::Corrupt, "c\n::notice::n")];
        let shown = text(Format::Github, &outcome(vec![found], missed), &Options::default());
        assert_eq!(shown.lines().count(), 3, "{shown}");
        assert!(shown.lines().take(2).all(|line| line.starts_with("::error ")), "{shown}");
    }
}
