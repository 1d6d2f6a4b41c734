//! Measures of names: which words they hold and where.

use super::NameKind;
use crate::engine::words::{WordSearch, WordSet};
use std::cell::OnceCell;

/// The words of an identifier in lower case, split at signs and capitals, and the whole without signs.
pub(super) struct Words {
    pub(super) joined: Vec<u8>,
    /// Where each word ends in the whole.
    ends: Vec<u16>,
}

impl Words {
    /// Word by word.
    pub(super) fn parts(&self) -> impl DoubleEndedIterator<Item = &[u8]> + Clone {
        let start = |index: usize| index.checked_sub(1).map_or(0, |before| usize::from(self.ends[before]));
        self.ends.iter().enumerate().map(move |(index, &end)| &self.joined[start(index)..usize::from(end)])
    }

    /// How many words there are.
    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }
}

/// Split an identifier or any short text into words.
pub(super) fn split(text: &[u8]) -> Words {
    let mut words = Words { joined: Vec::with_capacity(text.len()), ends: Vec::with_capacity(8) };
    let mut fresh = true;
    let mut before = b' ';
    for (at, &byte) in text.iter().enumerate() {
        let last = std::mem::replace(&mut before, byte);
        if !(byte.is_ascii_alphanumeric() || byte >= 0x80) {
            fresh = true;
            continue;
        }
        let hump = byte.is_ascii_uppercase()
            && (last.is_ascii_lowercase()
                || last.is_ascii_digit()
                || last.is_ascii_uppercase() && text.get(at + 1).is_some_and(u8::is_ascii_lowercase));
        if fresh || hump {
            words.ends.push(words.joined.len() as u16);
            fresh = false;
        }
        words.joined.push(byte.to_ascii_lowercase());
        if let Some(end) = words.ends.last_mut() {
            *end = words.joined.len() as u16;
        }
    }
    words
}

/// A name, and what is known of its words once it was asked for.
pub(super) struct Name<'a> {
    pub(super) text: &'a [u8],
    words: OnceCell<(Words, u64)>,
}

impl<'a> Name<'a> {
    /// The name that stands in `text`.
    pub(super) fn new(text: &'a [u8]) -> Name<'a> {
        Name { text, words: OnceCell::new() }
    }

    fn known(&self) -> &(Words, u64) {
        self.words.get_or_init(|| {
            let words = split(self.text);
            let found = SEARCH.find(&words.joined);
            (words, found)
        })
    }

    /// Its words.
    pub(super) fn words(&self) -> &Words {
        &self.known().0
    }

    /// Which of [`SOUGHT`] stand in it, signs apart.
    fn found(&self) -> u64 {
        self.known().1
    }
}

/// What is looked for in names: words for passwords, for other secrets, and for keys that are surely
/// secret.
const SOUGHT: [&str; 60] = [
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
    "secret",
    "секрет",
    "token",
    "bearer",
    "key",
    "auth",
    "cred",
    "connectionstring",
    "pubkey",
    "publickey",
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
static SEARCH: WordSearch<60> = WordSearch::new(SOUGHT);

/// The places of the groups of [`SOUGHT`] as bits.
const PASSWORD: u64 = WordSearch::<60>::bits(0, 24);
/// Words of other languages.
const FOREIGN: u64 = WordSearch::<60>::bits(8, 24);
const SECRET: u64 = WordSearch::<60>::bits(24, 26);
const TOKEN: u64 = WordSearch::<60>::bits(26, 28);
const ONLY_TOKEN: u64 = WordSearch::<60>::bits(26, 27);
const KEY: u64 = WordSearch::<60>::bits(28, 29);
const AUTH: u64 = WordSearch::<60>::bits(29, 30);
const CREDENTIAL: u64 = WordSearch::<60>::bits(30, 32);
const PUBLIC_KEY: u64 = WordSearch::<60>::bits(32, 34);
const STRONG_KEY: u64 = WordSearch::<60>::bits(34, 60);

/// Words at a name's end that tell of something about a secret, not the secret.
static ABOUT: WordSet<1024> = WordSet::new(
    " field label input placeholder hint policy strength rule rules regex regexp pattern length len min max reset forgot changed expired expiry expires expiration expire error errors message msg required type types hasher encoder visible show hide toggle age warning column attribute property param params parameter name names file filename path paths dir folder manager url uri endpoint ttl count limit limits id ids index idx list address symbol class kind pos position ref refs arn version store provider size sizes vault board frame note stroke up down press code codes space word words alias format prefix suffix header headers separator generator factory handler helper service method methods mode scope scopes status state time date timeout interval enabled disabled callback component view form page text title description desc tooltip icon button link template schema model entity table validator validation check checker mask map event events listener algorithm alg encoding usage curve func function fn fmt info data option options config settings user username email host port domain issuer audience realm source target set get is has flag bits strategy plugin module package repository server client request response result object item items array string strings num number total tokens keys secrets passwords credentials ",
);
static PUBLIC: WordSet<128> = WordSet::new(
    " public pub site foreign primary partition cache sort row hash index map dict object row column widget storage local react translation i18n l10n locale menu routing route topic queue registry context ctx test websocket nonce idempotency csrf xsrf authenticity ",
);
static OPEN_KEYS: WordSet<32> =
    WordSet::new(" websocket idempotency partition cache deduplication sort primary foreign storage verify ");
static DIGESTS: WordSet<64> = WordSet::new(
    " hash hashed digest encrypted encoded crypted checksum fingerprint signature sha sha1 sha256 md5 salt salted bcrypt ",
);
static FAKES: WordSet<64> = WordSet::new(
    " test fake dummy mock example sample invalid wrong bad demo incorrect expected default placeholder ",
);
static USERS: WordSet<64> = WordSet::new(
    " user username login account email admin root db database ftp smtp mail mysql postgres redis rabbitmq ldap ssh host jdbc ",
);

/// Words that end like one for a password and are none.
const OTHER_PASS: [&[u8]; 5] = [b"compass", b"bypass", b"trespass", b"surpass", b"encompass"];

/// True where a name speaks of a password.
pub(super) fn of_password(name: &Name<'_>) -> bool {
    name.found() & PASSWORD != 0
        || name.words().parts().any(|part| {
            let passes = part.ends_with(b"pass") && !OTHER_PASS.contains(&part);
            passes || [&b"pw"[..], b"clave", b"identified", b"masterauth"].contains(&part)
        })
}

/// The kind of credential a name speaks of.
pub(super) fn kind(name: &Name<'_>) -> NameKind {
    let found = name.found();
    if of_password(name) {
        NameKind::Password
    } else if found & (ONLY_TOKEN | AUTH) != 0 || found & (KEY | STRONG_KEY) == 0 {
        NameKind::Token
    } else {
        NameKind::Key
    }
}

/// Words that make a name speak of a credential even where the value is an ordinary word.
static TELLING: WordSearch<12> = WordSearch::new([
    "pass", "pw", "ps", "secret", "token", "cred", "senha", "mdp", "clave", "parola", "heslo", "kennwort",
]);

/// True where a name says little (`key`, `author`), so that an ordinary word is no credential of it.
pub(super) fn says_little(name: &[u8]) -> bool {
    name.is_ascii() && TELLING.find_any_case(name) == 0
}

/// Ends of names that speak of the secret itself.
const ENDS: [&str; 12] =
    ["pass", "word", "wd", "phrase", "secret", "token", "key", "auth", "authorization", "cred", "psw", "pw"];

/// The last word of a name that is no number.
fn last(words: &Words) -> &[u8] {
    words.parts().rev().find(|part| !is_number(part)).unwrap_or_default()
}

fn is_number(part: &[u8]) -> bool {
    part.iter().all(u8::is_ascii_digit)
}

/// True where a name ends with a word for a secret: `api_key`, not `key_error`.
pub(super) fn ends_well(name: &Name<'_>) -> bool {
    let last = last(name.words());
    ENDS.iter().any(|word| last.ends_with(word.as_bytes())) || !name.text.is_ascii()
}

/// True where a name ends with a word for a password.
pub(super) fn of_password_at_end(name: &Name<'_>) -> bool {
    let last = last(name.words());
    ["pass", "word", "wd", "phrase", "pw", "psw"].iter().any(|word| last.ends_with(word.as_bytes()))
        || !name.text.is_ascii()
}

/// True for a name of a public key: `PublicKeyToken`, `minisign_pubkey`.
pub(super) fn of_public_key(name: &Name<'_>) -> bool {
    name.found() & PUBLIC_KEY != 0 && name.found() & SECRET == 0 && !of_password(name)
}

/// True for a name of a key that is no secret: `cache_key`, `idempotency_key`.
pub(super) fn of_open_key(name: &Name<'_>) -> bool {
    let mut words = name.words().parts().rev();
    words.next() == Some(b"key") && words.next().is_some_and(|word| OPEN_KEYS.has(word))
        || name.words().joined.ends_with(b"websocketkey")
}

/// True for a name that ends with `key id` or `kid`.
pub(super) fn of_key_id(name: &Name<'_>) -> bool {
    let joined = &name.words().joined;
    joined.ends_with(b"keyid") && !joined.ends_with(b"accesskeyid")
}

/// True for a name of what machines issue to keep secret: `client_secret`, `api_key`, `secret_key_base`.
pub(super) fn of_issued_secret(name: &Name<'_>) -> bool {
    let spoken = name.found() & (SECRET | STRONG_KEY) != 0 && name.found() & PUBLIC_KEY == 0;
    spoken && (ends_well(name) || name.words().joined.ends_with(b"secretkeybase"))
}

/// True for a name that ends with a word that tells of something about a secret.
pub(super) fn about(name: &Name<'_>) -> bool {
    let last = last(name.words());
    ABOUT.has(last) && !last.starts_with(b"code")
}

/// True for a name of the stored form of a password: `encodedPassword`, `saltedpassword`.
pub(super) fn of_stored_password(name: &Name<'_>) -> bool {
    let joined = &name.words().joined;
    of_password(name)
        && [&b"encodedpass"[..], b"hashedpass", b"saltedpass", b"crypted_pass"]
            .iter()
            .any(|start| memchr::memmem::find(joined, start).is_some())
}

/// True for a name that ends with a word for what was made of something by a hash function.
pub(super) fn of_digest(name: &Name<'_>) -> bool {
    name.words().parts().rev().find(|part| !is_number(part)).is_some_and(|part| DIGESTS.has(part))
        || name.words().parts().next_back().is_some_and(|part| DIGESTS.has(part))
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
pub(super) fn measure(name: &Name<'_>, out: &mut Vec<i16>) {
    let (words, found) = name.known();
    let has = |group: u64| found & group != 0;
    let password = of_password(name);
    let last = last(words);
    // Of other languages' words the whole says what they are.
    let foreign = !name.text.is_ascii() || has(FOREIGN);
    let ends = ENDS.iter().any(|word| last.ends_with(word.as_bytes())) || foreign && password;
    let mut held = [false; 4];
    let mut about = 0;
    for part in words.parts() {
        held[0] |= PUBLIC.has(part);
        held[1] |= DIGESTS.has(part);
        held[2] |= FAKES.has(part);
        held[3] |= USERS.has(part);
        about += i16::from(ABOUT.has(part));
    }
    let count = |wanted: fn(&u8) -> bool| name.text.iter().filter(|byte| wanted(byte)).count();
    let letters = count(u8::is_ascii_alphabetic).max(1);
    let capitals = count(u8::is_ascii_uppercase);
    let flag = i16::from;
    out.extend([
        flag(password),
        flag(has(SECRET)),
        flag(has(TOKEN)),
        flag(has(STRONG_KEY)),
        flag(has(KEY)),
        flag(has(AUTH)),
        flag(has(CREDENTIAL)),
        flag(ends),
        flag(ABOUT.has(last)),
        about.min(3),
        flag(held[0] || has(PUBLIC_KEY)),
        flag(held[1]),
        flag(held[2]),
        flag(held[3]),
        words.count().min(8) as i16,
        name.text.len().min(60) as i16,
        flag(capitals == letters),
        flag(words.count() > 1 && capitals < letters && capitals > 0),
        count(|&byte| byte == b'.').min(4) as i16,
        count(|&byte| byte == b'-').min(4) as i16,
        flag(words.count() == 1),
    ]);
}

#[cfg(test)]
mod tests;
