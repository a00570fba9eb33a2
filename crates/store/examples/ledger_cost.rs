//! What the call ledger costs: how long an append takes while flushes run and the database is written.
//!
//! `cargo run --release -p playhouse-store --example ledger_cost [records] [rate] [folder]`
//!
//! `rate` is how many records a second are appended, 20,000 unless told otherwise; 0 is as many as will go. The
//! folder decides which disk is measured; without one it is the system's temporary folder. What the process's
//! threads do (appending, flushing, writing to SQLite) is counted together as CPU time.
#![expect(clippy::print_stdout, reason = "a report for a person")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use playhouse_llm::{CallRecord, Outcome, Usage};
use playhouse_store::{CallLedger, SqliteStore, StoreConfig};
use uuid::Uuid;

type Outcomes = Result<(), Box<dyn Error>>;

const RECORDS: usize = 1_000_000;
const RATE: u32 = 20_000;
/// Records that come at about the same time, as requests do.
const BURST: usize = 20;

fn main() -> Outcomes {
    let mut arguments = std::env::args().skip(1);
    let records = arguments.next().map_or(Ok(RECORDS), |text| text.parse())?;
    let rate = arguments.next().map_or(Ok(RATE), |text| text.parse())?;
    let parent = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(parent)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(measure(folder.path().to_owned(), records, rate))
}

async fn measure(folder: PathBuf, records: usize, rate: u32) -> Outcomes {
    let config = StoreConfig::default();
    let store = Arc::new(SqliteStore::open(&folder.join("playhouse.db"), &config)?);
    let ledger = Arc::new(CallLedger::open(&folder.join("ledger"), store, &config)?);
    let (before, began) = (cpu_time()?, Instant::now());
    let appending = ledger.clone();
    let times = std::thread::spawn(move || append_all(&appending, records, rate));
    let mut times = times.join().map_err(|_| "the appending thread died")?;
    let appended = began.elapsed();
    ledger.flush().await;
    let (spent, drained) = (cpu_time()?.saturating_sub(before), began.elapsed());
    report(&mut times, appended, drained, spent);
    println!("{:#?}", ledger.stats());
    Ok(())
}

fn append_all(ledger: &CallLedger, records: usize, rate: u32) -> Vec<Duration> {
    let began = Instant::now();
    let mut times = Vec::with_capacity(records);
    for number in 0..records {
        if rate > 0 && number % BURST == 0 {
            let due = Duration::from_secs(1) / rate * number as u32;
            std::thread::sleep(due.saturating_sub(began.elapsed()));
        }
        let record = call_record();
        let before = Instant::now();
        ledger.record(record);
        times.push(before.elapsed());
    }
    times
}

fn report(times: &mut [Duration], appended: Duration, drained: Duration, spent: Duration) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_nanos() as f64 / 1_000.0;
    let count = times.len() as f64;
    println!("appends   {:>12}", times.len());
    println!("rate / s  {:>12.0}", count / appended.as_secs_f64());
    println!(
        "in the database after {:.2} s ({:.0} / s)",
        drained.as_secs_f64(),
        count / drained.as_secs_f64()
    );
    println!("CPU us each, all threads {:.2}", spent.as_secs_f64() * 1e6 / count);
    for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)] {
        println!("{name:<9} {:>12.1} us", at(share));
    }
}

fn call_record() -> CallRecord {
    CallRecord {
        id: Uuid::now_v7().to_string().into(),
        request_id: "req_0190b6e47a3c7def8000000000000001".into(),
        session_id: Some("0190b6e4-7a3c-7def-8000-000000000002".into()),
        turn_id: Some("0190b6e4-7a3c-7def-8000-000000000003".into()),
        run_id: None,
        key_id: None,
        started_at_us: 1_750_000_000_000_000,
        operation: Default::default(),
        model: "gpt-4o-mini".into(),
        model_served: Some("gpt-4o-mini-2024-07-18".into()),
        provider: Some("openai".into()),
        stream: true,
        outcome: Outcome::Ok,
        status: Some(200),
        error: None,
        finish_reason: Some("stop".into()),
        attempts: 1,
        ttft_ms: Some(123.456),
        duration_ms: 1_234.567,
        usage: Some(Usage::new(812, 143)),
        cost_usd: Some(0.000_207_6),
        upstream_request_id: Some("req_9f1c2d3e4b5a69788796a5b4c3d2e1f0".into()),
    }
}

/// CPU time of this process, in user and system mode.
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(Duration::from_millis(ticks * 10))
}
