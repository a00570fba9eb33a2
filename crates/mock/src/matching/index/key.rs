//! What the index knows a rule by.

use http::HeaderName;

use crate::matching::condition::{Condition, Glob, TextTest};
use crate::matching::fold::fold;

/// Something that a request has or has not, and that can be looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// The text at this place, in lower case, is this one.
    Whole(Place, String),
    /// The text at this place, in lower case, contains this one.
    Part(Place, String),
    /// There is this name.
    Name(Field, String),
}

/// Where a text is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Model,
    User,
    System,
    Message,
    ToolResult,
    Header(HeaderName),
}

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Field {
    Protocol,
    State,
    Tool,
    ToolResult,
}

/// Ways to look a condition up, each a list of keys: a request for which the condition holds has at
/// least one key of every list.
pub(super) fn keys_of(condition: &Condition) -> Vec<Vec<Key>> {
    match condition {
        Condition::Protocol(name) => vec![name_key(Field::Protocol, name)],
        Condition::Model(glob) => model_keys(glob),
        Condition::State(state) => vec![name_key(Field::State, state)],
        Condition::Tools(names) => names.iter().map(|name| name_key(Field::Tool, name)).collect(),
        Condition::User(test) => text_keys(&Place::User, test),
        Condition::System(test) => text_keys(&Place::System, test),
        Condition::Header(test) => text_keys(&Place::Header(test.name.clone()), &test.value),
        Condition::Message(test) => {
            test.text.iter().flat_map(|text| text_keys(&Place::Message, text)).collect()
        }
        Condition::ToolResult(test) => {
            let name = test.name.iter().map(|name| name_key(Field::ToolResult, name));
            name.chain(test.content.iter().flat_map(|text| text_keys(&Place::ToolResult, text))).collect()
        }
        Condition::Stream(_) | Condition::Turn(_) | Condition::Json(_) | Condition::Predicate(_) => {
            Vec::new()
        }
    }
}

fn name_key(field: Field, name: &str) -> Vec<Key> {
    vec![Key::Name(field, name.to_owned())]
}

fn model_keys(glob: &Glob) -> Vec<Vec<Key>> {
    match (glob.only_name(), glob.longest_part()) {
        (Some(name), _) => vec![vec![Key::Whole(Place::Model, fold(name))]],
        (None, "") => Vec::new(),
        (None, part) => vec![vec![Key::Part(Place::Model, fold(part))]],
    }
}

fn text_keys(place: &Place, test: &TextTest) -> Vec<Vec<Key>> {
    let part = |text: String| Key::Part(place.clone(), text);
    let whole = test.is.iter().map(|needle| vec![Key::Whole(place.clone(), fold(&needle.written))]);
    let needles = test.contains.iter().filter(|needle| !needle.written.is_empty());
    let parts = needles.map(|needle| vec![part(fold(&needle.written))]);
    let literals: Vec<_> = test.literals.iter().cloned().map(part).collect();
    let literals = (!literals.is_empty()).then_some(literals);
    whole.chain(parts).chain(literals).collect()
}
