//! PuTTY's key files, versions 2 and 3 (its manual, appendix C): header lines, sizes and the MAC.

use super::codec::{self, to_hex};
use super::sums::{hmac_sha1, hmac_sha256, sha1};
use super::{Check, Details, Verdict, clean, with_details};

pub(super) const CHECKS: &[Check] = &[Check {
    name: "putty",
    about: "header, line counts and, where it is not encrypted, the MAC of a PuTTY key file",
    run: |value| with_details(judge(value).0, || Some(judge(value).1)),
    verdict: |value| judge(value).0,
    make: None,
}];

/// The parts of a key file.
pub(in crate::rules) struct KeyFile<'a> {
    pub(in crate::rules) version: u8,
    pub(in crate::rules) kind: &'a str,
    pub(in crate::rules) encryption: &'a str,
    pub(in crate::rules) comment: &'a str,
    pub(in crate::rules) public: Vec<u8>,
    pub(in crate::rules) private: Vec<u8>,
}

impl KeyFile<'_> {
    /// The MAC of a file that is not encrypted, in lower-case hexadecimal.
    pub(in crate::rules) fn mac(&self) -> String {
        let mut message = Vec::new();
        let texts = [self.kind.as_bytes(), self.encryption.as_bytes(), self.comment.as_bytes()];
        for part in texts.into_iter().chain([&self.public[..], &self.private[..]]) {
            message.extend((part.len() as u32).to_be_bytes());
            message.extend_from_slice(part);
        }
        match self.version {
            2 => to_hex(&hmac_sha1(&sha1(b"putty-private-key-file-mac-key"), &message)),
            _ => to_hex(&hmac_sha256(b"", &message)),
        }
    }
}

fn judge(value: &[u8]) -> (Verdict, Details) {
    let text = String::from_utf8_lossy(value).replace("\\r", "").replace("\\n", "\n");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let Some((file, mac)) = read(&lines) else { return (Verdict::Invalid, Vec::new()) };
    let plain = file.encryption == "none";
    let mut details = vec![
        ("form", format!("PuTTY version {}", file.version)),
        ("algorithm", clean(file.kind)),
        ("encrypted", if plain { "no" } else { "yes" }.to_owned()),
    ];
    if !plain {
        details.push(("cipher", clean(file.encryption)));
        return (Verdict::Valid, details);
    }
    // A comment that was edited breaks the MAC, and the key is still the key.
    let right = mac.is_some_and(|mac| mac.eq_ignore_ascii_case(&file.mac()));
    (if right { Verdict::Valid } else { Verdict::Unknown }, details)
}

fn read<'a>(lines: &[&'a str]) -> Option<(KeyFile<'a>, Option<&'a str>)> {
    let first = lines.iter().position(|line| line.contains("PuTTY-User-Key-File-"))?;
    let (head, kind) = lines[first].split_once(':')?;
    let version = head.chars().last()?.to_digit(10)? as u8;
    let lines = &lines[first..];
    let field =
        |name: &str| lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim));
    let blob = |name: &str| {
        let at = lines.iter().position(|line| line.starts_with(name))?;
        let count: usize = lines[at].split_once(':')?.1.trim().parse().ok()?;
        let body = lines.get(at + 1..at.checked_add(1)?.checked_add(count)?)?.concat();
        codec::base64(body.as_bytes()).filter(|bytes| !bytes.is_empty())
    };
    let file = KeyFile {
        version,
        kind: kind.trim(),
        encryption: field("Encryption")?,
        comment: field("Comment").unwrap_or(""),
        public: blob("Public-Lines")?,
        private: blob("Private-Lines")?,
    };
    Some((file, field("Private-MAC")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample;

    #[test]
    fn made_files_hold_and_edited_ones_are_left_open() {
        for seed in 0..50 {
            let made = sample::expand("{pem:putty}", seed).unwrap().text;
            let (verdict, details) = judge(&made);
            assert_eq!(verdict, Verdict::Valid, "{}", String::from_utf8_lossy(&made));
            assert!(details.contains(&("encrypted", "no".to_owned())));
            let text = String::from_utf8(made).unwrap();
            assert_eq!(judge(text.replace("\n", "\r\n").as_bytes()).0, Verdict::Valid);
            assert_eq!(judge(text.replace("Comment: ", "Comment: x").as_bytes()).0, Verdict::Unknown);
            assert_eq!(
                judge(text.replace("Private-Lines: ", "Private-Lines: 9").as_bytes()).0,
                Verdict::Invalid
            );
        }
    }
}
