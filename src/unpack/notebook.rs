//! Jupyter notebooks (nbformat 3 and 4): the text of each cell, without the escapes of JSON.

use super::json::{self, Step, Walk};
use super::long::Pieces;
use crate::text::Reading;
use memchr::memmem;
use std::ops::Range;

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

/// May an input of any length that begins so be read as a notebook, piece by piece? It is scanned as it stands, too.
pub(super) fn begins(head: &[u8]) -> bool {
    let head = &head[..head.len().min(TELLING)];
    let has = |word: &[u8]| memmem::find(head, word).is_some();
    head.trim_ascii_start().first() == Some(&b'{')
        && has(b"\"cells\"")
        && (has(b"\"cell_type\"") || has(b"\"nbformat\""))
}

/// The sources and outputs of its cells.
pub(super) fn read(bytes: &[u8]) -> Reading {
    let mut reading = Reading::default();
    Notebook::default().read(bytes, 0..bytes.len(), &mut reading);
    reading
}

/// Reads a notebook from its beginning on.
#[derive(Clone, Default)]
pub(super) struct Notebook {
    walk: Walk,
    /// The way to the text that was read last.
    last: Vec<Step>,
}

impl Pieces for Notebook {
    fn read(&mut self, bytes: &[u8], part: Range<usize>, reading: &mut Reading) -> usize {
        let Notebook { walk, last } = self;
        walk.read(bytes, part, &mut |way, part| {
            let Some((cell, field, rest)) = place(way) else {
                return reading.section(part.start, "");
            };
            let name = match (field, rest) {
                (b"source" | b"input", _) => format!("cell {}, source", cell + 1),
                (b"outputs", [Step::Index(output), ..]) => {
                    format!("cell {}, output {}", cell + 1, output + 1)
                }
                _ => format!("cell {}, {}", cell + 1, String::from_utf8_lossy(field)),
            };
            reading.section(part.start, &name);
            let shown = !rest.iter().filter_map(Step::key).any(is_picture);
            if !matches!(field, b"source" | b"input" | b"outputs") || !shown {
                return;
            }
            // Lines of one text follow one another; other texts begin on a line of their own.
            let text = match way.split_last() {
                Some((Step::Index(_), before)) => before,
                _ => way,
            };
            if last != text {
                if !reading.text().is_empty() {
                    reading.put(b"\n", part.start..part.start);
                }
                *last = text.to_vec();
            }
            json::decode(bytes, part, reading);
        })
    }
}

/// The number of the cell, from 0, the field of it and the way from there.
fn place(way: &[Step]) -> Option<(usize, &[u8], &[Step])> {
    let at = way.iter().position(|step| step.key() == Some(b"cells"))?;
    match way.get(at + 1..)? {
        [Step::Index(cell), field, rest @ ..] => Some((*cell, field.key()?, rest)),
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
