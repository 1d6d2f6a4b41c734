//! The way to a member where people write it: `explain`, allow entries, baselines, hooks.

use crate::kinds::text;
use crate::make;
use crate::support::{Tree, finish, token};
use std::process::Command;

const WAY: &str = "out/app.tar.gz!/lib/app.jar!/conf.yml";

fn tree() -> Tree {
    let tree = Tree::new(&[]);
    let inner = make::zip(&[("conf.yml", &text(1))]);
    tree.write("out/app.tar.gz", &make::gzip(&make::tar(&[("lib/app.jar", &inner)])));
    tree
}

fn git(tree: &Tree, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(tree.path()).args(["-c", "user.name=A", "-c", "user.email=a@example.org"]);
    command.args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    assert!(command.output().unwrap().status.success(), "git {arguments:?}");
}

fn ran(tree: &Tree, arguments: &[&str]) -> crate::support::Ran {
    let mut command = tree.command(arguments);
    command.arg("--rules").arg(tree.beside("acme.toml"));
    finish(command, &[])
}

#[test]
fn explain_takes_the_way_to_a_member() {
    let tree = tree();
    for place in [format!("{WAY}:2"), format!("{WAY}:2:9"), WAY.to_owned()] {
        let told = ran(&tree, &["explain", &place]);
        told.status(0);
        assert!(told.out.contains("acme-token") && told.out.contains("conf.yml"), "{place}\n{}", told.out);
        assert!(!told.out.contains(&token(1)));
    }
    let told = ran(&tree, &["explain", "--format", "json", &format!("{WAY}:2")]);
    let json: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(json["origin"], WAY);
    assert_eq!(json["found"][0]["rule"], "acme-token");
    ran(&tree, &["explain", "out/app.tar.gz!/lib/app.jar!/other:2"]).status(2).tells(&["no such member"]);
    ran(&tree, &["explain", "out/none.tar!/a:2"]).status(2);
    // What git holds.
    tree.track(&["out"]);
    git(&tree, &["commit", "-q", "-m", "one"]);
    for place in [format!("HEAD:{WAY}:2"), format!(":{WAY}:2")] {
        let told = ran(&tree, &["explain", &place]);
        told.status(0);
        assert!(told.out.contains("acme-token"), "{place}\n{}", told.out);
    }
}

#[test]
fn an_allow_entry_for_a_member_is_told_by_explain() {
    let tree = tree();
    let entry = format!("[[allow]]\npath = \"{WAY}\"\nreason = \"made for the test\"\n");
    tree.write("sekisho.toml", entry.as_bytes());
    tree.scan(&["."]).status(0);
    let told = ran(&tree, &["explain", &format!("{WAY}:2")]);
    assert!(told.out.contains("made for the test"), "{}", told.out);
}

#[test]
fn a_baseline_knows_members() {
    let tree = tree();
    tree.track(&["out"]);
    tree.scan(&["."]).status(1);
    ran(&tree, &["baseline", "create"]).status(0);
    let written = std::fs::read_to_string(tree.path().join("sekisho.baseline")).unwrap();
    assert!(written.contains(WAY), "{written}");
    tree.scan(&["."]).status(0);
    ran(&tree, &["baseline", "check"]).status(0);
    let inner = make::zip(&[("conf.yml", &text(2))]);
    tree.write("out/app.tar.gz", &make::gzip(&make::tar(&[("lib/app.jar", &inner)])));
    tree.scan(&["."]).status(1);
}

#[test]
fn hooks_look_into_containers() {
    let tree = tree();
    tree.track(&["out"]);
    let told = ran(&tree, &["hook", "pre-commit"]);
    told.status(1);
    assert!(told.err.contains(WAY), "{}", told.err);
    assert!(!told.err.contains(&token(1)));
    ran(&tree, &["hook", "--max-depth", "0", "pre-commit"]).status(0);
}

#[test]
fn hooks_may_let_through_what_cannot_be_read() {
    let tree = Tree::new(&[]);
    let whole = make::gzip(&make::noise(5000));
    tree.write("a.gz", &whole[..3000]);
    tree.track(&["a.gz"]);
    ran(&tree, &["hook", "pre-commit"]).status(2).tells(&["a.gz", "corrupt"]);
    for arguments in
        [&["hook", "pre-commit", "--allow-incomplete"][..], &["hook", "--allow-incomplete", "pre-commit"]]
    {
        let told = ran(&tree, arguments);
        told.status(0);
        assert!(told.err.contains("1 not looked at"), "{}", told.err);
    }
    tree.write("b.txt", &text(1));
    tree.track(&["b.txt"]);
    ran(&tree, &["hook", "pre-commit", "--allow-incomplete"]).status(1);
}
