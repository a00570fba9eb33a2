//! A process that appends, and what is there when it is gone.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use async_trait::async_trait;
use playhouse_llm::CallRecord;
use playhouse_store::{
    CallFilter, CallLedger, CallStat, Calls, Scope, SqliteStore, StatsBy, StoreConfig, StoreError,
};

use super::{ids_in, record};
use crate::sqlite::TestDatabase;

/// Tells the child where to write. The child is this very program, at one of the tests below.
const FOLDER: &str = "PLAYHOUSE_TEST_LEDGER";
const ACKNOWLEDGED: usize = 3_000;

#[tokio::test]
async fn nothing_acknowledged_is_lost_or_doubled_by_kills() {
    let database = TestDatabase::new();
    let folder = database.path().parent().unwrap().to_owned();
    let mut acknowledged = HashSet::new();
    for from in [0, 1_000_000, 2_000_000] {
        let mut child = spawn("appends_until_killed", &folder, from);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let numbers = lines.filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<u32>().ok());
        acknowledged.extend(numbers.take(ACKNOWLEDGED));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(acknowledged.len(), 3 * ACKNOWLEDGED);

    let store = Arc::new(database.open());
    CallLedger::open(&folder.join("ledger"), store.clone(), &config()).unwrap().flush().await;
    let ids = ids_in(&store).await;
    let found: HashSet<_> = ids.iter().cloned().collect();
    assert_eq!(found.len(), ids.len());
    assert!(acknowledged.iter().all(|number| found.contains(&record(*number).id)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child of nothing_acknowledged_is_lost_or_doubled_by_kills"]
async fn appends_until_killed() {
    let Some((folder, from)) = task() else { return };
    let store = Arc::new(SqliteStore::open(&folder.join("playhouse.db"), &config()).unwrap());
    let ledger = CallLedger::open(&folder.join("ledger"), store, &config()).unwrap();
    let mut out = std::io::stdout().lock();
    for number in from.. {
        ledger.record(record(number));
        if writeln!(out, "acknowledged {number}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

/// A limit on the size of files cuts a write short and then refuses it, as a disk that fills does.
#[tokio::test]
#[cfg_attr(not(unix), ignore = "only Unix limits the size of files")]
async fn a_disk_that_fills_loses_nothing_it_took_and_counts_what_it_did_not() {
    let database = TestDatabase::new();
    let folder = database.path().parent().unwrap().to_owned();
    let mut child = spawn("appends_to_a_full_disk", &folder, 0);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // Read to its end, or the child could not say that it ended well.
    let numbers = |line: String| Some(line.strip_prefix("told ")?.split(' ').map(parsed).collect());
    let told: Vec<Vec<u32>> = lines.filter_map(numbers).collect();
    assert!(child.wait().unwrap().success());
    let [appended, in_memory, dropped] = told[0][..] else { panic!("{told:?}") };
    assert!(appended > 50, "the disk took {appended}");
    assert_eq!((in_memory, appended + in_memory + dropped), (100, 2_000));

    let store = Arc::new(database.open());
    let ledger = CallLedger::open(&folder.join("ledger"), store.clone(), &config()).unwrap();
    ledger.flush().await;
    assert_eq!(ledger.stats().damaged, 0);
    let mut ids = ids_in(&store).await;
    ids.reverse();
    assert_eq!(ids, (0..appended).map(|number| record(number).id).collect::<Vec<_>>());
}

#[tokio::test]
#[ignore = "the child of a_disk_that_fills_loses_nothing_it_took_and_counts_what_it_did_not"]
async fn appends_to_a_full_disk() {
    let Some((folder, _)) = task() else { return };
    let config = StoreConfig { call_queue: 100, ..config() };
    let ledger = CallLedger::open(&folder.join("ledger"), Arc::new(Away), &config).unwrap();
    (0..2_000).for_each(|number| ledger.record(record(number)));
    let stats = ledger.stats();
    assert!(stats.trouble.is_some());
    let mut out = std::io::stdout().lock();
    writeln!(out, "\ntold {} {} {}", stats.appended, stats.in_memory, stats.dropped).unwrap();
}

fn parsed(word: &str) -> u32 {
    word.parse().unwrap()
}

fn config() -> StoreConfig {
    StoreConfig { ledger_max_bytes: 64 << 20, ledger_keep_bytes: 0, ..StoreConfig::default() }
}

fn task() -> Option<(PathBuf, u32)> {
    let task = std::env::var(FOLDER).ok()?;
    let (from, folder) = task.split_once(' ')?;
    Some((folder.into(), from.parse().ok()?))
}

/// Starts a child, for which files end after 50 KB (512 bytes a unit, or 1,024 in some shells) if it is to
/// meet a full disk. The signal that tells of it is ignored, and so it is in what the shell becomes.
fn spawn(test: &str, folder: &Path, from: u32) -> Child {
    let limit = if test.contains("full_disk") { "trap '' XFSZ; ulimit -f 100; " } else { "" };
    Command::new("sh")
        .arg("-c")
        .arg(format!("{limit}exec \"$0\" \"$@\""))
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("ledger::child::{test}"), "--ignored", "--nocapture"])
        .env(FOLDER, format!("{from} {}", folder.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A database that is away.
struct Away;

fn away<T>() -> Result<T, StoreError> {
    Err(StoreError::unavailable("gone fishing"))
}

#[async_trait]
impl Calls for Away {
    async fn append_calls(&self, _: Arc<[CallRecord]>) -> Result<(), StoreError> {
        away()
    }

    async fn list_calls(&self, _: CallFilter) -> Result<Vec<CallRecord>, StoreError> {
        away()
    }

    async fn call_stats(&self, _: &Scope, _: StatsBy, _: Option<i64>) -> Result<Vec<CallStat>, StoreError> {
        away()
    }

    async fn prune_calls(&self, _: i64, _: u32) -> Result<u64, StoreError> {
        away()
    }
}
