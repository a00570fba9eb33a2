//! Servers that die, that are paused, and that take over.

use std::time::Duration;

use playhouse_llm::Message;
use playhouse_mock::{Answer, MockProvider};
use playhouse_store::{BeginTurn, HistoryWindow, Replicas as _, Said, Sessions, SqliteStore, TurnTerms};
use serde_json::{Value, json};

use crate::support::{Reading, Replicas, events_in, said, turn_in};

const DEAD_TURN: &str = "0190b6e4-7a3c-7def-8000-00000000dead";

/// A server that dies in the middle of a turn: it says nothing more, neither that it lives nor that it ends.
async fn die_in_a_turn(replicas: &Replicas) -> SqliteStore {
    let dead = replicas.store.as_another_replica();
    dead.beat().await.unwrap();
    let begin = BeginTurn {
        key_id: None,
        session_id: "s1".into(),
        turn_id: DEAD_TURN.into(),
        message: Message::user("A tale!"),
        now_us: 1_700_000_000_000_000,
        history: HistoryWindow { max_messages: 10, max_tokens: 1_000 },
        terms: TurnTerms { model: Some("teller".into()), ..TurnTerms::default() },
    };
    dead.begin_turn(begin).await.unwrap();
    let said = Said { turn_id: DEAD_TURN.into(), text: "Once upon a".into() };
    dead.save_progress([said].into()).await.unwrap();
    dead
}

#[tokio::test]
async fn a_turn_whose_server_died_is_interrupted_with_its_text_and_retried() {
    let replicas = Replicas::over(MockProvider::new(|_: &_| Answer::text("The end.")));
    die_in_a_turn(&replicas).await;
    // Any server finds it, however many look.
    let servers = [replicas.server(), replicas.server()];
    let turn = turn_in(&servers[0], DEAD_TURN, "interrupted").await;
    assert_eq!(turn["messages"][1]["content"], "Once upon a");
    let followed = servers[1].get(&format!("/v1/turns/{DEAD_TURN}/stream")).await.text();
    assert_eq!(said(&followed), "Once upon a");
    assert_eq!(events_in(&followed).last().unwrap().2["code"], "interrupted", "{followed}");

    let retried = servers[1].post(&format!("/v1/turns/{DEAD_TURN}/retry"), "{}").await;
    assert_eq!(retried.json()["content"], "The end.", "{}", retried.text());
    let sent = replicas.mock.journal().last_messages();
    assert_eq!(sent.iter().map(Message::text).collect::<Vec<_>>(), ["A tale!"]);
}

#[tokio::test]
async fn who_follows_a_turn_learns_that_its_server_died() {
    let replicas = Replicas::over(MockProvider::new(|_: &_| Answer::text("unused")));
    die_in_a_turn(&replicas).await;
    let batch = playhouse_store::shared::LiveBatch {
        first_id: 1,
        events: vec![playhouse_store::shared::LiveEvent {
            name: "delta".into(),
            data: r#"{"content":"Once upon a time"}"#.into(),
        }],
        closes: false,
    };
    replicas.shared.live.append(&format!("turn/{DEAD_TURN}"), batch).await;
    let followed = replicas.server().get(&format!("/v1/turns/{DEAD_TURN}/stream")).await.text();
    let events = events_in(&followed);
    assert_eq!(
        events.iter().map(|(id, name, _)| (*id, &**name)).collect::<Vec<_>>(),
        [(1, "delta"), (2, "error")]
    );
    assert_eq!(events[1].2["code"], "interrupted");

    // The client of the dead server may have heard more than all others did.
    for heard in [2, 3, 9] {
        let told = replicas.server().get(&format!("/v1/turns/{DEAD_TURN}/stream?after={heard}")).await.text();
        let events = events_in(&told);
        assert_eq!(events.len(), 1, "after {heard}: {told}");
        assert_eq!((events[0].0, &*events[0].1), (heard + 1, "error"), "after {heard}: {told}");
        assert_eq!(events[0].2["code"], "interrupted");
    }
}

#[tokio::test]
async fn a_server_that_was_taken_for_dead_overwrites_nothing_and_tells_its_client() {
    let replicas = Replicas::over(MockProvider::new(|_: &_| {
        Answer::text("One word after the other").paced(Duration::from_millis(100))
    }));
    let paused = replicas.store.as_another_replica();
    let app = replicas.server_with(paused.clone(), Default::default());
    let body = json!({ "message": "Hi", "session_id": "s1", "stream": true });
    let mut reading = Reading::chat(&app, body).await;
    reading.until("\"One").await;
    let turn_id = reading.turn_id.clone();

    // As others do who have not heard of it for long: it beats, so it takes a few tries to be faster.
    let lost = loop {
        let others = replicas.store.other_replicas().await.unwrap();
        let lost = replicas.store.bury(others[0], 10).await.unwrap();
        if !lost.is_empty() {
            break lost;
        }
    };
    assert_eq!(&*lost.turns[0], turn_id);
    let stored = turn_in(&app, &turn_id, "interrupted").await;
    let told = reading.rest().await;
    assert_eq!(events_in(&told).last().unwrap().2["code"], "interrupted", "{told}");
    assert!(!told.contains("event: done"), "{told}");
    app.flush().await;
    assert_eq!(app.get(&format!("/v1/turns/{turn_id}")).await.json(), stored);

    // It serves on.
    let next = app.post("/v1/chat", json!({ "message": "Again", "session_id": "s1" }).to_string()).await;
    assert_eq!(next.json()["content"], "One word after the other", "{}", next.text());
}

#[tokio::test]
async fn what_is_said_is_kept_while_it_is_said() {
    let replicas = Replicas::endless();
    let app = replicas.server();
    let mut reading = Reading::chat(&app, json!({ "message": "Hi", "stream": true })).await;
    reading.until("\"One").await;
    let kept = async {
        loop {
            let turn = app.get(&format!("/v1/turns/{}", reading.turn_id)).await.json();
            if turn["messages"][1] != Value::Null {
                return turn;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let turn = tokio::time::timeout(Duration::from_secs(20), kept).await.unwrap();
    assert_eq!((&turn["state"], &turn["messages"][1]["content"]), (&json!("running"), &json!("One")));
}

#[tokio::test]
async fn a_server_that_ends_stores_what_has_come_and_leaves() {
    let replicas = Replicas::endless();
    let app = replicas.server();
    let mut reading = Reading::chat(&app, json!({ "message": "Hi", "stream": true })).await;
    reading.until("\"One").await;
    let turn_id = reading.turn_id.clone();
    app.close().await;
    let told = reading.rest().await;
    assert_eq!(events_in(&told).last().unwrap().2["code"], "interrupted", "{told}");
    let turn = app.get(&format!("/v1/turns/{turn_id}")).await.json();
    assert_eq!((&turn["state"], &turn["messages"][1]["content"]), (&json!("interrupted"), &json!("One")));
    assert!(replicas.store.other_replicas().await.unwrap().is_empty());
}
