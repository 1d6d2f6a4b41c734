//! Which objects of a pack are commits, told by the headers of the entries alone.

use super::Pack;
use super::delta::Form;
use crate::origin::ObjectKind;
use crate::source::objects::ObjectId;
use std::collections::HashMap;

impl Pack {
    /// The ids of all commits. An entry whose header or base cannot be read is passed over: it is told
    /// of where objects are read.
    pub(in crate::source) fn commits(&self) -> Vec<ObjectId> {
        let mut known: HashMap<u64, bool> = HashMap::new();
        let mut chain = Vec::new();
        let mut found = Vec::new();
        for position in 0..self.count() {
            let Some(mut at) = self.index.offset(position) else { continue };
            chain.clear();
            let is_commit = loop {
                if let Some(&is_commit) = known.get(&at) {
                    break is_commit;
                }
                // Deltas made from one another in a circle.
                if chain.len() > self.count() as usize {
                    break false;
                }
                chain.push(at);
                let base = match self.header(at).map(|header| header.form) {
                    Ok(Form::Whole(kind)) => break kind == ObjectKind::Commit,
                    Ok(Form::Behind(distance)) => at.checked_sub(distance),
                    Ok(Form::Against(id)) => self.find(&id).and_then(|base| self.index.offset(base)),
                    Err(_) => None,
                };
                match base {
                    Some(base) => at = base,
                    None => break false,
                }
            };
            known.extend(chain.iter().map(|&at| (at, is_commit)));
            if is_commit {
                found.push(self.id(position));
            }
        }
        found
    }
}
