//! What is reported: the engine finds, policy decides. The log mask never asks here.

pub mod allow;
pub mod baseline;
pub mod comment;
pub mod edit;
pub mod entry;
mod paths;
mod patterns;

pub use allow::{Allow, Asked};
pub use baseline::Baseline;
pub use comment::Comment;
pub use entry::AllowEntry;
pub use paths::Paths;
pub use patterns::Patterns;
