//! A request as the double sees it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::HeaderMap;
use percent_encoding::percent_decode_str;
use playhouse_llm::{EmbedInput, EmbedRequest, Message, Prompt, Request, Role};
use serde_json::Value;

use crate::protocols::Violation;

/// A request on its way through the engine: where it belongs, its headers, and what it asks.
#[derive(Clone, Debug)]
pub struct Call {
    /// The namespace it belongs to.
    pub namespace: Arc<str>,
    /// Its headers; empty in process.
    pub headers: Arc<HeaderMap>,
    /// What it asks.
    pub facts: Arc<Facts>,
}

/// What a request asks, decoded once; the same bytes always make the same facts.
#[derive(Debug)]
pub struct Facts {
    /// The name of the protocol it came over.
    pub protocol: &'static str,
    /// The model asked for; empty where none is.
    pub model: Arc<str>,
    /// Whether a stream is asked for.
    pub stream: bool,
    /// What the caller wants of the answer's form.
    pub form: Form,
    /// The content.
    pub asked: Asked,
    /// The body as it came; empty in process.
    pub body: Bytes,
    /// The text of the last user message, or of an embeddings request's inputs.
    pub user: String,
    /// The system and developer messages, joined by line breaks.
    pub system: String,
    /// How many user messages there are.
    pub turn: u32,
    /// The names of the tools offered.
    pub tools: Vec<String>,
    /// The results of tools after the last message of the assistant.
    pub tool_results: Vec<ToolResult>,
    /// Whether nobody waits for the answer.
    pub background: bool,
    /// Whether it goes on with an answer that was not kept.
    pub follows_unknown: bool,
    /// Whether it goes on with an answer that is not there yet.
    pub follows_unfinished: bool,
    json: OnceLock<Option<Value>>,
    violations: OnceLock<Vec<Violation>>,
    content_hash: OnceLock<u64>,
    prompt_tokens: OnceLock<u64>,
}

/// What kind of call it is.
#[derive(Clone, Debug)]
pub enum Asked {
    /// A chat completion.
    Chat(Request),
    /// How many tokens a chat completion would have.
    Tokens(Request),
    /// Vectors.
    Embeddings(EmbedRequest),
    /// The models there are.
    Models(ModelsQuery),
    /// Answers that were kept.
    Kept(KeptQuery),
}

/// What is asked about models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelsQuery {
    /// All of them, or this part.
    List(Page),
    /// This one.
    One(String),
    /// To have this one deleted.
    Delete(String),
}

/// What is asked about answers that were kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptQuery {
    /// All of them.
    List(Page),
    /// This one.
    One(String),
    /// The events of this one.
    Events(String, Page),
    /// The messages that this one answered.
    Messages(String, Page),
    /// To have this one changed as the body says.
    Change(String),
    /// To have this one deleted.
    Delete(String),
}

/// Which part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What the list is asked by, as it came: names and values.
    pub parameters: Vec<(String, String)>,
}

impl Page {
    /// The page that the query of a target asks for.
    ///
    /// ```
    /// use playhouse_mock::call::Page;
    ///
    /// let page = Page::of_query("limit=2&metadata%5Bjob%5D=night+shift");
    /// assert_eq!((page.parameter("limit"), page.parameter("metadata[job]")), (Some("2"), Some("night shift")));
    /// ```
    pub fn of_query(query: &str) -> Self {
        let decoded =
            |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self { parameters: pairs.map(|(name, value)| (decoded(name), decoded(value))).collect() }
    }

    /// A parameter by its name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What the caller wants of the answer's form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Whether a stream shall end with token counts.
    pub include_usage: bool,
    /// Whether vectors shall come in base64.
    pub base64: bool,
}

/// What a tool answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolResult {
    /// The tool's name; empty where no call of it is in the conversation.
    pub name: String,
    /// What it answered, as text.
    pub content: String,
}

impl Facts {
    /// The facts of a chat request; one that cannot be decoded has no messages.
    pub fn chat(protocol: &'static str, request: Request, form: Form, body: Bytes) -> Self {
        let empty = Prompt::default();
        let prompt = request.prompt().unwrap_or(&empty);
        Self {
            user: prompt.last_user_text().unwrap_or_default(),
            system: system_text(&prompt.messages),
            turn: count_of(&prompt.messages, Role::User),
            tools: prompt.tools.iter().map(|tool| tool.name.clone()).collect(),
            tool_results: tool_results(&prompt.messages),
            model: request.model.clone(),
            stream: request.stream,
            ..Self::new(protocol, Asked::Chat(request), form, body)
        }
    }

    /// The facts of a question about a chat request's tokens.
    pub fn tokens(protocol: &'static str, request: Request, body: Bytes) -> Self {
        let facts = Self::chat(protocol, request.clone(), Form::default(), body);
        Self { asked: Asked::Tokens(request), stream: false, ..facts }
    }

    /// The facts of an embeddings request.
    pub fn embeddings(protocol: &'static str, request: EmbedRequest, form: Form, body: Bytes) -> Self {
        let texts = request.inputs.iter().filter_map(|input| match input {
            EmbedInput::Text(text) => Some(text.as_str()),
            EmbedInput::Tokens(_) => None,
        });
        Self {
            user: texts.collect::<Vec<_>>().join("\n"),
            model: request.model.clone(),
            ..Self::new(protocol, Asked::Embeddings(request), form, body)
        }
    }

    /// The facts of a question about models.
    pub fn models(protocol: &'static str, query: ModelsQuery) -> Self {
        let model = match &query {
            ModelsQuery::List(_) => Arc::from(""),
            ModelsQuery::One(id) | ModelsQuery::Delete(id) => Arc::from(id.as_str()),
        };
        Self { model, ..Self::new(protocol, Asked::Models(query), Form::default(), Bytes::new()) }
    }

    /// The facts of a question about answers that were kept.
    pub fn kept(protocol: &'static str, query: KeptQuery, body: Bytes) -> Self {
        Self::new(protocol, Asked::Kept(query), Form::default(), body)
    }

    fn new(protocol: &'static str, asked: Asked, form: Form, body: Bytes) -> Self {
        Self {
            protocol,
            model: Arc::from(""),
            stream: false,
            form,
            asked,
            body,
            user: String::new(),
            system: String::new(),
            turn: 0,
            tools: Vec::new(),
            tool_results: Vec::new(),
            background: false,
            follows_unknown: false,
            follows_unfinished: false,
            json: OnceLock::new(),
            violations: OnceLock::new(),
            content_hash: OnceLock::new(),
            prompt_tokens: OnceLock::new(),
        }
    }

    /// The conversation; empty for what is no chat.
    pub fn messages(&self) -> &[Message] {
        self.prompt().map_or(&[], |prompt| &prompt.messages)
    }

    /// The content of a chat request, or of one that is only counted, if it can be decoded.
    pub fn prompt(&self) -> Option<&Prompt> {
        match &self.asked {
            Asked::Chat(request) | Asked::Tokens(request) => request.prompt().ok(),
            _ => None,
        }
    }

    /// What is asked as bytes, with what was said before where it goes on with that; empty in process.
    pub(crate) fn whole(&self) -> &Bytes {
        match &self.asked {
            Asked::Chat(request) | Asked::Tokens(request) => {
                let own = request.protocol().and_then(|protocol| request.bytes_in(protocol));
                own.unwrap_or(&self.body)
            }
            _ => &self.body,
        }
    }

    /// Everything that the vendor would refuse the request for, looked for at most once.
    pub(crate) fn violations(&self, check: impl FnOnce(&Self) -> Vec<Violation>) -> &[Violation] {
        self.violations.get_or_init(|| check(self))
    }

    /// The hash of what is asked, made at most once.
    pub(crate) fn content_hash(&self, hash: impl FnOnce(&Self) -> u64) -> u64 {
        *self.content_hash.get_or_init(|| hash(self))
    }

    /// How many tokens are asked, counted at most once.
    pub(crate) fn prompt_tokens(&self, count: impl FnOnce(&Self) -> u64) -> u64 {
        *self.prompt_tokens.get_or_init(|| count(self))
    }

    /// The body as JSON, if it is JSON.
    pub fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| serde_json::from_slice(&self.body).ok()).as_ref()
    }
}

fn system_text(messages: &[Message]) -> String {
    let above = messages.iter().filter(|message| matches!(message.role, Role::System | Role::Developer));
    above.map(Message::text).collect::<Vec<_>>().join("\n")
}

fn count_of(messages: &[Message], role: Role) -> u32 {
    let count = messages.iter().filter(|message| message.role == role).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn tool_results(messages: &[Message]) -> Vec<ToolResult> {
    let since = messages.iter().rposition(|message| message.role == Role::Assistant).map_or(0, |at| at + 1);
    let parts = messages[since..].iter().flat_map(|message| &message.parts);
    let results = parts.filter_map(|part| match part {
        playhouse_llm::Part::ToolResult { call_id, .. } => Some((call_id, part)),
        _ => None,
    });
    results
        .map(|(call_id, part)| ToolResult { name: tool_name(messages, call_id), content: text_of(part) })
        .collect()
}

fn tool_name(messages: &[Message], call_id: &str) -> String {
    let mut calls = messages.iter().rev().flat_map(Message::tool_calls);
    calls.find(|call| call.id == call_id).map(|call| call.name.clone()).unwrap_or_default()
}

fn text_of(part: &playhouse_llm::Part) -> String {
    let role = Role::Tool;
    Message { role, parts: vec![part.clone()], ..Message::new(role, "") }.text()
}
