//! Secrets in files, in mounted directories and on file descriptors.

use crate::error::Error;
use crate::mask::derive::leaves::{self, FORMATS, Format};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;
#[cfg(unix)]
use {crate::mask::child::raw, std::os::fd::AsFd};

/// Largest file of secrets, in bytes.
const LARGEST: u64 = 16 << 20;
/// Most files that are read below a mount.
const MOST: usize = 1000;
/// Deepest directory below a mount.
const DEEPEST: usize = 6;
/// Where containers get their secrets: Docker, Podman and Kubernetes mount them there.
pub const MOUNTS: &str = "/run/secrets";

/// A secret in a file.
pub struct Value {
    /// What it is called: its key, or the file's name.
    pub name: String,
    /// The value.
    pub value: Zeroizing<Vec<u8>>,
}

/// A file as named on the command line: `PATH`, or `FORMAT=PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The format, where it was told.
    pub format: Option<Format>,
    /// The file.
    pub path: PathBuf,
}

impl Named {
    /// Read the argument; a format that is not known makes it a path.
    pub fn parse(text: &str) -> Named {
        match text.split_once('=').map(|(name, path)| (Format::parse(name), path)) {
            Some((Some(format), path)) => Named { format: Some(format), path: path.into() },
            _ => Named { format: None, path: text.into() },
        }
    }

    /// All secrets in it.
    ///
    /// # Errors
    /// A file that cannot be read, is too large, or is not of the format that was told.
    pub fn read(&self) -> Result<Vec<Value>, Error> {
        let what = self.path.display().to_string();
        let file = File::open(&self.path).map_err(|error| unreadable(&what, &error.to_string()))?;
        let text = read_all(file, &what)?;
        let name = self
            .path
            .file_name()
            .map_or_else(|| "file".to_owned(), |name| name.to_string_lossy().into_owned());
        values(&text, self.format, &name, &what)
    }
}

/// All secrets that stand on an open file descriptor, which is read to its end.
///
/// # Errors
/// A descriptor that is not open or cannot be read, or too much on it.
#[cfg(unix)]
pub fn from_descriptor(number: i32) -> Result<Vec<Value>, Error> {
    let what = format!("file descriptor {number}");
    let file = match number {
        0 => std::io::stdin().as_fd().try_clone_to_owned(),
        _ => raw::take_descriptor(number).ok_or_else(|| std::io::Error::other("it is not open")),
    };
    let file = File::from(file.map_err(|error| unreadable(&what, &error.to_string()))?);
    values(&read_all(file, &what)?, None, &format!("fd{number}"), &what)
}

fn unreadable(what: &str, reason: &str) -> Error {
    Error::Input {
        what: what.to_owned(),
        reason: format!("the secrets in it cannot be read: {reason}"),
        remedy: "nothing was run, since its output could not be masked".to_owned(),
    }
}

fn read_all(file: File, what: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut text = Zeroizing::new(Vec::new());
    file.take(LARGEST + 1).read_to_end(&mut text).map_err(|error| unreadable(what, &error.to_string()))?;
    if text.len() as u64 > LARGEST {
        return Err(unreadable(what, "it is larger than 16 MiB"));
    }
    Ok(text)
}

fn values(text: &[u8], format: Option<Format>, name: &str, what: &str) -> Result<Vec<Value>, Error> {
    let told = format.is_some();
    let format = format.unwrap_or_else(|| Format::of(text));
    let leaves = leaves::leaves(format, text).map_err(|reason| unreadable(what, &reason))?;
    let mut values: Vec<Value> = leaves
        .into_iter()
        .filter(leaves::Leaf::secret)
        .map(|leaf| Value { name: named(&leaf.name, name), value: leaf.value })
        .collect();
    // One line may be a secret that merely looks like `name=value` or `name: value`.
    let trimmed = text.trim_ascii();
    let ordinary = trimmed.iter().take_while(|byte| byte.is_ascii_uppercase() || **byte == b'_').count();
    let document = ordinary > 2 && trimmed.get(ordinary) == Some(&b'=');
    let single = !trimmed.contains(&b'\n') && matches!(format, Format::Dotenv | Format::Yaml);
    if single && !told && !document {
        values.push(Value { name: name.to_owned(), value: Zeroizing::new(trimmed.to_vec()) });
    }
    Ok(values)
}

/// The last part of a key, or the file's name. What stands for the secret in the log must be one word.
fn named(key: &str, file: &str) -> String {
    let last = key.rsplit('.').find(|part| !part.is_empty()).unwrap_or(file);
    last.chars()
        .map(|character| if character.is_control() || "[] ".contains(character) { '_' } else { character })
        .take(64)
        .collect()
}

/// What was found below a mount.
#[derive(Default)]
pub struct Mounted {
    /// The secrets.
    pub values: Vec<Value>,
    /// What could not be read, with the reason.
    pub trouble: Vec<String>,
}

/// All secrets in the files below a directory of mounted secrets; nothing where there is no such directory.
/// Certificates and other public things are left out.
pub fn mounted(directory: &Path) -> Mounted {
    let mut found = Mounted::default();
    let mut files = Vec::new();
    if directory.is_dir() {
        collect(directory, 0, &mut files, &mut found.trouble);
    }
    files.sort();
    if files.len() > MOST {
        found.trouble.push(format!("{}: only the first {MOST} files are read", directory.display()));
        files.truncate(MOST);
    }
    for path in files {
        let shown = path.display().to_string();
        let read =
            File::open(&path).map_err(|error| unreadable(&shown, &error.to_string())).and_then(|file| {
                let text = read_all(file, &shown)?;
                let public =
                    memchr::memmem::find(&text, b"-----BEGIN ").is_some() && !leaves::pem_text(&text);
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if public { Ok(Vec::new()) } else { values(&text, None, &name, &shown) }
            });
        match read {
            Ok(values) => found.values.extend(values),
            Err(error) => found.trouble.push(error.to_string()),
        }
    }
    found
}

fn collect(directory: &Path, depth: usize, files: &mut Vec<PathBuf>, trouble: &mut Vec<String>) {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) => return trouble.push(format!("{}: {error}", directory.display())),
    };
    for entry in entries.flatten() {
        let path = entry.path();
        // Kubernetes keeps the files in `..data` behind links with their names.
        if entry.file_name().as_encoded_bytes().starts_with(b"..") {
            continue;
        }
        if path.is_file() {
            files.push(path);
        } else if path.is_dir() && depth < DEEPEST {
            collect(&path, depth + 1, files, trouble);
        }
    }
}

/// The names of formats, for help texts.
pub fn format_names() -> String {
    FORMATS.map(|known| known.0).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(values: &[Value]) -> Vec<(String, String)> {
        values
            .iter()
            .map(|one| (one.name.clone(), String::from_utf8_lossy(&one.value).into_owned()))
            .collect()
    }

    #[test]
    fn names_come_from_keys_or_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api-key");
        std::fs::write(&path, "s3cretvalue\n").unwrap();
        let read = |text: &str| shown(&Named::parse(text).read().unwrap());
        let text = path.display().to_string();
        assert_eq!(read(&text), [("api-key".to_owned(), "s3cretvalue".to_owned())]);
        std::fs::write(&path, "{\"a\":{\"token\":\"s3cretvalue\"}}").unwrap();
        assert_eq!(read(&text), [("token".to_owned(), "s3cretvalue".to_owned())]);
        assert_eq!(read(&format!("raw={text}"))[0].0, "api-key");
        std::fs::write(&path, "user: s3cretvalue").unwrap();
        assert_eq!(read(&text), [("api-key".to_owned(), "user: s3cretvalue".to_owned())]);
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let error = Named::parse("/nonexistent/x").read().err().unwrap().to_string();
        assert!(error.contains("/nonexistent/x") && error.contains("nothing was run"), "{error}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "{\"hidden\": ").unwrap();
        let error = Named::parse(&format!("json={}", path.display())).read().err().unwrap().to_string();
        assert!(error.contains("not JSON") && !error.contains("hidden"), "{error}");
    }

    #[test]
    fn mounts() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/..data")).unwrap();
        std::fs::write(folder.path().join("a/password"), "s3cretvalue").unwrap();
        std::fs::write(folder.path().join("a/..data/password"), "s3cretvalue").unwrap();
        std::fs::write(
            folder.path().join("ca.crt"),
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        )
        .unwrap();
        assert_eq!(
            shown(&mounted(folder.path()).values),
            [("password".to_owned(), "s3cretvalue".to_owned())]
        );
        assert!(mounted(Path::new("/nonexistent")).values.is_empty());
    }
}
