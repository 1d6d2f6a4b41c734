//! Expands the example templates of rules into text with fresh random values: the same for the same
//! seed, so that examples hold no live-looking secret and still can be tried. See docs/rules.md.

mod keys;

use super::check::{self, Generator, codec};
use crate::text::Span;

/// An expanded template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The text without the marks.
    pub text: Vec<u8>,
    /// What stood between `«` and `»`.
    pub secret: Option<Span>,
}

/// Longest run of characters that one placeholder makes.
const LONGEST: usize = 65_536;
/// How often a template is drawn anew where a checksum cannot be made for what was drawn.
const ATTEMPTS: u64 = 256;

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ALPHA: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PRINTABLE: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#%&()*+,-./:;?@[]^_|~";

/// The classes of characters, by name.
const CLASSES: [(&str, &[u8]); 15] = [
    ("digit", b"0123456789"),
    ("hex", b"0123456789abcdef"),
    ("HEX", b"0123456789ABCDEF"),
    ("lower", LOWER),
    ("upper", UPPER),
    ("alpha", ALPHA),
    ("base36", b"0123456789abcdefghijklmnopqrstuvwxyz"),
    ("BASE36", b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ("base62", codec::BASE62),
    ("base64", codec::BASE64),
    ("base64url", codec::BASE64URL),
    ("base32", codec::BASE32),
    ("base58", codec::BASE58),
    ("word", b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"),
    ("printable", PRINTABLE),
];

/// Expand a template.
///
/// # Errors
/// A placeholder that is not known or not well formed, or marks that do not belong together: with the
/// position in characters, what is wrong and what could stand there.
pub fn expand(template: &str, seed: u64) -> Result<Sample, String> {
    let mut trouble = String::new();
    for attempt in 0..ATTEMPTS {
        let mut expansion = Expansion {
            random: Generator::new(seed.wrapping_add(attempt.wrapping_mul(0x9e37_79b9_7f4a_7c15))),
            out: String::new(),
            start: None,
            secret: None,
        };
        match expansion.run(template) {
            Ok(()) => return Ok(Sample { text: expansion.out.into_bytes(), secret: expansion.secret }),
            Err(Trouble::Redraw(message)) => trouble = message,
            Err(Trouble::Wrong(message)) => return Err(message),
        }
    }
    Err(trouble)
}

enum Trouble {
    /// The checked part cannot be made for what was drawn; other random text may do.
    Redraw(String),
    /// The template itself is wrong.
    Wrong(String),
}

struct Expansion {
    random: Generator,
    out: String,
    /// Where `«` stood, in the text made.
    start: Option<usize>,
    secret: Option<Span>,
}

fn wrong(template: &str, at: usize, what: impl std::fmt::Display) -> Trouble {
    let column = template[..at].chars().count() + 1;
    Trouble::Wrong(format!("at character {column}: {what}"))
}

impl Expansion {
    fn run(&mut self, template: &str) -> Result<(), Trouble> {
        let mut at = 0;
        while let Some(character) = template[at..].chars().next() {
            let next = at + character.len_utf8();
            let doubled = template[next..].starts_with(character);
            match character {
                '{' | '}' if doubled => {
                    self.out.push(character);
                    at = next + 1;
                    continue;
                }
                '{' => {
                    let (inside, end) = placeholder(template, at)?;
                    self.fill(template, at, inside)?;
                    at = end;
                    continue;
                }
                '}' => {
                    return Err(wrong(
                        template,
                        at,
                        "a `}` without `{`; write `}}` for the character itself",
                    ));
                }
                '«' if self.start.is_some() => {
                    return Err(wrong(template, at, "a second `«`; one secret is marked"));
                }
                '«' => self.start = Some(self.out.len()),
                '»' => match self.start {
                    Some(start) if self.secret.is_none() => {
                        self.secret = Some(Span::new(start, self.out.len()))
                    }
                    _ => return Err(wrong(template, at, "a `»` without `«` before it")),
                },
                other => self.out.push(other),
            }
            at = next;
        }
        match (self.start, self.secret) {
            (Some(_), None) => Err(wrong(template, template.len(), "the `»` that belongs to `«` is missing")),
            _ => Ok(()),
        }
    }

    /// The text of the token so far: from `«` on, or else from the last space or quote on.
    fn preceding(&self) -> &str {
        match (self.start, self.secret) {
            (Some(start), None) => &self.out[start..],
            _ => {
                let ends = |character: char| character.is_whitespace() || "\"'`=:,()<>".contains(character);
                self.out.rsplit(ends).next().unwrap_or("")
            }
        }
    }

    fn fill(&mut self, template: &str, at: usize, inside: &str) -> Result<(), Trouble> {
        let error = |what: String| wrong(template, at, what);
        if let Some(rest) = inside.strip_prefix('=') {
            let mut characters = rest.chars();
            let one = characters.next().ok_or_else(|| error("`{=` needs a character: `{=x:8}`".into()))?;
            let count = characters.as_str().strip_prefix(':').unwrap_or("");
            let count = self.count(count).map_err(error)?;
            self.out.extend(std::iter::repeat_n(one, count));
            return Ok(());
        }
        if let Some(rest) = inside.strip_prefix('[') {
            let (set, count) =
                rest.rsplit_once("]:").ok_or_else(|| error("`{[` needs `]:` and a length".into()))?;
            let set = members(set).map_err(error)?;
            let count = self.count(count).map_err(error)?;
            let text = self.random.text(&set, count);
            self.out.push_str(&text);
            return Ok(());
        }
        let (name, argument) =
            inside.split_once(':').map_or((inside, None), |(name, rest)| (name, Some(rest)));
        let text = match (name, argument) {
            ("uuid", None) => check::make_uuid(&mut self.random),
            ("jwt", None) => self.jwt(),
            ("age", None) => codec::to_bech32("age-secret-key-", &self.random.bytes(32)).to_ascii_uppercase(),
            ("pem", Some(kind)) => keys::pem(&mut self.random, kind).ok_or_else(|| {
                error(format!("no key is called `{kind}`; known are {}", keys::KINDS.join(", ")))
            })?,
            ("b64json", Some(keys)) => self.json(keys),
            (name, Some(count)) => self.class_or_check(name, count, template, at)?,
            (name, None) => return Err(error(unknown(name))),
        };
        self.out.push_str(&text);
        Ok(())
    }

    fn class_or_check(
        &mut self,
        name: &str,
        count: &str,
        template: &str,
        at: usize,
    ) -> Result<String, Trouble> {
        if let Some((_, class)) = CLASSES.iter().find(|(known, _)| *known == name) {
            let count = self.count(count).map_err(|what| wrong(template, at, what))?;
            return Ok(self.random.text(class, count));
        }
        let Some(make) = check::by_name(name).and_then(|check| check.make) else {
            return Err(wrong(template, at, unknown(name)));
        };
        let count = self.count(count).map_err(|what| wrong(template, at, what))?;
        let preceding = self.preceding().to_owned();
        make(&mut self.random, &preceding, count).ok_or_else(|| {
            let about = check::by_name(name).map_or("", |check| check.about);
            let Trouble::Wrong(message) =
                wrong(template, at, format!("`{name}` cannot make {count} characters here ({about})"))
            else {
                return Trouble::Redraw(String::new());
            };
            Trouble::Redraw(message)
        })
    }

    /// A length `n`, or one drawn from `n-m`.
    fn count(&mut self, text: &str) -> Result<usize, String> {
        let wrong = || format!("`{text}` is no length; write `n` or `n-m` with numbers up to {LONGEST}");
        let number = |text: &str| text.parse::<usize>().ok().filter(|&count| count <= LONGEST);
        match text.split_once('-') {
            None => number(text).ok_or_else(wrong),
            Some((least, most)) => {
                let (least, most) = (number(least).ok_or_else(wrong)?, number(most).ok_or_else(wrong)?);
                if least > most {
                    return Err(wrong());
                }
                Ok(least + self.random.below(most - least + 1))
            }
        }
    }

    fn jwt(&mut self) -> String {
        let issued = 1_700_000_000 + self.random.below(100_000_000);
        let payload = format!(
            r#"{{"sub":"{}","name":"{}","iat":{issued},"exp":{}}}"#,
            self.random.text(b"0123456789", 12),
            self.random.text(LOWER, 9),
            issued + 3600
        );
        format!(
            "{}.{}.{}",
            codec::to_base64url(br#"{"alg":"HS256","typ":"JWT"}"#),
            codec::to_base64url(payload.as_bytes()),
            self.random.text(codec::BASE64URL, 43)
        )
    }

    fn json(&mut self, keys: &str) -> String {
        let members: Vec<String> = keys
            .split(',')
            .map(|key| format!(r#""{}":"{}""#, key.trim(), self.random.text(codec::BASE62, 16)))
            .collect();
        codec::to_base64(format!("{{{}}}", members.join(",")).as_bytes())
    }
}

/// What stands between `{` and `}`, and where the template goes on.
fn placeholder(template: &str, at: usize) -> Result<(&str, usize), Trouble> {
    let rest = &template[at + 1..];
    // A set or a repeated character may hold a `}`.
    let skip = match rest.chars().next() {
        Some('[') => rest.find("]:").unwrap_or(0),
        Some('=') => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        _ => 0,
    };
    let end = rest[skip..]
        .find('}')
        .map(|end| skip + end)
        .ok_or_else(|| wrong(template, at, "a `{` without `}`; write `{{` for the character itself"))?;
    Ok((&rest[..end], at + end + 2))
}

fn unknown(name: &str) -> String {
    let classes: Vec<&str> = CLASSES.iter().map(|(name, _)| *name).collect();
    let checks: Vec<&str> =
        check::all().filter(|check| check.make.is_some()).map(|check| check.name).collect();
    format!(
        "`{name}` is no placeholder; known are the classes {} (as `{{base62:20}}` or `{{base62:8-20}}`), \
         `{{=x:8}}`, `{{[A-F2-7]:8}}`, `{{uuid}}`, `{{jwt}}`, `{{age}}`, `{{pem:KIND}}`, `{{b64json:KEY,KEY}}` \
         and the checked parts {} (with a length)",
        classes.join(", "),
        checks.join(", ")
    )
}

/// The characters of a set such as `A-Z2-7_-`; a `-` at either end stands for itself, and `\` takes
/// the next character as it is.
fn members(set: &str) -> Result<Vec<u8>, String> {
    let mut characters: Vec<(u8, bool)> = Vec::new();
    let mut escaped = false;
    for character in set.chars() {
        if !character.is_ascii() {
            return Err(format!("the set `{set}` holds `{character}`, which is not ASCII"));
        }
        if character == '\\' && !escaped {
            escaped = true;
            continue;
        }
        characters.push((character as u8, escaped));
        escaped = false;
    }
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&(first, _)) = characters.get(at) {
        match (characters.get(at + 1), characters.get(at + 2)) {
            (Some((b'-', false)), Some(&(last, _))) => {
                if first > last {
                    return Err(format!("the set `{set}` counts backwards"));
                }
                out.extend(first..=last);
                at += 3;
            }
            _ => {
                out.push(first);
                at += 1;
            }
        }
    }
    out.sort_unstable();
    out.dedup();
    if out.is_empty() { Err("the set is empty".to_owned()) } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(template: &str) -> String {
        String::from_utf8(expand(template, 1).unwrap().text).unwrap()
    }

    #[test]
    fn marks_give_the_span() {
        let sample = expand("key = \"«ab{hex:6}»\" é", 4).unwrap();
        let span = sample.secret.unwrap();
        assert_eq!(span, Span::new(7, 15));
        assert!(sample.text[span.range()].starts_with(b"ab"));
        assert_eq!(expand("none", 1).unwrap().secret, None);
    }

    #[test]
    fn every_placeholder() {
        assert_eq!(text("{{{=x:3}}}"), "{xxx}");
        assert_eq!(text("{=é:2}{=}:2}"), "éé}}");
        for (name, class) in CLASSES {
            let made = text(&format!("{{{name}:32}}"));
            assert!(made.len() == 32 && made.bytes().all(|byte| class.contains(&byte)), "{name} {made}");
        }
        for seed in 0..50 {
            let made = expand("{hex:3-5}", seed).unwrap().text;
            assert!((3..=5).contains(&made.len()));
        }
        assert!(text("{[A-C]:40}").bytes().all(|byte| b"ABC".contains(&byte)));
        assert!(text(r"{[a\-c_-]:40}").bytes().all(|byte| b"a-c_".contains(&byte)));
        assert_eq!(text("{uuid}").len(), 36);
        assert_eq!(text("{age}").len(), 74);
        assert!(text("{b64json:k,n}").starts_with("eyJrIjoi"));
        assert!(text("{jwt}").starts_with("eyJ"));
        for kind in keys::KINDS {
            assert!(text(&format!("{{pem:{kind}}}")).len() > 100);
        }
    }

    #[test]
    fn errors_say_where_and_what_else() {
        let error = |template: &str| expand(template, 0).unwrap_err();
        assert!(error("é{nothing:3}").starts_with("at character 2: `nothing` is no placeholder; known are"));
        assert!(error("{hex}").contains("no placeholder"));
        assert!(error("{hex:x}").contains("no length"));
        assert!(error("{hex:9-3}").contains("no length"));
        assert!(error("{hex:3").contains("without `}`"));
        assert!(error("a}").contains("without `{`"));
        assert!(error("«a").contains("missing"));
        assert!(error("a»").contains("without `«`"));
        assert!(error("«a»«b»").contains("second"));
        assert!(error("{pem:none}").contains("known are rsa"));
        assert!(error("{[z-a]:3}").contains("backwards"));
        assert!(error("«x{azure-signature:4}»").contains("cannot make"));
    }

    #[test]
    fn checksums_are_over_the_token() {
        let sample = expand("curl -H 'x: «ghp_{base62:30}{crc32-base62:6}»'", 3).unwrap();
        let verdict = check::by_name("crc32-base62").unwrap().verdict;
        assert_eq!(verdict(&sample.text[sample.secret.unwrap().range()]), check::Verdict::Valid);
    }
}
