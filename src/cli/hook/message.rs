//! `sekisho hook commit-msg`.

use super::look;
use crate::cli::args::Global;
use crate::error::{Error, Skipped};
use crate::origin::Origin;
use crate::report::blocked::Gate;
use crate::source::introduced::{Introduced, Lines, Place};
use crate::source::stream::Stdin;
use crate::source::{Source, Visit};
use std::io::Cursor;
use std::path::Path;

/// What git writes into the line above the difference that `git commit --verbose` shows.
const SCISSORS: &[u8] = b"------------------------ >8 ------------------------";

/// Run the command.
///
/// # Errors
/// What ends the run.
pub(super) fn run(file: &Path, global: &Global) -> Result<u8, Error> {
    let text = std::fs::read(file).map_err(|error| Error::Input {
        what: file.display().to_string(),
        reason: format!("the commit message cannot be read: {error}"),
        remedy: "give the file that git names to its commit-msg hook".to_owned(),
    })?;
    let message = Message(Stdin::new(Cursor::new(message(&text).to_vec())));
    look(Gate::Message, Path::new("."), &message, global)
}

/// The part that becomes the message: without the difference that `git commit --verbose` puts below.
/// Lines that look like comments stay: whether git drops them depends on how it was called.
fn message(text: &[u8]) -> &[u8] {
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&text[at..], SCISSORS).map(|found| at + found) {
        let start = memchr::memrchr(b'\n', &text[..found]).map_or(0, |end| end + 1);
        let mark = text[start..found].trim_ascii();
        let next = memchr::memchr(b'\n', &text[found..]).map_or(&[][..], |end| &text[found + end + 1..]);
        // Git's own mark is followed by comments that say what it is.
        if !mark.is_empty() && !mark.iter().any(u8::is_ascii_alphanumeric) && next.starts_with(mark) {
            return &text[..start];
        }
        at = found + SCISSORS.len();
    }
    text
}

/// A message: all of it is new.
struct Message(Stdin<Cursor<Vec<u8>>>);

impl Source for Message {
    fn visit<V: Visit>(&self, new: &(dyn Fn() -> V + Sync)) -> Result<Vec<V>, Error> {
        self.0.visit(new)
    }
}

impl Introduced for Message {
    fn introduced(&self, origin: &Origin) -> Result<Vec<Place>, Skipped> {
        Ok(vec![Place { origin: origin.clone(), lines: Lines::All, last: true }])
    }
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn the_difference_below_the_scissors_is_no_message() {
        let line = "# ------------------------ >8 ------------------------\n";
        let git = format!("subject\n\n# note\n{line}# Do not modify or remove the line above.\ndiff\n");
        assert_eq!(message(git.as_bytes()), b"subject\n\n# note\n");
        let own = format!("subject\n{line}still the message\n");
        assert_eq!(message(own.as_bytes()), own.as_bytes());
        assert_eq!(message(b"subject"), b"subject");
    }
}
