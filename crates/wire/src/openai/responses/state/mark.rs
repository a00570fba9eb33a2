//! An answer as it is kept: under an id of its own, whatever the upstream's.

use bytes::Bytes;
use playhouse_llm::Request;
use serde_json::{Map, Value, json};

use super::super::response::Answer;
use crate::codec::Envelope;
use crate::json;

/// What an answer that is kept, or goes on from one, is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its id, as it is told (`resp_…`).
    pub id: String,
    /// When it was asked for, in Unix seconds.
    pub created: u64,
    /// The answer it goes on from, as its caller named it.
    pub previous: Option<String>,
    /// Whether it is kept.
    pub store: bool,
    /// Whether it goes on without its caller.
    pub background: bool,
}

impl Mark {
    /// The answer to a request of which nothing has come yet.
    pub fn begun(&self, asked: &Request) -> Value {
        let envelope = Envelope {
            id: self.id.as_str().into(),
            created: self.created,
            model: asked.model.clone(),
            include_usage: true,
        };
        let mut response = Answer::to(Some(asked), &envelope).so_far("in_progress", Value::Null, json!([]));
        self.put_on(&mut response);
        Value::Object(response)
    }

    /// A whole answer with this mark; `None` for what is none.
    pub fn whole(&self, body: &Bytes) -> Option<Value> {
        let mut response = json::parse_object(body).ok()?;
        self.put_on(&mut response);
        Some(Value::Object(response))
    }

    /// Puts the mark on an answer.
    pub(super) fn put_on(&self, response: &mut Map<String, Value>) {
        let members = [
            ("id", Value::from(self.id.as_str())),
            ("created_at", self.created.into()),
            ("background", self.background.into()),
            ("previous_response_id", self.previous.as_deref().map_or(Value::Null, Value::from)),
            ("store", self.store.into()),
        ];
        response.extend(members.map(|(name, value)| (name.to_owned(), value)));
    }
}
