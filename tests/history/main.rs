//! `sekisho audit` on real repositories made with `git`: every place where git keeps text, damage of
//! every kind, and what is remembered from one audit to the next.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

mod cache;
mod damage;
mod places;
mod repository;
#[allow(dead_code)] // shared with tests/cli, which uses all of it
#[path = "../cli/support.rs"]
mod support;
