//! A visitor that remembers everything: for tests of sources only.

use super::{Source, Visit};
use crate::error::{Error, SkipReason, Skipped};
use crate::origin::Origin;
use std::io::Read;

/// All that a source handed over, sorted.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Name and content of what came whole.
    pub(super) blobs: Vec<(String, Vec<u8>)>,
    /// Name and content of what came as a stream.
    pub(super) streams: Vec<(String, Vec<u8>)>,
    /// What was skipped.
    pub(super) skipped: Vec<Skipped>,
    /// The origins of blobs and streams as they were.
    pub(super) origins: Vec<Origin>,
    /// How many visitors there were.
    pub(super) visitors: usize,
}

impl Seen {
    /// The names of what came whole.
    pub(super) fn names(&self) -> Vec<&str> {
        self.blobs.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Name and reason of what was skipped.
    pub(super) fn reasons(&self) -> Vec<(String, SkipReason)> {
        self.skipped.iter().map(|skipped| (skipped.origin.to_string(), skipped.reason)).collect()
    }
}

impl Visit for Seen {
    fn blob(&mut self, origin: Origin, bytes: &[u8]) {
        self.blobs.push((origin.to_string(), bytes.to_vec()));
        self.origins.push(origin);
    }

    fn stream(&mut self, origin: Origin, reader: &mut dyn Read) {
        let mut content = Vec::new();
        reader.read_to_end(&mut content).expect("a stream never fails");
        self.streams.push((origin.to_string(), content));
        self.origins.push(origin);
    }

    fn skip(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }
}

/// Visit all of `source` and put together what its visitors saw.
pub(super) fn all(source: &impl Source) -> Result<Seen, Error> {
    let mut whole = Seen::default();
    for seen in source.visit(&Seen::default)? {
        whole.visitors += 1;
        whole.blobs.extend(seen.blobs);
        whole.streams.extend(seen.streams);
        whole.skipped.extend(seen.skipped);
        whole.origins.extend(seen.origins);
    }
    whole.blobs.sort();
    whole.streams.sort();
    whole.skipped.sort();
    whole.origins.sort();
    Ok(whole)
}
