//! `hook pre-push` and `hook pre-receive`, with real pushes to bare repositories.

use crate::support::{At, RULE, Repo, token};

fn line(number: u64) -> String {
    format!("key = \"{}\"\n", token(number))
}

/// A repository with a remote `origin` that has its first commit.
fn pushed(hook: &str) -> Repo {
    let repo = Repo::new();
    repo.commit(&[("a.py", "one = 1\n")]);
    repo.git(&["init", "-q", "--bare", "--template=", "../remote"]).status(0);
    repo.git(&["remote", "add", "origin", "../remote"]).status(0);
    repo.git(&["push", "-q", "origin", "main"]).status(0);
    match hook {
        "pre-push" => repo.sekisho(&["hook", "install", "--pre-push"]).status(0),
        _ => repo.at("remote").sekisho(&["hook", "install"]).status(0),
    };
    repo
}

fn refs(at: &At<'_>) -> String {
    at.git(&["for-each-ref", "--format=%(refname)"]).status(0).out.clone()
}

#[test]
fn a_secret_that_a_later_commit_removes_is_found() {
    for hook in ["pre-push", "pre-receive"] {
        let repo = pushed(hook);
        repo.commit(&[("s.py", &format!("a = 1\n{}", line(1)))]);
        repo.commit(&[("s.py", "a = 1\n")]);
        repo.commit(&[("b.py", "b = 1\n")]);
        let ran = repo.git(&["push", "-q", "origin", "main"]);
        ran.blocked().tells(&["s.py@", ":2:8", "every commit"]).tells_nothing_of(&[&token(1)]);
        repo.git(&["reset", "-q", "--hard", "HEAD~3"]).status(0);
        repo.commit(&[("b.py", "b = 1\n")]);
        repo.git(&["push", "-q", "origin", "main"]).status(0);
    }
}

#[test]
fn what_the_remote_has_is_not_looked_at_again() {
    for hook in ["pre-push", "pre-receive"] {
        let repo = pushed(hook);
        repo.commit(&[("s.py", &format!("{}one = 1\n", line(1)))]);
        let remote = repo.at("remote");
        match hook {
            "pre-push" => repo.git(&["push", "-q", "--no-verify", "origin", "main"]).status(0),
            _ => remote
                .git(&["-c", "core.hooksPath=/dev/null", "fetch", "-q", "../work", "main:main"])
                .status(0),
        };
        repo.commit(&[("s.py", &format!("{}one = 2\n", line(1)))]);
        repo.git(&["push", "-q", "origin", "main"]).status(0);
        repo.git(&["push", "-q", "origin", "HEAD~1:refs/heads/new"]).status(0);
        repo.git(&["tag", "v1", "HEAD~1"]).status(0);
        repo.git(&["push", "-q", "origin", "v1"]).status(0);
        assert!(refs(&remote).contains("refs/tags/v1"));
    }
}

#[test]
fn new_branches_force_pushes_tags_and_deletions() {
    for hook in ["pre-push", "pre-receive"] {
        let repo = pushed(hook);
        repo.git(&["checkout", "-q", "-b", "side"]).status(0);
        repo.commit(&[("side.py", &line(1))]);
        repo.git(&["push", "-q", "origin", "side"]).blocked();
        repo.git(&["checkout", "-q", "main"]).status(0);
        repo.git(&["commit", "-q", "--amend", "-m", "other words"]).status(0);
        repo.git(&["push", "-q", "--force", "origin", "main"]).status(0);
        repo.commit(&[("c.py", &line(2))]);
        repo.git(&["push", "-q", "--force", "origin", "main"]).blocked();
        repo.git(&["reset", "-q", "--hard", "HEAD~1"]).status(0);
        repo.git(&["tag", "-a", "-m", &format!("with {}", token(3)), "v1"]).status(0);
        repo.git(&["push", "-q", "origin", "v1"]).blocked().tells(&["tag "]);
        repo.git(&["tag", "-a", "-m", "harmless", "v2"]).status(0);
        repo.git(&["push", "-q", "origin", "v2"]).status(0);
        repo.git(&["push", "-q", "origin", ":refs/tags/v2"]).status(0);
        let blob = repo.git(&["hash-object", "-w", "c.py"]);
        assert_eq!(blob.status, Some(128), "the file is gone");
        repo.write("free.txt", line(4));
        let blob = repo.git(&["hash-object", "-w", "free.txt"]).status(0).out.trim().to_owned();
        repo.git(&["tag", "blob", &blob]).status(0);
        repo.git(&["push", "-q", "origin", "blob"]).blocked();
        repo.git(&["add", "free.txt"]).status(0);
        let tree = repo.git(&["write-tree"]).status(0).out.trim().to_owned();
        repo.git(&["tag", "tree", &tree]).status(0);
        repo.git(&["push", "-q", "origin", "tree"]).blocked().tells(&["free.txt"]);
    }
}

#[test]
fn messages_and_names_are_content() {
    for hook in ["pre-push", "pre-receive"] {
        let repo = pushed(hook);
        let message = format!("subject\n\n{}", token(1));
        repo.git(&["commit", "-q", "--allow-empty", "-m", &message]).status(0);
        repo.git(&["push", "-q", "origin", "main"]).blocked().tells(&["commit "]);
        repo.git(&["reset", "-q", "--hard", "HEAD~1"]).status(0);
        repo.commit(&[(&format!("{}.txt", token(2)), "x\n")]);
        let ran = repo.git(&["push", "-q", "origin", "main"]);
        ran.blocked().tells(&["file name"]).tells_nothing_of(&[&token(2)]);
    }
}

#[test]
fn a_merge_is_compared_with_all_its_parents() {
    let repo = pushed("pre-push");
    repo.git(&["checkout", "-q", "-b", "known"]).status(0);
    repo.commit(&[("known.py", &line(1))]);
    repo.git(&["push", "-q", "--no-verify", "origin", "known"]).status(0);
    repo.git(&["checkout", "-q", "main"]).status(0);
    repo.commit(&[("b.py", "b = 1\n")]);
    repo.git(&["merge", "-q", "--no-verify", "-m", "merge", "known"]).status(0);
    repo.git(&["push", "-q", "origin", "main"]).status(0);
    repo.git(&["checkout", "-q", "-b", "evil", "HEAD^1"]).status(0);
    repo.git(&["merge", "-q", "--no-commit", "known"]).status(0);
    repo.write("b.py", line(2));
    repo.git(&["add", "."]).status(0);
    repo.git(&["commit", "-q", "--no-verify", "-m", "merge with more"]).status(0);
    let ran = repo.git(&["push", "-q", "origin", "evil"]);
    ran.blocked().tells(&["b.py@"]).tells_nothing_of(&["known.py"]);
}

#[test]
fn a_push_to_an_address_knows_the_remote_of_that_address() {
    let repo = pushed("pre-push");
    repo.commit(&[("s.py", &line(1))]);
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]).status(0);
    repo.git(&["push", "-q", "../remote", "main:refs/heads/again"]).status(0);
    repo.git(&["init", "-q", "--bare", "../elsewhere"]).status(0);
    repo.git(&["push", "-q", "../elsewhere", "main"]).blocked();
}

#[test]
fn a_server_tells_of_many_refs_at_once() {
    let repo = pushed("pre-receive");
    for number in 0..30 {
        repo.git(&["branch", &format!("b{number}")]).status(0);
    }
    repo.git(&["checkout", "-q", "-b", "bad"]).status(0);
    repo.commit(&[("s.py", &line(1))]);
    let ran = repo.git(&["push", "-q", "origin", "--all"]);
    ran.blocked().tells(&["remote: sekisho: push blocked: 1 secret in the pushed commits", RULE]);
    assert!(!refs(&repo.at("remote")).contains("b1"), "all or nothing");
    repo.git(&["branch", "-q", "-D", "-f", "b0"]).status(0);
    repo.git(&["checkout", "-q", "main"]).status(0);
    repo.git(&["branch", "-q", "-D", "bad"]).status(0);
    repo.git(&["push", "-q", "origin", "--all"]).status(0);
}

#[test]
fn what_is_not_from_git_blocks() {
    let repo = pushed("pre-push");
    let at = repo.at("work");
    for (input, hook) in [("garbage\n", "pre-push"), ("a b c d\n", "pre-push"), ("x y z\n", "pre-receive")] {
        at.fed(&["hook", hook], input.as_bytes()).status(2).tells(&["push blocked", "scan --range"]);
    }
    at.fed(&["hook", "pre-push", "origin", "../remote"], b"").status(0);
    let mut command = at.command(env!("CARGO_BIN_EXE_sekisho"), &["hook", "pre-push", "origin"]);
    let ended = command.output().unwrap();
    assert_eq!(ended.status.code(), Some(2), "nobody gave the lines of git");
    let gone = format!("refs/heads/x {0} refs/heads/x {1}\n", "1".repeat(40), "0".repeat(40));
    at.fed(&["hook", "pre-push", "origin"], gone.as_bytes()).status(2).tells(&["not in this clone"]);
}
