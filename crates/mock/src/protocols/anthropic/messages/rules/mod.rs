//! What Anthropic refuses a request for a message for, in the order in which it complains.
//!
//! First each parameter by itself ([`parameters`] and the tables it leads to), then parameters that are
//! none, then the conversation, then what parameters ask of each other and of the model. A request that
//! is wrong in a parameter is not held against the later rules: they trust its shape.

mod attachment;
mod block;
mod caching;
mod capability;
mod conversation;
mod length;
mod options;
mod pairing;
mod parameters;
mod said;
mod schema;
mod source;
mod thinking;
mod tool;
mod tools;

use serde_json::{Map, Value};

use crate::protocols::Violation;
use crate::protocols::anthropic::strict::request::Request;
use crate::protocols::anthropic::strict::rule::Rule;
use crate::protocols::anthropic::strict::walk::{check_field, check_known};
use crate::protocols::anthropic::{complaint, strict::wording};
use crate::protocols::strict::card::{RuleCard, cards_of_rules, cards_of_table};
use crate::protocols::strict::place::Place;

use parameters::{COUNTED, PARAMETERS};

/// The rules between parameters, in order.
static BETWEEN: [&[Rule]; 11] = [
    &conversation::SHAPE,
    &capability::CONTAINER,
    &schema::RULES,
    &tools::RULES,
    &thinking::RULES,
    &capability::RULES,
    &said::RULES,
    &pairing::RULES,
    &caching::RULES,
    &attachment::RULES,
    &length::RULES,
];

/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A message.
    Message,
    /// To know how many tokens it has.
    Count,
}

impl Wanted {
    fn takes(self, name: &str) -> bool {
        self == Self::Message || COUNTED.contains(&name)
    }
}

/// What is wrong with the members of a request.
pub(crate) fn check(members: &Map<String, Value>, model_name: &str, wanted: Wanted) -> Vec<Violation> {
    let request = Request::new(members, model_name);
    let mut found = Vec::new();
    for field in PARAMETERS.fields.iter().filter(|field| wanted.takes(field.name)) {
        check_field(field, members.get(field.name), &Place::Root, &mut found);
        if field.name == "messages" {
            found.extend(conversation::ROLES.iter().filter_map(|rule| rule.check(&request)));
        }
    }
    check_known(&PARAMETERS, "", members, &Place::Root, &mut found);
    found.extend(uncounted(members, wanted));
    if found.is_empty() {
        found.extend(BETWEEN.iter().copied().flatten().filter_map(|rule| rule.check(&request)));
    }
    found
}

/// The first parameter of a message that a count has none of.
fn uncounted(members: &Map<String, Value>, wanted: Wanted) -> Option<Violation> {
    let is_strange = |name: &&String| {
        !wanted.takes(name) && PARAMETERS.fields.iter().any(|field| field.name == name.as_str())
    };
    let name = members.keys().find(is_strange)?;
    Some(complaint("anthropic-messages/counted-fields", 400, format!("{name}: {}", wording::UNKNOWN)))
}

/// Every rule, with its examples.
pub(crate) fn cards() -> Vec<RuleCard> {
    let between = BETWEEN.iter().copied().chain([&conversation::ROLES as &[Rule]]);
    let between = between.flat_map(|rules| cards_of_rules(rules, &PARAMETERS));
    cards_of_table(&PARAMETERS).into_iter().chain(between).collect()
}
