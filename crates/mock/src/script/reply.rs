//! What a rule answers.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::short_form::{or_text, short_form};
use super::{FaultSpec, PaceSpec};
use crate::respond::Respond;

/// An answer; a bare string is its text.
///
/// At most one of `text`, `template`, `echo`, `json`, `generate`, `refusal`, `choices`, `fixture`,
/// `callback`, `raw` and `embedding` says what the content is. `reasoning` and `tool_calls` come
/// beside a text, or alone.
///
/// ```
/// use playhouse_mock::script::Reply;
///
/// assert_eq!(Reply::from("Hello").text.as_deref(), Some("Hello"));
/// ```
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, remote = "Self")]
#[schemars(rename = "Reply", transform = or_text)]
pub struct Reply {
    /// A text.
    pub text: Option<String>,
    /// A minijinja template of a text: `request`, `user`, `captures`, `call`, `vars`, `namespace`.
    pub template: Option<String>,
    /// What the user said last.
    pub echo: bool,
    /// JSON, as text.
    pub json: Option<Value>,
    /// JSON made to satisfy the schema that the request asks for.
    pub generate: bool,
    /// A declared refusal.
    pub refusal: Option<String>,
    /// Several choices, each with a content of its own.
    pub choices: Vec<Reply>,
    /// A file that holds the content: text, or a vendor's whole answer (`.json`) or stream (`.sse`).
    pub fixture: Option<PathBuf>,
    /// A URL that is sent the request and answers with a reply (JSON, in this format).
    pub callback: Option<String>,
    /// Bytes as they are, in place of what the protocol would say.
    pub raw: Option<RawReply>,
    /// A vector for every input of an embeddings request.
    pub embedding: Option<Vec<f32>>,
    /// The model's reasoning, before the rest.
    pub reasoning: Option<String>,
    /// Calls of tools.
    pub tool_calls: Vec<ToolCallReply>,
    /// Why the answer ends (`stop`, `length`, `tool_calls`, `content_filter`); derived where it is not said.
    pub finish: Option<String>,
    /// Token counts; counted where they are not said.
    pub usage: Option<UsageSpec>,
    /// The model that says it answered; the one asked for where it is not said.
    pub model: Option<String>,
    /// The answer's id; derived where it is not said.
    pub id: Option<String>,
    /// Headers of the answer.
    pub headers: BTreeMap<String, String>,
    /// How fast it comes.
    pub pace: Option<PaceSpec>,
    /// What goes wrong with it.
    pub fault: Option<FaultSpec>,
    /// What a Rust test says it is.
    #[serde(skip)]
    pub respond: Option<Responder>,
}

short_form!(Reply, "a text, or a map that says what the answer is",
    visit_str(&str) => |text: &str| Ok(Reply::from(text)));

impl From<&str> for Reply {
    fn from(text: &str) -> Self {
        Self { text: Some(text.to_owned()), ..Self::default() }
    }
}

impl From<String> for Reply {
    fn from(text: String) -> Self {
        Self { text: Some(text), ..Self::default() }
    }
}

impl Reply {
    /// This value, written as JSON.
    pub fn json(value: impl Into<Value>) -> Self {
        Self { json: Some(value.into()), ..Self::default() }
    }

    /// A minijinja template of a text.
    pub fn template(template: impl Into<String>) -> Self {
        Self { template: Some(template.into()), ..Self::default() }
    }

    /// A call of a tool.
    ///
    /// ```
    /// use playhouse_mock::script::Reply;
    /// use serde_json::json;
    ///
    /// let reply = Reply::tool_call("get_weather", json!({"city": "Berlin"}));
    /// assert_eq!(reply.tool_calls[0].name, "get_weather");
    /// ```
    pub fn tool_call(name: impl Into<String>, arguments: impl Into<Value>) -> Self {
        let call = ToolCallReply { name: name.into(), arguments: Some(arguments.into()), id: None };
        Self { tool_calls: vec![call], ..Self::default() }
    }

    /// An answer that a closure makes.
    pub fn responding(respond: impl Respond) -> Self {
        Self { respond: Some(Responder(Arc::new(respond))), ..Self::default() }
    }
}

/// A shared [`Respond`].
#[derive(Clone)]
pub struct Responder(pub(crate) Arc<dyn Respond>);

impl fmt::Debug for Responder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a closure")
    }
}

/// A tool call of an answer; a bare string is the name of a tool that is called without arguments.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, remote = "Self")]
#[schemars(rename = "ToolCallReply", transform = or_text)]
pub struct ToolCallReply {
    /// The tool's name.
    pub name: String,
    /// Its arguments: a map, or a string that is sent as it is, however broken.
    pub arguments: Option<Value>,
    /// The call's id; derived where it is not said.
    pub id: Option<String>,
}

short_form!(ToolCallReply, "a tool's name, or a map with `name` and `arguments`",
    visit_str(&str) => |name: &str| Ok(ToolCallReply { name: name.to_owned(), ..ToolCallReply::default() }));

/// Bytes as they are.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawReply {
    /// The HTTP status.
    #[serde(default = "ok")]
    #[schemars(range(min = 200, max = 999))]
    pub status: u16,
    /// The `content-type`.
    #[serde(default)]
    pub content_type: Option<String>,
    /// The body as text.
    #[serde(default)]
    pub body: Option<String>,
    /// The body in base64.
    #[serde(default)]
    pub base64: Option<String>,
}

const fn ok() -> u16 {
    200
}

/// Token counts of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UsageSpec {
    /// Tokens of the request.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer.
    pub completion_tokens: Option<u64>,
    /// Those of the prompt that came from the vendor's cache.
    pub cached_tokens: Option<u64>,
    /// Those of the answer that went into reasoning.
    pub reasoning_tokens: Option<u64>,
}
