//! Questions and answers line by line: for pipes, dumb terminals and screen readers.

use super::view::{self, Tone};
use super::{End, Show};
use crate::cli::output::stdout_error;
use crate::error::Error;
use crate::report::terminal::inert;
use crate::triage::{Mark, Session};
use std::io::{self, BufRead, Write};
use std::path::Path;

const HELP: &str = "\
  t [NOTE]    true: a leak, put on the list of what is to be done
  f REASON    false: no secret; written as an allow entry
  a REASON    accepted: a secret that may stay; written as an allow entry
  s, Enter    skip to the next one      b  back to the one before
  r           reveal the secret         u  undo the last mark
  l           list all                  g N  go to number N
  / WORDS     only those that hold all words; / alone shows all again
  w           write and end             q  end; asks whether to write
";

/// Longest answer that is read, in bytes.
const LONGEST: u64 = 64 << 10;

/// Go through the findings of a session with answers from `answers`.
///
/// # Errors
/// Trouble with standard output.
pub(super) fn run(
    session: &mut Session,
    show: &Show<'_>,
    file: &Path,
    answers: &mut impl BufRead,
) -> Result<End, Error> {
    let mut talk = Talk { out: io::stdout().lock(), answers };
    talk.go(session, show, file).map_err(stdout_error)
}

struct Talk<'a, R, W> {
    out: W,
    answers: &'a mut R,
}

/// What comes after an answer.
enum Next {
    /// Show the finding that is looked at.
    Show,
    /// Ask again.
    Ask,
    /// It is over.
    End(End),
}

impl<R: BufRead, W: Write> Talk<'_, R, W> {
    /// Ask for one line; `None` at the end of the answers.
    fn ask(&mut self, question: &str) -> io::Result<Option<String>> {
        write!(self.out, "{question}")?;
        self.out.flush()?;
        let mut line = Vec::new();
        let read = io::Read::take(&mut *self.answers, LONGEST).read_until(b'\n', &mut line)?;
        if read == 0 {
            writeln!(self.out)?;
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&line).trim().to_owned()))
    }

    fn go(&mut self, session: &mut Session, show: &Show<'_>, file: &Path) -> io::Result<End> {
        writeln!(self.out, "{} finding(s) to go through; ? for help", session.items().len())?;
        self.show(session, show)?;
        loop {
            let Some(answer) = self.ask("true, false, accepted, skip? [t/f/a/s/b/r/u/l/w/q/?] ")? else {
                return Ok(End::Lost);
            };
            match self.answer(session, show, file, &answer)? {
                Next::Show => self.show(session, show)?,
                Next::Ask => {}
                Next::End(end) => return Ok(end),
            }
        }
    }

    fn show(&mut self, session: &Session, show: &Show<'_>) -> io::Result<()> {
        let Some(index) = session.current() else {
            return writeln!(self.out, "nothing holds `{}`; `/` shows all", inert(session.filter()));
        };
        writeln!(self.out, "\n[{}/{}]", session.cursor() + 1, session.visible().len())?;
        for line in view::finding(show, session, index, None, None) {
            let mark = if line.tone == Tone::Here { ">" } else { " " };
            writeln!(self.out, "{mark} {}", line.text)?;
        }
        Ok(())
    }

    fn answer(
        &mut self,
        session: &mut Session,
        show: &Show<'_>,
        file: &Path,
        answer: &str,
    ) -> io::Result<Next> {
        let (word, rest) = answer.split_once(char::is_whitespace).unwrap_or((answer, ""));
        if let Some(words) = answer.strip_prefix('/') {
            session.filter_by(words);
            return Ok(Next::Show);
        }
        Ok(match word.to_lowercase().as_str() {
            "t" | "true" => self.mark(session, file, Mark::True, rest)?,
            "f" | "false" => self.mark(session, file, Mark::False, rest)?,
            "a" | "accepted" | "accept" => self.mark(session, file, Mark::Accepted, rest)?,
            "" | "s" | "skip" | "n" => self.next(session, file)?,
            "b" | "back" => {
                session.go(-1);
                Next::Show
            }
            "g" => match rest.trim().parse::<isize>() {
                Ok(number) => {
                    session.go(number.saturating_sub(1).saturating_sub(session.cursor() as isize));
                    Next::Show
                }
                Err(_) => self.say("a number from 1 on is needed")?,
            },
            "u" | "undo" => match session.undo() {
                true => Next::Show,
                false => self.say("there is nothing to undo")?,
            },
            "r" | "reveal" => {
                self.reveal(session, show)?;
                Next::Ask
            }
            "l" | "list" => {
                for &index in session.visible() {
                    writeln!(self.out, "{}", view::listed(session, index))?;
                }
                self.say(&view::state(session))?
            }
            "w" | "write" => Next::End(End::Save),
            "q" | "quit" => self.quit(session, file)?,
            "?" | "h" | "help" => {
                write!(self.out, "{HELP}")?;
                Next::Ask
            }
            _ => self.say("that is no answer here; ? for help")?,
        })
    }

    fn say(&mut self, text: &str) -> io::Result<Next> {
        writeln!(self.out, "{text}")?;
        Ok(Next::Ask)
    }

    fn mark(&mut self, session: &mut Session, file: &Path, mark: Mark, reason: &str) -> io::Result<Next> {
        let mut reason = reason.to_owned();
        while let Err(why) = session.decide(mark, &reason) {
            if session.current().is_none() {
                return self.say(why);
            }
            match self.ask("why? (a single `.` takes the mark back) ")? {
                None => return Ok(Next::End(End::Lost)),
                Some(answer) if answer == "." => return Ok(Next::Ask),
                Some(answer) => reason = answer,
            }
            if reason.is_empty() {
                self.say(why)?;
            }
        }
        self.next(session, file)
    }

    /// The finding behind this one; behind the last one, the question whether to write.
    fn next(&mut self, session: &mut Session, file: &Path) -> io::Result<Next> {
        if session.cursor() + 1 < session.visible().len() {
            session.go(1);
            return Ok(Next::Show);
        }
        writeln!(self.out, "that was the last one: {}", view::state(session))?;
        self.quit(session, file)
    }

    fn quit(&mut self, session: &Session, file: &Path) -> io::Result<Next> {
        if session.decided().next().is_none() {
            return Ok(Next::End(End::Discard));
        }
        let question =
            format!("write what was marked, to {}? [y/n/c: go on] ", inert(&file.display().to_string()));
        loop {
            let Some(answer) = self.ask(&question)? else { return Ok(Next::End(End::Lost)) };
            match answer.to_lowercase().as_str() {
                "y" | "yes" | "w" => return Ok(Next::End(End::Save)),
                "n" | "no" => return Ok(Next::End(End::Discard)),
                "c" => return Ok(Next::Show),
                _ => {}
            }
        }
    }

    fn reveal(&mut self, session: &Session, show: &Show<'_>) -> io::Result<()> {
        let Some(item) = session.current().map(|index| &session.items()[index]) else { return Ok(()) };
        let Some(spot) = item.spots.first() else { return Ok(()) };
        match show.places.reveal(item, spot) {
            Ok(secret) => {
                let text = String::from_utf8_lossy(secret.reveal()).into_owned();
                text.lines().try_for_each(|line| writeln!(self.out, "  {}", inert(line)))
            }
            Err(why) => writeln!(self.out, "cannot be shown: {}", inert(&why)),
        }
    }
}
