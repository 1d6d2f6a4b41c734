//! Who made a commit or a tag, when, and what they said.

use super::super::objects::{ObjectId, Objects};
use super::graph::header;
use crate::origin::ObjectKind;
use bstr::{BString, ByteSlice};

/// What a commit or an annotated tag says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Name of the author of a commit, or of the tagger.
    pub name: BString,
    /// Their mail address.
    pub email: BString,
    /// When, in seconds since 1970.
    pub seconds: i64,
    /// Their zone: seconds east of Greenwich.
    pub zone: i32,
    /// The message.
    pub message: BString,
}

/// Read what a commit or an annotated tag says of itself; none where it is not there or something else.
pub fn describe(objects: &dyn Objects, id: &ObjectId) -> Option<Author> {
    let mut text = Vec::new();
    let line = match objects.read(id, &mut text) {
        Ok(Some(ObjectKind::Commit)) => header(&text, b"author "),
        Ok(Some(ObjectKind::Tag)) => header(&text, b"tagger "),
        _ => return None,
    };
    let message = text.split_once_str("\n\n").map_or(&b""[..], |(_, message)| message);
    Some(parse(line.unwrap_or_default(), message))
}

/// `Name <mail> seconds zone`; parts that are missing are empty.
fn parse(line: &[u8], message: &[u8]) -> Author {
    let end = line.rfind_byte(b'>');
    let (who, when) = end.map_or((line, &b""[..]), |end| (&line[..end], &line[end + 1..]));
    let (name, email) = who.split_once_str("<").unwrap_or((who, b""));
    let mut when = when.fields().map(|field| field.to_str().unwrap_or_default());
    let seconds = when.next().and_then(|seconds| seconds.parse().ok()).unwrap_or_default();
    let zone = when.next().and_then(zone).unwrap_or_default();
    Author { name: name.trim().into(), email: email.trim().into(), seconds, zone, message: message.into() }
}

/// `+0230` in seconds.
fn zone(text: &str) -> Option<i32> {
    let number: i32 = text.parse().ok()?;
    Some((number / 100 * 60 + number % 100) * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_all_kinds_of_people() {
        let author = parse(b"A B <a@b.example> 1714972089 +0230", b"m");
        assert_eq!((author.name.to_string(), author.email.to_string()), ("A B".into(), "a@b.example".into()));
        assert_eq!((author.seconds, author.zone), (1_714_972_089, 9000));
        assert_eq!(zone("-0530"), Some(-19800));
        let broken = parse(b"no mail at all", b"");
        assert_eq!((broken.name.to_string(), broken.seconds), ("no mail at all".into(), 0));
        assert_eq!(parse(b"<x> y z", b"").seconds, 0);
    }
}
