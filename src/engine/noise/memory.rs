//! Judgements of assignments that were weighed before.
//!
//! An audit meets most assignments in hundreds of versions of one file, and weighing one takes longer than all
//! else that is done about it; so does a file that says one thing a million times.

use super::{Context, Judgement, features};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

/// How many are remembered at a time.
const ROOM: usize = 1 << 13;

/// Remembers the judgements made last, by a hash of all that [`super::judge`] goes by. Its keys are made at
/// random for each process, so nobody can write a text that is taken for another one; and with 64 bits, of
/// which one place of the table is compared, it does not happen by chance.
#[derive(Default)]
pub struct Memory {
    keys: RandomState,
    known: Vec<Option<(u64, Judgement)>>,
}

impl Memory {
    /// What is remembered of this assignment, or what `weigh` says of it.
    pub(super) fn recall(&mut self, context: &Context<'_>, weigh: impl FnOnce() -> Judgement) -> Judgement {
        let key = self.key(context);
        if self.known.is_empty() {
            self.known.resize(ROOM, None);
        }
        let slot = &mut self.known[key as usize % ROOM];
        match slot {
            Some((known, judgement)) if *known == key => *judgement,
            _ => slot.insert((key, weigh())).1,
        }
    }

    fn key(&self, context: &Context<'_>) -> u64 {
        let assignment = context.assignment;
        let window = features::window(context);
        let place = |at: usize| at as isize - window.start as isize;
        let mut hash = self.keys.build_hasher();
        context.text[window.range()].hash(&mut hash);
        let (name, value) = (assignment.name, assignment.value);
        [name.start, name.end, value.start, value.end].map(place).hash(&mut hash);
        (assignment.operator, assignment.quote, assignment.wrapped, context.file).hash(&mut hash);
        hash.finish()
    }
}
