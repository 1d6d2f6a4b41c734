//! Containers where git keeps them: staged, in a range of commits, in the history.

use crate::images;
use crate::kinds::text;
use crate::make;
use crate::support::{Ran, Tree, finish, token};
use std::process::Command;

/// Run git in the tree; returns what it prints.
pub fn git(tree: &Tree, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(tree.path()).args(arguments);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "A U Thor").env(format!("GIT_{role}_EMAIL"), "a@example.org");
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A tree that is a repository, with a container in a container in it.
fn repository() -> Tree {
    let tree = Tree::new(&[("README", "hello\n")]);
    tree.track(&["README"]);
    git(&tree, &["commit", "-q", "-m", "first"]);
    let inner = make::zip(&[("conf.yml", &text(1))]);
    tree.write("out/app.tar.gz", &make::gzip(&make::tar(&[("lib/app.jar", &inner)])));
    git(&tree, &["add", "out"]);
    tree
}

const WAY: &str = "out/app.tar.gz!/lib/app.jar!/conf.yml";

pub fn audit(tree: &Tree, arguments: &[&str]) -> Ran {
    let mut command = tree.command(&["audit", "--format", "json"]);
    command.arg("--rules").arg(tree.beside("acme.toml")).args(arguments);
    finish(command, &[])
}

#[test]
fn staged_and_in_a_range() {
    let tree = repository();
    let report = tree.report(&["--staged"]);
    assert_eq!((report.paths(), report.status), (vec![WAY], 1));
    git(&tree, &["commit", "-q", "-m", "second"]);
    let report = tree.report(&["--range", "HEAD~..HEAD"]);
    assert_eq!((report.paths(), report.status), (vec![WAY], 1));
    assert_eq!(report.json["findings"][0]["occurrences"][0]["commit"], git(&tree, &["rev-parse", "HEAD"]));
    let mut hook = tree.command(&["hook", "pre-commit"]);
    hook.arg("--rules").arg(tree.beside("acme.toml"));
    finish(hook, &[]).status(0);
}

#[test]
fn in_the_history_also_as_a_delta() {
    let tree = repository();
    git(&tree, &["commit", "-q", "-m", "second"]);
    let second = git(&tree, &["rev-parse", "HEAD"]);
    // Versions of one archive, which git packs as deltas of one another; only the last holds a token.
    let filler: Vec<u8> =
        (0..50_000u32).flat_map(|at| (at.wrapping_mul(2_654_435_761) >> 7).to_le_bytes()).collect();
    for version in 0..4u64 {
        let last = if version == 3 { text(2) } else { format!("nothing {version}").into_bytes() };
        let files: &[make::File<'_>] = &[("filler", &filler), ("last.txt", &last)];
        tree.write("big.tar", &make::tar(files));
        tree.write("big.zip", &make::zip_as(files, make::STREAMED));
        git(&tree, &["add", "big.tar", "big.zip"]);
        git(&tree, &["commit", "-q", "-m", "more"]);
    }
    let last = git(&tree, &["rev-parse", "HEAD"]);
    git(&tree, &["rm", "-q", "-r", "out"]);
    git(&tree, &["commit", "-q", "-m", "gone"]);
    git(&tree, &["repack", "-q", "-a", "-d", "-f"]);
    for arguments in [&["--no-cache"][..], &["--no-cache", "--every-byte"], &[], &[]] {
        let ran = audit(&tree, arguments);
        let report = crate::support::Report::of(&ran);
        let mut told: Vec<(String, String)> = report.json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|finding| finding["occurrences"].as_array().unwrap())
            .map(|one| {
                (
                    one["path"].as_str().unwrap().to_owned(),
                    one["commit"].as_str().unwrap_or_default().to_owned(),
                )
            })
            .collect();
        told.sort();
        let wanted = [
            ("big.tar!/last.txt".to_owned(), last.clone()),
            ("big.zip!/last.txt".to_owned(), last.clone()),
            (WAY.to_owned(), second.clone()),
        ];
        assert_eq!(told, wanted, "{arguments:?}");
        assert_eq!(ran.status, Some(1));
    }
}

#[test]
fn every_report_tells_the_way() {
    let tree = repository();
    for format in ["human", "json", "jsonl", "sarif", "html", "gitleaks"] {
        let ran = tree.scan(&["--format", format, "out"]);
        ran.status(1);
        assert!(ran.out.contains("app.tar.gz!/lib/app.jar!/conf.yml"), "{format}:\n{}", ran.out);
        assert!(!ran.out.contains(&token(1)), "{format}");
    }
    let sarif: serde_json::Value =
        serde_json::from_str(&tree.scan(&["--format", "sarif", "out"]).out).unwrap();
    let place = &sarif["runs"][0]["results"][0]["locations"][0];
    assert_eq!(place["physicalLocation"]["artifactLocation"]["uri"], "out/app.tar.gz");
    assert!(place["physicalLocation"].get("region").is_none());
    assert_eq!(place["logicalLocations"][0]["kind"], "member");
    assert_eq!(place["properties"]["memberRegion"]["startLine"], 2);
}

#[test]
fn documents_and_images_where_git_keeps_them() {
    let tree = Tree::new(&[("README", "hello\n")]);
    tree.track(&["README"]);
    git(&tree, &["commit", "-q", "-m", "first"]);
    let notebook = make::notebook(&format!("key = '{}'\n", token(21)), "none\n");
    tree.write("a.ipynb", &notebook);
    let files = images::saved();
    tree.write("img/app.tar", &images::packed(&files));
    let log = format!("2024-05-01T10:00:00.1234567Z x\n2024-05-01T10:00:00.1234567Z {}\n", token(22));
    let logs = make::zip(&[("build/3_Run deploy.txt", log.as_bytes())]);
    tree.write("ci/all.tgz", &make::gzip(&make::tar(&[("logs_7.zip", &logs)])));
    git(&tree, &["add", "."]);
    let [one, two] = images::digests(false);
    let (layer, config) = ("img/app.tar!/one/layer.tar", format!("img/app.tar!/{}", files[2].0));
    let mut wanted = images::wanted(layer, &config, [&one, &two]);
    let noted = |path: &str, note: &str| (path.to_owned(), vec![note.to_owned()]);
    wanted.push(noted("a.ipynb", "cell 1, source"));
    wanted.push(noted("ci/all.tgz!/logs_7.zip!/build/3_Run deploy.txt", "job build, step 3 Run deploy"));
    wanted.sort();
    assert_eq!(images::told(&tree.report(&["--staged"])), wanted);
    git(&tree, &["commit", "-q", "-m", "second"]);
    assert_eq!(images::told(&tree.report(&["--range", "HEAD~..HEAD"])), wanted);
    for arguments in [&["--no-cache"][..], &["--no-cache", "--every-byte"], &[], &[]] {
        let report = crate::support::Report::of(&audit(&tree, arguments));
        assert_eq!(images::told(&report), wanted, "{arguments:?}");
        let head = git(&tree, &["rev-parse", "HEAD"]);
        assert_eq!(report.json["findings"][0]["occurrences"][0]["commit"], head);
    }
    // Only a line of a notebook that is new blocks: lines are those of the file.
    let longer = make::notebook(&format!("key = '{}'\n", token(21)), "none\nand more\n");
    tree.write("a.ipynb", &longer);
    git(&tree, &["add", "."]);
    let report = tree.report(&["--staged"]);
    assert_eq!((report.places.len(), report.status), (0, 0));
}
