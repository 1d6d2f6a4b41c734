//! Every place where git keeps text holds one token; all are found, none twice.

use crate::repository::Repository;
use crate::support::token;
use std::path::Path;

/// Everything that one repository can hold, with a token each from `first` on. Returns how many.
fn fill(repository: &Repository) -> u64 {
    let git = |arguments: &[&str]| repository.git(arguments);
    let text = |number: u64| format!("value {}\n", token(number));
    repository.write(".gitattributes", "hidden.txt -diff -text binary\nexport.txt export-ignore\n");
    repository.write("kept.txt", &text(1));
    repository.write("removed.txt", &text(2));
    repository.write("hidden.txt", &text(3));
    repository.write("sub folder/é.txt", &text(4));
    repository.write(&format!("{}.txt", token(5)), "a name\n");
    repository.commit("first");
    git(&["rm", "-q", "removed.txt"]);
    #[cfg(unix)]
    std::os::unix::fs::symlink(token(6), repository.path().join("link")).unwrap();
    #[cfg(not(unix))]
    repository.write("link", &token(6));
    repository.commit(&format!("message {}", token(7)));
    // A merge that adds what neither side had.
    git(&["checkout", "-q", "-b", "side", "HEAD~1"]);
    repository.write("side.txt", "side\n");
    repository.commit("side");
    git(&["checkout", "-q", "main"]);
    git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    repository.write("merged.txt", &text(8));
    repository.commit("merge");
    // Headers of commits.
    let tree = git(&["rev-parse", "HEAD^{tree}"]);
    let head = git(&["rev-parse", "HEAD"]);
    let commit = format!(
        "tree {tree}\nparent {head}\nauthor {} <a@example.org> 1700000000 +0000\n\
         committer C <{}@example.org> 1700000000 +0000\n\nodd people\n",
        token(9),
        token(10)
    );
    let commit = repository.git_in(
        &repository.path(),
        &["hash-object", "-t", "commit", "-w", "--stdin"],
        commit.as_bytes(),
    );
    git(&["update-ref", "refs/heads/people", &commit]);
    git(&["tag", "-a", "v1", "-m", &format!("release {}", token(11))]);
    git(&["notes", "add", "-m", &format!("note {}", token(12))]);
    git(&["branch", &format!("fix/{}", token(13))]);
    git(&["config", "remote.origin.url", &format!("https://example.org/?key={}", token(14))]);
    let _ = git(&[
        "update-ref",
        "-m",
        &format!("log {}", token(15)),
        "--create-reflog",
        "refs/heads/logged",
        "HEAD",
    ]);
    // Reachable from nothing, and from the stash and a log only.
    repository.git_in(&repository.path(), &["hash-object", "-w", "--stdin"], text(16).as_bytes());
    repository.write("kept.txt", &text(17));
    git(&["stash", "-q"]);
    repository.write("gone.txt", &text(18));
    repository.commit("to be dropped");
    git(&["reset", "-q", "--hard", "HEAD~1"]);
    // Wide text, and text behind binary bytes.
    let wide: Vec<u8> = text(20).encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(repository.path().join("wide.txt"), [&[0xff, 0xfe][..], &wide].concat()).unwrap();
    std::fs::write(repository.path().join("binary"), [&[0; 64][..], text(21).as_bytes()].concat()).unwrap();
    repository.commit("encodings");
    std::fs::write(repository.git_dir().join("TAG_EDITMSG"), text(19)).unwrap();
    21
}

fn tokens(count: u64) -> Vec<u64> {
    (1..=count).collect()
}

#[test]
fn loose_objects_and_everything_beside_them() {
    let repository = Repository::new();
    let count = fill(&repository);
    let audit = repository.audit(&["--no-cache"]);
    audit.complete().holds(&tokens(count));
    assert_eq!(audit.status, 1);
    // The same with each byte looked at, with one thread, and named by its git directory.
    for arguments in [&["--every-byte"][..], &["-j1"]] {
        repository.audit(&[&["--no-cache"], arguments].concat()).complete().holds(&tokens(count));
    }
    repository.audit_of(&repository.git_dir(), &["--no-cache"]).complete().holds(&tokens(count));
    repository
        .audit_of(&repository.path().join("sub folder"), &["--no-cache"])
        .complete()
        .holds(&tokens(count));
}

#[test]
fn one_pack_several_packs_and_a_multi_pack_index() {
    let repository = Repository::new();
    let count = fill(&repository);
    repository.git(&["repack", "-q", "-d"]);
    repository.write("more.txt", &format!("{}\n", token(count + 1)));
    repository.commit("more");
    let all = tokens(count + 1);
    repository.audit(&["--no-cache"]).complete().holds(&all);
    repository.git(&["repack", "-q", "-d"]);
    repository.git(&["multi-pack-index", "write"]);
    repository.audit(&["--no-cache"]).complete().holds(&all);
    // Objects that stand in two packs are found once.
    repository.git(&["repack", "-q", "-a", "--window=50", "--depth=50"]);
    repository.audit(&["--no-cache"]).complete().holds(&all);
    repository.git(&["repack", "-q", "-a", "-d", "--keep-unreachable"]);
    repository.git(&["pack-refs", "--all"]);
    repository.audit(&["--no-cache"]).complete().holds(&all);
}

#[test]
fn sha256() {
    let repository = Repository::with(&["--object-format=sha256"]);
    let count = fill(&repository);
    repository.audit(&["--no-cache"]).complete().holds(&tokens(count));
    repository.git(&["repack", "-q", "-a", "-d", "--keep-unreachable"]);
    repository.audit(&["--no-cache"]).complete().holds(&tokens(count));
}

#[test]
fn indexes_of_the_first_version() {
    let repository = Repository::new();
    fill(&repository);
    repository.git(&["-c", "pack.indexVersion=1", "repack", "-q", "-a", "-d", "--keep-unreachable"]);
    repository.audit(&["--no-cache"]).complete().holds(&tokens(21));
}

#[test]
fn replaced_objects_and_grafts_hide_nothing() {
    let repository = Repository::new();
    repository.write("a.txt", &format!("{}\n", token(1)));
    repository.commit("one");
    repository.write("a.txt", "clean\n");
    let clean = repository.commit("two");
    let first = repository.git(&["rev-parse", "HEAD~1"]);
    repository.git(&["replace", &first, &clean]);
    repository.audit(&["--no-cache"]).complete().holds(&[1]);
}

#[test]
fn bare_shallow_and_partial_clones() {
    let origin = Repository::new();
    for number in 1..=3 {
        origin.write("a.txt", &format!("{}\n", token(number)));
        origin.commit("more");
    }
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", origin.path().display());
    let clone = |name: &str, arguments: &[&str]| {
        origin.git(&[&["clone", "-q"], arguments, &[&url, &format!("../{name}")]].concat());
        origin.audit_of(&origin.beside(name), &["--no-cache"])
    };
    clone("bare", &["--bare"]).complete().holds(&[1, 2, 3]);
    clone("shallow", &["--depth=1"]).complete_but("shallow history").holds(&[3]);
    // What only the remote has was not looked at.
    clone("partial", &["--filter=blob:none", "--no-checkout"]).incomplete("only with the remote").holds(&[]);
    clone("checked-out", &["--filter=blob:none"]).incomplete("2 objects").holds(&[3]);
    // A second audit, which knows the trees, says so too.
    for _ in 0..2 {
        origin.audit_of(&origin.beside("checked-out"), &[]).incomplete("2 objects").holds(&[3]);
    }
}

#[test]
fn alternates_linked_work_trees_and_submodules() {
    let origin = Repository::new();
    origin.write("a.txt", &format!("{}\n", token(1)));
    origin.commit("one");
    let shared = Repository::new();
    shared.write("b.txt", "nothing\n");
    shared.commit("one");
    // Objects of another repository are ours too.
    let objects = origin.git_dir().join("objects");
    let alternates = shared.git_dir().join("objects/info/alternates");
    std::fs::write(&alternates, format!("{}\n", objects.display())).unwrap();
    shared.audit(&["--no-cache"]).complete().holds(&[1]);
    // A circle of alternates is no trouble.
    let back = origin.git_dir().join("objects/info/alternates");
    std::fs::write(back, format!("{}\n", shared.git_dir().join("objects").display())).unwrap();
    shared.audit(&["--no-cache"]).complete().holds(&[1]);
    std::fs::remove_file(alternates).unwrap();

    let inner = Repository::new();
    inner.write("c.txt", &format!("{}\n", token(2)));
    inner.commit("one");
    let url = inner.path().display().to_string();
    shared.git(&["submodule", "--quiet", "add", &url, "deep/inner"]);
    shared.commit("submodule");
    shared.git(&["worktree", "add", "-q", "../linked"]);
    let linked = shared.beside("linked");
    std::fs::write(linked.join("d.txt"), format!("{}\n", token(3))).unwrap();
    shared.git_in(&linked, &["add", "-A"], b"");
    shared.git_in(&linked, &["commit", "-q", "-m", "linked"], b"");
    std::fs::write(shared.git_dir().join("worktrees/linked/MERGE_MSG"), token(4)).unwrap();
    for place in [shared.path(), linked.clone(), shared.git_dir()] {
        shared.audit_of(&place, &["--no-cache"]).complete().holds(&[2, 3, 4]);
    }
}

#[test]
fn what_is_no_repository_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.args(["audit", "--no-config"]).arg(folder.path());
    let ran = crate::support::finish(command, b"");
    ran.status(2).tells(&["no git repository", "help:"]);
    let empty = repository.audit(&["--no-cache"]);
    empty.complete().holds(&[]);
    assert_eq!(empty.status, 0);
    assert!(Path::new(&repository.git_dir()).exists() && !repository.git_dir().join("sekisho").exists());
}

/// A long history of small changes: what is left out because a delta copied it changes nothing.
#[test]
fn each_byte_or_only_what_is_new() {
    let repository = Repository::new();
    let line = |number: u64| match number % 17 {
        0 => format!("acme = {}\n", token(number)),
        5 => format!("password = \"{}\"\n", &token(number)[5..19]),
        7 => "=====ACME BEGIN=====\n".to_owned(),
        11 => "=====ACME END=====\n".to_owned(),
        _ => format!("let value_{number} = other(value, {number});\n"),
    };
    let mut lines: Vec<String> = (0..400).map(line).collect();
    for step in 0..60u64 {
        let at = (step * 7919 % lines.len() as u64) as usize;
        match step % 3 {
            0 => lines[at] = line(1000 + step),
            1 => lines.insert(at, line(2000 + step)),
            _ => drop(lines.remove(at)),
        }
        repository.write("long.rs", &lines.concat());
        repository.write(&format!("folder/{}", step % 9), &format!("{step}\n"));
        repository.commit(&format!("step {step}"));
    }
    repository.git(&["repack", "-q", "-a", "-d", "-f", "--window=30", "--depth=30"]);
    let new = repository.audit(&["--no-cache"]);
    let all = repository.audit(&["--no-cache", "--every-byte"]);
    new.complete();
    assert!(new.findings().len() > 20);
    assert_eq!(new.json["findings"], all.json["findings"]);
    assert_eq!(new.inputs(), all.inputs());
}
