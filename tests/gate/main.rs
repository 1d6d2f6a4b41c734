//! The commit gate in real repositories: real commits, merges and pushes, made by the machine's git with
//! our hooks installed.

#![cfg(unix)] // hooks are shell scripts
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests are not seen as tests

mod bad_input;
mod ecosystem;
mod install;
mod message;
mod push;
mod range;
mod staged;
mod support;
