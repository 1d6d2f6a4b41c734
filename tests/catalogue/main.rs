//! The catalogue as a whole: it covers the facts it was written from, it is found where people leave
//! secrets, its rules do not fight, and the two halves of a credential are one finding.

#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

mod conflicts;
mod coverage;
mod notations;
mod pairs;
mod recall;
