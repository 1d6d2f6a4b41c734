//! What keeps a token rule from taking code and data for tokens.

use super::*;
use crate::engine::{Input as Text, Scratch};
use crate::rules::RuleSet;
use crate::rules::check::Generator;

const RULES: &str = r#"
[provider]
name = "Acme"

[[rule]]
id = "acme-token"
summary = "token"
kind = "api-key"
severity = "high"
regex = '''\b(?<secret>private_[0-9A-Za-z_]{24,40})\b'''
hit = ["«private_{base62:28}»"]
miss = ["private_"]

[[rule]]
id = "acme-short"
summary = "token with a short beginning"
kind = "api-key"
severity = "high"
regex = '''\b(?<secret>ACMT[0-9A-Za-z]{40})\b'''
hit = ["«ACMT{base62:40}»"]
miss = ["ACMT"]
"#;

fn found(text: &str) -> usize {
    let mut rules = RuleSet::empty();
    rules.add_text("own", RULES).unwrap();
    let mut matches = Vec::new();
    Engine::new(rules).scan(&mut Scratch::default(), &Text::whole(text.as_bytes()), &mut matches);
    matches.len()
}

fn random(seed: u64, alphabet: &[u8], length: usize) -> String {
    Generator::new(seed).text(alphabet, length)
}

const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#[test]
fn names_in_code_are_no_tokens() {
    assert_eq!(found("optional bool private_endpoint_enforcement_enabled = 5;"), 0);
    assert_eq!(found("e.private_excludeVariablesFromRootOfTheme=1"), 0);
    for seed in 0..50 {
        let token = format!("key = private_{}", random(seed, BASE62, 28));
        assert_eq!(found(&token), 1, "{token}");
    }
}

#[test]
fn the_middle_of_data_in_base64_holds_no_tokens() {
    let token = format!("ACMT{}", random(3, BASE62, 40));
    for seed in 0..50 {
        let data = random(seed, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 90);
        assert_eq!(found(&format!("data:font;base64,{data}/{token}/{data}")), 0, "{data}");
        // Behind another sign, or not far in, it is one.
        assert_eq!(found(&format!("data:font;base64,{data} {token}")), 1, "{data}");
        assert_eq!(found(&format!("\"{}/{token}\"", &data[..30])), 1, "{data}");
    }
    let path = "/srv/applications/acme/production/releases/current/shared/config/tokens/";
    assert_eq!(found(&format!("{path}{token}")), 1);
}
