//! A comment for a pull request, in the Markdown of GitHub and GitLab: a summary, a table, and details
//! to unfold. Texts of strangers stand in `<code>` with every sign of Markdown and HTML as a character
//! reference, so that no file name adds markup, a link, a mention or a column. Secrets are masked, and
//! `show_secrets` does not change that.

use super::Options;
use super::place::{advice, missed, of_finding, severities};
use super::telling;
use super::terminal::{counted, grouped, inert};
use crate::finding::{Finding, Outcome};
use std::io::{self, Write};

/// GitHub takes comments of at most 65,536 characters; what is left out is counted.
const LONGEST: usize = 60_000;
/// Places of one finding that are told before `and 4 more`.
const PLACES: usize = 20;
/// By this a script finds the comment that it wrote before.
const MARK: &str = "<!-- sekisho -->";

/// Write `outcome` as one comment.
///
/// # Errors
/// Whatever `out` answers.
pub fn write(outcome: &Outcome, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let options = options.hiding();
    let mut text = head(outcome);
    let missing = gaps(outcome);
    if !outcome.findings.is_empty() {
        let table = "\n| severity | secret | where | rule |\n|---|---|---|---|\n";
        // The table may take half, so that the details of the first ones have room too.
        let rows = outcome.findings.iter().map(|finding| row(finding, &options));
        let mut body = table.to_owned();
        let left = fill(&mut body, rows, LONGEST / 2);
        body.push_str(&more(left, "row"));
        text.push_str(&body);
        let details = outcome.findings.iter().map(|finding| details(finding, &options));
        let room = LONGEST.saturating_sub(missing.len());
        let left = fill(&mut text, details, room);
        text.push_str(&more(left, "finding"));
    }
    text.push_str(&missing);
    out.write_all(text.as_bytes())
}

/// Add pieces as long as they fit into `most` bytes; how many did not.
fn fill(text: &mut String, pieces: impl Iterator<Item = String>, most: usize) -> usize {
    let mut left = 0;
    for piece in pieces {
        match left == 0 && text.len() + piece.len() <= most {
            true => text.push_str(&piece),
            false => left += 1,
        }
    }
    left
}

fn more(left: usize, noun: &str) -> String {
    match left {
        0 => String::new(),
        left => format!("\n… and {} left out here for length\n", counted(left as u64, &format!("more {noun}"))),
    }
}

fn head(outcome: &Outcome) -> String {
    let looked = counted(outcome.stats.inputs, "input");
    let (title, line) = match outcome.findings.len() {
        0 if outcome.complete() => ("no secrets".to_owned(), format!("Nothing found in {looked}.")),
        0 => ("no secrets in what was looked at".to_owned(), format!("Nothing found in {looked}.")),
        found => {
            let places = outcome.findings.iter().map(|finding| finding.occurrences.len()).sum::<usize>();
            let line =
                format!("{} at {} in {looked}.", severities(outcome), counted(places as u64, "place"));
            (counted(found as u64, "secret"), line)
        }
    };
    format!("{MARK}\n### Sekisho: {title}\n\n{line}\n")
}

fn row(finding: &Finding, options: &Options) -> String {
    let mut places = of_finding(finding, options);
    let first = places.next().map_or(String::new(), |place| code(&place.told()));
    let more = match places.count() {
        0 => String::new(),
        more => format!(" and {} more", grouped(more as u64)),
    };
    let masked = code(&finding.secret.mask());
    let summary = plain(&finding.summary);
    format!("| {} | {summary} {masked} | {first}{more} | {} |\n", finding.severity.name(), code(&finding.rule))
}

fn details(finding: &Finding, options: &Options) -> String {
    let mut text = format!(
        "\n<details><summary>{}: {} {}</summary>\n\n",
        finding.severity.name(),
        plain(&finding.summary),
        code(&finding.secret.mask())
    );
    let mut item = |label: &str, value: &str| text.push_str(&format!("* {label}: {value}\n"));
    let total = finding.occurrences.len();
    let places: Vec<String> =
        of_finding(finding, options).take(PLACES).map(|place| code(&place.told())).collect();
    item("where", &telling::listed(&places, total));
    for half in &finding.companions {
        let places: Vec<String> =
            of_finding(half, options).take(PLACES).map(|place| code(&place.told())).collect();
        item(&plain(&half.summary), &telling::listed(&places, half.occurrences.len()));
    }
    let chains = super::chains(finding);
    if !chains.is_empty() {
        item("decoded from", &code(&chains.join(", ")));
    }
    let guard = super::Guard::new(finding, options);
    for (name, value) in &finding.details {
        item(&plain(name), &code(&guard.text(value)));
    }
    for (label, said) in finding.story.iter().flat_map(|story| telling::story(story, &guard)) {
        item(label, &code(&said));
    }
    item("to do", &plain(&advice(finding)));
    item("rule", &code(&finding.rule));
    item("id", &code(&finding.fingerprint));
    text.push_str("\n</details>\n");
    text
}

/// What was not looked at: all of it counted, the first ones named.
fn gaps(outcome: &Outcome) -> String {
    let missing: Vec<String> =
        outcome.skipped.iter().filter(|skipped| !skipped.reason.benign()).map(missed).collect();
    if missing.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\n**Incomplete:** {} could not be looked at, so this run cannot vouch for everything.\n\n",
        counted(missing.len() as u64, "input")
    );
    let left = fill(&mut text, missing.iter().map(|line| format!("* {}\n", code(line))), LONGEST / 4);
    text.push_str(&more(left, "input"));
    text
}

/// A stranger's text as code.
fn code(text: &str) -> String {
    format!("<code>{}</code>", plain(text))
}

/// Text in which nothing is markup: signs of ASCII are character references, but for a few that mean
/// nothing between letters. The dot of `www.` is one too, as it would make a link.
fn plain(text: &str) -> String {
    let text = inert(text);
    let mut out = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        let link = || text[..at].to_ascii_lowercase().ends_with("www");
        match character {
            '.' if !link() => out.push('.'),
            '/' | ',' | '(' | ')' | '?' => out.push(character),
            '-' if at > 0 => out.push('-'),
            ':' if !text[at..].starts_with("://") => out.push(':'),
            ' ' => out.push(' '),
            _ if character.is_ascii() && !character.is_ascii_alphanumeric() => {
                out.push_str(&format!("&#{};", character as u32));
            }
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SkipReason;
    use crate::report::Format;
    use crate::report::tests::{at, finding, outcome, skipped, text};
    use pulldown_cmark::{Event, Options as Extensions, Parser, Tag};

    /// The texts of a comment, and every kind of markup in it.
    fn read(shown: &str) -> (String, Vec<String>) {
        let mut texts = String::new();
        let mut markup = Vec::new();
        for event in Parser::new_ext(shown, Extensions::all().difference(Extensions::ENABLE_SMART_PUNCTUATION)) {
            match event {
                Event::Text(text) | Event::Code(text) => texts.push_str(&text),
                Event::Html(html) | Event::InlineHtml(html) => markup.push(html.trim().to_owned()),
                Event::Start(Tag::TableRow | Tag::TableHead | Tag::TableCell | Tag::Table(_)) => {
                    markup.push("table".to_owned());
                }
                Event::Start(Tag::Link { .. } | Tag::Image { .. }) => markup.push("link".to_owned()),
                Event::Start(Tag::Emphasis | Tag::Strong | Tag::Strikethrough) => {
                    markup.push("emphasis".to_owned());
                }
                _ => {}
            }
        }
        (texts, markup)
    }

    fn shown(name: &str) -> String {
        let mut found = finding("rule", b"abcdefghijklmnopqrstuvwxyz");
        found.occurrences = vec![at(name, 3, 9), at(name, 4, 9)];
        text(Format::Markdown, &outcome(vec![found], vec![]), &Options::default())
    }

    #[test]
    fn a_summary_a_table_and_details() {
        let shown = shown("src/a_b.py");
        let (texts, _) = read(&shown);
        for wanted in ["Sekisho: 1 secret", "1 high at 2 places", "src/a_b.py:3", "abcd…(26)", "revoke it"] {
            assert!(texts.contains(wanted), "{wanted}: {texts}");
        }
        assert!(shown.contains("<details><summary>") && shown.contains(" and 1 more |"));
        assert!(shown.starts_with(MARK));
    }

    #[test]
    fn names_add_no_markup() {
        let harmless = read(&shown("name")).1;
        for name in [
            "a|b|c",
            "</code></details><script>alert(1)</script>",
            "`x` **bold** _it_ ~~s~~",
            "[link](http://x) ![i](http://y)",
            "www.example.org http://example.org a@example.org @user #1",
            "a\n\n# title\n* item\n| x | y |",
            "<!-- --> &lt; &#60; \\| $x$ {.class}",
            "![](//x) [^1] [[wiki]] :smile: <http://x>",
        ] {
            let (texts, markup) = read(&shown(name));
            assert_eq!(markup, harmless, "{name}");
            // Paths are told without doubled slashes.
            let first = name.split('\n').next().unwrap().replace("//", "/");
            assert!(texts.contains(&first), "{name}: {texts}");
        }
    }

    #[test]
    fn a_clean_run_and_one_with_gaps() {
        let clean = text(Format::Markdown, &outcome(vec![], vec![]), &Options::default());
        assert_eq!(clean, "<!-- sekisho -->\n### Sekisho: no secrets\n\nNothing found in 1,234 inputs.\n");
        let missed = vec![skipped("a|b", SkipReason::Unreadable, "denied")];
        let gaps = text(Format::Markdown, &outcome(vec![], missed), &Options::default());
        assert!(gaps.contains("**Incomplete:** 1 input"), "{gaps}");
        assert!(read(&gaps).0.contains("a|b was not looked at: unreadable (denied)"), "{gaps}");
    }

    #[test]
    fn it_fits_into_a_comment() {
        let many: Vec<Finding> = (0..3000).map(|_| finding("rule", b"abcdefghijklmnopqrstuvwxyz")).collect();
        let shown = text(Format::Markdown, &outcome(many, vec![]), &Options::default());
        assert!(shown.len() < 65_536, "{}", shown.len());
        assert!(shown.contains("3,000 secrets") && shown.contains("left out here for length"));
    }
}
