//! Runs the functions that are fuzzed (`tests/fuzz`) on bytes of any kind and on damaged samples, as far as
//! chance goes in a test; a fuzzer goes further.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

#[path = "unpack/make.rs"]
#[allow(dead_code, reason = "shared with other tests, which use more of it")]
mod make;
#[path = "fuzz/targets.rs"]
mod targets;

use proptest::prelude::*;
use sekisho::rules::{RuleSet, sample};
use std::path::Path;
use std::sync::LazyLock;

/// Samples that say something to a target: what comes of them are the inputs.
fn samples(target: &str) -> Vec<Vec<u8>> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = |name: &str| std::fs::read(top.join(name)).unwrap();
    let secrets = || {
        let rules = RuleSet::builtin();
        let hits: Vec<String> =
            rules.iter().filter_map(|(_, rule)| rule.hit.first()).map(|hit| hit.to_string()).collect();
        hits.iter().step_by(7).map(|hit| sample::expand(hit, 1).unwrap().text).collect::<Vec<_>>()
    };
    let marked = |mark: u8, bytes: Vec<u8>| [&[mark], &bytes[..]].concat();
    match target {
        "archives" => {
            let files: &[make::File<'_>] = &[("a/b.txt", b"some text\n"), ("c", &[0; 600])];
            let kinds = [
                make::zip(files),
                make::tar(files),
                make::ar(files),
                make::cpio(files),
                make::rpm(b"true", files),
                make::seven(files, None),
                make::asar("a", "b", b"text"),
                make::sqlite("users", ("a", "b"), &[("c", "d")]),
                make::message("quoted", b"attached").into_bytes(),
                make::pkcs12("", true),
                make::pdf("page", "https://host.example/", "attached"),
                make::class("constant"),
                make::dex("constant"),
                make::pyc("constant"),
                make::gzip(b"text"),
                make::zlib(b"text"),
                make::bzip2(b"text"),
                make::xz(b"text"),
                make::zstd(b"text"),
                make::jks("changeit", true),
                make::notebook("a = 1\\n", "1\\n"),
                make::gzip(&make::tar(files)),
            ];
            kinds.into_iter().enumerate().map(|(at, bytes)| marked(at as u8, bytes)).collect()
        }
        "config" => vec![
            b"salt = \"0123456789abcdef\"\n[rules]\ndisable = [\"jwt\"]\n[[allow]]\nrule = \"jwt\"\npath = \"a/**\"\n\
              reason = \"why\"\nexpires = \"2030-01-01\"\n"
                .to_vec(),
            b"[comments]\nforeign = false\n[[allow]]\nvalue = '^a{3}'\nline = 'b'\nreason = 'c'\n".to_vec(),
            b"a # sekisho:allow x-key owner=me until=2030-01-01 why\n".to_vec(),
        ],
        "engine" | "views" | "mask" => {
            let mut all = secrets();
            let encoded = |text: &[u8]| base64_simd::STANDARD.encode_to_string(text).into_bytes();
            let more: Vec<Vec<u8>> = all.iter().step_by(5).map(|text| encoded(text)).collect();
            all.extend(more);
            all.push(encoded(&make::gzip(b"key: value\n")));
            all.push([0xff; 3].to_vec());
            all.iter().map(|text| [b"\x01\x07", &text[..]].concat()).collect()
        }
        "imports" => vec![
            b"title = 'x'\n[[rules]]\nid = 'a'\nregex = '''a[0-9]{4,}(b|c)'''\nkeywords = ['a']\n[rules.allowlist]\n\
              regexes = ['b']\npaths = ['c']\n[allowlist]\nstopwords = ['d']\n"
                .to_vec(),
            b"rules:\n  - name: A\n    id: a.1\n    pattern: |\n      (?xi) a ( [0-9]{8} )\n    examples:\n    - a12345678\n"
                .to_vec(),
            b"[{\"RuleID\": \"a\", \"File\": \"b\", \"StartLine\": 3, \"Secret\": \"c\", \"Fingerprint\": \"b:a:3\"}]".to_vec(),
            b"{\"version\": \"1.4.0\", \"plugins_used\": [{\"name\": \"A\"}], \"results\": {\"f\": [{\"type\": \"A\", \
              \"hashed_secret\": \"00\", \"line_number\": 1}]}}"
                .to_vec(),
            b"# ignored\n0123456789abcdef0123456789abcdef01234567:a/b.c:rule:7\n".to_vec(),
        ],
        "packs" => {
            let entry = |kind: u8, content: &[u8]| {
                [&[kind], &(content.len() as u16).to_be_bytes()[..], content].concat()
            };
            // A blob, a delta that copies and inserts, a commit and a tree.
            let delta = [&b"\x06\x08"[..], b"\x90\x06", b"\x02ab"].concat();
            let tree = [&b"100644 a\0"[..], &[7; 20]].concat();
            let commit = format!("tree {}\nauthor a <a> 1 +0000\n\nm\n", "0".repeat(40));
            let all = [entry(2, b"abcdef"), entry(4, &delta), entry(0, commit.as_bytes()), entry(1, &tree)].concat();
            vec![marked(0, all), marked(1, b"PACK\0\0\0\x02\0\0\0\x01\x31".to_vec())]
        }
        "rules" => vec![file("patterns/network-devices.toml"), file("patterns/solana.toml"), file("patterns/key-files.toml")],
        "validators" => secrets(),
        other => panic!("no samples for `{other}`"),
    }
}

static SAMPLES: LazyLock<Vec<(targets::Target, Vec<Vec<u8>>)>> =
    LazyLock::new(|| targets::ALL.iter().map(|target| (*target, samples(target.0))).collect());

/// How many cases are tried: `SEKISHO_FUZZ_CASES`, or few.
fn cases() -> u32 {
    let wanted = std::env::var("SEKISHO_FUZZ_CASES").ok();
    wanted.map_or(200, |text| text.parse().expect("SEKISHO_FUZZ_CASES is a number"))
}

/// What may happen to a sample on its way.
fn damage() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..5u8), 0..6)
}

fn damaged(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    for (at, byte, what) in changes {
        let at = at.index(bytes.len() + 1);
        match what {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, *byte),
            2 => {
                let piece = bytes[at..(at + usize::from(*byte)).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                if let Some(one) = bytes.get_mut(at) {
                    *one = *byte;
                }
            }
        }
    }
    bytes
}

#[test]
fn every_target_stands_its_samples() {
    for ((_, run), samples) in SAMPLES.iter() {
        samples.iter().for_each(|sample| run(sample));
        run(b"");
    }
}

/// `SEKISHO_CORPUS=tests/fuzz/corpus cargo test --test fuzzing corpus -- --ignored` writes the samples to where a
/// fuzzer begins.
#[test]
#[ignore = "writes files for a fuzzer"]
fn corpus() {
    let folder = std::env::var_os("SEKISHO_CORPUS").expect("SEKISHO_CORPUS names a directory");
    for ((name, _), samples) in SAMPLES.iter() {
        let folder = Path::new(&folder).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (at, sample) in samples.iter().enumerate() {
            std::fs::write(folder.join(format!("sample-{at}")), sample).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn targets_stand_damaged_samples(which in any::<prop::sample::Index>(), sample in any::<prop::sample::Index>(), changes in damage()) {
        let ((_, run), samples) = which.get(&SAMPLES);
        run(&damaged(sample.get(samples).clone(), &changes));
    }

    #[test]
    fn targets_stand_any_bytes(which in any::<prop::sample::Index>(), bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        (which.get(targets::ALL).1)(&bytes);
    }
}
