//! Measures of names: which words they hold and where.

use super::NameKind;

/// The words of an identifier in lower case, split at signs and capitals, and the whole without signs.
pub(super) struct Words {
    pub(super) parts: Vec<Vec<u8>>,
    pub(super) joined: Vec<u8>,
}

/// Split an identifier or any short text into words.
pub(super) fn split(text: &[u8]) -> Words {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    let mut joined = Vec::with_capacity(text.len());
    let mut fresh = true;
    for (at, &byte) in text.iter().enumerate() {
        if !(byte.is_ascii_alphanumeric() || byte >= 0x80) {
            fresh = true;
            continue;
        }
        let before = at.checked_sub(1).map_or(b' ', |before| text[before]);
        let behind = text.get(at + 1).copied().unwrap_or(b' ');
        let hump = byte.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || before.is_ascii_uppercase() && behind.is_ascii_lowercase());
        if fresh || hump {
            parts.push(Vec::new());
            fresh = false;
        }
        if let Some(part) = parts.last_mut() {
            part.push(byte.to_ascii_lowercase());
        }
        joined.push(byte.to_ascii_lowercase());
    }
    Words { parts, joined }
}

const PASSWORD: [&str; 24] = [
    "passw",
    "passphrase",
    "passcode",
    "pwd",
    "psw",
    "pswd",
    "passwd",
    "pass_w",
    "senha",
    "contrase",
    "kennwort",
    "parola",
    "mdp",
    "wachtwoord",
    "heslo",
    "hasło",
    "ifre",
    "senord",
    "ароль",
    "パスワード",
    "密码",
    "密碼",
    "비밀번호",
    "암호",
];
/// Where the words of other languages begin in [`PASSWORD`].
const FOREIGN: usize = 8;
const STRONG_KEY: [&str; 26] = [
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "encryptionkey",
    "encryptkey",
    "signingkey",
    "signkey",
    "masterkey",
    "authkey",
    "sharedkey",
    "servicekey",
    "licensekey",
    "accountkey",
    "storagekey",
    "sessionkey",
    "cryptkey",
    "aeskey",
    "hmackey",
    "jwtkey",
    "deploykey",
    "serverkey",
    "clientkey",
    "密钥",
    "金鑰",
    "秘密鍵",
];
/// Words at a name's end that tell of something about a secret, not the secret.
const ABOUT: &str = " field label input placeholder hint policy strength rule rules regex regexp pattern length len min max reset forgot changed expired expiry expires expiration expire error errors message msg required type types hasher encoder visible show hide toggle column attribute property param params parameter name names file filename path paths dir folder manager url uri endpoint ttl count limit limits id ids index idx list address symbol class kind pos position ref refs arn version store provider size sizes vault board frame note stroke up down press code codes space word words alias format prefix suffix header headers separator generator factory handler helper service method methods mode scope scopes status state time date timeout interval enabled disabled callback component view form page text title description desc tooltip icon button link template schema model entity table validator validation check checker mask map event events listener algorithm alg encoding usage curve func function fn fmt info data option options config settings user username email host port domain issuer audience realm source target set get is has flag bits strategy plugin module package repository server client request response result object item items array string strings num number total tokens keys secrets passwords credentials ";
const PUBLIC: &str = " public pub site foreign primary partition cache sort row hash index map dict object row column widget storage local react translation i18n l10n locale menu routing route topic queue registry context ctx test websocket nonce idempotency csrf xsrf authenticity ";
const DIGESTS: &str = " hash hashed digest encrypted encoded crypted checksum fingerprint signature sha sha1 sha256 md5 salt salted bcrypt ";
const FAKES: &str =
    " test fake dummy mock example sample invalid wrong bad demo incorrect expected default placeholder ";
const USERS: &str = " user username login account email admin root db database ftp smtp mail mysql postgres redis rabbitmq ldap ssh host jdbc ";

/// True where `word` is in a list of words with blanks around each.
pub(super) fn listed(list: &str, word: &[u8]) -> bool {
    list.as_bytes().split(|&byte| byte == b' ').any(|held| held == word) && !word.is_empty()
}

fn holds(text: &[u8], word: &str) -> bool {
    memchr::memmem::find(text, word.as_bytes()).is_some()
}

fn is_password(words: &Words) -> bool {
    PASSWORD.iter().any(|word| holds(&words.joined, word))
        || words
            .parts
            .iter()
            .any(|part| part == b"pass" || part == b"pw" || part.ends_with(b"pass") || part == b"clave")
}

/// The kind of credential a name speaks of.
pub(super) fn kind(name: &[u8]) -> NameKind {
    let words = split(name);
    if is_password(&words) {
        NameKind::Password
    } else if holds(&words.joined, "token")
        || holds(&words.joined, "auth")
        || !holds(&words.joined, "key") && !STRONG_KEY.iter().any(|word| holds(&words.joined, word))
    {
        NameKind::Token
    } else {
        NameKind::Key
    }
}

/// Words that make a name speak of a credential even where the value is an ordinary word.
const TELLING: [&str; 12] =
    ["pass", "pw", "ps", "secret", "token", "cred", "senha", "mdp", "clave", "parola", "heslo", "kennwort"];

/// True where a name says little (`key`, `author`), so that an ordinary word is no credential of it.
pub(super) fn says_little(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    name.is_ascii() && !TELLING.iter().any(|word| holds(&lower, word))
}

/// Ends of names that speak of the secret itself.
const ENDS: [&str; 12] =
    ["pass", "word", "wd", "phrase", "secret", "token", "key", "auth", "authorization", "cred", "psw", "pw"];

/// The last word of a name that is no number.
fn last(words: &Words) -> &[u8] {
    words.parts.iter().rev().find(|part| !part.iter().all(u8::is_ascii_digit)).map_or(&[], Vec::as_slice)
}

/// True where a name ends with a word for a secret: `api_key`, not `key_error`.
pub(super) fn ends_well(name: &[u8]) -> bool {
    let words = split(name);
    ENDS.iter().any(|word| last(&words).ends_with(word.as_bytes())) || !name.is_ascii()
}

/// True where a name ends with a word for a password.
pub(super) fn of_password_at_end(name: &[u8]) -> bool {
    let words = split(name);
    ["pass", "word", "wd", "phrase", "pw", "psw"].iter().any(|word| last(&words).ends_with(word.as_bytes()))
        || !name.is_ascii()
}

/// True where a name speaks of a password.
pub(super) fn of_password(name: &[u8]) -> bool {
    is_password(&split(name))
}

/// Number of measures of a name.
pub(super) const COUNT: usize = 21;

/// What the measures of a name are called.
pub(super) const NAMES: [&str; COUNT] = [
    "name: password",
    "name: secret",
    "name: token",
    "name: strong key",
    "name: key",
    "name: auth",
    "name: credential",
    "name: last word",
    "name: about a secret",
    "name: about, anywhere",
    "name: public",
    "name: digest",
    "name: fake",
    "name: of a service",
    "name: words",
    "name: length",
    "name: capitals",
    "name: humps",
    "name: dots",
    "name: dashes",
    "name: single word",
];

/// The measures of a name.
pub(super) fn measure(name: &[u8], words: &Words, out: &mut Vec<i16>) {
    let joined = &words.joined;
    let password = is_password(words);
    let secret = holds(joined, "secret") || holds(joined, "секрет");
    let token = holds(joined, "token") || holds(joined, "bearer");
    let strong = STRONG_KEY.iter().any(|word| holds(joined, word));
    let key = holds(joined, "key");
    let auth = holds(joined, "auth");
    let credential = holds(joined, "cred") || holds(joined, "connectionstring");
    let last = last(words);
    // Of other languages' words the whole says what they are.
    let foreign = !name.is_ascii() || PASSWORD[FOREIGN..].iter().any(|word| holds(joined, word));
    let ends = ENDS.iter().any(|word| last.ends_with(word.as_bytes())) || foreign && password;
    let any = |list: &str| words.parts.iter().any(|part| listed(list, part));
    let count = |wanted: fn(&u8) -> bool| name.iter().filter(|byte| wanted(byte)).count();
    let letters = count(u8::is_ascii_alphabetic).max(1);
    let flag = i16::from;
    out.extend([
        flag(password),
        flag(secret),
        flag(token),
        flag(strong),
        flag(key),
        flag(auth),
        flag(credential),
        flag(ends),
        flag(listed(ABOUT, last)),
        words.parts.iter().filter(|part| listed(ABOUT, part)).count().min(3) as i16,
        flag(any(PUBLIC) || holds(joined, "pubkey") || holds(joined, "publickey")),
        flag(any(DIGESTS)),
        flag(any(FAKES)),
        flag(any(USERS)),
        words.parts.len().min(8) as i16,
        name.len().min(60) as i16,
        flag(count(u8::is_ascii_uppercase) == letters),
        flag(
            words.parts.len() > 1
                && count(u8::is_ascii_uppercase) < letters
                && count(u8::is_ascii_uppercase) > 0,
        ),
        count(|&byte| byte == b'.').min(4) as i16,
        count(|&byte| byte == b'-').min(4) as i16,
        flag(words.parts.len() == 1),
    ]);
}
