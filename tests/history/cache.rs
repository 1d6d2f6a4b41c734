//! What one audit remembers for the next.

use crate::repository::{Audit, Repository};
use crate::support::token;
use serde_json::Value;

fn repository() -> Repository {
    let repository = Repository::new();
    for number in 1..=5 {
        repository.write("a.txt", &format!("{}\n", token(number)));
        repository.write("b.txt", &format!("clean {number}\n"));
        repository.commit("more");
    }
    repository.git(&["repack", "-q", "-a", "-d"]);
    repository
}

#[test]
fn only_what_is_new_is_looked_at_again() {
    let repository = repository();
    let first = repository.audit(&[]);
    first.complete().holds(&[1, 2, 3, 4, 5]);
    let second = repository.audit(&[]);
    second.complete();
    assert_eq!(first.json["findings"], second.json["findings"]);
    assert!(second.inputs() + 15 <= first.inputs(), "{} {}", first.inputs(), second.inputs());

    repository.write("c.txt", &format!("{}\n", token(6)));
    repository.commit("one more");
    let third = repository.audit(&[]);
    third.complete().holds(&[1, 2, 3, 4, 5, 6]);
    assert!(third.inputs() <= second.inputs() + 6, "{} {}", second.inputs(), third.inputs());
    // What is packed anew is known by its ids.
    repository.git(&["repack", "-q", "-a", "-d", "-f"]);
    let packed = repository.audit(&[]);
    packed.complete().holds(&[1, 2, 3, 4, 5, 6]);
    assert!(packed.inputs() <= third.inputs(), "{} {}", packed.inputs(), third.inputs());
}

#[test]
fn a_cache_of_ones_own_and_none_at_all() {
    let repository = repository();
    let place = repository.beside("kept/cache").display().to_string();
    repository.audit(&["--no-cache"]);
    assert!(!repository.git_dir().join("sekisho").exists());
    let first = repository.audit(&["--cache", &place]);
    assert!(!repository.git_dir().join("sekisho").exists());
    let second = repository.audit(&["--cache", &place]);
    assert!(second.inputs() < first.inputs());
    assert_eq!(repository.audit(&["--no-cache"]).inputs(), first.inputs());
    // Nothing of a secret is in it.
    let kept = std::fs::read(&place).unwrap();
    assert!(!kept.windows(8).any(|part| part == &token(1).as_bytes()[..8]));
}

#[test]
fn a_damaged_or_foreign_cache_is_not_used() {
    let repository = repository();
    let first = repository.audit(&[]);
    let place = repository.git_dir().join("sekisho/clean-objects");
    let whole = std::fs::read(&place).unwrap();
    for damaged in [&whole[..whole.len() / 2], b"", b"something else"] {
        std::fs::write(&place, damaged).unwrap();
        let audit = repository.audit(&[]);
        assert_eq!(audit.complete().inputs(), first.inputs());
        assert!(audit.errors.contains("is not used"), "{}", audit.errors);
    }
    // Other rules, other findings.
    let audit = repository.audit(&["--disable", "acme-token"]);
    assert!(audit.errors.contains("other rules"), "{}", audit.errors);
    audit.complete().holds(&[]);
    repository.audit(&[]).complete().holds(&[1, 2, 3, 4, 5]);
}

#[test]
fn damage_is_told_each_time() {
    let repository = repository();
    let id = repository.git_in(&repository.path(), &["hash-object", "-w", "--stdin"], b"to be damaged\n");
    let path = repository.git_dir().join("objects").join(&id[..2]).join(&id[2..]);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, b"no object").unwrap();
    for _ in 0..2 {
        repository.audit(&[]).incomplete(&id).holds(&[1, 2, 3, 4, 5]);
    }
}

/// What may be a password is one in the settings and none in the tests. Which of them an object is, the paths tell.
#[test]
fn what_is_none_at_its_paths_is_asked_about_again_where_anything_changed() {
    let repository = Repository::new();
    let line = ["connect(host, password=\"s3", "cret\")\n"].concat();
    repository.write("tests/test_mail.py", &line);
    repository.write("a.txt", "clean\n");
    repository.commit("tests");
    for packed in [false, true] {
        if packed {
            repository.git(&["repack", "-q", "-a", "-d"]);
        }
        let first = repository.audit(&[]);
        first.complete().holds(&[]);
        let second = repository.audit(&[]);
        assert_eq!(second.complete().json["findings"], first.json["findings"]);
        // A new name for what is there: the object is looked at again.
        repository.git(&["branch", if packed { "one" } else { "other" }]);
        let third = repository.audit(&[]);
        assert_eq!(third.complete().inputs(), second.inputs() + 3, "a ref, its log and the object");
        assert_eq!(repository.audit(&[]).complete().inputs(), second.inputs() + 2, "the ref and its log");
    }
    repository.write("src/mail.py", &line);
    repository.commit("the same object where it counts");
    for _ in 0..2 {
        let audit = repository.audit(&[]);
        assert_eq!(audit.complete().json["findings"].as_array().map(Vec::len), Some(1));
    }
}

/// What became of a secret is remembered with the state of the repository: no tree is read again while nothing
/// changes, and everything is asked anew once something does.
#[test]
fn stories_are_remembered_until_anything_changes() {
    let repository = repository();
    let first = repository.audit(&[]);
    let stories = |audit: &Audit| -> Vec<Value> {
        let findings = audit.json["findings"].as_array().expect("a list");
        findings.iter().map(|finding| finding["story"].clone()).collect()
    };
    assert!(stories(&first).iter().all(|story| story["introduced"].is_array()));
    assert_eq!(stories(&first), stories(&repository.audit(&[])));
    // No object is new.
    repository.git(&["tag", "later"]);
    let told = |audit: &Audit| stories(audit).iter().any(|story| story.to_string().contains("later"));
    for _ in 0..2 {
        assert!(told(&repository.audit(&[])));
    }
    repository.git(&["tag", "-d", "later"]);
    assert!(!told(&repository.audit(&[])));
}

/// The cache tells paths, and a file may be called by a secret.
#[test]
fn no_cache_holds_a_secret_that_is_a_name() {
    let repository = repository();
    let place = repository.beside("cache").display().to_string();
    let name = token(7);
    repository.write(&format!("{name}/a.txt"), &format!("{}\n", token(8)));
    repository.write("plain/b.txt", &format!("{}\n", token(9)));
    repository.commit("a name");
    for _ in 0..2 {
        repository.audit(&["--cache", &place]).holds(&[1, 2, 3, 4, 5, 7, 8, 9]);
        let kept = std::fs::read(&place).expect("a cache");
        // Paths are kept as lists of bytes.
        let listed = |text: &str| {
            let numbers: Vec<String> = text.bytes().map(|byte| byte.to_string()).collect();
            numbers.join(",")
        };
        let holds = |text: &str| kept.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(!holds(&name[..8]) && !holds(&listed(&name)[..24]));
    }
}
