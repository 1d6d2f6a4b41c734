//! stub
use crate::text::Span;
/// x
pub struct Assignment {
    /// x
    pub name: Span,
    /// x
    pub value: Span,
    /// x
    pub quote: Option<u8>,
}
/// x
pub fn words() -> &'static [&'static str] {
    &["passw", "pwd", "secret", "token", "key", "auth", "cred"]
}
/// x
pub fn parse(_t: &[u8], _w: Span) -> Option<Assignment> {
    None
}
