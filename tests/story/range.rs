//! What is left of an audit in a range of commits, since a date, below some refs.

use crate::repository::Repository;
use serde_json::Value;

/// A secret in each of four commits; the branch `side` leaves after the second.
fn four() -> (Repository, Vec<String>) {
    let repository = Repository::new();
    let mut commits = Vec::new();
    for number in 1..=4 {
        if number == 3 {
            repository.git(&["branch", "side"]);
        }
        repository.secret(&format!("file{number}"), number);
        commits.push(repository.commit(&format!("commit {number}")));
    }
    repository.git(&["checkout", "-q", "side"]);
    repository.secret("side", 5);
    // A file that was only moved brings nothing in.
    repository.git(&["mv", "file1", "moved"]);
    commits.push(repository.commit("side"));
    repository.git(&["checkout", "-q", "main"]);
    (repository, commits)
}

fn paths(found: &[Value]) -> Vec<&str> {
    let mut paths: Vec<&str> =
        found.iter().map(|one| one["occurrences"][0]["path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    paths
}

#[test]
fn ranges() {
    let (repository, commits) = four();
    let within = |range: &str| repository.findings(&["--range", range]);
    for (range, wanted) in [
        (format!("{}..{}", commits[1], commits[2]), vec!["file3"]),
        (format!("{}..", commits[1]), vec!["file3", "file4"]),
        ("main~1..main".to_owned(), vec!["file4"]),
        ("main..side".to_owned(), vec!["side"]),
        ("main...side".to_owned(), vec!["file3", "file4", "side"]),
        (format!("{}..main~2", "0".repeat(40)), vec!["file1", "file2"]),
        ("side".to_owned(), vec!["file1", "file2", "side"]),
        ("main..main".to_owned(), vec![]),
    ] {
        assert_eq!(paths(&within(&range)), wanted, "{range}");
    }
    // The story is that of the whole history.
    let found = within("main..side");
    assert_eq!(found[0]["story"]["introduced"][0]["id"], commits[4].as_str());
    let ran = repository.audit(&["--range", "nowhere..main"]);
    ran.status(2).tells(&["--range", "nowhere", "help:"]);
}

#[test]
fn dates() {
    let (repository, _) = four();
    let since = |date: &str| repository.findings(&["--since", date]);
    assert_eq!(paths(&since("2024-01-04T00:00:00Z")), ["file3", "file4", "side"]);
    assert_eq!(paths(&since("@1704456000")), ["file4", "side"]);
    assert_eq!(since("yesterday").len(), 0);
    assert_eq!(since("400 years ago").len(), 5);
    repository.audit(&["--since", "whenever"]).status(2).tells(&["whenever", "2 weeks ago"]);
}

#[test]
fn refs() {
    let (repository, _) = four();
    let below = |glob: &[&str]| {
        let flags: Vec<&str> = glob.iter().flat_map(|glob| ["--refs", glob]).collect();
        repository.findings(&flags)
    };
    assert_eq!(paths(&below(&["side"])), ["file1", "file2", "side"]);
    assert_eq!(below(&["refs/heads/*"]).len(), 5);
    assert_eq!(below(&["side", "ma?n"]).len(), 5);
    repository.audit(&["--refs", "none-*"]).status(2).tells(&["none-*", "no ref matches"]);
    let both = repository.findings(&["--refs", "side", "--since", "2024-01-03T00:00:00Z"]);
    assert_eq!(paths(&both), ["file2", "side"]);
}

#[test]
fn a_clean_range_is_clean_and_tags_and_messages_count() {
    let (repository, _) = four();
    repository.audit(&["--range", "main..main"]).status(0);
    let message = crate::support::token(7);
    repository.commit(&message);
    repository.git(&["tag", "-a", "v1", "-m", &crate::support::token(8)]);
    assert_eq!(repository.findings(&["--range", "main~1..main"]).len(), 2);
    assert_eq!(repository.findings(&["--range", "main~2..main~1"]).len(), 1);
}

#[test]
fn a_secret_that_comes_back_in_the_range_counts() {
    let repository = Repository::new();
    repository.secret("file", 1);
    repository.commit("add");
    repository.git(&["rm", "-q", "file"]);
    repository.commit("remove");
    repository.secret("file", 1);
    repository.commit("back");
    assert_eq!(repository.findings(&["--range", "main~1..main"]).len(), 1);
    assert_eq!(repository.findings(&["--range", "main~2..main~1"]).len(), 0);
}
