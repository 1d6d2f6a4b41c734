//! `sekisho hook install`, `uninstall` and `status`.

use super::args::Which;
use super::script::{self, First, Kind, OURS, PASSED_ON};
use super::state::{Hooks, Standing, write_script};
use crate::cli::output::print;
use crate::error::Error;
use crate::source::repo::ask::Asker;
use std::fs;
use std::path::{Path, PathBuf};

/// Install hooks; what was changed is printed.
///
/// # Errors
/// No repository, a directory that cannot be written, a hook that cannot be kept.
pub(super) fn install(which: &Which) -> Result<u8, Error> {
    let (hooks, bare, submodules) = match which.global {
        true => (Hooks::of_user()?, false, false),
        false => {
            let (hooks, repo) = Hooks::of_repository()?;
            let submodules = repo.top().is_some_and(|top| top.join(".gitmodules").exists());
            (hooks, repo.top().is_none(), submodules)
        }
    };
    refuse_husky(&hooks.directory)?;
    let mut told = String::new();
    hooks.notes.iter().for_each(|note| told.push_str(&format!("note: {note}\n")));
    let program = program();
    for kind in chosen(which, bare) {
        told.push_str(&install_one(&hooks, kind, &program)?);
    }
    if hooks.unset {
        for kind in PASSED_ON {
            write_script(&hooks.file(kind), &script::passed_on(kind))?;
        }
        set_hooks_path(Some(&hooks.directory))?;
        told.push_str(&format!(
            "core.hooksPath: set to {} for all repositories; their own hooks still run\n",
            hooks.directory.display()
        ));
    }
    if submodules {
        told.push_str(
            "note: submodules have hooks of their own: \
             git submodule foreach --recursive 'sekisho hook install'\n",
        );
    }
    print(&told)?;
    Ok(0)
}

/// The hooks that were named; where none was, all that make sense here.
fn chosen(which: &Which, bare: bool) -> Vec<Kind> {
    let named = [which.pre_commit, which.commit_msg, which.pre_push, which.pre_receive];
    let wanted = if named.contains(&true) { named } else { [!bare, !bare, !bare, bare] };
    OURS.into_iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|(kind, _)| kind).collect()
}

fn install_one(hooks: &Hooks, kind: Kind, program: &str) -> Result<String, Error> {
    let (file, before, name) = (hooks.file(kind), hooks.before(kind), kind.name);
    let text = script::ours(kind, program, hooks.first);
    let shown = file.display();
    match hooks.standing(kind) {
        Standing::Ours { runs, .. } => {
            if runs && fs::read(&file).is_ok_and(|held| held == text.as_bytes()) {
                return Ok(format!("{name}: already installed at {shown}\n"));
            }
            write_script(&file, &text)?;
            Ok(format!("{name}: brought up to date at {shown}\n"))
        }
        Standing::Nothing => {
            write_script(&file, &text)?;
            Ok(format!("{name}: installed at {shown}\n"))
        }
        Standing::Foreign { .. } => {
            if before.symlink_metadata().is_ok() {
                return Err(Error::Input {
                    what: shown.to_string(),
                    reason: format!("another hook stands there, and {} is taken as well", before.display()),
                    remedy: "remove the one that is no longer needed, or call `sekisho hook` in the hook"
                        .to_owned(),
                });
            }
            fs::rename(&file, &before).map_err(|error| failed(&before, &error))?;
            write_script(&file, &text).inspect_err(|_| drop(fs::rename(&before, &file)))?;
            Ok(format!(
                "{name}: installed at {shown}\n  the hook that stood there is now {}, and runs first\n",
                before.display()
            ))
        }
    }
}

/// husky writes its directory anew at every `npm install`: hooks would be lost.
fn refuse_husky(directory: &Path) -> Result<(), Error> {
    if !directory.ends_with(".husky/_") {
        return Ok(());
    }
    Err(Error::Input {
        what: directory.display().to_string(),
        reason: "husky makes this directory anew whenever packages are installed".to_owned(),
        remedy:
            "put `sekisho hook pre-commit` into .husky/pre-commit, `sekisho hook commit-msg \"$1\"` into \
                 .husky/commit-msg, and `sekisho hook pre-push \"$@\"` into .husky/pre-push"
                .to_owned(),
    })
}

/// How hooks call this program: as the shell finds it, where that is this very program.
fn program() -> String {
    let own = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("sekisho"));
    let real = own.canonicalize().ok();
    let name = if cfg!(windows) { "sekisho.exe" } else { "sekisho" };
    let found = std::env::var_os("PATH").and_then(|list| {
        let named = |directory: PathBuf| directory.join(name);
        std::env::split_paths(&list)
            .map(named)
            .find(|file| file.is_absolute() && file.canonicalize().is_ok_and(|file| Some(file) == real))
    });
    found.unwrap_or(own).to_string_lossy().replace('\\', "/")
}

/// Take our hooks away; what was changed is printed.
///
/// # Errors
/// No repository, a file that cannot be removed.
pub(super) fn uninstall(which: &Which) -> Result<u8, Error> {
    let hooks = if which.global { Hooks::of_user()? } else { Hooks::of_repository()?.0 };
    let mut told = String::new();
    let named = [which.pre_commit, which.commit_msg, which.pre_push, which.pre_receive];
    let all = !named.contains(&true);
    for (kind, wanted) in OURS.into_iter().zip(named) {
        let Standing::Ours { .. } = hooks.standing(kind) else { continue };
        if !(wanted || all) {
            continue;
        }
        let (file, before) = (hooks.file(kind), hooks.before(kind));
        if before.symlink_metadata().is_ok() {
            fs::rename(&before, &file).map_err(|error| failed(&file, &error))?;
            told.push_str(&format!(
                "{}: the hook that stood there before is back at {}\n",
                kind.name,
                file.display()
            ));
        } else {
            fs::remove_file(&file).map_err(|error| failed(&file, &error))?;
            told.push_str(&format!("{}: removed {}\n", kind.name, file.display()));
        }
    }
    let none_left = OURS.into_iter().all(|kind| hooks.standing(kind) == Standing::Nothing);
    if which.global && none_left && hooks.first == First::InRepository && !hooks.unset {
        for kind in PASSED_ON {
            if let Standing::Ours { .. } = hooks.standing(kind) {
                fs::remove_file(hooks.file(kind)).map_err(|error| failed(&hooks.file(kind), &error))?;
            }
        }
        // Stays where somebody put something else into it.
        let _ = fs::remove_dir(&hooks.directory);
        set_hooks_path(None)?;
        told.push_str("core.hooksPath: no longer set for all repositories\n");
    }
    if told.is_empty() {
        told.push_str("none of our hooks is installed here\n");
    }
    print(&told)?;
    Ok(0)
}

fn failed(file: &Path, error: &std::io::Error) -> Error {
    Error::Output { what: file.display().to_string(), reason: error.to_string() }
}

fn set_hooks_path(directory: Option<&Path>) -> Result<(), Error> {
    let asker = Asker::new(Path::new("."), None);
    let done = match directory {
        Some(directory) => {
            asker.run(&["config", "--global", "core.hooksPath", &directory.to_string_lossy()], &[])
        }
        None => asker.run(&["config", "--global", "--unset", "core.hooksPath"], &[]),
    };
    done.map(drop).map_err(|reason| Error::Git {
        what: "core.hooksPath".to_owned(),
        reason,
        remedy: "set it by hand: git config --global core.hooksPath DIRECTORY".to_owned(),
    })
}

/// Tell which hooks are installed.
///
/// # Errors
/// No repository.
pub(super) fn status(global: bool) -> Result<u8, Error> {
    let (hooks, own) = match global {
        true => (Hooks::of_user()?, None),
        false => {
            let (hooks, repo) = Hooks::of_repository()?;
            let own = repo.common_dir().join("hooks");
            let same = own.canonicalize().ok() == hooks.directory.canonicalize().ok();
            (hooks, (!same).then_some(own))
        }
    };
    let mut told = format!("hooks in {}\n", hooks.directory.display());
    if hooks.unset {
        told.push_str("note: core.hooksPath is not set for all repositories\n");
    }
    hooks.notes.iter().for_each(|note| told.push_str(&format!("note: {note}\n")));
    for kind in OURS {
        let state = match hooks.standing(kind) {
            Standing::Nothing => "not installed".to_owned(),
            Standing::Ours { runs: false, .. } => {
                format!("installed, but git passes over it: chmod +x '{}'", hooks.file(kind).display())
            }
            Standing::Ours { chained: true, .. } => "installed; another hook runs first".to_owned(),
            Standing::Ours { .. } => "installed".to_owned(),
            Standing::Foreign { calls: true } => "another hook, which speaks of sekisho".to_owned(),
            Standing::Foreign { calls: false } => "another hook".to_owned(),
        };
        told.push_str(&format!("  {:<12} {state}\n", kind.name));
        let idle = own.as_ref().map(|own| own.join(kind.name));
        if let Some(idle) = idle.filter(|file| fs::read(file).is_ok_and(|text| script::is_ours(&text))) {
            told.push_str(&format!(
                "               {} is ours, but core.hooksPath leads git elsewhere\n",
                idle.display()
            ));
        }
    }
    told.push_str("`sekisho hook doctor` proves that they block\n");
    print(&told)?;
    Ok(0)
}
