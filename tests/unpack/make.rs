//! Makes containers, byte by byte where no program is sure to be there.

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
