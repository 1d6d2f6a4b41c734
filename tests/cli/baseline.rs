//! Baselines through the real program and real merges.

use super::policy::{SETTINGS, git, repository};
use super::support::{Report, Tree, finish, token};

const FILE: &str = "sekisho.baseline";

fn read(tree: &Tree) -> String {
    std::fs::read_to_string(tree.path().join(FILE)).unwrap()
}

/// A repository with two findings and a baseline of them, committed.
fn known() -> Tree {
    let tree = repository(SETTINGS);
    tree.write("src/a.txt", format!("{}\n", token(1)).as_bytes());
    tree.write("src/b.txt", format!("{}\n", token(2)).as_bytes());
    tree.run(&["baseline", "create"]).status(0);
    git(&tree, &["add", "."]);
    git(&tree, &["commit", "-qm", "known"]);
    tree
}

#[test]
fn known_findings_do_not_block_and_new_ones_do() {
    let tree = known();
    let text = read(&tree);
    let entries: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(entries.is_sorted() && entries.len() == 2, "{text}");
    assert!(entries.iter().all(|line| line.contains(" acme-token src/")), "{text}");
    assert!(!text.contains(&token(1)) && !text.contains(&token(2)));
    let ran = tree.run(&["scan", "-f", "json"]);
    let report = Report::of(ran.status(0));
    assert_eq!(report.json["suppressed"][1]["by"], "baseline");
    tree.run(&["audit"]).status(0);
    tree.run(&["scan", "--no-baseline"]).status(1);
    tree.run(&["baseline", "check"]).status(0);
    // Edited, moved and renamed: known all the same. A hook honours the file, and does not touch it.
    tree.write("src/c.txt", format!("\n\nx = {}\n", token(1)).as_bytes());
    git(&tree, &["add", "."]);
    tree.run(&["hook", "pre-commit"]).status(0);
    tree.write("src/c.txt", format!("\n\nx = {}\n", token(3)).as_bytes());
    git(&tree, &["add", "."]);
    tree.run(&["hook", "pre-commit"]).status(1);
    assert_eq!(read(&tree), text);
    let ran = tree.run(&["baseline", "check"]);
    assert!(ran.status(1).out.contains("new:") && ran.out.contains("src/c.txt"), "{}", ran.out);
    // Elsewhere, when it is named.
    std::fs::rename(tree.path().join(FILE), tree.beside("elsewhere")).unwrap();
    let elsewhere = tree.beside("elsewhere");
    tree.run(&["hook", "pre-commit", "--baseline", elsewhere.to_str().unwrap()]).status(1);
    tree.write("src/c.txt", b"");
    tree.run(&["scan"]).status(1);
    tree.run(&["scan", "--baseline", elsewhere.to_str().unwrap()]).status(0);
    tree.run(&["scan", "--baseline", "nowhere"]).status(2).tells(&["nowhere", "cannot be read"]);
}

#[test]
fn what_stays_keeps_its_line_and_what_is_gone_is_told() {
    let tree = known();
    let text = read(&tree);
    git(&tree, &["mv", "src", "lib"]);
    tree.run(&["baseline", "update"]).status(0);
    assert_eq!(read(&tree), text, "a rename changes nothing");
    tree.write("lib/b.txt", b"rotated\n");
    tree.write("lib/c.txt", format!("{}\n", token(3)).as_bytes());
    let ran = tree.run(&["scan", "-f", "json"]);
    ran.status(1).tells(&["no longer occurs", "sekisho baseline update"]);
    assert_eq!(Report::of(&ran).json["notes"][0]["kind"], "gone-baseline");
    let ran = tree.run(&["baseline", "update", "--prune"]);
    assert!(ran.status(0).out.contains("1 kept, 1 gone, 1 new and left out"), "{}", ran.out);
    tree.run(&["scan"]).status(1);
    let ran = tree.run(&["baseline", "update"]);
    assert!(ran.status(0).out.contains("1 kept, 0 gone, 1 new"), "{}", ran.out);
    tree.run(&["scan"]).status(0);
    let ran = tree.run(&["baseline", "stats"]);
    assert!(
        ran.status(0).out.contains("2 known finding(s)") && ran.out.contains("acme-token"),
        "{}",
        ran.out
    );
    tree.run(&["baseline", "create"]).status(2).tells(&["is there already", "update"]);
}

#[test]
fn two_branches_that_both_updated_it_merge() {
    let tree = known();
    for (branch, number) in [("one", 11), ("two", 12)] {
        git(&tree, &["checkout", "-q", "-b", branch, "main"]);
        tree.write(&format!("src/{branch}.txt"), format!("{}\n", token(number)).as_bytes());
        tree.run(&["baseline", "update"]).status(0);
        git(&tree, &["add", "."]);
        git(&tree, &["commit", "-qm", branch]);
    }
    git(&tree, &["merge", "-q", "-m", "both", "one"]);
    tree.run(&["scan"]).status(0);
    let merged = read(&tree);
    tree.run(&["baseline", "update"]).status(0);
    assert_eq!(read(&tree).lines().count(), merged.lines().count());
    tree.run(&["baseline", "check"]).status(0);
}

#[test]
fn what_git_could_not_merge_is_told_and_mended() {
    let tree = known();
    let text = read(&tree);
    let entry = |number: u64| format!("{:032x} acme-token src/{number}.txt", number);
    let conflict = format!("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n", entry(1), entry(2));
    tree.write(FILE, format!("{text}{conflict}").as_bytes());
    for command in [&["scan"][..], &["audit"], &["baseline", "check"], &["hook", "pre-commit"]] {
        if command[0] == "hook" {
            tree.write("x.txt", b"x");
            git(&tree, &["add", "x.txt"]);
        }
        tree.run(command).status(2).tells(&["git could not merge", "sekisho baseline update"]);
    }
    let ran = tree.run(&["baseline", "update"]);
    assert!(ran.status(0).out.contains("2 kept, 2 gone, 0 new"), "{}", ran.out);
    assert_eq!(read(&tree), text);
}

#[test]
fn a_baseline_that_cannot_be_one_is_told() {
    let tree = known();
    let mut salted = tree.command(&["scan"]);
    salted.env("SEKISHO_SALT", "another");
    finish(salted, &[]).status(2).tells(&["made with another salt", "create --force"]);
    let text = read(&tree);
    for (bad, words) in [
        (String::new(), "empty"),
        ("[]\n".to_owned(), "no baseline of sekisho"),
        (text.replace("baseline 1", "baseline 7"), "form 7"),
        (format!("{text}nonsense\n"), "line 5"),
    ] {
        tree.write(FILE, bad.as_bytes());
        tree.run(&["scan"]).status(2).tells(&[FILE, words]);
    }
    tree.run(&["baseline", "create", "--force"]).status(0);
    assert_eq!(read(&tree), text);
}

#[test]
fn the_history_can_be_known_too() {
    let tree = repository(SETTINGS);
    tree.write("old.txt", token(1).as_bytes());
    git(&tree, &["add", "."]);
    git(&tree, &["commit", "-qm", "one"]);
    git(&tree, &["rm", "-q", "old.txt"]);
    git(&tree, &["commit", "-qm", "two"]);
    tree.run(&["baseline", "create", "--history"]).status(0);
    tree.run(&["audit"]).status(0);
    assert!(!tree.run(&["scan"]).err.contains("no longer occurs"));
    tree.run(&["baseline", "check"]).status(0);
}
