//! What each view reads.

use super::*;
use proptest::prelude::*;

fn text(kind: Kind, text: &[u8]) -> Vec<u8> {
    read(kind, text).iter().map(|unit| unit.byte).collect()
}

#[test]
fn escapes_are_undone() {
    let cases: [(Kind, &[u8], &[u8]); 42] = [
        (Kind::Percent, b"a%41%7a%u00e4%u0041%", "aAz\u{e4}A%".as_bytes()),
        (Kind::Percent, b"100% %4 %zz%2541", b"100% %4 %zz%41"),
        (Kind::Form, b"a+b%2B", b"a b+"),
        (Kind::Backslash, br#"\n\t\"\/\\\x41\u0042\U00000043\u{44}\101\0x"#, b"\n\t\"/\\ABCDA\0x"),
        (Kind::Backslash, br"\ud83d\ude00\ud83dx", "\u{1f600}\\ud83dx".as_bytes()),
        (Kind::Backslash, b"a\\\nb\\\r\nc", b"abc"),
        (Kind::Backslash, br"\8\$\ \12x\1", b"8$ \nx\\1"),
        (Kind::Entity, b"&amp;&#65;&#x42;&#X43;&apos;&nope;&", b"&ABC'&nope;&"),
        (Kind::Entity, b"a & b &# &amp", b"a & b &# &amp"),
        (Kind::Doubled, b"''a$$b", b"'a$b"),
        (Kind::Doubled, br#"'\''x"#, b"'x"),
        (Kind::Doubled, br#"'"'"'x"#, b"'x"),
        (Kind::Doubled, b"^&^^`$`n\"\"%%", b"&^$\n\"%"),
        (Kind::Joined, br#"a"'b" "c" + "d"#, b"abcd"),
        (Kind::Joined, br#"say "it" now"#, br#"say "it" now"#),
        (Kind::Printable, b"a=41=\r\nb=\nc=C3=A4=", b"aAbc\xc3\xa4="),
        (Kind::Unspaced, b"a b\r\n\t c ", b"abc "),
        (Kind::Terminal, b"a\x1b[1;31mb\x1b[0mc", b"abc"),
        (Kind::Terminal, b"a\x1b]8;;http://x\x07b\x1b]0;t\x1b\\c", b"abc"),
        (Kind::Terminal, b"a\x1b(Bb\x1bMc\x1b", b"abc\x1b"),
        (Kind::Terminal, b"a\x08ab\x08b_\x08cd\x08e_f", b"abcde_f"),
        (Kind::Terminal, "a\u{200b}b\u{feff}c\u{ad}d\u{2060}e\0f\u{e4}".as_bytes(), "abcdef\u{e4}".as_bytes()),
        (Kind::Base64(0), b"YWJjZA==", b"abcd"),
        (Kind::Base64(0), b"YWJj\n  ZGVm", b"abcdef"),
        (Kind::Base64(1), b"xYWJjZGVm", b"abcdef"),
        (Kind::Base64(3), b"xyzYWJjZGVm", b"abcdef"),
        (Kind::Base64(0), b"_-8_", b"\xff\xef\x3f"),
        (Kind::Pairs, b"41 42:43-44,0x45, 0x46", b"ABCDEF"),
        (Kind::Pairs, b"4142 4344\n4546", b"ABCDEF"),
        (Kind::Dump, b"00000000: 4142 4344 45                             ABCDE\n", b"ABCDE"),
        (Kind::Column, b"00000000: 4142 4344 45                             ABCDE\n", b"ABCDE"),
        (Kind::Dump, b"0000000 41 42 43\n0000003\n", b"ABC"),
        (Kind::Column, b"0000000 41 42 43\n0000003\n", b""),
        (Kind::Dump, b"00000000  41 42 43 44 45 46 47 48  49 4a 4b 4c 4d 4e 4f 50  |ABCDEFGHIJKLMNOP|\n00000010  51  |Q|\n", b"ABCDEFGHIJKLMNOPQ"),
        (Kind::Column, b"00000000  41 42 43 44 45 46 47 48  49 4a 4b 4c 4d 4e 4f 50  |ABCDEFGHIJKLMNOP|\n00000010  51  |Q|\n", b"ABCDEFGHIJKLMNOPQ"),
        (Kind::Dump, b"no dump at all\n", b""),
        (Kind::Percent, b"", b""),
        (Kind::Percent, b"%%41", b"%A"),
        (Kind::Backslash, b"\\", b"\\"),
        (Kind::Entity, b"&&amp;", b"&&"),
        (Kind::Doubled, b"'", b"'"),
        (Kind::Terminal, b"\x1b[", b"\x1b["),
    ];
    for (kind, input, expected) in cases {
        assert_eq!(
            text(kind, input).escape_ascii().to_string(),
            expected.escape_ascii().to_string(),
            "{kind:?} {}",
            input.escape_ascii()
        );
    }
}

proptest! {
    /// Places are in order and lie in the text, whatever stands in it; texts without an escape read as
    /// they are.
    #[test]
    fn places_are_in_order(pieces in proptest::collection::vec(
        prop_oneof![
            proptest::sample::select(vec![&b"\x1b[3"[..], b"1m", b"%4", b"\\u00", b"41", b"&#", b"amp;", b"''", b"\x08", b"_",
                b"\n0000000", b" 41 42", b"\xe2\x80", b"\x8b", b"=", b"\r\n", b"\x1b]", b"\x07", b"\"", b" "]).prop_map(<[u8]>::to_vec),
            proptest::collection::vec(any::<u8>(), 0..6),
        ], 0..30))
    {
        let text = pieces.concat();
        for kind in Kind::ALL {
            let units = read(kind, &text);
            for pair in units.windows(2) {
                prop_assert!(pair[0].start <= pair[1].start && pair[0].end <= pair[1].end, "{kind:?} {pair:?}");
            }
            prop_assert!(units.iter().all(|unit| unit.start < unit.end && unit.end <= text.len() as u64));
            let marked = text.iter().any(|&byte| kind.begins(byte) || byte == b'_');
            let encoded = matches!(kind, Kind::Base64(_) | Kind::Pairs | Kind::Dump | Kind::Column);
            if !marked && !encoded {
                prop_assert_eq!(units.iter().map(|unit| unit.byte).collect::<Vec<_>>(), text.clone());
            }
        }
    }
}
