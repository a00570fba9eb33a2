//! A whole answer.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Extra, Message, Usage};

/// A whole answer, whether it came whole or was put together from chunks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The vendor's id of the answer.
    pub id: String,
    /// The model that answered, as it names itself.
    pub model: String,
    /// When it was made, in Unix seconds.
    pub created: Option<u64>,
    /// The alternatives asked for; one as a rule.
    pub choices: Vec<Choice>,
    /// Token counts, where the vendor sent them.
    pub usage: Option<Usage>,
    /// Carried fields.
    pub extra: Extra,
}

/// One alternative of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Its place among the alternatives.
    pub index: u32,
    /// What the model said.
    pub message: Message,
    /// Why it stopped.
    pub finish: Option<FinishReason>,
    /// Carried fields.
    pub extra: Extra,
}

/// Why a model stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// It was done, or met a stop sequence.
    Stop,
    /// It met a length bound.
    Length,
    /// It wants tools to be run.
    ToolCalls,
    /// A filter held the rest back.
    ContentFilter,
    /// A reason the vocabulary has no word for.
    #[serde(untagged)]
    Other(String),
}

impl FinishReason {
    /// The name in logs, records and native answers.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
            Self::Other(name) => name,
        }
    }

    /// The reason of this name.
    ///
    /// ```
    /// use playhouse_llm::FinishReason;
    ///
    /// assert_eq!(FinishReason::named("tool_calls"), FinishReason::ToolCalls);
    /// assert_eq!(FinishReason::named("eos").as_str(), "eos");
    /// ```
    pub fn named(name: &str) -> Self {
        let known = [Self::Stop, Self::Length, Self::ToolCalls, Self::ContentFilter];
        let found = known.into_iter().find(|reason| reason.as_str() == name);
        found.unwrap_or_else(|| Self::Other(name.to_owned()))
    }
}

impl fmt::Display for FinishReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Reply {
    /// A reply of one finished text.
    ///
    /// ```
    /// let reply = playhouse_llm::Reply::text("Hello!");
    /// assert_eq!(reply.content(), "Hello!");
    /// ```
    pub fn text(text: impl Into<String>) -> Self {
        let choice = Choice {
            index: 0,
            message: Message::assistant(text),
            finish: Some(FinishReason::Stop),
            extra: Extra::new(),
        };
        Self { choices: vec![choice], ..Self::default() }
    }

    /// What the first choice says: its text, or its refusal.
    pub fn content(&self) -> String {
        self.choices.first().map(|choice| choice.message.spoken()).unwrap_or_default()
    }

    /// Why the first choice ended.
    pub fn finish(&self) -> Option<&FinishReason> {
        self.choices.first()?.finish.as_ref()
    }
}
