//! When each secret was exposed: a row each, from the day it came in to the day of the report.

use super::{anchor, counted, grouped, safe};
use crate::finding::{Finding, Outcome, Story};
use crate::report::{Guard, Options};
use jiff::{Timestamp, tz::TimeZone};
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

/// Most rows; the most urgent come first.
const ROWS: usize = 60;
/// Seconds in a day.
const DAY: i64 = 86_400;
/// Most ticks on the axis.
const TICKS: i16 = 8;

/// One secret's bar, in seconds since 1970.
struct Row<'a> {
    finding: &'a Finding,
    story: &'a Story,
    from: i64,
    /// Until when it was in a tip.
    until: i64,
}

/// Write the timeline; nothing where no secret has a date.
pub(super) fn write(outcome: &Outcome, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let end = outcome.coverage.as_ref().map_or_else(SystemTime::now, |coverage| coverage.ended);
    let now = end.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
    let rows: Vec<Row> = outcome.findings.iter().filter_map(|finding| row(finding, now)).collect();
    let Some(first) = rows.iter().map(|row| row.from).min() else { return Ok(()) };
    // A little air on both sides.
    let air = ((now - first) / 50).max(DAY);
    let scale = Scale { from: first - air, to: now + air };
    writeln!(
        out,
        "<section id=\"timeline\"><h2>Exposure over time</h2><p class=\"legend\">\
         <span><span class=\"key tips\"></span>in the files of a ref</span> \
         <span><span class=\"key past\"></span>removed, and still in the history</span></p>\n<div class=\"lines\">"
    )?;
    for row in rows.iter().take(ROWS) {
        write_row(row, &scale, now, options, out)?;
    }
    out.write_all(b"<div class=\"line axis\"><span></span><svg width=\"100%\" height=\"22\">")?;
    for (at, label) in scale.ticks() {
        write!(out, "<text x=\"{at:.2}%\" y=\"16\" text-anchor=\"middle\">{label}</text>")?;
    }
    out.write_all(b"</svg></div></div>\n")?;
    if rows.len() > ROWS {
        writeln!(out, "<p><small>and {} more in the table</small></p>", grouped((rows.len() - ROWS) as u64))?;
    }
    out.write_all(b"</section>\n")
}

fn row(finding: &Finding, now: i64) -> Option<Row<'_>> {
    let story = finding.story.as_ref()?;
    let dates = story.introduced.iter().filter_map(|one| one.note.as_ref()).map(|note| note.seconds);
    // A clock that was wrong must not bend the whole picture.
    let from = dates.filter(|&seconds| seconds > 0 && seconds <= now).min()?;
    let until = match story.days_in_tips {
        Some(days) => from.saturating_add(i64::try_from(days).unwrap_or(0).saturating_mul(DAY)).min(now),
        None => from,
    };
    Some(Row { finding, story, from, until })
}

fn write_row(
    row: &Row,
    scale: &Scale,
    now: i64,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let guard = Guard::new(row.finding, options);
    let (from, until, end) = (scale.place(row.from), scale.place(row.until), scale.place(now));
    let severity = row.finding.severity.name();
    let days = row.story.days_in_history.unwrap_or_default();
    let label = format!("{} {}: {}", row.finding.rule, guard.mask(), counted(days, "day"));
    write!(
        out,
        "<div class=\"line {severity}\"><a href=\"#{}\">{} <code>{}</code></a>\
         <svg width=\"100%\" height=\"22\" role=\"img\" aria-label=\"{label}\"><title>{label}</title>",
        anchor(row.finding),
        safe(&row.finding.rule),
        safe(guard.mask()),
        label = safe(&label),
    )?;
    for (at, _) in scale.ticks() {
        write!(out, "<line class=\"grid\" x1=\"{at:.2}%\" x2=\"{at:.2}%\" y1=\"0\" y2=\"22\"/>")?;
    }
    write!(
        out,
        "<rect class=\"past\" x=\"{from:.2}%\" y=\"8\" width=\"{:.2}%\" height=\"6\" rx=\"3\"/>\
         <rect class=\"tips\" x=\"{from:.2}%\" y=\"5\" width=\"{:.2}%\" height=\"12\" rx=\"4\"/>",
        (end - from).max(0.4),
        (until - from).max(0.4),
    )?;
    for one in row.story.introduced.iter().filter_map(|one| one.note.as_ref()).filter(|note| note.seconds > 0) {
        write!(out, "<circle class=\"start\" cx=\"{:.2}%\" cy=\"11\" r=\"4\"/>", scale.place(one.seconds))?;
    }
    writeln!(out, "</svg></div>")
}

/// Places moments on the axis.
struct Scale {
    from: i64,
    to: i64,
}

impl Scale {
    /// Percent of the width.
    fn place(&self, seconds: i64) -> f64 {
        let span = (self.to - self.from).max(1) as f64;
        ((seconds - self.from) as f64 / span * 100.0).clamp(0.0, 100.0)
    }

    /// Years, or months where there are few, with their places.
    fn ticks(&self) -> Vec<(f64, String)> {
        let date = |seconds: i64| {
            let moment = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
            moment.to_zoned_datetime(TimeZone::UTC).date()
        };
        let (from, to) = (date(self.from), date(self.to));
        let months = (to.year() - from.year()) * 12 + i16::from(to.month()) - i16::from(from.month());
        let (step, years) = match months {
            ..=24 => ((months / TICKS).max(0) + 1, false),
            _ => ((months / 12 / TICKS).max(0) + 1, true),
        };
        let mut ticks = Vec::new();
        let mut month = if years { from.year() * 12 } else { from.year() * 12 + i16::from(from.month()) - 1 };
        let step = if years { step * 12 } else { step };
        while month / 12 <= to.year() {
            let (year, number) = (month / 12, (month % 12 + 1) as i8);
            month += step;
            let Ok(day) = jiff::civil::Date::new(year, number, 1) else { break };
            let Ok(moment) = day.to_zoned_datetime(TimeZone::UTC) else { break };
            let seconds = moment.timestamp().as_second();
            // Labels at the very edges would be cut off.
            let at = self.place(seconds);
            if seconds > self.from && seconds < self.to && (3.0..=97.0).contains(&at) {
                let label = if years { format!("{year}") } else { format!("{year}-{number:02}") };
                ticks.push((at, label));
            }
        }
        ticks
    }
}
