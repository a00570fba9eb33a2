//! What turns cost over PostgreSQL: their rate, and the CPU time of this process. What the server spends is to be
//! seen in its own statistics.
//!
//! `cargo run --release -p playhouse-store --example postgres_cost postgres://user@host/database [turns] [callers]`
#![expect(clippy::print_stdout, reason = "a report for a person")]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use playhouse_llm::{Message, Usage};
use playhouse_store::{
    BeginTurn, FinishTurn, HistoryWindow, PostgresConfig, PostgresStore, Sessions, StoreError, TurnEnding,
    TurnTerms,
};
use uuid::Uuid;

type Outcomes = Result<(), Box<dyn Error>>;

const WINDOW: HistoryWindow = HistoryWindow { max_messages: 20, max_tokens: 100_000 };
const NOW_US: i64 = 1_750_000_000_000_000;

fn main() -> Outcomes {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("the first argument is the URL of a database")?;
    let turns = arguments.next().map_or(Ok(40_000), |count| count.parse())?;
    let callers = arguments.next().map_or(Ok(64), |count| count.parse())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(url, turns, callers))
}

/// Each caller talks in a session of its own, and takes its next turn when the last has ended.
async fn measure(url: String, turns: usize, callers: usize) -> Outcomes {
    let store = Arc::new(PostgresStore::open(&url.into(), &PostgresConfig::default()).await?);
    let (began, cpu) = (Instant::now(), cpu_time()?);
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (store, session) = (Arc::clone(&store), Uuid::now_v7().to_string());
            tokio::spawn(async move {
                for _ in 0..turns / callers {
                    take_turn(&store, &session).await?;
                }
                Ok::<(), StoreError>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let (wall_s, cpu) = (began.elapsed().as_secs_f64(), cpu_time()? - cpu);
    let taken = (turns / callers * callers) as f64;
    println!("turns: {:.0}/s, {:.1} us of CPU time each", taken / wall_s, cpu.as_secs_f64() * 1e6 / taken);
    Ok(())
}

async fn take_turn(store: &PostgresStore, session: &str) -> Result<(), StoreError> {
    let turn_id: Arc<str> = Uuid::now_v7().to_string().into();
    let begin = BeginTurn {
        key_id: None,
        session_id: session.into(),
        turn_id: Arc::clone(&turn_id),
        message: Message::user("A person asks something that fits into a few lines. ".repeat(17)),
        now_us: NOW_US,
        history: WINDOW,
        terms: TurnTerms { model: Some("gpt-4o-mini".into()), ..TurnTerms::default() },
    };
    store.begin_turn(begin).await?;
    let answer = Message::assistant("A language model answers with a sentence.");
    let mut finish = FinishTurn::new(turn_id, TurnEnding::Completed, NOW_US).with_messages(vec![answer]);
    finish.model = Some("gpt-4o-mini-2024-07-18".into());
    finish.finish_reason = Some("stop".into());
    finish.usage = Some(Usage::new(412, 140));
    store.finish_turn(finish).await
}

/// User and system time of this process: Linux counts them in hundredths of a second.
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').ok_or("no process name in /proc/self/stat")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(Duration::from_millis(ticks * 10))
}
