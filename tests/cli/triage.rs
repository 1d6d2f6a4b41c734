//! `sekisho triage` by answers from a pipe: marks, what is written, and how it ends.

use crate::support::{Ran, Tree, finish, token};
use serde_json::Value;

/// A tree with three findings and a file of rules for them.
fn tree() -> Tree {
    let tree = Tree::new(&[
        ("a.cfg", &format!("one\ntwo = {}\nthree\n", token(1))),
        ("b.cfg", &format!("k = {}\n", token(2))),
        ("c/d.cfg", &format!("k = {}\n", token(3))),
    ]);
    tree.track(&["a.cfg"]);
    tree
}

fn triage(tree: &Tree, arguments: &[&str], answers: &str) -> Ran {
    let mut command = tree.command::<&str>(&["triage"]);
    command.arg("--rules").arg(tree.beside("acme.toml")).args(arguments);
    finish(command, answers.as_bytes())
}

fn config(tree: &Tree) -> String {
    std::fs::read_to_string(tree.path().join("sekisho.toml")).unwrap_or_default()
}

fn entries(tree: &Tree) -> Vec<toml::Table> {
    let read: toml::Table = toml::from_str(&config(tree)).unwrap();
    read["allow"].as_array().unwrap().iter().map(|entry| entry.as_table().unwrap().clone()).collect()
}

#[test]
fn marks_become_entries_and_a_list_of_what_to_do() {
    let tree = tree();
    tree.write("sekisho.toml", b"# ours\nsalt = 'x' # kept\n");
    let answers = "f made up for a test\na\nthe stand-in server\nt ask the team\ny\n";
    let ran = triage(&tree, &["--owner", "ada", "--expires", "2999-01-31"], answers);
    ran.status(0);
    let text = config(&tree);
    assert!(text.starts_with("# ours\nsalt = 'x' # kept\n"), "{text}");
    let entries = entries(&tree);
    let reasons: Vec<&str> = entries.iter().map(|entry| entry["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["false positive: made up for a test", "accepted: the stand-in server"]);
    assert_eq!(entries[0]["owner"].as_str(), Some("ada"));
    assert_eq!(entries[0]["expires"].as_str(), Some("2999-01-31"));
    assert!(ran.out.contains("to be done:\n[ ] high acme-token"), "{}", ran.out);
    assert!(ran.out.contains("c/d.cfg:1:5") && ran.out.contains("note: ask the team"), "{}", ran.out);
    assert!(ran.out.contains("rotate: ask Acme"), "{}", ran.out);
    for number in 1..=3 {
        assert!(!ran.out.contains(&token(number)));
    }
    // What was marked is found no more, and not asked about again.
    assert_eq!(tree.report(&["."]).paths(), ["c/d.cfg"]);
    let again = triage(&tree, &[], "q\n");
    assert!(again.status(0).out.contains("1 finding(s) to go through"), "{}", again.out);
}

#[test]
fn a_finding_is_shown_with_its_lines_and_nothing_of_any_secret() {
    let tree = tree();
    tree.write("a.cfg", format!("one\ntwo = {} # {}\nthree\n", token(1), token(7)).as_bytes());
    let ran = triage(&tree, &[], "q\n");
    ran.status(0);
    assert!(ran.out.contains("a.cfg:2:7") && ran.out.contains("1 | one"), "{}", ran.out);
    assert!(ran.out.contains(">      2 | two = acmt…(37) # acmt…(37)"), "{}", ran.out);
    assert!(ran.out.contains("3 | three") && ran.out.contains("rotate: ask Acme"), "{}", ran.out);
    let shown = triage(&tree, &["b.cfg"], "r\nq\n");
    assert!(shown.status(0).out.contains(&token(2)), "{}", shown.out);
}

#[test]
fn a_mark_can_be_undone_and_findings_filtered() {
    let tree = tree();
    let ran = triage(&tree, &[], "f wrong\nu\n/ d.cfg\nf right one\ny\n");
    ran.status(0);
    let entries = entries(&tree);
    assert_eq!(entries.len(), 1);
    let found = tree.report(&["."]);
    assert_eq!(found.paths(), ["a.cfg", "b.cfg"]);
    let ran = triage(&tree, &[], "u\nx\ng 9\nb\nl\n/nothing like it\nt\n/\n?\nq\n");
    for said in
        ["nothing to undo", "no answer here", "2 open", "`/` shows all", "there is no finding", "REASON"]
    {
        assert!(ran.status(0).out.contains(said), "{said}: {}", ran.out);
    }
}

#[test]
fn nothing_is_written_unless_it_is_said() {
    let tree = tree();
    for (answers, status) in [
        ("f made up\nq\nn\n", 0),
        ("q\n", 0),
        ("", 0),
        ("f made up\n", 2),
        ("f made up\nq\n", 2),
        ("f\n", 0),
        ("f\n\n.\nq\n", 0),
    ] {
        let ran = triage(&tree, &[], answers);
        ran.status(status);
        assert_eq!(config(&tree), "", "{answers:?}");
    }
    triage(&tree, &[], "f made up\n").tells(&["nothing was written"]);
    triage(&tree, &[], "f made up\nw\n").status(0);
    assert_eq!(entries(&tree).len(), 1);
}

#[test]
fn a_saved_report_does_in_every_form() {
    let tree = tree();
    for form in ["json", "jsonl", "sarif"] {
        let report = tree.beside(&format!("report.{form}"));
        tree.scan(&["-q", "-o", report.to_str().unwrap(), "."]).status(1);
        let todo = tree.beside("todo.json");
        let ran = triage(
            &tree,
            &["--report", report.to_str().unwrap(), "--todo", todo.to_str().unwrap()],
            "t\nr\nf made up\ns\nq\ny\n",
        );
        ran.status(0);
        assert!(ran.out.contains("1 | k = acmt…(37)"), "{form}: {}", ran.out);
        assert!(ran.out.contains(&token(2)), "{form}: {}", ran.out);
        let told: Value = serde_json::from_slice(&std::fs::read(&todo).unwrap()).unwrap();
        assert_eq!(told["todo"][0]["rule"], "acme-token", "{form}");
        assert!(told["todo"][0]["places"][0].as_str().unwrap().starts_with("a.cfg:2:"), "{form}");
        assert_eq!(tree.report(&["."]).paths(), ["a.cfg", "c/d.cfg"], "{form}");
        std::fs::remove_file(tree.path().join("sekisho.toml")).unwrap();
    }
}

#[test]
fn places_that_changed_or_went_are_told() {
    let tree = tree();
    let report = tree.beside("report.json");
    tree.scan(&["-q", "-o", report.to_str().unwrap(), "."]).status(1);
    let arguments = ["--report", report.to_str().unwrap()];
    // Moved down: it is found again by its mask.
    tree.write("a.cfg", format!("\n\n\n\n\ntwo = {}\n", token(1)).as_bytes());
    tree.write("b.cfg", b"k = gone\n");
    std::fs::remove_file(tree.path().join("c/d.cfg")).unwrap();
    let ran = triage(&tree, &arguments, "r\ns\nr\ns\nr\nq\n");
    ran.status(0);
    assert!(ran.out.contains("6 | two = acmt…(37)") && ran.out.contains(&token(1)), "{}", ran.out);
    assert!(ran.out.contains("the place has changed"), "{}", ran.out);
    assert!(ran.out.contains("cannot be shown: ") && ran.out.contains("d.cfg"), "{}", ran.out);
    // The line that the report has is shown instead.
    assert!(ran.out.contains("1 | k = acmt…(37)"), "{}", ran.out);
}

#[test]
fn findings_of_a_history_have_their_story() {
    let tree = tree();
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.current_dir(tree.path()).args(["-c", "user.name=Ada", "-c", "user.email=a@example.org"]);
        assert!(command.args(arguments).output().unwrap().status.success());
    };
    git(&["commit", "-qm", "bring it in"]);
    git(&["rm", "-q", "a.cfg"]);
    git(&["commit", "-qm", "take it out"]);
    let report = tree.beside("audit.json");
    let rules = tree.beside("acme.toml");
    let audit = ["audit", "-q", "--rules", rules.to_str().unwrap(), "-o", report.to_str().unwrap()];
    tree.run(&audit).status(1);
    let ran = triage(&tree, &["--report", report.to_str().unwrap()], "r\nq\n");
    ran.status(0);
    for said in
        ["introduced: ", "by Ada <a@example.org>", "(bring it in)", "removed: ", "(take it out)", "exposed: "]
    {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    assert!(ran.out.contains("2 | two = acmt…(37)") && ran.out.contains(&token(1)), "{}", ran.out);
}

#[test]
fn what_cannot_be_used_is_an_error_before_any_question() {
    let tree = tree();
    let odd = tree.beside("odd.json");
    std::fs::write(&odd, "{\"hidden\": ").unwrap();
    let ran = triage(&tree, &["--report", odd.to_str().unwrap()], "");
    ran.status(2).tells(&["odd.json", "no JSON"]);
    assert!(!ran.err.contains("hidden"));
    triage(&tree, &["--report", "gone.json"], "").status(2).tells(&["gone.json"]);
    triage(&tree, &["--expires", "soon"], "").status(2).tells(&["--expires", "day"]);
    let clean = triage(&Tree::new(&[("a.txt", "x\n")]), &[], "");
    assert!(clean.status(0).out.contains("nothing to go through"), "{}", clean.out);
}

#[cfg(unix)]
mod screen {
    use super::{config, entries, tree};
    use crate::support::{Tree, token};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Child, Command, ExitStatus};
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};

    /// What a terminal is told when a program leaves its second screen.
    const LEAVE: &str = "\x1b[?1049l";

    /// The program at a terminal of its own.
    struct Terminal {
        keys: File,
        line: File,
        child: Child,
        seen: Arc<Mutex<Vec<u8>>>,
    }

    impl Terminal {
        fn start(tree: &Tree, arguments: &[&str]) -> Terminal {
            let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
            grantpt(&master).unwrap();
            unlockpt(&master).unwrap();
            let name = ptsname(&master, Vec::new()).unwrap();
            let name = std::path::PathBuf::from(name.into_string().unwrap());
            let line = File::options().read(true).write(true).open(name).unwrap();
            tcsetwinsize(&line, Winsize { ws_row: 30, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
            let mut command: Command = tree.command::<&str>(&["triage"]);
            command
                .arg("--rules")
                .arg(tree.beside("acme.toml"))
                .args(arguments)
                .env("TERM", "xterm-256color");
            command.stdin(line.try_clone().unwrap()).stdout(line.try_clone().unwrap());
            command.stderr(line.try_clone().unwrap());
            let child = command.spawn().unwrap();
            let keys = File::from(master);
            let seen = Arc::new(Mutex::new(Vec::new()));
            let (mut reader, all) = (keys.try_clone().unwrap(), Arc::clone(&seen));
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = reader.read(&mut buffer) {
                    all.lock().unwrap().extend_from_slice(&buffer[..count]);
                }
            });
            Terminal { keys, line, child, seen }
        }

        fn seen(&self) -> String {
            String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned()
        }

        /// Wait until the terminal was told this, from byte `from` on; where that ends.
        #[track_caller]
        fn sees_from(&self, from: usize, text: &str) -> usize {
            let until = Instant::now() + Duration::from_secs(60);
            loop {
                let seen = self.seen();
                if let Some(at) = seen.get(from..).and_then(|rest| rest.find(text)) {
                    return from + at + text.len();
                }
                assert!(Instant::now() < until, "no `{text}` in {:?}", &seen[from.min(seen.len())..]);
                std::thread::sleep(Duration::from_millis(10));
            }
        }

        #[track_caller]
        fn sees(&self, text: &str) -> usize {
            self.sees_from(0, text)
        }

        fn press(&mut self, keys: &str) -> usize {
            let from = self.seen().len();
            self.keys.write_all(keys.as_bytes()).unwrap();
            from
        }

        /// Does the terminal edit lines and echo again?
        fn is_cooked(&self) -> bool {
            tcgetattr(&self.line).unwrap().local_modes.contains(LocalModes::ICANON | LocalModes::ECHO)
        }

        #[track_caller]
        fn ends(&mut self) -> ExitStatus {
            let until = Instant::now() + Duration::from_secs(60);
            while Instant::now() < until {
                if let Some(status) = self.child.try_wait().unwrap() {
                    self.sees(LEAVE);
                    assert!(self.is_cooked());
                    return status;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            panic!("does not end; saw {:?}", self.seen());
        }
    }

    impl Drop for Terminal {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    #[test]
    fn keys_mark_and_what_is_marked_is_written() {
        let tree = tree();
        let mut terminal = Terminal::start(&tree, &[]);
        terminal.sees("3 open, 0 true, 0 false, 0 accepted");
        terminal.sees("2 | two = acmt…(37)");
        assert!(!terminal.is_cooked());
        let from = terminal.press("f");
        terminal.sees_from(from, "why false?");
        let from = terminal.press("\r");
        terminal.sees_from(from, "a reason is needed");
        let from = terminal.press("made up\x7fp\r");
        terminal.sees_from(from, "2 open, 0 true, 1 false, 0 accepted");
        let from = terminal.press("t");
        terminal.sees_from(from, "1 open, 1 true, 1 false, 0 accepted");
        let from = terminal.press("u");
        terminal.sees_from(from, "2 open, 0 true, 1 false, 0 accepted");
        let from = terminal.press("t");
        terminal.sees_from(from, "1 open, 1 true");
        let from = terminal.press("q");
        terminal.sees_from(from, "write what was marked to");
        terminal.press("y");
        assert!(terminal.ends().success());
        terminal.sees("to be done:");
        let entries = entries(&tree);
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0]["reason"].as_str(), Some("false positive: made up"));
        let seen = terminal.seen();
        assert!((1..=3).all(|number| !seen.contains(&token(number))));
    }

    #[test]
    fn a_secret_is_shown_until_the_next_key_and_never_behind_the_end() {
        let tree = tree();
        let mut terminal = Terminal::start(&tree, &[]);
        terminal.sees("3 open");
        let from = terminal.press("r");
        terminal.sees_from(from, &token(1));
        let from = terminal.press("j");
        let from = terminal.sees_from(from, " sekisho triage  2/3");
        terminal.press("?");
        terminal.sees_from(from, "any key goes back");
        assert!(!terminal.seen()[from..].contains(&token(1)));
        terminal.press("xq");
        assert!(terminal.ends().success());
        let seen = terminal.seen();
        let (_, behind) = seen.split_once(LEAVE).unwrap();
        assert!(!behind.contains("acmt_"), "{behind:?}");
        assert_eq!(config(&tree), "");
    }

    #[test]
    fn a_filter_narrows_the_list() {
        let tree = tree();
        let mut terminal = Terminal::start(&tree, &[]);
        terminal.sees("3 open");
        let from = terminal.press("/d.cfg\r");
        terminal.sees_from(from, " sekisho triage  1/1");
        let from = terminal.press("aknown\r");
        terminal.sees_from(from, "1 accepted");
        terminal.press("w");
        assert!(terminal.ends().success());
        assert_eq!(entries(&tree)[0]["reason"].as_str(), Some("accepted: known"));
    }

    #[test]
    fn the_terminal_is_given_back_at_ctrl_c_and_at_signals() {
        let tree = tree();
        let mut terminal = Terminal::start(&tree, &[]);
        terminal.sees("3 open");
        let from = terminal.press("fmade up\r");
        terminal.sees_from(from, "1 false");
        terminal.press("\x03");
        assert_eq!(terminal.ends().code(), Some(130));
        assert_eq!(config(&tree), "");
        for (name, number) in [("TERM", 15), ("HUP", 1), ("INT", 2)] {
            let mut terminal = Terminal::start(&tree, &[]);
            terminal.sees("3 open");
            let id = terminal.child.id().to_string();
            assert!(Command::new("kill").arg(format!("-{name}")).arg(id).status().unwrap().success());
            assert_eq!(terminal.ends().signal(), Some(number));
        }
    }

    #[test]
    fn a_dumb_terminal_is_asked_line_by_line() {
        let tree = tree();
        let mut terminal = Terminal::start(&tree, &["--plain"]);
        terminal.sees("true, false, accepted, skip?");
        terminal.press("q\n");
        assert!(terminal.child.wait().unwrap().success());
        assert!(!terminal.seen().contains("\x1b[?1049h"));
    }
}
