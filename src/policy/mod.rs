//! What is reported: the engine finds, policy decides. The log mask never asks here.

pub mod allow;

pub use allow::{Allow, AllowEntry};
