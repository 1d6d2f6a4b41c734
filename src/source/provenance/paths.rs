//! Which wanted objects stand at which paths in a commit where no parent has them there.

use super::graph::{Node, Number};
use super::pruned::{Answers, Branches, Child, Forest, NOTHING, Pruned};
use bstr::{BStr, BString, ByteSlice};
use std::collections::HashMap;

/// How often one tree is looked at for one commit. Trees of honest people stand in few places; made-up
/// ones may name the same tree twice on each of forty levels.
const VISITS: u8 = 8;
/// No path is followed further than this (bytes).
pub(super) const LONGEST: usize = 1 << 14;

/// What is new in each commit, by commit, then path.
#[derive(Default)]
pub(super) struct News {
    all: Vec<(Number, u32, BString)>,
}

impl News {
    pub(super) fn of(commits: &[Node], answers: &Answers) -> News {
        let mut news = News::default();
        for (number, commit) in commits.iter().enumerate() {
            let own = answers.of[number];
            let parents: Vec<Pruned> =
                commit.parents.iter().map(|&parent| answers.of[parent as usize]).collect();
            if own != NOTHING && !parents.contains(&own) {
                let mut found = new_paths(&answers.forest, own, parents);
                found.sort_by(|one, other| one.1.cmp(&other.1).then(one.0.cmp(&other.0)));
                news.all.extend(found.into_iter().map(|(place, path)| (number as Number, place, path)));
            }
        }
        news
    }

    /// Commit, object and path of everything new.
    pub(super) fn all(&self) -> impl Iterator<Item = (Number, u32, &BString)> {
        self.all.iter().map(|(number, place, path)| (*number, *place, path))
    }

    /// The first object of a group that is new in a commit, and its path.
    pub(super) fn first_of(&self, number: Number, bits: &[u64], group: usize) -> Option<(u32, &BString)> {
        let start = self.all.partition_point(|(other, ..)| *other < number);
        let of_commit = self.all[start..].iter().take_while(|(other, ..)| *other == number);
        let mut of_group = of_commit.filter(|(_, place, _)| bits[*place as usize] >> group & 1 != 0);
        of_group.next().map(|(_, place, path)| (*place, path))
    }
}

/// Objects and paths below `tree` that stand in none of `others` at the same path.
fn new_paths(forest: &Forest, tree: Pruned, others: Vec<Pruned>) -> Vec<(u32, BString)> {
    let mut found = Vec::new();
    let mut visits: HashMap<Pruned, u8> = HashMap::new();
    let mut open = vec![(tree, others, BString::default())];
    while let Some((tree, others, path)) = open.pop() {
        let seen = visits.entry(tree).or_default();
        if *seen == VISITS || path.len() > LONGEST {
            continue;
        }
        *seen += 1;
        let there: Vec<&Branches> = others.iter().map(|&other| &forest.nodes[other as usize]).collect();
        let node = &forest.nodes[tree as usize];
        if let Some(place) = node.itself.filter(|_| there.iter().all(|other| other.itself != node.itself)) {
            found.push((place, path.clone()));
        }
        let mut there_by_name: HashMap<&BStr, Vec<Child>> = HashMap::new();
        for (name, child) in there.iter().flat_map(|other| &other.entries) {
            there_by_name.entry(name.as_bstr()).or_default().push(*child);
        }
        for (name, child) in &node.entries {
            let there = there_by_name.get(name.as_bstr()).map_or(&[][..], |there| there);
            if there.contains(child) {
                continue;
            }
            let mut path = path.clone();
            extend(&mut path, name);
            match child {
                Child::Wanted(place) => found.push((*place, path)),
                Child::Directory(number) => {
                    let directories = there.iter().filter_map(|child| match child {
                        Child::Directory(number) => Some(*number),
                        Child::Wanted(_) => None,
                    });
                    open.push((*number, directories.collect(), path));
                }
            }
        }
    }
    found
}

/// Append a name to a path.
pub(super) fn extend(path: &mut BString, name: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}
