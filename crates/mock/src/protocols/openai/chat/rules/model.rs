//! Which model is asked, and whether it answers here.

use crate::protocols::Violation;
use crate::protocols::openai::catalog::{self, Endpoint, Model};
use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::request::Request;
use crate::protocols::openai::strict::rule::Rule;

use super::parameters::REFERENCE;

pub(super) static NAMED: Rule = Rule {
    id: "openai-chat/model",
    source: REFERENCE,
    takes: &[r#"{"model": "gpt-4o-mini"}"#],
    refuses: &[r#"{"model": ""}"#, r#"{"model": null}"#],
    find: nameless,
};

pub(super) static ANSWERS_HERE: Rule = Rule {
    id: "openai-chat/model-endpoint",
    source: "https://platform.openai.com/docs/models",
    takes: &[r#"{"model": "gpt-5"}"#],
    refuses: &[
        r#"{"model": "text-embedding-3-small"}"#,
        r#"{"model": "o1-pro"}"#,
        r#"{"model": "davinci-002"}"#,
    ],
    find: elsewhere,
};

/// The id of the rule that models exist.
pub(crate) const EXISTS: &str = "openai/model-exists";

/// The refusal of a model that OpenAI does not have, or has no more.
pub(crate) fn unknown(name: &str) -> Option<Violation> {
    let message = match catalog::find(name) {
        Some(model) if model.is_retired => format!(
            "The model `{name}` has been deprecated, learn more here: https://platform.openai.com/docs/deprecations"
        ),
        Some(_) => return None,
        // No name at all is another complaint.
        None if name.is_empty() => return None,
        None => format!("The model `{name}` does not exist or you do not have access to it."),
    };
    Some(Complaint::new(message).status(404).code("model_not_found").under(EXISTS))
}

fn nameless(request: &Request<'_>) -> Option<Complaint> {
    request.model_name.is_empty().then(|| Complaint::new("you must provide a model parameter"))
}

fn elsewhere(request: &Request<'_>) -> Option<Complaint> {
    let message = match request.model.map(|model: &Model| model.endpoint)? {
        Endpoint::Chat => return None,
        Endpoint::Embeddings => {
            return Some(Complaint::new("You are not allowed to sample from this model").status(403));
        }
        Endpoint::Responses => "This model is only supported in v1/responses and not in v1/chat/completions.",
        Endpoint::Completions | Endpoint::Other => {
            "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?"
        }
    };
    Some(Complaint::new(message).status(404).at("model"))
}
