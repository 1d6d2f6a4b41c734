//! Who may have a secret.

use crate::repository::{Repository, each, texts};
use serde_json::json;

#[test]
fn tags_only() {
    let repository = Repository::new();
    repository.commit("start");
    repository.secret("file", 1);
    let added = repository.commit("add");
    repository.git(&["tag", "light"]);
    repository.git(&["tag", "-a", "-m", "annotated", "heavy"]);
    repository.git(&["reset", "-q", "--hard", "HEAD^"]);
    let story = &repository.only()["story"];
    assert_eq!(story["exposure"], "tag");
    assert_eq!(each(&story["introduced"], "id"), [&added]);
    assert_eq!(each(&story["tips"], "ref"), ["refs/tags/heavy", "refs/tags/light"]);
    assert_eq!(each(&story["tips"], "path"), ["file", "file"]);
}

#[test]
fn remote_tracking_refs_and_fetched_ones() {
    let origin = Repository::new();
    origin.secret("file", 1);
    let added = origin.commit("add");
    origin.git(&["rm", "-q", "file"]);
    origin.commit("remove");
    let repository = Repository::new();
    repository.git(&["remote", "add", "upstream", origin.path().to_str().unwrap()]);
    repository.git(&["fetch", "-q", "upstream"]);
    let story = &repository.only()["story"];
    assert_eq!(story["exposure"], "pushed");
    assert_eq!(each(&story["introduced"], "id"), [&added]);
    assert!(texts(&story["refs"]).contains(&"refs/remotes/upstream/main"), "{story}");
    let ran = repository.audit(&["--format", "json"]);
    assert!(ran.out.contains("upstream and every clone and fork of it"), "{}", ran.out);
}

#[test]
fn the_stash_and_what_lies_below_it() {
    let repository = Repository::new();
    repository.write("file", "1");
    repository.commit("start");
    repository.secret("file", 1);
    repository.next_day();
    repository.git(&["stash", "-q"]);
    let first = repository.git(&["rev-parse", "stash"]);
    repository.write("file", "2");
    repository.next_day();
    repository.git(&["stash", "-q"]);
    let found = repository.only();
    let story = &found["story"];
    assert_eq!(story["exposure"], "stash");
    assert_eq!(texts(&story["refs"]), ["refs/stash@{1}"]);
    let by = story["introduced"][0]["id"].as_str().unwrap();
    assert!(by == first || by == repository.git(&["rev-parse", "stash@{1}^2"]), "{story}");
    assert_eq!(found["occurrences"][0]["path"], "file");
}

#[test]
fn only_in_the_reflog() {
    let repository = Repository::new();
    repository.commit("start");
    repository.secret("file", 1);
    let added = repository.commit("add");
    repository.git(&["reset", "-q", "--hard", "HEAD^"]);
    // Also named by ORIG_HEAD.
    let story = &repository.only()["story"];
    assert_eq!(story["exposure"], "reflog");
    assert_eq!(each(&story["introduced"], "id"), [&added]);
    assert!(texts(&story["refs"]).contains(&"HEAD@{1}"), "{story}");
    assert_eq!(story["tips"], json!([]));
}

#[test]
fn nothing_leads_to_it() {
    let repository = Repository::new();
    repository.commit("start");
    repository.secret("file", 1);
    let added = repository.commit("add");
    repository.git(&["reset", "-q", "--hard", "HEAD^"]);
    repository.git(&["reflog", "expire", "--expire=all", "--all"]);
    std::fs::remove_file(repository.path().join(".git/ORIG_HEAD")).unwrap();
    repository.secret("loose", 2);
    repository.git(&["hash-object", "-w", "loose"]);
    std::fs::remove_file(repository.path().join("loose")).unwrap();
    let found = repository.findings(&[]);
    assert_eq!(found.len(), 2);
    let of_commit = |found: &serde_json::Value| found["occurrences"][0]["commit"].is_string();
    let commit = found.iter().find(|one| of_commit(one)).unwrap();
    let blob = found.iter().find(|one| !of_commit(one)).unwrap();
    assert_eq!(commit["story"]["exposure"], "unreachable");
    assert_eq!(each(&commit["story"]["introduced"], "id"), [&added]);
    assert_eq!(commit["occurrences"][0]["path"], "file");
    assert_eq!(blob["story"]["exposure"], "unreachable");
    assert_eq!(blob["story"]["introduced"], json!([]));
    assert_eq!(blob["occurrences"][0]["line"], 3);
}

#[test]
fn notes_other_refs_work_trees_and_refs_to_blobs() {
    let repository = Repository::new();
    repository.commit("start");
    let token = |number| crate::support::token(number);
    repository.git(&["notes", "add", "-m", &token(1)]);
    repository.secret("file", 2);
    repository.commit("pull");
    repository.git(&["update-ref", "refs/pull/1/head", "HEAD"]);
    repository.git(&["reset", "-q", "--hard", "HEAD^"]);
    let other = repository.tree.beside("linked");
    repository.git(&["worktree", "add", "-q", "--detach", other.to_str().unwrap()]);
    std::fs::write(other.join("file"), token(3)).unwrap();
    let there = ["-C", other.to_str().unwrap()];
    repository.git(&[&there[..], &["add", "file"]].concat());
    repository.git(&[&there[..], &["commit", "-q", "-m", "linked"]].concat());
    repository.write("blob", &token(4));
    let blob = repository.git(&["hash-object", "-w", "blob"]);
    std::fs::remove_file(repository.path().join("blob")).unwrap();
    repository.git(&["tag", "-a", "-m", "a key", "blob", &blob]);
    repository.git(&["pack-refs", "--all"]);
    let found = repository.findings(&[]);
    let mut told: Vec<(&str, Vec<&str>)> = found
        .iter()
        .map(|one| (one["story"]["exposure"].as_str().unwrap(), each(&one["story"]["tips"], "ref")))
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            ("branch", vec!["worktrees/linked/HEAD"]),
            ("notes", vec!["refs/notes/commits"]),
            ("ref", vec!["refs/pull/1/head"]),
            ("tag", vec!["refs/tags/blob"]),
        ]
    );
}

#[test]
fn the_most_urgent_comes_first() {
    let repository = Repository::new();
    repository.secret("kept", 1);
    repository.commit("start");
    repository.secret("gone", 2);
    repository.commit("gone");
    repository.git(&["reset", "-q", "--hard", "HEAD^"]);
    repository.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    let ran = repository.audit(&["--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let exposures = each(&report["remediation"]["steps"], "exposure");
    assert_eq!(exposures, ["pushed", "reflog"]);
    assert!(report["remediation"]["advice"].as_str().unwrap().contains("does not un-leak"));
    let coverage = &report["coverage"];
    let head = repository.git(&["rev-parse", "HEAD"]);
    assert!(coverage["refs"].as_array().unwrap().contains(&json!({ "name": "refs/heads/main", "id": head })));
}
