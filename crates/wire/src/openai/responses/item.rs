//! An item of an answer that is being written: what it holds so far, and the events that begin and end it.

use playhouse_llm::{Extra, Quoted, ToolCall};
use serde::Serialize;
use serde_json::{Value, json};

use super::events::Events;
use super::reasoning;

pub(super) const FUNCTION_CALL: &str = "function_call";
pub(super) const FUNCTION_OUTPUT: &str = "function_call_output";
pub(super) const CUSTOM_CALL: &str = "custom_tool_call";
pub(super) const CUSTOM_OUTPUT: &str = "custom_tool_call_output";

/// The mark of a call of a tool that takes free text.
pub(super) fn custom() -> Extra {
    Extra::from_iter([("type".to_owned(), "custom".into())])
}

/// Whether this is the mark of a tool that takes free text.
pub(super) fn is_custom(extra: &Extra) -> bool {
    extra.get("type").and_then(Value::as_str) == Some("custom")
}

/// An item.
#[derive(Debug)]
pub(super) enum Item {
    /// What is said to the reader.
    Message { id: String, said: Vec<Said> },
    /// What was reasoned, with its seal where the vendor seals it.
    Reasoning { id: String, text: String, seal: Extra },
    /// A call of a tool, by the place the source gives it.
    Call { id: String, index: u32, call: ToolCall, has_own_id: bool },
    /// An item that the vocabulary has no word for.
    Other { value: Value },
}

/// What tells of an item as a whole.
#[derive(Serialize)]
struct ItemEvent<'a> {
    output_index: usize,
    item: &'a Value,
}

/// A part of a message: text, or a refusal.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) is_refusal: bool,
    pub(super) text: String,
}

impl Said {
    fn value(&self) -> Value {
        match self.is_refusal {
            true => json!({ "type": "refusal", "refusal": self.text }),
            false => {
                json!({ "type": "output_text", "annotations": [], "logprobs": [], "text": self.text })
            }
        }
    }
}

impl Item {
    /// The item as it is told.
    pub(super) fn value(&self, status: &str) -> Value {
        match self {
            Self::Message { id, said } => {
                let content: Vec<Value> = said.iter().map(Said::value).collect();
                json!({ "id": id, "type": "message", "status": status, "role": "assistant", "content": content })
            }
            Self::Reasoning { id, text, seal } => reasoning_item(id, text, seal),
            Self::Call { id, call, .. } => {
                let (kind, key) = form_of(call);
                let mut item = json!({ "id": id, "type": kind, "status": status });
                item[key] = call.arguments.as_str().into();
                item["call_id"] = call.id.as_str().into();
                item["name"] = call.name.as_str().into();
                item
            }
            Self::Other { value } => value.clone(),
        }
    }

    /// Tells that the item has begun.
    pub(super) fn begin(&self, at: usize, events: &mut Events) {
        let item = self.value("in_progress");
        events.tell("response.output_item.added", &ItemEvent { output_index: at, item: &item });
        if let Self::Reasoning { id, .. } = self {
            let part = json!({ "type": "summary_text", "text": "" });
            let place = json!({ "item_id": id, "output_index": at, "summary_index": 0, "part": part });
            events.tell("response.reasoning_summary_part.added", &place);
        }
    }

    /// Tells more of what the item says, which has been added to it.
    pub(super) fn go_on(&self, at: usize, more: &str, events: &mut Events) {
        match self {
            Self::Message { id, said } => {
                let (index, refuses) =
                    (said.len().saturating_sub(1), said.last().is_some_and(|last| last.is_refusal));
                if refuses {
                    let event =
                        json!({ "item_id": id, "output_index": at, "content_index": index, "delta": more });
                    return events.tell("response.refusal.delta", &event);
                }
                events.tell_text(id, [at, index], &Quoted::of(more));
            }
            Self::Reasoning { id, .. } => {
                let event = json!({ "item_id": id, "output_index": at, "summary_index": 0, "delta": more });
                events.tell("response.reasoning_summary_text.delta", &event);
            }
            Self::Call { id, call, .. } => {
                let event = json!({ "item_id": id, "output_index": at, "delta": more });
                events.tell(&format!("response.{}.delta", argued(call)), &event);
            }
            Self::Other { .. } => {}
        }
    }

    /// Tells that the item is whole.
    pub(super) fn end(&self, at: usize, status: &str, events: &mut Events) {
        match self {
            Self::Message { .. } => self.end_part(at, events),
            Self::Reasoning { id, text, .. } => end_summary(id, text, at, events),
            Self::Call { id, call, .. } => {
                let mut event = json!({ "item_id": id, "output_index": at });
                event[form_of(call).1] = call.arguments.as_str().into();
                events.tell(&format!("response.{}.done", argued(call)), &event);
            }
            Self::Other { .. } => {}
        }
        let item = self.value(status);
        events.tell("response.output_item.done", &ItemEvent { output_index: at, item: &item });
    }

    /// Tells that a message has another part.
    pub(super) fn begin_part(&self, at: usize, events: &mut Events) {
        let Self::Message { id, said } = self else { return };
        let Some(last) = said.last() else { return };
        let place = json!({ "item_id": id, "output_index": at, "content_index": said.len() - 1, "part": last.value() });
        events.tell("response.content_part.added", &place);
    }

    /// Tells that a message's last part is whole.
    pub(super) fn end_part(&self, at: usize, events: &mut Events) {
        let Self::Message { id, said } = self else { return };
        let Some(last) = said.last() else { return };
        let place = json!({ "item_id": id, "output_index": at, "content_index": said.len() - 1 });
        let (mut whole, mut part) = (place.clone(), place);
        match last.is_refusal {
            true => {
                whole["refusal"] = last.text.as_str().into();
                events.tell("response.refusal.done", &whole);
            }
            false => {
                whole["text"] = last.text.as_str().into();
                whole["logprobs"] = json!([]);
                events.tell("response.output_text.done", &whole);
            }
        }
        part["part"] = last.value();
        events.tell("response.content_part.done", &part);
    }
}

fn end_summary(id: &str, text: &str, at: usize, events: &mut Events) {
    let place = json!({ "item_id": id, "output_index": at, "summary_index": 0 });
    let (mut whole, mut part) = (place.clone(), place);
    whole["text"] = text.into();
    events.tell("response.reasoning_summary_text.done", &whole);
    part["part"] = json!({ "type": "summary_text", "text": text });
    events.tell("response.reasoning_summary_part.done", &part);
}

/// What is sealed goes on as its vendor made it.
fn reasoning_item(id: &str, text: &str, seal: &Extra) -> Value {
    let summary: Vec<Value> = match text.is_empty() {
        true => Vec::new(),
        false => vec![json!({ "type": "summary_text", "text": text })],
    };
    let mut item = json!({ "id": id, "type": reasoning::KIND, "summary": summary });
    if let Value::Object(fields) = &mut item {
        fields.extend(seal.clone());
    }
    item
}

/// What kind of item a call is, and where its arguments stand.
fn form_of(call: &ToolCall) -> (&'static str, &'static str) {
    if is_custom(&call.extra) { (CUSTOM_CALL, "input") } else { (FUNCTION_CALL, "arguments") }
}

/// What the events are called that tell a call's arguments.
fn argued(call: &ToolCall) -> &'static str {
    if is_custom(&call.extra) { "custom_tool_call_input" } else { "function_call_arguments" }
}
