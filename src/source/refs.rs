//! The refs of a repository, and other small texts that it keeps beside its objects.

use super::layout::{Layout, path_bytes};
use super::objects::ObjectId;
use crate::error::{SkipReason, Skipped};
use crate::origin::{Origin, RepositoryPart};
use bstr::{BString, ByteSlice};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a ref points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An object.
    Object(ObjectId),
    /// Another ref.
    Ref(BString),
    /// It cannot be told.
    Damaged,
}

/// The refs by name: those of the shared directory by their own, `HEAD` and its like of a linked work
/// tree as `worktrees/NAME/HEAD`.
pub type Refs = BTreeMap<BString, Target>;

/// Largest file of a ref (bytes).
const LARGEST: u64 = 4096;

/// Read all refs; what cannot be read is told in `trouble`.
pub fn read(layout: &Layout, trouble: &mut Vec<Skipped>) -> Refs {
    let mut refs = Refs::new();
    if layout.reftable {
        tables(layout, &mut refs, trouble);
        return refs;
    }
    packed(layout, &mut refs, trouble);
    for tree in layout.work_trees() {
        let own = tree.strip_prefix(&layout.common).map(path_bytes).unwrap_or_default();
        let prefix = if own.is_empty() { Vec::new() } else { [own, b"/"].concat() };
        let mut found = Vec::new();
        files(&tree.join("refs"), b"refs", layout, &mut found, trouble);
        for name in [
            "HEAD",
            "FETCH_HEAD",
            "ORIG_HEAD",
            "MERGE_HEAD",
            "CHERRY_PICK_HEAD",
            "REVERT_HEAD",
            "REBASE_HEAD",
        ] {
            if tree.join(name).is_file() {
                found.push((name.as_bytes().to_vec(), tree.join(name)));
            }
        }
        for (name, path) in found {
            let text = match read_small(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    tell(layout, &name, SkipReason::Unreadable, error.to_string(), trouble);
                    continue;
                }
            };
            // Several heads may have been fetched or merged: the first stands for them.
            refs.insert([&prefix[..], &name].concat().into(), target(&text));
        }
    }
    refs
}

fn tell(layout: &Layout, name: &[u8], reason: SkipReason, detail: String, trouble: &mut Vec<Skipped>) {
    trouble.push(Skipped { origin: layout.part(RepositoryPart::Ref, name), reason, detail });
}

fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    use std::io::Read;
    let mut text = Vec::new();
    std::fs::File::open(path)?.take(LARGEST).read_to_end(&mut text)?;
    Ok(text)
}

fn target(text: &[u8]) -> Target {
    if let Some(name) = text.strip_prefix(b"ref:") {
        return Target::Ref(name.trim_ascii().into());
    }
    let digits = text.split(|byte| !byte.is_ascii_hexdigit()).next().unwrap_or_default();
    match ObjectId::parse(digits) {
        Some(id) => Target::Object(id),
        None => Target::Damaged,
    }
}

/// The files below a directory with their names, `/` between parts.
fn files(
    directory: &Path,
    name: &[u8],
    layout: &Layout,
    found: &mut Vec<(Vec<u8>, PathBuf)>,
    trouble: &mut Vec<Skipped>,
) {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => {
            return tell(layout, name, SkipReason::Unreadable, error.to_string(), trouble);
        }
    };
    for entry in entries.flatten() {
        let own = entry.file_name();
        let inner = [name, b"/", path_bytes(Path::new(&own))].concat();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path(), &inner, layout, found, trouble),
            Ok(_) if !inner.ends_with(b".lock") => found.push((inner, entry.path())),
            _ => {}
        }
    }
}

fn packed(layout: &Layout, refs: &mut Refs, trouble: &mut Vec<Skipped>) {
    let text = match std::fs::read(layout.common.join("packed-refs")) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => {
            return tell(layout, b"packed-refs", SkipReason::Unreadable, error.to_string(), trouble);
        }
    };
    for line in text.lines() {
        // `^ID` tells what the tag on the line before points to.
        if line.starts_with(b"#") || line.starts_with(b"^") || line.is_empty() {
            continue;
        }
        match line.split_once_str(" ") {
            Some((id, name)) => drop(refs.insert(name.trim_ascii().into(), target(id))),
            None => tell(layout, b"packed-refs", SkipReason::Corrupt, "a line tells no ref".into(), trouble),
        }
    }
}

/// Refs in tables are read by git itself.
fn tables(layout: &Layout, refs: &mut Refs, trouble: &mut Vec<Skipped>) {
    let output = Command::new("git")
        .arg("--git-dir")
        .arg(&layout.common)
        .args(["for-each-ref", "--format=%(objectname) %(refname)"])
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) if output.status.success() => {
            for line in output.stdout.lines() {
                if let Some((id, name)) = line.split_once_str(" ") {
                    refs.insert(name.into(), target(id));
                }
            }
        }
        Ok(output) => {
            let detail = output.stderr.trim_ascii().to_str_lossy().into_owned();
            tell(layout, b"refs", SkipReason::Unreadable, detail, trouble);
        }
        Err(error) => tell(layout, b"refs", SkipReason::Unreadable, format!("git: {error}"), trouble),
    }
}

/// Files with texts of people beside the objects: configuration, logs of refs, messages.
pub(super) fn texts(layout: &Layout, trouble: &mut Vec<Skipped>) -> Vec<(Origin, PathBuf)> {
    /// Directories of the git directory that hold such files.
    const PLACES: [&str; 6] = ["logs", "hooks", "info", "rebase-merge", "rebase-apply", "sequencer"];
    /// Files that hold none, or what is read elsewhere.
    const OTHERS: [&[u8]; 4] = [b"HEAD", b"index", b"packed-refs", b"gc.log"];
    let mut out = Vec::new();
    for tree in layout.work_trees() {
        let own = tree.strip_prefix(&layout.common).map(path_bytes).unwrap_or_default();
        let prefix = if own.is_empty() { Vec::new() } else { [own, b"/"].concat() };
        let mut found: Vec<(Vec<u8>, PathBuf)> = Vec::new();
        for entry in std::fs::read_dir(&tree).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = path_bytes(Path::new(&name));
            let ours = !OTHERS.contains(&name) && !name.ends_with(b".lock") && !name.starts_with(b"sekisho");
            if ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                found.push((name.to_vec(), entry.path()));
            }
        }
        for place in PLACES {
            files(&tree.join(place), place.as_bytes(), layout, &mut found, trouble);
        }
        // What hooks come with is the same everywhere, and this list repeats the refs.
        found.retain(|(name, _)| !name.ends_with(b".sample") && name != b"info/refs");
        for (name, path) in found {
            let part = match name.strip_prefix(b"logs/") {
                Some(_) => RepositoryPart::Reflog,
                None if name.starts_with(b"config") => RepositoryPart::Config,
                None => RepositoryPart::File,
            };
            let shown = name.strip_prefix(b"logs/").unwrap_or(&name);
            out.push((layout.part(part, &[&prefix[..], shown].concat()), path));
        }
    }
    out.sort();
    out
}

/// Follow refs that point to refs, to the end.
pub fn resolve(refs: &Refs, name: &[u8]) -> Option<ObjectId> {
    let mut name = name;
    for _ in 0..8 {
        match refs.get(name.as_bstr())? {
            Target::Object(id) => return Some(*id),
            Target::Ref(next) => name = next,
            Target::Damaged => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_of_refs() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(
            target(format!("{id}\n").as_bytes()),
            Target::Object(ObjectId::parse(id.as_bytes()).unwrap())
        );
        assert_eq!(target(format!("{id}\t\tbranch 'x' of y\n").as_bytes()), target(id.as_bytes()));
        assert_eq!(target(b"ref: refs/heads/main\n"), Target::Ref("refs/heads/main".into()));
        assert_eq!(target(b""), Target::Damaged);
    }

    #[test]
    fn refs_that_point_to_refs() {
        let id = ObjectId::parse(&b"ab".repeat(20)).unwrap();
        let refs = Refs::from([
            ("HEAD".into(), Target::Ref("refs/heads/a".into())),
            ("refs/heads/a".into(), Target::Object(id)),
            ("x".into(), Target::Ref("x".into())),
        ]);
        assert_eq!(resolve(&refs, b"HEAD"), Some(id));
        assert_eq!(resolve(&refs, b"x"), None);
        assert_eq!(resolve(&refs, b"y"), None);
    }
}
