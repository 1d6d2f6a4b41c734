//! The parts of the JSON report one to a line, for tools that read line by line: each finding, each
//! skipped input, and a summary as the last line. Each line has a `type`.

use super::history::Remediation;
use super::json::{FindingForm, Head, SkippedForm};
use super::{Options, by_reason};
use crate::finding::Outcome;
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::{self, Write};

/// Write `outcome` as JSON objects, one to a line.
///
/// # Errors
/// Whatever `out` answers.
pub fn write(outcome: &Outcome, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    for finding in &outcome.findings {
        line(out, Line::Finding(FindingForm::of(finding, options)))?;
    }
    for skipped in &outcome.skipped {
        line(out, Line::Skipped(SkippedForm::of(skipped)))?;
    }
    let reasons =
        by_reason(outcome).into_iter().map(|(reason, count)| (reason.name().to_owned(), count.into()));
    line(out, Line::Summary { head: Head::of(outcome, options), skipped: reasons.collect(), remediation: Remediation::of(outcome) })
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Finding(FindingForm<'a>),
    Skipped(SkippedForm<'a>),
    Summary {
        #[serde(flatten)]
        head: Head,
        /// How many were skipped, by reason.
        skipped: Map<String, Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        remediation: Option<Remediation<'a>>,
    },
}

fn line(out: &mut dyn Write, line: Line<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SkipReason;
    use crate::report::Format;
    use crate::report::tests::{finding, outcome, skipped, text};

    #[test]
    fn each_line_has_a_type_and_the_last_is_the_summary() {
        let missed = vec![skipped("a", SkipReason::Corrupt, "bad"), skipped("b", SkipReason::Corrupt, "")];
        let found = vec![finding("one", b"secret\none"), finding("two", b"secret two")];
        let shown = text(Format::Jsonl, &outcome(found, missed), &Options::default());
        let lines: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let types: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["finding", "finding", "skipped", "skipped", "summary"]);
        assert_eq!(lines[0]["rule"], "one");
        assert_eq!(lines[2]["detail"], "bad");
        assert_eq!(lines[4]["complete"], false);
        assert_eq!(lines[4]["status"], 2);
        assert_eq!(lines[4]["skipped"]["corrupt"], 2);
        assert_eq!(lines[4]["stats"]["findings"], 2);
    }
}
