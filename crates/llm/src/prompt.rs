//! What a model is asked: the conversation, the tools, the settings.

use crate::{Extra, Message, OutputForm, ReasoningWish, ToolChoice, ToolSpec};

/// The decoded content of a [`Request`](crate::Request).
///
/// `None` means the caller did not say, and the vendor's default holds. Settings the vocabulary
/// does not name are in `extra`.
///
/// ```
/// use playhouse_llm::{Message, Prompt};
///
/// let prompt = Prompt::new(vec![Message::user("Hello")]);
/// assert_eq!(prompt.last_user_text().as_deref(), Some("Hello"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prompt {
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// Tools the model may call.
    pub tools: Vec<ToolSpec>,
    /// Which of them it may or must call.
    pub tool_choice: Option<ToolChoice>,
    /// Whether it may call several at once.
    pub parallel_tools: Option<bool>,
    /// The form the answer must have; `None` for free text.
    pub output: Option<OutputForm>,
    /// How much it shall reason before it answers.
    pub reasoning: Option<ReasoningWish>,
    /// Upper bound of the answer, in tokens.
    pub max_tokens: Option<u64>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Nucleus sampling threshold.
    pub top_p: Option<f64>,
    /// From how many of the likeliest tokens is drawn.
    pub top_k: Option<u64>,
    /// Sequences that end the answer.
    pub stop: Vec<String>,
    /// The caller's own name for the person who asks, for the vendor to tell its users apart.
    pub end_user: Option<String>,
    /// Carried fields.
    pub extra: Extra,
}

impl Prompt {
    /// A prompt of messages alone.
    pub fn new(messages: Vec<Message>) -> Self {
        Self { messages, ..Self::default() }
    }

    /// The text of the last user message.
    pub fn last_user_text(&self) -> Option<String> {
        let last = self.messages.iter().rev().find(|message| message.role == crate::Role::User)?;
        Some(last.text())
    }
}
