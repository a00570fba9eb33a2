//! A turn as it is stored: for those who ask again, and for those who follow when nobody tells any more.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use playhouse_edge::Problem;
use playhouse_llm::{Error, ErrorKind, Message};
use playhouse_store::{Page, RunFilter, Scope, Turn, TurnState};
use serde::Serialize;
use serde_json::Value;
use tokio::time::sleep;

use super::chat::{ChatReply, TokenCounts};
use super::events::{Delta, Done};
use crate::app::App;
use crate::failure::store_failure;
use crate::live::{Follower, Standing, Subject};

/// How often it is looked whether a turn has ended that is answered elsewhere.
const POLL: Duration = Duration::from_millis(100);
/// A turn's run is among the newest of its session.
const NEWEST_RUNS: u32 = 20;

/// A turn in the store.
#[derive(Clone)]
pub(super) struct StoredTurn {
    app: App,
    /// Whose it must be.
    scope: Scope,
    id: Arc<str>,
}

impl StoredTurn {
    /// The turn of this id, for those who may see what is within this scope.
    pub(super) fn of(app: &App, scope: Scope, id: &str) -> Self {
        Self { app: app.clone(), scope, id: id.into() }
    }

    /// Reads it.
    pub(super) async fn read(&self) -> Result<Turn, Error> {
        let found =
            self.app.store().turn(&self.scope, &self.id).await.map_err(|error| store_failure(&error))?;
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("there is no turn '{}'", self.id)))
    }

    /// Waits until it has ended, wherever it is answered.
    pub(super) async fn ended(&self) -> Result<Turn, Error> {
        loop {
            let turn = self.read().await?;
            if turn.state != TurnState::Running {
                return Ok(turn);
            }
            sleep(POLL).await;
        }
    }

    /// A client that follows it after an event.
    pub(super) fn follower(&self, after: u64) -> Follower {
        let live = self.app.turns().shared.live.clone();
        Follower::new(&Subject::Turn(self.id.clone()), live, Arc::new(self.clone()), after)
    }

    /// The answer it holds, as those got it who waited for it.
    ///
    /// # Errors
    /// When it has no whole answer.
    pub(super) async fn answer(&self, turn: Turn) -> Result<ChatReply, Error> {
        if turn.state != TurnState::Completed {
            return Err(failure(&turn));
        }
        Ok(ChatReply {
            content: said(&turn),
            usage: turn.usage.as_ref().map(TokenCounts::from),
            run_id: self.run_of(&turn).await,
            model: turn.model.as_deref().unwrap_or_default().to_owned(),
            session_id: turn.session_id,
            turn_id: turn.id,
        })
    }

    /// The run that answered it, if one did.
    async fn run_of(&self, turn: &Turn) -> Option<Arc<str>> {
        turn.agent.as_ref()?;
        let filter = RunFilter {
            scope: self.scope.clone(),
            session_id: Some(turn.session_id.clone()),
            page: Page { limit: NEWEST_RUNS, after: None },
            ..RunFilter::default()
        };
        let page = self.app.store().list_runs(filter).await.ok()?;
        page.runs.into_iter().find(|run| run.turn_id.as_ref() == Some(&turn.id)).map(|run| run.id)
    }

    async fn events(&self, turn: &Turn, after: u64) -> Vec<(&'static str, Value)> {
        let content = Some(said(turn)).filter(|content| after == 0 && !content.is_empty());
        let mut events: Vec<_> = content.iter().map(|content| ("delta", json(&Delta { content }))).collect();
        match turn.state {
            TurnState::Completed if after == 0 => events.extend(self.end(turn).await),
            TurnState::Completed => events.push(("error", json(&expired(&self.id)))),
            _ => events.push(("error", json(&Problem::from(&failure(turn))))),
        }
        events
    }

    async fn end(&self, turn: &Turn) -> Vec<(&'static str, Value)> {
        let usage = turn.usage.as_ref().map(TokenCounts::from);
        let run_id = self.run_of(turn).await;
        let done = Done {
            session_id: &turn.session_id,
            turn_id: &turn.id,
            run_id: run_id.as_deref(),
            model: turn.model.as_deref().unwrap_or_default(),
            finish_reason: turn.finish_reason.as_deref(),
            usage,
        };
        usage.iter().map(|usage| ("usage", json(usage))).chain([("done", json(&done))]).collect()
    }
}

#[async_trait]
impl Standing for StoredTurn {
    async fn ended(&self, after: u64) -> Option<Vec<(&'static str, Value)>> {
        match self.read().await {
            Ok(turn) if turn.state == TurnState::Running => None,
            Ok(turn) => Some(self.events(&turn, after).await),
            Err(error) if error.kind == ErrorKind::NotFound => {
                Some(vec![("error", json(&Problem::from(&error)))])
            }
            // The store is away; it may be back.
            Err(_) => None,
        }
    }
}

/// The events between what a client has and the end are no longer kept.
pub(super) fn expired(id: &str) -> Problem {
    Problem {
        kind: "about:blank",
        title: "Gone",
        status: 410,
        detail: format!("the events of '{id}' after this one are no longer kept; read it as a whole"),
        code: "events_expired",
        param: None,
        request_id: None,
    }
}

/// What the model said.
fn said(turn: &Turn) -> String {
    turn.messages.iter().skip(1).next_back().map(Message::spoken).unwrap_or_default()
}

/// Why a turn has no whole answer.
fn failure(turn: &Turn) -> Error {
    let (id, state) = (&turn.id, turn.state);
    let kind = turn.error.as_deref().map_or(ErrorKind::Interrupted, kind_named);
    Error::new(kind, format!("turn '{id}' is {state}; POST /v1/turns/{id}/retry tries it again"))
}

fn kind_named(name: &str) -> ErrorKind {
    ErrorKind::ALL.into_iter().find(|kind| kind.as_str() == name).unwrap_or(ErrorKind::Internal)
}

fn json(event: &impl Serialize) -> Value {
    // These types always serialize.
    serde_json::to_value(event).unwrap_or_default()
}
