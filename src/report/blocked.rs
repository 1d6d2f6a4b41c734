//! What a hook says when it blocks: where, which rule, why, and what to do now. For standard error.

use super::human::{Paint, write_preview};
use super::terminal::{counted, inert};
use super::{Guard, Options};
use crate::error::Skipped;
use crate::finding::{Finding, Masks, Occurrence};
use crate::origin::{ObjectKind, Origin};
use crate::text::Position;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

/// Findings that are told in full; of the others only the place.
const TOLD: usize = 10;
/// Places that are named of those beyond.
const NAMED: usize = 40;

/// What is being held up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// What is staged. True where there is no commit yet.
    Commit {
        /// The branch has no commit yet.
        unborn: bool,
    },
    /// A commit's message.
    Message,
    /// Commits that are about to be pushed.
    Push,
    /// Commits that a server receives.
    Receive,
}

impl Gate {
    /// What is blocked.
    pub fn noun(self) -> &'static str {
        match self {
            Gate::Commit { .. } | Gate::Message => "commit",
            Gate::Push | Gate::Receive => "push",
        }
    }

    fn place(self) -> &'static str {
        match self {
            Gate::Commit { .. } => "in what is staged",
            Gate::Message => "in the commit message",
            Gate::Push => "in the commits to be pushed",
            Gate::Receive => "in the pushed commits",
        }
    }

    /// How to go on without the gate, for those who must.
    pub fn way_round(self) -> &'static str {
        match self {
            Gate::Commit { .. } | Gate::Message => "git commit --no-verify",
            Gate::Push => "git push --no-verify",
            Gate::Receive => "ask whoever runs this server",
        }
    }
}

/// Tell of the findings that block.
///
/// # Errors
/// Whatever `out` answers.
pub fn write(gate: Gate, findings: &[Finding], options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint { on: options.color };
    let options = &Options { masks: Arc::new(Masks::new(findings)), ..options.clone() };
    let number = counted(findings.len() as u64, "secret");
    writeln!(
        out,
        "{} {number} {}\n",
        paint.bold(format!("sekisho: {} blocked:", gate.noun())),
        gate.place()
    )?;
    for finding in findings.iter().take(TOLD) {
        write_finding(gate, finding, options, paint, out)?;
        writeln!(out)?;
    }
    if findings.len() > TOLD {
        for finding in findings.iter().skip(TOLD).take(NAMED) {
            let guard = Guard::new(finding, options);
            let place = finding.occurrences.first().map_or_else(String::new, |first| place(first, &guard));
            writeln!(out, "{place}: {}", inert(&finding.rule))?;
        }
        if findings.len() > TOLD + NAMED {
            writeln!(out, "and {} more", findings.len() - TOLD - NAMED)?;
        }
        writeln!(out)?;
    }
    write_advice(gate, findings, options, paint, out)
}

/// Tell what could not be looked at, which blocks as well.
///
/// # Errors
/// Whatever `out` answers.
pub fn write_skipped(
    gate: Gate,
    skipped: &[Skipped],
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let paint = Paint { on: options.color };
    let missed: Vec<&Skipped> = skipped.iter().filter(|skipped| !skipped.reason.benign()).collect();
    let head = format!("sekisho: {} blocked:", gate.noun());
    writeln!(out, "{} {} could not be looked at", paint.bold(head), counted(missed.len() as u64, "input"))?;
    for skipped in missed.iter().take(TOLD) {
        let (name, detail) = (inert(&skipped.origin.to_string()), inert(&skipped.detail));
        writeln!(out, "  {name}: {}: {detail}", skipped.reason.name())?;
    }
    if missed.len() > TOLD {
        writeln!(out, "  and {} more", missed.len() - TOLD)?;
    }
    writeln!(out, "To go on: mend this and try again; without this check: {}", gate.way_round())
}

/// `path:line:column`, or a name for what is no file, with every secret in it masked.
fn place(occurrence: &Occurrence, guard: &Guard<'_>) -> String {
    let Position { line, column } = occurrence.start;
    let name = inert(&guard.text(&occurrence.origin.to_string()));
    match &occurrence.origin {
        Origin::Stdin => format!("commit message:{line}:{column}"),
        Origin::StagedName(_) | Origin::Object { kind: ObjectKind::Tree, .. } => {
            format!("{name} (file name)")
        }
        _ => format!("{name}:{line}:{column}"),
    }
}

fn write_finding(
    gate: Gate,
    finding: &Finding,
    options: &Options,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(first) = finding.occurrences.first() else { return Ok(()) };
    let guard = &Guard::new(finding, options);
    writeln!(
        out,
        "{}: {} {}  {}",
        paint.bold(place(first, guard)),
        paint.severity(finding.severity, finding.severity.name()),
        paint.bold(inert(&finding.rule)),
        inert(&finding.summary),
    )?;
    let line = first.start.line.to_string();
    let gutter = " ".repeat(line.len().max(4));
    write_preview(first, guard, finding.severity, (&gutter, &line), options, paint, out)?;
    let mut note = |label: &str, text: &str| {
        writeln!(out, "{gutter} {} {} {text}", paint.faint("="), paint.bold(format!("{label}:")))
    };
    note("why", &why(finding, guard))?;
    let chains = super::chains(finding);
    if !chains.is_empty() {
        note("decoded from", &chains.join(", "))?;
    }
    for told in finding.occurrences.first().map(|first| first.origin.notes()).unwrap_or_default() {
        note("in", &inert(&guard.text(told)))?;
    }
    let others: Vec<String> =
        finding.occurrences.iter().skip(1).take(3).map(|one| place(one, guard)).collect();
    if !others.is_empty() {
        let more = finding.occurrences.len() - 1 - others.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        note("also at", &format!("{}{more}", others.join(", ")))?;
    }
    if !finding.rotate.is_empty() {
        note("rotate", &inert(&finding.rotate))?;
    }
    if gate != Gate::Receive {
        for (index, text) in allow_lines(finding, &first.origin).iter().enumerate() {
            note(if index == 0 { "allow" } else { "     " }, text)?;
        }
    }
    Ok(())
}

/// Why the finding is believed: what proves it, or what speaks for it.
fn why(finding: &Finding, guard: &Guard<'_>) -> String {
    let kind = finding.kind.name();
    let details: Vec<String> = finding
        .details
        .iter()
        .map(|(name, value)| format!("{} {}", inert(name), inert(&guard.text(value))))
        .collect();
    match details.is_empty() {
        false => format!("it has the form of this {kind}: {}", details.join(", ")),
        true => format!(
            "it has the form of this {kind}: {} characters with {:.1} bits of randomness each",
            guard.length(),
            guard.entropy()
        ),
    }
}

/// The lines to paste where a finding is no secret: a comment where the file can have one, an entry of
/// `sekisho.toml` elsewhere.
fn allow_lines(finding: &Finding, origin: &Origin) -> Vec<String> {
    let rule = inert(&finding.rule);
    let pragma = format!("sekisho:allow {rule} REASON");
    let comment = match origin {
        Origin::Stdin => Some(("#", "")),
        Origin::Staged(path) | Origin::Object { kind: ObjectKind::Blob, path: Some(path), .. } => {
            comment_marks(path)
        }
        _ => None,
    };
    match comment {
        Some((open, close)) => vec![format!("{open} {pragma}{close}")],
        None => vec![format!(
            "[[allow]] in sekisho.toml, with the lines: rule = \"{rule}\", fingerprint = \"{}\", reason = \"REASON\"",
            inert(&finding.fingerprint)
        )],
    }
}

/// How a comment begins and ends in a file of that name; `None` where there are none.
fn comment_marks(path: &[u8]) -> Option<(&'static str, &'static str)> {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "tsx" | "java" | "kt" | "kts" | "scala" | "groovy"
        | "gradle" | "go" | "rs" | "c" | "h" | "cc" | "cpp" | "hpp" | "cs" | "m" | "mm" | "swift"
        | "dart" | "php" | "proto" | "scss" | "less" | "jsonc" | "json5" | "zig" | "v" | "sol" => {
            Some(("//", ""))
        }
        "sql" | "lua" | "hs" | "elm" | "ada" => Some(("--", "")),
        "html" | "htm" | "xml" | "svg" | "md" | "markdown" | "vue" | "plist" | "csproj" | "config" => {
            Some(("<!--", " -->"))
        }
        "css" => Some(("/*", " */")),
        "clj" | "el" | "lisp" | "scm" | "asm" => Some((";", "")),
        "tex" | "erl" => Some(("%", "")),
        "json" | "lock" | "ipynb" | "csv" | "tsv" | "pem" | "key" | "p12" | "pfx" | "jks" | "der" | "crt"
        | "zip" | "gz" | "tar" | "jar" | "png" | "jpg" | "pdf" | "bin" | "db" | "sqlite" => None,
        _ => Some(("#", "")),
    }
}

fn write_advice(
    gate: Gate,
    findings: &[Finding],
    options: &Options,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{}", paint.bold("What to do now:"))?;
    writeln!(out, "  - move the value into the environment or a secret manager, and read it from there")?;
    match gate {
        Gate::Commit { unborn } => {
            let command = if unborn { "git rm --cached --" } else { "git restore --staged --" };
            let files = files(findings, options);
            writeln!(out, "  - then `git add` the file again, or take it out of this commit:")?;
            writeln!(out, "      {command} {files}")?;
        }
        Gate::Message => {
            writeln!(out, "  - write the message without it: `git commit -e -F .git/COMMIT_EDITMSG`")?;
        }
        Gate::Push | Gate::Receive => {
            writeln!(
                out,
                "  - take it out of every commit that has it (a later commit that deletes it is not"
            )?;
            writeln!(out, "    enough): `git rebase -i`, or `git commit --amend` for the last one")?;
        }
    }
    writeln!(out, "  - rotate it if it was ever pushed or shown to anybody: deleting it does not help then")?;
    if gate == Gate::Receive {
        return writeln!(out, "  - if it is no secret, {}", gate.way_round());
    }
    let rules: BTreeSet<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
    let rules: Vec<&str> = rules.into_iter().collect();
    writeln!(
        out,
        "  - if it is no secret, put the line behind `allow` on its line or alone on the line before,"
    )?;
    let again = if gate == Gate::Push { "git push" } else { "git commit" };
    writeln!(
        out,
        "    with your reason; or for this once: SEKISHO_SKIP={} {again} ...",
        inert(&rules.join(","))
    )
}

/// The files to be unstaged, as arguments for a shell. Names that hold a secret or cannot be typed are
/// left to the reader.
fn files(findings: &[Finding], options: &Options) -> String {
    let mut names = BTreeSet::new();
    for occurrence in findings.iter().flat_map(|finding| &finding.occurrences) {
        // Git knows the container, and nothing of its members.
        let Some(path) = occurrence.origin.root().path() else { continue };
        let plain = !path.contains('\u{fffd}') && inert(&path) == path;
        let secret = *options.masks.bytes(path.as_bytes()) != *path.as_bytes();
        names.insert(match plain && !secret {
            true => quoted(&path),
            false => "FILE".to_owned(),
        });
    }
    let more = names.len().saturating_sub(8);
    let mut shown: Vec<String> = names.into_iter().take(8).collect();
    if more > 0 {
        shown.push("...".to_owned());
    }
    shown.join(" ")
}

/// A word for a POSIX shell.
fn quoted(text: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+=@%,:".contains(&byte);
    match !text.is_empty() && text.bytes().all(safe) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SkipReason;
    use crate::report::tests::{at, finding, skipped};

    fn text(gate: Gate, findings: &[Finding]) -> String {
        let mut out = Vec::new();
        write(gate, findings, &Options::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn staged(path: &str) -> Finding {
        let mut finding = finding("github-pat", &b"k".repeat(40));
        finding.details = vec![("checksum".into(), "valid".into())];
        finding.occurrences = vec![Occurrence { origin: Origin::Staged(path.into()), ..at("unused", 3, 9) }];
        finding
    }

    #[test]
    fn it_says_where_why_and_what_to_do() {
        let shown = text(Gate::Commit { unborn: false }, &[staged("a b.py")]);
        let expected = "\
sekisho: commit blocked: 1 secret in what is staged

a b.py:3:9: high github-pat  A test token
   3 | token = \"kkkk…(40)\" # end
     |          ^^^^^^^^^
     = why: it has the form of this api-key: checksum valid
     = rotate: Settings > Tokens: revoke it, then issue a new one
     = allow: # sekisho:allow github-pat REASON

What to do now:
  - move the value into the environment or a secret manager, and read it from there
  - then `git add` the file again, or take it out of this commit:
      git restore --staged -- 'a b.py'
  - rotate it if it was ever pushed or shown to anybody: deleting it does not help then
  - if it is no secret, put the line behind `allow` on its line or alone on the line before,
    with your reason; or for this once: SEKISHO_SKIP=github-pat git commit ...
";
        assert_eq!(shown, expected);
    }

    #[test]
    fn no_secret_leaves_in_a_name() {
        let secret = "k".repeat(40);
        let shown = text(Gate::Commit { unborn: true }, &[staged(&format!("keys/{secret}.py"))]);
        assert!(!shown.contains(&secret), "{shown}");
        assert!(shown.contains("git rm --cached -- FILE"), "{shown}");
    }

    #[test]
    fn the_line_to_allow_is_one_that_the_file_can_have() {
        let finding = staged("x");
        let line = |path: &str| allow_lines(&finding, &Origin::Staged(path.into())).join("\n");
        assert_eq!(line("src/a.ts"), "// sekisho:allow github-pat REASON");
        assert_eq!(line("a.html"), "<!-- sekisho:allow github-pat REASON -->");
        assert_eq!(line(".env"), "# sekisho:allow github-pat REASON");
        assert!(line("a.json").contains("fingerprint = "));
    }

    #[test]
    fn what_was_not_looked_at_blocks_and_says_how_to_go_on() {
        let missed = [skipped("a", SkipReason::Corrupt, "bad"), skipped("b", SkipReason::Special, "")];
        let mut out = Vec::new();
        write_skipped(Gate::Push, &missed, &Options::default(), &mut out).unwrap();
        let shown = String::from_utf8(out).unwrap();
        assert!(shown.contains("1 input could not be looked at\n  a: corrupt: bad\n"), "{shown}");
        assert!(shown.contains("git push --no-verify"), "{shown}");
    }

    #[test]
    fn many_findings_stay_readable() {
        let many: Vec<Finding> = (0..100).map(|number| staged(&format!("f{number}"))).collect();
        let shown = text(Gate::Push, &many);
        assert!(shown.contains("and 50 more") && shown.lines().count() < 150, "{shown}");
    }
}
