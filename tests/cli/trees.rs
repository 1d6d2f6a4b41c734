//! What is read of a tree and what is not, and what is said about it.

use super::support::{Report, Tree, place, token};

#[test]
fn a_clean_tree_is_status_0() {
    let tree = Tree::new(&[("a.txt", "nothing here\n")]);
    let ran = tree.scan(&[]);
    ran.status(0);
    assert!(ran.out.contains("no secrets found"), "{}", ran.out);
    assert_eq!(ran.err, "");
}

#[test]
fn an_empty_tree_and_an_empty_file_are_clean() {
    Tree::new(&[]).scan(&[]).status(0);
    Tree::new(&[("empty", "")]).scan(&[]).status(0);
}

#[test]
fn a_finding_is_status_1_and_has_its_place() {
    let line = format!("key = \"{}\"\n", token(1));
    let tree = Tree::new(&[("src/a.py", &format!("\n\n{line}"))]);
    let report = tree.report(&[]);
    assert_eq!(report.status, 1);
    assert_eq!(report.places, [place("src/a.py", 3, 8, 9)]);
    let ran = tree.scan(&[]);
    ran.status(1);
    assert!(ran.out.contains("src/a.py:3:8"), "{}", ran.out);
    assert!(ran.out.contains("acme-token") && ran.out.contains("ask Acme"), "{}", ran.out);
    tree.scan(&["--exit-zero"]).status(0);
}

#[test]
fn a_path_that_is_not_there_is_status_2() {
    let tree = Tree::new(&[]);
    tree.scan(&["absent.txt"]).status(2).tells(&["absent.txt", "no such file", "help:"]);
    tree.scan(&["--no-such-flag"]).status(2);
    tree.run(&[]).status(2);
    tree.run(&["--help"]).status(0);
    tree.run(&["--version"]).status(0);
}

#[test]
fn a_built_in_rule_finds_its_token() {
    // Made of parts, so that no scanner takes this file for a leak.
    let hex = |count: usize| {
        token(7)
            .bytes()
            .cycle()
            .skip(5)
            .take(count)
            .fold(String::new(), |all, byte| all + &format!("{:x}", (byte ^ byte >> 4) & 15))
    };
    let key = ["PM", "AK-", &hex(24), "-", &hex(34)].concat();
    let tree = Tree::new(&[("env", &format!("POSTMAN_API_KEY={key}\n"))]);
    let ran = tree.run(&["scan", "--format", "json"]);
    ran.status(1);
    let report = Report::of(&ran);
    assert_eq!(report.places.len(), 1);
    assert_eq!(report.places[0].rule, "postman-api-key");
    assert_eq!((report.places[0].offset, report.places[0].length), (16, key.len() as u64));
}

#[test]
fn one_secret_in_many_places_is_one_finding() {
    let text = format!("a {}\nb {}\n", token(1), token(1));
    let tree = Tree::new(&[("one", &text), ("two", &text)]);
    let report = tree.report(&[]);
    assert_eq!(report.json["findings"].as_array().unwrap().len(), 1);
    assert_eq!(report.places.len(), 4);
}

#[test]
fn ignored_files_are_left_out_unless_told_otherwise() {
    let secret = format!("{}\n", token(1));
    let tree = Tree::new(&[(".gitignore", "ignored.txt\n/build/\n"), ("ignored.txt", &secret)]);
    tree.write("build/out.txt", secret.as_bytes());
    tree.write(".hidden", secret.as_bytes());
    tree.track(&[".gitignore"]);
    assert_eq!(tree.report(&[]).paths(), [".hidden"]);
    assert_eq!(tree.report(&["--no-ignore"]).paths(), [".hidden", "build/out.txt", "ignored.txt"]);
    // What is named is read.
    assert_eq!(tree.report(&["ignored.txt"]).paths(), ["ignored.txt"]);
}

#[test]
fn the_inside_of_git_is_never_scanned() {
    let tree = Tree::new(&[("a", "x")]);
    tree.track(&["a"]);
    tree.write(".git/leak", token(1).as_bytes());
    tree.scan(&[]).status(0);
    tree.scan(&["--no-ignore"]).status(0);
}

#[test]
fn tracked_reads_only_what_git_tracks() {
    let tree = Tree::new(&[("in.txt", &token(1)), ("out.txt", &token(2)), ("sub/in.txt", &token(3))]);
    tree.track(&["in.txt", "sub/in.txt"]);
    assert_eq!(tree.report(&["--tracked"]).paths(), ["in.txt", "sub/in.txt"]);
    assert_eq!(tree.report(&["--tracked", "sub"]).paths(), ["sub/in.txt"]);
    // Deleted from the work tree: not there.
    std::fs::remove_file(tree.path().join("in.txt")).unwrap();
    assert_eq!(tree.report(&["--tracked"]).paths(), ["sub/in.txt"]);
}

#[test]
fn tracked_outside_of_a_repository_is_an_error() {
    let tree = Tree::new(&[("a", "x")]);
    let ran = tree.scan(&["--tracked"]);
    ran.status(2).tells(&["help:"]);
}

#[test]
fn paths_that_overlap_are_read_once() {
    let tree = Tree::new(&[("d/a", &token(1))]);
    let report = tree.report(&[".", "d", "d/a"]);
    assert_eq!(report.places.len(), 1);
    assert_eq!(report.json["stats"]["inputs"], 1);
}

#[test]
fn standard_input_is_scanned() {
    let tree = Tree::new(&[]);
    let input = format!("one\ntwo {}\n", token(1));
    let ran = tree.scan_input(&["--format", "json", "-"], input.as_bytes());
    let report = Report::of(&ran);
    assert_eq!(report.status, 1);
    assert_eq!((report.places[0].line, report.places[0].column, report.places[0].offset), (2, 5, 8));
    let ran = tree.scan_input(&["-"], input.as_bytes());
    assert!(ran.out.contains("<stdin>:2:5"), "{}", ran.out);
    tree.scan_input(&["-"], b"clean\n").status(0);
    tree.scan_input(&["-", "x"], b"clean\n").status(2).tells(&["standard input", "help:"]);
}

#[cfg(unix)]
mod unix {
    use super::super::support::{TOKEN_LENGTH, Tree, link, token};
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;
    use std::process::Command;

    #[test]
    fn loops_of_links_end() {
        let tree = Tree::new(&[("a/b/file", &token(1))]);
        link(Path::new(".."), &tree.path().join("a/b/up"));
        link(Path::new("self"), &tree.path().join("self"));
        link(&tree.path(), &tree.path().join("a/top"));
        for arguments in [&[][..], &["--follow"], &["--follow", "--no-ignore"]] {
            let report = tree.report(arguments);
            assert_eq!(report.paths(), ["a/b/file"], "{arguments:?}");
        }
    }

    #[test]
    fn links_out_of_the_tree_are_told_and_followed_where_wanted() {
        let tree = Tree::new(&[("a", "x")]);
        std::fs::write(tree.beside("outside"), token(1)).unwrap();
        link(&tree.beside("outside"), &tree.path().join("out"));
        let report = tree.report(&[]);
        assert_eq!(report.status, 0, "a link out of the tree is not part of it");
        assert_eq!(report.skipped, [("out".to_owned(), "symlink not followed".to_owned())]);
        let report = tree.report(&["--follow"]);
        assert_eq!((report.status, report.paths()), (1, vec!["out"]));
    }

    #[test]
    fn a_fifo_does_not_block() {
        let tree = Tree::new(&[("a", &token(1))]);
        let made = Command::new("mkfifo").arg(tree.path().join("pipe")).status().unwrap();
        assert!(made.success());
        let report = tree.report(&[]);
        assert_eq!((report.status, report.paths()), (1, vec!["a"]));
        assert_eq!(report.skipped, [("pipe".to_owned(), "special file".to_owned())]);
    }

    #[test]
    fn names_that_are_not_utf8_are_read() {
        let tree = Tree::new(&[]);
        let name = OsStr::from_bytes(b"bad\xff name");
        if std::fs::write(tree.path().join(name), token(1)).is_err() {
            return; // some file systems take UTF-8 only
        }
        let report = tree.report(&[]);
        assert_eq!((report.status, report.places.len()), (1, 1));
        let bytes = &report.json["findings"][0]["occurrences"][0]["path_bytes"];
        assert!(bytes.is_string(), "the exact name is told too");
    }

    #[test]
    fn a_file_without_permission_is_status_2() {
        use std::os::unix::fs::PermissionsExt;
        let tree = Tree::new(&[("open", &token(1)), ("shut", &token(2))]);
        let shut = tree.path().join("shut");
        std::fs::set_permissions(&shut, std::fs::Permissions::from_mode(0o000)).unwrap();
        if std::fs::File::open(&shut).is_ok() {
            return; // root reads everything; the next test stands in for this one
        }
        let report = tree.report(&[]);
        assert_eq!((report.status, report.paths()), (2, vec!["open"]));
        assert_eq!(report.skipped, [("shut".to_owned(), "unreadable".to_owned())]);
    }

    /// The memory of a process is a file that opens and fails when read, also for root.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_fails_is_status_2_and_the_rest_is_still_told() {
        let tree = Tree::new(&[("open", &token(1))]);
        let report = tree.report(&["open", "/proc/self/mem"]);
        assert_eq!((report.status, report.paths()), (2, vec!["open"]));
        assert_eq!(report.skipped, [("/proc/self/mem".to_owned(), "unreadable".to_owned())]);
        assert_eq!(report.json["complete"], false);
        let ran = tree.scan(&["--exit-zero", "open", "/proc/self/mem"]);
        ran.status(2);
        assert!(ran.out.contains("incomplete") && ran.out.contains("/proc/self/mem"), "{}", ran.out);
    }

    /// Files come and go while the tree is read: whatever is met, nothing panics, and what stays is
    /// found. (That a vanished file is told is tested beside the code, where it can be arranged.)
    #[test]
    fn files_that_vanish_do_not_disturb() {
        let tree = Tree::new(&[("keep", &token(1))]);
        let top = tree.path();
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut round = 0;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let path = top.join(format!("passing-{}", round % 50));
                    let _ = std::fs::write(&path, "x");
                    let _ = std::fs::remove_file(top.join(format!("passing-{}", (round + 25) % 50)));
                    round += 1;
                }
            });
            for _ in 0..5 {
                let report = tree.report(&[]);
                assert_eq!(report.paths(), ["keep"]);
                assert!(report.skipped.iter().all(|(_, reason)| reason == "vanished"));
                assert_eq!(report.status, if report.skipped.is_empty() { 1 } else { 2 });
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    }

    #[test]
    fn a_token_in_a_file_name_does_not_hide_in_reports() {
        let secret = token(3);
        let tree = Tree::new(&[(&format!("{secret}.txt"), &secret)]);
        let ran = tree.scan(&[]);
        ran.status(1);
        assert!(!ran.out.contains(&secret[8..TOKEN_LENGTH]), "{}", ran.out);
    }
}

#[test]
fn what_is_made_for_tests_is_set_aside() {
    // Made of parts, so that no scanner takes this file for a leak.
    let hash = ["$2", "b$12$", &token(3).repeat(3)[..53].replace('_', ".")].concat();
    let line = format!("alice: {hash}\n");
    let tree = Tree::new(&[("tests/users.yml", &line)]);
    let ran = tree.run(&["scan"]);
    ran.status(0);
    assert!(ran.out.contains("made for a test"), "{}", ran.out);
    tree.run(&["scan", "--severity", "info"]).status(1);
    let told = tree.run(&["explain", "tests/users.yml:1"]);
    assert!(told.status(0).out.contains("`--severity info` reports it"), "{}", told.out);
    tree.write("config/users.yml", line.as_bytes());
    tree.run(&["scan"]).status(1);
}
