//! The stories that an audit tells, on repositories built with git: who brought each secret in, where it
//! still is, who may have it; what is left in a range; and how it is taken out.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

mod exposure;
mod origins;
mod range;
mod removal;
mod repository;
#[allow(dead_code, reason = "shared with other tests, which need more of it")]
#[path = "../cli/support.rs"]
mod support;
