//! What OpenAI refuses a request for a response for, in the order in which it complains.
//!
//! First the model, then what is asked, then parameters that are none, then each parameter by itself
//! ([`parameters`] and the tables it leads to, items and tools at their places), then what is looked up, then what
//! they ask of each other and of the model. A request that is wrong in a parameter is not held against the later
//! rules: they trust its shape.

mod capability;
mod conversation;
mod item;
mod options;
mod parameters;
mod state;
mod tool;

use serde_json::{Map, Value};

use crate::protocols::Violation;
use crate::protocols::openai::catalog;
use crate::protocols::openai::chat::rules::model::EXISTS;
use crate::protocols::openai::strict::card::{RuleCard, cards_of_rules, cards_of_table};
use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::place::Place;
use crate::protocols::openai::strict::request::Request;
use crate::protocols::openai::strict::rule::Rule;
use crate::protocols::openai::strict::walk::check_field;
use crate::protocols::openai::strict::wording;

use parameters::{PARAMETERS, REFERENCE};

static NAMED: Rule = Rule {
    id: "openai-responses/model",
    source: REFERENCE,
    takes: &[r#"{"model": "gpt-5"}"#],
    refuses: &[r#"{"model": ""}"#, r#"{"model": null}"#],
    find: nameless,
};

static KNOWN: Rule = Rule {
    id: "openai-responses/parameters",
    source: REFERENCE,
    takes: &[r#"{"store": false}"#],
    refuses: &[r#"{"top_k": 3}"#, r#"{"messages": []}"#, r#"{"response_format": {"type": "text"}}"#],
    find: unknown,
};

/// What a request asks, the whole conversation if it goes on with one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    /// Its members as they came.
    pub(super) members: &'a Map<String, Value>,
    /// The same with what was said before in its input.
    pub(super) whole: &'a Map<String, Value>,
    pub(super) model: &'a str,
    /// Whether it follows an answer that is not there.
    pub(super) follows_unknown: bool,
    /// Whether it follows an answer that is not there yet.
    pub(super) follows_unfinished: bool,
}

/// What is wrong with a request.
pub(super) fn check(subject: Subject<'_>) -> Vec<Violation> {
    let request = Request::new(subject.members, subject.model);
    let first = [&NAMED, &capability::ANSWERS_HERE];
    let mut found: Vec<Violation> = first.iter().filter_map(|rule| rule.check(&request)).collect();
    found.extend(missing_input(&request));
    found.extend(KNOWN.check(&request));
    for field in PARAMETERS.fields {
        let Some(value) = request.members().get(field.name) else { continue };
        check_field(field, Some(value), &Place::Root, &mut found);
        let within: &[Rule] = match field.name {
            "input" => std::slice::from_ref(&item::ITEMS),
            _ => &[],
        };
        found.extend(within.iter().filter_map(|rule| rule.check(&request)));
    }
    if found.is_empty() {
        found.extend(state::RULES.iter().filter_map(|rule| rule.check(&request)));
        let followed = request.text("previous_response_id").filter(|_| subject.follows_unknown);
        found.extend(followed.map(|id| state::unknown_answer(id).under(state::FOLLOWS)));
        let followed = request.text("previous_response_id").filter(|_| subject.follows_unfinished);
        found.extend(followed.map(|id| state::unfinished_answer(id).under(state::FOLLOWS)));
        found.extend(state::SAYS_SOMETHING.check(&request));
        let items = [&item::CALLS, &item::CALL_IDS, &item::ID_LETTERS, &item::NAMES];
        let alone = items.into_iter().chain(&tool::RULES);
        found.extend(alone.filter_map(|rule| rule.check(&request)));
    }
    if found.is_empty() {
        let whole = Request::new(subject.whole, subject.model);
        let rules = conversation::RULES.iter().chain(&capability::RULES);
        found.extend(rules.filter_map(|rule| rule.check(&whole)));
    }
    found
}

/// Missed before anything is said of what is there.
fn missing_input(request: &Request<'_>) -> Option<Violation> {
    let field = PARAMETERS.fields.first().filter(|field| !request.members().contains_key(field.name))?;
    Some(wording::missing(field.name).under(field.rule))
}

/// What is wrong with nothing is told of an object.
fn nameless(request: &Request<'_>) -> Option<Complaint> {
    let message = "Invalid type for 'model': expected a string, but got an object instead.";
    match request.members().get("model") {
        Some(Value::Null) => Some(Complaint::new(message).at("model").code("invalid_type")),
        _ if request.model_name.is_empty() => Some(wording::missing("model")),
        _ => None,
    }
}

/// Only of OpenAI's own models: others take what their vendors say.
fn unknown(request: &Request<'_>) -> Option<Complaint> {
    request.model?;
    let is_known = |name: &str| name == "model" || PARAMETERS.fields.iter().any(|field| field.name == name);
    let name = request.members().keys().find(|name| !is_known(name))?;
    let moved = |to: &str| {
        let message = format!(
            "Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{to}'. Try again with the new parameter. See the API documentation for more information: https://platform.openai.com/docs/api-reference/responses/create."
        );
        Complaint::new(message).code("unsupported_parameter")
    };
    Some(match name.as_str() {
        "messages" => moved("input"),
        "response_format" => moved("text.format"),
        "max_tokens" | "max_completion_tokens" => moved("max_output_tokens"),
        "reasoning_effort" => moved("reasoning.effort"),
        _ => wording::unknown(name.clone(), &[]),
    })
}

/// The refusal of a model that OpenAI does not have, or has no more: not that of chat.
pub(super) fn unknown_model(name: &str) -> Option<Violation> {
    let is_there = catalog::find(name).is_some_and(|model| !model.is_retired);
    let message = format!("The requested model '{name}' does not exist.");
    (!is_there && !name.is_empty())
        .then(|| Complaint::new(message).at("model").code("model_not_found").under(EXISTS))
}

/// Every rule, with its examples.
pub(crate) fn cards() -> Vec<RuleCard> {
    let rules: [&'static [Rule]; 12] = [
        std::slice::from_ref(&NAMED),
        std::slice::from_ref(&KNOWN),
        std::slice::from_ref(&capability::ANSWERS_HERE),
        std::slice::from_ref(&item::ITEMS),
        std::slice::from_ref(&item::CALLS),
        std::slice::from_ref(&item::CALL_IDS),
        std::slice::from_ref(&item::ID_LETTERS),
        std::slice::from_ref(&item::NAMES),
        std::slice::from_ref(&state::SAYS_SOMETHING),
        &state::RULES,
        &tool::RULES,
        &conversation::RULES,
    ];
    let rules = rules.into_iter().chain([&capability::RULES as &'static [Rule]]);
    let rules = rules.flat_map(|rules| cards_of_rules(rules, &PARAMETERS));
    cards_of_table(&PARAMETERS).into_iter().chain(rules).collect()
}
