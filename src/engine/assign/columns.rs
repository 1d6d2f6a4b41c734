//! Values that belong to a name by their place: cells of tables, columns of statements.

use super::{Behind, Operator, skip_blanks};
use crate::text::Span;

/// How far before a name its row or its list of columns may begin, in bytes.
const BEFORE: usize = 160;
/// Longest row of a table, and longest rest of a list of columns, in bytes.
const ROW: usize = 220;
/// How far the value of a column may stand behind the first one, in bytes.
const VALUES: usize = 480;

/// True for a name in a table of a document: its line begins with a bar.
pub(super) fn in_table(text: &[u8], name: Span) -> bool {
    line_before(text, name).is_some_and(|before| before.trim_ascii_start().starts_with(b"|"))
}

/// What stands before a name on its line; none where that is long.
fn line_before(text: &[u8], name: Span) -> Option<&[u8]> {
    let floor = name.start.saturating_sub(BEFORE);
    match memchr::memrchr(b'\n', &text[floor..name.start]) {
        Some(end) => Some(&text[floor + end + 1..name.start]),
        None => (floor == 0).then(|| &text[..name.start]),
    }
}

/// The cell that a name in a table speaks of; `at` is the bar behind the name. Under a row of names with dashes below,
/// it is the next cell of the column, else the next of the row. A cell of several words is no value.
pub(super) fn cell(text: &[u8], name: Span, at: usize, later: &mut Option<usize>) -> Option<Behind> {
    let column = memchr::memchr_iter(b'|', line_before(text, name)?).count();
    *later = Some(at);
    let start = match row_behind(text, at) {
        Some(rule) if is_rule(&text[rule..]) => {
            let row = row_behind(text, rule)?;
            let rest = &text[row..text.len().min(row + ROW)];
            let rest = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
            row + memchr::memchr_iter(b'|', rest).nth(column - 1)? + 1
        }
        _ => at + 1,
    };
    let start = skip_blanks(text, start);
    let rest = &text[start..text.len().min(start + ROW)];
    let rest = rest[..memchr::memchr2(b'|', b'\n', rest).unwrap_or(rest.len())].trim_ascii_end();
    let word = !rest.is_empty() && !rest.iter().any(u8::is_ascii_whitespace);
    word.then_some(Behind { operator: Operator::Colon, at: start, quoted: false })
}

/// Where the next line begins.
fn row_behind(text: &[u8], at: usize) -> Option<usize> {
    memchr::memchr(b'\n', &text[at..text.len().min(at + ROW)]).map(|end| at + end + 1)
}

/// True where a line of bars and dashes begins, as it stands under the names of columns.
fn is_rule(text: &[u8]) -> bool {
    let line = text.iter().take(ROW).take_while(|byte| !matches!(byte, b'\n' | b'\r'));
    let (mut dashes, mut others) = (0, 0);
    for byte in line {
        match byte {
            b'-' => dashes += 1,
            b'|' | b':' | b' ' | b'\t' => {}
            _ => others += 1,
        }
    }
    dashes >= 2 && others == 0
}

/// The value of a column of `INSERT INTO t (a, password) VALUES ('x', 'v')`.
pub(super) fn column(text: &[u8], name: Span, later: &mut Option<usize>) -> Option<Behind> {
    let quotes = text[name.end..].iter().take(2).take_while(|byte| b"`\"]".contains(byte)).count();
    let at = skip_blanks(text, name.end + quotes);
    if !matches!(text.get(at), Some(b',' | b')')) {
        return None;
    }
    let before = line_before(text, name)?;
    let paren = memchr::memrchr(b'(', before)?;
    let list = &before[paren + 1..];
    before[..paren].windows(5).find(|part| part.eq_ignore_ascii_case(b"into "))?;
    let rest = &text[at..text.len().min(at + ROW)];
    let close = at + memchr::memchr2(b')', b'\n', rest).filter(|&end| rest[end] == b')')?;
    let word = skip_lines(text, close + 1, later);
    if !text.get(word..word + 6)?.eq_ignore_ascii_case(b"values") {
        return None;
    }
    let open = skip_lines(text, word + 6, later);
    if text.get(open) != Some(&b'(') {
        return None;
    }
    let mut at = open + 1;
    for _ in 0..memchr::memchr_iter(b',', list).count() {
        at = behind_comma(text, at, open + VALUES, later)?;
    }
    Some(Behind { operator: Operator::Assign, at: skip_lines(text, at, later), quoted: true })
}

/// Behind blanks and at most one end of line, of which `later` is told.
fn skip_lines(text: &[u8], at: usize, later: &mut Option<usize>) -> usize {
    let at = skip_blanks(text, at);
    let end = match text.get(at..) {
        Some([b'\r', b'\n', ..]) => at + 2,
        Some([b'\n', ..]) => at + 1,
        _ => return at,
    };
    later.get_or_insert(at);
    skip_blanks(text, end)
}

/// Behind the comma that ends the value at `at`: a text in single quotes, or anything with brackets in pairs.
fn behind_comma(text: &[u8], at: usize, limit: usize, later: &mut Option<usize>) -> Option<usize> {
    let (mut quoted, mut depth) = (false, 0usize);
    let part = &text[..text.len().min(limit)];
    for (at, byte) in part.iter().enumerate().skip(at) {
        match byte {
            b'\'' => quoted = !quoted,
            b'\n' => {
                later.get_or_insert(at);
            }
            _ if quoted => {}
            b'(' => depth += 1,
            b')' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => return Some(at + 1),
            _ => {}
        }
    }
    None
}
