//! What a model is asked: the conversation, the tools, the settings.

use crate::{Extra, Message, ToolChoice, ToolSpec};

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
    /// Upper bound of the answer, in tokens.
    pub max_tokens: Option<u64>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Nucleus sampling threshold.
    pub top_p: Option<f64>,
    /// Sequences that end the answer.
    pub stop: Vec<String>,
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
