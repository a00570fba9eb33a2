//! The span of one attempt to have a model answer, in words or in vectors.

use std::sync::Arc;

use playhouse_llm::{
    Collector, Error, ErrorKind, Event, FinishReason, Operation, Request, TraceContext, Usage,
};

use super::content;
use super::protobuf::Value;
use super::span::{Said, written};
use super::{Kind, Name, Span, Tracer};

/// Who is asked: what is said of every attempt at a provider, written down once. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ChatTarget(Arc<[u8]>);

/// The CLIENT span of an attempt, `chat {model}` or `embeddings {model}`. Dropped before it is ended, it was
/// given up.
#[derive(Debug)]
pub struct ChatSpan {
    span: Span,
    asked: Asked,
    answered: Answered,
    ended: bool,
    looked_for_id: u8,
    /// What was answered, where that is captured.
    content: Option<Box<Collector>>,
}

/// What is asked, of whom.
#[derive(Debug)]
struct Asked {
    target: ChatTarget,
    operation: Operation,
    model: Arc<str>,
    stream: bool,
    session_id: Option<Arc<str>>,
}

/// What is known of the answer so far.
#[derive(Debug, Default)]
struct Answered {
    time_to_first_chunk_s: Option<f64>,
    id: Option<String>,
    model: Option<Arc<str>>,
    finish: Option<FinishReason>,
    tokens: Option<Tokens>,
}

/// The counts of a usage that are told.
#[derive(Clone, Copy, Debug)]
struct Tokens {
    input: u64,
    output: u64,
    cache_read: Option<u64>,
    cache_creation: Option<u64>,
    reasoning: Option<u64>,
}

/// An answer that does not name its id early is not asked for it over and over.
const ID_LOOKS: u8 = 3;

impl ChatTarget {
    /// A provider as OpenTelemetry calls it, and its host and port; none for one in this process.
    pub fn new(provider: &str, server: Option<(&str, u16)>) -> Self {
        let said = written(|said| {
            said.text("gen_ai.provider.name", provider);
            if let Some((host, port)) = server {
                said.text("server.address", host);
                said.int("server.port", port.into());
            }
        });
        Self(said.into())
    }
}

impl ChatSpan {
    /// Begins the span of an attempt within the request's own.
    pub fn begin(tracer: &Tracer, target: &ChatTarget, request: &Request) -> Option<Self> {
        if !tracer.is_on() {
            return None;
        }
        let mut span = tracer.begin(request.context.trace.as_ref(), Kind::Client)?;
        // Vectors say nothing to people.
        let has_words = request.operation() == Operation::Chat;
        let captures = has_words && tracer.captures_content() && span.is_recording();
        span.said().iter_mut().for_each(|said| say_wishes(said, request));
        if captures {
            content::say_prompt(&mut span, request);
        }
        Some(Self {
            span,
            asked: Asked::of(target, request),
            answered: Answered::default(),
            ended: false,
            looked_for_id: 0,
            content: captures.then(Box::default),
        })
    }

    /// Whether it is worth its while to be told of events.
    pub fn is_recording(&self) -> bool {
        self.span.is_recording()
    }

    /// The span as the provider is told of it.
    pub fn trace(&self) -> TraceContext {
        self.span.trace()
    }

    /// Takes note of a piece of the answer.
    pub fn observe(&mut self, event: &Event) {
        let (outline, answered) = (event.outline(), &mut self.answered);
        if self.asked.stream && outline.has_output && answered.time_to_first_chunk_s.is_none() {
            answered.time_to_first_chunk_s = Some(self.span.elapsed().as_secs_f64());
        }
        if answered.id.is_none() && self.looked_for_id < ID_LOOKS {
            self.looked_for_id += 1;
            answered.id = event.answer_id();
        }
        if answered.model.is_none() {
            answered.model.clone_from(&outline.model);
        }
        if let Some(usage) = &outline.usage {
            answered.tokens = Some(Tokens::of(usage));
        }
        if outline.finish.is_some() {
            answered.finish.clone_from(&outline.finish);
        }
        if let Some(content) = &mut self.content {
            absorb(content, event);
        }
    }

    /// Ends the span: the answer is complete, or failed.
    pub fn end(&mut self, error: Option<&Error>) {
        self.end_as(error.map(|error| error.kind));
    }

    fn end_as(&mut self, error: Option<ErrorKind>) {
        if std::mem::replace(&mut self.ended, true) || !self.span.is_recording() {
            return;
        }
        if let Some(content) = &self.content {
            content::say_answer(&mut self.span, content.reply());
        }
        let (asked, answered) = (&self.asked, &self.answered);
        self.span.close(self.span.elapsed(), |said| {
            asked.say(said);
            answered.say(said, asked.operation);
            match error {
                Some(ErrorKind::Cancelled) => said.text("error.type", ErrorKind::Cancelled.as_str()),
                Some(kind) => said.failure(kind.as_str()),
                None => {}
            }
        });
    }
}

impl Drop for ChatSpan {
    fn drop(&mut self) {
        self.end_as(Some(ErrorKind::Cancelled));
    }
}

impl Asked {
    fn of(target: &ChatTarget, request: &Request) -> Self {
        Self {
            target: target.clone(),
            operation: request.operation(),
            model: request.model.clone(),
            stream: request.stream,
            session_id: request.context.session_id.clone(),
        }
    }

    fn say(&self, said: &mut Said<'_>) {
        let operation = self.operation.as_str();
        said.name(Name { verb: operation, object: Some(&self.model) });
        said.text("gen_ai.operation.name", operation);
        said.text("gen_ai.request.model", &self.model);
        said.again(&self.target.0);
        if self.stream {
            said.value("gen_ai.request.stream", Value::Bool(true));
        }
        self.session_id.iter().for_each(|id| said.text("gen_ai.conversation.id", id));
    }
}

impl Answered {
    fn say(&self, said: &mut Said<'_>, operation: Operation) {
        self.id.iter().for_each(|id| said.text("gen_ai.response.id", id));
        self.model.iter().for_each(|model| said.text("gen_ai.response.model", model));
        if let Some(finish) = &self.finish {
            said.list("gen_ai.response.finish_reasons", finish.as_str());
        }
        if let Some(seconds) = self.time_to_first_chunk_s {
            said.value("gen_ai.response.time_to_first_chunk", Value::Double(seconds));
        }
        if let Some(tokens) = &self.tokens {
            tokens.say(said, operation);
        }
    }
}

impl Tokens {
    fn of(usage: &Usage) -> Self {
        Self {
            input: usage.prompt_tokens,
            output: usage.completion_tokens,
            cache_read: usage.cached_tokens,
            cache_creation: usage.cache_write_tokens,
            reasoning: usage.reasoning_tokens,
        }
    }

    fn say(&self, said: &mut Said<'_>, operation: Operation) {
        said.count("gen_ai.usage.input_tokens", self.input);
        if operation == Operation::Embeddings {
            return; // Nothing is written.
        }
        said.count("gen_ai.usage.output_tokens", self.output);
        if let Some(count) = self.cache_read {
            said.count("gen_ai.usage.cache_read.input_tokens", count);
        }
        if let Some(count) = self.cache_creation {
            said.count("gen_ai.usage.cache_creation.input_tokens", count);
        }
        if let Some(count) = self.reasoning {
            said.count("gen_ai.usage.reasoning.output_tokens", count);
        }
    }
}

/// Says what the prompt wishes for, where somebody has decoded it.
fn say_wishes(said: &mut Said<'_>, request: &Request) {
    let Some(prompt) = request.decoded_prompt() else { return };
    let number = |value: f64| Value::Double(value);
    prompt.temperature.iter().for_each(|value| said.value("gen_ai.request.temperature", number(*value)));
    prompt.top_p.iter().for_each(|value| said.value("gen_ai.request.top_p", number(*value)));
    let max_tokens = prompt.max_tokens.and_then(|tokens| i64::try_from(tokens).ok());
    max_tokens.iter().for_each(|tokens| said.int("gen_ai.request.max_tokens", *tokens));
}

/// Says what was used.
pub(crate) fn say_usage(said: &mut Said<'_>, usage: &Usage) {
    Tokens::of(usage).say(said, Operation::Chat);
}

/// Adds a piece to what was answered; what cannot be read is left out, and told of by whoever reads it.
fn absorb(answer: &mut Collector, event: &Event) {
    if let Ok(Some(reply)) = event.whole() {
        answer.replace(reply.clone());
    }
    if let Ok(chunks) = event.chunks() {
        chunks.iter().for_each(|chunk| answer.absorb(chunk));
    }
}
