//! Loading again when files change, with the clock under control.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use playhouse_mock::script::{LoadFailure, Loaded, Watch};
use tokio::time::timeout;

/// Writes a file that was modified this many seconds after the epoch, however fast the test is.
fn write(path: &Path, text: &str, modified_s: u64) {
    fs::write(path, text).unwrap();
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(modified_s);
    File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
}

fn script(reply: &str) -> String {
    format!("rules: [{{reply: {reply}}}]\n")
}

/// The replies of what was loaded, or what is wrong with it.
fn replies(loaded: Result<Loaded, LoadFailure>) -> Vec<String> {
    match loaded {
        Ok(loaded) => loaded
            .script
            .rules
            .iter()
            .map(|rule| rule.reply.clone().unwrap().text.unwrap_or_default())
            .collect(),
        Err(failure) => failure.problems.iter().map(|problem| problem.message.clone()).collect(),
    }
}

/// What is loaded next, if anything is within a minute.
async fn next(watch: &mut Watch) -> Option<Vec<String>> {
    timeout(Duration::from_secs(60), watch.next()).await.ok().map(replies)
}

#[tokio::test(start_paused = true)]
async fn a_changed_file_is_loaded_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    write(&file, &script("one"), 1);
    let (mut watch, first) = Watch::start(&[&file]);
    assert_eq!(replies(first), ["one"]);
    assert_eq!(next(&mut watch).await, None);
    write(&file, &script("two"), 2);
    assert_eq!(next(&mut watch).await.unwrap(), ["two"]);
    assert_eq!(next(&mut watch).await, None);
    write(&file, &script("three"), 2);
    assert_eq!(next(&mut watch).await.unwrap(), ["three"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_is_seen_within_half_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    write(&file, &script("one"), 1);
    let (mut watch, _) = Watch::start(&[&file]);
    assert!(timeout(Duration::from_secs(3), watch.next()).await.is_err());
    write(&file, &script("two"), 2);
    assert!(timeout(Duration::from_millis(500), watch.next()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_told_once_until_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    write(&file, "rules: [{replay: one}]", 1);
    let (mut watch, first) = Watch::start(&[&file]);
    assert_eq!(replies(first), ["unknown key 'replay' in a rule"]);
    assert_eq!(next(&mut watch).await, None);
    write(&file, &script("one"), 2);
    assert_eq!(next(&mut watch).await.unwrap(), ["one"]);
    fs::remove_file(&file).unwrap();
    assert_eq!(next(&mut watch).await.unwrap(), ["cannot read the script: there is no such file or folder"]);
    assert_eq!(next(&mut watch).await, None);
    write(&file, &script("two"), 3);
    assert_eq!(next(&mut watch).await.unwrap(), ["two"]);
}

#[tokio::test(start_paused = true)]
async fn files_of_a_folder_may_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("b.yaml"), &script("b"), 1);
    let (mut watch, _) = Watch::start(&[folder.path()]);
    write(&folder.path().join("a.yaml"), &script("a"), 1);
    assert_eq!(next(&mut watch).await.unwrap(), ["a", "b"]);
    fs::remove_file(folder.path().join("b.yaml")).unwrap();
    assert_eq!(next(&mut watch).await.unwrap(), ["a"]);
    write(&folder.path().join("notes.md"), "nothing", 1);
    assert_eq!(next(&mut watch).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_changed_fixture_loads_the_script_again() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = folder.path().join("answer.txt");
    write(&fixture, "one", 1);
    write(&folder.path().join("a.yaml"), "rules: [{reply: {fixture: answer.txt}}]", 1);
    let (mut watch, first) = Watch::start(&[folder.path()]);
    first.unwrap();
    assert_eq!(next(&mut watch).await, None);
    write(&fixture, "two", 2);
    assert!(next(&mut watch).await.is_some());
    assert_eq!(next(&mut watch).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_change_is_not_lost_when_waiting_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    write(&file, &script("one"), 1);
    let (mut watch, _) = Watch::start(&[&file]);
    write(&file, &script("two"), 2);
    assert!(timeout(Duration::from_millis(1), watch.next()).await.is_err());
    assert_eq!(next(&mut watch).await.unwrap(), ["two"]);
}
