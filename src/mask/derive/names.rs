//! Names of variables, keys and parameters that hold secrets.

use crate::engine::assign;

/// Words that make a name one of a secret.
const SECRET: [&str; 46] = [
    "pass",
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "pw",
    "psw",
    "secret",
    "secrets",
    "token",
    "tokens",
    "key",
    "keys",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "privkey",
    "authkey",
    "accountkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "licensekey",
    "deploykey",
    "credential",
    "credentials",
    "cred",
    "creds",
    "auth",
    "authorization",
    "authtoken",
    "bearer",
    "jwt",
    "pat",
    "cookie",
    "dsn",
    "sas",
    "otp",
    "totp",
    "sig",
    "signature",
    "psk",
    "keyfile",
];

/// Parts of longer words that do the same: `DBPASSWORD`, `clientsecret`.
const INSIDE: [&str; 8] =
    ["password", "passwd", "passphrase", "secret", "token", "apikey", "privatekey", "credential"];

/// Last words of names that speak about a secret, and do not hold it.
const ABOUT: [&str; 75] = [
    "file",
    "files",
    "path",
    "paths",
    "dir",
    "directory",
    "folder",
    "id",
    "ids",
    "name",
    "names",
    "url",
    "uri",
    "endpoint",
    "host",
    "hostname",
    "port",
    "address",
    "user",
    "username",
    "email",
    "login",
    "account",
    "ttl",
    "timeout",
    "expires",
    "expiry",
    "expiration",
    "age",
    "count",
    "limit",
    "length",
    "len",
    "size",
    "min",
    "max",
    "type",
    "kind",
    "version",
    "policy",
    "rule",
    "rules",
    "enabled",
    "disabled",
    "required",
    "optional",
    "prefix",
    "suffix",
    "header",
    "format",
    "alg",
    "algo",
    "algorithm",
    "curve",
    "issuer",
    "audience",
    "realm",
    "scope",
    "scopes",
    "sock",
    "socket",
    "agent",
    "cmd",
    "command",
    "helper",
    "askpass",
    "provider",
    "store",
    "method",
    "mode",
    "mechanism",
    "hash",
    "digest",
    "fingerprint",
    "checksum",
];

/// Words before `key` that make it no secret.
const OPEN_KEY: [&str; 22] = [
    "public",
    "pub",
    "publishable",
    "primary",
    "foreign",
    "partition",
    "sort",
    "cache",
    "row",
    "hash",
    "index",
    "map",
    "host",
    "gpg",
    "locale",
    "i18n",
    "issue",
    "project",
    "object",
    "hot",
    "test",
    "feature",
];

/// Whole names that look secret and are not.
const NOT: [&str; 8] =
    ["PWD", "OLDPWD", "INIT_CWD", "SSH_AUTH_SOCK", "XAUTHORITY", "GPG_TTY", "SUDO_ASKPASS", "COLORTERM"];

/// Whole names that hold a secret although no word of them says so.
const ALWAYS: [&str; 5] =
    ["CONNECTION_STRING", "CONNECTIONSTRING", "NETRC", "DOCKER_AUTH_CONFIG", "KUBECONFIG_DATA"];

/// True for a name that speaks of holding a secret: one of its words (split at `_`, `-`, `.`, `/` and
/// capitals) names secrets, and the last word does not tell of something about them, as `_FILE`, `_ID`
/// or `_URL` do.
pub fn secretive(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    if NOT.contains(&upper.as_str()) {
        return false;
    }
    let joined: String = upper.chars().filter(|character| character.is_alphanumeric()).collect();
    if ALWAYS.iter().any(|known| upper.ends_with(known) || joined.ends_with(&known.replace('_', ""))) {
        return true;
    }
    let words = words(name);
    let Some(last) = words.iter().rev().find(|word| !word.bytes().all(|byte| byte.is_ascii_digit())) else {
        return false;
    };
    if ABOUT.contains(&last.as_str()) {
        return false;
    }
    words.iter().enumerate().any(|(at, word)| {
        let word = word.trim_end_matches(|last: char| last.is_ascii_digit());
        let secret = SECRET.contains(&word)
            || INSIDE.iter().any(|part| word.contains(part))
            || !word.is_ascii() && assign::words().iter().any(|known| word.contains(known));
        let open = matches!(word, "key" | "keys") && at > 0 && OPEN_KEY.contains(&words[at - 1].as_str());
        secret && !open
    })
}

/// The words of a name in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    let characters: Vec<char> = name.chars().collect();
    for (at, &character) in characters.iter().enumerate() {
        if !character.is_alphanumeric() {
            before = ' ';
            continue;
        }
        let behind = characters.get(at + 1).copied().unwrap_or(' ');
        let hump = character.is_uppercase()
            && (before.is_lowercase()
                || before.is_ascii_digit()
                || before.is_uppercase() && behind.is_lowercase());
        if before == ' ' || hump {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        for name in [
            "DB_PASSWORD",
            "GITHUB_TOKEN",
            "NPM_AUTH_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "apiKey",
            "clientSecret",
            "DBPASSWORD",
            "MY_KEY",
            "KEY1",
            "PGPASSWORD",
            "MYSQL_PWD",
            "REDIS_AUTH",
            "SENTRY_DSN",
            "CREDS",
            "client-key-data",
            "_authToken",
            "private_key",
            "HTTP_COOKIE",
            "DB_CONNECTION_STRING",
            "密码",
        ] {
            assert!(secretive(name), "{name}");
        }
    }

    #[test]
    fn names_of_other_things() {
        for name in [
            "PWD",
            "OLDPWD",
            "HOME",
            "PATH",
            "SSH_AUTH_SOCK",
            "AWS_ACCESS_KEY_ID",
            "TOKEN_FILE",
            "TOKEN_URL",
            "PUBLIC_KEY",
            "KEYBOARD",
            "SECRET_NAME",
            "PASSWORD_MIN_LENGTH",
            "GPG_KEY",
            "CACHE_KEY",
            "COMPASS",
            "AUTHOR",
            "MONKEY",
            "",
            "___",
            "KEYMAP",
            "TOKENIZERS_PARALLELISM_MODE",
        ] {
            assert!(!secretive(name), "{name}");
        }
    }
}
