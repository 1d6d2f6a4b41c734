//! The explanation for people.

use crate::engine::noise::{FileKind, Form};
use crate::engine::{Certainty, Refusal};
use crate::report::terminal::{counted, inert, inert_line};
use crate::scan::explain::{Explanation, Looked, Said, Tried};
use crate::secret::Secret;
use crate::source::ignored::LeftOut;
use crate::text::Position;
use anstyle::{AnsiColor, Style};
use std::fmt::Write;

/// Rules named before `and 4 more`.
const NAMES: usize = 8;

/// The explanation as a text. `hint` adds what else could be asked.
pub(super) fn text(told: &Explanation, show: bool, color: bool, hint: bool) -> String {
    let mut page = Page { out: String::new(), show, color };
    page.head(told);
    match told.question.line {
        Some(_) => told.looked.iter().for_each(|looked| page.looked(looked)),
        None => page.brief(told),
    }
    page.results(told);
    if hint && told.question.line.is_none() && !told.looked.is_empty() {
        page.line(&format!("more about one place: sekisho explain {}:LINE", told.origin));
    }
    page.out
}

struct Page {
    out: String,
    show: bool,
    color: bool,
}

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// What is said where no word of a rule stands.
const NO_ANCHOR: &str = "no anchor of any rule";

impl Page {
    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn styled(&self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.styled(Style::new().bold(), text)
    }

    fn value(&self, secret: &Secret) -> String {
        match self.show {
            true => inert_line(&String::from_utf8_lossy(secret.reveal())),
            false => secret.mask(),
        }
    }

    fn head(&mut self, told: &Explanation) {
        let origin = inert(&told.origin.to_string());
        let place = match (told.question.line, told.question.column) {
            (Some(line), Some(column)) => format!("{origin}:{line}:{column}"),
            (Some(line), None) => format!("{origin}:{line}"),
            _ => origin,
        };
        let place = self.bold(&place);
        self.line(&place);
        if let (Some(line), Some(shown)) = (told.question.line, &told.shown) {
            let clear = told.clear.as_ref().filter(|_| self.show && told.question.column.is_none());
            let clear = clear.map(|clear| String::from_utf8_lossy(clear.reveal()).into_owned());
            let shown = inert_line(clear.as_ref().unwrap_or(shown));
            self.line(&format!("{line:>5} | {shown}"));
        }
        let mut read = vec![format!("read as {}", kind(told.kind))];
        if let Some(encoding) = told.encoding {
            read.push(format!("in {encoding:?}"));
        }
        if told.binary {
            read.push(
                "binary content: only rules with structure are tried, names and values are not".to_owned(),
            );
        }
        read.push(format!("{} rules in force", told.rules));
        read.push(match &told.config {
            Some(path) => format!("settings from {}", inert(&path.display().to_string())),
            None => "no sekisho.toml".to_owned(),
        });
        self.line(&format!("      {}", read.join("; ")));
        match &told.left_out {
            None => {}
            Some(LeftOut::Pattern { file, line, pattern }) => {
                let file = inert(&file.display().to_string());
                let text = format!("`{}` in {file}:{line} leaves this file out", inert(pattern));
                self.left_out(&text, "`sekisho scan` reads it only where it is named, or with --no-ignore");
            }
            Some(LeftOut::GitsOwn) => {
                self.left_out(
                    "this is one of git's own files",
                    "`sekisho scan` reads it only where it is named",
                );
            }
            Some(LeftOut::Unknown) => {
                self.left_out("a walk of the tree does not come to this file", "name it")
            }
        }
        self.out.push('\n');
    }

    fn left_out(&mut self, why: &str, what: &str) {
        let text = self.styled(AnsiColor::Yellow.on_default(), &format!("{why}; {what}"));
        self.line(&format!("      {text}"));
    }

    fn looked(&mut self, looked: &Looked) {
        let anchor = self.bold(&format!("`{}`", inert_line(&looked.anchor)));
        self.line(&format!("{} {anchor}: {}", at(looked.at), looked.about));
        if let Some(read) = &looked.read {
            let quote = read.quote.map_or(String::new(), |quote| format!(", in {quote}"));
            let text = format!(
                "  name {}, value {} at {}, given by {}{quote}",
                inert_line(&read.name),
                self.value(&read.value),
                at(read.at),
                read.operator
            );
            self.line(&text);
        }
        let (silent, told): (Vec<&Tried>, Vec<&Tried>) = looked
            .tried
            .iter()
            .partition(|tried| tried.value.is_none() && tried.verdict == Err(Refusal::Pattern));
        told.iter().for_each(|tried| self.tried(tried));
        // Of the rules for assigned values most are only asked for their words.
        if !silent.is_empty() {
            let names: Vec<&str> = silent.iter().take(NAMES).map(|tried| tried.rule.as_str()).collect();
            let more = match silent.len().saturating_sub(NAMES) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            self.line(&format!("  tried, and the pattern does not match: {}{more}", names.join(", ")));
        }
        looked.passed.iter().for_each(|why| self.line(&format!("  {why}")));
        if let Some(said) = &looked.said {
            self.said(said, |page, looked| page.looked(looked));
        }
        self.out.push('\n');
    }

    /// What something encoded says, with what was looked at in it set in.
    fn said(&mut self, said: &Said, tell: impl Fn(&mut Page, &Looked)) {
        let length = counted(said.length as u64, "byte");
        self.line(&format!("  decoded from {}: {length}", said.chain.join(" > ")));
        if let Some(kind) = said.container {
            self.line(&format!("  a container ({kind}): scans open it, its bytes are looked at here"));
        }
        said.missed.iter().for_each(|why| self.line(&format!("  {why}")));
        let telling: Vec<&Looked> = said.looked.iter().filter(|looked| looked.is_telling()).collect();
        if telling.is_empty() {
            self.line("  no rule matches anything in it");
        }
        let mut inner = Page { out: String::new(), show: self.show, color: self.color };
        telling.into_iter().for_each(|looked| tell(&mut inner, looked));
        inner.out.lines().for_each(|line| match line {
            "" => {}
            line => self.line(&format!("  | {line}")),
        });
    }

    fn tried(&mut self, tried: &Tried) {
        let verdict = self.verdict(tried.verdict);
        let value = match &tried.value {
            Some((place, value)) => format!(" on {} at {}", self.value(value), at(*place)),
            None => String::new(),
        };
        self.line(&format!("  {}{value}: {verdict}", self.bold(&tried.rule)));
        for test in &tried.tests {
            let mark = if test.passed { self.styled(GOOD, "+") } else { self.styled(BAD, "-") };
            self.line(&format!("    {mark} {}: {}", test.name, inert_line(&test.measured)));
        }
        for (name, number, share) in &tried.weights {
            self.line(&format!("        {share:+.2} {name} {number}"));
        }
    }

    fn verdict(&self, verdict: Result<Certainty, Refusal>) -> String {
        match verdict {
            Ok(certainty) => self.styled(GOOD, &format!("matches, {}", certain(certainty))),
            Err(refusal) => self.styled(BAD, &format!("refused by {}", refusal.test())),
        }
    }

    /// One line for each attempt that got somewhere.
    fn brief(&mut self, told: &Explanation) {
        told.looked.iter().filter(|looked| looked.is_telling()).for_each(|looked| self.brief_of(looked));
        if told.looked.iter().any(Looked::is_telling) {
            self.out.push('\n');
        }
    }

    fn brief_of(&mut self, looked: &Looked) {
        let mut any = false;
        for tried in looked.tried.iter().filter(|tried| tried.value.is_some()) {
            let Some((place, value)) = &tried.value else { continue };
            let last = tried.tests.last().filter(|test| !test.passed);
            let why = last.map_or(String::new(), |test| format!(": {}", inert_line(&test.measured)));
            let verdict = self.verdict(tried.verdict);
            self.line(&format!("{} {} {}: {verdict}{why}", at(*place), tried.rule, self.value(value)));
            any = true;
        }
        if let (false, Some(read)) = (any, &looked.read) {
            let name = inert_line(&read.name);
            self.line(&format!("{} {name} {}: no rule fits", at(read.at), self.value(&read.value)));
        }
        if let Some(said) = &looked.said {
            self.line(&format!("{} `{}`: {}", at(looked.at), inert_line(&looked.anchor), looked.about));
            self.said(said, Page::brief_of);
        }
    }

    fn results(&mut self, told: &Explanation) {
        for gone in &told.contests {
            let text = format!("{} {} gives way to {}: {}", at(gone.at), gone.loser, gone.winner, gone.why);
            self.line(&text);
        }
        for off in &told.off {
            let text = format!(
                "{} {} would match {}, but is {}",
                at(off.at),
                off.rule,
                self.value(&off.secret),
                off.why
            );
            self.line(&text);
        }
        for found in &told.found {
            let (rule, value) = (self.bold(&found.rule), self.value(&found.secret));
            let fate = match &found.suppressed {
                None => self.styled(BAD, "reported"),
                Some(why) => self.styled(GOOD, &format!("not reported: {}", inert(why))),
            };
            let sure = certain(found.certainty);
            self.line(&format!("{} {rule} {value}, {sure}: {fate}", at(found.at)));
            if !found.chain.is_empty() {
                self.line(&format!("      decoded from {}", found.chain.join(" > ")));
            }
            if let Some(note) = &found.note {
                self.line(&format!("      {}", inert(note)));
            }
            if !found.also.is_empty() {
                self.line(&format!("      also matched: {}", found.also.join(", ")));
            }
            self.line(&format!("      id {}", found.fingerprint));
        }
        if told.found.is_empty() {
            let place = if told.question.line.is_some() { "on this line" } else { "in this input" };
            match told.looked.is_empty() {
                true => self.line(&format!("{NO_ANCHOR} {place}: nothing looked at it")),
                false if told.looked.iter().any(Looked::is_container) => {
                    self.line(&format!(
                        "nothing else is found {place}: what is in a container, `sekisho scan` tells"
                    ));
                }
                false => self.line(&format!("nothing is found {place}")),
            }
            if !told.needed.is_empty() {
                self.line("to be looked at it would need:");
                told.needed.iter().for_each(|need| {
                    let _ = writeln!(self.out, "  - {}", inert(need));
                });
            }
        }
    }
}

fn at(place: Position) -> String {
    format!("{}:{}", place.line, place.column)
}

fn certain(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Judged => "by its name and look",
        Certainty::Structured => "by its structure",
        Certainty::Proven => "proven by a checksum or decoded structure",
    }
}

fn kind(kind: FileKind) -> String {
    let form = match kind.form {
        Form::Code => "code",
        Form::Config => "configuration",
        Form::Document => "a document",
        Form::Lock => "a list of pinned versions",
        Form::Log => "a log",
        Form::Unknown | Form::Any => "a file of unknown kind",
    };
    match kind.fixture {
        true => format!("{form} of tests, examples or documents"),
        false => form.to_owned(),
    }
}
