//! Notations in which a value does not follow its name directly.

use super::{Behind, Operator, skip_blanks};

/// How far behind its name the member with the value may stand, in bytes.
const FAR: usize = 240;

/// The member that holds the value of what is called in front of a brace: `default` of a Terraform
/// variable, `value` of an output in its state, of a parameter or of a setting. `at` is behind the brace.
pub(super) fn member(text: &[u8], at: usize) -> Option<Behind> {
    let window = &text[at..text.len().min(at + FAR)];
    let window = &window[..memchr::memchr2(b'}', b'{', window).unwrap_or(window.len())];
    let mut from = 0;
    for part in window.split(|byte| matches!(byte, b'\n' | b',' | b';')) {
        let start = at + from;
        from += part.len() + 1;
        let key = skip_quotes(text, skip_blanks(text, start));
        let Some(behind) = KEYS.iter().find_map(|word| {
            let found = text.get(key..key + word.len())?.eq_ignore_ascii_case(word);
            found.then_some(key + word.len())
        }) else {
            continue;
        };
        let operator = skip_blanks(text, skip_quotes(text, behind));
        if matches!(text.get(operator), Some(b'=' | b':')) {
            return Some(Behind { operator: Operator::Sibling, at: operator + 1, quoted: false });
        }
    }
    None
}

const KEYS: [&[u8]; 3] = [b"default", b"value", b"defaultvalue"];

fn skip_quotes(text: &[u8], at: usize) -> usize {
    let quotes = text[at.min(text.len())..].iter().take(3).take_while(|byte| b"\"'\\".contains(byte));
    at + quotes.count()
}

const KEY: &[u8] = b"</key>";

/// Is it the key of a property list that ends at `at`?
pub(super) fn is_property(text: &[u8], at: usize) -> bool {
    text.get(at..).is_some_and(|rest| rest.starts_with(KEY))
}

/// The text of a property list's element behind `<key>name</key>`, which [`is_property`]; `at` is behind the
/// name.
pub(super) fn property(text: &[u8], at: usize) -> Option<Behind> {
    const STRING: &[u8] = b"<string>";
    let at = at + KEY.len();
    let blanks = text[at..].iter().take(FAR).take_while(|byte| byte.is_ascii_whitespace()).count();
    let found = text[at + blanks..].starts_with(STRING);
    found.then_some(Behind { operator: Operator::Element, at: at + blanks + STRING.len(), quoted: false })
}
