//! What it costs to start: the engine made from the built-in rules, and the whole program on an empty
//! directory beside `/bin/true`.

#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use sekisho::engine::Engine;
use sekisho::rules::RuleSet;
use std::hint::black_box;
use std::process::{Command, Stdio};

fn engine(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("start");
    group.sample_size(20);
    group.bench_function("engine of the built-in rules", |bencher| {
        bencher.iter(|| black_box(Engine::new(RuleSet::builtin())).active_rules());
    });
    group.finish();
}

fn program(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(command.status().unwrap().success(), "{program}");
    };
    let mut group = criterion.benchmark_group("start");
    group.sample_size(50);
    if std::path::Path::new("/bin/true").exists() {
        group.bench_function("/bin/true", |bencher| bencher.iter(|| run("/bin/true", &[])));
    }
    group.bench_function("sekisho scan of an empty directory", |bencher| {
        bencher.iter(|| run(env!("CARGO_BIN_EXE_sekisho"), &["scan", "."]));
    });
    group.finish();
}

criterion_group!(benches, engine, program);
criterion_main!(benches);
