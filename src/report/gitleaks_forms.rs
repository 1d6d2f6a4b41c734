//! The other reports that gitleaks writes, for those who call this program by its command line: CSV,
//! JUnit and SARIF with its names and its order.

use super::Options;
use super::csv::inactive;
use super::gitleaks::{Element, elements};
use super::junit::escaped;
use super::terminal::inert;
use crate::finding::Outcome;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// A report format of gitleaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The JSON array.
    Json,
    /// Comma-separated values.
    Csv,
    /// JUnit XML.
    Junit,
    /// SARIF, without snippets.
    Sarif,
}

impl Form {
    /// The form of this name, or of this ending of a file.
    pub fn parse(name: &str) -> Option<Form> {
        match name {
            "json" => Some(Form::Json),
            "csv" => Some(Form::Csv),
            "junit" => Some(Form::Junit),
            "sarif" => Some(Form::Sarif),
            _ => None,
        }
    }
}

/// Write a report of gitleaks. `shown` is how much of each secret is shown, in percent of its characters.
///
/// # Errors
/// Whatever `out` answers.
pub fn write(
    form: Form,
    outcome: &Outcome,
    options: &Options,
    shown: u32,
    out: &mut dyn Write,
) -> io::Result<()> {
    let all = elements(outcome, &options.masking(outcome), shown);
    match form {
        Form::Json => super::gitleaks::write_elements(&all, out),
        Form::Csv => csv(&all, out),
        Form::Junit => junit(&all, out),
        Form::Sarif => sarif(&all, out),
    }
}

fn csv(all: &[Element], out: &mut dyn Write) -> io::Result<()> {
    // Nothing at all where nothing was found, as there.
    if all.is_empty() {
        return Ok(());
    }
    let mut table = csv::WriterBuilder::new().from_writer(&mut *out);
    table.write_record([
        "RuleID",
        "Commit",
        "File",
        "SymlinkFile",
        "Secret",
        "Match",
        "StartLine",
        "EndLine",
        "StartColumn",
        "EndColumn",
        "Author",
        "Message",
        "Date",
        "Email",
        "Fingerprint",
        "Tags",
    ])?;
    for one in all {
        let row = [
            one.rule_id.to_owned(),
            one.commit.to_owned(),
            one.file.clone(),
            one.symlink_file.to_owned(),
            one.secret.to_string(),
            one.r#match.to_string(),
            one.start_line.to_string(),
            one.end_line.to_string(),
            one.start_column.to_string(),
            one.end_column.to_string(),
            one.author.to_string(),
            one.message.to_string(),
            one.date.to_string(),
            one.email.to_string(),
            one.fingerprint.clone(),
            one.tags.join(" "),
        ];
        table.write_record(row.iter().map(|cell| inactive(cell)))?;
    }
    table.flush()
}

fn junit(all: &[Element], out: &mut dyn Write) -> io::Result<()> {
    let count = all.len();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>")?;
    writeln!(out, "\t<testsuite failures=\"{count}\" name=\"gitleaks\" tests=\"{count}\" time=\"\">")?;
    for one in all {
        let at = match one.commit {
            "" => String::new(),
            commit => format!(", at commit {commit}"),
        };
        let told = format!(
            "{} has detected a secret in file {}, line {}{at}.",
            one.rule_id, one.file, one.start_line
        );
        let (told, about) = (escaped(&told), escaped(one.description));
        let body: Vec<String> = serde_json::to_string_pretty(one)?.lines().map(escaped).collect();
        writeln!(
            out,
            "\t\t<testcase classname=\"{about}\" file=\"{}\" name=\"{told}\" time=\"\">\n\t\t\t<failure \
             message=\"{told}\" type=\"{about}\">{}</failure>\n\t\t</testcase>",
            escaped(&one.file),
            body.join("&#xA;")
        )?;
    }
    writeln!(out, "\t</testsuite>\n</testsuites>")
}

fn sarif(all: &[Element], out: &mut dyn Write) -> io::Result<()> {
    let rules: BTreeMap<&str, &str> = all.iter().map(|one| (one.rule_id, one.description)).collect();
    let rules: Vec<Value> = rules
        .into_iter()
        .map(|(id, text)| json!({ "id": id, "shortDescription": { "text": text } }))
        .collect();
    let results: Vec<Value> = all
        .iter()
        .map(|one| {
            let at = match one.commit {
                "" => String::new(),
                commit => format!(" at commit {commit}"),
            };
            json!({
                "message": { "text": format!("{} has detected secret for file {}{at}.", one.rule_id, one.file) },
                "ruleId": one.rule_id,
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": super::uri::encode(one.file.as_bytes()) },
                    "region": {
                        "startLine": one.start_line.max(1),
                        "startColumn": one.start_column.max(1),
                        "endLine": one.end_line.max(1),
                        "endColumn": one.end_column.max(1),
                        "snippet": { "text": one.secret },
                    },
                } }],
                "partialFingerprints": {
                    "commitSha": one.commit,
                    "email": one.email,
                    "author": one.author,
                    "date": one.date,
                    "commitMessage": one.message,
                },
                "properties": { "tags": one.tags },
            })
        })
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "gitleaks",
                "semanticVersion": format!("v{}", super::VERSION),
                "informationUri": super::HOME,
                "rules": rules,
            } },
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    out.write_all(b"\n")
}

/// The findings as `--verbose` prints them.
pub fn told(outcome: &Outcome, options: &Options, shown: u32) -> String {
    let mut out = String::new();
    for one in elements(outcome, &options.masking(outcome), shown) {
        let mut line = |name: &str, text: &str| {
            if !text.is_empty() {
                out.push_str(&format!("{:<13}{}\n", format!("{name}:"), inert(text)));
            }
        };
        line("Finding", &one.r#match);
        line("Secret", &one.secret);
        line("RuleID", one.rule_id);
        line("Entropy", &format!("{:.6}", one.entropy));
        line("File", &one.file);
        line("Line", &one.start_line.to_string());
        line("Commit", one.commit);
        line("Author", &one.author);
        line("Email", &one.email);
        line("Date", &one.date);
        line("Fingerprint", &one.fingerprint);
        out.push('\n');
    }
    out
}
