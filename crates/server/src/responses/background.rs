//! A response that nobody waits for: it belongs to a task of its own, and goes on whoever leaves.

use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt;
use playhouse_edge::Edge;
use playhouse_llm::{Error, ErrorKind, EventStream};
use playhouse_store::{FinishResponse, IdempotencyKey, Scope, StoreError};
use playhouse_telemetry::RequestScope;
use playhouse_wire::openai::responses::state::{Ended, Telling};
use playhouse_wire::{Codec, OpenAiResponses};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::asked::{items_of, status_named};
use super::foreground::{gathered, status_of};
use super::kept::{Kept, LOST, body_of};
use super::{Asked, json};
use crate::app::App;
use crate::config::OnDisconnect;
use crate::live::{KEEP_ALIVE, Teller, Told};
use crate::native::{idempotency, sse};
use crate::turns::NotBegun;
use crate::turns::desk::Place;

/// Has a request answered in the background, and says that it is.
pub(super) async fn answer(
    app: &App,
    edge: &Edge,
    asked: Asked,
    key: Option<IdempotencyKey>,
) -> Result<Response, Error> {
    app.gate().check_model(&asked.request.context, &asked.request.model).await?;
    let place = app.turns().enter()?;
    let kept = Kept::of(app, Scope::Everything, asked.id.clone());
    let (is_streamed, begun) = (asked.head.stream, asked.mark.begun(&asked.request));
    let (teller, told) =
        Teller::new(&kept.subject(), app.turns().shared.live.clone(), OnDisconnect::Continue);
    let task = Task {
        app: app.clone(),
        edge: edge.clone(),
        telling: Telling::of(asked.mark.clone()),
        teller: is_streamed.then_some(teller),
        begun: begun.clone(),
        is_open: false,
        asked,
    };
    match begin(task, place, key).await {
        Ok(()) if is_streamed => Ok(sse::response(kept.follower(0).told(told))),
        Ok(()) => Ok(json(queued(begun))),
        Err(NotBegun::Before(id)) => again(&Kept::of(app, Scope::Everything, id)).await,
        Err(NotBegun::KeyTaken) => Err(idempotency::taken()),
        Err(NotBegun::Refused(error)) => Err(error),
    }
}

/// The answer to a request that has begun a response before.
async fn again(kept: &Kept) -> Result<Response, Error> {
    // Whoever has the key has the response: a key is its caller's own.
    let response = kept.read().await?;
    match response.streamed {
        true => Ok(sse::response(kept.follower(0))),
        false => Ok(json(body_of(&response))),
    }
}

/// Nobody has been asked yet.
fn queued(begun: Value) -> Value {
    Ended::of(begun, "queued", None)
}

/// Gives a response a task of its own; returns once it is stored. What the task begins it ends, whoever leaves.
async fn begin(mut task: Task, place: Place, key: Option<IdempotencyKey>) -> Result<(), NotBegun> {
    let (reply, begun) = oneshot::channel();
    let scope = RequestScope::from(&*task.asked.request.context);
    tokio::spawn(scope.run(async move {
        let new = task.asked.begun(&task.begun, key);
        match task.app.store().put_response(new).await {
            Ok(()) => {
                task.is_open = true;
                let _ = reply.send(Ok(()));
                task.run(place).await;
            }
            Err(error) => {
                task.give_up(&error);
                let _ = reply.send(Err(NotBegun::of(error)));
            }
        }
    }));
    let lost = || Error::new(ErrorKind::Internal, "the response was lost; the log says how");
    begun.await.unwrap_or_else(|_| Err(lost().into()))
}

struct Task {
    app: App,
    edge: Edge,
    asked: Asked,
    /// The response as it is stored while it runs.
    begun: Value,
    /// Whether it is stored as one that runs. Dropped open, it is stored as failed.
    is_open: bool,
    telling: Telling,
    teller: Option<Teller>,
}

impl Task {
    async fn run(mut self, mut place: Place) {
        let subject = Kept::of(&self.app, Scope::Everything, self.asked.id.clone()).subject();
        let outcome = tokio::select! {
            biased;
            error = place.stopped(subject) => Err(error),
            outcome = self.go_through() => outcome,
        };
        if let Err(error) = outcome {
            self.fail(&error).await;
        }
        if let Some(teller) = self.teller.take() {
            teller.close().await;
        }
    }

    async fn go_through(&mut self) -> Result<(), Error> {
        let events = self.edge.provider.chat(self.asked.request.clone()).await?;
        if self.teller.is_some() {
            return self.stream(events).await;
        }
        let response = gathered(&self.asked, events).await?;
        self.finish(status_of(&response).to_owned(), &response).await.map_err(|error| ended_by_others(&error))
    }

    async fn stream(&mut self, mut events: EventStream) -> Result<(), Error> {
        let mut writer = OpenAiResponses.stream_writer_to(&self.asked.request, self.asked.envelope());
        loop {
            let Ok(event) = timeout(KEEP_ALIVE, events.next()).await else {
                self.teller.iter_mut().for_each(|teller| teller.tell(Told::Silence));
                continue;
            };
            let has_more = event.is_some();
            let frames = match event {
                Some(event) => writer.event(&event?)?,
                None => writer.end(),
            };
            self.tell(&frames).await?;
            if !has_more {
                break;
            }
        }
        match self.telling.ended() {
            Some(_) => Ok(()),
            None => Err(Error::new(ErrorKind::Interrupted, "the answer broke off before its end")),
        }
    }

    /// Tells what has come; an end is stored before. Nothing follows an end.
    async fn tell(&mut self, frames: &Bytes) -> Result<(), Error> {
        if self.telling.ended().is_some() {
            return Ok(());
        }
        let events = self.telling.events(frames);
        if let Some(Ended { status, response }) = self.telling.ended().cloned() {
            self.finish(status, &response).await.map_err(|error| ended_by_others(&error))?;
        }
        let Some(teller) = &mut self.teller else { return Ok(()) };
        for event in events {
            teller.passed(event.name, &event.data);
        }
        teller.flush().await;
        Ok(())
    }

    /// Stores that there is no whole answer, and tells so. What others have ended is theirs to tell.
    async fn fail(&mut self, error: &Error) {
        if self.telling.ended().is_some() {
            return;
        }
        let told = match error.kind {
            ErrorKind::Cancelled => self.telling.fail(&self.begun, "cancelled", None),
            kind => self.telling.fail(&self.begun, "failed", Some((code_of(kind), &error.message))),
        };
        let Some(Ended { status, response }) = self.telling.ended().cloned() else { return };
        if self.finish(status, &response).await.is_ok()
            && let Some(teller) = &mut self.teller
        {
            teller.passed(told.name, &told.data);
        }
    }

    /// Stores the end. Should the store be away, the end is stored as soon as it is back.
    async fn finish(&mut self, status: String, response: &Value) -> Result<(), StoreError> {
        let finished = self.app.response_finisher().finish(self.ending(&status, response)).await;
        self.is_open = false;
        match finished {
            Err(error) if !error.is_unavailable() => Err(error),
            _ => Ok(()),
        }
    }

    fn ending(&self, status: &str, response: &Value) -> FinishResponse {
        FinishResponse {
            id: self.asked.id.clone(),
            status: status_named(status),
            now_us: jiff::Timestamp::now().as_microsecond(),
            body: response.to_string(),
            items: items_of(response),
        }
    }

    /// Nobody could be told that it begins; where it was stored all the same, it is to end.
    fn give_up(&mut self, error: &StoreError) {
        self.is_open = error.is_unavailable();
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if self.is_open {
            let response = Ended::of(self.begun.clone(), "failed", Some(LOST));
            self.app.response_finisher().finish_later(self.ending("failed", &response));
        }
    }
}

fn ended_by_others(error: &StoreError) -> Error {
    Error::new(ErrorKind::Interrupted, error.to_string())
}

/// The code that a response's own error has.
fn code_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::RateLimited | ErrorKind::BudgetExhausted => "rate_limit_exceeded",
        ErrorKind::InvalidRequest | ErrorKind::TooLarge => "invalid_prompt",
        _ => "server_error",
    }
}
