//! A request as rules see it.

use serde_json::{Map, Value};

use crate::protocols::anthropic::catalog::{self, Model};

/// The members of a request, and what is known of its model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    members: &'a Map<String, Value>,
    pub(crate) model_name: &'a str,
    /// The model, if it is one of Anthropic's.
    pub(crate) model: Option<&'static Model>,
}

/// What one side said without the other in between: messages of one role that follow each other are
/// one turn.
#[derive(Clone, Debug)]
pub(crate) struct Turn<'a> {
    pub(crate) role: &'a str,
    /// The place of its first message.
    pub(crate) at: usize,
    /// The messages, each with its place.
    pub(crate) messages: Vec<(usize, &'a Value)>,
}

/// A block, and where it stands: the place of its message, and its own in there.
pub(crate) type Block<'a> = (usize, usize, &'a Value);

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

    /// The items of a member that is an array; none where it is not.
    pub(crate) fn items(&self, name: &str) -> &'a [Value] {
        self.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn messages(&self) -> &'a [Value] {
        self.items("messages")
    }

    /// The type of a member that has one: of `thinking`, of `tool_choice`.
    pub(crate) fn kind(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.get("type")?.as_str()
    }

    /// Every block of every message.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block<'a>> {
        let numbered = self.messages().iter().enumerate();
        numbered.flat_map(|(at, message)| blocks_of(message).map(move |(place, block)| (at, place, block)))
    }

    /// The conversation turn by turn; system messages stand apart.
    pub(crate) fn turns(&self) -> Vec<Turn<'a>> {
        let mut turns: Vec<Turn<'a>> = Vec::new();
        for (at, message) in self.messages().iter().enumerate() {
            let role = role_of(message);
            match turns.last_mut() {
                Some(last) if last.role == role => last.messages.push((at, message)),
                _ if role == "system" => {}
                _ => turns.push(Turn { role, at, messages: vec![(at, message)] }),
            }
        }
        turns
    }
}

impl<'a> Turn<'a> {
    /// The blocks of the whole turn; a text that stands for one is none.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block<'a>> {
        self.messages
            .iter()
            .flat_map(|(at, message)| blocks_of(message).map(move |(place, block)| (*at, place, block)))
    }

    /// Its blocks of this type.
    pub(crate) fn blocks_of_type(&self, kind: &str) -> impl Iterator<Item = Block<'a>> {
        self.blocks().filter(move |(_, _, block)| is(block, kind))
    }
}

/// Who speaks a message.
pub(crate) fn role_of(message: &Value) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or_default()
}

/// The blocks of a message, each with its place; none where the content is a text.
pub(crate) fn blocks_of(message: &Value) -> impl Iterator<Item = (usize, &Value)> {
    message.get("content").and_then(Value::as_array).into_iter().flatten().enumerate()
}

/// Whether a block is of this type.
pub(crate) fn is(block: &Value, kind: &str) -> bool {
    block.get("type").and_then(Value::as_str) == Some(kind)
}

/// A text of a block.
pub(crate) fn text<'a>(block: &'a Value, name: &str) -> Option<&'a str> {
    block.get(name)?.as_str()
}
