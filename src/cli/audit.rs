//! TO BE REPLACED WHEN MERGING: a small `sekisho audit` to try stories with. To be taken over: the field
//! `story` of the arguments and the call of `story.tell`.

use super::args::{Global, Select, Write};
use super::output;
use super::scan::flags;
use super::story_arguments::StoryArguments;
use crate::config::Settings;
use crate::error::Error;
use crate::finding::Coverage;
use crate::scan::Scan;
use crate::source::odb::Odb;
use crate::source::references::References;
use clap::Args as ClapArgs;
use std::path::PathBuf;
use std::time::SystemTime;

#[derive(ClapArgs)]
pub struct Audit {
    /// The repository
    #[arg(default_value = ".")]
    pub repository: PathBuf,
    #[command(flatten)]
    pub story: StoryArguments,
    #[command(flatten)]
    pub select: Select,
    #[command(flatten)]
    pub write: Write,
}

/// Run the command.
///
/// # Errors
/// What ends the run.
pub fn run(args: &Audit, global: &Global) -> Result<u8, Error> {
    let settings = Settings::load(&args.repository, &flags(global, &args.select))?;
    let targets = output::open(&args.write)?;
    let scan = Scan::new(settings);
    let started = SystemTime::now();
    let odb = Odb::open(&args.repository)?;
    let mut outcome = scan.run(&odb)?;
    let references = References::read(&args.repository)?;
    let commits = odb.commits();
    outcome.coverage = Some(Coverage {
        blobs: outcome.stats.inputs,
        commits: commits.len() as u64,
        tags: 0,
        trees: 0,
        bytes: outcome.stats.bytes,
        from_cache: 0,
        refs: references
            .all
            .iter()
            .filter(|reference| !reference.past)
            .map(|reference| (reference.name.clone(), reference.target.to_string()))
            .collect(),
        rules_digest: "0".repeat(64),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        ended: SystemTime::now(),
    });
    args.story.tell(&mut outcome, &args.repository, &odb, &commits, 0)?;
    output::write(&outcome, &args.write, global, &args.repository, targets)?;
    Ok(match outcome.exit_status() {
        1 if args.write.exit_zero => 0,
        status => status,
    })
}
