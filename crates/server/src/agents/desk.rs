//! The runs that run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{Stream, stream};
use playhouse_agent::{Driver, RunEvent, StepRecord, Task};
use playhouse_llm::{Context, Error, ErrorKind, Message, Prompt, Provider};
use playhouse_store::{BeginRun, IdempotencyKey, RunFinisher, Scope, Store, StoredRun};
use playhouse_telemetry::{Metrics, RequestScope, RunSpans, Tracer};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use super::account::RunAccount;
use super::keeper::RunKeeper;
use super::record;
use super::roster::{Roster, ServedAgent};
use super::task::RunTask;
use crate::failure::store_failure;
use crate::turns::NotBegun;

/// Events that wait for whoever listens; a run does not go further ahead of its listener.
const EVENTS_AHEAD: usize = 64;

/// Starts runs, and knows those that run.
pub(crate) struct RunDesk {
    pub(crate) roster: Roster,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tracer: Tracer,
    /// Whether arguments and outputs of tools may be logged.
    pub(crate) capture: bool,
    pub(crate) running: Arc<Running>,
    pub(crate) finisher: Arc<RunFinisher>,
}

/// The runs that run, by id, with how to stop them.
#[derive(Default)]
pub(crate) struct Running {
    runs: Mutex<HashMap<Arc<str>, Arc<Notify>>>,
    ended: Notify,
}

/// What a run is asked to do.
pub(crate) struct Assignment {
    pub(crate) agent: Arc<ServedAgent>,
    /// The model to ask: the agent's own, as a rule.
    pub(crate) model: Arc<str>,
    /// The conversation it begins with, and settings for every step.
    pub(crate) prompt: Prompt,
    /// Whether text is to come as the model writes it.
    pub(crate) stream: bool,
    pub(crate) context: Arc<Context>,
    pub(crate) idempotency: Option<IdempotencyKey>,
}

/// A run that has begun.
pub(crate) struct BegunRun {
    pub(crate) id: Arc<str>,
    pub(crate) events: mpsc::Receiver<RunEvent>,
    cancel: Arc<Notify>,
}

impl RunDesk {
    /// Begins a run: it is in the store before its model is asked. Dropping its events cancels it.
    pub(crate) async fn start(&self, assignment: Assignment) -> Result<BegunRun, NotBegun> {
        let run_id: Arc<str> = Arc::from(Uuid::now_v7().to_string());
        let agent = assignment.agent.current().await?;
        let begin = begin(&run_id, &assignment, agent.tools().is_idempotent());
        self.store.begin_run(begin).await.map_err(NotBegun::of)?;
        Ok(self.spawn(run_id, assignment, Vec::new())?)
    }

    /// Goes on with a run that was cut off. Tools that have answered do not run again.
    pub(crate) async fn resume(
        &self,
        run_id: &str,
        stream: bool,
        context: &Context,
        idempotency: Option<IdempotencyKey>,
    ) -> Result<BegunRun, NotBegun> {
        let scope = Scope::of(context.key_id.as_ref());
        let found = self.store.run(&scope, run_id).await.map_err(|error| store_failure(&error))?;
        let found = found.ok_or_else(|| unknown_run(run_id))?;
        // Looked at before the run is claimed: a run that nobody can go on with stays as it is.
        let served = self.roster.get(&found.summary.agent)?;
        served.current().await?;
        let stored = self
            .store
            .resume_run(&scope, run_id, idempotency, jiff::Timestamp::now().as_microsecond())
            .await
            .map_err(NotBegun::of)?;
        let StoredRun { summary, input, steps, .. } = stored;
        let context = Context {
            session_id: summary.session_id,
            turn_id: summary.turn_id,
            ..context.with_trail(context.trail.clone())
        };
        let steps = steps.into_iter().map(record::replayed).collect();
        let assignment = Assignment {
            agent: served,
            model: summary.model,
            prompt: Prompt::new(input),
            stream,
            context: Arc::new(context),
            idempotency: None,
        };
        Ok(self.spawn(summary.id, assignment, steps)?)
    }

    fn spawn(
        &self,
        run_id: Arc<str>,
        assignment: Assignment,
        steps: Vec<StepRecord>,
    ) -> Result<BegunRun, Error> {
        let Assignment { agent: served, model, prompt, stream, context, .. } = assignment;
        let agent = served.agent()?.model(model.clone());
        let tools = agent.tools().clone();
        let trail = context.trail.clone();
        let spans = RunSpans::begin(&self.tracer, &context, &served.name, &run_id, &model);
        // What is done in the run is done within its span.
        let trace = spans.as_ref().map(RunSpans::trace).or_else(|| context.trace.clone());
        let context = Arc::new(Context { run_id: Some(run_id.clone()), trace, ..context.with_trail(trail) });
        let task = agent.task_of(prompt, self.provider.clone());
        let driver = Driver::new(Task { stream, steps, context: context.clone(), ..task });
        let account = RunAccount {
            metrics: self.metrics.clone(),
            run_id: run_id.clone(),
            agent: served.name.clone(),
            tools,
            capture: self.capture,
            spans,
            arguments: Vec::new(),
        };
        let (sender, events) = mpsc::channel(EVENTS_AHEAD);
        let place = self.running.enter(run_id.clone());
        let keeper =
            RunKeeper { run_id: run_id.clone(), store: self.store.clone(), finisher: self.finisher.clone() };
        let cancel = place.cancel.clone();
        let task = RunTask { driver, keeper, account, cancel: cancel.clone(), events: sender };
        tokio::spawn(RequestScope::from(&*context).run(async move {
            task.run().await;
            drop(place);
        }));
        Ok(BegunRun { id: run_id, events, cancel })
    }
}

impl Running {
    /// Stops a run, if it runs here; says whether it does.
    pub(crate) fn cancel(&self, run_id: &str) -> bool {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.get(run_id).inspect(|cancel| cancel.notify_one()).is_some()
    }

    /// Waits until no run runs any more.
    pub(crate) async fn all_ended(&self) {
        loop {
            let ended = self.ended.notified();
            if self.runs.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
                return;
            }
            ended.await;
        }
    }

    /// Waits until this run does not run any more.
    pub(crate) async fn ended(&self, run_id: &str) {
        loop {
            let ended = self.ended.notified();
            if !self.runs.lock().unwrap_or_else(PoisonError::into_inner).contains_key(run_id) {
                return;
            }
            ended.await;
        }
    }

    fn enter(self: &Arc<Self>, run_id: Arc<str>) -> Place {
        let cancel = Arc::new(Notify::new());
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.insert(run_id.clone(), cancel.clone());
        Place { running: self.clone(), run_id, cancel }
    }
}

/// A run's place among those that run.
struct Place {
    running: Arc<Running>,
    run_id: Arc<str>,
    cancel: Arc<Notify>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.runs.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.run_id);
        self.running.ended.notify_waiters();
    }
}

impl BegunRun {
    /// Stops it; its end follows.
    pub(crate) fn cancel(&self) {
        self.cancel.notify_one();
    }

    /// Its events, as a stream.
    pub(crate) fn into_stream(self) -> impl Stream<Item = RunEvent> + Send + 'static {
        stream::unfold(self.events, |mut events| async move { Some((events.recv().await?, events)) })
    }
}

/// A run that the store does not have.
pub(crate) fn unknown_run(run_id: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no run '{run_id}'"))
}

fn begin(run_id: &Arc<str>, assignment: &Assignment, resumable: bool) -> BeginRun {
    let input: &[Message] = &assignment.prompt.messages;
    let context = &assignment.context;
    BeginRun {
        key_id: context.key_id.clone(),
        run_id: run_id.clone(),
        agent: assignment.agent.name.clone(),
        model: assignment.model.clone(),
        input: input.to_vec(),
        resumable,
        request_id: context.request_id.clone(),
        session_id: context.session_id.clone(),
        turn_id: context.turn_id.clone(),
        idempotency: assignment.idempotency,
        now_us: jiff::Timestamp::now().as_microsecond(),
    }
}
