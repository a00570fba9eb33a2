//! The ledger compared with the database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use playhouse_llm::CallRecord;
use playhouse_store::{CallLedger, Calls, LedgerReport, SqliteStore, StoreConfig, verify_ledger};

use super::record;
use crate::sqlite::TestDatabase;

const COUNT: u32 = 2_500;

struct Kept {
    database: TestDatabase,
    ledger: PathBuf,
}

impl Kept {
    /// Records that have gone through the ledger into the database, or what `edit` makes of them there.
    async fn delivered(edit: impl Fn(CallRecord) -> Option<CallRecord>) -> Self {
        let database = TestDatabase::new();
        let ledger = database.path().parent().unwrap().join("ledger");
        let store = Arc::new(database.open());
        let edited: Vec<_> = (0..COUNT).map(record).filter_map(edit).collect();
        let elsewhere = TestDatabase::new();
        let first: Arc<dyn Calls> = Arc::new(elsewhere.open());
        let open = CallLedger::open(&ledger, first, &StoreConfig::default()).unwrap();
        (0..COUNT).for_each(|number| open.record(record(number)));
        open.flush().await;
        store.append_calls(edited.into()).await.unwrap();
        Self { database, ledger }
    }

    async fn verify(&self, since_us: Option<i64>) -> LedgerReport {
        let store = SqliteStore::open_read_only(&self.database.path()).unwrap();
        verify_ledger(&self.ledger, &store, since_us).await.unwrap()
    }
}

fn problems(report: &LedgerReport) -> Vec<(String, &str)> {
    report.findings.iter().map(|finding| (finding.id.to_string(), &*finding.problem)).collect()
}

#[tokio::test]
async fn what_is_as_it_should_be_is_fine() {
    let report = Kept::delivered(Some).await.verify(None).await;
    assert!(report.is_fine(), "{report:?}");
    assert_eq!((report.records, report.stored, report.waiting), (COUNT.into(), COUNT.into(), 0));
}

#[tokio::test]
async fn what_is_missing_or_differs_is_found() {
    let kept = Kept::delivered(|record| match &*record.request_id {
        "request-1000" => None,
        "request-7" => Some(CallRecord { cost_usd: Some(9.0), ..record }),
        _ => Some(record),
    })
    .await;
    let report = kept.verify(None).await;
    assert!(!report.is_fine());
    assert_eq!((report.missing, report.differing, report.stored), (1, 1, u64::from(COUNT) - 2));
    let told = [
        (record(1_000).id.to_string(), "it is not in the database"),
        (record(7).id.to_string(), "its cost is another in the database"),
    ];
    assert_eq!(problems(&report), told);
    let report = kept.verify(Some(record(1_001).started_at_us)).await;
    assert_eq!((report.expired, report.missing, report.is_fine()), (1_001, 0, true));
}

#[tokio::test]
async fn what_waits_is_not_missing() {
    let kept = Kept::delivered(|_| None).await;
    std::fs::remove_file(kept.ledger.join("watermark")).unwrap();
    let report = kept.verify(None).await;
    assert_eq!((report.waiting, report.missing, report.is_fine()), (COUNT.into(), 0, true));
}

#[tokio::test]
async fn damage_is_found_and_a_torn_end_is_none() {
    let kept = Kept::delivered(Some).await;
    let segment = first_segment(&kept.ledger);
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[100] ^= 1;
    bytes.truncate(bytes.len() - 10);
    std::fs::write(&segment, bytes).unwrap();
    let report = kept.verify(None).await;
    assert_eq!((report.damaged, report.stored, report.is_fine()), (1, u64::from(COUNT) - 2, false));
}

fn first_segment(folder: &Path) -> PathBuf {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "seg")).min().unwrap()
}
