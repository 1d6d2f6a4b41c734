//! Notations in which values are given to names. Values are harmless words: reading does not judge.

use super::*;

/// The name and the value that are read around `word`.
fn read(text: &str, word: &str) -> Option<(String, String)> {
    let at = text.find(word).expect("the word stands in the text");
    let assignment = parse(text.as_bytes(), Span::new(at, at + word.len()))?;
    let part = |span: Span| text[span.range()].to_owned();
    Some((part(assignment.name), part(assignment.value)))
}

#[test]
fn notations() {
    for (text, name) in [
        ("public string ApiSecret { get; set; } = \"river9\";", "ApiSecret"),
        ("Dim secret As String = \"river9\"", "secret"),
        ("mapOf(\"secret\" to \"river9\")", "secret"),
        ("ENV[\"SECRET\"] ||= \"river9\"", "SECRET"),
        ("cfg[\"secret\"] ??= 'river9';", "secret"),
        ("set :secret, \"river9\"", "secret"),
        ("{secret, \"river9\"},", "secret"),
        ("{secret, <<\"river9\">>}.", "secret"),
        ("strcpy(secret, \"river9\");", "secret"),
        ("std::string secret{\"river9\"};", "secret"),
        ("let x = var(\"SECRET\").unwrap_or(\"river9\".into());", "SECRET"),
        ("ENV.fetch(\"SECRET\") { \"river9\" }", "SECRET"),
        ("- {name: SECRET, value: \"river9\"}", "SECRET"),
        ("config(\"SECRET\", default=\"river9\")", "SECRET"),
        ("add(\"--secret\", type=str, default='river9')", "--secret"),
        ("<name>a.secret</name>\n  <value>river9</value>", "a.secret"),
        ("secret: >-\n    river9\n", "secret"),
        ("secret = (\n    \"river9\"\n)", "secret"),
        ("# secret is river9", "secret"),
        ("The secret is `river9`.", "secret"),
        ("PASSWORD FOR x = PASSWORD('river9');", "PASSWORD"),
        ("INSERT INTO users (name, secret) VALUES ('joe', 'river9');", "secret"),
        ("insert into `t` (`secret`, b)\n  values ('river9', now());", "secret"),
        ("INSERT INTO t (a, b, secret) VALUES (f(1, 2), 'x, y', 'river9')", "secret"),
        ("| secret | river9 |", "secret"),
        ("| wifi secret | `river9` |", "secret"),
        ("| user | secret |\n|------|:------|\n| joe | river9 |\n", "secret"),
        ("<meta name=\"secret\" content=\"river9\">", "secret"),
        ("proxy_set_header X-Secret \"river9\";", "X-Secret"),
        ("(def secret \"river9\")", "secret"),
        ("{:user \"joe\" :secret \"river9\"}", "secret"),
        ("  @secret \"river9\"", "secret"),
        ("field('String', 'SECRET', '\"river9\"')", "SECRET"),
        ("echo ${SECRET:-river9}", "SECRET"),
    ] {
        let word = ["secret", "Secret", "SECRET", "= PASSWORD"].into_iter().find(|word| text.contains(word));
        let word = word.expect("a word");
        let at = text.find(word).expect("the word") + if word.starts_with('=') { 2 } else { 0 };
        let found = parse(text.as_bytes(), Span::new(at, at + word.trim_start_matches("= ").len()));
        let found = found.unwrap_or_else(|| panic!("nothing is read in {text}"));
        assert_eq!((&text[found.name.range()], &text[found.value.range()]), (name, "river9"), "{text}");
    }
}

#[test]
fn no_notations() {
    for (text, word) in [
        ("public string Secret { get; set; }", "Secret"),
        ("move(secret, \"river9\")", "secret"),
        ("{SECRET, \"river9\"},", "SECRET"),
        ("the secret is kept elsewhere", "secret"),
        ("the secret is 32 bytes long", "secret"),
        ("REGISTER_SECRET(\"river9\")", "SECRET"),
        ("run_pass \"river9\" \"${@}\"", "pass"),
        ("f(secret, value=river9)", "secret"),
        ("INSERT INTO users (name, secret) SELECT a, 'river9' FROM t", "secret"),
        ("f(name, secret) VALUES ('joe', 'river9')", "secret"),
        ("| secret | the river of 9 words |", "secret"),
        ("| secret | kind |\n|---|---|\n", "secret"),
        ("echo ${SECRET:?river9}", "SECRET"),
        ("echo ${SECRET:+river9}", "SECRET"),
        ("@Secret SecretType river9", "Secret"),
    ] {
        assert_eq!(read(text, word), None, "{text}");
    }
}
