//! `tieline run` and `tieline variables`: what the process gets, and what is left when the server is away.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tieline_core::clock::Clock as _;
use tieline_vault::system::SystemClock;

use crate::shop::{Shop, WEB};
use crate::world::Answer;

const NASTY: [(&str, &str); 6] = [
    ("A_EMPTY_ISH", " "),
    ("B_LINES", "one\ntwo\n\n"),
    ("C_QUOTES", "it's \"quoted\""),
    ("D_DOLLAR", "$HOME ${HOME} $(id) `id`"),
    ("E_BACKSLASH", "\\ \\\\ \\n\\"),
    ("F_ALL", "it's \"$HOME\" `x`\n\\ # ! žluťoučký"),
];

fn answer(command: &mut Command) -> Answer {
    command.output().expect("the binary runs").into()
}

#[test]
fn the_command_takes_the_place_of_the_runner() {
    let shop = Shop::open();
    shop.deploy_web(&[("LOG", "from the snapshot")], &[]);
    let ended = |script: &str| shop.run(&[], script).status().expect("it runs");
    assert_eq!(ended("exit 42").code(), Some(42));
    assert_eq!(ended("kill -KILL $$").signal(), Some(9));

    let mut child =
        shop.run(&[], "echo $$; cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
    child.stdin.take().expect("its stdin").write_all(b"through stdin").expect("it reads");
    let pid = child.id();
    let output = Answer::from(child.wait_with_output().expect("its end"));
    assert_eq!(output.stdout, format!("{pid}\nthrough stdin"));

    let token = shop.server.admin_token();
    let mut run = shop.run(&[], "printf '%s|%s|%s' \"$LOG\" \"${TIELINE_TOKEN-none}\" \"$KEPT\"");
    let got = answer(run.env("LOG", "from outside").env("TIELINE_TOKEN", token).env("KEPT", "kept"));
    assert_eq!(got.stdout, "from the snapshot|none|kept", "{got:?}");
}

#[test]
fn what_cannot_run_says_so() {
    let shop = Shop::open();
    let not_deployed = shop.run(&[], "true").output().expect("it runs");
    assert_eq!(not_deployed.status.code(), Some(1));
    shop.deploy_web(&[("LOG", "x")], &[]);
    for (arguments, code) in [
        (vec!["--", "no-such-command-here"], 127),
        (vec!["--", "./web"], 126),
        (vec![], 2),
        (vec!["--version", "v9", "--", "true"], 1),
        (vec!["--url", "http://127.0.0.1:1", "--token", "x", "--", "true"], 3),
    ] {
        let ended = shop.tieline(&[&["run"], &WEB[..], &arguments].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), ""), "{arguments:?} {ended:?}");
        assert!(ended.stderr.contains("error"), "{ended:?}");
    }
}

#[test]
fn the_last_snapshot_starts_it_when_the_server_is_away() {
    let mut shop = Shop::open();
    shop.deploy_web(&[("SECRET", "canary-4711")], &[]);
    let run = |shop: &Shop| answer(&mut shop.run(&[], "printf %s \"$SECRET\""));
    assert_eq!(run(&shop).done().stdout, "canary-4711");
    let files = files(&shop.state());
    assert_eq!(files.len(), 1, "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).expect("a kept snapshot");
        assert!(!String::from_utf8_lossy(&bytes).contains("canary"), "{}", file.display());
        assert!(!String::from_utf8_lossy(&bytes).contains("SECRET"), "{}", file.display());
    }

    shop.server.kill();
    let away = run(&shop);
    assert_eq!((away.code, away.stdout.as_str()), (Some(0), "canary-4711"), "{away:?}");
    assert!(away.stderr.starts_with("warning: "), "{away:?}");
    std::fs::remove_file(shop.server.data().join("server.json")).expect("server.json goes");
    assert_eq!(run(&shop).done().stdout, "canary-4711");

    let stranger = answer(shop.run(&[], "printf %s \"$SECRET\"").env("TIELINE_TOKEN", "another token"));
    assert_eq!((stranger.code, stranger.stdout.as_str()), (Some(3), ""), "{stranger:?}");
}

#[test]
fn watching_restarts_by_the_policy() {
    let shop = Shop::open();
    shop.deploy_web(&[("LOG", "one")], &[]);
    let mut child =
        shop.run(&["--watch"], "echo $LOG; exec sleep 600").stdout(Stdio::piped()).spawn().expect("it runs");
    let mut lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
    let mut next = || lines.next().expect("a line").expect("UTF-8");
    assert_eq!(next(), "one");
    shop.deploy_web(&[("LOG", "two")], &[]);
    assert_eq!(next(), "two");
    shop.deploy_web(&[("LOG", "three")], &["--policy", "manual"]);
    shop.deploy_web(&[("LOG", "three")], &["--policy", "immediate"]);
    assert_eq!(next(), "three", "another policy for the same values is followed");
    let in_three_days = SystemClock.now().to_zoned(jiff::tz::TimeZone::UTC).date().weekday().wrapping_add(3);
    let day = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
        [usize::try_from(in_three_days.to_monday_zero_offset()).expect("a day")];
    shop.deploy_web(&[("LOG", "late")], &["--policy", &format!("window:{day} 02:00-04:00 UTC")]);
    shop.deploy_web(&[("LOG", "later")], &["--policy", "manual"]);
    shop.deploy_web(&[("LOG", "four")], &[]);
    assert_eq!(next(), "four", "a manual policy waits for the next start");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    kill(pid, Signal::SIGTERM).expect("it lives");
    assert_eq!(child.wait().expect("its end").signal(), Some(15), "it ends as its command did");
}

#[test]
fn variables_are_written_so_that_they_are_read_back() {
    let shop = Shop::open();
    shop.deploy_web(&NASTY, &[]);
    let print = |format: &str| shop.tieline(&[&["variables", "--format", format], &WEB[..]].concat()).done().stdout;
    let json: serde_json::Value = serde_json::from_str(&print("json")).expect("JSON");
    let by_output = shop.tieline(&[&["variables", "--output", "json"], &WEB[..]].concat()).done().json();
    assert_eq!(json, by_output);
    let (shell, dotenv) = (print("shell"), print("dotenv"));
    for (name, value) in NASTY {
        assert_eq!(json[name], value);
        for text in [&shell, &dotenv] {
            let script = format!("eval \"$1\"; printf '%s|' \"${name}\"");
            let output = Command::new("sh").args(["-c", &script, "sh", text]).output().expect("sh runs");
            assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{value}|"), "{name} {text}");
        }
    }
    let ran = answer(&mut shop.run(&[], "printf '%s|' \"$F_ALL\""));
    assert_eq!(ran.done().stdout, format!("{}|", NASTY[5].1));
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
