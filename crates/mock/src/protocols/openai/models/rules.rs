//! What OpenAI refuses questions about models for.

use super::known;
use crate::call::ModelsQuery;
use crate::protocols::Violation;

const CLASS: &str = "invalid_request_error";

/// The complaint about a question, if there is one.
pub(super) fn check(query: &ModelsQuery) -> Option<Violation> {
    match query {
        ModelsQuery::List(_) => None,
        ModelsQuery::One(id) | ModelsQuery::Delete(id) if !known::is_known(id) => Some(unknown(id)),
        ModelsQuery::Delete(id) if !known::is_fine_tuned(id) => Some(not_deletable()),
        ModelsQuery::One(_) | ModelsQuery::Delete(_) => None,
    }
}

/// Recorded: `errors.jsonl`, a `DELETE` of `ft:123`.
fn unknown(id: &str) -> Violation {
    Violation {
        rule: "openai-models/unknown-model",
        status: 404,
        class: CLASS,
        code: Some("model_not_found".to_owned()),
        param: Some("model".to_owned()),
        message: format!("The model '{id}' does not exist"),
    }
}

/// Only fine-tuned models belong to those who ask. The wording is that of every missing scope:
/// <https://community.openai.com/t/api-key-permissions-ui-model-request-scope-only-appears-when-model-capabilities-is-set-to-request/1374480>
fn not_deletable() -> Violation {
    let message = "You have insufficient permissions for this operation. Missing scopes: api.delete. Check that \
                   you have the correct role in your organization (Reader, Writer, Owner) and project (Member, \
                   Owner), and if you're using a restricted API key, that it has the necessary scopes.";
    Violation {
        rule: "openai-models/delete-of-base-model",
        status: 403,
        class: CLASS,
        code: None,
        param: None,
        message: message.to_owned(),
    }
}
