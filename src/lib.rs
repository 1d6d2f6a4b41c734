//! Sekisho finds secrets (credentials, keys, tokens, passwords) in bytes: in working trees, in what is
//! about to be committed, in the history of a repository and in build logs.
//!
//! The modules stand on floors; each imports only lower floors (`tests/floors.rs` holds this):
//!
//! | floor | modules | what they know |
//! |---|---|---|
//! | 0 | [`text`], [`origin`], [`secret`], [`error`], [`utf16`] | spans and lines, where bytes came from, clear text that cannot be printed, errors, text in wide encodings |
//! | 1 | [`rules`], [`source`] | what a secret looks like; where bytes are read from |
//! | 2 | [`engine`], [`finding`] | spans of secrets in bytes; a finding as people see it |
//! | 3 | [`policy`], [`report`], [`mask`] | what is reported; how it is written; hiding secrets in a stream |
//! | 4 | [`scan`], [`config`] | the assembly of a run; settings |
//! | 5 | [`cli`] | the command line |

pub mod error;
pub mod origin;
pub mod secret;
pub mod text;
pub mod utf16;

pub mod rules;
pub mod source;

pub mod engine;
pub mod finding;

pub mod mask;
pub mod policy;
pub mod report;

pub mod config;
pub mod scan;

pub mod cli;
