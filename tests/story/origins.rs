//! Which commit brought a secret in, under which path, on which line; and which took it out.

use crate::repository::{Repository, each, texts};
use serde_json::json;

#[test]
fn a_secret_that_was_removed_and_came_back() {
    let repository = Repository::new();
    repository.commit("start");
    repository.secret("config/app.ini", 1);
    let added = repository.commit("add settings");
    repository.write("other", "1");
    let kept = repository.commit("other");
    repository.write("config/app.ini", "");
    let removed = repository.commit("remove");
    repository.secret("config/app.ini", 1);
    let again = repository.commit("back");
    repository.git(&["rm", "-q", "config/app.ini"]);
    let finally = repository.commit("finally");

    let found = repository.only();
    let story = &found["story"];
    assert_eq!(each(&story["introduced"], "id"), [&added, &again]);
    let first = &story["introduced"][0];
    assert_eq!((&first["path"], &first["line"]), (&json!("config/app.ini"), &json!(3)));
    assert_eq!((&first["author"], &first["email"]), (&json!("Ada Example"), &json!("ada@example.org")));
    assert_eq!(first["date"], "2024-01-03T12:00:00+00:00");
    assert_eq!(first["subject"], "add settings");
    assert_eq!(each(&story["removed"], "id"), [&removed, &finally]);
    assert_eq!(story["last_seen"]["id"], again.as_str());
    assert_ne!(kept, again);
    assert_eq!((&story["exposure"], &story["tips"]), (&json!("branch"), &json!([])));
    assert_eq!(texts(&story["refs"]), ["refs/heads/main"]);
    assert_eq!(story["days_in_tips"], 4, "from the first day to the last removal");
    assert!(story["days_in_history"].as_u64().unwrap() > 300);
    let place = &found["occurrences"][0];
    assert_eq!((&place["commit"], &place["path"]), (&json!(added), &json!("config/app.ini")));
    assert_eq!(found["occurrences"].as_array().unwrap().len(), 1, "the same blob");
}

#[test]
fn a_renamed_and_edited_file_is_one_story() {
    let repository = Repository::new();
    repository.secret("a.ini", 1);
    let added = repository.commit("add");
    repository.git(&["mv", "a.ini", "b.ini"]);
    let moved = repository.commit("move");
    let text = format!("\n\n\n\nkey = {}\n", crate::support::token(1));
    repository.write("b.ini", &text);
    let edited = repository.commit("edit");

    let found = repository.only();
    let story = &found["story"];
    assert_eq!(each(&story["introduced"], "id"), [&added]);
    assert_eq!(each(&story["paths"], "path"), ["a.ini", "b.ini"]);
    assert_eq!(each(&story["paths"], "since"), [&added, &moved]);
    assert_eq!(story["removed"], json!([]));
    assert_eq!(each(&story["tips"], "ref"), ["refs/heads/main"]);
    assert_eq!(each(&story["tips"], "path"), ["b.ini"]);
    let places = found["occurrences"].as_array().unwrap();
    let told: Vec<_> = places
        .iter()
        .map(|place| (place["path"].as_str().unwrap(), place["commit"].as_str().unwrap(), &place["line"]))
        .collect();
    assert_eq!(told, [("a.ini", added.as_str(), &json!(3)), ("b.ini", edited.as_str(), &json!(5))]);
}

#[test]
fn what_only_a_merge_holds_came_in_with_the_merge() {
    let repository = Repository::new();
    repository.write("file", "1");
    repository.commit("start");
    repository.git(&["checkout", "-q", "-b", "side"]);
    repository.write("file", "2");
    repository.commit("side");
    repository.git(&["checkout", "-q", "main"]);
    repository.write("file", "3");
    repository.commit("main");
    assert_ne!(repository.try_git(&["merge", "-q", "side"]).status, Some(0), "a conflict");
    repository.secret("file", 1);
    let merge = repository.commit("resolve");
    assert_eq!(repository.git(&["rev-list", "--parents", "-1", "HEAD"]).split(' ').count(), 3);

    let found = repository.only();
    assert_eq!(each(&found["story"]["introduced"], "id"), [&merge]);
    assert_eq!(found["occurrences"][0]["commit"], merge.as_str());
    assert_eq!(each(&found["story"]["tips"], "ref"), ["refs/heads/main"]);
}

#[test]
fn a_merge_brings_nothing_in_and_takes_nothing_out_that_a_side_did() {
    let repository = Repository::new();
    repository.secret("old", 1);
    let old = repository.commit("start");
    repository.git(&["checkout", "-q", "-b", "one"]);
    repository.secret("new", 2);
    let new = repository.commit("one");
    repository.git(&["checkout", "-q", "-b", "two", &old]);
    repository.git(&["rm", "-q", "old"]);
    let removed = repository.commit("two");
    repository.git(&["checkout", "-q", "-b", "three", &old]);
    repository.write("x", "x");
    repository.commit("three");
    repository.git(&["checkout", "-q", "main"]);
    // An octopus.
    repository.next_day();
    repository.git(&["merge", "-q", "--no-ff", "-m", "octopus", "one", "two", "three"]);
    assert_eq!(repository.git(&["rev-list", "--parents", "-1", "HEAD"]).split(' ').count(), 5);

    let found = repository.findings(&[]);
    let of = |path: &str| {
        found.iter().find(|finding| finding["story"]["paths"][0]["path"] == path).unwrap()["story"].clone()
    };
    let (old_story, new_story) = (of("old"), of("new"));
    assert_eq!(each(&old_story["introduced"], "id"), [&old]);
    assert_eq!(each(&old_story["removed"], "id"), [&removed]);
    assert_eq!(each(&old_story["tips"], "ref"), ["refs/heads/one", "refs/heads/three"]);
    assert_eq!(each(&new_story["introduced"], "id"), [&new]);
    assert_eq!(new_story["removed"], json!([]));
    assert_eq!(each(&new_story["tips"], "ref"), ["refs/heads/main", "refs/heads/one"]);
}

#[test]
fn a_merge_that_throws_a_side_away_removes_what_it_brought() {
    let repository = Repository::new();
    repository.commit("start");
    repository.git(&["checkout", "-q", "-b", "side"]);
    repository.secret("file", 1);
    repository.commit("side");
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("main");
    repository.next_day();
    repository.git(&["merge", "-q", "-s", "ours", "-m", "ours", "side"]);
    let merge = repository.git(&["rev-parse", "HEAD"]);
    let story = &repository.only()["story"];
    assert_eq!(each(&story["removed"], "id"), [&merge]);
    assert_eq!(each(&story["tips"], "ref"), ["refs/heads/side"]);
    assert_eq!(texts(&story["refs"]), ["refs/heads/main", "refs/heads/side"]);
}

#[test]
fn several_roots_each_bring_it_in() {
    let repository = Repository::new();
    repository.secret("one/file", 1);
    let one = repository.commit("one");
    repository.git(&["checkout", "-q", "--orphan", "other"]);
    repository.git(&["rm", "-q", "-rf", "."]);
    repository.secret("two/file", 1);
    let two = repository.commit("two");
    repository.git(&["checkout", "-q", "main"]);
    repository.git(&["merge", "-q", "--allow-unrelated-histories", "-m", "join", "other"]);

    let found = repository.only();
    let story = &found["story"];
    assert_eq!(each(&story["introduced"], "id"), [&one, &two]);
    assert_eq!(each(&story["introduced"], "path"), ["one/file", "two/file"]);
    assert_eq!(story["introductions"], 2);
    assert_eq!(each(&story["paths"], "path"), ["one/file", "two/file"]);
}

#[test]
fn texts_of_commits_and_tags_are_told_by_themselves() {
    let repository = Repository::new();
    repository.commit("start");
    let token = crate::support::token(1);
    let commit = repository.commit(&format!("deploy with {token}\n\nmore"));
    repository.commit("later");
    repository.next_day();
    repository.git(&["tag", "-a", "v1", "-m", &format!("key {}", crate::support::token(2))]);
    let tag = repository.git(&["rev-parse", "v1"]);

    let found = repository.findings(&[]);
    assert_eq!(found.len(), 2);
    let of = |kind: &str| {
        found.iter().find(|finding| finding["occurrences"][0]["object_kind"] == kind).unwrap().clone()
    };
    let (said, tagged) = (of("commit"), of("tag"));
    assert_eq!(said["occurrences"][0]["commit"], commit.as_str());
    let story = &said["story"];
    assert_eq!(each(&story["introduced"], "id"), [&commit]);
    let subject = story["introduced"][0]["subject"].as_str().unwrap();
    assert!(subject.starts_with("deploy with acmt…(37)"), "{subject}");
    assert_eq!((&story["exposure"], &story["removed"]), (&json!("branch"), &json!([])));
    assert_eq!(texts(&story["refs"]), ["refs/heads/main", "refs/tags/v1"]);

    let story = &tagged["story"];
    assert_eq!((&story["introduced"][0]["by"], &story["exposure"]), (&json!("tag"), &json!("tag")));
    assert_eq!(each(&story["introduced"], "id"), [&tag]);
    assert_eq!(texts(&story["refs"]), ["refs/tags/v1"]);
    assert_eq!(story["introduced"][0]["author"], "Ada Example");
}

#[test]
fn a_shallow_history_says_that_it_may_be_older() {
    let origin = Repository::new();
    origin.secret("file", 1);
    origin.commit("add");
    origin.commit("later");
    let clone = Repository::new();
    std::fs::remove_dir_all(clone.path()).unwrap();
    std::fs::create_dir(clone.path()).unwrap();
    let url = format!("file://{}", origin.path().display());
    clone.git(&["clone", "-q", "--depth", "1", &url, "."]);
    let ran = clone.audit(&["--format", "json"]);
    ran.status(1);
    let story = &clone.only()["story"];
    assert_eq!(story["introduced"][0]["at_latest"], true);
    assert_eq!(origin.only()["story"]["introduced"][0]["at_latest"], false);
}

/// Objects are scanned before their paths are known: what is no finding in a file of its kind must not be one
/// in an audit either.
#[test]
fn an_audit_finds_what_a_scan_of_the_files_finds() {
    let repository = Repository::new();
    // Words that a person chose: whether these are told depends on the file that they stand in.
    let weak =
        |number: usize| ["blue", "Otter", "gate", "7", "Lamp"][number % 5].to_owned() + &number.to_string();
    let mut number = 0;
    for directory in ["src", "config", "tests", "docs", "examples"] {
        for ending in ["py", "yml", "md", "ini", "js", "lock", "log", "bin"] {
            let mut text = String::from("# one of many\n");
            for name in ["password", "db_password", "api_token", "secret_key"] {
                number += 1;
                let value = weak(number);
                text += &format!("{name} = \"{value}x\"\nother = {number}\n{name}_2: {value}\n");
                text += &format!("{name}_3={}\n", crate::support::token(number as u64));
            }
            repository.write(&format!("{directory}/file.{ending}"), &text);
        }
    }
    repository.commit("all kinds of files");
    let places = |found: &[serde_json::Value]| {
        let mut all: Vec<(String, u64)> = found
            .iter()
            .flat_map(|finding| finding["occurrences"].as_array().unwrap().clone())
            .map(|place| {
                let path = place["path"].as_str().unwrap().trim_start_matches("./");
                (path.to_owned(), place["offset"].as_u64().unwrap())
            })
            .collect();
        all.sort();
        all.dedup();
        all
    };
    let audited = places(&repository.findings(&[]));
    let rules = repository.tree.beside("acme.toml");
    let arguments = ["scan", ".", "--format", "json", "--rules", rules.to_str().unwrap()];
    let scanned: serde_json::Value =
        serde_json::from_str(&repository.tree.run(&arguments).out).expect("a report in JSON");
    let scanned = places(scanned["findings"].as_array().unwrap());
    assert!(scanned.len() > 150, "{}", scanned.len());
    assert_eq!(audited, scanned);
}
