//! Adding to an encoded answer what OpenAI's always have and the vocabulary does not carry.

use playhouse_llm::{Chunk, FinishReason, Quoted, Reply, Role};
use serde_json::{Map, Value};

use super::chunk::encode_chunk;
use super::message::role_name;
use super::reply::encode_reply;
use crate::codec::Envelope;
use crate::plain::Mould;

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

    /// Takes on what a chunk says of it; says whether that was anything.
    pub(super) fn learn(&mut self, chunk: &Chunk) -> bool {
        if let Some(id) = &chunk.id {
            self.id.clone_from(id);
        }
        if let Some(model) = &chunk.model {
            self.model.clone_from(model);
        }
        self.created = chunk.created.unwrap_or(self.created);
        chunk.id.is_some() || chunk.model.is_some() || chunk.created.is_some()
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

/// The frames of pieces that say no more than a text, as [`dress_chunk`] has them.
pub(super) fn text_mould(identity: &Identity, index: u32, include_usage: bool) -> Mould {
    let before = until_delta(identity, index) + r#"{"content":""#;
    let after = match include_usage {
        true => "\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n",
        false => "\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n",
    };
    Mould::new(before, after)
}

/// The frame of a piece that opens a choice, as [`dress_chunk`] has it.
pub(super) fn opening_frame(identity: &Identity, index: u32, role: Role, include_usage: bool) -> String {
    let role = role_name(role);
    let delta = format!(r#"{{"role":"{role}","content":"","refusal":null}}"#);
    until_delta(identity, index) + &delta + &since_delta(None, include_usage)
}

/// The frame of a piece that ends a choice, as [`dress_chunk`] has it.
pub(super) fn ending_frame(
    identity: &Identity,
    index: u32,
    finish: &FinishReason,
    include_usage: bool,
) -> String {
    until_delta(identity, index) + "{}" + &since_delta(Some(finish), include_usage)
}

fn until_delta(identity: &Identity, index: u32) -> String {
    let (id, model) = (Quoted::of(&identity.id), Quoted::of(&identity.model));
    format!(
        r#"data: {{"id":"{}","object":"chat.completion.chunk","created":{},"model":"{}","choices":[{{"index":{index},"delta":"#,
        id.escaped(),
        identity.created,
        model.escaped(),
    )
}

fn since_delta(finish: Option<&FinishReason>, include_usage: bool) -> String {
    let finish = finish.map(|finish| format!(r#""{}""#, Quoted::of(finish.as_str()).escaped()));
    let finish = finish.as_deref().unwrap_or("null");
    let usage = if include_usage { r#","usage":null"# } else { "" };
    format!(",\"logprobs\":null,\"finish_reason\":{finish}}}]{usage}}}\n\n")
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
    use bytes::BytesMut;
    use playhouse_llm::{ChoiceDelta, PartDelta};

    use super::*;
    use crate::sse::Frame;

    #[test]
    fn a_piece_of_text_is_written_as_any_other() {
        let identity = Identity { id: "chatcmpl-\"1\"".into(), created: 7, model: "mödel".into() };
        for (text, include_usage) in [(" word", true), ("\n\u{2028}\"\\\u{1}", false)] {
            let mut quick = BytesMut::new();
            text_mould(&identity, 0, include_usage).write(&Quoted::of(text), &mut quick);
            let mut whole = BytesMut::new();
            let object = dress_chunk(&Chunk::text(text), &identity, include_usage);
            Frame::new(&object.to_string()).write_to(&mut whole);
            assert_eq!(quick, whole);
        }
    }

    #[test]
    fn beginning_and_end_are_written_as_any_other() {
        let identity = Identity { id: "1".into(), created: 7, model: "m".into() };
        let frame_of = |choice: ChoiceDelta, include_usage| {
            let chunk = Chunk { choices: vec![choice], ..Chunk::default() };
            format!("data: {}\n\n", dress_chunk(&chunk, &identity, include_usage))
        };
        for include_usage in [true, false] {
            let opening = ChoiceDelta {
                index: 2,
                role: Some(Role::Assistant),
                parts: vec![PartDelta::Text(String::new())],
                delta_extra: Map::from_iter([("refusal".to_owned(), Value::Null)]),
                ..ChoiceDelta::default()
            };
            let quick = opening_frame(&identity, 2, Role::Assistant, include_usage);
            assert_eq!(quick, frame_of(opening, include_usage));
            for finish in [FinishReason::Stop, FinishReason::Other("\"x\"".to_owned())] {
                let quick = ending_frame(&identity, 0, &finish, include_usage);
                let ending = ChoiceDelta { finish: Some(finish), ..ChoiceDelta::default() };
                assert_eq!(quick, frame_of(ending, include_usage));
            }
        }
    }
}
