//! A message of a conversation: who speaks, and the parts of what is said.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ToolCall;

/// Fields of the source protocol that the vocabulary does not name, carried as they came.
///
/// Whatever a codec does not understand (an unknown field, a known field of an unexpected type)
/// stays here, so that decoding followed by encoding loses nothing.
pub type Extra = Map<String, Value>;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions that stand above the conversation.
    System,
    /// Instructions of the application's developer, where a vendor tells them from the system's.
    Developer,
    /// The person, or the program that speaks for them.
    User,
    /// The model.
    Assistant,
    /// The result of a tool the model called.
    Tool,
}

/// How the source wrote a message's content; a hint that lets it be written the same way again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// As one bare string, or not at all.
    #[default]
    Plain,
    /// As a list of parts.
    Parts,
}

/// One message of a conversation.
///
/// ```
/// use playhouse_llm::{Message, Role};
///
/// let message = Message::user("Hello");
/// assert_eq!(message.role, Role::User);
/// assert_eq!(message.text(), "Hello");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub parts: Vec<Part>,
    /// How the source wrote the parts.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub shape: Shape,
    /// Carried fields.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Extra,
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    /// Text for the reader.
    Text {
        /// The text.
        text: String,
        /// Carried fields.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        extra: Extra,
    },
    /// The model's declared refusal.
    Refusal {
        /// What the model says instead of an answer.
        text: String,
    },
    /// The model's reasoning, where the vendor shows it.
    Reasoning {
        /// The reasoning text.
        text: String,
        /// The name the source gives the field that holds it; vendors differ.
        field: String,
        /// Carried fields: what the vendor sealed the reasoning with, above all, and wants back with it.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        extra: Extra,
    },
    /// An image, by URL or data URL.
    Image {
        /// `https:` or `data:` URL.
        url: String,
        /// Carried fields.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        extra: Extra,
    },
    /// The model asks for a tool to be run.
    ToolCall(ToolCall),
    /// What a tool answered.
    ToolResult {
        /// The id of the [`ToolCall`] this answers.
        call_id: String,
        /// The answer's parts, text as a rule.
        parts: Vec<Part>,
        /// Carried fields.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        extra: Extra,
    },
    /// A part the vocabulary has no word for, carried whole.
    Other {
        /// The part as the source wrote it.
        value: Value,
    },
}

impl Message {
    /// A message of one text part.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, parts: vec![Part::text(text)], shape: Shape::Plain, extra: Extra::new() }
    }

    /// A user's text message.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, text)
    }

    /// An assistant's text message.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, text)
    }

    /// A system prompt.
    pub fn system(text: impl Into<String>) -> Self {
        Self::new(Role::System, text)
    }

    /// The text parts, joined without a separator; tool results count as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.parts.iter().for_each(|part| part.append_text(&mut text));
        text
    }

    /// What a reader is shown: the text, and what the model says instead of an answer.
    pub fn spoken(&self) -> String {
        let mut spoken = String::new();
        self.parts.iter().for_each(|part| match part {
            Part::Refusal { text } => spoken.push_str(text),
            part => part.append_text(&mut spoken),
        });
        spoken
    }

    /// The tool calls, in order.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.parts.iter().filter_map(|part| match part {
            Part::ToolCall(call) => Some(call),
            _ => None,
        })
    }
}

impl Part {
    /// A text part with nothing carried.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), extra: Extra::new() }
    }

    /// A tool's answer with nothing carried.
    pub fn tool_result(call_id: impl Into<String>, parts: Vec<Part>) -> Self {
        Self::ToolResult { call_id: call_id.into(), parts, extra: Extra::new() }
    }

    /// Whether this is reasoning that its vendor sealed (with a signature, or as cipher text): it wants
    /// that back with the conversation, while it refuses or ignores other reasoning.
    pub fn is_sealed(&self) -> bool {
        matches!(self, Self::Reasoning { extra, .. } if !extra.is_empty())
    }

    fn append_text(&self, out: &mut String) {
        match self {
            Self::Text { text, .. } => out.push_str(text),
            Self::ToolResult { parts, .. } => parts.iter().for_each(|part| part.append_text(out)),
            _ => {}
        }
    }
}

fn is_plain(shape: &Shape) -> bool {
    *shape == Shape::Plain
}
