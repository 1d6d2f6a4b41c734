use super::*;
use crate::rules::RuleSet;
use proptest::prelude::*;
use std::cell::RefCell;
use std::sync::LazyLock;

/// Own rules: short and long tokens, some over several lines, with context words, inside of other
/// text, and blocks.
const RULES: &str = r#"
[provider]
name = "Acme"

[[rule]]
id = "acme-token"
summary = "token"
severity = "high"
regex = '''\b(?<secret>acmt_[0-9A-Za-z]{32})\b'''
hit = ["«acmt_{base62:32}»"]
miss = ["acmt_"]

[[rule]]
id = "acme-near"
summary = "token with context"
severity = "high"
near = ["acme"]
regex = '''\b(?<secret>acmn-[0-9a-f]{24})\b'''
hit = ["acme «acmn-{hex:24}»"]
miss = ["acmn-"]

[[rule]]
id = "acme-long"
summary = "long token"
severity = "high"
regex = '''\b(?<secret>acml_[0-9A-Za-z]{40,3600})\b'''
hit = ["«acml_{base62:60}»"]
miss = ["acml_"]

[[rule]]
id = "acme-block"
summary = "block"
severity = "low"
begin = ["=====ACME BEGIN====="]
end = ["=====ACME END====="]
max = 8192
hit = ["«=====ACME BEGIN=====\n{base64:64}\n=====ACME END=====»"]
miss = ["=====ACME BEGIN====="]
"#;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut rules = RuleSet::builtin();
    rules.add_text("own", RULES).unwrap();
    Engine::new(rules)
});

fn digits(seed: u64, length: usize) -> String {
    let mut state = seed | 1;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(
                b"0123456789abcdefghijkmnpqrstuvwxyzABCDEFGHIJKLMNPQRSTUVWXYZ"[(state >> 33) as usize % 59],
            )
        })
        .collect()
}

/// A line or a piece of one; something is encoded in one of three.
fn piece() -> impl Strategy<Value = String> {
    let encoded = super::super::decoded::tests::piece();
    prop_oneof![2 => clear(), 1 => encoded.prop_map(|text| String::from_utf8_lossy(&text).into_owned())]
}

fn clear() -> impl Strategy<Value = String> {
    (0..34u8, any::<u64>(), 0..400usize).prop_map(|(kind, seed, length)| match kind {
        0 => format!("acmt_{}\n", digits(seed, 32)),
        1 => format!("acme: acmn-{:024x}\n", u128::from(seed) * 0x1234_5678_9abc),
        2 => format!("acml_{}\n", digits(seed, 40 + length * 9)),
        3 => "=====ACME BEGIN=====\n".to_owned(),
        4 => "=====ACME END=====\n".to_owned(),
        5 => format!("DB_PASSWORD={}\n", digits(seed, 12)),
        6 => format!("api_key = \"{}\"\n", digits(seed, 32)),
        7 => format!("password:\n  \"{}\"\n", digits(seed, 14)),
        8 => format!("{} ", digits(seed, length)),
        9 => "acme ".to_owned(),
        10 => " ".repeat(length),
        11 => "<add key=\"password\"\n  value=\"".to_owned(),
        12 => format!("https://user:{}@host.example/x\n", digits(seed, 12)),
        13 => "\n".repeat(1 + length % 5),
        14 => format!(
            "variable \"db_password\" {{\n  type = string\n  default = \"{}\"\n}}\n",
            digits(seed, 14)
        ),
        15 => format!("<key>password</key>\n\n\n<string>{}</string>\n", digits(seed, 14)),
        16 => format!("    \"{}\" +\n", digits(seed, 16)),
        17 => "password = \"".to_owned(),
        18 => format!("token\\\n{}\"\n", digits(seed, 20)),
        19 => "  a = b\n".repeat(1 + length % 40),
        20 => "secret {\n".to_owned(),
        22 => format!("password: >-\n  {}\n", digits(seed, 14)),
        23 => format!("<name>password</name>\n\n<value>{}</value>\n", digits(seed, 14)),
        24 => format!("password = (\n    \"{}\"\n)\n", digits(seed, 14)),
        25 => format!("{{name: DB_PASSWORD,\n  value: {}}}\n", digits(seed, 14)),
        28 => {
            format!("INSERT INTO users (name, password)\n  VALUES ('joe',\n '{}');\n", digits(seed, 14))
        }
        29 => format!("| user | password |\n|---|---|\n| joe | {} |\n", digits(seed, 14)),
        30 => format!("<meta name=\"api-key\"\n  content=\"{}\">\n", digits(seed, 32)),
        31 => format!("login(\"ann\", \"{}\")\n", digits(seed, 14)),
        32 => format!("mysql -u root -p'{}' shop\n", digits(seed, 14)),
        21 => format!("value = \"{}\"\n", digits(seed, 20)),
        _ => format!("let some_{} = other({length});\n", seed % 100),
    })
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(piece(), 0..60).prop_map(|pieces| pieces.concat().into_bytes())
}

fn sorted(trace: &Trace) -> Vec<(RuleIndex, Span, Span)> {
    let mut all: Vec<_> = trace.matches.iter().map(|found| (found.rule, found.whole, found.secret)).collect();
    all.sort();
    all
}

/// A text from pieces of a base and new pieces, with what was copied.
fn derive(base: &[u8], steps: &[(usize, usize, String)]) -> (Vec<u8>, Vec<Copied>) {
    let (mut made, mut copies): (Vec<u8>, Vec<Copied>) = (Vec::new(), Vec::new());
    for (from, length, new) in steps {
        if !base.is_empty() {
            let source = from % base.len();
            let length = 1 + length % (base.len() - source);
            copies.push(Copied { target: made.len(), source, length });
            made.extend(&base[source..source + length]);
        }
        made.extend(new.as_bytes());
    }
    (made, copies)
}

thread_local! {
    /// What all texts of a thread leave behind: lines of one come back in others.
    static REMEMBERED: RefCell<Scratch> = RefCell::default();
}

fn agree(base: &[u8], steps: &[(usize, usize, String)]) -> Result<(), TestCaseError> {
    let (deriver, plain) = (Deriver::new(&ENGINE).remembering(), Deriver::new(&ENGINE));
    let mut alone = Scratch::default();
    REMEMBERED.with_borrow_mut(|scratch| {
        let mut trace = deriver.scan(scratch, &Input::whole(base), None);
        let mut base = base.to_vec();
        // Made from one another, twice.
        for _ in 0..2 {
            let (made, copies) = derive(&base, steps);
            let derived = || Some(Derived { base: &trace, base_length: base.len(), copies: &copies });
            let input = Input::whole(&made);
            let (found, also) =
                (deriver.scan(scratch, &input, derived()), plain.scan(&mut alone, &input, derived()));
            let whole = plain.scan(&mut alone, &input, None);
            let text = String::from_utf8_lossy(&made);
            prop_assert_eq!(sorted(&also), sorted(&whole), "{}", &text);
            prop_assert_eq!(sorted(&found), sorted(&whole), "with lines remembered: {}", &text);
            (base, trace) = (made, found);
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn derived_and_whole_scans_agree(
        base in text(),
        steps in proptest::collection::vec((any::<usize>(), any::<usize>(), piece()), 1..4),
    ) {
        agree(&base, &steps)?;
    }

    #[test]
    fn small_changes_agree(
        base in text(),
        places in proptest::collection::vec((any::<usize>(), 0..40usize, piece()), 1..4),
    ) {
        // The base with a few bytes replaced at each place, in order.
        let mut cuts: Vec<(usize, usize, String)> = places
            .into_iter()
            .map(|(at, gone, new)| (at % (base.len() + 1), gone, new))
            .collect();
        cuts.sort();
        let mut steps = Vec::new();
        let mut at = 0;
        for (cut, gone, new) in cuts {
            if cut > at && at < base.len() {
                steps.push((at, cut - at - 1, new));
                at = cut + gone;
            }
        }
        if at < base.len() {
            steps.push((at, base.len() - at - 1, String::new()));
        }
        agree(&base, &steps)?;
    }
}

/// What is found where the bytes at `at` of a text between others are replaced, by both ways.
fn replaced(text: &str, at: usize, gone: usize, new: &str) -> usize {
    let filler = "let some_1 = other(12);\n".repeat(40);
    let base = format!("{filler}{text}{filler}");
    let at = filler.len() + at;
    let made = format!("{}{new}{}", &base[..at], &base[at + gone..]);
    let copies = [
        Copied { target: 0, source: 0, length: at },
        Copied { target: at + new.len(), source: at + gone, length: base.len() - at - gone },
    ];
    let deriver = Deriver::new(&ENGINE);
    let mut scratch = Scratch::default();
    let trace = deriver.scan(&mut scratch, &Input::whole(base.as_bytes()), None);
    let derived = Derived { base: &trace, base_length: base.len(), copies: &copies };
    assert!(deriver.plan(made.as_bytes(), &derived).is_some());
    let found = deriver.scan(&mut scratch, &Input::whole(made.as_bytes()), Some(derived));
    let whole = deriver.scan(&mut scratch, &Input::whole(made.as_bytes()), None);
    assert_eq!(sorted(&found), sorted(&whole), "{made}");
    found.matches.len()
}

#[test]
fn a_value_of_two_names_is_found_by_the_other() {
    let comment = "what is needed to log in to the database of the shop at night";
    let text =
        format!("password: {{\n  comment: {comment}\n  name: DB_PASSWORD,\n  value: {}\n}}\n", digits(7, 14));
    assert_eq!(replaced(&text, 0, 1, "p"), 1);
    assert_eq!(replaced(&text, 0, 4, "x"), 1);
}

#[test]
fn a_literal_that_ends_far_behind_is_joined() {
    let token = format!("acmt_{}", digits(7, 32));
    let blanks = " a".repeat(150);
    let text =
        format!("t = \"{}\" +\n  \"{}\" +\n  \"{}{blanks}\n", &token[..9], &token[9..23], &token[23..]);
    assert_eq!(replaced(&text, text.len() - 1, 0, ""), 0);
    assert_eq!(replaced(&text, text.len() - 1, 0, "\""), 1);
}

#[test]
fn bytes_far_before_a_list_are_no_part_of_it() {
    let said = format!("x acmt_{} x", digits(7, 32));
    let (far, near) = said.as_bytes().split_at(2);
    let far: String = far.iter().map(|byte| format!("\n{:50}0x{byte:02x},", "")).collect();
    let near: String = near.iter().map(|byte| format!(" 0x{byte:02x},")).collect();
    let text = format!("b = {{{far}\n{near}\n}};\n");
    let end = text.len() - "\n};\n".len();
    assert_eq!(replaced(&text, end, 0, " 0x20"), 1);
}

#[test]
fn few_bytes_are_looked_at_again() {
    let line = "let some_thing = other(thing, 12345);\n";
    let base = line.repeat(1000);
    let at = line.len() * 500;
    let made = format!("{}changed\n{}", &base[..at], &base[at..]);
    let copies = [
        Copied { target: 0, source: 0, length: at },
        Copied { target: at + 8, source: at, length: base.len() - at },
    ];
    let deriver = Deriver::new(&ENGINE);
    let trace = deriver.scan(&mut Scratch::default(), &Input::whole(base.as_bytes()), None);
    let derived = Derived { base: &trace, base_length: base.len(), copies: &copies };
    let plan = deriver.plan(made.as_bytes(), &derived).unwrap();
    let again: usize = plan.again.iter().map(ExactSizeIterator::len).sum();
    assert!(again < 1200, "{again}");
}

/// The places of `text` that are looked at where these lines were looked at before.
fn unknown(before: &str, text: &str) -> Vec<Range<usize>> {
    let deriver = Deriver::new(&ENGINE).remembering();
    let mut scratch = Scratch::default();
    deriver.scan(&mut scratch, &Input::whole(before.as_bytes()), None);
    let whole = 0..text.len();
    scratch.lines.unknown(&Input::whole(text.as_bytes()), vec![whole])
}

#[test]
fn lines_without_findings_are_looked_at_once() {
    let line = |number: usize| format!("let some_{number} = other({});\n", number * 7919 % 1000);
    let all: String = (0..100).map(line).collect();
    assert_eq!(unknown("", &all), [0..all.len()]);
    assert!(unknown(&all, &all).is_empty());
    // What is new is looked at, with its neighbours at most.
    let at = all.find("let some_50 ").unwrap();
    let again = unknown(&all, &format!("{}let new = 1;\n{}", &all[..at], &all[at..]));
    assert!(again.len() == 1 && again[0].contains(&at) && again[0].len() < 400, "{again:?}");
    // So is the same in a text of another kind.
    let mut scratch = Scratch::default();
    let deriver = Deriver::new(&ENGINE).remembering();
    deriver.scan(&mut scratch, &Input::whole(all.as_bytes()), None);
    let binary = Input { binary: true, ..Input::whole(all.as_bytes()) };
    let whole = 0..all.len();
    assert_eq!(scratch.lines.unknown(&binary, vec![whole.clone()]), [whole]);
}

#[test]
fn lines_with_findings_or_far_context_are_looked_at_again() {
    let filler = "let some_thing = other(thing);\n".repeat(20);
    for line in [
        format!("DB_PASSWORD={}\n", digits(7, 14)),
        format!("key: acmn-{:024x}\n", 0x1234_5678_9abc_u64),
        "password = (\n".to_owned(),
    ] {
        let text = format!("{filler}{line}{filler}");
        let again = unknown(&text, &text);
        assert!(again.iter().any(|range| range.contains(&filler.len())), "{line} {again:?}");
        // Where no look told of more, its neighbours are known.
        assert!(again.iter().map(ExactSizeIterator::len).sum::<usize>() < 400, "{line} {again:?}");
    }
}
