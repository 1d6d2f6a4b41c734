use super::*;
use crate::rules::sample;
use proptest::prelude::*;

/// For each validator that makes parts: a template, and whether a single changed character must be
/// noticed. `None` where the validator never proves.
const TEMPLATES: &[(&str, &str, Option<bool>)] = &[
    ("crc32-base62", "ghp_{base62:30}{crc32-base62:6}", Some(true)),
    ("crc32-base62", "npm_{base62:30}{crc32-base62:6}", Some(true)),
    ("crc32-base62", "vcp_{base62:50}{crc32-base62:6}", Some(true)),
    ("crc32-hex", "cfut_{base62:40}{crc32-hex:8}", Some(true)),
    ("crc32-hex", "zpka_{base36:32}_{crc32-hex:8}", Some(true)),
    ("crc32-hex", "cfsk_ma_test_{hex:32}_{crc32-hex:8}", Some(true)),
    ("crc32-hex-all", "ysc2_{base62:40}{crc32-hex-all:8}", Some(false)),
    ("polar", "polar_oat_{base62:37}{polar:6}", Some(true)),
    ("apify", "apify_api_{base62:30}{apify:6}", Some(false)),
    ("atlassian", "ATATT3xFfGF0{base64url:171}={atlassian:8}", Some(true)),
    ("atlassian", "ATBB{base62:24}{atlassian:8}", Some(true)),
    ("confluent", "cflt{base64:54}{confluent:6}", Some(true)),
    ("grafana-service", "glsa_{base62:32}_{grafana-service:8}", Some(true)),
    ("matrix-synapse", "syt_YWxpY2U_{alpha:20}_{matrix-synapse:6}", Some(true)),
    (
        "github-fine-grained",
        "github_pat_11{base32:7}0{base62:12}_{base62:43}{github-fine-grained:16}",
        Some(false),
    ),
    (
        "github-fine-grained",
        "github_pat_{base62:22}_{base62:43}{github-fine-grained:8}{base62:8}",
        Some(false),
    ),
    ("gitlab-routable", "glpat-{base64url:27}.01.{gitlab-routable:9}", Some(true)),
    ("gitlab-routable", "glrt-t1_{base64url:27}.{gitlab-routable:9}", Some(true)),
    ("gitlab-routable", "glpat-{gitlab-routable:51}", Some(true)),
    ("azure-signature", "{base64:76}+ASt{azure-signature:8}", Some(true)),
    ("azure-signature", "{base64:76}ACDb{azure-signature:8}", Some(true)),
    ("azure-signature", "{base64:76}APIM{azure-signature:8}", Some(true)),
    ("azure-signature", "{base64:33}+ASb{azure-signature:7}", Some(true)),
    ("azure-signature", "{base64:33}AIoT{azure-signature:7}", Some(true)),
    ("azure-signature", "{base64:33}AzCa{azure-signature:7}", Some(false)),
    ("azure-signature", "{base64:42}+ACR{azure-signature:6}", Some(true)),
    ("azure-signature", "{base62:42}AzSe{azure-signature:6}", Some(true)),
    ("azure-signature", "{base64url:44}AzFu{azure-signature:8}", Some(true)),
    ("azure-signature", "{base62:52}JQQJ99BA{base62:12}AAAB{=A:1}COG{azure-signature:4}", Some(true)),
    ("azure-signature", "{base62:52}JQQJ99BA{base62:12}AAAB{=A:1}COG{azure-signature:8}", Some(true)),
    ("azure-entra-secret", "{base62:3}8Q~{[A-Za-z0-9._~-]:31}{azure-entra-secret:3}", Some(true)),
    ("azure-devops-legacy", "{azure-devops-legacy:52}", Some(true)),
    ("aws-key-id", "AKIA{aws-key-id:16}", None),
    ("aws-bedrock", "ABSK{aws-bedrock:128}", Some(false)),
    ("aws-ses-smtp", "{aws-ses-smtp:44}", Some(false)),
    ("discord-token", "{discord-token:24}.{base64url:6}.{base64url:38}", Some(false)),
    ("discord-token", "{discord-token:26}.{base64url:6}.{base64url:38}", Some(false)),
    ("discord-token", "{discord-token:72}", Some(false)),
    ("atlassian-datacenter", "BBDC-{atlassian-datacenter:44}", Some(false)),
    ("atlassian-datacenter", "{atlassian-datacenter:44}", Some(false)),
    ("grafana-json", "glc_{grafana-json:120}", Some(false)),
    ("grafana-json", "{grafana-json:92}", Some(false)),
    ("bech32", "secret-extended-key-main1{bech32:276}", Some(true)),
    ("age", "{age:74}", Some(true)),
    ("age", "AGE-SECRET-KEY-1{age:58}", Some(true)),
    ("age", "{age}", Some(true)),
    ("nostr", "nsec1{nostr:58}", Some(true)),
    ("sui", "suiprivkey1{sui:59}", Some(true)),
    ("base58check", "edsk{base58check:50}", Some(true)),
    ("bitcoin-wif", "{bitcoin-wif:52}", Some(true)),
    ("bitcoin-wif", "5{bitcoin-wif:50}", Some(true)),
    ("bip32-key", "xprv{bip32-key:107}", Some(true)),
    ("bip32-key", "tprv{bip32-key:107}", Some(true)),
    ("bip38-key", "6P{bip38-key:56}", Some(true)),
    ("ripple-seed", "s{ripple-seed:28}", Some(true)),
    ("ripple-seed", "{ripple-seed:31}", Some(true)),
    ("nats-nkey", "SU{nats-nkey:56}", Some(true)),
    ("nats-nkey", "SA{nats-nkey:56}", Some(true)),
    ("eos-private-key", "PVT_K1_{eos-private-key:50}", Some(true)),
    ("eos-private-key", "PVT_R1_{eos-private-key:49}", Some(true)),
    ("ed25519-base64", "{ed25519-base64:88}", Some(true)),
    ("ed25519-base58", "{ed25519-base58:88}", Some(true)),
    ("ed25519-base58", "ed25519:{ed25519-base58:87}", Some(true)),
    ("minisign", "RWQAAEIy{minisign:204}", Some(true)),
    ("minisign", "RWRTY0Iy{minisign:204}", None),
    ("signify", "RWRCSw{signify:134}", Some(true)),
    ("juniper-type9", "$9${juniper-type9:24}", Some(false)),
    ("stellar-seed", "S{stellar-seed:55}", Some(true)),
    ("macaroon", "pypi-{macaroon:160}", Some(false)),
    ("macaroon", "pypi-AgEIcHlwaS5vcmc{macaroon:145}", Some(false)),
    ("macaroon", "{macaroon:120}", Some(false)),
    ("fernet", "{fernet:140}", Some(false)),
    ("ksuid", "{ksuid:27}_1{base62:20}", Some(false)),
    ("ulid", "pdl_live_apikey_{ulid:26}_{base62:22}_{base62:3}", Some(false)),
    ("ulid", "PMAT-{ulid:26}", Some(false)),
    ("jfrog-reference", "{jfrog-reference:66}", Some(false)),
    ("basic-auth", "{basic-auth:24}", Some(false)),
    ("luhn", "4{luhn:15}", None),
    ("mailjet-basic", "{mailjet-basic:88}", Some(false)),
    ("elastic-api-key", "{elastic-api-key:60}", Some(false)),
    ("ngc-legacy", "{ngc-legacy:84}", Some(false)),
    ("intercom", "{intercom:60}", Some(false)),
    ("workos", "sk_live_{workos:75}", Some(false)),
    ("shopee-partner", "shpk{shopee-partner:60}", Some(false)),
    ("key-32", "{key-32:44}", None),
    ("wireguard-key", "{wireguard-key:44}", Some(false)),
    ("websphere-xor", "{{xor}}{websphere-xor:16}", Some(false)),
    ("cisco-type7", "{cisco-type7:18}", Some(false)),
];

fn sample_of(template: &str, seed: u64) -> Vec<u8> {
    sample::expand(&format!("«{template}»"), seed).unwrap_or_else(|error| panic!("{template}: {error}")).text
}

#[test]
fn what_is_made_is_valid() {
    for (name, template, proves) in TEMPLATES {
        let check = by_name(name).unwrap();
        for seed in 0..100 {
            let text = sample_of(template, seed);
            let shown = String::from_utf8_lossy(&text);
            let expected = if proves.is_some() { Verdict::Valid } else { Verdict::Unknown };
            assert_eq!((check.verdict)(&text), expected, "{template}: {shown}");
            assert_eq!((check.run)(&text).verdict, expected, "{template}: {shown}");
        }
    }
}

#[test]
fn a_changed_character_is_noticed() {
    for (name, template, proves) in TEMPLATES {
        if *proves != Some(true) {
            continue;
        }
        let check = by_name(name).unwrap();
        for seed in 0..40 {
            let text = sample_of(template, seed);
            // Behind the prefix and the marks in the middle, before padding.
            let end = text.iter().rposition(|&byte| byte != b'=').unwrap();
            for at in [end - 2, end - 3, end - 12] {
                let mut changed = text.clone();
                let old = changed[at];
                changed[at] = match old {
                    b'a'..=b'y' | b'A'..=b'Y' | b'2'..=b'6' => old + 1,
                    b'z' => b'y',
                    _ => b'5',
                };
                if changed[at] == old || b"=.~-_".contains(&old) {
                    continue;
                }
                let shown = String::from_utf8_lossy(&changed).into_owned();
                assert_ne!((check.verdict)(&changed), Verdict::Valid, "{template} at {at}: {shown}");
            }
        }
    }
}

#[test]
fn every_maker_has_a_template_and_names_are_unique() {
    let mut seen = std::collections::HashSet::new();
    for check in all() {
        assert!(seen.insert(check.name), "{} stands twice", check.name);
        let tried = TEMPLATES.iter().any(|(name, ..)| *name == check.name);
        assert_eq!(tried, check.make.is_some(), "{}", check.name);
        assert!(!check.about.is_empty());
    }
    assert_eq!(by_name("no such check").map(|check| check.name), None);
    assert_eq!(names().count(), seen.len());
}

#[test]
fn wrong_checksums_are_refused() {
    for (name, text) in [
        ("crc32-base62", "ghp_".to_owned() + &"0".repeat(36)),
        ("atlassian", format!("ATATT3xFfGF0{}=00000000", "a".repeat(60))),
        ("gitlab-routable", format!("glpat-{}.01.0r0000000", "a".repeat(27))),
        ("grafana-service", format!("glsa_{}_00000000", "a".repeat(32))),
        ("jwt", "eyJhbGciOi.eyJ.x".to_owned()),
        ("discord-token", "abc.def.ghi".to_owned()),
    ] {
        assert_eq!((by_name(name).unwrap().verdict)(text.as_bytes()), Verdict::Invalid, "{name}");
    }
    // Kinds of which the checksum is not confirmed are left open.
    let refresh = "ghr_".to_owned() + &"0".repeat(36);
    assert_eq!((by_name("crc32-base62").unwrap().verdict)(refresh.as_bytes()), Verdict::Unknown);
}

#[test]
fn escaped_equal_signs() {
    let text = String::from_utf8(sample_of("ATATT3xFfGF0{base64url:171}={atlassian:8}", 2)).unwrap();
    let verdict = by_name("atlassian").unwrap().verdict;
    for form in ["\\=", "%3D", "\\u003d"] {
        assert_eq!(verdict(text.replace('=', form).as_bytes()), Verdict::Valid);
    }
}

#[test]
fn details_are_decoded() {
    let details = |name: &str, template: &str| (by_name(name).unwrap().run)(&sample_of(template, 5)).details;
    let has =
        |details: &Details, name: &str| assert!(details.iter().any(|(key, _)| *key == name), "{details:?}");
    has(&details("gitlab-routable", "glpat-{gitlab-routable:51}"), "organization");
    has(&details("gitlab-routable", "glpat-{gitlab-routable:51}"), "user");
    has(&details("discord-token", "{discord-token:72}"), "created");
    has(&details("azure-signature", "{base62:52}JQQJ99BA{base62:12}AAABACOG{azure-signature:4}"), "created");
    has(&details("azure-signature", "{base64:76}+ASt{azure-signature:8}"), "service");
    has(&details("grafana-json", "glc_{grafana-json:120}"), "organization");
    has(&details("nats-nkey", "SU{nats-nkey:56}"), "role");
    has(&details("matrix-synapse", "syt_YWxpY2U_{alpha:20}_{matrix-synapse:6}"), "user");
    has(&details("aws-bedrock", "ABSK{aws-bedrock:128}"), "account");
    has(&details("macaroon", "pypi-{macaroon:160}"), "location");
    has(&details("fernet", "{fernet:140}"), "created");
    has(&details("jwt", "{jwt}"), "expires");
    has(&details("minisign", "RWRTY0Iy{minisign:204}"), "encrypted");
    has(&details("signify", "RWRCSw{signify:134}"), "encrypted");
}

#[test]
fn details_hold_no_piece_of_the_secret() {
    for (name, template, _) in TEMPLATES {
        for seed in 0..10 {
            let text = sample_of(template, seed);
            let shown = String::from_utf8_lossy(&text);
            for (key, value) in (by_name(name).unwrap().run)(&text).details {
                let piece = value.len() >= 8 && shown.contains(&value);
                assert!(!piece, "{name}: {key} shows {value} of {shown}");
            }
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_validator_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for check in all() {
            let checked = (check.run)(&bytes);
            prop_assert_eq!(checked.verdict, (check.verdict)(&bytes), "{}", check.name);
        }
    }

    #[test]
    fn nor_do_damaged_samples(seed in any::<u64>(), which in any::<usize>(), at in any::<usize>(), byte in any::<u8>(), cut in any::<usize>()) {
        let kinds = ["rsa", "pkcs8", "pkcs8-encrypted", "ec", "dsa", "openssh", "openssh-encrypted", "pgp", "putty"];
        let index = which % (TEMPLATES.len() + kinds.len() + 1);
        let template = match TEMPLATES.get(index) {
            Some((_, template, _)) => (*template).to_owned(),
            None => match kinds.get(index - TEMPLATES.len()) {
                Some(kind) => format!("{{pem:{kind}}}"),
                None => "{jwt}".to_owned(),
            },
        };
        let mut text = sample_of(&template, seed);
        let at = at % text.len();
        text[at] = byte;
        let end = text.len() - if cut % 3 == 0 { cut % text.len() } else { 0 };
        for check in all() {
            let checked = (check.run)(&text[..end]);
            prop_assert_eq!(checked.verdict, (check.verdict)(&text[..end]), "{}", check.name);
        }
    }

    #[test]
    fn makers_do_not_panic(text in "[ -~é]{0,90}", length in 0usize..120, seed in any::<u64>()) {
        for check in all() {
            if let Some(make) = check.make {
                let made = make(&mut Generator::new(seed), &text, length);
                prop_assert!(made.is_none_or(|made| made.len() == length), "{}", check.name);
            }
        }
    }
}
