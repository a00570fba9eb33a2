//! A request's body: JSON as it came, or a text.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

/// A body; JSON keeps its order, its numbers and its spaces.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum BodyView {
    Json(Box<RawValue>),
    Text(String),
}

impl From<&Bytes> for BodyView {
    fn from(body: &Bytes) -> Self {
        match serde_json::from_slice(body) {
            Ok(json) => Self::Json(json),
            Err(_) => Self::Text(String::from_utf8_lossy(body).into_owned()),
        }
    }
}
