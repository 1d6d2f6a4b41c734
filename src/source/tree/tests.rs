use super::*;
use crate::source::test_support::{Seen, all};
use std::fs;
use std::io::Read;
use tempfile::TempDir;

/// A directory with these files; a name that ends in `/` is a directory.
fn tree(files: &[(&str, &str)]) -> TempDir {
    let top = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = top.path().join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }
    top
}

fn options() -> TreeOptions {
    TreeOptions { threads: 2, ..TreeOptions::default() }
}

/// What is seen of paths below `top`, with names relative to it.
fn seen_with(top: &TempDir, paths: &[&str], options: TreeOptions) -> Seen {
    let mut seen =
        all(&Tree::new(paths.iter().map(|path| top.path().join(path)).collect(), options)).unwrap();
    let prefix = format!("{}/", top.path().display());
    let relative = |name: &str| name.strip_prefix(&prefix).unwrap_or(name).to_owned();
    for (name, _) in seen.blobs.iter_mut().chain(&mut seen.streams) {
        *name = relative(name);
    }
    for skipped in &mut seen.skipped {
        skipped.origin = Origin::File(relative(&skipped.origin.to_string()).into());
    }
    seen
}

fn seen(top: &TempDir, paths: &[&str]) -> Seen {
    seen_with(top, paths, options())
}

fn skipped(name: &str, reason: SkipReason) -> (String, SkipReason) {
    (name.to_owned(), reason)
}

#[test]
fn all_files_are_read_and_gits_own_are_not() {
    let top = tree(&[
        ("a.txt", "A"),
        (".hidden", "H"),
        ("empty", ""),
        ("deep/er/b", "B"),
        (".git/config", "no"),
        ("sub/.git", "gitdir: ../.git/modules/sub\n"),
        ("sub/c", "C"),
        (".gitignore", "# nothing\n"),
    ]);
    let seen = seen(&top, &[""]);
    assert_eq!(seen.names(), [".gitignore", ".hidden", "a.txt", "deep/er/b", "empty", "sub/c"]);
    assert_eq!(seen.blobs[2].1, b"A");
    assert_eq!(seen.blobs[4].1, b"");
    assert_eq!(seen.skipped, []);
}

#[test]
fn ignore_files_are_honoured_unless_told_otherwise() {
    let top = tree(&[
        (".git/info/exclude", "excluded\n"),
        (".gitignore", "*.log\n/build/\n"),
        (".ignore", "plain\n"),
        ("x.log", ""),
        ("build/out", ""),
        ("excluded", ""),
        ("plain", ""),
        ("sub/kept", ""),
        ("sub/.gitignore", "!y.log\n["),
        ("sub/y.log", ""),
    ]);
    let kept = [".gitignore", ".ignore", "sub/.gitignore", "sub/kept", "sub/y.log"];
    let whole = seen(&top, &[""]);
    assert_eq!(whole.names(), kept);
    assert_eq!(whole.skipped, []);
    // Rules of directories above hold too; what was named is read anyway.
    assert_eq!(seen(&top, &["sub"]).names(), ["sub/.gitignore", "sub/kept", "sub/y.log"]);
    assert_eq!(seen(&top, &["x.log", "build"]).names(), ["build/out", "x.log"]);
    assert_eq!(seen(&top, &["", "build/out"]).blobs.len(), kept.len() + 1);
    let everything = seen_with(&top, &[""], TreeOptions { ignore_files: false, ..options() });
    assert_eq!(everything.blobs.len(), 9);
}

#[test]
fn what_is_named_twice_is_read_once() {
    let top = tree(&[("d/a", "A"), ("d/e/b", "B"), ("c", "C")]);
    for paths in [
        &["", ""][..],
        &["d", "", "d/e/b", "d/../c"],
        &["d/e", "c", "c", "./c", "d/a", "d/e/../a"],
        &["d/e/b", "d/e", "d", "c"],
    ] {
        assert_eq!(seen(&top, paths).names(), ["c", "d/a", "d/e/b"], "{paths:?}");
    }
}

#[test]
fn a_path_that_is_not_there_is_an_error() {
    let top = tree(&[("a", "A")]);
    let tree = Tree::new(vec![top.path().join("a"), top.path().join("gone")], options());
    let Err(Error::Input { what, reason, remedy }) = all(&tree) else { panic!("no error") };
    assert!(what.ends_with("/gone") && reason.contains("no such file") && !remedy.is_empty());
    let below_a_file = Tree::new(vec![top.path().join("a/b")], options());
    assert!(matches!(all(&below_a_file), Err(Error::Input { .. })));
    assert!(matches!(all(&Tree::new(Vec::new(), options())), Err(Error::Input { .. })));
}

#[test]
fn large_files_come_as_streams() {
    let top = tree(&[("seven", "1234567"), ("eight", "12345678"), ("nine", "123456789")]);
    let seen = seen_with(&top, &[""], TreeOptions { max_whole: 8, ..options() });
    assert_eq!(seen.names(), ["eight", "seven"]);
    assert_eq!(seen.streams, [("nine".to_owned(), b"123456789".to_vec())]);
}

#[test]
fn both_threads_read_one_huge_directory() {
    let top = tree(&[]);
    for number in 0..400 {
        fs::write(top.path().join(number.to_string()), [b'x'; 100]).unwrap();
    }
    // The first visitor to get a file waits for the other one, so that a walk with one thread at work
    // would never end well.
    struct Meet<'a>(&'a std::sync::atomic::AtomicUsize, usize);
    impl Visit for Meet<'_> {
        fn blob(&mut self, _origin: Origin, _bytes: &[u8]) {
            use std::sync::atomic::Ordering::SeqCst;
            if self.1 == 0 {
                self.0.fetch_add(1, SeqCst);
                let begun = std::time::Instant::now();
                while self.0.load(SeqCst) < 2 && begun.elapsed().as_secs() < 20 {
                    std::thread::yield_now();
                }
            }
            self.1 += 1;
        }
        fn stream(&mut self, _origin: Origin, _reader: &mut dyn Read) {}
        fn skip(&mut self, _skipped: Skipped) {}
    }
    let met = std::sync::atomic::AtomicUsize::new(0);
    let visitors = Tree::new(vec![top.path().to_owned()], options()).visit(&|| Meet(&met, 0)).unwrap();
    assert_eq!(visitors.len(), 2);
    assert_eq!(visitors.iter().map(|visitor| visitor.1).sum::<usize>(), 400);
}

/// Removes everything else when the first file comes.
struct Remover(PathBuf, Vec<Skipped>, usize);

impl Visit for Remover {
    fn blob(&mut self, origin: Origin, _bytes: &[u8]) {
        self.2 += 1;
        for entry in fs::read_dir(&self.0).unwrap() {
            let path = entry.unwrap().path();
            if origin != Origin::File(path.clone()) {
                fs::remove_file(path).unwrap();
            }
        }
    }
    fn stream(&mut self, _origin: Origin, _reader: &mut dyn Read) {}
    fn skip(&mut self, skipped: Skipped) {
        self.1.push(skipped);
    }
}

#[test]
fn files_that_vanish_are_told() {
    let top = tree(&[("a", "A"), ("b", "B"), ("c", "C")]);
    let one = TreeOptions { threads: 1, ..options() };
    let path = top.path().to_owned();
    let visitors =
        Tree::new(vec![path.clone()], one).visit(&|| Remover(path.clone(), Vec::new(), 0)).unwrap();
    assert_eq!(visitors.len(), 1);
    assert_eq!(visitors[0].2, 1);
    let reasons: Vec<SkipReason> = visitors[0].1.iter().map(|skipped| skipped.reason).collect();
    assert_eq!(reasons, [SkipReason::Vanished, SkipReason::Vanished]);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn links_count_only_where_they_lead_out() {
        let outside = tree(&[("o", "O")]);
        let top = tree(&[("a", "A"), ("d/b", "B"), (".git/config", "no")]);
        let link = |target: &Path, name: &str| symlink(target, top.path().join(name)).unwrap();
        link(Path::new("a"), "to-a");
        link(Path::new("../d"), "d/loop");
        link(&top.path().join("d"), "to-d");
        link(Path::new("itself"), "itself");
        link(Path::new("nowhere"), "dangling");
        link(Path::new(".git/config"), "to-git");
        link(outside.path(), "out");
        let seen = seen(&top, &[""]);
        assert_eq!(seen.names(), ["a", "d/b"]);
        let want = ["dangling", "itself", "out", "to-git"].map(|name| skipped(name, SkipReason::Symlink));
        assert_eq!(seen.reasons(), want);
        assert!(seen.skipped[2].detail.contains(outside.path().to_str().unwrap()));
    }

    #[test]
    fn links_out_of_the_tree_are_followed_where_wanted() {
        let outside = tree(&[("o", "O"), ("more/p", "P")]);
        let top = tree(&[("a", "A"), (".git/config", "no")]);
        symlink(outside.path().join("more"), top.path().join("y")).unwrap();
        symlink(outside.path().join("more"), top.path().join("x")).unwrap();
        symlink(outside.path().join("o"), top.path().join("file")).unwrap();
        symlink(top.path(), outside.path().join("more/back")).unwrap();
        symlink(outside.path(), outside.path().join("more/up")).unwrap();
        symlink("nowhere", outside.path().join("more/dangling")).unwrap();
        symlink(".git/config", top.path().join("to-git")).unwrap();
        let seen = seen_with(&top, &[""], TreeOptions { follow: true, ..options() });
        assert_eq!(seen.names(), ["a", "file", "x/p"]);
        let want = ["to-git", "x/dangling"].map(|name| skipped(name, SkipReason::Symlink));
        assert_eq!(seen.reasons(), want);
        assert!(seen.visitors <= 2, "visitors are used again in later rounds");
    }

    #[test]
    fn named_links_are_followed() {
        let top = tree(&[("real/a", "A"), ("b", "B")]);
        symlink("real", top.path().join("dir-link")).unwrap();
        symlink("b", top.path().join("file-link")).unwrap();
        symlink("nowhere", top.path().join("dangling")).unwrap();
        assert_eq!(seen(&top, &["dir-link", "file-link"]).names(), ["dir-link/a", "file-link"]);
        assert_eq!(seen(&top, &["b", "file-link", "real", "dir-link"]).names(), ["b", "real/a"]);
        let error = all(&Tree::new(vec![top.path().join("dangling")], options())).unwrap_err();
        assert!(error.to_string().contains("leads nowhere"), "{error}");
    }

    #[test]
    fn special_files_are_skipped_without_waiting() {
        let top = tree(&[("a", "A")]);
        let made = std::process::Command::new("mkfifo").arg(top.path().join("fifo")).status().unwrap();
        assert!(made.success());
        let _socket = std::os::unix::net::UnixListener::bind(top.path().join("socket")).unwrap();
        let seen = seen(&top, &[""]);
        assert_eq!(seen.names(), ["a"]);
        let want = ["fifo", "socket"].map(|name| skipped(name, SkipReason::Special));
        assert_eq!(seen.reasons(), want);
        assert_eq!(seen.skipped[0].detail, "a FIFO");
    }

    #[test]
    fn what_was_named_is_read_or_told_as_unread() {
        let top = tree(&[("a", "A")]);
        let fifo = top.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
        assert!(made.success());
        let _socket = std::os::unix::net::UnixListener::bind(top.path().join("socket")).unwrap();
        let writer = std::thread::spawn(move || std::fs::write(fifo, "through the pipe"));
        let seen = seen(&top, &["a", "fifo", "socket"]);
        writer.join().unwrap().unwrap();
        assert_eq!(seen.names(), ["a"]);
        assert_eq!(seen.streams, [("fifo".to_owned(), b"through the pipe".to_vec())]);
        assert_eq!(seen.reasons(), [skipped("socket", SkipReason::Unreadable)]);
        let device = all(&Tree::new(vec!["/dev/null".into()], options())).unwrap();
        assert_eq!((device.streams.len(), device.reasons().len()), (1, 0));
    }

    #[test]
    fn a_file_swapped_after_listing_is_not_followed_and_does_not_block() {
        let top = tree(&[("a", "A"), ("d/", "")]);
        symlink("a", top.path().join("link")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(top.path().join("fifo")).status().unwrap();
        assert!(made.success());
        let _socket = std::os::unix::net::UnixListener::bind(top.path().join("socket")).unwrap();
        let mut reader = Reader::new(100);
        let mut seen = Seen::default();
        let mut trouble = |name: &str, follow| {
            reader.file(top.path().join(name), follow, &mut seen).map_err(|(_, trouble)| trouble)
        };
        assert!(matches!(trouble("link", false), Err(Trouble::Link)));
        assert!(matches!(trouble("link", true), Ok(())));
        assert!(matches!(trouble("fifo", false), Err(Trouble::Special("a FIFO"))));
        assert!(matches!(trouble("socket", false), Err(Trouble::Special("a socket"))));
        assert!(matches!(trouble("d", false), Err(Trouble::Directory)));
        assert!(matches!(trouble("gone", false), Err(Trouble::Gone)));
        assert!(matches!(trouble("a/b", false), Err(Trouble::Gone)));
        assert_eq!(seen.blobs.len(), 1);
    }

    #[test]
    fn names_that_are_not_utf8_are_kept() {
        let top = tree(&[]);
        let name = OsStr::from_bytes(b"caf\xe9 \n");
        fs::write(top.path().join(name), "x").unwrap();
        let seen = all(&Tree::new(vec![top.path().to_owned()], options())).unwrap();
        assert_eq!(seen.origins, [Origin::File(top.path().join(name))]);
    }

    #[test]
    fn what_may_not_be_read_is_told() {
        let top = tree(&[("closed/a", "A"), ("b", "B")]);
        let (directory, file) = (top.path().join("closed"), top.path().join("b"));
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o000)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
        let privileged = fs::File::open(&file).is_ok();
        let seen = seen(&top, &[""]);
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).unwrap();
        if privileged {
            // The superuser may read everything; there is nothing to deny.
            assert_eq!(seen.names(), ["b", "closed/a"]);
        } else {
            assert_eq!(seen.names(), Vec::<&str>::new());
            assert_eq!(seen.reasons(), ["b", "closed"].map(|name| skipped(name, SkipReason::Unreadable)));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_fails_while_read_is_told() {
        // Address 0 of our own memory can be read by nobody.
        let seen = all(&Tree::new(vec!["/proc/self/mem".into()], options())).unwrap();
        assert_eq!(seen.reasons(), [skipped("/proc/self/mem", SkipReason::Unreadable)]);
        assert_eq!(seen.blobs.len(), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn files_that_say_they_are_empty_are_read() {
        let path = || vec![PathBuf::from("/proc/self/status")];
        let seen = all(&Tree::new(path(), options())).unwrap();
        assert!(seen.blobs[0].1.starts_with(b"Name:"));
        let seen = all(&Tree::new(path(), TreeOptions { max_whole: 16, ..options() })).unwrap();
        assert_eq!(seen.blobs.len(), 0);
        let content = String::from_utf8_lossy(&seen.streams[0].1).into_owned();
        assert!(content.starts_with("Name:") && content.contains("\nPid:"), "{content}");
    }

    #[test]
    fn a_git_directory_under_another_name_is_gits_own() {
        let top = tree(&[("a", "A"), ("store/config", "no"), (".git", "gitdir: store\n")]);
        symlink("store/config", top.path().join("link")).unwrap();
        let seen = seen(&top, &[""]);
        assert_eq!(seen.names(), ["a"]);
        assert_eq!(seen.reasons(), [skipped("link", SkipReason::Symlink)]);
    }
}
