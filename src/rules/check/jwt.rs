//! JSON Web Tokens (RFC 7519): header and payload are decoded, nothing is verified with a key.

use super::codec::{base64, iso_time};
use super::sums::hmac_sha256;
use super::{Check, Details, Verdict, clean, with_details};
use serde_json::{Map, Value};

pub(super) const CHECKS: &[Check] = &[Check {
    name: "jwt",
    about: "header and payload of a JSON Web Token decode to JSON objects and the header names an algorithm",
    run: |value| with_details(verdict(value), || details(value)),
    verdict,
    make: None,
}];

type Object = Map<String, Value>;

fn object(segment: &[u8]) -> Option<Object> {
    let bytes = base64(segment)?;
    // Some issuers write Latin-1 into names.
    serde_json::from_slice(&bytes)
        .ok()
        .or_else(|| serde_json::from_str(&String::from_utf8_lossy(&bytes)).ok())
}

/// The token behind a prefix such as `IST.`, and decoded where it is base64 once more.
fn with_token<T>(value: &[u8], then: impl FnOnce(&[u8]) -> T) -> Option<T> {
    if let Some(start) = value.windows(2).position(|pair| pair == b"ey") {
        return Some(then(&value[start..]));
    }
    let start = value.windows(4).position(|four| four == b"ZXlK")?;
    let inner = base64(&value[start..])?;
    inner.starts_with(b"ey").then(|| then(&inner))
}

fn verdict(value: &[u8]) -> Verdict {
    with_token(value, judge).unwrap_or(Verdict::Invalid)
}

fn judge(token: &[u8]) -> Verdict {
    let mut segments = token.split(|&byte| byte == b'.');
    let (Some(header), Some(payload)) = (segments.next(), segments.next()) else { return Verdict::Invalid };
    let Some(header) = object(header) else { return Verdict::Invalid };
    if !header.contains_key("alg") {
        return Verdict::Invalid;
    }
    // An encrypted or compressed payload is not JSON.
    if header.contains_key("enc") || header.contains_key("zip") || object(payload).is_some() {
        Verdict::Valid
    } else {
        Verdict::Invalid
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(clean(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(all) => {
            let all: Vec<String> = all.iter().filter_map(text).take(4).collect();
            (!all.is_empty()).then(|| clean(&all.join(", ")))
        }
        _ => None,
    }
}

/// Keys of documentation and tutorials that everybody knows.
const EXAMPLE_KEYS: [&str; 12] = [
    "secret",
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "your-secret-key",
    "your_secret_key",
    "mysecret",
    "secretkey",
    "changeme",
    "test",
    "key",
];

/// True where an HS256 signature was made with one of these keys: then the token is an example.
fn has_example_key(token: &[u8], header: &Object) -> bool {
    let Some(dot) = token.iter().rposition(|&byte| byte == b'.') else { return false };
    if header.get("alg").and_then(Value::as_str) != Some("HS256") {
        return false;
    }
    let Some(signature) = base64(&token[dot + 1..]) else { return false };
    EXAMPLE_KEYS.iter().any(|key| hmac_sha256(key.as_bytes(), &token[..dot]) == signature)
}

/// True for a token that is signed with a published example key: in a test or a document it was made for that.
pub fn made_for_tests(value: &[u8]) -> bool {
    let example = |token: &[u8]| {
        let header = token.split(|&byte| byte == b'.').next().and_then(object).unwrap_or_default();
        has_example_key(token, &header)
    };
    with_token(value, example).unwrap_or(false)
}

/// What a token says of whom and what it is for; `None` where its payload cannot be read.
pub fn claims(value: &[u8]) -> Option<Map<String, Value>> {
    with_token(value, |token| token.split(|&byte| byte == b'.').nth(1).and_then(object))?
}

fn details(value: &[u8]) -> Option<Details> {
    with_token(value, |token| {
        let mut segments = token.split(|&byte| byte == b'.');
        let header = object(segments.next()?)?;
        let payload = segments.next().and_then(object).unwrap_or_default();
        let mut details = Vec::new();
        for (from, key, name) in [
            (&header, "alg", "alg"),
            (&header, "enc", "enc"),
            (&header, "kid", "kid"),
            (&payload, "iss", "iss"),
            (&payload, "sub", "sub"),
            (&payload, "aud", "aud"),
            (&payload, "role", "role"),
            (&payload, "ref", "ref"),
            (&payload, "scope", "scope"),
        ] {
            details.extend(from.get(key).and_then(text).map(|text| (name, text)));
        }
        if has_example_key(token, &header) {
            details.push(("signed with", "a published example key".to_owned()));
        }
        for (key, name) in [("iat", "issued"), ("exp", "expires")] {
            let seconds = payload.get(key).and_then(Value::as_f64).filter(|seconds| *seconds >= 0.0);
            details.extend(seconds.and_then(|at| iso_time(at as u64)).map(|date| (name, date)));
        }
        Some(details)
    })?
}

#[cfg(test)]
mod tests {
    use super::super::codec::to_base64url;
    use super::*;

    fn token(header: &str, payload: &str) -> Vec<u8> {
        format!("{}.{}.c2ln", to_base64url(header.as_bytes()), to_base64url(payload.as_bytes())).into_bytes()
    }

    #[test]
    fn decodes_what_people_need() {
        let token =
            token(r#"{"alg":"ES256"}"#, r#"{"iss":"https://id.example","exp":1700000000,"aud":["a","b"]}"#);
        assert_eq!(verdict(&token), Verdict::Valid);
        let details = details(&token).unwrap();
        assert!(details.contains(&("alg", "ES256".to_owned())));
        assert!(details.contains(&("iss", "https://id.example".to_owned())));
        assert!(details.contains(&("aud", "a, b".to_owned())));
        assert!(details.contains(&("expires", "2023-11-14T22:13:20Z".to_owned())));
        // The same behind a prefix, and in base64 once more.
        assert_eq!(verdict(&[b"IST.", &token[..]].concat()), Verdict::Valid);
        assert_eq!(verdict(to_base64url(&token).as_bytes()), Verdict::Valid);
    }

    #[test]
    fn example_keys_are_named() {
        let signed = |key: &str| {
            let token = token(r#"{"alg":"HS256"}"#, r#"{"sub":"1"}"#);
            let body = token[..token.len() - 5].to_vec();
            let signature = to_base64url(&hmac_sha256(key.as_bytes(), &body));
            [&body, &b"."[..], signature.as_bytes()].concat()
        };
        for (key, example) in [("secret", true), ("another one", false)] {
            let token = signed(key);
            let named = details(&token).unwrap().iter().any(|(name, _)| *name == "signed with");
            assert_eq!((named, made_for_tests(&token)), (example, example), "{key}");
        }
        assert!(!made_for_tests(b"ey.ey.x") && !made_for_tests(b""));
    }

    #[test]
    fn refuses_what_is_no_token() {
        assert_eq!(verdict(&token(r#"{"typ":"JWT"}"#, "{}")), Verdict::Invalid);
        assert_eq!(verdict(&token(r#"{"alg":"none"}"#, "plain text")), Verdict::Invalid);
        assert_eq!(verdict(b"eyJhbGciOi"), Verdict::Invalid);
        assert_eq!(verdict(b"nothing"), Verdict::Invalid);
        assert_eq!(verdict(&token(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#, "\u{1}")), Verdict::Valid);
    }
}
