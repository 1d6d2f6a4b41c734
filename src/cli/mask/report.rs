//! What was masked: for people, as JSON, as SARIF. Names, forms and places; never a value.

use crate::error::Error;
use crate::mask::Report;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// A masked place, or one where a secret left in clear.
struct Place {
    name: String,
    form: String,
    offset: u64,
    line: u64,
}

/// A stream or file, and what happened in it.
pub struct Input {
    name: String,
    masked: Vec<Place>,
    late: Vec<Place>,
}

impl Input {
    /// From a masker's report. The one place that knows how that looks.
    pub fn new(name: &str, report: Option<&Report>) -> Input {
        let mut input = Input { name: name.to_owned(), masked: Vec::new(), late: Vec::new() };
        if let Some(report) = report {
            input.masked.extend(report.masked.iter().map(|place| Place {
                name: place.name.clone(),
                form: place.form.name().to_owned(),
                offset: place.offset,
                line: place.line,
            }));
            input.late.extend(report.late.iter().map(|place| Place {
                name: place.name.clone(),
                form: "clear".to_owned(),
                offset: place.offset,
                line: place.line,
            }));
        }
        input
    }
}

/// Was there anything that nobody should have seen?
pub fn leaked(inputs: &[Input]) -> bool {
    inputs.iter().any(|input| !input.masked.is_empty() || !input.late.is_empty())
}

/// The summary, in lines.
pub fn summary(inputs: &[Input], lingers: bool) -> String {
    let mut counts: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for place in inputs.iter().flat_map(|input| &input.masked) {
        *counts.entry(&place.name).or_default().entry(&place.form).or_default() += 1;
    }
    let total: usize = counts.values().flat_map(BTreeMap::values).sum();
    let mut out = match (total, counts.len()) {
        (0, _) => "nothing was masked\n".to_owned(),
        (1, _) => "1 place was masked\n".to_owned(),
        (places, 1) => format!("{places} places of 1 secret were masked\n"),
        (places, secrets) => format!("{places} places of {secrets} secrets were masked\n"),
    };
    let width = counts.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, forms) in &counts {
        let count: usize = forms.values().sum();
        let forms: Vec<String> = forms.iter().map(|(form, count)| format!("{form} {count}")).collect();
        out += &format!("  {name:width$}  {count:>5}  {}\n", forms.join(", "));
    }
    for input in inputs {
        for place in &input.late {
            out += &format!(
                "late: {} stood in {} in clear before it was registered (line {})\n",
                place.name, input.name, place.line
            );
        }
    }
    if lingers {
        out += "a process that the command left behind still holds its output; that is masked on\n";
    }
    out
}

/// Report files, opened before anything is run, so that a bad path is told at once.
pub struct Files(Vec<(PathBuf, File)>);

impl Files {
    /// Open them.
    ///
    /// # Errors
    /// One that cannot be made.
    pub fn open(paths: &[PathBuf]) -> Result<Files, Error> {
        let open = |path: &PathBuf| match File::create(path) {
            Ok(file) => Ok((path.clone(), file)),
            Err(error) => Err(unwritable(path, &error)),
        };
        paths.iter().map(open).collect::<Result<_, _>>().map(Files)
    }

    /// Write the reports.
    ///
    /// # Errors
    /// A full disk.
    pub fn write(self, inputs: &[Input]) -> Result<(), Error> {
        for (path, mut file) in self.0 {
            let sarif = path.extension().is_some_and(|ending| ending == "sarif");
            let report = if sarif { sarif_of(inputs) } else { json_of(inputs) };
            let mut text = serde_json::to_vec_pretty(&report).unwrap_or_default();
            text.push(b'\n');
            file.write_all(&text).map_err(|error| unwritable(&path, &error))?;
        }
        Ok(())
    }
}

fn unwritable(path: &std::path::Path, error: &std::io::Error) -> Error {
    Error::Output { what: path.display().to_string(), reason: error.to_string() }
}

fn json_of(inputs: &[Input]) -> Value {
    let places = |pick: fn(&Input) -> &[Place]| -> Vec<Value> {
        inputs
            .iter()
            .flat_map(|input| pick(input).iter().map(move |place| (input, place)))
            .map(|(input, place)| {
                json!({
                    "name": place.name,
                    "form": place.form,
                    "input": input.name,
                    "line": place.line,
                    "offset": place.offset,
                })
            })
            .collect()
    };
    json!({
        "tool": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
        "inputs": inputs.iter().map(|input| &input.name).collect::<Vec<_>>(),
        "masked": places(|input| &input.masked),
        "late": places(|input| &input.late),
    })
}

fn sarif_of(inputs: &[Input]) -> Value {
    let mut rules: Vec<&str> = Vec::new();
    let mut results = Vec::new();
    for input in inputs {
        let kinds = [(&input.masked, "masked", "warning"), (&input.late, "late", "error")];
        for (places, kind, level) in kinds {
            for place in places {
                let index = rules.iter().position(|rule| *rule == place.name).unwrap_or(rules.len());
                if index == rules.len() {
                    rules.push(&place.name);
                }
                let text = match kind {
                    "late" => {
                        format!("{} stood in {} in clear before it was registered.", place.name, input.name)
                    }
                    _ => format!("{} was masked in {} (form: {}).", place.name, input.name, place.form),
                };
                results.push(json!({
                    "ruleId": place.name,
                    "ruleIndex": index,
                    "level": level,
                    "message": { "text": text },
                    "locations": [{ "physicalLocation": {
                        "artifactLocation": { "uri": uri(&input.name) },
                        "region": { "startLine": place.line.max(1), "byteOffset": place.offset },
                    } }],
                    "properties": { "kind": kind, "form": place.form },
                }));
            }
        }
    }
    let descriptors: Vec<Value> = rules
        .iter()
        .map(|rule| json!({ "id": rule, "shortDescription": { "text": format!("The secret {rule} in a log") } }))
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": env!("CARGO_PKG_NAME"),
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": descriptors,
            } },
            "results": results,
        }],
    })
}

/// A name as a URI reference (RFC 3986): a path, or the name of a stream.
fn uri(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    name.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> Input {
        let place =
            |name: &str, form: &str| Place { name: name.into(), form: form.into(), offset: 7, line: 2 };
        Input {
            name: "standard output".to_owned(),
            masked: vec![place("A", "literal"), place("A", "base64"), place("B", "literal")],
            late: vec![place("C", "clear")],
        }
    }

    #[test]
    fn summaries() {
        let text = summary(&[input()], true);
        assert!(
            text.starts_with("3 places of 2 secrets were masked\n  A      2  base64 1, literal 1\n"),
            "{text}"
        );
        assert!(text.contains("late: C stood in standard output") && text.contains("left behind"), "{text}");
        assert_eq!(summary(&[Input::new("x", None)], false), "nothing was masked\n");
        assert!(leaked(&[input()]) && !leaked(&[Input::new("x", None)]));
    }

    #[test]
    fn reports() {
        let json = json_of(&[input()]);
        assert_eq!(
            json["masked"][1],
            json!({ "name": "A", "form": "base64", "input": "standard output", "line": 2, "offset": 7 })
        );
        let sarif = sarif_of(&[input()]);
        assert_eq!(sarif["runs"][0]["results"][3]["level"], "error");
        assert_eq!(sarif["runs"][0]["results"][2]["ruleIndex"], 1);
        assert_eq!(uri("a b/ü"), "a%20b/%C3%BC");
    }
}
