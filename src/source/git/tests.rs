use super::*;
use crate::source::test_support::{Seen, all};
use std::fs;
use tempfile::TempDir;

/// Run git in `directory`, away from the settings of whoever runs the tests.
fn git(directory: &Path, arguments: &[&str]) -> bool {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"GIT_")) {
        command.env_remove(name);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{role}_NAME"), "nobody")
            .env(format!("GIT_{role}_EMAIL"), "nobody@example.org");
    }
    command.args(["-c", "protocol.file.allow=always"]).args(arguments).current_dir(directory);
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
}

/// A repository where `files` are committed.
fn repository(init: &[&str], files: &[(&str, &str)]) -> TempDir {
    let top = tempfile::tempdir().unwrap();
    assert!(git(top.path(), &[&["init", "-q"], init].concat()));
    for (name, content) in files {
        let path = top.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    commit(top.path());
    top
}

fn commit(top: &Path) {
    assert!(git(top, &["add", "-A", "-f"]));
    assert!(git(top, &["commit", "-q", "--allow-empty", "-m", "state"]));
}

fn tracked(paths: Vec<PathBuf>) -> Result<Seen, Error> {
    all(&Tracked::new(paths, TrackedOptions { threads: 2, ..TrackedOptions::default() }))
}

/// What is seen of paths below `top`; names are relative to it.
fn seen(top: &Path, paths: &[&str]) -> Seen {
    let mut seen = tracked(paths.iter().map(|path| top.join(path)).collect()).unwrap();
    let prefix = format!("{}/", top.display());
    for (name, _) in &mut seen.blobs {
        *name = name.strip_prefix(&prefix).unwrap().to_owned();
    }
    seen
}

#[test]
fn the_work_tree_is_read_where_the_index_says() {
    let files = [
        ("a", "old"),
        ("ignored", "I"),
        ("gone", "G"),
        ("now-a-directory", "D"),
        (".gitignore", "ignored\n"),
    ];
    let top = repository(&[], &files);
    fs::write(top.path().join("a"), "new").unwrap();
    fs::write(top.path().join("untracked"), "U").unwrap();
    fs::remove_file(top.path().join("gone")).unwrap();
    fs::remove_file(top.path().join("now-a-directory")).unwrap();
    fs::create_dir(top.path().join("now-a-directory")).unwrap();
    let whole = seen(top.path(), &[""]);
    assert_eq!(whole.names(), [".gitignore", "a", "ignored"]);
    assert_eq!(whole.blobs[1].1, b"new");
    assert_eq!(whole.skipped, []);
    // Untracked files and tracked ones that were deleted are left out, also where they were named.
    assert_eq!(seen(top.path(), &["untracked", "gone", "a"]).names(), ["a"]);
}

#[test]
fn only_what_was_named_is_read_and_once() {
    let top = repository(&[], &[("d/a", ""), ("d/e/b", ""), ("d.txt", ""), ("dd/x", ""), ("é", "")]);
    assert_eq!(seen(top.path(), &["d"]).names(), ["d/a", "d/e/b"]);
    assert_eq!(seen(top.path(), &["d/e", "d", "d/e/b", "d/../é"]).blobs.len(), 3);
    assert_eq!(seen(top.path(), &["", "", "d"]).blobs.len(), 5);
}

#[test]
fn names_are_as_the_user_would_type_them() {
    let top = repository(&[], &[("sub/a", ""), ("b", "")]);
    let here = std::env::current_dir().unwrap().canonicalize().unwrap();
    let mut way: PathBuf = here.components().skip(1).map(|_| "..").collect();
    way.extend(top.path().canonicalize().unwrap().components().skip(1));
    let seen = tracked(vec![way.join("sub"), way.join("./b")]).unwrap();
    assert_eq!(seen.origins, [Origin::File(way.join("b")), Origin::File(way.join("sub/a"))]);
    // This very repository, from the directory that the tests run in.
    if here.join(".git").exists() && fs::exists("src/source/mod.rs").unwrap() {
        let names: Vec<String> =
            tracked(vec![".".into()]).unwrap().blobs.into_iter().map(|blob| blob.0).collect();
        assert!(names.contains(&"src/source/mod.rs".to_owned()));
    }
}

#[test]
fn what_is_not_there_or_not_in_a_repository_is_an_error() {
    let top = repository(&[], &[("a", "")]);
    assert!(matches!(tracked(vec![top.path().join("b")]), Err(Error::Input { .. })));
    assert!(matches!(tracked(vec![top.path().join("x/b")]), Err(Error::Input { .. })));
    assert!(matches!(tracked(Vec::new()), Err(Error::Input { .. })));
    let plain = tempfile::tempdir().unwrap();
    assert!(matches!(tracked(vec![plain.path().to_owned()]), Err(Error::Git { .. })));
    assert!(matches!(tracked(vec![plain.path().join("b")]), Err(Error::Input { .. })));
}

#[test]
fn a_broken_index_is_an_error_and_never_passes() {
    let top = repository(&[], &[("a", "")]);
    fs::write(top.path().join(".git/index"), "no index").unwrap();
    let Err(Error::Git { reason, remedy, .. }) = tracked(vec![top.path().to_owned()]) else {
        panic!("no error");
    };
    assert!(reason.contains("git itself said") && !remedy.is_empty(), "{reason}");
}

#[test]
fn library_and_command_agree() {
    let top = repository(&[], &[("a", "1"), ("d/b", "2"), ("tab\tand \"quote\"", "3"), ("é", "4")]);
    assert!(git(top.path(), &["checkout", "-q", "-b", "other"]));
    fs::write(top.path().join("a"), "other").unwrap();
    commit(top.path());
    assert!(git(top.path(), &["checkout", "-q", "-"]));
    fs::write(top.path().join("a"), "ours").unwrap();
    commit(top.path());
    assert!(!git(top.path(), &["merge", "-q", "other"]), "a conflict");
    let by_library = index_by_library(top.path()).unwrap();
    assert_eq!(by_library, index_by_command(top.path()).unwrap());
    assert_eq!(by_library.entries.iter().filter(|entry| entry.path == b"a").count(), 3);
    assert_eq!(seen(top.path(), &[""]).names(), ["a", "d/b", "tab\tand \"quote\"", "é"]);
}

#[test]
fn repositories_that_the_library_cannot_open_are_listed_by_git() {
    let top = repository(&["--object-format=sha256"], &[("a", "A"), ("sub/b", "B")]);
    assert!(index_by_library(top.path()).is_err(), "then this test needs another kind of repository");
    assert_eq!(seen(top.path(), &[""]).names(), ["a", "sub/b"]);
    assert_eq!(seen(top.path(), &["sub"]).names(), ["sub/b"]);
}

#[test]
fn a_split_index_is_read_whole() {
    let top = repository(&[], &[("a", "A"), ("b", "B")]);
    assert!(git(top.path(), &["update-index", "--split-index"]));
    fs::write(top.path().join("c"), "C").unwrap();
    assert!(git(top.path(), &["add", "c"]));
    assert_eq!(seen(top.path(), &[""]).names(), ["a", "b", "c"]);
}

#[test]
fn submodules_are_left_to_their_own_repository() {
    let inner = repository(&[], &[("i", "I")]);
    let top = repository(&[], &[("a", "A")]);
    assert!(git(top.path(), &["submodule", "add", "-q", inner.path().to_str().unwrap(), "module"]));
    commit(top.path());
    assert_eq!(seen(top.path(), &[""]).names(), [".gitmodules", "a"]);
    assert_eq!(seen(top.path(), &["module", "a"]).names(), ["a", "module/i"]);
}

#[test]
fn linked_work_trees_have_their_own_index() {
    let top = repository(&[], &[("a", "A"), ("d/b", "B")]);
    let other = tempfile::tempdir().unwrap();
    let linked = other.path().join("linked");
    assert!(git(top.path(), &["worktree", "add", "-q", linked.to_str().unwrap()]));
    fs::write(linked.join("new"), "N").unwrap();
    commit(&linked);
    assert_eq!(seen(&linked, &[""]).names(), ["a", "d/b", "new"]);
    assert_eq!(seen(&linked, &["d"]).names(), ["d/b"]);
}

#[cfg(unix)]
#[test]
fn the_content_of_a_link_is_the_path_in_it() {
    use std::os::unix::fs::symlink;
    let top = repository(&[], &[("real/a", "A"), ("b", "B")]);
    symlink("/nowhere/at-all", top.path().join("link")).unwrap();
    symlink("real", top.path().join("dir-link")).unwrap();
    commit(top.path());
    fs::remove_file(top.path().join("b")).unwrap();
    symlink("became a link", top.path().join("b")).unwrap();
    let whole = seen(top.path(), &[""]);
    assert_eq!(whole.names(), ["b", "dir-link", "link", "real/a"]);
    assert_eq!(whole.blobs[0].1, b"became a link");
    assert_eq!(whole.blobs[2].1, b"/nowhere/at-all");
    // A named link to a directory is followed, a named link to a file is content.
    assert_eq!(seen(top.path(), &["dir-link", "link"]).names(), ["dir-link/a", "link"]);
    fs::remove_file(top.path().join("link")).unwrap();
    fs::write(top.path().join("link"), "/nowhere/at-all").unwrap();
    assert_eq!(seen(top.path(), &["link"]).blobs[0].1, b"/nowhere/at-all");
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8_and_special_files() {
    use std::os::unix::ffi::OsStrExt;
    let top = repository(&[], &[("pipe", "P")]);
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9 \n");
    fs::write(top.path().join(name), "x").unwrap();
    commit(top.path());
    fs::remove_file(top.path().join("pipe")).unwrap();
    assert!(Command::new("mkfifo").arg(top.path().join("pipe")).status().unwrap().success());
    let seen = tracked(vec![top.path().to_owned()]).unwrap();
    assert_eq!(seen.origins, [Origin::File(top.path().join(name))]);
    assert_eq!(seen.skipped.len(), 1);
    assert_eq!(seen.skipped[0].reason, SkipReason::Special);
}

#[test]
fn many_files_are_shared_between_threads() {
    let names: Vec<String> = (0..200).map(|number| format!("f{number:03}")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    let top = repository(&[], &files);
    let seen = seen(top.path(), &[""]);
    assert_eq!(seen.names(), names);
    assert_eq!(seen.visitors, 2);
}
