//! TO BE REPLACED WHEN MERGING by the pack reader: every object of a repository through git2, slowly.

use super::objects::{ObjectId, Objects, ReadError};
use super::{Source, Visit};
use crate::error::{Error, SkipReason};
use crate::origin::{ObjectKind, Origin};
use std::path::Path;
use std::sync::Mutex;

/// The objects of a repository as git2 reads them.
pub struct Odb {
    repository: Mutex<git2::Repository>,
    ids: Vec<ObjectId>,
}

impl Odb {
    /// The objects of the repository that holds `start`.
    ///
    /// # Errors
    /// There is none that git2 can open.
    pub fn open(start: &Path) -> Result<Odb, Error> {
        let failed = |error: git2::Error| Error::Git {
            what: start.display().to_string(),
            reason: error.message().to_owned(),
            remedy: "name a repository".to_owned(),
        };
        let repository = git2::Repository::discover(start).map_err(failed)?;
        let mut ids = Vec::new();
        let odb = repository.odb().map_err(failed)?;
        let all = odb.foreach(|id| {
            ids.extend(ObjectId::from_bytes(id.as_bytes()));
            true
        });
        all.map_err(failed)?;
        drop(odb);
        ids.sort_unstable();
        ids.dedup();
        Ok(Odb { repository: Mutex::new(repository), ids })
    }

    /// All commits.
    pub fn commits(&self) -> Vec<ObjectId> {
        let mut buffer = Vec::new();
        let is_commit = |id: &&ObjectId| matches!(self.read(id, &mut buffer), Ok(Some(ObjectKind::Commit)));
        self.ids.iter().filter(is_commit).copied().collect()
    }
}

impl Objects for Odb {
    fn read(&self, id: &ObjectId, buffer: &mut Vec<u8>) -> Result<Option<ObjectKind>, ReadError> {
        let failed = |error: &git2::Error| ReadError {
            id: *id,
            reason: SkipReason::Corrupt,
            detail: error.message().to_owned(),
        };
        let repository = self.repository.lock().unwrap_or_else(|poison| poison.into_inner());
        let odb = repository.odb().map_err(|error| failed(&error))?;
        let oid = git2::Oid::from_bytes(id.as_bytes()).map_err(|error| failed(&error))?;
        let object = match odb.read(oid) {
            Ok(object) => object,
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(failed(&error)),
        };
        buffer.clear();
        buffer.extend_from_slice(object.data());
        Ok(match object.kind() {
            git2::ObjectType::Commit => Some(ObjectKind::Commit),
            git2::ObjectType::Tree => Some(ObjectKind::Tree),
            git2::ObjectType::Tag => Some(ObjectKind::Tag),
            _ => Some(ObjectKind::Blob),
        })
    }
}

impl Source for Odb {
    fn visit<V: Visit>(&self, new: &(dyn Fn() -> V + Sync)) -> Result<Vec<V>, Error> {
        let mut visitor = new();
        let mut buffer = Vec::new();
        for id in &self.ids {
            if let Ok(Some(kind)) = self.read(id, &mut buffer) {
                let origin = Origin::Object { id: id.to_string(), kind, path: None, commit: None };
                if kind != ObjectKind::Tree {
                    visitor.blob(origin, &buffer);
                }
            }
        }
        Ok(vec![visitor])
    }
}
