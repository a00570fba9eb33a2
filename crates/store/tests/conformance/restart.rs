//! What is there after the process has ended and begun again.

use playhouse_store::{CallFilter, MessagePage, Page, TurnState};

use super::{Backend, answer, begin, take_turn, texts, turn_id};

pub(crate) async fn everything_is_kept(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn(&*store, "ada", 1).await;
    drop(store);

    let store = backend.open().await;
    take_turn(&*store, "ada", 2).await;
    drop(store);

    let store = backend.open().await;
    let third = begin(&*store, "ada", 3).await.unwrap();
    assert_eq!(texts(&third.history), ["question 1", "answer 1", "question 2", "answer 2"]);
    assert_eq!(third.number, 3);
    assert_eq!(store.list_sessions(Page::default()).await.unwrap().sessions.len(), 1);
    assert!(store.list_calls(CallFilter::default()).await.unwrap().is_empty());
}

pub(crate) async fn running_turns_are_interrupted(backend: &dyn Backend) {
    let store = backend.open().await;
    take_turn(&*store, "ada", 1).await;
    begin(&*store, "ada", 2).await.unwrap();
    begin(&*store, "bob", 3).await.unwrap();
    drop(store);

    let store = backend.open().await;
    for n in [2, 3] {
        let turn = store.turn(&turn_id(n)).await.unwrap().unwrap();
        assert_eq!((turn.state, turn.ended_at_us), (TurnState::Interrupted, None));
        assert_eq!(texts(&turn.messages), [format!("question {n}")]);
    }
    assert_eq!(store.turn(&turn_id(1)).await.unwrap().unwrap().state, TurnState::Completed);
    let next = begin(&*store, "ada", 4).await.unwrap();
    assert_eq!(texts(&next.history), ["question 1", "answer 1"]);
    answer(&*store, 4).await;
}

pub(crate) async fn half_a_deletion_is_finished(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 1..=600 {
        take_turn(&*store, "ada", n).await;
    }
    {
        // Given up in the middle, as by a process that dies.
        let mut deletion = std::pin::pin!(store.delete_session("ada"));
        while store.session("ada", MessagePage::default()).await.unwrap().is_some() {
            std::future::poll_fn(|context| {
                let _ = deletion.as_mut().poll(context);
                std::task::Poll::Ready(())
            })
            .await;
        }
    }
    assert!(store.turn(&turn_id(1)).await.unwrap().is_none());
    drop(store);

    let store = backend.open().await;
    for n in [1, 600] {
        begin(&*store, &format!("other-{n}"), n).await.unwrap();
    }
}
