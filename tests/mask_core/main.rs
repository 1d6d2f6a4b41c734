//! The mask's core: every spelling of a known secret, the rules live, and the properties that hold for
//! any text and any way in which it comes in pieces.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

mod corpus;
mod encode;
mod forms;
mod noise;
mod stream;
mod support;
mod unknown;
