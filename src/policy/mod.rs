//! What is reported: the engine finds, policy decides. The log mask never asks here.

pub mod allow;
pub mod baseline;
pub mod comment;
pub mod edit;
pub mod entry;
mod layer;
mod paths;
mod patterns;

pub use allow::{Allow, Asked};
pub use baseline::Baseline;
pub use comment::Comment;
pub use entry::AllowEntry;
pub use layer::{Layer, Scope, State};
pub use paths::{Paths, check as check_glob};
pub use patterns::Patterns;
