//! Paths as URI references (RFC 3986), relative to the top of the repository where that is known.

use super::Options;
use std::fmt::Write;
use std::path::{Component, Path, PathBuf};

/// A URI reference.
pub struct Uri {
    /// The reference, percent-encoded: ASCII only.
    pub text: String,
    /// True where it names something below the directory that the report is about.
    pub below: bool,
}

/// A path on disk as seen from `options.root` where it lies below it, otherwise as the path was given;
/// `.` and `..` are taken out by name. Absolute outside of the root.
pub fn relative(path: &Path, options: &Options) -> PathBuf {
    match (&options.base, &options.root) {
        (Some(base), Some(root)) => {
            let whole = normal(&base.join(path));
            whole.strip_prefix(normal(root)).map(Path::to_path_buf).unwrap_or(whole)
        }
        (None, Some(root)) => {
            let whole = normal(path);
            whole.strip_prefix(normal(root)).map(Path::to_path_buf).unwrap_or(whole)
        }
        (_, None) => normal(path),
    }
}

/// The URI of a path on disk: see [`relative`]; absolute paths outside of the root become `file:` URIs.
pub fn of_file(path: &Path, options: &Options) -> Uri {
    let path = relative(path, options);
    let relative = !path.has_root();
    let bytes = slashed(&path);
    let text = match (relative, bytes.is_empty()) {
        (true, true) => ".".to_owned(),
        (true, false) => encode(&bytes),
        // `C:/x` of Windows has no leading slash of its own.
        (false, _) if bytes.starts_with(b"/") => format!("file://{}", encode(&bytes)),
        (false, _) => format!("file:///{}", encode(&bytes)),
    };
    Uri { text, below: relative && !path.starts_with("..") }
}

/// The URI of a path that git names, relative to the top of the work tree.
pub fn of_git_path(path: &[u8]) -> Uri {
    Uri { text: encode(path), below: true }
}

/// Percent-encode everything but unreserved characters and slashes. Bytes that are not UTF-8 keep
/// their value. A colon is encoded too: in a first segment it would end a scheme.
pub fn encode(path: &[u8]) -> String {
    let mut out = String::with_capacity(path.len());
    for &byte in path {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// `.` and `..` taken out by name only: links are not looked at, and nothing is read.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            Component::ParentDir if out.has_root() => {}
            other => out.push(other),
        }
    }
    out
}

fn slashed(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if cfg!(windows) {
        bytes.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect()
    } else {
        bytes.to_vec()
    }
}

/// Is this surely a URI of the web? Only such may stand where a form asks for one.
pub(super) fn is_link(link: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}%[]".contains(&byte);
    ["https://", "http://"].iter().any(|scheme| link.len() > scheme.len() && link.starts_with(scheme))
        && link.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str, base: Option<&str>, root: Option<&str>) -> String {
        let options =
            Options { base: base.map(PathBuf::from), root: root.map(PathBuf::from), ..Options::default() };
        of_file(Path::new(path), &options).text
    }

    #[test]
    fn relative_paths_stay_relative() {
        assert_eq!(text("./src/a b.rs", None, None), "src/a%20b.rs");
        assert_eq!(text("a:b#c?d%.txt", None, None), "a%3Ab%23c%3Fd%25.txt");
        assert_eq!(text("../x", None, None), "../x");
        assert_eq!(text(".", None, None), ".");
    }

    #[test]
    fn the_root_is_taken_off() {
        assert_eq!(text("src/a.rs", Some("/repo/sub"), Some("/repo")), "sub/src/a.rs");
        assert_eq!(text("../a.rs", Some("/repo/sub"), Some("/repo")), "a.rs");
        assert_eq!(text("/repo/x/./y", None, Some("/repo")), "x/y");
        assert_eq!(text("x", None, Some("/repo")), "x");
    }

    #[test]
    fn what_lies_outside_is_absolute() {
        assert_eq!(text("/etc/pass wd", None, Some("/repo")), "file:///etc/pass%20wd");
        assert_eq!(text("../../etc/x", Some("/repo"), Some("/repo")), "file:///etc/x");
        assert_eq!(text("/repository/x", None, Some("/repo")), "file:///repository/x");
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_not_text_keep_their_value() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"a\xff/\xc3\xa4"));
        assert_eq!(of_file(path, &Options::default()).text, "a%FF/%C3%A4");
        assert_eq!(of_git_path(b"a\xff").text, "a%FF");
    }

    #[test]
    fn only_plain_addresses_are_links() {
        for (link, is) in [
            ("https://example.org/a?b=c#d", true),
            ("http://x", true),
            ("https://", false),
            ("javascript:alert(1)", false),
            ("https://a b", false),
            ("docs.example", false),
            ("https://ä", false),
            ("https://a\"><b", false),
        ] {
            assert_eq!(is_link(link), is, "{link}");
        }
    }
}
