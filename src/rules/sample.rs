//! stub
use crate::text::Span;
/// x
pub struct Sample {
    /// x
    pub text: Vec<u8>,
    /// x
    pub secret: Option<Span>,
}
/// x
pub fn expand(_t: &str, _s: u64) -> Result<Sample, String> {
    Err("x".into())
}
