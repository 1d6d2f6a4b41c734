//! Properties of the stream: nothing changes without a secret, nothing is held without need, pauses show
//! little, late values are told.

use crate::corpus::{cases, key, token};
use crate::support::*;
use proptest::prelude::*;
use sekisho::mask::{Form, IDLE, Masker, Options, TokenStyle};
use std::time::Duration;

fn forms_of(secret: &[u8]) -> Vec<Vec<u8>> {
    use crate::encode::*;
    vec![
        secret.to_vec(),
        base64(secret),
        hex(secret),
        percent(secret, b"", true),
        json(secret),
        secret.iter().flat_map(|&byte| [b"\x1b[1m", &[byte][..]].concat()).collect(),
        escape(secret, |_| true, |byte| format!("&#{byte};")),
        base64(&json(secret)),
    ]
}

/// Texts with escapes, pieces of secrets and bytes of any kind.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let secret = token();
    let forms = forms_of(&secret);
    let pieces = prop_oneof![
        4 => proptest::sample::select(forms),
        3 => (0usize..20, 0usize..20).prop_map(move |(one, other)| secret[one.min(other)..one.max(other)].to_vec()),
        4 => proptest::sample::select(vec![
            &b"\x1b[31m"[..], b"\x1b]0;t\x07", b"\\", b"%", b"%2", b"&#", b"&amp;", b"\\u00", b"''", b"$$", b"^", b"`",
            b"\x08", b"_", b"\0", b"\xe2\x80\x8b", b"\xe2", b"\n", b"\r\n", b" ", b" \r", b"=", b"=\n", b"41 42 43 44 ",
            b"0000000 41 42", b"\n00000010: 4142 4344", b"\"\"", b"' '", b"QUJDREVGR0hJSktMTU5PUFFS",
        ]).prop_map(<[u8]>::to_vec),
        3 => proptest::collection::vec(any::<u8>(), 0..12),
        2 => "[a-z]{1,8}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

fn cut<'a>(text: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let (mut rest, mut pieces) = (text, Vec::new());
    for &size in sizes.iter().cycle() {
        if rest.is_empty() || sizes.iter().all(|&size| size == 0) {
            break;
        }
        let (piece, others) = rest.split_at(size.min(rest.len()));
        pieces.push(piece);
        rest = others;
    }
    pieces.push(rest);
    pieces
}

fn needles() -> Vec<sekisho::mask::Needle> {
    vec![strong("S", &token()), plain("P", b"hunter22"), plain("Q", b"er22 pass")]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_pieces_give_the_same(text in text(), sizes in proptest::collection::vec(0usize..40, 1..20)) {
        let (expected, report) = masked(masker(&needles()), [&text[..]]);
        for pieces in [cut(&text, &sizes), text.chunks(1).collect()] {
            let (out, other) = masked(masker(&needles()), pieces);
            prop_assert!(out == expected, "\n{}\n{}\n{}", shown(&out), shown(&expected), shown(&text));
            prop_assert_eq!(&other, &report);
        }
    }

    #[test]
    fn other_texts_pass_byte_for_byte(text in proptest::collection::vec(any::<u8>(), 0..2000), sizes in proptest::collection::vec(0usize..40, 1..20)) {
        prop_assert_eq!(&masked(masker(&needles()), cut(&text, &sizes)).0, &text);
    }

    #[test]
    fn masked_twice_is_masked_once(text in text()) {
        let once = whole(&needles(), &text);
        prop_assert_eq!(shown(&whole(&needles(), &once)), shown(&once));
    }

    #[test]
    fn no_secret_in_any_form_comes_out(before in "[ -~]{0,30}", secret in "[a-zA-Z0-9]{20,40}", behind in "[ -~]{0,30}", form in 0usize..8) {
        let secret = secret.into_bytes();
        let spelled = forms_of(&secret).swap_remove(form);
        let text = [before.as_bytes(), b" ", &spelled, b" ", behind.as_bytes()].concat();
        let out = whole(&[strong("S", &secret)], &text);
        prop_assert!(contains(&out, b"[MASKED:S]"), "{}", shown(&out));
        // The first and the last characters of base64 also depend on what stands beside the secret.
        let inside = &spelled[2..spelled.len().min(22) - 2];
        prop_assert!(!contains(&out, inside), "{}", shown(&out));
    }

    /// Of a text without escapes and without secrets no more is held than could begin a value or an encoding.
    #[test]
    fn little_is_held(words in "[a-z]{1,12}([ ,.:;!?/-][a-zA-Z0-9]{1,12}|\n){0,40}", sizes in proptest::collection::vec(1usize..40, 1..20)) {
        let (mut masker, mut out, mut taken) = (masker(&needles()), Vec::new(), 0);
        for piece in cut(words.as_bytes(), &sizes) {
            masker.push(piece, &mut out);
            taken += piece.len();
            prop_assert!(taken - out.len() <= 20, "{} held of {}", taken - out.len(), words);
        }
    }
}

/// An escape in the middle of base64 and of values is not passed over, however the text comes.
#[test]
fn encodings_around_an_escape_are_read() {
    let token = token();
    let coded = crate::encode::base64(&token);
    for text in [
        [&token[..6], b"`raaa", &coded].concat(),
        [&coded[..24], b"\\n", &coded[24..], b"\\n"].concat(),
        [b"x", &token[..9], b"\\n", &token[9..], b" y"].concat(),
        [&token[..3], b"\x1b[31m ", &token[3..]].concat(),
    ] {
        let (expected, report) = masked(masker(&needles()), [&text[..]]);
        for size in 1..text.len() {
            let (out, other) = masked(masker(&needles()), text.chunks(size));
            assert_eq!((shown(&out), other), (shown(&expected), report.clone()), "pieces of {size}");
        }
        assert!(contains(&expected, b"[MASKED:S]"), "{}", shown(&expected));
    }
}

#[test]
fn a_token_is_written_once_and_colours_and_line_ends_stay() {
    let token = token();
    let text = [b"a ", &token[..9], b"\x1b[31m", &token[9..], &token, b"\x1b[0m b\r\n"].concat();
    assert_eq!(whole(&[strong("S", &token)], &text), b"a [MASKED:S]\x1b[31m\x1b[0m b\r\n");
    let text = [b"a ", &token[..9], b"\r\n", &token[9..], b" b"].concat();
    assert_eq!(whole(&[strong("S", &token)], &text), b"a [MASKED:S]\r\n b");
}

#[test]
fn the_report_tells_name_form_and_place() {
    let token = token();
    let text = [b"one\ntwo ", &token[..], b"\n", &crate::encode::hex(&token), b"\n"].concat();
    let (_, report) = masked(masker(&[strong("S", &token)]), text.chunks(3));
    let places: Vec<_> =
        report.masked.iter().map(|one| (one.name.as_str(), one.form, one.offset, one.line)).collect();
    assert_eq!(places, [("S", Form::Literal, 8, 2), ("S", Form::Hex, 29, 3)]);
    assert_eq!(report.counts[&("S".to_owned(), Form::Hex)], 1);
    assert_eq!(report.total(), 2);
}

#[test]
fn what_cannot_be_a_secret_leaves_at_once() {
    for prompt in
        ["Password: ", "Continue? [y/N] ", "\r 45% (3/7)", "Enter PIN:", "$ ", "a line\n", "50 %\r", "> "]
    {
        let (mut masker, mut out) = (masker(&[strong("S", &token()), plain("P", b"hunter22")]), Vec::new());
        masker.push(prompt.as_bytes(), &mut out);
        assert_eq!(shown(&out), shown(prompt.as_bytes()));
    }
}

#[test]
fn a_pause_shows_little_and_forgets_nothing() {
    let token = token();
    for at in 1..token.len() {
        let (mut masker, mut out) = (masker(&[strong("S", &token)]), Vec::new());
        masker.push(b"x ", &mut out);
        masker.push(&token[..at], &mut out);
        masker.tick(IDLE, &mut out);
        let shown_bytes = out.len().min(2 + 4);
        assert!(out.len() <= 6 || contains(&out, b"[MASKED:S]"), "{}", shown(&out));
        masker.push(&token[at..], &mut out);
        masker.push(b" y\n", &mut out);
        masker.finish(&mut out);
        assert!(!contains(&out, &token[shown_bytes - 2..]), "{}", shown(&out));
        assert!(!contains(&out, &token[4..]) && contains(&out, b"[MASKED:S] y\n"), "{}", shown(&out));
    }
    // Typed one key at a time, with a pause after each.
    let (mut masker, mut out) = (masker(&[strong("S", &token)]), Vec::new());
    for key in token.chunks(1) {
        masker.push(key, &mut out);
        masker.tick(Duration::from_millis(130), &mut out);
    }
    masker.push(b"\n", &mut out);
    assert!(out.len() < 4 + 12, "{}", shown(&out));
}

#[test]
fn a_pause_lets_everything_else_go() {
    let (mut masker, mut out) = (masker(&[strong("S", &token()), plain("P", b"Enter code 77")]), Vec::new());
    for part in ["half a word", " and 100%", " and \x1b[3", "1m red", " &am", " Enter code"] {
        masker.push(part.as_bytes(), &mut out);
        masker.tick(IDLE, &mut out);
        assert!(out.ends_with(part.as_bytes()), "{part:?}: {}", shown(&out));
    }
}

#[test]
fn values_registered_late_are_told_and_masked_from_then_on() {
    let token = token();
    let (mut masker, mut out) = (Masker::new(None, options()), Vec::new());
    masker.push(&[b"first ", &token[..], b"\n"].concat(), &mut out);
    let late = masker.add(vec![strong("S", &token)]);
    assert_eq!(late.len(), 1);
    assert_eq!((late[0].name.as_str(), late[0].offset), ("S", 6));
    assert_eq!(masker.report().late, late);
    masker.push(&[b"then ", &token[..], b"\n"].concat(), &mut out);
    masker.finish(&mut out);
    assert!(out.ends_with(b"then [MASKED:S]\n"), "{}", shown(&out));
    assert!(masker.add(vec![strong("T", b"never-printed-99x")]).is_empty());
}

#[test]
fn a_value_registered_while_half_of_it_is_held_is_masked() {
    // `A` holds back what begins like it.
    let first = token();
    let second = [&first[..9], b"Zq8-tail-71"].concat();
    let (mut masker, mut out) = (masker(&[strong("A", &first)]), Vec::new());
    masker.push(&[b"x ", &second[..9]].concat(), &mut out);
    masker.add(vec![strong("B", &second)]);
    masker.push(&[&second[9..], b" y\n"].concat(), &mut out);
    assert_eq!(shown(&out), "x [MASKED:B] y\\n");
}

#[test]
fn odd_values_do_no_harm() {
    let text = b"*** plain text *** [MASKED:X] and so on\n";
    for value in [&b""[..], b"q", b"***", b"[MASKED:X]", b"\n", b"\0\0"] {
        let needles = [plain("X", value), strong("Y", value)];
        let once = whole(&needles, text);
        assert_eq!(once, whole(&needles, &once), "{}", shown(value));
        same_for_all_pieces("odd", &|| masker(&needles), text);
    }
    let fixed = || {
        let mut masker =
            Masker::new(None, Options { token: TokenStyle::Fixed("***".to_owned()), unknown: false });
        masker.add(vec![plain("X", b"***"), strong("S", &token())]);
        masker
    };
    assert_eq!(masked(fixed(), [&b"a *** b\n"[..]]).0, b"a *** b\n");
}

#[test]
fn long_values_and_long_lines() {
    let long = Dice(5).text(BASE62, 64 << 10);
    let text = [b"a ", &long[..], b" b\n"].concat();
    for piece in [text.len(), 4096, 1000] {
        let (out, _) = masked(masker(&[strong("L", &long)]), text.chunks(piece));
        assert_eq!(shown(&out), "a [MASKED:L] b\\n");
    }
    let same = vec![b'a'; 64 << 10];
    assert_eq!(whole(&[plain("L", &same)], &[b"x ", &same[..], b" y"].concat()), b"x [MASKED:L] y");
    // Text without an end, of letters, escapes and beginnings of escapes.
    for unit in [
        &b"a"[..],
        b"%",
        b"\\",
        b"\x1b[",
        b"&",
        b"%25",
        b"\\u00",
        b"''",
        b"A9",
        b" ",
        b"41 ",
        b"\x1b]",
        b"_\x08",
    ] {
        let text: Vec<u8> = unit.iter().copied().cycle().take(300_000).collect();
        let (mut masker, mut out) = (masker(&needles()), Vec::new());
        for piece in text.chunks(10_000) {
            masker.push(piece, &mut out);
        }
        assert!(text.len() - out.len() < 8192, "{}: {} held", shown(unit), text.len() - out.len());
        masker.finish(&mut out);
        assert_eq!(out, text, "{}", shown(unit));
    }
}

#[test]
fn many_values() {
    let mut dice = Dice(9);
    let values: Vec<Vec<u8>> = (0..10_000).map(|_| dice.text(BASE62, 24)).collect();
    let needles: Vec<_> =
        values.iter().enumerate().map(|(at, value)| strong(&format!("N{at}"), value)).collect();
    let text = [b"a ", &values[9_999][..], b" ", &crate::encode::base64(&values[5_000]), b" b\n"].concat();
    assert_eq!(whole(&needles, &text), b"a [MASKED:N9999] [MASKED:N5000] b\n");
}

#[test]
fn nested_escapes_without_end() {
    let mut text = token();
    for _ in 0..12 {
        text = crate::encode::json(&text);
        text.insert(0, b'"');
        text.push(b'"');
    }
    let deep = [vec![b'\\'; 10_000], token(), vec![b'\\'; 10_000]].concat();
    for text in [text, deep] {
        let out = whole(&[strong("S", &token())], &text);
        assert!(contains(&out, b"[MASKED:S]") && !contains(&out, &token()));
    }
}

#[test]
fn pieces_of_a_key_in_a_shuffled_log() {
    let key = key();
    let mut lines: Vec<Vec<u8>> = key.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    lines.rotate_left(3);
    let text: Vec<u8> =
        lines.iter().flat_map(|line| [b"2026-01-01 | ", &line[..], b" |\n"].concat()).collect();
    let out = whole(&[strong("K", &key)], &text);
    for line in key.split(|&byte| byte == b'\n').filter(|line| line.len() > 10 && !line.starts_with(b"-----"))
    {
        assert!(!contains(&out, &line[..8]) && !contains(&out, &line[line.len() - 8..]));
    }
    assert!(cases().len() > 90, "{} cases", cases().len());
}
