//! What a process that died has left, and what has happened to it.

use super::*;
use crate::ledger::segment::list;

/// A folder with one segment of records that no database has.
fn left_behind(numbers: std::ops::Range<usize>) -> (tempfile::TempDir, u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut file = segment::create(folder.path(), 1).unwrap();
    numbers.for_each(|number| std::io::Write::write_all(&mut file, &frame_of(&record(&id(number)))).unwrap());
    (folder, file.metadata().unwrap().len())
}

fn change(folder: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
    let path = segment::path(folder, 1);
    let mut bytes = fs::read(&path).unwrap();
    edit(&mut bytes);
    fs::write(&path, bytes).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_torn_end_is_cut_off_wherever_it_is_torn() {
    let length = frame_of(&record(&id(0))).len();
    for cut in 1..=length {
        let (folder, size) = left_behind(0..3);
        change(folder.path(), |bytes| bytes.truncate(bytes.len() - cut));
        let log = Arc::new(Log::default());
        let ledger = open(folder.path(), &log);
        assert_eq!(list(folder.path()).unwrap()[0], (1, size - length as u64), "cut by {cut}");
        assert_eq!(ledger.stats().waiting, 2);
        record_all(&ledger, [3]);
        ledger.flush().await;
        assert_eq!((log.ids(), log.most_often()), (ids([0, 1, 3]), 1), "cut by {cut}");
        assert_eq!(ledger.stats().damaged, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn damage_is_counted_and_costs_what_it_is_in() {
    let length = frame_of(&record(&id(0))).len();
    for place in [0, 1, 5, 7, 9, 11, 12, length - 1] {
        let (folder, _) = left_behind(0..4);
        change(folder.path(), |bytes| bytes[segment::HEAD as usize + length + place] ^= 0x40);
        let log = Arc::new(Log::default());
        let ledger = open(folder.path(), &log);
        assert_eq!(ledger.stats().waiting, 3);
        ledger.flush().await;
        assert_eq!(log.ids(), ids([0, 2, 3]), "byte {place}");
        assert_eq!((ledger.stats().damaged, ledger.stats().waiting), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_segment_whose_head_is_damaged_is_read_all_the_same() {
    let (folder, _) = left_behind(0..4);
    change(folder.path(), |bytes| bytes[3] ^= 1);
    let log = Arc::new(Log::default());
    open(folder.path(), &log).flush().await;
    assert_eq!(log.ids(), ids(0..4));
}

#[tokio::test(start_paused = true)]
async fn damage_that_comes_while_records_wait_holds_nothing_up() {
    let (folder, _) = left_behind(0..600);
    let log = Arc::new(Log::default());
    log.go_away(true);
    let ledger = open(folder.path(), &log);
    tokio::time::sleep(Duration::from_secs(10)).await;
    fs::remove_file(segment::path(folder.path(), 1)).unwrap();
    record_all(&ledger, [700]);
    log.go_away(false);
    ledger.flush().await;
    assert!(log.ids().contains(&id(700)));
    assert_eq!(ledger.stats().waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn a_record_of_a_later_kind_is_set_aside() {
    let (folder, _) = left_behind(0..2);
    change(folder.path(), |bytes| {
        let mut frame = frame_of(&record(&id(2)));
        let text = String::from_utf8(frame[frame::HEAD..].to_vec()).unwrap();
        let text = text.replace(r#""outcome":"ok""#, r#""outcome":"??""#);
        frame.splice(frame::HEAD.., text.into_bytes());
        let sum = {
            let mut hasher = crc32fast::Hasher::new();
            hasher.update(&frame[4..8]);
            hasher.update(&frame[frame::HEAD..]);
            hasher.finalize().to_le_bytes()
        };
        frame[8..12].copy_from_slice(&sum);
        bytes.extend(frame);
    });
    let log = Arc::new(Log::default());
    let ledger = open(folder.path(), &log);
    ledger.flush().await;
    assert_eq!((log.ids(), ledger.stats().refused), (ids(0..2), 1));
    assert!(fs::read_to_string(folder.path().join(refused::NAME)).unwrap().contains(&id(2)));
}

#[tokio::test]
async fn a_folder_belongs_to_one_ledger() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Arc::new(Log::default()));
    let ledger = open(folder.path(), &log);
    let error = CallLedger::open(folder.path(), log.clone(), &StoreConfig::default()).unwrap_err();
    assert_eq!(error, StoreError::LedgerInUse { folder: folder.path().to_owned() });
    assert!(error.to_string().contains(&folder.path().display().to_string()));
    drop(ledger);
    CallLedger::open(folder.path(), log, &StoreConfig::default()).unwrap();
}

#[tokio::test]
async fn a_segment_of_a_later_program_is_not_touched() {
    let (folder, size) = left_behind(0..2);
    change(folder.path(), |bytes| {
        bytes[8] = 2;
        let sum = crc32fast::hash(&bytes[..20]).to_le_bytes();
        bytes[20..24].copy_from_slice(&sum);
    });
    let error =
        CallLedger::open(folder.path(), Arc::new(Log::default()), &StoreConfig::default()).unwrap_err();
    assert!(error.to_string().contains("has version 2"), "{error}");
    assert_eq!(list(folder.path()).unwrap(), [(1, size)]);
}
