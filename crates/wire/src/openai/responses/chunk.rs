//! The events of a streamed answer, each as a chunk that carries it whole.

use playhouse_llm::{ChoiceDelta, Chunk, Extra, Malformed, PartDelta, Role, TextPiece, Told};
use serde_json::Value;

use super::item::{CUSTOM_CALL, FUNCTION_CALL, custom};
use super::output::{finish_of, reason_of};
use super::reasoning;
use super::usage::read_usage;
use super::usual::plain_of;
use crate::json;
use crate::plain::Telling;
use crate::scan::{Scan, Wanted, once, wanted_members};
use crate::sse::frames;

/// What some vendors send after the last event.
const DONE: &[u8] = b"[DONE]";

/// Decodes complete frames.
pub(super) fn decode_chunks(bytes: &[u8]) -> Result<Vec<Chunk>, Malformed> {
    let told = frames(bytes).filter(|frame| frame.data.trim_ascii() != DONE);
    told.map(|frame| Ok(chunk_of(json::parse_object(&frame.data).map_err(Malformed::new)?))).collect()
}

const TELLING: Telling = Telling {
    holds: |data| data.trim_ascii() != DONE,
    text_of,
    number: Some("\"sequence_number\":"),
    plain_of,
    event_of,
    chunk_of,
};

/// Decodes complete frames as other protocols tell them.
pub(super) fn told(bytes: &[u8]) -> Result<Vec<Told<'_>>, Malformed> {
    TELLING.told(bytes)
}

/// The text of an event that says nothing else in another protocol.
pub(super) fn text_of(data: &str) -> Option<TextPiece<'_>> {
    let (mut kind, mut text) = (None, None);
    let mut scan = Scan::new(data);
    scan.object(|scan, key| match key {
        "type" => once(&mut kind, scan.plain().filter(|kind| *kind == "response.output_text.delta")?),
        "delta" => once(&mut text, scan.string()?.quoted()?),
        _ => scan.skip(),
    })?;
    kind.filter(|_| scan.is_at_end())?;
    Some(TextPiece { model: None, created: None, index: 0, text: text? })
}

const fn whole(name: &'static str) -> Wanted {
    Wanted { name, within: &[] }
}

/// What [`chunk_of`] looks at. Events repeat all of the answer and of what was asked, which it need not see.
const LOOKED_AT: &[Wanted] = &[
    whole("type"),
    whole("delta"),
    whole("output_index"),
    whole("summary_index"),
    whole("item"),
    Wanted {
        name: "response",
        within: &[
            whole("id"),
            whole("model"),
            whole("created_at"),
            whole("status"),
            whole("incomplete_details"),
            whole("usage"),
            Wanted { name: "output", within: &[whole("type")] },
        ],
    },
];

/// An event as far as it is looked at.
fn event_of(data: &[u8]) -> Result<Extra, String> {
    let quick = str::from_utf8(data).ok().and_then(|text| wanted_members(text, LOOKED_AT));
    quick.map_or_else(|| json::parse_object(data), Ok)
}

/// The chunk of one event.
pub(super) fn chunk_of(event: Extra) -> Chunk {
    let chunk =
        match event.get("type").and_then(Value::as_str).and_then(|kind| kind.strip_prefix("response.")) {
            Some("created" | "queued" | "in_progress") => opening(&event),
            Some("completed" | "incomplete" | "cancelled") => ending(&event),
            Some(kind) => of_choice(added(kind, &event)),
            None => Chunk::default(),
        };
    Chunk { extra: event, ..chunk }
}

fn opening(event: &Extra) -> Chunk {
    let role = Some(Role::Assistant);
    Chunk { choices: vec![ChoiceDelta { role, ..ChoiceDelta::default() }], ..identity(event) }
}

/// What an event says of the answer as a whole.
fn identity(event: &Extra) -> Chunk {
    let response = event.get("response");
    let text = |key: &str| Some(response?.get(key)?.as_str()?.to_owned()).filter(|text| !text.is_empty());
    Chunk {
        id: text("id"),
        model: text("model"),
        created: response.and_then(|response| response.get("created_at")?.as_u64()),
        ..Chunk::default()
    }
}

fn ending(event: &Extra) -> Chunk {
    let member = |key: &str| event.get("response").and_then(|response| response.get(key));
    let items = member("output").and_then(Value::as_array).into_iter().flatten();
    let has_calls = has_calls(items.filter_map(|item| item.get("type")?.as_str()));
    let status = member("status").and_then(Value::as_str);
    let finish = finish_of(status, reason_of(member("incomplete_details")), has_calls);
    Chunk {
        choices: vec![ChoiceDelta { finish, ..ChoiceDelta::default() }],
        usage: member("usage").and_then(read_usage),
        ..identity(event)
    }
}

/// Whether there are calls of the caller's tools among items of these types.
pub(super) fn has_calls<'a>(mut types: impl Iterator<Item = &'a str>) -> bool {
    types.any(|kind| matches!(kind, FUNCTION_CALL | CUSTOM_CALL))
}

fn of_choice(part: Option<PartDelta>) -> Chunk {
    let Some(part) = part else { return Chunk::default() };
    let choices = vec![ChoiceDelta { parts: vec![part], ..ChoiceDelta::default() }];
    Chunk { choices, ..Chunk::default() }
}

fn added(kind: &str, event: &Extra) -> Option<PartDelta> {
    let delta = || Some(event.get("delta")?.as_str()?.to_owned());
    match kind {
        "output_text.delta" => delta().map(PartDelta::Text),
        "refusal.delta" => delta().map(PartDelta::Refusal),
        "reasoning_summary_text.delta" | "reasoning_text.delta" => delta().map(reasoned),
        // The pieces of a summary stand apart.
        "reasoning_summary_part.added" => {
            let is_first = event.get("summary_index").and_then(Value::as_u64) == Some(0);
            (!is_first).then(|| reasoned(reasoning::BETWEEN.to_owned()))
        }
        "function_call_arguments.delta" | "custom_tool_call_input.delta" => Some(PartDelta::ToolCall {
            index: index_of(event),
            id: None,
            name: None,
            arguments: delta(),
            extra: Extra::new(),
        }),
        "output_item.added" => begun(event),
        "output_item.done" => ended(event),
        _ => None,
    }
}

fn reasoned(text: String) -> PartDelta {
    PartDelta::Reasoning { text, field: reasoning::FIELD.to_owned() }
}

fn index_of(event: &Extra) -> u32 {
    let index = event.get("output_index").and_then(Value::as_u64);
    index.and_then(|index| u32::try_from(index).ok()).unwrap_or_default()
}

/// A call says at its beginning what it is.
fn begun(event: &Extra) -> Option<PartDelta> {
    let item = event.get("item")?.as_object()?;
    let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (arguments, extra) = match item.get("type")?.as_str()? {
        FUNCTION_CALL => (text("arguments"), Extra::new()),
        CUSTOM_CALL => (text("input"), custom()),
        _ => return None,
    };
    Some(PartDelta::ToolCall {
        index: index_of(event),
        id: Some(text("call_id")),
        name: Some(text("name")),
        arguments: Some(arguments),
        extra,
    })
}

/// What an item shows only at its end: the seal of reasoning, and all of what the vocabulary has no word for.
fn ended(event: &Extra) -> Option<PartDelta> {
    let item = event.get("item")?;
    match item.get("type")?.as_str()? {
        "message" | FUNCTION_CALL | CUSTOM_CALL => None,
        reasoning::KIND => {
            let extra = reasoning::seal_of(item.as_object()?)?;
            Some(PartDelta::Seal { field: reasoning::FIELD.to_owned(), extra })
        }
        _ => Some(PartDelta::Other { value: item.clone() }),
    }
}
