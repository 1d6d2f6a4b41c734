//! Trails as a cache keeps them: what was traced holds as long as nothing in the repository changes.

use super::{Group, Trail};
use bstr::BString;
use serde::{Deserialize, Serialize};

/// What became of some groups, in one state of a repository. It holds paths of files in clear.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Remembered {
    /// Sorted by group.
    trails: Vec<(Group, Trail)>,
}

impl Remembered {
    pub(super) fn new(groups: &[Group], trails: &[Trail]) -> Remembered {
        let mut trails: Vec<_> = groups.iter().cloned().zip(trails.iter().cloned()).collect();
        trails.sort_by(|one, other| one.0.cmp(&other.0));
        Remembered { trails }
    }

    /// Read what [`Remembered::to_bytes`] wrote; nothing from anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Remembered> {
        let read: Remembered = serde_json::from_slice(bytes).ok()?;
        read.trails.is_sorted_by(|one, other| one.0 <= other.0).then_some(read)
    }

    /// For a cache.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// All paths in it.
    pub fn paths(&self) -> impl Iterator<Item = &BString> {
        self.trails.iter().flat_map(|(_, trail)| {
            let introduced = trail.introduced.iter().filter_map(|one| one.path.as_ref());
            let tips = trail.tips.iter().filter_map(|(_, path)| path.as_ref());
            introduced.chain(tips).chain(trail.paths.iter().map(|(path, _)| path))
        })
    }

    /// The trails of these groups, where all are known and none names a reference beyond the first `references`.
    pub(super) fn of(&self, groups: &[Group], references: usize) -> Option<Vec<Trail>> {
        let trail = |group: &Group| {
            let place = self.trails.binary_search_by(|(held, _)| held.cmp(group)).ok()?;
            let trail = &self.trails[place].1;
            let mut named = trail.tips.iter().map(|tip| tip.0).chain(trail.holders.iter().copied());
            named.all(|index| (index as usize) < references).then(|| trail.clone())
        };
        groups.iter().map(trail).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::objects::ObjectId;
    use super::super::super::references::RefClass;
    use super::*;
    use crate::origin::ObjectKind;

    fn group(byte: u8) -> Group {
        let id = ObjectId::from_bytes(&[byte; 20]).unwrap();
        Group { members: vec![(id, ObjectKind::Blob)], refs: byte.is_multiple_of(2) }
    }

    #[test]
    fn what_is_remembered_is_known_again_in_any_order() {
        let path = BString::from(&b"odd \xff name"[..]);
        let trail = |byte: u8| Trail {
            tips: vec![(u32::from(byte), Some(path.clone()))],
            classes: vec![RefClass::Branch],
            paths: vec![(path.clone(), None)],
            order: Some(7),
            ..Trail::default()
        };
        let groups = [group(2), group(1)];
        let bytes = Remembered::new(&groups, &[trail(2), trail(1)]).to_bytes();
        let read = Remembered::from_bytes(&bytes).unwrap();
        let known = read.of(&[group(1), group(2)], 3).unwrap();
        assert_eq!(known, [trail(1), trail(2)]);
        assert_eq!(read.paths().filter(|held| **held == path).count(), 4);
        assert!(read.of(&[group(1), group(3)], 3).is_none());
        assert!(read.of(&groups, 2).is_none(), "a reference that is not there");
        assert!(Remembered::from_bytes(&bytes[1..]).is_none());
    }
}
