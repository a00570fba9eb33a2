//! A piece of a streamed answer.

use playhouse_llm::{
    ChoiceDelta, Chunk, Extra, FinishReason, Malformed, Part, PartDelta, Quoted, TextPiece, Told,
};
use serde_json::Value;

use super::calls;
use super::content::{self, THINKING};
use super::fields::{Writing, take_filled_string, take_index, take_object, take_string, take_u64};
use super::message::{role_name, role_of, take_role};
use super::reply::take_finish;
use super::usage::{set_usage, take_usage};
use super::usual::plain_of;
use crate::plain::Telling;
use crate::scan::{Scan, once};
use crate::{json, sse};

/// The data of the frame that ends a stream.
pub(super) const DONE: &[u8] = b"[DONE]";

/// Decodes complete frames; those that hold no chunk (comments, the end) are passed over.
pub(super) fn decode_chunks(frames: &[u8]) -> Result<Vec<Chunk>, Malformed> {
    let data = sse::frames(frames).map(|frame| frame.data).filter(|data| holds_chunk(data));
    let chunks = data.enumerate().map(|(at, data)| {
        let fields = json::parse_object(&data);
        fields.map(chunk_of).map_err(|reason| Malformed::new(format!("chunk {at} of the stream: {reason}")))
    });
    chunks.collect()
}

const TELLING: Telling =
    Telling { holds: holds_chunk, text_of, number: None, plain_of, event_of: json::parse_object, chunk_of };

/// Decodes complete frames as other protocols tell them.
pub(super) fn told(frames: &[u8]) -> Result<Vec<Told<'_>>, Malformed> {
    let told = TELLING.told(frames);
    // Of what cannot be read it is told where it stands.
    told.map_err(|malformed| decode_chunks(frames).err().unwrap_or(malformed))
}

/// The text of a chunk that says nothing else in another protocol.
fn text_of(data: &str) -> Option<TextPiece<'_>> {
    let (mut model, mut created, mut choices, mut choice, mut usage) = (None, None, None, None, None);
    let mut scan = Scan::new(data);
    scan.object(|scan, key| match key {
        "model" if scan.null() => once(&mut model, None),
        "model" => once(&mut model, Some(scan.plain()?)),
        "created" if scan.null() => once(&mut created, None),
        "created" => once(&mut created, Some(scan.count()?)),
        "choices" => {
            once(&mut choices, ())?;
            scan.array(|scan| once(&mut choice, text_choice(scan)?))
        }
        "usage" if scan.null() => once(&mut usage, ()),
        "usage" | "x_groq" => None,
        _ => scan.skip(),
    })?;
    let (index, text) = choice.filter(|_| scan.is_at_end())?;
    Some(TextPiece { model: model.flatten(), created: created.flatten(), index, text })
}

fn text_choice<'a>(scan: &mut Scan<'a>) -> Option<(u32, Quoted<'a>)> {
    let (mut index, mut text, mut finish) = (None, None, None);
    scan.object(|scan, key| match key {
        "index" => once(&mut index, u32::try_from(scan.count()?).ok()?),
        "delta" => once(&mut text, only_content(scan)?),
        "finish_reason" if scan.null() => once(&mut finish, ()),
        "finish_reason" => None,
        _ => scan.skip(),
    })?;
    Some((index?, text?))
}

/// The content of an addition in which nothing else says anything.
fn only_content<'a>(scan: &mut Scan<'a>) -> Option<Quoted<'a>> {
    let mut content = None;
    scan.object(|scan, key| match key {
        "content" => once(&mut content, scan.string()?.quoted()?),
        _ => scan.null().then_some(()),
    })?;
    content
}

/// Whether a frame's data is neither nothing nor the end.
pub(super) fn holds_chunk(data: &[u8]) -> bool {
    let data = data.trim_ascii();
    !data.is_empty() && data != DONE
}

/// The chunk these fields make.
pub(super) fn chunk_of(mut fields: Extra) -> Chunk {
    Chunk {
        id: take_string(&mut fields, "id"),
        model: take_string(&mut fields, "model"),
        created: take_u64(&mut fields, "created"),
        choices: take_choices(&mut fields),
        usage: take_usage(&mut fields),
        extra: fields,
    }
}

/// Encodes a chunk as the JSON object of its frame, adding nothing to what it says.
pub fn encode_chunk(chunk: &Chunk) -> Value {
    let mut out = Writing::new(&chunk.extra);
    out.set_some("id", chunk.id.as_deref());
    out.set_some("created", chunk.created);
    out.set_some("model", chunk.model.as_deref());
    let choices = (!chunk.choices.is_empty()).then_some(&chunk.choices);
    out.set_kept("choices", choices, read_choices, |choices| choices.iter().map(write_choice).collect());
    set_usage(&mut out, &chunk.extra, chunk.usage.as_ref());
    Value::Object(out.done())
}

fn take_choices(fields: &mut Extra) -> Vec<ChoiceDelta> {
    let taken = if fields.get("choices").is_some_and(are_exact) {
        fields.shift_remove("choices")
    } else {
        fields.get("choices").cloned()
    };
    match taken {
        Some(Value::Array(items)) => choices_of(items),
        _ => Vec::new(),
    }
}

fn read_choices(value: &Value) -> Option<Vec<ChoiceDelta>> {
    let choices = choices_of(value.as_array()?.clone());
    (!choices.is_empty()).then_some(choices)
}

fn choices_of(items: Vec<Value>) -> Vec<ChoiceDelta> {
    items.into_iter().enumerate().filter_map(|(at, item)| choice_of(item, at)).collect()
}

fn choice_of(value: Value, at: usize) -> Option<ChoiceDelta> {
    let Value::Object(mut extra) = value else { return None };
    let index = take_index(&mut extra, "index").or_else(|| u32::try_from(at).ok())?;
    let finish = take_finish(&mut extra);
    let mut delta = take_delta(&mut extra);
    let role = take_role(&mut delta);
    let parts = take_parts(&mut delta);
    Some(ChoiceDelta { index, role, parts, finish, delta_extra: delta, extra })
}

/// An empty addition is carried, which tells it from none.
fn take_delta(choice: &mut Extra) -> Extra {
    let is_empty = choice.get("delta").and_then(Value::as_object).is_some_and(Extra::is_empty);
    if is_empty { Extra::new() } else { take_object(choice, "delta").unwrap_or_default() }
}

fn write_choice(choice: &ChoiceDelta) -> Value {
    let mut out = Writing::new(&choice.extra);
    out.set("index", choice.index);
    let delta = write_delta(choice);
    if !delta.is_empty() {
        out.set("delta", delta);
    }
    out.set_some("finish_reason", choice.finish.as_ref().map(FinishReason::as_str));
    Value::Object(out.done())
}

fn take_parts(delta: &mut Extra) -> Vec<PartDelta> {
    let reasoning = content::take_reasoning(delta);
    let mut parts: Vec<PartDelta> = reasoning
        .map(|(text, field)| PartDelta::Reasoning { text, field: field.to_owned() })
        .into_iter()
        .collect();
    match take_string(delta, "content") {
        Some(text) => parts.push(PartDelta::Text(text)),
        None => parts.extend(delta.get("content").and_then(read_content).into_iter().flatten()),
    }
    parts.extend(take_filled_string(delta, "refusal").map(PartDelta::Refusal));
    parts.extend(calls::take_fragments(delta));
    parts
}

fn write_delta(choice: &ChoiceDelta) -> Extra {
    let mut out = Writing::new(&choice.delta_extra);
    let role = choice.role.as_ref();
    out.set_kept("role", role, |value| role_of(value.as_str()?), |role| role_name(*role).into());
    let sorted = Sorted::of(&choice.parts);
    let said = (!sorted.said.is_empty()).then_some(&sorted.said);
    out.set_kept("content", said, read_content, |parts| write_content(parts));
    out.set_some("reasoning_content", sorted.reasoning_content);
    out.set_some("reasoning", sorted.reasoning);
    out.set_some("refusal", sorted.refusal);
    calls::set_fragments(&mut out, &choice.delta_extra, sorted.calls);
    out.done()
}

/// The parts of an addition by the field they are written in.
#[derive(Default)]
struct Sorted {
    said: Vec<PartDelta>,
    reasoning_content: Option<String>,
    reasoning: Option<String>,
    refusal: Option<String>,
    calls: Vec<PartDelta>,
}

impl Sorted {
    fn of(parts: &[PartDelta]) -> Self {
        let mut sorted = Self::default();
        parts.iter().for_each(|part| sorted.add(part));
        sorted
    }

    fn add(&mut self, part: &PartDelta) {
        match part {
            PartDelta::Text(_) => self.said.push(part.clone()),
            PartDelta::Reasoning { field, .. } if field == THINKING => self.said.push(part.clone()),
            PartDelta::Reasoning { text, field } => self.reasoning(field).push_str(text),
            PartDelta::Refusal(text) => self.refusal.get_or_insert_default().push_str(text),
            PartDelta::ToolCall { .. } => self.calls.push(part.clone()),
            // Neither is in this protocol's pieces.
            PartDelta::Seal { .. } | PartDelta::Other { .. } => {}
        }
    }

    fn reasoning(&mut self, field: &str) -> &mut String {
        let place = match content::reasoning_field(field) {
            "reasoning" => &mut self.reasoning,
            _ => &mut self.reasoning_content,
        };
        place.get_or_insert_default()
    }
}

/// Content in pieces: Mistral mixes reasoning and text in a list.
fn read_content(value: &Value) -> Option<Vec<PartDelta>> {
    let parts: Vec<PartDelta> = match value {
        Value::String(text) => vec![PartDelta::Text(text.clone())],
        Value::Array(items) => items.iter().filter_map(read_item).collect(),
        _ => Vec::new(),
    };
    (!parts.is_empty()).then_some(parts)
}

fn read_item(item: &Value) -> Option<PartDelta> {
    match item.get("type")?.as_str()? {
        "text" => Some(PartDelta::Text(item.get("text")?.as_str()?.to_owned())),
        "thinking" => match content::read_thinking(item)? {
            Part::Reasoning { text, field, .. } => Some(PartDelta::Reasoning { text, field }),
            _ => None,
        },
        _ => None,
    }
}

fn write_content(parts: &[PartDelta]) -> Value {
    let texts: Option<String> = parts
        .iter()
        .map(|part| match part {
            PartDelta::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    texts.map_or_else(|| parts.iter().map(write_item).collect(), Value::String)
}

fn write_item(part: &PartDelta) -> Value {
    match part {
        PartDelta::Text(text) => content::write_part(&Part::text(text.as_str())),
        PartDelta::Reasoning { text, .. } => content::write_thinking(text),
        _ => Value::Null,
    }
}

/// Whether writing what was read of the choices gives the same again.
fn are_exact(value: &Value) -> bool {
    let has_index = |item: &Value| {
        item.get("index").and_then(Value::as_u64).is_some_and(|index| index <= u32::MAX.into())
    };
    value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(has_index))
}
