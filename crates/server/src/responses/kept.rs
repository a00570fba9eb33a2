//! A response as it is stored: for those who read it, and for those who follow when nobody tells any more.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use playhouse_llm::{Error, ErrorKind};
use playhouse_store::{ResponseStatus, Scope, StoredResponse};
use playhouse_wire::openai::responses::state::{Ended, refusals};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::id;
use crate::app::App;
use crate::failure::store_failure;
use crate::live::{Follower, Standing, Subject};

/// How often it is looked whether a response has ended that is answered elsewhere.
const POLL: Duration = Duration::from_millis(100);
/// Why a response has failed of which its server could not say so.
pub(super) const LOST: (&str, &str) =
    ("server_error", "The server that answered has died, or did not answer for too long; ask again.");

/// A response in the store.
#[derive(Clone)]
pub(super) struct Kept {
    app: App,
    /// Whose it must be.
    scope: Scope,
    id: Arc<str>,
}

impl Kept {
    /// The response of this id, as it is stored, for those who may see what is within this scope.
    pub(super) fn of(app: &App, scope: Scope, id: Arc<str>) -> Self {
        Self { app: app.clone(), scope, id }
    }

    /// The response of an id as it is told.
    pub(super) fn told(app: &App, scope: Scope, told: &str) -> Result<Self, Error> {
        let id = id::stored(told).ok_or_else(|| refusals::not_found(told))?;
        Ok(Self::of(app, scope, id))
    }

    pub(super) fn subject(&self) -> Subject {
        Subject::Response(self.id.clone())
    }

    /// Reads it.
    pub(super) async fn read(&self) -> Result<StoredResponse, Error> {
        let found = self.app.store().response(&self.scope, &self.id).await;
        let found = found.map_err(|error| store_failure(&error))?;
        found.ok_or_else(|| refusals::not_found(&id::told(&self.id)))
    }

    /// Waits until it has ended, wherever it is answered.
    pub(super) async fn ended(&self) -> Result<StoredResponse, Error> {
        loop {
            let response = self.read().await?;
            if !response.status.is_running() {
                return Ok(response);
            }
            sleep(POLL).await;
        }
    }

    /// Removes it; `false` when there is none.
    pub(super) async fn delete(&self) -> Result<bool, Error> {
        let removed = self.app.store().delete_response(&self.scope, &self.id).await;
        removed.map_err(|error| match error {
            playhouse_store::StoreError::ResponseRunning { .. } => refusals::delete_in_flight(),
            error => store_failure(&error),
        })
    }

    /// A client that follows it after so many events.
    pub(super) fn follower(&self, after: u64) -> Follower {
        let live = self.app.turns().shared.live.clone();
        Follower::new(&self.subject(), live, Arc::new(self.clone()), after)
    }
}

#[async_trait]
impl Standing for Kept {
    /// However much of it a client has had, the end tells all of it.
    async fn ended(&self, after: u64) -> Option<Vec<(&'static str, Value)>> {
        match self.read().await {
            Ok(response) if response.status.is_running() => None,
            Ok(response) => Some(vec![Ended::event(&body_of(&response), after)]),
            Err(error) if error.kind == ErrorKind::NotFound => {
                let event = json!({
                    "type": "error", "sequence_number": after, "code": null, "message": error.message, "param": null
                });
                Some(vec![("error", event)])
            }
            // The store is away; it may be back.
            Err(_) => None,
        }
    }

    fn is_good_end(&self, name: &str) -> bool {
        matches!(name, "response.completed" | "response.incomplete")
    }
}

/// A response as it is told.
pub(super) fn body_of(response: &StoredResponse) -> Value {
    let body: Value = serde_json::from_str(&response.body).unwrap_or_default();
    let says = body.get("status").and_then(Value::as_str).and_then(ResponseStatus::named);
    match response.status {
        ResponseStatus::Failed if says != Some(ResponseStatus::Failed) => {
            Ended::of(body, ResponseStatus::Failed.as_str(), Some(LOST))
        }
        _ => body,
    }
}

/// What was asked in a response.
pub(super) fn input_of(response: &StoredResponse) -> Value {
    serde_json::from_str(&response.input).unwrap_or_default()
}
