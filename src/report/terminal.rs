//! Text for people: nothing in it can steer a terminal, and numbers read as people write them.

use std::time::Duration;

/// `text` in one line, with everything replaced that could move the cursor, change colours, reorder
/// or hide what is shown: file names and file contents come from strangers.
pub fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\0'..='\x1f' => out.push(char::from_u32(0x2400 + character as u32).unwrap_or('?')),
            '\x7f' => out.push('\u{2421}'),
            _ if unseen(character) => out.push_str(&format!("<U+{:04X}>", character as u32)),
            _ => out.push(character),
        }
    }
    out
}

/// Like [`inert`], for a piece of a source line, where a tab is nothing but space.
pub fn inert_line(text: &str) -> String {
    inert(&text.replace('\t', " "))
}

/// C1 controls, and marks that are not seen or turn the direction of writing.
fn unseen(character: char) -> bool {
    matches!(character,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// How many columns of a terminal `text` takes.
pub fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// Columns of one character: none for combining marks, two for the wide scripts of East Asia and for
/// pictures, one for the rest.
fn width(character: char) -> usize {
    match character {
        '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// The first characters of `text` that fit into `room` columns, with `…` where something was cut.
pub fn head(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let mut left = room.saturating_sub(1);
    let mut out = String::new();
    for character in text.chars() {
        match left.checked_sub(width(character)) {
            Some(rest) => left = rest,
            None => break,
        }
        out.push(character);
    }
    if room > 0 {
        out.push('…');
    }
    out
}

/// The last characters of `text` that fit into `room` columns, with `…` where something was cut.
pub fn tail(text: &str, room: usize) -> String {
    let turned: String = text.chars().rev().collect();
    head(&turned, room).chars().rev().collect()
}

/// `text` broken at spaces into lines of at most `room` columns; a longer word stands alone.
pub fn wrap(text: &str, room: Option<usize>) -> Vec<String> {
    let Some(room) = room else { return vec![text.to_owned()] };
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with its noun: `1 file`, `1,234 files`.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Bytes in decimal units: `12.3 MB`.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if number < 1000 {
        return format!("{number} B");
    }
    let mut amount = number as f64 / 1000.0;
    let mut unit = 0;
    // 999.95 would be printed as 1000.0.
    while amount >= 999.95 && unit + 1 < UNITS.len() {
        amount /= 1000.0;
        unit += 1;
    }
    format!("{amount:.1} {}", UNITS[unit])
}

/// A time span: `0.21 s`, or `2 min 5 s` from a minute on.
pub fn elapsed(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{:.2} s", time.as_secs_f64()),
        _ => format!("{} min {} s", grouped(seconds / 60), seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_steer_a_terminal() {
        let shown = inert("a\x1b[31mb\r\n\u{9b}2Jc\u{202e}d\x07\x7f\u{200b}");
        assert_eq!(shown, "a␛[31mb␍␊<U+009B>2Jc<U+202E>d␇␡<U+200B>");
        assert_eq!(inert("a\tb"), "a␉b");
        assert_eq!(inert_line("a\tb"), "a b");
        assert_eq!(inert("naïve 日本 é"), "naïve 日本 é");
    }

    #[test]
    fn columns_count_wide_and_combining_characters() {
        assert_eq!(columns("abc"), 3);
        assert_eq!(columns("日本"), 4);
        assert_eq!(columns("e\u{301}"), 1);
    }

    #[test]
    fn cuts_keep_to_the_room() {
        assert_eq!(head("abcdef", 6), "abcdef");
        assert_eq!(head("abcdef", 4), "abc…");
        assert_eq!(tail("abcdef", 4), "…def");
        assert_eq!(head("日本語", 4), "日…");
        assert_eq!(head("abc", 0), "");
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("one two three", Some(7)), ["one two", "three"]);
        assert_eq!(wrap("extraordinarily so", Some(5)), ["extraordinarily", "so"]);
        assert_eq!(wrap("one two three", None), ["one two three"]);
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1234567), "1,234,567");
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(1234, "file"), "1,234 files");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(12_345_678), "12.3 MB");
        assert_eq!(bytes(999_960), "1.0 MB");
        assert_eq!(bytes(u64::MAX), "18446.7 PB");
        assert_eq!(elapsed(Duration::from_millis(213)), "0.21 s");
        assert_eq!(elapsed(Duration::from_secs(125)), "2 min 5 s");
        assert_eq!(elapsed(Duration::from_millis(59_999)), "60.00 s");
    }
}
