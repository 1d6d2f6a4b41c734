//! Sekisho finds secrets (credentials, keys, tokens, passwords) in bytes: in working trees, in what is
//! about to be committed, in the history of a repository and in build logs.
//!
//! The modules stand on floors; each imports only lower floors (`tests/floors.rs` holds this):
//!
//! | floor | modules | what they know |
//! |---|---|---|
//! | 0 | [`text`], [`origin`], [`secret`], [`error`], [`utf16`], [`archive`], [`vectors`], [`fetch`] | spans and lines, where bytes came from, clear text that cannot be printed, errors, text in wide encodings, members of containers, what the processor can do |
//! | 1 | [`rules`], [`source`], [`view`] | what a secret looks like; where bytes are read from; other readings of bytes |
//! | 2 | [`engine`], [`finding`], [`cache`], [`unpack`] | spans of secrets in bytes; a finding as people see it; objects known to be clean; opening of containers |
//! | 3 | [`policy`], [`attribution`], [`remediation`], [`report`], [`mask`] | what is reported; where a leak came from; how to take it out; how it is written; what leaves a log |
//! | 4 | [`scan`], [`config`], [`gate`], [`triage`] | the assembly of a run; settings; what of it is new; findings that people go through |
//! | 5 | [`cli`] | the command line |

pub mod archive;
pub mod error;
pub mod fetch;
pub mod origin;
pub mod secret;
pub mod text;
pub mod utf16;
pub mod vectors;

pub mod rules;
pub mod source;
pub mod view;

pub mod cache;
pub mod engine;
pub mod finding;
pub mod unpack;

pub mod attribution;
pub mod mask;
pub mod policy;
pub mod remediation;
pub mod report;

pub mod config;
pub mod gate;
pub mod scan;
pub mod triage;

pub mod cli;
