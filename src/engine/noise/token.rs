//! JSON Web Tokens of tests and documents, which open nothing: they are made for nobody.

use super::name;
use crate::engine::words::WordSet;
use crate::rules::check::jwt;
use serde_json::Value;

/// Claims that say when, for what and which, but not who.
static OF_NOBODY: WordSet<64> = WordSet::new(
    " exp iat nbf jti nonce auth_time typ scope scp scopes acr amr htm htu ath cnf at_hash active ",
);

/// Words of which names in tests and documents are made.
static OF_TESTS: WordSet<256> = WordSet::new(
    " test tests testing mock fake dummy example sample demo subject issuer audience user username client admin joe jane john doe alice bob carol foo bar baz acme localhost com org net http https www auth server resource service app api my some any one two three the of for to with wrong invalid valid expected self id name none read write message role reader writer rs256 hs256 ",
);

/// True for a token that was made for a test or a document: it is signed with a published key, or its claims name nobody
/// but `test-subject` and `https://issuer.example`.
pub fn token_for_tests(value: &[u8]) -> bool {
    jwt::made_for_tests(value)
        || jwt::claims(value).is_some_and(|claims| {
            claims.iter().all(|(claim, value)| OF_NOBODY.has(claim.as_bytes()) || of_tests(value))
        })
}

/// True for what is made of the words of tests.
fn of_tests(value: &Value) -> bool {
    match value {
        Value::String(text) => name::split(text.as_bytes())
            .parts()
            .all(|word| OF_TESTS.has(word) || word.iter().all(u8::is_ascii_digit) && counted(word)),
        Value::Array(all) => all.iter().all(of_tests),
        Value::Object(all) => all.values().all(of_tests),
        Value::Number(number) => number.as_u64().is_some_and(|number| number < 10_000),
        Value::Bool(_) | Value::Null => true,
    }
}

/// True for a short number or one that counts up: `1234567890`.
fn counted(digits: &[u8]) -> bool {
    let up = |pair: &[u8]| pair[1] == pair[0] + 1 || pair == b"90";
    digits.len() <= 4 || digits.windows(2).all(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> Vec<u8> {
        let encode = |text: &str| base64_simd::URL_SAFE_NO_PAD.encode_to_string(text);
        format!("{}.{}.{}", encode(r#"{"alg":"RS256"}"#), encode(payload), "c2ln".repeat(8)).into_bytes()
    }

    #[test]
    fn tokens_for_nobody() {
        for payload in [
            r#"{"exp":1535037897}"#,
            r#"{"sub":"mock-subject","scope":"message:read","exp":4688641413}"#,
            r#"{"aud":["audience"],"sub":"1234567890","name":"John Doe","iat":1516239022}"#,
            r#"{"iss":"https://issuer.example.com","admin":true}"#,
            "{}",
        ] {
            assert!(token_for_tests(&token(payload)), "{payload}");
        }
    }

    #[test]
    fn tokens_for_somebody() {
        for payload in [
            r#"{"iss":"https://login.corp.io/realms/main","exp":1535037897}"#,
            r#"{"role":"anon","ref":"kqzvbtxwplmrhdyc"}"#,
            r#"{"sub":"8d3f0b6e-1c2a-4f6b-9a7e-51c0d2e4b8aa"}"#,
            r#"{"user_id":8841723}"#,
        ] {
            assert!(!token_for_tests(&token(payload)), "{payload}");
        }
        assert!(!token_for_tests(b"ey.ey.x") && !token_for_tests(b""));
    }
}
