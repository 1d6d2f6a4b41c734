use super::*;
use proptest::prelude::*;

/// Names and contents of all members, and the trouble with the whole.
fn read(kind: Kind, input: Input<'_>) -> (Vec<(String, Vec<u8>)>, Option<Trouble>) {
    let limits = Limits { size: 8 << 20, members: 10_000, ..Limits::default() };
    let mut seen = Vec::new();
    let result = members(kind, input, &Budget::new(limits), &mut |member| {
        let mut bytes = Vec::new();
        match member.content {
            Content::Bytes(all) => bytes.extend_from_slice(all),
            Content::Stream(reader) => drop(reader.read_to_end(&mut bytes)),
            Content::Nothing(trouble) => bytes.extend(trouble.to_string().bytes()),
        }
        seen.push((String::from_utf8_lossy(member.path).into_owned(), bytes));
    });
    (seen, result.err().map(|error| Trouble::of(&error)))
}

const KINDS: [Kind; 14] = [
    Kind::Zip,
    Kind::Tar,
    Kind::Ar,
    Kind::Cpio,
    Kind::Rpm,
    Kind::SevenZip,
    Kind::Asar,
    Kind::Sqlite,
    Kind::Mail,
    Kind::Keystore,
    Kind::Pdf,
    Kind::Class,
    Kind::Dex,
    Kind::Pyc,
];

/// How each kind begins.
fn beginning(kind: Kind) -> &'static [u8] {
    match kind {
        Kind::Zip => b"PK\x03\x04",
        Kind::Tar => b"name",
        Kind::Ar => ar::MARK,
        Kind::Cpio => b"070701",
        Kind::Rpm => cpio::RPM,
        Kind::SevenZip => seven::MARK,
        Kind::Asar => b"\x04\0\0\0",
        Kind::Sqlite => sqlite::MARK,
        Kind::Mail => b"From: a\nContent-Type: multipart/mixed; boundary=0\n\n--0\n",
        Kind::Keystore => b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\x01\0\0\0\x01",
        Kind::Pdf => b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer\n<</Root 1 0 R>>\n",
        Kind::Class => b"\xca\xfe\xba\xbe\0\0\0\x41\0",
        Kind::Dex => constants::DEX,
        Kind::Pyc => b"\xcb\x0d\r\n\0\0\0\0",
    }
}

#[test]
fn an_ar_archive_in_memory_and_as_a_stream() {
    let mut bytes = ar::MARK.to_vec();
    for (name, content) in [("a.txt/", &b"odd"[..]), ("#1/5", b"long\0rest")] {
        bytes.extend(format!("{name:<16}{:<32}{:<10}`\n", "0", content.len()).bytes());
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(2), b'\n');
    }
    let wanted = vec![("a.txt".to_owned(), b"odd".to_vec()), ("long".to_owned(), b"rest".to_vec())];
    assert_eq!(read(Kind::Ar, Input::Bytes(&bytes)), (wanted.clone(), None));
    assert_eq!(read(Kind::Ar, Input::Stream(&mut &bytes[..])), (wanted, None));
}

#[test]
fn what_is_no_container_is_none() {
    for text in [&b""[..], b"PK", b"PK is a name", b"07070", b"!<arch>", b"hello", &[0; 600], &[b' '; 600]] {
        assert_eq!(Kind::detect(text), None, "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Bytes that begin like a container and go on as they like.
    #[test]
    fn no_bytes_panic(
        kind in 0..KINDS.len(),
        rest in proptest::collection::vec(prop_oneof![Just(0u8), Just(b'0'), Just(0xff), any::<u8>()], 0..700),
        stream in any::<bool>(),
    ) {
        let kind = KINDS[kind];
        let bytes = [beginning(kind), &rest].concat();
        let _ = Kind::detect(&bytes);
        let _ = zip_appended(&bytes);
        let _ = match stream {
            true => read(kind, Input::Stream(&mut &bytes[..])),
            false => read(kind, Input::Bytes(&bytes)),
        };
    }
}
