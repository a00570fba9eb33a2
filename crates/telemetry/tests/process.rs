//! What belongs to a whole process: the panic hook, stdout and the way out.

#![expect(clippy::unwrap_used, reason = "a helper of a test may stop it at the first surprise")]

use std::process::{Command, exit};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use playhouse_telemetry::log::{self, capture, log_panics};
use playhouse_telemetry::{LoggingConfig, RequestScope, info};
use serde_json::Value;

#[test]
fn a_panic_is_a_log_line() {
    let flushed = Arc::new(AtomicU32::new(0));
    let flushes = Arc::clone(&flushed);
    log_panics(move || {
        flushes.fetch_add(1, Ordering::Relaxed);
    });
    let (lines, guard) = capture(&LoggingConfig::default());
    let broken = || RequestScope::new("req_1").enter(|| panic!("broke at {}", line!()));
    assert!(std::panic::catch_unwind(broken).is_err());
    drop(guard);
    // A failing assertion must be heard again.
    drop(std::panic::take_hook());

    let line = &lines.json()[0];
    assert_eq!((line["level"].as_str(), line["message"].as_str()), (Some("ERROR"), Some("Panicked")));
    assert!(line["exception"].as_str().unwrap().contains("process.rs:"), "{line}");
    let message = format!(": broke at {}", line["line"]);
    assert!(line["exception"].as_str().unwrap().contains(&message), "{line}");
    assert!(line["module"].as_str().unwrap().ends_with("process.rs"), "{line}");
    assert_eq!(line["request_id"], "req_1");
    assert_eq!(flushed.load(Ordering::Relaxed), 1);
}

/// How many lines a child logs before its end.
const LINES: usize = 2_000;

/// Runs one of the children below and reads the log lines it left on stdout.
fn lines_of(child: &str) -> Vec<Value> {
    let this = std::env::current_exe().unwrap();
    let arguments = ["--exact", child, "--ignored", "--nocapture"];
    let output = Command::new(this).args(arguments).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    // The test runner writes to stdout too, and does not always end its line.
    let objects = stdout.lines().filter_map(|line| serde_json::from_str(&line[line.find('{')?..]).ok());
    objects.collect()
}

fn log_lines() {
    (0..LINES).for_each(|number| info!(target: "playhouse::test", number, "counting"));
}

#[test]
fn a_good_end_loses_no_line() {
    let lines = lines_of("child_that_ends");
    let numbers: Vec<_> = lines.iter().filter_map(|line| line["number"].as_u64()).collect();
    assert_eq!(numbers, (0..LINES as u64).collect::<Vec<_>>());
}

#[test]
fn a_crash_loses_no_line_before_it() {
    let lines = lines_of("child_that_crashes");
    assert_eq!(lines.len(), LINES + 1);
    assert_eq!(lines[LINES]["message"], "Panicked");
}

#[test]
#[ignore = "run by a_good_end_loses_no_line"]
fn child_that_ends() {
    let guard = log::start(&LoggingConfig::default(), false).unwrap();
    log_lines();
    drop(guard);
    exit(0);
}

#[test]
#[ignore = "run by a_crash_loses_no_line_before_it"]
fn child_that_crashes() {
    let guard = log::start(&LoggingConfig::default(), false).unwrap();
    log_lines();
    assert!(std::panic::catch_unwind(|| panic!("on purpose")).is_err());
    // What follows a crash runs no destructor.
    std::mem::forget(guard);
    exit(0);
}

#[test]
#[ignore = "run by logging_starts_once"]
fn child_that_starts_twice() {
    let _guard = log::start(&LoggingConfig::default(), false).unwrap();
    let refusal = log::start(&LoggingConfig::default(), false).unwrap_err();
    info!(target: "playhouse::test", refusal = %refusal, "Started twice");
}

#[test]
fn logging_starts_once() {
    let lines = lines_of("child_that_starts_twice");
    assert_eq!(lines[0]["refusal"], "logging was started before: start it once, in main");
}
