//! Tool calling: the vendor's own tool calls, several at once.

use std::collections::HashSet;

use playhouse_llm::{Extra, Message, Part, Prompt, Role, Shape, ToolCall, ToolSpec};

use super::{Reading, Strategy, Tap, Wish};
use crate::tool::ToolResult;

/// The vendor's own tool calls: tools are offered with the request, calls come beside the text.
#[derive(Clone, Copy, Debug, Default)]
pub struct ToolCalling;

impl Strategy for ToolCalling {
    fn prepare(&self, prompt: &mut Prompt, tools: &[ToolSpec]) {
        prompt.tools = tools.to_vec();
    }

    fn read(&self, said: &Message, step: u32, _tools: &[ToolSpec]) -> Reading {
        let mut said = for_conversation(said);
        name_calls(&mut said, step);
        let text = said_aloud(&said);
        let calls: Vec<ToolCall> = said.tool_calls().cloned().collect();
        let wish = match (calls.is_empty(), text.is_empty()) {
            (false, _) => Wish::Call(calls),
            (true, false) => Wish::Answer(text.clone()),
            (true, true) => Wish::Unclear("the reply was empty".to_owned()),
        };
        let thought = Some(text).filter(|text| !text.is_empty() && matches!(wish, Wish::Call(_)));
        Reading { said, thought, wish }
    }

    fn results(&self, calls: &[ToolCall], results: &[ToolResult]) -> Vec<Message> {
        calls.iter().zip(results).map(|(call, result)| result_message(call, result)).collect()
    }

    fn correction(&self, problem: &str, _tools: &[ToolSpec]) -> Message {
        Message::user(format!("({problem}: answer, or call a tool.)"))
    }

    fn tap(&self) -> Box<dyn Tap> {
        Box::new(Open)
    }
}

/// What vendors take back of a message: no reasoning, no fields that another vendor made up.
fn for_conversation(said: &Message) -> Message {
    let is_said = |part: &&Part| !matches!(part, Part::Reasoning { .. } | Part::Other { .. });
    let parts = said.parts.iter().filter(is_said).cloned().collect();
    Message { role: Role::Assistant, parts, shape: Shape::Plain, extra: Extra::new() }
}

/// Gives an id to calls that have none, or one that was there before: results name calls by it.
fn name_calls(said: &mut Message, step: u32) {
    let mut taken = HashSet::new();
    let calls = said.parts.iter_mut().filter_map(|part| match part {
        Part::ToolCall(call) => Some(call),
        _ => None,
    });
    for (place, call) in calls.enumerate() {
        if call.id.is_empty() || taken.contains(&call.id) {
            call.id = format!("call_{step}_{place}");
        }
        taken.insert(call.id.clone());
    }
}

/// The text, or the refusal where that is all there is.
fn said_aloud(said: &Message) -> String {
    let text = said.text();
    if !text.trim().is_empty() {
        return text;
    }
    let refusals = said.parts.iter().filter_map(|part| match part {
        Part::Refusal { text } => Some(text.as_str()),
        _ => None,
    });
    refusals.collect()
}

fn result_message(call: &ToolCall, result: &ToolResult) -> Message {
    let part = Part::tool_result(call.id.clone(), vec![Part::text(result.text())]);
    Message { role: Role::Tool, parts: vec![part], shape: Shape::Plain, extra: Extra::new() }
}

/// Lets everything through.
struct Open;

impl Tap for Open {
    fn pass(&mut self, text: &str) -> String {
        text.to_owned()
    }
}
