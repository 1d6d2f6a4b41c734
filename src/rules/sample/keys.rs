//! Private keys for samples: right in structure, with random numbers in them. None can be used.

use crate::rules::check::{Generator, KeyFile, codec, sums};

/// The kinds of keys that can be made.
pub(super) const KINDS: [&str; 10] =
    ["rsa", "pkcs8", "pkcs8-encrypted", "ec", "dsa", "openssh", "openssh-encrypted", "ssh2", "pgp", "putty"];

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
const HMAC_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9];
const AES256_CBC: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
/// Ed25519 as OpenPGP names it.
const PGP_ED25519: &[u8] = &[0x2b, 6, 1, 4, 1, 0xda, 0x47, 0x0f, 1];

/// A key of this kind with its BEGIN and END lines, without a line end behind it.
pub(super) fn pem(random: &mut Generator, kind: &str) -> Option<String> {
    let (label, bytes) = match kind {
        "rsa" => ("RSA PRIVATE KEY", rsa(random)),
        "pkcs8" => {
            let algorithm = sequence(&[tagged(6, RSA), tagged(5, &[])]);
            ("PRIVATE KEY", sequence(&[integer(&[0]), algorithm, tagged(4, &rsa(random))]))
        }
        "pkcs8-encrypted" => ("ENCRYPTED PRIVATE KEY", encrypted(random)),
        "ec" => {
            let public = [&[0, 4], &random.bytes(64)[..]].concat();
            let parts = [
                integer(&[1]),
                tagged(4, &random.bytes(32)),
                tagged(0xa0, &tagged(6, P256)),
                tagged(0xa1, &tagged(3, &public)),
            ];
            ("EC PRIVATE KEY", sequence(&parts))
        }
        "dsa" => {
            let numbers = [128, 20, 128, 128, 20].map(|size| number(random, size));
            ("DSA PRIVATE KEY", sequence(&[&[integer(&[0])], &numbers[..]].concat()))
        }
        "openssh" => ("OPENSSH PRIVATE KEY", openssh(random, false)),
        "openssh-encrypted" => ("OPENSSH PRIVATE KEY", openssh(random, true)),
        "ssh2" => return Some(ssh2(random)),
        "pgp" => return Some(pgp(random)),
        "putty" => return Some(putty(random)),
        _ => return None,
    };
    let width = if label.starts_with("OPENSSH") { 70 } else { 64 };
    Some(armour(label, &lines(&bytes, width)))
}

/// The form of ssh.com: a magic number, the size of all, the kind of key, its cipher and its numbers.
fn ssh2(random: &mut Generator) -> String {
    let kind = string(b"if-modn{sign{rsa-pkcs1-sha1},encrypt{rsa-pkcs1v2-oaep}}");
    let inside = [kind, string(b"none"), string(&random.bytes(700))].concat();
    let head = [&[0x3f, 0x6f, 0xf9, 0xeb][..], &(inside.len() as u32 + 8).to_be_bytes()].concat();
    let dashes = "-".repeat(4);
    let label = "SSH2 ENCRYPTED PRIVATE KEY";
    let body = lines(&[head, inside].concat(), 70);
    format!("{dashes} BEGIN {label} {dashes}\nComment: \"rsa\"\n{body}\n{dashes} END {label} {dashes}")
}

fn lines(bytes: &[u8], width: usize) -> String {
    let text = codec::to_base64(bytes);
    let lines: Vec<&str> =
        (0..text.len()).step_by(width).map(|at| &text[at..text.len().min(at + width)]).collect();
    lines.join("\n")
}

fn armour(label: &str, body: &str) -> String {
    let dashes = "-".repeat(5);
    format!("{dashes}BEGIN {label}{dashes}\n{body}\n{dashes}END {label}{dashes}")
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..=0x7f => out.push(length as u8),
        0x80..=0xff => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend_from_slice(content);
    out
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tagged(0x30, &parts.concat())
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    tagged(2, bytes)
}

/// A positive INTEGER of exactly this many bytes, with its highest bit set.
fn number(random: &mut Generator, size: usize) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend(random.bytes(size));
    bytes[1] |= 0x80;
    bytes[size] |= 1;
    integer(&bytes)
}

fn rsa(random: &mut Generator) -> Vec<u8> {
    let mut parts = vec![integer(&[0]), number(random, 256), integer(&[1, 0, 1])];
    parts.extend([256, 128, 128, 128, 128, 128].map(|size| number(random, size)));
    sequence(&parts)
}

fn encrypted(random: &mut Generator) -> Vec<u8> {
    let function = sequence(&[tagged(6, HMAC_SHA256), tagged(5, &[])]);
    let derivation = sequence(&[tagged(4, &random.bytes(8)), integer(&[0x08, 0x00]), function]);
    let derivation = sequence(&[tagged(6, PBKDF2), derivation]);
    let cipher = sequence(&[tagged(6, AES256_CBC), tagged(4, &random.bytes(16))]);
    let scheme = sequence(&[tagged(6, PBES2), sequence(&[derivation, cipher])]);
    sequence(&[scheme, tagged(4, &random.bytes(1232))])
}

fn string(text: &[u8]) -> Vec<u8> {
    [&(text.len() as u32).to_be_bytes(), text].concat()
}

/// Public and private part of an Ed25519 key as SSH writes them, without comment.
fn ssh_parts(random: &mut Generator) -> (Vec<u8>, Vec<u8>) {
    let public = random.bytes(32);
    let blob = [string(b"ssh-ed25519"), string(&public)].concat();
    let both = [random.bytes(32), public].concat();
    (blob.clone(), [blob, string(&both)].concat())
}

fn openssh(random: &mut Generator, locked: bool) -> Vec<u8> {
    let (blob, body) = ssh_parts(random);
    let twin = random.bytes(4);
    let mut private = [twin.clone(), twin, body, string(b"")].concat();
    let block = if locked { 16 } else { 8 };
    for pad in 1.. {
        if private.len() % block == 0 {
            break;
        }
        private.push(pad);
    }
    let (cipher, derivation, options) = if locked {
        private = random.bytes(private.len());
        let options = [string(&random.bytes(16)), 16u32.to_be_bytes().to_vec()].concat();
        (&b"aes256-ctr"[..], &b"bcrypt"[..], options)
    } else {
        (&b"none"[..], &b"none"[..], Vec::new())
    };
    let parts = [
        b"openssh-key-v1\0".to_vec(),
        string(cipher),
        string(derivation),
        string(&options),
        1u32.to_be_bytes().to_vec(),
        string(&blob),
        string(&private),
    ];
    parts.concat()
}

fn packet(tag: u8, body: &[u8]) -> Vec<u8> {
    [&[0xc0 | tag, body.len() as u8], body].concat()
}

/// A secret key packet that is not encrypted, a user id, and the checksum of both.
fn pgp(random: &mut Generator) -> String {
    let created = (1_700_000_000 + random.below(50_000_000)) as u32;
    let mut key = vec![4];
    key.extend(created.to_be_bytes());
    key.extend([22, PGP_ED25519.len() as u8]);
    key.extend_from_slice(PGP_ED25519);
    key.extend([0x01, 0x07, 0x40]);
    key.extend(random.bytes(32));
    let mut secret = random.bytes(32);
    secret[0] |= 0x80;
    let number = [&[0x01, 0x00], &secret[..]].concat();
    let sum = number.iter().fold(0u16, |sum, &byte| sum.wrapping_add(u16::from(byte)));
    key.push(0);
    key.extend(number);
    key.extend(sum.to_be_bytes());
    let user = format!("{} <someone@example.org>", random.text(b"abcdefghijklmnopqrstuvwxyz", 8));
    let bytes = [packet(5, &key), packet(13, user.as_bytes())].concat();
    let sum = codec::to_base64(&sums::crc24(&bytes).to_be_bytes()[1..]);
    armour("PGP PRIVATE KEY BLOCK", &format!("\n{}\n={sum}", lines(&bytes, 64)))
}

fn putty(random: &mut Generator) -> String {
    let (public, _) = ssh_parts(random);
    let file = KeyFile {
        version: 3,
        kind: "ssh-ed25519",
        encryption: "none",
        comment: "someone@example.org",
        public,
        private: string(&random.bytes(32)),
    };
    let (public, private) = (lines(&file.public, 64), lines(&file.private, 64));
    format!(
        "PuTTY-User-Key-File-3: {}\nEncryption: {}\nComment: {}\nPublic-Lines: {}\n{public}\n\
         Private-Lines: {}\n{private}\nPrivate-MAC: {}",
        file.kind,
        file.encryption,
        file.comment,
        public.lines().count(),
        private.lines().count(),
        file.mac()
    )
}
