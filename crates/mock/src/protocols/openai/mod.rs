//! OpenAI's protocols, with OpenAI's manners.

pub(crate) mod catalog;
pub mod chat;
mod deployment;
pub mod embeddings;
pub mod models;
pub mod responses;
pub mod stored;
mod strict;
mod vendor;

pub use strict::card::RuleCard;
pub use vendor::OpenAi;

use http::Method;

use super::Violation;
use strict::complaint::Complaint;

/// Every rule that requests are held against, with where it comes from and examples.
///
/// ```
/// let rules = playhouse_mock::protocols::openai::rules();
/// let rule = rules.iter().find(|rule| rule.rule == "openai-chat/temperature");
/// assert!(rule.is_some_and(|rule| rule.refused.iter().any(|request| request["temperature"] == 99.0)));
/// ```
pub fn rules() -> Vec<RuleCard> {
    [chat::rules::cards(), embeddings::rules::cards(), responses::rules::cards()].concat()
}

/// The refusal of a method that a path does not take.
pub(crate) fn wrong_method(method: &Method, path: &str) -> Violation {
    Complaint::new(format!("Invalid method for URL ({method} {path})")).status(405).under("openai/method")
}

/// The refusal of a body that is not JSON.
pub(crate) fn unparsable() -> Violation {
    let message = "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble figuring out how to fix this, please contact us through our help center at help.openai.com.)";
    Complaint::new(message).under("openai/json-body")
}
