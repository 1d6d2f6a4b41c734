//! Containers that stand encoded in a text, for whoever opens them.

use super::{Map, Place};
use crate::archive::{HEAD, Kind};
use crate::text::Span;
use zeroize::Zeroizing;

/// Shorter containers (bytes) hold nothing that does not stand in them as it is.
const SHORTEST: usize = 64;

/// A container that stands encoded in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enclosed {
    /// Offset of the text that it was found by: it belongs to the part that holds it.
    pub anchor: usize,
    /// The bytes that say it.
    pub span: Span,
    /// The encodings around it, the outermost first, and what it is.
    pub chain: Vec<&'static str>,
    /// Its own bytes.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl Place<'_> {
    /// What kind of container the region says, if it is one. The parts of a message are encodings like any other,
    /// which are undone where they stand.
    pub(super) fn kind(&self) -> Option<Kind> {
        let said = &self.said.text;
        let plain = self.region.alone() && !matches!(self.said.map, Map::Wide(_));
        let kind = Kind::detect(&said[..said.len().min(HEAD)]).filter(|kind| *kind != Kind::Mail);
        kind.filter(|_| plain && said.len() >= SHORTEST)
    }

    /// The same, to be opened.
    pub(super) fn container(&self) -> Option<Enclosed> {
        let mut chain = self.chain();
        chain.push(self.kind()?.name());
        let (anchor, span) = (self.anchor, self.region.span());
        Some(Enclosed { anchor, span, chain, bytes: Zeroizing::new(self.said.text.clone()) })
    }

    /// The container as it stands in the text; none where nothing about it is written otherwise there.
    pub(super) fn enclosing(&self, found: Enclosed) -> Option<Enclosed> {
        let (span, other) = self.locate(found.span);
        let mut chain = self.chain();
        chain.extend(found.chain);
        (self.region.alone() || other).then_some(Enclosed { anchor: self.anchor, span, chain, ..found })
    }
}
