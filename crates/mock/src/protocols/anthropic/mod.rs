//! Anthropic's protocols, with Anthropic's manners.

pub mod messages;
mod vendor;

pub use vendor::Anthropic;

use super::Violation;

/// A complaint as Anthropic words it.
fn complaint(rule: &'static str, status: u16, message: impl Into<String>) -> Violation {
    let (class, code, param) = (vendor::class_of(status), None, None);
    Violation { rule, status, class, code, param, message: message.into() }
}
