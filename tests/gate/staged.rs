//! `hook pre-commit` and `scan --staged`: the right bytes, whatever the work tree holds.

use crate::support::{RULE, Repo, run, token};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

fn line(number: u64) -> String {
    format!("key = \"{}\"\n", token(number))
}

#[test]
fn a_staged_secret_blocks_with_advice_and_without_the_secret() {
    let repo = Repo::guarded();
    repo.write("a.py", format!("one = 1\ntwo = 2\n{}", line(1)));
    let ran = repo.git(&["commit", "-q", "-a", "-m", "x"]);
    ran.blocked().tells(&[
        "a.py:3:8",
        "ghp_…(40)",
        "why:",
        "environment or a secret manager",
        "git restore --staged -- a.py",
        "rotate it",
        &format!("# sekisho:allow {RULE} REASON"),
    ]);
    ran.tells_nothing_of(&[&token(1), "\x1b["]);
    repo.git(&["commit", "-q", "--no-verify", "-a", "-m", "x"]).status(0);
}

#[test]
fn the_line_that_the_message_gives_allows_it() {
    let repo = Repo::guarded();
    let pragma = format!("# sekisho:allow {RULE} made up for a test");
    repo.write("a.py", format!("{pragma}\n{}", line(1)));
    repo.write("b.py", format!("key = '{}' {pragma}\n", token(2)));
    repo.git(&["add", "."]).status(0);
    repo.git(&["commit", "-q", "-m", "x"]).status(0).tells_nothing_of(&["sekisho"]);
}

#[test]
fn the_index_counts_and_not_the_work_tree() {
    let repo = Repo::guarded();
    repo.write("a.py", line(1));
    repo.git(&["add", "a.py"]).status(0);
    repo.write("a.py", "one = 1\n");
    repo.git(&["commit", "-q", "-m", "staged only"]).blocked();
    repo.git(&["add", "a.py"]).status(0);
    repo.write("a.py", line(1));
    repo.git(&["commit", "-q", "-m", "in the work tree only"]).status(0);
}

#[test]
fn parts_of_a_file_are_staged_by_add_p() {
    let repo = Repo::guarded();
    repo.write("a.py", format!("zero = 0\none = 1\ntwo = 2\nthree = 3\n{}", line(1)));
    let add = |answers: &[u8]| run(repo.command("git", &["add", "-p", "a.py"]), answers);
    add(b"s\ny\nn\n").status(0);
    repo.git(&["commit", "-q", "-m", "the harmless part"]).status(0);
    add(b"y\n").status(0);
    repo.git(&["commit", "-q", "-m", "the other part"]).blocked().tells(&["a.py:5:8"]);
}

#[test]
fn commit_a_and_commit_of_a_path_use_an_index_of_their_own() {
    let repo = Repo::guarded();
    repo.write("a.py", line(1));
    repo.git(&["commit", "-q", "-a", "-m", "x"]).blocked();
    repo.git(&["commit", "-q", "-m", "x", "--", "a.py"]).blocked();
    repo.write("dir/b.py", "b = 2\n");
    repo.git(&["commit", "-q", "-m", "x", "--", "dir/b.py"]).status(0);
    repo.git(&["commit", "-q", "-i", "-m", "x", "a.py"]).blocked();
    repo.git(&["add", "a.py"]).status(0);
    repo.write("dir/b.py", "b = 3\n");
    repo.git(&["commit", "-q", "-m", "x", "--only", "dir/b.py"]).status(0);
}

#[test]
fn an_older_secret_elsewhere_in_the_file_is_mentioned_once_and_blocks_nothing() {
    let repo = Repo::guarded();
    repo.commit(&[("a.py", &format!("{}one = 1\n", line(1)))]);
    repo.write("a.py", format!("{}one = 2\n", line(1)));
    let ran = repo.git(&["commit", "-q", "-a", "-m", "x"]);
    ran.status(0).tells(&["1 older secret"]);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    repo.write("a.py", format!("{}{}", line(2), line(1)));
    repo.git(&["commit", "-q", "-a", "-m", "x"]).blocked().tells(&["a.py:1:8", "1 older secret"]);
}

#[test]
fn a_secret_put_where_another_stood_blocks() {
    let repo = Repo::guarded();
    repo.commit(&[("a.py", &line(1))]);
    repo.write("a.py", line(2));
    repo.git(&["commit", "-q", "-a", "-m", "x"]).blocked();
}

#[test]
fn an_intent_to_add_is_nothing_yet() {
    let repo = Repo::guarded();
    repo.write("new.py", line(1));
    repo.git(&["add", "-N", "new.py"]).status(0);
    repo.write("a.py", "one = 2\n");
    repo.git(&["add", "a.py"]).status(0);
    repo.git(&["commit", "-q", "-m", "x"]).status(0);
    repo.git(&["commit", "-q", "-a", "-m", "x"]).blocked().tells(&["new.py:1:8"]);
}

#[test]
fn renamed_files_are_compared_with_what_they_were() {
    let repo = Repo::guarded();
    let rest: String = (0..20).map(|number| format!("line{number} = {number}\n")).collect();
    repo.commit(&[("a.py", &format!("{}{rest}", line(1)))]);
    repo.git(&["mv", "a.py", "moved.py"]).status(0);
    repo.git(&["commit", "-q", "-m", "renamed"]).status(0).tells(&["1 older secret"]);
    repo.git(&["mv", "moved.py", "again.py"]).status(0);
    repo.write("again.py", format!("{}{rest}more = 1\n", line(1)));
    repo.git(&["add", "."]).status(0);
    repo.git(&["commit", "-q", "-m", "renamed and edited"]).status(0);
    repo.git(&["mv", "again.py", "last.py"]).status(0);
    repo.write("last.py", format!("{}{rest}{}", line(1), line(2)));
    repo.git(&["add", "."]).status(0);
    repo.git(&["commit", "-q", "-m", "renamed, with a secret"]).blocked().tells(&["last.py:22:8"]);
    repo.git(&["reset", "-q", "--hard"]).status(0);
    repo.write("copy.py", line(1));
    repo.git(&["add", "."]).status(0);
    repo.git(&["commit", "-q", "-m", "a copy is new"]).blocked();
}

#[test]
fn modes_types_links_and_submodules() {
    let repo = Repo::guarded();
    repo.commit(&[("a.py", &line(1))]);
    repo.git(&["update-index", "--chmod=+x", "a.py"]).status(0);
    repo.git(&["commit", "-q", "-m", "a mode is no content"]).status(0);
    std::os::unix::fs::symlink(format!("/run/{}", token(2)), repo.top().join("link")).unwrap();
    repo.git(&["add", "link"]).status(0);
    repo.git(&["commit", "-q", "-m", "x"]).blocked().tells(&["link:1:6"]);
    repo.git(&["rm", "-q", "--cached", "link"]).status(0);
    std::fs::remove_file(repo.top().join("link")).unwrap();
    std::fs::remove_file(repo.top().join("dir/b.py")).unwrap();
    std::os::unix::fs::symlink(token(3), repo.top().join("dir/b.py")).unwrap();
    repo.git(&["add", "."]).status(0);
    repo.git(&["commit", "-q", "-m", "a file became a link"]).blocked().tells(&["dir/b.py:1:1"]);
    repo.git(&["reset", "-q", "--hard"]).status(0);
    let other = Repo::new();
    other.commit(&[("s.py", &line(4))]);
    repo.git(&["submodule", "add", "-q", other.top().to_str().unwrap(), "sub"]).status(0);
    repo.git(&["commit", "-q", "-m", "a submodule"]).status(0);
}

#[test]
fn names_are_content_and_may_be_anything() {
    let repo = Repo::guarded();
    repo.write(format!("keys/{}.txt", token(1)), "x\n");
    repo.git(&["add", "."]).status(0);
    let ran = repo.git(&["commit", "-q", "-m", "x"]);
    ran.blocked().tells(&["file name", "keys/ghp_…(40).txt"]).tells_nothing_of(&[&token(1)]);
    repo.git(&["rm", "-r", "-q", "-f", "keys"]).status(0);
    for name in [&b"with space"[..], b"new\nline", b"not\xff utf-8", b"-dash", b"\x1b[31mred", b"quote'\"\\"]
    {
        repo.write(OsString::from_vec(name.to_vec()), line(7));
    }
    repo.git(&["add", "."]).status(0);
    let ran = repo.git(&["commit", "-q", "-m", "x"]);
    ran.blocked().tells(&["␛[31mred:1:8", "new␊line:1:8", "'with space'"]).tells_nothing_of(&["\x1b["]);
    let report = repo.sekisho(&["scan", "--staged", "-f", "json"]);
    let json: serde_json::Value = serde_json::from_str(&report.status(1).out).unwrap();
    assert_eq!(json["findings"][0]["occurrences"].as_array().unwrap().len(), 6);
}

#[test]
fn the_first_commit_and_a_detached_head() {
    let repo = Repo::new();
    repo.sekisho(&["hook", "install"]).status(0);
    repo.write("a.py", line(1));
    repo.git(&["add", "."]).status(0);
    repo.git(&["commit", "-q", "-m", "first"]).blocked().tells(&["git rm --cached -- a.py"]);
    repo.write("a.py", "a = 1\n");
    repo.git(&["add", "."]).status(0);
    repo.git(&["commit", "-q", "-m", "first"]).status(0);
    repo.git(&["checkout", "-q", "--detach"]).status(0);
    repo.write("a.py", line(1));
    repo.git(&["commit", "-q", "-a", "-m", "x"]).blocked();
    repo.git(&["checkout", "-q", "--orphan", "other"]).status(0);
    repo.git(&["commit", "-q", "-a", "-m", "x"]).blocked();
}

#[test]
fn an_amended_commit() {
    let repo = Repo::guarded();
    repo.write("a.py", line(1));
    repo.git(&["commit", "-q", "-a", "--amend", "--no-edit"]).blocked();
    repo.git(&["checkout", "-q", "HEAD", "--", "a.py"]).status(0);
    repo.git(&["commit", "-q", "--amend", "-m", "new words"]).status(0);
}

#[test]
fn packed_refs_and_objects_are_read() {
    let repo = Repo::guarded();
    repo.commit(&[("a.py", &format!("{}one = 1\n", line(1)))]);
    repo.git(&["gc", "-q", "--prune=now"]).status(0);
    repo.git(&["pack-refs", "--all"]).status(0);
    assert!(!repo.top().join(".git/refs/heads/main").exists());
    repo.write("a.py", format!("{}one = 2\n", line(1)));
    repo.git(&["commit", "-q", "-a", "-m", "x"]).status(0).tells(&["1 older secret"]);
}

#[test]
fn a_merge_blocks_only_for_what_it_brings_itself() {
    let repo = Repo::guarded();
    repo.git(&["checkout", "-q", "-b", "side"]).status(0);
    repo.commit(&[("a.py", "one = 10\ntwo = 2\nthree = 3\n"), ("side.py", &line(1))]);
    repo.git(&["checkout", "-q", "main"]).status(0);
    repo.commit(&[("a.py", "one = 11\ntwo = 2\nthree = 3\n")]);
    repo.git(&["merge", "-q", "side"]).status(1);
    repo.write("a.py", format!("one = 12\ntwo = 2\nthree = 3\n{}", line(2)));
    repo.git(&["add", "a.py"]).status(0);
    let ran = repo.git(&["commit", "-q", "--no-edit"]);
    ran.blocked().tells(&["a.py:4:8"]).tells_nothing_of(&["side.py"]);
    repo.write("a.py", "one = 12\ntwo = 2\nthree = 3\n");
    repo.git(&["add", "a.py"]).status(0);
    repo.git(&["commit", "-q", "--no-edit"]).status(0);
    assert_eq!(repo.git(&["rev-list", "--parents", "-1", "HEAD"]).out.split(' ').count(), 3);
}

#[test]
fn a_squashed_merge_and_a_cherry_pick_are_new_here() {
    let repo = Repo::guarded();
    repo.git(&["checkout", "-q", "-b", "side"]).status(0);
    repo.commit(&[("a.py", &format!("one = 10\n{}", line(1)))]);
    repo.git(&["checkout", "-q", "main"]).status(0);
    repo.commit(&[("a.py", "one = 11\n")]);
    repo.git(&["merge", "-q", "--squash", "side"]).status(1);
    repo.write("a.py", format!("one = 12\n{}", line(1)));
    repo.git(&["add", "."]).status(0);
    repo.git(&["commit", "-q", "-m", "squashed"]).blocked();
    repo.git(&["reset", "-q", "--hard"]).status(0);
    repo.git(&["cherry-pick", "side"]).status(1);
    repo.write("a.py", format!("one = 12\n{}", line(1)));
    repo.git(&["add", "."]).status(0);
    repo.git(&["commit", "-q", "-m", "picked"]).blocked();
}

#[test]
fn a_rebase_with_a_conflict_looks_at_the_solution() {
    let repo = Repo::guarded();
    repo.git(&["checkout", "-q", "-b", "side"]).status(0);
    repo.commit(&[("a.py", "one = 10\n")]);
    repo.git(&["checkout", "-q", "main"]).status(0);
    repo.commit(&[("a.py", "one = 11\n")]);
    repo.git(&["checkout", "-q", "side"]).status(0);
    repo.git(&["rebase", "-q", "main"]).status(1);
    repo.write("a.py", format!("one = 12\n{}", line(1)));
    repo.git(&["add", "."]).status(0);
    repo.git(&["commit", "-q", "-m", "x"]).blocked();
    repo.write("a.py", "one = 12\n");
    repo.git(&["add", "."]).status(0);
    repo.git(&["rebase", "--continue"]).status(0);
}

#[test]
fn linked_work_trees_and_submodules_have_their_own_index() {
    let repo = Repo::guarded();
    repo.git(&["worktree", "add", "-q", "../tree", "-b", "tree"]).status(0);
    let tree = repo.at("tree");
    tree.write("a.py", line(1));
    tree.git(&["commit", "-q", "-a", "-m", "x"]).blocked();
    tree.sekisho(&["scan", "--staged"]).status(0);
    tree.git(&["add", "."]).status(0);
    tree.sekisho(&["scan", "--staged", "-q"]).status(1);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "not here"]).status(0);
    let other = Repo::new();
    other.commit(&[("s.py", "s = 1\n")]);
    repo.git(&["submodule", "add", "-q", other.top().to_str().unwrap(), "sub"]).status(0);
    let sub = repo.at("work/sub");
    sub.sekisho(&["hook", "install"]).status(0);
    sub.write("s.py", line(1));
    sub.git(&["commit", "-q", "-a", "-m", "x"]).blocked();
}

#[test]
fn indexes_of_every_version_and_kind() {
    for version in ["2", "3", "4"] {
        let repo = Repo::guarded();
        repo.git(&["update-index", "--index-version", version]).status(0);
        let many: Vec<(String, String)> =
            (0..40).map(|n| (format!("d{}/deep/{n}.py", n % 7), format!("n = {n}\n"))).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        repo.commit(&many);
        repo.write("d3/deep/3.py", line(1));
        repo.git(&["add", "."]).status(0);
        repo.sekisho(&["scan", "--staged", "-q"]).status(1);
        repo.git(&["commit", "-q", "-m", "x"]).blocked().tells(&["d3/deep/3.py:1:8"]);
    }
    let repo = Repo::guarded();
    repo.git(&["update-index", "--split-index"]).status(0);
    repo.write("a.py", line(1));
    repo.git(&["add", "."]).status(0);
    repo.git(&["commit", "-q", "-m", "split"]).blocked();
    let repo = Repo::guarded();
    repo.commit(&[("far/c.py", "c = 1\n"), ("far/away/d.py", "d = 1\n")]);
    repo.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "dir"]).status(0);
    repo.write("dir/b.py", line(1));
    repo.git(&["add", "dir/b.py"]).status(0);
    repo.git(&["commit", "-q", "-m", "sparse"]).blocked();
}

#[test]
fn repositories_that_the_library_cannot_read() {
    let mut kinds = vec!["--object-format=sha256"];
    if Repo::new().git(&["init", "-q", "--ref-format=reftable", "../probe"]).status == Some(0) {
        kinds.push("--ref-format=reftable");
    } else {
        println!("skipped: the installed git has no reftable");
    }
    for kind in kinds {
        let repo = Repo::with(&[kind]);
        repo.sekisho(&["hook", "install"]).status(0);
        repo.write("a.py", line(1));
        repo.git(&["add", "."]).status(0);
        repo.git(&["commit", "-q", "-m", "x"]).blocked();
        repo.git(&["commit", "-q", "--no-verify", "-m", "x"]).status(0);
        repo.write("a.py", format!("{}one = 1\n", line(1)));
        repo.git(&["commit", "-q", "-a", "-m", "x"]).status(0).tells(&["1 older secret"]);
        repo.write("b.py", line(2));
        repo.git(&["add", "."]).status(0);
        repo.git(&["commit", "-q", "-m", "x"]).blocked().tells(&["b.py:1:8"]);
        repo.sekisho(&["scan", "--range", "HEAD~1..HEAD"]).status(0);
        repo.git(&["init", "-q", "--bare", kind, "../remote"]).status(0);
        repo.git(&["push", "-q", "../remote", "main"]).blocked();
        repo.sekisho(&["hook", "doctor"]).status(0);
    }
}

#[test]
fn a_pointer_of_lfs_whose_content_is_elsewhere_is_no_secret_and_does_not_pass() {
    let repo = Repo::guarded();
    let digest = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
    repo.write(
        "big.bin",
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 12345\n"),
    );
    repo.git(&["add", "."]).status(0);
    let refused = repo.git(&["commit", "-q", "-m", "x"]);
    refused.status(1).tells(&["big.bin", "git lfs fetch", "1 input could not be looked at"]);
    refused.tells_nothing_of(&[RULE, "generic"]);
}

#[test]
fn rules_can_be_skipped_for_once_and_that_is_shown() {
    let repo = Repo::guarded();
    repo.write("a.py", line(1));
    let commit = |skip: &str| {
        let mut command = repo.command("git", &["commit", "-q", "-a", "-m", "x"]);
        command.env("SEKISHO_SKIP", skip);
        run(command, b"")
    };
    commit("jwt").blocked();
    commit("no-such-rule").status(1).tells(&["SEKISHO_SKIP", "no-such-rule"]);
    commit("jwtt").status(1).tells(&["SEKISHO_SKIP", "did you mean jwt?"]);
    commit(&format!("jwt, {RULE}")).status(0).tells(&["SEKISHO_SKIP let 1 of rule"]);
}

#[test]
fn named_files_are_looked_at_as_a_whole() {
    let repo = Repo::guarded();
    repo.commit(&[("old.py", &line(1)), ("other.py", &line(2))]);
    repo.sekisho(&["hook", "pre-commit"]).status(0);
    let ran = repo.sekisho(&["hook", "pre-commit", "old.py", "a.py"]);
    ran.blocked().tells(&["old.py:1:8"]).tells_nothing_of(&["other.py"]);
    repo.write("a.py", line(3));
    repo.git(&["add", "a.py"]).status(0);
    repo.sekisho(&["hook", "pre-commit", "dir/b.py"]).status(0);
    repo.sekisho(&["hook", "pre-commit", "a.py"]).blocked();
}

#[test]
fn a_report_of_what_is_staged() {
    let repo = Repo::guarded();
    repo.commit(&[("old.py", &line(1))]);
    repo.write("dir/b.py", format!("b = 1\n{}", line(2)));
    repo.git(&["add", "."]).status(0);
    repo.write("dir/b.py", "b = 1\n");
    let ran = repo.at("work/dir").sekisho(&["scan", "--staged", "-f", "json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.status(1).out).unwrap();
    let place = &json["findings"][0]["occurrences"][0];
    assert_eq!((place["path"].as_str(), place["line"].as_u64()), (Some("dir/b.py"), Some(2)));
    assert_eq!(place["source"], "staged");
    assert_eq!(json["findings"].as_array().unwrap().len(), 1);
}
