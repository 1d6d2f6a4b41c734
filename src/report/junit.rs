//! JUnit XML as build servers read it (the form of Apache Ant and of Maven Surefire): a failed test case
//! for each place, an error for each input that should have been looked at, and one test case that
//! passes where nothing was found, since some servers take a report without test cases for a fault.
//! Secrets are masked, and `show_secrets` does not change that: these files are uploaded and kept.

use super::Options;
use super::place::{Place, advice, missed, places};
use super::terminal::{counted, inert};
use crate::error::Skipped;
use crate::finding::Outcome;
use std::io::{self, Write};

/// Write `outcome` as one test suite.
///
/// # Errors
/// Whatever `out` answers.
pub fn write(outcome: &Outcome, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let options = options.hiding();
    let failures = places(outcome, &options).count();
    let (benign, missed): (Vec<&Skipped>, Vec<&Skipped>) =
        outcome.skipped.iter().partition(|skipped| skipped.reason.benign());
    let passed = usize::from(failures == 0 && missed.is_empty());
    let tests = failures + outcome.skipped.len() + passed;
    let seconds = outcome.stats.elapsed.as_secs_f64();
    let counts =
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{}\" time=\"{seconds:.3}\"", missed.len());
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites {counts}>")?;
    writeln!(out, "  <testsuite name=\"{}\" {counts} skipped=\"{}\">", super::TOOL, benign.len())?;
    for place in places(outcome, &options) {
        failure(&place, out)?;
    }
    for skipped in missed {
        not_looked_at("error", skipped, out)?;
    }
    for skipped in benign {
        not_looked_at("skipped", skipped, out)?;
    }
    if passed == 1 {
        let looked = counted(outcome.stats.inputs, "input");
        writeln!(out, "    <testcase name=\"no secret in {looked}\" classname=\"{}\"/>", super::TOOL)?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}

fn failure(place: &Place, out: &mut dyn Write) -> io::Result<()> {
    let Place { finding, guard, .. } = place;
    let told = place.told();
    writeln!(
        out,
        "    <testcase name=\"{} at {}\" classname=\"{}\" file=\"{}\" line=\"{}\">",
        escaped(&finding.summary),
        escaped(&told),
        escaped(&finding.rule),
        escaped(&place.name()),
        place.lines().0,
    )?;
    let mut body = vec![
        format!("{}: {} ({})", finding.severity.name(), finding.summary, guard.mask()),
        format!("at {told}{}", place.decoded()),
        advice(finding),
        format!("id: {}", finding.fingerprint),
    ];
    for (name, value) in &finding.details {
        body.insert(2, format!("{name}: {}", guard.text(value)));
    }
    let body: Vec<String> = body.iter().map(|line| escaped(line)).collect();
    writeln!(
        out,
        "      <failure message=\"{}\" type=\"{}\">{}</failure>\n    </testcase>",
        escaped(&format!("{} in {told}", finding.summary)),
        finding.severity.name(),
        body.join("\n")
    )
}

fn not_looked_at(element: &str, skipped: &Skipped, out: &mut dyn Write) -> io::Result<()> {
    let reason = escaped(&missed(skipped));
    let kind = if element == "error" { format!(" type=\"{}\"", skipped.reason.name()) } else { String::new() };
    writeln!(
        out,
        "    <testcase name=\"{}\" classname=\"{}\">\n      <{element} message=\"{reason}\"{kind}/>\n    </testcase>",
        escaped(&skipped.origin.to_string()),
        super::TOOL,
    )
}

/// Text that may stand in an element and in an attribute: no markup, and no character that XML 1.0 does
/// not have.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in inert(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::error::{SkipReason, Skipped};
    use crate::finding::Finding;
    use crate::report::tests::{at, finding, outcome, skipped, text};
    use crate::report::{Format, Options};
    use roxmltree::Document;

    fn shown(findings: Vec<Finding>, skipped: Vec<Skipped>) -> String {
        text(Format::Junit, &outcome(findings, skipped), &Options::default())
    }

    /// The counts that a suite tells and those that it has.
    fn counts(document: &Document) -> [(u64, usize); 4] {
        let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
        let elements = [("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")];
        elements.map(|(told, element)| {
            let there = document.descendants().filter(|node| node.has_tag_name(element)).count();
            (suite.attribute(told).unwrap().parse().unwrap(), there)
        })
    }

    #[test]
    fn every_place_fails_and_every_gap_is_told() {
        let mut found = finding("rule", b"abcdefghijklmnopqrstuvwxyz");
        found.occurrences = vec![at("a<b>&\"\u{1}\u{ffff}.py", 3, 9), at("c.py", 1, 1)];
        let missed = vec![skipped("x", SkipReason::Unreadable, "no <way>"), skipped("y", SkipReason::Symlink, "")];
        let shown = shown(vec![found], missed);
        let document = Document::parse(&shown).unwrap();
        assert_eq!(counts(&document), [(4, 4), (2, 2), (1, 1), (1, 1)]);
        let case = document.descendants().find(|node| node.has_tag_name("testcase")).unwrap();
        assert_eq!(case.attribute("file"), Some("a<b>&\"\u{2401}\u{fffd}.py"));
        assert_eq!(case.attribute("line"), Some("3"));
        assert_eq!(case.attribute("classname"), Some("rule"));
        let body = case.first_element_child().unwrap().text().unwrap();
        assert!(body.contains("abcd…(26)") && body.contains("revoke it"), "{body}");
        assert!(!shown.contains("abcde"));
    }

    #[test]
    fn a_clean_run_passes_one_test() {
        let shown = shown(vec![], vec![]);
        let document = Document::parse(&shown).unwrap();
        assert_eq!(counts(&document), [(1, 1), (0, 0), (0, 0), (0, 0)]);
        assert!(shown.contains("no secret in 1,234 inputs"));
    }
}
