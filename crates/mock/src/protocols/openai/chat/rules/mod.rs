//! What OpenAI refuses a chat request for, in the order in which it complains.
//!
//! First the model, then parameters that are missing or none, then each parameter by itself
//! ([`parameters`] and the tables it leads to), then what they ask of each other and of the model.
//! A request that is wrong in a parameter is not held against the later rules: they trust its shape.

mod attachment;
mod capability;
mod combination;
mod content;
mod conversation;
mod example;
mod format;
mod length;
mod message;
pub(crate) mod model;
mod options;
pub(crate) mod parameters;
pub(crate) mod reasoning;
mod sampling;
pub(crate) mod schema;
mod tool;
mod unknown;

use serde_json::{Map, Value};

use crate::protocols::Violation;
use crate::protocols::openai::strict::card::{RuleCard, cards_of_rules, cards_of_table};
use crate::protocols::openai::strict::place::Place;
use crate::protocols::openai::strict::request::Request;
use crate::protocols::openai::strict::rule::Rule;
use crate::protocols::openai::strict::shape::{Field, Shape};
use crate::protocols::openai::strict::walk::{check_field, check_value};
use crate::protocols::openai::strict::wording;

use parameters::PARAMETERS;

/// The rules between parameters, in order.
static BETWEEN: [&[Rule]; 7] = [
    &combination::RULES,
    &sampling::RULES,
    &conversation::RULES,
    &schema::RULES,
    &attachment::RULES,
    &capability::RULES,
    &reasoning::RULES,
];

const ANY_NUMBER: Shape = Shape::Decimal { min: f64::NEG_INFINITY, max: f64::INFINITY };

/// What is wrong with the members of a chat request to this model.
pub(crate) fn check(members: &Map<String, Value>, model_name: &str) -> Vec<Violation> {
    let request = Request::new(members, model_name);
    if example::is_generated(&request) {
        return Vec::new();
    }
    let mut found: Vec<Violation> =
        [&model::NAMED, &model::ANSWERS_HERE].iter().filter_map(|rule| rule.check(&request)).collect();
    found.extend(missing_messages(&request));
    found.extend(unknown::KNOWN.check(&request));
    PARAMETERS.fields.iter().for_each(|field| check_parameter(field, &request, &mut found));
    if found.is_empty() {
        let last = length::RULES.iter().chain([&conversation::LAST]);
        found.extend(BETWEEN.iter().copied().flatten().chain(last).filter_map(|rule| rule.check(&request)));
    }
    found
}

/// Missed before anything is said of what is there.
fn missing_messages(request: &Request<'_>) -> Option<Violation> {
    let field = PARAMETERS.fields.first().filter(|field| !request.members().contains_key(field.name))?;
    Some(wording::missing(field.name).under(field.rule))
}

fn check_parameter(field: &'static Field, request: &Request<'_>, found: &mut Vec<Violation>) {
    let Some(value) = request.members().get(field.name) else { return };
    if let Some(complaint) = unknown::unsupported(field.name, request) {
        found.push(complaint.under(unknown::SUPPORTED.id));
    } else if reasoning::SAMPLING.contains(&field.name) && !value.is_null() && reasoning::reasons(request) {
        check_value(field.rule, &ANY_NUMBER, value, &Place::Member(&Place::Root, field.name), found);
    } else {
        let mut own = Vec::new();
        check_field(field, Some(value), &Place::Root, &mut own);
        own.retain(|violation| request.model.is_some() || !is_value_unlisted(violation, field));
        found.append(&mut own);
    }
}

/// The lists of values are of OpenAI's own models; the models of others may take more.
fn is_value_unlisted(violation: &Violation, field: &Field) -> bool {
    violation.code.as_deref() == Some("invalid_value") && violation.param.as_deref() == Some(field.name)
}

/// What is wrong with metadata that are given to an answer which was kept.
pub(crate) fn faults_of_metadata(metadata: Option<&Value>) -> Vec<Violation> {
    let mut found = Vec::new();
    if let Some(field) = PARAMETERS.fields.iter().find(|field| field.name == "metadata") {
        match metadata {
            None => found.push(wording::missing(field.name).under(field.rule)),
            Some(metadata) => check_field(field, Some(metadata), &Place::Root, &mut found),
        }
    }
    found
}

/// Every rule, with its examples.
pub(crate) fn cards() -> Vec<RuleCard> {
    let alone: [&'static [Rule]; 6] = [
        std::slice::from_ref(&model::NAMED),
        std::slice::from_ref(&model::ANSWERS_HERE),
        std::slice::from_ref(&unknown::KNOWN),
        std::slice::from_ref(&unknown::SUPPORTED),
        std::slice::from_ref(&conversation::LAST),
        &length::RULES,
    ];
    let between = alone.iter().chain(&BETWEEN).flat_map(|rules| cards_of_rules(rules, &PARAMETERS));
    cards_of_table(&PARAMETERS).into_iter().chain(between).collect()
}
