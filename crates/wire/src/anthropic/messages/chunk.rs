//! The events of a streamed answer, each as a chunk that carries it whole.

use std::borrow::Cow;

use playhouse_llm::{ChoiceDelta, Chunk, Extra, Malformed, PartDelta, Role};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::block::{REDACTED, THINKING};
use super::reply::finish_of;
use super::usage::read_usage;
use crate::sse::frames;
use crate::{json, plain};

/// Decodes complete frames.
pub(super) fn decode_chunks(bytes: &[u8]) -> Result<Vec<Chunk>, Malformed> {
    frames(bytes)
        .map(|frame| Ok(chunk_of(json::parse_object(&frame.data).map_err(Malformed::new)?)))
        .collect()
}

/// A piece of text, as far as other protocols tell it.
#[derive(Deserialize)]
struct TextEvent<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    delta: TextDelta<'a>,
}

#[derive(Deserialize)]
struct TextDelta<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

/// Decodes complete frames as other protocols tell them.
pub(super) fn plain_chunks(bytes: &[u8]) -> Result<Vec<Chunk>, Malformed> {
    plain::plain_chunks(frames(bytes), text_of, chunk_of)
}

fn text_of(data: &[u8]) -> Option<Chunk> {
    let event: TextEvent<'_> = serde_json::from_slice(data).ok()?;
    let is_text = event.kind == "content_block_delta" && event.delta.kind == "text_delta";
    is_text.then(|| of_choice(Some(PartDelta::Text(event.delta.text.into_owned()))))
}

/// The chunk of one event.
pub(super) fn chunk_of(event: Extra) -> Chunk {
    let chunk = match event.get("type").and_then(Value::as_str) {
        Some("message_start") => opening(&event),
        Some("content_block_start") => of_choice(started(&event)),
        Some("content_block_delta") => of_choice(added(&event)),
        Some("message_delta") => ending(&event),
        _ => Chunk::default(),
    };
    Chunk { extra: event, ..chunk }
}

fn opening(event: &Extra) -> Chunk {
    let message = event.get("message");
    let text = |key: &str| Some(message?.get(key)?.as_str()?.to_owned());
    Chunk {
        id: text("id"),
        model: text("model").filter(|model| !model.is_empty()),
        choices: vec![ChoiceDelta { role: Some(Role::Assistant), ..ChoiceDelta::default() }],
        usage: message.and_then(|message| read_usage(message.get("usage")?)),
        ..Chunk::default()
    }
}

fn ending(event: &Extra) -> Chunk {
    let finish = event.get("delta").and_then(|delta| Some(finish_of(delta.get("stop_reason")?.as_str()?)));
    Chunk {
        choices: vec![ChoiceDelta { finish, ..ChoiceDelta::default() }],
        usage: event.get("usage").and_then(read_usage),
        ..Chunk::default()
    }
}

fn of_choice(part: Option<PartDelta>) -> Chunk {
    let choices = vec![ChoiceDelta { parts: part.into_iter().collect(), ..ChoiceDelta::default() }];
    Chunk { choices, ..Chunk::default() }
}

fn index_of(event: &Extra) -> u32 {
    event.get("index").and_then(Value::as_u64).and_then(|index| u32::try_from(index).ok()).unwrap_or_default()
}

fn started(event: &Extra) -> Option<PartDelta> {
    let block = event.get("content_block")?.as_object()?;
    let text = |key: &str| block.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    match block.get("type")?.as_str()? {
        "text" => Some(PartDelta::Text(text("text"))),
        THINKING => Some(PartDelta::Reasoning { text: text("thinking"), field: THINKING.to_owned() }),
        REDACTED => Some(PartDelta::Seal { field: REDACTED.to_owned(), extra: untyped(block) }),
        "tool_use" => Some(PartDelta::ToolCall {
            index: index_of(event),
            id: Some(text("id")),
            name: Some(text("name")),
            arguments: input_at_once(block),
            extra: Extra::new(),
        }),
        _ => Some(PartDelta::Other { value: Value::Object(block.clone()) }),
    }
}

/// Some who speak this protocol send a call's input with its beginning.
fn input_at_once(block: &Map<String, Value>) -> Option<String> {
    let input = block.get("input")?.as_object()?;
    (!input.is_empty()).then(|| Value::Object(input.clone()).to_string())
}

fn untyped(block: &Map<String, Value>) -> Extra {
    let mut fields = block.clone();
    fields.shift_remove("type");
    fields
}

fn added(event: &Extra) -> Option<PartDelta> {
    let delta = event.get("delta")?;
    let text = |key: &str| delta.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    match delta.get("type")?.as_str()? {
        "text_delta" => Some(PartDelta::Text(text("text"))),
        "thinking_delta" => Some(PartDelta::Reasoning { text: text("thinking"), field: THINKING.to_owned() }),
        "signature_delta" => {
            let extra = Extra::from_iter([("signature".to_owned(), text("signature").into())]);
            Some(PartDelta::Seal { field: THINKING.to_owned(), extra })
        }
        "input_json_delta" => Some(PartDelta::ToolCall {
            index: index_of(event),
            id: None,
            name: None,
            arguments: Some(text("partial_json")),
            extra: Extra::new(),
        }),
        _ => None,
    }
}
