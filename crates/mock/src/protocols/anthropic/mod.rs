//! Anthropic's protocols, with Anthropic's manners.

pub(crate) mod catalog;
pub mod count_tokens;
pub mod messages;
pub mod models;
mod strict;
mod vendor;

pub use vendor::Anthropic;

use super::{RuleCard, Violation};

/// Every rule that requests are held against, with where it comes from and examples.
///
/// ```
/// let rules = playhouse_mock::protocols::anthropic::rules();
/// let rule = rules.iter().find(|rule| rule.rule == "anthropic-messages/temperature");
/// assert!(rule.is_some_and(|rule| rule.refused.iter().any(|request| request["temperature"] == -5.0)));
/// ```
pub fn rules() -> Vec<RuleCard> {
    messages::rules::cards()
}

/// A complaint as Anthropic words it.
fn complaint(rule: &'static str, status: u16, message: impl Into<String>) -> Violation {
    let (class, code, param) = (vendor::class_of(status), None, None);
    Violation { rule, status, class, code, param, message: message.into() }
}

/// The refusal of a model that Anthropic does not have.
fn unknown_model(name: &str) -> Option<Violation> {
    let unknown = || complaint("anthropic/model", 404, format!("model: {name}"));
    catalog::find(name).is_none().then(unknown)
}
