//! `sekisho init`.

use super::args::Global;
use super::hook::install_here;
use super::judge::{self, Judge};
use super::{baseline, output};
use crate::config::{self, FILE_NAME, Settings, template};
use crate::error::Error;
use crate::policy::edit;
use crate::secret;
use clap::Args as ClapArgs;
use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};

/// Write a sekisho.toml with its settings explained and a salt of its own
#[derive(ClapArgs)]
pub struct Init {
    /// Where [default: the top of the repository, or the current directory]
    #[arg(value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// Install hooks too, without asking
    #[arg(long)]
    pub hooks: bool,
    /// Write a baseline of what is found now too, without asking
    #[arg(long)]
    pub baseline: bool,
    /// Do both without asking
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Replace a sekisho.toml that is there: its salt and its entries are lost
    #[arg(long)]
    pub force: bool,
}

/// Run the command.
///
/// # Errors
/// What ends the run.
pub fn run(args: &Init, global: &Global) -> Result<u8, Error> {
    let here = config::clean(Path::new("."));
    let folder = match &args.directory {
        Some(named) => config::clean(named),
        None => config::top_of(&here).unwrap_or(&here).to_owned(),
    };
    let top = config::top_of(&folder);
    let path = folder.join(FILE_NAME);
    if args.hooks && (top.is_none() || top != config::top_of(&here)) {
        return Err(Error::Input {
            what: "--hooks".to_owned(),
            reason: match top {
                None => format!("{} lies in no git repository", folder.display()),
                Some(top) => {
                    format!("hooks are installed from inside of their repository, {}", top.display())
                }
            },
            remedy: "go there, or leave --hooks out and run `sekisho hook install` later".to_owned(),
        });
    }
    let above = folder.ancestors().skip(1).take_while(|above| top.is_some_and(|top| above.starts_with(top)));
    if let Some(above) = above.map(|above| above.join(FILE_NAME)).find(|file| file.is_file()) {
        return Err(Error::Input {
            what: path.display().to_string(),
            reason: format!(
                "{} stands above it, and its salt holds for the whole repository",
                above.display()
            ),
            remedy: "write only [rules], [[path]] and [[allow]] into a sekisho.toml further down, by hand"
                .to_owned(),
        });
    }
    if path.symlink_metadata().is_ok() && !args.force {
        return Err(Error::Input {
            what: path.display().to_string(),
            reason: "is there already".to_owned(),
            remedy: "edit it, or replace it with --force: its salt and its entries are lost then".to_owned(),
        });
    }
    let salt = template::salt().map_err(|reason| Error::Input {
        what: "salt".to_owned(),
        reason,
        remedy: "write a sekisho.toml by hand; see docs/configuration.md".to_owned(),
    })?;
    edit::write(&path, template::text(&salt))?;
    output::print(&format!("{}: written, with a salt of its own\n", path.display()))?;
    if top.is_some()
        && top == config::top_of(&here)
        && wanted(args.hooks || args.yes, "Install git hooks that block secrets?")
    {
        install_here()?;
    }
    if wanted(args.baseline || args.yes, "Write a baseline, so that only new findings are reported?") {
        let all = Judge { no_baseline: true, ..Judge::default() };
        let settings = Settings::load(&folder, &judge::flags(global, None, &all))?;
        let (root, known) = (settings.root(), settings.baseline_path.clone());
        if known.exists() && !args.force {
            return Err(Error::Input {
                what: known.display().to_string(),
                reason: "a baseline of another salt is there already".to_owned(),
                remedy: "`sekisho baseline create --force` replaces it".to_owned(),
            });
        }
        let check = secret::salt_check(&settings.salt);
        return baseline::write_new(settings, &root, &known, &check, false);
    }
    Ok(0)
}

/// Was it asked for, or does whoever sits at the terminal want it?
fn wanted(told: bool, question: &str) -> bool {
    if told || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return told;
    }
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}
