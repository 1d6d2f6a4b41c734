//! `sekisho mask selftest`: a canary in every form, to be printed through a CI system's own masking; and the
//! look at the log of that, which tells what came through.

#[path = "selftest_forms.rs"]
mod forms;

use super::args::{Host, Selftest};
use crate::cli::output;
use crate::error::Error;
use crate::rules::check::Generator;
use forms::FORMS;
use std::io::Read;
use std::path::Path;

/// Begins the line that tells where a canary comes from.
const HEAD: &str = "sekisho-selftest canary ";
/// Begins the line of a form.
const LINE: &str = "sekisho-selftest ";
const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789+/&\"'<>$%!=@'";

/// Print the forms, or check a log. Status 1 where something leaked.
///
/// # Errors
/// No such variable or file, a log without a selftest in it.
pub fn run(args: &Selftest) -> Result<u8, Error> {
    if let Some(path) = &args.check {
        return check(args, path);
    }
    let (origin, canary) = match &args.env {
        Some(name) => (format!("env={name}"), of_variable(name)?),
        None => {
            let seed = args.seed.unwrap_or_else(fresh_seed);
            (format!("seed={seed}"), of_seed(seed))
        }
    };
    if args.canary {
        output::print(&format!("{}\n", String::from_utf8_lossy(&canary)))?;
        return Ok(0);
    }
    let shown = String::from_utf8_lossy(&canary);
    match args.register {
        Some(Host::Github) => {
            let escaped = shown.replace('%', "%25").replace('\n', "%0A");
            output::print(&format!("::add-mask::{escaped}\n"))?;
        }
        Some(Host::Azure) => {
            output::print(&format!("##vso[task.setsecret]{}\n", shown.replace('%', "%AZP25")))?;
        }
        Some(Host::Sekisho) => drop(super::add::register("canary", &canary)?),
        None => {}
    }
    output::print(&lines(&origin, &canary))?;
    Ok(0)
}

fn lines(origin: &str, canary: &[u8]) -> String {
    let mut out = format!("{HEAD}{origin}\n");
    for (label, form) in FORMS {
        for line in form(canary).split('\n') {
            out += &format!("{LINE}{label} | {line}\n");
        }
    }
    out
}

fn fresh_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    // Below 2^53, so that the number is exact wherever it is copied to.
    RandomState::new().hash_one(std::process::id()) >> 11
}

/// The canary of a seed: long, with every kind of sign that encodings treat in their own way.
fn of_seed(seed: u64) -> Vec<u8> {
    let mut random = Generator::new(seed);
    let middle = random.text(ALPHABET, 30);
    format!("K'{middle}7\"&<%+/$z").into_bytes()
}

fn of_variable(name: &str) -> Result<Vec<u8>, Error> {
    let value = std::env::var_os(name).map(std::ffi::OsString::into_encoded_bytes).unwrap_or_default();
    if value.len() < 12 {
        return Err(Error::Input {
            what: format!("--env {name}"),
            reason: "is not set, or shorter than a canary must be (12 bytes)".to_owned(),
            remedy: "make one with `sekisho mask selftest --canary` and store it as a secret".to_owned(),
        });
    }
    Ok(value)
}

fn check(args: &Selftest, path: &Path) -> Result<u8, Error> {
    let mut log = Vec::new();
    let read = match path == Path::new("-") {
        true => std::io::stdin().lock().read_to_end(&mut log).map(drop),
        false => std::fs::read(path).map(|text| log = text),
    };
    read.map_err(|error| Error::Input {
        what: path.display().to_string(),
        reason: error.to_string(),
        remedy: "name the log of a run of `sekisho mask selftest`".to_owned(),
    })?;
    let log = String::from_utf8_lossy(&log);
    let seed = log.lines().find_map(|line| {
        let told = line.split_once(HEAD)?.1.trim().strip_prefix("seed=")?;
        told.split_whitespace().next()?.parse::<u64>().ok()
    });
    let canary = match (&args.env, args.seed.or(seed)) {
        (Some(name), _) => of_variable(name)?,
        (None, Some(seed)) => of_seed(seed),
        (None, None) => {
            return Err(Error::Input {
                what: path.display().to_string(),
                reason: "it does not tell which canary was printed".to_owned(),
                remedy: "give --seed N, or --env with the variable that holds it".to_owned(),
            });
        }
    };
    judge(&log, &canary, path)
}

fn judge(log: &str, canary: &[u8], path: &Path) -> Result<u8, Error> {
    let (mut hidden, mut leaked, mut missing) = (0, 0, 0);
    let mut out = String::new();
    for (label, form) in FORMS {
        let mark = format!("{LINE}{label} | ");
        // Hosts put their own text before a line, and may end it with CR.
        let printed: Vec<&str> =
            log.lines().filter_map(|line| Some(line.split_once(&mark)?.1.trim_end_matches('\r'))).collect();
        let verdict = if printed.is_empty() {
            missing += 1;
            "missing"
        } else if form(canary).split('\n').any(|line| line.len() >= 8 && printed.contains(&line)) {
            leaked += 1;
            "LEAKED"
        } else {
            hidden += 1;
            "hidden"
        };
        out += &format!("{verdict:8} {label}\n");
    }
    if hidden + leaked == 0 {
        return Err(Error::Input {
            what: path.display().to_string(),
            reason: "no line of a selftest is in it".to_owned(),
            remedy: "name the log of a run of `sekisho mask selftest`".to_owned(),
        });
    }
    out += &format!("{hidden} of {} forms are hidden, {leaked} leaked, {missing} are missing\n", FORMS.len());
    output::print(&out)?;
    Ok(if missing > 0 { 2 } else { u8::from(leaked > 0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_differs_and_is_labelled() {
        let canary = of_seed(5);
        let mut seen = std::collections::BTreeSet::new();
        for (label, form) in FORMS {
            assert!(seen.insert(form(&canary)), "{label} is like another");
            assert!(!label.contains(['|', '\n', ' ']), "{label}");
        }
    }
}
