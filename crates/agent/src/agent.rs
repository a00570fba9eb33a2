//! Agents: a strategy, tools and bounds, ready to run.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use futures_util::stream;
use playhouse_llm::{Context, Message, Prompt, Provider};

use crate::run::{Bounds, Driver, Run, RunEvent, RunStatus, Task};
use crate::strategy::StrategyKind;
use crate::tool::ToolRegistry;

/// A model that may call tools in a loop.
///
/// ```
/// use playhouse_agent::{ReActAgent, RunStatus, ToolRegistry, tools::Calculator};
/// # use async_trait::async_trait;
/// # use playhouse_llm::{Error, Event, EventStream, Provider, Reply, Request};
/// # struct Scripted(std::sync::Mutex<Vec<&'static str>>);
/// # #[async_trait]
/// # impl Provider for Scripted {
/// #     async fn chat(&self, _request: Request) -> Result<EventStream, Error> {
/// #         let reply = Reply::text(self.0.lock().unwrap().remove(0));
/// #         Ok(Box::pin(futures_util::stream::iter([Ok(Event::reply(reply))])))
/// #     }
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let provider = Scripted(std::sync::Mutex::new(vec![
/// #     "Thought: I calculate.\nAction: calculator\nAction Input: {\"expression\": \"2+2\"}",
/// #     "Answer: 4",
/// # ]));
/// let tools = ToolRegistry::new().with(Calculator::new()).unwrap();
/// let run = ReActAgent::new(tools).max_steps(3).run("What is 2+2?", &provider).await;
/// assert_eq!(run.status, RunStatus::Completed);
/// assert_eq!(run.text(), "4");
/// assert_eq!(run.steps[0].outcomes[0].result.output, "4");
/// # });
/// ```
#[derive(Clone)]
pub struct Agent {
    model: Arc<str>,
    instructions: Option<Arc<str>>,
    strategy: StrategyKind,
    tools: Arc<ToolRegistry>,
    bounds: Bounds,
}

/// Makes agents that follow a form of text, for models without tool calls of their own.
#[derive(Debug)]
pub struct ReActAgent;

/// Makes agents that use the vendor's own tool calls.
#[derive(Debug)]
pub struct ToolCallingAgent;

impl ReActAgent {
    /// An agent with these tools.
    #[expect(clippy::new_ret_no_self, reason = "there is one kind of agent; this names how it is made")]
    pub fn new(tools: impl Into<Arc<ToolRegistry>>) -> Agent {
        Agent::new(StrategyKind::React, tools)
    }
}

impl ToolCallingAgent {
    /// An agent with these tools.
    #[expect(clippy::new_ret_no_self, reason = "there is one kind of agent; this names how it is made")]
    pub fn new(tools: impl Into<Arc<ToolRegistry>>) -> Agent {
        Agent::new(StrategyKind::ToolCalling, tools)
    }
}

impl Agent {
    /// An agent with this strategy and these tools.
    pub fn new(strategy: StrategyKind, tools: impl Into<Arc<ToolRegistry>>) -> Self {
        Self {
            model: Arc::from("default"),
            instructions: None,
            strategy,
            tools: tools.into(),
            bounds: Bounds::default(),
        }
    }

    /// The same agent asking this model.
    #[must_use]
    pub fn model(self, model: impl Into<Arc<str>>) -> Self {
        Self { model: model.into(), ..self }
    }

    /// The same agent that tells the model this before everything else.
    #[must_use]
    pub fn instructions(self, instructions: impl Into<Arc<str>>) -> Self {
        Self { instructions: Some(instructions.into()), ..self }
    }

    /// The same agent within these bounds.
    #[must_use]
    pub fn bounds(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// The same agent asking the model at most this often.
    #[must_use]
    pub fn max_steps(mut self, max_steps: u32) -> Self {
        self.bounds.max_steps = max_steps;
        self
    }

    /// The same agent running at most this long.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.bounds.max_duration_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Its tools.
    pub fn tools(&self) -> &Arc<ToolRegistry> {
        &self.tools
    }

    /// Runs one task to its end, however it ends.
    pub async fn run(&self, input: impl Into<String>, provider: &(impl Provider + ?Sized)) -> Run {
        let mut driver = Driver::new(self.task(input, provider));
        while let Some(event) = driver.next().await {
            if let RunEvent::Done(run) = event {
                drop(driver);
                return Arc::unwrap_or_clone(run);
            }
        }
        unended()
    }

    /// Runs one task and tells what happens, text as it comes. Dropped, the run stops at once.
    pub fn events<'run, P: Provider + 'run>(
        &self,
        input: impl Into<String>,
        provider: P,
    ) -> Pin<Box<dyn Stream<Item = RunEvent> + Send + 'run>> {
        Box::pin(events(Driver::new(Task { stream: true, ..self.task(input, provider) })))
    }

    /// One task, to be changed or driven.
    pub fn task<P>(&self, input: impl Into<String>, provider: P) -> Task<P> {
        self.task_of(Prompt::new(vec![Message::user(input)]), provider)
    }

    /// A task that begins with a conversation.
    pub fn task_of<P>(&self, mut prompt: Prompt, provider: P) -> Task<P> {
        if let Some(instructions) = &self.instructions {
            prompt.messages.insert(0, Message::system(&**instructions));
        }
        Task {
            provider,
            model: self.model.clone(),
            prompt,
            strategy: self.strategy,
            tools: self.tools.clone(),
            bounds: self.bounds.clone(),
            stream: false,
            context: Arc::new(Context::default()),
            steps: Vec::new(),
        }
    }
}

/// The events of a run, as a stream.
pub(crate) fn events<P: Provider>(driver: Driver<P>) -> impl Stream<Item = RunEvent> {
    stream::unfold(driver, |mut driver| async move {
        let event = driver.next().await?;
        Some((event, driver))
    })
}

/// A driver tells of the end before it has nothing more to tell; this is for the compiler.
fn unended() -> Run {
    Run {
        status: RunStatus::Interrupted,
        answer: None,
        reason: Some("the run did not end".to_owned()),
        error: None,
        steps: Vec::new(),
        usage: Default::default(),
        cost_usd: None,
        duration_ms: 0.0,
    }
}
