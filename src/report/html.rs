//! One self-contained page for people: nothing is loaded from elsewhere, it reads and prints without its
//! script, and no text from a repository can run anything (everything is escaped, and the page's own
//! policy lets only this one style sheet and this one script through).

mod aside;
mod page;
mod timeline;

use super::advice::{self, clones};
use super::history::moment;
use super::telling;
use super::terminal::{bytes, counted, elapsed, grouped, inert};
use super::{Guard, Options, TOOL, VERSION, by_reason, by_severity};
use crate::finding::{Exposure, Finding, Occurrence, Outcome, Story};
use crate::rules::Severity;
use bstr::ByteSlice;
use std::io::{self, Write};

/// Places listed before the rest is folded away.
const PLACES: usize = 8;
/// Refs listed before the rest is folded away.
const REFS: usize = 12;
/// Most items of a list about one secret: a page of a thousand tags for each secret is read by nobody.
const MOST: usize = 200;

/// Write `outcome` as one HTML page.
///
/// # Errors
/// Whatever `out` answers.
pub fn write(outcome: &Outcome, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    page::begin(&title(outcome), out)?;
    write_header(outcome, out)?;
    out.write_all(b"<main>\n")?;
    if !outcome.findings.is_empty() {
        write_summary(outcome, out)?;
        timeline::write(outcome, options, out)?;
        write_table(outcome, options, out)?;
        write_remediation(outcome, out)?;
        out.write_all(b"<section id=\"secrets\"><h2>Each secret</h2>\n")?;
        for finding in &outcome.findings {
            write_finding(finding, options, out)?;
        }
        out.write_all(b"</section>\n")?;
    }
    aside::write(outcome, options, out)?;
    write_skipped(outcome, out)?;
    write_coverage(outcome, out)?;
    out.write_all(b"</main>\n")?;
    page::end(out)
}

/// Text that can neither be taken for markup nor steer or hide anything.
fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in inert(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            character => out.push(character),
        }
    }
    out
}

fn title(outcome: &Outcome) -> String {
    match outcome.findings.len() as u64 {
        0 if outcome.complete() => "No secrets found".to_owned(),
        0 => "Incomplete: no secrets found in what could be read".to_owned(),
        count => format!("{} found", counted(count, "secret")),
    }
}

fn write_header(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let verdict = match (outcome.complete(), outcome.findings.is_empty()) {
        (false, _) => "incomplete",
        (true, true) => "clean",
        (true, false) => "found",
    };
    let stats = &outcome.stats;
    let input = if outcome.coverage.is_some() { "object" } else { "file" };
    let mut facts = vec![
        counted(stats.inputs, input),
        bytes(stats.bytes),
        counted(stats.rules as u64, "rule"),
        elapsed(stats.elapsed),
    ];
    facts.extend(outcome.coverage.as_ref().map(|coverage| moment(coverage.ended)));
    let facts: Vec<String> = facts.iter().map(|fact| format!("<span>{}</span>", safe(fact))).collect();
    writeln!(
        out,
        "<header class=\"{verdict}\"><p class=\"brand\"><b lang=\"ja\">関所</b> Sekisho report</p><h1>{}</h1>\
         <p class=\"facts\">{}</p></header>",
        safe(&title(outcome)),
        facts.concat(),
    )?;
    if !outcome.complete() {
        let missed = outcome.skipped.iter().filter(|skipped| !skipped.reason.benign()).count();
        writeln!(
            out,
            "<p class=\"alarm\"><b>Incomplete.</b> {} could not be looked at, so this report cannot vouch \
             for everything. See <a href=\"#skipped\">what was not looked at</a>.</p>",
            counted(missed as u64, "input"),
        )?;
    }
    Ok(())
}

/// How many of each severity, and of each exposure.
fn write_summary(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"<section class=\"cards\" aria-label=\"Summary\">\n")?;
    let total = outcome.findings.len().max(1);
    let row = |out: &mut dyn Write, class: &str, name: &str, count: usize| {
        let share = count * 100 / total;
        writeln!(
            out,
            "<tr class=\"{class}\"><th scope=\"row\">{name}</th><td class=\"number\">{}</td>\
             <td><svg width=\"100%\" height=\"10\" aria-hidden=\"true\"><rect class=\"track\" width=\"100%\" \
             height=\"10\" rx=\"5\"/><rect class=\"bar\" width=\"{share}%\" height=\"10\" rx=\"5\"/></svg></td></tr>",
            grouped(count as u64),
        )
    };
    out.write_all(b"<div class=\"card\"><h2>By severity</h2><table class=\"bars\">\n")?;
    for (severity, count) in by_severity(outcome) {
        row(out, severity.name(), severity.name(), count)?;
    }
    out.write_all(b"</table></div>\n")?;
    let stories = || outcome.findings.iter().filter_map(|finding| finding.story.as_ref());
    if stories().next().is_some() {
        out.write_all(b"<div class=\"card\"><h2>Who may have them</h2><table class=\"bars\">\n")?;
        for exposure in Exposure::ALL {
            let count = stories().filter(|story| story.exposure == exposure).count();
            if count > 0 {
                row(out, exposure.name(), exposure.name(), count)?;
            }
        }
        out.write_all(b"</table></div>\n")?;
    }
    let places: usize = outcome.findings.iter().map(|finding| finding.occurrences.len()).sum();
    let still = stories().filter(|story| !story.tips.is_empty()).count();
    let longest = stories().filter_map(|story| story.days_in_history).max();
    out.write_all(b"<div class=\"card\"><h2>In figures</h2><dl class=\"figures\">\n")?;
    let mut figures = vec![("places", grouped(places as u64))];
    if stories().next().is_some() {
        figures.push(("still in a tip", grouped(still as u64)));
    }
    figures.extend(longest.map(|days| ("days exposed, at most", grouped(days))));
    for (label, number) in figures {
        writeln!(out, "<div><dd>{number}</dd><dt>{label}</dt></div>")?;
    }
    out.write_all(b"</dl></div>\n</section>\n")
}

/// A table of all secrets, which the script can filter.
fn write_table(outcome: &Outcome, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let told = outcome.findings.iter().any(|finding| finding.story.is_some());
    out.write_all(b"<section id=\"table\"><h2>All secrets</h2>\n")?;
    page::filters(told, out)?;
    let (exposure, introduced) =
        if told { ("<th>Exposure</th>", "<th>Introduced</th>") } else { ("", "") };
    writeln!(
        out,
        "<div class=\"scroll\"><table class=\"list\"><thead><tr><th>Severity</th>{exposure}<th>Secret</th>{introduced}\
         <th>Place</th><th class=\"number\">Places</th></tr></thead><tbody>"
    )?;
    for finding in &outcome.findings {
        let guard = Guard::new(finding, options);
        let story = finding.story.as_ref();
        let exposure = story.map_or("", |story| story.exposure.name());
        let (mut exposed, mut introduced) = (String::new(), String::new());
        if told {
            let first = story.and_then(|story| story.introduced.first()?.note.as_ref());
            let (day, author) =
                first.map_or((String::new(), ""), |note| (note.day(), note.author.as_str()));
            exposed = format!("<td class=\"of\">{}</td>", chip(exposure, "exposure"));
            introduced = format!(
                "<td class=\"of when\"><time>{}</time><br><small>{}</small></td>",
                safe(&day),
                safe(&guard.text(author)),
            );
        }
        writeln!(
            out,
            "<tr data-severity=\"{severity}\" data-exposure=\"{exposure}\"><td class=\"of\">{}</td>{exposed}\
             <td><a href=\"#{id}\">{}</a><br><code>{}</code></td>{introduced}<td class=\"path\">{}</td>\
             <td class=\"number\">{}</td></tr>",
            chip(finding.severity.name(), "severity"),
            safe(&finding.rule),
            safe(guard.mask()),
            finding.occurrences.first().map_or_else(String::new, |first| place(first, &guard)),
            grouped(finding.occurrences.len() as u64),
            severity = finding.severity.name(),
            id = anchor(finding),
        )?;
    }
    out.write_all(b"</tbody></table></div><p class=\"none\" hidden>No secret matches.</p></section>\n")
}

/// The id of a finding's section. Two rules may have found the same secret.
fn anchor(finding: &Finding) -> String {
    let plain = |character: &char| character.is_ascii_alphanumeric() || *character == '-';
    let rule: String = finding.rule.chars().filter(plain).collect();
    let print: String = finding.fingerprint.chars().filter(plain).collect();
    format!("s-{rule}-{print}")
}

fn chip(name: &str, kind: &str) -> String {
    format!("<span class=\"chip {kind} {name}\">{name}</span>")
}

/// `path:line:column`, with the commit behind it.
fn place(occurrence: &Occurrence, guard: &Guard) -> String {
    let path = occurrence.origin.path();
    let name = path.unwrap_or_else(|| occurrence.origin.to_string());
    let (line, column) = (occurrence.start.line, occurrence.start.column);
    let commit = occurrence.origin.commit().map_or_else(String::new, |commit| {
        format!(" <small class=\"at\">@{}</small>", safe(commit.get(..12).unwrap_or(commit)))
    });
    let notes = occurrence.origin.notes();
    let notes: String =
        notes.iter().map(|note| format!(" <small class=\"at\">{}</small>", safe(&guard.text(note)))).collect();
    format!("{}<span class=\"at\">:{line}:{column}</span>{commit}{notes}", safe(&guard.text(&name)))
}

/// What to do, most urgent first.
fn write_remediation(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let mut steps = advice::by_urgency(&outcome.findings).peekable();
    if steps.peek().is_none() {
        return Ok(());
    }
    writeln!(
        out,
        "<section id=\"remediation\"><h2>What to do, most urgent first</h2><p class=\"advice\">{}</p><ol>",
        safe(advice::ROTATE_FIRST),
    )?;
    for (finding, story) in steps {
        writeln!(
            out,
            "<li><a href=\"#{}\">{}</a> <code>{}</code> {} {}<br>{}<br><small>Affected: {}; {}.</small></li>",
            anchor(finding),
            safe(&finding.rule),
            safe(&finding.secret.mask()),
            chip(finding.severity.name(), "severity"),
            chip(story.exposure.name(), "exposure"),
            safe(&rotation(finding)),
            safe(&clones(story)),
            counted(story.refs.len() as u64, "ref"),
        )?;
    }
    out.write_all("</ol><p>Then, to take them out of the history:</p><ol class=\"rewrite\">\n".as_bytes())?;
    for step in advice::REWRITE {
        writeln!(out, "<li>{}</li>", safe(step))?;
    }
    out.write_all(b"</ol></section>\n")
}

fn rotation(finding: &Finding) -> String {
    match finding.rotate.as_str() {
        "" => "Revoke it where it was issued, and issue a new one.".to_owned(),
        rotate => rotate.to_owned(),
    }
}

/// One secret with its line, its story and its places.
fn write_finding(finding: &Finding, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let guard = Guard::new(finding, options);
    let severity = finding.severity.name();
    let exposure = finding.story.as_ref().map_or_else(String::new, |story| {
        chip(story.exposure.name(), "exposure")
    });
    writeln!(
        out,
        "<article id=\"{}\" class=\"{severity}\"><h3>{}{exposure}<span class=\"rule\">{}</span>\
         <code>{}</code></h3><p>{} <small>({}, {})</small></p>",
        anchor(finding),
        chip(severity, "severity"),
        safe(&finding.rule),
        safe(guard.mask()),
        safe(&finding.summary),
        safe(&finding.provider),
        finding.kind.name(),
    )?;
    if let Some(first) = finding.occurrences.first() {
        write_preview(first, &guard, out)?;
    }
    writeln!(out, "<p class=\"rotate\"><b>Rotate:</b> {}</p>", safe(&rotation(finding)))?;
    out.write_all(b"<dl class=\"facts\">\n")?;
    let mut fact = |label: &str, value: String| writeln!(out, "<div><dt>{label}</dt><dd>{value}</dd></div>");
    if let Some(story) = &finding.story {
        for (label, text) in telling::story(story, &guard) {
            fact(label, safe(&text))?;
        }
    }
    let chains = super::chains(finding);
    if !chains.is_empty() {
        fact("decoded from", safe(&chains.join(", ")))?;
    }
    for (name, value) in &finding.details {
        fact(&safe(name), safe(&guard.text(value)))?;
    }
    if !finding.also.is_empty() {
        fact("also matched", safe(&finding.also.join(", ")))?;
    }
    for link in &finding.refs {
        fact("see", linked(link))?;
    }
    fact("id", format!("<code>{}</code>", safe(&finding.fingerprint)))?;
    if let Some(clear) = guard.clear() {
        let lines: Vec<String> = String::from_utf8_lossy(clear).lines().map(safe).collect();
        fact("secret", format!("<code>{}</code>", lines.join("<br>")))?;
    }
    out.write_all(b"</dl>\n")?;
    if let Some(story) = &finding.story {
        write_refs(story, &guard, out)?;
    }
    let places: Vec<String> =
        finding.occurrences.iter().map(|one| place(one, &guard)).collect();
    write_list(("place", "places"), &places, (PLACES, MOST), out)?;
    out.write_all(b"</article>\n")
}

/// Only what is surely a link of the web becomes one.
fn linked(link: &str) -> String {
    let text = safe(link);
    match link.starts_with("https://") {
        true => format!("<a href=\"{text}\" rel=\"noreferrer noopener\">{text}</a>"),
        false => text,
    }
}

/// The line around a secret.
fn write_preview(occurrence: &Occurrence, guard: &Guard, out: &mut dyn Write) -> io::Result<()> {
    let preview = &occurrence.preview;
    let tidy = |text: &str| safe(&guard.text(&text.replace('\t', " ")));
    let masked = if preview.masked.is_empty() { guard.mask() } else { &preview.masked };
    writeln!(
        out,
        "<div class=\"scroll\"><pre><span class=\"at\">{:>4}</span> {}<mark>{}</mark>{}</pre></div>",
        occurrence.start.line,
        tidy(&preview.before),
        tidy(masked),
        tidy(&preview.after),
    )
}

/// The refs that a secret is in now, or whose history has it.
fn write_refs(story: &Story, guard: &Guard, out: &mut dyn Write) -> io::Result<()> {
    let tip = |name: &str, path: Option<&bstr::BString>| {
        let path = path.map_or_else(String::new, |path| {
            format!(" <small class=\"at\">{}</small>", safe(&guard.text(&path.to_str_lossy())))
        });
        format!("{}{path}", safe(&guard.text(name)))
    };
    if story.tips.is_empty() {
        let refs: Vec<String> = story.refs.iter().map(|name| tip(name, None)).collect();
        return write_list(("ref whose history has it", "refs whose history has it"), &refs, (REFS, MOST), out);
    }
    let tips: Vec<String> = story.tips.iter().map(|one| tip(&one.name, one.path.as_ref())).collect();
    write_list(("ref that has it now", "refs that have it now"), &tips, (REFS, MOST), out)
}

/// A list under a heading; what is beyond `shown` is folded away, but printed.
fn write_list(
    (one, many): (&str, &str),
    items: &[String],
    (shown, most): (usize, usize),
    out: &mut dyn Write,
) -> io::Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    let heading = match items.len() {
        1 => format!("1 {one}"),
        count => format!("{} {many}", grouped(count as u64)),
    };
    let (items, untold) = items.split_at(most.min(items.len()));
    let list = |items: &[String]| -> String {
        items.iter().map(|item| format!("<li>{item}</li>")).collect()
    };
    let (head, rest) = items.split_at(shown.min(items.len()));
    writeln!(out, "<h4>{heading}</h4><ul class=\"places\">{}</ul>", list(head))?;
    if !rest.is_empty() {
        writeln!(
            out,
            "<details><summary>{} more</summary><ul class=\"places\">{}</ul></details>",
            grouped(rest.len() as u64),
            list(rest),
        )?;
    }
    if !untold.is_empty() {
        writeln!(out, "<p><small>{} more in the json report</small></p>", grouped(untold.len() as u64))?;
    }
    Ok(())
}

fn write_skipped(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    if outcome.skipped.is_empty() {
        return Ok(());
    }
    out.write_all(b"<section id=\"skipped\"><h2>What was not looked at</h2>\n")?;
    for (reason, count) in by_reason(outcome) {
        let items: Vec<String> = outcome
            .skipped
            .iter()
            .filter(|skipped| skipped.reason == reason)
            .map(|skipped| match skipped.detail.as_str() {
                "" => safe(&skipped.origin.to_string()),
                detail => format!("{} <small>{}</small>", safe(&skipped.origin.to_string()), safe(detail)),
            })
            .collect();
        let class = if reason.benign() { "info" } else { "high" };
        writeln!(
            out,
            "<p><span class=\"chip severity {class}\">{}</span> {}</p>",
            reason.name(),
            counted(count as u64, "input"),
        )?;
        write_list(("input", "inputs"), &items, (REFS, usize::MAX), out)?;
    }
    out.write_all(b"</section>\n")
}

/// What was covered: by objects for an audit, by files for other runs.
fn write_coverage(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"<section id=\"coverage\"><h2>Coverage</h2><dl class=\"facts\">\n")?;
    let mut facts: Vec<(&str, String)> = match &outcome.coverage {
        Some(coverage) => telling::coverage(coverage),
        None => vec![
            ("scanned", format!("{}, {}", counted(outcome.stats.inputs, "file"), bytes(outcome.stats.bytes))),
            ("rules", counted(outcome.stats.rules as u64, "rule")),
            ("tool", format!("{TOOL} {VERSION}")),
        ],
    };
    facts.push(("skipped", counted(outcome.skipped.len() as u64, "input")));
    let status = outcome.exit_status();
    let meaning = ["clean", "findings", "could not vouch for everything"][usize::from(status.min(2))];
    facts.push(("status", format!("{status}: {meaning}")));
    for (label, text) in facts {
        writeln!(out, "<div><dt>{label}</dt><dd>{}</dd></div>", safe(&text))?;
    }
    out.write_all(b"</dl>\n")?;
    if let Some(coverage) = &outcome.coverage {
        let refs: Vec<String> = coverage
            .refs
            .iter()
            .map(|(name, id)| format!("{} <small class=\"at\">{}</small>", safe(name), safe(id)))
            .collect();
        write_list(("ref", "refs"), &refs, (REFS, usize::MAX), out)?;
    }
    out.write_all(b"</section>\n")
}

#[cfg(test)]
mod tests;
