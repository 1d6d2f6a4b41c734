//! `sekisho hook doctor`: plants a secret in a throw-away repository that uses the hooks of this one, and
//! looks whether they block it.

use super::SKIP;
use super::script::{Kind, OURS};
use super::state::{Hooks, Standing};
use crate::cli::args::Global;
use crate::cli::output::print;
use crate::config::{Flags, Settings};
use crate::engine::{Engine, Input, Scratch};
use crate::error::Error;
use crate::rules::{RuleSet, Severity, sample};
use crate::source::repo::Repo;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

/// Hooks that other programs manage read these; they are copied.
const COPIED: [&str; 5] =
    [crate::config::FILE_NAME, ".pre-commit-config.yaml", "lefthook.yml", ".lefthook.yml", "package.json"];

/// Run the command.
///
/// # Errors
/// No repository, no directory for the trial.
pub(super) fn run(global: &Global) -> Result<u8, Error> {
    let (hooks, repo) = Hooks::of_repository()?;
    let flags = Flags {
        config: global.config.clone(),
        no_config: global.no_config,
        rules: global.rules.clone(),
        ..Flags::default()
    };
    let settings = Settings::load(repo.directory(), &flags)?;
    let config = settings.file.clone();
    let canary = Canary::make(settings)?;
    let trial = Trial::set_up(&repo, &hooks, config.as_deref())?;
    let mut told = String::new();
    let mut works = true;
    let mut any = false;
    for kind in OURS {
        let standing = hooks.standing(kind);
        let finding = match standing {
            Standing::Nothing => continue,
            Standing::Ours { runs: false, .. } => Err(format!(
                "git passes over it: it is not executable; chmod +x '{}'",
                hooks.file(kind).display()
            )),
            _ => trial.run(kind, &canary)?,
        };
        any = true;
        works &= finding.is_ok();
        let text = match finding {
            Ok(()) => "blocks a planted secret".to_owned(),
            Err(why) => format!("DOES NOT BLOCK: {why}"),
        };
        told.push_str(&format!("{:<12} {text}\n", kind.name));
    }
    if !any {
        told.push_str("no hook is installed here: `sekisho hook install`\n");
    }
    print(&told)?;
    Ok(u8::from(!(any && works)))
}

/// The planted secret: made anew each time, of a rule that is in force here.
struct Canary {
    rule: String,
    text: String,
}

impl Canary {
    fn make(settings: Settings) -> Result<Canary, Error> {
        let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_nanos() as u64);
        let mut candidates: Vec<(String, String)> = settings
            .rules
            .iter()
            .filter(|(index, rule)| settings.active[index.0 as usize] && rule.severity >= Severity::High)
            .flat_map(|(_, rule)| rule.hit.first().map(|hit| (rule.id.to_string(), hit.to_string())))
            .collect();
        // One that everybody knows first; any other serves as well.
        candidates.sort_by_key(|(id, _)| !id.starts_with("github-"));
        let (rules, active) = (settings.rules, settings.active);
        let engine = Engine::with(rules, active);
        for (rule, template) in candidates.into_iter().take(64) {
            let Ok(sample) = sample::expand(&template, seed) else { continue };
            let Ok(text) = String::from_utf8(sample.text) else { continue };
            let mut found = Vec::new();
            engine.scan(&mut Scratch::default(), &Input::whole(text.as_bytes()), &mut found);
            let sees = |rules: &RuleSet| found.iter().any(|one| rules.get(one.rule).id == rule.as_str());
            if sees(engine.rules()) && !text.contains('\'') && !text.contains('\n') {
                return Ok(Canary { rule, text });
            }
        }
        Err(Error::Input {
            what: "the rules in force".to_owned(),
            reason: "no rule of high severity has an example that can be planted".to_owned(),
            remedy: "see `sekisho rules list`, and which rules sekisho.toml switches off".to_owned(),
        })
    }
}

/// A repository to try hooks in. It is deleted in the end.
struct Trial {
    top: PathBuf,
    hooks: PathBuf,
}

impl Trial {
    fn set_up(repo: &Repo, hooks: &Hooks, config: Option<&Path>) -> Result<Trial, Error> {
        let name = format!("sekisho-doctor-{}", std::process::id());
        let top = std::env::temp_dir().join(name);
        let failed = |error: std::io::Error| Error::Output {
            what: top.display().to_string(),
            reason: error.to_string(),
        };
        // Not what somebody else may have put there under that name.
        fs::create_dir(&top).map_err(failed)?;
        let trial = Trial { hooks: hooks.directory.clone(), top: top.clone() };
        let format = repo.asker().line(&["rev-parse", "--show-object-format"]);
        let format =
            format.map_or_else(|_| "sha1".to_owned(), |format| String::from_utf8_lossy(&format).into_owned());
        for (name, bare) in [("work", false), ("remote", true)] {
            let format = format!("--object-format={format}");
            let mut arguments = vec!["init", "--quiet", "--template=", &format];
            if bare {
                arguments.push("--bare");
            }
            arguments.push(name);
            let made = trial.git(&top, &arguments)?;
            if !made.status.success() {
                return Err(repo.error("a repository for the trial", &said(&made)));
            }
        }
        let work = trial.work();
        for name in COPIED {
            let from = match config {
                Some(file) if name == crate::config::FILE_NAME => file.to_owned(),
                _ => repo.directory().join(name),
            };
            if from.is_file() {
                fs::copy(&from, work.join(name)).map_err(failed)?;
            }
        }
        Ok(trial)
    }

    fn work(&self) -> PathBuf {
        self.top.join("work")
    }

    /// Run git in the trial, with none of our own variables of git but those that a person may have set
    /// to go round a hook.
    fn git(&self, directory: &Path, arguments: &[&str]) -> Result<Output, Error> {
        let mut command = Command::new("git");
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"GIT_") && name != "GIT_EXEC_PATH" {
                command.env_remove(name);
            }
        }
        let identity = ["-c", "user.name=sekisho doctor", "-c", "user.email=doctor@sekisho.invalid"];
        command.args(identity).args(["-c", "commit.gpgSign=false", "-c", "protocol.file.allow=always"]);
        command
            .args(["-c", "core.autocrlf=false", "-c", "push.gpgSign=false", "-c", "advice.ignoredHook=false"])
            .args(arguments);
        command.current_dir(directory).env("SEKISHO_DOCTOR", "1").stdin(std::process::Stdio::null());
        command.output().map_err(|error| Error::Git {
            what: "git".to_owned(),
            reason: format!("cannot be started: {error}"),
            remedy: "install git".to_owned(),
        })
    }

    /// Does the hook block the canary? Otherwise: why not.
    fn run(&self, kind: Kind, canary: &Canary) -> Result<Result<(), String>, Error> {
        let work = self.work();
        let hooks = format!("core.hooksPath={}", self.hooks.display());
        let none = "core.hooksPath=/dev/null";
        let hooked = ["-c", hooks.as_str()];
        let unhooked = ["-c", none];
        // What an earlier hook left behind.
        drop(self.git(&work, &["checkout", "--quiet", "--orphan", kind.name])?);
        drop(self.git(&work, &["rm", "-r", "--quiet", "--cached", "--ignore-unmatch", "."])?);
        let dirty = kind.name != "commit-msg";
        let content = if dirty { canary.text.as_str() } else { "nothing" };
        let file = work.join("canary.txt");
        fs::write(&file, format!("{content}\n"))
            .map_err(|error| Error::Output { what: file.display().to_string(), reason: error.to_string() })?;
        drop(self.git(&work, &["add", "canary.txt"])?);
        let message = if dirty { "canary" } else { canary.text.as_str() };
        let commit = ["commit", "--quiet", "-m", message];
        let ran = match kind.name {
            "pre-commit" | "commit-msg" => self.git(&work, &[&hooked[..], &commit].concat())?,
            name => {
                let made = self.git(&work, &[&unhooked[..], &commit].concat())?;
                if !made.status.success() {
                    return Ok(Err(format!("the trial could not be set up: {}", said(&made))));
                }
                let remote = self.top.join("remote");
                let push = ["push", "--quiet", "../remote", &format!("HEAD:refs/heads/{name}")];
                let client = if name == "pre-push" { hooked } else { unhooked };
                let server = if name == "pre-push" { none } else { hooks.as_str() };
                let server = server.trim_start_matches("core.hooksPath=");
                drop(self.git(&remote, &["config", "core.hooksPath", server])?);
                self.git(&work, &[&client[..], &push].concat())?
            }
        };
        Ok(verdict(&ran, canary))
    }
}

fn verdict(ran: &Output, canary: &Canary) -> Result<(), String> {
    let told = said(ran);
    if ran.status.success() {
        let skip = std::env::var_os(SKIP).is_some();
        return Err(match (skip, told.is_empty()) {
            (true, _) => format!("{SKIP} is set, and let it through"),
            (false, true) => "the hook ran through without a word; does it call `sekisho hook`?".to_owned(),
            (false, false) => format!("it went through; the hook said: {told}"),
        });
    }
    match told.contains(&canary.rule) {
        true => Ok(()),
        false => Err(format!("it was stopped, but not for the secret: {told}")),
    }
}

/// What a command said on its standard error, in one line.
fn said(ran: &Output) -> String {
    let text = String::from_utf8_lossy(&ran.stderr).into_owned() + &String::from_utf8_lossy(&ran.stdout);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(12).collect();
    lines.join(" | ")
}

impl Drop for Trial {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.top);
    }
}
