//! Tells the identifiers of code and slugs from what machines issue: they are made of words.

use super::name;
use super::shape::likeness;

/// True where a value is words as identifiers and slugs have them, and no random text:
/// `private_endpoint_enabled`, `assumeRoleWithWebIdentity`, `some-token-value`. Random text of 16 characters
/// passes for words less than once in ten thousand times, longer text practically never.
pub fn reads_as_words(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    if value.len() < 16 || digits * 8 > value.len() || !value.iter().all(u8::is_ascii_graphic) {
        return false;
    }
    let (mut sum, mut pairs, mut letters, mut count) = (0, 0, 0, 0);
    let words = name::split(value);
    for piece in words.parts().flat_map(|part| part.split(|byte| !byte.is_ascii_lowercase())) {
        if piece.is_empty() {
            continue;
        }
        let (likeness, steps) = likeness(piece);
        (sum, pairs) = (sum + likeness, pairs + steps);
        (letters, count) = (letters + piece.len(), count + 1);
    }
    // Eighths of a bit for each pair; letters in a word; most of it is letters.
    sum >= 6 * pairs && letters * 2 >= 7 * count && letters * 10 >= 7 * value.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn identifiers_read_as_words() {
        for value in [
            "endpoint_enforcement_enabled",
            "assumeRoleWithWebIdentity",
            "inferred_id_picks_id_from_tenant_shaped_key",
            "user-managed-value",
            "ThisIsABearerToken",
            "properties.0.connection_properties.0.password_secret_version",
        ] {
            assert!(reads_as_words(value.as_bytes()), "{value}");
        }
        for value in ["short_name", "", "has blanks between its words", "0123456789012345"] {
            assert!(!reads_as_words(value.as_bytes()), "{value}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn random_text_does_not(value in "[0-9A-Za-z_-]{32,40}|[a-z0-9]{28,36}|[A-Z2-7]{28,36}|[0-9a-f]{24,64}") {
            prop_assert!(!reads_as_words(value.as_bytes()), "{}", value);
        }
    }
}
