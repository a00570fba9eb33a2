//! A run as it is stored: for those who ask again, and for those who follow when nobody tells any more.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use playhouse_edge::Problem;
use playhouse_llm::{Error, ErrorKind};
use playhouse_store::run::{INTERRUPTED, RUNNING};
use playhouse_store::{Scope, StoredRun};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::chat::TokenCounts;
use super::stored_turn::expired;
use crate::agents::desk::unknown_run;
use crate::app::App;
use crate::failure::store_failure;
use crate::live::{Follower, Standing, Subject};

/// How often it is looked whether a run has ended that is answered elsewhere.
const POLL: Duration = Duration::from_millis(100);

/// A run in the store.
#[derive(Clone)]
pub(super) struct RunInStore {
    app: App,
    /// Whose it must be.
    scope: Scope,
    id: Arc<str>,
}

impl RunInStore {
    /// The run of this id, for those who may see what is within this scope.
    pub(super) fn of(app: &App, scope: Scope, id: &str) -> Self {
        Self { app: app.clone(), scope, id: id.into() }
    }

    /// Reads it.
    pub(super) async fn read(&self) -> Result<StoredRun, Error> {
        let found =
            self.app.store().run(&self.scope, &self.id).await.map_err(|error| store_failure(&error))?;
        found.ok_or_else(|| unknown_run(&self.id))
    }

    /// Waits until it has ended, wherever it runs.
    pub(super) async fn ended(&self) -> Result<StoredRun, Error> {
        loop {
            let run = self.read().await?;
            if &*run.summary.status != RUNNING {
                return Ok(run);
            }
            sleep(POLL).await;
        }
    }

    /// A client that follows it after an event.
    pub(super) fn follower(&self, after: u64) -> Follower {
        let live = self.app.turns().shared.live.clone();
        Follower::new(&Subject::Run(self.id.clone()), live, Arc::new(self.clone()), after)
    }
}

#[async_trait]
impl Standing for RunInStore {
    async fn ended(&self, after: u64) -> Option<Vec<(&'static str, Value)>> {
        match self.read().await {
            Ok(run) if &*run.summary.status == RUNNING => None,
            Ok(run) => Some(events(&run, after)),
            Err(error) if error.kind == ErrorKind::NotFound => Some(vec![("error", problem(&error))]),
            // The store is away; it may be back.
            Err(_) => None,
        }
    }
}

/// The end of a run, for whoever has had none of its events; what it did on the way is in the run itself.
fn events(run: &StoredRun, after: u64) -> Vec<(&'static str, Value)> {
    let id = &run.summary.id;
    if &*run.summary.status == INTERRUPTED {
        let message = format!("run '{id}' was cut off; POST /v1/runs/{id}/resume goes on with it");
        return vec![("error", problem(&Error::new(ErrorKind::Interrupted, message)))];
    }
    if after > 0 {
        return vec![("error", serde_json::to_value(expired(id)).unwrap_or_default())];
    }
    let usage = run.summary.usage.as_ref().map(TokenCounts::from);
    let done = json!({
        "run_id": id, "status": run.summary.status, "answer": run.answer, "reason": run.summary.reason,
        "steps": run.summary.step_count, "usage": usage, "cost_usd": run.summary.cost_usd,
        "duration_ms": run.summary.duration_ms,
    });
    vec![("run", json!({ "run_id": id })), ("usage", json!(usage)), ("done", done)]
}

fn problem(error: &Error) -> Value {
    // A problem is strings and a number: it always serializes.
    serde_json::to_value(Problem::from(error)).unwrap_or_default()
}
