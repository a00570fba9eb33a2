//! Disk and memory that are full.

use super::*;

fn files(folder: &Path) -> u64 {
    segment::list(folder).unwrap().iter().map(|(_, size)| size).sum()
}

#[tokio::test(start_paused = true)]
async fn beyond_the_disk_there_is_memory_and_beyond_that_they_are_counted() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    log.go_away(true);
    let bounds = Bounds { max_bytes: 10_000, segment_bytes: 4_000, keep_bytes: 0, queue: 20 };
    let ledger = open_within(folder.path(), &log, bounds);
    record_all(&ledger, 0..200);
    let stats = ledger.stats();
    assert!(stats.appended > 20 && stats.bytes <= 10_000, "{stats:?}");
    assert_eq!((stats.in_memory, stats.overflowed), (20, 20));
    assert_eq!(stats.appended + stats.in_memory + stats.dropped, 200);
    assert_eq!(
        stats.trouble.as_deref(),
        Some("it has reached its bound of 10000 bytes (store.ledger_max_bytes)")
    );

    log.go_away(false);
    ledger.flush().await;
    let kept = stats.appended as usize + 20;
    assert_eq!((log.ids(), log.most_often()), (ids(0..kept), 1));
    let stats = ledger.stats();
    assert_eq!((stats.waiting, stats.in_memory, stats.trouble), (0, 0, None));
    tokio::time::sleep(Duration::from_secs(5)).await;
    record_all(&ledger, 300..310);
    ledger.flush().await;
    assert_eq!(log.ids().len(), kept + 10, "there is room again");
}

#[tokio::test(start_paused = true)]
async fn what_is_in_memory_only_goes_to_the_disk_once_there_is_room() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    log.go_away(true);
    let ledger = open_within(folder.path(), &log, WIDE);
    record_all(&ledger, 0..5);
    {
        let mut appender = ledger.shared.appender();
        (5..10).for_each(|number| appender.keep_in_memory(record(&id(number))));
    }
    assert_eq!(ledger.stats().in_memory, 5);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((ledger.stats().in_memory, ledger.stats().waiting), (0, 10));
    drop(ledger);
    log.go_away(false);
    let ledger = open(folder.path(), &log);
    ledger.flush().await;
    assert_eq!((log.ids(), log.most_often()), (ids(0..10), 1));
}

#[tokio::test(start_paused = true)]
async fn segments_go_when_they_are_delivered_and_some_are_kept() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    for (keep_bytes, least, most) in [(0, 0, 5_000), (20_000, 15_000, 26_000)] {
        let ledger = open_within(folder.path(), &log, Bounds { segment_bytes: 4_000, keep_bytes, ..WIDE });
        for round in 0..30 {
            record_all(&ledger, round * 100..(round + 1) * 100);
            ledger.flush().await;
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        let (on_disk, told) = (files(folder.path()), ledger.stats().bytes);
        assert!(on_disk.abs_diff(told) <= segment::HEAD, "{on_disk} bytes are on disk, {told} are counted");
        assert!((least..most).contains(&told), "{told} bytes are kept, {keep_bytes} should be");
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_starts_again_and_again_leaves_no_heap_of_files() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    log.go_away(true);
    for _ in 0..20 {
        drop(open(folder.path(), &log));
    }
    let ledger = open(folder.path(), &log);
    assert!(segment::list(folder.path()).unwrap().len() <= 3);
    drop(ledger);
}
