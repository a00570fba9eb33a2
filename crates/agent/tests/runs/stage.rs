//! A provider that says what it is told to, and tools to call.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use playhouse_agent::{ToolFn, ToolRegistry};
use playhouse_llm::{
    Chunk, Error, Event, EventStream, Extra, FinishReason, Message, Part, Provider, Reply, Request, ToolCall,
    Usage,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Answers in turn, and keeps what it was asked.
#[derive(Clone, Default)]
pub(crate) struct Scripted {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    pub(crate) asked: Arc<Mutex<Vec<Vec<Message>>>>,
}

/// What it answers.
pub(crate) enum Answer {
    /// A text.
    Says(&'static str),
    /// These calls: tool and arguments.
    Calls(Vec<(&'static str, String)>),
    /// A failure in place of an answer.
    Fails(Error),
    /// Some text, and then a failure.
    Breaks(&'static str, Error),
    /// A text, and then nothing more.
    Stalls(&'static str),
}

impl Scripted {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), asked: Arc::default() }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[async_trait]
impl Provider for Scripted {
    async fn chat(&self, request: Request) -> Result<EventStream, Error> {
        self.asked.lock().unwrap().push(request.prompt()?.messages.clone());
        let answer =
            self.answers.lock().unwrap().pop_front().expect("it is asked more often than it can answer");
        let texts = |text: &'static str| {
            let pieces = text.split_inclusive(' ').map(|piece| Ok(Event::chunk(Chunk::text(piece))));
            stream::iter(pieces.collect::<Vec<_>>())
        };
        match answer {
            Answer::Says(text) if request.stream => {
                let end = [Chunk::finish(FinishReason::Stop), Chunk::usage(Usage::new(10, 5))];
                Ok(Box::pin(texts(text).chain(stream::iter(end.map(|chunk| Ok(Event::chunk(chunk)))))))
            }
            Answer::Says(text) => {
                let reply = Reply { usage: Some(Usage::new(10, 5)), ..Reply::text(text) };
                Ok(Box::pin(stream::iter([Ok(Event::reply(reply))])))
            }
            Answer::Calls(calls) => Ok(Box::pin(stream::iter([Ok(Event::reply(calling(calls)))]))),
            Answer::Fails(error) => Err(error),
            Answer::Breaks(text, error) => Ok(Box::pin(texts(text).chain(stream::iter([Err(error)])))),
            Answer::Stalls(text) => Ok(Box::pin(texts(text).chain(stream::pending()))),
        }
    }
}

fn calling(calls: Vec<(&'static str, String)>) -> Reply {
    let mut reply = Reply { usage: Some(Usage::new(10, 5)), ..Reply::text("") };
    let parts = calls.into_iter().enumerate().map(|(place, (name, arguments))| {
        let id = format!("c{place}");
        Part::ToolCall(ToolCall { id, name: name.to_owned(), arguments, extra: Extra::new() })
    });
    reply.choices[0].message.parts = parts.collect();
    reply.choices[0].finish = Some(FinishReason::ToolCalls);
    reply
}

#[derive(Deserialize, JsonSchema)]
struct Wait {
    seconds: f64,
}

#[derive(Deserialize, JsonSchema)]
struct Say {
    text: String,
}

/// `say`, `wait`, `fail`, `panic`, `flood`.
pub(crate) fn tools() -> ToolRegistry {
    let say = ToolFn::new("say", "Says it.", |Say { text }| async move { Ok::<_, String>(text) });
    let wait = ToolFn::new("wait", "Waits.", |Wait { seconds }| async move {
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        Ok::<_, String>(format!("waited {seconds} s"))
    });
    let fail = ToolFn::new("fail", "Fails.", |_: Nothing| async { Err::<String, _>("it is out of order") });
    let panic = ToolFn::new("panic", "Panics.", |_: Nothing| async { Err::<String, String>(panics()) });
    let flood =
        ToolFn::new("flood", "Says a lot.", |_: Nothing| async { Ok::<_, String>("x".repeat(100_000)) });
    let tools = ToolRegistry::new().with(say.idempotent()).and_then(|tools| tools.with(wait.idempotent()));
    let tools = tools.and_then(|tools| tools.with(fail)).and_then(|tools| tools.with(panic));
    tools.and_then(|tools| tools.with(flood)).unwrap()
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn panics() -> String {
    panic!("a tool breaks down on purpose")
}
