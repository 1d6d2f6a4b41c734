//! A row for each place (RFC 4180, lines end in LF), for spreadsheets and scripts. A cell that a
//! spreadsheet would take for a formula gets an apostrophe before it: file names come from strangers.

use super::Options;
use super::place::{Place, places};
use crate::finding::Outcome;
use csv::{QuoteStyle, WriterBuilder};
use std::io::{self, Write};

const COLUMNS: [&str; 19] = [
    "rule",
    "severity",
    "kind",
    "provider",
    "summary",
    "fingerprint",
    "masked",
    "path",
    "line",
    "column",
    "end_line",
    "end_column",
    "commit",
    "author",
    "email",
    "date",
    "exposure",
    "rotate",
    "decoded",
];

/// Write a header and a row for each place; with `show_secrets` the clear text is the last column.
///
/// # Errors
/// Whatever `out` answers.
pub fn write(outcome: &Outcome, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mut table = WriterBuilder::new().quote_style(QuoteStyle::Necessary).from_writer(Vec::new());
    table.write_record(COLUMNS.iter().copied().chain(options.show_secrets.then_some("secret")))?;
    for place in places(outcome, options) {
        table.write_record(row(&place).iter().map(|cell| inactive(cell)))?;
    }
    // Whatever `out` answers is told as it is.
    out.write_all(&table.into_inner().map_err(|error| error.into_error())?)
}

fn row(place: &Place) -> Vec<String> {
    let Place { finding, guard, .. } = place;
    let (line, end_line) = place.lines();
    let (column, end_column) = place.columns();
    let said = |text: Option<String>| guard.text(&text.unwrap_or_default()).into_owned();
    let mut row = vec![
        finding.rule.clone(),
        finding.severity.name().to_owned(),
        finding.kind.name().to_owned(),
        finding.provider.clone(),
        finding.summary.clone(),
        finding.fingerprint.clone(),
        guard.mask().to_owned(),
        place.name(),
        line.to_string(),
        column.to_string(),
        end_line.to_string(),
        end_column.to_string(),
        place.commit.to_owned(),
        said(place.note.map(|note| note.author.clone())),
        said(place.note.map(|note| note.email.clone())),
        said(place.note.map(|note| note.date_in_utc())),
        finding.story.as_ref().map_or(String::new(), |story| story.exposure.name().to_owned()),
        finding.rotate.clone(),
        place.chain(),
    ];
    row.extend(guard.clear().map(|clear| String::from_utf8_lossy(clear).into_owned()));
    row
}

/// A cell that no spreadsheet runs (OWASP, "CSV injection").
pub(super) fn inactive(cell: &str) -> String {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::finding::Finding;
    use crate::report::tests::{at, finding, outcome, text};
    use crate::report::{Format, Options};

    fn rows(findings: Vec<Finding>, options: &Options) -> Vec<Vec<String>> {
        let shown = text(Format::Csv, &outcome(findings, vec![]), options);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(shown.as_bytes());
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn a_row_for_each_place_and_a_header_always() {
        assert_eq!(rows(vec![], &Options::default()), [super::COLUMNS]);
        let mut found = finding("rule", b"abcdefgh");
        found.occurrences = vec![at("a \"b\",c\n.py", 3, 9), at("d.py", 4, 1)];
        let rows = rows(vec![found], &Options::default());
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[1][7..12], ["a \"b\",c\n.py", "3", "9", "3", "16"]);
        assert_eq!(rows[2][7..9], ["d.py", "4"]);
    }

    #[test]
    fn no_cell_becomes_a_formula() {
        for name in ["=HYPERLINK(\"x\")", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1"] {
            let mut found = finding("rule", b"abcdefgh");
            found.occurrences = vec![at(name, 1, 1)];
            let options = Options { show_secrets: true, ..Options::default() };
            let rows = rows(vec![found], &options);
            assert_eq!(rows[1][7], format!("'{name}"));
            assert!(rows[1].iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])));
            assert_eq!(rows[1].last().unwrap(), "abcdefgh");
        }
    }
}
