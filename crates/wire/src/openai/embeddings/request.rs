//! A request body as types, and types as a request body.

use std::sync::Arc;

use playhouse_llm::{EmbedRequest, Extra, Malformed};
use serde_json::Value;

use super::codec::IncomingEmbed;
use super::{Encoding, input};
use crate::json;
use crate::openai::complaint;
use crate::openai::fields::{Writing, take_exact, take_index};

/// Decodes a request body; `path_model` is the model that the path names, if it does.
pub(super) fn decode(body: &[u8], path_model: Option<&str>) -> Result<IncomingEmbed, Malformed> {
    let mut fields = json::parse_object(body).map_err(|reason| complaint::unparsable(&reason))?;
    let model = take_model(&mut fields, path_model)?;
    let inputs = input::take_inputs(&mut fields)?;
    let dimensions = take_index(&mut fields, "dimensions");
    let encoding = take_exact(&mut fields, "encoding_format", read_encoding, write_encoding);
    let request = EmbedRequest { model, inputs, dimensions, extra: fields };
    Ok(IncomingEmbed { request, encoding })
}

/// Encodes a request as the JSON object of its body; what was decoded gives an equal one.
pub(super) fn encode(request: &EmbedRequest, encoding: Option<Encoding>) -> Value {
    let mut out = Writing::new(&request.extra);
    out.set("model", &*request.model);
    input::set_inputs(&mut out, &request.inputs);
    out.set_some("dimensions", request.dimensions);
    out.set_some("encoding_format", encoding.map(Encoding::as_str));
    Value::Object(out.done())
}

fn take_model(fields: &mut Extra, path_model: Option<&str>) -> Result<Arc<str>, Malformed> {
    let told = fields.shift_remove("model");
    if let Some(model) = path_model {
        return Ok(Arc::from(model));
    }
    match told {
        Some(Value::String(model)) if model.is_empty() => Err(complaint::empty("model", "a string")),
        Some(Value::String(model)) => Ok(Arc::from(model)),
        Some(other) => Err(complaint::wrong_type("model", "a string", json::kind_of(&other))),
        None => Err(complaint::missing("model")),
    }
}

fn read_encoding(value: &Value) -> Option<Encoding> {
    Encoding::of_name(value.as_str()?)
}

fn write_encoding(encoding: &Encoding) -> Value {
    encoding.as_str().into()
}
