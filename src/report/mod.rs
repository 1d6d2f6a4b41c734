//! How a finished outcome is written. A format is one file here with a function
//! `write(outcome, options, out)` and one line in the list of formats below.

mod advice;
pub mod blocked;
pub mod gitleaks_forms;
mod guard;
mod history;
mod place;
mod telling;
pub mod terminal;
mod uri;

use crate::error::SkipReason;
use crate::finding::{Finding, Masks, Outcome};
use crate::rules::Severity;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

pub use guard::Guard;
pub use place::commit;
pub use terminal::inert;

/// The name by which reports call this program.
const TOOL: &str = env!("CARGO_PKG_NAME");
/// Its version.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Where people read about it.
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// Severities from worst to least.
const SEVERITIES: [Severity; 5] =
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];

/// How a report is written.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Show secrets in clear where the format has a place for them (SARIF has none).
    pub show_secrets: bool,
    /// List what is allowed or known where reports that count every result as open (SARIF) can mark it as
    /// such. Reports that keep it apart list it in any case.
    pub show_suppressed: bool,
    /// Colour the human report. The caller knows whether a terminal reads it.
    pub color: bool,
    /// Columns that lines of the human report are fitted into; `None` for no limit.
    pub width: Option<usize>,
    /// The directory that relative paths in the outcome start from, absolute: the working directory.
    /// Only used together with `root`.
    pub base: Option<PathBuf>,
    /// The directory, absolute, that URIs are made relative to: the top of the repository. Where it
    /// is `None`, relative paths become URIs as they are.
    pub root: Option<PathBuf>,
    /// The secrets that are masked wherever they stand. [`render`] puts in all those of the outcome.
    pub masks: Arc<Masks>,
}

impl Options {
    /// The same, without clear text.
    fn hiding(&self) -> Options {
        Options { show_secrets: false, ..self.clone() }
    }

    /// The same for a report of this outcome: every secret of it is masked in every text.
    fn masking(&self, outcome: &Outcome) -> Options {
        Options { masks: Arc::new(Masks::of(outcome)), ..self.clone() }
    }
}

/// Declares the modules of the formats, the enum and everything that must know all of them, so that
/// none can be forgotten: one line a format.
macro_rules! formats {
    ($($variant:ident = $module:ident, $about:literal;)*) => {
        $(pub mod $module;)*

        /// A report format.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Format {
            $(#[doc = $about] $variant,)*
        }

        impl Format {
            /// Every format, in the order in which help texts list them.
            pub const ALL: &'static [Format] = &[$(Format::$variant),*];

            /// The word that selects the format on the command line.
            pub fn name(self) -> &'static str {
                match self {
                    $(Format::$variant => stringify!($module),)*
                }
            }

            /// What the format is good for, in one line.
            pub fn about(self) -> &'static str {
                match self {
                    $(Format::$variant => $about,)*
                }
            }

            fn write(self, outcome: &Outcome, options: &Options, out: &mut dyn Write) -> io::Result<()> {
                match self {
                    $(Format::$variant => $module::write(outcome, options, out),)*
                }
            }
        }
    };
}

formats! {
    Human = human, "For people: each secret masked in its line, and what to do about it";
    Json = json, "One JSON object, described by docs/report-schema.json";
    Jsonl = jsonl, "One JSON object a line: findings, what was skipped, then a summary";
    Sarif = sarif, "SARIF 2.1.0 for code-scanning services; never holds secret text";
    Html = html, "One page for people, self-contained: summary, timeline, stories, coverage";
    Gitleaks = gitleaks, "The JSON array that gitleaks writes, for scripts that read it";
    Csv = csv, "A row for each place, for spreadsheets and scripts; cells cannot become formulas";
    Junit = junit, "JUnit XML, a failed test case for each place, for build servers";
    Gitlab = gitlab, "GitLab's secret-detection report, for `artifacts:reports:secret_detection`";
    Github = github, "Annotations of GitHub Actions, by workflow commands in the build log";
    Markdown = markdown, "A comment for a pull request: summary, table, details to unfold";
}

impl Format {
    /// The format of that name, if there is one.
    pub fn parse(name: &str) -> Option<Format> {
        Format::ALL.iter().copied().find(|format| format.name() == name)
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Format, String> {
        Format::parse(name).ok_or_else(|| {
            let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
            format!("no report format is called `{name}`; choose one of {}", names.join(", "))
        })
    }
}

/// Write `outcome` in `format`. Output is buffered here and flushed at the end.
///
/// # Errors
/// Whatever `out` answers: a full disk, a closed pipe.
pub fn render(format: Format, outcome: &Outcome, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mut buffered = BufWriter::with_capacity(1 << 16, out);
    let options = options.masking(outcome);
    format.write(&without_names(outcome, &options.masks), &options, &mut buffered)?;
    buffered.flush()
}

/// The outcome with secrets masked in the names of what was skipped.
fn without_names<'o>(outcome: &'o Outcome, masks: &Masks) -> Cow<'o, Outcome> {
    let mut outcome = Cow::Borrowed(outcome);
    for at in 0..outcome.skipped.len() {
        if let Some(masked) = masks.skipped(&outcome.skipped[at]) {
            outcome.to_mut().skipped[at] = masked;
        }
    }
    outcome
}

/// How many findings there are of each severity, worst first; every severity is listed.
fn by_severity(outcome: &Outcome) -> [(Severity, usize); 5] {
    SEVERITIES.map(|severity| {
        let count = outcome.findings.iter().filter(|finding| finding.severity == severity).count();
        (severity, count)
    })
}

/// The encodings around a secret where it does not stand in clear, each once: `base64 > gzip`.
fn chains(finding: &Finding) -> Vec<String> {
    let mut chains: Vec<String> = Vec::new();
    for occurrence in finding.occurrences.iter().filter(|occurrence| !occurrence.decoded.is_empty()) {
        let chain = occurrence.decoded.join(" > ");
        if !chains.contains(&chain) {
            chains.push(chain);
        }
    }
    chains
}

/// How many inputs were skipped for each reason that occurred.
fn by_reason(outcome: &Outcome) -> BTreeMap<SkipReason, usize> {
    let mut counts = BTreeMap::new();
    for skipped in &outcome.skipped {
        *counts.entry(skipped.reason).or_insert(0) += 1;
    }
    counts
}

#[cfg(test)]
pub(crate) mod tests;
