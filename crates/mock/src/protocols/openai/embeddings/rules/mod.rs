//! What OpenAI refuses an embeddings request for, in the order in which it complains.
//!
//! This endpoint checks with another machine than chat, and has other words: those of a Python
//! library for JSON Schema, with Python's way of writing values.

mod input;
mod parameters;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::call::Facts;
use crate::protocols::Violation;
use crate::protocols::openai::catalog::Endpoint;
use crate::protocols::openai::chat::rules::model;
use crate::protocols::openai::strict::card::{RuleCard, cards_of_rules};
use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::request::Request;
use crate::protocols::openai::strict::rule::Rule;
use crate::protocols::openai::strict::shape::Object;
use crate::protocols::openai::unparsable;

const REFERENCE: &str = "https://platform.openai.com/docs/api-reference/embeddings/create";

/// The smallest request, for the examples of rules to stand beside.
static LEAST: Object = Object {
    source: REFERENCE,
    closed: None,
    least: r#"{"model": "text-embedding-3-small", "input": "Hi"}"#,
    within: "{}",
    fields: &[],
};

static MODEL: [Rule; 2] = [
    Rule {
        id: "openai-embeddings/model",
        source: REFERENCE,
        takes: &[r#"{"model": "text-embedding-3-large"}"#],
        refuses: &[r#"{"model": ""}"#, r#"{"model": null}"#],
        find: |request| {
            request.model_name.is_empty().then(|| Complaint::new("you must provide a model parameter"))
        },
    },
    Rule {
        id: "openai-embeddings/model-endpoint",
        source: "https://platform.openai.com/docs/models",
        takes: &[r#"{"model": "text-embedding-ada-002"}"#],
        refuses: &[r#"{"model": "gpt-4o"}"#],
        find: elsewhere,
    },
];

fn elsewhere(request: &Request<'_>) -> Option<Complaint> {
    request.model.filter(|model| model.endpoint != Endpoint::Embeddings)?;
    Some(Complaint::new("You are not allowed to generate embeddings from this model").status(403))
}

/// Every rule, in order.
fn rules() -> impl Iterator<Item = &'static Rule> {
    MODEL.iter().chain(&parameters::RULES).chain(&input::RULES)
}

/// What is wrong with an embeddings request.
pub(crate) fn check(facts: &Facts) -> Vec<Violation> {
    let members = facts.json().and_then(Value::as_object);
    members.map_or_else(Vec::new, |members| check_members(members, &facts.model))
}

/// What is wrong with the members of an embeddings request to this model.
pub(crate) fn check_members(members: &Map<String, Value>, model_name: &str) -> Vec<Violation> {
    let request = Request::new(members, model_name);
    rules().filter_map(|rule| rule.check(&request)).collect()
}

/// What OpenAI says of a body that cannot be read as a request; nothing where it can be.
pub(crate) fn refusal(body: &Bytes) -> Option<Violation> {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return Some(unparsable()) };
    let model_name = members.get("model").and_then(Value::as_str).unwrap_or_default();
    check_members(&members, model_name).into_iter().next()
}

/// The refusal of a model that OpenAI does not have.
pub(crate) fn unknown_model(facts: &Facts) -> Option<Violation> {
    model::unknown(&facts.model)
}

/// Every rule, with its examples.
pub(crate) fn cards() -> Vec<RuleCard> {
    [&MODEL[..], &parameters::RULES, &input::RULES]
        .iter()
        .flat_map(|rules| cards_of_rules(rules, &LEAST))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(request: &Value) -> Option<Violation> {
        let members = request.as_object().unwrap();
        let model = members.get("model").and_then(Value::as_str).unwrap_or_default();
        check_members(members, model).into_iter().next()
    }

    #[test]
    fn every_rule_takes_and_refuses_its_own_examples() {
        for card in cards() {
            assert!(!card.taken.is_empty() && !card.refused.is_empty(), "{} lacks examples", card.rule);
            card.taken.iter().for_each(|taken| assert_eq!(first(taken), None, "{}", card.rule));
            for refused in &card.refused {
                assert_eq!(first(refused).map(|found| found.rule), Some(card.rule), "{refused}");
            }
        }
    }

    #[test]
    fn what_openai_was_recorded_to_refuse_is_refused_in_its_words() {
        let request = r#"{"dimensions": -1, "encoding_format": "invalid_format", "input": [102257], "model": "text-embedding-3-small"}"#;
        let found = first(&serde_json::from_str(request).unwrap()).unwrap();
        assert_eq!(found.message, "-1 is less than the minimum of 1 - 'dimensions'");
        assert_eq!((found.status, found.param, found.code), (400, None, None));
        let found = model::unknown("text-embedding-4-ultra").unwrap();
        let expected = "The model `text-embedding-4-ultra` does not exist or you do not have access to it.";
        assert_eq!((found.status, found.message.as_str()), (404, expected));
    }

    #[test]
    fn requests_of_client_suites_are_taken() {
        for members in [
            r#"{"encoding_format": "base64"}"#,
            r#"{"user": "user-1234", "dimensions": 1, "encoding_format": "float"}"#,
        ] {
            let mut request: Value = serde_json::from_str(members).unwrap();
            request["model"] = "text-embedding-3-small".into();
            request["input"] = "The quick brown fox jumped over the lazy dog".into();
            assert_eq!(first(&request), None, "{members}");
        }
    }

    #[test]
    fn a_body_that_is_no_request_is_refused() {
        let refused =
            |body: &'static str| refusal(&Bytes::from_static(body.as_bytes())).map(|found| found.message);
        assert!(refused("{").is_some_and(|message| message.starts_with("We could not parse the JSON body")));
        let message = "'input' is a required property";
        assert_eq!(refused(r#"{"model": "text-embedding-3-small"}"#).as_deref(), Some(message));
        assert_eq!(refused(r#"{"model": "text-embedding-3-small", "input": "Hi"}"#), None);
    }
}
