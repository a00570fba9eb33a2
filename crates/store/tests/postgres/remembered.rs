//! What a process remembers of conversations is what it would read.

use std::sync::Arc;

use playhouse_llm::Message;
use playhouse_store::testing::postgres;
use playhouse_store::{BeginTurn, FinishTurn, HistoryWindow, PostgresStore, Sessions, TurnEnding, TurnTerms};

use super::open;
use crate::conformance::{begin, beginning, take_turn, texts, turn_id};

/// What happens in a turn: how it ends, what is answered, and whether it comes in place of the last one.
type Script = (TurnEnding, &'static str, bool);

/// Takes the n-th turn, and returns what it sees.
async fn take(store: &PostgresStore, session: &str, n: u32, last: u32, script: &Script) -> Vec<String> {
    let (ending, answer, again) = script;
    let in_place_of = again.then(|| turn_id(last));
    let window = HistoryWindow { max_messages: 7, max_tokens: 60 };
    let terms = TurnTerms { in_place_of, ..TurnTerms::default() };
    let asked = BeginTurn {
        terms,
        message: Message::user(format!("question {}", n % 100)),
        ..beginning(session, n, window)
    };
    let seen = texts(&store.begin_turn(asked).await.unwrap().history);
    let said = Some(*answer).filter(|answer| !answer.is_empty()).map(Message::assistant);
    let end = FinishTurn::new(turn_id(n), ending.clone(), 9).with_messages(said.into_iter().collect());
    store.finish_turn(end).await.unwrap();
    seen
}

#[tokio::test]
async fn what_is_remembered_is_what_would_be_read() {
    let Some(database) = postgres::database() else { return };
    let store = open(&database).await;
    // Each finds that the other has taken the last turn, and reads.
    let forgetful = [open(&database).await, open(&database).await];
    let failed = TurnEnding::Failed { error: "timeout_idle".into() };
    let long = "a rather long answer, which takes as many tokens as there are: one after the other, word by word, and \
         then some more of them, so that nothing else fits beside it in a window of this size, not even half of it, \
         however little that may be";
    let script: [Script; 14] = [
        (TurnEnding::Completed, "one", false),
        (TurnEnding::Completed, "two", false),
        (TurnEnding::Completed, "three", false),
        (TurnEnding::Completed, "four", false),
        (failed.clone(), "half", false),
        (TurnEnding::Completed, "five", false),
        (TurnEnding::Interrupted, "half of six", false),
        (TurnEnding::Interrupted, "", false),
        (TurnEnding::Completed, "seven", false),
        (TurnEnding::Completed, "seven once more", true),
        (TurnEnding::Completed, long, false),
        (TurnEnding::Completed, "eight", false),
        (TurnEnding::Completed, "nine", false),
        (TurnEnding::Completed, "ten", false),
    ];
    for (n, turn) in (1..).zip(&script) {
        let remembered = take(&store, "ada", n, n - 1, turn).await;
        let read = take(&forgetful[n as usize % 2], "bob", 100 + n, 99 + n, turn).await;
        assert_eq!(remembered, read, "turn {n}");
        assert!(n == 1 || !read.is_empty() || script[n as usize - 2].1 == long, "turn {n}");
    }
}

#[tokio::test]
async fn what_is_remembered_is_not_read_again_and_what_others_said_is() {
    let Some(database) = postgres::database() else { return };
    let (store, other) = (open(&database).await, open(&database).await);
    take_turn(&store, "ada", 1).await;
    take_turn(&store, "bob", 2).await;
    // Nobody does this; it shows who reads.
    database.sql("UPDATE turns SET answer = 'changed'");
    assert_eq!(texts(&begin(&store, "ada", 3).await.unwrap().history), ["question 1", "answer 1"]);
    assert_eq!(texts(&begin(&other, "bob", 4).await.unwrap().history), ["question 2", "changed"]);
    let end = |n| FinishTurn::new(turn_id(n), TurnEnding::Completed, 9);
    other.finish_turn(end(4).with_messages(vec![Message::assistant("answer 4")])).await.unwrap();
    let said = ["question 2", "changed", "question 4", "answer 4"];
    assert_eq!(texts(&begin(&store, "bob", 5).await.unwrap().history), said);
}

#[tokio::test]
async fn a_session_that_is_made_anew_remembers_nothing() {
    let Some(database) = postgres::database() else { return };
    let store = open(&database).await;
    take_turn(&store, "ada", 1).await;
    let store: Arc<dyn Sessions> = Arc::new(store);
    assert!(store.delete_session(&playhouse_store::Scope::Everything, "ada").await.unwrap());
    let begun = store.begin_turn(beginning("ada", 2, crate::conformance::WIDE)).await.unwrap();
    assert_eq!((begun.number, begun.history.len()), (1, 0));
}
