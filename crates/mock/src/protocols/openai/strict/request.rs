//! A request as rules see it.

use serde_json::{Map, Value};

use crate::protocols::openai::catalog::{self, Model};

/// The members of a request, and what is known of its model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    members: &'a Map<String, Value>,
    /// The model's name, which may come from elsewhere than the body; empty where there is none.
    pub(crate) model_name: &'a str,
    /// The model, if it is one of OpenAI's.
    pub(crate) model: Option<&'static Model>,
}

impl<'a> Request<'a> {
    pub(crate) fn new(members: &'a Map<String, Value>, model_name: &'a str) -> Self {
        Self { members, model_name, model: catalog::find(model_name) }
    }

    /// A member; one that is null is as good as not there.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str()
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some(&Value::Bool(true))
    }

    /// The items of a member that is an array; none where it is not.
    pub(crate) fn items(&self, name: &str) -> &'a [Value] {
        self.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn messages(&self) -> &'a [Value] {
        self.items("messages")
    }

    pub(crate) fn members(&self) -> &'a Map<String, Value> {
        self.members
    }
}

/// The parts of a message's content, each with its place in it; none where the content is a text.
pub(crate) fn parts_of(message: &Value) -> impl Iterator<Item = (usize, &Value)> {
    message.get("content").and_then(Value::as_array).into_iter().flatten().enumerate()
}

/// Every part of every message, as `(message, part, value)`.
pub(crate) fn all_parts(messages: &[Value]) -> impl Iterator<Item = (usize, usize, &Value)> {
    let numbered = messages.iter().enumerate();
    numbered.flat_map(|(at, message)| parts_of(message).map(move |(part_at, part)| (at, part_at, part)))
}

/// Whether a part or message is of this kind (`type`) or role.
pub(crate) fn is(value: &Value, tag: &str, expected: &str) -> bool {
    value.get(tag).and_then(Value::as_str) == Some(expected)
}
