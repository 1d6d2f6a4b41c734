//! Cases of known secrets: how a secret is printed and what must not be seen. The ids are those of the
//! study (`masking.md`, chapter 3).

use crate::encode::{self, STD, URL};
use crate::support::{BASE62, Dice, plain, strong};
use sekisho::mask::Needle;

/// One case.
pub struct Case {
    pub id: &'static str,
    pub needles: Vec<Needle>,
    pub input: Vec<u8>,
    /// No eight bytes in a row of these may come out.
    pub hidden: Vec<Vec<u8>>,
    /// These must come out.
    pub kept: Vec<Vec<u8>>,
}

/// A token of 20 bytes.
pub fn token() -> Vec<u8> {
    Dice(20).text(BASE62, 20)
}

/// A password with all kinds of signs, with two pieces of letters and digits.
pub fn password() -> Vec<u8> {
    let mut dice = Dice(21);
    let mut out = dice.text(BASE62, 5);
    out.extend_from_slice(b"@/+&\"'<>$%! =");
    out.extend(dice.text(BASE62, 8));
    out
}

/// A key of six lines: its armour, and a body of four lines.
pub fn key() -> Vec<u8> {
    let mut dice = Dice(22);
    let mut lines = vec![["-----BEGIN ", "PRIVATE KEY-----"].concat().into_bytes()];
    for length in [64, 64, 64, 40] {
        lines.push(dice.text(STD, length));
    }
    lines.push(["-----END ", "PRIVATE KEY-----"].concat().into_bytes());
    let mut key = lines.join(&b'\n');
    key.push(b'\n');
    key
}

/// The lines of the key's body.
pub fn body() -> Vec<Vec<u8>> {
    key()
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty() && !line.starts_with(b"-----"))
        .map(<[u8]>::to_vec)
        .collect()
}

fn cat(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

struct Cases(Vec<Case>);

impl Cases {
    /// A case of a spelling of a strong value that stands in a line of a log.
    fn form(&mut self, id: &'static str, value: &[u8], spelled: Vec<u8>) {
        self.hidden(id, value, spelled.clone(), vec![spelled]);
    }

    /// The same where only a part of the spelling must be hidden.
    fn hidden(&mut self, id: &'static str, value: &[u8], spelled: Vec<u8>, hidden: Vec<Vec<u8>>) {
        let input = cat(&[b"step 1: value is ", &spelled, b" and the build goes on\nnext line\n"]);
        let kept = vec![b"step 1: value is ".to_vec(), b" and the build goes on\nnext line\n".to_vec()];
        self.0.push(Case { id, needles: vec![strong("S", value)], input, hidden, kept });
    }

    fn text(&mut self, id: &'static str, needles: Vec<Needle>, input: Vec<u8>, hidden: Vec<Vec<u8>>) {
        self.0.push(Case { id, needles, input, hidden, kept: Vec::new() });
    }
}

/// All cases.
pub fn cases() -> Vec<Case> {
    let mut cases = Cases(Vec::new());
    literals(&mut cases);
    lines(&mut cases);
    encodings(&mut cases);
    escapes(&mut cases);
    nested(&mut cases);
    terminal(&mut cases);
    cases.0
}

fn literals(cases: &mut Cases) {
    let token = token();
    cases.form("L01", &token, token.clone());
    cases.form("L13", &token, cat(&[&token, &token]));
    let border = b"aaabaaac9Q7xaaabaaacZ".to_vec();
    cases.form("L04", &border, cat(&[b"a", &border]));
    let repeated = b"abcabcabd7Kabcabcabd".to_vec();
    cases.form("L06", &repeated, cat(&[b"abc", &repeated]));
    let short = Dice(1).text(BASE62, 13);
    let long = cat(&[&short, b"-", &Dice(2).text(BASE62, 12)]);
    cases.text(
        "L08",
        vec![strong("A", &short), strong("B", &long)],
        cat(&[b"x ", &long, b" y\n"]),
        vec![long],
    );
    let inner = plain("B", b"beta99");
    cases.text(
        "L09",
        vec![plain("A", b"alpha-beta99-gamma"), inner],
        b"x alpha-beta99-gamma y\n".to_vec(),
        vec![b"alpha-beta99-gamma".to_vec()],
    );
    cases.text(
        "L10",
        vec![plain("A", b"abcdefgh12"), plain("B", b"gh12ijklmn")],
        b"x abcdefgh12ijklmn y\n".to_vec(),
        vec![b"abcdefgh12ijklmn".to_vec()],
    );
    cases.text(
        "L11",
        vec![plain("A", b"deploy-key-12345"), plain("B", b"key-12399")],
        b"x deploy-key-12399 y\n".to_vec(),
        vec![b"key-12399".to_vec()],
    );
    cases.text("L15", vec![strong("S", &token)], cat(&[b"end ", &token]), vec![token.clone()]);
    cases.text("L16", vec![strong("S", &token)], cat(&[b"cut ", &token[..14]]), vec![token[..14].to_vec()]);
    cases.form("L17", &token, cat(&[&token[..12], b"..."]));
    cases.form("L18", &token, cat(&[b"...", &token[8..]]));
    cases.text(
        "L23",
        vec![strong("S", &token)],
        cat(&[b"a line that is as long as the window ", &token[..8], b"\n", &token[8..], b" goes on\n"]),
        vec![token[..8].to_vec(), token[8..].to_vec()],
    );
    cases.form("E41", &token, token.to_ascii_uppercase());
    cases.form("E42", &token, token.chunks(4).collect::<Vec<_>>().join(&b' '));
}

fn lines(cases: &mut Cases) {
    let (key, body) = (key(), body());
    let needles = || vec![strong("K", &key)];
    let mut case = |id, input: Vec<u8>| cases.text(id, needles(), input, body.clone());
    let with = |end: &str| encode::replace(&key, "\n", end);
    case("M01", key.clone());
    case("M02", with("\r\n"));
    case("M03", with("\r\r\n"));
    case("M04", with("\n      "));
    case("M05", with(" "));
    case("M06", with("\\n"));
    case("M07", with("\n#8 0.31 pod-1 | "));
    case("M08", key.split_inclusive(|&byte| byte == b'\n').take(3).flatten().copied().collect());
    let mut lines: Vec<&[u8]> = key.split_inclusive(|&byte| byte == b'\n').collect();
    lines.reverse();
    case("M09", lines.concat());
}

fn encodings(cases: &mut Cases) {
    let token = token();
    // The first and the last character also depend on what stands beside the secret.
    let core = |text: Vec<u8>, before: usize| {
        let (first, last) = ((before * 8).div_ceil(6), (before + 20) * 8 / 6);
        vec![text[first..last].to_vec()]
    };
    for (id, before) in [("E01", &b""[..]), ("E02", b"u"), ("E03", b"u:"), ("E04", b"us:")] {
        let text = encode::base64(&cat(&[before, &token]));
        cases.hidden(id, &token, text.clone(), core(text, before.len()));
    }
    let text = encode::base64(&cat(&[&token, b"\n"]));
    cases.hidden("E10", &token, text.clone(), core(text, 0));
    let text = encode::base64(&cat(&[b"x-access-token:", &token, b":tail"]));
    cases.hidden("E13", &token, text.clone(), core(text, 15));
    let odd = cat(&[&token[..7], b"?>\xff>?\xff\xfe", &token[7..]]);
    let text = encode::base64_bare(&odd, URL);
    cases.hidden("E14", &odd, text.clone(), vec![text[..text.len() - 1].to_vec()]);
    let long = Dice(30).text(BASE62, 100);
    let text = encode::wrap(&encode::base64(&long), 76, "\n");
    cases.hidden("E15", &long, text.clone(), vec![text[..132].to_vec()]);
    for (id, before) in [("E16a", &b""[..]), ("E16b", b"u"), ("E16c", b"ab"), ("E16d", b"user:")] {
        let inner = encode::base64(&cat(&[before, &token]));
        let text = encode::base64(&cat(&[b"k: ", &inner]));
        let from = (3 + (before.len() * 8).div_ceil(6)) * 8 / 6 + 2;
        cases.hidden(id, &token, text.clone(), vec![text[from..from + 28].to_vec()]);
    }
    let text = encode::base64(&encode::utf16(&cat(&[b"$x='", &token, b"'"])));
    cases.hidden("E17", &token, text.clone(), vec![text[12..62].to_vec()]);
    cases.form("E18", &token, encode::hex(&token));
    cases.form("E19", &token, encode::hex(&token).to_ascii_uppercase());
    let digits = |dump: &[u8]| vec![dump[8..40].to_vec()];
    let dump = encode::od(&cat(&[b"ab", &token, b"c"]));
    cases.hidden("E20", &token, cat(&[b"\n", &dump]), digits(&dump[6..]));
    let dump = encode::xxd(&cat(&[b"ab", &token, b"c"]));
    let column = vec![token[..14].to_vec(), dump[16..48].to_vec(), cat(&[b" ", &token[14..], b"c\n"])];
    cases.hidden("E21", &token, cat(&[b"\n", &dump]), column);
    let dump = encode::hexdump(&cat(&[b"abcdefghi", &token, b"c"]));
    cases.hidden("E21b", &token, cat(&[b"\n", &dump]), vec![dump[39..58].to_vec(), token[7..].to_vec()]);
    cases.hidden("E39", &token, encode::utf16(&token), vec![encode::utf16(&token)[..38].to_vec()]);
    for (id, before) in [("E40a", 0), ("E40b", 1), ("E40c", 2), ("E40d", 3), ("E40e", 4)] {
        let text = encode::base32(&cat(&[&b"wxyz"[..before], &token]));
        let (first, last) = ((before * 8).div_ceil(5), (before + 20) * 8 / 5);
        cases.hidden(id, &token, text.clone(), vec![text[first..last].to_vec()]);
    }
    cases.form("hex-colon", &token, encode::pairs(&token, "", ":"));
    cases.form("hex-dash", &token, encode::pairs(&token, "", "-"));
    cases.form("hex-blank", &token, encode::pairs(&token, "", " "));
    cases.form("hex-0x", &token, encode::pairs(&token, "0x", ", "));
    cases.form("hex-escape", &token, encode::pairs(&token, "\\x", ""));
}

fn escapes(cases: &mut Cases) {
    let password = password();
    let signs = |byte: u8| !byte.is_ascii_alphanumeric();
    let mut form = |id, spelled: Vec<u8>| cases.form(id, &password, spelled);
    form("E22", encode::percent(&password, b"", true));
    form("E23", encode::percent(&password, b"", false));
    form("E24", encode::replace(&encode::percent(&password, b" ", true), " ", "+"));
    form("E25", encode::percent(&encode::percent(&password, b"", true), b"", true));
    form("E26", encode::percent(&password, b"!#$&'()*+,/:;=?@", true));
    form("pct-all", encode::escape(&password, |_| true, |byte| format!("%{byte:02x}")));
    form("pct-u", encode::escape(&password, signs, |byte| format!("%u{byte:04X}")));
    form("E27", encode::json(&password));
    form("E28", encode::json(&encode::json(&password)));
    form(
        "E29",
        encode::escape(
            &password,
            |byte| b"<>&/".contains(&byte),
            |byte| match byte {
                b'/' => "\\/".to_owned(),
                other => format!("\\u{other:04x}"),
            },
        ),
    );
    form("u-all", encode::escape(&password, |_| true, |byte| format!("\\u{byte:04X}")));
    form("E30", encode::escape(&password, |byte| b"&<>\"'".contains(&byte), |byte| format!("&#x{byte:x};")));
    form("E30b", encode::escape(&password, signs, |byte| format!("&#{byte};")));
    let named = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&apos;")];
    form("E31", named.iter().fold(password.clone(), |text, (from, to)| encode::replace(&text, from, to)));
    form("E32", encode::replace(&password, "'", "'\\''"));
    form("E32b", encode::replace(&password, "'", "'\"'\"'"));
    form("E33", encode::escape(&password, signs, |byte| format!("\\{}", byte as char)));
    form(
        "E43",
        encode::escape(&password, |byte| b"$\"\\`".contains(&byte), |byte| format!("\\{}", byte as char)),
    );
    form("E36", encode::replace(&password, "$", "$$"));
    form(
        "E37",
        encode::escape(&password, |byte| b"$\"'` ".contains(&byte), |byte| format!("`{}", byte as char)),
    );
    form(
        "E38",
        encode::escape(&password, |byte| b"&<>^|".contains(&byte), |byte| format!("^{}", byte as char)),
    );
    form("batch-percent", encode::replace(&password, "%", "%%"));
    form("double-quote", encode::replace(&password, "\"", "\"\""));
    form("qp", encode::escape(&password, |byte| byte == b'=' || signs(byte), |byte| format!("={byte:02X}")));
    let token = token();
    let (one, other) = token.split_at(7);
    cases.form("shell-joined", &token, cat(&[one, b"\"'", other]));
    cases.form("c-joined", &token, cat(&[one, b"\" \"", other]));
    cases.form("continued", &token, cat(&[one, b"\\\n", other]));
    let umlauts = "Zürich-Öl7-Straße-42x".as_bytes().to_vec();
    cases.form("E34", &umlauts, encode::escape(&umlauts, |byte| byte >= 0x80, |byte| format!("\\{byte:o}")));
    cases.form(
        "E35",
        &umlauts,
        encode::escape(&umlauts, |byte| byte >= 0x80, |byte| format!("\\x{byte:02x}")),
    );
    let unicode: String = String::from_utf8(umlauts.clone())
        .unwrap()
        .chars()
        .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", c as u32) })
        .collect();
    cases.form("u-umlauts", &umlauts, unicode.into_bytes());
}

fn nested(cases: &mut Cases) {
    let (password, token) = (password(), token());
    let json = encode::json(&password);
    let mut form = |id, spelled: Vec<u8>| cases.form(id, &password, spelled);
    form("json-in-percent", encode::percent(&json, b"", true));
    form("percent-in-json", encode::json(&encode::percent(&password, b"", true)));
    form(
        "u-in-percent",
        encode::percent(&encode::escape(&password, |b| b == b'<', |b| format!("\\u{b:04x}")), b"", true),
    );
    form("entity-in-percent", encode::percent(&encode::replace(&password, "&", "&amp;"), b"", true));
    form("percent-in-entity", encode::replace(&encode::percent(&password, b"&", true), "&", "&amp;"));
    let escaped = encode::base64(&cat(&[b"{\"user\":\"me\",\"password\":\"", &json, b"\",\"more\":1}"]));
    cases.hidden("base64-of-json", &password, escaped.clone(), vec![escaped[36..64].to_vec()]);
    let wrapped = encode::wrap(&escaped, 40, "\n");
    cases.hidden("base64-of-json-wrapped", &password, wrapped.clone(), vec![escaped[42..64].to_vec()]);
    cases.form("hex-wrapped", &token, encode::wrap(&encode::hex(&token), 16, "\n"));
    let colours = token.iter().flat_map(|&byte| [b"\x1b[31m", &[byte][..]].concat()).collect::<Vec<u8>>();
    cases.hidden("colours-and-wrap", &token, encode::wrap(&colours, 66, "\n"), vec![token.clone()]);
    let json_of_base64 = encode::base64(&encode::base64(&cat(&[b"{\"password\":\"", &json, b"\"}"])));
    cases.hidden(
        "base64-of-base64-of-json",
        &password,
        json_of_base64.clone(),
        vec![json_of_base64[36..56].to_vec()],
    );
}

fn terminal(cases: &mut Cases) {
    let token = token();
    let between = |between: &str| -> Vec<u8> {
        token.iter().flat_map(|&byte| [&[byte][..], between.as_bytes()].concat()).collect()
    };
    let mut case = |id, spelled: Vec<u8>| {
        cases.hidden(id, &token, spelled, vec![token.clone(), token[..9].to_vec(), token[9..].to_vec()]);
    };
    case("T01", cat(&[&token[..9], b"\x1b[1;31m", &token[9..]]));
    case("T02", between("\x1b[0m"));
    case("T03", cat(&[&token[..9], b" \r", &token[9..]]));
    case("T04", cat(&[b"\x1b]8;;https://h/", &token, b"\x1b\\link\x1b]8;;\x1b\\"]));
    case("T05", token.iter().flat_map(|&byte| [byte, 8, byte]).collect());
    case("T05b", token.iter().flat_map(|&byte| [b'_', 8, byte]).collect());
    case("T06", between("\u{200b}"));
    case("T09", between("\x1b[1C"));
    case("osc-inside", cat(&[&token[..9], b"\x1b]0;title\x07", &token[9..]]));
    case("nul", between("\0"));
}
