//! How much is masked in real logs that hold no secret: run by hand with
//! `SEKISHO_LOGS=DIRECTORY cargo test --release --test mask_core noise -- --ignored --nocapture`.

use crate::support::{BASE62, Dice, strong};
use sekisho::engine::Engine;
use sekisho::mask::{Form, Masker, Options, TokenStyle};
use sekisho::rules::RuleSet;
use std::sync::Arc;

#[test]
#[ignore = "needs a directory of logs"]
fn logs_without_secrets_pass_unchanged() {
    let folder = std::env::var_os("SEKISHO_LOGS").unwrap();
    let engine = Arc::new(Engine::new(RuleSet::builtin()));
    let mut dice = Dice(11);
    let alphabets: [&[u8]; 4] =
        [BASE62, b"0123456789abcdef", crate::encode::STD, b"abcdefghijklmnopqrstuvwxyz0123456789"];
    let values: Vec<Vec<u8>> = (0..200).map(|at| dice.text(alphabets[at % 4], 20 + at % 30)).collect();
    let (mut bytes, mut known, mut rules) = (0, 0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read(&path).unwrap();
        let mut masker =
            Masker::new(Some(engine.clone()), Options { token: TokenStyle::Named, unknown: true });
        masker.add(values.iter().enumerate().map(|(at, value)| strong(&format!("N{at}"), value)).collect());
        let mut out = Vec::new();
        masker.push(&text, &mut out);
        masker.finish(&mut out);
        bytes += text.len();
        for place in &masker.report().masked {
            let at = place.offset as usize;
            let line = text[..at]
                .iter()
                .rposition(|&byte| byte == b'\n')
                .map_or(0, |end| end + 1)
                .max(at.saturating_sub(60));
            let shown = text[line..(at + 60).min(text.len())].escape_ascii();
            println!("{}:{}: {} {:?}: {shown}", path.display(), place.line, place.name, place.form);
            match place.form {
                Form::Rule => rules += 1,
                _ => known += 1,
            }
        }
    }
    println!("{bytes} bytes: {known} of known values, {rules} by rules");
    assert_eq!(known, 0);
}
