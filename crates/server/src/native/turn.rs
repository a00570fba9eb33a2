//! A turn: a user message, the history it follows, and the answer, kept as it goes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use playhouse_agent::{Run, RunEvent, speech};
use playhouse_llm::{
    Collector, Context, Error, ErrorKind, Event, EventStream, Extra, Message, Part, Prompt, Provider, Reply,
    Request, Shape,
};
use playhouse_store::{BeginTurn, FinishTurn, StoreError, TurnEnding};
use tokio::time::timeout;

use crate::agents::desk::{Assignment, BegunRun};
use crate::agents::roster::ServedAgent;
use crate::app::App;
use crate::failure::store_failure;

/// What a user asks, and whom.
pub(crate) struct Question {
    pub(crate) session_id: Arc<str>,
    pub(crate) turn_id: Arc<str>,
    pub(crate) message: String,
    pub(crate) model: Arc<str>,
    /// Who answers in place of the model alone.
    pub(crate) agent: Option<Arc<ServedAgent>>,
    pub(crate) context: Arc<Context>,
}

/// A turn that has begun: the message is stored, the model not yet asked.
pub(crate) struct Turn {
    app: App,
    request: Request,
    agent: Option<Arc<ServedAgent>>,
    open: OpenTurn,
}

/// A whole answer, stored.
pub(crate) struct Answered {
    pub(crate) reply: Reply,
    pub(crate) session_id: Arc<str>,
    pub(crate) turn_id: Arc<str>,
    pub(crate) run_id: Option<Arc<str>>,
}

/// A turn whose answer is coming in pieces.
pub(crate) struct StreamedTurn {
    source: Source,
    open: OpenTurn,
}

/// Who answers.
enum Source {
    Model(EventStream),
    Agent(BegunRun),
}

/// What has become of a streamed turn.
pub(crate) enum Progress {
    /// More text.
    Pieces(Vec<String>),
    /// Something that the agent does.
    Step(RunEvent),
    /// Nothing for a while.
    Silence,
    /// The answer is whole and stored.
    Done,
    /// It broke off; what had come is stored.
    Failed(Error),
}

impl Turn {
    /// Begins a turn: stores the message, loads the history, and claims the session.
    pub(crate) async fn begin(app: &App, question: Question) -> Result<Self, Error> {
        let settings = app.chat_settings();
        let user = Message::user(&*question.message);
        let begin = BeginTurn {
            key_id: question.context.key_id.clone(),
            session_id: question.session_id.clone(),
            turn_id: question.turn_id.clone(),
            message: user.clone(),
            now_us: jiff::Timestamp::now().as_microsecond(),
            history: settings.history,
        };
        let begun = app.store().begin_turn(begin).await;
        let begun = begun.map_err(|error| refusal(&error, &question.session_id))?;
        let open = OpenTurn::new(app.clone(), &question);
        // An agent has instructions of its own.
        let system = settings.system_prompt.as_deref().filter(|_| question.agent.is_none());
        let messages = system.map(Message::system).into_iter().chain(begun.history).chain([user]).collect();
        let request = Request::new(question.model, Prompt::new(messages)).within(question.context);
        Ok(Self { app: app.clone(), request, agent: question.agent, open })
    }

    /// Asks and waits for the whole answer.
    pub(crate) async fn ask(mut self) -> Result<Answered, Error> {
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
        self.app.runs().start(Assignment { agent, model, prompt, stream, context }).await
    }

    /// Asks and begins to stream the answer.
    ///
    /// Until it begins, a failure is no stream at all; but nobody is left without a word for longer
    /// than `patience`. After that a failure is the stream's own.
    pub(crate) async fn ask_streamed(mut self, patience: Duration) -> Result<StreamedTurn, Error> {
        let source = match &self.agent {
            None => self.stream_model(patience).await.map(Source::Model),
            Some(agent) => self.start_run(agent, true).await.map(Source::Agent),
        };
        match source {
            Ok(source) => Ok(StreamedTurn { source, open: self.open }),
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

impl StreamedTurn {
    /// Waits for the next thing to tell, or until it has been silent this long.
    pub(crate) async fn next(&mut self, silence: Duration) -> Progress {
        match &mut self.source {
            Source::Model(events) => match timeout(silence, events.next()).await {
                Ok(item) => self.hear(item).await,
                Err(_silence) => Progress::Silence,
            },
            Source::Agent(run) => match timeout(silence, run.events.recv()).await {
                Ok(event) => self.watch(event).await,
                Err(_silence) => Progress::Silence,
            },
        }
    }

    /// What the model said.
    async fn hear(&mut self, item: Option<Result<Event, Error>>) -> Progress {
        match item {
            Some(event) => match event.and_then(|event| self.take_in(&event)) {
                Ok(pieces) => Progress::Pieces(pieces),
                Err(error) => self.fail(error),
            },
            None => self.complete().await,
        }
    }

    /// What the agent did.
    async fn watch(&mut self, event: Option<RunEvent>) -> Progress {
        match event {
            Some(RunEvent::Delta { content, .. }) => Progress::Pieces(vec![content]),
            Some(RunEvent::Done(run)) => self.end(&run).await,
            Some(event) => Progress::Step(event),
            None => self.fail(Error::new(ErrorKind::Internal, "the run was lost; the log says how")),
        }
    }

    async fn end(&mut self, run: &Run) -> Progress {
        match speech::reply(run) {
            Ok(reply) => {
                self.open.collector.replace(reply);
                self.complete().await
            }
            Err(error) => self.fail(error),
        }
    }

    async fn complete(&mut self) -> Progress {
        match self.open.complete().await {
            Ok(()) => Progress::Done,
            Err(error) => Progress::Failed(error),
        }
    }

    fn fail(&mut self, error: Error) -> Progress {
        self.open.fail(&error);
        Progress::Failed(error)
    }

    /// The run that answers, if it is an agent that does.
    pub(crate) fn run_id(&self) -> Option<&Arc<str>> {
        match &self.source {
            Source::Model(_) => None,
            Source::Agent(run) => Some(&run.id),
        }
    }

    fn take_in(&mut self, event: &Event) -> Result<Vec<String>, Error> {
        let collector = &mut self.open.collector;
        if let Some(reply) = event.whole()? {
            collector.replace(reply.clone());
            return Ok(vec![reply.content()]);
        }
        let chunks = event.chunks()?;
        chunks.iter().for_each(|chunk| collector.absorb(chunk));
        Ok(chunks.iter().map(|chunk| chunk.content()).filter(|content| !content.is_empty()).collect())
    }

    /// What has come so far.
    pub(crate) fn reply(&self) -> &Reply {
        self.open.collector.reply()
    }

    pub(crate) fn session_id(&self) -> &str {
        &self.open.session_id
    }

    pub(crate) fn turn_id(&self) -> &str {
        &self.open.turn_id
    }

    pub(crate) fn request_id(&self) -> Arc<str> {
        self.open.request_id.clone()
    }
}

/// A turn in the store that must be closed, whatever happens: dropped open, it is stored as
/// interrupted with the text that had come.
struct OpenTurn {
    app: App,
    session_id: Arc<str>,
    turn_id: Arc<str>,
    request_id: Arc<str>,
    collector: Collector,
    closed: bool,
}

impl OpenTurn {
    fn new(app: App, question: &Question) -> Self {
        Self {
            app,
            session_id: question.session_id.clone(),
            turn_id: question.turn_id.clone(),
            request_id: question.context.request_id.clone(),
            collector: Collector::default(),
            closed: false,
        }
    }

    /// Stores the whole answer. If the database is away, the caller is told so, and the answer is
    /// stored as soon as it is back.
    async fn complete(&mut self) -> Result<(), Error> {
        let finish = self.close(TurnEnding::Completed);
        self.app.turn_finisher().finish(finish).await.map_err(|error| store_failure(&error))
    }

    /// Stores that there is no whole answer, and what there is of it.
    fn fail(&mut self, error: &Error) {
        let finish = self.close(TurnEnding::Failed { error: Arc::from(error.kind.as_str()) });
        self.app.turn_finisher().finish_later(finish);
    }

    fn close(&mut self, ending: TurnEnding) -> FinishTurn {
        self.closed = true;
        let reply = self.collector.reply();
        let said = reply.choices.first().map(|choice| for_history(&choice.message));
        FinishTurn {
            turn_id: self.turn_id.clone(),
            now_us: jiff::Timestamp::now().as_microsecond(),
            ending,
            messages: said.into_iter().filter(|message| !message.parts.is_empty()).collect(),
            model: Some(Arc::from(reply.model.as_str())).filter(|model: &Arc<str>| !model.is_empty()),
            finish_reason: reply.finish().map(|finish| Arc::from(finish.as_str())),
            usage: reply.usage.clone(),
        }
    }
}

impl Drop for OpenTurn {
    fn drop(&mut self) {
        if !self.closed {
            let finish = self.close(TurnEnding::Interrupted);
            self.app.turn_finisher().finish_later(finish);
        }
    }
}

/// What of an answer later turns may see: vendors refuse to be shown their reasoning, or fields
/// another vendor made up.
fn for_history(message: &Message) -> Message {
    let is_said = |part: &&Part| !matches!(part, Part::Reasoning { .. } | Part::Other { .. });
    let parts = message.parts.iter().filter(is_said).cloned().collect();
    Message { role: message.role, parts, shape: Shape::Plain, extra: Extra::new() }
}

fn refusal(error: &StoreError, session_id: &str) -> Error {
    match error {
        StoreError::TurnRunning { .. } => {
            let message = format!(
                "session '{session_id}' is answering another message; wait for it, or use another session"
            );
            Error::new(ErrorKind::Conflict, message)
        }
        _ => store_failure(error),
    }
}
