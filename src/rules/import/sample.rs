//! Example templates for an imported pattern, made from the pattern itself: no other scanner's examples
//! are taken over, as they look like live secrets.

use crate::rules::compile::class_bytes;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Characters that stand for an open part of a secret.
const OPEN: u32 = 24;

/// A template whose samples the pattern should match; none where it cannot be written as one.
pub fn template(hir: &Hir) -> Option<String> {
    let mut out = String::new();
    write(hir, false, &mut out)?;
    Some(if out.contains('«') { out } else { format!("«{out}»") })
}

fn write(hir: &Hir, secret: bool, out: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            out.push_str(&text.replace('{', "{{").replace('}', "}}"));
        }
        HirKind::Class(class) => class_of(class, 1, out)?,
        HirKind::Capture(capture) => {
            let named = capture.name.as_deref() == Some("secret");
            if named {
                out.push('«');
            }
            write(&capture.sub, secret || named, out)?;
            if named {
                out.push('»');
            }
        }
        HirKind::Repetition(repetition) => {
            // What must not be there is left out, but for the secret itself.
            let most = repetition.max.unwrap_or(u32::MAX);
            let count = match (&repetition.sub.kind(), secret || repetition.min > 0) {
                (HirKind::Class(_), true) => OPEN.clamp(repetition.min, most),
                _ => repetition.min,
            };
            match repetition.sub.kind() {
                HirKind::Class(class) if count > 0 => class_of(class, count, out)?,
                _ => {
                    for _ in 0..count {
                        write(&repetition.sub, secret, out)?;
                    }
                }
            }
        }
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, secret, out))?,
        HirKind::Alternation(branches) => {
            let full = |branch: &&Hir| branch.properties().minimum_len().is_some_and(|least| least > 0);
            write(branches.iter().find(full).or(branches.first())?, secret, out)?;
        }
    }
    Some(())
}

/// Random letters and digits of a class, or one sign of it over and over where it has none.
fn class_of(class: &Class, count: u32, out: &mut String) -> Option<()> {
    let bytes = match (class_bytes(class), class) {
        (Some(bytes), _) => bytes,
        // Of a class with signs beyond ASCII its ASCII part.
        (None, Class::Unicode(class)) => (0..128)
            .filter(|&byte| {
                class.iter().any(|range| range.start() <= byte as char && byte as char <= range.end())
            })
            .collect(),
        (None, Class::Bytes(_)) => return None,
    };
    let letters: Vec<u8> = bytes.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
    if letters.is_empty() {
        let sign = [b' ', b'"', b'='].into_iter().find(|sign| bytes.contains(sign));
        let sign = sign.or_else(|| bytes.iter().copied().find(|byte| byte.is_ascii_graphic()))?;
        out.push_str(&format!("{{={}:{count}}}", char::from(sign)));
        return Some(());
    }
    // A letter in either case is that letter.
    if let [upper, lower] = letters.as_slice()
        && upper.eq_ignore_ascii_case(lower)
    {
        out.extend(std::iter::repeat_n(char::from(*lower), count as usize));
        return Some(());
    }
    let mut set = String::new();
    let mut at = 0;
    while at < letters.len() {
        let run = letters[at..]
            .iter()
            .enumerate()
            .take_while(|(by, byte)| **byte == letters[at] + *by as u8)
            .count();
        set.push(char::from(letters[at]));
        if run > 2 {
            set.push('-');
        }
        if run > 1 {
            set.push(char::from(letters[at + run - 1]));
        }
        at += run;
    }
    let name = match set.as_str() {
        "0-9A-Za-z" => "base62".to_owned(),
        "0-9a-f" => "hex".to_owned(),
        "0-9" => "digit".to_owned(),
        "0-9a-z" => "base36".to_owned(),
        "a-z" => "lower".to_owned(),
        "A-Z" => "upper".to_owned(),
        _ => format!("[{set}]"),
    };
    out.push_str(&format!("{{{name}:{count}}}"));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::go_syntax::Translated;
    use super::super::pattern::parse;
    use super::*;
    use regex_automata::meta::Regex;

    #[test]
    fn samples_match_their_pattern() {
        for (pattern, wanted) in [
            (r"\bacme_(?<secret>[0-9a-f]{32})\b", "acme_«{hex:32}»"),
            ("acme{2}[A-C2]{3}", "«acmee{[2A-C]:3}»"),
            (r#"(?:key|k)\s{0,9}[=:]{1,2}\s?"(?<secret>[\w.-]{8,100})""#, ""),
            ("(?i)tok(?:en)?-[a-z]{1,4}", ""),
            (r"\{x\}[0-9]{2,}", "«{{x}}{digit:24}»"),
        ] {
            let template = template(&parse(&Translated::same(pattern)).unwrap()).unwrap();
            if !wanted.is_empty() {
                assert_eq!(template, wanted);
            }
            let regex = Regex::new(pattern).unwrap();
            for seed in 0..20 {
                let sample = crate::rules::sample::expand(&template, seed).unwrap();
                let text = String::from_utf8(sample.text).unwrap();
                assert!(regex.is_match(text.as_bytes()), "{pattern}: {template}: {text}");
            }
        }
    }
}
