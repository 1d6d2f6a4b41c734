//! `sekisho scan`.

use super::args::{Global, Scan as ScanArgs, Select};
use super::judge::{self, Judge};
use super::{output, progress};
use crate::config::{self, Flags, Settings};
use crate::error::Error;
use crate::finding::Outcome;
use crate::gate::{self, Verdict};
use crate::scan::Scan;
use crate::source::Source;
use crate::source::git::{Tracked, TrackedOptions};
use crate::source::introduced::Introduced;
use crate::source::range::{self, Range};
use crate::source::repo::Repo;
use crate::source::staged::Staged;
use crate::source::stream::Stdin;
use crate::source::tree::{Tree, TreeOptions};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Run the command.
///
/// # Errors
/// What ends the run.
pub fn run(args: &ScanArgs, global: &Global) -> Result<u8, Error> {
    if args.staged || args.range.is_some() {
        return changes(args, global);
    }
    let paths = if args.paths.is_empty() { vec![PathBuf::from(".")] } else { args.paths.clone() };
    let standard_input = paths.iter().any(|path| path == Path::new("-"));
    if standard_input && paths.len() > 1 {
        return Err(Error::Input {
            what: "-".to_owned(),
            reason: "standard input cannot be scanned together with paths".to_owned(),
            remedy: "run one scan for each".to_owned(),
        });
    }
    let start = if standard_input { PathBuf::from(".") } else { paths[0].clone() };
    let settings = Settings::load(&start, &judge::flags(global, Some(&args.select), &args.judge))?;
    output::notes(&settings, args.write.quiet);
    if !args.write.quiet {
        paths.iter().skip(1).filter(|path| elsewhere(path, &start)).for_each(|path| {
            let path = crate::report::inert(&path.display().to_string());
            eprintln!(
                "sekisho: note: {path} lies in another repository: its own settings have no say, scan it by itself"
            );
        });
    }
    let targets = output::open(&args.write)?;
    let scan = Scan::new(settings).opening(args.unpacking.limits());
    let shown = !args.write.quiet && std::io::stderr().is_terminal();
    let whole = covers(&scan, &paths, standard_input);
    let mut outcome = progress::with(&scan.progress, shown, || look(&scan, args, paths, standard_input))?;
    scan.tell_stale(&mut outcome.told, whole);
    judge::tell(&outcome.told, args.write.quiet);
    output::write(&outcome, &args.write, global, &start, targets)?;
    Ok(args.unpacking.status(&outcome, args.write.exit_zero))
}

/// Do two paths lie in different repositories?
fn elsewhere(path: &Path, start: &Path) -> bool {
    config::top_of(&config::clean(path)) != config::top_of(&config::clean(start))
}

/// Does a run look at all that its settings are about? Only then can it tell what is of no use in them.
fn covers(scan: &Scan, paths: &[PathBuf], standard_input: bool) -> bool {
    let base = scan.cascade().base();
    let root = match (&base.file, scan.cascade().top()) {
        (Some(_), _) => base.root.clone(),
        (None, Some(top)) => top.to_owned(),
        (None, None) => config::clean(Path::new(".")),
    };
    !standard_input && paths.iter().any(|path| root.starts_with(config::clean(path)))
}

/// Look at what is staged or at a range of commits: only what is new there is reported.
fn changes(args: &ScanArgs, global: &Global) -> Result<u8, Error> {
    let repo = Repo::here()?;
    let start = repo.directory().to_owned();
    let settings = Settings::load(&start, &judge::flags(global, Some(&args.select), &args.judge))?;
    output::notes(&settings, args.write.quiet);
    let scan = Scan::new(settings).opening(args.unpacking.limits());
    let targets = output::open(&args.write)?;
    let shown = !args.write.quiet && std::io::stderr().is_terminal();
    let verdict = match &args.range {
        Some(text) => judged(&scan, &Range::open(&repo, &range::parse(&repo, text)?)?, shown)?,
        None => judged(&scan, &Staged::open(&repo, &[])?, shown)?,
    };
    if !verdict.older.is_empty() && !args.write.quiet {
        eprintln!(
            "sekisho: {} older finding(s) on lines that these changes do not touch are left out",
            verdict.older.len()
        );
    }
    judge::tell(&verdict.outcome.told, args.write.quiet);
    output::write(&verdict.outcome, &args.write, global, &start, targets)?;
    Ok(args.unpacking.status(&verdict.outcome, args.write.exit_zero))
}

fn judged<S: Source + Introduced>(scan: &Scan, source: &S, shown: bool) -> Result<Verdict, Error> {
    let outcome = progress::with(&scan.progress, shown, || scan.run_apart(source))?;
    Ok(gate::judge(outcome, source, &[]))
}

fn look(scan: &Scan, args: &ScanArgs, paths: Vec<PathBuf>, standard_input: bool) -> Result<Outcome, Error> {
    if standard_input {
        return scan.run(&Stdin::standard());
    }
    if args.tracked {
        return scan.run(&Tracked::new(
            paths,
            TrackedOptions { threads: args.threads, ..TrackedOptions::default() },
        ));
    }
    let options = TreeOptions {
        ignore_files: !args.no_ignore,
        threads: args.threads,
        follow: args.follow,
        ..TreeOptions::default()
    };
    scan.run(&Tree::new(paths, options))
}

/// The flags that settings are made of.
pub fn flags(global: &Global, select: &Select) -> Flags {
    judge::flags(global, Some(select), &Judge::default())
}
