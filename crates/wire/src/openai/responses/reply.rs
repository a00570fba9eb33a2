//! A whole answer.

use playhouse_llm::{Malformed, Reply};
use serde_json::Value;

use super::output::{self, read_choice, status_of};
use super::usage::{read_usage, take_usage, write_usage};
use crate::fields::{Writing, take_filled_string, take_u64};
use crate::json;

/// Decodes a whole answer's body. What it says and how it ended stay in the carried fields, beside the types.
pub(super) fn decode_reply(body: &[u8]) -> Result<Reply, Malformed> {
    let mut fields = json::parse_object(body).map_err(Malformed::new)?;
    Ok(Reply {
        id: take_filled_string(&mut fields, "id").unwrap_or_default(),
        model: take_filled_string(&mut fields, "model").unwrap_or_default(),
        created: take_u64(&mut fields, "created_at"),
        choices: read_choice(&fields).into_iter().collect(),
        usage: take_usage(&mut fields),
        extra: fields,
    })
}

/// Encodes an answer as the JSON object of its body, adding nothing to what it says.
pub fn encode_reply(reply: &Reply) -> Value {
    let mut out = Writing::new(&reply.extra);
    out.set_some("id", Some(reply.id.as_str()).filter(|id| !id.is_empty()));
    out.set_some("created_at", reply.created);
    out.set_some("model", Some(reply.model.as_str()).filter(|model| !model.is_empty()));
    if let Some(choice) = reply.choices.first()
        && read_choice(&reply.extra).as_ref() != Some(choice)
    {
        let (status, details) = status_of(choice.finish.as_ref());
        out.set("status", status);
        out.set("incomplete_details", details);
        out.set("output", output::write(choice, &reply.id));
    }
    out.set_kept("usage", reply.usage.as_ref(), read_usage, write_usage);
    Value::Object(out.done())
}
