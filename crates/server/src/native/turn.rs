//! A turn: a user message, the history it follows, and the answer, kept as it goes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{TryStreamExt, stream};
use playhouse_agent::{RunEvent, speech};
use playhouse_llm::{Context, Error, ErrorKind, EventStream, Message, Prompt, Provider, Reply, Request};
use playhouse_store::{BeginTurn, IdempotencyKey, StoreError, TurnTerms};
use tokio::time::timeout;

use super::open_turn::OpenTurn;
use super::streamed_turn::{Source, StreamedTurn};
use crate::agents::desk::{Assignment, BegunRun};
use crate::agents::roster::ServedAgent;
use crate::app::App;
use crate::turns::NotBegun;

/// What a user asks, and whom.
pub(crate) struct Question {
    pub(crate) session_id: Arc<str>,
    pub(crate) turn_id: Arc<str>,
    pub(crate) message: Message,
    pub(crate) model: Arc<str>,
    /// Who answers in place of the model alone.
    pub(crate) agent: Option<Arc<ServedAgent>>,
    pub(crate) context: Arc<Context>,
    /// The turn that is tried again.
    pub(crate) in_place_of: Option<Arc<str>>,
    pub(crate) idempotency: Option<IdempotencyKey>,
}

/// A turn that has begun: the message is stored, the model not yet asked.
pub(super) struct Turn {
    app: App,
    request: Request,
    agent: Option<Arc<ServedAgent>>,
    open: OpenTurn,
}

/// A whole answer, stored.
pub(super) struct Answered {
    pub(super) reply: Reply,
    pub(super) session_id: Arc<str>,
    pub(super) turn_id: Arc<str>,
    pub(super) run_id: Option<Arc<str>>,
}

impl Question {
    fn beginning(&self, app: &App) -> BeginTurn {
        BeginTurn {
            key_id: self.context.key_id.clone(),
            session_id: self.session_id.clone(),
            turn_id: self.turn_id.clone(),
            message: self.message.clone(),
            now_us: jiff::Timestamp::now().as_microsecond(),
            history: app.chat_settings().history,
            terms: TurnTerms {
                model: Some(self.model.clone()),
                agent: self.agent.as_ref().map(|agent| agent.name.clone()),
                in_place_of: self.in_place_of.clone(),
                idempotency: self.idempotency,
            },
        }
    }
}

impl Turn {
    /// Begins a turn: stores the message, loads the history, and claims the session.
    pub(super) async fn begin(app: &App, question: Question) -> Result<Self, NotBegun> {
        let begun = app.store().begin_turn(question.beginning(app)).await;
        let begun = begun.map_err(|error| refusal(error, &question.session_id))?;
        let open = OpenTurn::new(app.clone(), &question);
        // An agent has instructions of its own.
        let system = app.chat_settings().system_prompt.as_deref().filter(|_| question.agent.is_none());
        let messages =
            system.map(Message::system).into_iter().chain(begun.history).chain([question.message]).collect();
        let request = Request::new(question.model, Prompt::new(messages)).within(question.context);
        Ok(Self { app: app.clone(), request, agent: question.agent, open })
    }

    /// Asks and waits for the whole answer.
    pub(super) async fn ask(mut self) -> Result<Answered, Error> {
        let answer = match &self.agent {
            None => self.ask_model().await.map(|reply| (reply, None)),
            Some(agent) => self.ask_agent(agent).await,
        };
        match answer {
            Ok((reply, run_id)) => {
                self.open.collector.replace(reply);
                self.open.complete().await?;
                let (session_id, turn_id) = (self.open.session_id.clone(), self.open.turn_id.clone());
                let reply = std::mem::take(&mut self.open.collector).into_reply();
                Ok(Answered { reply, session_id, turn_id, run_id })
            }
            Err(error) => {
                self.open.fail(&error);
                Err(error)
            }
        }
    }

    pub(super) fn request_id(&self) -> Arc<str> {
        self.open.request_id.clone()
    }

    async fn ask_model(&self) -> Result<Reply, Error> {
        playhouse_llm::collect(self.app.provider().chat(self.request.clone()).await?).await
    }

    async fn ask_agent(&self, agent: &Arc<ServedAgent>) -> Result<(Reply, Option<Arc<str>>), Error> {
        let mut run = self.start_run(agent, false).await?;
        while let Some(event) = run.events.recv().await {
            if let RunEvent::Done(ended) = event {
                return Ok((speech::reply(&ended)?, Some(run.id)));
            }
        }
        Err(Error::new(ErrorKind::Internal, "the run was lost; the log says how"))
    }

    async fn start_run(&self, agent: &Arc<ServedAgent>, stream: bool) -> Result<BegunRun, Error> {
        let (prompt, context) = (self.request.prompt()?.clone(), self.request.context.clone());
        let (agent, model) = (agent.clone(), self.request.model.clone());
        let assignment = Assignment { agent, model, prompt, stream, context, idempotency: None };
        self.app.runs().start(assignment).await.map_err(NotBegun::into_error)
    }

    /// Asks and begins to stream the answer.
    ///
    /// Until it begins, a failure is no stream at all; but nobody is left without a word for longer
    /// than `patience`. After that a failure is the stream's own.
    pub(super) async fn ask_streamed(mut self, patience: Duration) -> Result<StreamedTurn, Error> {
        let source = match &self.agent {
            None => self.stream_model(patience).await.map(Source::Model),
            Some(agent) => self.start_run(agent, true).await.map(Source::Agent),
        };
        match source {
            Ok(source) => Ok(StreamedTurn { source, open: self.open, arrived_bytes: 0 }),
            Err(error) => {
                self.open.fail(&error);
                Err(error)
            }
        }
    }

    async fn stream_model(&self, patience: Duration) -> Result<EventStream, Error> {
        let (app, request) = (self.app.clone(), self.request.clone().streamed(true));
        let mut beginning = Box::pin(async move { app.provider().chat(request).await });
        match timeout(patience, &mut beginning).await {
            Ok(begun) => begun,
            Err(_) => Ok(Box::pin(stream::once(beginning).try_flatten())),
        }
    }
}

fn refusal(error: StoreError, session_id: &str) -> NotBegun {
    match error {
        StoreError::TurnRunning { .. } => {
            let message = format!(
                "session '{session_id}' is answering another message; wait for it, or use another session"
            );
            NotBegun::Refused(Error::new(ErrorKind::Conflict, message))
        }
        error => NotBegun::of(error),
    }
}
