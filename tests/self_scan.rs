//! This repository's own files hold no secret: samples are made at run time, never written down.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use std::path::Path;
use std::process::{Command, Output};

fn scan(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["scan", "--color", "never"])
        .args(arguments)
        .output()
        .unwrap()
}

#[track_caller]
fn clean(ended: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(
        ended.status.code(),
        Some(0),
        "the scan of this repository says:\n{}{}",
        text(&ended.stdout),
        text(&ended.stderr)
    );
}

#[test]
fn what_git_tracks_is_clean() {
    // A package from a registry has no repository.
    if Path::new(env!("CARGO_MANIFEST_DIR")).join(".git").exists() {
        clean(&scan(&["--tracked", "."]));
    }
}

#[test]
fn the_sources_are_clean() {
    clean(&scan(&["src", "patterns", "Cargo.toml", "build.rs"]));
}
