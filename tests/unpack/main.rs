//! Containers: what stands in archives, images and compressed files is found, and told by the way to it;
//! what is broken is told and costs little.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

#[path = "../cli/support.rs"]
#[allow(dead_code, reason = "shared with other tests, which use more of it")]
mod support;

mod bad;
mod budgets;
mod documents;
mod encoded;
mod gates;
mod images;
mod kinds;
mod lfs;
mod mails;
mod make;
mod members;
