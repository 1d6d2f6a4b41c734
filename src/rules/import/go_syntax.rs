//! From the regular expressions of Go (RE2, package `regexp/syntax`), which gitleaks and betterleaks use,
//! to those of Rust's `regex` crate. The two differ in a few spellings only.

/// A translated pattern, with where each of its bytes came from.
#[derive(Debug)]
pub struct Translated {
    /// The pattern in Rust's spelling.
    pub pattern: String,
    /// For each byte of `pattern` the character of the original that it came from, from 0.
    origins: Vec<usize>,
}

impl Translated {
    /// The column (from 1, in characters) in the original of a byte of the translated pattern.
    pub fn column(&self, byte: usize) -> usize {
        self.origins.get(byte).or(self.origins.last()).map_or(0, |&at| at) + 1
    }

    /// A pattern that needs no translation.
    pub fn same(pattern: &str) -> Translated {
        let origins = pattern.chars().enumerate().flat_map(|(at, one)| vec![at; one.len_utf8()]).collect();
        Translated { pattern: pattern.to_owned(), origins }
    }
}

struct Translator {
    input: Vec<char>,
    at: usize,
    out: Translated,
}

/// Translate a pattern. What Rust's crate does not know at all is left as it is: its own parser tells.
pub fn translate(pattern: &str) -> Translated {
    let out = Translated { pattern: String::with_capacity(pattern.len() + 8), origins: Vec::new() };
    let mut translator = Translator { input: pattern.chars().collect(), at: 0, out };
    while translator.at < translator.input.len() {
        translator.one();
    }
    translator.out
}

impl Translator {
    fn push(&mut self, text: &str) {
        self.out
            .origins
            .extend(std::iter::repeat_n(self.at.min(self.input.len().saturating_sub(1)), text.len()));
        self.out.pattern.push_str(text);
    }

    fn peek(&self, by: usize) -> Option<char> {
        self.input.get(self.at + by).copied()
    }

    fn copy(&mut self) {
        if let Some(character) = self.peek(0) {
            let mut buffer = [0; 4];
            self.push(character.encode_utf8(&mut buffer));
            self.at += 1;
        }
    }

    fn one(&mut self) {
        match self.peek(0) {
            Some('\\') => self.escape(),
            Some('[') => self.class(),
            Some('{') if !self.counts() => {
                // Go takes a brace that counts nothing for itself.
                self.push(r"\{");
                self.at += 1;
            }
            _ => self.copy(),
        }
    }

    /// Is the brace here a counted repetition, `{n}`, `{n,}` or `{n,m}`?
    fn counts(&self) -> bool {
        let rest: String = self.input[self.at + 1..].iter().take(16).collect();
        let Some((inside, _)) = rest.split_once('}') else { return false };
        let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        !least.is_empty() && digits(least) && digits(most)
    }

    fn escape(&mut self) {
        match self.peek(1) {
            // These mean word boundaries in Rust, and themselves in Go.
            Some(bracket @ ('<' | '>')) => {
                self.push(&bracket.to_string());
                self.at += 2;
            }
            Some('Q') => self.quoted(),
            Some('x' | 'p' | 'P') | None => {
                self.copy();
                self.copy();
            }
            // Octal: Go reads up to three digits from `\0` on, and `\1` to `\7` with more behind them.
            Some('0'..='7') => {
                let digits: String = self.input[self.at + 1..]
                    .iter()
                    .take(3)
                    .take_while(|one| matches!(one, '0'..='7'))
                    .collect();
                let value = u32::from_str_radix(&digits, 8).unwrap_or(0);
                self.push(&format!(r"\x{{{value:x}}}"));
                self.at += 1 + digits.len();
            }
            Some(_) => {
                self.copy();
                self.copy();
            }
        }
    }

    /// `\Q…\E`: everything in it stands for itself.
    fn quoted(&mut self) {
        self.at += 2;
        while self.at < self.input.len() {
            if self.peek(0) == Some('\\') && self.peek(1) == Some('E') {
                self.at += 2;
                return;
            }
            let character = self.input[self.at].to_string();
            self.push(&regex_syntax::escape(&character));
            self.at += 1;
        }
    }

    /// A class in brackets, in which Rust knows more operators than Go: nested classes, `&&`, `--`, `~~`.
    fn class(&mut self) {
        self.copy();
        if self.peek(0) == Some('^') {
            self.copy();
        }
        let mut first = true;
        while let Some(character) = self.peek(0) {
            if character == ']' && !first {
                self.copy();
                return;
            }
            first = false;
            if character == '[' && self.peek(1) == Some(':') && self.named_class() {
                continue;
            }
            self.member();
            // A range, unless the `-` is the last member.
            if self.peek(0) == Some('-') && self.peek(1).is_some_and(|next| next != ']') {
                self.copy();
                self.member();
            }
        }
    }

    fn named_class(&mut self) -> bool {
        let rest: String = self.input[self.at..].iter().take(16).collect();
        let Some(end) = rest.find(":]") else { return false };
        for _ in 0..end + 2 {
            self.copy();
        }
        true
    }

    fn member(&mut self) {
        match self.peek(0) {
            Some('\\') => self.escape_in_class(),
            Some(sign @ ('[' | ']' | '&' | '~' | '-')) => {
                self.push(&format!(r"\{sign}"));
                self.at += 1;
            }
            _ => self.copy(),
        }
    }

    fn escape_in_class(&mut self) {
        match self.peek(1) {
            // `\x{…}` and `\p{…}` go on behind their letter.
            Some('x' | 'p' | 'P') if self.peek(2) == Some('{') => {
                while let Some(character) = self.peek(0) {
                    self.copy();
                    if character == '}' {
                        return;
                    }
                }
            }
            Some('x') => (0..4).for_each(|_| self.copy()),
            Some('p' | 'P') => (0..3).for_each(|_| self.copy()),
            _ => self.escape(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_go_in_rust() {
        for (go, rust) in [
            ("abc", "abc"),
            (r"^\$(?:\d+|{\d+})$", r"^\$(?:\d+|\{\d+})$"),
            (r"a{2}b{2,}c{2,3}d{,3}", r"a{2}b{2,}c{2,3}d\{,3}"),
            (r"[[a]", r"[\[a]"),
            (r"[a&&b]", r"[a\&\&b]"),
            (r"[\w+--]", r"[\w+-\-]"),
            (r"[--/]", r"[\--/]"),
            (r"[]a]", r"[\]a]"),
            (r"[^]a]", r"[^\]a]"),
            (r"[[:alpha:]_-]", r"[[:alpha:]_\-]"),
            (r"[\x60'\]]", r"[\x60'\]]"),
            (r"\<a\>", "<a>"),
            (r"\Qa.b\E.", r"a\.b."),
            (r"\0\101", r"\x{0}\x{41}"),
            (r"[\x{41}-\x{5a}]", r"[\x{41}-\x{5a}]"),
            (r"(?P<n>[a-z\-]+)", r"(?P<n>[a-z\-]+)"),
        ] {
            let translated = translate(go);
            assert_eq!(translated.pattern, rust, "{go}");
            assert!(regex_syntax::parse(rust).is_ok(), "{rust}");
        }
    }

    #[test]
    fn places_are_those_of_the_original() {
        let translated = translate(r"{é\<(");
        assert_eq!(translated.pattern, r"\{é<(");
        assert_eq!(translated.column(translated.pattern.len() - 1), 5);
        assert_eq!(Translated::same("é(").column(2), 2);
    }
}
