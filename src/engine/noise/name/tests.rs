//! What names say of their values, rule by rule.

use super::*;

/// For which of these names a rule says yes.
fn told<'a>(rule: fn(&Name<'_>) -> bool, names: &[&'a str]) -> Vec<&'a str> {
    names.iter().copied().filter(|name| rule(&Name::new(name.as_bytes()))).collect()
}

#[track_caller]
fn check(rule: fn(&Name<'_>) -> bool, yes: &[&str], no: &[&str]) {
    assert_eq!(told(rule, yes), yes);
    assert_eq!(told(rule, no), [""; 0]);
}

#[test]
fn keys_that_are_no_secrets() {
    check(
        of_open_key,
        &[
            "cache_key",
            "Sec-WebSocket-Key",
            "idempotencyKey",
            "Idempotency-Key",
            "partition_key",
            "DEDUPLICATION_KEY",
            "storageKey",
            "verify_key",
            "sort-key",
            "primaryKey",
            "app.foreign.key",
        ],
        &[
            "api_key",
            "key",
            "cache_key_secret",
            "storage_account_key",
            "cacheSecret",
            "websocket_key_password",
            "",
        ],
    );
}

#[test]
fn identifiers_of_keys() {
    check(
        of_key_id,
        &["key_id", "kmsKeyId", "signing-key-id", "KEYID"],
        &["aws_access_key_id", "AccessKeyId", "key", "key_identity", "kid_key"],
    );
}

#[test]
fn public_keys() {
    check(
        of_public_key,
        &["public_key", "PublicKeyToken", "minisign_pubkey", "sshPublicKey"],
        &["private_key", "public_key_password", "public_client_secret", "publish_key"],
    );
}

#[test]
fn digests() {
    check(
        of_digest,
        &[
            "password_hash",
            "encryption_key_sha256",
            "tokenDigest",
            "encodedPassword_md5",
            "key_hash_2",
            "secretSHA1",
        ],
        &["hash_key", "password", "sha_secret", "encrypted_password_field"],
    );
}

#[test]
fn stored_forms() {
    check(
        of_stored_password,
        &["encodedPassword", "saltedpassword", "user.hashed_password"],
        &["password", "encoded_key", "password_encoder", "encoderPassword"],
    );
}

#[test]
fn what_is_told_about_secrets() {
    check(
        about,
        &[
            "password_policy",
            "tokenType",
            "secret_name",
            "key-length",
            "PASSWORD_RESET_URL",
            "forgotPassword_label",
        ],
        &["password", "api_token", "key_2", "token_code"],
    );
}

#[test]
fn what_is_issued_to_be_kept() {
    check(
        of_issued_secret,
        &["client_secret", "apiKey", "SECRET_KEY_BASE", "app.signing-key", "secret"],
        &["secret_id", "key", "cache_key", "public_key", "token", "secret_name", "api_key_id"],
    );
}

#[test]
fn passwords_by_their_names() {
    check(
        of_password,
        &[
            "db_password",
            "DB_PASS",
            "userPwd",
            "pw",
            "masterauth",
            "clave",
            "passphrase",
            "\u{43f}\u{430}\u{440}\u{43e}\u{43b}\u{44c}",
        ],
        &["token", "compass_heading", "bypass", "masterauthor"],
    );
}
