//! What is allowed or known: not reported, and listed with the reason.

use super::super::terminal::counted;
use super::super::{Guard, Options};
use super::{MOST, place, safe};
use crate::finding::{By, Outcome, Suppressed};
use std::io::{self, Write};

/// The section, where there is anything to list.
pub(super) fn write(outcome: &Outcome, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let all = &outcome.told.suppressed;
    if all.is_empty() {
        return Ok(());
    }
    let count = counted(all.len() as u64, "secret");
    writeln!(
        out,
        "<section id=\"suppressed\"><h2>Allowed or known</h2><details><summary>{count} not reported, and why</summary>\
         <div class=\"scroll\"><table class=\"list\"><thead><tr><th>Secret</th><th>Place</th>\
         <th class=\"number\">Places</th><th>By</th><th>Why</th></tr></thead><tbody>"
    )?;
    for one in all.iter().take(MOST) {
        row(one, options, out)?;
    }
    out.write_all(b"</tbody></table></div>")?;
    if let Some(more) = all.len().checked_sub(MOST).filter(|&more| more > 0) {
        writeln!(out, "<p>and {} more: a report in JSON lists them all.</p>", counted(more as u64, "secret"))?;
    }
    out.write_all(b"</details></section>\n")
}

fn row(one: &Suppressed, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let Suppressed { finding, why } = one;
    let guard = Guard::new(finding, options);
    let by = match (why.by, &why.place) {
        (By::Comment, _) => "a comment".to_owned(),
        (By::Entry, None) => "an entry".to_owned(),
        (By::Entry, Some(entry)) => guard.text(entry).into_owned(),
        (By::Baseline, _) => "the baseline".to_owned(),
    };
    let mut reason = guard.text(&why.reason).into_owned();
    for (name, value) in [("owner", &why.owner), ("until", &why.expires)] {
        if let Some(value) = value {
            let gap = if reason.is_empty() { "" } else { "; " };
            reason.push_str(&format!("{gap}{name} {}", guard.text(value)));
        }
    }
    writeln!(
        out,
        "<tr><td>{}<br><code>{}</code></td><td class=\"path\">{}</td><td class=\"number\">{}</td><td>{}</td>\
         <td>{}</td></tr>",
        safe(&finding.rule),
        safe(guard.mask()),
        finding.occurrences.first().map_or_else(String::new, |first| place(first, &guard)),
        finding.occurrences.len(),
        safe(&by),
        safe(&reason),
    )
}
