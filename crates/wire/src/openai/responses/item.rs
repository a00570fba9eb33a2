//! An item of an answer that is being written: what it holds so far, and the events that begin and end it.

use playhouse_llm::{Extra, Quoted, ToolCall};
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

/// A part of a message: text, or a refusal.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) is_refusal: bool,
    /// As it stands between the quotes of a JSON string: it is written again and again.
    pub(super) escaped: String,
}

impl Said {
    fn value(&self) -> Value {
        let text = Quoted::from_literal(&self.escaped);
        let text = text.text();
        match self.is_refusal {
            true => json!({ "type": "refusal", "refusal": text }),
            false => json!({ "type": "output_text", "annotations": [], "logprobs": [], "text": text }),
        }
    }

    /// The same, written.
    fn json(&self) -> String {
        let text = &self.escaped;
        match self.is_refusal {
            true => format!(r#"{{"type":"refusal","refusal":"{text}"}}"#),
            false => format!(r#"{{"type":"output_text","annotations":[],"logprobs":[],"text":"{text}"}}"#),
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

    /// The same, written.
    pub(super) fn json(&self, status: &str) -> String {
        let Self::Message { id, said } = self else { return self.value(status).to_string() };
        let content: Vec<String> = said.iter().map(Said::json).collect();
        format!(
            r#"{{"id":"{}","type":"message","status":"{status}","role":"assistant","content":[{}]}}"#,
            Quoted::of(id).escaped(),
            content.join(",")
        )
    }

    fn tell(&self, kind: &str, at: usize, status: &str, events: &mut Events) {
        events.tell_members(kind, &format!(r#""output_index":{at},"item":{}"#, self.json(status)));
    }

    /// Tells that the item has begun.
    pub(super) fn begin(&self, at: usize, events: &mut Events) {
        self.tell("response.output_item.added", at, "in_progress", events);
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
        self.tell("response.output_item.done", at, status, events);
    }

    /// Tells that a message has another part.
    pub(super) fn begin_part(&self, at: usize, events: &mut Events) {
        let Some((place, last)) = self.last_part(at) else { return };
        events.tell_members("response.content_part.added", &format!(r#"{place},"part":{}"#, last.json()));
    }

    /// Tells that a message's last part is whole.
    pub(super) fn end_part(&self, at: usize, events: &mut Events) {
        let Some((place, last)) = self.last_part(at) else { return };
        let text = &last.escaped;
        let (kind, whole) = match last.is_refusal {
            true => ("response.refusal.done", format!(r#"{place},"refusal":"{text}""#)),
            false => ("response.output_text.done", format!(r#"{place},"text":"{text}","logprobs":[]"#)),
        };
        events.tell_members(kind, &whole);
        events.tell_members("response.content_part.done", &format!(r#"{place},"part":{}"#, last.json()));
    }

    /// A message's last part, and the members that say where it is.
    fn last_part(&self, at: usize) -> Option<(String, &Said)> {
        let Self::Message { id, said } = self else { return None };
        let (last, before) = said.split_last()?;
        let (id, index) = (Quoted::of(id), before.len());
        let place = format!(r#""item_id":"{}","output_index":{at},"content_index":{index}"#, id.escaped());
        Some((place, last))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_written_as_any_other_item() {
        let of = |text: &str, is_refusal| Said { is_refusal, escaped: Quoted::of(text).escaped().to_owned() };
        let said = vec![of("a \"b\"\n\u{2028}", false), of("", false), of("\\", true)];
        for said in [Vec::new(), said] {
            let item = Item::Message { id: "msg_\"1\"".to_owned(), said };
            assert_eq!(item.json("completed"), item.value("completed").to_string());
        }
    }
}
