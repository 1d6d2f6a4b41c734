//! The frame of the page: its head with style and policy, the filters, and the script.

use super::{Severity, TOOL, VERSION, safe};
use crate::finding::Exposure;
use crate::report::{HOME, SEVERITIES};
use sha2::{Digest, Sha256};
use std::io::{self, Write};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The name by which a policy knows a style sheet or a script (Content Security Policy level 3).
fn digest(text: &str) -> String {
    format!("'sha256-{}'", base64_simd::STANDARD.encode_to_string(Sha256::digest(text)))
}

pub(super) fn begin(title: &str, out: &mut dyn Write) -> io::Result<()> {
    let (style, script) = (digest(STYLE), digest(SCRIPT));
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n\
         <meta name=\"generator\" content=\"{TOOL} {VERSION}\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src {style}; \
         script-src {script}; base-uri 'none'; form-action 'none'\">\n\
         <title>{} - Sekisho</title>\n<style>{STYLE}</style></head>\n<body>",
        safe(title),
    )
}

/// Shown by the script only: without it they would do nothing.
pub(super) fn filters(told: bool, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(
        b"<form class=\"filters\" hidden><label>Filter <input type=\"search\" name=\"text\" \
          placeholder=\"rule, path, author\"></label>\n",
    )?;
    let select = |out: &mut dyn Write, name: &str, label: &str, options: &[&str]| {
        let options: String = options.iter().map(|option| format!("<option>{option}</option>")).collect();
        writeln!(
            out,
            "<label>{label} <select name=\"{name}\"><option value=\"\">all</option>{options}</select></label>"
        )
    };
    select(out, "severity", "Severity", &SEVERITIES.map(Severity::name))?;
    if told {
        select(out, "exposure", "Exposure", &Exposure::ALL.map(Exposure::name))?;
    }
    out.write_all(b"<output></output></form>\n")
}

pub(super) fn end(out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<footer><p>Written by <a href=\"{HOME}\" rel=\"noreferrer noopener\">{TOOL} {VERSION}</a>. \
         Secrets are masked; the file holds no clear text unless it was asked for.</p></footer>\n\
         <script>{SCRIPT}</script>\n</body></html>"
    )
}
