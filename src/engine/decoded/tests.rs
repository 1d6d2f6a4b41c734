use super::*;
use crate::rules::RuleSet;
use proptest::prelude::*;
use std::sync::LazyLock;

const RULES: &str = r#"
[provider]
name = "Acme"

[[rule]]
id = "acme-token"
summary = "Acme token"
severity = "high"
regex = '''\b(?<secret>acmt_[0-9A-Za-z]{32})\b'''
hit = ["acme = «acmt_{base62:32}»"]
miss = ["acmt_{base62:31}"]
"#;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut rules = RuleSet::builtin();
    rules.add_text("own", RULES).unwrap();
    Engine::new(rules)
});

fn token(seed: u64) -> String {
    let mut state = seed.wrapping_mul(2) | 1;
    let digits = b"0123456789abcdefghijkmnpqrstuvwxyzABCDEFGHIJKLMNPQRSTUVWXYZ";
    let rest = (0..32).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(digits[(state >> 33) as usize % digits.len()])
    });
    "acmt_".chars().chain(rest).collect()
}

fn scan(text: &[u8]) -> Vec<Match> {
    let mut out = Vec::new();
    ENGINE.scan(&mut Scratch::default(), &Input::whole(text), &mut out);
    out
}

/// The chain and the bytes of the only match, whose secret is `secret`.
fn only(text: &[u8], secret: &str) -> (String, String) {
    let found: Vec<Match> =
        scan(text).into_iter().filter(|found| found.value(text) == secret.as_bytes()).collect();
    let shown = String::from_utf8_lossy(text);
    assert_eq!(found.len(), 1, "{shown}\n{found:?}");
    let bytes = &text[found[0].secret.range()];
    (found[0].chain().join(" > "), String::from_utf8_lossy(bytes).into_owned())
}

const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64_of(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let all = u32::from(chunk[0]) << 16
            | u32::from(*chunk.get(1).unwrap_or(&0)) << 8
            | u32::from(*chunk.get(2).unwrap_or(&0));
        for place in 0..4 {
            if place <= chunk.len() {
                out.push(char::from(BASE64[(all >> (18 - 6 * place) & 63) as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

fn base32_of(bytes: &[u8]) -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut bits: Vec<u8> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    bits.resize(bits.len().div_ceil(5) * 5, 0);
    bits.chunks(5)
        .map(|five| char::from(digits[five.iter().fold(0, |all, bit| all << 1 | usize::from(*bit))]))
        .collect()
}

fn hex_of(bytes: &[u8], between: &str) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between)
}

fn config(token: &str) -> String {
    format!("{{\"service\": \"acme\", \"token\": \"{token}\", \"port\": 8080}}\n")
}

fn wrap(text: &str, width: usize, prefix: &str, end: &str) -> String {
    text.as_bytes()
        .chunks(width)
        .map(|line| format!("{prefix}{}{end}", std::str::from_utf8(line).unwrap()))
        .collect()
}

/// As `xxd` shows bytes.
fn dump(bytes: &[u8]) -> String {
    let line = |(row, line): (usize, &[u8])| {
        let pairs: Vec<String> = line.chunks(2).map(|two| hex_of(two, "")).collect();
        let shown: String = line.iter().map(|&byte| char::from(byte)).collect();
        format!("{:08x}: {:<39}  {}\n", row * 16, pairs.join(" "), shown.replace('\n', "."))
    };
    bytes.chunks(16).enumerate().map(line).collect()
}

/// A deflate block that stores its bytes as they are.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u16).to_le_bytes();
    [&[1, length[0], length[1], !length[0], !length[1]], bytes].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    gzip.extend(stored(bytes));
    gzip.extend(crc32fast::hash(bytes).to_le_bytes());
    gzip.extend((bytes.len() as u32).to_le_bytes());
    gzip
}

#[test]
fn rows_of_bytes_close_behind_one_another() {
    let (one, other) = (token(71), token(72));
    let row = hex_of(config(&one).as_bytes(), " ");
    let list = hex_of(config(&other).as_bytes(), ", 0x");
    for text in [format!("{row}\na = {{ 0x{list} }};\n"), format!("a = {{ 0x{list} }};\n{row}\n")] {
        for token in [&one, &other] {
            assert_eq!(only(text.as_bytes(), token).0, "hex > json");
        }
    }
}

#[test]
fn base64_in_every_form() {
    let token = token(1);
    let encoded = base64_of(config(&token).as_bytes());
    let bare = encoded.trim_end_matches('=').to_owned();
    let url = bare.replace('+', "-").replace('/', "_");
    for text in [
        format!("data: {encoded}\n"),
        format!("x = \"{bare}\";"),
        format!("?state={url}&x=1"),
        format!("line\n{}done.\n", wrap(&encoded, 76, "", "\n")),
        wrap(&encoded, 40, "    ", "\n"),
        wrap(&encoded, 37, "# ", "\r\n"),
        format!("key: {}\nend: 1\n", wrap(&encoded, 64, "", "\n  ").trim_end()),
        format!("\"blob\": \"{}\"", wrap(&encoded, 60, "", "\\n").trim_end_matches("\\n")),
        format!("> {encoded}"),
    ] {
        let (chain, bytes) = only(text.as_bytes(), &token);
        assert_eq!(chain, "base64 > json", "{text}");
        // The bytes say the token, and little more than it.
        let clean: Vec<u8> = bytes.bytes().filter(u8::is_ascii_alphanumeric).collect();
        assert!(clean.len() >= 45 && clean.len() <= 60, "{bytes}");
    }
}

#[test]
fn spans_are_exact() {
    let token = token(2);
    let text = format!("x: {}\n", base64_of(format!("ab {token}.\n").as_bytes()));
    let (_, bytes) = only(text.as_bytes(), &token);
    // Three bytes before it, so that it begins with a character of its own; it ends within one.
    assert!(text.contains(&bytes));
    assert_eq!(bytes, base64_of(format!("{token}.").as_bytes())[..bytes.len()]);
    assert_eq!(bytes.len(), (token.len() * 8).div_ceil(6));
    let text = format!("k = \"{}\"", hex_of(format!("v={token};").as_bytes(), ""));
    let (chain, bytes) = only(text.as_bytes(), &token);
    assert_eq!((chain.as_str(), bytes), ("hex", hex_of(token.as_bytes(), "")));
    let text = format!("v%3D{}%2E", token.replace('_', "%5F"));
    let (chain, bytes) = only(text.as_bytes(), &token);
    assert_eq!((chain.as_str(), bytes), ("percent", token.replace('_', "%5F")));
}

#[test]
fn other_encodings() {
    let token = token(3);
    let plain = format!("acme token = {token} end");
    let escaped = |write: &dyn Fn(char) -> String| {
        token
            .chars()
            .enumerate()
            .map(|(at, c)| if at % 3 == 2 { write(c) } else { c.to_string() })
            .collect::<String>()
    };
    for (text, chain) in [
        (format!("s={}", base32_of(plain.as_bytes())), "base32"),
        (format!("s={}", hex_of(plain.as_bytes(), "")), "hex"),
        (format!("s={}", hex_of(plain.as_bytes(), ":")), "hex"),
        (format!("s={}", hex_of(plain.as_bytes(), " ").to_uppercase()), "hex"),
        (format!("s=\"{}\"", hex_of(plain.as_bytes(), "\\x").replacen("61", "\\x61", 1)), "escapes"),
        (dump(plain.as_bytes()), "hexdump"),
        (escaped(&|c| format!("%{:02X}", c as u32)), "percent"),
        (escaped(&|c| format!("%25{:02X}", c as u32)), "percent > percent"),
        (format!("{{\"a\": \"{}\"}}", escaped(&|c| format!("\\u{:04x}", c as u32))), "json"),
        (format!("a = \"{}\"", escaped(&|c| format!("\\x{:02x}", c as u32))), "escapes"),
        (format!("a = \"{}\"", escaped(&|c| format!("\\{:03o}", c as u32))), "escapes"),
        (format!("<a>{}</a>", escaped(&|c| format!("&#{};", c as u32))), "html"),
        (format!("<a>{}</a>", escaped(&|c| format!("&#x{:X};", c as u32))), "html"),
        (format!("Hello =3D you\n{}=\n{}\n", &token[..10], &token[10..]), "quoted-printable"),
        (format!("a = {{ 0x{} }};", hex_of(plain.as_bytes(), ", 0x")), "hex"),
        (format!("<a>{}</a>", token.replace('_', "&lowbar;")), "html"),
        (format!("t = \"{}\" .. \"{}\"", &token[..9], &token[9..]), "joined"),
        (format!("t = b'{}' b'{}'", &token[..9], &token[9..]), "joined"),
        (format!("t = \"{}\" + \"{}\"", &token[..9], &token[9..]), "joined"),
        (format!("t = '{}'\n  . '{}'", &token[..9], &token[9..]), "joined"),
        (format!("t = \"{}\" \"{}\"\n    \"{}\"", &token[..9], &token[9..20], &token[20..]), "joined"),
        (format!("t = {}\\\n    {}\n", &token[..9], &token[9..]), "joined"),
        (format!("t = ['{}', '{}'].join('')", &token[..9], &token[9..]), "joined"),
        (format!("t = ''.join([\"{}\", \"{}\"])", &token[..9], &token[9..]), "joined"),
    ] {
        let (found, bytes) = only(text.as_bytes(), &token);
        assert_eq!(found, chain, "{text}");
        let start = text.find(&bytes).unwrap();
        assert!(start > 0 || !text.starts_with('t'), "{bytes}");
    }
}

#[test]
fn one_inside_the_other() {
    let token = token(4);
    let text = config(&token);
    let twice = base64_of(base64_of(text.as_bytes()).as_bytes());
    assert_eq!(only(twice.as_bytes(), &token).0, "base64 > base64 > json");
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let encoded = format!("powershell -EncodedCommand {}", base64_of(&wide));
    assert_eq!(only(encoded.as_bytes(), &token).0, "base64 > utf-16 > json");
    let hex = hex_of(base64_of(text.as_bytes()).as_bytes(), "");
    assert_eq!(only(hex.as_bytes(), &token).0, "hex > base64 > json");
    let percent = base64_of(format!("a%3D{}", token.replace('_', "%5f")).as_bytes());
    assert_eq!(only(percent.as_bytes(), &token).0, "base64 > percent");
    let pieces = base64_of(text.as_bytes());
    let joined = format!("x = \"{}\" + \"{}\"", &pieces[..41], &pieces[41..]);
    assert_eq!(only(joined.as_bytes(), &token).0, "joined > base64 > json");
    // Over lines it is base64 that is wrapped.
    let wrapped = joined.replace("+ ", "+\n  ");
    assert_eq!(only(wrapped.as_bytes(), &token).0, "base64 > json");
}

#[test]
fn the_last_of_wrapped_lines_may_be_the_longest() {
    let token = token(9);
    let hex = hex_of(config(&token).repeat(3).as_bytes(), "");
    // The last line takes the rest: the last of three tokens.
    let (lines, rest) = hex.split_at(300);
    let text = format!("{{\\data {}{rest}}}\r\nend\r\n", wrap(lines, 60, "", "\r\n"));
    let found = scan(text.as_bytes());
    assert_eq!(found.iter().filter(|found| found.value(text.as_bytes()) == token.as_bytes()).count(), 3);
}

#[test]
fn compressed_text() {
    let token = token(7);
    let text = config(&token);
    let (mut low, mut high) = (1u32, 0u32);
    for byte in text.bytes() {
        low = (low + u32::from(byte)) % 65521;
        high = (high + low) % 65521;
    }
    let zlib = [&[0x78, 0x9c], &stored(text.as_bytes())[..], &(high << 16 | low).to_be_bytes()].concat();
    let gzip = gzip(text.as_bytes());
    for (bytes, name) in [(&zlib, "zlib"), (&gzip, "gzip")] {
        let encoded = base64_of(bytes);
        let text = format!("release: {encoded}\nend: 1\n");
        let (chain, bytes) = only(text.as_bytes(), &token);
        assert_eq!(chain, format!("base64 > {name} > json"));
        assert_eq!(bytes, encoded.trim_end_matches('='));
        let twice = format!("release: {}\n", wrap(&base64_of(encoded.as_bytes()), 76, "", "\n  "));
        assert_eq!(only(twice.as_bytes(), &token).0, format!("base64 > base64 > {name} > json"));
    }
    // What comes before the end or the damage is looked at, and both are told.
    let limits = |gzip: &[u8]| {
        let mut scratch = Scratch::default();
        let text = base64_of(gzip);
        ENGINE.scan(&mut scratch, &Input::whole(text.as_bytes()), &mut Vec::new());
        scratch.take_limits()
    };
    assert_eq!(limits(&gzip[..gzip.len() - 9]), [(19, Limit::Cut)]);
    assert_eq!(limits(&gzip[..60]), []);
    let mut damaged = gzip.clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(limits(&damaged), [(19, Limit::Damaged)]);
}

#[test]
fn values_are_judged_by_what_they_say() {
    let password = ["xK9", "vQ2mPz", "!7w"].concat();
    let text =
        format!("apiVersion: v1\nkind: Secret\ndata:\n  password: {}\n", base64_of(password.as_bytes()));
    let (chain, bytes) = only(text.as_bytes(), &password);
    assert_eq!(chain, "base64");
    assert_eq!(bytes, base64_of(password.as_bytes()).trim_end_matches('='));
    // A placeholder stays one.
    let text = format!("kind: Secret\ndata:\n  password: {}\n", base64_of(b"changeme"));
    assert_eq!(scan(text.as_bytes()), []);
}

#[test]
fn nothing_is_told_twice() {
    let token = token(5);
    // A token in clear and one in base64 in the same text are two places of one value.
    let text = format!("a = {token}\nb = {}\n", base64_of(config(&token).as_bytes()));
    let found: Vec<Match> = scan(text.as_bytes());
    let chains: Vec<usize> = found.iter().map(|found| found.chain().len()).collect();
    assert_eq!(chains, [0, 2], "{found:?}");
    let text = format!("https://host.example/?a=%2Fx&token={token}%20&b=%3D");
    assert_eq!(only(text.as_bytes(), &token).0, "");
}

#[test]
fn limits_are_told() {
    let mut text = config(&token(6)).into_bytes();
    for _ in 0..DEPTH + 1 {
        text = base64_of(&text).into_bytes();
    }
    let mut scratch = Scratch::default();
    let mut out = Vec::new();
    ENGINE.scan(&mut scratch, &Input::whole(&text), &mut out);
    let token = token(6);
    assert!(out.iter().all(|found| found.value(&text) != token.as_bytes()), "{out:?}");
    assert_eq!(scratch.take_limits(), [(19, Limit::Depth)]);
    assert_eq!(scratch.take_limits(), []);
}

/// A line, or a piece of one, in which something may be encoded.
pub(in crate::engine) fn piece() -> impl Strategy<Value = Vec<u8>> {
    (0..28u8, any::<u64>(), 1..60usize).prop_map(|(kind, seed, length)| {
        let token = token(seed);
        let text = config(&token);
        match kind {
            0 => base64_of(text.as_bytes()).into_bytes(),
            1 => {
                wrap(&base64_of(text.repeat(1 + length % 4).as_bytes()), 20 + length, "  ", "\n").into_bytes()
            }
            2 => hex_of(text.as_bytes(), "").into_bytes(),
            3 => hex_of(text.as_bytes(), ":").into_bytes(),
            4 => token.replace('_', "%5F").into_bytes(),
            5 => format!("\"{}\" + \"{}\"", &token[..9], &token[9..]).into_bytes(),
            6 => token.replace('_', "\\u005f").into_bytes(),
            7 => format!("{}=\n{} =3D\n", &token[..9], &token[9..]).into_bytes(),
            8 => b"\n".repeat(1 + length % 3),
            9 => vec![b' '; length],
            10 => format!("password: {}\n", base64_of(&token.as_bytes()[5..])).into_bytes(),
            11 => seed.to_le_bytes().to_vec(),
            12 => base32_of(text.as_bytes()).into_bytes(),
            13 => dump(text.as_bytes()).into_bytes(),
            14 => format!("a = {{ 0x{} }};\n", hex_of(text.as_bytes(), ", 0x")).into_bytes(),
            15 => format!("[\"{}\", \"{}\"].join('')\n", &token[..9], &token[9..]).into_bytes(),
            16 => format!("t = {}\\\n  {}\n", &token[..9], &token[9..]).into_bytes(),
            17 => token.replace('_', "&#95;").into_bytes(),
            18 => base64_of(&gzip(text.as_bytes())).into_bytes(),
            19 => wrap(&hex_of(text.as_bytes(), " "), 48, " ", "\n").into_bytes(),
            20 => format!("release: {}\n", base64_of(base64_of(text.as_bytes()).as_bytes())).into_bytes(),
            // Literals of which the last has no end, bytes far apart, long lines.
            21 => {
                let word = &token[9..];
                let (one, two, blanks) = (&token[..9], &word[..14], " a".repeat(length * 3));
                format!("t = \"{one}\" +\n  \"{two}\" +\n  \"{}{blanks}{word}\n", &word[14..]).into_bytes()
            }
            22 => {
                let between = format!(",\n{}0x", " ".repeat(length));
                format!("b = {{ 0x{} }};\n", hex_of(text.as_bytes(), &between)).into_bytes()
            }
            23 => wrap(&base64_of(text.repeat(50).as_bytes()), 900 + length, "", "\n").into_bytes(),
            _ => format!("let some_{} = other({length});\n", seed % 100).into_bytes(),
        }
    })
}

fn texts() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(piece(), 0..20).prop_map(|pieces| pieces.concat())
}

fn same(found: &[Match]) -> Vec<(crate::rules::RuleIndex, Span, Vec<u8>)> {
    let mut all: Vec<_> =
        found.iter().map(|found| (found.rule, found.secret, found.chain().join(">").into_bytes())).collect();
    all.sort();
    all
}

/// The bytes that decide where nobody is told of any: those of the line, and a few beside it, as `derived` has them.
fn near(text: &[u8], at: usize) -> Span {
    use crate::engine::derived::{AHEAD, BEFORE, MARGIN, NAME};
    let before = |by: usize| at.saturating_sub(by);
    let line = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| (end + 1).saturating_sub(BEFORE));
    let end = memchr::memchr(b'\n', &text[at + 1..]).map_or(text.len(), |by| at + by + 2 + MARGIN);
    Span::new(line.max(before(NAME)).min(before(BEFORE)), end.min(at + AHEAD).min(text.len()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// What a look at a place tells of is all that it goes by: whatever stands elsewhere, it sees the same.
    #[test]
    fn a_look_goes_by_what_it_tells_of(text in texts(), other in texts(), shift in any::<usize>()) {
        use crate::view::{region, sieve};
        let other = if other.is_empty() { b".".to_vec() } else { other };
        let (mut marks, mut spots) = (Vec::new(), Vec::new());
        sieve::find(&text, 0..text.len(), &mut marks, &mut spots);
        for spot in spots {
            let looked = region::look(&text, spot, &mut region::Last::default());
            let at = spot.at as usize;
            let told = looked.as_ref().map_or(near(&text, at), |(_, looked)| looked.span);
            // Whether it is looked at depends on these.
            let beside = near(&text, at);
            let own = Span::new(told.start.min(beside.start), told.end.max(beside.end));
            let mut made: Vec<u8> =
                (0..text.len()).map(|at| other[(at + shift % other.len()) % other.len()]).collect();
            made[own.range()].copy_from_slice(&text[own.range()]);
            let again = region::look(&made, spot, &mut region::Last::default());
            prop_assert_eq!(&again, &looked, "{:?} in {:?}", spot, String::from_utf8_lossy(&text));
        }
    }

    /// No bytes make it panic, and every place it tells of lies in the text.
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in texts()) {
        for text in [bytes.clone(), [text, bytes].concat()] {
            for found in scan(&text) {
                prop_assert!(found.secret.end <= text.len() && found.secret.start < found.secret.end);
            }
        }
    }

    /// What is found in two halves is what is found in the whole.
    #[test]
    fn own_parts_make_the_whole(text in texts(), cut in 0.0f64..1.0) {
        let at = (text.len() as f64 * cut) as usize;
        let mut parts = Vec::new();
        for own in [0..at, at..text.len()] {
            ENGINE.scan(&mut Scratch::default(), &Input { own, ..Input::whole(&text) }, &mut parts);
        }
        prop_assert_eq!(same(&parts), same(&scan(&text)), "{}", String::from_utf8_lossy(&text));
    }
}
