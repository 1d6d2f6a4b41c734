//! Where hooks are, and what stands there.

use super::script::{self, BEFORE, First, Kind};
use crate::error::Error;
use crate::source::repo::Repo;
use crate::source::repo::ask::Asker;
use std::fs;
use std::path::{Path, PathBuf};

/// A directory of hooks.
pub(super) struct Hooks {
    /// The directory, absolute.
    pub(super) directory: PathBuf,
    /// Where hooks that run first are.
    pub(super) first: First,
    /// What a person should know about the directory.
    pub(super) notes: Vec<String>,
    /// True where git does not look there yet: `core.hooksPath` has to be set.
    pub(super) unset: bool,
}

/// What stands where a hook would.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing.
    Nothing,
    /// Our script.
    Ours {
        /// False where git passes over it.
        runs: bool,
        /// Another hook runs first.
        chained: bool,
    },
    /// Another hook.
    Foreign {
        /// It speaks of this program: it may well call it.
        calls: bool,
    },
}

impl Hooks {
    /// The hooks of the repository of the current directory.
    pub(super) fn of_repository() -> Result<(Hooks, Repo), Error> {
        let repo = Repo::here()?;
        let asker = repo.asker();
        let answer = asker.line(&["rev-parse", "--git-path", "hooks"]);
        let answer = answer.map_err(|reason| repo.error("the directory of hooks", &reason))?;
        let directory = repo.directory().join(path(&answer));
        let mut notes = Vec::new();
        // The scope is told by git from 2.26 on; before, there is no note.
        let scope = asker.line(&["config", "--show-scope", "--get", "core.hooksPath"]).unwrap_or_default();
        if !scope.is_empty() && !scope.starts_with(b"local") && !scope.starts_with(b"worktree") {
            notes.push(format!(
                "core.hooksPath leads to {}: the hooks there are those of other repositories, too",
                directory.display()
            ));
        }
        let first = if is_our_own(&directory) { First::InRepository } else { First::Beside };
        Ok((Hooks { directory, first, notes, unset: false }, repo))
    }

    /// The hooks for all repositories of this user.
    pub(super) fn of_user() -> Result<Hooks, Error> {
        let asker = Asker::new(Path::new("."), None);
        let answer = asker.maybe(&["config", "--global", "--type=path", "--get", "core.hooksPath"]);
        let answer = answer.map_err(|reason| Error::Git {
            what: "core.hooksPath".to_owned(),
            reason,
            remedy: "see what `git config --global --list` says".to_owned(),
        })?;
        if let Some(set) = answer.filter(|set| !set.is_empty()) {
            let directory = std::path::absolute(path(&set)).unwrap_or_else(|_| path(&set));
            let first = if is_our_own(&directory) { First::InRepository } else { First::Beside };
            return Ok(Hooks { directory, first, notes: Vec::new(), unset: false });
        }
        Ok(Hooks { directory: own_directory()?, first: First::InRepository, notes: Vec::new(), unset: true })
    }

    /// The file of a hook.
    pub(super) fn file(&self, kind: Kind) -> PathBuf {
        self.directory.join(kind.name)
    }

    /// Where the hook is kept that runs before ours.
    pub(super) fn before(&self, kind: Kind) -> PathBuf {
        self.directory.join(format!("{}{BEFORE}", kind.name))
    }

    /// What stands where a hook would.
    pub(super) fn standing(&self, kind: Kind) -> Standing {
        let file = self.file(kind);
        let Ok(text) = fs::read(&file) else {
            return match file.symlink_metadata() {
                Ok(_) => Standing::Foreign { calls: false },
                Err(_) => Standing::Nothing,
            };
        };
        match script::is_ours(&text) {
            true => Standing::Ours { runs: is_executable(&file), chained: self.before(kind).exists() },
            false => Standing::Foreign { calls: memchr::memmem::find(&text, b"sekisho").is_some() },
        }
    }
}

/// The directory that we make for the hooks of all repositories.
fn own_directory() -> Result<PathBuf, Error> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = variable("XDG_CONFIG_HOME")
        .or_else(|| variable("HOME").or_else(|| variable("USERPROFILE")).map(|home| home.join(".config")));
    base.map(|base| base.join("sekisho").join("hooks")).ok_or_else(|| Error::Input {
        what: "--global".to_owned(),
        reason: "neither XDG_CONFIG_HOME nor HOME is set".to_owned(),
        remedy: "set HOME, or set core.hooksPath to a directory for hooks".to_owned(),
    })
}

/// Was this directory made by `install --global`?
fn is_our_own(directory: &Path) -> bool {
    own_directory()
        .is_ok_and(|own| own == directory || own.canonicalize().ok() == directory.canonicalize().ok())
        && directory.is_dir()
}

/// A path that git writes.
fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|about| about.permissions().mode() & 0o111 != 0)
}

/// Elsewhere every hook runs.
#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    true
}

/// Write a script that can be run, in one step.
pub(super) fn write_script(file: &Path, text: &str) -> Result<(), Error> {
    let failed =
        |error: std::io::Error| Error::Output { what: file.display().to_string(), reason: error.to_string() };
    let directory = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory).map_err(failed)?;
    let temporary = file.with_extension("sekisho-new");
    fs::write(&temporary, text).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&temporary, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    }
    fs::rename(&temporary, file).map_err(failed)
}
