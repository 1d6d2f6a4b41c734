//! What a secret looks like: rules as data, how they are loaded, checked and sampled.

pub mod check;
pub mod compile;
pub mod file;
pub mod grams;
pub mod import;
pub mod late;
pub mod lower;
pub mod paths;
pub mod rule;
pub mod sample;
pub mod set;

pub use rule::{Kind, Matcher, Pair, Rule, Severity};
pub use set::{RuleIndex, RuleSet};
