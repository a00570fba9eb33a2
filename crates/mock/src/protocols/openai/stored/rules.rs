//! What OpenAI refuses questions about kept answers for.

use serde_json::Value;

use crate::call::{KeptQuery, Page};
use crate::protocols::Violation;
use crate::protocols::openai::chat::rules::faults_of_metadata;
use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::wording;

const MAX_LIMIT: i64 = 100;

/// What is wrong with a question, and with the body of a change.
pub(in crate::protocols::openai) fn check(query: &KeptQuery, body: Option<&Value>) -> Vec<Violation> {
    match query {
        KeptQuery::List(page) | KeptQuery::Messages(_, page) => check_page(page),
        KeptQuery::Change(_) => faults_of_metadata(body.and_then(|body| body.get("metadata"))),
        KeptQuery::One(_) | KeptQuery::Events(..) | KeptQuery::Delete(_) => Vec::new(),
    }
}

fn check_page(page: &Page) -> Vec<Violation> {
    let order = page.parameter("order").filter(|order| !["asc", "desc"].contains(order));
    let order = order.map(|order| {
        wording::invalid_value("order".to_owned(), order, &["asc", "desc"]).under("openai-stored-chat/order")
    });
    let limit = page.parameter("limit").and_then(fault_of_limit);
    limit.map(|fault| fault.under("openai-stored-chat/limit")).into_iter().chain(order).collect()
}

fn fault_of_limit(limit: &str) -> Option<Complaint> {
    let param = || "limit".to_owned();
    let Ok(number) = limit.parse::<i64>() else {
        return Some(wording::wrong_type(param(), "an integer", &Value::from(limit)));
    };
    match number {
        ..0 => Some(wording::below(param(), "integer", 0, &Value::from(number))),
        0..=MAX_LIMIT => None,
        _ => Some(wording::above(param(), "integer", MAX_LIMIT, &Value::from(number))),
    }
}

/// The refusal of an id under which nothing is kept.
pub(super) fn unknown(id: &str) -> Violation {
    Complaint::new(format!("Chat completion with id '{id}' not found."))
        .status(404)
        .under("openai-stored-chat/unknown-id")
}
