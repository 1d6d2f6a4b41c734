//! Long lists of `[[allow]]` tables, read ten times faster than by a whole TOML reader: files with
//! thousands of them are written by programs, stand at the end and are plain. Whatever is not plain is left
//! to the TOML reader, which also tells what is wrong.

use crate::policy::AllowEntry;
use rayon::prelude::*;

/// The text before the first `[[allow]]` table and the entries behind it, where those are all plain: lines of
/// `key = "text"` without escapes, comments and empty lines. The caller has to see that the text before is
/// whole on its own and holds no entries.
pub(super) fn split(text: &str) -> Option<(&str, Vec<AllowEntry>)> {
    let start = match text.starts_with("[[allow]]") {
        true => 0,
        false => text.find("\n[[allow]]")? + 1,
    };
    let mut entries: Vec<AllowEntry> = Vec::new();
    let mut given = 0u16;
    for line in text[start..].lines() {
        let line = line.trim_matches([' ', '\t']);
        if line == "[[allow]]" {
            if entries.last().is_some_and(|entry| entry.reason.is_empty()) {
                return None;
            }
            entries.push(AllowEntry::default());
            given = 0;
        } else if line.starts_with('#') {
            if line.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
                return None;
            }
        } else if !line.is_empty() {
            let (key, value) = line.split_once('=')?;
            let bit = put(
                entries.last_mut()?,
                key.trim_end_matches([' ', '\t']),
                plain(value.trim_start_matches([' ', '\t']))?,
            )?;
            if given & bit != 0 {
                return None;
            }
            given |= bit;
        }
    }
    let whole = entries.last().is_some_and(|entry| !entry.reason.is_empty());
    // Values are judged as in any other file: what would be refused goes to the reader that says why.
    let good = whole && entries.par_iter().all(|entry| entry.check().is_ok());
    good.then_some((&text[..start], entries))
}

/// The text between quotes, where it is nothing but that.
fn plain(value: &str) -> Option<&str> {
    let quote = value.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
    let body = value[1..].strip_suffix(quote)?;
    let odd =
        |byte: u8| byte.is_ascii_control() && byte != b'\t' || byte == b'\\' && quote == '"' || byte == 0x7f;
    (!body.contains(quote) && !body.bytes().any(odd)).then_some(body)
}

/// Put a value into its place; the bit of the key.
fn put(entry: &mut AllowEntry, key: &str, text: &str) -> Option<u16> {
    let own = || Some(text.to_owned());
    let (bit, place) = match key {
        "rule" => {
            entry.rule.push(text.to_owned());
            return Some(1);
        }
        "reason" => {
            entry.reason = text.to_owned();
            return Some(2);
        }
        "path" => (4, &mut entry.path),
        "fingerprint" => (8, &mut entry.fingerprint),
        "value" => (16, &mut entry.value),
        "line" => (32, &mut entry.line),
        "owner" => (64, &mut entry.owner),
        "expires" => (128, &mut entry.expires),
        _ => return None,
    };
    *place = own();
    Some(bit)
}

#[cfg(test)]
mod tests {
    use super::super::file::File;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_lists_are_read_here_and_others_are_not() {
        let text = "salt = 'x'\n\n# one\n[[allow]]\nrule = \"a\" \npath='b/**'\nreason = \"r #\"\n[[allow]]\nvalue = '\\d'\nreason = 's'";
        let (before, entries) = split(text).unwrap();
        assert_eq!(before, "salt = 'x'\n\n# one\n");
        let whole: File = toml::from_str(text).unwrap();
        assert_eq!(entries, whole.allow);
        for odd in [
            "[[allow]]\nrule = 'a'\nreason = 'r'\n[rules]\n",
            "[[allow]]\nrule = ['a']\nreason = 'r'\n",
            "[[allow]]\nrule = 'a'\nrule = 'b'\nreason = 'r'\n",
            "[[allow]]\nrule = \"a\\n\"\nreason = 'r'\n",
            "[[allow]]\nrule = '''a'''\nreason = 'r'\n",
            "[[allow]]\nrule = 'a' # why\nreason = 'r'\n",
            "[[allow]]\nrule = 'a'\n",
            "[[allow]]\nrule = 'a'\n[[allow]]\nrule = 'b'\nreason = 'r'\n",
            "[[allow]]\nvalue = '('\nreason = 'r'\n",
            "salt = 'x'\n",
        ] {
            assert!(split(odd).is_none(), "{odd}");
        }
    }

    proptest! {
        /// What is read here is what the TOML reader makes of it.
        #[test]
        fn both_readers_agree(lines in proptest::collection::vec(
            prop_oneof![
                Just("[[allow]]".to_owned()), Just("reason = 'r'".to_owned()), Just("rule = \"a\"".to_owned()),
                Just("path = 'x'".to_owned()), Just("# c".to_owned()), Just(String::new()),
                "(owner|line|value|salt) ?= ?['\"][a-z'\"\\\\# \t]{0,6}['\"]?", Just("[rules]".to_owned()),
                Just("rule = '''".to_owned()),
            ], 0..12,
        )) {
            let text = lines.join("\n");
            if let Some((before, entries)) = split(&text)
                && let Ok(mut file) = toml::from_str::<File>(before)
                && file.allow.is_empty()
            {
                file.allow = entries;
                let whole = toml::from_str::<File>(&text);
                prop_assert!(whole.is_ok(), "{text}\n{:?}", whole.err());
                prop_assert_eq!(file.allow, whole.unwrap().allow);
            }
        }
    }
}
