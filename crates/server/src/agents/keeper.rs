//! A run on disk, as it happens.

use std::sync::Arc;

use playhouse_agent::{Run, RunEvent};
use playhouse_llm::Error;
use playhouse_store::{RunFinisher, Store, StoreError};
use playhouse_telemetry::warn;

use super::record;
use crate::failure::store_failure;

/// Stores what happens in one run.
pub(super) struct RunKeeper {
    pub(super) run_id: Arc<str>,
    pub(super) store: Arc<dyn Store>,
    pub(super) finisher: Arc<RunFinisher>,
}

impl RunKeeper {
    /// Stores what happened, before anybody is told and before the run goes on.
    pub(super) async fn keep(&self, event: &RunEvent) -> Result<(), Error> {
        let kept = match event {
            RunEvent::StepEnded(record) => self.store.add_step(&self.run_id, record::step(record)).await,
            RunEvent::ToolEnded { step, outcome } => {
                self.store.end_tool(&self.run_id, *step, record::tool_end(outcome)).await
            }
            _ => return Ok(()),
        };
        kept.map_err(|error| store_failure(&error))
    }

    /// Stores the end; where the database is away, as soon as it is back.
    pub(super) async fn keep_end(&self, run: &Run) {
        match self.finisher.finish(record::finish(&self.run_id, run)).await {
            Err(error) if !error.is_unavailable() => self.tell_lost(&error),
            _ => {}
        }
    }

    fn tell_lost(&self, error: &StoreError) {
        warn!(run_id = &*self.run_id, %error, "The end of a run could not be stored");
    }
}
