//! The events of a streamed answer, each as a chunk that carries it whole.

use playhouse_llm::{ChoiceDelta, Chunk, Extra, Malformed, PartDelta, Quoted, Role, TextPiece, Told};
use serde_json::{Map, Value};

use super::block::{REDACTED, THINKING};
use super::reply::finish_of;
use super::usage::read_usage;
use super::usual::plain_of;
use crate::json;
use crate::plain::Telling;
use crate::scan::{Scan, once};
use crate::sse::frames;

/// Decodes complete frames.
pub(super) fn decode_chunks(bytes: &[u8]) -> Result<Vec<Chunk>, Malformed> {
    frames(bytes)
        .map(|frame| Ok(chunk_of(json::parse_object(&frame.data).map_err(Malformed::new)?)))
        .collect()
}

const TELLING: Telling =
    Telling { holds: |_| true, text_of, number: None, plain_of, event_of: json::parse_object, chunk_of };

/// Decodes complete frames as other protocols tell them.
pub(super) fn told(bytes: &[u8]) -> Result<Vec<Told<'_>>, Malformed> {
    TELLING.told(bytes)
}

/// The text of an event that says nothing else in another protocol.
fn text_of(data: &str) -> Option<TextPiece<'_>> {
    let (mut kind, mut text) = (None, None);
    let mut scan = Scan::new(data);
    scan.object(|scan, key| match key {
        "type" => once(&mut kind, scan.plain().filter(|kind| *kind == "content_block_delta")?),
        "delta" => once(&mut text, text_delta(scan)?),
        _ => scan.skip(),
    })?;
    kind.filter(|_| scan.is_at_end())?;
    Some(TextPiece { model: None, created: None, index: 0, text: text? })
}

fn text_delta<'a>(scan: &mut Scan<'a>) -> Option<Quoted<'a>> {
    let (mut kind, mut text) = (None, None);
    scan.object(|scan, key| match key {
        "type" => once(&mut kind, scan.plain().filter(|kind| *kind == "text_delta")?),
        "text" => once(&mut text, scan.string()?.quoted()?),
        _ => scan.skip(),
    })?;
    text.filter(|_| kind.is_some())
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
