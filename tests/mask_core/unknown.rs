//! Secrets that were not registered: the rules of the engine, live.

use crate::support::{Dice, contains, masked, same_for_all_pieces, shown};
use proptest::prelude::*;
use sekisho::engine::Engine;
use sekisho::mask::{IDLE, Masker, Options, TokenStyle};
use sekisho::rules::rule::{Anchor, Matcher, Token};
use sekisho::rules::{RuleSet, sample};
use std::sync::{Arc, OnceLock};

fn engine() -> Arc<Engine> {
    static ENGINE: OnceLock<Arc<Engine>> = OnceLock::new();
    Arc::clone(ENGINE.get_or_init(|| Arc::new(Engine::new(RuleSet::builtin()))))
}

fn masker() -> Masker {
    Masker::new(Some(engine()), Options { token: TokenStyle::Named, unknown: true })
}

fn whole(text: &[u8]) -> Vec<u8> {
    masked(masker(), [text]).0
}

/// A sample of a rule: its text and its secret.
fn sample_of(rule: &str, seed: u64) -> (Vec<u8>, Vec<u8>) {
    let rules = RuleSet::builtin();
    let rule = rules.iter().find(|(_, held)| held.id == rule).unwrap().1;
    let sample = sample::expand(&rule.hit[0], seed).unwrap();
    let secret = sample.text[sample.secret.unwrap().range()].to_vec();
    (sample.text, secret)
}

/// A private key's text, of a made-up body.
fn private_key(lines: usize, end: bool) -> Vec<u8> {
    let mut dice = Dice(77);
    let mut text = ["-----BEGIN ", "RSA PRIVATE KEY-----\n"].concat().into_bytes();
    for _ in 0..lines {
        text.extend(dice.text(crate::encode::STD, 64));
        text.push(b'\n');
    }
    if end {
        text.extend(["-----END ", "RSA PRIVATE KEY-----\n"].concat().into_bytes());
    }
    text
}

/// Every rule's samples, each on lines of its own.
fn samples() -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let rules = RuleSet::builtin();
    let mut all = Vec::new();
    for (_, rule) in rules.iter().filter(|(_, rule)| rule.enabled) {
        for template in rule.hit.iter() {
            let sample = sample::expand(template, 3).unwrap();
            let secret = sample.text[sample.secret.unwrap().range()].to_vec();
            all.push((rule.id.to_string(), sample.text, secret));
        }
    }
    all
}

#[test]
fn the_samples_of_all_rules_are_masked() {
    let samples = samples();
    let leaks: Vec<String> = samples
        .iter()
        .filter_map(|(rule, text, secret)| {
            let out = whole(&[b"log: ", &text[..], b"\nnext\n"].concat());
            contains(&out, secret).then(|| format!("{rule}: {}", shown(text)))
        })
        .collect();
    // What a rule only tells by words on following lines comes too late for a live log.
    assert!(
        leaks.len() * 100 <= samples.len(),
        "{} of {}:\n{}",
        leaks.len(),
        samples.len(),
        leaks.join("\n")
    );
}

#[test]
fn pieces_make_no_difference() {
    for (rule, text, _) in samples().iter().step_by(61) {
        let text = [b"start\n", &text[..], b" tail\nkey: x\n", &text[..], b"\n"].concat();
        same_for_all_pieces(rule, &masker, &text[..text.len().min(500)]);
    }
    for (lines, end) in [(3, true), (3, false), (0, true)] {
        let text = [b"a\n", &private_key(lines, end)[..], b"done with it\nmore\n"].concat();
        same_for_all_pieces("private key", &masker, &text);
    }
}

#[test]
fn a_value_that_was_masked_stays_known_in_all_forms() {
    let (text, secret) = sample_of("github-pat-classic", 1);
    let text = [
        &text[..],
        b"\nhex ",
        &crate::encode::hex(&secret),
        b"\nbase64 ",
        &crate::encode::base64(&secret),
        b"\n",
    ]
    .concat();
    let out = whole(&text);
    assert!(!contains(&out, &crate::encode::hex(&secret)[..16]), "{}", shown(&out));
    assert!(!contains(&out, &crate::encode::base64(&secret)[..16]), "{}", shown(&out));
    same_for_all_pieces("learned", &masker, &text);
}

#[test]
fn private_keys_are_masked_from_their_begin_on() {
    let key = private_key(4, false);
    let out = whole(&[&key[..], b"the build goes on\n"].concat());
    assert!(out.ends_with(b"the build goes on\n") && out.starts_with(b"[MASKED:"), "{}", shown(&out));
    for line in key.split(|&byte| byte == b'\n').filter(|line| line.len() == 64) {
        assert!(!contains(&out, &line[..12]), "{}", shown(&out));
    }
    let prefixed: Vec<u8> =
        key.split_inclusive(|&byte| byte == b'\n').flat_map(|line| [b"#8 0.31 ", line].concat()).collect();
    let out = whole(&prefixed);
    assert!(!contains(&out, &key[40..56]) && !contains(&out, &key[110..126]), "{}", shown(&out));
    let escaped = crate::encode::json(&private_key(4, true));
    let out = whole(&[b"{\"key\":\"", &escaped[..], b"\",\"x\":1}\n"].concat());
    assert!(out.starts_with(b"{\"key\":\"[MASKED:") && out.ends_with(b"\",\"x\":1}\n"), "{}", shown(&out));
}

#[test]
fn digests_and_ids_are_left_alone() {
    let mut dice = Dice(3);
    let mut hex = |count| String::from_utf8(dice.text(b"0123456789abcdef", count)).unwrap();
    let text = format!(
        "commit {}\nsha256:{}\nDigest: sha256:{}\n{}-{}-4{}-a{}-{}\n\"integrity\": \"sha512-{}\"\n   Compiling libc v0.2.1\n\
         Running `rustc --crate-name a -C metadata={} -C extra-filename=-{}`\n",
        hex(40),
        hex(64),
        hex(64),
        hex(8),
        hex(4),
        hex(3),
        hex(3),
        hex(12),
        String::from_utf8(crate::encode::base64(&Dice(4).text(&(0..=255).collect::<Vec<u8>>(), 64))).unwrap(),
        hex(16),
        hex(16)
    );
    assert_eq!(shown(&whole(text.as_bytes())), shown(text.as_bytes()));
}

#[test]
fn prompts_and_progress_leave_at_once_and_names_do_not_wait() {
    for part in [
        "Password: ",
        "Enter passphrase for key '/root/.ssh/id_rsa': ",
        "\r 45% [=====>    ]",
        "API_KEY = ",
        "token: \"",
        "a line\n",
    ] {
        let (mut masker, mut out) = (masker(), Vec::new());
        masker.push(part.as_bytes(), &mut out);
        assert_eq!(shown(&out), shown(part.as_bytes()));
    }
}

#[test]
fn a_pause_masks_what_has_come_far_enough() {
    let (_, secret) = sample_of("github-pat-classic", 5);
    let (mut masker, mut out) = (masker(), Vec::new());
    masker.push(&[b"x ", &secret[..20]].concat(), &mut out);
    masker.tick(IDLE, &mut out);
    masker.push(&[&secret[20..], b" y\n"].concat(), &mut out);
    masker.finish(&mut out);
    assert!(out.starts_with(b"x [MASKED:") && out.ends_with(b"] y\n"), "{}", shown(&out));
    assert!(!contains(&out, &secret[20..30]) && !contains(&out, &secret[..10]), "{}", shown(&out));
}

/// A text with something between its bytes.
fn split_up(text: &[u8], every: usize, by: &[u8]) -> Vec<u8> {
    text.chunks(every).collect::<Vec<_>>().join(by)
}

/// What does not show on a terminal.
const HIDDEN: [&[u8]; 7] =
    [b"\x1b[1;31m", b"\x1b[0m", b"\x1b]0;title\x07", b"\xe2\x80\x8b", b"\xef\xbb\xbf", b"\xc2\xad", b"\0"];

#[test]
fn colours_and_hidden_characters_inside_do_not_matter() {
    let (_, token) = sample_of("github-pat-classic", 8);
    for hidden in HIDDEN {
        for every in [1, 3, 17] {
            let text = [b"x ", &split_up(&token, every, hidden)[..], b" y\nnext\n"].concat();
            let out = whole(&text);
            let rest: Vec<u8> =
                if hidden.ends_with(b"m") { hidden.repeat((token.len() - 1) / every) } else { Vec::new() };
            let wanted = [b"x [MASKED:github-pat-classic]", &rest[..], b" y\nnext\n"].concat();
            assert_eq!(shown(&out), shown(&wanted));
            same_for_all_pieces("hidden", &masker, &text);
        }
    }
    let bold: Vec<u8> = token.iter().flat_map(|&byte| [byte, 8, byte]).collect();
    let underlined: Vec<u8> = token.iter().flat_map(|&byte| [b'_', 8, byte]).collect();
    for text in [bold, underlined] {
        let text = [b"x ", &text[..], b" y\n"].concat();
        assert_eq!(shown(&whole(&text)), "x [MASKED:github-pat-classic] y\\n");
        same_for_all_pieces("overstruck", &masker, &text);
    }
}

#[test]
fn values_in_colours_are_masked_like_others() {
    let value = Dice(21).text(crate::support::BASE62, 24);
    let value = String::from_utf8(value).unwrap();
    // As `jq -C`, a logger and `docker compose` write it.
    for text in [
        format!("  \x1b[34;1m\"password\"\x1b[0m\x1b[39m:\x1b[0m \x1b[0;32m\"{value}\"\x1b[0m\n"),
        format!("\x1b[2m12:00\x1b[0m \x1b[32mINFO\x1b[0m \x1b[3mapi_key\x1b[0m\x1b[2m=\x1b[0m{value}\n"),
        format!("\x1b[36mweb_1  |\x1b[0m DB_PASSWORD=\x1b[33m{value}\x1b[0m\n"),
    ] {
        let text = format!("start\n{text}end\n");
        let out = whole(text.as_bytes());
        assert!(!contains(&out, &value.as_bytes()[..8]), "{}", shown(&out));
        same_for_all_pieces("coloured", &masker, text.as_bytes());
    }
}

#[test]
fn private_keys_in_colours_are_masked() {
    let key = private_key(4, true);
    let coloured: Vec<u8> = key
        .split(|&byte| byte == b'\n')
        .flat_map(|line| [b"\x1b[32m", line, b"\x1b[0m\n"].concat())
        .collect();
    let text = [b"a\n", &coloured[..], b"the build goes on\n"].concat();
    let out = whole(&text);
    for line in key.split(|&byte| byte == b'\n').filter(|line| line.len() == 64) {
        assert!(!contains(&out, &line[..12]), "{}", shown(&out));
    }
    assert!(out.ends_with(b"the build goes on\n"), "{}", shown(&out));
    same_for_all_pieces("coloured key", &masker, &text);
}

/// What is shown is read for some thousand bytes behind a control sequence, and from the next one on.
#[test]
fn colours_now_and_then_make_no_difference() {
    let (_, token) = sample_of("github-pat-classic", 8);
    let line = "some words of a line of a log without any colour in it\n";
    for lines in [1, 200, 227, 228, 229, 230, 400] {
        let plain = line.repeat(lines);
        let text = [
            b"\x1b[1mone\x1b[0m ",
            &split_up(&token, 9, b"\x1b[m")[..],
            b"\n",
            plain.as_bytes(),
            &token,
            b"\n",
            plain.as_bytes(),
            b"password:\n",
            &split_up(&token, 5, b"\x1b[7m"),
            b"\n",
        ]
        .concat();
        let (expected, report) = masked(masker(), [&text[..]]);
        assert!(!contains(&expected, &token[..9]) && report.total() == 3, "{report:?}");
        for size in [61, 4096, 20_000] {
            let (out, other) = masked(masker(), text.chunks(size));
            assert_eq!(shown(&out), shown(&expected));
            assert_eq!(other, report);
        }
    }
}

/// Pieces of names, operators, values, tokens and keys.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let mut pieces: Vec<Vec<u8>> = [
        "password=",
        "password: ",
        "API_KEY = \"",
        "\"",
        "'",
        "\n",
        "\n",
        "\r",
        "\r\n",
        " ",
        "https://user:",
        "@host/x ",
        "token",
        "secret ",
        "--password ",
        ":",
        "=",
        "-",
        ".",
        "name: DB_PASSWORD\n",
        "  value: ",
        "key:\n",
        "Bearer ",
        "-----BEGIN RSA ",
        "PRIVATE KEY-----",
        "-----END RSA ",
        "Enter ",
        "\\n",
        "eyJ",
        "1.",
        "x",
        "\x1b[1m",
        "\x1b[0m",
        "\x1b[",
        "\x1b",
        "\x1b]0;t\n",
        "\x07",
        "\0",
        "\x08",
        "_",
        "_\x08",
        "\u{200b}",
        "\u{2026}",
    ]
    .map(|piece| piece.as_bytes().to_vec())
    .into();
    let mut dice = Dice(12);
    pieces.push(dice.text(b"0123456789abcdef", 40));
    pieces.push(dice.text(crate::encode::STD, 64));
    pieces.push(dice.text(crate::support::BASE62, 12));
    pieces.push(dice.text(crate::support::BASE62, 32));
    pieces.extend(samples().into_iter().step_by(29).map(|(_, text, _)| text));
    pieces.extend(samples().into_iter().step_by(31).map(|(_, _, secret)| secret));
    pieces.extend(samples().into_iter().step_by(37).map(|(_, _, secret)| split_up(&secret, 5, b"\x1b[1m")));
    pieces.extend(samples().into_iter().step_by(101).map(|(_, _, secret)| split_up(&secret, 3, b"\0")));
    proptest::collection::vec(proptest::sample::select(pieces), 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn any_pieces_give_the_same(text in text(), size in 1usize..60) {
        let (expected, report) = masked(masker(), [&text[..]]);
        for size in [size, 1] {
            let (out, other) = masked(masker(), text.chunks(size));
            prop_assert!(out == expected, "pieces of {}\n{}\n{}\n{}", size, shown(&out), shown(&expected), shown(&text));
            prop_assert_eq!(&other, &report);
        }
    }
}

/// Samples of rules that are looked up by a text inside of their matches: the rule and a text.
fn looked_up_inside() -> Vec<(String, Vec<u8>)> {
    let rules = RuleSet::builtin();
    let inside = |id: &str| {
        let anchor = rules.iter().find(|(_, rule)| rule.id == id).map(|(_, rule)| &rule.matcher);
        matches!(anchor, Some(Matcher::Token(Token { anchor: Anchor::Contains { .. }, .. })))
    };
    samples().into_iter().filter(|(rule, ..)| inside(rule)).map(|(rule, text, _)| (rule, text)).collect()
}

#[test]
fn rules_that_are_looked_up_inside_are_masked_the_same_in_single_bytes() {
    let mut off = Vec::new();
    for (rule, text) in looked_up_inside() {
        for text in [[b"start\n", &text[..], b"\n"].concat(), [&text[..], b" tail"].concat()] {
            let (expected, _) = masked(masker(), [&text[..]]);
            let (out, _) = masked(masker(), text.chunks(1));
            if out != expected {
                off.push(format!("{rule}: {}\n   {}\n   {}", shown(&text), shown(&expected), shown(&out)));
            }
        }
    }
    assert!(off.is_empty(), "{} differ:\n{}", off.len(), off.join("\n"));
}

#[test]
fn rules_that_are_looked_up_inside_are_masked_the_same_in_lines_without_an_end() {
    // Longer than what decides on a place in such a line.
    let filler = "some words of a line that goes on and on ".repeat(150);
    let mut off = Vec::new();
    for (rule, text) in looked_up_inside() {
        let text = [filler.as_bytes(), &text[..], b" ", filler.as_bytes()].concat();
        let (expected, _) = masked(masker(), [&text[..]]);
        for size in [97, 4096, 5000] {
            let (out, _) = masked(masker(), text.chunks(size));
            if out != expected {
                off.push(format!("{rule} in pieces of {size}"));
            }
        }
    }
    assert!(off.is_empty(), "{} differ:\n{}", off.len(), off.join("\n"));
}
