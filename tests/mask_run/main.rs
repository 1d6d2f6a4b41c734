//! `sekisho mask` around real processes: statuses, signals, streams, sources of secrets.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

mod limits;
mod terminal;

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const SEKISHO: &str = env!("CARGO_BIN_EXE_sekisho");

/// A value that is masked; made here so that no literal alarms a scanner.
fn secret() -> String {
    ["hun", "ter2", "hun", "ter9"].concat()
}

fn mask(arguments: &[&str]) -> Command {
    let mut command = Command::new(SEKISHO);
    command.arg("mask").args(arguments).stdin(Stdio::null());
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.env("MY_TOKEN", secret()).env("SEKISHO", SEKISHO);
    command
}

fn shell(script: &str) -> Command {
    mask(&["--no-mounts", "--", "sh", "-c", script])
}

/// Is a signal ignored here, as for what runs under `nohup` or in the background of a script? Then it is in every
/// shell that is begun here, too: it cannot trap it, nor is it ended by it. Where the system does not tell, none is.
#[allow(clippy::print_stderr)] // says what a test leaves out
fn is_ignored(number: u32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let digits = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).map_or("0", str::trim);
    let ignored = u64::from_str_radix(digits, 16).unwrap() >> (number - 1) & 1 == 1;
    if ignored {
        eprintln!("signal {number} is ignored here: not tried");
    }
    ignored
}

fn feed(mut command: Command, input: &[u8]) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_filter_keeps_every_other_byte() {
    let input = [&b"\xff\0a\r\n"[..], secret().as_bytes(), b"\n no newline"].concat();
    let output = feed(mask(&["--no-mounts"]), &input);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout, b"\xff\0a\r\n[MASKED:MY_TOKEN]\n no newline");
}

#[test]
fn both_streams_and_the_status() {
    let output = shell("echo o $MY_TOKEN; echo e $MY_TOKEN >&2; exit 7").output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(text(&output.stdout), "o [MASKED:MY_TOKEN]\n");
    assert_eq!(text(&output.stderr), "e [MASKED:MY_TOKEN]\n");
}

#[test]
fn signals_of_the_child_are_ours() {
    let all = [("TERM", 15), ("KILL", 9), ("INT", 2), ("SEGV", 11)];
    for (name, number) in all.into_iter().filter(|&(_, number)| !is_ignored(number as u32)) {
        let output = shell(&format!("kill -{name} $$")).output().unwrap();
        assert_eq!(output.status.signal(), Some(number), "{name}");
    }
}

#[test]
fn signals_to_us_reach_the_child() {
    let all = [("TERM", 15), ("INT", 2), ("HUP", 1), ("QUIT", 3), ("USR1", 10), ("USR2", 12)];
    for (name, _) in all.into_iter().filter(|&(_, number)| !is_ignored(number)) {
        let script =
            format!("trap 'echo got {name}; exit 3' {name}; echo ready; while :; do sleep 0.05; done");
        let mut child = shell(&script).stdout(Stdio::piped()).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let mut first = [0; 6];
        out.read_exact(&mut first).unwrap();
        let sent = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status().unwrap();
        assert!(sent.success());
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        assert_eq!(
            (rest.as_str(), child.wait().unwrap().code()),
            (format!("got {name}\n").as_str(), Some(3))
        );
    }
}

#[test]
fn statuses_of_our_own() {
    let code = |arguments: &[&str]| mask(arguments).output().unwrap().status.code();
    assert_eq!(code(&["--", "/nonexistent/command"]), Some(127));
    assert_eq!(code(&["--", "/etc/passwd"]), Some(126));
    assert_eq!(code(&["--no-such-flag"]), Some(125));
    assert_eq!(code(&["--file", "/nonexistent/file", "--", "true"]), Some(125));
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = mask(&["--", "echo", "x"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(125));
    assert!(text(&output.stderr).contains("No space left"), "{}", text(&output.stderr));
}

#[test]
fn order_is_kept_where_both_streams_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let file = std::fs::File::create(&path).unwrap();
    let script = "i=0; while [ $i -lt 500 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done";
    let other = file.try_clone().unwrap();
    assert!(shell(script).stdout(file).stderr(other).status().unwrap().success());
    let wanted: String = (0..500).map(|number| format!("o{number}\ne{number}\n")).collect();
    assert_eq!(std::fs::read_to_string(path).unwrap(), wanted);
}

#[test]
fn a_closed_reader_ends_it_quietly() {
    let mut child = mask(&["--", "yes"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut some = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.signal(), text(&output.stderr).as_str()), (Some(13), ""));
}

#[test]
fn what_a_child_leaves_behind_does_not_hold_us_and_is_masked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let started = Instant::now();
    let file = std::fs::File::create(&path).unwrap();
    let script = "(sleep 2; echo late $MY_TOKEN) & echo first";
    assert!(shell(script).stdout(file).stderr(Stdio::null()).status().unwrap().success());
    let log = || std::fs::read_to_string(&path).unwrap();
    assert_eq!(log(), "first\n", "after {:?}", started.elapsed());
    let until = Instant::now() + Duration::from_secs(60);
    while log().lines().count() < 2 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(log(), "first\nlate [MASKED:MY_TOKEN]\n");
    let output = mask(&["--wait-daemons", "--", "sh", "-c", "(sleep 0.5; echo late) &"]).output().unwrap();
    assert_eq!(text(&output.stdout), "late\n");
}

#[test]
fn a_child_that_closes_its_streams_and_lives_on() {
    let output = shell("exec >&- 2>&-; sleep 0.3; exit 4").output().unwrap();
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn registration_answers_when_it_is_in_force() {
    let value = format!("{}x", secret().replace('h', "q"));
    let script = format!(
        "printf %s {value} | $SEKISHO mask add NAME || exit 9; echo {value}; echo abc | $SEKISHO mask add W; echo $?"
    );
    let output = shell(&script).output().unwrap();
    assert_eq!(text(&output.stdout), "[MASKED:NAME]\n1\n", "{}", text(&output.stderr));
    let alone = mask(&["add", "X"]).output().unwrap();
    assert_eq!(alone.status.code(), Some(2));
}

#[test]
fn commands_to_the_host_pass_unchanged_and_are_learned() {
    let value = secret().replace('h', "w");
    for line in
        [format!("::add-mask::{value}"), format!("##vso[task.setvariable variable=a;issecret=true]{value}")]
    {
        let output =
            feed(mask(&["--no-mounts", "--token", "***"]), format!("{line}\nx {value}\n").as_bytes());
        assert_eq!(text(&output.stdout), format!("{line}\nx ***\n"));
    }
}

#[test]
fn secrets_from_files_of_every_kind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let value = secret().replace('h', "z");
    for content in [
        format!("{value}\n"),
        format!("# c\nexport API_TOKEN='{value}'\nPORT=3000\n"),
        format!("{{\"db\": {{\"password\": \"{value}\", \"port\": 5432}}}}"),
        format!("users:\n- name: a\n  user:\n    token: {value}\n"),
        format!("machine h.example login me password {value}\n"),
        format!("//registry.example/:_authToken={value}\nregistry=https://r.example\n"),
    ] {
        std::fs::write(&path, &content).unwrap();
        let file = path.to_str().unwrap();
        let output = feed(mask(&["--no-env", "--file", file, "--token", "***"]), value.as_bytes());
        assert_eq!(text(&output.stdout), "***", "{content}");
    }
}

#[test]
fn odd_secrets_do_no_harm() {
    let run = |value: &str, input: &str| {
        let mut command = mask(&["--no-mounts", "-q", "--token", "***"]);
        command.env("MY_TOKEN", value);
        text(&feed(command, input.as_bytes()).stdout)
    };
    assert_eq!(run("", "a b c"), "a b c");
    assert_eq!(run("a", "a b c"), "a b c");
    assert_eq!(run("***", "a *** c"), "a *** c");
    let long: String =
        (0..9000u32).map(|number| format!("{:07x}", number.wrapping_mul(2_654_435_761) >> 4)).collect();
    assert_eq!(run(&long, &format!("<{long}>")), "<***>");
}

#[test]
fn ten_thousand_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many");
    let values: Vec<String> = (0..10_000u64)
        .map(|number| format!("v{:016x}", (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        .collect();
    std::fs::write(&path, values.join("\n")).unwrap();
    let output = feed(
        mask(&["--no-env", "--token", "***", "--file", path.to_str().unwrap()]),
        values[9_999].as_bytes(),
    );
    assert_eq!(text(&output.stdout), "***");
}

#[test]
fn files_in_place() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("report"), folder.path().join("link"));
    std::fs::write(&path, format!("a {} b", secret())).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let output = mask(&["--in-place", link.to_str().unwrap(), "--fail-on-leak", "5"]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a [MASKED:MY_TOKEN] b");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(mask(&["--in-place", "/nonexistent"]).output().unwrap().status.code(), Some(125));
}

#[test]
fn reports_never_hold_the_value() {
    let folder = tempfile::tempdir().unwrap();
    let (json, sarif) = (folder.path().join("r.json"), folder.path().join("r.sarif"));
    let arguments = [
        "--summary",
        "--fail-on-leak",
        "9",
        "--report",
        json.to_str().unwrap(),
        "--report",
        sarif.to_str().unwrap(),
        "--",
        "sh",
        "-c",
        "echo $MY_TOKEN",
    ];
    let output = mask(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(9));
    for shown in [
        text(&output.stderr),
        std::fs::read_to_string(json).unwrap(),
        std::fs::read_to_string(sarif).unwrap(),
    ] {
        assert!(shown.contains("MY_TOKEN") && !shown.contains(&secret()), "{shown}");
    }
    let doctor = mask(&["doctor"]).output().unwrap();
    assert!(text(&doctor.stdout).contains("MY_TOKEN") && !text(&doctor.stdout).contains(&secret()));
}

#[test]
fn the_child_gets_the_process_that_it_would_have() {
    let script = "grep -E '^Sig(Blk|Cgt|Ign)' /proc/self/status; ulimit -c";
    let bare = Command::new("sh").args(["-c", script]).output().unwrap();
    assert_eq!(text(&shell(script).output().unwrap().stdout), text(&bare.stdout));
}

#[test]
fn a_terminal_for_the_child() {
    let script = "test -t 1 && test -t 2 && echo terminal $MY_TOKEN; stty size < /dev/tty; exit 6";
    let output = mask(&["--pty", "--", "sh", "-c", script]).output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("100 160"), "{}", text(&output.stdout));
    let killed = mask(&["--pty", "--", "sh", "-c", "kill -TERM $$"]).output().unwrap();
    assert_eq!(killed.status.signal(), Some(15));
    assert_eq!(mask(&["--pty", "--", "/nonexistent/x"]).output().unwrap().status.code(), Some(127));
}

#[test]
fn a_selftest_tells_what_leaks() {
    let printed = mask(&["selftest", "--seed", "5"]).output().unwrap().stdout;
    let mut check = Command::new(SEKISHO);
    check.args(["mask", "selftest", "--check", "-"]);
    let verdict = feed(check, &printed);
    assert_eq!(verdict.status.code(), Some(1));
    assert!(text(&verdict.stdout).contains("LEAKED   base64\n"), "{}", text(&verdict.stdout));
}
