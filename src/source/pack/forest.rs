//! The forest of deltas in a pack: which entry is made from which.

use super::delta::Form;
use super::{Marks, Pack};
use rayon::prelude::*;

/// No entry of this pack.
const NONE: u32 = u32::MAX;
/// Set in a position where the entry is only needed for others that are made from it.
const BARE: u32 = 1 << 31;

/// Where an entry's content starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parent {
    /// Nothing: it is whole, or its header is damaged.
    Root,
    /// Another entry.
    Entry(u32),
    /// An object that is not in this pack.
    Outside,
    /// A place in the pack where no entry begins.
    Lost,
}

/// An entry.
#[derive(Clone, Copy)]
struct Entry {
    offset: u64,
    position: u32,
}

/// Entries of a pack, in its order, with what is made from each.
pub(super) struct Forest {
    entries: Vec<Entry>,
    /// Where the entries made from each start in `children`; one more than there are entries.
    first: Vec<u32>,
    children: Vec<u32>,
    /// Entries that are whole, or whose base is in another place.
    pub(super) roots: Vec<u32>,
    /// Positions of objects that nothing leads to: deltas made from one another in a circle, deltas
    /// whose base begins where no entry does, and objects whose place is not told.
    pub(super) lost: Vec<(u32, &'static str)>,
    complete: bool,
}

impl Forest {
    /// The forest of the objects `wanted`, and of those that they are made from; of all where it is
    /// `None`.
    pub(super) fn new(pack: &Pack, wanted: Option<&Marks>) -> Forest {
        let mut lost = Vec::new();
        let some = wanted.filter(|wanted| wanted.count() < pack.count());
        let mut entries: Vec<Entry> = Vec::new();
        let position = |position: u32| match some {
            Some(wanted) if !wanted.has(position) => position | BARE,
            _ => position,
        };
        // Few objects are looked up one by one; else the whole order is needed to tell entries apart.
        let few = some.is_some_and(|wanted| wanted.count() < pack.count() / 8);
        for at in 0..pack.count() {
            if few && position(at) & BARE != 0 {
                continue;
            }
            match pack.index.offset(at).filter(|&offset| offset < pack.end()) {
                Some(offset) => entries.push(Entry { offset, position: position(at) }),
                None => lost.push((at, "its place in the pack is not told")),
            }
        }
        if few {
            bases(pack, &mut entries);
        }
        entries.par_sort_unstable_by_key(|entry| entry.offset);
        let mut last = None;
        entries.retain(|entry| {
            let again = last == Some(entry.offset);
            last = Some(entry.offset);
            if again && entry.position & BARE == 0 {
                lost.push((entry.position, "another object has the same place in the pack"));
            }
            !again
        });
        let parents: Vec<Parent> = (0..entries.len())
            .into_par_iter()
            .with_min_len(1 << 12)
            .map(|at| parent(pack, &entries, at))
            .collect();
        let mut forest = Forest {
            entries,
            first: Vec::new(),
            children: Vec::new(),
            roots: Vec::new(),
            lost,
            complete: !few,
        };
        forest.grow(&parents, some.is_some());
        forest
    }

    /// Turn parents into children.
    fn grow(&mut self, parents: &[Parent], some: bool) {
        let count = self.entries.len();
        let base = |at: usize| match parents[at] {
            Parent::Entry(base) => Some(base as usize),
            _ => None,
        };
        // Bases stand before what is made from them, save those told by id; a weight that is wrong for
        // these only costs memory.
        let mut weight = vec![1u32; count];
        let mut needed = vec![!some; count];
        for at in (0..count).rev() {
            needed[at] |= self.entries[at].position & BARE == 0;
            if let Some(base) = base(at) {
                weight[base] = weight[base].saturating_add(weight[at]);
                needed[base] |= needed[at];
            }
        }
        self.first = vec![0; count + 1];
        for at in (0..count).filter(|&at| needed[at]) {
            match parents[at] {
                Parent::Entry(base) => self.first[base as usize + 1] += 1,
                Parent::Root | Parent::Outside => self.roots.push(at as u32),
                Parent::Lost => {
                    let held = self.entries[at].position;
                    self.lost.push((held & !BARE, "what it is made from is not in the pack"));
                }
            }
        }
        for at in 0..count {
            self.first[at + 1] += self.first[at];
        }
        self.children = vec![NONE; self.first[count] as usize];
        let mut next = self.first.clone();
        for at in (0..count).filter(|&at| needed[at]) {
            if let Some(base) = base(at) {
                self.children[next[base] as usize] = at as u32;
                next[base] += 1;
            }
        }
        // The heaviest last: the base is not needed any more when it is looked at, so the number of
        // objects held at a time grows with the logarithm of the pack's size only.
        for at in 0..count {
            let (start, end) = (self.first[at] as usize, self.first[at + 1] as usize);
            let children = &mut self.children[start..end];
            if let Some(heaviest) = (0..children.len()).max_by_key(|&child| weight[children[child] as usize])
            {
                let last = children.len() - 1;
                children.swap(heaviest, last);
            }
        }
        self.circles(&needed);
    }

    /// Find entries that no root leads to.
    fn circles(&mut self, needed: &[bool]) {
        let wanted = needed.iter().filter(|&&needed| needed).count();
        let mut seen = vec![false; self.entries.len()];
        let mut stack = self.roots.clone();
        let mut count = 0;
        while let Some(at) = stack.pop() {
            if !std::mem::replace(&mut seen[at as usize], true) {
                count += 1;
                stack.extend(self.children(at));
            }
        }
        if count == wanted {
            return;
        }
        let told: std::collections::HashSet<u32> = self.lost.iter().map(|lost| lost.0).collect();
        for at in (0..self.entries.len()).filter(|&at| needed[at] && !seen[at]) {
            let position = self.entries[at].position & !BARE;
            if !told.contains(&position) {
                self.lost.push((position, "what it is made from cannot be read, or is made from it"));
            }
        }
    }

    /// Where an entry starts.
    pub(super) fn offset(&self, entry: u32) -> u64 {
        self.entries[entry as usize].offset
    }

    /// Where the next entry starts, if that is known.
    pub(super) fn next_offset(&self, entry: u32) -> Option<u64> {
        if !self.complete {
            return None;
        }
        self.entries.get(entry as usize + 1).map(|next| next.offset)
    }

    /// True where every entry of the pack is known, so that the last one must end where entries do.
    pub(super) fn complete(&self) -> bool {
        self.complete
    }

    /// The object of an entry: its position in the index, and whether it is itself wanted.
    pub(super) fn position(&self, entry: u32) -> (u32, bool) {
        let position = self.entries[entry as usize].position;
        (position & !BARE, position & BARE == 0)
    }

    /// What is made from an entry.
    pub(super) fn children(&self, entry: u32) -> &[u32] {
        let entry = entry as usize;
        &self.children[self.first[entry] as usize..self.first[entry + 1] as usize]
    }
}

/// The place of the entry that begins at `offset`; it is sought from `near` backwards first, as most
/// bases stand shortly before what is made from them.
fn entry_at(entries: &[Entry], offset: u64, near: usize) -> Option<u32> {
    let mut step = 16;
    let mut low = near;
    while low > 0 && entries[low].offset > offset {
        low = near.saturating_sub(step);
        step *= 4;
    }
    let range = if entries[near].offset >= offset { low..near + 1 } else { near..entries.len() };
    let found = entries[range.clone()].binary_search_by_key(&offset, |entry| entry.offset).ok()?;
    Some((range.start + found) as u32)
}

fn parent(pack: &Pack, entries: &[Entry], at: usize) -> Parent {
    let offset = entries[at].offset;
    let Ok(header) = pack.header(offset) else { return Parent::Root };
    let base = match header.form {
        Form::Whole(_) => return Parent::Root,
        Form::Behind(distance) => offset.checked_sub(distance).filter(|_| distance > 0),
        Form::Against(id) => match pack.find(&id) {
            Some(position) => pack.index.offset(position),
            None => return Parent::Outside,
        },
    };
    match base.and_then(|base| entry_at(entries, base, at)) {
        Some(base) => Parent::Entry(base),
        None => Parent::Lost,
    }
}

/// Add the entries that those of `entries` are made from. Their ids are not known, nor needed.
fn bases(pack: &Pack, entries: &mut Vec<Entry>) {
    let mut known: std::collections::HashSet<u64> = entries.iter().map(|entry| entry.offset).collect();
    let mut at = 0;
    while let Some(entry) = entries.get(at) {
        at += 1;
        let Ok(header) = pack.header(entry.offset) else { continue };
        let base = match header.form {
            Form::Whole(_) => None,
            Form::Behind(distance) => entry.offset.checked_sub(distance),
            Form::Against(id) => pack.find(&id).and_then(|position| pack.index.offset(position)),
        };
        if let Some(offset) = base.filter(|&offset| offset < pack.end() && known.insert(offset)) {
            entries.push(Entry { offset, position: NONE });
        }
    }
}
