//! Passwords that are made of words: `river-copper-lantern-42`, `riverLantern42`.
//!
//! Slugs and identifiers are made of words too, but these speak of what they name: words about secrets, users, tests and
//! the parts of programs are no part of a passphrase here, and fewer words want a number behind them.

use super::name;
use super::shape::likeness;
use crate::engine::words::WordSet;

/// Fewest and most letters of a word.
const WORD: std::ops::RangeInclusive<usize> = 3..=9;

/// Words that identifiers and messages are made of, where they are the values of passwords.
static TECHNICAL: WordSet<1024> = WordSet::new(
    " password passwd passphrase passcode pass pwd word secret secrets token tokens key keys auth authentication authorization cred credential credentials login logon logout signin signup user users username name names admin administrator root guest owner client customer account email mail phone role test tests tester testing tested example sample demo dummy fake mock stub fixture placeholder default change changeme replace insert enter type some any thing something anything value values string text data here your mine own the this that these not and for with from must should are was has have new old your current confirm confirmation reset forgot forgotten update create delete remove add edit view show hide visible wrong bad good right correct incorrect invalid valid expired unused ignored none null empty blank server service services database app application apps api web http https host project company org internal external public private prod production dev development develop stage staging local localhost remote config configuration settings setting option options param params parameter field fields input output form label button page screen dialog modal panel message error errors warning info status state event action request response header body query path file files folder directory dir url uri link image icon text title header item list table row column group node cluster region bucket store storage cache queue stack deploy deployment build release version update upgrade install setup init run start stop check validate validation policy rule rules strength length min max generator manager provider handler controller module component plugin package library function method class object model schema property attribute instance session cookie hash hashed encrypted encoded plain random generated strong weak super secure simple long short first second third one two three four five last next other another foo bar baz foobar lorem ipsum hello world abc xyz ",
);

/// True for a word that speaks of secrets, users, tests or parts of programs.
pub(super) fn technical(word: &[u8]) -> bool {
    TECHNICAL.has(&word.to_ascii_lowercase())
}

/// True for a passphrase: three words or more in one notation with a number, four without, or two capitalised ones
/// with a number behind.
pub(super) fn passphrase(value: &[u8]) -> bool {
    if !(10..=64).contains(&value.len()) || !value.is_ascii() {
        return false;
    }
    let signs = value.iter().rev().take_while(|byte| b"!#@".contains(byte)).count();
    let value = &value[..value.len() - signs];
    let digits = value.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let words = &value[..value.len() - digits];
    let separator = words.iter().copied().find(|byte| !byte.is_ascii_alphabetic());
    let numbered = (1..=4).contains(&digits);
    let count = match separator {
        Some(separator) if b"-_. +".contains(&separator) => {
            let words = words.strip_suffix(&[separator]).unwrap_or(words);
            let parts = words.split(|&byte| byte == separator);
            let least = if numbered { 3 } else { 4 };
            // Words with blanks between are a sentence, which begins with a capital letter and has no number.
            let sentence = separator == b' ' && (!numbered || sentence_case(parts.clone()));
            all_words(parts).filter(|&count| count >= least && !sentence)
        }
        // `riverLantern42`: one digit is a version.
        None if digits >= 2 && numbered => {
            let split = name::split(words);
            let humped = words[1..].iter().any(u8::is_ascii_uppercase);
            all_words(split.parts()).filter(|_| humped)
        }
        _ => None,
    };
    count.is_some_and(|count| (2..=7).contains(&count) && digits <= 4)
}

/// True where only the first of some words is capitalised.
fn sentence_case<'a>(mut parts: impl Iterator<Item = &'a [u8]>) -> bool {
    let mut capital = || parts.next().map(|part| part.first().is_some_and(u8::is_ascii_uppercase));
    capital() == Some(true) && std::iter::from_fn(capital).any(|capital| !capital)
}

/// How many words there are, where each is one that people would choose.
fn all_words<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Option<usize> {
    let (mut count, mut sum, mut pairs) = (0, 0, 0);
    for part in parts {
        let (rest, lower) = (part.get(1..)?, part.to_ascii_lowercase());
        let written = WORD.contains(&part.len()) && part[0].is_ascii_alphabetic();
        if !written || !rest.iter().all(u8::is_ascii_lowercase) || TECHNICAL.has(&lower) {
            return None;
        }
        let (likeness, steps) = likeness(&lower);
        (count, sum, pairs) = (count + 1, sum + likeness, pairs + steps);
    }
    // Eighths of a bit for each pair of letters.
    (count >= 2 && sum >= 3 * pairs).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_people_choose() {
        for value in [
            "river-copper-lantern-42",
            "river_copper_lantern_42",
            "river copper lantern 42",
            "River Copper Lantern 42",
            "River.Copper.Lantern.Saddle",
            "riverLantern42",
            "RiverLanternCopper2019!",
        ] {
            assert!(passphrase(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn names_of_things() {
        for value in [
            "user-password-field-2",
            "reset-password-form-page",
            "riverLantern",
            "river-lantern-7",
            "loginForm12",
            "x-copper-lantern-42",
            "qzx-vkw-jxq-42",
            "river-copper-lantern",
            "river-copper_lantern-42",
            "riverlantern42",
            "",
            "Please choose longer ones 2",
            "Bitte gib ein neues ein.",
            "river copper lantern saddle",
        ] {
            assert!(!passphrase(value.as_bytes()), "{value}");
        }
    }
}
