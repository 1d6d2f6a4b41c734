//! Compiles `patterns/*.toml` into constants, so that the program parses no rule at start. The same
//! code (`src/rules/{file,compile,lower,rule}.rs`) reads the rules of users at run time.

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::exit, reason = "cargo is spoken to this way")]

#[allow(dead_code, missing_docs)]
#[path = "src/rules"]
mod rules {
    pub mod compile;
    pub mod file;
    pub mod grams;
    pub mod late;
    pub mod lower;
    pub mod rule;
}

use rules::rule::{Anchor, Matcher, Rule, Segment, Shape, Text};
use std::fmt::Write;
use std::hash::{Hash, Hasher};

fn main() {
    println!("cargo::rerun-if-changed=patterns");
    println!("cargo::rerun-if-changed=src/rules");
    // The rule files are read by this script and by the crate; only the crate describes them by a schema.
    println!("cargo::rustc-check-cfg=cfg(in_crate)");
    println!("cargo::rustc-cfg=in_crate");
    fixed_addresses();
    if let Err(message) = generate() {
        // Shown by cargo as the reason why the build failed.
        eprintln!("error: {message}");
        std::process::exit(1);
    }
}

/// Link the program that is shipped for fixed addresses. The rules are constants full of pointers; where
/// these must be set at every start, that alone takes longer (3 ms, 450 page faults) than a commit's check.
/// What is given up is a random place for the code of a program in a memory-safe language; stack, heap
/// and libraries stay random.
fn fixed_addresses() {
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|held| held == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") && !is("PROFILE", "debug") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}

fn generate() -> Result<(), String> {
    let mut paths: Vec<_> = std::fs::read_dir("patterns")
        .map_err(|error| format!("patterns: {error}"))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    let mut out = String::from("&[\n");
    let mut ids = std::collections::BTreeMap::new();
    let mut compiled = Vec::new();
    let mut errors = Vec::new();
    for path in &paths {
        let name = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
        let file = match rules::file::parse(&text) {
            Ok(file) => file,
            Err(error) => {
                errors.push(format!("{name}: {}", error.reason));
                continue;
            }
        };
        let provider = file.provider.ok_or(format!("{name}: no [provider]"))?;
        for rule in file.rule {
            if let Some(other) = ids.insert(rule.id.clone(), path.clone()) {
                errors.push(format!("{name}: rule `{}` stands in {} too", rule.id, other.display()));
            }
            let id = rule.id.clone();
            match rules::compile::compile(rule, &provider) {
                Ok(rule) => {
                    write_rule(&mut out, &rule);
                    compiled.push(rule);
                }
                Err(error) => {
                    errors.push(format!("{name}: rule `{id}`: {} ({})", error.reason, error.remedy))
                }
            }
        }
    }
    if !errors.is_empty() {
        return Err(errors.join("\nerror: "));
    }
    out.push_str("]\n");
    let digest = [0u8, 1].map(|half| {
        let mut hasher = std::hash::DefaultHasher::new();
        (half, &out).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    });
    let target = std::env::var("OUT_DIR").map_err(|error| error.to_string())?;
    std::fs::write(format!("{target}/grams.rs"), grams(&compiled)).map_err(|error| error.to_string())?;
    std::fs::write(format!("{target}/digest.rs"), format!("{:?}", digest.concat()))
        .map_err(|error| error.to_string())?;
    std::fs::write(format!("{target}/builtin.rs"), out).map_err(|error| error.to_string())
}

/// The table of the beginnings of all rules.
fn grams(compiled: &[Rule]) -> String {
    let table = rules::grams::GramTable::new(compiled.iter().enumerate().map(|(at, rule)| (at as u32, rule)));
    let (slots, rules, bits) = (&table.slots[..], &table.rules[..], &table.bits[..]);
    format!(
        "GramTable {{ slots: Cow::Borrowed(&{slots:?}), rules: Cow::Borrowed(&{rules:?}), \
         bits: Cow::Borrowed(&{bits:?}), run: {} }}",
        table.run
    )
}

fn text(text: &str) -> String {
    format!("Cow::Borrowed({text:?})")
}

fn texts(texts: &[Text]) -> String {
    let inner: Vec<String> = texts.iter().map(|one| text(one)).collect();
    format!("Cow::Borrowed(&[{}])", inner.join(","))
}

fn write_rule(out: &mut String, rule: &Rule) {
    let check = rule.check.as_ref().map_or("None".to_owned(), |check| format!("Some({})", text(check)));
    let pair = rule.pair.as_ref().map_or("None".to_owned(), |pair| {
        format!("Some(Pair {{ rule: {}, within: {} }})", text(&pair.rule), pair.within)
    });
    let path = rule.path_regex.as_ref().map_or("None".to_owned(), |path| format!("Some({})", text(path)));
    let _ = writeln!(
        out,
        "Rule {{ id: {}, provider: {}, summary: {}, kind: Kind::{:?}, severity: Severity::{:?}, \
         matcher: {}, check: {check}, entropy: {:?}, near: {}, pair: {pair}, path_regex: {path}, enabled: {}, fixtures: {}, rotate: {}, \
         refs: {}, weight: {}, generic: {}, hit: {}, miss: {} }},",
        text(&rule.id),
        text(&rule.provider),
        text(&rule.summary),
        rule.kind,
        rule.severity,
        matcher(&rule.matcher),
        rule.entropy,
        texts(&rule.near),
        rule.enabled,
        rule.fixtures,
        text(&rule.rotate),
        texts(&rule.refs),
        rule.weight,
        rule.generic,
        texts(&rule.hit),
        texts(&rule.miss),
    );
}

fn matcher(matcher: &Matcher) -> String {
    match matcher {
        Matcher::Token(token) => {
            let anchor = match &token.anchor {
                Anchor::WordStart { grams, run } => {
                    format!("Anchor::WordStart {{ grams: Cow::Borrowed(&{:?}), run: {run} }}", &grams[..])
                }
                Anchor::Contains { literals, any_case, companions, late } => format!(
                    "Anchor::Contains {{ literals: {}, any_case: {any_case}, companions: {}, late: Cow::Borrowed(&{:?}) }}",
                    texts(literals),
                    texts(companions),
                    &late[..]
                ),
            };
            format!(
                "Matcher::Token(Token {{ regex: {}, anchor: {anchor}, reach: {}, shapes: {}, prefixes: {}, head: {:?} }})",
                text(&token.regex),
                token.reach,
                shapes(&token.shapes),
                texts(&token.prefixes),
                token.head
            )
        }
        Matcher::Assigned(assigned) => format!(
            "Matcher::Assigned(Assigned {{ value: {}, name: {}, length: {:?}, shapes: {} }})",
            text(&assigned.value),
            texts(&assigned.name),
            assigned.length,
            shapes(&assigned.shapes)
        ),
        Matcher::Block(block) => format!(
            "Matcher::Block(Block {{ begin: {}, end: {}, max: {} }})",
            texts(&block.begin),
            texts(&block.end),
            block.max
        ),
    }
}

fn shapes(shapes: &[Shape]) -> String {
    let inner: Vec<String> = shapes
        .iter()
        .map(|shape| {
            let segments: Vec<String> = shape.segments.iter().map(segment).collect();
            format!(
                "Shape {{ segments: Cow::Borrowed(&[{}]), secret: {:?}, word_end: {} }}",
                segments.join(","),
                shape.secret,
                shape.word_end
            )
        })
        .collect();
    format!("Cow::Borrowed(&[{}])", inner.join(","))
}

fn segment(segment: &Segment) -> String {
    match segment {
        Segment::Bytes(bytes) => format!("Segment::Bytes(Cow::Borrowed(&{:?}))", &bytes[..]),
        Segment::Class { class, min, max } => {
            format!("Segment::Class {{ class: ByteClass({:?}), min: {min}, max: {max} }}", class.0)
        }
    }
}
