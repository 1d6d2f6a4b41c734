//! `hook commit-msg`.

use crate::support::{RULE, Repo, run, token};

#[test]
fn a_secret_in_the_message_blocks() {
    let repo = Repo::guarded();
    let message = format!("subject\n\nthe key is {}", token(1));
    let ran = repo.git(&["commit", "-q", "--allow-empty", "-m", &message]);
    ran.blocked().tells(&["commit message:3:12", "git commit -e -F"]).tells_nothing_of(&[&token(1)]);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "harmless"]).status(0);
}

#[test]
fn a_comment_line_counts_where_git_keeps_it() {
    let repo = Repo::guarded();
    let message = format!("subject\n\n# {}", token(1));
    repo.git(&["commit", "-q", "--allow-empty", "-m", &message]).blocked();
}

#[test]
fn the_difference_that_verbose_shows_is_no_message() {
    let repo = Repo::guarded();
    repo.commit(&[("a.py", &format!("key = '{}'\none = 1\n", token(1)))]);
    repo.write("a.py", format!("key = '{}'\none = 2\n", token(1)));
    let mut command = repo.command("git", &["commit", "-q", "-a", "--verbose"]);
    command.env("GIT_EDITOR", "sed -i '1s/^/subject/'");
    run(command, b"").status(0);
    let mut command = repo.command("git", &["commit", "-q", "--allow-empty", "--verbose"]);
    command.env("GIT_EDITOR", format!("sed -i '1s/^/{}/'", token(2)));
    run(command, b"").blocked();
}

#[test]
fn a_message_can_be_allowed_and_one_that_is_gone_blocks() {
    let repo = Repo::guarded();
    let message = format!("subject\n\n# sekisho:allow {RULE} made up\n{}", token(1));
    repo.git(&["commit", "-q", "--allow-empty", "-m", &message]).status(0);
    let ran = repo.sekisho(&["hook", "commit-msg", "nowhere"]);
    ran.status(2).tells(&["commit blocked", "nowhere", "--no-verify"]);
}
