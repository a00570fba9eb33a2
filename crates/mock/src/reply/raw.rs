//! Bytes that are sent as they are.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::compile::Complaint;
use crate::plan::RawContent;
use crate::script::RawReply;

/// The bytes that a script gives.
pub(super) fn content(raw: &RawReply) -> Result<RawContent, Complaint> {
    if !(200..1000).contains(&raw.status) {
        let message = format!("{} is no status of an answer: use 200 to 999", raw.status);
        return Err(Complaint::of("raw.status", message));
    }
    if raw.content_type.as_ref().is_some_and(|name| http::HeaderValue::from_str(name).is_err()) {
        return Err(Complaint::of("raw.content_type", "this is no value of a header: leave line breaks out"));
    }
    Ok(RawContent { status: raw.status, content_type: raw.content_type.clone(), body: body(raw)? })
}

fn body(raw: &RawReply) -> Result<Bytes, Complaint> {
    match (&raw.body, &raw.base64) {
        (Some(_), Some(_)) => {
            Err(Complaint::of("raw.base64", "`base64` stands beside `body`: keep one of them"))
        }
        (_, Some(encoded)) => STANDARD.decode(encoded.trim()).map(Bytes::from).map_err(|error| {
            Complaint::of("raw.base64", format!("this is not base64 ({error}): encode the bytes again"))
        }),
        (body, None) => Ok(body.clone().unwrap_or_default().into()),
    }
}
