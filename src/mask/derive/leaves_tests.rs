use super::*;

fn read(text: &str) -> (Format, Vec<(String, String, bool)>) {
    let format = Format::of(text.as_bytes());
    let leaves = leaves(format, text.as_bytes()).unwrap();
    let shown = leaves
        .into_iter()
        .map(|leaf| {
            let secret = leaf.secret();
            (leaf.name, String::from_utf8(leaf.value.to_vec()).unwrap(), secret)
        })
        .collect();
    (format, shown)
}

fn secrets(text: &str) -> (Format, Vec<String>) {
    let (format, leaves) = read(text);
    (format, leaves.into_iter().filter(|leaf| leaf.2).map(|leaf| leaf.1).collect())
}

#[test]
fn json_leaves_with_telling_keys_or_looks() {
    let random = crate::rules::check::Generator::new(3).text(b"abcdefghijkmnpqrstuvwxyz0123456789", 30);
    let text = format!(
        r#"{{"user": "anna", "db": {{"password": "we ird\n", "port": 5432}}, "list": ["x", "{random}"], "ok": true}}"#
    );
    assert_eq!(secrets(&text), (Format::Json, vec!["we ird\n".to_owned(), random]));
}

#[test]
fn yaml_leaves_of_all_documents() {
    let text = "a:\n  token: one two\n  other: x\n---\nlist:\n- name: n\n  value: v\n  password: >\n    folded\n    line\n";
    assert_eq!(secrets(text), (Format::Yaml, vec!["one two".to_owned(), "folded line\n".to_owned()]));
}

#[test]
fn all_data_of_a_kubernetes_secret() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  user: YW5uYQ==\nstringData:\n  host: x\n";
    assert_eq!(secrets(text), (Format::Yaml, vec!["YW5uYQ==".to_owned(), "x".to_owned()]));
}

#[test]
fn dotenv_with_quotes_comments_and_lines() {
    let text = "# c\nexport A_TOKEN='one # two' # c\nPORT=3000\nB_KEY=\"a\\nb\"\nC_SECRET=bare # c\nD_KEY=\"l1\nl2\"\nE_PASSWORD=x\n";
    let (format, leaves) = secrets(text);
    assert_eq!(format, Format::Dotenv);
    assert_eq!(leaves, ["one # two", "a\\nb", "a\nb", "bare", "bare # c", "l1\nl2", "x"]);
}

#[test]
fn npmrc_and_ini() {
    let text = "//registry.example/:_authToken=value1\nregistry=https://registry.example\n";
    assert_eq!(secrets(text), (Format::Dotenv, vec!["value1".to_owned()]));
    let text = "[default]\naws_access_key_id = a\naws_secret_access_key = value2\n";
    assert_eq!(secrets(text), (Format::Dotenv, vec!["value2".to_owned()]));
}

#[test]
fn netrc_with_and_without_lines() {
    let text = "machine h.example login me password value3\ndefault login anonymous password \"value 4\"";
    let (format, leaves) = secrets(text);
    assert_eq!(format, Format::Netrc);
    assert_eq!(leaves[..2], ["value3", "me:value3"]);
}

#[test]
fn pem_without_what_is_public() {
    let block = |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
    let text = block("CERTIFICATE") + &block("EC PRIVATE KEY") + &block("PUBLIC KEY");
    assert_eq!(secrets(&text), (Format::Pem, vec![block("EC PRIVATE KEY").trim_end().to_owned()]));
    assert_eq!(secrets(&block("CERTIFICATE")).0, Format::Raw, "no private key: taken as it is");
    let open = "-----BEGIN PRIVATE KEY-----\nAAAA";
    assert_eq!(secrets(open), (Format::Pem, vec![open.to_owned()]));
}

#[test]
fn raw_is_the_whole_and_each_line() {
    assert_eq!(secrets("  v1\n"), (Format::Raw, vec!["v1".to_owned()]));
    assert_eq!(
        secrets("v1\n\nv2\r\n"),
        (Format::Raw, vec!["v1\n\nv2".to_owned(), "v1".to_owned(), "v2".to_owned()])
    );
    assert_eq!(Format::of(b"\xff\xfe"), Format::Raw);
    assert_eq!(Format::of(b"QWxhZGRpbjpvcGVu=="), Format::Raw);
    assert_eq!(Format::of(b"a+b/c=d"), Format::Raw);
    assert_eq!(Format::of(b""), Format::Raw);
}

#[test]
fn what_is_wrong_never_quotes_the_text() {
    for format in [Format::Json, Format::Yaml] {
        let error = leaves(format, b"{\"hidden\": [1, hidden}").err().unwrap();
        assert!(error.contains("line 1") && !error.contains("hidden"), "{error}");
    }
    assert!(leaves(Format::Json, b"\xff").is_err());
}

proptest::proptest! {
    #[test]
    fn nothing_panics(text in "(?s).{0,200}") {
        for (_, format) in FORMATS {
            let _ = leaves(format, text.as_bytes());
        }
        let _ = Format::of(text.as_bytes());
    }

    #[test]
    fn assignments_never_panic(text in "[A-Z_=\"'\\\\n \\n#x]{0,60}") {
        let _ = leaves(Format::Dotenv, text.as_bytes());
        let _ = Format::of(text.as_bytes());
    }
}
