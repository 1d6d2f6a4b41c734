//! Changes to a `sekisho.toml` that keep its comments and its layout.

use super::entry::AllowEntry;
use crate::error::Error;
use std::io::Write;
use std::path::Path;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

/// Add an `[[allow]]` entry to a file, behind those that are there; the file is made where there is none.
///
/// # Errors
/// An entry that says too little, a file that cannot be read, understood or written.
pub fn append(path: &Path, entry: &AllowEntry) -> Result<(), Error> {
    let text = read(path)?;
    let text = appended(&text, entry).map_err(|reason| unusable(path, reason))?;
    write(path, &text)
}

/// Take `[[allow]]` entries out of a file: `numbers` count from 0 in the order of the file.
///
/// # Errors
/// A file that cannot be read, understood or written.
pub fn remove(path: &Path, numbers: &[usize]) -> Result<(), Error> {
    let text = read(path)?;
    let text = removed(&text, numbers).map_err(|reason| unusable(path, reason))?;
    write(path, &text)
}

fn unusable(path: &Path, reason: String) -> Error {
    Error::Config {
        file: path.to_owned(),
        reason,
        remedy: "mend it by hand; see docs/policy.md for the form of [[allow]]".to_owned(),
    }
}

fn read(path: &Path) -> Result<String, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(unusable(path, format!("cannot be read: {error}"))),
    }
}

/// Write a file so that it is either as before or wholly new; a symbolic link stays one.
///
/// # Errors
/// The system's.
pub fn write(path: &Path, text: impl AsRef<[u8]>) -> Result<(), Error> {
    let told =
        |error: std::io::Error| Error::Output { what: path.display().to_string(), reason: error.to_string() };
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sekisho");
    let new = permissions(&target);
    if let Some(new) = &new {
        builder.permissions(new.clone());
    }
    let mut file = builder.tempfile_in(folder).map_err(told)?;
    file.write_all(text.as_ref()).and_then(|()| file.as_file().sync_all()).map_err(told)?;
    // Of a new file the mask of the process has its say; those of an old one are kept as they are.
    if let Some(kept) = new.filter(|_| target.exists()) {
        file.as_file().set_permissions(kept).map_err(told)?;
    }
    file.persist(&target).map_err(|error| told(error.error))?;
    Ok(())
}

/// The permissions of the file that is replaced, or those that any new file asks for.
#[cfg(unix)]
fn permissions(target: &Path) -> Option<std::fs::Permissions> {
    use std::os::unix::fs::PermissionsExt;
    let old = std::fs::metadata(target).map(|about| about.permissions());
    Some(old.unwrap_or_else(|_| std::fs::Permissions::from_mode(0o666)))
}

#[cfg(not(unix))]
fn permissions(_: &Path) -> Option<std::fs::Permissions> {
    None
}

/// A text of a `sekisho.toml` with one more entry.
///
/// # Errors
/// What is wrong with the text or with the entry.
pub fn appended(text: &str, entry: &AllowEntry) -> Result<String, String> {
    entry.check().map_err(|reason| format!("the new entry cannot be used: {reason}"))?;
    let mut document = parse(text)?;
    let mut table = table_of(entry);
    let item = document.entry("allow").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    match item {
        Item::ArrayOfTables(entries) => {
            if !text.is_empty() {
                table.decor_mut().set_prefix("\n");
            }
            entries.push(table);
        }
        Item::Value(toml_edit::Value::Array(entries)) => entries.push(table.into_inline_table()),
        _ => return Err("`allow` is no list of tables".to_owned()),
    }
    Ok(finished(text, &document))
}

fn removed(text: &str, numbers: &[usize]) -> Result<String, String> {
    let mut document = parse(text)?;
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    numbers.dedup();
    let empty = match document.get_mut("allow") {
        Some(Item::ArrayOfTables(entries)) => {
            for &number in numbers.iter().rev() {
                if number < entries.len() {
                    entries.remove(number);
                }
            }
            entries.is_empty()
        }
        Some(Item::Value(toml_edit::Value::Array(entries))) => {
            for &number in numbers.iter().rev() {
                if number < entries.len() {
                    entries.remove(number);
                }
            }
            false
        }
        _ => false,
    };
    if empty {
        document.remove("allow");
    }
    Ok(finished(text, &document))
}

fn parse(text: &str) -> Result<DocumentMut, String> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        format!("line {line}: {}", error.message().replace('\n', " "))
    })
}

/// New lines end as the old ones do.
fn finished(old: &str, document: &DocumentMut) -> String {
    let text = document.to_string();
    match old.contains("\r\n") {
        true => text.replace("\r\n", "\n").replace('\n', "\r\n"),
        false => text,
    }
}

fn table_of(entry: &AllowEntry) -> Table {
    let mut table = Table::new();
    let mut put = |key: &str, text: &Option<String>| {
        if let Some(text) = text {
            table.insert(key, value(text.as_str()));
        }
    };
    put("fingerprint", &entry.fingerprint);
    match entry.rule.as_slice() {
        [] => {}
        [one] => put("rule", &Some(one.clone())),
        _ => {}
    }
    put("path", &entry.path);
    put("path_regex", &entry.path_regex);
    put("value", &entry.value);
    put("line", &entry.line);
    put("reason", &Some(entry.reason.clone()));
    put("owner", &entry.owner);
    put("expires", &entry.expires);
    if !entry.sha1.is_empty() {
        table.insert("sha1", value(entry.sha1.iter().collect::<toml_edit::Array>()));
    }
    if entry.rule.len() > 1 {
        table.insert("rule", value(entry.rule.iter().collect::<toml_edit::Array>()));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str) -> AllowEntry {
        AllowEntry { path: Some(path.into()), reason: "made \"up\" \\d".into(), ..AllowEntry::default() }
    }

    const TEXT: &str = "# head\nsalt = 'x'   # kept\n\n# first\n[[allow]]\nrule = 'a' # why\nreason = 'r'\n\n\
                        # second\n[[allow]]\nrule='b'\nreason='r'\n\n# rules\n[rules]\ndisable = ['c']\n";

    #[test]
    fn an_entry_is_added_and_everything_else_stays() {
        let mut with_rules = entry("b/**");
        with_rules.rule = vec!["x".into(), "y".into()];
        let once = appended(TEXT, &entry("a/**")).unwrap();
        let twice = appended(&once, &with_rules).unwrap();
        for line in TEXT.lines() {
            assert!(twice.contains(line), "{line}:\n{twice}");
        }
        let read: toml::Table = toml::from_str(&twice).unwrap();
        let allow = read["allow"].as_array().unwrap();
        assert_eq!(allow.len(), 4);
        assert_eq!(allow[2]["path"].as_str(), Some("a/**"));
        assert_eq!(allow[3]["reason"].as_str(), Some("made \"up\" \\d"));
        assert_eq!(allow[3]["rule"].as_array().unwrap().len(), 2);
        assert_eq!(read["rules"]["disable"].as_array().unwrap().len(), 1);
        assert_eq!(removed(&twice, &[2, 3]).unwrap(), TEXT);
    }

    #[test]
    fn new_files_inline_lists_and_windows_lines_will_do() {
        let text = appended("", &entry("a")).unwrap();
        assert!(text.starts_with("[[allow]]\npath = \"a\"\n"), "{text}");
        assert_eq!(removed(&text, &[0]).unwrap().trim(), "");
        let text = appended("allow = [{ rule = 'x', reason = 'r' }]\n", &entry("a")).unwrap();
        assert_eq!(toml::from_str::<toml::Table>(&text).unwrap()["allow"].as_array().unwrap().len(), 2);
        let text = appended("salt = 'x'\r\n", &entry("a")).unwrap();
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        assert!(appended("salt = ", &entry("a")).unwrap_err().contains("line 1"));
        assert!(appended("", &AllowEntry::default()).is_err());
    }

    #[test]
    fn files_are_made_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sekisho.toml");
        append(&path, &entry("a")).unwrap();
        append(&path, &entry("b")).unwrap();
        remove(&path, &[0]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("\"a\"") && text.contains("\"b\""), "{text}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
