use super::*;

fn found(text: &str) -> Vec<(String, String)> {
    let engine = Engine::new(RuleSet::builtin());
    let mut out = Vec::new();
    engine.scan(&mut Scratch::default(), &Input::whole(text.as_bytes()), &mut out);
    out.iter()
        .map(|m| (engine.rules().get(m.rule).id.to_string(), text[m.secret.range()].to_string()))
        .collect()
}

#[test]
fn smoke() {
    let t = format!(
        "a=ghp_{} Basic {}== 123456789:AA{} postgres://u:{}@h -----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY----- ftp://u:{}@h",
        "a1B2".repeat(9),
        "QWxhZGRpbjpvcGVu",
        "x".repeat(33),
        "s3cretpw",
        "ftppw12"
    );
    println!("{:#?}", found(&t));
    assert_eq!(found(&t).len(), 6);
}
