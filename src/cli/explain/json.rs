//! The explanation for machines: one JSON object, `version` 1. Fields may be added within a version.

use crate::engine::Certainty;
use crate::scan::explain::{Explanation, Looked, Said, Tried};
use crate::secret::Secret;
use crate::source::ignored::LeftOut;
use crate::text::Position;
use serde_json::{Value, json};

/// Version of the form.
const FORM: u32 = 1;

/// The explanation as a JSON text with a newline.
pub(super) fn text(told: &Explanation, show: bool) -> String {
    let form = Form { show };
    let value = json!({
        "version": FORM,
        "origin": told.origin.to_string(),
        "line": told.question.line,
        "column": told.question.column,
        "text": told.shown,
        "kind": {
            "form": format!("{:?}", told.kind.form).to_lowercase(),
            "fixture": told.kind.fixture,
        },
        "binary": told.binary,
        "encoding": told.encoding.map(|encoding| format!("{encoding:?}")),
        "left_out": told.left_out.as_ref().map(left_out),
        "config": told.config.as_ref().map(|path| path.display().to_string()),
        "rules": told.rules,
        "looked": told
            .looked
            .iter()
            .filter(|looked| told.question.line.is_some() || looked.is_telling())
            .map(|looked| form.looked(looked))
            .collect::<Vec<Value>>(),
        "gave_way": told
            .contests
            .iter()
            .map(|gone| placed(gone.at, json!({ "winner": gone.winner, "loser": gone.loser, "why": gone.why })))
            .collect::<Vec<Value>>(),
        "off": told
            .off
            .iter()
            .map(|off| form.valued(off.at, &off.secret, json!({ "rule": off.rule, "why": off.why })))
            .collect::<Vec<Value>>(),
        "found": told
            .found
            .iter()
            .map(|found| {
                form.valued(found.at, &found.secret, json!({
                    "rule": found.rule,
                    "certainty": certain(found.certainty),
                    "decoded": found.chain,
                    "also": found.also,
                    "fingerprint": found.fingerprint,
                    "reported": found.suppressed.is_none(),
                    "suppressed": found.suppressed,
                    "note": found.note,
                }))
            })
            .collect::<Vec<Value>>(),
        "needed": told.needed,
    });
    let text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text + "\n"
}

fn left_out(why: &LeftOut) -> Value {
    match why {
        LeftOut::GitsOwn => json!({ "why": "git's own file" }),
        LeftOut::Unknown => json!({ "why": "unknown" }),
        LeftOut::Pattern { file, line, pattern } => json!({
            "why": "pattern",
            "file": file.display().to_string(),
            "line": line,
            "pattern": pattern,
        }),
    }
}

fn certain(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Judged => "judged",
        Certainty::Structured => "structured",
        Certainty::Proven => "proven",
    }
}

fn placed(place: Position, mut value: Value) -> Value {
    value["line"] = place.line.into();
    value["column"] = place.column.into();
    value
}

struct Form {
    show: bool,
}

impl Form {
    fn valued(&self, place: Position, secret: &Secret, value: Value) -> Value {
        let mut value = placed(place, value);
        value["masked"] = secret.mask().into();
        value["length"] = secret.len().into();
        if self.show {
            value["secret"] = String::from_utf8_lossy(secret.reveal()).into();
        }
        value
    }

    fn looked(&self, looked: &Looked) -> Value {
        let read = looked.read.as_ref().map(|read| {
            self.valued(
                read.at,
                &read.value,
                json!({
                    "name": read.name,
                    "operator": read.operator,
                    "quote": read.quote.map(String::from),
                }),
            )
        });
        placed(
            looked.at,
            json!({
                "anchor": looked.anchor,
                "about": looked.about,
                "passed": looked.passed,
                "assignment": read,
                "tried": looked.tried.iter().map(|tried| self.tried(tried)).collect::<Vec<Value>>(),
                "decoded": looked.said.as_ref().map(|said| self.said(said)),
            }),
        )
    }

    /// Lines and columns in it are those of the decoded text.
    fn said(&self, said: &Said) -> Value {
        let telling = said.looked.iter().filter(|looked| looked.is_telling());
        json!({
            "chain": said.chain,
            "container": said.container,
            "length": said.length,
            "looked": telling.map(|looked| self.looked(looked)).collect::<Vec<Value>>(),
            "missed": said.missed,
        })
    }

    fn tried(&self, tried: &Tried) -> Value {
        let tests: Vec<Value> = tried
            .tests
            .iter()
            .map(|test| {
                let mut told = json!({ "test": test.name, "measured": test.measured, "passed": test.passed });
                if let Some((number, least)) = test.number {
                    told["number"] = number.into();
                    told["least"] = least.into();
                }
                told
            })
            .collect();
        let mut value = json!({
            "rule": tried.rule,
            "matched": tried.verdict.is_ok(),
            "certainty": tried.verdict.ok().map(certain),
            "refused_by": tried.verdict.err().map(|refusal| refusal.test()),
            "why": tried.verdict.err().map(|refusal| refusal.about()),
            "tests": tests,
        });
        if !tried.weights.is_empty() {
            let weights = tried
                .weights
                .iter()
                .map(|(name, number, share)| json!({ "measure": name, "number": number, "share": share }));
            value["judgement"] = weights.collect();
        }
        match &tried.value {
            Some((place, secret)) => self.valued(*place, secret, value),
            None => value,
        }
    }
}
