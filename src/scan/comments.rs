//! Comments that allow findings: those around a match, and those around nothing.

use super::{Cut, ReadAs, Scan};
use crate::engine::noise::{FileKind, Form};
use crate::finding::{Note, NoteKind};
use crate::origin::Origin;
use crate::policy::comment::{self, ALL, Line, Pragma};
use crate::text::{Span, hide};
use std::collections::HashSet;

/// Comments without use that are told one by one.
const NOTES: usize = 50;

/// A comment in a file that allows something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Allowance {
    origin: Origin,
    /// Its line, from 1.
    line: u64,
    /// Where it stands in the file.
    at: usize,
    /// The rules that it names.
    names: Vec<String>,
}

/// The comments that some match had something to do with, by file and place.
#[derive(Debug, Default)]
pub(super) struct Used(HashSet<(Origin, usize)>);

impl Used {
    /// Note which of the comments around a place speak of these rules.
    pub(super) fn note(&mut self, origin: &Origin, comments: &[Pragma], rules: &[&str]) {
        for pragma in comments.iter().filter(|pragma| pragma.concerns(rules)) {
            self.0.extend(pragma.at.map(|at| (origin.bare().clone(), at)));
        }
    }
}

/// What there is to say of comments that suppress nothing.
pub(super) fn unused(mut all: Vec<Allowance>, used: &Used) -> Vec<Note> {
    all.retain(|one| !used.0.contains(&(one.origin.clone(), one.at)));
    all.sort();
    // The windows of a long file overlap.
    all.dedup();
    let note = |one: &Allowance, text: String| {
        let place = format!("{}:{}", one.origin, one.line);
        Note { kind: NoteKind::UnusedComment, place, text }
    };
    let about = |one: &Allowance| {
        note(one, format!("the comment that allows `{}` suppresses nothing", one.names.join(",")))
    };
    let mut notes: Vec<Note> = all.iter().take(NOTES).map(about).collect();
    if let Some(last) = all.last().filter(|_| all.len() > NOTES) {
        notes.push(note(last, format!("and {} more comments up to here", all.len() - NOTES)));
    }
    notes
}

impl Scan {
    /// Note the comments in a text that would suppress findings of rules in force. Before the text there are
    /// `lines_before` lines in its file; `original` maps its offsets to those of the file. Documents show such
    /// comments as examples, and members of containers are not kept by whoever scans them.
    pub(super) fn note_allowances(
        &self,
        (origin, kind, read): (&Origin, FileKind, ReadAs),
        (text, lines_before): (&[u8], u64),
        original: &dyn Fn(usize) -> usize,
        out: &mut Vec<Allowance>,
    ) {
        let speaks = matches!(read, ReadAs::Text | ReadAs::Wide(_)) && kind.form != Form::Document;
        if !speaks || !matches!(origin, Origin::File(_)) {
            return;
        }
        for pragma in comment::all(text, self.cascade.today()) {
            let Some(at) = pragma.at else { continue };
            if !pragma.names().iter().any(|name| self.can_find(name, kind)) {
                continue;
            }
            out.push(Allowance {
                origin: origin.clone(),
                line: lines_before + 1 + memchr::memchr_iter(b'\n', &text[..at]).count() as u64,
                at: original(at),
                names: pragma.names().to_vec(),
            });
        }
    }

    /// Is there a rule of this name in force, one that reports what it finds in such files?
    fn can_find(&self, name: &str, kind: FileKind) -> bool {
        if name == ALL {
            return !self.sets_aside(kind);
        }
        let named = self.engine.rules().by_id(name);
        named.is_some_and(|(index, rule)| {
            self.engine.is_active(index) && (rule.fixtures || !self.sets_aside(kind))
        })
    }
}

impl Cut<'_> {
    /// The comments on the line of a place, on its last line and on the line before.
    pub(super) fn comments(&self, place: Span) -> Vec<Pragma> {
        let line = self.line(place.start);
        let last = self.line(place.end);
        let previous = match line.start {
            0 => Span::new(0, 0),
            start => self.line(start - 1),
        };
        let mut all = self.comments_of(line, previous);
        if last != line {
            all.extend(self.comments_of(last, Span::new(0, 0)));
        }
        all
    }

    /// The comments on a line and on the one before. Their words are told in reports, so they are read with
    /// every secret in them masked.
    fn comments_of(&self, line: Span, previous: Span) -> Vec<Pragma> {
        let (today, foreign) = (self.scan.cascade.today(), self.scan.foreign_comments);
        let both = [line, previous].map(|line| (line, &self.text[line.range()]));
        if both.iter().all(|(_, text)| comment::position(text).is_none()) {
            let [line, previous] = both.map(|(line, text)| Line { text, start: line.start });
            return comment::pragmas(line, previous, today, foreign);
        }
        let mut inside = false;
        let read = both.map(|(line, text)| {
            let Some(at) = comment::position(text).map(|at| line.start + at) else { return text.to_vec() };
            let mut hidden = self.hidden(line);
            inside |= hidden.iter().any(|secret| secret.start <= at && at < secret.end);
            hidden.retain(|secret| secret.start > at);
            hide(self.text, line, &hidden, |_| "…".to_owned()).into_bytes()
        });
        let lines = [(&read[0], line), (&read[1], previous)];
        let [line, previous] = lines.map(|(text, line)| Line { text, start: line.start });
        let mut all = comment::pragmas(line, previous, today, foreign);
        for pragma in &mut all {
            // Readings have places of their own.
            let at = pragma.at.filter(|_| self.reading.is_none());
            pragma.at = at.map(|at| (self.original)(at));
        }
        if inside { all.into_iter().map(Pragma::without_words).collect() } else { all }
    }
}
