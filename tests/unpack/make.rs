//! Makes containers, byte by byte where no program is sure to be there.

use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::io::Write;

/// A file in a container.
pub type File<'f> = (&'f str, &'f [u8]);

fn le16(value: usize) -> [u8; 2] {
    u16::try_from(value).unwrap().to_le_bytes()
}

fn le32(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap().to_le_bytes()
}

/// How a member of a zip archive is written.
#[derive(Clone, Copy)]
pub struct Zipped {
    pub method: u16,
    pub flags: u16,
    /// Added to the size that is told.
    pub lie: i64,
}

pub const DEFLATED: Zipped = Zipped { method: 8, flags: 0, lie: 0 };
pub const STORED: Zipped = Zipped { method: 0, flags: 0, lie: 0 };
/// As programs write that do not know the size beforehand: it follows in a descriptor.
pub const STREAMED: Zipped = Zipped { method: 8, flags: 8, lie: 0 };

/// A zip archive of these files, all written alike.
pub fn zip_as(files: &[File<'_>], how: Zipped) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let packed = match how.method {
            0 => content.to_vec(),
            8 => sirocco::compress(sirocco::Format::Deflate, sirocco::deflate::Level::DEFAULT, content),
            12 => bzip2(content),
            93 => zstd(content),
            95 => xz(content),
            other => panic!("method {other}"),
        };
        let size = usize::try_from(content.len() as i64 + how.lie).unwrap();
        let crc = crc32fast::hash(content).to_le_bytes();
        let offset = out.len();
        let known = how.flags & 8 == 0;
        let told = |value: usize| if known { le32(value) } else { [0; 4] };
        let about = |told_crc: [u8; 4], packed: [u8; 4], size: [u8; 4]| {
            [
                &20u16.to_le_bytes()[..],
                &how.flags.to_le_bytes(),
                &how.method.to_le_bytes(),
                &[0; 4],
                &told_crc,
                &packed,
                &size,
                &le16(name.len()),
                &[0; 2],
            ]
            .concat()
        };
        out.extend(b"PK\x03\x04");
        out.extend(about(if known { crc } else { [0; 4] }, told(packed.len()), told(size)));
        out.extend(name.as_bytes());
        out.extend(&packed);
        if !known {
            out.extend(b"PK\x07\x08");
            out.extend(crc);
            out.extend(le32(packed.len()));
            out.extend(le32(size));
        }
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(about(crc, le32(packed.len()), le32(size)));
        directory.extend([0; 10]);
        directory.extend(le32(offset));
        directory.extend(name.as_bytes());
    }
    let start = out.len();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([le16(files.len().min(0xffff)), le16(files.len().min(0xffff))].concat());
    out.extend(le32(directory.len()));
    out.extend(le32(start));
    out.extend([0; 2]);
    out
}

/// A zip archive.
pub fn zip(files: &[File<'_>]) -> Vec<u8> {
    zip_as(files, DEFLATED)
}

/// The header of a member of a tar archive.
pub fn tar_header(name: &str, size: usize, kind: u8) -> Vec<u8> {
    let mut block = vec![0u8; 512];
    block[..name.len().min(100)].copy_from_slice(&name.as_bytes()[..name.len().min(100)]);
    block[100..108].copy_from_slice(b"0000644\0");
    block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    block[136..148].copy_from_slice(b"00000000000\0");
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// A member of a tar archive.
pub fn tar_member(name: &str, content: &[u8], kind: u8) -> Vec<u8> {
    let mut out = Vec::new();
    if name.len() > 100 {
        out.extend(tar_member("././@LongLink", &[name.as_bytes(), b"\0"].concat(), b'L'));
    }
    out.extend(tar_header(name, content.len(), kind));
    out.extend(content);
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

/// A tar archive.
pub fn tar(files: &[File<'_>]) -> Vec<u8> {
    let mut out: Vec<u8> = files.iter().flat_map(|(name, content)| tar_member(name, content, b'0')).collect();
    out.extend([0; 1024]);
    out
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    sirocco::compress(sirocco::Format::Gzip, sirocco::deflate::Level::DEFAULT, content)
}

pub fn zlib(content: &[u8]) -> Vec<u8> {
    sirocco::compress(sirocco::Format::Zlib, sirocco::deflate::Level::DEFAULT, content)
}

pub fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(content, 3).unwrap()
}

pub fn xz(content: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

/// An ar archive with the long names of GNU.
pub fn ar(files: &[File<'_>]) -> Vec<u8> {
    let mut out = b"!<arch>\n".to_vec();
    let mut names = Vec::new();
    let mut bodies = Vec::new();
    for (name, content) in files {
        let short = match name.len() {
            ..16 => format!("{name}/"),
            _ => {
                let at = names.len();
                names.extend(format!("{name}/\n").bytes());
                format!("/{at}")
            }
        };
        bodies.push((short, *content));
    }
    if !names.is_empty() {
        bodies.insert(0, ("//".to_owned(), &names));
    }
    for (name, content) in bodies {
        let length = content.len();
        out.extend(format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{length:<10}`\n", 0, 0, 0, 100_644).bytes());
        out.extend(content);
        if length % 2 == 1 {
            out.push(b'\n');
        }
    }
    out
}

/// A cpio archive in the format `newc`.
pub fn cpio(files: &[File<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in files.iter().copied().chain([("TRAILER!!!", &b""[..])]) {
        let fields = [0, 0o100_644, 0, 0, 1, 0, content.len(), 0, 0, 0, 0, name.len() + 1, 0];
        out.extend(b"070701");
        fields.iter().for_each(|field| out.extend(format!("{field:08x}").bytes()));
        out.extend(name.bytes());
        out.push(0);
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend(content);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

/// An rpm package with these files, and this text among its headers.
pub fn rpm(script: &[u8], files: &[File<'_>]) -> Vec<u8> {
    let mut out = vec![0xed, 0xab, 0xee, 0xdb, 3, 0, 0, 0];
    out.resize(96, 0);
    for (store, align) in [(&b"sum"[..], 8), (script, 1)] {
        out.extend([0x8e, 0xad, 0xe8, 1, 0, 0, 0, 0]);
        out.extend(1u32.to_be_bytes());
        out.extend(u32::try_from(store.len()).unwrap().to_be_bytes());
        out.extend([0; 16]);
        out.extend(store);
        let body = 16 + store.len();
        out.resize(out.len() + body.next_multiple_of(align) - body, 0);
    }
    out.extend(zstd(&cpio(files)));
    out
}

/// A 7z archive, with a password where one is given.
pub fn seven(files: &[File<'_>], password: Option<&str>) -> Vec<u8> {
    let mut writer = sevenz_rust2::ArchiveWriter::new(std::io::Cursor::new(Vec::new())).unwrap();
    if let Some(password) = password {
        writer.set_content_methods(vec![
            sevenz_rust2::encoder_options::AesEncoderOptions::new(password.into()).into(),
            sevenz_rust2::EncoderMethod::LZMA2.into(),
        ]);
    }
    for (name, content) in files {
        let entry = sevenz_rust2::ArchiveEntry::new_file(name);
        writer.push_archive_entry(entry, Some(*content)).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// An asar archive of one file in a directory.
pub fn asar(directory: &str, name: &str, content: &[u8]) -> Vec<u8> {
    let header = format!(
        r#"{{"files":{{"{directory}":{{"files":{{"{name}":{{"size":{},"offset":"0"}}}}}}}}}}"#,
        content.len()
    );
    let padded = header.len().next_multiple_of(4);
    let mut out = Vec::new();
    for value in [4, padded + 8, padded + 4, header.len()] {
        out.extend(le32(value));
    }
    out.extend(header.bytes());
    out.resize(16 + padded, 0);
    out.extend(content);
    out
}

fn varint(value: usize) -> Vec<u8> {
    match value {
        0..128 => vec![value as u8],
        _ => vec![(value >> 7) as u8 | 0x80, value as u8 & 0x7f],
    }
}

/// A record of texts, and numbers for those that are given as such.
fn record(values: &[Result<&str, u8>]) -> Vec<u8> {
    let mut types = Vec::new();
    let mut body = Vec::new();
    for value in values {
        match value {
            Ok(text) => {
                types.extend(varint(13 + 2 * text.len()));
                body.extend(text.bytes());
            }
            Err(number) => {
                types.push(1);
                body.push(*number);
            }
        }
    }
    [&[types.len() as u8 + 1][..], &types, &body].concat()
}

/// A leaf page of 512 bytes with these records; `first` is the header of the file before it.
fn leaf(first: &[u8], records: &[Vec<u8>]) -> Vec<u8> {
    let mut page = vec![0; 512];
    page[..first.len()].copy_from_slice(first);
    let head = first.len();
    let mut end = 512;
    page[head] = 13;
    page[head + 3..head + 5].copy_from_slice(&(records.len() as u16).to_be_bytes());
    for (index, record) in records.iter().enumerate() {
        let cell = [&varint(record.len())[..], &varint(index + 1), record].concat();
        end -= cell.len();
        page[end..end + cell.len()].copy_from_slice(&cell);
        page[head + 8 + 2 * index..head + 10 + 2 * index].copy_from_slice(&(end as u16).to_be_bytes());
    }
    page
}

/// An SQLite database with one table of one column, and in it these bytes (fewer than 400).
pub fn sqlite_bytes(table: &str, column: &str, bytes: &[u8]) -> Vec<u8> {
    let mut whole = sqlite(table, (column, "b"), &[]);
    let types = varint(12 + 2 * bytes.len());
    let row = [&[types.len() as u8 + 1][..], &types, bytes].concat();
    whole.truncate(512);
    [whole, leaf(&[], &[row])].concat()
}

/// An SQLite database with one table of two columns and these rows.
pub fn sqlite(table: &str, columns: (&str, &str), rows: &[(&str, &str)]) -> Vec<u8> {
    let mut head = b"SQLite format 3\0".to_vec();
    head.extend(512u16.to_be_bytes());
    head.extend([1, 1, 0, 64, 32, 32]);
    head.resize(100, 0);
    head[59] = 1;
    let sql = format!("CREATE TABLE {table} ({} TEXT, {} TEXT)", columns.0, columns.1);
    let schema = record(&[Ok("table"), Ok(table), Ok(table), Err(2), Ok(&sql)]);
    let rows: Vec<Vec<u8>> = rows.iter().map(|(one, other)| record(&[Ok(one), Ok(other)])).collect();
    [leaf(&head, &[schema]), leaf(&[], &rows)].concat()
}

/// Bytes that no compression makes shorter.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// A message with a quoted text and an archive attached.
pub fn message(quoted: &str, attached: &[u8]) -> String {
    let encoded = base64_simd::STANDARD.encode_to_string(attached);
    let lines: Vec<&str> =
        encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!(
        "Received: by mail.example.org\r\nFrom: Ann <a@example.org>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"=_x\"\r\n\r\n--=_x\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         {quoted}\r\n--=_x\r\n\
         Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"logs.zip\"\r\n\r\n{}\r\n--=_x--\r\n",
        lines.join("\r\n")
    )
}

/// An element of DER.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let length = match length {
        0..128 => vec![length as u8],
        _ => vec![0x82, (length >> 8) as u8, length as u8],
    };
    [&[tag][..], &length, content].concat()
}

const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];

/// A keystore of PKCS#12 with an encrypted key, or without one, under a password.
pub fn pkcs12(password: &str, key: bool) -> Vec<u8> {
    let bag: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, if key { 2 } else { 3 }];
    let bag = der(0x30, &[der(6, bag), der(0xa0, &der(4, &noise(300)))].concat());
    let content = der(0x30, &[der(6, DATA), der(0xa0, &der(4, &der(0x30, &bag)))].concat());
    let data = der(0x30, &content);
    // RFC 7292, B.2, for SHA-256: one block of each.
    let (salt, rounds) = (*b"saltsalt", 3);
    let units: Vec<u8> = password.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect();
    let filled = |bytes: &[u8]| -> Vec<u8> { bytes.iter().copied().cycle().take(64).collect() };
    let mut key = Sha256::digest([vec![3; 64], filled(&salt), filled(&units)].concat()).to_vec();
    for _ in 1..rounds {
        key = Sha256::digest(&key).to_vec();
    }
    key.resize(64, 0);
    let padded = |by: u8| key.iter().map(|byte| byte ^ by).collect::<Vec<u8>>();
    let inner = Sha256::digest([padded(0x36), data.clone()].concat());
    let mac = Sha256::digest([padded(0x5c), inner.to_vec()].concat());
    let hash = der(0x30, &der(6, &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]));
    let info = der(0x30, &[hash, der(4, &mac)].concat());
    let mac = der(0x30, &[info, der(4, &salt), der(2, &[rounds])].concat());
    let outer = der(0x30, &[der(6, DATA), der(0xa0, &der(4, &data))].concat());
    der(0x30, &[der(2, &[3]), outer, mac].concat())
}

/// A keystore of Java with a key, or without one, under a password.
pub fn jks(password: &str, key: bool) -> Vec<u8> {
    let mut out = vec![0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, 1];
    out.extend([0, 0, 0, if key { 1 } else { 2 }, 0, 2, b'm', b'e']);
    out.extend([0; 8]);
    let certificate = [&b"\0\x05X.509\0\0\0\x04"[..], b"cert"].concat();
    if key {
        out.extend(b"\0\0\0\x03key\0\0\0\x01");
    }
    out.extend(certificate);
    let mut hash = Sha1::new();
    password.encode_utf16().for_each(|unit| hash.update(unit.to_be_bytes()));
    hash.update(b"Mighty Aphrodite");
    hash.update(&out);
    let digest = hash.finalize();
    out.extend(digest);
    out
}

/// A class file of Java with this constant, at most 255 bytes.
pub fn class(constant: &str) -> Vec<u8> {
    let mut out = vec![0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 65, 0, 3, 1, 0, 4];
    out.extend(b"Code\x01\0");
    out.push(u8::try_from(constant.len()).unwrap());
    out.extend(constant.bytes());
    out
}

/// Compiled code of Python with this constant, at most 255 bytes.
pub fn pyc(constant: &str) -> Vec<u8> {
    let mut out = b"\xcb\x0d\r\n".to_vec();
    out.extend([0; 12]);
    out.extend(b"\xe3\0\0\0\0)\x02\xfa\x05first\xfa");
    out.push(u8::try_from(constant.len()).unwrap());
    out.extend(constant.bytes());
    out
}

/// Compiled code of Android with this constant, at most 127 bytes.
pub fn dex(constant: &str) -> Vec<u8> {
    let mut out = b"dex\n035\0".to_vec();
    out.resize(0x70, 0);
    (out[0x38], out[0x3c]) = (1, 0x70);
    out.extend([0x74, 0, 0, 0, u8::try_from(constant.len()).unwrap()]);
    out.extend(constant.bytes());
    out.push(0);
    out
}

/// A PDF document: the text of its page, the address of a link on it, the content of a file attached.
pub fn pdf(page: &str, link: &str, attached: &str) -> Vec<u8> {
    let stream = |about: &str, content: &str| {
        let content = zlib(content.as_bytes());
        let head = format!("<</Filter/FlateDecode/Length {}{about}>>\nstream\n", content.len());
        [head.as_bytes(), &content, b"\nendstream"].concat()
    };
    let objects = [
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Annots[6 0 R]\
          /Resources<</Font<</F1 5 0 R>>>>>>"
            .to_vec(),
        stream("", &format!("BT /F1 12 Tf 72 720 Td ({page}) Tj ET")),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_vec(),
        format!("<</Type/Annot/Subtype/Link/A<</S/URI/URI({link})>>>>").into_bytes(),
        stream("/Type/EmbeddedFile", attached),
    ];
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(out.len());
        out.extend(format!("{} 0 obj\n", index + 1).bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let table = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    offsets.iter().for_each(|offset| out.extend(format!("{offset:010} 00000 n \n").bytes()));
    out.extend(
        format!("trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1).bytes(),
    );
    out
}

/// A notebook with these lines in a source and in an output.
pub fn notebook(source: &str, output: &str) -> Vec<u8> {
    let notebook = serde_json::json!({
        "cells": [
            { "cell_type": "code", "source": ["# one\n", source],
              "outputs": [{ "output_type": "stream", "text": [output] }] },
        ],
        "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
    });
    serde_json::to_vec_pretty(&notebook).unwrap()
}
