//! PDF (ISO 32000): the text of each page, the strings of all objects (titles, comments, addresses of links,
//! what was typed into forms), and attached files.
//!
//! Streams are decompressed to a limit that all of them share, so that a short file becomes no large one.

use super::input::{Content, Each, Member};
use super::{Budget, Trouble};
use lopdf::{Dictionary, Document, Error, LoadOptions, Object};
use memchr::memmem;
use std::io;

/// What a document begins with.
pub(super) const MARK: &[u8] = b"%PDF-";
/// Bytes that the streams of one document may become, all together.
const STREAMS: usize = 256 << 20;
/// A stream may become as long as this (bytes) in any case.
const SHORT: usize = 64 << 10;
/// Bytes that one page may become.
const PAGE: usize = 16 << 20;
/// Pages are handed on one by one up to this many; of more pages, several together.
const PAGES: usize = 1000;
/// Values in one another whose strings are read.
const DEEPEST: usize = 64;

/// Hand on the text of a document.
///
/// # Errors
/// Damage, encryption, a used-up budget. What was read before was handed on.
pub(super) fn members(bytes: &[u8], budget: &Budget, each: Each<'_>) -> io::Result<()> {
    // Objects in compressed streams are all read at once.
    let streams = memmem::find_iter(bytes, b"/ObjStm").count() + memmem::find_iter(bytes, b"/XRef").count();
    let limit = (STREAMS / streams.max(1)).max(SHORT);
    let options = LoadOptions { max_decompressed_size: Some(limit), ..LoadOptions::default() };
    let document = match Document::load_mem_with_options(bytes, options) {
        Ok(document) => document,
        // Without a stream nothing is hidden: the bytes themselves are looked at.
        Err(_) if memmem::find(bytes, b"stream").is_none() => return Ok(()),
        Err(error) => return Err(trouble(&error).into()),
    };
    if document.is_encrypted() && !document.was_encrypted() {
        return Err(Trouble::Encrypted("the document is encrypted".to_owned()).into());
    }
    let mut hand = |name: &str, bytes: &[u8]| -> io::Result<()> {
        budget.member()?;
        budget.spend(bytes.len() as u64)?;
        if !bytes.is_empty() {
            each(Member { path: name.as_bytes(), content: Content::Bytes(bytes) });
        }
        Ok(())
    };
    let mut failure = None;
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    for some in pages.chunks(pages.len().div_ceil(PAGES).max(1)) {
        let name = match some {
            [one] => format!("page {one}"),
            [first, .., last] => format!("pages {first}-{last}"),
            [] => continue,
        };
        match document.extract_text_with_limit(some, PAGE) {
            Ok(text) => hand(&name, text.as_bytes())?,
            Err(error) => failure = failure.or(Some((name, trouble(&error)))),
        }
    }
    let mut strings = Vec::new();
    let mut attached = 0;
    for object in document.objects.values() {
        collect(object, DEEPEST, &mut strings);
        if let Object::Stream(stream) = object
            && (stream.dict.has_type(b"EmbeddedFile") || stream.dict.has_type(b"Metadata"))
        {
            attached += 1;
            match stream.decompressed_content_with_limit(PAGE) {
                Ok(content) => hand(&format!("attachment {attached}"), &content)?,
                Err(_) if !stream.dict.has(b"Filter") => {
                    hand(&format!("attachment {attached}"), &stream.content)?;
                }
                Err(error) => {
                    failure = failure.or(Some((format!("attachment {attached}"), trouble(&error))));
                }
            }
        }
    }
    hand("(strings)", &strings)?;
    match failure {
        Some((name, Trouble::Budget(what))) => Err(Trouble::Budget(format!("{name}: {what}")).into()),
        Some((name, other)) => Err(Trouble::Corrupt(format!("{name}: {other}")).into()),
        None => Ok(()),
    }
}

fn trouble(error: &Error) -> Trouble {
    match error {
        Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. }) => {
            Trouble::Budget("a stream of the document becomes too long".to_owned())
        }
        Error::InvalidPassword => Trouble::Encrypted("the document is encrypted".to_owned()),
        error => Trouble::Corrupt(format!("the document cannot be read: {error}")),
    }
}

/// Collect the strings of a value, each on a line.
fn collect(object: &Object, depth: usize, out: &mut Vec<u8>) {
    if depth == 0 {
        return;
    }
    let mut of_all = |values: &Dictionary| {
        values.iter().for_each(|(_, value)| collect(value, depth - 1, out));
    };
    match object {
        Object::Dictionary(values) => of_all(values),
        Object::Stream(stream) => of_all(&stream.dict),
        Object::Array(values) => values.iter().for_each(|value| collect(value, depth - 1, out)),
        Object::String(bytes, _) => {
            match bytes.strip_prefix(&[0xfe, 0xff]) {
                Some(wide) => {
                    let units = wide.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]]));
                    let text: String =
                        char::decode_utf16(units).map(|one| one.unwrap_or('\u{fffd}')).collect();
                    out.extend_from_slice(text.as_bytes());
                }
                None => out.extend_from_slice(bytes),
            }
            out.push(b'\n');
        }
        _ => {}
    }
}
