//! `scan --range`: pull requests in continuous integration.

use crate::support::{Repo, token};
use serde_json::Value;

fn line(number: u64) -> String {
    format!("key = \"{}\"\n", token(number))
}

fn report(repo: &Repo, range: &str, status: i32) -> Value {
    let ran = repo.sekisho(&["scan", "--range", range, "-f", "json"]);
    serde_json::from_str(&ran.status(status).out).unwrap()
}

fn places(report: &Value) -> Vec<(String, u64)> {
    let list = |value: &Value| value.as_array().unwrap().clone();
    list(&report["findings"])
        .iter()
        .flat_map(|finding| list(&finding["occurrences"]))
        .map(|place| (place["path"].as_str().unwrap_or_default().to_owned(), place["line"].as_u64().unwrap()))
        .collect()
}

#[test]
fn the_place_in_the_final_tree_comes_first() {
    let repo = Repo::guarded();
    repo.commit(&[("old.py", &line(9))]);
    let base = repo.id("HEAD");
    repo.commit(&[("s.py", &format!("a = 1\n{}", line(1)))]);
    repo.commit(&[("s.py", &format!("a = 1\nb = 2\nc = 3\n{}", line(1)))]);
    repo.commit(&[("old.py", &format!("d = 1\n{}", line(9)))]);
    let report = report(&repo, &format!("{base}..HEAD"), 1);
    assert_eq!(places(&report), [("s.py".to_owned(), 4), ("s.py".to_owned(), 2)]);
    let first = &report["findings"][0]["occurrences"][0];
    assert_eq!(first["commit"].as_str(), Some(repo.id("HEAD~1").as_str()));
}

#[test]
fn the_forms_of_a_range() {
    let repo = Repo::guarded();
    repo.git(&["checkout", "-q", "-b", "side"]).status(0);
    repo.commit(&[("side.py", &line(1))]);
    repo.git(&["checkout", "-q", "main"]).status(0);
    repo.commit(&[("main.py", &line(2))]);
    assert_eq!(places(&report(&repo, "main..side", 1)), [("side.py".to_owned(), 1)]);
    assert_eq!(places(&report(&repo, "side...main", 1)), [("main.py".to_owned(), 1)]);
    assert_eq!(places(&report(&repo, "side..", 1)), [("main.py".to_owned(), 1)]);
    assert_eq!(places(&report(&repo, "main..main", 0)), []);
    for (range, told) in [("main", "BASE..HEAD"), ("nope..main", "`nope`"), ("main..--all", "no commit")] {
        repo.sekisho(&["scan", "--range", range]).status(2).tells(&[told]);
    }
    repo.sekisho(&["scan", "--range", "main..side", "--staged"]).status(2);
    repo.sekisho(&["scan", "--range", "main..side", "--exit-zero", "-q"]).status(0);
}

#[test]
fn missing_history_is_never_a_silent_pass() {
    let repo = Repo::guarded();
    repo.commit(&[("s.py", &line(1))]);
    repo.git(&["checkout", "-q", "-b", "side", "HEAD~1"]).status(0);
    repo.commit(&[("t.py", "t = 1\n")]);
    repo.commit(&[("t.py", "t = 2\n")]);
    repo.git(&["checkout", "-q", "main"]).status(0);
    repo.git(&["merge", "-q", "--no-verify", "-m", "merge", "side"]).status(0);
    let clone = |name: &str, depth: &str| {
        let source = format!("file://{}", repo.top().display());
        repo.git(&["clone", "-q", "--depth", depth, &source, &format!("../{name}")]).status(0);
        repo.at(name)
    };
    let one = clone("one", "1");
    one.sekisho(&["scan", "--range", "HEAD^1..HEAD"]).status(2).tells(&["shallow", "fetch-depth: 0"]);
    let two = clone("two", "2");
    let ran = two.sekisho(&["scan", "--range", "HEAD^1..HEAD"]);
    assert!(ran.status(2).out.contains("shallow"), "{}", ran.out);
    repo.sekisho(&["scan", "--range", "HEAD^1..HEAD"]).status(0);
    repo.sekisho(&["scan", "--range", "HEAD^2..HEAD", "-q"]).status(1);
}

#[test]
fn a_partial_clone_says_what_is_missing_and_fetches_nothing() {
    let repo = Repo::guarded();
    let base = repo.id("HEAD");
    repo.commit(&[("s.py", &line(1))]);
    repo.commit(&[("s.py", "s = 1\n")]);
    repo.git(&["config", "uploadpack.allowFilter", "true"]).status(0);
    repo.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]).status(0);
    let source = format!("file://{}", repo.top().display());
    repo.git(&["clone", "-q", "--filter=blob:none", &source, "../part"]).status(0);
    let part = repo.at("part");
    let blob = repo.id("HEAD~1:s.py");
    let missing = || part.git(&["rev-list", "--objects", "--all", "--missing=print"]).out;
    assert!(missing().contains(&format!("?{blob}")));
    let ran = part.sekisho(&["scan", "--range", &format!("{base}..HEAD")]);
    assert!(ran.status(2).out.contains(&blob) && ran.out.contains("not in this clone"), "{}", ran.out);
    assert!(missing().contains(&format!("?{blob}")), "it was fetched");
    part.git(&["cat-file", "-e", &blob]).status(0);
    part.sekisho(&["scan", "--range", &format!("{base}..HEAD"), "-q"]).status(1);
}

#[test]
fn a_thousand_commits() {
    let repo = Repo::guarded();
    let mut input = String::new();
    for number in 0..1000 {
        let content = if number == 500 { line(1) } else { format!("n = {number}\n") };
        let from = if number == 0 { "from refs/heads/main^0\n" } else { "" };
        input.push_str(&format!(
            "commit refs/heads/many\ncommitter t <t@example.org> {} +0000\ndata 1\nx\n{from}\
             M 100644 inline d{}/f.py\ndata {}\n{content}\n",
            1_700_000_000 + number,
            number % 10,
            content.len()
        ));
    }
    crate::support::run(repo.command("git", &["fast-import", "--quiet"]), input.as_bytes()).status(0);
    let report = report(&repo, "main..many", 1);
    assert_eq!(places(&report), [("d0/f.py".to_owned(), 1)]);
}
