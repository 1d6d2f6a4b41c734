//! Passwords in URLs: is it one, or does the URL only show where one would stand?

use super::{shape, weak};
use crate::text::Span;

/// Longest host that is looked at, in bytes.
const HOST: usize = 64;
/// Longest user that is looked at, in bytes.
const USER: usize = 80;
/// Up to this length a password of small letters or digits alone is a word or a number, in bytes.
const PLAIN: usize = 16;
/// Longest name of a member of an object that is looked at, in bytes.
const MEMBER: usize = 128;
/// From this share of weak words on (in hundredths) a password tells nothing of a real one.
pub(super) const WEAK: i16 = 75;

/// False where the password at `secret` of a URL `scheme://user:password@host` is made up: a name for
/// what belongs there (`API_KEY`), signs in percent encoding that try a parser, the words of
/// documentation (`user:pass@example.com`). In a `fixture` (tests, examples, documents) less is taken
/// for a password than elsewhere.
pub fn url_password(text: &[u8], secret: Span, fixture: bool) -> bool {
    let value = &text[secret.range()];
    if constant(value) || format_directive(value) || of_object(&text[..secret.start]) || shape::code(value) {
        return false;
    }
    let decoded = percent_decoded(value);
    let readable: usize = decoded.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    if decoded.len() < value.len() && (readable < 6 || fixture) {
        return false;
    }
    let user = user_before(text, secret.start);
    let host = host_behind(text, secret.end);
    let weak_user = user.is_empty() || user.len() <= 2 || weak::share(user) >= WEAK;
    let weak_value = value.len() <= 3 || weak::share(value) >= WEAK || of_user(value, user);
    let (placeholder, local) = (placeholder_host(host), local_host(host));
    if weak_value && (placeholder || fixture || local) {
        return false;
    }
    // `alberto:einstein` in an example: a plain word or a number where nothing is at stake.
    let word = value.iter().all(|byte| byte.is_ascii_lowercase() || b"-_".contains(byte));
    let plain = value.len() <= PLAIN && (word || value.iter().all(u8::is_ascii_digit));
    !(fixture && (plain || placeholder && weak_user))
}

/// False where the credentials of a Basic authorization header are made up: `user:pass` in base64.
pub fn basic_password(value: &[u8], fixture: bool) -> bool {
    let Ok(text) = base64_simd::forgiving_decode_to_vec(value) else { return true };
    let Some(colon) = memchr::memchr(b':', &text) else { return !fixture };
    let (user, password) = (&text[..colon], &text[colon + 1..]);
    let weak_user = user.len() <= 2 || weak::share(user) >= WEAK;
    let weak_password = weak::share(password) >= WEAK || of_user(password, user) || password.len() <= 3;
    let plain = password.iter().all(u8::is_ascii_lowercase);
    !(weak_password && (weak_user || fixture) || fixture && (plain || !text.is_ascii()))
}

/// `user.password=`, `user->password=`: the name before a value is a member of an object, so what looks like a
/// connection string is code.
fn of_object(before: &[u8]) -> bool {
    let Some(named) = before.strip_suffix(b"=") else { return false };
    let name = named.iter().rev().take(MEMBER).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let owner = &named[..named.len() - name];
    owner.ends_with(b".") || owner.ends_with(b"->")
}

/// `API_KEY`, `SECRET`: a name in capitals.
pub(super) fn constant(value: &[u8]) -> bool {
    value.iter().all(|&byte| byte.is_ascii_uppercase() || b"_-".contains(&byte))
        && (memchr::memchr2(b'_', b'-', value).is_some() || weak::share(value) >= WEAK || value.len() < 7)
}

/// `%s`, `%HTTPPORT`, `%(x)`: something is put here.
pub(super) fn format_directive(value: &[u8]) -> bool {
    value.windows(2).any(|pair| pair[0] == b'%' && matches!(pair[1], b's' | b'v' | b'(' | b'{' | b'@' | b'H'))
}

fn percent_decoded(value: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut out = Vec::with_capacity(value.len());
    let mut at = 0;
    while at < value.len() {
        let pair = (
            value.get(at + 1).and_then(|&byte| digit(byte)),
            value.get(at + 2).and_then(|&byte| digit(byte)),
        );
        match (value[at], pair) {
            (b'%', (Some(high), Some(low))) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// What stands between `://` and the colon before the password.
fn user_before(text: &[u8], secret: usize) -> &[u8] {
    let end = secret.saturating_sub(1);
    let window = &text[end.saturating_sub(USER)..end];
    memchr::memrchr(b'/', window).map_or(window, |slash| &window[slash + 1..])
}

fn host_behind(text: &[u8], end: usize) -> &[u8] {
    let start = (end + 1).min(text.len());
    let window = &text[start..text.len().min(start + HOST)];
    let length = window
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || b".-_%[".contains(byte)))
        .unwrap_or(window.len());
    &window[..length]
}

/// Hosts of documentation: RFC 2606 names, and words that say "a host".
fn placeholder_host(host: &[u8]) -> bool {
    let lower = host.to_ascii_lowercase();
    let has = |part: &[u8]| memchr::memmem::find(&lower, part).is_some();
    const NAMES: [&[u8]; 22] = [
        b"host",
        b"hostname",
        b"server",
        b"domain",
        b"proxy",
        b"default",
        b"foo",
        b"bar",
        b"baz",
        b"myhost",
        b"myserver",
        b"ip",
        b"address",
        b"path",
        b"url",
        b"site",
        b"acme",
        b"company",
        b"somewhere",
        b"otherhost",
        b"yourhost",
        b"x",
    ];
    let first = lower.split(|byte| b".:".contains(byte)).next().unwrap_or(b"");
    has(b"example")
        || has(b"%")
        || lower.ends_with(b".test")
        || lower.ends_with(b".invalid")
        || has(b"acme")
        || lower.len() <= 2
        || NAMES.contains(&first) && memchr::memchr_iter(b'.', &lower).count() <= 1
}

fn local_host(host: &[u8]) -> bool {
    let lower = host.to_ascii_lowercase();
    lower.starts_with(b"localhost")
        || lower.starts_with(b"127.")
        || lower.starts_with(b"0.0.0.0")
        || lower == b"db"
}

/// True where a password is made of its user's name: `home-user:home-pass`, `root:root`, `minio:minio123`.
pub(super) fn of_user(value: &[u8], user: &[u8]) -> bool {
    let same = value.iter().zip(user).take_while(|(one, other)| one.eq_ignore_ascii_case(other)).count();
    let rest = &value[same..];
    let number = rest.len() <= 4 && rest.iter().all(u8::is_ascii_digit);
    same >= 2 && (number || weak::share(rest.strip_prefix(b"-").unwrap_or(rest)) >= WEAK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(url: &str, fixture: bool) -> bool {
        let authority = url.find("://").expect("a scheme") + 3;
        let start = authority + url[authority..].find(':').expect("a password") + 1;
        let end = start + url[start..].find('@').expect("a host");
        url_password(url.as_bytes(), Span::new(start, end), fixture)
    }

    #[test]
    fn documentation_is_no_leak() {
        for url in [
            "http://user:pass@example.com/",
            "https://username:password12345@foo.com/login",
            "mysql://myuser:mypass@localhost/db",
            "smtp://resend:API_KEY@default",
            "http://a%20b:c%20d@host/",
            "postgres://root:root@localhost/db",
            "https://home-user:home-pass@example.com",
            "http://minio:minio123@127.0.0.1:9000/",
            "http://repluser:repluser123@localhost:9000/bucket",
            "nats://u:p@%s:%d",
        ] {
            assert!(!judged(url, false), "{url}");
        }
        // Cut, so that no scanner takes this file for a leak.
        for (scheme, rest) in [
            ("http", "alberto:einstein@somewhere.example/"),
            ("amqp", "root:password2@otherhost"),
            ("ftp", "x:1234@a.b.c"),
        ] {
            let url = format!("{scheme}://{rest}");
            assert!(!judged(&url, true), "{url}");
        }
    }

    #[test]
    fn members_of_objects_are_code() {
        let value = ["xK9", "tR2v", "Qz"].concat();
        for before in ["Server=db;Password=", "\"Pwd=", "password="] {
            let text = format!("{before}{value};");
            assert!(url_password(
                text.as_bytes(),
                Span::new(before.len(), before.len() + value.len()),
                false
            ));
        }
        for before in ["t&&(user.password=", "self->password="] {
            let text = format!("{before}{value};");
            assert!(!url_password(
                text.as_bytes(),
                Span::new(before.len(), before.len() + value.len()),
                false
            ));
        }
    }

    #[test]
    fn made_up_headers_are_no_leaks() {
        let header = |text: &str| base64_simd::STANDARD.encode_to_string(text);
        assert!(!basic_password(header("user:password1").as_bytes(), false));
        assert!(!basic_password(header("alice:secret-passwd").as_bytes(), true));
        assert!(basic_password(header(&["deploy:", "kQ7", "fno6", "tf"].concat()).as_bytes(), true));
        assert!(basic_password(header("deploy:secret1").as_bytes(), false));
    }

    #[test]
    fn passwords_are_leaks() {
        for (user, password, host) in [
            ("app", ["xK9", "tR2v", "Qz"].concat(), "db.internal:5432"),
            ("postgres", ["kQ7", "fno6", "tf"].concat(), "localhost"),
            ("user", ["8f", "Zq", "1LmW0"].concat(), "example.com"),
            ("deploy", ["hunter2"].concat(), "git.corp.net"),
        ] {
            let url = format!("https://{user}:{password}@{host}/x");
            assert!(judged(&url, false), "{url}");
        }
    }
}
