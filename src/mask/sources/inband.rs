//! Commands to the host in the log itself: a program tells the CI system of a secret by printing a line. The
//! host needs the line as it is, so it is passed on unchanged, and what it tells of is learned.
//!
//! - GitHub Actions: `::add-mask::VALUE` and `##[add-mask]VALUE`, with `%25`, `%0D` and `%0A` for `%`, CR and
//!   LF, first thing on a line; none between `::stop-commands::TOKEN` and `::TOKEN::`
//!   (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>).
//! - Azure Pipelines: `##vso[task.setvariable variable=NAME;issecret=true]VALUE` and
//!   `##vso[task.setsecret]VALUE`, with `%AZP25`, `%0D`, `%0A`, first thing on a line
//!   (<https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands>).

use memchr::memmem::Finder;
use zeroize::Zeroizing;

/// Longest line of a command that is waited for, in bytes: a secret of 64 KiB may be three times as long.
const LONGEST: usize = 1 << 20;

const MASK: &[u8] = b"::add-mask";
const OLD_MASK: &[u8] = b"##[add-mask]";
const STOP: &[u8] = b"::stop-commands::";
const AZURE: &[u8] = b"##vso[";

/// A piece of the log, in order.
pub enum Piece<'a> {
    /// Ordinary text, to be masked.
    Text(&'a [u8]),
    /// (The rest of) a command's line, to be passed on as it is after its secrets were learned.
    Command {
        /// The bytes, with the end of the line.
        raw: &'a [u8],
        /// Names and values of the secrets that it tells of.
        secrets: Vec<(String, Zeroizing<Vec<u8>>)>,
    },
}

/// Finds commands in a log that comes in pieces.
pub struct Commands {
    /// A line that is or may become a command, from its first character on.
    line: Zeroizing<Vec<u8>>,
    /// Leading bytes of `line` that were given on already.
    sent: usize,
    /// Nothing but blanks stands on the line so far.
    fresh: bool,
    /// The token that ends a stretch without commands, with colons: `::TOKEN::`.
    stopped: Option<Vec<u8>>,
    finders: [Finder<'static>; 3],
}

impl Default for Commands {
    fn default() -> Commands {
        Commands {
            line: Zeroizing::default(),
            sent: 0,
            fresh: true,
            stopped: None,
            finders: [Finder::new("add-mask"), Finder::new(STOP), Finder::new(AZURE)],
        }
    }
}

/// What a line says.
enum Action {
    Learn(Vec<(String, Zeroizing<Vec<u8>>)>),
    Stop(Vec<u8>),
    Resume,
}

impl Commands {
    /// Take a piece of the log and give it on in pieces.
    pub fn feed(&mut self, chunk: &[u8], each: &mut dyn FnMut(Piece<'_>)) {
        let mut at = 0;
        while at < chunk.len() {
            if !self.line.is_empty() {
                at += self.go_on(&chunk[at..], each);
                continue;
            }
            let (end, start) = self.next(&chunk[at..]);
            if end > 0 {
                each(Piece::Text(&chunk[at..at + end]));
            }
            at += end;
            if start {
                // The rest of the line is taken in the next round.
                self.line.push(chunk[at]);
                self.sent = 0;
                at += 1;
            }
        }
        // One byte of a candidate may be all there is of it.
        self.drop_line_that_is_none(each);
    }

    /// Is a piece of a line held back?
    pub fn holding(&self) -> bool {
        self.line.len() > self.sent && !self.begun()
    }

    /// Nothing came for a while: what only may become a command is given on. It is still learned from when
    /// the rest comes.
    pub fn tick(&mut self, each: &mut dyn FnMut(Piece<'_>)) {
        if self.holding() {
            each(Piece::Text(&self.line[self.sent..]));
            self.sent = self.line.len();
        }
    }

    /// The log ended.
    pub fn finish(&mut self, each: &mut dyn FnMut(Piece<'_>)) {
        if !self.line.is_empty() {
            self.complete(each);
        }
    }

    /// Does the line begin like a command in full?
    fn begun(&self) -> bool {
        match &self.stopped {
            Some(token) => self.line.starts_with(token),
            None => [MASK, OLD_MASK, STOP, AZURE].iter().any(|intro| self.line.starts_with(intro)),
        }
    }

    /// May a text with this beginning be or become a command?
    fn candidate(&self, text: &[u8]) -> bool {
        let fits = |intro: &[u8]| text.starts_with(intro) || intro.starts_with(text);
        match &self.stopped {
            Some(token) => fits(token),
            None => [MASK, OLD_MASK, STOP, AZURE].iter().any(|intro| fits(intro)),
        }
    }

    /// Take more of the line that is held. Returns how much of `chunk` that was.
    fn go_on(&mut self, chunk: &[u8], each: &mut dyn FnMut(Piece<'_>)) -> usize {
        let newline = memchr::memchr(b'\n', chunk);
        let end = newline.map_or(chunk.len(), |at| at + 1);
        self.line.extend_from_slice(&chunk[..end]);
        if newline.is_some() {
            self.complete(each);
            self.fresh = true;
        } else if self.line.len() > LONGEST {
            self.release(each);
        } else {
            self.drop_line_that_is_none(each);
        }
        end
    }

    fn drop_line_that_is_none(&mut self, each: &mut dyn FnMut(Piece<'_>)) {
        if !self.line.is_empty() && !self.candidate(&self.line) {
            self.release(each);
        }
    }

    fn release(&mut self, each: &mut dyn FnMut(Piece<'_>)) {
        each(Piece::Text(&self.line[self.sent..]));
        self.line.clear();
        self.fresh = false;
    }

    /// The line is whole: a command, or text after all.
    fn complete(&mut self, each: &mut dyn FnMut(Piece<'_>)) {
        let mut line = std::mem::take(&mut self.line);
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let action = match &self.stopped {
            Some(token) => (text.trim_ascii_end() == &token[..]).then_some(Action::Resume),
            None => parse(text),
        };
        let rest = &line[self.sent..];
        let secrets = match action {
            None => {
                each(Piece::Text(rest));
                line.clear();
                self.line = line;
                return;
            }
            Some(Action::Learn(secrets)) => secrets,
            Some(Action::Stop(token)) => {
                self.stopped = Some(token);
                Vec::new()
            }
            Some(Action::Resume) => {
                self.stopped = None;
                Vec::new()
            }
        };
        each(Piece::Command { raw: rest, secrets });
        line.clear();
        self.line = line;
    }

    /// How many leading bytes of `chunk` are text, and whether a candidate begins behind them.
    fn next(&mut self, chunk: &[u8]) -> (usize, bool) {
        let mut from = 0;
        while let Some(hit) = self.hit(&chunk[from..]).map(|hit| from + hit) {
            let start = memchr::memrchr(b'\n', &chunk[..hit]).map_or(0, |newline| newline + 1);
            let known_start = start > 0 || self.fresh;
            let begin = start + blanks(&chunk[start..]);
            if known_start && begin <= hit && self.candidate(&chunk[begin..chunk.len().min(begin + 16)]) {
                return (begin, true);
            }
            from = hit + 1;
        }
        // The last line may be the beginning of one.
        let start = memchr::memrchr(b'\n', chunk).map_or(0, |newline| newline + 1);
        let known_start = start > 0 || self.fresh;
        let begin = start + blanks(&chunk[start..]);
        self.fresh = known_start && begin == chunk.len();
        if known_start && begin < chunk.len() && self.candidate(&chunk[begin..]) {
            return (begin, true);
        }
        (chunk.len(), false)
    }

    /// The next place where a command's name stands.
    fn hit(&self, chunk: &[u8]) -> Option<usize> {
        match &self.stopped {
            Some(token) => memchr::memmem::find(chunk, token),
            None => self.finders.iter().filter_map(|finder| finder.find(chunk)).min(),
        }
    }
}

fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

fn parse(line: &[u8]) -> Option<Action> {
    if let Some(rest) = line.strip_prefix(MASK) {
        let data = match rest.strip_prefix(b"::") {
            Some(data) => data,
            None if rest.starts_with(b" ") => &rest[memchr::memmem::find(rest, b"::")? + 2..],
            None => return None,
        };
        return Some(learn(
            "add-mask",
            &unescaped(data, &[(b"%0D", b'\r'), (b"%0A", b'\n'), (b"%25", b'%')]),
        ));
    }
    if let Some(data) = line.strip_prefix(OLD_MASK) {
        let escapes: [(&[u8], u8); 4] = [(b"%0D", b'\r'), (b"%0A", b'\n'), (b"%5D", b']'), (b"%3B", b';')];
        return Some(learn("add-mask", &unescaped(data, &escapes)));
    }
    if let Some(token) = line.strip_prefix(STOP) {
        let token = token.trim_ascii();
        return (!token.is_empty()).then(|| Action::Stop([b"::", token, b"::"].concat()));
    }
    azure(line.strip_prefix(AZURE)?)
}

fn azure(rest: &[u8]) -> Option<Action> {
    let close = memchr::memchr(b']', rest)?;
    let head = String::from_utf8_lossy(&rest[..close]);
    let escapes: [(&[u8], u8); 3] = [(b"%0D", b'\r'), (b"%0A", b'\n'), (b"%AZP25", b'%')];
    let data = unescaped(&rest[close + 1..], &escapes);
    let (command, properties) = head.split_once(' ').unwrap_or((&head, ""));
    match command.to_ascii_lowercase().as_str() {
        "task.setsecret" => Some(learn("setsecret", &data)),
        "task.setvariable" => {
            let mut name = "setvariable".to_owned();
            let mut secret = false;
            for (key, value) in properties.split(';').filter_map(|pair| pair.trim().split_once('=')) {
                if key.eq_ignore_ascii_case("variable") {
                    name = value.to_owned();
                }
                secret |= key.eq_ignore_ascii_case("issecret") && value.trim().eq_ignore_ascii_case("true");
            }
            secret.then(|| learn(&name, &data))
        }
        _ => None,
    }
}

fn learn(name: &str, value: &[u8]) -> Action {
    let mut secrets = Vec::new();
    if !value.trim_ascii().is_empty() {
        secrets.push((name.to_owned(), Zeroizing::new(value.to_vec())));
    }
    // The hosts mask each line of a value by itself as well.
    if value.contains(&b'\n') {
        let lines =
            value.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.trim_ascii().is_empty());
        secrets.extend(lines.map(|line| (name.to_owned(), Zeroizing::new(line.to_vec()))));
    }
    Action::Learn(secrets)
}

/// Escapes undone, in one pass: what an escape gives is not read again.
fn unescaped(text: &[u8], escapes: &[(&[u8], u8)]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut at = 0;
    while at < text.len() {
        let escape = (text[at] == b'%')
            .then(|| {
                escapes.iter().find(|known| {
                    text.get(at..at + known.0.len()).is_some_and(|part| part.eq_ignore_ascii_case(known.0))
                })
            })
            .flatten();
        match escape {
            Some((escape, byte)) => {
                out.push(*byte);
                at += escape.len();
            }
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What goes on as text, raw lines in `⟦⟧`, and the values learned.
    fn run(pieces: &[&[u8]], ticks: bool) -> (String, Vec<String>) {
        let mut commands = Commands::default();
        let mut shown = Vec::new();
        let mut learned = Vec::new();
        let mut each = |piece: Piece<'_>| match piece {
            Piece::Text(text) => shown.extend_from_slice(text),
            Piece::Command { raw, secrets } => {
                shown.extend_from_slice("⟦".as_bytes());
                shown.extend_from_slice(raw);
                shown.extend_from_slice("⟧".as_bytes());
                learned.extend(
                    secrets
                        .into_iter()
                        .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(&value))),
                );
            }
        };
        for piece in pieces {
            commands.feed(piece, &mut each);
            if ticks {
                commands.tick(&mut each);
            }
        }
        commands.finish(&mut each);
        (String::from_utf8_lossy(&shown).into_owned(), learned)
    }

    #[test]
    fn github() {
        let (shown, learned) =
            run(&[b"a\n::add-mask::v%2525%0Aw\r\nb ::add-mask::no\n  ::add-mask::x"], false);
        assert_eq!(shown, "a\n⟦::add-mask::v%2525%0Aw\r\n⟧b ::add-mask::no\n  ⟦::add-mask::x⟧");
        assert_eq!(learned, ["add-mask=v%25\nw", "add-mask=v%25", "add-mask=w", "add-mask=x"]);
        assert_eq!(run(&[b"##[add-mask]a%3Bb\n"], false).1, ["add-mask=a;b"]);
        assert_eq!(run(&[b"::add-mask file=x::v\n::add-masks::w\n"], false).1, ["add-mask=v"]);
    }

    #[test]
    fn github_stopped() {
        let (shown, learned) =
            run(&[b"::stop-commands::t0k\n::add-mask::no\n::t0k::\n::add-mask::yes\n"], false);
        assert_eq!(shown, "⟦::stop-commands::t0k\n⟧::add-mask::no\n⟦::t0k::\n⟧⟦::add-mask::yes\n⟧");
        assert_eq!(learned, ["add-mask=yes"]);
    }

    #[test]
    fn azure() {
        let text = b"##vso[task.setvariable variable=pw;isSecret=True;isoutput=true]v]%AZP25\nx ##vso[task.setsecret]no\n ##vso[task.setsecret]w\n##vso[task.setvariable variable=q]no\n";
        let (shown, learned) = run(&[text], false);
        assert_eq!(learned, ["pw=v]%", "setsecret=w"]);
        assert!(
            shown.contains(
                "x ##vso[task.setsecret]no\n ⟦##vso[task.setsecret]w\n⟧##vso[task.setvariable variable=q]no\n"
            ),
            "{shown}"
        );
    }

    #[test]
    fn text_is_not_held() {
        let mut commands = Commands::default();
        for text in [&b"Password: "[..], b"####  50%\r", b"a ::", b"\n$ ", b"\n:q", b"\n# "] {
            let mut count = 0;
            commands.feed(text, &mut |piece| {
                if let Piece::Text(text) = piece {
                    count += text.len();
                }
            });
            assert_eq!(count, text.len(), "{}", String::from_utf8_lossy(text));
            assert!(!commands.holding());
        }
        commands.feed(b"\n:", &mut |_| {});
        assert!(commands.holding());
        let mut released = Vec::new();
        commands.tick(&mut |piece| {
            if let Piece::Text(text) = piece {
                released.extend_from_slice(text);
            }
        });
        assert_eq!(released, b":");
        assert!(!commands.holding());
    }

    #[test]
    fn every_split_gives_the_same() {
        let text = b"::add-mask::v\n ::x\n##vso[task.setsecret]w\n::stop-commands::e\n::add-mask::no\n::e::\n::add-mask::z\n:: end";
        let whole = run(&[text], false);
        for split in 0..text.len() {
            for ticks in [false, true] {
                let (shown, learned) = run(&[&text[..split], &text[split..]], ticks);
                let plain = |shown: &str| shown.replace(['⟦', '⟧'], "");
                assert_eq!(plain(&shown), plain(&whole.0), "{split}");
                assert_eq!(learned, whole.1, "{split} {ticks}");
            }
        }
    }

    #[test]
    fn a_line_without_end_is_given_up() {
        let mut commands = Commands::default();
        let mut count = 0;
        let mut each = |piece: Piece<'_>| {
            if let Piece::Text(text) = piece {
                count += text.len();
            }
        };
        commands.feed(b"::add-mask::", &mut each);
        for _ in 0..40 {
            commands.feed(&[b'x'; 64 << 10], &mut each);
        }
        assert!(count > LONGEST && commands.line.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn chunks_do_not_matter(text in "[:#a \\n\\r]{0,10}(::add-mask::|##vso\\[task.setsecret\\]|::stop-commands::|::t::|\\n|t){0,6}", splits in proptest::collection::vec(0usize..80, 0..5)) {
            let bytes = text.as_bytes();
            let whole = run(&[bytes], false);
            let mut cuts: Vec<usize> = splits.into_iter().map(|split| split.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut at = 0;
            for cut in cuts.into_iter().chain([bytes.len()]) {
                pieces.push(&bytes[at..cut]);
                at = cut;
            }
            proptest::prop_assert_eq!(run(&pieces, false), whole);
        }
    }
}
