//! What the store costs: CPU time and rate of turns and call records, each on one core.
//!
//! `taskset -c 1 cargo run --release -p playhouse-store --example store_cost [folder]`
//!
//! The folder decides which disk is measured; without one it is the system's temporary folder. CPU
//! time is that of the whole process, callers and writing thread together.
#![expect(clippy::print_stdout, reason = "a report for a person")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use playhouse_llm::{CallRecord, Message, Outcome, Usage};
use playhouse_store::{
    BeginTurn, Calls, FinishTurn, HistoryWindow, Sessions, SqliteStore, StoreConfig, StoreError, Synchronous,
    TurnEnding, TurnTerms,
};
use uuid::Uuid;

type Outcomes = Result<(), Box<dyn Error>>;

const WINDOW: HistoryWindow = HistoryWindow { max_messages: 20, max_tokens: 100_000 };
const NOW_US: i64 = 1_750_000_000_000_000;

fn main() -> Outcomes {
    let parent = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("{:<52} {:>10} {:>12} {:>10}", "", "rate / s", "CPU us each", "wall s");
    runtime.block_on(report(&parent))
}

async fn report(parent: &Path) -> Outcomes {
    for synchronous in [Synchronous::Normal, Synchronous::Full] {
        for (callers, sessions, turns) in
            [(64, 64, 40_000), (64, 10_000, 40_000), (64, 40_000, 40_000), (1, 1, 2_000)]
        {
            measure_turns(parent, synchronous, callers, sessions, turns).await?;
        }
        measure_calls(parent, synchronous, 200_000).await?;
    }
    measure_flatness(parent).await
}

async fn measure_turns(
    parent: &Path,
    synchronous: Synchronous,
    callers: usize,
    sessions: usize,
    turns: usize,
) -> Outcomes {
    let folder = tempfile::tempdir_in(parent)?;
    let store = Arc::new(open(folder.path(), synchronous)?);
    let meter = Meter::start()?;
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for turn in 0..turns / callers {
                    // Each caller has sessions of its own, so that no turn is refused.
                    let session = (turn % (sessions / callers).max(1)) * callers + caller;
                    take_turn(&store, &format!("session-{session}"), WINDOW).await?;
                }
                Ok::<(), StoreError>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    meter.report(&format!("turns, {synchronous:?}, {callers} callers, {sessions} sessions"), turns)
}

async fn measure_calls(parent: &Path, synchronous: Synchronous, calls: usize) -> Outcomes {
    let folder = tempfile::tempdir_in(parent)?;
    let store = open(folder.path(), synchronous)?;
    let batches: Vec<Arc<[CallRecord]>> =
        (0..calls / 512).map(|_| (0..512).map(|_| call_record()).collect()).collect();
    let meter = Meter::start()?;
    for batch in &batches {
        store.append_calls(Arc::clone(batch)).await?;
    }
    meter.report(&format!("call records, {synchronous:?}, batches of 512"), batches.len() * 512)
}

async fn measure_flatness(parent: &Path) -> Outcomes {
    let folder = tempfile::tempdir_in(parent)?;
    let store = open(folder.path(), Synchronous::Normal)?;
    let nothing = HistoryWindow { max_messages: 0, max_tokens: 0 };
    for (session, turns) in [("short", 10), ("long", 5_000)] {
        for _ in 0..turns {
            take_turn(&store, session, nothing).await?;
        }
    }
    for session in ["short", "long", "short", "long"] {
        let meter = Meter::start()?;
        for _ in 0..2_000 {
            let turn_id = begin(&store, session, WINDOW).await?;
            // Failed turns are no context: the history stays what it is.
            store
                .finish_turn(FinishTurn::new(turn_id, TurnEnding::Failed { error: "x".into() }, NOW_US))
                .await?;
        }
        meter.report(&format!("turns of the {session} session, history of 20 messages"), 2_000)?;
    }
    Ok(())
}

async fn take_turn(store: &SqliteStore, session: &str, history: HistoryWindow) -> Result<(), StoreError> {
    let turn_id = begin(store, session, history).await?;
    let answer = Message::assistant("A language model answers with a few sentences, as a rule. ".repeat(10));
    let mut finish = FinishTurn::new(turn_id, TurnEnding::Completed, NOW_US).with_messages(vec![answer]);
    finish.model = Some("gpt-4o-mini-2024-07-18".into());
    finish.finish_reason = Some("stop".into());
    finish.usage = Some(Usage::new(412, 140));
    store.finish_turn(finish).await
}

async fn begin(store: &SqliteStore, session: &str, history: HistoryWindow) -> Result<Arc<str>, StoreError> {
    let turn_id: Arc<str> = Uuid::now_v7().to_string().into();
    let message = Message::user("A person asks something that fits into a line or two. ".repeat(4));
    let begin = BeginTurn {
        key_id: None,
        session_id: session.into(),
        turn_id: Arc::clone(&turn_id),
        message,
        now_us: NOW_US,
        history,
        terms: TurnTerms::default(),
    };
    store.begin_turn(begin).await?;
    Ok(turn_id)
}

fn call_record() -> CallRecord {
    CallRecord {
        id: Uuid::now_v7().to_string().into(),
        request_id: Uuid::now_v7().to_string().into(),
        session_id: None,
        turn_id: None,
        run_id: None,
        key_id: None,
        started_at_us: NOW_US,
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
        usage: Some(Usage::new(412, 140)),
        cost_usd: Some(0.000_145),
        upstream_request_id: Some("req_0123456789abcdef0123456789abcdef".into()),
    }
}

fn open(folder: &Path, synchronous: Synchronous) -> Result<SqliteStore, StoreError> {
    let config = StoreConfig { synchronous, ..StoreConfig::default() };
    SqliteStore::open(&folder.join("playhouse.db"), &config)
}

/// Wall and CPU time since a moment.
struct Meter {
    began: Instant,
    cpu: Duration,
}

impl Meter {
    fn start() -> Result<Self, Box<dyn Error>> {
        Ok(Self { began: Instant::now(), cpu: cpu_time()? })
    }

    fn report(&self, what: &str, count: usize) -> Outcomes {
        let wall_s = self.began.elapsed().as_secs_f64();
        let cpu_us = (cpu_time()? - self.cpu).as_secs_f64() * 1e6 / count as f64;
        println!("{what:<52} {:>10.0} {cpu_us:>12.1} {wall_s:>10.2}", count as f64 / wall_s);
        Ok(())
    }
}

/// User and system time of this process: Linux counts them in hundredths of a second.
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').ok_or("no process name in /proc/self/stat")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(Duration::from_millis(ticks * 10))
}
