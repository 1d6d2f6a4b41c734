//! Jupyter notebooks (nbformat 3 and 4): the text of each cell, without the escapes of JSON.

use super::json::{self, Step};
use crate::text::Reading;
use memchr::memmem;

/// Bytes from the start within which a notebook tells that it is one, or before its end.
const TELLING: usize = 64 << 10;

/// Is this a notebook?
pub(super) fn detect(bytes: &[u8]) -> bool {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return false;
    }
    let head = &bytes[..bytes.len().min(TELLING)];
    let tail = &bytes[bytes.len().saturating_sub(TELLING)..];
    let either = |word: &[u8]| [head, tail].iter().any(|part| memmem::find(part, word).is_some());
    either(b"\"nbformat\"") && (memmem::find(head, b"\"cells\"").is_some() || either(b"\"worksheets\""))
}

/// The sources and outputs of its cells.
pub(super) fn read(bytes: &[u8]) -> Reading {
    let mut reading = Reading::default();
    let mut last = Vec::new();
    json::strings(bytes, &mut |way, part| {
        let Some((cell, field, rest)) = place(bytes, way) else {
            return reading.section(part.start, "");
        };
        let name = match (field, rest) {
            (b"source" | b"input", _) => format!("cell {}, source", cell + 1),
            (b"outputs", [Step::Index(output), ..]) => format!("cell {}, output {}", cell + 1, output + 1),
            _ => format!("cell {}, {}", cell + 1, String::from_utf8_lossy(field)),
        };
        reading.section(part.start, &name);
        let shown = !rest.iter().filter_map(|step| json::key_of(bytes, step)).any(is_picture);
        if !matches!(field, b"source" | b"input" | b"outputs") || !shown {
            return;
        }
        // Lines of one text follow one another; other texts begin on a line of their own.
        let text = match way.split_last() {
            Some((Step::Index(_), before)) => before.to_vec(),
            _ => way.to_vec(),
        };
        if last != text && !reading.text().is_empty() {
            reading.put(b"\n", part.start..part.start);
        }
        last = text;
        json::decode(bytes, part, &mut reading);
    });
    reading
}

/// The number of the cell, from 0, the field of it and the way from there.
fn place<'t, 'w>(text: &'t [u8], way: &'w [Step]) -> Option<(usize, &'t [u8], &'w [Step])> {
    let at = way.iter().position(|step| json::key_of(text, step) == Some(b"cells"))?;
    match way.get(at + 1..)? {
        [Step::Index(cell), field, rest @ ..] => Some((*cell, json::key_of(text, field)?, rest)),
        _ => None,
    }
}

/// Does a key name a kind of content that is no text?
fn is_picture(key: &[u8]) -> bool {
    [&b"image/"[..], b"video/", b"audio/", b"application/pdf"].iter().any(|kind| key.starts_with(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    #[test]
    fn cells_are_read_and_told() {
        let text = r#"{"cells": [
 {"cell_type": "markdown", "metadata": {"tag": "m"}, "source": "title"},
 {"cell_type": "code", "source": ["x = \"\\\"1\"\n", "y"],
  "outputs": [{"text": ["first"]}, {"data": {"image/png": "AAAA", "text/plain": "second"}}]}
], "metadata": {"language": "python"}, "nbformat": 4}"#;
        let bytes = text.as_bytes();
        assert!(detect(bytes));
        let reading = read(bytes);
        assert_eq!(String::from_utf8_lossy(reading.text()), "title\nx = \"\\\"1\"\ny\nfirst\nsecond");
        let told = |word: &str| reading.section_at(text.find(word).unwrap());
        assert_eq!(told("title"), Some("cell 1, source"));
        assert_eq!(told("x = "), Some("cell 2, source"));
        assert_eq!(told("first"), Some("cell 2, output 1"));
        assert_eq!(told("second"), Some("cell 2, output 2"));
        assert_eq!(told("python"), None);
        let at = memmem::find(reading.text(), b"second").unwrap();
        assert_eq!(&text[reading.original(Span::new(at, at + 6)).range()], "second");
    }

    #[test]
    fn other_json_is_none() {
        for text in ["", "{}", r#"{"cells": []}"#, r#"["nbformat", "cells"]"#] {
            assert!(!detect(text.as_bytes()), "{text}");
        }
    }
}
