//! The real program on real trees: what it finds, what it says, and how it ends.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

mod compat;
mod formats;
mod moving;
mod output;
mod rules;
mod support;
mod texts;
mod trees;
