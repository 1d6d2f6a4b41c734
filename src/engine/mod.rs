//! Finds secrets in bytes: candidates first, structure checks and judgement of randomness last.

pub mod assign;
pub mod noise;
