//! Content of every kind: encodings, binary data, long lines, large files.

use super::support::{Report, TOKEN_LENGTH, Tree, place, token};

#[test]
fn broken_utf8_is_scanned() {
    let tree = Tree::new(&[]);
    let mut text = b"caf\xe9 \xc3\x28 \xf0\x90\n\xff \"".to_vec();
    let offset = text.len() as u64;
    text.extend(token(1).bytes());
    text.extend(b"\" \xfe\xff\n");
    tree.write("latin.txt", &text);
    let report = tree.report(&[]);
    assert_eq!(report.places, [place("latin.txt", 2, 4, offset)]);
    tree.scan(&[]).status(1);
}

#[test]
fn binary_content_is_scanned_for_what_has_structure() {
    let tree = Tree::new(&[]);
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\n".to_vec();
    bytes.extend((0..4000u32).flat_map(|number| (number * 77).to_le_bytes()));
    bytes.push(0);
    let offset = bytes.len() as u64;
    bytes.extend(token(1).bytes());
    bytes.push(0);
    bytes.extend(b"password = \"\0");
    tree.write("program", &bytes);
    let report = tree.report(&[]);
    assert_eq!(report.places.len(), 1);
    assert_eq!(report.places[0].offset, offset);
}

#[test]
fn nul_bytes_around_a_token_do_not_hide_it() {
    let tree = Tree::new(&[]);
    tree.write("nul", format!("\0\0\0{}\0\0", token(1)).as_bytes());
    assert_eq!(tree.report(&[]).places, [place("nul", 1, 4, 3)]);
}

/// `text` in UTF-16.
fn wide(text: &str, high_first: bool, mark: bool) -> Vec<u8> {
    let mark = if mark { "\u{feff}" } else { "" };
    let both = |unit: u16| if high_first { unit.to_be_bytes() } else { unit.to_le_bytes() };
    mark.encode_utf16().chain(text.encode_utf16()).flat_map(both).collect()
}

#[test]
fn utf16_is_read_with_and_without_a_mark() {
    let text = format!("[section of a file]\r\nname = one\r\nkey = {}\r\n", token(1));
    let units = text.find("acmt_").unwrap() as u64;
    for high_first in [false, true] {
        for mark in [false, true] {
            let tree = Tree::new(&[]);
            tree.write("wide.reg", &wide(&text, high_first, mark));
            let report = tree.report(&[]);
            let offset = 2 * units + if mark { 2 } else { 0 };
            let mut wanted = place("wide.reg", 3, 7, offset);
            wanted.length = 2 * TOKEN_LENGTH as u64;
            assert_eq!(report.places, [wanted], "high byte first: {high_first}, mark: {mark}");
        }
    }
}

#[test]
fn offsets_in_utf16_hold_behind_characters_of_any_width() {
    let text = format!("ä € 😀\n{}", token(1));
    let tree = Tree::new(&[]);
    tree.write("wide", &wide(&text, false, true));
    let report = tree.report(&[]);
    let units = text[..text.find("acmt_").unwrap()].encode_utf16().count() as u64;
    assert_eq!((report.places[0].line, report.places[0].column), (2, 1));
    assert_eq!(report.places[0].offset, 2 + 2 * units);
}

#[test]
fn a_large_utf16_file_keeps_its_lines() {
    let line = "the quick brown fox jumps over the lazy dog\r\n";
    let lines = (10 << 20) / (2 * line.len()); // 10 MiB of UTF-16: read as a stream
    let text = format!("{}key {}\r\n", line.repeat(lines), token(1));
    let tree = Tree::new(&[]);
    tree.write("wide.txt", &wide(&text, false, true));
    let report = tree.report(&[]);
    assert_eq!(report.places.len(), 1);
    let found = &report.places[0];
    assert_eq!((found.line, found.column), (lines as u64 + 1, 5));
    assert_eq!(found.offset, 2 + 2 * text.find("acmt_").unwrap() as u64);
}

#[test]
fn a_huge_line_is_one_line() {
    for size in [5 << 20, 13 << 20] {
        let mut text = "ab;".repeat(size / 3).into_bytes();
        let offset = size / 2;
        let token = format!(" {} ", token(1));
        text[offset..offset + token.len()].copy_from_slice(token.as_bytes());
        let tree = Tree::new(&[]);
        tree.write("min.js", &text);
        let report = tree.report(&[]);
        assert_eq!(report.places, [place("min.js", 1, offset as u64 + 2, offset as u64 + 1)], "{size}");
        // The preview stays short.
        let ran = tree.scan(&[]);
        ran.status(1);
        assert!(ran.out.len() < 2000, "{} bytes of report", ran.out.len());
    }
}

/// A file of lines with tokens at these offsets, and where they stand.
fn lined(size: usize, offsets: &[usize]) -> (Vec<u8>, Vec<(u64, u64, u64)>) {
    let mut text = b"0123 0123 0123 0123 0123 0123 0123 0123 0123 0123 0123 0123 0123\n".repeat(size / 65);
    for (number, &offset) in offsets.iter().enumerate() {
        let token = token(number as u64);
        text[offset - 1] = b' ';
        text[offset..offset + TOKEN_LENGTH].copy_from_slice(token.as_bytes());
        text[offset + TOKEN_LENGTH] = b' ';
    }
    let places = offsets.iter().map(|&offset| {
        let before = &text[..offset];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = offset - before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1) + 1;
        (offset as u64, line as u64, column as u64)
    });
    let places = places.collect();
    (text, places)
}

#[test]
fn tokens_across_the_windows_of_a_stream_are_found_in_their_place() {
    let step = sekisho::engine::stream::STEP;
    let mut offsets = Vec::new();
    for window in [step, 2 * step, 3 * step] {
        // Far before, right before, across, right at and behind the border of a window.
        offsets.extend([window - 9000, window - 200, window - 100, window - 3, window + 60, window + 9000]);
    }
    let (text, wanted) = lined(3 * step + 100_000, &offsets);
    let tree = Tree::new(&[]);
    tree.write("large.log", &text);
    let places = |report: Report| -> Vec<(u64, u64, u64)> {
        let mut places: Vec<_> =
            report.places.iter().map(|place| (place.offset, place.line, place.column)).collect();
        places.sort_unstable();
        places
    };
    assert_eq!(places(tree.report(&[])), wanted);
    let piped = tree.scan_input(&["--format", "json", "-"], &text);
    assert_eq!(places(Report::of(&piped)), wanted);
}

#[test]
fn a_token_that_begins_or_ends_with_its_window_is_found() {
    let step = sekisho::engine::stream::STEP;
    for start in [2 * step - TOKEN_LENGTH, 2 * step - 1, 2 * step, 2 * step + 1] {
        let (text, wanted) = lined(2 * step + 1_000_000, &[start]);
        let tree = Tree::new(&[]);
        tree.write("large.log", &text);
        let report = tree.report(&[]);
        assert_eq!(report.places.len(), 1, "at {start}");
        let found = &report.places[0];
        assert_eq!((found.offset, found.line, found.column), wanted[0]);
    }
}

#[test]
fn a_block_across_a_window_is_found_whole() {
    let step = sekisho::engine::stream::STEP;
    let block = format!("=====ACME {}=====\n{}\n=====ACME {}=====", "BEGIN", token(1).repeat(20), "END");
    let start = 2 * step - 100;
    let mut text = "filler\n".repeat(start / 7 + 1);
    text.truncate(start - 1);
    text.push('\n');
    text.push_str(&block);
    text.push_str(&"\nfiller".repeat(100_000));
    let tree = Tree::new(&[("large.txt", &text)]);
    let report = tree.report(&["--disable", "acme-token"]);
    assert_eq!(report.places.len(), 1);
    let found = &report.places[0];
    assert_eq!((found.offset, found.length), (start as u64, block.len() as u64));
}

#[test]
fn crlf_and_the_last_line_without_an_end() {
    let text = format!("a\r\nb {}\r\n{}", token(1), token(2));
    let tree = Tree::new(&[("dos.txt", &text)]);
    let last = 5 + TOKEN_LENGTH as u64 + 2;
    assert_eq!(tree.report(&[]).places, [place("dos.txt", 2, 3, 5), place("dos.txt", 3, 1, last)]);
}
