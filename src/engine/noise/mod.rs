//! Tells credentials from everything else that is assigned to a name like one.
//!
//! [`judge`] measures an assignment (`features`), lets a fitted model weigh the measures (`model`,
//! trees written by a script) and adds rules that hold whatever the model says. [`plausible`] is the
//! light test for values whose structure is known: it only sorts out placeholders.

mod features;
mod file;
mod model;
mod name;
mod pairs;
mod placeholder;
mod shape;
mod trees;

use super::assign::Assignment;
pub use features::{FEATURES, NAMES, measure};
pub use file::FileKind;
pub use placeholder::plausible;

/// What kind of credential a name speaks of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum NameKind {
    /// A password, passphrase or the like.
    Password,
    /// A token or secret.
    Token,
    /// A key.
    Key,
}

/// An assignment where it stands.
pub struct Context<'a> {
    /// The text that holds the assignment.
    pub text: &'a [u8],
    /// The assignment.
    pub assignment: &'a Assignment,
    /// What kind of file it is.
    pub file: FileKind,
}

/// What is thought of an assigned value.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The value is taken for a credential.
    pub secret: bool,
    /// What the name speaks of.
    pub kind: NameKind,
    /// Logarithm of the odds that the value is a credential.
    pub score: f32,
    /// What speaks most for or against, with its measure.
    pub reasons: Vec<(&'static str, i16)>,
}

/// Least score of a credential.
pub const THRESHOLD: f32 = 0.0;

/// Is the value of this assignment a credential?
pub fn judge(context: &Context<'_>) -> Judgement {
    let text = context.text;
    let name = &text[context.assignment.name.range()];
    let value = &text[context.assignment.value.range()];
    let kind = name::kind(name);
    if placeholder::reference(value) || !plausible(value) {
        return Judgement {
            secret: false,
            kind,
            score: -10.0,
            reasons: vec![("placeholder or reference", 1)],
        };
    }
    let measures = measure(context);
    let score = model::score(&measures);
    let reasons = NAMES.iter().copied().zip(measures).filter(|reason| reason.1 != 0).collect();
    Judgement { secret: score >= THRESHOLD, kind, score, reasons }
}
