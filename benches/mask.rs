//! How fast the mask's core is, on one core, on logs with few secrets in them.
//!
//! `cargo bench --bench mask`; with `SEKISHO_BENCH_CORPUS=DIRECTORY` also on the logs there.

#![allow(missing_docs, clippy::unwrap_used)]

#[allow(dead_code)] // other benches use the rest
mod texts;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sekisho::engine::Engine;
use sekisho::mask::{Masker, Needle, Options, Strength, TokenStyle};
use sekisho::rules::RuleSet;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use texts::{BASE62, Dice};
use zeroize::Zeroizing;

const TEXT: usize = 16 << 20;
/// Bytes that come in at once, as from a pipe.
const PIECE: usize = 64 << 10;

fn needles(count: usize) -> Vec<Needle> {
    let mut dice = Dice::new(7);
    (0..count)
        .map(|number| Needle {
            name: format!("N{number}"),
            value: Zeroizing::new(dice.text(BASE62, 32).into_bytes()),
            strength: Strength::Strong,
        })
        .collect()
}

/// Text as a build prints it: commands, paths, warnings with colours, progress.
fn build_log(bytes: usize) -> Vec<u8> {
    let mut dice = Dice::new(8);
    let source = String::from_utf8(texts::source(1 << 20)).unwrap();
    let mut words = source.split_whitespace().cycle();
    let mut out = String::with_capacity(bytes + 512);
    while out.len() < bytes {
        let mut word = || words.next().unwrap();
        let (one, two) = (word(), word());
        let hash = dice.text(b"0123456789abcdef", 16);
        match dice.next() % 6 {
            0 => out.push_str(&format!(
                "     Running `/usr/bin/rustc --crate-name {one} --edition=2021 src/lib.rs --error-format=json --crate-type lib \
                 --emit=dep-info,metadata,link -C embed-bitcode=no -C metadata={hash} -C extra-filename=-{hash} \
                 --out-dir /work/target/debug/deps -L dependency=/work/target/debug/deps --cap-lints allow`\n"
            )),
            1 => out.push_str(&format!("   Compiling {one} v1.{}.{}\n", dice.next() % 90, dice.next() % 9)),
            2 => out.push_str(&format!("\x1b[1m\x1b[33mwarning\x1b[0m: unused variable: `{one}` in {two}\n")),
            3 => out.push_str(&format!("2026-01-02T03:04:05.{:03}Z INFO  {one}: {two} took {} ms\n", dice.next() % 1000, dice.next() % 5000)),
            4 => out.push_str(&format!("npm http fetch GET 200 https://registry.npmjs.org/{one}/-/{one}-1.0.{}.tgz 12ms (cache hit)\n", dice.next() % 50)),
            _ => out.push_str(&format!("  {one} {two} {} {} and {}\n", word(), word(), word())),
        }
    }
    out.into_bytes()
}

fn run(engine: Option<&Arc<Engine>>, secrets: usize, text: &[u8]) -> usize {
    let options = Options { token: TokenStyle::Named, unknown: engine.is_some() };
    let mut masker = Masker::new(engine.cloned(), options);
    masker.add(needles(secrets));
    let (mut out, mut written) = (Vec::new(), 0);
    for piece in text.chunks(PIECE) {
        out.clear();
        masker.push(piece, &mut out);
        written += out.len();
    }
    out.clear();
    masker.finish(&mut out);
    written + out.len()
}

fn mask(criterion: &mut Criterion) {
    let engine = Arc::new(Engine::new(RuleSet::builtin()));
    let mut logs = vec![("build log", build_log(TEXT)), ("hash-heavy log", texts::hash_log(TEXT))];
    logs.extend(texts::corpus(64 << 20).map(|corpus| ("corpus", corpus)));
    let mut group = criterion.benchmark_group("mask");
    group.sample_size(10).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(300));
    for (name, text) in &logs {
        group.throughput(Throughput::Bytes(text.len() as u64));
        for (rules, engine) in [("no rules", None), ("all rules", Some(&engine))] {
            for secrets in [0, 20, 200] {
                group.bench_function(format!("{name}, {rules}, {secrets} secrets"), |bencher| {
                    bencher.iter(|| run(engine, secrets, black_box(text)));
                });
            }
        }
    }
    group.finish();
    let mut group = criterion.benchmark_group("start");
    for secrets in [20, 1000] {
        group.bench_function(format!("{secrets} secrets"), |bencher| {
            bencher.iter(|| run(None, black_box(secrets), b""));
        });
    }
    group.finish();
}

criterion_group!(benches, mask);
criterion_main!(benches);
