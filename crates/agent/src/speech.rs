//! A run as an answer: its text, and nothing of its tools.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use playhouse_llm::{
    Chunk, Error, ErrorKind, Event, EventStream, FinishReason, Prompt, Provider, Reply, Request, collect,
};

use crate::agent::{Agent, events};
use crate::run::{Driver, Run, RunEvent, RunStatus, Task};

/// An agent as a provider: whoever asks it gets its answer, as from any model.
///
/// ```
/// use std::sync::Arc;
/// use playhouse_agent::{AgentProvider, ToolCallingAgent, ToolRegistry};
/// use playhouse_llm::Provider;
///
/// fn wrap(model: Arc<dyn Provider>) -> AgentProvider {
///     AgentProvider::new(ToolCallingAgent::new(ToolRegistry::new()).model("gpt-4o-mini"), model)
/// }
/// ```
pub struct AgentProvider {
    agent: Agent,
    provider: Arc<dyn Provider>,
}

impl AgentProvider {
    /// The agent over whoever answers for its model.
    pub fn new(agent: Agent, provider: Arc<dyn Provider>) -> Self {
        Self { agent, provider }
    }
}

#[async_trait::async_trait]
impl Provider for AgentProvider {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        let task = self.agent.task_of(prompt_of(&request)?, self.provider.clone());
        let task = Task { stream: request.stream, context: request.context.clone(), ..task };
        answer(events(Driver::new(task)), request.model, request.stream).await
    }
}

/// What a request asks an agent: its conversation and its settings, as a provider of another protocol is told
/// them, for nobody knows yet which one the agent's model is asked in.
///
/// # Errors
/// When the request cannot be read, asks for what only its own protocol knows, or offers tools: an agent runs
/// its own.
pub fn prompt_of(request: &Request) -> Result<Prompt, Error> {
    if !request.prompt()?.tools.is_empty() {
        let message = format!("'{}' is an agent and runs tools of its own; leave out `tools`", request.model);
        let error = Error::new(ErrorKind::InvalidRequest, message);
        return Err(Error { param: Some("tools".to_owned()), ..error });
    }
    Ok(Prompt { tool_choice: None, ..request.translated()?.into_owned() })
}

/// The answer that a run's events make; streamed and whole it is the same text.
///
/// A bound that ended the run is told as [`FinishReason::Length`], with what there is of an answer.
///
/// # Errors
/// When the run ends before there is anything to say.
pub async fn answer(
    events: impl Stream<Item = RunEvent> + Send + 'static,
    model: Arc<str>,
    stream: bool,
) -> Result<EventStream, Error> {
    let mut speech = Speech::new(Box::pin(events), model);
    // A run that fails before it says anything is an answer that never began.
    speech.hear().await?;
    let pieces = stream::unfold(speech, |mut speech| async move { Some((speech.next().await?, speech)) });
    if stream {
        return Ok(Box::pin(pieces));
    }
    let reply = collect(Box::pin(pieces)).await?;
    Ok(Box::pin(stream::iter([Ok(Event::reply(reply))])))
}

/// A run's answer as a reply: its last text, not what it said on the way.
///
/// # Errors
/// When it has none.
pub fn reply(run: &Run) -> Result<Reply, Error> {
    let finish = match (run.status, &run.answer) {
        (RunStatus::Completed, _) => last_finish(run),
        (status, Some(_)) if status.is_limit() => FinishReason::Length,
        _ => return Err(failure(run)),
    };
    let mut reply = Reply::text(run.text());
    reply.choices.iter_mut().for_each(|choice| choice.finish = Some(finish.clone()));
    reply.model = run.steps.last().map(|step| step.model.clone()).unwrap_or_default();
    reply.usage = Some(run.usage.clone()).filter(|usage| usage.total_tokens > 0);
    Ok(reply)
}

struct Speech {
    events: Pin<Box<dyn Stream<Item = RunEvent> + Send>>,
    model: Arc<str>,
    /// The step whose text came last.
    step: Option<u32>,
    said: VecDeque<Result<Event, Error>>,
}

impl Speech {
    fn new(events: Pin<Box<dyn Stream<Item = RunEvent> + Send>>, model: Arc<str>) -> Self {
        Self { events, model, step: None, said: VecDeque::new() }
    }

    async fn next(&mut self) -> Option<Result<Event, Error>> {
        if self.said.is_empty()
            && let Err(error) = self.hear().await
        {
            return Some(Err(error));
        }
        self.said.pop_front()
    }

    /// Waits until there is something to say, or nothing more.
    async fn hear(&mut self) -> Result<(), Error> {
        while self.said.is_empty() {
            match self.events.next().await {
                Some(RunEvent::Delta { step, content }) => self.say(step, content),
                Some(RunEvent::Done(run)) => self.end(&run)?,
                Some(_) => {}
                None => break,
            }
        }
        Ok(())
    }

    /// Texts of different steps stand apart.
    fn say(&mut self, step: u32, content: String) {
        let content = match self.step.replace(step) {
            None => {
                self.push(Chunk::start());
                content
            }
            Some(before) if before == step => content,
            Some(_) => format!("\n\n{content}"),
        };
        self.push(Chunk::text(content));
    }

    fn end(&mut self, run: &Run) -> Result<(), Error> {
        if self.step.is_none()
            && run.status.is_limit()
            && let Some(part) = &run.answer
        {
            self.say(0, part.clone());
        }
        let finish = match run.status {
            RunStatus::Completed => last_finish(run),
            status if status.is_limit() && self.step.is_some() => FinishReason::Length,
            _ => return Err(failure(run)),
        };
        if self.step.is_none() {
            self.push(Chunk::start());
        }
        self.push(Chunk::finish(finish));
        if run.usage.total_tokens > 0 {
            self.push(Chunk::usage(run.usage.clone()));
        }
        Ok(())
    }

    fn push(&mut self, mut chunk: Chunk) {
        chunk.model = Some(self.model.to_string());
        self.said.push_back(Ok(Event::chunk(chunk)));
    }
}

fn last_finish(run: &Run) -> FinishReason {
    let last = run.steps.last().and_then(|step| step.finish_reason.clone());
    last.unwrap_or(FinishReason::Stop)
}

fn failure(run: &Run) -> Error {
    if let Some(error) = &run.error {
        return error.clone();
    }
    let kind = if run.status == RunStatus::Cancelled { ErrorKind::Cancelled } else { ErrorKind::Upstream };
    let reason = run.reason.as_deref().unwrap_or("it did not say why");
    Error::new(kind, format!("the agent ended without an answer: {reason}"))
}
