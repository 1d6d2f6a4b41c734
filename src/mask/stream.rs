//! One stream of output behind the mask: commands to the host are taken out, the rest is masked.

use super::known::Known;
use super::sources::inband::{Commands, Piece};
use super::words::Words;
use super::{Masker, Options, Report};
use crate::engine::Engine;
use std::sync::Arc;
use std::time::Duration;

/// What all streams of a run share.
pub struct Shared {
    /// The secrets.
    pub known: Known,
    /// Rules for secrets that nobody told of.
    pub engine: Option<Arc<Engine>>,
    /// How to mask.
    pub options: Options,
    /// Learn from commands to the host in the log.
    pub commands: bool,
    /// Names of values told by the log itself that are too weak to be masked, since the last look.
    pub weak: Vec<(String, &'static str)>,
}

/// A stream. The masker is made when the first byte comes: most runs write nothing to standard error.
pub struct Stream {
    masker: Option<Masker>,
    /// How many of the known values the masker has.
    applied: usize,
    commands: Option<Commands>,
    words: Words,
}

impl Stream {
    /// A stream without anything on it yet.
    pub fn new(shared: &Shared) -> Stream {
        Stream {
            masker: None,
            applied: 0,
            commands: shared.commands.then(Commands::default),
            words: Words::default(),
        }
    }

    /// Take input; what may leave is added to `out`.
    pub fn push(&mut self, shared: &mut Shared, input: &[u8], out: &mut Vec<u8>) {
        self.know(shared);
        match self.commands.take() {
            Some(mut commands) => {
                commands.feed(input, &mut |piece| self.piece(shared, piece, out));
                self.commands = Some(commands);
            }
            None => self.text(shared, input, out),
        }
    }

    /// Nothing came for `idle`.
    pub fn tick(&mut self, shared: &mut Shared, idle: Duration, out: &mut Vec<u8>) {
        self.know(shared);
        if let Some(mut commands) = self.commands.take() {
            commands.tick(&mut |piece| self.piece(shared, piece, out));
            self.commands = Some(commands);
        }
        let Some(masker) = &mut self.masker else { return };
        if shared.known.words().is_empty() {
            return masker.tick(idle, out);
        }
        let mut decided = Vec::new();
        masker.tick(idle, &mut decided);
        self.words.push(shared.known.words(), &shared.options.token, &decided, out);
        self.words.finish(shared.known.words(), &shared.options.token, out);
    }

    /// The stream ended.
    pub fn finish(&mut self, shared: &mut Shared, out: &mut Vec<u8>) {
        self.know(shared);
        if let Some(mut commands) = self.commands.take() {
            commands.finish(&mut |piece| self.piece(shared, piece, out));
        }
        let Some(masker) = &mut self.masker else { return };
        let mut decided = Vec::new();
        masker.finish(&mut decided);
        self.words.push(shared.known.words(), &shared.options.token, &decided, out);
        self.words.finish(shared.known.words(), &shared.options.token, out);
    }

    /// Is anything held back that an idle while may release?
    pub fn holding(&self) -> bool {
        self.masker.as_ref().is_some_and(Masker::holding)
            || self.commands.as_ref().is_some_and(Commands::holding)
            || self.words.holding()
    }

    /// What was masked so far.
    pub fn report(&self) -> Option<&Report> {
        self.masker.as_ref().map(Masker::report)
    }

    /// Give the masker what was learned since it was last given something.
    fn know(&mut self, shared: &mut Shared) {
        let masker =
            self.masker.get_or_insert_with(|| Masker::new(shared.engine.clone(), shared.options.clone()));
        let needles = shared.known.needles();
        if self.applied < needles.len() {
            masker.add(needles[self.applied..].to_vec());
            self.applied = needles.len();
        }
    }

    fn piece(&mut self, shared: &mut Shared, piece: Piece<'_>, out: &mut Vec<u8>) {
        match piece {
            Piece::Text(text) => self.text(shared, text, out),
            Piece::Command { raw, secrets } => {
                for (name, value) in secrets {
                    let learned = shared.known.learn(shared.engine.as_deref(), &name, &value);
                    if let (false, super::derive::Class::Weak(why)) = (learned.in_force(), learned.class) {
                        shared.weak.push((name, why.reason()));
                    }
                }
                self.know(shared);
                let Some(masker) = &mut self.masker else { return };
                let mut before = Vec::new();
                masker.pass(b"", &mut before);
                self.words.push(shared.known.words(), &shared.options.token, &before, out);
                self.words.finish(shared.known.words(), &shared.options.token, out);
                masker.pass(raw, out);
            }
        }
    }

    fn text(&mut self, shared: &mut Shared, text: &[u8], out: &mut Vec<u8>) {
        let Some(masker) = &mut self.masker else { return };
        if shared.known.words().is_empty() {
            return masker.push(text, out);
        }
        let mut decided = Vec::new();
        masker.push(text, &mut decided);
        self.words.push(shared.known.words(), &shared.options.token, &decided, out);
    }
}
