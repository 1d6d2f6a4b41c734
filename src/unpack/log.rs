//! Logs of builds: what a line says without its timestamp, the codes of terminals and the notes of the
//! build server, and in which job, step or stage it stands.
//!
//! Known are GitHub Actions (also as `gh run view --log` writes it), GitLab CI ("Job logs" in its manual)
//! and Jenkins (`hudson.console.ConsoleNote`, the Pipeline and Timestamper plugins).

use super::long::Pieces;
use crate::text::Reading;
use memchr::memmem;
use std::ops::Range;
use std::sync::LazyLock;

/// Bytes from the start within which a log tells which one it is.
const HEAD: usize = 64 << 10;
/// The same for marks that stand near the start.
const EARLY: usize = 4 << 10;
/// Longest name of a step that is told, in bytes.
const LONGEST: usize = 100;

/// What a note of Jenkins begins with.
const MARK: &[u8] = b"\x1b[8mha:";

/// Who wrote a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    GitHub,
    GitLab,
    Jenkins,
    /// Someone whose output is for a terminal.
    Terminal,
}

/// What GitLab and Jenkins write soon. They are asked of every text.
static SECTION: LazyLock<memmem::Finder> = LazyLock::new(|| memmem::Finder::new("section_start:"));
static PIPELINE: LazyLock<memmem::Finder> = LazyLock::new(|| memmem::Finder::new("\n[Pipeline] "));

/// Whose log is this, if it is one that says more when read as such?
pub(super) fn detect(bytes: &[u8]) -> Option<Writer> {
    let head = &bytes[..bytes.len().min(HEAD)];
    let first = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    // Both of these write them soon; texts that are none are not searched to their ends.
    let early = &head[..head.len().min(EARLY)];
    let has = |word: &memmem::Finder| word.find(early).is_some();
    // Where no code of a terminal is, there is nothing else to look for.
    let codes = memchr::memchr(0x1b, bytes).map_or(&[][..], |at| &bytes[at..]);
    if timestamp(first).is_some_and(|length| is_stream(&first[length..]))
        || first.starts_with(b"Running with gitlab-runner")
        || has(&SECTION) && marker(head).is_some()
    {
        return Some(Writer::GitLab);
    }
    if timestamp(first).is_some_and(|length| length == GITHUB) || columns(first).is_some() {
        return Some(Writer::GitHub);
    }
    if memmem::find(&codes[..codes.len().min(HEAD)], MARK).is_some()
        || first.starts_with(b"Started by ")
        || has(&PIPELINE)
    {
        return Some(Writer::Jenkins);
    }
    (memmem::find(codes, b"\x1b[").is_some() && memchr::memchr(0, head).is_none()).then_some(Writer::Terminal)
}

/// Length of GitHub's timestamps: `2024-05-01T10:00:00.1234567Z `.
const GITHUB: usize = 29;

/// Length of an ISO 8601 timestamp at the start of a line, with the blank behind it.
fn timestamp(line: &[u8]) -> Option<usize> {
    let shape = b"0000-00-00T00:00:00.";
    let fits = |(&byte, &form): (&u8, &u8)| if form == b'0' { byte.is_ascii_digit() } else { byte == form };
    if line.len() < shape.len() || !line.iter().zip(shape).all(fits) {
        return None;
    }
    let digits = line[shape.len()..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let end = shape.len() + digits;
    (1..=9).contains(&digits).then_some(())?;
    line[end..].starts_with(b"Z ").then_some(end + 2)
}

/// Is this what GitLab writes behind a timestamp: the number of a stream, which one, and `+` where the line
/// goes on?
fn is_stream(rest: &[u8]) -> bool {
    matches!(rest, [one, two, b'O' | b'E', b' ' | b'+', ..]
        if one.is_ascii_hexdigit() && two.is_ascii_hexdigit())
}

/// The columns that `gh` writes before each line: job, step, and where the text begins.
fn columns(line: &[u8]) -> Option<(Range<usize>, Range<usize>, usize)> {
    let end = memchr::memchr(b'\n', line).unwrap_or(line.len());
    let mut tabs = memchr::memchr_iter(b'\t', &line[..end]);
    let (first, second) = (tabs.next()?, tabs.next()?);
    let rest = &line[second + 1..end];
    let mark = if rest.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let length = timestamp(&rest[mark..])?;
    Some((0..first, first + 1..second, second + 1 + mark + length))
}

/// A marker of GitLab: does a section start, and its name.
fn marker(line: &[u8]) -> Option<(bool, &[u8])> {
    let at = memmem::find(line, b"section_")?;
    let rest = &line[at + 8..];
    let (start, rest) = match rest.strip_prefix(b"start:") {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix(b"end:")?),
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = rest[digits..].strip_prefix(b":").filter(|_| digits > 0)?;
    let name = rest.iter().take_while(|&&byte| byte.is_ascii_graphic() && byte != b'[').count();
    (name > 0).then(|| (start, &rest[..name]))
}

/// The job and the step that the name of a file in a bundle of GitHub Actions tells: `build/3_Run tests.txt`
/// and `0_build.txt`.
fn named(path: &str) -> (Option<&str>, Option<&str>) {
    let mut parts = path.rsplit('/');
    let Some(file) = parts.next().and_then(|file| file.strip_suffix(".txt")) else { return (None, None) };
    let split = file.split_once('_');
    let name =
        split.filter(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit())).map(|(_, name)| name);
    match (name, parts.next().filter(|job| !job.is_empty() && !job.ends_with('!'))) {
        (Some(_), Some(job)) => (Some(job), Some(file)),
        (Some(job), None) => (Some(job), None),
        _ => (None, None),
    }
}

/// Where a line stands.
#[derive(Clone, Default)]
struct Place {
    job: Option<String>,
    step: Option<String>,
    /// Sections or stages, the outermost first; those without a name are empty.
    within: Vec<String>,
}

impl Place {
    fn name(&self, writer: Writer) -> String {
        let within: Vec<&str> =
            self.within.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        let within = (!within.is_empty()).then(|| within.join(" > "));
        let kind = if writer == Writer::Jenkins { "stage" } else { "section" };
        let told = [("job", &self.job), (kind, &within), ("step", &self.step)];
        let told =
            told.into_iter().filter_map(|(kind, name)| name.as_ref().map(|name| format!("{kind} {name}")));
        told.collect::<Vec<_>>().join(", ")
    }
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(&name[..name.len().min(LONGEST)]).trim().to_owned()
}

/// Read a log. `path` is the way to it, with forward slashes.
pub(super) fn read(bytes: &[u8], writer: Writer, path: &str) -> Reading {
    let mut reading = Reading::default();
    Log::new(writer, path).read(bytes, 0..bytes.len(), &mut reading);
    reading
}

/// Reads a log from its beginning on.
#[derive(Clone)]
pub(super) struct Log {
    writer: Writer,
    place: Place,
    /// The name of the file tells the step.
    step_by_name: bool,
}

impl Log {
    /// The log of this writer at `path`.
    pub(super) fn new(writer: Writer, path: &str) -> Log {
        let mut place = Place::default();
        let step_by_name = match named(path) {
            (job, step) if writer == Writer::GitHub => {
                place.job = job.map(str::to_owned);
                place.step = step.map(|step| step.replacen('_', " ", 1));
                step.is_some()
            }
            _ => false,
        };
        Log { writer, place, step_by_name }
    }
}

impl Pieces for Log {
    fn read(&mut self, bytes: &[u8], part: Range<usize>, reading: &mut Reading) -> usize {
        let Log { writer, place, step_by_name } = self;
        let (writer, step_by_name) = (*writer, *step_by_name);
        let mut start = part.start;
        while start < part.end {
            let end = memchr::memchr(b'\n', &bytes[start..part.end]).map_or(part.end, |at| start + at + 1);
            let line = &bytes[start..end];
            let mut from = prefix(line, writer);
            match writer {
                Writer::GitHub => {
                    if let Some((job, step, text)) = columns(line) {
                        place.job = Some(shown(&line[job]));
                        place.step = Some(shown(&line[step]));
                        from = text;
                    } else if !step_by_name && let Some(step) = begun(&line[from..]) {
                        place.step = Some(step);
                    }
                }
                Writer::GitLab => {
                    // The line before goes on.
                    let goes_on = from > 1 && line[from - 1] == b'+';
                    if goes_on && reading.text().ends_with(b"\n") {
                        reading.shorten();
                    }
                    markers(line, place);
                }
                Writer::Jenkins => {
                    from = pipeline(line, from, place);
                }
                Writer::Terminal => {}
            }
            reading.section(start, &place.name(writer));
            plain(bytes, start + from..end, reading);
            start = end;
        }
        part.end
    }
}

/// Bytes of a line before what was printed.
fn prefix(line: &[u8], writer: Writer) -> usize {
    let mark = if line.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let rest = &line[mark..];
    let length = match writer {
        Writer::GitHub => timestamp(rest),
        Writer::GitLab => {
            timestamp(rest).map(|length| if is_stream(&rest[length..]) { length + 4 } else { length })
        }
        Writer::Jenkins => match rest.strip_prefix(b"[") {
            // The blank behind the timestamp stands behind the bracket here.
            Some(inside) => bracketed(inside).map(|length| length + 1),
            None => None,
        },
        Writer::Terminal => None,
    };
    mark + length.unwrap_or(0)
}

/// Length of `2024-05-01T10:00:00.123Z] `.
fn bracketed(inside: &[u8]) -> Option<usize> {
    let close = memchr::memchr(b']', &inside[..inside.len().min(40)])?;
    let time = [&inside[..close], b" "].concat();
    timestamp(&time).filter(|&length| length == time.len())?;
    Some(close + 1 + usize::from(inside.get(close + 1) == Some(&b' ')))
}

/// The step that begins with this line of a whole job of GitHub Actions.
fn begun(text: &[u8]) -> Option<String> {
    if let Some(name) = text.strip_prefix(b"##[group]Run ") {
        return Some(format!("Run {}", shown(name)));
    }
    [&b"Post job cleanup."[..], b"Cleaning up orphan processes"]
        .iter()
        .any(|line| text.starts_with(line))
        .then(|| shown(text))
}

/// Sections of GitLab that begin and end on a line.
fn markers(line: &[u8], place: &mut Place) {
    let mut rest = line;
    while let Some((start, name)) = marker(rest) {
        let behind = name.as_ptr() as usize - rest.as_ptr() as usize + name.len();
        let name = shown(name);
        if start {
            place.within.push(name);
        } else if let Some(at) = place.within.iter().rposition(|open| *open == name) {
            place.within.truncate(at);
        }
        rest = &rest[behind..];
    }
}

/// Stages and steps of a pipeline of Jenkins that begin and end on a line; returns where its text begins.
fn pipeline(line: &[u8], from: usize, place: &mut Place) -> usize {
    let mut at = from;
    while let Some(length) = note(&line[at..]) {
        at += length;
    }
    at += prefix(&line[at..], Writer::Jenkins);
    let Some(said) = line[at..].strip_prefix(b"[Pipeline] ") else { return at };
    let said = said.trim_ascii();
    match said {
        b"}" => {
            place.within.pop();
            place.step = None;
        }
        [b'{', rest @ ..] => {
            let name = rest.trim_ascii();
            let name = name.strip_prefix(b"(").and_then(|name| name.strip_suffix(b")"));
            place.within.push(name.map(shown).unwrap_or_default());
            place.step = None;
        }
        [b'/', b'/', ..] | b"End of Pipeline" | b"Start of Pipeline" => place.step = None,
        name => {
            let name = name.split(|byte| *byte == b' ').next().unwrap_or_default();
            place.step = Some(shown(name)).filter(|name| name != "stage" && name != "node");
        }
    }
    at
}

/// Length of a note that Jenkins hides in a line: `ESC[8mha:` and what follows, up to `ESC[0m`.
fn note(text: &[u8]) -> Option<usize> {
    let inside = text.strip_prefix(MARK)?;
    let line = memchr::memchr(b'\n', inside).unwrap_or(inside.len());
    Some(MARK.len() + memmem::find(&inside[..line], b"\x1b[0m")? + 4)
}

/// Add a part without the codes of terminals.
fn plain(bytes: &[u8], part: Range<usize>, reading: &mut Reading) {
    let mut at = part.start;
    while at < part.end {
        let escape = memchr::memchr(0x1b, &bytes[at..part.end]).map_or(part.end, |found| at + found);
        reading.copy(bytes, at..escape);
        at = escape;
        if at < part.end {
            let rest = &bytes[at..part.end];
            at += note(rest).unwrap_or_else(|| code(rest));
        }
    }
}

/// Length of the code that begins with the first byte, an ESC (ECMA-48, 5.4 and 8.3.89; xterm for OSC).
fn code(text: &[u8]) -> usize {
    match text.get(1) {
        Some(b'[') => {
            let inside = text[2..].iter().take_while(|byte| (0x20..0x40).contains(*byte)).count();
            match text.get(2 + inside) {
                Some(0x40..=0x7e) => inside + 3,
                _ => 2,
            }
        }
        Some(b']') => {
            let inside =
                text[2..].iter().take_while(|&&byte| byte != 7 && byte != 0x1b && byte != b'\n').count();
            match &text[2 + inside..] {
                [7, ..] => inside + 3,
                [0x1b, b'\\', ..] => inside + 4,
                _ => 2,
            }
        }
        Some(b'(' | b')') => text.len().min(3),
        Some(0x40..=0x7e | b'7'..=b'9' | b'=' | b'>') => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_all(text: &str, path: &str) -> (String, Reading) {
        let writer = detect(text.as_bytes()).unwrap();
        let reading = read(text.as_bytes(), writer, path);
        (String::from_utf8_lossy(reading.text()).into_owned(), reading)
    }

    #[test]
    fn github() {
        let text = "\u{feff}2024-05-01T10:00:00.1234567Z ##[group]Run npm test\n\
                    2024-05-01T10:00:00.1234567Z \u{1b}[36;1mone\u{1b}[0m\n2024-05-01T10:00:00.1234567Z two\n";
        let (plain, reading) = read_all(text, "a.zip!/build (18)/3_Run npm test.txt");
        assert_eq!(plain, "##[group]Run npm test\none\ntwo\n");
        assert_eq!(reading.section_at(50), Some("job build (18), step 3 Run npm test"));
        let (_, reading) = read_all(text, "a.zip!/0_build.txt");
        assert_eq!(reading.section_at(50), Some("job build, step Run npm test"));
        let text = "build\tSet up job\t2024-05-01T10:00:00.1234567Z one\nbuild\tTest\t2024-05-01T10:00:00.1234567Z two\n";
        let (plain, reading) = read_all(text, "log.txt");
        assert_eq!(plain, "one\ntwo\n");
        assert_eq!(reading.section_at(text.find("two").unwrap()), Some("job build, step Test"));
    }

    #[test]
    fn gitlab() {
        let text = "Running with gitlab-runner 17\nsection_start:1714557600:build_script\r\u{1b}[0Kdo\n\
                    section_start:1714557601:inner[collapsed=true]\r\u{1b}[0Kmore\nx\n\
                    section_end:1714557602:inner\r\u{1b}[0Ky\nsection_end:1714557603:build_script\r\u{1b}[0K\nz\n";
        let (_, reading) = read_all(text, "");
        let told = |word: &str| reading.section_at(text.find(word).unwrap());
        assert_eq!(told("x\n"), Some("section build_script > inner"));
        assert_eq!(told("y\n"), Some("section build_script"));
        assert_eq!(told("z\n"), None);
        let text = "2024-05-22T12:43:46.962646Z 00O one\n2024-05-22T12:43:46.962646Z 00O+ and two\n";
        assert_eq!(read_all(text, "").0, "one and two\n");
    }

    #[test]
    fn jenkins() {
        let text = "Started by user \u{1b}[8mha:////4AAA=\u{1b}[0mann\n\u{1b}[8mha:////4AAA=\u{1b}[0m[Pipeline] node\n\
                    [Pipeline] {\n[Pipeline] stage\n[Pipeline] { (Build)\n[Pipeline] sh\n\
                    [2024-05-01T10:00:00.123Z] + ma\u{1b}[8mha:////4AAA=\u{1b}[0mke\n[Pipeline] }\n[Pipeline] }\ndone\n";
        let (plain, reading) = read_all(text, "");
        assert!(plain.contains("\n+ make\n") && plain.starts_with("Started by user ann\n"), "{plain}");
        assert_eq!(reading.section_at(text.find("+ ma").unwrap()), Some("stage Build, step sh"));
        assert_eq!(reading.section_at(text.find("done").unwrap()), None);
    }

    #[test]
    fn terminals() {
        let text = "a\u{1b}]0;title\u{7}b\u{1b}[1mc\u{1b}(Bd\u{1b}";
        assert_eq!(read_all(text, "").0, "abcd");
        assert_eq!(detect(b"plain text\n"), None);
        assert_eq!(detect(b"2024-05-01T10:00:00.123Z some other log\n"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(
            head in prop_oneof![
                Just("Running with gitlab-runner\n"), Just("Started by x\n"), Just("\u{1b}[m"),
                Just("2024-05-01T10:00:00.1234567Z "), Just("a\tb\t2024-05-01T10:00:00.1234567Z "),
            ],
            text in "(section_(start|end):1:|\\[Pipeline\\] |\u{1b}|\\[|8m|ha:|[ -~\n\t])*",
        ) {
            let text = format!("{head}{text}");
            if let Some(writer) = detect(text.as_bytes()) {
                let reading = read(text.as_bytes(), writer, "a/1_b.txt");
                for at in 0..reading.text().len() {
                    let span = reading.original(crate::text::Span::new(at, at + 1));
                    prop_assert!(span.end <= text.len());
                }
            }
        }
    }
}
