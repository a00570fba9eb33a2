//! Adding to an encoded answer what OpenAI's always have and the vocabulary does not carry.

use bytes::BytesMut;
use playhouse_llm::{Chunk, Reply};
use serde::Serialize;
use serde_json::{Map, Value};

use super::chunk::encode_chunk;
use super::reply::encode_reply;
use crate::codec::Envelope;
use crate::plain::write_json;

/// What all pieces of an answer share.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) id: String,
    pub(super) created: u64,
    pub(super) model: String,
}

impl Identity {
    /// The identity an answer has that names none.
    pub(super) fn of(envelope: &Envelope) -> Self {
        Self {
            id: format!("chatcmpl-{}", envelope.id),
            created: envelope.created,
            model: envelope.model.as_ref().to_owned(),
        }
    }

    /// Takes on what a chunk says of it.
    pub(super) fn learn(&mut self, chunk: &Chunk) {
        if let Some(id) = &chunk.id {
            self.id.clone_from(id);
        }
        if let Some(model) = &chunk.model {
            self.model.clone_from(model);
        }
        self.created = chunk.created.unwrap_or(self.created);
    }

    fn head(&self, object: &str) -> Map<String, Value> {
        Map::from_iter([
            ("id".to_owned(), self.id.as_str().into()),
            ("object".to_owned(), object.into()),
            ("created".to_owned(), self.created.into()),
            ("model".to_owned(), self.model.as_str().into()),
        ])
    }
}

/// A whole answer as the JSON object of a `chat.completion`.
pub(super) fn dress_reply(reply: &Reply, identity: &Identity) -> Value {
    let mut object = identity.head("chat.completion");
    object.extend(fields_of(encode_reply(reply)));
    let choices = object.entry("choices").or_insert_with(|| Value::Array(Vec::new()));
    for choice in items_of(choices) {
        if let Some(Value::Object(message)) = choice.get_mut("message") {
            add_nulls(message, &["content", "refusal"]);
            put_first(message, &["role", "content", "refusal"]);
        }
        dress_choice(choice);
    }
    put_last(&mut object, "usage");
    Value::Object(object)
}

/// A piece as the JSON object of a `chat.completion.chunk`.
///
/// `include_usage`: whether the stream ends with token counts, which every other piece then
/// announces with `null`.
pub(super) fn dress_chunk(chunk: &Chunk, identity: &Identity, include_usage: bool) -> Value {
    let mut object = identity.head("chat.completion.chunk");
    object.extend(fields_of(encode_chunk(chunk)));
    let choices = object.entry("choices").or_insert_with(|| Value::Array(Vec::new()));
    for choice in items_of(choices) {
        choice.entry("delta").or_insert_with(|| Value::Object(Map::new()));
        dress_choice(choice);
    }
    if include_usage {
        add_nulls(&mut object, &["usage"]);
    }
    put_last(&mut object, "usage");
    Value::Object(object)
}

/// A piece of text as [`dress_chunk`] has it; it is written once for each piece of an answer.
#[derive(Serialize)]
struct TextPiece<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: [TextChoice<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<()>,
}

#[derive(Serialize)]
struct TextChoice<'a> {
    index: u32,
    delta: TextDelta<'a>,
    logprobs: (),
    finish_reason: (),
}

#[derive(Serialize)]
struct TextDelta<'a> {
    content: &'a str,
}

/// Writes a piece that says no more than a text.
pub(super) fn write_text(
    identity: &Identity,
    index: u32,
    content: &str,
    include_usage: bool,
    out: &mut BytesMut,
) {
    let choice = TextChoice { index, delta: TextDelta { content }, logprobs: (), finish_reason: () };
    let piece = TextPiece {
        id: &identity.id,
        object: "chat.completion.chunk",
        created: identity.created,
        model: &identity.model,
        choices: [choice],
        usage: include_usage.then_some(()),
    };
    write_json(None, &piece, out);
}

fn dress_choice(choice: &mut Map<String, Value>) {
    add_nulls(choice, &["logprobs", "finish_reason"]);
    put_last(choice, "logprobs");
    put_last(choice, "finish_reason");
}

fn add_nulls(object: &mut Map<String, Value>, keys: &[&str]) {
    for key in keys {
        object.entry(*key).or_insert(Value::Null);
    }
}

/// The order means nothing, but people read these.
fn put_first(object: &mut Map<String, Value>, keys: &[&str]) {
    for (at, key) in keys.iter().enumerate() {
        if let Some(value) = object.shift_remove(*key) {
            object.shift_insert(at.min(object.len()), (*key).to_owned(), value);
        }
    }
}

fn put_last(object: &mut Map<String, Value>, key: &str) {
    if let Some(value) = object.shift_remove(key) {
        object.insert(key.to_owned(), value);
    }
}

fn fields_of(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn items_of(value: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let items = match value {
        Value::Array(items) => items.iter_mut(),
        _ => [].iter_mut(),
    };
    items.filter_map(Value::as_object_mut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sse::Frame;

    #[test]
    fn a_piece_of_text_is_written_as_any_other() {
        let identity = Identity { id: "chatcmpl-\"1\"".into(), created: 7, model: "mödel".into() };
        for (text, include_usage) in [(" word", true), ("\n\u{2028}\"\\\u{1}", false)] {
            let mut quick = BytesMut::new();
            write_text(&identity, 0, text, include_usage, &mut quick);
            let mut whole = BytesMut::new();
            let object = dress_chunk(&Chunk::text(text), &identity, include_usage);
            Frame::new(&object.to_string()).write_to(&mut whole);
            assert_eq!(quick, whole);
        }
    }
}
