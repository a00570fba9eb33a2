//! An answer's body as vectors, and vectors as an answer's body.

use bytes::Bytes;
use playhouse_llm::{EmbedReply, Extra};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::numbers::{Encoding, Numbers, WrittenNumbers};
use super::usage::{read_usage, write_usage};
use crate::openai::fields::{Writing, take_exact, take_filled_string};

const OBJECT: &str = "list";

/// The vectors are read apart from the rest: they are nearly all of a body, and as JSON values
/// they would take many times their room.
#[derive(Deserialize)]
struct Body {
    data: Vec<Item>,
    #[serde(flatten)]
    rest: Extra,
}

#[derive(Deserialize)]
struct Item {
    embedding: Numbers,
    #[serde(flatten)]
    rest: Extra,
}

/// Decodes an answer, if it is one.
pub(super) fn decode(body: &[u8]) -> Option<EmbedReply> {
    let Body { data, mut rest } = serde_json::from_slice(body).ok()?;
    let items = in_order_of_inputs(data).into_iter().map(|item| (item.rest, item.embedding.0));
    let (items, vectors): (Vec<Extra>, Vec<Vec<f32>>) = items.unzip();
    if !items.iter().enumerate().all(|(at, item)| *item == usual_item(at)) {
        rest.insert("data".to_owned(), items.into());
    }
    if rest.get("object").is_some_and(|object| object == OBJECT) {
        rest.shift_remove("object");
    }
    Some(EmbedReply {
        model: take_filled_string(&mut rest, "model").unwrap_or_default(),
        vectors,
        usage: take_exact(&mut rest, "usage", read_usage, write_usage),
        extra: rest,
    })
}

/// Vendors that embed in batches may answer as these end; the index tells whose a vector is.
fn in_order_of_inputs(mut items: Vec<Item>) -> Vec<Item> {
    let index = |item: &Item| item.rest.get("index").and_then(Value::as_u64);
    if items.iter().all(|item| index(item).is_some()) {
        items.sort_by_key(index);
    }
    items
}

/// What stands beside a vector as a rule; what else did stays in the carried fields.
fn usual_item(at: usize) -> Extra {
    let fields = [("object", Value::from("embedding")), ("index", at.into())];
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

#[derive(Serialize)]
struct WrittenBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'static str>,
    data: Vec<WrittenItem<'a>>,
    #[serde(flatten)]
    rest: Extra,
}

#[derive(Serialize)]
struct WrittenItem<'a> {
    #[serde(flatten)]
    rest: Extra,
    embedding: WrittenNumbers<'a>,
}

/// Encodes an answer; `model` is the name where the answer has none.
pub(super) fn encode(reply: &EmbedReply, encoding: Encoding, model: &str) -> serde_json::Result<Bytes> {
    let items = reply.vectors.iter().enumerate().map(|(at, numbers)| WrittenItem {
        rest: carried_item(reply, at).unwrap_or_else(|| usual_item(at)),
        embedding: WrittenNumbers { numbers, encoding },
    });
    let object = (!reply.extra.contains_key("object")).then_some(OBJECT);
    let body = WrittenBody { object, data: items.collect(), rest: fields_behind_data(reply, model) };
    serde_json::to_vec(&body).map(Bytes::from)
}

fn carried_item(reply: &EmbedReply, at: usize) -> Option<Extra> {
    reply.extra.get("data")?.get(at)?.as_object().cloned()
}

fn fields_behind_data(reply: &EmbedReply, model: &str) -> Extra {
    let mut out = Writing::new(&reply.extra);
    out.drop_carried("data");
    match reply.model.is_empty() {
        true if reply.extra.contains_key("model") => {}
        true => out.set("model", model),
        false => out.set("model", reply.model.as_str()),
    }
    out.set_kept("usage", reply.usage.as_ref(), read_usage, write_usage);
    out.done()
}
