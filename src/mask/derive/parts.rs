//! The secret parts of URLs, connection strings, pairs and headers.

use super::class;
use super::names;

/// User info and query values of a URL: raw and percent-decoded.
pub fn of_url(value: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let Ok(text) = std::str::from_utf8(value) else { return parts };
    let Some((scheme, rest)) = text.split_once("://") else { return parts };
    // `jdbc:postgresql://` and `git+https://` count; a text with a URL somewhere in it does not.
    if scheme.is_empty()
        || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.:".contains(&byte))
    {
        return parts;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    // A password may hold an unescaped `/` or `?`; the last `@` before the path is what counts otherwise.
    let user_info = match authority.rsplit_once('@') {
        Some((info, _)) => Some(info),
        None => {
            rest.split(char::is_whitespace).next().and_then(|rest| rest.split_once('@')).map(|split| split.0)
        }
    };
    if let Some(info) = user_info {
        match info.split_once(':') {
            Some((user, password)) => {
                both(password, &mut parts);
                if class::strong(user.as_bytes()) {
                    both(user, &mut parts);
                }
                if !password.is_empty() {
                    both(info, &mut parts);
                }
            }
            None => both(info, &mut parts),
        }
    }
    let query = rest.split_once(['?', '#']).map_or("", |split| split.1);
    for pair in query.split(['&', ';', '#']) {
        if let Some((name, value)) = pair.split_once('=')
            && (names::secretive(&decoded(name)) || class::strong(value.as_bytes()))
        {
            both(value, &mut parts);
        }
    }
    for segment in rest.split(['?', '#']).next().unwrap_or_default().split('/').skip(1) {
        if class::strong(segment.as_bytes()) {
            both(segment, &mut parts);
        }
    }
    parts
}

fn both(text: &str, parts: &mut Vec<Vec<u8>>) {
    if text.is_empty() {
        return;
    }
    parts.push(text.as_bytes().to_vec());
    if text.contains('%') {
        parts.push(percent_decoded(text.as_bytes()));
    }
}

fn decoded(text: &str) -> String {
    String::from_utf8_lossy(&percent_decoded(text.as_bytes())).into_owned()
}

/// Percent escapes undone; what is no escape stays.
pub fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match (text[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// Secret parts of `Server=…;Password=…;` (ADO.NET, Azure) and of `host=… password=…` (libpq).
pub fn of_connection_string(value: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let Ok(text) = std::str::from_utf8(value) else { return parts };
    if text.contains('\n') {
        return parts;
    }
    let separator = if text.contains(';') { ';' } else { ' ' };
    let pairs: Vec<(&str, &str)> = text
        .split(separator)
        .filter_map(|part| part.trim().split_once('='))
        .filter(|(name, _)| {
            !name.is_empty()
                && name.len() < 64
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" _-".contains(&byte))
        })
        .collect();
    if separator == ' ' && pairs.len() < 2 {
        return parts;
    }
    for (name, value) in pairs {
        let known = ["accountkey", "sharedaccesskey", "sharedaccesssignature", "pwd", "password"];
        let name = name.replace(' ', "");
        if names::secretive(&name) || known.contains(&name.to_ascii_lowercase().as_str()) {
            let value = value.trim();
            let inner = ['"', '\''].iter().find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote));
            parts.push(inner.unwrap_or(value).as_bytes().to_vec());
        }
    }
    parts
}

/// The password of `user:password`.
pub fn of_pair(value: &[u8]) -> Option<Vec<u8>> {
    let colon = memchr::memchr(b':', value)?;
    let (user, password) = (&value[..colon], &value[colon + 1..]);
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-@+$%\\".contains(byte);
    let single = !value.iter().any(|byte| byte.is_ascii_whitespace());
    let digest = user.starts_with(b"sha") || user == b"md5";
    (single
        && !digest
        && (1..=64).contains(&user.len())
        && user.iter().all(plain)
        && !password.starts_with(b"//"))
    .then(|| password.to_vec())
}

/// The credential of `Bearer …`, `Basic …`, `token …` or `Authorization: …`.
pub fn of_header(value: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(value).ok()?;
    if let Some((name, rest)) = text.split_once(": ")
        && names::secretive(name)
        && !name.contains(char::is_whitespace)
    {
        return Some(rest.trim().as_bytes().to_vec());
    }
    let (scheme, rest) = text.split_once(' ')?;
    let known = ["bearer", "basic", "token", "apikey", "negotiate", "digest", "splunk", "genie-key"];
    (known.contains(&scheme.to_ascii_lowercase().as_str()) && !rest.trim().contains(' '))
        .then(|| rest.trim().as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(parts: Vec<Vec<u8>>) -> Vec<String> {
        parts.into_iter().map(|part| String::from_utf8(part).unwrap()).collect()
    }

    #[test]
    fn url_user_info_and_query() {
        assert_eq!(
            texts(of_url(b"postgres://anna:p%40ss/x@h:5432/db")),
            ["p%40ss/x", "p@ss/x", "anna:p%40ss/x", "anna:p@ss/x"]
        );
        assert_eq!(texts(of_url(b"https://tok3n@h.example/r")), ["tok3n"]);
        assert_eq!(
            texts(of_url(&[&b"redis://:"[..], b"v%2Fw@h/0?ssl=true"].concat())),
            ["v%2Fw", "v/w", ":v%2Fw", ":v/w"]
        );
        assert_eq!(texts(of_url(b"https://h/x?sig=a%2Bb&page=2&token=zz#f")), ["a%2Bb", "a+b", "zz"]);
        assert!(of_url(b"https://h.example/path/to").is_empty());
        assert!(of_url(b"see https://anna:x@h").is_empty());
    }

    #[test]
    fn connection_strings() {
        let text =
            ["Server=tcp:h,1433;User ID=anna;Password=", "'p;w';Encrypt=True;AccountKey=abc=="].concat();
        assert_eq!(texts(of_connection_string(text.as_bytes())), ["'p", "abc=="]);
        assert_eq!(texts(of_connection_string(b"host=h user=u password=pw1")), ["pw1"]);
        assert!(of_connection_string(b"password is=x").is_empty());
    }

    #[test]
    fn pairs_and_headers() {
        assert_eq!(of_pair(b"anna:se:cret").unwrap(), b"se:cret");
        assert!(of_pair(b"sha256:00ff").is_none() && of_pair(b"http://h").is_none());
        assert_eq!(of_header(b"Bearer abc").unwrap(), b"abc");
        assert_eq!(of_header(b"Authorization: Basic abc").unwrap(), b"Basic abc");
        assert!(of_header(b"the word token here").is_none());
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(value in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80)) {
            of_url(&value);
            of_connection_string(&value);
            of_pair(&value);
            of_header(&value);
            percent_decoded(&value);
        }
    }
}
