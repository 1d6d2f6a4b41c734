//! stub
use super::assign::Assignment;
/// x
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    /// x
    Unknown,
}
/// x
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameKind {
    /// x
    Password,
    /// x
    Token,
    /// x
    Key,
}
/// x
pub struct Context<'a> {
    /// x
    pub text: &'a [u8],
    /// x
    pub assignment: &'a Assignment,
    /// x
    pub file: FileKind,
}
/// x
pub struct Judgement {
    /// x
    pub secret: bool,
    /// x
    pub kind: NameKind,
}
/// x
pub fn judge(_c: &Context) -> Judgement {
    Judgement { secret: false, kind: NameKind::Token }
}
/// x
pub fn plausible(_v: &[u8]) -> bool {
    true
}

impl FileKind {
    /// x
    pub fn of_path(_p: &[u8]) -> FileKind {
        FileKind::Unknown
    }
}
