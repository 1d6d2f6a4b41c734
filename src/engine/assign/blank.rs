//! What follows a name and blanks.

use super::{Behind, Operator, formats, sibling, skip_blanks};
use crate::text::Span;

/// What follows a name and blanks: a type and `=`, a fallback, a sibling, or the value itself.
pub(super) fn behind_blank(
    text: &[u8],
    name: Span,
    closed: bool,
    at: usize,
    later: &mut Option<usize>,
) -> Option<Behind> {
    let line_end = memchr::memchr(b'\n', &text[at..text.len().min(at + 200)])
        .map_or(text.len().min(at + 200), |end| at + end);
    let rest = &text[at..line_end];
    if closed && rest.len() > 5 && matches!(rest[0], b'v' | b'V' | b'c' | b'C') {
        *later = Some(at);
        return sibling(text, at);
    }
    let joined = [(&b"or "[..], Operator::Fallback), (b"eq ", Operator::Compare), (b"to ", Operator::Arrow)];
    if closed && let Some((_, operator)) = joined.into_iter().find(|(word, _)| rest.starts_with(word)) {
        return Some(Behind { operator, at: at + 3, quoted: true });
    }
    if closed {
        return None;
    }
    if let Some(told) = formats::sentence(rest) {
        return Some(Behind { operator: Operator::Colon, at: at + told, quoted: false });
    }
    // `password string = "v"`, `password VARCHAR(20) := 'v'`, `password As String = "v"`
    let (at, rest) = match rest.get(..3) {
        Some(word) if word.eq_ignore_ascii_case(b"as ") => (at + 3, &rest[3..]),
        _ => (at, rest),
    };
    let kind = rest
        .iter()
        .take(24)
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"_.()[]*".contains(byte))
        .count();
    if kind > 0 && rest.get(kind) == Some(&b' ') {
        let from = skip_blanks(rest, kind);
        let length = if rest[from..].starts_with(b":=") { 2 } else { 1 };
        if rest[from..].starts_with(b"= ") || length == 2 {
            return Some(Behind { operator: Operator::Assign, at: at + from + length, quoted: true });
        }
    }
    let named = &text[name.range()];
    if named.starts_with(b"-") && named.len() > 2 && (named[1] == b'-' || named[1].is_ascii_alphabetic()) {
        return (rest.first() != Some(&b'-')).then_some(Behind {
            operator: Operator::Flag,
            at,
            quoted: false,
        });
    }
    let statement =
        named.to_ascii_lowercase().ends_with(b" by") || named.to_ascii_lowercase().ends_with(b"password");
    if statement && matches!(rest.first(), Some(b'\'' | b'"')) {
        return Some(Behind { operator: Operator::Space, at, quoted: true });
    }
    let start = memchr::memrchr(b'\n', &text[name.start.saturating_sub(160)..name.start])
        .map_or(name.start.saturating_sub(160), |end| name.start.saturating_sub(160) + end + 1);
    let before = text[start..name.start].trim_ascii();
    // `#define PASSWORD "v"`, `# define PASSWORD "v"`
    if before.starts_with(b"#") && before.ends_with(b"define") {
        return Some(Behind { operator: Operator::Space, at, quoted: true });
    }
    // `:password "v"` and `(def password "v")` of Lisps, `@password "v"` of Elixir
    let defined = before == b"@"
        || before.ends_with(b"(def")
        || matches!(before, [b':'] | [.., b' ' | b'{' | b'(' | b'[', b':']) && text[name.start - 1] == b':';
    if defined {
        return Some(Behind { operator: Operator::Space, at, quoted: true });
    }
    let introduced = before.is_empty() && !formats::command(named)
        || DIRECTIVES.iter().any(|directive| before.eq_ignore_ascii_case(directive))
        || before.windows(6).any(|part| part.eq_ignore_ascii_case(b"login "));
    if introduced {
        return Some(Behind { operator: Operator::Space, at, quoted: false });
    }
    issued(rest).then_some(Behind { operator: Operator::Word, at, quoted: false })
}

/// What stands before a name and a value on a line of its own: variables of shells, Docker and web servers, headers of
/// proxies.
const DIRECTIVES: [&[u8]; 8] = [
    b"env",
    b"set",
    b"setx",
    b"setenv",
    b"proxy_set_header",
    b"fastcgi_param",
    b"uwsgi_param",
    b"add_header",
];

/// Shortest value that is taken for one in a sentence, in bytes.
const ISSUED: usize = 16;

/// True where a text begins with a long word with a digit in it, in quotes or not.
fn issued(rest: &[u8]) -> bool {
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let in_value = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-+/=.:~".contains(byte);
    let length = rest.iter().take_while(in_value).count();
    length >= ISSUED && rest[..length].iter().any(u8::is_ascii_digit)
}
