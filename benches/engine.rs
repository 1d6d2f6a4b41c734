//! How fast the engine is, on one core, with the text in the cache or in memory.
//!
//! `cargo bench --bench engine`; with `SEKISHO_BENCH_CORPUS=DIRECTORY` also on the files there.

#![allow(missing_docs, clippy::unwrap_used)]

mod texts;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use sekisho::engine::{Engine, Input, Scratch, assign, entropy, noise};
use sekisho::rules::RuleSet;
use sekisho::text::Span;
use sekisho::view::{region, sieve};
use std::hint::black_box;
use std::time::Duration;
use texts::{BASE62, Dice};

/// Bytes of generated text.
const TEXT: usize = 8 << 20;
/// Most bytes of a real corpus.
const CORPUS: usize = 512 << 20;

fn builtin() -> Engine {
    Engine::new(RuleSet::builtin())
}

fn made_up(count: usize) -> Engine {
    let mut rules = RuleSet::empty();
    rules.add_text("made up", &texts::prefix_rules(count)).unwrap();
    Engine::new(rules)
}

fn scan(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, engine: &Engine, text: &[u8]) {
    group.throughput(Throughput::Bytes(text.len() as u64));
    let (mut scratch, mut found) = (Scratch::default(), Vec::new());
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            found.clear();
            engine.scan(&mut scratch, &Input::whole(black_box(text)), &mut found);
            found.len()
        });
    });
}

/// What decoded views cost on text with nothing encoded in it: naming places and looking at them, in blocks
/// as a scan does. The ratio to `usual` is their share of a scan.
fn views(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("views");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    let mut looked = |name: &str, text: &[u8]| {
        group.throughput(Throughput::Bytes(text.len() as u64));
        let (mut spots, mut marks) = (Vec::new(), Vec::new());
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let text = black_box(text);
                let (mut last, mut regions, mut at) = (region::Last::default(), 0, 0);
                while at < text.len() {
                    let end = text.len().min(at + (16 << 10));
                    sieve::find(text, at..end, &mut marks, &mut spots);
                    regions +=
                        spots.iter().filter(|&&spot| region::look(text, spot, &mut last).is_some()).count();
                    at = end;
                }
                regions
            });
        });
    };
    looked("source", &texts::source(TEXT));
    looked("hash-heavy log", &texts::hash_log(TEXT));
    if let Some(corpus) = texts::corpus(CORPUS) {
        looked("corpus", &corpus);
    }
    group.finish();
}

/// The whole rule set on usual text, and what reading memory costs at least.
fn usual(criterion: &mut Criterion) {
    let engine = builtin();
    let mut group = criterion.benchmark_group("usual");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    let (source, log) = (texts::source(TEXT), texts::hash_log(TEXT));
    scan(&mut group, "source", &engine, &source);
    scan(&mut group, "hash-heavy log", &engine, &log);
    if let Some(corpus) = texts::corpus(CORPUS) {
        scan(&mut group, "corpus", &engine, &corpus);
    }
    group.throughput(Throughput::Bytes(source.len() as u64));
    group.bench_function("memchr floor", |bencher| {
        bencher.iter(|| memchr::memchr(0, black_box(&source)));
    });
    group.finish();
}

/// The rate must hardly depend on the number of rules.
fn number_of_rules(criterion: &mut Criterion) {
    let source = texts::corpus(64 << 20).unwrap_or_else(|| texts::source(TEXT));
    let mut group = criterion.benchmark_group("rules");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for count in [150, 500, 2000] {
        scan(&mut group, &count.to_string(), &made_up(count), &source);
    }
    group.finish();
}

/// Twice the size must take twice the time.
fn linear(criterion: &mut Criterion) {
    let engine = builtin();
    let mut group = criterion.benchmark_group("linear");
    group.sample_size(10).warm_up_time(Duration::from_millis(500));
    for kilobytes in [50, 200] {
        let text = dense(kilobytes << 10);
        scan(&mut group, &format!("{kilobytes} KB of secrets"), &engine, &text);
    }
    for megabytes in [25, 100] {
        let size = megabytes << 20;
        let line: Vec<u8> = texts::source(1 << 20).iter().filter(|&&byte| byte != b'\n').copied().collect();
        let line: Vec<u8> = line.iter().copied().cycle().take(size).collect();
        scan(&mut group, &format!("{megabytes} MB without a newline"), &engine, &line);
        // Parts, so that no scanner takes this file for a leak.
        for (name, anchor) in [
            ("a prefix", ["gh", "p_"].concat()),
            ("a name", "password = ".to_owned()),
            ("a marker", ["-----BEGIN ", "PRIVATE KEY-----"].concat()),
            ("a scheme", "a://b:".to_owned()),
        ] {
            let text: Vec<u8> = anchor.bytes().cycle().take(size).collect();
            scan(&mut group, &format!("{megabytes} MB of {name} repeated"), &engine, &text);
        }
    }
    group.finish();
}

/// Nothing but tokens.
fn dense(bytes: usize) -> Vec<u8> {
    let mut dice = Dice::new(4);
    let mut out = String::with_capacity(bytes + 64);
    while out.len() < bytes {
        let (one, other) = (dice.text(b"0123456789abcdef", 24), dice.text(b"0123456789abcdef", 34));
        out.push_str(&["PM", "AK-", &one, "-", &other, " "].concat());
    }
    out.into_bytes()
}

/// Judging one value next to a name.
fn judgement(criterion: &mut Criterion) {
    let mut dice = Dice::new(5);
    let values: Vec<String> = (0..256).map(|_| dice.text(BASE62, 32)).collect();
    let mut group = criterion.benchmark_group("judgement");
    group.throughput(Throughput::Elements(values.len() as u64));
    group.bench_function("entropy", |bencher| {
        bencher.iter(|| values.iter().map(|value| entropy(black_box(value.as_bytes()))).sum::<f32>());
    });
    group.bench_function("plausible", |bencher| {
        bencher.iter(|| values.iter().filter(|value| noise::plausible(black_box(value.as_bytes()))).count());
    });
    let lines: Vec<String> = values.iter().map(|value| format!("api_token = \"{value}\"\n")).collect();
    group.bench_function("assignment", |bencher| {
        bencher.iter(|| lines.iter().filter(|line| judged(black_box(line.as_bytes()))).count());
    });
    group.finish();
}

fn judged(text: &[u8]) -> bool {
    let name = Span::new(4, 9);
    let Some(assignment) = assign::parse(text, name) else { return false };
    let context = noise::Context { text, assignment: &assignment, file: noise::FileKind::UNKNOWN };
    noise::judge(&context, &mut noise::Memory::default()).secret
}

criterion_group!(benches, usual, views, number_of_rules, linear, judgement);
criterion_main!(benches);
