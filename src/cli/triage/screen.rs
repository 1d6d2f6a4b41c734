//! The whole screen: a list of findings above, all about one of them below.

use super::terminal::Screen;
use super::view::{self, Line, Tone};
use super::{End, Show};
use crate::error::Error;
use crate::report::terminal::{columns, head, inert, tail};
use crate::rules::Severity;
use crate::secret::Secret;
use crate::triage::{Mark, Session};
use anstyle::{AnsiColor, Style};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::io;
use std::path::Path;

const KEYS: &str =
    "t true  f false  a accepted  r reveal  u undo  / filter  n next open  w write  q quit  ? help";

const HELP: [&str; 17] = [
    "up, down, j, k     another finding",
    "PgUp, PgDn         a page of findings",
    "Home, End, g, G    the first, the last",
    "n, Tab             the next one without a mark",
    "J, K               scroll what is told about it",
    "",
    "t                  true: a leak, put on the list of what is to be done",
    "f                  false: no secret; asks why, written as an allow entry",
    "a                  accepted: may stay; asks why, written as an allow entry",
    "u                  undo the last mark",
    "r                  reveal the secret until the next key",
    "/                  show only findings that hold all words (`open`: without a mark)",
    "",
    "w                  write what was marked, and end",
    "q, Esc             end; asks whether to write",
    "Ctrl-C             end at once; nothing is written",
    "Ctrl-L             draw everything anew",
];

/// What keys go to.
enum Mode {
    /// The list.
    Browse,
    /// A line that is typed: the mark that it is the reason of, or none for the filter.
    Type(Option<Mark>, String),
    /// The question whether to write.
    Quit,
    /// The list of keys.
    Help,
}

/// Go through the findings of a session.
///
/// # Errors
/// Trouble with the terminal.
pub(super) fn run(session: &mut Session, show: &Show<'_>, file: &Path) -> Result<End, Error> {
    let told =
        |error: io::Error| Error::Output { what: "the terminal".to_owned(), reason: error.to_string() };
    let mut screen = Screen::take().map_err(told)?;
    let mut desk = Desk {
        session,
        show,
        file,
        mode: Mode::Browse,
        message: String::new(),
        revealed: None,
        scroll: 0,
        about: None,
    };
    loop {
        let (rows, cursor) = desk.rows(Screen::size());
        screen.draw(&rows, cursor).map_err(told)?;
        match screen.next().map_err(told)? {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                if let Some(end) = desk.key(key) {
                    return Ok(end);
                }
            }
            _ => {}
        }
    }
}

struct Desk<'a> {
    session: &'a mut Session,
    show: &'a Show<'a>,
    file: &'a Path,
    mode: Mode,
    /// What came of the last key.
    message: String,
    /// The secret that is shown, or why it cannot be.
    revealed: Option<Result<Secret, String>>,
    /// Lines of what is told that are scrolled away.
    scroll: usize,
    /// What is told about the finding that is looked at, as long as nothing about it changes: reading the
    /// lines around it takes a scan of its file.
    about: Option<(usize, usize, Vec<Line>)>,
}

impl Desk<'_> {
    fn key(&mut self, key: KeyEvent) -> Option<End> {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c') => Some(End::Interrupted),
                KeyCode::Char('u') => {
                    if let Mode::Type(_, text) = &mut self.mode {
                        text.clear();
                    }
                    None
                }
                _ => None,
            };
        }
        self.message.clear();
        if self.revealed.take().is_some() {
            self.about = None;
        }
        match std::mem::replace(&mut self.mode, Mode::Browse) {
            Mode::Browse => self.browse(key.code),
            Mode::Type(mark, text) => {
                self.typed(mark, text, key.code);
                None
            }
            Mode::Help => None,
            Mode::Quit => match key.code {
                KeyCode::Char('y' | 'Y' | 'w') | KeyCode::Enter => Some(End::Save),
                KeyCode::Char('n' | 'N') => Some(End::Discard),
                KeyCode::Char('c') | KeyCode::Esc => None,
                _ => {
                    self.mode = Mode::Quit;
                    None
                }
            },
        }
    }

    fn browse(&mut self, code: KeyCode) -> Option<End> {
        let page = (Screen::size().1 / 3).max(1) as isize;
        match code {
            KeyCode::Down | KeyCode::Char('j') => self.go(1),
            KeyCode::Up | KeyCode::Char('k') => self.go(-1),
            KeyCode::PageDown => self.go(page),
            KeyCode::PageUp => self.go(-page),
            KeyCode::Home | KeyCode::Char('g') => self.go(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.go(isize::MAX),
            KeyCode::Tab | KeyCode::Char('n') => self.next_open(),
            KeyCode::Char('J') => self.scroll += 1,
            KeyCode::Char('K') => self.scroll = self.scroll.saturating_sub(1),
            KeyCode::Char('t') => self.decide(Mark::True, ""),
            KeyCode::Char('f') => self.mode = Mode::Type(Some(Mark::False), String::new()),
            KeyCode::Char('a') => self.mode = Mode::Type(Some(Mark::Accepted), String::new()),
            KeyCode::Char('/') => self.mode = Mode::Type(None, self.session.filter().to_owned()),
            KeyCode::Char('u') => {
                if !self.session.undo() {
                    "there is nothing to undo".clone_into(&mut self.message);
                }
                self.changed();
            }
            KeyCode::Char('r') => self.reveal(),
            KeyCode::Char('?' | 'h') | KeyCode::F(1) => self.mode = Mode::Help,
            KeyCode::Char('w') => return Some(End::Save),
            KeyCode::Char('q') | KeyCode::Esc => {
                if self.session.decided().next().is_none() {
                    return Some(End::Discard);
                }
                self.mode = Mode::Quit;
            }
            _ => {}
        }
        None
    }

    fn typed(&mut self, mark: Option<Mark>, mut text: String, code: KeyCode) {
        match code {
            KeyCode::Esc => return,
            KeyCode::Enter => {
                return match mark {
                    Some(mark) => self.decide(mark, &text),
                    None => {
                        self.session.filter_by(&text);
                        self.changed();
                    }
                };
            }
            KeyCode::Backspace => drop(text.pop()),
            KeyCode::Char(character) if !character.is_control() => text.push(character),
            _ => {}
        }
        self.mode = Mode::Type(mark, text);
    }

    fn go(&mut self, by: isize) {
        self.session.go(by);
        self.changed();
    }

    fn changed(&mut self) {
        self.about = None;
        self.scroll = 0;
    }

    fn decide(&mut self, mark: Mark, reason: &str) {
        match self.session.decide(mark, reason) {
            Ok(()) => self.next_open(),
            Err(why) => {
                why.clone_into(&mut self.message);
                if mark.allows() && self.session.current().is_some() {
                    self.mode = Mode::Type(Some(mark), String::new());
                }
            }
        }
    }

    fn next_open(&mut self) {
        if !self.session.next_open() {
            "all of these are marked; w writes".clone_into(&mut self.message);
        }
        self.changed();
    }

    fn reveal(&mut self) {
        let Some(item) = self.session.current().map(|index| &self.session.items()[index]) else { return };
        if let Some(spot) = item.spots.first() {
            self.revealed = Some(self.show.places.reveal(item, spot));
        }
        self.changed();
    }

    /// Everything on the screen, a text for each row, and where the cursor is.
    fn rows(&mut self, (width, height): (usize, usize)) -> (Vec<String>, Option<(usize, usize)>) {
        let mut rows = vec![self.title(width)];
        let below = height.saturating_sub(2);
        if matches!(self.mode, Mode::Help) {
            rows.extend(HELP.iter().take(below).map(|text| head(text, width)));
        } else {
            let shown = self.session.visible().len();
            let list = shown.min((below / 3).max(1)).min(below);
            self.list(list, width, &mut rows);
            if below > list {
                rows.push(painted(Tone::Faint, &"─".repeat(width)));
                self.about(below - list - 1, width, &mut rows);
            }
        }
        rows.truncate(height.saturating_sub(1));
        rows.resize(height.saturating_sub(1), String::new());
        let (last, column) = self.last_row(width);
        rows.push(last);
        (rows, column.map(|column| (column, height - 1)))
    }

    fn title(&self, width: usize) -> String {
        let mut text = format!(
            " sekisho triage  {}/{}  {}",
            (self.session.cursor() + 1).min(self.session.visible().len()),
            self.session.visible().len(),
            view::state(self.session)
        );
        if !self.session.filter().is_empty() {
            text.push_str(&format!("  filter: {}", inert(self.session.filter())));
        }
        let text = head(&text, width);
        let pad = " ".repeat(width - columns(&text));
        let style = Style::new().invert();
        format!("{style}{text}{pad}{style:#}")
    }

    fn list(&self, count: usize, width: usize, rows: &mut Vec<String>) {
        let visible = self.session.visible();
        if visible.is_empty() {
            rows.push(head("nothing holds these words; / and Enter show all", width));
            return;
        }
        let cursor = self.session.cursor();
        let first = cursor.saturating_sub(count / 2).min(visible.len().saturating_sub(count));
        for (at, &index) in visible.iter().enumerate().skip(first).take(count) {
            let text = head(
                &format!("{} {}", if at == cursor { '>' } else { ' ' }, view::listed(self.session, index)),
                width,
            );
            let tone = match (at == cursor, self.session.decision(index)) {
                (true, _) => Tone::Strong,
                (false, Some(_)) => Tone::Faint,
                (false, None) => Tone::Plain,
            };
            rows.push(painted(tone, &text));
        }
    }

    fn about(&mut self, count: usize, width: usize, rows: &mut Vec<String>) {
        let Some(index) = self.session.current() else { return };
        let known = self.about.take().filter(|(known, at, _)| (*known, *at) == (index, width));
        let lines = known.map(|(.., lines)| lines).unwrap_or_else(|| {
            view::finding(self.show, self.session, index, Some(width), self.revealed.as_ref())
        });
        self.scroll = self.scroll.min(lines.len().saturating_sub(count));
        let shown = lines.iter().skip(self.scroll).take(count);
        rows.extend(shown.map(|line| painted(line.tone, &head(&line.text, width))));
        self.about = Some((index, width, lines));
    }

    /// The last row: what is typed, a question, a message or the keys.
    fn last_row(&self, width: usize) -> (String, Option<usize>) {
        let question = |text: &str| (painted(Tone::Strong, &head(text, width)), None);
        match &self.mode {
            Mode::Type(mark, text) => {
                let label = match mark {
                    Some(mark) => format!("why {}? ", mark.name()),
                    None => "filter: ".to_owned(),
                };
                let warning =
                    if self.message.is_empty() { String::new() } else { format!("({}) ", self.message) };
                let label = head(&format!("{warning}{label}"), width / 2);
                let room = width.saturating_sub(columns(&label) + 1);
                let shown = format!("{label}{}", tail(text, room));
                let column = columns(&shown).min(width.saturating_sub(1));
                (shown, Some(column))
            }
            Mode::Quit => {
                let file = inert(&self.file.display().to_string());
                question(&format!("write what was marked to {file}? y yes  n no  c go on"))
            }
            Mode::Help => question("any key goes back"),
            Mode::Browse if !self.message.is_empty() => question(&self.message),
            Mode::Browse => (painted(Tone::Faint, &head(KEYS, width)), None),
        }
    }
}

/// A text in the colours of its tone.
fn painted(tone: Tone, text: &str) -> String {
    let colored = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let color = |color: AnsiColor| if colored { color.on_default() } else { Style::new() };
    let style = match tone {
        Tone::Plain => return text.to_owned(),
        Tone::Faint => Style::new().dimmed(),
        Tone::Strong => Style::new().bold(),
        Tone::Here => color(AnsiColor::Yellow),
        Tone::Clear => color(AnsiColor::Red).bold(),
        Tone::Severity(Severity::Critical | Severity::High) => color(AnsiColor::Red).bold(),
        Tone::Severity(Severity::Medium) => color(AnsiColor::Yellow).bold(),
        Tone::Severity(_) => color(AnsiColor::Cyan),
    };
    format!("{style}{text}{style:#}")
}
