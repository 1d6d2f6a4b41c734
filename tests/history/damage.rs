//! Damage is listed and makes the audit incomplete, and nothing elsewhere is lost by it.

use crate::repository::Repository;
use crate::support::token;
use std::path::PathBuf;

/// A repository with a token in each of two commits, in one pack.
fn packed() -> Repository {
    let repository = Repository::new();
    for number in 1..=2 {
        repository
            .write(&format!("{number}.txt"), &format!("{}\n{}", token(number), "filler text\n".repeat(200)));
        repository.commit("more");
    }
    repository.git(&["repack", "-q", "-a", "-d"]);
    repository
}

fn files(repository: &Repository, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repository.git_dir().join("objects/pack")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|found| found == ending)).collect()
}

fn change(path: &PathBuf, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    std::fs::remove_file(path).unwrap(); // git makes them read-only
    std::fs::write(path, bytes).unwrap();
}

/// A loose object with a token beside the pack.
fn beside(repository: &Repository) {
    repository.git_in(
        &repository.path(),
        &["hash-object", "-w", "--stdin"],
        format!("{}\n", token(9)).as_bytes(),
    );
}

#[test]
fn a_pack_cut_short() {
    let repository = packed();
    beside(&repository);
    change(&files(&repository, "pack")[0], |bytes| bytes.truncate(bytes.len() / 2));
    let audit = repository.audit(&["--no-cache"]);
    audit.incomplete("corrupt");
    assert_eq!(audit.places(9).len(), 1);
}

#[test]
fn a_damaged_stream_in_a_pack() {
    let repository = packed();
    beside(&repository);
    // Where the blob of the first file is, by git's own word.
    let index = files(&repository, "idx")[0].display().to_string();
    let blob = repository.git(&["rev-parse", "HEAD:1.txt"]);
    let listing = repository.git(&["verify-pack", "-v", &index]);
    let line = listing.lines().find(|line| line.starts_with(&blob)).unwrap();
    let fields: Vec<usize> = line.split_whitespace().skip(2).filter_map(|field| field.parse().ok()).collect();
    let (length, offset) = (fields[1], fields[2]);
    change(&files(&repository, "pack")[0], |bytes| bytes[offset + length - 2] ^= 0x55);
    let audit = repository.audit(&["--no-cache"]);
    audit.incomplete(&blob);
    assert_eq!((audit.places(1).len(), audit.places(2).len(), audit.places(9).len()), (0, 1, 1));
    // Another copy that is whole serves; the damage is told all the same.
    repository.git_in(
        &repository.path(),
        &["hash-object", "-w", "--stdin"],
        format!("{}\n{}", token(1), "filler text\n".repeat(200)).as_bytes(),
    );
    let loose = repository.git_dir().join("objects").join(&blob[..2]).join(&blob[2..]);
    if loose.exists() {
        assert_eq!(repository.audit(&["--no-cache"]).incomplete(&blob).places(1).len(), 1);
    }
}

#[test]
fn a_wrong_checksum_of_a_pack() {
    let repository = packed();
    change(&files(&repository, "pack")[0], |bytes| *bytes.last_mut().unwrap() ^= 1);
    let audit = repository.audit(&["--no-cache"]);
    audit.incomplete("checksum");
    audit.holds(&[1, 2]);
}

#[test]
fn an_index_without_a_pack_and_a_pack_without_an_index() {
    let repository = packed();
    beside(&repository);
    let (pack, index) = (files(&repository, "pack").remove(0), files(&repository, "idx").remove(0));
    let kept = std::fs::read(&index).unwrap();
    std::fs::remove_file(&index).unwrap();
    repository.audit(&["--no-cache"]).complete().holds(&[1, 2, 9]);
    std::fs::write(&index, kept).unwrap();
    std::fs::remove_file(&pack).unwrap();
    let audit = repository.audit(&["--no-cache"]);
    audit.incomplete("no pack").holds(&[9]);
}

#[test]
fn damaged_loose_objects() {
    let repository = Repository::new();
    let blob = |text: &str| {
        let id = repository.git_in(&repository.path(), &["hash-object", "-w", "--stdin"], text.as_bytes());
        repository.git_dir().join("objects").join(&id[..2]).join(&id[2..])
    };
    let (cut, other, empty) = (blob("cut\n"), blob("another one\n"), blob("empty\n"));
    blob(&format!("{}\n", token(1)));
    change(&cut, |bytes| bytes.truncate(bytes.len() - 6));
    change(&empty, Vec::clear);
    // Another object's file under this name, with a size that does not hold.
    let lying = sirocco_like(b"blob 5000\0short");
    change(&other, |bytes| *bytes = lying);
    let audit = repository.audit(&["--no-cache"]);
    audit.incomplete("corrupt").holds(&[1]);
    assert_eq!(audit.skipped().len(), 3, "{:?}", audit.skipped());
}

/// A zlib stream of one stored block (RFC 1950, RFC 1951).
fn sirocco_like(content: &[u8]) -> Vec<u8> {
    let (mut low, mut high) = (1u32, 0u32);
    for &byte in content {
        low = (low + u32::from(byte)) % 65521;
        high = (high + low) % 65521;
    }
    let length = content.len() as u16;
    let mut out = vec![0x78, 0x01, 1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(content);
    out.extend((high << 16 | low).to_be_bytes());
    out
}

#[test]
fn a_ref_to_nothing_and_a_damaged_ref() {
    let repository = packed();
    let heads = repository.git_dir().join("refs/heads");
    std::fs::write(heads.join("lost"), "0123456789012345678901234567890123456789\n").unwrap();
    std::fs::write(heads.join("odd"), "what\n").unwrap();
    let audit = repository.audit(&["--no-cache"]);
    audit.incomplete("refs/heads/lost").incomplete("refs/heads/odd").holds(&[1, 2]);
}

#[test]
fn alternates_that_are_not_there() {
    let repository = packed();
    let alternates = repository.git_dir().join("objects/info/alternates");
    std::fs::write(alternates, "/nowhere/objects\n").unwrap();
    repository.audit(&["--no-cache"]).incomplete("/nowhere").holds(&[1, 2]);
}

#[test]
fn large_blobs_and_bombs_take_little_memory() {
    let repository = Repository::new();
    let mut text = vec![b'\n'; 40 << 20];
    let middle = text.len() / 2;
    text.splice(middle..middle, token(1).bytes());
    std::fs::write(repository.path().join("large"), &text).unwrap();
    repository.commit("large");
    repository.audit(&["--no-cache"]).complete().holds(&[1]);
    repository.git(&["-c", "core.bigFileThreshold=1m", "repack", "-q", "-a", "-d"]);
    let audit = repository.audit(&["--no-cache"]);
    audit.complete().holds(&[1]);
    assert_eq!(audit.places(1)[0]["offset"], middle as u64);
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let repository = packed();
    beside(&repository);
    let pack = files(&repository, "pack").remove(0);
    std::fs::set_permissions(&pack, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(&pack).is_ok() {
        return; // nothing is forbidden to root
    }
    repository.audit(&["--no-cache"]).incomplete("unreadable").holds(&[9]);
}

/// git packs and prunes again and again while audits run: every token is found each time.
#[test]
fn a_repository_that_is_repacked_meanwhile() {
    let repository = Repository::new();
    for number in 1..=20 {
        repository.write("a.txt", &format!("{}\n", token(number)));
        repository.commit("more");
    }
    let all: Vec<u64> = (1..=20).collect();
    std::thread::scope(|scope| {
        let work = scope.spawn(|| {
            for round in 0..6 {
                repository.git(&["repack", "-q", "-a", "-d", "-f", &format!("--window={}", 2 + round)]);
                repository.git(&["prune-packed"]);
            }
        });
        while !work.is_finished() {
            repository.audit(&["--no-cache"]).holds(&all);
        }
    });
    repository.audit(&["--no-cache"]).complete().holds(&all);
}

/// The first Ctrl-C leaves a valid report, marked incomplete.
#[cfg(unix)]
#[test]
fn stopped_by_a_signal() {
    use std::process::{Command, Stdio};
    let repository = Repository::new();
    let text: String = (0..40_000).map(|number| format!("let value_{number} = other({number});\n")).collect();
    for number in 1..=30 {
        repository.write(&format!("{number}.txt"), &format!("{number} {text}"));
    }
    repository.commit("much");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.args(["audit", "--no-config", "--no-cache", "-j1", "--format", "json"]).arg(repository.path());
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(60));
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    // Where it had not begun to listen the signal ends it; where it was done already it is complete.
    if let Some(status) = output.status.code().filter(|&status| status != 0) {
        assert_eq!(status, 2);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["skipped"][0]["reason"], "interrupted", "{report:#}");
    }
}

/// Delete a loose object.
fn delete(repository: &Repository, id: &str) {
    std::fs::remove_file(repository.git_dir().join("objects").join(&id[..2]).join(&id[2..])).unwrap();
}

#[test]
fn an_object_that_is_named_and_not_there() {
    let repository = Repository::new();
    repository.write("folder/a.txt", "some text\n");
    repository.write("b.txt", &format!("{}\n", token(1)));
    repository.commit("one");
    repository.write("b.txt", "nothing\n");
    repository.commit("two");
    repository.audit(&[]).complete().holds(&[1]);
    // The cache holds the tree that names it; still it is noticed.
    let blob = repository.git(&["rev-parse", "HEAD~1:folder/a.txt"]);
    delete(&repository, &blob);
    let audit = repository.audit(&[]);
    audit.incomplete(&blob).holds(&[1]);
    assert!(audit.errors.contains("deleted"), "{}", audit.errors);
    repository.audit(&["--no-cache"]).incomplete("missing");
    repository.audit(&[]).incomplete(&blob);
}

#[test]
fn what_names_a_missing_object_is_never_remembered_as_clean() {
    // Trees in one pack, made from one another, that all name a blob which is not there.
    let repository = Repository::new();
    let text = |number: u32| format!("file {number}\n");
    for number in 0..60 {
        repository.write(&format!("{number}.txt"), &text(number));
    }
    repository.write("lost.txt", "lost\n");
    repository.commit("one");
    let blob = repository.git(&["rev-parse", "HEAD:lost.txt"]);
    for number in 0..5 {
        repository.write(&format!("{number}.txt"), &text(100 + number));
        repository.commit("more");
    }
    let listed = repository.git(&["rev-list", "--objects", "--all"]);
    let kept: String = listed
        .lines()
        .filter(|line| !line.starts_with(&blob))
        .map(|line| format!("{}\n", line.split(' ').next().unwrap()))
        .collect();
    let base = repository.git_dir().join("objects/pack/pack").display().to_string();
    repository.git_in(&repository.path(), &["pack-objects", "-q", &base], kept.as_bytes());
    repository.git(&["prune-packed"]);
    delete(&repository, &blob);
    for _ in 0..3 {
        repository.audit(&[]).incomplete(&blob);
    }
    // Packed anew, in another form.
    let first = files(&repository, "pack").into_iter().chain(files(&repository, "idx"));
    let first: Vec<PathBuf> = first.collect();
    repository.git_in(
        &repository.path(),
        &["pack-objects", "-q", "--no-reuse-delta", "--window=0", &base],
        kept.as_bytes(),
    );
    first.iter().for_each(|path| std::fs::remove_file(path).unwrap());
    repository.audit(&[]).incomplete(&blob);
}

#[test]
fn a_commit_without_its_parent_or_tree() {
    for what in ["HEAD~1", "HEAD^{tree}"] {
        let repository = Repository::new();
        for number in 1..=2 {
            repository.write("b.txt", &format!("{}\n", token(number)));
            repository.commit("more");
        }
        let id = repository.git(&["rev-parse", what]);
        delete(&repository, &id);
        let audit = repository.audit(&["--no-cache"]);
        audit.incomplete(&id);
        assert_eq!((audit.places(1).len(), audit.places(2).len()), (1, 1));
    }
}

#[test]
fn what_only_unreachable_objects_name_may_be_gone() {
    let repository = Repository::new();
    repository.write("a.txt", "one\n");
    repository.commit("one");
    repository.git(&["checkout", "-q", "-b", "side"]);
    repository.write("b.txt", &format!("{}\n", token(1)));
    repository.commit("two");
    let blob = repository.git(&["rev-parse", "HEAD:b.txt"]);
    repository.git(&["checkout", "-q", "main"]);
    repository.git(&["branch", "-q", "-D", "side"]);
    repository.git(&["reflog", "expire", "--expire=now", "--all"]);
    delete(&repository, &blob);
    repository.audit(&["--no-cache"]).complete_but("pruned").holds(&[]);
}
