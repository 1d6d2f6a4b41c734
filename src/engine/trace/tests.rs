use super::*;
use crate::rules::sample;

fn engine() -> Engine {
    Engine::new(RuleSet::builtin())
}

fn trace(engine: &Engine, text: &[u8]) -> Trace {
    engine.trace(&mut Scratch::default(), &Input::whole(text), 0..text.len())
}

/// The attempts of a rule.
fn attempts<'t>(engine: &Engine, trace: &'t Trace, rule: &str) -> Vec<&'t Attempt> {
    trace
        .events
        .iter()
        .filter_map(|event| match &event.look {
            Look::Tried(attempt) if engine.rules().get(attempt.rule).id == rule => Some(attempt),
            _ => None,
        })
        .collect()
}

#[test]
fn a_trace_finds_what_a_scan_finds_and_its_tests_say_why() {
    let engine = engine();
    let rules = RuleSet::builtin();
    for (_, rule) in rules.iter().filter(|(_, rule)| rule.enabled) {
        for (template, hits) in
            rule.hit.iter().map(|one| (one, true)).chain(rule.miss.iter().map(|one| (one, false)))
        {
            let text = sample::expand(template, 1).unwrap().text;
            let mut scanned = Vec::new();
            engine.scan(&mut Scratch::default(), &Input::whole(&text), &mut scanned);
            let trace = trace(&engine, &text);
            assert_eq!(trace.matches, scanned, "{} {template}", rule.id);
            let mut taken = false;
            for event in &trace.events {
                let Look::Tried(attempt) = &event.look else { continue };
                let failed = attempt.tests.iter().filter(|test| !test.passed).count();
                let told = format!("{} {template}: {attempt:?}", rule.id);
                match attempt.verdict {
                    Ok(_) => assert_eq!(failed, 0, "{told}"),
                    Err(_) => {
                        assert_eq!(failed, 1, "{told}");
                        assert!(!attempt.tests.last().unwrap().passed, "{told}");
                    }
                }
                taken |= attempt.verdict.is_ok() && engine.rules().get(attempt.rule).id == rule.id;
            }
            assert!(!hits || taken, "{} {template}", rule.id);
        }
    }
}

#[test]
fn a_checksum_that_does_not_hold_is_named() {
    let engine = engine();
    let good = sample::expand("k = «ghp_{base62:30}{crc32-base62:6}»", 3).unwrap();
    let mut bad = good.text.clone();
    let at = good.secret.unwrap().end - 1;
    bad[at] = if bad[at] == b'a' { b'b' } else { b'a' };
    let trace = trace(&engine, &bad);
    let tried = attempts(&engine, &trace, "github-pat-classic");
    assert!(!tried.is_empty(), "{trace:?}");
    assert!(tried.iter().all(|attempt| attempt.verdict == Err(Refusal::Invalid)), "{tried:?}");
    let last = tried[0].tests.last().unwrap();
    assert_eq!((last.name, last.passed), ("validator", false));
}

#[test]
fn the_judgement_tells_its_numbers_or_what_was_obvious() {
    let engine = engine();
    let told = |text: &str| {
        let trace = trace(&engine, text.as_bytes());
        let judged = trace.events.iter().find_map(|event| match &event.look {
            Look::Tried(attempt) if attempt.tests.iter().any(|test| test.name == "judgement") => {
                Some(attempt.clone())
            }
            _ => None,
        });
        judged.unwrap_or_else(|| panic!("{trace:?}"))
    };
    let refused = told("db_password = \"${DB_PASSWORD}\"\n");
    assert_eq!(refused.verdict, Err(Refusal::Noise));
    assert!(refused.tests[0].measured.contains("a reference to a value"), "{refused:?}");
    let found = told(&format!("db_password = \"{}\"\n", ["Xk29!", "fLq0p"].concat()));
    assert_eq!(found.verdict, Ok(Certainty::Judged));
    assert!(found.tests[0].number.is_some() && !found.weights.is_empty());
}

#[test]
fn only_what_touches_the_wanted_part_is_told() {
    let engine = engine();
    let text = b"password = \"${ONE}\"\nnothing here\npassword = \"${TWO}\"\n";
    let of =
        |range: Range<usize>| engine.trace(&mut Scratch::default(), &Input::whole(text), range).events.len();
    assert!(of(0..19) > 0 && of(33..text.len()) > 0);
    assert_eq!(of(20..32), 0);
}

#[test]
fn names_in_binary_content_are_passed_over_and_it_is_said() {
    let engine = engine();
    let text = b"password = \"hello there\"";
    let input = Input { binary: true, ..Input::whole(text) };
    let trace = engine.trace(&mut Scratch::default(), &input, 0..text.len());
    let passed = |event: &Event| matches!(event.look, Look::Passed(why) if why.contains("binary"));
    assert!(trace.events.iter().any(passed), "{trace:?}");
}

#[test]
fn every_rule_says_what_leads_to_it() {
    let rules = RuleSet::builtin();
    for (index, rule) in rules.iter() {
        assert!(wanted_by(&rules, index).len() > 10, "{}", rule.id);
    }
}
