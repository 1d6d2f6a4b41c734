//! Our reader of the index against git's own word, on repositories that change at random.

use super::*;
use crate::source::test_support::all;
use std::collections::BTreeSet;
use std::process::Command;

fn git(top: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"GIT_")) {
        command.env_remove(name);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.org"]).args(arguments);
    assert!(command.current_dir(top).output().unwrap().status.success(), "git {arguments:?}");
}

/// A sequence of numbers that look random (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % limit
    }

    /// A path of one to four parts whose names sort before, between and behind the slash.
    fn path(&mut self) -> String {
        let names = ["a", "a.b", "a-b", "a0", "b", "B", "\u{e4}"];
        let depth = 1 + self.below(4);
        let parts: Vec<&str> = (0..depth).map(|_| names[self.below(names.len() as u64) as usize]).collect();
        parts.join("/")
    }
}

/// Put a file at a path, in the place of whatever files or directories are in the way.
fn put(top: &Path, path: &str, content: &str) {
    let file = top.join(path);
    for above in file.ancestors().take_while(|above| *above != top) {
        if above.is_file() {
            fs::remove_file(above).unwrap();
        }
    }
    let _ = fs::remove_dir_all(&file);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
}

#[test]
fn our_reader_and_git_see_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().canonicalize().unwrap();
    git(&top, &["init", "-q"]);
    let mut random = Random(7);
    for round in 0..12 {
        for _ in 0..=random.below(25) {
            let (path, content) = (random.path(), random.below(1000).to_string());
            put(&top, &path, &content);
        }
        git(&top, &["update-index", "--index-version", if round % 3 == 0 { "4" } else { "2" }]);
        git(&top, &["add", "-A"]);
        if round % 4 == 1 {
            // The cached tree is whole then, as it is when git runs the hook.
            git(&top, &["write-tree"]);
        }
        let repo = Repo::above(&top).unwrap();
        let tree = repo.head().unwrap().map(|head| lookup::tree_of(&mut repo.reader(), &head).unwrap());
        let none = HashSet::new();
        let (ours, _) =
            by_index_file(&repo, &mut repo.reader(), tree, &none).unwrap().expect("we can read it");
        let (theirs, _) = by_command(&repo, &none).unwrap();
        let set = |list: &[Difference]| -> BTreeSet<String> {
            list.iter()
                .map(|one| format!("{} {} {:?}", String::from_utf8_lossy(&one.path), one.id, one.old))
                .collect()
        };
        assert!(!theirs.is_empty(), "round {round} stages something");
        assert_eq!(set(&ours), set(&theirs), "round {round}");
        if round % 2 == 0 {
            git(&top, &["commit", "-q", "-m", "state"]);
        }
    }
    let staged = Repo::above(&top).unwrap();
    let seen = all(&Staged::open(&staged, &[]).unwrap()).unwrap();
    assert!(seen.skipped.is_empty() && !seen.blobs.is_empty());
}
