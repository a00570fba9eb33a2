//! A piece of a streamed answer, decoded.

use serde_json::Value;

use crate::foreign;
use crate::{Extra, FinishReason, Part, Reply, Role, Usage};

/// One decoded piece of a streamed answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chunk {
    /// The answer's id, where this piece names it.
    pub id: Option<String>,
    /// The model that answers, where this piece names it.
    pub model: Option<String>,
    /// When the answer was made, in Unix seconds.
    pub created: Option<u64>,
    /// What is added to each alternative.
    pub choices: Vec<ChoiceDelta>,
    /// Token counts so far; the last ones seen hold.
    pub usage: Option<Usage>,
    /// Carried fields.
    pub extra: Extra,
}

/// What a chunk adds to one alternative.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChoiceDelta {
    /// The alternative's place.
    pub index: u32,
    /// Who speaks, in the first piece.
    pub role: Option<Role>,
    /// The additions, in order.
    pub parts: Vec<PartDelta>,
    /// Why the alternative ended, in its last piece.
    pub finish: Option<FinishReason>,
    /// Carried fields of the addition.
    pub delta_extra: Extra,
    /// Carried fields of the choice around it.
    pub extra: Extra,
}

/// An addition to a message.
#[derive(Clone, Debug, PartialEq)]
pub enum PartDelta {
    /// More text.
    Text(String),
    /// More of a refusal.
    Refusal(String),
    /// More reasoning.
    Reasoning {
        /// The reasoning text.
        text: String,
        /// The name the source gives the field that holds it.
        field: String,
    },
    /// What the vendor sealed the reasoning with that came last.
    Seal {
        /// The name the source gives the field that holds the reasoning.
        field: String,
        /// The fields of the seal.
        extra: Extra,
    },
    /// A part that the vocabulary has no word for, whole.
    Other {
        /// The part as the source wrote it.
        value: Value,
    },
    /// More of a tool call.
    ToolCall {
        /// The call's place among the message's calls.
        index: u32,
        /// Its id, in its first fragment.
        id: Option<String>,
        /// The tool's name, in its first fragment.
        name: Option<String>,
        /// More of its arguments.
        arguments: Option<String>,
        /// Carried fields.
        extra: Extra,
    },
}

impl Chunk {
    /// A chunk that adds text to the first alternative.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(ChoiceDelta { parts: vec![PartDelta::Text(text.into())], ..ChoiceDelta::default() })
    }

    /// The chunk that opens an answer: the role, no text yet.
    pub fn start() -> Self {
        Self::of(ChoiceDelta {
            role: Some(Role::Assistant),
            parts: vec![PartDelta::Text(String::new())],
            ..ChoiceDelta::default()
        })
    }

    /// The chunk that ends the first alternative.
    pub fn finish(reason: FinishReason) -> Self {
        Self::of(ChoiceDelta { finish: Some(reason), ..ChoiceDelta::default() })
    }

    /// The chunk that carries token counts alone.
    pub fn usage(usage: Usage) -> Self {
        Self { usage: Some(usage), ..Self::default() }
    }

    fn of(choice: ChoiceDelta) -> Self {
        Self { choices: vec![choice], ..Self::default() }
    }

    /// The chunk as another protocol tells it: without carried fields, and without its id.
    ///
    /// ```
    /// use playhouse_llm::Chunk;
    ///
    /// let chunk = Chunk { id: Some("msg_1".into()), ..Chunk::text("Hi") };
    /// assert_eq!(chunk.plain(), Chunk::text("Hi"));
    /// ```
    #[must_use]
    pub fn plain(&self) -> Self {
        foreign::plain_chunk(self)
    }

    /// Whether a reader has something to see: text, reasoning, a refusal, a tool call, or something
    /// carried that the vocabulary has no word for (sound, images, citations).
    pub fn has_output(&self) -> bool {
        self.choices.iter().any(ChoiceDelta::has_output)
    }

    /// What this chunk adds to what the first alternative says: its text, or its refusal.
    pub fn content(&self) -> String {
        let first = self.choices.iter().filter(|choice| choice.index == 0);
        let texts = first.flat_map(|choice| &choice.parts).filter_map(|part| match part {
            PartDelta::Text(text) | PartDelta::Refusal(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }
}

impl ChoiceDelta {
    fn has_output(&self) -> bool {
        let holds_something = |carried: &Value| match carried {
            Value::Array(items) => !items.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
            _ => false,
        };
        self.parts.iter().any(PartDelta::is_output) || self.delta_extra.values().any(holds_something)
    }
}

impl PartDelta {
    fn is_output(&self) -> bool {
        match self {
            Self::Text(text) | Self::Refusal(text) | Self::Reasoning { text, .. } => !text.is_empty(),
            Self::ToolCall { .. } | Self::Other { .. } => true,
            Self::Seal { .. } => false,
        }
    }
}

impl From<&Reply> for Chunk {
    /// A whole answer as one chunk, for readers that want pieces.
    fn from(reply: &Reply) -> Self {
        let choices = reply.choices.iter().map(|choice| ChoiceDelta {
            index: choice.index,
            role: Some(choice.message.role),
            parts: part_deltas(&choice.message.parts),
            finish: choice.finish.clone(),
            delta_extra: Extra::new(),
            extra: choice.extra.clone(),
        });
        Self {
            id: Some(reply.id.clone()).filter(|id| !id.is_empty()),
            model: Some(reply.model.clone()).filter(|model| !model.is_empty()),
            created: reply.created,
            choices: choices.collect(),
            usage: reply.usage.clone(),
            extra: Extra::new(),
        }
    }
}

fn part_deltas(parts: &[Part]) -> Vec<PartDelta> {
    let mut calls = 0;
    let deltas = parts.iter().flat_map(|part| match part {
        Part::Text { text, .. } => vec![PartDelta::Text(text.clone())],
        Part::Refusal { text } => vec![PartDelta::Refusal(text.clone())],
        Part::Reasoning { text, field, extra } => reasoning_deltas(text, field, extra),
        Part::Other { value } => vec![PartDelta::Other { value: value.clone() }],
        Part::ToolCall(call) => {
            calls += 1;
            vec![PartDelta::ToolCall {
                index: calls - 1,
                id: Some(call.id.clone()),
                name: Some(call.name.clone()),
                arguments: Some(call.arguments.clone()),
                extra: call.extra.clone(),
            }]
        }
        _ => Vec::new(),
    });
    deltas.collect()
}

fn reasoning_deltas(text: &str, field: &str, extra: &Extra) -> Vec<PartDelta> {
    let said = PartDelta::Reasoning { text: text.to_owned(), field: field.to_owned() };
    let seal = PartDelta::Seal { field: field.to_owned(), extra: extra.clone() };
    if extra.is_empty() { vec![said] } else { vec![said, seal] }
}
