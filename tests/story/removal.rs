//! How secrets are taken out of a history, with git-filter-repo itself where it is installed.

use crate::repository::Repository;
use crate::support::token;
use std::process::Command;

#[test]
#[allow(clippy::print_stderr)]
fn filter_repo_takes_every_secret_out() {
    let available = Command::new("git-filter-repo").arg("--version").output();
    if !available.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: git-filter-repo is not installed (pip install git-filter-repo)");
        return;
    }
    let repository = Repository::new();
    let block = format!("=====ACME BEGIN=====\n{}\n=====ACME END=====", "Zm9vYmFy0123+/==".repeat(4));
    repository.write("key", &format!("a\n{block}\nb\n"));
    repository.write("windows", &format!("x\r\n{}\r\ny", block.replace('\n', "\r\n")));
    repository.secret("file", 1);
    repository.commit("start");
    repository.commit(&format!("uses {}", token(2)));
    repository.git(&["tag", "-a", "v1", "-m", &format!("with {}", token(3))]);
    let before = repository.findings(&[]).len();
    assert_eq!(before, 5, "three tokens, a block in two spellings");

    let file = repository.tree.beside("secrets.txt");
    let file = file.to_str().unwrap();
    repository.audit(&["--replace-text", file]).status(1);
    let text = std::fs::read_to_string(file).unwrap();
    for number in 1..=3 {
        assert!(text.contains(&format!("literal:{}==>***REMOVED***", token(number))), "{text}");
    }
    repository.git(&["filter-repo", "--force", "--replace-text", file, "--replace-message", file]);
    // Messages may be left in files beside the objects, which filter-repo does not touch.
    for name in ["COMMIT_EDITMSG", "TAG_EDITMSG"] {
        let _ = std::fs::remove_file(repository.path().join(".git").join(name));
    }
    let left = repository.findings(&[]);
    let in_objects = |one: &&serde_json::Value| one["story"]["exposure"] != "local";
    assert_eq!(left.iter().filter(in_objects).count(), 0, "{left:#?}");
    assert_eq!(repository.git(&["show", "HEAD:key"]), "a\n***REMOVED***\nb");
    assert_eq!(repository.git(&["log", "-1", "--format=%s"]), "uses ***REMOVED***");
}

#[test]
fn a_file_of_others_is_refused_and_secrets_stay_out_of_sight() {
    let repository = Repository::new();
    repository.secret("file", 1);
    repository.commit("start");
    let file = repository.tree.beside("precious");
    std::fs::write(&file, "precious").unwrap();
    let name = file.to_str().unwrap();
    let ran = repository.audit(&["--replace-text", name]);
    ran.status(2).tells(&["precious", "--force"]);
    assert_eq!(std::fs::read(&file).unwrap(), b"precious");
    let ran = repository.audit(&["--replace-text", name, "--force"]);
    ran.status(1);
    assert!(!ran.out.contains(&token(1)) && !ran.err.contains(&token(1)));
    assert!(std::fs::read_to_string(&file).unwrap().contains(&token(1)));
}
