//! Private keys between BEGIN and END lines: what stands between them is found however it was quoted
//! or wrapped, decoded and judged by its structure.

use super::codec::{self, is_base64};
use super::{Check, Checked, Details, Verdict, der, openssh, pgp};
use memchr::memmem;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "pem",
        about: "what stands between BEGIN and END lines decodes to a private key",
        run: |value| {
            let (verdict, details) = judge(value, 1);
            Checked { verdict, details: if verdict == Verdict::Invalid { Vec::new() } else { details } }
        },
        verdict: |value| judge(value, 1).0,
        make: None,
    },
    Check {
        name: "pgp",
        about: "an OpenPGP armour holds a secret key packet and its CRC-24 is right",
        run: |value| {
            let (verdict, details) = judge(value, 0);
            Checked { verdict, details: if verdict == Verdict::Invalid { Vec::new() } else { details } }
        },
        verdict: |value| judge(value, 0).0,
        make: None,
    },
];

/// Shortest base64 text that can be a private key; an Ed25519 key in PKCS#8 has 64.
const SHORTEST: usize = 48;

/// Parts of a block: its label, its header lines and the base64 text in it.
struct Block {
    label: String,
    headers: Vec<(String, String)>,
    /// Ways to read the base64 text, the likeliest first.
    bodies: Vec<Vec<u8>>,
    /// The checksum line of OpenPGP, `=` and four characters.
    sum: Option<Vec<u8>>,
}

fn judge(value: &[u8], depth: usize) -> (Verdict, Details) {
    const NO: (Verdict, Details) = (Verdict::Invalid, Vec::new());
    let Some(block) = block(value) else {
        // base64 of a whole file that begins with five dashes.
        let inner = memmem::find(value, b"LS0tLS1CRUdJTi").filter(|_| depth > 0);
        let text = |start: usize| {
            let packed: Vec<u8> = value[start..].iter().copied().filter(|&byte| is_base64(byte)).collect();
            codec::base64(&packed[..packed.len() - usize::from(packed.len() % 4 == 1)])
        };
        return inner.and_then(text).map_or(NO, |inner| judge(&inner, depth - 1));
    };
    if block.headers.iter().any(|(name, value)| name == "Proc-Type" && value.contains("ENCRYPTED")) {
        return encrypted(&block);
    }
    let mut best = NO;
    for body in &block.bodies {
        // A comment in quotes stands before the text of a key of ssh.com, which begins with its magic number.
        let packed = if block.label.starts_with("SSH2") { memmem::find(body, b"P2/56") } else { None };
        let body = &body[packed.unwrap_or(0)..];
        let Some(bytes) = codec::base64(body).filter(|_| body.len() >= SHORTEST) else { continue };
        let judged = match block.label.as_str() {
            "OPENSSH PRIVATE KEY" => openssh::private_key(&bytes),
            "PGP PRIVATE KEY BLOCK" | "PGP SECRET KEY BLOCK" => {
                pgp::private_key(&bytes, block.sum.as_deref())
            }
            label if label.starts_with("SSH2") => ssh2(&bytes),
            label if KNOWN.contains(&label) => der::private_key(&bytes),
            // Nothing is known of other labels: only what happens to be a key is proven.
            _ if bytes.starts_with(b"openssh-key-v1\0") => openssh::private_key(&bytes),
            _ => match der::private_key(&bytes) {
                (Verdict::Invalid, _) => (Verdict::Unknown, Vec::new()),
                other => other,
            },
        };
        match (judged.0, best.0) {
            (Verdict::Valid, _) => return judged,
            (Verdict::Unknown, Verdict::Invalid) => best = judged,
            _ => {}
        }
    }
    best
}

const KNOWN: [&str; 6] = [
    "RSA PRIVATE KEY",
    "PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
    "ECDSA PRIVATE KEY",
];

/// A key encrypted the old way: whole cipher blocks that say nothing.
fn encrypted(block: &Block) -> (Verdict, Details) {
    let whole =
        |body: &&Vec<u8>| codec::base64(body).is_some_and(|bytes| bytes.len() >= 32 && bytes.len() % 8 == 0);
    if !block.bodies.iter().any(|body| whole(&body)) {
        return (Verdict::Invalid, Vec::new());
    }
    let mut details = vec![("form", super::clean(&block.label)), ("encrypted", "yes".to_owned())];
    if let Some((_, info)) = block.headers.iter().find(|(name, _)| name == "DEK-Info") {
        details.push(("cipher", super::clean(info.split(',').next().unwrap_or_default())));
    }
    (Verdict::Valid, details)
}

/// RFC 4716 has no private keys; ssh.com's own form has a magic number, sizes, a type and a cipher.
fn ssh2(bytes: &[u8]) -> (Verdict, Details) {
    let Some(rest) = bytes.strip_prefix(&[0x3f, 0x6f, 0xf9, 0xeb]) else {
        return (Verdict::Invalid, Vec::new());
    };
    let mut details = vec![("form", "SSH2".to_owned())];
    let mut rest = rest.get(4..).unwrap_or_default();
    let kind = openssh::string(&mut rest);
    if let (Some(_), Some(cipher)) = (kind, openssh::string(&mut rest)) {
        let encrypted = if cipher == b"none" { "no" } else { "yes" };
        details.push(("encrypted", encrypted.to_owned()));
    }
    (Verdict::Valid, details)
}

fn block(value: &[u8]) -> Option<Block> {
    let text = unescaped(value);
    let begin = memmem::find(&text, b"---BEGIN ").or_else(|| memmem::find(&text, b"--- BEGIN "))?;
    let start = begin + text[begin..].iter().position(|&byte| byte == b'B')? + 6;
    let label_end = start + memmem::find(&text[start..], b"----")?;
    let label = String::from_utf8_lossy(text.get(start..label_end)?).trim().to_owned();
    let mut inside = &text[label_end..];
    while let [b'-', rest @ ..] = inside {
        inside = rest;
    }
    let end = memmem::find(inside, b"---END ").or_else(|| memmem::find(inside, b"--- END "));
    let inside = &inside[..end.unwrap_or(inside.len())];
    Some(parts(label, inside))
}

/// Line ends and quotes written as in source code become line ends; `\/` becomes `/`.
fn unescaped(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'\\' {
            out.push(if b"\"'`;".contains(&byte) { b'\n' } else { byte });
            continue;
        }
        while let [b'\\', behind @ ..] = rest {
            rest = behind;
        }
        match rest {
            [b'n' | b'r' | b't', behind @ ..] => {
                out.push(b'\n');
                rest = behind;
            }
            [b'u', b'0', b'0', b'2', b'b' | b'B', behind @ ..] => {
                out.push(b'+');
                rest = behind;
            }
            [b'/', behind @ ..] => {
                out.push(b'/');
                rest = behind;
            }
            _ => out.push(b'\n'),
        }
    }
    out
}

/// Headers and the text: all of it, or the last word of each line where lines begin with something
/// else (a comment sign, a time in a log, a line number, the sign of a diff).
fn parts(label: String, inside: &[u8]) -> Block {
    let mut block = Block { label, headers: Vec::new(), bodies: Vec::new(), sum: None };
    let (mut all, mut last, mut signed) = (Vec::new(), Vec::new(), Vec::new());
    let mut pure = true;
    for line in inside.split(|&byte| byte == b'\n') {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let mut rest: Option<&[u8]> = None;
        let mut header: Option<String> = None;
        while let Some(word) = words.next().map(without_comma) {
            if let Some(name) = header_name(word).filter(|_| header.is_none()) {
                header = Some(name);
                continue;
            }
            if let Some(name) = header.take() {
                let value = String::from_utf8_lossy(word).into_owned();
                // Free text ends with its line; the others have one word.
                let free = name == "Comment" || name == "Version" || name == "Hash" || name == "Subject";
                block.headers.push((name, value));
                if free {
                    break;
                }
                continue;
            }
            if word.len() == 5 && word[0] == b'=' {
                block.sum = Some(word[1..].to_vec());
                continue;
            }
            if is_text(word) {
                if word != b"+" {
                    all.extend_from_slice(word);
                }
                rest = Some(word);
            } else if word.iter().any(|byte| !b"#*>|.&%$(){}[]<:!-,".contains(byte)) {
                pure = false;
            }
        }
        if let Some(word) = rest.filter(|word| *word != b"+") {
            last.extend_from_slice(word);
            signed.extend_from_slice(word.strip_prefix(b"+").unwrap_or(word));
        }
    }
    if pure {
        block.bodies.push(all);
    }
    for other in [last, signed] {
        if !block.bodies.contains(&other) {
            block.bodies.push(other);
        }
    }
    block
}

fn without_comma(word: &[u8]) -> &[u8] {
    word.strip_suffix(b",").unwrap_or(word)
}

fn header_name(word: &[u8]) -> Option<String> {
    const NAMES: [&str; 8] =
        ["Proc-Type", "DEK-Info", "Comment", "Version", "Hash", "Subject", "Charset", "MessageID"];
    let name = word.strip_suffix(b":")?;
    let name = name.strip_prefix(b"+").unwrap_or(name);
    NAMES.iter().find(|known| known.as_bytes() == name).map(|&name| name.to_owned())
}

fn is_text(word: &[u8]) -> bool {
    let end = word.iter().rposition(|&byte| byte != b'=').map_or(0, |last| last + 1);
    end > 0 && word.len() - end <= 2 && word[..end].iter().all(|&byte| is_base64(byte) && byte != b'-')
}

#[cfg(test)]
mod tests {
    use super::super::Generator;
    use super::*;
    use crate::rules::sample;

    fn verdict(text: &str) -> Verdict {
        judge(text.as_bytes(), 1).0
    }

    fn key(kind: &str, seed: u64) -> String {
        let made = sample::expand(&format!("{{pem:{kind}}}"), seed).unwrap();
        String::from_utf8(made.text).unwrap()
    }

    #[test]
    fn the_ways_in_which_keys_are_quoted() {
        for kind in ["rsa", "pkcs8", "ec", "dsa", "openssh", "pkcs8-encrypted", "openssh-encrypted", "pgp"] {
            for seed in 0..20 {
                let key = key(kind, seed);
                assert_eq!(verdict(&key), Verdict::Valid, "{kind}\n{key}");
                let forms = [
                    key.replace('\n', "\\n"),
                    key.replace('\n', "\\r\\n"),
                    key.replace('\n', "\r\n"),
                    key.replace('\n', "\n    "),
                    key.replace('\n', "\\n\" +\n  \""),
                    key.replace('\n', "\n# "),
                    key.replace('\n', "\n+"),
                    key.replace('\n', "\n2024-05-06T07:08:09.123Z "),
                    key.replace('/', "\\/"),
                ];
                for form in forms {
                    assert_eq!(verdict(&form), Verdict::Valid, "{kind}\n{form}");
                }
                assert_eq!(verdict(&codec::to_base64(key.as_bytes())), Verdict::Valid);
            }
        }
    }

    #[test]
    fn keys_of_ssh_com_with_a_comment_in_quotes() {
        for seed in 0..20 {
            let key = key("ssh2", seed);
            for form in [key.clone(), key.replace('\n', "\r\n"), key.replace('\n', "\\n")] {
                assert_eq!(verdict(&form), Verdict::Valid, "{form}");
            }
        }
        assert_eq!(verdict(&key("ssh2", 1).replace("P2/56", "P2/57")), Verdict::Invalid);
    }

    #[test]
    fn one_line_with_spaces() {
        for kind in ["rsa", "pkcs8", "openssh"] {
            let key = key(kind, 3);
            let (head, rest) = key.split_once('\n').unwrap();
            assert_eq!(verdict(&format!("{head} {}", rest.replace('\n', " "))), Verdict::Valid);
        }
    }

    #[test]
    fn details_tell_algorithm_size_and_encryption() {
        let details = |kind: &str| judge(key(kind, 9).as_bytes(), 1).1;
        let has = |details: &Details, name: &str, value: &str| {
            assert!(details.iter().any(|(key, text)| *key == name && text == value), "{details:?}");
        };
        has(&details("rsa"), "bits", "2048");
        has(&details("rsa"), "algorithm", "RSA");
        has(&details("pkcs8"), "algorithm", "RSA");
        has(&details("ec"), "algorithm", "EC P-256");
        has(&details("pkcs8-encrypted"), "encrypted", "yes");
        has(&details("openssh"), "encrypted", "no");
        has(&details("openssh-encrypted"), "encrypted", "yes");
    }

    #[test]
    fn placeholders_are_no_keys() {
        let wrap =
            |label: &str, body: &str| format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----");
        let random = Generator::new(5).text(codec::BASE64, 256);
        assert_eq!(verdict(&wrap("RSA PRIVATE KEY", "...")), Verdict::Invalid);
        assert_eq!(verdict(&wrap("RSA PRIVATE KEY", "your key here")), Verdict::Invalid);
        assert_eq!(verdict(&wrap("RSA PRIVATE KEY", &format!("x{random}abc"))), Verdict::Invalid);
        assert_eq!(verdict(&wrap("OPENSSH PRIVATE KEY", &format!("x{random}abc"))), Verdict::Invalid);
        assert_eq!(verdict(&wrap("EXAMPLE PRIVATE KEY", &random)), Verdict::Unknown);
        assert_eq!(verdict("-----BEGIN RSA PRIVATE KEY-----"), Verdict::Invalid);
        assert_eq!(verdict(""), Verdict::Invalid);
    }

    #[test]
    fn old_encryption() {
        let body = codec::to_base64(&Generator::new(1).bytes(64));
        let text = format!(
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0011\n\n{body}\n-----END RSA PRIVATE KEY-----"
        );
        for form in [text.clone(), text.replace('\n', "\\n"), text.replace('\n', " ")] {
            let (verdict, details) = judge(form.as_bytes(), 1);
            assert_eq!(verdict, Verdict::Valid, "{form}");
            assert!(details.contains(&("cipher", "AES-128-CBC".to_owned())), "{details:?}");
        }
    }
}
