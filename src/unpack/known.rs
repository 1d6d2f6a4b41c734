//! What is known of images of containers, once all that tells of them was seen.

use super::image::Base;
use crate::origin::Origin;
use bstr::{BString, ByteSlice};
use std::collections::{HashMap, HashSet};

/// A layer of an image.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    /// What is told of by its digest, or by its path where none is known.
    pub(super) id: Id,
    /// Its number, from 0 at the bottom.
    pub(super) index: usize,
    pub(super) count: usize,
    pub(super) digest: String,
    pub(super) step: Option<String>,
    /// The layers above it, the lowest first.
    pub(super) above: Vec<Origin>,
}

/// A layer of the images at a place.
pub(super) type Id = (Base, String);

/// What is known of images, of all that a run saw.
#[derive(Debug, Default)]
pub struct Known {
    pub(super) layers: HashMap<Origin, Layer>,
    /// The names of the images that a layer belongs to.
    pub(super) names: HashMap<Id, Vec<String>>,
    pub(super) configurations: HashMap<Origin, Vec<String>>,
    pub(super) whiteouts: HashMap<Origin, HashSet<BString>>,
}

/// A place in a layer, wherever the layer stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Same<'k> {
    layer: &'k Id,
    /// The way to it from the layer.
    pub(super) inside: String,
}

impl Known {
    /// True where there were no images.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty() && self.configurations.is_empty()
    }

    /// What is known of a place, the most general first; nothing where it is not in an image.
    pub fn notes(&self, origin: &Origin) -> Vec<String> {
        if let Some(names) = self.configurations.get(origin.bare()) {
            return vec![format!("{}configuration", image(names))];
        }
        let Some((layer, outer)) = self.layer(origin) else { return Vec::new() };
        let file = std::iter::successors(Some(origin), |origin| origin.outer())
            .find(|inside| inside.outer().is_some_and(|container| container.bare() == outer.bare()));
        let mut notes = Vec::new();
        let number = format!("layer {} of {}", layer.index + 1, layer.count);
        let names = self.names.get(&layer.id).map_or(&[][..], Vec::as_slice);
        notes.push(format!("{}{number} {}", image(names), layer.digest).trim_end().to_owned());
        notes.extend(layer.step.as_ref().map(|step| format!("made by: {step}")));
        if let Some(path) = file.and_then(Origin::member_path)
            && let Some(above) = layer.above.iter().find(|above| self.deletes(above, path))
        {
            let by = self.layers.get(above);
            let digest = by.map_or("", |by| &by.digest);
            let step = by.and_then(|by| by.step.as_ref()).map_or(String::new(), |step| format!(" ({step})"));
            notes.push(format!("deleted in a later layer, and still in the image: {digest}{step}"));
        }
        notes
    }

    /// What tells a place in a layer from others, by the layer's digest: two are the same where this is.
    pub fn same(&self, origin: &Origin) -> Option<Same<'_>> {
        let (layer, outer) = self.layer(origin)?;
        Some(Same { layer: &layer.id, inside: origin.way().strip_prefix(&outer.way())?.to_owned() })
    }

    /// The layer that a place is in, and where the layer stands.
    fn layer<'o>(&self, origin: &'o Origin) -> Option<(&Layer, &'o Origin)> {
        let mut place = Some(origin);
        while let Some(origin) = place {
            if let Some(layer) = self.layers.get(origin.bare()) {
                return Some((layer, origin));
            }
            place = origin.outer();
        }
        None
    }

    /// Does a layer delete a path of lower layers, or a directory above it?
    fn deletes(&self, layer: &Origin, path: &BString) -> bool {
        let Some(names) = self.whiteouts.get(layer) else { return false };
        let path = path.strip_prefix(b"./").unwrap_or(path);
        names.contains(path.as_bstr())
            || names.contains(b"".as_bstr())
            || path
                .find_iter(b"/")
                .any(|at| names.contains(path[..at].as_bstr()) || names.contains(path[..=at].as_bstr()))
    }
}

fn image(names: &[String]) -> String {
    match names.is_empty() {
        true => "image: ".to_owned(),
        false => format!("image {}, ", names.join(", ")),
    }
}
