//! Which values that a rule found are worth knowing: masking an ordinary word wherever it stands would
//! make holes in the log.

use super::Strength;

/// Fewest bits that a strong value holds, by its length and the kinds of characters in it.
const BITS: f64 = 56.0;

/// How a value is to be sought in the rest of the log; `None` where it is too ordinary.
pub(super) fn strength(value: &[u8]) -> Option<Strength> {
    let has = |kind: fn(&u8) -> bool| value.iter().any(kind);
    let digit = has(u8::is_ascii_digit);
    let (lower, upper) = (has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase));
    let sign = value.iter().any(|byte| !byte.is_ascii_alphanumeric());
    let alphabet: u32 = [(digit, 10), (lower, 26), (upper, 26), (sign, 32)]
        .iter()
        .filter(|kind| kind.0)
        .map(|kind| kind.1)
        .sum();
    let hex = value.iter().all(u8::is_ascii_hexdigit);
    let bits = value.len() as f64 * f64::from(if hex { 16 } else { alphabet.max(1) }).log2();
    let mixed = digit && (lower || upper) || value.len() >= 16 && lower && upper;
    match value.len() {
        12.. if mixed && bits >= BITS => Some(Strength::Strong),
        8.. if mixed => Some(Strength::Plain),
        _ => None,
    }
}
