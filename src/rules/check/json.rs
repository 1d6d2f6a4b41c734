//! Tokens that are base64 of a JSON object, behind a prefix or before a signature.

use super::codec::{self, BASE62, base64, is_base64, to_base64};
use super::{Check, Details, Generator, Verdict, clean, proven, with_details};
use serde_json::{Map, Value};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "base64-json",
        about: "the token, or the part of it that starts with base64 of `{\"`, decodes to a JSON object",
        run: |value| with_details(verdict(value), || details(value)),
        verdict,
        make: None,
    },
    Check {
        name: "grafana-json",
        about: "the token decodes to a JSON object with the keys of a Grafana token",
        run: |value| with_details(grafana(value), || grafana_details(value)),
        verdict: grafana,
        make: Some(make_grafana),
    },
    Check {
        name: "sentry-org",
        about: "the middle part decodes to a JSON object with the keys iat, url, region_url and org",
        run: |value| with_details(sentry(value), || details(value)),
        verdict: sentry,
        make: None,
    },
];

type Object = Map<String, Value>;

/// The JSON object in a token.
fn object(value: &[u8]) -> Option<Object> {
    let start = if value.starts_with(b"ey") { 0 } else { value.windows(2).position(|pair| pair == b"ey")? };
    let rest = &value[start..];
    let run = rest.iter().position(|&byte| !is_base64(byte)).unwrap_or(rest.len());
    let parse = |text: &[u8]| {
        let text = &text[..text.len() - usize::from(text.len() % 4 == 1)];
        serde_json::from_slice::<Object>(&base64(text)?).ok()
    };
    // `_` is a character of base64 for URLs, and stands before the signature of some tokens.
    let shorter = || {
        let ends = rest[..run].iter().enumerate().rev().filter(|(_, byte)| b"_-".contains(byte));
        ends.take(8).find_map(|(end, _)| parse(&rest[..end]))
    };
    parse(&rest[..run]).or_else(shorter)
}

fn verdict(value: &[u8]) -> Verdict {
    proven(object(value).is_some_and(|object| !object.is_empty()))
}

/// Keys whose values name an account or a place and never are the secret.
const OPEN: [(&str, &str); 14] = [
    ("url", "url"),
    ("region_url", "region url"),
    ("org", "organization"),
    ("iss", "iss"),
    ("host", "host"),
    ("endpoint", "endpoint"),
    ("signInAddress", "address"),
    ("email", "email"),
    ("miro.origin", "origin"),
    ("alg", "alg"),
    ("typ", "typ"),
    ("type", "type"),
    ("project_id", "project"),
    ("client_email", "client email"),
];

fn short(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(clean(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn details(value: &[u8]) -> Option<Details> {
    let object = object(value)?;
    let keys: Vec<&str> = object.keys().map(String::as_str).take(16).collect();
    let mut details = vec![("keys", clean(&keys.join(", ")))];
    for (key, name) in OPEN {
        details.extend(object.get(key).and_then(short).map(|text| (name, text)));
    }
    for (key, name) in [("iat", "issued"), ("exp", "expires"), ("expiration", "expires")] {
        let seconds = object.get(key).and_then(Value::as_f64).filter(|seconds| *seconds >= 0.0);
        details.extend(seconds.and_then(|at| codec::iso_time(at as u64)).map(|date| (name, date)));
    }
    Some(details)
}

fn sentry(value: &[u8]) -> Verdict {
    let has =
        |object: Object| ["iat", "url", "region_url", "org"].iter().all(|key| object.contains_key(*key));
    super::raised(proven(object(value).is_some_and(has)))
}

fn grafana(value: &[u8]) -> Verdict {
    let has = |object: Object| {
        let all = |keys: &[&str]| keys.iter().all(|key| object.contains_key(*key));
        all(&["k", "n"]) && (object.contains_key("id") || object.contains_key("o"))
    };
    proven(object(value).is_some_and(has))
}

fn grafana_details(value: &[u8]) -> Option<Details> {
    let object = object(value)?;
    let mut details = Vec::new();
    for (key, name) in [("n", "name"), ("id", "organization"), ("o", "organization")] {
        details.extend(object.get(key).and_then(short).map(|text| (name, text)));
    }
    let region = object.get("m").and_then(|more| more.get("r")).and_then(short);
    details.extend(region.map(|region| ("region", region)));
    Some(details)
}

/// The whole base64 text of the length asked for: a Cloud token behind `glc_`, else an API key.
fn make_grafana(random: &mut Generator, text: &str, length: usize) -> Option<String> {
    let name = random.text(b"abcdefghijklmnopqrstuvwxyz", 6);
    let (head, tail) = if text.ends_with("glc_") {
        let head = format!(r#"{{"o":"{}","n":"{name}","k":""#, 100_000 + random.below(900_000));
        (head, r#"","m":{"r":"eu"}}"#.to_owned())
    } else {
        (r#"{"k":""#.to_owned(), format!(r#"","n":"{name}","id":{}}}"#, 1 + random.below(9)))
    };
    let bytes = length * 3 / 4;
    let key = random.text(BASE62, bytes.checked_sub(head.len() + tail.len()).filter(|&key| key > 0)?);
    let whole = to_base64(format!("{head}{key}{tail}").as_bytes());
    let whole = if whole.len() > length { whole.trim_end_matches('=').to_owned() } else { whole };
    (whole.len() == length).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_behind_prefixes_and_before_signatures() {
        let json = br#"{"org":"acme","url":"https://x","region_url":"https://y","iat":1700000000.5}"#;
        let inner = to_base64(json);
        let forms =
            [inner.clone(), format!("sntrys_{inner}_{}", "A1b2".repeat(10)), format!("p.{inner}.abc")];
        for form in forms {
            assert_eq!(sentry(form.as_bytes()), Verdict::Valid, "{form}");
        }
        let details = details(inner.as_bytes()).unwrap();
        assert!(details.contains(&("organization", "acme".to_owned())));
        assert!(details.contains(&("issued", "2023-11-14T22:13:20Z".to_owned())));
        assert_eq!(verdict(b"eyJhIjoi"), Verdict::Invalid);
        assert_eq!(verdict(b"none"), Verdict::Invalid);
        assert_eq!(grafana(inner.as_bytes()), Verdict::Invalid);
    }
}
