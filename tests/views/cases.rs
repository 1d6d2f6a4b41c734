//! One text for each way of writing that is decoded.

use crate::make::Text;
use crate::support::token;

/// A file: its name, its bytes and those that say the token, and the chain of encodings around that.
pub struct Case {
    pub name: String,
    pub text: Text,
    pub chain: &'static str,
    pub token: String,
}

type Make = fn(&str) -> Text;

fn json(token: &str) -> Text {
    Text::new("{\"registry\": \"ghcr.io\", \"token\": \"", token, "\", \"retries\": 3, \"x\": \"~~~???\"}\n")
}

fn plain(token: &str) -> Text {
    Text::new("the token of the build is ", token, ", and that is all ???>>>~~~\n")
}

/// The token alone on its line.
fn line(token: &str) -> Text {
    Text::new("t=", token, "\n")
}

const BASE64: &[(&str, &str, Make)] = &[
    ("base64 > json", "one.yaml", |token| json(token).base64().within("blob: ", "\nend: 1\n")),
    ("base64", "plain.yaml", |token| plain(token).base64().within("blob: ", "\nend: 1\n")),
    ("base64", "url.txt", |token| plain(token).base64_url().within("see /x?state=", "&y=1\n")),
    ("base64", "bare.py", |token| plain(token).base64_url().within("x = '", "'\n")),
    ("base64", "wrapped-76.txt", |token| {
        plain(token).base64().wrapped(76, "", "\n").within("a:\n", "b: 1.\n")
    }),
    ("base64", "wrapped-37.txt", |token| {
        plain(token).base64().wrapped(37, "    ", "\n").within("a: |\n", "b: 1\n")
    }),
    ("base64", "folded.yaml", |token| {
        plain(token).base64().wrapped(41, "  ", "\n").within("a: >-\n", "b: 1\n")
    }),
    ("base64", "comment.sh", |token| plain(token).base64().wrapped(50, "# ", "\n").within("#\n", "# end.\n")),
    ("base64", "quoted.eml", |token| {
        plain(token).base64().wrapped(60, "> ", "\r\n").within("> hi\r\n", "> .\r\n")
    }),
    ("base64", "lines.json", |token| {
        plain(token).base64().wrapped(64, "", "\\n").within("{\"a\": \"", "\"}\n")
    }),
    ("base64", "pieces.js", |token| {
        plain(token).base64().wrapped(30, "  \"", "\" +\n").within("const a =\n", "  \"\";\n")
    }),
    ("base64", "data.css", |token| plain(token).base64().within("url(data:text/plain;base64,", ")\n")),
    ("base64 > base64", "twice.txt", |token| plain(token).base64().base64().within("x ", "\n")),
    ("base64 > utf-16", "run.ps1", |token| {
        plain(token).wide(2, true).base64().within("powershell -EncodedCommand ", "\n")
    }),
    ("base64 > utf-32", "wide.txt", |token| {
        plain(token).wide(4, true).marked(&[0xff, 0xfe, 0, 0]).base64().within("w: ", "\n")
    }),
    ("base64 > utf-32", "bare.txt", |token| plain(token).wide(4, true).base64().within("w: ", "\n")),
    ("base64 > utf-32", "high.txt", |token| plain(token).wide(4, false).base64().within("w: ", "\n")),
    ("base64 > percent", "state.txt", |token| {
        plain(token).escaped(|byte| format!("%{byte:02X}")).base64().within("s: ", "\n")
    }),
    ("joined > base64", "joined.js", |token| {
        let text = plain(token).base64();
        let cut = text.span.start + 7;
        let mut made = text.each(|at, byte| match at == cut {
            true => format!("\" + \"{}", char::from(byte)),
            false => char::from(byte).to_string(),
        });
        made = made.within("const a = \"", "\";\n");
        made
    }),
];

const SQUEEZED: &[(&str, &str, Make)] = &[
    ("base64 > gzip > json", "gzip.yaml", |token| squeezed(json(token), "gzip")),
    ("base64 > gzip", "gzip-plain.yaml", |token| squeezed(plain(token), "gzip")),
    ("base64 > zlib", "zlib.yaml", |token| squeezed(plain(token), "zlib")),
    ("base64 > zstd", "zstd.yaml", |token| squeezed(plain(token), "zstd")),
    ("base64 > bzip2", "bzip2.yaml", |token| squeezed(plain(token), "bzip2")),
    ("base64 > xz", "xz.yaml", |token| squeezed(plain(token), "xz")),
    ("hex > gzip", "gzip.hex", |token| plain(token).squeezed("gzip").hex("").within("x ", "\n")),
    // As Helm keeps a release in a Secret.
    ("base64 > base64 > gzip > json", "helm.yaml", |token| {
        json(token).squeezed("gzip").base64().base64().within("kind: Secret\ndata:\n  release: ", "\n")
    }),
    ("base64 > gzip > base64 > json", "deep.txt", |token| {
        squeezed(json(token).base64().within("inner ", "\n"), "gzip")
    }),
];

const PAIRS: &[(&str, &str, Make)] = &[
    ("hex", "plain.hex", |token| plain(token).hex("").within("x = ", "\n")),
    ("hex", "colons.txt", |token| plain(token).hex(":").within("x = ", "\n")),
    ("hex", "blanks.txt", |token| plain(token).hex(" ").within("x = ", "\n")),
    ("hex", "list.c", |token| plain(token).hex(", 0x").within("char a[] = { 0x", " };\n")),
    ("hex", "list.go", |token| plain(token).hex(",0x").within("var a = []byte{0x", "}\n")),
    ("hex", "lines.h", |token| {
        let list = plain(token).hex(", 0x").within("0x", ",");
        // Ten bytes of six characters each a line.
        list.wrapped(60, "    ", "\n").within("char a[] = {\n", "};\n")
    }),
    ("hexdump", "dump-xxd.txt", |token| plain(token).dumped("xxd", &[])),
    ("hexdump", "dump-od.txt", |token| plain(token).dumped("od", &["-A", "x", "-t", "x1"])),
    ("hexdump", "dump-hexdump.txt", |token| plain(token).dumped("hexdump", &["-C"])),
    ("base32", "base32.txt", |token| plain(token).base32().within("x ", "\n")),
    ("base32", "wrapped.b32", |token| plain(token).base32().wrapped(64, "", "\n").within("x\n", "end.\n")),
];

const ESCAPES: &[(&str, &str, Make)] = &[
    ("percent", "link.txt", |token| line(token).escaped(|byte| format!("%{byte:02X}"))),
    ("percent > percent", "links.txt", |token| line(token).escaped(|byte| format!("%25{byte:02x}"))),
    ("json", "unicode.json", |token| {
        let text = Text::new("", token, "").escaped(|byte| format!("\\u{byte:04x}"));
        text.within("{\"a\": \"", "\"}\n")
    }),
    ("escapes", "hex.py", |token| escapes(token, |byte| format!("\\x{byte:02x}"))),
    ("escapes", "octal.c", |token| escapes(token, |byte| format!("\\{byte:03o}"))),
    ("escapes", "braces.js", |token| escapes(token, |byte| format!("\\u{{{byte:x}}}"))),
    ("escapes", "long.py", |token| escapes(token, |byte| format!("\\U{byte:08x}"))),
    ("html", "decimal.html", |token| {
        line(token).escaped(|byte| format!("&#{byte};")).within("<p>", "</p>\n")
    }),
    ("html", "hex.xml", |token| line(token).escaped(|byte| format!("&#x{byte:X};")).within("<p>", "</p>\n")),
    ("html", "named.html", |token| {
        let span = 2..2 + token.len();
        let named = |at: usize, byte: u8| match byte {
            b'_' if span.contains(&at) => "&lowbar;".to_owned(),
            _ => char::from(byte).to_string(),
        };
        line(token).each(named).within("<p>", "</p>\n")
    }),
    ("quoted-printable", "mail.eml", |token| {
        let text = Text::new("", token, "\n").escaped(|byte| format!("={byte:02X}"));
        text.within("The token =3D ", "bye\n")
    }),
    ("quoted-printable", "soft.eml", |token| {
        let text = Text::new("", token, "");
        let cut = text.each(|at, byte| match at {
            17 => format!("=\n{}", char::from(byte)),
            _ => char::from(byte).to_string(),
        });
        cut.within("Subject: a\n\nThe token is ", "\nbye\n")
    }),
];

const JOINED: &[(&str, &str, Make)] = &[
    ("joined", "plus.js", |token| pieces(token, "' +\n  '").within("const t = '", "';\n")),
    ("joined", "dot.php", |token| pieces(token, "' . '").within("$t = '", "';\n")),
    ("joined", "beside.c", |token| pieces(token, "\"\n    \"").within("char t[] = \"", "\";\n")),
    ("joined", "lua.lua", |token| pieces(token, "\" .. \"").within("t = \"", "\"\n")),
    ("joined", "prefix.py", |token| pieces(token, "' f'").within("t = ('", "')\n")),
    ("joined", "continued.sh", |token| pieces(token, "\\\n").within("curl -H x:", "\n")),
    ("joined", "folded-quoted.yaml", |token| pieces(token, "\\\n    ").within("a:\n  t: \"", "\"\n")),
    ("joined", "array.js", |token| pieces(token, "', '").within("const t = ['", "'].join('');\n")),
    ("joined", "array.py", |token| pieces(token, "\", \"").within("t = \"\".join([\"", "\"])\n")),
];

fn squeezed(text: Text, program: &str) -> Text {
    text.squeezed(program).base64().within("release: ", "\n").without_padding()
}

fn escapes(token: &str, escape: fn(u8) -> String) -> Text {
    Text::new("", token, "").escaped(escape).within("a = \"", "\"\n")
}

/// The token in three pieces with a text between them.
fn pieces(token: &str, between: &str) -> Text {
    Text::new("", token, "").each(|at, byte| match at {
        11 | 23 => format!("{between}{}", char::from(byte)),
        _ => char::from(byte).to_string(),
    })
}

impl Text {
    /// The padding of base64 says nothing.
    fn without_padding(mut self) -> Text {
        while self.bytes[self.span.end - 1] == b'=' {
            self.span.end -= 1;
        }
        self
    }
}

/// Texts, each with a token of its own.
pub fn cases() -> Vec<Case> {
    let all = [BASE64, SQUEEZED, PAIRS, ESCAPES, JOINED].concat();
    let case = |(number, (chain, name, make)): (usize, (&'static str, &str, Make))| {
        let token = token(100 + number as u64);
        // Names of several groups may be the same.
        let name = format!("{number}-{name}");
        Case { name, text: make(&token).without_padding(), chain, token }
    };
    all.into_iter().enumerate().map(case).collect()
}

/// Whole files in wide encodings.
pub fn wide() -> Vec<Case> {
    let all: [(&str, usize, bool, &[u8]); 8] = [
        ("utf-16", 2, true, &[0xff, 0xfe]),
        ("utf-16", 2, false, &[0xfe, 0xff]),
        ("utf-16", 2, true, &[]),
        ("utf-16", 2, false, &[]),
        ("utf-32", 4, true, &[0xff, 0xfe, 0, 0]),
        ("utf-32", 4, false, &[0, 0, 0xfe, 0xff]),
        ("utf-32", 4, true, &[]),
        ("utf-32", 4, false, &[]),
    ];
    let case = |(number, (chain, width, low_first, mark)): (usize, (&'static str, usize, bool, &[u8]))| {
        let token = token(200 + number as u64);
        let text = plain(&token).wide(width, low_first).marked(mark);
        Case { name: format!("wide-{number}.txt"), text, chain, token }
    };
    all.into_iter().enumerate().map(case).collect()
}
