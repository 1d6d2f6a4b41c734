//! The filter expressions of betterleaks (Expr and CEL spellings): the common subset, as alternatives of
//! which each is a set of conditions. A filter that is true drops a finding.

use super::go_syntax;

/// What a condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Secret,
    Line,
    /// Everything that the pattern matched.
    Match,
    Path,
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The subject matches this pattern, in Rust's spelling.
    Matches(Subject, String),
    /// The secret's entropy is at most this, in bits a character.
    Entropy(f32),
    /// The secret reads like words: our engine's own test of randomness stands for this one.
    Wordlike,
}

/// More alternatives than this are no common subset.
const MOST: usize = 64;

/// The alternatives of a filter.
///
/// # Errors
/// The part that is not supported, in words.
pub fn alternatives(text: &str) -> Result<Vec<Vec<Condition>>, String> {
    let mut parser = Parser { text: text.chars().collect(), at: 0, depth: 0 };
    let expression = parser.or()?;
    parser.space();
    if parser.at < parser.text.len() {
        return Err(format!("`{}` is not understood", parser.rest()));
    }
    disjuncts(&expression)
}

#[derive(Clone, Debug)]
enum Expression {
    Text(String),
    Number(f64),
    List(Vec<Expression>),
    /// A name with its members: `finding.secret`, also written `finding["secret"]`.
    Name(String),
    Call(String, Vec<Expression>),
    Compare(String, Box<Expression>, Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    /// What is negated is not kept: it is not supported.
    Not,
}

fn disjuncts(expression: &Expression) -> Result<Vec<Vec<Condition>>, String> {
    match expression {
        Expression::Or(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(disjuncts(part)?);
            }
            Ok(all)
        }
        Expression::And(parts) => {
            let mut all: Vec<Vec<Condition>> = vec![Vec::new()];
            for part in parts {
                let more = disjuncts(part)?;
                if all.len() * more.len() > MOST {
                    return Err("it has too many alternatives".to_owned());
                }
                all = all
                    .iter()
                    .flat_map(|one| more.iter().map(move |other| [one.clone(), other.clone()].concat()))
                    .collect();
            }
            Ok(all)
        }
        other => Ok(vec![vec![condition(other)?]]),
    }
}

fn subject(expression: &Expression) -> Result<Subject, String> {
    match expression {
        Expression::Name(name) => match name.as_str() {
            "finding.secret" => Ok(Subject::Secret),
            "finding.line" => Ok(Subject::Line),
            "finding.match" => Ok(Subject::Match),
            "attributes.path" => Ok(Subject::Path),
            other => Err(format!("`{other}` cannot be compared with")),
        },
        _ => Err("a comparison with something computed is not supported".to_owned()),
    }
}

fn condition(expression: &Expression) -> Result<Condition, String> {
    match expression {
        Expression::Call(name, arguments) => call(name, arguments),
        Expression::Compare(sign, left, right) => compare(sign, left, right),
        Expression::Not => Err("`!` is not supported".to_owned()),
        Expression::Name(name) => Err(format!("`{name}` alone is no condition")),
        _ => Err("a value alone is no condition".to_owned()),
    }
}

fn texts(expression: &Expression) -> Result<Vec<&str>, String> {
    let wrong = || "a list that is computed is not supported".to_owned();
    match expression {
        Expression::List(items) => items
            .iter()
            .map(|item| match item {
                Expression::Text(text) => Ok(text.as_str()),
                _ => Err(wrong()),
            })
            .collect(),
        Expression::Text(text) => Ok(vec![text]),
        _ => Err(wrong()),
    }
}

fn any_of(texts: &[&str]) -> String {
    let escaped: Vec<String> = texts.iter().map(|text| regex_syntax::escape(text)).collect();
    if escaped.len() == 1 { escaped.concat() } else { format!("(?:{})", escaped.join("|")) }
}

fn call(name: &str, arguments: &[Expression]) -> Result<Condition, String> {
    let short = name.strip_prefix("filter.").unwrap_or(name);
    match (short, arguments) {
        ("matchesAny", [on, list]) => {
            let patterns: Vec<String> =
                texts(list)?.iter().map(|pattern| go_syntax::translate(pattern).pattern).collect();
            let joined = if patterns.len() == 1 {
                patterns.concat()
            } else {
                patterns.iter().map(|one| format!("(?:{one})")).collect::<Vec<_>>().join("|")
            };
            Ok(Condition::Matches(subject(on)?, joined))
        }
        ("containsAny", [on, list]) => Ok(Condition::Matches(subject(on)?, any_of(&texts(list)?))),
        ("failsTokenEfficiency", [_]) => Ok(Condition::Wordlike),
        // Methods: what they are called on comes first.
        ("startsWith", [on, text]) => {
            Ok(Condition::Matches(subject(on)?, format!("^{}", any_of(&texts(text)?))))
        }
        ("endsWith", [on, text]) => {
            Ok(Condition::Matches(subject(on)?, format!("{}$", any_of(&texts(text)?))))
        }
        ("contains", [on, text]) => Ok(Condition::Matches(subject(on)?, any_of(&texts(text)?))),
        ("matches", [on, text]) => call("matchesAny", &[on.clone(), text.clone()]),
        _ => Err(format!("`{name}` is not supported")),
    }
}

fn compare(sign: &str, left: &Expression, right: &Expression) -> Result<Condition, String> {
    let entropy = match left {
        Expression::Name(name) => name == "finding.entropy",
        Expression::Call(name, arguments) => {
            name.strip_prefix("filter.").unwrap_or(name) == "entropy"
                && matches!(arguments.as_slice(), [on] if subject(on) == Ok(Subject::Secret))
        }
        _ => false,
    };
    match (entropy, sign, right) {
        (true, "<" | "<=", Expression::Number(most)) => Ok(Condition::Entropy(*most as f32)),
        (true, ..) => Err(format!("entropy with `{sign}` is not supported")),
        (false, "==", Expression::Text(text)) => {
            Ok(Condition::Matches(subject(left)?, format!("^{}$", regex_syntax::escape(text))))
        }
        (false, "in", list) => {
            Ok(Condition::Matches(subject(left)?, format!("^(?:{})$", any_of(&texts(list)?))))
        }
        (false, "contains" | "startsWith" | "endsWith" | "matches", _) => {
            call(sign, &[left.clone(), right.clone()])
        }
        _ => Err(format!("`{sign}` is not supported here")),
    }
}

struct Parser {
    text: Vec<char>,
    at: usize,
    depth: u32,
}

impl Parser {
    fn space(&mut self) {
        while let Some(character) = self.text.get(self.at) {
            if character.is_whitespace() {
                self.at += 1;
            } else if self.starts("//") {
                while self.text.get(self.at).is_some_and(|&one| one != '\n') {
                    self.at += 1;
                }
            } else {
                return;
            }
        }
    }

    fn rest(&self) -> String {
        self.text[self.at.min(self.text.len())..].iter().take(24).collect::<String>().replace('\n', " ")
    }

    fn starts(&self, sign: &str) -> bool {
        sign.chars().enumerate().all(|(by, one)| self.text.get(self.at + by) == Some(&one))
    }

    fn sign(&mut self, sign: &str) -> bool {
        self.space();
        let word = sign.chars().all(char::is_alphabetic);
        let ends = |next: Option<&char>| next.is_none_or(|next| !next.is_alphanumeric() && *next != '_');
        let found = self.starts(sign) && (!word || ends(self.text.get(self.at + sign.len())));
        if found {
            self.at += sign.len();
        }
        found
    }

    fn wanted(&mut self, sign: &str) -> Result<(), String> {
        match self.sign(sign) {
            true => Ok(()),
            false => Err(format!("`{sign}` is missing before `{}`", self.rest())),
        }
    }

    fn or(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > 50 {
            return Err("it is nested too deeply".to_owned());
        }
        let mut parts = vec![self.and()?];
        while self.sign("||") || self.sign("or") {
            parts.push(self.and()?);
        }
        self.depth -= 1;
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Or(parts) })
    }

    fn and(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.unary()?];
        while self.sign("&&") || self.sign("and") {
            parts.push(self.unary()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::And(parts) })
    }

    fn unary(&mut self) -> Result<Expression, String> {
        self.space();
        if self.starts("!=") {
            return Err("`!=` has no left side".to_owned());
        }
        if self.sign("!") || self.sign("not") {
            self.depth += 1;
            if self.depth > 50 {
                return Err("it is nested too deeply".to_owned());
            }
            self.unary()?;
            self.depth -= 1;
            return Ok(Expression::Not);
        }
        let left = self.postfix()?;
        for sign in ["==", "!=", "<=", ">=", "<", ">", "in", "contains", "startsWith", "endsWith", "matches"]
        {
            if self.sign(sign) {
                let right = self.postfix()?;
                return Ok(Expression::Compare(sign.to_owned(), Box::new(left), Box::new(right)));
            }
        }
        Ok(left)
    }

    fn postfix(&mut self) -> Result<Expression, String> {
        let mut value = self.primary()?;
        loop {
            self.space();
            if self.starts("?.") || self.starts(".") && !self.starts("..") {
                self.at += if self.starts("?.") { 2 } else { 1 };
                self.sign("?");
                let member = self.word()?;
                value = match (self.sign("("), value) {
                    (true, on) => {
                        let mut arguments = self.items(")")?;
                        match (member.as_str(), on) {
                            // The value where there is one, and otherwise nothing to compare with.
                            ("orValue", on) => on,
                            // `filter.matchesAny(…)` belongs to a module, `x.contains(…)` to a value.
                            (member, Expression::Name(name)) if name == "filter" => {
                                Expression::Call(format!("filter.{member}"), arguments)
                            }
                            (member, on) => {
                                arguments.insert(0, on);
                                Expression::Call(member.to_owned(), arguments)
                            }
                        }
                    }
                    (false, Expression::Name(name)) => Expression::Name(format!("{name}.{member}")),
                    _ => return Err(format!("`.{member}` is not supported")),
                };
            } else if self.starts("[") {
                self.at += 1;
                self.sign("?");
                let index = self.or()?;
                self.wanted("]")?;
                value = match (value, index) {
                    (Expression::Name(name), Expression::Text(key)) => {
                        Expression::Name(format!("{name}.{key}"))
                    }
                    _ => return Err("an index is not supported".to_owned()),
                };
            } else if self.starts("(") {
                self.at += 1;
                let arguments = self.items(")")?;
                value = match value {
                    Expression::Name(name) => Expression::Call(name, arguments),
                    _ => return Err("a call is not supported here".to_owned()),
                };
            } else if self.starts("??") {
                // The default for what is not there.
                self.at += 2;
                self.primary()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn items(&mut self, end: &str) -> Result<Vec<Expression>, String> {
        let mut items = Vec::new();
        loop {
            if self.sign(end) {
                return Ok(items);
            }
            items.push(self.or()?);
            if !self.sign(",") {
                self.wanted(end)?;
                return Ok(items);
            }
        }
    }

    fn word(&mut self) -> Result<String, String> {
        self.space();
        let word: String = self.text[self.at.min(self.text.len())..]
            .iter()
            .take_while(|one| one.is_alphanumeric() || **one == '_')
            .collect();
        if word.is_empty() {
            return Err(format!("a name is missing before `{}`", self.rest()));
        }
        self.at += word.chars().count();
        Ok(word)
    }

    fn primary(&mut self) -> Result<Expression, String> {
        self.space();
        if self.sign("(") {
            let inner = self.or()?;
            self.wanted(")")?;
            return Ok(inner);
        }
        if self.sign("[") {
            return self.items("]").map(Expression::List);
        }
        let raw = self.starts("r\"") || self.starts("r'");
        if raw {
            self.at += 1;
        }
        for quote in ["\"\"\"", "'''", "\"", "'", "`"] {
            if self.starts(quote) {
                return self.text(quote, raw || quote == "`").map(Expression::Text);
            }
        }
        let word = self.word()?;
        if word.starts_with(|one: char| one.is_ascii_digit()) {
            let mut number = word;
            if self.starts(".") {
                self.at += 1;
                number = format!("{number}.{}", self.word()?);
            }
            return number.parse().map(Expression::Number).map_err(|_| format!("`{number}` is no number"));
        }
        Ok(Expression::Name(word))
    }

    fn text(&mut self, quote: &str, raw: bool) -> Result<String, String> {
        self.at += quote.len();
        let mut out = String::new();
        while let Some(&character) = self.text.get(self.at) {
            if self.starts(quote) {
                self.at += quote.len();
                return Ok(out);
            }
            self.at += 1;
            if character != '\\' || raw {
                out.push(character);
                continue;
            }
            let Some(&next) = self.text.get(self.at) else { break };
            self.at += 1;
            match next {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                '\\' | '"' | '\'' | '`' => out.push(next),
                other => out.extend(['\\', other]),
            }
        }
        Err("a text has no end".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_subset() {
        let of = |text: &str| alternatives(text).unwrap();
        assert_eq!(of("finding.entropy <= 3.5"), [[Condition::Entropy(3.5)]]);
        assert_eq!(of("filter.entropy(finding[\"secret\"]) < 3"), [[Condition::Entropy(3.0)]]);
        let found = of(r####"
            (
                attributes[?"path"].orValue("").startsWith("tests/") &&
                filter.containsAny(finding["secret"], ["_MOCK_", "a.b"])
            ) // why
            || filter.matchesAny(attributes.path ?? "", [r"""(?i)\.(?:md|txt)$""", `\.lock$`])
            || filter.failsTokenEfficiency(finding.secret)
            || finding.secret == "x\"y"
            || finding.line contains 'dummy' and finding.secret in ["a", "b"]
            "####);
        use Subject::{Line, Path, Secret};
        let matches = |subject, pattern: &str| Condition::Matches(subject, pattern.to_owned());
        assert_eq!(
            found,
            [
                vec![matches(Path, "^tests/"), matches(Secret, r"(?:_MOCK_|a\.b)")],
                vec![matches(Path, r"(?:(?i)\.(?:md|txt)$)|(?:\.lock$)")],
                vec![Condition::Wordlike],
                vec![matches(Secret, "^x\"y$")],
                vec![matches(Line, "dummy"), matches(Secret, "^(?:(?:a|b))$")],
            ]
        );
    }

    #[test]
    fn alternatives_in_conditions_are_spread() {
        let found =
            alternatives("attributes.path == 'a' && (finding.line == 'b' || finding.line == 'c')").unwrap();
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|one| one.len() == 2));
    }

    #[test]
    fn the_rest_is_named() {
        for (text, word) in [
            ("!(finding.secret == 'x')", "`!`"),
            ("attributes[\"git.author_name\"].endsWith('x')", "git.author_name"),
            ("len(finding.secret) < 3", "`<`"),
            ("crypto.md5(finding.secret) == 'x'", "computed"),
            ("finding.secret == ", "missing"),
            ("finding.secret == 'x", "no end"),
            ("true", "alone"),
            ("finding.secret == 'x' ? true : false", "not understood"),
            ("finding.entropy >= 3", "`>=`"),
        ] {
            let error = alternatives(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
        assert!(alternatives(&"(".repeat(10_000)).is_err());
        assert!(alternatives(&"!".repeat(10_000)).is_err());
    }
}
