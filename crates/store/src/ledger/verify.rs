//! Comparing the ledger with the database, also while a server writes both.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use playhouse_llm::CallRecord;
use serde::Serialize;
use uuid::Uuid;

use super::reader::{Frames, Item, decode};
use super::recovery::unusable;
use super::segment::{self, Position};
use super::{refused, watermark};
use crate::{CallFilter, Calls, StoreError};

/// How many records are read from the database at once.
const PAGE: u32 = 1_000;
/// How many differences are told one by one.
const MOST_TOLD: usize = 20;

/// What a comparison has found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LedgerReport {
    /// Segments that were read.
    pub segments: u64,
    /// Their size.
    pub bytes: u64,
    /// Whole records in them.
    pub records: u64,
    /// Those of them that are in the database, and the same there.
    pub stored: u64,
    /// Not in the database yet; they come before long.
    pub waiting: u64,
    /// Not looked for: they are old enough to have been removed from the database.
    pub expired: u64,
    /// Refused by the database and set aside, those of segments that are gone among them.
    pub refused: u64,
    /// Delivered, and not in the database.
    pub missing: u64,
    /// In the database, but not as they are in the ledger.
    pub differing: u64,
    /// Places in the segments that are no records.
    pub damaged: u64,
    /// Records that are in the segments more than once.
    pub repeated: u64,
    /// The first of those that are missing or differ, and how.
    pub findings: Vec<Finding>,
}

/// A record that is not in the database as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The call's id.
    pub id: Arc<str>,
    /// What is wrong with it.
    pub problem: Arc<str>,
}

impl LedgerReport {
    /// Whether nothing is missing, nothing differs, and nothing is damaged.
    pub fn is_fine(&self) -> bool {
        self.missing == 0 && self.differing == 0 && self.damaged == 0
    }

    fn add_finding(&mut self, id: &Arc<str>, problem: &str) {
        if self.findings.len() < MOST_TOLD {
            self.findings.push(Finding { id: id.clone(), problem: problem.into() });
        }
    }
}

/// Compares all records in a ledger's segments with the database.
///
/// Calls that began before `kept_since_us` (Unix microseconds) may have been removed and are not looked for.
/// Nothing is written; memory is bounded by one segment.
///
/// # Errors
/// [`StoreError::Unavailable`] when the folder cannot be read; those of the database.
pub async fn verify_ledger(
    folder: &Path,
    calls: &dyn Calls,
    kept_since_us: Option<i64>,
) -> Result<LedgerReport, StoreError> {
    let mut comparison = Comparison::begin(folder, kept_since_us)?;
    for (number, _) in segment::list(folder).map_err(|error| unusable(folder, &error))? {
        let Some(some) = comparison.read(folder, number).map_err(|error| unusable(folder, &error))? else {
            continue;
        };
        comparison.compare(&some, calls).await?;
    }
    Ok(comparison.report)
}

struct Comparison {
    report: LedgerReport,
    /// Read before any segment: what lies before it must be in the database.
    watermark: Position,
    kept_since_us: Option<i64>,
    refused: HashSet<String>,
}

/// A record of a segment.
struct Kept {
    record: CallRecord,
    is_delivered: bool,
}

/// Records by their ids, as the database sorts them.
type Segment = BTreeMap<Uuid, Kept>;

impl Comparison {
    fn begin(folder: &Path, kept_since_us: Option<i64>) -> Result<Self, StoreError> {
        let watermark = watermark::load(folder).unwrap_or_default();
        let (refused, lines) = refused::ids(folder).map_err(|error| unusable(folder, &error))?;
        let report = LedgerReport { refused: lines, ..LedgerReport::default() };
        Ok(Self { report, watermark, kept_since_us, refused: refused.into_iter().collect() })
    }

    /// The records of a segment; `None` when it has been removed meanwhile.
    fn read(&mut self, folder: &Path, number: u64) -> io::Result<Option<Segment>> {
        let bytes = match segment::read(folder, Position { segment: number, offset: 0 }, None) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        self.report.segments += u64::from(bytes.len() as u64 > segment::HEAD);
        self.report.bytes += bytes.len() as u64;
        let mut records = Segment::new();
        let mut frames = Frames::new(&bytes, segment::HEAD as usize);
        while let Some(item) = frames.next() {
            let offset = frames.at() as u64;
            let is_delivered = Position { segment: number, offset } <= self.watermark;
            match item {
                Item::Record(payload) => self.keep(payload, is_delivered, &mut records),
                Item::Damage => self.report.damaged += 1,
                // Perhaps it is being written just now.
                Item::TornTail => {}
            }
        }
        Ok(Some(records))
    }

    fn keep(&mut self, payload: &[u8], is_delivered: bool, records: &mut Segment) {
        self.report.records += 1;
        // What cannot be decoded has been set aside, or will be.
        let Ok(record) = decode(payload) else { return };
        let is_old = self.kept_since_us.is_some_and(|since_us| record.started_at_us < since_us);
        if is_old {
            self.report.expired += 1;
        } else if let Ok(id) = Uuid::try_parse(&record.id)
            && !self.refused.contains(&*record.id)
            && records.insert(id, Kept { record, is_delivered }).is_some()
        {
            self.report.repeated += 1;
        }
    }

    /// Goes through the database beside the records, page by page, newest first.
    async fn compare(&mut self, records: &Segment, calls: &dyn Calls) -> Result<(), StoreError> {
        let Some((first, _)) = records.first_key_value() else { return Ok(()) };
        let after = neighbour(*first, |id| id.saturating_sub(1));
        let mut rest = records.iter().rev().peekable();
        while let Some((id, _)) = rest.peek() {
            let before = Some(neighbour(**id, |id| id.saturating_add(1)));
            let filter =
                CallFilter { before, after: Some(after.clone()), limit: PAGE, ..CallFilter::default() };
            let page = calls.list_calls(filter).await?;
            let is_last = page.len() < PAGE as usize;
            let end = page.last().and_then(|stored| Uuid::try_parse(&stored.id).ok()).filter(|_| !is_last);
            let stored = by_id(page);
            while let Some((id, kept)) = rest.next_if(|(id, _)| end.is_none_or(|end| **id >= end)) {
                self.judge(kept, stored.get(id));
            }
        }
        Ok(())
    }

    fn judge(&mut self, kept: &Kept, stored: Option<&CallRecord>) {
        let id = &kept.record.id;
        let Some(stored) = stored else {
            if kept.is_delivered {
                self.report.missing += 1;
                self.report.add_finding(id, "it is not in the database");
            } else {
                self.report.waiting += 1;
            }
            return;
        };
        match difference(&kept.record, stored) {
            None => self.report.stored += 1,
            Some(field) => {
                self.report.differing += 1;
                self.report.add_finding(id, &format!("its {field} is another in the database"));
            }
        }
    }
}

fn by_id(page: Vec<CallRecord>) -> BTreeMap<Uuid, CallRecord> {
    page.into_iter().filter_map(|record| Some((Uuid::try_parse(&record.id).ok()?, record))).collect()
}

fn neighbour(id: Uuid, step: impl Fn(u128) -> u128) -> Arc<str> {
    Uuid::from_u128(step(id.as_u128())).to_string().into()
}

/// The first field in which two records differ by more than the database rounds.
fn difference(kept: &CallRecord, stored: &CallRecord) -> Option<&'static str> {
    let about = |one: Option<f64>, other: Option<f64>| match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() <= 0.001 + one.abs() * 1e-9,
        (one, other) => one.is_none() && other.is_none(),
    };
    let counts = |record: &CallRecord| record.usage.as_ref().map(playhouse_llm::Usage::counts);
    let same = [
        ("request", kept.request_id == stored.request_id),
        ("session", kept.session_id == stored.session_id),
        ("turn", kept.turn_id == stored.turn_id),
        ("run", kept.run_id == stored.run_id),
        ("start", kept.started_at_us == stored.started_at_us),
        ("model", kept.model == stored.model),
        ("provider", kept.provider == stored.provider),
        ("outcome", kept.outcome == stored.outcome),
        ("status", kept.status == stored.status),
        ("error", kept.error == stored.error),
        ("number of attempts", kept.attempts == stored.attempts),
        ("time to the first token", about(kept.ttft_ms, stored.ttft_ms)),
        ("duration", about(Some(kept.duration_ms), Some(stored.duration_ms))),
        ("token counts", counts(kept) == counts(stored)),
        ("cost", about(kept.cost_usd, stored.cost_usd)),
    ];
    same.into_iter().find(|(_, is_same)| !is_same).map(|(field, _)| field)
}
