//! From the ledger to the database.

use super::*;
use crate::ledger::courier::{LAST_RETRY, TICK};

#[tokio::test(start_paused = true)]
async fn records_wait_for_the_tick_and_go_together() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    let ledger = open(folder.path(), &log);
    tokio::time::sleep(TICK / 2).await;
    record_all(&ledger, 0..700);
    assert_eq!((ledger.stats().waiting, ledger.stats().written), (700, 0));
    assert_eq!(ledger.stats().oldest_us, Some(1_001_000));
    tokio::time::sleep(TICK).await;
    assert_eq!(log.batches(), [512, 188]);
    let stats = ledger.stats();
    assert_eq!((stats.waiting, stats.appended, stats.written, stats.oldest_us), (0, 700, 700, None));
}

#[tokio::test(start_paused = true)]
async fn flushing_does_not_wait_for_the_tick() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    let ledger = open(folder.path(), &log);
    ledger.flush().await;
    let began = tokio::time::Instant::now();
    record_all(&ledger, [1]);
    ledger.flush().await;
    assert_eq!(log.batches(), [1]);
    assert!(began.elapsed() < TICK);
}

#[tokio::test(start_paused = true)]
async fn an_hour_without_a_database_is_outlasted_with_little_memory() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    log.go_away(true);
    let bounds = Bounds { segment_bytes: 10_000, queue: 50, ..WIDE };
    let ledger = open_within(folder.path(), &log, bounds);
    record_all(&ledger, 0..1_000);
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    record_all(&ledger, 1_000..2_000);
    let stats = ledger.stats();
    assert_eq!((stats.waiting, stats.in_memory, stats.written), (2_000, 0, 0));
    log.go_away(false);
    tokio::time::timeout(LAST_RETRY * 2, ledger.flush()).await.unwrap();
    assert_eq!(log.ids(), ids(0..2_000));
    assert_eq!((log.most_often(), ledger.stats().waiting, ledger.stats().damaged), (1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn records_that_come_while_a_backlog_is_read_are_not_passed_over() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    log.go_away(true);
    let ledger = Arc::new(open_within(folder.path(), &log, Bounds { queue: 10, ..WIDE }));
    record_all(&ledger, 0..1_000);
    let appending = ledger.clone();
    *log.meanwhile.lock().unwrap() = Some((512, Box::new(move || record_all(&appending, 1_000..2_000))));
    log.go_away(false);
    ledger.flush().await;
    ledger.flush().await;
    assert_eq!((log.ids(), log.most_often(), ledger.stats().damaged), (ids(0..2_000), 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_refused_is_set_aside_and_takes_no_others_along() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    let ledger = open(folder.path(), &log);
    ["fine-1", "bad-1", "fine-2"].into_iter().for_each(|id| ledger.record(record(id)));
    ledger.flush().await;
    let stats = ledger.stats();
    assert_eq!((stats.written, stats.refused, stats.dropped, stats.waiting), (2, 1, 0, 0));
    assert_eq!(log.ids(), ["fine-1", "fine-2"]);
    let aside = fs::read_to_string(folder.path().join(refused::NAME)).unwrap();
    assert!(aside.starts_with(r#"{"reason":"'bad-1' is no call id","record":{"id":"bad-1","#), "{aside}");
}

#[tokio::test(start_paused = true)]
async fn what_has_been_delivered_is_not_sent_again_by_the_next_process() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    let ledger = open(folder.path(), &log);
    record_all(&ledger, 0..10);
    ledger.flush().await;
    drop(ledger);
    let ledger = open(folder.path(), &log);
    record_all(&ledger, 10..20);
    ledger.flush().await;
    assert_eq!((log.ids(), log.most_often()), (ids(0..20), 1));
}

#[tokio::test(start_paused = true)]
async fn a_watermark_that_is_lost_has_records_sent_once_more() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    let ledger = open(folder.path(), &log);
    record_all(&ledger, 0..10);
    ledger.flush().await;
    drop(ledger);
    for text in [&b""[..], b"{", b"{\"segment\":1}"] {
        fs::write(folder.path().join("watermark"), text).unwrap();
        let ledger = open_within(folder.path(), &log, Bounds { keep_bytes: 1 << 20, ..WIDE });
        assert_eq!(ledger.stats().waiting, 10);
        ledger.flush().await;
        drop(ledger);
    }
    assert_eq!((log.ids(), log.most_often()), (ids(0..10), 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_threads_append_at_once_and_each_record_comes_once() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    let ledger = Arc::new(open_within(folder.path(), &log, Bounds { segment_bytes: 4_096, ..WIDE }));
    let appending: Vec<_> = (0..8)
        .map(|thread| {
            let ledger = ledger.clone();
            std::thread::spawn(move || record_all(&ledger, (thread..4_000).step_by(8)))
        })
        .collect();
    appending.into_iter().for_each(|thread| thread.join().unwrap());
    ledger.flush().await;
    assert_eq!((log.ids(), log.most_often()), (ids(0..4_000), 1));
}

#[tokio::test]
async fn a_record_is_on_the_disk_itself_before_it_counts_where_that_is_wanted() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    let ledger = CallLedger::open_within(folder.path(), log.clone(), WIDE, None).unwrap();
    record_all(&ledger, 0..20);
    assert_eq!((ledger.stats().appended, ledger.stats().trouble), (20, None));
    assert!(ledger.shared.syncer.synced() >= 20);
}
