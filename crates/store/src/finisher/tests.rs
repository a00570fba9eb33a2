use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::{
    BeginTurn, BegunTurn, MessagePage, Page, Scope, SessionDetail, SessionPage, Turn, TurnEnding, TurnState,
};

/// Conversations that can be away; they keep the ids of the turns that ended.
#[derive(Default)]
struct Ends {
    away: Mutex<bool>,
    ended: Mutex<Vec<String>>,
}

#[async_trait]
impl Sessions for Ends {
    async fn begin_turn(&self, _: BeginTurn) -> Result<BegunTurn, StoreError> {
        unreachable!("the finisher only finishes")
    }

    async fn finish_turn(&self, finish: FinishTurn) -> Result<(), StoreError> {
        if *self.away.lock().unwrap() {
            return Err(StoreError::unavailable("gone fishing"));
        }
        let mut ended = self.ended.lock().unwrap();
        if ended.contains(&finish.turn_id.to_string()) {
            return Err(StoreError::TurnEnded { turn_id: finish.turn_id, state: TurnState::Completed });
        }
        ended.push(finish.turn_id.to_string());
        Ok(())
    }

    async fn list_sessions(&self, _: &Scope, _: Page) -> Result<SessionPage, StoreError> {
        unreachable!("the finisher only finishes")
    }

    async fn session(&self, _: &Scope, _: &str, _: MessagePage) -> Result<Option<SessionDetail>, StoreError> {
        unreachable!("the finisher only finishes")
    }

    async fn delete_session(&self, _: &Scope, _: &str) -> Result<bool, StoreError> {
        unreachable!("the finisher only finishes")
    }

    async fn turn(&self, _: &Scope, _: &str) -> Result<Option<Turn>, StoreError> {
        unreachable!("the finisher only finishes")
    }
}

fn end(turn: &str) -> FinishTurn {
    FinishTurn::new(turn, TurnEnding::Completed, 0)
}

#[tokio::test(start_paused = true)]
async fn an_end_is_stored_at_once_when_the_store_is_there() {
    let ends = Arc::new(Ends::default());
    let finisher = TurnFinisher::spawn(ends.clone());
    finisher.finish(end("a")).await.unwrap();
    assert!(matches!(finisher.finish(end("a")).await, Err(StoreError::TurnEnded { .. })));
    assert_eq!((finisher.pending(), ends.ended.lock().unwrap().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn ends_outlast_a_store_that_is_away() {
    let ends = Arc::new(Ends::default());
    *ends.away.lock().unwrap() = true;
    let finisher = TurnFinisher::spawn(ends.clone());
    assert!(finisher.finish(end("a")).await.unwrap_err().is_unavailable());
    finisher.finish_later(end("b"));
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert_eq!(finisher.pending(), 2);
    *ends.away.lock().unwrap() = false;
    tokio::time::timeout(LAST_RETRY * 2, finisher.flush()).await.unwrap();
    assert_eq!(*ends.ended.lock().unwrap(), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_refused_is_not_tried_again() {
    let ends = Arc::new(Ends::default());
    let finisher = TurnFinisher::spawn(ends.clone());
    finisher.finish_later(end("a"));
    finisher.finish_later(end("a"));
    finisher.flush().await;
    assert_eq!((finisher.pending(), ends.ended.lock().unwrap().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn the_backlog_has_a_bound() {
    let ends = Arc::new(Ends::default());
    *ends.away.lock().unwrap() = true;
    let finisher = TurnFinisher::spawn(ends);
    (0..BACKLOG * 2).for_each(|n| finisher.finish_later(end(&n.to_string())));
    assert_eq!(finisher.pending(), BACKLOG);
}
