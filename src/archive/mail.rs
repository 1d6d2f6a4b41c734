//! E-mail (RFC 5322, RFC 2045 to 2049): the parts of a message, decoded, and the messages of a mailbox
//! (RFC 4155).

use super::input::{Content, Each, Member};
use super::{Budget, Trouble};
use mailparse::{DispositionType, MailHeaderMap, ParsedMail};
use memchr::memmem;
use std::io;

/// Bytes from the start within which headers tell that it is a message.
const HEAD: usize = 64 << 10;
/// Headers that a message begins with, in lower case.
const FIRST: [&str; 22] = [
    "received",
    "return-path",
    "delivered-to",
    "from",
    "to",
    "cc",
    "date",
    "subject",
    "message-id",
    "mime-version",
    "reply-to",
    "sender",
    "dkim-signature",
    "content-type",
    "user-agent",
    "arc-seal",
    "authentication-results",
    "content-transfer-encoding",
    "in-reply-to",
    "references",
    "x-mozilla-status",
    "x-gmail-labels",
];

/// Is this a message, or a mailbox?
pub(super) fn begins(head: &[u8]) -> bool {
    let head = &head[..head.len().min(HEAD)];
    let first = memchr::memchr(b'\n', &head[..head.len().min(1000)]).map_or(head, |end| &head[..end]);
    if first.starts_with(b"From ") {
        return first.contains(&b'@') && head.get(first.len() + 1..).is_some_and(begins);
    }
    let Some(colon) = memchr::memchr(b':', &first[..first.len().min(40)]) else { return false };
    let name = first[..colon].to_ascii_lowercase();
    let known = FIRST.iter().any(|known| known.as_bytes() == name) || name.starts_with(b"x-");
    known && encoded(head)
}

/// Do its headers, up to the first empty line, speak of parts or of an encoding?
fn encoded(head: &[u8]) -> bool {
    let mut headers = 0;
    let mut found = false;
    for line in head.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if matches!(line.first(), Some(b' ' | b'\t')) {
            continue;
        }
        let Some(colon) = memchr::memchr(b':', line) else { return false };
        let name = line[..colon].to_ascii_lowercase();
        if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_graphic()) {
            return false;
        }
        headers += 1;
        found |= matches!(&name[..], b"mime-version" | b"content-type" | b"content-transfer-encoding");
    }
    found && headers >= 2
}

/// Hand on the parts of each message: those with a name by it, others by their number.
///
/// # Errors
/// A used-up budget; a message that cannot be read at all.
pub(super) fn members(bytes: &[u8], budget: &Budget, each: Each<'_>) -> io::Result<()> {
    if !bytes.starts_with(b"From ") {
        return message(bytes, "", budget, each);
    }
    let mut start = 0;
    let mut number = 0;
    while start < bytes.len() {
        let next = memmem::find(&bytes[start + 1..], b"\nFrom ").map_or(bytes.len(), |at| start + at + 2);
        let body = memchr::memchr(b'\n', &bytes[start..next]).map_or(next, |at| start + at + 1);
        number += 1;
        message(&bytes[body..next], &format!("message {number}/"), budget, each)?;
        start = next;
    }
    Ok(())
}

fn message(bytes: &[u8], before: &str, budget: &Budget, each: Each<'_>) -> io::Result<()> {
    let mail = mailparse::parse_mail(bytes)
        .map_err(|error| Trouble::Corrupt(format!("the message cannot be read: {error}")))?;
    for (index, part) in mail.parts().filter(|part| part.subparts.is_empty()).enumerate() {
        budget.member()?;
        let Ok(content) = part.get_body_raw() else {
            // It is not what it says, and stands in the message all the same.
            continue;
        };
        budget.spend(content.len() as u64)?;
        let path = format!("{before}{}", name(part, index + 1));
        each(Member { path: path.as_bytes(), content: Content::Bytes(&content) });
    }
    Ok(())
}

/// The name of a part: that of its file, or its number and kind.
fn name(part: &ParsedMail<'_>, number: usize) -> String {
    let disposition = part.get_content_disposition();
    let file = disposition.params.get("filename").or_else(|| part.ctype.params.get("name"));
    if let Some(file) = file.filter(|file| !file.is_empty()) {
        return file.clone();
    }
    let kind = match part.headers.get_first_value("Content-Type") {
        Some(_) => part.ctype.mimetype.as_str(),
        None => "text/plain",
    };
    let attached = if disposition.disposition == DispositionType::Attachment { "attachment" } else { "part" };
    format!("{attached} {number} ({kind})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Limits;

    const MESSAGE: &str = "From: a@example.org\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\n\
        Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\none=3D=\r\ntwo\r\n--b\r\n\
        Content-Type: text/plain; name=\"x.txt\"\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n--b--\r\n";

    fn read(bytes: &[u8]) -> Vec<(String, String)> {
        let mut out = Vec::new();
        members(bytes, &Budget::new(Limits::default()), &mut |member| {
            let Content::Bytes(bytes) = member.content else { return };
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            out.push((text(member.path), text(bytes)));
        })
        .unwrap();
        out
    }

    #[test]
    fn parts_are_decoded() {
        assert!(begins(MESSAGE.as_bytes()));
        let parts = read(MESSAGE.as_bytes());
        assert_eq!(parts[0], ("part 1 (text/plain)".to_owned(), "one=two".to_owned()));
        assert_eq!(parts[1], ("x.txt".to_owned(), "hello".to_owned()));
        let mailbox = format!("From a@example.org Mon\n{MESSAGE}\nFrom b@example.org Tue\n{MESSAGE}");
        assert!(begins(mailbox.as_bytes()));
        let names: Vec<String> = read(mailbox.as_bytes()).into_iter().map(|(name, _)| name).collect();
        let wanted = [
            "message 1/part 1 (text/plain)",
            "message 1/x.txt",
            "message 2/part 1 (text/plain)",
            "message 2/x.txt",
        ];
        assert_eq!(names, wanted);
    }

    #[test]
    fn other_text_is_no_message() {
        for text in
            ["", "From: me", "to: x\nhello\n", "key: value\nother: value\n\n", "Date: x\nNote: y\n\nz"]
        {
            assert!(!begins(text.as_bytes()), "{text}");
        }
    }
}
