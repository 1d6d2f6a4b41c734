//! `hook install`, `uninstall`, `status` and `doctor`.

use crate::support::{Repo, run, token};
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn line(number: u64) -> String {
    format!("key = \"{}\"\n", token(number))
}

fn script(path: &std::path::Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn installing_twice_changes_nothing() {
    let repo = Repo::new();
    let first = repo.sekisho(&["hook", "install"]);
    assert_eq!(first.status(0).out.matches(": installed at").count(), 3, "{}", first.out);
    let file = repo.top().join(".git/hooks/pre-commit");
    let text = fs::read(&file).unwrap();
    let second = repo.sekisho(&["hook", "install"]);
    assert_eq!(second.status(0).out.matches("already installed").count(), 3, "{}", second.out);
    assert_eq!(fs::read(&file).unwrap(), text);
    repo.sekisho(&["hook", "uninstall"]).status(0);
    assert!(!file.exists());
    let none = repo.sekisho(&["hook", "uninstall"]);
    assert!(none.status(0).out.contains("none of our hooks"), "{}", none.out);
}

#[test]
fn chosen_hooks_only() {
    let repo = Repo::new();
    repo.sekisho(&["hook", "install", "--pre-push"]).status(0);
    let status = repo.sekisho(&["hook", "status"]).status(0).out.clone();
    assert!(
        status.contains("pre-push     installed") && status.contains("pre-commit   not installed"),
        "{status}"
    );
    repo.sekisho(&["hook", "install"]).status(0);
    repo.sekisho(&["hook", "uninstall", "--commit-msg"]).status(0);
    let hooks = repo.top().join(".git/hooks");
    assert!(hooks.join("pre-commit").exists() && !hooks.join("commit-msg").exists());
}

#[test]
fn hooks_that_are_there_run_first_and_come_back() {
    let repo = Repo::new();
    let file = repo.top().join(".git/hooks/pre-commit");
    let own = "#!/bin/sh\necho ran >> ../log\n[ ! -e ../refuse ]\n";
    script(&file, own);
    let push = repo.top().join(".git/hooks/pre-push");
    script(&push, "#!/bin/sh\ncat > ../pushed\necho \"$1\" >> ../pushed\n");
    repo.sekisho(&["hook", "install"]).status(0);
    repo.sekisho(&["hook", "install"]).status(0);
    repo.write("a.py", "a = 1\n");
    repo.git(&["add", "."]).status(0);
    repo.git(&["commit", "-q", "-m", "x"]).status(0);
    assert_eq!(fs::read_to_string(repo.beside("log")).unwrap(), "ran\n");
    repo.write("a.py", line(1));
    repo.git(&["commit", "-q", "-a", "-m", "x"]).blocked();
    fs::write(repo.beside("refuse"), "").unwrap();
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]).status(1).tells_nothing_of(&["sekisho"]);
    repo.git(&["init", "-q", "--bare", "../remote"]).status(0);
    repo.git(&["push", "-q", "../remote", "main"]).status(0);
    let pushed = fs::read_to_string(repo.beside("pushed")).unwrap();
    assert!(pushed.starts_with("refs/heads/main ") && pushed.ends_with("\n../remote\n"), "{pushed}");
    repo.sekisho(&["hook", "doctor"]).status(0);
    assert_eq!(fs::read_to_string(repo.beside("log")).unwrap().lines().count(), 3, "the doctor ran it");
    repo.sekisho(&["hook", "uninstall"]).status(0);
    assert_eq!(fs::read_to_string(&file).unwrap(), own);
    assert!(push.exists());
}

#[test]
fn a_second_foreign_hook_is_not_lost() {
    let repo = Repo::new();
    let file = repo.top().join(".git/hooks/pre-commit");
    script(&file, "#!/bin/sh\n");
    repo.sekisho(&["hook", "install"]).status(0);
    script(&file, "#!/bin/sh\n# another tool\n");
    repo.sekisho(&["hook", "install"]).status(2).tells(&["another hook", "before-sekisho"]);
    assert!(fs::read_to_string(&file).unwrap().contains("another tool"));
}

#[test]
fn core_hooks_path_is_respected() {
    let repo = Repo::new();
    repo.git(&["config", "core.hooksPath", "tools/hooks"]).status(0);
    repo.sekisho(&["hook", "install"]).status(0);
    assert!(repo.top().join("tools/hooks/pre-commit").exists());
    assert!(!repo.top().join(".git/hooks/pre-commit").exists());
    repo.write("a.py", line(1));
    repo.git(&["add", "a.py"]).status(0);
    repo.git(&["commit", "-q", "-m", "x"]).blocked();
    repo.sekisho(&["hook", "doctor"]).status(0);
    repo.git(&["config", "core.hooksPath", ".husky/_"]).status(0);
    repo.sekisho(&["hook", "install"]).status(2).tells(&["husky", ".husky/pre-commit"]);
    repo.git(&["config", "--unset", "core.hooksPath"]).status(0);
    repo.sekisho(&["hook", "install"]).status(0);
    repo.git(&["config", "core.hooksPath", "elsewhere"]).status(0);
    let status = repo.sekisho(&["hook", "status"]).status(0).out.clone();
    assert!(status.contains("core.hooksPath leads git elsewhere"), "{status}");
}

#[test]
fn work_trees_share_their_hooks_and_directories_below_the_top_serve() {
    let repo = Repo::new();
    repo.commit(&[("dir/b.py", "b = 1\n")]);
    repo.git(&["worktree", "add", "-q", "../tree"]).status(0);
    repo.at("tree/dir").sekisho(&["hook", "install"]).status(0);
    assert!(repo.top().join(".git/hooks/pre-commit").exists());
    repo.write("dir/b.py", line(1));
    repo.at("work/dir").git(&["commit", "-q", "-a", "-m", "x"]).blocked();
}

#[test]
fn hooks_for_all_repositories_of_a_user() {
    let repo = Repo::new();
    repo.sekisho(&["hook", "install", "--global"]).status(0);
    repo.sekisho(&["hook", "install", "--global"]).status(0);
    script(&repo.top().join(".git/hooks/pre-commit"), "#!/bin/sh\necho own >> ../log\n");
    script(&repo.top().join(".git/hooks/post-commit"), "#!/bin/sh\necho post >> ../log\n");
    repo.write("a.py", "a = 1\n");
    repo.git(&["add", "."]).status(0);
    repo.git(&["commit", "-q", "-m", "x"]).status(0);
    assert_eq!(fs::read_to_string(repo.beside("log")).unwrap(), "own\npost\n");
    repo.write("a.py", line(1));
    repo.git(&["commit", "-q", "-a", "-m", "x"]).blocked();
    repo.sekisho(&["hook", "doctor"]).status(0);
    let status = repo.sekisho(&["hook", "status", "--global"]).status(0).out.clone();
    assert!(status.contains("pre-commit   installed"), "{status}");
    repo.sekisho(&["hook", "uninstall", "--global"]).status(0);
    assert_eq!(repo.git(&["config", "--get", "core.hooksPath"]).status, Some(1));
    repo.git(&["commit", "-q", "-a", "-m", "x"]).status(0);
}

#[test]
fn the_doctor_tells_why_a_hook_does_not_block() {
    let repo = Repo::new();
    let none = repo.sekisho(&["hook", "doctor"]);
    assert!(none.status(1).out.contains("no hook is installed"), "{}", none.out);
    repo.sekisho(&["hook", "install"]).status(0);
    let well = repo.sekisho(&["hook", "doctor"]);
    assert_eq!(well.status(0).out.matches("blocks a planted secret").count(), 3, "{}", well.out);
    let file = repo.top().join(".git/hooks/pre-commit");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    script(&repo.top().join(".git/hooks/pre-push"), "#!/bin/sh\nexit 0\n");
    script(&repo.top().join(".git/hooks/commit-msg"), "#!/bin/sh\necho no time >&2\nexit 1\n");
    let ill = repo.sekisho(&["hook", "doctor"]);
    for told in ["chmod +x", "without a word", "not for the secret: no time"] {
        assert!(ill.status(1).out.contains(told), "{}", ill.out);
    }
    assert!(!ill.out.contains("blocks a planted"), "{}", ill.out);
    let mut command = repo.command(env!("CARGO_BIN_EXE_sekisho"), &["hook", "doctor"]);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    command.env("SEKISHO_SKIP", "all");
    let skipped = run(command, b"");
    assert!(skipped.status(1).out.contains("SEKISHO_SKIP is set"), "{}", skipped.out);
}

#[test]
fn a_hook_whose_program_is_gone_blocks() {
    let repo = Repo::guarded();
    let file = repo.top().join(".git/hooks/pre-commit");
    let text = fs::read_to_string(&file).unwrap();
    script(&file, &text.replace(env!("CARGO_BIN_EXE_sekisho"), "/nowhere/sekisho"));
    let mut command = repo.command("git", &["commit", "-q", "--allow-empty", "-m", "x"]);
    command.env("PATH", "/usr/bin:/bin");
    run(command, b"").status(1).tells(&["the program is gone", "rm "]);
}
