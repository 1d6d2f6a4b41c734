//! A finding as lines of text that no stranger can steer a terminal with; both ways of going through
//! findings show these.

use super::Show;
use crate::report::terminal::{inert, inert_line, wrap};
use crate::rules::Severity;
use crate::secret::Secret;
use crate::triage::{Item, Mark, Session, Spot};

/// Other places named before `and 4 more`.
const PLACES: usize = 4;

/// How a line is set off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Faint,
    Strong,
    /// The line that holds the secret.
    Here,
    /// A secret in clear.
    Clear,
    Severity(Severity),
}

/// One line.
pub(super) struct Line {
    pub(super) tone: Tone,
    pub(super) text: String,
}

fn line(tone: Tone, text: impl Into<String>) -> Line {
    Line { tone, text: text.into() }
}

/// All about a finding, in lines of at most `width` columns. `revealed` is its secret or why that cannot be
/// shown.
pub(super) fn finding(
    show: &Show<'_>,
    session: &Session,
    index: usize,
    width: Option<usize>,
    revealed: Option<&Result<Secret, String>>,
) -> Vec<Line> {
    let item = &session.items()[index];
    let mut lines = vec![
        line(Tone::Strong, inert(&item.place())),
        line(
            Tone::Severity(item.severity),
            format!(
                "{} {} {}  {}",
                item.severity.name(),
                inert(&item.rule),
                inert(item.shown()),
                inert(&item.summary)
            ),
        ),
    ];
    if let Some(decision) = session.decision(index) {
        let why =
            if decision.reason.is_empty() { String::new() } else { format!(": {}", inert(&decision.reason)) };
        lines.push(line(Tone::Strong, format!("marked {}{why}", decision.mark.name())));
    }
    if let Some(spot) = item.spots.first() {
        around(show, item, spot, &mut lines);
    }
    match revealed {
        Some(Ok(secret)) => {
            let text = String::from_utf8_lossy(secret.reveal()).into_owned();
            lines.push(line(Tone::Strong, "in clear:"));
            lines.extend(text.lines().map(|text| line(Tone::Clear, format!("  {}", inert(text)))));
        }
        Some(Err(why)) => lines.push(line(Tone::Clear, format!("cannot be shown: {}", inert(why)))),
        None => {}
    }
    for (label, text) in facts(item) {
        let head = format!("{label}: ");
        let room = width.map(|width| width.saturating_sub(head.len()).max(20));
        for (at, piece) in wrap(&inert(&text), room).into_iter().enumerate() {
            let head = if at == 0 { head.clone() } else { " ".repeat(head.len()) };
            lines.push(line(Tone::Plain, format!("{head}{piece}")));
        }
    }
    lines
}

/// The lines around it; where they cannot be read, the line that the report has.
fn around(show: &Show<'_>, item: &Item, spot: &Spot, lines: &mut Vec<Line>) {
    match show.places.around(item, spot) {
        Ok(read) => lines.extend(read.into_iter().map(|read| {
            let tone = if read.here { Tone::Here } else { Tone::Faint };
            line(tone, format!("{:>6} | {}", read.number, inert_line(&read.text)))
        })),
        Err(why) => {
            if let Some([before, masked, after]) = &spot.preview {
                let text = format!("{:>6} | {before}{masked}{after}", spot.line);
                lines.push(line(Tone::Here, inert_line(&text)));
            }
            lines.push(line(Tone::Faint, format!("the lines around it: {}", inert(&why))));
        }
    }
}

/// Label and text of what is known of it.
fn facts(item: &Item) -> Vec<(&str, String)> {
    let mut facts: Vec<(&str, String)> = Vec::new();
    let details: Vec<String> = item.details.iter().map(|(name, value)| format!("{name} {value}")).collect();
    facts.push(("details", details.join(", ")));
    facts.extend(item.story.iter().map(|(label, text)| (*label, text.clone())));
    let others: Vec<String> = item.spots.iter().skip(1).take(PLACES).map(Spot::place).collect();
    let more = item.spots.len().saturating_sub(PLACES + 1);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    facts.push(("also at", format!("{}{more}", others.join(", "))));
    facts.push(("also matched", item.also.join(", ")));
    facts.push(("rotate", item.rotate.clone()));
    facts.push(("see", item.refs.first().cloned().unwrap_or_default()));
    facts.push(("id", item.fingerprint.clone()));
    facts.retain(|(_, text)| !text.is_empty());
    facts
}

/// A finding in one line of a list.
pub(super) fn listed(session: &Session, index: usize) -> String {
    let item = &session.items()[index];
    let mark = match session.decision(index).map(|decision| decision.mark) {
        None => ' ',
        Some(Mark::True) => 'T',
        Some(Mark::False) => 'F',
        Some(Mark::Accepted) => 'A',
    };
    format!(
        "{mark} {:<8} {}  {}  {}",
        item.severity.name(),
        inert(&item.place()),
        inert(&item.rule),
        inert(item.shown())
    )
}

/// How far it is.
pub(super) fn state(session: &Session) -> String {
    format!(
        "{} open, {} true, {} false, {} accepted",
        session.open(),
        session.count(Mark::True),
        session.count(Mark::False),
        session.count(Mark::Accepted)
    )
}
