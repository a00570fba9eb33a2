//! ReAct: a form of text, for models without tool calls of their own.
//!
//! In reading order: `form` (what the model is told) → `label` (lines that begin a section) → `sections`
//! → `input` (what stands behind `Action Input:`) → `read` → `tap`.
//!
//! Source: "ReAct: Synergizing Reasoning and Acting in Language Models", <https://arxiv.org/abs/2210.03629>.

mod form;
mod input;
mod label;
mod mend;
mod read;
mod sections;
mod tap;

use playhouse_llm::{Message, Prompt, ToolCall, ToolSpec};

use super::{Reading, Strategy, Tap};
use crate::tool::ToolResult;

/// Text that follows a form: `Thought:`, `Action:`, `Action Input:`, `Observation:`, `Answer:`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReAct;

impl Strategy for ReAct {
    fn prepare(&self, prompt: &mut Prompt, tools: &[ToolSpec]) {
        prompt.messages.insert(0, Message::system(form::instructions(tools)));
        // Models without this write the observation themselves.
        prompt.stop.push(form::STOP.to_owned());
    }

    fn read(&self, said: &Message, step: u32, tools: &[ToolSpec]) -> Reading {
        read::read(&said.text(), step, tools)
    }

    fn results(&self, _calls: &[ToolCall], results: &[ToolResult]) -> Vec<Message> {
        results.iter().map(|result| Message::user(form::observation(&result.text()))).collect()
    }

    fn correction(&self, problem: &str, tools: &[ToolSpec]) -> Message {
        Message::user(form::observation(&form::correction(problem, tools)))
    }

    fn tap(&self) -> Box<dyn Tap> {
        Box::new(tap::AnswerTap::default())
    }
}
