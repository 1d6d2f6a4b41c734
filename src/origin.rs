//! Where bytes came from.

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where a run of bytes came from. Printed (`Display`) as people write it: a path with forward
/// slashes, `<stdin>`, or `path@revision` for what git holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A file on disk, as the user named it or as found below a directory the user named.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// A path in git's index, relative to the top of the work tree.
    Staged(BString),
    /// The name of a new path in git's index, relative to the top of the work tree: names are content
    /// too.
    StagedName(BString),
    /// An object in a git repository.
    Object {
        /// The object's id in hexadecimal digits.
        id: String,
        /// What kind of object or text it is.
        kind: ObjectKind,
        /// A path under which a tree names the object, where that is known.
        path: Option<BString>,
        /// The commit that brought it in, in hexadecimal digits, where that is known.
        commit: Option<String>,
    },
    /// A part of a repository beside its objects.
    Repository {
        /// Which part.
        part: RepositoryPart,
        /// Its name: a ref, or a path relative to the git directory.
        name: BString,
    },
    /// A member of a container: of an archive, a compressed file, a document.
    Member {
        /// Where the container stands.
        outer: Box<Origin>,
        /// The member's name, as it stands in the container: it may be absolute or hold `..`.
        path: BString,
    },
    /// A place of which more is known than its name, such as the step that made a layer of an image.
    Noted {
        /// The place.
        outer: Box<Origin>,
        /// What is known, in words.
        note: String,
    },
}

/// What a repository holds beside its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RepositoryPart {
    /// The name of a ref.
    Ref,
    /// A log of where a ref pointed.
    Reflog,
    /// A configuration file: URLs of remotes hold credentials at times.
    Config,
    /// Another small file of the git directory, such as a message that is being written.
    File,
}

impl RepositoryPart {
    /// A short name for people.
    pub fn name(self) -> &'static str {
        match self {
            RepositoryPart::Ref => "ref",
            RepositoryPart::Reflog => "reflog",
            RepositoryPart::Config => "configuration",
            RepositoryPart::File => "file",
        }
    }
}

/// What kind of text in a repository bytes were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ObjectKind {
    /// The content of a file.
    Blob,
    /// A commit: its message and its header.
    Commit,
    /// An annotated tag.
    Tag,
    /// The names in a tree.
    Tree,
}

impl Origin {
    /// A member of the container at `outer`.
    pub fn member(outer: Origin, path: BString) -> Origin {
        Origin::Member { outer: Box::new(outer), path }
    }

    /// Where the outermost container stands: what a source handed out.
    pub fn root(&self) -> &Origin {
        match self {
            Origin::Member { outer, .. } | Origin::Noted { outer, .. } => outer.root(),
            origin => origin,
        }
    }

    /// The same, to be changed.
    pub fn root_mut(&mut self) -> &mut Origin {
        match self {
            Origin::Member { outer, .. } | Origin::Noted { outer, .. } => outer.root_mut(),
            origin => origin,
        }
    }

    /// The same place below another root.
    pub fn with_root(&self, root: &Origin) -> Origin {
        let mut moved = self.clone();
        *moved.root_mut() = root.clone();
        moved
    }

    /// The place without what is known of it beside its name.
    pub fn bare(&self) -> &Origin {
        match self {
            Origin::Noted { outer, .. } => outer.bare(),
            origin => origin,
        }
    }

    /// The place with something more that is known of it.
    pub fn noted(self, note: String) -> Origin {
        Origin::Noted { outer: Box::new(self), note }
    }

    /// The container that this is a member of.
    pub fn outer(&self) -> Option<&Origin> {
        match self {
            Origin::Member { outer, .. } => Some(outer),
            Origin::Noted { outer, .. } => outer.outer(),
            _ => None,
        }
    }

    /// The path in the innermost container.
    pub fn member_path(&self) -> Option<&BString> {
        match self {
            Origin::Member { path, .. } => Some(path),
            Origin::Noted { outer, .. } => outer.member_path(),
            _ => None,
        }
    }

    /// What is known of the place beside its name, the last noted first.
    pub fn notes(&self) -> Vec<&str> {
        match self {
            Origin::Noted { outer, note } => std::iter::once(&note[..]).chain(outer.notes()).collect(),
            Origin::Member { outer, .. } => outer.notes(),
            _ => Vec::new(),
        }
    }

    /// The way from the outermost container to a member, as it is written behind the container's name:
    /// `!/layer/app.jar!/config.yml`; empty for what is no member.
    pub fn way(&self) -> String {
        match self {
            Origin::Member { outer, path } => format!("{}!/{}", outer.way(), path.to_str_lossy()),
            Origin::Noted { outer, .. } => outer.way(),
            _ => String::new(),
        }
    }

    /// The path part, where there is one: with forward slashes, lossily decoded. That of a member goes on
    /// behind that of its container: `outer.tar!/layer/app.jar!/config.yml`.
    pub fn path(&self) -> Option<String> {
        match self {
            Origin::Member { .. } | Origin::Noted { .. } => {
                let root = self.root();
                Some(root.path().unwrap_or_else(|| root.to_string()) + &self.way())
            }
            Origin::File(path) => Some(slashed(path)),
            Origin::Stdin => None,
            Origin::Staged(path) | Origin::StagedName(path) => Some(path.to_str_lossy().into_owned()),
            Origin::Object { path, .. } => path.as_ref().map(|path| path.to_str_lossy().into_owned()),
            Origin::Repository { name, .. } => Some(name.to_str_lossy().into_owned()),
        }
    }

    /// The commit id, where the bytes came from a known commit.
    pub fn commit(&self) -> Option<&str> {
        match self.root() {
            Origin::Object { commit, .. } => commit.as_deref(),
            _ => None,
        }
    }
}

/// A path as text with forward slashes and without a leading `./`.
pub fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() };
    match text.strip_prefix("./") {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => text,
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::File(_) | Origin::Staged(_) | Origin::StagedName(_) => {
                out.write_str(&self.path().unwrap_or_default())
            }
            Origin::Stdin => out.write_str("<stdin>"),
            Origin::Object { id, path, commit, kind } => {
                let short = |id: &str| id[..id.len().min(12)].to_owned();
                match (path, commit) {
                    (Some(path), Some(commit)) => {
                        write!(out, "{}@{}", path.to_str_lossy(), short(commit))
                    }
                    (Some(path), None) => write!(out, "{}@{}", path.to_str_lossy(), short(id)),
                    (None, _) => write!(out, "{} {}", format!("{kind:?}").to_lowercase(), short(id)),
                }
            }
            Origin::Repository { part, name } => write!(out, "{} {}", part.name(), name.to_str_lossy()),
            Origin::Member { .. } | Origin::Noted { .. } => write!(out, "{}{}", self.root(), self.way()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_read_well() {
        assert_eq!(Origin::File("./a/b.txt".into()).to_string(), "a/b.txt");
        assert_eq!(Origin::File(".".into()).to_string(), ".");
        assert_eq!(Origin::Stdin.to_string(), "<stdin>");
        let object = Origin::Object {
            id: "0123456789abcdef".into(),
            kind: ObjectKind::Blob,
            path: Some("x y".into()),
            commit: Some("fedcba9876543210".into()),
        };
        assert_eq!(object.to_string(), "x y@fedcba987654");
    }
}
