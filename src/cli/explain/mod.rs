//! `sekisho explain`.

mod human;
mod json;

use super::args::{Global, Select};
use super::judge::{self, Judge};
use super::output;
use crate::config::{Settings, clean};
use crate::error::Error;
use crate::origin::Origin;
use crate::scan::explain::{Question, explain};
use crate::source::content::{self, Bytes};
use crate::source::ignored;
use crate::source::repo::Repo;
use crate::unpack;
use clap::{Args, ValueEnum};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Tell which rules looked at a place, what each test measured, and what suppressed it.
///
/// Exit status: 0 explained, 2 an error.
#[derive(Args)]
pub struct Explain {
    /// A file, `-` for standard input, `REV:PATH` for a commit's file, `:PATH` for what is staged; with
    /// `:LINE` or `:LINE:COLUMN` only what stands there. What is in a container is named by the way to it,
    /// as in `app.tar!/lib/app.jar!/config.yml:12`
    #[arg(value_name = "PATH[:LINE[:COLUMN]]", allow_hyphen_values = true)]
    pub place: String,
    /// The file as this commit has it
    #[arg(long, value_name = "REV")]
    pub commit: Option<String>,
    /// Only what this rule does, also where it is not in force
    #[arg(long, value_name = "ID")]
    pub rule: Option<String>,
    /// human or json
    #[arg(long, short = 'f', value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Show values in clear
    #[arg(long)]
    pub show_secrets: bool,
    #[command(flatten)]
    pub select: Select,
    #[command(flatten)]
    pub judge: Judge,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Human,
    Json,
}

/// Run the command.
///
/// # Errors
/// A place that is not there, settings that cannot be used.
pub fn run(args: &Explain, global: &Global) -> Result<u8, Error> {
    let Subject { origin, bytes, top, line, column } = subject(args)?;
    let start = match origin.root() {
        Origin::File(path) => path.clone(),
        _ => top.clone(),
    };
    let settings = Settings::load(&start, &judge::flags(global, Some(&args.select), &args.judge))?;
    let question = Question { line, column, rule: args.rule.clone() };
    let mut explanation = explain(settings, (&origin, &bytes), std::slice::from_ref(&top), question)?;
    if let Origin::File(path) = origin.root() {
        explanation.left_out = ignored::why(&top, &clean(path));
    }
    let text = match args.format {
        Format::Json => json::text(&explanation, args.show_secrets),
        Format::Human => {
            let stdout = std::io::stdout();
            human::text(&explanation, args.show_secrets, output::color(global, &stdout), stdout.is_terminal())
        }
    };
    output::print(&text)?;
    Ok(0)
}

/// What is to be explained.
struct Subject {
    origin: Origin,
    bytes: Bytes,
    /// Where a scan that reads it would begin.
    top: PathBuf,
    line: Option<u64>,
    column: Option<u64>,
}

fn subject(args: &Explain) -> Result<Subject, Error> {
    let exists = |path: &str| path == "-" || Path::new(path).exists();
    let (name, line, column) = place(&args.place, exists);
    let Some((outer, way)) = unpack::split(name).filter(|_| !exists(name)) else {
        return outermost(args, name, line, column);
    };
    let subject = outermost(args, outer, line, column)?;
    let (origin, bytes) =
        unpack::member(subject.origin, &subject.bytes, way).ok_or_else(|| Error::Input {
            what: name.to_owned(),
            reason: format!("{outer} holds no such member"),
            remedy: "name it as a report of `sekisho scan` does".to_owned(),
        })?;
    Ok(Subject { origin, bytes, ..subject })
}

/// What is to be explained, or the container that it is in.
fn outermost(args: &Explain, name: &str, line: Option<u64>, column: Option<u64>) -> Result<Subject, Error> {
    let here = std::env::current_dir().unwrap_or_default();
    if let Some(revision) = &args.commit {
        let repo = Repo::here()?;
        let path = in_repository(&repo, name)?;
        return of_commit(&repo, revision, &path, line, column);
    }
    if name == "-" {
        let bytes = content::of_stdin()?;
        return Ok(Subject { origin: Origin::Stdin, bytes, top: here, line, column });
    }
    let path = Path::new(name);
    if !path.exists()
        && let Some((revision, rest)) = name.split_once(':')
    {
        return of_commit(&Repo::here()?, revision, rest, line, column);
    }
    let bytes = content::of_file(path)?;
    let whole = clean(path);
    let above = whole.parent().unwrap_or(&whole);
    let top = crate::config::top_of(above);
    let top = match top {
        Some(top) => top,
        None if whole.starts_with(&here) => &here,
        None => above,
    };
    Ok(Subject { origin: Origin::File(path.to_owned()), bytes, top: top.to_owned(), line, column })
}

fn of_commit(
    repo: &Repo,
    revision: &str,
    path: &str,
    line: Option<u64>,
    column: Option<u64>,
) -> Result<Subject, Error> {
    let (origin, bytes) = content::of_revision(repo, revision, path)?;
    Ok(Subject { origin, bytes, top: repo.directory().to_owned(), line, column })
}

/// A path of the current directory as the repository names it.
fn in_repository(repo: &Repo, path: &str) -> Result<String, Error> {
    let whole = clean(Path::new(path));
    let top = repo.directory();
    let top = top.canonicalize().unwrap_or_else(|_| top.to_owned());
    let inside = whole.strip_prefix(&top).map_err(|_| Error::Input {
        what: path.to_owned(),
        reason: format!("is not in the repository at {}", top.display()),
        remedy: "name a path of the repository that you are in".to_owned(),
    })?;
    Ok(crate::origin::slashed(inside))
}

/// A place in its parts: what it names, the line and the column. Numbers at the end belong to the name
/// where that is a name as it stands.
fn place(text: &str, is_name: impl Fn(&str) -> bool) -> (&str, Option<u64>, Option<u64>) {
    let number = |text| -> Option<(&str, u64)> {
        let (rest, digits) = str::rsplit_once(text, ':')?;
        let plain = !rest.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok().map(|number| (rest, number))).flatten()
    };
    if is_name(text) {
        return (text, None, None);
    }
    let Some((name, last)) = number(text) else { return (text, None, None) };
    match number(name) {
        Some((rest, line)) if !is_name(name) => (rest, Some(line), Some(last)),
        _ => (name, Some(last), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_parts() {
        let of = |text| place(text, |name| ["a", "-", "odd:7", "C:\\x"].contains(&name));
        assert_eq!(of("a"), ("a", None, None));
        assert_eq!(of("a:3"), ("a", Some(3), None));
        assert_eq!(of("a:3:9"), ("a", Some(3), Some(9)));
        assert_eq!(of("-:3"), ("-", Some(3), None));
        assert_eq!(of("odd:7"), ("odd:7", None, None));
        assert_eq!(of("odd:7:3"), ("odd:7", Some(3), None));
        assert_eq!(of("odd:7:3:4"), ("odd:7", Some(3), Some(4)));
        assert_eq!(of("C:\\x:12"), ("C:\\x", Some(12), None));
        assert_eq!(of("HEAD~1:src/a.rs:5"), ("HEAD~1:src/a.rs", Some(5), None));
        assert_eq!(of(":src/a.rs"), (":src/a.rs", None, None));
        assert_eq!(of("gone"), ("gone", None, None));
    }
}
