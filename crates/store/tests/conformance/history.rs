//! Which messages a new turn is given.

use playhouse_llm::{Message, Usage};
use playhouse_store::{BeginTurn, FinishTurn, HistoryWindow, Store, TurnEnding, estimate_tokens};

use super::sessions::tool_conversation;
use super::{Backend, WIDE, begin, beginning, end, take_turn, texts, turn_id};

/// The history that the n-th turn is given; the turn fails, so that others may follow.
async fn history(store: &dyn Store, n: u32, window: HistoryWindow) -> Vec<Message> {
    let begun = store.begin_turn(beginning("ada", n, window)).await.unwrap();
    end(store, n, TurnEnding::Failed { error: "test".into() }, Vec::new()).await;
    begun.history
}

fn window(max_messages: u32, max_tokens: u32) -> HistoryWindow {
    HistoryWindow { max_messages, max_tokens }
}

pub(crate) async fn a_history_is_what_was_said_oldest_first(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn(&*store, "ada", 1).await;
    take_turn(&*store, "ada", 2).await;
    let said = [
        Message::user("question 1"),
        Message::assistant("answer 1"),
        Message::user("question 2"),
        Message::assistant("answer 2"),
    ];
    assert_eq!(history(&*store, 3, WIDE).await, said);
}

pub(crate) async fn failed_turns_are_left_out(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn(&*store, "ada", 1).await;
    for n in 2..=5 {
        begin(&*store, "ada", n).await.unwrap();
        let half = vec![Message::assistant("half an ans")];
        end(&*store, n, TurnEnding::Failed { error: "timeout_idle".into() }, half).await;
    }
    take_turn(&*store, "ada", 6).await;
    let said = ["question 1", "answer 1", "question 6", "answer 6"];
    assert_eq!(texts(&history(&*store, 7, WIDE).await), said);
}

pub(crate) async fn an_interrupted_answer_is_kept(backend: &dyn Backend) {
    let store = backend.open().await;
    begin(&*store, "ada", 1).await.unwrap();
    end(&*store, 1, TurnEnding::Interrupted, vec![Message::assistant("Once upon a")]).await;
    assert_eq!(texts(&history(&*store, 2, WIDE).await), ["question 1", "Once upon a"]);
}

pub(crate) async fn an_interruption_without_an_answer_is_left_out(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut open_call = tool_conversation();
    open_call.truncate(1);
    for (n, messages) in (1..).zip([Vec::new(), vec![Message::assistant("")], open_call]) {
        begin(&*store, "ada", n).await.unwrap();
        end(&*store, n, TurnEnding::Interrupted, messages).await;
    }
    assert!(history(&*store, 9, WIDE).await.is_empty());
}

pub(crate) async fn a_history_keeps_to_its_messages(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 1..=5 {
        take_turn(&*store, "ada", n).await;
    }
    let last_two = ["question 4", "answer 4", "question 5", "answer 5"];
    assert_eq!(texts(&history(&*store, 6, window(4, 1_000)).await), last_two);
    // Half a turn would fit; whole turns are better.
    assert_eq!(texts(&history(&*store, 7, window(5, 1_000)).await), last_two);
    assert_eq!(history(&*store, 8, window(10, 1_000)).await.len(), 10);
    assert_eq!(history(&*store, 9, window(11, 1_000)).await.len(), 10);
}

pub(crate) async fn a_history_keeps_to_its_tokens(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 1..=5 {
        take_turn(&*store, "ada", n).await;
    }
    let turn =
        estimate_tokens(&Message::user("question 1")) + estimate_tokens(&Message::assistant("answer 1"));
    assert_eq!(history(&*store, 6, window(100, turn * 2)).await.len(), 4);
    assert_eq!(history(&*store, 7, window(100, turn * 2 - 1)).await.len(), 2);
    assert_eq!(history(&*store, 8, window(100, turn * 5)).await.len(), 10);
}

pub(crate) async fn a_vendors_count_of_the_answer_holds(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 1..=3 {
        begin(&*store, "ada", n).await.unwrap();
        // 1,000 tokens of which 400 were thinking, which is not sent again.
        let usage = Usage { reasoning_tokens: Some(400), ..Usage::new(50, 1_000) };
        let finish = FinishTurn::new(turn_id(n), TurnEnding::Completed, 9);
        let finish =
            FinishTurn { usage: Some(usage), ..finish.with_messages(vec![Message::assistant("short")]) };
        store.finish_turn(finish).await.unwrap();
    }
    let turn = estimate_tokens(&Message::user("question 1")) + 600;
    assert_eq!(history(&*store, 4, window(100, turn * 2)).await.len(), 4);
    assert_eq!(history(&*store, 5, window(100, turn * 2 - 1)).await.len(), 2);
}

pub(crate) async fn a_turn_too_large_is_cut(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn(&*store, "ada", 1).await;
    begin(&*store, "ada", 2).await.unwrap();
    end(&*store, 2, TurnEnding::Completed, tool_conversation()).await;
    let spoken = tool_conversation();
    assert_eq!(history(&*store, 3, window(1, 1_000)).await, spoken[2..]);
    assert_eq!(history(&*store, 4, window(2, 1_000)).await, spoken[2..], "a result needs its call");
    assert_eq!(history(&*store, 5, window(3, 1_000)).await, spoken);
    assert_eq!(history(&*store, 6, window(4, 1_000)).await.len(), 4);
    assert_eq!(history(&*store, 7, window(100, 5)).await, spoken[2..]);
    assert!(history(&*store, 8, window(100, 4)).await.is_empty());
}

pub(crate) async fn an_empty_window_gives_no_history(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn(&*store, "ada", 1).await;
    assert!(history(&*store, 2, window(0, 1_000)).await.is_empty());
    assert!(history(&*store, 3, window(1_000, 0)).await.is_empty());
}

pub(crate) async fn rich_messages_come_back_as_they_were(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut question = Message::system("not from the user");
    question.extra.insert("name".into(), "Ada".into());
    let rich = BeginTurn { message: question.clone(), ..beginning("ada", 1, WIDE) };
    store.begin_turn(rich).await.unwrap();
    end(&*store, 1, TurnEnding::Completed, tool_conversation()).await;
    let history = history(&*store, 2, WIDE).await;
    assert_eq!(history[0], question);
    assert_eq!(history[1..], tool_conversation());
}

pub(crate) async fn sessions_do_not_mix(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 1..=6 {
        take_turn(&*store, if n % 2 == 0 { "ada" } else { "bob" }, n).await;
    }
    let said = ["question 2", "answer 2", "question 4", "answer 4", "question 6", "answer 6"];
    assert_eq!(texts(&history(&*store, 7, WIDE).await), said);
}
