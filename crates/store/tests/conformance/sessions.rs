//! Beginning, ending, reading and deleting conversations.

use std::sync::Arc;

use playhouse_llm::{Extra, Message, Part, Role, Shape, ToolCall, Usage};
use playhouse_store::{BeginTurn, FinishTurn, MessagePage, Page, Scope, StoreError, TurnEnding, TurnState};
use serde_json::json;

use super::{Backend, WIDE, answer, begin, beginning, end, give_up, take_turn, turn_id};

pub(crate) async fn a_session_begins_with_its_first_turn(backend: &dyn Backend) {
    let store = backend.open().await;
    let first = begin(&*store, "ada", 1).await.unwrap();
    assert_eq!((first.number, first.new_session, first.history.len()), (1, true, 0));
    answer(&*store, 1).await;
    let second = begin(&*store, "ada", 2).await.unwrap();
    assert_eq!((second.number, second.new_session), (2, false));
}

pub(crate) async fn a_message_is_stored_before_it_is_answered(backend: &dyn Backend) {
    let store = backend.open().await;
    begin(&*store, "ada", 1).await.unwrap();
    let session = store.session(&Scope::Everything, "ada", MessagePage::default()).await.unwrap().unwrap();
    assert_eq!(session.messages.len(), 1);
    assert_eq!(session.messages[0].message, Message::user("question 1"));
    assert_eq!(session.messages[0].turn_state, TurnState::Running);
    assert_eq!(store.turn(&Scope::Everything, &turn_id(1)).await.unwrap().unwrap().state, TurnState::Running);
}

pub(crate) async fn of_turns_at_once_one_proceeds(backend: &dyn Backend) {
    let store = backend.open().await;
    let tries: Vec<_> = (1..=16)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.begin_turn(beginning("ada", n, WIDE)).await.map(|_| n) })
        })
        .collect();
    let mut winners = Vec::new();
    let mut refusals = Vec::new();
    for attempt in tries {
        match attempt.await.unwrap() {
            Ok(n) => winners.push(n),
            Err(refusal) => refusals.push(refusal),
        }
    }
    assert_eq!((winners.len(), refusals.len()), (1, 15));
    let running = StoreError::TurnRunning { session_id: "ada".into(), turn_id: turn_id(winners[0]) };
    assert!(refusals.iter().all(|refusal| *refusal == running), "{refusals:?}");
}

pub(crate) async fn every_ending_lets_the_next_turn_begin(backend: &dyn Backend) {
    let store = backend.open().await;
    let endings =
        [TurnEnding::Completed, TurnEnding::Failed { error: "timeout_idle".into() }, TurnEnding::Interrupted];
    for (n, ending) in (1..).zip(endings) {
        begin(&*store, "ada", n).await.unwrap();
        assert!(begin(&*store, "ada", 99).await.is_err());
        end(&*store, n, ending, Vec::new()).await;
    }
    assert_eq!(begin(&*store, "ada", 4).await.unwrap().number, 4);
}

pub(crate) async fn a_turn_ends_once(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn(&*store, "ada", 1).await;
    let again = FinishTurn::new(turn_id(1), TurnEnding::Interrupted, 9);
    let refusal = store.finish_turn(again).await.unwrap_err();
    assert_eq!(refusal, StoreError::TurnEnded { turn_id: turn_id(1), state: TurnState::Completed });
    assert_eq!(
        store.turn(&Scope::Everything, &turn_id(1)).await.unwrap().unwrap().messages[1],
        Message::assistant("answer 1")
    );
}

pub(crate) async fn a_turn_that_was_never_begun_is_not_found(backend: &dyn Backend) {
    let store = backend.open().await;
    let refusal = store.finish_turn(FinishTurn::new(turn_id(1), TurnEnding::Completed, 9)).await.unwrap_err();
    assert_eq!(refusal, StoreError::TurnNotFound { turn_id: turn_id(1) });
}

pub(crate) async fn odd_ids_are_refused(backend: &dyn Backend) {
    let store = backend.open().await;
    for session in [String::new(), "x".repeat(256)] {
        let refusal = begin(&*store, &session, 1).await.unwrap_err();
        assert!(matches!(refusal, StoreError::Invalid { .. }), "{refusal}");
    }
    let begin_oddly = BeginTurn { turn_id: "turn-1".into(), ..beginning("ada", 1, WIDE) };
    let refusal = store.begin_turn(begin_oddly).await.unwrap_err();
    assert_eq!(refusal.to_string(), "'turn-1' is no turn id: a turn id is a UUID");
    assert!(store.list_sessions(&Scope::Everything, Page::default()).await.unwrap().sessions.is_empty());

    let longest = "ä".repeat(127);
    begin(&*store, &longest, 1).await.unwrap();
    assert!(store.session(&Scope::Everything, &longest, MessagePage::default()).await.unwrap().is_some());
}

pub(crate) async fn a_turn_id_serves_once(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn(&*store, "ada", 1).await;
    // Others in the same batch must not suffer.
    let (twice, fine) = tokio::join!(begin(&*store, "bob", 1), begin(&*store, "cy", 2));
    assert!(matches!(twice, Err(StoreError::Invalid { .. })), "{twice:?}");
    assert_eq!(fine.unwrap().number, 1);
    assert!(store.session(&Scope::Everything, "bob", MessagePage::default()).await.unwrap().is_none());
}

pub(crate) async fn a_beginning_that_is_given_up_leaves_the_session_free(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 1..=20 {
        if give_up(store.begin_turn(beginning("ada", n, WIDE))).await {
            end(&*store, n, TurnEnding::Interrupted, Vec::new()).await;
        }
    }
    // Ends that nobody waits for may come late, but they come.
    let mut next = begin(&*store, "ada", 21).await;
    while matches!(next, Err(StoreError::TurnRunning { .. })) {
        tokio::task::yield_now().await;
        next = begin(&*store, "ada", 21).await;
    }
    next.unwrap();
    let states =
        store.session(&Scope::Everything, "ada", MessagePage::default()).await.unwrap().unwrap().messages;
    let ended = states.iter().filter(|message| message.turn_state == TurnState::Interrupted).count();
    assert_eq!(ended + 1, states.len());
}

pub(crate) async fn a_turn_reads_back_as_it_was_told(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut question = Message::user("What is 1 + 2?\0");
    question.parts.push(Part::Image { url: "https://example.org/a.png".into(), extra: Extra::new() });
    question.shape = Shape::Parts;
    store.begin_turn(BeginTurn { message: question.clone(), ..beginning("ada", 1, WIDE) }).await.unwrap();
    let spoken = tool_conversation();
    let usage = Usage { cached_tokens: Some(7), reasoning_tokens: Some(3), ..Usage::new(40, 12) };
    let finish = FinishTurn {
        messages: spoken.clone(),
        model: Some("gpt-4o-mini-2024-07-18".into()),
        finish_reason: Some("stop".into()),
        usage: Some(usage.clone()),
        ..FinishTurn::new(turn_id(1), TurnEnding::Failed { error: "interrupted".into() }, 2_000)
    };
    store.finish_turn(finish).await.unwrap();

    let turn = store.turn(&Scope::Everything, &turn_id(1)).await.unwrap().unwrap();
    assert_eq!((&*turn.id, &*turn.session_id, turn.number), (&*turn_id(1), "ada", 1));
    assert_eq!((turn.state, turn.error.as_deref()), (TurnState::Failed, Some("interrupted")));
    assert_eq!((turn.started_at_us, turn.ended_at_us), (1_000, Some(2_000)));
    assert_eq!(turn.model.as_deref(), Some("gpt-4o-mini-2024-07-18"));
    assert_eq!((turn.finish_reason.as_deref(), turn.usage), (Some("stop"), Some(usage)));
    assert_eq!(turn.messages[0], question);
    assert_eq!(turn.messages[1..], spoken);
}

/// A call of a tool, its result, and an answer.
pub(crate) fn tool_conversation() -> Vec<Message> {
    let call = ToolCall {
        id: "call_1".into(),
        name: "add".into(),
        arguments: "{\"a\":1,".into(),
        extra: Extra::from_iter([("type".to_owned(), json!("function"))]),
    };
    let result = Part::tool_result("call_1", vec![Part::text("3")]);
    let mut last = Message::assistant("3");
    last.extra.insert("annotations".into(), json!([{ "score": 0.1 }]));
    vec![
        Message { parts: vec![Part::ToolCall(call)], ..Message::assistant("") },
        Message { parts: vec![result], ..Message::new(Role::Tool, "") },
        last,
    ]
}

pub(crate) async fn sessions_are_listed_by_activity(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn(&*store, "ada", 1).await;
    take_turn(&*store, "bob", 2).await;
    begin(&*store, "ada", 3).await.unwrap();
    let listed = store.list_sessions(&Scope::Everything, Page::default()).await.unwrap();
    assert_eq!(listed.next, None);
    let rows: Vec<_> = listed
        .sessions
        .iter()
        .map(|session| (&*session.id, session.created_at_us, session.active_at_us, session.turns))
        .collect();
    assert_eq!(rows, [("ada", 1_000, 3_000, 2), ("bob", 2_000, 2_000, 1)]);
}

pub(crate) async fn sessions_are_listed_in_pages(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 1..=7 {
        // Some began at the same moment.
        let begin = BeginTurn { now_us: i64::from(n / 3), ..beginning(&format!("s-{n}"), n, WIDE) };
        store.begin_turn(begin).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut page = Page { limit: 2, after: None };
    loop {
        let listed = store.list_sessions(&Scope::Everything, page.clone()).await.unwrap();
        assert!(listed.sessions.len() <= 2);
        seen.extend(listed.sessions.iter().map(|session| session.id.to_string()));
        let Some(next) = listed.next else { break };
        page.after = Some(next);
    }
    assert_eq!(seen, ["s-7", "s-6", "s-5", "s-4", "s-3", "s-2", "s-1"]);
    let most = store.list_sessions(&Scope::Everything, Page { limit: 1_000_000, after: None }).await.unwrap();
    assert_eq!(most.sessions.len(), 7);
}

pub(crate) async fn a_made_up_cursor_is_refused(backend: &dyn Backend) {
    let store = backend.open().await;
    for cursor in ["", "x", "1", "1-x", "99999999999999999999-1"] {
        let page = Page { limit: 10, after: Some(cursor.to_owned()) };
        let refusal = store.list_sessions(&Scope::Everything, page).await.unwrap_err();
        assert!(matches!(refusal, StoreError::Invalid { .. }), "{refusal}");
    }
}

pub(crate) async fn messages_are_read_in_pages_backwards(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 1..=4 {
        begin(&*store, "ada", n).await.unwrap();
        let mut answers = tool_conversation();
        answers.truncate(n as usize - 1);
        end(&*store, n, TurnEnding::Completed, answers).await;
    }
    // 1 + 2 + 3 + 4 messages, three at a time.
    let mut pages = Vec::new();
    let mut page = MessagePage { limit: 3, before: None };
    loop {
        let session = store.session(&Scope::Everything, "ada", page).await.unwrap().unwrap();
        assert_eq!(session.summary.turns, 4);
        let positions: Vec<u64> = session.messages.iter().map(|message| message.position).collect();
        assert!(positions.is_sorted_by(|left, right| left < right));
        assert!(positions.iter().all(|position| page.before.is_none_or(|before| *position < before)));
        pages.push(positions.len());
        let Some(before) = session.before else { break };
        page.before = Some(before);
    }
    assert_eq!(pages, [3, 3, 3, 1]);
    let nothing = MessagePage { limit: 3, before: Some(0) };
    assert!(store.session(&Scope::Everything, "ada", nothing).await.unwrap().unwrap().messages.is_empty());
}

pub(crate) async fn a_deleted_session_is_gone(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn(&*store, "ada", 1).await;
    begin(&*store, "ada", 2).await.unwrap();
    take_turn(&*store, "bob", 3).await;
    assert!(store.delete_session(&Scope::Everything, "ada").await.unwrap());
    assert!(!store.delete_session(&Scope::Everything, "ada").await.unwrap());

    assert!(store.session(&Scope::Everything, "ada", MessagePage::default()).await.unwrap().is_none());
    assert!(store.turn(&Scope::Everything, &turn_id(1)).await.unwrap().is_none());
    let late = FinishTurn::new(turn_id(2), TurnEnding::Completed, 9);
    assert_eq!(store.finish_turn(late).await.unwrap_err(), StoreError::TurnNotFound { turn_id: turn_id(2) });
    assert!(store.session(&Scope::Everything, "bob", MessagePage::default()).await.unwrap().is_some());
    let anew = begin(&*store, "ada", 4).await.unwrap();
    assert_eq!((anew.number, anew.new_session, anew.history.len()), (1, true, 0));
}

pub(crate) async fn a_long_session_is_deleted_as_a_whole(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 1..=1_001 {
        take_turn(&*store, "ada", n).await;
    }
    assert!(store.delete_session(&Scope::Everything, "ada").await.unwrap());
    for n in [1, 500, 501, 1_000, 1_001] {
        assert!(store.turn(&Scope::Everything, &turn_id(n)).await.unwrap().is_none());
        // Its id is free again, so nothing of it is left.
        begin(&*store, &format!("other-{n}"), n).await.unwrap();
    }
}

pub(crate) async fn what_is_not_there_is_none(backend: &dyn Backend) {
    let store = backend.open().await;
    assert!(store.session(&Scope::Everything, "nobody", MessagePage::default()).await.unwrap().is_none());
    assert!(store.turn(&Scope::Everything, &turn_id(1)).await.unwrap().is_none());
    assert!(store.turn(&Scope::Everything, "no-uuid").await.unwrap().is_none());
    assert!(!store.delete_session(&Scope::Everything, "nobody").await.unwrap());
    store.probe().await.unwrap();
}
