//! The real program on real trees: what it finds, what it says, and how it ends.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

mod baseline;
mod compat;
mod explain;
mod formats;
mod moving;
mod output;
mod policy;
mod rules;
mod settings;
mod support;
mod texts;
mod trees;
mod triage;
mod vouching;
