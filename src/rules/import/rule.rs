//! Builds one rule of ours from the parts that the rules of other scanners have.

use super::draft::{Draft, Grade};
use super::go_syntax::Translated;
use super::pattern::{self, LIMIT};
use super::{sample, words};
use crate::rules::compile;
use crate::rules::file::{FilePair, FileRule, Provider};
use crate::rules::rule::{Kind, Severity};
use crate::rules::set::RuleSet;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;

/// Most bytes of a value next to a name.
const VALUE_LIMIT: usize = 512;
/// Shortest text by which the engine finds a match.
const SHORTEST_ANCHOR: usize = 3;
/// A group shorter than this is no secret if another one could be.
const SHORTEST_SECRET: usize = 6;

/// The parts of a rule.
pub struct Parts<'a> {
    pub id: &'a str,
    pub summary: &'a str,
    pub severity: Severity,
    pub pattern: Translated,
    /// The number of the group that holds the secret: 0 for the first one.
    pub group: u32,
    /// The group of this name holds the secret, where there is one.
    pub named: Option<&'a str>,
    pub entropy: f32,
    pub keywords: Vec<String>,
    pub path_regex: Option<String>,
    pub enabled: bool,
    pub pair: Option<FilePair>,
    pub refs: Vec<String>,
}

/// Ids in our spelling: those of the file are kept where they can be.
pub fn slug(id: &str) -> String {
    let mut out = String::new();
    for character in id.chars() {
        match character.to_ascii_lowercase() {
            plain if plain.is_ascii_lowercase() || plain.is_ascii_digit() => out.push(plain),
            _ if !out.ends_with('-') && !out.is_empty() => out.push('-'),
            _ => {}
        }
    }
    let out = out.trim_end_matches('-');
    if out.is_empty() { "rule".to_owned() } else { out.to_owned() }
}

/// The id that an imported rule gets beside the built-in rules.
pub fn own_id(id: &str, builtin: &RuleSet) -> String {
    let plain = slug(id);
    if builtin.by_id(&plain).is_some() { imported(&plain) } else { plain }
}

fn imported(plain: &str) -> String {
    format!("imported-{plain}")
}

/// What a rule of the other scanner is called among these rules: an imported rule, or built-in ones. None
/// where it has no counterpart.
pub fn named(id: &str, rules: &RuleSet) -> Vec<String> {
    let plain = slug(id);
    let own = imported(&plain);
    if rules.by_id(&own).is_some() {
        return vec![own];
    }
    // Theirs is for every value next to a telling name.
    let wanted: &[&str] = match plain.as_str() {
        "generic-api-key" => &["generic-api-key", "generic-password", "generic-token"],
        plain => &[plain],
    };
    wanted.iter().filter(|id| rules.by_id(id).is_some()).map(|id| (*id).to_owned()).collect()
}

/// Add a rule to the draft, or a note why it was left out.
pub fn add(draft: &mut Draft, about: &str, parts: Parts<'_>) {
    match build(draft, about, parts) {
        Ok(rule) if draft.rules.iter().any(|other| other.id == rule.id) => {
            draft.lose(about, format!("the id `{}` is used twice; give this rule one of its own", rule.id));
        }
        Ok(rule) => draft.rules.push(rule),
        Err(reason) => draft.lose(about, reason),
    }
}

fn build(draft: &mut Draft, about: &str, parts: Parts<'_>) -> Result<FileRule, String> {
    let hir = pattern::parse(&parts.pattern).map_err(|trouble| trouble.to_string())?;
    if pattern::matches_nothing(&hir) {
        draft.note(about, Grade::Defect, "the pattern can match no text at all");
        return Err("its pattern matches nothing".to_owned());
    }
    let bounded = pattern::bounded(&parts.pattern, LIMIT).map_err(|trouble| trouble.to_string())?;
    if let Some(note) = bounded.note {
        draft.note(about, Grade::Changed, note);
    }
    let text = secret_group(draft, about, &bounded.pattern, &parts)?;
    let hir = pattern::parse(&Translated::same(&text)).map_err(|trouble| trouble.to_string())?;
    lint(draft, about, &hir, &parts);
    let mut rule = FileRule {
        id: parts.id.to_owned(),
        summary: parts.summary.to_owned(),
        kind: Kind::Generic,
        severity: parts.severity,
        regex: Some(text.clone()),
        value: None,
        begin: None,
        end: None,
        max: None,
        anchors: Vec::new(),
        check: None,
        entropy: parts.entropy,
        near: Vec::new(),
        name: Vec::new(),
        pair: parts.pair,
        enabled: parts.enabled,
        fixtures: None,
        path_regex: parts.path_regex,
        rotate: String::new(),
        refs: parts.refs,
        hit: vec!["«x»".to_owned()],
        miss: vec!["nothing of {lower:5}".to_owned()],
    };
    let keywords: Vec<&str> = parts.keywords.iter().map(String::as_str).collect();
    if !keywords.is_empty() && !words::always_holds(&hir, &keywords) {
        rule.near = near_words(&keywords);
        draft.note(
            about,
            Grade::Changed,
            "its keywords need not stand in the match: here one of them must stand within 256 bytes before it or \
             128 bytes behind it and as whole words, where it could be anywhere in the file and inside of a word",
        );
    }
    if compiles(&rule).is_err() {
        anchored(draft, about, &mut rule, &text, &hir, &keywords)?;
    }
    examples(draft, about, &mut rule);
    compiles(&rule).map(|()| rule)
}

/// The pattern with the group called `secret` that holds the secret.
fn secret_group(draft: &mut Draft, about: &str, text: &str, parts: &Parts<'_>) -> Result<String, String> {
    let groups = pattern::groups(text);
    if parts.group as usize > groups.len() {
        return Err(format!("its secret is group {}, and the pattern has {}", parts.group, groups.len()));
    }
    let named = parts.named.and_then(|name| groups.iter().find(|group| group.name() == Some(name)));
    let length = |group: &pattern::Group| {
        let inside = Translated::same(group.inside(text));
        pattern::parse(&inside).ok().and_then(|hir| hir.properties().maximum_len()).unwrap_or(usize::MAX)
    };
    let chosen = match (named, parts.group) {
        (Some(group), _) => Some(group),
        (None, 0) => groups.first(),
        (None, number) => groups.iter().find(|group| group.number == number),
    };
    let Some(mut group) = chosen else { return Ok(text.to_owned()) };
    if named.is_none() && parts.group == 0 && groups.len() > 1 {
        let longest = groups.iter().max_by_key(|group| (length(group), std::cmp::Reverse(group.number)));
        if let Some(longest) = longest.filter(|_| length(group) < SHORTEST_SECRET) {
            draft.note(
                about,
                Grade::Defect,
                format!(
                    "the first group would be the secret, and is too short to be one: group {} is taken; \
                     write `secretGroup`",
                    longest.number
                ),
            );
            group = longest;
        } else if !group.always {
            draft.note(
                about,
                Grade::Changed,
                "the secret is the first group that takes part in a match: here it is the first group, and the whole \
                 match where that takes no part",
            );
        }
    }
    Ok(pattern::with_secret(text, group))
}

/// Faults of the rule as the other scanner reads it.
fn lint(draft: &mut Draft, about: &str, hir: &regex_syntax::hir::Hir, parts: &Parts<'_>) {
    let dead: Vec<&str> =
        parts.keywords.iter().map(String::as_str).filter(|word| !words::can_hold(hir, word)).collect();
    match dead.len() {
        0 => {}
        count if count == parts.keywords.len() => draft.note(
            about,
            Grade::Defect,
            format!(
                "no match can hold {} `{}`: the rule only speaks up where something else in the file says so",
                if count == 1 { "its keyword" } else { "any of its keywords" },
                dead.join("`, `")
            ),
        ),
        _ => draft.note(
            about,
            Grade::Defect,
            format!(
                "no match can hold its keyword{} `{}`",
                if dead.len() == 1 { "" } else { "s" },
                dead.join("`, `")
            ),
        ),
    }
    // Entropy is at most the logarithm of the length.
    if let Some(longest) = hir.properties().maximum_len()
        && parts.entropy > 0.0
        && (longest.min(256) as f32).log2() <= parts.entropy
    {
        draft.note(
            about,
            Grade::Defect,
            format!("it asks for an entropy above {}, which {longest} characters cannot have", parts.entropy),
        );
    }
}

/// Words as `near` has them.
fn near_words(keywords: &[&str]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for keyword in keywords {
        let lower = keyword.to_lowercase();
        let word: Vec<&str> =
            lower.split(|one: char| !one.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
        let word = word.join(" ");
        if !word.is_empty() && !out.contains(&word) {
            out.push(word);
        }
    }
    out
}

fn compiles(rule: &FileRule) -> Result<(), String> {
    compile::compile(rule.clone(), &Provider::default())
        .map(drop)
        .map_err(|error| format!("{}; {}", error.reason, error.remedy))
}

/// Let the engine find matches of a pattern without a literal part: by its keywords where every match
/// holds one of them, and otherwise as the value next to a name.
fn anchored(
    draft: &mut Draft,
    about: &str,
    rule: &mut FileRule,
    text: &str,
    hir: &regex_syntax::hir::Hir,
    keywords: &[&str],
) -> Result<(), String> {
    let why = compiles(rule).err().unwrap_or_default();
    let long = keywords.iter().all(|word| word.len() >= SHORTEST_ANCHOR);
    if !keywords.is_empty() && long && words::always_holds(hir, keywords) {
        rule.anchors = keywords.iter().map(|word| (*word).to_owned()).collect();
        // Keywords hold in any case; anchors do only where the pattern says so.
        if !pattern::any_case(text) {
            let both = |word: &&str| [word.to_lowercase(), word.to_uppercase()];
            rule.anchors = keywords.iter().flat_map(both).collect();
            rule.anchors.sort();
            rule.anchors.dedup();
        }
        if compiles(rule).is_ok() {
            return Ok(());
        }
        rule.anchors.clear();
    }
    if rule.near.is_empty() && !text.starts_with(r"\b") {
        rule.regex = Some(format!(r"\b{text}"));
        if compiles(rule).is_ok() {
            draft.note(
                about,
                Grade::Changed,
                "it must begin where a word begins: its own text is too short to find it by",
            );
            return Ok(());
        }
        rule.regex = Some(text.to_owned());
    }
    if rule.near.is_empty() {
        return Err(if keywords.is_empty() {
            "it has no keywords, and no text of at least three letters that every match holds: nothing to find it by"
                .to_owned()
        } else {
            why
        });
    }
    let value = pattern::groups(text)
        .iter()
        .find(|group| group.name() == Some("secret"))
        .map_or(text, |group| group.inside(text));
    // Flags hold for what is cut out as well.
    let flags = pattern::leading_flags(text);
    let value = value.strip_prefix(flags).unwrap_or(value);
    let value = value.strip_prefix(r"\b").unwrap_or(value);
    let value = value.strip_suffix(r"\b").unwrap_or(value);
    let value = format!("{flags}{value}");
    let short =
        pattern::bounded(&Translated::same(&value), VALUE_LIMIT).map_err(|trouble| trouble.to_string())?;
    (rule.regex, rule.value) = (None, Some(short.pattern));
    draft.note(
        about,
        Grade::Changed,
        "the pattern has no text of its own to find it by: it holds for values next to a name, with a keyword near by",
    );
    compiles(rule)
}

/// Examples from the pattern itself; that the pattern takes them is tried.
fn examples(draft: &mut Draft, about: &str, rule: &mut FileRule) {
    let (text, value) = match (&rule.regex, &rule.value) {
        (Some(text), _) => (text.clone(), false),
        (None, Some(text)) => (text.clone(), true),
        _ => return,
    };
    let Ok(hir) = pattern::parse(&Translated::same(&text)) else { return };
    let Some(mut template) = sample::template(&hir) else { return };
    let build = Regex::builder().syntax(syntax::Config::new().unicode(false).utf8(false)).build(&text);
    let sampled = crate::rules::sample::expand(&template, 1);
    if let (Ok(regex), Ok(sample)) = (build, sampled)
        && !regex.is_match(&sample.text)
    {
        draft.note(
            about,
            Grade::Changed,
            "no example could be made that the pattern matches; it may match nothing",
        );
    }
    let word = rule.near.first().map(|word| word.replace(' ', "_"));
    match (value, word) {
        (true, Some(word)) => template = format!("{word}_secret = \"{template}\""),
        (false, Some(word)) => template = format!("{word}: {template}"),
        _ => {}
    }
    rule.hit = vec![template];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kebab_case() {
        assert_eq!(slug("AWS_Access Key.2"), "aws-access-key-2");
        assert_eq!(slug("np.github.1"), "np-github-1");
        assert_eq!(slug("__"), "rule");
        assert_eq!(own_id("github-pat", &RuleSet::empty()), "github-pat");
        let builtin = RuleSet::builtin();
        assert_eq!(own_id("generic-api-key", &builtin), "imported-generic-api-key");
    }
}
