//! What one alternative of an answer says.

use playhouse_llm::{Choice, FinishReason, Part, ToolCall};

/// What one alternative of an answer says, whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Speech {
    pub(super) reasoning: String,
    pub(super) text: String,
    pub(super) refusal: String,
    pub(super) calls: Vec<ToolCall>,
    /// Why it ends, where that is said.
    pub(super) finish: Option<FinishReason>,
}

impl Speech {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl From<&Choice> for Speech {
    fn from(choice: &Choice) -> Self {
        let mut speech = Self { finish: choice.finish.clone(), ..Self::default() };
        for part in &choice.message.parts {
            match part {
                Part::Text { text, .. } => speech.text.push_str(text),
                Part::Refusal { text } => speech.refusal.push_str(text),
                Part::Reasoning { text, .. } => speech.reasoning.push_str(text),
                Part::ToolCall(call) => speech.calls.push(call.clone()),
                _ => {}
            }
        }
        speech
    }
}
