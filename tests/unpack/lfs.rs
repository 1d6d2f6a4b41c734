//! Content that Git LFS keeps: scanned where it is here, told where it is not.

use crate::gates::{audit, git};
use crate::kinds::text;
use crate::make;
use crate::support::{Ran, Report, Tree, finish, token};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

const ABSENT: &str = "content kept by Git LFS that is not here";

fn name(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What git holds in the place of this content.
fn pointer(content: &[u8]) -> String {
    let (name, size) = (name(content), content.len());
    format!("version https://git-lfs.github.com/spec/v1\noid sha256:{name}\nsize {size}\n")
}

/// Put content where Git LFS keeps it.
fn keep(directory: &Path, content: &[u8]) -> PathBuf {
    let name = name(content);
    let folder = directory.join("objects").join(&name[..2]).join(&name[2..4]);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(&name), content).unwrap();
    folder.join(name)
}

/// A repository with one commit.
fn repository() -> Tree {
    let tree = Tree::new(&[("README", "hello\n")]);
    tree.track(&["README"]);
    git(&tree, &["commit", "-q", "-m", "first"]);
    tree
}

/// The same with a pointer that is staged, and its content beside it where that is wanted.
fn staged(content: &[u8], here: bool) -> Tree {
    let tree = repository();
    tree.write("data/all.csv", pointer(content).as_bytes());
    git(&tree, &["add", "data"]);
    if here {
        keep(&tree.path().join(".git/lfs"), content);
    }
    tree
}

fn hook(tree: &Tree, arguments: &[&str], input: &str) -> Ran {
    let mut command = tree.command(&["hook"]);
    command.args(arguments).arg("--rules").arg(tree.beside("acme.toml"));
    finish(command, input.as_bytes())
}

fn push(tree: &Tree) -> Ran {
    let (head, before) = (git(tree, &["rev-parse", "HEAD"]), git(tree, &["rev-parse", "HEAD~"]));
    hook(tree, &["pre-push"], &format!("refs/heads/main {head} refs/heads/main {before}\n"))
}

fn lines(number: u64) -> Vec<u8> {
    format!("id,name\n1,a\n2,{}\n3,c\n", token(number)).into_bytes()
}

#[test]
fn content_that_is_here_is_scanned_in_the_place_of_its_pointer() {
    let content = lines(1);
    let tree = staged(&content, true);
    let told = |report: &Report| {
        let occurrence = &report.json["findings"][0]["occurrences"][0];
        assert_eq!((report.places.len(), report.status), (1, 1), "{}", report.json);
        assert_eq!((&report.places[0].path[..], report.places[0].line), ("data/all.csv", 3));
        let note = format!("content kept by Git LFS, {} bytes, sha256 {}", content.len(), name(&content));
        assert_eq!(occurrence["notes"], serde_json::json!([note]));
        assert!(report.skipped.is_empty(), "{:?}", report.skipped);
    };
    for arguments in
        [&["."][..], &["data/all.csv"], &["--tracked", "."], &["--staged"], &["--max-depth", "0", "."]]
    {
        told(&tree.report(arguments));
    }
    hook(&tree, &["pre-commit"], "").status(1).tells(&["data/all.csv:3:3", "kept by Git LFS"]);
    git(&tree, &["commit", "-q", "-m", "second"]);
    told(&tree.report(&["--range", "HEAD~..HEAD"]));
    push(&tree).status(1).tells(&["data/all.csv@", ":3:3:"]);
    for arguments in
        [&["--no-cache"][..], &["--no-cache", "--every-byte"], &["--range", "HEAD~..HEAD"], &[], &[]]
    {
        let ran = audit(&tree, arguments);
        let report = Report::of(&ran);
        assert_eq!((report.paths(), report.places[0].line), (vec!["data/all.csv"], 3), "{arguments:?}");
        assert_eq!(ran.status, Some(1));
    }
    let piped = tree.scan_input(&["--format", "json", "-"], pointer(&content).as_bytes());
    assert_eq!(Report::of(&piped).places[0].line, 3);
    let explained =
        tree.run(&["explain", "--rules", &tree.beside("acme.toml").to_string_lossy(), "data/all.csv:3"]);
    explained.status(0);
    assert!(explained.out.contains("acme-token"), "{}", explained.out);
    assert!(explained.out.contains("acmt…(37) at 3:3"), "{}", explained.out);
}

#[test]
fn content_that_is_not_here_makes_every_run_incomplete() {
    let tree = staged(&lines(1), false);
    let told = |report: &Report, path: &str| {
        assert_eq!(report.skipped, [(path.to_owned(), ABSENT.to_owned())]);
        let detail = report.json["skipped"][0]["detail"].as_str().unwrap();
        assert!(detail.contains("git lfs fetch --all"), "{detail}");
        assert_eq!((report.places.len(), report.status), (0, 2));
    };
    for arguments in [&["."][..], &["--tracked", "."], &["--staged"], &["--max-depth", "0", "."]] {
        told(&tree.report(arguments), "data/all.csv");
    }
    tree.scan(&["--allow-incomplete", "."]).status(0);
    let human = tree.scan(&["."]);
    human.status(2);
    assert!(human.out.contains(ABSENT) && human.out.contains("git lfs fetch --all"), "{}", human.out);
    hook(&tree, &["pre-commit"], "").status(2).tells(&["data/all.csv", "git lfs fetch --all"]);
    hook(&tree, &["pre-commit", "--allow-incomplete"], "").status(0).tells(&["1 not looked at"]);
    git(&tree, &["commit", "-q", "-m", "second"]);
    told(&tree.report(&["--range", "HEAD~..HEAD"]), "data/all.csv");
    push(&tree).status(2).tells(&["git lfs fetch --all"]);
    for arguments in [&["--no-cache"][..], &[], &[]] {
        let report = Report::of(&audit(&tree, arguments));
        assert_eq!((report.skipped.len(), report.status), (1, 2), "{arguments:?}");
        assert_eq!(report.skipped[0].1, ABSENT);
    }
    // What was not looked at is not remembered as clean.
    keep(&tree.path().join(".git/lfs"), &lines(1));
    assert_eq!(Report::of(&audit(&tree, &[])).paths(), ["data/all.csv"]);
    let name = tree.path().join("data/all.csv");
    std::fs::remove_dir_all(tree.path().join(".git/lfs")).unwrap();
    tree.run(&["explain", &name.to_string_lossy()]).status(2).tells(&["kept by Git LFS", "git lfs fetch"]);
}

#[test]
fn pointers_in_archives_are_followed_or_told() {
    let content = lines(1);
    let tree = repository();
    let packed = make::tar(&[("src/all.csv", pointer(&content).as_bytes())]);
    tree.write("src.zip", &make::zip(&[("src.tar", &packed)]));
    git(&tree, &["add", "src.zip"]);
    let place = "src.zip!/src.tar!/src/all.csv";
    for arguments in [&["."][..], &["--staged"]] {
        let report = tree.report(arguments);
        assert_eq!(report.skipped, [(place.to_owned(), ABSENT.to_owned())]);
        assert_eq!((report.places.len(), report.status), (0, 2));
    }
    keep(&tree.path().join(".git/lfs"), &content);
    for arguments in [&["."][..], &["--staged"]] {
        let report = tree.report(arguments);
        assert_eq!((report.paths(), report.places[0].line), (vec![place], 3));
        assert!(report.skipped.is_empty(), "{:?}", report.skipped);
    }
    git(&tree, &["commit", "-q", "-m", "second"]);
    assert_eq!(Report::of(&audit(&tree, &["--no-cache"])).paths(), [place]);
}

#[test]
fn containers_among_it_are_opened() {
    let content = make::zip(&[("conf.yml", &text(1))]);
    let tree = staged(&content, true);
    let way = "data/all.csv!/conf.yml";
    assert_eq!(tree.report(&["."]).paths(), [way]);
    assert_eq!(tree.report(&["--staged"]).paths(), [way]);
    assert!(tree.report(&["--max-depth", "0", "--staged"]).places.is_empty());
    git(&tree, &["commit", "-q", "-m", "second"]);
    assert_eq!(Report::of(&audit(&tree, &[])).paths(), [way]);
}

#[test]
fn versions_of_one_file_are_looked_at_once_each_also_in_packs() {
    let tree = repository();
    for version in 1..=4 {
        let content = lines(version);
        keep(&tree.path().join(".git/lfs"), &content);
        tree.write("all.csv", pointer(&content).as_bytes());
        tree.write("again/all.csv", pointer(&content).as_bytes());
        git(&tree, &["add", "-A"]);
        git(&tree, &["commit", "-q", "-m", "more"]);
    }
    git(&tree, &["repack", "-q", "-a", "-d", "-f"]);
    let report = Report::of(&audit(&tree, &["--no-cache"]));
    assert_eq!(report.json["findings"].as_array().unwrap().len(), 4);
    assert_eq!((report.places.len(), report.status), (4, 1), "{:?}", report.places);
}

#[test]
fn only_lines_of_the_content_that_are_new_block() {
    let tree = staged(&lines(1), true);
    git(&tree, &["commit", "-q", "-m", "second"]);
    let change = |content: &[u8], here: bool| {
        tree.write("data/all.csv", pointer(content).as_bytes());
        git(&tree, &["add", "data"]);
        if here {
            keep(&tree.path().join(".git/lfs"), content);
        }
    };
    let more = [&lines(1)[..], b"4,d\n"].concat();
    change(&more, true);
    hook(&tree, &["pre-commit"], "").status(0).tells(&["1 older secret"]);
    let worse = [&more[..], format!("5,{}\n", token(2)).as_bytes()].concat();
    change(&worse, true);
    hook(&tree, &["pre-commit"], "").status(1).tells(&["data/all.csv:6:3", "1 older secret"]);
    git(&tree, &["commit", "-q", "-m", "third"]);
    push(&tree).status(1).tells(&[":6:3:", "1 older secret"]);
    // Where the version before is not here, nobody can tell what is new: all of it.
    std::fs::remove_dir_all(tree.path().join(".git/lfs")).unwrap();
    keep(&tree.path().join(".git/lfs"), &worse);
    push(&tree).status(1).tells(&["2 secrets", ":3:3:", ":6:3:"]);
    // A file that comes under Git LFS as it is brings nothing new.
    tree.write("plain.csv", &lines(3));
    git(&tree, &["add", "plain.csv"]);
    git(&tree, &["commit", "-q", "-m", "fourth"]);
    tree.write("plain.csv", pointer(&lines(3)).as_bytes());
    git(&tree, &["add", "plain.csv"]);
    keep(&tree.path().join(".git/lfs"), &lines(3));
    hook(&tree, &["pre-commit"], "").status(0).tells(&["1 older secret"]);
}

#[test]
fn content_is_found_wherever_git_lfs_keeps_it() {
    let content = lines(1);
    let tree = staged(&content, false);
    git(&tree, &["commit", "-q", "-m", "second"]);
    let found = |directory: &Path| {
        let mut command = tree.command(&["audit", "--format", "json", "--no-cache"]);
        command.arg("--rules").arg(tree.beside("acme.toml")).arg(directory);
        let in_history = Report::of(&finish(command, &[]));
        let mut command = tree.command(&["scan", "--format", "json", "--range", "HEAD~..HEAD"]);
        command.arg("--rules").arg(tree.beside("acme.toml")).current_dir(directory);
        let in_range = Report::of(&finish(command, &[]));
        assert_eq!(in_range.paths(), in_history.paths());
        assert_eq!(in_range.status, in_history.status);
        in_range.status == 1
    };
    assert!(!found(&tree.path()));
    for (setting, directory) in [
        (tree.beside("store").to_string_lossy().into_owned(), tree.beside("store")),
        ("own place".to_owned(), tree.path().join(".git/own place")),
    ] {
        git(&tree, &["config", "lfs.storage", &setting]);
        assert!(!found(&tree.path()), "{setting}");
        keep(&directory, &content);
        assert!(found(&tree.path()), "{setting}");
        assert_eq!(tree.report(&["."]).paths(), ["data/all.csv"]);
    }
    git(&tree, &["config", "--unset", "lfs.storage"]);
    assert!(!found(&tree.path()));
    keep(&tree.path().join(".git/lfs"), &content);
    let other = tree.beside("other");
    git(&tree, &["worktree", "add", "-q", "-b", "side", &other.to_string_lossy()]);
    assert!(found(&other));
    assert_eq!(tree.report(&[&other.to_string_lossy()]).places.len(), 1);
    let top = tree.path().to_string_lossy().into_owned();
    for (number, options) in [&["--shared"][..], &["--bare", "--shared"], &["--bare"]].iter().enumerate() {
        let clone = tree.beside(&format!("clone{number}"));
        git(&tree, &[&["clone", "-q"], *options, &[&top, &clone.to_string_lossy()]].concat());
        assert_eq!(found(&clone), options.contains(&"--shared"), "{options:?}");
    }
}

#[test]
fn damaged_content_is_scanned_and_told() {
    let content = lines(1);
    let tree = staged(&content, true);
    let kept = keep(&tree.path().join(".git/lfs"), &content);
    let corrupt = [("data/all.csv".to_owned(), "corrupt".to_owned())];
    for damaged in [&content[..content.len() - 1], &[&content[..], b"x"].concat(), &lines(2)] {
        std::fs::write(&kept, damaged).unwrap();
        let report = tree.report(&["--staged"]);
        assert_eq!((report.places.len(), report.status), (1, 2));
        assert_eq!(report.skipped, corrupt);
    }
    std::fs::remove_file(&kept).unwrap();
    std::fs::create_dir(&kept).unwrap();
    assert_eq!(tree.report(&["--staged"]).skipped[0].1, ABSENT);
}

#[test]
fn what_only_looks_like_a_pointer_and_empty_content_are_no_trouble() {
    let tree = repository();
    let content = lines(1);
    tree.write("doc.md", format!("An example:\n\n{}", pointer(&content)).as_bytes());
    tree.write("more.txt", format!("{}and more\n", pointer(&content)).as_bytes());
    tree.write("empty.bin", pointer(b"").as_bytes());
    git(&tree, &["add", "-A"]);
    for arguments in [&["."][..], &["--staged"]] {
        let report = tree.report(arguments);
        assert_eq!((report.status, &report.skipped[..]), (0, &[][..]));
    }
}
