//! A long session is as fast as a short one, by the clock. Run with `--run-ignored only`.

use std::time::{Duration, Instant};

use playhouse_store::{HistoryWindow, Sessions, SqliteStore, TurnEnding};

use super::TestDatabase;
use crate::conformance::{beginning, end, take_turn};

#[tokio::test]
#[ignore = "measures time"]
async fn ten_thousand_messages_are_as_fast_as_twenty() {
    let database = TestDatabase::new();
    let store = database.open();
    for n in 0..10 {
        take_turn(&store, "short", n).await;
    }
    for n in 10..5_010 {
        take_turn(&store, "long", n).await;
    }
    let short = time_of_200_turns(&store, "short", 10_000).await;
    let long = time_of_200_turns(&store, "long", 20_000).await;
    println!("short {short:?}, long {long:?}");
    assert!(long < short * 2, "short {short:?}, long {long:?}");
}

async fn time_of_200_turns(store: &SqliteStore, session: &str, first: u32) -> Duration {
    let window = HistoryWindow { max_messages: 20, max_tokens: 8_000 };
    let began = Instant::now();
    for n in first..first + 200 {
        let begun = store.begin_turn(beginning(session, n, window)).await.unwrap();
        assert_eq!(begun.history.len(), 20);
        end(store, n, TurnEnding::Failed { error: "test".into() }, Vec::new()).await;
    }
    began.elapsed()
}
