//! The span of one attempt to have a model answer, in words or in vectors.

use std::sync::Arc;

use playhouse_llm::{
    Collector, Context, Error, ErrorKind, Event, FinishReason, Operation, Request, TraceContext, Usage,
};

use super::content;
use super::protobuf::Value;
use super::{Kind, Name, Span, Tracer};

/// Who is asked: what is said of every attempt at a provider.
#[derive(Clone, Debug)]
pub struct ChatTarget {
    /// What OpenTelemetry calls the provider.
    pub provider: Arc<str>,
    /// Its host and port; none for one in this process.
    pub server: Option<(Arc<str>, u16)>,
}

/// The CLIENT span of an attempt, `chat {model}` or `embeddings {model}`. Dropped before it is ended, it was
/// given up.
#[derive(Debug)]
pub struct ChatSpan {
    span: Span,
    operation: Operation,
    stream: bool,
    ended: bool,
    time_to_first_chunk_s: Option<f64>,
    response_id: Option<String>,
    looked_for_id: u8,
    model: Option<Arc<str>>,
    finish: Option<FinishReason>,
    usage: Option<Usage>,
    /// What was answered, where that is captured.
    answer: Option<Collector>,
}

/// An answer that does not name its id early is not asked for it over and over.
const ID_LOOKS: u8 = 3;

const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";

impl ChatSpan {
    /// Begins the span of an attempt within the request's own.
    pub fn begin(tracer: &Tracer, target: &ChatTarget, request: &Request) -> Option<Self> {
        if !tracer.is_on() {
            return None;
        }
        let context = &*request.context;
        let name = Name { verb: request.operation().as_str(), object: Some(&request.model) };
        let mut span = tracer.begin(context.trace.as_ref(), Kind::Client, name)?;
        // Vectors say nothing to people.
        let has_words = request.operation() == Operation::Chat;
        let captures = has_words && tracer.captures_content() && span.is_recording();
        if span.is_recording() {
            say_target(&mut span, target, request);
            say_context(&mut span, context);
        }
        if captures {
            content::say_prompt(&mut span, request);
        }
        Some(Self::of(span, request, captures.then(Collector::default)))
    }

    fn of(span: Span, request: &Request, answer: Option<Collector>) -> Self {
        Self {
            span,
            operation: request.operation(),
            stream: request.stream,
            ended: false,
            time_to_first_chunk_s: None,
            response_id: None,
            looked_for_id: 0,
            model: None,
            finish: None,
            usage: None,
            answer,
        }
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
        let outline = event.outline();
        if self.stream && outline.has_output && self.time_to_first_chunk_s.is_none() {
            self.time_to_first_chunk_s = Some(self.span.elapsed_s());
        }
        if self.response_id.is_none() && self.looked_for_id < ID_LOOKS {
            self.looked_for_id += 1;
            self.response_id = event.answer_id();
        }
        if self.model.is_none() {
            self.model.clone_from(&outline.model);
        }
        if outline.usage.is_some() {
            self.usage.clone_from(&outline.usage);
        }
        if outline.finish.is_some() {
            self.finish.clone_from(&outline.finish);
        }
        if let Some(answer) = &mut self.answer {
            absorb(answer, event);
        }
    }

    /// Ends the span: the answer is complete, or failed.
    pub fn end(&mut self, error: Option<&Error>) {
        if std::mem::replace(&mut self.ended, true) || !self.span.is_recording() {
            return;
        }
        self.say_answer();
        match error.map(|error| error.kind) {
            Some(ErrorKind::Cancelled) => self.span.say_text("error.type", ErrorKind::Cancelled.as_str()),
            Some(kind) => self.span.fail(kind.as_str()),
            None => {}
        }
    }

    fn say_answer(&mut self) {
        let span = &mut self.span;
        self.response_id.iter().for_each(|id| span.say_text("gen_ai.response.id", id));
        self.model.iter().for_each(|model| span.say_text("gen_ai.response.model", model));
        if let Some(finish) = &self.finish {
            span.say("gen_ai.response.finish_reasons", Value::Texts(&[finish.as_str()]));
        }
        if let Some(seconds) = self.time_to_first_chunk_s {
            span.say("gen_ai.response.time_to_first_chunk", Value::Double(seconds));
        }
        match (&self.usage, self.operation) {
            (Some(usage), Operation::Chat) => say_usage(span, usage),
            // Nothing is written.
            (Some(usage), Operation::Embeddings) => say_count(span, INPUT_TOKENS, usage.prompt_tokens),
            (None, _) => {}
        }
        if let Some(answer) = &self.answer {
            content::say_answer(span, answer.reply());
        }
    }
}

impl Drop for ChatSpan {
    fn drop(&mut self) {
        if !self.ended && self.span.is_recording() {
            self.say_answer();
            self.span.say_text("error.type", ErrorKind::Cancelled.as_str());
        }
    }
}

fn say_target(span: &mut Span, target: &ChatTarget, request: &Request) {
    span.say_text("gen_ai.operation.name", request.operation().as_str());
    span.say_text("gen_ai.provider.name", &target.provider);
    span.say_text("gen_ai.request.model", &request.model);
    if let Some((host, port)) = &target.server {
        span.say_text("server.address", host);
        span.say("server.port", Value::Int((*port).into()));
    }
    if request.stream {
        span.say("gen_ai.request.stream", Value::Bool(true));
    }
    if let Some(prompt) = request.decoded_prompt() {
        let number = |value: f64| Value::Double(value);
        prompt.temperature.iter().for_each(|value| span.say("gen_ai.request.temperature", number(*value)));
        prompt.top_p.iter().for_each(|value| span.say("gen_ai.request.top_p", number(*value)));
        let max_tokens = prompt.max_tokens.and_then(|tokens| i64::try_from(tokens).ok());
        max_tokens.iter().for_each(|tokens| span.say("gen_ai.request.max_tokens", Value::Int(*tokens)));
    }
}

fn say_context(span: &mut Span, context: &Context) {
    context.session_id.iter().for_each(|id| span.say_text("gen_ai.conversation.id", id));
}

/// Says what was used.
pub(crate) fn say_usage(span: &mut Span, usage: &Usage) {
    let counts = [
        (INPUT_TOKENS, Some(usage.prompt_tokens)),
        ("gen_ai.usage.output_tokens", Some(usage.completion_tokens)),
        ("gen_ai.usage.cache_read.input_tokens", usage.cached_tokens),
        ("gen_ai.usage.cache_creation.input_tokens", usage.cache_write_tokens),
        ("gen_ai.usage.reasoning.output_tokens", usage.reasoning_tokens),
    ];
    for (key, count) in counts {
        if let Some(count) = count {
            say_count(span, key, count);
        }
    }
}

fn say_count(span: &mut Span, key: &str, count: u64) {
    span.say(key, Value::Int(i64::try_from(count).unwrap_or(i64::MAX)));
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
