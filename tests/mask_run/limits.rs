//! Much, long, full and slow: what a mask meets in bad times.

use crate::{SEKISHO, feed, mask, secret, shell, text};
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The most memory that a process had so far, in KiB.
#[cfg(target_os = "linux")]
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Memory that may be used for all that does not grow with the input, in KiB; the build for tests is
/// larger than the one that is shipped.
#[cfg(target_os = "linux")]
const ROOM: u64 = 96 << 10;

#[test]
#[cfg(target_os = "linux")]
fn a_reader_that_stops_costs_no_memory_and_loses_nothing() {
    let mut child = shell("head -c 40000000 /dev/zero | tr '\\0' 'a'; echo $MY_TOKEN")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut some = [0; 1000];
    out.read_exact(&mut some).unwrap();
    std::thread::sleep(Duration::from_millis(400));
    assert!(peak(child.id()) < ROOM, "{} KiB", peak(child.id()));
    let mut rest = Vec::new();
    out.read_to_end(&mut rest).unwrap();
    assert_eq!(rest.len() + some.len(), 40_000_000 + "[MASKED:MY_TOKEN]\n".len());
    assert!(rest.ends_with(b"a[MASKED:MY_TOKEN]\n"));
    assert!(child.wait().unwrap().success());
}

#[test]
#[cfg(target_os = "linux")]
fn a_line_without_end_costs_no_memory() {
    // Words and blanks, then one long word, and never the end of a line.
    let script = "i=0; while [ $i -lt 300 ]; do head -c 65536 /dev/zero | tr '\\0' 'x'; printf ' %s ' $i; \
                  i=$((i+1)); done; printf %s $MY_TOKEN; sleep 1";
    let mut child = shell(script).stdout(Stdio::piped()).spawn().unwrap();
    let (mut out, mut length, mut tail) = (child.stdout.take().unwrap(), 0, Vec::new());
    let mut most = 0;
    let mut some = vec![0; 1 << 16];
    while let Ok(count @ 1..) = out.read(&mut some) {
        length += count;
        tail.extend_from_slice(&some[..count]);
        tail.drain(..tail.len().saturating_sub(64));
        if let Ok(true) = std::fs::exists(format!("/proc/{}/status", child.id())) {
            most = most.max(peak(child.id()));
        }
    }
    assert!(length > 300 << 16 && most < ROOM, "{length} bytes, {most} KiB");
    assert!(tail.ends_with(b"[MASKED:MY_TOKEN]"), "{}", text(&tail));
    assert!(child.wait().unwrap().success());
}

#[test]
fn secrets_by_a_descriptor_that_the_command_does_not_get() {
    let value = secret().replace('h', "k");
    let script = format!(
        "printf %s {value} >&9; exec 9>&-; exec \"$SEKISHO\" mask --no-mounts --no-env --token '***' --fd 8 -- \
         sh -c 'echo {value}; if (: <&8) 2>/dev/null; then echo open; else echo closed; fi'"
    );
    // A file stands for the descriptor: read from its start.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("value");
    let script = format!("exec 9>{0} 8<{0}; {script}", path.display());
    let output = Command::new("sh").args(["-c", &script]).env("SEKISHO", SEKISHO).output().unwrap();
    assert_eq!(text(&output.stdout), "***\nclosed\n", "{}", text(&output.stderr));
    let none = mask(&["--fd", "77", "--", "echo", "x"]).output().unwrap();
    assert_eq!((none.status.code(), text(&none.stdout).as_str()), (Some(125), ""));
    assert!(text(&none.stderr).contains("77"), "{}", text(&none.stderr));
}

#[test]
fn a_value_that_was_printed_before_it_was_known_is_told() {
    let value = secret().replace('h', "j");
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let script = format!("echo {value}; printf %s {value} | $SEKISHO mask add LATE; echo {value}");
    let path = report.to_str().unwrap();
    let arguments =
        ["--no-mounts", "--summary", "--report", path, "--fail-on-leak", "6", "--", "sh", "-c", &script];
    let output = mask(&arguments).output().unwrap();
    assert_eq!(text(&output.stdout), format!("{value}\n[MASKED:LATE]\n"));
    assert_eq!(output.status.code(), Some(6));
    let report = std::fs::read_to_string(report).unwrap();
    for shown in [text(&output.stderr), report] {
        assert!(shown.contains("late") && shown.contains("LATE") && !shown.contains(&value), "{shown}");
    }
}

#[test]
fn a_file_stays_whole_where_its_disk_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.txt");
    let content = format!("{}{}\n", "some line of a report\n".repeat(4000), secret());
    std::fs::write(&path, &content).unwrap();
    // No file may grow beyond 8 blocks: to a program that is a full disk.
    let script = format!("trap '' XFSZ; ulimit -f 8; exec \"$SEKISHO\" mask --in-place {}", path.display());
    let mut command = Command::new("sh");
    command.args(["-c", &script]).env("SEKISHO", SEKISHO).env("MY_TOKEN", secret());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(125), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("report.txt"), "{}", text(&output.stderr));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
}

#[test]
fn the_first_process_of_a_container() {
    let inside = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child", SEKISHO, "mask"]);
        command.args(["--no-mounts", "--", "sh", "-c", script]).env("MY_TOKEN", secret());
        command
    };
    let allowed = inside("exit 0").stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !allowed {
        eprintln!("not tested: this system makes no process namespaces");
        return;
    }
    // Orphans are ours then, and are waited for; the status is the command's.
    let output =
        inside("(sh -c 'sleep 0.1 & exec true' &); echo $MY_TOKEN; sleep 0.4; exit 7").output().unwrap();
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(7), "[MASKED:MY_TOKEN]\n"));
    let output = inside("kill -TERM $$").output().unwrap();
    assert_eq!(output.status.code(), Some(143));
}

#[test]
fn escapes_within_escapes_end() {
    let secret = secret();
    let mut deep = secret.clone();
    for _ in 0..6 {
        deep = deep.bytes().map(|byte| format!("%{byte:02X}")).collect();
        if deep.len() > 200_000 {
            break;
        }
    }
    let many = "&amp;".repeat(10_000) + &"\\".repeat(10_000) + &"%25".repeat(10_000);
    let output = feed(mask(&["--no-mounts"]), format!("{many}\n{deep}\n{secret}\n").as_bytes());
    let out = text(&output.stdout);
    assert!(out.starts_with(&many) && out.ends_with("\n[MASKED:MY_TOKEN]\n"), "{} bytes", out.len());
}
