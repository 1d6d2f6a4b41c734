//! Reads reports of ours: `json`, `jsonl` and `sarif`.

use super::{Item, Spot};
use crate::error::Error;
use crate::mask::derive::parts::percent_decoded;
use crate::origin::{ObjectKind, Origin, RepositoryPart};
use crate::rules::Severity;
use crate::unpack;
use bstr::BString;
use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;

/// What a report tells.
pub struct Loaded {
    /// Its findings.
    pub items: Vec<Item>,
    /// The run that wrote it looked at everything.
    pub complete: bool,
}

/// The findings of a report; `name` is used in errors.
///
/// # Errors
/// A text that is no report of ours.
pub fn report(name: &str, text: &[u8]) -> Result<Loaded, Error> {
    let told = |reason: String| Error::Input {
        what: name.to_owned(),
        reason,
        remedy: "give a report that `sekisho scan` or `audit` wrote as json, jsonl or sarif".to_owned(),
    };
    let values = values(text).map_err(|error| {
        // The message of the parser tells the place and nothing of the text.
        told(format!("is no JSON: line {}, column {}", error.line(), error.column()))
    })?;
    let complete = |head: &Value| head["complete"] == true;
    let (items, complete) = match values.as_slice() {
        [] => return Err(told("is empty".to_owned())),
        [one] if one.get("runs").is_some() => {
            let succeeded = |run: &Value| run["invocations"][0]["executionSuccessful"] != false;
            (sarif(one), list(&one["runs"]).iter().all(succeeded))
        }
        [one] if one.get("findings").is_some_and(Value::is_array) && is_ours(one) => {
            (list(&one["findings"]).iter().map(item).collect(), complete(one))
        }
        lines if lines.iter().all(|line| line.get("type").is_some()) && is_ours(&lines[lines.len() - 1]) => {
            let findings = lines.iter().filter(|line| line["type"] == "finding");
            (findings.map(item).collect(), complete(&lines[lines.len() - 1]))
        }
        _ => return Err(told("is no report of this program, or not all of one".to_owned())),
    };
    Ok(Loaded { items: items.map_err(told)?, complete })
}

/// All JSON values of a text.
fn values(text: &[u8]) -> Result<Vec<Value>, serde_json::Error> {
    serde_json::Deserializer::from_slice(text).into_iter::<Value>().collect()
}

fn is_ours(head: &Value) -> bool {
    head["tool"]["name"] == "sekisho"
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    list(value).iter().map(text).collect()
}

fn severity(name: &Value) -> Option<Severity> {
    serde_json::from_value(name.clone()).ok()
}

fn item(value: &Value) -> Result<Item, String> {
    let spots: Vec<Spot> = list(&value["occurrences"]).iter().map(spot).collect();
    let (rule, fingerprint) = (text(&value["rule"]), text(&value["fingerprint"]));
    let Some(severity) = severity(&value["severity"]) else {
        return Err(format!("the finding of `{rule}` has no severity"));
    };
    if rule.is_empty() || fingerprint.is_empty() || spots.is_empty() {
        return Err("a finding lacks its rule, its fingerprint or its places".to_owned());
    }
    let details = value["details"].as_object().into_iter().flatten();
    Ok(Item {
        rule,
        summary: text(&value["summary"]),
        severity,
        fingerprint,
        masked: text(&value["masked"]),
        details: details.map(|(name, value)| (name.clone(), text(value))).collect(),
        also: texts(&value["also"]),
        rotate: text(&value["rotate"]),
        refs: texts(&value["refs"]),
        spots,
        story: story(&value["story"]),
    })
}

fn spot(value: &Value) -> Spot {
    let number = |name: &str| value[name].as_u64();
    let preview = &value["preview"];
    let origin = origin(value);
    let shown = origin.as_ref().map_or_else(
        || format!("{} {}", text(&value["source"]), text(&value["path"])).trim().to_owned(),
        ToString::to_string,
    );
    Spot {
        origin,
        shown,
        line: number("line").unwrap_or(0),
        column: number("column").unwrap_or(0),
        bytes: number("offset").zip(number("length")),
        preview: preview.is_object().then(|| ["before", "masked", "after"].map(|part| text(&preview[part]))),
    }
}

/// Where the bytes came from; what this version does not know it cannot read again.
fn origin(value: &Value) -> Option<Origin> {
    // The path of a member begins with that of its container.
    if value["container"].is_string() {
        let (outer, way) = unpack::split(value["path"].as_str()?)?;
        let outer = if outer == "<stdin>" { Origin::Stdin } else { root(value, Some(outer.into()))? };
        let names = way.split("!/").skip(1);
        return Some(names.fold(outer, |outer, name| Origin::member(outer, name.into())));
    }
    root(value, path(value))
}

/// The same for what is no member.
fn root(value: &Value, path: Option<BString>) -> Option<Origin> {
    match value["source"].as_str()? {
        "file" => Some(Origin::File(native(path?))),
        "stdin" => Some(Origin::Stdin),
        "staged" => Some(Origin::Staged(path?)),
        "staged-name" => Some(Origin::StagedName(path?)),
        "object" => Some(Origin::Object {
            id: value["object"].as_str()?.to_owned(),
            kind: match value["object_kind"].as_str()? {
                "blob" => ObjectKind::Blob,
                "commit" => ObjectKind::Commit,
                "tag" => ObjectKind::Tag,
                "tree" => ObjectKind::Tree,
                _ => return None,
            },
            path,
            commit: value["commit"].as_str().map(str::to_owned),
        }),
        "ref" => Some(Origin::Repository { part: RepositoryPart::Ref, name: path? }),
        "reflog" => Some(Origin::Repository { part: RepositoryPart::Reflog, name: path? }),
        "configuration" => Some(Origin::Repository { part: RepositoryPart::Config, name: path? }),
        _ => None,
    }
}

fn path(value: &Value) -> Option<BString> {
    match value["path_bytes"].as_str() {
        Some(encoded) => base64_simd::STANDARD.decode_to_vec(encoded).ok().map(BString::from),
        None => value["path"].as_str().map(BString::from),
    }
}

#[cfg(unix)]
fn native(path: BString) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(path.into()))
}

#[cfg(not(unix))]
fn native(path: BString) -> PathBuf {
    PathBuf::from(path.to_string())
}

/// The story in sentences.
fn story(value: &Value) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if !value.is_object() {
        return lines;
    }
    let day = |commit: &Value| text(&commit["date"]).chars().take(10).collect::<String>();
    let named = |commit: &Value| {
        let id: String = text(&commit["id"]).chars().take(12).collect();
        match text(&commit["subject"]) {
            subject if subject.is_empty() => id,
            subject => format!("{id} ({subject})"),
        }
    };
    if let Some(first) = list(&value["introduced"]).first() {
        let mut told = match first["id"].is_string() {
            true => format!(
                "{} by {} <{}> in {}",
                day(first),
                text(&first["author"]),
                text(&first["email"]),
                named(first)
            ),
            false => format!("by a {}", text(&first["by"])),
        };
        if let Some(path) = first["path"].as_str() {
            told.push_str(&format!(", {path}"));
            if let Some(line) = first["line"].as_u64() {
                told.push_str(&format!(":{line}"));
            }
        }
        lines.push(("introduced", told));
    }
    let removed: Vec<String> = list(&value["removed"])
        .iter()
        .map(|commit| format!("{} in {}", day(commit), named(commit)))
        .collect();
    let tips: Vec<String> = list(&value["tips"]).iter().map(|tip| text(&tip["ref"])).collect();
    for (label, names) in [("removed", removed), ("still in", tips), ("history of", texts(&value["refs"]))] {
        let more = names.len().saturating_sub(6);
        let mut told = names.into_iter().take(6).collect::<Vec<String>>().join(", ");
        if more > 0 {
            told.push_str(&format!(" and {more} more"));
        }
        if !told.is_empty() {
            lines.push((label, told));
        }
    }
    let mut exposed = text(&value["exposure"]);
    if let Some(days) = value["days_in_history"].as_u64() {
        exposed.push_str(&format!("; {days} days in the history"));
    }
    lines.push(("exposed", exposed));
    lines
}

/// The results of a SARIF log, those of one fingerprint together.
fn sarif(log: &Value) -> Result<Vec<Item>, String> {
    let mut items: Vec<Item> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for run in list(&log["runs"]) {
        let driver = &run["tool"]["driver"];
        if driver["name"] != "sekisho" {
            return Err(format!("is a report of `{}`, not of this program", text(&driver["name"])));
        }
        for result in list(&run["results"]) {
            let rule = &driver["rules"][result["ruleIndex"].as_u64().unwrap_or(u64::MAX) as usize];
            let fingerprint = text(&result["partialFingerprints"]["sekisho/v1"]);
            let spots = list(&result["locations"]).iter().map(sarif_spot);
            if let Some(&index) = known.get(&fingerprint) {
                items[index].spots.extend(spots);
                continue;
            }
            let item = Item {
                rule: text(&result["ruleId"]),
                summary: text(&rule["shortDescription"]["text"]),
                severity: severity(&result["properties"]["severity"])
                    .ok_or("a result has no severity among its properties")?,
                fingerprint: fingerprint.clone(),
                masked: String::new(),
                details: Vec::new(),
                also: Vec::new(),
                rotate: text(&rule["help"]["text"]),
                refs: rule["helpUri"].as_str().map(str::to_owned).into_iter().collect(),
                spots: spots.collect(),
                story: story(&result["properties"]["story"]),
            };
            if item.fingerprint.is_empty() || item.spots.is_empty() {
                return Err("a result has no fingerprint of this program, or no place".to_owned());
            }
            known.insert(fingerprint, items.len());
            items.push(item);
        }
    }
    Ok(items)
}

fn sarif_spot(location: &Value) -> Spot {
    let physical = &location["physicalLocation"];
    let region = &physical["region"];
    let number = |name: &str| region[name].as_u64();
    let uri = physical["artifactLocation"]["uri"].as_str();
    let path = uri
        .map(|uri| uri.strip_prefix("file://").unwrap_or(uri))
        .map(|uri| BString::from(percent_decoded(uri.as_bytes())));
    let origin = path.map(|path| Origin::File(native(path)));
    Spot {
        shown: origin.as_ref().map_or_else(
            || text(&location["logicalLocations"][0]["fullyQualifiedName"]),
            ToString::to_string,
        ),
        origin,
        line: number("startLine").unwrap_or(0),
        column: number("startColumn").unwrap_or(0),
        bytes: number("byteOffset").zip(number("byteLength")),
        preview: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{at, finding, outcome};
    use crate::report::{self, Format, Options};

    /// What a report in each form says, read back.
    fn told(format: Format) -> Vec<Item> {
        let mut one = finding("one", b"abcdefghijklmnopqrstuvwxyz");
        one.occurrences = vec![at("a b.py", 3, 9), at("c.py", 1, 1)];
        let outcome = outcome(vec![one, finding("two", b"other secret")], Vec::new());
        let mut out = Vec::new();
        report::render(format, &outcome, &Options::default(), &mut out).unwrap();
        super::report(format.name(), &out).unwrap().items
    }

    #[test]
    fn every_form_tells_the_same_findings() {
        for format in [Format::Json, Format::Jsonl, Format::Sarif] {
            let items = told(format);
            assert_eq!(items.len(), 2, "{format}");
            assert_eq!(items[0].rule, "one");
            assert_eq!(items[0].fingerprint.len(), 32, "{format}");
            let places: Vec<String> = items[0].spots.iter().map(Spot::place).collect();
            assert_eq!(places, ["a b.py:3:9", "c.py:1:1"], "{format}");
            assert!(items[0].rotate.contains("revoke it"), "{format}");
        }
        assert_eq!(told(Format::Json)[0].masked, "abcd…(26)");
    }

    #[test]
    fn what_is_no_report_of_ours_is_told() {
        let of = |text: &str| super::report("r", text.as_bytes()).err().unwrap().to_string();
        assert!(of("").contains("empty"));
        assert!(of("{\n\"x\": hidden").contains("line 2") && !of("{\n\"x\": hidden").contains("hidden"));
        assert!(of("{}").contains("no report of this program"));
        assert!(of("[]").contains("no report of this program"));
        assert!(of("{\"runs\":[{\"tool\":{\"driver\":{\"name\":\"other\"}}}]}").contains("`other`"));
        assert!(of("{\"tool\":{\"name\":\"sekisho\"},\"findings\":[{}]}").contains("severity"));
        assert!(of("{\"type\":\"finding\"}\n").contains("not all of one"));
    }
}
